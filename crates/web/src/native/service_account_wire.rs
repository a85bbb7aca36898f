//! Service accounts and their keys as the native dialect sends them.

use rollbook_domain::id::OrganizationId;
use rollbook_domain::service::service_account::{
    ServiceAccount as DomainAccount, ServiceAccountPage,
};
use rollbook_domain::service::token::{IssuedToken, TokenPage};
use rollbook_domain::time::Timestamp;
use rollbook_domain::token::Token;
use serde::Serialize;
use utoipa::ToSchema;

use super::etag;
use super::name::Name;

/// A service account: a program that belongs to one organization. It is a member and takes a seat.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59/serviceAccounts/01980c5e-0000-7000-8000-000000000004",
    "display_name": "deployer",
    "roles": ["organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59/roles/org-viewer"],
    "active": true,
    "create_time": "2025-01-15T10:30:00Z",
    "update_time": "2025-01-15T10:30:00Z",
    "etag": "\"1\""
}))]
pub(super) struct ServiceAccount<'a> {
    /// The resource name, `organizations/{organization}/serviceAccounts/{service_account}`; the
    /// last part is its user's id.
    #[schema(read_only, value_type = String)]
    name: Name,
    /// What to call it: 1 to 256 characters.
    display_name: &'a str,
    /// The resource names of its roles, built in or of the organization's own. Without any, it is
    /// an `org-member`.
    #[schema(required = false, value_type = Vec<String>)]
    roles: Vec<Name>,
    /// Whether its keys work.
    #[schema(read_only)]
    active: bool,
    /// When it was made.
    #[schema(read_only, format = DateTime)]
    create_time: String,
    /// When it last changed.
    #[schema(read_only, format = DateTime)]
    update_time: String,
    /// Changes whenever it does.
    #[schema(required = false)]
    etag: String,
}

impl<'a> ServiceAccount<'a> {
    pub(super) fn new(organization: OrganizationId, account: &'a DomainAccount) -> Self {
        let user = &account.user;
        let built_in = account
            .roles
            .iter()
            .map(|role| -> &str { role.public_key() });
        let custom = account.custom_roles.iter().map(|role| role.key.as_str());
        let roles = built_in.chain(custom);
        Self {
            name: Name::from(organization).child("serviceAccounts", user.id),
            display_name: user.display_name.as_str(),
            roles: roles
                .map(|key| Name::from(organization).child("roles", key))
                .collect(),
            active: user.active,
            create_time: user.created_at.to_rfc3339(),
            update_time: user.updated_at.to_rfc3339(),
            etag: etag::of(user.version),
        }
    }
}

/// A page of an organization's service accounts.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ServiceAccountList<'a> {
    /// The service accounts, in the order in which they were made.
    service_accounts: Vec<ServiceAccount<'a>>,
    /// What continues the list as `page_token`; empty at its end.
    next_page_token: String,
}

impl<'a> ServiceAccountList<'a> {
    pub(super) fn new(
        organization: OrganizationId,
        page: &'a ServiceAccountPage,
        next_page_token: String,
    ) -> Self {
        let accounts = page.items.iter();
        Self {
            service_accounts: accounts
                .map(|account| ServiceAccount::new(organization, account))
                .collect(),
            next_page_token,
        }
    }
}

/// A key of a service account: what it presents as `Authorization: Bearer …`. It works in its
/// organization only, and permits no more than its maker may at the time of its use.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59/serviceAccounts/01980c5e-0000-7000-8000-000000000004/keys/01980c5e-0000-7000-8000-000000000005",
    "display_name": "ci",
    "last_four": "h4Tz",
    "creator": "users/01980c5e-0000-7000-8000-000000000001",
    "create_time": "2025-01-15T10:30:00Z",
    "expire_time": "2025-04-15T10:30:00Z"
}))]
pub(super) struct Key<'a> {
    /// The resource name.
    #[schema(value_type = String)]
    name: Name,
    /// What it is called.
    display_name: &'a str,
    /// The last four characters of the secret.
    last_four: &'a str,
    /// The resource name of the user who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    creator: Option<Name>,
    /// When it was issued.
    #[schema(format = DateTime)]
    create_time: String,
    /// From when on it does not work; left out when it works until it is revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    expire_time: Option<String>,
    /// When it was last used, to the minute; left out when it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    last_use_time: Option<String>,
    /// The secret to present. Only the answer that issues the key has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    secret: Option<&'a str>,
}

impl<'a> Key<'a> {
    pub(super) fn new(organization: OrganizationId, token: &'a Token) -> Self {
        let account = Name::from(organization).child("serviceAccounts", token.user_id);
        Self {
            name: account.child("keys", token.id),
            display_name: token.name.as_str(),
            last_four: &token.last_four,
            creator: token.created_by.map(Name::from),
            create_time: token.created_at.to_rfc3339(),
            expire_time: token.expires_at.map(Timestamp::to_rfc3339),
            last_use_time: token.last_used_at.map(Timestamp::to_rfc3339),
            secret: None,
        }
    }

    pub(super) fn issued(organization: OrganizationId, issued: &'a IssuedToken) -> Self {
        Self {
            secret: Some(issued.secret.reveal()),
            ..Self::new(organization, &issued.token)
        }
    }
}

/// A page of a service account's keys.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeyList<'a> {
    /// The unrevoked keys, in the order of issue.
    keys: Vec<Key<'a>>,
    /// What continues the list as `page_token`; empty at its end.
    next_page_token: String,
}

impl<'a> KeyList<'a> {
    pub(super) fn new(
        organization: OrganizationId,
        page: &'a TokenPage,
        next_page_token: String,
    ) -> Self {
        let keys = page.items.iter();
        Self {
            keys: keys.map(|token| Key::new(organization, token)).collect(),
            next_page_token,
        }
    }
}
