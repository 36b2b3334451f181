//! Security headers on every kind of answer.

use chassis::check::ground::Wishes;
use chassis::check::{
    About, Answer, Area, Check, Finding, Method, Need, Said, Subject, Trouble, Words,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

/// Name, and what its value must hold.
const REQUIRED: [(&str, &str); 4] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("content-security-policy", "frame-ancestors"),
];

/// `surface.headers`.
pub(crate) struct Headers;

impl Check for Headers {
    fn about(&self) -> About {
        About {
            id: "surface.headers",
            area: Area::Surface,
            service: None,
            title: Words::new(
                "Security headers stand on every answer, errors too",
                "Les en-têtes de sécurité figurent sur chaque réponse, erreurs comprises",
            ),
            what: Words::new(
                "Provokes answers of 200, 401, 404, 405, 413 and 429 and looks for `X-Content-Type-Options`, `X-Frame-Options`, `Referrer-Policy` and a `Content-Security-Policy` with `frame-ancestors` on each.",
                "Provoque des réponses 200, 401, 404, 405, 413 et 429, et cherche sur chacune `X-Content-Type-Options`, `X-Frame-Options`, `Referrer-Policy` et une `Content-Security-Policy` avec `frame-ancestors`.",
            ),
            passes: Words::new("none is missing", "aucun ne manque"),
            by_hand: Words::new(
                "curl -sI http://localhost:8080/livez; curl -sI http://localhost:8080/no-such-page",
                "curl -sI http://localhost:8080/livez; curl -sI http://localhost:8080/no-such-page",
            ),
            when_it_fails: Words::new(
                "A proxy in front may remove or replace headers: ask the server directly and compare. On the server itself they are added by one function to every answer, so a missing one is a fault of the program: report it.",
                "Un mandataire placé devant peut retirer ou remplacer des en-têtes : interrogez le serveur directement et comparez. Le serveur les ajoute à toute réponse par une seule fonction ; s’il en manque un, c’est une faute du programme : signalez-la.",
            ),
            weight: 5,
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
    let wishes = Wishes::none().set("limits.anonymous_per_minute", 5);
    let instance = subject.start(wishes).await?;
    let at = subject.at(&instance.base());
    let mut faults = Vec::new();
    let mut seen = Vec::new();
    let requests = [
        (200, at.request(Method::GET, "/livez")),
        (401, at.request(Method::GET, "/api/v1/audit")),
        (404, at.request(Method::GET, "/no-such-page")),
        (405, at.request(Method::PUT, "/livez")),
        (
            413,
            at.request(Method::POST, "/api/v1/auth/login")
                .body(vec![b' '; 4 << 20]),
        ),
    ];
    for (status, request) in requests {
        look(&Answer::to(request).await?, status, &mut faults);
        seen.push(status.to_string());
    }
    for _ in 0..50 {
        let answer = at.get("/no-such-page").await?;
        if answer.status == 429 {
            look(&answer, 429, &mut faults);
            seen.push("429".to_owned());
            break;
        }
    }
    let counted = Said::new(
        format!("answers of {}", seen.join(", ")),
        format!("réponses {}", seen.join(", ")),
    );
    Ok(Finding::of_faults(
        faults,
        counted,
        Said::new("no header missing", "aucun en-tête manquant"),
    ))
}

fn look(answer: &Answer, status: u16, faults: &mut Vec<String>) {
    if answer.status != status {
        faults.push(format!(
            "{status} was provoked, {} came",
            answer.status.as_u16()
        ));
    }
    for (name, value) in REQUIRED {
        let found = answer.header(name);
        if !found.is_some_and(|found| found.contains(value)) {
            faults.push(format!("{status}: {name} is {found:?}, not {value}"));
        }
    }
}
