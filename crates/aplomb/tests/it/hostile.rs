//! Input that no honest client sends, at every operation of the document: a clear 4xx, never a 5xx.

use chassis::auth::Role;
use reqwest::Method;
use serde_json::Value;

use crate::kill::place::Place as Ground;
use crate::matrix::examples::Examples;
use crate::matrix::place::Place;

/// A house with one of everything, and who asks: the owner, who gets furthest.
struct Target {
    place: Place,
    examples: Examples,
    token: String,
}

impl Target {
    async fn start() -> Self {
        let place = Place::start(Ground::sqlite()).await;
        let examples = Examples::make(&place).await;
        let token = place.token(place.person(Role::Owner), place.a).await;
        Self {
            place,
            examples,
            token,
        }
    }

    /// Template, method and description of every operation.
    fn operations(&self) -> Vec<(String, Method, Value)> {
        let mut all = Vec::new();
        for (template, item) in self.place.document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                if operation.get("responses").is_some() {
                    let method = method.to_uppercase().parse().unwrap();
                    all.push((template.clone(), method, operation.clone()));
                }
            }
        }
        all
    }

    /// Status and code of the answer.
    async fn ask(
        &self,
        method: &Method,
        path: &str,
        body: Option<(&str, Vec<u8>)>,
    ) -> (u16, String) {
        let mut request = self
            .place
            .client
            .request(method.clone(), self.place.url(path))
            .bearer_auth(&self.token)
            .header("Tus-Resumable", "1.0.0");
        if let Some((kind, bytes)) = body {
            request = request.header("Content-Type", kind).body(bytes);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let problem: Value =
            serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default();
        (
            status,
            problem["code"].as_str().unwrap_or_default().to_owned(),
        )
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_honest_json_are_refused_everywhere() {
    const JSON: &str = "application/json";
    let target = Target::start().await;
    let (mut faults, mut tried) = (Vec::new(), 0);
    for (template, method, operation) in target.operations() {
        let Some(schema) = operation["requestBody"]["content"][JSON].get("schema") else {
            continue;
        };
        // A page's form ends a session as well.
        let takes_forms = template == "/api/v1/auth/logout";
        let path = target.examples.fill(&template).unwrap();
        let field = first_field(&target.place.document, schema);
        let twice = format!("{{\"{field}\":null,\"{field}\":null}}");
        let deep = "{\"a\":".repeat(2_000);
        for (what, kind, body, expected) in [
            (
                "broken UTF-8",
                JSON,
                b"{\"\xff\xfe\":1}".to_vec(),
                &[400][..],
            ),
            ("a cut body", JSON, b"{\"a\":".to_vec(), &[400, 422]),
            ("a field twice", JSON, twice.into_bytes(), &[400, 422]),
            (
                "an unknown field",
                JSON,
                b"{\"__proto__\":{}}".to_vec(),
                &[422],
            ),
            ("2,000 levels", JSON, deep.into_bytes(), &[400, 422]),
            ("a list", JSON, b"[]".to_vec(), &[422]),
            (
                "a form",
                "application/x-www-form-urlencoded",
                b"a=1".to_vec(),
                &[415],
            ),
            ("1.1 MB", JSON, vec![b' '; 1_100_000], &[413]),
        ] {
            if takes_forms && kind != JSON {
                continue;
            }
            tried += 1;
            let (status, code) = target.ask(&method, &path, Some((kind, body))).await;
            if !expected.contains(&status) || code.is_empty() {
                faults.push(format!("{method} {template}, {what}: {status} `{code}`"));
            }
        }
    }
    assert!(tried > 100, "only {tried} requests");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_refuse_cursors_and_limits_that_are_none() {
    let target = Target::start().await;
    let (mut faults, mut tried) = (Vec::new(), 0);
    for (template, method, operation) in target.operations() {
        let parameters = operation["parameters"].as_array();
        let takes_cursor =
            parameters.is_some_and(|all| all.iter().any(|parameter| parameter["name"] == "cursor"));
        if !takes_cursor {
            continue;
        }
        let path = target.examples.fill(&template).unwrap();
        for (query, expected) in [
            ("cursor=1000000", 422),
            ("cursor=1e6", 422),
            ("cursor=%27%20OR%201%3D1--", 422),
            ("limit=1000000", 422),
            ("limit=18446744073709551616", 422),
            ("limit=-1", 422),
            ("cursor=%ff", 422),
            ("cursor=a&cursor=b", 422),
            ("unknown=1", 422),
        ] {
            tried += 1;
            let (status, code) = target.ask(&method, &format!("{path}?{query}"), None).await;
            if status != expected || code.is_empty() {
                faults.push(format!("{method} {template}?{query}: {status} `{code}`"));
            }
        }
    }
    assert!(tried > 50, "only {tried} requests");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_in_addresses_never_become_paths() {
    let target = Target::start().await;
    let (mut faults, mut tried) = (Vec::new(), 0);
    for (template, method, _) in target.operations() {
        if method == Method::OPTIONS {
            continue; // says what uploads can do, whichever is meant
        }
        for (at, _) in template.match_indices('{') {
            for hostile in [
                "..%2f..%2f..%2f..%2fetc%2fpasswd",
                "..%5c..%5cwindows",
                "%2fetc%2fpasswd",
                "%00",
                "%ff%fe",
                "%27%20OR%201%3D1--",
                &"a".repeat(4_000),
            ] {
                let end = at + template[at..].find('}').unwrap() + 1;
                let template = format!("{}{hostile}{}", &template[..at], &template[end..]);
                let Ok(path) = target.examples.fill(&template) else {
                    continue;
                };
                tried += 1;
                let body = (!matches!(method, Method::GET | Method::HEAD | Method::DELETE))
                    .then(|| ("application/json", b"{}".to_vec()));
                let (status, code) = target.ask(&method, &path, body).await;
                let told = !code.is_empty() || method == Method::HEAD;
                if !(400..500).contains(&status) || !told {
                    faults.push(format!("{method} {path:.200}: {status} `{code}`"));
                }
            }
        }
    }
    assert!(tried > 150, "only {tried} requests");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A field that the schema names.
fn first_field(document: &Value, schema: &Value) -> String {
    let schema = match schema["$ref"].as_str() {
        Some(reference) => document.pointer(&reference[1..]).unwrap(),
        None => schema,
    };
    let fields = schema["properties"].as_object();
    fields
        .and_then(|fields| fields.keys().next())
        .cloned()
        .unwrap_or_else(|| "name".to_owned())
}
