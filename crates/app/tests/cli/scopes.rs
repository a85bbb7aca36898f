//! What a client was not allowed it does not do, whatever the dialect and whoever its user is.

use rollbook_web::operation::{Operation, Policy, Table};
use rollbook_web::{native, oauth, zenml};

use crate::isolation::{self, person};
use crate::support::{Installation, Server, on_both};
use crate::zenml as neighbours;

on_both! {
    /// An owner and a superuser among the users: what they may does not matter.
    fn who_may_know_the_user_reaches_nothing_else(installation: &Installation) {
        let server = installation.serve();
        let jane = person(installation, "jane");
        let place = isolation::Place::furnish(&server, installation, &jane);
        let before = place.everything(&server, &jane);
        for user in [jane.as_str(), server.token()] {
            let who = allowed(installation, &server, user, "openid");
            for operation in for_callers(native::OPERATIONS) {
                let refused = place.call(&server, operation, &who);
                assert!(
                    refused.status == 403 && refused.body.contains("INSUFFICIENT_SCOPE"),
                    "{}: {} {}", operation.id, refused.status, refused.body
                );
            }
            for operation in for_callers(oauth::OPERATIONS) {
                let told = place.call(&server, operation, &who);
                assert_eq!(told.status, 200, "{}: {}", operation.id, told.body);
                assert!(!told.body.contains("@example.com"), "{}", told.body);
            }
        }
        assert_eq!(place.everything(&server, &jane), before);
    }

    fn who_may_look_changes_nothing(installation: &Installation) {
        let server = installation.serve();
        let jane = person(installation, "jane");
        let place = isolation::Place::furnish(&server, installation, &jane);
        let before = place.everything(&server, &jane);
        let look = allowed(installation, &server, &jane, "rollbook:read");
        assert_eq!(place.everything(&server, &look), before, "and sees all of it");
        for user in [jane.as_str(), server.token()] {
            let look = allowed(installation, &server, user, "rollbook:read");
            for operation in for_callers(native::OPERATIONS).filter(|it| changes(it)) {
                let refused = place.call(&server, operation, &look);
                assert!(
                    refused.status == 403 && refused.body.contains("INSUFFICIENT_SCOPE"),
                    "{}: {} {}", operation.id, refused.status, refused.body
                );
            }
        }
        assert_eq!(place.everything(&server, &jane), before);
    }

    /// The same in the ZenML dialect, which says of no refusal that it was for a scope.
    fn the_neighbours_keep_to_scopes(installation: &Installation) {
        let server = installation.serve();
        let jane = person(installation, "jane");
        let place = neighbours::Place::furnish(&server, installation, &jane);
        let before = place.everything(&server, &jane);
        for user in [jane.as_str(), server.token()] {
            let who = allowed(installation, &server, user, "openid");
            for operation in for_callers(zenml::OPERATIONS) {
                let refused = place.call(&server, operation, &who);
                assert_eq!(refused.status, 403, "{}: {}", operation.id, refused.body);
            }
            let look = allowed(installation, &server, user, "rollbook:read");
            for operation in for_callers(zenml::OPERATIONS).filter(|it| changes(it)) {
                let refused = place.call(&server, operation, &look);
                assert_eq!(refused.status, 403, "{}: {}", operation.id, refused.body);
            }
        }
        assert_eq!(place.everything(&server, &jane), before);
    }
}

/// The operations of a dialect that ask who calls.
fn for_callers(table: Table) -> impl Iterator<Item = &'static Operation> {
    let all = table.iter().copied().flatten();
    all.filter(|it| it.policy != Policy::Public)
}

fn changes(operation: &Operation) -> bool {
    match operation.policy {
        Policy::Public => false,
        Policy::Caller(action) => !action.is_reading(),
    }
}

/// The access token of a new client that whoever has this token lets in for these scopes, as a
/// device does.
#[track_caller]
fn allowed(installation: &Installation, server: &Server, token: &str, scopes: &str) -> String {
    let create = [
        "client",
        "create",
        "--name",
        "TV",
        "--public",
        "--grant",
        "device_code",
    ];
    let made = installation.run(&[&create[..], &["--scope", scopes]].concat());
    let made = made.success().out;
    let id = made.trim();
    let send = |path: &str, cookie: &str, form: &str| {
        let answer = server.browse(path, cookie, Some(form));
        assert!(answer.status < 400, "{path}: {}", answer.body);
        answer
    };
    let client = format!("client_id={id}");
    let begun = send("/oauth2/device_authorization", "", &client);
    let signed_in = send("/sign-in", "", &format!("token={token}"));
    let cookie = signed_in.header("set-cookie").unwrap();
    let cookie = cookie.split(';').next().unwrap();
    let code = begun.field("user_code");
    let yes = format!("user_code={code}&decision=allow");
    send("/oauth2/device", cookie, &yes);
    let device = begun.field("device_code");
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let asked = format!("{client}&grant_type={grant}&device_code={device}");
    let issued = send("/oauth2/token", "", &asked);
    issued.field("access_token").to_owned()
}
