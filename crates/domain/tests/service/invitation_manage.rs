//! Looking after invitations: reading, sending again, revoking.

use rollbook_domain::audit::Act;
use rollbook_domain::error::Kind;
use rollbook_domain::filter::Filter;
use rollbook_domain::id::InvitationId;
use rollbook_domain::invitation::{DEFAULT_LIFETIME, InvitationState};
use rollbook_domain::mock::{World, sample};
use rollbook_domain::organization::Version;
use rollbook_domain::page::Window;
use rollbook_domain::port::Tx;
use rollbook_domain::role::Role;
use rollbook_domain::service::invitation::{Handle, NewInvitation, ResendInvitation};
use rollbook_domain::service::{AuditLog, Invitations};
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::value::Language;
use rollbook_domain::{Error, Refusal, Result};

use super::invitation::{create, invited, listed, mailed, recorded, to, with_roles};
use super::{assert_denied, assert_error, assert_refused};

const PENDING: &[InvitationState] = &[InvitationState::Pending];
const EXPIRED: &[InvitationState] = &[InvitationState::Expired];

/// better-auth #3255, langwatch #6778, CVE-2025-64708: what had run out was listed as pending, or
/// not at all, until a sweeper came.
pub(crate) async fn the_clock_decides_what_is_pending(world: World) -> Result<()> {
    let (ann, acme, view, secret) = invited(&world, "bob").await?;
    let (bob, end) = (world.sign_up("bob").await?, view.invitation.expires_at);
    world.clock.set(Timestamp::from_millis(end.millis() - 1));
    let pending = listed(&world, ann.caller, acme.id, PENDING).await?;
    assert_eq!(pending, std::slice::from_ref(&view));
    world.clock.set(end);
    assert!(
        listed(&world, ann.caller, acme.id, PENDING)
            .await?
            .is_empty()
    );
    let id = view.invitation.id;
    let mut expired = listed(&world, ann.caller, acme.id, EXPIRED).await?;
    expired.push(world.invitations.get(ann.caller, acme.id, id).await?);
    expired.push(world.invitations.preview(secret).await?);
    assert_eq!(expired.len(), 3);
    for it in expired {
        assert_eq!(it.invitation.state, InvitationState::Expired);
    }
    let mine = world
        .invitations
        .list_mine(bob.caller, Window::first(9).counted());
    assert_eq!(mine.await?.total, Some(0));
    Ok(())
}

pub(crate) async fn lists_have_states_and_pages(world: World) -> Result<()> {
    let (ann, acme, first, _) = invited(&world, "bob").await?;
    let mut ids = vec![first.invitation.id];
    for name in ["cid", "dan", "eva"] {
        let view = create(&world, ann.caller, acme.id, with_roles(name, &[])).await?;
        ids.push(view.invitation.id);
    }
    let revoke = world
        .invitations
        .revoke(ann.caller, acme.id, ids[1], None)
        .await?;
    assert_eq!(revoke.invitation.state, InvitationState::Revoked);
    let list = |states: &[InvitationState], window| {
        world
            .invitations
            .list(ann.caller, acme.id, None, states.to_vec(), window)
    };
    let page = list(PENDING, Window::first(2).counted()).await?;
    let found: Vec<_> = page.items.iter().map(|it| it.invitation.id).collect();
    assert_eq!(found, [ids[0], ids[2]]);
    assert_eq!((page.next, page.total), (Some(ids[2]), Some(3)));
    let rest = list(PENDING, Window::after(ids[2], 2)).await?;
    assert_eq!(rest.items[0].invitation.id, ids[3]);
    assert_eq!(rest.next, None);
    let both = [InvitationState::Pending, InvitationState::Revoked];
    assert_eq!(list(&both, Window::first(9)).await?.items.len(), 4);
    assert_eq!(list(&[], Window::first(9)).await?.items.len(), 4);
    Ok(())
}

