//! What can go wrong with files, and what a caller is told.

use std::io;

use http::StatusCode;

use crate::data::DataError;
use crate::http::problem::Problem;

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
    Store(#[from] object_store::Error),
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
}

impl From<io::Error> for ObjectFault {
    fn from(fault: io::Error) -> Self {
        match fault.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Io(fault),
        }
    }
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
                tracing::error!("the disk that holds uploads is full; uploads are refused");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "objects.disk_full").retry_after(60)
            }
            ObjectFault::BrokenOff(cause) => {
                tracing::debug!(error = cause, "a body broke off");
                Self::new(StatusCode::BAD_REQUEST, "objects.broken_off")
            }
            ObjectFault::Store(cause) => {
                tracing::error!(error = %cause, "the object store failed");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "objects.store_down").retry_after(5)
            }
            ObjectFault::Data(fault) => Self::from(fault),
            fault @ (ObjectFault::Io(_) | ObjectFault::Settings(_)) => Self::internal(&fault),
        }
    }
}
