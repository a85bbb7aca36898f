//! The parameters of lists (AIP-132, AIP-158, AIP-160).

use std::fmt::Write as _;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use rollbook_domain::Error;
use rollbook_domain::filter::{Filter, TextTest};
use rollbook_domain::membership::Direction;
use rollbook_domain::page::Window;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Fail, Native, filter, order};
use crate::dialect::{Dialect as _, Fault};
use crate::operation::Operation;
use crate::page::{Binding, Key, Unusable};
use crate::state::State;

/// How many items a page has unless the client says so.
const SIZE_DEFAULT: u32 = 50;
/// How many items a page has at the most.
const SIZE_MAX: u32 = 1000;

/// The query of a list. Names are understood in snake case and in camel case.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PageQuery {
    /// How many items to answer at the most: 50 unless given, and never more than 1000. A page may
    /// have fewer and still not be the last one.
    #[serde(alias = "pageSize")]
    #[param(value_type = Option<i32>, minimum = 0, example = 50)]
    page_size: Option<String>,
    /// The `next_page_token` of the page before. All other parameters but `page_size` must be as
    /// they were. A token works for three days.
    #[serde(alias = "pageToken")]
    page_token: Option<String>,
}

/// The query of a list that can be filtered by titles.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only described")]
pub(super) struct FilterQuery {
    /// Which items to answer (AIP-160): `title` compared with `=`, `!=` or `:` (has), with `*` at
    /// either end as a wildcard, and `AND`, `OR`, `NOT` and parentheses. Case does not matter.
    #[param(example = "title = \"Acme*\"")]
    filter: Option<String>,
}

/// What a list can be asked besides pages. Each list describes for itself what it understands.
#[derive(Debug, Default, Deserialize)]
struct Conditions {
    #[serde(default)]
    filter: String,
    #[serde(default, alias = "orderBy")]
    order_by: String,
}

/// What part of which list is asked for.
pub(super) struct Listing {
    operation: &'static str,
    conditions: Conditions,
    /// All that a page token is bound to.
    bound: String,
    limit: u32,
    token: Option<String>,
    state: web::Data<State>,
}

impl Listing {
    /// The same list under a further condition, to which its page tokens are bound.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        bind(&mut self.bound, name, value);
        self
    }

    /// The window into the list.
    pub(super) fn window<K: Key>(&self) -> Result<Window<K>, Error> {
        let Some(token) = &self.token else {
            return Ok(Window::first(self.limit));
        };
        let now = self.state.services.clock.now();
        let opened = self.state.page_tokens.open(self.binding(), token, now);
        let key = opened.map_err(|unusable| Error::invalid("page_token", unusable.to_string()))?;
        Ok(Window::after(key, self.limit))
    }

    /// The condition of a list that can be filtered by these fields.
    pub(super) fn filter<T>(&self, fields: &[filter::Field<T>]) -> Result<Filter<T>, Error> {
        filter::parse(&self.conditions.filter, fields)
    }

    /// The condition of a list that can be filtered by titles.
    pub(super) fn titles(&self) -> Result<Filter<TextTest>, Error> {
        self.filter(filter::TITLE)
    }

    /// The order of a list that can be sorted by these fields; empty when the list shall have its
    /// own.
    pub(super) fn order<F: Copy + PartialEq>(
        &self,
        fields: &order::Fields<F>,
    ) -> Result<Vec<(F, Direction)>, Error> {
        order::parse(&self.conditions.order_by, fields)
    }

    /// The token for the page behind this key; empty at the end of the list.
    pub(super) fn next_page_token<K: Key>(&self, next: Option<&K>) -> String {
        next.map_or_else(String::new, |key| {
            let now = self.state.services.clock.now();
            self.state.page_tokens.seal(self.binding(), key, now)
        })
    }

    /// How many items to answer at the most.
    pub(super) const fn limit(&self) -> u32 {
        self.limit
    }

    /// Where a list that never ends is read on; `None`: nobody says where. Such a token is bound to
    /// what is listed (`whose`) and to nothing else, and it does not expire.
    pub(super) fn place<K: Key>(&self, whose: &str) -> Result<Option<K>, Error> {
        let Some(token) = &self.token else {
            return Ok(None);
        };
        let opened = self
            .state
            .page_tokens
            .open_lasting(self.bound_to(whose), token);
        let refused = |unusable: Unusable| Error::invalid("page_token", unusable.to_string());
        opened.map(Some).map_err(refused)
    }

    /// The token for [`Listing::place`]: the same for the same place.
    pub(super) fn place_token<K: Key>(&self, whose: &str, key: &K) -> String {
        let tokens = &self.state.page_tokens;
        tokens.seal_lasting(self.bound_to(whose), key)
    }

    fn binding(&self) -> Binding<'_> {
        self.bound_to(&self.bound)
    }

    fn bound_to<'a>(&self, conditions: &'a str) -> Binding<'a> {
        Binding {
            dialect: Native::NAME,
            operation: self.operation,
            conditions,
        }
    }

    fn read(request: &HttpRequest) -> Result<Self, Fault> {
        let query: PageQuery = parse(request)?;
        let conditions: Conditions = parse(request)?;
        let state: &web::Data<State> = request
            .app_data()
            .ok_or_else(|| Fault::Defect("the scope has no state".into()))?;
        let mut bound = String::new();
        bind(&mut bound, "path", request.path());
        bind(&mut bound, "filter", &conditions.filter);
        bind(&mut bound, "order_by", &conditions.order_by);
        Ok(Self {
            operation: Operation::of(request).map_or("", |operation| operation.id),
            limit: page_size(query.page_size.as_deref())?,
            token: query.page_token.filter(|token| !token.is_empty()),
            conditions,
            bound,
            state: state.clone(),
        })
    }
}

impl FromRequest for Listing {
    type Error = Fail;
    type Future = Ready<Result<Self, Fail>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(request).map_err(Fail::from))
    }
}

/// Adds a condition, so that no other conditions read the same.
fn bind(bound: &mut String, name: &str, value: &str) {
    // Writing to memory does not fail.
    let _ = write!(bound, "{name}={}:{value};", value.len());
}

fn parse<T: for<'de> Deserialize<'de>>(request: &HttpRequest) -> Result<T, Fault> {
    let query = web::Query::from_query(request.query_string());
    query
        .map(web::Query::into_inner)
        .map_err(|error| Fault::Query {
            reason: error.to_string(),
        })
}

fn page_size(text: Option<&str>) -> Result<u32, Error> {
    let Some(text) = text else {
        return Ok(SIZE_DEFAULT);
    };
    let number = text
        .parse::<i32>()
        .ok()
        .and_then(|size| u32::try_from(size).ok());
    match number {
        Some(0) => Ok(SIZE_DEFAULT),
        Some(size) => Ok(size.min(SIZE_MAX)),
        None => Err(Error::invalid(
            "page_size",
            "it must be a number from 0 to 2147483647",
        )),
    }
}
