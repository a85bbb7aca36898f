//! Ready-made entities, the same in every run: everything about one follows from its name.

mod inside;
mod oauth;

pub use inside::{
    domain, entry, general, invitation, invitation_secret, invitation_view, key, key_secret,
    message, role, service_account_of, webhook_endpoint, workspace, workspace_member_view,
    workspace_membership, workspace_role, workspace_view,
};

pub use oauth::{client_secret, client_secret_of, grant, issued_device, oauth_client, signing_key};

use sha2::{Digest as _, Sha256};
use uuid::{Builder, Uuid};

use super::FixedClock;
use crate::access::{Arrival, Authentication, Held, Place};
use crate::id::{MembershipId, OrganizationId, TokenId, UserId};
use crate::membership::{MemberView, Membership};
use crate::organization::{Organization, OrganizationView, Owner, Version};
use crate::role::{Permissions, Role, Roles, WorkspaceRoles};
use crate::secret::Secret;
use crate::token::{Token, TokenKind};
use crate::user::{User, UserKind};
use crate::value::{DisplayName, Email, OrganizationName, Slug, TokenName};

/// An id, version 7, that follows from the name.
#[must_use]
pub fn uuid(name: &str) -> Uuid {
    let digest: [u8; 32] = Sha256::digest(name.as_bytes()).into();
    let mut random = [0; 10];
    random.copy_from_slice(&digest[..10]);
    let millis = FixedClock::START.millis().unsigned_abs();
    Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// An active person without special rights, `name@example.com`.
#[must_use]
pub fn user(name: &str) -> User {
    User {
        id: UserId::new(uuid(&format!("user {name}"))),
        kind: UserKind::Person,
        email: email(name),
        display_name: DisplayName::from_stored(name.to_owned()),
        superuser: false,
        active: true,
        email_verified_at: Some(FixedClock::START),
        organization_id: None,
        trial_started_at: None,
        version: Version::FIRST,
        created_at: FixedClock::START,
        updated_at: FixedClock::START,
        deleted_at: None,
    }
}

/// `name@example.com`. The name must do as the first part of an address.
#[must_use]
pub fn email(name: &str) -> Email {
    Email::from_stored(format!("{name}@example.com"))
}

/// A user who operates the platform.
#[must_use]
pub fn superuser(name: &str) -> User {
    User {
        superuser: true,
        ..user(name)
    }
}

/// A program's user.
#[must_use]
pub fn service_account(name: &str) -> User {
    User {
        kind: UserKind::ServiceAccount,
        ..user(name)
    }
}

/// A live organization, with the slug that its name suggests.
#[must_use]
pub fn organization(name: &str, owner: &User) -> Organization {
    Organization {
        id: OrganizationId::new(uuid(&format!("organization {name}"))),
        name: OrganizationName::from_stored(name.to_owned()),
        slug: Slug::candidates(name)
            .next()
            .unwrap_or_else(|| Slug::distinct(name, 0)),
        description: None,
        logo: None,
        links: None,
        owner_id: owner.id,
        version: Version::FIRST,
        created_at: FixedClock::START,
        updated_at: FixedClock::START,
        deleted_at: None,
    }
}

/// An organization with its owner.
#[must_use]
pub fn organization_view(name: &str, owner: &User) -> OrganizationView {
    OrganizationView {
        organization: organization(name, owner),
        owner: Owner::from(owner),
    }
}

/// That the user belongs to the organization, with these roles.
#[must_use]
pub fn membership(organization: &Organization, user: &User, roles: &[Role]) -> Membership {
    let name = format!("membership {} {}", organization.id, user.id);
    Membership {
        id: MembershipId::new(uuid(&name)),
        organization_id: organization.id,
        user_id: user.id,
        roles: Roles::of(roles),
        custom_roles: Vec::new(),
        version: Version::FIRST,
        created_at: FixedClock::START,
        updated_at: FixedClock::START,
    }
}

/// A membership with its user.
#[must_use]
pub fn member_view(organization: &Organization, user: &User, roles: &[Role]) -> MemberView {
    MemberView {
        membership: membership(organization, user, roles),
        kind: user.kind,
        display_name: user.display_name.clone(),
        email: user.email.clone(),
        workspace_roles: WorkspaceRoles::NONE,
        custom_workspace_roles: Vec::new(),
    }
}

/// A token's secret.
#[must_use]
pub fn secret(name: &str) -> Secret {
    Secret::personal_access_token(&Sha256::digest(name.as_bytes()).into())
}

/// A browser session's secret.
#[must_use]
pub fn session_secret(name: &str) -> Secret {
    Secret::session(&Sha256::digest(name.as_bytes()).into())
}

/// A token of the user that never expires; its secret is [`secret`] of the same name.
#[must_use]
pub fn token(name: &str, user: &User) -> Token {
    Token {
        id: TokenId::new(uuid(&format!("token {name} {}", user.id))),
        kind: TokenKind::Access,
        parent_id: None,
        oauth: None,
        user_id: user.id,
        organization_id: None,
        created_by: None,
        name: TokenName::from_stored(name.to_owned()),
        last_four: secret(name).last_four(),
        created_at: FixedClock::START,
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
    }
}

/// What a store finds for a token of the user.
#[must_use]
pub fn authentication(user: &User) -> Authentication {
    Authentication {
        user: user.clone(),
        token: token("token", user),
    }
}

/// What a store finds when the user arrives at an organization; without roles, as a stranger.
#[must_use]
pub fn arrival(user: &User, view: &OrganizationView, roles: &[Role]) -> Arrival {
    let held = (!roles.is_empty()).then(|| Held {
        roles: Roles::of(roles),
        custom: Permissions::NONE,
    });
    Arrival {
        authentication: authentication(user),
        place: Some(Place {
            view: view.clone(),
            held,
            granted: Permissions::NONE,
        }),
        sponsor: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_what_parsing_makes() {
        let ann = user("ann");
        assert_eq!(Email::parse("Ann@Example.com"), Ok(ann.email.clone()));
        let acme = organization("Acme Corp", &ann);
        assert_eq!(Slug::parse("acme-corp"), Ok(acme.slug));
        assert_eq!(OrganizationName::parse("Acme Corp"), Ok(acme.name));
        let secret = secret("ci");
        assert_eq!(token("ci", &ann).last_four, secret.last_four());
        assert_eq!(Secret::parse(secret.reveal()), Some(secret));
        assert_ne!(user("ann").id, user("bob").id);
    }
}
