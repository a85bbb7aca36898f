//! Answering invitations: preview, accept, decline, sign up.

use std::sync::Arc;

use rollbook_domain::access::{Caller, Origin};
use rollbook_domain::audit::Act;
use rollbook_domain::domain::Enrollment;
use rollbook_domain::error::Kind;
use rollbook_domain::error::Unauthenticated::Missing;
use rollbook_domain::id::{InvitationId, UserId};
use rollbook_domain::invitation::InvitationState;
use rollbook_domain::mock::{Account, FlakyStore, World, sample};
use rollbook_domain::page::Window;
use rollbook_domain::role::{Permission, Role, Roles, WorkspaceRole, WorkspaceRoles};
use rollbook_domain::service::invitation::{Handle, Invitee, NewInvitation, Presented, SignUp};
use rollbook_domain::service::{Invitations, Memberships, Organizations, Tokens, Users};
use rollbook_domain::token::TokenKind;
use rollbook_domain::user::{User, UserKind};
use rollbook_domain::value::{DisplayName, Email};
use rollbook_domain::{Error, Refusal, Result};

use super::domain::open_house;
use super::invitation::{create, invited, listed, mailed, recorded, to, with_roles, workspace};
use super::{assert_denied, assert_error, assert_refused};

/// Somebody whose address nobody has verified.
async fn unverified(world: &World, name: &str) -> Result<Account> {
    world
        .add(User {
            email_verified_at: None,
            ..sample::user(name)
        })
        .await
}

fn sign_up(secret: Presented) -> SignUp {
    SignUp {
        secret,
        credential: TokenKind::Access,
        password: None,
        display_name: DisplayName::from_stored("Bob".to_owned()),
    }
}

fn closed(state: &'static str) -> Refusal {
    Refusal::InvitationClosed { state }
}

pub(crate) async fn who_accepts_is_a_member(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let office = workspace(&world, &acme, &ann, "Office").await?;
    let role = sample::role(&acme, "auditor", &[Permission::ReadAuditEntry]);
    let local = sample::workspace_role(&acme, "local", &[Permission::UpdateWorkspace]);
    let (kept, kept_local) = (role.clone(), local.clone());
    let add = world.store.write(move |tx| {
        tx.roles().add(&kept)?;
        tx.roles().add(&kept_local)
    });
    add.await?;
    let command = NewInvitation {
        workspace_id: Some(office),
        ..with_roles(
            "bob",
            &["org-viewer", "auditor", "workspace-editor", "local"],
        )
    };
    let view = create(&world, ann.caller, acme.id, command).await?;
    let secret = mailed(&world, &view);
    let bob = world.sign_up("bob").await?;
    let accepted = world.invitations.accept(bob.caller, Handle::Secret(secret));
    let accepted = accepted.await?;
    let membership = &accepted.member.membership;
    assert_eq!(membership.roles, Roles::of(&[Role::Viewer]));
    assert_eq!(membership.custom_roles, [(&role).into()]);
    assert_eq!(membership.user_id, bob.user.id);
    let it = &accepted.invitation.invitation;
    assert_eq!(it.state, InvitationState::Accepted);
    assert_eq!(it.accepted_by, Some(bob.user.id));
    let member = world.memberships.get(bob.caller, acme.id, bob.user.id);
    assert_eq!(member.await?, accepted.member);
    let find = move |tx: &mut dyn rollbook_domain::port::Tx| {
        tx.workspaces().find_member(acme.id, office, bob.user.id)
    };
    let there = world.store.read(find).await?;
    let there = there.map(|it| (it.membership.roles, it.membership.custom_roles));
    let editor = WorkspaceRoles::of(&[WorkspaceRole::Editor]);
    assert_eq!(there, Some((editor, vec![(&local).into()])));
    for act in [Act::InvitationAccepted, Act::WorkspaceMembershipCreated] {
        assert_eq!(recorded(&world, acme.id, act).await?, 1, "{act:?}");
    }
    Ok(())
}

