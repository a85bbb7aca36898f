//! Users.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::{self, Data};
use rollbook_domain::id::UserId;
use rollbook_domain::page::Window;
use rollbook_domain::policy::Action;
use rollbook_domain::service::user::UpdateProfile;
use rollbook_domain::value::{DisplayName, Email};
use utoipa::ToSchema;

use super::answer::{self, Answer};
use super::body::Body;
use super::input::{Form, path_uuid};
use super::query::{LIMIT_MAX, Query};
use super::refuse::Refusals;
use super::report::Report;
use super::user_wire::User;
use super::{Caller, operation};
use crate::dialect::Fault;
use crate::operation::{Operation, Policy};
use crate::state::State;

/// What can be asked about users.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "users.me",
        Method::GET,
        "/users/me",
        Policy::Caller(Action::ReadSelf),
        || web::to(me),
    ),
    operation(
        "users.list",
        Method::GET,
        "/users",
        Policy::Caller(Action::AdministerUsers),
        || web::to(list),
    ),
    operation(
        "users.update",
        Method::PATCH,
        "/users/{user_id}",
        Policy::Caller(Action::ManageSelf),
        || web::to(update),
    ),
];

/// What shall change in a user. What is absent or null stays as it is.
#[derive(ToSchema)]
#[schema(as = UserUpdate)]
#[expect(dead_code, reason = "only described")]
pub(super) struct UserUpdate {
    /// What to call the user.
    #[schema(min_length = 1, max_length = 256)]
    name: Option<String>,
    /// The address. It is not verified until it is shown to be the user's.
    email: Option<String>,
}

/// Get the caller
#[utoipa::path(
    get,
    path = "/users/me",
    operation_id = "users.me",
    tag = "users",
    responses((status = 200, description = "The caller", body = User<'_>), Refusals)
)]
pub(super) async fn me(caller: Caller, state: Data<State>) -> Answer {
    let user = state.services.users.me(caller.who).await?;
    answer::json(&User::from(&user))
}

/// List users
///
/// For superusers.
#[utoipa::path(
    get,
    path = "/users",
    operation_id = "users.list",
    tag = "users",
    params(
        ("offset" = Option<u32>, Query, description = "How many to pass over", minimum = 0),
        ("limit" = Option<u32>, Query, description = "How many to answer at the most; 100 unless given", minimum = 1, maximum = 100),
    ),
    responses((status = 200, description = "Some of them", body = Vec<User<'_>>), Refusals)
)]
pub(super) async fn list(caller: Caller, request: HttpRequest, state: Data<State>) -> Answer {
    let mut report = Report::default();
    let part = Query::of(&request).part(&mut report, LIMIT_MAX);
    report.done()?;
    let window = Window::skip(part.offset, part.limit);
    let page = state.services.users.list(caller.who, window).await?;
    let all: Vec<_> = page.items.iter().map(User::from).collect();
    answer::json(&all)
}

/// Update a user
///
/// Users change themselves, and nobody else.
#[utoipa::path(
    patch,
    path = "/users/{user_id}",
    operation_id = "users.update",
    tag = "users",
    params(("user_id" = String, Path, description = "The id", format = "uuid")),
    request_body = UserUpdate,
    responses((status = 200, description = "The user", body = User<'_>), Refusals)
)]
pub(super) async fn update(
    caller: Caller,
    request: HttpRequest,
    body: Body,
    state: Data<State>,
) -> Answer {
    let (id, command) = changes(&request, &body)?;
    let user = state.services.users.update(caller.who, id, command).await?;
    answer::json(&User::from(&user))
}

fn changes(request: &HttpRequest, body: &Body) -> Result<(UserId, UpdateProfile), Fault> {
    let mut report = Report::default();
    let id = UserId::new(path_uuid(&mut report, request, "user_id"));
    let mut form = Form::new(&body.0, &mut report);
    let command = UpdateProfile {
        display_name: form.value("name", None, DisplayName::parse),
        email: form.value("email", None, Email::parse),
        seen: None,
    };
    report.done()?;
    Ok((id, command))
}
