use rollbook_domain::domain::{Enrollment, OrganizationDomain};
use rollbook_domain::error::Kind;
use rollbook_domain::id::DomainId;
use rollbook_domain::idempotency::{Once, RequestKey};
use rollbook_domain::invitation::InvitationState;
use rollbook_domain::mock::{Account, World, sample};
use rollbook_domain::organization::Organization;
use rollbook_domain::page::Window;
use rollbook_domain::role::{Role, Roles};
use rollbook_domain::secret::Digest;
use rollbook_domain::service::domain::{AddDomain, DOMAINS_PER_ORGANIZATION, UpdateDomain};
use rollbook_domain::service::user::{CreatePerson, UpdateProfile};
use rollbook_domain::service::{Domains, Memberships, Organizations, Users};
use rollbook_domain::time::Span;
use rollbook_domain::user::User;
use rollbook_domain::value::{DomainName, Email};
use rollbook_domain::{Error, Refusal, Result};

use super::{assert_denied, assert_error, assert_refused};

fn command(name: &str) -> AddDomain {
    AddDomain {
        name: DomainName::from_stored(name.to_owned()),
        once: None,
    }
}

async fn add(
    world: &World,
    account: &Account,
    organization: &Organization,
    name: &str,
) -> Result<OrganizationDomain> {
    world
        .domains
        .add(account.caller, organization.id, command(name))
        .await
}

/// Adds a domain and verifies it.
async fn prove(
    world: &World,
    account: &Account,
    organization: &Organization,
    name: &str,
) -> Result<OrganizationDomain> {
    let domain = add(world, account, organization, name).await?;
    world.dns.put(&domain.record_name(), &domain.challenge);
    world
        .domains
        .verify(account.caller, organization.id, domain.id)
        .await
}

async fn set(
    world: &World,
    account: &Account,
    domain: &OrganizationDomain,
    command: UpdateDomain,
) -> Result<OrganizationDomain> {
    let (organization, id) = (domain.organization_id, domain.id);
    world
        .domains
        .update(account.caller, organization, id, command)
        .await
}

fn primary(primary: bool) -> UpdateDomain {
    UpdateDomain {
        primary: Some(primary),
        ..UpdateDomain::default()
    }
}

fn enrolling(mode: Enrollment) -> UpdateDomain {
    UpdateDomain {
        enrollment: Some(mode),
        ..UpdateDomain::default()
    }
}

async fn acme(world: &World) -> Result<(Account, Organization)> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    Ok((ann, acme))
}

pub(crate) async fn a_domain_starts_unproven(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let domain = add(&world, &ann, &acme, "acme.example").await?;
    assert_eq!(domain.name.as_str(), "acme.example");
    assert_eq!(domain.record_name(), "_rollbook-challenge.acme.example");
    assert_eq!((domain.verified_at, domain.primary), (None, false));
    assert_eq!(domain.enrollment, Enrollment::InviteOnly);
    let other = add(&world, &ann, &acme, "acme.test").await?;
    assert_ne!(domain.challenge, other.challenge);
    let get = world.domains.get(ann.caller, acme.id, domain.id);
    assert_eq!(get.await?, domain);
    let outcome = add(&world, &ann, &acme, "acme.example").await;
    assert_refused!(outcome, Refusal::DomainExists);
    let latest = super::deletion::latest(&world, &ann, acme.id, 1).await?;
    assert_eq!(latest, ["domain.created"]);
    Ok(())
}

pub(crate) async fn what_anybody_can_have_is_refused(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    for name in ["gmail.com", "mail.gmail.com", "co.uk", "github.io"] {
        let outcome = add(&world, &ann, &acme, name).await;
        assert_error!(outcome, Error::Invalid(violations) if violations[0].field == "domain");
    }
    Ok(())
}

