#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::too_many_lines,
    reason = "tests: what is not there fails them"
)]
use std::sync::Arc;

use rollbook_domain::access::{Caller, Credential, Origin};
use rollbook_domain::error::Kind;
use rollbook_domain::id::{ClientId, OrganizationId, TokenId};
use rollbook_domain::mock::{Account, FlakyStore, World};
use rollbook_domain::oauth::{
    ACCESS_TOKEN_LIFETIME, Answer, CODE_LIFETIME, CONSENT_MEMORY, ClientKind, OAuthClient,
    ProblemKind, REFRESH_TOKEN_LIFETIME, Scope, Scopes,
};
use rollbook_domain::organization::Organization;
use rollbook_domain::page::Window;
use rollbook_domain::port::{IdSource, Tx};
use rollbook_domain::role::Role;
use rollbook_domain::secret::Secret;
use rollbook_domain::service::oauth::{
    Audience, AuthorizationRequest, Authorized, IssuedClient, IssuedTokens, Presented,
    RotateSecret, TokenRequest,
};
use rollbook_domain::service::organization::UpdateOrganization;
use rollbook_domain::service::user::DeleteUser;
use rollbook_domain::service::{
    Authorization, Memberships, OAuthClients, Organizations, Sessions, Tokens, Users,
};
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::token::Token;
use rollbook_domain::value::OrganizationName;
use rollbook_domain::{Error, Refusal, Result};

use super::oauth_client::{CALLBACK, command, robot};
use super::{assert_denied, assert_error, assert_refused};

/// A verifier and what is made of it.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Signs in with a browser.
pub(crate) async fn sign_in(world: &World, account: &Account) -> Result<Caller> {
    let credential = account.caller.credential;
    let signed_in = world
        .sessions
        .sign_in(Origin::default(), credential)
        .await?;
    Ok(Credential::session(signed_in.session.secret.reveal()).into())
}

/// The secret of a confidential client, as it says it.
pub(crate) fn secret_of(issued: &IssuedClient) -> String {
    issued.secret.as_ref().unwrap().reveal().to_owned()
}

/// Who a client says it is.
pub(crate) fn presented(issued: &IssuedClient) -> Presented {
    Presented {
        id: Some(issued.view.client.id.to_string()),
        secret: issued.secret.as_ref().map(|it| it.reveal().to_owned()),
    }
}

/// A request that makes sense.
pub(crate) fn request(client: &OAuthClient) -> AuthorizationRequest {
    AuthorizationRequest {
        client_id: Some(client.id.to_string()),
        redirect_uri: Some(CALLBACK.to_owned()),
        response_type: Some("code".to_owned()),
        state: Some("xyz".to_owned()),
        code_challenge: Some(CHALLENGE.to_owned()),
        code_challenge_method: Some("S256".to_owned()),
        nonce: Some("n-0S6".to_owned()),
        ..AuthorizationRequest::default()
    }
}

/// Says yes to a client that asks for these scopes; answers the code.
pub(crate) async fn allow(
    world: &World,
    browser: Caller,
    client: &OAuthClient,
    scope: Option<&str>,
) -> Result<Secret> {
    let request = AuthorizationRequest {
        scope: scope.map(str::to_owned),
        ..request(client)
    };
    say_yes(world, browser, request).await
}

/// Says yes to a request; answers the code.
pub(crate) async fn say_yes(
    world: &World,
    browser: Caller,
    request: AuthorizationRequest,
) -> Result<Secret> {
    match world
        .authorization
        .authorize(browser, request, Some(true))
        .await?
    {
        Authorized::Return {
            outcome: Ok(code), ..
        } => Ok(code),
        other => panic!("{other:?}"),
    }
}

async fn token(
    world: &World,
    client: Presented,
    request: TokenRequest,
) -> Result<Answer<IssuedTokens>> {
    world
        .authorization
        .token(Origin::default(), client, request)
        .await
}

fn of_code(code: &Secret) -> TokenRequest {
    TokenRequest::Code {
        code: code.reveal().to_owned(),
        redirect_uri: Some(CALLBACK.to_owned()),
        verifier: Some(VERIFIER.to_owned()),
    }
}

/// Exchanges a code.
pub(crate) async fn redeem(
    world: &World,
    client: &IssuedClient,
    code: &Secret,
) -> Result<Answer<IssuedTokens>> {
    token(world, presented(client), of_code(code)).await
}

async fn refresh(
    world: &World,
    client: &IssuedClient,
    tokens: &IssuedTokens,
) -> Result<Answer<IssuedTokens>> {
    let request = TokenRequest::Refresh {
        refresh_token: tokens.refresh_token.as_ref().unwrap().reveal().to_owned(),
        scope: None,
    };
    token(world, presented(client), request).await
}

/// Lets a client act for itself.
pub(crate) async fn by_itself(
    world: &World,
    id: ClientId,
    secret: &str,
) -> Result<Answer<IssuedTokens>> {
    let client = Presented {
        id: Some(id.to_string()),
        secret: Some(secret.to_owned()),
    };
    let request = TokenRequest::ClientCredentials { scope: None };
    token(world, client, request).await
}

