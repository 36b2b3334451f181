//! Pictures, lists, and what is refused.

use luna::picture::{Format, write};
use luna_drawing::alias::PRESETS;
use luna_drawing::emotion::Emotion;
use luna_drawing::family::Family;
use luna_drawing::request::{Draft, Request};
use reqwest::header::{ACCEPT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use serde_json::Value;

use crate::server::Server;

const MARK: &str = "/api/v1/luna/mark";

#[tokio::test]
async fn every_family_emotion_and_format_is_a_picture_with_the_librarys_bytes() {
    let server = Server::start().await;
    for family in Family::ALL {
        for emotion in Emotion::ALL {
            for format in Format::ALL {
                let path = format!(
                    "{MARK}/{}/{}.{}?seed=3&size=64",
                    family.key(),
                    emotion.key(),
                    format.extension()
                );
                let response = server.get(&path).await;
                assert_eq!(response.status(), 200, "{path}");
                assert_eq!(response.headers()[CONTENT_TYPE], format.media_type());
                let draft = Draft {
                    generator: family.key(),
                    variant: emotion.key(),
                    seed: Some("3"),
                    size: Some("64"),
                    ..Draft::default()
                };
                let expected = write(&Request::parse(&draft).unwrap(), format).unwrap();
                assert!(
                    response.bytes().await.unwrap() == expected,
                    "{path}: other bytes"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_picture_can_be_kept_and_asked_for_again() {
    let server = Server::start().await;
    let path = format!("{MARK}/orbit/power.svg?name=Northwind&lockup=horizontal");
    let first = server.get(&path).await;
    let tag = first.headers()[ETAG].clone();
    assert!(
        first.headers()["cache-control"]
            .to_str()
            .unwrap()
            .contains("immutable")
    );
    assert_eq!(
        first.headers()["cross-origin-resource-policy"],
        "cross-origin"
    );
    let length = first.headers()["content-length"].clone();
    let again = server
        .client
        .get(server.url(&path))
        .header(IF_NONE_MATCH, &tag)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (again.status().as_u16(), &again.headers()[ETAG]),
        (304, &tag)
    );
    let head = server.client.head(server.url(&path)).send().await.unwrap();
    assert_eq!((head.status().as_u16(), &head.headers()[ETAG]), (200, &tag));
    assert_eq!(head.headers()["content-length"], length);
    let packed = server
        .client
        .get(server.url(&path))
        .header(ACCEPT_ENCODING, "gzip")
        .send()
        .await
        .unwrap();
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    let packed_tag = packed.headers()[ETAG].clone();
    assert_ne!(packed_tag, tag, "another representation has another tag");
    let again = server
        .client
        .get(server.url(&path))
        .header(IF_NONE_MATCH, packed_tag)
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), 304);
    let other = server
        .get(&format!("{MARK}/orbit/power.svg?name=Northwind"))
        .await;
    assert_ne!(other.headers()[ETAG], tag);
}

#[tokio::test]
async fn wrong_fields_are_named_with_what_is_allowed() {
    let server = Server::start().await;
    let long = "x".repeat(41);
    for (rest, status, field, said) in [
        ("banana/serenity.svg", 422, "generator", "crescent"),
        ("orbit/anger.svg", 422, "variant", "serenity"),
        ("orbit/power.gif", 404, "file", "serenity.svg"),
        ("orbit/power", 404, "file", "serenity.svg"),
        ("orbit/power.svg?size=0", 422, "size", "8"),
        ("orbit/power.svg?size=-1", 422, "size", "4096"),
        ("orbit/power.svg?size=1000000000", 422, "size", "4096"),
        ("orbit/power.svg?size=", 422, "size", "4096"),
        ("orbit/power.png?size=2000", 422, "size", "1024"),
        (
            "orbit/power.svg?lockup=horizontal",
            422,
            "name",
            "horizontal",
        ),
        ("orbit/power.svg?lockup=vertical", 422, "lockup", "stacked"),
        (
            "orbit/power.ico?lockup=stacked&name=A",
            422,
            "lockup",
            ".ico",
        ),
        ("orbit/power.svg?primary=red", 422, "primary", "#rrggbb"),
        ("orbit/power.svg?accent=fff", 422, "accent", "primary"),
        ("orbit/power.svg?v=2", 422, "v", "1"),
        ("orbit/power.svg?colour=red", 422, "colour", "seed"),
        ("orbit/power.svg?seed=1&seed=2", 422, "seed", "once"),
        ("orbit/power.svg?name=%ff", 422, "name", "UTF-8"),
        ("orbit/power.svg?name=", 422, "name", "empty"),
        (&format!("orbit/power.svg?name={long}"), 422, "name", "41"),
        (
            "orbit/power.svg?name=%F0%9F%8C%99&lockup=stacked",
            422,
            "name",
            "U+1F319",
        ),
        (
            "orbit/power.svg?name=%D7%A9%D7%9C%D7%95%D7%9D&lockup=stacked",
            422,
            "name",
            "U+05E9",
        ),
        ("orbit/power.svg?name=a%00b", 422, "name", "U+0000"),
        ("orbit/power.svg?name=%E2%80%AEabc", 422, "name", "U+202E"),
        ("orbit/power.svg?name=%EF%BF%BE", 422, "name", "U+FFFE"),
    ] {
        let response = server.get(&format!("{MARK}/{rest}")).await;
        assert_eq!(response.status(), status, "{rest}");
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        let body: Value = response.json().await.unwrap();
        let error = &body["errors"][0];
        assert_eq!(error["field"], field, "{rest}: {body}");
        assert!(
            error["detail"].as_str().unwrap().contains(said),
            "{rest}: {error}"
        );
    }
}

#[tokio::test]
async fn hostile_names_are_escaped() {
    let server = Server::start().await;
    let name = "%3Cscript%3E%26%22%27";
    let response = server
        .get(&format!("{MARK}/halo/mystery.svg?name={name}"))
        .await;
    assert_eq!(response.status(), 200);
    let text = response.text().await.unwrap();
    assert!(
        text.contains("&lt;script&gt;&amp;") && !text.contains("<script"),
        "{text}"
    );
}

#[tokio::test]
async fn the_lists_say_what_the_library_can_do() {
    let server = Server::start().await;
    let variants = server.json("/api/v1/luna/variants").await;
    let keys: Vec<_> = variants["variants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v["key"].as_str().unwrap())
        .collect();
    assert_eq!(keys, Emotion::ALL.map(Emotion::key));
    for variant in variants["variants"].as_array().unwrap() {
        for theme in ["light", "dark"] {
            let contrast = &variant[theme]["contrast"];
            assert!(
                contrast["primary"].as_f64().unwrap() >= 4.5
                    && contrast["accent"].as_f64().unwrap() >= 3.0
            );
        }
    }
    let generators = server.json("/api/v1/luna/generators").await;
    let families = generators["generators"].as_array().unwrap();
    assert_eq!(families.len(), 10);
    for family in families {
        assert!(
            (4..=8).contains(&family["parameters"].as_array().unwrap().len()),
            "{family}"
        );
    }
    assert_eq!(generators["aliases"].as_array().unwrap().len(), 8);
    let french = server
        .client
        .get(server.url("/api/v1/luna/variants"))
        .header("accept-language", "fr")
        .send()
        .await
        .unwrap();
    assert!(french.text().await.unwrap().contains("bouts ronds"));
}

#[tokio::test]
async fn the_document_speaks_of_what_the_parser_knows() {
    let server = Server::start().await;
    let document = server.json("/api/openapi.json").await;
    let operation = &document["paths"]["/api/v1/luna/mark/{generator}/{file}"]["get"];
    let allowed = |name: &str| -> Vec<String> {
        let parameters = operation["parameters"].as_array().unwrap();
        let parameter = parameters
            .iter()
            .find(|p| p["name"] == name)
            .unwrap_or_else(|| panic!("no {name}"));
        let listed = find_enum(&parameter["schema"])
            .unwrap_or_else(|| panic!("{name} has no list: {parameter}"));
        listed
            .iter()
            .filter_map(|v| v.as_str().map(str::to_owned))
            .collect()
    };
    let mut generators: Vec<_> = Family::ALL.map(Family::key).to_vec();
    generators.extend(PRESETS.iter().map(|preset| preset.key));
    assert_eq!(allowed("generator"), generators);
    assert_eq!(allowed("file").len(), 25);
    for name in ["lockup", "theme", "ground", "lang"] {
        for value in allowed(name) {
            let path = format!("{MARK}/orbit/power.svg?name=A&{name}={value}");
            assert_eq!(server.get(&path).await.status(), 200, "{path}");
        }
    }
}

/// The list of allowed values, also where the schema says "this or nothing".
fn find_enum(schema: &Value) -> Option<&Vec<Value>> {
    schema["enum"]
        .as_array()
        .or_else(|| schema["oneOf"].as_array()?.iter().find_map(find_enum))
}

#[tokio::test]
async fn health_holds_lunas_evidence() {
    let server = Server::start().await;
    let health = server.json("/health").await;
    assert_eq!(health["status"], "ok", "{health}");
    let evidence = health["evidence"].as_array().unwrap();
    assert!(
        evidence
            .iter()
            .any(|e| e["id"] == "luna.every-mark" && e["verdict"] == "pass"),
        "{health}"
    );
}
