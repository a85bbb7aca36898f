use uuid::Uuid;

use super::PasswordTools;
use crate::access::Origin;
use crate::audit::{Actor, Author};
use crate::error::Unauthenticated;
use crate::id::UserId;
use crate::limit::Attempt;
use crate::password::{KeptPassword, Password, PasswordHash, Verdict, can_have_password};
use crate::port::Tx;
use crate::service::Core;
use crate::service::session::{self, SignedIn};
use crate::service::token::Mint;
use crate::time::Timestamp;
use crate::value::Email;
use crate::{Error, Result};

/// Whose password is asked for where there is nobody.
const NOBODY: UserId = UserId::new(Uuid::nil());

/// A password that was right.
#[derive(Clone, Debug)]
struct Proven {
    email: Email,
    kept: KeptPassword,
    /// A new hash of it, if the parameters have changed.
    fresh: Option<PasswordHash>,
}

/// Opens a session for whoever has this address and this password. That there is no such account,
/// that it has no password, and that the password is another is one answer, after the same time.
pub async fn sign_in(
    core: &Core,
    origin: Origin,
    email: Email,
    password: Password,
) -> Result<SignedIn> {
    let tools = core.passwords()?;
    let now = core.now();
    let attempt = Attempt::begin(core.limits(), &email, origin.address, now)?;
    let proven = match prove(core, tools, email, password).await {
        Ok(Some(proven)) => proven,
        Ok(None) => return Err(wrong()),
        Err(error) => {
            attempt.forgive();
            return Err(error);
        }
    };
    let mint = Mint::session(core, now);
    let work = move |tx: &mut dyn Tx| open(tx, origin, now, &mint, &proven);
    let outcome = core.store.write(work).await;
    match outcome {
        Ok(_) => attempt.succeed(),
        Err(_) => attempt.forgive(),
    }
    outcome
}

async fn prove(
    core: &Core,
    tools: &PasswordTools,
    email: Email,
    password: Password,
) -> Result<Option<Proven>> {
    let asked = email.clone();
    let work = move |tx: &mut dyn Tx| look_up(tx, &asked);
    let kept = core.store.read(work).await?;
    let hash = kept.as_ref().map(|kept| kept.hash.clone());
    let verdict = tools.verify(password.clone(), hash).await?;
    let Some(kept) = kept else {
        return Ok(None);
    };
    let fresh = match verdict {
        Verdict::Wrong => return Ok(None),
        Verdict::Right => None,
        // If it cannot be done now, it is done at the next sign-in.
        Verdict::Outdated => tools.hash(password).await.ok(),
    };
    Ok(Some(Proven { email, kept, fresh }))
}

/// The password of whoever has the address. It asks for one in any case: the time that it takes
/// says nothing.
fn look_up(tx: &mut dyn Tx, email: &Email) -> Result<Option<KeptPassword>> {
    let found = tx.users().find_by_email(email)?;
    let user = found.filter(can_have_password);
    let id = user.as_ref().map_or(NOBODY, |user| user.id);
    tx.passwords().find(id)
}

fn open(
    tx: &mut dyn Tx,
    origin: Origin,
    now: Timestamp,
    mint: &Mint,
    proven: &Proven,
) -> Result<SignedIn> {
    let user = tx.users().lock(proven.kept.user_id)?;
    let user = user.filter(|user| user.email == proven.email && can_have_password(user));
    let user = user.ok_or_else(wrong)?;
    // Only if it is still the password: hashed anew it is the same one.
    let kept = tx.passwords().find(user.id)?;
    let kept = kept.filter(|kept| kept.changed_at == proven.kept.changed_at);
    let kept = kept.ok_or_else(wrong)?;
    if let Some(fresh) = &proven.fresh
        && kept == proven.kept
    {
        let hash = fresh.clone();
        tx.passwords().put(&KeptPassword { hash, ..kept })?;
    }
    let author = Author {
        actor: Actor::User {
            id: user.id,
            kind: user.kind,
            token: mint.id,
        },
        origin,
    };
    let session = session::open(tx, &author, now, mint, user.id, None)?;
    Ok(SignedIn { user, session })
}

fn wrong() -> Error {
    Error::Unauthenticated(Unauthenticated::Invalid)
}
