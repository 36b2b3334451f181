//! `[nightscan]`

use std::collections::BTreeMap;
use std::path::PathBuf;

use chassis::auth::plans::STANDARD;
use chassis::config::Config;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an upload may be, which model listens, how much a plan may ask of it, and how long recordings are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct NightscanConfig {
    /// The file of a model that `aplomb nightscan train` wrote, in place of the one that comes with the program.
    #[garde(skip)]
    pub model: Option<PathBuf>,
    /// Whether stretches with a human voice are silenced before a recording is kept.
    #[garde(skip)]
    pub privacy: bool,
    /// The largest recording that is taken, in bytes.
    #[garde(range(min = 1_024_u64, max = 1_099_511_627_776_u64))]
    pub upload_limit_bytes: u64,
    /// Identifications in a calendar month (UTC) by plan: each recording that is analysed is one. A plan that is not named here
    /// has what `standard` has.
    #[garde(skip)]
    pub identifications: BTreeMap<String, u64>,
    /// Days that recordings and their detections are kept, by plan; 0 keeps them until somebody removes them. A plan that is not
    /// named here has what `standard` has.
    #[garde(skip)]
    pub retention_days: BTreeMap<String, u32>,
    /// Whether a new installation gets a few recordings to look at, made by the program itself.
    #[garde(skip)]
    pub samples: bool,
}

impl NightscanConfig {
    /// The section, or what holds without one.
    pub(crate) fn of(config: &Config) -> Self {
        config
            .section::<Self>(crate::NAME)
            .cloned()
            .unwrap_or_default()
    }

    /// Identifications that a plan may have in a month.
    pub(crate) fn identifications_of(&self, plan: &str) -> u64 {
        let known = &self.identifications;
        let found = known.get(plan).or_else(|| known.get(STANDARD));
        found.copied().unwrap_or(MOST_IDENTIFICATIONS)
    }

    /// Days that a plan keeps recordings; none: until somebody removes them.
    pub(crate) fn retention_of(&self, plan: &str) -> Option<u32> {
        let known = &self.retention_days;
        let found = known.get(plan).or_else(|| known.get(STANDARD));
        found.copied().filter(|days| *days > 0)
    }
}

/// What the largest plan has.
const MOST_IDENTIFICATIONS: u64 = 100_000;

impl Default for NightscanConfig {
    fn default() -> Self {
        let named = |pairs: &[(&str, u64)]| -> BTreeMap<String, u64> {
            let pairs = pairs.iter();
            pairs
                .map(|(name, value)| ((*name).to_owned(), *value))
                .collect()
        };
        let days = named(&[
            ("free", 7),
            ("basic", 30),
            ("premium", 90),
            ("enterprise", 365),
        ]);
        Self {
            model: None,
            privacy: true,
            upload_limit_bytes: 8 * 1024 * 1024 * 1024,
            identifications: named(&[
                ("free", 600),
                ("basic", 600),
                ("premium", 3_000),
                ("enterprise", MOST_IDENTIFICATIONS),
            ]),
            retention_days: days
                .into_iter()
                .map(|(name, days)| (name, days as u32))
                .collect(),
            samples: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_that_is_not_named_has_what_the_standard_has() {
        let mut config = NightscanConfig::default();
        assert_eq!(config.identifications_of("free"), 600);
        assert_eq!(config.identifications_of("premium"), 3_000);
        assert_eq!(config.identifications_of(STANDARD), 100_000);
        assert_eq!(config.retention_of("free"), Some(7));
        assert_eq!(config.retention_of(STANDARD), None);
        config.identifications.insert(STANDARD.to_owned(), 5);
        config.retention_days.insert(STANDARD.to_owned(), 30);
        config.retention_days.insert("free".to_owned(), 0);
        assert_eq!(config.identifications_of("anything"), 5);
        assert_eq!(config.retention_of("anything"), Some(30));
        assert_eq!(config.retention_of("free"), None);
    }
}
