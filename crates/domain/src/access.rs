//! From a presented credential to an actor: the first step of every use case, taken inside its
//! transaction, so that a revoked token or a lost membership counts from the next request on.

mod workspace;

use std::fmt;
use std::net::IpAddr;

use uuid::Uuid;

use crate::audit::{Actor, Author};
use crate::error::{Kind, Unauthenticated};
use crate::id::{OrganizationId, TokenId};
use crate::organization::OrganizationView;
use crate::policy::{self, Action, Standing};
use crate::port::Tx;
use crate::role::{Permissions, Roles};
use crate::secret::{Digest, Secret};
use crate::time::Timestamp;
use crate::token::{Token, TokenKind};
use crate::user::User;
use crate::{Error, Refusal, Result};

pub use workspace::{
    Reach, WorkspacePlace, enter_any_workspace_locked, enter_workspace, enter_workspace_locked,
    reach_workspaces,
};

/// Who calls, and from where. A dialect makes it without any I/O.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// What the request presented.
    pub credential: Credential,
    /// Where the request came from, for the audit log.
    pub origin: Origin,
}

/// What a request presented: read from a header or cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// No credential.
    Nobody,
    /// Something that cannot be a credential: wrong prefix, length or checksum.
    Malformed,
    /// The digest of a token that is well formed.
    Token(Digest),
    /// The digest of a browser session's secret that is well formed.
    Session(Digest),
}

impl Credential {
    /// Reads a bearer token (RFC 6750).
    #[must_use]
    pub fn bearer(token: &str) -> Self {
        Secret::parse(token).map_or(Self::Malformed, |secret| Self::Token(secret.digest()))
    }

    /// Reads the cookie of a browser session.
    #[must_use]
    pub fn session(cookie: &str) -> Self {
        let secret = Secret::parse_session(cookie);
        secret.map_or(Self::Malformed, |secret| Self::Session(secret.digest()))
    }

    /// How a token is presented that is found by it.
    const fn kind(&self) -> Option<TokenKind> {
        match self {
            Self::Nobody | Self::Malformed => None,
            Self::Token(_) => Some(TokenKind::Access),
            Self::Session(_) => Some(TokenKind::Session),
        }
    }
}

impl Caller {
    /// A caller of unknown origin with a bearer token (RFC 6750).
    #[must_use]
    pub fn bearer(token: &str) -> Self {
        Self::from(Credential::bearer(token))
    }

    /// The digest by which the credential is looked up. Asked before anything is locked for a caller.
    ///
    /// # Errors
    ///
    /// [`Unauthenticated`] where there is none, or one that is nobody's for its form.
    pub(crate) fn digest(&self) -> Result<&Digest> {
        match &self.credential {
            Credential::Nobody => Err(Error::Unauthenticated(Unauthenticated::Missing)),
            Credential::Malformed => Err(Error::Unauthenticated(Unauthenticated::Invalid)),
            Credential::Token(digest) | Credential::Session(digest) => Ok(digest),
        }
    }
}

impl From<Credential> for Caller {
    fn from(credential: Credential) -> Self {
        Self {
            credential,
            origin: Origin::default(),
        }
    }
}

/// Where a request came from, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The client's address.
    pub address: Option<IpAddr>,
    /// The id under which the request is in the log.
    pub request: Option<RequestId>,
}

/// The id of a request: 1 to 128 ASCII letters, digits, dots, hyphens and underscores.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestId {
    bytes: [u8; RequestId::LONGEST],
    length: u8,
}

impl RequestId {
    /// The most bytes it can have.
    pub const LONGEST: usize = 128;

    /// Takes a text of the right length and characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if text.is_empty() || text.len() > Self::LONGEST || !text.bytes().all(plain) {
            return None;
        }
        let mut bytes = [0; Self::LONGEST];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Some(Self {
            bytes,
            length: u8::try_from(text.len()).ok()?,
        })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl From<Uuid> for RequestId {
    fn from(id: Uuid) -> Self {
        let mut bytes = [0; Self::LONGEST];
        let text = id.hyphenated().encode_lower(&mut bytes);
        // 36 characters.
        let length = u8::try_from(text.len()).unwrap_or_default();
        Self { bytes, length }
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A token and its user, as a store finds them by the token's digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// The user for whom the token speaks.
    pub user: User,
    /// The token.
    pub token: Token,
}

/// An authentication and what the user is to one organization, as a store finds them in a single
/// statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Who arrives.
    pub authentication: Authentication,
    /// The organization, live or deleted; `None` when there is none with that id.
    pub place: Option<Place>,
    /// Who made the token, if it is a service account's key: it permits no more than its maker
    /// may at this moment.
    pub sponsor: Option<Sponsor>,
}

