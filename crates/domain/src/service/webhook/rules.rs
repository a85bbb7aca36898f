//! What an endpoint may be, and who may have one.

use super::WebhookTerms;
use crate::access::{self, Authentication, Place};
use crate::event;
use crate::role::{Permission, Permissions};
use crate::service::authority;
use crate::value::{Malformed, Url};
use crate::webhook::{MOST_EVENT_TYPES, WebhookEndpoint};
use crate::{Refusal, Result};

/// Refuses whoever may not read the audit log: an endpoint is sent what is in it.
pub(super) fn check_rights(authentication: &Authentication, place: &Place) -> Result<()> {
    let rights = access::rights(authentication, place);
    authority::check_grant(rights, Permissions::of(&[Permission::ReadAuditEntry]))
}

/// Refuses a URL that nothing would be sent to. What its name resolves to is looked at when it is
/// connected to, each time; an address can be refused at once.
pub(super) fn check_url(terms: &WebhookTerms, url: &Url) -> Result<()> {
    let malformed = |reason: &str| Err(Malformed(reason.to_owned()).in_field("url"));
    if !url.is_https() && !terms.allow_http {
        return malformed("the URL must start with https://");
    }
    match url.address() {
        Some(address) if !terms.destinations.admit(address) => {
            malformed("the URL's address is not a public one, and the operator has not allowed it")
        }
        _ => Ok(()),
    }
}

/// Refuses types that no event has.
pub(super) fn check_event_types(types: &[String]) -> Result<()> {
    let field = "event_types";
    if types.len() > MOST_EVENT_TYPES {
        let reason = format!("at most {MOST_EVENT_TYPES} types can be named");
        return Err(Malformed(reason).in_field(field));
    }
    match types.iter().find(|it| !event::is_type(it)) {
        None => Ok(()),
        Some(unknown) => {
            let shown: String = unknown.chars().take(64).collect();
            let reason = format!("there is no type of event '{shown}'; docs/events.md lists them");
            Err(Malformed(reason).in_field(field))
        }
    }
}

/// Refuses to send to an endpoint that is sent nothing.
pub(super) fn check_enabled(endpoint: &WebhookEndpoint) -> Result<()> {
    if endpoint.is_enabled() {
        return Ok(());
    }
    let status = endpoint.status.key();
    Err(Refusal::WebhookDisabled { status }.into())
}
