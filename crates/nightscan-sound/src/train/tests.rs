//! A network that learns sounds made by code: tones, noise and chirps.

use super::*;
use crate::features::{frames_of, picture};
use crate::network::{Answerer, Pooling, Stage, Workspace};

const RATE_HZ: f32 = 16_000.0;

fn features() -> FeaturePlan {
    FeaturePlan {
        bands: 16,
        frames: 40,
        planes: 1,
        ..FeaturePlan::default()
    }
}

/// A tone, a chirp or noise, of another pitch and loudness each time.
fn sound(class: usize, chance: &mut Chance) -> Vec<f32> {
    let hz = chance.between(400.0, 2500.0);
    let gain = chance.between(0.05, 0.5);
    let rise = if class == 1 {
        chance.between(2000.0, 6000.0)
    } else {
        0.0
    };
    (0..features().samples())
        .map(|i| {
            let t = i as f32 / RATE_HZ;
            let noise = chance.normal();
            match class {
                2 => 0.2 * gain * noise,
                _ => gain * (std::f32::consts::TAU * (hz + rise * t) * t).sin() + 1e-3 * noise,
            }
        })
        .collect()
}

fn frames(class: usize, chance: &mut Chance) -> Vec<f32> {
    frames_of(&features(), &sound(class, chance)).expect("the plan is sound")
}

fn set() -> TrainingSet {
    let mut chance = Chance::new(21);
    let features = features();
    let examples = (0..48)
        .map(|index| Example::new(&features, &frames(index % 3, &mut chance), vec![index % 3]))
        .collect();
    TrainingSet {
        features,
        examples,
        background: Some(2),
    }
}

fn plan() -> Plan {
    let stage = |channels| Stage {
        channels,
        pool_rows: 2,
        pool_cols: 2,
    };
    let stages = [4, 8].map(stage).to_vec();
    Plan {
        inputs: 1,
        rows: 16,
        cols: 40,
        stages,
        pooling: Pooling::Mean,
        heads: vec![3],
    }
}

fn recipe(epochs: usize) -> Recipe {
    Recipe {
        epochs,
        batch: 16,
        shard: 8,
        learning_rate: 0.02,
        average: 0.9,
        background: 0.1,
        shift: 1.0,
        frame_mask: 4,
        band_mask: 2,
        ..Recipe::default()
    }
}

fn weights(recipe: Recipe, set: &TrainingSet) -> Weights {
    let mut trainer = Trainer::new(plan(), recipe, set).expect("the recipe fits the set");
    trainer.run(|_, _| std::ops::ControlFlow::Continue(()));
    trainer.weights().clone()
}

#[test]
fn tones_chirps_and_noise_are_told_apart_after_a_training() {
    let set = set();
    let mut trainer = Trainer::new(plan(), recipe(40), &set).expect("the recipe fits the set");
    let mut losses = Vec::new();
    trainer.run(|progress, _| {
        losses.push(progress.loss);
        std::ops::ControlFlow::Continue(())
    });
    assert_eq!(losses.len(), 40);
    assert!(losses[39] < 0.7 * losses[0], "{losses:?}");
    let answerer = Answerer::new(trainer.layout().clone(), trainer.weights());
    let mut workspace = Workspace::default();
    let mut chance = Chance::new(99);
    let mut right = 0;
    for index in 0..60 {
        let picture = picture(&features(), &frames(index % 3, &mut chance)).expect("it sounds");
        let scores = answerer.scores(&picture, &mut workspace).remove(0);
        let best = (0..3).max_by(|a, b| scores[*a].total_cmp(&scores[*b]));
        right += usize::from(best == Some(index % 3));
    }
    assert!(right >= 54, "{right} of 60");
}

#[test]
fn same_seed_gives_the_same_weights_on_any_number_of_threads() {
    let set = set();
    let on = |threads: usize, seed: u64| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads");
        pool.install(|| weights(Recipe { seed, ..recipe(3) }, &set))
    };
    let one = on(1, 5);
    assert_eq!(on(1, 5), one);
    assert_eq!(on(2, 5), one);
    assert_eq!(on(5, 5), one);
    assert_ne!(on(2, 6), one);
}

