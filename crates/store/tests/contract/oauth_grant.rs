//! The repository of what users have allowed OAuth clients.

#![expect(
    clippy::unwrap_used,
    clippy::too_many_lines,
    reason = "tests: what is not there fails them"
)]

use rollbook_domain::id::DeviceAuthorizationId;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::oauth::{
    AuthorizationCode, Challenge, DeviceAuthorization, DeviceState, Grant, RefreshToken, Scope,
    Scopes, TokenBinding,
};
use rollbook_domain::page::Window;
use rollbook_domain::port::{Store, Tx};
use rollbook_domain::secret::Digest;
use rollbook_domain::subscription::Plan;
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::token::Token;
use rollbook_domain::{Error, Result};
use std::sync::Arc;

use crate::harness::{assert_error, on_both};
use crate::support::{Outcome, TestDatabase};

on_both! {
    a_grant_is_kept_as_it_is,
    codes_and_refresh_tokens_are_used_once,
    revoking_reaches_the_tokens_under_it,
    what_was_allowed_is_revoked_for_one_client_and_one_organization,
    what_is_over_is_forgotten_a_little_at_a_time,
}

const NOW: Timestamp = FixedClock::START;

fn digest(name: &str) -> Digest {
    sample::secret(name).digest()
}

/// Ann and bob, ann's organization, two clients, and a grant of each kind: of ann to the first
/// client everywhere and in the organization, to the second everywhere, and of bob to the first in
/// the organization. Each has an access token, and the first client one of its own.
fn grants() -> [Grant; 4] {
    let (ann, bob) = (sample::user("ann"), sample::user("bob"));
    let acme = sample::organization("Acme", &ann).id;
    let (web, app) = (
        sample::oauth_client("web", None),
        sample::oauth_client("app", None),
    );
    let bound = |grant| Grant {
        organization_id: Some(acme),
        ..grant
    };
    [
        sample::grant("wide", &web, &ann),
        bound(sample::grant("bound", &web, &ann)),
        sample::grant("other", &app, &ann),
        bound(sample::grant("bobs", &web, &bob)),
    ]
}

fn furnish(tx: &mut dyn Tx) -> Result<()> {
    let (ann, bob) = (sample::user("ann"), sample::user("bob"));
    tx.users().add(&ann)?;
    tx.users().add(&bob)?;
    tx.organizations()
        .add(&sample::organization("Acme", &ann), &Plan::default())?;
    let web = sample::oauth_client("web", None);
    tx.oauth_clients().add(&web)?;
    tx.oauth_clients().add(&sample::oauth_client("app", None))?;
    for (grant, name) in grants().iter().zip(NAMES) {
        tx.oauth_grants().add(grant)?;
        let user = if name == "bobs" { &bob } else { &ann };
        let binding = TokenBinding {
            client_id: grant.client_id,
            grant_id: Some(grant.id),
            scopes: grant.scopes,
        };
        let token = Token {
            oauth: Some(binding),
            expires_at: Some(NOW.plus(Span::seconds(3600))),
            organization_id: grant.organization_id,
            ..sample::token(name, user)
        };
        tx.tokens().add(&token, &digest(name))?;
    }
    let own = TokenBinding {
        client_id: web.id,
        grant_id: None,
        scopes: Scopes::of(&[Scope::Rollbook]),
    };
    let token = Token {
        oauth: Some(own),
        ..sample::token(NAMES[4], &ann)
    };
    tx.tokens().add(&token, &digest(NAMES[4]))
}

const NAMES: [&str; 5] = ["wide", "bound", "other", "bobs", "own"];

async fn furnished(database: &TestDatabase) -> Outcome<Arc<dyn Store>> {
    let store = database.store()?;
    store.write(|tx| furnish(tx)).await?;
    Ok(store)
}

