//! The record as a page: one file with nothing from elsewhere and no script, in both languages, for screen and paper.
//!
//! Both languages stand in it, and a switch of two radio buttons shows one: a report is passed on to people who chose neither the
//! program nor its language. The style is named by its hash in a policy that allows nothing else.

mod check;

use std::fmt::Write as _;

use base64::Engine as _;
use chassis::check::{Area, Evidence, Words};
use chassis::i18n::Language;

use self::check::{anchor, area_card};
use super::escape::xml;
use super::phrase::{self, figure};
use super::plot::{both, rich};
use super::{Outcome, Report, Standing, Tally, standing_at};

const STYLE: &str = include_str!("style.css");

/// Renders it; `language` is the one that shows at first.
pub fn html(report: &Report, language: Language) -> String {
    let outcome = report.outcome();
    let checked = |own| {
        if own == language {
            " checked=\"checked\""
        } else {
            ""
        }
    };
    let mut out = String::with_capacity(64 * 1024);
    let _ = write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"/>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'\"/>\
         <meta name=\"color-scheme\" content=\"light dark\"/><meta name=\"robots\" content=\"noindex\"/>\
         <title>{} · {} · Aplomb</title><style>{STYLE}</style></head><body>\
         <input class=\"switch\" type=\"radio\" name=\"language\" id=\"in-en\" aria-label=\"English\"{}/>\
         <input class=\"switch\" type=\"radio\" name=\"language\" id=\"in-fr\" aria-label=\"Français\"{}/>\
         <div class=\"page\">",
        language.code(),
        style_hash(),
        xml(outcome.words().of(language)),
        figure(Some(report.score), language),
        checked(Language::English),
        checked(Language::French),
    );
    header(&mut out, report, outcome);
    out.push_str("<main>");
    open_questions(&mut out, report);
    musts(&mut out, report);
    tallies(&mut out, report);
    notes(&mut out, report);
    for area in &report.areas {
        area_card(&mut out, report, area);
    }
    out.push_str("</main>");
    footer(&mut out, report);
    out.push_str("</div></body></html>\n");
    out
}

/// The hash by which the page's policy names its style.
fn style_hash() -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, STYLE.as_bytes());
    base64::engine::general_purpose::STANDARD.encode(digest.as_ref())
}

/// Words of the page, of which one language shows.
fn say(english: &'static str, french: &'static str) -> String {
    both(english, french)
}

fn words(words: Words) -> String {
    both(words.english, words.french)
}

fn score(score: Option<f64>) -> String {
    both(
        &figure(score, Language::English),
        &figure(score, Language::French),
    )
}

fn standing(report: &Report, one: &Evidence) -> Standing {
    standing_at(one, report.moment())
}

fn header(out: &mut String, report: &Report, outcome: Outcome) {
    let _ = write!(
        out,
        "<header><div class=\"top\"><div class=\"brand\">Aplomb <span>{}</span></div>\
         <div class=\"languages\"><label for=\"in-en\" lang=\"en\">English</label><label for=\"in-fr\" lang=\"fr\">Français</label></div></div>\
         <div class=\"card hero {}\">{}<div><h1>{}</h1><p>{}</p><ul class=\"counts\">{}</ul></div>",
        say("proof of readiness", "preuve d’aptitude"),
        outcome.name(),
        dial(report.score),
        words(outcome.words()),
        verdict(report, outcome),
        counts(report),
    );
    facts(out, report);
    out.push_str("</div></header>");
}

/// The score as a ring that fills clockwise from the top.
fn dial(value: f64) -> String {
    let around = 2.0 * std::f64::consts::PI * 52.0;
    let arc = around * value.clamp(0.0, 100.0) / 100.0;
    let ring = if arc > 0.5 {
        format!(
            "<circle class=\"value\" cx=\"60\" cy=\"60\" r=\"52\" transform=\"rotate(-90 60 60)\" stroke-dasharray=\"{arc:.1} {around:.1}\"/>"
        )
    } else {
        String::new()
    };
    let at = |language: Language, class: &str| {
        format!(
            "<text class=\"{class}\" lang=\"{class}\" x=\"60\" y=\"69\" font-size=\"31\">{}</text>",
            figure(Some(value), language)
        )
    };
    format!(
        "<svg class=\"dial\" viewBox=\"0 0 120 120\" role=\"img\" aria-label=\"{} / 100\"><circle class=\"track\" cx=\"60\" cy=\"60\" r=\"52\"/>{ring}{}{}<text class=\"small\" x=\"60\" y=\"86\" font-size=\"10.5\">/ 100</text></svg>",
        figure(Some(value), Language::English),
        at(Language::English, "en"),
        at(Language::French, "fr"),
    )
}