/// better-auth #9154: accepting twice made two members.
pub(crate) async fn accepting_twice_is_accepting_once(world: World) -> Result<()> {
    let (ann, acme, view, secret) = invited(&world, "bob").await?;
    let bob = world.sign_up("bob").await?;
    let it = &world.invitations;
    let first = it.accept(bob.caller, Handle::Secret(secret)).await?;
    let id = Handle::Id(view.invitation.id);
    for handle in [Handle::Secret(secret), id] {
        assert_eq!(it.accept(bob.caller, handle).await?, first);
    }
    let accepted = recorded(&world, acme.id, Act::InvitationAccepted).await?;
    assert_eq!(accepted, 1);
    let members = world
        .store
        .read_one(move |tx| tx.memberships().count(acme.id));
    assert_eq!(members.await?, 2);
    assert_refused!(it.decline(bob.caller, id).await, closed("accepted"));
    let removed = world
        .store
        .write(move |tx| tx.memberships().remove(acme.id, bob.user.id));
    assert!(removed.await?);
    let outcome = it.accept(bob.caller, Handle::Secret(secret)).await;
    assert_refused!(outcome, closed("accepted"));
    create(&world, ann.caller, acme.id, to(sample::email("bob"))).await?;
    Ok(())
}

/// sentry #78254, better-auth #5183: whoever was signed in accepted, whomever it was for.
pub(crate) async fn only_the_invitee_answers(world: World) -> Result<()> {
    let (ann, acme, view, secret) = invited(&world, "bob").await?;
    let eve = world.sign_up("eve").await?;
    let root = world.sign_up_superuser("root").await?;
    let it = &world.invitations;
    for handle in [Handle::Secret(secret), Handle::Id(view.invitation.id)] {
        for caller in [eve.caller, ann.caller, root.caller] {
            let outcome = it.accept(caller, handle).await;
            assert_refused!(outcome, Refusal::InvitationForSomeoneElse);
            let outcome = it.decline(caller, handle).await;
            assert_refused!(outcome, Refusal::InvitationForSomeoneElse);
        }
        let nobody = Caller::from(rollbook_domain::access::Credential::Nobody);
        let outcome = it.accept(nobody, handle).await;
        assert_error!(outcome, Error::Unauthenticated(Missing));
    }
    assert_eq!(listed(&world, ann.caller, acme.id, &[]).await?, [view]);
    Ok(())
}

/// GHSA-fmh4-wcc4-5jm3 in better-auth: whoever typed an address could accept its invitations.
pub(crate) async fn a_typed_address_proves_nothing(world: World) -> Result<()> {
    let (_, _, view, _) = invited(&world, "bob").await?;
    let bob = unverified(&world, "bob").await?;
    let it = &world.invitations;
    let mine = it.list_mine(bob.caller, Window::first(9).counted()).await?;
    assert_eq!((mine.items.len(), mine.total), (0, Some(0)));
    let id = Handle::Id(view.invitation.id);
    let outcome = it.accept(bob.caller, id).await;
    assert_refused!(outcome, Refusal::EmailNotVerified);
    let outcome = it.decline(bob.caller, id).await;
    assert_refused!(outcome, Refusal::EmailNotVerified);
    Ok(())
}

pub(crate) async fn the_mailed_secret_verifies_the_address(world: World) -> Result<()> {
    let (_, _, _, secret) = invited(&world, "bob").await?;
    let bob = unverified(&world, "bob").await?;
    let accepted = world.invitations.accept(bob.caller, Handle::Secret(secret));
    accepted.await?;
    let me = world.users.me(bob.caller).await?;
    assert_eq!(me.email_verified_at, Some(world.now()));
    assert_eq!(me.version, bob.user.version.next());
    Ok(())
}

/// What the page behind the mailed link shows, to whom.
pub(crate) async fn the_page_knows_who_looks(world: World) -> Result<()> {
    let (ann, _, view, secret) = invited(&world, "bob").await?;
    let nobody = Caller::from(rollbook_domain::access::Credential::Nobody);
    let open = |caller| world.invitations.open(caller, secret);
    let opened = open(nobody).await?;
    assert_eq!(opened.invitation, view);
    assert_eq!((opened.invitee, opened.reader), (Invitee::Newcomer, None));
    let bob = world.sign_up("bob").await?;
    let stale = Caller::bearer(sample::secret("unknown").reveal());
    for (caller, reader) in [
        (ann.caller, Some(ann.user)),
        (bob.caller, Some(bob.user)),
        (stale, None),
    ] {
        let opened = open(caller).await?;
        assert_eq!((opened.invitee, opened.reader), (Invitee::User, reader));
    }
    assert_eq!(world.core.flush_usage().await?, 2, "who is known is noted");
    let outcome = world.invitations.open(nobody, Presented::Malformed).await;
    assert_error!(outcome, Error::NotFound(Kind::Invitation));
    world.clock.set(view.invitation.expires_at);
    let late = open(nobody).await?.invitation.invitation;
    assert_eq!(late.state, InvitationState::Expired);
    Ok(())
}

