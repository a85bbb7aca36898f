//! Users, for superusers.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::{self, Data, Query};
use rollbook_domain::id::UserId;
use rollbook_domain::policy::Action;
use rollbook_domain::user::User as DomainUser;

use super::answer::{self, Answer};
use super::etag::{self, IfMatch};
use super::list::{Listing, PageQuery};
use super::once::{self, Once};
use super::path::id_path;
use super::status::Refusals;
use super::user_input::{DeleteUserRequest, EtagQuery, UserBody};
use super::wire::{Empty, User, UserList};
use super::{Body, Caller, operation};
use crate::operation::{Operation, Policy};
use crate::state::State;

id_path!(
    /// The user in the path.
    UserPath,
    "user_id",
    /// The user's id.
    UserId
);

const POLICY: Policy = Policy::Caller(Action::AdministerUsers);

/// What superusers can ask about users.
pub(super) static OPERATIONS: &[Operation] = &[
    operation("users.list", Method::GET, "/api/v1/users", POLICY, || {
        web::to(list)
    }),
    operation(
        "users.create",
        Method::POST,
        "/api/v1/users",
        POLICY,
        || web::to(create),
    ),
    operation(
        "users.get",
        Method::GET,
        "/api/v1/users/{user_id}",
        POLICY,
        || web::to(get),
    ),
    operation(
        "users.delete",
        Method::DELETE,
        "/api/v1/users/{user_id}",
        POLICY,
        || web::to(delete),
    ),
    operation(
        "users.deleteWith",
        Method::POST,
        "/api/v1/users/{user_id}:delete",
        POLICY,
        || web::to(delete_with),
    ),
    operation(
        "users.verifyEmail",
        Method::POST,
        "/api/v1/users/{user_id}:verifyEmail",
        POLICY,
        || web::to(verify_email),
    ),
    operation(
        "users.deactivate",
        Method::POST,
        "/api/v1/users/{user_id}:deactivate",
        POLICY,
        || web::to(deactivate),
    ),
    operation(
        "users.activate",
        Method::POST,
        "/api/v1/users/{user_id}:activate",
        POLICY,
        || web::to(activate),
    ),
];

/// List all users
///
/// For superusers.
#[utoipa::path(
    get,
    path = "/api/v1/users",
    operation_id = "users.list",
    tag = "users",
    params(PageQuery),
    responses((status = 200, description = "A page of them", body = UserList), Refusals)
)]
pub(super) async fn list(caller: Caller, listing: Listing, state: Data<State>) -> Answer {
    let service = &state.services.users;
    let page = service.list(caller.who, listing.window()?).await?;
    let next = listing.next_page_token(page.next.as_ref());
    answer::json(&UserList::new(&page, next))
}

/// Create a person
///
/// For superusers. The address is not verified thereby. With an `Idempotency-Key` or a
/// `request_id`, a repetition answers the user that the first attempt made.
#[utoipa::path(
    post,
    path = "/api/v1/users",
    operation_id = "users.create",
    tag = "users",
    params(once::OnceQuery, once::IdempotencyKey),
    request_body = User,
    responses((status = 200, description = "The user", body = User), Refusals)
)]
pub(super) async fn create(
    caller: Caller,
    once: Once,
    body: Body<UserBody>,
    state: Data<State>,
) -> Answer {
    let once = once.claim(&body, body.value.request_id())?;
    let command = body.value.create(once)?;
    user(&state.services.users.create(caller.who, command).await?)
}

/// Get a user
///
/// For superusers.
#[utoipa::path(
    get,
    path = "/api/v1/users/{user_id}",
    operation_id = "users.get",
    tag = "users",
    params(UserPath),
    responses(
        (status = 200, description = "The user", body = User),
        (status = 304, description = "It has not changed"),
        Refusals,
    )
)]
pub(super) async fn get(
    caller: Caller,
    UserPath(id): UserPath,
    request: HttpRequest,
    state: Data<State>,
) -> Answer {
    let found = state.services.users.get(caller.who, id).await?;
    if etag::is_known(&request, found.version) {
        return Ok(answer::not_modified(found.version));
    }
    user(&found)
}

