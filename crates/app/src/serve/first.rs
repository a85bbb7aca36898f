//! The first user of an empty database.

use rollbook_domain::service::Operator;
use rollbook_domain::service::operator::CreateUser;
use rollbook_domain::user::UserKind;
use rollbook_domain::value::TokenName;

use crate::failure::{Failure, Result};
use crate::settings::BootstrapSettings;

const RULE: &str =
    "--------------------------------------------------------------------------------";

/// Makes the first user if there is none, and answers what to print about it, token included; this
/// text never goes to the log.
pub(crate) async fn user(
    operator: &impl Operator,
    settings: &BootstrapSettings,
    base: &str,
) -> Result<Option<String>> {
    let first = CreateUser {
        kind: UserKind::Person,
        email: settings.email.clone(),
        display_name: settings.name.clone(),
        superuser: true,
    };
    let token_name = TokenName::from_stored("first token".to_owned());
    let made = operator
        .bootstrap(first, token_name)
        .await
        .map_err(|error| Failure::of("make the first user", &error))?;
    Ok(made.map(|(user, issued)| welcome(user.email.as_str(), issued.secret.reveal(), base)))
}

fn welcome(email: &str, token: &str, base: &str) -> String {
    format!(
        "{RULE}\n\
         The database was empty. It has a superuser now, {email},\n\
         with this token, which is shown this once:\n\
         \n    export TOKEN={token}\n\
         \n\
         Try it:\n\
         \n    curl -H \"Authorization: Bearer $TOKEN\" {base}/api/v1/me\n\
         {RULE}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_told_once() {
        let text = welcome("a@b.example", "rbk_pat_x", "http://127.0.0.1:1");
        assert_eq!(text.matches("rbk_pat_x").count(), 1);
        assert!(text.contains("a@b.example") && text.contains("http://127.0.0.1:1/api/v1/me"));
    }
}
