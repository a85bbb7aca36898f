//! Finds the operation that a request asks for, and lets it in. The framework's own router tries one
//! regular expression after the other, and a dialect has a hundred paths; this one goes down a tree
//! of segments.

use std::marker::PhantomData;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::dev::{Service, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::{Error, HttpRequest, Route};
use futures_util::future::{LocalBoxFuture, try_join_all};

use crate::dialect::{Dialect, Fail, Fault};
use crate::operation::{Answering, Operation, Table, enter};

/// The operations of a dialect that are under one of its roots. What is asked there and is none of
/// them gets the dialect's answer to that.
pub(crate) struct Router<D> {
    root: &'static str,
    operations: Table,
    limit: Duration,
    dialect: PhantomData<fn() -> D>,
}

impl<D: Dialect> Router<D> {
    /// Each operation may take as long as `limit`.
    pub(crate) const fn new(root: &'static str, operations: Table, limit: Duration) -> Self {
        Self {
            root,
            operations,
            limit,
            dialect: PhantomData,
        }
    }
}

impl<D: Dialect> ServiceFactory<ServiceRequest> for Router<D> {
    type Response = ServiceResponse;
    type Error = Error;
    type Config = ();
    type Service = Routing<D>;
    type InitError = ();
    type Future = LocalBoxFuture<'static, Result<Self::Service, Self::InitError>>;

    fn new_service(&self, (): ()) -> Self::Future {
        let mut tree = Branch::default();
        let mut places: Vec<Vec<&'static Operation>> = Vec::new();
        for operation in self.operations.iter().copied().flatten() {
            if let Some(path) = below(self.root, operation.path) {
                let place = *tree.leaf(path).get_or_insert(places.len());
                if place == places.len() {
                    places.push(Vec::new());
                }
                places[place].push(operation);
            }
        }
        let limit = self.limit;
        Box::pin(async move {
            let places = places.into_iter().map(Place::new);
            Ok(Routing {
                tree,
                places: try_join_all(places).await?,
                limit,
                dialect: PhantomData,
            })
        })
    }
}

/// A [`Router`] that answers.
pub(crate) struct Routing<D> {
    tree: Branch,
    places: Vec<Place>,
    limit: Duration,
    dialect: PhantomData<fn() -> D>,
}

impl<D: Dialect> Service<ServiceRequest> for Routing<D> {
    type Response = ServiceResponse;
    type Error = Error;
    type Future = Answering;

    /// Handlers are always ready: none of them waits for anything before it is called.
    fn poll_ready(&self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let path = request.match_info().unprocessed();
        let place = self.tree.find(path, D::CUSTOM_VERBS);
        let Some(place) = place.and_then(|place| self.places.get(place)) else {
            return refuse::<D>(request, Fault::UnknownRoute);
        };
        let Some((operation, handler)) = place.handler(request.method()) else {
            let allow = place.allow.clone();
            return refuse::<D>(request, Fault::WrongMethod { allow });
        };
        enter::<D>(request, operation, self.limit, |request| {
            handler.call(request)
        })
    }
}

fn refuse<D: Dialect>(request: ServiceRequest, fault: Fault) -> Answering {
    let answer = request.error_response(Fail::<D>::from(fault));
    Box::pin(async { Ok(answer) })
}

type Handler = <Route as ServiceFactory<ServiceRequest>>::Service;

/// What can be asked of one path.
struct Place {
    /// In the order of the table.
    handlers: Vec<(&'static Operation, Handler)>,
    /// The `Allow` header (RFC 9110 §10.2.1).
    allow: String,
}

impl Place {
    async fn new(operations: Vec<&'static Operation>) -> Result<Self, ()> {
        let allow = allow_header(&operations);
        let handlers = operations.into_iter().map(async |operation| {
            let handler = operation.handler().new_service(()).await?;
            Ok::<_, ()>((operation, handler))
        });
        Ok(Self {
            handlers: try_join_all(handlers).await?,
            allow,
        })
    }

    fn handler(&self, method: &Method) -> Option<(&'static Operation, &Handler)> {
        let found = self.handlers.iter().find(|(it, _)| it.takes(method));
        found.map(|(operation, handler)| (*operation, handler))
    }
}

fn allow_header(operations: &[&Operation]) -> String {
    let mut methods: Vec<&str> = Vec::new();
    for operation in operations {
        methods.push(operation.method.as_str());
        if operation.method == Method::GET {
            methods.push(Method::HEAD.as_str());
        }
    }
    methods.join(", ")
}

/// Where paths go on after their segments so far. Paths are the same but for the names of their
/// variable segments: some dialects call one of them one thing to read and another to write.
#[derive(Debug, Default)]
struct Branch {
    literals: Vec<(&'static str, Self)>,
    /// By what stands before and behind the variable in its segment.
    variables: Vec<((&'static str, &'static str), Self)>,
    /// The path that ends here.
    place: Option<usize>,
}

impl Branch {
    /// Grows until there is an end for this path.
    fn leaf(&mut self, path: &'static str) -> &mut Option<usize> {
        let Some((segment, rest)) = first_segment(path) else {
            return &mut self.place;
        };
        let next = match around_variable(segment) {
            Some(around) => grow(&mut self.variables, around),
            None => grow(&mut self.literals, segment),
        };
        next.leaf(rest)
    }

    /// The path that this is one of, if any. Where a segment is both, it is what stands in the path.
    fn find(&self, path: &str, custom_verbs: bool) -> Option<usize> {
        let Some((segment, rest)) = first_segment(path) else {
            return self.place;
        };
        let literal = self.literals.iter().find(|(text, _)| *text == segment);
        let found = literal.and_then(|(_, next)| next.find(rest, custom_verbs));
        found.or_else(|| {
            self.variables.iter().find_map(|(around, next)| {
                let value = between(*around, segment)?;
                let is_verb = custom_verbs && value.contains(':');
                let fits = !value.is_empty() && !is_verb;
                fits.then(|| next.find(rest, custom_verbs)).flatten()
            })
        })
    }
}

fn grow<K: PartialEq>(branches: &mut Vec<(K, Branch)>, key: K) -> &mut Branch {
    let known = branches.iter().position(|(it, _)| *it == key);
    let place = known.unwrap_or(branches.len());
    if known.is_none() {
        branches.push((key, Branch::default()));
    }
    &mut branches[place].1
}

/// `/a/b` as `a` and `/b`; `None` for what is empty, or begins with no slash.
fn first_segment(path: &str) -> Option<(&str, &str)> {
    let path = path.strip_prefix('/')?;
    Some(path.split_at(path.find('/').unwrap_or(path.len())))
}

/// What stands before and behind the variable in a segment of an operation's path, if there is one.
fn around_variable(segment: &str) -> Option<(&str, &str)> {
    let (before, rest) = segment.split_once('{')?;
    let (_, after) = rest.split_once('}')?;
    Some((before, after))
}

fn between<'a>((before, after): (&str, &str), segment: &'a str) -> Option<&'a str> {
    segment.strip_prefix(before)?.strip_suffix(after)
}

/// The rest of a path that is under a root.
fn below<'a>(root: &str, path: &'a str) -> Option<&'a str> {
    let rest = path.strip_prefix(root)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// A variable segment of a matched request by the name that its operation has for it; empty when it
