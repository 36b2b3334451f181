//! Workers: stopping in order, dying, and several on one database.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use chassis::config;
use chassis::jobs::{JobFault, Kind, Run};
use serde_json::json;
use tokio::sync::Notify;

use super::shop::{noted, nothing, open, over, quick};
use crate::data::place::{Place, notes, on_each, on_postgres};

#[tokio::test]
async fn a_stopping_server_puts_jobs_back_between_two_steps() {
    on_each(async |place| {
        let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let kind = {
            let (begun, go) = (begun.clone(), go.clone());
            Kind::new("test.two", move |run: Run| {
                let (begun, go) = (begun.clone(), go.clone());
                async move {
                    let first = async || {
                        begun.notify_one();
                        go.notified().await;
                        Ok(run.attempt)
                    };
                    let first: u32 = run.step("first", first).await?;
                    noted(&run, "second").await?;
                    Ok(json!([first, run.attempt]))
                }
            })
        };
        let shop = open(place, quick(), vec![kind.clone()]).await.work();
        let id = shop.enqueue("test.two").await;
        begun.notified().await;
        let context = shop.context.clone();
        let drained = chassis::task::spawn(shop.drained());
        tokio::time::sleep(Duration::from_millis(50)).await;
        go.notify_one();
        drained.await.unwrap();

        let shop = over(place, context.database.clone(), quick(), vec![kind]).await;
        let view = shop.view(id).await;
        assert_eq!((view.state.as_str(), view.attempt), ("waiting", 1));
        assert!(notes(&shop.context.database).await.is_empty());
        let shop = shop.work();
        let view = shop.until(id, "done").await;
        assert_eq!(
            view.result,
            Some(json!([1, 2])),
            "the first step was not repeated"
        );
        shop.drained().await;
    })
    .await;
}

#[tokio::test]
async fn a_job_that_does_not_pause_is_put_back_when_the_drain_is_over() {
    on_each(async |place| {
        let kind = Kind::new("test.deaf", |_| std::future::pending());
        let settings = config::Jobs {
            drain_timeout_ms: 100,
            ..quick()
        };
        let shop = open(place, settings, vec![kind.clone()]).await.work();
        let id = shop.enqueue("test.deaf").await;
        shop.until(id, "running").await;
        let context = shop.context.clone();
        let began = Instant::now();
        shop.drained().await;
        assert!(began.elapsed() < Duration::from_secs(3));
        let shop = over(place, context.database.clone(), quick(), vec![kind]).await;
        assert_eq!(shop.view(id).await.state, "waiting");
    })
    .await;
}

/// Works in a runtime of its own until the job has begun, and is gone with it, as a killed process is.
fn die_at_work(place: &Place, begun: &Arc<Notify>, kind: &Kind) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (config, clock) = (place.config.clone(), place.clock.clone());
    let (begun, kind) = (begun.clone(), kind.clone());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            runtime.block_on(async {
                let place = Place::at(config, clock);
                let shop = over(&place, place.open_bare().await, quick(), vec![kind]).await;
                let shop = shop.work();
                // A job whose worker died again and again waits a while.
                let soon = Duration::from_millis(100);
                while tokio::time::timeout(soon, begun.notified()).await.is_err() {
                    place.clock.advance_ms(10_000);
                }
                // The first step is recorded; nothing after it.
                std::mem::forget(shop);
            });
        });
    });
    runtime.shutdown_background();
}

