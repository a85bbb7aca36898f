//! What the native dialect sends. Strings are always there, empty when there is nothing to say;
//! times are left out when there are none; lists always say how they continue.

use rollbook_domain::organization::OrganizationView;
use rollbook_domain::service::organization::OrganizationPage;
use rollbook_domain::service::token::{IssuedToken, TokenPage};
use rollbook_domain::service::user::UserPage;
use rollbook_domain::time::Timestamp;
use rollbook_domain::token::Token as DomainToken;
use rollbook_domain::user::{User as DomainUser, UserKind};
use rollbook_domain::value::Logo;
use serde::Serialize;
use utoipa::ToSchema;

use super::etag::{self, Tag};
use super::logo;
use super::name::{Name, OrganizationName, OwnerName, Time};
use crate::json::write_json;

/// An organization: what users belong to. It has exactly one owner.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59",
    "title": "Acme Corp",
    "slug": "acme-corp",
    "description": "Anvils and more",
    "logo_data_uri": "",
    "logo_url": "https://acme.example/logo.png",
    "owner": "organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59/users/01980c5e-0000-7000-8000-000000000001",
    "owner_display_name": "Jane Smith",
    "owner_email": "jane@acme.example",
    "create_time": "2025-01-15T10:30:00Z",
    "update_time": "2025-01-15T10:30:00Z",
    "etag": "\"1\""
}))]
pub(super) struct Organization<'a> {
    /// The resource name, `organizations/{organization}`.
    #[schema(read_only, value_type = String)]
    name: OrganizationName,
    /// What it is called: 1 to 256 characters. Titles may repeat.
    title: &'a str,
    /// A short name for addresses, unique among organizations: 1 to 63 characters of a-z, 0-9 and
    /// hyphen. Made from the title unless it is given.
    #[schema(required = false)]
    slug: &'a str,
    /// What it is about: at most 256 characters.
    #[schema(required = false)]
    description: &'a str,
    /// The logo as a data URI (RFC 2397): PNG, JPEG, GIF, WebP or SVG of at most 64 KiB. Empty when
    /// there is none or it is kept elsewhere. Writing it replaces `logo_url`.
    #[schema(required = false)]
    logo_data_uri: String,
    /// The address of a logo that is kept elsewhere. Writing it replaces `logo_data_uri`.
    #[schema(required = false)]
    logo_url: &'a str,
    /// The resource name of the owner; `:transferOwnership` changes it.
    #[schema(read_only, value_type = String)]
    owner: OwnerName,
    /// What to call the owner.
    #[schema(read_only)]
    owner_display_name: &'a str,
    /// The owner's e-mail address.
    #[schema(read_only)]
    owner_email: &'a str,
    /// When it was made.
    #[schema(read_only, value_type = String, format = DateTime)]
    create_time: Time,
    /// When it last changed.
    #[schema(read_only, value_type = String, format = DateTime)]
    update_time: Time,
    /// Changes whenever the organization does. Sent back with a change, here or in `If-Match`, it
    /// makes the change conditional.
    #[schema(required = false, value_type = String)]
    etag: Tag,
}

write_json!(Organization {
    name,
    title,
    slug,
    description,
    logo_data_uri,
    logo_url,
    owner,
    owner_display_name,
    owner_email,
    create_time,
    update_time,
    etag,
});

impl<'a> From<&'a OrganizationView> for Organization<'a> {
    fn from(view: &'a OrganizationView) -> Self {
        let it = &view.organization;
        let (logo_data_uri, logo_url) = match &it.logo {
            Some(Logo::Image(image)) => (logo::data_uri(image), ""),
            Some(Logo::External(url)) => (String::new(), url.as_str()),
            None => (String::new(), ""),
        };
        Self {
            name: OrganizationName(it.id),
            title: it.name.as_str(),
            slug: it.slug.as_str(),
            description: it.description.as_ref().map_or("", |text| text.as_str()),
            logo_data_uri,
            logo_url,
            owner: OwnerName(it.id, view.owner.id),
            owner_display_name: view.owner.display_name.as_str(),
            owner_email: view.owner.email.as_str(),
            create_time: Time(it.created_at),
            update_time: Time(it.updated_at),
            etag: Tag(it.version),
        }
    }
}

/// A page of all organizations.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrganizationList<'a> {
    /// The organizations, in the order in which they were made.
    organizations: Vec<Organization<'a>>,
    /// What continues the list as `page_token`; empty at its end.
    next_page_token: String,
}

write_json!(OrganizationList {
    organizations,
    next_page_token
});

impl<'a> OrganizationList<'a> {
    pub(super) fn new(page: &'a OrganizationPage, next_page_token: String) -> Self {
        Self {
            organizations: page.items.iter().map(Organization::from).collect(),
            next_page_token,
        }
    }
}

/// A page of the organizations that the caller belongs to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UserOrganizationList<'a> {
    /// The organizations, in the order in which they were made.
    user_organizations: Vec<Organization<'a>>,
    /// What continues the list as `page_token`; empty at its end.
    next_page_token: String,
}

