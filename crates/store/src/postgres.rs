//! The shared store: PostgreSQL, for more than one replica.

use std::num::NonZero;
use std::time::Duration;

use async_trait::async_trait;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use r2d2::{HandleError, ManageConnection, Pool, PooledConnection};
use rollbook_domain::port::{Access, Output, Probe, Store, Work};
use rollbook_domain::{Error, Result};

use crate::migration;
use crate::queue::{Crew, Door, Message, Queue, panicked, run_caught};
use crate::statement::Fixed;
use crate::tx::{Connection as TxConnection, SqlTx, failed};
use crate::url::is_on_this_machine;
use crate::{DatabaseUrl, OpenError, Options};

/// How often a use case is run in the face of serialization failures and deadlocks.
const ATTEMPTS: usize = 6;
/// How many connections there are to a server elsewhere, unless the operator says otherwise: most of
/// the time they wait for the network.
const DISTANT_CONNECTIONS: usize = 16;
/// The fewest connections that there are by themselves, so that a use case that waits for a lock or
/// reads for long leaves some to others.
const FEWEST_CONNECTIONS: usize = 8;
/// How long a use case waits for a connection that cannot be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The store on a PostgreSQL database.
pub(crate) struct PostgresStore {
    door: Door,
}

/// Opens a pool of connections and starts a thread for each.
pub(crate) fn open(
    url: &str,
    options: &Options,
) -> std::result::Result<(PostgresStore, Crew), OpenError> {
    let count = options
        .connections
        .unwrap_or_else(|| usual_connections(url));
    let manager = Manager {
        url: bounded(url, options.statement_timeout),
        statement_timeout: options.statement_timeout,
    };
    // A first connection by hand, for an error that names its cause.
    drop(manager.connect().map_err(OpenError::connect)?);
    let pool = Pool::builder()
        .max_size(u32::try_from(count).unwrap_or(u32::MAX))
        .min_idle(Some(1))
        .test_on_check_out(false)
        .connection_timeout(CONNECT_TIMEOUT)
        .error_handler(Box::new(Complaints {
            url: url.to_owned(),
        }))
        .build(manager)
        .map_err(OpenError::connect)?;
    let threads = (0..count).map(|_| {
        let pool = pool.clone();
        move |queue: &Queue| work_off(queue, &pool)
    });
    let crew = Crew::start("rollbook-postgres", threads.collect()).map_err(OpenError::connect)?;
    Ok((PostgresStore { door: crew.door() }, crew))
}

#[async_trait]
impl Store for PostgresStore {
    async fn run(&self, access: Access, work: Work) -> Result<Output> {
        self.door.run(access, work).await
    }
}

#[async_trait]
impl Probe for PostgresStore {
    async fn ready(&self) -> Result<()> {
        self.door.check().await
    }
}

/// How many connections there are unless the operator says otherwise. A server on this machine usually
/// has no more processors than we see, and connections beyond what those can run only make them change
/// from one to the next: twice as many as processors, and one that waits for the disk (PostgreSQL's
/// wiki, "Number Of Database Connections").
fn usual_connections(url: &str) -> usize {
    if !is_on_this_machine(url, is_named_by_environment()) {
        return DISTANT_CONNECTIONS;
    }
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    (2 * processors + 1).clamp(FEWEST_CONNECTIONS, DISTANT_CONNECTIONS)
}

/// Whether libpq takes the server from its environment where a URL does not name one.
#[expect(
    clippy::disallowed_methods,
    reason = "libpq reads them itself, wherever our settings come from"
)]
fn is_named_by_environment() -> bool {
    ["PGHOST", "PGHOSTADDR", "PGSERVICE"]
        .iter()
        .any(|name| std::env::var_os(name).is_some())
}

/// Makes connections and notices the broken ones. Diesel's own manager notices only some.
#[derive(Debug)]
struct Manager {
    url: String,
    statement_timeout: Duration,
}

/// The URL with limits to how long the client library waits for a server that has gone without a
/// word: statement time-outs are kept by the server only. What the operator set stays.
pub(crate) fn bounded(url: &str, statement_timeout: Duration) -> String {
    let silence = (statement_timeout + CONNECT_TIMEOUT)
        .as_millis()
        .to_string();
    let limits = [
        ("connect_timeout", "5"),
        ("keepalives_idle", "10"),
        ("keepalives_interval", "5"),
        ("keepalives_count", "3"),
        ("tcp_user_timeout", silence.as_str()),
    ];
    let mut bounded = url.to_owned();
    // A `?` before the path may be part of a password.
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let tail = match (rest.find('/'), rest.rfind('@')) {
        (Some(path), _) => &rest[path..],
        (None, Some(host)) => &rest[host..],
        (None, None) => rest,
    };
    let mut mark = if tail.contains('?') { '&' } else { '?' };
    for (name, value) in limits {
        if !url.contains(&format!("{name}=")) {
            bounded.extend([&mark.to_string(), name, "=", value]);
            mark = '&';
        }
    }
    bounded
}

