//! What becomes of messages in the outbox: who takes them, what is noted, what is forgotten.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use rollbook_domain::Result;
use rollbook_domain::filter::Filter;
use rollbook_domain::id::{DomainId, InvitationId, MessageId, UserId, WebhookEndpointId};
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::outbox::{
    Allowance, Attempt, Content, Delivery, DeliveryState, DeliveryTest, Depth, Letter, Message,
    Outcome,
};
use rollbook_domain::page::{Page, Window};
use rollbook_domain::port::{Claimed, Store, Tx};
use rollbook_domain::secret::Secret;
use rollbook_domain::time::{Span, Timestamp};
use rollbook_store::DatabaseUrl;

use crate::harness::{all_at_once, ask, gate, on_both};
use crate::house::{House, house};
use crate::support::TestDatabase;

/// What a case answers; an outcome is something else here.
type Done = crate::support::Outcome;

on_both! {
    what_is_taken_is_what_was_written,
    what_was_due_first_is_taken_first,
    what_was_taken_is_due_again_when_its_sender_is_lost,
    what_was_rolled_back_was_not_taken,
    an_attempt_settles_its_message,
    an_attempt_that_another_followed_settles_nothing,
    what_is_replayed_begins_anew,
    attempts_are_noted_once,
    lists_are_filtered,
    lists_have_pages_and_the_latest_comes_first,
    the_depth_tells_what_waits,
    what_is_old_is_forgotten,
    nobody_takes_more_than_allowed,
    what_cannot_be_read_is_in_nobodys_way,
    claimers_share_the_work,
}

/// SQLite has one writer, who passes over nothing.
mod side_by_side {
    use super::a_claimer_passes_over_what_another_is_taking;

    crate::harness::on_postgres! {
        a_claimer_passes_over_what_another_is_taking,
    }
}

const NOW: Timestamp = FixedClock::START;

fn after(seconds: u32) -> Timestamp {
    NOW.plus(Span::seconds(seconds))
}

fn invited() -> InvitationId {
    InvitationId::new(sample::uuid("invitation"))
}

fn secret() -> Secret {
    Secret::invitation(invited(), &[7; 32])
}

fn id(number: u8) -> MessageId {
    let mut bytes = *sample::uuid("message").as_bytes();
    bytes[0] = number;
    MessageId::new(uuid(bytes))
}

fn uuid(bytes: [u8; 16]) -> uuid::Uuid {
    uuid::Uuid::from_bytes(bytes)
}

fn message(number: u8, content: Content) -> Message {
    Message {
        id: id(number),
        content,
        created_at: after(number.into()),
    }
}

fn letter(letter: Letter) -> Content {
    Content::Letter {
        recipient: sample::email("carl"),
        letter,
    }
}

fn invitation(house: &House) -> Content {
    letter(Letter::Invitation {
        organization_id: house.acme.id,
        invitation_id: invited(),
        secret: secret(),
        again: false,
    })
}

fn reset(house: &House) -> Content {
    letter(Letter::PasswordReset {
        user_id: house.ann.id,
        secret: secret(),
    })
}

fn endpoint(name: &str) -> WebhookEndpointId {
    WebhookEndpointId::new(sample::uuid(name))
}

fn event(house: &House, name: &str, sequence: Option<u64>) -> Content {
    Content::Event {
        organization_id: house.acme.id,
        endpoint_id: endpoint(name),
        sequence,
    }
}

/// Two endpoints of Acme's, `one` and `other`.
pub(crate) fn add_endpoints(database: &TestDatabase, house: &House) -> Done {
    for name in ["one", "other"] {
        let key = |uuid: uuid::Uuid| match database.url {
            DatabaseUrl::Sqlite(_) => format!("x'{}'", uuid.simple()),
            DatabaseUrl::Postgres(_) => format!("'{uuid}'"),
        };
        let now = match database.url {
            DatabaseUrl::Sqlite(_) => "0",
            DatabaseUrl::Postgres(_) => "now()",
        };
        let (id, organization) = (key(endpoint(name).uuid()), key(house.acme.id.uuid()));
        database.execute(&format!(
            "INSERT INTO webhook_endpoints (id, organization_id, url, description, event_types,
             status, secret, position, head, version, created_at, updated_at) VALUES
             ({id}, {organization}, 'https://a.example', '', '', 'enabled', 's', 0, 0, 1, {now}, {now})"
        ))?;
    }
    Ok(())
}