/// Which of the access tokens are not revoked.
async fn alive(store: &dyn Store) -> Result<Vec<&'static str>> {
    store
        .read(|tx| {
            let mut alive = Vec::new();
            for name in NAMES {
                let found = tx.access().authenticate(&digest(name))?;
                alive.extend(
                    found
                        .filter(|it| it.token.revoked_at.is_none())
                        .map(|_| name),
                );
            }
            Ok(alive)
        })
        .await
}

async fn a_grant_is_kept_as_it_is(database: &TestDatabase) -> Outcome {
    let store = furnished(database).await?;
    for grant in grants() {
        let id = grant.id;
        let found = store.read_one(move |tx| tx.oauth_grants().find(id)).await?;
        assert_eq!(found.as_ref(), Some(&grant));
        let locked = store.write(move |tx| tx.oauth_grants().lock(id)).await?;
        assert_eq!(locked, Some(grant));
    }
    let ann = sample::user("ann").id;
    let mut own: Vec<Grant> = grants()
        .into_iter()
        .filter(|it| it.user_id == ann)
        .collect();
    own.sort_by_key(|grant| grant.id);
    let list = async |window: Window<_>| {
        store
            .read(move |tx| tx.oauth_grants().list(ann, &window))
            .await
    };
    let first = list(Window::first(2).counted()).await?;
    assert_eq!((&first.items[..], first.total), (&own[..2], Some(3)));
    let rest = list(Window::after(first.next.unwrap(), 2)).await?;
    assert_eq!((&rest.items[..], rest.next), (&own[2..], None));
    let [wide, bound, _, _] = grants();
    for (organization, expected) in [(None, wide.scopes), (bound.organization_id, bound.scopes)] {
        let client = wide.client_id;
        let found = store
            .read_one(move |tx| tx.oauth_grants().allowed(ann, client, organization))
            .await?;
        assert_eq!(found, [expected]);
    }
    // The token says what it came of, and is not among the user's own.
    let found = store
        .read_one(|tx| tx.access().authenticate(&digest("bound")))
        .await?;
    let binding = found.unwrap().token.oauth.unwrap();
    assert_eq!(
        (binding.grant_id, binding.scopes),
        (Some(bound.id), bound.scopes)
    );
    let (listed, counted) = store
        .read(move |tx| {
            let page = tx.tokens().list(ann, &Window::first(10).counted())?;
            Ok((page.total, tx.tokens().count_usable(ann, NOW)?))
        })
        .await?;
    assert_eq!((listed, counted), (Some(0), 0));
    Ok(())
}

fn code(nonce: Option<&str>) -> AuthorizationCode {
    AuthorizationCode {
        grant_id: grants()[0].id,
        redirect_uri: "https://web.example/callback".to_owned(),
        challenge: Challenge::from_stored("c".repeat(43)),
        nonce: nonce.map(str::to_owned),
        expires_at: NOW.plus(Span::seconds(60)),
        used_at: None,
    }
}

fn refresh_token() -> RefreshToken {
    RefreshToken {
        grant_id: grants()[0].id,
        created_at: NOW,
        expires_at: NOW.plus(Span::days(30)),
        used_at: None,
    }
}

/// A device that has its tokens.
fn used_device() -> DeviceAuthorization {
    let [grant, ..] = grants();
    DeviceAuthorization {
        id: DeviceAuthorizationId::new(sample::uuid("device")),
        client_id: grant.client_id,
        organization_id: None,
        scopes: grant.scopes,
        state: DeviceState::Used(grant.id),
        interval: Span::seconds(5),
        polled_at: Some(NOW),
        created_at: NOW,
        expires_at: NOW.plus(Span::seconds(600)),
    }
}

