//! `[data]`

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use garde::Validate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::Secret;
use super::secret::{MASK, SECRET_URL_FORMAT};

/// Where the data lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct Data {
    /// Folder of everything the server keeps; created at the first start.
    #[garde(custom(is_named))]
    #[schemars(with = "String")]
    pub folder: PathBuf,
    /// Database: `postgres://user:password@host/name` or `sqlite://path`; without it `aplomb.db` inside the folder.
    #[garde(skip)]
    pub url: Option<DatabaseUrl>,
    /// Connections that read (SQLite), or that read and write (PostgreSQL).
    #[garde(range(min = 1, max = 256))]
    pub readers: u32,
    /// Time to wait for a connection to the database, in milliseconds.
    #[garde(range(min = 100, max = 600_000))]
    pub connect_timeout_ms: u64,
    /// Time one write may take before it is rolled back, in milliseconds.
    #[garde(range(min = 100, max = 600_000))]
    pub write_timeout_ms: u64,
    /// Writes that share one sync to disk at most (SQLite).
    #[garde(range(min = 1, max = 10_000))]
    pub group_commit_rows: u32,
}

/// An empty path would scatter the files over the working folder.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the validator's form")]
fn is_named(folder: &Path, _: &()) -> garde::Result {
    if folder.as_os_str().is_empty() {
        return Err(garde::Error::new("must name a folder"));
    }
    Ok(())
}

impl Default for Data {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("./aplomb-data"),
            url: None,
            readers: 4,
            connect_timeout_ms: 5_000,
            write_timeout_ms: 10_000,
            group_commit_rows: 256,
        }
    }
}

impl Data {
    /// The database in force: the one named, or the file `aplomb.db` inside the folder.
    pub fn database(&self) -> DatabaseUrl {
        self.url
            .clone()
            .unwrap_or_else(|| DatabaseUrl::Sqlite(self.folder.join("aplomb.db")))
    }
}

/// A database address. Printing it masks the password and nothing else.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL address with its password.
    Postgres(Secret),
}

impl DatabaseUrl {
    /// User name and password of a PostgreSQL address, as written (not decoded).
    pub(super) fn credentials(&self) -> Option<(&str, &str)> {
        let Self::Postgres(url) = self else {
            return None;
        };
        let (start, end) = user_info(url.expose())?;
        url.expose()[start..end].split_once(':')
    }

    /// The file, if this is SQLite.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }
}

impl TryFrom<String> for DatabaseUrl {
    type Error = String;

    // The reasons never repeat the address: it may hold a password.
    fn try_from(text: String) -> Result<Self, Self::Error> {
        if let Some(path) = text.strip_prefix("sqlite://") {
            return match path {
                "" => Err("needs a path: sqlite://folder/file.db".to_owned()),
                path if path.contains('?') => {
                    Err("a sqlite:// path takes no `?` options".to_owned())
                }
                path if path.starts_with(":memory:") => {
                    Err("a database in memory cannot keep anything; name a file".to_owned())
                }
                path => Ok(Self::Sqlite(PathBuf::from(path))),
            };
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            let options: PgConnectOptions = text
                .parse()
                .map_err(|_| "is not a valid postgres:// address".to_owned())?;
            // Refused here with the reason rather than at the first connection with a riddle.
            return match options.get_ssl_mode() {
                PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull => Err(
                    "asks for TLS (sslmode), which this build does not speak to PostgreSQL"
                        .to_owned(),
                ),
                _ => Ok(Self::Postgres(Secret::new(text))),
            };
        }
        Err("must begin with postgres:// or sqlite://".to_owned())
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(formatter, "sqlite://{}", path.display()),
            Self::Postgres(url) => formatter.write_str(&masked(url.expose())),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Serialize for DatabaseUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for DatabaseUrl {
    fn schema_name() -> Cow<'static, str> {
        "DatabaseUrl".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": SECRET_URL_FORMAT, "writeOnly": true })
    }
}

/// Where `user:password` stands. The last `@` before the path ends it: a password may hold an unescaped `@`.
fn user_info(url: &str) -> Option<(usize, usize)> {
    let start = url.find("://")? + 3;
    let end = url[start..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |offset| start + offset);
    let at = url[start..end].rfind('@')? + start;
    Some((start, at))
}

/// Masks the password in the user part and in the options.
fn masked(url: &str) -> String {
    let mut shown = url.to_owned();
    if let Some((start, end)) = user_info(url)
        && let Some(colon) = url[start..end].find(':')
    {
        shown.replace_range(start + colon + 1..end, MASK);
    }
    let Some((address, options)) = shown.split_once('?') else {
        return shown;
    };
    let options: Vec<String> = options
        .split('&')
        .map(|option| match option.split_once('=') {
            Some((name, _)) if name.to_ascii_lowercase().contains("pass") => {
                format!("{name}={MASK}")
            }
            _ => option.to_owned(),
        })
        .collect();
    format!("{address}?{}", options.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_is_masked() {
        let cases = [
            (
                "postgres://ann:s3cret@db:5432/aplomb",
                "postgres://ann:***@db:5432/aplomb",
            ),
            (
                "postgres://ann:p%40ss@db/aplomb?sslmode=prefer",
                "postgres://ann:***@db/aplomb?sslmode=prefer",
            ),
            ("postgres://ann@db/aplomb", "postgres://ann@db/aplomb"),
            (
                "postgres://db/aplomb?password=s3cret&user=ann",
                "postgres://db/aplomb?password=***&user=ann",
            ),
            ("sqlite://folder/file.db", "sqlite://folder/file.db"),
        ];
        for (written, shown) in cases {
            let url = DatabaseUrl::try_from(written.to_owned()).expect(written);
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), shown);
        }
    }

    #[test]
    fn refusal_never_repeats_the_address() {
        for written in [
            "mysql://ann:s3cret@db/x",
            "postgres://ann:s3cret@db:notaport/x",
            "postgres://ann:s3cret@db/x?sslmode=require",
            "sqlite://",
            "sqlite://:memory:",
        ] {
            let reason = DatabaseUrl::try_from(written.to_owned()).expect_err(written);
            assert!(!reason.contains("s3cret"), "{reason}");
        }
    }
}
