//! Hashes passwords with Argon2id (RFC 9106) and judges them with zxcvbn, a few at a time.

use std::sync::Arc;

use argon2::password_hash::phc;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use async_trait::async_trait;
use rollbook_domain::password::{Password, PasswordHash, Strength, Verdict};
use rollbook_domain::port::{PasswordHasher, PasswordStrength, Random};
use rollbook_domain::service::PasswordTools;
use rollbook_domain::{Error, Result};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use zxcvbn::zxcvbn;

use crate::ambient::OsRandom;
use crate::failure::{Failure, Result as Outcome};
use crate::settings::PasswordSettings;

/// How many may wait for each place. Whoever comes then is told to try again: somebody who only
/// wants to keep the machine busy shall not make everybody wait.
const WAITING: usize = 16;

/// How long a salt is, in bytes (RFC 9106 §3.1).
const SALT: usize = 16;

/// What makes and judges passwords, as it is set; `None`: nobody has one.
pub(crate) fn tools(settings: &PasswordSettings) -> Outcome<Option<PasswordTools>> {
    if !settings.enabled {
        return Ok(None);
    }
    let pool = Arc::new(Pool::new(settings.concurrency));
    let hasher = Hasher::new(settings, Arc::clone(&pool))
        .map_err(|error| Failure::new(format!("passwords cannot be hashed like this: {error}")))?;
    Ok(Some(PasswordTools::new(
        Arc::new(hasher),
        Arc::new(Judge { pool }),
    )))
}

/// A few places for work that keeps a core busy.
struct Pool {
    places: Arc<Semaphore>,
    /// Those who have a place and those who wait for one.
    queue: Arc<Semaphore>,
}

impl Pool {
    fn new(places: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            queue: Arc::new(Semaphore::new(places.saturating_mul(1 + WAITING))),
        }
    }

    /// Does it on a thread of its own when there is a place; [`Error::Busy`] when too many wait.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let queued = Arc::clone(&self.queue).try_acquire_owned();
        let queued = queued.map_err(|_| Error::Busy)?;
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(Error::storage)?;
        let done = spawn_blocking(move || {
            // Kept until it is done, also when nobody waits for it any more.
            let _kept = (queued, place);
            work()
        });
        done.await.map_err(Error::storage)?
    }
}

/// Argon2id with the parameters that are set.
struct Hasher {
    argon2: Argon2<'static>,
    /// In the place of a hash where there is none: nobody knows a password to it.
    decoy: PasswordHash,
    pool: Arc<Pool>,
}

impl Hasher {
    fn new(
        settings: &PasswordSettings,
        pool: Arc<Pool>,
    ) -> std::result::Result<Self, argon2::password_hash::Error> {
        let params = Params::new(
            settings.memory_kib,
            settings.iterations,
            settings.parallelism,
            None,
        )?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = decoy(argon2.params())?;
        Ok(Self {
            argon2,
            decoy,
            pool,
        })
    }

    fn verdict(argon2: &Argon2<'_>, password: &Password, hash: &PasswordHash) -> Result<Verdict> {
        let parsed = phc::PasswordHash::new(hash.as_str()).map_err(Error::storage)?;
        // With the parameters that are in the hash.
        let right = argon2.verify_password(password.reveal().as_bytes(), &parsed);
        match right {
            Ok(()) if is_current(argon2, &parsed) => Ok(Verdict::Right),
            Ok(()) => Ok(Verdict::Outdated),
            Err(argon2::password_hash::Error::PasswordInvalid) => Ok(Verdict::Wrong),
            Err(other) => Err(Error::storage(other)),
        }
    }
}

/// A hash that was made of nothing, so that making it costs nothing.
fn decoy(params: &Params) -> std::result::Result<PasswordHash, argon2::password_hash::Error> {
    let hash = phc::PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: params.try_into()?,
        salt: Some(phc::Salt::new(&OsRandom.entropy()[..SALT])?),
        hash: Some(phc::Output::new(&OsRandom.entropy())?),
    };
    Ok(PasswordHash::new(hash.to_string()))
}

/// A hash with a new salt.
fn hash(
    argon2: &Argon2<'_>,
    password: &[u8],
) -> std::result::Result<PasswordHash, argon2::password_hash::Error> {
    let salt = OsRandom.entropy();
    let hash = argon2.hash_password_with_salt(password, &salt[..SALT])?;
    Ok(PasswordHash::new(hash.to_string()))
}

/// Whether a hash was made as one is made now.
fn is_current(argon2: &Argon2<'_>, hash: &phc::PasswordHash) -> bool {
    let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
    let same_cost = Params::try_from(hash).is_ok_and(|it| cost(&it) == cost(argon2.params()));
    let algorithm = hash.algorithm.as_str() == Algorithm::Argon2id.as_str();
    same_cost && algorithm && hash.version == Some(Version::V0x13.into())
}

#[async_trait]
impl PasswordHasher for Hasher {
    async fn hash(&self, password: Password) -> Result<PasswordHash> {
        let argon2 = self.argon2.clone();
        let work = move || hash(&argon2, password.reveal().as_bytes()).map_err(Error::storage);
        self.pool.run(work).await
    }

    async fn verify(&self, password: Password, hash: Option<PasswordHash>) -> Result<Verdict> {
        let argon2 = self.argon2.clone();
        let hash = hash.unwrap_or_else(|| self.decoy.clone());
        let work = move || Self::verdict(&argon2, &password, &hash);
        self.pool.run(work).await
    }
}

/// zxcvbn (<https://github.com/dropbox/zxcvbn>), which knows what people choose.
struct Judge {
    pool: Arc<Pool>,
}

