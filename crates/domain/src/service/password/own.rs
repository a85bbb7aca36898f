use super::MyPassword;
use super::tools::{known_words, note};
use crate::access::{self, Authentication, Caller, Used};
use crate::audit::Act;
use crate::id::TokenId;
use crate::password::{KeptPassword, PasswordHash, can_have_password};
use crate::policy::Action;
use crate::port::Tx;
use crate::time::Timestamp;
use crate::token::TokenKind;
use crate::user::User;
use crate::{Error, Refusal, Result};

/// A user with their password, as they were read.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) user: User,
    pub(super) kept: Option<KeptPassword>,
    /// What everybody knows about them.
    pub(super) words: Vec<String>,
}

pub(super) fn mine(tx: &mut dyn Tx, caller: &Caller, now: Timestamp) -> Result<Used<MyPassword>> {
    let authentication = access::enter_platform(tx, caller, now, Action::ReadSelf)?;
    let user = authentication.user.clone();
    let kept = tx.passwords().find(user.id)?;
    Ok(authentication.used(MyPassword {
        user,
        changed_at: kept.map(|kept| kept.changed_at),
    }))
}

pub(super) fn look(tx: &mut dyn Tx, caller: &Caller, now: Timestamp) -> Result<Used<Seen>> {
    let action = Action::ManageSelf;
    let authentication = access::enter_platform(tx, caller, now, action)?;
    authentication.in_person(action)?;
    check_person(&authentication.user)?;
    let user = authentication.user.clone();
    let kept = tx.passwords().find(user.id)?;
    let words = known_words(tx, &user)?;
    Ok(authentication.used(Seen { user, kept, words }))
}

/// Puts a password into the place of the one that was seen.
pub(super) fn set(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    seen: Option<&KeptPassword>,
    hash: &PasswordHash,
) -> Result<Used<()>> {
    let authentication = enter(tx, caller, now, seen)?;
    tx.passwords().put(&KeptPassword {
        user_id: authentication.user.id,
        hash: hash.clone(),
        changed_at: now,
    })?;
    end_others(tx, caller, now, &authentication, Act::PasswordSet)?;
    Ok(authentication.used(()))
}

/// Removes the password that was seen.
pub(super) fn remove(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    seen: Option<&KeptPassword>,
) -> Result<Used<()>> {
    let authentication = enter(tx, caller, now, seen)?;
    if tx.passwords().remove(authentication.user.id)? {
        end_others(tx, caller, now, &authentication, Act::PasswordRemoved)?;
    }
    Ok(authentication.used(()))
}

/// Finds out who calls, locks their row, and sees to it that their password is still the one that
/// was held against what they gave.
fn enter(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    seen: Option<&KeptPassword>,
) -> Result<Authentication> {
    let action = Action::ManageSelf;
    let authentication = access::enter_platform_locked(tx, caller, now, action)?;
    authentication.in_person(action)?;
    check_person(&authentication.user)?;
    let kept = tx.passwords().find(authentication.user.id)?;
    if kept.as_ref() != seen {
        return Err(Refusal::VersionMismatch.into());
    }
    Ok(authentication)
}

/// Ends what the password before may have opened, but for what the caller calls with, and any way
/// to a new one.
fn end_others(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    authentication: &Authentication,
    act: Act,
) -> Result<()> {
    let user = authentication.user.id;
    let token = &authentication.token;
    let mine: Option<TokenId> = (token.kind == TokenKind::Session).then_some(token.id);
    tx.tokens().revoke_sessions(user, mine, now)?;
    tx.password_resets().remove(user)?;
    note(tx, &authentication.author(caller), now, user, act)
}

/// Programs have keys.
fn check_person(user: &User) -> Result<()> {
    if can_have_password(user) {
        Ok(())
    } else {
        Err(Error::Denied {
            action: Action::ManageSelf,
            visible: true,
        })
    }
}
