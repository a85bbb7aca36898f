//! Webhook endpoints as the native dialect takes them, and what can be asked of them.

use rollbook_domain::Error;
use rollbook_domain::Result;
use rollbook_domain::error::Violation;
use rollbook_domain::idempotency::Once;
use rollbook_domain::organization::Version;
use rollbook_domain::service::webhook::{CreateEndpoint, RotateSecret, Stretch, UpdateEndpoint};
use rollbook_domain::time::Timestamp;
use rollbook_domain::value::{Description, Malformed, Url};
use serde::Deserialize;
use serde::de::IgnoredAny;
use utoipa::ToSchema;

use super::given::{Faults, Given};
use super::mask::{Mask, Maskable};

/// What of an endpoint can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EndpointField {
    /// `url`
    Url,
    /// `description`
    Description,
    /// `event_types`
    EventTypes,
    /// `disabled`
    Disabled,
}

impl Maskable for EndpointField {
    const PATHS: &'static [(&'static str, Self)] = &[
        ("url", Self::Url),
        ("description", Self::Description),
        ("event_types", Self::EventTypes),
        ("eventTypes", Self::EventTypes),
        ("disabled", Self::Disabled),
    ];

    const FIXED: &'static [(&'static str, Option<&'static str>)] = &[
        ("name", None),
        ("status", Some("disabled")),
        ("secret", Some(":rotateSecret")),
        ("previous_secret_expire_time", None),
        ("failing_since_time", None),
        ("create_time", None),
        ("update_time", None),
        ("etag", None),
    ];
}

/// An endpoint in a body. What only answers say is taken and ignored (AIP-203).
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct EndpointBody {
    url: Given<String>,
    description: Given<String>,
    #[serde(alias = "eventTypes")]
    event_types: Given<Vec<String>>,
    disabled: Given<bool>,
    etag: Given<String>,
    #[serde(alias = "requestId")]
    request_id: Given<String>,
    #[serde(rename = "name")]
    _name: IgnoredAny,
    #[serde(rename = "status")]
    _status: IgnoredAny,
    #[serde(rename = "secret")]
    _secret: IgnoredAny,
    #[serde(
        rename = "previous_secret_expire_time",
        alias = "previousSecretExpireTime"
    )]
    _previous_secret_expire_time: IgnoredAny,
    #[serde(rename = "failing_since_time", alias = "failingSinceTime")]
    _failing_since_time: IgnoredAny,
    #[serde(rename = "create_time", alias = "createTime")]
    _create_time: IgnoredAny,
    #[serde(rename = "update_time", alias = "updateTime")]
    _update_time: IgnoredAny,
}

impl EndpointBody {
    /// The entity tag that the body bears.
    pub(super) fn etag(&self) -> Option<&str> {
        self.etag.text()
    }

    /// What the client calls the request.
    pub(super) fn request_id(&self) -> Option<&str> {
        self.request_id.text()
    }

    /// The new endpoint that the body describes. It begins enabled: nothing would be said of what
    /// it is not sent.
    pub(super) fn create(&self, once: Option<Once>) -> Result<CreateEndpoint> {
        let mut faults = Faults::default();
        let url = faults.check("url", self.url());
        let description = faults.check("description", self.description());
        match (url, description) {
            (Some(url), Some(description)) => Ok(CreateEndpoint {
                url,
                description,
                event_types: self.event_types(),
                once,
            }),
            _ => Err(faults.into()),
        }
    }

    /// The changes that the body describes, as far as the mask selects them.
    pub(super) fn update(
        &self,
        mask: &Mask<EndpointField>,
        seen: Option<Version>,
    ) -> Result<UpdateEndpoint> {
        let mut faults = Faults::default();
        let url = mask.selects(EndpointField::Url, &self.url);
        let description = mask.selects(EndpointField::Description, &self.description);
        let types = mask.selects(EndpointField::EventTypes, &self.event_types);
        let disabled = mask.selects(EndpointField::Disabled, &self.disabled);
        let command = UpdateEndpoint {
            url: faults.check_some("url", url.then(|| self.url())),
            description: faults.check_some("description", description.then(|| self.description())),
            event_types: types.then(|| self.event_types()),
            enabled: disabled.then_some(self.disabled != Given::Value(true)),
            seen,
        };
        if faults.is_empty() {
            Ok(command)
        } else {
            Err(faults.into())
        }
    }

