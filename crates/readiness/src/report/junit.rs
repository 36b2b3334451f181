//! The record as `JUnit` XML: what build servers show. Not verifiable and not run are skipped there.

use std::fmt::Write as _;

use chassis::check::Evidence;
use chassis::i18n::Language;

use super::escape::xml;
use super::phrase::{self, took};
use super::{Report, Standing, standing_at};

/// Renders it.
pub fn junit(report: &Report, language: Language) -> String {
    let now = report.moment();
    let seconds = |all: &[&Evidence]| all.iter().map(|one| took(one).as_secs_f64()).sum::<f64>();
    let counts = |all: &[&Evidence]| {
        let of = |wanted: &[Standing]| {
            all.iter()
                .filter(|one| wanted.contains(&standing_at(one, now)))
                .count()
        };
        format!(
            "tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{:.3}\"",
            all.len(),
            of(&[Standing::Failed, Standing::Expired]),
            of(&[Standing::NotVerifiable, Standing::Skipped]),
            seconds(all)
        )
    };
    let everything: Vec<_> = report.evidence.iter().collect();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuites name=\"aplomb prove\" {}>",
        counts(&everything)
    );
    for area in &report.areas {
        let own: Vec<_> = report
            .evidence
            .iter()
            .filter(|one| one.area == area.name)
            .collect();
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" timestamp=\"{}\" hostname=\"{}\" {}>",
            xml(&area.name),
            xml(report.started_at.trim_end_matches('Z')),
            xml(&report.origin.host),
            counts(&own)
        );
        for one in own {
            case(&mut out, one, standing_at(one, now), language);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn case(out: &mut String, one: &Evidence, standing: Standing, language: Language) {
    let (measured, required) = (
        xml(phrase::measured(one, language)),
        xml(phrase::required(one, language)),
    );
    let _ = writeln!(
        out,
        "    <testcase classname=\"{}\" name=\"{}: {}\" time=\"{:.3}\">",
        xml(&one.area),
        xml(&one.id),
        xml(phrase::title(one, language)),
        took(one).as_secs_f64()
    );
    let asked = phrase::pick(language, "required", "exigé");
    match standing {
        Standing::Passed => {}
        Standing::Failed => {
            let kind = if one.is_required {
                "required"
            } else {
                "desired"
            };
            let _ = writeln!(
                out,
                "      <failure type=\"{kind}\" message=\"{measured} ({asked}: {required})\">{}</failure>",
                xml(&one.faults.join("\n"))
            );
        }
        Standing::Expired => {
            let why = phrase::pick(language, "too old since", "périmé depuis le");
            let _ = writeln!(
                out,
                "      <failure type=\"expired\" message=\"{why} {}\"/>",
                xml(phrase::day(&one.expires_at))
            );
        }
        Standing::NotVerifiable | Standing::Skipped => {
            let _ = writeln!(out, "      <skipped message=\"{measured}\"/>");
        }
    }
    let _ = writeln!(
        out,
        "      <system-out>{measured}\n{asked}: {required}\n{}</system-out>\n    </testcase>",
        xml(&one.again)
    );
}
