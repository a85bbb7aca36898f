use uuid::Uuid;

use super::{CreateOrganization, check_owner_limit};
use crate::access::{self, Caller, Used};
use crate::id::{MembershipId, OrganizationId};
use crate::organization::{Organization, OrganizationView, Owner, Version};
use crate::policy::{self, Action, Standing};
use crate::port::Tx;
use crate::service::Core;
use crate::service::membership::membership_of_owner;
use crate::time::Timestamp;
use crate::user::User;
use crate::value::Slug;
use crate::{Refusal, Result};

/// The ids that founding an organization takes, made before the transaction.
#[derive(Clone, Copy, Debug)]
pub struct FoundingIds {
    /// For the organization, unless the caller chose its id.
    pub organization: OrganizationId,
    /// For the owner's membership.
    pub membership: MembershipId,
}

impl FoundingIds {
    pub(super) fn new(core: &Core, now: Timestamp) -> Self {
        Self {
            organization: OrganizationId::new(core.ids.next(now)),
            membership: MembershipId::new(core.ids.next(now)),
        }
    }
}

pub(super) fn create(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    fresh: FoundingIds,
    command: &CreateOrganization,
) -> Result<Used<OrganizationView>> {
    // Whoever may own any number need not wait for their own other requests.
    let authentication = match command.owner_limit {
        Some(_) => access::authenticate_locking(tx, caller, now)?,
        None => access::authenticate(tx, caller, now)?,
    };
    let owner = &authentication.user;
    policy::allow(owner, Action::CreateOrganization, Standing::Platform)?;
    check_owner_limit(tx, owner.id, command.owner_limit)?;
    let view = found(tx, now, fresh, command, owner)?;
    Ok(authentication.used(view))
}

/// Founds an organization for an owner who may have it: adds it under the first free slug, and the
/// owner as its member and admin.
pub fn found(
    tx: &mut dyn Tx,
    now: Timestamp,
    fresh: FoundingIds,
    command: &CreateOrganization,
    owner: &User,
) -> Result<OrganizationView> {
    if !owner.can_own() {
        return Err(Refusal::ServiceAccountOwner.into());
    }
    let id = command.id.unwrap_or(fresh.organization);
    let slugs: Vec<Slug> = match &command.slug {
        Some(slug) => vec![slug.clone()],
        None => slugs_to_try(command.name.as_str(), fresh.organization).collect(),
    };
    let mut organization = Organization {
        id,
        name: command.name.clone(),
        slug: slugs[0].clone(),
        description: command.description.clone(),
        logo: command.logo.clone(),
        owner_id: owner.id,
        version: Version::FIRST,
        created_at: now,
        updated_at: now,
        deleted_at: None,
    };
    for slug in slugs {
        organization.slug = slug;
        if tx.organizations().add(&organization)? {
            let membership = membership_of_owner(fresh.membership, &organization, now);
            tx.memberships().add(&membership)?;
            return Ok(OrganizationView {
                owner: Owner::from(owner),
                organization,
            });
        }
        // It may be the id, not the slug; asked only now, so that a racer's id is seen, too.
        if command.id.is_some() && tx.organizations().find(id)?.is_some() {
            return Err(Refusal::IdTaken.into());
        }
    }
    Err(Refusal::SlugTaken(organization.slug.to_string()).into())
}

/// The slugs for a name, best first; the last one is free for certain, being made of an id.
pub(super) fn slugs_to_try(name: &str, id: OrganizationId) -> impl Iterator<Item = Slug> {
    Slug::candidates(name).chain([Slug::distinct(name, random_end(id.uuid()))])
}

/// The last 62 bits of a UUIDv7 are random.
fn random_end(id: Uuid) -> u64 {
    id.as_u64_pair().1
}
