//! The ids of roles. ZenML addresses every role by a UUID of its own, built in or not, and mostly
//! without saying in which organization. Nothing is kept for those that are built in: their ids
//! are made of the organization's id and the role's key.

use rollbook_domain::error::Kind;
use rollbook_domain::filter::Filter;
use rollbook_domain::id::{OrganizationId, RoleId};
use rollbook_domain::page::Window;
use rollbook_domain::role::RoleView;
use rollbook_domain::{Error, Result, access};
use sha2::{Digest as _, Sha256};
use uuid::{Builder, Uuid};

use crate::state::State;

/// How many organizations are read at once to find the one of a built-in role.
const BATCH: u32 = 1000;

/// A role, and the organization that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The organization.
    pub(super) organization: OrganizationId,
    /// The role.
    pub(super) role: RoleView,
}

/// The id of a role in an organization.
pub(super) fn of(organization: OrganizationId, role: &RoleView) -> Uuid {
    match role {
        RoleView::Custom(custom) => custom.id.uuid(),
        built_in => of_built_in(organization, built_in.key()),
    }
}

/// The id of the built-in role with this public key: a name-based UUID of version 8, made with
/// SHA-256 (RFC 9562, appendix B.2) in the name space of the organization's id.
#[must_use]
pub fn of_built_in(organization: OrganizationId, key: &str) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(organization.uuid().as_bytes());
    hash.update(key.as_bytes());
    let digest: [u8; 32] = hash.finalize().into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Builder::from_custom_bytes(bytes).into_uuid()
}

/// The built-in role with this id in an organization, if it is one.
pub(super) fn built_in(organization: OrganizationId, id: Uuid) -> Option<RoleView> {
    RoleView::built_in(None).find(|role| of(organization, role) == id)
}

/// The role with this id, which is built in or one of the organization's own.
pub(super) async fn here(
    state: &State,
    caller: access::Caller,
    organization: OrganizationId,
    id: Uuid,
) -> Result<RoleView> {
    if let Some(role) = built_in(organization, id) {
        return Ok(role);
    }
    let role = state.services.roles.locate(caller, RoleId::new(id)).await?;
    if role.organization_id == organization {
        Ok(RoleView::Custom(role))
    } else {
        Err(Error::NotFound(Kind::Role))
    }
}

/// The role with this id in any organization that the caller may see. A built-in role is looked
/// for in all of them, which are few but for superusers.
pub(super) async fn anywhere(state: &State, caller: access::Caller, id: Uuid) -> Result<Found> {
    match state.services.roles.locate(caller, RoleId::new(id)).await {
        Ok(role) => {
            return Ok(Found {
                organization: role.organization_id,
                role: RoleView::Custom(role),
            });
        }
        Err(Error::NotFound(_)) => {}
        Err(other) => return Err(other),
    }
    let mut window = Window::first(BATCH);
    loop {
        let service = &state.services.organizations;
        let page = service.list(caller, Filter::everything(), window).await?;
        for view in page.items {
            let organization = view.organization.id;
            if let Some(role) = built_in(organization, id) {
                return Ok(Found { organization, role });
            }
        }
        let last = page.next.ok_or(Error::NotFound(Kind::Role))?;
        window = Window::after(last, BATCH);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_stable_and_each_its_own() {
        let one = OrganizationId::new(Uuid::from_u128(1));
        let other = OrganizationId::new(Uuid::from_u128(2));
        // Clients keep them: they must never change.
        let admin = "5c3c835e-995a-8bf1-b462-6c5e2c4ba00b";
        let id = of_built_in(one, "org-admin");
        assert_eq!(id.to_string(), admin);
        assert_eq!(id.get_version_num(), 8);
        let mut ids: Vec<_> = [one, other]
            .into_iter()
            .flat_map(|it| RoleView::built_in(None).map(move |role| of(it, &role)))
            .collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 16);
        let found = built_in(one, id).map(|role| role.key().to_owned());
        assert_eq!(found.as_deref(), Some("org-admin"));
        assert_eq!(built_in(other, id), None);
    }
}
