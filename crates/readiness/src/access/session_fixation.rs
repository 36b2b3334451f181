//! A session is made at the sign-in, and gone at the sign-out.

use chassis::check::{
    About, Answer, Area, Check, Finding, Method, Need, Said, Subject, Trouble, Words,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::json;

use super::{attempt, cookie, place, set_cookie, with_bearer, with_cookie};
use crate::actors::{self, OWNER, PASSWORD, text};

/// `access.session_fixation`.
pub(crate) struct SessionFixation;

impl Check for SessionFixation {
    fn about(&self) -> About {
        About {
            id: "access.session_fixation",
            area: Area::Access,
            service: None,
            title: Words::new(
                "A session is fresh at each sign-in and dead after the sign-out",
                "Une session est neuve à chaque connexion et morte après la déconnexion",
            ),
            what: Words::new(
                "Signs in with a made-up session cookie and with one that is in use, and compares what comes; signs out and shows the old cookie again; exchanges a refresh token twice, and asks with what came of it.",
                "Se connecte avec un cookie de session inventé puis avec un cookie en usage, et compare ce qui revient ; se déconnecte et montre de nouveau l’ancien cookie ; échange deux fois un jeton de renouvellement, puis essaie ce qui en est issu.",
            ),
            passes: Words::new(
                "each sign-in sets a new cookie, an ended one is 401 at once, a refresh token used twice ends the whole sign-in",
                "chaque connexion pose un nouveau cookie, un cookie terminé donne aussitôt 401, un jeton de renouvellement réutilisé met fin à toute la connexion",
            ),
            by_hand: Words::new(
                "curl -si -H 'Cookie: aplomb=chosen' -H 'Content-Type: application/json' -d '{\"email\":\"…\",\"password\":\"…\"}' http://localhost:8080/api/v1/auth/login | grep -i set-cookie   # another value than `chosen`",
                "curl -si -H 'Cookie: aplomb=choisi' -H 'Content-Type: application/json' -d '{\"email\":\"…\",\"password\":\"…\"}' http://localhost:8080/api/v1/auth/login | grep -i set-cookie   # une autre valeur que « choisi »",
            ),
            when_it_fails: Words::new(
                "A cache in front that keeps answers of /api/v1/auth/ gives one person's cookie to the next: these answers say `Cache-Control: no-store`, and it must obey. If a sign-out does not end a session, see whether the proxy passes it on. Otherwise it is a fault of the program: report it.",
                "Un cache placé devant qui garde les réponses de /api/v1/auth/ donne le cookie de l’un à l’autre : ces réponses portent `Cache-Control: no-store`, il doit s’y tenir. Si une déconnexion ne termine pas la session, voyez si le mandataire la transmet. Sinon c’est une faute du programme : signalez-la.",
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
    let instance = subject.start(place::wishes()).await?;
    actors::create_user(instance.as_ref(), OWNER, "owner", None).await?;
    let at = subject.at(&instance.base());
    let mut faults = Vec::new();
    cookies(&at, &mut faults).await?;
    refresh_tokens(&at, &mut faults).await?;
    Ok(Finding::of_faults(
        faults,
        Said::new(
            "4 sign-ins, a sign-out and 3 exchanges of refresh tokens",
            "4 connexions, une déconnexion et 3 échanges de jetons",
        ),
        Said::new(
            "sessions are fresh, and end for good",
            "des sessions neuves, qui finissent pour de bon",
        ),
    ))
}

async fn cookies(at: &Subject, faults: &mut Vec<String>) -> Result<(), Trouble> {
    let first = cookie(at, OWNER).await?;
    let (name, value) = first.split_once('=').unwrap_or((&first, ""));
    // As long as a real one, of its letters.
    let made_up = format!("{name}={}", value.chars().rev().collect::<String>());
    let planted = sign_in_with(at, &made_up).await?;
    if planted == made_up {
        faults.push("a cookie made up before the sign-in is the session afterwards".to_owned());
    }
    if with_cookie(at, &made_up).await? == 200 {
        faults.push("a made-up cookie opens the account after a sign-in that showed it".to_owned());
    }
    let second = sign_in_with(at, &first).await?;
    if second == first || planted == first {
        faults.push("a sign-in sets the same cookie as the one before".to_owned());
    }
    let before = with_cookie(at, &second).await?;
    if before != 200 {
        faults.push(format!("a fresh session gets {before}, due is 200"));
    }
    let request = at
        .request(Method::POST, "/api/v1/auth/logout")
        .header("cookie", &second)
        .header("sec-fetch-site", "same-origin");
    let signed_out = Answer::to(request).await?;
    if !signed_out.status.is_success() {
        faults.push(format!("signing out gets {}", signed_out.status.as_u16()));
    }
    let after = with_cookie(at, &second).await?;
    if after != 401 {
        faults.push(format!(
            "the old cookie gets {after} after the sign-out, due is 401"
        ));
    }
    Ok(())
}

/// Signs in while showing a cookie.
async fn sign_in_with(at: &Subject, shown: &str) -> Result<String, Trouble> {
    let request = attempt(at, OWNER, PASSWORD, false)
        .header("cookie", shown)
        .header("sec-fetch-site", "same-origin");
    let answer = Answer::to(request).await?;
    answer.expect(200)?;
    set_cookie(&answer).ok_or_else(|| {
        Trouble::broke("a browser that signs in with an old cookie gets no fresh one")
    })
}

async fn refresh_tokens(at: &Subject, faults: &mut Vec<String>) -> Result<(), Trouble> {
    let signed_in = Answer::to(attempt(at, OWNER, PASSWORD, true))
        .await?
        .expect(200)?;
    let first = text(&signed_in, "/tokens/refresh_token")?;
    let second = exchange(at, &first).await?.expect(200)?;
    // Where the tokens stand in an answer: beside each other, wherever that is.
    let second = refresh_token(&second)?;
    let third = exchange(at, &second).await?.expect(200)?;
    let access = found(&third, "access_token")?;
    let third = refresh_token(&third)?;
    if first == second || second == third {
        faults.push("a refresh token is given out twice".to_owned());
    }
    let again = exchange(at, &first).await?.status.as_u16();
    if again != 401 {
        faults.push(format!(
            "a refresh token that was used before gets {again}, due is 401"
        ));
    }
    let newest = exchange(at, &third).await?.status.as_u16();
    if newest != 401 {
        faults.push(format!(
            "after a token came twice the newest one of the family gets {newest}, due is 401"
        ));
    }
    let opened = with_bearer(at, &access).await?;
    if opened != 401 {
        faults.push(format!(
            "after a token came twice the access token gets {opened}, due is 401"
        ));
    }
    Ok(())
}

async fn exchange(at: &Subject, token: &str) -> Result<Answer, Trouble> {
    let body = json!({ "refresh_token": token });
    let request = at.request(Method::POST, "/api/v1/auth/refresh").json(&body);
    Answer::to(request).await
}

fn refresh_token(answer: &serde_json::Value) -> Result<String, Trouble> {
    found(answer, "refresh_token")
}

fn found(answer: &serde_json::Value, name: &str) -> Result<String, Trouble> {
    text(answer, &format!("/tokens/{name}")).or_else(|_| text(answer, &format!("/{name}")))
}