/// A browser gets a session, and no token that nobody would see.
pub(crate) async fn who_signs_up_with_a_browser_has_a_session(world: World) -> Result<()> {
    let (_, acme, _, secret) = invited(&world, "bob").await?;
    let command = SignUp {
        credential: TokenKind::Session,
        ..sign_up(secret)
    };
    let signed_up = world
        .invitations
        .sign_up(Origin::default(), command)
        .await?;
    assert_eq!(signed_up.token.token.kind, TokenKind::Session);
    let cookie = rollbook_domain::access::Credential::session(signed_up.token.secret.reveal());
    let browser = Caller::from(cookie);
    assert_eq!(world.users.me(browser).await?, signed_up.user);
    world.organizations.get(browser, acme.id).await?;
    let bearer = Caller::bearer(signed_up.token.secret.reveal());
    assert_error!(world.users.me(bearer).await, Error::Unauthenticated(_));
    let page = world.tokens.list(browser, Window::first(9)).await?;
    assert!(page.items.is_empty());
    Ok(())
}

pub(crate) async fn the_invitee_finds_it_without_the_mail(world: World) -> Result<()> {
    let (ann, _, view, _) = invited(&world, "bob").await?;
    let other = world.create(&ann, "Other").await?.organization;
    let command = to(Email::from_stored("BOB@example.com".to_owned()));
    let second = create(&world, ann.caller, other.id, command).await?;
    create(&world, ann.caller, other.id, with_roles("cid", &[])).await?;
    let bob = world.sign_up("bob").await?;
    let it = &world.invitations;
    let mine = it.list_mine(bob.caller, Window::first(9)).await?.items;
    assert_eq!(mine, [view.clone(), second.clone()]);
    let id = Handle::Id(view.invitation.id);
    it.accept(bob.caller, id).await?;
    let mine = it.list_mine(bob.caller, Window::first(9)).await?.items;
    assert_eq!(mine, [second]);
    Ok(())
}

/// CVE-2025-64708 in authentik: an invitation was valid until a sweeper came. milo #802: accepting
/// one that had run out was a success that granted nothing.
pub(crate) async fn what_has_expired_cannot_be_answered(world: World) -> Result<()> {
    let (_, acme, view, secret) = invited(&world, "bob").await?;
    let (bob, end) = (world.sign_up("bob").await?, view.invitation.expires_at);
    world.clock.set(end);
    let it = &world.invitations;
    for handle in [Handle::Secret(secret), Handle::Id(view.invitation.id)] {
        assert_refused!(it.accept(bob.caller, handle).await, closed("expired"));
        assert_refused!(it.decline(bob.caller, handle).await, closed("expired"));
    }
    let outcome = world.memberships.get(bob.caller, acme.id, bob.user.id);
    assert_error!(outcome.await, Error::Denied { visible: false, .. });
    Ok(())
}

pub(crate) async fn it_can_be_accepted_until_the_last_moment(world: World) -> Result<()> {
    let (_, _, view, secret) = invited(&world, "bob").await?;
    let (bob, end) = (world.sign_up("bob").await?, view.invitation.expires_at);
    let last = rollbook_domain::time::Timestamp::from_millis(end.millis() - 1);
    world.clock.set(last);
    let accepted = world.invitations.accept(bob.caller, Handle::Secret(secret));
    accepted.await?;
    Ok(())
}

