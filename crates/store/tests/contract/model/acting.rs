//! The steps, taken with the real services.

use rollbook_domain::access::Caller;
use rollbook_domain::error::Kind;
use rollbook_domain::id::{InvitationId, OrganizationId, UserId};
use rollbook_domain::mock::sample;
use rollbook_domain::page::Window;
use rollbook_domain::port::Tx;
use rollbook_domain::role::{RoleScope, WorkspaceRole};
use rollbook_domain::service::invitation::{CreateInvitation, Handle, NewInvitation};
use rollbook_domain::service::membership::{AddMember, Who};
use rollbook_domain::service::role::{CreateRole, UpdateRole};
use rollbook_domain::service::subscription::UpdatePlan;
use rollbook_domain::service::token::IssueToken;
use rollbook_domain::service::{
    CustomRoles as _, Invitations as _, Memberships as _, Organizations as _, Subscriptions as _,
    Tokens as _,
};
use rollbook_domain::subscription::Quota;
use rollbook_domain::time::Span;
use rollbook_domain::value::{Email, Metadata, RoleKey, RoleTitle, TokenName};
use rollbook_domain::{Error, Refusal, Result};

use super::deed::{Deed, Grant, Replacement, Step, own_key};
use super::entry::staff;
use super::reference::Book;
use super::system::System;

impl System {
    /// The owners make roles and take their staff in.
    pub(super) async fn hire(&self, book: &Book) -> Result<()> {
        for (organization, entry) in book.organizations.iter().enumerate() {
            let id = self.organizations[organization].id;
            let caller = self.people[entry.owner].caller;
            for (number, permissions) in &entry.own_roles {
                let create = Deed::CreateRole(*number, *permissions);
                self.change_roles(caller, id, create).await?;
            }
            for (person, grant) in staff(entry.owner) {
                if person != entry.owner {
                    self.manage(caller, id, Deed::Add(person, grant)).await?;
                }
            }
        }
        Ok(())
    }

    pub(super) async fn act(&self, step: Step) -> Result<()> {
        let (world, caller) = (&self.world, self.people[step.actor].caller);
        let id = self.organizations[step.organization].id;
        match step.deed {
            Deed::Invite(whom, grant, loud) => {
                let mut email = self.people[whom].user.email.clone();
                if loud {
                    email = Email::parse(&email.as_str().to_ascii_uppercase()).unwrap();
                }
                let command = invitation(email, grant);
                let created = world.invitations.create(caller, id, command);
                created.await.map(drop)
            }
            Deed::Accept => {
                let handle = Handle::Id(self.latest(id, step.actor).await?);
                world.invitations.accept(caller, handle).await.map(drop)
            }
            Deed::Decline => {
                let handle = Handle::Id(self.latest(id, step.actor).await?);
                world.invitations.decline(caller, handle).await.map(drop)
            }
            Deed::Revoke(whom) => {
                let invited = self.latest(id, whom).await?;
                let revoked = world.invitations.revoke(caller, id, invited, None);
                revoked.await.map(drop)
            }
            Deed::CreateRole(..) | Deed::UpdateRole(..) | Deed::DeleteRole(..) => {
                self.change_roles(caller, id, step.deed).await
            }
            Deed::IssueToken => {
                let command = IssueToken {
                    name: TokenName::from_stored("bound".to_owned()),
                    expires_at: None,
                    organization_id: Some(id),
                    once: None,
                };
                world.tokens.issue(caller, command).await.map(drop)
            }
            Deed::Enter(whom) => self.enter(step.organization, whom).await,
            Deed::Wait => {
                world.clock.advance(Span::days(31));
                Ok(())
            }
            _ => self.manage(caller, id, step.deed).await,
        }
    }

