//! What all dialects share: how a refusal leaves ([`Dialect`], [`Fault`], [`Fail`]), who calls
//! ([`Caller`]), and the scope that makes even Actix's own answers speak the dialect.

use std::convert::Infallible;
use std::fmt;
use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::rc::Rc;

use actix_web::dev::{HttpServiceFactory, Payload, ServiceResponse};
use actix_web::error::{JsonPayloadError, QueryPayloadError, UrlencodedError};
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::middleware::from_fn;
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError, web};
use rollbook_domain::{Error, access};

use crate::observe::{Observer, observe};
use crate::operation::{self, Table};
use crate::router::Router;
use crate::state::State;

/// A way of speaking HTTP that existing clients understand.
pub trait Dialect: Sized + 'static {
    /// Its name in logs and metrics.
    const NAME: &'static str;
    /// What its paths start with, without slashes at the end: one scope each.
    const ROOTS: &'static [&'static str];

    /// Whether a colon in a variable segment of a path starts a custom verb (AIP-136), so that
    /// `/organizations/{id}:undelete` is not an organization of a strange name.
    const CUSTOM_VERBS: bool = true;

    /// Renders a refusal. Causes of internal errors are not for clients.
    fn refuse(fault: &Fault) -> HttpResponse;

    /// Reads who calls, without any I/O: a bearer token (RFC 6750) unless the dialect knows better.
    #[must_use]
    fn credential(request: &HttpRequest) -> access::Credential {
        bearer(request.headers(), access::Credential::bearer)
    }

    /// Adds to the headers of an answer, whatever it is.
    fn adorn<B>(_response: &mut ServiceResponse<B>) {}
}

/// Why a request is not answered with what it asked for.
#[derive(Debug)]
pub enum Fault {
    /// The domain refused or failed.
    Domain(Error),
    /// The body is not what the operation takes.
    Body {
        /// The field at fault, if it is one.
        field: Option<String>,
        /// A sentence for the person who has to mend it.
        reason: String,
    },
    /// The body is larger than what is read.
    TooLarge {
        /// How many bytes are read.
        limit: usize,
    },
    /// The query is not what the operation takes.
    Query {
        /// A sentence for the person who has to mend it.
        reason: String,
    },
    /// A header is not what the operation takes.
    Header {
        /// The header's name.
        name: &'static str,
        /// A sentence for the person who has to mend it.
        reason: String,
    },
    /// What is asked for is not acceptable, in the words of a dialect that tells more about it
    /// than the faults above have room for.
    Unprocessable(serde_json::Value),
    /// The dialect knows the operation, and Rollbook has nothing behind it.
    Unsupported {
        /// What it is about, as the subject of a sentence.
        what: &'static str,
    },
    /// The plan of the organization does not allow it.
    Upgrade {
        /// What was to be used.
        feature: String,
    },
    /// There is nothing at this path.
    UnknownRoute,
    /// There is something at this path, for other methods.
    WrongMethod {
        /// These, as the `Allow` header lists them.
        allow: String,
    },
    /// The answer took longer than requests may take.
    Timeout,
    /// The answer could not be made; this is a defect. The cause is for the log.
    Defect(Box<dyn std::error::Error + Send + Sync>),
}

impl Fault {
    /// What went wrong inside, for the log and never for the client; `None` when it is the
    /// request that is at fault.
    #[must_use]
    pub fn cause(&self) -> Option<&(dyn std::error::Error + Send + Sync)> {
        match self {
            Self::Domain(Error::Storage(cause)) | Self::Defect(cause) => Some(cause.as_ref()),
            _ => None,
        }
    }

    /// The fault of a response of dialect `D`, if it is a refusal.
    #[must_use]
    pub fn of<D: Dialect, B>(response: &HttpResponse<B>) -> Option<&Self> {
        let fail = response.error()?.as_error::<Fail<D>>()?;
        Some(&fail.fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(error) => error.fmt(f),
            Self::Body { reason, .. } => write!(f, "bad body: {reason}"),
            Self::TooLarge { limit } => write!(f, "the body has more than {limit} bytes"),
            Self::Query { reason } => write!(f, "bad query: {reason}"),
            Self::Header { name, reason } => write!(f, "bad {name} header: {reason}"),
            Self::Unprocessable(_) => f.write_str("the input is not acceptable"),
            Self::Unsupported { what } => write!(f, "{what} are not supported"),
            Self::Upgrade { feature } => write!(f, "the plan does not allow {feature}"),
            Self::UnknownRoute => f.write_str("no such route"),
            Self::WrongMethod { .. } => f.write_str("no such method here"),
            Self::Timeout => f.write_str("the answer took too long"),
            Self::Defect(cause) => cause.fmt(f),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Domain(error)
    }
}

/// A fault on its way out of a handler in dialect `D`; `?` makes it.
pub struct Fail<D> {
    fault: Fault,
    dialect: PhantomData<fn() -> D>,
}

impl<D> From<Fault> for Fail<D> {
    fn from(fault: Fault) -> Self {
        Self {
            fault,
            dialect: PhantomData,
        }
    }
}

impl<D> From<Error> for Fail<D> {
    fn from(error: Error) -> Self {
        Fault::from(error).into()
    }
}

impl<D> fmt::Debug for Fail<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fault.fmt(f)
    }
}

