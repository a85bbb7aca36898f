//! The commands that come and go: migrate, user, token, and how they are misused.

use crate::support::{Installation, on_both};

const JANE: [&str; 6] = [
    "user",
    "create",
    "--email",
    "jane@example.com",
    "--name",
    "Jane",
];

on_both! {
    fn migrating_twice_is_migrating_once(installation: &Installation) {
        let first = installation.run(&["migrate"]).success();
        assert!(first.err.contains("applied"), "{first:?}");
        let second = installation.run(&["migrate"]).success();
        assert_eq!(second.err, "The database is up to date.\n");
    }

    fn a_token_is_all_that_is_printed(installation: &Installation) {
        installation.run(&JANE).success();
        for expiry in [&[][..], &["--expires-in", "90d"]] {
            let mut arguments = vec!["token", "create", "--user", "Jane@Example.com", "--name", "laptop"];
            arguments.extend(expiry);
            let out = installation.run(&arguments).success().out;
            let token = out.strip_suffix('\n').unwrap();
            assert!(token.starts_with("rbk_pat_") && token.len() == 57, "{token}");
            assert!(token.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{token}");
        }
    }

    fn an_address_is_taken_once_whatever_its_spelling(installation: &Installation) {
        let id = installation.run(&JANE).success().out;
        assert_eq!(id.trim().len(), 36);
        let again = ["user", "create", "--email", "JANE@example.com", "--name", "Jane"];
        let complaint = installation.run(&again).failure(1);
        assert!(complaint.contains("JANE@example.com already exists"), "{complaint}");
        assert!(complaint.contains("hint: a token for this user"), "{complaint}");
    }

    fn no_token_without_its_user(installation: &Installation) {
        let nobody = ["token", "create", "--user", "nobody@example.com", "--name", "x"];
        let complaint = installation.run(&nobody).failure(1);
        assert!(complaint.contains("no user with the address nobody@example.com"), "{complaint}");
        assert!(complaint.contains("rollbook user create --email nobody@example.com"), "{complaint}");
    }

    fn nothing_is_done_on_an_old_schema_when_migrating_is_forbidden(installation: &Installation) {
        let run = |arguments: &[&str]| {
            let mut command = installation.rollbook();
            command.env("ROLLBOOK_DATABASE_MIGRATE_AT_START", "false").args(arguments);
            crate::support::Ran::from(command.output().unwrap())
        };
        for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &JANE] {
            let complaint = run(arguments).failure(1);
            assert!(complaint.contains("lacks migrations"), "{complaint}");
            assert!(complaint.contains("rollbook migrate"), "{complaint}");
        }
        run(&["migrate"]).success();
        run(&JANE).success();
    }
}

#[test]
fn misuse_ends_with_2_and_says_how_it_is_done() {
    let installation = Installation::sqlite();
    for (arguments, part) in [
        (&["bogus"][..], "unrecognized subcommand"),
        (
            &["user", "create", "--email", "jane", "--name", "Jane"],
            "an e-mail address has an '@'",
        ),
        (&["user", "create", "--email", "jane@example.com"], "--name"),
        (
            &[
                "token",
                "create",
                "--user",
                "a@b.example",
                "--name",
                "x",
                "--expires-in",
                "90",
            ],
            "such as 500ms, 30s",
        ),
        (
            &["load-sample", "--organizations", "1", "--memberships", "2"],
            "cannot be more than",
        ),
        (&["migrate", "--listen", "127.0.0.1:0"], "--listen"),
        (&["--listen", "127.0.0.1:0", "migrate"], "--listen is for"),
    ] {
        let complaint = installation.run(arguments).failure(2);
        assert!(complaint.contains(part), "{arguments:?}: {complaint}");
    }
    assert!(!installation.directory.path().join("test.db").exists());
}

#[test]
fn help_and_version_are_no_failures() {
    let installation = Installation::sqlite();
    let version = installation.run(&["--version"]).success().out;
    assert_eq!(version, format!("rollbook {}\n", env!("CARGO_PKG_VERSION")));
    for command in [
        &["--help"][..],
        &["serve", "--help"],
        &["load-sample", "--help"],
        &["token", "create", "--help"],
    ] {
        let help = installation.run(command).success().out;
        assert!(help.contains("Example"), "{help}");
    }
}

#[test]
fn a_database_that_cannot_be_opened_is_named_without_its_password() {
    let installation = Installation::sqlite();
    let complaint = installation
        .run(&["migrate", "--database", "sqlite:no/such/place.db"])
        .failure(1);
    assert!(complaint.contains("sqlite:no/such/place.db"), "{complaint}");
    let closed = "postgres://me:hunter2@127.0.0.1:1/rollbook";
    let complaint = installation
        .run(&["migrate", "--database", closed])
        .failure(1);
    assert!(
        complaint.contains("postgres://me:***@127.0.0.1:1/rollbook"),
        "{complaint}"
    );
    assert!(!complaint.contains("hunter2"), "{complaint}");
}
