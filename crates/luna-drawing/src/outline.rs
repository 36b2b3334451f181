//! Path data: each command in whichever of its forms is shortest.

use std::f64::consts::PI;

use crate::geometry::{Point, Segment};
use crate::number::{Joint, hundredths, put, width};

/// A place in hundredths of a unit.
pub(crate) type Spot = (i32, i32);

/// From an outline's own units to picture units.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Picture units per unit of the outline.
    pub(crate) scale: f64,
    /// Where the outline's origin lies in the picture.
    pub(crate) origin: Point,
}

impl Place {
    fn spot(&self, p: Point) -> Spot {
        (
            hundredths(self.origin.x + p.x * self.scale),
            hundredths(self.origin.y + p.y * self.scale),
        )
    }
}

/// Writes path data. Positions are rounded once, and relative steps are the differences of rounded
/// positions, so that rounding never adds up along an outline.
pub(crate) struct Pen<'a> {
    out: &'a mut Vec<u8>,
    at: Spot,
    start: Spot,
    /// The command that numbers without a letter would continue, 0 where there is none.
    open: u8,
    joint: Joint,
    /// The second control point of the last cubic.
    cubic: Option<Spot>,
    /// The control point of the last quadratic.
    quadratic: Option<Spot>,
    relative_only: bool,
}

