//! The fields of bodies, and what is wrong with them.

use rollbook_domain::Error;
use rollbook_domain::error::Violation;
use rollbook_domain::value::Malformed;
use serde::{Deserialize, Deserializer};

/// A field of a body: not there, `null`, or a value.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Given<T> {
    /// The body does not have the field.
    #[default]
    Absent,
    /// The body has the field and says that it is nothing.
    Null,
    /// The body has the field.
    Value(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let value = Option::<T>::deserialize(deserializer)?;
        Ok(value.map_or(Self::Null, Self::Value))
    }
}

impl Given<String> {
    /// The text; none when it is empty, which to protobuf is the same as absent.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Value(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }
}

/// The violations of a body, gathered so that all can be mended at once.
#[derive(Default)]
pub(super) struct Faults(Vec<Violation>);

impl Faults {
    /// The value, or its fault noted.
    pub(super) fn check<T>(
        &mut self,
        field: &'static str,
        value: std::result::Result<T, Malformed>,
    ) -> Option<T> {
        value
            .map_err(|Malformed(reason)| self.0.push(Violation { field, reason }))
            .ok()
    }

    /// The value, if there is one, or its fault noted.
    pub(super) fn check_some<T>(
        &mut self,
        field: &'static str,
        value: Option<std::result::Result<T, Malformed>>,
    ) -> Option<T> {
        value.and_then(|value| self.check(field, value))
    }

    /// Whether nothing was at fault.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Faults> for Error {
    fn from(faults: Faults) -> Self {
        Self::Invalid(faults.0)
    }
}

/// A fault that is no type's own.
pub(super) fn malformed<T>(reason: &str) -> std::result::Result<T, Malformed> {
    Err(Malformed(reason.to_owned()))
}
