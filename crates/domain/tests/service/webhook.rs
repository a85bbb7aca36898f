use rollbook_domain::audit::Chain;
use rollbook_domain::error::Kind;
use rollbook_domain::id::WebhookEndpointId;
use rollbook_domain::idempotency::{Once, RequestKey};
use rollbook_domain::mock::{Account, World, sample};
use rollbook_domain::organization::{Organization, Version};
use rollbook_domain::page::Window;
use rollbook_domain::role::{Permission, Role};
use rollbook_domain::secret::Digest;
use rollbook_domain::service::webhook::{
    CreateEndpoint, RotateSecret, UpdateEndpoint, WebhookTerms,
};
use rollbook_domain::service::{WebhookService, Webhooks};
use rollbook_domain::time::Span;
use rollbook_domain::value::{Description, Url};
use rollbook_domain::webhook::{
    Destinations, EndpointStatus, MOST_ENDPOINTS, Network, WebhookEndpoint,
};
use rollbook_domain::{Error, Refusal, Result};

use super::role::{clerk, log};
use super::{assert_denied, assert_error, assert_refused};

pub(crate) fn command(url: &str, event_types: &[&str]) -> CreateEndpoint {
    CreateEndpoint {
        // Every URL of these tests is one; as the dialects would have found.
        url: Url::from_stored(url.to_owned()),
        description: Description::from_stored("to the CRM".to_owned()),
        event_types: event_types.iter().map(|it| (*it).to_owned()).collect(),
        once: None,
    }
}

/// An endpoint that wants these types.
pub(crate) async fn hook(
    world: &World,
    account: &Account,
    organization: &Organization,
    event_types: &[&str],
) -> Result<WebhookEndpoint> {
    let command = command("https://hooks.example/acme?key=T0KEN", event_types);
    let (caller, id) = (account.caller, organization.id);
    world.webhooks.create(caller, id, command).await
}

pub(crate) async fn set(
    world: &World,
    account: &Account,
    endpoint: &WebhookEndpoint,
    command: UpdateEndpoint,
) -> Result<WebhookEndpoint> {
    let (organization, id) = (endpoint.organization_id, endpoint.id);
    world
        .webhooks
        .update(account.caller, organization, id, command)
        .await
}

pub(crate) fn enabled(enabled: bool) -> UpdateEndpoint {
    UpdateEndpoint {
        enabled: Some(enabled),
        ..UpdateEndpoint::default()
    }
}

fn once() -> Once {
    Once {
        key: RequestKey::from_stored("job-7".to_owned()),
        fingerprint: Digest::new([7; 32]),
    }
}

pub(crate) async fn an_endpoint_has_a_secret_of_its_own(world: World) -> Result<()> {
    let (ann, acme) = super::role::acme(&world).await?;
    let types = ["membership.*", "invitation.created", "membership.*"];
    let one = hook(&world, &ann, &acme, &types).await?;
    assert_eq!(one.status, EndpointStatus::Enabled);
    assert_eq!(one.event_types, ["membership.*", "invitation.created"]);
    assert_eq!((one.version, one.created_at), (Version::FIRST, world.now()));
    let other = hook(&world, &ann, &acme, &[]).await?;
    let secret = one.secret.reveal();
    assert!(secret.starts_with("whsec_") && secret.len() == 6 + 44);
    assert_ne!(one.secret, other.secret);
    let webhooks = &world.webhooks;
    assert_eq!(webhooks.get(ann.caller, acme.id, one.id).await?, one);
    let window = Window::first(1).counted();
    let page = webhooks.list(ann.caller, acme.id, window).await?;
    assert_eq!((page.items, page.next), (vec![one.clone()], Some(one.id)));
    assert_eq!(page.total, Some(2));
    let page = webhooks.list(ann.caller, acme.id, Window::after(one.id, 5));
    assert_eq!(page.await?.items, [other]);
    let entries = log(&world, acme.id).await?;
    let made = entries.iter().find(|it| it.act == "webhook.created");
    let made = made.ok_or_else(|| Error::storage("it was not recorded"))?;
    assert_eq!(
        (made.target_id, &*made.target_kind),
        (one.id.uuid(), "webhook")
    );
    assert!(made.changes.contains("\"https://hooks.example\""));
    for private in [secret, "T0KEN"] {
        assert!(!made.changes.contains(private), "{}", made.changes);
    }
    Ok(())
}

