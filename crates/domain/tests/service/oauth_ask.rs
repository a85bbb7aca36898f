#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::too_many_lines,
    reason = "tests: what is not there fails them"
)]
use rollbook_domain::access::{Caller, Credential, Origin};
use rollbook_domain::mock::{Account, World};
use rollbook_domain::oauth::{
    ClientKind, GrantType, GrantTypes, OAuthClient, ProblemKind, RedirectUri, Scope, Scopes,
};
use rollbook_domain::organization::Organization;
use rollbook_domain::role::Role;
use rollbook_domain::service::oauth::{
    Audience, AuthorizationRequest, Authorized, CreateClient, Presented, Question,
};
use rollbook_domain::service::service_account::{CreateServiceAccount, IssueKey};
use rollbook_domain::service::token::IssueToken;
use rollbook_domain::service::{
    Authorization, OAuthClients, Organizations, ServiceAccounts, Sessions, Tokens,
};
use rollbook_domain::time::Span;
use rollbook_domain::value::{DisplayName, TokenName};
use rollbook_domain::{Error, Result};

use super::assert_denied;
use super::oauth::{allow, is_alive, redeem, request, say_yes, sign_in};
use super::oauth_client::{CALLBACK, command, robot};

/// A client of the installation, and a user with a browser who owns an organization.
struct Scene {
    root: Account,
    ann: Account,
    browser: Caller,
    acme: Organization,
    client: OAuthClient,
}

async fn scene(world: &World, kind: ClientKind) -> Result<Scene> {
    let root = world.sign_up_superuser("root").await?;
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let made = world
        .oauth_clients
        .create(root.caller, None, command(kind))
        .await?;
    Ok(Scene {
        browser: sign_in(world, &ann).await?,
        client: made.view.client,
        root,
        ann,
        acme,
    })
}

async fn ask(world: &World, who: Caller, request: AuthorizationRequest) -> Result<Authorized> {
    world.authorization.authorize(who, request, None).await
}

#[track_caller]
fn question(authorized: Authorized) -> Question {
    match authorized {
        Authorized::Ask(question) => *question,
        other => panic!("{other:?}"),
    }
}

