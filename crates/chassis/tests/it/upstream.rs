//! Calls to a real server that misbehaves.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use chassis::clock::SystemClock;
use chassis::upstream::guard::{GuardFault, Rules};
use chassis::upstream::{
    Answer, Backoff, BreakerPolicy, Bulkhead, CachePolicy, Policy, Reach, Request, Source,
    Upstream, UpstreamFault, Upstreams,
};
use http::{HeaderValue, Method, StatusCode, header};
use reqwest::Url;

use crate::data::place::Place;
use crate::outside::{Outside, status};

fn policy() -> Policy {
    Policy {
        timeout: Duration::from_millis(400),
        backoff: Backoff {
            first: Duration::from_millis(5),
            most: Duration::from_millis(50),
        },
        breaker: None,
        ..Policy::default()
    }
}

fn upstream(policy: Policy) -> Upstream {
    Upstreams::new(Arc::new(SystemClock)).open("test", policy)
}

fn get(address: &str) -> Request {
    Request::get(Url::parse(address).unwrap())
}

async fn fails(upstream: &Upstream, address: &str) -> UpstreamFault {
    upstream.send(get(address)).await.unwrap_err()
}

#[tokio::test]
async fn what_may_be_repeated_is_repeated_and_nothing_else() {
    let outside = Outside::start(|_, before| async move {
        if before % 3 == 2 {
            "late".into_response()
        } else {
            status(503)
        }
    })
    .await;
    let upstream = upstream(policy());
    let answer = upstream.send(get(&outside.url("/a"))).await.unwrap();
    assert_eq!(
        (answer.status, &answer.body[..]),
        (StatusCode::OK, &b"late"[..])
    );
    assert_eq!(outside.arrived().len(), 3);

    let post = Request::new(Method::POST, Url::parse(&outside.url("/b")).unwrap());
    let fault = upstream.send(post.clone()).await.unwrap_err();
    assert_eq!(
        fault,
        UpstreamFault::Status {
            status: 503,
            retry_after: None
        }
    );
    assert_eq!(outside.arrived().len(), 4, "a POST is not repeated");

    let keyed = post.idempotency_key(HeaderValue::from_static("k1"));
    assert!(upstream.send(keyed).await.is_ok());
    let last = outside.arrived().pop().unwrap();
    assert_eq!(last.headers["idempotency-key"], "k1");
    assert_eq!(outside.arrived().len(), 6);
}

#[tokio::test]
async fn retry_after_is_respected_and_too_long_a_one_ends_the_attempts() {
    let outside = Outside::start(|request, before| async move {
        let wait = if request.path == "/long" { "3600" } else { "1" };
        if before == 0 || request.path == "/long" {
            (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, wait)]).into_response()
        } else {
            "ok".into_response()
        }
    })
    .await;
    let mut patient = policy();
    patient.backoff.most = Duration::from_secs(2);
    let upstream = upstream(patient);
    let begun = Instant::now();
    assert!(upstream.send(get(&outside.url("/short"))).await.is_ok());
    assert!(begun.elapsed() >= Duration::from_secs(1));
    let asked = Some(Duration::from_hours(1));
    assert_eq!(
        fails(&upstream, &outside.url("/long")).await,
        UpstreamFault::Status {
            status: 429,
            retry_after: asked
        }
    );
    assert_eq!(outside.arrived().len(), 3);
}

#[tokio::test]
async fn each_kind_of_failure_has_its_class() {
    let outside = Outside::start(|request, _| async move {
        match request.path.as_str() {
            "/slow" => {
                tokio::time::sleep(Duration::from_secs(5)).await;
                "late".into_response()
            }
            "/huge" => vec![b'x'; 3_000].into_response(),
            "/endless" => {
                let parts =
                    futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 900]));
                Response::new(Body::from_stream(parts))
            }
            _ => status(404),
        }
    })
    .await;
    let upstream = upstream(Policy {
        retries: 0,
        answer_limit_bytes: 2_000,
        ..policy()
    });
    let begun = Instant::now();
    assert_eq!(
        fails(&upstream, &outside.url("/slow")).await,
        UpstreamFault::Timeout
    );
    assert!(begun.elapsed() < Duration::from_secs(2));
    let too_large = UpstreamFault::TooLarge { limit_bytes: 2_000 };
    assert_eq!(fails(&upstream, &outside.url("/huge")).await, too_large);
    assert_eq!(fails(&upstream, &outside.url("/endless")).await, too_large);
    let cut = format!("http://{}/", Outside::cutting().await);
    assert_eq!(fails(&upstream, &cut).await, UpstreamFault::Interrupted);
    let nobody = format!("http://{}/", Outside::nobody().await);
    assert_eq!(fails(&upstream, &nobody).await, UpstreamFault::Connect);
    assert_eq!(
        fails(&upstream, "http://nowhere.invalid/").await,
        UpstreamFault::Connect
    );
    let answer = upstream.send(get(&outside.url("/other"))).await.unwrap();
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "4xx is an answer");
    let state = upstream.state();
    assert_eq!(state.last_failure, Some("connect"));
    assert!(state.last_failure_at.is_some());
}

