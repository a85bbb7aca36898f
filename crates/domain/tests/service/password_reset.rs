//! The way to a new password, and whose account it opens.

use rollbook_domain::access::{Caller, Origin};
use rollbook_domain::domain::Enrollment;
use rollbook_domain::error::Kind;
use rollbook_domain::error::Unauthenticated::Invalid;
use rollbook_domain::limit::Quotas;
use rollbook_domain::mail::PASSWORD_RESET_LIFETIME;
use rollbook_domain::mock::{Account, World, sample};
use rollbook_domain::port::Tx;
use rollbook_domain::secret::Secret;
use rollbook_domain::service::invitation::{Invitee, SignUp};
use rollbook_domain::service::password::ResetSecret;
use rollbook_domain::service::session::SignedIn;
use rollbook_domain::service::user::{DeleteUser, UpdateProfile};
use rollbook_domain::service::{Invitations, Memberships, Operator, Passwords, Sessions, Users};
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::token::TokenKind;
use rollbook_domain::user::User;
use rollbook_domain::value::Email;
use rollbook_domain::{Error, Refusal, Result};

use super::invitation::{create, invited, to};
use super::password::{GOOD, acts_of, cookie, is_known, password, setting, sign_in, with_password};
use super::profile::log_of;
use super::{assert_error, assert_refused};

const NEW: &str = "an altogether new one";

async fn ask(world: &World, email: &str) -> Result<()> {
    let email = Email::from_stored(email.to_owned());
    world
        .passwords
        .request_reset(Origin::default(), email)
        .await
}

/// Asks for a reset and opens the mail.
pub(crate) async fn mailed(world: &World, email: &str) -> Result<ResetSecret> {
    ask(world, email).await?;
    Ok(last(world))
}

/// What the last mail said, when nothing was random since.
fn last(world: &World) -> ResetSecret {
    let secret = Secret::password_reset(&world.random.last());
    ResetSecret::read(secret.reveal())
}

async fn reset(world: &World, secret: ResetSecret, new: &str) -> Result<User> {
    let passwords = &world.passwords;
    passwords
        .reset(Origin::default(), secret, password(new))
        .await
}

/// How many messages wait.
async fn waiting(world: &World) -> Result<u64> {
    let work = |tx: &mut dyn Tx| tx.outbox().depth();
    let depth = world.store.read_one(work).await?;
    Ok(depth.pending)
}

async fn assert_dead(world: &World, secret: ResetSecret) -> Result<()> {
    let outcome = world.passwords.open_reset(secret).await;
    assert_error!(outcome, Error::NotFound(Kind::PasswordReset));
    let outcome = reset(world, secret, NEW).await;
    assert_error!(outcome, Error::NotFound(Kind::PasswordReset));
    Ok(())
}

pub(crate) async fn who_receives_the_mail_chooses_a_new_one(world: World) -> Result<()> {
    let ann = with_password(&world, "ann").await?;
    let session = cookie(&sign_in(&world, "ann@example.com", GOOD).await?);
    let secret = mailed(&world, "Ann@example.com").await?;
    for _ in 0..3 {
        let opened = world.passwords.open_reset(secret).await?;
        assert_eq!(opened.user, ann.user, "looking changes nothing");
        assert_eq!(opened.expires_at, world.now().plus(PASSWORD_RESET_LIFETIME));
    }
    // The old one works until then: whoever asks may be anybody.
    sign_in(&world, "ann@example.com", GOOD).await?;
    assert_eq!(reset(&world, secret, NEW).await?, ann.user);
    let outcome = sign_in(&world, "ann@example.com", GOOD).await;
    assert_error!(outcome, Error::Unauthenticated(Invalid));
    sign_in(&world, "ann@example.com", NEW).await?;
    assert!(!is_known(&world, session).await?);
    // Her address was hers before: her programs go on.
    assert!(is_known(&world, ann.caller).await?);
    assert_dead(&world, secret).await?;
    let acts = acts_of(&world, &ann.user).await?;
    assert!(acts.contains(&"user.password_reset_sent".to_owned()));
    assert!(acts.contains(&"user.password_reset".to_owned()));
    assert!(!acts.contains(&"user.claimed".to_owned()));
    Ok(())
}

