//! Storage that fails under an open database: it is said by name, nothing is half kept, and it is over by itself.

use std::time::Duration;

use chassis::data::{DataError, Database};
use futures_util::future::join_all;
use sea_orm::ConnectionTrait;

use super::place::{Place, add, notes, on_each, on_postgres, write_note};

/// A row for which the database may not grow, as on a full disk. The bound goes with the writer's connection.
async fn overfill(database: &Database) -> Result<(), DataError> {
    let work = async |tx: &sea_orm::DatabaseTransaction| {
        tx.execute_unprepared("PRAGMA max_page_count = 1").await?;
        let large = "INSERT INTO note (id, body) VALUES ('large', hex(zeroblob(1000000)))";
        tx.execute_unprepared(large).await?;
        Ok(())
    };
    database
        .write(move |tx| Box::pin(async move { work(tx).await }))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn full_disk_fails_its_group_by_name_and_the_writer_goes_on() {
    let place = Place::sqlite();
    let database = place.open().await;
    for round in 0..5 {
        let (before, after) = (format!("{round} before"), format!("{round} after"));
        let (first, full, last) = tokio::join!(
            write_note(&database, &before),
            overfill(&database),
            write_note(&database, &after)
        );
        assert!(matches!(full, Err(DataError::Full(_))), "{full:?}");
        let stored = notes(&database).await;
        for (id, result) in [(before, first), (after, last)] {
            assert_eq!(stored.contains(&id), result.is_ok(), "{id}: {result:?}");
            // What shared its transaction hears the same reason, not that of a savepoint that is gone.
            assert!(
                matches!(result, Ok(()) | Err(DataError::Full(_))),
                "{result:?}"
            );
        }
        assert!(!stored.contains(&"large".to_owned()));
        let id = format!("{round} later");
        write_note(&database, &id).await.unwrap();
    }
    let health = async { while database.ping().await.is_err() {} };
    tokio::time::timeout(Duration::from_secs(20), health)
        .await
        .expect("a write that is tried lasts");
    database.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn folder_that_went_away_takes_no_writes_and_goes_on_where_it_comes_back() {
    let place = Place::sqlite();
    let database = place.open().await;
    write_note(&database, "before").await.unwrap();
    let (folder, away) = (
        &place.config.folder,
        place.config.folder.with_extension("away"),
    );
    std::fs::rename(folder, &away).unwrap();
    // The open file would take it, and with the process it would be gone.
    let lost = join_all((0..5).map(|number| write_note(&database, &number.to_string()))).await;
    assert!(
        lost.iter()
            .all(|lost| matches!(lost, Err(DataError::Down(_)))),
        "{lost:?}"
    );
    let health = database.ping().await;
    assert!(matches!(health, Err(DataError::Down(_))), "{health:?}");

    std::fs::create_dir(folder).unwrap();
    std::fs::copy(away.join("aplomb.db"), folder.join("aplomb.db")).unwrap();
    let other = write_note(&database, "into another file").await;
    assert!(matches!(other, Err(DataError::Down(_))), "{other:?}");
    std::fs::remove_dir_all(folder).unwrap();

    std::fs::rename(&away, folder).unwrap();
    write_note(&database, "after").await.unwrap();
    assert_eq!(notes(&database).await, ["after", "before"]);
    let health = async { while database.ping().await.is_err() {} };
    tokio::time::timeout(Duration::from_secs(20), health)
        .await
        .expect("it is up again");
    database.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn server_without_room_or_on_its_way_down_is_not_a_wrong_statement() {
    on_postgres(async |place| {
        let database = place.open().await;
        let raised = async |state: &'static str| {
            let work = async move |tx: &sea_orm::DatabaseTransaction| {
                add(tx, state.to_owned()).await?;
                let raise = format!("DO $$ BEGIN RAISE 'said' USING ERRCODE = '{state}'; END $$");
                tx.execute_unprepared(&raise).await?;
                Ok(())
            };
            let written = database.write(move |tx| Box::pin(async move { work(tx).await }));
            written.await.unwrap_err()
        };
        let full = raised("53100").await;
        assert!(
            matches!(&full, DataError::Full(said) if said.contains("said")),
            "{full:?}"
        );
        let down = raised("57P01").await;
        assert!(matches!(down, DataError::Down(_)), "{down:?}");
        let ours = raised("22000").await;
        assert!(matches!(ours, DataError::Other(_)), "{ours:?}");
        assert!(notes(&database).await.is_empty());
        database.close().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn write_that_is_tried_leaves_nothing() {
    on_each(async |place| {
        let database = place.open().await;
        // Its time is over and it was rolled back: whether writes last is in doubt, and a ping tries one.
        let config = chassis::config::Data {
            write_timeout_ms: 100,
            ..place.config.clone()
        };
        let doubting = Database::open(&config, place.clock.clone()).await.unwrap();
        let slow = doubting.write(|_| {
            Box::pin(async move {
                std::future::pending::<()>().await;
                Ok::<_, DataError>(())
            })
        });
        slow.await.unwrap_err();
        for _ in 0..3 {
            doubting.ping().await.unwrap();
        }
        let starts = chassis::data::Starts::new(&database);
        assert_eq!(starts.last(None).await.unwrap(), None);
        doubting.close().await.unwrap();
        database.close().await.unwrap();
    })
    .await;
}
