use super::{UpdateProfile, check_address, write};
use crate::access::{self, Caller, Used};
use crate::audit::{self, Act, Author, Chain, Change, Deed, Target};
use crate::id::UserId;
use crate::policy::Action;
use crate::port::Tx;
use crate::time::Timestamp;
use crate::user::User;
use crate::{Error, Result};

pub(super) fn update(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    meant: Option<UserId>,
    command: &UpdateProfile,
) -> Result<Used<User>> {
    let action = Action::ManageSelf;
    let authentication = access::enter_platform_locked(tx, caller, now, action)?;
    if meant.is_some_and(|id| id != authentication.user.id) {
        // The same whether there is such a user or not.
        return Err(Error::Denied {
            action,
            visible: true,
        });
    }
    let before = authentication.user.clone();
    before.version.expect(command.seen)?;
    let mut user = before.clone();
    if let Some(name) = &command.display_name {
        user.display_name = name.clone();
    }
    if let Some(email) = &command.email {
        check_address(email)?;
        // Another spelling is the same address, and stays verified.
        if *email != user.email {
            // Whoever reads the mail that goes there gets at a password.
            authentication.in_person(action)?;
            user.email_verified_at = None;
            // What was mailed to the old one says nothing any more, even if it comes back.
            tx.verifications().remove(user.id)?;
            tx.password_resets().remove(user.id)?;
        }
        user.email = email.clone();
    }
    let changes = differences(&before, &user);
    if !changes.is_empty() {
        user.touch(now);
        write(tx, &user, before.version)?;
        tx.memberships().refresh(&user)?;
        let author = authentication.author(caller);
        note(tx, &author, now, &user, Act::UserUpdated, changes)?;
    }
    Ok(authentication.used(user))
}

fn differences(before: &User, after: &User) -> Vec<Change> {
    let fields = [
        (
            "display_name",
            before.display_name.as_str(),
            after.display_name.as_str(),
        ),
        ("email", before.email.as_str(), after.email.as_str()),
    ];
    fields
        .into_iter()
        .filter(|(_, old, new)| old != new)
        .map(|(field, old, new)| Change::new(field, Some(old), Some(new)))
        .collect()
}

/// Records in a user's own log what happened to them.
pub(super) fn note(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    user: &User,
    act: Act,
    changes: Vec<Change>,
) -> Result<()> {
    let deed = Deed {
        chain: Chain::User(user.id),
        act,
        target: Target::User(user.id),
        changes,
    };
    audit::record(tx, author, now, &deed)
}
