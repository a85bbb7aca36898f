//! Who belongs to a workspace, and as what.

use rollbook_domain::id::{OrganizationId, UserId, WorkspaceId};
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::Version;
use rollbook_domain::page::Window;
use rollbook_domain::port::Store;
use rollbook_domain::role::{CustomRole, Permission, Permissions, Role, RoleScope, WorkspaceRole};
use rollbook_domain::time::Span;
use rollbook_domain::workspace::{Workspace, WorkspaceMemberView, WorkspaceMembership};
use rollbook_domain::{Error, Refusal, Result};

use crate::harness::{assert_error, on_both};
use crate::house::{House, belonging, house, member};
use crate::support::{Outcome, TestDatabase};

on_both! {
    what_is_added_is_found,
    a_member_belongs_once,
    strangers_and_strange_roles_are_refused,
    permissions_are_those_of_all_roles,
    who_does_not_belong_may_nothing,
    only_what_changes_is_written,
    only_the_seen_version_is_updated,
    who_is_removed_is_gone,
    who_leaves_the_organization_leaves_its_workspaces,
    what_is_refused_leaves_nothing,
    lists_are_in_order,
    members_are_counted_as_asked,
}

/// Acme with two workspaces and three roles for them; Globex with one of each, of the same names.
struct Office {
    house: House,
    lab: Workspace,
    shop: Workspace,
    theirs: Workspace,
    roles: Vec<CustomRole>,
    their_role: CustomRole,
}

async fn office(store: &dyn Store) -> Outcome<Office> {
    let house = house(store).await?;
    let roles = vec![
        sample::workspace_role(&house.acme, "cleaner", &[Permission::DeleteWorkspace]),
        sample::workspace_role(&house.acme, "idler", &[]),
        sample::workspace_role(
            &house.acme,
            "host",
            &[
                Permission::CreateWorkspaceMembership,
                Permission::ReadWorkspace,
            ],
        ),
    ];
    let office = Office {
        lab: sample::workspace(&house.acme, "Lab", &house.ann),
        shop: sample::workspace(&house.acme, "Shop", &house.ann),
        theirs: sample::workspace(&house.globex, "Lab", &house.bob),
        their_role: sample::workspace_role(
            &house.globex,
            "cleaner",
            &[Permission::UpdateWorkspace],
        ),
        roles,
        house,
    };
    let workspaces = [&office.lab, &office.shop, &office.theirs].map(Clone::clone);
    let mut all_roles = office.roles.clone();
    all_roles.push(office.their_role.clone());
    store
        .write(move |tx| {
            for workspace in &workspaces {
                tx.workspaces().add(workspace)?;
            }
            for role in &all_roles {
                tx.roles().add(role)?;
            }
            Ok(())
        })
        .await?;
    Ok(office)
}

async fn add(store: &dyn Store, membership: &WorkspaceMembership) -> Result<bool> {
    let membership = membership.clone();
    store
        .write(move |tx| tx.workspaces().add_member(&membership))
        .await
}

async fn update(
    store: &dyn Store,
    membership: &WorkspaceMembership,
    seen: Version,
) -> Result<bool> {
    let membership = membership.clone();
    store
        .write(move |tx| tx.workspaces().update_member(&membership, seen))
        .await
}

async fn find(
    store: &dyn Store,
    organization: OrganizationId,
    workspace: WorkspaceId,
    user: UserId,
) -> Result<Option<WorkspaceMemberView>> {
    store
        .read_one(move |tx| tx.workspaces().find_member(organization, workspace, user))
        .await
}

async fn granted(store: &dyn Store, workspace: &Workspace, user: UserId) -> Result<Permissions> {
    let (organization, workspace) = (workspace.organization_id, workspace.id);
    store
        .read_one(move |tx| tx.workspaces().granted(organization, workspace, user))
        .await
}

