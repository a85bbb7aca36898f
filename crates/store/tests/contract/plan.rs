//! How SQLite goes about it: the build options and query plans that the speed depends on.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use rollbook_domain::Result;
use rollbook_domain::filter::Filter;
use rollbook_domain::id::{
    ClientId, GrantId, InvitationId, MembershipId, MessageId, OrganizationId, RoleId, TokenId,
    UserId, WebhookEndpointId, WorkspaceId,
};
use rollbook_domain::invitation::{InvitationProof, InvitationState};
use rollbook_domain::membership::{Direction, MemberField, MemberKey, MemberOrder, SortValue};
use rollbook_domain::mock::sample;
use rollbook_domain::organization::Age;
use rollbook_domain::outbox::{DeliveryState, DeliveryTest};
use rollbook_domain::page::Window;
use rollbook_domain::port::Tx;
use rollbook_domain::role::Role;
use rollbook_domain::subscription::Plan;
use uuid::Uuid;

use crate::harness::on_sqlite;
use crate::support::{Outcome, TestDatabase};
use crate::{inside, recorder};

#[derive(QueryableByName)]
struct CompileOption {
    #[diesel(sql_type = Text)]
    compile_options: String,
}

on_sqlite! {
    plans_survive_a_bound_limit,
    no_read_scans_or_sorts,
    an_address_sorts_only_what_is_for_it,
    no_write_makes_a_table_of_its_own,
}

/// Without `SQLITE_ENABLE_QPSG` (see `.cargo/config.toml`), SQLite plans a prepared statement anew
/// whenever a bound LIMIT changes, which takes most of the time of a short query.
async fn plans_survive_a_bound_limit(database: &TestDatabase) -> Outcome {
    let options: Vec<CompileOption> =
        sql_query("PRAGMA compile_options").load(&mut database.bare_sqlite()?)?;
    let found = options
        .iter()
        .any(|option| option.compile_options == "ENABLE_QPSG");
    assert!(found, "SQLite was built without -DSQLITE_ENABLE_QPSG");
    Ok(())
}

/// Whoever asks for page 200 waits no longer than for page 1, however many organizations there
/// are: every read finds its rows through an index that has them in order.
async fn no_read_scans_or_sorts(database: &TestDatabase) -> Outcome {
    let queries = recorder::record(database, read_everything).await?;
    assert!(
        queries.len() >= 48,
        "only {} queries were recorded",
        queries.len()
    );
    for query in queries {
        let plan = plan(&mut database.bare_sqlite()?, &query)?;
        let objection = objection(&query, &plan);
        assert_eq!(objection, None, "{query}\n{plan:#?}");
    }
    Ok(())
}

/// The invitations to an address lie in the order of organizations, which saves a tree, and are sorted:
/// there are no more of them than messages that an address can get.
async fn an_address_sorts_only_what_is_for_it(database: &TestDatabase) -> Outcome {
    let list = |tx: &mut dyn Tx| {
        let (ann, key) = (
            sample::user("ann"),
            sample::uuid("the last one of page 199"),
        );
        let window = Window::after(InvitationId::new(key), 50);
        let page = tx
            .invitations()
            .list_to(&ann.email, ann.created_at, &window);
        page.map(drop)
    };
    let queries = recorder::record(database, list).await?;
    let [query] = &queries[..] else {
        return Err(format!("{queries:#?}").into());
    };
    let plan = plan(&mut database.bare_sqlite()?, query)?;
    let found = "SEARCH invitations USING INDEX invitations_pending (email_key=?)";
    assert!(plan.iter().any(|step| step == found), "{plan:#?}");
    let scans = plan.iter().any(|step| step.starts_with("SCAN"));
    assert!(!scans, "{plan:#?}");
    Ok(())
}