pub(crate) async fn roles_decide_who_looks_and_manages(world: World) -> Result<()> {
    let (_, acme, view, _) = invited(&world, "bob").await?;
    let id = view.invitation.id;
    let (viewer, member) = (world.sign_up("vic").await?, world.sign_up("mia").await?);
    world.join(&acme, &viewer, &[Role::Viewer]).await?;
    world.join(&acme, &member, &[Role::Member]).await?;
    let it = &world.invitations;
    assert_eq!(it.get(viewer.caller, acme.id, id).await?, view);
    let outcome = it.get(member.caller, acme.id, id).await;
    assert_denied!(outcome, Use(ReadInvitation), visible: true);
    let outcome = listed(&world, member.caller, acme.id, &[]).await;
    assert_denied!(outcome, Use(ReadInvitation), visible: true);
    let again = ResendInvitation::default();
    let outcome = it.resend(viewer.caller, acme.id, id, again).await;
    assert_denied!(outcome, Use(UpdateInvitation), visible: true);
    let outcome = it.revoke(viewer.caller, acme.id, id, None).await;
    assert_denied!(outcome, Use(DeleteInvitation), visible: true);
    Ok(())
}

/// unkey PR #6524, keycloak #47080: an organization's admin could touch another's invitations by
/// their ids.
pub(crate) async fn another_organizations_invitation_is_not_found(world: World) -> Result<()> {
    let (ann, acme, view, _) = invited(&world, "bob").await?;
    let eve = world.sign_up("eve").await?;
    let hers = world.create(&eve, "Hers").await?.organization;
    let absent = InvitationId::new(sample::uuid("absent"));
    let it = &world.invitations;
    for id in [view.invitation.id, absent] {
        let outcome = it.get(eve.caller, hers.id, id).await;
        assert_error!(outcome, Error::NotFound(Kind::Invitation));
        let again = ResendInvitation::default();
        let outcome = it.resend(eve.caller, hers.id, id, again).await;
        assert_error!(outcome, Error::NotFound(Kind::Invitation));
        let outcome = it.revoke(eve.caller, hers.id, id, None).await;
        assert_error!(outcome, Error::NotFound(Kind::Invitation));
    }
    let outcome = it.get(eve.caller, acme.id, view.invitation.id).await;
    assert_denied!(outcome, Use(ReadInvitation), visible: false);
    let kept = it.get(ann.caller, acme.id, view.invitation.id).await?;
    assert_eq!(kept, view);
    Ok(())
}

/// better-auth #3507 and #9452: sending again made a second invitation.
pub(crate) async fn sent_again_it_is_the_same_with_another_secret(world: World) -> Result<()> {
    let (ann, acme, first, old) = invited(&world, "bob").await?;
    let id = first.invitation.id;
    world.clock.advance(Span::days(2));
    let again = ResendInvitation::default();
    let resend = world.invitations.resend(ann.caller, acme.id, id, again);
    let view = resend.await?;
    let new = mailed(&world, &view);
    assert_ne!(old, new);
    assert_eq!(view.invitation.id, id);
    assert_eq!(view.invitation.version, first.invitation.version.next());
    let end = world.now().plus(DEFAULT_LIFETIME);
    assert_eq!(view.invitation.expires_at, end);
    assert_eq!(
        listed(&world, ann.caller, acme.id, &[]).await?,
        std::slice::from_ref(&view)
    );
    let outcome = world.invitations.preview(old).await;
    assert_error!(outcome, Error::NotFound(Kind::Invitation));
    let bob = world.sign_up("bob").await?;
    let outcome = world.invitations.accept(bob.caller, Handle::Secret(old));
    assert_error!(outcome.await, Error::NotFound(Kind::Invitation));
    assert_eq!(world.invitations.preview(new).await?, view);
    assert_eq!(recorded(&world, acme.id, Act::InvitationResent).await?, 1);
    Ok(())
}

pub(crate) async fn it_is_sent_again_in_another_language(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let language = |tag: &str| Language::parse(tag).ok();
    let invitation = NewInvitation {
        language: language("de"),
        ..to(sample::email("bob"))
    };
    let view = create(&world, ann.caller, acme.id, invitation).await?;
    let again = ResendInvitation {
        language: language("fr"),
        ..ResendInvitation::default()
    };
    let (it, id) = (&world.invitations, view.invitation.id);
    let view = it.resend(ann.caller, acme.id, id, again).await?;
    assert_eq!(view.invitation.language, language("fr"));
    assert_eq!(it.get(ann.caller, acme.id, id).await?, view);
    Ok(())
}

