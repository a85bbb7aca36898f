use diesel::prelude::*;
use rollbook_domain::Result;
use rollbook_domain::id::DeviceAuthorizationId;
use rollbook_domain::oauth::DeviceAuthorization;
use rollbook_domain::port::OAuthDeviceRepo;
use rollbook_domain::secret::Digest;

use crate::row::DeviceRow;
use crate::schema::oauth_devices as devices;
use crate::sql::{Key, Moment};
use crate::statement::update;
use crate::tx::{SqlTx, change, each, failed, locked};

impl OAuthDeviceRepo for SqlTx<'_> {
    fn add(
        &mut self,
        device: &DeviceAuthorization,
        device_code: &Digest,
        user_code: &Digest,
    ) -> Result<bool> {
        let row = (
            devices::id.eq(Key(device.id.uuid())),
            devices::device_code.eq(device_code.bytes().as_slice()),
            devices::user_code.eq(user_code.bytes().as_slice()),
            devices::client_id.eq(Key(device.client_id.uuid())),
            devices::organization_id.eq(device.organization_id.map(|id| Key(id.uuid()))),
            devices::scopes.eq(device.scopes.to_keys()),
            devices::state.eq(device.state.key()),
            devices::grant_id.eq(device.state.grant().map(|id| Key(id.uuid()))),
            devices::poll_interval.eq(device.interval.millis()),
            devices::polled_at.eq(device.polled_at.map(Moment)),
            devices::created_at.eq(Moment(device.created_at)),
            devices::expires_at.eq(Moment(device.expires_at)),
        );
        let added = change!(
            self,
            diesel::insert_into(devices::table)
                .values(row)
                .on_conflict(devices::user_code)
                .do_nothing()
        );
        Ok(added.map_err(failed)? == 1)
    }

    fn find(&mut self, device_code: &Digest) -> Result<Option<DeviceAuthorization>> {
        let found = each!(self, |connection| devices::table
            .filter(devices::device_code.eq(device_code.bytes().as_slice()))
            .select(DeviceRow::as_select())
            .first(*connection)
            .optional());
        found
            .map_err(failed)?
            .map(DeviceRow::into_device)
            .transpose()
    }

    fn find_by_user_code(&mut self, user_code: &Digest) -> Result<Option<DeviceAuthorization>> {
        let found = each!(self, |connection| devices::table
            .filter(devices::user_code.eq(user_code.bytes().as_slice()))
            .select(DeviceRow::as_select())
            .first(*connection)
            .optional());
        found
            .map_err(failed)?
            .map(DeviceRow::into_device)
            .transpose()
    }

    fn lock(&mut self, id: DeviceAuthorizationId) -> Result<Option<DeviceAuthorization>> {
        let row = devices::table.find(Key(id.uuid()));
        let found = locked!(self, row, |query, connection| query
            .select(DeviceRow::as_select())
            .first(*connection)
            .optional());
        found
            .map_err(failed)?
            .map(DeviceRow::into_device)
            .transpose()
    }

    fn update(&mut self, device: &DeviceAuthorization) -> Result<()> {
        let updated = change!(
            self,
            update(devices::table.find(Key(device.id.uuid()))).set((
                devices::state.eq(device.state.key()),
                devices::grant_id.eq(device.state.grant().map(|id| Key(id.uuid()))),
                devices::polled_at.eq(device.polled_at.map(Moment)),
                devices::poll_interval.eq(device.interval.millis()),
            ))
        );
        match updated.map_err(failed)? {
            1 => Ok(()),
            _ => Err(rollbook_domain::Error::storage("the device is gone")),
        }
    }
}
