//! Letters as files: what every mail has in common, whatever sends it.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in the functions that tests share"
)]

use std::fs;
use std::path::PathBuf;

use mailparse::{MailHeaderMap, ParsedMail, parse_mail};
use rollbook_domain::mail::{Mail, MailText};
use rollbook_domain::port::Mailer;
use rollbook_domain::value::{DisplayName, Email, Language, OrganizationName};
use rollbook_mail::{FileMailer, KEYS, Sender, Stationery, Writer, sample};

fn mailer(directory: PathBuf) -> FileMailer {
    let stationery = Stationery {
        from: Sender::parse("Büro <no-reply@rollbook.example>").unwrap(),
        reply_to: None,
        public_url: "http://127.0.0.1:8080".to_owned(),
        language: Language::parse("en").unwrap(),
        templates: None,
    };
    FileMailer::new(directory, Writer::new(stationery).unwrap())
}

/// Writes the letter and hands what a mail program makes of it to the check.
fn read(mail: &Mail, check: impl FnOnce(&ParsedMail<'_>, &str)) {
    let directory = tempfile::tempdir().unwrap();
    let path = mailer(directory.path().join("mail")).write(mail).unwrap();
    let bytes = fs::read(path).unwrap();
    check(
        &parse_mail(&bytes).unwrap(),
        std::str::from_utf8(&bytes).unwrap(),
    );
}

fn header(mail: &ParsedMail<'_>, name: &str) -> String {
    mail.headers.get_first_value(name).unwrap_or_default()
}

#[test]
fn every_letter_is_a_mail() {
    for key in KEYS {
        for language in ["en", "de"] {
            let language = Language::parse(language).unwrap();
            let letter = sample(key, Some(language)).unwrap();
            read(&letter, |mail, raw| {
                assert_eq!(header(mail, "From"), "Büro <no-reply@rollbook.example>");
                assert_eq!(mail.subparts.len(), 2);
                // RFC 5322 §2.1.1, and 7 bits for those who know no more.
                assert!(raw.lines().all(|line| line.len() <= 998));
                assert!(raw.is_ascii() && !raw.replace("\r\n", "").contains(['\r', '\n']));
            });
        }
    }
}

/// Values are parsed before they come here; if one slips through, it must still not make a header.
#[test]
fn no_name_makes_a_header() {
    let evil = "Acme\r\nBcc: eve@evil.example\r\n\r\nHello \u{1f600}";
    let mut letter = sample("invitation", None).unwrap();
    letter.name = Some(DisplayName::from_stored(evil.to_owned()));
    if let MailText::Invitation {
        organization,
        inviter,
        ..
    } = &mut letter.text
    {
        *organization = OrganizationName::from_stored(evil.to_owned());
        *inviter = Some(DisplayName::from_stored(evil.to_owned()));
    }
    read(&letter, |mail, raw| {
        assert_eq!(mail.headers.get_first_value("Bcc"), None);
        let (headers, _) = raw.split_once("\r\n\r\n").unwrap();
        assert!(
            !headers.to_ascii_lowercase().contains("\nbcc:"),
            "{headers}"
        );
        assert_eq!(mail.headers.get_all_values("To").len(), 1);
        assert!(header(mail, "To").ends_with("<joe@acme.example>"));
        assert_eq!(mail.subparts.len(), 2);
    });
}

/// What a mail library trips over must not end a server.
#[test]
fn odd_names_do_no_harm() {
    let long = "ü".repeat(256);
    for name in [
        "\\",
        "\"",
        "a\"b\\",
        "\u{7f}\u{85}x",
        "=?utf-8?q?x?=",
        "a, b; <c@d.e>",
        ":",
        &long,
    ] {
        let mut letter = sample("password_reset", None).unwrap();
        letter.name = Some(DisplayName::from_stored(name.to_owned()));
        read(&letter, |mail, _| {
            let to = mailparse::addrparse_header(mail.headers.get_first_header("To").unwrap());
            assert_eq!(
                to.unwrap().extract_single_info().unwrap().addr,
                "joe@acme.example"
            );
        });
    }
}

#[test]
fn names_and_subjects_of_all_scripts_are_kept() {
    for name in [
        "Jürgen Müller",
        "山田 太郎",
        "Smith, Jane \"JJ\" <x@y.example>",
        "😀",
    ] {
        let mut letter = sample("ownership_transferred", None).unwrap();
        letter.name = Some(DisplayName::from_stored(name.to_owned()));
        if let MailText::OwnershipTransferred { organization, .. } = &mut letter.text {
            *organization = OrganizationName::from_stored(name.repeat(8));
        }
        read(&letter, |mail, _| {
            let to = mailparse::addrparse_header(mail.headers.get_first_header("To").unwrap());
            let to = to.unwrap().extract_single_info().unwrap();
            assert_eq!(to.display_name.as_deref(), Some(name));
            assert_eq!(to.addr, "joe@acme.example");
            let subject = format!("{} has a new owner", name.repeat(8));
            assert_eq!(header(mail, "Subject"), subject);
        });
    }
}

#[test]
fn a_domain_is_written_in_ascii() {
    let mut letter = sample("password_reset", None).unwrap();
    letter.recipient = Email::parse("Joe@Bücher.example").unwrap();
    read(&letter, |mail, _| {
        assert!(header(mail, "To").ends_with("<Joe@xn--bcher-kva.example>"));
    });
}

#[test]
fn no_letter_is_written_over_another() {
    let directory = tempfile::tempdir().unwrap();
    let mailer = mailer(directory.path().to_owned());
    let letter = sample("invitation", None).unwrap();
    let first = mailer.write(&letter).unwrap();
    fs::write(&first, "kept").unwrap();
    let second = mailer.write(&letter).unwrap();
    assert_ne!(first, second);
    assert_eq!(fs::read_to_string(&first).unwrap(), "kept");
    assert!(first.to_string_lossy().ends_with("-invitation.eml"));
    assert!(second.to_string_lossy().ends_with("-invitation-2.eml"));
}

#[cfg(unix)]
#[test]
fn only_their_owner_reads_letters() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let letter = sample("invitation", None).unwrap();
    let path = mailer(directory.path().to_owned()).write(&letter).unwrap();
    assert_eq!(
        fs::metadata(path).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_to_is_tried_again() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let letter = sample("invitation", None).unwrap();
    let refusal = mailer(file.path().to_owned())
        .send(&letter)
        .await
        .unwrap_err();
    assert!(!refusal.permanent, "{refusal:?}");
}

#[test]
fn senders_have_an_address_and_perhaps_a_name() {
    for text in [
        "Rollbook <a@b.example>",
        "a@b.example",
        "\"Doe, Jane\" <a@b.example>",
        "Büro <a@b.example>",
    ] {
        assert!(Sender::parse(text).is_ok(), "{text}");
    }
    for text in [
        "",
        "Rollbook",
        "a@b",
        "Rollbook <a@b.example",
        "A\r\nBcc: x <a@b.example>",
    ] {
        assert!(Sender::parse(text).is_err(), "{text:?}");
    }
}
