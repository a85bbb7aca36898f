use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::oauth::OAuthTables;
use super::outbox::KeptMessage;
use crate::access::Held;
use crate::audit::{Chain, Entry};
use crate::domain::OrganizationDomain;
use crate::id::{
    DomainId, InvitationId, MembershipId, MessageId, OrganizationId, RoleId, SigningKeyId, TokenId,
    UserId, WebhookEndpointId, WorkspaceId,
};
use crate::idempotency::Remembered;
use crate::invitation::Invitation;
use crate::membership::Membership;
use crate::oauth::SigningKey;
use crate::organization::{Organization, OrganizationView, Owner};
use crate::page::{Page, Window};
use crate::password::{KeptPassword, PasswordReset};
use crate::preferences::{OrganizationPreferences, WorkspacePreferences};
use crate::role::{AssignedRole, CustomRole, Permissions};
use crate::secret::Digest;
use crate::subscription::Plan;
use crate::token::Token;
use crate::user::User;
use crate::value::{DisplayName, Email, Slug};
use crate::verification::EmailVerification;
use crate::webhook::WebhookEndpoint;
use crate::workspace::{Workspace, WorkspaceMembership};
use crate::{Error, Result};

/// All tables, each in the order of its ids.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) users: BTreeMap<UserId, User>,
    pub(super) organizations: BTreeMap<OrganizationId, Organization>,
    pub(super) plans: BTreeMap<OrganizationId, Plan>,
    pub(super) memberships: BTreeMap<MembershipId, KeptMembership>,
    pub(super) verifications: BTreeMap<UserId, (EmailVerification, Digest)>,
    pub(super) passwords: BTreeMap<UserId, KeptPassword>,
    pub(super) password_resets: BTreeMap<UserId, (PasswordReset, Digest)>,
    pub(super) tokens: BTreeMap<TokenId, KeptToken>,
    pub(super) roles: BTreeMap<(OrganizationId, RoleId), CustomRole>,
    pub(super) invitations: BTreeMap<InvitationId, KeptInvitation>,
    pub(super) workspaces: BTreeMap<(OrganizationId, WorkspaceId), Workspace>,
    pub(super) workspace_memberships:
        BTreeMap<(OrganizationId, WorkspaceId, UserId), WorkspaceMembership>,
    pub(super) organization_preferences: BTreeMap<OrganizationId, OrganizationPreferences>,
    pub(super) workspace_preferences: BTreeMap<(OrganizationId, WorkspaceId), WorkspacePreferences>,
    pub(super) domains: BTreeMap<(OrganizationId, DomainId), OrganizationDomain>,
    pub(super) entries: BTreeMap<(Chain, u64), Entry>,
    pub(super) requests: BTreeMap<(UserId, String), Remembered>,
    pub(super) outbox: BTreeMap<MessageId, KeptMessage>,
    pub(super) webhooks: BTreeMap<(OrganizationId, WebhookEndpointId), WebhookEndpoint>,
    pub(super) page_token_key: Option<[u8; 32]>,
    pub(super) signing_keys: BTreeMap<SigningKeyId, SigningKey>,
    pub(super) oauth: OAuthTables,
}

/// A membership as a store keeps it: with copies of what it is sorted and searched by, which are
/// out of date until somebody refreshes them.
#[derive(Clone, Debug)]
pub(super) struct KeptMembership {
    pub(super) membership: Membership,
    pub(super) display_name: DisplayName,
    pub(super) email: Email,
}

/// A token as a store keeps it: with the digest of its secret.
#[derive(Clone, Debug)]
pub(super) struct KeptToken {
    pub(super) token: Token,
    pub(super) digest: Digest,
}

/// An invitation as a store keeps it: with the digest of its secret.
#[derive(Clone, Debug)]
pub(super) struct KeptInvitation {
    pub(super) invitation: Invitation,
    pub(super) digest: Digest,
}

impl State {
    /// A user who must be there, as a foreign key demands.
    pub(super) fn user(&self, id: UserId) -> Result<&User> {
        let found = self.users.get(&id);
        found.ok_or_else(|| absent("user", id))
    }

    /// An organization that must be there, as a foreign key demands.
    pub(super) fn organization(&self, id: OrganizationId) -> Result<&Organization> {
        let found = self.organizations.get(&id);
        found.ok_or_else(|| absent("organization", id))
    }

    /// A workspace that must be there, as a foreign key demands.
    pub(super) fn workspace(
        &self,
        organization: OrganizationId,
        id: WorkspaceId,
    ) -> Result<&Workspace> {
        let found = self.workspaces.get(&(organization, id));
        found.ok_or_else(|| absent("workspace", id))
    }

    pub(super) fn membership(
        &self,
        organization: OrganizationId,
        user: UserId,
    ) -> Option<&Membership> {
        self.memberships
            .values()
            .map(|kept| &kept.membership)
            .find(|m| m.organization_id == organization && m.user_id == user)
    }

    /// What a member holds in the organization.
    pub(super) fn held(&self, organization: OrganizationId, user: UserId) -> Option<Held> {
        let membership = self.membership(organization, user)?;
        Some(Held {
            roles: membership.roles,
            custom: self.permissions(organization, &membership.custom_roles),
        })
    }

    /// What custom roles permit together.
    pub(super) fn permissions(
        &self,
        organization: OrganizationId,
        roles: &[AssignedRole],
    ) -> Permissions {
        let found = roles
            .iter()
            .filter_map(|role| self.roles.get(&(organization, role.id)));
        found.fold(Permissions::NONE, |set, role| set.or(role.permissions))
    }

    /// Custom roles as they are read back: each with its key, in the order of the ids. They must
    /// be there, as a foreign key demands, and none twice, as a primary key demands.
    pub(super) fn assigned(
        &self,
        organization: OrganizationId,
        roles: &[AssignedRole],
    ) -> Result<Vec<AssignedRole>> {
        let ids: BTreeSet<RoleId> = roles.iter().map(|role| role.id).collect();
        if ids.len() != roles.len() {
            return Err(duplicate("the role of this holder"));
        }
        ids.into_iter()
            .map(|id| {
                let found = self.roles.get(&(organization, id));
                found
                    .map(AssignedRole::from)
                    .ok_or_else(|| absent("role", id))
            })
            .collect()
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
    cut_by(rows, window, key, K::cmp)
}

/// [`cut`] for a list in another order than that of its keys.
pub(super) fn cut_by<T, K>(
    rows: Vec<T>,
    window: &Window<K>,
    key: impl Fn(&T) -> K,
    compare: impl Fn(&K, &K) -> Ordering,
) -> Page<T, K> {
    Page::of_all(rows, window, key, compare)
}

/// How many there are.
pub(super) fn number<T>(rows: impl Iterator<Item = T>) -> u32 {
    u32::try_from(rows.count()).unwrap_or(u32::MAX)
}

/// What a unique index or a primary key says to a second row.
pub(super) fn duplicate(what: &str) -> Error {
    Error::storage(format!("{what} exists already"))
}

/// What a foreign key says to a row that points nowhere.
pub(super) fn absent(what: &str, id: impl std::fmt::Display) -> Error {
    Error::storage(format!("there is no {what} {id}"))
}
