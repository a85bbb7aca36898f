//! The command line.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use rollbook_domain::id::OrganizationId;
use rollbook_domain::value::{DisplayName, Email, Language, Malformed, TokenName};
use rollbook_mail::KEYS;

use crate::client::{self, ClientCommand, KeysCommand};
use crate::failure::{Failure, Result};
use crate::outbox::{self, OutboxCommand};
use crate::settings::{Flags, Settings, parse, print};
use crate::{audit, logging, mail, migrate, sample, serve, token, user};

/// How a command ends that was misused, by convention.
const USAGE: u8 = 2;

/// The book of who belongs to what: organizations, users, memberships, tokens, over HTTP.
///
/// Without a command, `rollbook` serves.
#[derive(Debug, Parser)]
#[command(version, after_help = TOP_EXAMPLES)]
struct Cli {
    #[command(flatten)]
    sources: Sources,
    #[command(flatten)]
    listen: Listen,
    #[command(subcommand)]
    command: Option<Command>,
}

const TOP_EXAMPLES: &str = "\
Examples:
  rollbook                                          serve, with the SQLite file rollbook.db
  rollbook serve --listen 0.0.0.0:8080 --database postgres://rollbook@db.internal/rollbook
  rollbook user create --email jane@example.com --name 'Jane Smith'
  TOKEN=$(rollbook token create --user jane@example.com --name laptop --expires-in 90d)

Every setting has a key in the TOML file, a variable ROLLBOOK_SECTION_KEY and a default;
flags come first, then variables, then the file. `rollbook config` shows them all.";

const DATABASE_HELP: &str = "The database: sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME \
    [env: ROLLBOOK_DATABASE_URL]";
const LISTEN_HELP: &str =
    "Where to serve, such as 0.0.0.0:8080; port 0 takes a free one [env: ROLLBOOK_LISTEN]";

/// Where settings come from.
#[derive(Args, Debug)]
struct Sources {
    /// Which database.
    #[arg(long, value_name = "URL", global = true, help = DATABASE_HELP)]
    database: Option<String>,
    /// The configuration file; otherwise rollbook.toml in this directory, if there is one
    #[arg(
        long,
        value_name = "FILE",
        global = true,
        env = "ROLLBOOK_CONFIG",
        hide_env_values = true
    )]
    config: Option<PathBuf>,
}

#[derive(Args, Debug)]
struct Listen {
    /// Where to serve.
    #[arg(long, value_name = "HOST:PORT", help = LISTEN_HELP)]
    listen: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API (what happens without a command)
    ///
    /// On an empty database a superuser is made first, whose e-mail address and personal access
    /// token are printed once. SIGTERM or Ctrl-C finishes what was accepted, and ends.
    #[command(
        after_help = "Example:\n  rollbook serve --listen 0.0.0.0:8080 --config /etc/rollbook.toml"
    )]
    Serve(Listen),
    /// Bring the database to the schema of this version
    #[command(
        after_help = "Example:\n  rollbook migrate --database postgres://rollbook@db.internal/rollbook"
    )]
    Migrate,
    /// Manage users
    #[command(subcommand)]
    User(UserCommand),
    /// Manage personal access tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Manage OAuth clients
    #[command(subcommand)]
    Client(ClientCommand),
    /// Manage the keys that ID tokens are signed with
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Look after the audit log
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Look at letters and try the mail server
    #[command(subcommand)]
    Mail(MailCommand),
    /// Look after what waits to be sent
    #[command(subcommand)]
    Outbox(OutboxCommand),
    /// Fill an empty database with made-up users and organizations, to try things or to measure
    #[command(after_help = SAMPLE_EXAMPLES)]
    LoadSample(SampleArgs),
    /// Print the settings in effect and where each comes from, with passwords masked
    #[command(after_help = "Example:\n  rollbook config --listen 0.0.0.0:80 > rollbook.toml")]
    Config(Listen),
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Make a user and print the id
    #[command(after_help = "\
Examples:
  rollbook user create --email jane@example.com --name 'Jane Smith' --superuser
  rollbook user create --email ci@example.com --name 'Build server' --service-account")]
    Create(CreateUserArgs),
    /// Print a link with which a person chooses a new password, and nothing else, on standard
    /// output
    ///
    /// It works for an hour and once, and only the newest one does. Whoever uses it is taken to have
    /// the address: give it to nobody else. If nobody has verified the address yet, all that opened
    /// the account before stops working, personal access tokens too.
    #[command(after_help = "Example:\n  rollbook user reset-link --email jane@example.com")]
    ResetLink(ResetLinkArgs),
}

