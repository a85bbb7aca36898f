//! The repository of invitations.

use rollbook_domain::id::{InvitationId, OrganizationId};
use rollbook_domain::invitation::{Invitation, InvitationProof, InvitationState, InvitationView};
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::Organization;
use rollbook_domain::page::Window;
use rollbook_domain::port::Store;
use rollbook_domain::role::{AssignedRole, Role, Roles, WorkspaceRole, WorkspaceRoles};
use rollbook_domain::subscription::Plan;
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::user::User;
use rollbook_domain::value::{Email, Language, Metadata};
use rollbook_domain::workspace::Workspace;

use crate::harness::on_both;
use crate::house::{House, house};
use crate::support::{Outcome, TestDatabase};

on_both! {
    what_is_added_is_found,
    one_address_has_one_pending_invitation,
    states_are_as_of_now,
    only_live_organizations_invite,
    the_seen_version_is_updated,
    a_new_secret_kills_the_old_one,
    revoking_all_leaves_what_is_settled,
    invitations_to_an_address_come_by_id,
    what_ran_out_first_comes_first,
}

const NOW: Timestamp = FixedClock::START;

fn later(seconds: u32) -> Timestamp {
    NOW.plus(Span::seconds(seconds))
}

/// Adds an invitation; its secret is the sample of `name`.
async fn add(store: &dyn Store, invitation: &Invitation, name: &str) -> Outcome<bool> {
    let invitation = invitation.clone();
    let digest = sample::invitation_secret(invitation.id, name).digest();
    Ok(store
        .write(move |tx| tx.invitations().add(&invitation, &digest))
        .await?)
}

async fn find(store: &dyn Store, invitation: &Invitation) -> Outcome<Option<InvitationView>> {
    let (organization, id) = (invitation.organization_id, invitation.id);
    Ok(store
        .read(move |tx| tx.invitations().find(organization, id))
        .await?)
}

/// An invitation with everything that one can have.
fn rich(
    acme: &Organization,
    ann: &User,
    lab: &Workspace,
    custom_roles: Vec<AssignedRole>,
) -> Outcome<InvitationView> {
    let mut rich = sample::invitation_view(acme, ann, "rich", &[Role::Viewer, Role::Billing]);
    rich.workspace_title = Some(lab.title.clone());
    rich.inviter_name = None;
    rich.invitation = Invitation {
        workspace_id: Some(lab.id),
        email: Email::parse("Rich@Example.com").map_err(|error| error.in_field("email"))?,
        workspace_roles: WorkspaceRoles::of(&[WorkspaceRole::Editor]),
        custom_roles,
        inviter_id: None,
        inviter_kind: "system".to_owned(),
        redirect_organization_id: Some(acme.id),
        redirect_workspace_id: Some(lab.id),
        language: Some(Language::from_stored("zh-Hant-TW".to_owned())),
        metadata: Metadata::from_stored("{\"a\": \"ü\"}".to_owned()),
        state: InvitationState::Accepted,
        accepted_by: Some(ann.id),
        ..rich.invitation
    };
    Ok(rich)
}

async fn what_is_added_is_found(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House {
        ann, acme, globex, ..
    } = house(&*store).await?;
    let lab = sample::workspace(&acme, "Lab", &ann);
    let roles = [
        sample::role(&acme, "host", &[]),
        sample::workspace_role(&acme, "painter", &[]),
    ];
    let mut custom_roles: Vec<_> = roles.iter().map(AssignedRole::from).collect();
    custom_roles.sort_unstable();
    let (workspace, made) = (lab.clone(), roles);
    store
        .write(move |tx| {
            tx.workspaces().add(&workspace)?;
            tx.roles().add(&made[0])?;
            tx.roles().add(&made[1])
        })
        .await?;
    let plain = sample::invitation_view(&acme, &ann, "plain", &[Role::Member]);
    let rich = rich(&acme, &ann, &lab, custom_roles)?;
    for (view, name) in [(plain, "plain"), (rich, "rich")] {
        assert!(add(&*store, &view.invitation, name).await?);
        assert_eq!(find(&*store, &view.invitation).await?.as_ref(), Some(&view));
        let id = view.invitation.id;
        let proof = InvitationProof::of(&sample::invitation_secret(id, name));
        let found = store
            .read(move |tx| {
                let anywhere = tx.invitations().find_anywhere(id)?;
                Ok([anywhere, tx.invitations().find_by_secret(&proof)?])
            })
            .await?;
        assert_eq!(found, [Some(view.clone()), Some(view.clone())]);
        let locked = store.write(move |tx| tx.invitations().find_locked(id));
        assert_eq!(locked.await?.as_ref(), Some(&view));
        let elsewhere = Invitation {
            organization_id: globex.id,
            ..view.invitation
        };
        assert_eq!(find(&*store, &elsewhere).await?, None);
    }
    Ok(())
}

