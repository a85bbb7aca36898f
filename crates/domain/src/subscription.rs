//! Subscriptions and quotas: what an organization may use, and how much of it.

use crate::time::{Span, Timestamp};

/// How an organization stands with whoever sells the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SubscriptionStatus {
    /// There is no subscription.
    #[default]
    None,
    /// It is being tried out, until [`Subscription::trial_ends_at`].
    Trial,
    /// It is paid.
    Active,
    /// A payment is late.
    PastDue,
    /// It has ended.
    Canceled,
}

impl SubscriptionStatus {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::None,
        Self::Trial,
        Self::Active,
        Self::PastDue,
        Self::Canceled,
    ];

    /// The key, by which stores and clients know the status.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Trial => "trial",
            Self::Active => "active",
            Self::PastDue => "past_due",
            Self::Canceled => "canceled",
        }
    }

    /// The status with this key.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.key() == key)
    }
}

/// The subscription of an organization.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subscription {
    /// How it stands.
    pub status: SubscriptionStatus,
    /// When the trial ends or ended, if there was one.
    pub trial_ends_at: Option<Timestamp>,
}

impl Subscription {
    /// A trial that begins at `now`.
    #[must_use]
    pub fn trial(now: Timestamp, length: Span) -> Self {
        Self {
            status: SubscriptionStatus::Trial,
            trial_ends_at: Some(now.plus(length)),
        }
    }

    /// Whether the service may be used at `now`: on trial, paid, or with a late payment.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        match self.status {
            SubscriptionStatus::None | SubscriptionStatus::Canceled => false,
            SubscriptionStatus::Trial => self.trial_ends_at.is_some_and(|end| now < end),
            SubscriptionStatus::Active | SubscriptionStatus::PastDue => true,
        }
    }

    /// Whether what is sold may be used at `now`. Who never subscribed is at an installation that
    /// sells nothing, and may.
    #[must_use]
    pub fn entitles(&self, now: Timestamp) -> bool {
        self.status == SubscriptionStatus::None || self.is_active(now)
    }

    /// How much of the trial is left at `now`, in milliseconds; `None` when it is not on trial.
    #[must_use]
    pub fn trial_left_millis(&self, now: Timestamp) -> Option<u64> {
        let end = self.trial_ends_at?;
        (self.status == SubscriptionStatus::Trial)
            .then(|| u64::try_from(end.millis() - now.millis()).unwrap_or(0))
    }
}

/// How many of a thing an organization may have; 0: any number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quota(pub u32);

impl Quota {
    /// Any number.
    pub const UNLIMITED: Self = Self(0);

    /// The limit, if there is one.
    #[must_use]
    pub const fn limit(self) -> Option<u32> {
        match self.0 {
            0 => None,
            limit => Some(limit),
        }
    }

    /// The limit that `used` things have reached; `None` when there is room for one more.
    #[must_use]
    pub const fn reached(self, used: u64) -> Option<u32> {
        match self.limit() {
            Some(limit) if used >= limit as u64 => Some(limit),
            _ => None,
        }
    }
}

/// What an organization may use, and how much of it. Superusers set it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The subscription.
    pub subscription: Subscription,
    /// Seats: members, and invitations that are pending.
    pub members: Quota,
    /// Live workspaces.
    pub workspaces: Quota,
}
