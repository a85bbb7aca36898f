use super::MemoryTx;
use super::state::{KeptInvitation, State, cut, duplicate, number};
use crate::id::{InvitationId, OrganizationId};
use crate::invitation::{Addressee, Invitation, InvitationProof, InvitationState, InvitationView};
use crate::organization::Organization;
use crate::page::{Page, Window};
use crate::port::InvitationRepo;
use crate::secret::Digest;
use crate::time::Timestamp;
use crate::value::Email;
use crate::{Error, Result};

impl InvitationRepo for MemoryTx {
    fn add(&mut self, invitation: &Invitation, digest: &Digest) -> Result<bool> {
        let state = self.writing()?;
        check_foreign_keys(state, invitation)?;
        if has_other_pending(state, invitation) {
            return Ok(false);
        }
        let custom_roles = state.assigned(invitation.organization_id, &invitation.custom_roles)?;
        let kept = KeptInvitation {
            invitation: Invitation {
                custom_roles,
                ..invitation.clone()
            },
            digest: *digest,
        };
        match state.invitations.insert(invitation.id, kept) {
            Some(_) => Err(duplicate("the invitation")),
            None => Ok(true),
        }
    }

    fn find(
        &mut self,
        organization: OrganizationId,
        id: InvitationId,
    ) -> Result<Option<InvitationView>> {
        let state = self.reading()?;
        let found = state.invitations.get(&id).map(|kept| &kept.invitation);
        let found = found.filter(|invitation| invitation.organization_id == organization);
        found.map(|invitation| view(state, invitation)).transpose()
    }

    fn find_anywhere(&mut self, id: InvitationId) -> Result<Option<InvitationView>> {
        find_live(self.reading()?, |kept| kept.invitation.id == id)
    }

    fn find_locked(&mut self, id: InvitationId) -> Result<Option<InvitationView>> {
        find_live(self.writing()?, |kept| kept.invitation.id == id)
    }

    fn find_by_secret(&mut self, proof: &InvitationProof) -> Result<Option<InvitationView>> {
        // Nothing was kept here before secrets named their invitations.
        find_live(self.reading()?, |kept| {
            Some(kept.invitation.id) == proof.id && kept.digest == proof.digest
        })
    }

    fn find_pending(
        &mut self,
        organization: OrganizationId,
        email: &Email,
    ) -> Result<Option<Invitation>> {
        let mut pending = of(self.reading()?, organization).filter(|i| is_written_pending(i));
        Ok(pending.find(|i| i.email == *email).cloned())
    }

    fn addressee(&mut self, organization: OrganizationId, email: &Email) -> Result<Addressee> {
        let pending = self.find_pending(organization, email)?;
        let state = self.reading()?;
        let mut users = state.users.values();
        let user = users.find(|user| user.email == *email);
        let is_member = user.is_some_and(|it| state.held(organization, it.id).is_some());
        Ok(Addressee { is_member, pending })
    }

    fn list(
        &mut self,
        organization: OrganizationId,
        to: &[Email],
        states: &[InvitationState],
        now: Timestamp,
        window: &Window<InvitationId>,
    ) -> Result<Page<InvitationView, InvitationId>> {
        let state = self.reading()?;
        list(state, window, |i| {
            let meant = to.is_empty() || to.contains(&i.email);
            let belongs = i.organization_id == organization && meant;
            belongs && (states.is_empty() || states.contains(&i.status(now)))
        })
    }

    fn list_to(
        &mut self,
        email: &Email,
        now: Timestamp,
        window: &Window<InvitationId>,
    ) -> Result<Page<InvitationView, InvitationId>> {
        let state = self.reading()?;
        list(state, window, |i| {
            i.email == *email && i.is_pending(now) && is_to_live(state, i)
        })
    }

    fn count_pending(&mut self, organization: OrganizationId, now: Timestamp) -> Result<u32> {
        let theirs = of(self.reading()?, organization);
        Ok(number(theirs.filter(|i| i.is_pending(now))))
    }

