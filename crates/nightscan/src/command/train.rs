//! `train`: labelled clips to a model of one's own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chassis::clock::{Clock as _, SystemClock};
use chassis::service::{CommandFault, Terminal};
use clap::Args;
use nightscan_sound::events::BACKGROUND;
use nightscan_sound::features::FeaturePlan;
use nightscan_sound::model::{Card, Classes, FoldScore, Model, fit_temperature};
use nightscan_sound::network::Plan;
use nightscan_sound::score::{Judged, Score};
use nightscan_sound::train::{Example, Recipe, TrainFault, Trainer, TrainingSet};

use super::bar::{Bar, clock};
use super::checkpoint::{Checkpoint, Saved};
use super::labels::Clip;
use super::words::{Words, answer, note};
use super::{clips, evaluate, files, labels};
use crate::analysis::{HUMAN, Listener};

/// Train a model on labelled clips
#[derive(Args)]
pub(super) struct Train {
    /// A table with the columns file and class (and fold, source, label, licence), or a folder with one folder a class
    #[arg(long, value_name = "CSV|DIR")]
    labels: PathBuf,
    /// The model file to write; beside it stand its card and, while it runs, how far it is
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// First measure with each part left out in turn: by the column fold where there is one, else in so many parts by source
    #[arg(long, value_name = "PARTS", num_args = 0..=1, default_missing_value = "5", value_parser = clap::value_parser!(u32).range(2..=20))]
    folds: Option<u32>,
    /// Leave this fold out of the training, and measure on it
    #[arg(long, value_name = "FOLD", conflicts_with = "folds")]
    holdout: Option<String>,
    /// How often the clips are heard
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    epochs: Option<u32>,
    /// Decides every draw: the same seed gives the same model
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The model's name
    #[arg(long, default_value = "own")]
    name: String,
    /// What the licences of the clips ask of those who use the model; said whenever it is loaded
    #[arg(long, value_name = "TEXT")]
    licence: Option<String>,
    /// Begin anew instead of going on with a training that was stopped
    #[arg(long)]
    fresh: bool,
}

pub(super) fn run(asked: &Train, terminal: &mut Terminal<'_>) -> Result<(), CommandFault> {
    let words = Words::of(terminal);
    let mut lesson = Lesson::read(asked, terminal)?;
    let parts = parts(asked, &lesson, words)?;
    lesson.fit(parts.iter().map(Vec::len).max().unwrap_or(0));
    let checkpoint = Checkpoint::beside(&asked.out, lesson.fingerprint(&parts));
    let mut saved = (!asked.fresh)
        .then(|| checkpoint.load())
        .flatten()
        .unwrap_or_default();
    if saved != Saved::default() {
        let named = vec![("path", checkpoint.path().display().to_string())];
        note(terminal, &words.say("training_resumed", named));
    }
    // What is held out is left out of the one training; folds are left out in turn before the last one hears all.
    let (folds, left_out): (&[Vec<usize>], &[usize]) = match parts.first() {
        Some(part) if asked.holdout.is_some() => (&[], part),
        _ => (&parts, &[]),
    };
    let mut school = School {
        lesson: &lesson,
        checkpoint: &checkpoint,
        stages: folds.len() + 1,
        bar: Bar::new(),
    };
    while saved.folds_done < folds.len() {
        let fold = &folds[saved.folds_done];
        let taught = school.teach(&mut saved, fold, terminal)?;
        saved.answers.extend(lesson.answers(&taught, fold));
        saved.folds_done += 1;
        saved.state.clear();
        school.keep(&saved, words)?;
    }
    let taught = school.teach(&mut saved, left_out, terminal)?;
    saved.answers.extend(lesson.answers(&taught, left_out));
    school.bar.clear(terminal.notes);
    let measured = lesson.write(asked, taught, &parts, &saved.answers, words)?;
    checkpoint.remove();
    let took = vec![
        ("path", asked.out.display().to_string()),
        ("clips", lesson.clips.len().to_string()),
        ("time", clock(school.bar.elapsed())),
    ];
    note(terminal, &words.say("trained", took));
    match measured {
        Some(score) => answer(terminal, &evaluate::shown(&score, words)),
        None => Ok(()),
    }
}

