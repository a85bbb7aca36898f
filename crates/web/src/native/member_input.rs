//! The members of an organization as the native dialect takes them.

use rollbook_domain::id::UserId;
use rollbook_domain::idempotency::Once;
use rollbook_domain::membership::{MemberCondition, MemberField};
use rollbook_domain::role::RoleScope;
use rollbook_domain::service::membership::{AddMember, Who};
use rollbook_domain::value::{Email, Malformed};
use rollbook_domain::{Error, Result};
use serde::Deserialize;
use serde::de::IgnoredAny;
use utoipa::ToSchema;

use super::filter::{Field, Kind};
use super::given::{Faults, malformed};
use super::mask::Maskable;
use super::path::OrganizationPath;
use super::role_input::role_key;
use super::role_wire::ROLE_SCOPE;
use super::{order, words};

/// What members can be filtered by.
pub(super) const FILTERS: &[Field<MemberCondition>] = &[
    Field {
        name: "role",
        kind: Kind::Word(|name| Some(MemberCondition::Role(name.to_owned()))),
    },
    Field {
        name: "role_scope",
        kind: Kind::Word(|word| scope(word).map(MemberCondition::Scope)),
    },
    Field {
        name: "search",
        kind: Kind::Search(MemberCondition::Search),
    },
];

fn scope(word: &str) -> Option<RoleScope> {
    let key = words::key(ROLE_SCOPE, word)?;
    RoleScope::from_key(&key)
}

/// What members can be sorted by: as it is documented, and as the fields of answers are called.
pub(super) const ORDERS: &order::Fields<MemberField> = &[
    ("display_name", MemberField::DisplayName),
    ("email", MemberField::Email),
    ("created_time", MemberField::Created),
    ("updated_time", MemberField::Updated),
    ("create_time", MemberField::Created),
    ("update_time", MemberField::Updated),
    ("user.display_name", MemberField::DisplayName),
    ("user.email", MemberField::Email),
];

/// A role as it is given to somebody: as text, or as answers have it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum GivenRole {
    /// The role's name or key.
    Name(String),
    /// A role as answers have it. One of a workspace is taken and ignored.
    Described(DescribedRole),
}

/// A role as answers have it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DescribedRole {
    /// The role's name or key.
    name: String,
    /// `ROLE_SCOPE_ORGANIZATION`, unless it says otherwise.
    #[serde(default, alias = "roleScope")]
    role_scope: Option<String>,
}

impl GivenRole {
    /// The role's key; `None` for a role in a workspace, which is given there.
    fn key(&self, path: OrganizationPath) -> std::result::Result<Option<String>, Malformed> {
        let name = match self {
            Self::Name(name) => name,
            Self::Described(role) => {
                let word = role.role_scope.as_deref().unwrap_or_default();
                if scope(word) == Some(RoleScope::Workspace) {
                    return Ok(None);
                }
                &role.name
            }
        };
        role_key(path, name).map(|key| Some(key.to_owned()))
    }
}

fn keys(
    roles: &[GivenRole],
    path: OrganizationPath,
) -> std::result::Result<Vec<String>, Malformed> {
    roles
        .iter()
        .filter_map(|role| role.key(path).transpose())
        .collect()
}

/// Who shall become a member without an invitation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "joe@acme.example", "roles": ["org-viewer"]}))]
pub(super) struct AddUserRequest {
    /// The resource name of the user, `users/{user}`; or `email`.
    user: Option<String>,
    /// The address of a user; or `user`. Whoever is no user yet can be invited.
    email: Option<String>,
    /// Roles of the organization, by name or key; none: `org-member`.
    #[schema(value_type = Option<Vec<String>>)]
    roles: Option<Vec<GivenRole>>,
    /// What the client calls the request, as in the `Idempotency-Key` header.
    #[serde(alias = "requestId")]
    request_id: Option<String>,
}

impl AddUserRequest {
    /// What the client calls the request.
    pub(super) fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The new member that the body describes.
    pub(super) fn add(&self, path: OrganizationPath, once: Option<Once>) -> Result<AddMember> {
        let mut faults = Faults::default();
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let who = match (given(&self.user), given(&self.email)) {
            (Some(user), None) => faults.check("user", user_named(&user).map(Who::User)),
            (None, Some(email)) => faults.check("email", Email::parse(&email).map(Who::Email)),
            _ => faults.check("user", malformed("set either user or email")),
        };
        let roles = faults.check(
            "roles",
            keys(self.roles.as_deref().unwrap_or_default(), path),
        );
        match (who, roles) {
            (Some(who), Some(roles)) => Ok(AddMember { who, roles, once }),
            _ => Err(faults.into()),
        }
    }
}

fn user_named(name: &str) -> std::result::Result<UserId, Malformed> {
    let id = name.strip_prefix("users/").unwrap_or(name);
    UserId::parse(id).map_or_else(|| malformed("it must be users/{user}"), Ok)
}

/// What of a member can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MemberMask {
    /// `roles`
    Roles,
}

impl Maskable for MemberMask {
    const PATHS: &'static [(&'static str, Self)] = &[("roles", Self::Roles)];

    const FIXED: &'static [(&'static str, Option<&'static str>)] = &[
        ("name", None),
        ("display_name", None),
        ("displayName", None),
        ("email", None),
        ("user_type", None),
        ("userType", None),
        ("create_time", None),
        ("createTime", None),
        ("update_time", None),
        ("updateTime", None),
        ("etag", None),
    ];
}

/// The roles that a member shall have. What else answers say is taken and ignored.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"roles": ["org-viewer", "auditor"], "etag": "\"1\""}))]
pub(super) struct UpdateUserRequest {
    /// All roles that the user shall have in the organization, by name or key; at least one.
    #[schema(required, value_type = Vec<String>)]
    roles: Option<Vec<GivenRole>>,
    /// The entity tag of the user as the caller saw it.
    etag: Option<String>,
    #[serde(default, rename = "name")]
    #[schema(ignore)]
    _name: IgnoredAny,
    #[serde(default, rename = "display_name", alias = "displayName")]
    #[schema(ignore)]
    _display_name: IgnoredAny,
    #[serde(default, rename = "email")]
    #[schema(ignore)]
    _email: IgnoredAny,
    #[serde(default, rename = "user_type", alias = "userType")]
    #[schema(ignore)]
    _user_type: IgnoredAny,
    #[serde(default, rename = "create_time", alias = "createTime")]
    #[schema(ignore)]
    _create_time: IgnoredAny,
    #[serde(default, rename = "update_time", alias = "updateTime")]
    #[schema(ignore)]
    _update_time: IgnoredAny,
}

impl UpdateUserRequest {
    /// The entity tag that the body bears.
    pub(super) fn etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    /// The keys of the roles.
    pub(super) fn roles(&self, path: OrganizationPath) -> Result<Vec<String>> {
        let roles = self.roles.as_deref();
        let roles = roles.ok_or_else(|| Error::invalid("roles", "say which roles"))?;
        keys(roles, path).map_err(|why| why.in_field("roles"))
    }
}
