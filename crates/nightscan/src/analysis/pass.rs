//! The one pass over a recording.

use nightscan_sound::decode::{Facts, Options, Sound, Source};
use nightscan_sound::events::{ActivityMeter, EventOptions, Window, find_events};
use nightscan_sound::features::Framer;
use nightscan_sound::metadata;
use nightscan_sound::quality::{IndicesMeter, QualityMeter};

use super::model::Listener;
use super::{
    Analysis, Detection, Fault, HUMAN, Indices, Likely, Model, Note, Progress, Quality, Recorded,
    Settings, Span,
};

/// So often, in seconds of the recording, somebody is told how far it is and may stop it.
const WATCH_EVERY_S: f64 = 10.0;
/// What is shorter than this holds no call that a model could name.
const SHORTEST_S: f64 = 0.1;
/// The last window is heard if it holds so much that no window before it held, as a share of its length.
const LEAST_REST: f64 = 0.2;
/// A window in which a human voice is this likely is silenced as a whole: a missed word costs more than a lost call.
const VOICE_LEAST: f32 = 0.3;
/// So much is silenced before and after.
const VOICE_MARGIN_S: f64 = 0.5;

/// Listens to a recording. `name` is its file's name, in which recorders write time and place. `watch` is told how far it is, several
/// times a second at most, and says whether to go on.
pub fn analyse(
    mut source: impl Source,
    name: &str,
    model: &Model,
    settings: &Settings,
    watch: &dyn Fn(Progress) -> bool,
) -> Result<Analysis, Fault> {
    let told = metadata::read(&mut source, name)?;
    let plan = model.features();
    let mut sound = Sound::open(source, &Options::at(plan.rate_hz))?;
    let facts = sound.facts().clone();
    let total_s = facts.duration_s();
    let mut ears = Ears::new(model, settings);
    let mut told_s = 0.0;
    while let Some(block) = sound.next_block()? {
        ears.hear(block);
        let done_s = ears.heard_s();
        if done_s - told_s >= WATCH_EVERY_S {
            told_s = done_s;
            if !watch(Progress { done_s, total_s }) {
                return Err(Fault::Stopped);
            }
        }
    }
    let heard = sound.heard();
    if heard.seconds < SHORTEST_S {
        return Err(Fault::TooShort(heard.seconds));
    }
    let mut notes = Vec::new();
    if heard.cut.is_some() {
        notes.push(Note::CutShort {
            at_s: heard.seconds,
        });
    }
    if heard.damaged_packets > 0 {
        notes.push(Note::Damaged {
            parts: heard.damaged_packets,
        });
    }
    let has_voice = model.classes().iter().any(|class| class == HUMAN);
    if settings.privacy {
        notes.push(if has_voice {
            Note::VoiceByClass
        } else {
            Note::VoiceUnknown
        });
    }
    let mut analysis = ears.finish(heard.seconds);
    analysis.recorded = recorded(&facts, told);
    analysis.notes = notes;
    Ok(analysis)
}

/// What listens to the samples as they go by.
struct Ears<'a> {
    model: &'a Model,
    settings: &'a Settings,
    framer: Framer,
    listener: Listener<'a>,
    activity: ActivityMeter,
    quality: QualityMeter,
    indices: IndicesMeter,
    /// Frames that a coming window needs.
    frames: Vec<f32>,
    /// Of them, those that no coming window needs.
    used: usize,
    /// Frames from one window to the next.
    hop: usize,
    windows: Vec<Window>,
    samples: u64,
}

impl<'a> Ears<'a> {
    fn new(model: &'a Model, settings: &'a Settings) -> Self {
        let plan = model.features();
        let hop = (plan.frames as f32 * (1.0 - settings.overlap.clamp(0.0, 0.95))).round();
        Self {
            model,
            settings,
            framer: Framer::new(plan.clone()).expect("the model was checked when it was read"),
            listener: model.listener(),
            activity: ActivityMeter::new(plan.rate_hz),
            quality: QualityMeter::new(plan.rate_hz),
            indices: IndicesMeter::new(plan.rate_hz),
            frames: Vec::new(),
            used: 0,
            hop: (hop as usize).max(1),
            windows: Vec::new(),
            samples: 0,
        }
    }

    fn heard_s(&self) -> f64 {
        self.samples as f64 / f64::from(self.model.features().rate_hz)
    }

    fn hear(&mut self, samples: &[f32]) {
        self.samples += samples.len() as u64;
        self.framer.push(samples, &mut self.frames);
        self.activity.push(samples);
        self.quality.push(samples);
        self.indices.push(samples);
        let length = self.length();
        while self.frames.len() - self.used >= length {
            self.window(self.used + length);
            self.used += self.hop * self.model.features().bands;
        }
        self.frames.drain(..self.used);
        self.used = 0;
    }

    /// Values of the frames of a window.
    fn length(&self) -> usize {
        self.model.features().frames * self.model.features().bands
    }

    /// Asks the model what is heard in the frames that wait, until there.
    fn window(&mut self, until: usize) {
        let plan = self.model.features();
        let step_s = (self.hop * plan.hop) as f64 / f64::from(plan.rate_hz);
        let heard = self.listener.hear(&self.frames[self.used..until]);
        // In digital silence there is nothing, not even background.
        let probabilities = heard.unwrap_or_else(|| vec![0.0; self.model.classes().len()]);
        let start_s = self.windows.len() as f64 * step_s;
        self.windows.push(Window {
            start_s,
            probabilities,
        });
    }

