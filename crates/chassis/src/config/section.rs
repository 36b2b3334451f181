//! A section of the configuration, declared by the type that holds it.

use std::any::Any;
use std::sync::Arc;

use garde::Validate;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A section: its name, its shape, its defaults and its check, all taken from one type.
#[derive(Clone)]
pub struct Section {
    pub(super) name: &'static str,
    pub(super) schema: Value,
    pub(super) defaults: Value,
    /// Whether the values have the types that the fields ask for.
    pub(super) parse: fn(&Value) -> Result<(), String>,
    pub(super) check: fn(&Value) -> (Option<Checked>, Vec<SectionFault>),
}

/// A checked section as its own type.
pub(super) type Checked = Arc<dyn Any + Send + Sync>;

/// What is wrong inside a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionFault {
    /// The key inside the section, dotted; empty for the section as a whole.
    pub path: String,
    /// What is wrong.
    pub reason: String,
}

impl Section {
    /// Declares `[name]` to hold a `T`.
    ///
    /// `T` and the structs inside it need `#[serde(default, deny_unknown_fields)]`: each given value is first parsed
    /// alone, so that all faults are found at once, and that needs a default for everything else. Fields that are
    /// [`Secret`](super::Secret) are masked when shown and may be read from a file.
    pub fn of<T>(name: &'static str) -> Self
    where
        T: Default
            + Serialize
            + DeserializeOwned
            + JsonSchema
            + Validate<Context = ()>
            + Any
            + Send
            + Sync,
    {
        let settings =
            SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
        Self {
            name,
            schema: settings
                .into_generator()
                .into_root_schema_for::<T>()
                .to_value(),
            defaults: serde_json::to_value(T::default()).unwrap_or_default(),
            parse: |value| match T::deserialize(value) {
                Ok(_) => Ok(()),
                Err(error) => Err(error.to_string()),
            },
            check: check::<T>,
        }
    }
}

/// The section as its type, also where a value is out of range, and everything that is.
fn check<T>(value: &Value) -> (Option<Checked>, Vec<SectionFault>)
where
    T: DeserializeOwned + Validate<Context = ()> + Any + Send + Sync,
{
    let section = match T::deserialize(value) {
        Ok(section) => section,
        Err(error) => {
            let fault = SectionFault {
                path: String::new(),
                reason: error.to_string(),
            };
            return (None, vec![fault]);
        }
    };
    let report = section.validate().err();
    let faults = report.iter().flat_map(garde::Report::iter);
    let faults = faults.map(|(path, error)| SectionFault {
        path: path.to_string(),
        reason: error.to_string(),
    });
    let faults = faults.collect();
    (Some(Arc::new(section)), faults)
}
