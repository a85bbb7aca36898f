use diesel::prelude::*;
use rollbook_domain::Result;
use rollbook_domain::id::{MembershipId, OrganizationId, UserId};
use rollbook_domain::membership::{MemberView, Membership};
use rollbook_domain::page::{Page, Window};
use rollbook_domain::port::MembershipRepo;
use rollbook_domain::role::Roles;
use rollbook_domain::time::Timestamp;

use super::start;
use crate::row::{MembershipRow, UserRow};
use crate::schema::{memberships, users};
use crate::sql::{Key, Moment};
use crate::tx::{SqlTx, each, failed};

macro_rules! members_of {
    ($organization:expr) => {
        memberships::table
            .inner_join(users::table)
            .filter(memberships::organization_id.eq(Key($organization.uuid())))
    };
}

impl MembershipRepo for SqlTx<'_> {
    fn add(&mut self, membership: &Membership) -> Result<bool> {
        let row = (
            memberships::id.eq(Key(membership.id.uuid())),
            memberships::organization_id.eq(Key(membership.organization_id.uuid())),
            memberships::user_id.eq(Key(membership.user_id.uuid())),
            memberships::roles.eq(membership.roles.to_keys()),
            memberships::created_at.eq(Moment(membership.created_at)),
            memberships::updated_at.eq(Moment(membership.updated_at)),
        );
        let added = each!(self, |connection| diesel::insert_into(memberships::table)
            .values(row)
            .on_conflict((memberships::organization_id, memberships::user_id))
            .do_nothing()
            .execute(*connection));
        Ok(added.map_err(failed)? == 1)
    }

    fn find(&mut self, organization: OrganizationId, user: UserId) -> Result<Option<MemberView>> {
        let found = each!(self, |connection| members_of!(organization)
            .filter(memberships::user_id.eq(Key(user.uuid())))
            .select((MembershipRow::as_select(), UserRow::as_select()))
            .first(*connection)
            .optional());
        found.map_err(failed)?.map(member).transpose()
    }

    fn list(
        &mut self,
        organization: OrganizationId,
        window: &Window<MembershipId>,
    ) -> Result<Page<MemberView, MembershipId>> {
        let (after, skip) = start(window, MembershipId::uuid);
        let rows: Vec<_> = each!(self, |connection| members_of!(organization)
            .filter(memberships::id.gt(after))
            .order(memberships::id)
            .limit(window.fetch())
            .offset(skip)
            .select((MembershipRow::as_select(), UserRow::as_select()))
            .load(*connection))
        .map_err(failed)?;
        let total = if window.count {
            Some(self.count(organization)?.into())
        } else {
            None
        };
        let items = rows.into_iter().map(member).collect::<Result<_>>()?;
        Ok(Page::cut(items, window, total, |member: &MemberView| {
            member.membership.id
        }))
    }

    fn count(&mut self, organization: OrganizationId) -> Result<u32> {
        let count: i64 = each!(self, |connection| memberships::table
            .filter(memberships::organization_id.eq(Key(organization.uuid())))
            .count()
            .get_result(*connection))
        .map_err(failed)?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn set_roles(
        &mut self,
        organization: OrganizationId,
        user: UserId,
        roles: Roles,
        now: Timestamp,
    ) -> Result<bool> {
        let changed = each!(self, |connection| diesel::update(
            memberships::table.find((Key(organization.uuid()), Key(user.uuid())))
        )
        .set((
            memberships::roles.eq(roles.to_keys()),
            memberships::updated_at.eq(Moment(now))
        ))
        .execute(*connection));
        Ok(changed.map_err(failed)? == 1)
    }
}

fn member((membership, user): (MembershipRow, UserRow)) -> Result<MemberView> {
    let user = user.into_user()?;
    Ok(MemberView {
        membership: membership.into_membership()?,
        kind: user.kind,
        display_name: user.display_name,
        email: user.email,
    })
}
