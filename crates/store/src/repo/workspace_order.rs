use rollbook_domain::membership::{Direction, SortValue};
use rollbook_domain::page::From;
use rollbook_domain::workspace::{WorkspaceField, WorkspaceKey};

use super::written::{Condition, Ordering};
use crate::sql::{Key, Moment};

/// The order of a list of workspaces.
pub(super) fn order(field: WorkspaceField, direction: Direction) -> Ordering {
    use Direction::{Ascending, Descending};
    use WorkspaceField::{Created, Title, Updated};
    Ordering::fixed(match (field, direction) {
        (Created, Ascending) => "workspaces.id",
        (Created, Descending) => "workspaces.id DESC",
        (Title, Ascending) => "workspaces.title_key, workspaces.id",
        (Title, Descending) => "workspaces.title_key DESC, workspaces.id DESC",
        (Updated, Ascending) => "workspaces.updated_at, workspaces.id",
        (Updated, Descending) => "workspaces.updated_at DESC, workspaces.id DESC",
    })
}

/// That a row stands behind the start of the window. Both databases compare rows of values field
/// by field, and find the first such row by an index.
pub(super) fn behind(
    field: WorkspaceField,
    direction: Direction,
    from: &From<WorkspaceKey>,
) -> Condition {
    let From::After(key) = from else {
        return Condition::fixed("TRUE");
    };
    let mut behind = Condition::fixed(match field {
        WorkspaceField::Created => "(workspaces.id)",
        WorkspaceField::Title => "(workspaces.title_key, workspaces.id)",
        WorkspaceField::Updated => "(workspaces.updated_at, workspaces.id)",
    });
    behind.sql(match direction {
        Direction::Ascending => " > (",
        Direction::Descending => " < (",
    });
    match &key.value {
        None => {}
        Some(SortValue::Text(text)) => behind.text(text.as_str()),
        Some(SortValue::Time(at)) => behind.moment(Moment(*at)),
    }
    if key.value.is_some() {
        behind.sql(", ");
    }
    behind.id(Key(key.id.uuid()));
    behind.sql(")");
    behind
}
