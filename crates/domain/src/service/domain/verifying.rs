use super::{find, note, write};
use crate::access::{self, Caller, Used};
use crate::audit::Act;
use crate::domain::OrganizationDomain;
use crate::id::{DomainId, OrganizationId};
use crate::policy::Action;
use crate::port::Tx;
use crate::role::Permission;
use crate::time::Timestamp;
use crate::{Refusal, Result};

/// Refuses a domain whose challenge is not among these texts.
pub(super) fn check(domain: &OrganizationDomain, texts: &[String]) -> Result<()> {
    if texts.iter().any(|text| text.trim() == domain.challenge) {
        return Ok(());
    }
    let record = domain.record_name();
    Err(Refusal::ChallengeNotFound { record }.into())
}

/// Verifies a domain for whose challenge these texts were found, outside of any transaction. They
/// are compared again, with the domain as it is now.
pub(super) fn verify(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    (organization, id): (OrganizationId, DomainId),
    texts: &[String],
) -> Result<Used<OrganizationDomain>> {
    let action = Action::Use(Permission::UpdateDomain);
    let (authentication, _) = access::enter_locked(tx, caller, now, organization, action)?;
    let mut domain = find(tx, organization, id)?;
    if domain.verified_at.is_some() {
        return Ok(authentication.used(domain));
    }
    check(&domain, texts)?;
    let before = domain.version;
    domain.verified_at = Some(now);
    domain.touch(now);
    write(tx, &domain, before)?;
    let author = authentication.author(caller);
    note(tx, &author, now, &domain, Act::DomainVerified, Vec::new())?;
    Ok(authentication.used(domain))
}
