//! Composition, distinctness and legibility at 16 px. `LUNA_FAMILIES=crescent,orbit` narrows a run
//! while one draws.

use luna_drawing::emotion::Emotion;
use luna_drawing::family::{Detail, Family, MOST_PARAMETERS};
use luna_drawing::mark::{MOST_ATTEMPTS, middle};
use luna_drawing::stream::Stream;

use crate::pixels::{grey, hashes, mark, paired_median};

fn families() -> Vec<Family> {
    match std::env::var("LUNA_FAMILIES") {
        Ok(keys) => keys.split(',').filter_map(Family::from_key).collect(),
        Err(_) => Family::ALL.to_vec(),
    }
}

/// Fails once, with every line, after all cases were measured.
fn report(title: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{title}:\n{}", faults.join("\n"));
}

#[test]
fn every_family_has_four_to_eight_parameters() {
    for family in families() {
        let count = family.parameters().len();
        assert!(
            (4..=MOST_PARAMETERS).contains(&count),
            "{}: {count}",
            family.key()
        );
    }
}

#[test]
fn few_attempts_are_rejected_and_the_last_resort_passes() {
    let mut faults = Vec::new();
    for family in families() {
        for emotion in Emotion::ALL {
            let name = format!("{} {}", family.key(), emotion.key());
            let one = mark(0, family, emotion);
            if let Some(fault) = one.fault(&middle(family)) {
                faults.push(format!("{name}: the middle of the ranges fails: {fault:?}"));
            }
            let mut rejected = std::collections::BTreeMap::<String, u32>::new();
            for seed in 0..300 {
                let one = mark(seed, family, emotion);
                let values = family.sample(&mut Stream::new(one.seed, family as u8, 0));
                if let Some((detail, fault)) = one.fault(&values) {
                    *rejected.entry(format!("{detail:?} {fault:?}")).or_default() += 1;
                }
                assert!(
                    one.fault(&one.values()).is_none(),
                    "{name} seed {seed}: {MOST_ATTEMPTS} attempts and none passes"
                );
            }
            if rejected.values().sum::<u32>() > 90 {
                faults.push(format!(
                    "{name}: over 30 % of first attempts rejected: {rejected:?}"
                ));
            }
        }
    }
    report("rejections", &faults);
}

#[test]
fn composition_holds_on_the_pixels() {
    let mut faults = Vec::new();
    for family in families() {
        for emotion in Emotion::ALL {
            for seed in 0..60 {
                for detail in Detail::ALL {
                    let picture = grey(&mark(seed, family, emotion).drawing(detail), 256);
                    let name =
                        || format!("{} {} seed {seed} {detail:?}", family.key(), emotion.key());
                    let inked: Vec<usize> =
                        (0..picture.len()).filter(|i| picture[*i] < 250).collect();
                    let (xs, ys) = (inked.iter().map(|i| i % 256), inked.iter().map(|i| i / 256));
                    let (left, right) = (xs.clone().min().unwrap(), xs.max().unwrap() + 1);
                    let (top, bottom) = (ys.clone().min().unwrap(), ys.max().unwrap() + 1);
                    if left < 15 || top < 15 || right > 241 || bottom > 241 {
                        faults.push(format!(
                            "{}: ink in the margin: {left} {top} {right} {bottom} of 256",
                            name()
                        ));
                    }
                    let off =
                        |low: usize, high: usize| ((low + high) as f64 / 2.0 - 128.0).abs() / 4.0;
                    if off(left, right) > 1.5 || off(top, bottom) > 1.5 {
                        faults.push(format!(
                            "{}: off centre by {:.2} {:.2}",
                            name(),
                            off(left, right),
                            off(top, bottom)
                        ));
                    }
                    let share = inked.len() as f64 / 65536.0;
                    if !(0.18..=0.65).contains(&share) {
                        faults.push(format!("{}: ink on {:.1} %", name(), share * 100.0));
                    }
                }
            }
        }
    }
    faults.truncate(40);
    report("composition", &faults);
}

