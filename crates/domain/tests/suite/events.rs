//! The catalogue of events, `docs/events.md`, is written out of the code and holds for everything
//! that the services' suite records.
//!
//! ```sh
//! UPDATE_GOLDEN=1 cargo test -p rollbook-domain --test suite events
//! ```

mod page;
mod schema;

use std::cell::RefCell;
use std::collections::BTreeSet;

use rollbook_domain::Result;
use rollbook_domain::audit::{Act, Chain, Links};
use rollbook_domain::event::Event;
use rollbook_domain::mock::World;
use serde_json::Value;

use super::policy::assert_golden;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/events.md");

/// An act with a kind of target or a field of its changes: what a line of the catalogue says.
type Told = BTreeSet<(&'static str, &'static str, String)>;

thread_local! {
    /// All events of the cases so far.
    static EVENTS: RefCell<Vec<(Value, String)>> = const { RefCell::new(Vec::new()) };
}

macro_rules! each {
    ($run:path; $($group:ident: $($case:ident),+;)+) => {
        $($($run(crate::service::$group::$case);)+)+
    };
}
pub(crate) use each;

/// Runs a case and keeps the events that it leaves.
pub(crate) fn observe<F>(case: fn(World) -> F)
where
    F: Future<Output = Result<()>>,
{
    let world = World::in_memory();
    let events = pollster::block_on(async {
        case(world.clone()).await?;
        events_of(&world).await
    });
    let events = events.unwrap();
    EVENTS.with_borrow_mut(|all| all.extend(events));
}

async fn events_of(world: &World) -> Result<Vec<(Value, String)>> {
    let mut events = Vec::new();
    let mut last = None;
    while let chains = world.audit.chains(last).await?
        && let Some(next) = chains.last()
    {
        last = Some(*next);
        for chain in chains {
            events.extend(events_in(world, chain).await?);
        }
    }
    Ok(events)
}

async fn events_in(world: &World, chain: Chain) -> Result<Vec<(Value, String)>> {
    let entries = world
        .store
        .read_one(move |tx| tx.audit().follow(chain, 0, u32::MAX))
        .await?;
    // Some cases forge entries.
    let mut links = Links::default();
    let recorded = entries.iter().take_while(|it| links.follow(it).is_ok());
    let events = recorded.filter_map(Event::of).map(|event| {
        let text = event.json();
        let value = serde_json::from_str(&text).unwrap();
        (value, text)
    });
    Ok(events.collect())
}

#[test]
fn the_catalogue_holds_for_all_that_is_recorded() {
    crate::service::suite!([crate::events::each] crate::events::observe);
    let schema = schema::read();
    let mut found = Told::new();
    EVENTS.with_borrow(|events| {
        assert!(events.len() > 1000, "{}", events.len());
        for (event, text) in events {
            schema::check(&schema, event).unwrap_or_else(|wrong| panic!("{wrong}: {text}"));
            note(&mut found, event);
        }
    });
    let expected = catalogue();
    let unknown: Vec<_> = found.difference(&expected).collect();
    assert!(unknown.is_empty(), "the catalogue lacks {unknown:?}");
    let unseen: Vec<_> = expected.difference(&found).collect();
    assert!(unseen.is_empty(), "no case records {unseen:?}");
}

fn note(found: &mut Told, event: &Value) {
    let act = Act::from_key(event["type"].as_str().unwrap());
    let key = act.expect("an act").key();
    let data = &event["data"];
    let kind = data["target"]["type"].as_str().unwrap();
    found.insert((key, "target", kind.to_owned()));
    for change in data["changes"].as_array().unwrap() {
        let field = change["field"].as_str().unwrap();
        found.insert((key, "field", field.to_owned()));
    }
}

fn catalogue() -> Told {
    let mut told = Told::new();
    for act in Act::ALL.iter().copied().filter(|act| act.is_event()) {
        for (what, names) in [("target", act.targets()), ("field", act.fields())] {
            told.extend(
                names
                    .iter()
                    .map(|name| (act.key(), what, (*name).to_owned())),
            );
        }
    }
    told
}

#[test]
fn the_manuals_catalogue_is_the_codes() {
    assert_golden(&page::write(), PAGE).unwrap();
}

/// A validator that finds nothing would find all events in order.
#[test]
fn the_schema_refuses_what_is_no_event() {
    let schema = schema::read();
    let good: Value = serde_json::from_str(&page::example(Act::InvitationCreated)).unwrap();
    assert_eq!(schema::check(&schema, &good), Ok(()));
    for (pointer, wrong) in [
        ("/type", Value::from(7)),
        ("/type", Value::from("invitation")),
        ("/timestamp", Value::from("yesterday")),
        ("/data", Value::Null),
        ("/data/id", Value::from("evt_1")),
        ("/data/organization_id", Value::from("acme")),
        ("/data/sequence", Value::from(0)),
        ("/data/sequence", Value::from("3")),
        ("/data/actor/type", Value::from("ghost")),
        ("/data/target/id", Value::from("x")),
        ("/data/changes", Value::from("name")),
        ("/data/changes/0/field", Value::Null),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = wrong;
        assert!(schema::check(&schema, &bad).is_err(), "{pointer}");
    }
    let mut bad = good;
    bad["data"].as_object_mut().unwrap().remove("sequence");
    assert!(schema::check(&schema, &bad).is_err());
}
