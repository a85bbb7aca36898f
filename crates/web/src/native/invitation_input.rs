//! Invitations as the native dialect takes them, and how they become commands of the domain.

use rollbook_domain::id::{OrganizationId, WorkspaceId};
use rollbook_domain::invitation::InvitationState;
use rollbook_domain::service::invitation::{INVITATIONS_AT_ONCE, NewInvitation, Presented, SignUp};
use rollbook_domain::time::Timestamp;
use rollbook_domain::token::TokenKind;
use rollbook_domain::value::{DisplayName, Email, Language, Malformed, Metadata};
use rollbook_domain::{Error, Result};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::given::{Faults, malformed};
use super::invitation_wire::STATE;
use super::path::OrganizationPath;
use super::words;

/// Somebody to be invited. What only answers say is taken and ignored.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({
    "email": "joe@acme.example",
    "roles": ["org-member", "workspace-editor"],
    "workspace_id": "01980c5e-0000-7000-8000-000000000005",
    "metadata": {"ticket": 7}
}))]
pub(super) struct InvitationBody {
    /// Who is invited.
    #[schema(required)]
    email: Option<String>,
    /// The roles that whoever accepts gets: resource names, or keys alone. Without one of the
    /// organization's they get `org-member`, without one of the workspace's `workspace-viewer`.
    roles: Vec<String>,
    /// The workspace that it is to, too.
    #[serde(alias = "workspaceId")]
    #[schema(format = "uuid")]
    workspace_id: Option<String>,
    /// Where a client leads whoever accepts, when it is another organization: one that the caller
    /// belongs to.
    #[serde(alias = "redirectOrganizationId")]
    #[schema(format = "uuid")]
    redirect_organization_id: Option<String>,
    /// Where a client leads whoever accepts, when it is another workspace.
    #[serde(alias = "redirectWorkspaceId")]
    #[schema(format = "uuid")]
    redirect_workspace_id: Option<String>,
    /// In which language the letter is written: a BCP 47 tag. In the installation's unless given,
    /// or where there is no letter in it.
    #[serde(alias = "languageCode")]
    #[schema(example = "de-AT")]
    language_code: Option<String>,
    /// What the client keeps with it: an object of at most 8 KiB.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
    /// From when on it cannot be accepted: in 30 days unless given, in 365 days at the latest.
    #[serde(alias = "expireTime")]
    #[schema(format = DateTime)]
    expire_time: Option<String>,
    /// What the client calls the request, as in the `Idempotency-Key` header.
    #[serde(alias = "requestId")]
    request_id: Option<String>,
    #[serde(rename = "name")]
    #[schema(ignore)]
    _name: Option<IgnoredAny>,
    #[serde(
        rename = "organization_display_name",
        alias = "organizationDisplayName"
    )]
    #[schema(ignore)]
    _organization_display_name: Option<IgnoredAny>,
    #[serde(rename = "workspace_display_name", alias = "workspaceDisplayName")]
    #[schema(ignore)]
    _workspace_display_name: Option<IgnoredAny>,
    #[serde(rename = "is_accepted", alias = "isAccepted")]
    #[schema(ignore)]
    _is_accepted: Option<IgnoredAny>,
    #[serde(rename = "state")]
    #[schema(ignore)]
    _state: Option<IgnoredAny>,
    #[serde(rename = "inviter")]
    #[schema(ignore)]
    _inviter: Option<IgnoredAny>,
    #[serde(rename = "inviter_display_name", alias = "inviterDisplayName")]
    #[schema(ignore)]
    _inviter_display_name: Option<IgnoredAny>,
    #[serde(rename = "accepted_by", alias = "acceptedBy")]
    #[schema(ignore)]
    _accepted_by: Option<IgnoredAny>,
    #[serde(rename = "create_time", alias = "createTime")]
    #[schema(ignore)]
    _create_time: Option<IgnoredAny>,
    #[serde(rename = "update_time", alias = "updateTime")]
    #[schema(ignore)]
    _update_time: Option<IgnoredAny>,
    #[serde(rename = "etag")]
    #[schema(ignore)]
    _etag: Option<IgnoredAny>,
}

impl InvitationBody {
    /// What the client calls the request.
    pub(super) fn request_id(&self) -> Option<&str> {
        given(self.request_id.as_ref())
    }

    /// The new invitation that the body describes.
    pub(super) fn invitation(&self, path: OrganizationPath) -> Result<NewInvitation> {
        let mut faults = Faults::default();
        let email = self.email.as_deref().unwrap_or_default();
        let email = faults.check("email", Email::parse(email));
        let keys: std::result::Result<_, _> =
            self.roles.iter().map(|role| role_key(path, role)).collect();
        let roles = faults.check("roles", keys);
        let id = WorkspaceId::parse;
        let workspace_id = faults.check_some("workspace_id", uuid(self.workspace_id.as_ref(), id));
        let redirect_workspace_id = faults.check_some(
            "redirect_workspace_id",
            uuid(self.redirect_workspace_id.as_ref(), id),
        );
        let redirect_organization_id = faults.check_some(
            "redirect_organization_id",
            uuid(
                self.redirect_organization_id.as_ref(),
                OrganizationId::parse,
            ),
        );
        let language = faults.check("language_code", language(self.language_code.as_ref()));
        let metadata = faults.check("metadata", self.metadata());
        let expires_at = faults.check("expire_time", time(self.expire_time.as_ref()));
        match (email, roles, language, metadata, expires_at) {
            (Some(email), Some(roles), Some(language), Some(metadata), Some(expires_at))
                if faults.is_empty() =>
            {
                Ok(NewInvitation {
                    email,
                    workspace_id,
                    roles,
                    redirect_organization_id,
                    redirect_workspace_id,
                    language,
                    metadata,
                    expires_at,
                })
            }
            _ => Err(faults.into()),
        }
    }

