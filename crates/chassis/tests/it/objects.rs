//! Files: on each database and in each store, and how they are given.

mod answers;

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use chassis::auth::{WorkspaceId, home_workspace};
use chassis::clock::{Clock, SystemClock};
use chassis::config::{self, ObjectStore, Secret};
use chassis::data::{DataError, Database};
use chassis::objects::{Kind, NewObject, Object, ObjectFault, Objects};
use futures_util::TryStreamExt;
use hyper_util::rt::{TokioExecutor, TokioIo};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use sea_orm::ConnectionTrait;
use tokio::net::TcpListener;

use crate::data::place::{Place, on_each};

/// A database, a store and a workspace.
struct Shelf {
    objects: Objects,
    database: Database,
    home: WorkspaceId,
    /// Where the bytes lie.
    store: PathBuf,
    _folder: tempfile::TempDir,
}

impl Shelf {
    async fn open(place: &Place, kind: ObjectStore) -> Self {
        // Files carry the machine's time, and their age is compared with the clock.
        let behind = SystemClock.now().unix_ms() - place.clock.now().unix_ms();
        place.clock.advance_ms(behind);
        let database = place.open_bare().await;
        database.migrate(Vec::new()).await.unwrap();
        let home = home_workspace(&database).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store");
        std::fs::create_dir_all(store.join("bucket")).unwrap();
        let mut settings = config::Objects {
            store: kind,
            minimum_free_bytes: 0,
            workspace_limit_bytes: 100_000_000,
            ..config::Objects::default()
        };
        if kind == ObjectStore::S3 {
            settings.endpoint = bucket_server(&store).await;
            settings.bucket = "bucket".to_owned();
            // Short: the test's server makes one file's name of bucket, key and upload, and 255 bytes are all there are.
            settings.prefix = "ours".to_owned();
            settings.path_style = true;
            settings.access_key = Some(Secret::new("AKEXAMPLE"));
            settings.secret_key = Some(Secret::new("not-a-real-secret"));
        } else {
            settings.folder = Some(store.join("bucket"));
        }
        let data = folder.path().join("data");
        let objects = Objects::with(&settings, &data, String::new(), &database)
            .await
            .unwrap();
        Self {
            objects,
            database,
            home,
            store: store.join("bucket"),
            _folder: folder,
        }
    }

    async fn put(&self, bytes: &[u8]) -> Object {
        let new = NewObject::new(self.home, Kind::parse("text/plain").unwrap());
        self.objects
            .put(new, Bytes::copy_from_slice(bytes))
            .await
            .unwrap()
    }

    async fn read(&self, object: &Object) -> Vec<u8> {
        self.objects.read(object, u64::MAX).await.unwrap().to_vec()
    }

    /// Files of ours in the store.
    fn kept(&self) -> usize {
        files(&self.store)
    }
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder)
        .unwrap()
        .map(Result::unwrap)
        // The test's S3 server keeps notes of its own beside the files.
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
        .map(|entry| if entry.file_type().unwrap().is_dir() {
            files(&entry.path())
        } else {
            1
        })
        .sum()
}

