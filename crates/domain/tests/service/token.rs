use rollbook_domain::access::Caller;
use rollbook_domain::error::Kind;
use rollbook_domain::error::Unauthenticated::Invalid;
use rollbook_domain::id::TokenId;
use rollbook_domain::mock::{Account, World, sample};
use rollbook_domain::page::Window;
use rollbook_domain::secret::Secret;
use rollbook_domain::service::token::{IssueToken, IssuedToken, TOKENS_PER_USER};
use rollbook_domain::service::{Tokens, Users};
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::value::TokenName;
use rollbook_domain::{Error, Refusal, Result};

use super::{assert_error, assert_refused};

fn command(name: &str, expires_at: Option<Timestamp>) -> IssueToken {
    IssueToken {
        name: TokenName::from_stored(name.to_owned()),
        expires_at,
        organization_id: None,
        once: None,
    }
}

async fn issue(world: &World, account: &Account, name: &str) -> Result<IssuedToken> {
    world
        .tokens
        .issue(account.caller, command(name, None))
        .await
}

fn bearer(issued: &IssuedToken) -> Caller {
    Caller::bearer(issued.secret.reveal())
}

pub(crate) async fn an_issued_token_works(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let end = world.now().plus(Span::days(90));
    let issued = world
        .tokens
        .issue(ann.caller, command("laptop", Some(end)))
        .await?;
    assert_eq!(world.users.me(bearer(&issued)).await?, ann.user);
    let token = issued.token;
    assert_eq!(token.name.as_str(), "laptop");
    assert_eq!(token.user_id, ann.user.id);
    assert_eq!(token.expires_at, Some(end));
    assert_eq!(token.created_at, world.now());
    assert_eq!(token.last_used_at, None);
    assert_eq!(world.tokens.get(ann.caller, token.id).await?, token);
    Ok(())
}

/// Logto keeps personal access tokens in clear text; here the secret is in the answer to the
/// issue, and the store has a digest.
pub(crate) async fn the_secret_is_told_once(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let issued = issue(&world, &ann, "laptop").await?;
    let clear = issued.secret.reveal();
    assert!(Secret::parse(clear).is_some());
    assert!(clear.ends_with(&issued.token.last_four));
    let kept = world.tokens.get(ann.caller, issued.token.id).await?;
    let list = world.tokens.list(ann.caller, Window::first(10)).await?;
    for shown in [
        format!("{issued:?}"),
        format!("{kept:?}"),
        format!("{list:?}"),
    ] {
        assert!(!shown.contains(&clear[8..20]), "{shown}");
    }
    Ok(())
}

/// CVE-2025-64708 in authentik: something expired was valid until a sweeper came. No sweeper runs
/// here, only the clock.
pub(crate) async fn expiry_needs_no_sweeper(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let end = world.now().plus(Span::days(1));
    let issue = world.tokens.issue(ann.caller, command("day", Some(end)));
    let day = bearer(&issue.await?);
    world.clock.set(Timestamp::from_millis(end.millis() - 1));
    world.users.me(day).await?;
    world.clock.set(end);
    let outcome = world.users.me(day).await;
    assert_error!(outcome, Error::Unauthenticated(Invalid));
    let outcome = world.tokens.issue(day, command("more", None)).await;
    assert_error!(outcome, Error::Unauthenticated(Invalid));
    let listed = world.tokens.list(ann.caller, Window::first(10)).await?;
    assert_eq!(listed.items.len(), 2, "expired tokens stay listed");
    Ok(())
}

pub(crate) async fn an_expiry_in_the_past_is_refused(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    for end in [world.now(), world.now().minus(Span::seconds(1))] {
        let outcome = world.tokens.issue(ann.caller, command("late", Some(end)));
        assert_error!(outcome.await, Error::Invalid(violations) if violations.len() == 1);
    }
    Ok(())
}

/// zitadel GHSA-vrh8-c9cm-wh8v: a revoked credential was accepted.
pub(crate) async fn a_revoked_token_is_dead_at_once(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let issued = issue(&world, &ann, "laptop").await?;
    world.users.me(bearer(&issued)).await?;
    world.tokens.revoke(ann.caller, issued.token.id).await?;
    let outcome = world.users.me(bearer(&issued)).await;
    assert_error!(outcome, Error::Unauthenticated(Invalid));
    let outcome = world.tokens.get(ann.caller, issued.token.id).await;
    assert_error!(outcome, Error::NotFound(Kind::Token));
    let outcome = world.tokens.revoke(ann.caller, issued.token.id).await;
    assert_error!(outcome, Error::NotFound(Kind::Token));
    world.users.me(ann.caller).await?;
    Ok(())
}