impl<'a> Pen<'a> {
    /// A pen at the start of a `d` attribute.
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        Self {
            out,
            at: (0, 0),
            start: (0, 0),
            open: 0,
            joint: Joint::Bare,
            cubic: None,
            quadratic: None,
            relative_only: false,
        }
    }

    /// A pen that stands at `at` and writes nothing that depends on it: its bytes serve anywhere.
    pub(crate) fn anywhere(out: &'a mut Vec<u8>, at: Spot) -> Self {
        Self {
            at,
            start: at,
            relative_only: true,
            ..Self::new(out)
        }
    }

    /// Starts a contour.
    pub(crate) fn move_to(&mut self, to: Spot) {
        self.command(b'm', &self.step(to), &[to.0, to.1]);
        self.at = to;
        self.start = to;
    }

    /// Appends bytes of a pen from [`Pen::anywhere`] that began at the current place, and stands
    /// where that pen's last contour began.
    pub(crate) fn append(&mut self, bytes: &[u8], from_here: Spot) {
        self.out.extend_from_slice(bytes);
        self.at = (self.at.0 + from_here.0, self.at.1 + from_here.1);
        self.start = self.at;
        self.open = 0;
        self.joint = Joint::Bare;
    }

    /// Where the current contour began.
    pub(crate) const fn contour_start(&self) -> Spot {
        self.start
    }

    /// Writes an outline; its first `Move` is left out where the pen came from [`Pen::anywhere`].
    pub(crate) fn outline(&mut self, segments: &[Segment], place: Place) {
        let mut from = Point { x: 0.0, y: 0.0 };
        for (i, segment) in segments.iter().enumerate() {
            match *segment {
                Segment::Move(p) => {
                    if !(self.relative_only && i == 0) {
                        self.move_to(place.spot(p));
                    }
                    from = p;
                }
                Segment::Line(p) => {
                    let to = place.spot(p);
                    let closes = to == self.start && segments.get(i + 1) == Some(&Segment::Close);
                    if !closes && to != self.at {
                        self.line_to(to);
                    }
                    from = p;
                }
                Segment::Cubic(a, b, p) => {
                    if let Some(control) = as_quadratic(from, a, b, p) {
                        self.quadratic_to(place.spot(control), place.spot(p));
                    } else {
                        self.cubic_to(place.spot(a), place.spot(b), place.spot(p));
                    }
                    from = p;
                }
                Segment::Arc {
                    centre,
                    radius,
                    start,
                    turn,
                    to,
                } => {
                    let pieces = pieces(turn);
                    let part = turn / f64::from(pieces);
                    for piece in 1..=pieces {
                        let end = if piece == pieces {
                            to
                        } else {
                            centre.polar(radius, start + part * f64::from(piece))
                        };
                        self.arc_to(radius * place.scale, part, place.spot(end));
                    }
                    from = to;
                }
                Segment::Close => self.close(),
            }
        }
    }

    fn line_to(&mut self, to: Spot) {
        let [dx, dy] = self.step(to);
        if dy == 0 {
            self.command(b'h', &[dx], &[to.0]);
        } else if dx == 0 {
            self.command(b'v', &[dy], &[to.1]);
        } else {
            self.command(b'l', &[dx, dy], &[to.0, to.1]);
        }
        self.at = to;
    }

    fn cubic_to(&mut self, a: Spot, b: Spot, to: Spot) {
        let ([ax, ay], [bx, by], [dx, dy]) = (self.step(a), self.step(b), self.step(to));
        if self.cubic.is_some_and(|last| mirrors(last, self.at, a)) {
            self.command(b's', &[bx, by, dx, dy], &[b.0, b.1, to.0, to.1]);
        } else {
            let steps = [ax, ay, bx, by, dx, dy];
            self.command(b'c', &steps, &[a.0, a.1, b.0, b.1, to.0, to.1]);
        }
        self.at = to;
        self.cubic = Some(b);
    }

    fn quadratic_to(&mut self, control: Spot, to: Spot) {
        let ([cx, cy], [dx, dy]) = (self.step(control), self.step(to));
        match self.quadratic {
            Some(last) if mirrors(last, self.at, control) => {
                let implied = (2 * self.at.0 - last.0, 2 * self.at.1 - last.1);
                self.command(b't', &[dx, dy], &[to.0, to.1]);
                self.quadratic = Some(implied);
            }
            _ => {
                let spots = [control.0, control.1, to.0, to.1];
                self.command(b'q', &[cx, cy, dx, dy], &spots);
                self.quadratic = Some(control);
            }
        }
        self.at = to;
    }

    fn arc_to(&mut self, radius: f64, turn: f64, to: Spot) {
        let [dx, dy] = self.step(to);
        let r = hundredths(radius);
        let flag = |set: bool| if set { 100 } else { 0 };
        let (large, sweep) = (flag(turn.abs() > PI), flag(turn > 0.0));
        // Flags stay apart from the numbers after them: old readers do not split "01.5".
        let steps = [r, r, 0, large, sweep, dx, dy];
        self.command(b'a', &steps, &[r, r, 0, large, sweep, to.0, to.1]);
        self.at = to;
    }

    fn close(&mut self) {
        self.out.push(b'z');
        self.at = self.start;
        self.open = 0;
        self.joint = Joint::Bare;
        self.cubic = None;
        self.quadratic = None;
    }

    const fn step(&self, to: Spot) -> [i32; 2] {
        [to.0 - self.at.0, to.1 - self.at.1]
    }

    /// Writes the shorter of the relative and the absolute form.
    fn command(&mut self, letter: u8, relative: &[i32], absolute: &[i32]) {
        let upper = letter.to_ascii_uppercase();
        if self.relative_only || self.cost(letter, relative) <= self.cost(upper, absolute) {
            self.write(letter, relative);
        } else {
            self.write(upper, absolute);
        }
        self.cubic = None;
        self.quadratic = None;
    }

    fn cost(&self, letter: u8, numbers: &[i32]) -> usize {
        let (mut bytes, mut joint) = if letter == self.open {
            (0, self.joint)
        } else {
            (1, Joint::Bare)
        };
        for value in numbers {
            bytes += width(*value) + usize::from(joint.needs_space(*value));
            joint = Joint::after(*value);
        }
        bytes
    }

    fn write(&mut self, letter: u8, numbers: &[i32]) {
        if letter != self.open {
            self.out.push(letter);
            self.joint = Joint::Bare;
        }
        for value in numbers {
            if self.joint.needs_space(*value) {
                self.out.push(b' ');
            }
            put(self.out, *value);
            self.joint = Joint::after(*value);
        }
        // Numbers that go on after a move are lines (SVG 1.1, 8.3.2).
        self.open = match letter {
            b'm' => b'l',
            b'M' => b'L',
            other => other,
        };
    }
}

