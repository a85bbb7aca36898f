//! Letters over SMTP, to a server that takes them, refuses them, hangs, or plays tricks.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in the functions that tests share"
)]

mod server;

use std::time::Duration;

use mailparse::{MailHeaderMap, parse_mail};
use rollbook_domain::mail::Mail;
use rollbook_domain::port::{Mailer, NotMailed};
use rollbook_domain::value::Language;
use rollbook_mail::{Sender, SmtpMailer, SmtpOptions, Stationery, Writer, sample};

use server::{Reply, Rules, Server};

/// Longer than any answer takes.
const PATIENT: Duration = Duration::from_secs(20);
/// Shorter than for ever.
const HASTY: Duration = Duration::from_millis(200);

const SECRET: &str = "rbk_inv_";

fn writer() -> Writer {
    Writer::new(Stationery {
        from: Sender::parse("Rollbook <no-reply@rollbook.example>").unwrap(),
        reply_to: Some(Sender::parse("help@rollbook.example").unwrap()),
        public_url: "https://rollbook.example/base".to_owned(),
        language: Language::parse("en").unwrap(),
        templates: None,
    })
    .unwrap()
}

fn letter() -> Mail {
    sample("invitation", Some(Language::parse("de").unwrap())).unwrap()
}

fn mailer(server: &Server, url: &str, timeout: Duration) -> SmtpMailer {
    let url = url.replace("HOST", &format!("localhost:{}", server.port));
    let options = SmtpOptions {
        server: rollbook_mail::Server::parse(&url).unwrap(),
        timeout,
        authorities: Some(server.certificate.clone().into_bytes()),
    };
    SmtpMailer::new(options, writer()).unwrap()
}

/// Sends a letter by STARTTLS, signed in.
async fn send(server: &Server) -> Result<(), NotMailed> {
    let mailer = mailer(server, "smtp://me:hunter2@HOST", PATIENT);
    mailer.send(&letter()).await
}

async fn refused(rules: Rules) -> (NotMailed, Server) {
    let server = Server::start(rules).await;
    let refusal = send(&server).await.unwrap_err();
    (refusal, server)
}

