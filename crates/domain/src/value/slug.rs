use std::fmt;

use unicode_normalization::UnicodeNormalization;

use super::{Malformed, malformed};

/// The longest slug: one DNS label (RFC 1035 §2.3.4).
const SLUG_MAX: usize = 63;
/// The longest stem of a generated slug, so that a number always fits behind it.
const STEM_MAX: usize = 50;

/// Words that a slug may not be, since they mean something in addresses.
const RESERVED: [&str; 34] = [
    "about",
    "account",
    "admin",
    "api",
    "app",
    "assets",
    "auth",
    "billing",
    "blog",
    "console",
    "dashboard",
    "docs",
    "health",
    "help",
    "home",
    "internal",
    "invitations",
    "invite",
    "login",
    "logout",
    "mail",
    "me",
    "metrics",
    "new",
    "null",
    "oauth",
    "oauth2",
    "openapi",
    "root",
    "settings",
    "static",
    "status",
    "support",
    "www",
];

/// A short name for addresses: `[a-z0-9-]`, 1 to 63 characters, no hyphen at the ends. It is
/// folded to lower case, so `PHL` and `phl` are one slug, and unique among live organizations.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Slug(String);

impl Slug {
    /// Parses a slug; capitals become small letters.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let text = text.trim().to_ascii_lowercase();
        let allowed = text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if text.is_empty() || text.len() > SLUG_MAX || !allowed {
            return malformed(format!(
                "a slug has 1 to {SLUG_MAX} characters of a-z, 0-9 and '-'"
            ));
        }
        if text.starts_with('-') || text.ends_with('-') {
            return malformed("a slug does not start or end with '-'");
        }
        if RESERVED.contains(&text.as_str()) {
            return malformed(format!("the slug '{text}' is reserved; choose another"));
        }
        Ok(Self(text))
    }

    /// Takes what a store kept, unchecked: it was parsed before it was written.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The slugs to try for an organization of this name, best first: the bare one, then numbered.
    pub fn candidates(name: &str) -> impl Iterator<Item = Self> {
        let stem = stem(name);
        let bare = (!RESERVED.contains(&stem.as_str())).then(|| Self(stem.clone()));
        bare.into_iter()
            .chain((2..=9).map(move |n| Self(format!("{stem}-{n}"))))
    }

    /// The slug to fall back on when the numbered ones are taken: `distinguisher` is a number that
    /// nobody else has, in practice the random end of the organization's id.
    #[must_use]
    pub fn distinct(name: &str, distinguisher: u64) -> Self {
        Self(format!(
            "{}-{:012x}",
            stem(name),
            distinguisher & 0xffff_ffff_ffff
        ))
    }

    /// The slug as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What of a name can stand in a slug: letters without their marks, digits, the rest as single
/// hyphens; `org` when nothing is left.
fn stem(name: &str) -> String {
    let mut stem = String::new();
    for c in name.nfkd().flat_map(char::to_lowercase) {
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            stem.push(c);
        } else if !stem.ends_with('-') && !stem.is_empty() && !is_mark(c) {
            stem.push('-');
        }
        if stem.len() == STEM_MAX {
            break;
        }
    }
    let stem = stem.trim_end_matches('-');
    if stem.is_empty() {
        "org".to_owned()
    } else {
        stem.to_owned()
    }
}

/// Marks and apostrophes belong to the letter before them and leave no gap.
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c) || matches!(c, '\'' | '’')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn first(name: &str) -> String {
        Slug::candidates(name).next().unwrap().to_string()
    }

    #[test]
    fn names_make_slugs() {
        assert_eq!(first("Acme Corp"), "acme-corp");
        assert_eq!(first("  Ärzte & Söhne, Inc. "), "arzte-sohne-inc");
        assert_eq!(first("Jane's"), "janes");
        assert_eq!(first("株式会社"), "org");
        assert_eq!(first("Admin"), "admin-2");
    }

    /// districtbuilder #583: `PHL` and `phl` were two organizations.
    #[test]
    fn case_does_not_make_another_slug() {
        assert_eq!(Slug::parse("PHL").unwrap(), Slug::parse("phl").unwrap());
    }

    #[test]
    fn slugs_are_labels() {
        let long = "x".repeat(64);
        for text in ["", "-a", "a-", "a b", "ä", "a_b", "api", "API", &long] {
            assert!(Slug::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_generated_slug_is_a_slug(name in "\\PC{0,120}", number: u64) {
            for slug in Slug::candidates(&name).chain([Slug::distinct(&name, number)]) {
                prop_assert_eq!(Slug::parse(slug.as_str()), Ok(slug));
            }
        }
    }
}
