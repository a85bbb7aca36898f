//! Workspaces, which were once called tenants.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::{self, Data};
use rollbook_domain::filter::{Filter, Place, TextTest};
use rollbook_domain::id::{OrganizationId, WorkspaceId};
use rollbook_domain::organization::Patch;
use rollbook_domain::policy::Action;
use rollbook_domain::role::Permission;
use rollbook_domain::service::workspace::{CreateWorkspace, ListHoused, UpdateWorkspace};
use rollbook_domain::value::{Description, WorkspaceTitle};

use super::answer::{self, Answer};
use super::body::Body;
use super::input::{Form, path_uuid};
use super::query::{LIMIT_MAX, Query};
use super::refuse::Refusals;
use super::report::Report;
use super::workspace_wire::{AVAILABLE, STATES, Workspace, WorkspaceCreate, WorkspaceUpdate};
use super::{Caller, operation, organization_input};
use crate::dialect::Fault;
use crate::operation::{Operation, Policy};
use crate::state::State;

/// What can be asked about workspaces.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "workspaces.list",
        Method::GET,
        "/workspaces",
        Policy::Caller(Action::ReadSelf),
        || web::to(list),
    ),
    operation(
        "workspaces.create",
        Method::POST,
        "/workspaces",
        Policy::needs(Permission::CreateWorkspace),
        || web::to(create),
    ),
    operation(
        "workspaces.get",
        Method::GET,
        "/workspaces/{workspace_id}",
        Policy::needs(Permission::ReadWorkspace),
        || web::to(get),
    ),
    operation(
        "workspaces.update",
        Method::PATCH,
        "/workspaces/{workspace_id}",
        Policy::needs(Permission::UpdateWorkspace),
        || web::to(update),
    ),
    operation(
        "organizations.tenants.list",
        Method::GET,
        "/organizations/{organization_id}/tenants",
        Policy::needs(Permission::ReadOrganization),
        || web::to(list_tenants),
    ),
];

/// How long names are, in characters.
const NAME: Option<(usize, usize)> = Some((1, 50));

/// Which workspaces are listed, and whether none of them will do: all are available, and none has
/// a server.
fn wanted(
    mut report: Report,
    query: &Query,
    organization: Option<OrganizationId>,
) -> Result<(ListHoused, bool), Fault> {
    let whole = |text| Filter::Test(TextTest::new(Place::Whole, text));
    let state = query.word(&mut report, "status", &STATES);
    let mine = query.boolean(&mut report, "member_only", false);
    let part = query.part(&mut report, LIMIT_MAX);
    report.done()?;
    let nothing = query.text("url").is_some() || state.is_some_and(|it| it != AVAILABLE);
    let wanted = ListHoused {
        organization,
        filter: query
            .text("workspace_name")
            .map_or_else(Filter::everything, whole),
        mine,
        skip: part.offset,
        limit: part.limit,
    };
    Ok((wanted, nothing))
}

async fn answer_list(
    caller: Caller,
    state: &State,
    (wanted, nothing): (ListHoused, bool),
) -> Answer {
    let service = &state.services.workspaces;
    let mut found = service.list_housed(caller.who, wanted).await?;
    if nothing {
        found.clear();
    }
    let all: Vec<_> = found.iter().map(Workspace::from).collect();
    answer::json(&all)
}

/// List workspaces
///
/// Those that the caller may see, of one organization or of all that they belong to.
#[utoipa::path(
    get,
    path = "/workspaces",
    operation_id = "workspaces.list",
    tag = "workspaces",
    params(
        ("organization_id" = Option<String>, Query, description = "Only those of this organization", format = "uuid"),
        ("workspace_name" = Option<String>, Query, description = "Only those of this name, whatever its case"),
        ("url" = Option<String>, Query, description = "Only the one with this server: none"),
        ("status" = Option<String>, Query, description = "Only those in this state; all are available"),
        ("member_only" = Option<bool>, Query, description = "Only those that the caller belongs to"),
        ("offset" = Option<u32>, Query, description = "How many to pass over", minimum = 0),
        ("limit" = Option<u32>, Query, description = "How many to answer at the most; 100 unless given", minimum = 1, maximum = 100),
    ),
    responses((status = 200, description = "Some of them", body = Vec<Workspace<'_>>), Refusals)
)]
pub(super) async fn list(caller: Caller, request: HttpRequest, state: Data<State>) -> Answer {
    let (mut report, query) = (Report::default(), Query::of(&request));
    let organization = query.uuid(&mut report, "organization_id");
    let wanted = wanted(report, &query, organization.map(OrganizationId::new))?;
    answer_list(caller, &state, wanted).await
}

