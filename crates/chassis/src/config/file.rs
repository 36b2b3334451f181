//! `aplomb.toml`: each value with its line.

use std::path::Path;

use serde_json::{Map, Number, Value};
use toml_edit::{Document, Item, TableLike};

use super::keys::Keys;
use super::load::{Given, Setting};
use super::{Faults, Origin};

/// Largest configuration file or secret file that is read, in bytes. A configuration is some kilobytes; without a
/// bound a wrong path (a log, a device) would fill the memory.
const LIMIT_BYTES: u64 = 1_048_576;

/// Reads a file of at most [`LIMIT_BYTES`] that holds UTF-8; the error is a reason for the operator.
pub(super) fn read_text(path: &Path) -> Result<String, String> {
    use std::io::Read;

    // Checked before opening: opening a named pipe waits for a writer.
    let metadata = std::fs::metadata(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    if !metadata.is_file() {
        return Err(format!("{} is not a file", path.display()));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(LIMIT_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    if bytes.len() as u64 > LIMIT_BYTES {
        return Err(format!(
            "{} is larger than {LIMIT_BYTES} bytes",
            path.display()
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let end = error.utf8_error().valid_up_to();
        let line = 1 + String::from_utf8_lossy(&error.as_bytes()[..end])
            .matches('\n')
            .count();
        format!("{} is not UTF-8 text (line {line})", path.display())
    })
}

/// The settings of a file's text. A key that is neither known nor a table of known keys is one setting of its own,
/// whatever it holds, so that it is reported once.
pub(super) fn settings(path: &Path, text: &str, keys: &Keys, faults: &mut Faults) -> Vec<Setting> {
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start);
            faults.add("", origin(path, text, offset), error.message());
            return Vec::new();
        }
    };
    let mut walk = Walk {
        path,
        text,
        keys,
        settings: Vec::new(),
    };
    walk.table("", document.as_table());
    walk.settings
}

struct Walk<'a> {
    path: &'a Path,
    text: &'a str,
    keys: &'a Keys,
    settings: Vec<Setting>,
}

impl Walk<'_> {
    fn table(&mut self, prefix: &str, table: &dyn TableLike) {
        for (name, item) in table.iter() {
            let path = if prefix.is_empty() {
                name.to_owned()
            } else {
                format!("{prefix}.{name}")
            };
            match item.as_table_like() {
                Some(table) if self.keys.is_table(&path) => self.table(&path, table),
                _ => {
                    let span = table
                        .key(name)
                        .and_then(toml_edit::Key::span)
                        .or_else(|| item.span());
                    let origin = origin(self.path, self.text, span.map_or(0, |span| span.start));
                    self.settings.push(Setting {
                        path,
                        given: Given::Value(json(item)),
                        origin,
                    });
                }
            }
        }
    }
}

fn origin(path: &Path, text: &str, offset: usize) -> Origin {
    let before = text.get(..offset).unwrap_or(text);
    let line = 1 + before.matches('\n').count();
    Origin::File {
        path: path.display().to_string(),
        line,
    }
}

/// The value as JSON. Depth is bounded by the parser (80 levels).
fn json(item: &Item) -> Value {
    match item {
        Item::None => Value::Null,
        Item::Value(value) => json_value(value),
        Item::Table(table) => json_table(table),
        Item::ArrayOfTables(tables) => tables.iter().map(|table| json_table(table)).collect(),
    }
}

fn json_value(value: &toml_edit::Value) -> Value {
    match value {
        toml_edit::Value::String(text) => Value::String(text.value().clone()),
        toml_edit::Value::Integer(integer) => Value::from(*integer.value()),
        // `nan` and `inf` are not JSON; as texts they are refused where a number is asked for.
        toml_edit::Value::Float(float) => Number::from_f64(*float.value())
            .map_or_else(|| Value::String(float.value().to_string()), Value::Number),
        toml_edit::Value::Boolean(boolean) => Value::Bool(*boolean.value()),
        toml_edit::Value::Datetime(datetime) => Value::String(datetime.value().to_string()),
        toml_edit::Value::Array(array) => array.iter().map(json_value).collect(),
        toml_edit::Value::InlineTable(table) => json_table(table),
    }
}

fn json_table(table: &dyn TableLike) -> Value {
    Value::Object(
        table
            .iter()
            .map(|(name, item)| (name.to_owned(), json(item)))
            .collect::<Map<_, _>>(),
    )
}
