//! Labelled clips, decoded and framed once.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use nightscan_sound::decode::{Options, Sound};
use nightscan_sound::features::{FeaturePlan, frames_of};
use nightscan_sound::model::Classes;
use rayon::prelude::*;

/// One line of the labels, with its sound.
pub(crate) struct Clip {
    pub(crate) class: usize,
    pub(crate) label: usize,
    pub(crate) fold: u32,
    pub(crate) frames: Vec<f32>,
}

pub(crate) struct Data {
    pub(crate) classes: Classes,
    pub(crate) clips: Vec<Clip>,
}

/// Reads `labels.csv` and every clip that it names. No field of it may hold a comma before the fold.
pub(crate) fn read(folder: &Path, features: &FeaturePlan) -> Result<Data> {
    let text = std::fs::read_to_string(folder.join("labels.csv")).context("labels.csv")?;
    let mut lines = text.lines();
    let header: Vec<&str> = lines
        .next()
        .context("labels.csv is empty")?
        .split(',')
        .collect();
    let column = |name: &str| {
        header
            .iter()
            .position(|column| *column == name)
            .with_context(|| format!("no column {name}"))
    };
    let (file, label, class, fold) = (
        column("file")?,
        column("label")?,
        column("class")?,
        column("fold")?,
    );
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let least = 1 + file.max(label).max(class).max(fold);
    ensure!(
        rows.iter().all(|row| row.len() >= least),
        "a line of labels.csv is short"
    );

    let class_by_label: BTreeMap<&str, &str> =
        rows.iter().map(|row| (row[label], row[class])).collect();
    let mut names: Vec<String> = class_by_label.values().map(ToString::to_string).collect();
    names.sort();
    names.dedup();
    let labels: Vec<&str> = class_by_label.keys().copied().collect();
    let number = |name: &str| {
        names
            .iter()
            .position(|class| class == name)
            .context("a class is new")
    };
    let class_of_label = class_by_label
        .values()
        .map(|class| number(class))
        .collect::<Result<_>>()?;
    let clips = rows
        .par_iter()
        .map(|row| {
            let source =
                BufReader::new(File::open(folder.join(row[file])).context(row[file].to_owned())?);
            let samples = Sound::open(source, &Options::at(features.rate_hz))?.rest()?;
            Ok(Clip {
                class: number(row[class])?,
                label: labels
                    .iter()
                    .position(|name| *name == row[label])
                    .context("a label is new")?,
                fold: row[fold].parse()?,
                frames: frames_of(features, &samples)?,
            })
        })
        .collect::<Result<_>>()?;
    Ok(Data {
        classes: Classes {
            names,
            class_of_label,
        },
        clips,
    })
}
