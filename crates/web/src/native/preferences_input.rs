//! Preferences as the native dialect takes them, and how they become commands of the domain.

use rollbook_domain::Result;
use rollbook_domain::organization::{Patch, Version};
use rollbook_domain::preferences::{
    DateFormat, DecimalPlaces, DecimalSymbol, MeasurementSystem, TimeFormat,
};
use rollbook_domain::service::preferences::{
    UpdateGeneral, UpdateOrganizationPreferences, UpdateWorkspacePreferences,
};
use rollbook_domain::value::{Malformed, TimeZone};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::given::{Faults, Given};
use super::mask::{Mask, Maskable};
use super::preferences_wire::{DATE_FORMAT, DECIMAL_SYMBOL, MEASUREMENT_SYSTEM, TIME_FORMAT};
use super::words;

/// What of preferences can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// `support_team_access`
    SupportTeamAccess,
    /// `general`, all of it
    General,
    /// `general.time_zone`
    TimeZone,
    /// `general.time_format`
    TimeFormat,
    /// `general.date_format`
    DateFormat,
    /// `general.decimal_symbol`
    DecimalSymbol,
    /// `general.decimal_places`
    DecimalPlaces,
    /// `general.measurement_system`
    MeasurementSystem,
}

impl Maskable for Field {
    const PATHS: &'static [(&'static str, Self)] = &[
        ("support_team_access", Self::SupportTeamAccess),
        ("supportTeamAccess", Self::SupportTeamAccess),
        ("general", Self::General),
        ("general.time_zone", Self::TimeZone),
        ("general.timeZone", Self::TimeZone),
        ("general.time_format", Self::TimeFormat),
        ("general.timeFormat", Self::TimeFormat),
        ("general.date_format", Self::DateFormat),
        ("general.dateFormat", Self::DateFormat),
        ("general.decimal_symbol", Self::DecimalSymbol),
        ("general.decimalSymbol", Self::DecimalSymbol),
        ("general.decimal_places", Self::DecimalPlaces),
        ("general.decimalPlaces", Self::DecimalPlaces),
        ("general.measurement_system", Self::MeasurementSystem),
        ("general.measurementSystem", Self::MeasurementSystem),
    ];

    const FIXED: &'static [(&'static str, Option<&'static str>)] = &[
        ("name", None),
        ("effective_general", None),
        ("effectiveGeneral", None),
        ("update_time", None),
        ("updateTime", None),
        ("etag", None),
    ];
}

/// Preferences in a body. What only answers say is taken and ignored (AIP-203); anything unknown
/// is refused.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PreferencesBody {
    #[serde(alias = "supportTeamAccess")]
    support_team_access: Given<bool>,
    general: Given<GeneralBody>,
    etag: Given<String>,
    #[serde(rename = "name")]
    _name: IgnoredAny,
    #[serde(rename = "effective_general", alias = "effectiveGeneral")]
    _effective_general: IgnoredAny,
    #[serde(rename = "update_time", alias = "updateTime")]
    _update_time: IgnoredAny,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct GeneralBody {
    #[serde(alias = "timeZone")]
    time_zone: Given<String>,
    #[serde(alias = "timeFormat")]
    time_format: Given<String>,
    #[serde(alias = "dateFormat")]
    date_format: Given<String>,
    #[serde(alias = "decimalSymbol")]
    decimal_symbol: Given<String>,
    #[serde(alias = "decimalPlaces")]
    decimal_places: Given<i64>,
    #[serde(alias = "measurementSystem")]
    measurement_system: Given<String>,
}

impl PreferencesBody {
    /// The entity tag that the body bears.
    pub(super) fn etag(&self) -> Option<&str> {
        self.etag.text()
    }

    /// The changes of an organization's preferences, as far as the mask selects them.
    pub(super) fn of_organization(
        self,
        mask: &Mask<Field>,
        seen: Option<Version>,
    ) -> Result<UpdateOrganizationPreferences> {
        let field = Field::SupportTeamAccess;
        let selected = mask.selects(field, &self.support_team_access);
        let access = selected.then_some(self.support_team_access == Given::Value(true));
        Ok(UpdateOrganizationPreferences {
            support_team_access: access,
            general: general(self.general, mask)?,
            seen,
        })
    }

