//! What answers and stands in no document.

mod words;

use std::collections::BTreeSet;

use chassis::check::{
    About, Answer, Area, Check, Finding, Method, Need, Said, Subject, Trouble, Words,
};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};

use super::{ask, code};
use crate::operations::{self, Operation};
use crate::sample::Sampler;

/// Requests under way at once.
const ABREAST: usize = 8;
/// Pages that are read for links.
const MOST_PAGES: usize = 60;
/// Pages to which a mail or the first start leads, and no other page: they show a form and nothing else.
const BY_MAIL: [&str; 3] = ["/invite", "/reset", "/set-up"];
/// An address that nobody has.
const NOWHERE: &str = "/api/v1/no-such-route-71c5";

/// `access.undocumented`.
pub(crate) struct Undocumented;

impl Check for Undocumented {
    fn about(&self) -> About {
        About {
            id: "access.undocumented",
            area: Area::Access,
            service: None,
            title: Words::new(
                "No route answers that is not documented",
                "Aucune route non documentée ne répond",
            ),
            what: Words::new(
                "Asks for 150 addresses at which programs keep panels, profilers and files of configuration, for every documented address with something behind it, and for each documented address with the other methods. Known are the operations of the OpenAPI document, what the start page leads to by links, and the pages that mails lead to. It also makes sure that every documented operation exists.",
                "Demande 150 adresses où des programmes gardent panneaux, profileurs et fichiers de configuration, chaque adresse documentée suivie d’un ajout, et chaque adresse documentée avec les autres méthodes. Sont connues : les opérations du document OpenAPI, ce à quoi mènent les liens de la page d’accueil, et les pages indiquées par courriel. Vérifie aussi que chaque opération documentée existe.",
            ),
            passes: Words::new(
                "0 undocumented routes, 0 documented ones missing",
                "0 route non documentée, 0 route documentée absente",
            ),
            by_hand: Words::new(
                "for path in /admin /debug/pprof /.env /.git/config /actuator; do curl -so /dev/null -w \"%{http_code} $path\\n\" http://localhost:8080$path; done",
                "for chemin in /admin /debug/pprof /.env /.git/config /actuator; do curl -so /dev/null -w \"%{http_code} $chemin\\n\" http://localhost:8080$chemin; done",
            ),
            when_it_fails: Words::new(
                "Ask the server itself, without its proxy: another program behind the same name may answer, or a proxy that serves a folder (then take that location out of its configuration). Otherwise the program has a route that it does not document: close it at the proxy and report it. A documented route that is missing: a proxy passes only some addresses on, or a service is left out by `services`.",
                "Interrogez le serveur lui-même, sans son mandataire : un autre programme sous le même nom peut répondre, ou un mandataire qui sert un dossier (retirez alors cet emplacement de sa configuration). Sinon, le programme a une route qu’il ne documente pas : fermez-la au mandataire et signalez-la. Une route documentée absente : un mandataire ne transmet que certaines adresses, ou un service est écarté par `services`.",
            ),
            weight: 6,
            is_required: true,
            disturbs: false,
            needs: &[Need::Document, Need::Leave],
            fresh_days: 30,
        }
    }

    fn run<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>> {
        measure(subject).boxed()
    }
}

