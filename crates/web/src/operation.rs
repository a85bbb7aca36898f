//! Operations: what a dialect can be asked. The router is made out of the table of them and of
//! nothing else, so a route without an identifier or without a policy cannot exist.

use std::task::{Context, Poll};

use actix_web::body::BoxBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::Method;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage as _, HttpRequest, HttpResponse, Resource, Route, guard, web};
use rollbook_domain::access;
use rollbook_domain::error::Unauthenticated;
use rollbook_domain::policy::Action;
use rollbook_domain::role::Permission;
use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::net::IpAddr;
use std::pin::Pin;
use std::time::Duration;

use crate::client_address::client_address;
use crate::dialect::{Dialect, Fail, Fault};
use crate::limits;
use crate::observe::RequestId;
use crate::state::State;

/// Everything that a dialect can be asked, a slice for each kind of resource. What is asked most
/// comes first, since the router tries one after the other.
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

    fn route<D: Dialect>(&'static self, limit: Duration) -> Route {
        let allowed = guard::fn_guard(move |context| self.takes(&context.head().method));
        (self.route)().guard(allowed).wrap(Gate::<D> {
            operation: self,
            limit,
            dialect: PhantomData,
        })
    }

    fn takes(&self, method: &Method) -> bool {
        self.method == method || (self.method == Method::GET && method == Method::HEAD)
    }
}

/// What the gate found out about a request.
#[derive(Clone, Copy)]
struct Matched {
    operation: &'static Operation,
    credential: access::Credential,
}

/// Who calls, as the gate has read it, otherwise as it is read now; and from where.
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

/// The routes of those `operations` that are under a root of their dialect, in their order; each
/// may take as long as `limit`.
pub(crate) fn resources<D: Dialect>(
    root: &str,
    operations: Table,
    limit: Duration,
) -> Vec<Resource> {
    let mut paths: Vec<&'static str> = Vec::new();
    for operation in operations.iter().copied().flatten() {
        let known = paths.iter().any(|path| alike(path, operation.path));
        if below(root, operation.path).is_some() && !known {
            paths.push(operation.path);
        }
    }
    paths
        .into_iter()
        .map(|path| resource::<D>(root, path, operations, limit))
        .collect()
}

fn resource<D: Dialect>(
    root: &str,
    path: &'static str,
    operations: Table,
    limit: Duration,
) -> Resource {
    let all = || operations.iter().copied().flatten();
    let here = || all().filter(move |it| alike(it.path, path));
    let allow = allow_header(here());
    let refuse = move || {
        let allow = allow.clone();
        ready(Err::<&str, _>(Fail::<D>::from(Fault::WrongMethod {
            allow,
        })))
    };
    here()
        .fold(
            web::resource(pattern::<D>(root, path)),
            |resource, operation| resource.route(operation.route::<D>(limit)),
        )
        .default_service(web::to(refuse))
}

/// Whether two paths are one but for the names of their variable segments. Some dialects call the
/// same segment one thing to read and another to write.
fn alike(one: &str, other: &str) -> bool {
    let segments = |path: &str| {
        path.split('/')
            .map(
                |segment| match segment.split_once('{').zip(segment.split_once('}')) {
                    Some(((before, _), (_, after))) => format!("{before}{{}}{after}"),
                    None => segment.to_owned(),
                },
            )
            .collect::<Vec<_>>()
    };
    segments(one) == segments(other)
}

/// A variable segment of a matched request by the name that its operation has for it.
pub(crate) fn segment<'a>(request: &'a HttpRequest, name: &str) -> &'a str {
    let path = Operation::of(request).map_or("", |operation| operation.path);
    let names = path
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split('}').next());
    let place = names.into_iter().position(|it| it == name);
    let value = place.and_then(|place| request.match_info().iter().nth(place));
    value.map_or("", |(_, value)| value)
}

/// The rest of a path that is under a root.
fn below<'a>(root: &str, path: &'a str) -> Option<&'a str> {
    let rest = path.strip_prefix(root)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// The pattern under a root of the dialect.
fn pattern<D: Dialect>(root: &str, path: &str) -> String {
    let rest = below(root, path).unwrap_or(path);
    rest.replace('}', &format!(":{}}}", D::SEGMENT))
}

fn allow_header<'a>(operations: impl Iterator<Item = &'a Operation>) -> String {
    let mut methods: Vec<&str> = Vec::new();
    for operation in operations {
        methods.push(operation.method.as_str());
        if operation.method == Method::GET {
            methods.push(Method::HEAD.as_str());
        }
    }
    methods.join(", ")
}

/// Stands before every handler: notes the operation and turns away who presents no credential.
struct Gate<D> {
    operation: &'static Operation,
    limit: Duration,
    dialect: PhantomData<fn() -> D>,
}

impl<S, D> Transform<S, ServiceRequest> for Gate<D>
where
    S: Service<ServiceRequest, Response = ServiceResponse, Error = Error, Future = Answering>,
    D: Dialect,
{
    type Response = ServiceResponse;
    type Error = Error;
    type Transform = Gatekeeper<S, D>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, Self::InitError>>;

    fn new_transform(&self, handler: S) -> Self::Future {
        ready(Ok(Gatekeeper {
            operation: self.operation,
            limit: self.limit,
            handler,
            dialect: PhantomData,
        }))
    }
}

struct Gatekeeper<S, D> {
    operation: &'static Operation,
    limit: Duration,
    handler: S,
    dialect: PhantomData<fn() -> D>,
}

/// The future of a boxed handler, passed on as it is.
type Answering = Pin<Box<dyn Future<Output = Result<ServiceResponse<BoxBody>, Error>>>>;

impl<S, D> Service<ServiceRequest> for Gatekeeper<S, D>
where
    S: Service<ServiceRequest, Response = ServiceResponse, Error = Error, Future = Answering>,
    D: Dialect,
{
    type Response = ServiceResponse;
    type Error = Error;
    type Future = Answering;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.handler.poll_ready(context)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let operation = self.operation;
        let credential = D::credential(request.request());
        request.extensions_mut().insert(Matched {
            operation,
            credential,
        });
        match (operation.policy, credential) {
            (Policy::Public, _)
            | (Policy::Caller(_), access::Credential::Token(_) | access::Credential::Session(_)) => {
                let asked = request.request().clone();
                supervised::<D>(self.limit, asked, self.handler.call(request))
            }
            (Policy::Caller(_), access::Credential::Nobody) => {
                turn_away::<D>(request, Unauthenticated::Missing)
            }
            (Policy::Caller(_), access::Credential::Malformed) => {
                turn_away::<D>(request, Unauthenticated::Invalid)
            }
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