async fn one_address_has_one_pending_invitation(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, globex, .. } = house(&*store).await?;
    let mut first = sample::invitation(&acme, "cat", &[Role::Member]);
    first.expires_at = later(1);
    let second = Invitation {
        id: InvitationId::new(sample::uuid("second")),
        email: Email::parse("CAT@example.com").map_err(|error| error.in_field("email"))?,
        ..first.clone()
    };
    assert!(add(&*store, &first, "first").await?);
    assert!(!add(&*store, &second, "second").await?);
    assert!(
        add(
            &*store,
            &sample::invitation(&globex, "cat", &[Role::Member]),
            "third"
        )
        .await?
    );
    let pending = async |email: &Email| {
        let email = email.clone();
        store
            .read(move |tx| tx.invitations().find_pending(acme.id, &email))
            .await
    };
    // It is written as pending though it has run out by now.
    assert_eq!(pending(&second.email).await?.as_ref(), Some(&first));
    let closed = Invitation {
        state: InvitationState::Expired,
        version: first.version.next(),
        ..first.clone()
    };
    let open = first.clone();
    store
        .write(move |tx| tx.invitations().update(&closed, &open))
        .await?;
    assert_eq!(pending(&second.email).await?, None);
    assert!(add(&*store, &second, "second").await?);
    assert_eq!(pending(&first.email).await?, Some(second));
    Ok(())
}

/// Acme's invitations, one in each state, and one that has run out without anybody's writing it.
async fn one_of_each(store: &dyn Store, acme: &Organization) -> Outcome<Vec<Invitation>> {
    let mut all = Vec::new();
    for state in InvitationState::ALL {
        let mut invitation = sample::invitation(acme, state.key(), &[Role::Member]);
        invitation.state = state;
        invitation.expires_at = later(100);
        all.push(invitation);
    }
    let mut out = sample::invitation(acme, "out", &[Role::Member]);
    out.expires_at = later(10);
    all.push(out);
    for invitation in &all {
        let name = invitation.email.as_str().to_owned();
        assert!(add(store, invitation, &name).await?);
    }
    all.sort_by_key(|invitation| invitation.id);
    Ok(all)
}

/// Nobody has to sweep (the field's sweepers were late).
async fn states_are_as_of_now(database: &TestDatabase) -> Outcome {
    use InvitationState::{Accepted, Declined, Expired, Pending, Revoked};
    let store = database.store()?;
    let House { acme, globex, .. } = house(&*store).await?;
    let all = one_of_each(&*store, &acme).await?;
    let sets: [&[InvitationState]; 9] = [
        &[],
        &[Pending],
        &[Expired],
        &[Accepted],
        &[Declined],
        &[Revoked],
        &[Expired, Pending],
        &[Revoked, Accepted, Pending],
        &InvitationState::ALL,
    ];
    for now in [later(0), later(9), later(10), later(99), later(100)] {
        for states in sets {
            let page = store
                .read(move |tx| {
                    let window = Window::first(9).counted();
                    tx.invitations().list(acme.id, &[], states, now, &window)
                })
                .await?;
            let passes = |it: &&Invitation| states.is_empty() || states.contains(&it.status(now));
            let expected: Vec<_> = all.iter().filter(passes).cloned().collect();
            assert_eq!(
                page.total,
                Some(expected.len() as u64),
                "{states:?} at {now:?}"
            );
            let found: Vec<_> = page.items.into_iter().map(|view| view.invitation).collect();
            assert_eq!(found, expected, "{states:?} at {now:?}");
        }
        let counts = store
            .read(move |tx| {
                let acme = tx.invitations().count_pending(acme.id, now)?;
                Ok((acme, tx.invitations().count_pending(globex.id, now)?))
            })
            .await?;
        let pending = all.iter().filter(|it| it.is_pending(now)).count();
        assert_eq!(counts, (u32::try_from(pending)?, 0), "{now:?}");
    }
    Ok(())
}

