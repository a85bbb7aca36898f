//! Preferences of organizations and workspaces.

use actix_web::http::header::IF_NONE_MATCH;
use actix_web::test::TestRequest;
use rollbook_domain::id::WorkspaceId;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::{Patch, Version};
use rollbook_domain::preferences::{
    DateFormat, DecimalPlaces, DecimalSymbol, General, MeasurementSystem, OrganizationPreferences,
    TimeFormat, WorkspacePreferences,
};
use rollbook_domain::service::preferences::{
    UpdateGeneral, UpdateOrganizationPreferences, WorkspacePreferencesView,
};
use rollbook_domain::value::TimeZone;
use serde_json::{Value, json};

use super::description::assert_described;
use super::golden::check;
use super::support::{Answer, Mocks, acme, acme_path};

fn general() -> General {
    General {
        time_zone: TimeZone::parse("Europe/Berlin").ok(),
        time_format: Some(TimeFormat::TwentyFourHours),
        date_format: Some(DateFormat::DdMmYyyyDot),
        decimal_symbol: Some(DecimalSymbol::Comma),
        decimal_places: DecimalPlaces::new(2).ok(),
        measurement_system: Some(MeasurementSystem::Metric),
    }
}

fn full() -> OrganizationPreferences {
    OrganizationPreferences {
        support_team_access: true,
        general: general(),
        version: Version::new(2),
        updated_at: Some(FixedClock::START),
        ..OrganizationPreferences::default_of(acme().organization.id)
    }
}

fn workspace() -> WorkspaceId {
    WorkspaceId::new(sample::uuid("workspace lab"))
}

fn of_workspace() -> WorkspacePreferencesView {
    WorkspacePreferencesView {
        own: WorkspacePreferences::default_of(acme().organization.id, workspace()),
        effective: general(),
    }
}

fn workspace_path(query: &str) -> String {
    acme_path(&format!("/workspaces/{}/preferences{query}", workspace()))
}

#[actix_web::test]
async fn answers_word_for_word() {
    let mut mocks = Mocks::default();
    let it = &mut mocks.preferences;
    it.expect_of_organization()
        .withf(|_, id| *id == acme().organization.id)
        .returning(|_, _| Ok(full()));
    it.expect_of_workspace()
        .withf(|_, at| at.organization == acme().organization.id && at.id == workspace())
        .returning(|_, _| Ok(of_workspace()));
    let server = mocks.serve();
    let path = acme_path("/preferences");
    check("get_preferences", &server.get(&path).await);
    check(
        "get_workspace_preferences",
        &server.get(&workspace_path("")).await,
    );
    let whole = server.get(&path).await.json();
    assert_described("OrganizationPreferences", &whole);
    let mut whole = server.get(&workspace_path("")).await.json();
    whole["update_time"] = "left out while nothing was ever said".into();
    assert_described("WorkspacePreferences", &whole);
    let known = TestRequest::get().uri(&path);
    let answer = server
        .send(known.insert_header((IF_NONE_MATCH, "\"2\"")))
        .await;
    assert_eq!(answer.status, 304);
    let mut mocks = Mocks::default();
    mocks
        .preferences
        .expect_of_organization()
        .returning(|_, id| Ok(OrganizationPreferences::default_of(id)));
    check(
        "get_preferences_never_said",
        &mocks.serve().get(&path).await,
    );
}

async fn update(query: &str, body: &Value, expected: UpdateOrganizationPreferences) -> Answer {
    let mut mocks = Mocks::default();
    mocks
        .preferences
        .expect_update_organization()
        .withf(move |_, id, command| *id == acme().organization.id && *command == expected)
        .returning(|_, _, _| Ok(full()));
    let request = TestRequest::patch().uri(&acme_path(&format!("/preferences{query}")));
    let server = mocks.serve();
    server.send(request.set_payload(body.to_string())).await
}

fn clear_all() -> UpdateGeneral {
    UpdateGeneral {
        time_zone: Patch::Clear,
        time_format: Patch::Clear,
        date_format: Patch::Clear,
        decimal_symbol: Patch::Clear,
        decimal_places: Patch::Clear,
        measurement_system: Patch::Clear,
    }
}

fn set_all() -> UpdateGeneral {
    UpdateGeneral {
        time_zone: TimeZone::parse("Europe/Berlin").map_or(Patch::Keep, Patch::Set),
        time_format: Patch::Set(TimeFormat::TwentyFourHours),
        date_format: Patch::Set(DateFormat::DdMmYyyyDot),
        decimal_symbol: Patch::Set(DecimalSymbol::Comma),
        decimal_places: DecimalPlaces::new(2).map_or(Patch::Keep, Patch::Set),
        measurement_system: Patch::Set(MeasurementSystem::Metric),
    }
}

