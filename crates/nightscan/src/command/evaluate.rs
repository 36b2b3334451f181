//! `evaluate`: a model against labelled clips.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use chassis::service::{CommandFault, Terminal};
use clap::Args;
use nightscan_sound::score::{Judged, Score};
use serde_json::json;

use super::words::{Words, answer};
use super::{clips, labels, listening};
use crate::analysis::HUMAN;

/// Say how good a model is on labelled clips
#[derive(Args)]
pub(super) struct Evaluate {
    /// A table with the columns file and class, or a folder with one folder a class
    #[arg(long, value_name = "CSV|DIR")]
    labels: PathBuf,
    /// Only clips of this fold (column fold); several, or separated by commas
    #[arg(long, value_name = "FOLD", value_delimiter = ',')]
    fold: Vec<String>,
    /// A model that `train` wrote (default: the one that comes with the program)
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Score clips of human voice too, which the privacy filter is there for
    #[arg(long)]
    with_human: bool,
    /// One line of JSON for programs
    #[arg(long)]
    json: bool,
}

pub(super) fn run(asked: &Evaluate, terminal: &mut Terminal<'_>) -> Result<(), CommandFault> {
    let words = Words::of(terminal);
    let mut clips = labels::read(&asked.labels, words)?;
    if !asked.fold.is_empty() {
        clips.retain(|clip| {
            clip.fold
                .as_ref()
                .is_some_and(|fold| asked.fold.contains(fold))
        });
    }
    let model = listening::model(asked.model.as_deref(), words)?;
    let classes = model.classes();
    let human = classes.iter().position(|class| class == HUMAN);
    let unknown = clips.iter().find(|clip| !classes.contains(&clip.class));
    if let Some(clip) = unknown {
        let named = vec![
            ("given", clip.class.clone()),
            ("allowed", classes.join(", ")),
        ];
        return Err(words.usage("class_unknown", named));
    }
    let heard = clips::read(&clips, model.features(), terminal, |frames| {
        model.listener().hear_clip(frames)
    })?;
    if heard.is_empty() {
        let named = vec![("path", asked.labels.display().to_string())];
        return Err(words.usage("no_clips", named));
    }
    let judged: Vec<_> = heard
        .into_iter()
        .map(|one| Judged {
            truth: classes
                .iter()
                .position(|class| *class == clips[one.index].class)
                .expect("unknown classes were refused"),
            probabilities: one.heard,
        })
        .collect();
    let is_scored = |class| asked.with_human || Some(class) != human;
    let score = Score::of(&judged, classes, is_scored);
    let text = if asked.json {
        format!("{}\n", line(&score, model.id()))
    } else {
        shown(&score, words)
    };
    answer(terminal, &text)
}

/// One line for programs.
pub(super) fn line(score: &Score, model: &str) -> serde_json::Value {
    let by_class = |values: &[f64]| -> BTreeMap<String, f64> {
        score
            .classes
            .iter()
            .cloned()
            .zip(values.iter().copied())
            .collect()
    };
    json!({
        "accuracy": score.accuracy,
        "macro_f1": score.macro_f1,
        "recall": by_class(&score.recall),
        "precision": by_class(&score.precision),
        "calibration_error": score.calibration_error,
        "clips": score.count,
        "classes": score.all_classes,
        "confusion": score.confusion,
        "model": model,
    })
}

/// The figures and the table of confusions.
pub(super) fn shown(score: &Score, words: Words<'_>) -> String {
    let three = |number: f64| format!("{number:.3}");
    let mut text = words.say(
        "evaluated",
        vec![
            ("count", score.count.to_string()),
            ("accuracy", three(score.accuracy)),
            ("macro_f1", three(score.macro_f1)),
            ("calibration", three(score.calibration_error)),
        ],
    );
    let widths = score.all_classes.iter().map(|class| class.chars().count());
    let width = widths.max().unwrap_or(0).max(9);
    text += "\n\n";
    let column = |key: &str| words.say(key, Vec::new());
    let _ = writeln!(
        text,
        "{:width$}  {:>6}  {:>9}",
        column("column_class"),
        column("column_recall"),
        column("column_precision")
    );
    for ((class, recall), precision) in score
        .classes
        .iter()
        .zip(&score.recall)
        .zip(&score.precision)
    {
        let _ = writeln!(text, "{class:width$}  {recall:>6.3}  {precision:>9.3}");
    }
    let _ = write!(text, "\n{:width$}", column("confusion"));
    for class in &score.all_classes {
        let _ = write!(text, "  {class:>width$}");
    }
    text.push('\n');
    for (class, row) in score.all_classes.iter().zip(&score.confusion) {
        if row.iter().all(|count| *count == 0) {
            continue;
        }
        let _ = write!(text, "{class:width$}");
        for count in row {
            let _ = write!(text, "  {count:>width$}");
        }
        text.push('\n');
    }
    text
}
