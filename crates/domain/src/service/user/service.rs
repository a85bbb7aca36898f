use async_trait::async_trait;

use super::administration;
use super::{
    CreatePerson, DeleteUser, OpenedVerification, UpdateProfile, UserPage, Users,
    VerificationSecret, deletion, profile, verifying,
};
use crate::Result;
use crate::access::{self, Caller};
use crate::id::{MessageId, UserId};
use crate::limit::Allowance;
use crate::organization::Version;
use crate::page::Window;
use crate::policy::Action;
use crate::port::Tx;
use crate::service::Core;
use crate::service::domain::Newcomer;
use crate::user::User;

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

    async fn delete_anyone(
        &self,
        caller: Caller,
        id: Option<UserId>,
        command: DeleteUser,
    ) -> Result<()> {
        let now = self.core.now();
        let letter = |_: &_| MessageId::new(self.core.ids.next(now));
        let letters: Vec<_> = command.bequests.iter().map(letter).collect();
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            deletion::delete(tx, caller, now, id, &command, &letters)
        };
        self.core.write(caller, now, work).await
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

    async fn update_me(&self, caller: Caller, command: UpdateProfile) -> Result<User> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            profile::update(tx, caller, now, None, &command)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn update(&self, caller: Caller, id: UserId, command: UpdateProfile) -> Result<User> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            profile::update(tx, caller, now, Some(id), &command)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn send_email_verification(&self, caller: Caller) -> Result<User> {
        let now = self.core.now();
        let fresh = verifying::Fresh::new(&self.core, now);
        let work = move |tx: &mut dyn Tx, caller: &Caller, now, allowance: &Allowance| {
            verifying::send(tx, caller, now, &fresh, allowance)
        };
        self.core.write_within(caller, now, work).await
    }

    async fn open_email_verification(
        &self,
        caller: Caller,
        secret: VerificationSecret,
    ) -> Result<OpenedVerification> {
        let work =
            move |tx: &mut dyn Tx, caller: &Caller, now| verifying::open(tx, caller, now, secret);
        self.core.read_for_anybody(caller, work).await
    }

    async fn verify_my_email(&self, caller: Caller, secret: VerificationSecret) -> Result<User> {
        let now = self.core.now();
        let fresh = Newcomer::new(&self.core, now);
        let work = move |tx: &mut dyn Tx, caller: &Caller, now, allowance: &Allowance| {
            verifying::verify(tx, caller, now, &fresh, secret, allowance)
        };
        self.core.write_within(caller, now, work).await
    }

    async fn delete_me(&self, caller: Caller, command: DeleteUser) -> Result<()> {
        self.delete_anyone(caller, None, command).await
    }

    async fn list(&self, caller: Caller, window: Window<UserId>) -> Result<UserPage> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            administration::list(tx, caller, now, &window)
        };
        self.core.read(caller, work).await
    }

    async fn get(&self, caller: Caller, id: UserId) -> Result<User> {
        let work =
            move |tx: &mut dyn Tx, caller: &Caller, now| administration::get(tx, caller, now, id);
        self.core.read(caller, work).await
    }

    async fn create(&self, caller: Caller, command: CreatePerson) -> Result<User> {
        let now = self.core.now();
        let id = UserId::new(self.core.ids.next(now));
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            administration::create(tx, caller, now, id, &command)
        };
        self.core.write(caller, now, work).await
    }

    async fn verify_email(&self, caller: Caller, id: UserId) -> Result<User> {
        let now = self.core.now();
        let fresh = Newcomer::new(&self.core, now);
        let work = move |tx: &mut dyn Tx, caller: &Caller, now, allowance: &Allowance| {
            administration::verify_email(tx, caller, now, &fresh, id, allowance)
        };
        self.core.write_within(caller, now, work).await
    }

    async fn deactivate(&self, caller: Caller, id: UserId, seen: Option<Version>) -> Result<User> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            administration::deactivate(tx, caller, now, id, seen)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn activate(&self, caller: Caller, id: UserId, seen: Option<Version>) -> Result<User> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            administration::activate(tx, caller, now, id, seen)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn delete(&self, caller: Caller, id: UserId, command: DeleteUser) -> Result<()> {
        self.delete_anyone(caller, Some(id), command).await
    }
}
