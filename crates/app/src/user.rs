//! `rollbook user`.

use rollbook_domain::service::operator::CreateUser;
use rollbook_domain::service::{Operator, OperatorService};
use rollbook_domain::user::UserKind;
use rollbook_domain::{Error, Refusal};

use crate::cli::CreateUserArgs;
use crate::failure::{Failure, Result};
use crate::house;
use crate::settings::Settings;

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
