//! The two ends of an attempt: what is posted, and what its answer means.

#[cfg(test)]
mod tests;

use super::{differences, note};
use crate::Result;
use crate::audit::{Act, Author, Chain};
use crate::event::{self, Event};
use crate::id::{MessageId, OrganizationId};
use crate::outbox::Outcome;
use crate::port::Tx;
use crate::service::outbox::{Prepared, schedule};
use crate::time::{Span, Timestamp};
use crate::webhook::{EndpointStatus, Notice, PATIENCE, Post, Reply, WebhookEndpoint};

/// How long after a failed attempt the next one is made (Standard Webhooks 1.0.0, "deliverability
/// and reliability"): after the first 5 seconds, and so on, in seconds; behind the
/// last one there is none.
const DELAYS: [u32; 9] = [
    5,
    5 * 60,
    30 * 60,
    2 * 3600,
    5 * 3600,
    10 * 3600,
    14 * 3600,
    20 * 3600,
    24 * 3600,
];

/// The most that `Retry-After` counts for.
const LONGEST_WAIT: Span = Span::days(1);

/// The request of an attempt, signed with the secrets of this moment.
pub(crate) fn prepare(
    tx: &mut dyn Tx,
    now: Timestamp,
    message: MessageId,
    notice: Notice,
) -> Result<Prepared<Post>> {
    let Some(endpoint) = tx
        .webhooks()
        .find(notice.organization_id, notice.endpoint_id)?
    else {
        return Ok(unwanted("the endpoint was deleted"));
    };
    if !endpoint.is_enabled() {
        let status = endpoint.status.key();
        return Ok(unwanted(&format!("the endpoint is {status}")));
    }
    let (id, body) = match notice.sequence {
        None => test(now, message, notice),
        Some(sequence) => match event(tx, notice.organization_id, sequence)? {
            Some(event) => event,
            None => return Ok(unwanted("the audit log has no such entry")),
        },
    };
    let timestamp = now.millis() / 1000;
    Ok(Prepared::Send(Post {
        signature: endpoint.sign(now, &id, timestamp, &body)?,
        url: endpoint.url,
        id,
        timestamp,
        body,
    }))
}

fn unwanted(reason: &str) -> Prepared<Post> {
    Prepared::Unwanted(reason.to_owned())
}

/// The id and the text of an event.
fn event(
    tx: &mut dyn Tx,
    organization: OrganizationId,
    sequence: u64,
) -> Result<Option<(String, String)>> {
    let before = sequence.saturating_sub(1);
    let chain = Chain::Organization(organization);
    let entries = tx.audit().follow(chain, before, 1)?;
    let entry = entries.iter().find(|entry| entry.sequence == sequence);
    let event = entry.and_then(Event::of);
    Ok(event.map(|event| (event.id(), event.json())))
}

/// The id and the text of a test.
fn test(now: Timestamp, message: MessageId, notice: Notice) -> (String, String) {
    let id = event::webhook_id(notice.organization_id, None, message);
    let body = format!(
        r#"{{"type":"{}","timestamp":"{}","data":{{"id":"{id}","organization_id":"{}","webhook_endpoint_id":"{}"}}}}"#,
        event::TEST,
        now.to_rfc3339(),
        notice.organization_id,
        notice.endpoint_id
    );
    (id, body)
}

/// How long to wait after this attempt has failed; `None`: it was the last one. A test has but one.
fn delay(notice: Notice, attempt: u32, entropy: &[u8; 32]) -> Option<Span> {
    notice.sequence?;
    let index = usize::try_from(attempt.checked_sub(1)?).ok()?;
    let seconds = DELAYS.get(index)?;
    Some(schedule::spread(*seconds, entropy))
}

