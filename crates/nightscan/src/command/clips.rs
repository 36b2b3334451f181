//! Labelled clips read by all processors.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use chassis::service::{CommandFault, Terminal};
use nightscan_sound::decode::{Options, Sound};
use nightscan_sound::features::{FeaturePlan, frames_of};

use super::analyze::processors;
use super::bar::Bar;
use super::labels::Clip;
use super::words::{Words, note};

/// A clip that could be read, and what became of its sound.
pub(super) struct Read<T> {
    /// Which of the clips.
    pub(super) index: usize,
    /// What `listen` made of it.
    pub(super) heard: T,
}

/// Hands the frames of each clip to `listen`. Clips that cannot be read are named and left out.
pub(super) fn read<T: Send>(
    clips: &[Clip],
    plan: &FeaturePlan,
    terminal: &mut Terminal<'_>,
    listen: impl Fn(&[f32]) -> T + Sync,
) -> Result<Vec<Read<T>>, CommandFault> {
    let words = Words::of(terminal);
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    let mut read = Vec::with_capacity(clips.len());
    let mut bar = Bar::new();
    std::thread::scope(|scope| {
        for number in 0..processors().min(clips.len()) {
            let (sender, next, listen) = (sender.clone(), &next, &listen);
            let work = move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(clip) = clips.get(index) else { return };
                    let heard = frames(&clip.path, plan).map(|frames| listen(&frames));
                    if sender.send((index, heard)).is_err() {
                        return;
                    }
                }
            };
            std::thread::Builder::new()
                .name(format!("clips-{number}"))
                .spawn_scoped(scope, work)
                .map_err(|cause| CommandFault::Failed(cause.to_string()))?;
        }
        drop(sender);
        for (done, (index, heard)) in receiver.iter().enumerate() {
            match heard {
                Ok(heard) => read.push(Read { index, heard }),
                Err(cause) => {
                    bar.clear(terminal.notes);
                    let path = clips[index].path.display().to_string();
                    let named = vec![("path", path), ("cause", cause)];
                    note(terminal, &words.say("left_out", named));
                }
            }
            bar.draw(terminal.notes, done as f64 / clips.len() as f64, |_| {
                let counts = vec![("done", done.to_string()), ("all", clips.len().to_string())];
                words.say("reading", counts)
            });
        }
        bar.clear(terminal.notes);
        Ok(())
    })?;
    // Threads finish in any order; what follows must not depend on it.
    read.sort_by_key(|one| one.index);
    Ok(read)
}

fn frames(path: &Path, plan: &FeaturePlan) -> Result<Vec<f32>, String> {
    let file = File::open(path).map_err(|cause| cause.to_string())?;
    let sound = Sound::open(file, &Options::at(plan.rate_hz));
    let samples = sound
        .and_then(|mut sound| sound.rest())
        .map_err(|cause| cause.to_string())?;
    frames_of(plan, &samples).map_err(|cause| cause.to_string())
}