/// Whoever has an access token.
pub(crate) fn bearer(token: &Secret) -> Caller {
    Caller::bearer(token.reveal())
}

/// Whether an access token opens the organization.
pub(crate) async fn is_alive(world: &World, token: &Secret, at: &Organization) -> Result<bool> {
    match world.organizations.get(bearer(token), at.id).await {
        Ok(_) => Ok(true),
        Err(Error::Unauthenticated(_) | Error::Denied { .. }) => Ok(false),
        Err(other) => Err(other),
    }
}

fn kind_of<T: std::fmt::Debug>(answer: &Answer<T>) -> Option<ProblemKind> {
    answer.as_ref().err().map(|problem| problem.kind)
}

/// A confidential client of the installation, and what it was given by a user who owns an
/// organization.
pub(crate) struct Given {
    pub(crate) ann: Account,
    pub(crate) browser: Caller,
    pub(crate) acme: Organization,
    pub(crate) web: IssuedClient,
    pub(crate) tokens: IssuedTokens,
}

pub(crate) async fn given(world: &World) -> Result<Given> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let root = world.sign_up_superuser("root").await?;
    let wanted = command(ClientKind::Confidential);
    let web = world
        .oauth_clients
        .create(root.caller, None, wanted)
        .await?;
    let browser = sign_in(world, &ann).await?;
    let code = allow(world, browser, &web.view.client, None).await?;
    let tokens = redeem(world, &web, &code).await?.unwrap();
    Ok(Given {
        ann,
        browser,
        acme,
        web,
        tokens,
    })
}

pub(crate) async fn a_code_becomes_tokens(world: World) -> Result<()> {
    let Given {
        ann,
        acme,
        web,
        tokens,
        ..
    } = given(&world).await?;
    assert!(tokens.access_token.reveal().starts_with("rbk_oat_"));
    assert_eq!(tokens.expires_in, ACCESS_TOKEN_LIFETIME);
    assert_eq!(tokens.scopes, Scopes::of(&Scope::ALL));
    assert_eq!(tokens.organization_id, None);
    let id_token = tokens.id_token.as_ref().unwrap();
    for part in [
        &format!("issuer: {:?}", World::ISSUER),
        &format!("subject: \"{}\"", ann.user.id),
        &format!("audience: \"{}\"", web.view.client.id),
        "nonce: Some(\"n-0S6\")",
        "name: Some(\"ann\")",
        "email: Some((\"ann@example.com\", true))",
    ] {
        assert!(id_token.contains(part), "{part}: {id_token}");
    }
    // It is the user, and not among the user's own tokens.
    let caller = bearer(&tokens.access_token);
    assert_eq!(world.users.me(caller).await?, ann.user);
    assert!(is_alive(&world, &tokens.access_token, &acme).await?);
    let own = world
        .tokens
        .list(ann.caller, Window::first(10).counted())
        .await?;
    assert_eq!((own.items, own.total), (vec![ann.token], Some(1)));
    world
        .clock
        .advance(Span::from_millis(ACCESS_TOKEN_LIFETIME.millis() - 1));
    assert!(is_alive(&world, &tokens.access_token, &acme).await?);
    world.clock.advance(Span::from_millis(1));
    assert!(!is_alive(&world, &tokens.access_token, &acme).await?);
    Ok(())
}

/// RFC 6749 §4.1.2 and RFC 9700 §4.5: whoever comes second, and whoever came first, have nothing.
pub(crate) async fn a_code_works_once(world: World) -> Result<()> {
    let Given {
        browser, acme, web, ..
    } = given(&world).await?;
    let code = allow(&world, browser, &web.view.client, None).await?;
    let tokens = redeem(&world, &web, &code).await?.unwrap();
    assert!(is_alive(&world, &tokens.access_token, &acme).await?);
    let again = redeem(&world, &web, &code).await?;
    assert_eq!(kind_of(&again), Some(ProblemKind::InvalidGrant));
    assert!(!is_alive(&world, &tokens.access_token, &acme).await?);
    let refreshed = refresh(&world, &web, &tokens).await?;
    assert_eq!(kind_of(&refreshed), Some(ProblemKind::InvalidGrant));
    Ok(())
}

pub(crate) async fn a_code_is_for_who_asked(world: World) -> Result<()> {
    let Given { browser, web, .. } = given(&world).await?;
    let root = world.sign_up_superuser("root2").await?;
    let wanted = command(ClientKind::Confidential);
    let other = world
        .oauth_clients
        .create(root.caller, None, wanted)
        .await?;
    let code = allow(&world, browser, &web.view.client, None).await?;
    let wrong = |redirect_uri: Option<&str>, verifier: Option<&str>| TokenRequest::Code {
        code: code.reveal().to_owned(),
        redirect_uri: redirect_uri.map(str::to_owned),
        verifier: verifier.map(str::to_owned),
    };
    let short = &VERIFIER[1..];
    for (client, request) in [
        (&other, of_code(&code)),
        (&web, wrong(None, Some(VERIFIER))),
        (
            &web,
            wrong(Some("https://app.example/other"), Some(VERIFIER)),
        ),
        (&web, wrong(Some(CALLBACK), None)),
        (&web, wrong(Some(CALLBACK), Some(CHALLENGE))),
        (&web, wrong(Some(CALLBACK), Some(short))),
        (&web, of_code(&Secret::authorization_code(&[9; 32]))),
        (&web, of_code(&Secret::refresh_token(&[9; 32]))),
    ] {
        let answer = token(&world, presented(client), request.clone()).await?;
        assert_eq!(
            kind_of(&answer),
            Some(ProblemKind::InvalidGrant),
            "{request:?}"
        );
    }
    // None of them has used it up.
    assert!(redeem(&world, &web, &code).await?.is_ok());
    Ok(())
}

