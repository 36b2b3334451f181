//! Every operation of the document, as everybody.

use chassis::check::{About, Answer, Area, Check, Finding, Need, Said, Subject, Trouble, Words};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use serde_json::Value;

use super::place::Place;
use super::{ask, outsider};
use crate::operations::{self, Access, Operation, Scope};
use crate::sample::Sampler;

/// Requests under way at once.
const ABREAST: usize = 8;

/// `access.matrix`.
pub(crate) struct Matrix;

impl Check for Matrix {
    fn about(&self) -> About {
        About {
            id: "access.matrix",
            area: Area::Access,
            service: None,
            title: Words::new(
                "Every operation lets in whom the document says, and nobody else",
                "Chaque opération n’admet que ceux que le document désigne",
            ),
            what: Words::new(
                "Asks for every operation of the OpenAPI document without a token, with garbage, an expired token, one for another service, one with `alg=none`, one with a wrong signature, a revoked key, keys of too narrow a scope, as the owner of another workspace, and as those who may. Of a system whose address alone is known: without a token, with garbage and `alg=none`, and with the token that was given; there it only reads, unless its owner gave leave.",
                "Demande chaque opération du document OpenAPI sans jeton, avec un jeton quelconque, expiré, destiné à un autre service, avec `alg=none`, mal signé, avec une clé révoquée, avec des clés à la portée trop étroite, en propriétaire d’un autre espace de travail, puis avec ceux qui en ont le droit. Pour un système dont on ne connaît que l’adresse : sans jeton, avec un jeton quelconque et `alg=none`, et avec le jeton fourni ; là, l’épreuve se borne à lire, sauf accord du propriétaire.",
            ),
            passes: Words::new(
                "401 for whoever is not known, 403 without the scope, 403 or 404 for another's things, and neither 401 nor 403 for those who may",
                "401 pour les inconnus, 403 sans la portée voulue, 403 ou 404 pour ce qui appartient à d’autres, et ni 401 ni 403 pour ceux qui ont le droit",
            ),
            by_hand: Words::new(
                "curl -si http://localhost:8080/api/v1/keys | head -1; curl -si -H 'Authorization: Bearer eyJhbGciOiJub25lIn0.e30.' http://localhost:8080/api/v1/keys | head -1; aplomb key create --name narrow --scopes audit:read, then ask again with that key: 403",
                "curl -si http://localhost:8080/api/v1/keys | head -1 ; curl -si -H 'Authorization: Bearer eyJhbGciOiJub25lIn0.e30.' http://localhost:8080/api/v1/keys | head -1 ; aplomb key create --name etroite --scopes audit:read, puis redemander avec cette clé : 403",
            ),
            when_it_fails: Words::new(
                "The evidence names operation, caller and answer. First ask the server without its proxy: a cache or gateway in front may answer for it, or add credentials of its own. Then look at `x-access` of the operation in /api/openapi.json: the rule stands beside the route. What lets in whom it must not is a fault of the program: take the route off the network at the proxy and report it.",
                "La preuve nomme l’opération, l’appelant et la réponse. Interrogez d’abord le serveur sans son mandataire : un cache ou une passerelle peut répondre à sa place ou ajouter ses propres identifiants. Regardez ensuite `x-access` de l’opération dans /api/openapi.json : la règle se trouve à côté de la route. Une opération qui admet quelqu’un à tort est une faute du programme : fermez la route au mandataire et signalez-la.",
            ),
            weight: 10,
            is_required: true,
            disturbs: false,
            needs: &[Need::Document],
            fresh_days: 30,
        }
    }

    fn run<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>> {
        async move {
            if subject.ground.is_some() {
                everybody(subject).await
            } else {
                outsider::measure(subject).await
            }
        }
        .boxed()
    }
}

/// What must come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    /// 401.
    Unknown,
    /// 403.
    Forbidden,
    /// 403 or 404: it is another's.
    NotThere,
    /// Anything but a fault of the server, and nothing of the first workspace.
    NothingShown,
    /// Neither 401 nor 403.
    LetIn,
}

impl Due {
    fn fits(self, status: u16) -> bool {
        match self {
            Self::Unknown => status == 401,
            Self::Forbidden => status == 403,
            Self::NotThere => matches!(status, 403 | 404),
            Self::NothingShown => status < 500,
            Self::LetIn => !matches!(status, 401 | 403) && status < 500,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Unknown => "401",
            Self::Forbidden => "403",
            Self::NotThere => "403 or 404",
            Self::NothingShown => "no 5xx",
            Self::LetIn => "neither 401 nor 403",
        }
    }
}

/// One request of the matrix.
struct Try {
    operation: Operation,
    who: &'static str,
    due: Due,
    request: reqwest::RequestBuilder,
}

async fn everybody(subject: &Subject) -> Result<Finding, Trouble> {
    let mut place = Place::start(subject).await?;
    let document = place.at.document.clone().unwrap_or_default();
    let mut operations = operations::all(&document);
    let mut sampler = Sampler::new(&document);
    let mut tries = Vec::new();
    for operation in &operations {
        tries.extend(those_who_may_not(&mut place, operation, &document, &mut sampler).await?);
    }
    let mut count = tries.len();
    let answers = stream::iter(tries).map(|one| async move {
        let answer = ask(one.request).await;
        (one.operation, one.who, one.due, answer)
    });
    let mut answers = answers.buffered(ABREAST);
    let mut faults = Vec::new();
    while let Some((operation, who, due, answer)) = answers.next().await {
        faults.extend(judge(&place, &operation, who, due, &answer?));
    }
    // Those who may: what reads first, what removes last.
    operations.sort_by_key(|one| (!one.is_safe(), one.method == reqwest::Method::DELETE));
    for operation in operations {
        match those_who_may(&mut place, &operation, &mut sampler, &mut faults).await {
            Ok(more) => count += more,
            // What was let in before may have ended what the drill stands on.
            Err(trouble) if !faults.is_empty() => {
                faults.push(format!("the drill could not go on: {trouble}"));
                break;
            }
            Err(trouble) => return Err(trouble),
        }
    }
    Ok(Finding::of_faults(
        faults,
        Said::new(
            format!("{count} combinations of operation and caller"),
            format!("{count} combinaisons d’opération et d’appelant"),
        ),
        Said::new(
            "whoever may not is refused, whoever may is let in",
            "qui n’a pas le droit est refusé, qui l’a est admis",
        ),
    ))
}

