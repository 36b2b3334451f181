//! Which check measures what a claim says: words of both languages, by hand.

mod rules;
#[cfg(test)]
mod sentences;

use super::words::{find, fold, tokens};
use rules::{RULES, Rule};

/// A check as the mapping knows it: its id, and its title in both languages.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) id: String,
    /// The words of the titles that say something.
    titles: [Vec<String>; 2],
}

impl Known {
    pub(super) fn new(id: &str, english: &str, french: &str) -> Self {
        let words = |title: &str| {
            let folded = fold(title);
            let telling = tokens(&folded).into_iter().filter(|word| word.len() > 3);
            telling.map(stem).collect()
        };
        Self {
            id: id.to_owned(),
            titles: [words(english), words(french)],
        }
    }
}

/// A word that says nothing of what is measured: patterns and lines are compared without them, since teams write "limitation de
/// débit", "limitation du débit" and "le débit est limité" of one thing. What denies (`pas`, `not`) and what parts (`per`) is none.
fn is_small(word: &str) -> bool {
    const SMALL: &[&str] = &[
        "le", "la", "les", "l", "un", "une", "de", "des", "du", "d", "est", "sont", "ne", "n",
        "the", "a", "an", "is", "are", "of", "be", "by",
    ];
    SMALL.contains(&word)
}

/// The beginning of a word, which its forms share.
fn stem(word: &str) -> String {
    word.chars().take(6).collect()
}

/// Ids that the rules know, areas (`recovery.*`) left out.
pub(super) fn ids() -> impl Iterator<Item = &'static str> {
    let is_first = |n: usize| RULES[..n].iter().all(|rule| rule.id != RULES[n].id);
    (0..RULES.len())
        .filter(move |n| is_first(*n))
        .map(|n| RULES[n].id)
        .filter(|id| !id.ends_with('*'))
}

/// The checks among those known that measure what a text says, the one that it speaks of most first. A topic whose check is not
/// among them is measured by none: never by a neighbour.
pub(super) fn checks<'a>(words: &[&str], known: &'a [Known]) -> Vec<&'a Known> {
    let telling: Vec<&str> = words
        .iter()
        .copied()
        .filter(|word| !is_small(word))
        .collect();
    let words = telling.as_slice();
    let mut hits: Vec<(&Rule, Vec<usize>)> = RULES
        .iter()
        .filter_map(|rule| covered(words, rule).map(|covered| (rule, covered)))
        .collect();
    // The more words, the surer; of equals the earlier in the text.
    hits.sort_by_key(|(_, covered)| (usize::MAX - covered.len(), covered.first().copied()));
    let (mut taken, mut found): (Vec<usize>, Vec<&Known>) = (Vec::new(), Vec::new());
    let mut is_incomplete = false;
    for (rule, covered) in hits {
        if covered.iter().any(|word| taken.contains(word)) {
            continue;
        }
        taken.extend(covered);
        match choose(rule, words, known) {
            Some(check) => found.push(check),
            None => is_incomplete = true,
        }
    }
    // A claim of several topics of which one is measured by nothing is measured by nothing as a whole.
    if is_incomplete {
        found.clear();
    } else if taken.is_empty() {
        found.extend(by_title(words, known));
    }
    found
}

/// The words that a rule stands on: all that its groups find.
fn covered(words: &[&str], rule: &Rule) -> Option<Vec<usize>> {
    let mut covered = Vec::new();
    for group in &rule.groups {
        let before = covered.len();
        covered.extend(
            group
                .iter()
                .filter_map(|pattern| find(words, pattern))
                .flatten(),
        );
        if covered.len() == before {
            return None;
        }
    }
    covered.sort_unstable();
    covered.dedup();
    Some(covered)
}

fn choose<'a>(rule: &Rule, words: &[&str], known: &'a [Known]) -> Option<&'a Known> {
    let Some(area) = rule.id.strip_suffix('*') else {
        return known.iter().find(|check| check.id == rule.id);
    };
    let own: Vec<&Known> = known
        .iter()
        .filter(|check| check.id.starts_with(area))
        .collect();
    let likeness = |check: &Known| overlap(words, check).0;
    let best = own.iter().copied().max_by_key(|check| likeness(check))?;
    let least = if own.len() == 1 { 1 } else { 2 };
    (likeness(best) >= least).then_some(best)
}

