use diesel::prelude::*;
use rollbook_domain::Result;
use rollbook_domain::outbox::{Content, Letter, Message};
use rollbook_domain::port::OutboxRepo;
use rollbook_domain::secret::Secret;
use uuid::Uuid;

use crate::schema::outbox;
use crate::sql::{Key, Moment};
use crate::tx::{SqlTx, each, failed};

impl OutboxRepo for SqlTx<'_> {
    fn add(&mut self, message: &Message) -> Result<()> {
        let content = &message.content;
        let organization = content.organization_id().map(|id| Key(id.uuid()));
        let (recipient, about) = match content {
            Content::Letter { recipient, letter } => {
                (Some(recipient.as_str()), Some(about(letter)))
            }
            Content::Event { .. } => (None, None),
        };
        let (endpoint, sequence) = match content {
            Content::Event {
                endpoint_id,
                sequence,
                ..
            } => (Some(Key(endpoint_id.uuid())), *sequence),
            Content::Letter { .. } => (None, None),
        };
        let (subject, secret) = about.map_or((None, None), |(id, secret)| (Some(Key(id)), secret));
        let sequence = sequence.map(|it| i64::try_from(it).unwrap_or(i64::MAX));
        let row = (
            outbox::id.eq(Key(message.id.uuid())),
            outbox::kind.eq(content.key()),
            outbox::state.eq("pending"),
            outbox::organization_id.eq(organization),
            outbox::recipient.eq(recipient),
            outbox::subject_id.eq(subject),
            outbox::secret.eq(secret.map(Secret::reveal)),
            outbox::endpoint_id.eq(endpoint),
            outbox::sequence.eq(sequence),
            outbox::attempts.eq(0),
            outbox::due_at.eq(Moment(message.created_at)),
            outbox::created_at.eq(Moment(message.created_at)),
        );
        let added = each!(self, |connection| diesel::insert_into(outbox::table)
            .values(row)
            .execute(*connection));
        added.map(drop).map_err(failed)
    }
}

/// What a letter is about besides the organization, and its secret.
fn about(letter: &Letter) -> (Uuid, Option<&Secret>) {
    match letter {
        Letter::Invitation {
            invitation_id,
            secret,
            ..
        } => (invitation_id.uuid(), Some(secret)),
        Letter::EmailVerification { user_id, secret }
        | Letter::PasswordReset { user_id, secret } => (user_id.uuid(), Some(secret)),
        Letter::OwnershipTransferred {
            previous_owner_id, ..
        } => (previous_owner_id.uuid(), None),
        Letter::DomainVerification { domain_id, .. } => (domain_id.uuid(), None),
    }
}
