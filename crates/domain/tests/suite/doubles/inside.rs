//! Roles, workspaces, domains, preferences and plans in memory.

use pollster::block_on;
use proptest::prelude::*;
use rollbook_domain::domain::OrganizationDomain;
use rollbook_domain::filter::{Filter, Place, TextTest};
use rollbook_domain::id::WorkspaceId;
use rollbook_domain::membership::Direction;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::Organization;
use rollbook_domain::page::Window;
use rollbook_domain::port::{RoleHolder, Tx};
use rollbook_domain::preferences::{OrganizationPreferences, WorkspacePreferences};
use rollbook_domain::role::{CustomRole, Permission, Role, WorkspaceRole};
use rollbook_domain::subscription::{Plan, Quota, Subscription};
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::value::{RoleKey, RoleTitle, WorkspaceTitle, fold};
use rollbook_domain::workspace::{Workspace, WorkspaceField, WorkspaceView};
use rollbook_domain::{Error, Refusal, Result};

use super::{acme, fill, memory};

const NOW: Timestamp = FixedClock::START;

fn other() -> Organization {
    sample::organization("Other", &sample::user("ann"))
}

/// Runs a case where ann has two organizations and is a member of the first one.
fn run(case: fn(&mut dyn Tx) -> Result<()>) -> Result<()> {
    block_on(memory().write(move |tx| {
        fill(tx)?;
        assert!(tx.organizations().add(&other())?);
        case(tx)
    }))
}

fn is_storage<T>(outcome: &Result<T>) -> bool {
    matches!(outcome, Err(Error::Storage(_)))
}

fn role(name: &str) -> CustomRole {
    sample::role(&acme(), name, &[Permission::ReadAuditEntry])
}

fn titled(name: &str, title: &str) -> CustomRole {
    CustomRole {
        title: RoleTitle::from_stored(title.to_owned()),
        ..role(name)
    }
}

