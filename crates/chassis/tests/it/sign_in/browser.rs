//! Browsers: the cookie, how long it lasts, and what keeps other sites from using it.

use chassis::clock::Clock;
use reqwest::Method;
use reqwest::header::{COOKIE, SET_COOKIE};
use serde_json::{Value, json};

use super::{EMAIL, PASSWORD, column, cookie_of, fault, person};
use crate::data::place::on_each;
use crate::house::house;

#[tokio::test]
async fn a_browser_gets_a_cookie_that_says_who_it_is() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let user = person(&house, EMAIL, "member").await;
        let answer = house.sign_in(" ZOE@example.org ", PASSWORD).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let set = answer.headers()[SET_COOKIE].to_str().unwrap().to_owned();
        assert!(
            set.starts_with("aplomb=")
                && set.ends_with("; Path=/; Max-Age=1209600; HttpOnly; SameSite=Lax"),
            "{set}"
        );
        let cookie = cookie_of(&answer);
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["user"], user.to_string());
        assert!(body.get("tokens").is_none());

        let me = house
            .send(Method::GET, "/auth/me")
            .header(COOKIE, &cookie)
            .send()
            .await
            .unwrap();
        assert_eq!(me.status(), 200);
        let me: Value = me.json().await.unwrap();
        assert_eq!(me["user"]["email"], EMAIL);
        assert_eq!(me["role"], "member");
        assert_eq!(me["workspaces"][0]["id"], me["workspace"]);
        let scopes: Vec<&str> = me["scopes"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert!(
            scopes.contains(&"trouble:write")
                && !scopes.iter().any(|scope| scope.starts_with("users")),
            "{scopes:?}"
        );
        assert_eq!(house.get("/api/v1/auth/me").await.status(), 401);
    })
    .await;
}

#[tokio::test]
async fn a_cookie_behind_tls_is_bound_to_the_host() {
    let house = house()
        .set("http.trusted_proxies", "127.0.0.0/8")
        .start()
        .await;
    person(&house, EMAIL, "member").await;
    let body = json!({"email": EMAIL, "password": PASSWORD});
    let request = house
        .send(Method::POST, "/auth/login")
        .header("x-forwarded-proto", "https");
    let answer = request.json(&body).send().await.unwrap();
    let set = answer.headers()[SET_COOKIE].to_str().unwrap();
    assert!(
        set.starts_with("__Host-aplomb=") && set.ends_with("; HttpOnly; SameSite=Lax; Secure"),
        "{set}"
    );
    // The plain name is nothing there, and the bound one is nothing without TLS.
    let value = cookie_of(&answer);
    let value = value.split_once('=').unwrap().1;
    for (name, proto, status) in [
        ("__Host-aplomb", "https", 200),
        ("aplomb", "https", 401),
        ("__Host-aplomb", "http", 401),
    ] {
        let request = house
            .send(Method::GET, "/auth/me")
            .header("x-forwarded-proto", proto);
        let answer = request
            .header(COOKIE, format!("{name}={value}"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), status, "{name} {proto}");
    }
}

#[tokio::test]
async fn a_stale_cookie_is_anonymous() {
    let house = house().start().await;
    let stale = format!("aplomb={}", "x7".repeat(20));
    let page = house
        .client
        .get(house.url("/docs/"))
        .header(COOKIE, &stale)
        .send()
        .await
        .unwrap();
    assert_eq!(page.status(), 200);
    let me = house
        .send(Method::GET, "/auth/me")
        .header(COOKIE, &stale)
        .send()
        .await
        .unwrap();
    assert_eq!(fault(me).await, (401, "auth.required".into()));
}

#[tokio::test]
async fn other_sites_cannot_act_with_a_visitors_cookie() {
    let house = house()
        .set("http.allowed_origins", "https://app.example.org")
        .start()
        .await;
    person(&house, EMAIL, "member").await;
    let cookie = house.cookie().await;
    let own = format!("http://{}", house.address);
    let refused = (403, "auth.cross_site".to_owned());
    for (header, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("x-nothing", "no proof at all"),
    ] {
        let request = house
            .send(Method::DELETE, "/auth/sessions/01")
            .header(COOKIE, &cookie);
        assert_eq!(
            fault(request.header(header, value).send().await.unwrap()).await,
            refused,
            "{header}: {value}"
        );
        let request = house.send(Method::GET, "/auth/me").header(COOKIE, &cookie);
        assert_eq!(
            request.header(header, value).send().await.unwrap().status(),
            200
        );
    }
    for (header, value) in [
        ("sec-fetch-site", "same-origin"),
        ("origin", own.as_str()),
        ("origin", "https://app.example.org"),
    ] {
        let request = house
            .send(Method::DELETE, "/auth/sessions/01")
            .header(COOKIE, &cookie);
        assert_eq!(
            request.header(header, value).send().await.unwrap().status(),
            404,
            "{header}: {value}"
        );
    }
    // Nor can they sign a visitor in.
    let body = json!({"email": EMAIL, "password": PASSWORD});
    let request = house
        .send(Method::POST, "/auth/login")
        .header("sec-fetch-site", "cross-site");
    assert_eq!(
        fault(request.json(&body).send().await.unwrap()).await,
        refused
    );
}

