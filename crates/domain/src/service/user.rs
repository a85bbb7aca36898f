//! Users: the driving port and its use cases.

use async_trait::async_trait;

use super::Core;
use crate::Result;
use crate::access::{self, Caller};
use crate::policy::Action;
use crate::port::Tx;
use crate::user::User;

/// What users can do with themselves.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Users: Send + Sync {
    /// The caller.
    async fn me(&self, caller: Caller) -> Result<User>;
}

/// The real [`Users`].
#[derive(Clone)]
pub struct UserService {
    core: Core,
}

impl UserService {
    /// Over these ports.
    #[must_use]
    pub const fn new(core: Core) -> Self {
        Self { core }
    }
}

#[async_trait]
impl Users for UserService {
    async fn me(&self, caller: Caller) -> Result<User> {
        let work = |tx: &mut dyn Tx, caller: &Caller, now| {
            let authentication = access::enter_platform(tx, caller, now, Action::ReadSelf)?;
            Ok(authentication.used(authentication.user.clone()))
        };
        self.core.read_one(caller, work).await
    }
}
