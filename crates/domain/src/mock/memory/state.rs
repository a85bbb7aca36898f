use std::collections::BTreeMap;

use crate::id::{MembershipId, OrganizationId, TokenId, UserId};
use crate::membership::Membership;
use crate::organization::{Organization, OrganizationView, Owner};
use crate::page::{From, Page, Window};
use crate::secret::Digest;
use crate::token::PersonalAccessToken;
use crate::user::User;
use crate::value::Slug;
use crate::{Error, Result};

/// All tables, each in the order of its ids.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) users: BTreeMap<UserId, User>,
    pub(super) organizations: BTreeMap<OrganizationId, Organization>,
    pub(super) memberships: BTreeMap<MembershipId, Membership>,
    pub(super) tokens: BTreeMap<TokenId, KeptToken>,
    pub(super) page_token_key: Option<[u8; 32]>,
}

/// A token as a store keeps it: with the digest of its secret.
#[derive(Clone, Debug)]
pub(super) struct KeptToken {
    pub(super) token: PersonalAccessToken,
    pub(super) digest: Digest,
}

impl State {
    /// A user who must be there, as a foreign key demands.
    pub(super) fn user(&self, id: UserId) -> Result<&User> {
        let found = self.users.get(&id);
        found.ok_or_else(|| Error::storage(format!("there is no user {id}")))
    }

    pub(super) fn membership(
        &self,
        organization: OrganizationId,
        user: UserId,
    ) -> Option<&Membership> {
        self.memberships
            .values()
            .find(|m| m.organization_id == organization && m.user_id == user)
    }

    /// Whether a live organization other than `but` has the slug.
    pub(super) fn slug_is_taken(&self, slug: &Slug, but: Option<OrganizationId>) -> bool {
        self.organizations
            .values()
            .any(|o| o.is_live() && o.slug == *slug && Some(o.id) != but)
    }

    pub(super) fn view(&self, organization: &Organization) -> Result<OrganizationView> {
        Ok(OrganizationView {
            owner: Owner::from(self.user(organization.owner_id)?),
            organization: organization.clone(),
        })
    }
}

/// Cuts a window out of a whole list, given in the order of its keys.
pub(super) fn cut<T, K: Ord>(
    rows: Vec<T>,
    window: &Window<K>,
    key: impl Fn(&T) -> K,
) -> Page<T, K> {
    let total = window.count.then_some(rows.len() as u64);
    let skip = match &window.from {
        From::First => 0,
        From::After(last) => rows.partition_point(|row| key(row) <= *last),
        From::Skip(rows) => *rows as usize,
    };
    let fetch = window.limit as usize + 1;
    let fetched = rows.into_iter().skip(skip).take(fetch).collect();
    Page::cut(fetched, window, total, key)
}

/// What a unique index or a primary key says to a second row.
pub(super) fn duplicate(what: &str) -> Error {
    Error::storage(format!("{what} exists already"))
}
