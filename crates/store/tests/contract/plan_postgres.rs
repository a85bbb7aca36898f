//! How PostgreSQL goes about the lists of members: a page costs the same wherever it is.

use std::fmt::Write as _;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};
use rollbook_domain::filter::{Filter, Place, TextTest};
use rollbook_domain::id::{MembershipId, OrganizationId};
use rollbook_domain::membership::{
    Direction, MemberField, MemberKey, MemberOrder, MemberTest, SortValue,
};
use rollbook_domain::page::Window;
use rollbook_domain::port::Tx;
use rollbook_domain::role::{Role, RoleRef, RoleScope, WorkspaceRole};
use rollbook_domain::time::Timestamp;
use uuid::Uuid;

use crate::explain::{parts, plans, rows_read, scans_a_table};
use crate::harness::on_postgres;
use crate::recorder;
use crate::support::{Outcome, TestDatabase};

on_postgres! {
    no_page_of_members_reads_more_than_it_must,
}

/// How many members the organization has.
const MEMBERS: u32 = 4_000;
/// Of so many who join some organization, one joins this one.
const SHARE: u32 = 10;
/// How many of them a page shows.
const PAGE: u32 = 50;
/// The place of the deep page.
const DEEP: u32 = 3_500;
/// A page reads so many rows of memberships and users: one more than it shows, and whatever shares
/// a moment with them.
const BOUND: u64 = 6 * 50;

/// The organization.
const ACME: u128 = 1;

/// Organizations with members whose names, addresses and moments all sort differently. Few of them
/// were ever changed. A tenth of
/// Acme's are viewers; and four members are in a workspace.
fn seed(database: &TestDatabase) -> Outcome {
    let sql = format!(
        "INSERT INTO users (id, kind, email, email_key, display_name, superuser, active, created_at,
             updated_at, email_verified_at)
         SELECT lpad(to_hex(n), 32, '0')::uuid, 'person', e, e, 'Name ' || n, false, true, t, t, t
         FROM (SELECT n, md5('e' || n) || '@example.com' AS e,
                   timestamptz '2026-01-01Z' + n * interval '1 second' AS t
               FROM generate_series(1, {SHARE} * {MEMBERS}) AS n) AS people;
         INSERT INTO organizations (id, name, name_key, slug, owner_id, version, created_at, updated_at)
         SELECT lpad(to_hex(n), 32, '0')::uuid, 'O', 'o', 'o' || n, lpad('1', 32, '0')::uuid, 1,
                now(), now()
         FROM generate_series({ACME}, 5) AS n;
         INSERT INTO memberships (id, organization_id, user_id, roles, created_at, updated_at, version,
             display_name_key, email_key)
         SELECT u.id, lpad(to_hex(CASE WHEN n % {SHARE} = 0 THEN {ACME} ELSE 2 + n % 4 END), 32, '0')::uuid,
                u.id, CASE WHEN n % 100 = 0 THEN 'viewer' ELSE 'member' END, u.created_at,
                CASE WHEN n % 17 = 0 THEN u.created_at + (n % 97) * interval '1 hour' ELSE u.created_at END, 1, md5('d' || n), u.email_key
         FROM generate_series(1, {SHARE} * {MEMBERS}) AS n
         JOIN users AS u ON u.id = lpad(to_hex(n), 32, '0')::uuid;
         INSERT INTO workspaces (id, organization_id, title, title_key, creator_id, version, created_at,
             updated_at)
         SELECT lpad('1', 32, '0')::uuid, lpad(to_hex({ACME}), 32, '0')::uuid, 'L', 'l',
                lpad('1', 32, '0')::uuid, 1, now(), now();
         INSERT INTO workspace_memberships (organization_id, workspace_id, user_id, roles, version,
             created_at, updated_at)
         SELECT lpad(to_hex({ACME}), 32, '0')::uuid, lpad('1', 32, '0')::uuid,
                lpad(to_hex(n * 1000 * {SHARE}), 32, '0')::uuid, 'viewer', 1, now(), now()
         FROM generate_series(1, 4) AS n;
         ANALYZE"
    );
    Ok(database.bare_postgres()?.batch_execute(&sql)?)
}

/// Everything that lists are sorted by: each field, and some by several.
fn orders() -> Vec<Vec<(MemberField, Direction)>> {
    use Direction::{Ascending, Descending};
    use MemberField::{Created, DisplayName, Email, Updated};
    let mut orders = vec![
        vec![(DisplayName, Ascending), (Created, Ascending)],
        vec![(DisplayName, Ascending), (Created, Descending)],
        vec![
            (Updated, Descending),
            (Email, Ascending),
            (Created, Descending),
        ],
        vec![(Created, Ascending), (DisplayName, Descending)],
    ];
    for field in [DisplayName, Email, Created, Updated] {
        orders.extend([vec![(field, Ascending)], vec![(field, Descending)]]);
    }
    orders
}

/// A row of what lists are sorted by.
#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    display_name: String,
    #[diesel(sql_type = Text)]
    email: String,
    #[diesel(sql_type = BigInt)]
    created: i64,
    #[diesel(sql_type = BigInt)]
    updated: i64,
}