    fn run_out(
        &mut self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(OrganizationId, InvitationId)>> {
        let all = self.reading()?.invitations.values();
        let mut rows: Vec<_> = all
            .map(|kept| &kept.invitation)
            .filter(|it| is_written_pending(it) && !it.is_pending(now))
            .map(|it| (it.expires_at, it.organization_id, it.id))
            .collect();
        rows.sort_unstable();
        let ids = rows
            .into_iter()
            .map(|(_, organization, id)| (organization, id));
        Ok(ids.take(limit as usize).collect())
    }

    fn update(&mut self, invitation: &Invitation, before: &Invitation) -> Result<bool> {
        let state = self.writing()?;
        let id = invitation.id;
        let kept = state.invitations.get(&id).map(|kept| &kept.invitation);
        let kept = kept.filter(|kept| kept.organization_id == invitation.organization_id);
        if kept.is_none_or(|kept| kept.version != before.version) {
            return Ok(false);
        }
        // A store may look at what is given instead of what it has.
        if kept.is_some_and(|kept| kept.custom_roles != before.custom_roles) {
            return Err(Error::storage("the invitation had other roles before"));
        }
        check_foreign_keys(state, invitation)?;
        if has_other_pending(state, invitation) {
            return Err(duplicate("a pending invitation to this address"));
        }
        let custom_roles = state.assigned(invitation.organization_id, &invitation.custom_roles)?;
        if let Some(KeptInvitation {
            invitation: kept, ..
        }) = state.invitations.get_mut(&id)
        {
            kept.state = invitation.state;
            kept.roles = invitation.roles;
            kept.workspace_roles = invitation.workspace_roles;
            kept.custom_roles = custom_roles;
            kept.language.clone_from(&invitation.language);
            kept.expires_at = invitation.expires_at;
            kept.version = invitation.version;
            kept.updated_at = invitation.updated_at;
            kept.accepted_by = invitation.accepted_by;
        }
        Ok(true)
    }

    fn set_secret(
        &mut self,
        organization: OrganizationId,
        id: InvitationId,
        digest: &Digest,
    ) -> Result<()> {
        let state = self.writing()?;
        let found = state.invitations.get_mut(&id);
        if let Some(kept) = found.filter(|kept| kept.invitation.organization_id == organization) {
            kept.digest = *digest;
        }
        Ok(())
    }

    fn revoke_all(&mut self, organization: OrganizationId, now: Timestamp) -> Result<u32> {
        let all = self.writing()?.invitations.values_mut();
        let pending = all
            .map(|kept| &mut kept.invitation)
            .filter(|i| i.organization_id == organization && is_written_pending(i));
        Ok(number(pending.map(|invitation| {
            invitation.state = InvitationState::Revoked;
            invitation.touch(now);
        })))
    }
}

/// The invitations of an organization.
fn of(state: &State, organization: OrganizationId) -> impl Iterator<Item = &Invitation> {
    let all = state.invitations.values().map(|kept| &kept.invitation);
    all.filter(move |invitation| invitation.organization_id == organization)
}

fn is_written_pending(invitation: &Invitation) -> bool {
    invitation.state == InvitationState::Pending
}

fn is_to_live(state: &State, invitation: &Invitation) -> bool {
    let organization = state.organizations.get(&invitation.organization_id);
    organization.is_some_and(Organization::is_live)
}

/// Whether this invitation is pending and so is another one to the same address.
fn has_other_pending(state: &State, invitation: &Invitation) -> bool {
    is_written_pending(invitation)
        && of(state, invitation.organization_id).any(|other| {
            other.id != invitation.id
                && is_written_pending(other)
                && other.email == invitation.email
        })
}

fn check_foreign_keys(state: &State, invitation: &Invitation) -> Result<()> {
    state.organization(invitation.organization_id)?;
    if let Some(workspace) = invitation.workspace_id {
        state.workspace(invitation.organization_id, workspace)?;
    }
    if let Some(inviter) = invitation.inviter_id {
        state.user(inviter)?;
    }
    Ok(())
}

/// An invitation to a live organization.
fn find_live(
    state: &State,
    is_it: impl Fn(&KeptInvitation) -> bool,
) -> Result<Option<InvitationView>> {
    let found = state.invitations.values().find(|kept| is_it(kept));
    let found = found.map(|kept| &kept.invitation);
    let live = found.filter(|invitation| is_to_live(state, invitation));
    live.map(|invitation| view(state, invitation)).transpose()
}

fn list(
    state: &State,
    window: &Window<InvitationId>,
    belongs: impl Fn(&Invitation) -> bool,
) -> Result<Page<InvitationView, InvitationId>> {
    let all = state.invitations.values().map(|kept| &kept.invitation);
    let rows = all
        .filter(|invitation| belongs(invitation))
        .map(|invitation| view(state, invitation))
        .collect::<Result<Vec<_>>>()?;
    Ok(cut(rows, window, |row| row.invitation.id))
}

fn view(state: &State, invitation: &Invitation) -> Result<InvitationView> {
    let organization = state.organization(invitation.organization_id)?;
    let workspace = invitation
        .workspace_id
        .map(|id| state.workspace(organization.id, id))
        .transpose()?;
    let inviter = invitation.inviter_id.map(|id| state.user(id)).transpose()?;
    Ok(InvitationView {
        invitation: invitation.clone(),
        organization_name: organization.name.clone(),
        workspace_title: workspace.map(|workspace| workspace.title.clone()),
        inviter_name: inviter.map(|user| user.display_name.clone()),
    })
}
