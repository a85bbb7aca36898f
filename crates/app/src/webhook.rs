//! The sender of webhooks, as the operator wants it.

use std::sync::Arc;

use rollbook_domain::port::Clock;
use rollbook_webhook::{HttpSender, Options};

use crate::settings::WebhookSettings;

/// A sender with these settings.
pub(crate) fn sender(settings: &WebhookSettings, clock: Arc<dyn Clock>) -> HttpSender {
    let options = Options {
        destinations: settings.terms.destinations.clone(),
        allow_http: settings.terms.allow_http,
        timeout: settings.timeout,
    };
    HttpSender::new(options, clock)
}
