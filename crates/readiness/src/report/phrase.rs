//! Small words and figures that each rendering of a report uses.

use std::time::Duration;

use chassis::check::{Area, Evidence, Words};
use chassis::i18n::Language;

use super::{Outcome, Standing};

pub use super::escape::terminal;

impl Standing {
    /// In a word.
    pub const fn words(self) -> Words {
        match self {
            Self::Passed => Words::new("passed", "réussi"),
            Self::Failed => Words::new("failed", "échoué"),
            Self::Expired => Words::new("expired", "périmé"),
            Self::NotVerifiable => Words::new("not verifiable", "invérifiable"),
            Self::Skipped => Words::new("not run", "non exécuté"),
        }
    }

    /// As a sign, beside the word: neither colour nor shape is alone.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Passed => "✓",
            Self::Failed => "✗",
            Self::Expired => "!",
            Self::NotVerifiable => "?",
            Self::Skipped => "–",
        }
    }

    /// Its stable name: class of a style, word of a log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "pass",
            Self::Failed => "fail",
            Self::Expired => "expired",
            Self::NotVerifiable => "unverifiable",
            Self::Skipped => "skipped",
        }
    }
}

impl Outcome {
    /// In a word.
    pub const fn words(self) -> Words {
        match self {
            Self::Ready => Words::new("Ready", "Prêt"),
            Self::NotReady => Words::new("Not ready", "Pas prêt"),
            Self::Undecided => Words::new("Not shown yet", "Pas encore démontré"),
        }
    }

    /// Its stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::NotReady => "not-ready",
            Self::Undecided => "undecided",
        }
    }
}

/// The claim of evidence.
pub fn title(evidence: &Evidence, language: Language) -> &str {
    pick(language, &evidence.title, &evidence.title_fr)
}

/// What was measured.
pub fn measured(evidence: &Evidence, language: Language) -> &str {
    pick(language, &evidence.measured, &evidence.measured_fr)
}

/// What is required.
pub fn required(evidence: &Evidence, language: Language) -> &str {
    pick(language, &evidence.required, &evidence.required_fr)
}

/// One of two.
pub fn pick<'a>(language: Language, english: &'a str, french: &'a str) -> &'a str {
    match language {
        Language::English => english,
        Language::French => french,
    }
}

/// An area's name for people; one that is not known is itself.
pub fn area(name: &str, language: Language) -> String {
    let known = Area::from_name(name).map(|area| area.title().of(language));
    known.unwrap_or(name).to_owned()
}

/// A score: `97.4`, `97,4`, `100`; a dash where there is none.
pub fn figure(score: Option<f64>, language: Language) -> String {
    let Some(score) = score else {
        return "–".to_owned();
    };
    let text = if score.fract().abs() < 0.05 {
        format!("{score:.0}")
    } else {
        format!("{score:.1}")
    };
    match language {
        Language::English => text,
        Language::French => text.replace('.', ","),
    }
}

/// A duration: `40 ms`, `1.2 s`, `2 min 05 s`, `1 h 12 min`.
pub fn duration(duration: Duration, language: Language) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 if duration.as_millis() < 1_000 => format!("{} ms", duration.as_millis()),
        0..60 => {
            let text = format!("{:.1} s", duration.as_secs_f64());
            pick(language, &text, &text.replace('.', ",")).to_owned()
        }
        60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3_600, seconds / 60 % 60),
    }
}

/// How long a check took.
pub fn took(evidence: &Evidence) -> Duration {
    elapsed(&evidence.started_at, &evidence.ended_at)
}

/// From one moment to another; zero where either cannot be read.
pub fn elapsed(from: &str, to: &str) -> Duration {
    let ms = |text: &str| {
        let moment = text.parse::<chassis::clock::Timestamp>();
        moment.map(chassis::clock::Timestamp::unix_ms)
    };
    match (ms(from), ms(to)) {
        (Ok(from), Ok(to)) => Duration::from_millis(u64::try_from(to - from).unwrap_or(0)),
        _ => Duration::ZERO,
    }
}

/// The day of a moment, `2026-11-21`.
pub fn day(moment: &str) -> &str {
    moment.get(..10).unwrap_or(moment)
}

/// A moment to the minute, `2026-11-21 15:16 UTC`.
pub fn minute(moment: &str) -> String {
    match (moment.get(..10), moment.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => moment.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_the_language() {
        assert_eq!(figure(Some(97.44), Language::French), "97,4");
        assert_eq!(figure(Some(100.0), Language::English), "100");
        assert_eq!(figure(None, Language::English), "–");
        let of = |ms| duration(Duration::from_millis(ms), Language::French);
        assert_eq!(of(40), "40 ms");
        assert_eq!(of(1_240), "1,2 s");
        assert_eq!(of(125_000), "2 min 05 s");
        assert_eq!(of(4_320_000), "1 h 12 min");
    }

    #[test]
    fn moments_that_are_none_do_no_harm() {
        assert_eq!(elapsed("x", "y"), Duration::ZERO);
        assert_eq!(day("é"), "é");
        assert_eq!(minute("2026-11-21T15:16:27.123Z"), "2026-11-21 15:16 UTC");
    }
}
