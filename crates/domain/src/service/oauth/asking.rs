use super::reading::{LONGEST, Wanted, read};
use super::{
    Audience, AuthorizationRequest, Authorized, Question, authenticating, granted, grants,
};
use crate::Result;
use crate::access::{self, Authentication, Caller, Used};
use crate::id::{GrantId, OrganizationId};
use crate::oauth::{
    Answer, AuthorizationCode, CODE_LIFETIME, ClientKind, OAuthClient, Problem, ProblemKind,
    RedirectUri, Scopes,
};
use crate::organization::Organization;
use crate::port::Tx;
use crate::secret::Secret;
use crate::service::Core;
use crate::time::Timestamp;
use crate::token::TokenKind;
use crate::user::{User, UserKind};

const WRONG_TARGET: Problem = Problem::new(
    ProblemKind::InvalidTarget,
    "there is no such organization, or the client cannot have it",
);
const BOUND_SESSION: Problem = Problem::new(
    ProblemKind::AccessDenied,
    "whoever signed in with a token for one organization allows nothing",
);
const NOT_YOURS: Problem = Problem::new(
    ProblemKind::AccessDenied,
    "the user does not belong to this organization",
);

/// What a grant and its code take, made before the transaction.
#[derive(Clone, Debug)]
pub(super) struct Fresh {
    grant: GrantId,
    code: Secret,
}

impl Fresh {
    pub(super) fn new(core: &Core, now: Timestamp) -> Self {
        Self {
            grant: GrantId::new(core.ids.next(now)),
            code: Secret::authorization_code(&core.random.entropy()),
        }
    }
}

/// What is known about a request: what to do about it, or what to ask and how to go on.
pub(super) enum Finding {
    Do(Authorized),
    Ask(Box<Question>, Wanted),
}

/// A finding, and the session that was used for it, if there is one.
type Found = (Finding, Option<Used<()>>);

/// Looks at a request without changing anything.
pub(super) fn look(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    request: &AuthorizationRequest,
) -> Result<Found> {
    let untrusted = |problem| Ok((Finding::Do(Authorized::Untrusted(problem)), None));
    let Some(client) = authenticating::find(tx, request.client_id.as_deref())? else {
        return untrusted(Problem::CLIENT);
    };
    let Some(redirect_uri) = &request.redirect_uri else {
        return untrusted(Problem::request("redirect_uri is missing"));
    };
    if !client.takes(redirect_uri) {
        return untrusted(Problem::request(
            "redirect_uri is not registered for this client",
        ));
    }
    let back = |problem, used| Ok((Finding::Do(lead_back(request, Err(problem))), used));
    let wanted = match read(&client, request) {
        Ok(wanted) => wanted,
        Err(problem) => return back(problem, None),
    };
    let known = access::recognize(tx, caller, now)?;
    let session = known.filter(|it| it.token.kind == TokenKind::Session);
    let used = session.as_ref().map(|session| session.used(()));
    let session = match signed_in(session, &wanted, now) {
        Ok(session) => session,
        Err(_) if wanted.prompt.none => {
            let reason = "nobody is signed in, or not recently enough";
            return back(Problem::new(ProblemKind::LoginRequired, reason), used);
        }
        Err(again) => return Ok((Finding::Do(Authorized::SignIn { again }), used)),
    };
    let scopes = wanted.scopes;
    match question(tx, client, &session, scopes, request.audience)? {
        Err(problem) => back(problem, used),
        Ok(mut question) => {
            question.remembered = !wanted.prompt.consent && remembers(tx, request, &question)?;
            if wanted.prompt.none && !question.remembered {
                let reason = "the user has not allowed this yet";
                return back(Problem::new(ProblemKind::ConsentRequired, reason), used);
            }
            Ok((Finding::Ask(Box::new(question), wanted), used))
        }
    }
}

/// Does what a person has said, now or before.
pub(super) fn answer(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    request: &AuthorizationRequest,
    fresh: &Fresh,
    allowed: bool,
) -> Result<(Authorized, Option<Used<()>>)> {
    let (question, used) = match look(tx, caller, now, request)? {
        (Finding::Do(it), used) => return Ok((it, used)),
        (Finding::Ask(question, _), used) => (question, used),
    };
    if !allowed {
        let problem = Problem::new(ProblemKind::AccessDenied, "the user has said no");
        return Ok((lead_back(request, Err(problem)), used));
    }
    lock(tx, &question)?;
    // What was read before the locks may be out of date.
    let (question, wanted, used) = match look(tx, caller, now, request)? {
        (Finding::Do(it), used) => return Ok((it, used)),
        (Finding::Ask(question, wanted), used) => (question, wanted, used),
    };
    let session = access::authenticate(tx, caller, now)?;
    let author = session.author(caller);
    let grant = grants::allow(tx, &author, now, fresh.grant, &question)?;
    let code = AuthorizationCode {
        grant_id: grant.id,
        redirect_uri: request.redirect_uri.clone().unwrap_or_default(),
        challenge: wanted.challenge,
        nonce: request.nonce.clone(),
        expires_at: now.plus(CODE_LIFETIME),
        used_at: None,
    };
    tx.oauth_grants().add_code(&code, &fresh.code.digest())?;
    Ok((lead_back(request, Ok(fresh.code.clone())), used))
}

