//! How far a training is, in a file, so that one that was stopped goes on.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files::replace;

/// Of the file; another one is not read.
const VERSION: u32 = 1;

/// Where a training keeps how far it is.
pub(super) struct Checkpoint {
    path: PathBuf,
    /// Hash of clips, recipe and plan: a state of others does not fit.
    fingerprint: String,
}

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Saved {
    /// Folds that are measured already.
    pub(super) folds_done: usize,
    /// What was answered for their clips: the clip and the probability of each class.
    pub(super) answers: Vec<(usize, Vec<f32>)>,
    /// The network that is being taught, as the trainer wrote it; empty before the first epoch.
    pub(super) state: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    checkpoint: u32,
    fingerprint: String,
    folds_done: usize,
    answers: Vec<(usize, Vec<f32>)>,
}

impl Checkpoint {
    /// Beside the model that will be written.
    pub(super) fn beside(model: &Path, fingerprint: String) -> Self {
        let mut name = model.file_name().unwrap_or_default().to_owned();
        name.push(".checkpoint");
        Self {
            path: model.with_file_name(name),
            fingerprint,
        }
    }

    /// What was kept; `None` where nothing was, or of another training.
    pub(super) fn load(&self) -> Option<Saved> {
        let bytes = std::fs::read(&self.path).ok()?;
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let head: Head = serde_json::from_slice(&bytes[..end]).ok()?;
        (head.checkpoint == VERSION && head.fingerprint == self.fingerprint).then(|| Saved {
            folds_done: head.folds_done,
            answers: head.answers,
            state: bytes[end + 1..].to_vec(),
        })
    }

    /// Keeps it.
    pub(super) fn save(&self, saved: &Saved) -> io::Result<()> {
        let head = Head {
            checkpoint: VERSION,
            fingerprint: self.fingerprint.clone(),
            folds_done: saved.folds_done,
            answers: saved.answers.clone(),
        };
        replace(&self.path, |file| {
            serde_json::to_writer(&mut *file, &head)?;
            file.write_all(b"\n")?;
            file.write_all(&saved.state)
        })
    }

    /// Takes it away when the model is there.
    pub(super) fn remove(&self) {
        // What is left behind is of no use, and does no harm: its fingerprint is looked at.
        let _ = std::fs::remove_file(&self.path);
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_training_goes_on_where_it_was_and_only_that_one() {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("own.safetensors");
        let checkpoint = Checkpoint::beside(&model, "a".to_owned());
        assert_eq!(checkpoint.load(), None);
        let saved = Saved {
            folds_done: 2,
            answers: vec![(3, vec![0.25, 0.75])],
            state: b"state\nwith a line end".to_vec(),
        };
        checkpoint.save(&saved).unwrap();
        assert_eq!(checkpoint.load(), Some(saved));
        assert_eq!(Checkpoint::beside(&model, "b".to_owned()).load(), None);
        checkpoint.remove();
        assert_eq!(checkpoint.load(), None);
    }
}