async fn what_is_added_is_found(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let office = office(&*store).await?;
    let House { ann, bob, acme, .. } = &office.house;
    let all: Vec<_> = office.roles.iter().collect();
    let plain = belonging(&office.lab, ann, &[WorkspaceRole::Viewer], &[]);
    let full = WorkspaceMembership {
        version: Version::new(i64::MAX),
        created_at: FixedClock::START.plus(Span::days(1)),
        updated_at: FixedClock::START.plus(Span::days(2)),
        ..belonging(&office.lab, bob, &WorkspaceRole::ALL, &all)
    };
    for (membership, user) in [(plain, ann), (full, bob)] {
        assert!(add(&*store, &membership).await?);
        let found = find(&*store, acme.id, office.lab.id, user.id).await?;
        assert_eq!(found, Some(member(&membership, user)));
    }
    assert_eq!(
        find(&*store, acme.id, office.shop.id, ann.id).await?,
        None,
        "another workspace"
    );
    let theirs = (office.house.globex.id, office.theirs.id);
    assert_eq!(find(&*store, theirs.0, office.lab.id, ann.id).await?, None);
    assert_eq!(find(&*store, acme.id, theirs.1, ann.id).await?, None);
    Ok(())
}

async fn a_member_belongs_once(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let office = office(&*store).await?;
    let ann = &office.house.ann;
    let first = belonging(&office.lab, ann, &[WorkspaceRole::Admin], &[]);
    assert!(add(&*store, &first).await?);
    let again = belonging(
        &office.lab,
        ann,
        &[WorkspaceRole::Viewer],
        &[&office.roles[0]],
    );
    assert!(!add(&*store, &again).await?);
    let found = find(&*store, office.house.acme.id, office.lab.id, ann.id).await?;
    assert_eq!(found, Some(member(&first, ann)));
    let elsewhere = belonging(&office.shop, ann, &[WorkspaceRole::Viewer], &[]);
    assert!(add(&*store, &elsewhere).await?);
    Ok(())
}

/// better-auth PR #9974: a team of another organization. The keys of the tables refuse it, even if
/// no rule has.
async fn strangers_and_strange_roles_are_refused(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let office = office(&*store).await?;
    let House { ann, globex, .. } = &office.house;
    let viewer = [WorkspaceRole::Viewer];
    let stranger = sample::user("stranger");
    let known = stranger.clone();
    store.write(move |tx| tx.users().add(&known)).await?;
    let absent = sample::workspace(&office.house.acme, "Absent", ann);
    let misplaced = WorkspaceMembership {
        organization_id: globex.id,
        ..belonging(&office.lab, ann, &viewer, &[])
    };
    let mistakes = [
        belonging(&office.lab, &stranger, &viewer, &[]),
        belonging(&office.lab, ann, &viewer, &[&office.their_role]),
        belonging(&absent, ann, &viewer, &[]),
        misplaced,
    ];
    for mistake in &mistakes {
        assert_error!(add(&*store, mistake).await, Error::Storage(_));
    }
    let right = belonging(&office.lab, ann, &viewer, &[]);
    assert!(add(&*store, &right).await?);
    let wrong = update(&*store, &mistakes[1], right.version).await;
    assert_error!(wrong, Error::Storage(_));
    let found = find(&*store, office.house.acme.id, office.lab.id, ann.id).await?;
    assert_eq!(found, Some(member(&right, ann)));
    Ok(())
}

async fn permissions_are_those_of_all_roles(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let office = office(&*store).await?;
    let House { ann, bob, .. } = &office.house;
    let wide = CustomRole {
        scope: RoleScope::Organization,
        ..sample::workspace_role(&office.house.acme, "wide", Permission::ALL)
    };
    let mut all: Vec<_> = office.roles.iter().collect();
    all.push(&wide);
    let role = wide.clone();
    store.write(move |tx| tx.roles().add(&role)).await?;
    let viewer = [WorkspaceRole::Viewer];
    add(&*store, &belonging(&office.lab, ann, &viewer, &all)).await?;
    add(
        &*store,
        &belonging(&office.lab, bob, &WorkspaceRole::ALL, &[]),
    )
    .await?;
    add(
        &*store,
        &belonging(&office.shop, bob, &viewer, &[&office.roles[1]]),
    )
    .await?;
    add(
        &*store,
        &belonging(&office.theirs, ann, &viewer, &[&office.their_role]),
    )
    .await?;
    let viewer = WorkspaceRole::Viewer.permissions();
    let custom = Permissions::of(&[
        Permission::DeleteWorkspace,
        Permission::CreateWorkspaceMembership,
    ]);
    assert_eq!(
        granted(&*store, &office.lab, ann.id).await?,
        viewer.or(custom)
    );
    let admin = WorkspaceRole::Admin.permissions();
    assert_eq!(granted(&*store, &office.lab, bob.id).await?, admin);
    assert_eq!(granted(&*store, &office.shop, bob.id).await?, viewer);
    let theirs = viewer.with(Permission::UpdateWorkspace);
    assert_eq!(granted(&*store, &office.theirs, ann.id).await?, theirs);
    Ok(())
}

