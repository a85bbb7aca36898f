//! A mail server for one test: it speaks SMTP (RFC 5321) over real sockets, does as it is told, and
//! keeps what it heard.

use std::sync::{Arc, Mutex};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// What the server does with a line.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Answers this.
    Say(&'static str),
    /// Answers this, which holds the line that it heard.
    Quote(&'static str),
    /// Never answers.
    Hang,
    /// Closes the connection.
    Close,
}

/// What was heard on all connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    /// The commands, each with whether it came over TLS.
    pub(crate) commands: Vec<(String, bool)>,
    /// The texts of letters, those that were refused too.
    pub(crate) letters: Vec<String>,
    pub(crate) connections: usize,
}

/// How a server is made. It offers STARTTLS unless it speaks TLS anyway.
pub(crate) struct Rules {
    pub(crate) greeting: Reply,
    /// What it says it can do, beside STARTTLS.
    pub(crate) extensions: &'static [&'static str],
    pub(crate) starttls: bool,
    pub(crate) implicit: bool,
    /// What is sent right behind the answer to STARTTLS, in clear text.
    pub(crate) injected: &'static str,
    /// What to answer in place of the usual, by how the line begins; each is used once, in order,
    /// unless it is the last one for its beginning.
    pub(crate) exceptions: Vec<(&'static str, Reply)>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            greeting: Reply::Say("220 mail.example ESMTP"),
            extensions: &["8BITMIME", "AUTH PLAIN LOGIN"],
            starttls: true,
            implicit: false,
            injected: "",
            exceptions: Vec::new(),
        }
    }
}

pub(crate) struct Server {
    pub(crate) port: u16,
    /// The certificate, PEM.
    pub(crate) certificate: String,
    pub(crate) heard: Arc<Mutex<Heard>>,
}

impl Server {
    pub(crate) async fn start(rules: Rules) -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("localhost:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Heard::default()));
        let all = Arc::clone(&heard);
        let rules = Arc::new(Mutex::new(rules));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                all.lock().unwrap().connections += 1;
                let session = Session {
                    rules: Arc::clone(&rules),
                    heard: Arc::clone(&all),
                    acceptor: acceptor.clone(),
                };
                // A client that hangs up is no failure.
                tokio::spawn(async move { session.welcome(stream).await.ok() });
            }
        });
        Self {
            port,
            certificate: cert.pem(),
            heard,
        }
    }

    pub(crate) fn heard(&self) -> Heard {
        self.heard.lock().unwrap().clone()
    }

    /// The first words of the commands, each with whether it came over TLS.
    pub(crate) fn verbs(&self) -> Vec<(String, bool)> {
        let verb = |(line, tls): (String, bool)| {
            let verb = line.split([' ', ':']).next().unwrap_or_default();
            (verb.to_owned(), tls)
        };
        self.heard().commands.into_iter().map(verb).collect()
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}
type Connection = BufReader<Box<dyn Stream>>;

struct Session {
    rules: Arc<Mutex<Rules>>,
    heard: Arc<Mutex<Heard>>,
    acceptor: TlsAcceptor,
}

impl Session {
    async fn welcome(self, stream: TcpStream) -> std::io::Result<()> {
        let implicit = self.rules.lock().unwrap().implicit;
        let stream: Box<dyn Stream> = if implicit {
            Box::new(self.acceptor.accept(stream).await?)
        } else {
            Box::new(stream)
        };
        let mut connection = BufReader::new(stream);
        let greeting = self.rules.lock().unwrap().greeting.clone();
        if !self.reply(&mut connection, greeting, "").await? {
            return Ok(());
        }
        self.talk(connection, implicit).await
    }

    async fn talk(&self, mut connection: Connection, mut tls: bool) -> std::io::Result<()> {
        let mut line = String::new();
        loop {
            line.clear();
            if connection.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let command = line.trim_end().to_owned();
            self.heard
                .lock()
                .unwrap()
                .commands
                .push((command.clone(), tls));
            let answer = self.answer(&command, tls);
            let goes_on = matches!(&answer, Reply::Say(text) if text.starts_with('3'));
            if !self.reply(&mut connection, answer, &command).await? || command == "QUIT" {
                return Ok(());
            }
            if command == "STARTTLS" {
                let stream = self.acceptor.accept(connection.into_inner()).await?;
                connection = BufReader::new(Box::new(stream));
                tls = true;
            }
            if command == "DATA" && goes_on {
                let letter = letter(&mut connection).await?;
                self.heard.lock().unwrap().letters.push(letter.clone());
                let answer = self.answer(".", tls);
                if !self.reply(&mut connection, answer, &letter).await? {
                    return Ok(());
                }
            }
        }
    }

    fn answer(&self, command: &str, tls: bool) -> Reply {
        let mut rules = self.rules.lock().unwrap();
        let fits: Vec<_> = (0..rules.exceptions.len())
            .filter(|at| command.starts_with(rules.exceptions[*at].0))
            .collect();
        match fits[..] {
            [] => usual(&rules, command, tls),
            [only] => rules.exceptions[only].1.clone(),
            [first, ..] => rules.exceptions.remove(first).1,
        }
    }

    /// Answers whether the conversation goes on.
    async fn reply(
        &self,
        connection: &mut Connection,
        reply: Reply,
        line: &str,
    ) -> std::io::Result<bool> {
        let text = match reply {
            Reply::Say(text) => format!("{text}\r\n"),
            Reply::Quote(text) => {
                // What stands around the link; soft breaks of quoted-printable are undone.
                let line = line.replace("=\r\n", "").replace("\r\n", " ");
                let from = line.find("rbk_inv_").unwrap_or(60).saturating_sub(60);
                let quoted: String = line.chars().skip(from).take(200).collect();
                format!("{text} {quoted}\r\n")
            }
            Reply::Hang => {
                connection.read_to_end(&mut Vec::new()).await?;
                return Ok(false);
            }
            Reply::Close => return Ok(false),
        };
        let injected = match line {
            "STARTTLS" => self.rules.lock().unwrap().injected,
            _ => "",
        };
        connection.write_all((text + injected).as_bytes()).await?;
        connection.flush().await?;
        Ok(true)
    }
}

fn usual(rules: &Rules, command: &str, tls: bool) -> Reply {
    Reply::Say(match command.split([' ', ':']).next().unwrap_or_default() {
        "EHLO" => {
            let mut lines = vec!["250-mail.example".to_owned()];
            lines.extend(rules.extensions.iter().map(|it| format!("250-{it}")));
            lines.extend((rules.starttls && !tls).then(|| "250-STARTTLS".to_owned()));
            lines.push("250 ENHANCEDSTATUSCODES".to_owned());
            lines.join("\r\n").leak()
        }
        "STARTTLS" => "220 2.0.0 go ahead",
        "AUTH" => "235 2.7.0 welcome",
        "MAIL" | "RCPT" => "250 2.1.0 fine",
        "DATA" => "354 go on",
        "." => "250 2.0.0 queued as 42",
        "QUIT" => "221 2.0.0 bye",
        _ => "502 5.5.1 what?",
    })
}

/// Reads up to the line with the dot, and undoes dot-stuffing (RFC 5321 §4.5.2).
async fn letter(connection: &mut Connection) -> std::io::Result<String> {
    let mut letter = String::new();
    loop {
        let mut line = String::new();
        if connection.read_line(&mut line).await? == 0 {
            return Ok(letter);
        }
        if line == ".\r\n" {
            return Ok(letter);
        }
        letter.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
