//! What is asked for: once, in order, in time, within bounds.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chassis::config;
use chassis::jobs::{EnqueueFault, Kind, NewJob, Run};
use serde_json::json;

use super::shop::{Written, echo, nothing, open, quick};
use crate::data::place::{add, on_each};

#[tokio::test]
async fn a_job_gives_its_result() {
    on_each(async |place| {
        let shop = open(place, quick(), vec![echo()]).await.work();
        let new = NewJob::new(shop.home, "test.echo", json!({"n": 7}));
        let enqueued = shop.add(new).await;
        assert!(enqueued.is_new);
        let view = shop.until(enqueued.id, "done").await;
        assert_eq!(view.result, Some(json!({"n": 7})));
        assert_eq!((view.attempt, view.error.is_none()), (1, true));
        assert!(view.started_at.is_some() && view.finished_at.is_some());
        shop.drained().await;
    })
    .await;
}

#[tokio::test]
async fn one_key_gives_one_job() {
    on_each(async |place| {
        let shop = open(place, quick(), vec![echo()]).await;
        let keyed = || NewJob {
            idempotency_key: Some("order 7".into()),
            ..shop.job("test.echo")
        };
        let asked = futures_util::future::join_all((0..10).map(|_| shop.add(keyed()))).await;
        assert_eq!(asked.iter().filter(|one| one.is_new).count(), 1);
        assert!(asked.iter().all(|one| one.id == asked[0].id));
        // A key counts for its own kind and workspace; jobs without one are all different.
        let other = shop.enqueue("test.echo").await;
        assert_ne!(other, asked[0].id);
        assert_ne!(other, shop.enqueue("test.echo").await);
    })
    .await;
}

#[tokio::test]
async fn a_job_of_a_transaction_that_is_rolled_back_never_was() {
    on_each(async |place| {
        let shop = open(place, quick(), vec![echo()]).await.work();
        for keep in [false, true] {
            let (jobs, new) = (shop.context.jobs.clone(), shop.job("test.echo"));
            let key = format!("keep {keep}");
            let asked = shop
                .context
                .database
                .write(move |tx| {
                    Box::pin(async move {
                        let new = NewJob {
                            idempotency_key: Some(key.clone()),
                            ..new
                        };
                        let enqueued = jobs.enqueue_in(tx, new).await?;
                        add(tx, key).await?;
                        if keep {
                            Ok(enqueued.id)
                        } else {
                            Err(EnqueueFault::UnknownKind(enqueued.id.to_string()))
                        }
                    })
                })
                .await;
            match asked {
                Ok(id) => drop(shop.until(id, "done").await),
                Err(EnqueueFault::UnknownKind(id)) => {
                    let jobs = &shop.context.jobs;
                    let catalogue = &shop.context.catalogue;
                    let gone = jobs
                        .view(
                            shop.home,
                            id.parse().unwrap(),
                            catalogue,
                            chassis::i18n::Language::default(),
                        )
                        .await;
                    assert!(gone.unwrap().is_none());
                }
                Err(fault) => panic!("{fault}"),
            }
        }
        let notes = crate::data::place::notes(&shop.context.database).await;
        assert_eq!(notes, ["keep true"]);
        shop.drained().await;
    })
    .await;
}