#[test]
fn stopped_training_goes_on_as_if_it_had_not_stopped() {
    let set = set();
    let whole = weights(recipe(4), &set);
    let mut trainer = Trainer::new(plan(), recipe(4), &set).expect("the recipe fits the set");
    trainer.run(|progress, _| match progress.epoch {
        2 => std::ops::ControlFlow::Break(()),
        _ => std::ops::ControlFlow::Continue(()),
    });
    assert!(!trainer.done());
    let state = trainer.state();
    let mut trainer = Trainer::resume(plan(), recipe(4), &set, &state).expect("its own state");
    trainer.run(|_, _| std::ops::ControlFlow::Continue(()));
    assert_eq!(*trainer.weights(), whole);
}

#[test]
fn states_of_others_and_damaged_ones_are_refused() {
    let set = set();
    let state = Trainer::new(plan(), recipe(4), &set)
        .expect("the recipe fits the set")
        .state();
    let resume = |plan: Plan, state: &[u8]| Trainer::resume(plan, recipe(4), &set, state).is_ok();
    assert!(resume(plan(), &state));
    assert!(!resume(plan(), b""));
    assert!(!resume(plan(), &state[1..]));
    assert!(!resume(plan(), &[&state[..], b"x"].concat()));
    for cut in [5, 20, 40, state.len() / 2, state.len() - 1] {
        assert!(!resume(plan(), &state[..cut]), "{cut}");
    }
    let mut larger = plan();
    larger.stages[0].channels += 1;
    assert!(!resume(larger, &state));
}

#[test]
fn rare_classes_are_heard_more_often() {
    let mut set = set();
    // 16 of class 0, 16 of class 1, 4 of class 2.
    let mut left = 4;
    set.examples.retain(|example| {
        example.targets[0] != 2 || {
            left -= 1;
            left >= 0
        }
    });
    let shares = |balance: f32| {
        let recipe = Recipe {
            balance,
            ..recipe(1)
        };
        let mut trainer = Trainer::new(plan(), recipe, &set).expect("the recipe fits the set");
        let mut rare = 0;
        for epoch in 0..50 {
            trainer.state.epoch = epoch;
            let order = trainer.order();
            assert_eq!(order.len(), 36);
            rare += order
                .iter()
                .filter(|index| set.examples[**index].targets[0] == 2)
                .count();
        }
        rare as f32 / (50.0 * 36.0)
    };
    assert!((shares(0.0) - 4.0 / 36.0).abs() < 0.01);
    assert!((shares(1.0) - 1.0 / 3.0).abs() < 0.02);
}

#[test]
fn step_size_rises_then_falls_along_a_cosine() {
    let recipe = Recipe {
        epochs: 10,
        warm_up: 2.0,
        learning_rate: 1.0,
        ..Recipe::default()
    };
    let rates: Vec<f32> = (0..100).map(|step| recipe.rate(step, 10)).collect();
    assert!(rates[..20].is_sorted());
    assert!(rates[20..].is_sorted_by(|a, b| a >= b));
    assert!((rates[20] - 1.0).abs() < 1e-6 && (rates[60] - 0.5).abs() < 1e-6 && rates[99] < 0.01);
}

#[test]
fn sets_that_do_not_fit_are_refused() {
    let refused =
        |plan: Plan, recipe: Recipe, set: TrainingSet| Trainer::new(plan, recipe, &set).is_err();
    assert!(!refused(plan(), recipe(1), set()));
    let mut few = set();
    few.examples.truncate(15);
    assert!(refused(plan(), recipe(1), few));
    let mut other = set();
    other.examples[7].targets = vec![3];
    assert!(refused(plan(), recipe(1), other));
    let mut silent = set();
    silent.examples[7] = Example::new(&features(), &[0.0; 640], vec![0]);
    assert!(refused(plan(), recipe(1), silent));
    assert!(refused(Plan { rows: 32, ..plan() }, recipe(1), set()));
    assert!(refused(
        plan(),
        Recipe {
            learning_rate: f32::NAN,
            ..recipe(1)
        },
        set()
    ));
    assert!(refused(
        plan(),
        Recipe {
            shard: 0,
            ..recipe(1)
        },
        set()
    ));
    assert!(refused(
        plan(),
        Recipe {
            head_weights: vec![],
            ..recipe(1)
        },
        set()
    ));
}
