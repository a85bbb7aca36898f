//! The repository of domains.

use rollbook_domain::domain::{Enrollment, OrganizationDomain};
use rollbook_domain::id::{DomainId, OrganizationId};
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::{Organization, Version};
use rollbook_domain::page::Window;
use rollbook_domain::port::Store;
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::value::DomainName;
use rollbook_domain::{Error, Refusal, Result};

use crate::harness::{assert_error, on_both};
use crate::house::house;
use crate::support::{Outcome, TestDatabase};

on_both! {
    every_field_is_kept,
    an_organization_adds_a_domain_once,
    one_organization_verifies_a_domain,
    one_domain_is_primary,
    every_field_is_updated,
    only_the_seen_version_is_updated,
    only_the_living_have_verified_domains,
    lists_are_in_order,
    what_is_removed_is_gone,
    what_is_released_can_be_verified_by_others,
    what_is_refused_leaves_nothing,
}

fn verified(domain: &OrganizationDomain) -> OrganizationDomain {
    OrganizationDomain {
        verified_at: Some(FixedClock::START),
        version: domain.version.next(),
        ..domain.clone()
    }
}

fn primary(domain: &OrganizationDomain) -> OrganizationDomain {
    OrganizationDomain {
        primary: true,
        ..verified(domain)
    }
}

async fn add(store: &dyn Store, domain: &OrganizationDomain) -> Result<bool> {
    let domain = domain.clone();
    store.write(move |tx| tx.domains().add(&domain)).await
}

async fn update(store: &dyn Store, domain: &OrganizationDomain, seen: Version) -> Result<bool> {
    let domain = domain.clone();
    store
        .write(move |tx| tx.domains().update(&domain, seen))
        .await
}

async fn find(
    store: &dyn Store,
    organization: OrganizationId,
    id: DomainId,
) -> Result<Option<OrganizationDomain>> {
    store
        .read_one(move |tx| tx.domains().find(organization, id))
        .await
}

async fn find_verified(store: &dyn Store, name: &str) -> Result<Option<OrganizationDomain>> {
    let name = DomainName::from_stored(name.to_owned());
    store
        .read_one(move |tx| tx.domains().find_verified(&name))
        .await
}

fn full(organization: &Organization) -> OrganizationDomain {
    OrganizationDomain {
        challenge: "'; -- ü".repeat(40),
        verified_at: Some(Timestamp::from_millis(1)),
        primary: true,
        enrollment: Enrollment::AutomaticJoin,
        version: Version::new(i64::MAX),
        created_at: Timestamp::from_millis(1),
        updated_at: Timestamp::from_millis(946_684_799_999),
        ..sample::domain(organization, "xn--bcher-kva.example")
    }
}

async fn every_field_is_kept(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let middle = OrganizationDomain {
        enrollment: Enrollment::AutomaticInvitation,
        ..sample::domain(&house.acme, "middle.example")
    };
    let plain = sample::domain(&house.acme, "plain.example");
    for domain in [plain, middle, full(&house.acme)] {
        assert!(add(&*store, &domain).await?);
        let found = find(&*store, house.acme.id, domain.id).await?;
        assert_eq!(found.as_ref(), Some(&domain));
        let theirs = find(&*store, house.globex.id, domain.id).await?;
        assert_eq!(theirs, None, "of another organization");
    }
    let absent = DomainId::new(sample::uuid("absent"));
    assert_eq!(find(&*store, house.acme.id, absent).await?, None);
    let nowhere = sample::organization("Nowhere", &house.ann);
    let orphan = add(&*store, &sample::domain(&nowhere, "orphan.example")).await;
    assert_error!(orphan, Error::Storage(_));
    Ok(())
}

async fn an_organization_adds_a_domain_once(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let first = sample::domain(&house.acme, "acme.example");
    assert!(add(&*store, &first).await?);
    let second = OrganizationDomain {
        id: DomainId::new(sample::uuid("another id")),
        ..first.clone()
    };
    assert!(!add(&*store, &second).await?);
    assert_eq!(find(&*store, house.acme.id, second.id).await?, None);
    // Others may say that it is theirs, too (keycloak #36509).
    assert!(add(&*store, &sample::domain(&house.globex, "acme.example")).await?);
    Ok(())
}