pub(crate) async fn there_is_a_limit(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let mut last = None;
    for number in 0..DOMAINS_PER_ORGANIZATION {
        let name = format!("acme{number}.example");
        last = Some(add(&world, &ann, &acme, &name).await?.id);
    }
    let limit = DOMAINS_PER_ORGANIZATION;
    let outcome = add(&world, &ann, &acme, "one.example").await;
    assert_refused!(outcome, Refusal::DomainLimit { limit });
    let last = last.ok_or_else(|| Error::storage("none was added"))?;
    world
        .domains
        .remove(ann.caller, acme.id, last, None)
        .await?;
    add(&world, &ann, &acme, "one.example").await?;
    let listed = world
        .domains
        .list(ann.caller, acme.id, Window::first(3).counted());
    let listed = listed.await?;
    assert_eq!((listed.items.len(), listed.total), (3, Some(limit.into())));
    assert_eq!(listed.items[0].name.as_str(), "acme0.example");
    Ok(())
}

pub(crate) async fn a_repeated_request_adds_one(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let add = || {
        let once = Once {
            key: RequestKey::from_stored("job-7".to_owned()),
            fingerprint: Digest::new([7; 32]),
        };
        let command = AddDomain {
            once: Some(once),
            ..command("acme.example")
        };
        world.domains.add(ann.caller, acme.id, command)
    };
    let first = add().await?;
    assert_eq!(add().await?, first);
    Ok(())
}

pub(crate) async fn the_challenge_in_the_dns_proves_it(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let domain = add(&world, &ann, &acme, "acme.example").await?;
    let record = domain.record_name();
    let verify = || world.domains.verify(ann.caller, acme.id, domain.id);
    let refusal = Refusal::ChallengeNotFound {
        record: record.clone(),
    };
    assert_refused!(verify().await, refusal.clone());
    let other = add(&world, &ann, &acme, "acme.test").await?;
    world.dns.put(&record, "v=spf1 -all");
    world.dns.put(&record, &other.challenge);
    world.dns.put("acme.example", &domain.challenge);
    assert_refused!(verify().await, refusal);
    world.dns.put(&record, &domain.challenge);
    world.clock.advance(Span::seconds(5));
    let verified = verify().await?;
    assert_eq!(verified.verified_at, Some(world.now()));
    assert_eq!(verified.version, domain.version.next());
    let asked = world.dns.asked();
    assert_eq!(verify().await?, verified);
    assert_eq!(world.dns.asked(), asked, "what is proven is not asked for");
    let latest = super::deletion::latest(&world, &ann, acme.id, 1).await?;
    assert_eq!(latest, ["domain.verified"]);
    Ok(())
}

pub(crate) async fn a_silent_dns_is_no_answer(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let domain = add(&world, &ann, &acme, "acme.example").await?;
    world.dns.put(&domain.record_name(), &domain.challenge);
    world.dns.set_down(true);
    let verify = || world.domains.verify(ann.caller, acme.id, domain.id);
    assert_error!(verify().await, Error::Busy);
    world.dns.set_down(false);
    verify().await?;
    Ok(())
}

/// keycloak #36509: one domain, several organizations. Any number may say that it is theirs; one
/// can prove it, and when that one lets go, another can.
pub(crate) async fn one_organization_has_a_verified_domain(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let bob = world.sign_up("bob").await?;
    let rival = world.create(&bob, "Rival").await?.organization;
    let hers = prove(&world, &ann, &acme, "acme.example").await?;
    let his = add(&world, &bob, &rival, "acme.example").await?;
    assert_ne!(hers.challenge, his.challenge);
    let verify = || world.domains.verify(bob.caller, rival.id, his.id);
    let record = his.record_name();
    assert_refused!(verify().await, Refusal::ChallengeNotFound { record });
    world.dns.put(&his.record_name(), &his.challenge);
    assert_refused!(verify().await, Refusal::DomainTaken);
    world
        .organizations
        .delete(ann.caller, acme.id, None)
        .await?;
    assert!(verify().await?.verified_at.is_some());
    Ok(())
}

