//! `sensor`: a folder that a recorder fills, analysed where it stands; a server is told what was found.
//!
//! Nothing is lost with the network: what was heard stands in the journal, and what was not sent yet is sent when the server answers
//! again. The same clip sent twice is one recording there.

use std::collections::{BTreeSet, HashMap};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chassis::service::{CommandFault, Terminal};
use clap::Args;

use super::courier::{Courier, Delivery};
use super::journal::{Head, Journal, NAME, Outcome};
use super::listening::{Listening, Range};
use super::parcel::{self, Parcel};
use super::walk::{self, Found};
use super::words::{Words, note};
use crate::analysis::{Fault, HUMAN, Model, Settings, analyse};

/// Beside the journal: the clips that the server has.
const SENT: &str = "sent.ndjson";

/// Watch a folder that a recorder fills, and tell a server what calls
#[derive(Args)]
pub(super) struct Sensor {
    /// The folder that the recorder fills
    #[arg(long, value_name = "DIR")]
    watch: PathBuf,
    /// The server, such as `https://sounds.example.org`
    #[arg(long, value_name = "URL")]
    server: String,
    /// The sensor's key, which the server gave when the sensor was made
    #[arg(long, env = "NIGHTSCAN_KEY", hide_env_values = true)]
    key: String,
    /// The folder for what was heard and what was sent (default: .nightscan in the watched folder)
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    listening: Listening,
    /// Seconds before and after a detection that its clip holds
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = Range(0.0, 30.0))]
    margin: f64,
    /// Seconds from one look into the folder to the next
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    every: u64,
    /// Look once, send what is to be sent, and end
    #[arg(long)]
    once: bool,
}

pub(super) fn run(asked: &Sensor, terminal: &mut Terminal<'_>) -> Result<(), CommandFault> {
    let words = Words::of(terminal);
    if !asked.watch.is_dir() {
        let named = vec![("path", asked.watch.display().to_string())];
        return Err(words.usage("no_folder", named));
    }
    let courier = Courier::new(&asked.server, &asked.key)
        .ok_or_else(|| words.usage("server_address", vec![("given", asked.server.clone())]))?;
    let (model, settings) = asked.listening.open(terminal)?;
    let out = asked
        .out
        .clone()
        .unwrap_or_else(|| asked.watch.join(".nightscan"));
    let journal = Journal::open(&out, &Head::new(model.id(), &settings), false)
        .map_err(|fault| fault.said(&out, words))?;
    let sent =
        Sent::open(&out.join(SENT)).map_err(|cause| words.not_written(&out.join(SENT), cause))?;
    let mut post = Post {
        asked,
        out,
        model: &model,
        settings: &settings,
        journal,
        sent,
        courier,
        sizes: HashMap::new(),
        is_away: false,
    };
    loop {
        let found = walk::recordings(std::slice::from_ref(&asked.watch))
            .map_err(|fault| words.not_read(&fault.path, &fault.cause))?;
        post.hear(&found, terminal)?;
        post.send(&found, terminal)?;
        if asked.once {
            return post.result(&found, words);
        }
        std::thread::sleep(Duration::from_secs(asked.every));
    }
}

/// A sensor at work.
struct Post<'a> {
    asked: &'a Sensor,
    out: PathBuf,
    model: &'a Model,
    settings: &'a Settings,
    journal: Journal,
    sent: Sent,
    courier: Courier,
    /// Sizes at the last look: a file that grows is still being written.
    sizes: HashMap<PathBuf, u64>,
    /// Whether the server did not answer last time: that is said once.
    is_away: bool,
}

