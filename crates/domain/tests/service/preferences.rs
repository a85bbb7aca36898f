use rollbook_domain::mock::World;
use rollbook_domain::organization::{Patch, Version};
use rollbook_domain::preferences::{
    DateFormat, DecimalPlaces, DecimalSymbol, General, MeasurementSystem, OrganizationPreferences,
    TimeFormat,
};
use rollbook_domain::role::{Role, WorkspaceRole};
use rollbook_domain::service::Preferences;
use rollbook_domain::service::preferences::{
    UpdateGeneral, UpdateOrganizationPreferences, UpdateWorkspacePreferences,
};
use rollbook_domain::time::Span;
use rollbook_domain::value::TimeZone;
use rollbook_domain::{Refusal, Result};

use super::workspace::{acme, acts, add, member};
use super::{assert_denied, assert_refused};

fn zone(name: &str) -> TimeZone {
    TimeZone::from_stored(name.to_owned())
}

fn full() -> UpdateGeneral {
    UpdateGeneral {
        time_zone: Patch::Set(zone("Europe/Berlin")),
        time_format: Patch::Set(TimeFormat::TwentyFourHours),
        date_format: Patch::Set(DateFormat::DdMmYyyyDot),
        decimal_symbol: Patch::Set(DecimalSymbol::Comma),
        decimal_places: DecimalPlaces::new(2).map_or(Patch::Keep, Patch::Set),
        measurement_system: Patch::Set(MeasurementSystem::Metric),
    }
}

fn full_set() -> General {
    General {
        time_zone: Some(zone("Europe/Berlin")),
        time_format: Some(TimeFormat::TwentyFourHours),
        date_format: Some(DateFormat::DdMmYyyyDot),
        decimal_symbol: Some(DecimalSymbol::Comma),
        decimal_places: DecimalPlaces::new(2).ok(),
        measurement_system: Some(MeasurementSystem::Metric),
    }
}

pub(crate) async fn what_an_organization_says_is_kept(world: World) -> Result<()> {
    let (ann, acme, _) = acme(&world).await?;
    let get = || world.preferences.of_organization(ann.caller, acme.id);
    assert_eq!(get().await?, OrganizationPreferences::default_of(acme.id));
    world.clock.advance(Span::seconds(5));
    let update = |command| {
        world
            .preferences
            .update_organization(ann.caller, acme.id, command)
    };
    let command = UpdateOrganizationPreferences {
        support_team_access: Some(true),
        general: full(),
        seen: Some(Version::FIRST),
    };
    let after = update(command.clone()).await?;
    assert_eq!(
        (after.support_team_access, &after.general),
        (true, &full_set())
    );
    assert_eq!(after.version, Version::FIRST.next());
    assert_eq!(after.updated_at, Some(world.now()));
    assert_eq!(get().await?, after);
    assert_refused!(update(command.clone()).await, Refusal::VersionMismatch);
    let idle = UpdateOrganizationPreferences {
        seen: None,
        ..command
    };
    assert_eq!(update(idle).await?, after);
    let clear = UpdateOrganizationPreferences {
        general: UpdateGeneral {
            decimal_places: Patch::Clear,
            ..UpdateGeneral::default()
        },
        ..UpdateOrganizationPreferences::default()
    };
    let cleared = update(clear).await?;
    assert!(cleared.support_team_access && cleared.general.decimal_places.is_none());
    assert_eq!(cleared.general.time_zone, Some(zone("Europe/Berlin")));
    assert_eq!(
        acts(&world, acme.id, 3).await?,
        [
            "preferences.updated",
            "preferences.updated",
            "workspace_membership.created"
        ]
    );
    Ok(())
}

pub(crate) async fn every_member_reads_and_managers_write(world: World) -> Result<()> {
    let (ann, acme, _) = acme(&world).await?;
    let eve = world.sign_up("eve").await?;
    let service = &world.preferences;
    let outcome = service.of_organization(eve.caller, acme.id).await;
    assert_denied!(outcome, Use(ReadPreferences), visible: false);
    for (role, zone_name) in Role::ALL.into_iter().zip(["A", "B", "C", "D", "E"]) {
        let somebody = member(&world, &acme, role.key(), &[role]).await?;
        service.of_organization(somebody.caller, acme.id).await?;
        let command = UpdateOrganizationPreferences {
            general: UpdateGeneral {
                time_zone: Patch::Set(zone(zone_name)),
                ..UpdateGeneral::default()
            },
            ..UpdateOrganizationPreferences::default()
        };
        let outcome = service.update_organization(somebody.caller, acme.id, command);
        if matches!(role, Role::Admin | Role::Manager) {
            outcome.await?;
        } else {
            assert_denied!(outcome.await, Use(UpdatePreferences), visible: true);
        }
    }
    let kept = service.of_organization(ann.caller, acme.id).await?;
    assert_eq!(kept.general.time_zone, Some(zone("B")));
    Ok(())
}

pub(crate) async fn a_workspace_says_where_it_differs(world: World) -> Result<()> {
    let (ann, acme, lab) = acme(&world).await?;
    let (at, service) = (lab.reference(), &world.preferences);
    let command = UpdateOrganizationPreferences {
        general: full(),
        ..UpdateOrganizationPreferences::default()
    };
    service
        .update_organization(ann.caller, acme.id, command)
        .await?;
    let before = service.of_workspace(ann.caller, at).await?;
    assert_eq!(
        (&before.own.general, &before.effective),
        (&General::default(), &full_set())
    );
    let command = |seen| UpdateWorkspacePreferences {
        general: UpdateGeneral {
            time_zone: Patch::Set(zone("Asia/Tokyo")),
            ..UpdateGeneral::default()
        },
        seen,
    };
    let seen = Some(Version::FIRST);
    let after = service
        .update_workspace(ann.caller, at, command(seen))
        .await?;
    let tokyo = |rest| General {
        time_zone: Some(zone("Asia/Tokyo")),
        ..rest
    };
    assert_eq!(after.own.general, tokyo(General::default()));
    assert_eq!(after.own.version, Version::FIRST.next());
    assert_eq!(after.effective, tokyo(full_set()));
    assert_eq!(service.of_workspace(ann.caller, at).await?, after);
    let update = |seen| service.update_workspace(ann.caller, at, command(seen));
    assert_refused!(update(seen).await, Refusal::VersionMismatch);
    assert_eq!(update(None).await?, after);
    assert_eq!(
        acts(&world, acme.id, 3).await?,
        [
            "preferences.updated",
            "preferences.updated",
            "workspace_membership.created"
        ]
    );
    Ok(())
}

/// Every member may read the organization's preferences, but not those of every workspace.
pub(crate) async fn a_workspaces_are_for_those_who_see_it(world: World) -> Result<()> {
    let (ann, acme, lab) = acme(&world).await?;
    let (at, service) = (lab.reference(), &world.preferences);
    let bob = member(&world, &acme, "bob", &[Role::Member]).await?;
    let outcome = service.of_workspace(bob.caller, at).await;
    assert_denied!(outcome, Use(ReadWorkspace), visible: true);
    add(&world, &ann, &lab, &bob, WorkspaceRole::Editor).await?;
    service.of_workspace(bob.caller, at).await?;
    let command = UpdateWorkspacePreferences {
        general: full(),
        seen: None,
    };
    let outcome = service.update_workspace(bob.caller, at, command).await;
    assert_denied!(outcome, Use(UpdatePreferences), visible: true);
    Ok(())
}
