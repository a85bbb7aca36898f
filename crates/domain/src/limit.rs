//! Limits on how often something is done that others feel: mails that are sent, passwords that are
//! tried, devices that wait. They are token buckets in the memory of the process, so each replica has its own.
//!
//! A bucket that allows `q` in a window holds `q` units and gets one back every `w / q`. What is
//! kept of it is the moment when it will be full again (the generic cell rate algorithm, ITU-T
//! I.371): one number, and a bucket that is full needs none.

mod allowance;
mod attempt;
mod familiar;
mod shelf;

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::time::{Span, Timestamp};
use crate::{Refusal, Result};

pub use allowance::Allowance;
pub use attempt::Attempt;
use familiar::Familiar;
use shelf::{Rate, Shelf};

/// What is limited. Each policy has a bucket a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Policy {
    /// Invitations that an organization sends, in an hour; the key is its id.
    InvitationsPerOrganization,
    /// Messages to an address, whoever sends them, in a day; the key is the folded address. Ways to a
    /// new password have a bucket of their own.
    MessagesPerRecipient,
    /// Passwords that fail at an account, in an hour, whether there is such an account or not; the
    /// key is the folded address, with the client's where somebody has signed in from before.
    SignInsPerAccount,
    /// Passwords that fail and ways to a new one that are asked for from a client's address, in an
    /// hour; the key is the address, of IPv6 the network.
    SignInsPerAddress,
    /// Wrong codes of devices that somebody types, in an hour; the key is their id.
    DeviceCodeGuesses,
    /// Devices that begin to wait, in an hour; the key is the client's address, of IPv6 the network.
    DeviceAuthorizationsPerAddress,
}

impl Policy {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::InvitationsPerOrganization,
        Self::MessagesPerRecipient,
        Self::SignInsPerAccount,
        Self::SignInsPerAddress,
        Self::DeviceCodeGuesses,
        Self::DeviceAuthorizationsPerAddress,
    ];

    /// The key, by which clients know it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::InvitationsPerOrganization => "invitations-per-organization",
            Self::MessagesPerRecipient => "messages-per-recipient",
            Self::SignInsPerAccount => "sign-ins-per-account",
            Self::SignInsPerAddress => "sign-ins-per-address",
            Self::DeviceCodeGuesses => "device-code-guesses",
            Self::DeviceAuthorizationsPerAddress => "device-authorizations-per-address",
        }
    }

    /// The time in which an empty bucket fills.
    #[must_use]
    pub const fn window(self) -> Span {
        match self {
            Self::InvitationsPerOrganization
            | Self::SignInsPerAccount
            | Self::SignInsPerAddress
            | Self::DeviceCodeGuesses
            | Self::DeviceAuthorizationsPerAddress => Span::seconds(3600),
            Self::MessagesPerRecipient => Span::days(1),
        }
    }

    /// Whether its buckets are shared by those who know nothing of each other. How full such a
    /// bucket is is nobody's business, and neither is when exactly it will have something again.
    #[must_use]
    pub const fn is_shared(self) -> bool {
        !matches!(self, Self::InvitationsPerOrganization)
    }

    /// Whether it limits what is sent.
    #[must_use]
    pub const fn is_of_messages(self) -> bool {
        matches!(
            self,
            Self::InvitationsPerOrganization | Self::MessagesPerRecipient
        )
    }

    const fn place(self) -> usize {
        match self {
            Self::InvitationsPerOrganization => 0,
            Self::MessagesPerRecipient => 1,
            Self::SignInsPerAccount => 2,
            Self::SignInsPerAddress => 3,
            Self::DeviceCodeGuesses => 4,
            Self::DeviceAuthorizationsPerAddress => 5,
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvitationsPerOrganization => "the organization sends too many invitations",
            Self::MessagesPerRecipient => "too many messages go to this address",
            Self::SignInsPerAccount => "too many passwords were tried for this account",
            Self::SignInsPerAddress => "too many passwords were tried from this address",
            Self::DeviceCodeGuesses => "too many wrong codes were typed",
            Self::DeviceAuthorizationsPerAddress => "too many devices have asked from this address",
        })
    }
}

/// How many wrong codes of devices somebody can type in an hour.
pub const DEVICE_CODE_GUESSES: u32 = 20;

/// How much each policy allows in its window; `None` or 0: any number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quotas {
    /// [`Policy::InvitationsPerOrganization`].
    pub invitations_per_organization_hour: Option<u32>,
    /// [`Policy::MessagesPerRecipient`].
    pub messages_per_recipient_day: Option<u32>,
    /// [`Policy::SignInsPerAccount`].
    pub sign_ins_per_account_hour: Option<u32>,
    /// [`Policy::SignInsPerAddress`].
    pub sign_ins_per_address_hour: Option<u32>,
    /// [`Policy::DeviceAuthorizationsPerAddress`].
    pub device_authorizations_per_address_hour: Option<u32>,
}

