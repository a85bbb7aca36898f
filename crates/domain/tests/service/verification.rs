use rollbook_domain::access::{Caller, Credential};
use rollbook_domain::audit::Act;
use rollbook_domain::domain::Enrollment;
use rollbook_domain::error::Kind;
use rollbook_domain::mock::{Account, World, sample};
use rollbook_domain::secret::Secret;
use rollbook_domain::service::user::{DeleteUser, UpdateProfile, VerificationSecret};
use rollbook_domain::service::{Memberships, Users};
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::user::User;
use rollbook_domain::value::Email;
use rollbook_domain::verification::VERIFICATION_LIFETIME;
use rollbook_domain::{Error, Result};

use super::domain::open_house;
use super::profile::log_of;
use super::{assert_denied, assert_error};

/// Somebody who claims an address.
async fn claimant(world: &World, name: &str, address: &str) -> Result<Account> {
    let user = User {
        email: Email::from_stored(address.to_owned()),
        email_verified_at: None,
        ..sample::user(name)
    };
    world.add(user).await
}

/// Has a secret mailed, and opens the mail.
async fn mailed(world: &World, account: &Account) -> Result<VerificationSecret> {
    let user = world.users.send_email_verification(account.caller).await?;
    assert!(!user.has_verified_email());
    let secret = Secret::email_verification(&world.random.last());
    Ok(VerificationSecret::read(secret.reveal()))
}

pub(crate) async fn the_mailed_secret_verifies(world: World) -> Result<()> {
    let ann = claimant(&world, "ann", "ann@acme.example").await?;
    let secret = mailed(&world, &ann).await?;
    let nobody = Caller::from(Credential::Nobody);
    for caller in [nobody, Caller::from(Credential::Malformed), ann.caller] {
        let opened = world.users.open_email_verification(caller, secret).await?;
        assert_eq!(opened.user, ann.user, "looking changes nothing");
        let known = caller == ann.caller;
        assert_eq!(opened.reader, known.then(|| ann.user.clone()));
    }
    world.clock.advance(Span::seconds(5));
    let verified = world.users.verify_my_email(ann.caller, secret).await?;
    assert_eq!(verified.email_verified_at, Some(world.now()));
    assert_eq!(verified.version, ann.user.version.next());
    assert_eq!(world.users.me(ann.caller).await?, verified);
    // Once more is no change, and needs no letter.
    world.clock.advance(Span::seconds(5));
    let again = world.users.verify_my_email(ann.caller, secret).await?;
    assert_eq!(again, verified);
    let again = world.users.send_email_verification(ann.caller).await?;
    assert_eq!(again, verified);
    let acts: Vec<String> = log_of(&world, ann.user.id)
        .await?
        .into_iter()
        .map(|it| it.0)
        .collect();
    let expected = [Act::UserCreated, Act::VerificationSent, Act::UserUpdated];
    assert_eq!(acts, expected.map(Act::key));
    Ok(())
}

/// CVE-2026-9087 in keycloak: a proof that was bound to nobody. Mallory says that ann's address is
/// his; that ann opens the mail gives it to nobody but whoever asked, and only by themselves.
pub(crate) async fn a_click_gives_nobody_anothers_address(world: World) -> Result<()> {
    let mallory = claimant(&world, "mallory", "ann@acme.example").await?;
    let ann = claimant(&world, "ann", "ann@example.org").await?;
    let secret = mailed(&world, &mallory).await?;
    let outcome = world.users.verify_my_email(ann.caller, secret).await;
    assert_error!(outcome, Error::NotFound(Kind::EmailVerification));
    let nobody = Caller::from(Credential::Nobody);
    let outcome = world.users.verify_my_email(nobody, secret).await;
    assert_error!(outcome, Error::Unauthenticated(_));
    for account in [&ann, &mallory] {
        assert!(!world.users.me(account.caller).await?.has_verified_email());
    }
    Ok(())
}

async fn assert_dead(world: &World, account: &Account, secret: VerificationSecret) -> Result<()> {
    let outcome = world.users.verify_my_email(account.caller, secret).await;
    assert_error!(outcome, Error::NotFound(Kind::EmailVerification));
    let outcome = world.users.open_email_verification(account.caller, secret);
    assert_error!(outcome.await, Error::NotFound(Kind::EmailVerification));
    Ok(())
}

