//! What lines say together: series that stand twice, buckets that do not add up.

use std::collections::{BTreeMap, HashSet};

use super::line::bound;
use super::{Exposition, Family, Fault, Kind, Sample};

/// A series' labels in an order of their own: the text may give them in any.
type Labels<'a> = Vec<(&'a str, &'a str)>;

pub(super) fn exposition(read: &Exposition, faults: &mut Vec<Fault>) {
    for family in &read.families {
        twice(family, faults);
        for sample in &family.samples {
            let suffix = sample.name.strip_prefix(family.name.as_str());
            if !suffix.is_some_and(|suffix| family.kind.suffixes().contains(&suffix)) {
                let what = format!("{} is no part of a {}", sample.name, family.kind.name());
                faults.push(at(sample, what));
            }
        }
        match family.kind {
            Kind::Counter => {
                for sample in &family.samples {
                    if sample.value.is_nan() || sample.value < 0.0 {
                        let what = format!("the counter {} is {}", sample.name, sample.value);
                        faults.push(at(sample, what));
                    }
                }
            }
            Kind::Histogram => histogram(family, faults),
            Kind::Summary => summary(family, faults),
            Kind::Gauge | Kind::Untyped => {}
        }
    }
}

fn at(sample: &Sample, what: String) -> Fault {
    Fault {
        line: sample.line,
        what,
    }
}

fn labels<'a>(sample: &'a Sample, without: &str) -> Labels<'a> {
    let mut labels: Labels<'_> = sample
        .labels
        .iter()
        .filter(|(name, _)| name != without)
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    labels.sort_unstable();
    labels
}

fn twice(family: &Family, faults: &mut Vec<Fault>) {
    let mut seen = HashSet::new();
    for sample in &family.samples {
        if !seen.insert((sample.name.as_str(), labels(sample, ""))) {
            let what = format!("the series {} stands twice", shown(sample));
            faults.push(at(sample, what));
        }
    }
}

/// The parts of one histogram or summary: those that share all labels but its own.
#[derive(Default)]
struct Parts<'a> {
    steps: Vec<&'a Sample>,
    sum: Option<&'a Sample>,
    count: Option<&'a Sample>,
}

fn parts<'a>(family: &'a Family, steps: &str, own: &str) -> BTreeMap<Labels<'a>, Parts<'a>> {
    let mut all: BTreeMap<Labels<'_>, Parts<'_>> = BTreeMap::new();
    for sample in &family.samples {
        let parts = all.entry(labels(sample, own)).or_default();
        match sample.name.strip_prefix(family.name.as_str()) {
            Some("_sum") => parts.sum = Some(sample),
            Some("_count") => parts.count = Some(sample),
            Some(rest) if rest == steps => parts.steps.push(sample),
            _ => {}
        }
    }
    all
}

fn histogram(family: &Family, faults: &mut Vec<Fault>) {
    for parts in parts(family, "_bucket", "le").into_values() {
        let first = parts.steps.first().or(parts.count.as_ref());
        let Some(first) = first.or(parts.sum.as_ref()).copied() else {
            continue;
        };
        let name = format!("the histogram {}", shown_as(&family.name, first, "le"));
        let mut before: Option<(f64, f64)> = None;
        for bucket in &parts.steps {
            let Some(le) = bucket.label("le").and_then(bound) else {
                faults.push(at(bucket, format!("a bucket of {name} has no bound `le`")));
                continue;
            };
            if let Some((bound, count)) = before {
                if le <= bound {
                    let what = format!("the buckets of {name} are not in order at le={le}");
                    faults.push(at(bucket, what));
                }
                if bucket.value < count {
                    let what = format!("the buckets of {name} do not add up at le={le}");
                    faults.push(at(bucket, what));
                }
            }
            before = Some((le, bucket.value));
        }
        let all = before.filter(|(le, _)| *le == f64::INFINITY);
        if all.is_none() {
            faults.push(at(first, format!("{name} has no last bucket le=\"+Inf\"")));
        }
        if parts.sum.is_none() {
            faults.push(at(first, format!("{name} has no _sum")));
        }
        match (parts.count, all) {
            (None, _) => faults.push(at(first, format!("{name} has no _count"))),
            (Some(count), Some((_, all))) if (count.value - all).abs() > 0.0 => {
                let what = format!("{name} counts {} and its last bucket {all}", count.value);
                faults.push(at(count, what));
            }
            _ => {}
        }
    }
}

fn summary(family: &Family, faults: &mut Vec<Fault>) {
    for parts in parts(family, "", "quantile").into_values() {
        let first = parts.steps.first().or(parts.count.as_ref());
        let Some(first) = first.or(parts.sum.as_ref()).copied() else {
            continue;
        };
        let name = format!("the summary {}", shown_as(&family.name, first, "quantile"));
        for step in &parts.steps {
            let quantile = step.label("quantile").and_then(bound);
            if !quantile.is_some_and(|quantile| (0.0..=1.0).contains(&quantile)) {
                faults.push(at(step, format!("{name} has no quantile from 0 to 1")));
            }
        }
        if parts.sum.is_none() {
            faults.push(at(first, format!("{name} has no _sum")));
        }
        if parts.count.is_none() {
            faults.push(at(first, format!("{name} has no _count")));
        }
    }
}

fn shown(sample: &Sample) -> String {
    shown_as(&sample.name, sample, "")
}

fn shown_as(name: &str, sample: &Sample, without: &str) -> String {
    let labels: Vec<_> = labels(sample, without)
        .into_iter()
        .map(|(name, value)| format!("{name}={value:?}"))
        .collect();
    if labels.is_empty() {
        name.to_owned()
    } else {
        format!("{name}{{{}}}", labels.join(","))
    }
}
