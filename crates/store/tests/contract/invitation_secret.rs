//! How invitations are found by their secrets: those that name the invitation, and those that were
//! mailed before they did.

use std::sync::Arc;

use diesel::connection::SimpleConnection;
use rollbook_domain::error::Kind;
use rollbook_domain::id::{InvitationId, MessageId};
use rollbook_domain::invitation::{Invitation, InvitationProof, InvitationState};
use rollbook_domain::mail::MailText;
use rollbook_domain::mock::{Account, FixedClock, World, sample};
use rollbook_domain::outbox::{self, Allowance, Content, Letter, Message};
use rollbook_domain::port::{MockMailer, MockWebhookSender, Store, Tx};
use rollbook_domain::role::Role;
use rollbook_domain::secret::Secret;
use rollbook_domain::service::invitation::{Handle, Presented, ResendInvitation};
use rollbook_domain::service::{Courier, Invitations};
use rollbook_domain::{Error, Result};
use rollbook_store::DatabaseUrl;

use crate::explain::plans;
use crate::harness::{assert_error, on_both};
use crate::house::{House, house};
use crate::plan::plan;
use crate::recorder;
use crate::support::{Outcome, TestDatabase};

on_both! {
    a_secret_opens_what_it_names,
    what_was_mailed_before_is_accepted,
    what_was_posted_before_is_mailed_and_dies_when_sent_again,
    a_secret_is_looked_up_in_an_index,
}

/// As it was mailed before secrets named their invitations: 43 digits and 6.
const MAILED_BEFORE: &str = "rbk_inv_SYBjVorc6OhudfEuYlVdIKayKXzI2xUu6anVgsBxqqp3R3A6o";

/// Which invitation is found by this.
async fn found(store: &dyn Store, proof: InvitationProof) -> Result<Option<InvitationId>> {
    let work = move |tx: &mut dyn Tx| {
        let found = tx.invitations().find_by_secret(&proof)?;
        Ok(found.map(|view| view.invitation.id))
    };
    store.read(work).await
}

async fn a_secret_opens_what_it_names(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, .. } = house(&*store).await?;
    let [cat, dan] = ["cat", "dan"].map(|name| sample::invitation(&acme, name, &[Role::Member]));
    for (invitation, name) in [(cat.clone(), "cat"), (dan.clone(), "dan")] {
        let digest = sample::invitation_secret(invitation.id, name).digest();
        let add = move |tx: &mut dyn Tx| tx.invitations().add(&invitation, &digest);
        assert!(store.write(add).await?);
    }
    let secret = |id, name| InvitationProof::of(&sample::invitation_secret(id, name));
    let (cats, dans) = (secret(cat.id, "cat"), secret(dan.id, "dan"));
    assert_eq!(found(&*store, cats).await?, Some(cat.id));
    assert_eq!(found(&*store, dans).await?, Some(dan.id));
    let mixed = InvitationProof {
        id: dans.id,
        ..cats
    };
    let nameless = InvitationProof { id: None, ..cats };
    let absent = InvitationId::new(sample::uuid("absent"));
    for wrong in [
        secret(cat.id, "dan"),
        secret(dan.id, "cat"),
        secret(absent, "cat"),
        mixed,
        nameless,
    ] {
        assert_eq!(found(&*store, wrong).await?, None, "{wrong:?}");
    }
    Ok(())
}

/// Ann's invitation to bob, as it was made and posted before secrets named their invitations.
async fn invited_before(database: &TestDatabase, world: &World) -> Outcome<(Account, Invitation)> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let invitation = sample::invitation(&acme, "bob", &[Role::Member]);
    let secret = Secret::from_stored(MAILED_BEFORE.to_owned());
    let added = invitation.clone();
    let message = Message {
        id: MessageId::new(sample::uuid("message")),
        content: Content::Letter {
            recipient: invitation.email.clone(),
            letter: Letter::Invitation {
                organization_id: acme.id,
                invitation_id: invitation.id,
                secret: secret.clone(),
                again: false,
            },
        },
        created_at: FixedClock::START,
    };
    let work = move |tx: &mut dyn Tx| {
        tx.outbox().add(&message)?;
        tx.invitations().add(&added, &secret.digest())
    };
    assert!(world.store.write(work).await?);
    database.execute("UPDATE invitations SET secret_names_id = FALSE")?;
    Ok((ann, invitation))
}

