//! Clients that never come to the point.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chassis::check::{
    About, Area, Check, Finding, Need, Pace, Said, Series, Shape, Subject, Trouble, Words,
};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use tokio::io::AsyncWriteExt;

use super::{raw, unlimited};

/// What an own instance is given as its time for a head in a quick run.
const SHORT: Duration = Duration::from_secs(1);
/// The time that is configured by default, for a full run.
const LONG: Duration = Duration::from_secs(10);
/// A connection that is cut so much later is cut late: machines are busy, minutes are not.
const LEEWAY: Duration = Duration::from_secs(6);
/// What others may have to wait meanwhile.
const MOST_WAIT: Duration = Duration::from_secs(3);
/// Connections of each manner.
const EACH: usize = 10;

/// `surface.slow_loris`.
pub(crate) struct SlowLoris;

impl Check for SlowLoris {
    fn about(&self) -> About {
        About {
            id: "surface.slow_loris",
            area: Area::Surface,
            service: None,
            title: Words::new(
                "Slow clients are cut and hold up nobody",
                "Les clients lents sont coupés et ne retardent personne",
            ),
            what: Words::new(
                "Opens thirty connections: ten say nothing, ten stop amid a request's head, ten send theirs a byte at a time and never end. Meanwhile asks `/livez` again and again. A foreign system: nine connections, in a full run only.",
                "Ouvre trente connexions : dix ne disent rien, dix s’arrêtent au milieu d’un en-tête, dix envoient le leur octet par octet sans jamais finir. Interroge `/livez` sans cesse pendant ce temps. Système tiers : neuf connexions, en épreuve complète seulement.",
            ),
            passes: Words::new(
                "all are cut within 6 s after `http.header_timeout_ms`, and /livez answers within 3 s meanwhile",
                "toutes sont coupées dans les 6 s après `http.header_timeout_ms`, et /livez répond en 3 s au plus pendant ce temps",
            ),
            by_hand: Words::new(
                "time (printf 'GET /livez HTTP/1.1\\r\\n'; sleep 60) | nc localhost 8080",
                "time (printf 'GET /livez HTTP/1.1\\r\\n'; sleep 60) | nc localhost 8080",
            ),
            when_it_fails: Words::new(
                "`http.header_timeout_ms` was raised (`aplomb config show`), or a proxy in front waits longer than the server: `client_header_timeout` there. If /livez is slow while connections wait, look at `http.maximum_connections` and at the machine's limit of open files.",
                "`http.header_timeout_ms` a été relevé (`aplomb config show`), ou un mandataire placé devant attend plus longtemps que le serveur : son `client_header_timeout`. Si /livez traîne pendant que des connexions attendent, regardez `http.maximum_connections` et la limite de fichiers ouverts de la machine.",
            ),
            weight: 4,
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

#[derive(Clone, Copy)]
enum Manner {
    Silent,
    Halfway,
    Dripping,
}

impl Manner {
    fn name(self) -> &'static str {
        match self {
            Self::Silent => "a connection that says nothing",
            Self::Halfway => "a connection that stops amid its head",
            Self::Dripping => "a connection that sends a byte at a time",
        }
    }
}

async fn measure(subject: &Subject) -> Result<Finding, Trouble> {
    let is_own = subject.ground.is_some();
    let time = subject.by_pace(SHORT, LONG);
    if !is_own && time == SHORT {
        return Err(Trouble::not_verifiable(
            "how long a system of others waits is its own affair, mostly a minute: run with --full",
            "le temps qu’attend un système tiers lui appartient, souvent une minute : lancez avec --full",
        ));
    }
    let (base, _instance) = if is_own {
        let wishes = unlimited().set("http.header_timeout_ms", time.as_millis());
        let instance = subject.start(wishes).await?;
        (instance.base(), Some(instance))
    } else {
        (subject.base.clone(), None)
    };
    let Some(place) = raw::place(&base) else {
        return Err(Trouble::not_verifiable(
            "such connections are opened without TLS only: run it against the server's own http address, behind the proxy",
            "de telles connexions ne s’ouvrent que sans TLS : lancez l’épreuve sur l’adresse http du serveur, derrière le mandataire",
        ));
    };
    let limit = if is_own {
        time + LEEWAY
    } else {
        Duration::from_secs(90)
    };
    let each = if is_own { EACH } else { 3 };
    let manners = [Manner::Silent, Manner::Halfway, Manner::Dripping];
    let all = manners.into_iter().flat_map(|manner| vec![manner; each]);
    let drips = all.map(|manner| drip(&place, manner, limit));
    let page = if is_own { "/livez" } else { "/" };
    let at = subject.at(&base);
    let waits = Mutex::new(Vec::new());
    let ends = tokio::select! {
        ends = join_all(drips) => ends,
        trouble = watch(&at, page, &waits) => return Err(trouble),
    };
    let waits = waits.into_inner().unwrap_or_else(PoisonError::into_inner);
    let finding = judged(&ends, waits, limit)?;
    Ok(match subject.pace {
        Pace::Quick => finding.shortened(Said::new(
            "the time for a head is set to 1 s in place of 10 s",
            "le temps accordé à un en-tête est fixé à 1 s au lieu de 10 s",
        )),
        Pace::Full => finding,
    })
}

/// Opens a connection in a manner; the manner, and the time until it was cut, if it was.
async fn drip(
    place: &str,
    manner: Manner,
    limit: Duration,
) -> Result<(Manner, Option<Duration>), Trouble> {
    let stream = raw::connect(place).await?;
    let started = Instant::now();
    let (mut from, mut to) = stream.into_split();
    let sending = async {
        // What is cut while we write is seen by the one who reads.
        match manner {
            Manner::Silent => {}
            Manner::Halfway => {
                let _ = to.write_all(b"GET /livez HTTP/1.1\r\nhost: a").await;
            }
            Manner::Dripping => {
                let _ = to.write_all(b"GET /livez HTTP/1.1\r\nx-slow: ").await;
                while to.write_all(b"a").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        std::future::pending::<()>().await;
    };
    let closed = tokio::select! {
        closed = raw::until_closed(&mut from, limit) => closed,
        () = sending => None,
    };
    Ok((manner, closed.map(|_| started.elapsed())))
}

/// Asks for a page as others would, ten times a second, without end but trouble.
async fn watch(at: &Subject, page: &str, waits: &Mutex<Vec<(f64, f64)>>) -> Trouble {
    let began = Instant::now();
    loop {
        let started = Instant::now();
        if let Err(trouble) = at.get(page).await {
            return trouble;
        }
        let sample = (
            (started - began).as_secs_f64(),
            started.elapsed().as_secs_f64() * 1000.0,
        );
        waits
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(sample);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

type End = Result<(Manner, Option<Duration>), Trouble>;

fn judged(ends: &[End], waits: Vec<(f64, f64)>, limit: Duration) -> Result<Finding, Trouble> {
    let mut faults = Vec::new();
    let mut last = Duration::ZERO;
    for end in ends {
        match end {
            Ok((_, Some(after))) => last = last.max(*after),
            Ok((manner, None)) => faults.push(format!(
                "{} is still open after {} s",
                manner.name(),
                limit.as_secs()
            )),
            Err(trouble) => return Err(trouble.clone()),
        }
    }
    let slowest = waits.iter().map(|(_, wait)| *wait).fold(0.0, f64::max);
    if slowest > MOST_WAIT.as_secs_f64() * 1000.0 {
        faults.push(format!("somebody else waited {slowest:.0} ms meanwhile"));
    }
    let (n, last) = (ends.len(), last.as_secs_f64());
    let measured = Said::new(
        format!(
            "{} faults; {n} slow connections, the last one cut after {last:.1} s; others waited {slowest:.0} ms at most",
            faults.len()
        ),
        format!(
            "{} défauts ; {n} connexions lentes, la dernière coupée après {last:.1} s ; les autres ont attendu {slowest:.0} ms au plus",
            faults.len()
        ),
    );
    let required = Said::new(
        format!(
            "all cut within {} s, others within {} s",
            limit.as_secs(),
            MOST_WAIT.as_secs()
        ),
        format!(
            "toutes coupées en {} s, les autres servies en {} s",
            limit.as_secs(),
            MOST_WAIT.as_secs()
        ),
    );
    let finding = Finding::new(faults.is_empty(), measured, required).faults(faults);
    Ok(finding.series(Series {
        name: "wait of others".to_owned(),
        name_fr: "attente des autres".to_owned(),
        unit_x: "s".to_owned(),
        unit_y: "ms".to_owned(),
        shape: Shape::Line,
        points: waits,
    }))
}