async fn those_who_may_not(
    place: &mut Place,
    operation: &Operation,
    document: &Value,
    sampler: &mut Sampler<'_>,
) -> Result<Vec<Try>, Trouble> {
    if operation.access == Access::Public {
        return Ok(Vec::new());
    }
    let token = &place.token;
    let mut callers = vec![
        ("nobody", None, Due::Unknown),
        ("a garbage token", Some("garbage".to_owned()), Due::Unknown),
        ("an expired token", Some(token.expired()), Due::Unknown),
        (
            "a token for another audience",
            Some(token.for_another()),
            Due::Unknown,
        ),
        (
            "a token with alg=none",
            Some(token.unsigned()),
            Due::Unknown,
        ),
        (
            "a token with a wrong signature",
            Some(token.signed_by_another()),
            Due::Unknown,
        ),
        (
            "a revoked key",
            Some(place.actors.revoked_key.clone()),
            Due::Unknown,
        ),
    ];
    if let Access::Scope(scope) | Access::SignedIn(Some(scope)) = &operation.access {
        let narrow = if scope.room == "audit" {
            let room = other_room(document);
            place.key(&room).await?
        } else {
            place.actors.narrow_key.clone()
        };
        callers.push(("a key for another room", Some(narrow), Due::Forbidden));
        let lesser = match scope.verb.as_str() {
            "admin" => Some("write"),
            "write" => Some("read"),
            _ => None,
        };
        if let Some(verb) = lesser {
            let scope = Scope {
                room: scope.room.clone(),
                verb: verb.to_owned(),
            };
            let key = place.key(&scope).await?;
            callers.push(("a key with the verb before", Some(key), Due::Forbidden));
        }
    }
    let path = operation.path(&place.things, sampler);
    // Only a thing that is there can be another's.
    let names_a_thing = place.things.iter().any(|thing| path.contains(&thing.id));
    let due = if names_a_thing {
        Due::NotThere
    } else {
        Due::NothingShown
    };
    let stranger = place.actors.stranger.clone();
    callers.push(("another workspace's owner", Some(stranger.clone()), due));
    let mut tries: Vec<_> = callers
        .into_iter()
        .map(|(who, token, due)| {
            let request = operation.request(&place.at, &path, sampler);
            Try {
                operation: operation.clone(),
                who,
                due,
                request: match token {
                    Some(token) => request.bearer_auth(token),
                    None => request,
                },
            }
        })
        .collect();
    let request = operation.request(&place.at, &path, sampler);
    tries.push(Try {
        operation: operation.clone(),
        who: "another workspace's owner who names this one",
        due: Due::NotThere,
        request: request
            .bearer_auth(stranger)
            .header("x-workspace", &place.actors.workspace),
    });
    Ok(tries)
}

/// A scope of some room that is not the audit's.
fn other_room(document: &Value) -> Scope {
    let rooms = operations::all(document)
        .into_iter()
        .find_map(|one| match one.access {
            Access::Scope(scope) if scope.room != "audit" => Some(scope.room),
            _ => None,
        });
    Scope {
        room: rooms.unwrap_or_else(|| "jobs".to_owned()),
        verb: "read".to_owned(),
    }
}

/// Harmless for the drill: ids that are changed or removed here are made up.
async fn those_who_may(
    place: &mut Place,
    operation: &Operation,
    sampler: &mut Sampler<'_>,
    faults: &mut Vec<String>,
) -> Result<usize, Trouble> {
    if operation.access == Access::Public {
        return Ok(0);
    }
    let things: Vec<_> = if operation.is_safe() {
        place.things.clone()
    } else {
        let things = place.things.iter();
        things
            .filter(|thing| thing.id == place.actors.workspace)
            .cloned()
            .collect()
    };
    let mut callers = vec![("the owner", place.actors.owner.clone())];
    if let Access::Scope(scope) = &operation.access {
        if operation.grants(sampler) {
            callers.push(("a key with every scope", place.actors.key.clone()));
        } else {
            callers.push(("a key with just this scope", place.key(scope).await?));
        }
    }
    let count = callers.len();
    for (who, token) in callers {
        let path = operation.path(&things, sampler);
        let request = operation.request(&place.at, &path, sampler);
        let answer = ask(request.bearer_auth(token)).await?;
        faults.extend(judge(place, operation, who, Due::LetIn, &answer));
    }
    if !operation.is_safe() {
        place.owner_again().await?;
    }
    Ok(count)
}

fn judge(
    place: &Place,
    operation: &Operation,
    who: &str,
    due: Due,
    answer: &Answer,
) -> Option<String> {
    let status = answer.status.as_u16();
    let name = operation.name();
    if !due.fits(status) {
        let code = super::code(answer);
        let due = due.words();
        return Some(format!("{name} by {who}: {status} {code}, due is {due}"));
    }
    if due == Due::LetIn {
        return None;
    }
    let shown = place.shown_in(answer)?;
    Some(format!(
        "{name} by {who}: {status} shows {shown} of the first workspace"
    ))
}
