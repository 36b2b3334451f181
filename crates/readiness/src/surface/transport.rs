//! From HTTP to HTTPS, and never back.

use chassis::check::{About, Answer, Area, Check, Finding, Method, Said, Subject, Trouble, Words};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::Url;

use super::unlimited;

/// Half a year.
const LEAST_AGE_S: u64 = 15_768_000;

/// `surface.hsts`.
pub(crate) struct Hsts;

impl Check for Hsts {
    fn about(&self) -> About {
        About {
            id: "surface.hsts",
            area: Area::Surface,
            service: None,
            title: Words::new(
                "Browsers are told to come back by HTTPS only",
                "Les navigateurs reçoivent l’ordre de ne revenir qu’en HTTPS",
            ),
            what: Words::new(
                "Reads `Strict-Transport-Security` on answers of 200, 401 and 404 as if through a proxy that ends TLS, and looks that it is absent without TLS, where it has no meaning (RFC 6797, 7.2).",
                "Lit `Strict-Transport-Security` sur des réponses 200, 401 et 404 comme à travers un mandataire qui termine TLS, et vérifie son absence sans TLS, où il n’a pas de sens (RFC 6797, 7.2).",
            ),
            passes: Words::new(
                "max-age of half a year (15768000 s) or more on each answer over TLS, none on the others",
                "max-age d’au moins six mois (15768000 s) sur chaque réponse sous TLS, aucun sur les autres",
            ),
            by_hand: Words::new(
                "curl -sI https://aplomb.example.org/livez | grep -i strict-transport",
                "curl -sI https://aplomb.example.org/livez | grep -i strict-transport",
            ),
            when_it_fails: Words::new(
                "First: the proxy does not set `X-Forwarded-Proto: https`, or is not named in `http.trusted_proxies`. Second: the proxy removes the header, or sets a shorter one of its own.",
                "D’abord : le mandataire ne pose pas `X-Forwarded-Proto: https`, ou ne figure pas dans `http.trusted_proxies`. Ensuite : le mandataire retire l’en-tête, ou en pose un plus court.",
            ),
            weight: 3,
            is_required: false,
            disturbs: true,
            needs: &[],
            fresh_days: 30,
        }
    }

    fn run<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>> {
        hsts(subject).boxed()
    }
}

async fn hsts(subject: &Subject) -> Result<Finding, Trouble> {
    let mut faults = Vec::new();
    let mut looked = 0;
    if subject.ground.is_some() {
        let wishes = unlimited().set("http.trusted_proxies", "127.0.0.1");
        let instance = subject.start(wishes).await?;
        let at = subject.at(&instance.base());
        for path in ["/livez", "/api/v1/audit", "/no-such-page"] {
            for scheme in ["https", "http"] {
                let request = at
                    .request(Method::GET, path)
                    .header("x-forwarded-proto", scheme);
                told(&Answer::to(request).await?, scheme, path, &mut faults);
                looked += 1;
            }
        }
    } else {
        let scheme = subject.base.split(':').next().unwrap_or_default();
        for path in ["/", "/no-such-page-aplomb"] {
            told(&subject.get(path).await?, scheme, path, &mut faults);
            looked += 1;
        }
        if scheme != "https" && faults.is_empty() {
            return Err(needs_https());
        }
    }
    let counted = Said::new(format!("{looked} answers"), format!("{looked} réponses"));
    let required = Said::new(
        format!("max-age >= {LEAST_AGE_S} over TLS, none without"),
        format!("max-age >= {LEAST_AGE_S} sous TLS, aucun sinon"),
    );
    Ok(Finding::of_faults(faults, counted, required))
}

