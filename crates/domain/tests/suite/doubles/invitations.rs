//! Invitations in memory.

use pollster::block_on;
use rollbook_domain::id::InvitationId;
use rollbook_domain::invitation::{
    DEFAULT_LIFETIME, Invitation, InvitationProof, InvitationState, InvitationView,
};
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::page::{Page, Window};
use rollbook_domain::port::{RoleHolder, Tx};
use rollbook_domain::role::{CustomRole, Permission, Role, Roles, WorkspaceRole, WorkspaceRoles};
use rollbook_domain::secret::Secret;
use rollbook_domain::subscription::Plan;
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::value::Email;
use rollbook_domain::{Error, Result};

use super::{acme, fill, is_storage, memory, other, run};

const NOW: Timestamp = FixedClock::START;

/// When every sample has run out.
fn late() -> Timestamp {
    NOW.plus(DEFAULT_LIFETIME)
}

fn invite(tx: &mut dyn Tx, invitation: &Invitation) -> Result<bool> {
    tx.invitations()
        .add(invitation, &secret(invitation).digest())
}

fn secret(invitation: &Invitation) -> Secret {
    sample::invitation_secret(invitation.id, "first")
}

fn find_by_secret(tx: &mut dyn Tx, secret: &Secret) -> Result<Option<InvitationView>> {
    tx.invitations()
        .find_by_secret(&InvitationProof::of(secret))
}

fn bob() -> Invitation {
    sample::invitation(&acme(), "bob", &[Role::Member])
}

/// An invitation of bob to acme in another state than pending.
fn closed(name: &str, state: InvitationState) -> Invitation {
    Invitation {
        id: InvitationId::new(sample::uuid(name)),
        state,
        ..bob()
    }
}

fn role() -> CustomRole {
    sample::role(&acme(), "auditor", &[Permission::ReadAuditEntry])
}

fn ids(page: &Page<InvitationView, InvitationId>) -> Vec<InvitationId> {
    page.items.iter().map(|view| view.invitation.id).collect()
}

#[test]
fn an_address_has_one_pending_invitation() {
    run(|tx| {
        assert!(invite(tx, &bob())?);
        let again = Invitation {
            id: InvitationId::new(sample::uuid("again")),
            email: Email::from_stored("BOB@Example.com".to_owned()),
            ..bob()
        };
        assert!(!invite(tx, &again)?);
        let found = tx.invitations().find_pending(acme().id, &again.email)?;
        assert_eq!(found, Some(bob()));
        // One that has run out stands in the way until that is written.
        let mut expired = bob();
        expired.state = InvitationState::Expired;
        expired.version = bob().version.next();
        assert!(tx.invitations().update(&expired, &bob())?);
        assert!(invite(tx, &again)?);
        let outcome = tx.invitations().update(&bob(), &expired);
        assert!(is_storage(&outcome), "{outcome:?}");
        assert!(invite(
            tx,
            &sample::invitation(&other(), "bob", &[Role::Member])
        )?);
        Ok(())
    })
    .unwrap();
}

#[test]
fn lists_mind_the_clock() {
    run(|tx| {
        let states = [InvitationState::Accepted, InvitationState::Declined];
        let accepted = closed("accepted", states[0]);
        let declined = closed("declined", states[1]);
        for invitation in [&bob(), &accepted, &declined] {
            assert!(invite(tx, invitation)?);
        }
        let mut list = |states: &[InvitationState], now| {
            let window = Window::first(9).counted();
            let page = tx
                .invitations()
                .list(acme().id, &[], states, now, &window)?;
            assert_eq!(page.total, Some(page.items.len() as u64));
            Ok::<_, Error>(ids(&page))
        };
        let mut all = vec![bob().id, accepted.id, declined.id];
        all.sort();
        assert_eq!(list(&[], NOW)?, all);
        assert_eq!(list(&[InvitationState::Pending], NOW)?, [bob().id]);
        assert_eq!(list(&[InvitationState::Pending], late())?, []);
        assert_eq!(list(&[InvitationState::Expired], late())?, [bob().id]);
        all.retain(|id| *id != bob().id);
        assert_eq!(list(&states, NOW)?, all);
        assert_eq!(tx.invitations().count_pending(acme().id, NOW)?, 1);
        assert_eq!(tx.invitations().count_pending(acme().id, late())?, 0);
        Ok(())
    })
    .unwrap();
}

