//! `[jobs]`

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Work in the background.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct Jobs {
    /// Jobs that this process works on at once; 0 makes it a server that only accepts jobs, for others to work on.
    #[garde(range(max = 1_000))]
    pub concurrency: u32,
    /// How long a job belongs to its worker without a sign of life, in milliseconds; a sign is given three times as often.
    /// After that time another process takes the job over.
    #[garde(range(min = 500, max = 600_000))]
    pub lease_ms: u64,
    /// How often an idle process looks for jobs that others brought, in milliseconds.
    #[garde(range(min = 20, max = 60_000))]
    pub poll_ms: u64,
    /// Time that a stopping server gives running jobs to reach the end of a step, in milliseconds; then they are put back.
    #[garde(range(max = 3_600_000))]
    pub drain_timeout_ms: u64,
    /// Time that a running job has to end by itself once somebody cancels it, in milliseconds; then it is stopped.
    #[garde(range(max = 3_600_000))]
    pub cancel_grace_ms: u64,
    /// Jobs of one workspace that may wait at once; further ones are refused.
    #[garde(range(min = 1, max = 1_000_000))]
    pub most_waiting: u64,
    /// Days that finished and cancelled jobs are kept.
    #[garde(range(min = 1, max = 3_650))]
    pub keep_finished_days: u32,
    /// Days that failed jobs are kept for somebody to look at and try again.
    #[garde(range(min = 1, max = 3_650))]
    pub keep_failed_days: u32,
    /// Offers `POST /api/v1/jobs/drill`, jobs that do nothing but count themselves, for kill drills; production refuses it.
    #[garde(skip)]
    pub drill: bool,
}

impl Default for Jobs {
    fn default() -> Self {
        Self {
            concurrency: 8,
            lease_ms: 10_000,
            poll_ms: 500,
            drain_timeout_ms: 10_000,
            cancel_grace_ms: 10_000,
            most_waiting: 10_000,
            keep_finished_days: 7,
            keep_failed_days: 30,
            drill: false,
        }
    }
}
