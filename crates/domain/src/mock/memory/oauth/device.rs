use super::KeptDevice;
use crate::Result;
use crate::id::DeviceAuthorizationId;
use crate::mock::memory::MemoryTx;
use crate::mock::memory::state::{absent, duplicate};
use crate::oauth::DeviceAuthorization;
use crate::port::OAuthDeviceRepo;
use crate::secret::Digest;

impl OAuthDeviceRepo for MemoryTx {
    fn add(
        &mut self,
        device: &DeviceAuthorization,
        device_code: &Digest,
        user_code: &Digest,
    ) -> Result<bool> {
        let state = self.writing()?;
        state.oauth.client(device.client_id)?;
        let devices = &mut state.oauth.devices;
        if devices.values().any(|kept| kept.user_code == *user_code) {
            return Ok(false);
        }
        if devices
            .values()
            .any(|kept| kept.device_code == *device_code)
        {
            return Err(duplicate("the device code"));
        }
        let kept = KeptDevice {
            device: device.clone(),
            device_code: *device_code,
            user_code: *user_code,
        };
        match devices.insert(device.id, kept) {
            Some(_) => Err(duplicate("the device")),
            None => Ok(true),
        }
    }

    fn find(&mut self, device_code: &Digest) -> Result<Option<DeviceAuthorization>> {
        let mut devices = self.reading()?.oauth.devices.values();
        let found = devices.find(|kept| kept.device_code == *device_code);
        Ok(found.map(|kept| kept.device.clone()))
    }

    fn find_by_user_code(&mut self, user_code: &Digest) -> Result<Option<DeviceAuthorization>> {
        let mut devices = self.reading()?.oauth.devices.values();
        let found = devices.find(|kept| kept.user_code == *user_code);
        Ok(found.map(|kept| kept.device.clone()))
    }

    fn lock(&mut self, id: DeviceAuthorizationId) -> Result<Option<DeviceAuthorization>> {
        let found = self.writing()?.oauth.devices.get(&id);
        Ok(found.map(|kept| kept.device.clone()))
    }

    fn update(&mut self, device: &DeviceAuthorization) -> Result<()> {
        let state = self.writing()?;
        if let Some(grant) = device.state.grant() {
            state.oauth.grant(grant)?;
        }
        let kept = state.oauth.devices.get_mut(&device.id);
        let kept = &mut kept.ok_or_else(|| absent("device", device.id))?.device;
        kept.state = device.state;
        kept.polled_at = device.polled_at;
        kept.interval = device.interval;
        Ok(())
    }
}
