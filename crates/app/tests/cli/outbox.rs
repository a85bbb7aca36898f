//! Looking after the outbox, and the worker who empties it.

use crate::support::{Answer, Installation, Server, on_both};

on_both! {
    fn what_waits_is_listed(installation: &Installation) {
        let server = installation.serve_idle();
        let (acme, globex) = (found(&server, "Acme"), found(&server, "Globex"));
        invite(&server, &acme, "joe@example.com");
        invite(&server, &globex, "sue@example.com");
        drop(server);
        let all = list(installation, &[]);
        let lines: Vec<_> = all.lines().collect();
        assert!(lines.len() == 3 && lines[0].starts_with("ID  "), "{all}");
        assert!(lines[1].ends_with("sue@example.com"), "the latest first: {all}");
        assert!(lines[2].contains("  pending    invitation "), "{all}");
        assert!(!all.contains("rbk_inv_"), "{all}");
        for (arguments, count) in [
            (&["--state", "pending"][..], 2),
            (&["--state", "dead"], 0),
            (&["--kind", "invitation"], 2),
            (&["--kind", "event"], 0),
            (&["--organization", &acme], 1),
            (&["--limit", "1"], 1),
        ] {
            let out = list(installation, arguments);
            assert_eq!(out.lines().count(), count + 1, "{arguments:?}: {out}");
        }
        let json = list(installation, &["--json", "--organization", &acme]);
        let expected = "\"recipient\":\"joe@example.com\"";
        assert!(json.lines().count() == 1 && json.contains(expected), "{json}");
        assert!(!json.contains("rbk_inv_"), "{json}");
        let limited = installation.run(&["outbox", "list", "--limit", "1"]).success();
        assert!(limited.err.contains("There are more"), "{limited:?}");
    }

    fn what_was_given_up_is_sent_again(installation: &Installation) {
        let server = installation.serve_idle();
        let acme = found(&server, "Acme");
        for name in ["joe", "sue", "eve"] {
            invite(&server, &acme, &format!("{name}@example.com"));
        }
        installation.bury();
        let dead = server.get("/api/v1/outboxMessages?filter=state=dead", server.token());
        assert_eq!(dead.body.matches("\"state\":\"DEAD\"").count(), 3, "{}", dead.body);
        let id = dead.field("name").strip_prefix("outboxMessages/").unwrap().to_owned();
        let one = installation.run(&["outbox", "replay", &id]).success();
        assert_eq!(one.out, "1 message is due again\n");
        let rest = installation.run(&["outbox", "replay", "--dead"]).success();
        assert_eq!(rest.out, "2 messages are due again\n");
        let none = installation.run(&["outbox", "replay", "--dead"]).success();
        assert_eq!(none.out, "0 messages are due again\n");
        let waiting = list(installation, &["--state", "pending"]);
        assert_eq!(waiting.lines().count(), 4, "{waiting}");
        // The organization's log tells of it, and is whole.
        let path = format!("/api/v1/organizations/{acme}/auditEntries?filter=act=message.replayed");
        let log = server.get(&path, server.token());
        assert_eq!(log.body.matches("\"act\":\"message.replayed\"").count(), 3, "{}", log.body);
        installation.run(&["audit", "verify"]).success();
        let nowhere = "0199c3a5-8f2e-7c3d-9a4b-5c6d7e8f9a0b";
        let complaint = installation.run(&["outbox", "replay", nowhere]).failure(1);
        assert!(complaint.contains("message not found"), "{complaint}");
    }

    /// What cannot be delivered waits for its next attempt, and the log tells; but not to whom.
    fn the_worker_tries_what_is_due(installation: &Installation) {
        // Nobody listens on port 1.
        let variables = [
            ("ROLLBOOK_OUTBOX_POLL", "20ms"),
            ("ROLLBOOK_MAIL_SERVER", "smtp://127.0.0.1:1?tls=none"),
            ("ROLLBOOK_MAIL_FROM", "no-reply@example.com"),
        ];
        let mut server = start(installation, &variables);
        let acme = found(&server, "Acme");
        invite(&server, &acme, "joe@example.com");
        server.wait_for_log("a message was not delivered; it will be tried again");
        let metrics = server.get("/metrics", "").body;
        for series in [
            "rollbook_outbox_deliveries_total{channel=\"mail\",outcome=\"failed\"} 1",
            "rollbook_outbox_messages{state=\"pending\"} 1",
            "rollbook_outbox_messages{state=\"dead\"} 0",
            "rollbook_outbox_oldest_seconds ",
        ] {
            assert!(metrics.contains(series), "{metrics}");
        }
        let ended = server.stop();
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        for hidden in ["joe@example.com", "rbk_inv_"] {
            assert!(!ended.err.contains(hidden), "{}", ended.err);
        }
        let json = list(installation, &["--json"]);
        assert!(json.contains("\"attempts\":1"), "{json}");
        assert!(json.to_lowercase().contains("connection refused"), "{json}");
    }
}

#[test]
fn misuse_is_told() {
    let installation = Installation::sqlite();
    for (arguments, part) in [
        (
            &["list", "--state", "gone"][..],
            "pending, delivered, canceled, dead",
        ),
        (&["list", "--kind", "letter"], "invitation_resent"),
        (&["replay"], "<ID>"),
        (&["replay", "joe"], "a message's id is a UUID"),
        (
            &["replay", "--dead", "0199c3a5-8f2e-7c3d-9a4b-5c6d7e8f9a0b"],
            "cannot be used with",
        ),
    ] {
        let arguments = [&["outbox"], arguments].concat();
        let complaint = installation.run(&arguments).failure(2);
        assert!(complaint.contains(part), "{arguments:?}: {complaint}");
    }
}

#[test]
fn old_messages_are_forgotten_at_the_start() {
    let installation = Installation::sqlite();
    let server = installation.serve_idle();
    let acme = found(&server, "Acme");
    invite(&server, &acme, "joe@example.com");
    server.stop();
    installation.tamper("UPDATE outbox SET state = 'delivered', secret = NULL, finished_at = 0");
    let mut server = start(&installation, &[("ROLLBOOK_LOG_LEVEL", "debug")]);
    server.wait_for_log("\"messages\":1");
    assert_eq!(list(&installation, &[]).lines().count(), 1);
}

fn start(installation: &Installation, variables: &[(&str, &str)]) -> Server {
    let mut command = installation.rollbook();
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    Server::start({
        command.envs(variables.iter().copied());
        command
    })
}

fn list(installation: &Installation, arguments: &[&str]) -> String {
    let arguments = [&["outbox", "list"], arguments].concat();
    installation.run(&arguments).success().out
}

/// Founds an organization, and answers its id.
fn found(server: &Server, title: &str) -> String {
    let body = format!(r#"{{"title":"{title}"}}"#);
    let made = made(server.request("POST", "/api/v1/organizations", server.token(), &body));
    made.field("name")
        .strip_prefix("organizations/")
        .unwrap()
        .to_owned()
}

fn invite(server: &Server, organization: &str, email: &str) {
    let path = format!("/api/v1/organizations/{organization}/invitations");
    let body = format!(r#"{{"email":"{email}"}}"#);
    made(server.request("POST", &path, server.token(), &body));
}

#[track_caller]
fn made(answer: Answer) -> Answer {
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer
}
