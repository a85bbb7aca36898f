//! Rules that count or compare rows hold when twenty come at once.

use rollbook_domain::audit::Author;
use rollbook_domain::filter::Filter;
use rollbook_domain::id::InvitationId;
use rollbook_domain::mock::{Account, World, sample};
use rollbook_domain::organization::Organization;
use rollbook_domain::page::Window;
use rollbook_domain::port::Tx;
use rollbook_domain::role::Role;
use rollbook_domain::service::organization::{CreateOrganization, Naming};
use rollbook_domain::service::subscription::UpdatePlan;
use rollbook_domain::service::token::IssueToken;
use rollbook_domain::service::{Memberships as _, Organizations, Subscriptions as _, Tokens as _};
use rollbook_domain::subscription::{Plan, Quota};
use rollbook_domain::value::{Slug, TokenName};
use rollbook_domain::{Error, Refusal, Result};
use tokio::task::JoinSet;

use crate::harness::{all_at_once, on_both};
use crate::support::{Outcome, TestDatabase};

on_both! {
    one_seat_has_one_winner,
    one_slug_has_one_winner,
    a_slug_in_two_cases_has_one_winner,
    a_name_has_one_winner,
    a_limit_of_one_has_one_winner,
    one_version_has_one_winner,
    one_address_has_one_winner,
    generated_slugs_let_everybody_win,
    no_change_of_a_plan_is_lost,
    no_bound_token_outlives_a_membership,
    whoever_holds_an_organization_sees_the_latest,
}

const RACERS: usize = 20;
/// A race is lost by chance, too.
const HEATS: usize = 5;

