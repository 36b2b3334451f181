//! What one sees while checks run: area headings, a mark for each check, and below them a line that moves.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chassis::check::{About, Area, Evidence, Pace, Said, Verdict};
use chassis::i18n::Language;
use readiness::report::phrase::{self, terminal, took};
use readiness::runner::Watch;

use super::ink::{Ink, Tint, columns, cut, ends, wrap};

/// So often the moving line is drawn again.
const BEAT: Duration = Duration::from_millis(120);
const FRAMES: [&str; 8] = ["⠋", "⠙", "⠸", "⠴", "⠦", "⠇", "⠏", "⠛"];
const BAR: usize = 20;

/// The terminal during a run.
pub(super) struct Screen {
    ink: Ink,
    language: Language,
    started: Instant,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    area: Option<Area>,
    current: Option<Current>,
    frame: usize,
    is_closed: bool,
}

/// The check that runs.
struct Current {
    title: String,
    number: usize,
    of: usize,
    since: Instant,
}

impl Screen {
    pub(super) fn new(ink: Ink, language: Language) -> Self {
        Self {
            ink,
            language,
            started: Instant::now(),
            state: Mutex::new(State::default()),
        }
    }

    /// Whether there is a line that moves.
    pub(super) fn is_live(&self) -> bool {
        self.ink.is_live
    }

    /// Says what begins.
    pub(super) fn opens(&self, pace: Pace, count: usize, reach: &Said) {
        let pace = match pace {
            Pace::Quick => phrase::pick(self.language, "quick", "rapide"),
            Pace::Full => phrase::pick(self.language, "full", "complète"),
        };
        let plural = if count == 1 { "" } else { "s" };
        let line = match self.language {
            Language::English => {
                format!("{count} check{plural}, {}, {pace}", reach.english)
            }
            Language::French => format!("{count} épreuve{plural}, {}, allure {pace}", reach.french),
        };
        let version = env!("CARGO_PKG_VERSION");
        let name = self.ink.paint(Tint::Bold, &format!("Aplomb {version}"));
        say(&format!("{name}  {}\n", self.ink.paint(Tint::Soft, &line)));
    }

    /// Draws the moving line until it is dropped.
    pub(super) async fn tick(screen: Arc<Self>) {
        let mut beat = tokio::time::interval(BEAT);
        loop {
            beat.tick().await;
            let mut state = screen.lock();
            if state.is_closed {
                return;
            }
            state.frame += 1;
            let line = screen.moving(&state);
            say(&format!("\r\u{1b}[2K{line}"));
        }
    }