/// The verdict in a sentence.
fn verdict(report: &Report, outcome: Outcome) -> String {
    let count = |wanted: Standing| {
        let required = report.evidence.iter().filter(|one| one.is_required);
        required
            .filter(|one| standing(report, one) == wanted)
            .count()
    };
    let (passed, failed, old) = (
        count(Standing::Passed),
        count(Standing::Failed),
        count(Standing::Expired),
    );
    let (open, skipped) = (count(Standing::NotVerifiable), count(Standing::Skipped));
    let all = passed + failed + old + open + skipped;
    let mut english = match passed {
        1 => format!("1 of {all} required behaviours is shown"),
        _ => format!("{passed} of {all} required behaviours are shown"),
    };
    let mut french = match passed {
        0 | 1 => format!("{passed} comportement exigé sur {all} est démontré"),
        _ => format!("{passed} comportements exigés sur {all} sont démontrés"),
    };
    for (number, in_english, in_french) in [
        (failed, "failed", "en échec"),
        (old, "too old", "périmés"),
        (open, "could not be verified here", "invérifiables ici"),
        (skipped, "not run", "non exécutés"),
    ] {
        if number > 0 {
            let _ = write!(english, ", {number} {in_english}");
            let _ = write!(french, ", {number} {in_french}");
        }
    }
    english.push('.');
    french.push('.');
    if outcome == Outcome::Undecided {
        english.push_str(" Nothing required failed, but this run does not show all of it.");
        french.push_str(" Rien d’exigé n’a échoué, mais cette exécution ne montre pas l’ensemble.");
    }
    both(&english, &french)
}

fn counts(report: &Report) -> String {
    let all = [
        Standing::Passed,
        Standing::Failed,
        Standing::Expired,
        Standing::NotVerifiable,
        Standing::Skipped,
    ];
    let chip = |wanted: Standing| {
        let of = |one: &&Evidence| standing(report, one) == wanted;
        let number = report.evidence.iter().filter(of).count();
        (number > 0).then(|| {
            format!(
                "<li class=\"chip {}\">{} {number} {}</li>",
                wanted.name(),
                wanted.sign(),
                words(wanted.words())
            )
        })
    };
    all.into_iter().filter_map(chip).collect()
}

fn facts(out: &mut String, report: &Report) {
    let origin = &report.origin;
    let pace = match report.pace.as_str() {
        "full" => say("full", "complète"),
        _ => say(
            "quick: long windows shortened",
            "rapide : fenêtres longues écourtées",
        ),
    };
    let length = phrase::elapsed(&report.started_at, &report.ended_at);
    let facts = [
        (
            say("Run", "Exécution"),
            format!(
                "{}, {}",
                xml(&phrase::minute(&report.started_at)),
                both(
                    &phrase::duration(length, Language::English).replace(' ', "\u{a0}"),
                    &phrase::duration(length, Language::French).replace(' ', "\u{a0}")
                )
            ),
        ),
        (say("Pace", "Allure"), pace),
        (say("Measured on", "Mesuré sur"), target(&origin.target)),
        (say("Version", "Version"), xml(&origin.version)),
        (say("Machine", "Machine"), xml(&origin.host)),
        (say("Binary", "Binaire"), digest(&origin.binary)),
        (
            say("Configuration", "Configuration"),
            digest(&origin.configuration),
        ),
    ];
    out.push_str("<dl class=\"facts\">");
    for (name, value) in facts {
        if !value.is_empty() {
            let _ = write!(out, "<div><dt>{name}</dt><dd>{value}</dd></div>");
        }
    }
    out.push_str("</dl>");
}

fn target(target: &str) -> String {
    let (reach, address) = target.split_once(' ').unwrap_or((target, ""));
    let reach = match reach {
        "own" => say("instances of its own", "des instances à part"),
        "live" => say("the running server", "le serveur en marche"),
        "foreign" => say("another system", "un autre système"),
        other => xml(other),
    };
    if address.is_empty() {
        reach
    } else {
        format!("{reach}, {}", xml(address))
    }
}

