//! Inviting: what the cases about invitations share, and those about making them.

use rollbook_domain::access::Caller;
use rollbook_domain::audit::{Act, Chain, EntryTest};
use rollbook_domain::error::Kind;
use rollbook_domain::filter::Filter;
use rollbook_domain::id::{InvitationId, OrganizationId, WorkspaceId};
use rollbook_domain::idempotency::{Once, RequestKey};
use rollbook_domain::invitation::{
    DEFAULT_LIFETIME, InvitationState, InvitationView, LONGEST_LIFETIME,
};
use rollbook_domain::mock::{Account, World, sample};
use rollbook_domain::organization::Organization;
use rollbook_domain::page::Window;
use rollbook_domain::role::{Permission, Role, Roles, WorkspaceRole, WorkspaceRoles};
use rollbook_domain::secret::Secret;
use rollbook_domain::service::invitation::{
    CreateInvitation, INVITATIONS_AT_ONCE, NewInvitation, Presented,
};
use rollbook_domain::service::{Invitations, Organizations};
use rollbook_domain::time::Span;
use rollbook_domain::value::{Email, Metadata, WorkspaceTitle};
use rollbook_domain::{Error, Refusal, Result};

use super::{assert_denied, assert_error, assert_refused};

/// An invitation of an address to the organization, as a plain member.
pub(crate) fn to(email: Email) -> NewInvitation {
    NewInvitation {
        email,
        workspace_id: None,
        roles: Vec::new(),
        redirect_organization_id: None,
        redirect_workspace_id: None,
        language: None,
        metadata: Metadata::default(),
        expires_at: None,
    }
}

/// An invitation of `name@example.com` with these roles.
pub(crate) fn with_roles(name: &str, roles: &[&str]) -> NewInvitation {
    NewInvitation {
        roles: roles.iter().map(|&role| role.to_owned()).collect(),
        ..to(sample::email(name))
    }
}

pub(crate) async fn create(
    world: &World,
    caller: Caller,
    organization: OrganizationId,
    invitation: NewInvitation,
) -> Result<InvitationView> {
    let command = CreateInvitation {
        invitation,
        once: None,
    };
    world
        .invitations
        .create(caller, organization, command)
        .await
}

/// Ann, her organization, and what she sent to `name@example.com`: the invitation and its secret.
pub(crate) async fn invited(
    world: &World,
    name: &str,
) -> Result<(Account, Organization, InvitationView, Presented)> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let view = create(world, ann.caller, acme.id, to(sample::email(name))).await?;
    let secret = mailed(world, &view);
    Ok((ann, acme, view, secret))
}

/// What the last message, about this invitation, told its reader.
pub(crate) fn mailed(world: &World, view: &InvitationView) -> Presented {
    Presented::read(world.invitation_secret(view.invitation.id).reveal())
}

/// The invitations of an organization in these states, or all.
pub(crate) async fn listed(
    world: &World,
    caller: Caller,
    organization: OrganizationId,
    states: &[InvitationState],
) -> Result<Vec<InvitationView>> {
    let window = Window::first(100);
    let page = world
        .invitations
        .list(caller, organization, None, states.to_vec(), window);
    Ok(page.await?.items)
}

/// How often an act is in the organization's log.
pub(crate) async fn recorded(world: &World, organization: OrganizationId, act: Act) -> Result<u64> {
    let test = Filter::Test(EntryTest::Act(act.key().to_owned()));
    let window = Window::first(1).counted();
    let work = move |tx: &mut dyn rollbook_domain::port::Tx| {
        tx.audit()
            .list(Chain::Organization(organization), &test, &window)
    };
    Ok(world.store.read(work).await?.total.unwrap_or_default())
}

/// Writes a live workspace into the store.
pub(crate) async fn workspace(
    world: &World,
    organization: &Organization,
    creator: &Account,
    title: &str,
) -> Result<WorkspaceId> {
    let workspace = sample::workspace(organization, title, &creator.user);
    let id = workspace.id;
    let added = world
        .store
        .write(move |tx| tx.workspaces().add(&workspace))
        .await?;
    assert!(added);
    Ok(id)
}

