//! What no client does for its user, whatever it was allowed.

#![expect(clippy::unwrap_used, reason = "tests: what is not there fails them")]

use rollbook_domain::access::Origin;
use rollbook_domain::mock::World;
use rollbook_domain::oauth::ClientKind;
use rollbook_domain::page::Window;
use rollbook_domain::role::Role;
use rollbook_domain::secret::Secret;
use rollbook_domain::service::service_account::IssueKey;
use rollbook_domain::service::token::IssueToken;
use rollbook_domain::service::user::{DeleteUser, UpdateProfile, VerificationSecret};
use rollbook_domain::service::webhook::{RotateSecret, UpdateEndpoint};
use rollbook_domain::service::{
    Authorization, OAuthClients, Passwords, ServiceAccounts, Sessions, Tokens, Users, Webhooks,
};
use rollbook_domain::value::{DisplayName, Email, TokenName, Url};
use rollbook_domain::{Error, Result};

use super::oauth::{Given, allow, bearer, by_itself, given, redeem, secret_of, sign_in};
use super::oauth_client::{command, robot as robot_client};
use super::password::{GOOD, password, setting};
use super::profile::log_of;
use super::{assert_denied, assert_error, service_account, webhook};

/// A client that may do everything a user may could otherwise make itself a credential that nobody
/// revokes with it.
pub(crate) async fn a_token_leaves_nothing_that_outlives_it(world: World) -> Result<()> {
    let Given { acme, tokens, .. } = given(&world).await?;
    let caller = bearer(&tokens.access_token);
    let pat = IssueToken {
        name: TokenName::from_stored("forever".to_owned()),
        expires_at: None,
        organization_id: None,
        once: None,
    };
    assert_denied!(world.tokens.issue(caller, pat).await, ManageSelf, visible: true);
    let outcome = world
        .sessions
        .sign_in(Origin::default(), caller.credential)
        .await;
    assert_error!(outcome, Error::Unauthenticated(_));
    let here = Some(acme.id);
    let outcome = world
        .oauth_clients
        .create(caller, here, command(ClientKind::Public))
        .await;
    assert_denied!(outcome, Use(CreateOAuthClient), visible: true);
    Ok(())
}

fn at(address: &str) -> UpdateProfile {
    UpdateProfile {
        email: Some(Email::from_stored(address.to_owned())),
        ..UpdateProfile::default()
    }
}

/// A key of a service account never ends by itself.
pub(crate) async fn a_token_makes_no_key_that_outlives_it(world: World) -> Result<()> {
    let Given {
        ann, acme, tokens, ..
    } = given(&world).await?;
    let caller = bearer(&tokens.access_token);
    let robot = service_account::command("robot", &[Role::Viewer]);
    let accounts = &world.service_accounts;
    let account = accounts.create(caller, acme.id, robot).await?.user.id;
    let issue = async |caller| {
        let key = IssueKey {
            name: TokenName::from_stored("forever".to_owned()),
            expires_at: None,
            once: None,
        };
        accounts.issue_key(caller, acme.id, account, key).await
    };
    assert_denied!(issue(caller).await, Use(UpdateServiceAccount), visible: true);
    // Nor does a client that acts for itself.
    let admin = robot_client(&[Role::Admin]);
    let made = world
        .oauth_clients
        .create(ann.caller, Some(acme.id), admin)
        .await?;
    let own = by_itself(&world, made.view.client.id, &secret_of(&made)).await?;
    let own = bearer(&own.unwrap().access_token);
    assert_denied!(issue(own).await, Use(UpdateServiceAccount), visible: true);
    let none = accounts.list_keys(ann.caller, acme.id, account, Window::first(1));
    assert!(none.await?.items.is_empty());
    issue(ann.caller).await.map(drop)
}

/// An endpoint is sent what happens for as long as it is there.
pub(crate) async fn a_token_sends_events_to_nobody_else(world: World) -> Result<()> {
    let Given {
        ann, acme, tokens, ..
    } = given(&world).await?;
    let (caller, webhooks) = (bearer(&tokens.access_token), &world.webhooks);
    let wanted = webhook::command("https://evil.example/", &[]);
    let outcome = webhooks.create(caller, acme.id, wanted).await;
    assert_denied!(outcome, Use(CreateWebhook), visible: true);
    let endpoint = webhook::hook(&world, &ann, &acme, &[]).await?;
    let update = |command| webhooks.update(caller, acme.id, endpoint.id, command);
    let to = |url: &str| UpdateEndpoint {
        url: Some(Url::from_stored(url.to_owned())),
        ..webhook::enabled(false)
    };
    let outcome = update(to("https://evil.example/")).await;
    assert_denied!(outcome, Use(UpdateWebhook), visible: true);
    let turn = webhooks.rotate_secret(caller, acme.id, endpoint.id, RotateSecret::default());
    assert_denied!(turn.await, Use(UpdateWebhook), visible: true);
    let same = webhooks.get(ann.caller, acme.id, endpoint.id).await?;
    assert_eq!(same, endpoint);
    // The rest is data like any other.
    let disabled = update(to(endpoint.url.as_str())).await?;
    assert!(!disabled.is_enabled());
    Ok(())
}

