//! The last lines of the log, kept in memory so that they can be read where nobody has a shell: those of `tracing` and those of the
//! access log, as they were written. A request costs nothing more for it: the access log's thread hands over the bytes that it has
//! written out, and lines are taken apart when somebody reads them.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use utoipa::ToSchema;

use crate::clock::{Clock, SystemClock};

/// So many lines can be read.
pub const MOST_LINES: usize = 5_000;
/// They take no more memory than this.
pub const MOST_BYTES: usize = 4 * 1024 * 1024;
/// Of a longer text of a line the beginning is kept.
const LONGEST_TEXT: usize = 8 * 1024;

/// Fields that open something: what they hold stays where the log goes.
const SECRET_FIELDS: [&str; 1] = ["set_up.link"];

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = LogLine)]
pub struct Line {
    /// Its id: digits that grow from line to line, also over a restart.
    #[schema(pattern = "^[0-9]{16,20}$")]
    pub id: String,
    /// When it was written (RFC 3339, UTC).
    pub at: String,
    /// `ERROR`, `WARN`, `INFO`, `DEBUG` or `TRACE`.
    #[schema(pattern = "^(ERROR|WARN|INFO|DEBUG|TRACE)$")]
    pub level: String,
    /// The part of the program that wrote it; `access` for a request.
    pub target: String,
    /// What happened.
    pub message: String,
    /// The rest, by dotted names: `request.id`, `http.status_code`, ….
    #[schema(value_type = Object)]
    pub fields: Map<String, Value>,
}

/// Lines in the order in which they came, and how to read on.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The lines.
    pub lines: Vec<Line>,
    /// Whether more of them were there than were asked for.
    pub has_more: bool,
    /// The number up to which all lines were looked at.
    pub seen: u64,
    /// Whether lines after the one asked for are gone already.
    pub has_gap: bool,
}

/// Which lines are wanted.
#[derive(Clone, Copy, Debug)]
pub enum Range {
    /// The newest before this number, the newest first.
    Before(u64),
    /// The oldest after this number, the oldest first.
    After(u64),
}

/// The kept lines of this process.
pub fn kept() -> &'static Ring {
    static KEPT: LazyLock<Ring> = LazyLock::new(|| {
        let ms = u64::try_from(SystemClock.now().unix_ms()).unwrap_or(0);
        // A thousand lines a millisecond for the whole life of a process would catch up with the next one's.
        Ring::starting_at(ms.saturating_mul(1_000))
    });
    &KEPT
}

/// Lines, the oldest of which make place for new ones.
pub struct Ring(Mutex<Kept>);

struct Kept {
    /// The number of the next line.
    next: u64,
    bytes: usize,
    chunks: VecDeque<Chunk>,
}

/// Lines that came together.
#[derive(Clone)]
struct Chunk {
    first: u64,
    count: usize,
    bytes: Bytes,
}

impl Ring {
    /// An empty one, whose first line gets this number.
    pub fn starting_at(next: u64) -> Self {
        Self(Mutex::new(Kept {
            next,
            bytes: 0,
            chunks: VecDeque::new(),
        }))
    }

    /// Takes lines that end in `\n`, as they were written. Of too many the last are kept.
    pub fn push(&self, mut lines: Vec<u8>) {
        let mut count = newlines(&lines);
        if count == 0 {
            return;
        }
        let surplus = surplus(&lines, count);
        if surplus.bytes > 0 {
            lines.drain(..surplus.bytes);
            count -= surplus.lines;
        }
        // A buffer made for a burst would be held for one line.
        lines.shrink_to_fit();
        let mut kept = self.lock();
        kept.next += surplus.lines as u64;
        let chunk = Chunk {
            first: kept.next,
            count,
            bytes: lines.into(),
        };
        kept.next += count as u64;
        kept.bytes += chunk.bytes.len();
        kept.chunks.push_back(chunk);
        let mut in_all: usize = kept.chunks.iter().map(|chunk| chunk.count).sum();
        while let Some(oldest) = kept.chunks.front() {
            let too_many = in_all - oldest.count >= MOST_LINES;
            if kept.chunks.len() == 1 || (kept.bytes <= MOST_BYTES && !too_many) {
                break;
            }
            in_all -= oldest.count;
            kept.bytes -= oldest.bytes.len();
            kept.chunks.pop_front();
        }
    }