pub(crate) async fn one_domain_is_primary(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let one = prove(&world, &ann, &acme, "one.example").await?;
    let two = prove(&world, &ann, &acme, "two.example").await?;
    assert!(set(&world, &ann, &one, primary(true)).await?.primary);
    assert!(set(&world, &ann, &two, primary(true)).await?.primary);
    let list = || world.domains.list(ann.caller, acme.id, Window::first(10));
    let flags: Vec<_> = list().await?.items.iter().map(|it| it.primary).collect();
    assert_eq!(flags, [false, true]);
    let latest = super::deletion::latest(&world, &ann, acme.id, 2).await?;
    assert_eq!(latest, ["domain.updated", "domain.updated"]);
    assert!(!set(&world, &ann, &two, primary(false)).await?.primary);
    let stale = UpdateDomain {
        seen: Some(two.version),
        ..primary(true)
    };
    let outcome = set(&world, &ann, &two, stale).await;
    assert_refused!(outcome, Refusal::VersionMismatch);
    Ok(())
}

pub(crate) async fn an_unproven_domain_is_of_no_use(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let domain = add(&world, &ann, &acme, "acme.example").await?;
    for command in [
        primary(true),
        enrolling(Enrollment::AutomaticJoin),
        enrolling(Enrollment::AutomaticInvitation),
    ] {
        let outcome = set(&world, &ann, &domain, command).await;
        assert_refused!(outcome, Refusal::DomainNotVerified);
    }
    let same = enrolling(Enrollment::InviteOnly);
    assert_eq!(set(&world, &ann, &domain, same).await?, domain);
    Ok(())
}

pub(crate) async fn only_who_may_sees_and_changes(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let domain = prove(&world, &ann, &acme, "acme.example").await?;
    let (bob, eve) = (world.sign_up("bob").await?, world.sign_up("eve").await?);
    world.join(&acme, &bob, &[Role::Viewer]).await?;
    let domains = &world.domains;
    domains.get(bob.caller, acme.id, domain.id).await?;
    let outcome = add(&world, &bob, &acme, "bob.example").await;
    assert_denied!(outcome, Use(CreateDomain), visible: true);
    let outcome = domains.verify(bob.caller, acme.id, domain.id).await;
    assert_denied!(outcome, Use(UpdateDomain), visible: true);
    let outcome = set(&world, &bob, &domain, primary(true)).await;
    assert_denied!(outcome, Use(UpdateDomain), visible: true);
    let outcome = domains.remove(bob.caller, acme.id, domain.id, None).await;
    assert_denied!(outcome, Use(DeleteDomain), visible: true);
    let outcome = domains.get(eve.caller, acme.id, domain.id).await;
    assert_denied!(outcome, Use(ReadDomain), visible: false);
    let asked = world.dns.asked();
    let outcome = domains.verify(eve.caller, acme.id, domain.id).await;
    assert_denied!(outcome, Use(UpdateDomain), visible: false);
    assert_eq!(world.dns.asked(), asked, "strangers make nobody ask");
    let evil = world.create(&eve, "Evil").await?.organization;
    for id in [domain.id, DomainId::new(sample::uuid("absent"))] {
        let outcome = domains.get(eve.caller, evil.id, id).await;
        assert_error!(outcome, Error::NotFound(Kind::Domain));
        let outcome = domains.verify(eve.caller, evil.id, id).await;
        assert_error!(outcome, Error::NotFound(Kind::Domain));
        let outcome = domains.update(eve.caller, evil.id, id, primary(true));
        assert_error!(outcome.await, Error::NotFound(Kind::Domain));
        let outcome = domains.remove(eve.caller, evil.id, id, None).await;
        assert_error!(outcome, Error::NotFound(Kind::Domain));
    }
    Ok(())
}

/// A person at `name@acme.example`, whose address a superuser vouches for.
pub(crate) async fn newcomer(world: &World, root: &Account, name: &str) -> Result<User> {
    let command = CreatePerson {
        email: Email::from_stored(format!("{name}@acme.example")),
        display_name: sample::user(name).display_name,
        once: None,
    };
    let user = world.users.create(root.caller, command).await?;
    world.users.verify_email(root.caller, user.id).await
}