/// Whose password.
#[derive(Args, Debug)]
pub(crate) struct ResetLinkArgs {
    /// The person's address
    #[arg(long, value_parser = email)]
    pub(crate) email: Email,
}

/// What a new user shall be.
#[derive(Args, Debug)]
pub(crate) struct CreateUserArgs {
    /// The address; no other user may have it
    #[arg(long, value_parser = email)]
    pub(crate) email: Email,
    /// What to call the user
    #[arg(long, value_parser = display_name)]
    pub(crate) name: DisplayName,
    /// The user may see and do everything
    #[arg(long)]
    pub(crate) superuser: bool,
    /// The user is a program, not a person; it cannot own organizations
    #[arg(long)]
    pub(crate) service_account: bool,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Issue a personal access token and print it, and nothing else, on standard output
    #[command(after_help = "\
Example:
  TOKEN=$(rollbook token create --user jane@example.com --name laptop --expires-in 90d)")]
    Create(CreateTokenArgs),
}

/// What a new token shall be.
#[derive(Args, Debug)]
pub(crate) struct CreateTokenArgs {
    /// The address of the user for whom the token speaks
    #[arg(long, value_name = "EMAIL", value_parser = email)]
    pub(crate) user: Email,
    /// What the user calls it, to tell it from others
    #[arg(long, value_parser = token_name)]
    pub(crate) name: TokenName,
    /// When it ends, such as 12h or 90d from now; otherwise it works until it is revoked
    #[arg(long, value_name = "DURATION", value_parser = parse::lifetime)]
    pub(crate) expires_in: Option<Duration>,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Follow the audit logs from their beginning and say whether anything is missing or changed
    ///
    /// Ends with 1 if a log is broken, and names it, the place and what is wrong there. What is
    /// cut off at a log's end leaves no trace in it: keep the digests that this command prints for
    /// an organization, and compare.
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(VerifyArgs),
}

const VERIFY_EXAMPLES: &str = "\
Examples:
  rollbook audit verify
  rollbook audit verify --organization 0199c3a5-8f2e-7c3d-9a4b-5c6d7e8f9a0b";

/// Which logs.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct VerifyArgs {
    /// Only this organization's log; otherwise those of all organizations and users
    #[arg(long, value_name = "ID", value_parser = organization)]
    pub(crate) organization: Option<OrganizationId>,
}

#[derive(Debug, Subcommand)]
enum MailCommand {
    /// Print a letter as it would be sent, with made-up names
    #[command(after_help = "\
Examples:
  rollbook mail preview invitation --language de
  rollbook mail preview invitation --html > invitation.html")]
    Preview(PreviewArgs),
    /// Send a test letter and say what the mail server answered
    #[command(after_help = "Example:\n  rollbook mail test --to you@example.com")]
    Test(TestArgs),
}

/// Which letter.
#[derive(Args, Debug)]
pub(crate) struct PreviewArgs {
    /// The kind of letter
    #[arg(value_name = "KEY", value_parser = clap::builder::PossibleValuesParser::new(KEYS))]
    pub(crate) key: String,
    /// In which language, such as de or pt-BR; otherwise in the installation's
    #[arg(long, value_name = "LANGUAGE", value_parser = language)]
    pub(crate) language: Option<Language>,
    /// The HTML in place of the plain text
    #[arg(long)]
    pub(crate) html: bool,
}

/// To whom.
#[derive(Args, Debug)]
pub(crate) struct TestArgs {
    /// The address that gets the letter
    #[arg(long, value_name = "ADDRESS", value_parser = email)]
    pub(crate) to: Email,
}

const SAMPLE_EXAMPLES: &str = "\
Examples:
  rollbook load-sample
  rollbook load-sample --organizations 100000 --memberships 10000 --tokens 8 > tokens.txt

The first user, sample-000001@example.com, owns nothing and is a member of the first
organizations; the others own up to 50 each.";

