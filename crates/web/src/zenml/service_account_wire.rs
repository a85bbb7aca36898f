//! Service accounts and their keys as the ZenML dialect sends and takes them. Their shape is not
//! published, but for the key.

use rollbook_domain::id::{OrganizationId, TokenId, UserId};
use rollbook_domain::service::service_account::ServiceAccount as DomainAccount;
use rollbook_domain::service::token::IssuedToken;
use rollbook_domain::token::Token;
use serde::Serialize;
use utoipa::ToSchema;

use super::role_wire::HeldRole;
use super::user_wire::{Id, Time};

/// A service account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceAccountRead)]
pub(super) struct ServiceAccount<'a> {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: Id<UserId>,
    /// What it is called.
    username: &'a str,
    /// The same.
    name: &'a str,
    /// Always null.
    description: Option<&'a str>,
    /// The organization that it belongs to.
    #[schema(value_type = String, format = "uuid")]
    organization_id: Id<OrganizationId>,
    /// Whether its keys work.
    is_active: bool,
    /// The roles in the organization.
    roles: Vec<HeldRole>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created: Time,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated: Time,
}

impl<'a> ServiceAccount<'a> {
    pub(super) fn new(organization: OrganizationId, account: &'a DomainAccount) -> Self {
        let user = &account.user;
        let built_in = account.roles.iter();
        let built_in = built_in.map(|role| HeldRole::built_in(organization, role));
        let custom = account.custom_roles.iter().map(HeldRole::custom);
        Self {
            id: Id(user.id),
            username: user.display_name.as_str(),
            name: user.display_name.as_str(),
            description: None,
            organization_id: Id(organization),
            is_active: user.active,
            roles: built_in.chain(custom).collect(),
            created: Time(user.created_at),
            updated: Time(user.updated_at),
        }
    }
}

/// A new service account.
#[derive(ToSchema)]
#[schema(as = ServiceAccountCreate)]
#[expect(dead_code, reason = "only described")]
pub(super) struct ServiceAccountCreate {
    /// What it is called.
    #[schema(min_length = 1, max_length = 256)]
    username: String,
    /// Not kept.
    description: Option<String>,
}

/// A key of a service account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKeyRead)]
pub(super) struct ApiKey<'a> {
    /// Its id; not a secret.
    #[schema(value_type = String, format = "uuid")]
    id: Id<TokenId>,
    /// What it is called.
    name: &'a str,
    /// The service account.
    #[schema(value_type = String, format = "uuid")]
    service_account_id: Id<UserId>,
    /// The last characters of the key.
    last_four: &'a str,
    /// When it was issued.
    #[schema(value_type = String, format = DateTime)]
    created: Time,
    /// From when on it does not work; null: never.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires: Option<Time>,
    /// When it was last used.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used: Option<Time>,
    /// The key, once: in the answer that makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
}

impl<'a> From<&'a Token> for ApiKey<'a> {
    fn from(token: &'a Token) -> Self {
        Self {
            id: Id(token.id),
            name: token.name.as_str(),
            service_account_id: Id(token.user_id),
            last_four: &token.last_four,
            created: Time(token.created_at),
            expires: token.expires_at.map(Time),
            last_used: token.last_used_at.map(Time),
            key: None,
        }
    }
}

impl<'a> From<&'a IssuedToken> for ApiKey<'a> {
    fn from(issued: &'a IssuedToken) -> Self {
        Self {
            key: Some(issued.secret.reveal()),
            ..Self::from(&issued.token)
        }
    }
}

/// A new key.
#[derive(ToSchema)]
#[schema(as = ApiKeyCreate)]
#[expect(dead_code, reason = "only described")]
pub(super) struct ApiKeyCreate {
    /// What it is called.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// After how many minutes it does not work; null: never.
    #[schema(minimum = 1)]
    expires_in_minutes: Option<i64>,
}