    /// At most `limit` lines that `fits` takes.
    pub fn read(&self, range: Range, limit: usize, fits: impl Fn(&Line) -> bool) -> Found {
        let (chunks, next) = {
            let kept = self.lock();
            (kept.chunks.clone(), kept.next)
        };
        let oldest = chunks.front().map_or(next, |chunk| chunk.first);
        let oldest = oldest.max(next.saturating_sub(MOST_LINES as u64));
        let all = chunks.iter().flat_map(|chunk| {
            let lines = chunk.bytes.split_inclusive(|byte| *byte == b'\n');
            (chunk.first..).zip(lines)
        });
        let mut lines = Vec::new();
        let mut seen = next.saturating_sub(1);
        let mut has_more = false;
        let mut take = |number: u64, bytes: &[u8]| {
            let Some(line) = parse(number, bytes).filter(|line| fits(line)) else {
                return true;
            };
            if lines.len() == limit {
                has_more = true;
                return false;
            }
            lines.push(line);
            true
        };
        match range {
            Range::Before(end) => {
                let wanted: Vec<_> = all
                    .filter(|(number, _)| (oldest..end).contains(number))
                    .collect();
                for (number, bytes) in wanted.into_iter().rev() {
                    if !take(number, bytes) {
                        break;
                    }
                }
            }
            Range::After(start) => {
                for (number, bytes) in all {
                    if number < oldest || number <= start {
                        continue;
                    }
                    if !take(number, bytes) {
                        seen = number - 1;
                        break;
                    }
                }
            }
        }
        let has_gap = matches!(range, Range::After(start) if start.saturating_add(1) < oldest);
        Found {
            lines,
            has_more,
            seen,
            has_gap,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Surplus {
    lines: usize,
    bytes: usize,
}

/// What of these lines is beyond the bounds by itself.
fn surplus(lines: &[u8], count: usize) -> Surplus {
    let mut surplus = Surplus { lines: 0, bytes: 0 };
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        let fits = count - surplus.lines <= MOST_LINES && lines.len() - surplus.bytes <= MOST_BYTES;
        if fits {
            break;
        }
        surplus.lines += 1;
        surplus.bytes += line.len();
    }
    surplus
}

fn newlines(bytes: &[u8]) -> usize {
    bytes.split(|byte| *byte == b'\n').count() - 1
}

/// A line of either form: JSON, or that of the access log on a terminal.
fn parse(number: u64, bytes: &[u8]) -> Option<Line> {
    let text = String::from_utf8_lossy(bytes.strip_suffix(b"\n").unwrap_or(bytes));
    let mut line = if text.starts_with('{') {
        of_json(&text)?
    } else {
        of_access(&text)?
    };
    line.id = format!("{number:016}");
    Some(line)
}

fn of_json(text: &str) -> Option<Line> {
    let mut fields: Map<String, Value> = serde_json::from_str(text).ok()?;
    let mut word = |name: &str| match fields.shift_remove(name) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    };
    Some(Line {
        id: String::new(),
        at: word("timestamp"),
        level: word("level"),
        target: word("target"),
        message: word("message"),
        fields,
    })
}

/// `2026-11-20T15:44:05.123Z 200 GET /path 12µs 3B id`: an address holds no space.
fn of_access(text: &str) -> Option<Line> {
    let words: Vec<&str> = text.split(' ').collect();
    let [at, status, method, path, duration, bytes, id] = words[..] else {
        return None;
    };
    let status: u16 = status.parse().ok()?;
    let number = |text: &str, unit: &str| text.strip_suffix(unit)?.parse::<u64>().ok();
    let mut fields = Map::new();
    fields.insert("request.id".to_owned(), id.into());
    fields.insert("http.method".to_owned(), method.into());
    fields.insert("http.path".to_owned(), path.into());
    fields.insert("http.status_code".to_owned(), status.into());
    fields.insert("duration_us".to_owned(), number(duration, "µs")?.into());
    if let Some(bytes) = number(bytes, "B") {
        fields.insert("size_bytes".to_owned(), bytes.into());
    }
    Some(Line {
        id: String::new(),
        at: at.to_owned(),
        level: if status >= 500 { "ERROR" } else { "INFO" }.to_owned(),
        target: "access".to_owned(),
        message: "request".to_owned(),
        fields,
    })
}

/// The layer that keeps what `tracing` is told, behind the filter that the log has.
pub(super) struct Keeper;

impl<S: Subscriber> Layer<S> for Keeper {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let about = event.metadata();
        let mut line = Map::new();
        line.insert("timestamp".to_owned(), SystemClock.now().to_string().into());
        line.insert("level".to_owned(), about.level().as_str().into());
        line.insert("target".to_owned(), about.target().into());
        event.record(&mut Fields(&mut line));
        let Ok(mut bytes) = serde_json::to_vec(&line) else {
            return;
        };
        bytes.push(b'\n');
        kept().push(bytes);
    }
}

