//! The policy's golden matrix: who may do what, readable in `tests/policy_matrix.txt`.
//!
//! After a deliberate change, write the file anew and look at the difference:
//!
//! ```sh
//! UPDATE_GOLDEN=1 cargo test -p rollbook-domain --test suite policy
//! ```

use std::fmt::Write as _;
use std::fs;

use rollbook_domain::mock::sample;
use rollbook_domain::policy::{Action, Standing, allow};
use rollbook_domain::role::{Permission, Role, Roles, WorkspaceRole};
use rollbook_domain::user::User;
use rollbook_domain::{Error, Result};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/policy_matrix.txt");

const HEADING: &str = "\
Who may do what, as rollbook_domain::policy::allow decides it. A test compares.
yes: allowed. no: denied. hidden: denied without telling whether the thing exists.
platform: the action is not about one organization. owner: a member and admin who owns it.
w-: nothing but the role of this name in the workspace that the action is about.
An almighty robot is a service account that is a superuser; that it cannot own is a rule of
creating and handing over, which come after the policy.
";

pub(crate) fn actors() -> [(&'static str, User); 5] {
    let inactive = User {
        active: false,
        ..sample::superuser("inactive")
    };
    let robot = User {
        superuser: true,
        ..sample::service_account("almighty")
    };
    [
        ("a person", sample::user("ann")),
        ("a service account", sample::service_account("robot")),
        ("a superuser", sample::superuser("root")),
        ("an almighty robot", robot),
        ("an inactive superuser", inactive),
    ]
}

fn standings() -> Vec<(String, Standing)> {
    let member = |granted| Standing::Member {
        granted,
        owner: false,
    };
    let mut all = vec![
        ("platform".to_owned(), Standing::Platform),
        ("stranger".to_owned(), Standing::Stranger),
    ];
    all.extend(Role::ALL.map(|role| (role.key().to_owned(), member(role.permissions()))));
    all.push(("owner".to_owned(), OWNER));
    all.extend(WorkspaceRole::ALL.map(|role| {
        let name = format!("w-{}", role.key());
        (name, member(role.permissions()))
    }));
    all
}

/// An admin who owns the organization.
pub(crate) const OWNER: Standing = Standing::Member {
    granted: Role::Admin.permissions(),
    owner: true,
};

/// What the files call an action: those that need a permission by its key.
pub(crate) fn name(action: Action) -> String {
    match action {
        Action::Use(permission) => permission.key().to_owned(),
        named => format!("{named:?}"),
    }
}

pub(crate) fn verdict(outcome: &Result<()>) -> &'static str {
    match outcome {
        Ok(()) => "yes",
        Err(Error::Denied { visible: true, .. }) => "no",
        Err(Error::Denied { visible: false, .. }) => "hidden",
        Err(_) => "error",
    }
}

fn render() -> std::result::Result<String, std::fmt::Error> {
    let mut text = HEADING.to_owned();
    for (who, actor) in actors() {
        write!(text, "\n{who:<26}")?;
        for (standing, _) in standings() {
            write!(text, " {standing:<8}")?;
        }
        for action in Action::all() {
            write!(text, "\n{:<26}", name(action))?;
            for (_, standing) in standings() {
                write!(text, " {:<8}", verdict(&allow(&actor, action, standing)))?;
            }
        }
        text.push('\n');
    }
    let lines = text.lines().map(str::trim_end);
    Ok(lines.collect::<Vec<_>>().join("\n") + "\n")
}

#[expect(
    clippy::disallowed_methods,
    reason = "a switch for whoever runs the tests, not a setting"
)]
fn update_is_wanted() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some()
}

/// Compares a text with what the file says, which `UPDATE_GOLDEN=1` writes anew.
pub(crate) fn assert_golden(rendered: &str, path: &str) -> std::io::Result<()> {
    if update_is_wanted() {
        fs::write(path, rendered)?;
    }
    let golden = fs::read_to_string(path)?;
    assert_eq!(
        rendered,
        golden,
        "the policy and {path} differ; see the top of {}",
        file!()
    );
    Ok(())
}

#[test]
fn the_matrix_is_as_written() {
    assert_golden(&render().unwrap(), GOLDEN).unwrap();
}

/// Several roles permit what one of them permits, and nothing beyond.
#[test]
fn roles_add_up() {
    let person = sample::user("ann");
    for bits in 0..32_usize {
        let held: Vec<Role> = (0..5)
            .filter(|bit| bits >> bit & 1 == 1)
            .map(|bit| Role::ALL[bit])
            .collect();
        let permits = |roles: &[Role], action| {
            let standing = Standing::Member {
                granted: Roles::of(roles).permissions(),
                owner: false,
            };
            allow(&person, action, standing).is_ok()
        };
        for action in Action::all() {
            let by_one = held.iter().any(|role| permits(&[*role], action));
            let to_anyone = permits(&[], action);
            assert_eq!(
                permits(&held, action),
                by_one || to_anyone,
                "{held:?} {action:?}"
            );
        }
    }
}

/// Whoever is told that they may not, and that the thing exists, may at least see it: the
/// organization, or the workspace in which their role is.
#[test]
fn a_visible_denial_tells_nothing_new() {
    let seeing = [Permission::ReadOrganization, Permission::ReadWorkspace].map(Action::Use);
    for (who, actor) in actors().into_iter().filter(|(_, actor)| actor.active) {
        for (standing_name, standing) in standings() {
            for action in Action::all() {
                let denied = verdict(&allow(&actor, action, standing)) == "no";
                let sees = seeing.map(|look| allow(&actor, look, standing).is_ok());
                let about_one = standing != Standing::Platform;
                assert!(
                    !denied || !about_one || sees.contains(&true),
                    "{who} {standing_name} {action:?}"
                );
            }
        }
    }
}
