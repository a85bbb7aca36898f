//! Variable segments of paths, and resource names in bodies.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use rollbook_domain::id::{OrganizationId, TokenId};
use utoipa::IntoParams;
use uuid::Uuid;

/// The organization in the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoParams)]
#[into_params(names("organization_id"), parameter_in = Path)]
pub(super) struct OrganizationPath(
    /// The organization's id.
    #[param(value_type = String, format = "uuid")]
    pub(super) OrganizationId,
);

impl OrganizationPath {
    /// A text that is no id becomes the nil id, which no organization has. So it takes the way of
    /// every unknown id: the domain authenticates the caller, and answers strangers and operators
    /// as it always does.
    pub(super) fn new(segment: &str) -> Self {
        Self(OrganizationId::parse(segment).unwrap_or(OrganizationId::new(Uuid::nil())))
    }
}

impl FromRequest for OrganizationPath {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::new(segment(request, "organization_id"))))
    }
}

/// The token in the path; the nil id when the text is none, as with [`OrganizationPath`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoParams)]
#[into_params(names("token_id"), parameter_in = Path)]
pub(super) struct TokenPath(
    /// The token's id.
    #[param(value_type = String, format = "uuid")]
    pub(super) TokenId,
);

impl FromRequest for TokenPath {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = TokenId::parse(segment(request, "token_id"));
        ready(Ok(Self(id.unwrap_or(TokenId::new(Uuid::nil())))))
    }
}

fn segment<'a>(request: &'a HttpRequest, name: &str) -> &'a str {
    request.match_info().get(name).unwrap_or_default()
}
