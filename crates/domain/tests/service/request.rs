//! Forgetting what was to have its effect only once.

use rollbook_domain::idempotency::{FORGET_BATCH, KEY_LIFETIME, Once, Remembered, RequestKey};
use rollbook_domain::mock::{Account, World, sample};
use rollbook_domain::organization::OrganizationView;
use rollbook_domain::port::Tx;
use rollbook_domain::service::Organizations;
use rollbook_domain::service::organization::CreateOrganization;
use rollbook_domain::time::Span;
use rollbook_domain::{Error, Result};

use super::assert_error;

/// Acme, made with this key.
async fn found(world: &World, owner: &Account, key: &str) -> Result<OrganizationView> {
    let once = Once {
        key: RequestKey::parse(key).map_err(|wrong| wrong.in_field("key"))?,
        fingerprint: sample::secret("acme").digest(),
    };
    let command = CreateOrganization {
        once: Some(once),
        ..world.command("Acme")
    };
    world.organizations.create(owner.caller, command).await
}

pub(crate) async fn an_old_request_is_forgotten(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    found(&world, &ann, "old").await?;
    world.clock.advance(KEY_LIFETIME);
    let young = found(&world, &ann, "young").await?;
    assert_eq!(world.core.forget_requests().await?, 0);
    world.clock.advance(Span::seconds(1));
    assert_eq!(world.core.forget_requests().await?, 1);
    assert_eq!(world.core.forget_requests().await?, 0);
    let again = found(&world, &ann, "young").await?;
    assert_eq!(again.organization.id, young.organization.id);
    Ok(())
}

pub(crate) async fn many_are_forgotten_in_batches(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?.user.id;
    let (now, many) = (world.now(), FORGET_BATCH + 2);
    let work = move |tx: &mut dyn Tx| {
        for number in 0..many {
            let key = RequestKey::parse(&number.to_string());
            let key = key.map_err(|wrong| wrong.in_field("key"))?;
            let request = Remembered {
                fingerprint: sample::secret("acme").digest(),
                made: sample::uuid("acme"),
                at: now,
            };
            tx.requests().remember(ann, &key, &request, now)?;
        }
        Ok(())
    };
    world.store.write(work).await?;
    world.clock.advance(KEY_LIFETIME);
    world.clock.advance(Span::seconds(1));
    assert_eq!(world.core.forget_requests().await?, many);
    assert_eq!(world.core.forget_requests().await?, 0);
    Ok(())
}

pub(crate) async fn a_failed_forgetting_forgets_nothing(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    found(&world, &ann, "old").await?;
    world.clock.advance(KEY_LIFETIME);
    world.clock.advance(Span::seconds(1));
    let (flaky, store) = super::reliability::flaky(&world);
    store.fail_next_commits(1);
    assert_error!(flaky.core.forget_requests().await, Error::Busy);
    assert_eq!(flaky.core.forget_requests().await?, 1);
    Ok(())
}
