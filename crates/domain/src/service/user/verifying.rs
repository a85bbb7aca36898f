use super::profile::note;
use super::write;
use crate::access::{self, Caller, Used};
use crate::audit::{Act, Author, Change};
use crate::error::Kind;
use crate::id::{MessageId, UserId};
use crate::limit::{Allowance, Policy};
use crate::outbox::{Content, Letter, Message};
use crate::policy::Action;
use crate::port::Tx;
use crate::secret::{Digest, Secret};
use crate::service::Core;
use crate::service::domain::{Newcomer, enroll};
use crate::time::Timestamp;
use crate::user::{User, UserKind};
use crate::verification::EmailVerification;
use crate::{Error, Refusal, Result};

/// The secret of a verification, as somebody presents it; nothing when it cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerificationSecret(Option<Digest>);

impl VerificationSecret {
    /// Reads what was mailed.
    #[must_use]
    pub fn read(text: &str) -> Self {
        Self(Secret::parse_email_verification(text).map(|secret| secret.digest()))
    }
}

/// What the page shows that the mailed link leads to.
#[derive(Clone, Debug)]
pub struct OpenedVerification {
    /// Who asked for it. If their address is verified by now, nothing is left to do.
    pub user: User,
    /// Who looks, if they are known.
    pub reader: Option<User>,
}

/// What sending a verification takes, made before the transaction.
#[derive(Clone, Debug)]
pub(super) struct Fresh {
    secret: Secret,
    message: MessageId,
}

impl Fresh {
    pub(super) fn new(core: &Core, now: Timestamp) -> Self {
        Self {
            secret: Secret::email_verification(&core.random.entropy()),
            message: MessageId::new(core.ids.next(now)),
        }
    }
}

pub(super) fn send(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    fresh: &Fresh,
    allowance: &Allowance,
) -> Result<Used<User>> {
    let action = Action::ManageSelf;
    let authentication = access::enter_platform_locked(tx, caller, now, action)?;
    authentication.in_person(action)?;
    let user = &authentication.user;
    check_person(user, action)?;
    if !user.has_verified_email() {
        let verification = EmailVerification::of(user, now);
        tx.verifications()
            .put(&verification, &fresh.secret.digest())?;
        tx.outbox().add(&Message {
            id: fresh.message,
            content: Content::Letter {
                recipient: user.email.clone(),
                letter: Letter::EmailVerification {
                    user_id: user.id,
                    secret: fresh.secret.clone(),
                },
            },
            created_at: now,
        })?;
        let author = authentication.author(caller);
        let change = Change::set("email", user.email.as_str());
        note(tx, &author, now, user, Act::VerificationSent, vec![change])?;
        allowance.take(&[(Policy::MessagesPerRecipient, user.email.key())])?;
    }
    Ok(authentication.used(user.clone()))
}

pub(super) fn open(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    secret: VerificationSecret,
) -> Result<(OpenedVerification, Option<Used<()>>)> {
    let reader = access::recognize(tx, caller, now)?;
    let user = find(tx, now, secret)?;
    let noted = reader.as_ref().map(|reader| reader.used(()));
    let reader = reader.map(|reader| reader.user);
    Ok((OpenedVerification { user, reader }, noted))
}

/// Verifies the caller's address by the secret that was mailed there. Somebody else's secret is
/// none: an address is not given to whoever claimed it by its owner's mere click.
pub(super) fn verify(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    fresh: &Newcomer,
    secret: VerificationSecret,
    allowance: &Allowance,
) -> Result<Used<User>> {
    let action = Action::ManageSelf;
    let authentication = access::enter_platform(tx, caller, now, action)?;
    authentication.in_person(action)?;
    let user = find(tx, now, secret)?;
    if user.id != authentication.user.id {
        return Err(Error::NotFound(Kind::EmailVerification));
    }
    let author = authentication.author(caller);
    let user = vouch(tx, &author, now, fresh, user, allowance)?;
    Ok(authentication.used(user))
}

/// The user whose address a secret verifies.
fn find(tx: &mut dyn Tx, now: Timestamp, secret: VerificationSecret) -> Result<User> {
    let absent = || Error::NotFound(Kind::EmailVerification);
    let digest = secret.0.ok_or_else(absent)?;
    let found = tx.verifications().find_by_secret(&digest)?;
    let verification = found.ok_or_else(absent)?;
    let user = tx.users().find(verification.user_id)?;
    user.filter(|user| verification.is_about(user, now))
        .ok_or_else(absent)
}

/// Marks the address of a user, as they were read, as verified, and takes them in where that opens
/// a door. One that is verified stays as it is.
pub(in crate::service) fn vouch(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    fresh: &Newcomer,
    found: User,
    allowance: &Allowance,
) -> Result<User> {
    if found.has_verified_email() {
        return Ok(found);
    }
    let mut verified = found.clone();
    verified.email_verified_at = Some(now);
    // First, since it locks an organization, which comes before any user.
    enroll(tx, author, now, fresh, &verified, allowance)?;
    let locked = lock(tx, found.id)?;
    // Vouched for is the address that was looked at, not one that took its place.
    if locked.version != found.version {
        return Err(Refusal::VersionMismatch.into());
    }
    verified.touch(now);
    write(tx, &verified, found.version)?;
    let change = Change::set("email_verified", verified.email.as_str());
    note(tx, author, now, &verified, Act::UserUpdated, vec![change])?;
    Ok(verified)
}

fn lock(tx: &mut dyn Tx, id: UserId) -> Result<User> {
    let locked = tx.users().lock(id)?;
    locked
        .filter(|user| user.deleted_at.is_none())
        .ok_or(Error::NotFound(Kind::User))
}

/// Programs receive no mail.
fn check_person(user: &User, action: Action) -> Result<()> {
    match user.kind {
        UserKind::Person => Ok(()),
        UserKind::ServiceAccount => Err(Error::Denied {
            action,
            visible: true,
        }),
    }
}
