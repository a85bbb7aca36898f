//! What people have allowed clients, on the page of their account.

use actix_web::http::Method;
use actix_web::web::{self, Data, Form};
use minijinja::{Value, context};
use rollbook_domain::error::Kind;
use rollbook_domain::id::{GrantId, OrganizationId};
use rollbook_domain::oauth::{OAuthClient, Scopes};
use rollbook_domain::page::Window;
use rollbook_domain::policy::Action;
use rollbook_domain::service::oauth::GrantView;
use rollbook_domain::time::Timestamp;
use rollbook_domain::{Error, Result};
use serde::Deserialize;

use super::authorization::words;
use super::origin::OwnForm;
use super::{Answer, Caller, Fail, account, answer, operation, template};
use crate::operation::{Operation, Policy};
use crate::state::State;

/// What one can do with it.
pub(super) static OPERATIONS: &[Operation] = &[operation(
    "account.endGrant",
    Method::POST,
    "/account/end-grant",
    Policy::Caller(Action::ManageSelf),
    || web::to(end),
)];

/// How many grants are read. Each visit to a client wrote one.
const READ: u32 = 200;
/// How many clients are shown at the most.
const SHOWN: usize = 50;

/// The form that ends one.
#[derive(Deserialize)]
struct EndForm {
    grant: String,
}

async fn end(_: OwnForm, caller: Caller, filled: Form<EndForm>, state: Data<State>) -> Answer {
    let absent = Error::NotFound(Kind::Grant);
    let id = GrantId::parse(&filled.grant).ok_or(absent)?;
    match state
        .services
        .authorization
        .revoke_grant(caller.who, id)
        .await
    {
        // Whoever presses the button twice has what they want.
        Ok(()) | Err(Error::NotFound(_)) => Ok(answer::see_other(account::HERE).finish()),
        Err(other) => Err(Fail::from(other)),
    }
}

/// What somebody has allowed a client, for one organization or for none, at all visits together: it ends
/// together.
struct Allowed {
    /// Of the first visit.
    id: GrantId,
    client: OAuthClient,
    organization: Option<OrganizationId>,
    scopes: Scopes,
    since: Timestamp,
}

/// What the caller has allowed, for the template.
pub(super) async fn list(caller: &Caller, state: &State) -> Result<Value> {
    let service = &state.services.authorization;
    let page = match service.list_grants(caller.who, Window::first(READ)).await {
        Ok(page) => page,
        // A session of a token that reaches one organization only.
        Err(Error::Denied { .. }) => return Ok(context! {}),
        Err(other) => return Err(other),
    };
    let all = together(page.items);
    let more = page.next.is_some() || all.len() > SHOWN;
    let mut shown = Vec::new();
    for allowed in all.iter().take(SHOWN) {
        shown.push(context! {
            id => allowed.id.to_string(),
            client => allowed.client.name.as_str(),
            organization => name_of(caller, state, allowed.organization).await?,
            bound => allowed.organization.is_some(),
            wishes => words(allowed.scopes),
            since => template::moment(allowed.since),
        });
    }
    Ok(context! { shown, more })
}

fn together(views: Vec<GrantView>) -> Vec<Allowed> {
    let mut all: Vec<Allowed> = Vec::new();
    for GrantView { grant, client } in views {
        let organization = grant.organization_id;
        let same = |it: &&mut Allowed| it.client.id == client.id && it.organization == organization;
        if let Some(known) = all.iter_mut().find(same) {
            known.scopes = grant.scopes.iter().fold(known.scopes, Scopes::with);
            continue;
        }
        all.push(Allowed {
            id: grant.id,
            client,
            organization,
            scopes: grant.scopes,
            since: grant.created_at,
        });
    }
    all
}

/// What an organization is called, if the caller may know.
async fn name_of(
    caller: &Caller,
    state: &State,
    organization: Option<OrganizationId>,
) -> Result<Option<String>> {
    let Some(id) = organization else {
        return Ok(None);
    };
    match state.services.organizations.get(caller.who, id).await {
        Ok(view) => Ok(Some(view.organization.name.as_str().to_owned())),
        Err(Error::Denied { .. } | Error::NotFound(_)) => Ok(None),
        Err(other) => Err(other),
    }
}
