//! The folder of files taken away.

use std::path::Path;
use std::time::Instant;

use chassis::check::{
    About, Answer, Area, Check, Finding, Method, Need, Said, Subject, Trouble, Words,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{ANSWER_WITHIN, TURNS_WITHIN, Times};
use crate::rig::{Caller, is_up, seconds, unclear, until, wishes};

/// `degradation.object_store`.
pub(crate) struct ObjectStore;

impl Check for ObjectStore {
    fn about(&self) -> About {
        About {
            id: "degradation.object_store",
            area: Area::Degradation,
            service: None,
            title: Words::new(
                "Without its folder of files the server refuses files clearly and serves the rest",
                "Sans son dossier de fichiers, le serveur refuse les fichiers clairement et sert le reste",
            ),
            what: Words::new(
                "Takes the folder `objects` away and puts a file in its place, as a volume that is not mounted would: files are sent, other routes are asked, /health and /readyz are read. Then the folder comes back.",
                "Enlève le dossier `objects` et met un fichier à sa place, comme un volume qui n’est pas monté : des fichiers sont envoyés, d’autres routes interrogées, /health et /readyz lus. Puis le dossier revient.",
            ),
            passes: Words::new(
                "files are refused with 503, an objects code and Retry-After; the rest is served; /health says degraded; afterwards all is as before",
                "les fichiers sont refusés par 503 avec un code objects et Retry-After ; le reste est servi ; /health dit degraded ; ensuite tout est comme avant",
            ),
            by_hand: Words::new(
                "mv aplomb-data/objects aplomb-data/away; touch aplomb-data/objects; curl -i -X POST -H \"Authorization: Bearer $KEY\" --data-binary @file http://localhost:8080/api/v1/objects; curl -s http://localhost:8080/health; rm aplomb-data/objects; mv aplomb-data/away aplomb-data/objects",
                "mv aplomb-data/objects aplomb-data/loin; touch aplomb-data/objects; curl -i -X POST -H \"Authorization: Bearer $KEY\" --data-binary @fichier http://localhost:8080/api/v1/objects; curl -s http://localhost:8080/health; rm aplomb-data/objects; mv aplomb-data/loin aplomb-data/objects",
            ),
            when_it_fails: Words::new(
                "A proxy may replace the 503, or drop Retry-After. If files are taken and gone afterwards, they were written beside the volume that should have been mounted: make the mount a condition of the start (RequiresMountsFor). If the rest suffers too, report it.",
                "Un mandataire remplace peut-être le 503 ou retire Retry-After. Si des fichiers sont acceptés puis disparaissent, ils ont été écrits à côté du volume qui aurait dû être monté : faites du montage une condition du démarrage (RequiresMountsFor). Si le reste souffre aussi, signalez-le.",
            ),
            weight: 4,
            is_required: false,
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
    let wishes = wishes()
        .set("objects.store", "local")
        .set("objects.minimum_free_bytes", 0);
    let instance = subject.start(wishes).await?;
    let key = crate::actors::key(instance.as_ref(), "*").await?;
    let at = subject.at(&instance.base());
    let caller = Caller { at: &at, key: &key };
    let mut faults = Vec::new();
    let mut times = Times::default();
    let before = kept(caller, "before").await?.expect(201)?;
    let before = format!("/api/v1/objects/{}", crate::actors::text(&before, "/id")?);

    let (folder, away) = (
        instance.data().join("objects"),
        instance.data().join("away"),
    );
    take(&folder, &away)?;
    for _ in 0..5 {
        let began = Instant::now();
        let answer = kept(caller, "while it is away").await?;
        times.note(began);
        faults.extend(unclear(&answer, "objects.").map(|fault| format!("a file is sent: {fault}")));
    }
    let began = Instant::now();
    let answer = caller.get(&before).await?;
    times.note(began);
    // It is there and cannot be had: whoever is told 404 would send it again or forget it.
    if answer.status.as_u16() < 500 && answer.body != content("before") {
        let status = answer.status.as_u16();
        faults.push(format!("a file that cannot be read is answered {status}"));
    }
    for path in [
        "/api/v1/keys",
        "/livez",
        "/api/v1/objects",
        "/api/openapi.json",
    ] {
        let began = Instant::now();
        let answer = caller.get(path).await?;
        times.note(began);
        if answer.status != 200 {
            let status = answer.status.as_u16();
            faults.push(format!("{path} needs no file and is answered {status}"));
        }
    }
    let is_told = |answer: &Answer| {
        let body = answer.json().unwrap_or_default();
        body["status"] == "degraded" && is_up(answer, "objects") == Some(false)
    };
    if until(&at, "/health", TURNS_WITHIN, is_told).await.is_none() {
        faults.push("/health never says degraded with objects down".to_owned());
    }
    let ready = at.get("/readyz").await?;
    if is_up(&ready, "objects") != Some(false) {
        faults.push("/readyz does not say that objects are down".to_owned());
    }

    std::fs::remove_file(&folder)?;
    std::fs::rename(&away, &folder)?;
    let is_well = |answer: &Answer| answer.status == 200 && is_up(answer, "objects") == Some(true);
    if until(&at, "/readyz", TURNS_WITHIN, is_well).await.is_none() {
        faults.push("/readyz never says that objects are back".to_owned());
    }
    let answer = caller.get(&before).await?;
    if answer.body != content("before") {
        let status = answer.status.as_u16();
        faults.push(format!("a file that was acknowledged is lost ({status})"));
    }
    let answer = kept(caller, "afterwards").await?;
    if answer.status != 201 {
        let status = answer.status.as_u16();
        faults.push(format!("with the folder back, a file is answered {status}"));
    }
    if times.longest() > ANSWER_WITHIN * 5 {
        faults.push("an answer took more than 5 s".to_owned());
    }
    faults.dedup();
    let longest = seconds(times.longest());
    let counted = Said::new(
        format!(
            "{} requests without the folder, {longest} at most",
            times.count()
        ),
        format!(
            "{} requêtes sans le dossier, {longest} au plus",
            times.count()
        ),
    );
    let required = Said::new(
        "files refused clearly, the rest served, the outage told and over by itself",
        "fichiers refusés clairement, le reste servi, la panne dite et finie d’elle-même",
    );
    Ok(Finding::of_faults(faults, counted, required).series(times.series()))
}

/// As a volume that is not mounted. Rights would not do: the proof may run as root.
fn take(folder: &Path, away: &Path) -> Result<(), Trouble> {
    std::fs::rename(folder, away)?;
    std::fs::write(folder, "not a folder\n")?;
    Ok(())
}

fn content(what: &str) -> String {
    format!("a file kept {what}\n").repeat(30)
}

async fn kept(caller: Caller<'_>, what: &str) -> Result<Answer, Trouble> {
    let request = caller.request(Method::POST, "/api/v1/objects?name=drill.txt");
    let request = request.header("content-type", "application/octet-stream");
    Answer::to(request.body(content(what))).await
}
