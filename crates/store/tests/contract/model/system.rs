//! The real services over a real store, seen through the model's eyes.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use proptest_state_machine::StateMachineTest;
use rollbook_domain::access::Caller;
use rollbook_domain::audit::{Chain, Links};
use rollbook_domain::filter::Filter;
use rollbook_domain::id::{InvitationId, OrganizationId};
use rollbook_domain::invitation::InvitationState;
use rollbook_domain::membership::MemberOrder;
use rollbook_domain::mock::{Account, World};
use rollbook_domain::organization::Organization;
use rollbook_domain::page::Window;
use rollbook_domain::role::{Role, Roles};
use rollbook_domain::service::invitation::{CreateInvitation, Handle, NewInvitation};
use rollbook_domain::service::membership::{AddMember, Who};
use rollbook_domain::service::subscription::UpdatePlan;
use rollbook_domain::service::{
    Invitations as _, Memberships as _, Organizations as _, Subscriptions as _,
};
use rollbook_domain::subscription::Quota;
use rollbook_domain::time::Span;
use rollbook_domain::value::Metadata;
use rollbook_domain::{Error, Result};
use tokio::runtime::Runtime;

use super::reference::{Book, Deed, PEOPLE, Step};
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
    world: World,
    people: Vec<Account>,
    organizations: Vec<Organization>,
    /// How many seats were used before the last step.
    used: Vec<usize>,
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
        let (people, organizations) = runtime.block_on(begin(&world, number, book)).unwrap();
        Self {
            runtime,
            database,
            world,
            people,
            used: vec![1; organizations.len()],
            organizations,
        }
    }

    fn apply(mut system: Self, book: &Book, step: Step) -> Self {
        system.used = book.organizations.iter().map(|_| usize::MAX).collect();
        let organization = step.organization;
        system.used[organization] = system.seats(organization);
        let outcome = system.runtime.block_on(system.act(step));
        match outcome {
            Ok(()) => assert!(book.expected, "{step:?} should have been refused"),
            Err(Error::Refused(_) | Error::Denied { .. } | Error::NotFound(_))
                if !book.expected => {}
            Err(error) => panic!("{step:?}: expected {}, got {error:?}", book.expected),
        }
        system.compare(book, organization);
        if !matches!(step.deed, Deed::SetSeats(_)) {
            system.check_seats(book, organization);
        }
        system
    }

    fn teardown(system: Self, book: Book) {
        for organization in 0..book.organizations.len() {
            system.compare(&book, organization);
            system.check_log(organization);
        }
        system.check();
    }
}

/// Everybody signs up, and the first owners found their organizations.
async fn begin(
    world: &World,
    number: u32,
    book: &Book,
) -> Result<(Vec<Account>, Vec<Organization>)> {
    let mut people = vec![world.sign_up_superuser(&format!("b{number}p0")).await?];
    for person in 1..PEOPLE {
        people.push(world.sign_up(&format!("b{number}p{person}")).await?);
    }
    let mut organizations = Vec::new();
    for entry in &book.organizations {
        let view = world.create(&people[entry.owner], "Acme").await?;
        organizations.push(view.organization);
    }
    Ok((people, organizations))
}

impl System {
    async fn act(&self, step: Step) -> Result<()> {
        let (world, caller) = (&self.world, self.people[step.actor].caller);
        let id = self.organizations[step.organization].id;
        match step.deed {
            Deed::Invite(whom, role) => {
                let command = self.invitation(whom, role);
                world
                    .invitations
                    .create(caller, id, command)
                    .await
                    .map(drop)
            }
            Deed::Accept => {
                let handle = Handle::Id(self.latest(step).await?);
                world.invitations.accept(caller, handle).await.map(drop)
            }
            Deed::Decline => {
                let handle = Handle::Id(self.latest(step).await?);
                world.invitations.decline(caller, handle).await.map(drop)
            }
            Deed::Revoke(whom) => {
                let invited = self
                    .latest(Step {
                        actor: whom,
                        ..step
                    })
                    .await?;
                world
                    .invitations
                    .revoke(caller, id, invited, None)
                    .await
                    .map(drop)
            }
            _ => self.manage(step).await,
        }
    }

