//! The real services over a real store, seen through the model's eyes.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use proptest_state_machine::StateMachineTest;
use rollbook_domain::audit::{Chain, Links};
use rollbook_domain::filter::Filter;
use rollbook_domain::invitation::{InvitationState, InvitationView};
use rollbook_domain::membership::{MemberOrder, MemberView};
use rollbook_domain::mock::{Account, World};
use rollbook_domain::organization::Organization;
use rollbook_domain::page::Window;
use rollbook_domain::role::{AssignedRole, CustomRole, Roles};
use rollbook_domain::value::{Email, RoleKey};
use rollbook_domain::workspace::Workspace;
use rollbook_domain::{Error, Result};
use tokio::runtime::Runtime;

use super::deed::{Deed, OWN_ROLES, Step, own_key};
use super::entry::Held;
use super::reference::{Book, PEOPLE};
use crate::support::TestDatabase;

thread_local! {
    /// The database of this thread's test, with its clock and ids: the trait has no place to hand
    /// them in.
    static DATABASE: RefCell<Option<(Rc<TestDatabase>, World)>> = const { RefCell::new(None) };
    /// How many books there were, since people need distinct addresses.
    static BOOKS: RefCell<u32> = const { RefCell::new(0) };
}

/// Chooses the database for the books of this thread.
pub(super) fn on(database: TestDatabase) {
    let world = database.world().unwrap();
    DATABASE.set(Some((Rc::new(database), world)));
}

/// Closes it.
pub(super) fn off() {
    DATABASE.set(None);
}

/// One book in the store.
pub(super) struct System {
    runtime: Runtime,
    database: Rc<TestDatabase>,
    pub(super) world: World,
    pub(super) people: Vec<Account>,
    pub(super) organizations: Vec<Organization>,
    /// One each.
    pub(super) workspaces: Vec<Workspace>,
    /// How many seats were used before the last step.
    used: Vec<usize>,
}

/// What the store holds of one organization.
struct Kept {
    organization: Organization,
    members: Vec<MemberView>,
    invited: Vec<InvitationView>,
    roles: Vec<CustomRole>,
}

impl StateMachineTest for System {
    type SystemUnderTest = Self;
    type Reference = Book;

    fn init_test(book: &Book) -> Self {
        let (database, world) = DATABASE.with_borrow(Clone::clone).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let number = BOOKS.with(|books| books.replace_with(|number| *number + 1));
        let begun = runtime.block_on(begin(&world, number, book)).unwrap();
        let (people, organizations, workspaces) = begun;
        let system = Self {
            runtime,
            database,
            world,
            people,
            used: vec![1; organizations.len()],
            organizations,
            workspaces,
        };
        system.runtime.block_on(system.hire(book)).unwrap();
        system
    }

    fn apply(mut system: Self, book: &Book, step: Step) -> Self {
        system.used = book.organizations.iter().map(|_| usize::MAX).collect();
        let organization = step.organization;
        system.used[organization] = system.seats(organization);
        let outcome = system.runtime.block_on(system.act(step));
        match outcome {
            Ok(()) => assert!(book.expected, "{step:?} should have been refused"),
            // A role that there is not is an invalid value.
            Err(
                Error::Refused(_) | Error::Denied { .. } | Error::NotFound(_) | Error::Invalid(_),
            ) if !book.expected => {}
            Err(error) => panic!("{step:?}: expected {}, got {error:?}", book.expected),
        }
        system.compare(book, organization);
        if matches!(step.deed, Deed::Remove(_) | Deed::Leave) {
            system.check_inside(book, organization);
        }
        if !matches!(step.deed, Deed::SetSeats(_)) {
            system.check_seats(book, organization);
        }
        system
    }

    fn teardown(system: Self, book: Book) {
        for organization in 0..book.organizations.len() {
            system.compare(&book, organization);
            system.check_rights(&book, organization);
            system.check_inside(&book, organization);
            system.check_log(organization);
        }
        system.check();
    }
}

/// Everybody signs up, and the first owners found their organizations, with a workspace each.
async fn begin(
    world: &World,
    number: u32,
    book: &Book,
) -> Result<(Vec<Account>, Vec<Organization>, Vec<Workspace>)> {
    let mut people = vec![world.sign_up_superuser(&format!("b{number}p0")).await?];
    for person in 1..PEOPLE {
        people.push(world.sign_up(&format!("b{number}p{person}")).await?);
    }
    let (mut organizations, mut workspaces) = (Vec::new(), Vec::new());
    for entry in &book.organizations {
        let owner = &people[entry.owner];
        let acme = world.create(owner, "Acme").await?.organization;
        let lab = world.found_workspace(owner, &acme, "Lab").await?;
        workspaces.push(lab.workspace);
        organizations.push(acme);
    }
    Ok((people, organizations, workspaces))
}

impl System {
    /// The store holds what the model holds.
    fn compare(&self, book: &Book, organization: usize) {
        let entry = &book.organizations[organization];
        let kept = self.kept(organization);
        assert_eq!(kept.organization.is_live(), entry.live);
        assert_eq!(kept.organization.owner_id, self.people[entry.owner].user.id);
        let members = kept.members.iter().map(|member| {
            let it = &member.membership;
            (self.person(&member.email), held(it.roles, &it.custom_roles))
        });
        assert_eq!(members.collect::<BTreeMap<_, _>>(), entry.members);
        let invited = kept.invited.iter().map(|view| {
            let it = &view.invitation;
            (self.person(&it.email), held(it.roles, &it.custom_roles))
        });
        assert_eq!(invited.collect::<BTreeMap<_, _>>(), entry.pending);
        let roles = kept.roles.iter();
        let roles = roles.map(|role| (number(&role.key), role.permissions));
        assert_eq!(roles.collect::<BTreeMap<_, _>>(), entry.own_roles);
    }

