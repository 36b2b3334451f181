//! The configuration in force as data, for a page that shows it.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::keys::{Key, Secrecy};
use super::reference::{allowed, one_line};
use super::show::masked;
use super::{Config, Origin};

/// A section with its settings.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = ConfigSection)]
pub struct SectionView {
    /// Its name; empty for the keys outside every section.
    #[schema(example = "limits")]
    pub name: String,
    /// What it is about.
    pub about: String,
    /// Its settings, in the order of the reference page.
    pub settings: Vec<SettingView>,
}

/// A setting: what is in force, and who said so.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = ConfigSetting)]
pub struct SettingView {
    /// Its key, sections joined by dots.
    #[schema(example = "limits.anonymous_per_minute")]
    pub key: String,
    /// What is in force; null where nothing is set, `***` in place of a secret, and of an address its password alone.
    pub value: Value,
    /// What is in force where nobody sets it; null where that is nothing.
    pub default: Value,
    /// Who set it: `default`, `file`, `environment` or `flag`.
    #[schema(pattern = "^(default|file|environment|flag)$")]
    pub origin: &'static str,
    /// Where: the file and its line, the variable, or the flag; null for a default.
    #[schema(example = "aplomb.toml:12")]
    pub place: Option<String>,
    /// The variable of the environment that sets it.
    pub variable: String,
    /// Whether its value is never shown.
    pub secret: bool,
    /// What may be given, in a few words; empty where there is no bound.
    pub allowed: String,
    /// What it does.
    pub about: String,
}

/// A weak setting that this profile tolerates.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = ConfigWarning)]
pub struct WarningView {
    /// The key.
    pub key: String,
    /// What is weak about it.
    pub text: String,
    /// Where it was set; null for a default.
    pub place: Option<String>,
}

impl Config {
    /// What [`Config::show`] prints, as data: secrets masked.
    pub fn settings(&self) -> Vec<SectionView> {
        let of = |name: &str| {
            let keys = self.keys.iter().filter(|key| key.section() == name);
            keys.map(|key| self.setting(key)).collect()
        };
        let sections = self.abouts.iter();
        sections
            .map(|(name, about)| SectionView {
                name: (*name).to_owned(),
                about: one_line(about),
                settings: of(name),
            })
            .collect()
    }

    /// What production would refuse of it. Nothing on a developer's machine, where all of that is as it should be.
    pub fn warning_list(&self) -> Vec<WarningView> {
        let warnings = self.warnings().iter();
        warnings
            .map(|fault| WarningView {
                key: fault.key.clone(),
                text: fault.reason.clone(),
                place: place(&fault.origin),
            })
            .collect()
    }

    fn setting(&self, key: &Key) -> SettingView {
        let given = self.values.get(&key.path);
        let default = key.default.clone().unwrap_or_default();
        let value = given.map_or(&default, |(value, _)| value);
        let origin = given.map_or(&Origin::Default, |(_, origin)| origin);
        let about = key.schema.get("description").and_then(Value::as_str);
        SettingView {
            key: key.path.clone(),
            value: masked(key, value),
            default: masked(key, &default),
            origin: match origin {
                Origin::Default => "default",
                Origin::File { .. } => "file",
                Origin::Environment(_) => "environment",
                Origin::Flag(_) => "flag",
            },
            place: place(origin),
            variable: key.variable.clone(),
            secret: key.secrecy != Secrecy::Open,
            allowed: allowed(key).replace('`', ""),
            about: one_line(about.unwrap_or_default()),
        }
    }
}

fn place(origin: &Origin) -> Option<String> {
    (*origin != Origin::Default).then(|| origin.to_string())
}
