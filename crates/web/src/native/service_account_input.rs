//! Service accounts and their keys as the native dialect takes them.

use rollbook_domain::idempotency::Once;
use rollbook_domain::organization::Version;
use rollbook_domain::role::{Role, Roles};
use rollbook_domain::service::service_account::{
    CreateServiceAccount, Granted, IssueKey, UpdateServiceAccount,
};
use rollbook_domain::service::token::IssueToken;
use rollbook_domain::value::{DisplayName, Malformed, RoleKey};
use rollbook_domain::{Error, Result};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::given::{Faults, Given, malformed};
use super::mask::{Mask, Maskable};
use super::path::OrganizationPath;

/// What of a service account can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AccountField {
    /// `display_name`
    DisplayName,
    /// `roles`
    Roles,
}

impl Maskable for AccountField {
    const PATHS: &'static [(&'static str, Self)] = &[
        ("display_name", Self::DisplayName),
        ("displayName", Self::DisplayName),
        ("roles", Self::Roles),
    ];

    const FIXED: &'static [(&'static str, Option<&'static str>)] = &[
        ("name", None),
        ("active", None),
        ("create_time", None),
        ("createTime", None),
        ("update_time", None),
        ("updateTime", None),
        ("etag", None),
    ];
}

/// A service account in a body. What only answers say is taken and ignored (AIP-203).
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct AccountBody {
    #[serde(alias = "displayName")]
    display_name: Given<String>,
    roles: Given<Vec<String>>,
    etag: Given<String>,
    #[serde(alias = "requestId")]
    request_id: Given<String>,
    #[serde(rename = "name")]
    _name: IgnoredAny,
    #[serde(rename = "active")]
    _active: IgnoredAny,
    #[serde(rename = "create_time", alias = "createTime")]
    _create_time: IgnoredAny,
    #[serde(rename = "update_time", alias = "updateTime")]
    _update_time: IgnoredAny,
}

impl AccountBody {
    /// The entity tag that the body bears.
    pub(super) fn etag(&self) -> Option<&str> {
        self.etag.text()
    }

    /// What the client calls the request.
    pub(super) fn request_id(&self) -> Option<&str> {
        self.request_id.text()
    }

    /// The new service account that the body describes.
    pub(super) fn create(
        &self,
        path: OrganizationPath,
        once: Option<Once>,
    ) -> Result<CreateServiceAccount> {
        let mut faults = Faults::default();
        let name = faults.check("display_name", self.name());
        let granted = faults.check("roles", self.granted(path));
        match (name, granted) {
            (Some(display_name), Some(granted)) => Ok(CreateServiceAccount {
                display_name,
                granted,
                once,
            }),
            _ => Err(faults.into()),
        }
    }

    /// The changes that the body describes, as far as the mask selects them.
    pub(super) fn update(
        &self,
        path: OrganizationPath,
        mask: &Mask<AccountField>,
        seen: Option<Version>,
    ) -> Result<UpdateServiceAccount> {
        let mut faults = Faults::default();
        let name = mask.selects(AccountField::DisplayName, &self.display_name);
        let roles = mask.selects(AccountField::Roles, &self.roles);
        let command = UpdateServiceAccount {
            display_name: faults.check_some("display_name", name.then(|| self.name())),
            granted: faults.check_some("roles", roles.then(|| self.granted(path))),
            seen,
        };
        if faults.is_empty() {
            Ok(command)
        } else {
            Err(faults.into())
        }
    }

    fn name(&self) -> std::result::Result<DisplayName, Malformed> {
        DisplayName::parse(self.display_name.text().unwrap_or_default())
    }

    fn granted(&self, path: OrganizationPath) -> std::result::Result<Granted, Malformed> {
        granted(path, &self.roles)
    }
}

/// The roles of this organization that a body names, by their keys or as resource names.
pub(super) fn granted(
    path: OrganizationPath,
    names: &Given<Vec<String>>,
) -> std::result::Result<Granted, Malformed> {
    let mut granted = Granted {
        roles: Roles::NONE,
        custom_roles: Vec::new(),
    };
    let Given::Value(names) = names else {
        return Ok(granted);
    };
    for name in names {
        let key = role_key(path, name)?;
        match Role::from_public_key(key) {
            Some(role) => granted.roles = granted.roles.with(role),
            None => granted.custom_roles.push(RoleKey::parse(key)?),
        }
    }
    Ok(granted)
}

/// The key of a role, given alone or as a resource name of this organization.
fn role_key(path: OrganizationPath, name: &str) -> std::result::Result<&str, Malformed> {
    let Some(rest) = name.strip_prefix("organizations/") else {
        return Ok(name);
    };
    match rest.split_once("/roles/") {
        Some((organization, key)) if OrganizationPath::new(organization) == path => Ok(key),
        _ => malformed("it must be organizations/{organization}/roles/{role} of this organization"),
    }
}

/// The command to issue a key, out of one to issue a personal access token: the bodies are the
/// same, but for the organization, which is the one in the path.
pub(super) fn key_command(token: IssueToken) -> Result<IssueKey> {
    if token.organization_id.is_some() {
        let reason = "a key works in the organization of its service account";
        return Err(Error::invalid("organization", reason));
    }
    Ok(IssueKey {
        name: token.name,
        expires_at: token.expires_at,
        once: token.once,
    })
}
