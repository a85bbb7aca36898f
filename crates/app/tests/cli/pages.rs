//! The pages, as people meet them: an invitation, a session, a verified address.

use crate::support::{Answer, Installation, Server, on_both};

on_both! {
    /// Joe is invited, opens the link, signs up and is a member; nobody showed him a token.
    fn who_is_invited_signs_up_with_a_browser(installation: &Installation) {
        let server = installation.serve_idle();
        let token = server.token().to_owned();
        let acme = found(&server, &token, "<script>alert(1)</script>");
        let link = invite(installation, &server, &token, &acme);
        let members = || server.get(&format!("{acme}/users"), &token).body;
        let before = members();

        // Mail scanners open links, some of them again and again.
        for _ in 0..100 {
            let page = server.browse(&link, "", None);
            assert_eq!(page.status, 200, "{}", page.body);
            assert!(page.body.contains("&lt;script&gt;alert(1)"), "{}", page.body);
            assert!(!page.body.contains("<script"), "{}", page.body);
            assert!(page.header("set-cookie").is_none());
        }
        assert_eq!(members(), before);

        let path = format!("{link}/sign-up");
        let signed_up = server.browse(&path, "", Some("display_name=Joe"));
        let cookie = led_to(&signed_up, &link);
        assert!(!signed_up.body.contains("rbk_"), "{}", signed_up.body);
        let page = server.browse(&link, &cookie, None);
        assert_eq!(page.status, 200, "{}", page.body);
        assert!(page.body.contains("Signed in as <bdi>Joe</bdi>"), "{}", page.body);
        assert!(members().contains("joe@example.com"), "{}", members());
        // The link is used up, for whoever else has it.
        assert_eq!(server.browse(&link, "", None).status, 410);
        // The cookie opens no API, and the API's token no page.
        let secret = cookie.split_once('=').unwrap().1;
        assert_eq!(server.get("/api/v1/me", secret).status, 401);
        let page = server.browse("/sign-in", &format!("rollbook_session={token}"), None);
        assert!(page.body.contains("You are not signed in"), "{}", page.body);

        led_to(&server.browse("/sign-out", &cookie, Some("")), "/sign-in");
        let page = server.browse("/sign-in", &cookie, None);
        assert!(page.body.contains("You are not signed in"), "{}", page.body);
        let log = server.stop().err;
        assert!(!log.contains("rbk_"), "{log}");
    }

    fn who_has_an_account_signs_in_and_answers(installation: &Installation) {
        let server = installation.serve_idle();
        let token = server.token().to_owned();
        let acme = found(&server, &token, "Acme");
        person(installation, "joe");
        let link = invite(installation, &server, &token, &acme);
        let page = server.browse(&link, "", None);
        assert!(page.body.contains("There is an account for joe@example.com"), "{}", page.body);

        // As somebody else, first.
        let cookie = sign_in(&server, &token, &link);
        let page = server.browse(&link, &cookie, None);
        assert!(page.body.contains("this invitation is for"), "{}", page.body);
        let accept = format!("{link}/accept");
        led_to(&server.browse(&accept, &cookie, Some("")), &link);
        assert_eq!(server.browse(&link, &cookie, None).status, 200, "nothing happened");

        let issue = ["token", "create", "--user", "joe@example.com", "--name", "laptop"];
        let joes = installation.run(&issue).success().out.trim().to_owned();
        let cookie = sign_in(&server, &joes, &link);
        led_to(&server.browse(&accept, &cookie, Some("")), &link);
        let page = server.browse(&link, &cookie, None);
        assert!(page.body.contains("Welcome to <bdi>Acme</bdi>"), "{}", page.body);
        assert_eq!(server.get(&acme, &joes).status, 200);
    }

    fn an_address_is_verified_by_its_user(installation: &Installation) {
        let server = installation.serve_idle();
        let joes = person(installation, "joe");
        let ask = |verb: &str, body: &str| {
            server.request("POST", &format!("/api/v1/me:{verb}"), &joes, body)
        };
        let moved = server.request("PATCH", "/api/v1/me", &joes, r#"{"email":"joe@acme.example"}"#);
        assert!(moved.body.contains("\"email_verified\":false"), "{}", moved.body);
        assert_eq!(ask("sendEmailVerification", "{}").status, 200);
        let link = format!("/verify-email/{}", installation.mailed());

        let page = server.browse(&link, "", None);
        assert!(page.body.contains("Sign in as <bdi>joe</bdi>"), "{}", page.body);
        assert_eq!(server.browse(&link, "", Some("")).status, 403);
        let cookie = sign_in(&server, &joes, &link);
        led_to(&server.browse(&link, &cookie, Some("")), &link);
        let page = server.browse(&link, &cookie, None);
        assert!(page.body.contains("Your address is verified"), "{}", page.body);
        let me = server.get("/api/v1/me", &joes);
        assert!(me.body.contains("\"email_verified\":true"), "{}", me.body);

        // The same by the API.
        server.request("PATCH", "/api/v1/me", &joes, r#"{"email":"joe@acme.test"}"#);
        assert_eq!(ask("sendEmailVerification", "{}").status, 200);
        let body = format!(r#"{{"secret":"{}"}}"#, installation.mailed());
        let verified = ask("verifyEmail", &body);
        assert!(verified.body.contains("\"email_verified\":true"), "{}", verified.body);
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

/// Signs in with a token, to go on at a link; answers the cookie.
#[track_caller]
fn sign_in(server: &Server, token: &str, link: &str) -> String {
    let form = format!("token={token}&return={link}");
    led_to(&server.browse("/sign-in", "", Some(&form)), link)
}

/// Founds an organization; answers its path.
fn found(server: &Server, token: &str, title: &str) -> String {
    let body = format!(r#"{{"title":"{title}"}}"#);
    let made = server.request("POST", "/api/v1/organizations", token, &body);
    assert_eq!(made.status, 200, "{}", made.body);
    format!("/api/v1/{}", made.field("name"))
}

/// Invites joe; answers the link that he is mailed.
fn invite(installation: &Installation, server: &Server, token: &str, acme: &str) -> String {
    let body = r#"{"email":"joe@example.com"}"#;
    let sent = server.request("POST", &format!("{acme}/invitations"), token, body);
    assert_eq!(sent.status, 200, "{}", sent.body);
    format!("/invitations/{}", installation.mailed())
}

/// Makes a person; answers a token of theirs.
fn person(installation: &Installation, name: &str) -> String {
    let email = format!("{name}@example.com");
    let create = ["user", "create", "--email", &email, "--name", name];
    installation.run(&create).success();
    let issue = ["token", "create", "--user", &email, "--name", "test"];
    installation.run(&issue).success().out.trim().to_owned()
}
