//! The description of the native dialect for machines.

use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::status::Status;
use super::{
    audit_entry, event, invitation, invitee, me, member, oauth_client, oauth_grant, organization,
    organization_domain, outbox_message, preferences, role, service_account, subscription, token,
    user, webhook_delivery, webhook_endpoint, workspace, workspace_user,
};

/// The description of the native dialect for machines (`OpenAPI` 3.1).
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Rollbook API",
        description = "Who belongs to what: organizations, users and their tokens. Resource names, page tokens, filters, update masks and errors follow Google's API Improvement Proposals (https://google.aip.dev). Fields of answers may be added; unknown query parameters are ignored, unknown fields of bodies are refused.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    paths(
        me::get,
        me::list_organizations,
        me::update,
        me::delete,
        me::delete_with,
        me::send_email_verification,
        me::verify_email,
        me::set_password,
        me::remove_password,
        user::list,
        user::create,
        user::get,
        user::delete,
        user::delete_with,
        user::verify_email,
        user::deactivate,
        user::activate,
        outbox_message::list,
        outbox_message::get,
        outbox_message::replay,
        outbox_message::replay_dead,
        token::list,
        token::create,
        token::get,
        token::delete,
        organization::get,
        organization::list,
        organization::create,
        organization::update,
        organization::delete,
        organization::undelete,
        organization::transfer_ownership,
        service_account::list,
        service_account::create,
        service_account::get,
        service_account::update,
        service_account::delete,
        service_account::list_keys,
        service_account::create_key,
        service_account::delete_key,
        oauth_client::list,
        oauth_client::create,
        oauth_client::get,
        oauth_client::delete,
        oauth_client::rotate_secret,
        oauth_client::list_own,
        oauth_client::create_own,
        oauth_client::get_own,
        oauth_client::delete_own,
        oauth_client::rotate_own_secret,
        oauth_grant::list,
        oauth_grant::delete,
        organization_domain::list,
        organization_domain::create,
        organization_domain::get,
        organization_domain::update,
        organization_domain::delete,
        organization_domain::verify,
        audit_entry::list,
        audit_entry::verify,
        audit_entry::export,
        event::list,
        webhook_endpoint::list,
        webhook_endpoint::create,
        webhook_endpoint::get,
        webhook_endpoint::update,
        webhook_endpoint::delete,
        webhook_endpoint::rotate_secret,
        webhook_endpoint::test,
        webhook_delivery::list,
        webhook_delivery::get,
        webhook_delivery::replay,
        webhook_delivery::replay_all,
        invitation::get,
        invitation::list,
        invitation::create,
        invitation::batch_create,
        invitation::resend,
        invitation::revoke,
        invitee::list,
        invitee::accept_mine,
        invitee::decline_mine,
        invitee::preview,
        invitee::accept,
        invitee::decline,
        invitee::sign_up,
        workspace::get,
        workspace::list,
        workspace::list_mine,
        workspace::create,
        workspace::update,
        workspace::delete,
        workspace::undelete,
        workspace::count_users,
        workspace_user::list,
        workspace_user::add,
        workspace_user::get,
        workspace_user::update,
        workspace_user::remove,
        workspace_user::leave,
        preferences::get,
        preferences::update,
        preferences::get_of_workspace,
        preferences::update_of_workspace,
        subscription::get,
        subscription::update,
        subscription::cancel,
        member::list,
        member::add,
        member::get,
        member::update,
        member::remove,
        member::leave,
        role::list,
        role::create,
        role::get,
        role::update,
        role::delete,
    ),
    // The shared refusals are not found by themselves.
    components(schemas(Status)),
    tags(
        (name = "me", description = "The caller"),
        (name = "users", description = "All users, for superusers"),
        (name = "outboxMessages", description = "What waits to be sent and what became of it, for superusers"),
        (name = "tokens", description = "The caller's personal access tokens"),
        (name = "organizations", description = "What users belong to"),
        (name = "serviceAccounts", description = "The programs of an organization, and their keys"),
        (name = "oauthClients", description = "Programs that ask users for leave to act for them, of an organization or, for superusers, of the installation"),
        (name = "oauthGrants", description = "What the caller has allowed OAuth clients"),
        (name = "domains", description = "The domains of an organization"),
        (name = "auditEntries", description = "Who did what in an organization"),
        (name = "events", description = "What happens in an organization, to be read on and on"),
        (name = "webhookEndpoints", description = "Where events are posted to, and what was posted"),
        (name = "invitations", description = "How people become members by their own consent"),
        (name = "workspaces", description = "The parts of an organization"),
        (name = "preferences", description = "How things are written and measured"),
        (name = "subscriptions", description = "What an organization may use"),
        (name = "users", description = "The users of an organization"),
        (name = "roles", description = "What the users of an organization may do"),
    ),
    security(("BearerAuth" = [])),
    modifiers(&BearerAuth)
)]
struct Description;

struct BearerAuth;

impl Modify for BearerAuth {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.description = Some(
            "Personal access token, key of a service account, or OAuth access token".to_owned(),
        );
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("BearerAuth", SecurityScheme::Http(scheme));
    }
}
