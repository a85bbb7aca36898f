use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use rollbook_domain::mail::Mail;
use rollbook_domain::port::{Mailer, NotMailed};

use crate::compose::Writer;
use crate::words::link;

/// How many copies of one letter are kept; one is sent again when the program ended in between.
const COPIES: u32 = 100;

/// Writes letters into a directory, as files that mail programs open (`.eml`), and says on standard
/// error where they are and what link they hold. For those who try Rollbook out: nobody else is
/// reached, and whoever reads the files or the terminal can use the links.
#[derive(Debug)]
pub struct FileMailer {
    directory: PathBuf,
    writer: Writer,
}

impl FileMailer {
    /// Into this directory, which is made with the first letter.
    #[must_use]
    pub const fn new(directory: PathBuf, writer: Writer) -> Self {
        Self { directory, writer }
    }

    /// Writes the letter, and answers the file's path.
    pub fn write(&self, mail: &Mail) -> Result<PathBuf, NotMailed> {
        let failed = |permanent| {
            move |reason| NotMailed {
                permanent,
                status: None,
                reason,
            }
        };
        let composed = self.writer.compose(mail).map_err(failed(true))?;
        let path = self
            .keep(mail, &composed.bytes)
            .map_err(|error| format!("{} cannot be written to: {error}", self.directory.display()))
            .map_err(failed(false))?;
        self.tell(mail, &composed.subject, &path);
        Ok(path)
    }

    /// Writes into a new file: one that is there is never written over.
    fn keep(&self, mail: &Mail, bytes: &[u8]) -> io::Result<PathBuf> {
        fs::create_dir_all(&self.directory)?;
        let name = format!("{}-{}", mail.id, mail.text.key());
        for copy in 1..=COPIES {
            let file = match copy {
                1 => format!("{name}.eml"),
                _ => format!("{name}-{copy}.eml"),
            };
            let path = self.directory.join(file);
            match create(&path) {
                Ok(mut file) => {
                    file.write_all(bytes)?;
                    return Ok(path);
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other(format!(
            "there are {COPIES} copies of {name} already"
        )))
    }

    fn tell(&self, mail: &Mail, subject: &str, path: &Path) {
        let mut text = format!(
            "Mail to {}: {subject}\n  {}\n",
            mail.recipient,
            path.display()
        );
        if let Some(link) = link(self.writer.public_url(), &mail.text) {
            text.extend(["  ", &link, "\n"]);
        }
        // Not into the log, which holds no secrets; and nobody may be there to read it.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }
}

/// A new file, which only its owner can read: it holds a secret.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

#[async_trait]
impl Mailer for FileMailer {
    async fn send(&self, mail: &Mail) -> Result<(), NotMailed> {
        self.write(mail).map(drop)
    }
}