#[async_trait]
impl PasswordStrength for Judge {
    async fn judge(&self, password: Password, words: Vec<String>) -> Result<Strength> {
        self.pool
            .run(move || Ok(strength(password.reveal(), &words)))
            .await
    }
}

fn strength(password: &str, words: &[String]) -> Strength {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let entropy = zxcvbn(password, &words);
    let advice = entropy.feedback().map(ToString::to_string);
    Strength {
        score: entropy.score().into(),
        advice: advice.unwrap_or_default().trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::rt::System;

    use super::*;

    fn settings(memory_kib: u32) -> PasswordSettings {
        PasswordSettings {
            enabled: true,
            memory_kib,
            iterations: 1,
            parallelism: 1,
            concurrency: 1,
        }
    }

    fn hasher(memory_kib: u32) -> Hasher {
        Hasher::new(&settings(memory_kib), Arc::new(Pool::new(1))).unwrap()
    }

    fn password(text: &str) -> Password {
        Password::parse(text).unwrap()
    }

    #[test]
    fn a_hash_is_of_one_password_and_says_how_it_was_made() {
        System::new().block_on(async {
            let (hasher, good) = (hasher(64), password("correct horse"));
            let hash = hasher.hash(good.clone()).await.unwrap();
            let start = "$argon2id$v=19$m=64,t=1,p=1$";
            assert!(hash.as_str().starts_with(start), "{}", hash.as_str());
            assert_ne!(
                hasher.hash(good.clone()).await.unwrap(),
                hash,
                "a salt of its own"
            );
            let verify = async |text: &str, hash: Option<&PasswordHash>| {
                let hash = hash.cloned();
                hasher
                    .verify(Password::presented(text), hash)
                    .await
                    .unwrap()
            };
            assert_eq!(verify("correct horse", Some(&hash)).await, Verdict::Right);
            assert_eq!(verify("Correct horse", Some(&hash)).await, Verdict::Wrong);
            assert_eq!(verify("", Some(&hash)).await, Verdict::Wrong);
            assert_eq!(verify("correct horse", None).await, Verdict::Wrong);
        });
    }

    #[test]
    fn what_was_made_otherwise_is_outdated() {
        System::new().block_on(async {
            let (old, good) = (hasher(64), hasher(128));
            let old = old.hash(password("correct horse")).await.unwrap();
            let verify = async |text: &str| {
                let hash = Some(old.clone());
                good.verify(Password::presented(text), hash).await.unwrap()
            };
            assert_eq!(verify("correct horse").await, Verdict::Outdated);
            assert_eq!(verify("wrong horse").await, Verdict::Wrong);
            // What another algorithm made is nobody's mistake but ours.
            let foreign = PasswordHash::new("$2b$12$abc".to_owned());
            let outcome = good.verify(password("correct horse"), Some(foreign)).await;
            assert!(matches!(outcome, Err(Error::Storage(_))), "{outcome:?}");
        });
    }

    /// RFC 9106 has no PHC strings; this one is of the reference implementation
    /// (<https://github.com/P-H-C/phc-winner-argon2>, `src/test.c`).
    #[test]
    fn the_reference_implementations_hash_is_known() {
        System::new().block_on(async {
            let known = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ\
                         $CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
            let hash = Some(PasswordHash::new(known.to_owned()));
            let verdict = hasher(64).verify(password("password"), hash).await;
            assert_eq!(verdict.unwrap(), Verdict::Outdated);
        });
    }

    /// A place is taken until the work is done, whether somebody waits for it or not.
    #[test]
    fn too_many_are_told_to_try_again() {
        System::new().block_on(async {
            let pool = Pool::new(1);
            let (go, wait) = std::sync::mpsc::channel::<()>();
            let mut first = Box::pin(pool.run(move || {
                let _ = wait.recv();
                Ok(())
            }));
            assert!(futures_pending(&mut first).await);
            drop(first);
            let mut waiting: Vec<_> = (0..WAITING).map(|_| Box::pin(pool.run(|| Ok(7)))).collect();
            for one in &mut waiting {
                assert!(futures_pending(one).await);
            }
            let beyond = pool.run(|| Ok(7)).await;
            assert!(matches!(beyond, Err(Error::Busy)), "{beyond:?}");
            drop(go);
            for one in waiting {
                assert_eq!(one.await.unwrap(), 7);
            }
            assert_eq!(pool.run(|| Ok(8)).await.unwrap(), 8);
        });
    }

    /// Whether a future, asked once, is not done.
    async fn futures_pending<F: Future + Unpin>(future: &mut F) -> bool {
        let mut future = std::pin::Pin::new(future);
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(future.as_mut().poll(context).is_pending())
        })
        .await
    }

    #[test]
    fn what_people_choose_is_easy_to_guess() {
        let words = ["Jane", "Smith", "acme", "jane.smith@acme.example"].map(str::to_owned);
        for easy in [
            "password",
            "Passw0rd!",
            "12345678",
            "qwertzuiop",
            "aaaaaaaaaaaa",
            "janesmith",
            "Acme2026",
            "jane.smith@acme.example",
        ] {
            let found = strength(easy, &words);
            assert!(found.score < Strength::LEAST, "{easy}: {}", found.score);
            assert!(!found.advice.is_empty(), "{easy}");
        }
        let ideograph = |n: u32| char::from_u32(0x4e00 + n * n * 7 % 20_000).unwrap();
        let longest: String = (0..128).map(ideograph).collect();
        for good in ["correct horse battery", "mK8$wq2!zP", &longest] {
            assert!(strength(good, &words).score >= Strength::LEAST, "{good}");
        }
    }
}
