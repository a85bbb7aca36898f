//! The templates, compiled in. What is put into them is escaped.

use std::sync::LazyLock;

use minijinja::{Environment, Value, context};
use rollbook_domain::time::Timestamp;
use rollbook_domain::user::User;

use crate::dialect::Fault;

/// Name and text of each. A name in `.html` turns escaping on.
const TEMPLATES: [(&str, &str); 15] = [
    ("account.html", include_str!("templates/account.html")),
    (
        "authorization.html",
        include_str!("templates/authorization.html"),
    ),
    ("base.html", include_str!("templates/base.html")),
    ("device.html", include_str!("templates/device.html")),
    (
        "forgot_password.html",
        include_str!("templates/forgot_password.html"),
    ),
    ("go_on.html", include_str!("templates/go_on.html")),
    (
        "reset_password.html",
        include_str!("templates/reset_password.html"),
    ),
    ("invitation.html", include_str!("templates/invitation.html")),
    (
        "invitation_member.html",
        include_str!("templates/invitation_member.html"),
    ),
    (
        "invitation_over.html",
        include_str!("templates/invitation_over.html"),
    ),
    ("refused.html", include_str!("templates/refused.html")),
    ("sign_in.html", include_str!("templates/sign_in.html")),
    (
        "verification.html",
        include_str!("templates/verification.html"),
    ),
    ("stranded.html", include_str!("templates/stranded.html")),
    ("wishes.html", include_str!("templates/wishes.html")),
];

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    for (name, text) in TEMPLATES {
        // A test excludes it.
        if let Err(error) = environment.add_template(name, text) {
            tracing::error!(name, %error, "a template cannot be read");
        }
    }
    environment
});

/// Renders a template.
pub(super) fn render(name: &str, values: Value) -> Result<String, Fault> {
    let template = ENVIRONMENT.get_template(name);
    let html = template.and_then(|template| template.render(values));
    html.map_err(|error| Fault::Defect(error.into()))
}

/// Who looks, for the head of a page.
pub(super) fn reader(reader: Option<&User>) -> Value {
    reader.map_or(Value::from(()), |user| {
        context! {
            name => user.display_name.as_str(),
            email => user.email.as_str(),
        }
    })
}

/// A moment for people, to the minute, and for machines.
pub(super) fn moment(at: Timestamp) -> Value {
    let machine = at.to_rfc3339();
    let human = machine.get(..16).unwrap_or(&machine).replace('T', " ");
    context! { human => format!("{human} UTC"), machine }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_can_be_read() {
        for (name, _) in TEMPLATES {
            assert!(ENVIRONMENT.get_template(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn moments_are_read_by_people() {
        let at = Timestamp::parse_rfc3339("2026-11-22T23:59:59.999Z").unwrap();
        assert_eq!(
            moment(at).get_attr("human").unwrap().as_str(),
            Some("2026-11-22 23:59 UTC")
        );
    }
}
