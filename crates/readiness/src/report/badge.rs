//! The record as a badge: verdict and score, as SVG without any font or picture from elsewhere.

use chassis::i18n::Language;

use super::phrase::{self, figure};
use super::{Outcome, Report};

/// Renders it.
pub fn badge(report: &Report, language: Language) -> String {
    let outcome = report.outcome();
    let label = phrase::pick(language, "proof", "preuve");
    let word = outcome.words().of(language).to_lowercase();
    let value = format!("{word} · {}", figure(Some(report.score), language));
    let colour = match outcome {
        Outcome::Ready => "#1a7f4b",
        Outcome::NotReady => "#c2352b",
        Outcome::Undecided => "#8a6100",
    };
    let (left, right) = (width(label) + 16, width(&value) + 16);
    let all = left + right;
    let (label_width, value_width) = (left - 16, right - 16);
    let (label_middle, value_middle) = (left / 2, left + right / 2);
    let day = phrase::day(&report.ended_at);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{all}\" height=\"20\" viewBox=\"0 0 {all} 20\" role=\"img\" aria-label=\"{label}: {value}\">\
        <title>{label}: {value} ({day})</title>\
        <clipPath id=\"r\"><rect width=\"{all}\" height=\"20\" rx=\"4\"/></clipPath>\
        <g clip-path=\"url(#r)\"><rect width=\"{left}\" height=\"20\" fill=\"#33383f\"/><rect x=\"{left}\" width=\"{right}\" height=\"20\" fill=\"{colour}\"/></g>\
        <g fill=\"#fff\" text-anchor=\"middle\" font-family=\"Verdana,DejaVu Sans,Geneva,sans-serif\" font-size=\"11\">\
        <text x=\"{label_middle}\" y=\"14\" textLength=\"{label_width}\">{label}</text>\
        <text x=\"{value_middle}\" y=\"14\" textLength=\"{value_width}\">{value}</text></g></svg>\n"
    )
}

/// About as wide as Verdana draws it at 11 px; `textLength` makes other fonts fit.
fn width(text: &str) -> u32 {
    let of = |character: char| match character {
        'i' | 'l' | 'j' | '.' | ',' | '·' | ' ' => 4,
        'f' | 'r' | 't' => 5,
        'm' | 'w' => 10,
        _ => 7,
    };
    text.chars().map(of).sum()
}
