//! What `/metrics` holds of a server that has done nothing yet, and the page that tells operators of it.

use std::fmt::Write as _;
use std::path::Path;

use chassis::service::Service;
use chassis::telemetry::catalogue::{self, Metric};
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

const PAGE_HEAD: &str = "# Metrics

What `/metrics` shows, made from the list in the program: `cargo test` keeps this page, and `aplomb prove --only observability`
finds each line of it on a running server, and nothing there that is missing here. Histograms have `le` and summaries `quantile`
besides. A counter whose labels are not known before is there from what is said in its line on: until then an alert must take it
for 0. How to ask: [running.md](running.md#metrics).

| Name | Type | Labels | Unit | There from | Meaning |
|---|---|---|---|---|---|
";

fn listed() -> Vec<Metric> {
    let services: [&dyn Service; 2] = [&luna::Luna, &nightscan::NightScan];
    let of_services = services.into_iter().flat_map(|service| {
        let prefixed = service.metric_prefix().map(catalogue::prefixed);
        let own = service.metrics().iter().cloned();
        prefixed.unwrap_or_default().into_iter().chain(own)
    });
    let chassis = catalogue::CHASSIS.iter().cloned();
    chassis.chain(of_services).collect()
}

#[test]
fn the_page_of_metrics_is_the_list_in_the_program() {
    let mut page = PAGE_HEAD.to_owned();
    for metric in listed() {
        let labels: Vec<_> = metric.labels.iter().map(|own| format!("`{own}`")).collect();
        writeln!(
            page,
            "| `{}` | {} | {} | {} | {} | {} |",
            metric.name,
            metric.kind.name(),
            labels.join(", "),
            metric.unit,
            metric.since.name(),
            metric.meaning
        )
        .unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operate/metrics.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap_or_default() == page,
        "run `UPDATE=1 cargo test -p aplomb`"
    );
}

#[test]
fn every_metric_of_the_sources_is_in_the_list() {
    let listed = listed();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders = vec![
        root.join("chassis/src"),
        root.join("luna/src"),
        root.join("nightscan/src"),
    ];
    let mut found = 0;
    let mut missing = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for call in ["counter!(", "gauge!(", "histogram!("] {
                for rest in text.split(call).skip(1) {
                    let Some(rest) = rest.trim_start().strip_prefix('"') else {
                        continue;
                    };
                    let name = rest.split('"').next().unwrap();
                    found += 1;
                    if !listed.iter().any(|metric| metric.name == name) {
                        missing.push(format!("{}: {name}", path.display()));
                    }
                }
            }
        }
    }
    assert!(found > 20, "only {found} found: the search is broken");
    assert!(missing.is_empty(), "no list has {missing:?}");
}
