//! Teaches networks on labelled clips, and says how well they do on recordings that they never heard.
//!
//! ```text
//! experiments FOLDER score NAME [--recipe JSON] [--plan JSON] [--folds 1,2,3,4] [--work FOLDER]
//! experiments FOLDER keep NAME --out FOLDER --date DAY [--recipe JSON] [--plan JSON] [--work FOLDER]
//! ```
//!
//! `FOLDER` holds `labels.csv` (columns file, label, class, fold). `score` leaves each fold out in turn, teaches on the
//! others and prints one JSON line with means and spreads; its predictions stay in the work folder. `keep` teaches on all
//! folds, calibrates with those predictions and writes the model and its card. A training that was stopped goes on.
//! `--recipe` and `--plan` are laid over those of the default model.

mod card;
mod data;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use data::{Clip, Data};
use nightscan_sound::features::FeaturePlan;
use nightscan_sound::model::{Card, Model, fit_temperature};
use nightscan_sound::network::Plan;
use nightscan_sound::score::{Judged, Score};
use nightscan_sound::train::{Example, Recipe, Trainer, TrainingSet};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Is taught, but its clips are not scored: the classes of the night are the five others.
const NOT_SCORED: &str = "human";
/// Lies under the others when they are taught.
const BACKGROUND: &str = "environment";
/// A training writes its state after so many epochs.
const EPOCHS_AT_RISK: usize = 5;

struct Run {
    folder: PathBuf,
    name: String,
    recipe: Recipe,
    plan: Plan,
    features: FeaturePlan,
    folds: Vec<u32>,
    work: PathBuf,
    out: PathBuf,
    date: String,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, mode, name, options @ ..] = &arguments[..] else {
        anyhow::bail!("experiments FOLDER score|keep NAME …")
    };
    let option = |name: &str, default: &'static str| {
        let at = options.iter().position(|option| option == name);
        at.and_then(|at| options.get(at + 1))
            .map_or(default, String::as_str)
    };
    let folds = option("--folds", "1,2,3,4")
        .split(',')
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    let mut run = Run {
        folder: folder.into(),
        name: name.clone(),
        recipe: laid_over(&card::recipe(), option("--recipe", "{}"))?,
        plan: laid_over(&Plan::default(), option("--plan", "{}"))?,
        features: FeaturePlan::default(),
        folds,
        work: option("--work", "target/experiments").into(),
        out: option("--out", "").into(),
        date: option("--date", "").to_owned(),
    };
    run.features.planes = run.plan.inputs;
    std::fs::create_dir_all(&run.work)?;
    match mode.as_str() {
        "score" => score(&run),
        "keep" => keep(&run),
        other => anyhow::bail!("{other} is neither score nor keep"),
    }
}

/// Default values with some replaced.
fn laid_over<T: Serialize + DeserializeOwned>(base: &T, changes: &str) -> Result<T> {
    let mut value = serde_json::to_value(base)?;
    let changes: Value = serde_json::from_str(changes).context("the changes are no JSON")?;
    for (key, change) in changes.as_object().context("the changes are no object")? {
        value[key] = change.clone();
    }
    Ok(serde_json::from_value(value)?)
}

fn score(run: &Run) -> Result<()> {
    let data = data::read(&run.folder, &run.features)?;
    let began = processor_seconds();
    let mut scores = Vec::new();
    let mut values = 0;
    for fold in &run.folds {
        let (taught, left): (Vec<&Clip>, Vec<&Clip>) =
            data.clips.iter().partition(|clip| clip.fold != *fold);
        let model = teach(run, &data, &taught, &format!("fold-{fold}"))?;
        values = model.values();
        let windows: Vec<&[f32]> = left.iter().map(|clip| &clip.frames[..]).collect();
        let judged: Vec<Judged> = left
            .iter()
            .zip(model.predict_all(&windows))
            .map(|(clip, answer)| {
                Ok(Judged {
                    truth: clip.class,
                    probabilities: answer.context("a clip is silent")?,
                })
            })
            .collect::<Result<_>>()?;
        std::fs::write(run.predictions(*fold), serde_json::to_string(&judged)?)?;
        let (five, six) = both_scores(&judged, &data.classes.names);
        say(&format!(
            "{} fold {fold}: accuracy {:.3}, macro-F1 {:.3} (six {:.3}, {:.3}), recall {:.2?}",
            run.name, five.accuracy, five.macro_f1, six.accuracy, six.macro_f1, six.recall
        ));
        scores.push((five, six));
    }
    let seconds = (processor_seconds() - began) / run.folds.len() as f64;
    let over = |of: &dyn Fn(&(Score, Score)) -> f64| spread(scores.iter().map(of));
    let recall: BTreeMap<&str, Value> = (data.classes.names.iter().enumerate())
        .map(|(class, name)| (name.as_str(), over(&|(_, six)| six.recall[class])))
        .collect();
    print(&json!({
        "name": run.name,
        "folds": run.folds,
        "values": values,
        "cpu_s_per_fold": seconds.round(),
        "accuracy": over(&|(five, _)| five.accuracy),
        "macro_f1": over(&|(five, _)| five.macro_f1),
        "calibration_error": over(&|(five, _)| five.calibration_error),
        "accuracy_six": over(&|(_, six)| six.accuracy),
        "macro_f1_six": over(&|(_, six)| six.macro_f1),
        "recall": recall,
    }));
    Ok(())
}

