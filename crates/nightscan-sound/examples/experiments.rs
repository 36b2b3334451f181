//! Leaves one fold out after the other, teaches on the rest and scores the fold that was left out.
//!
//! ```text
//! cargo run --release -p nightscan-sound --example experiments -- FOLDER [NAME] [RECIPE] [PLAN]
//! ```
//!
//! `FOLDER` holds `labels.csv` (columns file, label, class, fold). `RECIPE` and `PLAN` are JSON objects laid over those of
//! the default model. One JSON line is printed: means and spreads over folds 1 to 4, seconds of processor time.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use nightscan_sound::decode::{Options, Sound};
use nightscan_sound::features::{FeaturePlan, frames_of, picture};
use nightscan_sound::network::{Answerer, Plan, Workspace};
use nightscan_sound::score::{Judged, Score};
use nightscan_sound::train::{Example, Recipe, Trainer, TrainingSet};
use rayon::prelude::*;
use serde_json::{Value, json};

/// One line of the labels, with its sound.
struct Clip {
    class: usize,
    label: usize,
    fold: u32,
    frames: Vec<f32>,
}

struct Data {
    classes: Vec<String>,
    labels: Vec<String>,
    /// The class of each label.
    class_of: Vec<usize>,
    clips: Vec<Clip>,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |index: usize, default| arguments.get(index).map_or(default, String::as_str);
    let folder = arguments.first().context("name the folder that holds labels.csv")?;
    let name = argument(1, "default");
    let recipe: Recipe = laid_over(&Recipe::default(), argument(2, "{}"))?;
    let plan: Plan = laid_over(&Plan::default(), argument(3, "{}"))?;
    let features = FeaturePlan::default();
    let data = read(Path::new(folder), &features)?;

    let began = processor_seconds();
    let folds: Vec<u32> = (1..=4).collect();
    let mut scores: BTreeMap<&str, Vec<Score>> = BTreeMap::new();
    let mut values = 0;
    for fold in &folds {
        let (answerer, losses) = teach(&data, &features, plan.clone(), recipe.clone(), *fold)?;
        values = answerer.layout().values();
        let judged = judge(&data, &features, &answerer, *fold);
        for (way, judged) in judged {
            let five = Score::of(&judged, &data.classes, |class| data.classes[class] != "human");
            let six = Score::of(&judged, &data.classes, |_| true);
            #[expect(clippy::print_stderr, reason = "progress")]
            {
                eprintln!(
                    "{name} fold {fold} {way}: accuracy {:.3} macro-F1 {:.3} (six {:.3} {:.3}), loss {:.3} recall {:.2?}",
                    five.accuracy, five.macro_f1, six.accuracy, six.macro_f1, losses, five.recall
                );
            }
            scores.entry(way).or_default().extend([five, six]);
        }
    }
    let seconds = (processor_seconds() - began) / folds.len() as f64;
    let mut line = json!({ "name": name, "values": values, "cpu_s_per_fold": seconds.round() });
    for (way, scores) in scores {
        let (five, six): (Vec<_>, Vec<_>) = scores.chunks(2).map(|pair| (&pair[0], &pair[1])).unzip();
        let recall: BTreeMap<&str, Value> = six[0]
            .classes
            .iter()
            .enumerate()
            .map(|(class, name)| (name.as_str(), spread(six.iter().map(|score| score.recall[class]))))
            .collect();
        line[way] = json!({
            "accuracy": spread(five.iter().map(|score| score.accuracy)),
            "macro_f1": spread(five.iter().map(|score| score.macro_f1)),
            "accuracy_six": spread(six.iter().map(|score| score.accuracy)),
            "macro_f1_six": spread(six.iter().map(|score| score.macro_f1)),
            "recall": recall,
        });
    }
    #[expect(clippy::print_stdout, reason = "the result")]
    {
        println!("{line}");
    }
    Ok(())
}

/// Default values with some replaced.
fn laid_over<T: serde::Serialize + serde::de::DeserializeOwned>(base: &T, changes: &str) -> Result<T> {
    let mut value = serde_json::to_value(base)?;
    let changes: Value = serde_json::from_str(changes).context("the changes are no JSON")?;
    for (key, change) in changes.as_object().context("the changes are no object")? {
        value[key] = change.clone();
    }
    Ok(serde_json::from_value(value)?)
}

