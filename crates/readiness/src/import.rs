//! Somebody's readiness report, each claim of it marked: proved, contradicted or unproven.
//!
//! * [`judge`]: a Markdown report in French or English, and the evidence of runs, to [`Judged`]
//! * inside: `encoding` bytes to text, mended; `markdown` text to lines; `claim` and `quantity` what a line says;
//!   `contradiction` what the report says against itself; `map` which check measures it; `verdict` what runs say of it
//!
//! Nothing is proved without a run: a report cannot vouch for itself. It can contradict itself.

mod claim;
mod contradiction;
mod encoding;
mod inline;
mod map;
mod markdown;
mod quantity;
mod reason;
mod role;
mod show;
mod unit;
mod verdict;
mod words;

use chassis::check::{Evidence, Words};
use chassis::clock::{Clock, SystemClock, Timestamp};
use chassis::i18n::Language;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use claim::Kind;

use claim::Claim;
use map::Known;

/// A report is this long at most.
pub const MOST_BYTES: usize = 4 * 1024 * 1024;
/// So many claims are judged; the rest is counted.
pub const MOST_CLAIMS: usize = 10_000;

/// Why a file is not judged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportFault {
    /// It is too long.
    #[error("the report has {bytes} bytes; at most {MOST_BYTES} are read")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// It is no text in any encoding that is known.
    #[error("the report is no text")]
    NoText,
}

impl ImportFault {
    /// The same in a language.
    pub fn say(&self, language: Language) -> String {
        match (self, language) {
            (_, Language::English) => self.to_string(),
            (Self::TooLarge { bytes }, Language::French) => {
                format!("le rapport fait {bytes} octets ; {MOST_BYTES} au plus sont lus")
            }
            (Self::NoText, Language::French) => "le rapport n’est pas un texte".to_owned(),
        }
    }
}

/// What comes of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImportVerdict)]
pub enum Mark {
    /// A fresh run measured it.
    Proved,
    /// A run measured otherwise, or the report contradicts itself.
    Contradicted,
    /// Neither.
    Unproven,
}

impl Mark {
    /// All.
    pub const ALL: [Self; 3] = [Self::Proved, Self::Contradicted, Self::Unproven];
}

/// A report with its claims marked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = JudgedReport)]
pub struct Judged {
    /// How the file was encoded, and by what it had been damaged: `UTF-8 read as Mac Roman`.
    pub encoding: String,
    /// Damaged signs that were mended.
    pub repairs: usize,
    /// The claims in the order of their lines.
    pub claims: Vec<JudgedClaim>,
    /// How many of each.
    pub counts: Counts,
}

/// A claim with its mark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JudgedClaim {
    /// Its line in the file, from 1.
    pub line: usize,
    /// What it says, without marks and links.
    pub text: String,
    /// How it is written.
    pub kind: Kind,
    /// The verdict.
    pub verdict: Mark,
    /// The check that measures it; of several the one that decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// Why, with the numbers.
    pub why: String,
}

/// How many claims have which mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = JudgedCounts)]
pub struct Counts {
    /// Proved.
    pub proved: usize,
    /// Contradicted.
    pub contradicted: usize,
    /// Unproven.
    pub unproven: usize,
    /// Beyond the ten thousand that are judged.
    pub left_out: usize,
}

/// Marks each claim of a report by the evidence of runs, now and with the checks of the chassis and those that have evidence.
pub fn judge(
    report: &[u8],
    evidence: &[Evidence],
    language: Language,
) -> Result<Judged, ImportFault> {
    let checks = crate::checks::all();
    let listed = checks.iter().map(|check| {
        let about = check.about();
        (about.id, about.title)
    });
    judge_among(report, evidence, listed, language, SystemClock.now())
}

/// The same with a list of checks, by id and title, at a moment.
pub fn judge_among<'a>(
    report: &[u8],
    evidence: &[Evidence],
    checks: impl IntoIterator<Item = (&'a str, Words)>,
    language: Language,
    now: Timestamp,
) -> Result<Judged, ImportFault> {
    if report.len() > MOST_BYTES {
        let bytes = report.len();
        return Err(ImportFault::TooLarge { bytes });
    }
    let decoded = encoding::decode(report).ok_or(ImportFault::NoText)?;
    let is_french = words::is_french(&decoded.text);
    let (mut claims, mut left_out) = (Vec::new(), 0);
    markdown::read(&decoded.text, &mut |draft| {
        let Some(claim) = Claim::of(draft, is_french) else {
            return;
        };
        if claims.len() < MOST_CLAIMS {
            claims.push(claim);
        } else {
            left_out += 1;
        }
    });
    let known = known(checks, evidence);
    let bench = verdict::Bench::new(evidence, &known, language, now);
    let against = contradiction::of_all(&claims);
    let mut counts = Counts {
        left_out,
        ..Counts::default()
    };
    let mut judged = Vec::with_capacity(claims.len());
    for (claim, against) in claims.into_iter().zip(&against) {
        let outcome = bench.judge(&claim, against.as_ref());
        match outcome.mark {
            Mark::Proved => counts.proved += 1,
            Mark::Contradicted => counts.contradicted += 1,
            Mark::Unproven => counts.unproven += 1,
        }
        judged.push(JudgedClaim {
            line: claim.line,
            text: claim.text,
            kind: claim.kind,
            verdict: outcome.mark,
            check: outcome.check,
            why: outcome.why,
        });
    }
    Ok(Judged {
        encoding: decoded.encoding,
        repairs: decoded.repairs,
        claims: judged,
        counts,
    })
}

/// The ids of checks that claims are mapped to by rules of their own. Others are found by the words of their title.
pub fn mapped_ids() -> impl Iterator<Item = &'static str> {
    map::ids()
}

fn known<'a>(
    checks: impl IntoIterator<Item = (&'a str, Words)>,
    evidence: &[Evidence],
) -> Vec<Known> {
    let mut known: Vec<Known> = checks
        .into_iter()
        .map(|(id, title)| Known::new(id, title.english, title.french))
        .collect();
    for one in evidence {
        if !known.iter().any(|check| check.id == one.id) {
            known.push(Known::new(&one.id, &one.title, &one.title_fr));
        }
    }
    known
}