    /// What has nothing to do with invitations.
    async fn manage(&self, step: Step) -> Result<()> {
        let (world, caller) = (&self.world, self.people[step.actor].caller);
        let id = self.organizations[step.organization].id;
        let user = |whom: usize| self.people[whom].user.id;
        let keys = |role: Role| vec![role.public_key().to_owned()];
        match step.deed {
            Deed::Add(whom, role) => {
                let command = AddMember {
                    who: Who::User(user(whom)),
                    roles: keys(role),
                    once: None,
                };
                world.memberships.add(caller, id, command).await.map(drop)
            }
            Deed::SetRole(whom, role) => {
                let roles = keys(role);
                let set = world
                    .memberships
                    .set_roles(caller, id, user(whom), roles, None);
                set.await.map(drop)
            }
            Deed::Remove(whom) => world.memberships.remove(caller, id, user(whom), None).await,
            Deed::Leave => world.memberships.leave(caller, id).await,
            Deed::Transfer(whom) => {
                let transfer = world
                    .organizations
                    .transfer(caller, id, user(whom), None, None);
                transfer.await.map(drop)
            }
            Deed::SetSeats(seats) => self.set_seats(caller, id, seats).await,
            Deed::Delete => world.organizations.delete(caller, id, None).await,
            Deed::Restore => world
                .organizations
                .restore(caller, id, None)
                .await
                .map(drop),
            _ => {
                world.clock.advance(Span::days(31));
                Ok(())
            }
        }
    }

    async fn set_seats(&self, caller: Caller, id: OrganizationId, seats: u32) -> Result<()> {
        let command = UpdatePlan {
            members: Some(Quota(seats)),
            ..UpdatePlan::default()
        };
        let update = self.world.subscriptions.update(caller, id, command);
        update.await.map(drop)
    }

    fn invitation(&self, whom: usize, role: Role) -> CreateInvitation {
        CreateInvitation {
            invitation: NewInvitation {
                email: self.people[whom].user.email.clone(),
                workspace_id: None,
                roles: vec![role.public_key().to_owned()],
                redirect_organization_id: None,
                redirect_workspace_id: None,
                language: None,
                metadata: Metadata::default(),
                expires_at: None,
            },
            once: None,
        }
    }

    /// The last invitation to the actor, whatever became of it.
    async fn latest(&self, step: Step) -> Result<InvitationId> {
        let id = self.organizations[step.organization].id;
        let (email, now) = (self.people[step.actor].user.email.clone(), self.world.now());
        let all = self
            .world
            .store
            .read(move |tx| tx.invitations().list(id, &[], now, &Window::first(1000)));
        let mut all = all.await?.items.into_iter().rev();
        let last = all.find(|view| view.invitation.email == email);
        last.map(|view| view.invitation.id)
            .ok_or(Error::NotFound(rollbook_domain::error::Kind::Invitation))
    }

    /// The store holds what the model holds.
    fn compare(&self, book: &Book, organization: usize) {
        let entry = &book.organizations[organization];
        let id = self.organizations[organization].id;
        let now = self.world.now();
        let read = self.world.store.read(move |tx| {
            let everybody = Filter::everything();
            let first = Window::first(1000);
            let members = tx.memberships().list(
                id,
                &everybody,
                &MemberOrder::default(),
                &Window::first(1000),
            )?;
            let pending = [InvitationState::Pending];
            let invited = tx.invitations().list(id, &pending, now, &first)?;
            Ok((tx.organizations().find(id)?, members.items, invited.items))
        });
        let (view, members, invited) = self.runtime.block_on(read).unwrap();
        let kept = view.unwrap().organization;
        assert_eq!(kept.is_live(), entry.live);
        assert_eq!(kept.owner_id, self.people[entry.owner].user.id);
        let members: BTreeMap<usize, Roles> = members
            .iter()
            .map(|member| (self.person(&member.email), member.membership.roles))
            .collect();
        assert_eq!(members, entry.members);
        assert!(members[&entry.owner].has(Role::Admin));
        let invited: BTreeMap<usize, Role> = invited
            .iter()
            .map(|view| {
                (
                    self.person(&view.invitation.email),
                    only(view.invitation.roles),
                )
            })
            .collect();
        assert_eq!(invited, entry.pending);
    }

    fn person(&self, email: &rollbook_domain::value::Email) -> usize {
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

fn only(roles: Roles) -> Role {
    let mut roles = roles.iter();
    let role = roles.next().unwrap();
    assert_eq!(roles.next(), None);
    role
}
