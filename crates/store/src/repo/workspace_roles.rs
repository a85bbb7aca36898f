//! What a member's custom roles in a workspace are, as a column of the member's row: so a page of
//! members takes one statement. Diesel has no words for an aggregate in a subquery.

use diesel::backend::Backend;
use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Nullable, Text};

/// Where the two databases have other names for the same thing.
pub(super) trait Spelling: Backend {
    /// The aggregate that joins texts with a separator.
    const JOIN: &'static str;
    /// What ends the arguments of [`Self::JOIN`] when they are distinct: SQLite then takes a comma as
    /// separator and no second argument.
    const COMMA: &'static str;
    /// The function that makes a text of an id.
    const TEXT_OF_ID: &'static str;
}

#[cfg(feature = "sqlite")]
impl Spelling for diesel::sqlite::Sqlite {
    const JOIN: &'static str = "group_concat";
    const COMMA: &'static str = "";
    const TEXT_OF_ID: &'static str = "hex";
}

#[cfg(feature = "postgres")]
impl Spelling for diesel::pg::Pg {
    const JOIN: &'static str = "string_agg";
    const COMMA: &'static str = ", ','";
    const TEXT_OF_ID: &'static str = "text";
}

const OF_THE_SELECTED_MEMBER: &str = " FROM workspace_membership_roles AS assigned \
    INNER JOIN roles ON roles.organization_id = assigned.organization_id \
    AND roles.id = assigned.role_id \
    WHERE assigned.organization_id = workspace_memberships.organization_id \
    AND assigned.workspace_id = workspace_memberships.workspace_id \
    AND assigned.user_id = workspace_memberships.user_id";

/// The custom roles of the selected row of `workspace_memberships`: pairs of id and key, joined by
/// commas; nothing when there are none.
#[derive(Clone, Copy, Debug, QueryId)]
pub(super) struct AssignedRoles;

/// What the custom roles of the selected row of `workspace_memberships` permit, separated by
/// spaces; nothing when there are none. Roles that are about the organization permit nothing here.
#[derive(Clone, Copy, Debug, QueryId)]
pub(super) struct AssignedPermissions;

impl<DB: Spelling> QueryFragment<DB> for AssignedRoles {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("(SELECT ");
        out.push_sql(DB::JOIN);
        out.push_sql("(");
        out.push_sql(DB::TEXT_OF_ID);
        out.push_sql("(roles.id) || ' ' || roles.role_key, ',')");
        out.push_sql(OF_THE_SELECTED_MEMBER);
        out.push_sql(")");
        Ok(())
    }
}

impl<DB: Spelling> QueryFragment<DB> for AssignedPermissions {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("(SELECT ");
        out.push_sql(DB::JOIN);
        out.push_sql("(roles.permissions, ' ')");
        out.push_sql(OF_THE_SELECTED_MEMBER);
        out.push_sql(" AND roles.scope = 'workspace')");
        Ok(())
    }
}

macro_rules! column_of_members {
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

column_of_members!(AssignedRoles AssignedPermissions);
