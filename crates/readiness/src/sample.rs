//! Valid values of JSON schemas: what an operation of an OpenAPI document takes, made from the document alone.

use serde_json::{Map, Number, Value, json};

mod pattern;

/// Schemas nested deeper than this are cut off: one that names itself has no end.
const DEEPEST: usize = 12;

/// Makes values of a document's schemas. The same document and order give the same values; no two texts of a pattern are alike,
/// so that an id made here names nothing.
pub(crate) struct Sampler<'a> {
    document: &'a Value,
    dice: Dice,
}

impl<'a> Sampler<'a> {
    pub(crate) fn new(document: &'a Value) -> Self {
        Self {
            document,
            dice: Dice(0x9e37_79b9_7f4a_7c15),
        }
    }

    /// A value of a schema: its example where it has one, else the smallest that fits.
    pub(crate) fn value(&mut self, schema: &Value) -> Value {
        self.at(schema, 0)
    }

    /// A value of a parameter or header object, as text. Examples of ids are not taken: they might name something.
    pub(crate) fn parameter(&mut self, parameter: &Value) -> String {
        let own = &parameter["schema"];
        let schema = self.resolved(own);
        let value = if let Some(pattern) = schema["pattern"].as_str() {
            self.of_pattern(pattern).map(Value::String)
        } else {
            parameter.get("example").cloned()
        };
        let value = value.unwrap_or_else(|| self.at(own, 0));
        match value {
            Value::String(text) => text,
            other => other.to_string(),
        }
    }

    /// The schema itself, or the one that it refers to.
    pub(crate) fn resolved<'b>(&self, schema: &'b Value) -> &'b Value
    where
        'a: 'b,
    {
        let mut found = schema;
        for _ in 0..DEEPEST {
            let Some(pointer) = found["$ref"].as_str().and_then(|at| at.strip_prefix('#')) else {
                break;
            };
            match self.document.pointer(pointer) {
                Some(next) => found = next,
                None => break,
            }
        }
        found
    }

    fn at(&mut self, schema: &Value, depth: usize) -> Value {
        if depth > DEEPEST {
            return Value::Null;
        }
        let schema = self.resolved(schema);
        let given = [
            schema.get("const"),
            schema.get("example"),
            schema.pointer("/examples/0"),
            schema.pointer("/enum/0"),
        ];
        if let Some(given) = given.into_iter().flatten().next() {
            return given.clone();
        }
        for choice in ["oneOf", "anyOf"] {
            if let Some(branches) = schema[choice].as_array() {
                let wanted = branches.iter().find(|one| one["type"] != "null");
                return wanted.map_or(Value::Null, |one| self.at(one, depth + 1));
            }
        }
        if let Some(parts) = schema["allOf"].as_array() {
            return self.all_of(parts, depth);
        }
        match kind(schema) {
            "object" => self.object(schema, depth),
            "array" => {
                let least = schema["minItems"].as_u64().unwrap_or(0);
                let items = (0..least).map(|_| self.at(&schema["items"], depth + 1));
                items.collect()
            }
            "integer" => json!(smallest(schema).ceil() as i64),
            "number" => Number::from_f64(smallest(schema)).map_or(Value::Null, Value::Number),
            "boolean" => Value::Bool(false),
            "string" => Value::String(self.text(schema)),
            _ => Value::Null,
        }
    }

    /// Objects merged; of anything else the first.
    fn all_of(&mut self, parts: &[Value], depth: usize) -> Value {
        let mut merged = Map::new();
        for part in parts {
            match self.at(part, depth + 1) {
                Value::Object(fields) => merged.extend(fields),
                other => return other,
            }
        }
        Value::Object(merged)
    }

    fn object(&mut self, schema: &Value, depth: usize) -> Value {
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let names = required.iter().filter_map(Value::as_str);
        let fields = names.map(|name| {
            let value = self.at(&schema["properties"][name], depth + 1);
            (name.to_owned(), value)
        });
        Value::Object(fields.collect())
    }

    fn text(&mut self, schema: &Value) -> String {
        let made = schema["pattern"]
            .as_str()
            .and_then(|it| self.of_pattern(it));
        if let Some(made) = made {
            return made;
        }
        let word = match schema["format"].as_str().unwrap_or_default() {
            "date-time" => "2026-01-31T00:00:00Z",
            "date" => "2026-01-31",
            "email" => "sample@prove.example",
            "uri" | "url" => "https://prove.example/",
            "uuid" => "0f8fad5b-d9cb-469f-a165-70867728950e",
            "ipv4" => "192.0.2.1",
            _ => "sample",
        };
        let least = schema["minLength"].as_u64().unwrap_or(0) as usize;
        let most = schema["maxLength"].as_u64().unwrap_or(u64::MAX) as usize;
        let padding = std::iter::repeat_n('x', least.saturating_sub(word.len()));
        word.chars().chain(padding).take(most).collect()
    }

    fn of_pattern(&mut self, pattern: &str) -> Option<String> {
        pattern::sample(pattern, &mut || self.dice.roll())
    }
}