/// An organization and what the arriving user holds in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The organization and its owner.
    pub view: OrganizationView,
    /// What the user who arrives holds, if they are a member.
    pub held: Option<Held>,
    /// What the caller may with it, in the whole organization; [`enter`] computes it.
    pub granted: Permissions,
}

/// What a member holds in an organization.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// The built-in roles.
    pub roles: Roles,
    /// What the custom roles permit together.
    pub custom: Permissions,
}

impl Held {
    /// What the member may.
    #[must_use]
    pub fn permissions(&self) -> Permissions {
        self.roles.permissions().or(self.custom)
    }
}

/// The maker of a service account's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sponsor {
    /// Whether their own credentials work.
    pub active: bool,
    /// Whether they operate the platform.
    pub superuser: bool,
    /// What they hold in the organization, if they are still a member.
    pub held: Option<Held>,
}

impl Sponsor {
    /// The most that a key of theirs can permit.
    #[must_use]
    pub fn permissions(&self) -> Permissions {
        match (self.active, self.superuser, self.held) {
            (false, _, _) | (true, false, None) => Permissions::NONE,
            (true, true, _) => Permissions::ALL,
            (true, false, Some(held)) => held.permissions(),
        }
    }
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

    /// Who is responsible for what this caller does, for the audit log.
    #[must_use]
    pub fn author(&self, caller: &Caller) -> Author {
        Author {
            actor: Actor::User {
                id: self.user.id,
                kind: self.user.kind,
                token: self.token.id,
            },
            origin: caller.origin,
        }
    }

    fn check(mut self, caller: &Caller, now: Timestamp) -> Result<Self> {
        // A cookie is no bearer token, and a bearer token no cookie.
        let fits = caller.credential.kind() == Some(self.token.kind);
        if fits && self.user.active && self.token.is_usable(now) {
            // Whoever made a token for one organization did not mean it to open all the others.
            self.user.superuser &= self.token.organization_id.is_none();
            Ok(self)
        } else {
            Err(Error::Unauthenticated(Unauthenticated::Invalid))
        }
    }

    /// Refuses what the scopes of an OAuth client's token do not permit, whatever its user may.
    fn within_scopes(&self, action: Action) -> Result<()> {
        let binding = self.token.oauth.as_ref();
        match binding.and_then(|binding| binding.scopes.lacking(action)) {
            None => Ok(()),
            Some(scope) => Err(Refusal::InsufficientScope { scope: scope.key() }.into()),
        }
    }

    /// Refuses a client what only the user may do, whatever the scope: it would outlive what was
    /// allowed, or end what was not.
    pub fn in_person(&self, action: Action) -> Result<()> {
        if self.token.oauth.is_none() {
            return Ok(());
        }
        Err(Error::Denied {
            action,
            visible: true,
        })
    }

    /// Allows what is not about one organization. A token that is bound to an organization may
    /// only look: what it made here would reach beyond its organization.
    fn allow_on_platform(self, action: Action) -> Result<Self> {
        self.within_scopes(action)?;
        if self.token.organization_id.is_some() && action != Action::ReadSelf {
            return Err(Error::Denied {
                action,
                visible: true,
            });
        }
        policy::allow(&self.user, action, Standing::Platform)?;
        Ok(self)
    }
}

impl Place {
    /// What `user` is to the organization.
    #[must_use]
    pub fn standing(&self, user: &User) -> Standing {
        match self.held {
            None => Standing::Stranger,
            Some(_) => Standing::Member {
                granted: self.granted,
                owner: self.view.organization.owner_id == user.id,
            },
        }
    }
}

/// What a caller may grant to others, and against whom they rank: all that a superuser may is
/// everything.
#[must_use]
pub fn rights(authentication: &Authentication, place: &Place) -> Permissions {
    if authentication.user.superuser {
        Permissions::ALL
    } else {
        place.granted
    }
}

/// Finds out who calls.
pub fn authenticate(tx: &mut dyn Tx, caller: &Caller, now: Timestamp) -> Result<Authentication> {
    let found = tx.access().authenticate(caller.digest()?)?;
    found
        .ok_or(Error::Unauthenticated(Unauthenticated::Invalid))?
        .check(caller, now)
}

