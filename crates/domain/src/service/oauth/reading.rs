//! What a client wants, as its request says it.

use super::AuthorizationRequest;
use super::redeeming::within;
use crate::oauth::{Answer, Challenge, GrantType, OAuthClient, Problem, ProblemKind, Scopes};
use crate::time::Span;

/// The longest `state` and `nonce`, in bytes.
pub(super) const LONGEST: usize = 1024;

/// What a client wants, in a request that makes sense.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) scopes: Scopes,
    pub(super) challenge: Challenge,
    pub(super) prompt: Prompt,
    pub(super) max_age: Option<Span>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Prompt {
    pub(super) none: bool,
    pub(super) login: bool,
    pub(super) consent: bool,
}

/// Reads what a known client wants, whose address is known.
pub(super) fn read(client: &OAuthClient, request: &AuthorizationRequest) -> Answer<Wanted> {
    if request.has_request {
        let reason = "request objects are not taken";
        return Err(Problem::new(ProblemKind::RequestNotSupported, reason));
    }
    if request.has_request_uri {
        let reason = "request_uri is not taken";
        return Err(Problem::new(ProblemKind::RequestUriNotSupported, reason));
    }
    match request.response_type.as_deref() {
        Some("code") => {}
        None => return Err(Problem::request("response_type is missing")),
        Some(_) => {
            let reason = "the only response_type is code";
            return Err(Problem::new(ProblemKind::UnsupportedResponseType, reason));
        }
    }
    if !client.grant_types.has(GrantType::AuthorizationCode) {
        let reason = "the client is not registered for authorization_code";
        return Err(Problem::new(ProblemKind::UnauthorizedClient, reason));
    }
    if request
        .response_mode
        .as_deref()
        .is_some_and(|it| it != "query")
    {
        return Err(Problem::request("the only response_mode is query"));
    }
    let texts = [&request.state, &request.nonce];
    if texts.into_iter().flatten().any(|it| it.len() > LONGEST) {
        return Err(Problem::request("state and nonce have at most 1024 bytes"));
    }
    let prompt = read_prompt(request.prompt.as_deref())?;
    let max_age = read_max_age(request.max_age.as_deref())?;
    Ok(Wanted {
        scopes: scopes(client, request.scope.as_deref())?,
        challenge: read_challenge(request)?,
        prompt: Prompt {
            // As OpenID Connect Core §3.1.2.1 has it.
            login: prompt.login || max_age == Some(Span::seconds(0)),
            ..prompt
        },
        max_age,
    })
}

/// What a client asks for; without a word, all that it is registered for (RFC 6749 §3.3).
pub(super) fn scopes(client: &OAuthClient, text: Option<&str>) -> Answer<Scopes> {
    text.map_or(Ok(client.scopes), |text| within(text, client.scopes))
}

fn read_challenge(request: &AuthorizationRequest) -> Answer<Challenge> {
    let challenge = request.code_challenge.as_deref();
    let challenge = challenge.ok_or(Problem::request("code_challenge is missing (RFC 7636)"))?;
    if request.code_challenge_method.as_deref() != Some("S256") {
        return Err(Problem::request("code_challenge_method must be S256"));
    }
    Challenge::parse(challenge).ok_or(Problem::request(
        "code_challenge must be 43 characters of base64url",
    ))
}

fn read_prompt(text: Option<&str>) -> Answer<Prompt> {
    let words = || {
        text.unwrap_or_default()
            .split(' ')
            .filter(|it| !it.is_empty())
    };
    let prompt = Prompt {
        none: words().any(|word| word == "none"),
        login: words().any(|word| word == "login"),
        // Whoever is asked sees who they are, and can sign in as somebody else.
        consent: words().any(|word| word == "consent" || word == "select_account"),
    };
    if prompt.none && words().count() > 1 {
        return Err(Problem::request("prompt=none stands alone"));
    }
    Ok(prompt)
}

fn read_max_age(text: Option<&str>) -> Answer<Option<Span>> {
    let Some(text) = text else { return Ok(None) };
    let seconds = text.parse().ok().map(Span::seconds);
    let seconds = seconds.ok_or(Problem::request("max_age must be a number of seconds"))?;
    Ok(Some(seconds))
}
