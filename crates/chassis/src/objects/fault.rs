//! What can go wrong with files, and what a caller is told.

use std::error::Error;
use std::{io, iter};

use http::StatusCode;

use crate::data::DataError;
use crate::http::problem::Problem;
use crate::telemetry::burst::Burst;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum ObjectFault {
    /// No such file in this workspace.
    #[error("there is no such object")]
    NotFound,
    /// The workspace has no room for it.
    #[error("the workspace may keep {limit_bytes} bytes")]
    OverQuota {
        /// What it may keep.
        limit_bytes: u64,
    },
    /// It is larger than this way in takes.
    #[error("more than {limit_bytes} bytes")]
    TooLarge {
        /// What it takes.
        limit_bytes: u64,
    },
    /// The disk has no room.
    #[error("the disk that holds uploads is full")]
    DiskFull,
    /// What was to be kept broke off, or stood still for too long.
    #[error("the bytes to keep broke off: {0}")]
    BrokenOff(String),
    /// A setting that the chosen store needs is missing.
    #[error("`objects.store` needs `{0}`")]
    Settings(&'static str),
    /// The store failed.
    #[error("the object store failed: {0}")]
    Store(#[source] object_store::Error),
    /// The staging folder failed.
    #[error("the folder of objects or uploads failed: {0}")]
    Io(io::Error),
    /// The database failed.
    #[error(transparent)]
    Data(#[from] DataError),
}

impl ObjectFault {
    /// Whether it comes from equal bytes that came or went at the same moment: trying again helps.
    pub(super) fn is_race(&self) -> bool {
        matches!(
            self,
            Self::Data(
                DataError::ForeignKey { .. } | DataError::Unique { .. } | DataError::Lost(_)
            )
        )
    }

    /// Says it in the log, once a burst: while a disk or a bucket fails, each request would say the same.
    pub(super) fn say(&self) {
        static SAID: Burst = Burst::new();
        if let Some(hidden) = SAID.turn() {
            tracing::error!(error = %self, log.hidden = hidden, "files cannot be kept or read");
        }
    }
}

impl From<io::Error> for ObjectFault {
    fn from(fault: io::Error) -> Self {
        match fault.kind() {
            kind if is_full(kind) => Self::DiskFull,
            _ => Self::Io(fault),
        }
    }
}

impl From<object_store::Error> for ObjectFault {
    fn from(fault: object_store::Error) -> Self {
        let first: &(dyn Error + 'static) = &fault;
        let causes = iter::successors(Some(first), |cause| (*cause).source());
        let mut of_disk = causes.filter_map(|cause| cause.downcast_ref::<io::Error>());
        if of_disk.any(|cause| is_full(cause.kind())) {
            return Self::DiskFull;
        }
        Self::Store(fault)
    }
}

fn is_full(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

impl From<sea_orm::DbErr> for ObjectFault {
    fn from(fault: sea_orm::DbErr) -> Self {
        Self::Data(fault.into())
    }
}

impl From<ObjectFault> for Problem {
    fn from(fault: ObjectFault) -> Self {
        match fault {
            ObjectFault::NotFound => Self::not_found(),
            ObjectFault::OverQuota { limit_bytes } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "objects.over_quota")
                    .with("limit", limit_bytes)
            }
            ObjectFault::TooLarge { limit_bytes } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "http.payload_too_large")
                    .with("limit", limit_bytes)
            }
            // Not 507: callers and proxies retry that at once. The way out is the operator's.
            ObjectFault::DiskFull => {
                fault.say();
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "objects.disk_full").retry_after(60)
            }
            ObjectFault::Store(_) | ObjectFault::Io(_) => {
                fault.say();
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "objects.store_down").retry_after(5)
            }
            ObjectFault::BrokenOff(cause) => {
                tracing::debug!(error = cause, "a body broke off");
                Self::new(StatusCode::BAD_REQUEST, "objects.broken_off")
            }
            ObjectFault::Data(fault) => Self::from(fault),
            ObjectFault::Settings(_) => Self::internal(&fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_fails_asks_to_come_back() {
        let of = |fault: ObjectFault| {
            let problem = Problem::from(fault);
            (problem.status.as_u16(), problem.code, problem.retry_after_s)
        };
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let in_store = |cause: io::Error| object_store::Error::Generic {
            store: "LocalFileSystem",
            source: Box::new(cause),
        };
        let read_only = || io::Error::from(io::ErrorKind::ReadOnlyFilesystem);
        let disk_full = (503, "objects.disk_full", Some(60));
        let store_down = (503, "objects.store_down", Some(5));
        assert_eq!(of(full().into()), disk_full);
        assert_eq!(of(in_store(full()).into()), disk_full);
        assert_eq!(of(read_only().into()), store_down);
        assert_eq!(of(in_store(read_only()).into()), store_down);
    }
}