pub(crate) async fn all_fields_are_kept(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let other = world.create(&ann, "Other").await?.organization;
    let office = workspace(&world, &acme, &ann, "Office").await?;
    let end = world.now().plus(Span::days(7));
    let role = sample::role(&acme, "auditor", &[Permission::ReadAuditEntry]);
    let written = role.clone();
    world
        .store
        .write(move |tx| tx.roles().add(&written))
        .await?;
    let command = NewInvitation {
        workspace_id: Some(office),
        roles: ["org-viewer", "auditor", "workspace-editor", "org-viewer"]
            .map(str::to_owned)
            .to_vec(),
        redirect_organization_id: Some(other.id),
        metadata: Metadata::from_stored(r#"{"from":"crm"}"#.to_owned()),
        expires_at: Some(end),
        ..to(Email::from_stored("Bob@Example.COM".to_owned()))
    };
    let view = create(&world, ann.caller, acme.id, command).await?;
    let it = &view.invitation;
    assert_eq!(it.email.as_str(), "Bob@Example.COM");
    assert_eq!(it.roles, Roles::of(&[Role::Viewer]));
    assert_eq!(
        it.workspace_roles,
        WorkspaceRoles::of(&[WorkspaceRole::Editor])
    );
    assert_eq!(it.custom_roles, [(&role).into()]);
    assert_eq!((it.workspace_id, it.expires_at), (Some(office), end));
    assert_eq!(it.redirect_organization_id, Some(other.id));
    assert_eq!(it.metadata.as_str(), r#"{"from":"crm"}"#);
    assert_eq!(it.inviter_id, Some(ann.user.id));
    assert_eq!(it.inviter_kind, "person");
    assert_eq!(it.state, InvitationState::Pending);
    assert_eq!(view.organization_name, acme.name);
    assert_eq!(
        view.workspace_title.as_ref().map(WorkspaceTitle::as_str),
        Some("Office")
    );
    assert_eq!(view.inviter_name.as_ref(), Some(&ann.user.display_name));
    let kept = world.invitations.get(ann.caller, acme.id, it.id).await?;
    assert_eq!(kept, view);
    Ok(())
}

pub(crate) async fn without_roles_a_plain_member_is_invited_for_thirty_days(
    world: World,
) -> Result<()> {
    let (ann, acme, view, _) = invited(&world, "bob").await?;
    let it = view.invitation;
    assert_eq!(it.roles, Roles::of(&[Role::Member]));
    assert!(it.workspace_roles.is_empty());
    assert_eq!(it.expires_at, world.now().plus(DEFAULT_LIFETIME));
    let office = workspace(&world, &acme, &ann, "Office").await?;
    let command = NewInvitation {
        workspace_id: Some(office),
        ..to(sample::email("cid"))
    };
    let it = create(&world, ann.caller, acme.id, command).await?;
    let viewer = WorkspaceRoles::of(&[WorkspaceRole::Viewer]);
    assert_eq!(it.invitation.workspace_roles, viewer);
    Ok(())
}

/// CVE-2026-16072 in Keycloak: whoever could read an invitation could read its link.
pub(crate) async fn no_answer_holds_the_secret(world: World) -> Result<()> {
    let (ann, acme, view, secret) = invited(&world, "bob").await?;
    let clear = world.invitation_secret(view.invitation.id);
    let bob = world.sign_up("bob").await?;
    let id = view.invitation.id;
    let answers = [
        format!("{view:?}"),
        format!(
            "{:?}",
            world.invitations.get(ann.caller, acme.id, id).await?
        ),
        format!("{:?}", listed(&world, ann.caller, acme.id, &[]).await?),
        format!("{:?}", world.invitations.preview(secret).await?),
        format!(
            "{:?}",
            world
                .invitations
                .list_mine(bob.caller, Window::first(9))
                .await?
        ),
    ];
    assert!(Secret::parse_invitation(clear.reveal()).is_some());
    for answer in answers {
        assert!(answer.contains(&id.to_string()), "{answer}");
        // Behind the prefix and the id.
        assert!(!answer.contains(&clear.reveal()[30..42]), "{answer}");
    }
    Ok(())
}

pub(crate) async fn roles_decide_who_invites(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    for (name, role, may) in [
        ("manager", Role::Manager, true),
        ("viewer", Role::Viewer, false),
        ("member", Role::Member, false),
    ] {
        let account = world.sign_up(name).await?;
        world.join(&acme, &account, &[role]).await?;
        let email = Email::from_stored(format!("friend.of.{name}@example.com"));
        let outcome = create(&world, account.caller, acme.id, to(email)).await;
        if may {
            outcome?;
        } else {
            assert_denied!(outcome, Use(CreateInvitation), visible: true);
        }
    }
    let eve = world.sign_up("eve").await?;
    let outcome = create(&world, eve.caller, acme.id, with_roles("x", &[])).await;
    assert_denied!(outcome, Use(CreateInvitation), visible: false);
    let root = world.sign_up_superuser("root").await?;
    create(
        &world,
        root.caller,
        acme.id,
        with_roles("y", &["org-admin"]),
    )
    .await?;
    Ok(())
}

/// decocms #4022: who may invite could invite somebody mightier.
pub(crate) async fn nobody_invites_somebody_mightier(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let manager = world.sign_up("manager").await?;
    world.join(&acme, &manager, &[Role::Manager]).await?;
    let role = sample::role(&acme, "auditor", &[Permission::ReadAuditEntry]);
    world.store.write(move |tx| tx.roles().add(&role)).await?;
    for (role, lacking) in [
        ("org-admin", "create:Role"),
        ("org-billing", "update:Subscription"),
        ("auditor", "read:AuditEntry"),
    ] {
        let command = with_roles("bob", &["org-member", role]);
        let outcome = create(&world, manager.caller, acme.id, command).await;
        let permission = lacking;
        assert_refused!(outcome, Refusal::BeyondOwnRights { permission });
    }
    let command = with_roles("bob", &["org-manager"]);
    create(&world, manager.caller, acme.id, command).await?;
    Ok(())
}

pub(crate) async fn unknown_and_unfitting_roles_are_refused(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let other = world.create(&ann, "Other").await?.organization;
    let foreign = sample::role(&other, "foreign", &[]);
    let local = sample::workspace_role(&acme, "local", &[]);
    world
        .store
        .write(move |tx| {
            tx.roles().add(&foreign)?;
            tx.roles().add(&local)
        })
        .await?;
    for role in [
        "emperor",
        "admin",
        "",
        "foreign",
        "workspace-viewer",
        "local",
    ] {
        let outcome = create(&world, ann.caller, acme.id, with_roles("bob", &[role])).await;
        assert_error!(outcome, Error::Invalid(violations) if violations[0].field == "roles");
    }
    let many = vec!["org-member"; 33];
    let outcome = create(&world, ann.caller, acme.id, with_roles("bob", &many)).await;
    assert_error!(outcome, Error::Invalid(violations) if violations[0].field == "roles");
    assert!(listed(&world, ann.caller, acme.id, &[]).await?.is_empty());
    Ok(())
}

/// better-auth PR #9974: a part of another organization was accepted in an invitation.
pub(crate) async fn only_a_live_workspace_of_the_organization(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let other = world.create(&ann, "Other").await?.organization;
    let foreign = workspace(&world, &other, &ann, "Foreign").await?;
    let mut deleted = sample::workspace(&acme, "Deleted", &ann.user);
    deleted.deleted_at = Some(world.now());
    let gone = deleted.id;
    world
        .store
        .write(move |tx| tx.workspaces().add(&deleted))
        .await?;
    for id in [foreign, gone, WorkspaceId::new(sample::uuid("absent"))] {
        let command = NewInvitation {
            workspace_id: Some(id),
            ..to(sample::email("bob"))
        };
        let outcome = create(&world, ann.caller, acme.id, command).await;
        assert_error!(outcome, Error::NotFound(Kind::Workspace));
    }
    Ok(())
}

pub(crate) async fn redirects_lead_where_the_sender_belongs(world: World) -> Result<()> {
    let (ann, eve) = (world.sign_up("ann").await?, world.sign_up("eve").await?);
    let acme = world.create(&ann, "Acme").await?.organization;
    let office = workspace(&world, &acme, &ann, "Office").await?;
    let hers = world.create(&eve, "Hers").await?.organization;
    let redirect = |organization, workspace| NewInvitation {
        redirect_organization_id: organization,
        redirect_workspace_id: workspace,
        ..to(sample::email("bob"))
    };
    let absent = OrganizationId::new(sample::uuid("absent"));
    for id in [hers.id, absent] {
        let outcome = create(&world, ann.caller, acme.id, redirect(Some(id), None)).await;
        assert_error!(outcome, Error::Invalid(v) if v[0].field == "redirect_organization_id");
    }
    let nowhere = WorkspaceId::new(sample::uuid("absent"));
    let outcome = create(&world, ann.caller, acme.id, redirect(None, Some(nowhere))).await;
    assert_error!(outcome, Error::Invalid(v) if v[0].field == "redirect_workspace_id");
    let command = redirect(Some(acme.id), Some(office));
    let it = create(&world, ann.caller, acme.id, command)
        .await?
        .invitation;
    assert_eq!(it.redirect_organization_id, None, "that is no elsewhere");
    assert_eq!(it.redirect_workspace_id, Some(office));
    Ok(())
}

pub(crate) async fn an_expiry_lies_within_a_year(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let until = |end| NewInvitation {
        expires_at: Some(end),
        ..to(sample::email("bob"))
    };
    let last = world.now().plus(LONGEST_LIFETIME);
    for end in [world.now(), last.plus(Span::seconds(1))] {
        let outcome = create(&world, ann.caller, acme.id, until(end)).await;
        assert_error!(outcome, Error::Invalid(v) if v[0].field == "expire_time");
    }
    create(&world, ann.caller, acme.id, until(last)).await?;
    Ok(())
}

/// keycloak #45553: a member could be invited again, under another spelling or not.
pub(crate) async fn a_member_is_not_invited_whatever_the_spelling(world: World) -> Result<()> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    let acme = world.create(&ann, "Acme").await?.organization;
    world.join(&acme, &bob, &[Role::Member]).await?;
    for text in ["bob@example.com", "BOB@Example.com"] {
        let command = to(Email::from_stored(text.to_owned()));
        let outcome = create(&world, ann.caller, acme.id, command).await;
        assert_refused!(outcome, Refusal::AlreadyMember);
    }
    Ok(())
}

pub(crate) async fn an_address_is_invited_once_an_organization(world: World) -> Result<()> {
    let (ann, acme, ..) = invited(&world, "bob").await?;
    let other = world.create(&ann, "Other").await?.organization;
    let command = to(Email::from_stored("BOB@example.COM".to_owned()));
    let outcome = create(&world, ann.caller, acme.id, command.clone()).await;
    assert_refused!(outcome, Refusal::AlreadyInvited);
    create(&world, ann.caller, other.id, command).await?;
    assert_eq!(listed(&world, ann.caller, acme.id, &[]).await?.len(), 1);
    Ok(())
}

/// milo #802: an invitation that had run out kept its address from ever being invited again.
pub(crate) async fn what_has_expired_blocks_nobody(world: World) -> Result<()> {
    let (ann, acme, first, _) = invited(&world, "bob").await?;
    world.set_seats(&acme, 2).await?;
    world.clock.set(first.invitation.expires_at);
    let second = create(&world, ann.caller, acme.id, to(sample::email("bob"))).await?;
    let all = listed(&world, ann.caller, acme.id, &[]).await?;
    let states: Vec<_> = all.iter().map(|it| it.invitation.state).collect();
    assert_eq!(states, [InvitationState::Expired, InvitationState::Pending]);
    assert_eq!(all[1], second);
    let expired = recorded(&world, acme.id, Act::InvitationExpired).await?;
    let created = recorded(&world, acme.id, Act::InvitationCreated).await?;
    assert_eq!((expired, created), (1, 2));
    Ok(())
}

/// chmonitor PR #2534, better-auth #9993 and #10002: invitations that nobody counted exceeded the
/// seats, and the last free seat was refused.
pub(crate) async fn a_pending_invitation_holds_a_seat(world: World) -> Result<()> {
    let (ann, acme, first, _) = invited(&world, "bob").await?;
    world.set_seats(&acme, 3).await?;
    create(&world, ann.caller, acme.id, with_roles("cid", &[])).await?;
    let limit = 3;
    let outcome = create(&world, ann.caller, acme.id, with_roles("dan", &[])).await;
    assert_refused!(outcome, Refusal::SeatLimit { limit });
    let eve = world.sign_up("eve").await?;
    let outcome = world.join(&acme, &eve, &[Role::Member]).await;
    assert_refused!(outcome, Refusal::SeatLimit { limit });
    let id = first.invitation.id;
    world
        .invitations
        .revoke(ann.caller, acme.id, id, None)
        .await?;
    create(&world, ann.caller, acme.id, with_roles("dan", &[])).await?;
    Ok(())
}

pub(crate) async fn a_repeated_request_invites_once(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let once = |name: &str| {
        Some(Once {
            key: RequestKey::parse("request-1").ok()?,
            fingerprint: sample::secret(name).digest(),
        })
    };
    let send = |name: &str| {
        let command = CreateInvitation {
            invitation: to(sample::email(name)),
            once: once(name),
        };
        world.invitations.create(ann.caller, acme.id, command)
    };
    let first = send("bob").await?;
    assert_eq!(send("bob").await?, first);
    assert_refused!(send("cid").await, Refusal::RequestKeyReused);
    assert_eq!(listed(&world, ann.caller, acme.id, &[]).await?, [first]);
    Ok(())
}

pub(crate) async fn of_many_each_is_answered(world: World) -> Result<()> {
    let (ann, acme, ..) = invited(&world, "old").await?;
    let bob = world.sign_up("bob").await?;
    world.join(&acme, &bob, &[Role::Member]).await?;
    world.set_seats(&acme, 5).await?;
    let commands = vec![
        with_roles("new", &["org-viewer"]),
        with_roles("old", &[]),
        with_roles("bob", &[]),
        with_roles("NEW", &[]),
        with_roles("odd", &["emperor"]),
        with_roles("last", &[]),
        with_roles("over", &[]),
    ];
    let send = world.invitations.create_many(ann.caller, acme.id, commands);
    let mut answers = send.await?.into_iter();
    let mut next = || answers.next().unwrap_or(Err(Error::Busy));
    let new = next()?;
    assert_eq!(new.invitation.roles, Roles::of(&[Role::Viewer]));
    assert_refused!(next(), Refusal::AlreadyInvited);
    assert_refused!(next(), Refusal::AlreadyMember);
    assert_refused!(next(), Refusal::AlreadyInvited);
    assert_error!(next(), Error::Invalid(_));
    let last = next()?;
    assert_refused!(next(), Refusal::SeatLimit { limit: 5 });
    assert!(answers.next().is_none());
    let all = listed(&world, ann.caller, acme.id, &[]).await?;
    assert_eq!(all[1..], [new, last], "what was refused is not there");
    assert_eq!(recorded(&world, acme.id, Act::InvitationCreated).await?, 3);
    Ok(())
}

/// An item that is refused after its address had an invitation that ran out leaves even that one
/// as it was.
pub(crate) async fn a_refused_one_of_many_changes_nothing(world: World) -> Result<()> {
    let (ann, acme, first, _) = invited(&world, "bob").await?;
    world.set_seats(&acme, 1).await?;
    world.clock.set(first.invitation.expires_at);
    let commands = vec![to(sample::email("bob"))];
    let send = world.invitations.create_many(ann.caller, acme.id, commands);
    let mut answers = send.await?;
    assert_refused!(answers.remove(0), Refusal::SeatLimit { limit: 1 });
    let expired = recorded(&world, acme.id, Act::InvitationExpired).await?;
    assert_eq!(expired, 0);
    Ok(())
}

pub(crate) async fn a_batch_has_bounds_and_one_right(world: World) -> Result<()> {
    let (ann, eve) = (world.sign_up("ann").await?, world.sign_up("eve").await?);
    let acme = world.create(&ann, "Acme").await?.organization;
    let many = |count: usize| {
        let names = (0..count).map(|n| to(sample::email(&format!("user{n}"))));
        names.collect::<Vec<_>>()
    };
    for count in [0, INVITATIONS_AT_ONCE + 1] {
        let outcome = world
            .invitations
            .create_many(ann.caller, acme.id, many(count));
        assert_error!(outcome.await, Error::Invalid(_));
    }
    let outcome = world.invitations.create_many(eve.caller, acme.id, many(2));
    assert_denied!(outcome.await, Use(CreateInvitation), visible: false);
    let full = many(INVITATIONS_AT_ONCE);
    let sent = world.invitations.create_many(ann.caller, acme.id, full);
    assert!(sent.await?.iter().all(Result::is_ok));
    Ok(())
}

pub(crate) async fn nobody_is_invited_to_what_is_deleted(world: World) -> Result<()> {
    let (ann, acme, view, secret) = invited(&world, "bob").await?;
    world
        .organizations
        .delete(ann.caller, acme.id, None)
        .await?;
    let outcome = create(&world, ann.caller, acme.id, with_roles("cid", &[])).await;
    assert_error!(outcome, Error::NotFound(Kind::Organization));
    let id: InvitationId = view.invitation.id;
    let outcome = world.invitations.get(ann.caller, acme.id, id).await;
    assert_error!(outcome, Error::NotFound(Kind::Organization));
    let outcome = world.invitations.preview(secret).await;
    assert_error!(outcome, Error::NotFound(Kind::Invitation));
    Ok(())
}

/// Whoever may invite, but sees no workspace, could ask which ones there are.
pub(crate) async fn a_workspace_out_of_sight_is_as_good_as_none(world: World) -> Result<()> {
    let (ann, acme) = super::role::acme(&world).await?;
    let office = workspace(&world, &acme, &ann, "Office").await?;
    let mut may: Vec<Permission> = Role::Member.permissions().iter().collect();
    may.push(Permission::CreateInvitation);
    let (bob, _) = super::role::clerk(&world, &ann, &acme, "bob", &may).await?;
    let absent = WorkspaceId::new(sample::uuid("absent"));
    for id in [office, absent] {
        let there = NewInvitation {
            workspace_id: Some(id),
            ..to(sample::email("cat"))
        };
        let outcome = create(&world, bob.caller, acme.id, there).await;
        assert_error!(outcome, Error::Refused(Refusal::BeyondOwnRights { .. }));
        let elsewhere = NewInvitation {
            redirect_workspace_id: Some(id),
            ..to(sample::email("cat"))
        };
        let outcome = create(&world, bob.caller, acme.id, elsewhere).await;
        assert_error!(outcome, Error::Invalid(v) if v[0].field == "redirect_workspace_id");
    }
    create(&world, bob.caller, acme.id, to(sample::email("cat"))).await?;
    Ok(())
}
