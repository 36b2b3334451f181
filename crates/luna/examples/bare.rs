//! The peer of `bench/http`: bare axum with the same two routes and the same library, nothing else.
//! `bare 127.0.0.1:PORT`

use axum::Router;
use axum::extract::{Path, RawQuery};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use luna::picture::{Format, write};
use luna_drawing::request::{Draft, Request};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:8081".into());
    let router = Router::new()
        .route("/livez", get(|| async { "ok" }))
        .route("/api/v1/luna/mark/{generator}/{file}", get(mark));
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(listener, router).await
}

async fn mark(
    Path((generator, file)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let seed = query
        .as_deref()
        .and_then(|query| query.strip_prefix("seed="));
    let variant = file.trim_end_matches(".svg");
    let draft = Draft {
        generator: &generator,
        variant,
        seed,
        ..Draft::default()
    };
    let bytes = Request::parse(&draft)
        .ok()
        .and_then(|request| write(&request, Format::Svg).ok());
    match bytes {
        Some(bytes) => ([(header::CONTENT_TYPE, "image/svg+xml")], bytes).into_response(),
        None => StatusCode::UNPROCESSABLE_ENTITY.into_response(),
    }
}