pub(crate) async fn a_code_works_a_minute(world: World) -> Result<()> {
    let Given { browser, web, .. } = given(&world).await?;
    let [one, other] = [
        allow(&world, browser, &web.view.client, None).await?,
        allow(&world, browser, &web.view.client, None).await?,
    ];
    world
        .clock
        .advance(Span::from_millis(CODE_LIFETIME.millis() - 1));
    assert!(redeem(&world, &web, &one).await?.is_ok());
    world.clock.advance(Span::from_millis(1));
    let late = redeem(&world, &web, &other).await?;
    assert_eq!(kind_of(&late), Some(ProblemKind::InvalidGrant));
    Ok(())
}

pub(crate) async fn a_refresh_token_is_exchanged_for_another(world: World) -> Result<()> {
    let Given {
        ann,
        acme,
        web,
        tokens,
        browser,
    } = given(&world).await?;
    let second = refresh(&world, &web, &tokens).await?.unwrap();
    assert_ne!(second.refresh_token, tokens.refresh_token);
    assert_ne!(second.access_token, tokens.access_token);
    for tokens in [&tokens, &second] {
        assert!(is_alive(&world, &tokens.access_token, &acme).await?);
    }
    let id_token = second.id_token.as_ref().unwrap();
    assert!(id_token.contains("nonce: None"), "{id_token}");
    // Less is possible, and more is not.
    let narrow = |scope: &str, from: &IssuedTokens| TokenRequest::Refresh {
        refresh_token: from.refresh_token.as_ref().unwrap().reveal().to_owned(),
        scope: Some(scope.to_owned()),
    };
    let less = token(&world, presented(&web), narrow("rollbook:read", &second))
        .await?
        .unwrap();
    assert_eq!(less.scopes, Scopes::of(&[Scope::RollbookRead]));
    assert_eq!(less.id_token, None);
    let all = refresh(&world, &web, &less).await?.unwrap();
    assert_eq!(
        all.scopes,
        Scopes::of(&Scope::ALL),
        "the grant is as wide as ever"
    );
    for scope in ["admin", ""] {
        let answer = token(&world, presented(&web), narrow(scope, &all)).await?;
        assert_eq!(kind_of(&answer), Some(ProblemKind::InvalidScope), "{scope}");
    }
    // Without the scope there is no going on.
    let code = allow(&world, browser, &web.view.client, Some("rollbook")).await?;
    let brief = redeem(&world, &web, &code).await?.unwrap();
    assert_eq!(brief.refresh_token, None);
    assert_eq!(brief.id_token, None);
    assert_eq!(world.users.me(bearer(&brief.access_token)).await?, ann.user);
    Ok(())
}

/// RFC 9700 §4.14.2. No grace for an answer that was lost: nobody could tell it from a theft.
pub(crate) async fn a_stolen_refresh_token_ends_the_family(world: World) -> Result<()> {
    let Given {
        ann,
        acme,
        web,
        tokens,
        browser,
    } = given(&world).await?;
    let other = allow(&world, browser, &web.view.client, None).await?;
    let other = redeem(&world, &web, &other).await?.unwrap();
    let second = refresh(&world, &web, &tokens).await?.unwrap();
    let stolen = refresh(&world, &web, &tokens).await?;
    assert_eq!(kind_of(&stolen), Some(ProblemKind::InvalidGrant));
    for dead in [&tokens, &second] {
        assert!(!is_alive(&world, &dead.access_token, &acme).await?);
        let answer = refresh(&world, &web, dead).await?;
        assert_eq!(kind_of(&answer), Some(ProblemKind::InvalidGrant));
    }
    // What was allowed another time is another family.
    assert!(is_alive(&world, &other.access_token, &acme).await?);
    assert!(refresh(&world, &web, &other).await?.is_ok());
    let log = super::profile::log_of(&world, ann.user.id).await?;
    let ends = log.iter().filter(|it| it.0 == "grant.revoked");
    assert_eq!(ends.count(), 1);
    Ok(())
}

pub(crate) async fn a_refresh_token_lasts_as_long_as_it_is_used(world: World) -> Result<()> {
    let Given {
        web, mut tokens, ..
    } = given(&world).await?;
    for _ in 0..3 {
        world
            .clock
            .advance(Span::from_millis(REFRESH_TOKEN_LIFETIME.millis() - 1));
        tokens = refresh(&world, &web, &tokens).await?.unwrap();
    }
    world.clock.advance(REFRESH_TOKEN_LIFETIME);
    let late = refresh(&world, &web, &tokens).await?;
    assert_eq!(kind_of(&late), Some(ProblemKind::InvalidGrant));
    Ok(())
}

