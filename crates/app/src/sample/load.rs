//! Writes the sample, with the domain's own functions, a few hundred rows a transaction.

use std::ops::Range;
use std::sync::Arc;

use indicatif::ProgressBar;
use rollbook_domain::audit::Author;
use rollbook_domain::error::{Error, Refusal};
use rollbook_domain::id::{MembershipId, OrganizationId, UserId};
use rollbook_domain::membership::Membership;
use rollbook_domain::organization::Version;
use rollbook_domain::port::{Store, Tx};
use rollbook_domain::role::{Role, Roles};
use rollbook_domain::secret::Secret;
use rollbook_domain::service::organization::{
    CreateOrganization, Founder, FoundingIds, Naming, Terms, found,
};
use rollbook_domain::service::token::{IssueToken, Mint, issue};
use rollbook_domain::service::{membership, operator};
use rollbook_domain::time::Timestamp;
use rollbook_domain::user::{User, UserKind};
use rollbook_domain::value::TokenName;
use tokio::task::JoinSet;

use super::plan::{self, Plan};
use super::second_sample;
use crate::failure::{Failure, Result};
use crate::house::House;

/// How many users, organizations or memberships one transaction adds.
const CHUNK: u32 = 500;
/// How many transactions run at once: PostgreSQL gives each a process, SQLite has one writer.
const AT_ONCE: usize = 4;

/// One organization to be, with all that was gathered for it.
struct Founding {
    ids: FoundingIds,
    command: CreateOrganization,
    owner: u32,
    first_user: Option<Membership>,
}

/// Loads a sample step by step.
pub(crate) struct Loader<'a> {
    house: &'a House,
    store: Arc<dyn Store>,
    plan: Plan,
    bar: ProgressBar,
    users: Arc<[User]>,
}

impl<'a> Loader<'a> {
    /// Loads `plan` into the house's database.
    pub(crate) fn new(house: &'a House, plan: Plan, bar: ProgressBar) -> Self {
        Self {
            store: house.database.store(),
            house,
            plan,
            bar,
            users: Arc::default(),
        }
    }

    /// Refuses when the first sample user is there already.
    pub(crate) async fn refuse_a_second_sample(&self) -> Result<()> {
        let found = self
            .store
            .read_one(|tx| tx.users().find_by_email(&plan::email(0)))
            .await
            .map_err(|error| Failure::of("look for an earlier sample", &error))?;
        found.map_or(Ok(()), |_| Err(second_sample()))
    }

    /// Adds all users.
    pub(crate) async fn add_users(&mut self) -> Result<()> {
        let now = self.house.clock.now();
        self.users = (0..self.plan.users)
            .map(|user| self.user(user, now))
            .collect();
        let added = self.in_chunks("users", 0..self.plan.users, |chunk| {
            let users = Arc::clone(&self.users);
            move |tx: &mut dyn Tx| {
                users[chunk.start as usize..chunk.end as usize]
                    .iter()
                    .try_for_each(|user| operator::add(tx, &Author::SYSTEM, user).map(drop))
            }
        });
        match added.await {
            Err(Error::Refused(Refusal::EmailTaken)) => Err(second_sample()),
            outcome => outcome.map_err(|error| Failure::of("add the users", &error)),
        }
    }

    /// Founds all organizations, and takes the first user into those they belong to. Answers the
    /// first organization.
    pub(crate) async fn found_organizations(&self) -> Result<OrganizationId> {
        let mut first = None;
        let founded = self.in_chunks("organizations", 0..self.plan.organizations, |chunk| {
            let now = self.house.clock.now();
            let foundings: Vec<Founding> = chunk.map(|one| self.founding(one, now)).collect();
            first = first.or(foundings.first().map(|one| one.ids.organization));
            let users = Arc::clone(&self.users);
            move |tx: &mut dyn Tx| {
                foundings
                    .iter()
                    .try_for_each(|founding| establish(tx, now, founding, &users))
            }
        });
        let outcome = founded.await;
        outcome.map_err(|error| Failure::of("found the organizations", &error))?;
        first.ok_or_else(|| Failure::new("there is no first organization"))
    }

    /// Takes the further members into the first organization.
    pub(crate) async fn admit_further_members(&self, first: OrganizationId) -> Result<()> {
        let admitted = self.in_chunks("members", self.plan.further_members(), |chunk| {
            let now = self.house.clock.now();
            let joining: Vec<Membership> = chunk
                .clone()
                .map(|user| self.membership(first, user, now))
                .collect();
            let users = Arc::clone(&self.users);
            let from = chunk.start as usize;
            move |tx: &mut dyn Tx| {
                joining
                    .iter()
                    .zip(&users[from..])
                    .try_for_each(|(membership, user)| admit(tx, now, membership, user))
            }
        });
        let outcome = admitted.await;
        outcome.map_err(|error| Failure::of("admit the members", &error))
    }

