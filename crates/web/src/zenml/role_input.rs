//! What clients say about roles, as commands of the domain.

use actix_web::HttpRequest;
use rollbook_domain::id::OrganizationId;
use rollbook_domain::organization::Patch;
use rollbook_domain::role::{Permission, Permissions, RoleScope};
use rollbook_domain::service::role::{CreateRole, UpdateRole};
use rollbook_domain::value::{Description, Malformed, RoleTitle};
use uuid::Uuid;

use super::body::Body;
use super::input::{Form, path_uuid};
use super::report::Report;
use super::role_wire::LEVELS;
use crate::dialect::Fault;

/// The role in the path.
pub(super) fn path(report: &mut Report, request: &HttpRequest) -> Uuid {
    path_uuid(report, request, "role_id")
}

/// The role in the path when nothing else is asked.
pub(super) fn only_path(request: &HttpRequest) -> Result<Uuid, Fault> {
    let mut report = Report::default();
    let id = path(&mut report, request);
    report.done()?;
    Ok(id)
}

/// The role that a body describes, and for which organization.
pub(super) fn create(body: &Body) -> Result<(OrganizationId, CreateRole), Fault> {
    let mut report = Report::default();
    let mut form = Form::new(&body.0, &mut report);
    let organization = OrganizationId::new(form.required_uuid("organization_id"));
    let title = form.required_value("name", None, RoleTitle::parse);
    let description = form.value("description", None, Description::parse);
    let scope = match form.word("level", &LEVELS[..2]) {
        Some(1) => RoleScope::Workspace,
        _ => RoleScope::Organization,
    };
    let permissions = permissions(&mut form).unwrap_or(Permissions::NONE);
    match (title, report.is_empty()) {
        (Some(title), true) => Ok((
            organization,
            CreateRole {
                scope,
                key: None,
                title,
                description,
                permissions,
                once: None,
            },
        )),
        _ => Err(report.into()),
    }
}

/// What a body changes in the role of the path.
pub(super) fn update(request: &HttpRequest, body: &Body) -> Result<(Uuid, UpdateRole), Fault> {
    let mut report = Report::default();
    let id = path(&mut report, request);
    let mut form = Form::new(&body.0, &mut report);
    let command = UpdateRole {
        title: form.value("name", None, RoleTitle::parse),
        description: form
            .value("description", None, Description::parse)
            .map_or(Patch::Keep, Patch::Set),
        permissions: permissions(&mut form),
        seen: None,
    };
    report.done()?;
    Ok((id, command))
}

fn permissions(form: &mut Form<'_>) -> Option<Permissions> {
    let known = |text: &str| {
        Permission::from_key(text)
            .ok_or_else(|| Malformed(format!("there is no permission '{text}'")))
    };
    let all = form.texts("permissions", known)?;
    Some(Permissions::of(&all))
}
