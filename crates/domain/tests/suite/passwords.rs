//! Hashing and what happens around it: that it is done for nobody, too, and what changes meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use pollster::block_on;
use rollbook_domain::access::{Caller, Origin};
use rollbook_domain::error::Unauthenticated;
use rollbook_domain::limit::{Limits, Quotas};
use rollbook_domain::mock::{
    FixedClock, MockStore, MockTx, PlainStrength, QuickHasher, SequentialIds, SequentialRandom,
    World, sample,
};
use rollbook_domain::password::{KeptPassword, Password, PasswordHash, Verdict};
use rollbook_domain::port::{Access, MockPasswordHasher, PasswordHasher, Store, Tx};
use rollbook_domain::service::password::SetPassword;
use rollbook_domain::service::session::SignedIn;
use rollbook_domain::service::{
    Core, PasswordService, PasswordTools, Passwords, SessionService, Sessions,
};
use rollbook_domain::time::Span;
use rollbook_domain::user::User;
use rollbook_domain::{Error, Refusal, Result};

use super::service::{assert_error, assert_refused};

const GOOD: &str = "correct horse battery";

fn core(store: Arc<dyn Store>, hasher: Arc<dyn PasswordHasher>) -> Core {
    let quotas = Quotas {
        sign_ins_per_account_hour: Some(1),
        ..Quotas::default()
    };
    Core::new(
        store,
        Arc::new(FixedClock::default()),
        Arc::new(SequentialIds::default()),
        Arc::new(SequentialRandom::default()),
    )
    .with_limits(Arc::new(Limits::new(quotas)))
    .with_passwords(PasswordTools::new(hasher, Arc::new(PlainStrength)))
}

fn sign_in(sessions: &SessionService) -> Result<SignedIn> {
    let (email, password) = (sample::email("ann"), Password::presented(GOOD));
    block_on(sessions.sign_in_with_password(Origin::default(), email, password))
}

/// CVE-2016-6210 in OpenSSH: where there was no such user, a shorter hash told so by its time.
#[test]
fn a_hash_is_computed_for_nobody_too() {
    for user in [
        None,
        Some(sample::user("ann")),
        Some(sample::service_account("ann")),
    ] {
        let mut tx = MockTx::default();
        let asked = user.clone().filter(User::can_own);
        tx.users
            .expect_find_by_email()
            .once()
            .return_once(move |_| Ok(user));
        // It is asked for, whoever is there.
        tx.passwords
            .expect_find()
            .withf(move |id| asked.as_ref().is_none_or(|user| user.id == *id))
            .once()
            .return_once(|_| Ok(None));
        let mut hasher = MockPasswordHasher::new();
        hasher
            .expect_verify()
            .withf(|password, hash| password.reveal() == GOOD && hash.is_none())
            .once()
            // Even if it says so.
            .return_once(|_, _| Ok(Verdict::Right));
        let store = Arc::new(MockStore::new(tx));
        let core = core(Arc::<MockStore>::clone(&store), Arc::new(hasher));
        let outcome = sign_in(&SessionService::new(core));
        assert_error!(outcome, Error::Unauthenticated(Unauthenticated::Invalid));
        assert_eq!(store.runs(), [Access::Read]);
    }
}

/// A busy hasher is nobody's guess.
#[test]
fn who_was_not_heard_may_try_again() {
    let world = World::in_memory();
    let mut hasher = MockPasswordHasher::new();
    hasher
        .expect_verify()
        .times(5)
        .returning(|_, _| Err(Error::Busy));
    let core = core(Arc::clone(&world.store), Arc::new(hasher));
    let sessions = SessionService::new(core);
    for _ in 0..5 {
        assert_error!(sign_in(&sessions), Error::Busy);
    }
}

/// A hasher during whose work somebody else sets the user's password.
struct Interloper {
    quick: QuickHasher,
    store: Arc<dyn Store>,
    user: User,
    interfered: AtomicBool,
}

impl Interloper {
    async fn interfere(&self) -> Result<()> {
        if self.interfered.swap(true, Ordering::SeqCst) {
            return Ok(());
        }
        let other = KeptPassword {
            user_id: self.user.id,
            hash: self
                .quick
                .hash(Password::presented("somebody else's"))
                .await?,
            changed_at: FixedClock::START.plus(Span::seconds(1)),
        };
        let work = move |tx: &mut dyn Tx| tx.passwords().put(&other);
        self.store.write(work).await
    }
}

#[async_trait]
impl PasswordHasher for Interloper {
    async fn hash(&self, password: Password) -> Result<PasswordHash> {
        self.interfere().await?;
        self.quick.hash(password).await
    }

    async fn verify(&self, password: Password, hash: Option<PasswordHash>) -> Result<Verdict> {
        self.interfere().await?;
        self.quick.verify(password, hash).await
    }
}

/// Ann, who has a password that changes while the next hash is computed.
fn interfered() -> Result<(World, Caller, Core)> {
    let world = World::in_memory();
    let ann = block_on(world.sign_up("ann"))?;
    let command = SetPassword {
        current: None,
        new: Password::presented(GOOD),
    };
    block_on(world.passwords.set(ann.caller, command))?;
    let hasher = Interloper {
        quick: QuickHasher::default(),
        store: Arc::clone(&world.store),
        user: ann.user,
        interfered: AtomicBool::new(false),
    };
    let core = core(Arc::clone(&world.store), Arc::new(hasher));
    Ok((world, ann.caller, core))
}

#[test]
fn a_password_that_changed_meanwhile_opens_nothing() {
    let (_, _, core) = interfered().unwrap();
    let sessions = SessionService::new(core);
    assert_error!(
        sign_in(&sessions),
        Error::Unauthenticated(Unauthenticated::Invalid)
    );
}

#[test]
fn a_password_that_changed_meanwhile_is_not_overwritten() {
    let (world, caller, core) = interfered().unwrap();
    let passwords = PasswordService::new(core);
    let command = SetPassword {
        current: Some(Password::presented(GOOD)),
        new: Password::presented("an altogether new one"),
    };
    let outcome = block_on(passwords.set(caller, command));
    assert_refused!(outcome, Refusal::VersionMismatch);
    let outcome = block_on(passwords.remove(caller, Password::presented(GOOD)));
    assert_refused!(outcome, Refusal::WrongPassword);
    let current = Password::presented("somebody else's");
    let email = sample::email("ann");
    let sessions = &world.sessions;
    block_on(sessions.sign_in_with_password(Origin::default(), email, current)).unwrap();
}
