use chassis::data::DataError;
use sea_orm::ConnectionTrait;

use super::place::{note_migrations, notes, on_each, step, write_note};

#[tokio::test(flavor = "multi_thread")]
async fn migrations_run_once_and_later_ones_are_added() {
    on_each(async |place| {
        let database = place.open().await;
        write_note(&database, "kept").await.unwrap();
        database.migrate(note_migrations()).await.unwrap();
        let mut more = note_migrations();
        more.push(step(
            "note_0002",
            &["ALTER TABLE note ADD COLUMN colour TEXT"],
        ));
        database.migrate(more).await.unwrap();
        assert_eq!(notes(&database).await, ["kept"]);
        database
            .read()
            .execute_unprepared("SELECT colour FROM note")
            .await
            .unwrap();
        database.close().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn older_binary_refuses_a_newer_database_and_names_both_versions() {
    on_each(async |place| {
        let newer = place.open().await;
        newer
            .write(|tx| {
                Box::pin(async move {
                    let sql = "INSERT INTO migration (name, applied_at, applied_by) VALUES ('note_0099', '2030-01-01T00:00:00.000Z', '9.9.9')";
                    tx.execute_unprepared(sql).await?;
                    Ok::<_, DataError>(())
                })
            })
            .await
            .unwrap();
        newer.close().await.unwrap();

        let older = place.open_bare().await;
        let error = older.migrate(note_migrations()).await.unwrap_err();
        let DataError::TooNew { unknown, applied_by, running } = &error else { panic!("{error}") };
        assert_eq!((unknown.as_slice(), applied_by.as_str()), (&["note_0099".to_owned()][..], "9.9.9"));
        assert_eq!(running, env!("CARGO_PKG_VERSION"));
        assert!(error.to_string().contains("9.9.9") && error.to_string().contains(running), "{error}");
        older.close().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failing_migration_leaves_nothing_of_those_before_it() {
    on_each(async |place| {
        let database = place.open_bare().await;
        let broken = vec![
            step("sun_0001", &["CREATE TABLE sun (id TEXT)"]),
            step(
                "sun_0002",
                &[
                    "CREATE TABLE sun_spot (id TEXT)",
                    "INSERT INTO nowhere VALUES (1)",
                ],
            ),
        ];
        let error = database.migrate(broken).await.unwrap_err();
        assert!(
            matches!(&error, DataError::Migration { name, .. } if name == "sun_0002"),
            "{error}"
        );
        for table in ["sun", "sun_spot", "start", "migration"] {
            let asked = database
                .read()
                .execute_unprepared(&format!("SELECT 1 FROM {table}"))
                .await;
            assert!(asked.is_err(), "{table} is there");
        }
        database.migrate(note_migrations()).await.unwrap();
        database.close().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_migrations_of_one_name_are_refused() {
    on_each(async |place| {
        let database = place.open_bare().await;
        let doubled = vec![
            step("sun_0001", &[]),
            step("sun_0001", &["CREATE TABLE sun (id TEXT)"]),
        ];
        let error = database.migrate(doubled).await.unwrap_err();
        assert!(
            matches!(&error, DataError::Migration { name, .. } if name == "sun_0001"),
            "{error}"
        );
        database.close().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_that_start_together_migrate_once() {
    on_each(async |place| {
        let mut instances = Vec::new();
        for _ in 0..4 {
            instances.push(place.open_bare().await);
        }
        let migrating = instances.iter().map(|database| {
            let database = database.clone();
            // Would fail if it ran twice.
            tokio::spawn(async move { database.migrate(note_migrations()).await })
        });
        for migrated in migrating.collect::<Vec<_>>() {
            migrated.await.unwrap().unwrap();
        }
        for database in instances {
            database.close().await.unwrap();
        }
    })
    .await;
}
