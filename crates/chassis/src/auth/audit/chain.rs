//! The canonical text of an entry, and its hash.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::tables::audit;
use crate::data::DataError;
use crate::id::blake3_hex;

/// One entry as it is hashed, listed and exported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Link {
    /// What was done: `room.verb`.
    #[schema(example = "key.create")]
    pub action: String,
    /// Who did it: `user:…`, `key:…`, `system` or `console:…`.
    #[schema(example = "console:cli")]
    pub actor: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// More about it.
    pub detail: Value,
    /// Its id.
    pub id: String,
    /// Its number in the workspace's chain, from 1, without a gap.
    #[schema(minimum = 1)]
    pub seq: i64,
    /// To what: `kind:id`.
    #[schema(example = "key:01KAH8W7Q2M4ZB6T9X3F5R0VCD")]
    pub subject: String,
    /// Whose chain it is in.
    pub workspace: String,
}

/// An entry with its hash and that of the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Chained {
    /// The entry.
    #[serde(flatten)]
    pub link: Link,
    /// The hash of the entry before; of the first, that of the chain's name.
    pub previous: String,
    /// BLAKE3 over `previous` and the canonical JSON of the entry without its two hashes, in hexadecimal.
    pub hash: String,
}

impl Link {
    /// Its hash after an entry with the hash `previous`.
    pub(super) fn hash(&self, previous: &str) -> String {
        let value = serde_json::to_value(self).expect("an entry is plain data");
        blake3_hex(format!("{previous}{}", canonical(&value)).as_bytes())
    }
}

impl Chained {
    /// From a row; a detail that is no JSON was not written by us.
    pub(super) fn of(row: audit::Model) -> Result<Self, DataError> {
        let detail = serde_json::from_str(&row.detail);
        let link = Link {
            action: row.action,
            actor: row.actor,
            at: row.at,
            detail: detail.map_err(|_| DataError::Malformed {
                column: "audit.detail",
            })?,
            id: row.id,
            seq: row.seq,
            subject: row.subject,
            workspace: row.workspace_id,
        };
        Ok(Self {
            link,
            previous: row.previous_hash,
            hash: row.hash,
        })
    }
}

/// What the first entry of a chain holds as the hash before it.
pub(super) fn genesis(workspace: &str) -> String {
    blake3_hex(format!("aplomb audit {workspace}").as_bytes())
}

/// JSON without spaces, the names of each object in the order of their bytes: one text for one value.
pub(super) fn canonical(value: &Value) -> String {
    sorted(value).to_string()
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut names: Vec<_> = map.iter().collect();
            names.sort_unstable_by_key(|(name, _)| name.as_bytes());
            Value::Object(
                names
                    .into_iter()
                    .map(|(name, value)| (name.clone(), sorted(value)))
                    .collect(),
            )
        }
        Value::Array(values) => Value::Array(values.iter().map(sorted).collect()),
        value => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_one_text() {
        let one: Value =
            serde_json::from_str(r#"{"b": [1, {"z": null, "é": 1, "a": "\u00e9"}], "a": 1.50}"#)
                .unwrap();
        let other: Value =
            serde_json::from_str(r#"{"a":1.5,"b":[1,{"a":"é","é":1,"z":null}]}"#).unwrap();
        assert_eq!(
            canonical(&one),
            r#"{"a":1.5,"b":[1,{"a":"é","z":null,"é":1}]}"#
        );
        assert_eq!(canonical(&one), canonical(&other));
    }

    /// The recipe of docs/operate/audit.md, by hand: a change here breaks every chain that is kept.
    #[test]
    fn the_hash_of_an_entry_is_the_documented_one() {
        let link = Link {
            action: "key.create".into(),
            actor: "console:cli".into(),
            at: "2026-11-20T15:44:05.123Z".into(),
            detail: serde_json::json!({"scopes": "luna:write", "name": "ci"}),
            id: "01KAH8W7Q2M4ZB6T9X3F5R0VCD".into(),
            seq: 1,
            subject: "key:01KAH8W7Q2M4ZB6T9X3F5R0VCE".into(),
            workspace: "00000000000000000000000000".into(),
        };
        let text = r#"{"action":"key.create","actor":"console:cli","at":"2026-11-20T15:44:05.123Z","detail":{"name":"ci","scopes":"luna:write"},"id":"01KAH8W7Q2M4ZB6T9X3F5R0VCD","seq":1,"subject":"key:01KAH8W7Q2M4ZB6T9X3F5R0VCE","workspace":"00000000000000000000000000"}"#;
        assert_eq!(link.hash("ab"), blake3_hex(format!("ab{text}").as_bytes()));
    }
}
