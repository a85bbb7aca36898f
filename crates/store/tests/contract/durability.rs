//! What was acknowledged survives `kill -9`.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use rollbook_domain::Result;
use rollbook_domain::audit::Author;
use rollbook_domain::id::{MembershipId, OrganizationId};
use rollbook_domain::mock::{SequentialIds, World, sample};
use rollbook_domain::port::{IdSource, Store};
use rollbook_domain::role::Role;
use rollbook_domain::service::organization::{CreateOrganization, Founder, FoundingIds, found};
use rollbook_domain::subscription::Plan;
use rollbook_domain::time::Span;
use rollbook_domain::value::Slug;
use rollbook_store::{Database, DatabaseUrl, Options};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use uuid::Uuid;

use crate::harness::run;
use crate::killed::{self, Killed};
use crate::support::{Outcome, TestDatabase};

/// How often the program is killed, on the same file.
const KILLS: u32 = 25;
/// It dies when it has told of so many writes at the most.
const LONGEST_LIFE: u64 = 400;
/// How many write at the same time, so that commits are shared.
const WRITERS: usize = 24;

/// This program runs itself, with this one test, as the program that is killed.
/// better-auth (createOrganization): an organization was left without its first member.
#[test]
fn acknowledged_writes_survive_a_kill() {
    match killed::role() {
        Some((file, life)) => write_until_killed(&file, &life).unwrap(),
        None => run(TestDatabase::sqlite(), kill_and_look).unwrap(),
    }
}

/// Founds organizations without end, and tells of each that was acknowledged.
fn write_until_killed(file: &str, life: &str) -> Outcome {
    let life: u32 = life.parse()?;
    let url = DatabaseUrl::Sqlite(file.into());
    let database = Database::open(&url, &Options::default())?;
    let runtime = tokio::runtime::Runtime::new()?;
    let (tell, told) = unbounded_channel();
    let ids = Arc::new(SequentialIds::default());
    for _ in 0..WRITERS {
        let writer = found_many(database.store(), Arc::clone(&ids), life, tell.clone());
        runtime.spawn(writer);
    }
    drop(tell);
    killed::tell(told)
}

async fn found_many(
    store: Arc<dyn Store>,
    ids: Arc<SequentialIds>,
    life: u32,
    tell: UnboundedSender<Result<Uuid>>,
) {
    let owner = sample::user("owner");
    let now = owner.created_at.plus(Span::seconds(life));
    let mut alive = true;
    while alive {
        let fresh = FoundingIds {
            organization: OrganizationId::new(ids.next(now)),
            membership: MembershipId::new(ids.next(now)),
        };
        let command = CreateOrganization {
            slug: Some(Slug::from_stored(fresh.organization.to_string())),
            ..World::in_memory().command("Acme")
        };
        let owner = owner.clone();
        let founded = store
            .write(move |tx| {
                let founder = Founder {
                    author: &Author::SYSTEM,
                    owner: &owner,
                    plan: &Plan::default(),
                };
                found(tx, &founder, now, fresh, &command)
            })
            .await
            .map(|view| view.organization.id.uuid());
        alive = founded.is_ok();
        let _ = tell.send(founded);
    }
}

async fn kill_and_look(database: &TestDatabase) -> Outcome {
    let DatabaseUrl::Sqlite(file) = &database.url else {
        return Err("this is about SQLite".into());
    };
    let store = database.store()?;
    store
        .write(|tx| tx.users().add(&sample::user("owner")))
        .await?;
    let mut acknowledged = HashSet::new();
    for life in 1..=KILLS {
        let before = acknowledged.len();
        let moment = RandomState::new().hash_one(life) % LONGEST_LIFE;
        let writer = Killed::start("durability::acknowledged_writes_survive_a_kill", file, life)?;
        let told = writer.kill_after(moment)?.into_iter();
        acknowledged.extend(told.map(OrganizationId::new));
        assert!(acknowledged.len() > before, "life {life} was too short");
    }
    for id in &acknowledged {
        let id = *id;
        let owner = sample::user("owner").id;
        let found = store.read(move |tx| {
            let view = tx.organizations().find(id)?;
            Ok((view, tx.memberships().find(id, owner)?))
        });
        let (view, member) = found.await?;
        assert_eq!(view.map(|view| view.owner.id), Some(owner), "{id} is lost");
        let roles = member.map(|member| member.membership.roles);
        assert!(
            roles.is_some_and(|roles| roles.has(Role::Admin)),
            "{id} lost its owner"
        );
    }
    check_file(&mut database.bare_sqlite()?)
}

/// Neither broken pages nor broken references, nor an organization without a membership.
fn check_file(connection: &mut SqliteConnection) -> Outcome {
    #[derive(QueryableByName)]
    struct Finding {
        #[diesel(sql_type = Text)]
        finding: String,
    }
    let mut ask = |query: &str| -> Outcome<Vec<String>> {
        let findings: Vec<Finding> = sql_query(query).load(connection)?;
        Ok(findings.into_iter().map(|it| it.finding).collect())
    };
    let pages = ask("SELECT integrity_check AS finding FROM pragma_integrity_check")?;
    assert_eq!(pages, ["ok"]);
    let references = ask("SELECT \"table\" AS finding FROM pragma_foreign_key_check")?;
    assert_eq!(references, [""; 0]);
    let halves = ask("SELECT hex(o.id) AS finding FROM organizations o \
         LEFT JOIN memberships m ON m.organization_id = o.id WHERE m.id IS NULL")?;
    assert_eq!(halves, [""; 0]);
    Ok(())
}
