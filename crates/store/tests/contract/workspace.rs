//! The repository of workspaces, but for its lists and the members.

use rollbook_domain::id::{OrganizationId, WorkspaceId};
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::Version;
use rollbook_domain::port::Store;
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::value::{Description, IconName, WorkspaceTitle};
use rollbook_domain::workspace::{Workspace, WorkspaceView};
use rollbook_domain::{Error, Refusal, Result};

use crate::harness::{assert_error, on_both};
use crate::house::{House, house, view};
use crate::support::{Outcome, TestDatabase};

on_both! {
    every_field_is_kept,
    an_id_is_taken_in_its_organization,
    orphans_are_refused,
    every_field_is_updated,
    only_the_seen_version_is_updated,
    the_living_are_counted,
    the_living_are_told_apart,
    what_is_refused_leaves_nothing,
    a_workspace_of_another_organization_is_not_found,
}

async fn add(store: &dyn Store, workspace: &Workspace) -> Result<bool> {
    let workspace = workspace.clone();
    store.write(move |tx| tx.workspaces().add(&workspace)).await
}

async fn update(store: &dyn Store, workspace: &Workspace, seen: Version) -> Result<bool> {
    let workspace = workspace.clone();
    store
        .write(move |tx| tx.workspaces().update(&workspace, seen))
        .await
}

async fn find(
    store: &dyn Store,
    organization: OrganizationId,
    id: WorkspaceId,
) -> Result<Option<WorkspaceView>> {
    store
        .read_one(move |tx| tx.workspaces().find(organization, id))
        .await
}

/// A workspace that has everything, at its limits.
fn full(house: &House) -> Workspace {
    Workspace {
        title: WorkspaceTitle::from_stored("Ǆ 株式会社 🦀 \u{1e9e}".repeat(20)),
        description: Some(Description::from_stored("%_\\'\"; -- é\u{301}".repeat(18))),
        icon: Some(IconName::from_stored("📎".repeat(64))),
        icon_color: Some(IconName::from_stored("#ff8800".to_owned())),
        version: Version::new(i64::MAX),
        created_at: Timestamp::from_millis(1),
        updated_at: Timestamp::from_millis(946_684_799_999),
        deleted_at: Some(Timestamp::from_millis(i64::MAX)),
        ..sample::workspace(&house.acme, "Full", &house.bob)
    }
}

async fn every_field_is_kept(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let plain = sample::workspace(&house.acme, "Plain", &house.ann);
    for (workspace, creator) in [(plain, &house.ann), (full(&house), &house.bob)] {
        assert!(add(&*store, &workspace).await?);
        let found = find(&*store, house.acme.id, workspace.id).await?;
        assert_eq!(found, Some(view(&workspace, creator)));
    }
    let absent = WorkspaceId::new(sample::uuid("absent"));
    assert_eq!(find(&*store, house.acme.id, absent).await?, None);
    Ok(())
}

async fn an_id_is_taken_in_its_organization(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let first = sample::workspace(&house.acme, "First", &house.ann);
    assert!(add(&*store, &first).await?);
    let second = Workspace {
        id: first.id,
        ..sample::workspace(&house.acme, "Second", &house.bob)
    };
    assert!(!add(&*store, &second).await?);
    let found = find(&*store, house.acme.id, first.id).await?;
    assert_eq!(found, Some(view(&first, &house.ann)));
    Ok(())
}

async fn orphans_are_refused(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let nowhere = sample::organization("Nowhere", &house.ann);
    let orphans = [
        sample::workspace(&house.acme, "Of nobody", &sample::user("nobody")),
        sample::workspace(&nowhere, "Of nothing", &house.ann),
    ];
    for orphan in orphans {
        assert_error!(add(&*store, &orphan).await, Error::Storage(_));
    }
    Ok(())
}

async fn every_field_is_updated(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let plain = Workspace {
        version: Version::new(7),
        ..sample::workspace(&house.acme, "Full", &house.ann)
    };
    let other = sample::workspace(&house.acme, "Other", &house.ann);
    assert!(add(&*store, &plain).await? && add(&*store, &other).await?);
    let full = full(&house);
    assert!(update(&*store, &full, Version::new(7)).await?);
    let found = find(&*store, house.acme.id, full.id).await?;
    assert_eq!(found, Some(view(&full, &house.bob)));
    assert!(update(&*store, &plain, full.version).await?);
    let found = find(&*store, house.acme.id, plain.id).await?;
    assert_eq!(found, Some(view(&plain, &house.ann)));
    let found = find(&*store, house.acme.id, other.id).await?;
    assert_eq!(found, Some(view(&other, &house.ann)));
    Ok(())
}

