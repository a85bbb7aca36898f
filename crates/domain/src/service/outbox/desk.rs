use super::{Prepared, letter};
use crate::Result;
use crate::id::MessageId;
use crate::mail::Mail;
use crate::outbox::{Letter, Outcome};
use crate::port::Tx;
use crate::service::webhook;
use crate::time::Timestamp;
use crate::value::Email;
use crate::webhook::{Notice, Post, Reply};

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

    /// The request that tells an endpoint of an event, or is a test.
    fn post(
        &self,
        tx: &mut dyn Tx,
        now: Timestamp,
        id: MessageId,
        notice: Notice,
    ) -> Result<Prepared<Post>>;

    /// What an endpoint's answer to an attempt, which counts from 1, leads to.
    fn judge(
        &self,
        tx: &mut dyn Tx,
        now: Timestamp,
        notice: Notice,
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
        tx: &mut dyn Tx,
        now: Timestamp,
        id: MessageId,
        notice: Notice,
    ) -> Result<Prepared<Post>> {
        webhook::prepare(tx, now, id, notice)
    }

    fn judge(
        &self,
        tx: &mut dyn Tx,
        now: Timestamp,
        notice: Notice,
        attempt: u32,
        reply: &Reply,
        entropy: &[u8; 32],
    ) -> Result<Outcome> {
        webhook::judge(tx, now, notice, attempt, reply, entropy)
    }
}