async fn add(store: &dyn Store, messages: &[Message]) -> Result<()> {
    let messages = messages.to_vec();
    let work = move |tx: &mut dyn Tx| messages.iter().try_for_each(|it| tx.outbox().add(it));
    store.write(work).await
}

/// Three letters, due one second after the other.
async fn three_letters(store: &dyn Store, house: &House) -> Result<()> {
    let letters = [1, 2, 3].map(|number| message(number, invitation(house)));
    add(store, &letters).await
}

async fn claim(store: &dyn Store, now: Timestamp, allowance: Allowance) -> Result<Vec<Claimed>> {
    let until = now.plus(Span::seconds(60));
    let work = move |tx: &mut dyn Tx| tx.outbox().claim(now, until, &allowance);
    store.write(work).await
}

async fn settle(store: &dyn Store, id: MessageId, number: u32, outcome: Outcome) -> Result<bool> {
    let work = move |tx: &mut dyn Tx| tx.outbox().settle(id, number, after(9), &outcome);
    store.write(work).await
}

async fn find(store: &dyn Store, id: MessageId) -> Result<Option<Delivery>> {
    store.read_one(move |tx| tx.outbox().find(id)).await
}

async fn replay(store: &dyn Store, id: MessageId) -> Result<bool> {
    let work = move |tx: &mut dyn Tx| tx.outbox().replay(id, after(100));
    store.write(work).await
}

fn numbers(claimed: &[Claimed]) -> Vec<(MessageId, u32, u32)> {
    let number = |it: &Claimed| (it.message.id, it.attempt, it.number);
    claimed.iter().map(number).collect()
}

/// A message of each kind, in the order of [`Content::KINDS`].
fn one_of_each(house: &House) -> [Content; 8] {
    [
        invitation(house),
        letter(Letter::Invitation {
            organization_id: house.acme.id,
            invitation_id: invited(),
            secret: secret(),
            again: true,
        }),
        letter(Letter::EmailVerification {
            user_id: house.ann.id,
            secret: secret(),
        }),
        reset(house),
        letter(Letter::OwnershipTransferred {
            organization_id: house.acme.id,
            previous_owner_id: UserId::new(sample::uuid("previous")),
        }),
        letter(Letter::DomainVerification {
            organization_id: house.acme.id,
            domain_id: DomainId::new(sample::uuid("domain")),
        }),
        event(house, "one", Some(7)),
        event(house, "other", None),
    ]
}

async fn what_is_taken_is_what_was_written(database: &TestDatabase) -> Done {
    let store = database.store()?;
    let house = house(&*store).await?;
    add_endpoints(database, &house)?;
    let contents = one_of_each(&house);
    let keys: Vec<_> = contents.iter().map(Content::key).collect();
    assert_eq!(keys, Content::KINDS, "each kind is tried once");
    let messages: Vec<_> = (0..).zip(contents).map(|(n, it)| message(n, it)).collect();
    add(&*store, &messages).await?;
    let claimed = claim(&*store, after(99), Allowance::of(99)).await?;
    let taken: Vec<_> = claimed.iter().map(|it| &it.message).collect();
    // Debug does not print secrets.
    assert_eq!(format!("{taken:?}"), format!("{messages:?}"));
    for message in taken {
        if let Content::Letter { letter, .. } = &message.content {
            assert!(letter.secret().is_none_or(|it| *it == secret()));
        }
        let found = find(&*store, message.id).await?.ok_or("it is gone")?;
        let content = &message.content;
        assert_eq!(found.kind, content.key());
        assert_eq!(found.recipient.as_ref(), content.recipient());
        assert_eq!(found.organization_id, content.organization_id());
        assert_eq!(found.endpoint_id, content.endpoint_id());
        assert_eq!(found.sequence, content.sequence());
        assert_eq!((found.state, found.attempts), (DeliveryState::Pending, 1));
        assert_eq!((found.due_at, found.finished_at), (after(99 + 60), None));
        assert!(!format!("{found:?}").contains(secret().reveal()));
    }
    Ok(())
}

