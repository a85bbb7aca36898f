//! Where OAuth clients are administered: who gets in, and whose they are.

use uuid::Uuid;

use crate::access::{self, Authentication, Caller};
use crate::error::Kind;
use crate::id::{OrganizationId, UserId};
use crate::idempotency::{self, Claim, Once};
use crate::oauth::OAuthClient;
use crate::organization::Organization;
use crate::policy::Action;
use crate::port::Tx;
use crate::role::{Permission, Permissions};
use crate::time::Timestamp;
use crate::{Error, Refusal, Result};

/// Where clients are administered, by somebody with these rights there.
#[derive(Clone, Copy, Debug)]
pub(in crate::service) struct Office {
    /// The organization, which is locked when something changes; `None`: the installation.
    pub(in crate::service) organization: Option<OrganizationId>,
    /// What whoever administers may grant.
    pub(in crate::service) rights: Permissions,
}

/// The clients of the installation or of a live organization, for the operator, who has all rights.
pub(in crate::service) fn open(
    tx: &mut dyn Tx,
    organization: Option<OrganizationId>,
) -> Result<Office> {
    if let Some(id) = organization {
        let found = tx.organizations().lock(id)?;
        found
            .filter(Organization::is_live)
            .ok_or(Error::NotFound(Kind::Organization))?;
    }
    Ok(Office {
        organization,
        rights: Permissions::ALL,
    })
}

pub(super) fn enter(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: Option<OrganizationId>,
) -> Result<Authentication> {
    match organization {
        None => access::enter_platform(tx, caller, now, Action::AdministerClients),
        Some(id) => {
            let action = Action::Use(Permission::ReadOAuthClient);
            access::enter(tx, caller, now, id, action).map(|it| it.0)
        }
    }
}

/// Lets somebody in who administers clients. Whoever acts through a client makes none: what a
/// client was allowed ends with the user's word.
pub(super) fn enter_locked(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: Option<OrganizationId>,
    permission: Permission,
) -> Result<(Authentication, Office)> {
    let (action, authentication, rights) = match organization {
        None => {
            let action = Action::AdministerClients;
            let authentication = access::enter_platform_locked(tx, caller, now, action)?;
            (action, authentication, Permissions::ALL)
        }
        Some(id) => {
            let action = Action::Use(permission);
            let (authentication, place) = access::enter_locked(tx, caller, now, id, action)?;
            let rights = access::rights(&authentication, &place);
            (action, authentication, rights)
        }
    };
    authentication.in_person(action)?;
    let office = Office {
        organization,
        rights,
    };
    Ok((authentication, office))
}

/// Claims a request whose answer holds a secret, which is shown once.
pub(super) fn claim(
    tx: &mut dyn Tx,
    user: UserId,
    once: Option<&Once>,
    now: Timestamp,
    id: Uuid,
) -> Result<()> {
    match idempotency::claim(tx, user, once, now, id)? {
        Claim::Make => Ok(()),
        Claim::Made(id) => {
            let id = id.to_string();
            Err(Refusal::SecretShown { id }.into())
        }
    }
}

/// The client, if it is one of these and not deleted.
pub(super) fn of(
    organization: Option<OrganizationId>,
    found: Option<OAuthClient>,
) -> Result<OAuthClient> {
    let theirs = |client: &OAuthClient| {
        client.organization_id == organization && client.deleted_at.is_none()
    };
    found
        .filter(theirs)
        .ok_or(Error::NotFound(Kind::OAuthClient))
}
