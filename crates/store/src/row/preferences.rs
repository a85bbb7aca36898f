use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};
use rollbook_domain::id::{OrganizationId, WorkspaceId};
use rollbook_domain::organization::Version;
use rollbook_domain::preferences::{
    DateFormat, DecimalPlaces, DecimalSymbol, General, MeasurementSystem, OrganizationPreferences,
    TimeFormat, WorkspacePreferences,
};
use rollbook_domain::value::TimeZone;
use rollbook_domain::{Error, Result};

use super::unknown;
use crate::schema::{organization_preferences, workspace_preferences};
use crate::sql::{Key, Moment};

/// The preferences of an organization, to read and to write.
#[derive(AsChangeset, Insertable, Queryable, Selectable)]
#[diesel(table_name = organization_preferences, treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false)]
#[diesel(primary_key(organization_id))]
pub(crate) struct OrganizationPreferencesRow {
    organization_id: Key,
    support_team_access: bool,
    #[diesel(embed)]
    general: OrganizationGeneral,
    version: i64,
    updated_at: Option<Moment>,
}

/// The preferences of a workspace, to read and to write.
#[derive(AsChangeset, Insertable, Queryable, Selectable)]
#[diesel(table_name = workspace_preferences, treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false)]
#[diesel(primary_key(organization_id, workspace_id))]
pub(crate) struct WorkspacePreferencesRow {
    organization_id: Key,
    workspace_id: Key,
    #[diesel(embed)]
    general: WorkspaceGeneral,
    version: i64,
    updated_at: Option<Moment>,
}

impl OrganizationPreferencesRow {
    pub(crate) fn of(preferences: &OrganizationPreferences) -> Self {
        Self {
            organization_id: Key(preferences.organization_id.uuid()),
            support_team_access: preferences.support_team_access,
            general: OrganizationGeneral::of(&preferences.general),
            version: preferences.version.number(),
            updated_at: preferences.updated_at.map(Moment),
        }
    }

    pub(crate) fn into_preferences(self) -> Result<OrganizationPreferences> {
        Ok(OrganizationPreferences {
            organization_id: OrganizationId::new(self.organization_id.0),
            support_team_access: self.support_team_access,
            general: self.general.into_general()?,
            version: Version::new(self.version),
            updated_at: self.updated_at.map(|at| at.0),
        })
    }
}

impl WorkspacePreferencesRow {
    pub(crate) fn of(preferences: &WorkspacePreferences) -> Self {
        Self {
            organization_id: Key(preferences.organization_id.uuid()),
            workspace_id: Key(preferences.workspace_id.uuid()),
            general: WorkspaceGeneral::of(&preferences.general),
            version: preferences.version.number(),
            updated_at: preferences.updated_at.map(Moment),
        }
    }

    pub(crate) fn into_preferences(self) -> Result<WorkspacePreferences> {
        Ok(WorkspacePreferences {
            organization_id: OrganizationId::new(self.organization_id.0),
            workspace_id: WorkspaceId::new(self.workspace_id.0),
            general: self.general.into_general()?,
            version: Version::new(self.version),
            updated_at: self.updated_at.map(|at| at.0),
        })
    }
}

/// The columns that both tables have.
macro_rules! general {
    ($($name:ident of $table:ident)+) => {
        $(#[derive(AsChangeset, Insertable, Queryable, Selectable)]
        #[diesel(table_name = $table, treat_none_as_null = true)]
        #[diesel(treat_none_as_default_value = false)]
        pub(crate) struct $name {
            time_zone: Option<String>,
            time_format: Option<String>,
            date_format: Option<String>,
            decimal_symbol: Option<String>,
            decimal_places: Option<i32>,
            measurement_system: Option<String>,
        }

        impl $name {
            fn of(general: &General) -> Self {
                let text = |key: &'static str| key.to_owned();
                Self {
                    time_zone: general.time_zone.as_ref().map(|zone| zone.as_str().to_owned()),
                    time_format: general.time_format.map(TimeFormat::key).map(text),
                    date_format: general.date_format.map(DateFormat::key).map(text),
                    decimal_symbol: general.decimal_symbol.map(DecimalSymbol::key).map(text),
                    decimal_places: general.decimal_places.map(|places| places.get().into()),
                    measurement_system: general
                        .measurement_system
                        .map(MeasurementSystem::key)
                        .map(text),
                }
            }

            fn into_general(self) -> Result<General> {
                let places = self.decimal_places.map(|places| DecimalPlaces::new(places.into()));
                Ok(General {
                    time_zone: self.time_zone.map(TimeZone::from_stored),
                    time_format: choice(self.time_format, TimeFormat::from_key)?,
                    date_format: choice(self.date_format, DateFormat::from_key)?,
                    decimal_symbol: choice(self.decimal_symbol, DecimalSymbol::from_key)?,
                    decimal_places: places.transpose().map_err(Error::storage)?,
                    measurement_system: choice(
                        self.measurement_system,
                        MeasurementSystem::from_key,
                    )?,
                })
            }
        })+
    };
}

general! {
    OrganizationGeneral of organization_preferences
    WorkspaceGeneral of workspace_preferences
}

fn choice<T>(key: Option<String>, known: fn(&str) -> Option<T>) -> Result<Option<T>> {
    let read = |key: String| known(&key).ok_or_else(|| unknown("preference", &key));
    key.map(read).transpose()
}