fn rename() -> UpdateOrganization {
    UpdateOrganization {
        name: Some(OrganizationName::from_stored("Acme 2".to_owned())),
        ..UpdateOrganization::default()
    }
}

pub(crate) async fn scopes_are_what_a_token_may(world: World) -> Result<()> {
    let Given {
        ann,
        acme,
        web,
        browser,
        ..
    } = given(&world).await?;
    let with = async |scope| {
        let code = allow(&world, browser, &web.view.client, Some(scope)).await?;
        let tokens = redeem(&world, &web, &code).await?.unwrap();
        Ok::<_, Error>(bearer(&tokens.access_token))
    };
    let [all, look, who] = [
        with("rollbook").await?,
        with("rollbook:read").await?,
        with("openid email").await?,
    ];
    let get = |who| world.organizations.get(who, acme.id);
    let update = |who| world.organizations.update(who, acme.id, rename());
    get(all).await?;
    get(look).await?;
    update(all).await?;
    let lacking = |scope| Refusal::InsufficientScope { scope };
    assert_refused!(update(look).await, lacking("rollbook"));
    assert_refused!(get(who).await, lacking("rollbook:read"));
    assert_refused!(update(who).await, lacking("rollbook"));
    assert_eq!(world.users.me(look).await?, ann.user);
    assert_refused!(world.users.me(who).await, lacking("rollbook:read"));
    let found = world
        .organizations
        .create(look, world.command("Globex"))
        .await;
    assert_refused!(found, lacking("rollbook"));
    Ok(())
}

pub(crate) async fn a_client_acts_for_itself(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let [acme, globex] = [
        world.create(&ann, "Acme").await?.organization,
        world.create(&ann, "Globex").await?.organization,
    ];
    let here = Some(acme.id);
    let made = world
        .oauth_clients
        .create(ann.caller, here, robot(&[Role::Viewer]))
        .await?;
    let tokens = token(
        &world,
        presented(&made),
        TokenRequest::ClientCredentials { scope: None },
    );
    let tokens = tokens.await?.unwrap();
    assert_eq!(tokens.scopes, Scopes::WITHOUT_USER);
    assert_eq!(tokens.organization_id, here);
    assert_eq!((tokens.refresh_token, tokens.id_token), (None, None));
    let caller = bearer(&tokens.access_token);
    world.organizations.get(caller, acme.id).await?;
    let outcome = world.organizations.update(caller, acme.id, rename()).await;
    assert_denied!(outcome, Use(UpdateOrganization), visible: true);
    assert!(!is_alive(&world, &tokens.access_token, &globex).await?);
    for (scope, expected) in [
        ("rollbook:read", None),
        ("openid", Some(ProblemKind::InvalidScope)),
        ("offline_access rollbook", Some(ProblemKind::InvalidScope)),
    ] {
        let request = TokenRequest::ClientCredentials {
            scope: Some(scope.to_owned()),
        };
        let answer = token(&world, presented(&made), request).await?;
        assert_eq!(kind_of(&answer), expected, "{scope}");
    }
    // It is registered for nothing else.
    let answer = token(
        &world,
        presented(&made),
        of_code(&Secret::authorization_code(&[1; 32])),
    );
    assert_eq!(
        kind_of(&answer.await?),
        Some(ProblemKind::UnauthorizedClient)
    );
    // An organization that is gone has no clients.
    world
        .organizations
        .delete(ann.caller, acme.id, None)
        .await?;
    let answer = by_itself(&world, made.view.client.id, &secret_of(&made)).await?;
    assert_eq!(kind_of(&answer), Some(ProblemKind::InvalidClient));
    Ok(())
}

/// As with the keys of service accounts.
pub(crate) async fn a_client_may_no_more_than_who_made_its_secret(world: World) -> Result<()> {
    let [ann, bob] = [world.sign_up("ann").await?, world.sign_up("bob").await?];
    let acme = world.create(&ann, "Acme").await?.organization;
    world.join(&acme, &bob, &[Role::Admin]).await?;
    let here = Some(acme.id);
    let made = world
        .oauth_clients
        .create(bob.caller, here, robot(&[Role::Admin]))
        .await?;
    let id = made.view.client.id;
    let tokens = by_itself(&world, id, &secret_of(&made)).await?.unwrap();
    assert!(is_alive(&world, &tokens.access_token, &acme).await?);
    world
        .memberships
        .remove(ann.caller, acme.id, bob.user.id, None)
        .await?;
    assert!(!is_alive(&world, &tokens.access_token, &acme).await?);
    // Somebody else takes it over.
    let turned = world
        .oauth_clients
        .rotate_secret(ann.caller, here, id, RotateSecret::default());
    let tokens = by_itself(&world, id, &secret_of(&turned.await?))
        .await?
        .unwrap();
    assert!(is_alive(&world, &tokens.access_token, &acme).await?);
    Ok(())
}