/// Delete a user
///
/// For superusers. All memberships and tokens end at once. Refused while the user owns
/// organizations: `:delete` takes decisions about them.
#[utoipa::path(
    delete,
    path = "/api/v1/users/{user_id}",
    operation_id = "users.delete",
    tag = "users",
    params(UserPath, EtagQuery, IfMatch),
    responses((status = 200, description = "It is deleted", body = Empty), Refusals)
)]
pub(super) async fn delete(
    caller: Caller,
    UserPath(id): UserPath,
    query: Query<EtagQuery>,
    seen: IfMatch,
    state: Data<State>,
) -> Answer {
    let seen = seen.or_field(query.etag.as_deref())?;
    let command = DeleteUserRequest::default().command(seen, None)?;
    let service = &state.services.users;
    service.delete(caller.who, id, command).await?;
    answer::json(&Empty {})
}

/// Delete a user and decide about what they own
///
/// For superusers. Each organization that the user owns is deleted or gets another owner, in one
/// step with the deletion.
#[utoipa::path(
    post,
    path = "/api/v1/users/{user_id}:delete",
    operation_id = "users.deleteWith",
    tag = "users",
    params(UserPath, IfMatch),
    request_body = DeleteUserRequest,
    responses((status = 200, description = "It is deleted", body = Empty), Refusals)
)]
pub(super) async fn delete_with(
    caller: Caller,
    UserPath(id): UserPath,
    seen: IfMatch,
    body: Body<DeleteUserRequest>,
    state: Data<State>,
) -> Answer {
    let seen = seen.or_field(body.value.etag())?;
    let limit = state.settings.native.owner_limit;
    let command = body.value.command(seen, limit)?;
    let service = &state.services.users;
    service.delete(caller.who, id, command).await?;
    answer::json(&Empty {})
}

/// Vouch for the address of a user
///
/// For superusers. An organization that has verified the address's domain may take the user in, or
/// invite them.
#[utoipa::path(
    post,
    path = "/api/v1/users/{user_id}:verifyEmail",
    operation_id = "users.verifyEmail",
    tag = "users",
    params(UserPath),
    responses((status = 200, description = "The user", body = User), Refusals)
)]
pub(super) async fn verify_email(
    caller: Caller,
    UserPath(id): UserPath,
    state: Data<State>,
) -> Answer {
    user(&state.services.users.verify_email(caller.who, id).await?)
}

/// Deactivate a user
///
/// For superusers. All tokens are revoked. Refused while the user owns organizations.
#[utoipa::path(
    post,
    path = "/api/v1/users/{user_id}:deactivate",
    operation_id = "users.deactivate",
    tag = "users",
    params(UserPath, IfMatch),
    responses((status = 200, description = "The user", body = User), Refusals)
)]
pub(super) async fn deactivate(
    caller: Caller,
    UserPath(id): UserPath,
    seen: IfMatch,
    state: Data<State>,
) -> Answer {
    let (service, seen) = (&state.services.users, seen.or_field(None)?);
    user(&service.deactivate(caller.who, id, seen).await?)
}

/// Activate a deactivated user
///
/// For superusers. The tokens that were revoked stay so.
#[utoipa::path(
    post,
    path = "/api/v1/users/{user_id}:activate",
    operation_id = "users.activate",
    tag = "users",
    params(UserPath, IfMatch),
    responses((status = 200, description = "The user", body = User), Refusals)
)]
pub(super) async fn activate(
    caller: Caller,
    UserPath(id): UserPath,
    seen: IfMatch,
    state: Data<State>,
) -> Answer {
    let (service, seen) = (&state.services.users, seen.or_field(None)?);
    user(&service.activate(caller.who, id, seen).await?)
}

/// A user with their entity tag.
pub(super) fn user(user: &DomainUser) -> Answer {
    answer::versioned(&User::from(user), user.version)
}