/// Logs why connections cannot be made. libpq may quote the URL, and there may be a password in it.
#[derive(Debug)]
struct Complaints {
    url: String,
}

impl HandleError<diesel::r2d2::Error> for Complaints {
    fn handle_error(&self, error: diesel::r2d2::Error) {
        let masked = DatabaseUrl::Postgres(self.url.clone()).masked();
        let cause = error.to_string().replace(&self.url, &masked);
        tracing::error!(cause, "no connection to the database");
    }
}

/// A connection, and whether it is still fit for use.
struct Link {
    connection: PgConnection,
    broken: bool,
    /// The kind of transaction that has begun with the end of the one before.
    begun: Option<Access>,
}

impl ManageConnection for Manager {
    type Connection = Link;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> std::result::Result<Link, Self::Error> {
        let mut connection =
            PgConnection::establish(&self.url).map_err(diesel::r2d2::Error::ConnectionError)?;
        // A transaction that its thread has forgotten must not hold locks for ever either; and
        // what is not begun as a write does not write.
        let millis = self.statement_timeout.as_millis();
        let settings = format!(
            "SET statement_timeout = {millis}; SET idle_in_transaction_session_timeout = {millis}; \
             SET default_transaction_read_only = on"
        );
        connection
            .batch_execute(&settings)
            .map_err(diesel::r2d2::Error::QueryError)?;
        Ok(Link {
            connection,
            broken: false,
            begun: None,
        })
    }

    fn is_valid(&self, link: &mut Link) -> std::result::Result<(), Self::Error> {
        link.connection
            .batch_execute("SELECT 1")
            .map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, link: &mut Link) -> bool {
        link.broken
    }
}

fn work_off(queue: &Queue, pool: &Pool<Manager>) {
    let mut worker = Worker {
        queue,
        pool,
        ahead: None,
    };
    while worker.work() {}
}

/// What a thread works with.
struct Worker<'q> {
    queue: &'q Queue,
    pool: &'q Pool<Manager>,
    /// The connection on which the next transaction has begun already.
    ahead: Option<PooledConnection<Manager>>,
}

impl Worker<'_> {
    /// Waits for a message and does what it asks; `false` when there will be none any more.
    fn work(&mut self) -> bool {
        // One at a time, since others wait for the same kind of work with a connection at hand.
        let message = if self.ahead.is_some() {
            self.queue.take_waiting()
        } else {
            self.queue.take(1).pop()
        };
        match message {
            Some(Message::Run(mut job)) => {
                // Whoever has gone away before the start needs no answer.
                if !job.answer.is_closed() {
                    let queue = self.queue;
                    let outcome = self.decide(|link, manner| {
                        attempt(link, queue, manner, job.access, &mut job.work)
                    });
                    job.answer.send(outcome);
                }
            }
            Some(Message::Check(answer)) => {
                let _ = answer.send(self.decide(|link, _| check(link)));
            }
            // Nobody came: an open transaction would be in the way of others, if only of vacuum's.
            None => match self.ahead.take() {
                Some(mut link) => link.end_begun(),
                None => return false,
            },
        }
        true
    }

    /// Tries until it is decided.
    fn decide<T>(&mut self, mut attempt: impl FnMut(&mut Link, Manner) -> Attempt<T>) -> Result<T> {
        let (mut failures, mut losses) = (0, 0);
        let mut manner = Manner::Together;
        while failures < ATTEMPTS && losses <= self.pool.max_size() {
            let link = self.ahead.take().map_or_else(|| self.pool.get(), Ok);
            let Ok(mut link) = link else {
                // The pool has logged why.
                return Err(Error::Busy);
            };
            match attempt(&mut link, manner) {
                Attempt::Decided(outcome) => {
                    self.ahead = link.begun.is_some().then_some(link);
                    return outcome;
                }
                // A server that was restarted has left the whole pool dead connections.
                Attempt::Again if link.broken => losses += 1,
                Attempt::Again => failures += 1,
                Attempt::OneByOne => manner = Manner::OneByOne,
            }
        }
        Err(Error::Busy)
    }
}

