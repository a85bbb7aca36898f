//! Another service embeds the domain: a chess club's program that has organizations, members and
//! tokens without Rollbook's database, web server or runtime.
//!
//! ```sh
//! cargo run -p rollbook-domain --example embed
//! ```
//!
//! It brings what the domain needs (the ports): a store and the sources of time, ids and
//! randomness. In return it gets the services, with all their rules. The store is in
//! `embed/store.rs`.

#[path = "embed/store.rs"]
mod store;
#[path = "embed/unused.rs"]
mod unused;

use std::sync::Arc;
use std::time::SystemTime;

use rollbook_domain::Result;
use rollbook_domain::access::Caller;
use rollbook_domain::port::{Clock, IdSource, Random};
use rollbook_domain::service::operator::CreateUser;
use rollbook_domain::service::organization::{CreateOrganization, Naming, Terms};
use rollbook_domain::service::token::IssueToken;
use rollbook_domain::service::{
    Core, Operator, OperatorService, OrganizationService, Organizations,
};
use rollbook_domain::time::Timestamp;
use rollbook_domain::user::UserKind;
use rollbook_domain::value::{DisplayName, Email, OrganizationName, TokenName};
use uuid::Uuid;

use self::store::ClubStore;

fn main() -> Result<()> {
    // Any runtime drives the services; this is the smallest there is.
    pollster::block_on(club())
}

async fn club() -> Result<()> {
    let core = Core::new(
        Arc::new(ClubStore::default()),
        Arc::new(Wall),
        Arc::new(System),
        Arc::new(System),
    );
    let operator = OperatorService::new(core.clone());
    let organizations = OrganizationService::new(core);

    let ann = sign_up(&operator, "ann@chess.example", "Ann").await?;
    let bob = sign_up(&operator, "bob@chess.example", "Bob").await?;

    let founded = organizations.create(ann, found("Queen's Gambit")?).await?;
    let id = founded.organization.id;
    println!(
        "founded   {} by {}",
        founded.organization.slug,
        founded.owner.display_name.as_str()
    );

    let seen = organizations.get(ann, id).await?;
    println!("ann sees  {}", seen.organization.name.as_str());

    // Every rule of the domain holds here, too, and says what is wrong.
    for refused in [
        organizations.get(bob, id).await,
        organizations.create(ann, found("Another Club")?).await,
        organizations
            .get(Caller::bearer("rbk_pat_guessed"), id)
            .await,
    ] {
        if let Err(error) = refused {
            println!("refused   {error}");
        }
    }
    Ok(())
}

/// A new member of the public, and what their browser would present from now on.
async fn sign_up(operator: &OperatorService, email: &str, name: &str) -> Result<Caller> {
    let email = Email::parse(email).map_err(|why| why.in_field("email"))?;
    let display_name = DisplayName::parse(name).map_err(|why| why.in_field("display_name"))?;
    let user = CreateUser {
        kind: UserKind::Person,
        email: email.clone(),
        display_name,
        superuser: false,
    };
    operator.create_user(user).await?;
    let token = IssueToken {
        name: TokenName::parse("browser").map_err(|why| why.in_field("name"))?,
        expires_at: None,
        organization_id: None,
        once: None,
    };
    let issued = operator.issue_token(email, token).await?;
    Ok(Caller::bearer(issued.secret.reveal()))
}

/// In this club everybody may found one organization.
fn found(name: &str) -> Result<CreateOrganization> {
    Ok(CreateOrganization {
        id: None,
        name: OrganizationName::parse(name).map_err(|why| why.in_field("name"))?,
        slug: None,
        description: None,
        logo: None,
        links: None,
        owner: None,
        naming: Naming::default(),
        owner_limit: Some(1),
        terms: Terms::default(),
        once: None,
    })
}

/// The clock on the wall.
struct Wall;

impl Clock for Wall {
    #[expect(clippy::disallowed_methods, reason = "this is the adapter of the port")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let millis = since.map_or(0, |since| since.as_millis());
        Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
    }
}

/// The operating system's source of randomness.
struct System;

impl Random for System {
    #[expect(clippy::disallowed_methods, reason = "this is the adapter of the port")]
    #[expect(
        clippy::expect_used,
        reason = "without randomness there are no safe secrets"
    )]
    fn entropy(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).expect("the system has randomness");
        bytes
    }
}

impl IdSource for System {
    fn next(&self, now: Timestamp) -> Uuid {
        let mut random = [0; 10];
        random.copy_from_slice(&self.entropy()[..10]);
        let millis = now.millis().unsigned_abs();
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}
