use super::checking;
use super::ending::{Ending, end, note};
use super::granting::{self, Gift};
use super::letter::Letter;
use super::{CreateInvitation, INVITATIONS_AT_ONCE, NewInvitation, as_of};
use crate::access::{self, Authentication, Caller, Place, Used};
use crate::audit::{Act, Author, Change};
use crate::id::{InvitationId, OrganizationId, WorkspaceId};
use crate::idempotency::{self, Claim};
use crate::invitation::{Invitation, InvitationState, InvitationView};
use crate::limit::Allowance;
use crate::organization::Version;
use crate::policy::Action;
use crate::port::Tx;
use crate::role::Permission;
use crate::service::{Core, authority};
use crate::time::Timestamp;
use crate::value::WorkspaceTitle;
use crate::{Error, Refusal, Result};

/// What a new invitation takes, made before the transaction.
#[derive(Clone, Debug)]
pub(super) struct Fresh {
    id: InvitationId,
    letter: Letter,
}

impl Fresh {
    pub(super) fn new(core: &Core, now: Timestamp) -> Self {
        let id = InvitationId::new(core.ids.next(now));
        let letter = Letter::new(core, now, id);
        Self { id, letter }
    }
}

/// Who invites, and where.
struct Inviter<'a> {
    authentication: &'a Authentication,
    place: &'a Place,
    author: Author,
    allowance: &'a Allowance,
}

impl Inviter<'_> {
    fn organization(&self) -> OrganizationId {
        self.place.view.organization.id
    }
}

/// An invitation that nothing speaks against, not yet written.
struct Draft {
    gift: Gift,
    workspace_title: Option<WorkspaceTitle>,
    redirect_organization_id: Option<OrganizationId>,
    redirect_workspace_id: Option<WorkspaceId>,
    expires_at: Timestamp,
    /// One to the same address that has run out and is still written as pending.
    outdated: Option<Invitation>,
}

pub(super) fn create(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    fresh: &Fresh,
    command: &CreateInvitation,
    allowance: &Allowance,
) -> Result<Used<InvitationView>> {
    let action = Action::Use(Permission::CreateInvitation);
    let (authentication, place) = access::enter_locked(tx, caller, now, organization, action)?;
    let (user, once) = (authentication.user.id, command.once.as_ref());
    if let Claim::Made(id) = idempotency::claim(tx, user, once, now, fresh.id.uuid())? {
        let view = checking::find(tx, organization, InvitationId::new(id))?;
        return Ok(authentication.used(as_of(now, view)));
    }
    let inviter = Inviter {
        author: authentication.author(caller),
        authentication: &authentication,
        place: &place,
        allowance,
    };
    let draft = check(tx, &inviter, now, &command.invitation)?;
    let view = write(tx, &inviter, now, fresh, &command.invitation, draft)?;
    Ok(authentication.used(view))
}

pub(super) fn create_many(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    commands: &[(Fresh, NewInvitation)],
    allowance: &Allowance,
) -> Result<Used<Vec<Result<InvitationView>>>> {
    let action = Action::Use(Permission::CreateInvitation);
    let (authentication, place) = access::enter_locked(tx, caller, now, organization, action)?;
    let inviter = Inviter {
        author: authentication.author(caller),
        authentication: &authentication,
        place: &place,
        allowance,
    };
    let mut answers = Vec::with_capacity(commands.len());
    for (fresh, command) in commands {
        // Whatever can be refused is refused before the item's first write.
        answers.push(match check(tx, &inviter, now, command) {
            Ok(draft) => Ok(write(tx, &inviter, now, fresh, command, draft)?),
            Err(failure @ (Error::Busy | Error::Storage(_))) => return Err(failure),
            Err(refusal) => Err(refusal),
        });
    }
    Ok(authentication.used(answers))
}

/// Refuses a batch that is empty or too long.
pub(super) fn check_length(commands: &[NewInvitation]) -> Result<()> {
    if commands.is_empty() || commands.len() > INVITATIONS_AT_ONCE {
        let reason = format!("send 1 to {INVITATIONS_AT_ONCE} invitations at once");
        return Err(Error::invalid("requests", reason));
    }
    Ok(())
}

