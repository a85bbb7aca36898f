use rollbook_domain::membership::{
    Direction, MemberField, MemberKey, MemberOrder, MemberTest, SortValue,
};
use rollbook_domain::role::{Role, RoleRef, RoleScope, WorkspaceRole};
use rollbook_domain::{Error, Result};

use super::condition::text_test;
use super::written::{Condition, Ordering};
use crate::row::MembershipRow;
use crate::sql::{Key, Moment};

const ID: &str = "memberships.id";

/// Which members a list is of. Most were never changed, and are not in the index
/// `memberships_updated`: by change, they are found by when they were made.
#[derive(Clone, Copy, Debug)]
pub(super) enum Which {
    All,
    Unchanged,
    Changed,
}

impl Which {
    pub(super) fn condition(self) -> Condition {
        Condition::fixed(match self {
            Self::All => "TRUE",
            // PostgreSQL takes two columns to be equal in hardly any row, and would read all of them to
            // sort the few; of this it knows nothing, and expects half.
            Self::Unchanged => "COALESCE(memberships.updated_at = memberships.created_at, FALSE)",
            Self::Changed => "memberships.updated_at <> memberships.created_at",
        })
    }
}

const fn column(which: Which, field: MemberField) -> &'static str {
    match field {
        MemberField::Updated if matches!(which, Which::Unchanged) => "memberships.created_at",
        MemberField::DisplayName => "memberships.display_name_key",
        MemberField::Email => "memberships.email_key",
        MemberField::Created => "memberships.created_at",
        MemberField::Updated => "memberships.updated_at",
    }
}

/// What stands behind `ORDER BY`. There are hundreds of orders by several fields; only the
/// statements for a single one stay prepared.
pub(super) fn ordering(which: Which, order: &MemberOrder) -> Ordering {
    let mut written = Ordering::new();
    if order.fields().len() > 1 {
        written.do_not_keep();
    }
    for (field, direction) in order.fields() {
        written.sql(column(which, *field));
        written.sql(match direction {
            Direction::Ascending => ", ",
            Direction::Descending => " DESC, ",
        });
    }
    written.sql(ID);
    if order.last() == Direction::Descending {
        written.sql(" DESC");
    }
    written
}

/// The members behind a key.
pub(super) fn behind(
    which: Which,
    order: &MemberOrder,
    key: Option<&MemberKey>,
) -> Result<Condition> {
    let Some(key) = key else {
        return Ok(Condition::fixed("TRUE"));
    };
    let mut places = Vec::with_capacity(order.fields().len() + 1);
    let values = key.values.iter();
    for ((field, direction), value) in order.fields().iter().zip(values) {
        places.push((column(which, *field), *direction, Bound::of(*field, value)?));
    }
    if places.len() != key.values.len() || places.len() != order.fields().len() {
        return Err(Error::storage("a key of a list in another order"));
    }
    places.push((ID, order.last(), Bound::Id(Key(key.id.uuid()))));
    let one_way = places.iter().all(|(_, way, _)| *way == order.last());
    let mut written = Condition::new();
    if one_way {
        write_row(&mut written, &places, order.last());
    } else {
        written.do_not_keep();
        write_bounded(&mut written, &places);
    }
    Ok(written)
}

/// A column, its direction and the value to start behind.
type Bounded<'k> = (&'static str, Direction, Bound<'k>);

#[derive(Clone, Copy)]
enum Bound<'k> {
    Text(&'k str),
    Moment(Moment),
    Id(Key),
}

impl<'k> Bound<'k> {
    fn of(field: MemberField, value: &'k SortValue) -> Result<Self> {
        use MemberField::{Created, DisplayName, Email, Updated};
        match (field, value) {
            (DisplayName | Email, SortValue::Text(text)) => Ok(Self::Text(text)),
            (Created | Updated, SortValue::Time(at)) => Ok(Self::Moment(Moment(*at))),
            _ => Err(Error::storage("a key of a list in another order")),
        }
    }

    fn write(self, written: &mut Condition) {
        match self {
            Self::Text(text) => written.text(text),
            Self::Moment(at) => written.moment(at),
            Self::Id(id) => written.id(id),
        }
    }
}

const fn beyond(direction: Direction) -> &'static str {
    match direction {
        Direction::Ascending => " > ",
        Direction::Descending => " < ",
    }
}