/// A real S3 server over a folder; its address.
async fn bucket_server(folder: &Path) -> String {
    let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder).unwrap());
    builder.set_auth(SimpleAuth::from_single("AKEXAMPLE", "not-a-real-secret"));
    let service = builder.build();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    chassis::task::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = service.clone();
            chassis::task::spawn(async move {
                let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                let _ = server.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    format!("http://{address}")
}

/// Runs a test on each database with a folder, and on each with a bucket.
async fn on_each_store(test: impl AsyncFn(&Shelf, &Place)) {
    for kind in [ObjectStore::Local, ObjectStore::S3] {
        on_each(async |place| test(&Shelf::open(place, kind).await, place).await).await;
    }
}

#[tokio::test]
async fn equal_bytes_are_kept_once_a_workspace_and_go_with_the_last() {
    on_each_store(async |shelf, _| {
        let one = shelf.put(b"same").await;
        let two = shelf.put(b"same").await;
        assert_ne!(one.id, two.id);
        assert_eq!(one.hash, blake3::hash(b"same").to_hex().to_string());
        assert_eq!(shelf.kept(), 1);
        assert_eq!(shelf.objects.usage(shelf.home).await.unwrap().used_bytes, 4);
        shelf.objects.delete(shelf.home, one.id).await.unwrap();
        assert_eq!(shelf.read(&two).await, b"same");
        let stranger = WorkspaceId::generate(shelf.database.clock());
        for outcome in [
            shelf.objects.get(stranger, two.id).await.map(drop),
            shelf.objects.delete(stranger, two.id).await,
            shelf.objects.delete(shelf.home, one.id).await,
        ] {
            assert!(matches!(outcome, Err(ObjectFault::NotFound)), "{outcome:?}");
        }
        shelf.objects.delete(shelf.home, two.id).await.unwrap();
        assert_eq!(shelf.kept(), 0);
        assert_eq!(shelf.objects.usage(shelf.home).await.unwrap().used_bytes, 0);
    })
    .await;
}

#[tokio::test]
async fn a_long_stream_arrives_whole_and_is_read_by_range() {
    on_each_store(async |shelf, _| {
        let piece = Bytes::from(vec![7_u8; 999_983]);
        let pieces = (0..20).map(|_| Ok::<_, std::io::Error>(piece.clone()));
        let new = NewObject::new(shelf.home, Kind::unknown());
        let stream = futures_util::stream::iter(pieces);
        let object = shelf
            .objects
            .put_stream(new.clone(), stream, u64::MAX)
            .await
            .unwrap();
        assert_eq!(object.size_bytes, 20 * 999_983);
        assert_eq!(shelf.read(&object).await, vec![7_u8; 20 * 999_983]);
        let range = shelf
            .objects
            .open_range(&object, 999_980..1_000_000)
            .await
            .unwrap();
        let parts: Vec<Bytes> = range.try_collect().await.unwrap();
        assert_eq!(parts.concat(), vec![7_u8; 20]);

        let pieces = (0..20).map(|_| Ok::<_, std::io::Error>(piece.clone()));
        let stream = futures_util::stream::iter(pieces);
        let refused = shelf
            .objects
            .put_stream(new.clone(), stream, 1_000_000)
            .await;
        assert!(matches!(refused, Err(ObjectFault::TooLarge { .. })));
        let pieces = [Ok(piece.clone()), Err(std::io::Error::other("cable"))];
        let stream = futures_util::stream::iter(pieces);
        let refused = shelf.objects.put_stream(new, stream, u64::MAX).await;
        assert!(matches!(refused, Err(ObjectFault::BrokenOff(_))));
        assert_eq!(shelf.kept(), 1);
    })
    .await;
}

#[tokio::test]
async fn bytes_without_a_row_go_after_the_grace_and_those_with_one_stay() {
    on_each_store(async |shelf, place| {
        let kept = shelf.put(b"kept").await;
        let lost = shelf.put(b"lost").await;
        // As a crash between the two leaves it: the bytes are there, the rows are not.
        shelf
            .database
            .write(move |tx| {
                Box::pin(async move {
                    for (table, column) in [("object", "id"), ("object_blob", "hash")] {
                        let value = if table == "object" {
                            lost.id.to_string()
                        } else {
                            lost.hash.clone()
                        };
                        tx.execute_unprepared(&format!(
                            "DELETE FROM {table} WHERE {column} = '{value}'"
                        ))
                        .await?;
                    }
                    Ok::<_, DataError>(())
                })
            })
            .await
            .unwrap();
        assert_eq!(
            shelf.objects.sweep().await.unwrap(),
            0,
            "still in its grace"
        );
        place.clock.advance_ms(3 * 86_400_000);
        shelf.objects.sweep().await.unwrap();
        assert_eq!(shelf.kept(), 1);
        assert_eq!(shelf.read(&kept).await, b"kept");
    })
    .await;
}

#[tokio::test]
async fn a_file_goes_when_its_time_is_over() {
    on_each_store(async |shelf, place| {
        let soon = shelf.database.clock().now().unix_ms() + 60_000;
        let new = NewObject {
            keep_until: chassis::clock::Timestamp::from_unix_ms(soon),
            ..NewObject::new(shelf.home, Kind::unknown())
        };
        let object = shelf
            .objects
            .put(new, Bytes::from_static(b"x"))
            .await
            .unwrap();
        shelf.objects.sweep().await.unwrap();
        assert!(shelf.objects.get(shelf.home, object.id).await.is_ok());
        place.clock.advance_ms(60_001);
        shelf.objects.sweep().await.unwrap();
        assert!(shelf.objects.get(shelf.home, object.id).await.is_err());
        assert_eq!(shelf.kept(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_workspace_keeps_no_more_than_it_may() {
    on_each_store(async |shelf, _| {
        let new = || NewObject::new(shelf.home, Kind::unknown());
        let half = |byte| Bytes::from(vec![byte; 60_000_000]);
        shelf.objects.put(new(), half(1)).await.unwrap();
        let refused = shelf.objects.put(new(), half(2)).await;
        assert!(matches!(refused, Err(ObjectFault::OverQuota { .. })));
        // The same bytes again cost nothing.
        shelf.objects.put(new(), half(1)).await.unwrap();
        assert_eq!(shelf.kept(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_row_never_points_to_missing_bytes_however_equal_files_come_and_go() {
    on_each_store(async |shelf, _| {
        let turn = async |n: u64| {
            let bytes = if n.is_multiple_of(3) { b"one" } else { b"two" };
            for round in 0..10 {
                let object = shelf.put(bytes).await;
                assert_eq!(shelf.read(&object).await, bytes);
                if round % 2 == 0 {
                    shelf.objects.delete(shelf.home, object.id).await.unwrap();
                }
            }
        };
        futures_util::future::join_all((0..6).map(turn)).await;
        let page = chassis::http::page::Page {
            limit: 200,
            cursor: None,
        };
        let left = shelf.objects.list(shelf.home, page).await.unwrap();
        assert_eq!(left.len(), 30);
        for object in &left {
            assert_eq!(shelf.read(object).await.len(), 3);
        }
        assert_eq!(shelf.kept(), 2);
        assert_eq!(shelf.objects.usage(shelf.home).await.unwrap().used_bytes, 6);
    })
    .await;
}

#[tokio::test]
async fn a_store_that_is_away_is_down_until_it_is_back() {
    on_each_store(async |shelf, _| {
        let until = async |wanted: bool| {
            let wait = async {
                while shelf.objects.ping().await.is_ok() != wanted {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            let waited = tokio::time::timeout(Duration::from_secs(30), wait).await;
            waited.expect("a look sees it");
        };
        let away = shelf.store.with_extension("away");
        std::fs::rename(&shelf.store, &away).unwrap();
        until(false).await;
        std::fs::rename(&away, &shelf.store).unwrap();
        until(true).await;
        assert_eq!(shelf.kept(), 0, "what was tried was taken away");
    })
    .await;
}
