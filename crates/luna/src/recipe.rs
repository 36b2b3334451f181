//! A request for a mark as it comes in a body, is kept, and stands in an address.

use std::fmt;

use chassis::http::problem::{FieldProblem, Problem};
use luna_drawing::request::{Draft, Request};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder, Schema, Type};

use crate::fault::worded;
use crate::picture::Format;

/// A body with the fields of a recipe and some of its own: flattening one struct into another would lose the names of
/// unknown and repeated fields.
macro_rules! recipe_body {
    ($(#[$about:meta])* $name:ident { $($more:tt)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name {
            /// A family, or one of the original's eight keys.
            #[schema(example = "crescent")]
            pub(crate) generator: String,
            /// An emotion.
            #[schema(example = "serenity")]
            pub(crate) variant: String,
            /// A whole number below 2^64, or a text of 1 to 256 characters. Without it the name decides, without either it is 0.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schema(example = 42)]
            pub(crate) seed: Option<SeedText>,
            /// The name, 1 to 40 characters.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schema(min_length = 1, max_length = 40, example = "Northwind")]
            pub(crate) name: Option<String>,
            /// Height in pixels.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schema(minimum = 8, maximum = 4096, example = 512)]
            pub(crate) size: Option<u32>,
            /// `mark`, `horizontal` or `stacked`; the last two need a name.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schema(example = "mark")]
            pub(crate) lockup: Option<String>,
            /// `light` or `dark`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schema(example = "light")]
            pub(crate) theme: Option<String>,
            /// SVG with its animation.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub(crate) animated: Option<bool>,
            /// Your colours; repaired in lightness until their contrast holds.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub(crate) palette: Option<Colours>,
            /// `transparent` or `painted`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schema(example = "transparent")]
            pub(crate) ground: Option<String>,
            /// Language of title and description: `en` or `fr`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schema(example = "en")]
            pub(crate) lang: Option<String>,
            /// `svg`, `png`, `webp`, `ico` or `pdf`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schema(example = "svg")]
            pub(crate) format: Option<String>,
            /// Version of the algorithm; the newest where left out.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schema(minimum = 1, maximum = 1)]
            pub(crate) v: Option<u32>,
            $($more)*
        }

        impl $name {
            /// The recipe alone.
            #[allow(dead_code, reason = "a recipe by itself needs it not")]
            pub(crate) fn recipe(&self) -> Recipe {
                Recipe {
                    generator: self.generator.clone(),
                    variant: self.variant.clone(),
                    seed: self.seed.clone(),
                    name: self.name.clone(),
                    size: self.size,
                    lockup: self.lockup.clone(),
                    theme: self.theme.clone(),
                    animated: self.animated,
                    palette: self.palette.clone(),
                    ground: self.ground.clone(),
                    lang: self.lang.clone(),
                    format: self.format.clone(),
                    v: self.v,
                }
            }
        }
    };
}

recipe_body! {
    /// A mark that is asked for. What is left out is as in `GET /mark`.
    Recipe {}
}

recipe_body! {
    /// A mark to be generated and kept. What is left out is as in `GET /mark`.
    Generate {
        /// Whether the answer holds the SVG itself; with other formats it has no effect.
        #[serde(default)]
        pub(crate) inline: bool,
    }
}

recipe_body! {
    /// Marks to be generated and kept: one recipe with many seeds, given as a list or as a number of them.
    Batch {
        /// The seeds, at most 1,000.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(min_items = 1, max_items = 1000, example = json!([1, 2, 3]))]
        pub(crate) seeds: Option<Vec<SeedText>>,
        /// In place of `seeds`: that many, counted up from `seed` (or 0).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(minimum = 1, maximum = 1000)]
        pub(crate) count: Option<u32>,
        /// Whether each line holds the SVG itself; with other formats it has no effect.
        #[serde(default)]
        pub(crate) inline: bool,
    }
}

/// Colours of the caller's own.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Colours {
    /// `#rgb` or `#rrggbb`.
    #[schema(pattern = "^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$", example = "#2258e5")]
    pub(crate) primary: String,
    /// The same; without it the primary one decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$")]
    pub(crate) accent: Option<String>,
}

/// A seed as it is written: a JSON number or a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SeedText(pub(crate) String);

impl utoipa::PartialSchema for SeedText {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(0))
            .maximum(Some(u64::MAX));
        let text = ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(256));
        AnyOfBuilder::new().item(number).item(text).into()
    }
}

impl ToSchema for SeedText {
    fn name() -> std::borrow::Cow<'static, str> {
        "Seed".into()
    }
}

