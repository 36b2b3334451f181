//! Configuration: `aplomb.toml`, the environment and the command line, read once into typed structs.
//!
//! A later source wins: defaults, file, environment (`APLOMB_HTTP__LISTEN`), command line. Whatever is wrong is
//! reported together, each fault with its key and the place it was written.
//!
//! - one struct per concern: [`Root`], [`Http`], [`Data`], [`Limits`], [`Redis`], [`Events`], [`Auth`], [`Jobs`], [`Notify`], [`Objects`],
//!   [`Telemetry`], and a [`Section`] per service
//! - [`load`] reads, checks and refuses; [`Config::show`] prints what is in force and where each value came from, and
//!   [`Config::settings`] gives it as data
//! - [`schema`] and [`reference()`] render the same structs as JSON Schema and as a page
//!
//! Keys are found by walking the JSON Schema of the structs, so a field added to a struct is at once known to the
//! file, the environment, the command line, the schema and the page.

mod address;
mod auth;
mod data;
mod environment;
mod events;
mod fault;
mod file;
mod http;
mod jobs;
mod keys;
mod limits;
mod load;
pub(crate) mod near;
mod notify;
mod objects;
mod plans;
mod redis;
mod reference;
mod rules;
mod secret;
mod section;
mod settings;
mod show;
mod telemetry;

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use address::{AllowedOrigin, Network, PublicUrl};
pub use auth::Auth;
pub use data::{Data, DatabaseUrl};
pub use events::Events;
pub use fault::{Fault, Faults, Origin};
pub use http::{Http, ProxyHeader};
pub use jobs::Jobs;
pub use limits::{Limits, RouteLimit};
pub use load::{ConfigFile, Override, Sources, load};
pub use near::nearest;
pub use notify::{MailTls, Notify, Smtp, Telegram};
pub use objects::{ObjectStore, Objects};
pub use plans::Plan;
pub use redis::Redis;
pub use reference::{reference, schema};
pub use secret::Secret;
pub use section::{Section, SectionFault};
pub use settings::{SectionView, SettingView, WarningView};
pub use telemetry::{LogFilter, LogFormat, Telemetry};

use keys::Keys;

/// What the deployment is for. Production refuses weak settings, staging warns about them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// A developer's machine: everything is allowed.
    #[default]
    Development,
    /// Like production, but weak settings are only warned about.
    Staging,
    /// Weak settings are refused at start.
    Production,
}

/// The keys that stand outside every section.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct Root {
    /// What the deployment is for: production refuses weak settings, staging warns about them.
    #[garde(skip)]
    pub profile: Profile,
    /// The services to run, by name; empty runs all of them.
    #[garde(length(max = 64))]
    pub services: Vec<String>,
    /// Plans by name, each a table `[plans.<name>]` with `requests_per_hour`, `storage_bytes`, `jobs_waiting`, `members` and
    /// `keys`; what one leaves out is as in the built-in plan `standard`, which `[plans.standard]` changes.
    #[garde(length(max = 64), dive)]
    pub plans: BTreeMap<String, Plan>,
}

/// The checked configuration.
#[derive(Clone)]
pub struct Config {
    /// Profile.
    pub profile: Profile,
    /// The services to run, by name; empty means all.
    pub services: Vec<String>,
    /// Plans of workspaces, by name.
    pub plans: BTreeMap<String, Plan>,
    /// Listening, limits of one request, proxies.
    pub http: Http,
    /// Where the data lives.
    pub data: Data,
    /// Requests allowed per client.
    pub limits: Limits,
    /// Signing in.
    pub auth: Auth,
    /// Work in the background.
    pub jobs: Jobs,
    /// Mails, webhooks, chats.
    pub notify: Notify,
    /// What several instances share.
    pub redis: Redis,
    /// Live streams.
    pub events: Events,
    /// Files.
    pub objects: Objects,
    /// Logs and metrics.
    pub telemetry: Telemetry,
    sections: BTreeMap<&'static str, Arc<dyn Any + Send + Sync>>,
    values: Values,
    keys: Keys,
    /// What each section is about, in order.
    abouts: Vec<(&'static str, String)>,
    warnings: Faults,
}

/// What was set, by dotted key: the value as given and where it was given.
type Values = BTreeMap<String, (Value, Origin)>;

impl Config {
    /// The section of a service as the type it was declared with by [`Section::of`]; `None` for an undeclared name or
    /// another type.
    pub fn section<T: Any>(&self, name: &str) -> Option<&T> {
        self.sections.get(name)?.downcast_ref()
    }

    /// The effective configuration as TOML, secrets masked, each value followed by a comment naming where it came from.
    pub fn show(&self) -> String {
        show::show(&self.keys, &self.values)
    }

    /// Weak settings that this profile tolerates but production would refuse (staging only; empty elsewhere).
    pub fn warnings(&self) -> &Faults {
        &self.warnings
    }
}

/// Prints what [`Config::show`] prints: secrets stay masked in logs.
impl fmt::Debug for Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.show())
    }
}
