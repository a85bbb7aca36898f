//! Memberships in memory, and what hangs on them.

use pollster::block_on;
use rollbook_domain::access::Held;
use rollbook_domain::filter::{Filter, Place, TextTest};
use rollbook_domain::id::OrganizationId;
use rollbook_domain::membership::{MemberKey, MemberOrder, MemberTest, Membership};
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::page::Window;
use rollbook_domain::port::Tx;
use rollbook_domain::role::{
    CustomRole, Permission, Permissions, Role, RoleRef, RoleScope, Roles, WorkspaceRole,
};
use rollbook_domain::subscription::Plan;
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::user::User;
use rollbook_domain::value::{DisplayName, fold};
use rollbook_domain::workspace::{Workspace, WorkspaceMembership};
use rollbook_domain::{Error, Result};

use super::{acme, memory};

/// A member as the tests make it up.
#[derive(Clone, Debug)]
pub(super) struct Person {
    /// Distinguishes the address, in an order of its own.
    pub(super) number: usize,
    pub(super) name: &'static str,
    pub(super) joined: u32,
    pub(super) changed: u32,
    pub(super) role: Role,
    pub(super) auditor: bool,
    /// The role in the workspace, and whether the custom one comes with it.
    pub(super) works: Option<(WorkspaceRole, bool)>,
}

impl Person {
    pub(super) fn user(&self) -> User {
        User {
            display_name: DisplayName::from_stored(self.name.to_owned()),
            ..sample::user(&format!("p{}", self.number))
        }
    }

    pub(super) fn membership(&self) -> Membership {
        let custom = if self.auditor {
            vec![auditor()]
        } else {
            vec![]
        };
        Membership {
            custom_roles: custom.iter().map(Into::into).collect(),
            created_at: at(self.joined),
            updated_at: at(self.changed),
            ..sample::membership(&acme(), &self.user(), &[self.role])
        }
    }

    fn workspace_membership(&self) -> Option<WorkspaceMembership> {
        let (role, reviews) = self.works?;
        let custom = if reviews { vec![reviewer()] } else { vec![] };
        Some(WorkspaceMembership {
            custom_roles: custom.iter().map(Into::into).collect(),
            ..sample::workspace_membership(&lab(), &self.user(), &[role])
        })
    }

    fn has(&self, role: RoleRef) -> bool {
        match role {
            RoleRef::Organization(role) => self.role == role,
            RoleRef::Workspace(role) => self.works.is_some_and(|(own, _)| own == role),
            RoleRef::Custom(id) if id == auditor().id => self.auditor,
            RoleRef::Custom(_) => self.works.is_some_and(|(_, reviews)| reviews),
        }
    }

    pub(super) fn passes(&self, filter: &Filter<MemberTest>) -> bool {
        filter.holds(&|test| match test {
            MemberTest::Role(roles) => roles.iter().any(|role| self.has(*role)),
            MemberTest::Scope(RoleScope::Organization) => true,
            MemberTest::Scope(RoleScope::Workspace) => self.works.is_some(),
            MemberTest::Search(words) => {
                let address = self.user().email;
                words.passes(&fold(self.name)) || words.passes(address.key())
            }
        })
    }
}

fn at(second: u32) -> Timestamp {
    FixedClock::START.plus(Span::seconds(second))
}

pub(super) fn auditor() -> CustomRole {
    sample::role(&acme(), "auditor", &[Permission::ReadAuditEntry])
}

pub(super) fn reviewer() -> CustomRole {
    sample::workspace_role(&acme(), "reviewer", &[Permission::UpdateWorkspace])
}

fn lab() -> Workspace {
    sample::workspace(&acme(), "Lab", &sample::user("ann"))
}

/// Acme without members, with its two roles and its workspace.
pub(super) fn found(tx: &mut dyn Tx) -> Result<()> {
    assert!(tx.users().add(&sample::user("ann"))?);
    assert!(tx.organizations().add(&acme(), &Plan::default())?);
    assert!(tx.roles().add(&auditor())? && tx.roles().add(&reviewer())?);
    assert!(tx.workspaces().add(&lab())?);
    Ok(())
}

pub(super) fn enroll(tx: &mut dyn Tx, person: &Person) -> Result<()> {
    let user = person.user();
    assert!(tx.users().add(&user)?);
    assert!(tx.memberships().add(&person.membership(), &user)?);
    if let Some(membership) = person.workspace_membership() {
        assert!(tx.workspaces().add_member(&membership)?);
    }
    Ok(())
}

fn editor() -> Person {
    Person {
        number: 1,
        name: "Eve",
        joined: 1,
        changed: 1,
        role: Role::Viewer,
        auditor: true,
        works: Some((WorkspaceRole::Editor, true)),
    }
}

/// Runs a case in the organization, where only [`editor`] is a member.
fn with_editor(case: fn(&mut dyn Tx, User) -> Result<()>) -> Result<()> {
    block_on(memory().write(move |tx| {
        found(tx)?;
        enroll(tx, &editor())?;
        case(tx, editor().user())
    }))
}

