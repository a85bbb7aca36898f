use super::MemoryTx;
use super::state::State;
use crate::Result;
use crate::access::{Arrival, Authentication, Place};
use crate::id::OrganizationId;
use crate::port::AccessRepo;
use crate::secret::Digest;

impl AccessRepo for MemoryTx {
    fn authenticate(&mut self, digest: &Digest) -> Result<Option<Authentication>> {
        authentication(self.reading()?, digest)
    }

    fn authenticate_locking(&mut self, digest: &Digest) -> Result<Option<Authentication>> {
        authentication(self.writing()?, digest)
    }

    fn arrive(&mut self, digest: &Digest, id: OrganizationId) -> Result<Option<Arrival>> {
        let state = self.reading()?;
        let Some(authentication) = authentication(state, digest)? else {
            return Ok(None);
        };
        let place = match state.organizations.get(&id) {
            Some(organization) => Some(Place {
                view: state.view(organization)?,
                membership: state.membership(id, authentication.user.id).cloned(),
            }),
            None => None,
        };
        Ok(Some(Arrival {
            authentication,
            place,
        }))
    }
}

fn authentication(state: &State, digest: &Digest) -> Result<Option<Authentication>> {
    let kept = state.tokens.values().find(|kept| kept.digest == *digest);
    kept.map(|kept| {
        Ok(Authentication {
            user: state.user(kept.token.user_id)?.clone(),
            token: kept.token.clone(),
        })
    })
    .transpose()
}