/// Clips that were read, and what is made of them.
struct Lesson {
    clips: Vec<Clip>,
    classes: Vec<String>,
    /// Finer names, where every clip has one: a second head that helps the first to learn.
    labels: Vec<String>,
    features: FeaturePlan,
    plan: Plan,
    recipe: Recipe,
    frames: Vec<Vec<f32>>,
}

impl Lesson {
    fn read(asked: &Train, terminal: &mut Terminal<'_>) -> Result<Self, CommandFault> {
        let words = Words::of(terminal);
        let clips = labels::read(&asked.labels, words)?;
        let features = FeaturePlan::default();
        let heard = clips::read(&clips, &features, terminal, |frames| {
            nightscan_sound::features::heard(&features, frames)
        })?;
        let (clips, frames): (Vec<_>, Vec<_>) = heard
            .into_iter()
            .filter(|one| !one.heard.is_empty())
            .map(|one| (clips[one.index].clone(), one.heard))
            .unzip();
        let classes = labels::classes(&clips);
        if classes.len() < 2 {
            let named = vec![("path", asked.labels.display().to_string())];
            return Err(words.usage("one_class", named));
        }
        let names: BTreeSet<_> = clips.iter().map(|clip| clip.label.clone()).collect();
        let labels: Option<Vec<String>> = names.into_iter().collect();
        let labels = labels
            .filter(|labels| labels.len() > classes.len())
            .unwrap_or_default();
        let mut recipe = Recipe {
            seed: asked.seed,
            ..Recipe::default()
        };
        if let Some(epochs) = asked.epochs {
            recipe.epochs = epochs as usize;
        }
        let mut heads = vec![classes.len()];
        if labels.is_empty() {
            recipe.head_weights.truncate(1);
        } else {
            heads.push(labels.len());
            recipe.head_weights.resize(2, 0.0);
        }
        let plan = Plan {
            heads,
            ..Plan::default()
        };
        Ok(Self {
            clips,
            classes,
            labels,
            features,
            plan,
            recipe,
            frames,
        })
    }

    /// Few clips, of which some are left out, make smaller batches.
    fn fit(&mut self, left_out: usize) {
        let recipe = &mut self.recipe;
        recipe.batch = recipe.batch.min(self.clips.len() - left_out).max(1);
        recipe.shard = recipe.shard.min(recipe.batch);
    }

    fn class(&self, index: usize) -> usize {
        place(&self.classes, &self.clips[index].class)
    }

    fn example(&self, index: usize) -> Example {
        let mut targets = vec![self.class(index)];
        if let Some(label) = self.clips[index]
            .label
            .as_ref()
            .filter(|_| !self.labels.is_empty())
        {
            targets.push(place(&self.labels, label));
        }
        Example::new(&self.features, &self.frames[index], targets)
    }
}

impl Lesson {
    /// What decides the model: clips and their sound, their parts, recipe and plan.
    fn fingerprint(&self, parts: &[Vec<usize>]) -> String {
        let mut hash = blake3::Hasher::new();
        for (clip, frames) in self.clips.iter().zip(&self.frames) {
            let label = clip.label.as_deref().unwrap_or_default();
            for text in [&clip.class, label] {
                hash.update(&(text.len() as u64).to_le_bytes());
                hash.update(text.as_bytes());
            }
            for value in frames {
                hash.update(&value.to_le_bytes());
            }
        }
        hash.update(
            format!(
                "{parts:?}{:?}{:?}{:?}",
                self.recipe, self.plan, self.features
            )
            .as_bytes(),
        );
        hash.finalize().to_hex().to_string()
    }

    /// The examples of all clips but some.
    fn set(&self, left_out: &[usize]) -> TrainingSet {
        let left_out: BTreeSet<_> = left_out.iter().collect();
        let heard = (0..self.clips.len()).filter(|index| !left_out.contains(index));
        TrainingSet {
            features: self.features.clone(),
            examples: heard.map(|index| self.example(index)).collect(),
            background: self.classes.iter().position(|class| class == BACKGROUND),
        }
    }

    /// What a network hears in some of the clips.
    fn answers(&self, network: &Model, clips: &[usize]) -> Vec<(usize, Vec<f32>)> {
        let mut listener = Listener::of(network);
        let hear = |&index: &usize| (index, listener.hear_clip(&self.frames[index]));
        clips.iter().map(hear).collect()
    }