fn search(tx: &mut dyn Tx, organization: OrganizationId, words: &str) -> Result<usize> {
    let test = MemberTest::Search(TextTest::new(Place::Anywhere, words));
    let window: Window<MemberKey> = Window::first(9);
    let order = MemberOrder::default();
    let filter = Filter::Test(test);
    let page = tx
        .memberships()
        .list(organization, &filter, &order, &window)?;
    Ok(page.items.len())
}

#[test]
fn a_member_holds_built_in_and_custom_roles() {
    with_editor(|tx, eve| {
        let held = tx.memberships().held(acme().id, eve.id)?;
        let custom = Permissions::of(&[Permission::ReadAuditEntry]);
        let roles = Roles::of(&[Role::Viewer]);
        assert_eq!(held, Some(Held { roles, custom }));
        assert_eq!(
            tx.memberships().held(acme().id, sample::user("ann").id)?,
            None
        );
        let granted = tx.workspaces().granted(acme().id, lab().id, eve.id)?;
        assert_eq!(granted, WorkspaceRole::Editor.permissions());
        let view = tx.memberships().find(acme().id, eve.id)?.unwrap();
        assert_eq!(view.membership, editor().membership());
        assert!(view.workspace_roles.has(WorkspaceRole::Editor));
        assert_eq!(view.custom_workspace_roles, [(&reviewer()).into()]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn an_update_writes_roles_and_nothing_else() {
    with_editor(|tx, eve| {
        let before = editor().membership();
        let mut changed = before.clone();
        changed.roles = Roles::of(&[Role::Manager]);
        changed.custom_roles = vec![(&reviewer()).into(), (&auditor()).into()];
        changed.version = before.version.next();
        changed.updated_at = at(9);
        changed.created_at = at(8);
        assert!(!tx.memberships().update(&changed, changed.version)?);
        assert!(tx.memberships().update(&changed, before.version)?);
        changed.created_at = before.created_at;
        changed.custom_roles.sort();
        let view = tx.memberships().find(acme().id, eve.id)?.unwrap();
        assert_eq!(view.membership, changed);
        Ok(())
    })
    .unwrap();
}

#[test]
fn only_roles_of_the_organization_can_be_held() {
    let outcome = with_editor(|tx, eve| {
        let other = sample::organization("Other", &sample::user("ann"));
        assert!(tx.organizations().add(&other, &Plan::default())?);
        let mut membership = sample::membership(&other, &eve, &[Role::Member]);
        membership.custom_roles = vec![(&auditor()).into()];
        tx.memberships().add(&membership, &eve).map(|_| ())
    });
    assert!(matches!(outcome, Err(Error::Storage(_))), "{outcome:?}");
    let outcome = with_editor(|tx, _| {
        let mut membership = editor().membership();
        let seen = membership.version;
        membership.custom_roles = vec![(&auditor()).into(), (&auditor()).into()];
        tx.memberships().update(&membership, seen).map(|_| ())
    });
    assert!(matches!(outcome, Err(Error::Storage(_))), "{outcome:?}");
}

#[test]
fn whoever_is_removed_leaves_the_workspaces_too() {
    with_editor(|tx, eve| {
        let organization = acme().id;
        let stays = Person {
            number: 2,
            auditor: false,
            works: Some((WorkspaceRole::Viewer, false)),
            ..editor()
        };
        enroll(tx, &stays)?;
        assert_eq!(tx.memberships().organizations_of(eve.id)?, [organization]);
        assert!(tx.memberships().remove(organization, eve.id)?);
        assert_eq!(
            tx.workspaces()
                .find_member(organization, lab().id, eve.id)?,
            None
        );
        assert_eq!(
            tx.workspaces().count_members(organization, &[lab().id])?,
            [1]
        );
        let granted = tx.workspaces().granted(organization, lab().id, eve.id)?;
        assert!(granted.is_empty());
        for role in [auditor(), reviewer()] {
            assert_eq!(tx.roles().holders(organization, role.id)?, []);
            assert!(tx.roles().remove(organization, role.id)?);
        }
        assert_eq!(tx.memberships().organizations_of(eve.id)?, []);
        assert!(!tx.memberships().remove(organization, eve.id)?);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_changed_name_is_found_after_a_refresh() {
    with_editor(|tx, eve| {
        let mut renamed = eve.clone();
        renamed.display_name = DisplayName::from_stored("Quinn".to_owned());
        renamed.email = sample::email("quinn");
        renamed.version = eve.version.next();
        assert!(tx.users().update(&renamed, eve.version)?);
        assert_eq!(search(tx, acme().id, "quinn")?, 0);
        tx.memberships().refresh(&renamed)?;
        assert_eq!(search(tx, acme().id, "quinn")?, 1);
        assert_eq!(search(tx, acme().id, "eve")?, 0);
        Ok(())
    })
    .unwrap();
}