async fn what_was_mailed_before_is_accepted(database: &TestDatabase) -> Outcome {
    let world = database.world()?;
    let (_, invitation) = invited_before(database, &world).await?;
    let secret = Presented::read(MAILED_BEFORE);
    let seen = world.invitations.preview(secret).await?;
    assert_eq!(seen.invitation, invitation);
    let bob = world.sign_up("bob").await?;
    let accepted = world.invitations.accept(bob.caller, Handle::Secret(secret));
    let it = accepted.await?.invitation.invitation;
    assert_eq!(
        (it.id, it.state),
        (invitation.id, InvitationState::Accepted)
    );
    Ok(())
}

async fn what_was_posted_before_is_mailed_and_dies_when_sent_again(
    database: &TestDatabase,
) -> Outcome {
    let world = database.world()?;
    let (ann, invitation) = invited_before(database, &world).await?;
    let mut mailer = MockMailer::new();
    let tells = |text: &MailText| matches!(text, MailText::Invitation { secret, .. } if secret.reveal() == MAILED_BEFORE);
    mailer
        .expect_send()
        .withf(move |mail| tells(&mail.text))
        .return_once(|_| Ok(()));
    let webhooks = Arc::new(MockWebhookSender::new());
    let courier = Courier::new(world.core.clone(), Arc::new(mailer), webhooks);
    let mut collected = courier.collect(Allowance::of(9)).await?;
    assert_eq!((collected.parcels.len(), collected.settled.len()), (1, 0));
    let sent = courier.deliver(collected.parcels.remove(0)).await?;
    assert_eq!(sent.outcome, outbox::Outcome::Delivered);

    let (organization, id) = (invitation.organization_id, invitation.id);
    let again = ResendInvitation::default();
    let resent = world
        .invitations
        .resend(ann.caller, organization, id, again);
    resent.await?;
    let new = world.invitation_secret(id);
    let old = world.invitations.preview(Presented::read(MAILED_BEFORE));
    assert_error!(old.await, Error::NotFound(Kind::Invitation));
    let seen = world.invitations.preview(Presented::read(new.reveal()));
    assert_eq!(seen.await?.invitation.id, id);
    let nameless = "SELECT count(*) AS count FROM invitations WHERE NOT secret_names_id";
    assert_eq!(database.count(nameless)?, 0);
    Ok(())
}

async fn a_secret_is_looked_up_in_an_index(database: &TestDatabase) -> Outcome {
    let id = InvitationId::new(sample::uuid("invitation"));
    let digest = sample::invitation_secret(id, "cat").digest();
    let by_id = match database.url {
        DatabaseUrl::Sqlite(_) => "PRIMARY KEY",
        DatabaseUrl::Postgres(_) => "invitations_pkey",
    };
    // With the limit.
    let bytes = format!("'\\x{}', 1", digest.to_hex());
    for (id, index, binds) in [
        (Some(id), by_id, format!("'{id}', {bytes}")),
        (None, "invitations_digest", bytes),
    ] {
        let proof = InvitationProof { id, digest };
        let find = move |tx: &mut dyn Tx| tx.invitations().find_by_secret(&proof).map(drop);
        let queries = recorder::record(database, find).await?;
        let [query] = &queries[..] else {
            return Err(format!("there should be one query: {queries:?}").into());
        };
        let through = match database.url {
            DatabaseUrl::Sqlite(_) => plan(&mut database.bare_sqlite()?, query)?,
            DatabaseUrl::Postgres(_) => {
                let mut connection = database.bare_postgres()?;
                // It would read a table whole that has hardly anything in it.
                connection.batch_execute("SET enable_seqscan = off")?;
                let (text, _) = query.split_once(" -- binds: ").ok_or("no binds")?;
                plans(&mut connection, &(text.to_owned(), binds))?.concat()
            }
        };
        let named = format!("{index} ");
        assert!(through.iter().any(|it| it.contains(&named)), "{through:#?}");
    }
    Ok(())
}
