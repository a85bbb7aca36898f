use crate::Result;
use crate::id::{InvitationId, OrganizationId};
use crate::invitation::{Addressee, Invitation, InvitationProof, InvitationState, InvitationView};
use crate::page::{Page, Window};
use crate::secret::Digest;
use crate::time::Timestamp;
use crate::value::Email;

/// Keeps invitations.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait InvitationRepo {
    /// Adds an invitation with the digest of its secret, which names the invitation; `false` when
    /// one to the same folded address and organization is written as pending.
    fn add(&mut self, invitation: &Invitation, digest: &Digest) -> Result<bool>;

    /// An invitation of an organization.
    fn find(
        &mut self,
        organization: OrganizationId,
        id: InvitationId,
    ) -> Result<Option<InvitationView>>;

    /// An invitation of some live organization, by its id alone.
    fn find_anywhere(&mut self, id: InvitationId) -> Result<Option<InvitationView>>;

    /// Like [`find_anywhere`](Self::find_anywhere), with the row of the organization locked until the
    /// end of the transaction: what it answers was read behind the lock.
    fn find_locked(&mut self, id: InvitationId) -> Result<Option<InvitationView>>;

    /// The invitation of some live organization whose secret shows this. Where the secret names an
    /// invitation, it is that one or none; where it names none, it is one whose secret was kept
    /// before secrets did.
    fn find_by_secret(&mut self, proof: &InvitationProof) -> Result<Option<InvitationView>>;

    /// The invitation to an address that is written as pending, which may have run out.
    fn find_pending(
        &mut self,
        organization: OrganizationId,
        email: &Email,
    ) -> Result<Option<Invitation>>;

    /// Whose address it is, as far as an organization is concerned.
    fn addressee(&mut self, organization: OrganizationId, email: &Email) -> Result<Addressee>;

    /// The invitations of an organization, by id, those with one of these states as of `now`
    /// ([`Invitation::status`]) and to one of these addresses;
    /// without states or addresses: all.
    fn list(
        &mut self,
        organization: OrganizationId,
        to: &[Email],
        states: &[InvitationState],
        now: Timestamp,
        window: &Window<InvitationId>,
    ) -> Result<Page<InvitationView, InvitationId>>;

    /// The invitations of live organizations to an address that are pending at `now`, by id.
    fn list_to(
        &mut self,
        email: &Email,
        now: Timestamp,
        window: &Window<InvitationId>,
    ) -> Result<Page<InvitationView, InvitationId>>;

    /// How many invitations of an organization are pending at `now`. Lock the organization first
    /// if a rule depends on it.
    fn count_pending(&mut self, organization: OrganizationId, now: Timestamp) -> Result<u32>;

    /// The invitations that are written as pending and have run out at `now`, those that ran out
    /// first, at most `limit`.
    fn run_out(
        &mut self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(OrganizationId, InvitationId)>>;

    /// Writes state, roles, language, expiry, version, moment of change and who accepted; `false` when
    /// the version in the store is not that of `before`, which is the invitation as this transaction
    /// read it: its custom roles are taken for those in the store.
    fn update(&mut self, invitation: &Invitation, before: &Invitation) -> Result<bool>;

    /// Replaces the secret by one that names the invitation; the one before is dead.
    fn set_secret(
        &mut self,
        organization: OrganizationId,
        id: InvitationId,
        digest: &Digest,
    ) -> Result<()>;

    /// Marks all invitations of an organization that are written as pending as revoked.
    fn revoke_all(&mut self, organization: OrganizationId, now: Timestamp) -> Result<u32>;
}
