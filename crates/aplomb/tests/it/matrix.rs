//! Who may call what, for every operation of the document: outcomes are derived from its `x-access` and from
//! `Role::allows`, and tried over HTTP. A new route is in it by itself, and needs an example of what its address names.

pub(crate) mod examples;
pub(crate) mod place;

use chassis::auth::{Role, Scope, Verb};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use crate::kill::place::Place as Ground;
use examples::{Examples, body};
use place::Place;

/// Reads that have another answer than success, with the reason.
const NO_SUCCESS: [(&str, &str); 7] = [
    (
        "/api/v1/objects/{id}/signed",
        "takes a signature in its query",
    ),
    ("/api/v1/status", "for the home workspace, which A is not"),
    ("/api/v1/config", "the same"),
    ("/api/v1/logs", "the same"),
    ("/api/v1/proof", "the same"),
    ("/api/v1/proof/checks", "the same"),
    ("/api/v1/proof/{record}", "the same"),
];

/// Its address names a format, which everybody has: a stranger gets an export of his own, which is empty.
const NAMES_NOBODY: &str = "/api/v1/nightscan/exports/{format}";

#[derive(Clone, Debug)]
struct Operation {
    method: Method,
    template: String,
    access: Access,
    takes_body: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Access {
    Public,
    SignedIn,
    Scope(String, Verb),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Who {
    Nobody,
    Member(Role),
    /// A key of A that does not grant it, though the verb before it or another room.
    UnfitKey,
    /// A key of A that grants this and nothing else.
    FitKey,
    /// The owner of B.
    Stranger,
    /// The owner of B, who says that he acts in A.
    Trespasser,
}

/// What must come of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    /// 401 `auth.required`.
    Unknown,
    /// 403 `auth.forbidden`.
    Forbidden,
    /// 403 `auth.not_a_member`.
    NotMember,
    /// The handler decides, and shows and changes nothing of A.
    OutsideA,
    /// The handler decides.
    LetIn,
}

impl Operation {
    fn all(document: &Value) -> Result<Vec<Self>, String> {
        let mut all = Vec::new();
        for (template, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let Ok(method) = method.to_uppercase().parse::<Method>() else {
                    continue;
                };
                if !operation.is_object() || operation.get("responses").is_none() {
                    continue;
                }
                // Where the address names the workspace, the handler asks for a permission there.
                let there = operation["x-access-there"].as_str();
                let stated = operation["x-access"].as_str();
                let stated = there.or(stated).unwrap_or_default();
                let access = access(stated).ok_or_else(|| {
                    format!("{method} {template} does not state `x-access`: `{stated}`")
                })?;
                let takes_body = operation.get("requestBody").is_some();
                all.push(Self {
                    method,
                    template: template.clone(),
                    access,
                    takes_body,
                });
            }
        }
        Ok(all)
    }

    fn outcome(&self, who: Who) -> Outcome {
        match (who, &self.access) {
            (Who::Trespasser, _) => Outcome::NotMember,
            (Who::Stranger, _) | (Who::Nobody, Access::Public) => Outcome::OutsideA,
            (Who::Nobody, _) => Outcome::Unknown,
            (_, Access::Public | Access::SignedIn) | (Who::FitKey, Access::Scope(..)) => {
                Outcome::LetIn
            }
            (Who::UnfitKey, Access::Scope(..)) => Outcome::Forbidden,
            (Who::Member(role), Access::Scope(room, verb)) => {
                if role.allows(Scope::new(room, *verb)) {
                    Outcome::LetIn
                } else {
                    Outcome::Forbidden
                }
            }
        }
    }

    /// Health is asked without looking at who asks.
    fn is_exempt(&self) -> bool {
        !self.template.starts_with("/api/")
    }

    fn is_safe(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }
}

fn access(stated: &str) -> Option<Access> {
    match stated {
        "public" => Some(Access::Public),
        "signed-in" => Some(Access::SignedIn),
        scope => {
            let (room, verb) = scope.split_once(':')?;
            let verb = [Verb::Read, Verb::Write, Verb::Admin]
                .into_iter()
                .find(|own| own.word() == verb)?;
            Some(Access::Scope(room.to_owned(), verb))
        }
    }
}

fn everybody() -> Vec<Who> {
    let mut all = vec![
        Who::Nobody,
        Who::Stranger,
        Who::Trespasser,
        Who::UnfitKey,
        Who::FitKey,
    ];
    all.extend(Role::ALL.map(Who::Member));
    all
}

