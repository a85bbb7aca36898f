use rollbook_domain::access::{Caller, Credential, Origin};
use rollbook_domain::error::Kind;
use rollbook_domain::error::Unauthenticated::{Invalid, Missing};
use rollbook_domain::mock::{Account, World};
use rollbook_domain::page::Window;
use rollbook_domain::port::Tx;
use rollbook_domain::service::session::SignedIn;
use rollbook_domain::service::token::IssueToken;
use rollbook_domain::service::user::DeleteUser;
use rollbook_domain::service::{Organizations, Sessions, Tokens, Users};
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::token::{SESSION_IDLE, SESSION_LIFETIME, TokenKind};
use rollbook_domain::value::TokenName;
use rollbook_domain::{Error, Result};

use super::profile::log_of;
use super::{assert_denied, assert_error};

async fn sign_in(world: &World, account: &Account) -> Result<SignedIn> {
    let credential = account.caller.credential;
    world.sessions.sign_in(Origin::default(), credential).await
}

/// What a browser presents.
fn cookie(signed_in: &SignedIn) -> Caller {
    Credential::session(signed_in.session.secret.reveal()).into()
}

/// Whether somebody is known.
async fn is_known(world: &World, caller: Caller) -> Result<bool> {
    match world.users.me(caller).await {
        Ok(_) => Ok(true),
        Err(Error::Unauthenticated(Invalid)) => Ok(false),
        Err(other) => Err(other),
    }
}

pub(crate) async fn a_session_is_its_user(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let signed_in = sign_in(&world, &ann).await?;
    assert_eq!(signed_in.user, ann.user);
    let session = &signed_in.session.token;
    assert_eq!(session.kind, TokenKind::Session);
    assert_eq!(session.parent_id, Some(ann.token.id));
    assert_eq!(session.expires_at, Some(world.now().plus(SESSION_LIFETIME)));
    let browser = cookie(&signed_in);
    assert_eq!(world.users.me(browser).await?, ann.user);
    // It does what its user may do, with the organization in the same statement.
    let acme = world.organizations.create(browser, world.command("Acme"));
    let acme = acme.await?.organization;
    world.organizations.get(browser, acme.id).await?;
    let acts: Vec<String> = log_of(&world, ann.user.id)
        .await?
        .into_iter()
        .map(|it| it.0)
        .collect();
    assert_eq!(acts, ["user.created", "session.created"]);
    Ok(())
}

/// A cookie that a header presents, or the other way round, is nobody: what cannot be forged in one
/// place can be in the other.
pub(crate) async fn a_cookie_is_no_bearer_token(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let signed_in = sign_in(&world, &ann).await?;
    let (session, token) = (&signed_in.session.secret, &ann.secret);
    let digests = [
        Credential::Token(session.digest()),
        Credential::Session(token.digest()),
        Credential::bearer(session.reveal()),
        Credential::session(token.reveal()),
    ];
    for credential in digests {
        assert!(
            !is_known(&world, credential.into()).await?,
            "{credential:?}"
        );
    }
    let again = Credential::Session(session.digest());
    let outcome = world.sessions.sign_in(Origin::default(), again).await;
    assert_error!(outcome, Error::Unauthenticated(Invalid));
    let outcome = world.sessions.sign_out(ann.caller).await;
    assert_error!(outcome, Error::Unauthenticated(Invalid));
    let outcome = world
        .sessions
        .sign_in(Origin::default(), Credential::Nobody)
        .await;
    assert_error!(outcome, Error::Unauthenticated(Missing));
    assert!(is_known(&world, ann.caller).await?);
    Ok(())
}

pub(crate) async fn who_signs_out_is_nobody(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let (one, other) = (sign_in(&world, &ann).await?, sign_in(&world, &ann).await?);
    world.sessions.sign_out(cookie(&one)).await?;
    assert!(!is_known(&world, cookie(&one)).await?);
    assert!(is_known(&world, cookie(&other)).await?);
    assert!(is_known(&world, ann.caller).await?);
    let outcome = world.sessions.sign_out(cookie(&one)).await;
    assert_error!(outcome, Error::Unauthenticated(Invalid));
    let log = log_of(&world, ann.user.id).await?;
    assert_eq!(log.last().map(|it| it.0.as_str()), Some("session.ended"));
    Ok(())
}

pub(crate) async fn a_session_ends_in_time(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let start = world.now();
    let browser = cookie(&sign_in(&world, &ann).await?);
    let nearly = |end: Span| start.plus(end).millis() - 1;
    world
        .clock
        .set(Timestamp::from_millis(nearly(SESSION_IDLE)));
    assert!(is_known(&world, browser).await?);
    world.clock.set(start.plus(SESSION_IDLE));
    assert!(
        !is_known(&world, browser).await?,
        "nobody used it, as far as is written"
    );
    let browser = cookie(&sign_in(&world, &ann).await?);
    let (start, step) = (world.now(), Span::seconds(11 * 60 * 60));
    while world.now().plus(step) < start.plus(SESSION_LIFETIME) {
        world.clock.advance(step);
        assert!(is_known(&world, browser).await?);
        world.core.flush_usage().await?;
    }
    let end = start.plus(SESSION_LIFETIME);
    world.clock.set(Timestamp::from_millis(end.millis() - 1));
    assert!(is_known(&world, browser).await?);
    world.clock.set(end);
    assert!(!is_known(&world, browser).await?);
    Ok(())
}

