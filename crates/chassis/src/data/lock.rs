//! One server a data folder: SQLite would let two in, and both would think themselves alone.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::PathBuf;

use super::DataError;
use super::connect::prepare_file;
use crate::config::{Data, DatabaseUrl};

/// Held while a server uses the folder; the system frees it when the process ends, however it ends.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

/// Why the folder cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum FolderFault {
    /// Another process holds it.
    #[error(
        "the data folder {0} is in use by another server. Stop that one, or give this one its own: aplomb serve --data OTHER"
    )]
    Taken(PathBuf),
    /// The lock cannot be written or taken.
    #[error("{0} cannot be used: {1}. Choose another folder: aplomb serve --data OTHER")]
    Unusable(PathBuf, std::io::Error),
    /// The folder or the database cannot be made.
    #[error(transparent)]
    Data(#[from] DataError),
}

impl FolderLock {
    /// Takes the folder of a SQLite database. PostgreSQL looks after its own callers: nothing is
    /// taken there.
    pub fn take(config: &Data) -> Result<Option<Self>, FolderFault> {
        let DatabaseUrl::Sqlite(database) = config.database() else {
            return Ok(None);
        };
        prepare_file(&database)?;
        let path = database.with_extension("lock");
        let opened = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path);
        let file = opened.map_err(|fault| FolderFault::Unusable(path.clone(), fault))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Err(FolderFault::Taken(config.folder.clone())),
            Err(TryLockError::Error(fault)) => Err(FolderFault::Unusable(path, fault)),
        }
    }
}
