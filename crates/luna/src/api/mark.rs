//! `GET /mark/{generator}/{file}`: the picture itself, for an `<img>`.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use chassis::http::conditional::EntityTag;
use chassis::http::problem::{FieldProblem, Problem, ProblemBody};
use chassis::http::query::{Query, RawQuery};
use chassis::service::Context;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use luna_drawing::request::{Draft, Request, RequestHash};
use luna_drawing::stream::Seed;

use crate::LunaConfig;
use crate::fault::worded;
use crate::metrics;
use crate::picture::{Format, write_as};

/// The names that the query may hold.
const NAMES: [&str; 11] = [
    "seed", "name", "size", "lockup", "theme", "animated", "primary", "accent", "ground", "lang",
    "v",
];

/// Over this height a picture's pixels leave the request's thread.
const INLINE_PX: u32 = 512;

/// With `v` the bytes are final, so that a year is safe; without it a later version may draw anew.
const PINNED: &str = "public, max-age=31536000, immutable";
const UNPINNED: &str = "public, max-age=86400, immutable";

/// A mark or a lockup as a picture. Stores nothing; the same address gives the same bytes.
#[utoipa::path(
    get,
    path = "/mark/{generator}/{file}",
    tag = "luna",
    extensions(("x-limit-per-minute" = json!(6000)), ("x-access" = json!("public"))),
    params(
        ("generator" = inline(Generator), Path, description = "A family, or one of the original's eight keys"),
        ("file" = inline(FileName), Path, description = "An emotion and a format: `svg`, `png`, `webp`, `ico` (16, 32 and 48 px; `size` does not apply) or `pdf`"),
        ("seed" = Option<String>, Query, description = "A whole number below 2^64, or a text of 1 to 256 characters. Without it the name decides, without either it is 0.", min_length = 1, max_length = 256, example = "42"),
        ("name" = Option<String>, Query, description = "The name, 1 to 40 characters. In a lockup or a monogram they must be ones of the font (Latin, Greek, Cyrillic), else 422 names the first that is not.", min_length = 1, max_length = 40, pattern = r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$", example = "Northwind"),
        ("size" = Option<u32>, Query, description = "Height in pixels (PNG and WebP: at most 2048)", minimum = 8, maximum = 4096, example = 512),
        ("lockup" = inline(Option<LockupName>), Query, description = "The mark alone, or with the name, which is then needed"),
        ("theme" = inline(Option<ThemeName>), Query, description = "For a light or a dark ground"),
        ("animated" = Option<bool>, Query, description = "SVG: with its animation"),
        ("primary" = Option<String>, Query, description = "Your colour; repaired in lightness until its contrast holds", pattern = "^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$", example = "2258e5"),
        ("accent" = Option<String>, Query, description = "A second colour, only beside a primary one", pattern = "^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$"),
        ("ground" = inline(Option<GroundName>), Query, description = "Whether the ground is painted"),
        ("lang" = inline(Option<LanguageName>), Query, description = "Language of title and description"),
        ("v" = Option<u32>, Query, description = "Version of the algorithm; the newest where left out", minimum = 1, maximum = 1),
    ),
    responses(
        (status = 200, description = "The picture", headers(("etag" = String, description = "Strong tag of these bytes")), content(
            (String = "image/svg+xml"),
            (Vec<u8> = "image/png"),
            (Vec<u8> = "image/webp"),
            (Vec<u8> = "image/x-icon"),
            (Vec<u8> = "application/pdf"),
        )),
        (status = 304, description = "The caller has these bytes already"),
        (status = 400, description = "The address is not valid UTF-8", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such file name", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong; `errors` names it and what is allowed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Overloaded or stopping", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn mark(
    State(context): State<Arc<Context>>,
    Path((generator, file)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = Query::parse(&query, &NAMES)?;
    let (request, format) = parse(&generator, &file, &query)?;
    let hash = request.hash();
    let tag = EntityTag::of_hash(tag_of(hash, format));
    let cache = if query.get("v").is_some() {
        PINNED
    } else {
        UNPINNED
    };
    let common = [
        (header::ETAG, tag.header()),
        (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
        // Pictures are for any page: that is what an `<img>` elsewhere needs.
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("cross-origin"),
        ),
        (
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            HeaderValue::from_static("*"),
        ),
    ];
    if tag.is_known(&headers) {
        return Ok((StatusCode::NOT_MODIFIED, common).into_response());
    }
    check_size(&context, &request, format)?;
    let bytes = if format.has_pixels() && request.size() > INLINE_PX {
        chassis::task::heavy(move || draw(&request, hash, format)).await?
    } else {
        draw(&request, hash, format)
    }?;
    let kind = [(
        header::CONTENT_TYPE,
        HeaderValue::from_static(format.media_type()),
    )];
    Ok((common, kind, bytes).into_response())
}

/// Draws the file and counts it.
pub(super) fn draw(
    request: &Request,
    hash: RequestHash,
    format: Format,
) -> Result<Vec<u8>, Problem> {
    let started = Instant::now();
    let bytes = write_as(request, hash, format).map_err(|fault| worded(&fault).problem())?;
    metrics::drawn(
        request.family(),
        request.emotion(),
        started.elapsed().as_secs_f64(),
    );
    Ok(bytes)
}

fn parse(generator: &str, file: &str, query: &Query) -> Result<(Request, Format), Problem> {
    let unknown_file = || {
        let given = file.chars().take(40).collect();
        let field = FieldProblem::new("file", "luna.file", vec![("given", given)]);
        Problem {
            errors: vec![field],
            ..Problem::not_found()
        }
    };
    let (variant, extension) = file.rsplit_once('.').ok_or_else(unknown_file)?;
    let format = Format::from_extension(extension).ok_or_else(unknown_file)?;
    let draft = Draft {
        generator,
        variant,
        seed: query.get("seed"),
        name: query.get("name"),
        size: query.get("size"),
        lockup: query.get("lockup"),
        theme: query.get("theme"),
        animated: query.get("animated"),
        primary: query.get("primary"),
        accent: query.get("accent"),
        ground: query.get("ground"),
        language: query.get("lang"),
        version: query.get("v"),
    };
    let request = Request::parse(&draft).map_err(|fault| worded(&fault.into()).problem())?;
    Ok((request, format))
}

/// The request's hash, told apart by format and by this program's version: SVG bytes are frozen by
/// the algorithm's version, but a newer encoder may write the same PNG in other bytes.
fn tag_of(hash: RequestHash, format: Format) -> u128 {
    let program = u128::from(Seed::from_text(env!("CARGO_PKG_VERSION")).0);
    u128::from_be_bytes(hash.0) ^ (u128::from(format as u8) << 64) ^ program
}

pub(super) fn check_size(
    context: &Context,
    request: &Request,
    format: Format,
) -> Result<(), Problem> {
    let most = LunaConfig::of(&context.config).maximum_raster_px;
    if format.has_pixels() && request.size() > most {
        let field = FieldProblem::new(
            "size",
            "luna.raster_limit",
            vec![("most", most.to_string())],
        );
        return Err(Problem::invalid(vec![field]));
    }
    Ok(())
}

/// The vocabulary of the document; the parser of `luna-drawing` is what decides, and a test
/// compares the two.
mod vocabulary {
    use utoipa::ToSchema;

    macro_rules! names {
        ($(#[$meta:meta])* $name:ident: $($variant:ident = $key:literal),+ $(,)?) => {
            $(#[$meta])*
            #[derive(ToSchema)]
            #[allow(dead_code, reason = "only its schema is used")]
            pub(crate) enum $name {
                $(#[schema(rename = $key)] $variant),+
            }
        };
    }

    names!(Generator: Crescent = "crescent", Orbit = "orbit", Lambda = "lambda", Network = "network",
        Halo = "halo", Tessera = "tessera", Petal = "petal", Aperture = "aperture", Horizon = "horizon",
        Monogram = "monogram", Default = "default", SimpleAdvanced = "simple_advanced", Advanced = "advanced",
        Dashboard = "dashboard", AiMoon = "ai_moon", Realism = "realism", UltraMax = "ultra_max", Ultimate = "ultimate");
    names!(LockupName: Mark = "mark", Horizontal = "horizontal", Stacked = "stacked");
    names!(ThemeName: Light = "light", Dark = "dark");
    names!(GroundName: Transparent = "transparent", Painted = "painted");
    names!(LanguageName: English = "en", French = "fr");
}

use vocabulary::{Generator, GroundName, LanguageName, LockupName, ThemeName};

/// Each emotion in each format.
pub(crate) struct FileName;

impl utoipa::PartialSchema for FileName {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let names = luna_drawing::emotion::Emotion::ALL
            .into_iter()
            .flat_map(|emotion| {
                Format::ALL.map(|format| format!("{}.{}", emotion.key(), format.extension()))
            });
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .enum_values(Some(names))
            .into()
    }
}

impl utoipa::ToSchema for FileName {}
