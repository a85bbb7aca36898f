use super::credentials::end_credentials;
use super::homes::Homes;
use super::profile::note;
use super::verifying::vouch;
use super::{CreatePerson, OWNED_SHOWN, UserPage, check_address, write};
use crate::access::{self, Authentication, Caller, Used};
use crate::audit::Act;
use crate::error::Kind;
use crate::id::UserId;
use crate::idempotency::{self, Claim};
use crate::limit::Allowance;
use crate::organization::Version;
use crate::page::Window;
use crate::policy::Action;
use crate::port::Tx;
use crate::service::domain::Newcomer;
use crate::service::operator;
use crate::time::Timestamp;
use crate::user::{User, UserKind};
use crate::{Error, Refusal, Result};

pub(super) fn list(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    window: &Window<UserId>,
) -> Result<Used<UserPage>> {
    let authentication = enter(tx, caller, now)?;
    let page = tx.users().list(window)?;
    Ok(authentication.used(page))
}

pub(super) fn get(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: UserId,
) -> Result<Used<User>> {
    let authentication = enter(tx, caller, now)?;
    let user = present(tx.users().find(id)?)?;
    Ok(authentication.used(user))
}

pub(super) fn create(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: UserId,
    command: &CreatePerson,
) -> Result<Used<User>> {
    let authentication = enter(tx, caller, now)?;
    let once = command.once.as_ref();
    let claim = idempotency::claim(tx, authentication.user.id, once, now, id.uuid())?;
    if let Claim::Made(id) = claim {
        let made = present(tx.users().find(UserId::new(id))?)?;
        return Ok(authentication.used(made));
    }
    check_address(&command.email)?;
    let user = User {
        id,
        kind: UserKind::Person,
        email: command.email.clone(),
        display_name: command.display_name.clone(),
        superuser: false,
        active: true,
        email_verified_at: None,
        organization_id: None,
        trial_started_at: None,
        version: Version::FIRST,
        created_at: now,
        updated_at: now,
        deleted_at: None,
    };
    let user = operator::add(tx, &authentication.author(caller), &user)?;
    Ok(authentication.used(user))
}

pub(super) fn verify_email(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    fresh: &Newcomer,
    id: UserId,
    allowance: &Allowance,
) -> Result<Used<User>> {
    let authentication = enter(tx, caller, now)?;
    let author = authentication.author(caller);
    let found = present(tx.users().find(id)?)?;
    let verified = vouch(tx, &author, now, fresh, found, allowance)?;
    Ok(authentication.used(verified))
}

pub(super) fn deactivate(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: UserId,
    seen: Option<Version>,
) -> Result<Used<User>> {
    let authentication = enter(tx, caller, now)?;
    let homes = Homes::lock(tx, id)?;
    let user = present(tx.users().lock(id)?)?;
    user.version.expect(seen)?;
    let organizations = tx.users().owned(id, OWNED_SHOWN)?;
    if !organizations.is_empty() {
        return Err(Refusal::StillOwner { organizations }.into());
    }
    end_credentials(tx, now, id)?;
    set_active(tx, &authentication, caller, now, (user, &homes), false)
}

pub(super) fn activate(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: UserId,
    seen: Option<Version>,
) -> Result<Used<User>> {
    let authentication = enter(tx, caller, now)?;
    let homes = Homes::lock(tx, id)?;
    let user = present(tx.users().lock(id)?)?;
    user.version.expect(seen)?;
    set_active(tx, &authentication, caller, now, (user, &homes), true)
}

fn set_active(
    tx: &mut dyn Tx,
    authentication: &Authentication,
    caller: &Caller,
    now: Timestamp,
    (mut user, homes): (User, &Homes),
    active: bool,
) -> Result<Used<User>> {
    if user.active != active {
        let before = user.version;
        user.active = active;
        user.touch(now);
        write(tx, &user, before)?;
        let act = if active {
            Act::UserActivated
        } else {
            Act::UserDeactivated
        };
        let author = authentication.author(caller);
        note(tx, &author, now, &user, act, Vec::new())?;
        homes.tell(tx, &author, now, &user)?;
    }
    Ok(authentication.used(user))
}

fn enter(tx: &mut dyn Tx, caller: &Caller, now: Timestamp) -> Result<Authentication> {
    access::enter_platform(tx, caller, now, Action::AdministerUsers)
}

/// The user, unless they are deleted.
fn present(user: Option<User>) -> Result<User> {
    user.filter(|user| user.deleted_at.is_none())
        .ok_or(Error::NotFound(Kind::User))
}
