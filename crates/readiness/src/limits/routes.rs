//! A route with a limit of its own is held to it.

use std::time::Duration;

use chassis::check::ground::Wishes;
use chassis::check::{About, Area, Check, Finding, Method, Need, Said, Subject, Trouble, Words};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{Limit, burst, refusal};
use crate::actors;
use crate::operations::{self, Access, Operation};
use crate::sample::Sampler;

/// Beyond the limit.
const BEYOND: u32 = 10;
/// Wider limits take too long to reach.
const WIDEST: u32 = 600;
/// Routes that a quick run tries.
const QUICK_ROUTES: usize = 6;

/// `limits.routes`.
pub(crate) struct Routes;

impl Check for Routes {
    fn about(&self) -> About {
        About {
            id: "limits.routes",
            area: Area::Limits,
            service: None,
            title: Words::new(
                "A route with a limit of its own is held to it",
                "Une route qui a sa propre limite s’y tient",
            ),
            what: Words::new(
                "Takes the operations whose `x-limit-per-minute` in the OpenAPI document is 600 or less, sends each more requests than that with an empty body, which does nothing, and counts those that are let in. The general limits are set high meanwhile.",
                "Prend les opérations dont le `x-limit-per-minute` du document OpenAPI est de 600 au plus, envoie à chacune davantage de requêtes au corps vide, qui ne font rien, et compte celles qui passent. Les limites générales sont relevées entre-temps.",
            ),
            passes: Words::new(
                "as many as documented and what the minute refills, then 429",
                "autant que documenté et ce que la minute rend, puis 429",
            ),
            by_hand: Words::new(
                "for i in $(seq 25); do curl -so /dev/null -w '%{http_code}\\n' -X POST -H 'Content-Type: application/json' -d '{}' http://localhost:8080/api/v1/auth/login; done | sort | uniq -c   # 422 twenty times, then 429",
                "for i in $(seq 25); do curl -so /dev/null -w '%{http_code}\\n' -X POST -H 'Content-Type: application/json' -d '{}' http://localhost:8080/api/v1/auth/login; done | sort | uniq -c   # vingt fois 422, puis 429",
            ),
            when_it_fails: Words::new(
                "Look at `limits.routes` with `aplomb config show`: a line there replaces what the document states, and the document shows it after a restart. If `limits.anonymous_per_minute` is 0, all limits are off. If a proxy rewrites addresses, the route is another one to the server.",
                "Regardez `limits.routes` avec `aplomb config show` : une ligne y remplace ce que dit le document, qui le montre après un redémarrage. Si `limits.anonymous_per_minute` vaut 0, toutes les limites sont coupées. Si un mandataire réécrit les adresses, la route en est une autre pour le serveur.",
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
    let wishes = Wishes::none()
        .set("limits.anonymous_per_minute", 1_000_000)
        .set("limits.user_per_hour", 10_000_000);
    let instance = subject.start(wishes).await?;
    let at = subject.at(&instance.base());
    let document = at.get("/api/openapi.json").await?.expect(200)?;
    let key = actors::key(instance.as_ref(), "*").await?;
    let mut limited: Vec<_> = operations::all(&document)
        .into_iter()
        .filter(|one| one.limit_per_minute.is_some_and(|limit| limit <= WIDEST))
        .collect();
    let all = limited.len();
    if all == 0 {
        return Err(Trouble::not_verifiable(
            "no operation of the document has a limit of 600 a minute or less of its own",
            "aucune opération du document n’a de limite propre de 600 par minute au plus",
        ));
    }
    // The tightest first: those are what somebody would attack.
    limited.sort_by_key(|one| one.limit_per_minute);
    limited.truncate(subject.by_pace(QUICK_ROUTES, all));
    let mut faults = Vec::new();
    for operation in &limited {
        hold(&at, operation, &key, &document, &mut faults).await?;
    }
    let tried = limited.len();
    let finding = Finding::of_faults(
        faults,
        Said::new(
            format!("{tried} routes of {all} with a limit of their own"),
            format!("{tried} routes sur {all} qui ont leur propre limite"),
        ),
        Said::new(
            "each lets in as many as it documents",
            "chacune admet autant de requêtes qu’elle en documente",
        ),
    );
    Ok(if tried < all {
        finding.shortened(Said::new(
            format!("the {tried} tightest routes were tried"),
            format!("les {tried} routes les plus strictes ont été essayées"),
        ))
    } else {
        finding
    })
}

async fn hold(
    at: &Subject,
    operation: &Operation,
    key: &str,
    document: &serde_json::Value,
    faults: &mut Vec<String>,
) -> Result<(), Trouble> {
    let limit = Limit {
        requests: operation.limit_per_minute.unwrap_or(1).max(1),
        window: Duration::from_mins(1),
    };
    let path = operation.path(&[], &mut Sampler::new(document));
    let ask = |_| {
        let request = at.request(operation.method.clone(), &path);
        let request = if operation.access == Access::Public {
            request
        } else {
            request.bearer_auth(key)
        };
        if operation.method == Method::GET {
            request
        } else {
            request
                .header("content-type", "application/json")
                .body("{}")
        }
    };
    let sent = burst(limit.requests + BEYOND, ask).await?;
    sent.judge(limit, &operation.name(), faults);
    if let Some(refused) = &sent.refused {
        refusal(refused, limit, faults);
    }
    Ok(())
}
