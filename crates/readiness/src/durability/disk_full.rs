//! A disk that takes nothing more.

use std::time::Duration;

use chassis::check::ground::Instance;
use chassis::check::{
    About, Answer, Area, Check, Finding, Method, Need, Said, Subject, Trouble, Words,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use super::database_is_sound;
use crate::rig::{Caller, is_up, name_of, unclear, until, wishes};

/// The server looks at a storage that failed every second or so.
const TURNS_WITHIN: Duration = Duration::from_secs(20);

/// `durability.disk_full`.
pub(crate) struct DiskFull;

impl Check for DiskFull {
    fn about(&self) -> About {
        About {
            id: "durability.disk_full",
            area: Area::Durability,
            service: None,
            title: Words::new(
                "A disk that takes no more is told clearly, and harms nothing",
                "Un disque qui n’accepte plus rien est signalé clairement et n’abîme rien",
            ),
            what: Words::new(
                "Bounds the size of the server's files from outside, so that the kernel refuses each further byte, and writes rows and files; then lifts the bound, reads all that was acknowledged, and starts the server again.",
                "Borne de l’extérieur la taille des fichiers du serveur, si bien que le noyau refuse tout octet de plus, et écrit des lignes et des fichiers ; puis lève la borne, relit tout ce qui a été confirmé et redémarre le serveur.",
            ),
            passes: Words::new(
                "writes are refused with 503, a code and Retry-After; reads go on; /readyz says 503; afterwards writes go on and nothing acknowledged is lost",
                "les écritures sont refusées par 503 avec un code et Retry-After ; les lectures continuent ; /readyz dit 503 ; ensuite les écritures reprennent et rien de confirmé n’est perdu",
            ),
            by_hand: Words::new(
                "sh -c \"trap '' XFSZ; exec aplomb serve\" & prlimit --pid $! --fsize=0: ; curl -i -X PATCH -H \"Authorization: Bearer $KEY\" -H 'Content-Type: application/json' -d '{\"name\":\"x\"}' http://localhost:8080/api/v1/keys/ID; curl -i http://localhost:8080/readyz; prlimit --pid $! --fsize=unlimited:",
                "sh -c \"trap '' XFSZ; exec aplomb serve\" & prlimit --pid $! --fsize=0: ; curl -i -X PATCH -H \"Authorization: Bearer $KEY\" -H 'Content-Type: application/json' -d '{\"name\":\"x\"}' http://localhost:8080/api/v1/keys/ID; curl -i http://localhost:8080/readyz; prlimit --pid $! --fsize=unlimited:",
            ),
            when_it_fails: Words::new(
                "A proxy may replace the server's 503 by a page of its own, or drop Retry-After: ask the server directly. If /readyz says 200 while writes fail, whatever checks health looks elsewhere or is cached. Lost or torn data is a fault of the program: keep the data folder and report it.",
                "Un mandataire remplace peut-être le 503 du serveur par une page à lui, ou retire Retry-After : interrogez le serveur directement. Si /readyz dit 200 alors que les écritures échouent, la sonde regarde ailleurs ou passe par un cache. Des données perdues ou abîmées sont une faute du programme : gardez le dossier de données et signalez-la.",
            ),
            weight: 7,
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
    let refused: usize = subject.by_pace(20, 500);
    // The signal that would end the process at the bound is ignored, as none comes on a disk that is full.
    let shell = ["/bin/sh", "-c", r#"trap "" XFSZ; exec "$0" "$@""#];
    let wishes = wishes().set("objects.minimum_free_bytes", 0).under(shell);
    let instance = subject.start(wishes).await?;
    let key = crate::actors::key(instance.as_ref(), "*").await?;
    let at = subject.at(&instance.base());
    let caller = Caller { at: &at, key: &key };
    let path = caller.made_key("first").await?;
    let mut faults = Vec::new();
    caller.rename(&path, "before").await?.expect(200)?;
    let file = kept(caller).await?.expect(201)?;
    let file = format!("/api/v1/objects/{}", crate::actors::text(&file, "/id")?);

    bound(instance.as_ref(), Some(0))?;
    for number in 0..refused {
        let answer = caller.rename(&path, &format!("lost {number}")).await?;
        faults.extend(unclear(&answer, "data.").map(|fault| format!("full disk, a row: {fault}")));
    }
    let answer = kept(caller).await?;
    faults.extend(unclear(&answer, "").map(|fault| format!("full disk, a file: {fault}")));
    faults.extend(serves(caller, (&path, "before"), &file, "full disk").await?);
    let is_told =
        |answer: &Answer| answer.status == 503 && is_up(answer, "database") == Some(false);
    if until(&at, "/readyz", TURNS_WITHIN, is_told).await.is_none() {
        faults.push(
            "/readyz never says 503 with the database down while the disk is full".to_owned(),
        );
    }

    bound(instance.as_ref(), None)?;
    let is_well = |answer: &Answer| answer.status == 200 && is_up(answer, "database") == Some(true);
    if until(&at, "/readyz", TURNS_WITHIN, is_well).await.is_none() {
        faults.push("/readyz never says 200 again after there is room".to_owned());
    }
    let answer = caller.rename(&path, "after").await?;
    if answer.status != 200 {
        let status = answer.status.as_u16();
        faults.push(format!("with room again, a write is answered {status}"));
    }
    kept(caller).await?.expect(201)?;
    instance.stop().await?;
    faults.extend(database_is_sound(instance.as_ref()).await?);
    instance.start().await?;
    faults.extend(serves(caller, (&path, "after"), &file, "after a new start").await?);
    let counted = Said::new(
        format!(
            "{refused} writes to a full disk, what was acknowledged before and after, and a new start"
        ),
        format!(
            "{refused} écritures sur un disque plein, ce qui a été confirmé avant et après, et un redémarrage"
        ),
    );
    let required = Said::new(
        "a clear refusal, and nothing lost",
        "un refus clair, et rien de perdu",
    );
    faults.dedup();
    Ok(Finding::of_faults(faults, counted, required))
}

/// Keeps a small file.
async fn kept(caller: Caller<'_>) -> Result<Answer, Trouble> {
    let request = caller.request(Method::POST, "/api/v1/objects?name=room.txt");
    let request = request.header("content-type", "application/octet-stream");
    Answer::to(request.body("a line\n".repeat(40))).await
}

/// Whether what was acknowledged can be read.
async fn serves(
    caller: Caller<'_>,
    (path, name): (&str, &str),
    file: &str,
    when: &str,
) -> Result<Vec<String>, Trouble> {
    let mut faults = Vec::new();
    let answer = caller.get(path).await?;
    if name_of(&answer).as_deref() != Some(name) {
        let status = answer.status.as_u16();
        faults.push(format!(
            "{when}: the row that was acknowledged is lost ({status})"
        ));
    }
    let answer = caller.get(file).await?;
    if answer.status != 200 || answer.body != "a line\n".repeat(40) {
        let status = answer.status.as_u16();
        faults.push(format!(
            "{when}: the file that was acknowledged is lost ({status})"
        ));
    }
    Ok(faults)
}

/// Lets the server's files grow to so many bytes, or as they like.
fn bound(instance: &dyn Instance, bytes: Option<u64>) -> Result<(), Trouble> {
    let pid = instance.pid().and_then(|pid| i32::try_from(pid).ok());
    let pid = pid.and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| Trouble::broke("the server has ended"))?;
    // The hard limit stays, so that the other can be lifted again.
    let limit = Rlimit {
        current: bytes,
        maximum: None,
    };
    prlimit(Some(pid), Resource::Fsize, limit).map_err(|fault| {
        Trouble::not_verifiable(
            format!("the size of the server's files cannot be bounded: {fault}"),
            format!("la taille des fichiers du serveur ne peut être bornée : {fault}"),
        )
    })?;
    Ok(())
}
