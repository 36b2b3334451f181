//! The proof by the API: asked for as a job of the real binary, its record read, and a report judged by it.

use std::time::{Duration, Instant};

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::kill::{Place, Server, key};

async fn json_of(request: RequestBuilder, status: u16) -> Value {
    let answer = request.send().await.unwrap();
    let (got, text) = (answer.status(), answer.text().await.unwrap());
    assert_eq!(got, status, "{text}");
    serde_json::from_str(&text).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_asked_for_followed_and_read_and_judges_a_report() {
    let place = Place::sqlite();
    let secret = key(&place, "proof:*,jobs:read");
    let server = Server::start(&place);
    server.ready().await;
    let client = Client::new();
    let ask = |method: Method, path: &str| {
        let address = format!("{}/api/v1{path}", server.url);
        client.request(method, address).bearer_auth(&secret)
    };

    let listed = json_of(ask(Method::GET, "/proof"), 200).await;
    assert_eq!(listed, json!({"items": [], "next": null}));
    json_of(ask(Method::GET, "/proof/newest"), 404).await;
    json_of(ask(Method::GET, "/proof/..%2Fkey"), 404).await;
    let checks = json_of(ask(Method::GET, "/proof/checks"), 200).await;
    assert!(checks["items"].as_array().unwrap().len() > 20);

    let report = "# Status\n- [x] Security headers on all responses, errors included\n- [x] The coffee is hot\n";
    let import = |text: &'static str| {
        let asked = ask(Method::POST, "/proof/import").header("Content-Type", "text/markdown");
        asked.body(text)
    };
    let judged = json_of(import(report), 200).await;
    let verdicts = |judged: &Value| -> Vec<String> {
        let claims = judged["claims"].as_array().unwrap().iter();
        claims
            .map(|claim| claim["verdict"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(verdicts(&judged), ["unproven", "unproven"], "{judged}");

    let wrong = json!({"only": ["surface.heders"]});
    json_of(ask(Method::POST, "/proof/run").json(&wrong), 422).await;
    let wish = json!({"only": ["surface.headers"]});
    let job = json_of(ask(Method::POST, "/proof/run").json(&wish), 202).await;
    let path = format!("/jobs/{}", job["id"].as_str().unwrap());
    let deadline = Instant::now() + Duration::from_mins(2);
    let done = loop {
        let job = json_of(ask(Method::GET, &path), 200).await;
        if job["state"] != "waiting" && job["state"] != "running" {
            break job;
        }
        assert!(Instant::now() < deadline, "{job}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(done["state"], "done", "{done}");
    assert_eq!(done["result"]["score"], 100.0, "{done}");

    let listed = json_of(ask(Method::GET, "/proof"), 200).await;
    let id = listed["items"][0]["id"].as_str().unwrap();
    let record = json_of(ask(Method::GET, &format!("/proof/{id}")), 200).await;
    let of_headers = record["evidence"].as_array().unwrap().iter();
    let passed: Vec<_> = of_headers.filter(|one| one["verdict"] == "pass").collect();
    assert_eq!(passed.len(), 1, "{listed}");
    assert_eq!(passed[0]["id"], "surface.headers");
    assert!(record["signature"].is_object());

    let judged = json_of(import(report), 200).await;
    assert_eq!(verdicts(&judged), ["proved", "unproven"], "{judged}");
}