fn except(exceptions: &[(&'static str, Reply)]) -> Rules {
    Rules {
        exceptions: exceptions.to_vec(),
        ..Rules::default()
    }
}

#[tokio::test]
async fn a_letter_arrives_as_it_was_written() {
    let server = Server::start(Rules::default()).await;
    send(&server).await.unwrap();
    let plain = ["EHLO", "STARTTLS"].map(|verb| (verb.to_owned(), false));
    let protected =
        ["EHLO", "AUTH", "MAIL", "RCPT", "DATA", "QUIT"].map(|verb| (verb.to_owned(), true));
    assert_eq!(server.verbs(), [&plain[..], &protected[..]].concat());
    let heard = server.heard();
    let said = |line: &str| heard.commands.iter().any(|(it, _)| it == line);
    assert!(said("EHLO rollbook.example") && said("RCPT TO:<joe@acme.example>"));
    assert!(said("MAIL FROM:<no-reply@rollbook.example>"));

    let mail = parse_mail(heard.letters[0].as_bytes()).unwrap();
    let header = |name: &str| mail.headers.get_first_value(name).unwrap_or_default();
    assert_eq!(header("From"), "Rollbook <no-reply@rollbook.example>");
    assert_eq!(header("To"), "\"Joe Miller\" <joe@acme.example>");
    assert_eq!(header("Reply-To"), "help@rollbook.example");
    assert_eq!(header("Subject"), "Jane Smith lädt Sie zu Acme & Sons ein");
    assert_eq!(header("Date"), "Thu, 01 Jan 2026 12:00:00 +0000");
    assert_eq!(
        header("Message-ID"),
        "<01980c5e-0000-7000-8000-000000000009@rollbook.example>"
    );
    assert_eq!(header("Auto-Submitted"), "auto-generated");
    assert_eq!(header("Content-Language"), "de");
    assert!(
        mail.headers
            .iter()
            .all(|it| !it.get_key().starts_with("List-"))
    );

    assert_eq!(mail.ctype.mimetype, "multipart/alternative");
    let [text, html] = &mail.subparts[..] else {
        panic!("a text and HTML");
    };
    assert_eq!(
        (text.ctype.mimetype.as_str(), text.ctype.charset.as_str()),
        ("text/plain", "utf-8")
    );
    assert_eq!(html.ctype.mimetype, "text/html");
    let link = format!("https://rollbook.example/base/invitations/{SECRET}");
    for part in [text, html] {
        let body = part.get_body().unwrap();
        assert!(
            body.contains(&link) && body.contains("für joe@acme.example"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn what_the_server_said_is_told() {
    let server = Server::start(Rules::default()).await;
    let mailer = mailer(&server, "smtp://HOST", PATIENT);
    let receipt = mailer.deliver(&letter()).await.unwrap();
    assert_eq!(
        (receipt.status, receipt.text.as_str()),
        (250, "2.0.0 queued as 42")
    );
    assert!(!server.verbs().iter().any(|(verb, _)| verb == "AUTH"));
}

#[tokio::test]
async fn tls_from_the_beginning() {
    let rules = Rules {
        implicit: true,
        ..Rules::default()
    };
    let server = Server::start(rules).await;
    let mailer = mailer(&server, "smtps://me:hunter2@HOST", PATIENT);
    mailer.send(&letter()).await.unwrap();
    assert!(server.heard().commands.iter().all(|(_, tls)| *tls));
}

#[tokio::test]
async fn what_is_refused_for_good_is_not_tried_again() {
    for (at, answer, status) in [
        ("RCPT", "550 5.1.1 nobody of that name", 550),
        ("DATA", "554 5.7.1 not today", 554),
        (".", "554 5.6.0 bad words", 554),
    ] {
        let (refusal, _) = refused(except(&[(at, Reply::Say(answer))])).await;
        assert_eq!(
            (refusal.permanent, refusal.status),
            (true, Some(status)),
            "{refusal:?}"
        );
        assert!(refusal.reason.contains(&answer[4..]), "{refusal:?}");
    }
}

/// What is wrong with us, or with the server, is no fault of the letter's.
#[tokio::test]
async fn what_the_operator_can_mend_is_tried_again() {
    for (at, answer, status) in [
        ("EHLO", "554 5.3.2 no service", 554),
        ("STARTTLS", "554 5.7.0 no certificate", 554),
        ("AUTH", "535 5.7.8 wrong password", 535),
        ("MAIL", "550 5.7.1 not from you", 550),
        ("MAIL", "421 4.3.2 shutting down", 421),
        ("RCPT", "452 4.2.2 mailbox full", 452),
    ] {
        let (refusal, _) = refused(except(&[(at, Reply::Say(answer))])).await;
        assert_eq!(
            (refusal.permanent, refusal.status),
            (false, Some(status)),
            "{refusal:?}"
        );
    }
}

#[tokio::test]
async fn a_greylisting_server_takes_it_later() {
    let rules = except(&[
        ("RCPT", Reply::Say("451 4.7.1 greylisted, try again later")),
        ("RCPT", Reply::Say("250 2.1.5 welcome back")),
    ]);
    let server = Server::start(rules).await;
    let refusal = send(&server).await.unwrap_err();
    assert_eq!((refusal.permanent, refusal.status), (false, Some(451)));
    assert!(server.heard().letters.is_empty());
    send(&server).await.unwrap();
    assert_eq!(server.heard().letters.len(), 1);
}

#[tokio::test]
async fn a_server_that_hangs_is_left() {
    let silent = Rules {
        greeting: Reply::Hang,
        ..Rules::default()
    };
    let at = |command| except(&[(command, Reply::Hang)]);
    for rules in [
        silent,
        at("EHLO"),
        at("STARTTLS"),
        at("AUTH"),
        at("MAIL"),
        at("RCPT"),
        at("DATA"),
        at("."),
    ] {
        let server = Server::start(rules).await;
        let mailer = mailer(&server, "smtp://me:hunter2@HOST", HASTY);
        let refusal = mailer.send(&letter()).await.unwrap_err();
        assert_eq!(
            (refusal.permanent, refusal.status),
            (false, None),
            "{refusal:?}"
        );
        assert!(
            refusal.reason.contains("did not answer within"),
            "{refusal:?}"
        );
    }
}

/// A letter that was taken is not sent twice because the server was slow to say goodbye, and what
/// was refused stays refused.
#[tokio::test]
async fn nothing_hangs_on_a_goodbye() {
    for goodbye in [Reply::Hang, Reply::Close, Reply::Say("500 no")] {
        let server = Server::start(except(&[("QUIT", goodbye.clone())])).await;
        mailer(&server, "smtp://HOST", PATIENT)
            .send(&letter())
            .await
            .unwrap();
        let no = Reply::Say("550 5.1.1 nobody");
        let server = Server::start(except(&[("RCPT", no), ("QUIT", goodbye)])).await;
        let refusal = send(&server).await.unwrap_err();
        assert_eq!(refusal.status, Some(550), "{refusal:?}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_is_tried_again() {
    let gone = Rules {
        greeting: Reply::Close,
        ..Rules::default()
    };
    let at = |command| except(&[(command, Reply::Close)]);
    for rules in [
        gone,
        at("EHLO"),
        at("AUTH"),
        at("RCPT"),
        at("DATA"),
        at("."),
    ] {
        let (refusal, _) = refused(rules).await;
        assert_eq!(
            (refusal.permanent, refusal.status),
            (false, None),
            "{refusal:?}"
        );
    }
}

#[tokio::test]
async fn nobody_there_is_tried_again() {
    let server = Server::start(Rules::default()).await;
    let free = tokio::net::TcpListener::bind("localhost:0").await.unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let absent = Server { port, ..server };
    let refusal = send(&absent).await.unwrap_err();
    assert_eq!(
        (refusal.permanent, refusal.status),
        (false, None),
        "{refusal:?}"
    );
}

#[tokio::test]
async fn a_server_that_knows_only_login() {
    let rules = Rules {
        extensions: &["AUTH LOGIN"],
        exceptions: vec![
            ("AUTH LOGIN", Reply::Say("334 VXNlcm5hbWU6")),
            ("bWU=", Reply::Say("334 UGFzc3dvcmQ6")),
            ("aHVudGVyMg==", Reply::Say("235 2.7.0 welcome")),
        ],
        ..Rules::default()
    };
    let server = Server::start(rules).await;
    send(&server).await.unwrap();
}

#[tokio::test]
async fn a_server_that_wants_no_password_gets_none() {
    let rules = Rules {
        extensions: &["8BITMIME"],
        ..Rules::default()
    };
    let (refusal, server) = refused(rules).await;
    assert!(
        !refusal.permanent && refusal.reason.contains("authentication"),
        "{refusal:?}"
    );
    assert!(!server.verbs().iter().any(|(verb, _)| verb == "AUTH"));
}

#[tokio::test]
async fn without_starttls_nothing_is_said_in_clear() {
    let rules = Rules {
        starttls: false,
        ..Rules::default()
    };
    let (refusal, server) = refused(rules).await;
    assert!(
        !refusal.permanent && refusal.reason.contains("STARTTLS"),
        "{refusal:?}"
    );
    let verbs: Vec<_> = server.verbs().into_iter().map(|(verb, _)| verb).collect();
    assert!(
        verbs
            .iter()
            .all(|verb| ["EHLO", "QUIT"].contains(&verb.as_str())),
        "{verbs:?}"
    );
}

#[tokio::test]
async fn encryption_is_given_up_only_if_the_operator_says_so() {
    let rules = || Rules {
        starttls: false,
        ..Rules::default()
    };
    for url in ["smtp://HOST?tls=opportunistic", "smtp://HOST?tls=none"] {
        let server = Server::start(rules()).await;
        mailer(&server, url, PATIENT).send(&letter()).await.unwrap();
        assert_eq!(server.heard().letters.len(), 1);
    }
    let server = Server::start(Rules::default()).await;
    let mailer = mailer(&server, "smtp://HOST?tls=opportunistic", PATIENT);
    mailer.send(&letter()).await.unwrap();
    assert!(server.verbs().contains(&("RCPT".to_owned(), true)));
}

#[tokio::test]
async fn a_stranger_s_certificate_is_not_trusted() {
    let (server, other) = (
        Server::start(Rules::default()).await,
        Server::start(Rules::default()).await,
    );
    let impostor = Server {
        certificate: other.certificate.clone(),
        ..server
    };
    let refusal = send(&impostor).await.unwrap_err();
    assert!(
        !refusal.permanent && refusal.reason.contains("certificate"),
        "{refusal:?}"
    );
    assert!(impostor.verbs().iter().all(|(verb, _)| verb != "MAIL"));
}

/// <https://nostarttls.secvuln.info>: what is sent before TLS counted as said within it.
#[tokio::test]
async fn what_is_slipped_in_before_tls_ends_it() {
    let rules = Rules {
        injected: "250-evil.example\r\n250 AUTH PLAIN\r\n235 yes\r\n",
        ..Rules::default()
    };
    let (refusal, server) = refused(rules).await;
    assert!(!refusal.permanent, "{refusal:?}");
    assert!(server.verbs().iter().all(|(_, tls)| !tls));
    assert!(server.heard().letters.is_empty());
}

/// What the operator reads holds neither the password nor a link that works.
#[tokio::test]
async fn a_server_that_quotes_us_gives_nothing_away() {
    let (refusal, _) = refused(except(&[(
        "AUTH",
        Reply::Say("535 5.7.8 hunter2 is wrong"),
    )]))
    .await;
    assert!(!refusal.reason.contains("hunter2") && refusal.reason.contains("… is wrong"));
    let (refusal, _) = refused(except(&[(".", Reply::Quote("554 5.7.1 a bad link in:"))])).await;
    assert_eq!(refusal.status, Some(554));
    assert!(refusal.reason.contains("a bad link in:"), "{refusal:?}");
    assert!(!refusal.reason.contains(SECRET), "{refusal:?}");
    assert!(refusal.reason.chars().count() <= 500);
}

#[tokio::test]
async fn a_mailer_shows_no_password() {
    let server = Server::start(Rules::default()).await;
    let shown = format!("{:?}", mailer(&server, "smtp://me:hunter2@HOST", PATIENT));
    assert!(
        shown.contains("me:***@") && !shown.contains("hunter2"),
        "{shown}"
    );
}
