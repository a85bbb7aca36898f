//! The repository of users.

use rollbook_domain::id::UserId;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::{Organization, Version};
use rollbook_domain::page::Window;
use rollbook_domain::subscription::Plan;
use rollbook_domain::time::Timestamp;
use rollbook_domain::user::{User, UserKind};
use rollbook_domain::value::{DisplayName, Email};
use rollbook_domain::{Error, Refusal};
use rollbook_store::DatabaseUrl;

use crate::harness::{assert_error, on_both};
use crate::support::{Outcome, TestDatabase};

on_both! {
    what_is_added_is_found,
    every_kind_and_flag_is_kept,
    every_millisecond_is_kept,
    other_programs_see_ids_and_times_as_they_are,
    an_address_is_taken_whatever_its_spelling,
    an_id_is_never_taken_over,
    a_user_can_be_locked,
    any_tells_whether_there_is_one,
    everything_but_the_id_can_change,
    an_address_is_not_taken_over,
    lists_have_those_who_are_not_deleted,
    only_live_organizations_are_owned,
}

async fn what_is_added_is_found(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let ann = sample::user("ann");
    let user = ann.clone();
    assert!(store.write(move |tx| tx.users().add(&user)).await?);
    let id = ann.id;
    let found = store.read_one(move |tx| tx.users().find(id)).await?;
    assert_eq!(found, Some(ann));
    let absent = sample::user("bob").id;
    assert_eq!(
        store.read_one(move |tx| tx.users().find(absent)).await?,
        None
    );
    Ok(())
}

async fn every_kind_and_flag_is_kept(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    for (number, kind) in [UserKind::Person, UserKind::ServiceAccount]
        .into_iter()
        .enumerate()
    {
        for (superuser, active) in [(false, false), (false, true), (true, false), (true, true)] {
            let user = User {
                kind,
                superuser,
                active,
                display_name: DisplayName::from_stored("Ø 株式会社 🦀".repeat(18)),
                ..sample::user(&format!("u{number}{superuser}{active}"))
            };
            let kept = user.clone();
            let found = store
                .write(move |tx| {
                    tx.users().add(&user)?;
                    tx.users().find(user.id)
                })
                .await?;
            assert_eq!(found, Some(kept));
        }
    }
    Ok(())
}

/// Times before 2000 are negative numbers in PostgreSQL.
async fn every_millisecond_is_kept(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let millis = [
        0,
        1,
        999,
        946_684_799_999,
        946_684_800_000,
        1_767_268_800_001,
        i64::MAX,
    ];
    for (number, millis) in millis.into_iter().enumerate() {
        let user = User {
            created_at: Timestamp::from_millis(millis),
            updated_at: Timestamp::from_millis(millis.saturating_add(1)),
            ..sample::user(&format!("u{number}"))
        };
        let kept = user.clone();
        store.write(move |tx| tx.users().add(&user)).await?;
        let id = kept.id;
        let found = store.read_one(move |tx| tx.users().find(id)).await?;
        assert_eq!(found, Some(kept));
    }
    Ok(())
}

/// As a database administrator writes them.
async fn other_programs_see_ids_and_times_as_they_are(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let user = User {
        id: UserId::new(uuid::uuid!("01890a5d-ac96-774b-bcce-b302099a8057")),
        created_at: Timestamp::from_millis(1_767_268_800_123),
        ..sample::user("ann")
    };
    store.write(move |tx| tx.users().add(&user)).await?;
    let seen = match database.url {
        DatabaseUrl::Sqlite(_) => {
            "SELECT count(*) AS count FROM users WHERE created_at = 1767268800123 \
             AND id = x'01890a5dac96774bbcceb302099a8057'"
        }
        DatabaseUrl::Postgres(_) => {
            "SELECT count(*) AS count FROM users WHERE created_at = '2026-01-01T12:00:00.123Z' \
             AND id = '01890a5d-ac96-774b-bcce-b302099a8057'"
        }
    };
    assert_eq!(database.count(seen)?, 1);
    Ok(())
}

