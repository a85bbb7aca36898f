#![expect(
    clippy::unwrap_used,
    clippy::too_many_lines,
    reason = "tests: what is not there fails them"
)]
use rollbook_domain::access::{Caller, Credential, Origin};
use rollbook_domain::id::OrganizationId;
use rollbook_domain::limit::{DEVICE_CODE_GUESSES, Policy, Quotas};
use rollbook_domain::mock::World;
use rollbook_domain::oauth::{
    Answer, ClientKind, DEVICE_CODE_LIFETIME, ProblemKind, Scope, Scopes,
};
use rollbook_domain::organization::Organization;
use rollbook_domain::service::oauth::{
    Audience, IssuedClient, IssuedDevice, IssuedTokens, TokenRequest,
};
use rollbook_domain::service::{Authorization, OAuthClients, Users};
use rollbook_domain::time::Span;
use rollbook_domain::{Error, Refusal, Result};

use super::oauth::{is_alive, presented, sign_in};
use super::oauth_client::{command, robot};
use super::{assert_denied, assert_error, assert_refused};

/// A television of the installation, and a user with a browser.
struct Scene {
    browser: Caller,
    acme: Organization,
    television: IssuedClient,
}

async fn scene(world: &World) -> Result<Scene> {
    let root = world.sign_up_superuser("root").await?;
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let television = world
        .oauth_clients
        .create(root.caller, None, command(ClientKind::Public));
    Ok(Scene {
        browser: sign_in(world, &ann).await?,
        television: television.await?,
        acme,
    })
}

async fn begin(world: &World, client: &IssuedClient) -> Result<IssuedDevice> {
    let begun = world.authorization.authorize_device(
        Origin::default(),
        presented(client),
        None,
        Audience::Anywhere,
    );
    Ok(begun.await?.unwrap())
}

async fn poll(
    world: &World,
    client: &IssuedClient,
    device: &IssuedDevice,
) -> Result<Answer<IssuedTokens>> {
    let device_code = device.device_code.reveal().to_owned();
    let request = TokenRequest::Device { device_code };
    world
        .authorization
        .token(Origin::default(), presented(client), request)
        .await
}

#[track_caller]
fn problem(answer: Answer<IssuedTokens>) -> ProblemKind {
    answer.unwrap_err().kind
}

async fn answer(world: &World, who: Caller, device: &IssuedDevice, allow: bool) -> Result<bool> {
    let code = device.user_code.show();
    world.authorization.answer_device(who, code, allow).await
}

fn interval(world: &World) {
    world.clock.advance(Span::seconds(5));
}

pub(crate) async fn a_device_gets_tokens_when_the_user_says_yes(world: World) -> Result<()> {
    let Scene {
        browser,
        acme,
        television,
    } = scene(&world).await?;
    let device = begin(&world, &television).await?;
    assert!(device.device_code.reveal().starts_with("rbk_odc_"));
    assert_eq!(
        problem(poll(&world, &television, &device).await?),
        ProblemKind::AuthorizationPending
    );
    let typed = device.user_code.show().to_lowercase();
    let asked = world
        .authorization
        .open_device(browser, typed)
        .await?
        .unwrap();
    assert_eq!(asked.client, television.view.client);
    assert_eq!(asked.scopes, Scopes::of(&Scope::ALL));
    assert!(answer(&world, browser, &device, true).await?);
    assert!(
        !answer(&world, browser, &device, false).await?,
        "it is answered"
    );
    interval(&world);
    let tokens = poll(&world, &television, &device).await?.unwrap();
    assert!(is_alive(&world, &tokens.access_token, &acme).await?);
    assert!(tokens.refresh_token.is_some());
    assert!(tokens.id_token.unwrap().contains("nonce: None"));
    world
        .users
        .me(Caller::bearer(tokens.access_token.reveal()))
        .await
        .map(drop)
}

pub(crate) async fn a_device_that_hurries_is_slowed_down(world: World) -> Result<()> {
    use ProblemKind::{AuthorizationPending, SlowDown};
    let Scene {
        television,
        browser,
        ..
    } = scene(&world).await?;
    let device = begin(&world, &television).await?;
    let wait = async |millis: i64, expected| {
        world.clock.advance(Span::from_millis(millis));
        let answer = poll(&world, &television, &device).await?;
        assert_eq!(problem(answer), expected, "after {millis}");
        Ok::<_, Error>(())
    };
    wait(0, AuthorizationPending).await?;
    wait(4_999, SlowDown).await?;
    wait(9_999, SlowDown).await?;
    wait(15_000, AuthorizationPending).await?;
    answer(&world, browser, &device, true).await?;
    world.clock.advance(Span::from_millis(14_999));
    assert_eq!(problem(poll(&world, &television, &device).await?), SlowDown);
    world.clock.advance(Span::seconds(20));
    assert!(poll(&world, &television, &device).await?.is_ok());
    Ok(())
}