/// How much is made up.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct SampleArgs {
    /// How many organizations there shall be
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=999_999))]
    pub(crate) organizations: u32,
    /// How many members the first organization shall have
    #[arg(long, value_name = "M", default_value_t = 100, value_parser = clap::value_parser!(u32).range(2..=100_000))]
    pub(crate) members: u32,
    /// To how many organizations the first user shall belong
    #[arg(long, value_name = "K", default_value_t = 100, value_parser = clap::value_parser!(u32).range(0..=999_999))]
    pub(crate) memberships: u32,
    /// For how many users, from the first on, to issue a token and print it, one a line
    #[arg(long, value_name = "T", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub(crate) tokens: u32,
}

/// Does what the command line says; failures go to standard error.
pub(crate) fn main() -> ExitCode {
    let parsed = Cli::try_parse().and_then(Cli::checked);
    let cli = match parsed {
        Ok(cli) => cli,
        Err(usage) => {
            let wrong = usage.use_stderr();
            // Nobody is left to tell when the terminal is gone.
            let _ = usage.print();
            return if wrong {
                ExitCode::from(USAGE)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    match cli.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

impl Cli {
    /// Refuses what only some commands take.
    fn checked(self) -> std::result::Result<Self, clap::Error> {
        let usage =
            |message: String| Err(Self::command().error(ErrorKind::ArgumentConflict, message));
        let listens = matches!(
            self.command,
            None | Some(Command::Serve(_) | Command::Config(_))
        );
        if self.listen.listen.is_some() && !listens {
            return usage("--listen is for `rollbook serve` and `rollbook config`".to_owned());
        }
        if let Some(Command::LoadSample(args)) = &self.command
            && args.memberships > args.organizations
        {
            return usage(format!(
                "--memberships {} cannot be more than --organizations {}",
                args.memberships, args.organizations
            ));
        }
        Ok(self)
    }

    fn run(self) -> Result<()> {
        let command = self
            .command
            .unwrap_or(Command::Serve(Listen { listen: None }));
        let inner = match &command {
            Command::Serve(listen) | Command::Config(listen) => listen.listen.clone(),
            _ => None,
        };
        let flags = Flags {
            config: self
                .sources
                .config
                .filter(|path| !path.as_os_str().is_empty()),
            database: self.sources.database,
            listen: inner.or(self.listen.listen),
        };
        let settings = Settings::load(&flags, std::env::vars_os())?;
        if let Command::Config(_) = command {
            return print_text(&print(&settings));
        }
        logging::start(&settings.log)?;
        match command {
            Command::Serve(_) => serve::run(&settings),
            Command::Migrate => migrate::run(&settings),
            Command::User(UserCommand::Create(args)) => user::create(&settings, args),
            Command::User(UserCommand::ResetLink(args)) => user::reset_link(&settings, args),
            Command::Token(TokenCommand::Create(args)) => token::create(&settings, args),
            Command::Client(command) => client::run(&settings, command),
            Command::Keys(command) => client::keys(&settings, &command),
            Command::Audit(AuditCommand::Verify(args)) => audit::verify(&settings, &args),
            Command::Mail(MailCommand::Preview(args)) => mail::preview(&settings, args),
            Command::Mail(MailCommand::Test(args)) => mail::test(&settings, args),
            Command::Outbox(command) => outbox::run(&settings, &command),
            Command::LoadSample(args) => sample::load(&settings, args),
            Command::Config(_) => Ok(()),
        }
    }
}

/// Prints a line on standard output; it may be a secret, so losing it is a failure.
pub(crate) fn print_line(line: &str) -> Result<()> {
    print_text(&format!("{line}\n"))
}

/// Prints a text on standard output.
pub(crate) fn print_text(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| Failure::new(format!("cannot write to standard output: {error}")))
}

/// An id, alone or in the organization's resource name.
pub(crate) fn organization(text: &str) -> std::result::Result<OrganizationId, Malformed> {
    let id = text.strip_prefix("organizations/").unwrap_or(text);
    OrganizationId::parse(id).ok_or_else(|| Malformed("an organization's id is a UUID".to_owned()))
}

fn email(text: &str) -> std::result::Result<Email, Malformed> {
    Email::parse(text)
}

fn language(text: &str) -> std::result::Result<Language, Malformed> {
    Language::parse(text)
}

fn display_name(text: &str) -> std::result::Result<DisplayName, Malformed> {
    DisplayName::parse(text)
}

fn token_name(text: &str) -> std::result::Result<TokenName, Malformed> {
    TokenName::parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
