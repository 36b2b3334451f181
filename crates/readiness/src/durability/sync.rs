//! Acknowledged means synced: a kill cannot tell, since the system keeps what a dead process wrote. So the calls are watched.

use std::time::Duration;

use chassis::check::ground::Instance;
use chassis::check::{About, Area, Check, Finding, Need, Said, Subject, Trouble, Words};
use chassis::clock::{Clock, SystemClock};
use chassis::program;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, try_join_all};

use super::trace::{self, Sync};
use crate::rig::{Caller, wishes};

/// Writers at once, who may share a sync.
const TOGETHER: usize = 32;

/// `durability.sync`.
pub(crate) struct Synced;

impl Check for Synced {
    fn about(&self) -> About {
        About {
            id: "durability.sync",
            area: Area::Durability,
            service: None,
            title: Words::new(
                "A write is on the disk before it is acknowledged",
                "Une écriture est sur le disque avant d’être confirmée",
            ),
            what: Words::new(
                "Runs the server under strace, which notes each fsync and fdatasync with its time. For every acknowledged write there must be a sync of the database's files that began after the request was sent and ended before its answer came: for single writes one after another, and for 32 at once, which may share one.",
                "Fait tourner le serveur sous strace, qui note chaque fsync et fdatasync avec son heure. Pour chaque écriture confirmée, il faut une synchronisation des fichiers de la base commencée après l’envoi de la requête et finie avant la réponse : pour des écritures une à une, puis pour 32 à la fois, qui peuvent en partager une.",
            ),
            passes: Words::new(
                "no acknowledged write without its sync",
                "aucune écriture confirmée sans synchronisation",
            ),
            by_hand: Words::new(
                "strace -f -y -ttt -T -e trace=fsync,fdatasync aplomb serve & curl -s -X PATCH -H \"Authorization: Bearer $KEY\" -H 'Content-Type: application/json' -d '{\"name\":\"x\"}' http://localhost:8080/api/v1/keys/ID",
                "strace -f -y -ttt -T -e trace=fsync,fdatasync aplomb serve & curl -s -X PATCH -H \"Authorization: Bearer $KEY\" -H 'Content-Type: application/json' -d '{\"name\":\"x\"}' http://localhost:8080/api/v1/keys/ID",
            ),
            when_it_fails: Words::new(
                "Something in front of the server acknowledges writes in its stead: a proxy that queues, a cache. Or the program answers before its commit is synced: after a power cut such writes are gone; report it. That the disk itself keeps its promise when it says that it has synced cannot be seen from here: see its cache setting (hdparm -W).",
                "Un intermédiaire confirme les écritures à la place du serveur : mandataire à file d’attente, cache. Ou le programme répond avant que sa transaction soit synchronisée : après une coupure de courant ces écritures seraient perdues ; signalez-le. Que le disque tienne parole quand il dit avoir synchronisé ne se voit pas d’ici : voyez le réglage de son cache (hdparm -W).",
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

/// A write, and the time between which it was sent and acknowledged, in seconds of the wall clock.
struct Write {
    kind: &'static str,
    sent: f64,
    answered: f64,
}

async fn measure(subject: &Subject) -> Result<Finding, Trouble> {
    can_trace().await?;
    let (alone, rounds) = subject.by_pace((15, 3), (200, 20));
    let instance = traced(subject).await?;
    let key = crate::actors::key(instance.as_ref(), "*").await?;
    let at = subject.at(&instance.base());
    let caller = Caller { at: &at, key: &key };
    let mut paths = Vec::new();
    for number in 0..TOGETHER {
        paths.push(caller.made_key(&number.to_string()).await?);
    }
    let mut writes = Vec::new();
    for number in 0..alone {
        writes.push(write(caller, &paths[0], "alone", &format!("alone {number}")).await?);
        // The clock tells milliseconds: a sync of this write is not one of the next.
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    for number in 0..rounds {
        let name = format!("together {number}");
        let all = paths
            .iter()
            .map(|path| write(caller, path, "one of 32", &name));
        writes.extend(try_join_all(all).await?);
    }
    instance.stop().await?;
    let noted = std::fs::read_to_string(instance.folder().join("strace.log"))?;
    let syncs = trace::syncs(&noted, "aplomb.db");
    let faults = without_sync(&writes, &syncs);
    let shared = writes.iter().filter(|write| write.kind != "alone").count();
    let counted = Said::new(
        format!(
            "{alone} writes alone and {shared} in groups of {TOGETHER}; {} syncs of the database meanwhile",
            syncs.len()
        ),
        format!(
            "{alone} écritures une à une et {shared} par groupes de {TOGETHER} ; {} synchronisations de la base pendant ce temps",
            syncs.len()
        ),
    );
    let required = Said::new(
        "a finished sync between each request and its answer",
        "une synchronisation achevée entre chaque requête et sa réponse",
    );
    Ok(Finding::of_faults(faults, counted, required))
}

/// An instance whose syncs are noted.
async fn traced(subject: &Subject) -> Result<Box<dyn Instance>, Trouble> {
    let calls = "trace=fsync,fdatasync";
    let words = ["strace", "-f", "-qq", "-y", "-ttt", "-T", "-e", calls, "-o"];
    let under = words.into_iter().chain(["{folder}/strace.log"]);
    subject.start(wishes().under(under)).await
}

/// Whether there is an strace that is let look.
async fn can_trace() -> Result<(), Trouble> {
    let mut command = program::command("strace");
    command.args(["-qq", "-e", "trace=none", "-o", "/dev/null", "true"]);
    let Ok(tried) = program::output(command, "", Duration::from_secs(20)).await else {
        return Err(Trouble::not_verifiable(
            "strace is not installed (Debian: apt install strace)",
            "strace n’est pas installé (Debian : apt install strace)",
        ));
    };
    if tried.status.success() {
        return Ok(());
    }
    Err(Trouble::not_verifiable(
        "this system forbids ptrace, which strace needs: allow it (sysctl kernel.yama.ptrace_scope=1; in a container --cap-add SYS_PTRACE)",
        "ce système interdit ptrace, dont strace a besoin : autorisez-le (sysctl kernel.yama.ptrace_scope=1 ; dans un conteneur --cap-add SYS_PTRACE)",
    ))
}

async fn write(
    caller: Caller<'_>,
    path: &str,
    kind: &'static str,
    name: &str,
) -> Result<Write, Trouble> {
    let sent = now_s();
    let answer = caller.rename(path, name).await?;
    // Milliseconds are cut off, so the end is up to one later.
    let answered = now_s() + 0.001;
    answer.expect(200)?;
    Ok(Write {
        kind,
        sent,
        answered,
    })
}

fn now_s() -> f64 {
    SystemClock.now().unix_ms() as f64 / 1e3
}

/// Writes that no finished sync lies within.
fn without_sync(writes: &[Write], syncs: &[Sync]) -> Vec<String> {
    let is_bare = |write: &&Write| {
        !syncs
            .iter()
            .any(|sync| sync.succeeded && sync.began >= write.sent && sync.ended <= write.answered)
    };
    let bare: Vec<_> = writes.iter().filter(is_bare).collect();
    bare.iter()
        .map(|write| {
            let took_ms = (write.answered - write.sent) * 1e3;
            let kind = write.kind;
            format!("a write ({kind}) was acknowledged without a sync within its {took_ms:.0} ms")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_needs_a_sync_that_began_and_ended_within_it() {
        let write = |sent, answered| Write {
            kind: "alone",
            sent,
            answered,
        };
        let sync = |began, ended, succeeded| Sync {
            began,
            ended,
            succeeded,
        };
        let syncs = [
            sync(1.1, 1.2, true),
            sync(3.0, 3.5, true),
            sync(5.1, 5.2, false),
        ];
        for (sent, answered, is_bare) in [
            (1.0, 1.3, false),
            (1.15, 1.3, true),
            (2.9, 3.4, true),
            (5.0, 6.0, true),
        ] {
            let faults = without_sync(&[write(sent, answered)], &syncs);
            assert_eq!(faults.len(), usize::from(is_bare), "{sent} to {answered}");
        }
    }
}
