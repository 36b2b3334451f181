//! Real things of workspace A, by which the parameters of addresses are filled: the registry to which a new route brings
//! its own.

use chassis::auth::Role;
use reqwest::header::LOCATION;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::place::{MARKER, Place};

/// Ids of things of A, by the address's template and the parameter's name.
pub(crate) struct Examples(Vec<(&'static str, &'static str, String)>);

impl Examples {
    /// Makes one of everything in A, over HTTP as its owner does.
    pub(crate) async fn make(place: &Place) -> Self {
        let token = place.token(place.person(Role::Owner), place.a).await;
        let maker = Maker { place, token };
        let object = maker.object().await;
        let upload = maker.upload().await;
        let webhook = maker
            .id(
                "/webhooks",
                json!({"url": "http://127.0.0.1:9/", "events": ["jobs.failed"]}),
            )
            .await;
        let delivery = maker.delivery(&webhook).await;
        let kit = maker.kit().await;
        let mark = json!({"generator": "crescent", "variant": "serenity", "name": "Zebrafish", "format": "svg"});
        let mark = maker.post("/luna/generate", mark).await["download_url"]
            .as_str()
            .unwrap()
            .to_owned();
        let mark = mark.rsplit('/').next().unwrap().to_owned();
        let heard = maker.heard().await;
        let session = maker.get("/auth/sessions").await["items"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let mut all = vec![
            ("/api/v1/auth/sessions/{id}", "id", session),
            ("/api/v1/objects/", "id", object),
            ("/api/v1/uploads/", "id", upload),
            (
                "/api/v1/jobs/",
                "id",
                kit["job"].as_str().unwrap().to_owned(),
            ),
            ("/api/v1/webhooks/", "id", webhook),
            ("/api/v1/webhooks/", "delivery", delivery),
            (
                "/api/v1/luna/kits/",
                "kit",
                kit["id"].as_str().unwrap().to_owned(),
            ),
            ("/api/v1/luna/download/", "filename", mark),
            (
                "/api/v1/nightscan/recordings/",
                "recording",
                heard.recording,
            ),
            (
                "/api/v1/nightscan/detections/",
                "detection",
                heard.detection,
            ),
            ("/api/v1/nightscan/sites/", "site", heard.site),
            ("/api/v1/nightscan/sensors/", "sensor", heard.sensor),
            ("/api/v1/nightscan/rules/", "rule", heard.rule),
            ("/api/v1/nightscan/exports/", "format", "csv".to_owned()),
            ("/api/v1/proof/", "record", "newest".to_owned()),
            ("/api/v1/luna/mark/", "generator", "crescent".to_owned()),
            ("/api/v1/luna/mark/", "file", "serenity.svg".to_owned()),
            ("/api/v1/workspaces/", "id", place.a.to_string()),
            ("/api/v1/workspaces/", "user", place.spare.to_string()),
            ("/api/v1/users/", "id", place.spare.to_string()),
            ("/api/v1/keys/", "id", place.new_key("luna:read").await.0),
        ];
        if place.document["paths"]
            .get("/api/v1/workspaces/{id}/invitations")
            .is_some()
        {
            let path = format!("/workspaces/{}/invitations", place.a);
            let invited = json!({"email": format!("guest@{MARKER}.example"), "role": "viewer"});
            all.push((
                "/api/v1/workspaces/",
                "invitation",
                maker.id(&path, invited).await,
            ));
        }
        Self(all)
    }

    /// The address of A's own thing; a line saying what is missing where there is no example.
    pub(crate) fn fill(&self, template: &str) -> Result<String, String> {
        let mut path = template.to_owned();
        while let Some((before, rest)) = path.split_once('{') {
            let (name, after) = rest.split_once('}').unwrap();
            let found = self
                .0
                .iter()
                .find(|(begin, own, _)| template.starts_with(begin) && *own == name);
            let Some((_, _, value)) = found else {
                return Err(format!(
                    "{template}: no example of `{{{name}}}`; make one of workspace A in matrix/examples.rs"
                ));
            };
            path = format!("{before}{value}{after}");
        }
        Ok(path)
    }

    /// Whether an answer shows something of A. Ids that everybody knows, such as a generator's, are none.
    pub(crate) fn shown_in(&self, text: &str) -> Option<&str> {
        let secret = |value: &&str| value.len() >= 26;
        let mut all = self
            .0
            .iter()
            .map(|(_, _, value)| value.as_str())
            .filter(secret)
            .chain([MARKER]);
        all.find(|value| text.contains(value))
    }
}

/// A body that gets past the rules to where the thing is looked up; none where the operation takes no body.
pub(crate) fn body(
    method: &Method,
    template: &str,
    request: RequestBuilder,
) -> Option<RequestBuilder> {
    let json = match (
        method.as_str(),
        template.strip_prefix("/api/v1").unwrap_or(template),
    ) {
        ("PATCH", "/uploads/{id}") => {
            let kind = ("Content-Type", "application/offset+octet-stream");
            return Some(
                request
                    .header(kind.0, kind.1)
                    .header("Upload-Offset", "0")
                    .body("zebra"),
            );
        }
        ("POST", "/nightscan/detections/{detection}/review") => json!({"verdict": "correct"}),
        ("PUT", "/nightscan/sites/{site}") => json!({"name": "Other", "lat": 1, "lon": 2}),
        ("PATCH", "/webhooks/{id}") => json!({"events": ["jobs.failed", "jobs.cancelled"]}),
        ("POST", "/objects/{id}/address") => json!({"valid_for_s": 60}),
        ("PATCH", "/workspaces/{id}" | "/users/{id}" | "/keys/{id}")
        | ("PUT", "/nightscan/rules/{rule}") => json!({"name": "Other"}),
        ("POST", "/workspaces/{id}/invitations" | "/workspaces/{id}/members") => {
            json!({"email": "new@b.example", "role": "viewer"})
        }
        // The name is the confirmation: a wrong one deletes nothing.
        ("DELETE", "/workspaces/{id}") => json!({"name": "not its name"}),
        ("PATCH", "/workspaces/{id}/members/{user}") => json!({"role": "member"}),
        _ => return None,
    };
    Some(request.json(&json))
}

/// What NightScan has of A.
struct Heard {
    recording: String,
    detection: String,
    site: String,
    sensor: String,
    rule: String,
}

struct Maker<'a> {
    place: &'a Place,
    token: String,
}