pub(crate) async fn clients_prove_who_they_are(world: World) -> Result<()> {
    let Given { web, browser, .. } = given(&world).await?;
    let root = world.sign_up_superuser("root2").await?;
    let public = world
        .oauth_clients
        .create(root.caller, None, command(ClientKind::Public));
    let public = public.await?;
    let code = allow(&world, browser, &public.view.client, None).await?;
    let own = presented(&web);
    let with = |id: &str, secret: Option<&str>| Presented {
        id: Some(id.to_owned()),
        secret: secret.map(str::to_owned),
    };
    let (id, secret) = (own.id.unwrap(), own.secret.unwrap());
    let public_id = public.view.client.id.to_string();
    let strange = Secret::client_secret(&[3; 32]);
    for client in [
        Presented::default(),
        with(&id, None),
        with(&id, Some("")),
        with(&id, Some("secret")),
        with(&id, Some(strange.reveal())),
        with(&id.to_uppercase(), Some(&secret)),
        with(&public_id, Some(&secret)),
        with(&root.user.id.to_string(), Some(&secret)),
        with("", Some(&secret)),
    ] {
        let answer = token(&world, client.clone(), of_code(&code)).await?;
        assert_eq!(
            kind_of(&answer),
            Some(ProblemKind::InvalidClient),
            "{client:?}"
        );
        let answer = world
            .authorization
            .introspect(client.clone(), "x".to_owned())
            .await?;
        assert_eq!(
            kind_of(&answer),
            Some(ProblemKind::InvalidClient),
            "{client:?}"
        );
        let answer = world
            .authorization
            .revoke(Origin::default(), client, "x".to_owned());
        assert_eq!(kind_of(&answer.await?), Some(ProblemKind::InvalidClient));
    }
    assert!(redeem(&world, &public, &code).await?.is_ok());
    Ok(())
}

async fn revoke(world: &World, client: &IssuedClient, token: &Secret) -> Result<Answer<()>> {
    let token = token.reveal().to_owned();
    let client = presented(client);
    world
        .authorization
        .revoke(Origin::default(), client, token)
        .await
}

pub(crate) async fn revoking_ends_what_hangs_on_it(world: World) -> Result<()> {
    let Given {
        ann,
        acme,
        web,
        tokens,
        browser,
    } = given(&world).await?;
    let root = world.sign_up_superuser("root2").await?;
    let other = world
        .oauth_clients
        .create(root.caller, None, command(ClientKind::Public))
        .await?;
    let refresh_token = tokens.refresh_token.clone().unwrap();
    for stolen in [&tokens.access_token, &refresh_token] {
        let answer = revoke(&world, &other, stolen).await?;
        assert_eq!(kind_of(&answer), Some(ProblemKind::InvalidGrant));
    }
    // What is unknown is as good as revoked; what is no client's is not revoked here.
    assert!(
        revoke(&world, &web, &Secret::refresh_token(&[5; 32]))
            .await?
            .is_ok()
    );
    assert!(
        revoke(&world, &web, &Secret::access_token(&[5; 32]))
            .await?
            .is_ok()
    );
    let answer = revoke(&world, &web, &ann.secret).await?;
    assert_eq!(kind_of(&answer), Some(ProblemKind::UnsupportedTokenType));
    assert!(is_alive(&world, &ann.secret, &acme).await?);
    // The access token alone.
    assert!(revoke(&world, &web, &tokens.access_token).await?.is_ok());
    assert!(!is_alive(&world, &tokens.access_token, &acme).await?);
    let second = refresh(&world, &web, &tokens).await?.unwrap();
    // All of it.
    let refresh_token = second.refresh_token.clone().unwrap();
    assert!(revoke(&world, &web, &refresh_token).await?.is_ok());
    assert!(revoke(&world, &web, &refresh_token).await?.is_ok());
    assert!(!is_alive(&world, &second.access_token, &acme).await?);
    let answer = refresh(&world, &web, &second).await?;
    assert_eq!(kind_of(&answer), Some(ProblemKind::InvalidGrant));
    // And it is asked again.
    let asked = world
        .authorization
        .authorize(browser, request(&web.view.client), None);
    assert!(matches!(asked.await?, Authorized::Ask(_)));
    Ok(())
}

