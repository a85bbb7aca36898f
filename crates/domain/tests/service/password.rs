//! Having a password, and signing in with it.

use std::sync::Arc;

use rollbook_domain::access::{Caller, Credential, Origin};
use rollbook_domain::error::Unauthenticated::{Invalid, Missing};
use rollbook_domain::mock::{Account, World, sample};
use rollbook_domain::password::{KeptPassword, Password};
use rollbook_domain::port::{Clock, IdSource, Random, Store};
use rollbook_domain::service::password::{ResetSecret, SetPassword};
use rollbook_domain::service::session::SignedIn;
use rollbook_domain::service::token::IssueToken;
use rollbook_domain::service::user::DeleteUser;
use rollbook_domain::service::{
    Core, Operator, OperatorService, PasswordService, Passwords, SessionService, Sessions, Tokens,
    Users,
};
use rollbook_domain::time::Span;
use rollbook_domain::token::TokenKind;
use rollbook_domain::user::User;
use rollbook_domain::value::{Email, TokenName};
use rollbook_domain::{Error, Refusal, Result};

use super::profile::log_of;
use super::{assert_denied, assert_error, assert_refused};

/// A good one.
pub(crate) const GOOD: &str = "correct horse battery";

pub(crate) fn password(text: &str) -> Password {
    Password::presented(text)
}

pub(crate) fn setting(current: Option<&str>, new: &str) -> SetPassword {
    SetPassword {
        current: current.map(password),
        new: password(new),
    }
}

/// Somebody who has set the good password.
pub(crate) async fn with_password(world: &World, name: &str) -> Result<Account> {
    let account = world.sign_up(name).await?;
    world
        .passwords
        .set(account.caller, setting(None, GOOD))
        .await?;
    Ok(account)
}

pub(crate) async fn sign_in(world: &World, email: &str, text: &str) -> Result<SignedIn> {
    let email = Email::from_stored(email.to_owned());
    let sessions = &world.sessions;
    sessions
        .sign_in_with_password(Origin::default(), email, password(text))
        .await
}

/// What a browser presents.
pub(crate) fn cookie(signed_in: &SignedIn) -> Caller {
    Credential::session(signed_in.session.secret.reveal()).into()
}

/// Whether somebody is known.
pub(crate) async fn is_known(world: &World, caller: Caller) -> Result<bool> {
    match world.users.me(caller).await {
        Ok(_) => Ok(true),
        Err(Error::Unauthenticated(Invalid)) => Ok(false),
        Err(other) => Err(other),
    }
}

/// What is kept of a user's password.
async fn kept(world: &World, user: &User) -> Result<Option<KeptPassword>> {
    let id = user.id;
    let work = move |tx: &mut dyn rollbook_domain::port::Tx| tx.passwords().find(id);
    world.store.read_one(work).await
}

pub(crate) async fn acts_of(world: &World, user: &User) -> Result<Vec<String>> {
    let log = log_of(world, user.id).await?;
    Ok(log.into_iter().map(|entry| entry.0).collect())
}

pub(crate) async fn a_password_signs_in(world: World) -> Result<()> {
    let ann = with_password(&world, "ann").await?;
    let mine = world.passwords.mine(ann.caller).await?;
    assert_eq!(mine.changed_at, Some(world.now()));
    // Whatever the spelling of the address.
    for email in ["ann@example.com", "ANN@Example.COM"] {
        let signed_in = sign_in(&world, email, GOOD).await?;
        assert_eq!(signed_in.user, ann.user);
        let session = &signed_in.session.token;
        assert_eq!(session.kind, TokenKind::Session);
        assert_eq!(session.parent_id, None);
        assert_eq!(world.users.me(cookie(&signed_in)).await?, ann.user);
    }
    assert_eq!(world.hasher.take_verified(), [true, true]);
    let expected = [
        "user.created",
        "user.password_set",
        "session.created",
        "session.created",
    ];
    assert_eq!(acts_of(&world, &ann.user).await?, expected);
    Ok(())
}

/// An attacker learns neither from the answer nor from what is done for it.
pub(crate) async fn whether_there_is_an_account_is_not_told(world: World) -> Result<()> {
    let root = world.sign_up_superuser("root").await?;
    let ann = with_password(&world, "ann").await?;
    world.sign_up("bob").await?;
    world.sign_up_service_account("robot").await?;
    let (cid, dan) = (
        with_password(&world, "cid").await?,
        with_password(&world, "dan").await?,
    );
    world
        .users
        .deactivate(root.caller, cid.user.id, None)
        .await?;
    world.users.activate(root.caller, cid.user.id, None).await?;
    world
        .users
        .delete_me(dan.caller, DeleteUser::default())
        .await?;
    let before = acts_of(&world, &ann.user).await?;
    for (name, there) in [
        ("ann", true),
        ("bob", false),
        ("cid", false),
        ("dan", false),
        ("robot", false),
        ("nobody", false),
    ] {
        let wrong = if there { "not it" } else { GOOD };
        let outcome = sign_in(&world, &format!("{name}@example.com"), wrong).await;
        assert_error!(outcome, Error::Unauthenticated(Invalid));
        // A hash is computed once, whether there is one to hold it against or not.
        assert_eq!(world.hasher.take_verified(), [there], "{name}");
    }
    assert_eq!(acts_of(&world, &ann.user).await?, before);
    Ok(())
}