/// Ann's organization, which enrolls like this whoever has an address at acme.example.
pub(crate) async fn open_house(
    world: &World,
    mode: Enrollment,
) -> Result<(Account, Account, Organization)> {
    let root = world.sign_up_superuser("root").await?;
    let (ann, acme) = acme(world).await?;
    let domain = prove(world, &ann, &acme, "acme.example").await?;
    set(world, &ann, &domain, enrolling(mode)).await?;
    Ok((root, ann, acme))
}

pub(crate) async fn who_verifies_such_an_address_joins(world: World) -> Result<()> {
    let (root, ann, acme) = open_house(&world, Enrollment::AutomaticJoin).await?;
    let bob = newcomer(&world, &root, "bob").await?;
    assert!(bob.has_verified_email());
    let member = world.memberships.get(ann.caller, acme.id, bob.id).await?;
    assert_eq!(member.membership.roles, Roles::of(&[Role::Member]));
    let latest = super::deletion::latest(&world, &ann, acme.id, 1).await?;
    assert_eq!(latest, ["membership.created"]);
    Ok(())
}

/// An address that is only claimed opens nothing (GHSA-fmh4-wcc4-5jm3 in better-auth), nor does one
/// in a domain below.
pub(crate) async fn nobody_joins_by_a_mere_claim(world: World) -> Result<()> {
    let (root, ann, acme) = open_house(&world, Enrollment::AutomaticJoin).await?;
    let eve = world.sign_up("eve").await?;
    let claim = UpdateProfile {
        email: Some(Email::from_stored("eve@acme.example".to_owned())),
        ..UpdateProfile::default()
    };
    world.users.update_me(eve.caller, claim).await?;
    let below = CreatePerson {
        email: Email::from_stored("mal@sub.acme.example".to_owned()),
        display_name: sample::user("mal").display_name,
        once: None,
    };
    let below = world.users.create(root.caller, below).await?;
    world.users.verify_email(root.caller, below.id).await?;
    for id in [eve.user.id, below.id] {
        let outcome = world.memberships.get(ann.caller, acme.id, id).await;
        assert_error!(outcome, Error::NotFound(Kind::Membership));
    }
    Ok(())
}

pub(crate) async fn without_a_seat_the_address_is_verified_all_the_same(
    world: World,
) -> Result<()> {
    for mode in [Enrollment::AutomaticJoin, Enrollment::AutomaticInvitation] {
        let root = world.sign_up_superuser(mode.key()).await?;
        let owner = world.sign_up(&format!("owner-{}", mode.key())).await?;
        let full = world.create(&owner, mode.key()).await?.organization;
        let name = format!("{}.example", mode.key().replace('_', "-"));
        let domain = prove(&world, &owner, &full, &name).await?;
        set(&world, &owner, &domain, enrolling(mode)).await?;
        world.set_seats(&full, 1).await?;
        let command = CreatePerson {
            email: Email::from_stored(format!("late@{name}")),
            display_name: sample::user("late").display_name,
            once: None,
        };
        let late = world.users.create(root.caller, command).await?;
        let late = world.users.verify_email(root.caller, late.id).await?;
        assert!(late.has_verified_email());
        let outcome = world.memberships.get(owner.caller, full.id, late.id).await;
        assert_error!(outcome, Error::NotFound(Kind::Membership));
        assert_eq!(invited(&world, &full, &late).await?, None);
    }
    Ok(())
}

/// The state of the invitation to the user's address that is written as pending.
async fn invited(
    world: &World,
    organization: &Organization,
    user: &User,
) -> Result<Option<InvitationState>> {
    let (organization, email, now) = (organization.id, user.email.clone(), world.now());
    let found = world
        .store
        .read(move |tx| tx.invitations().find_pending(organization, &email))
        .await?;
    Ok(found.map(|invitation| invitation.status(now)))
}

