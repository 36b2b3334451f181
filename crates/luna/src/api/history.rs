//! What was generated: the list, the files, the figures, and clearing up.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Json as Answer, Response};
use chassis::auth::Caller;
use chassis::clock::Timestamp;
use chassis::data::DataError;
use chassis::http::conditional::EntityTag;
use chassis::http::page::{Listed, Page};
use chassis::http::problem::{FieldProblem, Problem, ProblemBody};
use chassis::http::query::{Query, RawQuery};
use chassis::service::Context;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::kits::remove_kit;
use super::mark::draw;
use crate::recipe::Recipe;
use crate::store::{self, GenerationId, Old, generation};
use crate::{LunaConfig, tidy};

/// A line of the history.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Generation {
    /// Its id.
    id: String,
    /// The family.
    generator: String,
    /// The emotion.
    variant: String,
    /// The file's kind.
    format: String,
    /// What was asked for, seed and version pinned: send it again for the same picture.
    #[schema(value_type = Recipe)]
    recipe: Recipe,
    /// The file's name.
    filename: String,
    /// Where the workspace's members fetch it.
    download_url: String,
    /// Where anybody sees the same picture.
    picture_url: String,
    /// The file's size.
    size_bytes: i64,
    /// BLAKE3 of the file, hexadecimal.
    hash: String,
    /// When.
    created_at: String,
}

/// The marks that the workspace generated, newest first.
#[utoipa::path(
    get,
    path = "/generations",
    tag = "luna",
    extensions(("x-access" = json!("luna:read")), ("x-limit-per-minute" = json!(240))),
    params(
        ("limit" = Option<u64>, Query, description = "At most this many, 50 where left out", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before", pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"),
    ),
    responses(
        (status = 200, description = "One page of them", body = Listed<Generation>),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn generations(
    State(context): State<Arc<Context>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Answer<Listed<Generation>>, Problem> {
    let page = Page::of(&Query::parse(&query, &["limit", "cursor"])?)?;
    let rows = store::list(&context.database, &caller, page).await?;
    let items = rows
        .into_iter()
        .map(Generation::of)
        .collect::<Result<_, _>>()?;
    Ok(Answer(
        page.list(items, |item: &Generation| item.id.clone()),
    ))
}

impl Generation {
    fn of(row: generation::Model) -> Result<Self, Problem> {
        let recipe = kept_recipe(&row)?;
        let picture_url = recipe.clone().check()?.mark_path();
        Ok(Self {
            id: row.id,
            generator: row.generator,
            variant: row.variant,
            format: row.format,
            recipe,
            download_url: format!("/api/v1/luna/download/{}", row.filename),
            picture_url,
            filename: row.filename,
            size_bytes: row.size_bytes,
            hash: row.hash,
            created_at: row.created_at,
        })
    }
}

fn kept_recipe(row: &generation::Model) -> Result<Recipe, Problem> {
    serde_json::from_str(&row.recipe).map_err(|_| {
        Problem::from(DataError::Malformed {
            column: "luna_generation.recipe",
        })
    })
}

/// A generated file, by the name that it was given. Only the workspace's own.
#[utoipa::path(
    get,
    path = "/download/{filename}",
    tag = "luna",
    extensions(("x-access" = json!("luna:read"))),
    params(("filename" = String, Path, description = "As `POST /generate` named it", example = "northwind-crescent-serenity-01KAH8W7Q2M4ZB6T9X3F5R0VCD.svg")),
    responses(
        (status = 200, description = "The file", headers(("etag" = String, description = "Strong tag of these bytes")), content(
            (String = "image/svg+xml"),
            (Vec<u8> = "image/png"),
            (Vec<u8> = "image/webp"),
            (Vec<u8> = "image/x-icon"),
            (Vec<u8> = "application/pdf"),
        )),
        (status = 304, description = "The caller has these bytes already"),
        (status = 400, description = "The address is not valid UTF-8", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The workspace has no such file", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn download(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(filename): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = id_in(&filename).ok_or_else(Problem::not_found)?;
    let row = store::find(&context.database, caller.workspace, id)
        .await?
        .filter(|row| row.filename == filename)
        .ok_or_else(Problem::not_found)?;
    let tag = EntityTag::of_hash(
        u128::from_str_radix(&row.hash[..32.min(row.hash.len())], 16).unwrap_or_default(),
    );
    let common = [
        (header::ETAG, tag.header()),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, max-age=86400"),
        ),
    ];
    if tag.is_known(&headers) {
        return Ok((StatusCode::NOT_MODIFIED, common).into_response());
    }
    let checked = kept_recipe(&row)?.check()?;
    let media_type = checked.format.media_type();
    let bytes = chassis::task::heavy(move || {
        draw(&checked.request, checked.request.hash(), checked.format)
    })
    .await??;
    if chassis::id::blake3_hex(&bytes) != row.hash {
        // A newer encoder may write a PNG in other bytes; the picture is the same, and the log says that it happened.
        tracing::warn!(
            generation.id = row.id,
            "a kept mark is drawn in other bytes than when it was generated"
        );
    }
    // The name holds letters, digits, dashes and dots alone.
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{filename}\""))
        .map_err(|fault| Problem::internal(&fault))?;
    let kind = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((common, kind, bytes).into_response())
}

