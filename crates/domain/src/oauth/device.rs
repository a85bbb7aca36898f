use super::Scopes;
use crate::id::{ClientId, DeviceAuthorizationId, GrantId, OrganizationId};
use crate::secret::Digest;
use crate::time::{Span, Timestamp};
use sha2::{Digest as _, Sha256};

/// What a device waits for, without its two codes: of those, only digests are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceAuthorization {
    /// Names it.
    pub id: DeviceAuthorizationId,
    /// Which client's device it is.
    pub client_id: ClientId,
    /// In which organization only, if it is not everywhere.
    pub organization_id: Option<OrganizationId>,
    /// What is asked for.
    pub scopes: Scopes,
    /// What became of it.
    pub state: DeviceState,
    /// How long the device has to wait between two polls.
    pub interval: Span,
    /// When it last asked.
    pub polled_at: Option<Timestamp>,
    /// When it began.
    pub created_at: Timestamp,
    /// From when on its codes do not work.
    pub expires_at: Timestamp,
}

/// What became of the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceState {
    /// Nobody has answered.
    Pending,
    /// The user said yes; this came of it.
    Allowed(GrantId),
    /// The user said no.
    Denied,
    /// The device has its tokens.
    Used(GrantId),
}

impl DeviceState {
    /// The key, by which stores know it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Allowed(_) => "allowed",
            Self::Denied => "denied",
            Self::Used(_) => "used",
        }
    }

    /// What came of it, if anything did.
    #[must_use]
    pub const fn grant(self) -> Option<GrantId> {
        match self {
            Self::Allowed(grant) | Self::Used(grant) => Some(grant),
            Self::Pending | Self::Denied => None,
        }
    }

    /// The state with this key.
    #[must_use]
    pub fn from_key(key: &str, grant: Option<GrantId>) -> Option<Self> {
        match (key, grant) {
            ("pending", None) => Some(Self::Pending),
            ("allowed", Some(grant)) => Some(Self::Allowed(grant)),
            ("denied", None) => Some(Self::Denied),
            ("used", Some(grant)) => Some(Self::Used(grant)),
            _ => None,
        }
    }
}

/// What the user types: eight letters, shown as `WDJB-MJHT`. Twenty letters without vowels make no
/// words (RFC 8628 §6.1); eight of them are 25 600 million codes, of which one works for ten
/// minutes.
#[derive(Clone, PartialEq, Eq)]
pub struct UserCode(String);

const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;

impl UserCode {
    /// Makes one out of random bytes.
    #[must_use]
    pub fn new(entropy: &[u8; 32]) -> Self {
        let mut rest = entropy[..16]
            .iter()
            .fold(0, |number: u128, byte| number << 8 | u128::from(*byte));
        let letters = (0..LENGTH).map(|_| {
            let letter = LETTERS[usize::try_from(rest % 20).unwrap_or_default()];
            rest /= 20;
            char::from(letter)
        });
        Self(letters.collect())
    }

    /// Reads what somebody typed, in any case and with whatever they put between the letters
    /// (RFC 8628 §6.1).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 4 * LENGTH {
            return None;
        }
        let typed = text.chars().filter(char::is_ascii_alphanumeric);
        let letters: String = typed.map(|letter| letter.to_ascii_uppercase()).collect();
        let fits = letters.len() == LENGTH && letters.bytes().all(|it| LETTERS.contains(&it));
        fits.then_some(Self(letters))
    }

    /// The code as it is shown.
    #[must_use]
    pub fn show(&self) -> String {
        let (first, second) = self.0.split_at(LENGTH / 2);
        format!("{first}-{second}")
    }

    /// What is kept of it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::new(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl std::fmt::Debug for UserCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UserCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_people_type_them() {
        let code = UserCode::new(&[7; 32]);
        let shown = code.show();
        assert_eq!(shown.len(), 9);
        for typed in [
            shown.clone(),
            shown.to_lowercase(),
            shown.replace('-', ""),
            shown.replace('-', " "),
            format!(" {shown} "),
        ] {
            assert_eq!(UserCode::parse(&typed), Some(code.clone()), "{typed}");
        }
        for typed in ["", "WDJB-MJH", "WDJB-MJHTT", "AEIO-UAEI", "WDJB-MJH0"] {
            assert_eq!(UserCode::parse(typed), None, "{typed}");
        }
        assert_eq!(UserCode::parse(&format!("{shown}{}", "-".repeat(99))), None);
        assert_ne!(UserCode::new(&[8; 32]), code);
    }

    #[test]
    fn states_are_read_back() {
        let grant = GrantId::new(uuid::Uuid::max());
        for state in [
            DeviceState::Pending,
            DeviceState::Allowed(grant),
            DeviceState::Denied,
            DeviceState::Used(grant),
        ] {
            assert_eq!(
                DeviceState::from_key(state.key(), state.grant()),
                Some(state)
            );
        }
        assert_eq!(DeviceState::from_key("allowed", None), None);
        assert_eq!(DeviceState::from_key("pending", Some(grant)), None);
    }
}