pub(crate) async fn who_verifies_such_an_address_is_invited(world: World) -> Result<()> {
    let (root, ann, acme) = open_house(&world, Enrollment::AutomaticInvitation).await?;
    let bob = newcomer(&world, &root, "bob").await?;
    let outcome = world.memberships.get(ann.caller, acme.id, bob.id).await;
    assert_error!(outcome, Error::NotFound(Kind::Membership));
    let state = invited(&world, &acme, &bob).await?;
    assert_eq!(state, Some(InvitationState::Pending));
    let latest = super::deletion::latest(&world, &ann, acme.id, 1).await?;
    assert_eq!(latest, ["invitation.created"]);
    Ok(())
}

/// Whoever is invited to more than everybody gets does not lose it by joining on the way.
pub(crate) async fn an_invitation_comes_before_enrollment(world: World) -> Result<()> {
    let (root, ann, acme) = open_house(&world, Enrollment::AutomaticInvitation).await?;
    let bob = newcomer(&world, &root, "bob").await?;
    let list = world.domains.list(ann.caller, acme.id, Window::first(1));
    let domain = list.await?.items.remove(0);
    let open = enrolling(Enrollment::AutomaticJoin);
    set(&world, &ann, &domain, open).await?;
    // Verified anew, after the address went away and came back.
    let verify_anew = async || -> Result<User> {
        let id = bob.id;
        let unverify = move |tx: &mut dyn rollbook_domain::port::Tx| {
            let user = tx.users().lock(id)?;
            let mut user = user.ok_or(Error::NotFound(Kind::User))?;
            let seen = user.version;
            user.email_verified_at = None;
            user.version = seen.next();
            tx.users().update(&user, seen)
        };
        world.store.write(unverify).await?;
        world.users.verify_email(root.caller, id).await
    };
    verify_anew().await?;
    let outcome = world.memberships.get(ann.caller, acme.id, bob.id).await;
    assert_error!(outcome, Error::NotFound(Kind::Membership));
    world
        .clock
        .advance(rollbook_domain::invitation::DEFAULT_LIFETIME);
    verify_anew().await?;
    world.memberships.get(ann.caller, acme.id, bob.id).await?;
    assert_eq!(invited(&world, &acme, &bob).await?, None);
    Ok(())
}

/// CVE-2026-18201 in keycloak: who could link could let anybody in.
pub(crate) async fn who_opens_the_door_must_be_able_to_let_in(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let domain = prove(&world, &ann, &acme, "acme.example").await?;
    let bob = world.sign_up("bob").await?;
    world.join(&acme, &bob, &[Role::Member]).await?;
    let keeper = [rollbook_domain::role::Permission::UpdateDomain];
    super::service_account::empower(&world, &acme, bob.user.id, &keeper).await?;
    set(&world, &bob, &domain, primary(true)).await?;
    for mode in [Enrollment::AutomaticJoin, Enrollment::AutomaticInvitation] {
        let outcome = set(&world, &bob, &domain, enrolling(mode)).await;
        assert_error!(outcome, Error::Refused(Refusal::BeyondOwnRights { .. }));
    }
    let open = enrolling(Enrollment::AutomaticJoin);
    set(&world, &ann, &domain, open).await?;
    let shut = enrolling(Enrollment::InviteOnly);
    set(&world, &bob, &domain, shut).await?;
    Ok(())
}

pub(crate) async fn a_failed_verification_leaves_nothing(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let domain = add(&world, &ann, &acme, "acme.example").await?;
    world.dns.put(&domain.record_name(), &domain.challenge);
    let (flaky, store) = super::reliability::flaky(&world);
    store.fail_next_commits(1);
    let verify = || flaky.domains.verify(ann.caller, acme.id, domain.id);
    assert_error!(verify().await, Error::Busy);
    let get = world.domains.get(ann.caller, acme.id, domain.id);
    assert_eq!(get.await?, domain);
    assert!(verify().await?.verified_at.is_some());
    Ok(())
}