async fn an_address_is_taken_whatever_its_spelling(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let spelled = |text| Email::parse(text).map_err(|error| error.in_field("email"));
    let ann = User {
        email: spelled("Ann@Bücher.Example")?,
        ..sample::user("ann")
    };
    let other = User {
        email: spelled("ANN@xn--bcher-kva.example")?,
        ..sample::user("other")
    };
    let (first, second) = (ann.clone(), other.clone());
    let added = store
        .write(move |tx| Ok((tx.users().add(&first)?, tx.users().add(&second)?)))
        .await?;
    assert_eq!(added, (true, false));
    let email = other.email.clone();
    let found = store
        .read_one(move |tx| tx.users().find_by_email(&email))
        .await?
        .ok_or("nobody has the address")?;
    assert_eq!((&found, found.email.as_str()), (&ann, "Ann@Bücher.Example"));
    let absent = sample::email("nobody");
    let found = store
        .read_one(move |tx| tx.users().find_by_email(&absent))
        .await?;
    assert_eq!(found, None);
    let id = other.id;
    assert_eq!(store.read_one(move |tx| tx.users().find(id)).await?, None);
    Ok(())
}

/// Only the address may be taken; a second user with an id is a mistake in the program.
async fn an_id_is_never_taken_over(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let ann = sample::user("ann");
    let thief = User {
        id: ann.id,
        ..sample::user("thief")
    };
    let first = ann.clone();
    store.write(move |tx| tx.users().add(&first)).await?;
    let outcome = store.write(move |tx| tx.users().add(&thief)).await;
    assert_error!(outcome, Error::Storage(_));
    let id = ann.id;
    let found = store.read_one(move |tx| tx.users().find(id)).await?;
    assert_eq!(found, Some(ann));
    Ok(())
}

async fn a_user_can_be_locked(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let ann = sample::user("ann");
    let absent = UserId::new(sample::uuid("absent"));
    let user = ann.clone();
    let locked = store
        .write(move |tx| {
            tx.users().add(&user)?;
            Ok((tx.users().lock(user.id)?, tx.users().lock(absent)?))
        })
        .await?;
    assert_eq!(locked, (Some(ann), None));
    Ok(())
}

async fn any_tells_whether_there_is_one(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    assert!(!store.read_one(|tx| tx.users().any()).await?);
    store
        .write(|tx| tx.users().add(&sample::user("ann")))
        .await?;
    assert!(store.read_one(|tx| tx.users().any()).await?);
    Ok(())
}

/// Both ways: what was empty is filled, and what was filled is emptied.
async fn everything_but_the_id_can_change(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (plain, neighbour) = (sample::user("ann"), sample::user("bob"));
    let acme = sample::organization("Acme", &neighbour);
    let rich = User {
        kind: UserKind::ServiceAccount,
        email: sample::email("changed"),
        display_name: DisplayName::from_stored("Changed".to_owned()),
        superuser: true,
        active: false,
        email_verified_at: None,
        organization_id: Some(acme.id),
        trial_started_at: Some(Timestamp::from_millis(1)),
        version: Version::new(2),
        updated_at: Timestamp::from_millis(2),
        deleted_at: Some(Timestamp::from_millis(3)),
        ..plain.clone()
    };
    let back = User {
        version: Version::new(3),
        ..plain.clone()
    };
    let (first, other) = (plain.clone(), neighbour.clone());
    store
        .write(move |tx| {
            tx.users().add(&first)?;
            tx.users().add(&other)?;
            tx.organizations().add(&acme, &Plan::default())
        })
        .await?;
    for (user, seen) in [(rich, plain.version), (back, Version::new(2))] {
        let wanted = user.clone();
        let outcome = store
            .write(move |tx| {
                let unseen = tx.users().update(&user, user.version)?;
                let seen = tx.users().update(&user, seen)?;
                Ok((unseen, seen, tx.users().find(user.id)?))
            })
            .await?;
        assert_eq!(outcome, (false, true, Some(wanted)));
    }
    let id = neighbour.id;
    let found = store.read_one(move |tx| tx.users().find(id)).await?;
    assert_eq!(found, Some(neighbour));
    Ok(())
}

