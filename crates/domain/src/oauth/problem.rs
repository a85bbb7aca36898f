/// What a request of the protocol comes to: what was asked for, or an error of the protocol. The
/// error is an answer, too: what led to it is kept, as that somebody used a code twice.
pub type Answer<T> = std::result::Result<T, Problem>;

/// An error of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which.
    pub kind: ProblemKind,
    /// A sentence for developers: ASCII without quotation marks and backslashes (RFC 6749 §5.2).
    pub reason: &'static str,
}

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)+) => {
        /// The errors of the protocol.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ProblemKind {
            $($(#[$doc])* $name,)+
        }

        impl ProblemKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The code, by which clients know it.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)+
                }
            }
        }
    };
}

problems! {
    /// Something is missing, malformed or said twice (RFC 6749 §4.1.2.1 and §5.2).
    InvalidRequest = "invalid_request",
    /// The client is unknown, or has not proved that it is who it says (RFC 6749 §5.2).
    InvalidClient = "invalid_client",
    /// A code or a refresh token does not (or no longer) work (RFC 6749 §5.2).
    InvalidGrant = "invalid_grant",
    /// This client may not do this (RFC 6749 §5.2).
    UnauthorizedClient = "unauthorized_client",
    /// There is no such way to a token here (RFC 6749 §5.2).
    UnsupportedGrantType = "unsupported_grant_type",
    /// Only codes are given (RFC 6749 §4.1.2.1).
    UnsupportedResponseType = "unsupported_response_type",
    /// There is no such scope, or the client cannot have it (RFC 6749 §5.2).
    InvalidScope = "invalid_scope",
    /// The user said no, or may not allow this (RFC 6749 §4.1.2.1, RFC 8628 §3.5).
    AccessDenied = "access_denied",
    /// The user has not answered yet (RFC 8628 §3.5).
    AuthorizationPending = "authorization_pending",
    /// The device asks too often (RFC 8628 §3.5).
    SlowDown = "slow_down",
    /// The device code has run out (RFC 8628 §3.5).
    ExpiredToken = "expired_token",
    /// There is no such organization, or the client cannot have it (RFC 8707 §2).
    InvalidTarget = "invalid_target",
    /// Nobody is signed in, and nobody may be asked to (`OpenID` Connect Core §3.1.2.6).
    LoginRequired = "login_required",
    /// The user would have to be asked, and may not be (`OpenID` Connect Core §3.1.2.6).
    ConsentRequired = "consent_required",
    /// Requests are not taken as objects (`OpenID` Connect Core §3.1.2.6).
    RequestNotSupported = "request_not_supported",
    /// Requests are not fetched from elsewhere (`OpenID` Connect Core §3.1.2.6).
    RequestUriNotSupported = "request_uri_not_supported",
    /// What was presented is no token of a kind that can be revoked (RFC 7009 §2.2.1).
    UnsupportedTokenType = "unsupported_token_type",
}

impl Problem {
    /// A problem with its reason.
    #[must_use]
    pub const fn new(kind: ProblemKind, reason: &'static str) -> Self {
        Self { kind, reason }
    }

    /// A request that makes no sense.
    #[must_use]
    pub const fn request(reason: &'static str) -> Self {
        Self::new(ProblemKind::InvalidRequest, reason)
    }

    /// A code or a token that does not work.
    #[must_use]
    pub const fn grant(reason: &'static str) -> Self {
        Self::new(ProblemKind::InvalidGrant, reason)
    }

    /// A client that is unknown, or has not proved who it is. Which of them is not told.
    pub const CLIENT: Self = Self::new(
        ProblemKind::InvalidClient,
        "the client is unknown or has not proved who it is",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct() {
        let codes: std::collections::BTreeSet<_> =
            ProblemKind::ALL.iter().map(|kind| kind.code()).collect();
        assert_eq!(codes.len(), ProblemKind::ALL.len());
    }
}