pub(crate) async fn a_device_is_told_no(world: World) -> Result<()> {
    let Scene {
        television,
        browser,
        ..
    } = scene(&world).await?;
    let device = begin(&world, &television).await?;
    assert!(answer(&world, browser, &device, false).await?);
    for _ in 0..2 {
        interval(&world);
        assert_eq!(
            problem(poll(&world, &television, &device).await?),
            ProblemKind::AccessDenied
        );
    }
    Ok(())
}

pub(crate) async fn a_device_waits_ten_minutes(world: World) -> Result<()> {
    let Scene {
        television,
        browser,
        ..
    } = scene(&world).await?;
    let device = begin(&world, &television).await?;
    world
        .clock
        .advance(Span::from_millis(DEVICE_CODE_LIFETIME.millis() - 1));
    assert_eq!(
        problem(poll(&world, &television, &device).await?),
        ProblemKind::AuthorizationPending
    );
    let shown = device.user_code.show();
    assert!(
        world
            .authorization
            .open_device(browser, shown.clone())
            .await?
            .is_some()
    );
    world.clock.advance(Span::from_millis(1));
    assert_eq!(
        problem(poll(&world, &television, &device).await?),
        ProblemKind::ExpiredToken
    );
    assert!(
        world
            .authorization
            .open_device(browser, shown)
            .await?
            .is_none()
    );
    assert!(!answer(&world, browser, &device, true).await?);
    Ok(())
}

pub(crate) async fn a_device_code_works_once(world: World) -> Result<()> {
    let Scene {
        television,
        browser,
        acme,
    } = scene(&world).await?;
    let root = world.sign_up_superuser("root2").await?;
    let other = world
        .oauth_clients
        .create(root.caller, None, command(ClientKind::Public))
        .await?;
    let device = begin(&world, &television).await?;
    answer(&world, browser, &device, true).await?;
    assert_eq!(
        problem(poll(&world, &other, &device).await?),
        ProblemKind::InvalidGrant
    );
    let tokens = poll(&world, &television, &device).await?.unwrap();
    for _ in 0..2 {
        let again = poll(&world, &television, &device).await?;
        assert_eq!(problem(again), ProblemKind::InvalidGrant);
        interval(&world);
    }
    // A device that has lost the answer asks again: what it was allowed goes on.
    assert!(is_alive(&world, &tokens.access_token, &acme).await?);
    Ok(())
}

/// RFC 8628 §5.1. Right ones cost nothing.
pub(crate) async fn guesses_are_counted(world: World) -> Result<()> {
    let Scene {
        television,
        browser,
        ..
    } = scene(&world).await?;
    let open = |code: String| world.authorization.open_device(browser, code);
    let device = begin(&world, &television).await?;
    for _ in 0..DEVICE_CODE_GUESSES {
        assert!(open(device.user_code.show()).await?.is_some());
    }
    for guess in 0..DEVICE_CODE_GUESSES {
        let wrong = if guess % 2 == 0 { "BCDF-GHJK" } else { "x" };
        assert!(open(wrong.to_owned()).await?.is_none());
    }
    let outcome = open(device.user_code.show()).await;
    assert_error!(outcome, Error::Refused(Refusal::RateLimited { .. }));
    let outcome = answer(&world, browser, &device, true).await;
    assert_error!(outcome, Error::Refused(Refusal::RateLimited { .. }));
    // Nobody else suffers for it.
    let bob = world.sign_up("bob").await?;
    let bobs = sign_in(&world, &bob).await?;
    assert!(answer(&world, bobs, &device, true).await?);
    for caller in [Caller::from(Credential::Nobody), bob.caller] {
        let outcome = answer(&world, caller, &device, true).await;
        assert_error!(outcome, Error::Unauthenticated(_));
    }
    Ok(())
}

