//! Marks as an outsider gets them: asked for by HTTP, read out of their bytes.

use std::fmt;

use chassis::check::{Answer, Subject, Trouble};
use roxmltree::{Document, Node};
use serde_json::Value;

/// Everything below it is Luna's.
const API: &str = "/api/v1/luna";

/// The families and emotions that the service lists.
pub(super) struct Vocabulary {
    pub(super) families: Vec<String>,
    pub(super) emotions: Vec<Emotion>,
}

/// An emotion with its stated colours.
pub(super) struct Emotion {
    pub(super) key: String,
    pub(super) light: Palette,
    pub(super) dark: Palette,
}

/// Colours on one ground.
#[derive(Clone, Copy)]
pub(super) struct Palette {
    pub(super) ground: Rgb,
    pub(super) primary: Rgb,
    pub(super) accent: Rgb,
}

impl Vocabulary {
    /// Asks for it.
    pub(super) async fn of(subject: &Subject) -> Result<Self, Trouble> {
        let answer = subject.get(&format!("{API}/variants")).await?;
        if answer.status == 404 {
            return Err(Trouble::not_verifiable(
                "the system does not serve Luna: switch it on under `services`",
                "le système ne sert pas Luna : activez-la sous `services`",
            ));
        }
        let variants = answer.expect(200)?;
        let generators = subject
            .get(&format!("{API}/generators"))
            .await?
            .expect(200)?;
        let keys = list(&generators, "generators");
        let families: Vec<_> = keys
            .filter_map(|own| Some(own["key"].as_str()?.to_owned()))
            .collect();
        let emotions: Option<Vec<_>> = list(&variants, "variants").map(emotion).collect();
        let emotions =
            emotions.ok_or_else(|| Trouble::broke("the list of emotions lacks keys or colours"))?;
        if families.is_empty() || emotions.is_empty() {
            return Err(Trouble::broke(
                "the lists of families and emotions are empty",
            ));
        }
        Ok(Self { families, emotions })
    }

    /// Each family in each emotion.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &Emotion)> {
        let families = self.families.iter();
        families.flat_map(|family| {
            self.emotions
                .iter()
                .map(move |emotion| (family.as_str(), emotion))
        })
    }
}

fn list<'a>(answer: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    answer[key].as_array().into_iter().flatten()
}

fn emotion(row: &Value) -> Option<Emotion> {
    let palette = |theme: &str| {
        let colour = |role: &str| row[theme][role].as_str()?.parse::<Rgb>().ok();
        Some(Palette {
            ground: colour("ground")?,
            primary: colour("primary")?,
            accent: colour("accent")?,
        })
    };
    Some(Emotion {
        key: row["key"].as_str()?.to_owned(),
        light: palette("light")?,
        dark: palette("dark")?,
    })
}

/// The address of a picture. `query` is escaped already.
pub(super) fn path(family: &str, emotion: &str, extension: &str, query: &str) -> String {
    format!("{API}/mark/{family}/{emotion}.{extension}?{query}")
}

/// A picture that must come.
pub(super) async fn picture(subject: &Subject, path: &str) -> Result<Answer, Trouble> {
    let answer = subject.get(path).await?;
    if answer.status == 200 {
        return Ok(answer);
    }
    let status = answer.status.as_u16();
    Err(Trouble::broke(format!("{path} answers {status}")))
}

/// A colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rgb([u8; 3]);

impl std::str::FromStr for Rgb {
    type Err = String;

    /// `#rgb` or `#rrggbb`.
    fn from_str(text: &str) -> Result<Self, String> {
        let no_colour = || format!("`{text}` is no colour that can be read");
        let hex = text.strip_prefix('#').ok_or_else(no_colour)?;
        let whole: String = match hex.len() {
            3 => hex.chars().flat_map(|digit| [digit, digit]).collect(),
            _ => hex.to_owned(),
        };
        if whole.len() != 6 || !whole.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(no_colour());
        }
        let number = u32::from_str_radix(&whole, 16).map_err(|_| no_colour())?;
        let [_, red, green, blue] = number.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl Rgb {
    /// The contrast of WCAG 2: 1 to 21.
    pub(super) fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn luminance(self) -> f64 {
        let linear = self.0.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        });
        let [red, green, blue] = linear;
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

/// Every ink that a picture is drawn with, shape by shape in the order of the document: fill, then stroke.
pub(super) fn inks(svg: &str) -> Result<Vec<Rgb>, String> {
    let document =
        Document::parse(svg).map_err(|fault| format!("it is no well-formed XML: {fault}"))?;
    let mut inks = Vec::new();
    let shapes = document.descendants().filter(|node| {
        let name = node.tag_name().name();
        matches!(
            name,
            "path" | "circle" | "rect" | "ellipse" | "line" | "polygon" | "polyline" | "text"
        )
    });
    for shape in shapes {
        // Black is what a shape without a word about it is filled with.
        let fill = inherited(shape, "fill").unwrap_or("#000");
        let stroke = inherited(shape, "stroke").unwrap_or("none");
        for paint in [fill, stroke].into_iter().filter(|paint| *paint != "none") {
            inks.push(paint.parse()?);
        }
        for veil in [
            "opacity",
            "fill-opacity",
            "stroke-opacity",
            "style",
            "filter",
        ] {
            if inherited(shape, veil).is_some() {
                return Err(format!(
                    "a shape has `{veil}`: what is seen cannot be worked out"
                ));
            }
        }
    }
    if inks.is_empty() {
        return Err("nothing is drawn".to_owned());
    }
    Ok(inks)
}

fn inherited<'a>(shape: Node<'a, '_>, attribute: &str) -> Option<&'a str> {
    shape.ancestors().find_map(|node| node.attribute(attribute))
}

#[cfg(test)]
mod tests {
    use super::{Rgb, inks};

    #[test]
    fn contrast_is_that_of_the_guidelines() {
        let rgb = |text: &str| text.parse::<Rgb>().unwrap();
        for (a, b, wanted) in [
            ("#000", "#fff", 21.0),
            ("#777777", "#fff", 4.48),
            ("#123456", "#123456", 1.0),
        ] {
            let found = rgb(a).contrast(rgb(b));
            assert!((found - wanted).abs() < 0.01, "{a} on {b}: {found}");
        }
        for wrong in ["fff", "#ff", "#gggggg", "red", "#ffffffff"] {
            assert!(wrong.parse::<Rgb>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn inks_are_read_from_shapes_and_what_holds_them() {
        let svg = "<svg xmlns='http://www.w3.org/2000/svg'><g fill='#a9f'><path d='m0 0z'/><circle r='1' fill='#123456'/></g>\
            <path fill='none' stroke='#abc' d='m0 0z'/><path d='m0 0z'/></svg>";
        let found: Vec<_> = inks(svg).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(found, ["#aa99ff", "#123456", "#aabbcc", "#000000"]);
        for (broken, said) in [
            ("<svg><path></svg>", "no well-formed XML"),
            ("<svg/>", "nothing is drawn"),
            ("<svg><path fill='red'/></svg>", "no colour"),
            (
                "<svg><g opacity='.5'><path fill='#fff'/></g></svg>",
                "opacity",
            ),
        ] {
            assert!(inks(broken).unwrap_err().contains(said), "{broken}");
        }
    }
}
