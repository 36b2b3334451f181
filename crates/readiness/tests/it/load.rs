//! The load generator on servers whose behaviour is known.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use chassis::check::scenario::LoadRequest;
use chassis::check::{Shape, Trouble};
use readiness::load::generator::{self, Pacing, Plan, address};
use readiness::load::mix::Mix;
use readiness::load::schedule::Arrivals;

const STALL: Duration = Duration::from_millis(600);

/// A test server on a port of its own, gone with its handle.
struct Server {
    base: String,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    async fn start(router: Router) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let task = chassis::task::spawn(async move {
            axum::serve(listener, router).await.unwrap();
        });
        Self { base, task }
    }

    fn plan(&self, rate_per_s: f64, length_ms: u64) -> Plan {
        let mix = Mix::one("/", address(&self.base).unwrap()).unwrap();
        Plan::new(
            &self.base,
            mix,
            rate_per_s,
            Duration::from_millis(length_ms),
        )
        .unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers at once, but stands still for all while one request, the 200th, is worked on.
fn stalling() -> Router {
    #[derive(Default)]
    struct Door {
        seen: AtomicU64,
        closed: tokio::sync::RwLock<()>,
    }
    let door = Arc::new(Door::default());
    Router::new()
        .fallback(async |State(door): State<Arc<Door>>| {
            if door.seen.fetch_add(1, Ordering::SeqCst) == 200 {
                let _closed = door.closed.write().await;
                tokio::time::sleep(STALL).await;
            } else {
                let _open = door.closed.read().await;
            }
            "ok"
        })
        .with_state(door)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stall_shows_in_the_latency_and_not_in_the_service_time() {
    let server = Server::start(stalling()).await;
    // 800 requests, of which 120 are due during the stall; four connections, so that only four are on their way meanwhile.
    let mut plan = server.plan(200.0, 4_000);
    plan.connections = 4;
    let summary = generator::run(plan).await.unwrap();
    assert_eq!((summary.due, summary.failed, summary.unsent), (800, 0, 0));
    let (latency, service) = (summary.latency, summary.service);
    assert!(latency.max_ms >= 590.0, "{summary:?}");
    assert!(latency.p99_ms >= 400.0, "{latency:?}");
    // 15 % of the requests waited; half of those longer than half of the stall.
    assert!(latency.p95_ms >= 250.0, "{latency:?}");
    // At most four of 800 were on their way: not one in a hundred.
    assert!(service.max_ms >= 590.0, "{service:?}");
    assert!(
        service.p99_ms < latency.p99_ms / 2.0,
        "{service:?} {latency:?}"
    );
    // The stall stands where it was, over time too.
    let worst = summary
        .windows
        .iter()
        .max_by(|a, b| a.p95_ms.partial_cmp(&b.p95_ms).unwrap());
    assert!(
        (0.0..=2.0).contains(&worst.unwrap().at_s),
        "{:?}",
        summary.windows
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_loop_hides_the_stall() {
    let server = Server::start(stalling()).await;
    let mut plan = server.plan(1.0, 3_000).closed();
    plan.connections = 4;
    let summary = generator::run(plan).await.unwrap();
    assert!(summary.due > 400, "{}", summary.due);
    assert!(summary.latency.max_ms >= 590.0, "{:?}", summary.latency);
    assert!(summary.latency.p99_ms < 400.0, "{:?}", summary.latency);
    assert_eq!(summary.wanted_per_s, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rate_is_kept_and_the_warm_up_is_not_counted() {
    let server = Server::start(Router::new().fallback(async || "ok")).await;
    let mut plan = server.plan(250.0, 3_000);
    plan.warm_up = Duration::from_secs(1);
    let summary = generator::run(plan.clone()).await.unwrap();
    // Never fewer or more than were due, however busy the machine is.
    assert_eq!(summary.due, 500);
    assert_eq!(summary.answered, 500);
    assert!(
        (200.0..=251.0).contains(&summary.achieved_per_s),
        "{summary:?}"
    );
    assert_eq!(summary.windows.iter().map(|one| one.due).sum::<u64>(), 500);
    assert_eq!(summary.late.max_ms < 2_000.0, summary.measured_s < 4.0);

    plan.pacing = Pacing::Open {
        rate_per_s: 250.0,
        arrivals: Arrivals::Poisson { seed: 3 },
    };
    let summary = generator::run(plan).await.unwrap();
    assert!((420..=580).contains(&summary.due), "{}", summary.due);
    assert_eq!(summary.answered, summary.due);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_answers_are_counted_by_kind_and_status() {
    let router = Router::new().fallback(async |uri: Uri| {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let is_wrong = uri.path() == "/b" && NUMBER.fetch_add(1, Ordering::SeqCst) % 10 == 9;
        if is_wrong {
            StatusCode::INTERNAL_SERVER_ERROR
        } else {
            StatusCode::OK
        }
    });
    let server = Server::start(router).await;
    let host = address(&server.base).unwrap();
    let kinds = [
        LoadRequest::get("a", 1, "/a"),
        LoadRequest::get("b", 1, "/b"),
    ];
    let mix = Mix::new(&kinds, host, None).unwrap();
    let plan = Plan::new(&server.base, mix, 400.0, Duration::from_secs(1)).unwrap();
    let summary = generator::run(plan).await.unwrap();
    assert_eq!((summary.due, summary.failed), (400, 20));
    assert!((summary.errors_percent() - 5.0).abs() < 1e-9);
    assert_eq!((summary.kinds[0].failed, summary.kinds[1].failed), (0, 20));
    assert_eq!(summary.answers_of(500).unwrap().answers, 20);
    assert_eq!(
        summary.fault_lines(),
        ["`b` answered 500 in place of 200: 20 of 400 requests"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_all_errors() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", port.local_addr().unwrap());
    drop(port);
    let mix = Mix::one("/", address(&base).unwrap()).unwrap();
    let plan = Plan::new(&base, mix, 50.0, Duration::from_secs(1)).unwrap();
    let summary = generator::run(plan.clone()).await.unwrap();
    assert_eq!((summary.due, summary.failed + summary.unsent), (50, 50));
    let closed = generator::run(plan.closed()).await.unwrap();
    assert!(closed.failed > 0 && closed.answered == 0);
    // Tried again, but not without a pause.
    assert!(closed.due <= 32 * 101, "{}", closed.due);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_is_bounded_and_what_finds_no_place_is_an_error() {
    let never = Router::new().fallback(async || {
        tokio::time::sleep(Duration::from_mins(10)).await;
        "late"
    });
    let server = Server::start(never).await;
    let mut plan = server.plan(200.0, 1_000);
    plan.connections = 2;
    plan.waiting = 30;
    plan.patience = Duration::from_millis(1_500);
    let summary = generator::run(plan).await.unwrap();
    assert_eq!((summary.due, summary.answered), (200, 0));
    // Two on their way and 30 waiting; the rest found no place.
    let no_place = summary.faults["no place in the queue"];
    assert!((160..=168).contains(&no_place), "{:?}", summary.faults);
    let given_up: u64 = summary
        .faults
        .iter()
        .filter(|(fault, _)| fault.contains("given up") || fault.contains("before the end"))
        .map(|(_, times)| times)
        .sum();
    assert_eq!(given_up + no_place, 200, "{:?}", summary.faults);
    assert!(summary.latency.max_ms >= 1_400.0, "{:?}", summary.latency);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_sent_as_the_scenario_has_them() {
    static SEEN: AtomicBool = AtomicBool::new(false);
    let router = Router::new().fallback(async |method: Method, headers: HeaderMap, body: Bytes| {
        let key = headers
            .get("authorization")
            .map(|value| value.as_bytes().to_vec());
        let is_right = method == Method::POST
            && key.as_deref() == Some(b"Bearer k")
            && headers["content-type"] == "application/json"
            && serde_json::from_slice::<serde_json::Value>(&body)
                .is_ok_and(|body| body["name"] == "x");
        SEEN.store(true, Ordering::SeqCst);
        // Keep-alive is given up now and then, as servers do.
        let connection = if body.ends_with(b"7}") {
            "close"
        } else {
            "keep-alive"
        };
        let status = if is_right {
            StatusCode::CREATED
        } else {
            StatusCode::BAD_REQUEST
        };
        (status, [("connection", connection)], "")
    });
    let server = Server::start(router).await;
    let host = address(&server.base).unwrap();
    let kind = LoadRequest::post("make", 1, "/make", r#"{"name":"{name}","n":{number}}"#)
        .with("name", ["x"])
        .expects(201);
    let mix = Mix::new(&[kind], host, Some("k")).unwrap();
    let mut plan = Plan::new(&server.base, mix, 200.0, Duration::from_secs(1)).unwrap();
    plan.connections = 3;
    let summary = generator::run(plan).await.unwrap();
    assert!(SEEN.load(Ordering::SeqCst));
    assert_eq!(
        (summary.due, summary.answered),
        (200, 200),
        "{:?}",
        summary.faults
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn samples_have_their_quantiles_and_their_seconds() {
    let server = Server::start(Router::new().fallback(async || "ok")).await;
    let mut plan = server.plan(100.0, 1_200);
    plan.window = Duration::from_millis(300);
    let series = generator::run(plan).await.unwrap().series();
    let shapes: Vec<_> = series.iter().map(|one| one.shape).collect();
    assert_eq!(
        shapes,
        [Shape::Quantiles, Shape::Quantiles, Shape::Line, Shape::Line]
    );
    for one in &series {
        assert!(one.points.len() >= 4, "{one:?}");
        assert!(one.points.is_sorted_by(|a, b| a.0 < b.0), "{one:?}");
    }
    assert!(series[0].points.is_sorted_by(|a, b| a.1 <= b.1));
    assert_eq!(series[0].points.last().map(|point| point.0), Some(1.0));
}

#[test]
fn an_address_without_plain_http_is_not_verifiable() {
    assert_eq!(address("http://127.0.0.1:80/").unwrap(), "127.0.0.1:80");
    assert!(matches!(
        address("https://example.org"),
        Err(Trouble::NotVerifiable(_))
    ));
}
