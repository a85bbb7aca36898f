use super::Naming;
use crate::access::{self, Caller, Used};
use crate::id::OrganizationId;
use crate::policy::Action;
use crate::port::Tx;
use crate::time::Timestamp;
use crate::value::OrganizationName;
use crate::{Refusal, Result};

/// Refuses a name that another live organization bears, where names do not repeat. Nobody else
/// passes with the same name before the end of the transaction.
pub(super) fn check_name(
    tx: &mut dyn Tx,
    naming: Naming,
    name: &OrganizationName,
    bearer: OrganizationId,
) -> Result<()> {
    if naming == Naming::Repeating {
        return Ok(());
    }
    tx.organizations().hold_name(name)?;
    let bearers = tx.organizations().bearers(name, 2)?;
    if bearers.iter().any(|id| *id != bearer) {
        return Err(Refusal::NameTaken(name.as_str().to_owned()).into());
    }
    Ok(())
}

pub(super) fn name_is_free(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    name: &OrganizationName,
) -> Result<Used<bool>> {
    let authentication = access::enter_platform(tx, caller, now, Action::ReadSelf)?;
    let bearers = tx.organizations().bearers(name, 1)?;
    Ok(authentication.used(bearers.is_empty()))
}
