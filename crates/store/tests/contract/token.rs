//! The repository of personal access tokens and the keys of service accounts.

use rollbook_domain::Error;
use rollbook_domain::id::{TokenId, UserId};
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::page::Window;
use rollbook_domain::port::Store;
use rollbook_domain::subscription::Plan;
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::token::{Token, TokenKind};
use rollbook_domain::user::User;
use rollbook_domain::value::TokenName;

use crate::harness::{assert_error, on_both};
use crate::support::{Outcome, TestDatabase};

on_both! {
    what_is_added_is_found,
    a_digest_is_unique_and_has_a_user,
    a_token_is_revoked_once,
    lists_have_the_unrevoked_in_order,
    expiry_counts_to_the_millisecond,
    the_last_use_never_goes_back,
    keys_say_where_they_work_and_who_made_them,
    tokens_are_revoked_together,
    sessions_are_kept_apart,
    sessions_are_revoked_together,
    sessions_are_forgotten_a_few_at_a_time,
}

const NOW: Timestamp = FixedClock::START;

/// Writes a user with the tokens that `change` makes of samples; the secret of each is the sample
/// of its name.
async fn user_with(
    store: &dyn Store,
    names: &[&str],
    change: impl Fn(usize, &mut Token),
) -> Outcome<(User, Vec<Token>)> {
    let ann = sample::user("ann");
    let mut tokens = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let mut token = sample::token(name, &ann);
        change(index, &mut token);
        tokens.push(token);
    }
    let (user, written) = (ann.clone(), tokens.clone());
    store
        .write(move |tx| {
            tx.users().add(&user)?;
            for token in &written {
                let digest = sample::secret(token.name.as_str()).digest();
                tx.tokens().add(token, &digest)?;
            }
            Ok(())
        })
        .await?;
    Ok((ann, tokens))
}

async fn find(store: &dyn Store, user: UserId, id: TokenId) -> Outcome<Option<Token>> {
    Ok(store.read_one(move |tx| tx.tokens().find(user, id)).await?)
}

async fn what_is_added_is_found(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let long = "ключ 🔑".repeat(16);
    let (ann, tokens) = user_with(&*store, &["plain", &long, "revoked"], |index, token| {
        if index == 1 {
            token.created_at = Timestamp::from_millis(1);
            token.expires_at = Some(Timestamp::from_millis(i64::MAX));
            token.last_used_at = Some(NOW.plus(Span::seconds(60)));
        }
        token.revoked_at = (index == 2).then_some(NOW);
    })
    .await?;
    for token in &tokens[..2] {
        assert_eq!(find(&*store, ann.id, token.id).await?.as_ref(), Some(token));
    }
    assert_eq!(find(&*store, ann.id, tokens[2].id).await?, None);
    let bob = sample::user("bob").id;
    assert_eq!(find(&*store, bob, tokens[0].id).await?, None);
    let absent = TokenId::new(sample::uuid("absent"));
    assert_eq!(find(&*store, ann.id, absent).await?, None);
    Ok(())
}

async fn a_digest_is_unique_and_has_a_user(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, tokens) = user_with(&*store, &["first"], |_, _| {}).await?;
    let second = Token {
        name: TokenName::from_stored("second".to_owned()),
        ..sample::token("second", &ann)
    };
    let orphan = sample::token("orphan", &sample::user("nobody"));
    let again = tokens[0].clone();
    let mistakes = [(second, "first"), (orphan, "orphan"), (again, "again")];
    for (token, secret) in mistakes {
        let digest = sample::secret(secret).digest();
        let outcome = store
            .write(move |tx| tx.tokens().add(&token, &digest))
            .await;
        assert_error!(outcome, Error::Storage(_));
    }
    Ok(())
}

async fn a_token_is_revoked_once(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, tokens) = user_with(&*store, &["one", "two"], |_, _| {}).await?;
    let revoke = async |user, id| {
        store
            .write(move |tx| tx.tokens().revoke(user, id, NOW))
            .await
    };
    let (one, two) = (tokens[0].id, tokens[1].id);
    assert!(!revoke(sample::user("bob").id, one).await?);
    assert!(!revoke(ann.id, TokenId::new(sample::uuid("absent"))).await?);
    assert!(revoke(ann.id, one).await?);
    assert!(!revoke(ann.id, one).await?);
    assert_eq!(find(&*store, ann.id, one).await?, None);
    assert!(find(&*store, ann.id, two).await?.is_some());
    let digest = sample::secret("one").digest();
    let kept = store
        .read_one(move |tx| tx.access().authenticate(&digest))
        .await?;
    assert_eq!(kept.and_then(|kept| kept.token.revoked_at), Some(NOW));
    Ok(())
}