pub(crate) async fn who_asks_learns_nothing(world: World) -> Result<()> {
    let root = world.sign_up_superuser("root").await?;
    world.sign_up_service_account("robot").await?;
    let bob = with_password(&world, "bob").await?;
    world
        .users
        .deactivate(root.caller, bob.user.id, None)
        .await?;
    for name in ["nobody", "robot", "bob"] {
        ask(&world, &format!("{name}@example.com")).await?;
    }
    assert_eq!(waiting(&world).await?, 0);
    // Who has no password can get one like this.
    world.sign_up("ann").await?;
    let secret = mailed(&world, "ann@example.com").await?;
    assert_eq!(waiting(&world).await?, 1);
    reset(&world, secret, NEW).await?;
    sign_in(&world, "ann@example.com", NEW).await?;
    Ok(())
}

pub(crate) async fn too_many_mails_are_not_sent_and_not_told(world: World) -> Result<()> {
    let world = world.limited(Quotas {
        messages_per_recipient_day: Some(2),
        ..Quotas::default()
    });
    world.sign_up("ann").await?;
    let (flaky, store) = super::reliability::flaky(&world);
    store.fail_next_commits(1);
    assert_error!(ask(&flaky, "ann@example.com").await, Error::Busy);
    let _first = mailed(&flaky, "ann@example.com").await?;
    let second = mailed(&flaky, "ann@example.com").await?;
    for _ in 0..3 {
        ask(&world, "ann@example.com").await?;
    }
    assert_eq!(waiting(&world).await?, 2);
    // What was not sent takes no other's place.
    world.passwords.open_reset(second).await?;
    Ok(())
}

/// Whoever asks for resets, and is refused to invite the same address afterwards, would know that
/// there is an account; and whoever invites somebody often would keep them from a new password.
pub(crate) async fn asking_takes_nothing_of_other_messages(world: World) -> Result<()> {
    let world = world.limited(Quotas {
        messages_per_recipient_day: Some(1),
        ..Quotas::default()
    });
    for name in ["bob", "dan"] {
        world.sign_up(name).await?;
    }
    let (ann, acme, _, _) = invited(&world, "bob").await?;
    let secret = mailed(&world, "bob@example.com").await?;
    world.passwords.open_reset(secret).await?;
    for name in ["dan", "nobody"] {
        for _ in 0..3 {
            ask(&world, &format!("{name}@example.com")).await?;
        }
        create(&world, ann.caller, acme.id, to(sample::email(name))).await?;
    }
    Ok(())
}

pub(crate) async fn only_the_newest_works_and_for_an_hour(world: World) -> Result<()> {
    let ann = with_password(&world, "ann").await?;
    let first = mailed(&world, "ann@example.com").await?;
    let second = mailed(&world, "ann@example.com").await?;
    assert_dead(&world, first).await?;
    let end = world.now().plus(PASSWORD_RESET_LIFETIME);
    world.clock.set(end);
    assert_dead(&world, second).await?;
    let foreign = Secret::password_reset(&[7; 32]);
    for text in [foreign.reveal(), ann.secret.reveal(), "", "rbk_rst_"] {
        assert_dead(&world, ResetSecret::read(text)).await?;
    }
    let third = mailed(&world, "ann@example.com").await?;
    let end = world.now().plus(PASSWORD_RESET_LIFETIME);
    world.clock.set(Timestamp::from_millis(end.millis() - 1));
    reset(&world, third, NEW).await?;
    Ok(())
}

pub(crate) async fn what_changes_in_between_makes_it_void(world: World) -> Result<()> {
    let root = world.sign_up_superuser("root").await?;
    let ann = with_password(&world, "ann").await?;
    let move_to = |name: &str| {
        let email = Some(sample::email(name));
        let command = UpdateProfile {
            email,
            ..UpdateProfile::default()
        };
        world.users.update_me(ann.caller, command)
    };
    let secret = mailed(&world, "ann@example.com").await?;
    move_to("eve").await?;
    move_to("ann").await?;
    assert_dead(&world, secret).await?;
    // Whoever knows the password after all needs no other way.
    let secret = mailed(&world, "ann@example.com").await?;
    world
        .passwords
        .set(ann.caller, setting(Some(GOOD), NEW))
        .await?;
    assert_dead(&world, secret).await?;
    let secret = mailed(&world, "ann@example.com").await?;
    world
        .users
        .deactivate(root.caller, ann.user.id, None)
        .await?;
    world.users.activate(root.caller, ann.user.id, None).await?;
    assert_dead(&world, secret).await?;
    let bob = with_password(&world, "bob").await?;
    let secret = mailed(&world, "bob@example.com").await?;
    world
        .users
        .delete_me(bob.caller, DeleteUser::default())
        .await?;
    assert_dead(&world, secret).await?;
    Ok(())
}