async fn issue(world: &World, account: &Account, command: IssueToken) -> Result<Account> {
    let issued = world.tokens.issue(account.caller, command).await?;
    Ok(Account {
        caller: Caller::bearer(issued.secret.reveal()),
        token: issued.token,
        secret: issued.secret,
        user: account.user.clone(),
    })
}

fn second() -> IssueToken {
    IssueToken {
        name: TokenName::from_stored("second".to_owned()),
        expires_at: None,
        organization_id: None,
        once: None,
    }
}

/// CVE-2026-56668 in zitadel: what a token was exchanged for reached further than the token.
pub(crate) async fn a_session_reaches_no_further_than_its_token(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let other = world.create(&ann, "Other").await?.organization;
    let end = world.now().plus(Span::days(1));
    let command = IssueToken {
        organization_id: Some(acme.id),
        expires_at: Some(end),
        ..second()
    };
    let bound = issue(&world, &ann, command).await?;
    let signed_in = sign_in(&world, &bound).await?;
    assert_eq!(signed_in.session.token.expires_at, Some(end));
    let browser = cookie(&signed_in);
    world.organizations.get(browser, acme.id).await?;
    let outcome = world.organizations.get(browser, other.id).await;
    assert_denied!(outcome, Use(ReadOrganization), visible: false);
    let outcome = world
        .organizations
        .create(browser, world.command("More"))
        .await;
    assert_denied!(outcome, CreateOrganization, visible: true);
    // Whoever loses the token loses the session.
    world.tokens.revoke(ann.caller, bound.token.id).await?;
    assert!(!is_known(&world, browser).await?);
    Ok(())
}

/// GHSA-2vg6-77g8-24mp in better-auth: sessions outlived their users.
pub(crate) async fn sessions_end_with_their_users(world: World) -> Result<()> {
    let root = world.sign_up_superuser("root").await?;
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    let (anns, bobs) = (sign_in(&world, &ann).await?, sign_in(&world, &bob).await?);
    world
        .users
        .deactivate(root.caller, ann.user.id, None)
        .await?;
    assert!(!is_known(&world, cookie(&anns)).await?);
    world.users.activate(root.caller, ann.user.id, None).await?;
    assert!(
        !is_known(&world, cookie(&anns)).await?,
        "the old ones stay dead"
    );
    world
        .users
        .delete_me(cookie(&bobs), DeleteUser::default())
        .await?;
    assert!(!is_known(&world, cookie(&bobs)).await?);
    Ok(())
}

pub(crate) async fn programs_have_no_sessions(world: World) -> Result<()> {
    let robot = world.sign_up_service_account("robot").await?;
    assert_denied!(sign_in(&world, &robot).await, ReadSelf, visible: true);
    Ok(())
}

pub(crate) async fn sessions_are_not_among_the_tokens(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let session = sign_in(&world, &ann).await?.session.token.id;
    let page = world
        .tokens
        .list(ann.caller, Window::first(9).counted())
        .await?;
    assert_eq!((page.items.len(), page.total), (1, Some(1)));
    let outcome = world.tokens.get(ann.caller, session).await;
    assert_error!(outcome, Error::NotFound(Kind::Token));
    let outcome = world.tokens.revoke(ann.caller, session).await;
    assert_error!(outcome, Error::NotFound(Kind::Token));
    Ok(())
}

pub(crate) async fn sessions_are_forgotten_after_their_end(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let browser = cookie(&sign_in(&world, &ann).await?);
    let end = world.now().plus(SESSION_LIFETIME);
    world.clock.set(end);
    assert_eq!(world.core.forget_sessions().await?, 0);
    world.clock.advance(Span::seconds(1));
    assert_eq!(world.core.forget_sessions().await?, 1);
    assert!(!is_known(&world, browser).await?);
    assert!(is_known(&world, ann.caller).await?, "tokens stay");
    Ok(())
}

pub(crate) async fn a_failed_sign_in_or_out_leaves_nothing(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let (flaky, store) = super::reliability::flaky(&world);
    store.fail_next_commits(1);
    assert_error!(sign_in(&flaky, &ann).await, Error::Busy);
    let count = move |tx: &mut dyn Tx| tx.tokens().revoke_all(ann.user.id, ann.token.created_at);
    let browser = cookie(&sign_in(&flaky, &ann).await?);
    store.fail_next_commits(1);
    assert_error!(flaky.sessions.sign_out(browser).await, Error::Busy);
    assert!(is_known(&world, browser).await?);
    assert_eq!(
        world.store.write(count).await?,
        2,
        "the token and one session"
    );
    Ok(())
}
