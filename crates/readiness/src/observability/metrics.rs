//! What is scraped can be read, by whom it should.

use chassis::check::ground::Wishes;
use chassis::check::{About, Area, Check, Finding, Reach, Said, Subject, Trouble, Words};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::ask;
use crate::prometheus;

/// `observability.metrics`.
pub(crate) struct Metrics;

/// Long enough for every profile, and nowhere in use.
const TOKEN: &str = "prove-scrape-7c1d0b52e4f94a6e";

impl Check for Metrics {
    fn about(&self) -> About {
        About {
            id: "observability.metrics",
            area: Area::Observability,
            service: None,
            title: Words::new(
                "/metrics is Prometheus text without a fault, and keeps its token",
                "/metrics est du texte Prometheus sans faute, et respecte son jeton",
            ),
            what: Words::new(
                "Reads a scrape with a strict parser of the text format 0.0.4: types, escapes, labels, series that stand twice, buckets in order and adding up, sums and counts. Each family has a type and a meaning, each counter a name in `_total`. On an instance with `telemetry.metrics_token` it asks without, with a wrong, and with the right token.",
                "Lit un relevé avec un analyseur strict du format texte 0.0.4 : types, échappements, étiquettes, séries en double, intervalles ordonnés et cumulés, sommes et effectifs. Chaque famille a un type et un sens, chaque compteur un nom en `_total`. Sur une instance dotée de `telemetry.metrics_token`, demande sans jeton, avec un faux, puis avec le bon.",
            ),
            passes: Words::new(
                "no fault in the text; 401 without the token, 200 with it",
                "aucune faute dans le texte ; 401 sans le jeton, 200 avec",
            ),
            by_hand: Words::new(
                "curl -s http://localhost:8080/metrics | promtool check metrics",
                "curl -s http://localhost:8080/metrics | promtool check metrics",
            ),
            when_it_fails: Words::new(
                "The evidence names the line. A proxy that compresses, caches or rewrites answers is the likely cause: ask the server directly. If the server itself writes such a line, no scrape of it is taken over: report it. If `/metrics` answers without its token, look whether a proxy adds one.",
                "La preuve nomme la ligne. Un mandataire qui compresse, met en cache ou réécrit les réponses est la cause probable : interrogez le serveur directement. Si le serveur écrit lui-même une telle ligne, aucun relevé n’est retenu : signalez-le. Si `/metrics` répond sans son jeton, voyez si un mandataire en ajoute un.",
            ),
            weight: 4,
            is_required: false,
            disturbs: false,
            needs: &[],
            fresh_days: 30,
        }
    }

    fn run<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>> {
        measure(subject).boxed()
    }
}

async fn measure(subject: &Subject) -> Result<Finding, Trouble> {
    let mut faults = Vec::new();
    // Something to count first.
    for path in ["/livez", "/health", "/no-such-page"] {
        subject.get(path).await?;
    }
    let answer = ask(subject, None).await?;
    match answer.status.as_u16() {
        200 => {}
        401 | 403 => {
            return Err(Trouble::not_verifiable(
                "/metrics asks for a token of its own here: run the check where it is open, or without --target beside the server",
                "/metrics demande ici un jeton à lui : lancez l’épreuve là où il est ouvert, ou sans --target à côté du serveur",
            ));
        }
        _ if subject.reach == Reach::Foreign => {
            return Err(Trouble::not_verifiable(
                "the system shows no /metrics at this address; name the address of the part that does",
                "le système ne montre pas de /metrics à cette adresse ; indiquez celle de la partie qui le fait",
            ));
        }
        other => faults.push(format!("/metrics answers {other}")),
    }
    let kind = answer.header("content-type").unwrap_or_default();
    if !is_text_format(kind) {
        faults.push(format!(
            "the media type is `{kind}`, not text/plain; version=0.0.4"
        ));
    }
    let text = answer.text();
    let series = match prometheus::parse(&text) {
        Ok(read) => {
            if read.series() == 0 {
                faults.push("there is no series".to_owned());
            }
            // What is merely customary is asked of our own.
            if subject.reach != Reach::Foreign {
                faults.extend(read.unconventional().iter().map(ToString::to_string));
            }
            read.series()
        }
        Err(found) => {
            faults.extend(found.iter().map(ToString::to_string));
            0
        }
    };
    if subject.ground.is_some() {
        faults.extend(token_is_asked(subject).await?);
    }
    let lines = text.lines().count();
    let counted = Said::new(
        format!("{lines} lines with {series} series"),
        format!("{lines} lignes et {series} séries"),
    );
    let required = Said::new(
        "no fault; 401 without the token, 200 with it",
        "aucune faute ; 401 sans le jeton, 200 avec",
    );
    let again = format!("curl -si {}/metrics", subject.base);
    Ok(Finding::of_faults(faults, counted, required).again(again))
}

/// `text/plain` with version 0.0.4, in UTF-8 where a character set is told.
fn is_text_format(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    let mut parts = kind.split(';').map(str::trim);
    let is_plain = parts.next() == Some("text/plain");
    let parameters: Vec<_> = parts.collect();
    is_plain
        && parameters.contains(&"version=0.0.4")
        && parameters
            .iter()
            .all(|own| !own.starts_with("charset=") || *own == "charset=utf-8")
}

async fn token_is_asked(subject: &Subject) -> Result<Vec<String>, Trouble> {
    let wishes = Wishes::none().set("telemetry.metrics_token", TOKEN);
    let instance = subject.start(wishes).await?;
    let at = subject.at(&instance.base());
    let mut faults = Vec::new();
    for (given, status, said) in [
        (None, 401, "without the token"),
        (
            Some("prove-scrape-of-somebody-else"),
            401,
            "with a wrong token",
        ),
        (Some(TOKEN), 200, "with the token"),
    ] {
        let answer = ask(&at, given).await?;
        let came = answer.status.as_u16();
        if came != status {
            faults.push(format!("{said} /metrics answers {came}, not {status}"));
        }
        if status == 401 && answer.text().contains("http_requests_total") {
            faults.push(format!("{said} /metrics shows figures"));
        }
    }
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use super::is_text_format;

    #[test]
    fn the_media_type_says_the_version() {
        assert!(is_text_format("text/plain; version=0.0.4; charset=utf-8"));
        assert!(is_text_format("text/plain;version=0.0.4"));
        for other in [
            "text/plain",
            "application/json; version=0.0.4",
            "text/plain; version=0.0.4; charset=latin1",
        ] {
            assert!(!is_text_format(other), "{other}");
        }
    }
}