fn read(folder: &Path, features: &FeaturePlan) -> Result<Data> {
    let text = std::fs::read_to_string(folder.join("labels.csv")).context("labels.csv")?;
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().context("labels.csv is empty")?.split(',').collect();
    let column = |name: &str| {
        header.iter().position(|column| *column == name).with_context(|| format!("no column {name}"))
    };
    let (file, label, class, fold) = (column("file")?, column("label")?, column("class")?, column("fold")?);
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    ensure!(rows.iter().all(|row| row.len() >= 4), "a line of labels.csv is short");
    let mut class_by_label: BTreeMap<&str, &str> = BTreeMap::new();
    for row in &rows {
        class_by_label.insert(row[label], row[class]);
    }
    let mut classes: Vec<String> = class_by_label.values().map(ToString::to_string).collect();
    classes.sort();
    classes.dedup();
    let class_number = |name: &str| classes.iter().position(|class| class == name);
    let labels: Vec<String> = class_by_label.keys().map(ToString::to_string).collect();
    let class_of = class_by_label.values().filter_map(|class| class_number(class)).collect();
    let clips = rows
        .par_iter()
        .map(|row| {
            let source = BufReader::new(File::open(folder.join(row[file]))?);
            let samples = Sound::open(source, &Options::at(features.rate_hz))?.rest()?;
            Ok(Clip {
                class: class_number(row[class]).context("a class appeared from nowhere")?,
                label: labels.iter().position(|label_| label_ == row[label]).context("a label too")?,
                fold: row[fold].parse()?,
                frames: frames_of(features, &samples)?,
            })
        })
        .collect::<Result<_>>()?;
    Ok(Data { classes, labels, class_of, clips })
}

/// Teaches on all folds but one.
fn teach(
    data: &Data,
    features: &FeaturePlan,
    mut plan: Plan,
    mut recipe: Recipe,
    left_out: u32,
) -> Result<(Answerer, f32)> {
    plan.heads = vec![data.classes.len(), data.labels.len()];
    recipe.head_weights.resize(2, 0.0);
    let examples = data
        .clips
        .iter()
        .filter(|clip| clip.fold != left_out)
        .map(|clip| Example::new(features, &clip.frames, vec![clip.class, clip.label]))
        .collect();
    let background = data.classes.iter().position(|class| class == "environment");
    let set = TrainingSet { features: features.clone(), examples, background };
    let mut trainer = Trainer::new(plan, recipe, &set)?;
    let mut loss = 0.0;
    while !trainer.done() {
        loss = trainer.epoch().loss;
    }
    Ok((Answerer::new(trainer.layout().clone(), trainer.weights()), loss))
}

/// The fold's clips by the head of classes, by that of labels, and by both.
fn judge(
    data: &Data,
    features: &FeaturePlan,
    answerer: &Answerer,
    fold: u32,
) -> Vec<(&'static str, Vec<Judged>)> {
    let clips: Vec<&Clip> = data.clips.iter().filter(|clip| clip.fold == fold).collect();
    let both: Vec<[Judged; 3]> = clips
        .par_iter()
        .map_init(Workspace::default, |workspace, clip| {
            let picture = picture(features, &clip.frames).unwrap_or_default();
            let classes = softmax(answerer.scores(&picture, 0, workspace));
            let mut summed = vec![0.0; classes.len()];
            for (label, probability) in softmax(answerer.scores(&picture, 1, workspace)).iter().enumerate() {
                summed[data.class_of[label]] += probability;
            }
            let both = classes.iter().zip(&summed).map(|(a, b)| 0.5 * (a + b)).collect();
            [classes, summed, both].map(|probabilities| Judged { truth: clip.class, probabilities })
        })
        .collect();
    let way = |index: usize| both.iter().map(|ways| ways[index].clone()).collect();
    vec![("classes", way(0)), ("labels", way(1)), ("both", way(2))]
}

fn softmax(scores: Vec<f32>) -> Vec<f32> {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let raised: Vec<f32> = scores.iter().map(|score| (score - most).exp()).collect();
    let sum: f32 = raised.iter().sum();
    raised.iter().map(|value| value / sum).collect()
}

/// Mean and standard deviation.
fn spread(values: impl Iterator<Item = f64>) -> Value {
    let values: Vec<f64> = values.collect();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
    let round = |value: f64| (value * 1000.0).round() / 1000.0;
    json!([round(mean), round(deviation)])
}

fn processor_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
