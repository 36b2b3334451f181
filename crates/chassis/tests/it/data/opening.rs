use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use chassis::clock::SystemClock;
use chassis::config::{Data, DatabaseUrl};
use chassis::data::{DataError, Database};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::place::{Place, notes, on_each, write_note};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_readable_by_their_owner_alone() {
    let place = Place::sqlite();
    let database = place.open().await;
    write_note(&database, "a").await.unwrap();
    let folder = &place.config.folder;
    assert_eq!(mode(folder), 0o700);
    for name in ["aplomb.db", "aplomb.db-wal", "aplomb.db-shm"] {
        assert_eq!(mode(&folder.join(name)), 0o600, "{name}");
    }
    database.close().await.unwrap();

    std::fs::set_permissions(
        folder.join("aplomb.db"),
        std::fs::Permissions::from_mode(0o644),
    )
    .unwrap();
    place.open().await.close().await.unwrap();
    assert_eq!(mode(&folder.join("aplomb.db")), 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_durability_rests_on_are_in_force() {
    let place = Place::sqlite();
    let database = place.open().await;
    // 2 is FULL: <https://www.sqlite.org/pragma.html#pragma_synchronous>.
    for (pragma, expected) in [
        ("synchronous", "2"),
        ("journal_mode", "wal"),
        ("foreign_keys", "1"),
        ("busy_timeout", "5000"),
    ] {
        let value = database
            .write(move |tx| {
                Box::pin(async move {
                    let sql =
                        format!("SELECT CAST({pragma} AS TEXT) AS value FROM pragma_{pragma}");
                    // The column of `pragma_busy_timeout` is called `timeout`.
                    let sql = sql.replace("CAST(busy_timeout", "CAST(timeout");
                    let row = tx
                        .query_one_raw(Statement::from_string(DbBackend::Sqlite, sql))
                        .await?;
                    Ok::<String, DataError>(row.expect("one row").try_get("", "value")?)
                })
            })
            .await
            .unwrap();
        assert_eq!(value, expected, "{pragma}");
    }
    database.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn read_connection_of_sqlite_cannot_write() {
    let place = Place::sqlite();
    let database = place.open().await;
    let refused = database
        .read()
        .execute_unprepared("INSERT INTO note (id, body) VALUES ('a', 'b')")
        .await;
    assert!(refused.unwrap_err().to_string().contains("readonly"));
    database.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn ping_answers_while_open_and_fails_once_closed() {
    on_each(async |place| {
        let database = place.open().await;
        database.ping().await.unwrap();
        database.close().await.unwrap();
        database.ping().await.unwrap_err();
        write_note(&database, "late").await.unwrap_err();
        // A second close has nothing to do and says so by succeeding.
        database.close().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn close_leaves_one_file() {
    let place = Place::sqlite();
    let database = place.open().await;
    write_note(&database, "a").await.unwrap();
    database.close().await.unwrap();
    let names: Vec<_> = std::fs::read_dir(&place.config.folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["aplomb.db"]);
    let database = place.open().await;
    assert_eq!(notes(&database).await, ["a"]);
    database.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn database_that_cannot_be_opened_says_which_without_its_password() {
    let open = async |config: Data| {
        Database::open(&config, std::sync::Arc::new(SystemClock))
            .await
            .map(drop)
            .unwrap_err()
            .to_string()
    };
    let folder = tempfile::tempdir().unwrap();
    let blocked = folder.path().join("file");
    std::fs::write(&blocked, "").unwrap();
    let error = open(Data {
        folder: blocked.clone(),
        ..Data::default()
    })
    .await;
    assert!(error.contains(blocked.to_str().unwrap()), "{error}");

    let garbage = folder.path().join("aplomb.db");
    std::fs::write(
        &garbage,
        "this is not a database, whatever its name says".repeat(50),
    )
    .unwrap();
    let error = open(Data {
        folder: folder.path().to_owned(),
        ..Data::default()
    })
    .await;
    assert!(error.contains("file is not a database"), "{error}");

    // Port 9 (discard) has no PostgreSQL behind it.
    let url = DatabaseUrl::try_from("postgres://ann:s3cret@127.0.0.1:9/aplomb".to_owned()).unwrap();
    let error = open(Data {
        url: Some(url),
        connect_timeout_ms: 300,
        ..Data::default()
    })
    .await;
    assert!(
        error.contains("postgres://ann:***@127.0.0.1:9/aplomb") && !error.contains("s3cret"),
        "{error}"
    );
}
