//! `evaluate-events`: detections against the truth of recordings whose events are known.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

use chassis::service::{CommandFault, Terminal};
use clap::Args;
use nightscan_sound::events::{EventScore, Labelled, score_events};
use serde_json::json;

use super::labels::table_fault;
use super::table::{Table, TableFault};
use super::words::{Words, answer};

/// Compare detections with known events
#[derive(Args)]
pub(super) struct EvaluateEvents {
    /// The known events: a table with the columns `file`, `start_s`, `end_s` and `class`
    #[arg(long, value_name = "CSV")]
    truth: PathBuf,
    /// The detections that `analyze --format csv` wrote
    #[arg(long, value_name = "CSV", required = true, num_args = 1..)]
    found: Vec<PathBuf>,
    /// One line of JSON for programs
    #[arg(long)]
    json: bool,
}

pub(super) fn run(asked: &EvaluateEvents, terminal: &mut Terminal<'_>) -> Result<(), CommandFault> {
    let words = Words::of(terminal);
    let read = |path: &Path| events(path).map_err(|fault| table_fault(path, fault, words));
    let truth = read(&asked.truth)?;
    let mut found = Vec::new();
    for path in &asked.found {
        match events(path) {
            // A table without rows is an answer too: nothing was found.
            Err(TableFault::Empty) => {}
            Err(fault) => return Err(table_fault(path, fault, words)),
            Ok(more) => found.extend(more),
        }
    }
    let elsewhere = name_as(&truth, &mut found);
    let score = score_events(&truth, &found);
    let text = if asked.json {
        let line = json!({
            "event_f1": score.all.f1,
            "precision": score.all.precision,
            "recall": score.all.recall,
            "all": score.all,
            "classes": score.classes,
            "elsewhere": elsewhere,
        });
        format!("{line}\n")
    } else {
        shown(&score, elsewhere, words)
    };
    answer(terminal, &text)
}

fn events(path: &Path) -> Result<Vec<Labelled>, TableFault> {
    let table = Table::open(path)?;
    let [file, start, end, class] =
        ["file", "start_s", "end_s", "class"].map(|name| table.column(name));
    let (file, start, end, class) = (file?, start?, end?, class?);
    let event = |row: usize| {
        let cells = &table.rows()[row];
        Ok(Labelled {
            file: cells[file].trim().replace('\\', "/"),
            start_s: table.number(row, start)?,
            end_s: table.number(row, end)?,
            class: cells[class].trim().to_owned(),
        })
    };
    (0..table.rows().len()).map(event).collect()
}

/// Gives the files of detections the names that the truth has for them, and leaves out those of files of which the truth knows
/// nothing. Says how many these are.
fn name_as(truth: &[Labelled], found: &mut Vec<Labelled>) -> usize {
    let files: BTreeSet<&str> = truth.iter().map(|event| event.file.as_str()).collect();
    let before = found.len();
    found.retain_mut(|event| {
        let Some(file) = files.iter().find(|file| is_same(file, &event.file)) else {
            return false;
        };
        event.file = (*file).to_owned();
        true
    });
    before - found.len()
}

/// Whether two names are of one file: the shorter is the end of the longer.
fn is_same(one: &str, other: &str) -> bool {
    let parts = |name: &str| -> Vec<_> {
        Path::new(name)
            .components()
            .filter(|part| matches!(part, Component::Normal(_)))
            .map(|part| part.as_os_str().to_owned())
            .collect()
    };
    let (one, other) = (parts(one), parts(other));
    one.ends_with(&other) || other.ends_with(&one)
}

fn shown(score: &EventScore, elsewhere: usize, words: Words<'_>) -> String {
    let three = |number: f64| format!("{number:.3}");
    let all = &score.all;
    let mut text = words.say(
        "events_all",
        vec![
            ("f1", three(all.f1)),
            ("precision", three(all.precision)),
            ("recall", three(all.recall)),
            ("hits", all.hits.to_string()),
            ("truth", (all.hits + all.missed).to_string()),
            ("found", (all.hits + all.false_alarms).to_string()),
        ],
    );
    let width = score
        .classes
        .keys()
        .map(|class| class.chars().count())
        .max();
    let width = width.unwrap_or(0).max(5);
    let column = |key: &str| words.say(key, Vec::new());
    let _ = writeln!(
        text,
        "\n\n{:width$}  {:>9}  {:>6}  {:>5}  {:>7}  {:>7}  {:>15}",
        column("column_class"),
        column("column_precision"),
        column("column_recall"),
        "F1",
        column("column_hits"),
        column("column_missed"),
        column("column_false")
    );
    for (class, one) in &score.classes {
        let _ = writeln!(
            text,
            "{class:width$}  {:>9.3}  {:>6.3}  {:>5.3}  {:>7}  {:>7}  {:>15}",
            one.precision, one.recall, one.f1, one.hits, one.missed, one.false_alarms
        );
    }
    if elsewhere > 0 {
        text += &words.say("events_elsewhere", vec![("count", elsewhere.to_string())]);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_file_share_their_end() {
        assert!(is_same("composed/a.ogg", "/x/composed/a.ogg"));
        assert!(is_same("./a.ogg", "a.ogg"));
        assert!(!is_same("composed/a.ogg", "/x/other/a.ogg"));
        assert!(!is_same("a.ogg", "ba.ogg"));
    }

    #[test]
    fn detections_of_unknown_files_are_counted_apart() {
        let event = |file: &str| Labelled {
            file: file.to_owned(),
            start_s: 0.0,
            end_s: 1.0,
            class: "birds".to_owned(),
        };
        let mut found = vec![event("/data/composed/a.ogg"), event("/data/b.ogg")];
        assert_eq!(name_as(&[event("composed/a.ogg")], &mut found), 1);
        assert_eq!(found, [event("composed/a.ogg")]);
    }
}
