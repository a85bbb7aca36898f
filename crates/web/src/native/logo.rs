//! Logos as data URIs (RFC 2397): `data:[<media type>][;<parameter>…][;base64],<data>`.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose};
use rollbook_domain::value::{LogoImage, Malformed};

/// Reads base64 with or without padding, as browsers do.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The URI of an image.
pub(super) fn data_uri(image: &LogoImage) -> String {
    let head = ["data:", image.media_type(), ";base64,"];
    let mut uri = head.concat();
    general_purpose::STANDARD.encode_string(image.bytes(), &mut uri);
    uri
}

/// The image in a URI. Parameters of the media type, such as `charset`, are dropped.
pub(super) fn parse(uri: &str) -> Result<LogoImage, Malformed> {
    let Some((head, data)) = split(uri.trim()) else {
        return malformed("it must be a data URI: data:image/png;base64,…");
    };
    let (media, is_base64) = match head.rsplit_once(';') {
        Some((media, last)) if last.trim().eq_ignore_ascii_case("base64") => (media, true),
        _ => (head, false),
    };
    let media_type = media.split(';').next().unwrap_or_default().trim();
    let bytes: Vec<u8> = percent_encoding::percent_decode_str(data).collect();
    if !is_base64 {
        return LogoImage::new(media_type, bytes);
    }
    match LENIENT.decode(bytes) {
        Ok(bytes) => LogoImage::new(media_type, bytes),
        Err(_) => malformed("the data URI is not valid base64"),
    }
}

fn split(uri: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = uri.split_once(':')?;
    scheme
        .eq_ignore_ascii_case("data")
        .then(|| rest.split_once(','))?
}

fn malformed<T>(reason: &str) -> Result<T, Malformed> {
    Err(Malformed(reason.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_spellings_of_one_image() {
        let image = LogoImage::new("image/png", b"\x89PNG".to_vec()).unwrap();
        assert_eq!(data_uri(&image), "data:image/png;base64,iVBORw==");
        for uri in [
            "data:image/png;base64,iVBORw==",
            "data:image/png;base64,iVBORw",
            "DATA:IMAGE/PNG;name=a.png;BASE64,iVBORw%3D%3D",
            " data:image/png,%89PNG ",
        ] {
            assert_eq!(parse(uri).as_ref(), Ok(&image), "{uri}");
        }
        let svg = parse("data:image/svg+xml;charset=utf-8,%3Csvg/%3E").unwrap();
        assert_eq!(svg.bytes(), b"<svg/>");
    }

    #[test]
    fn what_is_no_image() {
        for uri in [
            "",
            "data:",
            "data:,",
            "data:image/png;base64",
            "data:image/png;base64,",
            "data:image/png;base64,?",
            "data:text/html;base64,iVBORw==",
            "data:;base64,iVBORw==",
            "https://example.com/a.png",
        ] {
            assert!(parse(uri).is_err(), "{uri}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(bytes in proptest::collection::vec(any::<u8>(), 1..200)) {
            let image = LogoImage::new("image/webp", bytes).unwrap();
            prop_assert_eq!(parse(&data_uri(&image)), Ok(image));
        }

        #[test]
        fn parsing_never_panics(uri in "(data:)?\\PC{0,60}") {
            let _ = parse(&uri);
        }
    }
}
