//! One open transaction on one of the two databases, and the door to its repositories.

#[cfg(feature = "postgres")]
use diesel::PgConnection;
#[cfg(feature = "sqlite")]
use diesel::SqliteConnection;
use diesel::result::{DatabaseErrorKind, Error as DieselError, QueryResult};
#[cfg(feature = "sqlite")]
use rollbook_domain::access::Authentication;
use rollbook_domain::audit::{Chain, Head};
use rollbook_domain::id::OrganizationId;
use rollbook_domain::port::{
    AccessRepo, AuditRepo, DomainRepo, InstallationRepo, InvitationRepo, MembershipRepo,
    OAuthClientRepo, OAuthDeviceRepo, OAuthGrantRepo, OrganizationRepo, OutboxRepo, PasswordRepo,
    PasswordResetRepo, PlanRepo, PreferencesRepo, RequestRepo, RoleRepo, TokenRepo, Tx, UserRepo,
    VerificationRepo, WebhookRepo, WorkspaceRepo,
};
#[cfg(feature = "sqlite")]
use rollbook_domain::secret::Digest;
use rollbook_domain::subscription::Plan;
use rollbook_domain::{Error, Result};

#[cfg(feature = "postgres")]
use crate::deferred::Deferred;

/// The connection on which a transaction is open.
pub(crate) enum Connection<'c> {
    #[cfg(feature = "sqlite")]
    Sqlite(&'c mut SqliteConnection),
    #[cfg(feature = "postgres")]
    Postgres(&'c mut PgConnection),
}

/// A transaction; every repository is implemented on it.
pub(crate) struct SqlTx<'c> {
    pub(crate) connection: Connection<'c>,
    /// Whether a statement has failed, so that there is nothing to commit: PostgreSQL would answer
    /// COMMIT by rolling back, without an error.
    pub(crate) failed: bool,
    /// Whether anything may have been changed, so that there is something to undo.
    pub(crate) changed: bool,
    /// The organization whose row this transaction has locked last.
    pub(crate) held: Option<OrganizationId>,
    /// Who was authenticated last, by which digest, where nobody else can change anything.
    #[cfg(feature = "sqlite")]
    pub(crate) seen: Option<(Digest, Authentication)>,
    /// The plan of an organization that is locked.
    pub(crate) plan: Option<(OrganizationId, Plan)>,
    /// The log that this transaction writes into.
    pub(crate) trail: Option<Trail>,
    /// The changes that wait for others to be sent with.
    #[cfg(feature = "postgres")]
    pub(crate) deferred: Deferred,
}

/// What a transaction knows of a log into which nobody else writes before it ends: that of an
/// organization that it has locked or made, or one that it has written into.
#[derive(Clone, Copy)]
pub(crate) struct Trail {
    pub(crate) chain: Chain,
    /// The last entry; `None`: there is none yet.
    pub(crate) head: Option<Head>,
    /// Whether there may be webhook endpoints that are to be told that the log goes on.
    pub(crate) is_heard: bool,
}

impl<'c> SqlTx<'c> {
    pub(crate) const fn on(connection: Connection<'c>) -> Self {
        Self {
            connection,
            failed: false,
            changed: false,
            held: None,
            #[cfg(feature = "sqlite")]
            seen: None,
            plan: None,
            trail: None,
            #[cfg(feature = "postgres")]
            deferred: Deferred::none(),
        }
    }

    /// Sends the changes that wait; before any other statement, which may read what they write.
    pub(crate) fn catch_up(&mut self) -> QueryResult<()> {
        let outcome = match &mut self.connection {
            #[cfg(feature = "sqlite")]
            Connection::Sqlite(_) => Ok(()),
            #[cfg(feature = "postgres")]
            Connection::Postgres(connection) => self.deferred.carry_out(connection),
        };
        self.failed |= outcome.is_err();
        outcome
    }
}

/// Expands one Diesel expression for each database, so that a query is written once and compiled
/// against both concrete connections.
macro_rules! each {
    ($tx:expr, |$connection:ident| $query:expr) => {{
        let caught_up = $tx.catch_up();
        let outcome = match (caught_up, &mut $tx.connection) {
            (Err(error), _) => Err(error),
            #[cfg(feature = "sqlite")]
            (Ok(()), $crate::tx::Connection::Sqlite($connection)) => $query,
            #[cfg(feature = "postgres")]
            (Ok(()), $crate::tx::Connection::Postgres($connection)) => $query,
        };
        $tx.failed |= outcome.is_err();
        outcome
    }};
}
pub(crate) use each;