#[tokio::test]
async fn what_no_row_should_hold_is_refused() {
    on_each(async |place| {
        let settings = config::Jobs {
            most_waiting: 3,
            ..quick()
        };
        let shop = open(place, settings, vec![echo()]).await;
        let jobs = &shop.context.jobs;
        let refused = async |new: NewJob| jobs.enqueue(new).await.unwrap_err();
        assert!(matches!(
            refused(shop.job("test.unknown")).await,
            EnqueueFault::UnknownKind(_)
        ));
        let large = NewJob::new(shop.home, "test.echo", json!("x".repeat(300_000)));
        assert!(matches!(
            refused(large).await,
            EnqueueFault::TooLarge { .. }
        ));
        let keyed = |key: String| NewJob {
            idempotency_key: Some(key),
            ..shop.job("test.echo")
        };
        let long = keyed("k".repeat(300));
        assert!(matches!(refused(long).await, EnqueueFault::TooLarge { .. }));
        for n in 0..3 {
            shop.add(keyed(n.to_string())).await;
        }
        let full = refused(shop.job("test.echo")).await;
        assert!(matches!(full, EnqueueFault::TooManyWaiting { limit: 3 }));
        // Who repeats himself adds nothing.
        assert!(!shop.add(keyed("2".into())).await.is_new);
    })
    .await;
}

#[tokio::test]
async fn higher_priorities_begin_first_and_none_before_its_time() {
    on_each(async |place| {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kind = {
            let seen = seen.clone();
            Kind::new("test.order", move |run: Run| {
                seen.lock().unwrap().push(run.input["n"].as_i64().unwrap());
                async { nothing() }
            })
            .concurrency(1)
        };
        let shop = open(place, quick(), vec![kind]).await;
        let later = chassis::clock::Timestamp::from_unix_ms(
            chassis::clock::Clock::now(place.clock.as_ref()).unix_ms() + 60_000,
        );
        let mut last = None;
        for (n, priority, run_at) in [(1, 0, None), (2, -5, None), (3, 9, None), (4, 10, later)] {
            let new = NewJob {
                priority,
                run_at,
                ..NewJob::new(shop.home, "test.order", json!({ "n": n }))
            };
            last = Some(shop.add(new).await.id);
            place.clock.advance_ms(1);
        }
        let shop = shop.work();
        super::shop::until("three jobs", async || seen.lock().unwrap().len() == 3).await;
        assert_eq!(shop.view(last.unwrap()).await.state, "waiting");
        place.clock.advance_ms(60_000);
        shop.until(last.unwrap(), "done").await;
        assert_eq!(*seen.lock().unwrap(), [3, 1, 2, 4]);
        shop.drained().await;
    })
    .await;
}

#[tokio::test]
async fn a_kind_has_its_places_and_the_process_its_own() {
    on_each(async |place| {
        let [one, all] = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
        let kind = |name: &'static str, places: usize, counts: Vec<(Arc<AtomicUsize>, usize)>| {
            Kind::new(name, move |_run: Run| {
                let counts = counts.clone();
                async move {
                    for (count, most) in &counts {
                        let now = count.fetch_add(1, Ordering::SeqCst) + 1;
                        assert!(now <= *most, "{now} at once");
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    for (count, _) in &counts {
                        count.fetch_sub(1, Ordering::SeqCst);
                    }
                    nothing()
                }
            })
            .concurrency(places)
            .attempts(1)
        };
        let settings = config::Jobs {
            concurrency: 3,
            ..quick()
        };
        let kinds = vec![
            kind("test.one", 2, vec![(one, 2), (all.clone(), 3)]),
            kind("test.two", 8, vec![(all, 3)]),
        ];
        let shop = open(place, settings, kinds).await;
        let mut ids = Vec::new();
        for n in 0..20 {
            ids.push(
                shop.enqueue(if n % 2 == 0 { "test.one" } else { "test.two" })
                    .await,
            );
        }
        let shop = shop.work();
        for id in ids {
            shop.until(id, "done").await;
        }
        shop.drained().await;
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_finds_nothing_writes_nothing() {
    let place = crate::data::place::Place::sqlite();
    let shop = open(&place, quick(), vec![echo()]).await.work();
    let written: Written = shop
        .context
        .database
        .write(|_| Box::pin(async { Ok(()) }))
        .await;
    written.unwrap();
    let log = place.config.folder.join("aplomb.db-wal");
    let size = || std::fs::metadata(&log).map_or(0, |file| file.len());
    let before = size();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(size(), before);
    shop.drained().await;
}
