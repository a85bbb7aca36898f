//! Roles as the native dialect takes them, and how they become commands of the domain.

use rollbook_domain::idempotency::Once;
use rollbook_domain::organization::{Patch, Version};
use rollbook_domain::role::{Permission, Permissions, RoleScope};
use rollbook_domain::service::role::{CreateRole, UpdateRole};
use rollbook_domain::value::{Description, Malformed, RoleKey, RoleTitle};
use rollbook_domain::{Error, Result};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::given::{Faults, Given, malformed};
use super::mask::{Mask, Maskable};
use super::path::OrganizationPath;
use super::role_wire::ROLE_SCOPE;
use super::words;

/// What of a role can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// `title`
    Title,
    /// `description`
    Description,
    /// `permissions`
    Permissions,
}

impl Maskable for Field {
    const PATHS: &'static [(&'static str, Self)] = &[
        ("title", Self::Title),
        ("description", Self::Description),
        ("permissions", Self::Permissions),
    ];

    const FIXED: &'static [(&'static str, Option<&'static str>)] = &[
        ("name", None),
        ("role_scope", None),
        ("roleScope", None),
        ("built_in", None),
        ("builtIn", None),
        ("create_time", None),
        ("createTime", None),
        ("update_time", None),
        ("updateTime", None),
        ("etag", None),
    ];
}

/// A role in a body. What only answers say is taken and ignored (AIP-203); anything unknown is
/// refused.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RoleBody {
    name: Given<String>,
    title: Given<String>,
    description: Given<String>,
    permissions: Given<Vec<String>>,
    #[serde(alias = "roleScope")]
    role_scope: Given<String>,
    etag: Given<String>,
    #[serde(alias = "requestId")]
    request_id: Given<String>,
    #[serde(rename = "built_in", alias = "builtIn")]
    _built_in: IgnoredAny,
    #[serde(rename = "create_time", alias = "createTime")]
    _create_time: IgnoredAny,
    #[serde(rename = "update_time", alias = "updateTime")]
    _update_time: IgnoredAny,
}

impl RoleBody {
    /// The entity tag that the body bears.
    pub(super) fn etag(&self) -> Option<&str> {
        self.etag.text()
    }

    /// What the client calls the request.
    pub(super) fn request_id(&self) -> Option<&str> {
        self.request_id.text()
    }

    /// The new role that the body describes.
    pub(super) fn create(&self, key: Option<&str>, once: Option<Once>) -> Result<CreateRole> {
        let mut faults = Faults::default();
        let key = faults.check_some("role_id", key.map(RoleKey::parse));
        let title = self.title(&mut faults);
        let description = self.description.text().map(Description::parse);
        let description = faults.check_some("description", description);
        let permissions = faults.check("permissions", self.permissions());
        let scope = faults.check("role_scope", self.scope());
        match (title, permissions, scope) {
            (Some(title), Some(permissions), Some(scope)) if faults.is_empty() => Ok(CreateRole {
                scope,
                key,
                title,
                description,
                permissions,
                once,
            }),
            _ => Err(faults.into()),
        }
    }

    /// The changes that the body describes, as far as the mask selects them.
    pub(super) fn update(
        &self,
        path: OrganizationPath,
        key: &str,
        mask: &Mask<Field>,
        seen: Option<Version>,
    ) -> Result<UpdateRole> {
        let mut faults = Faults::default();
        faults.check("name", self.check_name(path, key));
        let title = mask.selects(Field::Title, &self.title);
        let permissions = mask.selects(Field::Permissions, &self.permissions);
        let command = UpdateRole {
            title: if title { self.title(&mut faults) } else { None },
            description: self.new_description(mask, &mut faults),
            permissions: if permissions {
                faults.check("permissions", self.permissions())
            } else {
                None
            },
            seen,
        };
        if faults.is_empty() {
            Ok(command)
        } else {
            Err(Error::from(faults))
        }
    }

    fn check_name(&self, path: OrganizationPath, key: &str) -> std::result::Result<(), Malformed> {
        match self.name.text() {
            Some(name) if role_key(path, name)? != key => {
                malformed("the name in the body is not the one in the path")
            }
            _ => Ok(()),
        }
    }

    fn title(&self, faults: &mut Faults) -> Option<RoleTitle> {
        let title = self.title.text().unwrap_or_default();
        faults.check("title", RoleTitle::parse(title))
    }

    fn new_description(&self, mask: &Mask<Field>, faults: &mut Faults) -> Patch<Description> {
        if !mask.selects(Field::Description, &self.description) {
            return Patch::Keep;
        }
        let Some(text) = self.description.text() else {
            return Patch::Clear;
        };
        let description = faults.check("description", Description::parse(text));
        description.map_or(Patch::Keep, Patch::Set)
    }

    fn permissions(&self) -> std::result::Result<Permissions, Malformed> {
        let Given::Value(keys) = &self.permissions else {
            return Ok(Permissions::NONE);
        };
        keys.iter().try_fold(Permissions::NONE, |set, key| {
            let permission = Permission::from_key(key);
            permission
                .map(|permission| set.with(permission))
                .ok_or_else(|| Malformed(format!("there is no permission '{key}'")))
        })
    }

    fn scope(&self) -> std::result::Result<RoleScope, Malformed> {
        let word = self.role_scope.text().unwrap_or_default();
        match words::key(ROLE_SCOPE, word) {
            None => Ok(RoleScope::Organization),
            Some(key) => RoleScope::from_key(&key)
                .ok_or_else(|| Malformed(format!("there is no scope '{word}'"))),
        }
    }
}

/// The key of a role of this organization, given alone or as a resource name.
pub(super) fn role_key(path: OrganizationPath, text: &str) -> std::result::Result<&str, Malformed> {
    let Some(rest) = text.strip_prefix("organizations/") else {
        return Ok(text);
    };
    match rest.split_once("/roles/") {
        Some((organization, key)) if OrganizationPath::new(organization) == path => Ok(key),
        _ => malformed("a role is organizations/{organization}/roles/{role} of this organization"),
    }
}
