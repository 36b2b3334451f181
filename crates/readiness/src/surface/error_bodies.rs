//! What errors say, and what they keep to themselves.

use chassis::check::{
    About, Answer, Area, Check, Finding, Method, Need, Said, Subject, Trouble, Words,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::RequestBuilder;

use super::{internals, operations, unlimited, with_key};
use crate::actors;

/// Operations of a foreign system that are asked for something impossible.
const MOST_ASKED: usize = 20;

/// `surface.error_bodies`.
pub(crate) struct ErrorBodies;

impl Check for ErrorBodies {
    fn about(&self) -> About {
        About {
            id: "surface.error_bodies",
            area: Area::Surface,
            service: None,
            title: Words::new(
                "Errors say what to do and nothing of the inside",
                "Les erreurs disent quoi faire et rien de l’intérieur",
            ),
            what: Words::new(
                "Provokes 400, 401, 403, 404, 405, 413, 415, 422, 429 and 503 and reads them: problem+json with a code and the request's id, no backtrace, path, SQL or part of the program, no version in the headers. Of a foreign system: that last half, on what its documented operations answer to impossible values.",
                "Provoque 400, 401, 403, 404, 405, 413, 415, 422, 429 et 503 et les lit : problem+json avec un code et l’identifiant de la requête, sans trace d’appels, chemin, SQL ni nom de composant, sans version dans les en-têtes. Pour un système tiers : cette seconde moitié, sur ce que ses opérations documentées répondent à des valeurs impossibles.",
            ),
            passes: Words::new(
                "each error has its code and id, none tells of the inside",
                "chaque erreur porte son code et son identifiant, aucune ne parle de l’intérieur",
            ),
            by_hand: Words::new(
                "curl -si http://localhost:8080/api/v1/audit; curl -si -H 'content-type: application/json' -d '{' http://localhost:8080/api/v1/auth/login",
                "curl -si http://localhost:8080/api/v1/audit; curl -si -H 'content-type: application/json' -d '{' http://localhost:8080/api/v1/auth/login",
            ),
            when_it_fails: Words::new(
                "First: a proxy answers with pages of its own (502, 413) or adds its name and version (`server_tokens off`). Second: a handler hands its cause to the caller: the evidence quotes it; report it.",
                "D’abord : un mandataire répond avec ses propres pages (502, 413) ou ajoute son nom et sa version (`server_tokens off`). Ensuite : un traitement livre sa cause à l’appelant : le constat la cite ; signalez-la.",
            ),
            weight: 4,
            is_required: true,
            disturbs: true,
            needs: &[Need::Leave],
            fresh_days: 30,
        }
    }

    fn run<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>> {
        measure(subject).boxed()
    }
}

async fn measure(subject: &Subject) -> Result<Finding, Trouble> {
    let mut faults = Vec::new();
    let errors = if subject.ground.is_some() {
        own(subject, &mut faults).await?
    } else {
        elsewhere(subject, &mut faults).await?
    };
    let counted = Said::new(format!("{errors} errors"), format!("{errors} erreurs"));
    let required = Said::new(
        "a code and an id each, nothing of the inside",
        "un code et un identifiant, rien de l’intérieur",
    );
    Ok(Finding::of_faults(faults, counted, required))
}

async fn own(subject: &Subject, faults: &mut Vec<String>) -> Result<usize, Trouble> {
    let wishes = unlimited().set("limits.anonymous_per_minute", 40);
    let instance = subject.start(wishes).await?;
    let at = with_key(subject, instance.as_ref()).await?;
    let key = at.token.clone().unwrap_or_default();
    let narrow = actors::key(instance.as_ref(), "audit:read").await?;
    let folder = instance.folder().display().to_string();
    let mut errors = 0;
    for (status, request) in provoked(&at, &key, &narrow) {
        let answer = Answer::to(request).await?;
        errors += 1;
        if answer.status != status {
            let came = answer.status.as_u16();
            faults.push(format!("{status} was provoked, {came} came"));
        }
        look(&answer, &folder, faults);
    }
    let objects = instance.data().join("objects");
    let aside = instance.data().join("objects-aside");
    let has_moved = std::fs::rename(&objects, &aside).is_ok();
    std::fs::write(&objects, b"no folder")?;
    let request = at.request(Method::POST, "/api/v1/objects?name=a.txt");
    let request = request.header("content-type", "application/octet-stream");
    let down = Answer::to(request.bearer_auth(&key).body("a")).await?;
    std::fs::remove_file(&objects)?;
    if has_moved {
        std::fs::rename(&aside, &objects)?;
    }
    if down.status != 503 {
        let came = down.status.as_u16();
        faults.push(format!("503 was provoked, {came} came"));
    }
    look(&down, &folder, faults);
    for _ in 0..200 {
        let answer = Answer::once(at.request(Method::GET, "/no-such-page")).await?;
        if answer.status == 429 {
            look(&answer, &folder, faults);
            return Ok(errors + 2);
        }
    }
    faults.push("429 was provoked, 200 requests were answered otherwise".to_owned());
    Ok(errors + 2)
}

fn provoked(at: &Subject, key: &str, narrow: &str) -> Vec<(u16, RequestBuilder)> {
    let post = |path: &str| at.request(Method::POST, path).bearer_auth(key);
    let json = "application/json";
    vec![
        (
            400,
            post("/api/v1/keys").header("content-type", json).body("{"),
        ),
        (401, at.request(Method::GET, "/api/v1/audit")),
        (
            401,
            at.request(Method::GET, "/api/v1/audit")
                .bearer_auth("ak_live_nobody"),
        ),
        (
            403,
            at.request(Method::GET, "/api/v1/keys").bearer_auth(narrow),
        ),
        (404, at.request(Method::GET, "/no-such-page")),
        (
            404,
            at.request(Method::GET, "/api/v1/objects/nothing")
                .bearer_auth(key),
        ),
        (405, at.request(Method::PUT, "/livez")),
        (
            413,
            post("/api/v1/keys")
                .header("content-type", json)
                .body(vec![b' '; 4 << 20]),
        ),
        (
            415,
            post("/api/v1/keys")
                .header("content-type", "text/plain")
                .body("a"),
        ),
        (
            422,
            post("/api/v1/users")
                .header("content-type", json)
                .body("{\"email\":\"none\",\"name\":\"\",\"role\":\"king\"}"),
        ),
        (
            422,
            at.request(Method::GET, "/api/v1/objects?limit=many")
                .bearer_auth(key),
        ),
    ]
}

/// The form of an error, and what it tells.
fn look(answer: &Answer, folder: &str, faults: &mut Vec<String>) {
    let status = answer.status.as_u16();
    let mut say = |what: String| faults.push(format!("{status}: {what}"));
    let kind = answer.header("content-type").unwrap_or_default();
    if !kind.starts_with("application/problem+json") {
        say(format!("its body is {kind:?}, not problem+json"));
    }
    let body = answer.json().unwrap_or_default();
    if body["code"].as_str().is_none_or(str::is_empty) {
        say("it has no code".to_owned());
    }
    if body["status"] != status {
        say(format!("its body says the status is {}", body["status"]));
    }
    if body["detail"].as_str().is_none_or(str::is_empty) {
        say("it has no words for people".to_owned());
    }
    let id = answer.header("x-request-id");
    if id.is_none() || body["request_id"].as_str() != id {
        say(format!(
            "its request_id is {}, the header's {id:?}",
            body["request_id"]
        ));
    }
    if answer.text().contains(folder) {
        say("it names the folder of the data".to_owned());
    }
    tells(answer, &status.to_string(), faults);
}

/// What an answer tells of the inside.
fn tells(answer: &Answer, place: &str, faults: &mut Vec<String>) {
    let text = answer.text();
    if let Some((part, kind)) = internals::told_by(&text) {
        faults.push(format!("{place}: it holds {kind}: {}", around(&text, part)));
    }
    if let Some((name, value)) = internals::named_version(answer) {
        faults.push(format!("{place}: the header {name} names {value:?}"));
    }
}

/// A telling part with what stands beside it.
fn around(text: &str, part: &str) -> String {
    let at = text.find(part).unwrap_or_default();
    let before = text[..at].chars().rev().take(20).collect::<Vec<_>>();
    let after = text[at..].chars().take(part.chars().count() + 40);
    let quoted: String = before.into_iter().rev().chain(after).collect();
    format!("{quoted:?}")
}

async fn elsewhere(subject: &Subject, faults: &mut Vec<String>) -> Result<usize, Trouble> {
    let document = subject.document.as_ref();
    let operations = document.map(operations::all).unwrap_or_default();
    let mut requests = vec![
        ("GET /".to_owned(), subject.request(Method::GET, "/")),
        (
            "GET /no-such-page-aplomb".to_owned(),
            subject.request(Method::GET, "/no-such-page-aplomb"),
        ),
    ];
    let asked = operations
        .iter()
        .filter(|own| own.method == Method::GET && !own.is_stream);
    for operation in asked.take(MOST_ASKED) {
        let place = format!("GET {}", operation.path);
        // A whole number where a text is wanted does no harm; a text where a number is wanted is refused, one way or the other.
        for parameter in &operation.parameters {
            let target = operation.address(Some((&parameter.name, "%7Bimpossible'")));
            requests.push((place.clone(), subject.request(Method::GET, &target)));
        }
    }
    let taking = operations
        .iter()
        .find(|own| own.takes_json && own.method == Method::POST);
    if let Some(operation) = taking {
        let request = subject.request(Method::POST, &operation.address(None));
        let request = request
            .header("content-type", "application/json")
            .body("{\"a\": ");
        requests.push((format!("POST {}", operation.path), request));
    }
    let mut errors = 0;
    for (place, mut request) in requests {
        if let Some(token) = &subject.token {
            request = request.bearer_auth(token);
        }
        let answer = Answer::to(request).await?;
        errors += usize::from(answer.status.as_u16() >= 400);
        if answer.status.as_u16() >= 400 {
            let place = format!("{place} ({})", answer.status.as_u16());
            tells(&answer, &place, faults);
        } else if let Some((name, value)) = internals::named_version(&answer) {
            faults.push(format!("{place}: the header {name} names {value:?}"));
        }
    }
    Ok(errors)
}
