//! This test program in its second role: as the program that is killed (`kill -9`) while it writes.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use tokio::sync::mpsc::UnboundedReceiver;
use uuid::Uuid;

use crate::support::Outcome;

/// The file to write to, for this program in its second role.
const FILE: &str = "ROLLBOOK_TEST_KILLED_FILE";
/// Which life of the program this is.
const LIFE: &str = "ROLLBOOK_TEST_KILLED_LIFE";
/// What stands before the id of an acknowledged write.
const MARK: &str = "acknowledged ";

/// The file to write to and which life this is, if this is the program that is killed.
pub(crate) fn role() -> Option<(String, String)> {
    Some((variable(FILE)?, variable(LIFE)?))
}

#[expect(
    clippy::disallowed_methods,
    reason = "how a test tells its child what to do"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Tells of each write that was acknowledged, until there are no more: then nothing is written, and
/// something is wrong.
pub(crate) fn tell(mut told: UnboundedReceiver<rollbook_domain::Result<Uuid>>) -> Outcome {
    let mut out = std::io::stdout();
    // The test's reader may go away first, which ends this, too.
    while let Some(id) = told.blocking_recv() {
        writeln!(out, "\n{MARK}{}", id?)?;
    }
    Err("nothing is written any more".into())
}

/// The program that is killed. Whatever becomes of the test, it does not outlive it.
pub(crate) struct Killed {
    process: Child,
    lines: BufReader<ChildStdout>,
}

impl Killed {
    /// Starts it with one test, which asks for its [`role`].
    pub(crate) fn start(test: &str, file: &Path, life: u32) -> Outcome<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["--exact", test, "--nocapture"])
            .env(FILE, file)
            .env(LIFE, life.to_string())
            .stdout(Stdio::piped())
            .spawn()?;
        let lines = process.stdout.take().ok_or("no standard output")?;
        Ok(Self {
            process,
            lines: BufReader::new(lines),
        })
    }

    /// Kills it after so many acknowledged writes and one more; answers all that it told of.
    pub(crate) fn kill_after(mut self, count: u64) -> Outcome<Vec<Uuid>> {
        let mut told = Vec::new();
        for _ in 0..=count {
            told.push(self.next()?.ok_or("the writer has ended by itself")?);
        }
        self.process.kill()?;
        while let Some(id) = self.next()? {
            told.push(id);
        }
        Ok(told)
    }

    /// The next acknowledged write; `None` at the end. A line without its end does not count.
    fn next(&mut self) -> Outcome<Option<Uuid>> {
        let mut line = String::new();
        while self.lines.read_line(&mut line)? > 0 {
            let id = line.strip_suffix('\n').and_then(|it| it.strip_prefix(MARK));
            if let Some(id) = id.and_then(|id| id.parse().ok()) {
                return Ok(Some(id));
            }
            line.clear();
        }
        Ok(None)
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
