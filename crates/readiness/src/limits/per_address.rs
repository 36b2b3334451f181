//! One address has its number a minute.

use std::time::{Duration, Instant};

use chassis::check::ground::Wishes;
use chassis::check::{
    About, Answer, Area, Check, Finding, Method, Need, Pace, Said, Subject, Trouble, Words,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{Limit, burst, configured, plain_path, refusal, second_client};
use crate::access::code;

/// Addresses that answer however often they are asked.
const HEALTH: [&str; 3] = ["/livez", "/readyz", "/health"];
/// Beyond the limit, so that a limiter that is off shows.
const BEYOND: u32 = 20;
/// Requests to a system of others whose limit is not known.
const MOST_OF_OTHERS: u32 = 1_500;
/// Beyond the promised moment.
const LATE: Duration = Duration::from_millis(300);
/// An address for documentation (RFC 5737): who asks, where a proxy says so.
const DOCUMENTED_ADDRESS: &str = "203.0.113.71";

/// `limits.per_address`.
pub(crate) struct PerAddress;

impl Check for PerAddress {
    fn about(&self) -> About {
        About {
            id: "limits.per_address",
            area: Area::Limits,
            service: None,
            title: Words::new(
                "One address has its number of requests a minute, and others do not feel it",
                "Une adresse a son nombre de requêtes par minute, et les autres n’en sentent rien",
            ),
            what: Words::new(
                "Sends more requests without credentials than `limits.anonymous_per_minute` allows, counts those that are let in, and reads the refusal; asks from a second address, for health, and again at the promised moment. A full run waits a minute and begins anew.",
                "Envoie plus de requêtes sans identifiants que `limits.anonymous_per_minute` n’en permet, compte celles qui passent et lit le refus ; demande depuis une seconde adresse, puis la santé, puis de nouveau à l’heure promise. Une épreuve complète attend une minute et recommence.",
            ),
            passes: Words::new(
                "exactly the configured number and what the minute refills; then 429 with Retry-After and RateLimit headers; a second address and health unaffected; let in again when promised",
                "exactement le nombre configuré et ce que la minute rend ; puis 429 avec Retry-After et les en-têtes RateLimit ; une seconde adresse et la santé épargnées ; admis de nouveau à l’heure promise",
            ),
            by_hand: Words::new(
                "for i in $(seq 105); do curl -so /dev/null -w '%{http_code}\\n' http://localhost:8080/api/v1/luna/variants; done | sort | uniq -c; curl -si http://localhost:8080/api/v1/luna/variants | grep -i -e retry -e ratelimit",
                "for i in $(seq 105); do curl -so /dev/null -w '%{http_code}\\n' http://localhost:8080/api/v1/luna/variants; done | sort | uniq -c; curl -si http://localhost:8080/api/v1/luna/variants | grep -i -e retry -e ratelimit",
            ),
            when_it_fails: Words::new(
                "None refused: `limits.anonymous_per_minute` is 0 (see `aplomb config show`), or a proxy invents a new address for each request. All addresses refused together: the proxy is not named in `http.trusted_proxies`, so that everybody seems to come from it. Too many let in: several instances without a common Redis.",
                "Aucun refus : `limits.anonymous_per_minute` vaut 0 (voir `aplomb config show`), ou un mandataire invente une adresse à chaque requête. Toutes les adresses refusées ensemble : le mandataire n’est pas nommé dans `http.trusted_proxies`, si bien que tous semblent venir de lui. Trop de requêtes admises : plusieurs instances sans Redis commun.",
            ),
            weight: 6,
            is_required: true,
            disturbs: true,
            needs: &[Need::Leave],
            fresh_days: 30,
        }
    }

    fn run<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>> {
        measure(subject).boxed()
    }
}

/// Of a system of others one does not know the limit: that there is one is seen, and that a refusal says when to come back.
async fn of_others(subject: &Subject) -> Result<Finding, Trouble> {
    let path = plain_path(subject);
    let mut faults = Vec::new();
    let sent = burst(MOST_OF_OTHERS, |_| subject.request(Method::GET, &path)).await?;
    match &sent.refused {
        None => faults.push(format!(
            "{MOST_OF_OTHERS} requests for {path} in {:.1} s, and none was answered 429",
            sent.took.as_secs_f64()
        )),
        Some(refused) if refused.header("retry-after").is_none() => {
            faults.push("a 429 does not say when to come back (Retry-After)".to_owned());
        }
        Some(_) => {}
    }
    let passed = sent.passed;
    Ok(Finding::of_faults(
        faults,
        Said::new(
            format!("{passed} let in of {MOST_OF_OTHERS}"),
            format!("{passed} admises sur {MOST_OF_OTHERS}"),
        ),
        Said::new(
            "some are refused, with Retry-After",
            "certaines sont refusées, avec Retry-After",
        ),
    ))
}

async fn measure(subject: &Subject) -> Result<Finding, Trouble> {
    if subject.ground.is_none() {
        return of_others(subject).await;
    }
    let instance = subject.start(Wishes::none()).await?;
    let at = subject.at(&instance.base());
    let path = plain_path(&at);
    let requests = configured(instance.as_ref(), "limits.anonymous_per_minute").await?;
    let mut faults = Vec::new();
    if requests == 0 {
        faults.push("limits.anonymous_per_minute is 0: nobody is limited".to_owned());
    }
    let limit = Limit {
        requests: requests.max(1),
        window: Duration::from_mins(1),
    };
    let ask = |_| at.request(Method::GET, &path);
    let sent = burst(limit.requests + BEYOND, ask).await?;
    sent.judge(limit, "one address", &mut faults);
    if let Some(refused) = &sent.refused {
        let wait = refusal(refused, limit, &mut faults);
        if code(refused) != "limits.exceeded" {
            faults.push(format!("a refusal has the code {}", code(refused)));
        }
        others(subject, &at, &path, &mut faults).await?;
        reopens(&at, &path, wait, &mut faults).await?;
    }
    let is_full = subject.pace == Pace::Full;
    if is_full && sent.refused.is_some() {
        tokio::time::sleep(limit.window + LATE).await;
        let anew = burst(limit.requests + BEYOND, ask).await?;
        anew.judge(limit, "a minute later, the same address", &mut faults);
    }
    let (passed, took) = (sent.passed, sent.took.as_secs_f64());
    let finding = Finding::new(
        faults.is_empty(),
        Said::new(
            format!("{passed} let in within {took:.2} s, then 429"),
            format!("{passed} admises en {took:.2} s, puis 429"),
        ),
        Said::new(
            format!("{requests} a minute from one address"),
            format!("{requests} par minute et par adresse"),
        ),
    )
    .faults(faults);
    Ok(if is_full {
        finding
    } else {
        finding.shortened(Said::new(
            "the next request was waited for, not the whole minute",
            "on a attendu la requête suivante, non la minute entière",
        ))
    })
}

/// The next request is let in at the promised moment.
async fn reopens(
    at: &Subject,
    path: &str,
    wait: Duration,
    faults: &mut Vec<String>,
) -> Result<(), Trouble> {
    // Some requests may have been refilled meanwhile: until one is refused again.
    for _ in 0..BEYOND {
        let asked = Instant::now();
        if at.get(path).await?.status != 429 {
            continue;
        }
        tokio::time::sleep((wait + LATE).saturating_sub(asked.elapsed())).await;
        if at.get(path).await?.status == 429 {
            let seconds = wait.as_secs();
            faults.push(format!(
                "after the promised {seconds} s the next request is refused"
            ));
        }
        return Ok(());
    }
    faults.push("an address that was over its limit is let in again at once".to_owned());
    Ok(())
}

/// What a refused address must not take away from others.
async fn others(
    subject: &Subject,
    at: &Subject,
    path: &str,
    faults: &mut Vec<String>,
) -> Result<(), Trouble> {
    for health in HEALTH {
        let status = at.get(health).await?.status.as_u16();
        if status != 200 {
            faults.push(format!(
                "{health} gets {status} where the address is over its limit"
            ));
        }
    }
    let url = format!("{}{path}", at.base);
    let status = match second_client(&at.base).await {
        Some(client) => Answer::to(client.get(url)).await?.status,
        None => as_a_proxy(subject, path).await?,
    };
    if status == 429 {
        faults.push("a second address is refused with the first".to_owned());
    }
    Ok(())
}

/// Where the machine has one address alone: an instance that believes its proxy, which says who asks.
async fn as_a_proxy(subject: &Subject, path: &str) -> Result<http::StatusCode, Trouble> {
    let wishes = Wishes::none()
        .set("http.trusted_proxies", "127.0.0.1")
        .set("http.proxy_header", "x-forwarded-for");
    let instance = subject.start(wishes).await?;
    let at = subject.at(&instance.base());
    let requests = configured(instance.as_ref(), "limits.anonymous_per_minute").await?;
    burst(requests + BEYOND, |_| at.request(Method::GET, path)).await?;
    let request = at
        .request(Method::GET, path)
        .header("x-forwarded-for", DOCUMENTED_ADDRESS);
    Ok(Answer::to(request).await?.status)
}