/// Executes one statement that changes something and whose text is always the same. Everything
/// that changes something goes this way, or that of [`alter!`]: what was changed in another would
/// not be undone when the use case is refused. Debug builds notice.
macro_rules! change {
    ($tx:expr, $statement:expr) => {{
        $tx.changed = true;
        $crate::tx::each!($tx, |connection| $crate::statement::kept!($statement)
            .change(*connection))
    }};
}
pub(crate) use change;

/// Like [`change!`], for two statements of which neither needs what the other does; answers what
/// the second one changed. PostgreSQL gets them at once.
macro_rules! change_both {
    ($tx:expr, $first:expr, $second:expr) => {{
        $tx.changed = true;
        let caught_up = $tx.catch_up();
        let outcome = match (caught_up, &mut $tx.connection) {
            (Err(error), _) => Err(error),
            #[cfg(feature = "sqlite")]
            (Ok(()), $crate::tx::Connection::Sqlite(connection)) => {
                let first = $crate::statement::kept!($first).change(*connection);
                first.and_then(|_| $crate::statement::kept!($second).change(*connection))
            }
            #[cfg(feature = "postgres")]
            (Ok(()), $crate::tx::Connection::Postgres(connection)) => {
                let both = $crate::statement::Both($first, $second);
                $crate::statement::kept!(both).change(*connection)
            }
        };
        $tx.failed |= outcome.is_err();
        outcome
    }};
}
pub(crate) use change_both;

/// Like [`change!`], for a statement that changes one row or none; answers whether it did. Its values are
/// its own. PostgreSQL gets it together with others: what is answered until then is that it did,
/// and whoever was told so in error is run again, see [`crate::deferred`].
macro_rules! change_one {
    ($tx:expr, $statement:expr) => {{
        #[cfg(feature = "postgres")]
        enum Here {}
        $tx.changed = true;
        let outcome = match &mut $tx.connection {
            #[cfg(feature = "sqlite")]
            $crate::tx::Connection::Sqlite(connection) => {
                $crate::statement::kept!($statement).change(*connection)
            }
            #[cfg(feature = "postgres")]
            $crate::tx::Connection::Postgres(connection) if $tx.deferred.is_open() => {
                $tx.deferred.put::<Here>(connection, $statement)
            }
            #[cfg(feature = "postgres")]
            $crate::tx::Connection::Postgres(connection) => {
                $crate::statement::kept!($statement).change(*connection)
            }
        };
        $tx.failed |= outcome.is_err();
        outcome.map(|rows| rows == 1)
    }};
}
pub(crate) use change_one;

/// Like [`each!`], for a statement that changes something and whose text is not always the same.
macro_rules! alter {
    ($tx:expr, |$connection:ident| $query:expr) => {{
        $tx.changed = true;
        $crate::tx::each!($tx, |$connection| $query)
    }};
}
pub(crate) use alter;

/// Like [`each!`], for a query that ends in a row lock: PostgreSQL gets `FOR NO KEY UPDATE`, which
/// waits for other writers but not for foreign keys; SQLite's only writer holds the lock already.
macro_rules! locked {
    ($tx:expr, $query:expr, |$locked:ident, $connection:ident| $load:expr) => {{
        let caught_up = $tx.catch_up();
        let outcome = match (caught_up, &mut $tx.connection) {
            (Err(error), _) => Err(error),
            #[cfg(feature = "sqlite")]
            (Ok(()), $crate::tx::Connection::Sqlite($connection)) => {
                let $locked = $query;
                $load
            }
            #[cfg(feature = "postgres")]
            (Ok(()), $crate::tx::Connection::Postgres($connection)) => {
                let $locked = $query.for_no_key_update();
                $load
            }
        };
        $tx.failed |= outcome.is_err();
        outcome
    }};
}
pub(crate) use locked;

