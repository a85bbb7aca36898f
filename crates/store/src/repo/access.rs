use diesel::prelude::*;
use rollbook_domain::Result;
use rollbook_domain::access::{Arrival, Authentication, Place, Sponsor};
use rollbook_domain::id::{OrganizationId, UserId};
use rollbook_domain::organization::OrganizationView;
use rollbook_domain::port::AccessRepo;
use rollbook_domain::role::Permissions;
use rollbook_domain::secret::Digest;

use super::end_of_log::{LastDigest, LastSequence, OrganizationIsHeard};
use super::permissions::CustomPermissions;
use crate::row::{OrganizationRow, OwnerRow, PlanRow, TokenRow, UserRow, held};
use crate::schema::{memberships, organizations, tokens, users};
use crate::sql::Key;
#[cfg(feature = "postgres")]
use crate::statement::HoldingUserFirst;
use crate::statement::kept;
use crate::tx::{Connection, SqlTx, each, failed};

diesel::alias!(users as owners: Owners);

macro_rules! by_digest {
    ($digest:expr) => {
        tokens::table
            .inner_join(users::table)
            .filter(tokens::digest.eq($digest.bytes().as_slice()))
    };
}

/// What a statement answers about somebody who arrives: token, user, organization, owner, and the
/// built-in roles and the permissions of the custom ones.
type ArrivalRow = (
    TokenRow,
    UserRow,
    Option<OrganizationRow>,
    Option<OwnerRow>,
    Option<String>,
    Option<String>,
);

/// The same, with the plan of the organization, the end of its log, and whether anybody listens to that.
type LockedArrivalRow = (
    TokenRow,
    UserRow,
    Option<OrganizationRow>,
    Option<OwnerRow>,
    Option<String>,
    Option<String>,
    Option<PlanRow>,
    Option<i64>,
    Option<Vec<u8>>,
    bool,
);

/// Who presents a credential, and what they are to an organization.
macro_rules! arriving {
    ($digest:expr, $organization:expr) => {
        by_digest!($digest)
            .left_join(organizations::table.on(organizations::id.eq($organization)))
            .left_join(
                owners.on(owners
                    .field(users::id)
                    .nullable()
                    .eq(organizations::owner_id.nullable())),
            )
            .left_join(
                memberships::table.on(memberships::organization_id
                    .eq($organization)
                    .and(memberships::user_id.eq(users::id))),
            )
    };
}

/// The columns of an [`ArrivalRow`], and more.
macro_rules! arrival {
    ($($more:expr),*) => {
        (
            TokenRow::as_select(),
            UserRow::as_select(),
            Option::<OrganizationRow>::as_select(),
            owners
                .fields((users::display_name, users::email))
                .nullable(),
            memberships::roles.nullable(),
            CustomPermissions,
            $($more,)*
        )
    };
}

impl AccessRepo for SqlTx<'_> {
    fn authenticate(&mut self, digest: &Digest) -> Result<Option<Authentication>> {
        let found = each!(self, |connection| kept!(
            by_digest!(digest).select((TokenRow::as_select(), UserRow::as_select()))
        )
        .get_result(*connection)
        .optional());
        let found = found.map_err(failed)?.map(authentication).transpose()?;
        #[cfg(feature = "sqlite")]
        if matches!(self.connection, Connection::Sqlite(_)) {
            self.seen = found.clone().map(|found| (*digest, found));
        }
        Ok(found)
    }

    fn authenticate_locking(&mut self, digest: &Digest) -> Result<Option<Authentication>> {
        self.catch_up().map_err(failed)?;
        match &mut self.connection {
            // The only writer holds everything already, and need not read again what it has not
            // changed.
            #[cfg(feature = "sqlite")]
            Connection::Sqlite(_) => match self.seen.take() {
                Some((seen, found)) if seen == *digest && !self.changed => Ok(Some(found)),
                _ => self.authenticate(digest),
            },
            // PostgreSQL reads locked rows again if others have changed them while it waited. Whoever
            // ends a user's credentials must find no newer one that an ended one has made.
            #[cfg(feature = "postgres")]
            Connection::Postgres(connection) => {
                let query =
                    by_digest!(digest).select((TokenRow::as_select(), UserRow::as_select()));
                let held = kept!(HoldingUserFirst(query));
                let found = held.get_result(*connection).optional();
                self.failed |= found.is_err();
                found.map_err(failed)?.map(authentication).transpose()
            }
        }
    }

    fn arrive(&mut self, digest: &Digest, organization: OrganizationId) -> Result<Option<Arrival>> {
        let id = Key(organization.uuid());
        // Behind the lock, whoever arrives will ask for these as well, and write into the log.
        let found = if self.held == Some(organization) {
            self.arrive_behind_lock(digest, organization)?
        } else {
            each!(self, |connection| kept!(
                arriving!(digest, id).select(arrival!())
            )
            .get_result::<ArrivalRow>(*connection)
            .optional())
            .map_err(failed)?
        };
        let Some((token, user, there, owner, roles, custom)) = found else {
            return Ok(None);
        };
        let authentication = authentication((token, user))?;
        let sponsor = match authentication.token.created_by {
            None => None,
            Some(maker) => self.sponsor(maker, organization)?,
        };
        Ok(Some(Arrival {
            authentication,
            place: place(there, owner, roles, custom.as_deref())?,
            sponsor,
        }))
    }
}

