//! The table of all keys, read off the JSON Schema of the sections.

use serde_json::Value;

use super::Section;
use super::secret::{SECRET_FORMAT, SECRET_URL_FORMAT};

/// What a key ends in when it names the file that holds a secret.
pub(super) const FILE_SUFFIX: &str = "_file";

/// One key.
#[derive(Debug, Clone)]
pub(super) struct Key {
    /// Sections and name joined by dots.
    pub(super) path: String,
    /// The variable that sets it.
    pub(super) variable: String,
    pub(super) kind: Kind,
    pub(super) secrecy: Secrecy,
    pub(super) default: Option<Value>,
    pub(super) schema: Value,
}

/// How a text from the environment or the command line becomes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Number,
    Boolean,
    /// Texts separated by commas, or a JSON array.
    List,
    /// JSON.
    Other,
}

/// What may be printed of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Secrecy {
    Open,
    Secret,
    /// A database address: all but the password.
    Url,
}

impl Key {
    pub(super) fn is_secret(&self) -> bool {
        self.secrecy != Secrecy::Open
    }

    /// The range of numbers in words (`100 to 600000`); empty without bounds.
    pub(super) fn range(&self) -> String {
        match (self.schema.get("minimum"), self.schema.get("maximum")) {
            (Some(minimum), Some(maximum)) => format!("{minimum} to {maximum}"),
            (Some(minimum), None) => format!("at least {minimum}"),
            (None, Some(maximum)) => format!("at most {maximum}"),
            (None, None) => String::new(),
        }
    }

    /// The section that the key belongs to; empty for the keys outside every section.
    pub(super) fn section(&self) -> &str {
        self.path.split_once('.').map_or("", |(section, _)| section)
    }

    /// The name inside its section.
    pub(super) fn name(&self) -> &str {
        self.path
            .split_once('.')
            .map_or(self.path.as_str(), |(_, name)| name)
    }
}

/// All keys, in the order of the structs.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys(Vec<Key>);

impl Keys {
    pub(super) fn of(sections: &[Section]) -> Self {
        let mut keys = Vec::new();
        for section in sections {
            collect(section.name, &section.schema, &section.defaults, &mut keys);
        }
        Self(keys)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Key> {
        self.0.iter()
    }

    pub(super) fn find(&self, path: &str) -> Option<&Key> {
        self.0.iter().find(|key| key.path == path)
    }

    /// The secret that `path` names the file of.
    pub(super) fn find_file(&self, path: &str) -> Option<&Key> {
        self.find(path.strip_suffix(FILE_SUFFIX)?)
            .filter(|key| key.is_secret())
    }

    /// Whether `path` is a table that holds keys.
    pub(super) fn is_table(&self, path: &str) -> bool {
        self.0.iter().any(|key| {
            key.path
                .strip_prefix(path)
                .is_some_and(|rest| rest.starts_with('.'))
        })
    }
}

/// The variable that sets a key.
pub(super) fn variable(path: &str) -> String {
    format!("APLOMB_{}", path.to_uppercase().replace('.', "__"))
}

/// Keys first, then the tables inside: in TOML a key after a table would belong to that table.
fn collect(prefix: &str, schema: &Value, defaults: &Value, keys: &mut Vec<Key>) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return;
    };
    let mut tables = Vec::new();
    for (name, property) in properties {
        let path = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        let default = defaults.get(name).filter(|value| !value.is_null());
        if property.get("properties").is_some() {
            tables.push((path, property, default.unwrap_or(&Value::Null)));
            continue;
        }
        keys.push(Key {
            variable: variable(&path),
            kind: kind(property),
            secrecy: secrecy(property),
            default: default.cloned(),
            schema: property.clone(),
            path,
        });
    }
    for (path, property, default) in tables {
        collect(&path, property, default, keys);
    }
}

/// The schema itself and its alternatives: an optional field or an enumeration is an `anyOf` or `oneOf`.
fn alternatives(schema: &Value) -> impl Iterator<Item = &Value> {
    let nested = ["anyOf", "oneOf", "allOf"]
        .into_iter()
        .filter_map(|word| schema.get(word)?.as_array())
        .flatten();
    std::iter::once(schema).chain(nested)
}

fn kind(schema: &Value) -> Kind {
    alternatives(schema)
        .filter_map(|schema| schema.get("type"))
        .flat_map(|kind| match kind {
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            kind => kind.as_str().into_iter().collect::<Vec<_>>(),
        })
        .find_map(|kind| match kind {
            "string" => Some(Kind::Text),
            "integer" => Some(Kind::Integer),
            "number" => Some(Kind::Number),
            "boolean" => Some(Kind::Boolean),
            "array" => Some(Kind::List),
            _ => None,
        })
        .unwrap_or(Kind::Other)
}

fn secrecy(schema: &Value) -> Secrecy {
    alternatives(schema)
        .filter_map(|schema| schema.get("format")?.as_str())
        .find_map(|format| match format {
            SECRET_FORMAT => Some(Secrecy::Secret),
            SECRET_URL_FORMAT => Some(Secrecy::Url),
            _ => None,
        })
        .unwrap_or(Secrecy::Open)
}
