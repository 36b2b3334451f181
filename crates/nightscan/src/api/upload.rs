//! `POST /recordings` and `POST /intake`: files come in, by form or from the resumable uploads.

use std::sync::Arc;

use axum::extract::multipart::{Field, Multipart};
use axum::extract::{Extension, FromRequest, Request, State};
use axum::response::{IntoResponse, Json as Answer, Response};
use chassis::auth::{Caller, Scope, Verb};
use chassis::clock::Timestamp;
use chassis::http::RequestContext;
use chassis::http::json::Json;
use chassis::http::problem::{FieldProblem, Problem, ProblemBody};
use chassis::objects::{ObjectId, kind};
use chassis::service::Context;
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::recordings::Recording;
use crate::analysis::{Analysis, Settings};
use crate::arrival::{self, About, Bringer, Taken};
use crate::store::{self, SiteId};
use crate::{NightscanConfig, check};

/// Files of one request.
const MOST_FILES: usize = 200;
/// Bytes of a field that is no file.
const MOST_FIELD_BYTES: usize = 4 * 1024 * 1024;

/// What became of the files of a request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Brought {
    /// Recordings that were taken, and those that were there already.
    items: Vec<Recording>,
    /// Files that were not.
    refused: Vec<Refused>,
}

/// A file that was not taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Refused {
    /// Its name.
    #[schema(example = "notes.txt")]
    name: String,
    /// The stable code.
    #[schema(example = "nightscan.quota_spent")]
    code: String,
    /// Why, in the caller's language.
    detail: String,
}

/// Files that were received by `/uploads` or lie in `/objects`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Adopted {
    /// Their ids. Each is taken over and then deleted there.
    #[schema(min_items = 1, max_items = 200)]
    objects: Vec<ObjectId>,
    /// The site where they were recorded.
    #[serde(default)]
    site: Option<SiteId>,
    /// When they began, where their names and headers do not say.
    #[serde(default)]
    #[schema(
        example = "2026-05-12T19:30:00Z",
        pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{3})?Z$"
    )]
    started_at: Option<String>,
    /// Minutes by which the recorder's time is ahead of UTC.
    #[serde(default)]
    #[schema(minimum = -900, maximum = 900, example = 120)]
    offset_min: Option<i32>,
    /// How they are listened to.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    settings: Option<Settings>,
}

