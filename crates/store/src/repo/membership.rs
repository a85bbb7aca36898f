use diesel::prelude::*;
use rollbook_domain::Result;
use rollbook_domain::access::Held;
use rollbook_domain::filter::Filter;
use rollbook_domain::id::{OrganizationId, UserId};
use rollbook_domain::membership::{
    MemberField, MemberKey, MemberOrder, MemberTest, MemberView, Membership,
};
use rollbook_domain::organization::Version;
use rollbook_domain::page::{From, Page, Window};
use rollbook_domain::port::MembershipRepo;
use rollbook_domain::user::User;

use super::assigned::{RolesInWorkspaces, RolesOfMember, diff};
use super::condition::condition;
use super::member_order::{Which, behind, key, ordering, test};
use super::permissions::CustomPermissions;
use crate::row::{MemberRow, MembershipRow, NewMembership, PersonRow, held, member_view};
use crate::schema::{membership_roles, memberships, users};
use crate::sql::{Key, Moment};
use crate::statement::{kept, update};
use crate::tx::{SqlTx, change, change_one, each, failed};

macro_rules! members_of {
    ($organization:expr) => {
        memberships::table
            .inner_join(users::table)
            .filter(memberships::organization_id.eq(Key($organization.uuid())))
    };
}

macro_rules! columns {
    () => {
        (
            MembershipRow::as_select(),
            PersonRow::as_select(),
            RolesOfMember,
            RolesInWorkspaces,
        )
    };
}

/// What is read of a list of members.
#[derive(Clone, Copy)]
struct Part<'l> {
    organization: OrganizationId,
    filter: &'l Filter<MemberTest>,
    order: &'l MemberOrder,
    after: Option<&'l MemberKey>,
    skip: i64,
    fetch: i64,
}

impl MembershipRepo for SqlTx<'_> {
    fn add(&mut self, membership: &Membership, user: &User) -> Result<bool> {
        let added = change_one!(
            self,
            diesel::insert_into(memberships::table)
                .values(NewMembership::of(membership, user))
                .on_conflict((memberships::organization_id, memberships::user_id))
                .do_nothing()
        );
        if !added.map_err(failed)? {
            return Ok(false);
        }
        let roles = membership.custom_roles.iter();
        let roles: Vec<_> = roles.map(|role| Key(role.id.uuid())).collect();
        self.give(membership, &roles)?;
        Ok(true)
    }

    fn find(&mut self, organization: OrganizationId, user: UserId) -> Result<Option<MemberView>> {
        let found = each!(self, |connection| members_of!(organization)
            .filter(memberships::user_id.eq(Key(user.uuid())))
            .select(columns!())
            .first::<MemberRow>(*connection)
            .optional());
        found.map_err(failed)?.map(member_view).transpose()
    }

    fn held(&mut self, organization: OrganizationId, user: UserId) -> Result<Option<Held>> {
        let member = memberships::table.find((Key(user.uuid()), Key(organization.uuid())));
        let found: Option<(String, Option<String>)> = each!(self, |connection| kept!(
            member.select((memberships::roles, CustomPermissions))
        )
        .get_result(*connection)
        .optional())
        .map_err(failed)?;
        let held = found.map(|(roles, custom)| held(&roles, custom.as_deref()));
        held.transpose()
    }

    fn list(
        &mut self,
        organization: OrganizationId,
        filter: &Filter<MemberTest>,
        order: &MemberOrder,
        window: &Window<MemberKey>,
    ) -> Result<Page<MemberView, MemberKey>> {
        let (after, skip) = match &window.from {
            From::First => (None, 0),
            From::After(key) => (Some(key), 0),
            From::Skip(rows) => (None, i64::from(*rows)),
        };
        let part = Part {
            organization,
            filter,
            order,
            after,
            skip,
            fetch: window.fetch(),
        };
        let rows = match order.fields() {
            // Whoever asks for a page by number makes the database read all before it anyway.
            [(MemberField::Updated, _), ..] if skip == 0 => self.members_by_change(&part)?,
            _ => self.members(&part, Which::All)?,
        };
        let total = if window.count {
            Some(self.count_members_who(organization, filter)?)
        } else {
            None
        };
        let page = Page::cut(rows, window, total, |(member, ..)| key(order, member));
        Ok(Page {
            items: page
                .items
                .into_iter()
                .map(member_view)
                .collect::<Result<_>>()?,
            next: page.next,
            total: page.total,
        })
    }

    fn count(&mut self, organization: OrganizationId) -> Result<u32> {
        let count = self.count_members_who(organization, &Filter::everything())?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn update(&mut self, membership: &Membership, seen: Version) -> Result<bool> {
        let (organization, user) = keys(membership);
        let changed = change!(
            self,
            update(
                memberships::table
                    .find((user, organization))
                    .filter(memberships::version.eq(seen.number()))
            )
            .set((
                memberships::roles.eq(membership.roles.to_keys()),
                memberships::version.eq(membership.version.number()),
                memberships::updated_at.eq(Moment(membership.updated_at)),
            ))
        );
        if changed.map_err(failed)? == 0 {
            return Ok(false);
        }
        let assigned = membership_roles::table
            .filter(membership_roles::organization_id.eq(organization))
            .filter(membership_roles::user_id.eq(user))
            .select(membership_roles::role_id);
        let assigned: Vec<Key> =
            each!(self, |connection| assigned.load(*connection)).map_err(failed)?;
        // What stays is not touched: it may be as old as the membership (logto 26c8c3f2ed).
        let (surplus, missing) = diff(&assigned, &membership.custom_roles);
        for role in surplus {
            let row = membership_roles::table.find((organization, user, role));
            change!(self, diesel::delete(row)).map_err(failed)?;
        }
        self.give(membership, &missing)?;
        Ok(true)
    }

    fn remove(&mut self, organization: OrganizationId, user: UserId) -> Result<bool> {
        let row = memberships::table.find((Key(user.uuid()), Key(organization.uuid())));
        let removed = change!(self, diesel::delete(row));
        Ok(removed.map_err(failed)? == 1)
    }

    fn refresh(&mut self, user: &User) -> Result<()> {
        let theirs = memberships::table.filter(memberships::user_id.eq(Key(user.id.uuid())));
        let copies = (
            memberships::display_name_key.eq(user.display_name.key()),
            memberships::email_key.eq(user.email.key()),
        );
        let refreshed = change!(self, update(theirs).set(copies));
        refreshed.map(drop).map_err(failed)
    }

    fn organizations_of(&mut self, user: UserId) -> Result<Vec<OrganizationId>> {
        let ids: Vec<Key> = each!(self, |connection| memberships::table
            .filter(memberships::user_id.eq(Key(user.uuid())))
            .order(memberships::organization_id)
            .select(memberships::organization_id)
            .load(*connection))
        .map_err(failed)?;
        Ok(ids.iter().map(|id| OrganizationId::new(id.0)).collect())
    }
}

