//! Who may ask how often, over real sockets.

use reqwest::Response;
use serde_json::Value;

use crate::house::{Running, house};

async fn ask(house: &Running, path: &str, key: Option<&str>) -> Response {
    let mut request = house.client.get(house.url(path));
    if let Some(key) = key {
        request = request.bearer_auth(key);
    }
    request.send().await.unwrap()
}

async fn code(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    (status, body["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn guessing_keys_is_bounded_and_costs_the_address_nothing_else() {
    let house = house().set("limits.anonymous_per_minute", 3).start().await;
    for left in ["2", "1", "0"] {
        let answer = ask(&house, "/api/v1/trouble/text", Some("ak_live_guess")).await;
        assert_eq!(answer.headers()["ratelimit-remaining"], left);
        assert_eq!(
            answer.headers()["ratelimit-policy"],
            "\"credentials\";q=3;w=60"
        );
        assert_eq!(code(answer).await, (401, "auth.invalid_credentials".into()));
    }
    let key = house.key("trouble:read").await;
    for guess in ["ak_live_guess", &key] {
        let answer = ask(&house, "/api/v1/trouble/text", Some(guess)).await;
        assert!(answer.headers().contains_key("retry-after"));
        assert_eq!(code(answer).await, (429, "limits.guesses".into()));
    }
    assert_eq!(
        ask(&house, "/api/v1/trouble/text", None).await.status(),
        200
    );
}

#[tokio::test]
async fn a_key_counts_by_itself_and_not_by_its_address() {
    let house = house()
        .set("limits.anonymous_per_minute", 1)
        .set("limits.user_per_hour", 2)
        .start()
        .await;
    let (one, two) = (
        house.key("trouble:read").await,
        house.key("trouble:read").await,
    );
    for key in [&one, &two] {
        for left in ["1", "0"] {
            let answer = ask(&house, "/api/v1/trouble/text", Some(key)).await;
            assert_eq!(answer.status(), 200);
            assert_eq!(answer.headers()["ratelimit-limit"], "2");
            assert_eq!(answer.headers()["ratelimit-remaining"], left);
            assert_eq!(answer.headers()["ratelimit-policy"], "\"key\";q=2;w=3600");
        }
        let answer = ask(&house, "/api/v1/trouble/text", Some(key)).await;
        assert_eq!(code(answer).await, (429, "limits.user_exceeded".into()));
    }
    for status in [200, 429] {
        let answer = ask(&house, "/api/v1/trouble/text", None).await;
        assert_eq!(answer.status(), status, "the address has its own minute");
    }
}

#[tokio::test]
async fn an_operators_limit_for_a_route_is_in_force() {
    let house = house()
        .set("limits.anonymous_per_minute", 100)
        .set("limits.routes", "GET / 2,GET /docs/ 1")
        .start()
        .await;
    for (path, left, status) in [
        ("/", "1", 200),
        ("/docs/", "0", 200),
        ("/", "0", 200),
        ("/", "0", 429),
    ] {
        let answer = house.get(path).await;
        assert_eq!(answer.headers()["ratelimit-remaining"], left, "{path}");
        assert_eq!(answer.status(), status, "{path}");
    }
    assert_eq!(house.get("/nowhere").await.status(), 404);
    let metrics = house.get("/metrics").await.text().await.unwrap();
    assert!(
        metrics.contains("limits_refused_total{limit=\"route\"}"),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_limit_for_a_route_that_there_is_not_stops_the_start() {
    let fault = house()
        .set(
            "limits.routes",
            "GET /api/v1/event 5,GET /livez 5,POST /nowhere 5",
        )
        .refused()
        .await;
    assert!(
        fault.contains("`GET /api/v1/event`; did you mean `GET /api/v1/events`?"),
        "{fault}"
    );
    for part in ["`GET /livez`, which is never limited", "`POST /nowhere`"] {
        assert!(fault.contains(part), "{fault}");
    }
}

#[tokio::test]
async fn addresses_of_one_ipv6_site_share_a_bucket() {
    let house = house()
        .set("limits.anonymous_per_minute", 1)
        .set("http.trusted_proxies", "127.0.0.0/8")
        .set("http.proxy_header", "forwarded")
        .start()
        .await;
    let ask = async |client: &str| {
        let request = house
            .client
            .get(house.url("/api/v1/trouble/text"))
            .header("forwarded", format!("for=\"{client}\""))
            // Not the header that this proxy sets.
            .header("x-forwarded-for", "9.9.9.9");
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask("[2001:db8:0:1::1]:4711").await, 200);
    assert_eq!(ask("[2001:db8:0:1:ffff::2]").await, 429);
    assert_eq!(ask("[2001:db8:0:2::1]").await, 200);
}