/// Everything that can speak against an invitation; the limits come last. It writes nothing.
fn check(
    tx: &mut dyn Tx,
    inviter: &Inviter<'_>,
    now: Timestamp,
    command: &NewInvitation,
) -> Result<Draft> {
    let organization = inviter.organization();
    let expires_at = checking::expiry(now, command.expires_at)?;
    let gift = Gift::of_keys(tx, organization, command.workspace_id, &command.roles)?;
    let authentication = inviter.authentication;
    granting::check(
        tx,
        authentication,
        inviter.place,
        command.workspace_id,
        &gift,
    )?;
    // Only now: whoever may not invite there does not learn whether there is such a workspace.
    let workspace_title = match command.workspace_id {
        Some(workspace) => Some(checking::check_workspace(tx, organization, workspace)?),
        None => None,
    };
    let (redirect_organization_id, redirect_workspace_id) =
        checking::check_redirects(tx, authentication, inviter.place, command)?;
    let outdated = checking::check_no_member(tx, organization, &command.email)?;
    if outdated.as_ref().is_some_and(|it| it.is_pending(now)) {
        return Err(Refusal::AlreadyInvited.into());
    }
    authority::check_seat(tx, organization, now)?;
    inviter
        .allowance
        .take_invitation(organization, &command.email)?;
    Ok(Draft {
        gift,
        workspace_title,
        redirect_organization_id,
        redirect_workspace_id,
        expires_at,
        outdated,
    })
}

fn write(
    tx: &mut dyn Tx,
    inviter: &Inviter<'_>,
    now: Timestamp,
    fresh: &Fresh,
    command: &NewInvitation,
    draft: Draft,
) -> Result<InvitationView> {
    let author = &inviter.author;
    if let Some(mut outdated) = draft.outdated {
        end(tx, author, now, &mut outdated, Ending::Expired)?;
    }
    let roles = draft.gift.keys();
    let invitation = Invitation {
        id: fresh.id,
        organization_id: inviter.organization(),
        workspace_id: command.workspace_id,
        email: command.email.clone(),
        roles: draft.gift.roles,
        workspace_roles: draft.gift.workspace_roles,
        custom_roles: draft.gift.custom_roles,
        inviter_id: author.actor.user(),
        inviter_kind: author.actor.key().to_owned(),
        redirect_organization_id: draft.redirect_organization_id,
        redirect_workspace_id: draft.redirect_workspace_id,
        language: command.language.clone(),
        metadata: command.metadata.clone(),
        state: InvitationState::Pending,
        accepted_by: None,
        version: Version::FIRST,
        created_at: now,
        updated_at: now,
        expires_at: draft.expires_at,
    };
    let digest = fresh.letter.secret.digest();
    if !tx.invitations().add(&invitation, &digest)? {
        return Err(Refusal::AlreadyInvited.into());
    }
    fresh.letter.post(tx, now, &invitation, false)?;
    let changes = said(&invitation, &roles);
    note(
        tx,
        author,
        now,
        &invitation,
        Act::InvitationCreated,
        changes,
    )?;
    Ok(InvitationView {
        invitation,
        organization_name: inviter.place.view.organization.name.clone(),
        workspace_title: draft.workspace_title,
        inviter_name: Some(inviter.authentication.user.display_name.clone()),
    })
}

/// What the audit log keeps of a new invitation.
fn said(invitation: &Invitation, roles: &str) -> Vec<Change> {
    let mut changes = vec![
        Change::set("email", invitation.email.as_str()),
        Change::set("roles", roles),
        Change::set("expires_at", &invitation.expires_at.to_rfc3339()),
    ];
    changes.extend(
        invitation
            .workspace_id
            .map(|id| Change::set("workspace_id", &id.to_string())),
    );
    let language = invitation.language.as_ref();
    changes.extend(language.map(|it| Change::set("language", it.as_str())));
    changes
}
