//! The organization's own roles that members and invitations have, as columns of their rows: a
//! page of them takes one statement, and that stays prepared. Diesel has no words for an aggregate
//! in a subquery. Most have none, which is asked first: it takes one look at an index, where the
//! whole subquery begins by opening all of its tables.

use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Nullable, Text};
use rollbook_domain::role::AssignedRole;

use super::workspace_roles::Spelling;
use crate::sql::Key;

/// Which roles are to be taken away, and which are to be given.
pub(super) fn diff(assigned: &[Key], wanted: &[AssignedRole]) -> (Vec<Key>, Vec<Key>) {
    let wanted: Vec<_> = wanted.iter().map(key_of).collect();
    let without = |all: &[Key], others: &[Key]| {
        let rest = all.iter().filter(|key| !others.contains(key));
        rest.copied().collect()
    };
    (without(assigned, &wanted), without(&wanted, assigned))
}

/// Which row of `roles` it is, within its organization.
pub(super) fn key_of(role: &AssignedRole) -> Key {
    Key(role.id.uuid())
}

/// The custom roles of the selected row of `memberships`: pairs of id and key, joined by commas;
/// nothing when there are none.
#[derive(Clone, Copy, Debug, QueryId)]
pub(super) struct RolesOfMember;

/// The custom roles of the selected row of `invitations`, in the same way.
#[derive(Clone, Copy, Debug, QueryId)]
pub(super) struct RolesOfInvitation;

/// What the member in the selected row of `memberships` is in workspaces: joined by commas, the
/// keys of built-in roles, a slash, and a custom role's id and key, if there is one. Nothing for
/// whoever is in no workspace.
#[derive(Clone, Copy, Debug, QueryId)]
pub(super) struct RolesInWorkspaces;

impl<DB: Spelling> QueryFragment<DB> for RolesOfMember {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        push_given(
            &mut out,
            "membership_roles",
            "given.organization_id = memberships.organization_id \
             AND given.user_id = memberships.user_id",
        );
        Ok(())
    }
}

impl<DB: Spelling> QueryFragment<DB> for RolesOfInvitation {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        push_given(
            &mut out,
            "invitation_roles",
            "given.organization_id = invitations.organization_id \
             AND given.invitation_id = invitations.id",
        );
        Ok(())
    }
}

/// The roles that stand in `table` for the selected row, whose rows are `theirs`.
fn push_given<DB: Spelling>(out: &mut AstPass<'_, '_, DB>, table: &str, theirs: &str) {
    out.push_sql("CASE WHEN EXISTS (SELECT 1 FROM ");
    out.push_sql(table);
    out.push_sql(" AS given WHERE ");
    out.push_sql(theirs);
    out.push_sql(") THEN (SELECT ");
    push_pairs(out);
    out.push_sql(" FROM ");
    out.push_sql(table);
    out.push_sql(
        " AS given INNER JOIN roles ON roles.organization_id = given.organization_id \
         AND roles.id = given.role_id WHERE ",
    );
    out.push_sql(theirs);
    out.push_sql(") END");
}

fn push_pairs<DB: Spelling>(out: &mut AstPass<'_, '_, DB>) {
    out.push_sql(DB::JOIN);
    out.push_sql("(");
    out.push_sql(DB::TEXT_OF_ID);
    out.push_sql("(roles.id) || ' ' || roles.role_key, ',')");
}

impl<DB: Spelling> QueryFragment<DB> for RolesInWorkspaces {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(
            "CASE WHEN EXISTS (SELECT 1 FROM workspace_memberships AS given \
             WHERE given.organization_id = memberships.organization_id \
             AND given.user_id = memberships.user_id) THEN (SELECT ",
        );
        out.push_sql(DB::JOIN);
        out.push_sql("(DISTINCT there.roles || '/' || coalesce(");
        out.push_sql(DB::TEXT_OF_ID);
        out.push_sql("(roles.id) || ' ' || roles.role_key, '')");
        out.push_sql(DB::COMMA);
        out.push_sql(
            // The first table is there for its index: SQLite would search the rows themselves by
            // organization alone.
            ") FROM workspace_memberships AS place CROSS JOIN workspace_memberships AS there \
             LEFT JOIN workspace_membership_roles AS assigned \
             ON assigned.organization_id = there.organization_id \
             AND assigned.workspace_id = there.workspace_id \
             AND assigned.user_id = there.user_id \
             LEFT JOIN roles ON roles.organization_id = assigned.organization_id \
             AND roles.id = assigned.role_id \
             WHERE place.organization_id = memberships.organization_id \
             AND place.user_id = memberships.user_id \
             AND there.organization_id = place.organization_id \
             AND there.workspace_id = place.workspace_id AND there.user_id = place.user_id) END",
        );
        Ok(())
    }
}

macro_rules! columns {
    ($($node:ident)+) => {
        $(impl Expression for $node {
            type SqlType = Nullable<Text>;
        }

        impl<QS> AppearsOnTable<QS> for $node {}
        impl<QS> SelectableExpression<QS> for $node {}

        impl<G> ValidGrouping<G> for $node {
            type IsAggregate = is_aggregate::No;
        })+
    };
}

columns!(RolesOfMember RolesOfInvitation RolesInWorkspaces);
