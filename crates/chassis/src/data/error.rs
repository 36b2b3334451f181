//! What can go wrong with the database, in the words a service can answer with.

use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr};
use sqlx::error::{DatabaseError, ErrorKind};
use sqlx::postgres::PgDatabaseError;

use super::trust;

/// What went wrong.
///
/// Constraint names are the same on both databases as long as migrations leave them to PostgreSQL's habit:
/// `<table>_pkey` for the primary key, `<table>_<columns>_key` for a unique index. SQLite reports columns only; the
/// name is put together from them.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The database cannot be opened. Holds no password.
    #[error("cannot open the database {place}: {reason}")]
    Open {
        /// File or address, masked.
        place: String,
        /// What the operating system or the server said.
        reason: String,
    },
    /// A row with these values is there already.
    #[error("unique constraint {constraint} refused the row")]
    Unique {
        /// `<table>_pkey` or `<table>_<columns>_key`.
        constraint: String,
    },
    /// The row refers to one that is not there, or is referred to.
    #[error("foreign key {} refused the row", constraint.as_deref().unwrap_or("(unnamed)"))]
    ForeignKey {
        /// The name; SQLite does not tell it.
        constraint: Option<String>,
    },
    /// A column needs a value.
    #[error("column {column} needs a value")]
    NotNull {
        /// `table.column`.
        column: String,
    },
    /// A value is outside what the table allows.
    #[error("check {constraint} refused the row")]
    Check {
        /// Name of the check.
        constraint: String,
    },
    /// The write took longer than it may and was rolled back.
    #[error("the write took longer than {limit_ms} ms and was rolled back")]
    TimedOut {
        /// `data.write_timeout_ms`.
        limit_ms: u64,
    },
    /// Another process holds the file, or others change the same rows.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// No room is left where the database keeps its files. What is stored can be read.
    #[error("the database has no room left: {0}")]
    Full(String),
    /// The database cannot be reached, or its files cannot be written. Trying again later may help.
    #[error("the database does not answer or cannot write: {0}")]
    Down(String),
    /// The closure panicked; its write was rolled back.
    #[error("the write panicked and was rolled back")]
    Panicked,
    /// The transaction that this write shared could not be committed; nothing of it was kept.
    #[error("the transaction was lost: {0}")]
    Lost(String),
    /// The database is closed or closing.
    #[error("the database is closed")]
    Closed,
    /// The database was migrated by a version that knows more than this one.
    #[error(
        "the database was migrated by version {applied_by} (unknown here: {}); this is version {running}. Start that version or a newer one, or restore a backup from before",
        unknown.join(", ")
    )]
    TooNew {
        /// Migrations in the database that this binary does not know.
        unknown: Vec<String>,
        /// Version that applied the last of them.
        applied_by: String,
        /// Version of this binary.
        running: String,
    },
    /// A migration failed; none of those that were pending was applied.
    #[error("migration {name} failed: {reason}")]
    Migration {
        /// The migration.
        name: String,
        /// Why.
        reason: String,
    },
    /// Stored text that is not what the column holds.
    #[error("{column} holds a malformed value")]
    Malformed {
        /// `table.column`.
        column: &'static str,
    },
    /// Anything else, for the log.
    #[error(transparent)]
    Other(DbErr),
}

impl DataError {
    /// Whether it comes from the storage under the database or the way to it, and not from what was asked.
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Full(_) | Self::Down(_))
    }
}

impl From<DbErr> for DataError {
    fn from(error: DbErr) -> Self {
        let known = match &error {
            DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed) => Some(Self::Closed),
            // The pool goes on trying to connect until its time is over: too few connections look the same as no server.
            DbErr::ConnectionAcquire(cause) => Some(Self::Down(cause.to_string())),
            // Nothing but connecting fails this way.
            DbErr::Conn(RuntimeErr::SqlxError(cause)) => {
                of_driver(cause).or_else(|| Some(Self::Down(cause.to_string())))
            }
            DbErr::Exec(RuntimeErr::SqlxError(cause))
            | DbErr::Query(RuntimeErr::SqlxError(cause)) => of_driver(cause),
            _ => None,
        };
        let fault = known.unwrap_or(Self::Other(error));
        trust::hear(&fault);
        fault
    }
}

fn of_driver(cause: &sqlx::Error) -> Option<DataError> {
    match cause {
        sqlx::Error::Database(cause) => of_database(cause.as_ref()),
        sqlx::Error::PoolClosed => Some(DataError::Closed),
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => {
            Some(DataError::Down(cause.to_string()))
        }
        _ => None,
    }
}

fn of_database(cause: &dyn DatabaseError) -> Option<DataError> {
    match cause.try_downcast_ref::<PgDatabaseError>() {
        Some(cause) => of_postgres(cause),
        None => of_sqlite(cause),
    }
}

