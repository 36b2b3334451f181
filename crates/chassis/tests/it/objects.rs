//! Files: on each database and in each store, and how they are given.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use chassis::auth::{WorkspaceId, home_workspace};
use chassis::config::{self, ObjectStore, Secret};
use chassis::data::{DataError, Database};
use chassis::objects::{Kind, NewObject, Object, ObjectFault, ObjectId, Objects};
use futures_util::TryStreamExt;
use hyper_util::rt::{TokioExecutor, TokioIo};
use reqwest::Response;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::data::place::{Place, on_each};
use crate::house::{Running, house};

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
            settings.prefix = "files/of/ours".to_owned();
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
        .map(|entry| match entry.file_type().unwrap().is_dir() {
            true => files(&entry.path()),
            false => 1,
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

/// Runs a test on each database with a folder, and on SQLite with a bucket.
async fn on_each_store(test: impl AsyncFn(&Shelf, &Place)) {
    on_each(async |place| test(&Shelf::open(place, ObjectStore::Local).await, place).await).await;
    let place = Place::sqlite();
    test(&Shelf::open(&place, ObjectStore::S3).await, &place).await;
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
        // Files carry the machine's time; the test's clock stands near it and is moved far.
        place.clock.advance_ms(400 * 86_400_000);
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

async fn keep(house: &Running, kind: &str, bytes: &'static [u8]) -> ObjectId {
    let key = house.key("objects:write").await;
    let answer = house
        .client
        .post(house.url("/api/v1/objects?name=caf%C3%A9.txt"))
        .bearer_auth(key)
        .header("Content-Type", kind)
        .body(bytes)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 201);
    let body: Value = answer.json().await.unwrap();
    body["id"].as_str().unwrap().parse().unwrap()
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    let value = answer.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn ranges_and_conditions_are_answered_as_the_standard_says() {
    let house = house().set("objects.minimum_free_bytes", 0).start().await;
    let id = keep(&house, "video/mp4", b"0123456789").await;
    let key = house.key("objects:read").await;
    let url = house.url(&format!("/api/v1/objects/{id}"));
    let ask = |headers: &[(&'static str, String)]| {
        let request = house.client.get(&url).bearer_auth(&key);
        headers
            .iter()
            .fold(request, |request, (name, value)| {
                request.header(*name, value)
            })
            .send()
    };
    let whole = ask(&[]).await.unwrap();
    let tag = header(&whole, "etag").to_owned();
    assert_eq!(header(&whole, "accept-ranges"), "bytes");
    assert_eq!(header(&whole, "content-length"), "10");
    assert_eq!(header(&whole, "content-type"), "video/mp4");
    assert_eq!(
        header(&whole, "content-disposition"),
        "inline; filename=\"caf_.txt\"; filename*=UTF-8''caf%C3%A9.txt"
    );
    assert_eq!(whole.text().await.unwrap(), "0123456789");

    let part = ask(&[("Range", "bytes=2-4".into())]).await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(header(&part, "content-range"), "bytes 2-4/10");
    assert_eq!(part.text().await.unwrap(), "234");
    let part = ask(&[("Range", "bytes=-3".into()), ("If-Range", tag.clone())]);
    assert_eq!(part.await.unwrap().text().await.unwrap(), "789");
    let other = ask(&[("Range", "bytes=-3".into()), ("If-Range", "\"x\"".into())]);
    assert_eq!(other.await.unwrap().status(), 200);
    let outside = ask(&[("Range", "bytes=10-".into())]).await.unwrap();
    assert_eq!(outside.status(), 416);
    assert_eq!(header(&outside, "content-range"), "bytes */10");
    let known = ask(&[("If-None-Match", tag)]).await.unwrap();
    assert_eq!(known.status(), 304);
    let head = house
        .client
        .head(&url)
        .bearer_auth(&key)
        .send()
        .await
        .unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(header(&head, "content-length"), "10");
}

#[tokio::test]
async fn what_could_run_is_saved_and_not_shown() {
    let house = house().set("objects.minimum_free_bytes", 0).start().await;
    let key = house.key("objects:read").await;
    for kind in ["text/html", "image/svg+xml", "application/pdf"] {
        let id = keep(&house, kind, b"<script>alert(1)</script>").await;
        let url = house.url(&format!("/api/v1/objects/{id}"));
        let answer = house
            .client
            .get(url)
            .bearer_auth(&key)
            .send()
            .await
            .unwrap();
        assert!(
            header(&answer, "content-disposition").starts_with("attachment"),
            "{kind}"
        );
        assert!(
            header(&answer, "content-security-policy").contains("sandbox"),
            "{kind}"
        );
        assert_eq!(header(&answer, "x-content-type-options"), "nosniff");
    }
}

#[tokio::test]
async fn a_signed_address_opens_one_file_for_its_time() {
    let house = house().set("objects.minimum_free_bytes", 0).start().await;
    let id = keep(&house, "text/plain", b"for you").await;
    let key = house.key("objects:read").await;
    let sign = async |wish: Value| {
        let url = house.url(&format!("/api/v1/objects/{id}/address"));
        let request = house.client.post(url).bearer_auth(&key).json(&wish);
        request.send().await.unwrap()
    };
    for wrong in [
        json!({"valid_for_s": 0}),
        json!({"valid_for_s": 604_801}),
        json!({"valid_for_s": 1, "name": "a\u{0}"}),
    ] {
        assert_eq!(sign(wrong.clone()).await.status(), 422, "{wrong}");
    }
    let signed: Value = sign(json!({"valid_for_s": 600, "name": "dé à.txt"}))
        .await
        .json()
        .await
        .unwrap();
    let address = signed["address"].as_str().unwrap();
    let answer = house.get(address).await;
    assert_eq!(answer.status(), 200);
    assert!(header(&answer, "content-disposition").contains("d%C3%A9%20%C3%A0.txt"));
    assert_eq!(answer.text().await.unwrap(), "for you");

    let other = keep(&house, "text/plain", b"not for you").await;
    for forged in [
        address.replace("name=d", "name=e"),
        address.replace("until=1", "until=2"),
        address.replace(&id.to_string(), &other.to_string()),
        address.replace("key=0", "key=1"),
        address.rsplit_once("signature=").unwrap().0.to_owned() + "signature=AAAA",
    ] {
        assert_eq!(house.get(&forged).await.status(), 403, "{forged}");
    }
    let signed: Value = sign(json!({"valid_for_s": 1})).await.json().await.unwrap();
    let address = signed["address"].as_str().unwrap();
    let over = async {
        while house.get(address).await.status() != 410 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), over)
        .await
        .unwrap();
}

#[tokio::test]
async fn small_files_come_as_a_body_or_a_form_and_nothing_hostile_gets_far() {
    let house = house()
        .set("objects.minimum_free_bytes", 0)
        .set("http.body_limit_bytes", 2000)
        .start()
        .await;
    let key = house.key("objects:write").await;
    let post = |path: &str| house.client.post(house.url(path)).bearer_auth(&key);
    let form = |boundary: &str, name: &str| {
        let body = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: image/png\r\n\r\npixels\r\n--{boundary}--\r\n"
        );
        post("/api/v1/objects")
            .header(
                "Content-Type",
                format!("multipart/form-data; boundary={boundary}"),
            )
            .body(body)
            .send()
    };
    let kept: Value = form("xx", "../../a.png")
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(kept["name"], "a.png");
    assert_eq!(kept["kind"], "image/png");
    assert_eq!(form("xx", "..").await.unwrap().status(), 422);
    let large = vec![0; 2001];
    assert_eq!(
        post("/api/v1/objects")
            .body(large)
            .send()
            .await
            .unwrap()
            .status(),
        413
    );
    let pieces = (0..30).map(|_| Ok::<_, std::io::Error>(vec![0_u8; 100]));
    let unknown = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    assert_eq!(
        post("/api/v1/objects")
            .body(unknown)
            .send()
            .await
            .unwrap()
            .status(),
        413
    );
    for path in ["?name=a%00b", "?name=..", "?name=%0d%0aSet-Cookie:x"] {
        let answer = post(&format!("/api/v1/objects{path}"))
            .body("x")
            .send()
            .await;
        assert_eq!(answer.unwrap().status(), 422, "{path}");
    }
    let bad = post("/api/v1/objects")
        .header("Content-Type", "x")
        .body("x")
        .send()
        .await;
    assert_eq!(bad.unwrap().status(), 400);
    let reader = house.key("objects:read").await;
    for path in ["..%2f..%2faplomb.db", "%00", &"x".repeat(5000)] {
        let url = house.url(&format!("/api/v1/objects/{path}"));
        let answer = house
            .client
            .get(url)
            .bearer_auth(&reader)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 404);
    }
    let left = std::fs::read_dir(house.folder().join("uploads")).unwrap();
    assert_eq!(left.count(), 1, "only the folder's own name");
}

/// A server that answers each request with one of these; its address.
async fn other_server(answers: &'static [&'static str]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    chassis::task::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 2000];
            let _ = stream.read(&mut head).await;
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    address.to_string()
}