async fn what_was_due_first_is_taken_first(database: &TestDatabase) -> Done {
    let store = database.store()?;
    three_letters(&*store, &house(&*store).await?).await?;
    assert_eq!(numbers(&claim(&*store, NOW, Allowance::of(9)).await?), []);
    let first = claim(&*store, after(3), Allowance::of(1)).await?;
    assert_eq!(numbers(&first), [(id(1), 1, 1)]);
    let later = Outcome::Failed("greylisted".to_owned(), after(3));
    assert!(settle(&*store, id(1), 1, later).await?);
    // Not before the third, which has been due for as long and has a higher id.
    let rest = claim(&*store, after(3), Allowance::of(9)).await?;
    assert_eq!(
        numbers(&rest),
        [(id(2), 1, 1), (id(1), 2, 2), (id(3), 1, 1)]
    );
    Ok(())
}

async fn what_was_taken_is_due_again_when_its_sender_is_lost(database: &TestDatabase) -> Done {
    let store = database.store()?;
    let house = house(&*store).await?;
    add(&*store, &[message(0, invitation(&house))]).await?;
    for life in 0..3 {
        let now = after(60 * life);
        let claimed = claim(&*store, now, Allowance::of(9)).await?;
        assert_eq!(numbers(&claimed), [(id(0), life + 1, life + 1)]);
        let soon = after(60 * life + 59);
        assert_eq!(numbers(&claim(&*store, soon, Allowance::of(9)).await?), []);
    }
    Ok(())
}

async fn what_was_rolled_back_was_not_taken(database: &TestDatabase) -> Done {
    let store = database.store()?;
    three_letters(&*store, &house(&*store).await?).await?;
    let refused: Result<()> = store
        .write(|tx| {
            let claimed = tx.outbox().claim(after(9), after(69), &Allowance::of(9))?;
            assert_eq!(claimed.len(), 3);
            Err(rollbook_domain::Error::Busy)
        })
        .await;
    assert!(refused.is_err());
    let claimed = claim(&*store, after(9), Allowance::of(9)).await?;
    assert_eq!(
        numbers(&claimed),
        [(id(1), 1, 1), (id(2), 1, 1), (id(3), 1, 1)]
    );
    Ok(())
}

async fn an_attempt_settles_its_message(database: &TestDatabase) -> Done {
    use DeliveryState::{Canceled, Dead, Delivered, Pending};
    let store = database.store()?;
    let house = house(&*store).await?;
    let why = || "because".to_owned();
    for (number, outcome, state, due, keeps) in [
        (1, Outcome::Delivered, Delivered, 61, 0),
        (2, Outcome::Canceled(why()), Canceled, 62, 0),
        (3, Outcome::Failed(why(), after(500)), Pending, 500, 1),
        (4, Outcome::Dead(why()), Dead, 64, 1),
    ] {
        let id = id(number);
        add(&*store, &[message(number, invitation(&house))]).await?;
        claim(&*store, after(number.into()), Allowance::of(9)).await?;
        let reason = outcome.reason().map(str::to_owned);
        assert!(!settle(&*store, id, 2, outcome.clone()).await?);
        assert!(settle(&*store, id, 1, outcome).await?, "{state:?}");
        let found = find(&*store, id).await?.ok_or("it is gone")?;
        assert_eq!((found.state, found.attempts), (state, 1));
        assert_eq!((found.due_at, found.last_error), (after(due), reason));
        let finished = (state != Pending).then(|| after(9));
        assert_eq!(found.finished_at, finished, "{state:?}");
        let again = settle(&*store, id, 1, Outcome::Delivered).await?;
        assert_eq!(again, state == Pending, "what is finished stays so");
        let query = format!(
            "SELECT count(*) AS count FROM outbox WHERE state = '{}' AND secret IS NOT NULL",
            state.key()
        );
        let kept = if state == Pending { 0 } else { keeps };
        assert_eq!(database.count(&query)?, kept, "{state:?}");
    }
    Ok(())
}