enum Attempt<T> {
    Decided(Result<T>),
    /// Nothing was changed, and another try may succeed.
    Again,
    /// Nothing was changed, and the use case was told in error that something would be.
    OneByOne,
}

/// How changes are sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// Those that can wait, together.
    Together,
    /// Each at once.
    OneByOne,
}

fn check(link: &mut Link) -> Attempt<()> {
    link.end_begun();
    match migration::check_postgres(&mut link.connection) {
        Ok(()) => Attempt::Decided(Ok(())),
        Err(error) => link.not_committed(error),
    }
}

fn attempt(
    link: &mut Link,
    queue: &Queue,
    manner: Manner,
    access: Access,
    work: &mut Work,
) -> Attempt<Output> {
    if let Err(error) = link.begin(access) {
        return link.not_committed(failed(error));
    }
    let mut tx = SqlTx::on(TxConnection::Postgres(&mut link.connection));
    if manner == Manner::Together && access == Access::Write {
        tx.deferred.open();
    }
    let outcome = run_caught(work, &mut tx);
    // A refusal, too, counts only if what the use case was told is true.
    let caught_up = match &outcome {
        Ok(_) | Err(Some(_)) if !tx.failed => tx.catch_up().map_err(|error| Some(failed(error))),
        _ => Ok(()),
    };
    if tx.deferred.is_refuted() {
        link.roll_back(access, false);
        return Attempt::OneByOne;
    }
    let outcome = match caught_up.and(outcome) {
        Ok(output) => output,
        Err(error) => {
            link.roll_back(access, error.is_none());
            return match error {
                Some(error) => link.not_committed(error),
                None => Attempt::Decided(Err(panicked())),
            };
        }
    };
    if access == Access::ReadOne {
        return Attempt::Decided(Ok(outcome));
    }
    match link.commit(access, queue.next_is(access)) {
        Ok(()) => Attempt::Decided(Ok(outcome)),
        Err(error) if is_serialization_failure(&error) => Attempt::Again,
        Err(_) if access == Access::Read => {
            // What was read was read.
            link.broken = true;
            Attempt::Decided(Ok(outcome))
        }
        Err(error) => {
            // Whether it was committed is unknown, so it must not be run again.
            link.broken = true;
            Attempt::Decided(Err(Error::storage(error)))
        }
    }
}

/// One statement needs no transaction; several reads share a snapshot; writes take locks.
const fn begin(access: Access) -> Option<&'static str> {
    match access {
        Access::ReadOne => None,
        Access::Read => Some("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
        Access::Write => Some("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"),
    }
}

impl Link {
    /// Begins a transaction, unless it has begun with the end of the one before.
    fn begin(&mut self, access: Access) -> QueryResult<()> {
        if self.begun == Some(access) {
            self.begun = None;
            return Ok(());
        }
        self.end_begun();
        match begin(access) {
            Some(begin) => Fixed(begin).execute(&mut self.connection).map(drop),
            None => Ok(()),
        }
    }

    /// Ends a transaction and, if one of the same kind waits, begins that: a round trip less.
    fn commit(&mut self, access: Access, and_chain: bool) -> QueryResult<()> {
        let commit = if and_chain {
            "COMMIT AND CHAIN"
        } else {
            "COMMIT"
        };
        Fixed(commit).execute(&mut self.connection)?;
        self.begun = and_chain.then_some(access);
        Ok(())
    }

    /// Ends a transaction in which nothing was done.
    fn end_begun(&mut self) {
        if self.begun.take().is_some() {
            self.broken |= Fixed("ROLLBACK").execute(&mut self.connection).is_err();
        }
    }

    fn roll_back(&mut self, access: Access, panicked: bool) {
        let open = access != Access::ReadOne;
        if panicked || open && Fixed("ROLLBACK").execute(&mut self.connection).is_err() {
            self.broken = true;
        }
    }

    /// Decides whether a use case that failed before its commit is worth another try.
    fn not_committed<T>(&mut self, error: Error) -> Attempt<T> {
        let Error::Storage(cause) = &error else {
            return Attempt::Decided(Err(error));
        };
        match cause.downcast_ref::<DieselError>() {
            Some(cause) if is_serialization_failure(cause) => Attempt::Again,
            Some(cause) if is_connection_loss(cause) => {
                self.broken = true;
                Attempt::Again
            }
            Some(DieselError::DatabaseError(DatabaseErrorKind::Unknown, _)) => {
                // It may have been the connection, told in words that are not known here.
                self.broken = true;
                Attempt::Decided(Err(error))
            }
            _ => Attempt::Decided(Err(error)),
        }
    }
}

