//! `POST /generate` and its batch: marks that are kept in the workspace's history.

use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Json as Answer, Response};
use chassis::auth::Caller;
use chassis::http::idempotency;
use chassis::http::json::Json;
use chassis::http::problem::{FieldProblem, Problem, ProblemBody};
use chassis::service::Context;
use futures_util::stream;
use http::{HeaderMap, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::mark::{check_size, draw};
use crate::picture::Format;
use crate::recipe::{Batch, Checked, Generate, SeedText};
use crate::store::{self, GenerationId, generation};

/// Marks of one batch.
const MOST_SEEDS: usize = 1_000;

/// Marks that are drawn, kept and sent together.
const AT_ONCE: usize = 50;

/// A mark that was generated and is kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Generated {
    /// Its id in the history.
    id: GenerationId,
    /// The family.
    #[schema(example = "crescent")]
    generator: &'static str,
    /// The emotion.
    #[schema(example = "serenity")]
    variant: &'static str,
    /// The seed, as a text because JSON numbers end at 2^53 for many readers.
    #[schema(example = "42")]
    seed: String,
    /// The name.
    name: Option<String>,
    /// Version of the algorithm.
    version: u32,
    /// The file's kind.
    #[schema(example = "svg")]
    format: &'static str,
    /// Its media type.
    #[schema(example = "image/svg+xml")]
    media_type: &'static str,
    /// The file's size.
    size_bytes: usize,
    /// BLAKE3 of the file, hexadecimal.
    hash: String,
    /// The file's name.
    filename: String,
    /// Where the workspace's members fetch it.
    download_url: String,
    /// Where anybody sees the same picture: for an `<img>`.
    picture_url: String,
    /// How long drawing took, milliseconds.
    generation_time_ms: f64,
    /// When.
    created_at: String,
    /// The SVG itself, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    svg: Option<String>,
}

/// Draws a mark and keeps it in the history. The same body always gives the same picture.
#[utoipa::path(
    post,
    path = "/generate",
    tag = "luna",
    extensions(("x-access" = json!("luna:write"))),
    params(("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same key, the request is answered again and not carried out again")),
    request_body = Generate,
    responses(
        (status = 200, description = "The mark, kept", body = Generated),
        (status = 400, description = "The body is no JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The first request with this key is still worked on", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not sent as JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong; `errors` names it and what is allowed. Or the key was used with another body", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn generate(
    State(context): State<Arc<Context>>,
    caller: Caller,
    headers: HeaderMap,
    Json(body): Json<Generate>,
) -> Result<Response, Problem> {
    let checked = body.recipe().check()?;
    check_size(&context, &checked.request, checked.format)?;
    let (house, by, inline) = (context.clone(), caller.clone(), body.inline);
    let work = async move {
        let drawn = match checked.format {
            Format::Svg | Format::Pdf | Format::Ico => Drawn::of(checked)?,
            Format::Png | Format::Webp => {
                chassis::task::heavy(move || Drawn::of(checked)).await??
            }
        };
        let (row, answer) = drawn.keep(&house, &by, inline);
        store::insert(&house.database, vec![row]).await?;
        Ok(Answer(answer).into_response())
    };
    idempotency::once(
        &context,
        &caller,
        "POST /luna/generate",
        &headers,
        &body,
        work,
    )
    .await
}

/// Draws up to 1,000 marks of one recipe, one JSON object a line, sent as they are kept. A last line with `code` and
/// `status` in place of `id` says that the rest failed. A stream cannot be answered a second time, so `Idempotency-Key` is
/// refused here.
#[utoipa::path(
    post,
    path = "/generate/batch",
    tag = "luna",
    extensions(("x-access" = json!("luna:write")), ("x-limit-per-minute" = json!(20))),
    request_body = Batch,
    responses(
        (status = 200, description = "A line for each mark, as `POST /generate` answers", body = Generated, content_type = "application/x-ndjson"),
        (status = 400, description = "The body is no JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not sent as JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong; `errors` names it and what is allowed. Or the request has an `Idempotency-Key`", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn batch(
    State(context): State<Arc<Context>>,
    caller: Caller,
    headers: HeaderMap,
    Json(body): Json<Batch>,
) -> Result<Response, Problem> {
    if headers.contains_key(idempotency::KEY) {
        let field = FieldProblem::new(idempotency::KEY.as_str(), "luna.batch_key", Vec::new());
        return Err(Problem::invalid(vec![field]));
    }
    let marks = marks(&body)?;
    for checked in &marks {
        check_size(&context, &checked.request, checked.format)?;
    }
    let inline = body.inline;
    let mut chunks = Vec::new();
    let mut rest = marks.into_iter().peekable();
    while rest.peek().is_some() {
        chunks.push(rest.by_ref().take(AT_ONCE).collect::<Vec<_>>());
    }
    let mut chunks = chunks.into_iter();
    // The first lines are made before the answer begins, so that what fails at once has a status of its own.
    let first = match chunks.next() {
        Some(chunk) => lines(&context, &caller, chunk, inline).await?,
        None => Bytes::new(),
    };
    let rest = stream::unfold((chunks, false), move |(mut chunks, failed)| {
        let (context, caller) = (context.clone(), caller.clone());
        async move {
            if failed {
                return None;
            }
            let made = lines(&context, &caller, chunks.next()?, inline).await;
            Some(match made {
                Ok(bytes) => (Ok::<_, std::convert::Infallible>(bytes), (chunks, false)),
                Err(problem) => (Ok(last_words(&problem)), (chunks, true)),
            })
        }
    });
    let lines = futures_util::StreamExt::chain(stream::once(std::future::ready(Ok(first))), rest);
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(lines)).into_response())
}

/// One checked mark for each seed.
fn marks(body: &Batch) -> Result<Vec<Checked>, Problem> {
    let refuse = |field: &str, code: &'static str| {
        let most = vec![("most", MOST_SEEDS.to_string())];
        Problem::invalid(vec![FieldProblem::new(field, code, most)])
    };
    let seeds: Vec<SeedText> = match (&body.seeds, body.count) {
        (Some(_), Some(_)) | (None, None) => return Err(refuse("seeds", "luna.seeds_or_count")),
        (Some(seeds), None) if (1..=MOST_SEEDS).contains(&seeds.len()) && body.seed.is_none() => {
            seeds.clone()
        }
        (Some(_), None) => return Err(refuse("seeds", "luna.seeds")),
        (None, Some(count)) => {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            if !(1..=MOST_SEEDS).contains(&count) {
                return Err(refuse("count", "luna.seeds"));
            }
            let first: u64 = match &body.seed {
                None => 0,
                Some(seed) => seed.0.parse().map_err(|_| refuse("seed", "luna.seed"))?,
            };
            // Counting past the last seed would begin again at 0, unasked.
            let last = first
                .checked_add(count as u64 - 1)
                .ok_or_else(|| refuse("seed", "luna.seeds_end"))?;
            (first..=last)
                .map(|seed| SeedText(seed.to_string()))
                .collect()
        }
    };
    let one = |seed: SeedText| {
        let mut recipe = body.recipe();
        recipe.seed = Some(seed);
        recipe.check()
    };
    seeds.into_iter().map(one).collect()
}

