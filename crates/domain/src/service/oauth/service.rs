use std::sync::Arc;

use async_trait::async_trait;

use super::asking::{self, Finding};
use super::issuing::{self, Minted};
use super::redeeming::{self, Desk};
use super::{
    Audience, Authorization, AuthorizationRequest, Authorized, GrantPage, Introspection,
    IssuedDevice, IssuedTokens, Presented, Question, TokenRequest, UserInfo, device, ending,
    inspecting, keys,
};
use crate::access::{Caller, Credential, Origin};
use crate::error::Unauthenticated;
use crate::id::{GrantId, SigningKeyId};
use crate::limit::{Allowance, Policy};
use crate::oauth::{Answer, IdClaims, SigningKey, UserCode};
use crate::page::Window;
use crate::port::{Signer, Tx};
use crate::service::Core;
use crate::{Error, Result};

/// The real [`Authorization`].
#[derive(Clone)]
pub struct AuthorizationService {
    core: Core,
    signer: Arc<dyn Signer>,
    issuer: Arc<str>,
}

impl AuthorizationService {
    /// Over these ports; `issuer` is the URL under which clients know the server, without a slash
    /// at the end.
    #[must_use]
    pub fn new(core: Core, signer: Arc<dyn Signer>, issuer: &str) -> Self {
        let issuer = issuer.into();
        Self {
            core,
            signer,
            issuer,
        }
    }

    /// Answers what a person has said, now or before.
    async fn answered(
        &self,
        caller: Caller,
        request: AuthorizationRequest,
        allowed: bool,
    ) -> Result<Authorized> {
        let now = self.core.now();
        let fresh = asking::Fresh::new(&self.core, now);
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            asking::answer(tx, caller, now, &request, &fresh, allowed)
        };
        self.core.write_and_note(caller, now, work).await
    }

    /// Signs behind the transaction: what was issued is issued.
    async fn sign(&self, claims: &IdClaims) -> Result<String> {
        let key = self.key().await?;
        self.signer.sign(&key, claims)
    }

    /// The key to sign with, made if there is none.
    async fn key(&self) -> Result<SigningKey> {
        let store = &self.core.store;
        if let Some(key) = store.read_one(|tx| keys::current(tx)).await? {
            return Ok(key);
        }
        let fresh = self.fresh_key()?;
        store.write(move |tx| keys::first(tx, &fresh)).await
    }

    fn fresh_key(&self) -> Result<SigningKey> {
        let now = self.core.now();
        Ok(SigningKey {
            id: SigningKeyId::new(self.core.ids.next(now)),
            pair: self.signer.generate()?,
            created_at: now,
            retired_at: None,
        })
    }

    /// Puts a new key in the place of the one to sign with; the old one verifies what it has signed
    /// until that has expired. For the operator.
    pub async fn rotate_key(&self) -> Result<SigningKeyId> {
        // The row that is locked is made with the first key.
        self.key().await?;
        let (fresh, now) = (self.fresh_key()?, self.core.now());
        let id = fresh.id;
        let work = move |tx: &mut dyn Tx| keys::rotate(tx, now, &fresh);
        self.core.store.write(work).await?;
        Ok(id)
    }

    /// Counts a guess at a user code, and gives it back when it was right.
    async fn guess<T>(
        &self,
        caller: Caller,
        attempt: impl AsyncFnOnce() -> Result<(T, bool)>,
    ) -> Result<T> {
        let user = self.reader(caller).await?;
        let allowance = Allowance::new(Arc::clone(&self.core.limits), self.core.now());
        allowance.take(&[(Policy::DeviceCodeGuesses, &user)])?;
        match attempt().await {
            Ok((value, false)) => Ok(value),
            Ok((value, true)) => {
                allowance.give_back();
                Ok(value)
            }
            Err(error) => {
                allowance.give_back();
                Err(error)
            }
        }
    }

    /// Who is signed in with a browser.
    async fn reader(&self, caller: Caller) -> Result<String> {
        if !matches!(caller.credential, Credential::Session(_)) {
            return Err(Error::Unauthenticated(Unauthenticated::Missing));
        }
        let work = |tx: &mut dyn Tx, caller: &Caller, now| {
            let found = crate::access::authenticate(tx, caller, now)?;
            Ok(found.used(found.user.id.to_string()))
        };
        self.core.read_one(caller, work).await
    }
}

