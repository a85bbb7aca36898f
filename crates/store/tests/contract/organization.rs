//! The repository of organizations, but for its lists and its count.

use rollbook_domain::id::OrganizationId;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::{Organization, OrganizationView, Version};
use rollbook_domain::port::Store;
use rollbook_domain::subscription::Plan;
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::user::User;
use rollbook_domain::value::{
    Description, Logo, LogoImage, Malformed, OrganizationName, Slug, Url,
};
use rollbook_domain::{Error, Refusal};

use crate::harness::{assert_error, on_both};
use crate::support::{Outcome, TestDatabase};

on_both! {
    every_field_is_kept,
    every_logo_is_kept,
    an_id_is_taken_for_ever,
    a_slug_is_taken_while_its_organization_lives,
    every_field_is_updated,
    only_the_seen_version_is_updated,
    an_update_does_not_take_a_slug,
    orphans_are_refused,
    locking_finds_the_living_and_the_deleted,
}

/// Ann is in the database from the start.
async fn ann(store: &dyn Store) -> Outcome<User> {
    store
        .write(|tx| tx.users().add(&sample::user("ann")))
        .await?;
    Ok(sample::user("ann"))
}

async fn add(store: &dyn Store, organization: &Organization) -> Outcome<bool> {
    let organization = organization.clone();
    Ok(store
        .write(move |tx| tx.organizations().add(&organization, &Plan::default()))
        .await?)
}

async fn update(
    store: &dyn Store,
    organization: &Organization,
    seen: Version,
) -> rollbook_domain::Result<bool> {
    let organization = organization.clone();
    store
        .write(move |tx| tx.organizations().update(&organization, seen))
        .await
}

async fn find(store: &dyn Store, id: OrganizationId) -> Outcome<Option<OrganizationView>> {
    Ok(store
        .read_one(move |tx| tx.organizations().find(id))
        .await?)
}

async fn is_taken(store: &dyn Store, slug: &Slug) -> Outcome<bool> {
    let slug = slug.clone();
    Ok(store
        .read_one(move |tx| tx.organizations().slug_is_taken(&slug))
        .await?)
}

fn deleted(organization: &Organization) -> Organization {
    Organization {
        deleted_at: Some(FixedClock::START.plus(Span::seconds(1))),
        ..organization.clone()
    }
}

/// Another organization of the owner with the slug of this one.
fn rival(organization: &Organization, owner: &User) -> Organization {
    Organization {
        slug: organization.slug.clone(),
        ..sample::organization("Rival", owner)
    }
}

/// An organization that has everything, at its limits.
fn full(owner: &User) -> Organization {
    Organization {
        name: OrganizationName::from_stored("Ǆ 株式会社 🦀 \u{1e9e}".repeat(20)),
        slug: Slug::from_stored("s".repeat(63)),
        description: Some(Description::from_stored("%_\\'\"; -- é\u{301}".repeat(18))),
        logo: Some(Logo::External(Url::from_stored(
            "https://example.com/".repeat(100),
        ))),
        version: Version::new(i64::MAX),
        created_at: Timestamp::from_millis(1),
        updated_at: Timestamp::from_millis(946_684_799_999),
        deleted_at: Some(Timestamp::from_millis(i64::MAX)),
        ..sample::organization("Full", owner)
    }
}

async fn every_field_is_kept(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let ann = ann(&*store).await?;
    let view = sample::organization_view("Acme", &ann);
    for organization in [view.organization.clone(), full(&ann)] {
        assert!(add(&*store, &organization).await?);
        let expected = OrganizationView {
            organization,
            owner: view.owner.clone(),
        };
        let found = find(&*store, expected.organization.id).await?;
        assert_eq!(found, Some(expected));
    }
    let absent = OrganizationId::new(sample::uuid("absent"));
    assert_eq!(find(&*store, absent).await?, None);
    Ok(())
}

async fn every_logo_is_kept(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let ann = ann(&*store).await?;
    let mut organization = sample::organization("Acme", &ann);
    assert!(add(&*store, &organization).await?);
    let bytes = (0..=u8::MAX).cycle().take(LogoImage::MAX_BYTES).collect();
    let image = |media_type, bytes| {
        let image = LogoImage::new(media_type, bytes);
        image.map_err(|error: Malformed| error.in_field("logo"))
    };
    let url = Url::from_stored("https://example.com/logo.svg?a=%20&b=ü".to_owned());
    let logos = [
        Some(Logo::Image(image("image/png", bytes)?)),
        Some(Logo::External(url)),
        Some(Logo::Image(image("image/svg+xml", vec![0])?)),
        None,
    ];
    for logo in logos {
        let seen = organization.version;
        organization.touch(FixedClock::START);
        organization.logo = logo;
        assert!(update(&*store, &organization, seen).await?);
        let found = find(&*store, organization.id).await?;
        let found = found.ok_or("it is gone")?.organization;
        assert!(found == organization, "{:?}", organization.logo);
    }
    Ok(())
}