pub(crate) async fn only_the_newest_secret_works_and_for_a_day(world: World) -> Result<()> {
    let ann = claimant(&world, "ann", "ann@acme.example").await?;
    let first = mailed(&world, &ann).await?;
    let second = mailed(&world, &ann).await?;
    assert_dead(&world, &ann, first).await?;
    let end = world.now().plus(VERIFICATION_LIFETIME);
    world.clock.set(end);
    assert_dead(&world, &ann, second).await?;
    let other = Secret::email_verification(&[7; 32]);
    let pat = VerificationSecret::read(ann.secret.reveal());
    for secret in [VerificationSecret::read(other.reveal()), pat] {
        assert_dead(&world, &ann, secret).await?;
    }
    let third = mailed(&world, &ann).await?;
    let end = world.now().plus(VERIFICATION_LIFETIME);
    world.clock.set(Timestamp::from_millis(end.millis() - 1));
    world.users.verify_my_email(ann.caller, third).await?;
    Ok(())
}

pub(crate) async fn another_address_makes_it_void(world: World) -> Result<()> {
    let ann = claimant(&world, "ann", "ann@acme.example").await?;
    let move_to = |address: &str| {
        let email = Some(Email::from_stored(address.to_owned()));
        let command = UpdateProfile {
            email,
            ..UpdateProfile::default()
        };
        world.users.update_me(ann.caller, command)
    };
    let secret = mailed(&world, &ann).await?;
    // Another spelling is the same address.
    move_to("Ann@Acme.example").await?;
    world
        .users
        .open_email_verification(ann.caller, secret)
        .await?;
    move_to("ann@example.org").await?;
    assert_dead(&world, &ann, secret).await?;
    move_to("ann@acme.example").await?;
    assert_dead(&world, &ann, secret).await?;
    // Nor does a used one verify an address that came back.
    let secret = mailed(&world, &ann).await?;
    world.users.verify_my_email(ann.caller, secret).await?;
    move_to("ann@example.org").await?;
    move_to("ann@acme.example").await?;
    assert_dead(&world, &ann, secret).await?;
    assert!(!world.users.me(ann.caller).await?.has_verified_email());
    Ok(())
}

pub(crate) async fn who_is_gone_has_no_address(world: World) -> Result<()> {
    let root = world.sign_up_superuser("root").await?;
    let ann = claimant(&world, "ann", "ann@acme.example").await?;
    let bob = claimant(&world, "bob", "bob@acme.example").await?;
    let (anns, bobs) = (mailed(&world, &ann).await?, mailed(&world, &bob).await?);
    world
        .users
        .deactivate(root.caller, ann.user.id, None)
        .await?;
    world
        .users
        .delete_me(bob.caller, DeleteUser::default())
        .await?;
    for secret in [anns, bobs] {
        assert_dead(&world, &root, secret).await?;
    }
    Ok(())
}

pub(crate) async fn who_verifies_is_taken_in_once(world: World) -> Result<()> {
    let (_, owner, acme) = open_house(&world, Enrollment::AutomaticJoin).await?;
    let eve = claimant(&world, "eve", "eve@acme.example").await?;
    let secret = mailed(&world, &eve).await?;
    let outcome = world
        .memberships
        .get(owner.caller, acme.id, eve.user.id)
        .await;
    assert_error!(outcome, Error::NotFound(Kind::Membership));
    world.users.verify_my_email(eve.caller, secret).await?;
    world
        .memberships
        .get(owner.caller, acme.id, eve.user.id)
        .await?;
    // Who leaves is not taken in again by the same secret.
    world.memberships.leave(eve.caller, acme.id).await?;
    world.users.verify_my_email(eve.caller, secret).await?;
    let outcome = world
        .memberships
        .get(owner.caller, acme.id, eve.user.id)
        .await;
    assert_error!(outcome, Error::NotFound(Kind::Membership));
    Ok(())
}

pub(crate) async fn programs_have_no_mail(world: World) -> Result<()> {
    let robot = world.sign_up_service_account("robot").await?;
    let outcome = world.users.send_email_verification(robot.caller).await;
    assert_denied!(outcome, ManageSelf, visible: true);
    Ok(())
}

pub(crate) async fn a_failed_verification_leaves_nothing(world: World) -> Result<()> {
    let ann = claimant(&world, "ann", "ann@acme.example").await?;
    let (flaky, store) = super::reliability::flaky(&world);
    store.fail_next_commits(1);
    let outcome = flaky.users.send_email_verification(ann.caller).await;
    assert_error!(outcome, Error::Busy);
    let secret = Secret::email_verification(&world.random.last());
    let secret = VerificationSecret::read(secret.reveal());
    assert_dead(&world, &ann, secret).await?;
    let secret = mailed(&flaky, &ann).await?;
    store.fail_next_commits(1);
    let outcome = flaky.users.verify_my_email(ann.caller, secret).await;
    assert_error!(outcome, Error::Busy);
    assert_eq!(world.users.me(ann.caller).await?, ann.user);
    flaky.users.verify_my_email(ann.caller, secret).await?;
    Ok(())
}