/// The type; of several the first that is not null; without any what the keywords tell.
fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(name) => name,
        Value::Array(names) => {
            let mut names = names.iter().filter_map(Value::as_str);
            names.find(|name| *name != "null").unwrap_or("null")
        }
        _ if schema.get("properties").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        _ => "string",
    }
}

fn smallest(schema: &Value) -> f64 {
    let above = schema["exclusiveMinimum"].as_f64().map(|it| it + 1.0);
    let least = schema["minimum"].as_f64().or(above);
    let step = schema["multipleOf"].as_f64().unwrap_or(0.0);
    let most = schema["maximum"].as_f64().unwrap_or(f64::MAX);
    let wanted = least.unwrap_or(1.0_f64.min(most));
    if step > 0.0 {
        (wanted / step).ceil() * step
    } else {
        wanted
    }
}

/// Numbers without order, the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_has_what_is_required_of_it() {
        let document = json!({"components": {"schemas": {
            "Role": {"type": "string", "enum": ["owner", "viewer"]},
            "Id": {"type": "string", "pattern": "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"},
            "Invite": {"type": "object", "required": ["email", "role", "id", "days", "word", "tags", "seed"], "properties": {
                "email": {"type": "string", "example": "zoe@example.org"},
                "role": {"$ref": "#/components/schemas/Role", "description": "beside the reference"},
                "id": {"$ref": "#/components/schemas/Id"},
                "days": {"type": ["integer", "null"], "minimum": 3, "maximum": 9},
                "word": {"type": "string", "minLength": 10, "maxLength": 12},
                "tags": {"type": "array", "minItems": 1, "items": {"type": "boolean"}},
                "seed": {"oneOf": [{"type": "null"}, {"type": "number", "minimum": 0.5}]},
                "left_out": {"type": "string"},
            }},
        }}});
        let mut sampler = Sampler::new(&document);
        let schema = json!({"$ref": "#/components/schemas/Invite"});
        let first = sampler.value(&schema);
        assert_eq!(first["email"], "zoe@example.org");
        assert_eq!(first["role"], "owner");
        assert_eq!(first["days"], 3);
        assert_eq!(first["word"], "samplexxxx");
        assert_eq!(first["tags"], json!([false]));
        assert_eq!(first["seed"], 0.5);
        assert!(first.get("left_out").is_none());
        assert_eq!(first["id"].as_str().unwrap().len(), 26);
        assert_ne!(first["id"], sampler.value(&schema)["id"], "ids are fresh");
    }

    #[test]
    fn a_schema_that_names_itself_ends() {
        let document = json!({"components": {"schemas": {"Tree": {"type": "object", "required": ["below"],
            "properties": {"below": {"$ref": "#/components/schemas/Tree"}}}}}});
        let value = Sampler::new(&document).value(&json!({"$ref": "#/components/schemas/Tree"}));
        assert!(value["below"]["below"].is_object());
    }

    #[test]
    fn an_id_in_an_address_is_made_and_not_taken_from_an_example() {
        let document = json!({});
        let parameter = json!({"example": "01KAH8W7Q2M4ZB6T9X3F5R0VCD", "schema": {"type": "string",
            "examples": ["01KAH8W7Q2M4ZB6T9X3F5R0VCD"], "pattern": "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"}});
        let made = Sampler::new(&document).parameter(&parameter);
        assert_ne!(made, "01KAH8W7Q2M4ZB6T9X3F5R0VCD");
        assert_eq!(made.len(), 26);
    }
}