/// SQLSTATE 40001 and 40P01. Diesel does not tell the latter apart but by its message.
fn is_serialization_failure(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        DieselError::DatabaseError(DatabaseErrorKind::Unknown, info) => {
            info.message().contains("deadlock detected")
        }
        _ => false,
    }
}

fn is_connection_loss(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
            _,
        )
        | DieselError::BrokenTransactionManager => true,
        // A server that shuts down or was killed says so in the words of the client library.
        DieselError::DatabaseError(DatabaseErrorKind::Unknown, info) => {
            info.message().contains("terminating connection")
                || info.message().contains("server closed the connection")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_library_gets_limits_unless_it_has_them() {
        let bounded = |url| bounded(url, Duration::from_secs(10));
        let all = "connect_timeout=5&keepalives_idle=10&keepalives_interval=5&keepalives_count=3\
                   &tcp_user_timeout=15000";
        assert_eq!(bounded("postgres://h/d"), format!("postgres://h/d?{all}"));
        assert_eq!(
            bounded("postgres://u:a?b@h/d"),
            format!("postgres://u:a?b@h/d?{all}")
        );
        assert_eq!(
            bounded("postgres:///d?host=/tmp"),
            format!("postgres:///d?host=/tmp&{all}")
        );
        assert!(
            bounded("postgres://h/d?connect_timeout=60")
                .starts_with("postgres://h/d?connect_timeout=60&keepalives_idle=10")
        );
    }

    #[derive(diesel::QueryableByName)]
    struct Setting {
        #[diesel(sql_type = diesel::sql_types::Text)]
        value: String,
    }

    fn link() -> Link {
        #[expect(
            clippy::disallowed_methods,
            reason = "as the other tests find their database"
        )]
        let url = std::env::var("TEST_POSTGRES_URL").expect("scripts/test sets TEST_POSTGRES_URL");
        let statement_timeout = Duration::from_secs(60);
        let manager = Manager {
            url,
            statement_timeout,
        };
        manager.connect().expect("a connection")
    }

    /// Isolation and whether nothing can be written.
    fn kind(link: &mut Link) -> (String, String) {
        let mut setting = |name| {
            let sql = format!("SELECT current_setting('{name}') AS value");
            let row: Setting = diesel::sql_query(sql)
                .get_result(&mut link.connection)
                .expect("a setting");
            row.value
        };
        (
            setting("transaction_isolation"),
            setting("transaction_read_only"),
        )
    }

    /// Whether a transaction block is open: outside of one, a savepoint is refused.
    fn is_open(link: &mut Link) -> bool {
        let open = link.connection.batch_execute("SAVEPOINT probe");
        open.is_ok()
    }

    #[test]
    fn a_transaction_begins_with_the_end_of_one_of_its_kind() {
        let mut link = link();
        for (access, isolation, read_only) in [
            (Access::Write, "read committed", "off"),
            (Access::Read, "repeatable read", "on"),
        ] {
            link.begin(access).expect("it begins");
            link.commit(access, true).expect("it ends");
            assert_eq!(link.begun, Some(access));
            assert!(is_open(&mut link));
            link.begin(access).expect("it has begun");
            assert_eq!(link.begun, None);
            let found = kind(&mut link);
            assert_eq!((found.0.as_str(), found.1.as_str()), (isolation, read_only));
            link.commit(access, false).expect("it ends");
            assert_eq!(link.begun, None);
            assert!(!is_open(&mut link));
        }
    }

    #[test]
    fn what_comes_of_another_kind_gets_its_own_transaction() {
        let mut link = link();
        link.begin(Access::Write).expect("it begins");
        link.commit(Access::Write, true).expect("it ends");
        link.begin(Access::Read).expect("another begins");
        let found = kind(&mut link);
        assert_eq!(
            (found.0.as_str(), found.1.as_str()),
            ("repeatable read", "on")
        );
        link.commit(Access::Read, true).expect("it ends");
        link.begin(Access::ReadOne).expect("none begins");
        assert_eq!(link.begun, None);
        assert!(!is_open(&mut link));
    }

    #[test]
    fn a_transaction_for_nobody_ends() {
        let mut link = link();
        link.begin(Access::Write).expect("it begins");
        link.commit(Access::Write, true).expect("it ends");
        link.end_begun();
        assert_eq!((link.begun, link.broken), (None, false));
        assert!(!is_open(&mut link));
        link.end_begun();
        assert!(!link.broken);
    }
}
