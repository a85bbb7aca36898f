//! Who reads on while others write misses nothing and sees nothing twice: the places in a log are
//! given under the lock of its organization, so they appear in their order.

use rollbook_domain::event::Event;
use rollbook_domain::filter::Filter;
use rollbook_domain::mock::{Account, World};
use rollbook_domain::organization::Organization;
use rollbook_domain::role::Role;
use rollbook_domain::service::AuditLog;
use rollbook_domain::service::event::Start;
use tokio::task::JoinSet;

use crate::harness::on_both;
use crate::support::{Outcome, TestDatabase};

on_both! {
    a_reader_among_writers_misses_nothing,
}

const WRITERS: u64 = 4;
const JOINS: u64 = 15;

async fn a_reader_among_writers_misses_nothing(database: &TestDatabase) -> Outcome {
    let world = database.world()?;
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let mut people = Vec::new();
        for number in 0..JOINS {
            people.push(world.sign_up(&format!("w{writer}n{number}")).await?);
        }
        writers.spawn(join_all(world.clone(), acme.clone(), people));
    }
    let all = Filter::everything();
    let some = Filter::Test("membership.created".to_owned());
    let every = read_on(&world, &ann, &acme, &all, 1 + WRITERS * JOINS);
    let joined = read_on(&world, &ann, &acme, &some, WRITERS * JOINS);
    let (every, joined) = tokio::try_join!(every, joined)?;
    while let Some(outcome) = writers.join_next().await {
        outcome??;
    }
    let places = |from| (from..=1 + WRITERS * JOINS).collect::<Vec<_>>();
    assert_eq!(every, places(1));
    assert_eq!(joined, places(2));
    Ok(())
}

async fn join_all(
    world: World,
    acme: Organization,
    people: Vec<Account>,
) -> rollbook_domain::Result<()> {
    for person in &people {
        world.join(&acme, person, &[Role::Member]).await?;
    }
    Ok(())
}

/// Reads until there were so many, then once more.
async fn read_on(
    world: &World,
    ann: &Account,
    acme: &Organization,
    filter: &Filter<String>,
    count: u64,
) -> Outcome<Vec<u64>> {
    let (mut seen, mut position) = (Vec::new(), 0);
    loop {
        let start = Start::After(position);
        let enough = seen.len() as u64 >= count;
        let page = world
            .audit
            .events(ann.caller, acme.id, filter.clone(), start, 7)
            .await?;
        position = page.position;
        seen.extend(
            page.entries
                .iter()
                .filter_map(Event::of)
                .map(|it| it.entry().sequence),
        );
        if enough {
            return Ok(seen);
        }
        tokio::task::yield_now().await;
    }
}