    /// Issues the tokens and answers them in the order of the users.
    pub(crate) async fn issue_tokens(&self) -> Result<Vec<Secret>> {
        self.begin("tokens", self.plan.tokens);
        let command = IssueToken {
            name: TokenName::from_stored("sample".to_owned()),
            expires_at: None,
            organization_id: None,
            once: None,
        };
        let mut secrets = Vec::new();
        for chunk in chunks(0..self.plan.tokens) {
            let now = self.house.clock.now();
            let length = chunk.len() as u64;
            let mints: Vec<(UserId, Mint)> = chunk
                .map(|user| (self.id(user), Mint::new(&self.house.core, now)))
                .collect();
            let command = command.clone();
            let work = move |tx: &mut dyn Tx| {
                mints
                    .iter()
                    .map(|(user, mint)| {
                        Ok(issue(tx, &Author::SYSTEM, now, mint, *user, &command)?.secret)
                    })
                    .collect::<rollbook_domain::Result<Vec<Secret>>>()
            };
            let issued = self.store.write(work).await;
            secrets.extend(issued.map_err(|error| Failure::of("issue the tokens", &error))?);
            self.bar.inc(length);
        }
        Ok(secrets)
    }

    /// Writes what `prepare` makes of each chunk of `range`, a few chunks at once.
    async fn in_chunks<W>(
        &self,
        what: &'static str,
        range: Range<u32>,
        mut prepare: impl FnMut(Range<u32>) -> W,
    ) -> rollbook_domain::Result<()>
    where
        W: FnMut(&mut dyn Tx) -> rollbook_domain::Result<()> + Send + 'static,
    {
        self.begin(what, range.end - range.start);
        let mut running = JoinSet::new();
        for chunk in chunks(range) {
            if running.len() == AT_ONCE {
                self.settle_one(&mut running).await?;
            }
            let store = Arc::clone(&self.store);
            let length = chunk.len() as u64;
            let work = prepare(chunk);
            running.spawn(async move { store.write(work).await.map(|()| length) });
        }
        while !running.is_empty() {
            self.settle_one(&mut running).await?;
        }
        Ok(())
    }

    async fn settle_one(
        &self,
        running: &mut JoinSet<rollbook_domain::Result<u64>>,
    ) -> rollbook_domain::Result<()> {
        match running.join_next().await {
            Some(Ok(outcome)) => self.bar.inc(outcome?),
            Some(Err(defect)) => return Err(Error::storage(defect)),
            None => {}
        }
        Ok(())
    }

    fn begin(&self, what: &'static str, length: u32) {
        self.bar.reset();
        self.bar.set_message(what);
        self.bar.set_length(u64::from(length));
    }

    fn id(&self, user: u32) -> UserId {
        self.users[user as usize].id
    }

    fn user(&self, user: u32, now: Timestamp) -> User {
        User {
            id: UserId::new(self.house.ids.next(now)),
            kind: UserKind::Person,
            email: plan::email(user),
            display_name: plan::display_name(user),
            superuser: false,
            active: true,
            email_verified_at: Some(now),
            organization_id: None,
            trial_started_at: None,
            version: Version::FIRST,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }

    fn founding(&self, organization: u32, now: Timestamp) -> Founding {
        let id = OrganizationId::new(self.house.ids.next(now));
        Founding {
            ids: FoundingIds {
                organization: id,
                membership: MembershipId::new(self.house.ids.next(now)),
            },
            command: CreateOrganization {
                id: None,
                name: plan::organization_name(organization),
                slug: Some(plan::slug(organization)),
                description: None,
                logo: None,
                links: None,
                owner: None,
                naming: Naming::default(),
                owner_limit: None,
                terms: Terms::default(),
                once: None,
            },
            owner: self.plan.owner(organization),
            first_user: self
                .plan
                .first_user_belongs_to(organization)
                .then(|| self.membership(id, 0, now)),
        }
    }

    fn membership(&self, organization_id: OrganizationId, user: u32, now: Timestamp) -> Membership {
        Membership {
            id: MembershipId::new(self.house.ids.next(now)),
            organization_id,
            user_id: self.id(user),
            roles: Roles::of(&[Role::Member]),
            custom_roles: Vec::new(),
            version: Version::FIRST,
            created_at: now,
            updated_at: now,
        }
    }
}

/// Founds one organization and takes the first user in.
fn establish(
    tx: &mut dyn Tx,
    now: Timestamp,
    founding: &Founding,
    users: &[User],
) -> rollbook_domain::Result<()> {
    let founder = Founder {
        author: &Author::SYSTEM,
        owner: &users[founding.owner as usize],
        plan: &rollbook_domain::subscription::Plan::default(),
    };
    found(tx, &founder, now, founding.ids, &founding.command)?;
    match &founding.first_user {
        Some(membership) => admit(tx, now, membership, &users[0]),
        None => Ok(()),
    }
}

fn admit(
    tx: &mut dyn Tx,
    now: Timestamp,
    membership: &Membership,
    user: &User,
) -> rollbook_domain::Result<()> {
    membership::admit(tx, &Author::SYSTEM, now, membership, user)
}

/// Cuts a range into chunks of a transaction's size.
fn chunks(range: Range<u32>) -> impl Iterator<Item = Range<u32>> {
    let end = range.end;
    range
        .step_by(CHUNK as usize)
        .map(move |from| from..end.min(from + CHUNK))
}