/// Finds out who calls, if that can be found out and may be known here.
pub fn recognize(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
) -> Result<Option<Authentication>> {
    match authenticate(tx, caller, now) {
        Ok(authentication) => {
            let known = authentication.within_scopes(Action::ReadSelf).is_ok();
            Ok(known.then_some(authentication))
        }
        Err(Error::Unauthenticated(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

/// Finds out who calls and allows an action that is not about one organization.
pub fn enter_platform(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    action: Action,
) -> Result<Authentication> {
    authenticate(tx, caller, now)?.allow_on_platform(action)
}

/// [`enter_platform`], and locks the caller's row, for rules that count what a user has and for
/// whatever is written into a user's audit log.
pub fn enter_platform_locked(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    action: Action,
) -> Result<Authentication> {
    let found = tx.access().authenticate_locking(caller.digest()?)?;
    found
        .ok_or(Error::Unauthenticated(Unauthenticated::Invalid))?
        .check(caller, now)?
        .allow_on_platform(action)
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

/// [`enter`] behind a lock of the organization's row, for whatever changes something below it:
/// what is seen here stays true until the end of the transaction.
pub fn enter_locked(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: OrganizationId,
    action: Action,
) -> Result<(Authentication, Place)> {
    caller.digest()?;
    // Locked first: what is read before a lock may be out of date when the lock is had.
    tx.organizations().hold(id)?;
    enter(tx, caller, now, id, action)
}

/// [`enter`], but deleted organizations are not hidden from those who may look.
pub fn enter_any(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: OrganizationId,
    action: Action,
) -> Result<(Authentication, Place)> {
    let (authentication, place, _) = arrive(tx, caller, now, id)?;
    authentication.within_scopes(action)?;
    let standing = place.as_ref().map_or(Standing::Stranger, |place| {
        place.standing(&authentication.user)
    });
    policy::allow(&authentication.user, action, standing)?;
    let place = place.ok_or(Error::NotFound(Kind::Organization))?;
    Ok((authentication, place))
}

/// [`enter_locked`], but deleted organizations are not hidden from those who may look.
pub fn enter_any_locked(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: OrganizationId,
    action: Action,
) -> Result<(Authentication, Place)> {
    // Who has no credential at all locks nothing.
    caller.digest()?;
    tx.organizations().hold(id)?;
    enter_any(tx, caller, now, id, action)
}

/// Finds out who calls, what they are to an organization, and the most that their token permits
/// there; allows nothing yet.
fn arrive(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: OrganizationId,
) -> Result<(Authentication, Option<Place>, Permissions)> {
    let arrival = tx.access().arrive(caller.digest()?, id)?;
    let arrival = arrival.ok_or(Error::Unauthenticated(Unauthenticated::Invalid))?;
    let authentication = arrival.authentication.check(caller, now)?;
    let token = &authentication.token;
    let most = match (token.created_by, &arrival.sponsor) {
        (None, _) => Permissions::ALL,
        (Some(_), Some(sponsor)) => sponsor.permissions(),
        (Some(_), None) => Permissions::NONE,
    };
    let bound_elsewhere = token.organization_id.is_some_and(|bound| bound != id);
    let place = arrival.place.map(|mut place| {
        if bound_elsewhere {
            place.held = None;
        }
        let held = place.held.map(|held| held.permissions());
        place.granted = held.unwrap_or(Permissions::NONE).and(most);
        place
    });
    Ok((authentication, place, most))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::role::{Permission, Role};

    #[test]
    fn request_ids_are_harmless_to_log() {
        let longest = "a".repeat(RequestId::LONGEST);
        for text in ["a", "Job-7_a.B", &longest] {
            assert_eq!(RequestId::parse(text).unwrap().as_str(), text);
        }
        let made = RequestId::from(Uuid::max());
        assert_eq!(RequestId::parse(&Uuid::max().to_string()), Some(made));
        let too_long = "a".repeat(RequestId::LONGEST + 1);
        for text in ["", "a b", "a;b", "\u{e9}", &too_long] {
            assert_eq!(RequestId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_key_permits_what_its_maker_may() {
        let held = Held {
            roles: Roles::of(&[Role::Member]),
            custom: Permissions::NONE.with(Permission::CreateInvitation),
        };
        let maker = Sponsor {
            active: true,
            superuser: false,
            held: Some(held),
        };
        assert_eq!(maker.permissions(), held.permissions());
        let gone = Sponsor {
            held: None,
            ..maker
        };
        let inactive = Sponsor {
            active: false,
            superuser: true,
            ..maker
        };
        assert!(gone.permissions().is_empty() && inactive.permissions().is_empty());
    }
}
