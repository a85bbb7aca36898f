//! Where people and tools find out what can be asked: `/`, `/docs` and `/openapi/<dialect>.json`.
//! Everything comes from the binary; no page loads anything from elsewhere.

use std::sync::{Arc, OnceLock};

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{self, Bytes, Data, Path};
use actix_web::{HttpResponse, HttpResponseBuilder};
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::{Config, Url};

use crate::state::State;
use crate::{native, oauth, reading, zenml};

const INDEX: &str = include_str!("docs/index.html");

/// What the pages need of a browser. Swagger UI sets styles from its script; nothing else is
/// allowed that is not from here, and nobody may frame it, for tokens are typed into it.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; \
    style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What is made once. The descriptions are made when somebody asks: making them takes megabytes, which
/// a server that nobody asks need not have.
pub(crate) struct Docs {
    native: Description,
    oauth: Description,
    zenml: Description,
    /// Where the world reaches Rollbook, once it is known.
    public_url: OnceLock<String>,
    swagger: Arc<Config<'static>>,
}

/// A description as JSON; `None` when it cannot be written, which a test excludes.
type Description = OnceLock<Option<Bytes>>;

impl Docs {
    pub(crate) fn new() -> Self {
        // Relative, so that it works behind a proxy that adds a prefix. The validator is a public
        // service, which need not know who asks.
        let swagger = Config::new([
            Url::with_primary("native", "../openapi/native.json", true),
            Url::new("OAuth 2.0", "../openapi/oauth.json"),
            Url::new("ZenML Pro", "../openapi/zenml.json"),
        ])
        .validator_url("none")
        .try_it_out_enabled(true)
        .display_request_duration(true);
        Self {
            native: OnceLock::new(),
            oauth: OnceLock::new(),
            zenml: OnceLock::new(),
            public_url: OnceLock::new(),
            swagger: Arc::new(swagger),
        }
    }
}

impl Docs {
    /// Tells where the world reaches Rollbook. Only the first time counts.
    pub(crate) fn announce(&self, public_url: &str) {
        self.public_url.get_or_init(|| public_url.to_owned());
    }

    fn native(&self) -> Option<&Bytes> {
        let made = self.native.get_or_init(|| text(&native::openapi()));
        made.as_ref()
    }

    fn oauth(&self) -> Option<&Bytes> {
        let made = self.oauth.get_or_init(|| text(&oauth::openapi()));
        made.as_ref()
    }

    fn zenml(&self) -> Option<&Bytes> {
        let home = self.public_url.get()?;
        let made = self.zenml.get_or_init(|| text(&zenml::openapi(home)));
        made.as_ref()
    }
}

fn text(description: &OpenApi) -> Option<Bytes> {
    let text = description.to_json();
    if let Err(error) = &text {
        tracing::error!(%error, "the API description cannot be written");
    }
    text.ok().map(Bytes::from)
}

/// Mounts the documents.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/", reading().to(index))
        .route("/openapi/native.json", reading().to(native_json))
        .route("/openapi/oauth.json", reading().to(oauth_json))
        .route("/openapi/zenml.json", reading().to(zenml_json))
        .route("/docs", reading().to(to_swagger))
        .route("/docs/{file:.*}", reading().to(swagger));
}

async fn index() -> HttpResponse {
    page(StatusCode::OK)
        .content_type(header::ContentType::html())
        .body(INDEX)
}

async fn native_json(state: Data<State>) -> HttpResponse {
    description(state.docs.native())
}

async fn oauth_json(state: Data<State>) -> HttpResponse {
    description(state.docs.oauth())
}

async fn zenml_json(state: Data<State>) -> HttpResponse {
    description(state.docs.zenml())
}

fn description(text: Option<&Bytes>) -> HttpResponse {
    match text {
        Some(text) => page(StatusCode::OK)
            .content_type(header::ContentType::json())
            .body(text.clone()),
        None => page(StatusCode::INTERNAL_SERVER_ERROR).finish(),
    }
}

async fn to_swagger() -> HttpResponse {
    page(StatusCode::TEMPORARY_REDIRECT)
        .insert_header((header::LOCATION, "docs/"))
        .finish()
}

async fn swagger(file: Path<String>, state: Data<State>) -> HttpResponse {
    let found = utoipa_swagger_ui::serve(&file, Arc::clone(&state.docs.swagger));
    let file = match found {
        Ok(Some(file)) => file,
        Ok(None) => return page(StatusCode::NOT_FOUND).finish(),
        Err(cause) => {
            tracing::error!(%cause, "a page of the documentation cannot be made");
            return page(StatusCode::INTERNAL_SERVER_ERROR).finish();
        }
    };
    let mut response = page(StatusCode::OK);
    if file.gzpipped {
        response.insert_header(header::ContentEncoding::Gzip);
    }
    response
        .content_type(file.content_type)
        .body(file.bytes.into_owned())
}

/// A response with the headers that make a browser careful.
fn page(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::X_FRAME_OPTIONS, "DENY"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"));
    response
}
