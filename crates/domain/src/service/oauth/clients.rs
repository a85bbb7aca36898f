use super::office::{self, Office};
use super::{ClientPage, ClientView, CreateClient, IssuedClient, RotateSecret, maker};
use crate::access::{Caller, Used};
use crate::audit::{self, Act, Author, Chain, Change, Deed, Target};
use crate::id::{ClientId, ClientSecretId, OrganizationId};
use crate::oauth::{ClientKind, ClientSecret, GrantType, OAuthClient, SECRET_OVERLAP};
use crate::organization::Version;
use crate::page::Window;
use crate::port::Tx;
use crate::role::Permission;
use crate::secret::Secret;
use crate::service::service_account::{AccountIds, dismiss, establish};
use crate::service::{Core, authority};
use crate::time::Timestamp;
use crate::value::DisplayName;
use crate::{Error, Refusal, Result};

/// How many clients an organization may have, and how many the installation.
pub const CLIENTS_EACH: u32 = 100;

/// What a new client or a new secret takes, made before the transaction.
#[derive(Clone, Debug)]
pub(in crate::service) struct Fresh {
    client: ClientId,
    secret_id: ClientSecretId,
    secret: Secret,
    account: AccountIds,
}

impl Fresh {
    pub(in crate::service) fn new(core: &Core, now: Timestamp) -> Self {
        Self {
            client: ClientId::new(core.ids.next(now)),
            secret_id: ClientSecretId::new(core.ids.next(now)),
            secret: Secret::client_secret(&core.random.entropy()),
            account: AccountIds::new(core, now),
        }
    }
}

pub(super) fn create(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: Option<OrganizationId>,
    fresh: &Fresh,
    command: &CreateClient,
) -> Result<Used<IssuedClient>> {
    let permission = Permission::CreateOAuthClient;
    let (authentication, office) = office::enter_locked(tx, caller, now, organization, permission)?;
    let (user, once) = (authentication.user.id, command.once.as_ref());
    office::claim(tx, user, once, now, fresh.client.uuid())?;
    let author = authentication.author(caller);
    let made = add(tx, &author, now, office, fresh, command)?;
    Ok(authentication.used(made))
}

/// Makes a client.
pub(in crate::service) fn add(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    office: Office,
    fresh: &Fresh,
    command: &CreateClient,
) -> Result<IssuedClient> {
    let mut client = client(office.organization, fresh.client, command, now);
    let violations = client.violations();
    if !violations.is_empty() {
        return Err(Error::Invalid(violations));
    }
    if tx.oauth_clients().count(office.organization)? >= CLIENTS_EACH {
        let limit = CLIENTS_EACH;
        return Err(Refusal::ClientLimit { limit }.into());
    }
    if let Some(organization) = office.organization
        && client.grant_types.has(GrantType::ClientCredentials)
    {
        let name = DisplayName::from_stored(client.name.as_str().to_owned());
        let (wanted, ids) = ((&name, &command.granted), fresh.account);
        let account = establish(tx, author, now, organization, office.rights, ids, wanted)?;
        client.service_account_id = Some(account.user.id);
    }
    tx.oauth_clients().add(&client)?;
    let mut changes = vec![
        Change::set("name", client.name.as_str()),
        Change::set("kind", client.kind.key()),
        Change::set("scopes", &client.scopes.to_keys()),
    ];
    let account = client.service_account_id;
    changes.extend(account.map(|id| Change::set("service_account", &id.to_string())));
    note(tx, author, now, &client, Act::ClientCreated, changes)?;
    let secret = (client.kind == ClientKind::Confidential)
        .then(|| issue_secret(tx, author, now, client.id, fresh))
        .transpose()?;
    Ok(IssuedClient {
        view: view(tx, now, client)?,
        secret,
    })
}

pub(super) fn get(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: Option<OrganizationId>,
    id: ClientId,
) -> Result<Used<ClientView>> {
    let authentication = office::enter(tx, caller, now, organization)?;
    let client = office::of(organization, tx.oauth_clients().find(id)?)?;
    Ok(authentication.used(view(tx, now, client)?))
}

pub(super) fn list(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: Option<OrganizationId>,
    window: &Window<ClientId>,
) -> Result<Used<ClientPage>> {
    let authentication = office::enter(tx, caller, now, organization)?;
    let page = tx.oauth_clients().list(organization, window)?;
    Ok(authentication.used(page))
}

pub(super) fn rotate(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    (organization, id): (Option<OrganizationId>, ClientId),
    fresh: &Fresh,
    command: &RotateSecret,
) -> Result<Used<IssuedClient>> {
    let permission = Permission::UpdateOAuthClient;
    let (authentication, office) = office::enter_locked(tx, caller, now, organization, permission)?;
    let (user, once) = (authentication.user.id, command.once.as_ref());
    office::claim(tx, user, once, now, fresh.secret_id.uuid())?;
    let author = authentication.author(caller);
    let rotated = turn(tx, &author, now, (office, id), fresh, command.end_others)?;
    Ok(authentication.used(rotated))
}

