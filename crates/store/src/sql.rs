//! The SQL types that the two databases keep differently: ids and instants.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
#[cfg(feature = "postgres")]
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::SqlType;
#[cfg(feature = "sqlite")]
use diesel::sqlite::Sqlite;
use rollbook_domain::time::Timestamp;
use uuid::Uuid;

/// A UUID: `uuid` in PostgreSQL, a 16-byte `BLOB` in SQLite.
#[derive(Clone, Copy, Debug, Default, QueryId, SqlType)]
#[cfg_attr(
    feature = "postgres",
    diesel(postgres_type(oid = 2950, array_oid = 2951))
)]
#[cfg_attr(feature = "sqlite", diesel(sqlite_type(name = "Binary")))]
pub struct Id;

/// A moment: `timestamptz` in PostgreSQL, milliseconds since 1970 in an `INTEGER` in SQLite.
#[derive(Clone, Copy, Debug, Default, QueryId, SqlType)]
#[cfg_attr(
    feature = "postgres",
    diesel(postgres_type(oid = 1184, array_oid = 1185))
)]
#[cfg_attr(feature = "sqlite", diesel(sqlite_type(name = "Long")))]
pub struct Instant;

/// The Rust side of [`Id`].
#[derive(AsExpression, Clone, Copy, Debug, FromSqlRow, PartialEq, Eq)]
#[diesel(sql_type = Id)]
pub(crate) struct Key(pub(crate) Uuid);

/// The Rust side of [`Instant`].
#[derive(AsExpression, Clone, Copy, Debug, FromSqlRow, PartialEq, Eq)]
#[diesel(sql_type = Instant)]
pub(crate) struct Moment(pub(crate) Timestamp);

#[cfg(feature = "sqlite")]
impl ToSql<Id, Sqlite> for Key {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.as_bytes().as_slice());
        Ok(IsNull::No)
    }
}

#[cfg(feature = "sqlite")]
impl FromSql<Id, Sqlite> for Key {
    fn from_sql(mut value: diesel::sqlite::SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self(Uuid::from_slice(value.read_blob())?))
    }
}

#[cfg(feature = "sqlite")]
impl ToSql<Instant, Sqlite> for Moment {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.millis());
        Ok(IsNull::No)
    }
}

#[cfg(feature = "sqlite")]
impl FromSql<Instant, Sqlite> for Moment {
    fn from_sql(mut value: diesel::sqlite::SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self(Timestamp::from_millis(value.read_long())))
    }
}

#[cfg(feature = "postgres")]
impl ToSql<Id, Pg> for Key {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        std::io::Write::write_all(out, self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}

#[cfg(feature = "postgres")]
impl FromSql<Id, Pg> for Key {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(Uuid::from_slice(value.as_bytes())?))
    }
}

/// PostgreSQL counts from 2000-01-01, in microseconds.
#[cfg(feature = "postgres")]
const POSTGRES_EPOCH_MILLIS: i64 = 946_684_800_000;

#[cfg(feature = "postgres")]
impl ToSql<Instant, Pg> for Moment {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let micros = (self.0.millis() - POSTGRES_EPOCH_MILLIS) * 1000;
        std::io::Write::write_all(out, &micros.to_be_bytes())?;
        Ok(IsNull::No)
    }
}

#[cfg(feature = "postgres")]
impl FromSql<Instant, Pg> for Moment {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let micros = i64::from_be_bytes(value.as_bytes().try_into()?);
        let millis = micros.div_euclid(1000) + POSTGRES_EPOCH_MILLIS;
        Ok(Self(Timestamp::from_millis(millis)))
    }
}
