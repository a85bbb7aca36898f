//! What happens between a use case's first look and its locks.

use std::sync::Arc;

use pollster::block_on;
use rollbook_domain::Error;
use rollbook_domain::access::{Caller, Credential};
use rollbook_domain::error::Unauthenticated;
use rollbook_domain::id::InvitationId;
use rollbook_domain::mock::mockall::Sequence;
use rollbook_domain::mock::{MockStore, MockTx, World, sample};
use rollbook_domain::service::invitation::Handle;
use rollbook_domain::service::user::DeleteUser;
use rollbook_domain::service::{Invitations, Organizations, Users};

use super::service::assert_error;

fn world(tx: MockTx) -> World {
    World::over(Arc::new(MockStore::new(tx)))
}

/// Bob becomes a member of an organization that his deletion has not locked.
#[test]
fn a_deletion_does_not_miss_a_new_membership() {
    let (mut tx, mut order) = (MockTx::default(), Sequence::new());
    let bob = sample::user("bob");
    let acme = sample::organization("Acme", &sample::user("ann"));
    let found = sample::authentication(&bob);
    tx.access
        .expect_authenticate()
        .once()
        .in_sequence(&mut order)
        .return_once(move |_| Ok(Some(found)));
    tx.memberships
        .expect_organizations_of()
        .once()
        .in_sequence(&mut order)
        .return_once(|_| Ok(Vec::new()));
    tx.users
        .expect_lock()
        .withf({
            let id = bob.id;
            move |locked| *locked == id
        })
        .once()
        .in_sequence(&mut order)
        .return_once(move |_| Ok(Some(bob)));
    tx.memberships
        .expect_organizations_of()
        .once()
        .in_sequence(&mut order)
        .return_once(move |_| Ok(vec![acme.id]));
    let caller = Caller::bearer(sample::secret("token").reveal());
    let outcome = block_on(world(tx).users.delete_me(caller, DeleteUser::default()));
    assert_error!(outcome, Error::Busy);
}

/// An expectation of a lock is missing here: a call would panic.
#[test]
fn who_shows_no_credential_locks_nothing() {
    let world = world(MockTx::default());
    let nobody = Caller::from(Credential::Nobody);
    let acme = sample::organization("Acme", &sample::user("ann"));
    let outcome = block_on(world.organizations.restore(nobody, acme.id, None));
    assert_error!(outcome, Error::Unauthenticated(Unauthenticated::Missing));
    let handle = Handle::Id(InvitationId::new(sample::uuid("invitation")));
    let outcome = block_on(world.invitations.accept(nobody, handle));
    assert_error!(outcome, Error::Unauthenticated(Unauthenticated::Missing));
    let outcome = block_on(world.invitations.decline(nobody, handle));
    assert_error!(outcome, Error::Unauthenticated(Unauthenticated::Missing));
}

/// Whether there is such an invitation is told to those who say who they are.
#[test]
fn an_invalid_credential_learns_nothing_of_an_invitation() {
    let mut tx = MockTx::default();
    tx.invitations
        .expect_find_locked()
        .once()
        .return_once(|_| Ok(None));
    tx.access
        .expect_authenticate_locking()
        .once()
        .return_once(|_| Ok(None));
    let caller = Caller::bearer(sample::secret("token").reveal());
    let handle = Handle::Id(InvitationId::new(sample::uuid("invitation")));
    let outcome = block_on(world(tx).invitations.accept(caller, handle));
    assert_error!(outcome, Error::Unauthenticated(Unauthenticated::Invalid));
}