    /// The changes of a workspace's preferences, as far as the mask selects them.
    pub(super) fn of_workspace(
        self,
        mask: &Mask<Field>,
        seen: Option<Version>,
    ) -> Result<UpdateWorkspacePreferences> {
        let mut faults = Faults::default();
        let field = Field::SupportTeamAccess;
        if self.support_team_access != Given::Absent || names(mask, field) {
            let only = "only organizations have it";
            faults.check("support_team_access", super::given::malformed::<()>(only));
            return Err(faults.into());
        }
        Ok(UpdateWorkspacePreferences {
            general: general(self.general, mask)?,
            seen,
        })
    }
}

/// Whether the mask names the field.
fn names(mask: &Mask<Field>, field: Field) -> bool {
    matches!(mask, Mask::Fields(fields) if fields.contains(&field))
}

fn general(given: Given<GeneralBody>, mask: &Mask<Field>) -> Result<UpdateGeneral> {
    // `general: null` says of every field that it is nothing.
    let whole = names(mask, Field::General) || given == Given::Null && !is_list(mask);
    let body = match given {
        Given::Value(body) => body,
        Given::Absent | Given::Null => GeneralBody::default(),
    };
    let mut pick = Pick {
        mask,
        whole,
        faults: Faults::default(),
    };
    let command = UpdateGeneral {
        time_zone: pick.text(
            Field::TimeZone,
            "general.time_zone",
            &body.time_zone,
            |text| TimeZone::parse(text).map(Some),
        ),
        time_format: pick.text(
            Field::TimeFormat,
            "general.time_format",
            &body.time_format,
            |text| choice(TIME_FORMAT, text, TimeFormat::from_key),
        ),
        date_format: pick.text(
            Field::DateFormat,
            "general.date_format",
            &body.date_format,
            |text| choice(DATE_FORMAT, text, DateFormat::from_key),
        ),
        decimal_symbol: pick.text(
            Field::DecimalSymbol,
            "general.decimal_symbol",
            &body.decimal_symbol,
            |text| choice(DECIMAL_SYMBOL, text, DecimalSymbol::from_key),
        ),
        decimal_places: pick.places(&body.decimal_places),
        measurement_system: pick.text(
            Field::MeasurementSystem,
            "general.measurement_system",
            &body.measurement_system,
            |text| choice(MEASUREMENT_SYSTEM, text, MeasurementSystem::from_key),
        ),
    };
    if pick.faults.is_empty() {
        Ok(command)
    } else {
        Err(pick.faults.into())
    }
}

fn is_list(mask: &Mask<Field>) -> bool {
    matches!(mask, Mask::Fields(_))
}

/// Picks the fields that are selected.
struct Pick<'a> {
    mask: &'a Mask<Field>,
    /// Whether everything in `general` is selected.
    whole: bool,
    faults: Faults,
}

impl Pick<'_> {
    fn text<T>(
        &mut self,
        field: Field,
        name: &'static str,
        given: &Given<String>,
        parse: impl FnOnce(&str) -> std::result::Result<Option<T>, Malformed>,
    ) -> Patch<T> {
        if !self.whole && !self.mask.selects(field, given) {
            return Patch::Keep;
        }
        let Some(text) = given.text() else {
            return Patch::Clear;
        };
        match self.faults.check(name, parse(text)) {
            Some(Some(value)) => Patch::Set(value),
            Some(None) => Patch::Clear,
            None => Patch::Keep,
        }
    }

    fn places(&mut self, given: &Given<i64>) -> Patch<DecimalPlaces> {
        if !self.whole && !self.mask.selects(Field::DecimalPlaces, given) {
            return Patch::Keep;
        }
        let Given::Value(places) = given else {
            return Patch::Clear;
        };
        let places = DecimalPlaces::new(*places);
        let places = self.faults.check("general.decimal_places", places);
        places.map_or(Patch::Keep, Patch::Set)
    }
}

/// What a word stands for; `None` when it is the word for nothing.
fn choice<T>(
    prefix: &str,
    text: &str,
    from_key: fn(&str) -> Option<T>,
) -> std::result::Result<Option<T>, Malformed> {
    let Some(key) = words::key(prefix, text) else {
        return Ok(None);
    };
    let found = from_key(&key);
    found
        .map(Some)
        .ok_or_else(|| Malformed(format!("'{text}' is none of the words for this")))
}
