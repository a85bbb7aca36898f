//! The parameters of requests. One that comes twice is refused (RFC 6749 §3.1), one without a value
//! counts as left out, and unknown ones are ignored (§3.2).

use serde::{Deserialize, Deserializer};

/// A parameter, unless it has no value.
pub(crate) fn given<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok((!text.is_empty()).then_some(text))
}
