//! Users as the ZenML dialect sends them, and what all its shapes share.

use rollbook_domain::id::{OrganizationId, UserId};
use rollbook_domain::membership::MemberView;
use rollbook_domain::organization::Owner;
use rollbook_domain::time::Timestamp;
use rollbook_domain::user::{User as DomainUser, UserKind};
use rollbook_domain::value::{DisplayName, Email};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// A moment: RFC 3339 in UTC, always with milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time(pub(super) Timestamp);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.to_rfc3339();
        match text.strip_suffix('Z') {
            Some(whole) if !whole.contains('.') => {
                serializer.collect_str(&format_args!("{whole}.000Z"))
            }
            _ => serializer.serialize_str(&text),
        }
    }
}

/// An id, hyphenated.
#[derive(Clone, Copy, Debug)]
pub(super) struct Id<T>(pub(super) T);

impl<T: std::fmt::Display> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A user. What Rollbook does not keep is null.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserRead, example = json!({
    "password": null,
    "password_expired": null,
    "name": "Jane Smith",
    "avatar_url": null,
    "company": null,
    "job_title": null,
    "metadata": null,
    "id": "01980c5e-0000-7000-8000-000000000001",
    "username": "jane@acme.example",
    "email": "jane@acme.example",
    "oauth_provider": null,
    "oauth_id": null,
    "is_active": true,
    "is_superuser": false,
    "is_service_account": false,
    "organization_id": null,
    "is_onboarded": false
}))]
#[expect(clippy::struct_excessive_bools, reason = "so it is published")]
pub(super) struct User<'a> {
    /// Always null.
    password: Option<&'a str>,
    /// Always null.
    password_expired: Option<bool>,
    /// What to call the user.
    name: Option<&'a str>,
    /// Always null.
    avatar_url: Option<&'a str>,
    /// Always null.
    company: Option<&'a str>,
    /// Always null.
    job_title: Option<&'a str>,
    /// Always null.
    #[schema(value_type = Option<Object>)]
    metadata: Option<bool>,
    /// The user's id.
    #[schema(value_type = String, format = "uuid")]
    id: Id<UserId>,
    /// A person's address; the name of a service account.
    username: Option<&'a str>,
    /// The address.
    email: Option<&'a str>,
    /// Always null.
    oauth_provider: Option<&'a str>,
    /// Always null.
    oauth_id: Option<&'a str>,
    /// Whether the user's credentials work. Of other members it is not told, and is true.
    is_active: bool,
    /// Whether the user operates the platform. Of other members it is not told, and is false.
    is_superuser: bool,
    /// Whether it is a program.
    is_service_account: bool,
    /// The only organization that a service account belongs to.
    #[schema(value_type = Option<String>, format = "uuid")]
    organization_id: Option<Id<OrganizationId>>,
    /// Always false.
    is_onboarded: bool,
}

impl<'a> User<'a> {
    fn new(id: UserId, kind: UserKind, name: &'a DisplayName, email: &'a Email) -> Self {
        let is_service_account = kind == UserKind::ServiceAccount;
        let username = if is_service_account {
            name.as_str()
        } else {
            email.as_str()
        };
        Self {
            password: None,
            password_expired: None,
            name: Some(name.as_str()),
            avatar_url: None,
            company: None,
            job_title: None,
            metadata: None,
            id: Id(id),
            username: Some(username),
            email: Some(email.as_str()),
            oauth_provider: None,
            oauth_id: None,
            is_active: true,
            is_superuser: false,
            is_service_account,
            organization_id: None,
            is_onboarded: false,
        }
    }
}

impl<'a> From<&'a DomainUser> for User<'a> {
    fn from(user: &'a DomainUser) -> Self {
        Self {
            is_active: user.active,
            is_superuser: user.superuser,
            organization_id: user.organization_id.map(Id),
            ..Self::new(user.id, user.kind, &user.display_name, &user.email)
        }
    }
}

/// An owner is an active person; whoever owns an organization cannot be deactivated.
impl<'a> From<&'a Owner> for User<'a> {
    fn from(owner: &'a Owner) -> Self {
        Self::new(
            owner.id,
            UserKind::Person,
            &owner.display_name,
            &owner.email,
        )
    }
}

impl<'a> From<&'a MemberView> for User<'a> {
    fn from(member: &'a MemberView) -> Self {
        let MemberView {
            membership,
            kind,
            display_name,
            email,
            ..
        } = member;
        let own = (*kind == UserKind::ServiceAccount).then_some(membership.organization_id);
        Self {
            organization_id: own.map(Id),
            ..Self::new(membership.user_id, *kind, display_name, email)
        }
    }
}
