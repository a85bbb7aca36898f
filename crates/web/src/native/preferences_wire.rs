//! Preferences as the native dialect sends them.

use rollbook_domain::preferences::{
    DateFormat, DecimalPlaces, DecimalSymbol, General as DomainGeneral, MeasurementSystem,
    OrganizationPreferences as DomainPreferences, TimeFormat,
};
use rollbook_domain::service::preferences::WorkspacePreferencesView;
use rollbook_domain::workspace::WorkspaceRef;
use serde::Serialize;
use utoipa::ToSchema;

use super::name::{Name, Time};
use super::{etag, words, workspace_wire};

/// How the words of time formats begin.
pub(super) const TIME_FORMAT: &str = "TIME_FORMAT_";
/// How the words of date formats begin.
pub(super) const DATE_FORMAT: &str = "DATE_FORMAT_";
/// How the words of decimal symbols begin.
pub(super) const DECIMAL_SYMBOL: &str = "DECIMAL_SYMBOL_";
/// How the words of measurement systems begin.
pub(super) const MEASUREMENT_SYSTEM: &str = "MEASUREMENT_SYSTEM_";

/// What an organization prefers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59/preferences",
    "support_team_access": false,
    "general": {
        "time_zone": "Europe/Berlin",
        "time_format": "TIME_FORMAT_24_HOUR",
        "date_format": "DATE_FORMAT_DD_MM_YYYY_DOT",
        "decimal_symbol": "DECIMAL_SYMBOL_COMMA",
        "decimal_places": 2,
        "measurement_system": "MEASUREMENT_SYSTEM_METRIC"
    },
    "update_time": "2025-01-15T10:30:00Z",
    "etag": "\"2\""
}))]
pub(super) struct OrganizationPreferences<'a> {
    /// The resource name, `organizations/{organization}/preferences`.
    #[schema(read_only, value_type = String)]
    name: Name,
    /// Whether the operator's support team may look into the organization.
    #[schema(required = false)]
    support_team_access: bool,
    /// How things are written and measured.
    #[schema(required = false)]
    general: GeneralPreferences<'a>,
    /// When they last changed; left out when they never did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(read_only, value_type = Option<String>, format = DateTime, nullable = false)]
    update_time: Option<Time>,
    /// Changes whenever the preferences do. Sent back with a change, here or in `If-Match`, it
    /// makes the change conditional.
    #[schema(required = false)]
    etag: String,
}

impl<'a> From<&'a DomainPreferences> for OrganizationPreferences<'a> {
    fn from(it: &'a DomainPreferences) -> Self {
        Self {
            name: Name::from(it.organization_id).only("preferences"),
            support_team_access: it.support_team_access,
            general: GeneralPreferences::from(&it.general),
            update_time: it.updated_at.map(Time),
            etag: etag::of(it.version),
        }
    }
}

/// How things are written and measured.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GeneralPreferences<'a> {
    /// The time zone, by its name in the IANA database; empty when none is preferred.
    #[schema(required = false, example = "Europe/Berlin")]
    time_zone: &'a str,
    /// How times of day are written: `TIME_FORMAT_12_HOUR`, `TIME_FORMAT_24_HOUR` or
    /// `TIME_FORMAT_UNSPECIFIED`.
    #[schema(required = false, example = "TIME_FORMAT_24_HOUR")]
    time_format: String,
    /// How dates are written: `DATE_FORMAT_` and `DD_MM_YYYY`, `MM_DD_YYYY` or `YYYY_MM_DD` with
    /// `_SLASH`, `_DASH` or `_DOT`, or `DD_MMM_YYYY`, `MMM_DD_YYYY`, `DD_MMMM_YYYY`,
    /// `MMMM_DD_YYYY`, or `UNSPECIFIED`.
    #[schema(required = false, example = "DATE_FORMAT_YYYY_MM_DD_DASH")]
    date_format: String,
    /// What stands between whole and part: `DECIMAL_SYMBOL_PERIOD`, `DECIMAL_SYMBOL_COMMA` or
    /// `DECIMAL_SYMBOL_UNSPECIFIED`.
    #[schema(required = false, example = "DECIMAL_SYMBOL_PERIOD")]
    decimal_symbol: String,
    /// How many digits stand after it, 0 to 12; left out when no number is preferred.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, maximum = 12, example = 2)]
    decimal_places: Option<u8>,
    /// In what things are measured: `MEASUREMENT_SYSTEM_METRIC`, `MEASUREMENT_SYSTEM_IMPERIAL` or
    /// `MEASUREMENT_SYSTEM_UNSPECIFIED`.
    #[schema(required = false, example = "MEASUREMENT_SYSTEM_METRIC")]
    measurement_system: String,
}

