//! Permissions that roles can give.

use actix_web::http::Method;
use actix_web::web::{self, Data};
use rollbook_domain::policy::Action;
use rollbook_domain::role::Permission as DomainPermission;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{self, Answer};
use super::refuse::Refusals;
use super::role_wire::LEVELS;
use super::{Caller, operation};
use crate::operation::{Operation, Policy};
use crate::state::State;

/// What can be asked about permissions.
pub(super) static OPERATIONS: &[Operation] = &[operation(
    "permissions.list",
    Method::GET,
    "/permissions",
    Policy::Caller(Action::ReadSelf),
    || web::to(list),
)];

/// A permission.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PermissionRead)]
pub(super) struct Permission {
    /// How roles name it: action and resource.
    #[schema(value_type = String)]
    name: &'static str,
    /// What it permits to do.
    #[schema(value_type = String)]
    action: &'static str,
    /// With what.
    #[schema(value_type = String)]
    resource: &'static str,
    /// Roles of which levels can give it.
    #[schema(value_type = Vec<String>)]
    levels: &'static [&'static str],
}

impl From<DomainPermission> for Permission {
    fn from(permission: DomainPermission) -> Self {
        let name = permission.key();
        let (action, resource) = name.split_once(':').unwrap_or((name, ""));
        let levels = if permission.is_of_workspace() {
            &LEVELS[..2]
        } else {
            &LEVELS[..1]
        };
        Self {
            name,
            action,
            resource,
            levels,
        }
    }
}

/// List all permissions
///
/// What roles can give, for whoever makes one.
#[utoipa::path(
    get,
    path = "/permissions",
    operation_id = "permissions.list",
    tag = "roles",
    responses((status = 200, description = "All of them", body = Vec<Permission>), Refusals)
)]
pub(super) async fn list(caller: Caller, state: Data<State>) -> Answer {
    state.services.users.me(caller.who).await?;
    let all = DomainPermission::ALL.iter().copied();
    let all: Vec<_> = all.map(Permission::from).collect();
    answer::json(&all)
}