pub(crate) async fn grants_end_with_their_users(world: World) -> Result<()> {
    let Given { ann, acme, web, .. } = given(&world).await?;
    let root = world.sign_up_superuser("root2").await?;
    let [bob, cat, dan] = [
        world.sign_up("bob").await?,
        world.sign_up("cat").await?,
        world.sign_up("dan").await?,
    ];
    for member in [&bob, &cat, &dan] {
        world.join(&acme, member, &[Role::Viewer]).await?;
    }
    let give = async |account: &Account, organization: Option<OrganizationId>| {
        let browser = sign_in(&world, account).await?;
        let audience = organization.map_or(Audience::Anywhere, Audience::Organization);
        let request = AuthorizationRequest {
            audience,
            ..request(&web.view.client)
        };
        let code = say_yes(&world, browser, request).await?;
        Ok::<_, Error>(redeem(&world, &web, &code).await?.unwrap())
    };
    let is_dead = async |tokens: &IssuedTokens| {
        let refreshed = refresh(&world, &web, tokens).await?;
        let alive = is_alive(&world, &tokens.access_token, &acme).await?;
        assert_eq!(alive, refreshed.is_ok());
        Ok::<_, Error>(!alive)
    };
    let bobs = give(&bob, None).await?;
    world
        .users
        .deactivate(root.caller, bob.user.id, None)
        .await?;
    world.users.activate(root.caller, bob.user.id, None).await?;
    assert!(is_dead(&bobs).await?, "coming back does not revive it");

    let cats = give(&cat, None).await?;
    world
        .users
        .delete(root.caller, cat.user.id, DeleteUser::default())
        .await?;
    assert!(is_dead(&cats).await?);

    let (bound, wide) = (give(&dan, Some(acme.id)).await?, give(&dan, None).await?);
    world
        .memberships
        .remove(ann.caller, acme.id, dan.user.id, None)
        .await?;
    world.join(&acme, &dan, &[Role::Viewer]).await?;
    assert!(is_dead(&bound).await?, "joining again does not revive it");
    assert!(is_alive(&world, &wide.access_token, &acme).await?);

    let anns = give(&ann, Some(acme.id)).await?;
    assert_eq!(anns.organization_id, Some(acme.id));
    world
        .organizations
        .delete(ann.caller, acme.id, None)
        .await?;
    world
        .organizations
        .restore(ann.caller, acme.id, None)
        .await?;
    assert!(is_dead(&anns).await?);
    Ok(())
}

pub(crate) async fn users_see_and_end_what_they_allowed(world: World) -> Result<()> {
    let Given {
        ann,
        acme,
        web,
        tokens,
        ..
    } = given(&world).await?;
    let bob = world.sign_up("bob").await?;
    let service = &world.authorization;
    let mine = service
        .list_grants(ann.caller, Window::first(10).counted())
        .await?;
    let [view] = &mine.items[..] else {
        panic!("{mine:?}")
    };
    assert_eq!((view.client.id, mine.total), (web.view.client.id, Some(1)));
    assert_eq!(view.grant.scopes, Scopes::of(&Scope::ALL));
    let id = view.grant.id;
    assert!(
        service
            .list_grants(bob.caller, Window::first(10))
            .await?
            .items
            .is_empty()
    );
    let outcome = service.revoke_grant(bob.caller, id).await;
    assert_error!(outcome, Error::NotFound(Kind::Grant));
    service.revoke_grant(ann.caller, id).await?;
    assert!(!is_alive(&world, &tokens.access_token, &acme).await?);
    assert!(
        service
            .list_grants(ann.caller, Window::first(10))
            .await?
            .items
            .is_empty()
    );
    let outcome = service.revoke_grant(ann.caller, id).await;
    assert_error!(outcome, Error::NotFound(Kind::Grant));
    Ok(())
}

