//! A sign-in from a device or a network that is new is told to its person, beside the sign-in.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chassis::auth::{Letter, Post};
use chassis::notify::Notice;
use futures_util::future::BoxFuture;
use reqwest::Method;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::json;

use super::{EMAIL, PASSWORD, person};
use crate::data::place::on_each;
use crate::house::{Running, house};

/// Notices, kept; `broken` takes none.
#[derive(Clone, Default)]
struct Tray {
    notices: Arc<Mutex<Vec<Notice>>>,
    broken: bool,
}

impl Post for Tray {
    fn send(&self, _: Letter) -> BoxFuture<'static, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }

    fn tell(&self, notice: Notice) -> BoxFuture<'static, Result<(), String>> {
        self.notices.lock().unwrap().push(notice);
        let answer = if self.broken {
            Err("out of order".to_owned())
        } else {
            Ok(())
        };
        Box::pin(async { answer })
    }
}

impl Tray {
    fn count(&self) -> usize {
        self.notices.lock().unwrap().len()
    }

    /// A value of the newest notice.
    fn last(&self, name: &str) -> String {
        let notices = self.notices.lock().unwrap();
        let arguments = &notices.last().unwrap().arguments;
        let found = arguments.iter().find(|(own, _)| *own == name);
        found.unwrap_or_else(|| panic!("no {name}")).1.clone()
    }
}

async fn sign_in(house: &Running, agent: &str, address: &str) {
    let answer = house
        .send(Method::POST, "/auth/login")
        .header("user-agent", agent)
        .header("x-forwarded-for", address)
        .json(&json!({"email": EMAIL, "password": PASSWORD}))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
}

/// How many devices and networks are kept.
async fn kept(house: &Running) -> i64 {
    let query = Query::select()
        .expr_as(Expr::col("mark").count(), "count")
        .from("sign_in_seen")
        .take();
    let database = house.database().await;
    let row = database.read().query_one(&query).await.unwrap().unwrap();
    row.try_get("", "count").unwrap()
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait)
        .await
        .unwrap_or_else(|_| panic!("waited for {what}"));
}

const OLD: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const NEW: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_from_a_new_device_or_network_is_told_and_a_known_one_is_not() {
    on_each(async |place| {
        let tray = Tray::default();
        let house = house()
            .at(place)
            .set("http.trusted_proxies", "127.0.0.0/8")
            .post(Arc::new(tray.clone()));
        let house = house.start().await;
        let user = person(&house, EMAIL, "member").await;
        sign_in(&house, OLD, "192.0.2.7").await;
        until("the first", async || kept(&house).await == 2).await;
        // The browser was updated, and the network gave another address.
        sign_in(&house, NEW, "192.0.2.99").await;
        sign_in(&house, NEW, "198.51.100.1").await;
        until("the new network", async || kept(&house).await == 3).await;
        assert_eq!(
            tray.count(),
            1,
            "the first sign-in and the known one are not told"
        );
        assert_eq!(tray.last("address"), "198.51.100.1");
        assert_eq!(tray.last("client"), NEW);
        assert_eq!(tray.last("when"), "2026-11-20 15:44 UTC");
        sign_in(&house, "curl/8.5.0", "192.0.2.7").await;
        until("the new device", async || kept(&house).await == 4).await;
        assert_eq!(tray.count(), 2);
        let notice = tray.notices.lock().unwrap().pop().unwrap();
        assert_eq!((notice.user, notice.kind), (user, "auth.new_sign_in"));
        house.stopped().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_cannot_be_written_fails_no_sign_in_and_is_told_with_the_next() {
    on_each(async |place| {
        let tray = Tray {
            broken: true,
            ..Tray::default()
        };
        let house = house()
            .at(place)
            .set("http.trusted_proxies", "127.0.0.0/8")
            .post(Arc::new(tray.clone()));
        let house = house.start().await;
        person(&house, EMAIL, "member").await;
        sign_in(&house, OLD, "192.0.2.7").await;
        until("the first", async || kept(&house).await == 2).await;
        for count in 1..=2 {
            sign_in(&house, "curl/8.5.0", "192.0.2.7").await;
            until("the notice", async || tray.count() == count).await;
        }
        assert_eq!(kept(&house).await, 2);
        house.stopped().await;
    })
    .await;
}