/// The id in `northwind-crescent-serenity-01KAH….svg`.
fn id_in(filename: &str) -> Option<GenerationId> {
    let (stem, _) = filename.rsplit_once('.')?;
    let (_, id) = stem.rsplit_once('-')?;
    id.parse().ok()
}

/// Figures of the workspace's history, counted now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Stats {
    /// Marks in the history.
    total: i64,
    /// Of them in the last 24 hours.
    last_24_hours: i64,
    /// Bytes of their files, as they are downloaded: a mark is drawn from its recipe each time and takes no room itself.
    size_bytes: i64,
    /// Brand kits.
    kits: i64,
    /// Bytes that their files take.
    kits_size_bytes: i64,
    /// Days that a mark stays; null: until somebody removes it.
    kept_days: Option<u32>,
    /// How many marks stay, the newest ones; null: all.
    kept_marks: Option<u32>,
    /// Mean time to draw one, milliseconds; null where there are none.
    mean_generation_time_ms: Option<f64>,
    /// The first one's time.
    first_at: Option<String>,
    /// The last one's time.
    last_at: Option<String>,
    /// Marks by emotion.
    by_variant: BTreeMap<String, i64>,
    /// Marks by family.
    by_generator: BTreeMap<String, i64>,
    /// Marks by file kind.
    by_format: BTreeMap<String, i64>,
}

/// Counts the workspace's history.
#[utoipa::path(
    get,
    path = "/stats",
    tag = "luna",
    extensions(("x-access" = json!("luna:read"))),
    responses((status = 200, description = "The figures", body = Stats)),
)]
pub(crate) async fn stats(
    State(context): State<Arc<Context>>,
    caller: Caller,
) -> Result<Answer<Stats>, Problem> {
    let (database, workspace) = (&context.database, caller.workspace);
    let all = store::totals(database, workspace, None).await?;
    let day_ago = context.clock.now().unix_ms() - 86_400_000;
    let recent = store::totals(database, workspace, Timestamp::from_unix_ms(day_ago)).await?;
    let kits = store::kit_totals(database, workspace).await?;
    let rules = LunaConfig::of(&context.config);
    let by = async |column| -> Result<BTreeMap<String, i64>, Problem> {
        let counts = store::count_by(database, workspace, column).await?;
        Ok(counts
            .into_iter()
            .map(|count| (count.value, count.count))
            .collect())
    };
    Ok(Answer(Stats {
        total: all.count,
        last_24_hours: recent.count,
        size_bytes: all.size_bytes.unwrap_or(0),
        kits: kits.count,
        kits_size_bytes: kits.size_bytes.unwrap_or(0),
        kept_days: Some(rules.history_days).filter(|days| *days > 0),
        kept_marks: Some(rules.history_marks).filter(|marks| *marks > 0),
        mean_generation_time_ms: all
            .duration_us
            .filter(|_| all.count > 0)
            .map(|total| (total as f64 / all.count as f64).round() / 1000.0),
        first_at: all.first_at,
        last_at: all.last_at,
        by_variant: by(generation::Column::Variant).await?,
        by_generator: by(generation::Column::Generator).await?,
        by_format: by(generation::Column::Format).await?,
    }))
}

/// What was cleared.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Cleared {
    /// Marks removed from the history.
    deleted: u64,
    /// Brand kits removed.
    deleted_kits: u64,
    /// Bytes of the kits' files, which went with them. Marks take no room: they are drawn from their recipes.
    freed_bytes: i64,
    /// Everything before this moment went; null where age did not count.
    before: Option<String>,
}