/// keycloak #36509: a verified domain has one organization.
async fn one_organization_verifies_a_domain(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let ours = sample::domain(&house.acme, "acme.example");
    let theirs = sample::domain(&house.globex, "acme.example");
    assert!(add(&*store, &ours).await? && add(&*store, &theirs).await?);
    assert_eq!(find_verified(&*store, "acme.example").await?, None);
    assert!(update(&*store, &verified(&ours), ours.version).await?);
    let outcome = update(&*store, &verified(&theirs), theirs.version).await;
    assert_error!(outcome, Error::Refused(Refusal::DomainTaken));
    let found = find_verified(&*store, "acme.example").await?;
    assert_eq!(found, Some(verified(&ours)));
    let kept = find(&*store, house.globex.id, theirs.id).await?;
    assert_eq!(kept.as_ref(), Some(&theirs));
    let touched = OrganizationDomain {
        enrollment: Enrollment::AutomaticInvitation,
        ..verified(&ours)
    };
    assert!(update(&*store, &touched, touched.version).await?);
    Ok(())
}

/// A second primary domain is a mistake of the rules, not somebody else's domain.
async fn one_domain_is_primary(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let [one, other] =
        ["one.example", "other.example"].map(|name| sample::domain(&house.acme, name));
    let theirs = sample::domain(&house.globex, "theirs.example");
    for domain in [&one, &other, &theirs] {
        assert!(add(&*store, domain).await?);
    }
    assert!(update(&*store, &primary(&one), one.version).await?);
    assert!(update(&*store, &primary(&theirs), theirs.version).await?);
    let outcome = update(&*store, &primary(&other), other.version).await;
    assert_error!(outcome, Error::Storage(_));
    let cleared = verified(&verified(&one));
    assert!(update(&*store, &cleared, verified(&one).version).await?);
    assert!(update(&*store, &primary(&other), other.version).await?);
    Ok(())
}

async fn every_field_is_updated(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let full = full(&house.acme);
    let plain = OrganizationDomain {
        id: full.id,
        ..sample::domain(&house.acme, "plain.example")
    };
    let other = sample::domain(&house.acme, "other.example");
    assert!(add(&*store, &plain).await? && add(&*store, &other).await?);
    for (next, seen) in [(&full, plain.version), (&plain, full.version)] {
        assert!(update(&*store, next, seen).await?);
        let found = find(&*store, house.acme.id, plain.id).await?;
        assert_eq!(found.as_ref(), Some(next));
    }
    let found = find(&*store, house.acme.id, other.id).await?;
    assert_eq!(found, Some(other));
    Ok(())
}

async fn only_the_seen_version_is_updated(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let kept = sample::domain(&house.acme, "acme.example");
    assert!(add(&*store, &kept).await?);
    let changed = verified(&kept);
    assert!(!update(&*store, &changed, changed.version).await?);
    let elsewhere = OrganizationDomain {
        organization_id: house.globex.id,
        ..changed.clone()
    };
    assert!(!update(&*store, &elsewhere, kept.version).await?);
    let found = find(&*store, house.acme.id, kept.id).await?;
    assert_eq!(found.as_ref(), Some(&kept));
    assert!(update(&*store, &changed, kept.version).await?);
    assert!(!update(&*store, &changed, kept.version).await?);
    Ok(())
}

/// Zitadel GHSA-jj94-6f5c-65r8: what a dead organization had must not work on.
async fn only_the_living_have_verified_domains(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let ours = verified(&sample::domain(&house.acme, "acme.example"));
    assert!(add(&*store, &ours).await?);
    assert_eq!(find_verified(&*store, "acme.example").await?, Some(ours));
    assert_eq!(find_verified(&*store, "example").await?, None);
    let (mut dead, seen) = (house.acme.clone(), house.acme.version);
    dead.touch(FixedClock::START);
    dead.deleted_at = Some(FixedClock::START);
    let deleted = store.write(move |tx| tx.organizations().update(&dead, seen));
    assert!(deleted.await?);
    assert_eq!(find_verified(&*store, "acme.example").await?, None);
    Ok(())
}

