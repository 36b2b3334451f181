//! Jobs under SIGKILL: what was accepted is done, once in effect.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use chassis::check::ground::Instance;
use chassis::check::{
    About, Answer, Area, Check, Finding, Method, Need, Said, Subject, Trouble, Words,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::{asked, database_is_sound};
use crate::rig::receiver::Receiver;
use crate::rig::{Caller, Chance, wishes};

const STEPS: usize = 4;
/// All jobs are done by then, or never.
const DONE_WITHIN: Duration = Duration::from_secs(90);
/// What a job is told to others by: it comes right after its end, within this time where nothing is in the way.
const TOLD_WITHIN: Duration = Duration::from_secs(1);

/// `durability.queue`.
pub(crate) struct Queue;

impl Check for Queue {
    fn about(&self) -> About {
        About {
            id: "durability.queue",
            area: Area::Durability,
            service: None,
            title: Words::new(
                "Each accepted job is done exactly once in effect, through kills",
                "Chaque tâche acceptée est faite une seule fois dans ses effets, malgré les arrêts brutaux",
            ),
            what: Words::new(
                "Asks for jobs of several steps, each request with an Idempotency-Key, and kills the server at random moments amid them. Then sends again what had no answer, waits until all are done, and counts: jobs, their results, the effects outside by their keys, the rows of their transactions (where the program sqlite3 is installed), and the words to a webhook by their ids.",
                "Demande des tâches de plusieurs étapes, chacune avec une Idempotency-Key, et tue le serveur à des moments tirés au sort. Puis renvoie ce qui n’a pas eu de réponse, attend que tout soit fait et compte : tâches, résultats, effets extérieurs par leur clé, lignes de leurs transactions (si le programme sqlite3 est installé), et annonces à un webhook par leur identifiant.",
            ),
            passes: Words::new(
                "0 jobs lost, 0 doubled, each step's effect once",
                "0 tâche perdue, 0 en double, l’effet de chaque étape une seule fois",
            ),
            by_hand: Words::new(
                "APLOMB_JOBS__DRILL=true aplomb serve & curl -s -X POST -H \"Authorization: Bearer $KEY\" -H 'Idempotency-Key: one' -H 'Content-Type: application/json' -d '{\"steps\":4,\"pause_ms\":500}' http://localhost:8080/api/v1/jobs/drill; kill -9 %1; APLOMB_JOBS__DRILL=true aplomb serve & sleep 5; sort aplomb-data/drill.log | uniq -c",
                "APLOMB_JOBS__DRILL=true aplomb serve & curl -s -X POST -H \"Authorization: Bearer $KEY\" -H 'Idempotency-Key: one' -H 'Content-Type: application/json' -d '{\"steps\":4,\"pause_ms\":500}' http://localhost:8080/api/v1/jobs/drill; kill -9 %1; APLOMB_JOBS__DRILL=true aplomb serve & sleep 5; sort aplomb-data/drill.log | uniq -c",
            ),
            when_it_fails: Words::new(
                "Jobs that do not end: `jobs.concurrency` is 0 or the server cannot write; see GET /api/v1/jobs. A key that makes two jobs: a proxy changes or drops Idempotency-Key. Rows or effects that are missing or doubled are a fault of the program: keep the data folder and report it with the seed.",
                "Des tâches qui ne finissent pas : `jobs.concurrency` vaut 0 ou le serveur ne peut écrire ; voyez GET /api/v1/jobs. Une clé qui fait deux tâches : un mandataire modifie ou retire Idempotency-Key. Des lignes ou des effets absents ou doublés sont une faute du programme : gardez le dossier de données et signalez-la avec la graine.",
            ),
            weight: 8,
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

/// Keys that were sent, with the job that each was promised, where an answer came.
type Promised = BTreeMap<String, Option<String>>;

async fn measure(subject: &Subject) -> Result<Finding, Trouble> {
    let kills = subject.by_pace(3, 20);
    let seed = Chance::seed();
    let mut chance = Chance::new(seed);
    let receiver = Receiver::start().await?;
    let wishes = wishes()
        .set("jobs.drill", true)
        .set("jobs.poll_ms", 50)
        .set("notify.webhook_allow_http", true)
        .set("notify.webhook_networks", "127.0.0.0/8");
    let instance = subject.start(wishes).await?;
    let key = crate::actors::key(instance.as_ref(), "*").await?;
    let at = subject.at(&instance.base());
    let caller = Caller { at: &at, key: &key };
    let hook = json!({ "url": format!("{}/hook", receiver.url()), "events": ["jobs.done"] });
    let made = caller.send(Method::POST, "/api/v1/webhooks", &hook).await?;
    made.expect(201)?;
    let mut promised = Promised::new();
    for _ in 0..kills {
        let until = Instant::now() + Duration::from_millis(150 + chance.below(250));
        while Instant::now() < until {
            let name = format!("request-{}", promised.len());
            // The kill comes amid a request, too: what it would have answered is not waited for.
            let left = until.saturating_duration_since(Instant::now());
            let answer = tokio::time::timeout(left, ask(caller, &name)).await;
            promised.insert(name, answer.ok().and_then(Result::ok).flatten());
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
        instance.kill().await?;
        instance.start().await?;
    }
    let mut faults = Vec::new();
    let unanswered = promised.values().filter(|job| job.is_none()).count();
    for (name, job) in &mut promised {
        let Some(id) = ask_again(caller, name).await? else {
            faults.push(format!("{name} is not accepted when it is sent again"));
            continue;
        };
        let first = job.get_or_insert_with(|| id.clone());
        if *first != id {
            faults.push(format!("{name} made two jobs: {first} and {id}"));
        }
    }
    let wanted: BTreeSet<String> = promised.into_values().flatten().collect();
    faults.extend(undone(caller, &wanted).await?);
    faults.extend(others(caller, &wanted).await?);
    let repeated = effects(instance.as_ref(), &wanted, &mut faults)?;
    tokio::time::sleep(TOLD_WITHIN).await;
    faults.extend(told_twice(&receiver));
    instance.stop().await?;
    let has_rows = rows(instance.as_ref(), wanted.len(), &mut faults).await?;
    faults.extend(database_is_sound(instance.as_ref()).await?);
    let jobs = wanted.len();
    let (rows, rows_fr) = if has_rows {
        ("", "")
    } else {
        (
            ", rows not counted: sqlite3 is not installed (Debian: apt install sqlite3)",
            ", lignes non comptées : sqlite3 n’est pas installé (Debian : apt install sqlite3)",
        )
    };
    let counted = Said::new(
        format!(
            "{jobs} jobs of {STEPS} steps, {kills} kills, {unanswered} requests without an answer, {repeated} effects outside repeated with their key (seed {seed}){rows}"
        ),
        format!(
            "{jobs} tâches de {STEPS} étapes, {kills} arrêts brutaux, {unanswered} requêtes sans réponse, {repeated} effets extérieurs répétés avec leur clé (graine {seed}){rows_fr}"
        ),
    );
    let required = Said::new("0 lost, 0 doubled", "0 perdue, 0 en double");
    let finding = Finding::of_faults(faults, counted, required);
    Ok(match kills {
        20 => finding,
        _ => finding.shortened(Said::new(
            "3 kills in place of 20; words to webhooks that a kill cut off come after a minute and are not waited for",
            "3 arrêts brutaux au lieu de 20 ; les annonces aux webhooks coupées par un arrêt repartent après une minute et ne sont pas attendues",
        )),
    })
}

/// Asks for a job; nothing where it was not accepted.
async fn ask(caller: Caller<'_>, name: &str) -> Result<Option<String>, Trouble> {
    let request = caller.request(Method::POST, "/api/v1/jobs/drill");
    let request = request
        .header("idempotency-key", name)
        .json(&json!({ "steps": STEPS, "pause_ms": 15 }));
    let answer = Answer::to(request).await?;
    if answer.status != 202 {
        return Ok(None);
    }
    crate::actors::text(&answer.json()?, "/id").map(Some)
}

/// The same for a request that was sent before: the server may hold its first for one that is still worked on.
async fn ask_again(caller: Caller<'_>, name: &str) -> Result<Option<String>, Trouble> {
    let deadline = Instant::now() + DONE_WITHIN;
    while Instant::now() < deadline {
        let id = ask(caller, name).await?;
        if id.is_some() {
            return Ok(id);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(None)
}

/// Waits for all of them; names those that do not end as they should.
async fn undone(caller: Caller<'_>, wanted: &BTreeSet<String>) -> Result<Vec<String>, Trouble> {
    let deadline = Instant::now() + DONE_WITHIN;
    let mut faults = Vec::new();
    for id in wanted {
        loop {
            let answer = caller.get(&format!("/api/v1/jobs/{id}")).await?;
            let job = answer.json().unwrap_or_default();
            let state = job["state"].as_str().unwrap_or_default();
            if state == "done" && job["result"]["steps"] == STEPS {
                break;
            }
            let is_over = !matches!(state, "waiting" | "running") || Instant::now() > deadline;
            if is_over {
                let status = answer.status.as_u16();
                faults.push(format!(
                    "the job {id} was accepted and is lost: {status} {state:?}"
                ));
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    Ok(faults)
}

/// Jobs that nobody asked for.
async fn others(caller: Caller<'_>, wanted: &BTreeSet<String>) -> Result<Vec<String>, Trouble> {
    let mut faults = Vec::new();
    let mut path = "/api/v1/jobs?limit=100".to_owned();
    loop {
        let page = caller.get(&path).await?.expect(200)?;
        for job in page["items"].as_array().into_iter().flatten() {
            let id = job["id"].as_str().unwrap_or_default();
            if job["kind"] == "chassis.drill" && !wanted.contains(id) {
                faults.push(format!("the job {id} was made and nobody was told of it"));
            }
        }
        match &page["next"] {
            Value::String(next) => path = format!("/api/v1/jobs?limit=100&cursor={next}"),
            _ => return Ok(faults),
        }
    }
}

/// Effects outside, by their keys: each step's key once or, where a kill came between, more often; gives how often more.
fn effects(
    instance: &dyn Instance,
    wanted: &BTreeSet<String>,
    faults: &mut Vec<String>,
) -> Result<usize, Trouble> {
    let log = std::fs::read_to_string(instance.data().join("drill.log"))?;
    let found: BTreeSet<&str> = log.lines().collect();
    let keys: BTreeSet<String> = wanted
        .iter()
        .flat_map(|id| (0..STEPS).map(move |step| format!("{id}:line {step}")))
        .collect();
    for key in &keys {
        if !found.contains(key.as_str()) {
            faults.push(format!("the effect {key} is missing"));
        }
    }
    for key in found.iter().filter(|key| !keys.contains(**key)) {
        faults.push(format!("an effect was done with another key: {key}"));
    }
    Ok(log.lines().count() - found.len())
}

/// Jobs that a receiver was told of under two ids: it could not know them for one.
fn told_twice(receiver: &Receiver) -> Vec<String> {
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for call in receiver.calls() {
        let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
        let job = body["data"]["job"].as_str().unwrap_or_default();
        let of_job = ids.entry(job.to_owned()).or_default();
        of_job.insert(call.id.unwrap_or_default());
    }
    let twice = ids.iter().filter(|(_, ids)| ids.len() > 1);
    twice
        .map(|(job, ids)| format!("a webhook was told of {job} under {} ids", ids.len()))
        .collect()
}

/// Rows of the steps' transactions; false where they cannot be counted.
async fn rows(
    instance: &dyn Instance,
    jobs: usize,
    faults: &mut Vec<String>,
) -> Result<bool, Trouble> {
    let statement =
        "SELECT count(*) || ' ' || count(DISTINCT job_id || ':' || step) FROM job_drill";
    let Some(said) = asked(instance, statement).await? else {
        return Ok(false);
    };
    let effects = jobs * STEPS;
    if said.trim() != format!("{effects} {effects}") {
        faults.push(format!(
            "{effects} effects in transactions were to be there once; there are (all, different): {}",
            said.trim()
        ));
    }
    Ok(true)
}
