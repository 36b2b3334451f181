//! The RustSec advisory database: Markdown files, each with its facts as TOML at the top.

use std::path::{Path, PathBuf};

use semver::{Version, VersionReq};
use toml_edit::{DocumentMut, Item};

/// An advisory.
#[derive(Clone, Debug)]
pub(super) struct Advisory {
    pub(super) id: String,
    pub(super) package: String,
    /// `YYYY-MM-DD`.
    pub(super) date: String,
    /// It tells of no vulnerability: a crate that nobody keeps, an unsound function.
    pub(super) is_notice: bool,
    pub(super) is_withdrawn: bool,
    /// Versions that are safe.
    safe: Vec<VersionReq>,
}

impl Advisory {
    /// Whether it speaks of this version.
    pub(super) fn concerns(&self, version: &Version) -> bool {
        !self.safe.iter().any(|safe| safe.matches(version))
    }
}

/// Where a database may lie: the place that is named, else where the tools of Cargo keep theirs.
pub(super) fn places(named: Option<PathBuf>, cargo_home: Option<PathBuf>) -> Vec<PathBuf> {
    if let Some(named) = named {
        return vec![named];
    }
    let Some(home) = cargo_home else {
        return Vec::new();
    };
    let mut places = vec![home.join("advisory-db")];
    let kept = std::fs::read_dir(home.join("advisory-dbs"));
    let mut kept: Vec<_> = kept
        .into_iter()
        .flatten()
        .flatten()
        .map(|own| own.path())
        .collect();
    kept.sort();
    places.extend(kept);
    places.retain(|place| place.join("crates").is_dir());
    places
}

/// Reads a database.
pub(super) fn read(place: &Path) -> Result<Vec<Advisory>, String> {
    let mut all = Vec::new();
    for folder in entries(&place.join("crates"))? {
        if !folder.is_dir() {
            continue;
        }
        for file in entries(&folder)? {
            if file.extension().is_none_or(|own| own != "md") {
                continue;
            }
            let text = std::fs::read_to_string(&file)
                .map_err(|fault| format!("{}: {fault}", file.display()))?;
            let advisory =
                advisory(&text).map_err(|fault| format!("{}: {fault}", file.display()))?;
            all.push(advisory);
        }
    }
    Ok(all)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries =
        std::fs::read_dir(folder).map_err(|fault| format!("{}: {fault}", folder.display()))?;
    let mut paths: Vec<_> = entries.flatten().map(|own| own.path()).collect();
    paths.sort();
    Ok(paths)
}

fn advisory(text: &str) -> Result<Advisory, String> {
    let facts = text
        .trim_start()
        .strip_prefix("```toml")
        .and_then(|rest| rest.split_once("\n```"))
        .ok_or("it does not begin with its facts")?
        .0;
    let document: DocumentMut = facts.parse().map_err(|fault| format!("{fault}"))?;
    let about = document.get("advisory").ok_or("it has no [advisory]")?;
    let said = |key: &str| about.get(key).and_then(Item::as_str).map(str::to_owned);
    let versions = document.get("versions");
    let mut safe = Vec::new();
    for key in ["patched", "unaffected"] {
        let list = versions
            .and_then(|versions| versions.get(key))
            .or_else(|| about.get(key));
        for range in list.and_then(Item::as_array).into_iter().flatten() {
            let range = range.as_str().unwrap_or_default();
            safe.push(
                range
                    .parse()
                    .map_err(|fault| format!("`{range}`: {fault}"))?,
            );
        }
    }
    Ok(Advisory {
        id: said("id").ok_or("it has no id")?,
        package: said("package").ok_or("it names no crate")?,
        date: said("date").unwrap_or_default(),
        is_notice: said("informational").is_some(),
        is_withdrawn: about.get("withdrawn").is_some(),
        safe,
    })
}

#[cfg(test)]
mod tests {
    use super::advisory;

    const SOUND: &str = "```toml\n[advisory]\nid = \"RUSTSEC-2099-0001\"\npackage = \"example\"\ndate = \"2099-01-02\"\n\n\
        [versions]\npatched = [\">= 1.2.3\", \"^0.9.4\"]\nunaffected = [\"< 0.5.0\"]\n```\n\n# It breaks\n\nText.\n";

    #[test]
    fn an_advisory_concerns_what_is_neither_patched_nor_older() {
        let read = advisory(SOUND).unwrap();
        assert_eq!(
            (read.id.as_str(), read.package.as_str()),
            ("RUSTSEC-2099-0001", "example")
        );
        for (version, concerned) in [
            ("0.4.9", false),
            ("0.5.0", true),
            ("0.9.3", true),
            ("0.9.4", false),
            ("1.0.0", true),
            ("1.2.3", false),
            ("2.0.0", false),
        ] {
            assert_eq!(
                read.concerns(&version.parse().unwrap()),
                concerned,
                "{version}"
            );
        }
        let notice = SOUND.replace(
            "date =",
            "informational = \"unmaintained\"\nwithdrawn = \"2099-02-01\"\ndate =",
        );
        let notice = advisory(&notice).unwrap();
        assert!(notice.is_notice && notice.is_withdrawn);
    }

    #[test]
    fn a_file_that_is_no_advisory_is_named_as_such() {
        for text in [
            "",
            "# Only words",
            "```toml\n[advisory]\n",
            "```toml\nx = 1\n```\n",
            "```toml\n[advisory]\nid = \"X\"\n```\n",
        ] {
            assert!(advisory(text).is_err(), "{text}");
        }
        assert!(advisory(&SOUND.replace("^0.9.4", "new")).is_err());
    }
}
