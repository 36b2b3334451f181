//! The style guide: one page that needs nothing but itself, and prints on A4.
//!
//! It is HTML written as XML, so that a test can read it. Shapes are defined once and shown with
//! `use`; the ground they stand on gives them their colours.

mod art;
mod colours;
mod files;
mod sections;

use std::fmt::{self, Write as _};

use self::art::Art;
use self::colours::variables;
use super::KitRequest;
use super::json::Listed;
use super::plan::{FAVICON_SVG, METADATA};
use super::studio::Studio;
use super::texts::{Said, Texts};
use crate::caption::feeling;
use crate::svg::escape;

const STYLE: &str = include_str!("guide/style.css");
/// The wordmarks' own font, for headings (`fonts/README.md`).
const FONT: &[u8] = include_bytes!("../../fonts/Geologica-SemiBold.ttf");

/// The page, over what was drawn before it.
pub(super) fn guide(request: &KitRequest, studio: &Studio<'_>, listed: &[Listed]) -> Vec<u8> {
    let words = Texts::of(request.language());
    let art = Art::new(studio);
    let mut page = Page(String::with_capacity(256 * 1024));
    let title = escaped(&studio.caption.title);
    page.add(format_args!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <title>{title} – {}</title>\n<link rel=\"icon\" href=\"{FAVICON_SVG}\" type=\"image/svg+xml\"/>\n<style>\n",
        request.language().key(),
        words.guide,
    ));
    page.add(format_args!(
        "@font-face{{font-family:\"Kit\";font-weight:600;src:url(data:font/ttf;base64,{}) format(\"truetype\")}}\n{}{STYLE}</style>\n</head>\n<body>\n",
        base64(FONT),
        variables(studio),
    ));
    page.add(format_args!("{}", art.definitions()));
    cover(&mut page, request, studio, words);
    page.add(format_args!("<main class=\"page\">\n"));
    let mut number = 0;
    let mut section = |page: &mut Page, said: &Said, body: &dyn Fn(&mut Page)| {
        number += 1;
        page.add(format_args!(
            "<section><div class=\"head\"><span class=\"no\">{number:02}</span><h2>{}</h2><p>{}</p></div><div>\n",
            said.title, said.text
        ));
        body(page);
        page.add(format_args!("</div></section>\n"));
    };
    section(&mut page, &words.mark, &|page| {
        sections::mark(page, words);
    });
    if art.is_named() {
        section(&mut page, &words.lockups, &|page| {
            sections::lockups(page, &art, words);
        });
    }
    section(&mut page, &words.space, &|page| {
        sections::space(page, &art, words);
    });
    section(&mut page, &words.sizes, &|page| {
        sections::sizes(page, &art, words);
    });
    section(&mut page, &words.colour, &|page| {
        colours::colours(page, studio, words);
    });
    section(&mut page, &words.one_colour, &|page| {
        sections::one_colour(page, &art, words);
    });
    section(&mut page, &words.usage, &|page| {
        sections::usage(page, &art, words);
    });
    section(&mut page, &words.icons, &|page| {
        sections::icons(page, &art, words, &title);
    });
    section(&mut page, &words.files, &|page| {
        files::files(page, listed, words);
    });
    page.add(format_args!(
        "<footer><span>{title} · {}</span><span>{} <a class=\"path\" href=\"{METADATA}\">{METADATA}</a></span></footer>\n</main>\n</body>\n</html>\n",
        words.guide, words.made
    ));
    page.0.into_bytes()
}

fn cover(page: &mut Page, request: &KitRequest, studio: &Studio<'_>, words: &Texts) {
    let of = request.request();
    let title = &studio.caption.title;
    let size = match title.chars().count() {
        0..=14 => "",
        15..=24 => " class=\"long\"",
        _ => " class=\"longest\"",
    };
    // Without a name the title says it already.
    let description = if studio.is_named() {
        format!("<p>{}</p>", escaped(&studio.caption.description))
    } else {
        String::new()
    };
    page.add(format_args!(
        "<header class=\"cover\"><div class=\"cover-art on-wash\"><svg viewBox=\"0 0 64 64\" role=\"img\" aria-label=\"{title}\"><use href=\"#full\"/></svg></div>\
         <div class=\"cover-text on-brand\"><svg class=\"ghost\" viewBox=\"0 0 64 64\" aria-hidden=\"true\"><use href=\"#full\"/></svg>\
         <span class=\"label\">{}</span><div><h1{size}>{title}</h1>{}</div>\
         <dl class=\"facts\"><div><dt>{}</dt><dd>{}</dd></div><div><dt>{}</dt><dd>{} {}</dd></div><div><dt>{}</dt><dd>{}</dd></div></dl></div></header>\n",
        words.guide,
        description,
        words.spirit,
        feeling(of.emotion(), of.language()),
        words.generator,
        of.family().key(),
        of.emotion().key(),
        words.seed,
        of.seed().0,
        title = escaped(title),
    ));
}

/// HTML that grows.
pub(super) struct Page(String);

impl Page {
    fn add(&mut self, text: fmt::Arguments<'_>) {
        self.0.write_fmt(text).expect("a String takes all text");
    }
}

/// Text content or an attribute's value.
fn escaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len() + 16);
    escape(&mut bytes, text);
    String::from_utf8(bytes).expect("only whole characters are written")
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            text.push(if place <= chunk.len() {
                char::from(DIGITS[(bits >> (18 - 6 * place) & 63) as usize])
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_is_that_of_the_standard() {
        let cases = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, coded) in cases {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
