//! The newest migrations rebuild tables and columns. What is in them goes along, forth and back.

use diesel::connection::Connection;
use diesel::migration::{Migration, MigrationSource};
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl as _, sql_query};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use rollbook_domain::Result;
use rollbook_domain::audit::Chain;
use rollbook_domain::filter::Filter;
use rollbook_domain::invitation::InvitationState;
use rollbook_domain::membership::MemberOrder;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::outbox::{Allowance, Attempt, Outcome as Settled};
use rollbook_domain::page::Window;
use rollbook_domain::port::{Store, Tx};
use rollbook_domain::role::{AssignedRole, Role};
use rollbook_domain::subscription::{Plan, Subscription, SubscriptionStatus};
use rollbook_domain::time::Span;
use rollbook_domain::value::Language;
use rollbook_store::DatabaseUrl;

use crate::harness::on_both;
use crate::house::{House, house};
use crate::support::{Outcome, TestDatabase};

on_both! {
    rows_and_schema_survive_forth_and_back,
}

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Columns, indexes and constraints. States have a default since one of the migrations, and keep it when
/// that is taken back.
const SQLITE_SCHEMA: &str = "SELECT m.name || '.' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' \
         || c.pk || ' ' || CASE c.name WHEN 'state' THEN '' ELSE coalesce(c.dflt_value, '') END AS line \
     FROM sqlite_master AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table' \
     UNION ALL SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL \
     UNION ALL SELECT m.name || '.' || f.\"from\" || ' -> ' || f.\"table\" || '.' || coalesce(f.\"to\", '') \
         || ' ' || f.on_delete \
     FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table' ORDER BY 1";
const POSTGRES_SCHEMA: &str = "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable \
         || ' ' || coalesce(column_default, '') AS line \
     FROM information_schema.columns WHERE table_schema = current_schema() \
     UNION ALL SELECT replace(indexdef, current_schema() || '.', '') FROM pg_indexes \
     WHERE schemaname = current_schema() \
     UNION ALL SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) \
     FROM pg_constraint WHERE connamespace = current_schema()::regnamespace ORDER BY 1";

/// How many they are.
const NEWEST: usize = 2;

/// What is done to a database that no program has open.
#[derive(Clone, Copy, PartialEq)]
enum Step {
    /// Everything but the newest migrations, on an empty database.
    AllButNewest,
    Newest,
    Back,
}

fn take<C>(connection: &mut C, source: EmbeddedMigrations, step: Step) -> Outcome
where
    C: Connection + MigrationHarness<C::Backend>,
    EmbeddedMigrations: MigrationSource<C::Backend>,
{
    match step {
        Step::AllButNewest => {
            let all: Vec<Box<dyn Migration<C::Backend>>> = connection.pending_migrations(source)?;
            let before = all.len() - NEWEST;
            for migration in &all[..before] {
                connection.run_migration(migration)?;
            }
        }
        Step::Newest => assert_eq!(connection.run_pending_migrations(source)?.len(), NEWEST),
        Step::Back => drop(connection.revert_last_migration(source)?),
    }
    Ok(())
}

/// Takes a step, as the program does, and answers the schema.
fn step(database: &TestDatabase, step: Step) -> Outcome<Vec<String>> {
    let lines: Vec<Line> = match database.url {
        DatabaseUrl::Sqlite(_) => {
            let mut connection = database.bare_sqlite()?;
            sql_query("PRAGMA foreign_keys = ON").execute(&mut connection)?;
            take(&mut connection, SQLITE, step)?;
            let wrong = "SELECT \"table\" AS line FROM pragma_foreign_key_check";
            let wrong: Vec<Line> = sql_query(wrong).load(&mut connection)?;
            assert_eq!(wrong.len(), 0);
            sql_query(SQLITE_SCHEMA).load(&mut connection)?
        }
        DatabaseUrl::Postgres(_) => {
            let mut connection = database.bare_postgres()?;
            take(&mut connection, POSTGRES, step)?;
            sql_query(POSTGRES_SCHEMA).load(&mut connection)?
        }
    };
    Ok(lines.into_iter().map(|line| line.line).collect())
}

