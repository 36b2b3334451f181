//! The matrix of a system of which only the address and the document are known.

use std::time::Duration;

use chassis::check::{Answer, Finding, Method, Said, Subject, Trouble};

use super::{ask, forge};
use crate::operations::{self, Access, Operation};
use crate::sample::Sampler;

/// A refusal for asking too often is waited out, so long at most and so often.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
const MOST_PAUSES: usize = 30;

/// Nobody, garbage, `alg=none`, and whoever was given.
pub(super) async fn measure(subject: &Subject) -> Result<Finding, Trouble> {
    let document = subject.document.clone().unwrap_or_default();
    let mut sampler = Sampler::new(&document);
    let may =
        |one: &Operation| subject.has_leave || matches!(one.method, Method::GET | Method::HEAD);
    let guarded: Vec<_> = operations::all(&document)
        .into_iter()
        .filter(|one| one.access != Access::Public && may(one))
        .collect();
    if guarded.is_empty() {
        return Err(Trouble::not_verifiable(
            "the document names no operation that asks for credentials and may be tried: state `security`, or 401 among the responses",
            "le document ne nomme aucune opération protégée qui puisse être essayée : indiquez `security`, ou 401 parmi les réponses",
        ));
    }
    let callers = [
        ("nobody", None),
        ("a garbage token", Some("garbage".to_owned())),
        ("a token with alg=none", Some(forge::unsigned_stranger())),
    ];
    let mut faults = Vec::new();
    let (mut count, mut unclear, mut pauses) = (0_usize, 0_usize, 0_usize);
    for operation in &guarded {
        let path = operation.path(&[], &mut sampler);
        for (who, token) in &callers {
            let request = || {
                let request = operation.request(subject, &path, &mut Sampler::new(&document));
                match token {
                    Some(token) => request.bearer_auth(token),
                    None => request,
                }
            };
            let answer = patient(request, &mut pauses).await?;
            count += 1;
            match answer.status.as_u16() {
                401 | 403 | 404 | 405 => {}
                status @ (200..=299 | 304 | 500..=599) => {
                    faults.push(format!(
                        "{} by {who}: {status}, due is 401 or 403",
                        operation.name()
                    ));
                }
                _ => unclear += 1,
            }
        }
        let is_safe = matches!(operation.method, Method::GET | Method::HEAD);
        if let Some(token) = subject.token.as_ref().filter(|_| is_safe) {
            let request = || {
                let sampler = &mut Sampler::new(&document);
                operation
                    .request(subject, &path, sampler)
                    .bearer_auth(token)
            };
            let answer = patient(request, &mut pauses).await?;
            count += 1;
            if answer.status == 401 {
                faults.push(format!(
                    "{} by the token that was given: 401",
                    operation.name()
                ));
            }
        }
    }
    let counted = Said::new(
        format!(
            "{count} requests to {} guarded operations; {unclear} answers neither let in nor refused",
            guarded.len()
        ),
        format!(
            "{count} requêtes à {} opérations protégées ; {unclear} réponses ni admises ni refusées",
            guarded.len()
        ),
    );
    let required = Said::new(
        "nobody is let in without credentials",
        "personne n’est admis sans identifiants",
    );
    let finding = Finding::of_faults(faults, counted, required);
    Ok(if subject.has_leave {
        finding
    } else {
        finding.shortened(Said::new(
            "only operations that read were tried: no leave was given to try others",
            "seules les opérations de lecture ont été essayées : aucun accord pour les autres",
        ))
    })
}

async fn patient(
    request: impl Fn() -> reqwest::RequestBuilder,
    pauses: &mut usize,
) -> Result<Answer, Trouble> {
    loop {
        let answer = ask(request()).await?;
        if answer.status != 429 || *pauses >= MOST_PAUSES {
            return Ok(answer);
        }
        *pauses += 1;
        let seconds = answer.header("retry-after").and_then(|it| it.parse().ok());
        let pause = Duration::from_secs(seconds.unwrap_or(1));
        tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
    }
}
