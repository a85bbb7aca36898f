use diesel::prelude::{Queryable, Selectable};
use rollbook_domain::id::{ClientId, GrantId, OrganizationId, TokenId, UserId};
use rollbook_domain::oauth::TokenBinding;
use rollbook_domain::token::{Token, TokenKind};
use rollbook_domain::value::TokenName;
use rollbook_domain::{Error, Result};

use super::oauth::scopes;
use crate::schema::tokens;
use crate::sql::{Key, Moment};

#[derive(Queryable, Selectable)]
#[diesel(table_name = tokens)]
pub(crate) struct TokenRow {
    id: Key,
    user_id: Key,
    name: String,
    last_four: String,
    created_at: Moment,
    expires_at: Option<Moment>,
    last_used_at: Option<Moment>,
    revoked_at: Option<Moment>,
    organization_id: Option<Key>,
    created_by: Option<Key>,
    kind: String,
    parent_id: Option<Key>,
    client_id: Option<Key>,
    grant_id: Option<Key>,
    scopes: Option<String>,
}

impl TokenRow {
    pub(crate) fn into_token(self) -> Result<Token> {
        let kind = TokenKind::from_key(&self.kind);
        Ok(Token {
            id: TokenId::new(self.id.0),
            kind: kind.ok_or_else(|| Error::storage(format!("a token of kind {}", self.kind)))?,
            parent_id: self.parent_id.map(|id| TokenId::new(id.0)),
            oauth: binding(self.client_id, self.grant_id, self.scopes.as_deref())?,
            user_id: UserId::new(self.user_id.0),
            organization_id: self.organization_id.map(|id| OrganizationId::new(id.0)),
            created_by: self.created_by.map(|id| UserId::new(id.0)),
            name: TokenName::from_stored(self.name),
            last_four: self.last_four,
            created_at: self.created_at.0,
            expires_at: self.expires_at.map(|at| at.0),
            last_used_at: self.last_used_at.map(|at| at.0),
            revoked_at: self.revoked_at.map(|at| at.0),
        })
    }
}

/// For which client a token was issued, if it was.
fn binding(
    client: Option<Key>,
    grant: Option<Key>,
    keys: Option<&str>,
) -> Result<Option<TokenBinding>> {
    let Some(client) = client else {
        return Ok(None);
    };
    Ok(Some(TokenBinding {
        client_id: ClientId::new(client.0),
        grant_id: grant.map(|id| GrantId::new(id.0)),
        scopes: scopes(keys.unwrap_or_default())?,
    }))
}
