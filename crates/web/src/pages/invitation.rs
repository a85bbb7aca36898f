//! The page behind the link of an invitation: who invites whom to what, as whom one is signed in,
//! and the buttons. Looking changes nothing, since mail scanners open links (authentik #16587).

use actix_web::HttpResponse;
use actix_web::http::header::SET_COOKIE;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data, Form};
use minijinja::{Value, context};
use rollbook_domain::invitation::{Invitation, InvitationState, InvitationView};
use rollbook_domain::password::{PASSWORD_LEAST, Password};
use rollbook_domain::policy::Action;
use rollbook_domain::role::{Role, WorkspaceRole};
use rollbook_domain::service::invitation::{Handle, Invitee, OpenedInvitation, Presented, SignUp};
use rollbook_domain::token::TokenKind;
use rollbook_domain::user::User;
use rollbook_domain::value::{DisplayName, Malformed, WorkspaceTitle};
use rollbook_domain::{Error, Refusal};
use serde::Deserialize;

use super::in_path::SecretInPath;
use super::origin::{OwnForm, origin_of};
use super::{Answer, Caller, Fail, answer, cookie, operation, password, session, template};
use crate::operation::{Operation, Policy};
use crate::state::State;

/// The longest name that the form takes, in characters, as a hint; the domain decides.
const LONGEST_NAME: usize = 100;

/// What one can do with an invitation.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "invitation.show",
        Method::GET,
        "/invitations/{secret}",
        Policy::Public,
        || web::to(show),
    ),
    operation(
        "invitation.accept",
        Method::POST,
        "/invitations/{secret}/accept",
        Policy::Caller(Action::ManageSelf),
        || web::to(accept),
    ),
    operation(
        "invitation.decline",
        Method::POST,
        "/invitations/{secret}/decline",
        Policy::Caller(Action::ManageSelf),
        || web::to(decline),
    ),
    operation(
        "invitation.signUp",
        Method::POST,
        "/invitations/{secret}/sign-up",
        Policy::Public,
        || web::to(sign_up),
    ),
];

async fn show(caller: Caller, secret: SecretInPath, state: Data<State>) -> Answer {
    look(&caller, &secret, &state, None).await
}

async fn accept(_: OwnForm, caller: Caller, secret: SecretInPath, state: Data<State>) -> Answer {
    let handle = Handle::Secret(Presented::read(&secret));
    match state.services.invitations.accept(caller.who, handle).await {
        Ok(accepted) => Ok(led_on(&secret, &state, &accepted.invitation, None)),
        Err(error) => answered_otherwise(&secret, error),
    }
}

async fn decline(_: OwnForm, caller: Caller, secret: SecretInPath, state: Data<State>) -> Answer {
    let handle = Handle::Secret(Presented::read(&secret));
    match state.services.invitations.decline(caller.who, handle).await {
        Ok(_) => Ok(answer::see_other(&here(&secret)).finish()),
        Err(error) => answered_otherwise(&secret, error),
    }
}

/// The form to sign up with. No `Debug`: it holds a password.
#[derive(Deserialize)]
struct SignUpForm {
    display_name: String,
    #[serde(default)]
    password: String,
}

async fn sign_up(
    _: OwnForm,
    caller: Caller,
    secret: SecretInPath,
    form: Form<SignUpForm>,
    state: Data<State>,
) -> Answer {
    let display_name = match DisplayName::parse(form.display_name.trim()) {
        Ok(name) => name,
        Err(malformed) => {
            let problem = Problem {
                entered: form.display_name.replace(char::is_control, ""),
                reason: answer::sentence(&malformed.0),
            };
            return look(&caller, &secret, &state, Some(problem)).await;
        }
    };
    let password = match password_of(&form) {
        Ok(password) => password,
        Err(malformed) => {
            let problem = Problem::about_password(&form, answer::sentence(&malformed.0));
            return look(&caller, &secret, &state, Some(problem)).await;
        }
    };
    let command = SignUp {
        secret: Presented::read(&secret),
        display_name,
        credential: TokenKind::Session,
        password,
    };
    let service = &state.services.invitations;
    match service.sign_up(caller.who.origin, command).await {
        Ok(signed_up) => {
            session::end(&caller, &state).await?;
            let cookie = cookie::set(&state.settings, &signed_up.token.secret);
            let view = &signed_up.acceptance.invitation;
            Ok(led_on(&secret, &state, view, Some(&cookie)))
        }
        Err(Error::Refused(refusal @ Refusal::WeakPassword { .. })) => {
            let problem = Problem::about_password(&form, password::weakness(&refusal));
            look(&caller, &secret, &state, Some(problem)).await
        }
        Err(error) => answered_otherwise(&secret, error),
    }
}

/// The password, if one was entered.
fn password_of(form: &SignUpForm) -> Result<Option<Password>, Malformed> {
    if form.password.is_empty() {
        return Ok(None);
    }
    Password::parse(&form.password).map(Some)
}

/// What was wrong with a form, and what stood in it.
struct Problem {
    entered: String,
    reason: String,
}