/// Draws some marks, keeps them, and writes their lines.
async fn lines(
    context: &Context,
    caller: &Caller,
    marks: Vec<Checked>,
    inline: bool,
) -> Result<Bytes, Problem> {
    let drawn = chassis::task::heavy(move || {
        marks
            .into_iter()
            .map(Drawn::of)
            .collect::<Result<Vec<_>, _>>()
    })
    .await??;
    let (rows, answers): (Vec<_>, Vec<_>) = drawn
        .into_iter()
        .map(|drawn| drawn.keep(context, caller, inline))
        .unzip();
    store::insert(&context.database, rows).await?;
    let mut text = Vec::new();
    for answer in &answers {
        serde_json::to_writer(&mut text, answer).map_err(|fault| Problem::internal(&fault))?;
        text.push(b'\n');
    }
    Ok(text.into())
}

/// What ends a batch that could not go on.
fn last_words(problem: &Problem) -> Bytes {
    let line = serde_json::json!({ "code": problem.code, "status": problem.status.as_u16() });
    format!("{line}\n").into()
}

/// A drawn mark.
struct Drawn {
    checked: Checked,
    bytes: Vec<u8>,
    duration_us: u64,
}

impl Drawn {
    fn of(checked: Checked) -> Result<Self, Problem> {
        let started = Instant::now();
        let bytes = draw(&checked.request, checked.request.hash(), checked.format)?;
        Ok(Self {
            checked,
            bytes,
            duration_us: started.elapsed().as_micros() as u64,
        })
    }

    /// The row that is kept and the answer that tells of it.
    fn keep(
        self,
        context: &Context,
        caller: &Caller,
        inline: bool,
    ) -> (generation::Model, Generated) {
        let Self {
            checked,
            bytes,
            duration_us,
        } = self;
        let id = GenerationId::generate(context.clock.as_ref());
        let filename = checked.filename(id);
        let hash = chassis::id::blake3_hex(&bytes);
        let created_at = context.clock.now().to_string();
        let (request, format) = (&checked.request, checked.format);
        let row = generation::Model {
            id: id.to_string(),
            workspace_id: caller.workspace.to_string(),
            user_id: caller.user.map(|user| user.to_string()),
            key_id: caller.key.map(|key| key.to_string()),
            generator: request.family().key().to_owned(),
            variant: request.emotion().key().to_owned(),
            format: format.extension().to_owned(),
            recipe: serde_json::to_string(&checked.recipe).expect("a recipe is plain data"),
            filename: filename.clone(),
            size_bytes: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
            hash: hash.clone(),
            duration_us: i64::try_from(duration_us).unwrap_or(i64::MAX),
            created_at: created_at.clone(),
        };
        let svg =
            (inline && format == Format::Svg).then(|| String::from_utf8_lossy(&bytes).into_owned());
        let answer = Generated {
            id,
            generator: request.family().key(),
            variant: request.emotion().key(),
            seed: request.seed().0.to_string(),
            name: request.name().map(str::to_owned),
            version: request.version(),
            format: format.extension(),
            media_type: format.media_type(),
            size_bytes: bytes.len(),
            hash,
            download_url: format!("/api/v1/luna/download/{filename}"),
            filename,
            picture_url: checked.mark_path(),
            generation_time_ms: duration_us as f64 / 1000.0,
            created_at,
            svg,
        };
        (row, answer)
    }
}
