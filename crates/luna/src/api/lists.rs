//! `GET /variants` and `GET /generators`: what can be asked for.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Json, Response};
use chassis::http::RequestContext;
use chassis::http::problem::ProblemBody;
use chassis::i18n::{Catalogue, Language};
use chassis::service::Context;
use http::header;
use luna_drawing::alias::PRESETS;
use luna_drawing::emotion::Emotion;
use luna_drawing::family::{Family, Parameter};
use luna_drawing::palette::Palette;
use luna_drawing::picture::Theme;
use luna_drawing::stream::VERSION;
use serde::Serialize;
use utoipa::ToSchema;

/// The five emotions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Variants {
    /// Version of the drawing algorithm.
    version: u32,
    /// In the order of every table and sheet.
    pub(crate) variants: Vec<Variant>,
}

/// One emotion.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Variant {
    /// The key used in addresses.
    key: &'static str,
    /// The shape grammar in words.
    grammar: String,
    /// Colours on a light ground.
    light: PaletteBody,
    /// Colours on a dark ground.
    dark: PaletteBody,
}

impl Variant {
    /// A line for a terminal.
    pub(crate) fn line(&self) -> String {
        let Self {
            key,
            grammar,
            light,
            dark,
        } = self;
        format!(
            "{key:<10} {grammar}\n{:<10}   light {}\n{:<10}   dark  {}\n",
            "",
            light.line(),
            "",
            dark.line()
        )
    }
}

impl PaletteBody {
    fn line(&self) -> String {
        let ContrastBody {
            primary, accent, ..
        } = self.contrast;
        format!(
            "{} {primary:>5.2}:1   {} {accent:>5.2}:1   on {}",
            self.primary, self.accent, self.ground
        )
    }
}

impl Generator {
    /// Lines for a terminal.
    pub(crate) fn lines(&self) -> String {
        let mut text = format!("{:<10} {}\n", self.key, self.description);
        for p in &self.parameters {
            let range = format!("{} to {} {}", p.low, p.high, p.unit);
            // Writing to a text cannot fail.
            let _ = writeln!(
                text,
                "{:<12} {:<14} {range:<22} {}",
                "", p.name, p.description
            );
        }
        text
    }
}

/// Colours as `#rrggbb` and their contrast on the ground.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaletteBody {
    /// The ground.
    ground: String,
    /// Main ink.
    primary: String,
    /// Second ink.
    accent: String,
    /// The wordmark.
    text: String,
    /// Contrast ratios against the ground (WCAG 2).
    contrast: ContrastBody,
}

/// Contrast ratios, 1 to 21, two decimals.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContrastBody {
    primary: f64,
    accent: f64,
    text: f64,
}

/// The ten families.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Generators {
    /// Version of the drawing algorithm.
    version: u32,
    /// In the order of every table and sheet.
    pub(crate) generators: Vec<Generator>,
    /// The original's eight keys and what they stand for.
    aliases: Vec<Alias>,
}

/// One family.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Generator {
    /// The key used in addresses.
    key: &'static str,
    /// What it shows, in words.
    description: String,
    /// What the seed decides.
    parameters: Vec<ParameterBody>,
}

/// One structural parameter.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParameterBody {
    name: &'static str,
    description: &'static str,
    /// `units`, `degrees`, `share` or `count`.
    unit: &'static str,
    low: f64,
    high: f64,
    /// Distance between two values; 0 is continuous.
    step: f64,
}

/// One of the original's keys.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Alias {
    key: &'static str,
    /// The family drawn.
    generator: &'static str,
    /// The theme where the request names none.
    theme: &'static str,
    /// Animated where the request does not say.
    animated: bool,
    /// A painted ground where the request does not say.
    painted: bool,
    description: &'static str,
}

/// The five emotions with their palettes, contrast figures and shape grammar.
#[utoipa::path(get, path = "/variants", tag = "luna", extensions(("x-access" = json!("public"))), responses(
    (status = 200, description = "The five emotions", body = Variants),
    (status = 429, description = "Too many requests", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn variants(
    State(context): State<Arc<Context>>,
    Extension(request): Extension<RequestContext>,
) -> Response {
    listed(
        request.language,
        &variant_list(request.language, &context.catalogue),
    )
}

/// The ten families with their parameters and ranges.
#[utoipa::path(get, path = "/generators", tag = "luna", extensions(("x-access" = json!("public"))), responses(
    (status = 200, description = "The ten families", body = Generators),
    (status = 429, description = "Too many requests", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn generators(
    State(context): State<Arc<Context>>,
    Extension(request): Extension<RequestContext>,
) -> Response {
    listed(
        request.language,
        &generator_list(request.language, &context.catalogue),
    )
}

fn listed<T: Serialize>(language: Language, body: &T) -> Response {
    let headers = [
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::CONTENT_LANGUAGE, language.code()),
        (header::VARY, "accept-language"),
    ];
    (headers, Json(body)).into_response()
}

/// What `GET /variants` and `aplomb luna variants --json` answer.
pub(crate) fn variant_list(language: Language, catalogue: &Catalogue) -> Variants {
    let variant = |emotion: Emotion| Variant {
        key: emotion.key(),
        grammar: catalogue.text(
            language,
            &format!("luna.emotion.{}", emotion.key()),
            &Vec::new(),
        ),
        light: palette(emotion, Theme::Light),
        dark: palette(emotion, Theme::Dark),
    };
    Variants {
        version: VERSION,
        variants: Emotion::ALL.into_iter().map(variant).collect(),
    }
}

/// What `GET /generators` and `aplomb luna generators --json` answer.
pub(crate) fn generator_list(language: Language, catalogue: &Catalogue) -> Generators {
    let generator = |family: Family| Generator {
        key: family.key(),
        description: catalogue.text(
            language,
            &format!("luna.family.{}", family.key()),
            &Vec::new(),
        ),
        parameters: family.parameters().iter().map(parameter).collect(),
    };
    let aliases = PRESETS.iter().map(|preset| Alias {
        key: preset.key,
        generator: preset.family.key(),
        theme: preset.theme.key(),
        animated: preset.animated,
        painted: preset.painted,
        description: preset.what,
    });
    Generators {
        version: VERSION,
        generators: Family::ALL.into_iter().map(generator).collect(),
        aliases: aliases.collect(),
    }
}

fn palette(emotion: Emotion, theme: Theme) -> PaletteBody {
    let palette = Palette::of(emotion, theme);
    let contrast = palette.contrast();
    let rounded = |ratio: f64| (ratio * 100.0).round() / 100.0;
    PaletteBody {
        ground: palette.ground.hex(),
        primary: palette.primary.hex(),
        accent: palette.accent.hex(),
        text: palette.text.hex(),
        contrast: ContrastBody {
            primary: rounded(contrast.primary),
            accent: rounded(contrast.accent),
            text: rounded(contrast.text),
        },
    }
}

fn parameter(parameter: &Parameter) -> ParameterBody {
    ParameterBody {
        name: parameter.name,
        description: parameter.what,
        unit: parameter.unit,
        low: parameter.low,
        high: parameter.high,
        step: parameter.step,
    }
}
