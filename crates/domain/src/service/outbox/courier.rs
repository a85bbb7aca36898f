use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;

use super::settling::{Delivered, settle, settle_unsent, take};
use super::{Desk, FrontDesk, schedule};
use crate::id::{MessageId, WebhookEndpointId};
use crate::mail::Mail;
use crate::outbox::{Allowance, Channel, DeliveryState, Outcome};
use crate::port::{Mailer, NotMailed, Tx, WebhookSender};
use crate::service::Core;
use crate::time::Span;
use crate::webhook::{Notice, Post, Reply};
use crate::{Error, Result};

/// How long a message is its sender's. Nothing may take longer to send.
pub const LEASE: Span = Span::seconds(60);

/// How often sending a message is begun at the most. Schedules end long before; this ends what
/// takes its senders with it, one after the other.
pub const MOST_ATTEMPTS: u32 = 50;

/// How often settling is tried while the store is busy. What is not settled is sent again.
const SETTLE_TRIES: u32 = 3;

/// How many messages one transaction forgets.
const FORGET_BATCH: u32 = 500;

/// How long dead messages are kept at least, for whoever finds out why.
const DEAD_KEPT: Span = Span::days(90);

/// Delivers what is in the outbox.
#[derive(Clone)]
pub struct Courier {
    core: Core,
    desk: Arc<dyn Desk>,
    mailer: Arc<dyn Mailer>,
    webhooks: Arc<dyn WebhookSender>,
}

/// Something that is ready to be sent, for as long as [`LEASE`] says.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// The message.
    pub id: MessageId,
    /// Its kind, by [`Content::key`].
    pub kind: &'static str,
    /// The attempt that begins, since it was written or replayed, from 1.
    pub attempt: u32,
    pub(super) number: u32,
    pub(super) load: Load,
}

/// What is sent.
#[derive(Clone, Debug)]
pub(super) enum Load {
    Mail(Box<Mail>),
    Post(Notice, Box<Post>),
}

/// What came back.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Mailed(std::result::Result<(), NotMailed>),
    Replied(Notice, Reply),
}

/// What came of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The message.
    pub id: MessageId,
    /// Its kind, by [`Content::key`].
    pub kind: &'static str,
    /// How it travels.
    pub channel: Channel,
    /// Which attempt it was, since it was written or replayed, from 1.
    pub attempt: u32,
    /// What came of it.
    pub outcome: Outcome,
    /// Whether this counts; otherwise another attempt has begun since.
    pub settled: bool,
}

/// What was taken from the outbox.
#[derive(Debug, Default)]
pub struct Collected {
    /// What is to be delivered now.
    pub parcels: Vec<Parcel>,
    /// What was settled without being sent.
    pub settled: Vec<Sent>,
    /// Why the message that was settled could not be prepared, for the log.
    pub defect: Option<Error>,
}

impl Collected {
    /// Whether nothing was due.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.parcels.is_empty() && self.settled.is_empty()
    }
}

impl Parcel {
    /// How it travels.
    #[must_use]
    pub const fn channel(&self) -> Channel {
        match self.load {
            Load::Mail(_) => Channel::Mail,
            Load::Post(..) => Channel::Webhook,
        }
    }

    /// To which endpoint, if it is a request to one.
    #[must_use]
    pub const fn endpoint_id(&self) -> Option<WebhookEndpointId> {
        match self.load {
            Load::Mail(_) => None,
            Load::Post(notice, _) => Some(notice.endpoint_id),
        }
    }
}

impl Courier {
    /// Over these ports.
    #[must_use]
    pub fn new(core: Core, mailer: Arc<dyn Mailer>, webhooks: Arc<dyn WebhookSender>) -> Self {
        Self::at(core, Arc::new(FrontDesk), mailer, webhooks)
    }

    /// At another desk than the real one.
    #[must_use]
    pub fn at(
        core: Core,
        desk: Arc<dyn Desk>,
        mailer: Arc<dyn Mailer>,
        webhooks: Arc<dyn WebhookSender>,
    ) -> Self {
        Self {
            core,
            desk,
            mailer,
            webhooks,
        }
    }

    /// Takes what is due and allowed, and makes of it what is sent. What is not wanted any more is
    /// canceled. A message that cannot be prepared stands in nobody's way: it is taken alone, and
    /// put off.
    pub async fn collect(&self, allowance: Allowance) -> Result<Collected> {
        match self.take(allowance.clone()).await {
            Ok(collected) => Ok(collected),
            Err(Error::Busy) => Err(Error::Busy),
            Err(_) => self.collect_one(allowance).await,
        }
    }

