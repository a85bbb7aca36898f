//! Roles that somebody has, in an organization or in a workspace.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::{self, Data};
use rollbook_domain::id::{UserId, WorkspaceId};
use rollbook_domain::role::Permission;
use rollbook_domain::workspace::WorkspaceRef;
use serde_json::Value;
use uuid::Uuid;

use super::answer::{self, Answer};
use super::query::Query;
use super::refuse::Refusals;
use super::report::{Item, Report};
use super::role_id::{self, Found};
use super::{Caller, operation, role_input};
use crate::dialect::Fault;
use crate::operation::{Operation, Policy};
use crate::state::State;

/// What can be asked about assignments.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "roles.assign",
        Method::POST,
        "/roles/{role_id}/assignments",
        Policy::needs(Permission::UpdateMembership),
        || web::to(assign),
    ),
    operation(
        "roles.revoke",
        Method::DELETE,
        "/roles/{role_id}/assignments",
        Policy::needs(Permission::UpdateMembership),
        || web::to(revoke),
    ),
];

/// What has no assignments here.
const UNKNOWN: &str = "Roles of teams, projects and invitations";

/// Who gets or loses which role, and where.
struct Assignment {
    role: Uuid,
    user: UserId,
    workspace: Option<WorkspaceId>,
}

fn read(request: &HttpRequest) -> Result<Assignment, Fault> {
    let (mut report, query) = (Report::default(), Query::of(request));
    let role = role_input::path(&mut report, request);
    let user = query.uuid(&mut report, "user_id");
    let workspace = query
        .uuid(&mut report, "workspace_id")
        .map(WorkspaceId::new);
    let others = ["team_id", "invitation_id", "project_id"];
    let unknown = others.iter().any(|name| query.text(name).is_some());
    if user.is_none() && report.is_empty() && !unknown {
        let loc = vec![Value::from("query"), Value::from("user_id")];
        report.add(Item::new("missing", loc, "Field required", Value::Null));
    }
    report.done()?;
    match user {
        Some(user) if !unknown => Ok(Assignment {
            role,
            user: UserId::new(user),
            workspace,
        }),
        _ => Err(Fault::Unsupported { what: UNKNOWN }),
    }
}

/// The workspace in which the role counts.
fn place(found: &Found, workspace: WorkspaceId) -> WorkspaceRef {
    WorkspaceRef {
        organization: found.organization,
        id: workspace,
    }
}

/// Give a user a role
///
/// In the organization, or in a workspace of it. The answer is `null`.
#[utoipa::path(
    post,
    path = "/roles/{role_id}/assignments",
    operation_id = "roles.assign",
    tag = "roles",
    params(
        ("role_id" = String, Path, description = "The role", format = "uuid"),
        ("user_id" = Option<String>, Query, description = "Who gets it", format = "uuid"),
        ("workspace_id" = Option<String>, Query, description = "The workspace, for roles of workspaces", format = "uuid"),
    ),
    responses((status = 200, description = "They have it", body = Option<bool>), Refusals)
)]
pub(super) async fn assign(caller: Caller, request: HttpRequest, state: Data<State>) -> Answer {
    let Assignment {
        role,
        user,
        workspace,
    } = read(&request)?;
    let found = role_id::anywhere(&state, caller.who, role).await?;
    let key = found.role.key().to_owned();
    if let Some(workspace) = workspace {
        let (service, at) = (&state.services.workspaces, place(&found, workspace));
        service.grant(caller.who, at, user, key).await?;
    } else {
        let service = &state.services.memberships;
        service
            .grant(caller.who, found.organization, user, key)
            .await?;
    }
    answer::nothing()
}

/// Take a role from a user
///
/// The last role of a member cannot be taken; with the last one in a workspace they leave it. The
/// answer is `null`.
#[utoipa::path(
    delete,
    path = "/roles/{role_id}/assignments",
    operation_id = "roles.revoke",
    tag = "roles",
    params(
        ("role_id" = String, Path, description = "The role", format = "uuid"),
        ("user_id" = Option<String>, Query, description = "Who loses it", format = "uuid"),
        ("workspace_id" = Option<String>, Query, description = "The workspace, for roles of workspaces", format = "uuid"),
    ),
    responses((status = 200, description = "They do not have it", body = Option<bool>), Refusals)
)]
pub(super) async fn revoke(caller: Caller, request: HttpRequest, state: Data<State>) -> Answer {
    let Assignment {
        role,
        user,
        workspace,
    } = read(&request)?;
    let found = role_id::anywhere(&state, caller.who, role).await?;
    let key = found.role.key().to_owned();
    if let Some(workspace) = workspace {
        let (service, at) = (&state.services.workspaces, place(&found, workspace));
        service.withdraw(caller.who, at, user, key).await?;
    } else {
        let service = &state.services.memberships;
        service
            .withdraw(caller.who, found.organization, user, key)
            .await?;
    }
    answer::nothing()
}
