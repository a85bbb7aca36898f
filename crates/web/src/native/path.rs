//! Variable segments of paths, and resource names in bodies.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use rollbook_domain::id::OrganizationId;
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

/// Makes an extractor of an id in the path; the nil id when the text is none, as with
/// [`OrganizationPath`].
macro_rules! id_path {
    ($(#[$doc:meta])* $path:ident, $name:literal, $(#[$id_doc:meta])* $id:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, utoipa::IntoParams)]
        #[into_params(names($name), parameter_in = Path)]
        pub(in crate::native) struct $path(
            $(#[$id_doc])*
            #[param(value_type = String, format = "uuid")]
            pub(in crate::native) $id,
        );

        impl actix_web::FromRequest for $path {
            type Error = std::convert::Infallible;
            type Future = std::future::Ready<Result<Self, Self::Error>>;

            fn from_request(
                request: &actix_web::HttpRequest,
                _: &mut actix_web::dev::Payload,
            ) -> Self::Future {
                let id = $id::parse($crate::native::path::segment(request, $name));
                std::future::ready(Ok(Self(id.unwrap_or($id::new(uuid::Uuid::nil())))))
            }
        }
    };
}
pub(super) use id_path;

pub(super) use crate::router::segment;
