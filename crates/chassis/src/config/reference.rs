//! The same structs as JSON Schema and as a page for operators.

use serde_json::{Map, Value, json};

use super::keys::{FILE_SUFFIX, Key, Keys};
use super::load::core_sections;
use super::{Section, show};

/// JSON Schema (draft 2020-12) of the configuration file, with descriptions and defaults; each secret may also be
/// given as `<key>_file`.
pub fn schema(sections: &[Section]) -> Value {
    let mut properties = Map::new();
    for mut section in core_sections().into_iter().chain(sections.iter().cloned()) {
        complete(&mut section.schema, &section.defaults);
        if section.name.is_empty() {
            if let Some(Value::Object(root)) = section.schema.get_mut("properties").map(Value::take)
            {
                properties.extend(root);
            }
        } else {
            if let Some(fields) = section.schema.as_object_mut() {
                fields.remove("$schema");
            }
            properties.insert(section.name.to_owned(), section.schema);
        }
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "aplomb.toml",
        "description": "Configuration of the server. Every value can also be given by environment: APLOMB_ and the key in capitals, sections joined by two underscores.",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    })
}

/// Adds each default that the schema lacks, and `<key>_file` beside each secret.
fn complete(schema: &mut Value, defaults: &Value) {
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    let mut files = Vec::new();
    for (name, property) in properties.iter_mut() {
        let default = defaults.get(name).unwrap_or(&Value::Null);
        complete(property, default);
        let is_secret = property.get("writeOnly") == Some(&Value::Bool(true))
            || property
                .get("anyOf")
                .and_then(Value::as_array)
                .is_some_and(|any| {
                    any.iter()
                        .any(|schema| schema.get("writeOnly") == Some(&Value::Bool(true)))
                });
        if is_secret {
            files.push(name.clone());
        }
        if let Some(fields) = property.as_object_mut()
            && !default.is_null()
            && !fields.contains_key("properties")
        {
            fields.insert("default".to_owned(), default.clone());
        }
    }
    for name in files {
        let about = format!("Path of a file that holds `{name}`.");
        properties.insert(
            format!("{name}{FILE_SUFFIX}"),
            json!({ "type": "string", "description": about }),
        );
    }
}

/// The reference page of all keys, in Markdown.
pub fn reference(sections: &[Section]) -> String {
    let sections: Vec<Section> = core_sections()
        .into_iter()
        .chain(sections.iter().cloned())
        .collect();
    let keys = Keys::of(&sections);
    let mut page = String::from(INTRODUCTION);
    for section in &sections {
        let title = if section.name.is_empty() {
            "Outside every section".to_owned()
        } else {
            format!("`[{}]`", section.name)
        };
        page.extend(["\n## ", &title, "\n\n"]);
        if let Some(about) = section.schema.get("description").and_then(Value::as_str) {
            page.extend([one_line(about).as_str(), "\n\n"]);
        }
        page.push_str("| Key | Default | Range | Meaning |\n|---|---|---|---|\n");
        for key in keys.iter().filter(|key| key.section() == section.name) {
            page.push_str(&row(key));
        }
    }
    page
}

const INTRODUCTION: &str = "\
# Configuration

Generated from the structs that read it; `UPDATE=1 cargo test -p chassis --test it config` rewrites it.

A later source wins: default, `aplomb.toml`, environment, command line. The variable of a key is `APLOMB_` and the key in
capitals, sections joined by two underscores: `http.listen` is `APLOMB_HTTP__LISTEN`. Lists are separated by commas there.
An empty variable counts as not set.

Keys marked *secret* are never printed. Each can be read from a file instead, by the same name with `_file` behind it:
`data.url_file = \"/run/secrets/database\"` or `APLOMB_DATA__URL_FILE=/run/secrets/database`.

Unknown keys and variables are refused. `profile = \"production\"` also refuses weak settings: `*` among the origins,
listening beyond loopback without a trusted proxy, a proxy range of every address, a limit of 0, a `public_url` without
https, no or a guessable metrics token where others can reach the server, and a database password that is guessed first.
";

fn row(key: &Key) -> String {
    let about = key
        .schema
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let secret = if key.is_secret() { " *Secret.*" } else { "" };
    let default = key.default.as_ref().map_or_else(
        || "not set".to_owned(),
        |value| format!("`{}`", show::toml(value)),
    );
    format!(
        "| `{}` | {default} | {} | {}{secret} |\n",
        key.path,
        allowed(key),
        cell(about)
    )
}

/// What the schema allows, in a few words.
pub(super) fn allowed(key: &Key) -> String {
    let choices: Vec<String> = choices(&key.schema)
        .map(|choice| format!("`{choice}`"))
        .collect();
    if !choices.is_empty() {
        return choices.join(", ");
    }
    key.range()
}

fn choices(schema: &Value) -> impl Iterator<Item = &str> {
    let listed = schema
        .get("enum")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let described = schema
        .get("oneOf")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    listed
        .chain(described.filter_map(|choice| choice.get("const")))
        .filter_map(Value::as_str)
}

pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn cell(text: &str) -> String {
    one_line(text).replace('|', "\\|")
}