    async fn collect_one(&self, allowance: Allowance) -> Result<Collected> {
        let one = Allowance {
            messages: 1,
            ..allowance
        };
        match self.take(one.clone()).await {
            Ok(collected) => Ok(collected),
            Err(Error::Busy) => Err(Error::Busy),
            Err(error) => self.put_off(one, error).await,
        }
    }

    async fn take(&self, allowance: Allowance) -> Result<Collected> {
        let now = self.core.now();
        let desk = Arc::clone(&self.desk);
        let work = move |tx: &mut dyn Tx| take(tx, &*desk, now, &allowance);
        self.core.store.write(work).await
    }

    /// Takes the message that is due first, and puts it off for this reason.
    async fn put_off(&self, one: Allowance, error: Error) -> Result<Collected> {
        let now = self.core.now();
        let entropy = self.core.random.entropy();
        let work = move |tx: &mut dyn Tx| {
            let claimed = tx.outbox().claim(now, now.plus(LEASE), &one)?;
            let settled = claimed.iter().map(|claimed| {
                let reason = "it could not be prepared; the log says why".to_owned();
                let outcome = schedule::failed(now, claimed.attempt, reason, &entropy);
                settle_unsent(tx, now, claimed, outcome)
            });
            settled.collect::<Result<_>>()
        };
        Ok(Collected {
            parcels: Vec::new(),
            settled: self.core.store.write(work).await?,
            defect: Some(error),
        })
    }

    /// Sends it, and notes what came of it. A sender that panics has failed.
    pub async fn deliver(&self, parcel: Parcel) -> Result<Sent> {
        let began = self.core.now();
        let answer = self.send(&parcel.load).await;
        let ended = self.core.now();
        let milliseconds = ended.millis().saturating_sub(began.millis());
        let delivered = Arc::new(Delivered {
            parcel,
            answer,
            began,
            milliseconds: u32::try_from(milliseconds).unwrap_or_default(),
            entropy: self.core.random.entropy(),
        });
        let mut tries = 1;
        loop {
            let (delivered, desk) = (Arc::clone(&delivered), Arc::clone(&self.desk));
            let work = move |tx: &mut dyn Tx| settle(tx, &*desk, ended, &delivered);
            match self.core.store.write(work).await {
                Err(Error::Busy) if tries < SETTLE_TRIES => tries += 1,
                outcome => return outcome,
            }
        }
    }

    async fn send(&self, load: &Load) -> Answer {
        const PANICKED: &str = "the sender panicked";
        match load {
            Load::Mail(mail) => {
                let mailed = caught(self.mailer.send(mail)).await;
                Answer::Mailed(mailed.unwrap_or_else(|| {
                    Err(NotMailed {
                        permanent: false,
                        status: None,
                        reason: PANICKED.to_owned(),
                    })
                }))
            }
            Load::Post(notice, post) => {
                let reply = caught(self.webhooks.post(post)).await;
                let reply = reply.unwrap_or_else(|| Reply {
                    status: None,
                    retry_after: None,
                    excerpt: String::new(),
                    error: Some(PANICKED.to_owned()),
                });
                Answer::Replied(*notice, reply)
            }
        }
    }

    /// Forgets messages that were delivered or canceled longer ago than `keep`, and dead ones after
    /// 90 days or that time, whichever is longer; a few in each transaction. Answers how many.
    pub async fn forget(&self, keep: Span) -> Result<u32> {
        let mut forgotten = 0;
        for (state, kept) in [
            (DeliveryState::Delivered, keep),
            (DeliveryState::Canceled, keep),
            (DeliveryState::Dead, keep.max(DEAD_KEPT)),
        ] {
            let before = self.core.now().minus(kept);
            loop {
                let work = move |tx: &mut dyn Tx| tx.outbox().forget(state, before, FORGET_BATCH);
                let batch = self.core.store.write(work).await?;
                forgotten += batch;
                if batch < FORGET_BATCH {
                    break;
                }
            }
        }
        Ok(forgotten)
    }
}

/// What a future answers; `None`: it panicked.
async fn caught<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = Box::pin(future);
    std::future::poll_fn(move |context| {
        // What it leaves behind is dropped without being looked at.
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(answer)) => Poll::Ready(Some(answer)),
            Err(_) => Poll::Ready(None),
        }
    })
    .await
}