async fn measure(subject: &Subject) -> Result<Finding, Trouble> {
    let document = subject.document.clone().unwrap_or_default();
    let operations = operations::all(&document);
    let start = subject.get("/").await?;
    let is_page = start.status.is_success() && is_html(&start);
    let known = Known {
        linked: linked(subject).await?,
        start: is_page.then(|| start.text()),
        unknown_code: code(&subject.get(NOWHERE).await?),
        operations: &operations,
    };
    let mut sampler = Sampler::new(&document);
    let mut probes: Vec<(Method, String)> = words::LIKELY
        .iter()
        .map(|path| (Method::GET, (*path).to_owned()))
        .collect();
    let mut templates: Vec<_> = operations.iter().map(|one| &one.template).collect();
    templates.dedup();
    for template in templates {
        let Some(first) = operations.iter().find(|one| one.template == *template) else {
            continue;
        };
        let path = first.path(&[], &mut sampler);
        let path = path.split('?').next().unwrap_or_default();
        let suffixes = words::SUFFIXES.iter();
        probes.extend(suffixes.map(|suffix| (Method::GET, format!("{path}{suffix}"))));
        let methods = words::METHODS
            .iter()
            .filter_map(|method| method.parse().ok());
        probes.extend(methods.map(|method| (method, path.to_owned())));
    }
    probes.retain(|(method, path)| !known.documents(method, path));
    let tried = probes.len();
    let mut faults = Vec::new();
    let answers = stream::iter(probes).map(|(method, path)| async move {
        let mut request = subject.request(method.clone(), &path);
        // What hides behind 401 shows itself to those who are let in.
        if let Some(token) = &subject.token {
            request = request.bearer_auth(token);
        }
        (method, path, ask(request).await)
    });
    let mut answers = answers.buffered(ABREAST);
    let mut unanswered = 0;
    while let Some((method, path, answer)) = answers.next().await {
        let answer = answer?;
        if answer.status == 429 {
            // Who asks too often is not told what is there.
            unanswered += 1;
            continue;
        }
        if known.is_route(&method, &path, &answer) {
            faults.push(format!(
                "{method} {path} answers {} and is not documented",
                answer.status.as_u16()
            ));
        }
    }
    for operation in &operations {
        let path = operation.path(&[], &mut sampler);
        let answer = ask(operation.request(subject, &path, &mut sampler)).await?;
        if known.is_missing(operation, &answer) {
            faults.push(format!(
                "{} is documented and does not exist: {}",
                operation.name(),
                answer.status.as_u16()
            ));
        }
    }
    let (all, pages, tried) = (operations.len(), known.linked.len(), tried - unanswered);
    if faults.is_empty() && unanswered > tried {
        return Err(Trouble::not_verifiable(
            format!(
                "{unanswered} of {} addresses were asked too often for it (429): give a token of a caller with higher limits",
                tried + unanswered
            ),
            format!(
                "{unanswered} adresses sur {} ont été refusées, trop demandées (429) : donnez un jeton dont les limites sont plus hautes",
                tried + unanswered
            ),
        ));
    }
    Ok(Finding::of_faults(
        faults,
        Said::new(
            format!("{tried} addresses tried, {all} documented operations, {pages} linked pages"),
            format!("{tried} adresses essayées, {all} opérations documentées, {pages} pages liées"),
        ),
        Said::new(
            "0 undocumented routes, 0 documented ones missing",
            "0 route non documentée, 0 route documentée absente",
        ),
    ))
}

struct Known<'a> {
    linked: BTreeSet<String>,
    /// The start page, where it is one. A program in the browser has it at all of its addresses, and then it is no other page.
    start: Option<String>,
    operations: &'a [Operation],
    /// The code of an answer where there is no route.
    unknown_code: String,
}

impl Known<'_> {
    fn documents(&self, method: &Method, path: &str) -> bool {
        let mut own = self.operations.iter();
        own.any(|one| one.method == *method && operations::matches(&one.template, path))
    }

    fn is_linked(&self, path: &str) -> bool {
        self.linked.contains(path) || self.linked.contains(&format!("{path}/"))
    }

    fn is_route(&self, method: &Method, path: &str, answer: &Answer) -> bool {
        let status = answer.status.as_u16();
        match status {
            // 400, 414 and 501: the address or the method itself is refused, before any route. 401: a guard before the routes
            // says nothing about what is behind it.
            400 | 401 | 404 | 405 | 414 | 501 => false,
            301 | 302 | 303 | 307 | 308 => {
                let to = answer.header("location").unwrap_or_default();
                let to = to.split(['?', '#']).next().unwrap_or_default();
                let is_known = self.is_linked(to) || self.documents(&Method::GET, to);
                !is_known && !self.is_linked(path)
            }
            _ => {
                let is_page = is_html(answer);
                let by_mail = is_page && BY_MAIL.contains(&path);
                let is_start = is_page && self.start.as_ref() == Some(&answer.text());
                !(*method == Method::GET && (self.is_linked(path) || by_mail || is_start))
            }
        }
    }

    /// A thing that is not there is 404 too, with or without the code of a missing route: only an address without things tells.
    fn is_missing(&self, operation: &Operation, answer: &Answer) -> bool {
        match answer.status.as_u16() {
            405 | 501 => true,
            404 if operation.template.contains('{') => {
                // Who is not known does not get as far as to the thing.
                operation.access != operations::Access::Public
            }
            404 => code(answer) == self.unknown_code,
            _ => false,
        }
    }
}

