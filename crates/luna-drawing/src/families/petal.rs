//! Petal: to be drawn.

use crate::drawing::{Drawing, Ink, Part};
use crate::family::{Parameter, Subject, Values};
use crate::geometry::{MIDDLE, point};

/// Structural parameters.
pub const PARAMETERS: &[Parameter] = &[Parameter {
    name: "radius",
    low: 16.0,
    high: 28.0,
    step: 1.0,
    unit: "units",
    what: "size of the disc",
}];

/// Draws the family.
pub fn draw(values: &Values, _subject: Subject) -> Drawing {
    let [radius, ..] = *values;
    let mut d = Drawing::new();
    d.disc(Ink::Primary, Part::Body, point(MIDDLE, MIDDLE), radius);
    d
}
