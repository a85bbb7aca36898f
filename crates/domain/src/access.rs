//! From a presented credential to an actor: the first step of every use case, taken inside its
//! transaction, so that a revoked token or a lost membership counts from the next request on.

use crate::error::{Kind, Unauthenticated};
use crate::id::{OrganizationId, TokenId};
use crate::membership::Membership;
use crate::organization::OrganizationView;
use crate::policy::{self, Action, Standing};
use crate::port::Tx;
use crate::secret::{Digest, Secret};
use crate::time::Timestamp;
use crate::token::PersonalAccessToken;
use crate::user::User;
use crate::{Error, Result};

/// What a request presented. A dialect makes it from a header or cookie, without any I/O.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// No credential.
    Nobody,
    /// Something that cannot be a credential: wrong prefix, length or checksum.
    Malformed,
    /// The digest of a token that is well formed.
    Token(Digest),
}

impl Caller {
    /// Reads a bearer token (RFC 6750).
    #[must_use]
    pub fn bearer(token: &str) -> Self {
        Secret::parse(token).map_or(Self::Malformed, |secret| Self::Token(secret.digest()))
    }

    fn digest(&self) -> Result<&Digest> {
        match self {
            Self::Nobody => Err(Error::Unauthenticated(Unauthenticated::Missing)),
            Self::Malformed => Err(Error::Unauthenticated(Unauthenticated::Invalid)),
            Self::Token(digest) => Ok(digest),
        }
    }
}

/// A token and its user, as a store finds them by the token's digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// The user for whom the token speaks.
    pub user: User,
    /// The token.
    pub token: PersonalAccessToken,
}

/// An authentication and what the user is to one organization, as a store finds them in a single
/// statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Who arrives.
    pub authentication: Authentication,
    /// The organization, live or deleted; `None` when there is none with that id.
    pub place: Option<Place>,
}

/// An organization and the arriving user's membership in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The organization and its owner.
    pub view: OrganizationView,
    /// The membership of the user who arrives, if there is one.
    pub membership: Option<Membership>,
}

/// A result, and the token that was used for it; the service notes the use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used<T> {
    /// What the use case answers.
    pub value: T,
    /// The token.
    pub token: TokenId,
    /// When the store last heard of a use of it.
    pub last_used_at: Option<Timestamp>,
}

impl Authentication {
    /// Ties a result to the token that was used for it.
    #[must_use]
    pub fn used<T>(&self, value: T) -> Used<T> {
        Used {
            value,
            token: self.token.id,
            last_used_at: self.token.last_used_at,
        }
    }

    fn check(self, now: Timestamp) -> Result<Self> {
        if self.user.active && self.token.is_usable(now) {
            Ok(self)
        } else {
            Err(Error::Unauthenticated(Unauthenticated::Invalid))
        }
    }
}

impl Place {
    /// What `user` is to the organization.
    #[must_use]
    pub fn standing(&self, user: &User) -> Standing {
        self.membership
            .as_ref()
            .map_or(Standing::Stranger, |membership| Standing::Member {
                roles: membership.roles,
                owner: self.view.organization.owner_id == user.id,
            })
    }
}

/// Finds out who calls.
pub fn authenticate(tx: &mut dyn Tx, caller: &Caller, now: Timestamp) -> Result<Authentication> {
    let found = tx.access().authenticate(caller.digest()?)?;
    found
        .ok_or(Error::Unauthenticated(Unauthenticated::Invalid))?
        .check(now)
}

/// Finds out who calls and locks the user's row, for rules that count what a user has.
pub fn authenticate_locking(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
) -> Result<Authentication> {
    let found = tx.access().authenticate_locking(caller.digest()?)?;
    found
        .ok_or(Error::Unauthenticated(Unauthenticated::Invalid))?
        .check(now)
}

/// Finds out who calls, lets them into a live organization and allows `action` there.
///
/// A stranger is denied whether the organization exists or not; whoever may look is told when it
/// does not exist or is deleted.
pub fn enter(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: OrganizationId,
    action: Action,
) -> Result<(Authentication, Place)> {
    let (authentication, place) = enter_any(tx, caller, now, id, action)?;
    if place.view.organization.is_live() {
        Ok((authentication, place))
    } else {
        Err(Error::NotFound(Kind::Organization))
    }
}

/// [`enter`], but deleted organizations are not hidden from those who may look.
pub fn enter_any(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: OrganizationId,
    action: Action,
) -> Result<(Authentication, Place)> {
    let arrival = tx.access().arrive(caller.digest()?, id)?;
    let arrival = arrival.ok_or(Error::Unauthenticated(Unauthenticated::Invalid))?;
    let authentication = arrival.authentication.check(now)?;
    let standing = arrival.place.as_ref().map_or(Standing::Stranger, |place| {
        place.standing(&authentication.user)
    });
    policy::allow(&authentication.user, action, standing)?;
    let place = arrival.place.ok_or(Error::NotFound(Kind::Organization))?;
    Ok((authentication, place))
}
