//! The access log: one line a request, written by hand into a buffer that a thread empties.
//!
//! `tracing`'s JSON layer costs several microseconds an event, which is most of what a small answer
//! costs; this costs a few hundred nanoseconds. Lines hold no address of a person, no query and no
//! body.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, SystemClock};

/// Lines wait at most this long.
const FLUSH_EVERY: Duration = Duration::from_millis(200);
/// The writer is woken early from this size.
const WAKE_BYTES: usize = 64 * 1024;
/// When the reader of the log stalls, lines beyond this are counted and dropped: the service goes on.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// One request, as it is logged.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The request's id.
    pub request_id: &'a str,
    /// `GET`, ….
    pub method: &'a str,
    /// The route's template.
    pub route: &'a str,
    /// The path without its query.
    pub path: &'a str,
    /// HTTP status.
    pub status: u16,
    /// Until the answer's head was ready.
    pub duration_us: u64,
    /// The body's size, where known.
    pub bytes: Option<u64>,
}

/// Where lines go. Clones share one buffer.
#[derive(Clone)]
pub struct AccessLog(Option<Arc<Shared>>);

struct Shared {
    json: bool,
    /// One line is written of so many requests; answers of 500 and more always are.
    every: u64,
    count: AtomicU64,
    dropped: AtomicU64,
    pending: Mutex<Vec<u8>>,
    sink: Mutex<Box<dyn Write + Send>>,
    wake: Condvar,
}

impl AccessLog {
    /// No lines.
    pub fn off() -> Self {
        Self(None)
    }

    /// Lines to `sink`: the share `sample` (0 to 1) of requests, and every answer of 500 or more.
    pub fn new(json: bool, sample: f64, sink: impl Write + Send + 'static) -> Self {
        let every = if sample <= 0.0 {
            u64::MAX
        } else {
            (1.0 / sample).round().max(1.0) as u64
        };
        let shared = Arc::new(Shared {
            json,
            every,
            count: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            pending: Mutex::new(Vec::with_capacity(WAKE_BYTES)),
            sink: Mutex::new(Box::new(sink)),
            wake: Condvar::new(),
        });
        let writer = Arc::downgrade(&shared);
        std::thread::Builder::new()
            .name("access-log".into())
            .spawn(move || {
                while let Some(shared) = writer.upgrade() {
                    shared.wait();
                    shared.flush();
                }
            })
            .expect("a thread can be started at the start of the process");
        Self(Some(shared))
    }

    /// Takes one line.
    pub fn write(&self, entry: &Entry<'_>) {
        let Some(shared) = &self.0 else { return };
        let count = shared.count.fetch_add(1, Ordering::Relaxed);
        if entry.status < 500 && !count.is_multiple_of(shared.every) {
            return;
        }
        let mut pending = shared
            .pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if pending.len() > MOST_BYTES {
            shared.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let before = pending.len();
        line(&mut pending, shared.json, entry);
        if before < WAKE_BYTES && pending.len() >= WAKE_BYTES {
            shared.wake.notify_one();
        }
    }

    /// Writes out all lines taken so far.
    pub fn flush(&self) {
        if let Some(shared) = &self.0 {
            shared.flush();
        }
    }
}

impl Shared {
    fn wait(&self) {
        let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.wake.wait_timeout(pending, FLUSH_EVERY));
    }

    fn flush(&self) {
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = Vec::with_capacity(WAKE_BYTES);
        let lines = {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            if pending.is_empty() {
                return;
            }
            std::mem::replace(&mut *pending, fresh)
        };
        // A closed log must not stop the service; there is nowhere left to say so.
        let _ = sink.write_all(&lines);
        let _ = sink.flush();
        drop(sink);
        super::lines::kept().push(lines);
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            tracing::warn!(
                lines = dropped,
                "the access log's reader is too slow; lines were dropped"
            );
        }
    }
}

fn line(out: &mut Vec<u8>, json: bool, entry: &Entry<'_>) {
    out.extend_from_slice(if json { b"{\"timestamp\":\"" } else { b"" });
    let _ = write!(out, "{}", SystemClock.now());
    if !json {
        let bytes = entry
            .bytes
            .map_or_else(|| "-".to_owned(), |bytes| bytes.to_string());
        let Entry {
            method,
            path,
            status,
            duration_us,
            request_id,
            ..
        } = entry;
        let path = path.escape_default();
        let _ = writeln!(
            out,
            " {status} {method} {path} {duration_us}µs {bytes}B {request_id}"
        );
        return;
    }
    out.extend_from_slice(b"\",\"level\":\"");
    out.extend_from_slice(if entry.status >= 500 {
        b"ERROR"
    } else {
        b"INFO"
    });
    out.extend_from_slice(b"\",\"target\":\"access\",\"message\":\"request\",\"request.id\":\"");
    out.extend_from_slice(entry.request_id.as_bytes());
    out.extend_from_slice(b"\",\"http.method\":");
    quoted(out, entry.method);
    out.extend_from_slice(b",\"http.route\":");
    quoted(out, entry.route);
    out.extend_from_slice(b",\"http.path\":");
    quoted(out, entry.path);
    out.extend_from_slice(b",\"http.status_code\":");
    number(out, u64::from(entry.status));
    out.extend_from_slice(b",\"duration_us\":");
    number(out, entry.duration_us);
    if let Some(bytes) = entry.bytes {
        out.extend_from_slice(b",\"size_bytes\":");
        number(out, bytes);
    }
    out.extend_from_slice(b"}\n");
}

fn number(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

fn quoted(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0..0x20 | 0x7f => {
                let _ = write!(out, "\\u{byte:04x}");
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn entry(path: &str, status: u16) -> Entry<'_> {
        Entry {
            request_id: "r-1",
            method: "GET",
            route: "/x",
            path,
            status,
            duration_us: 12,
            bytes: Some(3),
        }
    }

    #[test]
    fn each_line_is_json_whatever_the_path() {
        let sink = Sink::default();
        let log = AccessLog::new(true, 1.0, sink.clone());
        for path in ["/a", "/\"\\\n", "/é"] {
            log.write(&entry(path, 200));
        }
        log.flush();
        let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[1]["http.path"], "/\"\\\n");
        assert_eq!(lines[0]["http.status_code"], 200);
        assert_eq!(lines[0]["size_bytes"], 3);
    }

    #[test]
    fn a_sample_keeps_every_failure() {
        let sink = Sink::default();
        let log = AccessLog::new(true, 0.01, sink.clone());
        for i in 0..200 {
            log.write(&entry("/a", if i == 150 { 500 } else { 200 }));
        }
        log.flush();
        let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 3);
        assert_eq!(text.matches("500").count(), 1);
    }
}
