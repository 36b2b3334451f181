//! Security headers on every kind of answer.

use chassis::check::ground::Wishes;
use chassis::check::{About, Answer, Area, Check, Finding, Method, Said, Subject, Trouble, Words};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{operations, with_key};

/// Name, and what its value must hold one of; the first is what we send ourselves.
const REQUIRED: [(&str, &[&str]); 4] = [
    ("x-content-type-options", &["nosniff"]),
    ("x-frame-options", &["DENY", "SAMEORIGIN"]),
    (
        "referrer-policy",
        &[
            "no-referrer",
            "same-origin",
            "strict-origin",
            "strict-origin-when-cross-origin",
        ],
    ),
    ("content-security-policy", &["frame-ancestors"]),
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
                "Provokes answers of 200, 401, 404, 405, 413, 429 and 503 (the folder of files taken away) and looks for `X-Content-Type-Options`, `X-Frame-Options`, `Referrer-Policy` and a `Content-Security-Policy` with `frame-ancestors` on each. Elsewhere than on an instance of its own: 200, 401, 404 and 405.",
                "Provoque des réponses 200, 401, 404, 405, 413, 429 et 503 (le dossier des fichiers étant retiré), et cherche sur chacune `X-Content-Type-Options`, `X-Frame-Options`, `Referrer-Policy` et une `Content-Security-Policy` avec `frame-ancestors`. Ailleurs que sur une instance à part : 200, 401, 404 et 405.",
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
            needs: &[],
            fresh_days: 30,
        }
    }

    fn run<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>> {
        measure(subject).boxed()
    }
}

async fn measure(subject: &Subject) -> Result<Finding, Trouble> {
    let mut seen = Seen::default();
    if subject.ground.is_some() {
        own(subject, &mut seen).await?;
    } else {
        elsewhere(subject, &mut seen).await?;
    }
    let statuses = seen.statuses.join(", ");
    let counted = Said::new(
        format!("answers of {statuses}"),
        format!("réponses {statuses}"),
    );
    Ok(Finding::of_faults(
        seen.faults,
        counted,
        Said::new("no header missing", "aucun en-tête manquant"),
    ))
}

async fn own(subject: &Subject, seen: &mut Seen) -> Result<(), Trouble> {
    let wishes = Wishes::none()
        .set("profile", "development")
        .set("limits.anonymous_per_minute", 20);
    let instance = subject.start(wishes).await?;
    let at = with_key(subject, instance.as_ref()).await?;
    let key = at.token.clone().unwrap_or_default();
    // What is there to be taken away: the folder is made at the first file otherwise.
    let objects = instance.data().join("objects");
    let aside = instance.data().join("objects-aside");
    let has_moved = std::fs::rename(&objects, &aside).is_ok();
    std::fs::write(&objects, b"no folder")?;
    let store = at
        .request(Method::POST, "/api/v1/objects?name=a.txt")
        .bearer_auth(&key)
        .header("content-type", "application/octet-stream")
        .body("a");
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
        (503, store),
    ];
    for (status, request) in requests {
        seen.provoked(&Answer::to(request).await?, status);
    }
    std::fs::remove_file(&objects)?;
    if has_moved {
        std::fs::rename(&aside, &objects)?;
    }
    for _ in 0..200 {
        let answer = Answer::once(at.request(Method::GET, "/no-such-page")).await?;
        if answer.status == 429 {
            seen.provoked(&answer, 429);
            return Ok(());
        }
    }
    seen.faults
        .push("429 was provoked, 200 requests were answered otherwise".to_owned());
    Ok(())
}

/// What can be asked of a system that is not ours to break. Which status comes is its own affair: another check looks at that.
async fn elsewhere(subject: &Subject, seen: &mut Seen) -> Result<(), Trouble> {
    let document = subject.document.as_ref();
    let operations = document.map(operations::all).unwrap_or_default();
    let open = operations
        .iter()
        .find(|own| own.is_plain() && !own.is_closed);
    let closed = operations
        .iter()
        .find(|own| own.is_closed && own.method == Method::GET && !own.is_stream);
    let only_get = operations.iter().find(|own| {
        let same = |other: &&operations::Operation| other.path == own.path;
        own.is_plain() && operations.iter().filter(same).count() == 1
    });
    let page = open.map_or("/", |own| own.path.as_str());
    let mut requests = vec![
        subject.request(Method::GET, page),
        subject.request(Method::GET, "/no-such-page-aplomb"),
    ];
    if let Some(closed) = closed {
        requests.push(subject.request(Method::GET, &closed.address(None)));
    }
    if let Some(only_get) = only_get {
        requests.push(subject.request(Method::PUT, &only_get.path));
    }
    for request in requests {
        seen.look(&Answer::to(request).await?);
    }
    Ok(())
}

#[derive(Default)]
struct Seen {
    statuses: Vec<String>,
    faults: Vec<String>,
}

impl Seen {
    fn provoked(&mut self, answer: &Answer, status: u16) {
        if answer.status != status {
            self.faults.push(format!(
                "{status} was provoked, {} came",
                answer.status.as_u16()
            ));
        }
        self.look(answer);
    }

    fn look(&mut self, answer: &Answer) {
        let status = answer.status.as_u16();
        self.statuses.push(status.to_string());
        for (name, allowed) in REQUIRED {
            let found = answer.header(name);
            if !found.is_some_and(|found| allowed.iter().any(|value| holds(found, value))) {
                let wanted = allowed[0];
                self.faults
                    .push(format!("{status}: {name} is {found:?}, not {wanted}"));
            }
        }
    }
}

/// Whether a header's value is, or has as one of its parts, what is wanted.
fn holds(found: &str, value: &str) -> bool {
    found.split([',', ';']).any(|part| {
        let word = part.split_whitespace().next().unwrap_or_default();
        word.eq_ignore_ascii_case(value)
    })
}
