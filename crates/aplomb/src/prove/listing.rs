//! `--list` and `--explain`: what the checks are.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;

use chassis::check::{About, Checks};
use chassis::i18n::Language;
use readiness::report::catalogue::{self, Entry};
use readiness::report::phrase;

use super::ink::{Ink, Tint, columns, wrap};
use super::{Prove, choose};
use crate::cli::{answer, note};

/// Lists them: for people, for programs, or as a page.
pub(super) fn list(
    all: &Checks,
    arguments: &Prove,
    language: Language,
) -> anyhow::Result<ExitCode> {
    let chosen = match choose::chosen(all, &arguments.only, &arguments.skip, language) {
        Ok(chosen) => chosen,
        Err(wrong) => {
            note(&format!("aplomb prove: {wrong}"));
            return Ok(ExitCode::from(2));
        }
    };
    let text = if arguments.json {
        let entries: Vec<_> = chosen
            .iter()
            .map(|check| Entry::of(&check.about()))
            .collect();
        serde_json::to_string_pretty(&entries)? + "\n"
    } else if arguments.markdown {
        catalogue::markdown(&chosen, language)
    } else {
        table(&chosen, Ink::of_stdout(), language)
    };
    answer(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn table(chosen: &Checks, ink: Ink, language: Language) -> String {
    let abouts = catalogue::by_area(chosen);
    let widest = abouts.iter().map(|about| columns(about.id)).max();
    let widest = widest.unwrap_or(0);
    let mut out = String::new();
    let mut area = None;
    for about in &abouts {
        if area.replace(about.area) != Some(about.area) {
            let gap = if out.is_empty() { "" } else { "\n" };
            let heading = ink.paint(Tint::Bold, about.area.title().of(language));
            let _ = writeln!(out, "{gap}{heading}");
        }
        let id = format!("{:widest$}", about.id);
        let marks = marks(about, language);
        let room = ink.width.saturating_sub(widest + 4).max(20);
        for (number, line) in wrap(about.title.of(language), room).iter().enumerate() {
            let before = if number == 0 {
                ink.paint(Tint::Blue, &id)
            } else {
                " ".repeat(widest)
            };
            let _ = writeln!(out, "  {before}  {line}");
        }
        let _ = writeln!(
            out,
            "  {}  {}",
            " ".repeat(widest),
            ink.paint(Tint::Soft, &marks)
        );
    }
    let count = abouts.len();
    let plural = if count == 1 { "" } else { "s" };
    let last = match language {
        Language::English => {
            format!("\n{count} check{plural}. More of one: aplomb prove --explain ID\n")
        }
        Language::French => {
            format!("\n{count} épreuve{plural}. Pour en savoir plus : aplomb prove --explain ID\n")
        }
    };
    out + &last
}

fn marks(about: &About, language: Language) -> String {
    let mut marks = Vec::new();
    if about.is_required {
        marks.push(phrase::pick(language, "required", "exigée").to_owned());
    }
    let weight = phrase::pick(language, "weight", "poids");
    marks.push(format!("{weight} {}", about.weight));
    if about.disturbs {
        marks.push(phrase::pick(language, "disturbs", "perturbe").to_owned());
    }
    marks.join(" · ")
}

/// Shows one.
pub(super) fn explain(all: &Checks, id: &str, language: Language) -> anyhow::Result<ExitCode> {
    let found = all.iter().find(|check| check.about().id == id);
    let Some(check) = found else {
        let wrong = choose::unknown(all, "--explain", id, language);
        note(&format!("aplomb prove: {wrong}"));
        return Ok(ExitCode::from(2));
    };
    let about = check.about();
    let ink = Ink::of_stdout();
    let mut out = String::new();
    for line in wrap(about.title.of(language), ink.width) {
        let _ = writeln!(out, "{}", ink.paint(Tint::Bold, &line));
    }
    let facts = format!("{} · {}", about.id, catalogue::facts(&about, language));
    for line in wrap(&facts, ink.width) {
        let _ = writeln!(out, "{}", ink.paint(Tint::Soft, &line));
    }
    let [what, passes, by_hand, fails] = catalogue::sections(&about, language);
    for (number, (heading, text)) in [what, passes, by_hand, fails].into_iter().enumerate() {
        let _ = writeln!(out, "\n{}", ink.paint(Tint::Bold, heading));
        if number == 2 && catalogue::is_commands(text) {
            // Commands are to be pasted: they are not broken.
            for line in catalogue::lines(text).lines() {
                let _ = writeln!(out, "  {}", ink.paint(Tint::Blue, line));
            }
        } else {
            for line in wrap(text, ink.width - 2) {
                let _ = writeln!(out, "  {line}");
            }
        }
    }
    answer(&out)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes what the binary is made of.
pub(super) fn sbom(file: &Path) -> anyhow::Result<ExitCode> {
    let text = serde_json::to_string_pretty(&readiness::supply::sbom())? + "\n";
    if file == Path::new("-") {
        answer(&text)?;
    } else {
        std::fs::write(file, text)
            .with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}
