//! What looking into the outbox costs while it is full of what may not be taken.

use rollbook_domain::Result;
use rollbook_domain::id::{InvitationId, MessageId, WebhookEndpointId};
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::outbox::{Allowance, Content, Letter, Message};
use rollbook_domain::port::{Store, Tx};
use rollbook_domain::secret::Secret;
use rollbook_domain::time::Span;
use rollbook_store::DatabaseUrl;
use uuid::Uuid;

use crate::explain::{parts, plans, rows_read};
use crate::harness::on_both;
use crate::house::{House, house};
use crate::outbox_delivery::add_endpoints;
use crate::plan::plan;
use crate::recorder;
use crate::support::{Outcome, TestDatabase};

on_both! {
    what_may_not_be_taken_is_not_looked_at,
}

/// PostgreSQL reads the table where all that is in it waits.
mod depth {
    use super::the_depth_is_read_from_indexes;

    crate::harness::on_sqlite! {
        the_depth_is_read_from_indexes,
    }
}

/// How many letters wait.
const LETTERS: u64 = 3_000;
/// How many events wait for an endpoint.
const EVENTS: u64 = 20;

fn endpoint(name: &str) -> WebhookEndpointId {
    WebhookEndpointId::new(sample::uuid(name))
}

fn letter(house: &House) -> Content {
    let invitation_id = InvitationId::new(sample::uuid("invitation"));
    Content::Letter {
        recipient: sample::email("carl"),
        letter: Letter::Invitation {
            organization_id: house.acme.id,
            invitation_id,
            secret: Secret::invitation(invitation_id, &[7; 32]),
            again: false,
        },
    }
}

fn event(house: &House, name: &str, sequence: u64) -> Content {
    Content::Event {
        organization_id: house.acme.id,
        endpoint_id: endpoint(name),
        sequence: Some(sequence),
    }
}

/// Fills the outbox: letters, and behind them the events of two endpoints.
async fn fill(database: &TestDatabase, store: &dyn Store) -> Outcome {
    let house = house(store).await?;
    add_endpoints(database, &house)?;
    let letters = (0..LETTERS).map(|_| letter(&house));
    let ones = (1..=EVENTS).map(|sequence| event(&house, "one", sequence));
    let others = (1..=EVENTS).map(|sequence| event(&house, "other", sequence));
    let contents: Vec<_> = letters.chain(ones).chain(others).collect();
    let work = move |tx: &mut dyn Tx| {
        for (number, content) in (1..).zip(&contents) {
            tx.outbox().add(&Message {
                id: MessageId::new(Uuid::from_u128(number)),
                content: content.clone(),
                created_at: FixedClock::START,
            })?;
        }
        Ok(())
    };
    Ok(store.write(work).await?)
}

/// Whoever may take so many letters, and whose first endpoint is busy or not.
fn allowance(letters: u32, is_busy: bool) -> Allowance {
    Allowance {
        messages: 16,
        letters,
        per_endpoint: 4,
        under_way: is_busy.then(|| (endpoint("one"), 4)).into_iter().collect(),
    }
}

/// The queries of the outbox that a claim takes.
async fn queries(database: &TestDatabase, allowance: Allowance) -> Outcome<Vec<String>> {
    let claim = move |tx: &mut dyn Tx| -> Result<()> {
        let now = FixedClock::START;
        let claimed = tx
            .outbox()
            .claim(now, now.plus(Span::seconds(60)), &allowance)?;
        assert!(claimed.len() <= 16);
        Ok(())
    };
    let mut queries = recorder::record_change(database, claim).await?;
    queries.retain(|query| query.contains("outbox"));
    Ok(queries)
}

/// The rows that the statement looks at, at the most (twice, where it gathers them first); on SQLite the index that it goes through, from
/// which it reads only what it answers.
fn check(database: &TestDatabase, query: &str, index: &str, most: u64) -> Outcome {
    if let DatabaseUrl::Sqlite(_) = database.url {
        let steps = plan(&mut database.bare_sqlite()?, query)?;
        let expected = format!("SEARCH outbox USING INDEX {index} (due_at<?)");
        assert_eq!(steps, [expected], "{query}");
        return Ok(());
    }
    for plan in plans(&mut database.bare_postgres()?, &parts(query)?)? {
        let through = plan.iter().any(|line| line.contains(index));
        let read = rows_read(&plan);
        assert!(through && read <= most, "{query} read {read}: {plan:#?}");
    }
    Ok(())
}

async fn what_may_not_be_taken_is_not_looked_at(database: &TestDatabase) -> Outcome {
    fill(database, &*database.store()?).await?;
    look(database).await?;
    // Whatever the planner knows about it.
    database.execute("ANALYZE")?;
    look(database).await
}

async fn look(database: &TestDatabase) -> Outcome {
    let (letters, events) = ("outbox_due_letters", "outbox_due_events");
    let queries = async |allowance| queries(database, allowance).await;

    let none = queries(allowance(0, false)).await?;
    let [query] = &none[..] else {
        return Err(format!("letters were looked for: {none:?}").into());
    };
    check(database, query, events, 4 * EVENTS)?;

    let some = queries(allowance(3, true)).await?;
    let [first, second] = &some[..] else {
        return Err(format!("there should be two queries: {some:?}").into());
    };
    check(database, first, letters, 3)?;
    // What waits for a busy endpoint is passed over; dispatching keeps that short.
    check(database, second, events, 4 * EVENTS)?;

    let nothing = Allowance {
        messages: 0,
        ..allowance(3, false)
    };
    assert_eq!(queries(nothing).await?, <Vec<String>>::new());
    Ok(())
}

async fn the_depth_is_read_from_indexes(database: &TestDatabase) -> Outcome {
    fill(database, &*database.store()?).await?;
    let depth = |tx: &mut dyn Tx| tx.outbox().depth().map(drop);
    let queries = recorder::record(database, depth).await?;
    let indexes = ["outbox_due_letters", "outbox_due_events", "outbox_dead"];
    assert_eq!(queries.len(), indexes.len(), "{queries:?}");
    for (query, index) in queries.iter().zip(indexes) {
        let steps = plan(&mut database.bare_sqlite()?, query)?;
        assert_eq!(steps, [format!("SCAN outbox USING COVERING INDEX {index}")]);
    }
    Ok(())
}
