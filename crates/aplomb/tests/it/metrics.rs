//! What `/metrics` holds of a server that has done nothing yet.

use serde_json::Value;
use tempfile::TempDir;

use crate::commands::{Served, get};

#[tokio::test]
async fn lunas_counters_stand_at_0_before_anything_was_counted() {
    let folder = TempDir::new().unwrap();
    let server = Served::start(folder.path(), &[]);
    let text = get(format!("{}/metrics", server.url)).await.unwrap();
    let text = text.text().await.unwrap();
    let mut wanted = vec![
        "errors_total".to_owned(),
        "generation_duration_seconds_count".to_owned(),
        "requests_total{route=\"/api/v1/luna/generate\"}".to_owned(),
        "requests_total{route=\"/api/v1/luna/mark/{generator}/{file}\"}".to_owned(),
    ];
    let variants = keys(&server, "variants").await;
    let generators = keys(&server, "generators").await;
    assert_eq!((variants.len(), generators.len()), (5, 10));
    for variant in &variants {
        wanted.extend(generators.iter().map(|generator| {
            format!("logo_generations_total{{variant=\"{variant}\",generator=\"{generator}\"}}")
        }));
    }
    for name in wanted {
        let line = format!("arkalia_luna_{name} 0");
        assert!(text.lines().any(|own| own == line), "no {line} in\n{text}");
    }
}

async fn keys(server: &Served, list: &str) -> Vec<String> {
    let answer = get(format!("{}/api/v1/luna/{list}", server.url)).await;
    let answer: Value = answer.unwrap().json().await.unwrap();
    let rows = answer[list].as_array().unwrap().iter();
    rows.map(|row| row["key"].as_str().unwrap().to_owned())
        .collect()
}
