//! Hostile input in every text that an operation takes.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use chassis::check::{
    About, Answer, Area, Check, Finding, Method, Need, Said, Subject, Trouble, Words,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::json;

use super::operations::{self, Operation, encoded};
use super::{internals, unlimited, with_key};

/// What a page must not give back as it came.
const MARKUP: &str = "\"><script>aplomb(1)</script>";
/// The header that a line break would bring about.
const LINE: &str = "x-aplomb-injected";
/// A request that takes longer is not waited for.
const LIMIT: Duration = Duration::from_secs(10);

/// What is tried in each place.
const PROBES: [(&str, &str); 8] = [
    ("a quote", "'"),
    ("SQL", "' OR '1'='1' --"),
    ("SQL in double quotes", "\"; DROP TABLE aplomb; --"),
    ("markup", MARKUP),
    ("a line break", "a\r\nx-aplomb-injected: 1"),
    ("a template", "{{7*7}}${7*7}<%= 7*7 %>"),
    ("a null byte", "a\0b"),
    ("a format", "%s%n%x%d"),
];
/// Fewer for bodies, where nothing is decoded twice.
const IN_BODIES: [usize; 4] = [0, 1, 3, 6];

/// `surface.injection`.
pub(crate) struct Injection;

impl Check for Injection {
    fn about(&self) -> About {
        About {
            id: "surface.injection",
            area: Area::Surface,
            service: None,
            title: Words::new(
                "Hostile input is data, nowhere code",
                "Une entrée hostile reste une donnée, jamais du code",
            ),
            what: Words::new(
                "Puts quotes, SQL, markup, line breaks, templates, null bytes and formats into every text parameter of every documented operation, path and query, and into the text fields of JSON bodies, with a key that is let in. On a foreign system only into GET.",
                "Met guillemets, SQL, balises, sauts de ligne, gabarits, octets nuls et formats dans chaque paramètre texte de chaque opération documentée, chemin et requête, et dans les champs texte des corps JSON, avec une clé valable. Sur un système tiers, seulement dans les GET.",
            ),
            passes: Words::new(
                "no answer of 5xx, no markup given back as it came, no header brought about, no word of the database",
                "aucune réponse 5xx, aucune balise rendue telle quelle, aucun en-tête provoqué, aucun mot de la base de données",
            ),
            by_hand: Words::new(
                "curl -si 'http://localhost:8080/api/v1/luna/mark/crescent/serenity.svg?name=%22%3E%3Cscript%3E'",
                "curl -si 'http://localhost:8080/api/v1/luna/mark/crescent/serenity.svg?name=%22%3E%3Cscript%3E'",
            ),
            when_it_fails: Words::new(
                "A fault of the program that answers, or of a filter in front of it. The evidence names the operation, the parameter and the probe: ask again with curl, and search the log for the request's id. Take the operation out of service at the proxy until it is mended.",
                "Une faute du programme qui répond, ou d’un filtre placé devant. Le constat nomme l’opération, le paramètre et l’essai : refaites la demande avec curl, et cherchez l’identifiant de la requête dans le journal. Retirez l’opération du service au mandataire jusqu’à la correction.",
            ),
            weight: 6,
            is_required: true,
            disturbs: true,
            needs: &[Need::Document, Need::Leave],
            fresh_days: 30,
        }
    }

    fn run<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>> {
        measure(subject).boxed()
    }
}

async fn measure(subject: &Subject) -> Result<Finding, Trouble> {
    let document = subject.document.as_ref();
    let operations = document.map(operations::all).unwrap_or_default();
    let mut tried = Tried::default();
    if subject.ground.is_some() {
        let instance = subject.start(unlimited()).await?;
        let at = with_key(subject, instance.as_ref()).await?;
        for operation in &operations {
            tried.addresses(&at, operation).await;
            tried.bodies(&at, operation).await;
        }
        let alive = at.get("/readyz").await?;
        if alive.status != 200 {
            let status = alive.status.as_u16();
            tried
                .faults
                .push(format!("afterwards /readyz says {status}"));
        }
    } else {
        let reading = operations.iter().filter(|own| own.method == Method::GET);
        for operation in reading {
            tried.addresses(subject, operation).await;
        }
    }
    let (n, places) = (tried.requests, tried.places.len());
    let counted = Said::new(
        format!("{n} requests to {places} places"),
        format!("{n} requêtes vers {places} emplacements"),
    );
    let required = Said::new(
        "no 5xx, no markup given back, no header brought about",
        "aucun 5xx, aucune balise rendue, aucun en-tête provoqué",
    );
    Ok(Finding::of_faults(tried.faults, counted, required))
}

