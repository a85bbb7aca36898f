use super::MemoryTx;
use super::state::State;
use crate::Result;
use crate::access::{Arrival, Authentication, Place, Sponsor};
use crate::id::OrganizationId;
use crate::port::AccessRepo;
use crate::role::Permissions;
use crate::secret::Digest;
use crate::token::Token;

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
                held: state.held(id, authentication.user.id),
                granted: Permissions::NONE,
            }),
            None => None,
        };
        Ok(Some(Arrival {
            sponsor: sponsor(state, &authentication.token, id)?,
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

/// Who made the token, and what they hold in the organization.
fn sponsor(state: &State, token: &Token, id: OrganizationId) -> Result<Option<Sponsor>> {
    let Some(maker) = token.created_by else {
        return Ok(None);
    };
    let user = state.user(maker)?;
    Ok(Some(Sponsor {
        active: user.active,
        superuser: user.superuser,
        held: state.held(id, maker),
    }))
}
