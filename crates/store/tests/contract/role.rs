//! The repository of the roles that organizations make for themselves.

use rollbook_domain::id::RoleId;
use rollbook_domain::membership::Membership;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::Version;
use rollbook_domain::page::Window;
use rollbook_domain::port::{RoleHolder, Store};
use rollbook_domain::role::{
    AssignedRole, CustomRole, Permission, Permissions, Role, WorkspaceRole,
};
use rollbook_domain::time::Span;
use rollbook_domain::value::{Description, RoleKey, RoleTitle};
use rollbook_domain::{Error, Refusal};

use crate::harness::{assert_error, on_both};
use crate::house::{House, belonging, house};
use crate::support::{Outcome, TestDatabase};

on_both! {
    what_is_added_is_found,
    keys_and_titles_are_unique_in_an_organization,
    everything_but_the_id_can_change,
    a_title_is_not_taken_over,
    lists_come_by_id,
    who_has_a_role_is_known,
    what_nobody_knows_is_no_role,
}

async fn add(store: &dyn Store, role: &CustomRole) -> Outcome<bool> {
    let role = role.clone();
    Ok(store.write(move |tx| tx.roles().add(&role)).await?)
}

async fn what_is_added_is_found(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, globex, .. } = house(&*store).await?;
    let plain = sample::role(&acme, "plain", &[]);
    let rich = CustomRole {
        title: RoleTitle::from_stored("Grün XL 🦀".to_owned()),
        description: Some(Description::from_stored("All of them".to_owned())),
        version: Version::new(7),
        updated_at: FixedClock::START.plus(Span::seconds(9)),
        ..sample::workspace_role(&acme, "rich", Permission::ALL)
    };
    for role in [plain, rich] {
        assert!(add(&*store, &role).await?);
        let (here, there) = (acme.id, globex.id);
        let spelled = RoleTitle::from_stored(role.title.as_str().to_uppercase());
        let asked = role.clone();
        let found = store
            .read(move |tx| {
                let roles = tx.roles();
                Ok((
                    [
                        roles.find(here, asked.id)?,
                        roles.find_by_key(here, &asked.key)?,
                        roles.find_by_title(here, &spelled)?,
                    ],
                    [
                        roles.find(there, asked.id)?,
                        roles.find_by_key(there, &asked.key)?,
                        roles.find_by_title(there, &spelled)?,
                    ],
                ))
            })
            .await?;
        let here = Some(role);
        assert_eq!(
            found,
            ([here.clone(), here.clone(), here], [None, None, None])
        );
    }
    Ok(())
}

async fn keys_and_titles_are_unique_in_an_organization(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, globex, .. } = house(&*store).await?;
    let first = sample::role(&acme, "host", &[]);
    assert!(add(&*store, &first).await?);
    let same_key = CustomRole {
        key: first.key.clone(),
        ..sample::role(&acme, "other", &[])
    };
    let same_title = CustomRole {
        title: RoleTitle::from_stored("HOST".to_owned()),
        ..sample::workspace_role(&acme, "another", &[])
    };
    assert!(!add(&*store, &same_key).await?);
    assert!(!add(&*store, &same_title).await?);
    assert!(add(&*store, &sample::role(&globex, "host", &[])).await?);
    Ok(())
}

async fn everything_but_the_id_can_change(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, .. } = house(&*store).await?;
    let before = sample::role(&acme, "host", &[Permission::CreateInvitation]);
    let neighbour = sample::role(&acme, "neighbour", &[Permission::ReadAuditEntry]);
    assert!(add(&*store, &before).await? && add(&*store, &neighbour).await?);
    let after = CustomRole {
        title: RoleTitle::from_stored("Concierge".to_owned()),
        description: Some(Description::from_stored("At the door".to_owned())),
        permissions: Permissions::of(&[Permission::ReadInvitation]),
        version: before.version.next(),
        updated_at: FixedClock::START.plus(Span::seconds(1)),
        ..before.clone()
    };
    let update = async |seen| {
        let role = after.clone();
        store.write(move |tx| tx.roles().update(&role, seen)).await
    };
    assert!(!update(after.version).await?);
    assert!(update(before.version).await?);
    assert!(!update(before.version).await?);
    let kept = store
        .read(move |tx| Ok(tx.roles().list(acme.id, &Window::first(9))?.items))
        .await?;
    let mut expected = vec![after, neighbour];
    expected.sort_by_key(|role| role.id);
    assert_eq!(kept, expected);
    Ok(())
}

