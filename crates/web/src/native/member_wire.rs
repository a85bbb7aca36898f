//! The members of an organization as the native dialect sends them: its users.

use rollbook_domain::membership::MemberView;
use rollbook_domain::service::membership::MemberPage;
use rollbook_domain::user::UserKind;
use serde::Serialize;
use utoipa::ToSchema;

use super::etag::Tag;
use super::name::{OwnerName, Time};
use super::wire::UserType;
use crate::json::write_json;

const OF_ORGANIZATION: &str = "ROLE_SCOPE_ORGANIZATION";
const OF_WORKSPACE: &str = "ROLE_SCOPE_WORKSPACE";

/// A user as an organization has them, with everything.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59/users/01980c5e-0000-7000-8000-000000000001",
    "display_name": "Jane Smith",
    "email": "jane@acme.example",
    "user_type": "PERSON",
    "roles": [{"name": "org-admin", "role_scope": "ROLE_SCOPE_ORGANIZATION"}],
    "create_time": "2025-01-15T10:30:00Z",
    "update_time": "2025-01-15T10:30:00Z",
    "etag": "\"1\""
}))]
pub(super) struct Member<'a> {
    /// The resource name, `organizations/{organization}/users/{user}`.
    #[schema(value_type = String)]
    name: OwnerName,
    /// What to call the user.
    display_name: &'a str,
    /// The e-mail address.
    email: &'a str,
    /// Person or program.
    user_type: UserType,
    /// The user's roles in the organization, and those in some workspace or other.
    roles: Vec<UserRole<'a>>,
    /// When the user joined.
    #[schema(value_type = String, format = DateTime)]
    create_time: Time,
    /// When the roles in the organization last changed.
    #[schema(value_type = String, format = DateTime)]
    update_time: Time,
    /// Changes whenever the roles in the organization do. Sent back with a change, in the body or
    /// in `If-Match`, it makes the change conditional.
    #[schema(value_type = String)]
    etag: Tag,
}

impl<'a> From<&'a MemberView> for Member<'a> {
    fn from(view: &'a MemberView) -> Self {
        let it = &view.membership;
        Self {
            name: OwnerName(it.organization_id, it.user_id),
            display_name: view.display_name.as_str(),
            email: view.email.as_str(),
            user_type: match view.kind {
                UserKind::Person => UserType::Person,
                UserKind::ServiceAccount => UserType::ServiceAccount,
            },
            roles: roles(view),
            create_time: Time(it.created_at),
            update_time: Time(it.updated_at),
            etag: Tag(it.version),
        }
    }
}

/// A user in a list of those of an organization.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "user": {
        "name": "organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59/users/01980c5e-0000-7000-8000-000000000001",
        "display_name": "Jane Smith",
        "email": "jane@acme.example"
    },
    "roles": [{"name": "org-admin", "role_scope": "ROLE_SCOPE_ORGANIZATION"}],
    "create_time": "2025-01-15T10:30:00Z",
    "update_time": "2025-01-15T10:30:00Z",
    "etag": "\"1\""
}))]
pub(super) struct OrganizationUser<'a> {
    /// Who.
    user: UserBasicInfo<'a>,
    /// The user's roles in the organization, and those in some workspace or other.
    roles: Vec<UserRole<'a>>,
    /// When the user joined.
    #[schema(value_type = String, format = DateTime)]
    create_time: Time,
    /// When the roles in the organization last changed.
    #[schema(value_type = String, format = DateTime)]
    update_time: Time,
    /// Changes whenever the roles in the organization do.
    #[schema(value_type = String)]
    etag: Tag,
}

write_json!(OrganizationUser {
    user,
    roles,
    create_time,
    update_time,
    etag
});

/// A user as the members of the organization see them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UserBasicInfo<'a> {
    /// The resource name, `organizations/{organization}/users/{user}`.
    #[schema(value_type = String)]
    name: OwnerName,
    /// What to call the user.
    display_name: &'a str,
    /// The e-mail address.
    email: &'a str,
}

write_json!(UserBasicInfo {
    name,
    display_name,
    email
});

/// A role that a user has.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UserRole<'a> {
    /// The role's key, such as `org-admin`.
    name: &'a str,
    /// Where: `ROLE_SCOPE_ORGANIZATION` or `ROLE_SCOPE_WORKSPACE`.
    role_scope: &'static str,
}

write_json!(UserRole { name, role_scope });

impl<'a> From<&'a MemberView> for OrganizationUser<'a> {
    fn from(view: &'a MemberView) -> Self {
        let it = &view.membership;
        Self {
            user: UserBasicInfo {
                name: OwnerName(it.organization_id, it.user_id),
                display_name: view.display_name.as_str(),
                email: view.email.as_str(),
            },
            roles: roles(view),
            create_time: Time(it.created_at),
            update_time: Time(it.updated_at),
            etag: Tag(it.version),
        }
    }
}

fn roles(view: &MemberView) -> Vec<UserRole<'_>> {
    let mut roles = Vec::new();
    let mut add = |name, role_scope| roles.push(UserRole { name, role_scope });
    for role in view.membership.roles.iter() {
        add(role.public_key(), OF_ORGANIZATION);
    }
    for role in &view.membership.custom_roles {
        add(role.key.as_str(), OF_ORGANIZATION);
    }
    for role in view.workspace_roles.iter() {
        add(role.public_key(), OF_WORKSPACE);
    }
    for role in &view.custom_workspace_roles {
        add(role.key.as_str(), OF_WORKSPACE);
    }
    roles
}

/// A page of the users of an organization.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrganizationUserList<'a> {
    /// The users, those who joined last first unless `order_by` says otherwise.
    users: Vec<OrganizationUser<'a>>,
    /// What continues the list as `page_token`; empty at its end.
    next_page_token: String,
}

write_json!(OrganizationUserList {
    users,
    next_page_token
});

impl<'a> OrganizationUserList<'a> {
    pub(super) fn new(page: &'a MemberPage, next_page_token: String) -> Self {
        Self {
            users: page.items.iter().map(OrganizationUser::from).collect(),
            next_page_token,
        }
    }
}
