//! Reading on in the events of an organization.

use rollbook_domain::Result;
use rollbook_domain::event::Event;
use rollbook_domain::filter::Filter;
use rollbook_domain::mock::{Account, World};
use rollbook_domain::organization::Organization;
use rollbook_domain::port::Tx;
use rollbook_domain::role::Role;
use rollbook_domain::service::event::{EventPage, MOST_READ, Start};
use rollbook_domain::service::organization::UpdateOrganization;
use rollbook_domain::service::{AuditLog, Organizations};
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::value::OrganizationName;
use rollbook_domain::{Error, mock::sample};

use super::{assert_denied, assert_error};

async fn acme(world: &World) -> Result<(Account, Organization)> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    Ok((ann, acme))
}

async fn rename(world: &World, ann: &Account, acme: &Organization, name: &str) -> Result<()> {
    let command = UpdateOrganization {
        name: OrganizationName::parse(name).ok(),
        ..UpdateOrganization::default()
    };
    let update = world.organizations.update(ann.caller, acme.id, command);
    update.await.map(drop)
}

/// The events of these types, all of them without one.
fn of(patterns: &[&str]) -> Filter<String> {
    if patterns.is_empty() {
        return Filter::everything();
    }
    let tests = patterns.iter().map(|it| Filter::Test((*it).to_owned()));
    Filter::Any(tests.collect())
}

fn places(page: &EventPage) -> Vec<u64> {
    page.entries.iter().map(|entry| entry.sequence).collect()
}

/// Writes `count` entries behind those that there are.
async fn lengthen(world: &World, acme: &Organization, count: u32) -> Result<()> {
    let (id, owner) = (acme.id, acme.owner_id);
    let work = move |tx: &mut dyn Tx| {
        for sequence in 0..u64::from(count) {
            tx.audit().add(&sample::entry(id, sequence + 2, owner))?;
        }
        Ok(())
    };
    world.store.write(work).await
}

pub(crate) async fn they_come_in_their_order_and_once(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let read = |start| {
        let all = Filter::everything();
        world.audit.events(ann.caller, acme.id, all, start, 10)
    };
    let first = read(Start::First).await?;
    assert_eq!((places(&first), first.position), (vec![1], 1));
    let nothing = read(Start::After(1)).await?;
    assert_eq!((places(&nothing), nothing.position), (vec![], 1));
    rename(&world, &ann, &acme, "Acme Corp").await?;
    let bob = world.sign_up("bob").await?;
    world.join(&acme, &bob, &[Role::Member]).await?;
    let more = read(Start::After(1)).await?;
    let kinds: Vec<_> = more
        .entries
        .iter()
        .filter_map(Event::of)
        .map(|it| it.kind())
        .collect();
    assert_eq!(kinds, ["organization.updated", "membership.created"]);
    assert_eq!((places(&more), more.position), (vec![2, 3], 3));
    Ok(())
}

pub(crate) async fn a_page_is_as_long_as_asked(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    lengthen(&world, &acme, 4).await?;
    let mut position = 0;
    let mut seen = Vec::new();
    for _ in 0..4 {
        let start = Start::After(position);
        let all = Filter::everything();
        let page = world.audit.events(ann.caller, acme.id, all, start, 2);
        let page = page.await?;
        assert!(page.entries.len() <= 2);
        seen.extend(places(&page));
        position = page.position;
    }
    assert_eq!((seen, position), (vec![1, 2, 3, 4, 5], 5));
    Ok(())
}

pub(crate) async fn a_filter_moves_past_what_it_skips(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    rename(&world, &ann, &acme, "Acme Corp").await?;
    let bob = world.sign_up("bob").await?;
    world.join(&acme, &bob, &[Role::Member]).await?;
    rename(&world, &ann, &acme, "Acme Inc").await?;
    let read = |patterns: &[&str], start, limit| {
        let filter = of(patterns);
        world
            .audit
            .events(ann.caller, acme.id, filter, start, limit)
    };
    let page = read(&["membership.*"], Start::First, 10).await?;
    assert_eq!((places(&page), page.position), (vec![3], 4));
    let page = read(&["membership.created", "organization.*"], Start::First, 3).await?;
    assert_eq!((places(&page), page.position), (vec![1, 2, 3], 3));
    let page = read(&["invitation.*"], Start::After(2), 10).await?;
    assert_eq!((places(&page), page.position), (vec![], 4));
    // A full page stops where it is full, so that nothing is passed over.
    let page = read(&["organization.updated"], Start::First, 1).await?;
    assert_eq!((places(&page), page.position), (vec![2], 2));
    let negated = Filter::Not(Box::new(of(&["organization.*"])));
    let start = Start::First;
    let page = world.audit.events(ann.caller, acme.id, negated, start, 10);
    assert_eq!(places(&page.await?), [3]);
    Ok(())
}

