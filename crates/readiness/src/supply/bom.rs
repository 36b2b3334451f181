//! The bill of materials.

use std::collections::{BTreeMap, BTreeSet};

use chassis::check::{About, Area, Check, Finding, Reach, Said, Subject, Trouble, Words};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::expression::canonical;
use super::lock::{Package, purl};
use super::{LOCK, list, lock};

/// What the bill is of.
const ROOT: &str = "aplomb";

/// `supply.sbom`, and what it reads.
pub struct Bom {
    /// A lock file's text.
    pub lock: &'static str,
    /// Makes the bill.
    pub bill: fn() -> Value,
}

impl Bom {
    /// On this binary.
    pub const OWN: Self = Self {
        lock: LOCK,
        bill: super::sbom,
    };
}

impl Check for Bom {
    fn about(&self) -> About {
        About {
            id: "supply.sbom",
            area: Area::Supply,
            service: None,
            title: Words::new(
                "The binary can list what it is made of (CycloneDX), completely",
                "Le binaire sait lister ses composants (CycloneDX), sans en omettre",
            ),
            what: Words::new(
                "Makes the bill of materials and holds it against the lock file: format and version, a name, version, package URL, licence and SHA-256 for each crate, references that are unique and lead somewhere, and no crate missing or too many.",
                "Établit la nomenclature et la compare au fichier de verrouillage : format et version, nom, version, URL de paquet, licence et SHA-256 pour chaque paquet, références uniques et qui mènent quelque part, aucun paquet en moins ni en trop.",
            ),
            passes: Words::new(
                "every crate of the lock file once, each with all that is asked",
                "chaque paquet du fichier de verrouillage une fois, avec tout ce qui est demandé",
            ),
            by_hand: Words::new(
                "aplomb prove --sbom bom.json; jq '.components | length' bom.json; grep -c '^name = ' Cargo.lock",
                "aplomb prove --sbom bom.json; jq '.components | length' bom.json; grep -c '^name = ' Cargo.lock",
            ),
            when_it_fails: Words::new(
                "The list of licences is older than the lock file: run `scripts/supply.sh` and build again.",
                "La liste des licences est plus ancienne que le fichier de verrouillage : lancez `scripts/supply.sh` et reconstruisez.",
            ),
            weight: 2,
            is_required: false,
            disturbs: false,
            needs: &[],
            fresh_days: 90,
        }
    }

    fn run<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>> {
        std::future::ready(of_our_own(subject).map(|()| self.measure())).boxed()
    }
}

impl Bom {
    fn measure(&self) -> Finding {
        let bill = (self.bill)();
        let n = bill["components"].as_array().map_or(0, Vec::len);
        let counted = Said::new(format!("{n} components"), format!("{n} composants"));
        let required = Said::new(
            "each crate of the lock file once, with all that is asked",
            "chaque paquet du fichier de verrouillage une fois, avec tout ce qui est demandé",
        );
        Finding::of_faults(faults(&bill, self.lock), counted, required)
    }
}

/// What a binary is made of is known of this one alone.
pub(super) fn of_our_own(subject: &Subject) -> Result<(), Trouble> {
    if subject.reach == Reach::Foreign {
        return Err(Trouble::not_verifiable(
            "what somebody else’s system is made of cannot be seen from outside: ask its makers for a bill of materials",
            "on ne peut voir du dehors de quoi est fait le système d’autrui : demandez une nomenclature à ses auteurs",
        ));
    }
    Ok(())
}

