use super::{Prepared, letter, schedule};
use crate::Result;
use crate::id::{MessageId, OrganizationId, WebhookEndpointId};
use crate::mail::Mail;
use crate::outbox::{Letter, Outcome};
use crate::port::Tx;
use crate::time::Timestamp;
use crate::value::Email;
use crate::webhook::{Post, Reply};

/// Where messages become what is sent, and where answers are judged: what knows letters and
/// webhooks. Each method runs in the transaction that takes or settles a message.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Desk: Send + Sync {
    /// The mail that a letter is, as things are now.
    fn mail(
        &self,
        tx: &mut dyn Tx,
        now: Timestamp,
        message: (MessageId, Timestamp),
        recipient: &Email,
        letter: &Letter,
    ) -> Result<Prepared<Mail>>;

    /// The request to an endpoint that an event is; without a sequence, a test.
    fn post(
        &self,
        tx: &mut dyn Tx,
        now: Timestamp,
        id: MessageId,
        endpoint: (OrganizationId, WebhookEndpointId),
        sequence: Option<u64>,
    ) -> Result<Prepared<Post>>;

    /// What an endpoint's answer to an attempt, which counts from 1, leads to.
    fn judge(
        &self,
        tx: &mut dyn Tx,
        now: Timestamp,
        endpoint: (OrganizationId, WebhookEndpointId),
        attempt: u32,
        reply: &Reply,
        entropy: &[u8; 32],
    ) -> Result<Outcome>;
}

/// The real [`Desk`].
#[derive(Clone, Copy, Debug, Default)]
pub struct FrontDesk;

impl Desk for FrontDesk {
    fn mail(
        &self,
        tx: &mut dyn Tx,
        now: Timestamp,
        (id, created_at): (MessageId, Timestamp),
        recipient: &Email,
        letter: &Letter,
    ) -> Result<Prepared<Mail>> {
        letter::prepare(tx, now, id, created_at, recipient, letter)
    }

    fn post(
        &self,
        _tx: &mut dyn Tx,
        _now: Timestamp,
        _id: MessageId,
        _endpoint: (OrganizationId, WebhookEndpointId),
        _sequence: Option<u64>,
    ) -> Result<Prepared<Post>> {
        // Nothing writes events into the outbox before there is somebody to prepare them.
        Ok(Prepared::Unwanted("webhooks are not sent yet".to_owned()))
    }

    fn judge(
        &self,
        _tx: &mut dyn Tx,
        now: Timestamp,
        _endpoint: (OrganizationId, WebhookEndpointId),
        attempt: u32,
        reply: &Reply,
        entropy: &[u8; 32],
    ) -> Result<Outcome> {
        Ok(match (reply.status, &reply.error) {
            (Some(200..=299), _) => Outcome::Delivered,
            (Some(status), _) => {
                schedule::failed(now, attempt, format!("it answered {status}"), entropy)
            }
            (None, error) => {
                let reason = error.clone().unwrap_or_else(|| "no answer".to_owned());
                schedule::failed(now, attempt, reason, entropy)
            }
        })
    }
}
