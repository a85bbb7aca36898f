//! What is exchanged twice at the same time, and what ends while it is exchanged: whatever the
//! order, nothing escapes.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests: what is not there fails them"
)]

use rollbook_domain::access::{Caller, Credential, Origin};
use rollbook_domain::mock::{Account, World};
use rollbook_domain::oauth::{
    Answer, ClientKind, GrantType, GrantTypes, RedirectUri, Scope, Scopes,
};
use rollbook_domain::organization::Organization;
use rollbook_domain::role::Role;
use rollbook_domain::secret::Secret;
use rollbook_domain::service::oauth::{
    Audience, AuthorizationRequest, Authorized, CreateClient, IssuedClient, IssuedTokens,
    Presented, TokenRequest,
};
use rollbook_domain::service::service_account::Granted;
use rollbook_domain::service::{
    Authorization as _, Memberships as _, OAuthClients as _, Organizations as _, Sessions as _,
    Users as _,
};
use rollbook_domain::value::ClientName;
use rollbook_domain::{Error, Result};
use tokio::task::JoinSet;

use crate::harness::on_postgres;
use crate::support::{Outcome, TestDatabase};

on_postgres! {
    a_code_that_is_exchanged_twice_at_once_gives_nothing,
    a_refresh_token_that_is_used_twice_at_once_gives_nothing,
    exchanging_meets_the_end_of_the_client,
    exchanging_meets_the_end_of_the_user,
    exchanging_meets_the_end_of_the_membership,
    a_robot_meets_the_end_of_its_organization,
    a_device_that_polls_twice_at_once_gets_tokens_once,
}

/// How often; a race is lost by chance, too.
const ROUNDS: usize = 20;
/// How many at once.
const AT_ONCE: usize = 4;

/// How the client comes by tokens.
const WAYS: [GrantType; 3] = [
    GrantType::AuthorizationCode,
    GrantType::RefreshToken,
    GrantType::DeviceCode,
];
const CALLBACK: &str = "https://app.example/cb";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

struct Scene {
    root: Account,
    ann: Account,
    browser: Caller,
    /// Of root, with ann as a member.
    acme: Organization,
    client: IssuedClient,
    /// For what ann has allowed the client in the organization.
    code: Secret,
}

/// A client that comes by tokens in these ways.
fn app(kind: ClientKind, ways: &[GrantType]) -> CreateClient {
    CreateClient {
        name: ClientName::from_stored("app".to_owned()),
        kind,
        grant_types: GrantTypes::of(ways),
        scopes: Scopes::of(&Scope::ALL),
        redirect_uris: Vec::new(),
        granted: Granted::default(),
        once: None,
    }
}

/// Signs in with a browser.
async fn sign_in(world: &World, account: &Account) -> Result<Caller> {
    let credential = account.caller.credential;
    let signed_in = world
        .sessions
        .sign_in(Origin::default(), credential)
        .await?;
    let cookie = signed_in.session.secret;
    Ok(Caller::from(Credential::session(cookie.reveal())))
}

async fn scene(world: &World, round: usize) -> Result<Scene> {
    let root = world.sign_up_superuser(&format!("root{round}")).await?;
    let ann = world.sign_up(&format!("ann{round}")).await?;
    let acme = world.create(&root, &format!("Acme {round}")).await?;
    let acme = acme.organization;
    world.join(&acme, &ann, &[Role::Viewer]).await?;
    let wanted = CreateClient {
        redirect_uris: vec![RedirectUri::from_stored(CALLBACK.to_owned())],
        ..app(ClientKind::Public, &WAYS)
    };
    let client = world
        .oauth_clients
        .create(root.caller, None, wanted)
        .await?;
    let browser = sign_in(world, &ann).await?;
    let some = |text: &str| Some(text.to_owned());
    let request = AuthorizationRequest {
        client_id: Some(client.view.client.id.to_string()),
        redirect_uri: some(CALLBACK),
        response_type: some("code"),
        code_challenge: some(CHALLENGE),
        code_challenge_method: some("S256"),
        audience: Audience::Organization(acme.id),
        ..AuthorizationRequest::default()
    };
    let answer = world
        .authorization
        .authorize(browser, request, Some(true))
        .await?;
    let Authorized::Return {
        outcome: Ok(code), ..
    } = answer
    else {
        panic!("{answer:?}")
    };
    Ok(Scene {
        root,
        ann,
        browser,
        acme,
        client,
        code,
    })
}

impl Scene {
    fn exchange(&self) -> TokenRequest {
        TokenRequest::Code {
            code: self.code.reveal().to_owned(),
            redirect_uri: Some(CALLBACK.to_owned()),
            verifier: Some(VERIFIER.to_owned()),
        }
    }

    async fn token(&self, world: &World, request: TokenRequest) -> Result<Answer<IssuedTokens>> {
        let client = presented(&self.client);
        world
            .authorization
            .token(Origin::default(), client, request)
            .await
    }
}

/// Who a client says it is.
fn presented(issued: &IssuedClient) -> Presented {
    Presented {
        id: Some(issued.view.client.id.to_string()),
        secret: issued.secret.as_ref().map(|it| it.reveal().to_owned()),
    }
}

/// Sends a request several times at once; answers what was issued.
async fn storm(world: &World, scene: &Scene, request: &TokenRequest) -> Result<Vec<IssuedTokens>> {
    let mut all = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (world, request) = (world.clone(), request.clone());
        let client = presented(&scene.client);
        all.spawn(async move {
            world
                .authorization
                .token(Origin::default(), client, request)
                .await
        });
    }
    let answers = all
        .join_all()
        .await
        .into_iter()
        .collect::<Result<Vec<_>>>()?;
    Ok(answers.into_iter().filter_map(Answer::ok).collect())
}

