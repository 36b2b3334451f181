//! A model file is read as it was written, and nothing else is read.

use super::*;
use crate::network::{Pooling, Stage};
use crate::score::Judged;
use crate::train::Recipe;

fn model() -> Model {
    let features = FeaturePlan {
        bands: 16,
        frames: 20,
        planes: 1,
        ..FeaturePlan::default()
    };
    let stages = vec![Stage {
        channels: 4,
        pool_rows: 2,
        pool_cols: 2,
    }];
    let plan = Plan {
        inputs: 1,
        rows: 16,
        cols: 20,
        stages,
        pooling: Pooling::Mean,
        heads: vec![2, 3],
    };
    let layout = Layout::new(plan.clone()).expect("the plan is sound");
    let weights = layout.begin(1);
    let names = vec!["birds".to_owned(), "frogs".to_owned()];
    let classes = Classes {
        names,
        class_of_label: vec![0, 1, 1],
    };
    let card = Card {
        name: "test".to_owned(),
        plan,
        recipe: Recipe::default(),
        ..Card::default()
    };
    Model::new(layout, weights, classes, features, 1.3, card).expect("its parts fit")
}

fn window() -> Vec<f32> {
    (0..20 * 16)
        .map(|at| 1e-3 + (at % 7) as f32 * 1e-2)
        .collect()
}

