use rollbook_domain::mock::{Account, World};
use rollbook_domain::organization::{Organization, Patch};
use rollbook_domain::role::Role;
use rollbook_domain::service::organization::{CreateOrganization, Terms};
use rollbook_domain::service::subscription::{SubscriptionView, UpdatePlan};
use rollbook_domain::service::{Organizations, Subscriptions};
use rollbook_domain::subscription::{Quota, SubscriptionStatus};
use rollbook_domain::time::Span;
use rollbook_domain::{Error, Refusal, Result};

use super::workspace::{acts, member};
use super::{assert_denied, assert_error, assert_refused};

const TERMS: Terms = Terms {
    trial: Some(Span::days(14)),
    members: Quota(3),
    workspaces: Quota(2),
};

/// An organization under [`TERMS`].
async fn found(world: &World, owner: &Account, name: &str) -> Result<Organization> {
    let command = CreateOrganization {
        terms: TERMS,
        ..world.command(name)
    };
    let view = world.organizations.create(owner.caller, command).await?;
    Ok(view.organization)
}

async fn get(
    world: &World,
    who: &Account,
    organization: &Organization,
) -> Result<SubscriptionView> {
    world.subscriptions.get(who.caller, organization.id).await
}

pub(crate) async fn a_trial_runs_out_by_itself(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = found(&world, &ann, "Acme").await?;
    let view = get(&world, &ann, &acme).await?;
    assert_eq!(view.plan.subscription.status, SubscriptionStatus::Trial);
    assert_eq!(view.trial_seconds_left, Some(14 * 86_400));
    assert!(view.has_active_subscription);
    assert_eq!(
        (view.plan.members, view.plan.workspaces),
        (Quota(3), Quota(2))
    );
    let end = world.now().plus(Span::days(14));
    assert_eq!(view.plan.subscription.trial_ends_at, Some(end));
    world.clock.set(end.minus(Span::seconds(1)));
    let view = get(&world, &ann, &acme).await?;
    assert_eq!(
        (view.has_active_subscription, view.trial_seconds_left),
        (true, Some(1))
    );
    world.clock.set(end);
    let view = get(&world, &ann, &acme).await?;
    assert_eq!(
        (view.has_active_subscription, view.trial_seconds_left),
        (false, Some(0))
    );
    Ok(())
}

pub(crate) async fn there_is_one_trial_an_owner(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let first = found(&world, &ann, "First").await?;
    world
        .organizations
        .delete(ann.caller, first.id, None)
        .await?;
    world.clock.advance(Span::days(100));
    let second = found(&world, &ann, "Second").await?;
    let view = get(&world, &ann, &second).await?;
    assert_eq!(view.plan.subscription.status, SubscriptionStatus::None);
    assert_eq!(
        (view.has_active_subscription, view.trial_seconds_left),
        (false, None)
    );
    assert_eq!(view.plan.members, Quota(3));
    Ok(())
}

/// better-auth #5517: there was a limit of 100 that nobody had set.
pub(crate) async fn without_terms_nothing_is_limited(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let view = get(&world, &ann, &acme).await?;
    assert_eq!(
        (view.plan.members.limit(), view.plan.workspaces.limit()),
        (None, None)
    );
    assert_eq!((view.seats_used, view.workspaces_used), (1, 0));
    world.found_workspace(&ann, &acme, "Lab").await?;
    member(&world, &acme, "bob", &[Role::Member]).await?;
    let view = get(&world, &ann, &acme).await?;
    assert_eq!((view.seats_used, view.workspaces_used), (2, 1));
    Ok(())
}

pub(crate) async fn who_may_see_it(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let eve = world.sign_up("eve").await?;
    let outcome = get(&world, &eve, &acme).await;
    assert_denied!(outcome, Use(ReadSubscription), visible: false);
    for role in Role::ALL {
        let somebody = member(&world, &acme, role.key(), &[role]).await?;
        let outcome = get(&world, &somebody, &acme).await;
        if role == Role::Member {
            assert_denied!(outcome, Use(ReadSubscription), visible: true);
        } else {
            outcome?;
        }
    }
    Ok(())
}