/// Runs the racers and answers how many won; the others must have been refused as expected.
async fn race<T: Send + 'static>(
    racers: impl IntoIterator<Item = impl Future<Output = Result<T>> + Send + 'static>,
    expected: impl Fn(&Refusal) -> bool,
) -> Outcome<usize> {
    let mut running: JoinSet<_> = racers.into_iter().collect();
    let mut winners = 0;
    while let Some(outcome) = running.join_next().await {
        match outcome? {
            Ok(_) => winners += 1,
            Err(Error::Refused(refusal)) if expected(&refusal) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(winners)
}

async fn accounts(world: &World, heat: usize) -> Outcome<Vec<Account>> {
    let mut accounts = Vec::new();
    for number in 0..RACERS {
        accounts.push(world.sign_up(&format!("h{heat}n{number}")).await?);
    }
    Ok(accounts)
}

async fn create(world: World, account: Account, command: CreateOrganization) -> Result<()> {
    let created = world.organizations.create(account.caller, command).await;
    created.map(drop)
}

async fn join(world: World, acme: Organization, account: Account) -> Result<()> {
    let joined = world.join(&acme, &account, &[Role::Member]).await;
    joined.map(drop)
}

async fn one_seat_has_one_winner(database: &TestDatabase) -> Outcome {
    let world = database.world()?;
    let owner = world.sign_up("owner").await?;
    for heat in 0..HEATS {
        let acme = world.create(&owner, "Acme").await?.organization;
        world.set_seats(&acme, 2).await?;
        let racers = accounts(&world, heat).await?;
        let racers = racers
            .into_iter()
            .map(|account| join(world.clone(), acme.clone(), account));
        let winners = race(racers, |refusal| {
            *refusal == Refusal::SeatLimit { limit: 2 }
        });
        assert_eq!(winners.await?, 1);
        let members = world
            .store
            .read_one(move |tx| tx.memberships().count(acme.id));
        assert_eq!(members.await?, 2);
    }
    Ok(())
}

async fn one_slug_has_one_winner(database: &TestDatabase) -> Outcome {
    race_for_a_slug(database, |heat, _| format!("slug-{heat}")).await
}

async fn a_slug_in_two_cases_has_one_winner(database: &TestDatabase) -> Outcome {
    let spelling = |heat, number: usize| match number % 2 {
        0 => format!("SLUG-{heat}"),
        _ => format!("Slug-{heat}"),
    };
    race_for_a_slug(database, spelling).await
}

async fn race_for_a_slug(
    database: &TestDatabase,
    spelling: impl Fn(usize, usize) -> String,
) -> Outcome {
    let world = database.world()?;
    for heat in 0..HEATS {
        let mut racers = Vec::new();
        for (number, account) in accounts(&world, heat).await?.into_iter().enumerate() {
            let slug = Slug::parse(&spelling(heat, number));
            let command = CreateOrganization {
                slug: Some(slug.map_err(|error| error.in_field("slug"))?),
                ..world.command("Acme")
            };
            racers.push(create(world.clone(), account, command));
        }
        let taken = format!("slug-{heat}");
        let winners = race(racers, |refusal| {
            *refusal == Refusal::SlugTaken(taken.clone())
        });
        assert_eq!(winners.await?, 1);
    }
    Ok(())
}

async fn a_name_has_one_winner(database: &TestDatabase) -> Outcome {
    let world = database.world()?;
    for heat in 0..HEATS {
        let mut racers = Vec::new();
        for (number, account) in accounts(&world, heat).await?.into_iter().enumerate() {
            let name = if number % 2 == 0 { "ACME" } else { "Acme" };
            let command = CreateOrganization {
                naming: Naming::Unique,
                ..world.command(&format!("{name} {heat}"))
            };
            racers.push(create(world.clone(), account, command));
        }
        let winners = race(racers, |refusal| matches!(refusal, Refusal::NameTaken(_)));
        assert_eq!(winners.await?, 1);
    }
    Ok(())
}

async fn a_limit_of_one_has_one_winner(database: &TestDatabase) -> Outcome {
    let world = database.world()?;
    for heat in 0..HEATS {
        let owner = world.sign_up(&format!("owner{heat}")).await?;
        let racers = (0..RACERS).map(|_| {
            let command = CreateOrganization {
                owner_limit: Some(1),
                ..world.command("Acme")
            };
            create(world.clone(), owner.clone(), command)
        });
        let winners = race(racers, |refusal| {
            *refusal == Refusal::OrganizationLimit { limit: 1 }
        });
        assert_eq!(winners.await?, 1);
        let window = Window::first(9).counted();
        let mine = world
            .organizations
            .list_mine(owner.caller, Filter::everything(), window);
        assert_eq!(mine.await?.total, Some(1));
    }
    Ok(())
}

/// Twenty who saw the same version of an organization change it.
async fn one_version_has_one_winner(database: &TestDatabase) -> Outcome {
    let world = database.world()?;
    let owner = world.sign_up("owner").await?;
    let mut acme = world.create(&owner, "Acme").await?.organization;
    for heat in 0..HEATS {
        let seen = acme.version;
        let racers = (0..RACERS).map(|number| {
            let (store, mut changed) = (world.store.clone(), acme.clone());
            changed.slug = Slug::from_stored(format!("h{heat}n{number}"));
            changed.touch(world.now());
            async move {
                let write = move |tx: &mut dyn rollbook_domain::port::Tx| {
                    if tx.organizations().update(&changed, seen)? {
                        Ok(())
                    } else {
                        Err(Refusal::VersionMismatch.into())
                    }
                };
                store.write(write).await
            }
        });
        let winners = race(racers, |refusal| *refusal == Refusal::VersionMismatch);
        assert_eq!(winners.await?, 1);
        acme = world.look(&acme).await?.organization;
        assert_eq!(acme.version, seen.next());
    }
    Ok(())
}

async fn one_address_has_one_winner(database: &TestDatabase) -> Outcome {
    let world = database.world()?;
    for heat in 0..HEATS {
        let racers = (0..RACERS).map(|number| {
            let (store, mut user) = (world.store.clone(), sample::user(&format!("u{heat}")));
            user.id = sample::user(&format!("h{heat}n{number}")).id;
            async move {
                let add = move |tx: &mut dyn rollbook_domain::port::Tx| {
                    rollbook_domain::service::operator::add(tx, &Author::SYSTEM, &user)
                };
                store.write(add).await
            }
        });
        let winners = race(racers, |refusal| *refusal == Refusal::EmailTaken);
        assert_eq!(winners.await?, 1);
    }
    Ok(())
}

/// Nobody who leaves the choice of a slug to the service is refused for it.
async fn generated_slugs_let_everybody_win(database: &TestDatabase) -> Outcome {
    let world = database.world()?;
    let racers = accounts(&world, 0).await?.into_iter();
    let racers = racers.map(|account| create(world.clone(), account, world.command("Acme")));
    let winners = race(racers.collect::<Vec<_>>(), |_| false);
    assert_eq!(winners.await?, RACERS);
    Ok(())
}

/// Each changes something else of the plan, which is written as a whole.
async fn no_change_of_a_plan_is_lost(database: &TestDatabase) -> Outcome {
    let world = database.world()?;
    let root = world.sign_up_superuser("root").await?;
    let acme = world.create(&root, "Acme").await?.organization;
    for heat in 1..=4 * u32::try_from(HEATS)? {
        let of_members = UpdatePlan {
            members: Some(Quota(heat)),
            ..UpdatePlan::default()
        };
        let of_workspaces = UpdatePlan {
            workspaces: Some(Quota(heat)),
            ..UpdatePlan::default()
        };
        let racers = [of_members, of_workspaces].map(|command| {
            let world = world.clone();
            async move {
                let update = world.subscriptions.update(root.caller, acme.id, command);
                update.await.map(drop)
            }
        });
        assert_eq!(race(racers, |_| false).await?, 2);
        let plan = world.store.read_one(move |tx| tx.plans().find(acme.id));
        let plan = plan.await?.ok_or("there is no plan")?;
        assert_eq!((plan.members, plan.workspaces), (Quota(heat), Quota(heat)));
    }
    Ok(())
}

/// Somebody leaves while they get themselves tokens for the organization.
async fn no_bound_token_outlives_a_membership(database: &TestDatabase) -> Outcome {
    let world = database.world()?;
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    for heat in 0..4 * HEATS {
        let bob = world.sign_up(&format!("bob{heat}")).await?;
        world.join(&acme, &bob, &[Role::Member]).await?;
        let mut running = JoinSet::new();
        for number in 0..4 {
            let (world, acme) = (world.clone(), acme.id);
            running.spawn(async move {
                if number == heat % 4 {
                    return world.memberships.leave(bob.caller, acme).await;
                }
                let command = IssueToken {
                    name: TokenName::from_stored("late".to_owned()),
                    expires_at: None,
                    organization_id: Some(acme),
                    once: None,
                };
                world.tokens.issue(bob.caller, command).await.map(drop)
            });
        }
        while let Some(outcome) = running.join_next().await {
            match outcome? {
                Ok(()) | Err(Error::Denied { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let outlived = "SELECT count(*) AS count FROM tokens t WHERE t.revoked_at IS NULL AND \
             t.organization_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM memberships m WHERE \
             m.organization_id = t.organization_id AND m.user_id = t.user_id)";
        assert_eq!(database.count(outlived)?, 0, "heat {heat}");
    }
    Ok(())
}

/// Each counts the organization's version up by one: whoever reads behind the lock, which is had by
/// the organization's id or by that of an invitation to it, reads what the others wrote.
async fn whoever_holds_an_organization_sees_the_latest(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let ann = sample::user("ann");
    let acme = sample::organization("Acme", &ann);
    let invitation = sample::invitation_view(&acme, &ann, "bob", &[Role::Member]).invitation;
    let (id, invited) = (acme.id, invitation.id);
    let seed = move |tx: &mut dyn Tx| {
        tx.users().add(&ann)?;
        tx.organizations().add(&acme, &Plan::default())?;
        let digest = sample::invitation_secret(invited, "bob").digest();
        tx.invitations().add(&invitation, &digest)
    };
    assert!(store.write(seed).await?);
    let absent = InvitationId::new(sample::uuid("absent"));
    let hold_nothing = move |tx: &mut dyn Tx| tx.invitations().find_locked(absent);
    assert_eq!(store.write(hold_nothing).await?, None);
    let count_up = |racer: usize| {
        move |tx: &mut dyn Tx| {
            if racer.is_multiple_of(2) {
                tx.organizations().hold(id)?;
            } else {
                tx.invitations().find_locked(invited)?;
            }
            let mut found = tx
                .organizations()
                .find(id)?
                .ok_or(Error::Busy)?
                .organization;
            let before = found.version;
            found.version = before.next();
            tx.organizations().update(&found, before)
        }
    };
    for _ in 0..HEATS {
        for counted in all_at_once(&store, (0..RACERS).map(count_up)).await? {
            assert!(counted?);
        }
    }
    Ok(())
}
