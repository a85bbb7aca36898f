//! Users as the native dialect takes them.

use rollbook_domain::id::{OrganizationId, UserId};
use rollbook_domain::idempotency::Once;
use rollbook_domain::organization::Version;
use rollbook_domain::password::Password;
use rollbook_domain::service::organization::OwnerLimit;
use rollbook_domain::service::password::SetPassword;
use rollbook_domain::service::user::{
    Bequest, CreatePerson, DeleteUser, UpdateProfile, VerificationSecret,
};
use rollbook_domain::value::{DisplayName, Email};
use rollbook_domain::{Error, Result};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::given::{Faults, Given};
use super::mask::{Mask, Maskable};

/// The query of changing something.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct MaskQuery {
    /// Which fields to change, with commas in between; those that the body has unless given, and
    /// all with `*` (AIP-134).
    #[serde(alias = "updateMask")]
    #[param(example = "display_name")]
    pub(super) update_mask: Option<String>,
}

/// The query of removing something.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct EtagQuery {
    /// The entity tag as the caller saw it (AIP-154).
    pub(super) etag: Option<String>,
}

/// What of a user can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UserField {
    /// `display_name`
    DisplayName,
    /// `email`
    Email,
}

impl Maskable for UserField {
    const PATHS: &'static [(&'static str, Self)] = &[
        ("display_name", Self::DisplayName),
        ("displayName", Self::DisplayName),
        ("email", Self::Email),
    ];

    const FIXED: &'static [(&'static str, Option<&'static str>)] = &[
        ("name", None),
        ("user_type", None),
        ("userType", None),
        ("superuser", None),
        ("active", Some(":activate or :deactivate")),
        ("email_verified", Some(":verifyEmail")),
        ("emailVerified", Some(":verifyEmail")),
        ("create_time", None),
        ("createTime", None),
        ("update_time", None),
        ("updateTime", None),
        ("etag", None),
    ];
}

/// A user in a body. What only answers say is taken and ignored (AIP-203): above all, nobody says
/// of themselves that their address is verified (CVE-2026-27946 in zitadel).
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct UserBody {
    #[serde(alias = "displayName")]
    display_name: Given<String>,
    email: Given<String>,
    etag: Given<String>,
    #[serde(alias = "requestId")]
    request_id: Given<String>,
    #[serde(rename = "name")]
    _name: IgnoredAny,
    #[serde(rename = "user_type", alias = "userType")]
    _kind: IgnoredAny,
    #[serde(rename = "superuser")]
    _superuser: IgnoredAny,
    #[serde(rename = "active")]
    _active: IgnoredAny,
    #[serde(rename = "email_verified", alias = "emailVerified")]
    _email_verified: IgnoredAny,
    #[serde(rename = "create_time", alias = "createTime")]
    _create_time: IgnoredAny,
    #[serde(rename = "update_time", alias = "updateTime")]
    _update_time: IgnoredAny,
}

impl UserBody {
    /// The entity tag that the body bears.
    pub(super) fn etag(&self) -> Option<&str> {
        self.etag.text()
    }

    /// What the client calls the request.
    pub(super) fn request_id(&self) -> Option<&str> {
        self.request_id.text()
    }

    /// The new person that the body describes.
    pub(super) fn create(&self, once: Option<Once>) -> Result<CreatePerson> {
        let mut faults = Faults::default();
        let email = faults.check("email", Email::parse(self.email.text().unwrap_or_default()));
        let name = self.display_name.text().unwrap_or_default();
        let name = faults.check("display_name", DisplayName::parse(name));
        match (email, name) {
            (Some(email), Some(display_name)) => Ok(CreatePerson {
                email,
                display_name,
                once,
            }),
            _ => Err(faults.into()),
        }
    }

    /// The changes that the body describes, as far as the mask selects them.
    pub(super) fn update(
        &self,
        mask: &Mask<UserField>,
        seen: Option<Version>,
    ) -> Result<UpdateProfile> {
        let mut faults = Faults::default();
        let wanted = |field, given: &Given<String>| mask.selects(field, given);
        let name = wanted(UserField::DisplayName, &self.display_name)
            .then(|| DisplayName::parse(self.display_name.text().unwrap_or_default()));
        let email = wanted(UserField::Email, &self.email)
            .then(|| Email::parse(self.email.text().unwrap_or_default()));
        let command = UpdateProfile {
            display_name: faults.check_some("display_name", name),
            email: faults.check_some("email", email),
            seen,
        };
        if faults.is_empty() {
            Ok(command)
        } else {
            Err(faults.into())
        }
    }
}

