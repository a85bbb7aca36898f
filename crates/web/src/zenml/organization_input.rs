//! What clients say about organizations, as commands of the domain.

use actix_web::HttpRequest;
use rollbook_domain::filter::{Filter, Place, TextTest};
use rollbook_domain::id::{OrganizationId, UserId};
use rollbook_domain::organization::{Age, Handle, OrganizationTest, Patch};
use rollbook_domain::page::Window;
use rollbook_domain::service::organization::{
    CreateOrganization, Naming, Succession, UpdateOrganization,
};
use rollbook_domain::value::{Description, Links, Logo, Malformed, OrganizationName, Url};
use uuid::Uuid;

use super::body::Body;
use super::input::{Form, path_uuid, segment};
use super::query::{LIMIT_MAX, Query};
use super::report::Report;
use crate::dialect::Fault;
use crate::state::ZenmlSettings;

/// How long names are, in characters.
const NAME: Option<(usize, usize)> = Some((1, 50));
/// How long descriptions are, in characters.
const DESCRIPTION: Option<(usize, usize)> = Some((1, 256));

/// The name of the organization's id in paths.
pub(super) const ID: &str = "organization_id";

/// A name, which must not look like an id: `GET /organizations/{…}` takes either.
pub(super) fn name(text: &str) -> Result<OrganizationName, Malformed> {
    if Uuid::parse_str(text.trim()).is_ok() {
        let reason = "the name must not look like a UUID";
        return Err(Malformed(reason.to_owned()));
    }
    OrganizationName::parse(text)
}

/// Whether a text would do as a name, were it not for the others.
pub(super) fn usable_name(text: &str) -> Option<OrganizationName> {
    let length = text.chars().count();
    (1..=50)
        .contains(&length)
        .then(|| name(text).ok())
        .flatten()
}

/// The organization in the path, by its id.
pub(super) fn path(report: &mut Report, request: &HttpRequest) -> OrganizationId {
    OrganizationId::new(path_uuid(report, request, ID))
}

/// The organization in the path when nothing else is asked.
pub(super) fn only_path(request: &HttpRequest) -> Result<OrganizationId, Fault> {
    let mut report = Report::default();
    let id = path(&mut report, request);
    report.done()?;
    Ok(id)
}

/// The organization in the path, by its id or its name, and whether its subscription is asked for.
/// What can be nobody's name is the id that nothing has.
pub(super) fn get(request: &HttpRequest) -> Result<(Handle, bool), Fault> {
    let mut report = Report::default();
    let text = segment(request, "organization_id_or_name");
    let query = Query::of(request);
    let status = query.boolean(&mut report, "include_subscription_status", false);
    report.done()?;
    let handle = match Uuid::parse_str(&text) {
        Ok(id) => Handle::Id(OrganizationId::new(id)),
        Err(_) => OrganizationName::parse(&text)
            .map_or(Handle::Id(OrganizationId::new(Uuid::nil())), Handle::Name),
    };
    Ok((handle, status))
}

/// Which organizations are listed.
pub(super) fn list(
    request: &HttpRequest,
) -> Result<(Filter<OrganizationTest>, Window<Age>), Fault> {
    let mut report = Report::default();
    let query = Query::of(request);
    let whole = |text| TextTest::new(Place::Whole, text);
    let part = query.part(&mut report, LIMIT_MAX);
    let owner = query.uuid(&mut report, "owner_id").map(UserId::new);
    let tests = [
        query
            .text("name")
            .map(|it| OrganizationTest::Name(whole(it))),
        owner.map(OrganizationTest::Owner),
        query
            .text("owner_username")
            .map(|it| OrganizationTest::OwnerEmail(whole(it))),
    ];
    report.done()?;
    let tests = tests.into_iter().flatten().map(Filter::Test);
    let window = Window::skip(part.offset, part.limit);
    Ok((Filter::All(tests.collect()), window))
}

/// The organization that a body describes.
pub(super) fn create(body: &Body, settings: &ZenmlSettings) -> Result<CreateOrganization, Fault> {
    let mut report = Report::default();
    let mut form = Form::new(&body.0, &mut report);
    let id = form.uuid("id").map(OrganizationId::new);
    let name = form.required_value("name", NAME, name);
    let description = form.value("description", DESCRIPTION, Description::parse);
    let logo = form.value("logo_url", None, Url::parse_reference);
    let links = form.objects("links", Links::new);
    let owner = form.uuid("owner_id").map(UserId::new);
    match (name, report.is_empty()) {
        (Some(name), true) => Ok(CreateOrganization {
            id,
            name,
            slug: None,
            description,
            logo: logo.map(Logo::External),
            links,
            owner,
            naming: Naming::Unique,
            owner_limit: settings.owner_limit,
            terms: settings.terms,
            once: None,
        }),
        _ => Err(report.into()),
    }
}

/// What a body changes in the organization of the path. Absent and null are the same: it stays.
pub(super) fn update(
    request: &HttpRequest,
    body: &Body,
    settings: &ZenmlSettings,
) -> Result<(OrganizationId, UpdateOrganization), Fault> {
    let mut report = Report::default();
    let id = path(&mut report, request);
    let mut form = Form::new(&body.0, &mut report);
    let owner_limit = settings.owner_limit;
    let succession = |owner| Succession {
        owner: UserId::new(owner),
        owner_limit,
    };
    let command = UpdateOrganization {
        name: form.value("name", NAME, name),
        slug: None,
        description: set(form.value("description", DESCRIPTION, Description::parse)),
        logo: set(form
            .value("logo_url", None, Url::parse_reference)
            .map(Logo::External)),
        links: set(form.objects("links", Links::new)),
        naming: Naming::Unique,
        succession: form.uuid("owner_id").map(succession),
        seen: None,
    };
    report.done()?;
    Ok((id, command))
}

fn set<T>(value: Option<T>) -> Patch<T> {
    value.map_or(Patch::Keep, Patch::Set)
}