/// has none of this name.
pub(crate) fn segment<'a>(request: &'a HttpRequest, name: &str) -> &'a str {
    let pattern = Operation::of(request).map_or("", |operation| operation.path);
    value(pattern, request.match_info().as_str(), name).unwrap_or_default()
}

/// From the end, since the application may be mounted below something else.
fn value<'a>(pattern: &str, path: &'a str, name: &str) -> Option<&'a str> {
    let segments = pattern.rsplit('/').zip(path.rsplit('/'));
    segments.into_iter().find_map(|(it, segment)| {
        let (before, rest) = it.split_once('{')?;
        let (variable, after) = rest.split_once('}')?;
        (variable == name)
            .then(|| between((before, after), segment))
            .flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATHS: [&str; 7] = [
        "",
        "/things",
        "/things:batchCreate",
        "/things/{thing}",
        "/things/{thing}:undelete",
        "/things/mine",
        "/things/{thing}/parts/{part}",
    ];

    fn found(path: &str, custom_verbs: bool) -> Option<&'static str> {
        let mut tree = Branch::default();
        for (place, path) in PATHS.into_iter().enumerate() {
            assert_eq!(*tree.leaf(path).get_or_insert(place), place);
        }
        tree.find(path, custom_verbs).map(|place| PATHS[place])
    }

    #[test]
    fn paths_are_told_apart() {
        for (path, expected) in [
            ("", Some("")),
            ("/", None),
            ("/things", Some("/things")),
            ("/things/", None),
            ("/thing", None),
            ("/things:batchCreate", Some("/things:batchCreate")),
            ("/things:other", None),
            ("/things/1", Some("/things/{thing}")),
            ("/things/1:undelete", Some("/things/{thing}:undelete")),
            ("/things/:undelete", None),
            ("/things/1:2:undelete", None),
            ("/things/1:other", None),
            ("/things/mine", Some("/things/mine")),
            ("/things/mine/parts/2", Some("/things/{thing}/parts/{part}")),
            ("/things//parts/2", None),
            ("/things/1/parts", None),
            ("/things/1/parts/2/3", None),
        ] {
            assert_eq!(found(path, true), expected, "{path}");
        }
    }

    #[test]
    fn without_custom_verbs_a_colon_is_like_any_other_character() {
        assert_eq!(found("/things/1:other", false), Some("/things/{thing}"));
        assert_eq!(
            found("/things/1:2:undelete", false),
            Some("/things/{thing}")
        );
    }

    #[test]
    fn a_path_with_other_names_is_the_same() {
        let mut tree = Branch::default();
        assert_eq!(*tree.leaf("/things/{thing}").get_or_insert(0), 0);
        assert_eq!(*tree.leaf("/things/{thing_or_name}").get_or_insert(1), 0);
    }

    #[test]
    fn values_are_found_by_name() {
        let pattern = "/api/things/{thing}/parts/{part}:undelete";
        let path = "/below/something/api/things/1/parts/2:undelete";
        assert_eq!(value(pattern, path, "thing"), Some("1"));
        assert_eq!(value(pattern, path, "part"), Some("2"));
        assert_eq!(value(pattern, path, "other"), None);
    }
}
