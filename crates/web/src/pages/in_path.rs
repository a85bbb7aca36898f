//! What stands in the path of a page.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use crate::router::segment;

/// The segment `{secret}`. What Actix leaves encoded, since it would change the path, stays so: secrets
/// have nothing of it, and addresses of pages are made of this.
pub(super) struct SecretInPath(String);

impl Deref for SecretInPath {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl FromRequest for SecretInPath {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(segment(request, "secret").to_owned())))
    }
}
