//! Another site cannot act with a visitor's cookie.

use chassis::check::{
    About, Answer, Area, Check, Finding, Method, Need, Said, Subject, Trouble, Words,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::json;

use super::{code, cookie, place};
use crate::actors::{self, OWNER, bearer};

/// What is asked for: it leaves a trace when it is let in.
const PATH: &str = "/api/v1/keys";

/// `access.csrf`.
pub(crate) struct Csrf;

impl Check for Csrf {
    fn about(&self) -> About {
        About {
            id: "access.csrf",
            area: Area::Access,
            service: None,
            title: Words::new(
                "Another site cannot act with a visitor's cookie",
                "Un autre site ne peut agir avec le cookie d’un visiteur",
            ),
            what: Words::new(
                "Sends `POST /api/v1/keys` with a session's cookie as browsers do for a page of another site (`Sec-Fetch-Site`, a foreign `Origin`, `null`, look-alikes, a form, nothing at all), counts the keys, and sends the same as the server's own page does.",
                "Envoie `POST /api/v1/keys` avec le cookie d’une session comme le fait un navigateur pour la page d’un autre site (`Sec-Fetch-Site`, `Origin` étrangère, `null`, ressemblante, formulaire, rien du tout), compte les clés, puis envoie la même chose comme une page du serveur.",
            ),
            passes: Words::new(
                "403 for each of them and no key made; the own page is let in",
                "403 pour chacune et aucune clé créée ; la page du serveur est admise",
            ),
            by_hand: Words::new(
                "curl -si -b 'aplomb=VALUE' -H 'Sec-Fetch-Site: cross-site' -H 'Content-Type: application/json' -d '{\"name\":\"x\",\"scopes\":[\"audit:read\"]}' http://localhost:8080/api/v1/keys | head -1   # 403",
                "curl -si -b 'aplomb=VALEUR' -H 'Sec-Fetch-Site: cross-site' -H 'Content-Type: application/json' -d '{\"name\":\"x\",\"scopes\":[\"audit:read\"]}' http://localhost:8080/api/v1/keys | head -1   # 403",
            ),
            when_it_fails: Words::new(
                "If the other site is let in: a proxy that removes `Origin` and `Sec-Fetch-Site` or rewrites them; it must pass them on. If the own page is refused: the proxy changes `Host` (it must pass it on), or the page's origin has to stand in `http.allowed_origins`.",
                "Si l’autre site est admis : un mandataire retire ou réécrit `Origin` et `Sec-Fetch-Site` ; il doit les transmettre. Si la page du serveur est refusée : le mandataire change `Host` (il doit le transmettre), ou l’origine de la page doit figurer dans `http.allowed_origins`.",
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
    let instance = subject.start(place::wishes()).await?;
    actors::create_user(instance.as_ref(), OWNER, "owner", None).await?;
    let at = subject.at(&instance.base());
    let cookie = cookie(&at, OWNER).await?;
    let token = actors::sign_in(&at, OWNER).await?;
    let own = instance.base();
    let foreign: [(&str, Vec<(&str, String)>); 8] = [
        (
            "Sec-Fetch-Site: cross-site",
            vec![("sec-fetch-site", "cross-site".to_owned())],
        ),
        (
            "Sec-Fetch-Site: same-site",
            vec![("sec-fetch-site", "same-site".to_owned())],
        ),
        (
            "a foreign Origin",
            vec![("origin", "https://evil.example".to_owned())],
        ),
        ("Origin: null", vec![("origin", "null".to_owned())]),
        (
            "an Origin that begins like ours",
            vec![("origin", format!("{own}.evil.example"))],
        ),
        (
            "an Origin of another port",
            vec![("origin", "http://127.0.0.1:1".to_owned())],
        ),
        (
            "our Origin with Sec-Fetch-Site: cross-site",
            vec![
                ("origin", own.clone()),
                ("sec-fetch-site", "cross-site".to_owned()),
            ],
        ),
        ("no word of where it comes from", vec![]),
    ];
    let mut faults = Vec::new();
    let before = keys(&at, &token).await?;
    let count = foreign.len();
    for (name, headers) in foreign {
        let answer = post(&at, &cookie, &headers, "application/json").await?;
        if answer.status != 403 {
            let status = answer.status.as_u16();
            faults.push(format!(
                "POST with {name}: {status} {}, due is 403",
                code(&answer)
            ));
        }
    }
    // What a form can send without asking first.
    let headers = [("origin", "https://evil.example".to_owned())];
    let answer = post(&at, &cookie, &headers, "text/plain").await?;
    if answer.status.is_success() {
        faults.push(format!(
            "a form of another site is let in: {}",
            answer.status.as_u16()
        ));
    }
    let after = keys(&at, &token).await?;
    if after != before {
        let made = after.saturating_sub(before);
        faults.push(format!("{made} keys were made for another site"));
    }
    for (name, value) in [
        ("sec-fetch-site", "same-origin".to_owned()),
        ("origin", own),
    ] {
        let answer = post(&at, &cookie, &[(name, value)], "application/json").await?;
        if answer.status != 201 {
            let status = answer.status.as_u16();
            faults.push(format!(
                "the server's own page ({name}) gets {status} {}, due is 201",
                code(&answer)
            ));
        }
    }
    Ok(Finding::of_faults(
        faults,
        Said::new(
            format!(
                "{} requests as of another site and 2 as of the own",
                count + 1
            ),
            format!("{} requêtes d’un autre site et 2 du sien", count + 1),
        ),
        Said::new(
            "another site is refused, the own page is not",
            "l’autre site est refusé, la page du serveur ne l’est pas",
        ),
    ))
}

async fn post(
    at: &Subject,
    cookie: &str,
    headers: &[(&str, String)],
    kind: &str,
) -> Result<Answer, Trouble> {
    let body = json!({ "name": "made by a page", "scopes": ["audit:read"] });
    let mut request = at
        .request(Method::POST, PATH)
        .header("cookie", cookie)
        .header("content-type", kind)
        .body(body.to_string());
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    Answer::to(request).await
}

async fn keys(at: &Subject, token: &str) -> Result<usize, Trouble> {
    let listed = bearer(at, Method::GET, PATH, token, None)
        .await?
        .expect(200)?;
    Ok(listed["items"].as_array().map_or(0, Vec::len))
}