write_json!(UserOrganizationList {
    user_organizations,
    next_page_token
});

impl<'a> UserOrganizationList<'a> {
    pub(super) fn new(page: &'a OrganizationPage, next_page_token: String) -> Self {
        Self {
            user_organizations: page.items.iter().map(Organization::from).collect(),
            next_page_token,
        }
    }
}

/// A user: a person or a service account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "users/01980c5e-0000-7000-8000-000000000001",
    "display_name": "Jane Smith",
    "email": "jane@acme.example",
    "user_type": "PERSON",
    "superuser": false,
    "active": true,
    "email_verified": true,
    "create_time": "2025-01-15T10:30:00Z",
    "update_time": "2025-01-15T10:30:00Z",
    "etag": "\"1\""
}))]
pub(super) struct User<'a> {
    /// The resource name, `users/{user}`.
    #[schema(read_only, value_type = String)]
    name: Name,
    /// What to call the user.
    display_name: &'a str,
    /// The e-mail address.
    email: &'a str,
    /// Person or program.
    #[serde(rename = "user_type")]
    #[schema(read_only)]
    kind: UserType,
    /// Whether the user operates the platform and may see and do everything.
    #[schema(read_only)]
    superuser: bool,
    /// Whether the user's credentials work.
    #[schema(read_only)]
    active: bool,
    /// Whether the address was shown to be the user's.
    #[schema(read_only)]
    email_verified: bool,
    /// When the user was made.
    #[schema(read_only, format = DateTime)]
    create_time: String,
    /// When the user last changed.
    #[schema(read_only, format = DateTime)]
    update_time: String,
    /// Changes whenever the user does.
    #[schema(required = false)]
    etag: String,
}

/// What a user is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum UserType {
    /// A human being.
    Person,
    /// A program.
    ServiceAccount,
}

impl<'a> From<&'a DomainUser> for User<'a> {
    fn from(user: &'a DomainUser) -> Self {
        Self {
            name: Name::from(user.id),
            display_name: user.display_name.as_str(),
            email: user.email.as_str(),
            kind: match user.kind {
                UserKind::Person => UserType::Person,
                UserKind::ServiceAccount => UserType::ServiceAccount,
            },
            superuser: user.superuser,
            active: user.active,
            email_verified: user.has_verified_email(),
            create_time: user.created_at.to_rfc3339(),
            update_time: user.updated_at.to_rfc3339(),
            etag: etag::of(user.version),
        }
    }
}

/// A page of all users.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UserList<'a> {
    /// The users, in the order in which they were made.
    users: Vec<User<'a>>,
    /// What continues the list as `page_token`; empty at its end.
    next_page_token: String,
}

impl<'a> UserList<'a> {
    pub(super) fn new(page: &'a UserPage, next_page_token: String) -> Self {
        Self {
            users: page.items.iter().map(User::from).collect(),
            next_page_token,
        }
    }
}

/// A personal access token: what a user's programs present as `Authorization: Bearer …`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "users/01980c5e-0000-7000-8000-000000000001/tokens/01980c5e-0000-7000-8000-000000000002",
    "display_name": "laptop",
    "last_four": "h4Tz",
    "create_time": "2025-01-15T10:30:00Z",
    "expire_time": "2025-04-15T10:30:00Z"
}))]
pub(super) struct Token<'a> {
    /// The resource name, `users/{user}/tokens/{token}`; `/me/tokens/{token}` is its address.
    #[schema(value_type = String)]
    name: Name,
    /// What its user calls it.
    display_name: &'a str,
    /// The last four characters of the secret.
    last_four: &'a str,
    /// The only organization in which it works; left out when it works wherever its user does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    organization: Option<OrganizationName>,
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
    /// The secret to present. Only the answer that issues the token has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    secret: Option<&'a str>,
}

impl<'a> From<&'a DomainToken> for Token<'a> {
    fn from(token: &'a DomainToken) -> Self {
        Self {
            name: Name::from(token.user_id).child("tokens", token.id),
            display_name: token.name.as_str(),
            last_four: &token.last_four,
            organization: token.organization_id.map(OrganizationName),
            create_time: token.created_at.to_rfc3339(),
            expire_time: token.expires_at.map(Timestamp::to_rfc3339),
            last_use_time: token.last_used_at.map(Timestamp::to_rfc3339),
            secret: None,
        }
    }
}

impl<'a> From<&'a IssuedToken> for Token<'a> {
    fn from(issued: &'a IssuedToken) -> Self {
        Self {
            secret: Some(issued.secret.reveal()),
            ..Self::from(&issued.token)
        }
    }
}

/// A page of the caller's tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TokenList<'a> {
    /// The tokens that are not revoked, in the order of issue.
    tokens: Vec<Token<'a>>,
    /// What continues the list as `page_token`; empty at its end.
    next_page_token: String,
}

impl<'a> TokenList<'a> {
    pub(super) fn new(page: &'a TokenPage, next_page_token: String) -> Self {
        Self {
            tokens: page.items.iter().map(Token::from).collect(),
            next_page_token,
        }
    }
}

/// Nothing: what deleting answers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Empty {}