async fn an_attempt_that_another_followed_settles_nothing(database: &TestDatabase) -> Done {
    let store = database.store()?;
    let house = house(&*store).await?;
    add(&*store, &[message(0, invitation(&house))]).await?;
    claim(&*store, NOW, Allowance::of(1)).await?;
    claim(&*store, after(60), Allowance::of(1)).await?;
    let dead = || Outcome::Dead("the first one gave up".to_owned());
    assert!(!settle(&*store, id(0), 1, dead()).await?);
    let found = find(&*store, id(0)).await?.ok_or("it is gone")?;
    assert_eq!(
        (found.state, found.last_error),
        (DeliveryState::Pending, None)
    );
    assert!(settle(&*store, id(0), 2, Outcome::Delivered).await?);
    assert!(!settle(&*store, id(0), 1, dead()).await?);
    assert!(!settle(&*store, id(9), 1, dead()).await?, "there is none");
    // Of those who settle one attempt at once, one does.
    add(&*store, &[message(1, invitation(&house))]).await?;
    claim(&*store, after(60), Allowance::of(1)).await?;
    let both = [Outcome::Delivered, dead()]
        .map(|outcome| move |tx: &mut dyn Tx| tx.outbox().settle(id(1), 1, after(61), &outcome));
    let settled = all_at_once(&store, both).await?;
    let won: Result<Vec<bool>> = settled.into_iter().collect();
    assert_eq!(won?.into_iter().filter(|won| *won).count(), 1);
    Ok(())
}

async fn what_is_replayed_begins_anew(database: &TestDatabase) -> Done {
    let store = database.store()?;
    let house = house(&*store).await?;
    three_letters(&*store, &house).await?;
    claim(&*store, after(3), Allowance::of(2)).await?;
    let dead = Outcome::Dead("refused".to_owned());
    assert!(settle(&*store, id(1), 1, dead).await?);
    assert!(settle(&*store, id(2), 1, Outcome::Delivered).await?);
    assert!(replay(&*store, id(1)).await? && replay(&*store, id(3)).await?);
    assert!(!replay(&*store, id(2)).await? && !replay(&*store, id(9)).await?);
    let found = find(&*store, id(1)).await?.ok_or("it is gone")?;
    assert_eq!((found.state, found.attempts), (DeliveryState::Pending, 0));
    assert_eq!((found.due_at, found.finished_at), (after(100), None));
    assert_eq!(
        found.last_error.as_deref(),
        Some("refused"),
        "until there is news"
    );
    let claimed = claim(&*store, after(100), Allowance::of(9)).await?;
    assert_eq!(numbers(&claimed), [(id(1), 1, 2), (id(3), 1, 1)]);
    // An attempt of before the replay is another one than the first after it.
    assert!(!settle(&*store, id(1), 1, Outcome::Delivered).await?);
    assert!(settle(&*store, id(1), 2, Outcome::Delivered).await?);
    // A letter cannot tell a secret that is gone.
    database.execute("UPDATE outbox SET secret = NULL")?;
    assert!(!replay(&*store, id(3)).await?);
    Ok(())
}

async fn attempts_are_noted_once(database: &TestDatabase) -> Done {
    let store = database.store()?;
    three_letters(&*store, &house(&*store).await?).await?;
    let attempt = |number, error: Option<&str>| Attempt {
        message_id: id(1),
        number,
        at: after(number),
        milliseconds: 1204,
        status: error.map(|_| 451),
        error: error.map(str::to_owned),
        response: error.map(|_| "try later".to_owned()),
    };
    let note = async |attempt: Attempt| {
        let work = move |tx: &mut dyn Tx| tx.outbox().note(&attempt);
        store.write(work).await
    };
    let (first, second) = (attempt(1, Some("greylisted")), attempt(2, None));
    for attempt in [&second, &first] {
        note(attempt.clone()).await?;
    }
    note(attempt(1, None)).await?;
    let noted = store.read_one(|tx| tx.outbox().attempts(id(1))).await?;
    assert_eq!(noted, [first, second]);
    let others = store.read_one(|tx| tx.outbox().attempts(id(2))).await?;
    assert_eq!(others, []);
    let orphan = Attempt {
        message_id: id(9),
        ..attempt(1, None)
    };
    assert!(note(orphan).await.is_err());
    Ok(())
}