async fn an_id_is_taken_for_ever(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let ann = ann(&*store).await?;
    let kept = deleted(&sample::organization("Acme", &ann));
    assert!(add(&*store, &kept).await?);
    let thief = Organization {
        id: kept.id,
        ..sample::organization("Thief", &ann)
    };
    assert!(!add(&*store, &thief).await?);
    let found = find(&*store, kept.id).await?;
    assert_eq!(found.map(|view| view.organization), Some(kept));
    assert!(!is_taken(&*store, &thief.slug).await?);
    Ok(())
}

async fn a_slug_is_taken_while_its_organization_lives(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let ann = ann(&*store).await?;
    let acme = sample::organization("Acme", &ann);
    let rival = rival(&acme, &ann);
    assert!(!is_taken(&*store, &acme.slug).await?);
    assert!(add(&*store, &acme).await?);
    assert!(is_taken(&*store, &acme.slug).await?);
    assert!(!is_taken(&*store, &Slug::from_stored("acme-".to_owned())).await?);
    assert!(!add(&*store, &rival).await?);
    assert_eq!(find(&*store, rival.id).await?, None);

    assert!(update(&*store, &deleted(&acme), acme.version).await?);
    assert!(!is_taken(&*store, &acme.slug).await?);
    assert!(add(&*store, &deleted(&rival)).await?);
    let third = Organization {
        slug: acme.slug.clone(),
        ..sample::organization("Third", &ann)
    };
    assert!(add(&*store, &third).await?);
    assert!(is_taken(&*store, &acme.slug).await?);
    Ok(())
}

async fn every_field_is_updated(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let ann = ann(&*store).await?;
    let bob = sample::user("bob");
    let user = bob.clone();
    store.write(move |tx| tx.users().add(&user)).await?;
    let before = sample::organization("Full", &ann);
    assert!(add(&*store, &before).await?);
    let after = full(&bob);
    assert!(update(&*store, &after, before.version).await?);
    let found = find(&*store, before.id).await?.ok_or("it is gone")?;
    assert_eq!(
        (found.organization, found.owner.id),
        (after.clone(), bob.id)
    );
    // And back, so that what was set is cleared.
    assert!(update(&*store, &before, after.version).await?);
    let found = find(&*store, before.id).await?.ok_or("it is gone")?;
    assert_eq!((found.organization, found.owner.id), (before, ann.id));
    Ok(())
}

async fn only_the_seen_version_is_updated(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let ann = ann(&*store).await?;
    let kept = Organization {
        version: Version::new(7),
        ..sample::organization("Acme", &ann)
    };
    assert!(add(&*store, &kept).await?);
    let changed = Organization {
        name: OrganizationName::from_stored("Changed".to_owned()),
        version: Version::new(8),
        ..kept.clone()
    };
    for seen in [1, 6, 8] {
        assert!(!update(&*store, &changed, Version::new(seen)).await?);
    }
    let absent = sample::organization("Absent", &ann);
    assert!(!update(&*store, &absent, absent.version).await?);
    let found = find(&*store, kept.id).await?;
    assert_eq!(found.map(|view| view.organization), Some(kept));
    assert_eq!(find(&*store, absent.id).await?, None);
    Ok(())
}

async fn an_update_does_not_take_a_slug(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let ann = ann(&*store).await?;
    let acme = sample::organization("Acme", &ann);
    let rival = rival(&acme, &ann);
    assert!(add(&*store, &acme).await?);
    assert!(add(&*store, &deleted(&rival)).await?);
    // Neither a new slug nor coming back to life.
    let outcome = update(&*store, &rival, rival.version).await;
    assert_error!(outcome, Error::Refused(Refusal::SlugTaken(slug)) if slug == "acme");
    // Its own slug is free for it, and a deleted one's for everybody.
    assert!(update(&*store, &acme, acme.version).await?);
    assert!(update(&*store, &deleted(&acme), acme.version).await?);
    assert!(update(&*store, &rival, rival.version).await?);
    Ok(())
}

async fn orphans_are_refused(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let ann = ann(&*store).await?;
    let nobody = sample::user("nobody");
    let orphan = sample::organization("Orphan", &nobody);
    assert!(add(&*store, &orphan).await.is_err());
    let acme = sample::organization("Acme", &ann);
    assert!(add(&*store, &acme).await?);
    let orphaned = Organization {
        owner_id: nobody.id,
        ..acme.clone()
    };
    let outcome = update(&*store, &orphaned, acme.version).await;
    assert_error!(outcome, Error::Storage(_));
    Ok(())
}

async fn locking_finds_the_living_and_the_deleted(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let ann = ann(&*store).await?;
    let living = sample::organization("Living", &ann);
    for organization in [Some(&living), Some(&full(&ann)), None] {
        let id = organization.map_or(OrganizationId::new(sample::uuid("absent")), |it| it.id);
        if let Some(organization) = organization {
            add(&*store, organization).await?;
        }
        let locked = store.write(move |tx| tx.organizations().lock(id)).await?;
        assert_eq!(locked.as_ref(), organization);
    }
    Ok(())
}
