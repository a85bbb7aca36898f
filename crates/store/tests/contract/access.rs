//! The repository that finds callers.

use rollbook_domain::Result;
use rollbook_domain::access::{Arrival, Authentication, Place};
use rollbook_domain::id::OrganizationId;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::Organization;
use rollbook_domain::port::{Store, Tx};
use rollbook_domain::role::Role;
use rollbook_domain::time::Timestamp;
use rollbook_domain::token::Token;
use rollbook_domain::user::User;
use rollbook_domain::value::{Logo, LogoImage, Malformed};

use crate::harness::on_both;
use crate::support::{Outcome, TestDatabase};

on_both! {
    a_token_is_found_with_its_user,
    what_no_longer_works_is_found_too,
    locking_finds_the_same,
    everybody_arrives_as_what_they_are,
    a_deleted_organization_is_found,
    where_nothing_is_one_arrives_nowhere,
}

/// Writes a user with a token whose secret is the sample of the user's name.
fn sign_up(tx: &mut dyn Tx, user: &User, token: &Token) -> Result<()> {
    tx.users().add(user)?;
    let digest = sample::secret(user.display_name.as_str()).digest();
    tx.tokens().add(token, &digest)
}

/// Ann and bob, each with a token.
async fn two_users(store: &dyn Store) -> Outcome<[Authentication; 2]> {
    let both = ["ann", "bob"].map(|name| {
        let user = sample::user(name);
        let token = sample::token(name, &user);
        Authentication { user, token }
    });
    let written = both.clone();
    store
        .write(move |tx| {
            let mut written = written.iter();
            written.try_for_each(|each| sign_up(tx, &each.user, &each.token))
        })
        .await?;
    Ok(both)
}

async fn a_token_is_found_with_its_user(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let [ann, bob] = two_users(&*store).await?;
    let second = sample::token("second", &ann.user);
    let token = second.clone();
    let digest = sample::secret("second").digest();
    store
        .write(move |tx| tx.tokens().add(&token, &digest))
        .await?;
    let authenticate = async |name: &str| {
        let digest = sample::secret(name).digest();
        store
            .read_one(move |tx| tx.access().authenticate(&digest))
            .await
    };
    assert_eq!(authenticate("ann").await?.as_ref(), Some(&ann));
    assert_eq!(authenticate("bob").await?, Some(bob));
    let found = authenticate("second").await?.ok_or("not found")?;
    assert_eq!((found.user, found.token), (ann.user, second));
    assert_eq!(authenticate("unknown").await?, None);
    Ok(())
}

async fn what_no_longer_works_is_found_too(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let user = User {
        active: false,
        ..sample::user("ann")
    };
    let token = Token {
        expires_at: Some(Timestamp::from_millis(1)),
        last_used_at: Some(Timestamp::from_millis(2)),
        revoked_at: Some(Timestamp::from_millis(3)),
        ..sample::token("ann", &user)
    };
    let expected = Authentication { user, token };
    let written = expected.clone();
    let digest = sample::secret("ann").digest();
    let found = store
        .write(move |tx| {
            sign_up(tx, &written.user, &written.token)?;
            tx.access().authenticate(&digest)
        })
        .await?;
    assert_eq!(found, Some(expected));
    Ok(())
}

async fn locking_finds_the_same(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let [ann, _] = two_users(&*store).await?;
    let authenticate = async |name: &str| {
        let digest = sample::secret(name).digest();
        store
            .write(move |tx| tx.access().authenticate_locking(&digest))
            .await
    };
    assert_eq!(authenticate("ann").await?, Some(ann));
    assert_eq!(authenticate("unknown").await?, None);
    Ok(())
}

async fn arrive(store: &dyn Store, name: &str, id: OrganizationId) -> Outcome<Option<Arrival>> {
    let digest = sample::secret(name).digest();
    Ok(store
        .read_one(move |tx| tx.access().arrive(&digest, id))
        .await?)
}

async fn add(store: &dyn Store, organization: &Organization) -> Outcome {
    let organization = organization.clone();
    store
        .write(move |tx| tx.organizations().add(&organization))
        .await?;
    Ok(())
}

async fn everybody_arrives_as_what_they_are(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let [ann, bob] = two_users(&*store).await?;
    let mut view = sample::organization_view("Acme", &ann.user);
    let image = LogoImage::new("image/png", vec![0, 1, 255]);
    let image = image.map_err(|error: Malformed| error.in_field("logo"))?;
    view.organization.logo = Some(Logo::Image(image));
    add(&*store, &view.organization).await?;
    let other = sample::organization("Other", &bob.user);
    add(&*store, &other).await?;
    let id = view.organization.id;
    let place = |membership| Place {
        view: view.clone(),
        membership,
    };
    let arrived = arrive(&*store, "bob", id).await?.ok_or("nobody arrived")?;
    assert_eq!(
        (arrived.authentication, arrived.place),
        (bob.clone(), Some(place(None)))
    );

    let membership = sample::membership(&view.organization, &bob.user, &[Role::Viewer]);
    let elsewhere = sample::membership(&other, &ann.user, &[Role::Admin]);
    let (one, two) = (membership.clone(), elsewhere);
    store
        .write(move |tx| Ok((tx.memberships().add(&one)?, tx.memberships().add(&two)?)))
        .await?;
    let arrived = arrive(&*store, "bob", id).await?.ok_or("nobody arrived")?;
    assert_eq!(
        (arrived.authentication, arrived.place),
        (bob, Some(place(Some(membership))))
    );
    let arrived = arrive(&*store, "ann", id).await?.ok_or("nobody arrived")?;
    assert_eq!(
        (arrived.authentication, arrived.place),
        (ann, Some(place(None)))
    );
    Ok(())
}

async fn a_deleted_organization_is_found(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let [ann, _] = two_users(&*store).await?;
    let mut view = sample::organization_view("Acme", &ann.user);
    view.organization.deleted_at = Some(FixedClock::START);
    add(&*store, &view.organization).await?;
    let arrived = arrive(&*store, "bob", view.organization.id).await?;
    let place = arrived.and_then(|arrival| arrival.place);
    assert_eq!(place.map(|place| place.view), Some(view));
    Ok(())
}

async fn where_nothing_is_one_arrives_nowhere(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let [ann, _] = two_users(&*store).await?;
    let absent = OrganizationId::new(sample::uuid("absent"));
    let expected = Arrival {
        authentication: ann,
        place: None,
    };
    assert_eq!(arrive(&*store, "ann", absent).await?, Some(expected));
    assert_eq!(arrive(&*store, "unknown", absent).await?, None);
    Ok(())
}
