//! The settings that there are. A key that is not here is refused wherever it is found; a test
//! keeps docs/operations.md complete.

/// One setting.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its name: section and key.
    pub(crate) name: &'static str,
    /// What it is when nobody says otherwise, as it would stand in the file.
    pub(crate) default: &'static str,
}

impl Key {
    /// The environment variable that sets it: `server.body_limit` is `ROLLBOOK_SERVER_BODY_LIMIT`.
    pub(crate) fn variable(&self) -> String {
        let name = self.name.replace('.', "_").to_ascii_uppercase();
        format!("{PREFIX}{name}")
    }
}

/// How the names of all our environment variables begin.
pub(crate) const PREFIX: &str = "ROLLBOOK_";
/// The short name of `ROLLBOOK_SERVER_LISTEN`.
pub(crate) const LISTEN_VARIABLE: &str = "ROLLBOOK_LISTEN";
/// Names the configuration file, as `--config` does; no setting, since no file can say it.
pub(crate) const CONFIG_VARIABLE: &str = "ROLLBOOK_CONFIG";

const fn key(name: &'static str, default: &'static str) -> Key {
    Key { name, default }
}

/// All settings, by section.
pub(crate) const KEYS: [Key; 55] = [
    key("database.url", "sqlite:rollbook.db"),
    key("database.connections", "auto"),
    key("database.readers", "auto"),
    key("database.statement_timeout", "10s"),
    key("database.durable", "true"),
    key("database.migrate_at_start", "true"),
    key("server.listen", "127.0.0.1:8080"),
    key("server.public_url", "auto"),
    key("server.trusted_proxies", "none"),
    key("server.workers", "auto"),
    key("server.backlog", "1024"),
    key("server.max_connections", "10000"),
    key("server.body_limit", "256KiB"),
    key("server.header_timeout", "5s"),
    key("server.request_timeout", "30s"),
    key("server.keep_alive", "75s"),
    key("server.disconnect_timeout", "5s"),
    key("server.shutdown_timeout", "30s"),
    key("log.format", "auto"),
    key("log.level", "info,actix_server=warn"),
    key("organizations.trial_days", "14"),
    key("organizations.members", "0"),
    key("organizations.workspaces", "0"),
    key("limits.invitations_per_organization_hour", "200"),
    key("limits.messages_per_recipient_day", "10"),
    key("limits.sign_ins_per_account_hour", "20"),
    key("limits.sign_ins_per_address_hour", "100"),
    key("limits.device_authorizations_per_address_hour", "60"),
    key("passwords.enabled", "true"),
    key("passwords.memory", "19MiB"),
    key("passwords.iterations", "2"),
    key("passwords.parallelism", "1"),
    key("passwords.concurrency", "auto"),
    key("mail.server", "none"),
    key("mail.ca_file", "none"),
    key("mail.from", "none"),
    key("mail.reply_to", "none"),
    key("mail.timeout", "30s"),
    key("mail.language", "en"),
    key("mail.templates", "none"),
    key("mail.directory", "auto"),
    key("domains.resolver", "system"),
    key("outbox.enabled", "true"),
    key("outbox.poll", "500ms"),
    key("outbox.concurrency", "16"),
    key("outbox.keep", "30d"),
    key("webhooks.allow_http", "false"),
    key("webhooks.allow_networks", "none"),
    key("webhooks.timeout", "15s"),
    key("native.owner_limit", "100"),
    key("pages.after_accept_url", "none"),
    key("zenml.organizations", "1"),
    key("zenml.client_id", "none"),
    key("bootstrap.email", "admin@localhost.localdomain"),
    key("bootstrap.name", "Administrator"),
];

/// The known name nearest to `wrong`, if one is near enough to be meant.
pub(crate) fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|name| (distance(wrong, name), name))
        .min()
        .filter(|(distance, _)| *distance <= 3)
        .map(|(_, name)| name)
}

/// How many characters to add, drop or replace to get from one text to the other (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_settings_share_a_variable() {
        let mut variables: HashSet<_> = KEYS.iter().map(Key::variable).collect();
        assert!(variables.contains("ROLLBOOK_SERVER_BODY_LIMIT"));
        assert!(variables.insert(LISTEN_VARIABLE.to_owned()));
        assert!(variables.insert(CONFIG_VARIABLE.to_owned()));
        assert_eq!(variables.len(), KEYS.len() + 2);
    }

    #[test]
    fn slips_of_the_pen_are_recognized() {
        let names = || KEYS.iter().map(|key| key.name);
        assert_eq!(nearest("server.lisen", names()), Some("server.listen"));
        assert_eq!(nearest("log.levels", names()), Some("log.level"));
        assert_eq!(nearest("smtp.host", names()), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn the_operations_guide_knows_every_setting() {
        let guide = include_str!("../../../../docs/operations.md");
        for key in &KEYS {
            let row = format!("| `{}` | `{}` |", key.name, key.default);
            assert!(guide.contains(&row), "docs/operations.md lacks {row}");
        }
    }
}
