//! `--verify` and `--import`: what others say, held against evidence.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use chassis::check::Evidence;
use chassis::clock::{Clock, SystemClock};
use chassis::i18n::Language;
use readiness::report::Report;
use readiness::report::history::History;
use readiness::report::phrase::{self, figure, terminal};
use readiness::report::seal::{self, Verified};

use super::Prove;
use super::ink::{Ink, Tint, wrap};
use crate::cli::{answer, note};

/// A record or a report is a file that fits in memory many times.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

fn text(file: &Path) -> anyhow::Result<Vec<u8>> {
    let about = std::fs::metadata(file);
    let about = about.with_context(|| format!("{} cannot be read", file.display()))?;
    if about.len() > MOST_BYTES {
        bail!("{} is too large for a record", file.display());
    }
    std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))
}

/// Checks a record. A key may be given in base64, or as a file that holds it so.
pub(super) fn verify(
    file: &Path,
    public_key: Option<&str>,
    language: Language,
) -> anyhow::Result<ExitCode> {
    let bytes = text(file)?;
    let record = String::from_utf8(bytes);
    let record = record.with_context(|| format!("{} is not text", file.display()))?;
    let key = match public_key.map(Path::new).filter(|path| path.is_file()) {
        Some(path) => Some(String::from_utf8_lossy(&text(path)?).trim().to_owned()),
        None => public_key.map(str::to_owned),
    };
    let ink = Ink::of_stderr();
    match seal::verify(&record, key.as_deref(), SystemClock.now()) {
        Ok(verified) => {
            note(&words(&verified, ink, language));
            // The question was whether the record is to be believed; what it says stands in the last line.
            Ok(ExitCode::SUCCESS)
        }
        Err(fault) => {
            let refused = phrase::pick(language, "refused", "refusé");
            note(&format!(
                "{} {}: {fault}",
                ink.paint(Tint::Red, "✗"),
                refused
            ));
            Ok(ExitCode::FAILURE)
        }
    }
}

fn words(verified: &Verified, ink: Ink, language: Language) -> String {
    let report = &verified.report;
    let key = &verified.public_key;
    let has = ink.paint(Tint::Green, "✓");
    let open = ink.paint(Tint::Yellow, "?");
    let mut lines = Vec::new();
    let mut add = |sign: &str, english: String, french: String| {
        let text = phrase::pick(language, &english, &french).to_owned();
        for (number, line) in wrap(&terminal(&text), ink.width - 2).iter().enumerate() {
            lines.push(format!("{} {line}", if number == 0 { sign } else { " " }));
        }
    };
    add(
        &has,
        "The signature holds: nothing was changed since it was signed.".to_owned(),
        "La signature tient : rien n’a changé depuis qu’elle fut faite.".to_owned(),
    );
    if verified.is_named_key {
        add(
            &has,
            format!("It is of the key that you named, {key}."),
            format!("Elle est de la clé que vous avez nommée, {key}."),
        );
    } else {
        add(
            &open,
            format!(
                "Whose key it is, the record alone cannot say: {key}. Compare it with the one that you know, by --public-key."
            ),
            format!(
                "À qui est la clé, l’enregistrement seul ne peut le dire : {key}. Comparez-la à celle que vous connaissez, par --public-key."
            ),
        );
    }
    let score = figure(Some(report.score), language);
    let count = report.evidence.len();
    add(
        &has,
        format!("The score of {score} is what the evidence of its {count} checks makes."),
        format!(
            "Le score de {score} est bien celui que donnent les preuves de ses {count} épreuves."
        ),
    );
    let (begun, version) = (phrase::minute(&report.started_at), &report.origin.version);
    let (target, host) = (&report.origin.target, &report.origin.host);
    add(
        " ",
        format!("Run of {begun}, version {version}, on {target}, {host}."),
        format!("Exécution du {begun}, version {version}, sur {target}, {host}."),
    );
    if !verified.expired.is_empty() {
        let list = verified.expired.join(", ");
        let now = figure(verified.score_now, language);
        add(
            &open,
            format!("Too old by now, to be measured again: {list}. The score today is {now}."),
            format!(
                "Périmé à ce jour, à mesurer de nouveau : {list}. Le score est aujourd’hui de {now}."
            ),
        );
    }
    let word = verified.outcome_now.words().of(language).to_uppercase();
    lines.push(ink.paint(Tint::Bold, &word));
    lines.join("\n")
}

/// Judges a report's claims by evidence, and prints it with the verdicts.
pub(super) fn import(
    file: &Path,
    arguments: &Prove,
    history: &History,
    language: Language,
) -> anyhow::Result<ExitCode> {
    let report = text(file)?;
    let evidence = match &arguments.record {
        Some(record) => {
            let record: Report = serde_json::from_slice(&text(record)?)
                .with_context(|| format!("{} is not the record of a proof", record.display()))?;
            record.evidence
        }
        None if arguments.no_history => Vec::new(),
        None => newest(history),
    };
    let (value, page) = judged(&report, &evidence, language)?;
    if arguments.json {
        answer(&(serde_json::to_string_pretty(&value)? + "\n"))?;
    } else {
        answer(&page)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The newest record's evidence; none where nothing ran yet.
fn newest(history: &History) -> Vec<Evidence> {
    let ids = history.list().unwrap_or_default();
    let newest = ids.iter().find_map(|id| history.read(id).ok());
    newest.map(|report| report.evidence).unwrap_or_default()
}

/// The claims as JSON, and the report with a verdict at each.
fn judged(
    report: &[u8],
    evidence: &[Evidence],
    language: Language,
) -> anyhow::Result<(serde_json::Value, String)> {
    let judged = readiness::import::judge(report, evidence, language);
    let judged = judged.map_err(|fault| anyhow::anyhow!("--import: {}", fault.say(language)))?;
    Ok((serde_json::to_value(&judged)?, judged.markdown(language)))
}