/// The start of a digest is enough to compare by eye; the whole is in the tool tip and in the record.
fn digest(digest: &str) -> String {
    let Some(start) = digest.get(..12) else {
        return xml(digest);
    };
    format!("<code title=\"{}\">{}…</code>", xml(digest), xml(start))
}

fn open_questions(out: &mut String, report: &Report) {
    let open: Vec<_> = report
        .evidence
        .iter()
        .filter(|one| standing(report, one) == Standing::NotVerifiable)
        .collect();
    if open.is_empty() {
        return;
    }
    let _ = write!(
        out,
        "<section class=\"card\"><h2>{}</h2><p class=\"lead\">{}</p><ul class=\"list\">",
        say(
            "What could not be verified here",
            "Ce qui n’a pas pu être vérifié ici"
        ),
        say(
            "These are no passes, and they are not in the score. Each says what it would take.",
            "Ce ne sont pas des réussites, et elles ne comptent pas dans le score. Chacune dit ce qu’il faudrait."
        ),
    );
    for one in open {
        item(out, report, one, Within::Open);
    }
    out.push_str("</ul></section>");
}

fn musts(out: &mut String, report: &Report) {
    let mut musts: Vec<_> = report
        .evidence
        .iter()
        .filter(|one| one.is_required)
        .map(|one| (standing(report, one), one))
        .filter(|(standing, _)| *standing != Standing::NotVerifiable)
        .collect();
    if musts.is_empty() {
        return;
    }
    // What failed comes first, then what is too old, what was not run, and what holds.
    musts.sort_by_key(|(standing, _)| match standing {
        Standing::Failed => 0,
        Standing::Expired => 1,
        Standing::Skipped => 2,
        Standing::NotVerifiable | Standing::Passed => 3,
    });
    let _ = write!(
        out,
        "<section class=\"card\"><h2>{}</h2><p class=\"lead\">{}</p><ul class=\"list\">",
        say("What must hold", "Ce qui doit tenir"),
        say(
            "One failure here and the system is not ready, whatever its score.",
            "Un seul échec ici et le système n’est pas prêt, quel que soit le score."
        ),
    );
    for (_, one) in musts {
        item(out, report, one, Within::Musts);
    }
    out.push_str("</ul></section>");
}

/// Where a claim stands: what its heading says already, no tag repeats.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// Among what could not be verified.
    Open,
    /// Among what must hold.
    Musts,
    /// In its area.
    Area,
}

fn item(out: &mut String, report: &Report, one: &Evidence, of: Within) {
    let standing = standing(report, one);
    let _ = write!(
        out,
        "<li class=\"{}\"><span class=\"sign\" aria-hidden=\"true\">{}</span><div><a href=\"#{}\">{}</a>{}<span class=\"what\">{}</span></div></li>",
        standing.name(),
        standing.sign(),
        anchor(one),
        both(&one.title, &one.title_fr),
        tags(report, one, standing, of),
        rich(&one.measured, &one.measured_fr),
    );
}

/// Marks beside a claim: required, expired, earlier. The verdict in words is for those who do not see its sign.
fn tags(report: &Report, one: &Evidence, standing: Standing, within: Within) -> String {
    let mut out = String::new();
    if standing != Standing::Passed && within != Within::Open {
        let _ = write!(
            out,
            " <span class=\"tag\">{}</span>",
            words(standing.words())
        );
    }
    if one.is_required && within != Within::Musts {
        let _ = write!(
            out,
            " <span class=\"tag must\">{}</span>",
            say("required", "exigé")
        );
    }
    if report.is_earlier(one) && one.verdict != chassis::check::Verdict::Skipped {
        let day = phrase::day(&one.ended_at);
        let _ = write!(
            out,
            " <span class=\"tag\">{}</span>",
            both(&format!("of {day}"), &format!("du {day}"))
        );
    }
    out
}

