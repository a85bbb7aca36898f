use rollbook_domain::access::Caller;
use rollbook_domain::error::Kind;
use rollbook_domain::mock::{World, sample};
use rollbook_domain::service::operator::{CreateUser, Operator};
use rollbook_domain::service::token::IssueToken;
use rollbook_domain::service::{Organizations, Users};
use rollbook_domain::user::UserKind;
use rollbook_domain::value::{DisplayName, Email, TokenName};
use rollbook_domain::{Error, Refusal, Result};

use super::{assert_error, assert_refused};

fn person(address: &str) -> CreateUser {
    CreateUser {
        kind: UserKind::Person,
        email: email(address),
        display_name: DisplayName::from_stored("Someone".to_owned()),
        superuser: false,
    }
}

fn email(address: &str) -> Email {
    Email::from_stored(address.to_owned())
}

fn token_name() -> TokenName {
    TokenName::from_stored("first".to_owned())
}

pub(crate) async fn a_user_is_made(world: World) -> Result<()> {
    let command = CreateUser {
        kind: UserKind::ServiceAccount,
        superuser: true,
        ..person("Robot@Example.com")
    };
    let user = world.operator.create_user(command).await?;
    assert_eq!(user.email.as_str(), "Robot@Example.com");
    assert_eq!(user.kind, UserKind::ServiceAccount);
    assert!(user.superuser && user.active);
    assert_eq!(user.created_at, world.now());
    let id = user.id;
    let kept = world.store.read_one(move |tx| tx.users().find(id)).await?;
    assert_eq!(kept.as_ref(), Some(&user));
    let spelling = kept.map(|user| user.email.as_str().to_owned());
    assert_eq!(spelling.as_deref(), Some("Robot@Example.com"));
    Ok(())
}

/// keycloak #40253 and four more threads: the case of an address made another user.
pub(crate) async fn an_address_is_taken_whatever_its_case(world: World) -> Result<()> {
    world
        .operator
        .create_user(person("Ann@Example.com"))
        .await?;
    for address in ["Ann@Example.com", "ann@example.com", "ANN@EXAMPLE.COM"] {
        let outcome = world.operator.create_user(person(address)).await;
        assert_refused!(outcome, Refusal::EmailTaken);
    }
    world
        .operator
        .create_user(person("ann@example.org"))
        .await?;
    Ok(())
}

pub(crate) async fn the_first_user_is_made_once(world: World) -> Result<()> {
    let first = CreateUser {
        superuser: true,
        ..person("root@example.com")
    };
    let made = world
        .operator
        .bootstrap(first.clone(), token_name())
        .await?;
    assert!(made.is_some());
    if let Some((user, issued)) = made {
        assert!(user.superuser);
        let caller = Caller::bearer(issued.secret.reveal());
        assert_eq!(world.users.me(caller).await?, user);
        assert_eq!(issued.token.expires_at, None);
        world
            .organizations
            .create(caller, world.command("Acme"))
            .await?;
    }
    for again in [first, person("other@example.com")] {
        let made = world.operator.bootstrap(again, token_name()).await?;
        assert!(made.is_none());
    }
    Ok(())
}

pub(crate) async fn nothing_is_made_beside_other_users(world: World) -> Result<()> {
    world.sign_up("ann").await?;
    let root = person("root@example.com");
    let made = world.operator.bootstrap(root.clone(), token_name()).await?;
    assert!(made.is_none());
    world.operator.create_user(root).await?;
    Ok(())
}

pub(crate) async fn a_token_for_an_address(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let command = IssueToken {
        name: token_name(),
        expires_at: None,
        organization_id: None,
        once: None,
    };
    let issued = world
        .operator
        .issue_token(email("ANN@example.com"), command.clone())
        .await?;
    let caller = Caller::bearer(issued.secret.reveal());
    assert_eq!(world.users.me(caller).await?, ann.user);
    let outcome = world
        .operator
        .issue_token(sample::email("bob"), command.clone());
    assert_error!(outcome.await, Error::NotFound(Kind::User));
    let past = IssueToken {
        expires_at: Some(world.now()),
        ..command
    };
    let outcome = world.operator.issue_token(sample::email("ann"), past).await;
    assert_error!(outcome, Error::Invalid(_));
    Ok(())
}

pub(crate) async fn the_page_token_key_stays(world: World) -> Result<()> {
    let key = world.operator.page_token_key().await?;
    let replica = world.through(std::sync::Arc::clone(&world.store));
    assert_eq!(world.operator.page_token_key().await?, key);
    assert_eq!(replica.operator.page_token_key().await?, key);
    assert_ne!(key, [0; 32]);
    Ok(())
}
