//! The parameters of lists (AIP-158, AIP-160).

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use rollbook_domain::Error;
use rollbook_domain::filter::{Filter, TextTest};
use rollbook_domain::page::Window;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{Fail, Native, filter};
use crate::dialect::{Dialect as _, Fault};
use crate::operation::Operation;
use crate::page::Binding;
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

/// The query of a list that can be filtered.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct FilterQuery {
    /// Which items to answer (AIP-160): `title` compared with `=`, `!=` or `:` (has), with `*` at
    /// either end as a wildcard, and `AND`, `OR`, `NOT` and parentheses. Case does not matter.
    #[param(example = "title = \"Acme*\"")]
    filter: Option<String>,
}

/// What part of which list is asked for.
pub(super) struct Listing {
    operation: &'static str,
    filter: String,
    limit: u32,
    after: Option<Uuid>,
    state: web::Data<State>,
}

impl Listing {
    /// The window into the list.
    pub(super) fn window<K>(&self, key: impl FnOnce(Uuid) -> K) -> Window<K> {
        match self.after {
            Some(after) => Window::after(key(after), self.limit),
            None => Window::first(self.limit),
        }
    }

    /// The condition of the list.
    pub(super) fn filter(&self) -> Result<Filter<TextTest>, Error> {
        filter::titles(&self.filter)
    }

    /// The token for the page behind this key; empty at the end of the list.
    pub(super) fn next_page_token(&self, next: Option<Uuid>) -> String {
        next.map_or_else(String::new, |key| {
            let now = self.state.services.clock.now();
            let binding = binding(self.operation, &self.filter);
            self.state.page_tokens.seal(binding, key, now)
        })
    }

    fn read(request: &HttpRequest) -> Result<Self, Fault> {
        let query: PageQuery = parse(request)?;
        let filter = parse::<FilterQuery>(request)?.filter.unwrap_or_default();
        let operation = Operation::of(request).map_or("", |operation| operation.id);
        let state: &web::Data<State> = request
            .app_data()
            .ok_or_else(|| Fault::Defect("the scope has no state".into()))?;
        let token = query.page_token.filter(|token| !token.is_empty());
        let after = token
            .map(|token| {
                let now = state.services.clock.now();
                state
                    .page_tokens
                    .open(binding(operation, &filter), &token, now)
            })
            .transpose()
            .map_err(|unusable| Error::invalid("page_token", unusable.to_string()))?;
        Ok(Self {
            operation,
            limit: page_size(query.page_size.as_deref())?,
            filter,
            after,
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

fn parse<T: for<'de> Deserialize<'de>>(request: &HttpRequest) -> Result<T, Fault> {
    let query = web::Query::from_query(request.query_string());
    query
        .map(web::Query::into_inner)
        .map_err(|error| Fault::Query {
            reason: error.to_string(),
        })
}

fn binding<'a>(operation: &'a str, conditions: &'a str) -> Binding<'a> {
    Binding {
        dialect: Native::NAME,
        operation,
        conditions,
    }
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