/// Five messages of several kinds, of which the first was given up.
async fn several(database: &TestDatabase, house: &House) -> Done {
    let store = database.store()?;
    add_endpoints(database, house)?;
    let globex = letter(Letter::DomainVerification {
        organization_id: house.globex.id,
        domain_id: DomainId::new(sample::uuid("domain")),
    });
    let contents = [
        invitation(house),
        reset(house),
        globex,
        event(house, "one", Some(1)),
        event(house, "other", Some(1)),
    ];
    let messages: Vec<_> = (0..).zip(contents).map(|(n, it)| message(n, it)).collect();
    add(&*store, &messages).await?;
    claim(&*store, NOW, Allowance::of(1)).await?;
    settle(&*store, id(0), 1, Outcome::Dead("refused".to_owned())).await?;
    Ok(())
}

async fn list(
    store: &dyn Store,
    filter: Filter<DeliveryTest>,
    window: Window<MessageId>,
) -> Result<Page<Delivery, MessageId>> {
    let work = move |tx: &mut dyn Tx| tx.outbox().list(&filter, &window);
    store.read(work).await
}

async fn lists_are_filtered(database: &TestDatabase) -> Done {
    use DeliveryTest::{Before, Endpoint, NotBefore, Organization, State};
    let store = database.store()?;
    let house = house(&*store).await?;
    several(database, &house).await?;
    let is = |test: DeliveryTest| Filter::Test(test);
    let not = |test: DeliveryTest| Filter::Not(Box::new(Filter::Test(test)));
    let here = || Organization(house.acme.id);
    let kind = |kind: &str| DeliveryTest::Kind(kind.to_owned());
    for (filter, expected) in [
        (Filter::everything(), &[4, 3, 2, 1, 0][..]),
        (is(State(DeliveryState::Dead)), &[0]),
        (is(State(DeliveryState::Pending)), &[4, 3, 2, 1]),
        (is(State(DeliveryState::Canceled)), &[]),
        (is(kind("event")), &[4, 3]),
        (not(kind("event")), &[2, 1, 0]),
        (is(kind("\0")), &[]),
        (is(here()), &[4, 3, 0]),
        (not(here()), &[2, 1]),
        (is(Endpoint(endpoint("one"))), &[3]),
        (not(Endpoint(endpoint("one"))), &[4, 2, 1, 0]),
        (is(NotBefore(after(3))), &[4, 3]),
        (is(Before(after(3))), &[2, 1, 0]),
        (
            Filter::All(vec![is(here()), not(kind("invitation"))]),
            &[4, 3],
        ),
    ] {
        let page = list(&*store, filter.clone(), Window::first(9)).await?;
        let ids = page.items.iter().map(|it| it.id.uuid().as_bytes()[0]);
        assert_eq!(ids.collect::<Vec<_>>(), expected, "{filter:?}");
    }
    Ok(())
}

async fn lists_have_pages_and_the_latest_comes_first(database: &TestDatabase) -> Done {
    let store = database.store()?;
    let house = house(&*store).await?;
    several(database, &house).await?;
    let all = Filter::everything;
    let here = Filter::Test(DeliveryTest::Organization(house.acme.id));
    let page = list(&*store, all(), Window::first(2).counted()).await?;
    assert_eq!((page.next, page.total), (Some(id(3)), Some(5)));
    let page = list(&*store, here, Window::after(id(3), 2).counted()).await?;
    let found: Vec<_> = page.items.iter().map(|it| it.id).collect();
    assert_eq!((found, page.next, page.total), (vec![id(0)], None, Some(3)));
    let page = list(&*store, all(), Window::skip(1, 1)).await?;
    assert_eq!(page.items[0].id, id(3));
    Ok(())
}

