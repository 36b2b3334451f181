//! The card of the default model.

use nightscan_sound::model::{Card, FoldScore, Model};
use nightscan_sound::score::Judged;
use nightscan_sound::train::Recipe;

use crate::data::Data;
use crate::{Run, both_scores};

/// How the default model is taught: `docs/nightscan/experiments.md` says why.
pub(crate) fn recipe() -> Recipe {
    Recipe {
        head_weights: vec![0.5, 1.0],
        ..Recipe::default()
    }
}

pub(crate) fn of(run: &Run, data: &Data, model: &Model, folds: &[(u32, Vec<Judged>)]) -> Card {
    let names = &data.classes.names;
    let calibrated = |judged: &Judged| Judged {
        truth: judged.truth,
        probabilities: model.calibrated(&judged.probabilities),
    };
    let folds: Vec<(u32, Vec<Judged>)> = folds
        .iter()
        .map(|(fold, judged)| (*fold, judged.iter().map(calibrated).collect()))
        .collect();
    let all: Vec<Judged> = folds
        .iter()
        .flat_map(|(_, judged)| judged.clone())
        .collect();
    let count = |class: usize| data.clips.iter().filter(|clip| clip.class == class).count();
    Card {
        name: "NightScan default".to_owned(),
        date: run.date.clone(),
        data: "ESC-50 (K. J. Piczak, ACM Multimedia 2015), 24 of its 50 categories, folds 1 to 4, 16 kHz".to_owned(),
        licence: "CC BY-NC 3.0, as the data: not for commercial use. A commercial user teaches a model on own data: \
                  aplomb nightscan train"
            .to_owned(),
        split: "By fold, that is by source recording. Scores: each fold judged by a network of the same recipe that \
                learned the three others; the weights kept here learned all four. Clips of humans are taught and not \
                scored; a clip taken for a human is an error. The temperature was fitted on the same judged clips, \
                all six classes."
            .to_owned(),
        examples: (0..names.len()).map(count).collect(),
        recipe: run.recipe.clone(),
        plan: model.plan().clone(),
        values: model.values(),
        folds: folds
            .iter()
            .map(|(fold, judged)| {
                let (five, _) = both_scores(judged, names);
                FoldScore { fold: format!("fold {fold}"), accuracy: five.accuracy, macro_f1: five.macro_f1 }
            })
            .collect(),
        score: Some(both_scores(&all, names).0),
        limits: vec![
            "Clips are close recordings; far calls and species that are not among the 24 categories are judged less well.".to_owned(),
            "It tells classes, never species.".to_owned(),
            "Human sounds are laughing, crying, coughing and sneezing: speech was not among them.".to_owned(),
        ],
    }
}