async fn who_does_not_belong_may_nothing(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let office = office(&*store).await?;
    let House { ann, bob, .. } = &office.house;
    add(
        &*store,
        &belonging(&office.lab, bob, &WorkspaceRole::ALL, &[]),
    )
    .await?;
    let nothing = granted(&*store, &office.shop, ann.id).await?;
    assert_eq!(nothing, Permissions::NONE);
    let misplaced = Workspace {
        organization_id: office.house.globex.id,
        ..office.lab.clone()
    };
    let nothing = granted(&*store, &misplaced, bob.id).await?;
    assert_eq!(nothing, Permissions::NONE);
    Ok(())
}

/// Logto 26c8c3f2ed: writing the members anew dropped the roles of those who had not changed.
async fn only_what_changes_is_written(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let office = office(&*store).await?;
    let House { ann, bob, acme, .. } = &office.house;
    let [cleaner, idler, host] = [0, 1, 2].map(|at| &office.roles[at]);
    let viewer = [WorkspaceRole::Viewer];
    let bystanders = [
        (belonging(&office.lab, bob, &viewer, &[cleaner, host]), bob),
        (belonging(&office.shop, ann, &viewer, &[cleaner, host]), ann),
    ];
    for (bystander, _) in &bystanders {
        add(&*store, bystander).await?;
    }
    let mut kept = belonging(&office.lab, ann, &viewer, &[cleaner, idler]);
    add(&*store, &kept).await?;
    let steps: [(&[WorkspaceRole], &[&CustomRole]); 5] = [
        (&[WorkspaceRole::Editor], &[cleaner, idler]),
        (&[WorkspaceRole::Editor], &[idler, host]),
        (&[WorkspaceRole::Admin, WorkspaceRole::Viewer], &[]),
        (&viewer, &[cleaner, idler, host]),
        (&viewer, &[host]),
    ];
    for (number, (built_in, custom)) in (1..).zip(steps) {
        let next = WorkspaceMembership {
            version: kept.version.next(),
            updated_at: FixedClock::START.plus(Span::seconds(number)),
            ..belonging(&office.lab, ann, built_in, custom)
        };
        assert!(update(&*store, &next, kept.version).await?);
        let found = find(&*store, acme.id, office.lab.id, ann.id).await?;
        assert_eq!(found, Some(member(&next, ann)), "step {number}");
        kept = next;
    }
    for (bystander, user) in &bystanders {
        let found = find(&*store, acme.id, bystander.workspace_id, user.id).await?;
        assert_eq!(found, Some(member(bystander, user)));
    }
    Ok(())
}

async fn only_the_seen_version_is_updated(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let office = office(&*store).await?;
    let House { ann, bob, acme, .. } = &office.house;
    let kept = belonging(&office.lab, ann, &[WorkspaceRole::Viewer], &[]);
    add(&*store, &kept).await?;
    let changed = WorkspaceMembership {
        version: kept.version.next(),
        // This one never changes, whatever is asked.
        created_at: FixedClock::START.plus(Span::days(9)),
        ..belonging(&office.lab, ann, &WorkspaceRole::ALL, &[&office.roles[0]])
    };
    assert!(!update(&*store, &changed, changed.version).await?);
    let nobody = belonging(&office.lab, bob, &[WorkspaceRole::Admin], &[]);
    assert!(!update(&*store, &nobody, nobody.version).await?);
    let found = find(&*store, acme.id, office.lab.id, ann.id).await?;
    assert_eq!(found, Some(member(&kept, ann)));
    assert!(update(&*store, &changed, kept.version).await?);
    assert!(!update(&*store, &changed, kept.version).await?);
    let found = find(&*store, acme.id, office.lab.id, ann.id).await?;
    let created = found.map(|found| found.membership.created_at);
    assert_eq!(created, Some(kept.created_at));
    Ok(())
}

