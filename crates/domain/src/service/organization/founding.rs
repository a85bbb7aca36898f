use uuid::Uuid;

use super::naming::check_name;
use super::{CreateOrganization, Terms, check_owner_limit};
use crate::access::{self, Caller, Used};
use crate::audit::{self, Act, Author, Chain, Change, Deed, Target};
use crate::error::Kind;
use crate::id::{MembershipId, OrganizationId};
use crate::idempotency::{self, Claim};
use crate::organization::{Organization, OrganizationView, Owner, Version};
use crate::policy::Action;
use crate::port::Tx;
use crate::service::Core;
use crate::service::membership::membership_of_owner;
use crate::subscription::{Plan, Subscription};
use crate::time::Timestamp;
use crate::user::User;
use crate::value::Slug;
use crate::{Error, Refusal, Result};

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
    let action = Action::CreateOrganization;
    // Locked even where nothing is counted: whoever deletes or deactivates the owner looks for what
    // they own behind this lock, and the foreign key's own lock does not keep them from missing
    // what is not committed yet. It takes no statement more.
    let mut authentication = access::enter_platform_locked(tx, caller, now, action)?;
    let owner = authentication.user.id;
    let id = command.id.unwrap_or(fresh.organization);
    if let Claim::Made(id) = idempotency::claim(tx, owner, command.once.as_ref(), now, id.uuid())? {
        let made = made_before(tx, OrganizationId::new(id), &authentication.user)?;
        return Ok(authentication.used(made));
    }
    if command.owner.is_some_and(|other| other != owner) {
        return Err(Refusal::ForSomeoneElse.into());
    }
    check_owner_limit(tx, owner, command.owner_limit)?;
    check_name(tx, command.naming, &command.name, id)?;
    let plan = plan(tx, now, &command.terms, &mut authentication.user)?;
    let author = authentication.author(caller);
    let founder = Founder {
        author: &author,
        owner: &authentication.user,
        plan: &plan,
    };
    let view = found(tx, &founder, now, fresh, command)?;
    Ok(authentication.used(view))
}

/// What an earlier attempt made, for a founder who may still see it.
fn made_before(tx: &mut dyn Tx, id: OrganizationId, founder: &User) -> Result<OrganizationView> {
    let made = tx.organizations().find(id)?;
    let member = tx.memberships().held(id, founder.id)?.is_some();
    made.filter(|view| view.organization.is_live() && (member || founder.superuser))
        .ok_or(Error::NotFound(Kind::Organization))
}

/// The plan that a new organization of this owner begins with: there is one trial an owner. The
/// owner's row is locked: another request of theirs cannot have had it just now.
fn plan(tx: &mut dyn Tx, now: Timestamp, terms: &Terms, owner: &mut User) -> Result<Plan> {
    let mut plan = Plan {
        members: terms.members,
        workspaces: terms.workspaces,
        ..Plan::default()
    };
    let (Some(length), None) = (terms.trial, owner.trial_started_at) else {
        return Ok(plan);
    };
    let before = owner.version;
    owner.trial_started_at = Some(now);
    owner.version = before.next();
    if !tx.users().update(owner, before)? {
        return Err(Refusal::VersionMismatch.into());
    }
    plan.subscription = Subscription::trial(now, length);
    Ok(plan)
}

/// Who founds an organization, and for whom.
#[derive(Clone, Copy, Debug)]
pub struct Founder<'a> {
    /// Who does it.
    pub author: &'a Author,
    /// Who owns it then.
    pub owner: &'a User,
    /// The plan that it begins with.
    pub plan: &'a Plan,
}

/// Founds an organization for an owner who may have it: adds it under the first free slug, and the
/// owner as its member and admin.
///
/// The owner was read behind a lock of their row, or nobody can delete or deactivate them yet.
/// [`create`] has the lock from authenticating; a bulk load, which is alone with its users, takes
/// none, since it would hold hundreds of them in no order.
pub fn found(
    tx: &mut dyn Tx,
    founder: &Founder<'_>,
    now: Timestamp,
    fresh: FoundingIds,
    command: &CreateOrganization,
) -> Result<OrganizationView> {
    let Founder {
        author,
        owner,
        plan,
    } = *founder;
    if !owner.can_own() {
        return Err(Refusal::ServiceAccountOwner.into());
    }
    let slugs: Vec<Slug> = match &command.slug {
        Some(slug) => vec![slug.clone()],
        None => slugs_to_try(command.name.as_str(), fresh.organization).collect(),
    };
    let mut organization = Organization {
        id: command.id.unwrap_or(fresh.organization),
        name: command.name.clone(),
        slug: slugs[0].clone(),
        description: command.description.clone(),
        logo: command.logo.clone(),
        links: command.links.clone(),
        owner_id: owner.id,
        version: Version::FIRST,
        created_at: now,
        updated_at: now,
        deleted_at: None,
    };
    for slug in slugs {
        organization.slug = slug;
        if tx.organizations().add(&organization, plan)? {
            return establish(tx, author, now, fresh, organization, owner);
        }
        // It may be the id, not the slug; asked only now, so that a racer's id is seen, too.
        if command.id.is_some() && tx.organizations().find(organization.id)?.is_some() {
            return Err(Refusal::IdTaken.into());
        }
    }
    Err(Refusal::SlugTaken(organization.slug.to_string()).into())
}

/// Gives a new organization its owner and the first entry of its log.
fn establish(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    fresh: FoundingIds,
    organization: Organization,
    owner: &User,
) -> Result<OrganizationView> {
    let membership = membership_of_owner(fresh.membership, &organization, now);
    tx.memberships().add(&membership, owner)?;
    let deed = Deed {
        chain: Chain::Organization(organization.id),
        act: Act::OrganizationCreated,
        target: Target::Organization(organization.id),
        changes: vec![
            Change::set("name", organization.name.as_str()),
            Change::set("slug", organization.slug.as_str()),
            Change::set("owner_id", &owner.id.to_string()),
        ],
    };
    audit::record_first(tx, author, now, &deed)?;
    Ok(OrganizationView {
        owner: Owner::from(owner),
        organization,
    })
}

/// The slugs for a name, best first; the last one is free for certain, being made of an id.
pub(super) fn slugs_to_try(name: &str, id: OrganizationId) -> impl Iterator<Item = Slug> {
    Slug::candidates(name).chain([Slug::distinct(name, random_end(id.uuid()))])
}

/// The last 62 bits of a UUIDv7 are random.
fn random_end(id: Uuid) -> u64 {
    id.as_u64_pair().1
}
