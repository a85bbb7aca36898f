//! The repository of memberships.

use rollbook_domain::filter::Filter;
use rollbook_domain::id::{MembershipId, OrganizationId, UserId};
use rollbook_domain::membership::{
    Direction, MemberField, MemberKey, MemberOrder, MemberView, Membership, SortValue,
};
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::Organization;
use rollbook_domain::page::{Page, Window};
use rollbook_domain::port::{Store, Tx};
use rollbook_domain::role::{AssignedRole, CustomRole, Role, Roles, WorkspaceRole, WorkspaceRoles};
use rollbook_domain::subscription::Plan;
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::user::User;
use rollbook_domain::{Error, Result};
use rollbook_store::DatabaseUrl;

use crate::harness::{assert_error, on_both};
use crate::house::{House, belonging, house};
use crate::support::{Outcome, TestDatabase};

on_both! {
    what_is_added_is_found,
    a_pair_has_one_membership,
    every_set_of_roles_is_kept,
    only_the_seen_version_is_updated,
    only_roles_that_change_are_written,
    a_member_has_the_roles_of_all_workspaces,
    who_leaves_leaves_nothing_behind,
    a_users_organizations_come_by_id,
    orphans_are_refused,
    who_joined_at_once_comes_in_the_order_of_ids,
    a_list_is_of_one_organization,
}

/// Ann and her organization.
fn found(tx: &mut dyn Tx) -> Result<(User, Organization)> {
    let ann = sample::user("ann");
    let acme = sample::organization("Acme", &ann);
    tx.users().add(&ann)?;
    tx.organizations().add(&acme, &Plan::default())?;
    Ok((ann, acme))
}

async fn what_is_added_is_found(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, acme) = store.write(found).await?;
    let bob = sample::service_account("bob");
    let mut view = sample::member_view(&acme, &bob, &[Role::Viewer, Role::Billing]);
    view.membership.created_at = Timestamp::from_millis(1);
    view.membership.updated_at = Timestamp::from_millis(999);
    let membership = view.membership.clone();
    let added = store
        .write(move |tx| {
            tx.users().add(&bob)?;
            tx.memberships().add(&membership, &bob)
        })
        .await?;
    assert!(added);
    let bob = view.membership.user_id;
    let find = async |organization, user| {
        store
            .read_one(move |tx| tx.memberships().find(organization, user))
            .await
    };
    assert_eq!(find(acme.id, bob).await?, Some(view));
    assert_eq!(find(acme.id, ann.id).await?, None);
    let elsewhere = sample::organization("Elsewhere", &ann).id;
    assert_eq!(find(elsewhere, bob).await?, None);
    Ok(())
}

async fn a_pair_has_one_membership(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, acme) = store.write(found).await?;
    let first = sample::membership(&acme, &ann, &[Role::Admin]);
    let second = Membership {
        id: MembershipId::new(sample::uuid("another")),
        roles: Roles::of(&[Role::Viewer]),
        ..first.clone()
    };
    let (user, one, same, other) = (ann.clone(), first.clone(), first.clone(), second);
    let outcome = store
        .write(move |tx| {
            let added = [&one, &same, &other].map(|it| tx.memberships().add(it, &user));
            let [one, same, other] = added;
            Ok((one?, same?, other?, tx.memberships().count(acme.id)?))
        })
        .await?;
    assert_eq!(outcome, (true, false, false, 1));
    let kept = store
        .read_one(move |tx| tx.memberships().find(acme.id, ann.id))
        .await?;
    assert_eq!(kept.map(|view| view.membership), Some(first));
    Ok(())
}

async fn every_set_of_roles_is_kept(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, acme) = store.write(found).await?;
    let mut membership = sample::membership(&acme, &ann, &[Role::Member]);
    let (first, id) = (membership.clone(), ann.id);
    store
        .write(move |tx| tx.memberships().add(&first, &ann))
        .await?;
    for bits in 1_u8..1 << Role::ALL.len() {
        let chosen = (0..).zip(Role::ALL).filter(|(bit, _)| bits >> bit & 1 == 1);
        let seen = membership.version;
        membership.roles = Roles::of(&chosen.map(|(_, role)| role).collect::<Vec<_>>());
        membership.version = seen.next();
        let changed = membership.clone();
        let (found, held) = store
            .write(move |tx| {
                tx.memberships().update(&changed, seen)?;
                let found = tx.memberships().find(acme.id, id)?;
                Ok((found, tx.memberships().held(acme.id, id)?))
            })
            .await?;
        assert_eq!(
            found.map(|view| view.membership).as_ref(),
            Some(&membership)
        );
        assert_eq!(held.map(|held| held.roles), Some(membership.roles));
    }
    Ok(())
}

