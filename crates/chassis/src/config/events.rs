//! `[events]`

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The live stream of events at `/api/v1/events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct Events {
    /// Events of one workspace that are kept for clients that come back.
    #[garde(range(min = 10, max = 100_000))]
    pub kept: usize,
    /// Time for which they are kept, in seconds.
    #[garde(range(min = 1, max = 86_400))]
    pub kept_s: u32,
    /// Live streams, of events and of jobs, open at once on this instance; those beyond are answered 503.
    #[garde(range(min = 1, max = 100_000))]
    pub streams: usize,
    /// Streams of one workspace open at once on this instance; those beyond are answered 429.
    #[garde(range(min = 1, max = 100_000))]
    pub streams_per_workspace: usize,
    /// Streams of one person, or of one key without a person, open at once on this instance; those beyond are answered 429.
    #[garde(range(min = 1, max = 100_000))]
    pub streams_per_caller: usize,
    /// Time between signs of life on a quiet stream, in milliseconds: less than a proxy's idle timeout.
    #[garde(range(min = 100, max = 600_000))]
    pub heartbeat_ms: u64,
    /// Time between looks at whether a stream's credentials still hold, in milliseconds. What ends on this instance, or on
    /// another with the same Redis, ends a stream at once; what the command line ends, at the next look.
    #[garde(range(min = 100, max = 600_000))]
    pub recheck_ms: u64,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            kept: 1_000,
            kept_s: 600,
            streams: 1_000,
            streams_per_workspace: 100,
            streams_per_caller: 50,
            heartbeat_ms: 15_000,
            recheck_ms: 10_000,
        }
    }
}
