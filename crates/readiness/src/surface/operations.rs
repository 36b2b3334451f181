//! What an OpenAPI document says of its operations, as far as probes need it.

use chassis::check::Method;
use serde_json::Value;

/// One operation.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) method: Method,
    /// Its template: `/files/{name}`.
    pub(super) path: String,
    pub(super) parameters: Vec<Parameter>,
    /// Top-level text fields of a JSON body.
    pub(super) fields: Vec<String>,
    /// Whether it takes a JSON body.
    pub(super) takes_json: bool,
    /// Whether it asks for credentials.
    pub(super) is_closed: bool,
    /// Whether its answer is a stream of events.
    pub(super) is_stream: bool,
}

/// A parameter of the path or of the query.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) is_path: bool,
    pub(super) is_required: bool,
    pub(super) is_text: bool,
    /// A value that the document allows.
    pub(super) sample: String,
}

impl Operation {
    /// Its address with allowed values, but for one parameter, whose value is put in as it is: encoded already.
    pub(super) fn address(&self, odd: Option<(&str, &str)>) -> String {
        let mut path = self.path.clone();
        let mut query = Vec::new();
        for parameter in &self.parameters {
            let name = parameter.name.as_str();
            let given = odd.filter(|(odd, _)| *odd == name).map(|(_, value)| value);
            if parameter.is_path {
                let value = given.unwrap_or(&parameter.sample);
                path = path.replace(&format!("{{{name}}}"), value);
            } else if let Some(value) = given {
                query.push(format!("{name}={value}"));
            } else if parameter.is_required {
                query.push(format!("{name}={}", encoded(&parameter.sample)));
            }
        }
        if query.is_empty() {
            path
        } else {
            format!("{path}?{}", query.join("&"))
        }
    }

    /// Whether it can be asked for without any value.
    pub(super) fn is_plain(&self) -> bool {
        self.method == Method::GET
            && !self.is_stream
            && !self.parameters.iter().any(|own| own.is_required)
    }
}

/// All operations, in the order of the document.
pub(super) fn all(document: &Value) -> Vec<Operation> {
    let mut all = Vec::new();
    let paths = document["paths"].as_object();
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let upper = method.to_uppercase();
            let Some(method) = known(&upper) else {
                continue;
            };
            all.push(read(document, path, method, item, operation));
        }
    }
    all
}

/// Percent-encodes everything but letters and digits.
pub(super) fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a string takes all");
        }
    }
    out
}

fn known(method: &str) -> Option<Method> {
    [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ]
    .into_iter()
    .find(|own| own.as_str() == method)
}

fn read(
    document: &Value,
    path: &str,
    method: Method,
    item: &Value,
    operation: &Value,
) -> Operation {
    let listed = [item, operation];
    let parameters = listed
        .iter()
        .filter_map(|place| place["parameters"].as_array())
        .flatten()
        .filter_map(|parameter| parameter_of(document, parameter))
        .collect();
    let json = &operation["requestBody"]["content"]["application/json"];
    let schema = resolved(document, &json["schema"]);
    let fields = schema["properties"].as_object();
    let fields = fields
        .into_iter()
        .flatten()
        .filter(|(_, field)| is_text(resolved(document, field)))
        .map(|(name, _)| name.clone())
        .collect();
    let security = operation
        .get("security")
        .or_else(|| document.get("security"));
    let needs = security.and_then(Value::as_array);
    let is_closed = needs.is_some_and(|needs| {
        let is_nothing = |need: &Value| need.as_object().is_none_or(serde_json::Map::is_empty);
        !needs.is_empty() && !needs.iter().any(is_nothing)
    });
    let answers = operation["responses"].as_object();
    let is_stream = answers.into_iter().flatten().any(|(_, answer)| {
        resolved(document, answer)["content"]
            .get("text/event-stream")
            .is_some()
    });
    Operation {
        method,
        path: path.to_owned(),
        parameters,
        fields,
        takes_json: !json.is_null(),
        is_closed,
        is_stream,
    }
}

fn parameter_of(document: &Value, parameter: &Value) -> Option<Parameter> {
    let parameter = resolved(document, parameter);
    let is_path = match parameter["in"].as_str()? {
        "path" => true,
        "query" => false,
        _ => return None,
    };
    let schema = resolved(document, &parameter["schema"]);
    Some(Parameter {
        name: parameter["name"].as_str()?.to_owned(),
        is_path,
        is_required: is_path || parameter["required"].as_bool().unwrap_or(false),
        is_text: is_text(schema),
        sample: sample(parameter, schema),
    })
}

fn sample(parameter: &Value, schema: &Value) -> String {
    let given = [
        &parameter["example"],
        &schema["example"],
        &schema["examples"][0],
        &schema["default"],
        &schema["enum"][0],
    ];
    if let Some(given) = given.into_iter().find(|value| !value.is_null()) {
        return given
            .as_str()
            .map_or_else(|| given.to_string(), str::to_owned);
    }
    if is_text(schema) {
        match schema["format"].as_str() {
            Some("uuid") => "00000000-0000-4000-8000-000000000001",
            Some("date") => "2026-01-01",
            Some("date-time") => "2026-01-01T00:00:00Z",
            _ => "a",
        }
        .to_owned()
    } else {
        schema["minimum"].as_i64().unwrap_or(1).to_string()
    }
}

fn is_text(schema: &Value) -> bool {
    match &schema["type"] {
        Value::String(one) => one == "string",
        Value::Array(several) => several.iter().any(|one| one == "string"),
        _ => schema.get("enum").is_some(),
    }
}

/// What a reference stands for; two in a row at most.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let mut value = value;
    for _ in 0..2 {
        let Some(name) = value["$ref"].as_str() else {
            break;
        };
        let pointer = name.trim_start_matches('#');
        value = document.pointer(pointer).unwrap_or(&Value::Null);
    }
    value
}
