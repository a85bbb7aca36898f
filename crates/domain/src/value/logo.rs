use super::{Malformed, Url, malformed};

/// An organization's logo: somewhere else, or kept here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Logo {
    /// An address from which clients fetch it.
    External(Url),
    /// An image kept in the store.
    Image(LogoImage),
}

/// A small image with its media type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoImage {
    media_type: &'static str,
    bytes: Vec<u8>,
}

impl LogoImage {
    /// The largest image that is kept: it travels with every answer that shows the organization.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// The media types that are kept.
    pub const MEDIA_TYPES: [&'static str; 5] = [
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "image/svg+xml",
    ];

    /// Checks media type and size. The bytes are not decoded.
    pub fn new(media_type: &str, bytes: Vec<u8>) -> Result<Self, Malformed> {
        let known = Self::MEDIA_TYPES
            .into_iter()
            .find(|known| known.eq_ignore_ascii_case(media_type));
        let Some(media_type) = known else {
            return malformed(format!(
                "the logo must be one of {}",
                Self::MEDIA_TYPES.join(", ")
            ));
        };
        if bytes.is_empty() || bytes.len() > Self::MAX_BYTES {
            return malformed(format!("the logo must have 1 to {} bytes", Self::MAX_BYTES));
        }
        Ok(Self { media_type, bytes })
    }

    /// The media type, such as `image/png`.
    #[must_use]
    pub const fn media_type(&self) -> &'static str {
        self.media_type
    }

    /// The image as it was given.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_small_images() {
        assert_eq!(
            LogoImage::new("Image/PNG", vec![1]).unwrap().media_type(),
            "image/png"
        );
        assert!(LogoImage::new("text/html", vec![1]).is_err());
        assert!(LogoImage::new("image/png", vec![]).is_err());
        assert!(LogoImage::new("image/png", vec![0; LogoImage::MAX_BYTES + 1]).is_err());
    }
}