async fn the_depth_tells_what_waits(database: &TestDatabase) -> Done {
    let store = database.store()?;
    let depth = async || store.read(|tx| tx.outbox().depth()).await;
    assert_eq!(depth().await?, Depth::default());
    three_letters(&*store, &house(&*store).await?).await?;
    claim(&*store, after(3), Allowance::of(9)).await?;
    settle(&*store, id(1), 1, Outcome::Dead("refused".to_owned())).await?;
    let expected = Depth {
        pending: 2,
        dead: 1,
        oldest: Some(after(2)),
    };
    assert_eq!(depth().await?, expected);
    settle(&*store, id(2), 1, Outcome::Delivered).await?;
    settle(&*store, id(3), 1, Outcome::Canceled("revoked".to_owned())).await?;
    let expected = Depth {
        pending: 0,
        dead: 1,
        oldest: None,
    };
    assert_eq!(depth().await?, expected);
    Ok(())
}

async fn what_is_old_is_forgotten(database: &TestDatabase) -> Done {
    use DeliveryState::{Dead, Delivered, Pending};
    let store = database.store()?;
    let house = house(&*store).await?;
    let letters: Vec<_> = (0..6).map(|n| message(n, invitation(&house))).collect();
    add(&*store, &letters).await?;
    claim(&*store, after(9), Allowance::of(9)).await?;
    for number in 0..5 {
        let outcome = match number {
            4 => Outcome::Dead("refused".to_owned()),
            _ => Outcome::Delivered,
        };
        let attempt = Attempt {
            message_id: id(number),
            number: 1,
            at: NOW,
            milliseconds: 1,
            status: None,
            error: None,
            response: None,
        };
        let work = move |tx: &mut dyn Tx| {
            tx.outbox().note(&attempt)?;
            let at = after(100 + u32::from(number));
            tx.outbox().settle(id(number), 1, at, &outcome)
        };
        assert!(store.write(work).await?);
    }
    let forget = async |state, before, limit| {
        let work = move |tx: &mut dyn Tx| tx.outbox().forget(state, before, limit);
        store.write(work).await
    };
    assert_eq!(forget(Delivered, after(100), 9).await?, 0);
    assert_eq!(forget(Delivered, after(103), 2).await?, 2);
    assert_eq!(forget(Delivered, after(103), 2).await?, 1);
    assert_eq!(forget(Pending, after(999), 9).await?, 0);
    assert_eq!(find(&*store, id(2)).await?, None);
    let attempts = "SELECT count(*) AS count FROM delivery_attempts";
    assert_eq!(database.count(attempts)?, 2);
    assert_eq!(forget(Dead, after(999), 9).await?, 1);
    assert!(find(&*store, id(3)).await?.is_some(), "it is not that old");
    assert!(find(&*store, id(5)).await?.is_some(), "it waits");
    Ok(())
}

async fn nobody_takes_more_than_allowed(database: &TestDatabase) -> Done {
    let store = database.store()?;
    let house = house(&*store).await?;
    add_endpoints(database, &house)?;
    let contents = [
        event(&house, "one", Some(1)),
        event(&house, "one", Some(2)),
        event(&house, "one", Some(3)),
        event(&house, "other", Some(1)),
        invitation(&house),
        invitation(&house),
    ];
    let messages: Vec<_> = (0..).zip(contents).map(|(n, it)| message(n, it)).collect();
    add(&*store, &messages).await?;
    let share = |letters, under_way: &[(&str, u32)]| {
        let under_way = under_way.iter().map(|(name, n)| (endpoint(name), *n));
        Allowance {
            messages: 9,
            letters,
            per_endpoint: 2,
            under_way: under_way.collect::<BTreeMap<_, _>>(),
        }
    };
    let taken = async |allowance| -> Result<Vec<MessageId>> {
        let claimed = claim(&*store, after(9), allowance).await?;
        Ok(claimed.iter().map(|it| it.message.id).collect())
    };
    assert_eq!(taken(share(0, &[("one", 2), ("other", 2)])).await?, []);
    assert_eq!(taken(share(1, &[("one", 1)])).await?, [id(0), id(3), id(4)]);
    assert_eq!(taken(share(0, &[])).await?, [id(1), id(2)]);
    // What stands before it does not hide it, however much it is.
    let many: Vec<_> = (10..30)
        .map(|n| message(n, event(&house, "one", Some(9))))
        .collect();
    add(&*store, &many).await?;
    add(&*store, &[message(50, event(&house, "other", Some(9)))]).await?;
    let allowance = Allowance {
        messages: 1,
        ..share(0, &[("one", 2)])
    };
    let claimed = claim(&*store, after(55), allowance).await?;
    assert_eq!(numbers(&claimed), [(id(50), 1, 1)]);
    Ok(())
}