/// CVE-2026-1529 in Keycloak: an invitation told by itself what it was for, and was believed.
pub(crate) async fn a_mutated_secret_is_unknown(world: World) -> Result<()> {
    let (_, _, view, _) = invited(&world, "bob").await?;
    let id = view.invitation.id;
    let absent = InvitationId::new(sample::uuid("absent"));
    let clear = world.invitation_secret(id).reveal().to_owned();
    // Well formed: the id is no secret, so anybody can write the right one.
    let well_formed = [
        sample::invitation_secret(id, "never sent"),
        world.invitation_secret(absent),
    ];
    let bob = world.sign_up("bob").await?;
    let mut mutated: Vec<String> = (8..clear.len())
        .map(|at| {
            let other = if clear.as_bytes()[at] == b'a' {
                "b"
            } else {
                "a"
            };
            format!("{}{other}{}", &clear[..at], &clear[at + 1..])
        })
        .collect();
    mutated.push(String::new());
    mutated.push(id.to_string());
    mutated.push(bob.secret.reveal().to_owned());
    mutated.extend(well_formed.map(|secret| secret.reveal().to_owned()));
    let it = &world.invitations;
    for text in mutated {
        let secret = Presented::read(&text);
        assert_error!(it.preview(secret).await, Error::NotFound(Kind::Invitation));
        let outcome = it.accept(bob.caller, Handle::Secret(secret)).await;
        assert_error!(outcome, Error::NotFound(Kind::Invitation));
        let outcome = it.sign_up(Origin::default(), sign_up(secret)).await;
        assert_error!(outcome, Error::NotFound(Kind::Invitation));
    }
    let outcome = it.accept(bob.caller, Handle::Id(absent)).await;
    assert_error!(outcome, Error::NotFound(Kind::Invitation));
    Ok(())
}

/// authentik #16587: mail scanners open links, and used the invitations up.
pub(crate) async fn a_preview_consumes_nothing(world: World) -> Result<()> {
    let (ann, acme, view, secret) = invited(&world, "bob").await?;
    for _ in 0..3 {
        assert_eq!(world.invitations.preview(secret).await?, view);
    }
    assert_eq!(listed(&world, ann.caller, acme.id, &[]).await?, [view]);
    let bob = world.sign_up("bob").await?;
    let accepted = world.invitations.accept(bob.caller, Handle::Secret(secret));
    accepted.await?;
    Ok(())
}

/// zulip #17238: of two organizations' invitations to one address, accepting one killed the other.
pub(crate) async fn invitations_of_two_organizations_do_not_meet(world: World) -> Result<()> {
    let (ann, acme, _, first) = invited(&world, "bob").await?;
    let other = world.create(&ann, "Other").await?.organization;
    let view = create(&world, ann.caller, other.id, to(sample::email("bob"))).await?;
    let second = mailed(&world, &view);
    let bob = world.sign_up("bob").await?;
    for (secret, organization) in [(first, acme.id), (second, other.id)] {
        let accepted = world.invitations.accept(bob.caller, Handle::Secret(secret));
        let member = accepted.await?.member.membership;
        assert_eq!(member.organization_id, organization);
    }
    Ok(())
}

/// adcp PR #1321: an invitation stayed pending when its invitee joined another way.
pub(crate) async fn who_joins_another_way_has_no_invitation(world: World) -> Result<()> {
    let (ann, acme, _, secret) = invited(&world, "bob").await?;
    let bob = world.sign_up("bob").await?;
    world.set_seats(&acme, 2).await?;
    world.join(&acme, &bob, &[Role::Viewer]).await?;
    let all = listed(&world, ann.caller, acme.id, &[]).await?;
    assert_eq!(all[0].invitation.state, InvitationState::Accepted);
    let accepted = world.invitations.accept(bob.caller, Handle::Secret(secret));
    let roles = accepted.await?.member.membership.roles;
    assert_eq!(roles, Roles::of(&[Role::Viewer]));
    Ok(())
}

/// objectstack #7725: accepting failed for whoever was a member by then, and stayed pending.
pub(crate) async fn a_member_who_accepts_stays_what_they_are(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let bob = world.sign_up("bob").await?;
    world.join(&acme, &bob, &[Role::Viewer]).await?;
    let command = with_roles("robert", &["org-admin"]);
    let view = create(&world, ann.caller, acme.id, command).await?;
    let secret = mailed(&world, &view);
    let mut renamed = bob.user.clone();
    renamed.email = sample::email("robert");
    let rename = world.store.write(move |tx| {
        tx.users().lock(renamed.id)?;
        tx.users().update(&renamed, renamed.version)?;
        tx.memberships().refresh(&renamed)
    });
    rename.await?;
    world.set_seats(&acme, 2).await?;
    let accepted = world.invitations.accept(bob.caller, Handle::Secret(secret));
    let accepted = accepted.await?;
    assert_eq!(accepted.member.membership.roles, Roles::of(&[Role::Viewer]));
    let state = accepted.invitation.invitation.state;
    assert_eq!(state, InvitationState::Accepted);
    Ok(())
}

