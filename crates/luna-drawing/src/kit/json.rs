//! The kit's two JSON files, written with their fields in a fixed order.

use std::fmt::Write as _;

use super::plan::{ICON_192, ICON_512, MASKABLE_512, Make};
use super::{KIT_VERSION, KitRequest};
use crate::picture::{Colours, Rgb, Theme};
use crate::request::Request;

/// A file that was drawn.
pub(super) struct Listed {
    pub(super) path: String,
    pub(super) make: Make,
    pub(super) media_type: &'static str,
    pub(super) size_bytes: usize,
    pub(super) blake3: blake3::Hash,
}

/// The longest name under an icon on a home screen, characters.
const SHORT_NAME: usize = 12;

/// `site.webmanifest`. Icons are named from the manifest's own place.
pub(super) fn manifest(request: &Request, colours: Colours) -> Vec<u8> {
    let mut json = String::from("{\n");
    if let Some(name) = request.name() {
        field(&mut json, "name", name);
        if let Some(short) = short(name) {
            field(&mut json, "short_name", short);
        }
    }
    field(&mut json, "lang", request.language().key());
    json.push_str("  \"start_url\": \"/\",\n  \"display\": \"standalone\",\n");
    field(&mut json, "theme_color", &colours.ground.hex());
    field(&mut json, "background_color", &colours.ground.hex());
    json.push_str("  \"icons\": [\n");
    let icons = [
        (ICON_192, 192, "any"),
        (ICON_512, 512, "any"),
        (MASKABLE_512, 512, "maskable"),
    ];
    for (i, (path, side, purpose)) in icons.into_iter().enumerate() {
        let file = path.rsplit('/').next().unwrap_or(path);
        let comma = if i + 1 < icons.len() { "," } else { "" };
        let _ = writeln!(
            json,
            "    {{ \"src\": \"{file}\", \"sizes\": \"{side}x{side}\", \"type\": \"image/png\", \"purpose\": \"{purpose}\" }}{comma}"
        );
    }
    json.push_str("  ]\n}\n");
    json.into_bytes()
}

/// The name where it is short; else its first word where that is.
fn short(name: &str) -> Option<&str> {
    let fits = |text: &&str| text.chars().count() <= SHORT_NAME;
    Some(name)
        .filter(fits)
        .or_else(|| name.split_whitespace().next().filter(fits))
}

/// `kit.json`: what was asked, the palettes, and every other file with its size and BLAKE3.
pub(super) fn metadata(request: &KitRequest, listed: &[Listed]) -> Vec<u8> {
    let of = request.request();
    let mut json = String::with_capacity(16 * 1024);
    let _ = writeln!(json, "{{\n  \"kit\": {KIT_VERSION},");
    let _ = writeln!(json, "  \"version\": {},", of.version());
    field(&mut json, "hash", &request.hash().to_string());
    if let Some(name) = of.name() {
        field(&mut json, "name", name);
    }
    field(&mut json, "generator", of.family().key());
    field(&mut json, "variant", of.emotion().key());
    // A text: readers of JSON keep whole numbers up to 2^53 only.
    field(&mut json, "seed", &of.seed().0.to_string());
    field(&mut json, "language", of.language().key());
    field(&mut json, "request", &request.canonical());
    json.push_str("  \"palette\": {\n");
    for theme in Theme::ALL {
        let palette = of.clone().with_theme(theme).palette();
        let inks = [
            ("primary", palette.primary),
            ("accent", palette.accent),
            ("text", palette.text),
            ("ground", palette.ground),
        ];
        let inks = inks.map(|(key, ink): (&str, Rgb)| format!("\"{key}\": \"{}\"", ink.hex()));
        let comma = if theme == Theme::Light { "," } else { "" };
        let _ = writeln!(
            json,
            "    \"{}\": {{ {} }}{comma}",
            theme.key(),
            inks.join(", ")
        );
    }
    json.push_str("  },\n  \"files\": [\n");
    for (i, file) in listed.iter().enumerate() {
        let comma = if i + 1 < listed.len() { "," } else { "" };
        let _ = writeln!(
            json,
            "    {{ \"path\": \"{}\", \"media_type\": \"{}\", \"size_bytes\": {}, \"blake3\": \"{}\" }}{comma}",
            file.path,
            file.media_type,
            file.size_bytes,
            file.blake3.to_hex()
        );
    }
    json.push_str("  ]\n}\n");
    json.into_bytes()
}

fn field(json: &mut String, key: &str, value: &str) {
    let _ = write!(json, "  \"{key}\": \"");
    for character in value.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            // Marks of HTML too: a file may be pasted into a page.
            '\0'..='\x1f' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(json, "\\u{:04x}", u32::from(character));
            }
            other => json.push(other),
        }
    }
    json.push_str("\",\n");
}
