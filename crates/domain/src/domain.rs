//! Domains of organizations: who has an address there belongs to the house.

use crate::id::{DomainId, OrganizationId};
use crate::organization::Version;
use crate::time::Timestamp;
use crate::value::DomainName;

/// A domain that an organization says is its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationDomain {
    /// The domain's id.
    pub id: DomainId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// The domain. Several organizations may say it is theirs; one can verify it.
    pub name: DomainName,
    /// What a TXT record of [`OrganizationDomain::record_name`] must hold.
    pub challenge: String,
    /// When it was verified; `None`: not yet.
    pub verified_at: Option<Timestamp>,
    /// Whether it stands for the organization; one verified domain can.
    pub primary: bool,
    /// Who gets in by an address of the domain.
    pub enrollment: Enrollment,
    /// Counts the changes.
    pub version: Version,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl OrganizationDomain {
    /// What stands before the domain in the name of the TXT record.
    pub const RECORD_PREFIX: &'static str = "_rollbook-challenge";
    /// What stands before the secret part of the challenge.
    pub const CHALLENGE_PREFIX: &'static str = "rollbook-domain-verification=";

    /// The name of the TXT record that proves the domain.
    #[must_use]
    pub fn record_name(&self) -> String {
        format!("{}.{}", Self::RECORD_PREFIX, self.name.as_str())
    }

    /// Marks it as changed at `now`.
    pub fn touch(&mut self, now: Timestamp) {
        self.version = self.version.next();
        self.updated_at = now;
    }
}

/// Who gets in by an address of a verified domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Enrollment {
    /// Nobody by that alone.
    #[default]
    InviteOnly,
    /// Whoever verifies such an address is invited.
    AutomaticInvitation,
    /// Whoever verifies such an address becomes a member.
    AutomaticJoin,
}

impl Enrollment {
    /// All of them.
    pub const ALL: [Self; 3] = [
        Self::InviteOnly,
        Self::AutomaticInvitation,
        Self::AutomaticJoin,
    ];

    /// The key, by which stores know the mode; clients see it in capital letters.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::InviteOnly => "invite_only",
            Self::AutomaticInvitation => "automatic_invitation",
            Self::AutomaticJoin => "automatic_join",
        }
    }

    /// The mode with this key.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.key() == key)
    }
}