fn told(answer: &Answer, scheme: &str, path: &str, faults: &mut Vec<String>) {
    let status = answer.status.as_u16();
    let header = answer.header("strict-transport-security");
    if scheme != "https" {
        if let Some(value) = header {
            faults.push(format!("{status} {path} without TLS says {value:?}"));
        }
        return;
    }
    let age = header.and_then(|value| {
        let mut parts = value.split(';').map(str::trim);
        let age = parts.find_map(|part| part.strip_prefix("max-age="))?;
        age.trim_matches('"').parse::<u64>().ok()
    });
    match age {
        Some(age) if age >= LEAST_AGE_S => {}
        Some(age) => faults.push(format!(
            "{status} {path} over TLS: max-age={age} is too short"
        )),
        None => faults.push(format!(
            "{status} {path} over TLS has no Strict-Transport-Security ({header:?})"
        )),
    }
}

/// `surface.redirect`.
pub(crate) struct Redirect;

impl Check for Redirect {
    fn about(&self) -> About {
        About {
            id: "surface.redirect",
            area: Area::Surface,
            service: None,
            title: Words::new("Plain HTTP leads to HTTPS", "Le HTTP en clair mène à HTTPS"),
            what: Words::new(
                "Asks the host of an https address in plain HTTP: at port 80, or at the address's own port where that is not 443.",
                "Interroge en HTTP clair l’hôte d’une adresse https : au port 80, ou au port de l’adresse si ce n’est pas 443.",
            ),
            passes: Words::new(
                "a redirection to https, or nobody answers",
                "une redirection vers https, ou personne ne répond",
            ),
            by_hand: Words::new(
                "curl -sI http://aplomb.example.org/ | grep -i -e '^HTTP' -e '^location'",
                "curl -sI http://aplomb.example.org/ | grep -i -e '^HTTP' -e '^location'",
            ),
            when_it_fails: Words::new(
                "The proxy serves the pages on port 80 too: let it answer there with 301 to https and nothing else. A redirection to another plain address, or one that depends on `Host`, is found too.",
                "Le mandataire sert aussi les pages au port 80 : qu’il n’y réponde que par 301 vers https. Une redirection vers une autre adresse en clair est signalée aussi.",
            ),
            weight: 2,
            is_required: false,
            disturbs: false,
            needs: &[],
            fresh_days: 30,
        }
    }

    fn run<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>> {
        redirect(subject).boxed()
    }
}

async fn redirect(subject: &Subject) -> Result<Finding, Trouble> {
    let mut url = Url::parse(&subject.base).map_err(|fault| Trouble::broke(fault.to_string()))?;
    if url.scheme() != "https" {
        return Err(needs_https());
    }
    let port = url.port_or_known_default().filter(|port| *port != 443);
    let refused = |()| Trouble::broke("the address cannot be made a plain one");
    url.set_scheme("http").map_err(refused)?;
    url.set_port(port).map_err(refused)?;
    let required = Said::new(
        "a redirection to https, or no answer",
        "une redirection vers https, ou pas de réponse",
    );
    let request = subject.client().get(url.clone());
    let Ok(answer) = Answer::to(request).await else {
        let nobody = Said::new(
            format!("nobody answers at {url}"),
            format!("personne ne répond à {url}"),
        );
        return Ok(Finding::new(true, nobody, required));
    };
    let location = answer.header("location").unwrap_or_default();
    let status = answer.status;
    let leads = status.is_redirection() && location.starts_with("https://");
    let refuses = status.is_client_error() && answer.body.len() < 2000;
    let measured = format!("{url}: {} {location}", status.as_u16());
    let finding = Finding::new(leads || refuses, Said::same(measured), required);
    if finding.passes() {
        return Ok(finding);
    }
    let fault = format!(
        "{url} answers {} in plain HTTP and leads to {location:?}",
        status.as_u16()
    );
    Ok(finding.faults(vec![fault]))
}

/// Why nothing can be said of TLS.
pub(super) fn needs_https() -> Trouble {
    Trouble::not_verifiable(
        "TLS ends at a proxy in front of this server, which is not part of the instance: run with --target https://… against the address that people use",
        "TLS se termine à un mandataire placé devant ce serveur, qui ne fait pas partie de l’instance : lancez avec --target https://… sur l’adresse que les gens utilisent",
    )
}
