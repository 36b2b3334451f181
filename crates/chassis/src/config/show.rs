//! The effective configuration, printed.

use serde_json::Value;

use super::keys::{Key, Keys, Secrecy};
use super::secret::MASK;
use super::{DatabaseUrl, Origin, Values};

/// TOML that can be read back, but for the secrets.
pub(super) fn show(keys: &Keys, values: &Values) -> String {
    let mut lines = String::new();
    let mut table = "";
    for key in keys.iter() {
        let (parent, name) = key.path.rsplit_once('.').unwrap_or(("", key.path.as_str()));
        if parent != table {
            table = parent;
            lines.extend(["\n[", table, "]\n"]);
        }
        let line = match (values.get(&key.path), &key.default) {
            (Some((value, origin)), _) => format!("{name} = {} # {origin}\n", printed(key, value)),
            (None, Some(value)) => {
                format!("{name} = {} # {}\n", printed(key, value), Origin::Default)
            }
            (None, None) => format!("# {name} is not set\n"),
        };
        lines.push_str(&line);
    }
    lines
}

fn printed(key: &Key, value: &Value) -> String {
    toml(&masked(key, value)).to_string()
}

/// The value as far as it may be seen; nothing stays nothing.
pub(super) fn masked(key: &Key, value: &Value) -> Value {
    match (key.secrecy, value) {
        (Secrecy::Open, value) => value.clone(),
        (_, Value::Null) => Value::Null,
        (Secrecy::Url, Value::String(url)) => Value::String(
            DatabaseUrl::try_from(url.clone())
                .map_or_else(|_| MASK.to_owned(), |url| url.to_string()),
        ),
        (Secrecy::Secret | Secrecy::Url, _) => Value::String(MASK.to_owned()),
    }
}

/// The value as TOML on one line.
pub(super) fn toml(value: &Value) -> toml_edit::Value {
    match value {
        Value::Null => toml_edit::Value::from(""),
        Value::Bool(boolean) => toml_edit::Value::from(*boolean),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => toml_edit::Value::from(integer),
            None => toml_edit::Value::from(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => toml_edit::Value::from(text.as_str()),
        Value::Array(items) => toml_edit::Value::Array(items.iter().map(toml).collect()),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| (name.as_str(), toml(value)));
            toml_edit::Value::InlineTable(fields.collect())
        }
    }
}
