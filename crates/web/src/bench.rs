//! What `scripts/bench` measures everything else against: a constant answer of the size of an
//! organization, without authentication, database, log or metrics.

use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, web};

const BODY: &str = concat!(
    r#"{"name":"organizations/0197a0b2-0000-7000-8000-000000000000","#,
    r#""displayName":"Constant","description":"The same for everybody","#,
    r#""owner":"users/0197a0b2-0000-7000-8000-000000000001","#,
    r#""createTime":"2025-01-15T10:30:00Z","updateTime":"2025-01-15T10:30:00Z","#,
    r#""etag":"\"0000000000000001\"","annotations":{}}"#,
);

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.route("/bench/constant", web::get().to(constant));
}

async fn constant() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(ContentType::json())
        .body(BODY)
}
