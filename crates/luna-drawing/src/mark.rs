//! From a seed to a mark that passes the quality gates.

use crate::drawing::Drawing;
use crate::emotion::Emotion;
use crate::family::{Detail, Family, Subject, Values};
use crate::geometry::{CANVAS, MARGIN, MIDDLE};
use crate::stream::{Seed, Stream};

/// After so many rejected attempts the middle of each range is drawn; a test shows that it passes.
pub const MOST_ATTEMPTS: u32 = 64;

/// A mark to draw: everything that decides its geometry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Decides the parameters.
    pub seed: Seed,
    /// The kind of mark.
    pub family: Family,
    /// Its shape grammar.
    pub emotion: Emotion,
    /// The letter of a monogram.
    pub initial: char,
}

/// Why a drawing was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A stroke or limb is under 4 units.
    Stroke,
    /// A gap is under 2 units (4 in the tiny drawing).
    Gap,
    /// Ink covers less than 18 % or more than 65 % of the canvas.
    Ink,
    /// Ink reaches into the margin.
    Margin,
    /// The bounding box's centre is more than 1.5 units from the canvas's.
    Centre,
}

impl Mark {
    /// The values of the first attempt whose three drawings all pass.
    pub fn values(&self) -> Values {
        for attempt in 0..MOST_ATTEMPTS {
            let mut stream = Stream::new(self.seed, self.family as u8, attempt);
            let values = self.family.sample(&mut stream);
            if self.fault(&values).is_none() {
                return values;
            }
        }
        middle(self.family)
    }

    /// One of the mark's three drawings.
    pub fn drawing(&self, detail: Detail) -> Drawing {
        self.draw(&self.values(), detail)
    }

    /// The drawing of given values.
    pub fn draw(&self, values: &Values, detail: Detail) -> Drawing {
        let subject = Subject {
            emotion: self.emotion,
            detail,
            initial: self.initial,
        };
        self.family.draw(values, subject)
    }

    /// The first fault of the three drawings of `values`.
    pub fn fault(&self, values: &Values) -> Option<(Detail, Fault)> {
        Detail::ALL.into_iter().find_map(|detail| {
            gate(&self.draw(values, detail), detail)
                .err()
                .map(|fault| (detail, fault))
        })
    }
}

/// The middle of each range, on its step.
pub fn middle(family: Family) -> Values {
    let mut values = [0.0; crate::family::MOST_PARAMETERS];
    for (value, p) in values.iter_mut().zip(family.parameters()) {
        let half = (p.high - p.low) / 2.0;
        *value = p.low
            + if p.step > 0.0 {
                (half / p.step).floor() * p.step
            } else {
                half
            };
    }
    values
}

/// Checks one drawing against the rules of composition.
pub fn gate(drawing: &Drawing, detail: Detail) -> Result<(), Fault> {
    const SLACK: f64 = 0.01;
    if drawing.minimum_stroke < 4.0 - SLACK {
        return Err(Fault::Stroke);
    }
    let least_gap = if detail == Detail::Tiny { 4.0 } else { 2.0 };
    if drawing.minimum_gap < least_gap - SLACK {
        return Err(Fault::Gap);
    }
    let bounds = drawing.bounds();
    let far = CANVAS - MARGIN + SLACK;
    let near = MARGIN - SLACK;
    if bounds.left < near || bounds.top < near || bounds.right > far || bounds.bottom > far {
        return Err(Fault::Margin);
    }
    let centre = bounds.centre();
    if (centre.x - MIDDLE).abs() > 1.5 || (centre.y - MIDDLE).abs() > 1.5 {
        return Err(Fault::Centre);
    }
    let share = drawing.ink().area / (CANVAS * CANVAS);
    if !(0.18..=0.65).contains(&share) {
        return Err(Fault::Ink);
    }
    Ok(())
}
