use super::MemoryTx;
use super::state::duplicate;
use crate::Result;
use crate::outbox::{Content, Message};
use crate::port::OutboxRepo;

impl OutboxRepo for MemoryTx {
    fn add(&mut self, message: &Message) -> Result<()> {
        let state = self.writing()?;
        let Content::Invitation {
            organization_id, ..
        } = &message.content;
        state.organization(*organization_id)?;
        match state.outbox.insert(message.id, message.clone()) {
            Some(_) => Err(duplicate("the message")),
            None => Ok(()),
        }
    }
}