    /// What is done to members and to the organization.
    async fn manage(&self, caller: Caller, id: OrganizationId, deed: Deed) -> Result<()> {
        let (members, organizations) = (&self.world.memberships, &self.world.organizations);
        match deed {
            Deed::Add(whom, grant) => {
                let command = AddMember {
                    who: Who::User(self.user(whom)),
                    roles: grant.keys(),
                    once: None,
                };
                members.add(caller, id, command).await.map(drop)
            }
            Deed::SetRoles(whom, grant) => {
                let set = members.set_roles(caller, id, self.user(whom), grant.keys(), None);
                set.await.map(drop)
            }
            Deed::Remove(whom) => members.remove(caller, id, self.user(whom), None).await,
            Deed::Leave => members.leave(caller, id).await,
            Deed::Transfer(whom) => {
                let transfer = organizations.transfer(caller, id, self.user(whom), None, None);
                transfer.await.map(drop)
            }
            Deed::SetSeats(seats) => {
                let command = UpdatePlan {
                    members: Some(Quota(seats)),
                    ..UpdatePlan::default()
                };
                let update = self.world.subscriptions.update(caller, id, command);
                update.await.map(drop)
            }
            Deed::Delete => organizations.delete(caller, id, None).await,
            _ => organizations.restore(caller, id, None).await.map(drop),
        }
    }

    async fn change_roles(&self, caller: Caller, id: OrganizationId, deed: Deed) -> Result<()> {
        let roles = &self.world.roles;
        match deed {
            Deed::CreateRole(number, permissions) => {
                let command = CreateRole {
                    scope: RoleScope::Organization,
                    key: Some(RoleKey::from_stored(own_key(number))),
                    title: RoleTitle::from_stored(format!("Own {number}")),
                    description: None,
                    permissions,
                    once: None,
                };
                roles.create(caller, id, command).await.map(drop)
            }
            Deed::UpdateRole(number, permissions) => {
                let command = UpdateRole {
                    permissions: Some(permissions),
                    ..UpdateRole::default()
                };
                let update = roles.update(caller, id, own_key(number), command);
                update.await.map(drop)
            }
            Deed::DeleteRole(number, instead) => {
                let instead = instead.map(Replacement::key);
                roles
                    .delete(caller, id, own_key(number), instead, None)
                    .await
            }
            _ => Ok(()),
        }
    }

    /// Without asking who may: that is another suite's.
    async fn enter(&self, organization: usize, whom: usize) -> Result<()> {
        let (lab, user) = (&self.workspaces[organization], &self.people[whom].user);
        let there = sample::workspace_membership(lab, user, &[WorkspaceRole::Viewer]);
        let add = move |tx: &mut dyn Tx| {
            tx.organizations().lock(there.organization_id)?;
            let held = tx
                .memberships()
                .held(there.organization_id, there.user_id)?;
            held.ok_or(Refusal::NotAMember)?;
            if tx.workspaces().add_member(&there)? {
                Ok(())
            } else {
                Err(Refusal::AlreadyInWorkspace.into())
            }
        };
        self.world.store.write(add).await
    }

    fn user(&self, person: usize) -> UserId {
        self.people[person].user.id
    }

    /// The last invitation to somebody, whatever became of it.
    async fn latest(&self, id: OrganizationId, whom: usize) -> Result<InvitationId> {
        let (email, now) = (self.people[whom].user.email.clone(), self.world.now());
        let read = move |tx: &mut dyn Tx| {
            tx.invitations()
                .list(id, &[], &[], now, &Window::first(1000))
        };
        let all = self.world.store.read(read).await?.items;
        let mut last = all.into_iter().rev();
        let last = last.find(|view| view.invitation.email == email);
        last.map(|view| view.invitation.id)
            .ok_or(Error::NotFound(Kind::Invitation))
    }
}

fn invitation(email: Email, grant: Grant) -> CreateInvitation {
    CreateInvitation {
        invitation: NewInvitation {
            email,
            workspace_id: None,
            roles: grant.keys(),
            redirect_organization_id: None,
            redirect_workspace_id: None,
            language: None,
            metadata: Metadata::default(),
            expires_at: None,
        },
        once: None,
    }
}