/// A list of three or more in a `CHECK` is a table in memory, which SQLite makes, fills and throws away
/// for every row that is written.
async fn no_write_makes_a_table_of_its_own(database: &TestDatabase) -> Outcome {
    let writes = recorder::record_writes(database, write_what_requests_write).await?;
    assert_eq!(writes.len(), 8, "{writes:#?}");
    for write in writes {
        let text = write.split(" -- binds").next().unwrap_or_default();
        let steps: Vec<Opcode> =
            sql_query(format!("EXPLAIN {text}")).load(&mut database.bare_sqlite()?)?;
        let tables = steps.iter().filter(|step| step.opcode == "OpenEphemeral");
        assert_eq!(tables.count(), 0, "{text}");
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Opcode {
    #[diesel(sql_type = Text)]
    opcode: String,
}

/// What creating an organization, inviting and accepting write.
fn write_what_requests_write(tx: &mut dyn Tx) -> Result<()> {
    let (ann, bob) = (sample::user("ann"), sample::user("bob"));
    tx.users().add(&ann)?;
    let acme = sample::organization("Acme", &ann);
    tx.organizations().add(&acme, &Plan::default())?;
    let before = sample::invitation_view(&acme, &ann, "bob", &[Role::Member]).invitation;
    let digest = sample::invitation_secret(before.id, "bob").digest();
    tx.invitations().add(&before, &digest)?;
    tx.outbox().add(&sample::message(&before))?;
    tx.users().add(&bob)?;
    let mut accepted = before.clone();
    accepted.state = InvitationState::Accepted;
    accepted.accepted_by = Some(bob.id);
    accepted.touch(before.created_at);
    tx.invitations().update(&accepted, &before)?;
    tx.memberships()
        .add(&sample::membership(&acme, &bob, &[Role::Member]), &bob)?;
    tx.audit().add(&sample::entry(acme.id, 1, ann.id))
}

/// One call of every method that reads by key, page 200 of every list among them.
fn read_everything(tx: &mut dyn Tx) -> Result<()> {
    let ann = sample::user("ann");
    let acme = sample::organization("Acme", &ann);
    let (digest, everything) = (sample::secret("ann").digest(), Filter::everything());
    let key = sample::uuid("the last one of page 199");
    let window = Window::after(OrganizationId::new(key), 50);
    tx.organizations()
        .list_of_member(ann.id, &everything, &window)?;
    tx.organizations().list_all(&everything, &window)?;
    tx.tokens()
        .list(ann.id, &Window::after(TokenId::new(key), 50))?;
    let client = sample::oauth_client("console", Some(&acme));
    let grant = sample::grant("grant", &client, &ann).id;
    let after = Window::after(ClientId::new(key), 50);
    tx.oauth_clients().list(Some(acme.id), &after)?;
    tx.oauth_clients().list(None, &after)?;
    tx.oauth_clients().count(Some(acme.id))?;
    tx.oauth_clients().find(client.id)?;
    tx.oauth_clients().find_secret(client.id, &digest)?;
    tx.oauth_clients().secrets(client.id)?;
    tx.oauth_grants().find(grant)?;
    tx.oauth_grants()
        .list(ann.id, &Window::after(GrantId::new(key), 50))?;
    tx.oauth_grants().allowed(ann.id, client.id, None)?;
    tx.oauth_grants()
        .allowed(ann.id, client.id, Some(acme.id))?;
    tx.oauth_grants().find_code(&digest)?;
    tx.oauth_grants().find_refresh_token(&digest)?;
    tx.oauth_devices().find(&digest)?;
    tx.oauth_devices().find_by_user_code(&digest)?;
    tx.access().authenticate(&digest)?;
    tx.access().arrive(&digest, acme.id)?;
    tx.organizations().find(acme.id)?;
    tx.organizations().slug_is_taken(&acme.slug)?;
    tx.organizations().count_owned(ann.id, 100)?;
    tx.organizations().bearers(&acme.name, 2)?;
    let window = Window::after(Age::of(&acme), 50);
    tx.organizations()
        .list_by_age(None, &Filter::everything(), &window)?;
    tx.memberships().find(acme.id, ann.id)?;
    tx.memberships().held(acme.id, ann.id)?;
    tx.memberships().count(acme.id)?;
    tx.memberships().organizations_of(ann.id)?;
    tx.users().find(ann.id)?;
    tx.users().find_by_email(&ann.email)?;
    tx.tokens().find(ann.id, TokenId::new(key))?;
    tx.tokens().count_usable(ann.id, ann.created_at)?;
    read_members(tx)?;
    read_what_hangs_on_organizations(tx)?;
    inside::read(tx)
}

/// Page 200 of the members in every order by one field.
fn read_members(tx: &mut dyn Tx) -> Result<()> {
    let ann = sample::user("ann");
    let acme = sample::organization("Acme", &ann);
    let id = MembershipId::new(sample::uuid("the last one of page 199"));
    let values = [
        (MemberField::DisplayName, SortValue::Text("m".to_owned())),
        (
            MemberField::Email,
            SortValue::Text("m@b.example".to_owned()),
        ),
        (MemberField::Created, SortValue::Time(ann.created_at)),
        (MemberField::Updated, SortValue::Time(ann.created_at)),
    ];
    for (field, value) in values {
        let values = vec![value];
        let window = Window::after(MemberKey { values, id }, 50);
        for direction in [Direction::Ascending, Direction::Descending] {
            let order = MemberOrder::new(vec![(field, direction)]).unwrap_or_default();
            let everything = Filter::everything();
            tx.memberships()
                .list(acme.id, &everything, &order, &window)?;
        }
    }
    Ok(())
}

/// Roles, invitations, service accounts and whoever owns what.
fn read_what_hangs_on_organizations(tx: &mut dyn Tx) -> Result<()> {
    let ann = sample::user("ann");
    let (acme, now) = (sample::organization("Acme", &ann), ann.created_at);
    let key = sample::uuid("the last one of page 199");
    let digest = sample::secret("ann").digest();
    let role = sample::role(&acme, "host", &[]);
    tx.roles()
        .list(acme.id, &Window::after(RoleId::new(key), 50))?;
    tx.roles().find(acme.id, role.id)?;
    tx.roles().home(role.id)?;
    tx.workspaces().homes(WorkspaceId::new(key))?;
    tx.roles().find_by_key(acme.id, &role.key)?;
    tx.roles().find_by_title(acme.id, &role.title)?;
    tx.roles().holders(acme.id, role.id)?;
    let window = Window::after(InvitationId::new(key), 50);
    tx.invitations().list(acme.id, &[], &[], now, &window)?;
    let email = std::slice::from_ref(&ann.email);
    tx.invitations().list(acme.id, email, &[], now, &window)?;
    tx.invitations().find(acme.id, InvitationId::new(key))?;
    tx.invitations().find_anywhere(InvitationId::new(key))?;
    tx.invitations().find_locked(InvitationId::new(key))?;
    for id in [Some(InvitationId::new(key)), None] {
        let proof = InvitationProof { id, digest };
        tx.invitations().find_by_secret(&proof)?;
    }
    tx.invitations().find_pending(acme.id, &ann.email)?;
    tx.invitations().count_pending(acme.id, now)?;
    read_the_outbox(tx, key)?;
    let window = Window::after(UserId::new(key), 50);
    tx.users().list(&window)?;
    tx.users().list_service_accounts(acme.id, &window)?;
    tx.users().owned(ann.id, 100).map(drop)
}

/// The lists of the outbox by what most of it is not.
fn read_the_outbox(tx: &mut dyn Tx, key: Uuid) -> Result<()> {
    let window = Window::after(MessageId::new(key), 50);
    tx.outbox().list(&Filter::everything(), &window)?;
    for test in [
        DeliveryTest::State(DeliveryState::Dead),
        DeliveryTest::Endpoint(WebhookEndpointId::new(key)),
    ] {
        tx.outbox().list(&Filter::Test(test), &window)?;
    }
    tx.outbox().find(MessageId::new(key))?;
    tx.outbox().attempts(MessageId::new(key)).map(drop)
}

/// How a step says that it begins in the middle of an index, at one value or at several.
const BOUNDS: [&str; 4] = [">?", "<?", ")>(?", ")<(?"];

/// Whether a step sorts anything but the roles of one member.
fn sorts(step: &str) -> bool {
    step.contains("TEMP B-TREE") && !step.ends_with("group_concat(DISTINCT)")
}

/// What is wrong with a plan, if anything is.
pub(crate) fn objection(query: &str, plan: &[String]) -> Option<&'static str> {
    let any = |wrong: fn(&String) -> bool| plan.iter().any(wrong);
    // What a subquery found is read whole, of course; how it was found is a step of its own.
    let scans_table = |step: &String| {
        let scanned = step.strip_prefix("SCAN ");
        scanned.is_some_and(|what| {
            what != "CONSTANT ROW" && !plan.contains(&format!("CO-ROUTINE {what}"))
        })
    };
    if plan.iter().any(scans_table) {
        Some("it reads a whole table")
    } else if any(|step| sorts(step) || step.contains("AUTOMATIC")) {
        Some("it sorts, or makes an index for itself")
    } else if query.contains(" = ?") && any(|it| it.starts_with("SEARCH ") && !it.contains("=?")) {
        Some("it reads what belongs to others")
    } else if query.contains("OFFSET") && !any(|step| BOUNDS.iter().any(|it| step.contains(it))) {
        Some("every page reads the pages before it")
    } else {
        None
    }
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// The steps in which SQLite would answer the query.
pub(crate) fn plan(connection: &mut SqliteConnection, query: &str) -> Outcome<Vec<String>> {
    let steps: Vec<Step> = sql_query(format!("EXPLAIN QUERY PLAN {query}")).load(connection)?;
    Ok(steps.into_iter().map(|step| step.detail).collect())
}