    /// Takes the moving line away.
    pub(super) fn closes(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        state.current = None;
        if self.ink.is_live {
            say("\r\u{1b}[2K");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn moving(&self, state: &State) -> String {
        let frame = FRAMES[state.frame % FRAMES.len()];
        let total = clock(self.started.elapsed());
        let Some(current) = &state.current else {
            let said = phrase::pick(
                self.language,
                "starting an instance",
                "démarrage d’une instance",
            );
            let said = format!("{said} · {total}");
            return format!(
                "  {} {}",
                self.ink.paint(Tint::Blue, frame),
                self.ink.paint(Tint::Soft, &cut(&said, self.ink.width - 5))
            );
        };
        let (done, of) = (current.number - 1, current.of.max(1));
        let full = done * BAR / of;
        let bar = format!(
            "{}{}",
            self.ink.paint(Tint::Blue, &"━".repeat(full)),
            self.ink.paint(Tint::Soft, &"─".repeat(BAR - full))
        );
        let count = format!("{}/{}", current.number, current.of);
        let since = clock(current.since.elapsed());
        let times = format!("{since} · {total}");
        let used = 4 + BAR + 2 + columns(&count) + 2 + 2 + columns(&times);
        let title = cut(&current.title, self.ink.width.saturating_sub(used + 1));
        format!(
            "  {} {bar}  {count}  {title}  {}",
            self.ink.paint(Tint::Blue, frame),
            self.ink.paint(Tint::Soft, &times)
        )
    }
}

impl Watch for Screen {
    fn begins(&self, about: &About, number: usize, of: usize) {
        let mut state = self.lock();
        let title = about.title.of(self.language);
        if state.area.replace(about.area) != Some(about.area) {
            let heading = about.area.title().of(self.language);
            let clear = if self.ink.is_live { "\r\u{1b}[2K" } else { "" };
            say(&format!(
                "{clear}\n{}\n",
                self.ink.paint(Tint::Bold, heading)
            ));
        }
        state.current = Some(Current {
            title: title.to_owned(),
            number,
            of,
            since: Instant::now(),
        });
        if self.ink.is_live {
            say(&format!("\r\u{1b}[2K{}", self.moving(&state)));
        } else {
            // For who reads line by line, the job behind `POST /api/v1/proof/run` among them.
            say(&format!("  [{number:>2}/{of}] {}\n", about.id));
        }
    }

    fn ended(&self, evidence: &Evidence) {
        let mut state = self.lock();
        state.current = None;
        if self.ink.is_live {
            say(&format!(
                "\r\u{1b}[2K{}",
                entry(evidence, self.ink, self.language)
            ));
        } else {
            say(&plain(evidence, self.language));
        }
    }
}

/// A mark and its colour.
pub(super) const fn mark(verdict: Verdict) -> (&'static str, Tint) {
    match verdict {
        Verdict::Pass => ("✓", Tint::Green),
        Verdict::Fail => ("✗", Tint::Red),
        Verdict::NotVerifiable => ("?", Tint::Yellow),
        Verdict::Skipped => ("–", Tint::Soft),
    }
}

/// A check that ended, on a terminal: the claim with its time, below it what was measured.
fn entry(evidence: &Evidence, ink: Ink, language: Language) -> String {
    let (sign, tint) = mark(evidence.verdict);
    let time = phrase::duration(took(evidence), language);
    let title = terminal(phrase::title(evidence, language));
    let room = ink.width - 4;
    let mut out = String::new();
    for (number, line) in ends(&title, &time, room).into_iter().enumerate() {
        let sign = if number == 0 { sign } else { " " };
        let line = if number == 0 {
            let (claim, _) = line.split_at(line.len() - time.len());
            format!("{claim}{}", ink.paint(Tint::Soft, &time))
        } else {
            line
        };
        let _ = writeln!(out, "  {} {line}", ink.paint(tint, sign));
    }
    for line in wrap(&measured(evidence, language), room) {
        let _ = writeln!(out, "    {}", ink.paint(Tint::Soft, &line));
    }
    out
}

/// The same where nobody watches: one line.
fn plain(evidence: &Evidence, language: Language) -> String {
    let word = match evidence.verdict {
        Verdict::Pass => phrase::pick(language, "pass", "réussi"),
        Verdict::Fail => phrase::pick(language, "FAIL", "ÉCHEC"),
        Verdict::NotVerifiable => phrase::pick(language, "not verifiable", "invérifiable"),
        Verdict::Skipped => phrase::pick(language, "skipped", "omis"),
    };
    let time = phrase::duration(took(evidence), language);
    format!(
        "  {word}  {}  {}  {time}\n",
        terminal(&evidence.id),
        measured(evidence, language)
    )
}

/// Measured against required; where nothing was measured, why.
pub(super) fn measured(evidence: &Evidence, language: Language) -> String {
    let measured = terminal(phrase::measured(evidence, language));
    let required = terminal(phrase::required(evidence, language));
    if evidence.verdict == Verdict::NotVerifiable || required.is_empty() {
        return measured;
    }
    match language {
        Language::English => format!("{measured} (required: {required})"),
        Language::French => format!("{measured} (exigé\u{a0}: {required})"),
    }
}

/// Minutes and seconds, of a width that hardly changes.
fn clock(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

fn say(text: &str) {
    let mut stderr = std::io::stderr().lock();
    // Nobody may be listening any more; the run goes on, for its record.
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.flush();
}
