//! The operations of an OpenAPI document: what each asks of its caller, and a request that it understands.

use chassis::check::{Method, Subject};
use serde_json::Value;

use crate::sample::Sampler;

/// One operation.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) method: Method,
    /// Its address with `{parameters}`.
    pub(crate) template: String,
    pub(crate) access: Access,
    /// `x-limit-per-minute`.
    pub(crate) limit_per_minute: Option<u32>,
    parameters: Vec<Value>,
    content: Value,
}

/// What an operation asks of its caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing.
    Public,
    /// Somebody who is known. Where the address names a workspace, the scope that is asked for there.
    SignedIn(Option<Scope>),
    /// A scope.
    Scope(Scope),
}

/// `room:verb`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Scope {
    pub(crate) room: String,
    pub(crate) verb: String,
}

impl Scope {
    fn of(text: &str) -> Option<Self> {
        let (room, verb) = text.split_once(':')?;
        Some(Self {
            room: room.to_owned(),
            verb: verb.to_owned(),
        })
    }
}

/// All operations of a document, in its order. Without `x-access` its `security` tells, and without that a documented 401.
pub(crate) fn all(document: &Value) -> Vec<Operation> {
    let mut all = Vec::new();
    let sampler = Sampler::new(document);
    for (template, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else {
                continue;
            };
            if !is_known(&method) || !operation.is_object() {
                continue;
            }
            let listed = [&item["parameters"], &operation["parameters"]];
            let parameters = listed.into_iter().filter_map(Value::as_array).flatten();
            let parameters = parameters
                .map(|one| sampler.resolved(one).clone())
                .collect();
            let body = sampler.resolved(&operation["requestBody"]);
            all.push(Operation {
                method,
                template: template.clone(),
                access: access(document, operation),
                limit_per_minute: operation["x-limit-per-minute"]
                    .as_u64()
                    .and_then(|limit| limit.try_into().ok()),
                parameters,
                content: body["content"].clone(),
            });
        }
    }
    all
}

fn is_known(method: &Method) -> bool {
    let known = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];
    known.contains(&method.as_str())
}

fn access(document: &Value, operation: &Value) -> Access {
    if let Some(stated) = operation["x-access"].as_str() {
        let there = operation["x-access-there"].as_str().and_then(Scope::of);
        return match stated {
            "public" => Access::Public,
            scope => Scope::of(scope).map_or(Access::SignedIn(there), Access::Scope),
        };
    }
    let security = operation
        .get("security")
        .or_else(|| document.get("security"))
        .and_then(Value::as_array);
    let is_needed = match security {
        // An empty alternative: it goes without.
        Some(ways) => {
            let goes_without = |way: &Value| way.as_object().is_some_and(serde_json::Map::is_empty);
            !ways.is_empty() && !ways.iter().any(goes_without)
        }
        None => operation["responses"].get("401").is_some(),
    };
    if is_needed {
        Access::SignedIn(None)
    } else {
        Access::Public
    }
}

impl Operation {
    /// Whether it changes nothing.
    pub(crate) fn is_safe(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }

