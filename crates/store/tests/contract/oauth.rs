//! The repositories of OAuth clients, of devices that wait, and of signing keys.

#![expect(
    clippy::unwrap_used,
    clippy::too_many_lines,
    reason = "tests: what is not there fails them"
)]

use rollbook_domain::Error;
use rollbook_domain::id::{ClientId, DeviceAuthorizationId};
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::oauth::{
    ClientKind, ClientSecret, DeviceAuthorization, DeviceState, GrantType, GrantTypes, OAuthClient,
    RedirectUri, Scope, Scopes,
};
use rollbook_domain::organization::Version;
use rollbook_domain::page::Window;
use rollbook_domain::port::Tx;
use rollbook_domain::secret::Digest;
use rollbook_domain::subscription::Plan;
use rollbook_domain::time::Span;

use crate::harness::{assert_error, on_both};
use crate::support::{Outcome, TestDatabase};

on_both! {
    a_client_is_kept_as_it_is,
    clients_are_listed_by_organization,
    secrets_belong_to_their_client,
    a_device_is_kept_as_it_is,
    keys_are_kept_in_order,
}

/// A user, who owns an organization.
fn furnish(tx: &mut dyn Tx) -> rollbook_domain::Result<()> {
    let ann = sample::user("ann");
    tx.users().add(&ann)?;
    tx.organizations()
        .add(&sample::organization("Acme", &ann), &Plan::default())?;
    Ok(())
}

fn full() -> OAuthClient {
    let ann = sample::user("ann");
    let acme = sample::organization("Acme", &ann);
    let uri = |text: &str| RedirectUri::from_stored(text.to_owned());
    OAuthClient {
        kind: ClientKind::Public,
        grant_types: GrantTypes::of(&GrantType::ALL),
        scopes: Scopes::of(&[Scope::OpenId, Scope::RollbookRead]),
        redirect_uris: vec![uri("https://a.example/b?c"), uri("com.example.app:/cb")],
        service_account_id: Some(ann.id),
        updated_at: FixedClock::START.plus(Span::seconds(1)),
        ..sample::oauth_client("full", Some(&acme))
    }
}

async fn a_client_is_kept_as_it_is(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let plain = sample::oauth_client("plain", None);
    let empty = OAuthClient {
        redirect_uris: Vec::new(),
        ..sample::oauth_client("empty", None)
    };
    let all = [full(), plain.clone(), empty];
    let written = all.clone();
    store
        .write(move |tx| {
            furnish(tx)?;
            written.iter().try_for_each(|it| tx.oauth_clients().add(it))
        })
        .await?;
    for client in all {
        let id = client.id;
        let found = store
            .read_one(move |tx| tx.oauth_clients().find(id))
            .await?;
        assert_eq!(found.as_ref(), Some(&client));
        let locked = store.write(move |tx| tx.oauth_clients().lock(id)).await?;
        assert_eq!(locked, Some(client));
    }
    let again = plain.clone();
    let outcome = store.write(move |tx| tx.oauth_clients().add(&again)).await;
    assert_error!(outcome, Error::Storage(_));
    let deleted = OAuthClient {
        version: Version::FIRST.next(),
        deleted_at: Some(FixedClock::START),
        ..plain
    };
    let (id, written) = (deleted.id, deleted.clone());
    let update = async |seen| {
        let written = written.clone();
        let work = move |tx: &mut dyn Tx| tx.oauth_clients().update(&written, seen);
        store.write(work).await
    };
    assert!(!update(Version::FIRST.next()).await?);
    assert!(update(Version::FIRST).await?);
    let found = store
        .read_one(move |tx| tx.oauth_clients().find(id))
        .await?;
    assert_eq!(found, Some(deleted));
    let count = store.read_one(|tx| tx.oauth_clients().count(None)).await?;
    assert_eq!(count, 1, "a deleted one is not counted");
    Ok(())
}

async fn clients_are_listed_by_organization(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let acme = sample::organization("Acme", &sample::user("ann"));
    let mut theirs = vec![full(), sample::oauth_client("web", Some(&acme))];
    let mut own = vec![
        sample::oauth_client("a", None),
        sample::oauth_client("b", None),
    ];
    theirs.sort_by_key(|client| client.id);
    own.sort_by_key(|client| client.id);
    let written = [theirs.clone(), own.clone()].concat();
    store
        .write(move |tx| {
            furnish(tx)?;
            written.iter().try_for_each(|it| tx.oauth_clients().add(it))
        })
        .await?;
    for (organization, expected) in [(Some(acme.id), theirs), (None, own)] {
        let window = Window::first(1).counted();
        let list = async |window: Window<ClientId>| {
            let work = move |tx: &mut dyn Tx| tx.oauth_clients().list(organization, &window);
            store.read(work).await
        };
        let first = list(window).await?;
        assert_eq!((&first.items[..], first.total), (&expected[..1], Some(2)));
        let second = list(Window::after(first.next.unwrap(), 1)).await?;
        assert_eq!((&second.items[..], second.next), (&expected[1..], None));
    }
    let nowhere = sample::organization("Globex", &sample::user("ann")).id;
    let count = store
        .read_one(move |tx| tx.oauth_clients().count(Some(nowhere)))
        .await?;
    assert_eq!(count, 0);
    Ok(())
}

