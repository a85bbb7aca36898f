use std::fmt;

use super::{Malformed, malformed};

/// The longest tag: what RFC 5646 §4.4.1 recommends to have room for.
const TAG_MAX: usize = 35;
const EXAMPLES: &str = "a language is a BCP 47 tag such as de, pt-BR or zh-Hant";

/// A language, as a BCP 47 tag (RFC 5646 §2.1) in its usual case (§2.1.1): `de`, `pt-BR`,
/// `zh-Hant-TW`. Tags that are for private use alone and grandfathered ones are refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Language(String);

impl Language {
    /// Parses a tag in any case; spaces around it are dropped. Whether its parts are registered is
    /// not checked: registries grow.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let text = text.trim();
        if text.len() > TAG_MAX || !is_well_formed(text) {
            return malformed(EXAMPLES);
        }
        Ok(Self(usual_case(text)))
    }

    /// Takes what a store kept, unchecked: it was parsed before it was written.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag and what it becomes when its last parts are dropped, the most exact first: where a
    /// text in this language is looked for (RFC 4647 §3.4, look-up).
    pub fn ranges(&self) -> impl Iterator<Item = &str> {
        std::iter::successors(Some(self.as_str()), |range| {
            let (shorter, _) = range.rsplit_once('-')?;
            // A single letter introduces what was just dropped.
            match shorter.rsplit_once('-') {
                Some((shorter, introducer)) if introducer.len() == 1 => Some(shorter),
                _ => Some(shorter),
            }
        })
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// RFC 5646 §2.1: `langtag`.
fn is_well_formed(tag: &str) -> bool {
    let mut parts = tag.split('-').peekable();
    let Some(language) = parts.next() else {
        return false;
    };
    if !is_alpha(language) || !(2..=8).contains(&language.len()) {
        return false;
    }
    if language.len() < 4 {
        for _ in 0..3 {
            parts.next_if(|part| part.len() == 3 && is_alpha(part));
        }
    }
    parts.next_if(|part| part.len() == 4 && is_alpha(part));
    parts.next_if(|part| is_region(part));
    while parts.next_if(|part| is_variant(part)).is_some() {}
    has_extensions_only(parts)
}

/// What may follow a variant: a letter or digit, each with at least one part of its own, `x` last.
fn has_extensions_only<'a>(mut parts: std::iter::Peekable<impl Iterator<Item = &'a str>>) -> bool {
    while let Some(introducer) = parts.next() {
        let least = if introducer.eq_ignore_ascii_case("x") {
            1
        } else {
            2
        };
        if introducer.len() != 1 || !is_alphanumeric(introducer) {
            return false;
        }
        let mut any = false;
        while parts
            .next_if(|part| (least..=8).contains(&part.len()) && is_alphanumeric(part))
            .is_some()
        {
            any = true;
        }
        if !any {
            return false;
        }
    }
    true
}

fn is_region(part: &str) -> bool {
    (part.len() == 2 && is_alpha(part))
        || (part.len() == 3 && part.bytes().all(|b| b.is_ascii_digit()))
}

fn is_variant(part: &str) -> bool {
    let starts_with_digit = part.bytes().next().is_some_and(|b| b.is_ascii_digit());
    let lengths = if starts_with_digit { 4..=8 } else { 5..=8 };
    lengths.contains(&part.len()) && is_alphanumeric(part)
}

fn is_alpha(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphabetic())
}

fn is_alphanumeric(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Lower case, but for regions and scripts that stand before the first introducer (RFC 5646
/// §2.1.1).
fn usual_case(tag: &str) -> String {
    let mut introduced = false;
    let mut cased = Vec::new();
    for (place, part) in tag.split('-').enumerate() {
        introduced |= part.len() == 1;
        let part = part.to_ascii_lowercase();
        cased.push(match part.len() {
            _ if introduced || place == 0 => part,
            2 => part.to_ascii_uppercase(),
            4 => part[..1].to_ascii_uppercase() + &part[1..],
            _ => part,
        });
    }
    cased.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tags_get_their_usual_case() {
        for (typed, tag) in [
            ("de", "de"),
            (" DE-at ", "de-AT"),
            ("ZH-HANT-tw", "zh-Hant-TW"),
            ("sl-Rozaj-1994", "sl-rozaj-1994"),
            ("zh-yue-HK", "zh-yue-HK"),
            ("es-419", "es-419"),
            ("en-US-u-CA-Gregory", "en-US-u-ca-gregory"),
            ("de-x-DU", "de-x-du"),
        ] {
            assert_eq!(Language::parse(typed).unwrap().as_str(), tag);
        }
    }

    #[test]
    fn what_is_no_tag_is_refused() {
        for text in [
            "",
            "d",
            "deutschland",
            "de_AT",
            "de-",
            "-de",
            "de--AT",
            "../de",
            "de/at",
            "dé",
            "x-du",
            "i-klingon",
            "de-AT-AT",
            "de-u",
            "de-u-a",
            "de-\n",
            "12",
            "a-very-long-tag-that-goes-on-and-on-x",
        ] {
            assert!(Language::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn ranges_get_shorter() {
        let ranges = |tag: &str| -> Vec<String> {
            let language = Language::parse(tag).unwrap();
            language.ranges().map(str::to_owned).collect()
        };
        assert_eq!(ranges("zh-Hant-TW"), ["zh-Hant-TW", "zh-Hant", "zh"]);
        assert_eq!(ranges("de-x-du"), ["de-x-du", "de"]);
        assert_eq!(ranges("de"), ["de"]);
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_is_stable(text in "[a-zA-Z0-9-]{0,20}|\\PC{0,20}") {
            if let Ok(language) = Language::parse(&text) {
                prop_assert_eq!(Language::parse(language.as_str()), Ok(language.clone()));
                prop_assert_eq!(language.as_str().to_lowercase(), text.trim().to_lowercase());
            }
        }
    }
}
