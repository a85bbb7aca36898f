//! Preferences of organizations and workspaces.

use crate::id::{OrganizationId, WorkspaceId};
use crate::organization::Version;
use crate::time::Timestamp;
use crate::value::{Malformed, TimeZone};

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident: $($(#[$item_doc:meta])* $item:ident = $key:literal,)+) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$item_doc])* $item,)+
        }

        impl $name {
            /// All choices.
            pub const ALL: &'static [Self] = &[$(Self::$item,)+];

            /// The key, by which stores know the choice; clients see it in capital letters.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self {
                    $(Self::$item => $key,)+
                }
            }

            /// The choice with this key.
            #[must_use]
            pub fn from_key(key: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|choice| choice.key() == key)
            }
        }
    };
}

choice! {
    /// How times of day are written.
    TimeFormat:
    /// With a.m. and p.m.
    TwelveHours = "12_hour",
    /// From 0 to 23.
    TwentyFourHours = "24_hour",
}

choice! {
    /// How dates are written.
    DateFormat:
    /// 31/12/2026
    DdMmYyyySlash = "dd_mm_yyyy_slash",
    /// 31-12-2026
    DdMmYyyyDash = "dd_mm_yyyy_dash",
    /// 31.12.2026
    DdMmYyyyDot = "dd_mm_yyyy_dot",
    /// 12/31/2026
    MmDdYyyySlash = "mm_dd_yyyy_slash",
    /// 12-31-2026
    MmDdYyyyDash = "mm_dd_yyyy_dash",
    /// 12.31.2026
    MmDdYyyyDot = "mm_dd_yyyy_dot",
    /// 2026/12/31
    YyyyMmDdSlash = "yyyy_mm_dd_slash",
    /// 2026-12-31
    YyyyMmDdDash = "yyyy_mm_dd_dash",
    /// 2026.12.31
    YyyyMmDdDot = "yyyy_mm_dd_dot",
    /// 31 Dec 2026
    DdMmmYyyy = "dd_mmm_yyyy",
    /// Dec 31, 2026
    MmmDdYyyy = "mmm_dd_yyyy",
    /// 31 December 2026
    DdMmmmYyyy = "dd_mmmm_yyyy",
    /// December 31, 2026
    MmmmDdYyyy = "mmmm_dd_yyyy",
}

choice! {
    /// What stands between whole and part.
    DecimalSymbol:
    /// 1.5
    Period = "period",
    /// 1,5
    Comma = "comma",
}

choice! {
    /// In what things are measured.
    MeasurementSystem:
    /// Metres and kilograms.
    Metric = "metric",
    /// Yards and pounds.
    Imperial = "imperial",
}

/// How many digits stand after the decimal symbol: 0 to 12.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecimalPlaces(u8);

impl DecimalPlaces {
    /// Checks the number.
    pub fn new(places: i64) -> Result<Self, Malformed> {
        match u8::try_from(places) {
            Ok(places) if places <= 12 => Ok(Self(places)),
            _ => Err(Malformed("decimal places are 0 to 12".to_owned())),
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// How things are written and measured. What is `None` is not said: a workspace takes it from its
/// organization, a client from its own defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct General {
    /// The time zone.
    pub time_zone: Option<TimeZone>,
    /// How times of day are written.
    pub time_format: Option<TimeFormat>,
    /// How dates are written.
    pub date_format: Option<DateFormat>,
    /// What stands between whole and part.
    pub decimal_symbol: Option<DecimalSymbol>,
    /// How many digits stand after it.
    pub decimal_places: Option<DecimalPlaces>,
    /// In what things are measured.
    pub measurement_system: Option<MeasurementSystem>,
}

impl General {
    /// These preferences, and those of `wider` where these say nothing.
    #[must_use]
    pub fn or(&self, wider: &Self) -> Self {
        Self {
            time_zone: self.time_zone.clone().or_else(|| wider.time_zone.clone()),
            time_format: self.time_format.or(wider.time_format),
            date_format: self.date_format.or(wider.date_format),
            decimal_symbol: self.decimal_symbol.or(wider.decimal_symbol),
            decimal_places: self.decimal_places.or(wider.decimal_places),
            measurement_system: self.measurement_system.or(wider.measurement_system),
        }
    }
}

/// The preferences of an organization. One that never said anything has the defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationPreferences {
    /// Whose they are.
    pub organization_id: OrganizationId,
    /// Whether the operator's support team may look into the organization.
    pub support_team_access: bool,
    /// How things are written and measured.
    pub general: General,
    /// Counts the changes; 1 when nothing was ever said.
    pub version: Version,
    /// When they last changed; `None`: never.
    pub updated_at: Option<Timestamp>,
}

impl OrganizationPreferences {
    /// Those of an organization that never said anything.
    #[must_use]
    pub fn default_of(organization_id: OrganizationId) -> Self {
        Self {
            organization_id,
            support_team_access: false,
            general: General::default(),
            version: Version::FIRST,
            updated_at: None,
        }
    }
}

/// The preferences of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspacePreferences {
    /// The organization.
    pub organization_id: OrganizationId,
    /// Whose they are.
    pub workspace_id: WorkspaceId,
    /// How things are written and measured, where it differs from the organization.
    pub general: General,
    /// Counts the changes; 1 when nothing was ever said.
    pub version: Version,
    /// When they last changed; `None`: never.
    pub updated_at: Option<Timestamp>,
}

impl WorkspacePreferences {
    /// Those of a workspace that never said anything.
    #[must_use]
    pub fn default_of(organization_id: OrganizationId, workspace_id: WorkspaceId) -> Self {
        Self {
            organization_id,
            workspace_id,
            general: General::default(),
            version: Version::FIRST,
            updated_at: None,
        }
    }
}