impl SqlTx<'_> {
    /// Reads with whoever arrives what nobody else can change before this transaction ends, and keeps
    /// it: the organization's plan, and the end of its log.
    fn arrive_behind_lock(
        &mut self,
        digest: &Digest,
        organization: OrganizationId,
    ) -> Result<Option<ArrivalRow>> {
        let id = Key(organization.uuid());
        let found: Option<LockedArrivalRow> = each!(self, |connection| kept!(
            arriving!(digest, id).select(arrival!(
                Option::<PlanRow>::as_select(),
                LastSequence,
                LastDigest,
                OrganizationIsHeard
            ))
        )
        .get_result(*connection)
        .optional())
        .map_err(failed)?;
        let Some((token, user, there, owner, roles, custom, plan, sequence, last, is_heard)) =
            found
        else {
            return Ok(None);
        };
        let plan = plan.map(PlanRow::into_plan).transpose()?;
        self.plan = plan.map(|plan| (organization, plan));
        self.begin_trail(organization, sequence.zip(last), is_heard)?;
        Ok(Some((token, user, there, owner, roles, custom)))
    }

    /// The maker of a key. Few callers have one, so the others do not pay for it.
    fn sponsor(&mut self, maker: UserId, organization: OrganizationId) -> Result<Option<Sponsor>> {
        let found = each!(self, |connection| users::table
            .left_join(
                memberships::table.on(memberships::organization_id
                    .eq(Key(organization.uuid()))
                    .and(memberships::user_id.eq(users::id)))
            )
            .filter(users::id.eq(Key(maker.uuid())))
            .select((
                users::active,
                users::superuser,
                memberships::roles.nullable(),
                CustomPermissions,
            ))
            .first::<(bool, bool, Option<String>, Option<String>)>(*connection)
            .optional());
        let Some((active, superuser, roles, custom)) = found.map_err(failed)? else {
            return Ok(None);
        };
        let held = roles.map(|roles| held(&roles, custom.as_deref()));
        Ok(Some(Sponsor {
            active,
            superuser,
            held: held.transpose()?,
        }))
    }
}

fn authentication((token, user): (TokenRow, UserRow)) -> Result<Authentication> {
    Ok(Authentication {
        user: user.into_user()?,
        token: token.into_token()?,
    })
}

fn place(
    organization: Option<OrganizationRow>,
    owner: Option<OwnerRow>,
    roles: Option<String>,
    custom: Option<&str>,
) -> Result<Option<Place>> {
    let (Some(organization), Some(owner)) = (organization, owner) else {
        return Ok(None);
    };
    let organization = organization.into_organization()?;
    let held = roles.map(|roles| held(&roles, custom));
    Ok(Some(Place {
        view: OrganizationView {
            owner: owner.into_owner(organization.owner_id),
            organization,
        },
        held: held.transpose()?,
        // The domain works it out.
        granted: Permissions::NONE,
    }))
}