async fn a_title_is_not_taken_over(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, .. } = house(&*store).await?;
    let (one, mut other) = (
        sample::role(&acme, "one", &[]),
        sample::role(&acme, "other", &[]),
    );
    assert!(add(&*store, &one).await? && add(&*store, &other).await?);
    other.title = RoleTitle::from_stored("ONE".to_owned());
    let outcome = store
        .write(move |tx| tx.roles().update(&other, other.version))
        .await;
    assert_error!(outcome, Error::Refused(Refusal::RoleTitleTaken(title)) if title == "ONE");
    Ok(())
}

async fn lists_come_by_id(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, globex, .. } = house(&*store).await?;
    let mut roles: Vec<_> = (0..9)
        .map(|number| sample::role(&acme, &format!("r{number}"), &[]))
        .collect();
    assert!(
        !roles.is_sorted_by_key(|role| role.id),
        "the sample is no good"
    );
    for role in &roles {
        assert!(add(&*store, role).await?);
    }
    assert!(add(&*store, &sample::role(&globex, "theirs", &[])).await?);
    roles.sort_by_key(|role| role.id);
    let list = async |window: Window<RoleId>| {
        store
            .read(move |tx| tx.roles().list(acme.id, &window))
            .await
    };
    let page = list(Window::first(4).counted()).await?;
    assert_eq!(page.items, roles[..4]);
    assert_eq!((page.next, page.total), (Some(roles[3].id), Some(9)));
    let page = list(Window::after(roles[3].id, 5)).await?;
    assert_eq!(
        (page.items, page.next, page.total),
        (roles[4..].to_vec(), None, None)
    );
    let page = list(Window::skip(7, 5)).await?;
    assert_eq!((page.items, page.next), (roles[7..].to_vec(), None));
    Ok(())
}

async fn who_has_a_role_is_known(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { ann, bob, acme, .. } = house(&*store).await?;
    let (role, other) = (
        sample::role(&acme, "host", &[]),
        sample::role(&acme, "other", &[]),
    );
    let lab = sample::workspace(&acme, "Lab", &ann);
    let membership = Membership {
        custom_roles: vec![AssignedRole::from(&role)],
        ..sample::membership(&acme, &bob, &[Role::Member])
    };
    let place = belonging(&lab, &ann, &[WorkspaceRole::Viewer], &[&role]);
    let mut invitation = sample::invitation(&acme, "cat", &[Role::Member]);
    invitation.custom_roles = vec![AssignedRole::from(&role)];
    let mut expected = vec![
        RoleHolder::Membership(bob.id),
        RoleHolder::WorkspaceMembership(lab.id, ann.id),
        RoleHolder::Invitation(invitation.id),
    ];
    let (used, unused) = (role.id, other.id);
    store
        .write(move |tx| {
            tx.roles().add(&role)?;
            tx.roles().add(&other)?;
            tx.workspaces().add(&lab)?;
            tx.memberships().update(&membership, membership.version)?;
            tx.workspaces().add_member(&place)?;
            let digest = sample::invitation_secret(invitation.id, "cat").digest();
            tx.invitations().add(&invitation, &digest)
        })
        .await?;
    let holders = async |id| store.read(move |tx| tx.roles().holders(acme.id, id)).await;
    let mut found = holders(used).await?;
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(holders(unused).await?, []);
    let remove = async |id| store.write(move |tx| tx.roles().remove(acme.id, id)).await;
    assert!(remove(unused).await?);
    assert!(!remove(unused).await?);
    // Whoever has a role keeps it: its row cannot go.
    assert_error!(remove(used).await, Error::Storage(_));
    Ok(())
}

async fn what_nobody_knows_is_no_role(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, .. } = house(&*store).await?;
    let role = sample::role(&acme, "host", &[]);
    assert!(add(&*store, &role).await?);
    database.execute("UPDATE roles SET permissions = 'rule:World'")?;
    let key = RoleKey::from_stored("host".to_owned());
    let found = store
        .read_one(move |tx| tx.roles().find_by_key(acme.id, &key))
        .await;
    assert_error!(found, Error::Storage(_));
    Ok(())
}
