//! The repository of messages that wait to be sent.

use rollbook_domain::id::{InvitationId, MessageId};
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::Organization;
use rollbook_domain::outbox::{Content, Letter, Message};
use rollbook_domain::port::Store;
use rollbook_domain::secret::Secret;
use rollbook_domain::{Error, Refusal, Result};

use crate::harness::{assert_error, on_both};
use crate::house::house;
use crate::support::{Outcome, TestDatabase};

on_both! {
    a_message_is_kept_with_all_it_says,
    a_message_is_added_once_and_belongs_to_an_organization,
    what_is_refused_is_never_sent,
}

fn invitation() -> InvitationId {
    InvitationId::new(sample::uuid("invitation"))
}

fn secret() -> Secret {
    Secret::invitation(invitation(), &[7; 32])
}

fn message(name: &str, organization: &Organization, again: bool) -> Message {
    Message {
        id: MessageId::new(sample::uuid(name)),
        content: Content::Letter {
            recipient: sample::email(name),
            letter: Letter::Invitation {
                organization_id: organization.id,
                invitation_id: invitation(),
                secret: secret(),
                again,
            },
        },
        created_at: FixedClock::START,
    }
}

async fn add(store: &dyn Store, message: &Message) -> Result<()> {
    let message = message.clone();
    store.write(move |tx| tx.outbox().add(&message)).await
}

fn count(database: &TestDatabase, condition: &str) -> Outcome<i64> {
    database.count(&format!(
        "SELECT count(*) AS count FROM outbox WHERE {condition}"
    ))
}

async fn a_message_is_kept_with_all_it_says(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    add(&*store, &message("carl", &house.acme, false)).await?;
    add(&*store, &message("dora", &house.globex, true)).await?;
    assert_eq!(count(database, "TRUE")?, 2);
    let secret = secret();
    let columns = |kind, recipient| {
        format!(
            "kind = '{kind}' AND recipient = '{recipient}@example.com' AND secret = '{}' \
             AND organization_id IS NOT NULL AND subject_id IS NOT NULL \
             AND state = 'pending' AND attempts = 0 AND due_at = created_at",
            secret.reveal()
        )
    };
    assert_eq!(count(database, &columns("invitation", "carl"))?, 1);
    assert_eq!(count(database, &columns("invitation_resent", "dora"))?, 1);
    Ok(())
}

async fn a_message_is_added_once_and_belongs_to_an_organization(
    database: &TestDatabase,
) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let first = message("carl", &house.acme, false);
    add(&*store, &first).await?;
    assert_error!(add(&*store, &first).await, Error::Storage(_));
    let nowhere = sample::organization("Nowhere", &house.ann);
    let orphan = message("dora", &nowhere, false);
    assert_error!(add(&*store, &orphan).await, Error::Storage(_));
    assert_eq!(count(database, "TRUE")?, 1);
    Ok(())
}

/// ayunis-core PR #532: a message about something that was rolled back.
async fn what_is_refused_is_never_sent(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let refused = message("carl", &house.acme, false);
    let outcome: Result<()> = store
        .write(move |tx| {
            tx.outbox().add(&refused)?;
            Err(Refusal::SeatLimit { limit: 1 }.into())
        })
        .await;
    assert_error!(outcome, Error::Refused(Refusal::SeatLimit { limit: 1 }));
    assert_eq!(count(database, "TRUE")?, 0);
    Ok(())
}
