use super::MemberPage;
use crate::access::{self, Caller, Used};
use crate::error::Kind;
use crate::filter::Filter;
use crate::id::{OrganizationId, UserId};
use crate::membership::{MemberCondition, MemberKey, MemberOrder, MemberTest, MemberView};
use crate::page::Window;
use crate::policy::Action;
use crate::port::Tx;
use crate::role::Permission;
use crate::service::role::named;
use crate::time::Timestamp;
use crate::{Error, Result};

pub(super) fn list(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    filter: &Filter<MemberCondition>,
    order: &MemberOrder,
    window: &Window<MemberKey>,
) -> Result<Used<MemberPage>> {
    let action = Action::Use(Permission::ReadMembership);
    let (authentication, _) = access::enter(tx, caller, now, organization, action)?;
    let filter = filter.translate(&mut |condition: &MemberCondition| -> Result<MemberTest> {
        Ok(match condition {
            MemberCondition::Role(name) => MemberTest::Role(named(tx, organization, name)?),
            MemberCondition::Scope(scope) => MemberTest::Scope(*scope),
            MemberCondition::Search(text) => MemberTest::Search(text.clone()),
        })
    })?;
    let page = tx
        .memberships()
        .list(organization, &filter, order, window)?;
    Ok(authentication.used(page))
}

pub(super) fn get(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    user: UserId,
) -> Result<Used<MemberView>> {
    let action = Action::Use(Permission::ReadMembership);
    let (authentication, _) = access::enter(tx, caller, now, organization, action)?;
    let member = tx.memberships().find(organization, user)?;
    Ok(authentication.used(member.ok_or(Error::NotFound(Kind::Membership))?))
}
