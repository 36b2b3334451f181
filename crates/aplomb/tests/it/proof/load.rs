//! Faults under load: a slow or failing server, one that costs too much, one that leaks, one that does not refuse.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use axum::http::Method;
use chassis::check::ground::Wishes;
use chassis::check::{Evidence, Origin, Pace, Reach, Subject, Verdict};
use chassis::clock::{Clock, SystemClock};
use futures_util::FutureExt;
use readiness::load::checks::soak::{self, Times};

use super::sabotage::{self, Answered, Asked, Fault};
use super::{Planted, every_fault_is_found};

/// Every so many-th request, from the first on.
fn every(times: u64) -> impl Fn() -> bool + Send + Sync + 'static {
    let number = AtomicU64::new(0);
    move || number.fetch_add(1, Ordering::SeqCst) % times == times - 1
}

/// The proxy takes its time, without stopping others.
fn wait(duration: Duration) {
    tokio::task::block_in_place(|| std::thread::sleep(duration));
}

/// Requests of the load, not of its preparation.
fn is_loaded(asked: &Asked) -> bool {
    asked.path().starts_with("/api/v1/luna/") || asked.path() == "/api/v1/auth/me"
}

/// Holds connections to the server with a head of 900 kB that never ends.
fn holding(times: u64) -> Fault {
    let held = Mutex::new(Vec::new());
    let is_turn = every(times);
    Fault::new()
        .wishes(|wishes| {
            wishes
                .set("http.header_limit_bytes", 1_048_576)
                .set("http.header_timeout_ms", 600_000)
        })
        .ask(move |asked| {
            if is_loaded(asked) && is_turn() {
                let address = asked.server.trim_start_matches("http://");
                let mut stream = TcpStream::connect(address).unwrap();
                let limit = Some(Duration::from_secs(5));
                stream.set_write_timeout(limit).unwrap();
                tokio::task::block_in_place(|| {
                    let _ = write!(stream, "GET / HTTP/1.1\r\nx-a: {}", "a".repeat(900_000));
                });
                held.lock().unwrap().push(stream);
            }
            None
        })
}

pub(super) fn planted() -> Vec<Planted> {
    vec![
        Planted::new(
            "load.objectives",
            "every tenth answer takes 400 ms",
            || {
                let is_slow = every(10);
                Fault::new().change(move |_, _| {
                    if is_slow() {
                        wait(Duration::from_millis(400));
                    }
                })
            },
            "p95 is",
        ),
        Planted::new(
            "load.objectives",
            "one answer in forty takes 1.3 s",
            || {
                let is_slow = every(40);
                Fault::new().change(move |_, _| {
                    if is_slow() {
                        wait(Duration::from_millis(1_300));
                    }
                })
            },
            "p99 is",
        ),
        Planted::new(
            "load.objectives",
            "one answer in a hundred is a 500",
            || {
                let fails = every(100);
                Fault::new().ask(move |asked| {
                    (is_loaded(asked) && fails()).then(|| Answered::new(500, "broken"))
                })
            },
            "answered 500 in place of 200",
        ),
        Planted::new(
            "load.cost",
            "each question is answered by a great picture",
            || {
                Fault::new().ask(|asked| {
                    if asked.method == Method::GET && is_loaded(asked) {
                        let great = "/api/v1/luna/mark/tessera/power.png?size=2048";
                        asked.uri = great.parse().unwrap();
                    }
                    None
                })
            },
            "ms of CPU",
        ),
        Planted::new(
            "load.cost",
            "connections are held with all the memory that a head may have",
            || holding(8),
            "memory grew by",
        ),
        Planted {
            stands_alone: false,
            check: "load.soak",
            name: "connections are opened and never closed",
            run: Box::new(|| soaked(Some(holding(4))).boxed()),
            says: "more files are open",
        },
        Planted::new(
            "load.overload",
            "nobody is refused",
            || Fault::new().set("http.maximum_in_flight", "1000000"),
            "no request was refused",
        ),
        Planted::new(
            "load.overload",
            "a proxy takes Retry-After away",
            || {
                Fault::new().change(|_, answer| {
                    answer.headers.remove("retry-after");
                })
            },
            "503 without Retry-After",
        ),
        Planted::new(
            "load.overload",
            "the server looks dead while it refuses",
            || {
                let refuses = AtomicBool::new(false);
                Fault::new().change(move |asked, answer| {
                    if answer.status == 503 {
                        refuses.store(true, Ordering::SeqCst);
                    }
                    if asked.path() == "/livez" && refuses.load(Ordering::SeqCst) {
                        *answer = Answered::new(503, "");
                    }
                })
            },
            "/livez meanwhile",
        ),
        Planted::new(
            "load.overload",
            "a breaker opens and stays open",
            || {
                let is_open = AtomicBool::new(false);
                Fault::new().change(move |asked, answer| {
                    if answer.status == 503 {
                        is_open.store(true, Ordering::SeqCst);
                    }
                    if is_open.load(Ordering::SeqCst) && asked.path() != "/livez" {
                        *answer = Answered::new(503, "open");
                        answer.set("retry-after", "1");
                    }
                })
            },
            "does not recover",
        ),
    ]
}

/// A soak of some seconds in place of minutes.
async fn soaked(fault: Option<Fault>) -> Evidence {
    let ground = sabotage::ground(fault);
    let wishes = Wishes::none()
        .set("profile", "development")
        .set("limits.anonymous_per_minute", 0);
    let instance = ground.start(wishes).await.unwrap();
    let key = readiness::actors::key(instance.as_ref(), "*")
        .await
        .unwrap();
    let mut subject = Subject::new(&instance.base(), Pace::Full, Reach::Own).unwrap();
    subject.scenario = super::scenario();
    let times = Times {
        length: Duration::from_secs(6),
        warm_up: Duration::from_secs(2),
        look_every: Duration::from_millis(250),
        rate_per_s: 100.0,
    };
    let started = SystemClock.now();
    let outcome = soak::measure(&subject, instance.as_ref(), &key, times).await;
    let soak = super::checks()
        .into_iter()
        .find(|check| check.about().id == "load.soak");
    let about = soak.unwrap().about();
    Evidence::new(
        &about,
        outcome,
        (started, SystemClock.now()),
        &Origin::default(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_under_load_are_found() {
    every_fault_is_found(planted()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_soak_finds_what_grows() {
    // In some seconds memory still grows for good reasons; open files do not.
    let sound = soaked(None).await;
    let says =
        |evidence: &Evidence, what: &str| evidence.faults.iter().any(|fault| fault.contains(what));
    assert!(!says(&sound, "more files are open"), "{sound:#?}");
    let leaking = soaked(Some(holding(4))).await;
    assert_eq!(leaking.verdict, Verdict::Fail);
    assert!(says(&leaking, "more files are open"), "{leaking:#?}");
    assert!(says(&leaking, "memory grows by"), "{leaking:#?}");
}
