//! What a model was taught on and how well it does: as JSON beside the weights, and as text.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::network::Plan;
use crate::score::Score;
use crate::train::Recipe;

/// A card. All text is the teacher's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Card {
    /// Name of the model.
    pub name: String,
    /// Day on which it was taught, `2026-11-21`.
    pub date: String,
    /// What it was taught on.
    pub data: String,
    /// Under which terms the data, and so the weights, may be used.
    pub licence: String,
    /// How examples to teach and to judge were kept apart.
    pub split: String,
    /// How many examples of each class there were, in the order of the classes.
    pub examples: Vec<usize>,
    /// How it was taught.
    pub recipe: Recipe,
    /// Shape of the network.
    pub plan: Plan,
    /// How many numbers were learned.
    pub values: usize,
    /// Over all predictions on examples left out.
    pub score: Option<Score>,
    /// The same for each part that was left out.
    pub folds: Vec<FoldScore>,
    /// What it is for and what it is not for.
    pub limits: Vec<String>,
}

/// The score of one part that was left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoldScore {
    /// Which part.
    pub fold: String,
    /// Over the classes that are scored.
    pub accuracy: f64,
    /// Likewise.
    pub macro_f1: f64,
}

impl Card {
    /// The card as Markdown.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        let mut line = |parts: std::fmt::Arguments<'_>| {
            text.write_fmt(parts).expect("text grows");
            text.push('\n');
        };
        line(format_args!("# {}\n", self.name));
        line(format_args!("* Taught on: {}", self.data));
        line(format_args!("* Licence: {}", self.licence));
        line(format_args!(
            "* Date: {}, seed {}",
            self.date, self.recipe.seed
        ));
        line(format_args!(
            "* Network: {} values, {}",
            self.values,
            shape(&self.plan)
        ));
        line(format_args!("* Split: {}", self.split));
        if let Some(score) = &self.score {
            line(format_args!(
                "\nOn {} examples that it had not heard: accuracy {:.3}, macro-F1 {:.3}, calibration error {:.3}.\n",
                score.count, score.accuracy, score.macro_f1, score.calibration_error
            ));
            if !self.folds.is_empty() {
                line(format_args!(
                    "| Left out | Accuracy | Macro-F1 |\n|---|---|---|"
                ));
                for fold in &self.folds {
                    line(format_args!(
                        "| {} | {:.3} | {:.3} |",
                        fold.fold, fold.accuracy, fold.macro_f1
                    ));
                }
            }
            line(format_args!("\n{}", score.markdown()));
        }
        for limit in &self.limits {
            line(format_args!("* {limit}"));
        }
        text
    }
}

fn shape(plan: &Plan) -> String {
    let channels: Vec<String> = plan
        .stages
        .iter()
        .map(|stage| stage.channels.to_string())
        .collect();
    format!(
        "{} x {} picture, stages of {} channels",
        plan.rows,
        plan.cols,
        channels.join(", ")
    )
}
