//! The manual's page about roles and permissions, `docs/permissions.md`, is written out of the same
//! tables that decide (better-auth #9483: an admin could do what the manual denied them).
//!
//! ```sh
//! UPDATE_GOLDEN=1 cargo test -p rollbook-domain --test suite permissions
//! ```

use std::fmt::{self, Write as _};

use rollbook_domain::mock::sample;
use rollbook_domain::policy::{Action, Standing, allow};
use rollbook_domain::role::{Permission, Permissions, Role, WorkspaceRole};
use rollbook_domain::user::User;

use super::policy::{OWNER, assert_golden, name, verdict};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/permissions.md");

const INTRODUCTION: &str = "\
# Roles and permissions

A role permits what is marked in its column. Who has several roles may what one of them permits.
This page is written by a test out of the tables in the code; the test fails when they differ.

Besides, whatever the role:

- nobody gives, or leaves to somebody, a permission that they do not have themselves;
- nobody changes or removes a member who has a permission that they do not have;
- the owner stays a member and an admin, until the ownership is transferred;
- a key of a service account permits no more than whoever made it may at that moment;
- superusers may do everything, everywhere.

";

const OF_ORGANIZATION: &str = "\
## The roles of an organization

An organization can make further roles out of the same permissions.

";

const OF_WORKSPACE: &str = "
## The roles in a workspace

They count in the workspace where somebody has them, beside what the roles of the organization
permit in all workspaces. An organization can make further roles of workspace scope, out of these
permissions only.

";

const NAMED: &str = "
## What no role gives

";

struct Column {
    heading: String,
    granted: Permissions,
}

#[test]
fn the_manuals_tables_are_the_codes() {
    assert_golden(&page().unwrap(), PAGE).unwrap();
}

fn page() -> Result<String, fmt::Error> {
    let column = |title, key, granted| Column {
        heading: format!("{title}<br>`{key}`"),
        granted,
    };
    let roles = Role::ALL.map(|it| column(it.title(), it.public_key(), it.permissions()));
    let places = WorkspaceRole::ALL.map(|it| column(it.title(), it.public_key(), it.permissions()));
    let mut text = INTRODUCTION.to_owned() + OF_ORGANIZATION;
    write_roles(&mut text, &roles, |_| true)?;
    text += OF_WORKSPACE;
    write_roles(&mut text, &places, Permission::is_of_workspace)?;
    text += NAMED;
    write_named(&mut text)?;
    Ok(text)
}

fn write_roles(
    text: &mut String,
    columns: &[Column],
    shown: impl Fn(Permission) -> bool,
) -> fmt::Result {
    let headings: Vec<_> = columns.iter().map(|it| it.heading.clone()).collect();
    write_heading(text, "permission", &headings)?;
    for permission in Permission::ALL.iter().copied().filter(|it| shown(*it)) {
        write!(text, "| `{}` |", permission.key())?;
        for column in columns {
            let mark = if column.granted.has(permission) {
                " yes |"
            } else {
                " |"
            };
            text.push_str(mark);
        }
        text.push('\n');
    }
    Ok(())
}

fn write_named(text: &mut String) -> fmt::Result {
    let cases = named_cases();
    let headings: Vec<_> = cases.iter().map(|(who, _, _)| (*who).to_owned()).collect();
    write_heading(text, "action", &headings)?;
    for action in Action::WITHOUT_PERMISSION {
        write!(text, "| {} |", name(action))?;
        for (_, actor, standing) in &cases {
            let allowed = verdict(&allow(actor, action, *standing)) == "yes";
            text.push_str(if allowed { " yes |" } else { " |" });
        }
        text.push('\n');
    }
    Ok(())
}

fn named_cases() -> [(&'static str, User, Standing); 5] {
    let member = Standing::Member {
        granted: Role::Admin.permissions(),
        owner: false,
    };
    let (ann, robot) = (sample::user("ann"), sample::service_account("robot"));
    [
        ("a person", ann.clone(), Standing::Platform),
        ("a service account", robot, Standing::Platform),
        ("a member, even an admin", ann.clone(), member),
        ("the owner", ann, OWNER),
        ("a superuser", sample::superuser("root"), Standing::Stranger),
    ]
}

fn write_heading(text: &mut String, first: &str, headings: &[String]) -> fmt::Result {
    write!(text, "| {first} |")?;
    for heading in headings {
        write!(text, " {heading} |")?;
    }
    writeln!(text, "\n|---|{}", "---|".repeat(headings.len()))
}