impl Maker<'_> {
    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let address = self.place.url(&format!("/api/v1{path}"));
        self.place
            .client
            .request(method, address)
            .bearer_auth(&self.token)
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        made(
            path,
            self.ask(Method::POST, path)
                .json(&body)
                .send()
                .await
                .unwrap(),
        )
        .await
    }

    async fn get(&self, path: &str) -> Value {
        made(path, self.ask(Method::GET, path).send().await.unwrap()).await
    }

    async fn id(&self, path: &str, body: Value) -> String {
        let made = self.post(path, body).await;
        made["id"]
            .as_str()
            .unwrap_or_else(|| panic!("{path}: {made}"))
            .to_owned()
    }

    async fn object(&self) -> String {
        let path = format!("/objects?name={MARKER}.txt");
        let answer = self
            .ask(Method::POST, &path)
            .header("Content-Type", "text/plain")
            .body(MARKER)
            .send()
            .await
            .unwrap();
        made(&path, answer).await["id"].as_str().unwrap().to_owned()
    }

    async fn upload(&self) -> String {
        let request = self
            .ask(Method::POST, "/uploads")
            .header("Tus-Resumable", "1.0.0")
            .header("Upload-Length", "10");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 201);
        answer.headers()[LOCATION]
            .to_str()
            .unwrap()
            .rsplit('/')
            .next()
            .unwrap()
            .to_owned()
    }

    /// One that was delivered: nothing is sent while the test looks.
    async fn delivery(&self, webhook: &str) -> String {
        let id = chassis::auth::UserId::generate(&chassis::clock::SystemClock).to_string();
        let (a, now) = (self.place.a, "2026-11-20T15:44:05.123Z");
        let sql = format!(
            "INSERT INTO delivery (id, workspace_id, webhook_id, channel, target, template, language, arguments, idempotency_key, \
             state, attempts, next_at, created_at, delivered_at) VALUES ('{id}', '{a}', '{webhook}', 'webhook', 'http://127.0.0.1:9/', \
             'notify.test', 'en', '{{}}', '{id}', 'delivered', 1, '{now}', '{now}', '{now}')"
        );
        self.place.execute(&sql).await;
        id
    }

    /// A recording that is analysed, and what stands around it.
    async fn heard(&self) -> Heard {
        let place = json!({"name": MARKER, "lat": 46.77, "lon": 6.64});
        let site = self.id("/nightscan/sites", place).await;
        let sensor = json!({"name": MARKER});
        let sensor = self.id("/nightscan/sensors", sensor).await;
        let rule = self
            .id(
                "/nightscan/rules",
                json!({"name": MARKER, "enabled": false}),
            )
            .await;
        let path = "/nightscan/recordings";
        let request = self
            .ask(Method::POST, path)
            .header("Content-Type", "multipart/form-data; boundary=night")
            .body(chirps());
        let brought = made(path, request.send().await.unwrap()).await;
        let recording = brought["items"][0]["id"].as_str().unwrap().to_owned();
        for _ in 0..600 {
            let now = self.get(&format!("{path}/{recording}")).await;
            match now["state"].as_str().unwrap() {
                "analysed" => break,
                "waiting" | "running" => {
                    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                }
                state => panic!("the recording is {state}: {now}"),
            }
        }
        let found = self.get("/nightscan/detections").await;
        let detection = found["items"][0]["id"].as_str();
        Heard {
            detection: detection
                .unwrap_or_else(|| panic!("nothing was heard: {found}"))
                .to_owned(),
            recording,
            site,
            sensor,
            rule,
        }
    }

    /// A kit that is done, so that nothing of A changes by itself afterwards.
    async fn kit(&self) -> Value {
        let asked = json!({"generator": "crescent", "variant": "serenity", "name": "Zebrafish"});
        let id = self.id("/luna/kits", asked).await;
        for _ in 0..600 {
            let kit = self.get(&format!("/luna/kits/{id}")).await;
            match kit["state"].as_str().unwrap() {
                "done" => return kit,
                "waiting" | "running" => {
                    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                }
                state => panic!("the kit is {state}"),
            }
        }
        panic!("no kit within two minutes");
    }
}

