//! Acknowledged writes under SIGKILL.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chassis::check::{
    About, Area, Check, Finding, Need, Pace, Said, Series, Shape, Subject, Trouble, Words,
};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};

use super::ledger::Writer;
use crate::rig::{Caller, Chance, seconds, wishes};

const WRITERS: usize = 8;
/// Longest time from a kill's new start to readiness.
const READY_WITHIN: Duration = Duration::from_secs(5);

/// `durability.kill_writes`.
pub(crate) struct KillWrites;

impl Check for KillWrites {
    fn about(&self) -> About {
        About {
            id: "durability.kill_writes",
            area: Area::Durability,
            service: None,
            title: Words::new(
                "No acknowledged write is lost when the server is killed",
                "Aucune écriture confirmée n’est perdue quand le serveur est tué",
            ),
            what: Words::new(
                "Eight writers store files, change rows and continue resumable uploads without a pause. At a random moment the server gets SIGKILL and is started again; every write that was answered with success is asked for and compared byte by byte. Five times, twenty with `--full`.",
                "Huit clients enregistrent des fichiers, modifient des lignes et poursuivent des envois, sans pause. À un moment tiré au sort, le serveur reçoit SIGKILL puis repart ; chaque écriture confirmée est redemandée et comparée octet par octet. Cinq fois, vingt avec `--full`.",
            ),
            passes: Words::new(
                "0 lost, 0 torn, ready again within 5 s each time",
                "0 perdue, 0 abîmée, de nouveau prêt en moins de 5 s à chaque fois",
            ),
            by_hand: Words::new(
                "aplomb serve & curl -s -X POST -H \"Authorization: Bearer $KEY\" --data-binary @file http://localhost:8080/api/v1/objects; kill -9 %1; aplomb serve & curl -s -H \"Authorization: Bearer $KEY\" http://localhost:8080/api/v1/objects/ID | cmp - file",
                "aplomb serve & curl -s -X POST -H \"Authorization: Bearer $KEY\" --data-binary @fichier http://localhost:8080/api/v1/objects; kill -9 %1; aplomb serve & curl -s -H \"Authorization: Bearer $KEY\" http://localhost:8080/api/v1/objects/ID | cmp - fichier",
            ),
            when_it_fails: Words::new(
                "Something between client and server may answer for it: ask the server directly. The data folder may lie on a disk that loses what was written (a network share, a container's temporary layer): move it to a local disk. A start of more than 5 s comes from a slow disk or from too little memory; the log says what it waits for. What remains is a fault of the program: report it with the seed.",
                "Un intermédiaire répond peut-être à la place du serveur : interrogez celui-ci directement. Le dossier de données est peut-être sur un disque qui perd des écritures (partage réseau, couche temporaire d’un conteneur) : placez-le sur un disque local. Un démarrage de plus de 5 s vient d’un disque lent ou d’un manque de mémoire ; le journal dit ce qu’il attend. Sinon, c’est une faute du programme : signalez-la avec la graine.",
            ),
            weight: 10,
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
    let kills: u16 = subject.by_pace(5, 20);
    let seed = Chance::seed();
    let mut chance = Chance::new(seed);
    let instance = subject
        .start(wishes().set("objects.minimum_free_bytes", 0))
        .await?;
    let key = crate::actors::key(instance.as_ref(), "*").await?;
    let at = subject.at(&instance.base());
    let caller = Caller { at: &at, key: &key };
    let mut writers = Vec::new();
    for number in 0..WRITERS {
        writers.push(Writer::new(number, caller).await?);
    }
    let mut faults = Vec::new();
    let (mut ready, mut written) = (Vec::new(), Vec::new());
    let mut longest = Duration::ZERO;
    for kill in 1..=kills {
        let before: u64 = writers.iter().map(Writer::acknowledged).sum();
        let stop = AtomicBool::new(false);
        let moment = Duration::from_millis(100 + chance.below(500));
        let work = join_all(writers.iter_mut().map(|writer| writer.write(caller, &stop)));
        let end = async {
            tokio::time::sleep(moment).await;
            let killed = instance.kill().await;
            stop.store(true, Ordering::Relaxed);
            killed
        };
        let (_, killed) = tokio::join!(work, end);
        killed?;
        let took = instance.start().await?;
        longest = longest.max(took);
        let after: u64 = writers.iter().map(Writer::acknowledged).sum();
        ready.push((f64::from(kill), took.as_secs_f64() * 1e3));
        written.push((f64::from(kill), (after - before) as f64));
        if took > READY_WITHIN {
            faults.push(format!("ready only {} after kill {kill}", seconds(took)));
        }
        faults.extend(missing(&mut writers, caller, false).await?);
    }
    faults.extend(missing(&mut writers, caller, true).await?);
    for writer in &writers {
        faults.extend(writer.refusals.iter().cloned());
    }
    faults.sort();
    faults.dedup();
    let acknowledged: u64 = writers.iter().map(Writer::acknowledged).sum();
    if acknowledged == 0 {
        faults.push("no write was acknowledged at all".to_owned());
    }
    let finding = found(faults, kills, acknowledged, longest, seed)
        .series(bars(
            "time to ready",
            "temps jusqu’à être prêt",
            "ms",
            ready,
        ))
        .series(bars(
            "acknowledged writes",
            "écritures confirmées",
            "",
            written,
        ));
    let shortened = Said::new("5 kills in place of 20", "5 arrêts brutaux au lieu de 20");
    Ok(match subject.pace {
        Pace::Quick => finding.shortened(shortened),
        Pace::Full => finding,
    })
}

async fn missing(
    writers: &mut [Writer],
    caller: Caller<'_>,
    all: bool,
) -> Result<Vec<String>, Trouble> {
    let looked = join_all(writers.iter_mut().map(|writer| writer.missing(caller, all))).await;
    let mut faults = Vec::new();
    for one in looked {
        faults.extend(one?);
    }
    Ok(faults)
}

fn found(
    faults: Vec<String>,
    kills: u16,
    acknowledged: u64,
    longest: Duration,
    seed: u64,
) -> Finding {
    let lost = faults
        .iter()
        .filter(|fault| fault.contains("is lost") || fault.contains("are lost"));
    let lost = lost.count();
    let longest = seconds(longest);
    let measured = Said::new(
        format!(
            "{kills} kills, {acknowledged} acknowledged writes, {lost} lost, ready after {longest} at most (seed {seed})"
        ),
        format!(
            "{kills} arrêts brutaux, {acknowledged} écritures confirmées, {lost} perdues, prêt en {longest} au plus (graine {seed})"
        ),
    );
    let required = Said::new(
        "0 lost, 0 torn, ready within 5 s",
        "0 perdue, 0 abîmée, prêt en moins de 5 s",
    );
    Finding::new(faults.is_empty(), measured, required).faults(faults)
}

fn bars(name: &str, name_fr: &str, unit_y: &str, points: Vec<(f64, f64)>) -> Series {
    Series {
        name: name.to_owned(),
        name_fr: name_fr.to_owned(),
        unit_x: "kill".to_owned(),
        unit_y: unit_y.to_owned(),
        shape: Shape::Bars,
        points,
    }
}
