use super::{
    CreateEndpoint, RotateSecret, UpdateEndpoint, WebhookTerms, differences, find_locked, head,
    note, rules, write,
};
use crate::access::{self, Caller, Used};
use crate::audit::{Act, Change};
use crate::id::{OrganizationId, WebhookEndpointId};
use crate::idempotency::{self, Claim};
use crate::organization::Version;
use crate::policy::Action;
use crate::port::Tx;
use crate::role::Permission;
use crate::secret::Secret;
use crate::service::Core;
use crate::time::Timestamp;
use crate::webhook::{EndpointStatus, MOST_ENDPOINTS, ROTATION_OVERLAP, WebhookEndpoint};
use crate::{Refusal, Result};

/// The id and the secret of an endpoint to come, made before the transaction.
#[derive(Clone, Debug)]
pub(super) struct Mint {
    id: WebhookEndpointId,
    secret: Secret,
}

impl Mint {
    pub(super) fn new(core: &Core, now: Timestamp) -> Self {
        Self {
            id: WebhookEndpointId::new(core.ids.next(now)),
            secret: Secret::webhook(&core.random.entropy()),
        }
    }
}

pub(super) fn create(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    (organization, terms): (OrganizationId, &WebhookTerms),
    mint: &Mint,
    command: &CreateEndpoint,
) -> Result<Used<WebhookEndpoint>> {
    let action = Action::Use(Permission::CreateWebhook);
    let (authentication, place) = access::enter_locked(tx, caller, now, organization, action)?;
    authentication.in_person(action)?;
    rules::check_rights(&authentication, &place)?;
    let (user, once) = (authentication.user.id, command.once.as_ref());
    if let Claim::Made(id) = idempotency::claim(tx, user, once, now, mint.id.uuid())? {
        let id = id.to_string();
        return Err(Refusal::SecretShown { id }.into());
    }
    rules::check_url(terms, &command.url)?;
    rules::check_event_types(&command.event_types)?;
    if tx.webhooks().count(organization)? >= MOST_ENDPOINTS {
        let limit = MOST_ENDPOINTS;
        return Err(Refusal::WebhookLimit { limit }.into());
    }
    let endpoint = WebhookEndpoint {
        id: mint.id,
        organization_id: organization,
        url: command.url.clone(),
        description: command.description.clone(),
        event_types: distinct(&command.event_types),
        status: EndpointStatus::Enabled,
        secret: mint.secret.clone(),
        previous_secret: None,
        position: head(tx, organization)?,
        failing_since: None,
        version: Version::FIRST,
        created_at: now,
        updated_at: now,
    };
    tx.webhooks().add(&endpoint)?;
    let author = authentication.author(caller);
    let changes = differences(None, &endpoint);
    note(tx, &author, now, &endpoint, Act::WebhookCreated, changes)?;
    Ok(authentication.used(endpoint))
}

pub(super) fn update(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    (organization, terms): (OrganizationId, &WebhookTerms),
    id: WebhookEndpointId,
    command: &UpdateEndpoint,
) -> Result<Used<WebhookEndpoint>> {
    let action = Action::Use(Permission::UpdateWebhook);
    let (authentication, place) = access::enter_locked(tx, caller, now, organization, action)?;
    rules::check_rights(&authentication, &place)?;
    let before = find_locked(tx, organization, id)?;
    before.version.expect(command.seen)?;
    let mut endpoint = before.clone();
    if let Some(url) = &command.url {
        if *url != before.url {
            authentication.in_person(action)?;
        }
        rules::check_url(terms, url)?;
        endpoint.url = url.clone();
    }
    if let Some(types) = &command.event_types {
        rules::check_event_types(types)?;
        endpoint.event_types = distinct(types);
    }
    if let Some(description) = &command.description {
        endpoint.description = description.clone();
    }
    match command.enabled {
        Some(true) if !before.is_enabled() => enable(tx, &mut endpoint)?,
        Some(false) if before.is_enabled() => endpoint.status = EndpointStatus::Disabled,
        _ => {}
    }
    if endpoint == before {
        return Ok(authentication.used(before));
    }
    endpoint.touch(now);
    write(tx, &endpoint, before.version)?;
    let author = authentication.author(caller);
    let changes = differences(Some(&before), &endpoint);
    note(tx, &author, now, &endpoint, Act::WebhookUpdated, changes)?;
    Ok(authentication.used(endpoint))
}

/// From now on, and with a clean record. What happened meanwhile is had by a replay.
fn enable(tx: &mut dyn Tx, endpoint: &mut WebhookEndpoint) -> Result<()> {
    endpoint.status = EndpointStatus::Enabled;
    endpoint.failing_since = None;
    endpoint.position = head(tx, endpoint.organization_id)?;
    Ok(())
}

/// The types as they were named, each once.
fn distinct(types: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::with_capacity(types.len());
    for it in types {
        if !kept.contains(it) {
            kept.push(it.clone());
        }
    }
    kept
}

pub(super) fn rotate_secret(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    (organization, id): (OrganizationId, WebhookEndpointId),
    secret: &Secret,
    command: &RotateSecret,
) -> Result<Used<WebhookEndpoint>> {
    let action = Action::Use(Permission::UpdateWebhook);
    let (authentication, _) = access::enter_locked(tx, caller, now, organization, action)?;
    authentication.in_person(action)?;
    let (user, once) = (authentication.user.id, command.once.as_ref());
    if let Claim::Made(id) = idempotency::claim(tx, user, once, now, id.uuid())? {
        let id = id.to_string();
        return Err(Refusal::SecretShown { id }.into());
    }
    let before = find_locked(tx, organization, id)?;
    before.version.expect(command.seen)?;
    let mut endpoint = before.clone();
    endpoint.secret = secret.clone();
    endpoint.previous_secret =
        (!command.end_present).then(|| (before.secret.clone(), now.plus(ROTATION_OVERLAP)));
    endpoint.touch(now);
    write(tx, &endpoint, before.version)?;
    let author = authentication.author(caller);
    let act = Act::WebhookSecretRotated;
    note(tx, &author, now, &endpoint, act, Vec::new())?;
    Ok(authentication.used(endpoint))
}

pub(super) fn delete(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    id: WebhookEndpointId,
    seen: Option<Version>,
) -> Result<Used<()>> {
    let action = Action::Use(Permission::DeleteWebhook);
    let (authentication, _) = access::enter_locked(tx, caller, now, organization, action)?;
    let endpoint = find_locked(tx, organization, id)?;
    endpoint.version.expect(seen)?;
    if !tx
        .webhooks()
        .delete(organization, id, endpoint.version, now)?
    {
        return Err(Refusal::VersionMismatch.into());
    }
    let author = authentication.author(caller);
    let changes = vec![Change::new("url", Some(&endpoint.url.origin()), None)];
    note(tx, &author, now, &endpoint, Act::WebhookDeleted, changes)?;
    Ok(authentication.used(()))
}