#[test]
fn file_gives_back_the_model() {
    let model = model();
    let read = Model::read(&model.write()).expect("its own file");
    assert_eq!(read.classes(), model.classes());
    assert_eq!(read.features(), model.features());
    assert_eq!(read.card(), model.card());
    assert_eq!(read.plan(), model.plan());
    let mut workspace = Workspace::default();
    let answer = read.predict(&window(), &mut workspace).expect("it sounds");
    assert_eq!(
        Some(&answer),
        model.predict(&window(), &mut workspace).as_ref()
    );
    assert!((answer.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    assert_eq!(read.write(), model.write());
}

#[test]
fn many_windows_answer_as_one_each() {
    let model = model();
    let (sound, silence) = (window(), vec![0.0; 20 * 16]);
    let answers = model.predict_all(&[&sound, &silence, &sound]);
    let mut workspace = Workspace::default();
    assert_eq!(answers[0], model.predict(&sound, &mut workspace));
    assert_eq!(answers[1], None);
    assert_eq!(answers[2], answers[0]);
}

#[test]
fn files_cut_anywhere_are_refused() {
    let bytes = model().write();
    for cut in (0..bytes.len()).step_by(13) {
        assert!(Model::read(&bytes[..cut]).is_err(), "{cut}");
    }
}

#[test]
fn files_with_one_byte_changed_give_a_model_or_an_error() {
    let bytes = model().write();
    for at in 0..bytes.len().min(3000) {
        for change in [0x01, 0x80, 0xFF] {
            let mut bytes = bytes.clone();
            bytes[at] ^= change;
            // No panic and no gigabytes; a changed digit may well be another model.
            let _ = Model::read(&bytes);
        }
    }
}

/// The file with one text of its document replaced by another of the same length.
fn changed(from: &str, to: &str) -> Result<Model, ModelFault> {
    assert_eq!(from.len(), to.len());
    let mut bytes = model().write();
    let from = from.replace('"', "\\\"");
    let to = to.replace('"', "\\\"");
    let at = bytes
        .windows(from.len())
        .position(|part| part == from.as_bytes())
        .expect("it is there");
    bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    Model::read(&bytes)
}

#[test]
fn documents_that_contradict_the_tensors_are_refused() {
    assert!(changed("\"form\":1", "\"form\":1").is_ok());
    assert!(matches!(
        changed("\"form\":1", "\"form\":2"),
        Err(ModelFault::Later(2))
    ));
    assert!(matches!(
        changed("\"channels\":4", "\"channels\":9"),
        Err(ModelFault::Tensor(_))
    ));
    assert!(matches!(
        changed("[0,1,1]", "[0,1,2]"),
        Err(ModelFault::Contradiction(_))
    ));
    assert!(matches!(
        changed("\"frogs\"", "\"birds\""),
        Err(ModelFault::Contradiction(_))
    ));
    assert!(matches!(
        changed("\"bands\":16", "\"bands\":17"),
        Err(ModelFault::Contradiction(_))
    ));
    assert!(matches!(
        changed("\"hop\":320", "\"hop\":000"),
        Err(ModelFault::Form(_))
    ));
    assert!(matches!(
        changed("\"temperature\":1.3", "\"temperature\":0.0"),
        Err(ModelFault::Contradiction(_))
    ));
}

#[test]
fn numbers_that_are_none_are_refused() {
    let model = model();
    let layout = model.answerer.layout().clone();
    let with = |change: &dyn Fn(&mut Weights)| {
        let mut weights = model.weights.clone();
        change(&mut weights);
        let (classes, features) = (model.classes.clone(), model.features.clone());
        Model::new(
            layout.clone(),
            weights,
            classes,
            features,
            1.0,
            Card::default(),
        )
        .is_ok()
    };
    assert!(with(&|_| ()));
    assert!(!with(&|weights| weights.values[3] = f32::NAN));
    assert!(!with(&|weights| weights.values[3] = f32::INFINITY));
    assert!(!with(&|weights| weights.statistics.fill(-1.0)));
    assert!(!with(&|weights| weights.values.truncate(10)));
}

#[test]
fn temperature_of_overconfident_answers_is_above_one() {
    // Said with 98 %, right in 80 of 100: the temperature makes 80 % of it.
    let judged: Vec<Judged> = (0..100)
        .map(|index| Judged {
            truth: usize::from(index % 5 == 0),
            probabilities: vec![0.98, 0.02],
        })
        .collect();
    let temperature = fit_temperature(&judged);
    let mut probabilities = vec![0.98, 0.02];
    temper(&mut probabilities, temperature);
    assert!(
        temperature > 2.0 && (probabilities[0] - 0.8).abs() < 0.005,
        "{temperature} {probabilities:?}"
    );
}

#[test]
fn card_tells_what_it_was_given() {
    let names = vec!["birds".to_owned(), "frogs".to_owned()];
    let judged = [Judged {
        truth: 0,
        probabilities: vec![0.75, 0.25],
    }];
    let card = Card {
        name: "Night".to_owned(),
        data: "twelve ponds".to_owned(),
        score: Some(crate::score::Score::of(&judged, &names, |_| true)),
        folds: vec![FoldScore {
            fold: "pond 3".to_owned(),
            accuracy: 0.5,
            macro_f1: 0.25,
        }],
        ..Card::default()
    };
    let text = card.markdown();
    for part in [
        "# Night",
        "twelve ponds",
        "accuracy 1.000",
        "| pond 3 | 0.500 | 0.250 |",
        "| birds | 1 | 0 |",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let json = serde_json::to_string(&card).expect("all keys are text");
    assert_eq!(
        serde_json::from_str::<Card>(&json).expect("its own text"),
        card
    );
}

#[test]
fn committed_model_is_read_and_fits_the_defaults() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../models/nightscan/default.safetensors"
    );
    let bytes = std::fs::read(path).expect("the default model is committed");
    assert!(bytes.len() < 3_000_000);
    let model = Model::read(&bytes).expect("the default model is read");
    let classes = [
        "amphibians",
        "birds",
        "environment",
        "human",
        "insects",
        "mammals",
    ];
    assert_eq!(model.classes(), classes);
    assert_eq!(*model.features(), FeaturePlan::default());
    assert!(model.card().licence.contains("CC BY-NC 3.0"));
    // Hiss has no animal in it.
    let mut chance = crate::chance::Chance::new(4);
    let hiss: Vec<f32> = (0..80_000).map(|_| 0.05 * chance.normal()).collect();
    let frames = crate::features::frames_of(model.features(), &hiss).expect("the plan is sound");
    let answer = model
        .predict(&frames, &mut Workspace::default())
        .expect("it sounds");
    let environment = model
        .class("environment")
        .expect("it is one of the classes");
    assert!(answer[environment] > 0.5, "{answer:?}");
}