impl Post<'_> {
    /// Hears recordings that are complete and were not heard before.
    fn hear(&mut self, found: &[Found], terminal: &mut Terminal<'_>) -> Result<(), CommandFault> {
        let words = Words::of(terminal);
        for one in found {
            let before = self.sizes.insert(one.absolute.clone(), one.size_bytes);
            let is_complete = self.asked.once || before == Some(one.size_bytes);
            if !is_complete || self.journal.outcome(one).is_some() {
                continue;
            }
            let name = one.path.file_name().unwrap_or_default().to_string_lossy();
            let result = File::open(&one.path)
                .map_err(Fault::from)
                .and_then(|file| analyse(file, &name, self.model, self.settings, &|_| true));
            let shown = one.path.display().to_string();
            let outcome = match result {
                Ok(analysis) => {
                    let count = analysis.detections.len().to_string();
                    note(
                        terminal,
                        &words.say("sensor_heard", vec![("path", shown), ("count", count)]),
                    );
                    Outcome::Heard(Box::new(analysis))
                }
                Err(fault) => {
                    let named = vec![("path", shown), ("cause", fault.to_string())];
                    note(terminal, &words.say("left_out", named));
                    if matches!(fault, Fault::Read(_)) {
                        continue;
                    }
                    Outcome::skipped(&fault)
                }
            };
            self.journal
                .add(one, outcome)
                .and_then(|()| self.journal.sync())
                .map_err(|cause| words.not_written(&self.out.join(NAME), cause))?;
        }
        Ok(())
    }

    /// Sends what the server does not have, until it does not answer.
    fn send(&mut self, found: &[Found], terminal: &mut Terminal<'_>) -> Result<(), CommandFault> {
        let words = Words::of(terminal);
        for one in found {
            for number in self.waiting(one) {
                let Some(Outcome::Heard(analysis)) = self.journal.outcome(one) else {
                    continue;
                };
                let parcel = match Parcel::of(&one.path, analysis, number, self.asked.margin) {
                    Ok(parcel) => parcel,
                    Err(cause) => {
                        let named =
                            vec![("path", one.path.display().to_string()), ("cause", cause)];
                        note(terminal, &words.say("left_out", named));
                        continue;
                    }
                };
                match self.courier.deliver(&parcel) {
                    Delivery::Taken => {
                        let named = vec![("clip", parcel.name), ("class", parcel.class)];
                        note(terminal, &words.say("sent", named));
                    }
                    Delivery::Refused(why) => {
                        let named = vec![("clip", parcel.name), ("cause", why)];
                        note(terminal, &words.say("clip_refused", named));
                    }
                    Delivery::Unknown => return Err(words.failed("key_refused", Vec::new())),
                    Delivery::Later(why) => {
                        if !std::mem::replace(&mut self.is_away, true) {
                            note(terminal, &words.say("server_away", vec![("cause", why)]));
                        }
                        return Ok(());
                    }
                }
                self.is_away = false;
                self.sent
                    .add(key(one, number))
                    .map_err(|cause| words.not_written(&self.out.join(SENT), cause))?;
            }
        }
        Ok(())
    }

    /// The detections of a recording that the server does not have. Where a voice may be heard, nothing leaves the device.
    fn waiting(&self, one: &Found) -> Vec<usize> {
        let Some(Outcome::Heard(analysis)) = self.journal.outcome(one) else {
            return Vec::new();
        };
        let is_private = |number: usize| {
            let detection = &analysis.detections[number];
            let (start_s, end_s) = parcel::span(detection, self.asked.margin, analysis.duration_s);
            detection.class == HUMAN
                || analysis
                    .human
                    .iter()
                    .any(|voice| voice.start_s < end_s && voice.end_s > start_s)
        };
        (0..analysis.detections.len())
            .filter(|&number| !is_private(number) && !self.sent.holds(&key(one, number)))
            .collect()
    }

    /// How one look ended.
    fn result(&self, found: &[Found], words: Words<'_>) -> Result<(), CommandFault> {
        let waiting: usize = found.iter().map(|one| self.waiting(one).len()).sum();
        if waiting == 0 {
            return Ok(());
        }
        let named = vec![("count", waiting.to_string())];
        Err(CommandFault::Incomplete(words.say("clips_wait", named)))
    }
}

/// A detection's name among those that were sent.
fn key(found: &Found, number: usize) -> String {
    format!(
        "{}|{}|{number}",
        found.absolute.display(),
        found.modified_ms
    )
}

/// The clips that the server has.
struct Sent {
    file: File,
    keys: BTreeSet<String>,
}

impl Sent {
    fn open(path: &Path) -> io::Result<Self> {
        let text = match std::fs::read_to_string(path) {
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => String::new(),
            other => other?,
        };
        // What a kill left half written is sent again.
        let keys = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n")?;
        }
        Ok(Self { file, keys })
    }

    fn holds(&self, key: &str) -> bool {
        self.keys.contains(key)
    }

    fn add(&mut self, key: String) -> io::Result<()> {
        let mut line = serde_json::to_vec(&key)?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.keys.insert(key);
        Ok(())
    }
}
