//! `rollbook user`.

use rollbook_domain::error::Kind;
use rollbook_domain::service::operator::CreateUser;
use rollbook_domain::service::{Operator, OperatorService};
use rollbook_domain::user::UserKind;
use rollbook_domain::{Error, Refusal};

use crate::cli::{CreateUserArgs, ResetLinkArgs};
use crate::failure::{Failure, Result};
use crate::settings::Settings;
use crate::{house, mail};

/// Makes a user and prints the id on standard output.
pub(crate) fn create(settings: &Settings, args: CreateUserArgs) -> Result<()> {
    let address = args.email.as_str().to_owned();
    let command = CreateUser {
        kind: if args.service_account {
            UserKind::ServiceAccount
        } else {
            UserKind::Person
        },
        email: args.email,
        display_name: args.name,
        superuser: args.superuser,
    };
    let user = house::with(settings, async |house| {
        OperatorService::new(house.core.clone())
            .create_user(command)
            .await
            .map_err(|error| match error {
                Error::Refused(Refusal::EmailTaken) => Failure::new(format!(
                    "a user with the address {address} already exists"
                ))
                .hint(format!(
                    "a token for this user: rollbook token create --user {address} --name NAME"
                )),
                other => Failure::of("create the user", &other),
            })
    })?;
    eprintln!("Created {} ({}).", user.email, user.display_name.as_str());
    crate::cli::print_line(&user.id.to_string())
}

/// Prints a link that leads to a new password, and nothing else, on standard output.
pub(crate) fn reset_link(settings: &Settings, args: ResetLinkArgs) -> Result<()> {
    let address = args.email.as_str().to_owned();
    let given = house::with(settings, async |house| {
        OperatorService::new(house.core.clone())
            .reset_password(args.email)
            .await
            .map_err(|error| match error {
                Error::NotFound(Kind::User) => Failure::new(format!(
                    "there is no active person with the address {address}"
                ))
                .hint("programs have no password: rollbook token create gives them a token"),
                Error::Refused(Refusal::PasswordsOff) => {
                    Failure::new("nobody has a password here").hint("set passwords.enabled = true")
                }
                other => Failure::of("make the link", &other),
            })
    })?;
    eprintln!(
        "For {} ({}), until {}.",
        given.user.email,
        given.user.display_name.as_str(),
        given.expires_at.to_rfc3339()
    );
    let base = mail::public_url(settings);
    let secret = given.secret.reveal();
    crate::cli::print_line(&format!("{base}/reset-password/{secret}"))
}