async fn only_the_seen_version_is_updated(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { ann, acme, .. } = house(&*store).await?;
    let before = sample::membership(&acme, &ann, &[Role::Member]);
    let mut after = Membership {
        roles: Roles::of(&[Role::Manager, Role::Member]),
        version: before.version.next(),
        updated_at: FixedClock::START.plus(Span::seconds(1)),
        ..before.clone()
    };
    let update = async |membership: &Membership, seen| {
        let membership = membership.clone();
        store
            .write(move |tx| tx.memberships().update(&membership, seen))
            .await
    };
    assert!(!update(&after, after.version).await?);
    let absent = Membership {
        user_id: UserId::new(sample::uuid("absent")),
        ..after.clone()
    };
    assert!(!update(&absent, before.version).await?);
    assert!(update(&after, before.version).await?);
    assert!(!update(&before, before.version).await?);
    after.created_at = before.created_at;
    let found = store
        .read(move |tx| tx.memberships().find(acme.id, ann.id))
        .await?;
    assert_eq!(found.map(|view| view.membership), Some(after));
    Ok(())
}

/// Roles that a member keeps are not written again (logto 26c8c3f2ed): a trigger forbids it.
async fn only_roles_that_change_are_written(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { bob, acme, .. } = house(&*store).await?;
    let [a, b, c] = ["a", "b", "c"].map(|key| sample::role(&acme, key, &[]));
    let assigned = |roles: &[&CustomRole]| {
        let mut assigned: Vec<_> = roles.iter().map(|role| AssignedRole::from(*role)).collect();
        assigned.sort_unstable();
        assigned
    };
    let mut membership = sample::membership(&acme, &bob, &[Role::Member]);
    let roles = [a.clone(), b.clone(), c.clone()];
    store
        .write(move |tx| {
            let mut roles = roles.iter();
            roles.try_for_each(|role| tx.roles().add(role).map(drop))
        })
        .await?;
    let steps = [vec![&a, &b], vec![&b, &c], vec![&b], vec![&b, &a], vec![]];
    for (number, wanted) in steps.into_iter().enumerate() {
        let seen = membership.version;
        membership.custom_roles = assigned(&wanted);
        membership.version = seen.next();
        let changed = membership.clone();
        let (updated, found) = store
            .write(move |tx| {
                let updated = tx.memberships().update(&changed, seen)?;
                Ok((updated, tx.memberships().find(acme.id, bob.id)?))
            })
            .await?;
        assert!(updated);
        let found = found.ok_or("not found")?;
        assert_eq!(found.membership, membership, "step {number}");
        if number == 0 {
            forbid_to_touch(database, &b)?;
        } else if number == 3 {
            allow_again(database)?;
        }
    }
    Ok(())
}

/// Lets every statement fail that writes or deletes somebody's having this role.
fn forbid_to_touch(database: &TestDatabase, role: &CustomRole) -> Outcome {
    let id = role.id.uuid();
    match database.url {
        DatabaseUrl::Sqlite(_) => {
            for (name, event, row) in [("kept_i", "INSERT", "NEW"), ("kept_d", "DELETE", "OLD")] {
                database.execute(&format!(
                    "CREATE TRIGGER {name} BEFORE {event} ON membership_roles \
                     WHEN {row}.role_id = x'{}' BEGIN SELECT raise(ABORT, 'kept'); END",
                    id.simple()
                ))?;
            }
            Ok(())
        }
        DatabaseUrl::Postgres(_) => {
            database.execute(
                "CREATE FUNCTION kept() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION 'kept'; END $$",
            )?;
            for (name, event, row) in [("kept_i", "INSERT", "NEW"), ("kept_d", "DELETE", "OLD")] {
                database.execute(&format!(
                    "CREATE TRIGGER {name} BEFORE {event} ON membership_roles FOR EACH ROW \
                     WHEN ({row}.role_id = '{id}') EXECUTE FUNCTION kept()"
                ))?;
            }
            Ok(())
        }
    }
}

fn allow_again(database: &TestDatabase) -> Outcome {
    for name in ["kept_i", "kept_d"] {
        database.execute(&match database.url {
            DatabaseUrl::Sqlite(_) => format!("DROP TRIGGER {name}"),
            DatabaseUrl::Postgres(_) => format!("DROP TRIGGER {name} ON membership_roles"),
        })?;
    }
    Ok(())
}