/// A form with files, and before them what holds for those that follow.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only stands in the document")]
pub(crate) struct RecordingForm {
    /// The site where they were recorded.
    #[schema(required = false)]
    site: String,
    /// When the next file began, in UTC.
    #[schema(required = false, example = "2026-05-12T19:30:00Z")]
    started_at: String,
    /// Minutes by which the recorder's time is ahead of UTC.
    #[schema(required = false, example = 120)]
    offset_min: String,
    /// How they are listened to, as JSON: `min_confidence`, `overlap`, `sensitivity`, `merge_s`, `class_confidence`, `confirm`, `background`.
    #[schema(required = false, example = "{\"min_confidence\":0.6}")]
    settings: String,
    /// WAV, FLAC, MP3, Ogg, AIFF or M4A. May come up to 200 times.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// As people upload; a sensor may put what it heard before a file.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only stands in the document")]
pub(crate) struct IntakeForm {
    /// What the sensor heard in the next file, as `aplomb nightscan analyze` writes it: its detections count.
    #[schema(required = false)]
    analysis: String,
    /// When the next file began, in UTC.
    #[schema(required = false, example = "2026-05-12T19:30:00Z")]
    started_at: String,
    /// WAV, FLAC, MP3, Ogg, AIFF or M4A. May come up to 200 times.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Takes recordings: a form with files, or JSON with what was received by `/uploads`.
///
/// Each file waits in a sealed quarantine until it is analysed and its human voices are silenced; then it is kept. The same bytes
/// sent again are the same recording, so a request whose answer was lost may be sent again. Follow the work at `/jobs/{job}/events`
/// or at `/nightscan/live`.
#[utoipa::path(
    post,
    path = "/recordings",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:write")), ("x-body-limit" = json!("stream"))),
    request_body(content((RecordingForm = "multipart/form-data"), (Adopted = "application/json"))),
    responses(
        (status = 202, description = "They will be analysed", body = Brought),
        (status = 400, description = "The form or the JSON cannot be understood, or the body broke off", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such object", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "An object belongs to something else", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Neither a form nor JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or no file came", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn bring(
    State(context): State<Arc<Context>>,
    Extension(asked): Extension<RequestContext>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let bringer = Bringer::of(&caller);
    let takings = if is_form(&request) {
        Box::pin(form(&context, &bringer, None, request)).await?
    } else {
        let limit = context.config.http.body_limit_bytes as usize;
        let (parts, body) = request.into_parts();
        let bytes = axum::body::to_bytes(body, limit).await;
        let bytes = bytes.map_err(|_| Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE))?;
        let request = Request::from_parts(parts, bytes.into());
        let Json(body) = Json::<Adopted>::from_request(request, &()).await?;
        adopt(&context, &caller, &bringer, body).await?
    };
    answer(&context, &asked, takings).await
}

/// Takes recordings from a sensor, by its own key. A file may follow what the sensor heard in it (`analysis`): then that counts, and
/// the server listens for human voices alone.
#[utoipa::path(
    post,
    path = "/intake",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan-intake:write")), ("x-body-limit" = json!("stream"))),
    request_body(content((IntakeForm = "multipart/form-data"))),
    responses(
        (status = 202, description = "They will be analysed", body = Brought),
        (status = 400, description = "The form cannot be understood, or the body broke off", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "This is no sensor's key, or its sensor was removed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "No form", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or no file came", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn intake(
    State(context): State<Arc<Context>>,
    Extension(asked): Extension<RequestContext>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let no_sensor = || Problem::new(StatusCode::CONFLICT, "nightscan.no_sensor");
    let key = caller.key.ok_or_else(no_sensor)?.to_string();
    let sensor = store::sensor_of_key(&context.database, caller.workspace, &key)
        .await?
        .ok_or_else(no_sensor)?;
    if !is_form(&request) {
        return Err(not_a_form());
    }
    let bringer = Bringer {
        sensor: Some(sensor.id),
        source: "sensor",
        ..Bringer::of(&caller)
    };
    let takings = Box::pin(form(
        &context,
        &bringer,
        Some(OfSensor {
            site: sensor.site_id,
        }),
        request,
    ))
    .await?;
    answer(&context, &asked, takings).await
}

/// A file and what became of it.
type Taking = (String, Result<Taken, Problem>);

fn is_form(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let start = kind.trim_start().get(..19).unwrap_or_default();
    start.eq_ignore_ascii_case("multipart/form-data")
}

fn not_a_form() -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "nightscan.not_a_form")
}

fn bad_form() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "nightscan.bad_form")
}

/// What is known of a sensor that brings a form.
struct OfSensor {
    site: Option<String>,
}

/// Reads a form. `sensor` is that of the caller.
async fn form(
    context: &Context,
    bringer: &Bringer,
    sensor: Option<OfSensor>,
    request: Request,
) -> Result<Vec<Taking>, Problem> {
    let form = Multipart::from_request(request, &()).await;
    let mut form = form.map_err(|_| bad_form())?;
    let is_sensor = sensor.is_some();
    let mut said = Said::new(context, sensor.and_then(|sensor| sensor.site));
    let mut takings: Vec<Taking> = Vec::new();
    loop {
        let next = form.next_field().await;
        let field = match next {
            Ok(Some(field)) => field,
            Ok(None) => break,
            // What came before is taken; the sender will send the rest again.
            Err(_) if !takings.is_empty() => {
                takings.push((String::new(), Err(bad_form())));
                break;
            }
            Err(_) => return Err(bad_form()),
        };
        match field.name() {
            Some("file") => {
                if takings.len() >= MOST_FILES {
                    let most = vec![("most", MOST_FILES.to_string())];
                    takings.push((
                        String::new(),
                        Err(wrong("file", "nightscan.too_many_files", most)),
                    ));
                    break;
                }
                let taking = file(context, bringer, said.take(), field).await?;
                takings.push(taking);
            }
            Some(name) if Said::knows(name, is_sensor) => {
                let name = name.to_owned();
                let text = text(field).await?;
                said.read(context, bringer, &name, &text).await?;
            }
            name => {
                let name: String = name.unwrap_or("?").chars().take(40).collect();
                let arguments = vec![
                    ("name", name.clone()),
                    ("allowed", Said::allowed(is_sensor)),
                ];
                return Err(Problem::invalid(vec![FieldProblem::new(
                    name,
                    "field.unknown",
                    arguments,
                )]));
            }
        }
    }
    if takings.is_empty() {
        return Err(wrong("file", "nightscan.no_file", Vec::new()));
    }
    Ok(takings)
}

async fn file(
    context: &Context,
    bringer: &Bringer,
    said: About,
    field: Field<'_>,
) -> Result<Taking, Problem> {
    let given = field.file_name().unwrap_or("recording").to_owned();
    let shown: String = given.chars().take(80).collect();
    let name = kind::file_name(&given);
    let Ok(name) = name else {
        return Err(wrong("file", "nightscan.bad_name", vec![("given", shown)]));
    };
    let about = About {
        name: name.clone(),
        ..said
    };
    let taken = arrival::take(context, bringer, about, field).await;
    Ok((name, taken))
}

/// A field that is no file.
async fn text(mut field: Field<'_>) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|_| bad_form())? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MOST_FIELD_BYTES {
            return Err(Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE));
        }
    }
    String::from_utf8(bytes).map_err(|_| bad_form())
}