    fn metadata(&self) -> std::result::Result<Metadata, Malformed> {
        match &self.metadata {
            None => Ok(Metadata::default()),
            Some(object) => Metadata::new(Value::Object(object.clone()).to_string()),
        }
    }
}

/// Many to be invited (AIP-233).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "requests": [
        {"invitation": {"email": "joe@acme.example"}},
        {"invitation": {"email": "sue@acme.example", "roles": ["org-manager"]}}
    ]
}))]
pub(super) struct BatchCreateInvitationsRequest {
    /// One request for each, at most 100.
    requests: Vec<CreateInvitationRequest>,
}

/// One of many to be invited.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateInvitationRequest {
    /// The organization, as in the path, if at all.
    parent: Option<String>,
    /// The invitation. A `request_id` is not for one of many: who is invited is not invited again.
    invitation: InvitationBody,
}

impl BatchCreateInvitationsRequest {
    /// The new invitations, or what is wrong with each.
    pub(super) fn invitations(&self, path: OrganizationPath) -> Result<Vec<Result<NewInvitation>>> {
        if self.requests.is_empty() || self.requests.len() > INVITATIONS_AT_ONCE {
            let reason = format!("there must be 1 to {INVITATIONS_AT_ONCE} of them");
            return Err(Error::invalid("requests", reason));
        }
        let one = |request: &CreateInvitationRequest| request.invitation(path);
        Ok(self.requests.iter().map(one).collect())
    }
}

impl CreateInvitationRequest {
    fn invitation(&self, path: OrganizationPath) -> Result<NewInvitation> {
        let parent = given(self.parent.as_ref());
        let id = parent.map(|name| name.strip_prefix("organizations/"));
        if id.is_some_and(|id| id.map(OrganizationPath::new) != Some(path)) {
            let reason = "it must be the organization of the path";
            return Err(Error::invalid("parent", reason));
        }
        if self.invitation.request_id().is_some() {
            let reason = "one of many takes no request id";
            return Err(Error::invalid("request_id", reason));
        }
        self.invitation.invitation(path)
    }
}

/// The secret of an invitation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"secret": "rbk_inv_…"}))]
pub(super) struct InvitationSecret {
    /// What was mailed. It is sent in the body, since addresses are written into logs.
    secret: String,
}

impl InvitationSecret {
    /// What was presented.
    pub(super) fn presented(&self) -> Presented {
        Presented::read(&self.secret)
    }
}

/// What somebody needs to become a user.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"secret": "rbk_inv_…", "display_name": "Joe Miller"}))]
pub(super) struct SignUpRequest {
    /// What was mailed.
    secret: String,
    /// What to call the new user: 1 to 100 characters.
    #[serde(alias = "displayName")]
    display_name: String,
}

impl SignUpRequest {
    /// The command to sign up.
    pub(super) fn command(&self) -> Result<SignUp> {
        let name = DisplayName::parse(&self.display_name);
        Ok(SignUp {
            password: None,
            secret: Presented::read(&self.secret),
            credential: TokenKind::Access,
            display_name: name.map_err(|reason| reason.in_field("display_name"))?,
        })
    }
}

/// The states in a list of words with commas in between; without words: all.
pub(super) fn states(text: Option<&str>) -> Result<Vec<InvitationState>> {
    let words = text.unwrap_or_default().split(',').map(str::trim);
    let keys = words.filter_map(|word| words::key(STATE, word));
    keys.map(|key| {
        InvitationState::from_key(&key).ok_or_else(|| {
            let reason = "the states are PENDING, ACCEPTED, DECLINED, REVOKED and EXPIRED";
            Error::invalid("status", reason)
        })
    })
    .collect()
}

/// Reads a moment, if there is one.
pub(super) fn time(text: Option<&String>) -> std::result::Result<Option<Timestamp>, Malformed> {
    match given(text) {
        None => Ok(None),
        Some(text) => Timestamp::parse_rfc3339(text).map_or_else(
            || malformed("it must be a time such as 2030-01-31T12:00:00Z"),
            |time| Ok(Some(time)),
        ),
    }
}

/// Reads a language, if there is one.
pub(super) fn language(text: Option<&String>) -> std::result::Result<Option<Language>, Malformed> {
    given(text).map(Language::parse).transpose()
}

/// The key of a role that is named by it or by the resource name.
fn role_key(path: OrganizationPath, text: &str) -> std::result::Result<String, Malformed> {
    let Some(rest) = text.strip_prefix("organizations/") else {
        return Ok(text.to_owned());
    };
    let (within, key) = rest.split_once("/roles/").unwrap_or((rest, ""));
    let organization = within.split('/').next().unwrap_or_default();
    if key.is_empty() || OrganizationPath::new(organization) != path {
        return malformed(
            "a role is organizations/{organization}/roles/{role} of this organization",
        );
    }
    Ok(key.to_owned())
}

fn uuid<T>(
    text: Option<&String>,
    parse: fn(&str) -> Option<T>,
) -> Option<std::result::Result<T, Malformed>> {
    let reason = "it must be a UUID in lower case with hyphens";
    given(text).map(|text| parse(text).map_or_else(|| malformed(reason), Ok))
}

/// The text; none when it is empty, which to protobuf is the same as absent.
fn given(field: Option<&String>) -> Option<&str> {
    field.map(String::as_str).filter(|text| !text.is_empty())
}
