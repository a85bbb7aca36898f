use super::{
    Audience, IssuedDevice, Presented, Question, asking, authenticating, granted, grants, reading,
};
use crate::access::{self, Authentication, Caller, Used};
use crate::error::Unauthenticated;
use crate::id::{DeviceAuthorizationId, GrantId};
use crate::oauth::{
    Answer, DEVICE_CODE_LIFETIME, DEVICE_POLL_INTERVAL, DeviceAuthorization, DeviceState,
    GrantType, Problem, ProblemKind, UserCode,
};
use crate::policy::Action;
use crate::port::Tx;
use crate::secret::Secret;
use crate::service::Core;
use crate::time::Timestamp;
use crate::token::TokenKind;
use crate::{Error, Result};

/// What a device takes that begins to wait, made before the transaction.
#[derive(Clone, Debug)]
pub(super) struct Fresh {
    id: DeviceAuthorizationId,
    device_code: Secret,
    user_code: UserCode,
}

impl Fresh {
    pub(super) fn new(core: &Core, now: Timestamp) -> Self {
        Self {
            id: DeviceAuthorizationId::new(core.ids.next(now)),
            device_code: Secret::device_code(&core.random.entropy()),
            user_code: UserCode::new(&core.random.entropy()),
        }
    }
}

pub(super) fn begin(
    tx: &mut dyn Tx,
    now: Timestamp,
    fresh: &Fresh,
    by: &Presented,
    scope: Option<&str>,
    audience: Audience,
) -> Result<Answer<IssuedDevice>> {
    let client = granted!(authenticating::client(tx, now, by)?).client;
    if !client.grant_types.has(GrantType::DeviceCode) {
        let reason = "the client is not registered for the device code";
        return Ok(Err(Problem::new(ProblemKind::UnauthorizedClient, reason)));
    }
    let scopes = granted!(reading::scopes(&client, scope));
    // Whether there is such an organization is told to nobody who is not signed in.
    let organization_id = granted!(asking::bound(&client, audience));
    let device = DeviceAuthorization {
        id: fresh.id,
        client_id: client.id,
        organization_id,
        scopes,
        state: DeviceState::Pending,
        interval: DEVICE_POLL_INTERVAL,
        polled_at: None,
        created_at: now,
        expires_at: now.plus(DEVICE_CODE_LIFETIME),
    };
    let codes = (fresh.device_code.digest(), fresh.user_code.digest());
    if !tx.oauth_devices().add(&device, &codes.0, &codes.1)? {
        // One in 25 600 million has it; the next attempt takes another.
        return Err(Error::Busy);
    }
    Ok(Ok(IssuedDevice {
        device_code: fresh.device_code.clone(),
        user_code: fresh.user_code.clone(),
        device,
    }))
}

/// What a device waits for, and what its user is to be asked.
pub(super) fn open(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    code: &UserCode,
) -> Result<Used<Option<Question>>> {
    let session = session(tx, caller, now)?;
    let found = find(tx, &session, now, code)?;
    Ok(session.used(found.map(|(_, question)| question)))
}

/// Does what the user has answered; `false`: there is no such code.
pub(super) fn answer(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    grant: GrantId,
    code: &UserCode,
    allow: bool,
) -> Result<Used<bool>> {
    let session = session(tx, caller, now)?;
    let Some((_, question)) = find(tx, &session, now, code)? else {
        return Ok(session.used(false));
    };
    asking::lock(tx, &question)?;
    // What was read before the locks may be out of date.
    let session = self::session(tx, caller, now)?;
    let Some((device, question)) = find(tx, &session, now, code)? else {
        return Ok(session.used(false));
    };
    let locked = tx.oauth_devices().lock(device.id)?;
    let waiting = locked.filter(|it| it.state == DeviceState::Pending);
    let Some(mut device) = waiting else {
        return Ok(session.used(false));
    };
    device.state = if allow {
        let author = session.author(caller);
        let grant = grants::allow(tx, &author, now, grant, &question)?;
        DeviceState::Allowed(grant.id)
    } else {
        DeviceState::Denied
    };
    tx.oauth_devices().update(&device)?;
    Ok(session.used(true))
}

/// Whoever is signed in with a browser.
fn session(tx: &mut dyn Tx, caller: &Caller, now: Timestamp) -> Result<Authentication> {
    let found = access::authenticate(tx, caller, now)?;
    if found.token.kind == TokenKind::Session {
        Ok(found)
    } else {
        Err(Error::Unauthenticated(Unauthenticated::Invalid))
    }
}

/// The device that waits with this code, and what to ask; nothing, if there is none any more.
fn find(
    tx: &mut dyn Tx,
    session: &Authentication,
    now: Timestamp,
    code: &UserCode,
) -> Result<Option<(DeviceAuthorization, Question)>> {
    let found = tx.oauth_devices().find_by_user_code(&code.digest())?;
    let waits = |it: &DeviceAuthorization| it.state == DeviceState::Pending && now < it.expires_at;
    let Some(device) = found.filter(waits) else {
        return Ok(None);
    };
    let client = authenticating::find(tx, Some(&device.client_id.to_string()))?;
    let Some(client) = client else {
        return Ok(None);
    };
    let organization = device.organization_id;
    let audience = organization.map_or(Audience::Anywhere, Audience::Organization);
    match asking::question(tx, client, session, device.scopes, audience)? {
        Ok(question) => Ok(Some((device, question))),
        // They may not allow it: it is for somebody else.
        Err(_) => Err(Error::Denied {
            action: Action::ManageSelf,
            visible: true,
        }),
    }
}
