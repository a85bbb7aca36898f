use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Nullable, Text};

use super::workspace_roles::Spelling;

/// What the custom roles of the membership in the same row permit, as keys between spaces; null
/// without such roles. A subquery, so that a caller's rights come with the caller in one
/// statement, and with a fixed text, so that the statement stays prepared.
#[derive(Clone, Copy, Debug, QueryId)]
pub(super) struct CustomPermissions;

impl Expression for CustomPermissions {
    type SqlType = Nullable<Text>;
}

impl<QS> AppearsOnTable<QS> for CustomPermissions {}
impl<QS> SelectableExpression<QS> for CustomPermissions {}

impl<G> ValidGrouping<G> for CustomPermissions {
    type IsAggregate = is_aggregate::No;
}

impl<DB: Spelling> QueryFragment<DB> for CustomPermissions {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("(SELECT ");
        out.push_sql(DB::JOIN);
        out.push_sql(
            "(roles.permissions, ' ') FROM membership_roles INNER JOIN roles \
             ON roles.organization_id = membership_roles.organization_id \
             AND roles.id = membership_roles.role_id \
             WHERE membership_roles.organization_id = memberships.organization_id \
             AND membership_roles.user_id = memberships.user_id \
             AND roles.scope = 'organization')",
        );
        Ok(())
    }
}
