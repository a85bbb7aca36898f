//! Giving and taking the organization's own roles. Three tables have a row for each role that
//! somebody has: `membership_roles`, `workspace_membership_roles` and `invitation_roles`. They
//! differ in the columns before `role_id`, which say who has it.

use rollbook_domain::role::AssignedRole;

use crate::sql::Key;

/// Makes the rows of one holder those of the wanted roles. What stays is not touched: it may be as
/// old as the holder (logto 26c8c3f2ed). Ends the function when a statement fails.
macro_rules! assign {
    ($tx:expr, $table:ident { $($column:ident: $key:expr),+ }, $wanted:expr) => {{
        let assigned: Vec<Key> = each!($tx, |connection| $table::table
            $(.filter($table::$column.eq($key)))+
            .select($table::role_id)
            .load(*connection))
        .map_err(failed)?;
        let (surplus, missing) = $crate::repo::assign::diff(&assigned, $wanted);
        for role in surplus {
            let row = $table::table.find(($($key,)+ role));
            each!($tx, |connection| diesel::delete(row).execute(*connection)).map_err(failed)?;
        }
        $crate::repo::assign::give!($tx, $table { $($column: $key),+ }, missing);
    }};
}
pub(super) use assign;

/// Adds a row for each of the roles, which the holder does not have yet. Ends the function when a
/// statement fails.
macro_rules! give {
    ($tx:expr, $table:ident { $($column:ident: $key:expr),+ }, $roles:expr) => {
        for role in $roles {
            let row = ($($table::$column.eq($key),)+ $table::role_id.eq(role));
            each!($tx, |connection| diesel::insert_into($table::table)
                .values(row)
                .execute(*connection))
            .map_err(failed)?;
        }
    };
}
pub(super) use give;

/// The keys of roles.
pub(super) fn keys(roles: &[AssignedRole]) -> Vec<Key> {
    roles.iter().map(|role| Key(role.id.uuid())).collect()
}

/// Which roles are to be taken away, and which are to be given.
pub(super) fn diff(assigned: &[Key], wanted: &[AssignedRole]) -> (Vec<Key>, Vec<Key>) {
    let wanted = keys(wanted);
    let without = |all: &[Key], others: &[Key]| {
        let rest = all.iter().filter(|key| !others.contains(key));
        rest.copied().collect()
    };
    (without(assigned, &wanted), without(&wanted, assigned))
}