#[test]
fn roles_have_their_key_and_title_alone() {
    run(|tx| {
        assert!(tx.roles().add(&titled("auditor", "Auditor"))?);
        assert!(!tx.roles().add(&titled("second", "AUDITOR"))?);
        let same_key = CustomRole {
            key: RoleKey::from_stored("auditor".to_owned()),
            ..role("third")
        };
        assert!(!tx.roles().add(&same_key)?);
        let elsewhere = sample::role(&other(), "auditor", &[]);
        assert!(tx.roles().add(&elsewhere)?);
        let title = RoleTitle::from_stored("aUDITOR".to_owned());
        let found = tx.roles().find_by_title(acme().id, &title)?;
        assert_eq!(found, Some(titled("auditor", "Auditor")));
        let found = tx.roles().find_by_key(other().id, &elsewhere.key)?;
        assert_eq!(found.as_ref(), Some(&elsewhere));
        assert_eq!(tx.roles().find(acme().id, elsewhere.id)?, None);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_role_is_not_renamed_to_another() {
    let outcome = run(|tx| {
        assert!(tx.roles().add(&titled("auditor", "Auditor"))?);
        assert!(tx.roles().add(&titled("lead", "Lead"))?);
        let mut lead = titled("lead", "auditor");
        let seen = lead.version;
        assert!(!tx.roles().update(&lead, seen.next())?);
        lead.title = RoleTitle::from_stored("LEAD".to_owned());
        assert!(tx.roles().update(&lead, seen)?);
        tx.roles()
            .update(&titled("lead", "auditor"), seen)
            .map(|_| ())
    });
    let Err(Error::Refused(Refusal::RoleTitleTaken(title))) = &outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(title, "auditor");
}

#[test]
fn a_role_goes_when_nobody_has_it() {
    run(|tx| {
        let ann = sample::user("ann");
        let role = role("auditor");
        assert!(tx.roles().add(&role)?);
        let mut membership = sample::membership(&acme(), &ann, &[Role::Admin]);
        membership.custom_roles = vec![(&role).into()];
        assert!(tx.memberships().update(&membership, membership.version)?);
        let holders = tx.roles().holders(acme().id, role.id)?;
        assert_eq!(holders, [RoleHolder::Membership(ann.id)]);
        let outcome = tx.roles().remove(acme().id, role.id);
        assert!(is_storage(&outcome), "{outcome:?}");
        membership.custom_roles.clear();
        assert!(tx.memberships().update(&membership, membership.version)?);
        assert!(tx.roles().remove(acme().id, role.id)?);
        assert!(!tx.roles().remove(acme().id, role.id)?);
        Ok(())
    })
    .unwrap();
}

/// A workspace as the property makes it up.
type Sketch = (&'static str, u32, bool);

fn workspace(number: usize, (title, changed, live): Sketch) -> Workspace {
    Workspace {
        title: WorkspaceTitle::from_stored(title.to_owned()),
        updated_at: NOW.plus(Span::seconds(changed)),
        deleted_at: (!live).then_some(NOW),
        ..sample::workspace(&acme(), &number.to_string(), &sample::user("ann"))
    }
}

/// What is to be listed, in order: sorted by the id, and then by the field.
fn expected(all: &[Workspace], words: &str, field: WorkspaceField) -> Vec<WorkspaceId> {
    let passes = |w: &&Workspace| w.is_live() && fold(w.title.as_str()).contains(words);
    let mut list: Vec<&Workspace> = all.iter().filter(passes).collect();
    list.sort_by_key(|w| w.id);
    match field {
        WorkspaceField::Created => {}
        WorkspaceField::Title => list.sort_by_key(|w| fold(w.title.as_str())),
        WorkspaceField::Updated => list.sort_by_key(|w| w.updated_at),
    }
    list.iter().map(|w| w.id).collect()
}

fn pages(
    tx: &mut dyn Tx,
    words: &str,
    field: WorkspaceField,
    direction: Direction,
) -> Result<Vec<WorkspaceId>> {
    let filter = Filter::Test(TextTest::new(Place::Anywhere, words));
    let mut seen = Vec::new();
    let mut window = Window::first(2);
    loop {
        let page = tx
            .workspaces()
            .list(acme().id, &filter, field, direction, &window)?;
        seen.extend(ids(&page.items));
        match page.next {
            Some(key) => window = Window::after(key, 2),
            None => return Ok(seen),
        }
    }
}

fn ids(views: &[WorkspaceView]) -> Vec<WorkspaceId> {
    views.iter().map(|view| view.workspace.id).collect()
}

proptest! {
    #[test]
    fn lists_of_workspaces_are_what_a_naive_reading_makes_of_them(
        sketches in prop::collection::vec(
            (prop::sample::select(vec!["Lab", "lab", "Árbol", "zoo", "%a"]), 0..3u32, any::<bool>()),
            0..8,
        ),
        words in prop::sample::select(vec!["", "a", "%", "lab"]),
        field in prop::sample::select(vec![
            WorkspaceField::Created, WorkspaceField::Title, WorkspaceField::Updated,
        ]),
        descending: bool,
    ) {
        let direction = if descending { Direction::Descending } else { Direction::Ascending };
        let all: Vec<Workspace> = sketches
            .into_iter()
            .enumerate()
            .map(|(number, sketch)| workspace(number, sketch))
            .collect();
        let mut wanted = expected(&all, words, field);
        if descending {
            wanted.reverse();
        }
        let live = all.iter().filter(|w| w.is_live()).count();
        let (seen, count) = block_on(memory().write(move |tx| {
            fill(tx)?;
            for workspace in &all {
                assert!(tx.workspaces().add(workspace)?);
            }
            let count = tx.workspaces().count(acme().id)?;
            Ok((pages(tx, words, field, direction)?, count))
        }))
        .unwrap();
        prop_assert_eq!(seen, wanted);
        prop_assert_eq!(count as usize, live);
    }
}

#[test]
fn only_members_come_into_workspaces() {
    run(|tx| {
        let (ann, bob) = (sample::user("ann"), sample::user("bob"));
        assert!(tx.users().add(&bob)?);
        let lab = sample::workspace(&acme(), "Lab", &ann);
        assert!(tx.workspaces().add(&lab)?);
        assert!(!tx.workspaces().add(&lab)?);
        let stranger = sample::workspace_membership(&lab, &bob, &[WorkspaceRole::Viewer]);
        let outcome = tx.workspaces().add_member(&stranger);
        assert!(is_storage(&outcome), "{outcome:?}");
        let nowhere = sample::workspace(&acme(), "Nowhere", &ann);
        let lost = sample::workspace_membership(&nowhere, &ann, &[WorkspaceRole::Viewer]);
        let outcome = tx.workspaces().add_member(&lost);
        assert!(is_storage(&outcome), "{outcome:?}");
        let member = sample::workspace_membership(&lab, &ann, &[WorkspaceRole::Viewer]);
        assert!(tx.workspaces().add_member(&member)?);
        assert!(!tx.workspaces().add_member(&member)?);
        let counts = tx
            .workspaces()
            .count_members(acme().id, &[nowhere.id, lab.id])?;
        assert_eq!(counts, [0, 1]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn what_a_workspace_grants_follows_the_roles() {
    run(|tx| {
        let ann = sample::user("ann");
        let lab = sample::workspace(&acme(), "Lab", &ann);
        let reviewer = sample::workspace_role(&acme(), "reviewer", &[Permission::DeleteWorkspace]);
        assert!(tx.workspaces().add(&lab)? && tx.roles().add(&reviewer)?);
        let mut member = sample::workspace_membership(&lab, &ann, &[WorkspaceRole::Viewer]);
        assert!(tx.workspaces().add_member(&member)?);
        member.custom_roles = vec![(&reviewer).into()];
        let seen = member.version;
        member.version = seen.next();
        assert!(!tx.workspaces().update_member(&member, member.version)?);
        assert!(tx.workspaces().update_member(&member, seen)?);
        let granted = tx.workspaces().granted(acme().id, lab.id, ann.id)?;
        let viewer = WorkspaceRole::Viewer.permissions();
        assert_eq!(granted, viewer.with(Permission::DeleteWorkspace));
        let held = tx.memberships().find(acme().id, ann.id)?.unwrap();
        assert_eq!(held.custom_workspace_roles, [(&reviewer).into()]);
        assert!(tx.workspaces().remove_member(acme().id, lab.id, ann.id)?);
        assert!(!tx.workspaces().remove_member(acme().id, lab.id, ann.id)?);
        assert!(!tx.workspaces().update_member(&member, member.version)?);
        let page = tx
            .workspaces()
            .list_of_member(acme().id, ann.id, &Window::first(9))?;
        assert_eq!(ids(&page.items), []);
        Ok(())
    })
    .unwrap();
}

fn verified(organization: &Organization, name: &str) -> OrganizationDomain {
    OrganizationDomain {
        verified_at: Some(NOW),
        ..sample::domain(organization, name)
    }
}

#[test]
fn a_domain_is_verified_by_one() {
    run(|tx| {
        let name = "example.com";
        let (ours, theirs) = (verified(&acme(), name), verified(&other(), name));
        assert!(tx.domains().add(&sample::domain(&acme(), name))?);
        assert!(!tx.domains().add(&sample::domain(&acme(), name))?);
        assert!(tx.domains().add(&sample::domain(&other(), name))?);
        assert_eq!(tx.domains().find_verified(&ours.name)?, None);
        assert!(!tx.domains().update(&ours, ours.version.next())?);
        assert!(tx.domains().update(&ours, ours.version)?);
        let outcome = tx.domains().update(&theirs, theirs.version);
        let refusal = Err(Refusal::DomainTaken);
        assert_eq!(outcome.map_err(refused), refusal);
        assert_eq!(tx.domains().find_verified(&ours.name)?, Some(ours));
        tx.domains().release_all(acme().id)?;
        assert!(tx.domains().update(&theirs, theirs.version)?);
        Ok(())
    })
    .unwrap();
}

fn refused(error: Error) -> Refusal {
    match error {
        Error::Refused(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_domain_is_primary() {
    run(|tx| {
        let [mut one, mut two] = ["one.example", "two.example"].map(|name| verified(&acme(), name));
        one.primary = true;
        assert!(tx.domains().add(&one)? && tx.domains().add(&two)?);
        two.primary = true;
        let outcome = tx.domains().update(&two, two.version);
        assert!(is_storage(&outcome), "{outcome:?}");
        one.primary = false;
        assert!(tx.domains().update(&one, one.version)?);
        assert!(tx.domains().update(&two, two.version)?);
        assert_eq!(tx.domains().count(acme().id)?, 2);
        assert!(tx.domains().remove(acme().id, two.id)?);
        assert!(!tx.domains().remove(acme().id, two.id)?);
        let page = tx.domains().list(acme().id, &Window::first(9))?;
        assert_eq!(page.items, [one]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn preferences_and_plans_belong_to_something() {
    run(|tx| {
        let lab = sample::workspace(&acme(), "Lab", &sample::user("ann"));
        assert!(tx.workspaces().add(&lab)?);
        let mut ours = OrganizationPreferences::default_of(acme().id);
        assert_eq!(tx.preferences().of_organization(acme().id)?, None);
        ours.general = sample::general();
        tx.preferences().put_organization(&ours)?;
        assert_eq!(tx.preferences().of_organization(acme().id)?, Some(ours));
        let said = WorkspacePreferences::default_of(acme().id, lab.id);
        tx.preferences().put_workspace(&said)?;
        assert_eq!(
            tx.preferences().of_workspace(acme().id, lab.id)?,
            Some(said)
        );
        let elsewhere = WorkspacePreferences::default_of(other().id, lab.id);
        let outcome = tx.preferences().put_workspace(&elsewhere);
        assert!(is_storage(&outcome), "{outcome:?}");
        assert_eq!(tx.plans().find(acme().id)?, Some(Plan::default()));
        let plan = Plan {
            subscription: Subscription::trial(NOW, Span::days(14)),
            members: Quota(5),
            workspaces: Quota(2),
        };
        tx.plans().set(acme().id, &plan)?;
        assert_eq!(tx.plans().find(acme().id)?, Some(plan));
        assert_eq!(tx.plans().find(other().id)?, Some(Plan::default()));
        Ok(())
    })
    .unwrap();
}