pub(crate) async fn an_easy_one_is_refused_and_the_way_stays_open(world: World) -> Result<()> {
    world.sign_up("annabel").await?;
    let secret = mailed(&world, "annabel@example.com").await?;
    for easy in ["a weak one", "annabel and more"] {
        assert_error!(
            reset(&world, secret, easy).await,
            Error::Refused(Refusal::WeakPassword { .. })
        );
    }
    reset(&world, secret, NEW).await?;
    Ok(())
}

/// Mallory makes an account with ann's address, which she has not shown to be hers, and waits in it.
struct Squat {
    account: Account,
    session: SignedIn,
    reset: ResetSecret,
}

async fn squat(world: &World, email: &str) -> Result<Squat> {
    let account = world
        .add(User {
            email: Email::from_stored(email.to_owned()),
            email_verified_at: None,
            ..sample::user("mallory")
        })
        .await?;
    world
        .passwords
        .set(account.caller, setting(None, GOOD))
        .await?;
    let session = sign_in(world, email, GOOD).await?;
    let reset = mailed(world, email).await?;
    world.users.send_email_verification(account.caller).await?;
    Ok(Squat {
        account,
        session,
        reset,
    })
}

/// Asserts that nothing of what mallory had opens the account.
async fn assert_out(world: &World, squat: &Squat, email: &str) -> Result<()> {
    for caller in [squat.account.caller, cookie(&squat.session)] {
        assert!(!is_known(world, caller).await?);
    }
    let outcome = sign_in(world, email, GOOD).await;
    assert_error!(outcome, Error::Unauthenticated(Invalid));
    assert_dead(world, squat.reset).await
}

/// Pre-account hijacking, the "classic-federated merge" (Sudhodanan and Paverd, USENIX Security
/// 2022; GHSA-fmh4-wcc4-5jm3 in better-auth is a relative): the owner of an address gets into the
/// account that somebody else has made with it, and that one is still in.
pub(crate) async fn nobody_waits_in_an_account_for_its_owner(world: World) -> Result<()> {
    let email = "ann@example.com";
    let squat = squat(&world, email).await?;
    // Ann has forgotten whether she has an account.
    let secret = mailed(&world, email).await?;
    let ann = reset(&world, secret, NEW).await?;
    assert_eq!(ann.id, squat.account.user.id);
    assert!(ann.has_verified_email());
    assert_out(&world, &squat, email).await?;
    let signed_in = sign_in(&world, email, NEW).await?;
    assert_eq!(signed_in.user, ann);
    let acts = acts_of(&world, &ann).await?;
    let tail = &acts[acts.len() - 4..];
    assert_eq!(
        tail,
        [
            "user.updated",
            "user.claimed",
            "user.password_reset",
            "session.created"
        ]
    );
    Ok(())
}

/// The same where ann comes by an invitation: she signs up as if there was no account.
pub(crate) async fn nobody_waits_in_an_account_for_its_invitee(world: World) -> Result<()> {
    let email = "bob@example.com";
    let squat = squat(&world, email).await?;
    let (owner, acme, _, secret) = invited(&world, "bob").await?;
    let nobody = Caller::from(rollbook_domain::access::Credential::Nobody);
    let opened = world.invitations.open(nobody, secret).await?;
    assert_eq!(opened.invitee, Invitee::Unclaimed);
    let sign_up = SignUp {
        secret,
        display_name: sample::user("bob").display_name,
        credential: TokenKind::Session,
        password: Some(password(NEW)),
    };
    let (flaky, store) = super::reliability::flaky(&world);
    store.fail_next_commits(1);
    let outcome = flaky
        .invitations
        .sign_up(Origin::default(), sign_up.clone());
    assert_error!(outcome.await, Error::Busy);
    assert!(is_known(&world, squat.account.caller).await?);
    let signed_up = flaky
        .invitations
        .sign_up(Origin::default(), sign_up)
        .await?;
    assert_eq!(signed_up.user.id, squat.account.user.id);
    assert_eq!(
        signed_up.user.display_name,
        sample::user("bob").display_name
    );
    assert!(signed_up.user.has_verified_email());
    assert_out(&world, &squat, email).await?;
    sign_in(&world, email, NEW).await?;
    let bob = signed_up.user.id;
    let member = world.memberships.get(owner.caller, acme.id, bob).await?;
    assert_eq!(member.display_name, signed_up.user.display_name);
    let log = log_of(&world, bob).await?;
    assert!(log.iter().any(|(act, _)| act == "user.claimed"));
    // And what it was called before.
    let renamed = |(act, changes): &(String, String)| {
        act == "user.updated" && changes.contains("display_name") && changes.contains("mallory")
    };
    assert!(log.iter().any(renamed), "{log:?}");
    Ok(())
}