    /// For each finer name, its class.
    fn class_of_label(&self) -> Vec<usize> {
        let class = |label: &String| {
            let clip = self
                .clips
                .iter()
                .position(|clip| clip.label.as_ref() == Some(label));
            self.class(clip.expect("the labels were gathered from these clips"))
        };
        self.labels.iter().map(class).collect()
    }

    fn score(&self, judged: &[Judged]) -> Score {
        Score::of(judged, &self.classes, |class| self.classes[class] != HUMAN)
    }

    /// Calibrates the model by what was answered for clips that were left out, and writes it with its card.
    fn write(
        &self,
        asked: &Train,
        model: Model,
        parts: &[Vec<usize>],
        answers: &[(usize, Vec<f32>)],
        words: Words<'_>,
    ) -> Result<Option<Score>, CommandFault> {
        let judge = |(index, probabilities): &(usize, Vec<f32>)| Judged {
            truth: self.class(*index),
            probabilities: probabilities.clone(),
        };
        let plain: Vec<_> = answers.iter().map(judge).collect();
        let temperature = if plain.is_empty() {
            1.0
        } else {
            fit_temperature(&plain)
        };
        let judged: Vec<_> = plain.iter().map(|one| tempered(one, temperature)).collect();
        let score = (!judged.is_empty()).then(|| self.score(&judged));
        let folds = parts.iter().enumerate().map(|(number, part)| {
            let of_part = answers
                .iter()
                .zip(&judged)
                .filter(|((index, _), _)| part.contains(index));
            let of_part: Vec<_> = of_part.map(|(_, one)| one.clone()).collect();
            let score = self.score(&of_part);
            let name = self.clips[part[0]].fold.clone();
            FoldScore {
                fold: name.unwrap_or_else(|| (number + 1).to_string()),
                accuracy: score.accuracy,
                macro_f1: score.macro_f1,
            }
        });
        let count = |class: &String| {
            self.clips
                .iter()
                .filter(|clip| clip.class == *class)
                .count()
        };
        let card = Card {
            name: asked.name.clone(),
            date: SystemClock
                .now()
                .to_string()
                .chars()
                .take("2026-11-21".len())
                .collect(),
            data: format!("{} clips of {}", self.clips.len(), asked.labels.display()),
            licence: asked.licence.clone().unwrap_or_default(),
            split: split(asked, self.clips[0].fold.is_some()),
            examples: self.classes.iter().map(count).collect(),
            recipe: self.recipe.clone(),
            plan: self.plan.clone(),
            values: model.values(),
            score: score.clone(),
            folds: folds.collect(),
            limits: Vec::new(),
        };
        let markdown = card.markdown();
        let model = model.with_temperature(temperature).with_card(card);
        let write = |path: &Path, bytes: &[u8]| {
            files::replace_with(path, bytes).map_err(|cause| words.not_written(path, cause))
        };
        write(&asked.out, &model.write())?;
        write(&asked.out.with_extension("md"), markdown.as_bytes())?;
        Ok(score)
    }
}

/// What teaches, and shows how far it is.
struct School<'a> {
    lesson: &'a Lesson,
    checkpoint: &'a Checkpoint,
    /// Trainings in all: one for each part that is left out, and the last.
    stages: usize,
    bar: Bar,
}