/// Adds who asks.
async fn signed(
    place: &Place,
    who: Who,
    operation: &Operation,
    request: RequestBuilder,
) -> RequestBuilder {
    match who {
        Who::Nobody => request,
        Who::Member(role) => request.bearer_auth(place.token(place.person(role), place.a).await),
        Who::Stranger => request.bearer_auth(place.token(place.stranger, place.b).await),
        Who::Trespasser => {
            let token = place.token(place.stranger, place.b).await;
            request
                .bearer_auth(token)
                .header("X-Workspace", place.a.to_string())
        }
        Who::UnfitKey => {
            let scopes = match &operation.access {
                Access::Scope(room, Verb::Admin) => format!("{room}:write"),
                Access::Scope(room, Verb::Write) => format!("{room}:read"),
                Access::Scope(room, Verb::Read) if room == "luna" => "jobs:admin".to_owned(),
                _ => "luna:admin".to_owned(),
            };
            request.bearer_auth(place.key(&scopes).await)
        }
        Who::FitKey => {
            let scopes = match &operation.access {
                Access::Scope(room, verb) => format!("{room}:{}", verb.word()),
                _ => "luna:read".to_owned(),
            };
            request.bearer_auth(place.key(&scopes).await)
        }
    }
}

/// Status, code of the problem, and the text; of a stream its head alone.
async fn answer(request: RequestBuilder) -> (u16, String, String) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let streams = answer
        .headers()
        .get("content-type")
        .is_some_and(|kind| kind == "text/event-stream");
    if streams {
        return (status, String::new(), String::new());
    }
    let bytes = answer.bytes().await.unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let problem: Value = serde_json::from_str(&text).unwrap_or_default();
    let code = problem["code"].as_str().unwrap_or_default().to_owned();
    (status, code, text)
}