    fn kept(&self, organization: usize) -> Kept {
        let (id, now) = (self.organizations[organization].id, self.world.now());
        let read = self.world.store.read(move |tx| {
            let (everybody, order) = (Filter::everything(), MemberOrder::default());
            let members = tx
                .memberships()
                .list(id, &everybody, &order, &Window::first(1000))?;
            let pending = [InvitationState::Pending];
            let first = Window::first(1000);
            let invited = tx.invitations().list(id, &[], &pending, now, &first)?;
            let roles = tx.roles().list(id, &Window::first(1000))?;
            Ok(Kept {
                organization: tx.organizations().find(id)?.unwrap().organization,
                members: members.items,
                invited: invited.items,
                roles: roles.items,
            })
        });
        self.runtime.block_on(read).unwrap()
    }

    /// Everybody may what their roles permit as they are now.
    fn check_rights(&self, book: &Book, organization: usize) {
        let entry = &book.organizations[organization];
        let id = self.organizations[organization].id;
        for (person, roles) in &entry.members {
            let user = self.people[*person].user.id;
            let held = self
                .world
                .store
                .read_one(move |tx| tx.memberships().held(id, user));
            let held = self.runtime.block_on(held).unwrap().unwrap();
            assert_eq!(Some(held.permissions()), entry.permitted(roles));
        }
    }

    /// Who is in the workspace, and what tokens there are, is what hangs on the memberships.
    fn check_inside(&self, book: &Book, organization: usize) {
        let entry = &book.organizations[organization];
        let lab = self.workspaces[organization].reference();
        for (person, account) in self.people.iter().enumerate() {
            let user = account.user.id;
            let read = self.world.store.read(move |tx| {
                let there = tx
                    .workspaces()
                    .find_member(lab.organization, lab.id, user)?;
                Ok((there, tx.tokens().list(user, &Window::first(1000))?.items))
            });
            let (there, mut tokens) = self.runtime.block_on(read).unwrap();
            assert_eq!(there.is_some(), entry.inside.contains(&person));
            tokens.retain(|token| token.organization_id == Some(lab.organization));
            let expected = entry.tokens.get(&person).copied();
            assert_eq!(tokens.len(), expected.unwrap_or_default());
        }
    }

    fn person(&self, email: &Email) -> usize {
        let mut people = self.people.iter();
        people
            .position(|account| account.user.email == *email)
            .unwrap()
    }

    fn seats(&self, organization: usize) -> usize {
        let (id, now) = (self.organizations[organization].id, self.world.now());
        let used = self.world.store.read(move |tx| {
            Ok(tx.memberships().count(id)? + tx.invitations().count_pending(id, now)?)
        });
        usize::try_from(self.runtime.block_on(used).unwrap()).unwrap()
    }

    /// Whatever grew has a seat for it.
    fn check_seats(&self, book: &Book, organization: usize) {
        let limit = usize::try_from(book.organizations[organization].seats).unwrap();
        let used = self.seats(organization);
        let grew = used > self.used[organization];
        assert!(!grew || limit == 0 || used <= limit, "{used} of {limit}");
    }

    /// The log of an organization is whole.
    fn check_log(&self, organization: usize) {
        let chain = Chain::Organization(self.organizations[organization].id);
        let read = self
            .world
            .store
            .read(move |tx| tx.audit().follow(chain, 0, 10_000));
        let mut links = Links::default();
        for entry in self.runtime.block_on(read).unwrap() {
            assert_eq!(links.follow(&entry), Ok(()));
        }
        assert!(links.count() >= 1);
    }

    /// What holds for all rows of all books, asked of the tables themselves.
    fn check(&self) {
        for (what, query) in [
            (
                "owners who are no members",
                "SELECT count(*) AS count FROM organizations o WHERE NOT EXISTS (SELECT 1 FROM \
                 memberships m WHERE m.organization_id = o.id AND m.user_id = o.owner_id AND \
                 m.roles LIKE '%admin%')",
            ),
            (
                "addresses with two pending invitations",
                "SELECT count(*) AS count FROM (SELECT 1 AS one FROM invitations WHERE state = \
                 'pending' GROUP BY organization_id, email_key HAVING count(*) > 1) AS twice",
            ),
            (
                "roles of another organization",
                "SELECT count(*) AS count FROM membership_roles h WHERE NOT EXISTS (SELECT 1 FROM \
                 roles r WHERE r.organization_id = h.organization_id AND r.id = h.role_id)",
            ),
        ] {
            assert_eq!(self.database.count(query).unwrap(), 0, "{what}");
        }
    }
}

fn held(roles: Roles, own: &[AssignedRole]) -> Held {
    Held {
        roles,
        own: own.iter().map(|role| number(&role.key)).collect(),
    }
}

/// The number of an organization's own role.
fn number(key: &RoleKey) -> usize {
    let mut numbers = 0..OWN_ROLES;
    numbers
        .find(|number| own_key(*number) == key.as_str())
        .unwrap()
}
