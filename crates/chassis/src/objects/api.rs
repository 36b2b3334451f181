//! `/objects`: files over HTTP.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::multipart::Multipart;
use axum::extract::{DefaultBodyLimit, FromRequest, Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::address::Parts;
use super::serve::{self, Manner};
use super::{Expired, Kind, LONGEST_VALIDITY, NewObject, Object, ObjectId, import, kind, uploads};
use crate::auth::Caller;
use crate::http::json::Json;
use crate::http::page::{Listed, Page};
use crate::http::problem::{FieldProblem, Problem, ProblemBody};
use crate::http::query::{Query, RawQuery};
use crate::service::Context;

/// An answer to somebody who is signed in is checked again after this time; its bytes cannot have changed.
pub(super) const KEEP_S: u64 = 300;

pub(crate) fn routes() -> OpenApiRouter<Arc<Context>> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(fetch))
        .routes(routes!(show, delete))
        .routes(routes!(about))
        .routes(routes!(sign))
        .routes(routes!(show_signed))
        // The front bounds bodies by the configuration.
        .layer(DefaultBodyLimit::disable())
        .merge(uploads::api::routes())
}

/// A file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ObjectBody {
    id: ObjectId,
    /// BLAKE3 of its bytes, in hexadecimal.
    hash: String,
    size_bytes: u64,
    /// Its media type.
    kind: String,
    name: Option<String>,
    created_at: String,
    /// When it goes by itself; null: when it is deleted.
    keep_until: Option<String>,
    /// The address of what it belongs to, such as a brand kit: it goes with that, and cannot be deleted by itself.
    held_by: Option<String>,
}

impl From<Object> for ObjectBody {
    fn from(object: Object) -> Self {
        Self {
            id: object.id,
            hash: object.hash,
            size_bytes: object.size_bytes,
            kind: object.kind,
            name: object.name,
            created_at: object.created_at.to_string(),
            keep_until: object.keep_until.map(|time| time.to_string()),
            held_by: object.held_by,
        }
    }
}

/// The files of the workspace, newest first.
#[utoipa::path(
    get, path = "/objects", tag = "objects",
    extensions(("x-access" = json!("objects:read"))),
    params(
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 200, description = "Rows of the page"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page", body = Listed<ObjectBody>),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    State(context): State<Arc<Context>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<axum::Json<Listed<ObjectBody>>, Problem> {
    let page = Page::of(&Query::parse(&query, &["limit", "cursor"])?)?;
    let rows = context.objects.list(caller.workspace, page).await?;
    let items = rows.into_iter().map(ObjectBody::from).collect();
    Ok(axum::Json(page.list(items, |row| row.id.to_string())))
}

/// Keeps a small file: its bytes as the body, or a form with one file. Large ones go by `/uploads`.
#[utoipa::path(
    post, path = "/objects", tag = "objects",
    extensions(("x-access" = json!("objects:write"))),
    params(("name" = Option<String>, Query, description = "The file's name, where the body is its bytes", max_length = 255)),
    request_body(content(
        (inline(FileBytes) = "application/octet-stream"),
        (FileForm = "multipart/form-data"),
    )),
    responses(
        (status = 201, description = "Kept; `Location` is its address", body = ObjectBody),
        (status = 400, description = "The form or the content type cannot be understood, or the body broke off", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong, or the form has not one file", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create(
    State(context): State<Arc<Context>>,
    caller: Caller,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let query = Query::parse(&query, &["name"])?;
    let name = query.get("name").map(read_name).transpose()?;
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .map(|kind| kind.to_str().unwrap_or_default().to_owned());
    let is_form = content_type.as_deref().is_some_and(|kind| {
        kind.trim_start()
            .get(..19)
            .is_some_and(|start| start.eq_ignore_ascii_case("multipart/form-data"))
    });
    let object = if is_form {
        from_form(&context, &caller, name, request).await?
    } else {
        let kind = content_type.map_or(Ok(Kind::unknown()), |kind| Kind::parse(&kind));
        let new = NewObject {
            name,
            ..NewObject::new(caller.workspace, kind.map_err(|_| bad_kind())?)
        };
        let bytes = request.into_body().into_data_stream();
        let limit = context.config.http.body_limit_bytes;
        context.objects.put_stream(new, bytes, limit).await?
    };
    Ok(created(object))
}

/// The bytes of a file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it only stands in the document")]
pub(crate) struct FileBytes(Vec<u8>);

/// A form with one file.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only stands in the document")]
pub(crate) struct FileForm {
    /// The file.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

async fn from_form(
    context: &Context,
    caller: &Caller,
    name: Option<String>,
    request: Request,
) -> Result<Object, Problem> {
    let malformed = || Problem::new(StatusCode::BAD_REQUEST, "objects.bad_form");
    let one_file = || Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "objects.one_file");
    let form = Multipart::from_request(request, &()).await;
    let mut form = form.map_err(|_| malformed())?;
    let field = form.next_field().await.map_err(|_| malformed())?;
    let field = field.filter(|field| field.name() == Some("file"));
    let field = field.ok_or_else(one_file)?;
    let kind = field.content_type().map(Kind::parse).transpose();
    let given = field.file_name().map(read_name).transpose()?;
    let new = NewObject {
        name: name.or(given),
        ..NewObject::new(
            caller.workspace,
            kind.map_err(|_| bad_kind())?.unwrap_or_else(Kind::unknown),
        )
    };
    let limit = context.config.http.body_limit_bytes;
    let object = context.objects.put_stream(new, field, limit).await?;
    let more = form.next_field().await;
    if matches!(more, Ok(None)) {
        return Ok(object);
    }
    let refused = if more.is_ok() {
        one_file()
    } else {
        malformed()
    };
    drop(more);
    context.objects.delete(caller.workspace, object.id).await?;
    Err(refused)
}

fn created(object: Object) -> Response {
    let location = format!("/api/v1/objects/{}", object.id);
    let location = HeaderValue::from_str(&location).expect("an id is plain text");
    let headers = [(header::LOCATION, location)];
    (
        StatusCode::CREATED,
        headers,
        axum::Json(ObjectBody::from(object)),
    )
        .into_response()
}

fn bad_kind() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "objects.bad_kind")
}