pub(crate) async fn a_token_can_revoke_itself(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    world.tokens.revoke(ann.caller, ann.token.id).await?;
    let outcome = world.tokens.revoke(ann.caller, ann.token.id).await;
    assert_error!(outcome, Error::Unauthenticated(Invalid));
    Ok(())
}

/// unkey PR #6524, daytona #4264: what belongs to another could be touched by its id.
pub(crate) async fn a_strangers_token_is_not_found(world: World) -> Result<()> {
    let (ann, eve) = (world.sign_up("ann").await?, world.sign_up("eve").await?);
    let root = world.sign_up_superuser("root").await?;
    for caller in [eve.caller, root.caller] {
        for id in [ann.token.id, TokenId::new(sample::uuid("absent"))] {
            let outcome = world.tokens.get(caller, id).await;
            assert_error!(outcome, Error::NotFound(Kind::Token));
            let outcome = world.tokens.revoke(caller, id).await;
            assert_error!(outcome, Error::NotFound(Kind::Token));
        }
    }
    world.users.me(ann.caller).await?;
    Ok(())
}

pub(crate) async fn lists_are_ones_own_without_the_revoked(world: World) -> Result<()> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    let mut issued = Vec::new();
    for name in ["A", "B", "C", "D"] {
        issued.push(issue(&world, &ann, name).await?.token.id);
    }
    issue(&world, &bob, "his").await?;
    world.tokens.revoke(ann.caller, issued[1]).await?;
    let list = |window: Window<_>| world.tokens.list(ann.caller, window);
    let page = list(Window::first(3).counted()).await?;
    let names: Vec<_> = page.items.iter().map(|token| token.name.as_str()).collect();
    assert_eq!(names, ["first", "A", "C"]);
    assert_eq!((page.next, page.total), (Some(issued[2]), Some(4)));
    let rest = list(Window::after(issued[2], 3)).await?;
    assert_eq!(rest.items.len(), 1);
    assert_eq!((rest.items[0].id, rest.next), (issued[3], None));
    assert_eq!(list(Window::skip(3, 3)).await?, rest);
    Ok(())
}

pub(crate) async fn the_limit_counts_usable_ones(world: World) -> Result<()> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    let end = world.now().plus(Span::days(1));
    let brief = world.tokens.issue(ann.caller, command("brief", Some(end)));
    brief.await?;
    let mut last = None;
    for _ in 2..TOKENS_PER_USER {
        last = Some(issue(&world, &ann, "many").await?.token.id);
    }
    let limit = TOKENS_PER_USER;
    let outcome = issue(&world, &ann, "one too many").await;
    assert_refused!(outcome, Refusal::TokenLimit { limit });
    issue(&world, &bob, "his").await?;
    if let Some(id) = last {
        world.tokens.revoke(ann.caller, id).await?;
    }
    issue(&world, &ann, "instead of the revoked").await?;
    let outcome = issue(&world, &ann, "one too many").await;
    assert_refused!(outcome, Refusal::TokenLimit { limit });
    world.clock.set(end);
    issue(&world, &ann, "instead of the expired").await?;
    Ok(())
}

/// CVE-2026-1529 in keycloak: a changed token was accepted, since nobody checked its signature.
pub(crate) async fn a_changed_secret_is_nobody(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let clear = ann.secret.reveal();
    let swapped: String = clear[..8].chars().chain(clear[8..].chars().rev()).collect();
    for text in ["", "rbk_pat_", &clear[1..], &clear[..56], &swapped] {
        let outcome = world.users.me(Caller::bearer(text)).await;
        assert_error!(outcome, Error::Unauthenticated(Invalid));
    }
    let forged = Caller::bearer(sample::secret("forged").reveal());
    let outcome = world.users.me(forged).await;
    assert_error!(outcome, Error::Unauthenticated(Invalid));
    Ok(())
}
