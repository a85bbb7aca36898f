//! Workspaces in memory: lists against a naive model, and who belongs to them.

use pollster::block_on;
use proptest::prelude::*;
use rollbook_domain::Result;
use rollbook_domain::filter::{Filter, Place, TextTest};
use rollbook_domain::id::WorkspaceId;
use rollbook_domain::membership::Direction;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::page::Window;
use rollbook_domain::port::Tx;
use rollbook_domain::role::{Permission, WorkspaceRole};
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::value::{WorkspaceTitle, fold};
use rollbook_domain::workspace::{Workspace, WorkspaceField, WorkspaceView};

use super::{acme, fill, is_storage, memory, run};

const NOW: Timestamp = FixedClock::START;

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
        let live = tx
            .workspaces()
            .live(acme().id, &[nowhere.id, lab.id, lab.id])?;
        assert_eq!(live, [lab.id]);
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
