use super::tools::{known_words, note};
use super::{GivenReset, OpenedReset, ResetSecret};
use crate::access::Origin;
use crate::audit::{Act, Actor, Author};
use crate::error::Kind;
use crate::id::MessageId;
use crate::limit::{Allowance, Policy};
use crate::outbox::{Content, Letter, Message};
use crate::password::{KeptPassword, PasswordHash, PasswordReset, can_have_password};
use crate::port::Tx;
use crate::secret::Secret;
use crate::service::Core;
use crate::service::domain::Newcomer;
use crate::service::user::{end_credentials, vouch};
use crate::time::Timestamp;
use crate::user::User;
use crate::value::Email;
use crate::{Error, Result};

/// What a reset takes, made before the transaction.
#[derive(Clone, Debug)]
pub struct Fresh {
    secret: Secret,
    message: MessageId,
}

impl Fresh {
    /// Gathers it.
    #[must_use]
    pub fn new(core: &Core, now: Timestamp) -> Self {
        Self {
            secret: Secret::password_reset(&core.random.entropy()),
            message: MessageId::new(core.ids.next(now)),
        }
    }
}

/// Mails a reset to an address, if there is somebody, and if not too much goes there. Nothing of
/// that is told.
pub(super) fn request(
    tx: &mut dyn Tx,
    origin: Origin,
    now: Timestamp,
    fresh: &Fresh,
    email: &Email,
    allowance: &Allowance,
) -> Result<()> {
    let Some(user) = locked(tx, email)? else {
        return Ok(());
    };
    let bucket = bucket(email);
    let wanted = [(Policy::MessagesPerRecipient, bucket.as_str())];
    if allowance.take(&wanted).is_err() {
        return Ok(());
    }
    // Nobody knows who asks.
    let author = Author {
        actor: Actor::System,
        origin,
    };
    let given = make(tx, &author, now, fresh, user)?;
    tx.outbox().add(&Message {
        id: fresh.message,
        content: Content::Letter {
            recipient: given.user.email,
            letter: Letter::PasswordReset {
                user_id: given.user.id,
                secret: given.secret,
            },
        },
        created_at: now,
    })
}

/// The bucket of the resets that are mailed to an address. It is not the one of other messages, since
/// anybody may ask for resets: who is refused to invite somebody afterwards would know that there is
/// an account, and who invites somebody often would keep them from a new password. No address has a
/// space.
fn bucket(email: &Email) -> String {
    format!("{} password", email.key())
}

/// Makes a reset for the operator to hand on.
pub fn give(tx: &mut dyn Tx, now: Timestamp, fresh: &Fresh, email: &Email) -> Result<GivenReset> {
    let user = locked(tx, email)?.ok_or(Error::NotFound(Kind::User))?;
    make(tx, &Author::SYSTEM, now, fresh, user)
}

/// The user with an address who can have a password, with their row locked.
fn locked(tx: &mut dyn Tx, email: &Email) -> Result<Option<User>> {
    let Some(found) = tx.users().find_by_email(email)? else {
        return Ok(None);
    };
    if !can_have_password(&found) {
        return Ok(None);
    }
    // What was read before the lock may be out of date.
    let user = tx.users().lock(found.id)?;
    Ok(user.filter(|user| user.email == *email && can_have_password(user)))
}

fn make(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    fresh: &Fresh,
    user: User,
) -> Result<GivenReset> {
    let reset = PasswordReset::of(&user, now);
    let secret = fresh.secret.clone();
    tx.password_resets().put(&reset, &secret.digest())?;
    note(tx, author, now, user.id, Act::PasswordResetSent)?;
    Ok(GivenReset {
        user,
        secret,
        expires_at: reset.expires_at,
    })
}

pub(super) fn open(tx: &mut dyn Tx, now: Timestamp, secret: ResetSecret) -> Result<OpenedReset> {
    let (user, reset) = find(tx, now, secret)?;
    Ok(OpenedReset {
        user,
        expires_at: reset.expires_at,
    })
}

/// What everybody knows about whose password it is.
pub(super) fn words(tx: &mut dyn Tx, now: Timestamp, secret: ResetSecret) -> Result<Vec<String>> {
    let (user, _) = find(tx, now, secret)?;
    known_words(tx, &user)
}

/// Sets the password, and ends what opened the account until now: the sessions, and all the rest
/// too if nobody had shown before that the address is theirs. Then whoever made the account may
/// have done so to wait in it for the address's owner: the "classic-federated merge" and its
/// relatives (<https://www.usenix.org/conference/usenixsecurity22/presentation/sudhodanan>).
pub(super) fn reset(
    tx: &mut dyn Tx,
    origin: Origin,
    now: Timestamp,
    secret: ResetSecret,
    hash: &PasswordHash,
    (newcomer, allowance): (&Newcomer, &Allowance),
) -> Result<User> {
    let (found, _) = find(tx, now, secret)?;
    let author = Author {
        actor: Actor::Recipient(found.id),
        origin,
    };
    let claimed = !found.has_verified_email();
    // First, since it may lock an organization, which comes before any user.
    let user = vouch(tx, &author, now, newcomer, found, allowance)?;
    tx.users().lock(user.id)?;
    // Behind the lock: somebody else may have used it, or the address may have changed.
    let (user, _) = find(tx, now, secret)?;
    if claimed {
        end_credentials(tx, now, user.id)?;
        note(tx, &author, now, user.id, Act::AccountClaimed)?;
    } else {
        tx.tokens().revoke_sessions(user.id, None, now)?;
        tx.password_resets().remove(user.id)?;
    }
    tx.passwords().put(&KeptPassword {
        user_id: user.id,
        hash: hash.clone(),
        changed_at: now,
    })?;
    note(tx, &author, now, user.id, Act::PasswordReset)?;
    Ok(user)
}

/// The reset with a secret, and its user.
fn find(tx: &mut dyn Tx, now: Timestamp, secret: ResetSecret) -> Result<(User, PasswordReset)> {
    let absent = || Error::NotFound(Kind::PasswordReset);
    let digest = secret.0.ok_or_else(absent)?;
    let reset = tx.password_resets().find_by_secret(&digest)?;
    let reset = reset.ok_or_else(absent)?;
    let user = tx.users().find(reset.user_id)?;
    let user = user.filter(|user| reset.is_about(user, now));
    user.map(|user| (user, reset)).ok_or_else(absent)
}
