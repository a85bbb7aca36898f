//! Domains of an organization as the native dialect sends and takes them.

use rollbook_domain::Result;
use rollbook_domain::domain::{Enrollment, OrganizationDomain as Domain};
use rollbook_domain::idempotency::Once;
use rollbook_domain::organization::Version;
use rollbook_domain::service::domain::{AddDomain, DomainPage, UpdateDomain};
use rollbook_domain::time::Timestamp;
use rollbook_domain::value::{DomainName, Malformed};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::given::{Faults, Given, malformed};
use super::mask::{Mask, Maskable};
use super::name::Name;
use super::{etag, words};

/// What stands before the words of enrollment modes.
const ENROLLMENT: &str = "ENROLLMENT_MODE_";

/// A domain that an organization says is its own. Nothing follows from it before it is verified.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59/domains/01980c5e-0000-7000-8000-000000000006",
    "domain": "acme.example",
    "verified": false,
    "primary": false,
    "enrollment_mode": "ENROLLMENT_MODE_INVITE_ONLY",
    "challenge_record": "_rollbook-challenge.acme.example",
    "challenge": "rollbook-domain-verification=0123456789abcdef",
    "create_time": "2025-01-15T10:30:00Z",
    "update_time": "2025-01-15T10:30:00Z",
    "etag": "\"1\""
}))]
pub(super) struct OrganizationDomain<'a> {
    /// The resource name, `organizations/{organization}/domains/{domain}`.
    #[schema(read_only, value_type = String)]
    name: Name,
    /// The domain; it never changes.
    domain: &'a str,
    /// Whether the organization has shown that it controls the domain.
    #[schema(read_only)]
    verified: bool,
    /// Whether it stands for the organization. At most one does.
    #[schema(required = false)]
    primary: bool,
    /// Who gets in by a verified address of the domain: nobody (`ENROLLMENT_MODE_INVITE_ONLY`), by
    /// an invitation (`ENROLLMENT_MODE_AUTOMATIC_INVITATION`), or everybody
    /// (`ENROLLMENT_MODE_AUTOMATIC_JOIN`).
    #[schema(required = false)]
    enrollment_mode: String,
    /// The name of the TXT record that proves the domain.
    #[schema(read_only)]
    challenge_record: String,
    /// What the TXT record must hold.
    #[schema(read_only)]
    challenge: &'a str,
    /// When it was verified; left out when it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(read_only, format = DateTime, nullable = false)]
    verify_time: Option<String>,
    /// When it was added.
    #[schema(read_only, format = DateTime)]
    create_time: String,
    /// When it last changed.
    #[schema(read_only, format = DateTime)]
    update_time: String,
    /// Changes whenever it does.
    #[schema(required = false)]
    etag: String,
}

impl<'a> From<&'a Domain> for OrganizationDomain<'a> {
    fn from(domain: &'a Domain) -> Self {
        Self {
            name: Name::from(domain.organization_id).child("domains", domain.id),
            domain: domain.name.as_str(),
            verified: domain.verified_at.is_some(),
            primary: domain.primary,
            enrollment_mode: words::word(ENROLLMENT, domain.enrollment.key()),
            challenge_record: domain.record_name(),
            challenge: &domain.challenge,
            verify_time: domain.verified_at.map(Timestamp::to_rfc3339),
            create_time: domain.created_at.to_rfc3339(),
            update_time: domain.updated_at.to_rfc3339(),
            etag: etag::of(domain.version),
        }
    }
}

/// A page of an organization's domains.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrganizationDomainList<'a> {
    /// The domains, in the order in which they were added.
    domains: Vec<OrganizationDomain<'a>>,
    /// What continues the list as `page_token`; empty at its end.
    next_page_token: String,
}

impl<'a> OrganizationDomainList<'a> {
    pub(super) fn new(page: &'a DomainPage, next_page_token: String) -> Self {
        Self {
            domains: page.items.iter().map(OrganizationDomain::from).collect(),
            next_page_token,
        }
    }
}

/// What of a domain can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DomainField {
    /// `primary`
    Primary,
    /// `enrollment_mode`
    Enrollment,
}

impl Maskable for DomainField {
    const PATHS: &'static [(&'static str, Self)] = &[
        ("primary", Self::Primary),
        ("enrollment_mode", Self::Enrollment),
        ("enrollmentMode", Self::Enrollment),
    ];

    const FIXED: &'static [(&'static str, Option<&'static str>)] = &[
        ("name", None),
        ("domain", None),
        ("verified", Some(":verify")),
        ("verify_time", Some(":verify")),
        ("challenge", None),
        ("challenge_record", None),
        ("create_time", None),
        ("update_time", None),
        ("etag", None),
    ];
}

/// A domain in a body. What only answers say is taken and ignored (AIP-203).
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct DomainBody {
    domain: Given<String>,
    primary: Given<bool>,
    #[serde(alias = "enrollmentMode")]
    enrollment_mode: Given<String>,
    etag: Given<String>,
    #[serde(alias = "requestId")]
    request_id: Given<String>,
    #[serde(rename = "name")]
    _name: IgnoredAny,
    #[serde(rename = "verified")]
    _verified: IgnoredAny,
    #[serde(rename = "verify_time", alias = "verifyTime")]
    _verify_time: IgnoredAny,
    #[serde(rename = "challenge")]
    _challenge: IgnoredAny,
    #[serde(rename = "challenge_record", alias = "challengeRecord")]
    _challenge_record: IgnoredAny,
    #[serde(rename = "create_time", alias = "createTime")]
    _create_time: IgnoredAny,
    #[serde(rename = "update_time", alias = "updateTime")]
    _update_time: IgnoredAny,
}

impl DomainBody {
    /// The entity tag that the body bears.
    pub(super) fn etag(&self) -> Option<&str> {
        self.etag.text()
    }

    /// What the client calls the request.
    pub(super) fn request_id(&self) -> Option<&str> {
        self.request_id.text()
    }

    /// The new domain that the body describes. It begins unverified, so that there is nothing else
    /// to say of it.
    pub(super) fn add(&self, once: Option<Once>) -> Result<AddDomain> {
        let name = DomainName::parse(self.domain.text().unwrap_or_default());
        Ok(AddDomain {
            name: name.map_err(|reason| reason.in_field("domain"))?,
            once,
        })
    }

    /// The changes that the body describes, as far as the mask selects them.
    pub(super) fn update(
        &self,
        mask: &Mask<DomainField>,
        seen: Option<Version>,
    ) -> Result<UpdateDomain> {
        let mut faults = Faults::default();
        let primary = mask.selects(DomainField::Primary, &self.primary);
        let enrollment = mask.selects(DomainField::Enrollment, &self.enrollment_mode);
        let command = UpdateDomain {
            primary: primary.then_some(self.primary == Given::Value(true)),
            enrollment: faults.check_some("enrollment_mode", enrollment.then(|| self.enrollment())),
            seen,
        };
        if faults.is_empty() {
            Ok(command)
        } else {
            Err(faults.into())
        }
    }

    fn enrollment(&self) -> std::result::Result<Enrollment, Malformed> {
        let word = self.enrollment_mode.text().unwrap_or_default();
        match words::key(ENROLLMENT, word) {
            None => Ok(Enrollment::default()),
            Some(key) => Enrollment::from_key(&key)
                .map_or_else(|| malformed("there is no such enrollment mode"), Ok),
        }
    }
}