/// One step, then it stays where it is for ever at the first attempt.
fn stuck(begun: &Arc<Notify>) -> Kind {
    let begun = begun.clone();
    Kind::new("test.stuck", move |run: Run| {
        let begun = begun.clone();
        async move {
            noted(&run, "one").await?;
            if run.attempt == 1 {
                begun.notify_one();
                std::future::pending::<()>().await;
            }
            noted(&run, "two").await?;
            nothing()
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_job_of_a_dead_worker_goes_on() {
    on_each(async |place| {
        let begun = Arc::new(Notify::new());
        let kind = stuck(&begun);
        let shop = open(place, quick(), vec![kind.clone()]).await;
        let id = shop.enqueue("test.stuck").await;
        tokio::task::block_in_place(|| die_at_work(place, &begun, &kind));
        assert_eq!(shop.view(id).await.state, "running");
        if place.config.url.is_some() {
            // Another process may be alive: its lease is respected.
            place.clock.advance_ms(10_001);
        }
        let shop = shop.work();
        let view = shop.until(id, "done").await;
        assert_eq!(view.attempt, 2);
        let written = notes(&shop.context.database).await;
        assert_eq!(written, [format!("{id}:one"), format!("{id}:two")]);
        shop.drained().await;
    })
    .await;
}

#[tokio::test]
async fn a_living_worker_keeps_its_job_for_longer_than_a_lease() {
    on_postgres(async |place| {
        let go = Arc::new(Notify::new());
        let kind = {
            let go = go.clone();
            Kind::new("test.long", move |run: Run| {
                let go = go.clone();
                async move {
                    go.notified().await;
                    Ok(json!(run.attempt))
                }
            })
        };
        let settings = config::Jobs {
            lease_ms: 1_000,
            ..quick()
        };
        let one = open(place, settings.clone(), vec![kind.clone()])
            .await
            .work();
        let id = one.enqueue("test.long").await;
        one.until(id, "running").await;
        let two = over(place, place.open_bare().await, settings, vec![kind])
            .await
            .work();
        // Three leases go by, at half the pace of the signs, so that a busy machine changes nothing.
        for _ in 0..30 {
            place.clock.advance_ms(100);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        go.notify_one();
        let view = one.until(id, "done").await;
        assert_eq!(view.result, Some(json!(1)));
        two.drained().await;
        one.drained().await;
    })
    .await;
}

#[tokio::test]
async fn two_processes_share_the_work_and_do_nothing_twice() {
    on_postgres(async |place| {
        let kinds = || {
            let done = Arc::new(AtomicU32::new(0));
            let counted = done.clone();
            let kind = Kind::new("test.shared", move |run: Run| {
                let counted = counted.clone();
                async move {
                    noted(&run, "one").await?;
                    counted.fetch_add(1, Ordering::SeqCst);
                    Ok(json!(run.attempt))
                }
            })
            .concurrency(8);
            (vec![kind], done)
        };
        let ((first, by_one), (second, by_two)) = (kinds(), kinds());
        let one = open(place, quick(), first).await;
        let two = over(place, place.open_bare().await, quick(), second).await;
        let mut ids = Vec::new();
        for _ in 0..200 {
            ids.push(one.enqueue("test.shared").await);
        }
        let (one, two) = (one.work(), two.work());
        for id in &ids {
            let view = one.until(*id, "done").await;
            assert_eq!(view.result, Some(json!(1)));
        }
        let shares = [&by_one, &by_two].map(|done| done.load(Ordering::SeqCst));
        assert_eq!(shares.iter().sum::<u32>(), 200);
        assert!(shares.iter().all(|share| *share > 0), "{shares:?}");
        assert_eq!(notes(&one.context.database).await.len(), 200);
        one.drained().await;
        two.drained().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_kills_its_workers_fails_in_the_end() {
    let place = Place::sqlite();
    let begun = Arc::new(Notify::new());
    let killer = {
        let begun = begun.clone();
        Kind::new("test.killer", move |_: Run| {
            let begun = begun.clone();
            async move {
                begun.notify_one();
                std::future::pending::<Result<_, JobFault>>().await
            }
        })
    };
    let shop = open(&place, quick(), vec![killer.clone()]).await;
    let id = shop.enqueue("test.killer").await;
    for _ in 0..10 {
        tokio::task::block_in_place(|| die_at_work(&place, &begun, &killer));
    }
    let shop = shop.work();
    let view = shop.until(id, "failed").await;
    assert_eq!(view.error.unwrap().code, "jobs.workers_died");
    assert_eq!(view.attempt, 10);
    shop.drained().await;
}
