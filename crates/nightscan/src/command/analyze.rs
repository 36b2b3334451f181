//! `analyze`: folders of recordings to tables of what called in them.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};

use chassis::service::{CommandFault, Terminal};
use clap::Args;

use super::bar::{BEAT, Bar, clock};
use super::journal::{Head, Journal, NAME, Outcome};
use super::listening::{Listening, Range};
use super::results::{self, Format, Place, Run};
use super::walk::{self, Found};
use super::words::{Words, note};
use crate::analysis::{Analysis, Fault, Model, Progress, Settings, analyse};

/// Find what called in recordings
#[derive(Args)]
pub(super) struct Analyze {
    /// Recordings, and folders of them
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The folder for the results; a run that was stopped goes on there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// What to write, separated by commas
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "csv",
        value_name = "LIST"
    )]
    format: Vec<Format>,
    /// Recordings heard at once (default: one for each processor)
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    #[command(flatten)]
    listening: Listening,
    /// Name of the site, for the tables
    #[arg(long)]
    site: Option<String>,
    /// Degrees north of the site, where the recorder did not write them down
    #[arg(long, value_name = "DEGREES", allow_negative_numbers = true, requires = "lon", value_parser = Range(-90.0, 90.0))]
    lat: Option<f64>,
    /// Degrees east of the site
    #[arg(long, value_name = "DEGREES", allow_negative_numbers = true, requires = "lat", value_parser = Range(-180.0, 180.0))]
    lon: Option<f64>,
    /// Forget what the folder holds and begin anew
    #[arg(long)]
    fresh: bool,
}

pub(super) fn run(asked: &Analyze, terminal: &mut Terminal<'_>) -> Result<(), CommandFault> {
    let words = Words::of(terminal);
    let found = walk::recordings(&asked.paths)
        .map_err(|fault| words.not_read(&fault.path, &fault.cause))?;
    if found.is_empty() {
        let list: Vec<_> = asked
            .paths
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        return Err(words.usage("no_recordings", vec![("paths", list.join(", "))]));
    }
    each_has_a_place(&found, words)?;
    let (model, settings) = asked.listening.open(terminal)?;
    let head = Head::new(model.id(), &settings);
    let journal = Journal::open(&asked.out, &head, asked.fresh)
        .map_err(|fault| fault.said(&asked.out, words))?;
    let mut work = Work {
        run: Run {
            out: &asked.out,
            formats: &asked.format,
            model: model.id(),
            settings: &settings,
            band_hz: (model.features().low_hz, model.features().high_hz),
            place: Place {
                site: asked.site.clone(),
                degrees: asked.lat.zip(asked.lon),
            },
        },
        found: &found,
        journal,
        skipped: Vec::new(),
        heard_s: 0.0,
    };
    work.all(&model, asked.threads, terminal)?;
    work.close(terminal)
}

/// What one call of the command works on.
struct Work<'a> {
    run: Run<'a>,
    found: &'a [Found],
    journal: Journal,
    /// Recordings without a result, and why.
    skipped: Vec<(usize, String)>,
    /// Seconds heard in this run.
    heard_s: f64,
}

/// What threads tell.
struct Heard {
    index: usize,
    result: Result<Analysis, Fault>,
}

/// What threads count while they listen.
#[derive(Default)]
struct Counters {
    next: AtomicUsize,
    stop: AtomicBool,
    heard_ms: AtomicU64,
    done_bytes: AtomicU64,
}

