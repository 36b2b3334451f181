//! Values that arrive as text: the environment and the command line.

use serde_json::Value;

use super::keys::{FILE_SUFFIX, Key, Keys, Kind, variable};
use super::load::{Given, Override, Setting};
use super::near::nearest;
use super::{Faults, Origin};

const PREFIX: &str = "APLOMB_";

/// Variables with our prefix that are not settings: the place of the file itself, and what tests are told.
fn is_setting(name: &str) -> bool {
    name.starts_with(PREFIX) && name != "APLOMB_CONFIG" && !name.starts_with("APLOMB_TEST_")
}

/// The settings of the environment. An empty variable counts as not set: that is what `${NAME:-}` in a Compose file
/// leaves behind.
pub(super) fn variables(
    environment: &[(String, String)],
    keys: &Keys,
    faults: &mut Faults,
) -> Vec<Setting> {
    let mut settings = Vec::new();
    for (name, text) in environment {
        if !is_setting(name) || text.is_empty() {
            continue;
        }
        let origin = Origin::Environment(name.clone());
        let path = keys
            .iter()
            .find_map(|key| match name.strip_prefix(key.variable.as_str()) {
                Some("") => Some(key.path.clone()),
                Some("_FILE") if key.is_secret() => Some(format!("{}{FILE_SUFFIX}", key.path)),
                _ => None,
            });
        let Some(path) = path else {
            let near = nearest(name, keys.iter().map(|key| key.variable.as_str()));
            let hint = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
            faults.add("", origin, format!("no setting has this name{hint}"));
            continue;
        };
        settings.push(Setting {
            path,
            given: Given::Text(text.clone()),
            origin,
        });
    }
    settings
}

/// The settings of the command line.
pub(super) fn flags(flags: &[Override]) -> Vec<Setting> {
    flags
        .iter()
        .map(|flag| Setting {
            path: flag.key.clone(),
            given: Given::Text(flag.value.clone()),
            origin: Origin::Flag(flag.flag.clone()),
        })
        .collect()
}

/// The text as the kind of value that the key holds; the error is a reason that does not repeat a secret.
pub(super) fn value(key: &Key, text: &str) -> Result<Value, String> {
    let wrong = |wanted: &str| {
        if key.is_secret() {
            format!("is not {wanted}")
        } else {
            format!("`{}` is not {wanted}", short(text))
        }
    };
    match key.kind {
        Kind::Text => Ok(Value::String(text.to_owned())),
        Kind::Integer => text
            .trim()
            .parse::<i64>()
            .map(Value::from)
            .map_err(|_| wrong("a whole number")),
        Kind::Number => {
            let number = text
                .trim()
                .parse::<f64>()
                .ok()
                .and_then(serde_json::Number::from_f64);
            number.map(Value::Number).ok_or_else(|| wrong("a number"))
        }
        Kind::Boolean => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Ok(Value::Bool(true)),
            "false" | "0" | "no" | "off" => Ok(Value::Bool(false)),
            _ => Err(wrong("true or false")),
        },
        Kind::List if text.trim_start().starts_with('[') => {
            serde_json::from_str(text).map_err(|_| wrong("a JSON array"))
        }
        Kind::List => {
            let items = text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty());
            Ok(items.map(|item| Value::String(item.to_owned())).collect())
        }
        Kind::Other => serde_json::from_str(text).map_err(|_| wrong("JSON")),
    }
}

/// Refuses a typed value of another kind than the key holds, in the operator's words and without repeating a secret.
pub(super) fn refuse_other_kind(key: &Key, value: &Value) -> Result<(), String> {
    let (fits, wanted) = match key.kind {
        Kind::Text => (value.is_string(), "a text"),
        Kind::Integer => (value.is_i64() || value.is_u64(), "a whole number"),
        Kind::Number => (value.is_number(), "a number"),
        Kind::Boolean => (value.is_boolean(), "true or false"),
        Kind::List => (value.is_array(), "a list"),
        Kind::Other => (true, ""),
    };
    if fits {
        return Ok(());
    }
    if key.is_secret() {
        return Err(format!("must be {wanted}"));
    }
    let given = short(&value.to_string());
    Err(format!("must be {wanted}, not {given}"))
}

/// A text short enough to print in a fault.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A hint for an unknown key of the file or the command line.
pub(super) fn hint(path: &str, keys: &Keys) -> String {
    let sections: std::collections::BTreeSet<&str> = keys
        .iter()
        .map(super::keys::Key::section)
        .filter(|section| !section.is_empty())
        .collect();
    let is_table = !path.contains('.');
    let candidates = keys
        .iter()
        .map(|key| key.path.as_str())
        .chain(sections.iter().copied().filter(|_| is_table));
    if let Some(near) = nearest(path, candidates) {
        return format!("; did you mean `{near}`?");
    }
    // The right name in the wrong section.
    let name = path.rsplit('.').next().unwrap_or(path);
    match keys.iter().find(|key| key.name() == name) {
        Some(key) => format!("; did you mean `{}`?", key.path),
        None => String::new(),
    }
}

/// The variable that would set `path`, for messages.
pub(super) fn variable_of(path: &str) -> String {
    variable(path)
}
