//! Letters whose invitations were acknowledged survive `kill -9`, between commit and delivery too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::hash::{BuildHasher, RandomState};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use rollbook_domain::Result;
use rollbook_domain::access::Caller;
use rollbook_domain::id::OrganizationId;
use rollbook_domain::mail::{Mail, MailText};
use rollbook_domain::mock::{FixedClock, SequentialIds, SequentialRandom, sample};
use rollbook_domain::outbox::{Allowance, Depth};
use rollbook_domain::port::{Mailer, MockWebhookSender, NotMailed, Store};
use rollbook_domain::service::invitation::{CreateInvitation, NewInvitation};
use rollbook_domain::service::outbox::LEASE;
use rollbook_domain::service::{Core, Courier, InvitationService, Invitations};
use rollbook_domain::subscription::Plan;
use rollbook_domain::time::Timestamp;
use rollbook_domain::value::{Email, Metadata};
use rollbook_store::{Database, DatabaseUrl, Options};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::harness::run;
use crate::killed::{self, Killed};
use crate::support::{Outcome, TestDatabase};

/// How often the program is killed, on the same file.
const KILLS: u16 = 12;
/// It dies when it has told of so many invitations at the most.
const LONGEST_LIFE: u64 = 60;
/// How many invite at the same time.
const WRITERS: u16 = 6;
/// How many letters are sent at the same time.
const SENDERS: u32 = 8;

/// This program runs itself, with this one test, as the program that is killed.
#[test]
fn acknowledged_letters_survive_a_kill() {
    match killed::role() {
        Some((file, life)) => invite_until_killed(&file, &life).unwrap(),
        None => run(TestDatabase::sqlite(), kill_and_look).unwrap(),
    }
}

/// When a life takes place: when whatever was under way in the one before counts as lost.
fn moment(life: u16) -> Timestamp {
    let millis = i64::from(life) * LEASE.millis();
    Timestamp::from_millis(FixedClock::START.millis() + millis)
}

/// The sources of somebody in one life, with a seed of their own: no id and no secret is ever made
/// again.
fn core(store: Arc<dyn Store>, life: u16, seed: u16) -> Core {
    let clock = FixedClock::new(moment(life));
    Core::new(
        store,
        Arc::new(clock),
        Arc::new(SequentialIds::new(seed)),
        Arc::new(SequentialRandom::new(seed)),
    )
}

fn organization() -> OrganizationId {
    sample::organization("Acme", &sample::user("ann")).id
}

/// A mail server whose customers' letters lie in a file, a line each. A kill loses no line that was
/// written; only power failures do, and nobody cuts the power here.
struct Letterbox(PathBuf);

impl Letterbox {
    fn beside(database: &Path) -> Self {
        Self(database.with_extension("letters"))
    }

    /// How often each invitation's letter was delivered.
    fn letters(&self) -> Outcome<BTreeMap<String, u64>> {
        let mut letters = BTreeMap::new();
        for line in std::fs::read_to_string(&self.0)?.lines() {
            *letters.entry(line.to_owned()).or_default() += 1;
        }
        Ok(letters)
    }
}

#[async_trait]
impl Mailer for Letterbox {
    async fn send(&self, mail: &Mail) -> std::result::Result<(), NotMailed> {
        let MailText::Invitation { invitation_id, .. } = &mail.text else {
            return Err(failed("there are invitations only"));
        };
        let file = OpenOptions::new().create(true).append(true).open(&self.0);
        // One write, so that no line is half of two.
        let line = format!("{invitation_id}\n");
        let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
        // Whoever settles at once is seldom killed between the two.
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        written.map_err(|error| failed(&error.to_string()))
    }
}

fn failed(reason: &str) -> NotMailed {
    NotMailed {
        permanent: true,
        status: None,
        reason: reason.to_owned(),
    }
}

fn courier(core: Core, database: &Path) -> Courier {
    let mailer = Arc::new(Letterbox::beside(database));
    Courier::new(core, mailer, Arc::new(MockWebhookSender::new()))
}