impl Work<'_> {
    /// Hears what the journal does not hold yet.
    fn all(
        &mut self,
        model: &Model,
        threads: Option<u16>,
        terminal: &mut Terminal<'_>,
    ) -> Result<(), CommandFault> {
        let words = Words::of(terminal);
        let waiting: Vec<usize> = (0..self.found.len())
            .filter(|&index| self.journal.outcome(&self.found[index]).is_none())
            .collect();
        let known = self.found.len() - waiting.len();
        if known > 0 {
            let counts = vec![
                ("known", known.to_string()),
                ("all", self.found.len().to_string()),
            ];
            note(terminal, &words.say("resumed", counts));
        }
        let threads = threads
            .map_or_else(processors, usize::from)
            .min(waiting.len());
        let total_bytes: u64 = waiting
            .iter()
            .map(|&index| self.found[index].size_bytes.max(1))
            .sum();
        let counters = Counters::default();
        let (sender, receiver) = mpsc::channel();
        let (found, settings) = (self.found, self.run.settings);
        let mut bar = Bar::new();
        let outcome = std::thread::scope(|scope| {
            for number in 0..threads {
                let (sender, waiting, counters) = (sender.clone(), &waiting, &counters);
                std::thread::Builder::new()
                    .name(format!("hear-{number}"))
                    .spawn_scoped(scope, move || {
                        hear(waiting, found, model, settings, counters, &sender);
                    })
                    .map_err(|cause| CommandFault::Failed(cause.to_string()))?;
            }
            drop(sender);
            let mut done = 0;
            loop {
                match receiver.recv_timeout(BEAT) {
                    Ok(heard) => {
                        done += 1;
                        let kept = self.keep(heard, &mut bar, terminal);
                        if kept.is_err() {
                            counters.stop.store(true, Ordering::Relaxed);
                        }
                        kept?;
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return Ok(()),
                }
                let heard_s = counters.heard_ms.load(Ordering::Relaxed) as f64 / 1e3;
                let share = counters.done_bytes.load(Ordering::Relaxed) as f64 / total_bytes as f64;
                let rate = heard_s / bar.elapsed().as_secs_f64().max(1e-3);
                bar.draw(terminal.notes, share, |left| {
                    let state = vec![
                        ("done", done.to_string()),
                        ("all", waiting.len().to_string()),
                        ("rate", format!("{rate:.0}")),
                        ("left", left.map_or_else(|| "?".to_owned(), clock)),
                    ];
                    words.say("hearing", state)
                });
            }
        });
        bar.clear(terminal.notes);
        self.heard_s = counters.heard_ms.load(Ordering::Relaxed) as f64 / 1e3;
        outcome?;
        if !waiting.is_empty() {
            let elapsed = bar.elapsed();
            let rate = self.heard_s / elapsed.as_secs_f64().max(1e-3);
            let summary = vec![
                ("count", waiting.len().to_string()),
                ("hours", format!("{:.2}", self.heard_s / 3600.0)),
                ("seconds", format!("{:.1}", elapsed.as_secs_f64())),
                ("rate", format!("{rate:.0}")),
            ];
            note(terminal, &words.say("heard", summary));
        }
        Ok(())
    }

    /// Notes one result: files of its own first, then the journal, so that what the journal holds is there.
    fn keep(
        &mut self,
        heard: Heard,
        bar: &mut Bar,
        terminal: &mut Terminal<'_>,
    ) -> Result<(), CommandFault> {
        let words = Words::of(terminal);
        let found = &self.found[heard.index];
        let outcome = match heard.result {
            Ok(analysis) => {
                self.run
                    .write_one(found, &analysis)
                    .map_err(|(path, cause)| words.not_written(&path, cause))?;
                Outcome::Heard(Box::new(analysis))
            }
            Err(Fault::Stopped) => return Ok(()),
            Err(fault) => {
                bar.clear(terminal.notes);
                note(terminal, &skipped_line(found, &fault.to_string(), words));
                if let Fault::Read(cause) = fault {
                    // A disk that was not there may be there next time: it is not in the journal.
                    self.skipped.push((heard.index, cause.to_string()));
                    return Ok(());
                }
                Outcome::skipped(&fault)
            }
        };
        self.journal
            .add(found, outcome)
            .map_err(|cause| words.not_written(&self.run.out.join(NAME), cause))
    }

    /// Writes the tables of all recordings and says what was found.
    fn close(mut self, terminal: &mut Terminal<'_>) -> Result<(), CommandFault> {
        let words = Words::of(terminal);
        let path = self.run.out.join(NAME);
        self.journal
            .sync()
            .map_err(|cause| words.not_written(&path, cause))?;
        let mut heard = Vec::new();
        for (index, found) in self.found.iter().enumerate() {
            match self.journal.outcome(found) {
                Some(Outcome::Heard(analysis)) => heard.push((found, &**analysis)),
                Some(Outcome::Skipped { cause, .. }) => self.skipped.push((index, cause.clone())),
                None => {}
            }
        }
        let written = self
            .run
            .write_all(&heard)
            .map_err(|(path, cause)| words.not_written(&path, cause))?;
        note(terminal, &found_line(&heard, words));
        for path in written {
            let named = vec![("path", path.display().to_string())];
            note(terminal, &words.say("written", named));
        }
        let path = self.run.out.join(results::SKIPPED);
        if self.skipped.is_empty() {
            // That of a run before may be there.
            let _ = std::fs::remove_file(&path);
            return Ok(());
        }
        self.skipped.sort_unstable();
        let lines = self
            .skipped
            .iter()
            .map(|(index, cause)| (&self.found[*index], cause.as_str()));
        results::write_skipped(&path, lines).map_err(|cause| words.not_written(&path, cause))?;
        Err(CommandFault::Incomplete(words.say(
            "skipped",
            vec![
                ("count", self.skipped.len().to_string()),
                ("all", self.found.len().to_string()),
                ("path", path.display().to_string()),
            ],
        )))
    }
}

