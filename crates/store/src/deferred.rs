//! Changes that PostgreSQL gets together, in one round trip instead of one each.
//!
//! A use case mostly ends in changes of one row each, of which it expects no more than that they
//! succeed. They wait for the next statement that reads, or for the end, and are told to have
//! succeeded. Where one turns out not to have, everything is rolled back and the use case runs
//! again, now one statement at a time (decision 0036).

use std::any::TypeId;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use diesel::PgConnection;
use diesel::pg::{Pg, PgQueryBuilder};
use diesel::query_builder::{AstPass, Query, QueryBuilder, QueryFragment, QueryId};
use diesel::query_dsl::RunQueryDsl;
use diesel::result::{DatabaseErrorKind, Error as DieselError, QueryResult};
use diesel::sql_types::BigInt;

/// How many changes are sent at once, at most, so that there are only so many texts of them.
const MOST: usize = 8;

/// A statement that changes one row, and the place in the code that it comes from, which decides
/// its text.
struct Change {
    place: TypeId,
    statement: Box<dyn QueryFragment<Pg> + Send>,
}

/// The changes of a transaction that are not carried out yet.
pub(crate) struct Deferred {
    changes: Vec<Change>,
    /// Whether anything may wait.
    open: bool,
    /// Whether a change was said to have succeeded that did not.
    refuted: bool,
}

impl Deferred {
    /// Lets nothing wait.
    pub(crate) const fn none() -> Self {
        Self {
            changes: Vec::new(),
            open: false,
            refuted: false,
        }
    }

    /// Lets changes wait.
    pub(crate) const fn open(&mut self) {
        self.open = true;
    }

    pub(crate) const fn is_open(&self) -> bool {
        self.open
    }

    pub(crate) const fn is_refuted(&self) -> bool {
        self.refuted
    }

    /// Puts a change of one row to those that wait, and answers that it has changed that row. Two of
    /// the same row do not go together: the second would not find what the first has made of it, and
    /// be refuted.
    pub(crate) fn put<Place: 'static>(
        &mut self,
        connection: &mut PgConnection,
        statement: impl QueryFragment<Pg> + Send + 'static,
    ) -> QueryResult<usize> {
        if self.changes.len() == MOST {
            self.carry_out(connection)?;
        }
        self.changes.push(Change {
            place: TypeId::of::<Place>(),
            statement: Box::new(statement),
        });
        Ok(1)
    }

    /// Carries out what waits.
    pub(crate) fn carry_out(&mut self, connection: &mut PgConnection) -> QueryResult<()> {
        if self.changes.is_empty() {
            return Ok(());
        }
        let together = Together(std::mem::take(&mut self.changes));
        let expected = together.0.len();
        let outcome: QueryResult<i64> = together.get_result(connection);
        match outcome {
            Ok(changed) if usize::try_from(changed) == Ok(expected) => Ok(()),
            // Whoever gets it is not believed.
            Ok(_) => {
                self.refuted = true;
                Err(DieselError::NotFound)
            }
            Err(error) => {
                self.refuted |= is_about_data(&error);
                Err(error)
            }
        }
    }
}

/// Whether a constraint was violated, so that one change has failed and may have to say so itself.
fn is_about_data(error: &DieselError) -> bool {
    use DatabaseErrorKind::{
        CheckViolation, ExclusionViolation, ForeignKeyViolation, NotNullViolation, UniqueViolation,
    };
    matches!(
        error,
        DieselError::DatabaseError(
            UniqueViolation
                | ForeignKeyViolation
                | NotNullViolation
                | CheckViolation
                | ExclusionViolation,
            _
        )
    )
}

/// Several changes as one statement that counts the rows. Those in `WITH` are all carried out, and
/// references are checked after the last one (PostgreSQL's manual, "Data-Modifying Statements in
/// WITH").
struct Together(Vec<Change>);

impl QueryId for Together {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Together {
    type SqlType = BigInt;
}

impl RunQueryDsl<PgConnection> for Together {}

impl Together {
    /// Writes the text, as Diesel does.
    fn write(&self) -> QueryResult<String> {
        let mut text = PgQueryBuilder::default();
        let whole = Unnamed(self);
        whole.to_sql(&mut text, &Pg)?;
        Ok(text.finish())
    }
}

/// The same without its memory of texts.
struct Unnamed<'t>(&'t Together);

impl QueryFragment<Pg> for Unnamed<'_> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }
}

impl QueryFragment<Pg> for Together {
    /// Diesel knows a prepared statement by its text where there is no type for it, and would write
    /// it anew each time: all names of some seventy columns.
    fn to_sql(&self, out: &mut PgQueryBuilder, _: &Pg) -> QueryResult<()> {
        static TEXTS: Mutex<BTreeMap<Vec<TypeId>, String>> = Mutex::new(BTreeMap::new());
        let places: Vec<_> = self.0.iter().map(|change| change.place).collect();
        let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = texts.get(&places) {
            debug_assert_eq!(text, &self.write()?, "one place has two texts");
            out.push_sql(text);
        } else {
            let text = self.write()?;
            out.push_sql(&text);
            texts.insert(places, text);
        }
        Ok(())
    }

    fn is_safe_to_cache_prepared(&self, _: &Pg) -> QueryResult<bool> {
        Ok(true)
    }

    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        const NAMES: [&str; MOST] = ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"];
        let named = || NAMES.iter().zip(&self.0);
        for (number, (name, change)) in named().enumerate() {
            out.push_sql(if number == 0 { "WITH " } else { ", " });
            out.push_sql(name);
            out.push_sql(" AS (");
            change.statement.walk_ast(out.reborrow())?;
            out.push_sql(" RETURNING 1)");
        }
        for (number, (name, _)) in named().enumerate() {
            out.push_sql(if number == 0 {
                " SELECT count(*) FROM (SELECT * FROM "
            } else {
                " UNION ALL SELECT * FROM "
            });
            out.push_sql(name);
        }
        out.push_sql(") AS changed");
        Ok(())
    }
}
