//! Faults that lose what was acknowledged, do twice what was to be done once, or hide it.

use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::sabotage::{Answered, Asked, Fault};
use super::{Planted, every_fault_is_found};

/// An id that nothing has.
const NOBODY: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

pub(super) fn planted() -> Vec<Planted> {
    let mut all = kills();
    all.extend(queue());
    all.extend(stops());
    all
}

fn kills() -> Vec<Planted> {
    vec![
        Planted::new(
            "durability.kill_writes",
            "a proxy acknowledges some files and drops them",
            || acknowledged_by_the_proxy("POST", "/api/v1/objects", 10),
            "the file 01ARZ3NDEKTSV4RRFFQ69G5FAV was acknowledged and is lost",
        ),
        Planted::new(
            "durability.kill_writes",
            "what was not yet in the database's main file is lost",
            || {
                Fault::new().down(|data| {
                    std::fs::remove_file(data.join("aplomb.db-wal")).ok();
                })
            },
            "was acknowledged and is lost",
        ),
        Planted::new(
            "durability.kill_writes",
            "the disk changes a byte of each file",
            || {
                Fault::new().down(|data| {
                    for_each_file(&data.join("objects"), &|file| {
                        let mut file = OpenOptions::new()
                            .read(true)
                            .write(true)
                            .open(file)
                            .unwrap();
                        let mut first = [0];
                        if file.read(&mut first).unwrap() == 1 {
                            file.seek(SeekFrom::Start(0)).unwrap();
                            file.write_all(&[first[0] ^ 1]).unwrap();
                        }
                    });
                })
            },
            "was acknowledged and is torn",
        ),
        Planted::new(
            "durability.sync",
            "a proxy acknowledges some writes before anything is on the disk",
            || acknowledged_by_the_proxy("PATCH", "/api/v1/keys/", 5),
            "was acknowledged without a sync",
        ),
    ]
}

fn queue() -> Vec<Planted> {
    vec![
        Planted::new(
            "durability.queue",
            "an effect is repeated with another key",
            || {
                Fault::new().down(|data| {
                    let mut log = OpenOptions::new();
                    let log = log.create(true).append(true).open(data.join("drill.log"));
                    writeln!(log.unwrap(), "{NOBODY}:line 0").unwrap();
                })
            },
            "an effect was done with another key: 01ARZ3NDEKTSV4RRFFQ69G5FAV:line 0",
        ),
        Planted::new(
            "durability.queue",
            "an effect outside is lost",
            || {
                Fault::new().down(|data| {
                    // The first line: it was written long before the kill.
                    let log = data.join("drill.log");
                    let text = std::fs::read_to_string(&log).unwrap_or_default();
                    let kept = text.split_once('\n').map_or("", |(_, rest)| rest);
                    std::fs::write(log, kept).unwrap();
                })
            },
            "is missing",
        ),
        Planted::new(
            "durability.queue",
            "a proxy drops the Idempotency-Key",
            || {
                Fault::new().ask(|asked| {
                    asked.headers.remove("idempotency-key");
                    None
                })
            },
            "made two jobs",
        ),
    ]
}

fn stops() -> Vec<Planted> {
    vec![
        Planted::new(
            "durability.disk_full",
            "a proxy drops Retry-After",
            || {
                Fault::new().change(|_, answer| {
                    answer.headers.remove("retry-after");
                })
            },
            "full disk, a row: 503 without Retry-After",
        ),
        Planted::new(
            "durability.disk_full",
            "a page of the proxy's own in place of the refusal",
            || {
                Fault::new().change(|asked, answer| {
                    if answer.status == 503 && asked.path() != "/readyz" {
                        *answer = Answered::new(500, "<h1>Something went wrong</h1>");
                    }
                })
            },
            "503 with a code data.… was expected, 500 with None came",
        ),
        Planted::new(
            "durability.disk_full",
            "the readiness answer comes from a cache",
            || {
                Fault::new().change(|asked, answer| {
                    if asked.path() == "/readyz" {
                        *answer = Answered::new(
                            200,
                            r#"{"ready":true,"dependencies":[{"name":"database","up":true}]}"#,
                        );
                    }
                })
            },
            "/readyz never says 503",
        ),
        Planted::new(
            "durability.disk_full",
            "files are gone after the stop",
            || {
                Fault::new().down(|data| {
                    for_each_file(&data.join("objects"), &|file| {
                        std::fs::remove_file(file).unwrap();
                    });
                })
            },
            "after a new start: the file that was acknowledged is lost",
        ),
        Planted::new(
            "durability.restart",
            "no time for those who still ask",
            || Fault::new().set("http.drain_delay_ms", "0"),
            "during the stop",
        ),
        Planted::new(
            "durability.restart",
            "a stop is not remembered as clean",
            || {
                Fault::new().change(|asked, answer| {
                    if asked.path() == "/health" {
                        let text = answer.text();
                        let clean = r#""last_stop_was_clean":"#;
                        answer.body = text
                            .replace(&format!("{clean}true"), &format!("{clean}false"))
                            .into();
                    }
                })
            },
            "/health says last_stop_was_clean false after a stop",
        ),
    ]
}

/// Each so-many-th write is answered with success and goes nowhere.
fn acknowledged_by_the_proxy(method: &'static str, path: &'static str, each: usize) -> Fault {
    let count = AtomicUsize::new(1);
    Fault::new().ask(move |asked: &mut Asked| {
        let is_one = asked.method == method && asked.path().starts_with(path);
        if !is_one || !count.fetch_add(1, Ordering::Relaxed).is_multiple_of(each) {
            return None;
        }
        let status = if method == "POST" { 201 } else { 200 };
        let mut answer = Answered::new(status, format!(r#"{{"id":"{NOBODY}"}}"#));
        answer.set("content-type", "application/json");
        Some(answer)
    })
}

fn for_each_file(folder: &Path, act: &dyn Fn(&Path)) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            for_each_file(&path, act);
        } else {
            act(&path);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_kills_are_found() {
    every_fault_is_found(kills()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_the_queue_are_found() {
    every_fault_is_found(queue()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_full_disks_and_stops_are_found() {
    every_fault_is_found(stops()).await;
}
