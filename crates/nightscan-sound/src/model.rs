//! A network with all that is needed to answer: classes, features, calibration and a card, in one safetensors file.

mod card;
mod file;

use rayon::prelude::*;

pub use card::{Card, FoldScore};
pub use file::ModelFault;

use crate::features::{FeaturePlan, picture};
use crate::network::{Answerer, Layout, Plan, Weights, Workspace, softmax};
use crate::train::Trainer;

/// Names of what a network tells apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classes {
    /// The classes, in the order of the first head.
    pub names: Vec<String>,
    /// For each label of the second head, its class; empty where there is no second head.
    pub class_of_label: Vec<usize>,
}

/// A model.
pub struct Model {
    classes: Classes,
    features: FeaturePlan,
    temperature: f32,
    card: Card,
    weights: Weights,
    answerer: Answerer,
}

impl Model {
    /// Of a network and its numbers.
    pub fn new(
        layout: Layout,
        weights: Weights,
        classes: Classes,
        features: FeaturePlan,
        temperature: f32,
        card: Card,
    ) -> Result<Self, ModelFault> {
        file::check(layout.plan(), &classes, &features, temperature, &weights)?;
        let answerer = Answerer::new(layout, &weights);
        Ok(Self {
            classes,
            features,
            temperature,
            card,
            weights,
            answerer,
        })
    }

    /// Of a network that has been taught.
    pub fn taught(
        trainer: &Trainer<'_>,
        classes: Classes,
        temperature: f32,
        card: Card,
    ) -> Result<Self, ModelFault> {
        let (layout, weights) = (trainer.layout().clone(), trainer.weights().clone());
        Self::new(
            layout,
            weights,
            classes,
            trainer.features().clone(),
            temperature,
            card,
        )
    }

    /// Reads a model file. It may come from anywhere: sizes are bounded, every number is finite.
    pub fn read(bytes: &[u8]) -> Result<Self, ModelFault> {
        file::read(bytes)
    }

    /// The model file.
    pub fn write(&self) -> Vec<u8> {
        file::write(self)
    }

    /// Names of the classes, in the order of probabilities.
    pub fn classes(&self) -> &[String] {
        &self.classes.names
    }

    /// The number of a class.
    pub fn class(&self, name: &str) -> Option<usize> {
        self.classes.names.iter().position(|class| class == name)
    }

    /// How pictures are made for it.
    pub fn features(&self) -> &FeaturePlan {
        &self.features
    }

    /// Shape of the network.
    pub fn plan(&self) -> &Plan {
        self.answerer.layout().plan()
    }

    /// How many numbers were learned.
    pub fn values(&self) -> usize {
        self.weights.values.len()
    }

    /// What it was taught on, and how well it does.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// What scores are divided by.
    pub fn temperature(&self) -> f32 {
        self.temperature
    }

    /// The same model with another calibration.
    #[must_use]
    pub fn with_temperature(mut self, temperature: f32) -> Self {
        self.temperature = temperature;
        self
    }

    /// The same model with another card.
    #[must_use]
    pub fn with_card(mut self, card: Card) -> Self {
        self.card = card;
        self
    }

    /// The probability of every class, for one window's frames as [`crate::features::Framer`] makes them. `None`: the
    /// window is digital silence.
    pub fn predict(&self, frames: &[f32], workspace: &mut Workspace) -> Option<Vec<f32>> {
        let picture = picture(&self.features, frames)?;
        let mut heads = self.answerer.scores(&picture, workspace).into_iter();
        let mut probabilities = heads.next().expect("a layout has a head");
        softmax(&mut probabilities);
        if let (Some(mut labels), false) = (heads.next(), self.classes.class_of_label.is_empty()) {
            softmax(&mut labels);
            for probability in &mut probabilities {
                *probability *= 0.5;
            }
            for (label, class) in labels.iter().zip(&self.classes.class_of_label) {
                probabilities[*class] += 0.5 * label;
            }
        }
        temper(&mut probabilities, self.temperature);
        Some(probabilities)
    }

    /// Probabilities at temperature 1 as this model's calibration gives them.
    pub fn calibrated(&self, probabilities: &[f32]) -> Vec<f32> {
        let mut probabilities = probabilities.to_vec();
        temper(&mut probabilities, self.temperature);
        probabilities
    }

    /// The same for many windows, on the threads of the pool that calls.
    pub fn predict_all(&self, windows: &[&[f32]]) -> Vec<Option<Vec<f32>>> {
        windows
            .par_iter()
            .map_init(Workspace::default, |workspace, frames| {
                self.predict(frames, workspace)
            })
            .collect()
    }
}

/// Flatter probabilities for a temperature above 1, steeper ones below.
fn temper(probabilities: &mut [f32], temperature: f32) {
    for probability in probabilities.iter_mut() {
        *probability = probability.max(f32::MIN_POSITIVE).ln() / temperature;
    }
    softmax(probabilities);
}

/// The temperature with the least cross entropy over predictions on examples that were not learned (Guo et al., "On
/// Calibration of Modern Neural Networks", 2017). Each is the class that it is, and probabilities at temperature 1.
pub fn fit_temperature(judged: &[crate::score::Judged]) -> f32 {
    let loss = |log_temperature: f32| {
        let temperature = log_temperature.exp();
        judged
            .iter()
            .map(|judged| {
                let mut probabilities = judged.probabilities.clone();
                temper(&mut probabilities, temperature);
                -f64::from(probabilities[judged.truth].max(f32::MIN_POSITIVE).ln())
            })
            .sum::<f64>()
    };
    // The loss has one valley in the logarithm: golden sections narrow it to less than a thousandth.
    let golden = 0.618_034;
    let (mut low, mut high) = (0.1_f32.ln(), 10.0_f32.ln());
    while high - low > 1e-3 {
        let (left, right) = (high - golden * (high - low), low + golden * (high - low));
        if loss(left) <= loss(right) {
            high = right;
        } else {
            low = left;
        }
    }
    f32::midpoint(low, high).exp()
}

#[cfg(test)]
mod tests;