fn read_name(text: &str) -> Result<String, Problem> {
    kind::file_name(text).map_err(|_| {
        let field = FieldProblem::new("name", "objects.bad_name", Vec::new());
        Problem::invalid(vec![field])
    })
}

/// What is to be fetched.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Import {
    /// `https://…`, on a host that the operator allows.
    #[schema(max_length = 2000)]
    url: String,
    /// The file's name; without it the last part of the address.
    #[schema(max_length = 255)]
    name: Option<String>,
}

/// Fetches a file from another server. The operator names the hosts (`objects.import_hosts`); without any this is off.
#[utoipa::path(
    post, path = "/objects/import", tag = "objects",
    // It bounds its own time: `objects.import_timeout_ms`.
    extensions(("x-access" = json!("objects:write")), ("x-body-limit" = json!("stream"))),
    request_body = Import,
    responses(
        (status = 201, description = "Kept; `Location` is its address", body = ObjectBody),
        (status = 400, description = "The body is no JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The other server did not give the file", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "An address that may not be fetched", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn fetch(
    State(context): State<Arc<Context>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let limit = context.config.http.body_limit_bytes as usize;
    let limited = request.map(|body| {
        axum::body::Body::new(http_body_util::Limited::new(body, limit.min(64 * 1024)))
    });
    let Json(wanted) = Json::<Import>::from_request(limited, &()).await?;
    let name = wanted.name.as_deref().map(read_name).transpose()?;
    let object = import::fetch(&context, caller.workspace, &wanted.url, name).await?;
    Ok(created(object))
}

/// The bytes of a file, or a range of them.
#[utoipa::path(
    get, path = "/objects/{id}", tag = "objects",
    extensions(("x-access" = json!("objects:read"))),
    params(
        ("id" = ObjectId, Path, description = "The file"),
        ("download" = Option<bool>, Query, description = "`true`: to be saved also where a browser could show it"),
        ("Range" = Option<String>, Header, description = "`bytes=FIRST-LAST`"),
        ("If-Range" = Option<String>, Header, description = "The entity tag that the range is of"),
        ("If-None-Match" = Option<String>, Header, description = "The entity tag that is known"),
    ),
    responses(
        (status = 200, description = "All bytes", content_type = "*/*", body = inline(FileBytes)),
        (status = 206, description = "The bytes of the range", content_type = "*/*", body = inline(FileBytes)),
        (status = 304, description = "The bytes are known"),
        (status = 404, description = "There is no such file", body = ProblemBody, content_type = "application/problem+json"),
        (status = 416, description = "The file has no such bytes", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = Query::parse(&query, &["download"])?;
    let inline = match query.get("download") {
        None | Some("false") => true,
        Some("true") => false,
        Some(_) => {
            let reason = vec![("reason", "true or false".to_owned())];
            let field = FieldProblem::new("download", "field.invalid", reason);
            return Err(Problem::invalid(vec![field]));
        }
    };
    let object = context.objects.get(caller.workspace, read_id(&id)?).await?;
    let manner = Manner {
        name: None,
        inline,
        keep_s: KEEP_S,
    };
    serve::answer(&context.objects, &object, &method, &headers, manner).await
}

/// What is known of a file.
#[utoipa::path(
    get, path = "/objects/{id}/about", tag = "objects",
    extensions(("x-access" = json!("objects:read"))),
    params(("id" = ObjectId, Path, description = "The file")),
    responses(
        (status = 200, description = "The file", body = ObjectBody),
        (status = 404, description = "There is no such file", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn about(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<ObjectBody>, Problem> {
    let object = context.objects.get(caller.workspace, read_id(&id)?).await?;
    Ok(axum::Json(object.into()))
}

/// Removes a file. One that belongs to something else goes with that: `held_by` says to what.
#[utoipa::path(
    delete, path = "/objects/{id}", tag = "objects",
    extensions(("x-access" = json!("objects:write"))),
    params(("id" = ObjectId, Path, description = "The file")),
    responses(
        (status = 204, description = "Gone"),
        (status = 404, description = "There is no such file", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It belongs to something else and goes with that", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn delete(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let object = context.objects.get(caller.workspace, read_id(&id)?).await?;
    // It was written with the file and never changes.
    if let Some(holder) = object.held_by {
        return Err(Problem::new(StatusCode::CONFLICT, "objects.held").with("holder", holder));
    }
    context.objects.delete(caller.workspace, object.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The wish for an address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sign {
    /// How long it opens the file, in seconds.
    #[schema(minimum = 1, maximum = 604_800)]
    valid_for_s: u64,
    /// The name under which it is saved; without it the file's own.
    #[schema(max_length = 255)]
    name: Option<String>,
}

/// An address that opens a file without an account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Signed {
    /// With host where `http.public_url` is set, else from the root of this server.
    address: String,
}

/// Makes an address that gives the file to whoever has it, for at most seven days.
#[utoipa::path(
    post, path = "/objects/{id}/address", tag = "objects",
    extensions(("x-access" = json!("objects:read"))),
    params(("id" = ObjectId, Path, description = "The file")),
    request_body = Sign,
    responses(
        (status = 200, description = "The address", body = Signed),
        (status = 400, description = "The body is no JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "There is no such file", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn sign(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
    Json(wish): Json<Sign>,
) -> Result<axum::Json<Signed>, Problem> {
    let most = LONGEST_VALIDITY.as_secs();
    if !(1..=most).contains(&wish.valid_for_s) {
        let range = vec![("minimum", "1".to_owned()), ("maximum", most.to_string())];
        let field = FieldProblem::new("valid_for_s", "field.range", range);
        return Err(Problem::invalid(vec![field]));
    }
    let name = wish.name.as_deref().map(read_name).transpose()?;
    let valid_for = Duration::from_secs(wish.valid_for_s);
    let address = context
        .objects
        .signed_address(
            caller.workspace,
            read_id(&id)?,
            &name.unwrap_or_default(),
            valid_for,
        )
        .await?;
    Ok(axum::Json(Signed { address }))
}

/// The bytes of a file for whoever has its signed address.
#[utoipa::path(
    get, path = "/objects/{id}/signed", tag = "objects",
    extensions(("x-access" = json!("public"))),
    params(
        ("id" = ObjectId, Path, description = "The file"),
        ("key" = String, Query, description = "Which key signed it"),
        ("until" = String, Query, description = "When it ends, in seconds since 1970"),
        ("name" = String, Query, description = "The name under which it is saved; may be empty"),
        ("signature" = String, Query, description = "Over all of these"),
    ),
    responses(
        (status = 200, description = "All bytes", content_type = "*/*", body = inline(FileBytes)),
        (status = 206, description = "The bytes of the range", content_type = "*/*", body = inline(FileBytes)),
        (status = 304, description = "The bytes are known"),
        (status = 403, description = "Not signed here, or changed since", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The file is gone", body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "Its time is over", body = ProblemBody, content_type = "application/problem+json"),
        (status = 416, description = "The file has no such bytes", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show_signed(
    State(context): State<Arc<Context>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = Query::parse(&query, &["key", "until", "name", "signature"])?;
    let id = read_id(&id)?;
    let given = |name| query.get(name).unwrap_or_default();
    let parts = Parts {
        key: given("key"),
        until: given("until"),
        name: given("name"),
        signature: given("signature"),
    };
    let (object, left_s) = context
        .objects
        .get_signed(id, parts)
        .await?
        .map_err(|expired| match expired {
            Expired::Over => Problem::new(StatusCode::GONE, "objects.address_over"),
            Expired::Forged => Problem::new(StatusCode::FORBIDDEN, "objects.address_forged"),
        })?;
    let manner = Manner {
        name: Some(parts.name).filter(|name| !name.is_empty()),
        inline: true,
        keep_s: KEEP_S.min(left_s),
    };
    serve::answer(&context.objects, &object, &method, &headers, manner).await
}

/// What can be no id is one that no file has.
fn read_id(text: &str) -> Result<ObjectId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}
