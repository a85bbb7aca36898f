use diesel::prelude::*;
use rollbook_domain::Result;
use rollbook_domain::outbox::{Content, Message};
use rollbook_domain::port::OutboxRepo;

use crate::schema::outbox;
use crate::sql::{Key, Moment};
use crate::tx::{SqlTx, change, failed};

impl OutboxRepo for SqlTx<'_> {
    fn add(&mut self, message: &Message) -> Result<()> {
        let Content::Invitation {
            organization_id,
            invitation_id,
            secret,
            ..
        } = &message.content;
        let row = (
            outbox::id.eq(Key(message.id.uuid())),
            outbox::kind.eq(message.content.key()),
            outbox::recipient.eq(message.recipient.as_str()),
            outbox::organization_id.eq(Key(organization_id.uuid())),
            outbox::invitation_id.eq(Key(invitation_id.uuid())),
            outbox::secret.eq(secret.reveal()),
            outbox::created_at.eq(Moment(message.created_at)),
        );
        let added = change!(self, diesel::insert_into(outbox::table).values(row));
        added.map(drop).map_err(failed)
    }
}
