use super::Question;
use crate::Result;
use crate::audit::{self, Act, Author, Chain, Change, Deed, Target};
use crate::id::GrantId;
use crate::oauth::Grant;
use crate::port::Tx;
use crate::time::Timestamp;
use crate::user::User;

/// A grant with its row locked, and its user, locked, too.
pub(super) fn lock(tx: &mut dyn Tx, id: GrantId) -> Result<Option<(Grant, User)>> {
    let Some(found) = tx.oauth_grants().find(id)? else {
        return Ok(None);
    };
    let user = tx.users().lock(found.user_id)?;
    let grant = tx.oauth_grants().lock(id)?;
    Ok(grant.zip(user))
}

/// Writes down what somebody, whose row is locked, has allowed.
pub(super) fn allow(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    id: GrantId,
    question: &Question,
) -> Result<Grant> {
    let grant = Grant {
        id,
        client_id: question.client.id,
        user_id: question.reader.id,
        organization_id: question.organization.as_ref().map(|it| it.id),
        scopes: question.scopes,
        authenticated_at: question.authenticated_at,
        created_at: now,
        revoked_at: None,
    };
    tx.oauth_grants().add(&grant)?;
    let mut changes = vec![
        Change::set("client", question.client.name.as_str()),
        Change::set("scopes", &grant.scopes.to_keys()),
    ];
    let organization = grant.organization_id;
    changes.extend(organization.map(|id| Change::set("organization", &id.to_string())));
    note(tx, author, now, &grant, Act::GrantCreated, changes)?;
    Ok(grant)
}

/// Ends what a user, who is locked, has allowed a client with this grant and with all others like it:
/// each visit wrote one, and any one that is left would let the client in again without a question.
pub(super) fn withdraw(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    grant: &Grant,
) -> Result<()> {
    let (user, client) = (grant.user_id, grant.client_id);
    let organization = grant.organization_id;
    let ended = tx
        .oauth_grants()
        .revoke_allowed(user, client, organization, now)?;
    let changes = vec![
        Change::set("reason", "the user has revoked it"),
        Change::set("grants", &ended.to_string()),
    ];
    note(tx, author, now, grant, Act::GrantRevoked, changes)
}

/// Ends a locked grant, whose user is locked, with all that hangs on it, and no other: what was
/// allowed another time is another family.
pub(super) fn end(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    grant: &Grant,
    reason: &str,
) -> Result<()> {
    if tx.oauth_grants().revoke(grant.id, now)? {
        let changes = vec![Change::set("reason", reason)];
        note(tx, author, now, grant, Act::GrantRevoked, changes)?;
    }
    Ok(())
}

/// Records in its user's log what happened to a grant.
fn note(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    grant: &Grant,
    act: Act,
    changes: Vec<Change>,
) -> Result<()> {
    let deed = Deed {
        chain: Chain::User(grant.user_id),
        act,
        target: Target::Grant(grant.id),
        changes,
    };
    audit::record(tx, author, now, &deed)
}
