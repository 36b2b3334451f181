//! The line that moves while something takes long.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// So often the line is drawn again.
pub(super) const BEAT: Duration = Duration::from_millis(120);
/// So often somebody who reads line by line is told.
const PLAIN_BEAT: Duration = Duration::from_secs(30);
const FRAMES: [&str; 8] = ["⠋", "⠙", "⠸", "⠴", "⠦", "⠇", "⠏", "⠛"];
const WIDTH: usize = 20;
/// Where nobody says how wide the terminal is.
const USUAL_COLUMNS: usize = 80;
/// The remaining time is not guessed before so much of the work is done.
const LEAST_SHARE: f64 = 0.005;

/// The line, drawn on standard error if that is a terminal; else a plain line now and then.
pub(super) struct Bar {
    is_live: bool,
    is_coloured: bool,
    columns: usize,
    frame: usize,
    started: Instant,
    drawn: Option<Instant>,
}

impl Bar {
    /// Starts the clock.
    pub(super) fn new() -> Self {
        let stream = std::io::stderr();
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        let is_live = stream.is_terminal() && !is_dumb;
        Self {
            is_live,
            is_coloured: is_live && !is_set("NO_COLOR"),
            columns: terminal_size::terminal_size_of(&stream)
                .map_or(USUAL_COLUMNS, |(width, _)| usize::from(width.0)),
            frame: 0,
            started: Instant::now(),
            drawn: None,
        }
    }

    /// How long it has run.
    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Draws the line if its beat has come: the share that is done, 0 to 1, and words beside it.
    pub(super) fn draw(
        &mut self,
        notes: &mut dyn Write,
        done: f64,
        words: impl FnOnce(Option<Duration>) -> String,
    ) {
        let beat = if self.is_live { BEAT } else { PLAIN_BEAT };
        let last = self.drawn.unwrap_or(self.started);
        if last.elapsed() < beat {
            return;
        }
        self.drawn = Some(Instant::now());
        let done = done.clamp(0.0, 1.0);
        let words = words(remaining(self.started.elapsed(), done));
        // Nobody may be listening any more; there is no other place to say so.
        if !self.is_live {
            let _ = writeln!(notes, "{:3.0} %  {words}", done * 100.0);
            return;
        }
        self.frame += 1;
        let frame = FRAMES[self.frame % FRAMES.len()];
        let full = (done * WIDTH as f64) as usize;
        let bar = [
            self.paint("36", &"━".repeat(full)),
            self.paint("2", &"─".repeat(WIDTH - full)),
        ];
        let percent = format!("{:3.0} %", done * 100.0);
        let room = self.columns.saturating_sub(4 + WIDTH + 2 + 5 + 2 + 1);
        let words: String = words.chars().take(room).collect();
        let frame = self.paint("36", frame);
        let _ = write!(
            notes,
            "\r\u{1b}[2K  {frame} {}{}  {percent}  {words}",
            bar[0], bar[1]
        );
        let _ = notes.flush();
    }

    /// Takes the line away, so that others can be written.
    pub(super) fn clear(&mut self, notes: &mut dyn Write) {
        if self.is_live && self.drawn.take().is_some() {
            let _ = write!(notes, "\r\u{1b}[2K");
        }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.is_coloured && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

fn remaining(elapsed: Duration, done: f64) -> Option<Duration> {
    (done >= LEAST_SHARE).then(|| elapsed.mul_f64((1.0 - done) / done))
}

/// A time as a clock shows it: `4:05`, `2:04:05`.
pub(super) fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_on_a_clock() {
        for (seconds, shown) in [(0, "0:00"), (65, "1:05"), (7445, "2:04:05")] {
            assert_eq!(clock(Duration::from_secs(seconds)), shown);
        }
    }

    #[test]
    fn what_remains_is_guessed_from_what_is_done() {
        let minute = Duration::from_mins(1);
        assert_eq!(remaining(minute, 0.25), Some(Duration::from_mins(3)));
        assert_eq!(remaining(minute, 0.0), None);
    }
}
