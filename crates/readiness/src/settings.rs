//! The configuration under proof, without what leads to the outside: a drill must not mail people, nor write into the bucket, the
//! database or the Redis of those who use the system.

use toml_edit::{DocumentMut, Item};

/// Keys that a drill's instance does without; it has a place of its own in their stead.
const OUTSIDE: [&str; 9] = [
    "http.listen",
    "http.public_url",
    "data.folder",
    "data.url",
    "redis",
    "objects",
    "notify.smtp",
    "notify.telegram",
    "auth.secret",
];

/// What an instance is configured with.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The file's text.
    pub file: String,
    /// Variables, by their whole name.
    pub environment: Vec<(String, String)>,
    /// Keys that were left out, to be told.
    pub left_out: Vec<String>,
}

impl Settings {
    /// From a configuration file's text and a process's environment.
    pub fn new(
        file: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, toml_edit::TomlError> {
        let mut document: DocumentMut = file.parse()?;
        let mut left_out = Vec::new();
        for key in OUTSIDE {
            if remove(document.as_table_mut(), key) {
                left_out.push(key.to_owned());
            }
        }
        let mut kept = Vec::new();
        for (name, value) in environment {
            let Some(rest) = name.strip_prefix("APLOMB_") else {
                continue;
            };
            let key = rest.to_lowercase().replace("__", ".");
            let outside = OUTSIDE.iter().find(|outside| {
                let rest = key.strip_prefix(*outside);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '_']))
            });
            match outside {
                Some(outside) if value.is_empty() || left_out.iter().any(|own| own == outside) => {}
                Some(outside) => left_out.push((*outside).to_owned()),
                None if key == "config" || key == "advisories" || key.starts_with("test_") => {}
                None => kept.push((name, value)),
            }
        }
        Ok(Self {
            file: document.to_string(),
            environment: kept,
            left_out,
        })
    }
}

/// Takes a dotted key out of a table; whether it was there.
fn remove(table: &mut toml_edit::Table, key: &str) -> bool {
    match key.split_once('.') {
        None => {
            // `auth.secret_file` beside `auth.secret`.
            let beside = table.remove(&format!("{key}_file")).is_some();
            table.remove(key).is_some() || beside
        }
        Some((first, rest)) => match table.get_mut(first) {
            Some(Item::Table(inner)) => remove(inner, rest),
            Some(Item::Value(toml_edit::Value::InlineTable(inner))) => inner.remove(rest).is_some(),
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drill_keeps_the_rules_and_leaves_the_outside() {
        let file = "profile = \"production\"\n[http]\nlisten = \"0.0.0.0:80\"\nbody_limit_bytes = 2048\n\
            [redis]\nurl = \"redis://prod\"\n[notify.smtp]\nhost = \"mail\"\n[auth]\nsecret_file = \"/run/s\"\nlock_after = 7\n";
        let environment = [
            ("APLOMB_DATA__URL", "postgres://prod/aplomb"),
            ("APLOMB_OBJECTS__BUCKET", "prod"),
            ("APLOMB_AUTH__SECRET_FILE", "/run/s"),
            ("APLOMB_LIMITS__USER_PER_HOUR", "500"),
            ("APLOMB_CONFIG", "/etc/aplomb.toml"),
            ("HOME", "/root"),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings = Settings::new(file, environment).unwrap();
        assert!(settings.file.contains("body_limit_bytes = 2048"));
        assert!(settings.file.contains("lock_after = 7"));
        for gone in ["listen", "redis", "mail", "/run/s"] {
            assert!(!settings.file.contains(gone), "{gone}: {}", settings.file);
        }
        let names: Vec<_> = settings.environment.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["APLOMB_LIMITS__USER_PER_HOUR"]);
        for told in ["redis", "notify.smtp", "data.url", "objects", "auth.secret"] {
            assert!(settings.left_out.iter().any(|own| own == told), "{told}");
        }
    }
}