/// Something in each table that is rebuilt, with every column that one can leave out.
async fn fill(store: &dyn Store) -> Outcome<House> {
    let house = house(store).await?;
    let (acme, ann) = (house.acme.clone(), house.ann.clone());
    let write = move |tx: &mut dyn Tx| {
        let role = sample::role(&acme, "host", &[]);
        tx.roles().add(&role)?;
        for name in ["cat", "dan"] {
            let mut invitation = sample::invitation(&acme, name, &[Role::Member]);
            if name == "cat" {
                invitation.custom_roles = vec![AssignedRole::from(&role)];
                invitation.language = Some(Language::from_stored("de".to_owned()));
            }
            let digest = sample::invitation_secret(invitation.id, name).digest();
            tx.invitations().add(&invitation, &digest)?;
            tx.outbox().add(&sample::message(&invitation))?;
            if name == "dan" {
                let before = invitation.clone();
                invitation.state = InvitationState::Accepted;
                invitation.accepted_by = Some(ann.id);
                invitation.touch(FixedClock::START);
                tx.invitations().update(&invitation, &before)?;
            }
        }
        fill_outbox(tx)?;
        let plan = Plan {
            subscription: Subscription {
                status: SubscriptionStatus::PastDue,
                ..Subscription::default()
            },
            ..Plan::default()
        };
        tx.plans().set(acme.id, &plan)?;
        for place in 1..=3 {
            tx.audit().add(&sample::entry(acme.id, place, ann.id))?;
        }
        let mut changed = sample::membership(&acme, &ann, &[Role::Admin]);
        let seen = changed.version;
        changed.touch(FixedClock::START.plus(Span::days(1)));
        tx.memberships().update(&changed, seen).map(drop)
    };
    store.write(write).await?;
    Ok(house)
}

/// One of the two messages is delivered, and the other is given up after an attempt.
fn fill_outbox(tx: &mut dyn Tx) -> Result<()> {
    let now = FixedClock::START;
    let claimed = tx
        .outbox()
        .claim(now, now.plus(Span::days(1)), &Allowance::of(2))?;
    assert_eq!(claimed.len(), 2);
    let given_up = claimed[1].message.id;
    let outcomes = [Settled::Delivered, Settled::Dead("no answer".to_owned())];
    for (taken, outcome) in claimed.iter().zip(&outcomes) {
        let id = taken.message.id;
        assert!(tx.outbox().settle(id, taken.number, now, outcome)?);
    }
    tx.outbox().note(&Attempt {
        message_id: given_up,
        number: 1,
        at: now,
        milliseconds: 1204,
        status: Some(451),
        error: Some("no answer".to_owned()),
        response: None,
    })
}

/// All that, as the program reads it.
async fn read(store: &dyn Store, house: &House) -> Result<String> {
    let acme = house.acme.id;
    let read = move |tx: &mut dyn Tx| {
        let first = Window::first(50);
        let invitations =
            tx.invitations()
                .list(acme, &[], &[], FixedClock::START, &Window::first(50))?;
        assert_eq!(invitations.items.len(), 2);
        let entries = tx.audit().follow(Chain::Organization(acme), 0, 50)?;
        assert_eq!(entries.len(), 3);
        let order = MemberOrder::default();
        let members = tx
            .memberships()
            .list(acme, &Filter::everything(), &order, &first)?;
        let messages = tx
            .outbox()
            .list(&Filter::everything(), &Window::first(50))?;
        assert_eq!(messages.items.len(), 2);
        let attempts = messages.items.iter();
        let attempts = attempts.map(|it| tx.outbox().attempts(it.id));
        let attempts = attempts.collect::<Result<Vec<_>>>()?.concat();
        assert_eq!(attempts.len(), 1);
        let plan = tx.plans().find(acme)?;
        assert_ne!(plan, Some(Plan::default()));
        Ok(format!(
            "{invitations:?}\n{entries:?}\n{members:?}\n{messages:?}\n{attempts:?}\n{plan:?}"
        ))
    };
    store.read(read).await
}

async fn rows_and_schema_survive_forth_and_back(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = fill(&*store).await?;
    let before = read(&*store, &house).await?;
    let fresh = match database.url {
        DatabaseUrl::Sqlite(_) => TestDatabase::empty_sqlite()?,
        DatabaseUrl::Postgres(_) => TestDatabase::empty_postgres()?,
    };
    let older = step(&fresh, Step::AllButNewest)?;
    let newer = step(&fresh, Step::Newest)?;
    assert_ne!(older, newer);
    for _ in 1..NEWEST {
        step(database, Step::Back)?;
    }
    assert_eq!(step(database, Step::Back)?, older);
    assert_eq!(step(database, Step::Newest)?, newer);
    assert_eq!(read(&*store, &house).await?, before);
    Ok(())
}
