//! Single use cases over mocks: in which order they ask, and what they do when the answer is not
//! what a store in peace would give.

use std::sync::Arc;

use pollster::block_on;
use rollbook_domain::access::{Caller, Credential};
use rollbook_domain::error::Kind;
use rollbook_domain::id::{OrganizationId, UserId};
use rollbook_domain::mock::mockall::Sequence;
use rollbook_domain::mock::{MockStore, MockTx, World, sample};
use rollbook_domain::organization::OrganizationView;
use rollbook_domain::port::Access;
use rollbook_domain::role::Role;
use rollbook_domain::service::organization::{CreateOrganization, UpdateOrganization};
use rollbook_domain::service::token::IssueToken;
use rollbook_domain::service::{Organizations, Tokens};
use rollbook_domain::user::User;
use rollbook_domain::value::{OrganizationName, TokenName};
use rollbook_domain::{Error, Refusal, Result};

use super::service::{assert_denied, assert_error, assert_refused};

/// The services over a transaction with expectations, and whoever calls.
fn world(tx: MockTx) -> (World, Caller, Arc<MockStore>) {
    let store = Arc::new(MockStore::new(tx));
    let caller = Caller::bearer(sample::secret("token").reveal());
    (World::over(Arc::<MockStore>::clone(&store)), caller, store)
}

/// Lets the user in, with a lock on their row.
fn admits_locking(tx: &mut MockTx, user: &User, order: &mut Sequence) {
    let found = sample::authentication(user);
    tx.access
        .expect_authenticate_locking()
        .once()
        .in_sequence(order)
        .return_once(move |_| Ok(Some(found)));
}

/// Ann's organization.
fn acme() -> OrganizationView {
    sample::organization_view("Acme", &sample::user("ann"))
}

/// Lets the user arrive at an organization.
fn arrives(tx: &mut MockTx, user: &User, view: &OrganizationView, roles: &[Role]) {
    let arrival = sample::arrival(user, view, roles);
    tx.access
        .expect_arrive()
        .once()
        .return_once(move |_, _| Ok(Some(arrival)));
}

/// Lets the user arrive at an organization, but only when it is locked: what is read before a
/// lock is had may be out of date by then.
fn arrives_behind_the_lock(
    tx: &mut MockTx,
    order: &mut Sequence,
    user: &User,
    view: &OrganizationView,
    roles: &[Role],
) {
    let arrival = sample::arrival(user, view, roles);
    tx.organizations
        .expect_hold()
        .once()
        .in_sequence(order)
        .return_once(|_| Ok(()));
    tx.access
        .expect_arrive()
        .once()
        .in_sequence(order)
        .return_once(move |_, _| Ok(Some(arrival)));
}

fn create(world: &World, caller: Caller, limit: u32) -> Result<OrganizationView> {
    let command = CreateOrganization {
        owner_limit: Some(limit),
        ..world.command("Acme")
    };
    block_on(world.organizations.create(caller, command))
}

#[test]
fn the_owner_is_locked_before_organizations_are_counted() {
    let (mut tx, mut order) = (MockTx::default(), Sequence::new());
    let ann = sample::user("ann");
    admits_locking(&mut tx, &ann, &mut order);
    tx.organizations
        .expect_count_owned()
        .withf(move |owner, at_most| *owner == ann.id && *at_most == 5)
        .once()
        .in_sequence(&mut order)
        .return_once(|_, _| Ok(4));
    tx.organizations
        .expect_add()
        .withf(move |new, _| new.owner_id == ann.id && new.slug.as_str() == "acme")
        .once()
        .in_sequence(&mut order)
        .return_once(|_, _| Ok(true));
    tx.memberships
        .expect_add()
        .withf(move |new, user| {
            new.user_id == ann.id && user.id == ann.id && new.roles.has(Role::Admin)
        })
        .once()
        .in_sequence(&mut order)
        .return_once(|_, _| Ok(true));
    tx.audit
        .expect_add()
        .withf(|entry| entry.sequence == 1 && entry.act == "organization.created")
        .once()
        .in_sequence(&mut order)
        .return_once(|_| Ok(()));
    let (world, caller, store) = world(tx);
    create(&world, caller, 5).unwrap();
    assert_eq!(store.runs(), [Access::Write]);
}