/// langwatch #6778: a third of all invitations ran out, and nothing could be done about them.
pub(crate) async fn an_expired_one_is_sent_again_if_a_seat_is_free(world: World) -> Result<()> {
    let (ann, acme, view, _) = invited(&world, "bob").await?;
    world.set_seats(&acme, 2).await?;
    world.clock.set(view.invitation.expires_at);
    let other = create(&world, ann.caller, acme.id, with_roles("cid", &[])).await?;
    let resend = || {
        let (id, again) = (view.invitation.id, ResendInvitation::default());
        world.invitations.resend(ann.caller, acme.id, id, again)
    };
    assert_refused!(resend().await, Refusal::SeatLimit { limit: 2 });
    let revoke = world
        .invitations
        .revoke(ann.caller, acme.id, other.invitation.id, None);
    revoke.await?;
    assert_eq!(resend().await?.invitation.state, InvitationState::Pending);
    assert_eq!(resend().await?.invitation.state, InvitationState::Pending);
    let pending = listed(&world, ann.caller, acme.id, PENDING).await?;
    assert_eq!(pending.len(), 1, "the seat that it holds is not another");
    Ok(())
}

/// There stays one pending invitation an address, whichever of its invitations is sent again.
pub(crate) async fn two_are_never_pending(world: World) -> Result<()> {
    let (ann, acme, first, _) = invited(&world, "bob").await?;
    world.clock.set(first.invitation.expires_at);
    let second = create(&world, ann.caller, acme.id, to(sample::email("bob"))).await?;
    let resend = || {
        let (id, again) = (first.invitation.id, ResendInvitation::default());
        world.invitations.resend(ann.caller, acme.id, id, again)
    };
    assert_refused!(resend().await, Refusal::AlreadyInvited);
    world.clock.set(second.invitation.expires_at);
    resend().await?;
    let all = listed(&world, ann.caller, acme.id, &[]).await?;
    let states: Vec<_> = all.iter().map(|it| it.invitation.state).collect();
    assert_eq!(states, [InvitationState::Pending, InvitationState::Expired]);
    Ok(())
}

pub(crate) async fn an_expired_one_of_a_member_is_not_sent_again(world: World) -> Result<()> {
    let (ann, acme, view, _) = invited(&world, "bob").await?;
    let bob = world.sign_up("bob").await?;
    world.clock.set(view.invitation.expires_at);
    world.join(&acme, &bob, &[Role::Member]).await?;
    let (id, again) = (view.invitation.id, ResendInvitation::default());
    let outcome = world.invitations.resend(ann.caller, acme.id, id, again);
    assert_refused!(outcome.await, Refusal::AlreadyMember);
    Ok(())
}

/// Who sends an invitation again gives its roles: that takes the rights of the first sender.
pub(crate) async fn nobody_sends_again_what_they_could_not_send(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let command = with_roles("bob", &["org-admin"]);
    let view = create(&world, ann.caller, acme.id, command).await?;
    let manager = world.sign_up("manager").await?;
    world.join(&acme, &manager, &[Role::Manager]).await?;
    let (id, again) = (view.invitation.id, ResendInvitation::default());
    let outcome = world.invitations.resend(manager.caller, acme.id, id, again);
    let permission = "create:Role";
    assert_refused!(outcome.await, Refusal::BeyondOwnRights { permission });
    world
        .invitations
        .revoke(manager.caller, acme.id, id, None)
        .await?;
    Ok(())
}

pub(crate) async fn what_is_revoked_is_dead(world: World) -> Result<()> {
    let (ann, acme, view, secret) = invited(&world, "bob").await?;
    let (id, it) = (view.invitation.id, &world.invitations);
    it.revoke(ann.caller, acme.id, id, None).await?;
    let closed = || Refusal::InvitationClosed { state: "revoked" };
    let again = ResendInvitation::default();
    let outcome = it.resend(ann.caller, acme.id, id, again).await;
    assert_refused!(outcome, closed());
    let outcome = it.revoke(ann.caller, acme.id, id, None).await;
    assert_refused!(outcome, closed());
    let bob = world.sign_up("bob").await?;
    for handle in [Handle::Secret(secret), Handle::Id(id)] {
        assert_refused!(it.accept(bob.caller, handle).await, closed());
        assert_refused!(it.decline(bob.caller, handle).await, closed());
    }
    let state = it.preview(secret).await?.invitation.state;
    assert_eq!(state, InvitationState::Revoked);
    assert_eq!(recorded(&world, acme.id, Act::InvitationRevoked).await?, 1);
    create(&world, ann.caller, acme.id, to(sample::email("bob"))).await?;
    Ok(())
}