/// The addresses on this server that the start page leads to, and those that these lead to.
async fn linked(subject: &Subject) -> Result<BTreeSet<String>, Trouble> {
    let mut found: BTreeSet<String> = ["/".to_owned()].into();
    let mut waiting = vec!["/".to_owned()];
    if let Some(outer) = subject
        .document
        .as_ref()
        .and_then(|it| it.pointer("/externalDocs/url")?.as_str())
        && let Some(path) = outer.strip_prefix(&subject.base)
    {
        waiting.push(path.to_owned());
    }
    let mut read = 0;
    while let Some(page) = waiting.pop() {
        read += 1;
        if read > MOST_PAGES {
            break;
        }
        let answer = subject.get(&page).await?;
        if !is_html(&answer) {
            continue;
        }
        let mut all = links(&answer.text());
        all.extend(header_links(answer.header("link").unwrap_or_default()));
        for link in all {
            let Some(path) = absolute(&page, &link, &subject.base) else {
                continue;
            };
            if found.insert(path.clone()) {
                waiting.push(path);
            }
        }
    }
    Ok(found)
}

fn is_html(answer: &Answer) -> bool {
    let kind = answer.header("content-type");
    kind.is_some_and(|kind| kind.starts_with("text/html"))
}

/// The addresses in a `Link` header (RFC 8288), by which a page that is a program says what else there is.
fn header_links(value: &str) -> Vec<String> {
    let parts = value.split('<').skip(1);
    let addresses = parts.filter_map(|part| part.split_once('>'));
    addresses.map(|(address, _)| address.to_owned()).collect()
}

/// The values of `href` and `src`.
fn links(html: &str) -> Vec<String> {
    let mut all = Vec::new();
    for name in ["href=", "src=", "srcset="] {
        for part in html.split(name).skip(1) {
            let quote = part.chars().next().filter(|one| matches!(one, '"' | '\''));
            let value = match quote {
                Some(quote) => part[1..].split(quote).next(),
                None => part.split([' ', '>']).next(),
            };
            all.extend(value.map(str::to_owned));
        }
    }
    all
}

/// A link's path on this server, without query; nothing where it leads elsewhere.
fn absolute(page: &str, link: &str, base: &str) -> Option<String> {
    let link = link.split(['?', '#']).next()?;
    let link = link.strip_prefix(base).unwrap_or(link);
    if link.is_empty() || link.contains(':') || link.starts_with("//") {
        return None;
    }
    if link.starts_with('/') {
        return Some(link.to_owned());
    }
    let folder = &page[..=page.rfind('/')?];
    let link = link.strip_prefix("./").unwrap_or(link);
    Some(format!("{folder}{link}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_a_page_are_found() {
        let html = "<a href=\"/docs/\">x</a><script src=./a.js></script><img src='https://far.example/x'><a href=\"?lang=fr\">";
        let found: Vec<_> = links(html)
            .iter()
            .filter_map(|link| absolute("/docs/", link, "http://here"))
            .collect();
        assert_eq!(found, ["/docs/", "/docs/a.js"]);
    }

    #[test]
    fn links_of_a_header_are_found() {
        let header = "</docs/>; rel=\"service-doc\", </health>; rel=\"status\"";
        assert_eq!(header_links(header), ["/docs/", "/health"]);
        assert!(header_links("").is_empty());
        assert!(header_links("<unclosed").is_empty());
    }
}