#[async_trait]
impl Authorization for AuthorizationService {
    async fn authorize(
        &self,
        caller: Caller,
        request: AuthorizationRequest,
        allowed: Option<bool>,
    ) -> Result<Authorized> {
        if let Some(allowed) = allowed {
            return self.answered(caller, request, allowed).await;
        }
        let asked = request.clone();
        let work =
            move |tx: &mut dyn Tx, caller: &Caller, now| asking::look(tx, caller, now, &asked);
        match self.core.read_for_anybody(caller, work).await? {
            Finding::Do(it) => Ok(it),
            Finding::Ask(question, _) if question.remembered => {
                self.answered(caller, request, true).await
            }
            Finding::Ask(question, _) => Ok(Authorized::Ask(question)),
        }
    }

    async fn token(
        &self,
        origin: Origin,
        client: Presented,
        request: TokenRequest,
    ) -> Result<Answer<IssuedTokens>> {
        let now = self.core.now();
        let fresh = issuing::Fresh::new(&self.core, now);
        let issuer = Arc::clone(&self.issuer);
        let work = move |tx: &mut dyn Tx| {
            let desk = Desk {
                now,
                fresh: &fresh,
                issuer: &issuer,
                origin,
            };
            redeeming::redeem(tx, &desk, &client, &request)
        };
        let Minted { mut tokens, claims } = match self.core.store.write(work).await? {
            Ok(minted) => minted,
            Err(problem) => return Ok(Err(problem)),
        };
        if let Some(claims) = claims {
            tokens.id_token = Some(self.sign(&claims).await?);
        }
        Ok(Ok(tokens))
    }

    async fn authorize_device(
        &self,
        origin: Origin,
        client: Presented,
        scope: Option<String>,
        audience: Audience,
    ) -> Result<Answer<IssuedDevice>> {
        let now = self.core.now();
        // Anybody can ask, and each time writes a row.
        let policy = Policy::DeviceAuthorizationsPerAddress;
        let limits = self.core.limits();
        limits.take_of_client(policy, origin.address, now)?;
        let fresh = device::Fresh::new(&self.core, now);
        let work = move |tx: &mut dyn Tx| {
            device::begin(tx, now, &fresh, &client, scope.as_deref(), audience)
        };
        self.core.store.write(work).await
    }

    async fn open_device(&self, caller: Caller, user_code: String) -> Result<Option<Question>> {
        let attempt = async || {
            let Some(code) = UserCode::parse(&user_code) else {
                return Ok((None, false));
            };
            let work =
                move |tx: &mut dyn Tx, caller: &Caller, now| device::open(tx, caller, now, &code);
            let found = self.core.read(caller, work).await?;
            let right = found.is_some();
            Ok((found, right))
        };
        self.guess(caller, attempt).await
    }

    async fn answer_device(&self, caller: Caller, user_code: String, allow: bool) -> Result<bool> {
        let attempt = async || {
            let Some(code) = UserCode::parse(&user_code) else {
                return Ok((false, false));
            };
            let now = self.core.now();
            let grant = GrantId::new(self.core.ids.next(now));
            let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
                device::answer(tx, caller, now, grant, &code, allow)
            };
            let right = self.core.write(caller, now, work).await?;
            Ok((right, right))
        };
        self.guess(caller, attempt).await
    }

    async fn revoke(&self, origin: Origin, client: Presented, token: String) -> Result<Answer<()>> {
        let now = self.core.now();
        let work = move |tx: &mut dyn Tx| ending::revoke(tx, now, origin, &client, &token);
        self.core.store.write(work).await
    }

    async fn introspect(
        &self,
        client: Presented,
        token: String,
    ) -> Result<Answer<Option<Introspection>>> {
        let now = self.core.now();
        let work = move |tx: &mut dyn Tx| inspecting::introspect(tx, now, &client, &token);
        self.core.store.read(work).await
    }

    async fn user_info(&self, caller: Caller) -> Result<UserInfo> {
        let work = |tx: &mut dyn Tx, caller: &Caller, now| inspecting::user_info(tx, caller, now);
        self.core.read_one(caller, work).await
    }

    async fn keys(&self) -> Result<Vec<SigningKey>> {
        let now = self.core.now();
        let store = &self.core.store;
        let shown = store.read_one(move |tx| keys::shown(tx, now)).await?;
        if !shown.is_empty() {
            return Ok(shown);
        }
        Ok(vec![self.key().await?])
    }

    async fn list_grants(&self, caller: Caller, window: Window<GrantId>) -> Result<GrantPage> {
        let work =
            move |tx: &mut dyn Tx, caller: &Caller, now| ending::list(tx, caller, now, &window);
        self.core.read(caller, work).await
    }

    async fn revoke_grant(&self, caller: Caller, id: GrantId) -> Result<()> {
        let work =
            move |tx: &mut dyn Tx, caller: &Caller, now| ending::revoke_mine(tx, caller, now, id);
        self.core.write(caller, self.core.now(), work).await
    }
}
