//! Those whom the server calls: receivers of webhooks and the mail server, slow, failing and away.

use std::time::{Duration, Instant};

use chassis::check::ground::Instance;
use chassis::check::{
    About, Area, Check, Finding, Method, Need, Pace, Said, Subject, Trouble, Words,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::{ANSWER_WITHIN, TURNS_WITHIN, Times};
use crate::actors::{self, OWNER};
use crate::rig::receiver::{Mood, Receiver};
use crate::rig::wire::{Mode, Wire};
use crate::rig::{Caller, is_up, mail, seconds, until, wishes};

/// A failed delivery is tried again after 5 s, a tenth more or less; the rest is room for a busy machine.
const TRIED_AGAIN_WITHIN: Duration = Duration::from_secs(45);
/// The breaker opens when half of ten calls failed.
const INVITED: usize = 12;
/// It tries again after 15 s.
const CLOSES_WITHIN: Duration = Duration::from_mins(2);

/// `degradation.upstream`.
pub(crate) struct Upstream;

impl Check for Upstream {
    fn about(&self) -> About {
        About {
            id: "degradation.upstream",
            area: Area::Degradation,
            service: None,
            title: Words::new(
                "Receivers and a mail server that fail hold nobody up, and get what they missed",
                "Des destinataires et un serveur de courrier en panne ne retardent personne et reçoivent ce qu’ils ont manqué",
            ),
            what: Words::new(
                "Lets four receivers of a webhook answer 500, answer slowly, hang up and talk nonsense while jobs end, and the mail server hang up on twelve invitations. Looks how long the API takes, what the deliveries say, whether the mail server's breaker opens, and whether each receiver that is well again is called again.",
                "Fait répondre 500, répondre lentement, raccrocher et dire n’importe quoi à quatre destinataires d’un webhook pendant que des tâches finissent, et raccrocher le serveur de courrier à douze invitations. Regarde le temps de réponse de l’API, ce que disent les envois, si le disjoncteur du courrier s’ouvre, et si chaque destinataire rétabli est rappelé.",
            ),
            passes: Words::new(
                "answers within 1 s, no failed delivery called delivered, the breaker open and closed again, every delivery made in the end",
                "réponses en moins de 1 s, aucun envoi manqué dit remis, le disjoncteur ouvert puis refermé, chaque envoi fait à la fin",
            ),
            by_hand: Words::new(
                "curl -s -H \"Authorization: Bearer $KEY\" http://localhost:8080/api/v1/webhooks/ID/deliveries; curl -s http://localhost:8080/health | jq .upstreams",
                "curl -s -H \"Authorization: Bearer $KEY\" http://localhost:8080/api/v1/webhooks/ID/deliveries; curl -s http://localhost:8080/health | jq .upstreams",
            ),
            when_it_fails: Words::new(
                "Deliveries that stay `waiting`: the receiver is not well, see `last_error`; or this server may not reach it (`notify.webhook_networks`, a firewall). A breaker that stays open: the mail server still refuses, see `last_failure` in /health. An API that waits for a receiver is a fault of the program: report it.",
                "Des envois qui restent `waiting` : le destinataire n’est pas rétabli, voyez `last_error` ; ou ce serveur n’a pas le droit de l’atteindre (`notify.webhook_networks`, pare-feu). Un disjoncteur qui reste ouvert : le serveur de courrier refuse encore, voyez `last_failure` dans /health. Une API qui attend un destinataire est une faute du programme : signalez-la.",
            ),
            weight: 5,
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
    let post = mail::start().await?;
    let post = Wire::to(post.port).await.map(|wire| (wire, post))?;
    let wishes = wishes()
        .set("jobs.drill", true)
        .set("notify.webhook_allow_http", true)
        .set("notify.webhook_networks", "127.0.0.0/8")
        .set("notify.smtp.host", "127.0.0.1")
        .set("notify.smtp.port", post.0.port())
        .set("notify.smtp.tls", "none")
        .set("notify.smtp.from", "drill@prove.example")
        .set("notify.smtp.timeout_ms", 2000);
    let instance = subject.start(wishes).await?;
    let key = actors::key(instance.as_ref(), "*").await?;
    let at = subject.at(&instance.base());
    let caller = Caller { at: &at, key: &key };
    let mut drill = Drill {
        caller,
        times: Times::default(),
        faults: Vec::new(),
    };
    let hooks = Hook::all(caller).await?;
    drill.jobs_end(4).await?;
    drill.mail_fails(instance.as_ref(), &post.0).await?;
    drill.tells_of_failures(&hooks).await?;
    for hook in &hooks {
        hook.is_well();
    }
    drill.gets_what_it_missed(&hooks).await?;
    if subject.pace == Pace::Full {
        drill.mail_is_back(instance.as_ref(), &post.0).await?;
    }
    let Drill {
        times, mut faults, ..
    } = drill;
    faults.dedup();
    faults.extend(times.slow(ANSWER_WITHIN));
    let longest = seconds(times.longest());
    let counted = Said::new(
        format!(
            "{} requests while four receivers and the mail server failed, {longest} at most",
            times.count()
        ),
        format!(
            "{} requêtes pendant que quatre destinataires et le courrier étaient en panne, {longest} au plus",
            times.count()
        ),
    );
    let required = Said::new(
        "answers within 1 s, true deliveries, an open breaker, everything delivered in the end",
        "réponses en moins de 1 s, envois véridiques, disjoncteur ouvert, tout remis à la fin",
    );
    let finding = Finding::of_faults(faults, counted, required).series(times.series());
    Ok(match subject.pace {
        Pace::Full => finding,
        Pace::Quick => finding.shortened(Said::new(
            "the breaker's closing, which takes 15 s, is not waited for",
            "la fermeture du disjoncteur, qui prend 15 s, n’est pas attendue",
        )),
    })
}

/// A receiver, and the way to it.
struct Hook {
    name: &'static str,
    receiver: Receiver,
    wire: Wire,
    /// Its path in the API.
    path: String,
    /// Whether it takes nothing until it is well.
    fails: bool,
}

impl Hook {
    async fn all(caller: Caller<'_>) -> Result<Vec<Self>, Trouble> {
        let mut all = Vec::new();
        for (name, mood, mode) in [
            ("that answers 500", Mood::Answers(500), Mode::Pass),
            (
                "that is slow",
                Mood::Slow(Duration::from_secs(2)),
                Mode::Pass,
            ),
            ("that hangs up", Mood::Well, Mode::Cut),
            ("that talks nonsense", Mood::Well, Mode::Garbage),
        ] {
            let receiver = Receiver::start().await?;
            let wire = Wire::to(receiver.port()).await?;
            let url = format!("http://127.0.0.1:{}/hook", wire.port());
            let body = json!({ "url": url, "events": ["jobs.done"] });
            let made = caller.send(Method::POST, "/api/v1/webhooks", &body).await?;
            let id = actors::text(&made.expect(201)?, "/id")?;
            receiver.is(mood);
            wire.is(mode);
            all.push(Self {
                name,
                receiver,
                wire,
                path: format!("/api/v1/webhooks/{id}/deliveries?limit=100"),
                fails: !matches!(mood, Mood::Slow(_)),
            });
        }
        Ok(all)
    }

    fn is_well(&self) {
        self.receiver.is(Mood::Well);
        self.wire.is(Mode::Pass);
    }

    async fn deliveries(&self, caller: Caller<'_>) -> Result<Vec<Value>, Trouble> {
        let listed = caller.get(&self.path).await?.expect(200)?;
        Ok(listed["items"].as_array().cloned().unwrap_or_default())
    }
}

struct Drill<'a> {
    caller: Caller<'a>,
    times: Times,
    faults: Vec<String>,
}

impl Drill<'_> {
    /// Jobs, of whose end the receivers are told; asking for them waits for no receiver.
    async fn jobs_end(&mut self, jobs: usize) -> Result<(), Trouble> {
        for _ in 0..jobs {
            let body = json!({ "steps": 1 });
            let began = Instant::now();
            let path = "/api/v1/jobs/drill";
            let answer = self.caller.send(Method::POST, path, &body).await?;
            self.times.note(began);
            answer.expect(202)?;
        }
        Ok(())
    }

    /// Mails to a server that hangs up: the breaker opens, and `/health` says so.
    async fn mail_fails(&mut self, instance: &dyn Instance, wire: &Wire) -> Result<(), Trouble> {
        wire.is(Mode::Cut);
        actors::create_user(instance, OWNER, "owner", None).await?;
        self.invite(INVITED, "away").await?;
        let is_open = |body: &Value| state_of(body) == Some("open");
        let at = self.caller.at;
        let opened = until(at, "/health", TURNS_WITHIN, |answer| {
            is_open(&answer.json().unwrap_or_default())
        });
        if opened.await.is_none() {
            self.faults.push(
                "the mail server hangs up and /health never says that its breaker is open"
                    .to_owned(),
            );
        }
        let ready = at.get("/readyz").await?;
        if ready.status != 200 || is_up(&ready, "database") != Some(true) {
            let status = ready.status.as_u16();
            self.faults
                .push(format!("/readyz says {status} because of others' failures"));
        }
        Ok(())
    }

    async fn mail_is_back(&mut self, instance: &dyn Instance, wire: &Wire) -> Result<(), Trouble> {
        wire.is(Mode::Pass);
        let started = Instant::now();
        let mut round = 0;
        while started.elapsed() < CLOSES_WITHIN && round < 20 {
            round += 1;
            self.invite(1, &format!("back{round}")).await?;
            let health = self.caller.at.get("/health").await?.expect(200)?;
            if state_of(&health) == Some("closed") {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_secs(3)).await;
        }
        let log = instance.log();
        let last = log.lines().last().unwrap_or_default();
        self.faults.push(format!(
            "the mail server is well and its breaker does not close: {last}"
        ));
        Ok(())
    }

    async fn invite(&mut self, many: usize, name: &str) -> Result<(), Trouble> {
        let token = actors::sign_in(self.caller.at, OWNER).await?;
        let own = Caller {
            at: self.caller.at,
            key: &token,
        };
        let me = own.get("/api/v1/auth/me").await?.expect(200)?;
        let workspace = actors::text(&me, "/workspace")?;
        let path = format!("/api/v1/workspaces/{workspace}/invitations");
        for number in 0..many {
            let email = format!("{name}{number}@prove.example");
            let began = Instant::now();
            let body = json!({ "email": email, "role": "viewer" });
            let answer = own.send(Method::POST, &path, &body).await?;
            self.times.note(began);
            answer.expect(201)?;
        }
        Ok(())
    }

    /// What failed is not called delivered, and what was delivered was.
    async fn tells_of_failures(&mut self, hooks: &[Hook]) -> Result<(), Trouble> {
        for hook in hooks.iter().filter(|hook| hook.fails) {
            let started = Instant::now();
            loop {
                let all = hook.deliveries(self.caller).await?;
                if let Some(one) = all.iter().find(|one| one["state"] == "delivered") {
                    let id = &one["id"];
                    self.faults.push(format!(
                        "the delivery {id} to a receiver {} is called delivered",
                        hook.name
                    ));
                    break;
                }
                // One that was tried and says why it failed is enough.
                if all.iter().any(|one| one["last_error"].is_string()) {
                    break;
                }
                if started.elapsed() > TRIED_AGAIN_WITHIN {
                    self.faults.push(format!(
                        "no delivery to a receiver {} says what failed",
                        hook.name
                    ));
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Ok(())
    }

    async fn gets_what_it_missed(&mut self, hooks: &[Hook]) -> Result<(), Trouble> {
        let started = Instant::now();
        for hook in hooks {
            loop {
                let all = hook.deliveries(self.caller).await?;
                let waiting = all.iter().filter(|one| one["state"] != "delivered").count();
                if waiting == 0 && !all.is_empty() {
                    self.came(hook, &all);
                    break;
                }
                if started.elapsed() > TRIED_AGAIN_WITHIN {
                    self.faults.push(format!(
                        "{waiting} deliveries to a receiver {} were not made after it was well",
                        hook.name
                    ));
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Ok(())
    }

    /// Each delivery that is called made must have come, at least once.
    fn came(&mut self, hook: &Hook, deliveries: &[Value]) {
        let mut taken: Vec<_> = hook.receiver.calls();
        taken.retain(|call| call.taken);
        taken.sort_by(|a, b| a.id.cmp(&b.id));
        taken.dedup_by(|a, b| a.id == b.id);
        if taken.len() < deliveries.len() {
            let (said, came) = (deliveries.len(), taken.len());
            self.faults.push(format!(
                "{said} deliveries to a receiver {} are called made, {came} came",
                hook.name
            ));
        }
    }
}

/// The state of the mail server's breaker.
fn state_of(health: &Value) -> Option<&str> {
    let all = health["upstreams"].as_array()?;
    all.iter().find(|one| one["name"] == "smtp")?["state"].as_str()
}