/// The error with which a browser is led back.
#[track_caller]
fn led_back(authorized: &Authorized) -> ProblemKind {
    match authorized {
        Authorized::Return {
            outcome: Err(problem),
            redirect_uri,
            state,
        } => {
            assert_eq!(
                (redirect_uri.as_str(), state.as_deref()),
                (CALLBACK, Some("xyz"))
            );
            problem.kind
        }
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn who_is_asked_and_says_yes_gives_a_code(world: World) -> Result<()> {
    let Scene {
        ann,
        browser,
        client,
        ..
    } = scene(&world, ClientKind::Public).await?;
    let with = |scope: &str| AuthorizationRequest {
        scope: Some(scope.to_owned()),
        ..request(&client)
    };
    let asked = question(ask(&world, browser, with("openid rollbook:read")).await?);
    assert_eq!(asked.client, client);
    assert_eq!(
        asked.scopes,
        Scopes::of(&[Scope::OpenId, Scope::RollbookRead])
    );
    assert_eq!(
        (asked.reader, asked.organization, asked.vendor),
        (ann.user.clone(), None, None)
    );
    let asked = question(ask(&world, browser, request(&client)).await?);
    assert_eq!(asked.scopes, client.scopes, "without a word, all of it");
    let answer = world
        .authorization
        .authorize(browser, with("openid"), Some(true))
        .await?;
    let Authorized::Return {
        redirect_uri,
        outcome: Ok(code),
        state,
    } = answer
    else {
        panic!("{answer:?}")
    };
    assert_eq!(
        (redirect_uri.as_str(), state.as_deref()),
        (CALLBACK, Some("xyz"))
    );
    assert!(code.reveal().starts_with("rbk_oac_"));
    let log = super::profile::log_of(&world, ann.user.id).await?;
    assert_eq!(log.last().unwrap().0, "grant.created");
    assert!(log.last().unwrap().1.contains("Console"), "{log:?}");
    Ok(())
}

/// RFC 6749 §4.1.2.1 and RFC 9700 §4.11: no open redirector.
pub(crate) async fn what_cannot_be_trusted_leads_nowhere(world: World) -> Result<()> {
    let Scene {
        root,
        browser,
        client,
        ..
    } = scene(&world, ClientKind::Public).await?;
    let own = || request(&client);
    let to = |uri: &str| AuthorizationRequest {
        redirect_uri: Some(uri.to_owned()),
        ..own()
    };
    let from = |id: &str| AuthorizationRequest {
        client_id: Some(id.to_owned()),
        ..own()
    };
    for request in [
        AuthorizationRequest {
            client_id: None,
            ..own()
        },
        AuthorizationRequest {
            redirect_uri: None,
            ..own()
        },
        from(""),
        from("console"),
        from(&root.user.id.to_string()),
        to(""),
        to("https://evil.example/callback"),
        to("https://app.example/callback/../evil"),
        to("https://app.example/callback?x"),
        to("https://app.example/callback#x"),
        to("https://app.example/"),
    ] {
        for allowed in [None, Some(true), Some(false)] {
            let answer = world
                .authorization
                .authorize(browser, request.clone(), allowed)
                .await?;
            assert!(
                matches!(answer, Authorized::Untrusted(_)),
                "{request:?}: {answer:?}"
            );
        }
    }
    world
        .oauth_clients
        .delete(root.caller, None, client.id, None)
        .await?;
    let answer = ask(&world, browser, own()).await?;
    assert!(matches!(answer, Authorized::Untrusted(_)), "{answer:?}");
    Ok(())
}

pub(crate) async fn a_request_that_makes_no_sense_is_led_back(world: World) -> Result<()> {
    use ProblemKind::{
        InvalidRequest, InvalidScope, InvalidTarget, RequestNotSupported, RequestUriNotSupported,
        UnsupportedResponseType,
    };
    let Scene {
        root,
        browser,
        client,
        ..
    } = scene(&world, ClientKind::Public).await?;
    let own = || request(&client);
    let some = |text: &str| Some(text.to_owned());
    for (request, expected) in [
        (
            AuthorizationRequest {
                response_type: None,
                ..own()
            },
            InvalidRequest,
        ),
        (
            AuthorizationRequest {
                response_type: some("token"),
                ..own()
            },
            UnsupportedResponseType,
        ),
        (
            AuthorizationRequest {
                response_type: some("code id_token"),
                ..own()
            },
            UnsupportedResponseType,
        ),
        (
            AuthorizationRequest {
                response_mode: some("fragment"),
                ..own()
            },
            InvalidRequest,
        ),
        (
            AuthorizationRequest {
                code_challenge: None,
                ..own()
            },
            InvalidRequest,
        ),
        (
            AuthorizationRequest {
                code_challenge: some("short"),
                ..own()
            },
            InvalidRequest,
        ),
        (
            AuthorizationRequest {
                code_challenge_method: None,
                ..own()
            },
            InvalidRequest,
        ),
        (
            AuthorizationRequest {
                code_challenge_method: some("plain"),
                ..own()
            },
            InvalidRequest,
        ),
        (
            AuthorizationRequest {
                scope: some("admin"),
                ..own()
            },
            InvalidScope,
        ),
        (
            AuthorizationRequest {
                scope: some(" "),
                ..own()
            },
            InvalidScope,
        ),
        (
            AuthorizationRequest {
                nonce: Some("n".repeat(1025)),
                ..own()
            },
            InvalidRequest,
        ),
        (
            AuthorizationRequest {
                prompt: some("none login"),
                ..own()
            },
            InvalidRequest,
        ),
        (
            AuthorizationRequest {
                max_age: some("soon"),
                ..own()
            },
            InvalidRequest,
        ),
        (
            AuthorizationRequest {
                max_age: some("-1"),
                ..own()
            },
            InvalidRequest,
        ),
        (
            AuthorizationRequest {
                audience: Audience::Unknown,
                ..own()
            },
            InvalidTarget,
        ),
        (
            AuthorizationRequest {
                has_request: true,
                ..own()
            },
            RequestNotSupported,
        ),
        (
            AuthorizationRequest {
                has_request_uri: true,
                ..own()
            },
            RequestUriNotSupported,
        ),
    ] {
        for allowed in [None, Some(true)] {
            let answer = world
                .authorization
                .authorize(browser, request.clone(), allowed)
                .await?;
            assert_eq!(led_back(&answer), expected, "{request:?}");
        }
    }
    // Who may not have a scope does not get it, and who is not registered for codes gets none.
    let few = CreateClient {
        scopes: Scopes::of(&[Scope::OpenId]),
        ..command(ClientKind::Public)
    };
    let few = world
        .oauth_clients
        .create(root.caller, None, few)
        .await?
        .view
        .client;
    let request_all = AuthorizationRequest {
        scope: some("openid rollbook"),
        ..request(&few)
    };
    assert_eq!(
        led_back(&ask(&world, browser, request_all).await?),
        InvalidScope
    );
    let device = CreateClient {
        grant_types: GrantTypes::of(&[GrantType::DeviceCode]),
        redirect_uris: Vec::new(),
        ..command(ClientKind::Public)
    };
    let device = world
        .oauth_clients
        .create(root.caller, None, device)
        .await?
        .view
        .client;
    let answer = ask(&world, browser, request(&device)).await?;
    assert!(
        matches!(answer, Authorized::Untrusted(_)),
        "it has no address"
    );
    Ok(())
}

pub(crate) async fn who_is_not_signed_in_is_asked_to(world: World) -> Result<()> {
    let Scene {
        browser, client, ..
    } = scene(&world, ClientKind::Public).await?;
    let nobody = Caller::from(Credential::Nobody);
    let with = |prompt: Option<&str>, max_age: Option<&str>| AuthorizationRequest {
        prompt: prompt.map(str::to_owned),
        max_age: max_age.map(str::to_owned),
        ..request(&client)
    };
    let signs_in =
        async |who, request: AuthorizationRequest| match ask(&world, who, request).await? {
            Authorized::SignIn { again } => Ok::<_, Error>(Some(again)),
            Authorized::Ask(_) => Ok(None),
            other => panic!("{other:?}"),
        };
    assert_eq!(signs_in(nobody, with(None, None)).await?, Some(false));
    let answer = world
        .authorization
        .authorize(nobody, with(None, None), Some(true))
        .await?;
    assert!(
        matches!(answer, Authorized::SignIn { again: false }),
        "{answer:?}"
    );
    let silent = ask(&world, nobody, with(Some("none"), None)).await?;
    assert_eq!(led_back(&silent), ProblemKind::LoginRequired);
    assert_eq!(
        signs_in(browser, with(Some("login"), None)).await?,
        Some(true)
    );
    assert_eq!(signs_in(browser, with(None, Some("0"))).await?, Some(true));
    assert_eq!(signs_in(browser, with(None, Some("60"))).await?, None);
    world.clock.advance(Span::seconds(60));
    assert_eq!(signs_in(browser, with(None, Some("60"))).await?, None);
    world.clock.advance(Span::from_millis(1));
    assert_eq!(signs_in(browser, with(None, Some("60"))).await?, Some(true));
    let silent = ask(&world, browser, with(Some("none"), Some("60"))).await?;
    assert_eq!(led_back(&silent), ProblemKind::LoginRequired);
    // Who has signed out is not signed in.
    world.sessions.sign_out(browser).await?;
    assert_eq!(signs_in(browser, with(None, None)).await?, Some(false));
    Ok(())
}

pub(crate) async fn who_said_yes_before_is_not_asked_again(world: World) -> Result<()> {
    let Scene {
        root,
        browser,
        acme,
        client,
        ..
    } = scene(&world, ClientKind::Confidential).await?;
    let with = |scope: &str, prompt: Option<&str>| AuthorizationRequest {
        scope: Some(scope.to_owned()),
        prompt: prompt.map(str::to_owned),
        ..request(&client)
    };
    let silent = ask(&world, browser, with("openid", Some("none"))).await?;
    assert_eq!(led_back(&silent), ProblemKind::ConsentRequired);
    allow(&world, browser, &client, Some("openid email")).await?;
    let is_asked = async |request| match ask(&world, browser, request).await? {
        Authorized::Return { outcome: Ok(_), .. } => Ok::<_, Error>(false),
        Authorized::Ask(_) => Ok(true),
        other => panic!("{other:?}"),
    };
    assert!(!is_asked(with("openid", None)).await?);
    assert!(!is_asked(with("email openid", Some("none"))).await?);
    assert!(is_asked(with("openid", Some("consent"))).await?);
    assert!(is_asked(with("openid", Some("select_account"))).await?);
    assert!(is_asked(with("openid rollbook", None)).await?);
    let audience = Audience::Organization(acme.id);
    let elsewhere = AuthorizationRequest {
        audience,
        ..with("openid", None)
    };
    assert!(
        is_asked(elsewhere).await?,
        "somewhere else is something else"
    );
    // Anybody can pretend to be a program on the user's own machine.
    let local = RedirectUri::parse("http://127.0.0.1/cb").unwrap();
    let program = CreateClient {
        redirect_uris: vec![local],
        ..command(ClientKind::Public)
    };
    let program = world
        .oauth_clients
        .create(root.caller, None, program)
        .await?
        .view
        .client;
    let redirect_uri = Some("http://127.0.0.1:4711/cb".to_owned());
    let request = AuthorizationRequest {
        redirect_uri,
        ..request(&program)
    };
    say_yes(&world, browser, request.clone()).await?;
    assert!(is_asked(request).await?);
    Ok(())
}

pub(crate) async fn who_says_no_gives_nothing(world: World) -> Result<()> {
    let Scene {
        ann,
        browser,
        client,
        ..
    } = scene(&world, ClientKind::Public).await?;
    let before = super::profile::log_of(&world, ann.user.id).await?;
    let answer = world
        .authorization
        .authorize(browser, request(&client), Some(false))
        .await?;
    assert_eq!(led_back(&answer), ProblemKind::AccessDenied);
    assert_eq!(super::profile::log_of(&world, ann.user.id).await?, before);
    Ok(())
}

pub(crate) async fn a_client_of_an_organization_is_for_its_members(world: World) -> Result<()> {
    let Scene {
        root,
        ann,
        browser,
        acme,
        ..
    } = scene(&world, ClientKind::Public).await?;
    let globex = world.create(&ann, "Globex").await?.organization;
    let made = world
        .oauth_clients
        .create(ann.caller, Some(acme.id), command(ClientKind::Public));
    let made = made.await?;
    let client = &made.view.client;
    let asked = question(ask(&world, browser, request(client)).await?);
    assert_eq!(asked.vendor.as_ref().map(|it| it.id), Some(acme.id));
    assert_eq!(asked.organization.as_ref().map(|it| it.id), Some(acme.id));
    let code = allow(&world, browser, client, None).await?;
    let tokens = redeem(&world, &made, &code).await?.unwrap();
    assert_eq!(tokens.organization_id, Some(acme.id));
    assert!(is_alive(&world, &tokens.access_token, &acme).await?);
    assert!(!is_alive(&world, &tokens.access_token, &globex).await?);
    // Strangers, the operator among them, have nothing to allow it.
    let roots = sign_in(&world, &root).await?;
    let answer = ask(&world, roots, request(client)).await?;
    assert_eq!(led_back(&answer), ProblemKind::AccessDenied);
    let audience = Audience::Organization(globex.id);
    let answer = ask(
        &world,
        browser,
        AuthorizationRequest {
            audience,
            ..request(client)
        },
    );
    assert_eq!(led_back(&answer.await?), ProblemKind::InvalidTarget);
    world
        .organizations
        .delete(ann.caller, acme.id, None)
        .await?;
    let answer = ask(&world, browser, request(client)).await?;
    assert!(matches!(answer, Authorized::Untrusted(_)), "{answer:?}");
    Ok(())
}

pub(crate) async fn a_grant_is_bound_to_one_organization(world: World) -> Result<()> {
    let Scene {
        root,
        ann,
        browser,
        acme,
        client,
    } = scene(&world, ClientKind::Public).await?;
    let globex = world.create(&root, "Globex").await?.organization;
    let initech = world.create(&ann, "Initech").await?.organization;
    let at = |id| AuthorizationRequest {
        audience: Audience::Organization(id),
        ..request(&client)
    };
    let asked = question(ask(&world, browser, at(acme.id)).await?);
    assert_eq!(asked.organization.map(|it| it.id), Some(acme.id));
    assert_eq!(asked.vendor, None);
    let answer = ask(&world, browser, at(globex.id)).await?;
    assert_eq!(led_back(&answer), ProblemKind::AccessDenied, "not a member");
    let answer = ask(&world, browser, at(initech.id)).await?;
    assert_eq!(
        question(answer).organization.map(|it| it.id),
        Some(initech.id)
    );
    Ok(())
}

/// A grant would outlive the token that the session came from, and the session with it.
pub(crate) async fn who_came_with_a_bound_token_allows_nothing(world: World) -> Result<()> {
    let Scene {
        ann, acme, client, ..
    } = scene(&world, ClientKind::Public).await?;
    let bound = IssueToken {
        name: TokenName::from_stored("bound".to_owned()),
        expires_at: None,
        organization_id: Some(acme.id),
        once: None,
    };
    let bound = world.tokens.issue(ann.caller, bound).await?;
    let account = Account {
        caller: Caller::bearer(bound.secret.reveal()),
        token: bound.token,
        secret: bound.secret,
        user: ann.user,
    };
    let bound = sign_in(&world, &account).await?;
    for audience in [Audience::Anywhere, Audience::Organization(acme.id)] {
        let request = AuthorizationRequest {
            audience,
            ..request(&client)
        };
        for allowed in [None, Some(true)] {
            let answer = world
                .authorization
                .authorize(bound, request.clone(), allowed)
                .await?;
            assert_eq!(led_back(&answer), ProblemKind::AccessDenied);
        }
    }
    let waiting = world
        .authorization
        .authorize_device(
            Origin::default(),
            Presented {
                id: Some(client.id.to_string()),
                secret: None,
            },
            None,
            Audience::Anywhere,
        )
        .await?
        .unwrap();
    let code = waiting.user_code.show();
    let outcome = world.authorization.answer_device(bound, code, true).await;
    assert_denied!(outcome, ManageSelf, visible: true);
    Ok(())
}

pub(crate) async fn only_a_browser_is_asked(world: World) -> Result<()> {
    let Scene {
        ann, acme, client, ..
    } = scene(&world, ClientKind::Public).await?;
    let account = CreateServiceAccount {
        display_name: DisplayName::from_stored("robot".to_owned()),
        granted: robot(&[Role::Viewer]).granted,
        once: None,
    };
    let account = world
        .service_accounts
        .create(ann.caller, acme.id, account)
        .await?;
    let key = IssueKey {
        name: TokenName::from_stored("key".to_owned()),
        expires_at: None,
        once: None,
    };
    let id = account.user.id;
    let key = world
        .service_accounts
        .issue_key(ann.caller, acme.id, id, key)
        .await?;
    for caller in [ann.caller, Caller::bearer(key.secret.reveal())] {
        let answer = ask(&world, caller, request(&client)).await?;
        assert!(
            matches!(answer, Authorized::SignIn { again: false }),
            "{answer:?}"
        );
    }
    Ok(())
}
