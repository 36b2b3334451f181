//! Secrets that are planted, and must be found nowhere.

use std::time::Duration;

use chassis::check::ground::Instance;
use chassis::check::{
    About, Answer, Area, Check, Finding, Method, Need, Said, Subject, Trouble, Words,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::json;

use super::{unlimited, with_key};
use crate::actors;

/// Words that stand nowhere else; none is a secret of anybody.
const METRICS_TOKEN: &str = "canary-metrics-8c1f2a97d05be463";
const SMTP_PASSWORD: &str = "canary-smtp-51d7e09a6b3cf284";
const SIGNING_SECRET: &str = "canary-signing-b7420e6fd98a13c5d1f0";
const PASSWORD: &str = "canary password 6f2e94b1 copper kettle";
const WRONG_PASSWORD: &str = "canary wrong password 40c8d7";
const BEARER: &str = "canary-bearer-e3906a5b71fd2c48";
const COOKIE: &str = "canary-cookie-9a4d18f3c6e7b052";
const IN_QUERY: &str = "canary-query-27f5c03be8d1496a";
const IN_BODY: &str = "canary-body-d86e1b492fa7c350";
/// Harmless: that it is found shows that what is searched is what was written.
const HARMLESS: &str = "canary-harmless-page-0b5a";
/// The log's lines are written beside the requests.
const LOG_PATIENCE: Duration = Duration::from_secs(10);

/// `surface.canaries`.
pub(crate) struct Canaries;

impl Check for Canaries {
    fn about(&self) -> About {
        About {
            id: "surface.canaries",
            area: Area::Surface,
            service: None,
            title: Words::new(
                "No secret reaches the log, the metrics or an answer",
                "Aucun secret n’atteint le journal, les mesures ou une réponse",
            ),
            what: Words::new(
                "Plants secrets in the configuration (metrics token, mail password, signing secret), in accounts (a password, a key) and in requests (wrong password, bearer token, cookie, query, broken body), at log level debug; then searches the log, /metrics, /health, the audit trail, `config show` and every error answer for each of them. A harmless word in a path must be found: the search can find.",
                "Place des secrets dans la configuration (jeton des mesures, mot de passe de messagerie, secret de signature), dans les comptes (mot de passe, clé) et dans les requêtes (mot de passe faux, jeton, cookie, paramètre, corps cassé), au niveau de journal debug ; cherche ensuite chacun d’eux dans le journal, /metrics, /health, la trace d’audit, `config show` et toute réponse d’erreur. Un mot anodin placé dans un chemin doit être trouvé : la recherche sait trouver.",
            ),
            passes: Words::new(
                "none is found, the harmless word is",
                "aucun n’est trouvé, le mot anodin l’est",
            ),
            by_hand: Words::new(
                "curl -s 'http://localhost:8080/api/v1/audit?action=canary-1' -H 'Authorization: Bearer canary-2'; journalctl -u aplomb | grep canary-",
                "curl -s 'http://localhost:8080/api/v1/audit?action=canary-1' -H 'Authorization: Bearer canary-2'; journalctl -u aplomb | grep canary-",
            ),
            when_it_fails: Words::new(
                "First: a proxy in front logs whole addresses with their query. Second: a new log line prints a request or a configuration as it is: the evidence says which secret and where. Change every real secret that went the same way, then remove the lines.",
                "D’abord : un mandataire placé devant journalise les adresses entières avec leurs paramètres. Ensuite : une nouvelle ligne de journal imprime une requête ou une configuration telle quelle : le constat dit quel secret et où. Changez tout vrai secret passé par là, puis ôtez les lignes.",
            ),
            weight: 6,
            is_required: true,
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
    let wishes = unlimited()
        .set("telemetry.log_level", "debug")
        .set("telemetry.log_format", "json")
        .set("telemetry.access_log", true)
        .set("telemetry.access_log_sample", "1.0")
        .set("telemetry.metrics_token", METRICS_TOKEN)
        .set("auth.secret", SIGNING_SECRET)
        .set("notify.smtp.host", "127.0.0.1")
        .set("notify.smtp.port", 9)
        .set("notify.smtp.tls", "none")
        .set("notify.smtp.user", "canary")
        .set("notify.smtp.password", SMTP_PASSWORD)
        .set("notify.smtp.from", "Aplomb <aplomb@prove.example>");
    let instance = subject.start(wishes).await?;
    let at = with_key(subject, instance.as_ref()).await?;
    let key = at.token.clone().unwrap_or_default();
    let (access, mut texts) = provoked(&at, instance.as_ref(), &key).await?;
    at.get(&format!("/{HARMLESS}")).await?;
    let log = log_with(instance.as_ref(), HARMLESS).await;
    let has_harmless = log.contains(HARMLESS);
    texts.push(("the log".to_owned(), log));
    texts.extend(told(&at, instance.as_ref(), &key).await?);
    let secrets = [
        ("the metrics token", METRICS_TOKEN),
        ("the mail password", SMTP_PASSWORD),
        ("the signing secret", SIGNING_SECRET),
        ("a password", PASSWORD),
        ("a wrong password", WRONG_PASSWORD),
        ("an API key", &key),
        ("an access token", &access),
        ("a wrong bearer token", BEARER),
        ("a cookie", COOKIE),
        ("a secret of the query", IN_QUERY),
        ("a secret of a broken body", IN_BODY),
    ];
    let mut faults = Vec::new();
    for (place, text) in &texts {
        for (what, secret) in secrets {
            if text.contains(secret) {
                faults.push(format!("{what} stands in {place}"));
            }
        }
    }
    if !has_harmless {
        faults.push(format!(
            "a harmless word of a path, {HARMLESS}, is not in the log: the search cannot find"
        ));
    }
    let (n, places) = (secrets.len(), texts.len());
    let counted = Said::new(
        format!("{n} secrets in {places} texts"),
        format!("{n} secrets dans {places} textes"),
    );
    let required = Said::new(
        "none found, and the harmless word is",
        "aucun trouvé, et le mot anodin l’est",
    );
    Ok(Finding::of_faults(faults, counted, required))
}

/// Sends secrets along every way in. Gives an access token that was good, and the answers that were errors.
async fn provoked(
    at: &Subject,
    instance: &dyn Instance,
    key: &str,
) -> Result<(String, Vec<(String, String)>), Trouble> {
    let arguments = [
        "user",
        "create",
        "--email",
        actors::OWNER,
        "--name",
        "Canary",
        "--role",
        "owner",
        "--password-stdin",
    ];
    instance.run(&arguments, PASSWORD).await?;
    let login = |password: &str| {
        let body = json!({ "email": actors::OWNER, "password": password, "client": "api" });
        at.request(Method::POST, "/api/v1/auth/login").json(&body)
    };
    let signed_in = Answer::to(login(PASSWORD)).await?.expect(200)?;
    let access = actors::text(&signed_in, "/tokens/access_token")?;
    let get = |path: &str| at.request(Method::GET, path);
    let json = "application/json";
    let broken = format!("{{\"email\": \"{IN_BODY}\", \"password\": ");
    let requests = [
        ("a good key", get("/api/v1/keys").bearer_auth(key)),
        ("a good token", get("/api/v1/auth/me").bearer_auth(&access)),
        ("a wrong password", login(WRONG_PASSWORD)),
        (
            "a wrong bearer token",
            get("/api/v1/keys").bearer_auth(BEARER),
        ),
        (
            "a wrong cookie",
            get("/api/v1/auth/me").header("cookie", format!("aplomb={COOKIE}")),
        ),
        (
            "a secret in the query",
            get(&format!(
                "/api/v1/audit?token={IN_QUERY}&access_token={IN_QUERY}"
            )),
        ),
        (
            "a secret in the query of a good caller",
            get(&format!("/api/v1/objects?cursor={IN_QUERY}")).bearer_auth(key),
        ),
        (
            "a broken body",
            at.request(Method::POST, "/api/v1/auth/login")
                .header("content-type", json)
                .body(broken),
        ),
        (
            "a wrong reset",
            at.request(Method::POST, "/api/v1/auth/reset/confirm")
                .json(&json!({ "token": IN_BODY, "password": PASSWORD })),
        ),
        (
            "a mail that cannot go",
            at.request(Method::POST, "/api/v1/auth/reset")
                .json(&json!({ "email": actors::OWNER })),
        ),
    ];
    let mut texts = Vec::new();
    for (what, request) in requests {
        let answer = Answer::to(request).await?;
        if answer.status.is_client_error() || answer.status.is_server_error() {
            let status = answer.status.as_u16();
            texts.push((format!("the answer {status} to {what}"), answer.text()));
        }
    }
    Ok((access, texts))
}

/// What the system tells of itself to those who ask.
async fn told(
    at: &Subject,
    instance: &dyn Instance,
    key: &str,
) -> Result<Vec<(String, String)>, Trouble> {
    let mut texts = Vec::new();
    let asked = [
        ("/metrics", METRICS_TOKEN),
        ("/health", key),
        ("/readyz", key),
        ("/api/v1/audit", key),
        ("/api/v1/auth/me", key),
        ("/api/v1/keys", key),
    ];
    for (path, token) in asked {
        let answer = Answer::to(at.request(Method::GET, path).bearer_auth(token)).await?;
        if answer.status != 200 {
            let status = answer.status.as_u16();
            return Err(Trouble::broke(format!(
                "{path} says {status}: it cannot be searched"
            )));
        }
        texts.push((path.to_owned(), answer.text()));
    }
    let shown = instance.run(&["config", "show"], "").await?;
    texts.push(("`config show`".to_owned(), shown));
    Ok(texts)
}

/// The log once it has a word, or what there is of it in time.
async fn log_with(instance: &dyn Instance, word: &str) -> String {
    let started = std::time::Instant::now();
    loop {
        let log = instance.log();
        if log.contains(word) || started.elapsed() > LOG_PATIENCE {
            return log;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
