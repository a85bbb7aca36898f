#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::too_many_lines,
    reason = "tests: what is not there fails them"
)]
use rollbook_domain::error::Kind;
use rollbook_domain::id::ClientId;
use rollbook_domain::idempotency::{Once, RequestKey};
use rollbook_domain::mock::{FlakyStore, World, sample};
use rollbook_domain::oauth::{
    ClientKind, GrantType, GrantTypes, RedirectUri, SECRET_OVERLAP, Scope, Scopes,
};
use rollbook_domain::organization::Version;
use rollbook_domain::page::Window;
use rollbook_domain::role::{Role, Roles};
use rollbook_domain::service::oauth::{CLIENTS_EACH, CreateClient, IssuedClient, RotateSecret};
use rollbook_domain::service::service_account::Granted;
use rollbook_domain::service::{OAuthClients, Operator, ServiceAccounts, Tokens};
use rollbook_domain::time::Span;
use rollbook_domain::value::ClientName;
use rollbook_domain::{Error, Refusal, Result};
use std::sync::Arc;
use uuid::Uuid;

use super::oauth::{allow, by_itself, is_alive, redeem, secret_of, sign_in};
use super::{assert_denied, assert_error, assert_refused};

/// Where the clients of the tests are.
pub(crate) const CALLBACK: &str = "https://app.example/callback";

/// A client with every way to a token that its kind can have.
pub(crate) fn command(kind: ClientKind) -> CreateClient {
    let types = [
        GrantType::AuthorizationCode,
        GrantType::RefreshToken,
        GrantType::DeviceCode,
    ];
    CreateClient {
        name: ClientName::parse("Console").unwrap(),
        kind,
        grant_types: GrantTypes::of(&types),
        scopes: Scopes::of(&Scope::ALL),
        redirect_uris: vec![RedirectUri::parse(CALLBACK).unwrap()],
        granted: Granted::default(),
        once: None,
    }
}

/// A robot: a client that acts for itself.
pub(crate) fn robot(roles: &[Role]) -> CreateClient {
    CreateClient {
        name: ClientName::parse("Robot").unwrap(),
        grant_types: GrantTypes::of(&[GrantType::ClientCredentials]),
        redirect_uris: Vec::new(),
        granted: Granted {
            roles: Roles::of(roles),
            custom_roles: Vec::new(),
        },
        ..command(ClientKind::Confidential)
    }
}

fn once(key: &str) -> Once {
    Once {
        key: RequestKey::from_stored(key.to_owned()),
        fingerprint: sample::secret(key).digest(),
    }
}

fn page() -> Window<ClientId> {
    Window::first(10)
}

pub(crate) async fn a_client_is_made_with_what_it_needs(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let clients = &world.oauth_clients;
    let public = clients.create(ann.caller, Some(acme.id), command(ClientKind::Public));
    let public = public.await?;
    assert!(public.secret.is_none() && public.view.secrets.is_empty());
    assert_eq!(public.view.client.service_account_id, None);
    let robot = clients.create(ann.caller, Some(acme.id), robot(&[Role::Viewer]));
    let robot = robot.await?;
    let secret = robot.secret.as_ref().unwrap();
    assert!(secret.reveal().starts_with("rbk_ocs_"));
    let [kept] = &robot.view.secrets[..] else {
        panic!("{:?}", robot.view.secrets)
    };
    assert_eq!(kept.last_four, secret.last_four());
    assert_eq!(kept.created_by, Some(ann.user.id));
    // Its service account is one like any other.
    let id = robot.view.client.service_account_id.unwrap();
    let account = world.service_accounts.get(ann.caller, acme.id, id).await?;
    assert_eq!(account.user.display_name.as_str(), "Robot");
    assert_eq!(account.roles, Roles::of(&[Role::Viewer]));
    let list = clients
        .list(ann.caller, Some(acme.id), page().counted())
        .await?;
    let made = [&public.view.client, &robot.view.client];
    assert_eq!(list.items.iter().collect::<Vec<_>>(), made);
    assert_eq!(list.total, Some(2));
    let found = clients.get(ann.caller, Some(acme.id), robot.view.client.id);
    assert_eq!(found.await?, robot.view);
    Ok(())
}

