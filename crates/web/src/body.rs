//! Request bodies in JSON, with refusals that name the field at fault.

use std::marker::PhantomData;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;

use crate::dialect::{Dialect, Fail, Fault};
use crate::state::{Settings, State};

/// The body of a request in dialect `D`, whatever media type it claims to have: clients that post
/// JSON as something else are common, and with bearer tokens no browser can be tricked into it.
pub(crate) struct Body<D, T> {
    /// What the body says.
    pub(crate) value: T,
    /// The body as it came.
    pub(crate) bytes: web::Bytes,
    dialect: PhantomData<fn() -> D>,
}

impl<D: Dialect, T: DeserializeOwned + 'static> FromRequest for Body<D, T> {
    type Error = Fail<D>;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Fail<D>>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = read(request, payload);
        Box::pin(async move {
            let bytes = bytes.await?;
            Ok(Self {
                value: parse(&bytes)?,
                bytes,
                dialect: PhantomData,
            })
        })
    }
}

/// The body of a request, unless it is too large.
pub(crate) fn read(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<web::Bytes, Fault>> + use<> {
    let limit = request
        .app_data::<web::Data<State>>()
        .map_or(Settings::BODY_LIMIT, |state| state.settings.body_limit);
    let announced = announced(request);
    let payload = web::Payload::from_request(request, payload);
    async move {
        if announced.is_some_and(|length| length > limit) {
            return Err(Fault::TooLarge { limit });
        }
        let payload = payload.await.map_err(unreadable)?;
        payload
            .to_bytes_limited(limit)
            .await
            .map_err(|_| Fault::TooLarge { limit })?
            .map_err(unreadable)
    }
}

fn announced(request: &HttpRequest) -> Option<usize> {
    let length = request.headers().get(CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

fn unreadable(_: actix_web::Error) -> Fault {
    Fault::Body {
        field: None,
        reason: "the body could not be read to its end".to_owned(),
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    // Serde would also fill a structure from an array.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(Fault::Body {
            field: None,
            reason: "the body must be a JSON object".to_owned(),
        });
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        Fault::Body {
            // What serde writes for the root, and for where there is no field yet.
            field: (path != "." && path != "?").then_some(path),
            reason: error.into_inner().to_string(),
        }
    })?;
    json.end().map_err(|error| Fault::Body {
        field: None,
        reason: error.to_string(),
    })?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Thing {
        #[expect(dead_code, reason = "only parsed")]
        title: String,
    }

    fn fault(text: &str) -> (Option<String>, String) {
        match parse::<Thing>(text.as_bytes()) {
            Err(Fault::Body { field, reason }) => (field, reason),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn faults_name_the_field() {
        let (field, reason) = fault(r#"{"title":"a","titel":"b"}"#);
        assert_eq!(field.as_deref(), Some("titel"));
        assert!(reason.starts_with("unknown field `titel`"), "{reason}");
        let (field, reason) = fault(r#"{"title":5}"#);
        assert_eq!(field.as_deref(), Some("title"));
        assert!(reason.starts_with("invalid type: integer `5`"), "{reason}");
    }

    #[test]
    fn only_one_whole_value_is_a_body() {
        let deep = format!(r#"{{"title":{}"#, "[".repeat(100_000));
        for text in [
            "",
            "{",
            "[]",
            r#"["a"]"#,
            "null",
            r#"{"title":"a"} {}"#,
            "\u{feff}{}",
        ] {
            assert_eq!(fault(text).0, None, "{text}");
        }
        assert_eq!(fault(&deep).0.as_deref(), Some("title"));
    }
}