fn keep(run: &Run) -> Result<()> {
    ensure!(
        !run.out.as_os_str().is_empty() && !run.date.is_empty(),
        "keep needs --out and --date"
    );
    let data = data::read(&run.folder, &run.features)?;
    let mut folds = Vec::new();
    for fold in &run.folds {
        let text =
            std::fs::read_to_string(run.predictions(*fold)).context("run score before keep")?;
        folds.push((*fold, serde_json::from_str::<Vec<Judged>>(&text)?));
    }
    let judged: Vec<Judged> = folds
        .iter()
        .flat_map(|(_, judged)| judged.clone())
        .collect();
    let temperature = fit_temperature(&judged);
    let began = processor_seconds();
    let model = teach(run, &data, &data.clips.iter().collect::<Vec<_>>(), "all")?;
    let seconds = processor_seconds() - began;
    let model = model.with_temperature(temperature);
    let card = card::of(run, &data, &model, &folds);
    let bytes = model.with_card(card.clone()).write();
    Model::read(&bytes).context("what was written is read")?;
    std::fs::create_dir_all(&run.out)?;
    std::fs::write(run.out.join("default.safetensors"), &bytes)?;
    std::fs::write(
        run.out.join("card.json"),
        serde_json::to_string_pretty(&card)? + "\n",
    )?;
    std::fs::write(run.out.join("CARD.md"), card.markdown())?;
    print(&json!({ "bytes": bytes.len(), "temperature": temperature, "cpu_s": seconds.round() }));
    Ok(())
}

/// A model of these clips, calibrated at 1.
fn teach(run: &Run, data: &Data, clips: &[&Clip], part: &str) -> Result<Model> {
    let mut plan = run.plan.clone();
    plan.heads = vec![data.classes.names.len(), data.classes.class_of_label.len()];
    let example =
        |clip: &&Clip| Example::new(&run.features, &clip.frames, vec![clip.class, clip.label]);
    let set = TrainingSet {
        features: run.features.clone(),
        examples: clips.iter().map(example).collect(),
        background: data
            .classes
            .names
            .iter()
            .position(|class| class == BACKGROUND),
    };
    let path = run.work.join(format!("{}-{part}.state", run.name));
    let mut trainer = match std::fs::read(&path) {
        Ok(state) => Trainer::resume(plan, run.recipe.clone(), &set, &state)?,
        Err(_) => Trainer::new(plan, run.recipe.clone(), &set)?,
    };
    while !trainer.done() {
        let progress = trainer.epoch();
        if progress.epoch % EPOCHS_AT_RISK == 0 || trainer.done() {
            std::fs::write(&path, trainer.state())?;
            say(&format!(
                "{} {part}: epoch {} of {}, loss {:.3}",
                run.name, progress.epoch, progress.epochs, progress.loss
            ));
        }
    }
    Ok(Model::taught(
        &trainer,
        data.classes.clone(),
        1.0,
        Card::default(),
    )?)
}

impl Run {
    fn predictions(&self, fold: u32) -> PathBuf {
        Path::new(&self.work).join(format!("{}-fold-{fold}.json", self.name))
    }
}

/// Over the scored classes, and over all.
fn both_scores(judged: &[Judged], classes: &[String]) -> (Score, Score) {
    let scored = |class: usize| classes[class] != NOT_SCORED;
    (
        Score::of(judged, classes, scored),
        Score::of(judged, classes, |_| true),
    )
}

/// Mean and standard deviation.
fn spread(values: impl Iterator<Item = f64>) -> Value {
    let values: Vec<f64> = values.collect();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let deviation = (values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>()
        / count)
        .sqrt();
    let round = |value: f64| (value * 1000.0).round() / 1000.0;
    json!([round(mean), round(deviation)])
}

fn processor_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

#[expect(clippy::print_stderr, reason = "progress")]
fn say(text: &str) {
    eprintln!("{text}");
}

#[expect(clippy::print_stdout, reason = "the result")]
fn print(line: &Value) {
    println!("{line}");
}