pub(crate) async fn what_does_not_fit_is_refused(world: World) -> Result<()> {
    let ann = world.sign_up_superuser("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let web = || command(ClientKind::Confidential);
    let types = |types: &[GrantType]| GrantTypes::of(types);
    let many = (0..=20).map(|n| RedirectUri::from_stored(format!("https://app.example/{n}")));
    for (organization, command, field) in [
        (
            Some(acme.id),
            CreateClient {
                grant_types: types(&[]),
                redirect_uris: Vec::new(),
                ..web()
            },
            "grant_types",
        ),
        (
            Some(acme.id),
            CreateClient {
                grant_types: types(&[GrantType::RefreshToken]),
                redirect_uris: Vec::new(),
                ..web()
            },
            "grant_types",
        ),
        (
            Some(acme.id),
            CreateClient {
                kind: ClientKind::Public,
                ..robot(&[])
            },
            "grant_types",
        ),
        (None, robot(&[]), "grant_types"),
        (
            Some(acme.id),
            CreateClient {
                redirect_uris: Vec::new(),
                ..web()
            },
            "redirect_uris",
        ),
        (
            Some(acme.id),
            CreateClient {
                redirect_uris: many.collect(),
                ..web()
            },
            "redirect_uris",
        ),
        (
            Some(acme.id),
            CreateClient {
                redirect_uris: web().redirect_uris,
                ..robot(&[])
            },
            "redirect_uris",
        ),
        (
            Some(acme.id),
            CreateClient {
                scopes: Scopes::NONE,
                ..web()
            },
            "scopes",
        ),
    ] {
        let outcome = world
            .oauth_clients
            .create(ann.caller, organization, command);
        assert_error!(outcome.await, Error::Invalid(it) if it.len() == 1 && it[0].field == field);
    }
    Ok(())
}

pub(crate) async fn who_may_administers_clients(world: World) -> Result<()> {
    let [ann, bob, eve] = [
        world.sign_up("ann").await?,
        world.sign_up("bob").await?,
        world.sign_up("eve").await?,
    ];
    let acme = world.create(&ann, "Acme").await?.organization;
    let globex = world.create(&eve, "Globex").await?.organization;
    world.join(&acme, &bob, &[Role::Viewer]).await?;
    let (clients, here) = (&world.oauth_clients, Some(acme.id));
    let made = clients.create(ann.caller, here, command(ClientKind::Confidential));
    let id = made.await?.view.client.id;
    // Who looks, looks.
    assert_eq!(clients.list(bob.caller, here, page()).await?.items.len(), 1);
    clients.get(bob.caller, here, id).await?;
    let create = |who| clients.create(who, here, command(ClientKind::Public));
    let rotate = |who| clients.rotate_secret(who, here, id, RotateSecret::default());
    let delete = |who| clients.delete(who, here, id, None);
    assert_denied!(create(bob.caller).await, Use(CreateOAuthClient), visible: true);
    assert_denied!(rotate(bob.caller).await, Use(UpdateOAuthClient), visible: true);
    assert_denied!(delete(bob.caller).await, Use(DeleteOAuthClient), visible: true);
    assert_denied!(create(eve.caller).await, Use(CreateOAuthClient), visible: false);
    assert_denied!(rotate(eve.caller).await, Use(UpdateOAuthClient), visible: false);
    assert_denied!(delete(eve.caller).await, Use(DeleteOAuthClient), visible: false);
    assert_denied!(clients.get(eve.caller, here, id).await, Use(ReadOAuthClient), visible: false);
    let list = clients.list(eve.caller, here, page()).await;
    assert_denied!(list, Use(ReadOAuthClient), visible: false);
    // Another organization's is not found, by whatever way.
    let there = Some(globex.id);
    let outcome = clients.get(eve.caller, there, id).await;
    assert_error!(outcome, Error::NotFound(Kind::OAuthClient));
    let outcome = clients.rotate_secret(eve.caller, there, id, RotateSecret::default());
    assert_error!(outcome.await, Error::NotFound(Kind::OAuthClient));
    let outcome = clients.delete(eve.caller, there, id, None).await;
    assert_error!(outcome, Error::NotFound(Kind::OAuthClient));
    // Nobody gives a robot more than they have.
    world.join(&globex, &bob, &[Role::Manager]).await?;
    let outcome = clients
        .create(bob.caller, there, robot(&[Role::Admin]))
        .await;
    assert_denied!(outcome, Use(CreateOAuthClient), visible: true);
    Ok(())
}

pub(crate) async fn superusers_administer_those_of_the_installation(world: World) -> Result<()> {
    let [root, ann] = [
        world.sign_up_superuser("root").await?,
        world.sign_up("ann").await?,
    ];
    let clients = &world.oauth_clients;
    let made = clients
        .create(root.caller, None, command(ClientKind::Public))
        .await?;
    let id = made.view.client.id;
    assert_eq!(made.view.client.organization_id, None);
    clients.get(root.caller, None, id).await?;
    assert_eq!(
        clients.list(root.caller, None, page()).await?.items.len(),
        1
    );
    let outcome = clients
        .create(ann.caller, None, command(ClientKind::Public))
        .await;
    assert_denied!(outcome, AdministerClients, visible: true);
    let outcome = clients.get(ann.caller, None, id).await;
    assert_denied!(outcome, AdministerClients, visible: true);
    let outcome = clients.list(ann.caller, None, page()).await;
    assert_denied!(outcome, AdministerClients, visible: true);
    let outcome = clients.delete(ann.caller, None, id, None).await;
    assert_denied!(outcome, AdministerClients, visible: true);
    let outcome = clients.rotate_secret(root.caller, None, id, RotateSecret::default());
    assert_refused!(outcome.await, Refusal::NoClientSecret);
    clients.delete(root.caller, None, id, None).await?;
    let outcome = clients.get(root.caller, None, id).await;
    assert_error!(outcome, Error::NotFound(Kind::OAuthClient));
    let log = super::profile::log_of(&world, root.user.id).await?;
    let acts: Vec<&str> = log.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(
        acts,
        [
            "user.created",
            "oauth_client.created",
            "oauth_client.deleted"
        ]
    );
    Ok(())
}

pub(crate) async fn there_are_so_many_clients(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let create = || {
        let command = command(ClientKind::Public);
        world
            .oauth_clients
            .create(ann.caller, Some(acme.id), command)
    };
    let first = create().await?.view.client.id;
    for _ in 1..CLIENTS_EACH {
        create().await?;
    }
    let limit = CLIENTS_EACH;
    assert_refused!(create().await, Refusal::ClientLimit { limit });
    world
        .oauth_clients
        .delete(ann.caller, Some(acme.id), first, None)
        .await?;
    create().await.map(drop)
}

pub(crate) async fn a_secret_is_rotated_with_an_overlap(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let here = Some(acme.id);
    let first = world
        .oauth_clients
        .create(ann.caller, here, robot(&[]))
        .await?;
    let id = first.view.client.id;
    let rotate = |end_others| {
        let command = RotateSecret {
            end_others,
            once: None,
        };
        world
            .oauth_clients
            .rotate_secret(ann.caller, here, id, command)
    };
    let works = async |issued: &IssuedClient| {
        let answer = by_itself(&world, id, &secret_of(issued)).await?;
        Ok::<_, Error>(answer.is_ok())
    };
    let second = rotate(false).await?;
    assert!(works(&first).await? && works(&second).await?);
    assert_eq!(second.view.secrets.len(), 2);
    let third = rotate(false).await?;
    assert_eq!(third.view.secrets.len(), 2, "two at the most");
    assert!(!works(&first).await? && works(&second).await? && works(&third).await?);
    world
        .clock
        .advance(Span::from_millis(SECRET_OVERLAP.millis() - 1));
    assert!(works(&second).await?);
    world.clock.advance(Span::from_millis(1));
    assert!(!works(&second).await? && works(&third).await?);
    let fourth = rotate(true).await?;
    assert_eq!(fourth.view.secrets.len(), 1);
    assert!(!works(&third).await? && works(&fourth).await?);
    Ok(())
}

pub(crate) async fn a_request_makes_one_client(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let here = Some(acme.id);
    let key = Some(once("create"));
    let wanted = CreateClient {
        once: key,
        ..command(ClientKind::Confidential)
    };
    let made = world
        .oauth_clients
        .create(ann.caller, here, wanted.clone())
        .await?;
    let id = made.view.client.id;
    let again = world.oauth_clients.create(ann.caller, here, wanted).await;
    assert_refused!(again, Refusal::SecretShown { id: id.to_string() });
    let once = Some(once("rotate"));
    let turn = RotateSecret {
        end_others: false,
        once,
    };
    let turned = world
        .oauth_clients
        .rotate_secret(ann.caller, here, id, turn.clone())
        .await?;
    let newest = turned.view.secrets[0].id.to_string();
    let again = world
        .oauth_clients
        .rotate_secret(ann.caller, here, id, turn)
        .await;
    assert_refused!(again, Refusal::SecretShown { id: newest });
    Ok(())
}

pub(crate) async fn deleting_a_client_ends_all_it_was_given(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let here = Some(acme.id);
    let clients = &world.oauth_clients;
    let web = clients
        .create(ann.caller, here, command(ClientKind::Confidential))
        .await?;
    let browser = sign_in(&world, &ann).await?;
    let code = allow(&world, browser, &web.view.client, None).await?;
    let tokens = redeem(&world, &web, &code).await?.unwrap();
    let unused = allow(&world, browser, &web.view.client, None).await?;
    assert!(is_alive(&world, &tokens.access_token, &acme).await?);
    let id = web.view.client.id;
    let outcome = clients
        .delete(ann.caller, here, id, Some(Version::new(7)))
        .await;
    assert_refused!(outcome, Refusal::VersionMismatch);
    clients.delete(ann.caller, here, id, None).await?;
    assert!(!is_alive(&world, &tokens.access_token, &acme).await?);
    assert!(redeem(&world, &web, &unused).await?.is_err());
    let outcome = clients.delete(ann.caller, here, id, None).await;
    assert_error!(outcome, Error::NotFound(Kind::OAuthClient));

    let robot = clients
        .create(ann.caller, here, robot(&[Role::Viewer]))
        .await?;
    let (id, secret) = (robot.view.client.id, secret_of(&robot));
    let tokens = by_itself(&world, id, &secret).await?.unwrap();
    assert!(is_alive(&world, &tokens.access_token, &acme).await?);
    clients.delete(ann.caller, here, id, None).await?;
    assert!(!is_alive(&world, &tokens.access_token, &acme).await?);
    assert!(by_itself(&world, id, &secret).await?.is_err());
    let account = robot.view.client.service_account_id.unwrap();
    let outcome = world
        .service_accounts
        .get(ann.caller, acme.id, account)
        .await;
    assert_error!(outcome, Error::NotFound(Kind::ServiceAccount));
    // The robot first, the client then.
    let second = clients.create(ann.caller, here, self::robot(&[])).await?;
    let (id, account) = (second.view.client.id, second.view.client.service_account_id);
    world
        .service_accounts
        .delete(ann.caller, acme.id, account.unwrap(), None)
        .await?;
    assert!(by_itself(&world, id, &secret_of(&second)).await?.is_err());
    clients.delete(ann.caller, here, id, None).await
}

pub(crate) async fn the_operator_administers_clients(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let operator = &world.operator;
    let own = operator
        .create_client(None, command(ClientKind::Public))
        .await?;
    let robot = operator
        .create_client(Some(acme.id), robot(&[Role::Admin]))
        .await?;
    let id = robot.view.client.id;
    let tokens = by_itself(&world, id, &secret_of(&robot)).await?.unwrap();
    assert!(is_alive(&world, &tokens.access_token, &acme).await?);
    assert_eq!(robot.view.secrets[0].created_by, None);
    let list = operator.list_clients(None, page()).await?;
    assert_eq!(list.items, std::slice::from_ref(&own.view.client));
    let turned = operator.rotate_client_secret(id, true).await?;
    assert!(by_itself(&world, id, &secret_of(&robot)).await?.is_err());
    assert!(by_itself(&world, id, &secret_of(&turned)).await?.is_ok());
    operator.delete_client(id).await?;
    operator.delete_client(own.view.client.id).await?;
    assert!(
        operator
            .list_clients(Some(acme.id), page())
            .await?
            .items
            .is_empty()
    );
    for id in [id, ClientId::new(Uuid::max())] {
        let outcome = operator.delete_client(id).await;
        assert_error!(outcome, Error::NotFound(Kind::OAuthClient));
    }
    let nowhere = rollbook_domain::id::OrganizationId::new(Uuid::max());
    let outcome = operator
        .create_client(Some(nowhere), command(ClientKind::Public))
        .await;
    assert_error!(outcome, Error::NotFound(Kind::Organization));
    Ok(())
}

pub(crate) async fn a_failed_change_of_a_client_leaves_nothing(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let here = Some(acme.id);
    let flaky = Arc::new(FlakyStore::new(Arc::clone(&world.store)));
    let failing = world.through(Arc::<FlakyStore>::clone(&flaky));
    flaky.fail_next_commits(1);
    let outcome = failing
        .oauth_clients
        .create(ann.caller, here, robot(&[]))
        .await;
    assert_error!(outcome, Error::Busy);
    let list = world.oauth_clients.list(ann.caller, here, page()).await?;
    assert!(list.items.is_empty());
    let made = failing
        .oauth_clients
        .create(ann.caller, here, robot(&[]))
        .await?;
    let id = made.view.client.id;
    flaky.fail_next_commits(1);
    let turn = RotateSecret {
        end_others: true,
        once: None,
    };
    let outcome = failing
        .oauth_clients
        .rotate_secret(ann.caller, here, id, turn)
        .await;
    assert_error!(outcome, Error::Busy);
    flaky.fail_next_commits(1);
    let outcome = failing
        .oauth_clients
        .delete(ann.caller, here, id, None)
        .await;
    assert_error!(outcome, Error::Busy);
    assert!(by_itself(&world, id, &secret_of(&made)).await?.is_ok());
    // The token of the owner is as good as ever.
    world
        .tokens
        .list(ann.caller, Window::first(10))
        .await
        .map(drop)
}