impl Problem {
    /// The password is not sent back.
    fn about_password(form: &SignUpForm, reason: String) -> Self {
        Self {
            entered: form.display_name.replace(char::is_control, ""),
            reason,
        }
    }
}

/// The page as it is now, for whoever looks.
async fn look(caller: &Caller, secret: &str, state: &State, problem: Option<Problem>) -> Answer {
    let presented = Presented::read(secret);
    let service = &state.services.invitations;
    let opened = service.open(caller.who, presented).await?;
    let (template, status) = stage(&opened);
    let status = match problem {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => status,
    };
    let target = after_accepting(state, &opened.invitation);
    let leads_to = target.as_deref().map(origin_of);
    let passwords = state.settings.pages.passwords;
    let values = values(&opened, &here(secret), passwords, problem);
    Ok(answer::page(status, template, values, leads_to)?)
}

/// Which page shows it. What is over is gone, but for whoever has become a member by it.
fn stage(opened: &OpenedInvitation) -> (&'static str, StatusCode) {
    let invitation = &opened.invitation.invitation;
    match invitation.state {
        InvitationState::Pending => ("invitation.html", StatusCode::OK),
        InvitationState::Accepted if is_by(invitation, opened.reader.as_ref()) => {
            ("invitation_member.html", StatusCode::OK)
        }
        _ => ("invitation_over.html", StatusCode::GONE),
    }
}

fn is_by(invitation: &Invitation, reader: Option<&User>) -> bool {
    reader.is_some_and(|reader| invitation.accepted_by == Some(reader.id))
}

/// What whoever looks can do about a pending invitation.
fn view(opened: &OpenedInvitation) -> &'static str {
    let email = &opened.invitation.invitation.email;
    match &opened.reader {
        Some(reader) if reader.email == *email => "answer",
        Some(_) => "other",
        None if opened.invitee == Invitee::User => "sign_in",
        None => "sign_up",
    }
}

fn values(
    opened: &OpenedInvitation,
    here: &str,
    passwords: bool,
    problem: Option<Problem>,
) -> Value {
    let InvitationView {
        invitation,
        organization_name,
        workspace_title,
        inviter_name,
    } = &opened.invitation;
    let (entered, problem) = problem.map(|it| (it.entered, it.reason)).unzip();
    context! {
        greets => true,
        here,
        reader => template::reader(opened.reader.as_ref()),
        view => view(opened),
        state => invitation.state.key(),
        organization => organization_name.as_str(),
        workspace => workspace_title.as_ref().map(WorkspaceTitle::as_str),
        inviter => inviter_name.as_ref().map(DisplayName::as_str),
        email => invitation.email.as_str(),
        roles => roles(invitation),
        until => template::moment(invitation.expires_at),
        longest_name => LONGEST_NAME,
        claims => opened.invitee == Invitee::Unclaimed,
        passwords,
        least => PASSWORD_LEAST,
        entered => entered.unwrap_or_default(),
        problem,
    }
}

/// What the roles are called; those of the organization's own making have a key only.
fn roles(invitation: &Invitation) -> Vec<String> {
    let built_in = invitation.roles.iter().map(Role::title);
    let local = invitation.workspace_roles.iter().map(WorkspaceRole::title);
    let custom = invitation.custom_roles.iter();
    built_in
        .chain(local)
        .map(str::to_owned)
        .chain(custom.map(|role| role.key.as_str().to_owned()))
        .collect()
}

/// After accepting: to the operator's page, or back to ours, which says so.
fn led_on(
    secret: &str,
    state: &State,
    view: &InvitationView,
    cookie: Option<&str>,
) -> HttpResponse {
    let target = after_accepting(state, view).unwrap_or_else(|| here(secret));
    let mut response = answer::see_other(&target);
    if let Some(cookie) = cookie {
        response.insert_header((SET_COOKIE, cookie));
    }
    response.finish()
}

/// Where the operator wants whoever accepts, with the ids of the organization and the workspace.
fn after_accepting(state: &State, view: &InvitationView) -> Option<String> {
    let template = state.settings.pages.after_accept_url.as_deref()?;
    let it = &view.invitation;
    let organization = it.redirect_organization_id.unwrap_or(it.organization_id);
    let workspace = it.redirect_workspace_id.or(it.workspace_id);
    let workspace = workspace.map_or(String::new(), |id| id.to_string());
    let target = template.replace("{organization}", &organization.to_string());
    Some(target.replace("{workspace}", &workspace))
}

/// What the page itself explains, it explains; the rest is refused.
fn answered_otherwise(secret: &str, error: Error) -> Answer {
    match error {
        Error::Refused(
            Refusal::InvitationClosed { .. }
            | Refusal::InvitationForSomeoneElse
            | Refusal::SignInToAccept,
        ) => Ok(answer::see_other(&here(secret)).finish()),
        other => Err(Fail::from(other)),
    }
}

fn here(secret: &str) -> String {
    format!("/invitations/{secret}")
}
