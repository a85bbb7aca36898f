//! Defaults < file < environment < flags, and nothing that is not known.

use std::fs;

use crate::support::{Installation, Ran};

fn config(installation: &Installation, variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let mut command = installation.rollbook();
    command.arg("config").args(arguments);
    command.envs(variables.iter().copied());
    Ran::from(command.output().unwrap())
}

#[test]
fn each_source_covers_the_one_below_it() {
    let installation = Installation::sqlite();
    let listen = |variables: &[(&str, &str)], arguments: &[&str]| {
        let out = config(&installation, variables, arguments).success().out;
        let line = out.lines().find(|line| line.starts_with("listen = "));
        line.unwrap().to_owned()
    };
    assert_eq!(listen(&[], &[]), "listen = \"127.0.0.1:8080\" # default");
    fs::write(
        installation.directory.path().join("rollbook.toml"),
        "[server]\nlisten = \"127.0.0.1:1\"\n",
    )
    .unwrap();
    assert_eq!(listen(&[], &[]), "listen = \"127.0.0.1:1\" # rollbook.toml");
    fs::write(
        installation.directory.path().join("other.toml"),
        "server.listen = \"127.0.0.1:2\"\n",
    )
    .unwrap();
    assert_eq!(
        listen(&[], &["--config", "other.toml"]),
        "listen = \"127.0.0.1:2\" # other.toml"
    );
    assert_eq!(
        listen(&[("ROLLBOOK_CONFIG", "other.toml")], &[]),
        "listen = \"127.0.0.1:2\" # other.toml"
    );
    let variable = [("ROLLBOOK_LISTEN", "127.0.0.1:3")];
    assert_eq!(
        listen(&variable, &["--config", "other.toml"]),
        "listen = \"127.0.0.1:3\" # ROLLBOOK_LISTEN"
    );
    assert_eq!(
        listen(&variable, &["--listen", "127.0.0.1:4"]),
        "listen = \"127.0.0.1:4\" # --listen"
    );
}

#[test]
fn passwords_are_masked() {
    let url = "postgres://me:hunter2@db.example/rollbook?sslmode=prefer";
    let out = config(&Installation::sqlite(), &[], &["--database", url])
        .success()
        .out;
    assert!(
        out.contains("postgres://me:***@db.example/rollbook"),
        "{out}"
    );
    assert!(!out.contains("hunter2"), "{out}");
}

#[test]
fn unknown_keys_and_bad_values_are_refused() {
    let installation = Installation::sqlite();
    let file = installation.directory.path().join("rollbook.toml");
    for (text, parts) in [
        (
            "[server]\nworkerz = 1",
            ["server.workerz", "did you mean server.workers?"],
        ),
        (
            "[server]\nworkers = 0",
            [
                "server.workers = \"0\" (from rollbook.toml)",
                "from 1 to 512",
            ],
        ),
        ("[server\n", ["rollbook.toml is not valid TOML", ""]),
    ] {
        fs::write(&file, text).unwrap();
        // Whatever the command: nothing happens before the settings are right.
        for command in ["config", "serve", "migrate"] {
            let complaint = installation.run(&[command]).failure(1);
            for part in parts {
                assert!(complaint.contains(part), "{complaint}");
            }
        }
    }
    fs::remove_file(&file).unwrap();
    let complaint = config(&installation, &[("ROLLBOOK_LISTENN", "x")], &[]).failure(1);
    assert!(
        complaint.contains("did you mean ROLLBOOK_LISTEN?"),
        "{complaint}"
    );
    let complaint = config(&installation, &[], &["--config", "none.toml"]).failure(1);
    assert!(complaint.contains("none.toml"), "{complaint}");
    assert!(!installation.directory.path().join("test.db").exists());
}