/// The bill of a lock file and its list of licences.
pub fn of(lock: &str, licences: &str) -> Result<Value, String> {
    let packages = lock::read(lock)?;
    let listed = list::read(licences)?;
    let more: BTreeMap<_, _> = listed
        .iter()
        .map(|own| (purl(&own.name, &own.version), own))
        .collect();
    let root = packages.iter().find(|own| own.name == ROOT);
    let root = root.ok_or_else(|| format!("the lock file has no crate `{ROOT}`"))?;
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    for package in &packages {
        let needed = |entry: &String| packages.iter().find(|own| own.is_meant_by(entry));
        let needed: Vec<_> = package
            .dependencies
            .iter()
            .filter_map(needed)
            .map(Package::purl)
            .collect();
        dependencies.push(json!({ "ref": package.purl(), "dependsOn": needed }));
        if package.name == ROOT {
            continue;
        }
        let purl = package.purl();
        let more = more.get(&purl);
        let mut component = json!({
            "type": "library",
            "bom-ref": purl,
            "name": package.name,
            "version": package.version,
            "scope": if more.is_some_and(|own| own.shipped) { "required" } else { "excluded" },
            "purl": purl,
        });
        if let Some(checksum) = &package.checksum {
            component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
        }
        if let Some(licence) = more.and_then(|own| own.licence.as_deref()) {
            component["licenses"] = json!([{ "expression": canonical(licence) }]);
        }
        components.push(component);
    }
    Ok(json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": serial(lock),
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": root.purl(),
                "name": root.name,
                "version": root.version,
                "purl": root.purl(),
            }
        },
        "components": components,
        "dependencies": dependencies,
    }))
}

/// A UUID that is the same for the same lock file: version 8, "made as the maker likes".
fn serial(lock: &str) -> String {
    let hash = blake3::hash(lock.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_bytes()[..16]);
    bytes[6] = 0x80 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    format!("urn:uuid:{}", parts.join("-"))
}

/// What is wrong with a bill of a lock file.
pub fn faults(bill: &Value, lock: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if bill["bomFormat"] != "CycloneDX" || bill["specVersion"] != "1.6" {
        let (format, version) = (&bill["bomFormat"], &bill["specVersion"]);
        faults.push(format!(
            "the bill is of {format} {version}, not CycloneDX 1.6"
        ));
    }
    if !bill["serialNumber"]
        .as_str()
        .is_some_and(|own| own.starts_with("urn:uuid:") && own.len() == 45)
    {
        faults.push("the bill has no serial number".to_owned());
    }
    let packages = match lock::read(lock) {
        Ok(packages) => packages,
        Err(fault) => return vec![fault],
    };
    let wanted: BTreeMap<_, _> = packages.iter().map(|own| (own.purl(), own)).collect();
    let mut seen = BTreeSet::new();
    let root = &bill["metadata"]["component"];
    let components = bill["components"].as_array();
    let components = components.into_iter().flatten();
    for component in std::iter::once(root).chain(components) {
        let text = |key: &str| component[key].as_str().unwrap_or_default();
        let reference = text("bom-ref");
        let Some(package) = wanted.get(text("purl")) else {
            faults.push(format!("{reference} is in the bill and in no lock file"));
            continue;
        };
        if !seen.insert(reference) {
            faults.push(format!("{reference} stands twice in the bill"));
        }
        if text("name") != package.name
            || text("version") != package.version
            || text("type").is_empty()
        {
            faults.push(format!(
                "{reference} has no type, or another name or version than the lock file"
            ));
        }
        let hash = component["hashes"][0]["content"].as_str();
        if hash != package.checksum.as_deref() {
            faults.push(format!(
                "{reference} has the hash {hash:?}, the lock file {:?}",
                package.checksum
            ));
        }
        if package.name != ROOT
            && component["licenses"][0]["expression"]
                .as_str()
                .is_none_or(str::is_empty)
        {
            faults.push(format!("{reference} has no licence in the bill"));
        }
    }
    let missing = wanted.keys().filter(|purl| !seen.contains(purl.as_str()));
    faults
        .extend(missing.map(|purl| format!("{purl} is in the lock file and missing in the bill")));
    let dependencies = bill["dependencies"].as_array().into_iter().flatten();
    for dependency in dependencies {
        let needed = dependency["dependsOn"].as_array().into_iter().flatten();
        for reference in needed.chain([&dependency["ref"]]).filter_map(Value::as_str) {
            if !seen.contains(reference) {
                faults.push(format!(
                    "the bill refers to {reference}, which is not in it"
                ));
            }
        }
    }
    faults
}