#[tokio::test]
async fn files_are_fetched_only_from_where_the_operator_allows() {
    let fetch = async |house: &Running, url: &str| {
        let key = house.key("objects:write").await;
        let request = house.client.post(house.url("/api/v1/objects/import"));
        let answer = request
            .bearer_auth(key)
            .json(&json!({"url": url}))
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap();
        let code = &body["errors"][0]["code"];
        (
            status,
            code.as_str()
                .or(body["name"].as_str())
                .unwrap_or_default()
                .to_owned(),
        )
    };
    let off = house().start().await;
    let refused = fetch(&off, "https://media.example.org/a.png").await;
    assert_eq!(refused, (422, "objects.import_off".into()));

    let closed = house()
        .set(
            "objects.import_hosts",
            "localhost, 127.0.0.1, 169.254.169.254",
        )
        .set("objects.import_plain_http", true)
        .start()
        .await;
    for (url, code) in [
        ("http://elsewhere.example/a", "objects.import_host"),
        ("http://127.0.0.1/a", "objects.import_private"),
        ("http://localhost/a", "objects.import_private"),
        ("http://0x7f.1/a", "objects.import_private"),
        ("http://169.254.169.254/latest", "objects.import_private"),
        ("http://user:pw@localhost/a", "objects.import_address"),
        ("file:///etc/passwd", "objects.import_address"),
        ("nonsense", "objects.import_address"),
    ] {
        assert_eq!(fetch(&closed, url).await, (422, code.into()), "{url}");
    }

    let open = house()
        .set("objects.import_hosts", "127.0.0.1")
        .set("objects.import_networks", "127.0.0.0/8")
        .set("objects.import_plain_http", true)
        .set("objects.minimum_free_bytes", 0)
        .start()
        .await;
    let other = other_server(&[
        "HTTP/1.1 302 Found\r\nLocation: /b%20c.png\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 3\r\nConnection: close\r\n\r\npng",
        "HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    ])
    .await;
    assert_eq!(
        fetch(&open, &format!("http://{other}/a")).await,
        (201, "b c.png".into())
    );
    let led_away = fetch(&open, &format!("http://{other}/a")).await;
    assert_eq!(led_away, (422, "objects.import_host".into()));
    assert_eq!(fetch(&open, &format!("http://{other}/a")).await.0, 409);
}