/// Each visit writes a grant of its own. One that was left would let the client in again.
pub(crate) async fn who_ends_what_they_allowed_is_asked_again(world: World) -> Result<()> {
    let Given {
        ann,
        browser,
        acme,
        web,
        tokens,
    } = given(&world).await?;
    let asks = async || {
        let asked = world
            .authorization
            .authorize(browser, request(&web.view.client), None);
        Ok::<_, Error>(matches!(asked.await?, Authorized::Ask(_)))
    };
    assert!(!asks().await?, "and has written another one");
    let code = allow(
        &world,
        browser,
        &web.view.client,
        Some("rollbook offline_access"),
    )
    .await?;
    let again = redeem(&world, &web, &code).await?.unwrap();
    let unused = allow(&world, browser, &web.view.client, None).await?;
    let at = AuthorizationRequest {
        audience: Audience::Organization(acme.id),
        ..request(&web.view.client)
    };
    let code = say_yes(&world, browser, at).await?;
    let bound = redeem(&world, &web, &code).await?.unwrap();
    let bob = world.sign_up("bob").await?;
    let bobs = sign_in(&world, &bob).await?;
    let code = allow(&world, bobs, &web.view.client, None).await?;
    let bobs = redeem(&world, &web, &code).await?.unwrap();
    let mine = async || {
        let page = world
            .authorization
            .list_grants(ann.caller, Window::first(10));
        Ok::<_, Error>(page.await?.items)
    };
    let all = mine().await?;
    assert_eq!(all.len(), 5);
    let (user, client) = (ann.user.id, web.view.client.id);
    let allowed = world
        .store
        .read_one(move |tx| tx.oauth_grants().allowed(user, client, None));
    assert_eq!(allowed.await?.len(), 2, "what was allowed, not how often");
    let last_wide = all.iter().rfind(|it| it.grant.organization_id.is_none());
    let id = last_wide.unwrap().grant.id;
    world.authorization.revoke_grant(ann.caller, id).await?;
    for dead in [&tokens, &again] {
        assert!(!is_alive(&world, &dead.access_token, &acme).await?);
        let refreshed = refresh(&world, &web, dead).await?;
        assert_eq!(kind_of(&refreshed), Some(ProblemKind::InvalidGrant));
    }
    let late = redeem(&world, &web, &unused).await?;
    assert_eq!(kind_of(&late), Some(ProblemKind::InvalidGrant));
    // What was allowed for one organization, and by others, was something else.
    assert!(is_alive(&world, &bound.access_token, &acme).await?);
    assert!(world.users.me(bearer(&bobs.access_token)).await.is_ok());
    let left = mine().await?;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].grant.organization_id, Some(acme.id));
    assert!(asks().await?);
    let log = super::profile::log_of(&world, ann.user.id).await?;
    let (act, changes) = log.last().unwrap();
    assert_eq!(act, "grant.revoked");
    assert!(changes.contains(r#""after":"4""#), "{changes}");
    Ok(())
}

/// No use case issues a token under a grant that has ended; if one ever did, ending it again would
/// reach the token, over every store.
pub(crate) async fn an_end_reaches_what_hangs_on_earlier_ends(world: World) -> Result<()> {
    let Given { ann, tokens, .. } = given(&world).await?;
    let caller = bearer(&tokens.access_token);
    let page = world
        .authorization
        .list_grants(ann.caller, Window::first(1))
        .await?;
    let (grant, user, now) = (page.items[0].grant.id, ann.user.id, world.now());
    let late = Secret::access_token(&[9; 32]);
    let (digest, id) = (late.digest(), world.ids.next(now));
    let work = move |tx: &mut dyn Tx| {
        let Credential::Token(issued) = caller.credential else {
            panic!("{caller:?}")
        };
        let issued = tx.access().authenticate(&issued)?.unwrap().token;
        let revoked = tx.oauth_grants().revoke(grant, now)?;
        let token = Token {
            id: TokenId::new(id),
            ..issued
        };
        tx.tokens().add(&token, &digest)?;
        Ok((revoked, tx.oauth_grants().revoke_of_user(user, now)?))
    };
    assert_eq!(world.store.write(work).await?, (true, 0));
    let outcome = world.users.me(bearer(&late)).await;
    assert_error!(outcome, Error::Unauthenticated(_));
    Ok(())
}

pub(crate) async fn introspection_tells_whom_it_concerns(world: World) -> Result<()> {
    let Given {
        ann,
        acme,
        web,
        tokens,
        browser,
    } = given(&world).await?;
    let here = Some(acme.id);
    let guard = world
        .oauth_clients
        .create(ann.caller, here, robot(&[]))
        .await?;
    let public = world
        .oauth_clients
        .create(ann.caller, here, command(ClientKind::Public))
        .await?;
    let look = async |client: &IssuedClient, token: &Secret| {
        let token = token.reveal().to_owned();
        world
            .authorization
            .introspect(presented(client), token)
            .await
    };
    let refresh_token = tokens.refresh_token.clone().unwrap();
    let found = look(&web, &tokens.access_token).await?.unwrap().unwrap();
    assert_eq!(
        (found.client_id, &found.user),
        (web.view.client.id, &ann.user)
    );
    assert_eq!(found.expires_at, world.now().plus(ACCESS_TOKEN_LIFETIME));
    assert!(
        look(&web, &refresh_token)
            .await?
            .unwrap()
            .unwrap()
            .is_refresh_token
    );
    // One of an organization is told of what works there only.
    assert_eq!(look(&guard, &tokens.access_token).await?, Ok(None));
    let audience = Audience::Organization(acme.id);
    let code = say_yes(
        &world,
        browser,
        AuthorizationRequest {
            audience,
            ..request(&web.view.client)
        },
    );
    let bound = redeem(&world, &web, &code.await?).await?.unwrap();
    assert!(look(&guard, &bound.access_token).await?.unwrap().is_some());
    assert_eq!(
        look(&guard, &bound.refresh_token.clone().unwrap()).await?,
        Ok(None)
    );
    // Nothing is told of what is no client's, nor to whoever proves nothing.
    assert_eq!(look(&web, &ann.secret).await?, Ok(None));
    assert_eq!(look(&web, &Secret::access_token(&[4; 32])).await?, Ok(None));
    let answer = look(&public, &tokens.access_token).await?;
    assert_eq!(kind_of(&answer), Some(ProblemKind::UnauthorizedClient));
    // What is over is over.
    let second = refresh(&world, &web, &tokens).await?.unwrap();
    assert_eq!(look(&web, &refresh_token).await?, Ok(None), "it was used");
    revoke(&world, &web, &second.refresh_token.unwrap())
        .await?
        .unwrap();
    assert_eq!(look(&web, &second.access_token).await?, Ok(None));
    world.clock.advance(ACCESS_TOKEN_LIFETIME);
    assert_eq!(look(&web, &bound.access_token).await?, Ok(None));
    Ok(())
}

pub(crate) async fn who_the_user_is_is_told(world: World) -> Result<()> {
    let Given {
        ann,
        web,
        tokens,
        browser,
        ..
    } = given(&world).await?;
    let info = world
        .authorization
        .user_info(bearer(&tokens.access_token))
        .await?;
    assert_eq!(
        (info.user, info.scopes),
        (ann.user, Scopes::of(&Scope::ALL))
    );
    let code = allow(&world, browser, &web.view.client, Some("rollbook")).await?;
    let other = redeem(&world, &web, &code).await?.unwrap();
    for caller in [bearer(&other.access_token), ann.caller] {
        let outcome = world.authorization.user_info(caller).await;
        assert_refused!(outcome, Refusal::InsufficientScope { scope: "openid" });
    }
    let outcome = world
        .authorization
        .user_info(Credential::Nobody.into())
        .await;
    assert_error!(outcome, Error::Unauthenticated(_));
    Ok(())
}

pub(crate) async fn keys_are_rotated(world: World) -> Result<()> {
    // As the program does when it starts.
    rollbook_domain::service::Operator::page_token_key(&world.operator).await?;
    let service = &world.authorization;
    let [first] = &service.keys().await?[..] else {
        panic!()
    };
    let keys = service.keys().await?;
    assert_eq!(
        keys.as_slice(),
        std::slice::from_ref(first),
        "one is enough"
    );
    let Given {
        web,
        browser,
        tokens,
        ..
    } = given(&world).await?;
    let signed_by = |tokens: &IssuedTokens| {
        let token = tokens.id_token.as_deref().unwrap();
        token.split('.').next().unwrap().to_owned()
    };
    assert_eq!(signed_by(&tokens), first.id.to_string());
    world.clock.advance(Span::seconds(1));
    let second = service.rotate_key().await?;
    let code = allow(&world, browser, &web.view.client, None).await?;
    let tokens = redeem(&world, &web, &code).await?.unwrap();
    assert_eq!(signed_by(&tokens), second.to_string());
    let shown = async || {
        let keys = service.keys().await?;
        Ok::<_, Error>(keys.iter().map(|key| key.id).collect::<Vec<_>>())
    };
    assert_eq!(shown().await?, [second, first.id]);
    let until = world.now().plus(Span::seconds(2 * 60 * 60));
    world.clock.set(Timestamp::from_millis(until.millis() - 1));
    assert_eq!(shown().await?, [second, first.id]);
    world.clock.set(until);
    assert_eq!(shown().await?, [second]);
    let third = service.rotate_key().await?;
    assert_eq!(shown().await?, [third, second]);
    let kept = world
        .store
        .read_one(|tx| tx.installation().signing_keys())
        .await?;
    assert_eq!(kept.len(), 2, "the first one is forgotten");
    Ok(())
}

pub(crate) async fn what_is_over_is_forgotten(world: World) -> Result<()> {
    let Given {
        ann,
        web,
        tokens,
        browser,
        ..
    } = given(&world).await?;
    assert_eq!(world.core.forget_grants().await?, 0);
    let code = allow(&world, browser, &web.view.client, Some("rollbook")).await?;
    redeem(&world, &web, &code).await?.unwrap();
    world.clock.advance(ACCESS_TOKEN_LIFETIME);
    assert_eq!(world.core.forget_grants().await?, 0, "as long as it works");
    world.clock.advance(Span::from_millis(1));
    assert_eq!(world.core.forget_grants().await?, 2, "two access tokens");
    assert_eq!(world.core.forget_grants().await?, 0);
    world.clock.advance(Span::days(1));
    assert_eq!(world.core.forget_grants().await?, 2, "two codes");
    assert!(refresh(&world, &web, &tokens).await?.is_ok());
    let count = async || {
        let page = world
            .authorization
            .list_grants(ann.caller, Window::first(10))
            .await?;
        Ok::<_, Error>(page.items.len())
    };
    assert_eq!(count().await?, 2, "what was allowed is remembered");
    world.clock.advance(CONSENT_MEMORY);
    world.core.forget_grants().await?;
    assert_eq!(count().await?, 0);
    Ok(())
}

pub(crate) async fn a_failed_exchange_leaves_nothing(world: World) -> Result<()> {
    let Given {
        acme, web, browser, ..
    } = given(&world).await?;
    let flaky = Arc::new(FlakyStore::new(Arc::clone(&world.store)));
    let failing = world.through(Arc::<FlakyStore>::clone(&flaky));
    flaky.fail_next_commits(1);
    let request = request(&web.view.client);
    let outcome = failing
        .authorization
        .authorize(browser, request.clone(), Some(true))
        .await;
    assert_error!(outcome, Error::Busy);
    let code = say_yes(&failing, browser, request).await?;
    flaky.fail_next_commits(1);
    assert_error!(redeem(&failing, &web, &code).await, Error::Busy);
    let tokens = redeem(&failing, &web, &code).await?.unwrap();
    flaky.fail_next_commits(1);
    assert_error!(refresh(&failing, &web, &tokens).await, Error::Busy);
    let second = refresh(&failing, &web, &tokens).await?.unwrap();
    // The end of a family is written down although the answer is an error.
    flaky.fail_next_commits(1);
    assert_error!(refresh(&failing, &web, &tokens).await, Error::Busy);
    assert!(is_alive(&world, &second.access_token, &acme).await?);
    assert!(refresh(&failing, &web, &tokens).await?.is_err());
    assert!(!is_alive(&world, &second.access_token, &acme).await?);
    Ok(())
}