pub(crate) async fn nothing_is_sent_where_only_we_can_reach(world: World) -> Result<()> {
    let (ann, acme) = super::role::acme(&world).await?;
    for url in [
        "http://hooks.example/",
        "https://127.0.0.1/",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:192.168.0.1]/",
    ] {
        let create = world
            .webhooks
            .create(ann.caller, acme.id, command(url, &[]));
        assert_error!(create.await, Error::Invalid(it) if it[0].field == "url");
    }
    let endpoint = hook(&world, &ann, &acme, &[]).await?;
    let elsewhere = UpdateEndpoint {
        url: Url::parse("https://[fd00::1]/").ok(),
        ..UpdateEndpoint::default()
    };
    let outcome = set(&world, &ann, &endpoint, elsewhere).await;
    assert_error!(outcome, Error::Invalid(it) if it[0].field == "url");
    let terms = WebhookTerms {
        allow_http: true,
        destinations: Destinations::new(Network::parse("10.0.0.0/8").into_iter().collect()),
    };
    let lenient = WebhookService::new(world.core.clone(), terms);
    for (url, fits) in [
        ("http://10.0.0.1:8080/", true),
        ("http://127.0.0.1/", false),
    ] {
        let created = lenient.create(ann.caller, acme.id, command(url, &[])).await;
        assert_eq!(created.is_ok(), fits, "{url}");
    }
    Ok(())
}

pub(crate) async fn types_that_no_event_has_are_refused(world: World) -> Result<()> {
    let (ann, acme) = super::role::acme(&world).await?;
    for kind in [
        "organization.exploded",
        "*",
        "member*",
        "webhook.test",
        "",
        "a b",
    ] {
        let outcome = hook(&world, &ann, &acme, &[kind]).await;
        assert_error!(outcome, Error::Invalid(it) if it[0].field == "event_types");
    }
    let many = vec!["membership.*"; 101];
    let outcome = hook(&world, &ann, &acme, &many).await;
    assert_error!(outcome, Error::Invalid(it) if it[0].field == "event_types");
    hook(&world, &ann, &acme, &many[1..]).await?;
    Ok(())
}

pub(crate) async fn there_is_a_limit(world: World) -> Result<()> {
    let (ann, acme) = super::role::acme(&world).await?;
    let mut last = hook(&world, &ann, &acme, &[]).await?;
    for _ in 1..MOST_ENDPOINTS {
        last = hook(&world, &ann, &acme, &[]).await?;
    }
    let limit = MOST_ENDPOINTS;
    let outcome = hook(&world, &ann, &acme, &[]).await;
    assert_refused!(outcome, Refusal::WebhookLimit { limit });
    let delete = world.webhooks.delete(ann.caller, acme.id, last.id, None);
    delete.await?;
    hook(&world, &ann, &acme, &[]).await?;
    Ok(())
}

pub(crate) async fn a_repeated_request_shows_no_secret(world: World) -> Result<()> {
    let (ann, acme) = super::role::acme(&world).await?;
    let create = || {
        let command = CreateEndpoint {
            once: Some(once()),
            ..command("https://hooks.example/", &[])
        };
        world.webhooks.create(ann.caller, acme.id, command)
    };
    let first = create().await?;
    let id = first.id.to_string();
    assert_refused!(create().await, Refusal::SecretShown { id });
    let all = Window::first(5).counted();
    let page = world.webhooks.list(ann.caller, acme.id, all).await?;
    assert_eq!(page.total, Some(1));
    Ok(())
}

pub(crate) async fn only_admins_have_webhooks(world: World) -> Result<()> {
    let (ann, acme) = super::role::acme(&world).await?;
    let endpoint = hook(&world, &ann, &acme, &[]).await?;
    let (webhooks, id) = (&world.webhooks, endpoint.id);
    for role in [Role::Manager, Role::Viewer, Role::Billing, Role::Member] {
        let bob = world.sign_up(role.key()).await?;
        world.join(&acme, &bob, &[role]).await?;
        let outcome = hook(&world, &bob, &acme, &[]).await;
        assert_denied!(outcome, Use(CreateWebhook), visible: true);
        let outcome = webhooks.get(bob.caller, acme.id, id).await;
        assert_denied!(outcome, Use(ReadWebhook), visible: true);
        let outcome = set(&world, &bob, &endpoint, enabled(false)).await;
        assert_denied!(outcome, Use(UpdateWebhook), visible: true);
        let rotate = webhooks.rotate_secret(bob.caller, acme.id, id, RotateSecret::default());
        assert_denied!(rotate.await, Use(UpdateWebhook), visible: true);
        let outcome = webhooks.test(bob.caller, acme.id, id).await;
        assert_denied!(outcome, Use(UpdateWebhook), visible: true);
        let outcome = webhooks.delete(bob.caller, acme.id, id, None).await;
        assert_denied!(outcome, Use(DeleteWebhook), visible: true);
    }
    let eve = world.sign_up("eve").await?;
    let outcome = webhooks.get(eve.caller, acme.id, id).await;
    assert_denied!(outcome, Use(ReadWebhook), visible: false);
    let evil = world.create(&eve, "Evil").await?.organization;
    for id in [id, WebhookEndpointId::new(sample::uuid("absent"))] {
        let outcome = webhooks.get(eve.caller, evil.id, id).await;
        assert_error!(outcome, Error::NotFound(Kind::WebhookEndpoint));
        let update = webhooks.update(eve.caller, evil.id, id, enabled(false));
        assert_error!(update.await, Error::NotFound(Kind::WebhookEndpoint));
        let rotate = webhooks.rotate_secret(eve.caller, evil.id, id, RotateSecret::default());
        assert_error!(rotate.await, Error::NotFound(Kind::WebhookEndpoint));
        let outcome = webhooks.delete(eve.caller, evil.id, id, None).await;
        assert_error!(outcome, Error::NotFound(Kind::WebhookEndpoint));
    }
    Ok(())
}