impl<'a> From<&'a DomainGeneral> for GeneralPreferences<'a> {
    fn from(it: &'a DomainGeneral) -> Self {
        let word = |prefix, key: Option<&str>| words::word(prefix, key.unwrap_or("unspecified"));
        let symbol = it.decimal_symbol.map(DecimalSymbol::key);
        let system = it.measurement_system.map(MeasurementSystem::key);
        Self {
            time_zone: it.time_zone.as_ref().map_or("", |zone| zone.as_str()),
            time_format: word(TIME_FORMAT, it.time_format.map(TimeFormat::key)),
            date_format: word(DATE_FORMAT, it.date_format.map(DateFormat::key)),
            decimal_symbol: word(DECIMAL_SYMBOL, symbol),
            decimal_places: it.decimal_places.map(DecimalPlaces::get),
            measurement_system: word(MEASUREMENT_SYSTEM, system),
        }
    }
}

/// What a workspace prefers, and what holds there.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59/workspaces/01980c5e-0000-7000-8000-000000000004/preferences",
    "general": {
        "time_zone": "Asia/Tokyo",
        "time_format": "TIME_FORMAT_UNSPECIFIED",
        "date_format": "DATE_FORMAT_UNSPECIFIED",
        "decimal_symbol": "DECIMAL_SYMBOL_UNSPECIFIED",
        "measurement_system": "MEASUREMENT_SYSTEM_UNSPECIFIED"
    },
    "effective_general": {
        "time_zone": "Asia/Tokyo",
        "time_format": "TIME_FORMAT_24_HOUR",
        "date_format": "DATE_FORMAT_DD_MM_YYYY_DOT",
        "decimal_symbol": "DECIMAL_SYMBOL_COMMA",
        "decimal_places": 2,
        "measurement_system": "MEASUREMENT_SYSTEM_METRIC"
    },
    "update_time": "2025-01-15T10:30:00Z",
    "etag": "\"2\""
}))]
pub(super) struct WorkspacePreferences<'a> {
    /// The resource name,
    /// `organizations/{organization}/workspaces/{workspace}/preferences`.
    #[schema(read_only, value_type = String)]
    name: Name,
    /// What the workspace prefers itself.
    #[schema(required = false)]
    general: GeneralPreferences<'a>,
    /// The same, and what the organization prefers where the workspace says nothing.
    #[schema(read_only)]
    effective_general: GeneralPreferences<'a>,
    /// When they last changed; left out when they never did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(read_only, value_type = Option<String>, format = DateTime, nullable = false)]
    update_time: Option<Time>,
    /// Changes whenever the workspace's own preferences do. Sent back with a change, here or in
    /// `If-Match`, it makes the change conditional.
    #[schema(required = false)]
    etag: String,
}

impl<'a> From<&'a WorkspacePreferencesView> for WorkspacePreferences<'a> {
    fn from(view: &'a WorkspacePreferencesView) -> Self {
        let it = &view.own;
        let at = WorkspaceRef {
            organization: it.organization_id,
            id: it.workspace_id,
        };
        Self {
            name: workspace_wire::name(at).only("preferences"),
            general: GeneralPreferences::from(&it.general),
            effective_general: GeneralPreferences::from(&view.effective),
            update_time: it.updated_at.map(Time),
            etag: etag::of(it.version),
        }
    }
}