#[actix_web::test]
async fn masks_reach_into_the_general_part() {
    let nothing = UpdateOrganizationPreferences::default;
    let general = |general| UpdateOrganizationPreferences {
        general,
        ..nothing()
    };
    let only_zone = |time_zone| UpdateGeneral {
        time_zone,
        ..UpdateGeneral::default()
    };
    let support = |access| UpdateOrganizationPreferences {
        support_team_access: Some(access),
        ..nothing()
    };
    let zone = TimeZone::parse("UTC").map_or(Patch::Keep, Patch::Set);
    let utc = json!({"general": {"time_zone": "UTC"}});
    for (query, body, expected) in [
        ("", json!({}), nothing()),
        ("", json!({"support_team_access": true}), support(true)),
        ("", json!({"supportTeamAccess": null}), support(false)),
        ("", utc.clone(), general(only_zone(zone.clone()))),
        (
            "",
            json!({"general": {"timeZone": ""}}),
            general(only_zone(Patch::Clear)),
        ),
        ("", json!({"general": null}), general(clear_all())),
        (
            "?update_mask=support_team_access",
            utc.clone(),
            support(false),
        ),
        (
            "?update_mask=general.time_zone",
            utc.clone(),
            general(only_zone(zone.clone())),
        ),
        (
            "?updateMask=general.timeZone",
            json!({}),
            general(only_zone(Patch::Clear)),
        ),
        (
            "?update_mask=general.time_zone",
            json!({"general": null}),
            general(only_zone(Patch::Clear)),
        ),
        (
            "?update_mask=general",
            utc.clone(),
            general(UpdateGeneral {
                time_zone: zone,
                ..clear_all()
            }),
        ),
        (
            "?update_mask=*",
            json!({}),
            UpdateOrganizationPreferences {
                general: clear_all(),
                ..support(false)
            },
        ),
    ] {
        let answer = update(query, &body, expected).await;
        assert_eq!(answer.status, 200, "{query} {body} {}", answer.body);
    }
}

#[actix_web::test]
async fn what_was_read_can_be_sent_back() {
    let mut mocks = Mocks::default();
    mocks
        .preferences
        .expect_of_organization()
        .returning(|_, _| Ok(full()));
    let read = mocks.serve().get(&acme_path("/preferences")).await.json();
    let expected = UpdateOrganizationPreferences {
        support_team_access: Some(true),
        general: set_all(),
        seen: Some(Version::new(2)),
    };
    assert_eq!(update("", &read, expected).await.status, 200);
}

#[actix_web::test]
async fn every_word_is_understood() {
    for format in DateFormat::ALL {
        let word = format!("DATE_FORMAT_{}", format.key().to_uppercase());
        let body = json!({"general": {"date_format": word}});
        let expected = UpdateOrganizationPreferences {
            general: UpdateGeneral {
                date_format: Patch::Set(*format),
                ..UpdateGeneral::default()
            },
            ..UpdateOrganizationPreferences::default()
        };
        assert_eq!(update("", &body, expected).await.status, 200, "{body}");
    }
    let body = json!({"general": {"date_format": "DATE_FORMAT_UNSPECIFIED"}});
    let expected = UpdateOrganizationPreferences {
        general: UpdateGeneral {
            date_format: Patch::Clear,
            ..UpdateGeneral::default()
        },
        ..UpdateOrganizationPreferences::default()
    };
    assert_eq!(update("", &body, expected).await.status, 200);
}

#[actix_web::test]
async fn all_faults_are_told_at_once() {
    let body = json!({"general": {
        "time_zone": "the usual",
        "time_format": "TIME_FORMAT_13_HOUR",
        "date_format": "DATE_FORMAT_SOON",
        "decimal_symbol": "DECIMAL_SYMBOL_PERIOD",
        "decimal_places": 13,
        "measurement_system": "MEASUREMENT_SYSTEM_BANANA"
    }});
    let answer = update("", &body, UpdateOrganizationPreferences::default()).await;
    answer.assert_invalid(&[
        "general.time_zone",
        "general.time_format",
        "general.date_format",
        "general.decimal_places",
        "general.measurement_system",
    ]);
    for mask in ["etag", "effective_general", "general.zone", "time_zone"] {
        let query = format!("?update_mask={mask}");
        let answer = update(&query, &json!({}), UpdateOrganizationPreferences::default()).await;
        answer.assert_invalid(&["update_mask"]);
    }
}

#[actix_web::test]
async fn a_workspace_has_only_general_ones() {
    let mut mocks = Mocks::default();
    mocks
        .preferences
        .expect_update_workspace()
        .withf(|_, at, command| {
            at.id == workspace()
                && command.general == set_all()
                && command.seen == Some(Version::FIRST)
        })
        .returning(|_, _, _| Ok(of_workspace()));
    let server = mocks.serve();
    let general = json!({
        "time_zone": "Europe/Berlin",
        "time_format": "TIME_FORMAT_24_HOUR",
        "date_format": "DATE_FORMAT_DD_MM_YYYY_DOT",
        "decimal_symbol": "DECIMAL_SYMBOL_COMMA",
        "decimal_places": 2,
        "measurement_system": "MEASUREMENT_SYSTEM_METRIC"
    });
    let patch = |query: &str, body: Value| {
        let request = TestRequest::patch().uri(&workspace_path(query));
        request.set_payload(body.to_string())
    };
    let body = json!({"general": general, "effective_general": {}, "etag": "\"1\""});
    for query in ["", "?update_mask=*", "?update_mask=general"] {
        let answer = server.send(patch(query, body.clone())).await;
        assert_eq!(answer.status, 200, "{query} {}", answer.body);
    }
    let access = json!({"support_team_access": true});
    let answer = server.send(patch("", access)).await;
    answer.assert_invalid(&["support_team_access"]);
    let answer = server
        .send(patch("?update_mask=support_team_access", json!({})))
        .await;
    answer.assert_invalid(&["support_team_access"]);
}
