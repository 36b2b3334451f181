use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chassis::data::{DataError, Database};
use futures_util::FutureExt;
use futures_util::future::join_all;
use proptest::prelude::*;
use sea_orm::{ConnectionTrait, TransactionTrait};
use tokio::sync::oneshot;

use super::place::{Place, add, notes, on_each, on_postgres, write_note};

/// How one write of a group ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Kept,
    /// Writes a row, then fails by itself.
    Failed,
    /// Writes a row, then breaks a constraint.
    Doubled,
    /// Writes a row, then panics.
    Panicked,
    /// Keeps one row and takes another back in a nested transaction.
    Nested,
}

fn ending() -> impl Strategy<Value = Ending> {
    prop_oneof![
        3 => Just(Ending::Kept),
        1 => Just(Ending::Failed),
        1 => Just(Ending::Doubled),
        1 => Just(Ending::Panicked),
        1 => Just(Ending::Nested),
    ]
}

#[derive(Debug, PartialEq, Eq)]
enum ServiceError {
    Refused,
    Data(String),
}

impl From<DataError> for ServiceError {
    fn from(error: DataError) -> Self {
        Self::Data(error.to_string())
    }
}

async fn write(database: &Database, id: String, ending: Ending) -> Result<(), ServiceError> {
    let work = async move |tx: &sea_orm::DatabaseTransaction| {
        add(tx, id.clone()).await?;
        match ending {
            Ending::Kept => Ok(()),
            Ending::Failed => Err(ServiceError::Refused),
            Ending::Doubled => Ok(add(tx, id).await?),
            Ending::Panicked => panic!("on purpose"),
            Ending::Nested => {
                let nested = tx.begin().await.map_err(DataError::from)?;
                add(&nested, format!("{id} nested")).await?;
                nested.rollback().await.map_err(DataError::from)?;
                Ok(())
            }
        }
    };
    database
        .write(|tx| Box::pin(async move { work(tx).await }))
        .await
}