impl Quotas {
    /// What the policy allows.
    #[must_use]
    pub fn of(&self, policy: Policy) -> Option<u32> {
        let quota = match policy {
            Policy::InvitationsPerOrganization => self.invitations_per_organization_hour,
            Policy::MessagesPerRecipient => self.messages_per_recipient_day,
            Policy::SignInsPerAccount => self.sign_ins_per_account_hour,
            Policy::SignInsPerAddress => self.sign_ins_per_address_hour,
            // Not a matter of taste: it keeps eight letters from being guessed.
            Policy::DeviceCodeGuesses => Some(DEVICE_CODE_GUESSES),
            Policy::DeviceAuthorizationsPerAddress => self.device_authorizations_per_address_hour,
        };
        quota.filter(|quota| *quota > 0)
    }
}

/// How things stand with a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Of which policy.
    pub policy: Policy,
    /// What the policy allows in its window.
    pub quota: u32,
    /// What can be taken at this moment.
    pub remaining: u32,
    /// After how long there is one more; of a full bucket, how long one takes.
    pub next: Span,
}

/// All buckets.
pub struct Limits {
    quotas: Quotas,
    shelves: [Mutex<Shelf>; Policy::ALL.len()],
    familiar: Mutex<Familiar>,
}

impl Default for Limits {
    fn default() -> Self {
        Self::new(Quotas::default())
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Limits").field(&self.quotas).finish()
    }
}

impl Limits {
    /// How many buckets of a policy are kept at the most: under 10 MB of memory.
    pub const MOST_BUCKETS: usize = 65_536;

    /// Full buckets.
    #[must_use]
    pub fn new(quotas: Quotas) -> Self {
        Self::keeping(quotas, Self::MOST_BUCKETS)
    }

    /// Full buckets, of which so many are kept a policy.
    #[must_use]
    pub fn keeping(quotas: Quotas, most: usize) -> Self {
        Self {
            quotas,
            shelves: Policy::ALL.map(|_| Mutex::new(Shelf::new(most))),
            familiar: Mutex::new(Familiar::new(most)),
        }
    }

    /// Takes one of a bucket, for good; [`Refusal::RateLimited`] when there is none, and nothing is
    /// taken. Inside a transaction, which may run twice or fail, take by an [`Allowance`].
    pub fn take(&self, policy: Policy, key: &str, now: Timestamp) -> Result<()> {
        let Some(rate) = self.rate(policy) else {
            return Ok(());
        };
        let taken = self.shelf(policy).take(rate, key, now);
        taken.map_err(|wait| refusal(policy, rate, wait).into())
    }

    /// Gives back what [`Limits::take`] took.
    pub(crate) fn give_back(&self, policy: Policy, key: &str) {
        if let Some(rate) = self.rate(policy) {
            self.shelf(policy).give_back(rate, key);
        }
    }

    /// Fills a bucket.
    fn fill(&self, policy: Policy, key: &str) {
        self.shelf(policy).fill(key);
    }

    /// How things stand with a bucket; `None`: there is no limit. Not for shared ones.
    #[must_use]
    pub fn standing(&self, policy: Policy, key: &str, now: Timestamp) -> Option<Standing> {
        if policy.is_shared() {
            return None;
        }
        let rate = self.rate(policy)?;
        let (remaining, next) = self.shelf(policy).standing(rate, key, now);
        Some(Standing {
            policy,
            quota: rate.quota,
            remaining,
            next,
        })
    }

    /// How much the policies allow.
    #[must_use]
    pub const fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    fn familiar(&self) -> MutexGuard<'_, Familiar> {
        let familiar = self.familiar.lock();
        familiar.unwrap_or_else(PoisonError::into_inner)
    }

    fn rate(&self, policy: Policy) -> Option<Rate> {
        let quota = self.quotas.of(policy)?;
        Some(Rate::new(quota, policy.window()))
    }

    fn shelf(&self, policy: Policy) -> MutexGuard<'_, Shelf> {
        let all = &self.shelves;
        // Whoever panics leaves no change half done.
        all[policy.place()]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn refusal(policy: Policy, rate: Rate, wait: Span) -> Refusal {
    Refusal::RateLimited {
        policy,
        quota: rate.quota,
        retry_after: if policy.is_shared() {
            // After that long there is one in any case; sooner, others would be told on.
            rate.interval()
        } else {
            wait
        },
    }
}