/// better-auth #9993 and #10002: the seat that an invitation holds is its invitee's.
pub(crate) async fn the_last_seat_is_the_invitees(world: World) -> Result<()> {
    let (_, acme, _, secret) = invited(&world, "bob").await?;
    world.set_seats(&acme, 2).await?;
    let bob = world.sign_up("bob").await?;
    let accepted = world.invitations.accept(bob.caller, Handle::Secret(secret));
    accepted.await?;
    Ok(())
}

/// Whoever is invited has a seat: a lowered quota keeps only the others out.
pub(crate) async fn a_lowered_quota_leaves_the_seat(world: World) -> Result<()> {
    let (ann, acme, _, secret) = invited(&world, "bob").await?;
    world.set_seats(&acme, 1).await?;
    let outcome = create(&world, ann.caller, acme.id, with_roles("cid", &[])).await;
    assert_refused!(outcome, Refusal::SeatLimit { limit: 1 });
    let bob = world.sign_up("bob").await?;
    let accepted = world.invitations.accept(bob.caller, Handle::Secret(secret));
    assert_eq!(accepted.await?.member.membership.user_id, bob.user.id);
    Ok(())
}

pub(crate) async fn a_service_account_answers_nothing(world: World) -> Result<()> {
    let (_, _, view, secret) = invited(&world, "robot").await?;
    let robot = world.sign_up_service_account("robot").await?;
    for handle in [Handle::Secret(secret), Handle::Id(view.invitation.id)] {
        let outcome = world.invitations.accept(robot.caller, handle).await;
        assert_denied!(outcome, ManageSelf, visible: true);
        let outcome = world.invitations.decline(robot.caller, handle).await;
        assert_denied!(outcome, ManageSelf, visible: true);
    }
    Ok(())
}

/// GHSA-jj94-6f5c-65r8 in zitadel: what was closed still let people in.
pub(crate) async fn nobody_accepts_into_what_is_deleted(world: World) -> Result<()> {
    let (ann, acme, view, secret) = invited(&world, "bob").await?;
    let bob = world.sign_up("bob").await?;
    world
        .organizations
        .delete(ann.caller, acme.id, None)
        .await?;
    for handle in [Handle::Secret(secret), Handle::Id(view.invitation.id)] {
        let outcome = world.invitations.accept(bob.caller, handle).await;
        assert_error!(outcome, Error::NotFound(Kind::Invitation));
    }
    let outcome = world
        .invitations
        .sign_up(Origin::default(), sign_up(secret));
    assert_error!(outcome.await, Error::NotFound(Kind::Invitation));
    Ok(())
}

pub(crate) async fn who_declines_frees_the_seat(world: World) -> Result<()> {
    let (ann, acme, view, secret) = invited(&world, "bob").await?;
    world.set_seats(&acme, 2).await?;
    let bob = world.sign_up("bob").await?;
    let it = &world.invitations;
    let declined = it.decline(bob.caller, Handle::Secret(secret)).await?;
    assert_eq!(declined.invitation.state, InvitationState::Declined);
    let id = Handle::Id(view.invitation.id);
    assert_eq!(it.decline(bob.caller, id).await?, declined);
    assert_eq!(recorded(&world, acme.id, Act::InvitationDeclined).await?, 1);
    let outcome = it.accept(bob.caller, Handle::Secret(secret)).await;
    assert_refused!(outcome, closed("declined"));
    create(&world, ann.caller, acme.id, to(sample::email("bob"))).await?;
    Ok(())
}

pub(crate) async fn who_is_nobody_yet_signs_up(world: World) -> Result<()> {
    let (_, acme, view, secret) = invited(&world, "bob").await?;
    let it = &world.invitations;
    let signed_up = it.sign_up(Origin::default(), sign_up(secret)).await?;
    let user = &signed_up.user;
    assert_eq!(user.email, view.invitation.email);
    assert_eq!(user.display_name.as_str(), "Bob");
    assert_eq!((user.kind, user.superuser), (UserKind::Person, false));
    assert_eq!(user.email_verified_at, Some(world.now()));
    let bob = Caller::bearer(signed_up.token.secret.reveal());
    assert_eq!(world.users.me(bob).await?, *user);
    let member = world.memberships.get(bob, acme.id, user.id).await?;
    assert_eq!(member, signed_up.acceptance.member);
    let accepted_by = signed_up.acceptance.invitation.invitation.accepted_by;
    assert_eq!(accepted_by, Some(user.id));
    assert_eq!(recorded(&world, acme.id, Act::MembershipCreated).await?, 1);
    let outcome = it.sign_up(Origin::default(), sign_up(secret)).await;
    assert_refused!(outcome, closed("accepted"));
    Ok(())
}

