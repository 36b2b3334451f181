//! What is taken away is gone at once.

use std::time::{Duration, Instant};

use chassis::check::ground::Instance;
use chassis::check::{
    About, Area, Check, Finding, Method, Need, Pace, Said, Series, Shape, Subject, Trouble, Words,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::{milliseconds, place, with_bearer};
use crate::actors::{self, Actors, STRANGER, VIEWER, bearer, text};

/// The server's word for what the command line beside it ends: within five seconds. Two more for a slow machine.
const BESIDE: Duration = Duration::from_secs(7);
/// Somebody who is disabled, in the first workspace.
const DISABLED: &str = "disabled@prove.example";

/// `access.revocation`.
pub(crate) struct Revocation;

impl Check for Revocation {
    fn about(&self) -> About {
        About {
            id: "access.revocation",
            area: Area::Access,
            service: None,
            title: Words::new(
                "Revoked keys, ended sessions, disabled and removed people are out at once",
                "Clés révoquées, sessions terminées, personnes désactivées ou retirées : dehors aussitôt",
            ),
            what: Words::new(
                "Uses a key, a session, an account and a membership, takes each away over the API, and asks again with the very next request. A full run also revokes a key on the command line beside the server and counts the seconds.",
                "Utilise une clé, une session, un compte et une adhésion, les retire par l’API, et redemande à la requête suivante. Une épreuve complète révoque aussi une clé en ligne de commande à côté du serveur et compte les secondes.",
            ),
            passes: Words::new(
                "the next request is refused; from the command line within five seconds",
                "la requête suivante est refusée ; depuis la ligne de commande, en cinq secondes",
            ),
            by_hand: Words::new(
                "aplomb key list; aplomb key revoke ID; sleep 5; curl -si -H 'Authorization: Bearer ak_live_…' http://localhost:8080/api/v1/auth/me | head -1   # 401",
                "aplomb key list ; aplomb key revoke ID ; sleep 5 ; curl -si -H 'Authorization: Bearer ak_live_…' http://localhost:8080/api/v1/auth/me | head -1   # 401",
            ),
            when_it_fails: Words::new(
                "A cache in front that keeps answers to requests with `Authorization` lets them live on: switch it off for /api/. With several instances, each learns of it within five seconds from the database, at once through Redis: see `redis_up`. Until it is mended, end the person's sessions and restart the instances.",
                "Un cache placé devant qui garde les réponses aux requêtes avec `Authorization` les fait survivre : coupez-le pour /api/. À plusieurs instances, chacune l’apprend en cinq secondes par la base, aussitôt par Redis : voyez `redis_up`. En attendant, terminez les sessions de la personne et redémarrez les instances.",
            ),
            weight: 7,
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

/// What was taken away, the status of the next request, and the time from the end's answer to that of the request.
struct Ended {
    what: &'static str,
    status: u16,
    took: Duration,
}

async fn measure(subject: &Subject) -> Result<Finding, Trouble> {
    let instance = subject.start(place::wishes()).await?;
    let actors = Actors::of(instance.as_ref(), subject).await?;
    actors::create_user(instance.as_ref(), DISABLED, "viewer", None).await?;
    let at = subject.at(&instance.base());
    let owner = actors.owner.as_str();
    let mut ended = Vec::new();

    let path = format!("/api/v1/keys/{}", id_of_key(&at, owner, &actors.key).await?);
    let remove = (Method::DELETE, path, None);
    ended.push(end(&at, owner, "a revoked key", &actors.key, remove).await?);

    // A sign-in of the same person elsewhere.
    let elsewhere = actors::sign_in(&at, STRANGER).await?;
    let me = bearer(&at, Method::GET, "/api/v1/auth/me", &elsewhere, None).await?;
    let session = text(&me.expect(200)?, "/session")?;
    let remove = (
        Method::DELETE,
        format!("/api/v1/auth/sessions/{session}"),
        None,
    );
    let by = actors.stranger.as_str();
    ended.push(end(&at, by, "a session ended elsewhere", &elsewhere, remove).await?);

    let token = actors::sign_in(&at, DISABLED).await?;
    let path = format!("/api/v1/users/{}", id_of(&at, &token).await?);
    let change = (Method::PATCH, path, Some(json!({ "disabled": true })));
    ended.push(end(&at, owner, "a disabled account", &token, change).await?);

    let token = actors::sign_in(&at, VIEWER).await?;
    let member = id_of(&at, &token).await?;
    let path = format!("/api/v1/workspaces/{}/members/{member}", actors.workspace);
    let remove = (Method::DELETE, path, None);
    ended.push(end(&at, owner, "a removed member", &token, remove).await?);

    let mut faults: Vec<_> = ended
        .iter()
        .filter(|one| !matches!(one.status, 401 | 403))
        .map(|one| {
            format!(
                "{} gets {} at the next request, due is 401 or 403",
                one.what, one.status
            )
        })
        .collect();
    let is_full = subject.pace == Pace::Full;
    if is_full {
        beside(instance.as_ref(), &at, owner, &mut faults).await?;
    }
    let longest = ended.iter().map(|one| one.took).max().unwrap_or_default();
    let points = (0_u32..)
        .map(f64::from)
        .zip(ended.iter().map(|one| one.took.as_secs_f64() * 1000.0));
    let finding = Finding::new(
        faults.is_empty(),
        Said::new(
            format!(
                "{} ends, the slowest refused after {}",
                ended.len(),
                milliseconds(longest)
            ),
            format!(
                "{} retraits, le plus lent refusé après {}",
                ended.len(),
                milliseconds(longest)
            ),
        ),
        Said::new(
            "refused at the very next request",
            "refus dès la requête suivante",
        ),
    )
    .faults(faults)
    .series(Series {
        name: "time to the first refusal".to_owned(),
        name_fr: "temps jusqu’au premier refus".to_owned(),
        unit_x: "end".to_owned(),
        unit_y: "ms".to_owned(),
        shape: Shape::Bars,
        points: points.collect(),
    });
    Ok(if is_full {
        finding
    } else {
        finding.shortened(Said::new(
            "revocation on the command line was not waited for",
            "la révocation en ligne de commande n’a pas été attendue",
        ))
    })
}

/// Uses a credential twice, so that whoever remembers it does, takes it away and asks once more.
async fn end(
    at: &Subject,
    by: &str,
    what: &'static str,
    credential: &str,
    (method, path, body): (Method, String, Option<Value>),
) -> Result<Ended, Trouble> {
    for _ in 0..2 {
        let status = with_bearer(at, credential).await?;
        if status != 200 {
            return Err(Trouble::broke(format!(
                "before its end, {what} gets {status}"
            )));
        }
    }
    let answer = bearer(at, method, &path, by, body).await?;
    if !answer.status.is_success() {
        let status = answer.status.as_u16();
        return Err(Trouble::broke(format!(
            "{what} cannot be ended: {status} {}",
            answer.text()
        )));
    }
    let started = Instant::now();
    let status = with_bearer(at, credential).await?;
    Ok(Ended {
        what,
        status,
        took: started.elapsed(),
    })
}

/// The command line beside the server.
async fn beside(
    instance: &dyn Instance,
    at: &Subject,
    owner: &str,
    faults: &mut Vec<String>,
) -> Result<(), Trouble> {
    let key = actors::key(instance, "*").await?;
    let id = id_of_key(at, owner, &key).await?;
    with_bearer(at, &key).await?;
    instance.run(&["key", "revoke", &id], "").await?;
    let started = Instant::now();
    while with_bearer(at, &key).await? != 401 {
        if started.elapsed() > BESIDE {
            let seconds = BESIDE.as_secs();
            faults.push(format!(
                "a key revoked on the command line still opens after {seconds} s"
            ));
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

async fn id_of(at: &Subject, token: &str) -> Result<String, Trouble> {
    let me = bearer(at, Method::GET, "/api/v1/auth/me", token, None).await?;
    text(&me.expect(200)?, "/user/id")
}

async fn id_of_key(at: &Subject, owner: &str, key: &str) -> Result<String, Trouble> {
    let listed = bearer(at, Method::GET, "/api/v1/keys", owner, None)
        .await?
        .expect(200)?;
    let is_it = |one: &&Value| {
        one["prefix"]
            .as_str()
            .is_some_and(|prefix| key.starts_with(prefix))
    };
    let found = listed["items"].as_array().into_iter().flatten().find(is_it);
    let found = found.ok_or_else(|| Trouble::broke("a key is not in the list of keys"))?;
    text(found, "/id")
}