/// Removes old marks and brand kits from the workspace's history. Nothing else is touched. Without `older_than` what goes is
/// what the configuration keeps no longer (`luna.history_days`, `luna.history_marks`): marks alone, as every night.
#[utoipa::path(
    delete,
    path = "/cleanup",
    tag = "luna",
    extensions(("x-access" = json!("luna:admin"))),
    params(("older_than" = Option<String>, Query, description = "An age such as `30d`, `12h` or `45m`, or a moment in RFC 3339 UTC", example = "30d", pattern = "^([1-9][0-9]{0,4}[mhd]|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,3})?Z)$")),
    responses(
        (status = 200, description = "What was removed", body = Cleared),
        (status = 422, description = "This is no age", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn cleanup(
    State(context): State<Arc<Context>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Answer<Cleared>, Problem> {
    let query = Query::parse(&query, &["older_than"])?;
    let now = context.clock.now();
    let cleared = match query.get("older_than") {
        None => Cleared {
            deleted: tidy::workspace(&context, caller.workspace).await?,
            deleted_kits: 0,
            freed_bytes: 0,
            before: tidy::begin(&LunaConfig::of(&context.config), now).map(|at| at.to_string()),
        },
        Some(given) => {
            let no_age = || FieldProblem::new("older_than", "luna.older_than", Vec::new());
            let before = moment(given, now).ok_or_else(|| Problem::invalid(vec![no_age()]))?;
            clear(&context, &caller, before).await?
        }
    };
    tracing::info!(workspace.id = %caller.workspace, deleted = cleared.deleted, "old marks were removed");
    Ok(Answer(cleared))
}

/// Removes marks and kits from before a moment.
async fn clear(context: &Context, caller: &Caller, before: Timestamp) -> Result<Cleared, Problem> {
    let (database, workspace) = (&context.database, caller.workspace);
    let (mut deleted_kits, mut freed_bytes) = (0, 0);
    loop {
        let some = store::kits_before(database, workspace, before.to_string()).await?;
        if some.is_empty() {
            break;
        }
        for kit in some {
            freed_bytes += kit.size_bytes.unwrap_or(0);
            remove_kit(context, caller, kit).await?;
            deleted_kits += 1;
        }
    }
    Ok(Cleared {
        deleted: store::remove(database, workspace, Old::Before(before)).await?,
        deleted_kits,
        freed_bytes,
        before: Some(before.to_string()),
    })
}

/// `30d` ago, or the moment itself.
fn moment(text: &str, now: Timestamp) -> Option<Timestamp> {
    let minutes = |unit: char| match unit {
        'm' => Some(1),
        'h' => Some(60),
        'd' => Some(24 * 60),
        _ => None,
    };
    let mut characters = text.chars();
    if let Some(unit) = characters.next_back().and_then(minutes) {
        let digits = characters.as_str();
        if digits.len() <= 5 && !digits.starts_with(['0', '+', '-']) {
            let count: i64 = digits.parse().ok()?;
            return Timestamp::from_unix_ms(now.unix_ms() - count * unit * 60_000);
        }
        return None;
    }
    // Our own times have milliseconds; people leave them out.
    match text.strip_suffix('Z') {
        Some(seconds) if seconds.len() == "2026-01-01T00:00:00".len() => {
            format!("{seconds}.000Z").parse().ok()
        }
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_moments_are_read() {
        let now: Timestamp = "2026-11-20T12:00:00.000Z".parse().unwrap();
        let read = |text| moment(text, now).map(|moment| moment.to_string());
        assert_eq!(read("30d").as_deref(), Some("2026-10-21T12:00:00.000Z"));
        assert_eq!(read("90m").as_deref(), Some("2026-11-20T10:30:00.000Z"));
        assert_eq!(
            read("2026-01-01T00:00:00Z").as_deref(),
            Some("2026-01-01T00:00:00.000Z")
        );
        for wrong in [
            "",
            "d",
            "0d",
            "-1d",
            "+1d",
            "1w",
            "100000d",
            "1.5h",
            "yesterday",
            "٣d",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_a_well_formed_name_leads_to_a_mark() {
        assert!(id_in("northwind-crescent-serenity-01KAH8W7Q2M4ZB6T9X3F5R0VCD.svg").is_some());
        for wrong in [
            "",
            "..",
            "../../etc/passwd",
            "x-01kah8w7q2m4zb6t9x3f5r0vcd.svg",
            "01KAH8W7Q2M4ZB6T9X3F5R0VCD",
            "a-b.svg",
        ] {
            assert!(id_in(wrong).is_none(), "{wrong}");
        }
    }
}
