//! `rollbook token`.

use std::time::Duration;

use rollbook_domain::Error;
use rollbook_domain::error::Kind;
use rollbook_domain::service::token::IssueToken;
use rollbook_domain::service::{Operator, OperatorService};
use rollbook_domain::time::{Span, Timestamp};

use crate::cli::CreateTokenArgs;
use crate::failure::{Failure, Result};
use crate::house;
use crate::settings::Settings;

/// Issues a personal access token and prints it, and nothing else, on standard output.
pub(crate) fn create(settings: &Settings, args: CreateTokenArgs) -> Result<()> {
    let address = args.user.as_str().to_owned();
    let issued = house::with(settings, async |house| {
        let command = IssueToken {
            name: args.name,
            expires_at: args.expires_in.map(|after| expiry(house.core.now(), after)),
            organization_id: None,
            once: None,
        };
        OperatorService::new(house.core.clone())
            .issue_token(args.user, command)
            .await
            .map_err(|error| match error {
                Error::NotFound(Kind::User) => {
                    Failure::new(format!("there is no user with the address {address}")).hint(
                        format!("make one: rollbook user create --email {address} --name NAME"),
                    )
                }
                other => Failure::of("issue the token", &other),
            })
    })?;
    crate::cli::print_line(issued.secret.reveal())
}

/// The moment `after` from `now`, to the second.
fn expiry(now: Timestamp, after: Duration) -> Timestamp {
    now.plus(Span::seconds(
        u32::try_from(after.as_secs()).unwrap_or(u32::MAX),
    ))
}
