//! OAuth 2.0 and `OpenID` Connect: clients, what users allow them, and what hangs on that.
//!
//! A *grant* is what somebody has allowed a client: it is the family of all codes, refresh tokens
//! and access tokens that come of one authorization, and ends with all of them. Access tokens are
//! [`crate::token::Token`]s with a [`TokenBinding`]; the rest have tables of their own.

mod client;
mod device;
mod grant;
mod pkce;
mod problem;
mod redirect;
mod scope;
mod signing;

pub use client::{ClientKind, ClientSecret, GrantType, GrantTypes, OAuthClient};
pub use device::{DeviceAuthorization, DeviceState, UserCode};
pub use grant::{AuthorizationCode, Grant, RefreshToken, TokenBinding};
pub use pkce::{Challenge, is_verifier};
pub use problem::{Answer, Problem, ProblemKind};
pub use redirect::RedirectUri;
pub use scope::{Scope, Scopes};
pub use signing::{IdClaims, KeyPair, SigningKey};

use crate::time::Span;

/// How long an access token works.
pub const ACCESS_TOKEN_LIFETIME: Span = Span::seconds(60 * 60);
/// How long a refresh token works when it is not used; each use gives a new one.
pub const REFRESH_TOKEN_LIFETIME: Span = Span::days(30);
/// How long an authorization code works (RFC 6749 §4.1.2 allows ten minutes at the most).
pub const CODE_LIFETIME: Span = Span::seconds(60);
/// How long a device code and its user code work (RFC 8628 §3.2).
pub const DEVICE_CODE_LIFETIME: Span = Span::seconds(10 * 60);
/// How long a device waits between two polls, to begin with (RFC 8628 §3.2).
pub const DEVICE_POLL_INTERVAL: Span = Span::seconds(5);
/// How long an ID token is valid: as long as the access token beside it.
pub const ID_TOKEN_LIFETIME: Span = ACCESS_TOKEN_LIFETIME;
/// How long the secret before the newest one works on after a rotation, unless it is ended at once.
pub const SECRET_OVERLAP: Span = Span::days(1);
/// How long it is remembered, at the least, that a client was allowed something.
pub const CONSENT_MEMORY: Span = Span::days(90);