/// Whether one finds the member so, and lists them so among two.
async fn seen_as(store: &dyn Store, expected: &MemberView) -> Outcome {
    let (organization, user) = (
        expected.membership.organization_id,
        expected.membership.user_id,
    );
    let (one, all) = store
        .read(move |tx| {
            let one = tx.memberships().find(organization, user)?;
            Ok((one, list(tx, organization, &Window::first(9))?.items))
        })
        .await?;
    assert_eq!(one.as_ref(), Some(expected));
    let mut all = all.iter();
    assert_eq!(all.len(), 2);
    assert_eq!(all.find(|it| it.membership.user_id == user), Some(expected));
    Ok(())
}

async fn a_member_has_the_roles_of_all_workspaces(database: &TestDatabase) -> Outcome {
    use WorkspaceRole::{Admin, Editor, Viewer};
    let store = database.store()?;
    let House {
        ann,
        bob,
        acme,
        globex,
    } = house(&*store).await?;
    let host = sample::role(&acme, "host", &[]);
    let [painter, baker] = ["painter", "baker"].map(|key| sample::workspace_role(&acme, key, &[]));
    let [lab, shop] = ["Lab", "Shop"].map(|title| sample::workspace(&acme, title, &ann));
    let elsewhere = sample::workspace(&globex, "Elsewhere", &ann);
    let places = [
        belonging(&lab, &bob, &[Viewer], &[&painter, &baker]),
        belonging(&shop, &bob, &[Editor], &[&painter]),
        belonging(&elsewhere, &bob, &[Admin], &[]),
    ];
    let membership = Membership {
        custom_roles: vec![AssignedRole::from(&host)],
        ..sample::membership(&acme, &bob, &[Role::Viewer])
    };
    let (changed, roles) = (membership.clone(), [host, painter.clone(), baker.clone()]);
    store
        .write(move |tx| {
            for role in &roles {
                tx.roles().add(role)?;
            }
            for workspace in [&lab, &shop, &elsewhere] {
                tx.workspaces().add(workspace)?;
            }
            for place in &places {
                tx.workspaces().add_member(place)?;
            }
            tx.memberships().update(&changed, changed.version)
        })
        .await?;
    let mut custom = vec![AssignedRole::from(&painter), AssignedRole::from(&baker)];
    custom.sort_unstable();
    let expected = MemberView {
        membership,
        workspace_roles: WorkspaceRoles::of(&[Editor, Viewer]),
        custom_workspace_roles: custom,
        ..sample::member_view(&acme, &bob, &[])
    };
    seen_as(&*store, &expected).await
}

async fn who_leaves_leaves_nothing_behind(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House {
        ann,
        bob,
        acme,
        globex,
    } = house(&*store).await?;
    let role = sample::role(&acme, "host", &[]);
    let lab = sample::workspace(&acme, "Lab", &ann);
    let place = belonging(&lab, &bob, &[WorkspaceRole::Viewer], &[]);
    let membership = Membership {
        custom_roles: vec![AssignedRole::from(&role)],
        ..sample::membership(&acme, &bob, &[Role::Member])
    };
    let user = bob.id;
    store
        .write(move |tx| {
            tx.roles().add(&role)?;
            tx.workspaces().add(&lab)?;
            tx.workspaces().add_member(&place)?;
            tx.memberships().update(&membership, membership.version)
        })
        .await?;
    let remove = async || {
        store
            .write(move |tx| tx.memberships().remove(acme.id, user))
            .await
    };
    assert!(remove().await?);
    assert!(!remove().await?);
    for table in ["membership_roles", "workspace_memberships"] {
        let left = format!("SELECT count(*) AS count FROM {table}");
        assert_eq!(database.count(&left)?, 0, "{table}");
    }
    let (gone, others) = store
        .read(move |tx| {
            let gone = tx.memberships().held(acme.id, user)?.is_none();
            Ok((gone, tx.memberships().organizations_of(user)?))
        })
        .await?;
    assert!(gone);
    assert_eq!(others, [globex.id]);
    Ok(())
}