pub(crate) async fn who_is_somebody_signs_in(world: World) -> Result<()> {
    let (ann, acme, view, secret) = invited(&world, "bob").await?;
    let bob = User {
        email: Email::from_stored("BOB@example.com".to_owned()),
        ..sample::user("bob")
    };
    world.add(bob).await?;
    let outcome = world
        .invitations
        .sign_up(Origin::default(), sign_up(secret));
    assert_refused!(outcome.await, Refusal::SignInToAccept);
    assert_eq!(listed(&world, ann.caller, acme.id, &[]).await?, [view]);
    Ok(())
}

pub(crate) async fn a_refused_sign_up_makes_no_user(world: World) -> Result<()> {
    let (_, _, view, secret) = invited(&world, "bob").await?;
    world.clock.set(view.invitation.expires_at);
    let it = &world.invitations;
    let outcome = it.sign_up(Origin::default(), sign_up(secret)).await;
    assert_refused!(outcome, closed("expired"));
    let email = view.invitation.email.clone();
    let bob = world
        .store
        .read_one(move |tx| Ok(tx.users().find_by_email(&email)?.map(|user| user.id)));
    assert_eq!(bob.await?, None::<UserId>);
    Ok(())
}

/// A transaction that fails at its end leaves neither half a member nor a used-up invitation.
pub(crate) async fn a_failed_answer_leaves_nothing(world: World) -> Result<()> {
    let (ann, acme, view, secret) = invited(&world, "bob").await?;
    let store = Arc::new(FlakyStore::new(Arc::clone(&world.store)));
    let flaky = world.through(Arc::<FlakyStore>::clone(&store));
    let sign_up = || {
        flaky
            .invitations
            .sign_up(Origin::default(), sign_up(secret))
    };
    store.fail_next_commits(1);
    assert_error!(sign_up().await, Error::Busy);
    let bob = unverified(&world, "bob").await?;
    let accept = || flaky.invitations.accept(bob.caller, Handle::Secret(secret));
    store.fail_next_commits(1);
    assert_error!(accept().await, Error::Busy);
    assert_eq!(listed(&world, ann.caller, acme.id, &[]).await?, [view]);
    let me = world.users.me(bob.caller).await?;
    assert_eq!(me.email_verified_at, None);
    accept().await?;
    Ok(())
}

/// An address is as verified by the secret of an invitation as by any other mail: the organization
/// that takes in whoever has such an address does so.
pub(crate) async fn whoever_proves_an_address_joins_its_house_too(world: World) -> Result<()> {
    let (_, ann, acme) = open_house(&world, Enrollment::AutomaticJoin).await?;
    let zoe = world.sign_up("zoe").await?;
    let globex = world.create(&zoe, "Globex").await?.organization;
    let invite = async |address: &str| -> Result<Presented> {
        let email = Email::from_stored(address.to_owned());
        let view = create(&world, zoe.caller, globex.id, to(email)).await?;
        Ok(mailed(&world, &view))
    };
    let secret = invite("bob@acme.example").await?;
    let signed_up = world
        .invitations
        .sign_up(Origin::default(), sign_up(secret));
    let bob = signed_up.await?.user;
    let eve = User {
        email: Email::from_stored("eve@acme.example".to_owned()),
        email_verified_at: None,
        ..sample::user("eve")
    };
    let eve = world.add(eve).await?;
    let handle = Handle::Secret(invite("eve@acme.example").await?);
    world.invitations.accept(eve.caller, handle).await?;
    for id in [bob.id, eve.user.id] {
        for (owner, organization) in [(&zoe, &globex), (&ann, &acme)] {
            let member = world.memberships.get(owner.caller, organization.id, id);
            let roles = member.await?.membership.roles;
            assert_eq!(roles, Roles::of(&[Role::Member]));
        }
    }
    Ok(())
}