/// One call does not read a log of any length, however rare what is wanted may be.
pub(crate) async fn a_long_log_is_skipped_in_pieces(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    lengthen(&world, &acme, MOST_READ).await?;
    let read = |start| {
        let filter = of(&["organization.created", "organization.deleted"]);
        world.audit.events(ann.caller, acme.id, filter, start, 10)
    };
    let page = read(Start::First).await?;
    let all = u64::from(MOST_READ);
    assert_eq!((places(&page), page.position), (vec![1], all));
    let page = read(Start::After(all)).await?;
    assert_eq!((places(&page), page.position), (vec![], all + 1));
    Ok(())
}

pub(crate) async fn a_reader_begins_at_a_moment(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let founded = world.now();
    for name in ["One", "Two", "Three"] {
        world.clock.advance(Span::seconds(60));
        rename(&world, &ann, &acme, name).await?;
    }
    let millis = |span: i64| Timestamp::from_millis(founded.millis() + span);
    for (moment, expected) in [
        (Timestamp::from_millis(0), vec![1, 2, 3, 4]),
        (founded, vec![1, 2, 3, 4]),
        (millis(1), vec![2, 3, 4]),
        (millis(60_000), vec![2, 3, 4]),
        (millis(120_000), vec![3, 4]),
        (millis(179_999), vec![4]),
        (millis(180_000), vec![4]),
    ] {
        let (all, start) = (Filter::everything(), Start::At(moment));
        let page = world.audit.events(ann.caller, acme.id, all, start, 10);
        assert_eq!(places(&page.await?), expected, "{}", moment.to_rfc3339());
    }
    let (all, start) = (Filter::everything(), Start::At(millis(180_001)));
    let page = world.audit.events(ann.caller, acme.id, all, start, 10);
    let page = page.await?;
    assert_eq!((places(&page), page.position), (vec![], 4));
    Ok(())
}

/// Who was told more than the log holds reads a copy from before: that is said, and not hidden.
pub(crate) async fn another_logs_place_is_refused(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    for place in [2, 99, u64::MAX] {
        let (all, start) = (Filter::everything(), Start::After(place));
        let page = world.audit.events(ann.caller, acme.id, all, start, 10);
        assert_error!(page.await, Error::Invalid(violations) if violations[0].field == "page_token");
    }
    Ok(())
}

pub(crate) async fn they_are_read_by_who_reads_the_log(world: World) -> Result<()> {
    let (_, acme) = acme(&world).await?;
    let (bob, eve) = (world.sign_up("bob").await?, world.sign_up("eve").await?);
    world.join(&acme, &bob, &[Role::Manager]).await?;
    let read = |who: &Account| {
        let all = Filter::everything();
        world
            .audit
            .events(who.caller, acme.id, all, Start::First, 10)
    };
    assert_denied!(read(&bob).await, Use(ReadAuditEntry), visible: true);
    assert_denied!(read(&eve).await, Use(ReadAuditEntry), visible: false);
    let reader = [rollbook_domain::role::Permission::ReadAuditEntry];
    super::service_account::empower(&world, &acme, bob.user.id, &reader).await?;
    assert_eq!(places(&read(&bob).await?), [1, 2]);
    Ok(())
}

pub(crate) async fn what_was_rolled_back_is_none(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let (flaky, store) = super::reliability::flaky(&world);
    store.fail_next_commits(1);
    let outcome = rename(&flaky, &ann, &acme, "Never").await;
    assert_error!(outcome, Error::Busy);
    let (all, start) = (Filter::everything(), Start::After(1));
    let page = world.audit.events(ann.caller, acme.id, all, start, 10);
    assert_eq!(places(&page.await?), Vec::<u64>::new());
    Ok(())
}