#[test]
fn nobody_is_invited_to_what_is_deleted() {
    run(|tx| {
        let elsewhere = sample::invitation(&other(), "bob", &[Role::Member]);
        assert!(invite(tx, &bob())? && invite(tx, &elsewhere)?);
        let email = bob().email;
        let list = |tx: &mut dyn Tx, now| {
            let page = tx.invitations().list_to(&email, now, &Window::first(9))?;
            Ok::<_, Error>(ids(&page))
        };
        let mut both = vec![bob().id, elsewhere.id];
        both.sort();
        assert_eq!(list(tx, NOW)?, both);
        assert_eq!(list(tx, late())?, []);
        let mut deleted = other();
        deleted.deleted_at = Some(NOW);
        assert!(tx.organizations().update(&deleted, deleted.version)?);
        assert_eq!(list(tx, NOW)?, [bob().id]);
        assert_eq!(tx.invitations().find_anywhere(elsewhere.id)?, None);
        assert_eq!(find_by_secret(tx, &secret(&elsewhere))?, None);
        assert!(tx.invitations().find(other().id, elsewhere.id)?.is_some());
        assert_eq!(tx.invitations().find(acme().id, elsewhere.id)?, None);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_new_secret_kills_the_old_one() {
    run(|tx| {
        assert!(invite(tx, &bob())?);
        let new = sample::invitation_secret(bob().id, "new");
        tx.invitations()
            .set_secret(acme().id, bob().id, &new.digest())?;
        assert_eq!(find_by_secret(tx, &secret(&bob()))?, None);
        let found = find_by_secret(tx, &new)?;
        let wanted = sample::invitation_view(&acme(), &sample::user("ann"), "bob", &[Role::Member]);
        assert_eq!(found, Some(wanted));
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_secret_opens_what_it_names() {
    run(|tx| {
        let carol = sample::invitation(&acme(), "carol", &[Role::Member]);
        assert!(invite(tx, &bob())? && invite(tx, &carol)?);
        let right = InvitationProof::of(&secret(&bob()));
        assert!(tx.invitations().find_by_secret(&right)?.is_some());
        for id in [
            None,
            Some(carol.id),
            Some(InvitationId::new(sample::uuid("absent"))),
        ] {
            let wrong = InvitationProof { id, ..right };
            assert_eq!(tx.invitations().find_by_secret(&wrong)?, None, "{id:?}");
        }
        let wrong = InvitationProof {
            digest: secret(&carol).digest(),
            ..right
        };
        assert_eq!(tx.invitations().find_by_secret(&wrong)?, None);
        Ok(())
    })
    .unwrap();
}

#[test]
fn an_update_leaves_what_never_changes() {
    run(|tx| {
        assert!(tx.roles().add(&role())?);
        assert!(invite(tx, &bob())?);
        let mut changed = Invitation {
            state: InvitationState::Accepted,
            roles: Roles::of(&[Role::Viewer]),
            workspace_roles: WorkspaceRoles::of(&[WorkspaceRole::Viewer]),
            custom_roles: vec![(&role()).into()],
            accepted_by: Some(sample::user("ann").id),
            expires_at: late().plus(Span::days(1)),
            version: bob().version.next(),
            updated_at: late(),
            email: sample::email("mallory"),
            created_at: late(),
            ..bob()
        };
        assert!(!tx.invitations().update(&changed, &changed)?);
        assert!(tx.invitations().update(&changed, &bob())?);
        (changed.email, changed.created_at) = (bob().email, bob().created_at);
        let found = tx.invitations().find(acme().id, bob().id)?.unwrap();
        assert_eq!(found.invitation, changed);
        let holders = tx.roles().holders(acme().id, role().id)?;
        assert_eq!(holders, [RoleHolder::Invitation(bob().id)]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn all_that_is_pending_is_revoked() {
    run(|tx| {
        let declined = closed("declined", InvitationState::Declined);
        let elsewhere = sample::invitation(&other(), "bob", &[Role::Member]);
        for invitation in [&bob(), &declined, &elsewhere] {
            assert!(invite(tx, invitation)?);
        }
        // Those that have run out are revoked too: they are written as pending.
        assert_eq!(tx.invitations().revoke_all(acme().id, late())?, 1);
        assert_eq!(tx.invitations().revoke_all(acme().id, late())?, 0);
        let mut revoked = bob();
        revoked.state = InvitationState::Revoked;
        revoked.touch(late());
        for kept in [&revoked, &declined, &elsewhere] {
            let found = tx.invitations().find(kept.organization_id, kept.id)?;
            assert_eq!(&found.unwrap().invitation, kept);
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn invitations_point_to_what_is_there() {
    let ann = sample::user("ann");
    let lab = sample::workspace(&other(), "Lab", &ann);
    let wrong = [
        Invitation {
            workspace_id: Some(lab.id),
            ..bob()
        },
        Invitation {
            inviter_id: Some(sample::user("nobody").id),
            ..bob()
        },
        Invitation {
            custom_roles: vec![(&role()).into()],
            ..bob()
        },
        sample::invitation(&sample::organization("Nowhere", &ann), "bob", &[]),
    ];
    for invitation in wrong {
        let lab = lab.clone();
        let outcome = block_on(memory().write(move |tx| {
            fill(tx)?;
            assert!(tx.organizations().add(&other(), &Plan::default())?);
            assert!(tx.workspaces().add(&lab)?);
            invite(tx, &invitation)
        }));
        assert!(is_storage(&outcome), "{outcome:?}");
    }
}