#[tokio::test]
async fn a_session_ends_without_use_and_at_its_time() {
    const HOUR_MS: i64 = 3_600_000;
    on_each(async |place| {
        let house = house().at(place).start().await;
        person(&house, EMAIL, "member").await;
        let idle = house.cookie().await;
        let used = house.cookie().await;
        assert_eq!(house.me_by_cookie(&idle).await, 200);
        for _ in 0..2 {
            place.clock.advance_ms(7 * HOUR_MS);
            assert_eq!(house.me_by_cookie(&used).await, 200);
        }
        assert_eq!(house.me_by_cookie(&idle).await, 401);
        for _ in 0..(13 * 24 / 11) {
            place.clock.advance_ms(11 * HOUR_MS);
            assert_eq!(house.me_by_cookie(&used).await, 200);
        }
        place.clock.advance_ms(11 * HOUR_MS);
        assert_eq!(house.me_by_cookie(&used).await, 200);
        place.clock.advance_ms(11 * HOUR_MS);
        assert_eq!(
            house.me_by_cookie(&used).await,
            401,
            "fourteen days are over"
        );
    })
    .await;
}

#[tokio::test]
async fn last_use_is_written_later_and_in_one_go() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        person(&house, EMAIL, "member").await;
        let answer = house.sign_in(EMAIL, PASSWORD).await;
        let cookie = cookie_of(&answer);
        let session = answer.json::<Value>().await.unwrap()["session"]
            .as_str()
            .unwrap()
            .to_owned();
        let key = house.key("trouble:read").await;
        let opened = place.clock.now().to_string();
        place.clock.advance_ms(61_000);
        assert_eq!(house.me_by_cookie(&cookie).await, 200);
        assert_eq!(house.me_by_token(&key).await, 200);
        let used = place.clock.now().to_string();

        let database = house.database().await;
        let me = house
            .send(Method::GET, "/auth/me")
            .bearer_auth(&key)
            .send()
            .await
            .unwrap();
        let key = me.json::<Value>().await.unwrap()["key"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(
            column(&database, "session", &session, "last_used_at")
                .await
                .as_ref(),
            Some(&opened)
        );
        assert_eq!(
            column(&database, "api_key", &key, "last_used_at").await,
            None
        );
        // The list knows what is not written yet.
        let list = house
            .send(Method::GET, "/auth/sessions")
            .header(COOKIE, &cookie)
            .send()
            .await
            .unwrap();
        assert_eq!(
            list.json::<Value>().await.unwrap()["items"][0]["last_used_at"],
            used
        );
        house.stopped().await;
        assert_eq!(
            column(&database, "session", &session, "last_used_at")
                .await
                .as_ref(),
            Some(&used)
        );
        assert_eq!(
            column(&database, "api_key", &key, "last_used_at")
                .await
                .as_ref(),
            Some(&used)
        );
    })
    .await;
}

#[tokio::test]
async fn sessions_are_listed_and_ended_by_their_person_alone() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        person(&house, EMAIL, "member").await;
        person(&house, "other@example.org", "owner").await;
        let stranger = cookie_of(&house.sign_in("other@example.org", PASSWORD).await);
        let (first, second) = (house.cookie().await, house.cookie().await);
        let (access, _) = house.tokens().await;
        let list = house
            .page(Method::GET, "/auth/sessions", &second, None)
            .await;
        let list: Value = list.json().await.unwrap();
        let items = list["items"].as_array().unwrap();
        let kinds: Vec<_> = items
            .iter()
            .map(|item| (item["kind"].as_str().unwrap(), item["current"] == true))
            .collect();
        assert_eq!(kinds.len(), 3);
        assert_eq!(
            kinds
                .iter()
                .filter(|kind| **kind == ("browser", true))
                .count(),
            1
        );
        let id_of = |kind: (&str, bool)| {
            let at = kinds.iter().position(|known| *known == kind).unwrap();
            format!("/auth/sessions/{}", items[at]["id"].as_str().unwrap())
        };
        let (other, client) = (id_of(("browser", false)), id_of(("api", false)));
        assert_eq!(
            house
                .page(Method::DELETE, &other, &stranger, None)
                .await
                .status(),
            404
        );
        assert_eq!(house.me_by_cookie(&first).await, 200);
        assert_eq!(
            house
                .page(Method::DELETE, &other, &second, None)
                .await
                .status(),
            204
        );
        assert_eq!(house.me_by_cookie(&first).await, 401, "at once");
        assert_eq!(
            house
                .page(Method::DELETE, &other, &second, None)
                .await
                .status(),
            404
        );
        assert_eq!(house.me_by_token(&access).await, 200);
        assert_eq!(
            house
                .page(Method::DELETE, &client, &second, None)
                .await
                .status(),
            204
        );
        assert_eq!(house.me_by_token(&access).await, 401, "at once");

        let page = house
            .page(Method::GET, "/auth/sessions?limit=1", &second, None)
            .await;
        let page: Value = page.json().await.unwrap();
        assert_eq!(
            (page["items"].as_array().unwrap().len(), &page["next"]),
            (1, &Value::Null)
        );
    })
    .await;
}

#[tokio::test]
async fn signing_out_ends_the_session_at_once() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        person(&house, EMAIL, "member").await;
        let cookie = house.cookie().await;
        assert_eq!(house.me_by_cookie(&cookie).await, 200);
        let out = house
            .page(Method::POST, "/auth/logout", &cookie, None)
            .await;
        assert_eq!(out.status(), 204);
        assert!(
            out.headers()[SET_COOKIE]
                .to_str()
                .unwrap()
                .starts_with("aplomb=; Path=/; Max-Age=0")
        );
        assert_eq!(house.me_by_cookie(&cookie).await, 401);
        assert_eq!(
            house
                .page(Method::POST, "/auth/logout", &cookie, None)
                .await
                .status(),
            204
        );
    })
    .await;
}
