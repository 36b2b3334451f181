//! A finding as it is kept: with its origin and the day on which it is too old.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{About, Finding, Trouble};
use crate::clock::Timestamp;

const DAY_MS: i64 = 86_400_000;

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The measurement meets the requirement.
    Pass,
    /// It does not.
    Fail,
    /// It cannot be measured here. That is no pass.
    NotVerifiable,
    /// It was not asked for, or the reason says why it was left out.
    Skipped,
}

/// A claim, and what a run measured of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Evidence {
    /// The check's id, `area.name`.
    pub id: String,
    /// Its area.
    pub area: String,
    /// The service that brought the check; absent for the chassis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The claim.
    pub title: String,
    /// The claim in French.
    pub title_fr: String,
    /// The verdict.
    pub verdict: Verdict,
    /// What was measured.
    pub measured: String,
    /// The same in French.
    pub measured_fr: String,
    /// What is required.
    pub required: String,
    /// The same in French.
    pub required_fr: String,
    /// Single faults, at most forty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
    /// Faults beyond those.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub faults_left_out: usize,
    /// Raw samples.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<Series>,
    /// The command or request that shows it again.
    pub again: String,
    /// What a quick run shortened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortened: Option<String>,
    /// The same in French.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortened_fr: Option<String>,
    /// Its part of the score.
    pub weight: u8,
    /// Whether the system is not ready without it.
    pub is_required: bool,
    /// When the check began (RFC 3339, UTC).
    pub started_at: String,
    /// When it ended.
    pub ended_at: String,
    /// From when on it counts no more.
    pub expires_at: String,
    /// What it was measured on.
    pub origin: Origin,
}

/// What evidence was measured on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Origin {
    /// The version that answered.
    pub version: String,
    /// BLAKE3 of the binary, hex; empty for a foreign system.
    pub binary: String,
    /// BLAKE3 of the configuration in force with secrets masked, hex; empty for a foreign system.
    pub configuration: String,
    /// The machine.
    pub host: String,
    /// `own` instance, the `live` one, or a `foreign` system, and its address.
    pub target: String,
}

/// Raw samples of one quantity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Series {
    /// What it is: `latency`, `acknowledged writes`, ….
    pub name: String,
    /// The same in French.
    pub name_fr: String,
    /// Unit of the first coordinate.
    pub unit_x: String,
    /// Unit of the second.
    pub unit_y: String,
    /// How it is best drawn.
    pub shape: Shape,
    /// Pairs, ordered by the first.
    pub points: Vec<(f64, f64)>,
}

/// How samples are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SeriesShape)]
pub enum Shape {
    /// Joined.
    Line,
    /// One mark each.
    Points,
    /// Bars from zero.
    Bars,
    /// A distribution: quantile (0 to 1) to value.
    Quantiles,
}

impl Evidence {
    /// What came of a run.
    pub fn new(
        about: &About,
        outcome: Result<Finding, Trouble>,
        (started, ended): (Timestamp, Timestamp),
        origin: &Origin,
    ) -> Self {
        let mut evidence = Self::blank(about, started, ended, origin);
        match outcome {
            Ok(finding) => {
                evidence.verdict = if finding.passes {
                    Verdict::Pass
                } else {
                    Verdict::Fail
                };
                evidence.measured = finding.measured.english;
                evidence.measured_fr = finding.measured.french;
                evidence.required = finding.required.english;
                evidence.required_fr = finding.required.french;
                evidence.faults = finding.faults;
                evidence.faults_left_out = finding.faults_left_out;
                evidence.series = finding.series;
                if let Some(again) = finding.again {
                    evidence.again = again;
                }
                evidence.shortened_fr = finding.shortened.as_ref().map(|how| how.french.clone());
                evidence.shortened = finding.shortened.map(|how| how.english);
            }
            Err(Trouble::NotVerifiable(reason)) => {
                evidence.verdict = Verdict::NotVerifiable;
                evidence.measured = reason.english;
                evidence.measured_fr = reason.french;
            }
            Err(Trouble::Broke(what)) => {
                evidence.verdict = Verdict::Fail;
                evidence.measured = format!("the drill could not be finished: {what}");
                evidence.measured_fr = format!("l’épreuve n’a pas pu aller au bout : {what}");
            }
        }
        evidence
    }

    fn blank(about: &About, started: Timestamp, ended: Timestamp, origin: &Origin) -> Self {
        let life_ms = i64::from(about.fresh_days) * DAY_MS;
        let end = Timestamp::from_unix_ms(ended.unix_ms().saturating_add(life_ms)).unwrap_or(ended);
        Self {
            id: about.id.to_owned(),
            area: about.area.name().to_owned(),
            service: about.service.map(str::to_owned),
            title: about.title.english.to_owned(),
            title_fr: about.title.french.to_owned(),
            verdict: Verdict::Skipped,
            measured: String::new(),
            measured_fr: String::new(),
            required: about.passes.english.to_owned(),
            required_fr: about.passes.french.to_owned(),
            faults: Vec::new(),
            faults_left_out: 0,
            series: Vec::new(),
            again: format!("aplomb prove --only {}", about.id),
            shortened: None,
            shortened_fr: None,
            weight: about.weight,
            is_required: about.is_required,
            started_at: started.to_string(),
            ended_at: ended.to_string(),
            expires_at: end.to_string(),
            origin: origin.clone(),
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_zero(n: &usize) -> bool {
    *n == 0
}