/// objectstack PR #8316: a lack of rights was answered as a broken rule. Nothing is counted here
/// for someone who may not create at all.
#[test]
fn rights_come_before_limits() {
    let (mut tx, mut order) = (MockTx::default(), Sequence::new());
    admits_locking(&mut tx, &sample::service_account("robot"), &mut order);
    let (world, caller, _) = world(tx);
    assert_denied!(create(&world, caller, 0), CreateOrganization, visible: true);
}

/// objectstack PR #8316, for handing over: who may not is not told what else is wrong.
#[test]
fn rights_come_before_everything_else() {
    let (mut tx, mut order) = (MockTx::default(), Sequence::new());
    let bob = sample::user("bob");
    arrives_behind_the_lock(&mut tx, &mut order, &bob, &acme(), &[Role::Admin]);
    let (world, caller, _) = world(tx);
    let acme = acme().organization;
    let nobody = UserId::new(sample::uuid("nobody"));
    let stale = Some(acme.version.next());
    let transfer = world
        .organizations
        .transfer(caller, acme.id, nobody, stale, Some(0));
    assert_denied!(block_on(transfer), TransferOrganization, visible: true);
}

#[test]
fn an_organization_limit_counts_no_further_than_it_must() {
    let (mut tx, mut order) = (MockTx::default(), Sequence::new());
    admits_locking(&mut tx, &sample::user("ann"), &mut order);
    tx.organizations
        .expect_count_owned()
        .once()
        .return_once(|_, at_most| Ok(at_most));
    let (world, caller, _) = world(tx);
    let outcome = create(&world, caller, 3);
    assert_refused!(outcome, Refusal::OrganizationLimit { limit: 3 });
}

/// zitadel #10127: of two that chose one id at the same moment, the second one hears so.
#[test]
fn a_racer_for_the_same_id_is_told_that_it_is_the_id() {
    let mut tx = MockTx::default();
    let ann = sample::user("ann");
    // Without a limit nothing is counted, but whoever deletes the owner waits, too.
    admits_locking(&mut tx, &ann, &mut Sequence::new());
    tx.organizations
        .expect_add()
        .once()
        .return_once(|_, _| Ok(false));
    let theirs = sample::organization_view("Theirs", &sample::user("bob"));
    let id = theirs.organization.id;
    tx.organizations
        .expect_find()
        .withf(move |asked| *asked == id)
        .once()
        .return_once(|_| Ok(Some(theirs)));
    let (world, caller, _) = world(tx);
    let command = CreateOrganization {
        id: Some(id),
        ..world.command("Mine")
    };
    let outcome = block_on(world.organizations.create(caller, command));
    assert_refused!(outcome, Refusal::IdTaken);
}

#[test]
fn reading_an_organization_takes_one_call() {
    let mut tx = MockTx::default();
    arrives(&mut tx, &sample::user("bob"), &acme(), &[Role::Viewer]);
    let (world, caller, store) = world(tx);
    let id = acme().organization.id;
    let view = block_on(world.organizations.get(caller, id)).unwrap();
    assert_eq!(view, acme());
    assert_eq!(store.runs(), [Access::ReadOne]);
}

#[test]
fn a_malformed_credential_does_not_reach_the_store() {
    let (world, _, _) = world(MockTx::default());
    let absent = OrganizationId::new(sample::uuid("absent"));
    for credential in [Credential::Nobody, Credential::Malformed] {
        let caller = Caller::from(credential);
        let outcome = block_on(world.organizations.get(caller, absent));
        assert_error!(outcome, Error::Unauthenticated(_));
        assert_error!(create(&world, caller, 1), Error::Unauthenticated(_));
    }
}

/// While the caller waited for the lock another session handed the organization over.
#[test]
fn who_stopped_being_the_owner_meanwhile_is_denied() {
    let ann = sample::user("ann");
    let mut now_bobs = acme();
    let id = now_bobs.organization.id;
    now_bobs.organization.owner_id = sample::user("bob").id;
    let (mut tx, mut order) = (MockTx::default(), Sequence::new());
    arrives_behind_the_lock(&mut tx, &mut order, &ann, &now_bobs, &[Role::Admin]);
    let (world, caller, _) = world(tx);
    let outcome = block_on(world.organizations.delete(caller, id, None));
    assert_denied!(outcome, DeleteOrganization, visible: true);

    now_bobs.organization.deleted_at = Some(now_bobs.organization.updated_at);
    let (mut tx, mut order) = (MockTx::default(), Sequence::new());
    arrives_behind_the_lock(&mut tx, &mut order, &ann, &now_bobs, &[Role::Admin]);
    let (world, caller, _) = self::world(tx);
    let outcome = block_on(world.organizations.restore(caller, id, None));
    assert_denied!(outcome, RestoreOrganization, visible: true);
}

