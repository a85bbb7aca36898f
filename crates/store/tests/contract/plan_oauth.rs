//! What it costs to end and to forget what OAuth clients were given, and to pass over it.

use rollbook_domain::Result;
use rollbook_domain::id::TokenId;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::page::Window;
use rollbook_domain::port::Tx;

use crate::harness::on_sqlite;
use crate::plan::{objection, plan};
use crate::recorder;
use crate::support::{Outcome, TestDatabase};

on_sqlite! {
    no_end_reads_what_belongs_to_others,
    users_own_tokens_are_found_past_those_of_clients,
}

/// One call of every method that ends or forgets something of a client's.
fn end_everything(tx: &mut dyn Tx) -> Result<()> {
    let (ann, now) = (sample::user("ann").id, FixedClock::START);
    let acme = sample::organization("Acme", &sample::user("ann")).id;
    let client = sample::oauth_client("console", None);
    let grant = sample::grant("grant", &client, &sample::user("ann")).id;
    let grants = tx.oauth_grants();
    grants.revoke(grant, now)?;
    grants.revoke_allowed(ann, client.id, None, now)?;
    grants.revoke_allowed(ann, client.id, Some(acme), now)?;
    grants.revoke_of_user(ann, now)?;
    grants.revoke_in(acme, ann, now)?;
    grants.revoke_bound(acme, now)?;
    grants.revoke_of_client(client.id, now)?;
    grants.forget(now, now, now, 500)?;
    let tokens = tx.tokens();
    tokens.revoke(ann, TokenId::new(sample::uuid("token")), now)?;
    tokens.revoke_all(ann, now)?;
    tokens.revoke_sessions(ann, None, now)?;
    tokens.revoke_in(acme, ann, now)?;
    tokens.revoke_bound(acme, now)?;
    tokens.forget_sessions(now, 500).map(drop)
}

async fn no_end_reads_what_belongs_to_others(database: &TestDatabase) -> Outcome {
    let statements = recorder::record_endings(database, end_everything).await?;
    // Two of each that revokes grants, one more for a client's own, five that forget; six of tokens.
    assert_eq!(statements.len(), 14 + 1 + 5 + 6, "{statements:#?}");
    for statement in statements {
        let steps = plan(&mut database.bare_sqlite()?, &statement)?;
        assert!(!steps.is_empty(), "{statement}");
        assert_eq!(
            objection(&statement, &steps),
            None,
            "{statement}\n{steps:#?}"
        );
    }
    Ok(())
}

async fn users_own_tokens_are_found_past_those_of_clients(database: &TestDatabase) -> Outcome {
    let look = |tx: &mut dyn Tx| {
        let ann = sample::user("ann").id;
        let after = TokenId::new(sample::uuid("token"));
        tx.tokens().list(ann, &Window::after(after, 50).counted())?;
        tx.tokens().count_usable(ann, FixedClock::START).map(drop)
    };
    let queries = recorder::record(database, look).await?;
    assert_eq!(queries.len(), 3, "{queries:?}");
    for query in queries {
        let steps = plan(&mut database.bare_sqlite()?, &query)?;
        let own = steps.iter().all(|step| step.contains(" tokens_own "));
        assert!(own, "{query}\n{steps:#?}");
    }
    Ok(())
}