pub(crate) async fn a_device_of_an_organization_is_for_its_members(world: World) -> Result<()> {
    let Scene {
        television,
        browser,
        acme,
    } = scene(&world).await?;
    let bob = world.sign_up("bob").await?;
    let bobs = sign_in(&world, &bob).await?;
    let audience = Audience::Organization(acme.id);
    let service = &world.authorization;
    let device = service
        .authorize_device(Origin::default(), presented(&television), None, audience)
        .await?
        .unwrap();
    let code = device.user_code.show();
    assert_denied!(service.open_device(bobs, code.clone()).await, ManageSelf, visible: true);
    assert_denied!(answer(&world, bobs, &device, true).await, ManageSelf, visible: true);
    let asked = service.open_device(browser, code).await?.unwrap();
    assert_eq!(asked.organization.map(|it| it.id), Some(acme.id));
    assert!(answer(&world, browser, &device, true).await?);
    let tokens = poll(&world, &television, &device).await?.unwrap();
    assert_eq!(tokens.organization_id, Some(acme.id));
    Ok(())
}

pub(crate) async fn a_device_asks_for_what_there_is(world: World) -> Result<()> {
    let Scene {
        television, acme, ..
    } = scene(&world).await?;
    let ann = world.sign_up("ann2").await?;
    let own = world.create(&ann, "Own").await?.organization;
    let robot = world
        .oauth_clients
        .create(ann.caller, Some(own.id), robot(&[]))
        .await?;
    let wanted = command(ClientKind::Public);
    let of_own = world
        .oauth_clients
        .create(ann.caller, Some(own.id), wanted)
        .await?;
    for (client, scope, audience, expected) in [
        (
            &robot,
            None,
            Audience::Anywhere,
            ProblemKind::UnauthorizedClient,
        ),
        (
            &television,
            Some("admin"),
            Audience::Anywhere,
            ProblemKind::InvalidScope,
        ),
        (
            &television,
            None,
            Audience::Unknown,
            ProblemKind::InvalidTarget,
        ),
        (
            &of_own,
            None,
            Audience::Organization(acme.id),
            ProblemKind::InvalidTarget,
        ),
    ] {
        let scope = scope.map(str::to_owned);
        let begun = world.authorization.authorize_device(
            Origin::default(),
            presented(client),
            scope,
            audience,
        );
        assert_eq!(begun.await?.unwrap_err().kind, expected);
    }
    let begun = world.authorization.authorize_device(
        Origin::default(),
        presented(&of_own),
        None,
        Audience::Anywhere,
    );
    assert_eq!(begun.await?.unwrap().device.organization_id, Some(own.id));
    Ok(())
}

/// Anybody can ask, since a public client proves nothing.
pub(crate) async fn a_device_does_not_learn_which_organizations_there_are(
    world: World,
) -> Result<()> {
    let Scene {
        television,
        browser,
        acme,
    } = scene(&world).await?;
    let bob = world.sign_up("bob").await?;
    let bobs = sign_in(&world, &bob).await?;
    let nowhere = OrganizationId::new(uuid::Uuid::max());
    for (organization, who) in [(acme.id, bobs), (nowhere, bobs), (nowhere, browser)] {
        let audience = Audience::Organization(organization);
        let begun = world.authorization.authorize_device(
            Origin::default(),
            presented(&television),
            None,
            audience,
        );
        let device = begun.await?.unwrap();
        let waiting = poll(&world, &television, &device).await?;
        assert_eq!(problem(waiting), ProblemKind::AuthorizationPending);
        let code = device.user_code.show();
        let opened = world.authorization.open_device(who, code).await;
        assert_denied!(opened, ManageSelf, visible: true);
        let answered = answer(&world, who, &device, true).await;
        assert_denied!(answered, ManageSelf, visible: true);
    }
    Ok(())
}

/// Each is a row until it has run out.
pub(crate) async fn so_many_devices_an_address(world: World) -> Result<()> {
    let world = world.limited(Quotas {
        device_authorizations_per_address_hour: Some(3),
        ..Quotas::default()
    });
    let television = scene(&world).await?.television;
    let begin = async |address: &str| {
        let origin = Origin {
            address: address.parse().ok(),
            request: None,
        };
        let service = &world.authorization;
        let begun =
            service.authorize_device(origin, presented(&television), None, Audience::Anywhere);
        begun.await
    };
    for number in 0..3 {
        // One network of IPv6 is one client.
        begin(&format!("2001:db8::{number}")).await?.unwrap();
    }
    let refusal = || Refusal::RateLimited {
        policy: Policy::DeviceAuthorizationsPerAddress,
        quota: 3,
        retry_after: Span::seconds(1200),
    };
    assert_refused!(begin("2001:db8::9").await, refusal());
    begin("2001:db8:0:1::9").await?.unwrap();
    world.clock.advance(Span::seconds(1200));
    begin("2001:db8::9").await?.unwrap();
    assert_refused!(begin("2001:db8::9").await, refusal());
    // Behind a proxy all have its address.
    for _ in 0..4 {
        begin("10.0.0.1").await?.unwrap();
    }
    Ok(())
}