impl School<'_> {
    /// Teaches a network on all clips but some, from the state that was saved.
    fn teach(
        &mut self,
        saved: &mut Saved,
        left_out: &[usize],
        terminal: &mut Terminal<'_>,
    ) -> Result<Model, CommandFault> {
        let words = Words::of(terminal);
        let lesson = self.lesson;
        let set = lesson.set(left_out);
        let (plan, recipe) = (lesson.plan.clone(), lesson.recipe.clone());
        let said =
            |fault: TrainFault| words.failed("not_trained", vec![("cause", fault.to_string())]);
        let mut trainer = if saved.state.is_empty() {
            Trainer::new(plan, recipe, &set)
        } else {
            Trainer::resume(plan, recipe, &set, &saved.state)
        }
        .map_err(said)?;
        while !trainer.done() {
            let progress = trainer.epoch();
            saved.state = trainer.state();
            self.keep(saved, words)?;
            let stage = saved.folds_done as f64 + progress.epoch as f64 / progress.epochs as f64;
            self.bar
                .draw(terminal.notes, stage / self.stages as f64, |left| {
                    let state = vec![
                        ("stage", (saved.folds_done + 1).to_string()),
                        ("stages", self.stages.to_string()),
                        ("epoch", progress.epoch.to_string()),
                        ("epochs", progress.epochs.to_string()),
                        ("loss", format!("{:.3}", progress.loss)),
                        ("left", left.map_or_else(|| "?".to_owned(), clock)),
                    ];
                    words.say("training", state)
                });
        }
        let classes = Classes {
            names: lesson.classes.clone(),
            class_of_label: lesson.class_of_label(),
        };
        let model = Model::taught(&trainer, classes, 1.0, Card::default());
        model.map_err(|fault| words.failed("not_trained", vec![("cause", fault.to_string())]))
    }

    fn keep(&self, saved: &Saved, words: Words<'_>) -> Result<(), CommandFault> {
        let written = self.checkpoint.save(saved);
        written.map_err(|cause| words.not_written(self.checkpoint.path(), cause))
    }
}

/// The same prediction by a model with that temperature.
fn tempered(judged: &Judged, temperature: f32) -> Judged {
    let raised = judged
        .probabilities
        .iter()
        .map(|probability| probability.powf(1.0 / temperature));
    let raised: Vec<f32> = raised.collect();
    let sum: f32 = raised.iter().sum();
    Judged {
        truth: judged.truth,
        probabilities: raised.iter().map(|value| value / sum).collect(),
    }
}

/// How clips to teach and to judge were kept apart, for the card.
fn split(asked: &Train, has_folds: bool) -> String {
    match (&asked.holdout, asked.folds) {
        (Some(fold), _) => format!("fold {fold} was left out and judged"),
        (None, Some(_)) if has_folds => {
            "each fold was left out in turn and judged; the model heard all of them".to_owned()
        }
        (None, Some(count)) => format!(
            "each of {count} parts by source was left out in turn and judged; the model heard all of them"
        ),
        (None, None) => "none: the model was not judged".to_owned(),
    }
}

/// The clips of each part that is left out in turn: none where nothing is measured.
fn parts(
    asked: &Train,
    lesson: &Lesson,
    words: Words<'_>,
) -> Result<Vec<Vec<usize>>, CommandFault> {
    let all = || 0..lesson.clips.len();
    let has_folds = lesson.clips.iter().all(|clip| clip.fold.is_some());
    let of_fold = |fold: &str| -> Vec<usize> {
        all()
            .filter(|&index| lesson.clips[index].fold.as_deref() == Some(fold))
            .collect()
    };
    if let Some(fold) = &asked.holdout {
        let part = of_fold(fold);
        if part.is_empty() {
            let folds: BTreeSet<_> = lesson
                .clips
                .iter()
                .filter_map(|clip| clip.fold.as_deref())
                .collect();
            let folds: Vec<_> = folds.into_iter().collect();
            let named = vec![("given", fold.clone()), ("allowed", folds.join(", "))];
            return Err(words.usage("fold_unknown", named));
        }
        return Ok(vec![part]);
    }
    let Some(count) = asked.folds else {
        return Ok(Vec::new());
    };
    if has_folds {
        let folds: BTreeSet<_> = lesson
            .clips
            .iter()
            .filter_map(|clip| clip.fold.as_deref())
            .collect();
        return Ok(folds.into_iter().map(of_fold).collect());
    }
    // By a hash of the source: clips of one recording stay together, whatever their order.
    let part = |index: usize| {
        let hash = blake3::hash(lesson.clips[index].source.as_bytes());
        let [first, second, third, fourth, ..] = *hash.as_bytes();
        u32::from_le_bytes([first, second, third, fourth]) % count
    };
    let parts = (0..count).map(|number| all().filter(|&index| part(index) == number).collect());
    Ok(parts.filter(|part: &Vec<usize>| !part.is_empty()).collect())
}

fn place(names: &[String], name: &str) -> usize {
    names
        .iter()
        .position(|known| known == name)
        .expect("the names were gathered from these clips")
}
