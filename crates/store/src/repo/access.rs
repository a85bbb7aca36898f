use diesel::prelude::*;
use rollbook_domain::Result;
use rollbook_domain::access::{Arrival, Authentication, Place, Sponsor};
use rollbook_domain::id::{OrganizationId, UserId};
use rollbook_domain::organization::OrganizationView;
use rollbook_domain::port::AccessRepo;
use rollbook_domain::role::Permissions;
use rollbook_domain::secret::Digest;

use super::permissions::CustomPermissions;
use crate::row::{OrganizationRow, OwnerRow, TokenRow, UserRow, held};
use crate::schema::{memberships, organizations, tokens, users};
use crate::sql::Key;
use crate::tx::{SqlTx, each, failed, locked};

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

impl AccessRepo for SqlTx<'_> {
    fn authenticate(&mut self, digest: &Digest) -> Result<Option<Authentication>> {
        let found = each!(self, |connection| by_digest!(digest)
            .select((TokenRow::as_select(), UserRow::as_select()))
            .first(*connection)
            .optional());
        found.map_err(failed)?.map(authentication).transpose()
    }

    fn authenticate_locking(&mut self, digest: &Digest) -> Result<Option<Authentication>> {
        // A join would lock the token, too, and before the user: whoever revokes a user's tokens
        // does it the other way round.
        let owner = tokens::table
            .filter(tokens::digest.eq(digest.bytes().as_slice()))
            .select(tokens::user_id)
            .single_value();
        let row = users::table.filter(users::id.nullable().eq(owner));
        let found: Option<Key> = locked!(self, row, |query, connection| query
            .select(users::id)
            .first(*connection)
            .optional())
        .map_err(failed)?;
        match found {
            // Behind the lock, since both may have changed while it was waited for.
            Some(_) => self.authenticate(digest),
            None => Ok(None),
        }
    }

    fn arrive(&mut self, digest: &Digest, organization: OrganizationId) -> Result<Option<Arrival>> {
        let id = Key(organization.uuid());
        let found = each!(self, |connection| by_digest!(digest)
            .left_join(organizations::table.on(organizations::id.eq(id)))
            .left_join(
                owners.on(owners
                    .field(users::id)
                    .nullable()
                    .eq(organizations::owner_id.nullable()))
            )
            .left_join(
                memberships::table.on(memberships::organization_id
                    .eq(id)
                    .and(memberships::user_id.eq(users::id)))
            )
            .select((
                TokenRow::as_select(),
                UserRow::as_select(),
                Option::<OrganizationRow>::as_select(),
                owners
                    .fields((users::display_name, users::email))
                    .nullable(),
                memberships::roles.nullable(),
                CustomPermissions,
            ))
            .first::<ArrivalRow>(*connection)
            .optional());
        let Some((token, user, there, owner, roles, custom)) = found.map_err(failed)? else {
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