async fn only_the_seen_version_is_updated(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let kept = sample::workspace(&house.acme, "Kept", &house.ann);
    assert!(add(&*store, &kept).await?);
    let mut changed = kept.clone();
    changed.touch(FixedClock::START.plus(Span::seconds(1)));
    assert!(!update(&*store, &changed, changed.version).await?);
    let absent = sample::workspace(&house.acme, "Absent", &house.ann);
    assert!(!update(&*store, &absent, absent.version).await?);
    let elsewhere = Workspace {
        organization_id: house.globex.id,
        ..changed.clone()
    };
    assert!(!update(&*store, &elsewhere, kept.version).await?);
    let found = find(&*store, house.acme.id, kept.id).await?;
    assert_eq!(found, Some(view(&kept, &house.ann)));
    assert!(update(&*store, &changed, kept.version).await?);
    assert!(!update(&*store, &changed, kept.version).await?);
    Ok(())
}

async fn the_living_are_counted(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let count = async |id| store.read_one(move |tx| tx.workspaces().count(id)).await;
    assert_eq!(count(house.acme.id).await?, 0);
    for number in 0..5 {
        let mut workspace = sample::workspace(&house.acme, &format!("w{number}"), &house.ann);
        workspace.deleted_at = (number > 2).then_some(FixedClock::START);
        add(&*store, &workspace).await?;
    }
    add(&*store, &sample::workspace(&house.globex, "w0", &house.ann)).await?;
    assert_eq!(count(house.acme.id).await?, 3);
    assert_eq!(count(house.globex.id).await?, 1);
    Ok(())
}

async fn the_living_are_told_apart(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let lab = sample::workspace(&house.acme, "Lab", &house.ann);
    let shop = sample::workspace(&house.acme, "Shop", &house.ann);
    let theirs = sample::workspace(&house.globex, "Lab", &house.bob);
    let gone = full(&house);
    for workspace in [&lab, &shop, &theirs, &gone] {
        assert!(add(&*store, workspace).await?);
    }
    let live = async |organization, ids: Vec<WorkspaceId>| {
        store
            .read_one(move |tx| tx.workspaces().live(organization, &ids))
            .await
    };
    let mut both = [lab.id, shop.id];
    both.sort_unstable();
    let all = vec![shop.id, gone.id, lab.id, theirs.id, lab.id];
    assert_eq!(live(house.acme.id, all.clone()).await?, both);
    assert_eq!(live(house.globex.id, all).await?, [theirs.id]);
    assert_eq!(live(house.acme.id, vec![shop.id]).await?, [shop.id]);
    assert_eq!(live(house.acme.id, vec![]).await?, []);
    // As many as no statement has, and the same one far apart.
    let absent = |number| WorkspaceId::new(sample::uuid(&format!("absent {number}")));
    let mut ids: Vec<_> = (0..1100).map(absent).collect();
    ids.insert(0, lab.id);
    ids.extend(both);
    assert_eq!(live(house.acme.id, ids).await?, both);
    Ok(())
}

async fn what_is_refused_leaves_nothing(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let refused = sample::workspace(&house.acme, "Refused", &house.ann);
    let written = refused.clone();
    let outcome: Result<()> = store
        .write(move |tx| {
            tx.workspaces().add(&written)?;
            Err(Refusal::VersionMismatch.into())
        })
        .await;
    assert_error!(outcome, Error::Refused(Refusal::VersionMismatch));
    assert_eq!(find(&*store, house.acme.id, refused.id).await?, None);
    Ok(())
}

/// Unkey PR #6524, Zitadel GHSA-cpf4-pmr4-w6cx: somebody else's id under one's own organization.
async fn a_workspace_of_another_organization_is_not_found(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let theirs = sample::workspace(&house.globex, "Theirs", &house.bob);
    assert!(add(&*store, &theirs).await?);
    assert_eq!(find(&*store, house.acme.id, theirs.id).await?, None);
    let found = find(&*store, house.globex.id, theirs.id).await?;
    assert_eq!(found, Some(view(&theirs, &house.bob)));
    Ok(())
}
