//! A fresh installation for each test, on SQLite or PostgreSQL.

mod server;

use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use assert_cmd::cargo::cargo_bin;
use diesel::connection::SimpleConnection as _;
use diesel::sql_types::Text;
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};
use tempfile::TempDir;

pub(crate) use self::server::{Answer, Server, head};

/// Makes of one body two tests, one on each database.
macro_rules! on_both {
    ($($(#[$doc:meta])* fn $name:ident($installation:ident: &Installation) $body:block)*) => {$(
        $(#[$doc])*
        mod $name {
            use super::*;

            fn body($installation: &Installation) $body

            #[test]
            fn sqlite() {
                body(&Installation::sqlite());
            }

            #[test]
            fn postgres() {
                body(&Installation::postgres());
            }
        }
    )*};
}
pub(crate) use on_both;

/// A working directory and a database of its own; both are gone afterwards.
pub(crate) struct Installation {
    pub(crate) directory: TempDir,
    url: String,
    schema: Option<Schema>,
}

impl Installation {
    /// On an SQLite file that does not exist yet.
    pub(crate) fn sqlite() -> Self {
        Self {
            directory: TempDir::new().unwrap(),
            url: "sqlite:test.db".to_owned(),
            schema: None,
        }
    }

    /// On a new, empty schema of the PostgreSQL in `TEST_POSTGRES_URL`.
    pub(crate) fn postgres() -> Self {
        let schema = Schema::create();
        Self {
            directory: TempDir::new().unwrap(),
            url: schema.url(),
            schema: Some(schema),
        }
    }

    /// `rollbook` in the installation's directory, with nothing in its environment but the
    /// database.
    pub(crate) fn rollbook(&self) -> Command {
        let mut command = Command::new(cargo_bin!("rollbook"));
        command
            .current_dir(&self.directory)
            .env_clear()
            .env("ROLLBOOK_DATABASE_URL", &self.url)
            .stdin(Stdio::null());
        command
    }

    /// Runs `rollbook` with these arguments to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.rollbook().args(arguments).output().unwrap())
    }

    /// Writes into the SQLite file past Rollbook.
    pub(crate) fn tamper(&self, sql: &str) {
        let file = self.directory.path().join("test.db");
        let mut connection = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
        connection.batch_execute(sql).unwrap();
    }

    /// Gives up all that waits in the outbox, past Rollbook.
    pub(crate) fn bury(&self) {
        let now = if self.schema.is_some() { "now()" } else { "0" };
        self.write(&format!(
            "UPDATE outbox SET state = 'dead', finished_at = {now}"
        ));
    }

    /// Makes all that waits in the outbox due at once, past Rollbook: as if so much time had gone by.
    pub(crate) fn hurry(&self) {
        let now = if self.schema.is_some() { "now()" } else { "0" };
        self.write(&format!(
            "UPDATE outbox SET due_at = {now} WHERE state = 'pending'"
        ));
    }

    /// Changes the database past Rollbook.
    fn write(&self, sql: &str) {
        match &self.schema {
            Some(schema) => drop(psql(&format!("SET search_path = {}; {sql}", schema.0))),
            None => self.tamper(sql),
        }
    }

    /// The secret of the letter that was written last: nobody but the mail has it, and the table
    /// until the mail is sent.
    pub(crate) fn mailed(&self) -> String {
        let sql = "SELECT secret FROM outbox ORDER BY id DESC LIMIT 1";
        let Some(schema) = &self.schema else {
            #[derive(QueryableByName)]
            struct Row {
                #[diesel(sql_type = Text)]
                secret: String,
            }
            let file = self.directory.path().join("test.db");
            let mut connection = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
            let row: Row = sql_query(sql).get_result(&mut connection).unwrap();
            return row.secret;
        };
        psql(&sql.replace("outbox", &format!("{}.outbox", schema.0)))
    }

    /// Starts `rollbook serve` on a free port.
    pub(crate) fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    /// Like `serve`, and what is in the outbox stays there.
    pub(crate) fn serve_idle(&self) -> Server {
        self.serve_with(&[("ROLLBOOK_OUTBOX_ENABLED", "false")])
    }

    /// Like `serve`, with these settings. Passwords are hashed in no time.
    pub(crate) fn serve_with(&self, settings: &[(&str, &str)]) -> Server {
        let mut command = self.rollbook();
        command
            .env("ROLLBOOK_PASSWORDS_MEMORY", "64KiB")
            .env("ROLLBOOK_PASSWORDS_ITERATIONS", "1")
            .envs(settings.iter().copied())
            .args(["serve", "--listen", "127.0.0.1:0"]);
        Server::start(command)
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        if let Some(schema) = &self.schema {
            psql(&format!("DROP SCHEMA {} CASCADE", schema.0));
        }
    }
}

/// A schema of the test database.
struct Schema(String);

impl Schema {
    fn create() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("cli_{}_{number}", std::process::id());
        psql(&format!(
            "DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}"
        ));
        Self(name)
    }

    fn url(&self) -> String {
        let base = test_postgres_url();
        let glue = if base.contains('?') { '&' } else { '?' };
        format!("{base}{glue}options=-csearch_path%3D{}", self.0)
    }
}

fn test_postgres_url() -> String {
    #[expect(clippy::disallowed_methods, reason = "the test's own setting")]
    std::env::var("TEST_POSTGRES_URL")
        .expect("TEST_POSTGRES_URL must name a PostgreSQL database; scripts/test sets it")
}

fn psql(sql: &str) -> String {
    let output = Command::new("psql")
        .args(["--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1"])
        .args(["--tuples-only", "--no-align"])
        .args(["--dbname", &test_postgres_url(), "--command", sql])
        .env("PGOPTIONS", "-cclient_min_messages=warning")
        .output()
        .expect("psql, PostgreSQL's client, must be in PATH");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{sql}: {errors}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    /// What was printed, of a command that succeeded.
    #[track_caller]
    pub(crate) fn success(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }

    /// The complaint of a command that failed with this code.
    #[track_caller]
    pub(crate) fn failure(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.out, "", "a failure prints nothing on standard output");
        self.err
    }
}
