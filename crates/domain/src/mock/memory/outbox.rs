use super::MemoryTx;
use super::state::duplicate;
use crate::Result;
use crate::outbox::Message;
use crate::port::OutboxRepo;

impl OutboxRepo for MemoryTx {
    fn add(&mut self, message: &Message) -> Result<()> {
        let state = self.writing()?;
        if let Some(organization) = message.content.organization_id() {
            state.organization(organization)?;
        }
        match state.outbox.insert(message.id, message.clone()) {
            Some(_) => Err(duplicate("the message")),
            None => Ok(()),
        }
    }
}
