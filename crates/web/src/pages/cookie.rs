//! The cookie of a browser session (RFC 6265bis).

use actix_web::HttpRequest;
use actix_web::http::header::COOKIE;
use actix_web::web::Data;
use rollbook_domain::access::Credential;
use rollbook_domain::secret::Secret;
use rollbook_domain::token::SESSION_LIFETIME;

use crate::state::{Settings, State};

/// Its name where it is kept from plain HTTP. With this prefix a browser takes it from this very
/// host over TLS only, so that no neighbour under the same domain can plant one.
const GUARDED: &str = "__Host-rollbook_session";
/// Its name over plain HTTP, where browsers refuse the other.
const PLAIN: &str = "rollbook_session";

/// Reads who calls. Two cookies of the name are one too many: somebody planted one.
pub(super) fn credential(request: &HttpRequest) -> Credential {
    let Some(state) = request.app_data::<Data<State>>() else {
        return Credential::Nobody;
    };
    let name = name(&state.settings);
    let headers = request.headers().get_all(COOKIE);
    let pairs = headers
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    match (values.next(), values.next()) {
        (None, _) => Credential::Nobody,
        (Some(value), None) => Credential::session(value),
        (Some(_), Some(_)) => Credential::Malformed,
    }
}

/// The header that sets it.
pub(super) fn set(settings: &Settings, secret: &Secret) -> String {
    let seconds = SESSION_LIFETIME.millis() / 1000;
    header(settings, secret.reveal(), seconds)
}

/// The header that removes it.
pub(super) fn remove(settings: &Settings) -> String {
    header(settings, "", 0)
}

fn header(settings: &Settings, value: &str, seconds: i64) -> String {
    let name = name(settings);
    let secure = if is_secure(settings) { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
}

fn name(settings: &Settings) -> &'static str {
    if is_secure(settings) { GUARDED } else { PLAIN }
}

fn is_secure(settings: &Settings) -> bool {
    settings.public_url.starts_with("https://")
}