fn keys(membership: &Membership) -> (Key, Key) {
    (
        Key(membership.organization_id.uuid()),
        Key(membership.user_id.uuid()),
    )
}

impl SqlTx<'_> {
    fn members(&mut self, part: &Part<'_>, which: Which) -> Result<Vec<MemberRow>> {
        let behind = behind(which, part.order, part.after)?;
        each!(self, |connection| members_of!(part.organization)
            .filter(condition(part.filter, test))
            .filter(behind)
            .filter(which.condition())
            .order(ordering(which, part.order))
            .limit(part.fetch)
            .offset(part.skip)
            .select(columns!())
            .load(*connection))
        .map_err(failed)
    }

    /// By when they were last changed, first of all: merged of those that never were, and of the others.
    fn members_by_change(&mut self, part: &Part<'_>) -> Result<Vec<MemberRow>> {
        let mut rows = self.members(part, Which::Unchanged)?;
        rows.extend(self.members(part, Which::Changed)?);
        let key = |(member, ..): &MemberRow| key(part.order, member);
        rows.sort_by(|one, other| part.order.compare(&key(one), &key(other)));
        rows.truncate(usize::try_from(part.fetch).unwrap_or(usize::MAX));
        Ok(rows)
    }

    /// Gives a member custom roles that they do not have.
    fn give(&mut self, membership: &Membership, roles: &[Key]) -> Result<()> {
        let (organization, user) = keys(membership);
        for role in roles {
            let row = (
                membership_roles::organization_id.eq(organization),
                membership_roles::user_id.eq(user),
                membership_roles::role_id.eq(*role),
            );
            change!(
                self,
                diesel::insert_into(membership_roles::table).values(row)
            )
            .map_err(failed)?;
        }
        Ok(())
    }

    fn count_members_who(
        &mut self,
        organization: OrganizationId,
        filter: &Filter<MemberTest>,
    ) -> Result<u64> {
        let count: i64 = each!(self, |connection| memberships::table
            .filter(memberships::organization_id.eq(Key(organization.uuid())))
            .filter(condition(filter, test))
            .count()
            .get_result(*connection))
        .map_err(failed)?;
        Ok(count.unsigned_abs())
    }
}
