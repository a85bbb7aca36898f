//! That an invitation has run out is true by the clock, and nobody waits for anything here to treat
//! it so. This writes it down soon after, so that it can be heard of (langwatch #6778,
//! `AutoGPT` #13603: a third of all invitations ran out unnoticed).

use super::InvitationService;
use super::ending::{Ending, end};
use crate::Result;
use crate::audit::Author;
use crate::id::{InvitationId, OrganizationId};
use crate::invitation::InvitationState;
use crate::port::Tx;
use crate::time::Timestamp;

impl InvitationService {
    /// Writes down which invitations have run out, the first ones first, at most `limit`; call it
    /// now and then. Several replicas may do it at once. Answers how many there were.
    pub async fn record_expired(&self, limit: u32) -> Result<u32> {
        let (store, now) = (&self.core.store, self.core.now());
        let look = move |tx: &mut dyn Tx| tx.invitations().run_out(now, limit);
        let mut recorded = 0;
        for (organization, id) in store.read_one(look).await? {
            // A transaction each: no organization is locked for longer than one of them takes.
            let work = move |tx: &mut dyn Tx| expire(tx, now, organization, id);
            recorded += u32::from(store.write(work).await?);
        }
        Ok(recorded)
    }
}

/// Whether this was the first to write it down.
fn expire(
    tx: &mut dyn Tx,
    now: Timestamp,
    organization: OrganizationId,
    id: InvitationId,
) -> Result<bool> {
    tx.organizations().lock(organization)?;
    let Some(view) = tx.invitations().find(organization, id)? else {
        return Ok(false);
    };
    let mut invitation = view.invitation;
    if invitation.state != InvitationState::Pending || invitation.is_pending(now) {
        return Ok(false);
    }
    end(tx, &Author::SYSTEM, now, &mut invitation, Ending::Expired)?;
    Ok(true)
}
