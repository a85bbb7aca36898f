//! How much is sent.

use rollbook_domain::audit::Act;
use rollbook_domain::domain::Enrollment;
use rollbook_domain::idempotency::{Once, RequestKey};
use rollbook_domain::limit::{Policy, Quotas};
use rollbook_domain::mock::{World, sample};
use rollbook_domain::organization::Organization;
use rollbook_domain::role::Role;
use rollbook_domain::secret::Digest;
use rollbook_domain::service::invitation::{CreateInvitation, ResendInvitation};
use rollbook_domain::service::user::CreatePerson;
use rollbook_domain::service::{Invitations, Users};
use rollbook_domain::time::Span;
use rollbook_domain::value::Email;
use rollbook_domain::{Error, Refusal, Result};

use super::invitation::{create, invited, recorded, to};
use super::{assert_denied, assert_error, assert_refused};

fn hourly(quota: u32) -> Quotas {
    Quotas {
        invitations_per_organization_hour: Some(quota),
        messages_per_recipient_day: None,
        ..Quotas::default()
    }
}

fn daily(quota: u32) -> Quotas {
    Quotas {
        invitations_per_organization_hour: Some(100),
        messages_per_recipient_day: Some(quota),
        ..Quotas::default()
    }
}

/// What the organization can still send.
fn left(world: &World, organization: &Organization) -> u32 {
    let (policy, key) = (
        Policy::InvitationsPerOrganization,
        organization.id.to_string(),
    );
    let standing = world.core.limits().standing(policy, &key, world.now());
    standing.map_or(u32::MAX, |it| it.remaining)
}

fn beyond(policy: Policy, quota: u32, seconds: u32) -> Refusal {
    Refusal::RateLimited {
        policy,
        quota,
        retry_after: Span::seconds(seconds),
    }
}

pub(crate) async fn an_organization_sends_so_many_an_hour(world: World) -> Result<()> {
    let world = world.limited(hourly(2));
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let other = world.create(&ann, "Other").await?.organization;
    let send = |to_whom: &str, from: &Organization| {
        let (world, caller, from) = (world.clone(), ann.caller, from.id);
        let command = to(sample::email(to_whom));
        async move { create(&world, caller, from, command).await }
    };
    send("one", &acme).await?;
    assert_eq!(left(&world, &acme), 1, "one, also where it runs twice");
    send("two", &acme).await?;
    let refusal = beyond(Policy::InvitationsPerOrganization, 2, 1800);
    assert_refused!(send("three", &acme).await, refusal);
    send("three", &other).await?;
    world.clock.advance(Span::seconds(1799));
    let refusal = beyond(Policy::InvitationsPerOrganization, 2, 1);
    assert_refused!(send("three", &acme).await, refusal);
    world.clock.advance(Span::seconds(1));
    send("three", &acme).await?;
    assert_eq!((left(&world, &acme), left(&world, &other)), (0, 2));
    Ok(())
}

/// Whoever else writes there: a refusal does not tell who, how much or when.
pub(crate) async fn an_address_gets_so_many_a_day(world: World) -> Result<()> {
    let world = world.limited(daily(2));
    let ann = world.sign_up("ann").await?;
    let mut organizations = Vec::new();
    for name in ["One", "Two", "Three"] {
        organizations.push(world.create(&ann, name).await?.organization);
    }
    let send = |at: usize, email: &str| {
        let (world, caller, from) = (world.clone(), ann.caller, organizations[at].id);
        let command = to(Email::from_stored(email.to_owned()));
        async move { create(&world, caller, from, command).await }
    };
    send(0, "bob@example.com").await?;
    world.clock.advance(Span::seconds(100));
    send(1, "BOB@Example.com").await?;
    world.clock.advance(Span::seconds(100));
    let refusal = beyond(Policy::MessagesPerRecipient, 2, 43_200);
    assert_refused!(send(2, "bob@EXAMPLE.com").await, refusal.clone());
    world.clock.advance(Span::seconds(100));
    assert_refused!(send(2, "bob@example.com").await, refusal);
    send(2, "cid@example.com").await?;
    world.clock.advance(Span::seconds(43_200));
    send(2, "bob@example.com").await?;
    let key = "bob@example.com";
    let policy = Policy::MessagesPerRecipient;
    let told = world.core.limits().standing(policy, key, world.now());
    assert_eq!(told, None);
    Ok(())
}

pub(crate) async fn of_many_those_beyond_are_refused(world: World) -> Result<()> {
    let world = world.limited(hourly(2));
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    world
        .join(&acme, &world.sign_up("mia").await?, &[Role::Member])
        .await?;
    let commands = ["one", "mia", "two", "three"].map(|name| to(sample::email(name)));
    let many = world
        .invitations
        .create_many(ann.caller, acme.id, commands.to_vec());
    let answers = many.await?;
    let ok: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(ok, [true, false, true, false]);
    let mut answers = answers.into_iter();
    assert_refused!(
        answers.nth(1).unwrap_or_else(|| Err(Error::Busy)),
        Refusal::AlreadyMember
    );
    let refusal = beyond(Policy::InvitationsPerOrganization, 2, 1800);
    assert_refused!(answers.nth(1).unwrap_or_else(|| Err(Error::Busy)), refusal);
    let made = recorded(&world, acme.id, Act::InvitationCreated).await?;
    assert_eq!((made, left(&world, &acme)), (2, 0));
    Ok(())
}