/// What the answer to an attempt means: for the message, which the outbox settles with it, and for
/// the endpoint, here. `attempt` counts from 1 since the message was written or replayed.
pub(crate) fn judge(
    tx: &mut dyn Tx,
    now: Timestamp,
    notice: Notice,
    attempt: u32,
    reply: &Reply,
    entropy: &[u8; 32],
) -> Result<Outcome> {
    if matches!(reply.status, Some(200..300)) {
        forgive(tx, notice)?;
        return Ok(Outcome::Delivered);
    }
    let reason = reason(reply);
    if reply.status == Some(410) {
        give_up(tx, now, notice, EndpointStatus::Gone, &|_| true)?;
        return Ok(Outcome::Dead(reason));
    }
    let Some(delay) = delay(notice, attempt, entropy) else {
        blame(tx, now, notice)?;
        let long_ago = now.minus(PATIENCE);
        let fails = |it: &WebhookEndpoint| it.failing_since.is_some_and(|since| since <= long_ago);
        give_up(tx, now, notice, EndpointStatus::Failing, &fails)?;
        return Ok(Outcome::Dead(reason));
    };
    blame(tx, now, notice)?;
    let asked = reply.retry_after.unwrap_or(Span::seconds(0));
    let wait = delay.max(asked.min(LONGEST_WAIT));
    Ok(Outcome::Failed(reason, now.plus(wait)))
}

fn reason(reply: &Reply) -> String {
    match (reply.status, &reply.error) {
        (Some(status @ 300..400), _) => {
            format!("the endpoint answered {status}; redirects are not followed")
        }
        (Some(status), _) => format!("the endpoint answered {status}"),
        (None, Some(error)) => error.clone(),
        (None, None) => "the endpoint did not answer".to_owned(),
    }
}

/// Notes that an attempt has not failed.
fn forgive(tx: &mut dyn Tx, notice: Notice) -> Result<()> {
    set_failing(tx, notice, None, |since| since.is_some())
}

/// Notes since when every attempt has failed.
fn blame(tx: &mut dyn Tx, now: Timestamp, notice: Notice) -> Result<()> {
    set_failing(tx, notice, Some(now), |since| since.is_none())
}

/// Writes since when every attempt has failed, where that `changes` something: few attempts do, and
/// only those lock.
fn set_failing(
    tx: &mut dyn Tx,
    notice: Notice,
    since: Option<Timestamp>,
    changes: impl Fn(Option<Timestamp>) -> bool,
) -> Result<()> {
    let (organization, id) = (notice.organization_id, notice.endpoint_id);
    let is_due = |endpoint: Option<WebhookEndpoint>| {
        endpoint.filter(|it| it.is_enabled() && changes(it.failing_since))
    };
    if is_due(tx.webhooks().find(organization, id)?).is_none() {
        return Ok(());
    }
    if let Some(mut endpoint) = is_due(tx.webhooks().find_locked(organization, id)?) {
        endpoint.failing_since = since;
        tx.webhooks().update(&endpoint, endpoint.version)?;
    }
    Ok(())
}

/// Sends nothing more to an endpoint, if it `deserves` that.
fn give_up(
    tx: &mut dyn Tx,
    now: Timestamp,
    notice: Notice,
    status: EndpointStatus,
    deserves: &dyn Fn(&WebhookEndpoint) -> bool,
) -> Result<()> {
    let (organization, id) = (notice.organization_id, notice.endpoint_id);
    let is_due =
        |endpoint: Option<WebhookEndpoint>| endpoint.filter(|it| it.is_enabled() && deserves(it));
    if is_due(tx.webhooks().find(organization, id)?).is_none() {
        return Ok(());
    }
    // The organization before what is below it, since this is recorded in its log.
    tx.organizations().lock(organization)?;
    if let Some(before) = is_due(tx.webhooks().find_locked(organization, id)?) {
        let mut endpoint = before.clone();
        endpoint.status = status;
        endpoint.touch(now);
        tx.webhooks().update(&endpoint, before.version)?;
        let changes = differences(Some(&before), &endpoint);
        let author = &Author::SYSTEM;
        note(tx, author, now, &endpoint, Act::WebhookUpdated, changes)?;
    }
    Ok(())
}
