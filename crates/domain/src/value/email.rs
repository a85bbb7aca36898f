use std::fmt;

use super::{Malformed, malformed};

/// The longest address SMTP can carry (RFC 5321 §4.5.3.1.3, less the angle brackets).
const EMAIL_MAX: usize = 254;
/// The longest local part (RFC 5321 §4.5.3.1.1).
const LOCAL_MAX: usize = 64;
/// The longest domain name in text (RFC 1035 §2.3.4).
const DOMAIN_MAX: usize = 253;
/// More labels than any mail domain needs; keeps wildcards and look-ups bounded.
const LABELS_MAX: usize = 10;

/// An e-mail address: a dot-atom local part in ASCII (RFC 5322 §3.2.3) and a domain name.
/// Internationalized local parts and quoted strings are refused: they are where look-alike
/// addresses hide (GHSA-7rqj-j65f-68wh).
#[derive(Clone, Debug)]
pub struct Email {
    text: String,
    /// The folded address, unless it is the text itself, as it mostly is.
    key: Option<String>,
}

impl Email {
    /// Parses an address; spaces around it are dropped.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let text = text.trim();
        let Some((local, domain)) = text.rsplit_once('@') else {
            return malformed("an e-mail address has an '@'");
        };
        if !is_dot_atom(local) {
            return malformed(
                "the part before '@' must be letters, digits, dots and !#$%&'*+-/=?^_`{|}~",
            );
        }
        let domain = DomainName::parse(domain)?;
        let key = format!("{}@{}", local.to_ascii_lowercase(), domain.as_str());
        if key.len() > EMAIL_MAX {
            return malformed(format!(
                "an e-mail address has at most {EMAIL_MAX} characters"
            ));
        }
        Ok(Self {
            text: text.to_owned(),
            key: (key != text).then_some(key),
        })
    }

    /// Takes what a store kept, unchecked: it was parsed before it was written.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        // Without stopping early, which lets the compiler look at many bytes at a time.
        let folded = text.bytes().fold(true, |so_far, b| {
            so_far & b.is_ascii() & !b.is_ascii_uppercase()
        });
        let key = if folded {
            None
        } else {
            Self::parse(&text).ok().and_then(|email| email.key)
        };
        Self { text, key }
    }

    /// The address as it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The folded address, by which users are unique: lower case, domain in ASCII.
    #[must_use]
    pub fn key(&self) -> &str {
        self.key.as_ref().unwrap_or(&self.text)
    }

    /// The domain of the address, folded.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.key().rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

/// Two spellings of one address are the same address.
impl PartialEq for Email {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Email {}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn is_dot_atom(local: &str) -> bool {
    !local.is_empty()
        && local.len() <= LOCAL_MAX
        && local.split('.').all(|atom| {
            !atom.is_empty()
                && atom
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
        })
}

/// A DNS domain name of at least two labels, in lower-case ASCII (IDNA, UTS 46).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DomainName(String);

impl DomainName {
    /// Parses a name, in Unicode or ASCII; one trailing dot is dropped.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let text = text.trim();
        let text = text.strip_suffix('.').unwrap_or(text);
        let Ok(ascii) = idna::domain_to_ascii_strict(text) else {
            return malformed("the domain is not a valid domain name");
        };
        let labels = ascii.split('.').count();
        let numeric_top = ascii
            .rsplit('.')
            .next()
            .is_none_or(|top| top.bytes().all(|b| b.is_ascii_digit()));
        if ascii.len() > DOMAIN_MAX || !(2..=LABELS_MAX).contains(&labels) || numeric_top {
            return malformed("the domain must be a full domain name, such as example.com");
        }
        Ok(Self(ascii))
    }

    /// Takes what a store kept, unchecked: it was parsed before it was written.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The name in lower-case ASCII.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spelling_does_not_make_another_address() {
        let typed = Email::parse(" Jane.Smith@Acme.COM ").unwrap();
        assert_eq!(typed.as_str(), "Jane.Smith@Acme.COM");
        assert_eq!(typed.key(), "jane.smith@acme.com");
        assert_eq!(typed, Email::parse("jane.smith@acme.com").unwrap());
        assert_eq!(
            Email::parse("a@bücher.example").unwrap().domain(),
            "xn--bcher-kva.example"
        );
    }

    /// GHSA-7rqj-j65f-68wh: an address is checked in the form in which it is used.
    #[test]
    fn look_alikes_are_refused() {
        for text in [
            "",
            "@",
            "a@",
            "@b.example",
            "a@b",
            "a b@c.example",
            "a..b@c.example",
            ".a@c.example",
            "admin＠acme.example",
            "a@evil.example＠acme.example",
            "ａ@acme.example",
            "\"a\"@acme.example",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a@b@c.example",
            "a@-b.example",
            "a@b_c.example",
            "a\0@b.example",
            "a@b.example\nBcc: x@y.example",
        ] {
            assert!(Email::parse(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_keys_are_stable(text in "\\PC{0,80}") {
            if let Ok(email) = Email::parse(&text) {
                let again = Email::parse(email.key()).unwrap();
                prop_assert_eq!(again.key(), email.key());
                prop_assert!(email.key().is_ascii());
                let stored = Email::from_stored(email.as_str().to_owned());
                prop_assert_eq!(stored.key(), email.key());
            }
        }

        #[test]
        fn case_never_matters(local in "[a-zA-Z0-9]{1,10}", domain in "[a-zA-Z]{1,10}\\.[a-zA-Z]{2,5}") {
            let text = format!("{local}@{domain}");
            if let Ok(email) = Email::parse(&text) {
                prop_assert_eq!(&email, &Email::parse(&text.to_uppercase()).unwrap());
            }
        }
    }
}
