//! The worker who delivers the outbox.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use actix_web::rt::task::JoinHandle;
use actix_web::rt::time::{sleep, timeout};
use async_trait::async_trait;
use rollbook_domain::Error;
use rollbook_domain::id::WebhookEndpointId;
use rollbook_domain::mail::Mail;
use rollbook_domain::outbox::{Allowance, Outcome};
use rollbook_domain::port::{Mailer, NotMailed, WebhookSender};
use rollbook_domain::service::outbox::{Collected, Sent};
use rollbook_domain::service::webhook::Dispatched;
use rollbook_domain::service::{Core, Courier, WebhookService};
use rollbook_web::Web;
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};

use crate::settings::OutboxSettings;

/// How long to wait after the store failed, at least.
const RECOVERY: Duration = Duration::from_secs(5);
/// How long a mail server may take for one mail: less than the time for which a message is ours.
const MAIL_LIMIT: Duration = Duration::from_secs(45);

/// A courier over the adapters that there are.
pub(super) fn courier(
    core: Core,
    mailer: Arc<dyn Mailer>,
    webhooks: Arc<dyn WebhookSender>,
) -> Courier {
    Courier::new(core, Arc::new(Patient(mailer)), webhooks)
}

/// Starts the worker. It stops taking messages when `stop` says so, and ends when it has finished
/// what it began, or when `patience` is over.
pub(super) fn start(
    courier: Courier,
    events: WebhookService,
    web: Web,
    settings: &OutboxSettings,
    patience: Duration,
    stop: watch::Receiver<bool>,
) -> JoinHandle<()> {
    let worker = Worker {
        courier,
        events,
        web,
        poll: settings.poll,
        concurrency: settings.concurrency,
        stop,
        under_way: HashMap::new(),
        tasks: JoinSet::new(),
    };
    rt::spawn(worker.run(patience))
}

type Done = Result<(Id, Result<Sent, Error>), JoinError>;

struct Worker {
    courier: Courier,
    events: WebhookService,
    web: Web,
    poll: Duration,
    concurrency: u32,
    stop: watch::Receiver<bool>,
    /// To which endpoint each delivery goes; none: it is a mail.
    under_way: HashMap<Id, Option<WebhookEndpointId>>,
    tasks: JoinSet<Result<Sent, Error>>,
}

impl Worker {
    async fn run(mut self, patience: Duration) {
        while !*self.stop.borrow() {
            match self.round().await {
                Ok(true) => {}
                Ok(false) => self.wait(self.poll).await,
                Err(error) => {
                    tracing::warn!(%error, "could not look into the outbox; will try again");
                    self.wait(self.poll.max(RECOVERY)).await;
                }
            }
        }
        if timeout(patience, self.finish()).await.is_err() {
            let messages = self.tasks.len();
            tracing::warn!(
                messages,
                "could not finish in time; they will be sent again"
            );
        }
    }

    /// Makes messages of events, takes what is due and begins to deliver it. Answers whether to look
    /// again at once.
    async fn round(&mut self) -> Result<bool, Error> {
        let allowance = self.allowance();
        if allowance.messages == 0 {
            return Ok(false);
        }
        let dispatched = self.events.dispatch().await?;
        let collected = self.courier.collect(allowance).await?;
        let more = !collected.is_empty() || dispatched != Dispatched::default();
        self.begin(collected);
        Ok(more)
    }

    fn begin(&mut self, collected: Collected) {
        if let Some(error) = collected.defect {
            tracing::error!(%error, "a message could not be prepared");
        }
        for sent in &collected.settled {
            self.note(sent);
        }
        for parcel in collected.parcels {
            let (courier, endpoint) = (self.courier.clone(), parcel.endpoint_id());
            let task = self
                .tasks
                .spawn(async move { courier.deliver(parcel).await });
            self.under_way.insert(task.id(), endpoint);
        }
    }

    /// What may be taken beside what is under way: so that neither a mail server nor an endpoint
    /// that hangs keeps everybody else waiting, mails have three quarters of all places, and an
    /// endpoint has one.
    fn allowance(&self) -> Allowance {
        let mut under_way = BTreeMap::new();
        let mut letters = 0;
        for endpoint in self.under_way.values() {
            match endpoint {
                Some(id) => *under_way.entry(*id).or_default() += 1,
                None => letters += 1,
            }
        }
        let busy = u32::try_from(self.under_way.len()).unwrap_or(u32::MAX);
        let quarter = self.concurrency / 4;
        Allowance {
            messages: self.concurrency.saturating_sub(busy),
            letters: (self.concurrency - quarter).saturating_sub(letters),
            per_endpoint: quarter.max(1),
            under_way,
        }
    }

    /// Waits until it is worth looking again: for so long, or until half of the places are free.
    async fn wait(&mut self, pause: Duration) {
        let mut pause = std::pin::pin!(sleep(pause));
        loop {
            tokio::select! {
                () = &mut pause => return,
                _ = self.stop.changed() => return,
                Some(done) = self.tasks.join_next_with_id() => self.done(done),
            }
            while let Some(done) = self.tasks.try_join_next_with_id() {
                self.done(done);
            }
            if self.tasks.len() <= self.concurrency as usize / 2 {
                return;
            }
        }
    }

    async fn finish(&mut self) {
        while let Some(done) = self.tasks.join_next_with_id().await {
            self.done(done);
        }
    }

    fn done(&mut self, done: Done) {
        let id = match &done {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        self.under_way.remove(&id);
        match done {
            Ok((_, Ok(sent))) => self.note(&sent),
            Ok((_, Err(error))) => {
                tracing::warn!(%error, "a message was sent, and that could not be noted; it will be sent again");
            }
            Err(error) => tracing::error!(%error, "a delivery broke off; it will be tried again"),
        }
    }

    /// Counts and logs what came of a message; never to whom it went, or what it says.
    fn note(&self, sent: &Sent) {
        self.web
            .metrics()
            .count_delivery(sent.channel, &sent.outcome);
        let Sent {
            id, kind, attempt, ..
        } = sent;
        match &sent.outcome {
            Outcome::Delivered => tracing::debug!(message_id = %id, kind, attempt, "delivered"),
            Outcome::Canceled(reason) => {
                tracing::debug!(message_id = %id, kind, reason, "not wanted any more");
            }
            Outcome::Failed(reason, due_at) => tracing::warn!(
                message_id = %id, kind, attempt, reason, next = due_at.to_rfc3339(),
                "a message was not delivered; it will be tried again"
            ),
            Outcome::Dead(reason) => tracing::error!(
                message_id = %id, kind, attempt, reason,
                "a message was given up; `rollbook outbox replay` sends it again"
            ),
        }
    }
}

/// Gives a mail up for now that takes longer than a message may.
struct Patient(Arc<dyn Mailer>);

#[async_trait]
impl Mailer for Patient {
    async fn send(&self, mail: &Mail) -> Result<(), NotMailed> {
        let sent = timeout(MAIL_LIMIT, self.0.send(mail)).await;
        sent.unwrap_or_else(|_| {
            Err(NotMailed {
                permanent: false,
                status: None,
                reason: format!("it took longer than {} s", MAIL_LIMIT.as_secs()),
            })
        })
    }
}
