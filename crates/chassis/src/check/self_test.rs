//! Claims that a process measures of itself, in well under a second: at the start, for `/health`.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use super::Verdict;

/// A claim that can be measured in this process.
#[derive(Clone)]
pub struct SelfTest {
    /// Stable id, such as `luna.every-mark`.
    pub id: &'static str,
    /// The area it belongs to: `integrity`, `speed`, ….
    pub area: &'static str,
    /// The claim in words.
    pub title: &'static str,
    /// The requirement in words.
    pub required: &'static str,
    measure: Arc<dyn Fn() -> (Verdict, String) + Send + Sync>,
}

impl SelfTest {
    /// A test whose `measure` gives its verdict and the measured figure.
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
    pub fn run(&self) -> Reading {
        let (verdict, measured) = (self.measure)();
        Reading {
            id: self.id,
            area: self.area,
            title: self.title,
            verdict,
            measured,
            required: self.required,
        }
    }
}

/// A claim and what the process measured of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reading {
    /// The test's id.
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