/// An endpoint is sent the audit log, so that it is not had by those who may not read that.
pub(crate) async fn who_may_not_read_the_log_is_not_sent_it(world: World) -> Result<()> {
    let (ann, acme) = super::role::acme(&world).await?;
    let rights = [Permission::CreateWebhook, Permission::UpdateWebhook];
    let (bob, _) = clerk(&world, &ann, &acme, "bob", &rights).await?;
    let permission = Permission::ReadAuditEntry.key();
    let outcome = hook(&world, &bob, &acme, &[]).await;
    assert_refused!(outcome, Refusal::BeyondOwnRights { permission });
    let endpoint = hook(&world, &ann, &acme, &[]).await?;
    let outcome = set(&world, &bob, &endpoint, enabled(false)).await;
    assert_refused!(outcome, Refusal::BeyondOwnRights { permission });
    let rights = [Permission::CreateWebhook, Permission::ReadAuditEntry];
    let (cat, _) = clerk(&world, &ann, &acme, "cat", &rights).await?;
    hook(&world, &cat, &acme, &[]).await?;
    Ok(())
}

pub(crate) async fn every_field_can_change(world: World) -> Result<()> {
    let (ann, acme) = super::role::acme(&world).await?;
    let before = hook(&world, &ann, &acme, &["role.*"]).await?;
    world.clock.advance(Span::seconds(7));
    let command = UpdateEndpoint {
        url: Url::parse("https://hooks.example/acme?key=0THER").ok(),
        description: Some(Description::from_stored("to the ERP".to_owned())),
        event_types: Some(vec!["domain.verified".to_owned()]),
        enabled: Some(false),
        seen: Some(before.version),
    };
    let after = set(&world, &ann, &before, command.clone()).await?;
    assert_eq!(after.status, EndpointStatus::Disabled);
    assert_eq!(after.event_types, ["domain.verified"]);
    assert_eq!(after.url.as_str(), "https://hooks.example/acme?key=0THER");
    assert_eq!(after.description.as_str(), "to the ERP");
    assert_eq!(after.version, before.version.next());
    assert_eq!(
        (after.created_at, after.updated_at),
        (before.created_at, world.now())
    );
    assert_eq!(after.secret, before.secret);
    let entries = log(&world, acme.id).await?;
    let entry = entries.last().ok_or_else(|| Error::storage("no entry"))?;
    assert_eq!(entry.act, "webhook.updated");
    for field in ["url", "description", "event_types", "status"] {
        assert!(entry.changes.contains(&format!("\"field\":\"{field}\"")));
    }
    assert!(!entry.changes.contains("key="), "{}", entry.changes);
    let outcome = set(&world, &ann, &before, command.clone()).await;
    assert_refused!(outcome, Refusal::VersionMismatch);
    let again = UpdateEndpoint {
        seen: None,
        ..command
    };
    assert_eq!(set(&world, &ann, &before, again).await?, after);
    assert_eq!(log(&world, acme.id).await?.len(), entries.len());
    Ok(())
}