async fn lists_have_the_unrevoked_in_order(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let names: Vec<String> = (0..12).map(|number| format!("t{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (ann, mut tokens) = user_with(&*store, &names, |index, token| {
        // The expired ones are listed, the revoked ones are not.
        token.expires_at = (index % 2 == 0).then_some(Timestamp::from_millis(1));
        token.revoked_at = (index % 3 == 0).then_some(NOW);
    })
    .await?;
    tokens.retain(|token| token.revoked_at.is_none());
    tokens.sort_by_key(|token| token.id);
    let list = async |user, window: Window<TokenId>| {
        store.read(move |tx| tx.tokens().list(user, &window)).await
    };
    let page = list(ann.id, Window::first(5).counted()).await?;
    assert_eq!(page.items, tokens[..5]);
    assert_eq!((page.next, page.total), (Some(tokens[4].id), Some(8)));
    let page = list(ann.id, Window::after(tokens[4].id, 5)).await?;
    assert_eq!(page.items, tokens[5..]);
    assert_eq!((page.next, page.total), (None, None));
    let page = list(ann.id, Window::skip(3, 2).counted()).await?;
    assert_eq!(page.items, tokens[3..5]);
    assert_eq!((page.next, page.total), (Some(tokens[4].id), Some(8)));
    let page = list(sample::user("bob").id, Window::first(5).counted()).await?;
    assert_eq!((page.items, page.total), (vec![], Some(0)));
    Ok(())
}

async fn expiry_counts_to_the_millisecond(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let names = ["never", "later", "now", "earlier", "revoked"];
    let (ann, _) = user_with(&*store, &names, |index, token| {
        token.expires_at = match index {
            1 => Some(Timestamp::from_millis(NOW.millis() + 1)),
            2 => Some(NOW),
            3 => Some(Timestamp::from_millis(NOW.millis() - 1)),
            _ => None,
        };
        token.revoked_at = (index == 4).then_some(NOW);
    })
    .await?;
    let count = async |user, millis| {
        let now = Timestamp::from_millis(NOW.millis() + millis);
        store
            .read_one(move |tx| tx.tokens().count_usable(user, now))
            .await
    };
    assert_eq!(count(ann.id, -2).await?, 4);
    assert_eq!(count(ann.id, -1).await?, 3);
    assert_eq!(count(ann.id, 0).await?, 2);
    assert_eq!(count(ann.id, 1).await?, 1);
    assert_eq!(count(sample::user("bob").id, 0).await?, 0);
    Ok(())
}

async fn the_last_use_never_goes_back(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, tokens) = user_with(&*store, &["used", "other"], |_, _| {}).await?;
    let id = tokens[0].id;
    for (used, known) in [(60, 60), (0, 60), (60, 60), (120, 120), (119, 120)] {
        let at = NOW.plus(Span::seconds(used));
        store
            .write(move |tx| tx.tokens().mark_used(&[id], at))
            .await?;
        let token = find(&*store, ann.id, id).await?;
        let last = token.and_then(|token| token.last_used_at);
        assert_eq!(last, Some(NOW.plus(Span::seconds(known))), "used at {used}");
    }
    let absent = TokenId::new(sample::uuid("absent"));
    store
        .write(move |tx| tx.tokens().mark_used(&[absent], NOW))
        .await?;
    store.write(|tx| tx.tokens().mark_used(&[], NOW)).await?;
    let other = find(&*store, ann.id, tokens[1].id).await?;
    assert_eq!(other.as_ref(), Some(&tokens[1]));
    // Together: each stays at its latest.
    let (all, at) = (tokens.iter().map(|it| it.id), NOW.plus(Span::seconds(61)));
    let all: Vec<_> = all.chain([absent]).collect();
    store
        .write(move |tx| tx.tokens().mark_used(&all, at))
        .await?;
    for (token, known) in tokens.iter().zip([120, 61]) {
        let found = find(&*store, ann.id, token.id).await?;
        let last = found.and_then(|token| token.last_used_at);
        assert_eq!(last, Some(NOW.plus(Span::seconds(known))));
    }
    Ok(())
}

