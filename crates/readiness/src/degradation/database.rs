//! PostgreSQL slow, silent, cut off and killed.

use std::time::{Duration, Instant};

use chassis::check::{
    About, Answer, Area, Check, Finding, Method, Need, Said, Subject, Trouble, Words,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{ANSWER_WITHIN, TURNS_WITHIN, Times};
use crate::rig::postgres::{self, Postgres};
use crate::rig::wire::{Mode, Wire};
use crate::rig::{Caller, is_up, name_of, seconds, unclear, until, wishes};

/// Longest time of a request that needs the database: the drill sets the server's own limits below it.
const REFUSED_WITHIN: Duration = Duration::from_secs(6);

/// `degradation.database`.
pub(crate) struct Database;

impl Check for Database {
    fn about(&self) -> About {
        About {
            id: "degradation.database",
            area: Area::Degradation,
            service: None,
            title: Words::new(
                "Without PostgreSQL requests are refused clearly, and the rest is served",
                "Sans PostgreSQL, les requêtes sont refusées clairement et le reste est servi",
            ),
            what: Words::new(
                "Puts a connection of its own between the server and a private PostgreSQL, and makes it slow, cuts it, lets it fall silent, and kills PostgreSQL. Each time: writes and reads that need it, answers that do not, and /readyz, until it is back.",
                "Place sa propre connexion entre le serveur et un PostgreSQL privé, la ralentit, la coupe, la rend muette, et tue PostgreSQL. À chaque fois : des écritures et lectures qui en ont besoin, des réponses qui n’en ont pas, et /readyz, jusqu’à son retour.",
            ),
            passes: Words::new(
                "right answers or 503 with a code and Retry-After within the time limit; /readyz 503 and back; nothing acknowledged lost",
                "des réponses justes ou 503 avec un code et Retry-After dans le délai ; /readyz à 503 puis de retour ; rien de confirmé n’est perdu",
            ),
            by_hand: Words::new(
                "APLOMB_DATA__URL=postgres://… aplomb serve & systemctl stop postgresql; curl -i -H \"Authorization: Bearer $KEY\" http://localhost:8080/api/v1/keys; curl -i http://localhost:8080/readyz; curl -i http://localhost:8080/livez; systemctl start postgresql; curl -i http://localhost:8080/readyz",
                "APLOMB_DATA__URL=postgres://… aplomb serve & systemctl stop postgresql; curl -i -H \"Authorization: Bearer $KEY\" http://localhost:8080/api/v1/keys; curl -i http://localhost:8080/readyz; curl -i http://localhost:8080/livez; systemctl start postgresql; curl -i http://localhost:8080/readyz",
            ),
            when_it_fails: Words::new(
                "A proxy in front may give 502 or a page of its own in place of the 503. Requests that hang: a pooler between server and database that keeps connections waiting; bound it, and see `data.connect_timeout_ms`, `data.write_timeout_ms` and `http.request_timeout_ms`. If /readyz says 200, the balancer goes on sending people there: see what answers it.",
                "Un mandataire placé devant donne peut-être 502 ou une page à lui au lieu du 503. Des requêtes qui pendent : un concentrateur de connexions entre serveur et base les fait attendre ; bornez-le, et voyez `data.connect_timeout_ms`, `data.write_timeout_ms` et `http.request_timeout_ms`. Si /readyz dit 200, le répartiteur continue d’y envoyer du monde : voyez qui répond.",
            ),
            weight: 6,
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
    let postgres = postgres::start().await?;
    let wire = Wire::to(postgres.port()).await?;
    let wishes = wishes()
        .set("data.url", postgres.url_through(wire.port()))
        .set("data.connect_timeout_ms", 1000)
        .set("data.write_timeout_ms", 1000)
        .set("http.request_timeout_ms", 2000);
    let instance = subject.start(wishes).await?;
    let key = crate::actors::key(instance.as_ref(), "*").await?;
    let at = subject.at(&instance.base());
    let caller = Caller { at: &at, key: &key };
    let path = caller.made_key("0").await?;
    let mut drill = Drill {
        caller,
        path,
        number: 0,
        times: Times::default(),
        faults: Vec::new(),
    };
    wire.is(Mode::Slow(Duration::from_millis(50)));
    drill.slow().await?;
    wire.is(Mode::Pass);
    let silent: &[_] = subject.by_pace(&[][..], &[("silent", Some(Mode::Silent))][..]);
    let bad = [("cut off", Some(Mode::Cut)), ("killed", None)];
    for (name, mode) in bad.iter().chain(silent) {
        turn(&postgres, &wire, *mode, true).await?;
        if !drill.away(name).await? {
            // Nobody can tell when it is back.
            break;
        }
        turn(&postgres, &wire, *mode, false).await?;
        drill.back(name).await?;
    }
    let Drill {
        times, mut faults, ..
    } = drill;
    faults.dedup();
    faults.extend(times.slow(REFUSED_WITHIN));
    let longest = seconds(times.longest());
    let counted = Said::new(
        format!(
            "{} requests while PostgreSQL was slow or away, {longest} at most",
            times.count()
        ),
        format!(
            "{} requêtes pendant que PostgreSQL était lent ou absent, {longest} au plus",
            times.count()
        ),
    );
    let required = Said::new(
        "right answers or a clear 503 within 6 s, /readyz that tells",
        "des réponses justes ou un 503 clair en moins de 6 s, /readyz qui le dit",
    );
    let finding = Finding::of_faults(faults, counted, required).series(times.series());
    Ok(if silent.is_empty() {
        finding.shortened(Said::new(
            "without a connection that falls silent",
            "sans connexion qui devient muette",
        ))
    } else {
        finding
    })
}

/// Makes the database bad, or well again: through its connection, or as a process.
async fn turn(
    postgres: &Postgres,
    wire: &Wire,
    mode: Option<Mode>,
    on: bool,
) -> Result<(), Trouble> {
    match mode {
        Some(mode) => wire.is(if on { mode } else { Mode::Pass }),
        None if on => postgres.kill().await?,
        None => postgres.start().await?,
    }
    Ok(())
}

struct Drill<'a> {
    caller: Caller<'a>,
    path: String,
    /// The last name that was acknowledged.
    number: u32,
    times: Times,
    faults: Vec<String>,
}

impl Drill<'_> {
    /// A slow database is no fault: answers are right, and come.
    async fn slow(&mut self) -> Result<(), Trouble> {
        for _ in 0..3 {
            let began = Instant::now();
            let name = (self.number + 1).to_string();
            let answer = self.caller.rename(&self.path, &name).await?;
            self.times.note(began);
            if answer.status == 200 {
                self.number += 1;
            } else if let Some(fault) = unclear(&answer, "") {
                self.faults.push(format!("PostgreSQL slow: {fault}"));
            }
        }
        Ok(())
    }

    /// What needs it is refused, the rest is served; gives whether `/readyz` says so.
    async fn away(&mut self, how: &str) -> Result<bool, Trouble> {
        for turn in 0..3 {
            let began = Instant::now();
            let answer = match turn {
                0 => self.caller.get(&self.path).await?,
                _ => self.caller.rename(&self.path, "never").await?,
            };
            self.times.note(began);
            let fault = unclear(&answer, "");
            self.faults
                .extend(fault.map(|fault| format!("PostgreSQL {how}: {fault}")));
        }
        let is_told =
            |answer: &Answer| answer.status == 503 && is_up(answer, "database") == Some(false);
        let told = until(self.caller.at, "/readyz", TURNS_WITHIN, is_told).await;
        if told.is_none() {
            self.faults
                .push(format!("PostgreSQL {how}: /readyz never says 503"));
        }
        for path in ["/livez", "/api/openapi.json"] {
            let began = Instant::now();
            let answer = Answer::to(self.caller.at.request(Method::GET, path)).await?;
            if answer.status != 200 || began.elapsed() > ANSWER_WITHIN * 3 {
                let (status, took) = (answer.status.as_u16(), seconds(began.elapsed()));
                self.faults.push(format!(
                    "PostgreSQL {how}: {path} needs no database and is answered {status} after {took}"
                ));
            }
        }
        Ok(told.is_some())
    }

    async fn back(&mut self, how: &str) -> Result<(), Trouble> {
        let is_well =
            |answer: &Answer| answer.status == 200 && is_up(answer, "database") == Some(true);
        if until(self.caller.at, "/readyz", TURNS_WITHIN, is_well)
            .await
            .is_none()
        {
            self.faults
                .push(format!("PostgreSQL {how}: /readyz never says 200 again"));
        }
        let found = name_of(&self.caller.get(&self.path).await?);
        // A write that was refused was most often not stored; a connection that broke amid a commit cannot tell.
        let acknowledged = self.number.to_string();
        if !found
            .as_deref()
            .is_some_and(|name| name == acknowledged || name == "never")
        {
            self.faults.push(format!(
                "PostgreSQL {how}: the name {acknowledged} was acknowledged and is lost: {found:?}"
            ));
        }
        self.number += 1;
        let answer = self
            .caller
            .rename(&self.path, &self.number.to_string())
            .await?;
        if answer.status != 200 {
            let status = answer.status.as_u16();
            self.faults.push(format!(
                "PostgreSQL {how} and back: a write is answered {status}"
            ));
        }
        Ok(())
    }
}
