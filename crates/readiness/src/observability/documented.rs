//! What operators read of figures is what the server shows.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chassis::check::ground::Wishes;
use chassis::check::{
    About, Answer, Area, Check, Finding, Method, Need, Said, Subject, Trouble, Words,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::json;

use super::scrape;
use crate::actors;
use crate::prometheus::{Exposition, Family};

/// The page that operators have.
const PAGE: &str = include_str!("../../../../docs/operate/metrics.md");
/// A job that does one step is done by then, on any machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// What is there from the start is there so long after it.
const START: Duration = Duration::from_secs(10);
/// Labels that belong to the kind, not to the metric.
const OF_THE_KIND: [&str; 2] = ["le", "quantile"];

/// `observability.documented_metrics`.
pub(crate) struct Documented;

impl Check for Documented {
    fn about(&self) -> About {
        About {
            id: "observability.documented_metrics",
            area: Area::Observability,
            service: None,
            title: Words::new(
                "Every documented metric is there, and every metric is documented",
                "Chaque métrique documentée existe, et chaque métrique existante est documentée",
            ),
            what: Words::new(
                "Compares `/metrics` of a fresh instance with the page `docs/operate/metrics.md`, line by line: name, type, labels, and from when on it is there. Before the second look it asks for every page of the API that needs no parameter, and has one job done.",
                "Compare `/metrics` d’une instance neuve à la page `docs/operate/metrics.md`, ligne par ligne : nom, type, étiquettes, et moment où elle apparaît. Avant le second relevé, demande toutes les pages de l’API sans paramètre et fait exécuter une tâche.",
            ),
            passes: Words::new(
                "no metric missing, none unknown, none of another type or with other labels",
                "aucune métrique absente, inconnue, d’un autre type ou aux étiquettes différentes",
            ),
            by_hand: Words::new(
                "curl -s http://localhost:8080/metrics | grep '^# TYPE' | sort; grep '^| `' docs/operate/metrics.md",
                "curl -s http://localhost:8080/metrics | grep '^# TYPE' | sort; grep '^| `' docs/operate/metrics.md",
            ),
            when_it_fails: Words::new(
                "Something between you and the server renames or drops series (relabelling in a proxy or an agent): ask the server directly. If the server itself differs from the page, the binary and the documentation are of different versions, or a metric was added without its line in the list of the program.",
                "Quelque chose entre vous et le serveur renomme ou retire des séries (réétiquetage par un mandataire ou un agent) : interrogez le serveur directement. Si le serveur lui-même diffère de la page, le binaire et la documentation ne sont pas de la même version, ou une métrique a été ajoutée sans sa ligne dans la liste du programme.",
            ),
            weight: 3,
            is_required: false,
            disturbs: true,
            needs: &[Need::Ground],
            fresh_days: 30,
        }
    }

    fn run<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>> {
        measure(subject).boxed()
    }
}

async fn measure(subject: &Subject) -> Result<Finding, Trouble> {
    let page = rows(PAGE);
    let wishes = Wishes::none()
        .set("profile", "development")
        .set("limits.anonymous_per_minute", 0)
        .set("jobs.drill", true);
    let instance = subject.start(wishes).await?;
    let at = subject.at(&instance.base());
    let key = actors::key(instance.as_ref(), "*").await?;
    let mut faults = Vec::new();
    faults.extend(missing_at_the_start(&page, &at).await?);
    provoke(&at, &key).await?;
    let second = scrape(&at).await?;
    compare(&page, &second, &mut faults);
    let counted = Said::new(
        format!(
            "{} documented and {} shown metrics",
            page.len(),
            second.families.len()
        ),
        format!(
            "{} métriques documentées et {} montrées",
            page.len(),
            second.families.len()
        ),
    );
    Ok(Finding::of_faults(
        faults,
        counted,
        Said::new("page and server agree", "la page et le serveur concordent"),
    ))
}

/// What is said to be there from the start: some is counted every few seconds only, so it is waited for.
async fn missing_at_the_start(page: &[Row], at: &Subject) -> Result<Vec<String>, Trouble> {
    let started = Instant::now();
    loop {
        let shown = scrape(at).await?;
        let wanted = page.iter().filter(|row| row.since == "the start");
        let missing: Vec<_> = wanted
            .filter(|row| shown.family(&row.name).is_none())
            .collect();
        if missing.is_empty() || started.elapsed() > START {
            let told = |row: &&Row| {
                format!(
                    "{} is documented from the start on and missing there",
                    row.name
                )
            };
            return Ok(missing.iter().map(told).collect());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A line of the page.
struct Row {
    name: String,
    kind: String,
    labels: BTreeSet<String>,
    since: String,
}

fn rows(page: &str) -> Vec<Row> {
    let cells = |line: &str| -> Option<Row> {
        let line = line.strip_prefix("| `")?;
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let [name, kind, labels, _unit, since, ..] = cells[..] else {
            return None;
        };
        let labels = labels
            .split(',')
            .map(|label| label.trim().trim_matches('`'));
        Some(Row {
            name: name.trim_end_matches('`').to_owned(),
            kind: kind.to_owned(),
            labels: labels
                .filter(|label| !label.is_empty())
                .map(str::to_owned)
                .collect(),
            since: since.to_owned(),
        })
    };
    page.lines().filter_map(cells).collect()
}

fn compare(page: &[Row], shown: &Exposition, faults: &mut Vec<String>) {
    let mut missing = BTreeSet::new();
    for row in page {
        match shown.family(&row.name) {
            Some(family) => differences(row, family, faults),
            // No drill has a Redis.
            None if row.since.contains("Redis") => {}
            None => {
                missing.insert(&row.name);
            }
        }
    }
    faults.extend(
        missing
            .iter()
            .map(|name| format!("{name} is documented and missing")),
    );
    for family in &shown.families {
        if !page.iter().any(|row| row.name == family.name) {
            faults.push(format!("{} is shown and not documented", family.name));
        }
    }
}

fn differences(row: &Row, family: &Family, faults: &mut Vec<String>) {
    let (name, kind) = (&row.name, family.kind.name());
    if kind != row.kind {
        faults.push(format!(
            "{name} is documented as {} and shown as {kind}",
            row.kind
        ));
    }
    if family.samples.is_empty() {
        faults.push(format!("{name} has no series"));
    }
    let labels = |sample: &crate::prometheus::Sample| -> BTreeSet<String> {
        let own = sample.labels.iter().map(|(label, _)| label.clone());
        own.filter(|label| !OF_THE_KIND.contains(&label.as_str()))
            .collect()
    };
    if let Some(other) = family
        .samples
        .iter()
        .map(labels)
        .find(|own| *own != row.labels)
    {
        faults.push(format!(
            "{name} is documented with labels {:?} and shown with {other:?}",
            row.labels
        ));
    }
}

/// Has everything counted that is counted on use: an answer of every route that needs no parameter, and a job.
async fn provoke(at: &Subject, key: &str) -> Result<(), Trouble> {
    let paths = at
        .document
        .as_ref()
        .and_then(|document| document["paths"].as_object());
    for (path, item) in paths.into_iter().flatten() {
        let get = &item["get"];
        let is_stream = get["responses"]["200"]["content"]
            .get("text/event-stream")
            .is_some();
        if get.is_object() && !path.contains('{') && !is_stream {
            Answer::to(at.request(Method::GET, path).bearer_auth(key)).await?;
        }
    }
    let body = json!({ "steps": 1 });
    let made = actors::bearer(at, Method::POST, "/api/v1/jobs/drill", key, Some(body)).await?;
    let id = actors::text(&made.expect(202)?, "/id")?;
    let path = format!("/api/v1/jobs/{id}");
    let done = async {
        loop {
            let job = actors::bearer(at, Method::GET, &path, key, None).await?;
            if job.expect(200)?["state"] == "done" {
                return Ok::<_, Trouble>(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let done = tokio::time::timeout(PATIENCE, done).await;
    done.map_err(|_| Trouble::broke("a job of one step is not done within half a minute"))?
}

#[cfg(test)]
mod tests {
    use super::rows;

    #[test]
    fn the_page_is_read_line_by_line() {
        let rows = rows(super::PAGE);
        assert!(rows.len() > 30, "{} rows", rows.len());
        let jobs = rows
            .iter()
            .find(|row| row.name == "jobs_finished_total")
            .unwrap();
        assert_eq!(
            (jobs.kind.as_str(), jobs.since.as_str()),
            ("counter", "the first job")
        );
        assert_eq!(jobs.labels.iter().collect::<Vec<_>>(), ["kind", "outcome"]);
        let memory = rows
            .iter()
            .find(|row| row.name == "process_resident_memory_bytes")
            .unwrap();
        assert!(memory.labels.is_empty());
    }
}