/// Whoever has a password, or an address to which one is mailed, has the account for good.
pub(crate) async fn a_token_does_not_take_the_account_over(world: World) -> Result<()> {
    let Given { ann, tokens, .. } = given(&world).await?;
    let caller = bearer(&tokens.access_token);
    let before = log_of(&world, ann.user.id).await?;
    let outcome = world.passwords.set(caller, setting(None, GOOD)).await;
    assert_denied!(outcome, ManageSelf, visible: true);
    let elsewhere = at("mallory@evil.example");
    let outcome = world.users.update_me(caller, elsewhere.clone()).await;
    assert_denied!(outcome, ManageSelf, visible: true);
    let outcome = world.users.update(caller, ann.user.id, elsewhere).await;
    assert_denied!(outcome, ManageSelf, visible: true);
    let outcome = world.users.send_email_verification(caller).await;
    assert_denied!(outcome, ManageSelf, visible: true);
    let mailed = Secret::email_verification(&[7; 32]);
    let mailed = VerificationSecret::read(mailed.reveal());
    let outcome = world.users.verify_my_email(caller, mailed).await;
    assert_denied!(outcome, ManageSelf, visible: true);
    assert_eq!(world.users.me(ann.caller).await?, ann.user);
    assert_eq!(log_of(&world, ann.user.id).await?, before);
    // What they are called is data like any other, and another spelling is the same address.
    let renamed = UpdateProfile {
        display_name: Some(DisplayName::from_stored("Ann".to_owned())),
        ..at("ANN@example.com")
    };
    let user = world.users.update_me(caller, renamed).await?;
    assert_eq!(user.display_name.as_str(), "Ann");
    assert_eq!(user.email_verified_at, ann.user.email_verified_at);
    Ok(())
}

pub(crate) async fn a_token_ends_nothing_that_the_user_has(world: World) -> Result<()> {
    let Given {
        ann,
        browser,
        web,
        tokens,
        ..
    } = given(&world).await?;
    world.passwords.set(browser, setting(None, GOOD)).await?;
    let caller = bearer(&tokens.access_token);
    let mine = world
        .authorization
        .list_grants(ann.caller, Window::first(10));
    let grant = mine.await?.items[0].grant.id;
    assert_denied!(world.tokens.list(caller, Window::first(10)).await, ManageSelf, visible: true);
    assert_denied!(world.tokens.get(caller, ann.token.id).await, ManageSelf, visible: true);
    assert_denied!(world.tokens.revoke(caller, ann.token.id).await, ManageSelf, visible: true);
    assert_denied!(world.sessions.end_all(caller).await, ManageSelf, visible: true);
    let grants = world
        .authorization
        .list_grants(caller, Window::first(10))
        .await;
    assert_denied!(grants, ManageSelf, visible: true);
    let outcome = world.authorization.revoke_grant(caller, grant).await;
    assert_denied!(outcome, ManageSelf, visible: true);
    let outcome = world.passwords.remove(caller, password(GOOD)).await;
    assert_denied!(outcome, ManageSelf, visible: true);
    let outcome = world.users.delete_me(caller, DeleteUser::default()).await;
    assert_denied!(outcome, ManageSelf, visible: true);
    // All of it is still there.
    assert_eq!(world.users.me(browser).await?, ann.user);
    world.tokens.get(ann.caller, ann.token.id).await?;
    assert!(world.passwords.mine(ann.caller).await?.changed_at.is_some());
    // Nor does it end other accounts, whoever its user is.
    let boss = world.sign_up_superuser("boss").await?;
    let code = allow(
        &world,
        sign_in(&world, &boss).await?,
        &web.view.client,
        None,
    )
    .await?;
    let tokens = redeem(&world, &web, &code).await?.unwrap();
    let caller = bearer(&tokens.access_token);
    let outcome = world
        .users
        .delete(caller, ann.user.id, DeleteUser::default())
        .await;
    assert_denied!(outcome, AdministerUsers, visible: true);
    Ok(())
}