fn judge(
    operation: &Operation,
    who: Who,
    outcome: Outcome,
    answer: &(u16, String, String),
    examples: &Examples,
) -> Option<String> {
    let (status, code, text) = answer;
    let names_a = operation.template.contains('{') && operation.template != NAMES_NOBODY;
    let is_success = (200..400).contains(status);
    let refused = *status == 401
        || (*status == 403 && code == "auth.forbidden" && operation.access != Access::SignedIn);
    // The answer to HEAD has no body, and so no code.
    let is = |expected: u16, problem: &str| {
        *status == expected && (code == problem || operation.method == Method::HEAD)
    };
    let fits = match outcome {
        Outcome::Unknown => is(401, "auth.required"),
        Outcome::Forbidden => is(403, "auth.forbidden"),
        Outcome::NotMember => is(403, "auth.not_a_member"),
        Outcome::OutsideA if operation.access == Access::Public => *status < 500,
        // What A has is not there for others.
        Outcome::OutsideA if names_a => matches!(status, 403 | 404),
        Outcome::OutsideA => *status < 500 && !refused,
        // A handler's own pause is its answer; the limits of the front would hide what it thinks.
        Outcome::LetIn => {
            *status < 500
                && !code.starts_with("limits.")
                && (operation.access == Access::Public || !refused)
        }
    };
    let must_succeed = operation.method == Method::GET
        && who == Who::Member(Role::Owner)
        && !NO_SUCCESS
            .iter()
            .any(|(template, _)| *template == operation.template);
    let outside = matches!(outcome, Outcome::OutsideA) || !matches!(outcome, Outcome::LetIn);
    let shown = examples
        .shown_in(text)
        .filter(|_| outside && operation.access != Access::Public);
    if !fits {
        Some(format!("must be {outcome:?}"))
    } else if must_succeed && !is_success {
        Some("must succeed: the example is no thing of A".to_owned())
    } else {
        shown.map(|shown| format!("shows `{shown}` of A"))
    }
    .map(|fault| {
        format!(
            "{} {} by {who:?} {fault}: {status} {text:.200}",
            operation.method, operation.template
        )
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_lets_in_whom_it_says_and_shows_nobody_anothers_things() {
    try_everything(Ground::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_too_every_operation_lets_in_whom_it_says() {
    if let Some(ground) = Ground::postgres().await {
        try_everything(ground).await;
    }
}

async fn try_everything(ground: Ground) {
    let place = Place::start(ground).await;
    let mut operations = Operation::all(&place.document).unwrap();
    let examples = Examples::make(&place).await;
    let mut faults = Vec::new();

    // Those who may not, and those who are somebody elsewhere: nothing of A may change.
    for operation in &operations {
        let path = match examples.fill(&operation.template) {
            Ok(path) => path,
            Err(fault) => {
                faults.push(fault);
                continue;
            }
        };
        let mut requests = Vec::new();
        for who in everybody() {
            let outcome = operation.outcome(who);
            if outcome == Outcome::LetIn || (operation.is_exempt() && who == Who::Trespasser) {
                continue;
            }
            let request = place
                .client
                .request(operation.method.clone(), place.url(&path))
                .header("Tus-Resumable", "1.0.0");
            let request = match body(
                &operation.method,
                &operation.template,
                request.try_clone().unwrap(),
            ) {
                Some(request) => request,
                None if operation.takes_body && operation.template.contains('{') => {
                    faults.push(format!(
                        "{} {}: no example of a body in matrix/examples.rs",
                        operation.method, operation.template
                    ));
                    break;
                }
                None => request,
            };
            requests.push((who, outcome, signed(&place, who, operation, request).await));
        }
        let before = place.snapshot().await;
        for (who, outcome, request) in requests {
            faults.extend(judge(
                operation,
                who,
                outcome,
                &answer(request).await,
                &examples,
            ));
        }
        let after = place.snapshot().await;
        for (table, rows) in &before {
            if after.get(table) != Some(rows) {
                faults.push(format!(
                    "{} {} changed `{table}` of A for somebody who may not",
                    operation.method, operation.template
                ));
            }
        }
    }

    // Those who may: what reads first, what removes last, and the workspace itself at the very end.
    operations.sort_by_key(|operation| {
        let removes = operation.method == Method::DELETE;
        (
            !operation.is_safe(),
            removes,
            removes && operation.template == "/api/v1/workspaces/{id}",
        )
    });
    for operation in &operations {
        let Ok(path) = examples.fill(&operation.template) else {
            continue;
        };
        let mut requests = Vec::new();
        for who in everybody() {
            if operation.outcome(who) == Outcome::LetIn {
                let request = place
                    .client
                    .request(operation.method.clone(), place.url(&path))
                    .header("Tus-Resumable", "1.0.0");
                let request = body(
                    &operation.method,
                    &operation.template,
                    request.try_clone().unwrap(),
                )
                .unwrap_or(request);
                requests.push((who, signed(&place, who, operation, request).await));
            }
        }
        for (who, request) in requests {
            let answer = answer(request).await;
            let is_gone = operation.method == Method::DELETE
                && operation.template == "/api/v1/workspaces/{id}";
            if !is_gone {
                faults.extend(judge(operation, who, Outcome::LetIn, &answer, &examples));
            }
        }
    }
    assert!(
        operations.len() > 30,
        "only {} operations",
        operations.len()
    );
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
    place.close().await;
}

#[tokio::test]
async fn the_matrix_has_all_services_and_each_operation_states_its_access() {
    let place = Place::start(Ground::sqlite()).await;
    let kept: Value = serde_json::from_str(include_str!("../golden/openapi.json")).unwrap();
    for path in kept["paths"].as_object().unwrap().keys() {
        assert!(
            place.document["paths"].get(path).is_some(),
            "{path} is not in the matrix: name its service in matrix/place.rs"
        );
    }
    let operations = Operation::all(&place.document).unwrap();
    let rooms = chassis::house::rooms(&place::services());
    for operation in operations {
        if let Access::Scope(room, _) = &operation.access {
            assert!(
                rooms.contains(&room.as_str()),
                "{} {} asks for the room `{room}`, which no key can name",
                operation.method,
                operation.template
            );
        }
    }
}

#[tokio::test]
async fn what_is_under_api_and_not_documented_does_not_answer() {
    let place = Place::start(Ground::sqlite()).await;
    let owner = place.token(place.person(Role::Owner), place.a).await;
    for path in [
        "/api/",
        "/api/v1",
        "/api/v1/",
        "/api/v1/nothing",
        "/api/v2/luna/variants",
        "/api/v1/luna/variants/",
        "/api/v1//luna/variants",
    ] {
        let (status, code, _) = answer(place.client.get(place.url(path)).bearer_auth(&owner)).await;
        assert_eq!((status, code.as_str()), (404, "http.not_found"), "{path}");
    }
}
