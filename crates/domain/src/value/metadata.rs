use super::{Malformed, malformed};

/// The most bytes of [`Metadata`].
const METADATA_MAX: usize = 8 * 1024;

/// What a client keeps with a resource for itself: the text of a JSON object (RFC 8259) of at most
/// 8 KiB. Nothing looks inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata(String);

impl Metadata {
    /// Takes the text of an object, which the dialect has parsed: the domain knows no JSON.
    pub fn new(object: String) -> Result<Self, Malformed> {
        if object.len() > METADATA_MAX {
            return malformed(format!("metadata has at most {METADATA_MAX} bytes"));
        }
        if !object.starts_with('{') || !object.ends_with('}') {
            return malformed("metadata is a JSON object");
        }
        Ok(Self(object))
    }

    /// Takes what a store kept, unchecked: it was checked before it was written.
    #[must_use]
    pub const fn from_stored(object: String) -> Self {
        Self(object)
    }

    /// The text of the object.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Metadata {
    fn default() -> Self {
        Self("{}".to_owned())
    }
}
