//! Guessing one person's password is slowed down, and whoever is locked out comes in again when he was told.

use std::time::{Duration, Instant};

use chassis::check::{
    About, Answer, Area, Check, Finding, Need, Pace, Said, Subject, Trouble, Words,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{attempt, code, place};
use crate::actors::{self, PASSWORD};

/// A server that lets somebody guess more often than this does not lock. NIST SP 800-63B allows 100; who mistypes needs few.
const MOST_FAILURES: usize = 20;
/// The first wait is no longer than this: it must not be a way to keep somebody out.
const LONGEST_WAIT_S: u64 = 3600;

/// `access.lockout`.
pub(crate) struct Lockout;

impl Check for Lockout {
    fn about(&self) -> About {
        About {
            id: "access.lockout",
            area: Area::Access,
            service: None,
            title: Words::new(
                "Whoever guesses passwords is locked out, and only for as long as he is told",
                "Qui devine des mots de passe est bloqué, et seulement le temps annoncé",
            ),
            what: Words::new(
                "Signs in with wrong passwords until the server refuses to look at any, then with the right one, as another person, and with an address that nobody has. A full run waits until the promised moment and signs in.",
                "Se connecte avec de mauvais mots de passe jusqu’à ce que le serveur refuse d’en examiner, puis avec le bon, en une autre personne, et avec une adresse que personne n’a. Une épreuve complète attend l’heure annoncée et se connecte.",
            ),
            passes: Words::new(
                "429 `auth.locked` with Retry-After after at most 20 failures, with the right password too; others are not locked",
                "429 `auth.locked` avec Retry-After après 20 échecs au plus, même avec le bon mot de passe ; les autres ne sont pas bloqués",
            ),
            by_hand: Words::new(
                "for i in 1 2 3 4 5 6; do curl -so /dev/null -w '%{http_code}\\n' -H 'Content-Type: application/json' -d '{\"email\":\"nobody@example.org\",\"password\":\"x\"}' http://localhost:8080/api/v1/auth/login; done   # 401 five times, then 429",
                "for i in 1 2 3 4 5 6; do curl -so /dev/null -w '%{http_code}\\n' -H 'Content-Type: application/json' -d '{\"email\":\"personne@example.org\",\"password\":\"x\"}' http://localhost:8080/api/v1/auth/login; done   # cinq fois 401, puis 429",
            ),
            when_it_fails: Words::new(
                "Look at `auth.lock_after` with `aplomb config show`: 5 is usual. If the answer of the server itself is 429 and that of its proxy is not, the proxy rewrites it. If everybody is locked, callers are taken for one: report it.",
                "Regardez `auth.lock_after` avec `aplomb config show` : 5 est l’usage. Si le serveur lui-même répond 429 et son mandataire autre chose, c’est le mandataire qui réécrit la réponse. Si tout le monde est bloqué, les appelants sont confondus : signalez-le.",
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
    actors::create_user(instance.as_ref(), actors::OWNER, "owner", None).await?;
    actors::create_user(instance.as_ref(), actors::VIEWER, "viewer", None).await?;
    let at = subject.at(&instance.base());
    let mut faults = Vec::new();

    let failures = failures_until_locked(&at, actors::OWNER).await?;
    let shown = failures.map_or_else(|| "no".to_owned(), |n| n.to_string());
    let locked = Instant::now();
    let mut wait = Duration::ZERO;
    if failures.is_none() {
        faults.push(format!("{MOST_FAILURES} failures do not lock the account"));
    } else {
        let answer = Answer::to(attempt(&at, actors::OWNER, PASSWORD, true)).await?;
        if !is_locked(&answer) {
            let status = answer.status.as_u16();
            faults.push(format!(
                "the right password gets {status} while the account is locked"
            ));
        }
        match retry_after(&answer) {
            Some(seconds @ 1..=LONGEST_WAIT_S) => wait = Duration::from_secs(seconds),
            other => faults.push(format!(
                "Retry-After of a locked account is {other:?}, due is 1 to {LONGEST_WAIT_S} s"
            )),
        }
        let other = Answer::to(attempt(&at, actors::VIEWER, PASSWORD, true)).await?;
        if other.status != 200 {
            let status = other.status.as_u16();
            faults.push(format!(
                "another account is locked with it: {status} {}",
                code(&other)
            ));
        }
        let nobody = failures_until_locked(&at, "nobody-71@prove.example").await?;
        if nobody != failures {
            faults.push(format!("an address that nobody has is locked after {nobody:?} failures, a real one after {failures:?}: that tells who has an account"));
        }
    }
    let is_full = subject.pace == Pace::Full;
    if is_full && wait > Duration::ZERO {
        unlocks(&at, locked, wait, &mut faults).await?;
    }
    let measured = Said::new(
        format!("locked after {shown} failures, for {} s", wait.as_secs()),
        format!(
            "bloqué après {} échecs, pour {} s",
            failures.unwrap_or(0),
            wait.as_secs()
        ),
    );
    let passes = faults.is_empty();
    let required = Said::new(
        format!("locked after at most {MOST_FAILURES} failures, and others not"),
        format!("bloqué après {MOST_FAILURES} échecs au plus, et pas les autres"),
    );
    let finding = Finding::new(passes, measured, required).faults(faults);
    Ok(if is_full {
        finding
    } else {
        finding.shortened(Said::new(
            "the end of the lock was not waited for",
            "la fin du blocage n’a pas été attendue",
        ))
    })
}

/// Failures before the first refusal to look at a password.
async fn failures_until_locked(at: &Subject, email: &str) -> Result<Option<usize>, Trouble> {
    for failures in 0..=MOST_FAILURES {
        let answer = Answer::to(attempt(at, email, "wrong copper kettle 17", true)).await?;
        if is_locked(&answer) {
            return Ok(Some(failures));
        }
        answer.expect(401)?;
    }
    Ok(None)
}

fn is_locked(answer: &Answer) -> bool {
    answer.status == 429 && code(answer) == "auth.locked"
}

fn retry_after(answer: &Answer) -> Option<u64> {
    answer.header("retry-after")?.parse().ok()
}

async fn unlocks(
    at: &Subject,
    locked: Instant,
    wait: Duration,
    faults: &mut Vec<String>,
) -> Result<(), Trouble> {
    // Asked early enough that a slow machine does not make it late.
    let early = wait.saturating_sub(Duration::from_secs(15));
    tokio::time::sleep(early.saturating_sub(locked.elapsed())).await;
    let before = Answer::to(attempt(at, actors::OWNER, PASSWORD, true)).await?;
    if !is_locked(&before) && locked.elapsed() < wait {
        faults.push("the account is unlocked before the promised moment".to_owned());
    }
    let until = wait + Duration::from_secs(2);
    tokio::time::sleep(until.saturating_sub(locked.elapsed())).await;
    let after = Answer::to(attempt(at, actors::OWNER, PASSWORD, true)).await?;
    if after.status != 200 {
        let status = after.status.as_u16();
        faults.push(format!(
            "at the promised moment the right password gets {status} {}",
            code(&after)
        ));
    }
    Ok(())
}