/// Gives a client another secret: two work at the most.
pub(in crate::service) fn turn(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    (office, id): (Office, ClientId),
    fresh: &Fresh,
    end_others: bool,
) -> Result<IssuedClient> {
    let mut client = office::of(office.organization, tx.oauth_clients().lock(id)?)?;
    if client.kind == ClientKind::Public {
        return Err(Refusal::NoClientSecret.into());
    }
    let before = tx.oauth_clients().secrets(id)?;
    let until = now.plus(SECRET_OVERLAP);
    for (place, old) in before.iter().enumerate() {
        if place > 0 || end_others || !old.is_usable(now) {
            tx.oauth_clients().remove_secret(old.id)?;
        } else if old.expires_at.is_none_or(|end| until < end) {
            tx.oauth_clients().end_secret(old.id, until)?;
        }
    }
    let secret = issue_secret(tx, author, now, id, fresh)?;
    touch(tx, &mut client, now)?;
    let act = Act::ClientSecretRotated;
    note(tx, author, now, &client, act, Vec::new())?;
    Ok(IssuedClient {
        view: view(tx, now, client)?,
        secret: Some(secret),
    })
}

pub(super) fn delete(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: Option<OrganizationId>,
    id: ClientId,
    seen: Option<Version>,
) -> Result<Used<()>> {
    let permission = Permission::DeleteOAuthClient;
    let (authentication, office) = office::enter_locked(tx, caller, now, organization, permission)?;
    let author = authentication.author(caller);
    remove(tx, &author, now, office, id, seen)?;
    Ok(authentication.used(()))
}

/// Deletes a client with all that hangs on it.
pub(in crate::service) fn remove(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    office: Office,
    id: ClientId,
    seen: Option<Version>,
) -> Result<()> {
    let found = office::of(office.organization, tx.oauth_clients().find(id)?)?;
    // Users are locked before clients.
    let account = match (office.organization, found.service_account_id) {
        (Some(organization), Some(account)) => {
            let held = tx.memberships().held(organization, account)?;
            authority::check_rank(office.rights, &held.unwrap_or_default())?;
            tx.users().lock(account)?.map(|user| (organization, user))
        }
        _ => None,
    };
    let mut client = office::of(office.organization, tx.oauth_clients().lock(id)?)?;
    client.version.expect(seen)?;
    for secret in tx.oauth_clients().secrets(id)? {
        tx.oauth_clients().remove_secret(secret.id)?;
    }
    tx.oauth_grants().revoke_of_client(id, now)?;
    client.deleted_at = Some(now);
    touch(tx, &mut client, now)?;
    if let Some((organization, user)) = account.filter(|(_, user)| user.deleted_at.is_none()) {
        dismiss(tx, author, now, organization, user)?;
    }
    note(tx, author, now, &client, Act::ClientDeleted, Vec::new())
}

fn view(tx: &mut dyn Tx, now: Timestamp, client: OAuthClient) -> Result<ClientView> {
    let secrets = tx.oauth_clients().secrets(client.id)?.into_iter();
    Ok(ClientView {
        secrets: secrets.filter(|secret| secret.is_usable(now)).collect(),
        client,
    })
}

fn client(
    organization: Option<OrganizationId>,
    id: ClientId,
    command: &CreateClient,
    now: Timestamp,
) -> OAuthClient {
    OAuthClient {
        id,
        organization_id: organization,
        name: command.name.clone(),
        kind: command.kind,
        grant_types: command.grant_types,
        scopes: command.scopes,
        redirect_uris: command.redirect_uris.clone(),
        service_account_id: None,
        version: Version::FIRST,
        created_at: now,
        updated_at: now,
        deleted_at: None,
    }
}

fn issue_secret(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    client: ClientId,
    fresh: &Fresh,
) -> Result<Secret> {
    let secret = ClientSecret {
        id: fresh.secret_id,
        client_id: client,
        last_four: fresh.secret.last_four(),
        created_by: maker(author),
        created_at: now,
        expires_at: None,
    };
    let digest = fresh.secret.digest();
    tx.oauth_clients().add_secret(&secret, &digest)?;
    Ok(fresh.secret.clone())
}

fn touch(tx: &mut dyn Tx, client: &mut OAuthClient, now: Timestamp) -> Result<()> {
    let before = client.version;
    client.version = before.next();
    client.updated_at = now;
    if tx.oauth_clients().update(client, before)? {
        Ok(())
    } else {
        Err(Refusal::VersionMismatch.into())
    }
}

/// Records what happened to a client: in the organization's log, or, if it is the installation's, in
/// that of the superuser who did it. What the operator does to the installation at the command line
/// is in no log.
fn note(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    client: &OAuthClient,
    act: Act,
    changes: Vec<Change>,
) -> Result<()> {
    let chain = match (client.organization_id, maker(author)) {
        (Some(organization), _) => Chain::Organization(organization),
        (None, Some(user)) => Chain::User(user),
        (None, None) => return Ok(()),
    };
    let deed = Deed {
        chain,
        act,
        target: Target::OAuthClient(client.id),
        changes,
    };
    audit::record(tx, author, now, &deed)
}