fn of_postgres(cause: &PgDatabaseError) -> Option<DataError> {
    let constraint = cause.constraint().map(str::to_owned);
    match DatabaseError::kind(cause) {
        ErrorKind::UniqueViolation => Some(DataError::Unique {
            constraint: constraint.unwrap_or_default(),
        }),
        ErrorKind::ForeignKeyViolation => Some(DataError::ForeignKey { constraint }),
        ErrorKind::CheckViolation => Some(DataError::Check {
            constraint: constraint.unwrap_or_default(),
        }),
        ErrorKind::NotNullViolation => {
            let column = format!(
                "{}.{}",
                cause.table().unwrap_or_default(),
                cause.column().unwrap_or_default()
            );
            Some(DataError::NotNull { column })
        }
        _ => of_state(cause.code(), cause.message()),
    }
}

/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn of_state(code: &str, message: &str) -> Option<DataError> {
    let said = || format!("{message} ({code})");
    match (&code[..2.min(code.len())], code) {
        (_, "53100") => Some(DataError::Full(said())),
        // A connection that broke or cannot be had; a server that stops, crashed or starts (57P01 and on); one without
        // memory or with too many callers; a failing device; one that has become a standby.
        ("08" | "58", _) | (_, "53200" | "53300" | "25006") => Some(DataError::Down(said())),
        (_, state) if state.starts_with("57P") => Some(DataError::Down(said())),
        _ => None,
    }
}

/// Extended result codes: <https://www.sqlite.org/rescode.html>.
const PRIMARY_KEY: &str = "1555";

fn of_sqlite(cause: &dyn DatabaseError) -> Option<DataError> {
    let code = cause.code()?;
    let message = cause.message();
    let detail = message
        .split_once("constraint failed: ")
        .map_or("", |(_, detail)| detail);
    match cause.kind() {
        ErrorKind::UniqueViolation => Some(DataError::Unique {
            constraint: unique_name(detail, code == PRIMARY_KEY),
        }),
        ErrorKind::ForeignKeyViolation => Some(DataError::ForeignKey { constraint: None }),
        ErrorKind::NotNullViolation => Some(DataError::NotNull {
            column: detail.to_owned(),
        }),
        ErrorKind::CheckViolation => Some(DataError::Check {
            constraint: detail.to_owned(),
        }),
        _ => of_result(code.parse().ok()?, message),
    }
}

fn of_result(code: i32, message: &str) -> Option<DataError> {
    let said = || format!("{message} ({code})");
    // What stands above the lowest byte only says more of the same.
    match code & 0xff {
        5 => Some(DataError::Busy(said())),
        13 => Some(DataError::Full(said())),
        // Not writable, a failing device (also: a quota, and a file larger than files may be), a file that does not open.
        8 | 10 | 14 => Some(DataError::Down(said())),
        _ => None,
    }
}

/// `mark.owner, mark.name` to `mark_owner_name_key`, the name PostgreSQL would have given.
fn unique_name(columns: &str, is_primary: bool) -> String {
    let mut parts = columns
        .split(", ")
        .filter_map(|column| column.split_once('.'))
        .peekable();
    let Some((table, _)) = parts.peek().copied() else {
        // An index over an expression: SQLite names the index itself.
        return columns
            .trim_start_matches("index ")
            .trim_matches('\'')
            .to_owned();
    };
    if is_primary {
        return format!("{table}_pkey");
    }
    let columns: Vec<&str> = parts.map(|(_, column)| column).collect();
    format!("{table}_{}_key", columns.join("_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_columns_become_the_name_postgresql_gives() {
        assert_eq!(unique_name("start.id", true), "start_pkey");
        assert_eq!(
            unique_name("mark.owner, mark.name", false),
            "mark_owner_name_key"
        );
        assert_eq!(
            unique_name("index 'mark_lower_name_key'", false),
            "mark_lower_name_key"
        );
    }

    #[test]
    fn what_storage_fails_with_is_told_from_what_is_wrong_with_a_statement() {
        let of = |fault: Option<DataError>| match fault {
            Some(DataError::Full(_)) => "full",
            Some(DataError::Down(_)) => "down",
            Some(DataError::Busy(_)) => "busy",
            _ => "neither",
        };
        // FULL, IOERR_WRITE, IOERR_FSYNC, CANTOPEN, READONLY, READONLY_DBMOVED, BUSY_SNAPSHOT, ERROR, CORRUPT.
        let sqlite = [13, 778, 1034, 14, 8, 1032, 517, 1, 11].map(|code| of(of_result(code, "x")));
        let expected = [
            "full", "down", "down", "down", "down", "down", "busy", "neither", "neither",
        ];
        assert_eq!(sqlite, expected);
        let states = [
            "53100", "57P01", "57P03", "08006", "58030", "25006", "42601", "57014", "",
        ];
        let expected = [
            "full", "down", "down", "down", "down", "down", "neither", "neither", "neither",
        ];
        assert_eq!(states.map(|state| of(of_state(state, "x"))), expected);
    }
}