async fn is_alive(world: &World, tokens: &IssuedTokens) -> Result<bool> {
    match world
        .users
        .me(Caller::bearer(tokens.access_token.reveal()))
        .await
    {
        Ok(_) => Ok(true),
        Err(Error::Unauthenticated(_)) => Ok(false),
        Err(other) => Err(other),
    }
}

async fn a_code_that_is_exchanged_twice_at_once_gives_nothing(database: &TestDatabase) -> Outcome {
    let world = database.world()?;
    for round in 0..ROUNDS {
        let scene = scene(&world, round).await?;
        let issued = storm(&world, &scene, &scene.exchange()).await?;
        let [tokens] = &issued[..] else {
            panic!("{} were issued", issued.len())
        };
        assert!(!is_alive(&world, tokens).await?);
    }
    Ok(())
}

async fn a_refresh_token_that_is_used_twice_at_once_gives_nothing(
    database: &TestDatabase,
) -> Outcome {
    let world = database.world()?;
    for round in 0..ROUNDS {
        let scene = scene(&world, round).await?;
        let first = scene.token(&world, scene.exchange()).await?.unwrap();
        let refresh_token = first.refresh_token.as_ref().unwrap().reveal().to_owned();
        let request = TokenRequest::Refresh {
            refresh_token,
            scope: None,
        };
        let issued = storm(&world, &scene, &request).await?;
        assert_eq!(issued.len(), 1);
        for tokens in issued.iter().chain([&first]) {
            assert!(!is_alive(&world, tokens).await?);
        }
    }
    Ok(())
}

async fn exchanging_meets_the_end_of_the_client(database: &TestDatabase) -> Outcome {
    let world = database.world()?;
    for round in 0..ROUNDS {
        let scene = scene(&world, round).await?;
        let id = scene.client.view.client.id;
        let (issued, deleted) = tokio::join!(
            scene.token(&world, scene.exchange()),
            world
                .oauth_clients
                .delete(scene.root.caller, None, id, None),
        );
        deleted?;
        if let Ok(tokens) = issued? {
            assert!(!is_alive(&world, &tokens).await?);
        }
    }
    Ok(())
}

async fn exchanging_meets_the_end_of_the_user(database: &TestDatabase) -> Outcome {
    let world = database.world()?;
    for round in 0..ROUNDS {
        let scene = scene(&world, round).await?;
        let (issued, ended) = tokio::join!(
            scene.token(&world, scene.exchange()),
            world
                .users
                .deactivate(scene.root.caller, scene.ann.user.id, None),
        );
        ended?;
        world
            .users
            .activate(scene.root.caller, scene.ann.user.id, None)
            .await?;
        if let Ok(tokens) = issued? {
            assert!(!is_alive(&world, &tokens).await?);
        }
    }
    Ok(())
}

async fn exchanging_meets_the_end_of_the_membership(database: &TestDatabase) -> Outcome {
    let world = database.world()?;
    for round in 0..ROUNDS {
        let scene = scene(&world, round).await?;
        let (acme, ann) = (&scene.acme, &scene.ann);
        let (issued, removed) = tokio::join!(
            scene.token(&world, scene.exchange()),
            world
                .memberships
                .remove(scene.root.caller, acme.id, ann.user.id, None),
        );
        removed?;
        // Nor does it come to life when they join again.
        world.join(acme, ann, &[Role::Viewer]).await?;
        if let Ok(tokens) = issued? {
            assert!(!is_alive(&world, &tokens).await?);
        }
    }
    Ok(())
}

async fn a_robot_meets_the_end_of_its_organization(database: &TestDatabase) -> Outcome {
    let world = database.world()?;
    for round in 0..ROUNDS {
        let Scene { root, acme, .. } = scene(&world, round).await?;
        let robot = app(ClientKind::Confidential, &[GrantType::ClientCredentials]);
        let robot = world
            .oauth_clients
            .create(root.caller, Some(acme.id), robot)
            .await?;
        let request = TokenRequest::ClientCredentials { scope: None };
        let (issued, closed) = tokio::join!(
            world
                .authorization
                .token(Origin::default(), presented(&robot), request),
            world.organizations.delete(root.caller, acme.id, None),
        );
        closed?;
        // Nor does it come to life with the organization.
        world
            .organizations
            .restore(root.caller, acme.id, None)
            .await?;
        if let Ok(tokens) = issued? {
            assert!(!is_alive(&world, &tokens).await?);
        }
    }
    Ok(())
}

async fn a_device_that_polls_twice_at_once_gets_tokens_once(database: &TestDatabase) -> Outcome {
    let world = database.world()?;
    for round in 0..ROUNDS {
        let scene = scene(&world, round).await?;
        let service = &world.authorization;
        let begun = service.authorize_device(
            Origin::default(),
            presented(&scene.client),
            None,
            Audience::Anywhere,
        );
        let device = begun.await?.unwrap();
        let code = device.user_code.show();
        assert!(service.answer_device(scene.browser, code, true).await?);
        let device_code = device.device_code.reveal().to_owned();
        let request = TokenRequest::Device { device_code };
        let issued = storm(&world, &scene, &request).await?;
        let [tokens] = &issued[..] else {
            panic!("{} were issued", issued.len())
        };
        assert!(is_alive(&world, tokens).await?);
    }
    Ok(())
}