/// Locks the rows of a query, for those who read them afterwards anyway, and answers whether nobody else
/// can change them now: SQLite has nothing to do, and no row of PostgreSQL's may be there.
macro_rules! hold {
    ($tx:expr, $query:expr) => {
        match ($tx.catch_up(), &mut $tx.connection) {
            (Err(error), _) => Err($crate::tx::failed(error)),
            #[cfg(feature = "sqlite")]
            (Ok(()), $crate::tx::Connection::Sqlite(_)) => {
                let _ = $query;
                Ok::<bool, rollbook_domain::Error>(true)
            }
            #[cfg(feature = "postgres")]
            (Ok(()), $crate::tx::Connection::Postgres(connection)) => {
                let held = $query.for_no_key_update().execute(*connection);
                $tx.failed |= held.is_err();
                held.map(|rows| rows > 0).map_err($crate::tx::failed)
            }
        }
    };
}
pub(crate) use hold;

/// Like [`locked!`], for whoever shares the rows with others: PostgreSQL passes over those that
/// another transaction has locked.
macro_rules! unlocked {
    ($tx:expr, $query:expr, |$mine:ident, $connection:ident| $load:expr) => {{
        let caught_up = $tx.catch_up();
        let outcome = match (caught_up, &mut $tx.connection) {
            (Err(error), _) => Err(error),
            #[cfg(feature = "sqlite")]
            (Ok(()), $crate::tx::Connection::Sqlite($connection)) => {
                let $mine = $query;
                $load
            }
            #[cfg(feature = "postgres")]
            (Ok(()), $crate::tx::Connection::Postgres($connection)) => {
                let $mine = $query.for_no_key_update().skip_locked();
                $load
            }
        };
        $tx.failed |= outcome.is_err();
        outcome
    }};
}
pub(crate) use unlocked;

impl Tx for SqlTx<'_> {
    fn access(&mut self) -> &mut dyn AccessRepo {
        self
    }
    fn organizations(&mut self) -> &mut dyn OrganizationRepo {
        self
    }
    fn memberships(&mut self) -> &mut dyn MembershipRepo {
        self
    }
    fn users(&mut self) -> &mut dyn UserRepo {
        self
    }
    fn verifications(&mut self) -> &mut dyn VerificationRepo {
        self
    }
    fn passwords(&mut self) -> &mut dyn PasswordRepo {
        self
    }
    fn password_resets(&mut self) -> &mut dyn PasswordResetRepo {
        self
    }
    fn tokens(&mut self) -> &mut dyn TokenRepo {
        self
    }
    fn oauth_clients(&mut self) -> &mut dyn OAuthClientRepo {
        self
    }
    fn oauth_grants(&mut self) -> &mut dyn OAuthGrantRepo {
        self
    }
    fn oauth_devices(&mut self) -> &mut dyn OAuthDeviceRepo {
        self
    }
    fn roles(&mut self) -> &mut dyn RoleRepo {
        self
    }
    fn invitations(&mut self) -> &mut dyn InvitationRepo {
        self
    }
    fn workspaces(&mut self) -> &mut dyn WorkspaceRepo {
        self
    }
    fn preferences(&mut self) -> &mut dyn PreferencesRepo {
        self
    }
    fn plans(&mut self) -> &mut dyn PlanRepo {
        self
    }
    fn domains(&mut self) -> &mut dyn DomainRepo {
        self
    }
    fn audit(&mut self) -> &mut dyn AuditRepo {
        self
    }
    fn requests(&mut self) -> &mut dyn RequestRepo {
        self
    }
    fn outbox(&mut self) -> &mut dyn OutboxRepo {
        self
    }
    fn webhooks(&mut self) -> &mut dyn WebhookRepo {
        self
    }
    fn installation(&mut self) -> &mut dyn InstallationRepo {
        self
    }
}

/// The domain's error for a failed statement. Causes stay inside, for the log.
pub(crate) fn failed(error: DieselError) -> Error {
    if is_overload(&error) {
        Error::Busy
    } else {
        Error::storage(error)
    }
}

/// Whether the database could not do it just now.
fn is_overload(error: &DieselError) -> bool {
    // Diesel passes neither SQLite's result code nor PostgreSQL's SQLSTATE on.
    matches!(error, DieselError::DatabaseError(DatabaseErrorKind::Unknown, info)
        if info.message().contains("database is locked")
            || info.message().contains("statement timeout")
            || info.message().contains("lock timeout"))
}

/// Maps a unique violation to `refusal`, for the statements that cannot avoid it.
pub(crate) fn unless_taken<T>(
    outcome: std::result::Result<T, DieselError>,
    refusal: impl FnOnce() -> rollbook_domain::Refusal,
) -> Result<T> {
    match outcome {
        Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            Err(refusal().into())
        }
        other => other.map_err(failed),
    }
}
