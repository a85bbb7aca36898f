//! OAuth clients at the command line, and what they get of a running server.

use crate::support::{Installation, Server, on_both};

const CALLBACK: &str = "https://console.example/callback";

on_both! {
    fn a_client_is_made_listed_rotated_and_deleted(installation: &Installation) {
        let create = ["client", "create", "--name", "Console", "--redirect-uri", CALLBACK];
        let (id, secret) = lines(&installation.run(&create).success().out);
        assert_eq!((id.len(), secret.len()), (36, 57));
        assert!(secret.starts_with("rbk_ocs_"), "{secret}");
        let public = [&create[..], &["--public", "--grant", "authorization_code", "--scope", "openid"]];
        let public = installation.run(&public.concat()).success().out;
        assert_eq!(public.trim().len(), 36, "it has no secret: {public}");
        let list = installation.run(&["client", "list"]).success().out;
        assert_eq!(list.lines().count(), 2, "{list}");
        assert!(list.contains(&id) && list.contains(CALLBACK) && !list.contains("rbk_"), "{list}");

        let turned = installation.run(&["client", "rotate", &id]).success();
        assert!(turned.out.starts_with("rbk_ocs_") && turned.out.trim() != secret, "{turned:?}");
        assert!(turned.err.contains("another 24 hours"), "{turned:?}");
        let ended = installation.run(&["client", "rotate", &id, "--end-others"]).success();
        assert!(ended.err.contains("do not work any more"), "{ended:?}");
        let complaint = installation.run(&["client", "rotate", public.trim()]).failure(1);
        assert!(complaint.contains("has no secret"), "{complaint}");

        installation.run(&["client", "delete", &id]).success();
        let complaint = installation.run(&["client", "delete", &id]).failure(1);
        assert!(complaint.contains("no such client"), "{complaint}");
        let list = installation.run(&["client", "list"]).success().out;
        assert_eq!(list.lines().count(), 1, "{list}");
    }

    fn what_makes_no_client_is_told(installation: &Installation) {
        let nowhere = "01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59";
        let create = ["client", "create", "--name", "X"];
        for (more, code, expected) in [
            (&[][..], 1, "needs a redirect URI"),
            (&["--redirect-uri", "http://console.example/cb"], 2, "use https://"),
            (&["--grant", "password"], 2, "the grant types are"),
            (&["--scope", "admin"], 2, "the scopes are"),
            (&["--grant", "client_credentials"], 1, "clients of an organization"),
            (
                &["--organization", nowhere, "--redirect-uri", CALLBACK],
                1,
                "there is no organization",
            ),
        ] {
            let complaint = installation.run(&[&create[..], more].concat()).failure(code);
            assert!(complaint.contains(expected), "{more:?}: {complaint}");
        }
    }

    fn a_robot_of_an_organization_acts_in_it(installation: &Installation) {
        let server = installation.serve_idle();
        let token = server.token().to_owned();
        let made = server.request("POST", "/api/v1/organizations", &token, r#"{"title":"Acme"}"#);
        let path = format!("/api/v1/{}", made.field("name"));
        let organization = made.field("name");
        let robot = installation.run(&[
            "client", "create", "--name", "Robot", "--organization", organization,
            "--grant", "client_credentials", "--role", "org-viewer",
        ]);
        let (id, secret) = lines(&robot.success().out);
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret=");
        let ask = |secret: &str| send(&server, "/oauth2/token", &format!("{form}{secret}"));
        let issued = ask(&secret);
        assert_eq!((issued.status, issued.header("cache-control")), (200, Some("no-store")));
        let access = issued.field("access_token").to_owned();
        assert_eq!(server.get(&path, &access).status, 200);
        let changed = server.request("PATCH", &path, &access, r#"{"title":"Globex"}"#);
        assert_eq!(changed.status, 403, "{}", changed.body);
        let accounts = server.get(&format!("{path}/serviceAccounts"), &token);
        assert!(accounts.body.contains("\"Robot\""), "{}", accounts.body);

        installation.run(&["client", "delete", &id]).success();
        assert_eq!(server.get(&path, &access).status, 401);
        let refused = ask(&secret);
        assert_eq!((refused.status, refused.field("error")), (401, "invalid_client"));
        let log = server.stop().err;
        assert!(!log.contains("rbk_"), "{log}");
    }

    fn keys_are_rotated_beside_a_running_server(installation: &Installation) {
        let server = installation.serve_idle();
        let keys = || {
            let answer = server.get("/oauth2/jwks", "none");
            assert_eq!(answer.status, 200, "{}", answer.body);
            answer.body.matches("\"kid\"").count()
        };
        assert_eq!(keys(), 1);
        let id = installation.run(&["keys", "rotate"]).success().out;
        assert!(server.get("/oauth2/jwks", "none").body.contains(id.trim()));
        assert_eq!(keys(), 2, "the old one is shown until what it signed has expired");
    }
}

fn send(server: &Server, path: &str, form: &str) -> crate::support::Answer {
    server.browse(path, "", Some(form))
}

/// The two lines of an output.
fn lines(out: &str) -> (String, String) {
    let mut lines = out.lines().map(str::to_owned);
    (
        lines.next().unwrap_or_default(),
        lines.next().unwrap_or_default(),
    )
}