pub(crate) async fn a_new_one_takes_the_current_one(world: World) -> Result<()> {
    let ann = with_password(&world, "ann").await?;
    for current in [None, Some("not it"), Some("")] {
        let outcome = world
            .passwords
            .set(ann.caller, setting(current, "another good one"));
        assert_refused!(outcome.await, Refusal::WrongPassword);
    }
    world.clock.advance(Span::seconds(5));
    let command = setting(Some(GOOD), "another good one");
    world.passwords.set(ann.caller, command).await?;
    let mine = world.passwords.mine(ann.caller).await?;
    assert_eq!(mine.changed_at, Some(world.now()));
    let outcome = sign_in(&world, "ann@example.com", GOOD).await;
    assert_error!(outcome, Error::Unauthenticated(Invalid));
    sign_in(&world, "ann@example.com", "another good one").await?;
    Ok(())
}

pub(crate) async fn a_new_one_ends_the_other_sessions(world: World) -> Result<()> {
    let ann = with_password(&world, "ann").await?;
    let bob = with_password(&world, "bob").await?;
    let bobs = cookie(&sign_in(&world, "bob@example.com", GOOD).await?);
    let session = async || Ok::<_, Error>(cookie(&sign_in(&world, "ann@example.com", GOOD).await?));
    let (mine, stolen) = (session().await?, session().await?);
    let command = setting(Some(GOOD), GOOD);
    world.passwords.set(mine, command.clone()).await?;
    assert!(is_known(&world, mine).await?);
    assert!(!is_known(&world, stolen).await?);
    // A token keeps no session.
    world.passwords.set(ann.caller, command).await?;
    assert!(!is_known(&world, mine).await?);
    for caller in [ann.caller, bob.caller, bobs] {
        assert!(is_known(&world, caller).await?);
    }
    Ok(())
}

pub(crate) async fn an_easy_one_is_refused(world: World) -> Result<()> {
    let ann = world.sign_up("annabel").await?;
    world.create(&ann, "Acme Rockets").await?;
    for easy in [
        "a weak one",
        "annabel and more",
        "more of example",
        "rockets everywhere",
        "acme-rockets",
    ] {
        let outcome = world.passwords.set(ann.caller, setting(None, easy)).await;
        let advice = "Add another word or two.".to_owned();
        assert_refused!(outcome, Refusal::WeakPassword { advice });
    }
    assert_eq!(kept(&world, &ann.user).await?, None);
    Ok(())
}

pub(crate) async fn only_people_have_one(world: World) -> Result<()> {
    let robot = world.sign_up_service_account("robot").await?;
    let outcome = world.passwords.set(robot.caller, setting(None, GOOD)).await;
    assert_denied!(outcome, ManageSelf, visible: true);
    let outcome = world.passwords.remove(robot.caller, password(GOOD)).await;
    assert_denied!(outcome, ManageSelf, visible: true);
    let nobody = Caller::from(Credential::Nobody);
    let outcome = world.passwords.set(nobody, setting(None, GOOD)).await;
    assert_error!(outcome, Error::Unauthenticated(Missing));
    let outcome = world.passwords.mine(nobody).await;
    assert_error!(outcome, Error::Unauthenticated(Missing));
    // Nor does a token set one that is for one organization only.
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let bound = IssueToken {
        name: TokenName::from_stored("bound".to_owned()),
        expires_at: None,
        organization_id: Some(acme.id),
        once: None,
    };
    let bound = world.tokens.issue(ann.caller, bound).await?;
    let bound = Caller::bearer(bound.secret.reveal());
    let outcome = world.passwords.set(bound, setting(None, GOOD)).await;
    assert_denied!(outcome, ManageSelf, visible: true);
    assert_eq!(world.hasher.take_verified(), [] as [bool; 0]);
    Ok(())
}

pub(crate) async fn what_is_removed_opens_nothing(world: World) -> Result<()> {
    let ann = with_password(&world, "ann").await?;
    let session = cookie(&sign_in(&world, "ann@example.com", GOOD).await?);
    let outcome = world.passwords.remove(ann.caller, password("not it")).await;
    assert_refused!(outcome, Refusal::WrongPassword);
    world.passwords.remove(ann.caller, password(GOOD)).await?;
    assert_eq!(world.passwords.mine(ann.caller).await?.changed_at, None);
    assert!(!is_known(&world, session).await?);
    let outcome = sign_in(&world, "ann@example.com", GOOD).await;
    assert_error!(outcome, Error::Unauthenticated(Invalid));
    // Once more is no change.
    world.passwords.remove(ann.caller, password(GOOD)).await?;
    let acts = acts_of(&world, &ann.user).await?;
    assert_eq!(
        acts.last().map(String::as_str),
        Some("user.password_removed")
    );
    assert_eq!(acts.len(), 4);
    Ok(())
}