async fn codes_and_refresh_tokens_are_used_once(database: &TestDatabase) -> Outcome {
    let store = furnished(database).await?;
    store
        .write(|tx| {
            tx.oauth_grants().add_code(&code(None), &digest("plain"))?;
            tx.oauth_grants()
                .add_code(&code(Some("n")), &digest("code"))?;
            tx.oauth_grants()
                .add_refresh_token(&refresh_token(), &digest("refresh"))
        })
        .await?;
    let later = NOW.plus(Span::seconds(1));
    let found = store
        .read_one(|tx| tx.oauth_grants().find_code(&digest("plain")))
        .await?;
    assert_eq!(found, Some(code(None)));
    let find = async || {
        store
            .read_one(|tx| tx.oauth_grants().find_code(&digest("code")))
            .await
    };
    let take = async |at| {
        store
            .write(move |tx| tx.oauth_grants().use_code(&digest("code"), at))
            .await
    };
    assert_eq!(find().await?, Some(code(Some("n"))));
    assert!(take(NOW).await?);
    assert!(!take(later).await?);
    let used = AuthorizationCode {
        used_at: Some(NOW),
        ..code(Some("n"))
    };
    assert_eq!(find().await?, Some(used));

    let find = async || {
        store
            .read_one(|tx| tx.oauth_grants().find_refresh_token(&digest("refresh")))
            .await
    };
    let take = async |at| {
        let work =
            move |tx: &mut dyn Tx| tx.oauth_grants().use_refresh_token(&digest("refresh"), at);
        store.write(work).await
    };
    assert_eq!(find().await?, Some(refresh_token()));
    assert!(take(NOW).await?);
    assert!(!take(later).await?);
    let used = RefreshToken {
        used_at: Some(NOW),
        ..refresh_token()
    };
    assert_eq!(find().await?, Some(used));
    let absent = store
        .write(|tx| {
            let code = tx.oauth_grants().use_code(&digest("x"), NOW)?;
            Ok((
                code,
                tx.oauth_grants().use_refresh_token(&digest("x"), NOW)?,
            ))
        })
        .await?;
    assert_eq!(absent, (false, false));
    let outcome = store
        .write(|tx| tx.oauth_grants().add_code(&code(None), &digest("code")))
        .await;
    assert_error!(outcome, Error::Storage(_));
    Ok(())
}

async fn revoking_reaches_the_tokens_under_it(database: &TestDatabase) -> Outcome {
    type Revoke = fn(&mut dyn Tx) -> Result<u32>;
    let store = furnished(database).await?;
    let steps: [(Revoke, u32, &[&str]); 6] = [
        (
            |tx| tx.oauth_grants().revoke(grants()[2].id, NOW).map(u32::from),
            1,
            &["wide", "bound", "bobs", "own"],
        ),
        (
            |tx| tx.oauth_grants().revoke(grants()[2].id, NOW).map(u32::from),
            0,
            &["wide", "bound", "bobs", "own"],
        ),
        (
            |tx| {
                let ann = sample::user("ann");
                let acme = sample::organization("Acme", &ann).id;
                tx.oauth_grants().revoke_in(acme, ann.id, NOW)
            },
            1,
            &["wide", "bobs", "own"],
        ),
        (
            |tx| {
                let acme = sample::organization("Acme", &sample::user("ann")).id;
                tx.oauth_grants().revoke_bound(acme, NOW)
            },
            1,
            &["wide", "own"],
        ),
        (
            |tx| {
                tx.oauth_grants()
                    .revoke_of_user(sample::user("ann").id, NOW)
            },
            1,
            &["own"],
        ),
        (
            |tx| {
                let web = sample::oauth_client("web", None).id;
                tx.oauth_grants().revoke_of_client(web, NOW)
            },
            0,
            &[],
        ),
    ];
    for (step, revoked, left) in steps {
        assert_eq!(store.write(step).await?, revoked, "{left:?}");
        assert_eq!(alive(&*store).await?, left);
    }
    let client = store
        .write(|tx| {
            let web = sample::oauth_client("web", None);
            let grant = sample::grant("new", &web, &sample::user("bob"));
            tx.oauth_grants().add(&grant)?;
            tx.oauth_grants().revoke_of_client(web.id, NOW)
        })
        .await?;
    assert_eq!(client, 1);
    Ok(())
}