    /// Hears what is left, and finds the events.
    fn finish(mut self, duration_s: f64) -> Analysis {
        let plan = self.model.features();
        self.framer.finish(&mut self.frames);
        let whole = (self.samples as usize).div_ceil(plan.hop);
        let before = self.windows.len() * self.hop;
        self.frames
            .truncate(whole.saturating_sub(before) * plan.bands);
        let length = self.length();
        while self.frames.len() - self.used >= length {
            self.window(self.used + length);
            self.used += self.hop * plan.bands;
        }
        let left = (self.frames.len() - self.used) / plan.bands;
        let is_known = if self.windows.is_empty() {
            0
        } else {
            plan.frames - self.hop
        };
        let least = (plan.frames as f64 * LEAST_REST) as usize;
        if self.windows.is_empty() || left.saturating_sub(is_known) >= least {
            self.window(self.frames.len());
        }
        let options = options(self.settings, plan.seconds());
        let activity = self.activity.finish();
        let classes = self.model.classes();
        let events = find_events(classes, &self.windows, Some(&activity), &options);
        let detections: Vec<_> = events
            .into_iter()
            .map(|event| Detection {
                start_s: event.start_s,
                end_s: event.end_s.min(duration_s),
                low_hz: plan.low_hz,
                high_hz: plan.high_hz,
                class: event.class,
                confidence: event.confidence,
                top: event
                    .top
                    .into_iter()
                    .map(|(class, confidence)| Likely { class, confidence })
                    .collect(),
            })
            .filter(|detection| detection.start_s < detection.end_s)
            .collect();
        let human = if self.settings.privacy {
            voices(
                classes,
                &self.windows,
                &detections,
                plan.seconds(),
                duration_s,
            )
        } else {
            Vec::new()
        };
        let (measured, indices) = (self.quality.quality(), self.indices.indices());
        Analysis {
            recorded: Recorded::default(),
            duration_s,
            detections,
            human,
            indices: measured.peak_dbfs.is_some().then_some(Indices {
                aci: indices.aci,
                adi: indices.adi,
                ndsi: indices.ndsi,
            }),
            quality: Quality {
                level_dbfs: measured.rms_dbfs,
                peak_dbfs: measured.peak_dbfs,
                noise_dbfs: measured.noise_floor_dbfs,
                clipped: measured.clipping_share,
                silent: measured.silence_share,
                dc: measured.dc_offset,
            },
            model: self.model.id().to_owned(),
            notes: Vec::new(),
        }
    }
}

fn options(settings: &Settings, window_s: f64) -> EventOptions {
    EventOptions {
        window_s,
        min_confidence: settings.min_confidence,
        thresholds: settings.class_confidence.clone(),
        sensitivity: settings.sensitivity,
        merge_s: settings.merge_s,
        confirm_hits: settings.confirm as usize,
        confirm_of: settings.confirm as usize,
        background: settings.background,
    }
}

/// Where a voice may be heard: windows that hear one, and detections of one, with a margin.
fn voices(
    classes: &[String],
    windows: &[Window],
    detections: &[Detection],
    window_s: f64,
    duration_s: f64,
) -> Vec<Span> {
    let Some(human) = classes.iter().position(|class| class == HUMAN) else {
        return Vec::new();
    };
    let heard = windows
        .iter()
        .filter(|window| window.probabilities[human] >= VOICE_LEAST)
        .map(|window| (window.start_s, window.start_s + window_s));
    let found = detections
        .iter()
        .filter(|detection| detection.class == HUMAN)
        .map(|detection| (detection.start_s, detection.end_s));
    let mut spans: Vec<Span> = heard
        .chain(found)
        .map(|(start_s, end_s)| Span {
            start_s: (start_s - VOICE_MARGIN_S).max(0.0),
            end_s: (end_s + VOICE_MARGIN_S).min(duration_s),
        })
        .collect();
    spans.sort_by(|one, other| one.start_s.total_cmp(&other.start_s));
    let mut joined: Vec<Span> = Vec::new();
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.start_s <= last.end_s => last.end_s = last.end_s.max(span.end_s),
            _ => joined.push(span),
        }
    }
    joined
}

fn recorded(facts: &Facts, told: metadata::Recorded) -> Recorded {
    let mut recorded = Recorded {
        format: facts.container.to_string().to_lowercase(),
        rate_hz: facts.rate_hz,
        channels: facts.channels as u16,
        bits: facts.bits.map(|bits| bits as u16),
        place: told.place.map(|told| (told.value.lat, told.value.lon)),
        recorder: told.device.map(|told| told.value),
        temperature_c: told.temperature_c.map(|told| told.value),
        battery_v: told.battery_v.map(|told| told.value),
        gain: told.gain.map(|told| told.value),
        ..Recorded::default()
    };
    recorded.set_started(told.at.map(|told| told.value));
    recorded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voices_are_silenced_with_a_margin_and_whole_windows() {
        let classes = ["birds".to_owned(), HUMAN.to_owned()];
        let window = |start_s: f64, human: f32| Window {
            start_s,
            probabilities: vec![1.0 - human, human],
        };
        let windows = [
            window(0.0, 0.0),
            window(5.0, 0.4),
            window(10.0, 0.1),
            window(15.0, 0.9),
        ];
        let spans = voices(&classes, &windows, &[], 5.0, 19.0);
        let span = |start_s, end_s| Span { start_s, end_s };
        assert_eq!(spans, [span(4.5, 10.5), span(14.5, 19.0)]);
        assert_eq!(voices(&classes[..1], &windows[..0], &[], 5.0, 19.0), []);
    }
}