async fn secrets_belong_to_their_client(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, client) = (sample::user("ann"), sample::oauth_client("web", None));
    let other = sample::oauth_client("other", None);
    let digest = |name: &str| sample::client_secret(name).digest();
    let anonymous = ClientSecret {
        created_by: None,
        ..sample::client_secret_of("b", &client, &ann)
    };
    let mut secrets = vec![sample::client_secret_of("a", &client, &ann), anonymous];
    let (ids, written) = ((client.id, other.id), secrets.clone());
    store
        .write(move |tx| {
            furnish(tx)?;
            tx.oauth_clients().add(&client)?;
            tx.oauth_clients().add(&other)?;
            tx.oauth_clients().add_secret(&written[0], &digest("a"))?;
            tx.oauth_clients().add_secret(&written[1], &digest("b"))
        })
        .await?;
    let find = async |client, digest: Digest| {
        let work = move |tx: &mut dyn Tx| tx.oauth_clients().find_secret(client, &digest);
        store.read_one(work).await
    };
    assert_eq!(find(ids.0, digest("a")).await?, Some(secrets[0].clone()));
    assert_eq!(find(ids.0, digest("b")).await?, Some(secrets[1].clone()));
    assert_eq!(find(ids.0, digest("c")).await?, None);
    assert_eq!(find(ids.1, digest("a")).await?, None, "another client's");
    let (ended, removed) = (secrets[0].id, secrets[1].id);
    secrets[0].expires_at = Some(FixedClock::START);
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.id));
    store
        .write(move |tx| tx.oauth_clients().end_secret(ended, FixedClock::START))
        .await?;
    let all = async || {
        store
            .read_one(move |tx| tx.oauth_clients().secrets(ids.0))
            .await
    };
    assert_eq!(all().await?, secrets);
    store
        .write(move |tx| tx.oauth_clients().remove_secret(removed))
        .await?;
    assert_eq!(all().await?.len(), 1);
    assert_eq!(find(ids.0, digest("b")).await?, None);
    Ok(())
}

async fn a_device_is_kept_as_it_is(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, client) = (sample::user("ann"), sample::oauth_client("tv", None));
    let acme = sample::organization("Acme", &ann);
    let grant = sample::grant("grant", &client, &ann);
    let digest = |name: &str| sample::secret(name).digest();
    let device = DeviceAuthorization {
        id: DeviceAuthorizationId::new(sample::uuid("device")),
        client_id: client.id,
        organization_id: Some(acme.id),
        scopes: Scopes::of(&Scope::ALL),
        state: DeviceState::Pending,
        interval: Span::seconds(5),
        polled_at: None,
        created_at: FixedClock::START,
        expires_at: FixedClock::START.plus(Span::seconds(600)),
    };
    let twin = DeviceAuthorization {
        id: DeviceAuthorizationId::new(sample::uuid("twin")),
        ..device.clone()
    };
    let (written, allowed) = (device.clone(), grant.id);
    let (added, again) = store
        .write(move |tx| {
            furnish(tx)?;
            tx.oauth_clients().add(&client)?;
            tx.oauth_grants().add(&grant)?;
            let devices = tx.oauth_devices();
            let added = devices.add(&written, &digest("device"), &digest("user"))?;
            Ok((
                added,
                devices.add(&twin, &digest("other"), &digest("user"))?,
            ))
        })
        .await?;
    assert_eq!((added, again), (true, false), "a user code is used once");
    let mut expected = device;
    for state in [
        DeviceState::Pending,
        DeviceState::Denied,
        DeviceState::Allowed(allowed),
        DeviceState::Used(allowed),
    ] {
        expected.state = state;
        expected.interval = Span::seconds(10);
        expected.polled_at = Some(FixedClock::START);
        let written = expected.clone();
        store
            .write(move |tx| tx.oauth_devices().update(&written))
            .await?;
        let id = expected.id;
        let found = store
            .write(move |tx| {
                let locked = tx.oauth_devices().lock(id)?;
                let by_code = tx.oauth_devices().find(&digest("device"))?;
                let by_user = tx.oauth_devices().find_by_user_code(&digest("user"))?;
                Ok([locked, by_code, by_user])
            })
            .await?;
        assert_eq!(found, [(); 3].map(|()| Some(expected.clone())));
    }
    let absent = store
        .read_one(move |tx| tx.oauth_devices().find(&digest("other")))
        .await?;
    assert_eq!(absent, None);
    Ok(())
}

async fn keys_are_kept_in_order(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let mut keys = vec![sample::signing_key("one"), sample::signing_key("two")];
    keys.sort_by_key(|key| std::cmp::Reverse(key.id));
    let written = keys.clone();
    store
        .write(move |tx| {
            tx.installation().hold()?;
            tx.installation().add_signing_key(&written[1])?;
            tx.installation().add_signing_key(&written[0])
        })
        .await?;
    let kept = async || store.read_one(|tx| tx.installation().signing_keys()).await;
    assert_eq!(kept().await?, keys);
    let (retired, at) = (keys[1].id, FixedClock::START.plus(Span::seconds(1)));
    keys[1].retired_at = Some(at);
    store
        .write(move |tx| tx.installation().retire_signing_key(retired, at))
        .await?;
    assert_eq!(kept().await?, keys);
    store
        .write(move |tx| tx.installation().remove_signing_key(retired))
        .await?;
    assert_eq!(kept().await?, &keys[..1]);
    Ok(())
}
