//! Values that are parsed once, at the edge, and are right from then on. Fields are private; what
//! must be unique or searched regardless of case carries a folded key beside the text as typed.

mod email;
mod key;
mod language;
mod link;
mod links;
mod logo;
mod metadata;
mod name;
mod slug;
mod time_zone;

pub use email::{DomainName, Email};
pub use key::RoleKey;
pub use language::Language;
pub use link::Url;
pub use links::Links;
pub use logo::{Logo, LogoImage};
pub use metadata::Metadata;
pub use name::{
    ClientName, Description, DisplayName, IconName, OrganizationName, RoleTitle, TokenName,
    WorkspaceTitle,
};
pub use slug::Slug;
pub use time_zone::TimeZone;

use unicode_normalization::UnicodeNormalization;

/// Why a text is not the value it was meant to be: a sentence for the person who typed it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub String);

impl Malformed {
    /// The same, as the domain's error for a field.
    #[must_use]
    pub fn in_field(self, field: &'static str) -> crate::Error {
        crate::Error::invalid(field, self.0)
    }
}

fn malformed<T>(reason: impl Into<String>) -> Result<T, Malformed> {
    Err(Malformed(reason.into()))
}

/// The key under which texts are equal that people take for the same: compatibility-normalized
/// (NFKC, Unicode TR 15), lower case, and normalized again since lowering may undo it.
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfkc()
        .collect::<String>()
        .to_lowercase()
        .nfkc()
        .collect()
}

/// Trims, composes (NFC) and checks the length in characters and the absence of control
/// characters, which a name shown in a list or a mail must not hold.
fn plain_text(text: &str, what: &str, least: usize, most: usize) -> Result<String, Malformed> {
    let text: String = text.trim().nfc().collect();
    let length = text.chars().count();
    if length < least {
        return malformed(format!("{what} must not be empty"));
    }
    if length > most {
        return malformed(format!("{what} must have at most {most} characters"));
    }
    if text.chars().any(is_unprintable) {
        return malformed(format!("{what} must not contain control characters"));
    }
    Ok(text)
}

/// Controls, and the invisible marks that reorder a line or hide in it.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,40}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }

    #[test]
    fn case_and_width_fold_away() {
        assert_eq!(fold("ＰＨＬ"), "phl");
        assert_eq!(fold("Straße É"), "straße é");
    }
}
