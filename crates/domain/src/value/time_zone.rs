use super::{Malformed, malformed};

/// The name of a time zone as the IANA database spells them: `Europe/Berlin`, `UTC`,
/// `America/Argentina/Buenos_Aires`. The form is checked, not the existence: the database changes
/// several times a year, and clients have their own copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZone(String);

impl TimeZone {
    /// Parses a name.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let part = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_alphabetic())
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"_+-".contains(&b))
        };
        if text.len() > 64 || !text.split('/').all(part) {
            return malformed("a time zone is a name of the IANA database, such as Europe/Berlin");
        }
        Ok(Self(text.to_owned()))
    }

    /// Takes what a store kept, unchecked: it was parsed before it was written.
    #[must_use]
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_look_like_zones() {
        for text in [
            "UTC",
            "Europe/Berlin",
            "America/Argentina/Buenos_Aires",
            "Etc/GMT+5",
        ] {
            assert_eq!(TimeZone::parse(text).unwrap().as_str(), text);
        }
        for text in [
            "",
            "Europe/",
            "/Berlin",
            "../etc/passwd",
            "Europe Berlin",
            "+01:00",
        ] {
            assert!(TimeZone::parse(text).is_err(), "{text}");
        }
    }
}