async fn remove(
    store: &dyn Store,
    organization: OrganizationId,
    workspace: WorkspaceId,
    user: UserId,
) -> Result<bool> {
    store
        .write(move |tx| tx.workspaces().remove_member(organization, workspace, user))
        .await
}

async fn who_is_removed_is_gone(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let office = office(&*store).await?;
    let House {
        ann,
        bob,
        acme,
        globex,
    } = &office.house;
    let membership = belonging(
        &office.lab,
        ann,
        &[WorkspaceRole::Viewer],
        &[&office.roles[0]],
    );
    add(&*store, &membership).await?;
    assert!(!remove(&*store, acme.id, office.lab.id, bob.id).await?);
    assert!(!remove(&*store, acme.id, office.shop.id, ann.id).await?);
    assert!(!remove(&*store, globex.id, office.lab.id, ann.id).await?);
    assert!(remove(&*store, acme.id, office.lab.id, ann.id).await?);
    assert!(!remove(&*store, acme.id, office.lab.id, ann.id).await?);
    assert_eq!(find(&*store, acme.id, office.lab.id, ann.id).await?, None);
    // Who comes back does not find the roles of then.
    let plain = belonging(&office.lab, ann, &[WorkspaceRole::Viewer], &[]);
    assert!(add(&*store, &plain).await?);
    let found = find(&*store, acme.id, office.lab.id, ann.id).await?;
    assert_eq!(found, Some(member(&plain, ann)));
    Ok(())
}

/// Zitadel CVE-2026-55670: what somebody was before must not wait for them.
async fn who_leaves_the_organization_leaves_its_workspaces(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let office = office(&*store).await?;
    let House {
        bob, acme, globex, ..
    } = &office.house;
    let roles = [WorkspaceRole::Admin];
    for workspace in [&office.lab, &office.shop] {
        let membership = belonging(workspace, bob, &roles, &[&office.roles[0]]);
        add(&*store, &membership).await?;
    }
    let elsewhere = belonging(&office.theirs, bob, &roles, &[&office.their_role]);
    add(&*store, &elsewhere).await?;
    let (acme_id, again) = (acme.id, sample::membership(acme, bob, &[Role::Member]));
    let user = bob.clone();
    let removed = store.write(move |tx| {
        let removed = tx.memberships().remove(acme_id, user.id)?;
        tx.memberships().add(&again, &user)?;
        Ok(removed)
    });
    assert!(removed.await?);
    for workspace in [&office.lab, &office.shop] {
        assert_eq!(find(&*store, acme.id, workspace.id, bob.id).await?, None);
        let left = granted(&*store, workspace, bob.id).await?;
        assert_eq!(left, Permissions::NONE);
    }
    let found = find(&*store, globex.id, office.theirs.id, bob.id).await?;
    assert_eq!(found, Some(member(&elsewhere, bob)));
    Ok(())
}

async fn what_is_refused_leaves_nothing(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let office = office(&*store).await?;
    let House { ann, bob, acme, .. } = &office.house;
    let kept = belonging(&office.lab, ann, &[WorkspaceRole::Viewer], &[]);
    add(&*store, &kept).await?;
    let all: Vec<_> = office.roles.iter().collect();
    let changed = WorkspaceMembership {
        version: kept.version.next(),
        ..belonging(&office.lab, ann, &[WorkspaceRole::Admin], &all)
    };
    let added = belonging(&office.lab, bob, &[WorkspaceRole::Admin], &all);
    let seen = kept.version;
    let outcome: Result<()> = store
        .write(move |tx| {
            assert!(tx.workspaces().update_member(&changed, seen)?);
            assert!(tx.workspaces().add_member(&added)?);
            Err(Refusal::VersionMismatch.into())
        })
        .await;
    assert_error!(outcome, Error::Refused(Refusal::VersionMismatch));
    let found = find(&*store, acme.id, office.lab.id, ann.id).await?;
    assert_eq!(found, Some(member(&kept, ann)));
    assert_eq!(find(&*store, acme.id, office.lab.id, bob.id).await?, None);
    Ok(())
}