pub(crate) async fn it_ends_with_its_user(world: World) -> Result<()> {
    let root = world.sign_up_superuser("root").await?;
    let (ann, bob) = (
        with_password(&world, "ann").await?,
        with_password(&world, "bob").await?,
    );
    let id = ann.user.id;
    world.users.deactivate(root.caller, id, None).await?;
    world.users.activate(root.caller, id, None).await?;
    world
        .users
        .delete(root.caller, bob.user.id, DeleteUser::default())
        .await?;
    for account in [ann, bob] {
        assert_eq!(kept(&world, &account.user).await?, None);
    }
    Ok(())
}

pub(crate) async fn what_was_hashed_otherwise_is_hashed_anew(world: World) -> Result<()> {
    let ann = with_password(&world, "ann").await?;
    let before = kept(&world, &ann.user).await?;
    world.hasher.change_parameters();
    world.clock.advance(Span::seconds(5));
    let outcome = sign_in(&world, "ann@example.com", "not it").await;
    assert_error!(outcome, Error::Unauthenticated(Invalid));
    assert_eq!(kept(&world, &ann.user).await?, before);
    sign_in(&world, "ann@example.com", GOOD).await?;
    let after = kept(&world, &ann.user).await?;
    let hashes = |kept: &Option<KeptPassword>| kept.as_ref().map(|kept| kept.hash.clone());
    assert_ne!(hashes(&after), hashes(&before));
    let changed = |kept: &Option<KeptPassword>| kept.as_ref().map(|kept| kept.changed_at);
    assert_eq!(changed(&after), changed(&before), "it is the same password");
    sign_in(&world, "ann@example.com", GOOD).await?;
    assert_eq!(kept(&world, &ann.user).await?, after);
    Ok(())
}

pub(crate) async fn all_browsers_are_signed_out(world: World) -> Result<()> {
    let ann = with_password(&world, "ann").await?;
    let (one, other) = (
        cookie(&sign_in(&world, "ann@example.com", GOOD).await?),
        cookie(&sign_in(&world, "ann@example.com", GOOD).await?),
    );
    world.sessions.end_all(one).await?;
    assert!(!is_known(&world, one).await?);
    assert!(!is_known(&world, other).await?);
    assert!(is_known(&world, ann.caller).await?);
    let acts = acts_of(&world, &ann.user).await?;
    assert_eq!(acts.last().map(String::as_str), Some("user.sessions_ended"));
    Ok(())
}

pub(crate) async fn where_passwords_are_off_nobody_has_one(world: World) -> Result<()> {
    let ann = with_password(&world, "ann").await?;
    let core = Core::new(
        Arc::<dyn Store>::clone(&world.store),
        Arc::clone(&world.clock) as Arc<dyn Clock>,
        Arc::clone(&world.ids) as Arc<dyn IdSource>,
        Arc::clone(&world.random) as Arc<dyn Random>,
    );
    let email = sample::email("ann");
    let secret = ResetSecret::read("rbk_rst_");
    let passwords = PasswordService::new(core.clone());
    let sessions = SessionService::new(core.clone());
    let from = Origin::default();
    let outcomes = [
        passwords.set(ann.caller, setting(Some(GOOD), GOOD)).await,
        passwords.remove(ann.caller, password(GOOD)).await,
        passwords.request_reset(from, email.clone()).await,
        passwords.open_reset(secret).await.map(drop),
        passwords
            .reset(from, secret, password(GOOD))
            .await
            .map(drop),
        sessions
            .sign_in_with_password(from, email.clone(), password(GOOD))
            .await
            .map(drop),
        OperatorService::new(core)
            .reset_password(email)
            .await
            .map(drop),
    ];
    for outcome in outcomes {
        assert_refused!(outcome, Refusal::PasswordsOff);
    }
    Ok(())
}

pub(crate) async fn a_failed_change_leaves_nothing(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let (flaky, store) = super::reliability::flaky(&world);
    let set = || flaky.passwords.set(ann.caller, setting(None, GOOD));
    store.fail_next_commits(1);
    assert_error!(set().await, Error::Busy);
    assert_eq!(kept(&world, &ann.user).await?, None);
    set().await?;
    world.hasher.change_parameters();
    let before = kept(&world, &ann.user).await?;
    store.fail_next_commits(1);
    let outcome = sign_in(&flaky, "ann@example.com", GOOD).await;
    assert_error!(outcome, Error::Busy);
    assert_eq!(kept(&world, &ann.user).await?, before);
    sign_in(&flaky, "ann@example.com", GOOD).await?;
    let acts = acts_of(&world, &ann.user).await?;
    assert_eq!(
        acts,
        ["user.created", "user.password_set", "session.created"]
    );
    Ok(())
}
