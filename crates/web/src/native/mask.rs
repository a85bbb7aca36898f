//! Update masks (AIP-134, AIP-161) of organizations.

use rollbook_domain::{Error, Result};

use super::input::Given;

/// What of an organization can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// `title`
    Title,
    /// `slug`
    Slug,
    /// `description`
    Description,
    /// `logo_data_uri`
    LogoDataUri,
    /// `logo_url`
    LogoUrl,
}

/// Which fields of the body are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mask {
    /// Those that the body has: there is no mask.
    Populated,
    /// All, whether the body has them or not: the mask is `*`.
    Everything,
    /// These.
    Fields(Vec<Field>),
}

impl Mask {
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
    pub(super) fn selects<T: PartialEq>(&self, field: Field, given: &Given<T>) -> bool {
        match self {
            Self::Populated => *given != Given::Absent,
            Self::Everything => true,
            Self::Fields(fields) => fields.contains(&field),
        }
    }

    /// Whether everything shall be replaced.
    pub(super) fn is_everything(&self) -> bool {
        *self == Self::Everything
    }
}

fn field(path: &str) -> Result<Field> {
    let reason = match path {
        "title" => return Ok(Field::Title),
        "slug" => return Ok(Field::Slug),
        "description" => return Ok(Field::Description),
        "logo_data_uri" | "logoDataUri" => return Ok(Field::LogoDataUri),
        "logo_url" | "logoUrl" => return Ok(Field::LogoUrl),
        "*" => "'*' stands alone".to_owned(),
        "name" | "create_time" | "createTime" | "update_time" | "updateTime" | "etag" => {
            format!("'{path}' cannot be changed")
        }
        "owner" | "owner_display_name" | "ownerDisplayName" | "owner_email" | "ownerEmail" => {
            format!("'{path}' cannot be changed here; use :transferOwnership")
        }
        _ => format!("there is no field '{path}'"),
    };
    Err(Error::invalid("update_mask", reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks() {
        let parse = |text| Mask::parse(Some(text)).ok();
        assert_eq!(Mask::parse(None).ok(), Some(Mask::Populated));
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
