//! Which checks run, and what a run is asked for.

use chassis::check::{About, Area, Checks, Said};
use chassis::config::nearest;
use chassis::i18n::Language;
use readiness::report::phrase::{self, figure};
use readiness::report::{Report, Standing, standing_at};

/// The checks that run.
pub(super) fn chosen(
    all: &Checks,
    only: &[String],
    skip: &[String],
    language: Language,
) -> Result<Checks, String> {
    known(all, "--only", only, language)?;
    known(all, "--skip", skip, language)?;
    let is_chosen = |about: &About| {
        let is_among = |names: &[String]| names.iter().any(|name| is_named(about, name));
        (only.is_empty() || is_among(only)) && !is_among(skip)
    };
    let chosen: Checks = all
        .iter()
        .copied()
        .filter(|check| is_chosen(&check.about()))
        .collect();
    if chosen.is_empty() {
        let said = Said::new(
            "no check is left: `aplomb prove --list` shows them",
            "il ne reste aucune épreuve : `aplomb prove --list` les montre",
        );
        return Err(said.of(language).to_owned());
    }
    Ok(chosen)
}

fn is_named(about: &About, name: &str) -> bool {
    name == about.id || name == about.area.name()
}

/// Whether each name is that of a check or of an area; else the nearest.
fn known(all: &Checks, flag: &str, names: &[String], language: Language) -> Result<(), String> {
    for name in names {
        if !all.iter().any(|check| is_named(&check.about(), name)) {
            return Err(unknown(all, flag, name, language));
        }
    }
    Ok(())
}

/// What is said of a name that none has.
pub(super) fn unknown(all: &Checks, flag: &str, name: &str, language: Language) -> String {
    let shown = phrase::terminal(name);
    if Area::from_name(name).is_some() {
        let said = Said::new(
            format!("{flag}: the area `{shown}` has no checks"),
            format!("{flag} : le domaine `{shown}` n’a pas d’épreuve"),
        );
        return said.of(language).to_owned();
    }
    let ids = all.iter().map(|check| check.about().id);
    let areas = Area::ALL.iter().map(|area| area.name());
    let near = nearest(name, ids.chain(areas));
    let said = match near {
        Some(near) => Said::new(
            format!("{flag}: there is no check or area `{shown}`; did you mean `{near}`?"),
            format!(
                "{flag} : ni épreuve ni domaine ne s’appelle `{shown}` ; vouliez-vous dire `{near}` ?"
            ),
        ),
        None => Said::new(
            format!(
                "{flag}: there is no check or area `{shown}`; `aplomb prove --list` shows them"
            ),
            format!(
                "{flag} : ni épreuve ni domaine ne s’appelle `{shown}` ; `aplomb prove --list` les montre"
            ),
        ),
    };
    said.of(language).to_owned()
}

/// What a run is asked for besides its required checks.
pub(super) struct Demands {
    min_score: Option<f64>,
    require: Vec<String>,
    required_ids: Vec<(String, &'static str)>,
}

impl Demands {
    pub(super) fn new(
        all: &Checks,
        min_score: Option<f64>,
        require: &[String],
        language: Language,
    ) -> Result<Self, String> {
        known(all, "--require", require, language)?;
        let of_name = |name: &String| {
            let abouts = all.iter().map(|check| check.about());
            let named = abouts.filter(|about| is_named(about, name));
            named
                .map(|about| (name.clone(), about.id))
                .collect::<Vec<_>>()
        };
        Ok(Self {
            min_score,
            required_ids: require.iter().flat_map(of_name).collect(),
            require: require.to_vec(),
        })
    }

    /// A sentence for each demand that does not hold.
    pub(super) fn unmet(&self, report: &Report, language: Language) -> Vec<String> {
        let mut unmet = Vec::new();
        if let Some(least) = self.min_score
            && report.score < least
        {
            let (has, least) = (
                figure(Some(report.score), language),
                figure(Some(least), language),
            );
            let said = Said::new(
                format!("--min-score {least}: the score is {has}"),
                format!("--min-score {least} : le score est {has}"),
            );
            unmet.push(said.of(language).to_owned());
        }
        for name in &self.require {
            let ids = self.required_ids.iter().filter(|(own, _)| own == name);
            let open: Vec<String> = ids
                .filter_map(|(_, id)| {
                    let one = report.evidence.iter().find(|one| one.id == *id);
                    let standing =
                        one.map_or(Standing::Skipped, |one| standing_at(one, report.moment()));
                    (standing != Standing::Passed)
                        .then(|| format!("{id} ({})", standing.words().of(language)))
                })
                .collect();
            if !open.is_empty() {
                let list = open.join(", ");
                let said = Said::new(
                    format!("--require {name}: {list}"),
                    format!("--require {name} : {list}"),
                );
                unmet.push(said.of(language).to_owned());
            }
        }
        unmet
    }
}
