use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use rollbook_domain::mail::Mail;
use rollbook_domain::port::{Mailer, NotMailed};
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;

use crate::compose::{Composed, Writer};
use crate::line::LineByLine;
use crate::server::{Encryption, Server};
use crate::words::{Words, secret};

/// How long a server may take to say goodbye; the letter is its by then, so nothing hangs on it.
const FAREWELL: Duration = Duration::from_secs(1);
/// How many characters of a server's words are kept.
const LONGEST_REASON: usize = 500;
/// How users are shown to be who they say (RFC 4616, and its predecessor, which some servers have
/// alone).
const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

/// How to reach a mail server.
#[derive(Clone, Debug)]
pub struct SmtpOptions {
    /// Which.
    pub server: Server,
    /// How long it may take to let us in, and to answer each command.
    pub timeout: Duration,
    /// Certificates (PEM) that are trusted beside the system's.
    pub authorities: Option<Vec<u8>>,
}

/// Hands letters to a mail server, over a connection each.
pub struct SmtpMailer {
    server: Server,
    timeout: Duration,
    tls: Option<TlsParameters>,
    hello: ClientId,
    writer: Writer,
}

/// What a server said when it took a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The status, 2yz.
    pub status: u16,
    /// Its words, which often hold its name of the letter.
    pub text: String,
}

/// What we were about when something failed: what it says of the letter depends on that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Connect,
    StartTls,
    Authenticate,
    Sender,
    Recipient,
    Data,
    Text,
}

impl Step {
    /// Whether a refusal for good is about this letter, so that trying again is of no use. That the
    /// server refuses us (a password was changed, a sender is not allowed) is the operator's to
    /// mend, and must not cost the letters that wait meanwhile.
    const fn is_about_the_letter(self) -> bool {
        matches!(self, Self::Recipient | Self::Data | Self::Text)
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Connect => "connecting to the mail server",
            Self::StartTls => "STARTTLS",
            Self::Authenticate => "signing in at the mail server",
            Self::Sender => "MAIL FROM",
            Self::Recipient => "RCPT TO",
            Self::Data => "DATA",
            Self::Text => "sending the text",
        }
    }
}

impl SmtpMailer {
    /// Over this server; a clause that says why not when the certificates cannot be read.
    pub fn new(options: SmtpOptions, writer: Writer) -> Result<Self, String> {
        let SmtpOptions {
            server,
            timeout,
            authorities,
        } = options;
        let tls = match server.encryption {
            Encryption::Plain => None,
            _ => Some(trust(&server.host, authorities.as_deref())?),
        };
        Ok(Self {
            hello: hello(writer.public_url()),
            server,
            timeout,
            tls,
            writer,
        })
    }

    /// Sends a letter, and answers what the server said.
    pub async fn deliver(&self, mail: &Mail) -> Result<Receipt, NotMailed> {
        let composed = self.writer.compose(mail).map_err(unwritten)?;
        let outcome = self.dialogue(&composed).await;
        outcome.map_err(|reason| self.discreet(mail, reason))
    }

    /// Sends these words to whom the letter is to, in place of its own.
    pub async fn deliver_words(&self, mail: &Mail, words: Words) -> Result<Receipt, NotMailed> {
        let composed = self.writer.put(mail, words).map_err(unwritten)?;
        let outcome = self.dialogue(&composed).await;
        outcome.map_err(|reason| self.discreet(mail, reason))
    }

    async fn dialogue(&self, letter: &Composed) -> Result<Receipt, NotMailed> {
        let mut connection = self.connect().await?;
        let outcome = self.hand_over(&mut connection, letter).await;
        // Polite, and of no consequence. The client closes what is broken by itself.
        let _ = timeout(FAREWELL.min(self.timeout), connection.abort()).await;
        outcome
    }

    /// Connects, protects the connection and signs in.
    async fn connect(&self) -> Result<AsyncSmtpConnection, NotMailed> {
        let greeted = self.within(Step::Connect, self.greet());
        let mut connection = greeted.await?;
        let offered = connection.can_starttls();
        let begin = match self.server.encryption {
            Encryption::Required => true,
            Encryption::Opportunistic => offered,
            Encryption::Implicit | Encryption::Plain => false,
        };
        if begin && let Some(tls) = self.tls.clone() {
            if !offered {
                let reason = "the mail server does not offer STARTTLS, and it is required";
                return Err(transient(reason));
            }
            let upgrade = async { Ok(connection.starttls(tls, &self.hello).await?) };
            self.within(Step::StartTls, upgrade).await?;
        }
        if let Some((user, password)) = self.server.credentials.clone() {
            let credentials = Credentials::new(user, password);
            let sign_in = async { Ok(connection.auth(&MECHANISMS, &credentials).await?) };
            self.within(Step::Authenticate, sign_in).await?;
        }
        Ok(connection)
    }