/// What fields said so far of the files that follow.
struct Said {
    site: Option<String>,
    started_at: Option<Timestamp>,
    offset_min: Option<i32>,
    settings: Settings,
    heard: Option<Analysis>,
}

impl Said {
    const NAMES: [&'static str; 4] = ["site", "started_at", "offset_min", "settings"];
    const OF_SENSORS: [&'static str; 3] = ["analysis", "started_at", "offset_min"];

    fn new(context: &Context, site: Option<String>) -> Self {
        Self {
            site,
            started_at: None,
            offset_min: None,
            settings: usual(context),
            heard: None,
        }
    }

    fn names(is_sensor: bool) -> &'static [&'static str] {
        if is_sensor {
            &Self::OF_SENSORS
        } else {
            &Self::NAMES
        }
    }

    fn knows(name: &str, is_sensor: bool) -> bool {
        Self::names(is_sensor).contains(&name)
    }

    fn allowed(is_sensor: bool) -> String {
        format!("{}, file", Self::names(is_sensor).join(", "))
    }

    async fn read(
        &mut self,
        context: &Context,
        bringer: &Bringer,
        name: &str,
        text: &str,
    ) -> Result<(), Problem> {
        match name {
            "site" => self.site = Some(site(context, bringer, text).await?),
            "started_at" => {
                self.started_at =
                    Some(check::moment(text).ok_or_else(|| wrong_time("started_at"))?);
            }
            "offset_min" => self.offset_min = Some(check::offset(text.parse().ok())?),
            "settings" => {
                let given = serde_json::from_str(text).map_err(|fault| {
                    let reason = vec![("reason", fault.to_string())];
                    wrong("settings", "field.invalid", reason)
                })?;
                self.settings = settings(context, given)?;
            }
            _ => {
                let heard: Analysis = serde_json::from_str(text).map_err(|fault| {
                    let reason = vec![("reason", fault.to_string())];
                    wrong("analysis", "field.invalid", reason)
                })?;
                check::analysis(&heard)?;
                self.heard = Some(heard);
            }
        }
        Ok(())
    }

    /// For the next file. What is said of one file does not hold for the one after it.
    fn take(&mut self) -> About {
        About {
            name: String::new(),
            site: self.site.clone(),
            started_at: self.started_at.take(),
            offset_min: self.offset_min,
            settings: self.settings.clone(),
            heard: self.heard.take(),
        }
    }
}

/// How files are listened to where nobody says otherwise.
pub(crate) fn usual(context: &Context) -> Settings {
    Settings {
        privacy: NightscanConfig::of(&context.config).privacy,
        ..Settings::default()
    }
}

/// Settings of a caller. Whether voices are silenced is the operator's to say.
fn settings(context: &Context, given: Settings) -> Result<Settings, Problem> {
    check::settings(&given)?;
    Ok(Settings {
        privacy: usual(context).privacy,
        ..given
    })
}

async fn site(context: &Context, bringer: &Bringer, text: &str) -> Result<String, Problem> {
    let unknown = || wrong("site", "nightscan.no_site", Vec::new());
    let id: SiteId = text.parse().map_err(|_| unknown())?;
    let found = store::find_site(context.database.read(), bringer.workspace, id).await?;
    found.map(|site| site.id).ok_or_else(unknown)
}

fn wrong_time(field: &'static str) -> Problem {
    wrong(field, "nightscan.moment", Vec::new())
}

pub(super) fn wrong(
    field: &'static str,
    code: &'static str,
    arguments: chassis::i18n::Arguments,
) -> Problem {
    Problem::invalid(vec![FieldProblem::new(field, code, arguments)])
}

/// Takes over what was received by `/uploads`: it lies there as it came, and is deleted once the sealed copy is there.
async fn adopt(
    context: &Context,
    caller: &Caller,
    bringer: &Bringer,
    body: Adopted,
) -> Result<Vec<Taking>, Problem> {
    if body.objects.is_empty() || body.objects.len() > MOST_FILES {
        let most = vec![("most", MOST_FILES.to_string())];
        return Err(wrong("objects", "nightscan.too_many_files", most));
    }
    let site = match body.site {
        Some(id) => Some(site(context, bringer, &id.to_string()).await?),
        None => None,
    };
    let started_at = match &body.started_at {
        Some(text) => Some(check::moment(text).ok_or_else(|| wrong_time("started_at"))?),
        None => None,
    };
    let offset_min = match body.offset_min {
        Some(given) => Some(check::offset(Some(given))?),
        None => None,
    };
    let settings = match body.settings {
        Some(given) => settings(context, given)?,
        None => usual(context),
    };
    let mut takings = Vec::new();
    for id in body.objects {
        // For whom the files are another room, none is there.
        let may = caller.require(Scope::new("objects", Verb::Write));
        may.map_err(|_| Problem::not_found())?;
        let object = context.objects.get(caller.workspace, id).await?;
        if object.held_by.is_some() {
            return Err(Problem::new(StatusCode::CONFLICT, "nightscan.object_held"));
        }
        let about = About {
            name: object.name.clone().unwrap_or_else(|| format!("{id}")),
            site: site.clone(),
            started_at,
            offset_min,
            settings: settings.clone(),
            heard: None,
        };
        let bytes = context
            .objects
            .open_range(&object, 0..object.size_bytes)
            .await?;
        let taken = arrival::take(context, bringer, about.clone(), bytes).await;
        if taken.is_ok() {
            arrival::forget(context, caller.workspace, id).await?;
        }
        takings.push((about.name, taken));
    }
    Ok(takings)
}

async fn answer(
    context: &Context,
    asked: &RequestContext,
    takings: Vec<Taking>,
) -> Result<Response, Problem> {
    let (mut items, mut refused, mut first) = (Vec::new(), Vec::new(), None);
    for (name, taken) in takings {
        match taken {
            Ok(taken) => {
                items.push(Recording::of(context, asked, taken.row, taken.is_new).await?);
            }
            Err(problem) => {
                refused.push(Refused {
                    name,
                    code: problem.code.to_owned(),
                    detail: context.catalogue.text(
                        asked.language,
                        problem.code,
                        &problem.arguments,
                    ),
                });
                first.get_or_insert(problem);
            }
        }
    }
    if let Some(problem) = first.filter(|_| items.is_empty()) {
        return Err(problem);
    }
    let location = items.first().map(|item| arrival::address(item.id()));
    let mut response = (StatusCode::ACCEPTED, Answer(Brought { items, refused })).into_response();
    if let Some(location) = location {
        let location = HeaderValue::try_from(location).expect("an id is plain text");
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}
