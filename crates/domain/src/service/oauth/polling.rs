//! A device asks whether its user has said yes (RFC 8628 §3.4).

use super::issuing::{Minted, Share};
use super::redeeming::{Desk, is_alive};
use super::{granted, grants};
use crate::Result;
use crate::oauth::{
    Answer, DeviceAuthorization, DeviceState, Grant, OAuthClient, Problem, ProblemKind,
};
use crate::port::Tx;
use crate::secret::Secret;
use crate::time::Span;
use crate::user::User;

/// How much longer a device has to wait that asks too often (RFC 8628 §3.5).
const SLOWER: Span = Span::seconds(5);

const DEAD_DEVICE_CODE: Problem = Problem::grant("the device code does not work (any more)");

pub(super) fn poll(
    tx: &mut dyn Tx,
    desk: &Desk<'_>,
    client: &OAuthClient,
    code: &str,
) -> Result<Answer<Minted>> {
    let Some((mut device, locked)) = lock(tx, client, code)? else {
        return Ok(Err(DEAD_DEVICE_CODE));
    };
    if device.expires_at <= desk.now {
        let reason = "the device code has run out; begin anew";
        return Ok(Err(Problem::new(ProblemKind::ExpiredToken, reason)));
    }
    let rushed = device
        .polled_at
        .is_some_and(|last| desk.now < last.plus(device.interval));
    device.polled_at = Some(desk.now);
    let answer = match (device.state, locked) {
        // Its grant goes on: a device that has not got the answer asks again, and nobody else has
        // ever seen this code.
        (DeviceState::Used(_), _) => Err(DEAD_DEVICE_CODE),
        (DeviceState::Denied, _) => Err(Problem::new(
            ProblemKind::AccessDenied,
            "the user has said no",
        )),
        _ if rushed => {
            device.interval = Span::from_millis(device.interval.millis() + SLOWER.millis());
            let reason = "wait five seconds longer between two polls from now on";
            Err(Problem::new(ProblemKind::SlowDown, reason))
        }
        (DeviceState::Allowed(id), Some((grant, user))) if is_alive(&grant, &user) => {
            device.state = DeviceState::Used(id);
            Ok((grant, user))
        }
        // Somebody has answered just now: the next poll tells.
        (DeviceState::Pending, _) | (DeviceState::Allowed(_), None) => Err(Problem::new(
            ProblemKind::AuthorizationPending,
            "the user has not answered yet",
        )),
        (DeviceState::Allowed(_), _) => Err(DEAD_DEVICE_CODE),
    };
    tx.oauth_devices().update(&device)?;
    let (grant, user) = granted!(answer);
    let share = Share {
        grant: &grant,
        user: &user,
        scopes: grant.scopes,
        nonce: None,
    };
    desk.issue(tx, client, share)
}

/// A device, and what its user has allowed, both locked.
type Locked = (DeviceAuthorization, Option<(Grant, User)>);

/// The client's device that has this code.
fn lock(tx: &mut dyn Tx, client: &OAuthClient, code: &str) -> Result<Option<Locked>> {
    let Some(digest) = Secret::parse_device_code(code).map(|it| it.digest()) else {
        return Ok(None);
    };
    let found = tx.oauth_devices().find(&digest)?;
    let Some(found) = found.filter(|device| device.client_id == client.id) else {
        return Ok(None);
    };
    let allowed = match found.state.grant() {
        Some(grant) => grants::lock(tx, grant)?,
        None => None,
    };
    let device = tx.oauth_devices().lock(found.id)?;
    Ok(device.map(|device| (device, allowed)))
}