async fn a_users_organizations_come_by_id(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House {
        ann, acme, globex, ..
    } = house(&*store).await?;
    let deleted = Organization {
        deleted_at: Some(FixedClock::START),
        ..acme.clone()
    };
    store
        .write(move |tx| tx.organizations().update(&deleted, deleted.version))
        .await?;
    let mut expected = vec![acme.id, globex.id];
    expected.sort_unstable();
    let organizations = async |user| {
        store
            .read_one(move |tx| tx.memberships().organizations_of(user))
            .await
    };
    assert_eq!(organizations(ann.id).await?, expected);
    assert_eq!(
        organizations(UserId::new(sample::uuid("absent"))).await?,
        []
    );
    Ok(())
}

async fn orphans_are_refused(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, acme) = store.write(found).await?;
    let nobody = sample::user("nobody");
    let nowhere = sample::organization("Nowhere", &ann);
    let strange = Membership {
        custom_roles: vec![AssignedRole::from(&sample::role(&nowhere, "host", &[]))],
        ..sample::membership(&acme, &ann, &[Role::Member])
    };
    let nowhere = sample::membership(&nowhere, &ann, &[Role::Member]);
    let orphan = sample::membership(&acme, &nobody, &[Role::Member]);
    for orphan in [orphan, nowhere, strange] {
        let nobody = nobody.clone();
        let outcome = store
            .write(move |tx| tx.memberships().add(&orphan, &nobody))
            .await;
        assert_error!(outcome, Error::Storage(_));
    }
    Ok(())
}

/// Those who joined first come first; all of them have joined at the same time.
fn list(
    tx: &mut dyn Tx,
    organization: OrganizationId,
    window: &Window<MemberKey>,
) -> Result<Page<MemberView, MemberKey>> {
    let order = MemberOrder::new(vec![(MemberField::Created, Direction::Ascending)]);
    let order = order.unwrap_or_default();
    tx.memberships()
        .list(organization, &Filter::everything(), &order, window)
}

fn key(id: MembershipId) -> MemberKey {
    MemberKey {
        values: vec![SortValue::Time(FixedClock::START)],
        id,
    }
}

/// Thirty members whose ids do not come in the order in which they were written.
fn crowd(tx: &mut dyn Tx) -> Result<(Organization, Vec<MembershipId>)> {
    let (_, acme) = found(tx)?;
    let mut ids = Vec::new();
    for number in 0..30 {
        let user = sample::user(&format!("u{number}"));
        tx.users().add(&user)?;
        let membership = sample::membership(&acme, &user, &[Role::Member]);
        tx.memberships().add(&membership, &user)?;
        ids.push(membership.id);
    }
    assert!(!ids.is_sorted(), "the sample is no good");
    ids.sort_unstable();
    Ok((acme, ids))
}

async fn who_joined_at_once_comes_in_the_order_of_ids(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (acme, ids) = store.write(crowd).await?;
    let cases = [
        (Window::first(12), 0..12, true),
        (Window::after(key(ids[11]), 12), 12..24, true),
        (Window::after(key(ids[23]), 12).counted(), 24..30, false),
        (Window::after(key(ids[29]), 12), 30..30, false),
        (Window::skip(0, 30).counted(), 0..30, false),
        (Window::skip(7, 5).counted(), 7..12, true),
        (Window::skip(31, 5).counted(), 30..30, false),
    ];
    for (window, expected, more) in cases {
        let asked = window.clone();
        let page = store.read(move |tx| list(tx, acme.id, &asked)).await?;
        let found: Vec<_> = page.items.iter().map(|view| view.membership.id).collect();
        assert_eq!(found, ids[expected], "{window:?}");
        let last = found.last().copied().filter(|_| more).map(key);
        assert_eq!(page.next, last, "{window:?}");
        assert_eq!(page.total, window.count.then_some(30), "{window:?}");
    }
    Ok(())
}

async fn a_list_is_of_one_organization(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, acme) = store.write(found).await?;
    let other = sample::organization("Other", &ann);
    let (empty, member) = (acme.id, sample::member_view(&other, &ann, &[Role::Admin]));
    let (organization, membership) = (other.clone(), member.membership.clone());
    store
        .write(move |tx| {
            tx.organizations().add(&organization, &Plan::default())?;
            tx.memberships().add(&membership, &ann)
        })
        .await?;
    let listed = async |organization| {
        store
            .read(move |tx| {
                let page = list(tx, organization, &Window::first(9).counted())?;
                Ok((
                    page.items,
                    page.total,
                    tx.memberships().count(organization)?,
                ))
            })
            .await
    };
    assert_eq!(listed(empty).await?, (vec![], Some(0), 0));
    assert_eq!(listed(other.id).await?, (vec![member], Some(1), 1));
    Ok(())
}
