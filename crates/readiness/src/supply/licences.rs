//! Every licence is one that was allowed.

use chassis::check::{About, Area, Check, Finding, Said, Subject, Trouble, Words};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use toml_edit::{Array, DocumentMut, Item};

use super::expression::is_allowed;
use super::{LICENCES, LOCK, POLICY, list, lock};

/// `supply.licences`, and what it reads.
pub struct Licences {
    /// A lock file's text.
    pub lock: &'static str,
    /// A list of licences.
    pub licences: &'static str,
    /// A policy as `cargo deny` reads it.
    pub policy: &'static str,
}

impl Licences {
    /// On this binary.
    pub const OWN: Self = Self {
        lock: LOCK,
        licences: LICENCES,
        policy: POLICY,
    };
}

impl Check for Licences {
    fn about(&self) -> About {
        About {
            id: "supply.licences",
            area: Area::Supply,
            service: None,
            title: Words::new(
                "Every crate in the binary has a licence that is allowed",
                "Chaque paquet du binaire porte une licence autorisée",
            ),
            what: Words::new(
                "Reads the lock file and the licences that were built into this binary. For each crate that is in it, or took part in building it, a licence can be chosen such that all of it is on the list of `deny.toml`; SPDX expressions with AND, OR and WITH are worked out.",
                "Lit le fichier de verrouillage et les licences inscrits dans ce binaire. Pour chaque paquet qu’il contient, ou qui a servi à le construire, on peut choisir une licence dont tout figure sur la liste de `deny.toml` ; les expressions SPDX avec AND, OR et WITH sont évaluées.",
            ),
            passes: Words::new(
                "no crate without a licence, none with another",
                "aucun paquet sans licence, aucun avec une autre",
            ),
            by_hand: Words::new("cargo deny check licenses", "cargo deny check licenses"),
            when_it_fails: Words::new(
                "A crate was added or changed its licence: read it. Where it may be used, add it to `deny.toml` with the reason; otherwise replace the crate. Then `scripts/supply.sh`.",
                "Un paquet a été ajouté ou a changé de licence : lisez-la. Si elle convient, ajoutez-la à `deny.toml` avec la raison ; sinon remplacez le paquet. Puis `scripts/supply.sh`.",
            ),
            weight: 3,
            is_required: false,
            disturbs: false,
            needs: &[],
            fresh_days: 90,
        }
    }

    fn run<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>> {
        std::future::ready(super::bom::of_our_own(subject).and_then(|()| self.measure())).boxed()
    }
}

impl Licences {
    fn measure(&self) -> Result<Finding, Trouble> {
        let locked = lock::read(self.lock).map_err(Trouble::broke)?;
        let listed = list::read(self.licences).map_err(Trouble::broke)?;
        let policy = Policy::read(self.policy).map_err(Trouble::broke)?;
        let mut faults = Vec::new();
        let mut counted = 0;
        for package in &locked {
            let (name, version) = (&package.name, &package.version);
            let found = listed
                .iter()
                .find(|own| own.name == *name && own.version == *version);
            let Some(found) = found else {
                faults.push(format!(
                    "{name} {version} is in the lock file and in no list of licences"
                ));
                continue;
            };
            if !found.shipped {
                continue;
            }
            counted += 1;
            match found.licence.as_deref() {
                None => faults.push(format!("{name} {version} names no licence")),
                Some(licence) => match is_allowed(licence, &policy.for_package(name)) {
                    Ok(true) => {}
                    Ok(false) => faults.push(format!(
                        "{name} {version} has the licence {licence}, which is not allowed"
                    )),
                    Err(fault) => faults.push(format!("{name} {version}: {fault}")),
                },
            }
        }
        let counted = Said::new(format!("{counted} crates"), format!("{counted} paquets"));
        let list = policy.allowed.join(", ");
        let required = Said::new(format!("one of {list}"), format!("l’une de {list}"));
        Ok(Finding::of_faults(faults, counted, required).again("cargo deny check licenses"))
    }
}

/// What `deny.toml` says of licences.
struct Policy {
    allowed: Vec<String>,
    /// A package, and what is allowed for it alone.
    exceptions: Vec<(String, Vec<String>)>,
}

impl Policy {
    fn read(policy: &str) -> Result<Self, String> {
        let document: DocumentMut = policy
            .parse()
            .map_err(|fault| format!("the policy cannot be read: {fault}"))?;
        let licences = document.get("licenses");
        let list = licences
            .and_then(|licences| licences.get("allow"))
            .and_then(Item::as_array)
            .ok_or("the policy has no list `licenses.allow`")?;
        let exceptions = licences
            .and_then(|licences| licences.get("exceptions"))
            .and_then(Item::as_array);
        let exceptions = exceptions.into_iter().flatten().filter_map(|one| {
            let one = one.as_inline_table()?;
            let package = one.get("crate")?.as_str()?.to_owned();
            Some((package, names(one.get("allow")?.as_array()?)))
        });
        Ok(Self {
            allowed: names(list),
            exceptions: exceptions.collect(),
        })
    }

    fn for_package(&self, name: &str) -> Vec<String> {
        let own = self
            .exceptions
            .iter()
            .filter(|(package, _)| package == name);
        let own = own.flat_map(|(_, licences)| licences);
        self.allowed.iter().chain(own).cloned().collect()
    }
}

fn names(list: &Array) -> Vec<String> {
    list.iter()
        .filter_map(|own| Some(own.as_str()?.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_holds_for_its_package_alone() {
        let text = r#"[licenses]
allow = ["MIT"]
exceptions = [{ allow = ["MPL-2.0"], crate = "symphonia" }]"#;
        let policy = Policy::read(text).unwrap();
        assert_eq!(policy.for_package("symphonia"), ["MIT", "MPL-2.0"]);
        assert_eq!(policy.for_package("another"), ["MIT"]);
        assert!(Policy::read("[licenses]").is_err());
    }
}