/// While the caller waited for the lock another session deleted the organization, or changed it.
#[test]
fn what_changed_meanwhile_is_noticed_under_the_lock() {
    let ann = sample::user("ann");
    let mut deleted = acme();
    let (id, seen) = (deleted.organization.id, Some(deleted.organization.version));
    deleted.organization.deleted_at = Some(deleted.organization.updated_at);
    let (mut tx, mut order) = (MockTx::default(), Sequence::new());
    arrives_behind_the_lock(&mut tx, &mut order, &ann, &deleted, &[Role::Admin]);
    let (world, caller, _) = world(tx);
    let outcome = block_on(world.organizations.delete(caller, id, None));
    assert_error!(outcome, Error::NotFound(Kind::Organization));

    let mut changed = acme();
    let at = changed.organization.updated_at;
    changed.organization.touch(at);
    let (mut tx, mut order) = (MockTx::default(), Sequence::new());
    arrives_behind_the_lock(&mut tx, &mut order, &ann, &changed, &[Role::Admin]);
    let (world, caller, _) = self::world(tx);
    let outcome = block_on(world.organizations.delete(caller, id, seen));
    assert_refused!(outcome, Refusal::VersionMismatch);
}

#[test]
fn a_change_that_another_session_overtook_is_refused() {
    let (mut tx, mut order) = (MockTx::default(), Sequence::new());
    let ann = sample::user("ann");
    arrives_behind_the_lock(&mut tx, &mut order, &ann, &acme(), &[Role::Admin]);
    tx.organizations
        .expect_update()
        .withf(move |new, seen| new.version == seen.next())
        .once()
        .return_once(|_, _| Ok(false));
    let (world, caller, _) = world(tx);
    let command = UpdateOrganization {
        name: OrganizationName::parse("New").ok(),
        ..UpdateOrganization::default()
    };
    let id = acme().organization.id;
    let outcome = block_on(world.organizations.update(caller, id, command));
    assert_refused!(outcome, Refusal::VersionMismatch);
}

#[test]
fn a_transfer_locks_the_organization_then_the_heir_then_counts() {
    let (mut tx, mut order) = (MockTx::default(), Sequence::new());
    let (ann, bob) = (sample::user("ann"), sample::user("bob"));
    arrives_behind_the_lock(&mut tx, &mut order, &ann, &acme(), &[Role::Admin]);
    let (acme, heir) = (acme().organization, bob.clone());
    let member = sample::member_view(&acme, &bob, &[Role::Member]);
    tx.users
        .expect_lock()
        .once()
        .in_sequence(&mut order)
        .return_once(move |_| Ok(Some(heir)));
    tx.memberships
        .expect_find()
        .once()
        .return_once(move |_, _| Ok(Some(member)));
    tx.organizations
        .expect_count_owned()
        .once()
        .in_sequence(&mut order)
        .return_once(|_, _| Ok(1));
    let (world, caller, _) = world(tx);
    let transfer = world
        .organizations
        .transfer(caller, acme.id, bob.id, None, Some(1));
    let outcome = block_on(transfer);
    assert_refused!(outcome, Refusal::OrganizationLimit { limit: 1 });
}

#[test]
fn tokens_are_counted_under_the_users_lock() {
    let (mut tx, mut order) = (MockTx::default(), Sequence::new());
    admits_locking(&mut tx, &sample::user("ann"), &mut order);
    tx.tokens
        .expect_count_usable()
        .once()
        .in_sequence(&mut order)
        .return_once(|_, _| Ok(0));
    tx.tokens
        .expect_add()
        .once()
        .in_sequence(&mut order)
        .return_once(|_, _| Err(Error::storage("the disk is full")));
    let (world, caller, _) = world(tx);
    let command = IssueToken {
        name: TokenName::from_stored("ci".to_owned()),
        expires_at: None,
        organization_id: None,
        once: None,
    };
    let outcome = block_on(world.tokens.issue(caller, command));
    assert_error!(outcome, Error::Storage(_));
}