impl<D> fmt::Display for Fail<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fault.fmt(f)
    }
}

impl<D: Dialect> ResponseError for Fail<D> {
    fn status_code(&self) -> StatusCode {
        D::refuse(&self.fault).status()
    }

    fn error_response(&self) -> HttpResponse {
        D::refuse(&self.fault)
    }
}

/// Who calls, in dialect `D`. Taking it does no I/O; the domain authenticates.
#[derive(Clone, Copy, Debug)]
pub struct Caller<D> {
    /// What the request presented, and where it came from.
    pub who: access::Caller,
    dialect: PhantomData<fn() -> D>,
}

impl<D: Dialect> FromRequest for Caller<D> {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self {
            who: operation::caller_of::<D>(request),
            dialect: PhantomData,
        }))
    }
}

/// Reads `Authorization: Bearer …`. Anything else in that header is malformed, and so are several
/// such headers: it must be beyond doubt who calls.
pub(crate) fn bearer(
    headers: &HeaderMap,
    read: impl Fn(&str) -> access::Credential,
) -> access::Credential {
    let mut values = headers.get_all(AUTHORIZATION);
    let Some(value) = values.next() else {
        return access::Credential::Nobody;
    };
    let credentials = value.to_str().ok().and_then(|text| text.split_once(' '));
    match credentials {
        Some((scheme, token))
            if values.next().is_none() && scheme.eq_ignore_ascii_case("Bearer") =>
        {
            read(token.trim_matches(' '))
        }
        _ => access::Credential::Malformed,
    }
}

/// The scopes of a dialect, one for each of its roots.
pub(crate) fn configure<D: Dialect>(
    config: &mut web::ServiceConfig,
    state: &web::Data<State>,
    operations: Table,
) {
    for root in D::ROOTS {
        config.service(scope::<D>(root, state, operations));
    }
}

/// A scope of a dialect: its operations, and its way of answering whatever else is asked.
fn scope<D: Dialect>(
    root: &'static str,
    state: &web::Data<State>,
    operations: Table,
) -> impl HttpServiceFactory + use<D> {
    let observer = Observer::new::<D>(state, operations);
    let limit = state.settings.body_limit;
    let json = web::JsonConfig::default()
        .limit(limit)
        .error_handler(|error, _| json_fault::<D>(&error).into());
    let query =
        web::QueryConfig::default().error_handler(|error, _| query_fault::<D>(&error).into());
    let form = web::FormConfig::default()
        .limit(limit)
        .error_handler(|error, _| form_fault::<D>(&error).into());
    let router = Router::<D>::new(root, operations, state.settings.request_timeout);
    web::scope(root)
        .app_data(state.clone())
        .app_data(form)
        .app_data(web::PayloadConfig::new(limit))
        .app_data(json)
        .app_data(query)
        .default_service(router)
        .wrap(from_fn(move |request, next| {
            observe::<D, _>(Rc::clone(&observer), request, next)
        }))
}

fn json_fault<D: Dialect>(error: &JsonPayloadError) -> Fail<D> {
    match error {
        JsonPayloadError::OverflowKnownLength { limit, .. }
        | JsonPayloadError::Overflow { limit } => Fault::TooLarge { limit: *limit }.into(),
        other => Fault::Body {
            field: None,
            reason: other.to_string(),
        }
        .into(),
    }
}

fn form_fault<D: Dialect>(error: &UrlencodedError) -> Fail<D> {
    match error {
        UrlencodedError::Overflow { limit, .. } => Fault::TooLarge { limit: *limit }.into(),
        other => Fault::Body {
            field: None,
            reason: other.to_string(),
        }
        .into(),
    }
}

fn query_fault<D: Dialect>(error: &QueryPayloadError) -> Fail<D> {
    let reason = error.to_string();
    Fault::Query { reason }.into()
}
