use diesel::prelude::{Insertable, Queryable, Selectable};
use rollbook_domain::id::{
    DomainId, InvitationId, MessageId, OrganizationId, UserId, WebhookEndpointId,
};
use rollbook_domain::outbox::{Attempt, Content, Delivery, DeliveryState, Letter, Message};
use rollbook_domain::secret::Secret;
use rollbook_domain::value::Email;
use rollbook_domain::{Error, Result};
use uuid::Uuid;

use super::{place, unknown};
use crate::schema::{delivery_attempts, outbox};
use crate::sql::{Key, Moment};

/// A message as it is to be sent.
#[derive(Queryable, Selectable)]
#[diesel(table_name = outbox)]
pub(crate) struct MessageRow {
    pub(crate) id: Key,
    kind: String,
    organization_id: Option<Key>,
    recipient: Option<String>,
    subject_id: Option<Key>,
    secret: Option<String>,
    endpoint_id: Option<Key>,
    sequence: Option<i64>,
    pub(crate) attempts: i32,
    pub(crate) begun: i32,
    pub(crate) due_at: Moment,
    created_at: Moment,
}

impl MessageRow {
    pub(crate) fn into_message(self) -> Result<Message> {
        Ok(Message {
            id: MessageId::new(self.id.0),
            created_at: self.created_at.0,
            content: self.into_content()?,
        })
    }

    fn into_content(self) -> Result<Content> {
        let sequence = self.sequence.map(i64::unsigned_abs);
        match (self.kind.as_str(), sequence) {
            ("event", Some(_)) | ("webhook_test", None) => Ok(Content::Event {
                organization_id: OrganizationId::new(there(self.organization_id)?.0),
                endpoint_id: WebhookEndpointId::new(there(self.endpoint_id)?.0),
                sequence,
            }),
            _ => Ok(Content::Letter {
                recipient: Email::from_stored(there(self.recipient.clone())?),
                letter: self.into_letter()?,
            }),
        }
    }

    fn into_letter(self) -> Result<Letter> {
        let organization = |id| there(id).map(|id: Key| OrganizationId::new(id.0));
        let subject = there(self.subject_id)?.0;
        let secret = || there(self.secret).map(Secret::from_stored);
        Ok(match self.kind.as_str() {
            "invitation" | "invitation_resent" => Letter::Invitation {
                organization_id: organization(self.organization_id)?,
                invitation_id: InvitationId::new(subject),
                secret: secret()?,
                again: self.kind == "invitation_resent",
            },
            "email_verification" => Letter::EmailVerification {
                user_id: UserId::new(subject),
                secret: secret()?,
            },
            "password_reset" => Letter::PasswordReset {
                user_id: UserId::new(subject),
                secret: secret()?,
            },
            "ownership_transferred" => Letter::OwnershipTransferred {
                organization_id: organization(self.organization_id)?,
                previous_owner_id: UserId::new(subject),
            },
            "domain_verification" => Letter::DomainVerification {
                organization_id: organization(self.organization_id)?,
                domain_id: DomainId::new(subject),
            },
            other => return Err(unknown("kind of message", other)),
        })
    }
}

/// What a message of its kind has.
fn there<T>(column: Option<T>) -> Result<T> {
    column.ok_or_else(|| Error::storage("a message lacks what its kind has"))
}

#[derive(Insertable)]
#[diesel(table_name = outbox, treat_none_as_default_value = false)]
pub(crate) struct NewMessage {
    id: Key,
    kind: &'static str,
    state: &'static str,
    organization_id: Option<Key>,
    recipient: Option<String>,
    subject_id: Option<Key>,
    secret: Option<String>,
    endpoint_id: Option<Key>,
    sequence: Option<i64>,
    attempts: i32,
    begun: i32,
    due_at: Moment,
    created_at: Moment,
}