/// Whether `next` is `last` mirrored at `at`, as the smooth commands take it; a hundredth may differ.
const fn mirrors(last: Spot, at: Spot, next: Spot) -> bool {
    (2 * at.0 - last.0 - next.0).abs() <= 1 && (2 * at.1 - last.1 - next.1).abs() <= 1
}

/// The control point of the quadratic curve that a cubic was raised from (TrueType outlines are
/// quadratic): two numbers fewer, or four where it goes on smoothly.
fn as_quadratic(from: Point, a: Point, b: Point, to: Point) -> Option<Point> {
    let first = from.toward(a, 1.5);
    let second = to.toward(b, 1.5);
    // Relative to the curve's own size, whatever its units.
    let slack = 1e-6 * (1.0 + from.distance(to));
    (first.distance(second) <= slack).then_some(first)
}

/// In how many arcs one is written. SVG finds the centre from rounded end points; near a half turn a
/// hundredth there moves it by half a unit, and near a full one the chord is too short to aim by.
fn pieces(turn: f64) -> u32 {
    let turn = turn.abs();
    if turn > 330.0_f64.to_radians() {
        3
    } else if (140.0_f64.to_radians()..220.0_f64.to_radians()).contains(&turn) {
        2
    } else {
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::point;

    const PLAIN: Place = Place {
        scale: 1.0,
        origin: point(0.0, 0.0),
    };

    fn data(segments: &[Segment]) -> String {
        let mut out = Vec::new();
        Pen::new(&mut out).outline(segments, PLAIN);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn commands_take_their_shortest_form() {
        use Segment::{Close, Cubic, Line, Move};
        let p = point;
        assert_eq!(
            data(&[
                Move(p(30.5, 30.5)),
                Line(p(31.0, 31.0)),
                Line(p(31.0, 4.0)),
                Line(p(5.0, 4.0)),
                Line(p(30.5, 30.5)),
                Close,
            ]),
            "m30.5 30.5.5.5V4H5z"
        );
        let smooth = data(&[
            Move(p(0.0, 0.0)),
            Cubic(p(0.0, 3.0), p(2.0, 5.0), p(4.0, 5.0)),
            Cubic(p(6.0, 5.0), p(9.0, 8.0), p(9.0, 11.0)),
        ]);
        assert_eq!(smooth, "m0 0c0 3 2 5 4 5s5 3 5 6");
    }

    #[test]
    fn a_raised_quadratic_is_written_as_one() {
        let (from, control, to) = (point(3.0, 4.0), point(9.0, 1.0), point(12.0, 7.0));
        let (a, b) = (
            from.toward(control, 2.0 / 3.0),
            to.toward(control, 2.0 / 3.0),
        );
        let text = data(&[Segment::Move(from), Segment::Cubic(a, b, to)]);
        assert_eq!(text, "m3 4q6-3 9 3");
    }

    #[test]
    fn an_arc_of_a_half_turn_is_split() {
        let centre = point(32.0, 32.0);
        for (turn, count) in [(90.0, 1), (180.0, 2), (-179.0, 2), (270.0, 1), (-350.0, 3)] {
            let turn = f64::to_radians(turn);
            let text = data(&[
                Segment::Move(centre.polar(20.0, 0.0)),
                Segment::Arc {
                    centre,
                    radius: 20.0,
                    start: 0.0,
                    turn,
                    to: centre.polar(20.0, turn),
                },
            ]);
            assert_eq!(text.matches("20 20 0").count(), count, "{text}");
        }
    }
}
