use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Limits, Policy};
use crate::Result;
use crate::id::OrganizationId;
use crate::time::Timestamp;
use crate::value::Email;

/// What one request takes of the limits. A use case may run twice, and its commit may fail: each
/// attempt begins with giving back what the one before took, and so does a failure. What is neither
/// known to have failed nor to have succeeded stays taken: who hangs up gets nothing back.
#[derive(Clone, Debug)]
pub struct Allowance {
    limits: Arc<Limits>,
    now: Timestamp,
    taken: Arc<Mutex<Vec<(Policy, String)>>>,
}

impl Allowance {
    /// For a request at this moment, which has taken nothing yet.
    #[must_use]
    pub fn new(limits: Arc<Limits>, now: Timestamp) -> Self {
        Self {
            limits,
            now,
            taken: Arc::default(),
        }
    }

    /// Takes one of each bucket, or of none of them: [`crate::Refusal::RateLimited`]. Ask it last,
    /// when nothing else speaks against sending: strangers shall not empty anybody's bucket, and
    /// what is refused for another reason costs nothing.
    pub fn take(&self, wanted: &[(Policy, &str)]) -> Result<()> {
        let mut taken = self.taken();
        let before = taken.len();
        for (policy, key) in wanted {
            if let Err(refusal) = self.limits.take(*policy, key, self.now) {
                self.give_back_of(&mut taken, before);
                return Err(refusal);
            }
            taken.push((*policy, (*key).to_owned()));
        }
        Ok(())
    }

    /// Takes one of what an organization may send in invitations and one of what the address may
    /// get, as [`Allowance::take`] does.
    pub fn take_invitation(&self, from: OrganizationId, recipient: &Email) -> Result<()> {
        self.take(&[
            (Policy::InvitationsPerOrganization, &from.to_string()),
            (Policy::MessagesPerRecipient, recipient.key()),
        ])
    }

    /// Gives back everything.
    pub fn give_back(&self) {
        self.give_back_of(&mut self.taken(), 0);
    }

    fn give_back_of(&self, taken: &mut Vec<(Policy, String)>, from: usize) {
        for (policy, key) in taken.drain(from..) {
            self.limits.give_back(policy, &key);
        }
    }

    fn taken(&self) -> MutexGuard<'_, Vec<(Policy, String)>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
