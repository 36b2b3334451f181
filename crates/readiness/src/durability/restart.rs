//! A stop that was asked for, under load.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chassis::check::{
    About, Answer, Area, Check, Finding, Method, Need, Said, Subject, Trouble, Words,
};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::rig::{Caller, name_of, seconds, wishes};

const CALLERS: usize = 6;
/// Time in which the server still answers while `/readyz` turns balancers away.
const DRAIN: Duration = Duration::from_millis(1500);
/// Callers go on for this part of it, as those behind a balancer would that has not looked yet.
const GO_ON: Duration = Duration::from_millis(600);

/// `durability.restart`.
pub(crate) struct Restart;

impl Check for Restart {
    fn about(&self) -> About {
        About {
            id: "durability.restart",
            area: Area::Durability,
            service: None,
            title: Words::new(
                "A stop under load fails no request, and is remembered as clean",
                "Un arrêt demandé sous charge ne fait échouer aucune requête, et reste noté comme propre",
            ),
            what: Words::new(
                "Sends SIGTERM while callers write, and while one request is still being sent. The server must say at /readyz that it goes, answer all that it had accepted, and exit with 0; the next start must say that the last stop was clean, and one after a kill that it was not.",
                "Envoie SIGTERM pendant que des clients écrivent et qu’une requête est encore en cours d’envoi. Le serveur doit annoncer sur /readyz qu’il s’en va, répondre à tout ce qu’il avait accepté et sortir avec 0 ; le démarrage suivant doit dire que l’arrêt était propre, et celui qui suit un arrêt brutal qu’il ne l’était pas.",
            ),
            passes: Words::new(
                "0 failed requests, exit 0, last_stop_was_clean true after a stop and false after a kill",
                "0 requête échouée, sortie 0, last_stop_was_clean vrai après un arrêt et faux après un arrêt brutal",
            ),
            by_hand: Words::new(
                "aplomb serve & kill -TERM $!; wait $!; echo $?; aplomb serve & curl -s http://localhost:8080/health | grep -o '\"last_stop_was_clean\":[a-z]*'",
                "aplomb serve & kill -TERM $!; wait $!; echo $?; aplomb serve & curl -s http://localhost:8080/health | grep -o '\"last_stop_was_clean\":[a-z]*'",
            ),
            when_it_fails: Words::new(
                "`http.drain_timeout_ms` is too short for the longest request, or `http.drain_delay_ms` is 0 though a balancer needs time to turn away: set it to twice the balancer's interval. A service manager that kills earlier than both together makes the stop unclean: raise its limit (TimeoutStopSec).",
                "`http.drain_timeout_ms` est trop court pour la plus longue requête, ou `http.drain_delay_ms` vaut 0 alors qu’un répartiteur a besoin de temps : mettez deux fois son intervalle. Un gestionnaire de services qui tue avant la somme des deux rend l’arrêt sale : augmentez sa limite (TimeoutStopSec).",
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
    let rounds = subject.by_pace(1, 5);
    let wishes = wishes()
        .set("http.drain_delay_ms", DRAIN.as_millis())
        .set("objects.minimum_free_bytes", 0);
    let instance = subject.start(wishes).await?;
    let key = crate::actors::key(instance.as_ref(), "*").await?;
    let at = subject.at(&instance.base());
    let caller = Caller { at: &at, key: &key };
    let mut paths = Vec::new();
    for number in 0..CALLERS {
        paths.push(caller.made_key(&number.to_string()).await?);
    }
    let mut faults = Vec::new();
    let (mut answered, mut longest) = (0, Duration::ZERO);
    for _ in 0..rounds {
        let late = Late::begin(caller).await?;
        let stop = AtomicBool::new(false);
        let failed = Mutex::new(Vec::new());
        let work = join_all(paths.iter().map(|path| write(caller, path, &stop, &failed)));
        let end = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let began = Instant::now();
            let (stopped, told, late) = tokio::join!(
                instance.stop(),
                goes(&at, began, &stop),
                late.end_after(DRAIN + Duration::from_millis(500))
            );
            (stopped, told, late)
        };
        let (last, (stopped, told, late)) = tokio::join!(work, end);
        longest = longest.max(stopped?);
        faults.extend(failed.into_inner().unwrap_or_default());
        faults.extend(late);
        if !told {
            faults.push("/readyz does not say 503 while the server stops".to_owned());
        }
        instance.start().await?;
        faults.extend(was_clean(&at, true).await?);
        for (path, last) in paths.iter().zip(last) {
            answered += last;
            let found = name_of(&caller.get(path).await?);
            if found.as_deref() != Some(&last.to_string()) {
                faults.push(format!(
                    "the name {last} was acknowledged before the stop and is lost: {found:?}"
                ));
            }
        }
        instance.kill().await?;
        instance.start().await?;
        faults.extend(was_clean(&at, false).await?);
    }
    faults.sort();
    faults.dedup();
    let counted = Said::new(
        format!(
            "{answered} writes through {rounds} stops; gone after {} at most",
            seconds(longest)
        ),
        format!(
            "{answered} écritures pendant {rounds} arrêts ; parti en {} au plus",
            seconds(longest)
        ),
    );
    let required = Said::new(
        "no failed request, exit 0, the stop remembered",
        "aucune requête échouée, sortie 0, l’arrêt noté",
    );
    Ok(Finding::of_faults(faults, counted, required))
}

/// Writes one after another until told to stop; gives the last that was acknowledged.
async fn write(
    caller: Caller<'_>,
    path: &str,
    stop: &AtomicBool,
    failed: &Mutex<Vec<String>>,
) -> u32 {
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        let fault = match caller.rename(path, &(number + 1).to_string()).await {
            Ok(answer) if answer.status == 200 => {
                number += 1;
                continue;
            }
            Ok(answer) => format!(
                "a request was answered {} during the stop",
                answer.status.as_u16()
            ),
            Err(trouble) => format!("a request failed during the stop: {trouble}"),
        };
        if let Ok(mut failed) = failed.lock() {
            failed.push(fault);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    number
}

/// Whether `/readyz` said that the server goes; ends the load while all that was sent must still be answered.
async fn goes(at: &Subject, began: Instant, stop: &AtomicBool) -> bool {
    let mut told = false;
    while began.elapsed() < GO_ON || (!told && began.elapsed() < DRAIN) {
        let asked = at.request(Method::GET, "/readyz").timeout(DRAIN);
        if let Ok(answer) = Answer::to(asked).await {
            let body = answer.json().unwrap_or_default();
            told |= answer.status == 503 && body["draining"] == true;
        }
        if began.elapsed() > GO_ON {
            stop.store(true, Ordering::Relaxed);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.store(true, Ordering::Relaxed);
    told
}

async fn was_clean(at: &Subject, wanted: bool) -> Result<Option<String>, Trouble> {
    let health = at.get("/health").await?.expect(200)?;
    let found = &health["last_stop_was_clean"];
    let after = if wanted { "a stop" } else { "a kill" };
    Ok((*found != wanted)
        .then(|| format!("/health says last_stop_was_clean {found} after {after}")))
}

/// A request that is begun before the stop and whose last bytes come when the server takes no new ones.
struct Late {
    stream: TcpStream,
}

impl Late {
    const HALF: &str = "half of a file that is sent slowly\n";

    async fn begin(caller: Caller<'_>) -> Result<Self, Trouble> {
        let host = caller.at.base.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).await?;
        let head = format!(
            "POST /api/v1/objects?name=late.txt HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/octet-stream\r\nContent-Length: {}\r\n\r\n{}",
            caller.key,
            2 * Self::HALF.len(),
            Self::HALF
        );
        stream.write_all(head.as_bytes()).await?;
        Ok(Self { stream })
    }

    /// Sends the rest after a time; gives what is wrong with the answer.
    async fn end_after(mut self, time: Duration) -> Option<String> {
        tokio::time::sleep(time).await;
        let mut answer = [0; 12];
        let ended = async {
            self.stream.write_all(Self::HALF.as_bytes()).await?;
            self.stream.read_exact(&mut answer).await
        };
        let ended = tokio::time::timeout(Duration::from_secs(20), ended).await;
        let status = String::from_utf8_lossy(&answer[9..]).into_owned();
        match ended {
            Ok(Ok(_)) if status == "201" => None,
            Ok(Ok(_)) => Some(format!(
                "a request that was open at the stop was answered {status}"
            )),
            _ => Some("a request that was open at the stop was cut off".to_owned()),
        }
    }
}