/// A check without a rule, such as a service's own: most words of its title stand in the claim.
fn by_title<'a>(words: &[&str], known: &'a [Known]) -> Option<&'a Known> {
    known
        .iter()
        .filter(|check| !RULES.iter().any(|rule| rule.id == check.id))
        .filter(|check| {
            let (shared, of) = overlap(words, check);
            shared >= 3 && shared * 5 >= of * 3
        })
        .max_by_key(|check| overlap(words, check).0)
}

/// Words of the title that stand in the text, and how many the title has; of the language that fits better.
fn overlap(words: &[&str], check: &Known) -> (usize, usize) {
    let stems: Vec<String> = words.iter().map(|word| stem(word)).collect();
    let shared = |title: &Vec<String>| {
        let n = title.iter().filter(|word| stems.contains(word)).count();
        (n, title.len())
    };
    shared(&check.titles[0]).max(shared(&check.titles[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, known: &[Known]) -> String {
        let folded = fold(text);
        let found = checks(&tokens(&folded), known);
        let ids: Vec<&str> = found.iter().map(|check| check.id.as_str()).collect();
        ids.join(" ")
    }

    #[test]
    fn claims_of_both_languages_find_their_check() {
        let known: Vec<Known> = ids().map(|id| Known::new(id, "", "")).collect();
        for (text, expected) in [
            ("En-têtes de sécurité (Helmet)", "surface.headers"),
            (
                "Rate limiting: 100 requests a minute per IP",
                "limits.per_address",
            ),
            ("Limitation de débit partagée via Redis", "limits.shared"),
            (
                "1,000 requests an hour, rate limit per user",
                "limits.per_user",
            ),
            ("Debit 1000 req/s", "load.objectives"),
            (
                "Mots de passe hachés avec Argon2id",
                "access.password_hashing",
            ),
            (
                "CORS, CSRF and HSTS",
                "access.cors access.csrf surface.hsts",
            ),
            ("Secrets masqués dans les logs", "surface.canaries"),
            (
                "Structured JSON logs with a request id",
                "observability.logs observability.request_id",
            ),
            (
                "Métriques Prometheus et alertes",
                "observability.metrics observability.alerts",
            ),
            ("Redis indisponible : repli en mémoire", "degradation.cache"),
            (
                "Survives kill -9 without data loss",
                "durability.kill_writes",
            ),
            ("SBOM CycloneDX", "supply.sbom"),
            ("Interface en bleu", ""),
            // No check of the list measures backups, so a line that speaks of them is measured by none.
            ("Sauvegardes et alertes", ""),
        ] {
            let mut found: Vec<String> = of(text, &known).split(' ').map(str::to_owned).collect();
            let mut wanted: Vec<&str> = expected.split(' ').collect();
            found.sort();
            wanted.sort_unstable();
            assert_eq!(found, wanted, "{text}");
        }
    }

    #[test]
    fn a_claim_goes_to_no_neighbour_of_a_check_that_is_missing() {
        let known = [Known::new("limits.per_address", "", "")];
        assert_eq!(of("Rate limiting shared with Redis", &known), "");
    }

    #[test]
    fn checks_without_a_rule_are_found_by_their_title() {
        let known = [
            Known::new(
                "recovery.restore",
                "A backup is restored with every row",
                "Une sauvegarde est restaurée, lignes comprises",
            ),
            Known::new(
                "recovery.rpo",
                "At most an hour of writes is lost",
                "Au plus une heure d’écritures est perdue",
            ),
            Known::new(
                "luna.kits",
                "Kits are drawn within a second",
                "Les kits sont dessinés en une seconde",
            ),
        ];
        assert_eq!(
            of("Sauvegarde quotidienne restaurée chaque semaine", &known),
            "recovery.restore"
        );
        assert_eq!(of("Backups", &known), "");
        assert_eq!(of("Logo kits drawn within one second", &known), "luna.kits");
    }
}
