//! What one reads at the end: first what could not be verified, and what failed; then the figures.

use chassis::check::{Evidence, Verdict};
use chassis::i18n::Language;
use readiness::report::phrase::{self, figure, terminal};
use readiness::report::{Outcome, Report, Standing, Tally, standing_at};

use super::ink::{Ink, Tint, columns, ends, wrap};
use super::screen::measured;

/// So many faults of a check are named here; the report has the others.
const MOST_FAULTS: usize = 3;
const BAR: usize = 24;

/// The whole of it. `unmet` are demands that do not hold; `files` are names and places of what was written.
pub(super) fn summary(
    report: &Report,
    unmet: &[String],
    files: &[(String, String)],
    ink: Ink,
    language: Language,
) -> String {
    let mut page = Page {
        report,
        ink,
        language,
        lines: Vec::new(),
    };
    page.rule();
    page.list(
        ("Could not be verified here", "Pas vérifiable ici"),
        |standing, _| standing == Standing::NotVerifiable,
    );
    page.list(
        ("Required, and failed", "Exigé, et en échec"),
        |standing, one| standing == Standing::Failed && one.is_required,
    );
    page.list(
        ("Required, and too old", "Exigé, et périmé"),
        |standing, one| standing == Standing::Expired && one.is_required,
    );
    page.list(
        ("Failed, not required", "En échec, non exigé"),
        |standing, one| standing == Standing::Failed && !one.is_required,
    );
    page.list(("Too old", "Périmé"), |standing, one| {
        standing == Standing::Expired && !one.is_required
    });
    page.tables();
    page.verdict(unmet);
    page.notes();
    page.files(files);
    page.lines.join("\n")
}

struct Page<'a> {
    report: &'a Report,
    ink: Ink,
    language: Language,
    lines: Vec<String>,
}