async fn keys_say_where_they_work_and_who_made_them(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let maker = sample::user("ann");
    let acme = sample::organization("Acme", &maker);
    let robot = sample::service_account_of(&acme, "robot");
    let key = sample::key("deploy", &acme, &robot, &maker);
    let (user, expected) = (robot.id, key.clone());
    let found = store
        .write(move |tx| {
            tx.users().add(&maker)?;
            tx.organizations().add(&acme, &Plan::default())?;
            tx.users().add(&robot)?;
            let digest = sample::key_secret("deploy").digest();
            tx.tokens().add(&key, &digest)?;
            tx.tokens().find(user, key.id)
        })
        .await?;
    assert_eq!(found, Some(expected));
    Ok(())
}

/// Ann's and bob's tokens: free, bound to Acme, bound to another organization, revoked long ago.
async fn bound_tokens(store: &dyn Store) -> Outcome<[Vec<Token>; 2]> {
    let users = ["ann", "bob"].map(sample::user);
    let [acme, other] = ["Acme", "Other"].map(|name| sample::organization(name, &users[0]));
    let tokens = users.clone().map(|user| {
        let name = |kind| format!("{} {kind}", user.display_name.as_str());
        let bound = |kind, organization| Token {
            organization_id: Some(organization),
            ..sample::token(&name(kind), &user)
        };
        let revoked = Token {
            revoked_at: Some(Timestamp::from_millis(1)),
            ..bound("revoked", acme.id)
        };
        let free = sample::token(&name("free"), &user);
        vec![
            free,
            bound("here", acme.id),
            bound("there", other.id),
            revoked,
        ]
    });
    let written = tokens.concat();
    store
        .write(move |tx| {
            for user in &users {
                tx.users().add(user)?;
            }
            tx.organizations().add(&acme, &Plan::default())?;
            tx.organizations().add(&other, &Plan::default())?;
            for token in &written {
                let digest = sample::secret(token.name.as_str()).digest();
                tx.tokens().add(token, &digest)?;
            }
            Ok(())
        })
        .await?;
    Ok(tokens)
}

async fn tokens_are_revoked_together(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let [anns, bobs] = bound_tokens(&*store).await?;
    let (ann, bob) = (anns[0].user_id, bobs[0].user_id);
    let acme = sample::organization("Acme", &sample::user("ann")).id;
    // Which of the first three tokens of ann and of bob still work.
    let usable = async || {
        let mut usable = Vec::new();
        for token in anns[..3].iter().chain(&bobs[..3]) {
            usable.push(find(&*store, token.user_id, token.id).await?.is_some());
        }
        Outcome::Ok(usable)
    };
    let revoked = store
        .write(move |tx| tx.tokens().revoke_in(acme, ann, NOW))
        .await?;
    assert_eq!(revoked, 1);
    assert_eq!(usable().await?, [true, false, true, true, true, true]);
    let revoked = store
        .write(move |tx| tx.tokens().revoke_bound(acme, NOW))
        .await?;
    assert_eq!(revoked, 1);
    assert_eq!(usable().await?, [true, false, true, true, false, true]);
    let again = store
        .write(move |tx| {
            Ok((
                tx.tokens().revoke_all(bob, NOW)?,
                tx.tokens().revoke_all(bob, NOW)?,
            ))
        })
        .await?;
    assert_eq!(again, (2, 0));
    assert_eq!(usable().await?, [true, false, true, false, false, false]);
    // What was revoked before keeps its moment.
    let digest = sample::secret("bob revoked").digest();
    let kept = store
        .read_one(move |tx| tx.access().authenticate(&digest))
        .await?;
    let moment = kept.and_then(|kept| kept.token.revoked_at);
    assert_eq!(moment, Some(Timestamp::from_millis(1)));
    Ok(())
}