    fn url(&self) -> std::result::Result<Url, Malformed> {
        Url::parse(self.url.text().unwrap_or_default())
    }

    fn description(&self) -> std::result::Result<Description, Malformed> {
        Description::parse(self.description.text().unwrap_or_default())
    }

    fn event_types(&self) -> Vec<String> {
        match &self.event_types {
            Given::Value(types) => types.clone(),
            Given::Absent | Given::Null => Vec::new(),
        }
    }
}

/// How a secret shall be rotated.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"revoke_previous": false}))]
pub(super) struct RotateBody {
    /// Whether the present secret ends at once. Otherwise it signs beside the new one for a day, so
    /// that receivers have the time to learn that.
    #[serde(alias = "revokePrevious")]
    revoke_previous: bool,
    /// The version of the endpoint that the caller saw.
    etag: Option<String>,
    /// What the client calls the request, as in the `Idempotency-Key` header.
    #[serde(alias = "requestId")]
    request_id: Option<String>,
}

impl RotateBody {
    /// The entity tag that the body bears.
    pub(super) fn etag(&self) -> Option<&str> {
        self.etag.as_deref().filter(|it| !it.is_empty())
    }

    /// What the client calls the request.
    pub(super) fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref().filter(|it| !it.is_empty())
    }

    pub(super) fn rotate(&self, seen: Option<Version>, once: Option<Once>) -> RotateSecret {
        RotateSecret {
            end_present: self.revoke_previous,
            seen,
            once,
        }
    }
}

/// Which events shall be sent again.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({
    "start_time": "2025-01-15T10:30:00Z",
    "end_time": "2025-01-15T12:00:00Z"
}))]
pub(super) struct ReplayBody {
    /// What happened at this moment or later.
    #[serde(alias = "startTime")]
    #[schema(value_type = String, format = DateTime, required)]
    start_time: Option<String>,
    /// And before this one; without it, until now.
    #[serde(alias = "endTime")]
    #[schema(format = DateTime)]
    end_time: Option<String>,
    /// Only events whose delivery was given up. The times are then those of the deliveries.
    #[serde(alias = "failedOnly")]
    pub(super) failed_only: bool,
}

impl ReplayBody {
    /// All that tells one replay from another, for its page tokens.
    pub(super) fn condition(&self) -> String {
        let text = |it: &Option<String>| it.clone().unwrap_or_default();
        let (start, end) = (text(&self.start_time), text(&self.end_time));
        format!("{start}/{end}/{}", self.failed_only)
    }

    pub(super) fn stretch(&self) -> Result<Stretch> {
        let mut wrong = Vec::new();
        let mut read = |field, text: Option<&String>| {
            let text = text.filter(|it| !it.is_empty())?;
            let moment = Timestamp::parse_rfc3339(text);
            if moment.is_none() {
                let reason = "it must be a time such as 2030-01-31T12:00:00Z".to_owned();
                wrong.push(Violation { field, reason });
            }
            moment
        };
        let from = read("start_time", self.start_time.as_ref());
        let until = read("end_time", self.end_time.as_ref());
        match (from, until, wrong.is_empty()) {
            (_, _, false) => Err(Error::Invalid(wrong)),
            (None, _, true) => Err(Error::invalid("start_time", "it must be given")),
            (Some(from), Some(until), true) if until <= from => Err(Error::invalid(
                "end_time",
                "it must be later than start_time",
            )),
            (Some(from), until, true) => Ok(Stretch { from, until }),
        }
    }
}
