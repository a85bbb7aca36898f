use diesel::prelude::*;
use rollbook_domain::Result;
use rollbook_domain::access::{Arrival, Authentication, Place};
use rollbook_domain::id::OrganizationId;
use rollbook_domain::organization::OrganizationView;
use rollbook_domain::port::AccessRepo;
use rollbook_domain::secret::Digest;

use crate::row::{MembershipRow, OrganizationRow, OwnerRow, TokenRow, UserRow};
use crate::schema::{memberships, organizations, personal_access_tokens, users};
use crate::sql::Key;
use crate::tx::{SqlTx, each, failed, locked};

diesel::alias!(users as owners: Owners);

macro_rules! by_digest {
    ($digest:expr) => {
        personal_access_tokens::table
            .inner_join(users::table)
            .filter(personal_access_tokens::digest.eq($digest.bytes().as_slice()))
    };
}

impl AccessRepo for SqlTx<'_> {
    fn authenticate(&mut self, digest: &Digest) -> Result<Option<Authentication>> {
        let found = each!(self, |connection| by_digest!(digest)
            .select((TokenRow::as_select(), UserRow::as_select()))
            .first(*connection)
            .optional());
        found.map_err(failed)?.map(authentication).transpose()
    }

    fn authenticate_locking(&mut self, digest: &Digest) -> Result<Option<Authentication>> {
        let row = by_digest!(digest);
        let found = locked!(self, row, |query, connection| query
            .select((TokenRow::as_select(), UserRow::as_select()))
            .first(*connection)
            .optional());
        found.map_err(failed)?.map(authentication).transpose()
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
                Option::<MembershipRow>::as_select(),
            ))
            .first::<(
                TokenRow,
                UserRow,
                Option<OrganizationRow>,
                Option<OwnerRow>,
                Option<MembershipRow>,
            )>(*connection)
            .optional());
        let Some((token, user, organization, owner, membership)) = found.map_err(failed)? else {
            return Ok(None);
        };
        Ok(Some(Arrival {
            authentication: authentication((token, user))?,
            place: place(organization, owner, membership)?,
        }))
    }
}

fn authentication((token, user): (TokenRow, UserRow)) -> Result<Authentication> {
    Ok(Authentication {
        user: user.into_user()?,
        token: token.into_token(),
    })
}

fn place(
    organization: Option<OrganizationRow>,
    owner: Option<OwnerRow>,
    membership: Option<MembershipRow>,
) -> Result<Option<Place>> {
    let (Some(organization), Some(owner)) = (organization, owner) else {
        return Ok(None);
    };
    let organization = organization.into_organization()?;
    Ok(Some(Place {
        view: OrganizationView {
            owner: owner.into_owner(organization.owner_id),
            organization,
        },
        membership: membership.map(MembershipRow::into_membership).transpose()?,
    }))
}