impl Page<'_> {
    fn word<'a>(&self, english: &'a str, french: &'a str) -> &'a str {
        phrase::pick(self.language, english, french)
    }

    fn add(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    fn rule(&mut self) {
        let line = self.ink.paint(Tint::Soft, &"─".repeat(self.ink.width));
        self.add(format!("\n{line}"));
    }

    fn list(&mut self, heading: (&str, &str), belongs: impl Fn(Standing, &Evidence) -> bool) {
        let now = self.report.moment();
        let report = self.report;
        let own: Vec<_> = report
            .evidence
            .iter()
            .filter(|one| belongs(standing_at(one, now), one))
            .collect();
        if own.is_empty() {
            return;
        }
        let heading = format!("{} ({})", self.word(heading.0, heading.1), own.len());
        let heading = self.ink.paint(Tint::Bold, &heading);
        self.add(heading);
        for one in own {
            self.item(one, standing_at(one, now));
        }
        self.add("");
    }

    fn item(&mut self, one: &Evidence, standing: Standing) {
        let tint = tint(standing);
        let room = self.ink.width - 4;
        let id = terminal(&one.id);
        let title = terminal(phrase::title(one, self.language));
        for (number, line) in ends(&title, &id, room).into_iter().enumerate() {
            let line = if number == 0 {
                let (claim, _) = line.split_at(line.len() - id.len());
                format!(
                    "  {} {claim}{}",
                    self.ink.paint(tint, standing.sign()),
                    self.ink.paint(Tint::Soft, &id)
                )
            } else {
                format!("    {line}")
            };
            self.add(line);
        }
        self.lesser(&measured(one, self.language), "", tint);
        for fault in one.faults.iter().take(MOST_FAULTS) {
            self.lesser(&terminal(fault), "· ", Tint::Soft);
        }
        let more = one.faults.len().saturating_sub(MOST_FAULTS) + one.faults_left_out;
        if more > 0 {
            let more = match self.language {
                Language::English => format!("{more} more, in the report"),
                Language::French => format!("{more} autres, dans le rapport"),
            };
            self.lesser(&more, "· ", Tint::Soft);
        }
        if self.report.is_earlier(one) || standing == Standing::Expired {
            let (day, end) = (
                phrase::day(&one.ended_at).to_owned(),
                phrase::day(&one.expires_at).to_owned(),
            );
            let dates = match self.language {
                Language::English => format!("measured on {day}, stands until {end}"),
                Language::French => format!("mesuré le {day}, vaut jusqu’au {end}"),
            };
            self.lesser(&dates, "", Tint::Soft);
        }
        if standing == Standing::Failed {
            let way_out = format!("aplomb prove --explain {id}");
            self.lesser(&way_out, "→ ", Tint::Blue);
        }
    }

    /// A line below a claim.
    fn lesser(&mut self, text: &str, sign: &str, tint: Tint) {
        let room = self.ink.width - 4 - columns(sign);
        for (number, line) in wrap(text, room).into_iter().enumerate() {
            let sign = if number == 0 {
                sign.to_owned()
            } else {
                " ".repeat(columns(sign))
            };
            let line = self.ink.paint(tint, &format!("{sign}{line}"));
            self.add(format!("    {line}"));
        }
    }

    fn tables(&mut self) {
        let report = self.report;
        let ran =
            |tally: &&Tally| tally.passed + tally.failed + tally.expired + tally.not_verifiable > 0;
        let areas: Vec<_> = report.areas.iter().filter(ran).collect();
        let heading = self.word("Area", "Domaine").to_owned();
        self.table(&heading, &areas, true);
        if report.services.len() > 1 {
            let services: Vec<_> = report.services.iter().filter(ran).collect();
            self.table("Service", &services, false);
        }
        let left_out: usize = report.areas.iter().map(|area| area.skipped).sum();
        if left_out > 0 {
            let line = match self.language {
                Language::English => {
                    format!(
                        "{left_out} of {} checks were not run.",
                        report.evidence.len()
                    )
                }
                Language::French => format!(
                    "{left_out} épreuves sur {} n’ont pas été exécutées.",
                    report.evidence.len()
                ),
            };
            let line = self.ink.paint(Tint::Soft, &line);
            self.add(line);
            self.add("");
        }
    }

    fn table(&mut self, heading: &str, tallies: &[&Tally], is_area: bool) {
        if tallies.is_empty() {
            return;
        }
        let counts = [
            self.word("pass", "réussi"),
            self.word("fail", "échec"),
            self.word("open", "ouvert"),
        ];
        let head = format!(
            "{}{}  {:>5}  {:>6}  {:>6}  {:>6}",
            pad(heading, 20),
            " ".repeat(BAR),
            "score",
            counts[0],
            counts[1],
            counts[2]
        );
        let head = self.ink.paint(Tint::Soft, &head);
        self.add(head);
        for tally in tallies {
            let name = if is_area {
                phrase::area(&tally.name, self.language)
            } else {
                terminal(&tally.name)
            };
            let count = |number: usize, tint: Tint| {
                let text = format!(
                    "{:>6}",
                    if number == 0 {
                        "·".to_owned()
                    } else {
                        number.to_string()
                    }
                );
                let tint = if number == 0 { Tint::Soft } else { tint };
                self.ink.paint(tint, &text)
            };
            let line = format!(
                "{}{}  {:>5}  {}  {}  {}",
                pad(&name, 20),
                self.bar(tally.score),
                figure(tally.score, self.language),
                count(tally.passed, Tint::Green),
                count(tally.failed + tally.expired, Tint::Red),
                count(tally.not_verifiable, Tint::Yellow),
            );
            self.add(line);
        }
        self.add("");
    }

    fn bar(&self, score: Option<f64>) -> String {
        let Some(score) = score else {
            return self.ink.paint(Tint::Soft, &"┄".repeat(BAR));
        };
        let full = ((score / 100.0 * BAR as f64).round() as usize).min(BAR);
        let tint = match score {
            99.95.. => Tint::Green,
            75.0.. => Tint::Yellow,
            _ => Tint::Red,
        };
        format!(
            "{}{}",
            self.ink.paint(tint, &"━".repeat(full)),
            self.ink.paint(Tint::Soft, &"─".repeat(BAR - full))
        )
    }

    fn verdict(&mut self, unmet: &[String]) {
        let outcome = self.report.outcome();
        let tint = match outcome {
            Outcome::Ready => Tint::Green,
            Outcome::NotReady => Tint::Red,
            Outcome::Undecided => Tint::Yellow,
        };
        let word = outcome.words().of(self.language).to_uppercase();
        let now = self.report.moment();
        let required = self.report.evidence.iter().filter(|one| one.is_required);
        let passed = required
            .clone()
            .filter(|one| standing_at(one, now) == Standing::Passed)
            .count();
        let all = required.count();
        let score = figure(Some(self.report.score), self.language);
        let time = phrase::elapsed(&self.report.started_at, &self.report.ended_at);
        let time = phrase::duration(time, self.language);
        let line = match self.language {
            Language::English => {
                format!("{score} of 100 · {passed} of {all} required shown · {time}")
            }
            Language::French => {
                let shown = if passed > 1 {
                    "exigences démontrées"
                } else {
                    "exigence démontrée"
                };
                format!("{score} sur 100 · {passed} {shown} sur {all} · {time}")
            }
        };
        let word = if self.ink.is_coloured {
            // Bold as well as coloured.
            format!("\u{1b}[1m{}", self.ink.paint(tint, &word))
        } else {
            word
        };
        self.add(format!("{word}  {line}"));
        if outcome == Outcome::Undecided {
            let why = self.word(
                "Nothing required failed, but not all of it was shown.",
                "Rien d’exigé n’a échoué, mais tout n’a pas été démontré.",
            );
            let why = self.ink.paint(Tint::Soft, why);
            self.add(why);
        }
        for demand in unmet {
            for (number, line) in wrap(demand, self.ink.width - 2).into_iter().enumerate() {
                let sign = if number == 0 { "✗" } else { " " };
                let line = self.ink.paint(Tint::Red, &format!("{sign} {line}"));
                self.add(line);
            }
        }
    }

    fn notes(&mut self) {
        let report = self.report;
        if !report.notes.is_empty() {
            self.add("");
        }
        for note in &report.notes {
            let text = phrase::pick(self.language, &note.text, &note.text_fr);
            for (number, line) in wrap(&terminal(text), self.ink.width - 2)
                .into_iter()
                .enumerate()
            {
                let sign = if number == 0 { "•" } else { " " };
                let line = self.ink.paint(Tint::Soft, &format!("{sign} {line}"));
                self.add(line);
            }
        }
    }

    fn files(&mut self, files: &[(String, String)]) {
        self.add("");
        let widest = files.iter().map(|(name, _)| columns(name)).max();
        for (name, file) in files {
            let name = pad(name, widest.unwrap_or(0) + 2);
            let name = self.ink.paint(Tint::Soft, &name);
            self.add(format!("{name}{file}"));
        }
        let has_page = files.iter().any(|(_, file)| {
            std::path::Path::new(file)
                .extension()
                .is_some_and(|kind| kind.eq_ignore_ascii_case("html"))
        });
        let failed = |one: &Evidence| one.verdict == Verdict::Fail;
        if !has_page && self.report.evidence.iter().any(failed) {
            let hint = self.word(
                "All faults and plots as a page: aplomb prove --report proof.html",
                "Tous les défauts et les courbes en une page : aplomb prove --report proof.html",
            );
            let hint = self.ink.paint(Tint::Soft, hint);
            self.add(hint);
        }
    }
}

const fn tint(standing: Standing) -> Tint {
    match standing {
        Standing::Passed => Tint::Green,
        Standing::Failed | Standing::Expired => Tint::Red,
        Standing::NotVerifiable => Tint::Yellow,
        Standing::Skipped => Tint::Soft,
    }
}

/// Filled up to so many columns.
fn pad(text: &str, width: usize) -> String {
    let gap = width.saturating_sub(columns(text)).max(1);
    format!("{text}{}", " ".repeat(gap))
}
