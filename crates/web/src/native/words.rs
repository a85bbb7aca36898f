//! The words of enumerations as protobuf's JSON mapping spells them: `ROLE_SCOPE_ORGANIZATION`.

/// The word for a key of the domain.
pub(super) fn word(prefix: &str, key: &str) -> String {
    format!("{prefix}{}", key.to_ascii_uppercase())
}

/// The key of the domain that a word may stand for; `None` when the word is empty or unspecified,
/// which to protobuf is the same as absent.
pub(super) fn key(prefix: &str, word: &str) -> Option<String> {
    let rest = word.strip_prefix(prefix).unwrap_or(word);
    let nothing = rest.is_empty() || rest == "UNSPECIFIED";
    (!nothing).then(|| rest.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_a_prefix() {
        assert_eq!(word("TIME_FORMAT_", "12_hour"), "TIME_FORMAT_12_HOUR");
        for (word, expected) in [
            ("TIME_FORMAT_12_HOUR", Some("12_hour")),
            ("12_HOUR", Some("12_hour")),
            ("TIME_FORMAT_UNSPECIFIED", None),
            ("TIME_FORMAT_", None),
            ("", None),
        ] {
            assert_eq!(key("TIME_FORMAT_", word).as_deref(), expected, "{word}");
        }
    }
}