pub(crate) async fn what_runs_can_be_canceled_once(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let root = world.sign_up_superuser("root").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let bill = member(&world, &acme, "bill", &[Role::Billing]).await?;
    let max = member(&world, &acme, "max", &[Role::Manager]).await?;
    let cancel = |who: &Account| world.subscriptions.cancel(who.caller, acme.id);
    assert_refused!(cancel(&bill).await, Refusal::NoSubscription);
    for status in [
        SubscriptionStatus::Trial,
        SubscriptionStatus::Active,
        SubscriptionStatus::PastDue,
    ] {
        let command = UpdatePlan {
            status: Some(status),
            trial_ends_at: Patch::Set(world.now().plus(Span::days(1))),
            ..UpdatePlan::default()
        };
        let view = world
            .subscriptions
            .update(root.caller, acme.id, command)
            .await?;
        assert!(view.has_active_subscription, "{status:?}");
        assert_denied!(cancel(&max).await, Use(UpdateSubscription), visible: true);
        let view = cancel(&bill).await?;
        assert_eq!(view.plan.subscription.status, SubscriptionStatus::Canceled);
        assert!(!view.has_active_subscription);
        assert_eq!(get(&world, &bill, &acme).await?, view);
        assert_refused!(cancel(&bill).await, Refusal::NoSubscription);
    }
    assert_eq!(
        acts(&world, acme.id, 2).await?,
        ["subscription.updated", "subscription.updated"]
    );
    Ok(())
}

pub(crate) async fn only_superusers_set_the_plan(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let eve = world.sign_up("eve").await?;
    let root = world.sign_up_superuser("root").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let update = |who: &Account, command| world.subscriptions.update(who.caller, acme.id, command);
    let free = || UpdatePlan {
        members: Some(Quota::UNLIMITED),
        ..UpdatePlan::default()
    };
    assert_denied!(update(&ann, free()).await, AdministerSubscriptions, visible: true);
    assert_denied!(update(&eve, free()).await, AdministerSubscriptions, visible: false);
    update(&root, free()).await?;
    // Nothing changed, so nothing is recorded.
    assert_eq!(acts(&world, acme.id, 1).await?, ["organization.created"]);
    let endless = UpdatePlan {
        status: Some(SubscriptionStatus::Trial),
        ..UpdatePlan::default()
    };
    assert_error!(update(&root, endless).await, Error::Invalid(_));
    let end = world.now().plus(Span::days(30));
    let command = UpdatePlan {
        status: Some(SubscriptionStatus::Trial),
        trial_ends_at: Patch::Set(end),
        members: Some(Quota(7)),
        workspaces: Some(Quota(8)),
    };
    let view = update(&root, command).await?;
    assert_eq!(view.plan.subscription.trial_ends_at, Some(end));
    assert_eq!(
        (view.plan.members, view.plan.workspaces),
        (Quota(7), Quota(8))
    );
    assert_eq!(get(&world, &ann, &acme).await?, view);
    assert_eq!(acts(&world, acme.id, 1).await?, ["subscription.updated"]);
    Ok(())
}

/// better-auth #1601, #3467: a limit below what is used broke more than growth.
pub(crate) async fn a_lower_quota_only_blocks_growth(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let root = world.sign_up_superuser("root").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    for name in ["bob", "cat"] {
        member(&world, &acme, name, &[Role::Member]).await?;
    }
    let command = UpdatePlan {
        members: Some(Quota(2)),
        ..UpdatePlan::default()
    };
    let view = world
        .subscriptions
        .update(root.caller, acme.id, command)
        .await?;
    assert_eq!((view.plan.members, view.seats_used), (Quota(2), 3));
    let dan = member(&world, &acme, "dan", &[Role::Member]).await;
    let told = dan
        .as_ref()
        .map_or_else(ToString::to_string, |_| String::new());
    assert_refused!(dan, Refusal::SeatLimit { limit: 2 });
    assert!(
        told.contains("2 members") && told.contains("operator"),
        "{told}"
    );
    Ok(())
}
