//! Pages of allowed origins may read answers, and no others.

use chassis::check::{About, Answer, Area, Check, Finding, Method, Said, Subject, Trouble, Words};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::place;

const ALLOWED: &str = "https://console.prove.example";
/// Each differs from the allowed one in one way.
const FOREIGN: [&str; 8] = [
    "https://evil.example",
    "null",
    "https://console.prove.example.evil.example",
    "https://evilconsole.prove.example",
    "https://sub.console.prove.example",
    "https://console.prove.example:8443",
    "http://console.prove.example",
    "https://console.prove.exampl",
];
/// One that succeeds, one that is refused, one that is not there.
const PATHS: [&str; 3] = ["/livez", "/api/v1/auth/me", "/api/v1/no-such-route-71c5"];

/// Paths of a system of others that are asked.
const MOST_PATHS: usize = 8;

/// `access.cors`.
pub(crate) struct Cors;

impl Check for Cors {
    fn about(&self) -> About {
        About {
            id: "access.cors",
            area: Area::Access,
            service: None,
            title: Words::new(
                "Browsers let pages of allowed origins read answers, and no others",
                "Les navigateurs laissent lire les pages des origines permises, et nulles autres",
            ),
            what: Words::new(
                "Starts an instance with one allowed origin, and asks as a page of it, of a foreign one, of `null` and of origins that look like it: with GET for answers of 200, 401 and 404, and with the question that browsers ask before PUT.",
                "Démarre une instance avec une seule origine permise, et demande comme une page de celle-ci, d’une étrangère, de `null` et d’origines ressemblantes : par GET pour des réponses 200, 401 et 404, et par la question que les navigateurs posent avant PUT.",
            ),
            passes: Words::new(
                "`Access-Control-Allow-Origin` for the allowed origin alone, with `Vary: Origin`",
                "`Access-Control-Allow-Origin` pour la seule origine permise, avec `Vary: Origin`",
            ),
            by_hand: Words::new(
                "curl -si -H 'Origin: https://evil.example' http://localhost:8080/livez | grep -i access-control   # nothing",
                "curl -si -H 'Origin: https://evil.example' http://localhost:8080/livez | grep -i access-control   # rien",
            ),
            when_it_fails: Words::new(
                "A proxy in front adds `Access-Control-*` headers of its own, often with `$http_origin`: take them out, the server sets them. If the allowed origin gets none, compare `http.allowed_origins` letter by letter with what the browser sends: scheme, host and port, without a slash at the end.",
                "Un mandataire placé devant ajoute ses propres en-têtes `Access-Control-*`, souvent avec `$http_origin` : retirez-les, le serveur s’en charge. Si l’origine permise n’en reçoit pas, comparez `http.allowed_origins` lettre à lettre avec ce qu’envoie le navigateur : schéma, hôte et port, sans barre finale.",
            ),
            weight: 5,
            is_required: true,
            disturbs: true,
            needs: &[],
            fresh_days: 30,
        }
    }

    fn run<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>> {
        measure(subject).boxed()
    }
}

/// Of a system of others one knows no allowed origin: no origin that nobody can have allowed may read with credentials. A `*` alone is a
/// public answer.
async fn of_others(subject: &Subject) -> Result<Finding, Trouble> {
    let documented = subject.document.as_ref();
    let paths = documented.and_then(|document| document["paths"].as_object());
    let plain = paths.into_iter().flatten().filter_map(|(path, item)| {
        (!path.contains('{') && item.get("get").is_some()).then_some(path.as_str())
    });
    let paths: Vec<&str> = std::iter::once("/").chain(plain.take(MOST_PATHS)).collect();
    let mut faults = Vec::new();
    for path in &paths {
        for origin in [FOREIGN[0], FOREIGN[1]] {
            let request = subject.request(Method::GET, path).header("origin", origin);
            let answer = Answer::to(request).await?;
            let is_public = answer.header("access-control-allow-origin") == Some("*")
                && answer.header("access-control-allow-credentials").is_none();
            if !is_public {
                foreign(&answer, &format!("GET {path}"), origin, &mut faults);
            }
        }
    }
    let count = paths.len() * 2;
    Ok(Finding::of_faults(
        faults,
        Said::new(format!("{count} requests"), format!("{count} requêtes")),
        Said::new(
            "no foreign origin may read",
            "aucune origine étrangère ne peut lire",
        ),
    ))
}