    /// Its address with things that are there, and made-up ones for what is not among them.
    pub(crate) fn path(&self, things: &[Thing], sampler: &mut Sampler<'_>) -> String {
        let mut path = String::new();
        let mut rest = self.template.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            path.push_str(before);
            let found = things
                .iter()
                .find(|thing| thing.name == name && self.template.starts_with(thing.below));
            match found {
                Some(thing) => path.push_str(&thing.id),
                None => path.push_str(&self.parameter(name, sampler)),
            }
            rest = after;
        }
        path.push_str(rest);
        let needed = self
            .parameters
            .iter()
            .filter(|one| one["in"] == "query" && one["required"] == true);
        for (at, parameter) in needed.enumerate() {
            let name = parameter["name"].as_str().unwrap_or_default();
            let value = sampler.parameter(parameter);
            path.push(if at == 0 { '?' } else { '&' });
            path.push_str(&format!("{name}={value}").replace(' ', "%20"));
        }
        path
    }

    fn parameter(&self, name: &str, sampler: &mut Sampler<'_>) -> String {
        let found = self
            .parameters
            .iter()
            .find(|one| one["in"] == "path" && one["name"] == name);
        found.map_or_else(|| "sample".to_owned(), |one| sampler.parameter(one))
    }

    /// A request to an address of it, with the headers and the body that it needs.
    pub(crate) fn request(
        &self,
        subject: &Subject,
        path: &str,
        sampler: &mut Sampler<'_>,
    ) -> reqwest::RequestBuilder {
        let mut request = subject.request(self.method.clone(), path);
        let headers = self
            .parameters
            .iter()
            .filter(|one| one["in"] == "header" && one["required"] == true);
        for header in headers {
            let name = header["name"].as_str().unwrap_or_default();
            request = request.header(name, sampler.parameter(header));
        }
        let Some(content) = self.content.as_object() else {
            return request;
        };
        if let Some(json) = content.get("application/json") {
            return request.json(&sampler.value(&json["schema"]));
        }
        match content.keys().find(|kind| *kind != "multipart/form-data") {
            Some(kind) => request.header("content-type", kind).body("sample"),
            None => request,
        }
    }

    /// Whether it gives somebody a role or scopes: nobody can give by it more than he has himself.
    pub(crate) fn grants(&self, sampler: &mut Sampler<'_>) -> bool {
        let schema = &self.content["application/json"]["schema"];
        let body = sampler.value(schema);
        ["role", "scopes"]
            .iter()
            .any(|name| body.get(name).is_some())
    }

    /// Method and address as they stand in the document.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.template)
    }
}

/// Something that is there: what the parameter `name` of addresses that begin with `below` can be.
#[derive(Clone, Debug)]
pub(crate) struct Thing {
    pub(crate) below: &'static str,
    pub(crate) name: &'static str,
    pub(crate) id: String,
}

/// Whether an address is one of a template's.
pub(crate) fn matches(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(one), Some(other)) if one == other => {}
            (Some(one), Some(other)) if one.contains('{') && !other.is_empty() => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_an_operation_asks_of_its_caller_is_read_from_the_document() {
        let document = json!({
            "security": [{"key": []}],
            "paths": {"/a": {
                "get": {"responses": {}},
                "put": {"security": [], "responses": {"401": {}}},
                "post": {"security": [{}, {"key": []}]},
                "patch": {"x-access": "keys:write"},
                "delete": {"x-access": "signed-in", "x-access-there": "users:write"},
                "parameters": [],
                "summary": "no operation",
            }},
        });
        let found: Vec<_> = all(&document)
            .into_iter()
            .map(|own| (own.method.to_string(), own.access))
            .collect();
        let scope = |text| Scope::of(text).unwrap();
        let expected = [
            ("GET", Access::SignedIn(None)),
            ("PUT", Access::Public),
            ("POST", Access::Public),
            ("PATCH", Access::Scope(scope("keys:write"))),
            ("DELETE", Access::SignedIn(Some(scope("users:write")))),
        ];
        assert_eq!(
            found,
            expected.map(|(method, access)| (method.to_owned(), access))
        );
    }

    #[test]
    fn an_address_is_matched_segment_by_segment() {
        assert!(matches("/keys/{id}", "/keys/1"));
        assert!(!matches("/keys/{id}", "/keys/"));
        assert!(!matches("/keys/{id}", "/keys/1/2"));
        assert!(!matches("/keys/{id}", "/key/1"));
    }

    #[test]
    fn an_address_is_filled_with_what_is_there_and_else_with_something_new() {
        let document = json!({"paths": {"/w/{id}/m/{user}": {"get": {"parameters": [
            {"in": "path", "name": "user", "schema": {"type": "string", "pattern": "^u[0-9]{3}$"}},
            {"in": "query", "name": "key", "required": true, "schema": {"type": "string"}},
        ]}}}});
        let operation = &all(&document)[0];
        let thing = Thing {
            below: "/w/",
            name: "id",
            id: "7".to_owned(),
        };
        let path = operation.path(&[thing], &mut Sampler::new(&document));
        assert!(
            path.starts_with("/w/7/m/u") && path.ends_with("?key=sample"),
            "{path}"
        );
    }
}
