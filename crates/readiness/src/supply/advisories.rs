//! No crate has a known vulnerability.

use std::path::PathBuf;

use chassis::check::{About, Area, Check, Finding, Said, Subject, Trouble, Words};
use chassis::clock::{Clock, SystemClock, Timestamp};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use semver::Version;

use super::{LICENCES, LOCK, database, list, lock};

/// A database without an advisory of the last ninety days was not fetched since: there are several a week.
const OLDEST_DAYS: i64 = 90;
const DAY_MS: i64 = 86_400_000;

/// `supply.advisories`, and what it reads.
pub struct Advisories {
    /// A lock file's text.
    pub lock: &'static str,
    /// A list of licences, which says what is in the binary.
    pub licences: &'static str,
    /// Where the database lies; none: where the environment or the tools of Cargo have it.
    pub database: Option<&'static str>,
}

impl Advisories {
    /// On this binary.
    pub const OWN: Self = Self {
        lock: LOCK,
        licences: LICENCES,
        database: None,
    };
}

impl Check for Advisories {
    fn about(&self) -> About {
        About {
            id: "supply.advisories",
            area: Area::Supply,
            service: None,
            title: Words::new(
                "No crate in the binary has a known vulnerability",
                "Aucun paquet du binaire n’a de faille connue",
            ),
            what: Words::new(
                "Compares the versions of the lock file that was built into this binary with the RustSec database on this machine: `APLOMB_ADVISORIES` names its folder, else that of `cargo deny` or `cargo audit` is taken. Nothing is fetched.",
                "Compare les versions du fichier de verrouillage inscrit dans ce binaire à la base RustSec présente sur cette machine : `APLOMB_ADVISORIES` en nomme le dossier, sinon c’est celle de `cargo deny` ou de `cargo audit`. Rien n’est téléchargé.",
            ),
            passes: Words::new(
                "no advisory concerns a crate in the binary; the newest advisory is at most 90 days old",
                "aucun avis ne concerne un paquet du binaire ; l’avis le plus récent a 90 jours au plus",
            ),
            by_hand: Words::new(
                "git clone --depth 1 https://github.com/rustsec/advisory-db\nAPLOMB_ADVISORIES=$PWD/advisory-db aplomb prove --only supply.advisories",
                "git clone --depth 1 https://github.com/rustsec/advisory-db\nAPLOMB_ADVISORIES=$PWD/advisory-db aplomb prove --only supply.advisories",
            ),
            when_it_fails: Words::new(
                "Read the advisory that is named: it says which versions are patched. `cargo update -p CRATE`, build and release. Where no patched version exists, see whether the faulty part is used at all, and replace the crate.",
                "Lisez l’avis nommé : il dit quelles versions sont corrigées. `cargo update -p PAQUET`, construisez et publiez. S’il n’y a pas de version corrigée, voyez si la partie fautive sert seulement, et remplacez le paquet.",
            ),
            weight: 5,
            is_required: true,
            disturbs: false,
            needs: &[],
            fresh_days: 7,
        }
    }

    fn run<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>> {
        std::future::ready(super::bom::of_our_own(subject).and_then(|()| self.measure())).boxed()
    }
}

impl Advisories {
    fn place(&self) -> Result<PathBuf, Trouble> {
        let path = |name: &str| std::env::var_os(name).map(PathBuf::from);
        let named = self
            .database
            .map(PathBuf::from)
            .or_else(|| path("APLOMB_ADVISORIES"));
        let home = path("CARGO_HOME").or_else(|| Some(path("HOME")?.join(".cargo")));
        let mut places = database::places(named, home);
        match places.pop() {
            Some(place) if place.join("crates").is_dir() => Ok(place),
            Some(place) => {
                let place = place.display();
                Err(Trouble::not_verifiable(
                    format!(
                        "{place} holds no RustSec database: it has no folder `crates`. `git clone --depth 1 https://github.com/rustsec/advisory-db` makes one"
                    ),
                    format!(
                        "{place} ne contient pas de base RustSec : il y manque le dossier `crates`. `git clone --depth 1 https://github.com/rustsec/advisory-db` en fait une"
                    ),
                ))
            }
            None => Err(Trouble::not_verifiable(
                "there is no RustSec database on this machine: `git clone --depth 1 https://github.com/rustsec/advisory-db`, and name the folder in APLOMB_ADVISORIES",
                "il n’y a pas de base RustSec sur cette machine : `git clone --depth 1 https://github.com/rustsec/advisory-db`, puis indiquez le dossier dans APLOMB_ADVISORIES",
            )),
        }
    }

    fn measure(&self) -> Result<Finding, Trouble> {
        let place = self.place()?;
        let advisories = database::read(&place).map_err(Trouble::broke)?;
        let newest = advisories
            .iter()
            .map(|own| own.date.as_str())
            .max()
            .unwrap_or_default();
        if is_old(newest) {
            return Err(Trouble::not_verifiable(
                format!(
                    "the newest advisory in {} is of {newest}, more than {OLDEST_DAYS} days ago: bring it up to date with `git pull`",
                    place.display()
                ),
                format!(
                    "l’avis le plus récent de {} date du {newest}, il y a plus de {OLDEST_DAYS} jours : mettez la base à jour avec `git pull`",
                    place.display()
                ),
            ));
        }
        let locked = lock::read(self.lock).map_err(Trouble::broke)?;
        let listed = list::read(self.licences).map_err(Trouble::broke)?;
        let (mut faults, mut notices, mut elsewhere) = (Vec::new(), 0, 0);
        for package in &locked {
            let (name, version) = (&package.name, &package.version);
            let parsed = Version::parse(version)
                .map_err(|fault| Trouble::broke(format!("{name} {version}: {fault}")))?;
            // What no list knows is taken for shipped: nothing is excused that was not looked at.
            let found = listed
                .iter()
                .find(|own| own.name == *name && own.version == *version);
            let is_shipped = found.is_none_or(|own| own.shipped);
            let of_it = advisories
                .iter()
                .filter(|own| own.package == *name && !own.is_withdrawn);
            for advisory in of_it.filter(|own| own.concerns(&parsed)) {
                if advisory.is_notice {
                    notices += 1;
                } else if is_shipped {
                    faults.push(format!("{}: {name} {version} is vulnerable", advisory.id));
                } else {
                    elsewhere += 1;
                }
            }
        }
        let (n, all) = (locked.len(), advisories.len());
        let counted = Said::new(
            format!(
                "{n} crates against {all} advisories, the newest of {newest}; besides, {notices} notices, and {elsewhere} that concern tests or other systems"
            ),
            format!(
                "{n} paquets contre {all} avis, le plus récent du {newest} ; en outre {notices} signalements, et {elsewhere} qui touchent des essais ou d’autres systèmes"
            ),
        );
        let required = Said::new(
            "no advisory concerns the binary",
            "aucun avis ne concerne le binaire",
        );
        Ok(Finding::of_faults(faults, counted, required))
    }
}

/// Whether a date `YYYY-MM-DD` is too long ago, or none.
fn is_old(date: &str) -> bool {
    let Ok(at) = format!("{date}T00:00:00.000Z").parse::<Timestamp>() else {
        return true;
    };
    SystemClock.now().unix_ms() - at.unix_ms() > OLDEST_DAYS * DAY_MS
}