impl Serialize for SeedText {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SeedText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = SeedText;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a whole number below 2^64, or a text")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<SeedText, E> {
                Ok(SeedText(number.to_string()))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<SeedText, E> {
                Ok(SeedText(text.to_owned()))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// A recipe that can be drawn.
#[derive(Clone, Debug)]
pub(crate) struct Checked {
    pub(crate) recipe: Recipe,
    pub(crate) request: Request,
    pub(crate) format: Format,
}

impl Recipe {
    /// Checks every field, and pins what would otherwise be worked out: the seed and the version.
    pub(crate) fn check(mut self) -> Result<Checked, Problem> {
        let format = match self.format.as_deref() {
            None => Format::Svg,
            Some(given) => Format::from_extension(given).ok_or_else(|| {
                let allowed = Format::ALL.map(Format::extension).join(", ");
                let given = given.chars().take(40).collect();
                Problem::invalid(vec![FieldProblem::new(
                    "format",
                    "luna.unknown",
                    vec![("given", given), ("allowed", allowed)],
                )])
            })?,
        };
        let request = self.request()?;
        self.seed = Some(SeedText(request.seed().0.to_string()));
        self.v = Some(request.version());
        self.name = request.name().map(str::to_owned);
        self.format = Some(format.extension().to_owned());
        Ok(Checked {
            recipe: self,
            request,
            format,
        })
    }

    fn request(&self) -> Result<Request, Problem> {
        let size = self.size.map(|size| size.to_string());
        let version = self.v.map(|version| version.to_string());
        let draft = Draft {
            generator: &self.generator,
            variant: &self.variant,
            seed: self.seed.as_ref().map(|seed| seed.0.as_str()),
            name: self.name.as_deref(),
            size: size.as_deref(),
            lockup: self.lockup.as_deref(),
            theme: self.theme.as_deref(),
            animated: self
                .animated
                .map(|animated| if animated { "true" } else { "false" }),
            primary: self
                .palette
                .as_ref()
                .map(|palette| palette.primary.as_str()),
            accent: self
                .palette
                .as_ref()
                .and_then(|palette| palette.accent.as_deref()),
            ground: self.ground.as_deref(),
            language: self.lang.as_deref(),
            version: version.as_deref(),
        };
        Request::parse(&draft).map_err(|fault| worded(&fault.into()).problem())
    }
}

/// What may stand unescaped in a query.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

impl Checked {
    /// The address under `/api/v1/luna` that gives the same bytes to anybody.
    pub(crate) fn mark_path(&self) -> String {
        let recipe = &self.recipe;
        let size = recipe.size.map(|size| size.to_string());
        let animated = recipe.animated.map(|animated| animated.to_string());
        let version = self.request.version().to_string();
        let seed = self.request.seed().0.to_string();
        let palette = recipe.palette.as_ref();
        let pairs = [
            ("seed", Some(seed.as_str())),
            ("name", recipe.name.as_deref()),
            ("size", size.as_deref()),
            ("lockup", recipe.lockup.as_deref()),
            ("theme", recipe.theme.as_deref()),
            ("animated", animated.as_deref()),
            ("primary", palette.map(|palette| palette.primary.as_str())),
            (
                "accent",
                palette.and_then(|palette| palette.accent.as_deref()),
            ),
            ("ground", recipe.ground.as_deref()),
            ("lang", recipe.lang.as_deref()),
            ("v", Some(version.as_str())),
        ];
        let query: Vec<String> = pairs
            .into_iter()
            .filter_map(|(name, value)| {
                Some(format!("{name}={}", utf8_percent_encode(value?, PLAIN)))
            })
            .collect();
        format!(
            "/api/v1/luna/mark/{}/{}.{}?{}",
            recipe.generator,
            recipe.variant,
            self.format.extension(),
            query.join("&")
        )
    }

    /// A file name that tells what it is: the name where it has ASCII letters, the family, the emotion, and the id, by which
    /// it is found again.
    pub(crate) fn filename(&self, id: impl fmt::Display) -> String {
        let slug = slug(self.recipe.name.as_deref().unwrap_or_default());
        let slug = if slug.is_empty() { "mark" } else { &slug };
        let (family, emotion) = (self.request.family().key(), self.request.emotion().key());
        format!("{slug}-{family}-{emotion}-{id}.{}", self.format.extension())
    }
}

/// Lower-case ASCII letters and digits with single dashes between, at most forty.
pub(crate) fn slug(name: &str) -> String {
    let mut slug = String::new();
    // Accents are marks of their own in NFD: what remains is the letter.
    for character in name.nfd().filter(|c| !is_combining_mark(*c)) {
        if character.is_ascii_alphanumeric() {
            slug.push(character.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(40);
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_holds_nothing_that_a_path_or_a_shell_minds() {
        for (name, slug) in [
            ("Northwind", "northwind"),
            ("  Café  Zoé! ", "cafe-zoe"),
            ("../../etc/passwd", "etc-passwd"),
            ("Ωμέγα", ""),
            ("a&<b>\"c", "a-b-c"),
        ] {
            assert_eq!(super::slug(name), slug, "{name}");
        }
    }

    #[test]
    fn a_checked_recipe_is_the_same_request_again() {
        let recipe: Recipe = serde_json::from_str(
            r##"{"generator":"ultra_max","variant":"power","name":"Zoé & Co","lockup":"stacked","palette":{"primary":"#123"},"format":"png"}"##,
        )
        .unwrap();
        let checked = recipe.check().unwrap();
        let kept = serde_json::to_string(&checked.recipe).unwrap();
        let again: Recipe = serde_json::from_str(&kept).unwrap();
        assert_eq!(again.check().unwrap().request, checked.request);
        assert!(checked.mark_path().contains("name=Zo%C3%A9%20%26%20Co"));
        assert_eq!(checked.filename("X"), "zoe-co-aperture-power-X.png");
    }
}