/// Runs all writes at once and checks that those that should be kept are, and no others.
async fn check_group(place: &Place, endings: &[Ending]) {
    let database = place.open().await;
    let results = join_all(
        endings
            .iter()
            .enumerate()
            .map(|(index, ending)| write(&database, format!("{index:03}"), *ending)),
    )
    .await;
    let mut expected = Vec::new();
    for (index, (ending, result)) in endings.iter().zip(results).enumerate() {
        let id = format!("{index:03}");
        match ending {
            Ending::Kept | Ending::Nested => {
                assert_eq!(result, Ok(()), "{id}");
                expected.push(id);
            }
            Ending::Failed => assert_eq!(result, Err(ServiceError::Refused), "{id}"),
            Ending::Doubled => {
                let error = DataError::Unique {
                    constraint: "note_pkey".to_owned(),
                };
                assert_eq!(result, Err(error.into()), "{id}");
            }
            Ending::Panicked => assert_eq!(result, Err(DataError::Panicked.into()), "{id}"),
        }
    }
    assert_eq!(notes(&database).await, expected);
    write_note(&database, "after").await.unwrap();
    database.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn failing_write_disturbs_no_other_in_its_group() {
    on_each(async |place| {
        let cycle = [
            Ending::Kept,
            Ending::Doubled,
            Ending::Kept,
            Ending::Panicked,
            Ending::Failed,
            Ending::Nested,
        ];
        let endings: Vec<Ending> = cycle.into_iter().cycle().take(90).collect();
        check_group(place, &endings).await;
    })
    .await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_group_keeps_exactly_what_succeeded(endings in prop::collection::vec(ending(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(check_group(&Place::sqlite(), &endings));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_of_sqlite_run_in_the_order_they_were_queued() {
    let place = Place::sqlite();
    let database = place.open().await;
    let ids: Vec<String> = (0..200)
        .map(|number| format!("{:03}", (number * 37) % 200))
        .collect();
    // Unconstrained: the runtime would turn one of so many polls away, and that write would queue later.
    let writes = join_all(ids.iter().map(|id| write_note(&database, id)));
    for result in tokio::task::unconstrained(writes).await {
        result.unwrap();
    }
    let rows = database
        .read()
        .query_all_raw(sea_orm::Statement::from_string(
            sea_orm::DbBackend::Sqlite,
            "SELECT id FROM note ORDER BY rowid",
        ))
        .await
        .unwrap();
    let stored: Vec<String> = rows
        .iter()
        .map(|row| row.try_get("", "id").unwrap())
        .collect();
    assert_eq!(stored, ids);
    database.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_write_is_seen_by_the_next_read() {
    on_each(async |place| {
        let database = place.open().await;
        for number in 0..20 {
            write_note(&database, &format!("{number:02}"))
                .await
                .unwrap();
            assert_eq!(notes(&database).await.len(), number + 1);
        }
        database.close().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_writes_than_the_queue_holds_are_all_done() {
    let place = Place::sqlite();
    let database = place.open().await;
    let writes =
        (0..3_000).map(|number| tokio::spawn(write_note(&database, &format!("{number:04}"))));
    for write in writes.collect::<Vec<_>>() {
        write.await.unwrap().unwrap();
    }
    assert_eq!(notes(&database).await.len(), 3_000);
    database.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_constraints_have_the_same_names_on_both_databases() {
    on_each(async |place| {
        let database = place.open().await;
        let broken = async |sql: &'static str| {
            let write = database.write(move |tx| {
                Box::pin(async move {
                    tx.execute_unprepared("INSERT INTO folder (id) VALUES ('f') ON CONFLICT DO NOTHING").await?;
                    tx.execute_unprepared(sql).await?;
                    Ok::<_, DataError>(())
                })
            });
            write.await.unwrap_err()
        };
        let twice = broken("INSERT INTO note (id, body) VALUES ('a', 'b'), ('a', 'c')").await;
        assert!(matches!(&twice, DataError::Unique { constraint } if constraint == "note_pkey"), "{twice:?}");
        let twice = broken("INSERT INTO note (id, folder_id, body) VALUES ('a', 'f', 'x'), ('b', 'f', 'x')").await;
        assert!(
            matches!(&twice, DataError::Unique { constraint } if constraint == "note_folder_id_body_key"),
            "{twice:?}"
        );
        let orphan = broken("INSERT INTO note (id, body, folder_id) VALUES ('a', 'b', 'nowhere')").await;
        assert!(matches!(&orphan, DataError::ForeignKey { .. }), "{orphan:?}");
        let empty = broken("INSERT INTO note (id, body) VALUES ('a', NULL)").await;
        assert!(matches!(&empty, DataError::NotNull { column } if column == "note.body"), "{empty:?}");
        let thin = broken("INSERT INTO note (id, body, pages) VALUES ('a', 'b', 0)").await;
        assert!(matches!(&thin, DataError::Check { constraint } if constraint == "note_pages_check"), "{thin:?}");
        let senseless = broken("INSERT INTO nowhere VALUES (1)").await;
        assert!(matches!(&senseless, DataError::Other(_)), "{senseless:?}");
        database.close().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn write_that_takes_too_long_is_rolled_back_and_the_next_one_runs() {
    on_each(async |place| {
        place.open().await.close().await.unwrap();
        let config = chassis::config::Data {
            write_timeout_ms: 100,
            ..place.config.clone()
        };
        let database = Database::open(&config, place.clock.clone()).await.unwrap();
        let slow = database.write(|tx| {
            Box::pin(async move {
                add(tx, "slow".to_owned()).await?;
                std::future::pending::<()>().await;
                Ok::<_, DataError>(())
            })
        });
        let (slow, quick) = tokio::join!(slow, write_note(&database, "quick"));
        assert!(
            matches!(slow, Err(DataError::TimedOut { limit_ms: 100 })),
            "{slow:?}"
        );
        quick.unwrap();
        assert_eq!(notes(&database).await, ["quick"]);
        database.close().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn caller_does_not_wait_for_a_statement_that_hangs() {
    on_postgres(async |place| {
        let config = chassis::config::Data {
            write_timeout_ms: 100,
            ..place.config.clone()
        };
        let database = Database::open(&config, place.clock.clone()).await.unwrap();
        let hanging = database.write(|tx| {
            Box::pin(async move {
                tx.execute_unprepared("SELECT pg_sleep(5)").await?;
                Ok::<_, DataError>(())
            })
        });
        let began = std::time::Instant::now();
        let error = hanging.await.unwrap_err();
        assert!(matches!(error, DataError::TimedOut { .. }), "{error}");
        assert!(
            began.elapsed() < Duration::from_secs(3),
            "{:?}",
            began.elapsed()
        );
        database.ping().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queued_write_whose_caller_went_away_is_not_run() {
    let place = Place::sqlite();
    let database = place.open().await;
    let (release, released) = oneshot::channel::<()>();
    let (begun, has_begun) = oneshot::channel::<()>();
    let blocking = tokio::spawn({
        let database = database.clone();
        async move {
            let work = async move |tx: &sea_orm::DatabaseTransaction| {
                begun.send(()).unwrap();
                released.await.unwrap();
                add(tx, "first".to_owned()).await
            };
            database
                .write(|tx| Box::pin(async move { work(tx).await }))
                .await
        }
    });
    has_begun.await.unwrap();
    // Polled once, so that it is queued, then dropped.
    let abandoned =
        tokio::time::timeout(Duration::from_millis(1), write_note(&database, "abandoned")).await;
    abandoned.unwrap_err();
    let waiting = tokio::spawn(write_note(&database, "second"));
    release.send(()).unwrap();
    blocking.await.unwrap().unwrap();
    waiting.await.unwrap().unwrap();
    assert_eq!(notes(&database).await, ["first", "second"]);
    database.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn close_finishes_what_is_queued() {
    let place = Place::sqlite();
    let database = place.open().await;
    let (begun, has_begun) = oneshot::channel::<()>();
    let is_closing = Arc::new(AtomicBool::new(false));
    let first = tokio::spawn({
        let (database, is_closing) = (database.clone(), is_closing.clone());
        async move {
            let work = async move |tx: &sea_orm::DatabaseTransaction| {
                begun.send(()).unwrap();
                while !is_closing.load(Ordering::SeqCst) {
                    tokio::task::yield_now().await;
                }
                add(tx, "0".to_owned()).await
            };
            database
                .write(|tx| Box::pin(async move { work(tx).await }))
                .await
        }
    });
    has_begun.await.unwrap();
    let mut queued: Vec<_> = (1..50)
        .map(|number| Box::pin(write_note(&database, &number.to_string())))
        .collect();
    for write in &mut queued {
        // One poll queues it.
        assert!(write.as_mut().now_or_never().is_none());
    }
    is_closing.store(true, Ordering::SeqCst);
    database.close().await.unwrap();
    first.await.unwrap().unwrap();
    for write in queued {
        write.await.unwrap();
    }
    let database = place.open().await;
    assert_eq!(notes(&database).await.len(), 50);
    database.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_transaction_fails_its_group_and_the_writer_goes_on() {
    let place = Place::sqlite();
    let database = place.open().await;
    for round in 0..3 {
        let group = (0..10).map(|number| {
            let (database, id) = (database.clone(), format!("{round}-{number}"));
            async move {
                let work = async move |tx: &sea_orm::DatabaseTransaction| {
                    add(tx, id).await?;
                    if number == 5 {
                        // What SQLite does by itself on a full disk or a failing device.
                        tx.execute_unprepared("ROLLBACK").await?;
                    }
                    Ok::<_, DataError>(())
                };
                database
                    .write(|tx| Box::pin(async move { work(tx).await }))
                    .await
            }
        });
        let results = join_all(group).await;
        assert!(
            matches!(results[5], Err(DataError::Lost(_))),
            "{:?}",
            results[5]
        );
        // What was answered with success is there, and nothing else.
        let kept: Vec<String> = results
            .iter()
            .enumerate()
            .filter(|(_, result)| result.is_ok())
            .map(|(number, _)| format!("{round}-{number}"))
            .collect();
        let stored: Vec<String> = notes(&database)
            .await
            .into_iter()
            .filter(|id| id.starts_with(&format!("{round}-")))
            .collect();
        assert_eq!(stored, kept);
        write_note(&database, &format!("after {round}"))
            .await
            .unwrap();
    }
    database.close().await.unwrap();
}
