use async_trait::async_trait;

use super::letter::Letter;
use super::{
    Acceptance, CreateInvitation, Handle, InvitationPage, Invitations, Invitee, NewInvitation,
    OpenedInvitation, Presented, ResendInvitation, SignUp, SignedUp, accepting, check_pending,
    creating, managing, viewing,
};
use crate::access::{Caller, Origin};
use crate::id::{InvitationId, MembershipId, OrganizationId};
use crate::invitation::{InvitationState, InvitationView};
use crate::limit::Allowance;
use crate::organization::Version;
use crate::page::Window;
use crate::password::{Password, PasswordHash};
use crate::port::Tx;
use crate::service::domain::Newcomer;
use crate::service::{Core, password};
use crate::time::Timestamp;
use crate::value::Email;
use crate::{Refusal, Result};

/// The real [`Invitations`].
#[derive(Clone)]
pub struct InvitationService {
    pub(super) core: Core,
}

impl InvitationService {
    /// Over these ports.
    #[must_use]
    pub const fn new(core: Core) -> Self {
        Self { core }
    }
}

#[async_trait]
impl Invitations for InvitationService {
    async fn create(
        &self,
        caller: Caller,
        organization: OrganizationId,
        command: CreateInvitation,
    ) -> Result<InvitationView> {
        let now = self.core.now();
        let fresh = creating::Fresh::new(&self.core, now);
        let work = move |tx: &mut dyn Tx, caller: &Caller, now, allowance: &Allowance| {
            creating::create(tx, caller, now, organization, &fresh, &command, allowance)
        };
        self.core.write_within(caller, now, work).await
    }

    async fn create_many(
        &self,
        caller: Caller,
        organization: OrganizationId,
        commands: Vec<NewInvitation>,
    ) -> Result<Vec<Result<InvitationView>>> {
        creating::check_length(&commands)?;
        let now = self.core.now();
        let fresh = |command| (creating::Fresh::new(&self.core, now), command);
        let commands: Vec<_> = commands.into_iter().map(fresh).collect();
        let work = move |tx: &mut dyn Tx, caller: &Caller, now, allowance: &Allowance| {
            creating::create_many(tx, caller, now, organization, &commands, allowance)
        };
        self.core.write_within(caller, now, work).await
    }

    async fn get(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: InvitationId,
    ) -> Result<InvitationView> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            viewing::get(tx, caller, now, organization, id)
        };
        self.core.read(caller, work).await
    }

    async fn list(
        &self,
        caller: Caller,
        organization: OrganizationId,
        email: Option<Email>,
        states: Vec<InvitationState>,
        window: Window<InvitationId>,
    ) -> Result<InvitationPage> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            let to = email.as_slice();
            viewing::list(tx, caller, now, organization, to, &states, &window)
        };
        self.core.read(caller, work).await
    }

    async fn resend(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: InvitationId,
        command: ResendInvitation,
    ) -> Result<InvitationView> {
        let now = self.core.now();
        let letter = Letter::new(&self.core, now, id);
        let at = (organization, id);
        let work = move |tx: &mut dyn Tx, caller: &Caller, now, allowance: &Allowance| {
            managing::resend(tx, caller, now, at, &letter, &command, allowance)
        };
        self.core.write_within(caller, now, work).await
    }

    async fn revoke(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: InvitationId,
        seen: Option<Version>,
    ) -> Result<InvitationView> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            managing::revoke(tx, caller, now, organization, id, seen)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn list_mine(
        &self,
        caller: Caller,
        window: Window<InvitationId>,
    ) -> Result<InvitationPage> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            viewing::list_mine(tx, caller, now, &window)
        };
        self.core.read(caller, work).await
    }

    async fn preview(&self, secret: Presented) -> Result<InvitationView> {
        let now = self.core.now();
        self.core
            .store
            .read_one(move |tx| viewing::preview(tx, now, secret))
            .await
    }

    async fn open(&self, caller: Caller, secret: Presented) -> Result<OpenedInvitation> {
        let work =
            move |tx: &mut dyn Tx, caller: &Caller, now| viewing::open(tx, caller, now, secret);
        self.core.read_for_anybody(caller, work).await
    }

    async fn accept(&self, caller: Caller, handle: Handle) -> Result<Acceptance> {
        let now = self.core.now();
        let membership = MembershipId::new(self.core.ids.next(now));
        let newcomer = Newcomer::new(&self.core, now);
        let work = move |tx: &mut dyn Tx, caller: &Caller, now, allowance: &Allowance| {
            accepting::accept(tx, caller, now, membership, &newcomer, handle, allowance)
        };
        self.core.write_within(caller, now, work).await
    }

    async fn decline(&self, caller: Caller, handle: Handle) -> Result<InvitationView> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            accepting::decline(tx, caller, now, handle)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn sign_up(&self, origin: Origin, command: SignUp) -> Result<SignedUp> {
        let now = self.core.now();
        let hash = match &command.password {
            Some(password) => Some(self.seal(now, &command, password.clone()).await?),
            None => None,
        };
        let fresh = accepting::Fresh::new(&self.core, now, command.credential, hash);
        let work = move |tx: &mut dyn Tx, allowance: &Allowance| {
            accepting::sign_up(tx, origin, now, &fresh, &command, allowance)
        };
        self.core.write_for_anybody(now, work).await
    }
}

impl InvitationService {
    /// Hashes the password of somebody who has a good invitation.
    async fn seal(
        &self,
        now: Timestamp,
        command: &SignUp,
        password: Password,
    ) -> Result<PasswordHash> {
        let (tools, secret) = (self.core.passwords()?, command.secret);
        let work = move |tx: &mut dyn Tx| {
            let view = viewing::preview(tx, now, secret)?;
            check_pending(&view.invitation, now)?;
            // Said again behind the lock; here, so that nobody has hashes made for nothing.
            match viewing::invitee(tx, &view.invitation)? {
                Invitee::User => Err(Refusal::SignInToAccept.into()),
                Invitee::Newcomer | Invitee::Unclaimed => Ok(view),
            }
        };
        let view = self.core.store.read(work).await?;
        let known = [
            command.display_name.as_str(),
            view.invitation.email.as_str(),
            view.organization_name.as_str(),
        ];
        let known = password::words(known.map(str::to_owned));
        tools.seal(password, known).await
    }
}
