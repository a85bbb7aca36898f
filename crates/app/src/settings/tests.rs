use rollbook_domain::time::Span;

use super::*;

fn load(pairs: &[(&str, &str)]) -> Result<Settings> {
    let environment = pairs
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Settings::load(&Flags::default(), environment)
}

#[test]
fn the_defaults_are_acceptable() {
    let settings = load(&[]).unwrap();
    assert_eq!(settings.native.owner_limit, Some(100));
    assert_eq!(settings.zenml.organizations, Some(1));
    assert_eq!(settings.zenml.client_id, None);
    assert_eq!(settings.server.body_limit, 256 << 10);
    assert_eq!(settings.domains.resolver, None);
    assert_eq!(
        settings.bootstrap.email.as_str(),
        "admin@localhost.localdomain"
    );
    assert!(settings.database.durable && settings.database.migrate_at_start);
}

#[test]
fn bad_values_are_refused_with_name_origin_and_what_is_allowed() {
    for (variable, value, message) in [
        (
            "ROLLBOOK_SERVER_WORKERS",
            "many",
            "server.workers = \"many\" (from ROLLBOOK_SERVER_WORKERS): must be auto or a number from 1 to 512",
        ),
        (
            "ROLLBOOK_LISTEN",
            "8080",
            "server.listen = \"8080\" (from ROLLBOOK_LISTEN): must be a host and a port",
        ),
        ("ROLLBOOK_LOG_FORMAT", "xml", "must be auto, pretty or json"),
        (
            "ROLLBOOK_DATABASE_STATEMENT_TIMEOUT",
            "0s",
            "more than zero",
        ),
        ("ROLLBOOK_NATIVE_OWNER_LIMIT", "-1", "0 means without limit"),
        (
            "ROLLBOOK_ORGANIZATIONS_MEMBERS",
            "x",
            "0 means without limit",
        ),
        (
            "ROLLBOOK_ORGANIZATIONS_TRIAL_DAYS",
            "4000",
            "0 means no trial",
        ),
        (
            "ROLLBOOK_DOMAINS_RESOLVER",
            "dns.example:53",
            "an IP address and a port",
        ),
        (
            "ROLLBOOK_BOOTSTRAP_EMAIL",
            "admin",
            "must be an e-mail address",
        ),
        (
            "ROLLBOOK_DATABASE_MIGRATE_AT_START",
            "maybe",
            "must be true or false",
        ),
    ] {
        let refusal = load(&[(variable, value)]).unwrap_err().to_string();
        assert!(refusal.contains(message), "{refusal}");
    }
}

#[test]
fn an_outbox_is_emptied_in_earnest() {
    for (variable, value, message) in [
        ("CONCURRENCY", "0", "must be a number from 1 to 256"),
        ("POLL", "0s", "more than zero"),
        ("KEEP", "0d", "at least 1s"),
        ("ENABLED", "maybe", "must be true or false"),
    ] {
        let variable = format!("ROLLBOOK_OUTBOX_{variable}");
        let refusal = load(&[(&variable, value)]).unwrap_err().to_string();
        assert!(refusal.contains(message), "{refusal}");
    }
    let outbox = load(&[]).unwrap().outbox;
    assert_eq!((outbox.enabled, outbox.keep), (true, Span::days(30)));
}

#[test]
fn a_bad_database_url_is_not_repeated() {
    let refusal = load(&[("ROLLBOOK_DATABASE_URL", "mysql://me:secret@host/db")]).unwrap_err();
    let refusal = refusal.to_string();
    assert!(
        refusal.contains("database.url") && !refusal.contains("secret"),
        "{refusal}"
    );
}