#[tokio::test]
async fn a_breaker_opens_probes_and_closes() {
    let clock = Place::sqlite().clock;
    let outside =
        Outside::start(|_, before| async move { status(if before < 4 { 500 } else { 200 }) }).await;
    let upstreams = Upstreams::new(clock.clone());
    let upstream = upstreams.open(
        "flaky",
        Policy {
            retries: 0,
            breaker: Some(BreakerPolicy {
                window: Duration::from_secs(10),
                minimum_calls: 3,
                failure_share: 0.5,
                open_for: Duration::from_secs(5),
                probes: 2,
            }),
            ..policy()
        },
    );
    let url = outside.url("/");
    for _ in 0..3 {
        assert!(matches!(
            fails(&upstream, &url).await,
            UpstreamFault::Status { .. }
        ));
    }
    assert_eq!(
        fails(&upstream, &url).await,
        UpstreamFault::Open {
            wait: Duration::from_secs(5)
        }
    );
    assert_eq!(outside.arrived().len(), 3, "an open breaker calls nobody");
    assert_eq!(upstreams.states()[0].state, "open");

    clock.advance_ms(5_000);
    assert_eq!(upstream.state().state, "half-open");
    assert!(matches!(
        fails(&upstream, &url).await,
        UpstreamFault::Status { .. }
    ));
    assert!(matches!(
        fails(&upstream, &url).await,
        UpstreamFault::Open { .. }
    ));
    clock.advance_ms(5_000);
    for _ in 0..2 {
        assert!(upstream.send(get(&url)).await.is_ok());
    }
    let state = upstream.state();
    assert_eq!(state.state, "closed");
    assert!(state.since.is_some());
    assert_eq!(state.last_failure, Some("status"));
}

#[tokio::test]
async fn a_full_bulkhead_refuses() {
    let outside = Outside::start(|_, _| async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        "slow".into_response()
    })
    .await;
    let upstream = upstream(Policy {
        retries: 0,
        bulkhead: Bulkhead {
            concurrent: 1,
            waiting: 1,
            wait: Duration::from_millis(50),
        },
        ..policy()
    });
    let url = outside.url("/");
    let (first, second, third) = tokio::join!(
        upstream.send(get(&url)),
        upstream.send(get(&url)),
        upstream.send(get(&url))
    );
    assert!(first.is_ok());
    assert_eq!(
        second.unwrap_err(),
        UpstreamFault::Busy,
        "waited and gave up"
    );
    assert_eq!(
        third.unwrap_err(),
        UpstreamFault::Busy,
        "was not let to the door"
    );
    assert_eq!(outside.arrived().len(), 1);
}