async fn measure(subject: &Subject) -> Result<Finding, Trouble> {
    if subject.ground.is_none() {
        return of_others(subject).await;
    }
    let wishes = place::wishes().set("http.allowed_origins", ALLOWED);
    let instance = subject.start(wishes).await?;
    let at = subject.at(&instance.base());
    let mut faults = Vec::new();
    let mut count = 0;
    for path in PATHS {
        for origin in FOREIGN {
            let request = at.request(Method::GET, path).header("origin", origin);
            foreign(
                &Answer::to(request).await?,
                &format!("GET {path}"),
                origin,
                &mut faults,
            );
            count += 1;
        }
        let request = at.request(Method::GET, path).header("origin", ALLOWED);
        let answer = Answer::to(request).await?;
        allowed(&answer, &format!("GET {path}"), &mut faults);
        count += 1;
    }
    for origin in FOREIGN {
        let answer = preflight(&at, origin).await?;
        foreign(&answer, "the preflight", origin, &mut faults);
        count += 1;
    }
    let answer = preflight(&at, ALLOWED).await?;
    allowed(&answer, "the preflight", &mut faults);
    count += 1;
    if !answer.status.is_success() {
        faults.push(format!(
            "the preflight of the allowed origin gets {}",
            answer.status.as_u16()
        ));
    }
    for (header, wanted) in [
        ("access-control-allow-methods", "put"),
        ("access-control-allow-headers", "authorization"),
        ("access-control-allow-headers", "content-type"),
    ] {
        let value = answer.header(header).unwrap_or_default().to_lowercase();
        if !value.split(',').any(|part| part.trim() == wanted) {
            faults.push(format!(
                "the preflight's {header} does not hold {wanted}: `{value}`"
            ));
        }
    }
    Ok(Finding::of_faults(
        faults,
        Said::new(format!("{count} requests"), format!("{count} requêtes")),
        Said::new(
            "the allowed origin may read, no other may",
            "l’origine permise peut lire, aucune autre",
        ),
    ))
}

async fn preflight(at: &Subject, origin: &str) -> Result<Answer, Trouble> {
    let request = at
        .request(Method::OPTIONS, "/api/v1/notifications")
        .header("origin", origin)
        .header("access-control-request-method", "PUT")
        .header(
            "access-control-request-headers",
            "authorization,content-type",
        );
    Answer::to(request).await
}

fn foreign(answer: &Answer, what: &str, origin: &str, faults: &mut Vec<String>) {
    for name in [
        "access-control-allow-origin",
        "access-control-allow-credentials",
    ] {
        if let Some(value) = answer.header(name) {
            faults.push(format!("{what} from {origin} gets {name}: {value}"));
        }
    }
}

fn allowed(answer: &Answer, what: &str, faults: &mut Vec<String>) {
    let value = answer.header("access-control-allow-origin");
    if value != Some(ALLOWED) {
        faults.push(format!(
            "{what} from the allowed origin gets access-control-allow-origin: {value:?}"
        ));
    }
    let mut vary = answer.headers.get_all("vary").iter();
    let names_origin = |value: &http::HeaderValue| {
        let value = value.to_str().unwrap_or_default().to_lowercase();
        value.split(',').any(|part| part.trim() == "origin")
    };
    if !vary.any(names_origin) {
        faults.push(format!(
            "{what} from the allowed origin lacks `Vary: Origin`: a cache would mix answers"
        ));
    }
}
