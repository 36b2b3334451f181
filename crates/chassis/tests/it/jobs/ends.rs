//! How jobs end: failures and what is tried again, cancelling, time, panics.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chassis::jobs::{JobFault, Kind, Run};
use serde_json::json;

use super::shop::{noted, nothing, open, quick};
use crate::data::place::{notes, on_each};

/// Fails until `heal` says otherwise, after one step.
fn failing(heal: Arc<AtomicU32>) -> Kind {
    Kind::new("test.failing", move |run: Run| {
        let heal = heal.clone();
        async move {
            noted(&run, "first").await?;
            if heal.load(Ordering::SeqCst) == 0 {
                return Err(JobFault::retry("jobs.drill_failed").with("step", run.attempt));
            }
            noted(&run, "second").await?;
            Ok(json!(run.attempt))
        }
    })
    .attempts(3)
    .backoff(Duration::from_secs(10), Duration::from_mins(1))
}

#[tokio::test]
async fn a_failing_job_is_tried_again_fails_for_good_and_goes_on_where_it_was() {
    on_each(async |place| {
        let heal = Arc::new(AtomicU32::new(0));
        let shop = open(place, quick(), vec![failing(heal.clone())])
            .await
            .work();
        let id = shop.enqueue("test.failing").await;
        for attempt in 1..=2 {
            super::shop::until("an attempt", async || {
                let view = shop.view(id).await;
                view.attempt == attempt && view.state == "waiting"
            })
            .await;
            let view = shop.view(id).await;
            let error = view.error.unwrap();
            assert_eq!(error.code, "jobs.drill_failed");
            assert!(
                error.detail.contains(&attempt.to_string()),
                "{}",
                error.detail
            );
            place.clock.advance_ms(60_000);
        }
        let view = shop.until(id, "failed").await;
        assert_eq!(view.attempt, 3);
        assert!(view.finished_at.is_some());

        heal.store(1, Ordering::SeqCst);
        assert!(shop.context.jobs.retry(shop.home, id).await.unwrap());
        let view = shop.until(id, "done").await;
        assert_eq!((view.result, view.error.is_none()), (Some(json!(4)), true));
        let written = notes(&shop.context.database).await;
        assert_eq!(written, [format!("{id}:first"), format!("{id}:second")]);
        assert!(!shop.context.jobs.retry(shop.home, id).await.unwrap());
        shop.drained().await;
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_mended_fails_at_once() {
    on_each(async |place| {
        let kinds = vec![
            Kind::new("test.fatal", |_| async {
                Err(JobFault::fatal("jobs.drill_failed").with("step", 1))
            }),
            Kind::new("test.panic", |_| async { panic!("on request") }).attempts(1),
            Kind::new("test.slow", |_| std::future::pending())
                .timeout(Duration::from_millis(50))
                .attempts(1),
            Kind::new("test.input", |run: Run| async move {
                let number: u8 = run.input()?;
                Ok(json!(number))
            }),
            Kind::new("test.large", |_| async { Ok(json!("x".repeat(300_000))) }),
        ];
        let shop = open(place, quick(), kinds).await.work();
        for (kind, code) in [
            ("test.fatal", "jobs.drill_failed"),
            ("test.panic", "jobs.panicked"),
            ("test.slow", "jobs.timed_out"),
            ("test.input", "jobs.invalid_input"),
            ("test.large", "jobs.result_too_large"),
        ] {
            let id = shop.enqueue(kind).await;
            let view = shop.until(id, "failed").await;
            assert_eq!(view.error.unwrap().code, code, "{kind}");
            assert_eq!(view.attempt, 1, "{kind}");
        }
        shop.drained().await;
    })
    .await;
}

#[tokio::test]
async fn a_waiting_job_is_cancelled_at_once_and_a_running_one_when_it_can() {
    on_each(async |place| {
        let kinds = vec![
            Kind::new("test.listens", |run: Run| async move {
                run.cancelled().await;
                run.check()?;
                nothing()
            }),
            Kind::new("test.deaf", |_| std::future::pending()),
            Kind::new("test.steps", |run: Run| async move {
                for step in 0.. {
                    noted(&run, &format!("step {step:06}")).await?;
                }
                nothing()
            }),
        ];
        let shop = open(place, quick(), kinds).await;
        let jobs = shop.context.jobs.clone();
        let waiting = shop.enqueue("test.listens").await;
        jobs.cancel(shop.home, waiting).await.unwrap();
        assert_eq!(shop.view(waiting).await.state, "cancelled");

        let shop = shop.work();
        for kind in ["test.listens", "test.deaf", "test.steps"] {
            let id = shop.enqueue(kind).await;
            shop.until(id, "running").await;
            jobs.cancel(shop.home, id).await.unwrap();
            assert!(shop.view(id).await.cancel_requested_at.is_some());
            let view = shop.until(id, "cancelled").await;
            assert!(view.finished_at.is_some() && view.error.is_none(), "{kind}");
            // What has ended stays as it is.
            jobs.cancel(shop.home, id).await.unwrap();
            assert_eq!(shop.view(id).await.revision, view.revision);
        }
        let count = notes(&shop.context.database).await.len();
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(notes(&shop.context.database).await.len(), count);
        shop.drained().await;
    })
    .await;
}

#[tokio::test]
async fn progress_is_stored_now_and_then_and_at_the_end() {
    on_each(async |place| {
        let kind = Kind::new("test.counts", |run: Run| async move {
            for n in 1..=5_000 {
                run.progress(n, Some(5_000), &format!("part {n}"));
                if n % 50 == 0 {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
            nothing()
        });
        let shop = open(place, quick(), vec![kind]).await.work();
        let id = shop.enqueue("test.counts").await;
        super::shop::until("progress on the way", async || {
            let view = shop.view(id).await;
            let done = view.progress.map_or(0, |progress| progress.done);
            assert!(view.state != "done", "no progress was seen on the way");
            (1..5_000).contains(&done)
        })
        .await;
        let view = shop.until(id, "done").await;
        let progress = view.progress.unwrap();
        assert_eq!((progress.done, progress.total), (5_000, Some(5_000)));
        assert_eq!(progress.note.as_deref(), Some("part 5000"));
        assert!(
            view.revision < 40,
            "{} writes for 5,000 changes",
            view.revision
        );
        shop.drained().await;
    })
    .await;
}
