//! What an answer must not tell of the inside.

use chassis::check::Answer;

/// Parts of texts that only the inside of a program writes.
const TELLTALE: [(&str, &str); 34] = [
    ("stack backtrace", "a backtrace"),
    ("panicked at", "a panic"),
    ("Traceback (most recent call last)", "a backtrace"),
    ("\n    at ", "a backtrace"),
    ("\\n    at ", "a backtrace"),
    ("   0: ", "a backtrace"),
    (".rs:", "a source file"),
    (".py\", line", "a source file"),
    (".java:", "a source file"),
    (".go:", "a source file"),
    (".php on line", "a source file"),
    ("node_modules", "a source file"),
    ("goroutine ", "a backtrace"),
    (concat!("/", "home/"), "a path of the machine"),
    (concat!("/", "root/"), "a path of the machine"),
    ("/usr/", "a path of the machine"),
    ("/var/", "a path of the machine"),
    ("/tmp/", "a path of the machine"),
    ("/etc/", "a path of the machine"),
    ("C:\\", "a path of the machine"),
    ("SQLSTATE", "a message of the database"),
    ("syntax error at or near", "a message of the database"),
    ("no such table", "a message of the database"),
    ("no such column", "a message of the database"),
    ("unrecognized token", "a message of the database"),
    ("UNIQUE constraint", "a message of the database"),
    ("sqlx::", "a part of the program"),
    ("sqlx-", "a part of the program"),
    ("sea_orm", "a part of the program"),
    ("tokio::", "a part of the program"),
    ("hyper::", "a part of the program"),
    ("axum::", "a part of the program"),
    ("serde_json", "a part of the program"),
    ("os error ", "a message of the system"),
];

/// Statements of SQL that no sentence to a caller holds.
const STATEMENTS: [&str; 4] = ["SELECT ", "INSERT INTO ", "UPDATE \"", "DELETE FROM "];

/// Headers that name a program and its version.
const NAMING: [&str; 5] = [
    "server",
    "x-powered-by",
    "via",
    "x-aspnet-version",
    "x-generator",
];

/// What a text tells of the inside: the part that tells it, and what it is.
pub(super) fn told_by(text: &str) -> Option<(&'static str, &'static str)> {
    let statements = STATEMENTS.iter().map(|part| (*part, "a statement of SQL"));
    TELLTALE
        .into_iter()
        .chain(statements)
        .find(|(part, _)| text.contains(part))
}

/// A header that names a version: its name and value.
pub(super) fn named_version(answer: &Answer) -> Option<(&'static str, String)> {
    NAMING.into_iter().find_map(|name| {
        let value = answer.header(name)?;
        let is_version = |word: &str| {
            let mut parts = word.split('/').skip(1);
            parts.any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        };
        let speaks = name == "x-powered-by" || name == "x-aspnet-version";
        let is_told = speaks || (name != "via" && value.split(' ').any(is_version));
        is_told.then(|| (name, value.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::told_by;

    #[test]
    fn what_only_programs_write_is_seen() {
        let at = "thread 'main' panicked at src/main.rs:3:5";
        assert_eq!(told_by(at).map(|told| told.1), Some("a panic"));
        let query = "error in: SELECT name FROM users";
        assert_eq!(
            told_by(query).map(|told| told.1),
            Some("a statement of SQL")
        );
        assert_eq!(told_by("The file is too large; at most 2 MB."), None);
    }
}