/// better-auth #5517: a limit that nobody had set.
#[test]
fn a_new_organization_has_a_trial_and_no_limits_unless_the_operator_sets_some() {
    let fourteen = Some(Span::days(14));
    let terms = load(&[]).unwrap().terms;
    assert_eq!((terms.trial, terms.members.limit()), (fourteen, None));
    assert_eq!(terms.workspaces.limit(), None);
    let terms = load(&[
        ("ROLLBOOK_ORGANIZATIONS_TRIAL_DAYS", "0"),
        ("ROLLBOOK_ORGANIZATIONS_MEMBERS", "5"),
        ("ROLLBOOK_ORGANIZATIONS_WORKSPACES", "3"),
    ])
    .unwrap()
    .terms;
    assert_eq!((terms.trial, terms.members.limit()), (None, Some(5)));
    assert_eq!(terms.workspaces.limit(), Some(3));
}

#[test]
fn passwords_are_hashed_in_earnest() {
    for (variable, value, message) in [
        ("MEMORY", "63KiB", "must be at least 64KiB"),
        ("MEMORY", "2GiB", "at most 1GiB"),
        ("MEMORY", "much", "must be a number of bytes"),
        ("ITERATIONS", "0", "must be a number from 1 to 100"),
        ("PARALLELISM", "9", "must be a number from 1 to 8"),
        ("CONCURRENCY", "0", "must be auto or a number"),
        ("ENABLED", "maybe", "must be true or false"),
    ] {
        let variable = format!("ROLLBOOK_PASSWORDS_{variable}");
        let refusal = load(&[(&variable, value)]).unwrap_err().to_string();
        assert!(refusal.contains(message), "{refusal}");
    }
    // OWASP Password Storage Cheat Sheet.
    let passwords = load(&[]).unwrap().passwords;
    assert_eq!((passwords.memory_kib, passwords.iterations), (19 << 10, 2));
    assert_eq!((passwords.parallelism, passwords.enabled), (1, true));
    assert!(passwords.concurrency >= 1);
}

#[test]
fn zero_messages_mean_no_limit() {
    let limits = load(&[]).unwrap().limits;
    assert_eq!(limits.invitations_per_organization_hour, Some(200));
    assert_eq!(limits.messages_per_recipient_day, Some(10));
    let limits = load(&[
        ("ROLLBOOK_LIMITS_INVITATIONS_PER_ORGANIZATION_HOUR", "0"),
        ("ROLLBOOK_LIMITS_MESSAGES_PER_RECIPIENT_DAY", "3"),
    ])
    .unwrap()
    .limits;
    assert_eq!(limits.invitations_per_organization_hour, None);
    assert_eq!(limits.messages_per_recipient_day, Some(3));
}

#[test]
fn webhooks_go_where_the_operator_allows() {
    let terms = load(&[]).unwrap().webhooks.terms;
    let home = "10.1.2.3".parse().unwrap();
    assert!(!terms.allow_http && !terms.destinations.admit(home));
    let terms = load(&[
        ("ROLLBOOK_WEBHOOKS_ALLOW_HTTP", "true"),
        ("ROLLBOOK_WEBHOOKS_ALLOW_NETWORKS", "10.0.0.0/8, ::1"),
    ])
    .unwrap()
    .webhooks
    .terms;
    assert!(terms.allow_http && terms.destinations.admit(home));
    assert!(terms.destinations.admit("::1".parse().unwrap()));
    assert!(!terms.destinations.admit("127.0.0.1".parse().unwrap()));
    for (variable, value, message) in [
        (
            "ALLOW_NETWORKS",
            "10.0.0.0/8,intranet",
            "'intranet' is no network such as",
        ),
        ("TIMEOUT", "60s", "at most 50s"),
    ] {
        let variable = format!("ROLLBOOK_WEBHOOKS_{variable}");
        let refusal = load(&[(&variable, value)]).unwrap_err().to_string();
        assert!(refusal.contains(message), "{refusal}");
    }
}

#[test]
fn zero_owned_organizations_mean_no_limit() {
    let settings = load(&[
        ("ROLLBOOK_NATIVE_OWNER_LIMIT", "0"),
        ("ROLLBOOK_ZENML_ORGANIZATIONS", "0"),
    ])
    .unwrap();
    assert_eq!(settings.native.owner_limit, None);
    assert_eq!(settings.zenml.organizations, None);
}
