//! What the courier does within transactions: taking messages, and settling them.

use super::courier::{Answer, Collected, LEASE, Load, MOST_ATTEMPTS, Parcel, Sent};
use super::{Desk, Prepared, schedule};
use crate::Result;
use crate::outbox::{Allowance, Attempt, Content, Message, Outcome};
use crate::port::{Claimed, Tx};
use crate::time::Timestamp;
use crate::webhook::Notice;

/// A parcel that was sent, and what came back.
pub(super) struct Delivered {
    pub(super) parcel: Parcel,
    pub(super) answer: Answer,
    pub(super) began: Timestamp,
    pub(super) milliseconds: u32,
    pub(super) entropy: [u8; 32],
}

/// Takes what is due and allowed, and makes of it what is sent.
pub(super) fn take(
    tx: &mut dyn Tx,
    desk: &dyn Desk,
    now: Timestamp,
    allowance: &Allowance,
) -> Result<Collected> {
    let mut collected = Collected::default();
    for claimed in tx.outbox().claim(now, now.plus(LEASE), allowance)? {
        if claimed.attempt > MOST_ATTEMPTS {
            let why = format!("given up after {MOST_ATTEMPTS} attempts that nobody finished");
            let sent = settle_unsent(tx, now, &claimed, Outcome::Dead(why))?;
            collected.settled.push(sent);
            continue;
        }
        match pack(tx, desk, now, &claimed.message)? {
            Prepared::Send(load) => collected.parcels.push(Parcel {
                id: claimed.message.id,
                kind: claimed.message.content.key(),
                attempt: claimed.attempt,
                number: claimed.number,
                load,
            }),
            Prepared::Unwanted(reason) => {
                let sent = settle_unsent(tx, now, &claimed, Outcome::Canceled(reason))?;
                collected.settled.push(sent);
            }
        }
    }
    Ok(collected)
}

/// Makes of a message what is sent.
fn pack(
    tx: &mut dyn Tx,
    desk: &dyn Desk,
    now: Timestamp,
    message: &Message,
) -> Result<Prepared<Load>> {
    let id = message.id;
    match &message.content {
        Content::Letter { recipient, letter } => {
            let written = (id, message.created_at);
            let mail = desk.mail(tx, now, written, recipient, letter)?;
            Ok(mail.map(|mail| Load::Mail(Box::new(mail))))
        }
        Content::Event {
            organization_id,
            endpoint_id,
            sequence,
        } => {
            let notice = Notice {
                organization_id: *organization_id,
                endpoint_id: *endpoint_id,
                sequence: *sequence,
            };
            let post = desk.post(tx, now, id, notice)?;
            Ok(post.map(|post| Load::Post(notice, Box::new(post))))
        }
    }
}

/// Settles what was taken and is not sent.
pub(super) fn settle_unsent(
    tx: &mut dyn Tx,
    now: Timestamp,
    claimed: &Claimed,
    outcome: Outcome,
) -> Result<Sent> {
    let Message { id, content, .. } = &claimed.message;
    let settled = tx.outbox().settle(*id, claimed.number, now, &outcome)?;
    Ok(Sent {
        id: *id,
        kind: content.key(),
        channel: content.channel(),
        attempt: claimed.attempt,
        outcome,
        settled,
    })
}

/// Notes what came of an attempt.
pub(super) fn settle(
    tx: &mut dyn Tx,
    desk: &dyn Desk,
    now: Timestamp,
    sent: &Delivered,
) -> Result<Sent> {
    let parcel = &sent.parcel;
    let outcome = judge(tx, desk, now, sent)?;
    let (status, response) = match &sent.answer {
        Answer::Mailed(Ok(())) => (None, None),
        Answer::Mailed(Err(refusal)) => (refusal.status, None),
        Answer::Replied(_, reply) => (reply.status, Some(cut(&reply.excerpt))),
    };
    let settled = tx
        .outbox()
        .settle(parcel.id, parcel.number, now, &outcome)?;
    tx.outbox().note(&Attempt {
        message_id: parcel.id,
        number: parcel.number,
        at: sent.began,
        milliseconds: sent.milliseconds,
        status,
        error: outcome.reason().map(str::to_owned),
        response: response.filter(|text| !text.is_empty()),
    })?;
    Ok(Sent {
        id: parcel.id,
        kind: parcel.kind,
        channel: parcel.channel(),
        attempt: parcel.attempt,
        outcome,
        settled,
    })
}

/// What an answer leads to.
fn judge(tx: &mut dyn Tx, desk: &dyn Desk, now: Timestamp, sent: &Delivered) -> Result<Outcome> {
    let attempt = sent.parcel.attempt;
    let outcome = match &sent.answer {
        Answer::Mailed(Ok(())) => Outcome::Delivered,
        Answer::Mailed(Err(refusal)) if refusal.permanent => Outcome::Dead(refusal.reason.clone()),
        Answer::Mailed(Err(refusal)) => {
            schedule::failed(now, attempt, refusal.reason.clone(), &sent.entropy)
        }
        Answer::Replied(notice, reply) => {
            desk.judge(tx, now, *notice, attempt, reply, &sent.entropy)?
        }
    };
    Ok(match outcome {
        Outcome::Delivered => Outcome::Delivered,
        Outcome::Canceled(reason) => Outcome::Canceled(cut(&reason)),
        Outcome::Failed(reason, due_at) => Outcome::Failed(cut(&reason), due_at),
        Outcome::Dead(reason) => Outcome::Dead(cut(&reason)),
    })
}

/// The beginning of a text from outside, without what a database does not take.
fn cut(text: &str) -> String {
    let clean = text.chars().filter(|c| *c != '\0');
    clean.take(Attempt::LONGEST).collect()
}

impl<T> Prepared<T> {
    fn map<U>(self, make: impl FnOnce(T) -> U) -> Prepared<U> {
        match self {
            Self::Send(it) => Prepared::Send(make(it)),
            Self::Unwanted(reason) => Prepared::Unwanted(reason),
        }
    }
}
