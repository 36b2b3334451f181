//! What callers may say: bounds of settings, times, places and names.

use chassis::clock::Timestamp;
use chassis::http::problem::{FieldProblem, Problem};

use crate::analysis::{Analysis, Settings};

/// Classes that settings speak of.
const MOST_CLASSES: usize = 100;
/// Characters of a class's name.
const LONGEST_CLASS: usize = 60;
/// The longest recording: more than a recorder's card holds.
const LONGEST_S: f64 = 40.0 * 86_400.0;

/// A moment in UTC, with or without milliseconds.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let with_ms = || text.strip_suffix('Z').map(|rest| format!("{rest}.000Z"));
    text.parse().ok().or_else(|| with_ms()?.parse().ok())
}

/// Minutes ahead of UTC.
pub(crate) fn offset(given: Option<i32>) -> Result<i32, Problem> {
    given
        .filter(|minutes| (-900..=900).contains(minutes))
        .ok_or_else(|| range("offset_min", -900, 900))
}

/// Refuses settings that no analysis takes.
pub(crate) fn settings(given: &Settings) -> Result<(), Problem> {
    let mut faults = Vec::new();
    let mut within = |field: &str, value: f64, least: f64, most: f64| {
        if !(least..=most).contains(&value) {
            faults.push(fault(&format!("settings.{field}"), least, most));
        }
    };
    within("min_confidence", given.min_confidence.into(), 0.0, 1.0);
    within("overlap", given.overlap.into(), 0.0, 0.9);
    within("sensitivity", given.sensitivity.into(), 0.5, 1.5);
    within("merge_s", given.merge_s, 0.0, 3_600.0);
    within("confirm", given.confirm.into(), 1.0, 100.0);
    for least in given.class_confidence.values() {
        within("class_confidence", f64::from(*least), 0.0, 1.0);
    }
    let long = |class: &String| class.chars().count() > LONGEST_CLASS;
    if given.class_confidence.len() > MOST_CLASSES || given.class_confidence.keys().any(long) {
        faults.push(fault("settings.class_confidence", 0.0, 1.0));
    }
    sound(faults)
}

/// Refuses an analysis that no sensor of ours makes.
pub(crate) fn analysis(given: &Analysis) -> Result<(), Problem> {
    let share = |value: f32| (0.0..=1.0).contains(&value);
    let time = |value: f64| (0.0..=LONGEST_S).contains(&value);
    let fits = time(given.duration_s)
        && given.model.chars().count() <= 200
        && given.detections.len() <= crate::outcome::MOST_DETECTIONS
        && given.detections.iter().all(|found| {
            share(found.confidence)
                && time(found.start_s)
                && time(found.end_s)
                && found.start_s <= found.end_s
                && is_class(&found.class)
                && found.low_hz.is_finite()
                && found.high_hz.is_finite()
                && found.top.len() <= 10
        })
        && given
            .recorded
            .place
            .is_none_or(|(lat, lon)| place(lat, lon));
    if fits {
        Ok(())
    } else {
        let field = FieldProblem::new("analysis", "nightscan.analysis", Vec::new());
        Err(Problem::invalid(vec![field]))
    }
}

/// Whether a text may be a class.
pub(crate) fn is_class(text: &str) -> bool {
    let length = text.chars().count();
    (1..=LONGEST_CLASS).contains(&length) && !text.chars().any(char::is_control)
}

/// Whether these are degrees north and east.
pub(crate) fn place(lat: f64, lon: f64) -> bool {
    (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon)
}

/// A name, without what stands around it.
pub(crate) fn name(text: &str, faults: &mut Vec<FieldProblem>) -> String {
    let name = text.trim();
    let length = name.chars().count();
    if !(1..=80).contains(&length) || name.chars().any(char::is_control) {
        faults.push(FieldProblem::new("name", "nightscan.name", Vec::new()));
    }
    name.to_owned()
}

/// A note, which may be empty.
pub(crate) fn note(text: Option<&str>, faults: &mut Vec<FieldProblem>) -> Option<String> {
    let text = text?.trim();
    let control = |c: char| c.is_control() && c != '\n';
    if text.chars().count() > 2_000 || text.chars().any(control) {
        faults.push(FieldProblem::new("note", "nightscan.note", Vec::new()));
    }
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

/// Refuses where there are faults.
pub(crate) fn sound(faults: Vec<FieldProblem>) -> Result<(), Problem> {
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Problem::invalid(faults))
    }
}

/// Says the bounds of a field.
pub(crate) fn fault(field: &str, least: impl ToString, most: impl ToString) -> FieldProblem {
    let bounds = vec![
        ("minimum", least.to_string()),
        ("maximum", most.to_string()),
    ];
    FieldProblem::new(field, "field.range", bounds)
}

fn range(field: &str, least: i32, most: i32) -> Problem {
    Problem::invalid(vec![fault(field, least, most)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_bounds() {
        assert!(settings(&Settings::default()).is_ok());
        let wrong = Settings {
            overlap: 0.95,
            sensitivity: f32::NAN,
            confirm: 0,
            ..Settings::default()
        };
        let fields: Vec<String> = settings(&wrong)
            .unwrap_err()
            .errors
            .into_iter()
            .map(|fault| fault.field)
            .collect();
        assert_eq!(
            fields,
            [
                "settings.overlap",
                "settings.sensitivity",
                "settings.confirm"
            ]
        );
    }

    #[test]
    fn moments_may_leave_their_milliseconds_out() {
        let text = "2026-05-12T19:30:00.000Z";
        assert_eq!(moment(text).unwrap().to_string(), text);
        assert_eq!(moment("2026-05-12T19:30:00Z").unwrap().to_string(), text);
        for wrong in [
            "",
            "2026-05-12",
            "2026-05-12T19:30:00+02:00",
            "yesterday",
            "Z",
        ] {
            assert_eq!(moment(wrong), None, "{wrong}");
        }
    }
}