async fn what_was_allowed_is_revoked_for_one_client_and_one_organization(
    database: &TestDatabase,
) -> Outcome {
    let store = furnished(database).await?;
    let again = Grant {
        id: sample::grant(
            "again",
            &sample::oauth_client("web", None),
            &sample::user("ann"),
        )
        .id,
        ..grants()[0].clone()
    };
    store.write(move |tx| tx.oauth_grants().add(&again)).await?;
    let [wide, bound, _, _] = grants();
    let (user, client) = (wide.user_id, wide.client_id);
    let allowed = store
        .read_one(move |tx| tx.oauth_grants().allowed(user, client, None))
        .await?;
    assert_eq!(allowed, [wide.scopes], "however often it was allowed");
    for (grant, expected, left) in [
        (&wide, 2, &["bound", "other", "bobs", "own"][..]),
        (&wide, 0, &["bound", "other", "bobs", "own"]),
        (&bound, 1, &["other", "bobs", "own"]),
    ] {
        let (user, client, organization) = (grant.user_id, grant.client_id, grant.organization_id);
        let work = move |tx: &mut dyn Tx| {
            let repo = tx.oauth_grants();
            repo.revoke_allowed(user, client, organization, NOW)
        };
        assert_eq!(store.write(work).await?, expected, "{left:?}");
        assert_eq!(alive(&*store).await?, left);
    }
    Ok(())
}

async fn what_is_over_is_forgotten_a_little_at_a_time(database: &TestDatabase) -> Outcome {
    let store = furnished(database).await?;
    store
        .write(|tx| {
            tx.oauth_grants().add_code(&code(None), &digest("a"))?;
            tx.oauth_grants().add_code(&code(None), &digest("b"))?;
            let (device, user) = (digest("device"), digest("user"));
            tx.oauth_devices().add(&used_device(), &device, &user)?;
            tx.oauth_grants()
                .add_refresh_token(&refresh_token(), &digest("refresh"))
        })
        .await?;
    let forget = async |now, noticed, remembered, limit| {
        let work = move |tx: &mut dyn Tx| {
            let repo = tx.oauth_grants();
            repo.forget(now, noticed, remembered, limit)
        };
        store.write(work).await
    };
    let end = NOW.plus(Span::seconds(60));
    assert_eq!(forget(end, end, NOW, 9).await?, 0, "nothing is over");
    let after = end.plus(Span::from_millis(1));
    assert_eq!(
        forget(after, end, NOW, 9).await?,
        0,
        "a second use is noticed"
    );
    assert_eq!(forget(after, after, NOW, 1).await?, 1);
    assert_eq!(forget(after, after, NOW, 1).await?, 1);
    assert_eq!(forget(after, after, NOW, 1).await?, 0);
    // The access tokens and the device, and the grants under which nothing is left.
    let hours = NOW.plus(Span::seconds(7200));
    assert_eq!(forget(hours, NOW, NOW, 9).await?, 4);
    let device = store
        .read_one(|tx| tx.oauth_devices().find(&digest("device")))
        .await?;
    assert_eq!(device, None);
    assert_eq!(
        forget(hours, hours, hours, 9).await?,
        3,
        "one has a refresh token"
    );
    let kept = store
        .read_one(|tx| tx.oauth_grants().find(grants()[0].id))
        .await?;
    assert!(kept.is_some());
    let month = NOW.plus(Span::days(31));
    assert_eq!(forget(month, month, hours, 9).await?, 1);
    let gone = store
        .read_one(|tx| tx.oauth_grants().find(grants()[0].id))
        .await?;
    assert!(gone.is_none());
    assert_eq!(alive(&*store).await?, ["own"], "it does not end");
    Ok(())
}