async fn lists_are_in_order(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let mut domains = Vec::new();
    for number in 0..12 {
        let name = format!("d{number}.example");
        domains.push(sample::domain(&house.acme, &name));
        add(&*store, &domains[number]).await?;
        if number % 4 == 0 {
            add(&*store, &sample::domain(&house.globex, &name)).await?;
        }
    }
    domains.sort_by_key(|domain| domain.id);
    let list = async |organization, window: Window<DomainId>| {
        store
            .read(move |tx| tx.domains().list(organization, &window))
            .await
    };
    let acme = house.acme.id;
    let page = list(acme, Window::first(5).counted()).await?;
    assert_eq!(page.items, domains[..5]);
    assert_eq!((page.next, page.total), (Some(domains[4].id), Some(12)));
    let page = list(acme, Window::after(domains[4].id, 7)).await?;
    assert_eq!(page.items, domains[5..]);
    assert_eq!((page.next, page.total), (None, None));
    let page = list(acme, Window::skip(3, 2)).await?;
    assert_eq!(page.items, domains[3..5]);
    let page = list(house.globex.id, Window::first(5).counted()).await?;
    assert_eq!((page.items.len(), page.total), (3, Some(3)));
    let count = async |id| store.read_one(move |tx| tx.domains().count(id)).await;
    assert_eq!(count(acme).await?, 12);
    assert_eq!(count(house.globex.id).await?, 3);
    Ok(())
}

async fn what_is_removed_is_gone(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let ours = verified(&sample::domain(&house.acme, "acme.example"));
    assert!(add(&*store, &ours).await?);
    let remove = async |organization, id| {
        store
            .write(move |tx| tx.domains().remove(organization, id))
            .await
    };
    assert!(!remove(house.globex.id, ours.id).await?);
    assert!(remove(house.acme.id, ours.id).await?);
    assert!(!remove(house.acme.id, ours.id).await?);
    assert_eq!(find(&*store, house.acme.id, ours.id).await?, None);
    let theirs = verified(&sample::domain(&house.globex, "acme.example"));
    assert!(add(&*store, &theirs).await?);
    Ok(())
}

async fn what_is_released_can_be_verified_by_others(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let ours = primary(&sample::domain(&house.acme, "acme.example"));
    let pending = sample::domain(&house.acme, "pending.example");
    let theirs = sample::domain(&house.globex, "acme.example");
    let bystander = primary(&sample::domain(&house.globex, "globex.example"));
    for domain in [&ours, &pending, &theirs, &bystander] {
        assert!(add(&*store, domain).await?);
    }
    let acme = house.acme.id;
    store
        .write(move |tx| tx.domains().release_all(acme))
        .await?;
    let found = find(&*store, acme, ours.id).await?.ok_or("it is gone")?;
    assert_eq!((found.verified_at, found.primary), (None, false));
    assert!(
        found.version > ours.version,
        "who saw it primary saw another"
    );
    assert_eq!(find(&*store, acme, pending.id).await?, Some(pending));
    let kept = find(&*store, house.globex.id, bystander.id).await?;
    assert_eq!(kept, Some(bystander));
    assert!(update(&*store, &verified(&theirs), theirs.version).await?);
    Ok(())
}

async fn what_is_refused_leaves_nothing(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let mut kept = sample::domain(&house.acme, "kept.example");
    assert!(add(&*store, &kept).await?);
    let (changed, seen) = (verified(&kept), kept.version);
    let added = sample::domain(&house.acme, "added.example");
    let id = added.id;
    let outcome: Result<()> = store
        .write(move |tx| {
            assert!(tx.domains().update(&changed, seen)?);
            assert!(tx.domains().add(&added)?);
            Err(Refusal::VersionMismatch.into())
        })
        .await;
    assert_error!(outcome, Error::Refused(Refusal::VersionMismatch));
    assert_eq!(find(&*store, house.acme.id, id).await?, None);
    let found = find(&*store, house.acme.id, kept.id).await?;
    assert_eq!(found.as_ref(), Some(&kept));
    kept.touch(FixedClock::START.plus(Span::seconds(1)));
    assert!(update(&*store, &kept, seen).await?);
    Ok(())
}