impl Row {
    fn key(&self, order: &MemberOrder) -> Outcome<MemberKey> {
        let value = |field: &MemberField| match field {
            MemberField::DisplayName => SortValue::Text(self.display_name.clone()),
            MemberField::Email => SortValue::Text(self.email.clone()),
            MemberField::Created => SortValue::Time(Timestamp::from_millis(self.created)),
            MemberField::Updated => SortValue::Time(Timestamp::from_millis(self.updated)),
        };
        Ok(MemberKey {
            values: order
                .fields()
                .iter()
                .map(|(field, _)| value(field))
                .collect(),
            id: MembershipId::new(Uuid::parse_str(&self.id)?),
        })
    }
}

/// The member at a place of the list.
fn member_at(connection: &mut PgConnection, order: &MemberOrder, place: u32) -> Outcome<Row> {
    let mut by = String::new();
    for (field, direction) in order.fields() {
        let column = match field {
            MemberField::DisplayName => "display_name_key",
            MemberField::Email => "email_key",
            MemberField::Created => "created_at",
            MemberField::Updated => "updated_at",
        };
        write!(by, "{column} {}, ", way(*direction))?;
    }
    let row = sql_query(format!(
        "SELECT id::text, display_name_key AS display_name, email_key AS email,
             (extract(epoch FROM created_at) * 1000)::bigint AS created,
             (extract(epoch FROM updated_at) * 1000)::bigint AS updated
         FROM memberships WHERE organization_id = '{}'
         ORDER BY {by} id {} OFFSET {place} LIMIT 1",
        Uuid::from_u128(ACME),
        way(order.last())
    ));
    Ok(row.get_result(connection)?)
}

const fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::Ascending => "ASC",
        Direction::Descending => "DESC",
    }
}

/// The statements that list members, and what they bind.
async fn statements(
    database: &TestDatabase,
    order: &MemberOrder,
    filter: &Filter<MemberTest>,
    after: Option<&Row>,
) -> Outcome<Vec<(String, String)>> {
    let acme = OrganizationId::new(Uuid::from_u128(ACME));
    let window = match after {
        None => Window::first(PAGE),
        Some(row) => Window::after(row.key(order)?, PAGE),
    };
    let (order, filter) = (order.clone(), filter.clone());
    let list = move |tx: &mut dyn Tx| {
        let listed = tx.memberships().list(acme, &filter, &order, &window);
        listed.map(drop)
    };
    let queries = recorder::record(database, list).await?;
    assert!(!queries.is_empty(), "nothing was asked");
    queries.iter().map(|query| parts(query)).collect()
}

async fn no_page_of_members_reads_more_than_it_must(database: &TestDatabase) -> Outcome {
    seed(database)?;
    let mut connection = database.bare_postgres()?;
    a_page_is_read_from_an_index(database, &mut connection).await?;
    whom_a_filter_finds_is_looked_for_among_the_members(database, &mut connection).await
}

async fn a_page_is_read_from_an_index(
    database: &TestDatabase,
    connection: &mut PgConnection,
) -> Outcome {
    // What passes often enough to fill a page.
    let filters = [
        Filter::everything(),
        Filter::Test(MemberTest::Search(TextTest::new(Place::Anywhere, "a"))),
    ];
    for fields in orders() {
        let one_way = fields.iter().all(|(_, way)| *way == fields[0].1);
        let order = MemberOrder::new(fields).ok_or("a field twice")?;
        for place in [None, Some(DEEP)] {
            // Where directions differ, PostgreSQL may read and sort all that comes behind, when
            // that is not much; never what comes before.
            let bound = match place {
                Some(place) if !one_way => BOUND + 3 * u64::from(MEMBERS - place),
                _ => BOUND,
            };
            let after = place.map(|place| member_at(connection, &order, place));
            let after = after.transpose()?;
            for filter in &filters {
                for statement in statements(database, &order, filter, after.as_ref()).await? {
                    for plan in plans(connection, &statement)? {
                        let read = rows_read(&plan);
                        assert!(
                            read > 0 && read <= bound && !scans_a_table(&plan),
                            "{order:?} after {place:?}, {filter:?} read {read}: {plan:#?}"
                        );
                    }
                }
            }
        }
    }
    Ok(())
}

/// Hardly anybody passes these, or PostgreSQL cannot know how many do, so that all members may be
/// looked at, but nobody else's.
async fn whom_a_filter_finds_is_looked_for_among_the_members(
    database: &TestDatabase,
    connection: &mut PgConnection,
) -> Outcome {
    let order = MemberOrder::default();
    for filter in [
        Filter::Test(MemberTest::Search(TextTest::new(Place::Anywhere, "zzz"))),
        Filter::Test(MemberTest::Role(vec![RoleRef::Organization(Role::Admin)])),
        Filter::Test(MemberTest::Role(vec![RoleRef::Organization(Role::Member)])),
        Filter::Test(MemberTest::Role(vec![RoleRef::Workspace(
            WorkspaceRole::Viewer,
        )])),
        Filter::Test(MemberTest::Scope(RoleScope::Workspace)),
    ] {
        for statement in statements(database, &order, &filter, None).await? {
            for plan in plans(connection, &statement)? {
                let read = rows_read(&plan);
                assert!(
                    read <= 3 * u64::from(MEMBERS) && !scans_a_table(&plan),
                    "{filter:?} read {read}: {plan:#?}"
                );
            }
        }
    }
    Ok(())
}