async fn only_live_organizations_invite(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, .. } = house(&*store).await?;
    let invitation = sample::invitation(&acme, "cat", &[Role::Member]);
    assert!(add(&*store, &invitation, "cat").await?);
    let mut deleted = acme.clone();
    deleted.deleted_at = Some(NOW);
    store
        .write(move |tx| tx.organizations().update(&deleted, deleted.version))
        .await?;
    let (id, email) = (invitation.id, invitation.email.clone());
    let found = store
        .read(move |tx| {
            let invitations = tx.invitations();
            let proof = InvitationProof::of(&sample::invitation_secret(id, "cat"));
            let page = invitations.list_to(&email, NOW, &Window::first(9).counted())?;
            Ok((
                invitations.find_anywhere(id)?,
                invitations.find_by_secret(&proof)?,
                page.items,
                page.total,
            ))
        })
        .await?;
    assert_eq!(found, (None, None, vec![], Some(0)));
    assert!(find(&*store, &invitation).await?.is_some());
    Ok(())
}

async fn the_seen_version_is_updated(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { ann, acme, .. } = house(&*store).await?;
    let [a, b] = ["a", "b"].map(|key| sample::role(&acme, key, &[]));
    let mut before = sample::invitation(&acme, "cat", &[Role::Member]);
    before.custom_roles = vec![AssignedRole::from(&a)];
    let after = Invitation {
        roles: Roles::of(&[Role::Manager]),
        workspace_roles: WorkspaceRoles::of(&[WorkspaceRole::Viewer]),
        custom_roles: vec![AssignedRole::from(&b)],
        language: Some(Language::from_stored("de".to_owned())),
        state: InvitationState::Accepted,
        accepted_by: Some(ann.id),
        version: before.version.next(),
        updated_at: later(5),
        expires_at: later(50),
        ..before.clone()
    };
    store
        .write(move |tx| Ok((tx.roles().add(&a)?, tx.roles().add(&b)?)))
        .await?;
    assert!(add(&*store, &before, "cat").await?);
    let update = async |before: &Invitation| {
        let (invitation, before) = (after.clone(), before.clone());
        store
            .write(move |tx| tx.invitations().update(&invitation, &before))
            .await
    };
    assert!(!update(&after).await?);
    assert!(update(&before).await?);
    assert!(!update(&before).await?);
    let found = find(&*store, &before).await?;
    assert_eq!(found.map(|view| view.invitation), Some(after));
    Ok(())
}

async fn a_new_secret_kills_the_old_one(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, .. } = house(&*store).await?;
    for name in ["cat", "dan"] {
        assert!(
            add(
                &*store,
                &sample::invitation(&acme, name, &[Role::Member]),
                name
            )
            .await?
        );
    }
    let [cat, dan] = ["cat", "dan"].map(|name| sample::invitation(&acme, name, &[]).id);
    let fresh = sample::invitation_secret(cat, "fresh").digest();
    store
        .write(move |tx| tx.invitations().set_secret(acme.id, cat, &fresh))
        .await?;
    let by_secret = async |id: InvitationId, name: &str| {
        let proof = InvitationProof::of(&sample::invitation_secret(id, name));
        let found = store
            .read(move |tx| tx.invitations().find_by_secret(&proof))
            .await?;
        Outcome::Ok(found.map(|view| view.invitation.email))
    };
    assert_eq!(by_secret(cat, "cat").await?, None);
    assert_eq!(by_secret(cat, "fresh").await?, Some(sample::email("cat")));
    assert_eq!(by_secret(dan, "dan").await?, Some(sample::email("dan")));
    Ok(())
}

