//! Passwords, as people meet them: forgotten, set, tried by others, and handed out by the operator.

use crate::support::{Answer, Installation, Server, on_both};

const GOOD: &str = "correct horse battery";
const NEW: &str = "an altogether new one";

on_both! {
    /// Joe has forgotten his password, and so has somebody who has none.
    fn who_forgot_it_is_mailed_a_link(installation: &Installation) {
        let mut server = installation.serve_idle();
        let joes = person(installation, "joe");
        set(&server, &joes, None, GOOD).ok();
        let before = sign_in(&server, "joe@example.com", GOOD).cookie();

        let unknown = forget(&mut server, "nobody@example.com", 1);
        let known = forget(&mut server, "joe@example.com", 2);
        assert_eq!(known.status, 200, "{}", known.body);
        let same = unknown.body.replace("nobody@example.com", "joe@example.com");
        assert_eq!(known.body, same);
        let link = format!("/reset-password/{}", installation.mailed());

        // Mail scanners open links.
        for _ in 0..20 {
            let page = server.browse(&link, "", None);
            assert_eq!(page.status, 200, "{}", page.body);
            assert!(page.body.contains("joe@example.com"), "{}", page.body);
        }
        let weak = server.browse(&link, "", Some("password=joe%40example.com"));
        assert_eq!(weak.status, 422, "{}", weak.body);
        assert!(weak.body.contains("too easy to guess"), "{}", weak.body);
        let form = format!("password={}", form(NEW));
        led_to(&server.browse(&link, "", Some(&form)), "/sign-in");
        assert_eq!(server.browse(&link, "", Some(&form)).status, 404, "it works once");

        assert_eq!(server.browse("/account", &before, None).status, 403);
        assert_eq!(sign_in(&server, "joe@example.com", GOOD).0.status, 403);
        let cookie = sign_in(&server, "Joe@Example.com", NEW).cookie();
        let page = server.browse("/account", &cookie, None);
        assert!(page.body.contains("Change your password"), "{}", page.body);
        assert_eq!(server.get("/api/v1/me", &joes).status, 200, "tokens go on");

        led_to(&server.browse("/account/sign-out-everywhere", &cookie, Some("")), "/sign-in");
        assert_eq!(server.browse("/account", &cookie, None).status, 403);
        let log = server.stop().err;
        for secret in ["rbk_", GOOD, NEW, "argon2", "correct+horse"] {
            assert!(!log.contains(secret), "{log}");
        }
    }

    fn it_is_set_by_the_api_and_by_the_page(installation: &Installation) {
        let server = installation.serve_idle();
        let joes = person(installation, "joe");
        let weak = set(&server, &joes, None, "joe@example.com");
        assert_eq!(weak.0.status, 400, "{}", weak.0.body);
        assert!(weak.0.body.contains("WEAK_PASSWORD"), "{}", weak.0.body);
        set(&server, &joes, None, GOOD).ok();
        for current in [None, Some("wrong horse")] {
            let wrong = set(&server, &joes, current, NEW);
            assert!(wrong.0.body.contains("WRONG_PASSWORD"), "{}", wrong.0.body);
        }
        let (mine, other) = (
            sign_in(&server, "joe@example.com", GOOD).cookie(),
            sign_in(&server, "joe@example.com", GOOD).cookie(),
        );
        let form = format!("current_password={}&new_password={}", form(GOOD), form(NEW));
        led_to(&server.browse("/account/password", &mine, Some(&form)), "/account");
        assert_eq!(server.browse("/account", &mine, None).status, 200);
        assert_eq!(server.browse("/account", &other, None).status, 403);
        let body = format!(r#"{{"current_password":"{NEW}"}}"#);
        let removed = server.request("POST", "/api/v1/me:removePassword", &joes, &body);
        assert_eq!((removed.status, removed.body.as_str()), (200, "{}"));
        assert_eq!(sign_in(&server, "joe@example.com", NEW).0.status, 403);
    }

    /// Pre-account hijacking, the "classic-federated merge": mallory waits in an account with joe's
    /// address; when joe comes, mallory is out.
    fn nobody_waits_in_an_account_for_its_owner(installation: &Installation) {
        let mut server = installation.serve_idle();
        let body = r#"{"email":"joe@example.com","display_name":"Joe"}"#;
        let made = server.request("POST", "/api/v1/users", server.token(), body);
        assert!(made.body.contains("\"email_verified\":false"), "{}", made.body);
        let mallorys = token(installation, "joe");
        set(&server, &mallorys, None, GOOD).ok();
        let cookie = sign_in(&server, "joe@example.com", GOOD).cookie();

        forget(&mut server, "joe@example.com", 1);
        let link = format!("/reset-password/{}", installation.mailed());
        let form = format!("password={}", form(NEW));
        led_to(&server.browse(&link, "", Some(&form)), "/sign-in");

        assert_eq!(server.get("/api/v1/me", &mallorys).status, 401);
        assert_eq!(server.browse("/account", &cookie, None).status, 403);
        assert_eq!(sign_in(&server, "joe@example.com", GOOD).0.status, 403);
        let joes = sign_in(&server, "joe@example.com", NEW).cookie();
        let page = server.browse("/account", &joes, None);
        assert!(!page.body.contains("not verified"), "{}", page.body);
    }

    fn who_is_invited_chooses_one(installation: &Installation) {
        let server = installation.serve_idle();
        let token = server.token().to_owned();
        let made = server.request("POST", "/api/v1/organizations", &token, r#"{"title":"Acme"}"#);
        let path = format!("/api/v1/{}/invitations", made.field("name"));
        let sent = server.request("POST", &path, &token, r#"{"email":"joe@example.com"}"#);
        assert_eq!(sent.status, 200, "{}", sent.body);
        let link = format!("/invitations/{}", installation.mailed());
        let form = format!("display_name=Joe&password={}", form(GOOD));
        led_to(&server.browse(&format!("{link}/sign-up"), "", Some(&form)), &link);
        let cookie = sign_in(&server, "joe@example.com", GOOD).cookie();
        let page = server.browse(&link, &cookie, None);
        assert!(page.body.contains("Welcome to <bdi>Acme</bdi>"), "{}", page.body);
    }

    fn the_operator_hands_out_a_link(installation: &Installation) {
        let server = installation.serve_idle();
        person(installation, "joe");
        let ran = installation.run(&["user", "reset-link", "--email", "joe@example.com"]).success();
        assert!(ran.err.contains("joe@example.com"), "{}", ran.err);
        let link = ran.out.trim();
        let at = link.find("/reset-password/rbk_rst_").expect("a link");
        let form = format!("password={}", form(NEW));
        led_to(&server.browse(&link[at..], "", Some(&form)), "/sign-in");
        sign_in(&server, "joe@example.com", NEW).cookie();
        let complaint = installation
            .run(&["user", "reset-link", "--email", "nobody@example.com"])
            .failure(1);
        assert!(complaint.contains("no active person"), "{complaint}");
    }
}

#[test]
fn too_many_tries_have_to_wait() {
    let installation = Installation::sqlite();
    let server = installation.serve_with(&[("ROLLBOOK_LIMITS_SIGN_INS_PER_ACCOUNT_HOUR", "3")]);
    let joes = person(&installation, "joe");
    set(&server, &joes, None, GOOD).ok();
    for email in ["joe@example.com", "nobody@example.com"] {
        for _ in 0..3 {
            assert_eq!(sign_in(&server, email, "wrong horse").0.status, 403);
        }
        let waits = sign_in(&server, email, GOOD).0;
        assert_eq!(waits.status, 429, "{}", waits.body);
        assert_eq!(waits.header("retry-after"), Some("1200"));
    }
}

#[test]
fn where_passwords_are_off_there_are_none() {
    let installation = Installation::sqlite();
    let off = [("ROLLBOOK_PASSWORDS_ENABLED", "false")];
    let server = installation.serve_with(&off);
    let joes = person(&installation, "joe");
    let refused = set(&server, &joes, None, GOOD).0;
    assert!(refused.body.contains("PASSWORDS_OFF"), "{}", refused.body);
    let page = server.browse("/sign-in", "", None);
    assert!(!page.body.contains("name=\"password\""), "{}", page.body);
    let mut command = installation.rollbook();
    command.args(["user", "reset-link", "--email", "joe@example.com"]);
    let ran = crate::support::Ran::from(command.envs(off).output().unwrap());
    let complaint = ran.failure(1);
    assert!(
        complaint.contains("passwords.enabled = true"),
        "{complaint}"
    );
}

/// What a form led to.
struct Led(Answer);

impl Led {
    /// The session.
    #[track_caller]
    fn cookie(self) -> String {
        led_to(&self.0, "/sign-in")
    }

    #[track_caller]
    fn ok(self) {
        assert_eq!((self.0.status, self.0.body.as_str()), (200, "{}"));
    }
}

/// Asserts that a form led there; answers the cookie that it set, if it did.
#[track_caller]
fn led_to(answer: &Answer, path: &str) -> String {
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(answer.header("location"), Some(path));
    let cookie = answer.header("set-cookie").unwrap_or_default();
    cookie.split(';').next().unwrap().to_owned()
}

fn form(text: &str) -> String {
    text.replace(' ', "+").replace('@', "%40")
}

fn sign_in(server: &Server, email: &str, password: &str) -> Led {
    let form = format!("email={}&password={}", form(email), form(password));
    Led(server.browse("/sign-in", "", Some(&form)))
}

fn set(server: &Server, token: &str, current: Option<&str>, new: &str) -> Led {
    let current = current.map_or("null".to_owned(), |it| format!("\"{it}\""));
    let body = format!(r#"{{"current_password":{current},"new_password":"{new}"}}"#);
    Led(server.request("POST", "/api/v1/me:setPassword", token, &body))
}

/// Asks for a link, and waits until it is done, which is behind the asker's back.
fn forget(server: &mut Server, email: &str, times: usize) -> Answer {
    let form = format!("email={}", form(email));
    let answer = server.browse("/forgot-password", "", Some(&form));
    server.wait_for_logs("somebody asked for a way to a new password", times);
    answer
}

/// Makes a person; answers a token of theirs.
fn person(installation: &Installation, name: &str) -> String {
    let email = format!("{name}@example.com");
    let create = ["user", "create", "--email", &email, "--name", name];
    installation.run(&create).success();
    token(installation, name)
}

fn token(installation: &Installation, name: &str) -> String {
    let email = format!("{name}@example.com");
    let issue = ["token", "create", "--user", &email, "--name", "test"];
    installation.run(&issue).success().out.trim().to_owned()
}
