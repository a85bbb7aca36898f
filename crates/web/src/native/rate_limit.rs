//! How much may still be sent: `RateLimit-Policy` and `RateLimit`
//! (<https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-11>), and
//! `Retry-After` (RFC 9110 §10.2.3). The fields are lists of strings with parameters (RFC 9651).

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use rollbook_domain::Refusal;
use rollbook_domain::id::OrganizationId;
use rollbook_domain::limit::{Limits, Policy, Standing};

use crate::state::State;

const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Adds to an answer how much may be sent, and how much of it the organization has left. How much
/// an address still gets is not told: others write there, too.
pub(super) fn tell(
    mut answer: HttpResponse,
    state: &State,
    organization: OrganizationId,
) -> HttpResponse {
    let (limits, now) = (&state.services.limits, state.services.clock.now());
    let policy = Policy::InvitationsPerOrganization;
    let standing = limits.standing(policy, &organization.to_string(), now);
    let fields = [
        (RATE_LIMIT_POLICY, policies(limits)),
        (RATE_LIMIT, standing.as_ref().map(remaining)),
    ];
    for (name, value) in fields {
        if let Some(value) = value.and_then(|text| HeaderValue::try_from(text).ok()) {
            answer.headers_mut().insert(name, value);
        }
    }
    answer
}

/// What a refusal says in its headers, if it is about how much is sent.
pub(super) fn of_refusal(refusal: &Refusal) -> Vec<(HeaderName, String)> {
    let Refusal::RateLimited {
        policy,
        quota,
        retry_after,
    } = refusal
    else {
        return Vec::new();
    };
    let nothing = Standing {
        policy: *policy,
        quota: *quota,
        remaining: 0,
        next: *retry_after,
    };
    vec![
        (RETRY_AFTER, retry_after.ceil_seconds().to_string()),
        (RATE_LIMIT_POLICY, item(*policy, *quota)),
        (RATE_LIMIT, remaining(&nothing)),
    ]
}

fn policies(limits: &Limits) -> Option<String> {
    let quotas = limits.quotas();
    let items = Policy::ALL
        .into_iter()
        .filter(|policy| policy.is_of_messages());
    let items = items.filter_map(|policy| Some(item(policy, quotas.of(policy)?)));
    let items: Vec<String> = items.collect();
    (!items.is_empty()).then(|| items.join(", "))
}

fn item(policy: Policy, quota: u32) -> String {
    let seconds = policy.window().ceil_seconds();
    format!("\"{}\";q={quota};w={seconds}", policy.key())
}

fn remaining(standing: &Standing) -> String {
    let (key, left) = (standing.policy.key(), standing.remaining);
    format!("\"{key}\";r={left};t={}", standing.next.ceil_seconds())
}