pub(crate) async fn sending_again_counts(world: World) -> Result<()> {
    let world = world.limited(daily(2));
    let (ann, acme, view, _) = invited(&world, "bob").await?;
    let again = || {
        let (id, command) = (view.invitation.id, ResendInvitation::default());
        world.invitations.resend(ann.caller, acme.id, id, command)
    };
    again().await?;
    assert_eq!(left(&world, &acme), 98);
    let refusal = beyond(Policy::MessagesPerRecipient, 2, 43_200);
    assert_refused!(again().await, refusal);
    let resent = recorded(&world, acme.id, Act::InvitationResent).await?;
    assert_eq!((resent, left(&world, &acme)), (1, 98));
    Ok(())
}

pub(crate) async fn both_or_none_are_taken(world: World) -> Result<()> {
    let quotas = Quotas {
        invitations_per_organization_hour: Some(2),
        messages_per_recipient_day: Some(1),
        ..Quotas::default()
    };
    let world = world.limited(quotas);
    let (ann, acme, _, _) = invited(&world, "bob").await?;
    let other = world.create(&ann, "Other").await?.organization;
    for _ in 0..3 {
        let outcome = create(&world, ann.caller, other.id, to(sample::email("bob"))).await;
        assert_refused!(outcome, beyond(Policy::MessagesPerRecipient, 1, 86_400));
    }
    assert_eq!((left(&world, &acme), left(&world, &other)), (1, 2));
    Ok(())
}

/// Strangers cannot use up what an organization may send, nor learn how much that is.
pub(crate) async fn who_may_not_takes_nothing(world: World) -> Result<()> {
    let world = world.limited(hourly(1));
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let (eve, mia) = (world.sign_up("eve").await?, world.sign_up("mia").await?);
    world.join(&acme, &mia, &[Role::Member]).await?;
    let command = || to(sample::email("bob"));
    let outcome = create(&world, eve.caller, acme.id, command()).await;
    assert_denied!(outcome, Use(CreateInvitation), visible: false);
    let outcome = create(&world, mia.caller, acme.id, command()).await;
    assert_denied!(outcome, Use(CreateInvitation), visible: true);
    // Nor does what is refused for another reason.
    let outcome = create(&world, ann.caller, acme.id, to(sample::email("mia"))).await;
    assert_refused!(outcome, Refusal::AlreadyMember);
    assert_eq!(left(&world, &acme), 1);
    create(&world, ann.caller, acme.id, command()).await?;
    // When nothing is left, a stranger is told what strangers are told.
    let outcome = create(&world, eve.caller, acme.id, command()).await;
    assert_denied!(outcome, Use(CreateInvitation), visible: false);
    Ok(())
}

pub(crate) async fn what_failed_takes_nothing(world: World) -> Result<()> {
    let world = world.limited(Quotas {
        invitations_per_organization_hour: Some(1),
        messages_per_recipient_day: Some(1),
        ..Quotas::default()
    });
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let (flaky, store) = super::reliability::flaky(&world);
    for _ in 0..3 {
        store.fail_next_commits(1);
        let outcome = create(&flaky, ann.caller, acme.id, to(sample::email("bob"))).await;
        assert_error!(outcome, Error::Busy);
    }
    assert_eq!(left(&world, &acme), 1);
    create(&flaky, ann.caller, acme.id, to(sample::email("bob"))).await?;
    assert_eq!(left(&world, &acme), 0);
    Ok(())
}

pub(crate) async fn a_repeated_request_takes_once(world: World) -> Result<()> {
    let world = world.limited(hourly(2));
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let repeat = || {
        let command = CreateInvitation {
            invitation: to(sample::email("bob")),
            once: RequestKey::parse("job-7").ok().map(|key| Once {
                key,
                fingerprint: Digest::new([7; 32]),
            }),
        };
        world.invitations.create(ann.caller, acme.id, command)
    };
    let first = repeat().await?;
    for _ in 0..3 {
        assert_eq!(repeat().await?, first);
    }
    assert_eq!(left(&world, &acme), 1);
    Ok(())
}

/// The address is verified all the same.
pub(crate) async fn who_is_enrolled_is_sent_nothing_beyond(world: World) -> Result<()> {
    let world = world.limited(hourly(1));
    let way = Enrollment::AutomaticInvitation;
    let (root, _, acme) = super::domain::open_house(&world, way).await?;
    for (name, sent) in [("bob", 1), ("cid", 1)] {
        let user = super::domain::newcomer(&world, &root, name).await?;
        assert!(user.has_verified_email());
        let made = recorded(&world, acme.id, Act::InvitationCreated).await?;
        assert_eq!((made, left(&world, &acme)), (sent, 0));
    }
    world.clock.advance(Span::seconds(3600));
    let (flaky, store) = super::reliability::flaky(&world);
    store.fail_next_commits(1);
    let dan = CreatePerson {
        email: Email::from_stored("dan@acme.example".to_owned()),
        display_name: sample::user("dan").display_name,
        once: None,
    };
    let dan = world.users.create(root.caller, dan).await?;
    let outcome = flaky.users.verify_email(root.caller, dan.id).await;
    assert_error!(outcome, Error::Busy);
    assert_eq!(left(&world, &acme), 1);
    Ok(())
}

pub(crate) async fn without_limits_nothing_is_counted(world: World) -> Result<()> {
    let world = world.limited(Quotas {
        invitations_per_organization_hour: Some(0),
        messages_per_recipient_day: None,
        ..Quotas::default()
    });
    let (ann, acme, view, _) = invited(&world, "bob").await?;
    for _ in 0..20 {
        let (id, command) = (view.invitation.id, ResendInvitation::default());
        world
            .invitations
            .resend(ann.caller, acme.id, id, command)
            .await?;
    }
    assert_eq!(left(&world, &acme), u32::MAX);
    Ok(())
}