#[tokio::test]
async fn kept_answers_serve_while_fresh_and_when_asking_fails() {
    let clock = Place::sqlite().clock;
    let outside = Outside::start(|_, before| async move {
        if before < 2 {
            format!("answer {before}").into_response()
        } else {
            status(500)
        }
    })
    .await;
    let upstream = Upstreams::new(clock.clone()).open_degradable(
        "cached",
        Policy {
            retries: 0,
            cache: Some(CachePolicy {
                fresh: Duration::from_mins(1),
                stale: Duration::from_mins(10),
                most_bytes: 1 << 20,
            }),
            ..policy()
        },
        |_, _| Some(Answer::degraded(StatusCode::OK, "instead")),
    );
    let url = outside.url("/");
    let ask = async || {
        let answer = upstream.send(get(&url).cacheable()).await.unwrap();
        (
            String::from_utf8(answer.body.to_vec()).unwrap(),
            answer.source,
        )
    };
    let said = |text: &str, source| (text.to_owned(), source);
    assert_eq!(ask().await, said("answer 0", Source::Upstream));
    assert_eq!(ask().await, said("answer 0", Source::Cache));
    clock.advance_ms(61_000);
    assert_eq!(ask().await, said("answer 1", Source::Upstream));
    clock.advance_ms(61_000);
    assert_eq!(ask().await, said("answer 1", Source::Stale));
    clock.advance_ms(600_000);
    assert_eq!(ask().await, said("instead", Source::Degraded));
    let asked = outside.arrived().len();
    let answer = upstream.send(get(&url)).await.unwrap();
    assert_eq!(
        (answer.source, outside.arrived().len()),
        (Source::Degraded, asked + 1),
        "only who says so is cached"
    );
}

#[tokio::test]
async fn a_guarded_upstream_is_led_nowhere_private() {
    let outside = Outside::start(|request, _| async move {
        let port = request.headers["host"]
            .to_str()
            .unwrap()
            .rsplit(':')
            .next()
            .unwrap()
            .to_owned();
        let target = match request.path.as_str() {
            "/inside" => "http://127.0.0.2:80/".to_owned(),
            "/metadata" => "http://169.254.169.254/latest/meta-data".to_owned(),
            "/mapped" => "http://[::ffff:127.0.0.2]/".to_owned(),
            "/name" => format!("http://localhost:{port}/end"),
            "/file" => "file:///etc/passwd".to_owned(),
            "/loop" => "/loop".to_owned(),
            "/hop" => "/end".to_owned(),
            _ => return "end".into_response(),
        };
        (StatusCode::FOUND, [(header::LOCATION, target)]).into_response()
    })
    .await;
    let rules = Rules {
        allow_http: true,
        allowed: vec!["127.0.0.1".parse().unwrap()],
    };
    let guarded = upstream(Policy {
        retries: 0,
        redirects: 3,
        reach: Reach::Guarded(rules),
        ..policy()
    });
    let private = UpstreamFault::Refused(GuardFault::Private);
    for path in ["/inside", "/metadata", "/mapped"] {
        assert_eq!(fails(&guarded, &outside.url(path)).await, private, "{path}");
    }
    assert_eq!(
        fails(&guarded, &outside.url("/file")).await,
        UpstreamFault::Refused(GuardFault::Scheme)
    );
    assert_eq!(
        fails(&guarded, &outside.url("/loop")).await,
        UpstreamFault::Redirects
    );
    let keyed = get(&outside.url("/hop"))
        .header(header::AUTHORIZATION, HeaderValue::from_static("Bearer x"));
    assert_eq!(&guarded.send(keyed).await.unwrap().body[..], b"end");
    assert!(
        outside
            .arrived()
            .last()
            .unwrap()
            .headers
            .contains_key("authorization")
    );

    let closed = upstream(Policy {
        retries: 0,
        reach: Reach::Guarded(Rules {
            allow_http: true,
            allowed: Vec::new(),
        }),
        ..policy()
    });
    let before = outside.arrived().len();
    let by_name = format!("http://localhost:{}/end", outside.address.port());
    assert_eq!(
        fails(&closed, &by_name).await,
        private,
        "a name is judged by its address"
    );
    assert_eq!(outside.arrived().len(), before);
}

#[tokio::test]
async fn another_host_is_not_told_the_keys_of_the_first() {
    let end = Outside::start(|_, _| async { "end".into_response() }).await;
    let target = end.url("/end");
    let start = Outside::start(move |_, _| {
        let target = target.clone();
        async move { (StatusCode::FOUND, [(header::LOCATION, target)]).into_response() }
    })
    .await;
    let upstream = upstream(Policy {
        redirects: 1,
        ..policy()
    });
    let request = get(&start.url("/"))
        .header(header::AUTHORIZATION, HeaderValue::from_static("Bearer x"))
        .header(header::ACCEPT, HeaderValue::from_static("text/plain"));
    assert!(upstream.send(request).await.is_ok());
    let headers = &end.arrived()[0].headers;
    assert!(!headers.contains_key("authorization"));
    assert_eq!(headers["accept"], "text/plain");
}