fn tallies(out: &mut String, report: &Report) {
    let area = |tally: &Tally| {
        let known = Area::from_name(&tally.name).map(|area| words(area.title()));
        known.unwrap_or_else(|| xml(&tally.name))
    };
    let _ = write!(
        out,
        "<section class=\"card\"><h2>{}</h2>",
        say("Score by area", "Score par domaine")
    );
    table(out, &say("area", "domaine"), &report.areas, &area);
    if report.services.len() > 1 {
        let service = |tally: &Tally| xml(&tally.name);
        table(out, &say("service", "service"), &report.services, &service);
    }
    out.push_str("</section>");
}

fn table(out: &mut String, first: &str, tallies: &[Tally], name: &dyn Fn(&Tally) -> String) {
    let _ = write!(
        out,
        "<table><thead><tr><th scope=\"col\">{first}</th><th scope=\"col\" class=\"meter\"></th><th scope=\"col\" class=\"n\">score</th>",
    );
    let heads = [
        (Standing::Passed, say("passed", "réussies"), ""),
        (Standing::Failed, say("failed", "échouées"), ""),
        (Standing::NotVerifiable, say("open", "ouvertes"), ""),
        (Standing::Skipped, say("not run", "non exécutées"), " wide"),
    ];
    for (standing, head, class) in heads {
        // A sign in place of the word where the page is narrow.
        let _ = write!(
            out,
            "<th scope=\"col\" class=\"n{class}\"><span class=\"wide\">{head}</span><span class=\"narrow\" aria-hidden=\"true\">{}</span></th>",
            standing.sign(),
        );
    }
    out.push_str("</tr></thead><tbody>");
    for tally in tallies {
        let cell = |number: usize, class: &str| {
            let class = if number == 0 { "zero" } else { class };
            format!("<td class=\"n {class}\">{number}</td>")
        };
        let skipped = if tally.skipped == 0 { "zero" } else { "" };
        let _ = write!(
            out,
            "<tr><th scope=\"row\">{}</th><td class=\"meter\">{}</td><td class=\"n\">{}</td>{}{}{}<td class=\"n wide {skipped}\">{}</td></tr>",
            name(tally),
            meter(tally.score),
            score(tally.score),
            cell(tally.passed, ""),
            cell(tally.failed + tally.expired, "fail"),
            cell(tally.not_verifiable, "unverifiable"),
            tally.skipped,
        );
    }
    out.push_str("</tbody></table>");
}

fn meter(score: Option<f64>) -> String {
    let Some(score) = score else {
        return String::new();
    };
    let class = match score {
        99.95.. => "full",
        75.0.. => "part",
        _ => "low",
    };
    format!(
        "<svg viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"track\" width=\"100\" height=\"8\" rx=\"1\"/><rect class=\"{class}\" width=\"{score:.1}\" height=\"8\" rx=\"1\"/></svg>"
    )
}

fn notes(out: &mut String, report: &Report) {
    if report.notes.is_empty() {
        return;
    }
    let _ = write!(
        out,
        "<section class=\"card\"><h2>{}</h2><ul class=\"notes\">",
        say(
            "What to know about this run",
            "À savoir sur cette exécution"
        )
    );
    for note in &report.notes {
        let _ = write!(out, "<li>{}</li>", rich(&note.text, &note.text_fr));
    }
    out.push_str("</ul></section>");
}

fn footer(out: &mut String, report: &Report) {
    out.push_str("<footer>");
    match &report.signature {
        Some(signature) => {
            let _ = write!(
                out,
                "<p>{} <code>{}</code>. {} <code>aplomb prove --verify {}.json --public-key {}</code></p>",
                say(
                    "The record of this run is signed with the key",
                    "L’enregistrement de cette exécution est signé avec la clé"
                ),
                xml(&signature.public_key),
                say("To check it:", "Pour le vérifier :"),
                super::history::id_of(&xml(&report.started_at)),
                xml(&signature.public_key),
            );
        }
        None => {
            let _ = write!(
                out,
                "<p>{}</p>",
                say(
                    "The record of this run is not signed.",
                    "L’enregistrement de cette exécution n’est pas signé."
                )
            );
        }
    }
    let _ = write!(
        out,
        "<p>{}</p></footer>",
        say(
            "This page is for reading; the record is what counts. The score is the weight of what passed over the weight of what could be verified.",
            "Cette page se lit ; c’est l’enregistrement qui fait foi. Le score est le poids de ce qui a réussi rapporté au poids de ce qui a pu être vérifié."
        )
    );
}
