//! One user has his number an hour, wherever he asks from.

use std::time::Duration;

use chassis::check::ground::Wishes;
use chassis::check::{
    About, Answer, Area, Check, Finding, Method, Need, Said, Subject, Trouble, Words,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{Limit, burst, configured, refusal, second_client};
use crate::access::code;
use crate::actors::{self, OWNER, VIEWER};

const PATH: &str = "/api/v1/auth/me";
/// Beyond the limit.
const BEYOND: u32 = 20;
/// A configured number beyond this is not sent by a drill.
const MOST: u32 = 100_000;

/// `limits.per_user`.
pub(crate) struct PerUser;

impl Check for PerUser {
    fn about(&self) -> About {
        About {
            id: "limits.per_user",
            area: Area::Limits,
            service: None,
            title: Words::new(
                "One user has his number of requests an hour, wherever he asks from",
                "Un utilisateur a son nombre de requêtes par heure, d’où qu’il demande",
            ),
            what: Words::new(
                "Sends more requests as one signed-in user than `limits.user_per_hour` allows, counts those that are let in, asks as the same user from another address, and as another user.",
                "Envoie plus de requêtes en un utilisateur connecté que `limits.user_per_hour` n’en permet, compte celles qui passent, puis demande en le même utilisateur depuis une autre adresse, et en un autre utilisateur.",
            ),
            passes: Words::new(
                "exactly the configured number and what the hour refills; then 429 `limits.user_exceeded` with Retry-After, from any address; another user is let in",
                "exactement le nombre configuré et ce que l’heure rend ; puis 429 `limits.user_exceeded` avec Retry-After, de toute adresse ; un autre utilisateur est admis",
            ),
            by_hand: Words::new(
                "for i in $(seq 1005); do curl -so /dev/null -w '%{http_code}\\n' -H \"Authorization: Bearer $TOKEN\" http://localhost:8080/api/v1/auth/me; done | sort | uniq -c",
                "for i in $(seq 1005); do curl -so /dev/null -w '%{http_code}\\n' -H \"Authorization: Bearer $JETON\" http://localhost:8080/api/v1/auth/me; done | sort | uniq -c",
            ),
            when_it_fails: Words::new(
                "None refused: `limits.anonymous_per_minute` is 0, which switches all limits off, or `limits.user_per_hour` is larger than thought: see `aplomb config show`. Too many let in: several instances without a common Redis. Another user refused with the first: a plan's limit of the whole workspace (`requests_per_hour`), else a fault of the program: report it.",
                "Aucun refus : `limits.anonymous_per_minute` vaut 0, ce qui coupe toutes les limites, ou `limits.user_per_hour` est plus grand qu’on ne croit : voir `aplomb config show`. Trop de requêtes admises : plusieurs instances sans Redis commun. Un autre utilisateur refusé avec le premier : la limite de tout l’espace de travail dans un forfait (`requests_per_hour`), sinon une faute du programme : signalez-la.",
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
    let instance = subject.start(Wishes::none()).await?;
    let at = subject.at(&instance.base());
    let requests = configured(instance.as_ref(), "limits.user_per_hour").await?;
    if requests > MOST {
        return Err(Trouble::not_verifiable(
            format!("limits.user_per_hour is {requests}: too many to send; set less than {MOST}"),
            format!(
                "limits.user_per_hour vaut {requests} : trop pour les envoyer ; réglez moins de {MOST}"
            ),
        ));
    }
    for (email, role) in [(OWNER, "owner"), (VIEWER, "viewer")] {
        actors::create_user(instance.as_ref(), email, role, None).await?;
    }
    let token = actors::sign_in(&at, VIEWER).await?;
    let other = actors::sign_in(&at, OWNER).await?;
    let limit = Limit {
        requests,
        window: Duration::from_hours(1),
    };
    let mut faults = Vec::new();
    let ask = |_| at.request(Method::GET, PATH).bearer_auth(&token);
    let sent = burst(requests + BEYOND, ask).await?;
    sent.judge(limit, "one user", &mut faults);
    if let Some(refused) = &sent.refused {
        refusal(refused, limit, &mut faults);
        if code(refused) != "limits.user_exceeded" {
            faults.push(format!("a refusal has the code {}", code(refused)));
        }
    }
    let mut addresses = 1;
    if let Some(client) = second_client(&at.base).await {
        addresses += 1;
        let elsewhere = |_| client.get(format!("{}{PATH}", at.base)).bearer_auth(&token);
        let sent = burst(BEYOND, elsewhere).await?;
        // What refilled meanwhile may pass; not all of them.
        if sent.refused.is_none() {
            faults.push("the same user is let in from another address".to_owned());
        }
    }
    let request = at.request(Method::GET, PATH).bearer_auth(&other);
    let status = Answer::to(request).await?.status.as_u16();
    if status != 200 {
        faults.push(format!("another user gets {status} with the first"));
    }
    let (passed, took) = (sent.passed, sent.took.as_secs_f64());
    Ok(Finding::new(
        faults.is_empty(),
        Said::new(
            format!("{passed} let in within {took:.2} s, then 429, from {addresses} addresses"),
            format!("{passed} admises en {took:.2} s, puis 429, depuis {addresses} adresses"),
        ),
        Said::new(
            format!("{requests} an hour for one user"),
            format!("{requests} par heure et par utilisateur"),
        ),
    )
    .faults(faults))
}