async fn made(path: &str, answer: Response) -> Value {
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert!(status.is_success(), "{path}: {status} {text}");
    serde_json::from_str(&text).unwrap()
}

/// A form with ten seconds of a tone that comes and goes, of which every window counts as something.
fn chirps() -> Vec<u8> {
    let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    file.extend_from_slice(&16_000_u32.to_le_bytes());
    file.extend_from_slice(&32_000_u32.to_le_bytes());
    file.extend_from_slice(b"\x02\0\x10\0data");
    file.extend_from_slice(&320_000_u32.to_le_bytes());
    for at in 0..160_000_u32 {
        let second = f64::from(at) / 16_000.0;
        let sweep = 2_500.0 + 800.0 * (second * 50.0).sin();
        let loud = if second.fract() < 0.4 { 9_000.0 } else { 100.0 };
        let value = (second * sweep * std::f64::consts::TAU).sin() * loud;
        file.extend_from_slice(&(value as i16).to_le_bytes());
    }
    let settings = r#"{"min_confidence":0,"background":true}"#;
    let head = format!(
        "--night\r\nContent-Disposition: form-data; name=\"settings\"\r\n\r\n{settings}\r\n--night\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"{MARKER}.wav\"\r\nContent-Type: audio/wav\r\n\r\n"
    );
    [head.as_bytes(), &file, b"\r\n--night--\r\n"].concat()
}
