//! Schedules, and what is deleted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chassis::jobs::{Jobs, Kind, KindFault, Run};

use super::shop::{nothing, open, over, quick, until};
use crate::data::place::on_each;

fn hourly(counted: &Arc<AtomicU32>) -> Kind {
    let counted = counted.clone();
    Kind::new("test.hourly", move |_: Run| {
        counted.fetch_add(1, Ordering::SeqCst);
        async { nothing() }
    })
    .schedule("0 * * * *")
}

#[tokio::test]
async fn a_schedule_makes_one_job_however_many_servers_there_are() {
    on_each(async |place| {
        let counted = Arc::new(AtomicU32::new(0));
        let one = open(place, quick(), vec![hourly(&counted)]).await.work();
        // A second server that only makes jobs: on SQLite there is none that works beside the first.
        let other = over(
            place,
            one.context.database.clone(),
            quick(),
            vec![hourly(&counted)],
        )
        .await;
        let two = if place.config.url.is_some() {
            Some(other.work())
        } else {
            None
        };
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(
            counted.load(Ordering::SeqCst),
            0,
            "its first hour has not come"
        );
        // Five hours without a look become one job.
        for (hours, runs) in [(1, 1), (1, 2), (5, 3)] {
            place.clock.advance_ms(hours * 3_600_000);
            until("the hour's job", async || {
                counted.load(Ordering::SeqCst) == runs
            })
            .await;
            tokio::time::sleep(Duration::from_millis(1_200)).await;
            assert_eq!(counted.load(Ordering::SeqCst), runs);
        }
        one.drained().await;
        if let Some(two) = two {
            two.drained().await;
        }
    })
    .await;
}

#[tokio::test]
async fn kinds_that_cannot_be_are_named() {
    let place = crate::data::place::Place::sqlite();
    let database = place.open().await;
    let kind = || Kind::new("test.kind", |_| async { nothing() });
    let twice = Jobs::new(&database, &quick(), vec![kind(), kind()]);
    assert!(matches!(twice.err(), Some(KindFault::Twice("test.kind"))));
    let wrong = Jobs::new(&database, &quick(), vec![kind().schedule("every day")]);
    assert!(matches!(
        wrong.err(),
        Some(KindFault::Schedule("test.kind", _))
    ));
}
