//! Claims and their evidence: what a service says of its readiness, each with a measured number.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The measurement meets the requirement.
    Pass,
    /// It does not.
    Fail,
    /// It cannot be measured here.
    NotVerifiable,
    /// It was not asked for.
    Skipped,
}

/// A claim that can be measured in this process, in well under a second.
#[derive(Clone)]
pub struct Check {
    /// Stable id, such as `luna.golden-mark`.
    pub id: &'static str,
    /// The area it belongs to: `integrity`, `speed`, ….
    pub area: &'static str,
    /// The claim in words.
    pub title: &'static str,
    /// The requirement in words.
    pub required: &'static str,
    measure: Arc<dyn Fn() -> (Verdict, String) + Send + Sync>,
}

impl Check {
    /// A check whose `measure` gives its verdict and the measured figure.
    pub fn new(
        id: &'static str,
        area: &'static str,
        title: &'static str,
        required: &'static str,
        measure: impl Fn() -> (Verdict, String) + Send + Sync + 'static,
    ) -> Self {
        Self {
            id,
            area,
            title,
            required,
            measure: Arc::new(measure),
        }
    }

    /// Measures.
    pub fn run(&self) -> Evidence {
        let (verdict, measured) = (self.measure)();
        Evidence {
            id: self.id,
            area: self.area,
            title: self.title,
            verdict,
            measured,
            required: self.required,
        }
    }
}

/// A claim and what was measured of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Evidence {
    /// The check's id.
    pub id: &'static str,
    /// Its area.
    pub area: &'static str,
    /// The claim.
    pub title: &'static str,
    /// The verdict.
    pub verdict: Verdict,
    /// What was measured.
    pub measured: String,
    /// What is required.
    pub required: &'static str,
}