/// One thread: takes the next recording until there is none.
fn hear(
    waiting: &[usize],
    found: &[Found],
    model: &Model,
    settings: &Settings,
    counters: &Counters,
    sender: &Sender<Heard>,
) {
    while !counters.stop.load(Ordering::Relaxed) {
        let Some(&index) = waiting.get(counters.next.fetch_add(1, Ordering::Relaxed)) else {
            return;
        };
        let one = &found[index];
        let size = one.size_bytes.max(1);
        let (counted_ms, counted_bytes) = (AtomicU64::new(0), AtomicU64::new(0));
        let count = |ms: u64, bytes: u64| {
            let before = counted_ms.swap(ms, Ordering::Relaxed);
            counters
                .heard_ms
                .fetch_add(ms.saturating_sub(before), Ordering::Relaxed);
            let before = counted_bytes.swap(bytes, Ordering::Relaxed);
            counters
                .done_bytes
                .fetch_add(bytes.saturating_sub(before), Ordering::Relaxed);
        };
        let watch = |progress: Progress| {
            let share = progress.total_s.map_or(0.0, |total| {
                (progress.done_s / total.max(0.1)).clamp(0.0, 1.0)
            });
            count((progress.done_s * 1e3) as u64, (share * size as f64) as u64);
            !counters.stop.load(Ordering::Relaxed)
        };
        let name = one.path.file_name().unwrap_or_default().to_string_lossy();
        let result = std::fs::File::open(&one.path)
            .map_err(Fault::from)
            .and_then(|file| analyse(file, &name, model, settings, &watch));
        let heard_ms = result
            .as_ref()
            .map_or(0, |analysis| (analysis.duration_s * 1e3) as u64);
        count(heard_ms, size);
        if sender.send(Heard { index, result }).is_err() {
            return;
        }
    }
}

/// Two recordings whose results would have one name are refused, not mixed.
fn each_has_a_place(found: &[Found], words: Words<'_>) -> Result<(), CommandFault> {
    let mut places = HashMap::new();
    for one in found {
        if let Some(other) = places.insert(&one.place, one) {
            let named = vec![
                ("one", other.path.display().to_string()),
                ("other", one.path.display().to_string()),
            ];
            return Err(words.usage("same_place", named));
        }
    }
    Ok(())
}

fn skipped_line(found: &Found, cause: &str, words: Words<'_>) -> String {
    let named = vec![
        ("path", found.path.display().to_string()),
        ("cause", cause.to_owned()),
    ];
    words.say("left_out", named)
}

fn found_line(heard: &[(&Found, &Analysis)], words: Words<'_>) -> String {
    let mut classes = BTreeMap::<&str, usize>::new();
    for detection in heard.iter().flat_map(|(_, analysis)| &analysis.detections) {
        *classes.entry(&detection.class).or_default() += 1;
    }
    let count: usize = classes.values().sum();
    let list: Vec<_> = classes
        .iter()
        .map(|(class, count)| format!("{class} {count}"))
        .collect();
    let named = vec![
        ("count", count.to_string()),
        ("recordings", heard.len().to_string()),
        ("classes", list.join(", ")),
    ];
    let key = if count == 0 { "found_nothing" } else { "found" };
    words.say(key, named)
}

/// How many threads there is room for.
pub(super) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
