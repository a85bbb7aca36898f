use super::ending::{Ending, end};
use super::joining::join;
use super::viewing::{find_by_secret, is_unclaimed};
use super::{Acceptance, Handle, Presented, SignUp, SignedUp, as_of, check_pending, closed};
use crate::access::{self, Authentication, Caller, Origin, Used};
use crate::audit::{self, Act, Actor, Author, Chain, Change, Deed, Target};
use crate::error::Kind;
use crate::id::{MembershipId, UserId};
use crate::invitation::{Invitation, InvitationState, InvitationView};
use crate::limit::Allowance;
use crate::organization::Version;
use crate::password::{KeptPassword, PasswordHash};
use crate::policy::Action;
use crate::port::Tx;
use crate::service::domain::{Newcomer, enroll, hold_with_house};
use crate::service::token::{IssueToken, IssuedToken, Mint, issue};
use crate::service::user::end_credentials;
use crate::service::{Core, operator, password, session};
use crate::time::Timestamp;
use crate::token::TokenKind;
use crate::user::{User, UserKind};
use crate::value::{Email, TokenName};
use crate::{Error, Refusal, Result};

/// What the first token of somebody who signs up is called.
const FIRST_TOKEN: &str = "first";

/// What signing up takes, made before the transaction.
#[derive(Clone, Debug)]
pub(super) struct Fresh {
    user: UserId,
    membership: MembershipId,
    newcomer: Newcomer,
    mint: Mint,
    password: Option<PasswordHash>,
}

impl Fresh {
    pub(super) fn new(
        core: &Core,
        now: Timestamp,
        credential: TokenKind,
        password: Option<PasswordHash>,
    ) -> Self {
        Self {
            user: UserId::new(core.ids.next(now)),
            membership: MembershipId::new(core.ids.next(now)),
            newcomer: Newcomer::new(core, now),
            mint: match credential {
                TokenKind::Access => Mint::new(core, now),
                TokenKind::Session => Mint::session(core, now),
            },
            password,
        }
    }
}

pub(super) fn accept(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    membership: MembershipId,
    newcomer: &Newcomer,
    handle: Handle,
    allowance: &Allowance,
) -> Result<Used<Acceptance>> {
    let (mut authentication, view) = meet(tx, caller, now, handle)?;
    let user = &mut authentication.user;
    if view.invitation.accepted_by == Some(user.id) {
        let acceptance = accepted_before(tx, now, view, user.id)?;
        return Ok(authentication.used(acceptance));
    }
    check_invitee(user, &view.invitation, handle)?;
    check_pending(&view.invitation, now)?;
    let author = authentication.author(caller);
    let user = &mut authentication.user;
    let is_proof = !user.has_verified_email();
    if is_proof {
        verify(tx, &author, now, user, None)?;
    }
    let acceptance = join(tx, &author, now, membership, view, user)?;
    if is_proof {
        enroll(tx, &author, now, newcomer, user, allowance)?;
    }
    Ok(authentication.used(acceptance))
}

pub(super) fn decline(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    handle: Handle,
) -> Result<Used<InvitationView>> {
    let (authentication, mut view) = meet(tx, caller, now, handle)?;
    check_invitee(&authentication.user, &view.invitation, handle)?;
    if view.invitation.state != InvitationState::Declined {
        check_pending(&view.invitation, now)?;
        let author = authentication.author(caller);
        let invitation = &mut view.invitation;
        end(tx, &author, now, invitation, Ending::Declined)?;
    }
    Ok(authentication.used(view))
}

pub(super) fn sign_up(
    tx: &mut dyn Tx,
    origin: Origin,
    now: Timestamp,
    fresh: &Fresh,
    command: &SignUp,
    allowance: &Allowance,
) -> Result<SignedUp> {
    let view = find_locked(tx, command.secret, true)?;
    check_pending(&view.invitation, now)?;
    let author = Author {
        actor: Actor::Invitee,
        origin,
    };
    let email = &view.invitation.email;
    let user = match tx.users().find_by_email(email)? {
        Some(found) => claim(tx, &author, now, &found, command)?,
        None => newcomer(tx, &author, now, fresh.user, email, command)?,
    };
    if let Some(hash) = &fresh.password {
        let (user_id, hash) = (user.id, hash.clone());
        tx.passwords().put(&KeptPassword {
            user_id,
            hash,
            changed_at: now,
        })?;
        password::note(tx, &author, now, user_id, Act::PasswordSet)?;
    }
    let acceptance = join(tx, &author, now, fresh.membership, view, &user)?;
    enroll(tx, &author, now, &fresh.newcomer, &user, allowance)?;
    let token = match command.credential {
        TokenKind::Access => first_token(tx, &author, now, &fresh.mint, user.id)?,
        TokenKind::Session => session::open(tx, &author, now, &fresh.mint, user.id, None)?,
    };
    Ok(SignedUp {
        user,
        acceptance,
        token,
    })
}

