//! The repository that finds callers.

use rollbook_domain::access::{Arrival, Authentication, Held, Place, Sponsor};
use rollbook_domain::id::OrganizationId;
use rollbook_domain::membership::Membership;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::Organization;
use rollbook_domain::port::{Store, Tx};
use rollbook_domain::role::{AssignedRole, CustomRole, Permission, Permissions, Role, Roles};
use rollbook_domain::subscription::Plan;
use rollbook_domain::time::Timestamp;
use rollbook_domain::token::Token;
use rollbook_domain::user::User;
use rollbook_domain::value::{Logo, LogoImage, Malformed};
use rollbook_domain::{Error, Result};

use crate::harness::{assert_error, on_both};
use crate::support::{Outcome, TestDatabase};

on_both! {
    a_token_is_found_with_its_user,
    what_no_longer_works_is_found_too,
    locking_finds_the_same,
    locking_finds_what_has_changed_since,
    everybody_arrives_as_what_they_are,
    a_deleted_organization_is_found,
    where_nothing_is_one_arrives_nowhere,
    custom_roles_permit_what_they_say_where_they_are,
    what_nobody_knows_permits_nothing,
    a_key_comes_with_its_maker,
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

/// What was read of whoever calls is not read again, unless it may be something else by now.
async fn locking_finds_what_has_changed_since(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let [ann, bob] = two_users(&*store).await?;
    let [first, second] = ["ann", "bob"].map(|name| sample::secret(name).digest());
    let (user, token) = (ann.user.id, ann.token.id);
    let at = ann.token.created_at;
    let found = store
        .write(move |tx| {
            let seen = tx.access().authenticate(&first)?;
            let other = tx.access().authenticate_locking(&second)?;
            let again = tx.access().authenticate(&first)?;
            assert!(tx.tokens().revoke(user, token, at)?);
            Ok([
                seen,
                other,
                again,
                tx.access().authenticate_locking(&first)?,
            ])
        })
        .await?;
    let mut revoked = ann.clone();
    revoked.token.revoked_at = Some(at);
    let expected = [ann.clone(), bob, ann, revoked];
    assert_eq!(found, expected.map(Some));
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
        .write(move |tx| tx.organizations().add(&organization, &Plan::default()))
        .await?;
    Ok(())
}

/// What somebody holds by built-in roles alone.
fn held(roles: &[Role]) -> Held {
    Held {
        roles: Roles::of(roles),
        custom: Permissions::NONE,
    }
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
    let place = |held| Place {
        view: view.clone(),
        held,
        granted: Permissions::NONE,
    };
    let arrived = arrive(&*store, "bob", id).await?.ok_or("nobody arrived")?;
    assert_eq!(
        (arrived.authentication, arrived.place),
        (bob.clone(), Some(place(None)))
    );

    let membership = sample::membership(&view.organization, &bob.user, &[Role::Viewer]);
    let elsewhere = sample::membership(&other, &ann.user, &[Role::Admin]);
    let users = [bob.user.clone(), ann.user.clone()];
    store
        .write(move |tx| {
            tx.memberships().add(&membership, &users[0])?;
            tx.memberships().add(&elsewhere, &users[1])
        })
        .await?;
    let arrived = arrive(&*store, "bob", id).await?.ok_or("nobody arrived")?;
    assert_eq!(
        (arrived.authentication, arrived.place),
        (bob, Some(place(Some(held(&[Role::Viewer])))))
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
        sponsor: None,
    };
    assert_eq!(arrive(&*store, "ann", absent).await?, Some(expected));
    assert_eq!(arrive(&*store, "unknown", absent).await?, None);
    Ok(())
}

/// Ann's organization, of which bob is a member with these roles beside the one he must have.
fn employ(tx: &mut dyn Tx, name: &str, both: &[User; 2], roles: &[CustomRole]) -> Result<()> {
    let [ann, bob] = both;
    let acme = sample::organization(name, ann);
    tx.organizations().add(&acme, &Plan::default())?;
    for role in roles {
        tx.roles().add(role)?;
    }
    let membership = Membership {
        custom_roles: roles.iter().map(AssignedRole::from).collect(),
        ..sample::membership(&acme, bob, &[Role::Member])
    };
    tx.memberships().add(&membership, bob)?;
    Ok(())
}

async fn custom_roles_permit_what_they_say_where_they_are(database: &TestDatabase) -> Outcome {
    use Permission::{CreateInvitation, DeleteMembership, ReadAuditEntry, UpdateWorkspace};
    let store = database.store()?;
    let both = two_users(&*store).await?.map(|each| each.user);
    let (acme, other) = (
        sample::organization("Acme", &both[0]),
        sample::organization("Other", &both[0]),
    );
    let roles = vec![
        sample::role(&acme, "host", &[CreateInvitation]),
        sample::role(&acme, "guard", &[DeleteMembership, CreateInvitation]),
        sample::workspace_role(&acme, "builder", &[UpdateWorkspace]),
    ];
    let elsewhere = vec![sample::role(&other, "auditor", &[ReadAuditEntry])];
    let bob = both[1].id;
    store
        .write(move |tx| {
            employ(tx, "Acme", &both, &roles)?;
            employ(tx, "Other", &both, &elsewhere)
        })
        .await?;
    for (organization, custom) in [
        (
            acme.id,
            Permissions::of(&[CreateInvitation, DeleteMembership]),
        ),
        (other.id, Permissions::of(&[ReadAuditEntry])),
    ] {
        let expected = Held {
            custom,
            ..held(&[Role::Member])
        };
        let arrived = arrive(&*store, "bob", organization).await?;
        let place = arrived.and_then(|arrival| arrival.place);
        assert_eq!(place.and_then(|place| place.held), Some(expected));
        let found = store
            .read_one(move |tx| tx.memberships().held(organization, bob))
            .await?;
        assert_eq!(found, Some(expected));
    }
    Ok(())
}

/// A permission that a newer program has written must not be taken for none at all.
async fn what_nobody_knows_permits_nothing(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let both = two_users(&*store).await?.map(|each| each.user);
    let acme = sample::organization("Acme", &both[0]);
    let roles = [sample::role(&acme, "host", &[])];
    store
        .write(move |tx| employ(tx, "Acme", &both, &roles))
        .await?;
    database.execute("UPDATE roles SET permissions = 'read:Organization rule:World'")?;
    let digest = sample::secret("bob").digest();
    let arrived = store
        .read_one(move |tx| tx.access().arrive(&digest, acme.id))
        .await;
    assert_error!(arrived, Error::Storage(_));
    Ok(())
}

async fn a_key_comes_with_its_maker(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let [ann, bob] = two_users(&*store).await?.map(|each| each.user);
    let acme = sample::organization("Acme", &ann);
    let robot = sample::service_account_of(&acme, "robot");
    let key = sample::key("robot", &acme, &robot, &bob);
    let host = [sample::role(&acme, "host", &[Permission::CreateInvitation])];
    let (users, made) = ([ann, bob.clone()], key.clone());
    store
        .write(move |tx| {
            employ(tx, "Acme", &users, &host)?;
            sign_up(tx, &robot, &made)
        })
        .await?;
    let sponsor = async || {
        let arrived = arrive(&*store, "robot", acme.id).await?;
        let arrived = arrived.ok_or("nobody arrived")?;
        assert_eq!(arrived.authentication.token, key);
        Outcome::Ok(arrived.sponsor)
    };
    let member = Sponsor {
        active: true,
        superuser: false,
        held: Some(Held {
            custom: Permissions::of(&[Permission::CreateInvitation]),
            ..held(&[Role::Member])
        }),
    };
    assert_eq!(sponsor().await?, Some(member));
    let id = bob.id;
    store
        .write(move |tx| {
            tx.memberships().remove(acme.id, id)?;
            let bob = User {
                active: false,
                superuser: true,
                ..bob.clone()
            };
            tx.users().update(&bob, bob.version)
        })
        .await?;
    let gone = Sponsor {
        active: false,
        superuser: true,
        held: None,
    };
    assert_eq!(sponsor().await?, Some(gone));
    Ok(())
}
