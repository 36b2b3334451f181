//! What goes wrong with jobs: in a handler, and when one is asked for.

use http::StatusCode;

use crate::data::DataError;
use crate::http::problem::Problem;
use crate::i18n::Arguments;

/// Why a handler ends without a result.
#[derive(Clone, Debug)]
pub enum JobFault {
    /// It failed. The code is a message's key, as in a `Problem`: the owner of the job reads it in his language.
    Failed {
        /// The stable code.
        code: &'static str,
        /// The message's arguments.
        arguments: Arguments,
        /// Whether trying again later may help.
        again: bool,
    },
    /// It was asked to end and did; [`Run::check`](super::Run::check) says so.
    Cancelled,
    /// The server stops: the job is put back and goes on at the next start from the steps that it recorded.
    Released,
    /// The lease was lost: another worker has the job, and nothing of this one is recorded any more.
    Lost,
}

impl JobFault {
    /// Trying again later may help; the kind says how often.
    pub fn retry(code: &'static str) -> Self {
        Self::failed(code, true)
    }

    /// Trying again cannot help: the job fails at once.
    pub fn fatal(code: &'static str) -> Self {
        Self::failed(code, false)
    }

    fn failed(code: &'static str, again: bool) -> Self {
        Self::Failed {
            code,
            arguments: Vec::new(),
            again,
        }
    }

    /// Something of ours broke. The cause goes to the log; the job is tried again.
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::warn!(error = %cause, "a job's attempt failed");
        Self::retry("jobs.internal")
    }

    /// With an argument of its message.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        if let Self::Failed { arguments, .. } = &mut self {
            arguments.push((name, value.to_string()));
        }
        self
    }
}

impl From<DataError> for JobFault {
    fn from(fault: DataError) -> Self {
        Self::internal(&fault)
    }
}

/// Why a job is not taken on.
#[derive(Debug, thiserror::Error)]
pub enum EnqueueFault {
    /// No service here knows this kind: an error of ours.
    #[error("no kind of job is named `{0}`")]
    UnknownKind(String),
    /// The input, or the idempotency key, is larger than a row should be.
    #[error("a job's {what} may have {limit} bytes at most")]
    TooLarge {
        /// `input` or `idempotency key`.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The workspace has as many waiting as it may.
    #[error("{limit} jobs wait already")]
    TooManyWaiting {
        /// How many may wait.
        limit: u64,
    },
    /// The database.
    #[error(transparent)]
    Data(#[from] DataError),
}

impl From<EnqueueFault> for Problem {
    fn from(fault: EnqueueFault) -> Self {
        match fault {
            EnqueueFault::TooLarge { limit, .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "jobs.input_too_large")
                    .with("limit", limit)
            }
            EnqueueFault::TooManyWaiting { limit } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "jobs.too_many_waiting")
                    .with("limit", limit)
                    .retry_after(60)
            }
            EnqueueFault::Data(fault) => fault.into(),
            EnqueueFault::UnknownKind(_) => Self::internal(&fault),
        }
    }
}

impl From<EnqueueFault> for JobFault {
    fn from(fault: EnqueueFault) -> Self {
        match fault {
            EnqueueFault::TooManyWaiting { limit } => {
                Self::retry("jobs.too_many_waiting").with("limit", limit)
            }
            fault => Self::internal(&fault),
        }
    }
}