#[derive(Default)]
struct Tried {
    requests: usize,
    places: BTreeSet<String>,
    faults: Vec<String>,
}

impl Tried {
    /// Each text parameter of an operation, one at a time.
    async fn addresses(&mut self, at: &Subject, operation: &Operation) {
        for parameter in operation.parameters.iter().filter(|own| own.is_text) {
            let place = format!("{} {} {}", operation.method, operation.path, parameter.name);
            for (what, probe) in PROBES {
                let target = operation.address(Some((&parameter.name, &encoded(probe))));
                let request = at.request(operation.method.clone(), &target);
                self.ask(at, request, operation, &place, what).await;
            }
            self.places.insert(place);
        }
    }

    /// Each text field of a JSON body, one at a time.
    async fn bodies(&mut self, at: &Subject, operation: &Operation) {
        for field in &operation.fields {
            let place = format!("{} {} {field}", operation.method, operation.path);
            for (what, probe) in IN_BODIES.map(|at| PROBES[at]) {
                let mut body = serde_json::Map::new();
                for own in &operation.fields {
                    body.insert(own.clone(), json!(if own == field { probe } else { "a" }));
                }
                let target = operation.address(None);
                let request = at.request(operation.method.clone(), &target).json(&body);
                self.ask(at, request, operation, &place, what).await;
            }
            self.places.insert(place);
        }
    }

    async fn ask(
        &mut self,
        at: &Subject,
        mut request: reqwest::RequestBuilder,
        operation: &Operation,
        place: &str,
        what: &str,
    ) {
        self.requests += 1;
        if let Some(token) = &at.token {
            request = request.bearer_auth(token);
        }
        let answer = async {
            if operation.is_stream {
                head(request).await
            } else {
                Answer::to(request).await
            }
        };
        match tokio::time::timeout(LIMIT, answer).await {
            Ok(Ok(answer)) => {
                if let Some(fault) = wrong(&answer) {
                    self.faults.push(format!("{place}: {what} {fault}"));
                }
            }
            Ok(Err(trouble)) => self
                .faults
                .push(format!("{place}: {what} ends the connection: {trouble}")),
            // A slow operation: others look at that.
            Err(_elapsed) => {}
        }
    }
}

/// The answer of an operation that may open a stream of events: of such a one, which has no end, the head alone.
async fn head(request: reqwest::RequestBuilder) -> Result<Answer, Trouble> {
    let response = request.send().await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let kind = headers.get("content-type");
    let is_stream = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    let body = if is_stream {
        Bytes::new()
    } else {
        response.bytes().await?
    };
    Ok(Answer {
        status,
        headers,
        body,
    })
}

/// What is wrong with an answer to hostile input.
fn wrong(answer: &Answer) -> Option<String> {
    if answer.status.is_server_error() {
        return Some(format!("is answered {}", answer.status.as_u16()));
    }
    if answer.headers.contains_key(LINE) {
        return Some(format!("brings about a header, {LINE}"));
    }
    let kind = answer.header("content-type").unwrap_or_default();
    let is_page = ["html", "svg", "xml"].iter().any(|own| kind.contains(own)) || kind.is_empty();
    let text = answer.text();
    if is_page && text.contains("<script>aplomb(1)") {
        return Some(format!("comes back as markup in {kind:?}"));
    }
    if answer.status.is_client_error()
        && let Some((part, kind)) = internals::told_by(&text)
    {
        return Some(format!("is answered with {kind}: {part:?}"));
    }
    None
}
