//! The description of the ZenML dialect for machines.

use utoipa::OpenApi;
use utoipa::openapi::security::{
    AuthorizationCode, ClientCredentials, Flow, OAuth2, Scopes, SecurityScheme,
};

use super::refuse::Failure;
use super::{
    absent, assignment, entitlement, invitation, login, member, organization, permission, role,
    service_account, user, workspace,
};

/// The description of the ZenML dialect for machines (`OpenAPI` 3.1), of a Rollbook that the world
/// reaches at this URL.
#[must_use]
pub fn openapi(public_url: &str) -> utoipa::openapi::OpenApi {
    let mut openapi = Description::openapi();
    let components = openapi.components.get_or_insert_default();
    components.add_security_scheme(SCHEME, SecurityScheme::OAuth2(scheme(public_url)));
    openapi
}

/// As ZenML Pro calls it.
const SCHEME: &str = "OAuth2ComboScheme";

/// One scheme with two flows, which readers of `OpenAPI` show as two.
fn scheme(public_url: &str) -> OAuth2 {
    let token = format!("{public_url}/oauth2/token");
    let mut client = ClientCredentials::new(&token, Scopes::new());
    client.refresh_url = Some(token.clone());
    let authorize = format!("{public_url}/oauth2/authorize");
    let mut code = AuthorizationCode::new(authorize, &token, Scopes::new());
    code.refresh_url = Some(token);
    let flows = [
        Flow::ClientCredentials(client),
        Flow::AuthorizationCode(code),
    ];
    OAuth2::with_description(
        flows,
        "Access tokens, personal access tokens and keys of service accounts all work as the bearer token.",
    )
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Rollbook, as clients of ZenML Pro speak to it",
        description = "The organizations of ZenML Pro's control plane and what is around them. Unknown fields and parameters are ignored; null is the same as absent.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    paths(
        login::login,
        login::begin,
        login::authorize,
        organization::list,
        organization::create,
        organization::validate_name,
        organization::get,
        organization::update,
        organization::delete,
        user::me,
        user::list,
        user::update,
        member::list,
        member::remove,
        invitation::list,
        invitation::create,
        invitation::delete,
        role::list,
        role::create,
        role::get,
        role::update,
        role::delete,
        assignment::assign,
        assignment::revoke,
        workspace::list,
        workspace::create,
        workspace::get,
        workspace::update,
        workspace::list_tenants,
        service_account::list,
        service_account::create,
        service_account::get,
        service_account::delete,
        service_account::list_keys,
        service_account::create_key,
        service_account::delete_key,
        entitlement::check,
        permission::list,
        absent::list_teams,
        absent::create_team,
        absent::get_team,
        absent::update_team,
        absent::delete_team,
        absent::list_team_members,
        absent::add_team_member,
        absent::remove_team_member,
        absent::check_permissions,
        absent::post_check_permissions,
        absent::allowed_resource_ids,
        absent::share_resource,
        absent::update_resource_members,
        absent::delete_resources,
        absent::usage_event,
        absent::usage_batch,
    ),
    // The shared refusals are not found by themselves.
    components(schemas(Failure)),
    tags(
        (name = "auth", description = "How clients come by tokens"),
        (name = "organizations", description = "What users belong to"),
        (name = "users", description = "The caller, and all users for superusers"),
        (name = "members", description = "Who belongs to an organization"),
        (name = "invitations", description = "How people become members by their own consent"),
        (name = "roles", description = "What members may do"),
        (name = "workspaces", description = "The parts of an organization"),
        (name = "service accounts", description = "The programs of an organization, and their keys"),
        (name = "entitlement", description = "What the plan of an organization allows"),
        (name = "not implemented", description = "What ZenML Pro has and Rollbook has not"),
    ),
    security(("OAuth2ComboScheme" = []))
)]
struct Description;