    async fn greet(&self) -> Result<AsyncSmtpConnection, Fault> {
        let address = (self.server.host.as_str(), self.server.port);
        let implicit = self.server.encryption == Encryption::Implicit;
        let connection = if implicit && let Some(tls) = self.tls.clone() {
            let patience = Some(self.timeout);
            AsyncSmtpConnection::connect_tokio1(address, patience, &self.hello, Some(tls), None)
                .await?
        } else {
            let stream = LineByLine::new(TcpStream::connect(address).await?);
            AsyncSmtpConnection::connect_with_transport(Box::new(stream), &self.hello).await?
        };
        Ok(connection)
    }

    /// The transaction of one letter (RFC 5321 §3.3). Step by step, since what a refusal means
    /// depends on the step, and no step may take for ever.
    async fn hand_over(
        &self,
        connection: &mut AsyncSmtpConnection,
        letter: &Composed,
    ) -> Result<Receipt, NotMailed> {
        let sender = MailFrom::new(letter.envelope.from().cloned(), Vec::new());
        let command = async { Ok(connection.command(sender).await?) };
        self.within(Step::Sender, command).await?;
        for recipient in letter.envelope.to() {
            let recipient = Rcpt::new(recipient.clone(), Vec::new());
            let command = async { Ok(connection.command(recipient).await?) };
            self.within(Step::Recipient, command).await?;
        }
        let command = async { Ok(connection.command(Data).await?) };
        self.within(Step::Data, command).await?;
        let text = async { Ok(connection.message(&letter.bytes).await?) };
        let taken = self.within(Step::Text, text).await?;
        Ok(receipt(&taken))
    }

    async fn within<T>(
        &self,
        step: Step,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, NotMailed> {
        match timeout(self.timeout, work).await {
            Ok(outcome) => outcome.map_err(|fault| fault.during(step)),
            Err(_) => Err(transient(&format!(
                "{}: the mail server did not answer within {:?}",
                step.words(),
                self.timeout
            ))),
        }
    }

    /// Servers quote what they refuse; what the operator reads holds no password and no link.
    fn discreet(&self, mail: &Mail, mut refusal: NotMailed) -> NotMailed {
        let mut reason = refusal.reason.replace(char::is_control, " ");
        let secret = secret(&mail.text).map(rollbook_domain::secret::Secret::reveal);
        let password = self.server.credentials.as_ref().map(|(_, it)| it.as_str());
        for hidden in [secret, password].into_iter().flatten() {
            reason = reason.replace(hidden, "…");
        }
        refusal.reason = reason.chars().take(LONGEST_REASON).collect();
        refusal
    }
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SmtpMailer").field(&self.server).finish()
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<(), NotMailed> {
        self.deliver(mail).await.map(drop)
    }
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("{0}")]
    Smtp(#[from] Error),
    #[error("{0}")]
    Network(#[from] std::io::Error),
}

impl Fault {
    fn during(self, step: Step) -> NotMailed {
        let (status, refused) = match &self {
            Self::Smtp(error) => (error.status().map(u16::from), error.is_permanent()),
            Self::Network(_) => (None, false),
        };
        NotMailed {
            permanent: refused && step.is_about_the_letter(),
            status,
            reason: format!("{}: {self}", step.words()),
        }
    }
}

fn receipt(response: &Response) -> Receipt {
    let text: Vec<_> = response.message().collect();
    Receipt {
        status: response.code().into(),
        text: text.join(" ").replace(char::is_control, " "),
    }
}

fn transient(reason: &str) -> NotMailed {
    NotMailed {
        permanent: false,
        status: None,
        reason: reason.to_owned(),
    }
}

/// A letter that cannot be put together is not mended by waiting.
fn unwritten(reason: String) -> NotMailed {
    NotMailed {
        permanent: true,
        status: None,
        reason,
    }
}

fn trust(host: &str, authorities: Option<&[u8]>) -> Result<TlsParameters, String> {
    let mut builder = TlsParametersBuilder::new(host.to_owned());
    if let Some(pem) = authorities {
        let certificates = Certificate::from_pem(pem).map_err(|error| error.to_string())?;
        builder = builder.add_root_certificate(certificates);
    }
    builder.build().map_err(|error| error.to_string())
}

/// What we call ourselves: the public host, if it has a name.
fn hello(public_url: &str) -> ClientId {
    let url = Url::parse(public_url).ok();
    match url.as_ref().and_then(Url::domain) {
        Some(name) if name.contains('.') => ClientId::Domain(name.to_owned()),
        _ => ClientId::default(),
    }
}
