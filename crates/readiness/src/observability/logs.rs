//! The log is read by programs, and holds nobody's data.

use std::time::{Duration, Instant};

use chassis::check::ground::{Instance, Wishes};
use chassis::check::{
    About, Answer, Area, Check, Finding, Method, Need, Said, Subject, Trouble, Words,
};
use chassis::clock::Timestamp;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};

use crate::actors;

/// Requests that must leave as many lines.
const REQUESTS: usize = 500;
/// The access log is written out several times a second.
const PATIENCE: Duration = Duration::from_secs(20);
/// Addresses that are kept for documentation: nobody has them.
const ADDRESSES: [&str; 2] = ["203.0.113.77", "2001:db8::77"];
/// What is sent and must not be seen again: credentials, a body, a query, a person.
const CREDENTIAL: &str = "ak_live_prove7c1d0b52e4f94a6e";
const IN_BODY: &str = "words-of-a-body-4f94a6e";
const IN_QUERY: &str = "words-of-a-query-52e4f9";
const LEVELS: [&str; 5] = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"];

/// `observability.logs`.
pub(crate) struct Logs;

impl Check for Logs {
    fn about(&self) -> About {
        About {
            id: "observability.logs",
            area: Area::Observability,
            service: None,
            title: Words::new(
                "Each log line is one JSON object, each request leaves one, and none holds personal data",
                "Chaque ligne du journal est un objet JSON, chaque requête en laisse une, aucune ne contient de données personnelles",
            ),
            what: Words::new(
                "Sends 500 requests of several kinds, from addresses of its own choice, with credentials, a body and a query that are told apart, and signs in with a wrong password. Then reads the whole log: each line is a JSON object with timestamp, level, target and message; each request has one line; no address, e-mail, credential, body or query stands in any.",
                "Envoie 500 requêtes de plusieurs sortes, depuis des adresses choisies, avec identifiants, corps et paramètres reconnaissables, et se connecte avec un mauvais mot de passe. Puis lit tout le journal : chaque ligne est un objet JSON avec horodatage, niveau, cible et message ; chaque requête a sa ligne ; aucune ne contient adresse, courriel, identifiant, corps ni paramètre.",
            ),
            passes: Words::new(
                "500 lines for 500 requests, every line JSON, nothing of a person in them",
                "500 lignes pour 500 requêtes, toutes en JSON, rien de personnel",
            ),
            by_hand: Words::new(
                "APLOMB_TELEMETRY__LOG_FORMAT=json aplomb serve 2>log &\nsleep 2; curl -s 'http://localhost:8080/health?canary'; sleep 1; jq -c . log; grep -c canary log",
                "APLOMB_TELEMETRY__LOG_FORMAT=json aplomb serve 2>log &\nsleep 2; curl -s 'http://localhost:8080/health?canari'; sleep 1; jq -c . log; grep -c canari log",
            ),
            when_it_fails: Words::new(
                "Lines are missing: `telemetry.access_log_sample` is below 1, or the reader of the log stalls and lines beyond 8 MiB were dropped (the log says how many). A line is no JSON: something else writes to the same place. A line holds data of a person: a fault of the program; delete the log and report it.",
                "Il manque des lignes : `telemetry.access_log_sample` est inférieur à 1, ou le lecteur du journal est bloqué et des lignes au-delà de 8 Mio ont été abandonnées (le journal dit combien). Une ligne n’est pas du JSON : autre chose écrit au même endroit. Une ligne contient des données personnelles : c’est une faute du programme ; supprimez le journal et signalez-la.",
            ),
            weight: 4,
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
    let wishes = Wishes::none()
        .set("profile", "development")
        .set("telemetry.log_format", "json")
        .set("telemetry.log_level", "info")
        .set("telemetry.access_log", true)
        .set("telemetry.access_log_sample", 1.0)
        .set("limits.anonymous_per_minute", 0)
        .set("http.trusted_proxies", "127.0.0.1");
    let instance = subject.start(wishes).await?;
    let at = subject.at(&instance.base());
    actors::create_user(instance.as_ref(), actors::OWNER, "owner", None).await?;
    let sent = stream::iter(0..REQUESTS).map(|number| send(&at, number));
    let answers: Vec<_> = sent.buffer_unordered(8).try_collect().await?;
    let log = written(instance.as_ref()).await;
    let faults = judge(&log);
    let (requests, lines) = (answers.len(), log.lines().count());
    let counted = Said::new(
        format!("{lines} lines after {requests} requests"),
        format!("{lines} lignes après {requests} requêtes"),
    );
    let required = Said::new(
        "every line JSON, one a request, nothing of a person",
        "chaque ligne en JSON, une par requête, rien de personnel",
    );
    Ok(Finding::of_faults(faults, counted, required))
}

fn id_of(number: usize) -> String {
    format!("prove-line-{number}-end")
}

async fn send(at: &Subject, number: usize) -> Result<Answer, Trouble> {
    let request = match number {
        // Few: each costs a password's hash.
        0..4 => at.request(Method::POST, "/api/v1/auth/login").json(&json!({
            "email": actors::OWNER, "password": IN_BODY, "client": "api"
        })),
        _ => match number % 5 {
            0 => at.request(Method::GET, "/health"),
            1 => at
                .request(Method::GET, "/api/v1/auth/me")
                .bearer_auth(CREDENTIAL),
            2 => at.request(Method::GET, &format!("/no-such-page?q={IN_QUERY}")),
            3 => at
                .request(Method::POST, "/api/v1/auth/refresh")
                .body(IN_BODY),
            _ => at.request(Method::GET, "/livez"),
        },
    };
    let from = ADDRESSES[number % ADDRESSES.len()];
    let request = request
        .header("x-request-id", id_of(number))
        .header("x-forwarded-for", from);
    Answer::to(request).await
}

/// The log, as soon as it has a line for each request, or after all patience.
async fn written(instance: &dyn Instance) -> String {
    let started = Instant::now();
    loop {
        let log = instance.log();
        let is_whole = log.matches("prove-line-").count() >= REQUESTS && log.ends_with('\n');
        if is_whole || started.elapsed() > PATIENCE {
            return log;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn judge(log: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut lines_of = vec![0_usize; REQUESTS];
    for (index, line) in log.lines().enumerate() {
        let number = index + 1;
        match serde_json::from_str::<Value>(line) {
            Ok(Value::Object(object)) => {
                if let Some(missing) = lacking(&object) {
                    faults.push(format!("line {number}: {missing}: {}", short(line)));
                }
                let id = object.get("request.id").and_then(Value::as_str);
                let asked = id.and_then(|id| {
                    id.strip_prefix("prove-line-")?
                        .strip_suffix("-end")?
                        .parse()
                        .ok()
                });
                if let Some(count) = asked.and_then(|asked: usize| lines_of.get_mut(asked)) {
                    *count += 1;
                }
            }
            _ => faults.push(format!("line {number} is no JSON object: {}", short(line))),
        }
        for (what, words) in [
            ("credentials", CREDENTIAL),
            ("the body of a request", IN_BODY),
            ("the query of a request", IN_QUERY),
        ] {
            if line.contains(words) {
                faults.push(format!("line {number} holds {what}"));
            }
        }
        if let Some(found) = network_address(line) {
            faults.push(format!("line {number} holds the network address {found}"));
        }
        if let Some(found) = mail_address(line) {
            faults.push(format!("line {number} holds the e-mail address {found}"));
        }
    }
    let missing = lines_of.iter().filter(|count| **count == 0).count();
    if missing > 0 {
        faults.push(format!("{missing} of {REQUESTS} requests have no line"));
    }
    let twice = lines_of.iter().filter(|count| **count > 1).count();
    if twice > 0 {
        faults.push(format!(
            "{twice} of {REQUESTS} requests have more than one line"
        ));
    }
    faults
}

fn lacking(line: &serde_json::Map<String, Value>) -> Option<&'static str> {
    let text = |field: &str| line.get(field).and_then(Value::as_str);
    if text("timestamp").is_none_or(|at| at.parse::<Timestamp>().is_err()) {
        return Some("no timestamp of RFC 3339");
    }
    if !text("level").is_some_and(|level| LEVELS.contains(&level)) {
        return Some("no level");
    }
    if text("target").is_none_or(str::is_empty) {
        return Some("no target");
    }
    text("message")
        .is_none_or(str::is_empty)
        .then_some("no message")
}

/// An IP address in a line: what parses as one. This machine's own, at which a drill's instance listens, is no person's.
fn network_address(line: &str) -> Option<&str> {
    let is_part = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':');
    line.split(|c| !is_part(c)).find(|word| {
        let word = word.trim_matches(['.', ':']);
        let host = word.split(':').next().unwrap_or_default();
        let is_v4 = host
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|found| !found.is_loopback());
        // `::` and times of day are none.
        let is_v6 =
            word.len() > 6 && word.contains("::") && word.parse::<std::net::Ipv6Addr>().is_ok();
        is_v4 || is_v6
    })
}

fn mail_address(line: &str) -> Option<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "._%+-@".contains(c);
    line.split(|c| !is_part(c)).find(|word| {
        let parts = word.split_once('@');
        parts.is_some_and(|(name, host)| !name.is_empty() && host.trim_matches('.').contains('.'))
    })
}

fn short(line: &str) -> String {
    line.chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::{lacking, mail_address, network_address};

    #[test]
    fn addresses_are_found_and_times_are_not() {
        for (line, found) in [
            ("peer 203.0.113.77 asked", Some("203.0.113.77")),
            ("\"peer\":\"203.0.113.77:4711\"", Some("203.0.113.77:4711")),
            ("from 2001:db8::77", Some("2001:db8::77")),
            (
                "2026-11-21T15:17:18.825Z version 0.1.0 a::b chassis::data::migrate",
                None,
            ),
            ("1.2.3 at 127.0.0.1:8080", None),
        ] {
            assert_eq!(network_address(line), found, "{line}");
        }
        assert_eq!(
            mail_address("to a.b@prove.example, now"),
            Some("a.b@prove.example")
        );
        assert_eq!(
            mail_address("getrandom@0.3? no: user@host"),
            Some("getrandom@0.3")
        );
        assert_eq!(mail_address("a @ b, @home"), None);
    }

    #[test]
    fn a_line_needs_its_four_fields() {
        let line = |text: &str| serde_json::from_str(text).unwrap();
        let sound =
            r#"{"timestamp":"2026-11-21T15:17:18.825Z","level":"INFO","target":"a","message":"b"}"#;
        assert_eq!(lacking(&line(sound)), None);
        for (from, to, said) in [
            ("2026-11-21T", "yesterday ", "no timestamp of RFC 3339"),
            ("INFO", "LOUD", "no level"),
            ("target", "place", "no target"),
            ("message", "words", "no message"),
        ] {
            assert_eq!(lacking(&line(&sound.replace(from, to))), Some(said));
        }
    }
}
