//! The repository of preferences.

use rollbook_domain::id::{OrganizationId, WorkspaceId};
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::Version;
use rollbook_domain::port::Store;
use rollbook_domain::preferences::{
    DateFormat, DecimalPlaces, DecimalSymbol, General, MeasurementSystem, OrganizationPreferences,
    TimeFormat, WorkspacePreferences,
};
use rollbook_domain::time::Timestamp;
use rollbook_domain::value::TimeZone;
use rollbook_domain::{Error, Refusal, Result};

use crate::harness::{assert_error, on_both};
use crate::house::house;
use crate::support::{Outcome, TestDatabase};

on_both! {
    who_said_nothing_has_none,
    an_organization_says_one_thing_after_the_other,
    a_workspace_says_one_thing_after_the_other,
    every_choice_is_kept,
    orphans_are_refused,
    what_is_refused_leaves_nothing,
}

async fn of_organization(
    store: &dyn Store,
    id: OrganizationId,
) -> Result<Option<OrganizationPreferences>> {
    store
        .read_one(move |tx| tx.preferences().of_organization(id))
        .await
}

async fn of_workspace(
    store: &dyn Store,
    organization: OrganizationId,
    workspace: WorkspaceId,
) -> Result<Option<WorkspacePreferences>> {
    store
        .read_one(move |tx| tx.preferences().of_workspace(organization, workspace))
        .await
}

async fn put_organization(store: &dyn Store, said: &OrganizationPreferences) -> Result<()> {
    let said = said.clone();
    store
        .write(move |tx| tx.preferences().put_organization(&said))
        .await
}

async fn put_workspace(store: &dyn Store, said: &WorkspacePreferences) -> Result<()> {
    let said = said.clone();
    store
        .write(move |tx| tx.preferences().put_workspace(&said))
        .await
}

fn places(number: i64) -> Outcome<DecimalPlaces> {
    Ok(DecimalPlaces::new(number).map_err(|error| error.in_field("decimal_places"))?)
}

/// Preferences that say everything.
fn full() -> Outcome<General> {
    Ok(General {
        time_zone: Some(TimeZone::from_stored(
            "America/Argentina/Ushuaia".to_owned(),
        )),
        time_format: Some(TimeFormat::TwentyFourHours),
        date_format: Some(DateFormat::MmmmDdYyyy),
        decimal_symbol: Some(DecimalSymbol::Comma),
        decimal_places: Some(places(12)?),
        measurement_system: Some(MeasurementSystem::Imperial),
    })
}

async fn who_said_nothing_has_none(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let lab = sample::workspace(&house.acme, "Lab", &house.ann);
    let (id, acme) = (lab.id, house.acme.id);
    store.write(move |tx| tx.workspaces().add(&lab)).await?;
    assert_eq!(of_organization(&*store, acme).await?, None);
    assert_eq!(of_workspace(&*store, acme, id).await?, None);
    Ok(())
}

async fn an_organization_says_one_thing_after_the_other(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let default = OrganizationPreferences::default_of(house.acme.id);
    let theirs = OrganizationPreferences {
        support_team_access: true,
        ..OrganizationPreferences::default_of(house.globex.id)
    };
    put_organization(&*store, &theirs).await?;
    let everything = OrganizationPreferences {
        support_team_access: true,
        general: full()?,
        version: Version::new(i64::MAX),
        updated_at: Some(FixedClock::START),
        ..default.clone()
    };
    let early = OrganizationPreferences {
        updated_at: Some(Timestamp::from_millis(1)),
        ..default.clone()
    };
    for said in [&everything, &default, &early, &everything] {
        put_organization(&*store, said).await?;
        let found = of_organization(&*store, house.acme.id).await?;
        assert_eq!(found.as_ref(), Some(said));
    }
    let found = of_organization(&*store, house.globex.id).await?;
    assert_eq!(found, Some(theirs));
    Ok(())
}

async fn a_workspace_says_one_thing_after_the_other(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let lab = sample::workspace(&house.acme, "Lab", &house.ann);
    let mut theirs = sample::workspace(&house.globex, "Lab", &house.bob);
    // Ids are unique in an organization; preferences must not look at the id alone.
    theirs.id = lab.id;
    let shop = sample::workspace(&house.acme, "Shop", &house.ann);
    let all = [lab.clone(), theirs, shop.clone()];
    store
        .write(move |tx| {
            for workspace in &all {
                tx.workspaces().add(workspace)?;
            }
            Ok(())
        })
        .await?;
    let default = WorkspacePreferences::default_of(house.acme.id, lab.id);
    let everything = WorkspacePreferences {
        general: full()?,
        version: Version::new(7),
        updated_at: Some(FixedClock::START),
        ..default.clone()
    };
    for said in [&default, &everything, &default, &everything] {
        put_workspace(&*store, said).await?;
        let found = of_workspace(&*store, house.acme.id, lab.id).await?;
        assert_eq!(found.as_ref(), Some(said));
    }
    assert_eq!(of_workspace(&*store, house.globex.id, lab.id).await?, None);
    assert_eq!(of_workspace(&*store, house.acme.id, shop.id).await?, None);
    assert_eq!(of_organization(&*store, house.acme.id).await?, None);
    Ok(())
}

async fn every_choice_is_kept(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    for number in 0..DateFormat::ALL.len() {
        fn nth<T: Copy>(all: &[T], number: usize) -> Option<T> {
            all.get(number % (all.len() + 1)).copied()
        }
        let general = General {
            time_zone: None,
            time_format: nth(TimeFormat::ALL, number),
            date_format: nth(DateFormat::ALL, number),
            decimal_symbol: nth(DecimalSymbol::ALL, number),
            decimal_places: Some(places(i64::try_from(number % 13)?)?),
            measurement_system: nth(MeasurementSystem::ALL, number + 1),
        };
        let said = OrganizationPreferences {
            general,
            ..OrganizationPreferences::default_of(house.acme.id)
        };
        put_organization(&*store, &said).await?;
        let found = of_organization(&*store, house.acme.id).await?;
        assert_eq!(found, Some(said));
    }
    Ok(())
}

async fn orphans_are_refused(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let nowhere = sample::organization("Nowhere", &house.ann).id;
    let orphan = OrganizationPreferences::default_of(nowhere);
    assert_error!(put_organization(&*store, &orphan).await, Error::Storage(_));
    let theirs = sample::workspace(&house.globex, "Theirs", &house.bob);
    let id = theirs.id;
    store.write(move |tx| tx.workspaces().add(&theirs)).await?;
    let strange = WorkspacePreferences::default_of(house.acme.id, id);
    assert_error!(put_workspace(&*store, &strange).await, Error::Storage(_));
    assert_eq!(of_workspace(&*store, house.globex.id, id).await?, None);
    Ok(())
}

async fn what_is_refused_leaves_nothing(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let said = OrganizationPreferences::default_of(house.acme.id);
    let outcome: Result<()> = store
        .write(move |tx| {
            tx.preferences().put_organization(&said)?;
            Err(Refusal::VersionMismatch.into())
        })
        .await;
    assert_error!(outcome, Error::Refused(Refusal::VersionMismatch));
    assert_eq!(of_organization(&*store, house.acme.id).await?, None);
    Ok(())
}