pub(crate) async fn enabled_again_it_begins_anew(world: World) -> Result<()> {
    let (ann, acme) = super::role::acme(&world).await?;
    let endpoint = hook(&world, &ann, &acme, &[]).await?;
    for status in [EndpointStatus::Gone, EndpointStatus::Failing] {
        let mut fallen = world.webhooks.get(ann.caller, acme.id, endpoint.id).await?;
        fallen.status = status;
        fallen.failing_since = Some(world.now());
        let version = fallen.version;
        let write = world
            .store
            .write(move |tx| tx.webhooks().update(&fallen, version));
        assert!(write.await?);
        let chain = Chain::Organization(acme.id);
        let head = world
            .store
            .read_one(move |tx| tx.audit().head(chain))
            .await?;
        let back = set(&world, &ann, &endpoint, enabled(true)).await?;
        assert_eq!(
            (back.status, back.failing_since),
            (EndpointStatus::Enabled, None)
        );
        assert_eq!(Some(back.position), head.map(|it| it.sequence));
    }
    Ok(())
}

pub(crate) async fn a_secret_is_rotated(world: World) -> Result<()> {
    let (ann, acme) = super::role::acme(&world).await?;
    let first = hook(&world, &ann, &acme, &[]).await?;
    let rotate = |command| {
        world
            .webhooks
            .rotate_secret(ann.caller, acme.id, first.id, command)
    };
    let command = RotateSecret {
        seen: Some(first.version),
        once: Some(once()),
        ..RotateSecret::default()
    };
    let second = rotate(command.clone()).await?;
    assert_ne!(second.secret, first.secret);
    let until = world.now().plus(Span::days(1));
    assert_eq!(second.previous_secret, Some((first.secret.clone(), until)));
    let id = first.id.to_string();
    assert_refused!(rotate(command).await, Refusal::SecretShown { id });
    let stale = RotateSecret {
        seen: Some(first.version),
        ..RotateSecret::default()
    };
    assert_refused!(rotate(stale).await, Refusal::VersionMismatch);
    let (id, body) = ("evt_1", "{}");
    let two = second.sign(world.now(), id, 1, body)?;
    let [new, old] = [&second.secret, &first.secret]
        .map(|secret| rollbook_domain::webhook::sign(secret, id, 1, body).unwrap_or_default());
    assert_eq!(two, format!("{new} {old}"));
    assert_eq!(second.sign(until, id, 1, body)?, new, "its time is over");
    let command = RotateSecret {
        end_present: true,
        ..RotateSecret::default()
    };
    let third = rotate(command).await?;
    assert_eq!(third.previous_secret, None);
    let latest = super::deletion::latest(&world, &ann, acme.id, 2).await?;
    assert_eq!(latest, ["webhook.secret_rotated"; 2]);
    Ok(())
}

pub(crate) async fn what_is_deleted_is_gone(world: World) -> Result<()> {
    let (ann, acme) = super::role::acme(&world).await?;
    let endpoint = hook(&world, &ann, &acme, &[]).await?;
    let (webhooks, id) = (&world.webhooks, endpoint.id);
    let stale = Some(endpoint.version.next());
    let outcome = webhooks.delete(ann.caller, acme.id, id, stale).await;
    assert_refused!(outcome, Refusal::VersionMismatch);
    let seen = Some(endpoint.version);
    webhooks.delete(ann.caller, acme.id, id, seen).await?;
    let outcome = webhooks.get(ann.caller, acme.id, id).await;
    assert_error!(outcome, Error::NotFound(Kind::WebhookEndpoint));
    let outcome = webhooks.delete(ann.caller, acme.id, id, None).await;
    assert_error!(outcome, Error::NotFound(Kind::WebhookEndpoint));
    let page = webhooks.list(ann.caller, acme.id, Window::first(5).counted());
    assert_eq!(page.await?.total, Some(0));
    let latest = super::deletion::latest(&world, &ann, acme.id, 1).await?;
    assert_eq!(latest, ["webhook.deleted"]);
    Ok(())
}

pub(crate) async fn a_failed_change_leaves_nothing(world: World) -> Result<()> {
    let (ann, acme) = super::role::acme(&world).await?;
    let (bad, store) = super::reliability::flaky(&world);
    store.fail_next_commits(1);
    assert_error!(hook(&bad, &ann, &acme, &[]).await, Error::Busy);
    let endpoint = hook(&bad, &ann, &acme, &[]).await?;
    let before = log(&world, acme.id).await?;
    store.fail_next_commits(2);
    let outcome = set(&bad, &ann, &endpoint, enabled(false)).await;
    assert_error!(outcome, Error::Busy);
    let (caller, id) = (ann.caller, endpoint.id);
    let rotate = bad
        .webhooks
        .rotate_secret(caller, acme.id, id, RotateSecret::default());
    assert_error!(rotate.await, Error::Busy);
    assert_eq!(world.webhooks.get(caller, acme.id, id).await?, endpoint);
    assert_eq!(log(&world, acme.id).await?, before);
    assert_eq!(before.last().map(|it| &*it.act), Some("webhook.created"));
    Ok(())
}