/// A token and three sessions: two that it was exchanged for, and another.
async fn with_sessions(store: &dyn Store) -> Outcome<(User, Vec<Token>)> {
    let names = ["token", "one", "two", "other"];
    let parent = sample::token("token", &sample::user("ann")).id;
    let change = |index: usize, token: &mut Token| {
        if index > 0 {
            let later = u32::try_from(index).unwrap_or_default();
            token.kind = TokenKind::Session;
            token.expires_at = Some(NOW.plus(Span::seconds(later)));
        }
        token.parent_id = [1, 2].contains(&index).then_some(parent);
    };
    user_with(store, &names, change).await
}

async fn sessions_are_revoked_together(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, tokens) = with_sessions(&*store).await?;
    let works = async |token: &Token| {
        let digest = sample::secret(token.name.as_str()).digest();
        let found = store
            .read_one(move |tx| tx.access().authenticate(&digest))
            .await?;
        Outcome::Ok(found.is_some_and(|found| found.token.revoked_at.is_none()))
    };
    let revoke = async |user, but| {
        store
            .write(move |tx| tx.tokens().revoke_sessions(user, but, NOW))
            .await
    };
    let stranger = sample::user("bob").id;
    assert_eq!(revoke(stranger, None).await?, 0);
    assert_eq!(revoke(ann.id, Some(tokens[2].id)).await?, 2);
    for (token, expected) in tokens.iter().zip([true, false, true, false]) {
        assert_eq!(works(token).await?, expected, "{:?}", token.name);
    }
    assert_eq!(revoke(ann.id, None).await?, 1);
    assert_eq!(revoke(ann.id, None).await?, 0);
    assert!(works(&tokens[0]).await?, "it is no session");
    Ok(())
}

async fn sessions_are_kept_apart(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, tokens) = with_sessions(&*store).await?;
    for token in &tokens {
        let digest = sample::secret(token.name.as_str()).digest();
        let found = store
            .read_one(move |tx| tx.access().authenticate(&digest))
            .await?;
        assert_eq!(found.map(|found| found.token).as_ref(), Some(token));
    }
    let window = Window::first(9).counted();
    let page = store
        .read(move |tx| tx.tokens().list(ann.id, &window))
        .await?;
    assert_eq!((page.items, page.total), (vec![tokens[0].clone()], Some(1)));
    assert_eq!(find(&*store, ann.id, tokens[1].id).await?, None);
    let usable = store
        .read_one(move |tx| tx.tokens().count_usable(ann.id, NOW))
        .await?;
    assert_eq!(usable, 1);
    // A token goes with its sessions, a session alone.
    let (parent, other) = (tokens[0].id, tokens[3].id);
    let revoked = store
        .write(move |tx| {
            assert!(tx.tokens().revoke(ann.id, parent, NOW)?);
            tx.tokens().revoke_all(ann.id, NOW)
        })
        .await?;
    assert_eq!(revoked, 1, "only the other one was left");
    let again = store
        .write(move |tx| tx.tokens().revoke(ann.id, other, NOW))
        .await?;
    assert!(!again);
    let orphan = Token {
        parent_id: Some(TokenId::new(sample::uuid("absent"))),
        oauth: None,
        ..sample::token("orphan", &ann)
    };
    let digest = sample::secret("orphan").digest();
    let outcome = store
        .write(move |tx| tx.tokens().add(&orphan, &digest))
        .await;
    assert_error!(outcome, Error::Storage(_));
    Ok(())
}

async fn sessions_are_forgotten_a_few_at_a_time(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, _) = with_sessions(&*store).await?;
    let brief = Token {
        expires_at: Some(NOW),
        ..sample::token("brief", &ann)
    };
    let digest = sample::secret("brief").digest();
    store
        .write(move |tx| tx.tokens().add(&brief, &digest))
        .await?;
    for (seconds, limit, forgotten) in [(1, 9, 0), (2, 9, 1), (9, 1, 1), (9, 9, 1), (9, 9, 0)] {
        let end = NOW.plus(Span::seconds(seconds));
        let count = store
            .write(move |tx| tx.tokens().forget_sessions(end, limit))
            .await?;
        assert_eq!(count, forgotten, "{seconds}, {limit}");
    }
    let left = database.count("SELECT count(*) AS count FROM tokens")?;
    assert_eq!(left, 2, "tokens stay, those that have run out, too");
    Ok(())
}
