//! `Cargo.lock`.

use toml_edit::{DocumentMut, Item, Table};

/// A crate of the lock file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    /// SHA-256 of its archive, hex; none for the crates of this workspace.
    pub(super) checksum: Option<String>,
    /// What it needs: a name, and a version where there are several.
    pub(super) dependencies: Vec<String>,
}

impl Package {
    /// Its package URL, which is its name in the bill of materials.
    pub(super) fn purl(&self) -> String {
        purl(&self.name, &self.version)
    }

    /// Whether an entry of a list of dependencies means this one.
    pub(super) fn is_meant_by(&self, entry: &str) -> bool {
        let mut words = entry.split(' ');
        let name = words.next();
        let version = words.next();
        name == Some(self.name.as_str()) && version.is_none_or(|version| version == self.version)
    }
}

/// The package URL of a crate. `+` stands in versions and means a blank in URLs.
pub(super) fn purl(name: &str, version: &str) -> String {
    format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"))
}

/// Reads a lock file.
pub(super) fn read(text: &str) -> Result<Vec<Package>, String> {
    let document: DocumentMut = text
        .parse()
        .map_err(|fault| format!("the lock file cannot be read: {fault}"))?;
    let packages = document
        .get("package")
        .and_then(Item::as_array_of_tables)
        .ok_or("the lock file lists no crates")?;
    packages.iter().map(package).collect()
}

fn package(table: &Table) -> Result<Package, String> {
    let text = |key: &str| table.get(key).and_then(Item::as_str).map(str::to_owned);
    let dependencies = table.get("dependencies").and_then(Item::as_array);
    let named = dependencies.into_iter().flatten();
    Ok(Package {
        name: text("name").ok_or("a crate of the lock file has no name")?,
        version: text("version").ok_or("a crate of the lock file has no version")?,
        checksum: text("checksum"),
        dependencies: named
            .filter_map(|own| Some(own.as_str()?.to_owned()))
            .collect(),
    })
}