#[test]
fn emotions_of_a_family_look_apart() {
    let mut least = u32::MAX;
    let mut faults = Vec::new();
    for family in families() {
        let all = Emotion::ALL.map(|emotion| hashes(family, emotion, 100));
        for a in 0..5 {
            for b in 0..a {
                let distance = paired_median(&all[a], &all[b]);
                least = least.min(distance);
                if distance < 8 {
                    let (a, b) = (Emotion::ALL[a].key(), Emotion::ALL[b].key());
                    faults.push(format!(
                        "{}: {b} and {a} are {distance} apart, bar 8",
                        family.key()
                    ));
                }
            }
        }
    }
    println!("emotions of a family: least median distance {least}");
    report("emotions too alike", &faults);
}

#[test]
fn families_look_apart() {
    let mut least = u32::MAX;
    let mut faults = Vec::new();
    for emotion in Emotion::ALL {
        let all: Vec<_> = families()
            .into_iter()
            .map(|family| (family, hashes(family, emotion, 100)))
            .collect();
        for (i, (a, of_a)) in all.iter().enumerate() {
            for (b, of_b) in &all[..i] {
                let distance = paired_median(of_a, of_b);
                least = least.min(distance);
                if distance < 10 {
                    faults.push(format!(
                        "{} and {} in {}: {distance} apart, bar 10",
                        b.key(),
                        a.key(),
                        emotion.key()
                    ));
                }
            }
        }
    }
    println!("families: least median distance {least}");
    report("families too alike", &faults);
}

#[test]
fn a_thousand_seeds_differ() {
    let (mut least_far, mut most_same) = (100.0_f64, 0.0_f64);
    let mut faults = Vec::new();
    for family in families() {
        for emotion in Emotion::ALL {
            let hashes = hashes(family, emotion, 1000);
            let (mut far, mut same, mut pairs) = (0_u64, 0_u64, 0_u64);
            for (i, a) in hashes.iter().enumerate() {
                for b in &hashes[..i] {
                    let distance = (a ^ b).count_ones();
                    pairs += 1;
                    far += u64::from(distance >= 8);
                    same += u64::from(distance == 0);
                }
            }
            let (far, same) = (
                far as f64 / pairs as f64 * 100.0,
                same as f64 / pairs as f64 * 100.0,
            );
            (least_far, most_same) = (least_far.min(far), most_same.max(same));
            if far < 60.0 || same >= 1.0 {
                faults.push(format!(
                    "{} {}: {far:.1} % of pairs >= 8 (bar 60), {same:.2} % the same hash (bar < 1)",
                    family.key(),
                    emotion.key()
                ));
            }
        }
    }
    println!(
        "least share of pairs >= 8 apart {least_far:.1} %, most with the same hash {most_same:.2} %"
    );
    report("seeds too alike", &faults);
}

#[test]
fn the_family_is_recognised_at_16_pixels() {
    let picture = |seed: u64, family: Family| {
        let emotion = Emotion::ALL[(seed % 5) as usize];
        grey(&mark(seed, family, emotion).drawing(Detail::Tiny), 16)
    };
    let families = families();
    let templates: Vec<(Family, Vec<u8>)> = families
        .iter()
        .flat_map(|f| (0..500).map(|seed| (*f, picture(seed, *f))))
        .collect();
    let (mut right, mut tried) = (0, 0);
    let mut wrong = std::collections::BTreeMap::<String, u32>::new();
    for family in families {
        for seed in 500..1000 {
            let seen = picture(seed, family);
            let distance = |t: &[u8]| -> u32 {
                t.iter()
                    .zip(&seen)
                    .map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2))
                    .sum()
            };
            let (nearest, _) = templates.iter().min_by_key(|(_, t)| distance(t)).unwrap();
            tried += 1;
            if *nearest == family {
                right += 1;
            } else {
                *wrong
                    .entry(format!("{} taken for {}", family.key(), nearest.key()))
                    .or_default() += 1;
            }
        }
    }
    let share = f64::from(right) / f64::from(tried) * 100.0;
    println!("recognised at 16 px: {share:.2} % of {tried}");
    assert!(share >= 95.0, "{share:.2} % recognised, bar 95: {wrong:?}");
}
