use super::{Malformed, malformed};

/// How many links an organization shows at the most.
const LINKS_MAX: usize = 20;
/// The most bytes of all of them together.
const BYTES_MAX: usize = 16 * 1024;

/// Links that clients show with an organization: the text of a JSON array (RFC 8259) of at most 20
/// objects, 16 KiB together. Their order is kept, and nothing looks inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Links(String);

impl Links {
    /// Takes the texts of objects, which the dialect has parsed: the domain knows no JSON.
    pub fn new(objects: &[String]) -> Result<Self, Malformed> {
        if objects.len() > LINKS_MAX {
            return malformed(format!("an organization has at most {LINKS_MAX} links"));
        }
        let is_object = |text: &String| text.starts_with('{') && text.ends_with('}');
        if !objects.iter().all(is_object) {
            return malformed("a link is a JSON object");
        }
        let array = format!("[{}]", objects.join(","));
        if array.len() > BYTES_MAX {
            return malformed(format!("the links have at most {BYTES_MAX} bytes together"));
        }
        Ok(Self(array))
    }

    /// Takes what a store kept, unchecked: it was checked before it was written.
    #[must_use]
    pub const fn from_stored(array: String) -> Self {
        Self(array)
    }

    /// The text of the array.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_objects_in_their_order() {
        let object = |number: usize| format!("{{\"n\":{number}}}");
        let some: Vec<_> = (0..LINKS_MAX).map(object).collect();
        let links = Links::new(&some).unwrap();
        assert!(links.as_str().starts_with("[{\"n\":0},{\"n\":1},"));
        assert_eq!(Links::new(&[]).unwrap().as_str(), "[]");
        let more: Vec<_> = (0..=LINKS_MAX).map(object).collect();
        let long = format!("{{\"n\":\"{}\"}}", "x".repeat(BYTES_MAX - 10));
        assert!(Links::new(std::slice::from_ref(&long)).is_ok());
        for wrong in [more, vec!["[]".to_owned()], vec![format!("{long} }}")]] {
            assert!(Links::new(&wrong).is_err());
        }
    }
}
