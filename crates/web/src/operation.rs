//! Operations: what a dialect can be asked. The router is made out of the table of them and of
//! nothing else, so a route without an identifier or without a policy cannot exist.

use std::future::ready;
use std::net::IpAddr;
use std::time::Duration;

use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage as _, HttpRequest, HttpResponse, Route};
use futures_util::future::LocalBoxFuture;
use rollbook_domain::access;
use rollbook_domain::error::Unauthenticated;
use rollbook_domain::policy::Action;
use rollbook_domain::role::Permission;

use crate::client_address::client_address;
use crate::dialect::{Dialect, Fail};
use crate::limits;
use crate::observe::RequestId;
use crate::state::State;

/// Everything that a dialect can be asked, a slice for each kind of resource.
pub type Table = &'static [&'static [Operation]];

/// One method on one path of one dialect.
#[derive(Debug)]
pub struct Operation {
    /// Its name in logs, metrics and the API description, such as `organizations.get`.
    pub id: &'static str,
    /// The dialect it belongs to, such as `native`.
    pub dialect: &'static str,
    /// The HTTP method. `GET` also answers `HEAD`.
    pub method: Method,
    /// The whole path, with `{name}` for each variable segment.
    pub path: &'static str,
    /// Who gets as far as the handler.
    pub policy: Policy,
    route: fn() -> Route,
}

/// Who gets as far as the handler of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Everybody.
    Public,
    /// Whoever presents something that can be a credential; the others are refused before anything
    /// of the request is read. The domain authenticates them and decides about the action.
    Caller(Action),
}

impl Policy {
    /// Whoever presents something that can be a credential, and has the permission.
    #[must_use]
    pub const fn needs(permission: Permission) -> Self {
        Self::Caller(Action::Use(permission))
    }
}

impl Operation {
    /// An operation that `route` makes the handler of, as `|| web::to(handler)`.
    pub(crate) const fn new(
        id: &'static str,
        dialect: &'static str,
        method: Method,
        path: &'static str,
        policy: Policy,
        route: fn() -> Route,
    ) -> Self {
        Self {
            id,
            dialect,
            method,
            path,
            policy,
            route,
        }
    }

    /// The operation that a request was matched to; `None` when no route has taken it.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Option<&'static Self> {
        request
            .extensions()
            .get::<Matched>()
            .map(|matched| matched.operation)
    }

    /// The handler, for the router.
    pub(crate) fn handler(&self) -> Route {
        (self.route)()
    }

    /// Whether it answers this method.
    pub(crate) fn takes(&self, method: &Method) -> bool {
        self.method == method || (self.method == Method::GET && method == Method::HEAD)
    }
}

/// What was found out about a request that was let in.
#[derive(Clone, Copy)]
struct Matched {
    operation: &'static Operation,
    credential: access::Credential,
}

/// Who calls, as [`enter`] has read it, otherwise as it is read now; and from where.
pub(crate) fn caller_of<D: Dialect>(request: &HttpRequest) -> access::Caller {
    let matched = request.extensions().get::<Matched>().copied();
    let credential = matched.map_or_else(|| D::credential(request), |matched| matched.credential);
    let origin = access::Origin {
        address: address_of(request),
        request: RequestId::of(request).map(|id| id.of_domain()),
    };
    access::Caller { credential, origin }
}

fn address_of(request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    let state = request.app_data::<Data<State>>()?;
    let trusted = &state.settings.trusted_proxies;
    Some(client_address(peer, request.headers(), trusted))
}

/// The future of a handler.
pub(crate) type Answering = LocalBoxFuture<'static, Result<ServiceResponse, Error>>;

/// Notes what is asked, and turns away who presents no credential where one is needed. The others get
/// the answer of the handler, which may take as long as `limit`.
pub(crate) fn enter<D: Dialect>(
    request: ServiceRequest,
    operation: &'static Operation,
    limit: Duration,
    handle: impl FnOnce(ServiceRequest) -> Answering,
) -> Answering {
    let credential = D::credential(request.request());
    request.extensions_mut().insert(Matched {
        operation,
        credential,
    });
    match (operation.policy, credential) {
        (Policy::Public, _)
        | (Policy::Caller(_), access::Credential::Token(_) | access::Credential::Session(_)) => {
            let asked = request.request().clone();
            supervised::<D>(limit, asked, handle(request))
        }
        (Policy::Caller(_), access::Credential::Nobody) => {
            turn_away::<D>(request, Unauthenticated::Missing)
        }
        (Policy::Caller(_), access::Credential::Malformed) => {
            turn_away::<D>(request, Unauthenticated::Invalid)
        }
    }
}

/// Answers for a handler that panics or takes too long.
fn supervised<D: Dialect>(limit: Duration, asked: HttpRequest, answer: Answering) -> Answering {
    Box::pin(async move {
        limits::supervise(limit, answer)
            .await
            .unwrap_or_else(|fault| {
                let response = HttpResponse::from_error(Fail::<D>::from(fault));
                Ok(ServiceResponse::new(asked, response))
            })
    })
}

fn turn_away<D: Dialect>(request: ServiceRequest, why: Unauthenticated) -> Answering {
    let fail = Fail::<D>::from(rollbook_domain::Error::Unauthenticated(why));
    Box::pin(ready(Ok(request.error_response(fail))))
}
