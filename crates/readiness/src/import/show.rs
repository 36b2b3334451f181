//! A judged report for people.

use std::fmt::Write as _;

use chassis::check::Words;
use chassis::i18n::Language;

use super::{Judged, JudgedClaim, Mark};

impl Mark {
    /// Its sign; the word stands beside it.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Proved => "✅",
            Self::Contradicted => "❌",
            Self::Unproven => "❔",
        }
    }

    /// Its name for people.
    pub const fn title(self) -> Words {
        match self {
            Self::Proved => Words::new("proved", "prouvé"),
            Self::Contradicted => Words::new("contradicted", "démenti"),
            Self::Unproven => Words::new("unproven", "non prouvé"),
        }
    }
}

impl Judged {
    /// The report's claims as a Markdown table.
    pub fn markdown(&self, language: Language) -> String {
        let words = |english, french| Words::new(english, french).of(language);
        let mut out = format!(
            "# {}\n\n{}\n\n",
            words(
                "The report, claim by claim",
                "Le rapport, affirmation par affirmation"
            ),
            self.summary(language)
        );
        let (line, claim) = (words("Line", "Ligne"), words("Claim", "Affirmation"));
        let (mark, check, why) = (
            words("Verdict", "Verdict"),
            words("Check", "Contrôle"),
            words("Why", "Pourquoi"),
        );
        let _ = writeln!(
            out,
            "| {line} | {claim} | {mark} | {check} | {why} |\n|---:|---|---|---|---|"
        );
        for one in &self.claims {
            let JudgedClaim { line, verdict, .. } = one;
            let check = one.check.as_deref().map_or(String::new(), |id| {
                format!("`{}`", id.replace(['`', '|'], ""))
            });
            let (text, why) = (escape(&one.text), escape(&one.why));
            let (sign, verdict) = (verdict.sign(), verdict.title().of(language));
            let _ = writeln!(
                out,
                "| {line} | {text} | {sign} {verdict} | {check} | {why} |"
            );
        }
        out
    }

    /// The same as lines for a terminal: each claim on one, why below it.
    pub fn terminal(&self, language: Language) -> Vec<String> {
        let words = |english, french| Words::new(english, french).of(language);
        let width = Mark::ALL
            .iter()
            .map(|mark| mark.title().of(language).chars().count())
            .max()
            .unwrap_or_default();
        let mut lines = Vec::with_capacity(self.claims.len() * 2 + 2);
        for one in &self.claims {
            let (line, text, verdict) = (one.line, &one.text, one.verdict.title().of(language));
            lines.push(format!("{line:>5}  {verdict:<width$}  {text}"));
            lines.push(format!("       {:<width$}  {}", "", one.why));
        }
        lines.push(String::new());
        lines.push(self.summary(language));
        if self.repairs > 0 {
            let n = self.repairs;
            lines.push(match language {
                Language::English => format!("{}: {n} signs mended", self.encoding),
                Language::French => format!("{} : {n} signes réparés", self.encoding),
            });
        }
        if self.counts.left_out > 0 {
            let n = self.counts.left_out;
            lines.push(format!(
                "{n} {}",
                words(
                    "more claims were left out",
                    "affirmations de plus ont été laissées de côté"
                )
            ));
        }
        lines
    }

    fn summary(&self, language: Language) -> String {
        let counts = &self.counts;
        let (all, proved) = (self.claims.len(), counts.proved);
        let (contradicted, unproven) = (counts.contradicted, counts.unproven);
        match language {
            Language::English => format!(
                "Claims: {all} ({proved} proved, {contradicted} contradicted, {unproven} unproven)"
            ),
            Language::French => format!(
                "Affirmations : {all} (prouvées : {proved}, démenties : {contradicted}, non prouvées : {unproven})"
            ),
        }
    }
}

/// So that a claim's own signs make no Markdown and no HTML.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for sign in text.chars() {
        match sign {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' => {
                out.push('\\');
                out.push(sign);
            }
            sign if sign.is_control() => out.push(' '),
            sign => out.push(sign),
        }
    }
    out
}
