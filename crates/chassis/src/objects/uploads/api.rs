//! `/uploads`: tus 1.0 over HTTP. What a header means stands in `protocol`, what is done about it in the room.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body::Body as _;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::protocol::{self, CHECKSUMS, EXTENSIONS, VERSION};
use super::{Patch, Progress, UploadId};
use crate::auth::Caller;
use crate::http::problem::{Problem, ProblemBody};
use crate::objects::ObjectId;
use crate::objects::api::FileBytes;
use crate::service::Context;

const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
const OBJECT_ID: HeaderName = HeaderName::from_static("object-id");

pub(crate) fn routes() -> OpenApiRouter<Arc<Context>> {
    OpenApiRouter::new()
        .routes(routes!(create, options))
        .routes(routes!(show, head, patch, terminate, options_of_one))
}

/// An upload, for people and programs that do not speak tus.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UploadBody {
    id: UploadId,
    /// Bytes that are on disk.
    offset_bytes: u64,
    /// Bytes that it will have; null while that is not known.
    length_bytes: Option<u64>,
    /// When it is given up if nothing more comes.
    expires_at: String,
    /// The file that came of it, once it is complete.
    object_id: Option<ObjectId>,
}

/// What the server can do.
#[utoipa::path(
    options, path = "/uploads", tag = "uploads",
    extensions(("x-access" = json!("public"))),
    responses((status = 204, description = "Version, extensions, checksums and the largest file, in headers"))
)]
pub(crate) async fn options(State(context): State<Arc<Context>>) -> Response {
    abilities(&context)
}

/// What the server can do.
#[utoipa::path(
    options, path = "/uploads/{id}", tag = "uploads",
    extensions(("x-access" = json!("public"))),
    params(("id" = String, Path, description = "The upload")),
    responses((status = 204, description = "Version, extensions, checksums and the largest file, in headers"))
)]
pub(crate) async fn options_of_one(State(context): State<Arc<Context>>) -> Response {
    abilities(&context)
}