/// Where the address is verified, whoever has an invitation signs in.
pub(crate) async fn nobody_signs_up_as_somebody_else(world: World) -> Result<()> {
    let bob = with_password(&world, "bob").await?;
    let (_, _, _, secret) = invited(&world, "bob").await?;
    let opened = world.invitations.open(bob.caller, secret).await?;
    assert_eq!(opened.invitee, Invitee::User);
    let sign_up = SignUp {
        secret,
        display_name: sample::user("eve").display_name,
        credential: TokenKind::Session,
        password: Some(password(NEW)),
    };
    let outcome = world.invitations.sign_up(Origin::default(), sign_up).await;
    assert_refused!(outcome, Refusal::SignInToAccept);
    sign_in(&world, "bob@example.com", GOOD).await?;
    Ok(())
}

pub(crate) async fn who_signs_up_may_choose_one(world: World) -> Result<()> {
    let (_, _, _, secret) = invited(&world, "bob").await?;
    let sign_up = |new: &str| SignUp {
        secret,
        display_name: sample::user("bob").display_name,
        credential: TokenKind::Session,
        password: Some(password(new)),
    };
    for easy in ["a weak one", "the acme way"] {
        let outcome = world
            .invitations
            .sign_up(Origin::default(), sign_up(easy))
            .await;
        assert_error!(outcome, Error::Refused(Refusal::WeakPassword { .. }));
    }
    let signed_up = world
        .invitations
        .sign_up(Origin::default(), sign_up(NEW))
        .await?;
    let signed_in = sign_in(&world, "bob@example.com", NEW).await?;
    assert_eq!(signed_in.user, signed_up.user);
    let outcome = world
        .invitations
        .sign_up(Origin::default(), sign_up(NEW))
        .await;
    assert_error!(
        outcome,
        Error::Refused(Refusal::InvitationClosed { state: "accepted" })
    );
    Ok(())
}

/// The secret was mailed there, so the address is verified, and opens what that opens.
pub(crate) async fn who_receives_the_mail_is_taken_in(world: World) -> Result<()> {
    let (_, owner, acme) = super::domain::open_house(&world, Enrollment::AutomaticJoin).await?;
    let email = "bob@acme.example";
    let squat = squat(&world, email).await?;
    let secret = mailed(&world, email).await?;
    let bob = reset(&world, secret, NEW).await?;
    world.memberships.get(owner.caller, acme.id, bob.id).await?;
    assert_out(&world, &squat, email).await
}

pub(crate) async fn the_operator_hands_a_way_out(world: World) -> Result<()> {
    let ann = with_password(&world, "ann").await?;
    world.sign_up_service_account("robot").await?;
    let given = world.operator.reset_password(sample::email("ann")).await?;
    assert_eq!(given.user, ann.user);
    assert_eq!(given.expires_at, world.now().plus(PASSWORD_RESET_LIFETIME));
    assert_eq!(waiting(&world).await?, 0);
    reset(&world, ResetSecret::read(given.secret.reveal()), NEW).await?;
    sign_in(&world, "ann@example.com", NEW).await?;
    for name in ["nobody", "robot"] {
        let outcome = world.operator.reset_password(sample::email(name)).await;
        assert_error!(outcome, Error::NotFound(Kind::User));
    }
    Ok(())
}

pub(crate) async fn a_failed_reset_leaves_nothing(world: World) -> Result<()> {
    let email = "ann@example.com";
    let squat = squat(&world, email).await?;
    let secret = mailed(&world, email).await?;
    let (flaky, store) = super::reliability::flaky(&world);
    store.fail_next_commits(1);
    assert_error!(reset(&flaky, secret, NEW).await, Error::Busy);
    assert!(is_known(&world, squat.account.caller).await?);
    world.sessions.sign_out(cookie(&squat.session)).await?;
    reset(&flaky, secret, NEW).await?;
    assert_out(&world, &squat, email).await
}

pub(crate) async fn asking_costs_what_guessing_costs(world: World) -> Result<()> {
    let world = world.limited(Quotas {
        sign_ins_per_address_hour: Some(2),
        ..Quotas::default()
    });
    let from = Origin {
        address: "192.0.2.1".parse().ok(),
        request: None,
    };
    let ask = || world.passwords.request_reset(from, sample::email("nobody"));
    ask().await?;
    ask().await?;
    assert_error!(
        ask().await,
        Error::Refused(Refusal::RateLimited { quota: 2, .. })
    );
    world.clock.advance(Span::seconds(1800));
    ask().await
}