async fn revoking_all_leaves_what_is_settled(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, globex, .. } = house(&*store).await?;
    let all = one_of_each(&*store, &acme).await?;
    let other = sample::invitation(&globex, "cat", &[Role::Member]);
    assert!(add(&*store, &other, "cat").await?);
    let revoke = async || {
        store
            .write(move |tx| tx.invitations().revoke_all(acme.id, later(7)))
            .await
    };
    assert_eq!(revoke().await?, 2);
    assert_eq!(revoke().await?, 0);
    for mut expected in all {
        if expected.state == InvitationState::Pending {
            expected.state = InvitationState::Revoked;
            expected.touch(later(7));
        }
        let found = find(&*store, &expected).await?;
        assert_eq!(found.map(|view| view.invitation), Some(expected));
    }
    let found = find(&*store, &other).await?;
    assert_eq!(found.map(|view| view.invitation), Some(other));
    Ok(())
}

/// Three invitations to cat, by id; that of the third organization runs out after ten seconds.
async fn three_to_cat(store: &dyn Store) -> Outcome<(Vec<Invitation>, OrganizationId)> {
    let House {
        ann, acme, globex, ..
    } = house(store).await?;
    let third = sample::organization("Third", &ann);
    let role = sample::role(&globex, "host", &[]);
    let (organization, made) = (third.clone(), role.clone());
    store
        .write(move |tx| {
            tx.roles().add(&made)?;
            tx.organizations().add(&organization, &Plan::default())
        })
        .await?;
    let mut all = Vec::new();
    for organization in [&acme, &globex, &third] {
        let mut invitation = sample::invitation(organization, "cat", &[Role::Member]);
        invitation.expires_at = later(if organization.id == third.id { 10 } else { 100 });
        if organization.id == globex.id {
            invitation.custom_roles = vec![AssignedRole::from(&role)];
        }
        let name = organization.name.as_str();
        assert!(add(store, &invitation, name).await?);
        all.push(invitation);
    }
    assert!(
        add(
            store,
            &sample::invitation(&acme, "dan", &[Role::Member]),
            "dan"
        )
        .await?
    );
    all.sort_by_key(|invitation| invitation.id);
    Ok((all, third.id))
}

async fn invitations_to_an_address_come_by_id(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (mut all, third) = three_to_cat(&*store).await?;
    let list = async |now, window: Window<InvitationId>| {
        let email = Email::parse("CAT@Example.com").map_err(|error| error.in_field("email"))?;
        let page = store
            .read(move |tx| tx.invitations().list_to(&email, now, &window))
            .await?;
        let found: Vec<_> = page.items.into_iter().map(|view| view.invitation).collect();
        Outcome::Ok((found, page.next, page.total))
    };
    let (first, next, total) = list(later(9), Window::first(2).counted()).await?;
    assert_eq!(
        (&first[..], next, total),
        (&all[..2], Some(all[1].id), Some(3))
    );
    let (rest, next, _) = list(later(9), Window::after(all[1].id, 2)).await?;
    assert_eq!((&rest[..], next), (&all[2..], None));
    all.retain(|invitation| invitation.organization_id != third);
    let (pending, _, total) = list(later(10), Window::first(9).counted()).await?;
    assert_eq!((pending, total), (all, Some(2)));
    Ok(())
}

async fn what_ran_out_first_comes_first(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, globex, .. } = house(&*store).await?;
    let ending = |organization: &Organization, name: &str, seconds| Invitation {
        expires_at: later(seconds),
        ..sample::invitation(organization, name, &[Role::Member])
    };
    let all = [
        ending(&acme, "third", 30),
        ending(&globex, "first", 10),
        ending(&acme, "second", 20),
        ending(&acme, "last", 40),
        Invitation {
            state: InvitationState::Expired,
            ..ending(&acme, "written", 5)
        },
    ];
    for invitation in &all {
        assert!(add(&*store, invitation, &invitation.id.to_string()).await?);
    }
    for (now, limit, expected) in [
        (9, 9, &[][..]),
        (10, 9, &[1][..]),
        (39, 9, &[1, 2, 0][..]),
        (40, 9, &[1, 2, 0, 3][..]),
        (40, 2, &[1, 2][..]),
    ] {
        let run_out = store.read(move |tx| tx.invitations().run_out(later(now), limit));
        let expected: Vec<_> = expected.iter().map(|at: &usize| &all[*at]).collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|it| (it.organization_id, it.id))
            .collect();
        assert_eq!(run_out.await?, expected, "{now} {limit}");
    }
    Ok(())
}