fn abilities(context: &Context) -> Response {
    let headers = [
        (TUS_RESUMABLE, VERSION),
        (TUS_VERSION, VERSION),
        (
            HeaderName::from_static("tus-extension"),
            HeaderValue::from_static(EXTENSIONS),
        ),
        (
            HeaderName::from_static("tus-checksum-algorithm"),
            HeaderValue::from_static(CHECKSUMS),
        ),
        (
            HeaderName::from_static("tus-max-size"),
            HeaderValue::from(context.config.objects.upload_limit_bytes),
        ),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// Begins an upload (tus `POST`); with a body also sends its first bytes.
#[utoipa::path(
    post, path = "/uploads", tag = "uploads",
    extensions(("x-access" = json!("objects:write")), ("x-body-limit" = json!("stream"))),
    params(
        ("Tus-Resumable" = String, Header, description = "The protocol's version, `1.0.0`", example = "1.0.0", pattern = "^1\\.0\\.0$"),
        ("Upload-Length" = Option<u64>, Header, description = "The file's length in bytes; or `Upload-Defer-Length: 1`"),
        ("Upload-Defer-Length" = Option<String>, Header, description = "`1`: the length comes later", pattern = "^1$"),
        ("Upload-Metadata" = Option<String>, Header, description = "`filename` and `filetype` with values in base 64, separated by commas"),
        ("Upload-Concat" = Option<String>, Header, description = "`partial`, or `final;` and the addresses of partial uploads"),
        ("Upload-Checksum" = Option<String>, Header, description = "Algorithm and checksum of the body in base 64"),
    ),
    request_body(content = inline(FileBytes), content_type = "application/offset+octet-stream", description = "The first bytes, or nothing"),
    responses(
        (status = 201, description = "Begun; `Location` is its address"),
        (status = 400, description = "A header says nothing that can be understood, or the body broke off", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "A part to be joined is not there", body = ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body stood still for too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "A part to be joined is not complete", body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "A part to be joined has expired", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "Another version of the protocol", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large, or the workspace has no room", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not `application/offset+octet-stream`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 421, description = "A part to be joined lies on another machine", body = ProblemBody, content_type = "application/problem+json"),
        (status = 423, description = "The request before is still being worked on", body = ProblemBody, content_type = "application/problem+json"),
        (status = 460, description = "The body is not what its checksum says", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create(
    State(context): State<Arc<Context>>,
    caller: Caller,
    request: Request,
) -> Response {
    answer(begin(&context, &caller, request).await)
}

async fn begin(context: &Context, caller: &Caller, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let headers = &parts.headers;
    protocol::version(headers)?;
    let creation = protocol::creation(headers, context.config.objects.upload_limit_bytes)?;
    let first = first_bytes(headers, body)?;
    let brings = first.is_some();
    let concat = headers
        .get("upload-concat")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .trim()
        .to_owned();
    let (id, progress) = context
        .objects
        .create_upload(caller.workspace, creation, concat, first)
        .await?;
    let mut response = StatusCode::CREATED.into_response();
    let location = format!("/api/v1/uploads/{id}");
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, text(&location));
    if brings || progress.object.is_some() {
        headers.insert(UPLOAD_OFFSET, HeaderValue::from(progress.offset));
    }
    describe_end(headers, &progress);
    Ok(response)
}

fn first_bytes(headers: &HeaderMap, body: Body) -> Result<Option<(Patch, Body)>, Problem> {
    let body_length = body.size_hint().exact();
    if body_length == Some(0) {
        return Ok(None);
    }
    if !protocol::is_offset_stream(headers) {
        return Err(not_a_piece());
    }
    let patch = Patch {
        offset: 0,
        length: None,
        checksum: protocol::checksum(headers)?,
        body_length,
    };
    Ok(Some((patch, body)))
}

fn not_a_piece() -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "uploads.not_a_piece")
}

/// How far an upload is, as JSON.
#[utoipa::path(
    get, path = "/uploads/{id}", tag = "uploads",
    extensions(("x-access" = json!("objects:write"))),
    params(("id" = UploadId, Path, description = "The upload")),
    responses(
        (status = 200, description = "How far it is", body = UploadBody),
        (status = 404, description = "There is no such upload", body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "It has expired", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "It is complete, and the workspace has no room for it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 421, description = "It lies on another machine", body = ProblemBody, content_type = "application/problem+json"),
        (status = 423, description = "The request before is still being worked on", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = read_id(&id)?;
    let progress = context.objects.find(caller.workspace, id).await?;
    let body = UploadBody {
        id,
        offset_bytes: progress.offset,
        length_bytes: progress.length,
        expires_at: progress.expires_at,
        object_id: progress.object,
    };
    Ok(([(header::CACHE_CONTROL, NO_STORE)], axum::Json(body)).into_response())
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// How far an upload is (tus `HEAD`). Whoever still sends to it is asked to stop: the newest request counts.
#[utoipa::path(
    head, path = "/uploads/{id}", tag = "uploads",
    extensions(("x-access" = json!("objects:write"))),
    params(
        ("id" = UploadId, Path, description = "The upload"),
        ("Tus-Resumable" = String, Header, description = "The protocol's version, `1.0.0`", example = "1.0.0", pattern = "^1\\.0\\.0$"),
    ),
    responses(
        (status = 200, description = "`Upload-Offset` bytes are on disk"),
        (status = 404, description = "There is no such upload"),
        (status = 410, description = "It has expired"),
        (status = 412, description = "Another version of the protocol"),
        (status = 413, description = "It is complete, and the workspace has no room for it"),
        (status = 421, description = "It lies on another machine"),
        (status = 423, description = "The request before is still being worked on"),
    )
)]
pub(crate) async fn head(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let told = async {
        protocol::version(&headers)?;
        let id = read_id(&id)?;
        let progress = context.objects.upload(caller.workspace, id).await?;
        let mut response = StatusCode::OK.into_response();
        let headers = response.headers_mut();
        headers.insert(UPLOAD_OFFSET, HeaderValue::from(progress.offset));
        match progress.length {
            Some(length) => headers.insert(UPLOAD_LENGTH, HeaderValue::from(length)),
            None => headers.insert("upload-defer-length", HeaderValue::from_static("1")),
        };
        for (name, value) in [
            ("upload-metadata", &progress.metadata),
            ("upload-concat", &progress.concat),
        ] {
            if !value.is_empty() {
                headers.insert(name, text(value));
            }
        }
        describe_end(headers, &progress);
        Ok(response)
    };
    let mut response = answer(told.await);
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, NO_STORE);
    response
}

/// Sends bytes of an upload (tus `PATCH`), from `Upload-Offset` on.
#[utoipa::path(
    patch, path = "/uploads/{id}", tag = "uploads",
    extensions(
        ("x-access" = json!("objects:write")),
        ("x-body-limit" = json!("stream")),
        ("x-method-override" = json!(true)),
    ),
    params(
        ("id" = UploadId, Path, description = "The upload"),
        ("Tus-Resumable" = String, Header, description = "The protocol's version, `1.0.0`", example = "1.0.0", pattern = "^1\\.0\\.0$"),
        ("Upload-Offset" = u64, Header, description = "How many bytes the server has, as `HEAD` told"),
        ("Upload-Length" = Option<u64>, Header, description = "The file's length, where it was deferred"),
        ("Upload-Checksum" = Option<String>, Header, description = "Algorithm and checksum of the body in base 64"),
    ),
    request_body(content = inline(FileBytes), content_type = "application/offset+octet-stream"),
    responses(
        (status = 204, description = "On disk, up to `Upload-Offset`; `Object-Id` names the file once it is complete"),
        (status = 400, description = "A header says nothing that can be understood, or the body broke off", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "There is no such upload", body = ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body stood still for too long; what came is kept", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Another offset, or a newer request took over", body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "It has expired", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "Another version of the protocol", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than the upload has room for, or the workspace has none", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not `application/offset+octet-stream`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 421, description = "It lies on another machine", body = ProblemBody, content_type = "application/problem+json"),
        (status = 423, description = "The request before is still being worked on", body = ProblemBody, content_type = "application/problem+json"),
        (status = 460, description = "The body is not what its checksum says; nothing of it is kept", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn patch(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let taken = async {
        protocol::version(&parts.headers)?;
        let id = read_id(&id)?;
        if !protocol::is_offset_stream(&parts.headers) {
            return Err(not_a_piece());
        }
        let patch = Patch {
            offset: protocol::offset(&parts.headers)?,
            length: protocol::length(&parts.headers)?,
            checksum: protocol::checksum(&parts.headers)?,
            body_length: body.size_hint().exact(),
        };
        let progress = context
            .objects
            .patch_upload(caller.workspace, id, patch, body)
            .await?;
        let mut response = StatusCode::NO_CONTENT.into_response();
        let headers = response.headers_mut();
        headers.insert(UPLOAD_OFFSET, HeaderValue::from(progress.offset));
        describe_end(headers, &progress);
        Ok(response)
    };
    answer(taken.await)
}

/// Gives an upload up (tus `DELETE`). A file that came of it stays.
#[utoipa::path(
    delete, path = "/uploads/{id}", tag = "uploads",
    extensions(("x-access" = json!("objects:write"))),
    params(
        ("id" = UploadId, Path, description = "The upload"),
        ("Tus-Resumable" = String, Header, description = "The protocol's version, `1.0.0`", example = "1.0.0", pattern = "^1\\.0\\.0$"),
    ),
    responses(
        (status = 204, description = "Gone"),
        (status = 404, description = "There is no such upload", body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "It has expired", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "Another version of the protocol", body = ProblemBody, content_type = "application/problem+json"),
        (status = 421, description = "It lies on another machine", body = ProblemBody, content_type = "application/problem+json"),
        (status = 423, description = "The request before is still being worked on", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn terminate(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let done = async {
        protocol::version(&headers)?;
        let id = read_id(&id)?;
        context
            .objects
            .terminate_upload(caller.workspace, id)
            .await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    answer(done.await)
}

/// An address that no upload can have is one that no upload has.
fn read_id(text: &str) -> Result<UploadId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// Every answer names the version, also a refusal.
fn answer(result: Result<Response, Problem>) -> Response {
    let mut response = result.unwrap_or_else(IntoResponse::into_response);
    let headers = response.headers_mut();
    headers.insert(TUS_RESUMABLE, VERSION);
    if response.status() == StatusCode::PRECONDITION_FAILED {
        response.headers_mut().insert(TUS_VERSION, VERSION);
    }
    response
}

fn describe_end(headers: &mut HeaderMap, progress: &Progress) {
    if let Some(object) = progress.object {
        headers.insert(OBJECT_ID, text(&object.to_string()));
    } else if let Ok(end) = progress.expires_at.parse::<crate::clock::Timestamp>() {
        headers.insert(UPLOAD_EXPIRES, text(&end.http_date()));
    }
}

fn text(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}
