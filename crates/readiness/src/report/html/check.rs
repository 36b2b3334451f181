//! An area of the page, and each check in it.

use std::fmt::Write as _;

use chassis::check::{Area, Evidence};
use chassis::i18n::Language;

use super::{Within, both, rich, say, score, standing, tags, target, words};
use crate::report::escape::xml;
use crate::report::phrase::{self, took};
use crate::report::{Report, Standing, Tally, plot};

/// An area with its checks.
pub(super) fn area_card(out: &mut String, report: &Report, tally: &Tally) {
    let title = Area::from_name(&tally.name).map(|area| words(area.title()));
    let _ = write!(
        out,
        "<section class=\"card\" id=\"area-{}\"><div class=\"head\"><h2>{}</h2><span class=\"score\">{}</span></div>",
        xml(&tally.name),
        title.unwrap_or_else(|| xml(&tally.name)),
        score(tally.score),
    );
    for one in report.evidence.iter().filter(|one| one.area == tally.name) {
        check(out, report, one);
    }
    out.push_str("</section>");
}

/// A check: its claim and measurement, and, opened, all that is known of it.
fn check(out: &mut String, report: &Report, one: &Evidence) {
    let standing = standing(report, one);
    let is_open = matches!(standing, Standing::Failed | Standing::Expired);
    let time = took(one);
    let time = if matches!(standing, Standing::Skipped | Standing::NotVerifiable) {
        String::new()
    } else {
        both(
            &phrase::duration(time, Language::English),
            &phrase::duration(time, Language::French),
        )
    };
    let _ = write!(
        out,
        "<details id=\"{}\" class=\"{}\"{}><summary><span class=\"sign\" aria-hidden=\"true\">{}</span><span><span class=\"claim\">{}</span>{}<span class=\"what\">{}</span></span><span class=\"time\">{time}</span></summary><div class=\"body\"><dl>",
        anchor(one),
        standing.name(),
        if is_open { " open=\"open\"" } else { "" },
        standing.sign(),
        both(&one.title, &one.title_fr),
        tags(report, one, standing, Within::Area),
        rich(&one.measured, &one.measured_fr),
    );
    let mut row = |name: String, value: String| {
        let _ = write!(out, "<dt>{name}</dt><dd>{value}</dd>");
    };
    row(
        say("Required", "Exigé"),
        rich(&one.required, &one.required_fr),
    );
    if !one.faults.is_empty() {
        row(say("Faults", "Défauts"), faults(one));
    }
    if let Some(shortened) = &one.shortened {
        let french = one.shortened_fr.as_ref().unwrap_or(shortened);
        row(say("Shortened", "Écourté"), rich(shortened, french));
    }
    row(
        say("See it again", "Revoir"),
        format!("<code>{}</code>", xml(&one.again)),
    );
    row(
        say("Explained", "Expliqué"),
        format!("<code>aplomb prove --explain {}</code>", xml(&one.id)),
    );
    row(
        say("Evidence", "Preuve"),
        both(
            &format!(
                "of {}, stands until {}",
                phrase::minute(&one.ended_at),
                phrase::day(&one.expires_at)
            ),
            &format!(
                "du {}, vaut jusqu’au {}",
                phrase::minute(&one.ended_at),
                phrase::day(&one.expires_at)
            ),
        ),
    );
    row(say("Measured on", "Mesuré sur"), target(&one.origin.target));
    row(
        say("Weight", "Poids"),
        format!(
            "{} · <code>{}</code>{}",
            one.weight,
            xml(&one.id),
            one.service
                .as_ref()
                .map(|service| format!(" · {}", xml(service)))
                .unwrap_or_default()
        ),
    );
    out.push_str("</dl>");
    if !one.series.is_empty() {
        out.push_str("<div class=\"plots\">");
        for series in &one.series {
            out.push_str(&plot::figure(series));
        }
        out.push_str("</div>");
    }
    out.push_str("</div></details>");
}

fn faults(one: &Evidence) -> String {
    let mut out = String::from("<ul class=\"faults\">");
    for fault in &one.faults {
        let _ = write!(out, "<li>{}</li>", xml(fault));
    }
    if one.faults_left_out > 0 {
        let more = one.faults_left_out;
        let _ = write!(
            out,
            "<li>{}</li>",
            both(&format!("and {more} more"), &format!("et {more} autres"))
        );
    }
    out + "</ul>"
}

/// An id that is an id in HTML whatever the evidence says.
pub(super) fn anchor(one: &Evidence) -> String {
    let plain = |character: char| {
        if character.is_ascii_alphanumeric() || character == '-' {
            character
        } else {
            '-'
        }
    };
    let id: String = one.id.chars().take(80).map(plain).collect();
    format!("check-{id}")
}
