//! The model that listens: the one that comes with the program, or one from a file.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use nightscan_sound::features::FeaturePlan;
use nightscan_sound::model::Model as Network;
use nightscan_sound::network::Workspace;

/// Its card and its licence stand beside it.
const BUILT_IN: &[u8] = include_bytes!("../../../../models/nightscan/default.safetensors");
/// Characters of the hash that stand in a model's name: enough to tell two trainings apart.
const HASH_LETTERS: usize = 8;

/// A model that listens. It is shared by all threads that do.
pub struct Model {
    id: String,
    network: Network,
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Why there is no model.
#[derive(Debug, thiserror::Error)]
pub enum ModelFault {
    /// The file could not be read.
    #[error("it cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// It is no model that is known here.
    #[error(transparent)]
    NotAModel(#[from] nightscan_sound::model::ModelFault),
}

impl Model {
    /// The one that comes with the program. It is read once and kept.
    pub fn built_in() -> Arc<Self> {
        static MODEL: OnceLock<Arc<Model>> = OnceLock::new();
        let read = || Self::read(BUILT_IN).expect("a test reads it");
        MODEL.get_or_init(|| Arc::new(read())).clone()
    }

    /// One from a file that `train` wrote.
    pub fn load(path: &Path) -> Result<Self, ModelFault> {
        Self::read(&std::fs::read(path)?)
    }

    fn read(bytes: &[u8]) -> Result<Self, ModelFault> {
        let network = Network::read(bytes)?;
        let hash = blake3::hash(bytes).to_hex();
        let name: Vec<_> = network.card().name.split_whitespace().collect();
        let id = format!("{}-{}", name.join("-"), &hash[..HASH_LETTERS]);
        Ok(Self { id, network })
    }

    /// Its name with the first characters of its hash, which tell two trainings apart.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it can tell apart, in its order.
    pub fn classes(&self) -> &[String] {
        self.network.classes()
    }

    /// How it wants its pictures.
    pub fn features(&self) -> &FeaturePlan {
        self.network.features()
    }

    /// What the licence of what it was trained on asks of those who use it.
    pub fn licence(&self) -> Option<&str> {
        Some(self.network.card().licence.as_str()).filter(|licence| !licence.is_empty())
    }

    /// The model with memory of its own: one for each thread.
    pub(crate) fn listener(&self) -> Listener<'_> {
        Listener::of(&self.network)
    }
}

/// A model and the memory that its answers share.
pub(crate) struct Listener<'a> {
    network: &'a Network,
    workspace: Workspace,
}

impl<'a> Listener<'a> {
    /// Of a network that has no file yet.
    pub(crate) fn of(network: &'a Network) -> Self {
        Self {
            network,
            workspace: Workspace::default(),
        }
    }

    /// The probability of each class in a window's frames, calibrated; `None` for digital silence.
    pub(crate) fn hear(&mut self, frames: &[f32]) -> Option<Vec<f32>> {
        self.network.predict(frames, &mut self.workspace)
    }

    /// The mean of what it hears in the windows of a clip, without overlap. Of digital silence it knows nothing: all classes alike.
    pub(crate) fn hear_clip(&mut self, frames: &[f32]) -> Vec<f32> {
        let plan = self.network.features();
        let count = self.network.classes().len();
        let mut sums = vec![0.0; count];
        let mut windows = 0;
        for window in frames.chunks((plan.frames * plan.bands).max(1)) {
            if let Some(probabilities) = self.hear(window) {
                windows += 1;
                for (sum, probability) in sums.iter_mut().zip(probabilities) {
                    *sum += probability;
                }
            }
        }
        if windows == 0 {
            return vec![1.0 / count as f32; count];
        }
        sums.iter().map(|sum| sum / windows as f32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_that_comes_with_the_program_is_read_and_says_its_licence() {
        let model = Model::built_in();
        assert!(model.classes().iter().any(|class| class == "birds"));
        assert!(
            model.licence().unwrap().contains("NC"),
            "{:?}",
            model.licence()
        );
        assert!(BUILT_IN.len() < 3_000_000);
    }
}
