use std::time::Duration;

use chassis::auth::keys::{self, NewKey};
use chassis::auth::{self, UserId, WorkspaceId};
use chassis::config::DatabaseUrl;
use chassis::data::Database;
use http::Method;
use serde_json::{Value, json};

use super::place::{local, person};
use crate::data::place::{Place, on_each};
use crate::house::{Running, house};
use crate::outside::{Outside, status};

/// A house over the place's database, and who asks it.
struct Asking {
    house: Running,
    database: Database,
    workspace: WorkspaceId,
}

impl Asking {
    async fn start(place: &Place, settings: &[(&'static str, String)]) -> Self {
        let url = match place.config.database() {
            DatabaseUrl::Sqlite(path) => format!("sqlite://{}", path.display()),
            DatabaseUrl::Postgres(url) => url.expose().to_owned(),
        };
        let mut builder = house().set("data.url", url);
        for (key, value) in settings {
            builder = builder.set(key, value);
        }
        let house = builder.start().await;
        let database = place.open_bare().await;
        let workspace = auth::home_workspace(&database).await.unwrap();
        Self {
            house,
            database,
            workspace,
        }
    }

    async fn key(&self, user: Option<UserId>, scopes: &str) -> String {
        let new = NewKey {
            workspace: self.workspace,
            user,
            name: "test".to_owned(),
            scopes: scopes.parse().unwrap(),
            expires_at: None,
        };
        let (_, secret) = keys::create(&self.database, new).await.unwrap();
        secret.expose().to_owned()
    }

    async fn ask(
        &self,
        key: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let url = self.house.url(&format!("/api/v1{path}"));
        let mut request = self.house.client.request(method, url).bearer_auth(key);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    async fn get(&self, key: &str, path: &str) -> Value {
        let (status, body) = self.ask(key, Method::GET, path, None).await;
        assert_eq!(status, 200, "{body}");
        body
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_chooses_how_he_is_told() {
    on_each(async |place: &Place| {
        let asking = Asking::start(place, &[]).await;
        let user = person(&asking.database, asking.workspace, "a@example.org", "en").await;
        let key = asking.key(Some(user), "luna:read").await;
        let body = asking.get(&key, "/notifications").await;
        assert_eq!(body["channels"][0], json!({"channel": "mail", "configured": false, "reachable": false}));
        assert_eq!(body["kinds"][0]["channels"], json!(["mail"]));

        let new = json!({"telegram_chat": "-42", "quiet": "22:00-07:00+02:00", "kinds": [
            {"kind": "jobs.failed", "channels": ["telegram"]}, {"kind": "auth.new_sign_in", "channels": []}]});
        let (status, changed) = asking.ask(&key, Method::PUT, "/notifications", Some(new)).await;
        assert_eq!(status, 200, "{changed}");
        assert_eq!(changed, asking.get(&key, "/notifications").await);
        assert_eq!(changed["quiet"], "22:00-07:00+02:00");
        let kinds = changed["kinds"].as_array().unwrap();
        let of = |kind: &str| kinds.iter().find(|row| row["kind"] == kind).unwrap()["channels"].clone();
        assert_eq!((of("jobs.failed"), of("auth.new_sign_in")), (json!(["telegram"]), json!([])));

        for (wrong, field) in [
            (json!({"quiet": "22-7"}), "quiet"),
            (json!({"telegram_chat": "http://x"}), "telegram_chat"),
            (json!({"kinds": [{"kind": "auth.reset", "channels": []}]}), "kinds[0].kind"),
            (json!({"kinds": [{"kind": "jobs.failed", "channels": ["mail", "mail"]}]}), "kinds[0].channels"),
            (json!({"kinds": [{"kind": "jobs.failed", "channels": ["fax"]}]}), "kinds[0].channels[0]"),
        ] {
            let (status, body) = asking.ask(&key, Method::PUT, "/notifications", Some(wrong)).await;
            assert_eq!((status, &body["errors"][0]["field"]), (422, &json!(field)), "{body}");
        }
        let nobody = asking.key(None, "*").await;
        let (status, body) = asking.ask(&nobody, Method::GET, "/notifications", None).await;
        assert_eq!((status, &body["code"]), (409, &json!("notify.no_person")));
        asking.database.close().await.unwrap();
        asking.house.stopped().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_runs_its_webhooks() {
    on_each(async |place: &Place| {
        let outside =
            Outside::start(|_, before| async move { status(if before == 0 { 204 } else { 500 }) })
                .await;
        let asking = Asking::start(place, &local()).await;
        let key = asking.key(None, "notify:*").await;
        let reader = asking.key(None, "notify:read").await;
        let new = json!({"url": outside.url("/hook"), "events": ["jobs.failed"]});
        let (status, _) = asking
            .ask(&reader, Method::POST, "/webhooks", Some(new.clone()))
            .await;
        assert_eq!(status, 403);
        let (status, made) = asking.ask(&key, Method::POST, "/webhooks", Some(new)).await;
        assert_eq!(status, 201, "{made}");
        assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));
        let id = made["id"].as_str().unwrap().to_owned();
        let path = format!("/webhooks/{id}");
        let listed = asking.get(&reader, "/webhooks").await;
        assert_eq!(listed["items"][0]["id"], made["id"]);
        assert!(listed["items"][0].get("secret").is_none(), "shown once");

        for (wrong, field) in [
            (json!({"url": "http://127.0.0.2/", "events": ["*"]}), "url"),
            (
                json!({"url": "https://169.254.169.254/", "events": ["*"]}),
                "url",
            ),
            (
                json!({"url": "https://u:p@example.org/", "events": ["*"]}),
                "url",
            ),
            (json!({"url": "nonsense", "events": ["*"]}), "url"),
            (json!({"url": outside.url("/"), "events": []}), "events"),
            (
                json!({"url": outside.url("/"), "events": ["*", "jobs.*", "jobs.fialed"]}),
                "events[2]",
            ),
        ] {
            let (status, body) = asking
                .ask(&key, Method::POST, "/webhooks", Some(wrong))
                .await;
            assert_eq!(
                (status, &body["errors"][0]["field"]),
                (422, &json!(field)),
                "{body}"
            );
        }

        let wrong = json!({"events": ["luna.*"]});
        let (_, body) = asking.ask(&key, Method::PATCH, &path, Some(wrong)).await;
        let detail = body["errors"][0]["detail"].as_str().unwrap();
        for allowed in ["`*`", "`jobs.*`", "`jobs.failed`"] {
            assert!(detail.contains(allowed), "{detail}");
        }
        let events = json!({"events": ["jobs.*", "*"]});
        let (status, changed) = asking
            .ask(&key, Method::PATCH, &path, Some(events.clone()))
            .await;
        assert_eq!((status, &changed["events"]), (200, &events["events"]));

        let (status, tested) = asking
            .ask(&key, Method::POST, "/notifications/test", None)
            .await;
        assert_eq!(status, 200, "{tested}");
        assert_eq!(tested["results"][0]["outcome"], "delivered");
        let (status, body) = asking
            .ask(&key, Method::POST, "/notifications/test", None)
            .await;
        assert_eq!((status, &body["code"]), (429, &json!("notify.test_pause")));
        let sent = asking.get(&reader, &format!("{path}/deliveries")).await;
        let delivery = sent["items"][0].clone();
        assert_eq!(
            (&delivery["state"], &delivery["attempts"]),
            (&json!("delivered"), &json!(1))
        );
        let again = format!(
            "{path}/deliveries/{}/redeliver",
            delivery["id"].as_str().unwrap()
        );
        let (status, _) = asking.ask(&key, Method::POST, &again, None).await;
        assert_eq!(status, 202);
        let mut state = json!("delivered");
        for _ in 0..200 {
            state = asking.get(&reader, &format!("{path}/deliveries")).await["items"][0].clone();
            if state["last_error"] == "status" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(
            (&state["state"], &state["last_error"]),
            (&json!("waiting"), &json!("status"))
        );
        let (status, body) = asking.ask(&key, Method::POST, &again, None).await;
        assert_eq!(
            (status, &body["code"]),
            (409, &json!("notify.still_waiting"))
        );

        let (_, rotated) = asking
            .ask(&key, Method::POST, &format!("{path}/rotate"), None)
            .await;
        assert_ne!(rotated["secret"], made["secret"]);
        let (_, paused) = asking
            .ask(&key, Method::PATCH, &path, Some(json!({"enabled": false})))
            .await;
        assert!(paused["disabled_at"].is_string());
        let (status, _) = asking.ask(&key, Method::DELETE, &path, None).await;
        assert_eq!(status, 204);
        for (method, path) in [
            (Method::GET, path.clone()),
            (Method::DELETE, path.clone()),
            (Method::GET, "/webhooks/x".to_owned()),
        ] {
            assert_eq!(asking.ask(&key, method, &path, None).await.0, 404, "{path}");
        }
        asking.database.close().await.unwrap();
        asking.house.stopped().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_called_outside_stands_in_health() {
    let house = house().start().await;
    let body: Value = house.get("/health").await.json().await.unwrap();
    assert_eq!(body["upstreams"][0]["name"], "webhook");
    assert_eq!(body["upstreams"][0]["state"], "closed");
    house.stopped().await;
}