/// Locks whatever could put an end to what is about to be allowed.
pub(super) fn lock(tx: &mut dyn Tx, question: &Question) -> Result<()> {
    let organization = question.organization.as_ref();
    let organization = organization.or(question.vendor.as_ref());
    if let Some(organization) = organization {
        tx.organizations().hold(organization.id)?;
    }
    tx.users().lock(question.reader.id)?;
    tx.oauth_clients().lock(question.client.id).map(drop)
}

/// What a person would be asked: it is for people, and in an organization for its members. Whoever
/// signed in with a token for one organization allows nothing: it would go on without the token.
pub(super) fn question(
    tx: &mut dyn Tx,
    client: OAuthClient,
    session: &Authentication,
    scopes: Scopes,
    audience: Audience,
) -> Result<Answer<Question>> {
    let user = &session.user;
    if user.kind != UserKind::Person {
        return Ok(Err(NOT_YOURS));
    }
    if session.token.organization_id.is_some() {
        return Ok(Err(BOUND_SESSION));
    }
    let bound = granted!(bound(&client, audience));
    let organization = match bound {
        None => None,
        Some(id) => match belongs(tx, id, user)? {
            None => return Ok(Err(NOT_YOURS)),
            found => found,
        },
    };
    Ok(Ok(Question {
        // An organization's client is bound to its organization.
        vendor: organization
            .clone()
            .filter(|_| client.organization_id.is_some()),
        client,
        organization,
        scopes,
        reader: user.clone(),
        authenticated_at: session.token.created_at,
        remembered: false,
    }))
}

/// The organization in which alone something is to be allowed, if there is one: the client's own, or
/// the one that its request names, which must be the same.
pub(super) fn bound(client: &OAuthClient, audience: Audience) -> Answer<Option<OrganizationId>> {
    match (client.organization_id, audience) {
        (own, Audience::Anywhere) => Ok(own),
        (None, Audience::Organization(id)) => Ok(Some(id)),
        (Some(own), Audience::Organization(id)) if own == id => Ok(Some(id)),
        (_, Audience::Organization(_) | Audience::Unknown) => Err(WRONG_TARGET),
    }
}

fn belongs(tx: &mut dyn Tx, id: OrganizationId, user: &User) -> Result<Option<Organization>> {
    if tx.memberships().held(id, user.id)?.is_none() {
        return Ok(None);
    }
    let found = tx.organizations().find(id)?.map(|view| view.organization);
    Ok(found.filter(Organization::is_live))
}

/// Whether the user has allowed as much before, to a client that nobody else can pretend to be: a
/// public one is whoever can receive at its address (RFC 8252 §8.6).
fn remembers(tx: &mut dyn Tx, request: &AuthorizationRequest, question: &Question) -> Result<bool> {
    let redirect_uri = request.redirect_uri.as_deref().unwrap_or_default();
    let known =
        question.client.kind == ClientKind::Confidential || RedirectUri::is_claimed(redirect_uri);
    if !known {
        return Ok(false);
    }
    let organization = question.organization.as_ref().map(|it| it.id);
    let (user, client) = (question.reader.id, question.client.id);
    let before = tx.oauth_grants().allowed(user, client, organization)?;
    Ok(before.iter().any(|it| it.covers(question.scopes)))
}

/// The session, if it is fresh enough; otherwise whether somebody is signed in all the same.
fn signed_in(
    session: Option<Authentication>,
    wanted: &Wanted,
    now: Timestamp,
) -> std::result::Result<Authentication, bool> {
    let session = session.ok_or(false)?;
    let stale = wanted
        .max_age
        .is_some_and(|age| session.token.created_at.plus(age) < now);
    if wanted.prompt.login || stale {
        return Err(true);
    }
    Ok(session)
}

fn lead_back(request: &AuthorizationRequest, outcome: Answer<Secret>) -> Authorized {
    let state = request.state.clone();
    Authorized::Return {
        redirect_uri: request.redirect_uri.clone().unwrap_or_default(),
        outcome,
        state: state.filter(|state| state.len() <= LONGEST),
    }
}