/// That a user shall be deleted, and what becomes of the organizations that they own.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({
    "decisions": [
        {"organization": "organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59", "new_owner": "users/01980c5e-0000-7000-8000-000000000003"},
        {"organization": "organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a60", "delete": true}
    ],
    "etag": "\"1\""
}))]
pub(super) struct DeleteUserRequest {
    /// One for each organization that the user owns.
    decisions: Vec<Decision>,
    /// The entity tag of the user as the caller saw it.
    etag: Option<String>,
}

/// That the caller's address shall be verified.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"secret": "rbk_ver_…"}))]
pub(super) struct VerificationRequest {
    /// The secret that was mailed.
    secret: String,
}

impl VerificationRequest {
    /// The secret, read.
    pub(super) fn presented(&self) -> VerificationSecret {
        VerificationSecret::read(&self.secret)
    }
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current_password": "…", "new_password": "…"}))]
pub(super) struct SetPasswordRequest {
    /// The present one; needed if there is one.
    #[serde(default, alias = "currentPassword")]
    #[schema(format = Password)]
    current_password: Option<String>,
    /// The new one: 8 to 128 characters that are not easy to guess.
    #[serde(alias = "newPassword")]
    #[schema(format = Password)]
    new_password: String,
}

impl SetPasswordRequest {
    /// The command, or what is wrong with it.
    pub(super) fn command(&self) -> Result<SetPassword> {
        let new = Password::parse(&self.new_password);
        let new = new.map_err(|malformed| malformed.in_field("new_password"))?;
        let current = self.current_password.as_deref();
        Ok(SetPassword {
            current: current.map(Password::presented),
            new,
        })
    }
}

/// The present password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current_password": "…"}))]
pub(super) struct RemovePasswordRequest {
    /// The present one.
    #[serde(alias = "currentPassword")]
    #[schema(format = Password)]
    current_password: String,
}

impl RemovePasswordRequest {
    /// The password, as it was presented.
    pub(super) fn presented(&self) -> Password {
        Password::presented(&self.current_password)
    }
}

/// What becomes of one organization: `delete`, or a `new_owner`.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Decision {
    /// The resource name of the organization, `organizations/{organization}`.
    organization: String,
    /// Whether it shall be deleted.
    #[serde(default)]
    delete: bool,
    /// The resource name of the member who shall own it, `users/{user}`.
    #[serde(default, alias = "newOwner")]
    new_owner: Option<String>,
}

impl DeleteUserRequest {
    /// The entity tag that the body bears.
    pub(super) fn etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    /// The command.
    pub(super) fn command(
        &self,
        seen: Option<Version>,
        owner_limit: OwnerLimit,
    ) -> Result<DeleteUser> {
        let bequests = self.decisions.iter().map(Decision::bequest);
        Ok(DeleteUser {
            bequests: bequests.collect::<Result<_>>()?,
            owner_limit,
            seen,
        })
    }
}

impl Decision {
    fn bequest(&self) -> Result<(OrganizationId, Bequest)> {
        let organization = self.organization.strip_prefix("organizations/");
        let organization = organization.and_then(OrganizationId::parse);
        let organization = organization.ok_or_else(|| {
            Error::invalid("decisions.organization", "it must be organizations/{id}")
        })?;
        let heir = self.new_owner.as_deref().filter(|name| !name.is_empty());
        let bequest = match (self.delete, heir) {
            (true, None) => Bequest::Delete,
            (false, Some(name)) => {
                let heir = name.strip_prefix("users/").and_then(UserId::parse);
                Bequest::TransferTo(heir.ok_or_else(|| {
                    Error::invalid("decisions.new_owner", "it must be users/{id}")
                })?)
            }
            _ => {
                let reason = "set either delete or new_owner";
                return Err(Error::invalid("decisions", reason));
            }
        };
        Ok((organization, bequest))
    }
}