pub(crate) async fn a_stale_version_is_refused(world: World) -> Result<()> {
    let (ann, acme, view, _) = invited(&world, "bob").await?;
    let (id, it) = (view.invitation.id, &world.invitations);
    let resend = |seen: Version| {
        let command = ResendInvitation {
            seen: Some(seen),
            ..ResendInvitation::default()
        };
        it.resend(ann.caller, acme.id, id, command)
    };
    let old = view.invitation.version;
    let new = resend(old).await?.invitation.version;
    assert_refused!(resend(old).await, Refusal::VersionMismatch);
    let outcome = it.revoke(ann.caller, acme.id, id, Some(old)).await;
    assert_refused!(outcome, Refusal::VersionMismatch);
    it.revoke(ann.caller, acme.id, id, Some(new)).await?;
    Ok(())
}

/// langwatch #6778, `AutoGPT` #13603: what had run out ended without a word.
pub(crate) async fn what_ran_out_is_written_down_once(world: World) -> Result<()> {
    let (ann, acme, view, secret) = invited(&world, "bob").await?;
    let (id, end) = (view.invitation.id, view.invitation.expires_at);
    world.clock.set(Timestamp::from_millis(end.millis() - 1));
    assert_eq!(world.invitations.record_expired(9).await?, 0);
    world.clock.set(end);
    assert_eq!(world.invitations.record_expired(9).await?, 1);
    assert_eq!(world.invitations.record_expired(9).await?, 0);
    let page = world
        .audit
        .list(ann.caller, acme.id, Filter::everything(), Window::first(9));
    let page = page.await?;
    let last = &page.items[0];
    assert_eq!((last.act.as_str(), last.at), ("invitation.expired", end));
    assert_eq!(
        (last.actor_kind.as_str(), last.target_id),
        ("system", id.uuid())
    );
    assert_eq!(
        last.changes,
        r#"[{"field":"state","before":"pending","after":"expired"}]"#
    );
    let expired = page.items.iter().filter(|it| it.act == last.act);
    assert_eq!(expired.count(), 1);
    // It is what it was by the clock, and can be sent again.
    let preview = world.invitations.preview(secret).await?;
    assert_eq!(preview.invitation.state, InvitationState::Expired);
    let again = ResendInvitation::default();
    let revived = world.invitations.resend(ann.caller, acme.id, id, again);
    assert_eq!(revived.await?.invitation.state, InvitationState::Pending);
    assert_eq!(world.invitations.record_expired(9).await?, 0);
    Ok(())
}

pub(crate) async fn many_run_out_in_pieces(world: World) -> Result<()> {
    let (ann, acme, view, _) = invited(&world, "bob").await?;
    for name in ["cid", "dan"] {
        world.clock.advance(Span::seconds(60));
        create(&world, ann.caller, acme.id, with_roles(name, &[])).await?;
    }
    world.clock.set(view.invitation.expires_at);
    world.clock.advance(Span::days(1));
    assert_eq!(world.invitations.record_expired(2).await?, 2);
    let written = async |name: &str| -> Result<bool> {
        let (organization, email) = (acme.id, sample::email(name));
        let find = move |tx: &mut dyn Tx| tx.invitations().find_pending(organization, &email);
        Ok(world.store.read(find).await?.is_none())
    };
    assert!(written("bob").await? && written("cid").await? && !written("dan").await?);
    assert_eq!(world.invitations.record_expired(2).await?, 1);
    assert!(written("dan").await?);
    Ok(())
}

pub(crate) async fn an_expiry_that_failed_is_written_down_later(world: World) -> Result<()> {
    let (ann, acme, _, _) = invited(&world, "bob").await?;
    world.clock.advance(DEFAULT_LIFETIME);
    let (flaky, store) = super::reliability::flaky(&world);
    store.fail_next_commits(1);
    let outcome = flaky.invitations.record_expired(9).await;
    assert_error!(outcome, Error::Busy);
    let latest = super::deletion::latest(&world, &ann, acme.id, 1).await?;
    assert_eq!(latest, ["invitation.created"]);
    assert_eq!(world.invitations.record_expired(9).await?, 1);
    let latest = super::deletion::latest(&world, &ann, acme.id, 1).await?;
    assert_eq!(latest, ["invitation.expired"]);
    Ok(())
}