/// 12 members of the lab, every third with a custom role, and none of other workspaces.
async fn lists_are_in_order(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let office = office(&*store).await?;
    let acme = &office.house.acme;
    let mut views = Vec::new();
    for number in 0..12 {
        let user = sample::user(&format!("user{number}"));
        let custom: Vec<_> = office.roles.iter().take(number % 3).collect();
        let membership = belonging(&office.lab, &user, &[WorkspaceRole::Editor], &custom);
        views.push(member(&membership, &user));
        let joined = sample::membership(acme, &user, &[Role::Member]);
        let elsewhere = belonging(&office.shop, &user, &[WorkspaceRole::Admin], &[]);
        store
            .write(move |tx| {
                tx.users().add(&user)?;
                tx.memberships().add(&joined, &user)?;
                tx.workspaces().add_member(&elsewhere)?;
                tx.workspaces().add_member(&membership)
            })
            .await?;
    }
    views.sort_by_key(|view| view.membership.user_id);
    let id = |at: usize| views[at].membership.user_id;
    let list = async |organization, window: Window<UserId>| {
        let lab = office.lab.id;
        store
            .read(move |tx| tx.workspaces().list_members(organization, lab, &window))
            .await
    };
    let page = list(acme.id, Window::first(5).counted()).await?;
    assert_eq!(page.items, views[..5]);
    assert_eq!((page.next, page.total), (Some(id(4)), Some(12)));
    let page = list(acme.id, Window::after(id(4), 7)).await?;
    assert_eq!(page.items, views[5..]);
    assert_eq!((page.next, page.total), (None, None));
    let page = list(acme.id, Window::skip(10, 9)).await?;
    assert_eq!((&page.items[..], page.next), (&views[10..], None));
    let page = list(office.house.globex.id, Window::first(5).counted()).await?;
    assert_eq!((page.items, page.total), (vec![], Some(0)));
    Ok(())
}

async fn members_are_counted_as_asked(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let office = office(&*store).await?;
    let House {
        ann,
        bob,
        acme,
        globex,
    } = &office.house;
    let empty = sample::workspace(acme, "Empty", ann);
    let added = empty.clone();
    store.write(move |tx| tx.workspaces().add(&added)).await?;
    let viewer = [WorkspaceRole::Viewer];
    for (workspace, user) in [
        (&office.lab, ann),
        (&office.lab, bob),
        (&office.shop, bob),
        (&office.theirs, bob),
    ] {
        add(&*store, &belonging(workspace, user, &viewer, &[])).await?;
    }
    let count = async |organization, ids: Vec<WorkspaceId>| {
        store
            .read_one(move |tx| tx.workspaces().count_members(organization, &ids))
            .await
    };
    let ids = vec![office.shop.id, empty.id, office.lab.id, office.theirs.id];
    assert_eq!(count(acme.id, ids.clone()).await?, [1, 0, 2, 0]);
    assert_eq!(count(globex.id, ids).await?, [0, 0, 0, 1]);
    assert_eq!(count(acme.id, vec![]).await?, [0_u64; 0]);
    let twice = vec![office.lab.id, office.lab.id];
    assert_eq!(count(acme.id, twice).await?, [2, 2]);
    // As many as no page has.
    let absent = |number| WorkspaceId::new(sample::uuid(&format!("absent {number}")));
    let mut ids: Vec<_> = (0..1100).map(absent).collect();
    ids.push(office.lab.id);
    let counts = count(acme.id, ids).await?;
    assert_eq!((counts.len(), counts.iter().sum()), (1101, 2));
    assert_eq!(counts[1100], 2);
    Ok(())
}