async fn an_address_is_not_taken_over(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, bob) = (sample::user("ann"), sample::user("bob"));
    let thief = User {
        email: Email::parse("ANN@Example.com").map_err(|error| error.in_field("email"))?,
        version: bob.version.next(),
        ..bob.clone()
    };
    let seen = bob.version;
    store
        .write(move |tx| Ok((tx.users().add(&ann)?, tx.users().add(&bob)?)))
        .await?;
    let outcome = store.write(move |tx| tx.users().update(&thief, seen)).await;
    assert_error!(outcome, Error::Refused(Refusal::EmailTaken));
    Ok(())
}

async fn lists_have_those_who_are_not_deleted(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let owner = sample::user("owner");
    let acme = sample::organization("Acme", &owner);
    let other = sample::organization("Other", &owner);
    let mut robots: Vec<_> = (0..7)
        .map(|number| sample::service_account_of(&acme, &format!("robot{number}")))
        .collect();
    robots[2].deleted_at = Some(FixedClock::START);
    let strange = sample::service_account_of(&other, "strange");
    let mut all = vec![owner, sample::service_account("operators"), strange];
    let (owner, rest) = (all[0].clone(), [&all[1..], &robots[..]].concat());
    store
        .write(move |tx| {
            tx.users().add(&owner)?;
            tx.organizations().add(&acme, &Plan::default())?;
            tx.organizations().add(&other, &Plan::default())?;
            let mut rest = rest.iter();
            rest.try_for_each(|user| tx.users().add(user).map(drop))
        })
        .await?;
    robots.remove(2);
    all.extend(robots.iter().cloned());
    assert!(
        !robots.is_sorted_by_key(|user| user.id),
        "the sample is no good"
    );
    all.sort_by_key(|user| user.id);
    robots.sort_by_key(|user| user.id);
    let list = async |organization: Option<_>, window: Window<UserId>| {
        store
            .read(move |tx| match organization {
                None => tx.users().list(&window),
                Some(id) => tx.users().list_service_accounts(id, &window),
            })
            .await
    };
    for (organization, users) in [(None, all), (Some(acme_id()), robots)] {
        let count = u64::try_from(users.len())?;
        let page = list(organization, Window::first(4).counted()).await?;
        assert_eq!(page.items, users[..4]);
        assert_eq!((page.next, page.total), (Some(users[3].id), Some(count)));
        let page = list(organization, Window::after(users[3].id, 9)).await?;
        assert_eq!((&page.items[..], page.next), (&users[4..], None));
        let page = list(organization, Window::skip(2, 2)).await?;
        assert_eq!(page.items, users[2..4]);
    }
    Ok(())
}

fn acme_id() -> rollbook_domain::id::OrganizationId {
    sample::organization("Acme", &sample::user("owner")).id
}

async fn only_live_organizations_are_owned(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, bob) = (sample::user("ann"), sample::user("bob"));
    let mut organizations: Vec<Organization> = ["A1", "B2", "C3", "D4"]
        .iter()
        .map(|name| sample::organization(name, &ann))
        .collect();
    organizations[1].deleted_at = Some(FixedClock::START);
    organizations[3].owner_id = bob.id;
    let (written, owner) = (organizations.clone(), ann.id);
    store
        .write(move |tx| {
            tx.users().add(&ann)?;
            tx.users().add(&bob)?;
            let mut written = written.iter();
            written.try_for_each(|it| tx.organizations().add(it, &Plan::default()).map(drop))
        })
        .await?;
    let mut expected = vec![organizations[0].id, organizations[2].id];
    expected.sort_unstable();
    let of_ann = async |at_most| {
        store
            .read_one(move |tx| tx.users().owned(owner, at_most))
            .await
    };
    assert_eq!(of_ann(9).await?, expected);
    assert_eq!(of_ann(1).await?, expected[..1]);
    Ok(())
}
