//! Update masks (AIP-134, AIP-161).

use rollbook_domain::{Error, Result};

use super::given::Given;

/// What of a kind of resource can be changed.
pub(super) trait Maskable: Copy + PartialEq + 'static {
    /// The paths, in snake case and in camel case.
    const PATHS: &'static [(&'static str, Self)];

    /// The paths of what only answers say, and where it can be changed, if anywhere.
    const FIXED: &'static [(&'static str, Option<&'static str>)];
}

/// Which fields of the body are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mask<F> {
    /// Those that the body has: there is no mask.
    Populated,
    /// All, whether the body has them or not: the mask is `*`.
    Everything,
    /// These.
    Fields(Vec<F>),
}

impl<F: Maskable> Mask<F> {
    /// Reads a mask, with its paths in snake case or camel case.
    pub(super) fn parse(text: Option<&str>) -> Result<Self> {
        match text.map(str::trim) {
            None | Some("") => Ok(Self::Populated),
            Some("*") => Ok(Self::Everything),
            Some(paths) => {
                let fields = paths.split(',').map(|path| field(path.trim()));
                Ok(Self::Fields(fields.collect::<Result<_>>()?))
            }
        }
    }

    /// Whether the field shall become what the body says.
    pub(super) fn selects<T: PartialEq>(&self, field: F, given: &Given<T>) -> bool {
        match self {
            Self::Populated => *given != Given::Absent,
            Self::Everything => true,
            Self::Fields(fields) => fields.contains(&field),
        }
    }

    /// Whether everything shall be replaced.
    pub(super) fn is_everything(&self) -> bool {
        matches!(self, Self::Everything)
    }
}

fn field<F: Maskable>(path: &str) -> Result<F> {
    if let Some((_, field)) = F::PATHS.iter().find(|(known, _)| *known == path) {
        return Ok(*field);
    }
    let fixed = F::FIXED.iter().find(|(known, _)| *known == path);
    let reason = match (path, fixed) {
        ("*", _) => "'*' stands alone".to_owned(),
        (_, Some((_, None))) => format!("'{path}' cannot be changed"),
        (_, Some((_, Some(other)))) => format!("'{path}' cannot be changed here; use {other}"),
        (_, None) => format!("there is no field '{path}'"),
    };
    Err(Error::invalid("update_mask", reason))
}

#[cfg(test)]
mod tests {
    use super::super::input::Field;
    use super::*;

    #[test]
    fn masks() {
        let parse = |text| Mask::<Field>::parse(Some(text)).ok();
        assert_eq!(Mask::<Field>::parse(None).ok(), Some(Mask::Populated));
        assert_eq!(parse(""), Some(Mask::Populated));
        assert_eq!(parse("*"), Some(Mask::Everything));
        assert_eq!(
            parse("title, logoUrl,logo_data_uri"),
            Some(Mask::Fields(vec![
                Field::Title,
                Field::LogoUrl,
                Field::LogoDataUri
            ]))
        );
        for text in [
            "name",
            "etag",
            "owner",
            "create_time",
            "titel",
            "title,",
            ",",
            "title,*",
            "title.x",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