/// A new user with the address of the invitation.
fn newcomer(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    id: UserId,
    email: &Email,
    command: &SignUp,
) -> Result<User> {
    let user = User {
        id,
        kind: UserKind::Person,
        email: email.clone(),
        display_name: command.display_name.clone(),
        superuser: false,
        active: true,
        // The secret was mailed there.
        email_verified_at: Some(now),
        organization_id: None,
        trial_started_at: None,
        version: Version::FIRST,
        created_at: now,
        updated_at: now,
        deleted_at: None,
    };
    operator::add(tx, author, &user)
}

/// Gives an account to whoever has shown that its address is theirs, which nobody had: somebody
/// else may have made it to wait in it. All that opened it is dead.
fn claim(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    found: &User,
    command: &SignUp,
) -> Result<User> {
    let user = tx.users().lock(found.id)?;
    let claimable = |user: &User| is_unclaimed(user) && user.email == found.email;
    let Some(mut user) = user.filter(claimable) else {
        return Err(Refusal::SignInToAccept.into());
    };
    end_credentials(tx, now, user.id)?;
    let (before, after) = (user.display_name.as_str(), command.display_name.as_str());
    let renamed = Change::new("display_name", Some(before), Some(after));
    let renamed = (before != after).then_some(renamed);
    user.display_name = command.display_name.clone();
    verify(tx, author, now, &mut user, renamed)?;
    tx.memberships().refresh(&user)?;
    password::note(tx, author, now, user.id, Act::AccountClaimed)?;
    Ok(user)
}

fn first_token(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    mint: &Mint,
    user: UserId,
) -> Result<IssuedToken> {
    let first = IssueToken {
        name: TokenName::from_stored(FIRST_TOKEN.to_owned()),
        expires_at: None,
        organization_id: None,
        once: None,
    };
    issue(tx, author, now, mint, user, &first)
}

/// Finds out who answers which invitation, and locks first its organization, then the user.
fn meet(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    handle: Handle,
) -> Result<(Authentication, InvitationView)> {
    let action = Action::ManageSelf;
    caller.digest()?;
    let (authentication, view) = match handle {
        // Nobody learns what it found before the next line says who they are.
        Handle::Id(id) => {
            let found = tx.invitations().find_locked(id)?;
            let authentication = access::enter_platform_locked(tx, caller, now, action)?;
            (
                authentication,
                found.ok_or(Error::NotFound(Kind::Invitation))?,
            )
        }
        // Which organizations are to be locked depends on who asks.
        Handle::Secret(secret) => {
            let seen = access::enter_platform(tx, caller, now, action)?;
            let view = find_locked(tx, secret, !seen.user.has_verified_email())?;
            let authentication = access::enter_platform_locked(tx, caller, now, action)?;
            (authentication, view)
        }
    };
    if authentication.user.kind == UserKind::ServiceAccount {
        return Err(Error::Denied {
            action,
            visible: true,
        });
    }
    Ok((authentication, view))
}

/// The invitation of a live organization that a secret opens, with the organization locked: it cannot
/// be answered, revoked or sent again by anybody else until the end of the transaction. If the answer
/// may prove the address, the organization that would enroll its user is locked as well.
fn find_locked(tx: &mut dyn Tx, secret: Presented, may_prove: bool) -> Result<InvitationView> {
    let Invitation {
        organization_id,
        email,
        ..
    } = find_by_secret(tx, secret)?.invitation;
    if may_prove {
        hold_with_house(tx, organization_id, &email)?;
    } else {
        tx.organizations().hold(organization_id)?;
    }
    // Read behind the lock: what was read before it may be out of date when it is had.
    find_by_secret(tx, secret)
}

/// Refuses everybody but the invitee: the user with the invitation's address, which must be
/// verified unless the mailed secret verifies it.
fn check_invitee(user: &User, invitation: &Invitation, handle: Handle) -> Result<()> {
    if user.email != invitation.email {
        return Err(Refusal::InvitationForSomeoneElse.into());
    }
    if matches!(handle, Handle::Id(_)) && !user.has_verified_email() {
        return Err(Refusal::EmailNotVerified.into());
    }
    Ok(())
}

/// The same answer as the first time, as long as it is true.
fn accepted_before(
    tx: &mut dyn Tx,
    now: Timestamp,
    invitation: InvitationView,
    user: UserId,
) -> Result<Acceptance> {
    let organization = invitation.invitation.organization_id;
    let found = tx.memberships().find(organization, user)?;
    Ok(Acceptance {
        member: found.ok_or_else(|| closed(InvitationState::Accepted))?,
        invitation: as_of(now, invitation),
    })
}

/// Notes that a user, whose row is locked, receives mail at their address, and what else has changed
/// of them.
fn verify(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    user: &mut User,
    renamed: Option<Change>,
) -> Result<()> {
    let before = user.version;
    user.email_verified_at = Some(now);
    user.touch(now);
    if !tx.users().update(user, before)? {
        return Err(Refusal::VersionMismatch.into());
    }
    let deed = Deed {
        chain: Chain::User(user.id),
        act: Act::UserUpdated,
        target: Target::User(user.id),
        changes: renamed
            .into_iter()
            .chain([Change::set("email_verified", user.email.as_str())])
            .collect(),
    };
    audit::record(tx, author, now, &deed)
}
