//! The authorization endpoint (RFC 6749 §3.1): what a client wants, whom it asks, and the answer.

use actix_web::HttpResponse;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data, Form, Query};
use minijinja::context;
use rollbook_domain::Error;
use rollbook_domain::oauth::{Answer as Protocol, Problem, Scope, Scopes};
use rollbook_domain::secret::Secret;
use rollbook_domain::service::oauth::{Authorized, Question};
use rollbook_domain::value::Email;

use super::authorization_request::{HERE, Parameters, with_query};
use super::origin::{OwnForm, origin_of};
use super::return_path::LONGEST_QUERY;
use super::{Answer, Caller, Fail, answer, operation, template};
use crate::dialect::Fault;
use crate::oauth::description;
use crate::operation::{Operation, Policy};
use crate::state::State;

/// The endpoint.
pub(super) static OPERATIONS: &[Operation] = &[
    // Public: who is not signed in is led to where they can.
    operation(
        "authorization.show",
        Method::GET,
        HERE,
        Policy::Public,
        || web::to(show),
    ),
    operation(
        "authorization.answer",
        Method::POST,
        HERE,
        Policy::Public,
        || web::to(decide),
    ),
];

async fn show(caller: Caller, Query(asked): Query<Parameters>, state: Data<State>) -> Answer {
    answered(&caller, &asked, &state, None).await
}

/// The answer of the person, from our own page; or the request of a client, which may be a form of
/// another site's (`OpenID` Connect Core §3.1.2.1) and is asked once more as a link would ask it: that
/// brings the cookie, which browsers keep from forms of others.
async fn decide(
    own: Result<OwnForm, Fail>,
    caller: Caller,
    Form(asked): Form<Parameters>,
    state: Data<State>,
) -> Answer {
    let Some(decision) = asked.decision.as_deref() else {
        return Ok(answer::see_other(&link(&asked)?).finish());
    };
    own?;
    answered(&caller, &asked, &state, Some(decision == "allow")).await
}

/// The request as a link, if it is no longer than one to which somebody comes back from signing in.
fn link(asked: &Parameters) -> Result<String, Fault> {
    let here = asked.here();
    if here.len() <= LONGEST_QUERY {
        Ok(here)
    } else {
        Err(Fault::TooLarge {
            limit: LONGEST_QUERY,
        })
    }
}

async fn answered(
    caller: &Caller,
    asked: &Parameters,
    state: &State,
    allowed: Option<bool>,
) -> Answer {
    let issuer = &state.settings.public_url;
    let request = asked.request(issuer);
    let service = &state.services.authorization;
    Ok(
        match service.authorize(caller.who, request, allowed).await? {
            Authorized::Untrusted(problem) => untrusted(&problem)?,
            Authorized::SignIn { again } => sign_in(&asked.behind_sign_in().here(), again),
            Authorized::Ask(question) => ask(asked, &question)?,
            Authorized::Return {
                redirect_uri,
                outcome,
                state: to_keep,
            } => {
                let back = way_back(issuer, &redirect_uri, &outcome, to_keep.as_deref());
                match outcome {
                    Err(problem) if !may_lead(caller, asked, state).await? => {
                        stranded(&problem, &redirect_uri, &back)?
                    }
                    _ => answer::see_other(&back).finish(),
                }
            }
        },
    )
}

/// Whether the browser may be led to a client with an error: not before somebody has signed in, unless
/// nobody shall see anything (RFC 9700 §4.11.2). Otherwise a link to here would lead wherever whoever
/// registers a client likes.
async fn may_lead(caller: &Caller, asked: &Parameters, state: &State) -> Result<bool, Error> {
    if asked.is_silent() {
        return Ok(true);
    }
    match state.services.users.me(caller.who).await {
        Ok(_) => Ok(true),
        Err(Error::Unauthenticated(_)) => Ok(false),
        Err(other) => Err(other),
    }
}

/// Leads to where one can sign in, and from there to `back`.
pub(super) fn sign_in(back: &str, again: bool) -> HttpResponse {
    let mut pairs = vec![("return", back)];
    if again {
        pairs.push(("again", "1"));
    }
    answer::see_other(&with_query("/sign-in", &pairs)).finish()
}

/// Where the client is, with what it is told, and by whom (RFC 9207).
fn way_back(
    issuer: &str,
    redirect_uri: &str,
    outcome: &Protocol<Secret>,
    state: Option<&str>,
) -> String {
    let reason;
    let mut pairs = match outcome {
        Ok(code) => vec![("code", code.reveal())],
        Err(problem) => {
            reason = description(problem.reason);
            vec![
                ("error", problem.kind.code()),
                ("error_description", reason.as_str()),
            ]
        }
    };
    pairs.extend(state.map(|state| ("state", state)));
    pairs.push(("iss", issuer));
    with_query(redirect_uri, &pairs)
}

