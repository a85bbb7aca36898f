use diesel::backend::Backend;
use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Binary, Bool, Nullable};

/// A subquery with a fixed text, so that the statement around it stays prepared.
macro_rules! fixed {
    ($(#[$what:meta])* $name:ident: $kind:ty = $sql:literal) => {
        $(#[$what])*
        #[derive(Clone, Copy, Debug, QueryId)]
        pub(super) struct $name;

        impl Expression for $name {
            type SqlType = $kind;
        }

        impl<QS> AppearsOnTable<QS> for $name {}
        impl<QS> SelectableExpression<QS> for $name {}

        impl<G> ValidGrouping<G> for $name {
            type IsAggregate = is_aggregate::No;
        }

        impl<DB: Backend> QueryFragment<DB> for $name {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
                out.push_sql($sql);
                Ok(())
            }
        }
    };
}

fixed! {
    /// The number of the last entry in the log of the organization in the same row.
    LastSequence: Nullable<BigInt> =
        "(SELECT entry.sequence FROM audit_entries AS entry \
         WHERE entry.chain_id = organizations.id AND entry.chain_kind = 'organization' \
         ORDER BY entry.sequence DESC LIMIT 1)"
}

fixed! {
    /// The digest of the same entry.
    LastDigest: Nullable<Binary> =
        "(SELECT entry.digest FROM audit_entries AS entry \
         WHERE entry.chain_id = organizations.id AND entry.chain_kind = 'organization' \
         ORDER BY entry.sequence DESC LIMIT 1)"
}

fixed! {
    /// Whether webhook endpoints listen to the log of the organization in the same row.
    OrganizationIsHeard: Bool =
        "EXISTS (SELECT 1 FROM webhook_endpoints AS listening \
         WHERE listening.organization_id = organizations.id \
         AND listening.status = 'enabled' AND listening.deleted_at IS NULL)"
}

fixed! {
    /// Whether webhook endpoints listen to the log of the entry in the same row.
    EntryIsHeard: Bool =
        "EXISTS (SELECT 1 FROM webhook_endpoints AS listening \
         WHERE listening.organization_id = audit_entries.chain_id \
         AND listening.status = 'enabled' AND listening.deleted_at IS NULL)"
}
