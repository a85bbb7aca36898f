//! `rollbook config`.

use super::Settings;
use super::keys::KEYS;

/// The effective settings as TOML that can be used as a file, each with where it comes from. The
/// passwords in the URLs of the database and the mail server are masked.
pub(crate) fn print(settings: &Settings) -> String {
    let mut lines = Vec::new();
    let mut section = "";
    for (name, found) in KEYS
        .iter()
        .filter_map(|key| settings.table.get_key_value(key.name))
    {
        let (head, name_there) = name.split_once('.').unwrap_or(("", name));
        if head != section {
            if !section.is_empty() {
                lines.push(String::new());
            }
            lines.push(format!("[{head}]"));
            section = head;
        }
        let value = match *name {
            "database.url" => toml(&settings.database.url.masked()),
            "mail.server" => match &settings.mail.server {
                Some(server) => toml(&server.masked()),
                None => toml(&found.text),
            },
            _ => toml(&found.text),
        };
        lines.push(format!("{name_there} = {value} # {}", found.origin));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// A number or a boolean bare, anything else as a basic string.
fn toml(text: &str) -> String {
    if text.parse::<u64>().is_ok() || text.parse::<bool>().is_ok() {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.extend(format!("\\u{:04X}", u32::from(c)).chars()),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Flags;

    #[test]
    fn strings_are_quoted_and_numbers_are_not() {
        assert_eq!(toml("10000"), "10000");
        assert_eq!(toml("true"), "true");
        assert_eq!(toml("a\"b\\c\n"), "\"a\\\"b\\\\c\\u000A\"");
    }

    #[test]
    fn what_is_printed_can_be_read_again() {
        let settings = Settings::load(&Flags::default(), std::iter::empty()).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), print(&settings)).unwrap();
        let flags = Flags {
            config: Some(file.path().to_owned()),
            ..Flags::default()
        };
        let again = Settings::load(&flags, std::iter::empty()).unwrap();
        let bare = |text: String| -> Vec<String> {
            text.lines()
                .map(|line| line.split(" # ").next().unwrap_or_default().to_owned())
                .collect()
        };
        assert_eq!(bare(print(&settings)), bare(print(&again)));
    }
}
