//! Serving: the first start, the first requests, the end.

use std::net::TcpListener;

use crate::support::{Installation, Server, head, on_both};

on_both! {
    fn the_first_start_makes_a_superuser_and_tells_the_token_once(installation: &Installation) {
        let server = installation.serve();
        let token = server.token().to_owned();
        assert_eq!(server.greeting.matches("rbk_pat_").count(), 1, "{}", server.greeting);
        let me = server.get("/api/v1/me", &token);
        assert_eq!((me.status, me.field("email")), (200, "admin@localhost.localdomain"));
        assert!(me.body.contains("\"superuser\":true"), "{}", me.body);
        let ended = server.stop();
        assert_eq!((ended.code, ended.out.as_str()), (Some(0), ""));
        assert!(ended.err.contains("\"message\":\"started\""), "{}", ended.err);
        assert!(!ended.err.contains("rbk_pat_"), "{}", ended.err);

        let again = installation.serve();
        assert!(!again.greeting.contains("rbk_pat_"), "{}", again.greeting);
        assert_eq!(again.get("/api/v1/me", &token).status, 200);
    }

    fn what_is_made_is_there_after_a_restart(installation: &Installation) {
        let server = installation.serve();
        let token = server.token().to_owned();
        assert_eq!(server.get("/health/ready", "").status, 200);
        let made = server.request("POST", "/api/v1/organizations", &token, r#"{"title":"Acme"}"#);
        assert_eq!(made.status, 200, "{}", made.body);
        let path = format!("/api/v1/{}", made.field("name"));
        assert_eq!(server.stop().code, Some(0));

        let server = installation.serve();
        let found = server.get(&path, &token);
        assert_eq!((found.status, found.field("title")), (200, "Acme"));
    }

    fn a_reader_of_events_goes_on_after_a_restart(installation: &Installation) {
        let server = installation.serve();
        let token = server.token().to_owned();
        let made = server.request("POST", "/api/v1/organizations", &token, r#"{"title":"Acme"}"#);
        let organization = format!("/api/v1/{}", made.field("name"));
        let first = server.get(&format!("{organization}/events"), &token);
        assert!(first.body.contains(r#""type":"organization.created""#), "{}", first.body);
        let place = first.field("next_page_token").to_owned();
        let path = format!("{organization}/events?page_token={place}");
        assert_eq!(server.get(&path, &token).body, format!(r#"{{"events":[],"next_page_token":"{place}"}}"#));
        server.stop();

        let server = installation.serve();
        let renamed = server.request("PATCH", &organization, &token, r#"{"title":"Acme Corp"}"#);
        assert_eq!(renamed.status, 200, "{}", renamed.body);
        let next = server.get(&path, &token);
        assert!(next.body.starts_with(r#"{"events":[{"type":"organization.updated""#), "{}", next.body);
        assert_ne!(next.field("next_page_token"), place);
    }

    fn no_more_is_sent_than_the_settings_say(installation: &Installation) {
        let mut command = installation.rollbook();
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("ROLLBOOK_LIMITS_INVITATIONS_PER_ORGANIZATION_HOUR", "2");
        let server = Server::start(command);
        let token = server.token().to_owned();
        let made = server.request("POST", "/api/v1/organizations", &token, r#"{"title":"Acme"}"#);
        let path = format!("/api/v1/{}/invitations", made.field("name"));
        let statuses = ["one", "two", "three"].map(|name| {
            let body = format!(r#"{{"email":"{name}@example.com"}}"#);
            server.request("POST", &path, &token, &body).status
        });
        assert_eq!(statuses, [200, 200, 429]);
    }

    fn the_end_waits_for_what_was_accepted(installation: &Installation) {
        for signal in ["TERM", "INT"] {
            let mut command = installation.rollbook();
            command
                .args(["serve", "--listen", "127.0.0.1:0"])
                .env("ROLLBOOK_SERVER_WORKERS", "1");
            let mut server = Server::start(command);
            let token = if server.greeting.contains("rbk_pat_") {
                server.token().to_owned()
            } else {
                token(installation)
            };
            let body = format!(r#"{{"title":"At the last moment, {signal}"}}"#);
            let mut connection = server.connect();
            connection.send(&head("POST", "/api/v1/organizations", &token, body.len()));
            connection.send(&body[..5]);
            // There is one worker: when it answers a later request, it knows of this one.
            assert_eq!(server.get("/health/live", "").status, 200);
            server.signal(signal);
            server.wait_for_log("finishing what was accepted");
            connection.send(&body[5..]);
            let made = connection.answer();
            let ended = server.wait();
            assert_eq!(made.status, 200, "{}{}", made.body, ended.err);
            assert_eq!(ended.code, Some(0), "{}", ended.err);
            assert!(ended.err.contains("\"message\":\"stopped\""), "{}", ended.err);

            let server = installation.serve();
            let path = format!("/api/v1/{}", made.field("name"));
            assert_eq!(server.get(&path, &token).status, 200);
        }
    }

    fn the_use_of_a_token_is_noted_at_the_end_at_the_latest(installation: &Installation) {
        let server = installation.serve();
        let token = server.token().to_owned();
        let before = server.get("/api/v1/me/tokens", &token);
        assert!(!before.body.contains("last_use_time"), "{}", before.body);
        server.stop();
        let after = installation.serve().get("/api/v1/me/tokens", &token);
        assert!(after.body.contains("last_use_time"), "{}", after.body);
    }
}

#[test]
fn old_requests_are_forgotten_at_the_start() {
    let installation = Installation::sqlite();
    installation.serve().stop();
    installation.tamper(
        "INSERT INTO requests (user_id, request_key, fingerprint, made, at)
         SELECT id, 'old', zeroblob(32), id, 0 FROM users",
    );
    let mut command = installation.rollbook();
    command
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env("ROLLBOOK_LOG_LEVEL", "debug");
    let mut server = Server::start(command);
    server.wait_for_log("\"requests\":1");
}

fn token(installation: &Installation) -> String {
    let admin = "admin@localhost.localdomain";
    let out = installation
        .run(&["token", "create", "--user", admin, "--name", "x"])
        .success()
        .out;
    out.trim().to_owned()
}

#[test]
fn the_first_user_is_the_one_in_the_settings() {
    let installation = Installation::sqlite();
    let mut command = installation.rollbook();
    command
        .args(["--listen", "127.0.0.1:0"])
        .env("ROLLBOOK_BOOTSTRAP_EMAIL", "root@example.com")
        .env("ROLLBOOK_BOOTSTRAP_NAME", "Root");
    let server = Server::start(command);
    let me = server.get("/api/v1/me", server.token());
    assert_eq!(me.field("email"), "root@example.com");
    assert_eq!(me.field("display_name"), "Root");
}

#[test]
fn a_user_made_before_the_first_start_is_the_first() {
    let installation = Installation::sqlite();
    let jane = [
        "user",
        "create",
        "--email",
        "jane@example.com",
        "--name",
        "Jane",
    ];
    installation.run(&jane).success();
    assert!(!installation.serve().greeting.contains("rbk_pat_"));
}

#[test]
fn an_address_in_use_is_named_with_a_remedy() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let complaint = Installation::sqlite()
        .run(&["serve", "--listen", &address])
        .failure(1);
    assert!(
        complaint.contains(&format!("cannot listen on {address}")),
        "{complaint}"
    );
    assert!(
        complaint.contains("hint: another program listens there"),
        "{complaint}"
    );
}

#[test]
fn what_is_owned_is_limited_as_the_settings_say() {
    let installation = Installation::sqlite();
    let mut command = installation.rollbook();
    command
        .args(["--listen", "127.0.0.1:0"])
        .env("ROLLBOOK_NATIVE_OWNER_LIMIT", "1");
    let server = Server::start(command);
    let found = || {
        server.request(
            "POST",
            "/api/v1/organizations",
            server.token(),
            r#"{"title":"A"}"#,
        )
    };
    assert_eq!(found().status, 200);
    assert_eq!(found().status, 429);
}