/// Invites without end and delivers the letters, and tells of each invitation that was
/// acknowledged.
fn invite_until_killed(file: &str, life: &str) -> Outcome {
    let (file, life) = (PathBuf::from(file), life.parse()?);
    let database = Database::open(&DatabaseUrl::Sqlite(file.clone()), &Options::default())?;
    let runtime = tokio::runtime::Runtime::new()?;
    let (tell, told) = unbounded_channel();
    for writer in 0..WRITERS {
        let service = InvitationService::new(core(database.store(), life, life * WRITERS + writer));
        runtime.spawn(invite_many(service, (life, writer), tell.clone()));
    }
    let courier = courier(core(database.store(), life, 0), &file);
    runtime.spawn(deliver_all(courier, true));
    drop(tell);
    killed::tell(told)
}

async fn invite_many(
    service: InvitationService,
    (life, writer): (u16, u16),
    tell: UnboundedSender<Result<Uuid>>,
) {
    let caller = Caller::bearer(sample::secret("ann").reveal());
    for number in 0.. {
        let address = format!("guest-{life}-{writer}-{number}@example.com");
        let invitation = NewInvitation {
            email: Email::from_stored(address),
            workspace_id: None,
            roles: Vec::new(),
            redirect_organization_id: None,
            redirect_workspace_id: None,
            language: None,
            metadata: Metadata::default(),
            expires_at: None,
        };
        let command = CreateInvitation {
            invitation,
            once: None,
        };
        let invited = service.create(caller, organization(), command).await;
        let invited = invited.map(|view| view.invitation.id.uuid());
        let alive = invited.is_ok();
        if tell.send(invited).is_err() || !alive {
            return;
        }
    }
}

/// Delivers what there is, a few at a time; for ever, or until there is nothing.
async fn deliver_all(courier: Courier, for_ever: bool) -> Result<()> {
    let mut deliveries = JoinSet::new();
    loop {
        let collected = courier.collect(Allowance::of(SENDERS)).await?;
        if collected.is_empty() && !for_ever {
            return Ok(());
        }
        for parcel in collected.parcels {
            let courier = courier.clone();
            deliveries.spawn(async move { courier.deliver(parcel).await });
        }
        while let Some(delivery) = deliveries.join_next().await {
            delivery.map_err(rollbook_domain::Error::storage)??;
        }
        tokio::task::yield_now().await;
    }
}

async fn kill_and_look(database: &TestDatabase) -> Outcome {
    let DatabaseUrl::Sqlite(file) = &database.url else {
        return Err("this is about SQLite".into());
    };
    let store = database.store()?;
    furnish(&*store).await?;
    let mut acknowledged = BTreeSet::new();
    for life in 1..=KILLS {
        let before = acknowledged.len();
        let moment = RandomState::new().hash_one(life) % LONGEST_LIFE;
        let test = "outbox_durability::acknowledged_letters_survive_a_kill";
        let told = Killed::start(test, file, life.into())?.kill_after(moment)?;
        acknowledged.extend(told.iter().map(Uuid::to_string));
        assert!(acknowledged.len() > before, "life {life} was too short");
    }
    let last = core(Arc::clone(&store), KILLS + 1, 0);
    deliver_all(courier(last, file), false).await?;
    let letters = Letterbox::beside(file).letters()?;
    for id in &acknowledged {
        assert!(letters.contains_key(id), "the letter of {id} is lost");
    }
    // What was under way at each death may have been sent twice, and nothing else.
    let twice: u64 = letters.values().map(|count| count - 1).sum();
    let under_way = u64::from(KILLS) * u64::from(SENDERS);
    assert!(twice <= under_way, "{twice} were sent once too often");
    println!(
        "{} acknowledged, {} letters, {twice} sent once more",
        acknowledged.len(),
        letters.len()
    );
    let depth = store.read(|tx| tx.outbox().depth()).await?;
    assert_eq!(depth, Depth::default());
    let secrets = "SELECT count(*) AS count FROM outbox WHERE secret IS NOT NULL";
    assert_eq!(database.count(secrets)?, 0, "what was told is not kept");
    Ok(())
}

/// Ann, her token and her organization.
async fn furnish(store: &dyn Store) -> Result<()> {
    let ann = sample::user("ann");
    let acme = sample::organization("Acme", &ann);
    let token = sample::token("first", &ann);
    store
        .write(move |tx| {
            tx.users().add(&ann)?;
            tx.tokens().add(&token, &sample::secret("ann").digest())?;
            tx.organizations().add(&acme, &Plan::default())?;
            let roles = [rollbook_domain::role::Role::Admin];
            let membership = sample::membership(&acme, &ann, &roles);
            tx.memberships().add(&membership, &ann).map(drop)
        })
        .await
}
