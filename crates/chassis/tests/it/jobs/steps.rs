//! Steps: recorded once, skipped afterwards, closed to whoever lost the job.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chassis::config;
use chassis::jobs::{JobFault, Kind, Run};
use serde_json::json;
use tokio::sync::Notify;

use super::shop::{noted, nothing, open, over, quick};
use crate::data::place::{notes, on_each, on_postgres};

#[tokio::test]
async fn a_recorded_step_is_not_done_again() {
    on_each(async |place| {
        let done = Arc::new(AtomicU32::new(0));
        let counted = done.clone();
        let kind = Kind::new("test.steps", move |run: Run| {
            let counted = counted.clone();
            async move {
                let step = async || Ok(counted.fetch_add(1, Ordering::SeqCst));
                let first: u32 = run.step("count", step).await?;
                let again: u32 = run.step("count", async || unreachable!()).await?;
                if run.attempt < 3 {
                    return Err(JobFault::Released);
                }
                Ok(json!([first, again, run.attempt]))
            }
        });
        let shop = open(place, quick(), vec![kind]).await.work();
        let id = shop.enqueue("test.steps").await;
        let view = shop.until(id, "done").await;
        assert_eq!(view.result, Some(json!([0, 0, 3])));
        assert_eq!(done.load(Ordering::SeqCst), 1);
        shop.drained().await;
    })
    .await;
}

#[tokio::test]
async fn a_step_that_fails_leaves_nothing_of_its_transaction() {
    on_each(async |place| {
        let kind = Kind::new("test.half", |run: Run| async move {
            let id = run.id.to_string();
            let half = run
                .step_in::<(), _>("half", move |tx| {
                    Box::pin(async move {
                        crate::data::place::add(tx, id).await?;
                        Err(JobFault::fatal("jobs.internal"))
                    })
                })
                .await;
            assert!(matches!(half, Err(JobFault::Failed { again: false, .. })));
            noted(&run, "after").await?;
            nothing()
        });
        let shop = open(place, quick(), vec![kind]).await.work();
        let id = shop.enqueue("test.half").await;
        shop.until(id, "done").await;
        assert_eq!(notes(&shop.context.database).await, [format!("{id}:after")]);
        shop.drained().await;
    })
    .await;
}

/// A stopped machine wakes up after its lease: its job is somebody else's, and nothing that it writes then lasts.
#[tokio::test]
async fn a_worker_that_lost_its_lease_records_nothing() {
    on_postgres(async |place| {
        let (asleep, woken) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let late = Arc::new(AtomicU32::new(0));
        let kind = {
            let (asleep, woken, late) = (asleep.clone(), woken.clone(), late.clone());
            Kind::new("test.sleeper", move |run: Run| {
                let (asleep, woken, late) = (asleep.clone(), woken.clone(), late.clone());
                async move {
                    noted(&run, "one").await?;
                    if run.attempt == 1 {
                        asleep.notify_one();
                        // Deaf to everything until the other one is done.
                        woken.notified().await;
                        let refused = noted(&run, "two").await;
                        assert!(matches!(refused, Err(JobFault::Lost)), "{refused:?}");
                        let refused = run.step("three", async || Ok(7)).await;
                        assert!(matches!(refused, Err(JobFault::Lost)), "{refused:?}");
                        late.fetch_add(1, Ordering::SeqCst);
                        return Ok(json!("from the dead"));
                    }
                    noted(&run, "two").await?;
                    Ok(json!("from the living"))
                }
            })
        };
        // No sign of life comes in the time of the test but at the very start.
        let slow = config::Jobs {
            lease_ms: 600_000,
            ..quick()
        };
        let first = open(place, slow, vec![kind.clone()]).await.work();
        let id = first.enqueue("test.sleeper").await;
        asleep.notified().await;
        place.clock.advance_ms(600_001);
        let prompt = config::Jobs {
            lease_ms: 500,
            ..quick()
        };
        let second = over(place, place.open_bare().await, prompt, vec![kind])
            .await
            .work();
        let view = second.until(id, "done").await;
        assert_eq!(
            (view.attempt, view.result),
            (2, Some(json!("from the living")))
        );
        woken.notify_one();
        super::shop::until("the late one", async || late.load(Ordering::SeqCst) == 1).await;
        second.drained().await;
        let after = first.view(id).await;
        assert_eq!(after.result, Some(json!("from the living")));
        assert_eq!(
            notes(&first.context.database).await,
            [format!("{id}:one"), format!("{id}:two")]
        );
        first.drained().await;
    })
    .await;
}
