use std::fs;

use rollbook_domain::mail::MailText;
use rollbook_domain::value::OrganizationName;
use tempfile::TempDir;

use super::*;
use crate::sample;

const URL: &str = "https://rollbook.example";

fn language(tag: &str) -> Language {
    Language::parse(tag).unwrap()
}

fn letter(key: &str, tag: Option<&str>) -> Mail {
    sample(key, tag.map(language)).unwrap()
}

fn words(templates: &Templates, mail: &Mail) -> Words {
    templates.words(mail, &language("en"), URL).unwrap()
}

/// A directory with these files.
fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    directory
}

fn own(files: &[(&str, &str)]) -> Result<Templates, BadTemplate> {
    Templates::load(Some(directory(files).path()))
}

#[test]
fn every_letter_has_its_words_in_both_languages() {
    let templates = Templates::load(None).unwrap();
    for tag in ["en", "de"] {
        for key in KEYS {
            let words = words(&templates, &letter(key, Some(tag)));
            assert_eq!(words.language.as_str(), tag);
            assert!(!words.subject.is_empty() && !words.subject.contains('\n'));
            assert!(words.text.contains("Joe Miller"), "{}", words.text);
            assert!(words.html.contains(&format!("<html lang=\"{tag}\">")));
            for text in [&words.subject, &words.text] {
                assert!(!text.contains('{') && !text.contains("none"), "{text}");
            }
            // Nothing is loaded from elsewhere, and nothing leads there.
            let addresses = words.html.matches("http").count();
            assert_eq!(addresses, words.html.matches(URL).count(), "{}", words.html);
        }
    }
}

#[test]
fn the_keys_are_those_of_the_domain() {
    let keys: Vec<_> = sample::samples()
        .iter()
        .take(KEYS.len())
        .map(|mail| mail.text.key())
        .collect();
    assert_eq!(keys, KEYS);
}

#[test]
fn links_lead_to_their_pages() {
    let templates = Templates::load(None).unwrap();
    for (key, page) in [
        ("invitation", "/invitations/rbk_inv_"),
        ("invitation_resent", "/invitations/rbk_inv_"),
        ("email_verification", "/verify-email/rbk_inv_"),
        ("password_reset", "/reset-password/rbk_inv_"),
    ] {
        let words = words(&templates, &letter(key, None));
        for text in [words.text, words.html] {
            assert!(text.contains(&format!("{URL}{page}")), "{text}");
        }
    }
}

#[test]
fn html_is_escaped_and_text_is_not() {
    let templates = Templates::load(None).unwrap();
    let mut mail = letter("invitation", None);
    if let MailText::Invitation { organization, .. } = &mut mail.text {
        *organization = OrganizationName::from_stored("<img src=x> \"& Co\"".to_owned());
    }
    let words = words(&templates, &mail);
    assert!(words.text.contains("<img src=x> \"& Co\""));
    assert!(!words.html.contains("<img"));
    assert!(
        words
            .html
            .contains("&lt;img src=x&gt; &quot;&amp; Co&quot;")
    );
}

#[test]
fn a_subject_is_one_line() {
    let templates = Templates::load(None).unwrap();
    let mut mail = letter("ownership_transferred", None);
    if let MailText::OwnershipTransferred { organization, .. } = &mut mail.text {
        *organization = OrganizationName::from_stored("Acme\r\nBcc: eve@evil.example".to_owned());
    }
    let subject = words(&templates, &mail).subject;
    assert_eq!(subject, "Acme Bcc: eve@evil.example has a new owner");
}

#[test]
fn the_language_is_the_readers_then_the_installations_then_english() {
    let templates = Templates::load(None).unwrap();
    let of = |asked: Option<&str>, default: &str| {
        let mail = letter("invitation", asked);
        let words = templates.words(&mail, &language(default), URL).unwrap();
        words.language.as_str().to_owned()
    };
    assert_eq!(of(Some("de-AT"), "en"), "de");
    assert_eq!(of(Some("fr"), "de-CH"), "de");
    assert_eq!(of(Some("fr"), "it"), "en");
    assert_eq!(of(None, "de"), "de");
    assert_eq!(of(Some("en-GB"), "de"), "en");
}

#[test]
fn the_operators_words_come_first_file_by_file() {
    let templates = own(&[
        ("de-AT/invitation.subject", "Servus von {{ organization }}"),
        ("en/invitation.txt", "Come! {{ link }}"),
        ("fr/password_reset.subject", "Mot de passe"),
        (
            "fr/password_reset.txt",
            "{{ link }} {{ expires }} {{ expires_at }}",
        ),
        ("fr/password_reset.html", "{% extends \"layout.html\" %}"),
        ("layout.html", "<p>Ours {{ public_url }}</p>"),
        (".hidden", ""),
        ("en/invitation.txt~", "{{"),
    ])
    .unwrap();
    let austrian = words(&templates, &letter("invitation", Some("de-AT")));
    assert_eq!(austrian.subject, "Servus von Acme & Sons");
    assert!(austrian.text.starts_with("Guten Tag"));
    assert_eq!(austrian.html, format!("<p>Ours {URL}</p>"));
    let english = words(&templates, &letter("invitation", None));
    assert!(english.text.starts_with("Come! https://"));
    assert!(english.subject.starts_with("Jane Smith invites"));
    let french = words(&templates, &letter("password_reset", Some("fr-CA")));
    assert!(
        french
            .text
            .ends_with("2026-01-31 12:00 UTC 2026-01-31T12:00:00Z")
    );
    let other = words(&templates, &letter("invitation", Some("fr")));
    assert_eq!(other.language.as_str(), "en");
}

#[test]
fn a_broken_template_is_refused_with_file_and_line() {
    for (name, text, line, reason) in [
        ("en/invitation.txt", "Hello\n{{ link", Some(2), "syntax"),
        (
            "en/invitation.txt",
            "Hello\n\n{{ lnik }}",
            Some(3),
            "undefined",
        ),
        (
            "de/invitation.html",
            "{% extends \"nothing.html\" %}",
            Some(1),
            "template",
        ),
        // Only a letter to an organization alone has no workspace.
        (
            "en/invitation.subject",
            "{{ workspace|upper }}{{ workspace.x.y }}",
            Some(1),
            "",
        ),
        ("layout.html", "\n{% block %}", Some(2), "syntax"),
    ] {
        let bad = own(&[(name, text)]).unwrap_err();
        assert!(bad.file.ends_with(name), "{bad}");
        assert_eq!(bad.line, line, "{bad}");
        assert!(bad.reason.contains(reason), "{bad}");
    }
}

#[test]
fn what_is_no_template_is_refused() {
    for (files, name, reason) in [
        (
            &[("en/invitaton.txt", "x")][..],
            "en/invitaton.txt",
            "invitation,",
        ),
        (&[("invitation.txt", "x")], "invitation.txt", "directories"),
        (&[("de_AT/invitation.txt", "x")], "de_AT", "BCP 47"),
        (&[("de-at/invitation.txt", "x")], "de-at", "de-AT"),
        (
            &[("fr/invitation.txt", "x")],
            "fr/invitation.txt",
            "invitation.subject is missing in fr",
        ),
    ] {
        let bad = own(files).unwrap_err();
        assert!(
            bad.file.ends_with(name) && bad.reason.contains(reason),
            "{bad}"
        );
    }
    let gone = Templates::load(Some(Path::new("/nowhere/at/all"))).unwrap_err();
    assert!(gone.reason.contains("cannot be read"), "{gone}");
}
