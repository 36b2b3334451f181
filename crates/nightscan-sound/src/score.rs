//! How good a list of predictions is.

use serde::{Deserialize, Serialize};

/// Figures of a list of predictions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Classes that are scored, in the order of the figures.
    pub classes: Vec<String>,
    /// How many predictions were judged.
    pub count: usize,
    /// Part of them that is right.
    pub accuracy: f64,
    /// Mean F1 over the scored classes that occur.
    pub macro_f1: f64,
    /// Part of each class that was found.
    pub recall: Vec<f64>,
    /// Part of each class's predictions that are right.
    pub precision: Vec<f64>,
    /// `confusion[truth][prediction]`, over all classes of the model.
    pub confusion: Vec<Vec<usize>>,
    /// Names of the confusion's rows and columns.
    pub all_classes: Vec<String>,
    /// Mean distance of confidence and accuracy, over ten bins of confidence (Guo et al., 2017).
    pub calibration_error: f64,
}

/// One prediction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The class that it is.
    pub truth: usize,
    /// The probability of every class.
    pub probabilities: Vec<f32>,
}

impl Judged {
    /// The most probable class and its probability.
    pub fn best(&self) -> (usize, f32) {
        let mut best = (0, f32::NEG_INFINITY);
        for (class, probability) in self.probabilities.iter().enumerate() {
            if *probability > best.1 {
                best = (class, *probability);
            }
        }
        best
    }
}

const BINS: usize = 10;

impl Score {
    /// Scores predictions whose truth is one of `scored`; those of other truths are left out. A prediction of a class that
    /// is not scored is an error like any other.
    pub fn of(judged: &[Judged], classes: &[String], scored: impl Fn(usize) -> bool) -> Self {
        let mut confusion = vec![vec![0; classes.len()]; classes.len()];
        let mut bins = [(0_usize, 0.0_f64, 0_usize); BINS];
        let mut right = 0;
        let mut count = 0;
        for judged in judged.iter().filter(|judged| scored(judged.truth)) {
            let (class, probability) = judged.best();
            confusion[judged.truth][class] += 1;
            count += 1;
            let bin = &mut bins[((probability * BINS as f32) as usize).min(BINS - 1)];
            bin.0 += 1;
            bin.1 += f64::from(probability);
            if class == judged.truth {
                right += 1;
                bin.2 += 1;
            }
        }
        let part = |some: usize, all: usize| {
            if all == 0 {
                0.0
            } else {
                some as f64 / all as f64
            }
        };
        let rows = (0..classes.len()).filter(|class| scored(*class));
        let mut score = Self {
            classes: Vec::new(),
            count,
            accuracy: part(right, count),
            macro_f1: 0.0,
            recall: Vec::new(),
            precision: Vec::new(),
            calibration_error: bins
                .iter()
                .map(|(_, sum, right)| (sum - *right as f64).abs())
                .sum::<f64>()
                / count.max(1) as f64,
            all_classes: classes.to_vec(),
            confusion,
        };
        let mut occurring = 0;
        for class in rows {
            let truth: usize = score.confusion[class].iter().sum();
            let predicted: usize = score.confusion.iter().map(|row| row[class]).sum();
            let hit = score.confusion[class][class];
            score.classes.push(classes[class].clone());
            score.recall.push(part(hit, truth));
            score.precision.push(part(hit, predicted));
            if truth > 0 {
                occurring += 1;
                score.macro_f1 += part(2 * hit, truth + predicted);
            }
        }
        score.macro_f1 /= f64::from(occurring.max(1));
        score
    }
}

impl Score {
    /// Recall, precision and confusion as two Markdown tables.
    pub fn markdown(&self) -> String {
        let cells = |row: Vec<String>| format!("| {} |\n", row.join(" | "));
        let rule = |columns: usize| format!("|{}\n", "---|".repeat(columns));
        let mut text = "| Class | Recall | Precision |\n".to_owned() + &rule(3);
        for ((class, recall), precision) in
            self.classes.iter().zip(&self.recall).zip(&self.precision)
        {
            text += &cells(vec![
                class.clone(),
                format!("{recall:.3}"),
                format!("{precision:.3}"),
            ]);
        }
        text += "\nRows: what it was; columns: what it was taken for.\n\n";
        text += &cells([&[String::new()], &self.all_classes[..]].concat());
        text += &rule(1 + self.all_classes.len());
        for (class, row) in self.all_classes.iter().zip(&self.confusion) {
            if self.classes.contains(class) {
                let counts = row.iter().map(usize::to_string);
                text += &cells(std::iter::once(class.clone()).chain(counts).collect());
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(truth: usize, class: usize, probability: f32) -> Judged {
        let mut probabilities = vec![(1.0 - probability) / 2.0; 3];
        probabilities[class] = probability;
        Judged {
            truth,
            probabilities,
        }
    }

    fn names() -> Vec<String> {
        ["birds", "frogs", "human"].map(String::from).to_vec()
    }

    #[test]
    fn figures_are_those_counted_by_hand() {
        let judged = [
            judged(0, 0, 0.9),
            judged(0, 0, 0.9),
            judged(0, 1, 0.6),
            judged(1, 1, 0.6),
            judged(1, 2, 0.6),
            judged(2, 0, 0.9),
        ];
        let five = Score::of(&judged, &names(), |class| class != 2);
        assert_eq!((five.count, five.accuracy), (5, 0.6));
        assert_eq!(five.recall, [2.0 / 3.0, 0.5]);
        // The human taken for a bird is left out; the frog taken for a human is missed.
        assert_eq!(five.precision, [1.0, 0.5]);
        assert!((five.macro_f1 - 0.65).abs() < 1e-12);
        assert_eq!(five.confusion, [[2, 1, 0], [0, 1, 1], [0, 0, 0]]);
        // Bin 0.9: both right, off by 0.2 in sum. Bin 0.6: one of three right, off by 0.8.
        assert!((five.calibration_error - (0.2 + 0.8) / 5.0).abs() < 1e-6);

        let all = Score::of(&judged, &names(), |_| true);
        assert_eq!((all.count, all.recall[2]), (6, 0.0));
        assert!(all.markdown().contains("| frogs | 0 | 1 | 1 |"));
    }

    #[test]
    fn nothing_judged_is_no_fault() {
        let score = Score::of(&[], &names(), |_| true);
        assert_eq!(
            (score.accuracy, score.macro_f1, score.calibration_error),
            (0.0, 0.0, 0.0)
        );
    }
}