/// A page about an error of the client's, with a link to it.
fn stranded(problem: &Problem, redirect_uri: &str, back: &str) -> Result<HttpResponse, Fault> {
    let values = context! {
        reason => answer::sentence(problem.reason),
        leads_to => place(redirect_uri),
        back,
    };
    answer::page(StatusCode::BAD_REQUEST, "stranded.html", values, None)
}

/// A page about a request that leads nowhere (RFC 6749 §4.1.2.1).
fn untrusted(problem: &Problem) -> Result<HttpResponse, Fault> {
    let message = format!(
        "{} The program that has led you here is not set up as it should be: tell those who run it.",
        answer::sentence(problem.reason)
    );
    let values = context! {
        title => "This cannot be trusted",
        message,
    };
    answer::page(StatusCode::BAD_REQUEST, "refused.html", values, None)
}

fn ask(asked: &Parameters, question: &Question) -> Result<HttpResponse, Fault> {
    let uri = asked.redirect_uri.as_deref().unwrap_or_default();
    let hidden: Vec<_> = asked
        .pairs()
        .into_iter()
        .map(|(name, value)| context! { name, value })
        .collect();
    // A client's own words have no place here.
    let hint = asked.login_hint.as_deref();
    let hint = hint.and_then(|hint| Email::parse(hint).ok());
    let other = hint.filter(|hint| *hint != question.reader.email);
    let values = context! {
        greets => true,
        here => asked.here(),
        reader => template::reader(Some(&question.reader)),
        action => HERE,
        hidden,
        leads_to => place(uri),
        other => other.as_ref().map(Email::as_str),
        ..wishes(question)
    };
    let leads_to = form_source(uri);
    answer::page(
        StatusCode::OK,
        "authorization.html",
        values,
        Some(&leads_to),
    )
}

/// Who wants what, where.
pub(super) fn wishes(question: &Question) -> minijinja::Value {
    context! {
        client => question.client.name.as_str(),
        vendor => question.vendor.as_ref().map(|it| it.name.as_str()),
        organization => question.organization.as_ref().map(|it| it.name.as_str()),
        operates => question.reader.superuser,
        wishes => words(question.scopes),
    }
}

/// What scopes permit, in words.
pub(super) fn words(scopes: Scopes) -> Vec<&'static str> {
    let all = scopes.has(Scope::Rollbook);
    let told = scopes.iter().filter_map(|scope| match scope {
        Scope::OpenId => Some("Know that it is you"),
        Scope::Profile => Some("See your name"),
        Scope::Email => Some("See your address"),
        Scope::OfflineAccess => Some("Do so while you are away, until you end it"),
        Scope::Rollbook => Some("See and change everything that you can see and change"),
        // Whoever may change it may see it.
        Scope::RollbookRead => (!all).then_some("See everything that you can see"),
    });
    told.collect()
}

/// What a person is told about where they are led.
fn place(uri: &str) -> &str {
    match uri.split_once("://") {
        Some(("http" | "https", rest)) => {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            &rest[..end]
        }
        _ => uri.split(':').next().unwrap_or_default(),
    }
}

/// What of a redirect URI a Content-Security-Policy can say: it knows no IPv6 addresses.
fn form_source(uri: &str) -> String {
    match uri.split_once(':') {
        Some(("http", rest)) if rest.starts_with("//[") => "http:".to_owned(),
        Some(("http" | "https", _)) => origin_of(uri).to_owned(),
        Some((scheme, _)) => format!("{scheme}:"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_for_a_link_is_refused() {
        let asked = |letters| {
            let hint = "a".repeat(letters);
            let query = format!("login_hint={hint}");
            Query::<Parameters>::from_query(&query)
                .unwrap()
                .into_inner()
        };
        let room = LONGEST_QUERY - "/oauth2/authorize?login_hint=".len();
        assert_eq!(link(&asked(room)).unwrap().len(), LONGEST_QUERY);
        assert!(matches!(
            link(&asked(room + 1)),
            Err(Fault::TooLarge { .. })
        ));
    }

    #[test]
    fn places_are_told_and_allowed() {
        for (uri, told, allowed) in [
            (
                "https://app.example/cb?x",
                "app.example",
                "https://app.example",
            ),
            (
                "http://127.0.0.1:8080/cb",
                "127.0.0.1:8080",
                "http://127.0.0.1:8080",
            ),
            ("http://[::1]:8080/cb", "[::1]:8080", "http:"),
            ("com.example.app:/cb", "com.example.app", "com.example.app:"),
        ] {
            assert_eq!((place(uri), form_source(uri).as_str()), (told, allowed));
        }
    }
}