/// `(a, b) > (x, y)`: both databases start to read an index there.
fn write_row(written: &mut Condition, places: &[Bounded<'_>], direction: Direction) {
    written.join(places, ", ", "", |written, (column, _, _)| {
        written.sql(column);
    });
    written.sql(beyond(direction));
    written.join(places, ", ", "", |written, (_, _, bound)| {
        bound.write(written);
    });
}

/// `a >= x AND (a > x OR (a = x AND (b < y OR …)))`, where the directions differ. The first part
/// follows from the second, and says where to start to read an index: no database finds that in an
/// `OR`.
fn write_bounded(written: &mut Condition, places: &[Bounded<'_>]) {
    if let Some((column, direction, bound)) = places.first() {
        written.sql(column);
        written.sql(match direction {
            Direction::Ascending => " >= ",
            Direction::Descending => " <= ",
        });
        bound.write(written);
        written.sql(" AND ");
    }
    write_nested(written, places);
}

/// `(a > x OR (a = x AND (b < y OR …)))`.
fn write_nested(written: &mut Condition, places: &[Bounded<'_>]) {
    let Some(((column, direction, bound), rest)) = places.split_first() else {
        return written.sql("FALSE");
    };
    written.sql("(");
    written.sql(column);
    written.sql(beyond(*direction));
    bound.write(written);
    if !rest.is_empty() {
        written.sql(" OR (");
        written.sql(column);
        written.sql(" = ");
        bound.write(written);
        written.sql(" AND ");
        write_nested(written, rest);
        written.sql(")");
    }
    written.sql(")");
}

/// Where a member stands, by the copies of name and address that the list is sorted by.
pub(super) fn key(order: &MemberOrder, row: &MembershipRow) -> MemberKey {
    let value = |field: MemberField| match field {
        MemberField::DisplayName => SortValue::Text(row.display_name_key.clone()),
        MemberField::Email => SortValue::Text(row.email_key.clone()),
        MemberField::Created => SortValue::Time(row.created_at.0),
        MemberField::Updated => SortValue::Time(row.updated_at.0),
    };
    let fields = order.fields().iter();
    MemberKey {
        values: fields.map(|(field, _)| value(*field)).collect(),
        id: rollbook_domain::id::MembershipId::new(row.id.0),
    }
}

/// Writes one test of a member.
pub(super) fn test(written: &mut Condition, test: &MemberTest) {
    match test {
        MemberTest::Role(roles) => written.join(roles, " OR ", "FALSE", |w, role| has(w, *role)),
        MemberTest::Scope(RoleScope::Organization) => written.sql("TRUE"),
        MemberTest::Scope(RoleScope::Workspace) => {
            written.sql(IN_SOME_WORKSPACE);
            written.sql(")");
        }
        MemberTest::Search(test) => {
            written.sql("(");
            text_test(written, "memberships.display_name_key", test);
            written.sql(" OR ");
            text_test(written, "memberships.email_key", test);
            written.sql(")");
        }
    }
}

const IN_SOME_WORKSPACE: &str = "EXISTS (SELECT 1 FROM workspace_memberships AS w \
     WHERE w.organization_id = memberships.organization_id AND w.user_id = memberships.user_id";

fn has(written: &mut Condition, role: RoleRef) {
    match role {
        RoleRef::Organization(role) => {
            written.sql("' ' || memberships.roles || ' ' LIKE ");
            written.sql(pattern(role));
        }
        RoleRef::Workspace(role) => {
            written.sql(IN_SOME_WORKSPACE);
            written.sql(" AND ' ' || w.roles || ' ' LIKE ");
            written.sql(workspace_pattern(role));
            written.sql(")");
        }
        RoleRef::Custom(id) => {
            let id = Key(id.uuid());
            for table in ["membership_roles", "workspace_membership_roles"] {
                written.sql(if table == "membership_roles" {
                    "("
                } else {
                    " OR "
                });
                written.sql("EXISTS (SELECT 1 FROM ");
                written.sql(table);
                written.sql(
                    " AS r WHERE r.organization_id = memberships.organization_id \
                     AND r.user_id = memberships.user_id AND r.role_id = ",
                );
                written.id(id);
                written.sql(")");
            }
            written.sql(")");
        }
    }
}

/// Roles are kept as keys between spaces.
const fn pattern(role: Role) -> &'static str {
    match role {
        Role::Admin => "'% admin %'",
        Role::Manager => "'% manager %'",
        Role::Billing => "'% billing %'",
        Role::Viewer => "'% viewer %'",
        Role::Member => "'% member %'",
    }
}

const fn workspace_pattern(role: WorkspaceRole) -> &'static str {
    match role {
        WorkspaceRole::Admin => "'% admin %'",
        WorkspaceRole::Editor => "'% editor %'",
        WorkspaceRole::Viewer => "'% viewer %'",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_the_keys_that_are_kept() {
        for role in Role::ALL {
            assert_eq!(pattern(role), format!("'% {} %'", role.key()));
        }
        for role in WorkspaceRole::ALL {
            assert_eq!(workspace_pattern(role), format!("'% {} %'", role.key()));
        }
    }
}
