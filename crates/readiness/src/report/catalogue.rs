//! What each check is: as a page of the documentation, as JSON, and as the sections that a terminal shows.

use std::fmt::Write as _;

use chassis::check::{About, Area, Checks, Need, Words};
use chassis::i18n::Language;
use serde::Serialize;

/// A check, as `aplomb prove --list --json` gives it.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    id: &'static str,
    area: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<&'static str>,
    title: &'static str,
    title_fr: &'static str,
    weight: u8,
    required: bool,
    disturbs: bool,
    needs: Vec<&'static str>,
    fresh_days: u16,
}

impl Entry {
    /// Of a check.
    pub fn of(about: &About) -> Self {
        Self {
            id: about.id,
            area: about.area.name(),
            service: about.service,
            title: about.title.english,
            title_fr: about.title.french,
            weight: about.weight,
            required: about.is_required,
            disturbs: about.disturbs,
            needs: about.needs.iter().map(|need| name(*need)).collect(),
            fresh_days: about.fresh_days,
        }
    }
}

const fn name(need: Need) -> &'static str {
    match need {
        Need::Ground => "ground",
        Need::Document => "document",
        Need::Token => "token",
        Need::Leave => "leave",
    }
}

const fn need(need: Need) -> Words {
    match need {
        Need::Ground => Words::new("an instance of its own", "une instance à part"),
        Need::Document => Words::new("an OpenAPI document", "un document OpenAPI"),
        Need::Token => Words::new("credentials", "des identifiants"),
        Need::Leave => Words::new("the owner’s leave", "l’accord du propriétaire"),
    }
}

/// The parts of a check's page: heading and text.
pub fn sections(about: &About, language: Language) -> [(&'static str, &'static str); 4] {
    let heading = |english, french| Words::new(english, french).of(language);
    [
        (
            heading("What it does", "Ce qu’elle fait"),
            about.what.of(language),
        ),
        (
            heading("It passes when", "Elle réussit si"),
            about.passes.of(language),
        ),
        (heading("By hand", "À la main"), about.by_hand.of(language)),
        (
            heading("When it fails", "Quand elle échoue"),
            about.when_it_fails.of(language),
        ),
    ]
}

/// The facts of a check in a line.
pub fn facts(about: &About, language: Language) -> String {
    let word = |english, french| Words::new(english, french).of(language);
    let mut facts = vec![
        if about.is_required {
            word("required", "exigée")
        } else {
            word("desired", "souhaitée")
        }
        .to_owned(),
    ];
    facts.push(format!("{} {}", word("weight", "poids"), about.weight));
    facts.push(match language {
        Language::English => format!("evidence stands {} days", about.fresh_days),
        Language::French => format!("la preuve vaut {} jours", about.fresh_days),
    });
    if about.disturbs {
        facts.push(word("disturbs", "perturbe").to_owned());
    }
    if !about.needs.is_empty() {
        let needs = about.needs.iter().map(|one| need(*one).of(language));
        let needs = needs.collect::<Vec<_>>().join(", ");
        facts.push(format!("{} {needs}", word("needs", "il faut")));
    }
    if let Some(service) = about.service {
        facts.push(format!("service {service}"));
    }
    facts.join(" · ")
}

/// The page of all checks.
pub fn markdown(checks: &Checks, language: Language) -> String {
    let word = |english, french| Words::new(english, french).of(language);
    let mut out = String::new();
    let _ = writeln!(out, "# {}\n", word("What is proved", "Ce qui est prouvé"));
    out.push_str(word(
        "Every check of `aplomb prove`: what it does, what passes, how to see it by hand, and what to do when it fails. Written by\n`aplomb prove --list --markdown`, so that it is what the program does; `aplomb prove --explain ID` shows one on a terminal.\n[README.md](README.md) says how to run them and how to read what comes of it.\n\n",
        "Chaque épreuve de `aplomb prove` : ce qu’elle fait, ce qui réussit, comment le voir à la main, et que faire quand elle échoue. Écrit\npar `aplomb prove --list --markdown`, donc conforme au programme ; `aplomb prove --explain ID` en montre une dans le terminal.\n[README.fr.md](README.fr.md) dit comment les lancer et comment lire le résultat.\n\n",
    ));
    let _ = writeln!(
        out,
        "| {} | {} | {} | {} | {} |\n|---|---|---|---:|---|",
        word("area", "domaine"),
        word("check", "épreuve"),
        word("claim", "affirmation"),
        word("weight", "poids"),
        word("required", "exigée"),
    );
    for about in by_area(checks) {
        let _ = writeln!(
            out,
            "| {} | [`{}`](#{}) | {} | {} | {} |",
            about.area.title().of(language),
            about.id,
            anchor(about.id),
            cell(about.title.of(language)),
            about.weight,
            if about.is_required {
                word("yes", "oui")
            } else {
                ""
            },
        );
    }
    let mut area = None;
    for about in by_area(checks) {
        if area.replace(about.area) != Some(about.area) {
            let _ = writeln!(out, "\n## {}", about.area.title().of(language));
        }
        section(&mut out, &about, language);
    }
    out
}

fn section(out: &mut String, about: &About, language: Language) {
    let _ = writeln!(out, "\n### `{}`\n", about.id);
    let _ = writeln!(
        out,
        "**{}.** {}.",
        about.title.of(language).trim_end_matches('.'),
        facts(about, language)
    );
    let [what, passes, by_hand, fails] = sections(about, language);
    for (heading, text) in [what, passes] {
        let _ = writeln!(out, "\n{heading}{} {text}", colon(language));
    }
    if is_commands(by_hand.1) {
        let _ = writeln!(
            out,
            "\n{}{}\n\n```sh\n{}\n```",
            by_hand.0,
            colon(language),
            lines(by_hand.1)
        );
    } else {
        let _ = writeln!(out, "\n{}{} {}", by_hand.0, colon(language), by_hand.1);
    }
    let _ = writeln!(out, "\n{}{} {}", fails.0, colon(language), fails.1);
}

/// Whether a text is commands alone: prose marks its commands by backticks.
pub fn is_commands(text: &str) -> bool {
    !text.contains('`')
}

/// Commands one below the other. A semicolon that a loop needs stays.
pub fn lines(commands: &str) -> String {
    if ["; do", "; done", "; then", "'"]
        .iter()
        .any(|part| commands.contains(part))
    {
        return commands.to_owned();
    }
    commands.replace("; ", "\n")
}

/// As French typography has it, with a space that does not break.
const fn colon(language: Language) -> &'static str {
    match language {
        Language::English => ":",
        Language::French => "\u{a0}:",
    }
}

/// All of them, area by area in the order of the report.
pub fn by_area(checks: &Checks) -> Vec<About> {
    let mut all: Vec<_> = checks.iter().map(|check| check.about()).collect();
    all.sort_by_key(|about| Area::ALL.iter().position(|area| *area == about.area));
    all
}

/// As renderers of Markdown make it from a heading.
fn anchor(id: &str) -> String {
    id.to_lowercase().replace(['.', '`'], "")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