async fn what_cannot_be_read_is_in_nobodys_way(database: &TestDatabase) -> Done {
    let store = database.store()?;
    three_letters(&*store, &house(&*store).await?).await?;
    let when = |number: u8, set: &str| {
        let first = match database.url {
            DatabaseUrl::Sqlite(_) => format!("substr(hex(id), 1, 2) = '0{number}'"),
            DatabaseUrl::Postgres(_) => format!("left(id::text, 2) = '0{number}'"),
        };
        database.execute(&format!("UPDATE outbox SET {set} WHERE {first}"))
    };
    when(1, "secret = NULL")?;
    when(2, "kind = 'of_tomorrow'")?;
    let claimed = claim(&*store, after(9), Allowance::of(9)).await?;
    assert_eq!(numbers(&claimed), [(id(3), 1, 1)]);
    let found = find(&*store, id(1)).await?.ok_or("it is gone")?;
    assert_eq!(found.state, DeliveryState::Canceled);
    assert_eq!(found.finished_at, Some(after(9)));
    let newer = find(&*store, id(2)).await?.ok_or("it is gone")?;
    assert_eq!((newer.state, newer.attempts), (DeliveryState::Pending, 0));
    Ok(())
}

async fn claimers_share_the_work(database: &TestDatabase) -> Done {
    const MESSAGES: u8 = 60;
    let store = database.store()?;
    let house = house(&*store).await?;
    let letters: Vec<_> = (0..MESSAGES)
        .map(|n| message(n, invitation(&house)))
        .collect();
    add(&*store, &letters).await?;
    let mut seen = HashSet::new();
    // Who comes too late may go away empty-handed; a later round finds what is left.
    while seen.len() < MESSAGES.into() {
        let claimers = (0..8)
            .map(|_| |tx: &mut dyn Tx| tx.outbox().claim(after(99), after(159), &Allowance::of(3)));
        for claimed in all_at_once(&store, claimers).await? {
            for it in claimed? {
                assert_eq!((it.attempt, it.number), (1, 1));
                assert!(seen.insert(it.message.id), "two have {}", it.message.id);
            }
        }
    }
    Ok(())
}

async fn a_claimer_passes_over_what_another_is_taking(database: &TestDatabase) -> Done {
    let store = database.store()?;
    let house = house(&*store).await?;
    let letters: Vec<_> = (0..9).map(|n| message(n, invitation(&house))).collect();
    add(&*store, &letters).await?;
    let (gate, keeper) = gate();
    let first = ask(&Arc::clone(&store), move |tx: &mut dyn Tx| {
        let claimed = tx.outbox().claim(after(9), after(69), &Allowance::of(1))?;
        gate.pass();
        Ok(claimed)
    });
    keeper.meet(1)?;
    // The others are free meanwhile.
    let second = claim(&*store, after(9), Allowance::of(9)).await?;
    let others: Vec<_> = (1..9).map(|n| (id(n), 1, 1)).collect();
    assert_eq!(numbers(&second), others);
    keeper.open();
    assert_eq!(numbers(&first.await??), [(id(0), 1, 1)]);
    Ok(())
}