struct Fields<'a>(&'a mut Map<String, Value>);

impl Fields<'_> {
    fn insert(&mut self, field: &Field, value: Value) {
        let value = if SECRET_FIELDS.contains(&field.name()) {
            "***".into()
        } else {
            value
        };
        self.0.insert(field.name().to_owned(), value);
    }

    fn insert_text(&mut self, field: &Field, mut text: String) {
        if text.len() > LONGEST_TEXT {
            let end = (0..=LONGEST_TEXT).rfind(|end| text.is_char_boundary(*end));
            text.truncate(end.unwrap_or(0));
            text.push('…');
        }
        self.insert(field, text.into());
    }
}

impl Visit for Fields<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert_text(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let mut text = String::new();
        // Writing to a text cannot fail; a value that cannot print itself shows what it could.
        let _ = write!(text, "{value:?}");
        self.insert_text(field, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Vec<u8> {
        format!("{{\"timestamp\":\"t\",\"level\":\"INFO\",\"target\":\"a\",\"message\":\"{text}\",\"n\":1}}\n").into_bytes()
    }

    fn messages(found: &Found) -> Vec<&str> {
        found
            .lines
            .iter()
            .map(|line| line.message.as_str())
            .collect()
    }

    #[test]
    fn lines_are_read_newest_first_and_followed_oldest_first() {
        let ring = Ring::starting_at(100);
        for text in ["one", "two", "three"] {
            ring.push(line(text));
        }
        let newest = ring.read(Range::Before(u64::MAX), 2, |_| true);
        assert_eq!(messages(&newest), ["three", "two"]);
        assert!(newest.has_more);
        assert_eq!(
            (newest.lines[0].id.as_str(), newest.seen),
            ("0000000000000102", 102)
        );
        assert_eq!(newest.lines[0].fields["n"], 1);
        let rest = ring.read(Range::Before(101), 2, |_| true);
        assert_eq!((messages(&rest), rest.has_more), (vec!["one"], false));
        let later = ring.read(Range::After(100), 1, |_| true);
        assert_eq!(
            (messages(&later), later.seen, later.has_gap),
            (vec!["two"], 101, false)
        );
        assert!(ring.read(Range::After(50), 9, |_| true).has_gap);
        assert!(
            ring.read(Range::After(u64::MAX), 9, |_| true)
                .lines
                .is_empty()
        );
        let some = ring.read(Range::Before(u64::MAX), 9, |line| {
            line.message.contains('w')
        });
        assert_eq!(messages(&some), ["two"]);
    }

    #[test]
    fn memory_is_bounded_in_lines_and_in_bytes() {
        let ring = Ring::starting_at(0);
        let many: Vec<u8> = (0..MOST_LINES * 3)
            .flat_map(|n| line(&n.to_string()))
            .collect();
        ring.push(many);
        let found = ring.read(Range::Before(u64::MAX), usize::MAX, |_| true);
        assert_eq!(found.lines.len(), MOST_LINES);
        assert_eq!(found.lines[0].message, (MOST_LINES * 3 - 1).to_string());
        for _ in 0..40 {
            ring.push(line(&"x".repeat(MOST_BYTES / 8)));
        }
        assert!(ring.lock().bytes <= MOST_BYTES);
        assert!(
            ring.read(Range::Before(u64::MAX), usize::MAX, |_| true)
                .lines
                .len()
                >= 7
        );
        for n in 0..MOST_LINES * 2 {
            ring.push(line(&n.to_string()));
        }
        assert_eq!(ring.lock().chunks.len(), MOST_LINES);
    }

    #[test]
    fn an_access_line_of_a_terminal_is_understood() {
        let ring = Ring::starting_at(0);
        ring.push("2026-11-20T15:44:05.123Z 503 GET /a 12µs 3B r-1\nno line of ours\n".into());
        let found = ring.read(Range::Before(u64::MAX), 9, |_| true);
        assert_eq!(found.lines.len(), 1);
        let line = &found.lines[0];
        assert_eq!(
            (line.level.as_str(), line.target.as_str()),
            ("ERROR", "access")
        );
        assert_eq!(line.fields["duration_us"], 12);
        assert_eq!(line.fields["http.path"], "/a");
    }
}