impl NewMessage {
    pub(crate) fn of(message: &Message) -> Self {
        let content = &message.content;
        let letter = match content {
            Content::Letter { letter, .. } => Some(letter),
            Content::Event { .. } => None,
        };
        Self {
            id: Key(message.id.uuid()),
            kind: content.key(),
            state: DeliveryState::Pending.key(),
            organization_id: content.organization_id().map(|id| Key(id.uuid())),
            recipient: content.recipient().map(|it| it.as_str().to_owned()),
            subject_id: letter.map(|letter| Key(subject(letter))),
            secret: letter
                .and_then(Letter::secret)
                .map(|it| it.reveal().to_owned()),
            endpoint_id: content.endpoint_id().map(|id| Key(id.uuid())),
            sequence: content.sequence().map(place),
            attempts: 0,
            begun: 0,
            due_at: Moment(message.created_at),
            created_at: Moment(message.created_at),
        }
    }
}

/// What a letter is about besides the organization.
const fn subject(letter: &Letter) -> Uuid {
    match letter {
        Letter::Invitation { invitation_id, .. } => invitation_id.uuid(),
        Letter::EmailVerification { user_id, .. } | Letter::PasswordReset { user_id, .. } => {
            user_id.uuid()
        }
        Letter::OwnershipTransferred {
            previous_owner_id, ..
        } => previous_owner_id.uuid(),
        Letter::DomainVerification { domain_id, .. } => domain_id.uuid(),
    }
}

/// What became of a message, without its secret.
#[derive(Queryable, Selectable)]
#[diesel(table_name = outbox)]
pub(crate) struct DeliveryRow {
    id: Key,
    kind: String,
    state: String,
    organization_id: Option<Key>,
    recipient: Option<String>,
    endpoint_id: Option<Key>,
    sequence: Option<i64>,
    attempts: i32,
    due_at: Moment,
    last_error: Option<String>,
    created_at: Moment,
    finished_at: Option<Moment>,
}

impl DeliveryRow {
    pub(crate) fn into_delivery(self) -> Result<Delivery> {
        let state = DeliveryState::from_key(&self.state);
        Ok(Delivery {
            id: MessageId::new(self.id.0),
            kind: self.kind,
            organization_id: self.organization_id.map(|id| OrganizationId::new(id.0)),
            recipient: self.recipient.map(Email::from_stored),
            endpoint_id: self.endpoint_id.map(|id| WebhookEndpointId::new(id.0)),
            sequence: self.sequence.map(i64::unsigned_abs),
            state: state.ok_or_else(|| unknown("state", &self.state))?,
            attempts: self.attempts.unsigned_abs(),
            due_at: self.due_at.0,
            last_error: self.last_error,
            created_at: self.created_at.0,
            finished_at: self.finished_at.map(|at| at.0),
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = delivery_attempts, treat_none_as_default_value = false)]
pub(crate) struct NewAttempt<'a> {
    message_id: Key,
    number: i32,
    at: Moment,
    milliseconds: i32,
    status: Option<i32>,
    error: Option<&'a str>,
    response: Option<&'a str>,
}

impl<'a> NewAttempt<'a> {
    pub(crate) fn of(attempt: &'a Attempt) -> Self {
        Self {
            message_id: Key(attempt.message_id.uuid()),
            number: count(attempt.number),
            at: Moment(attempt.at),
            milliseconds: count(attempt.milliseconds),
            status: attempt.status.map(i32::from),
            error: attempt.error.as_deref(),
            response: attempt.response.as_deref(),
        }
    }
}

/// A number, as the databases count.
fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = delivery_attempts)]
pub(crate) struct AttemptRow {
    message_id: Key,
    number: i32,
    at: Moment,
    milliseconds: i32,
    status: Option<i32>,
    error: Option<String>,
    response: Option<String>,
}

impl AttemptRow {
    pub(crate) fn into_attempt(self) -> Result<Attempt> {
        let status = self.status.map(u16::try_from).transpose();
        Ok(Attempt {
            message_id: MessageId::new(self.message_id.0),
            number: self.number.unsigned_abs(),
            at: self.at.0,
            milliseconds: self.milliseconds.unsigned_abs(),
            status: status.map_err(Error::storage)?,
            error: self.error,
            response: self.response,
        })
    }
}
