//! `rollbook mail`, and what is checked about letters at start.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use crate::support::{Installation, Ran};

const FROM: (&str, &str) = ("ROLLBOOK_MAIL_FROM", "Acme <no-reply@acme.example>");

fn run(installation: &Installation, variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let mut command = installation.rollbook();
    command.envs(variables.iter().copied()).args(arguments);
    Ran::from(command.output().unwrap())
}

/// A mail server on this machine for one letter; it says this about the recipient. Answers its URL,
/// and at the end what it heard.
fn mail_server(recipient: &'static str) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}?tls=none", listener.local_addr().unwrap());
    let heard = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut say = {
            let mut stream = stream.try_clone().unwrap();
            move |text: &str| stream.write_all(format!("{text}\r\n").as_bytes()).unwrap()
        };
        say("220 mail.example ESMTP");
        let mut heard = Vec::new();
        let mut is_text = false;
        for line in BufReader::new(&mut stream).lines() {
            let line = line.unwrap();
            match line.split(' ').next().unwrap_or_default() {
                "." => {
                    is_text = false;
                    say("250 2.0.0 queued as 42");
                }
                _ if is_text => {}
                "EHLO" => say("250 mail.example"),
                "MAIL" => say("250 2.1.0 fine"),
                "RCPT" => say(recipient),
                "DATA" => {
                    is_text = true;
                    say("354 go on");
                }
                _ => say("221 2.0.0 bye"),
            }
            heard.push(line);
        }
        heard
    });
    (url, heard)
}

#[test]
fn a_letter_can_be_looked_at() {
    let installation = Installation::sqlite();
    let url = (
        "ROLLBOOK_SERVER_PUBLIC_URL",
        "https://rollbook.acme.example/",
    );
    let preview = |arguments: &[&str]| {
        let arguments = [&["mail", "preview"], arguments].concat();
        run(&installation, &[url], &arguments).success().out
    };
    let english = preview(&["invitation"]);
    assert!(english.starts_with("Subject: Jane Smith invites you to Acme & Sons\n\nHello"));
    assert!(english.contains("https://rollbook.acme.example/invitations/rbk_inv_"));
    let german = preview(&["invitation", "--language", "de-at"]);
    assert!(german.contains("Guten Tag Joe Miller"), "{german}");
    let html = preview(&["domain_verification", "--html"]);
    assert!(
        html.starts_with("<!DOCTYPE html>") && html.contains("Acme &amp; Sons"),
        "{html}"
    );
    let complaint = installation
        .run(&["mail", "preview", "invitaton"])
        .failure(2);
    assert!(complaint.contains("invitation_resent"), "{complaint}");
    // Looking at letters needs no database.
    assert!(!installation.directory.path().join("test.db").exists());
}

#[test]
fn a_broken_template_is_found_at_start() {
    let installation = Installation::sqlite();
    let directory = installation.directory.path().join("letters/en");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("invitation.txt"), "Hello\n{{ lnik }}\n").unwrap();
    let templates = ("ROLLBOOK_MAIL_TEMPLATES", "letters");
    for arguments in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["mail", "preview", "invitation"],
    ] {
        let complaint = run(&installation, &[templates], arguments).failure(1);
        assert!(
            complaint.contains("letters/en/invitation.txt, line 2"),
            "{complaint}"
        );
    }
}

#[test]
fn a_test_letter_tells_what_the_server_answered() {
    let installation = Installation::sqlite();
    let (url, heard) = mail_server("250 2.1.5 fine");
    let server = ("ROLLBOOK_MAIL_SERVER", url.as_str());
    let arguments = ["mail", "test", "--to", "you@acme.example"];
    let out = run(&installation, &[server, FROM], &arguments)
        .success()
        .out;
    assert_eq!(
        out,
        "The mail server took the letter to you@acme.example: 250 2.0.0 queued as 42\n"
    );
    let heard = heard.join().unwrap();
    assert!(
        heard.contains(&"RCPT TO:<you@acme.example>".to_owned()),
        "{heard:?}"
    );
    assert!(
        heard.contains(&"From: \"Acme\" <no-reply@acme.example>".to_owned())
            || heard.contains(&"From: Acme <no-reply@acme.example>".to_owned()),
        "{heard:?}"
    );
}

#[test]
fn a_test_letter_that_is_refused_is_a_failure() {
    let installation = Installation::sqlite();
    let (url, heard) = mail_server("550 5.1.1 nobody of that name");
    let server = ("ROLLBOOK_MAIL_SERVER", url.as_str());
    let arguments = ["mail", "test", "--to", "you@acme.example"];
    let complaint = run(&installation, &[server, FROM], &arguments).failure(1);
    assert!(complaint.contains("not taken (550)") && complaint.contains("nobody of that name"));
    heard.join().unwrap();
    let complaint = installation.run(&arguments).failure(1);
    assert!(complaint.contains("no mail server is set"), "{complaint}");
}

#[test]
fn a_mail_server_needs_a_sender_and_shows_no_password() {
    let installation = Installation::sqlite();
    let server = (
        "ROLLBOOK_MAIL_SERVER",
        "smtps://me:hunter2@mail.acme.example",
    );
    let complaint = run(&installation, &[server], &["config"]).failure(1);
    assert!(
        complaint.contains("mail.from") && !complaint.contains("hunter2"),
        "{complaint}"
    );
    let out = run(&installation, &[server, FROM], &["config"])
        .success()
        .out;
    assert!(
        out.contains("server = \"smtps://me:***@mail.acme.example:465\""),
        "{out}"
    );
    assert!(!out.contains("hunter2"), "{out}");
}