/// List the workspaces of an organization
///
/// Deprecated: `GET /workspaces` has all that this has.
#[utoipa::path(
    get,
    path = "/organizations/{organization_id}/tenants",
    operation_id = "organizations.tenants.list",
    tag = "workspaces",
    params(
        ("organization_id" = String, Path, description = "The organization", format = "uuid"),
        ("status" = Option<String>, Query, description = "Only those in this state; all are available"),
        ("offset" = Option<u32>, Query, description = "How many to pass over", minimum = 0),
        ("limit" = Option<u32>, Query, description = "How many to answer at the most; 100 unless given", minimum = 1, maximum = 100),
    ),
    responses((status = 200, description = "Some of them", body = Vec<Workspace<'_>>), Refusals)
)]
pub(super) async fn list_tenants(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Answer {
    let (mut report, query) = (Report::default(), Query::of(&request));
    let organization = organization_input::path(&mut report, &request);
    let wanted = wanted(report, &query, Some(organization))?;
    answer_list(caller, &state, wanted).await
}

/// Create a workspace
#[utoipa::path(
    post,
    path = "/workspaces",
    operation_id = "workspaces.create",
    tag = "workspaces",
    request_body = WorkspaceCreate,
    responses((status = 200, description = "The workspace", body = Workspace<'_>), Refusals)
)]
pub(super) async fn create(caller: Caller, body: Body, state: Data<State>) -> Answer {
    let (organization, command) = new(&body)?;
    let organizations = &state.services.organizations;
    let house = organizations.get(caller.who, organization).await?;
    let service = &state.services.workspaces;
    let view = service.create(caller.who, organization, command).await?;
    answer::json(&Workspace::new(&house, &view))
}

fn new(body: &Body) -> Result<(OrganizationId, CreateWorkspace), Fault> {
    let mut report = Report::default();
    let mut form = Form::new(&body.0, &mut report);
    let organization = OrganizationId::new(form.required_uuid("organization_id"));
    let title = form.required_value("name", NAME, WorkspaceTitle::parse);
    let description = form.value("description", None, Description::parse);
    match (title, report.is_empty()) {
        (Some(title), true) => Ok((
            organization,
            CreateWorkspace {
                id: None,
                title,
                description,
                icon: None,
                icon_color: None,
                once: None,
            },
        )),
        _ => Err(report.into()),
    }
}

/// Get a workspace
#[utoipa::path(
    get,
    path = "/workspaces/{workspace_id}",
    operation_id = "workspaces.get",
    tag = "workspaces",
    params(("workspace_id" = String, Path, description = "The workspace", format = "uuid")),
    responses((status = 200, description = "The workspace", body = Workspace<'_>), Refusals)
)]
pub(super) async fn get(caller: Caller, request: HttpRequest, state: Data<State>) -> Answer {
    let mut report = Report::default();
    let id = path(&mut report, &request);
    report.done()?;
    let service = &state.services.workspaces;
    let found = service.locate(caller.who, id).await?;
    answer::json(&Workspace::from(&found))
}

/// Update a workspace
#[utoipa::path(
    patch,
    path = "/workspaces/{workspace_id}",
    operation_id = "workspaces.update",
    tag = "workspaces",
    params(("workspace_id" = String, Path, description = "The workspace", format = "uuid")),
    request_body = WorkspaceUpdate,
    responses((status = 200, description = "The workspace", body = Workspace<'_>), Refusals)
)]
pub(super) async fn update(
    caller: Caller,
    request: HttpRequest,
    body: Body,
    state: Data<State>,
) -> Answer {
    let (id, command) = changes(&request, &body)?;
    let service = &state.services.workspaces;
    let found = service.locate(caller.who, id).await?;
    let at = found.workspace.workspace.reference();
    let view = service.update(caller.who, at, command).await?;
    answer::json(&Workspace::new(&found.organization, &view))
}

fn changes(request: &HttpRequest, body: &Body) -> Result<(WorkspaceId, UpdateWorkspace), Fault> {
    let mut report = Report::default();
    let id = path(&mut report, request);
    let mut form = Form::new(&body.0, &mut report);
    let command = UpdateWorkspace {
        title: form.value("name", NAME, WorkspaceTitle::parse),
        description: form
            .value("description", None, Description::parse)
            .map_or(Patch::Keep, Patch::Set),
        icon: Patch::Keep,
        icon_color: Patch::Keep,
        seen: None,
    };
    report.done()?;
    Ok((id, command))
}

fn path(report: &mut Report, request: &HttpRequest) -> WorkspaceId {
    WorkspaceId::new(path_uuid(report, request, "workspace_id"))
}
