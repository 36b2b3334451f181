//! Network: three to five joined nodes, one of them free of its link's end.
//!
//! Serenity: even discs and round links. Power: diamonds on heavy diagonals. Mystery: a hollow hub
//! off the middle. Awakening: a tree that grows upwards. Creative: a node of each primitive.

mod layouts;
mod tiny;

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4};

use self::layouts::{AWAKENING, CREATIVE, MYSTERY, POWER, SERENITY};
use self::tiny::tiny;
use super::parts_straight::{Pen, along, between, heavier, index, to_segment};
use crate::drawing::{Cap, Drawing, Ink, Part};
use crate::emotion::Emotion;
use crate::family::{Detail, Parameter, Subject, Values};

/// Structural parameters.
pub const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "layout",
        low: 0.0,
        high: 3.0,
        step: 1.0,
        unit: "count",
        what: "which nodes are joined",
    },
    Parameter {
        name: "turn",
        low: 0.0,
        high: 7.0,
        step: 1.0,
        unit: "count",
        what: "eighths (or quarters) of a turn",
    },
    Parameter {
        name: "side",
        low: 0.0,
        high: 1.0,
        step: 1.0,
        unit: "count",
        what: "whether it is mirrored",
    },
    Parameter {
        name: "node",
        low: 0.0,
        high: 1.0,
        step: 0.125,
        unit: "share",
        what: "size of the nodes",
    },
    Parameter {
        name: "hub",
        low: 0.0,
        high: 1.0,
        step: 0.125,
        unit: "share",
        what: "how much larger the first node is",
    },
    Parameter {
        name: "link",
        low: 0.0,
        high: 1.0,
        step: 0.125,
        unit: "share",
        what: "thickness of the links",
    },
    Parameter {
        name: "spread",
        low: 0.0,
        high: 1.0,
        step: 0.125,
        unit: "share",
        what: "how far the nodes stand apart across",
    },
];

type Place = (f64, f64);

/// A node's shape.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Disc,
    Square,
    Diamond,
    Triangle,
    Ring,
}

/// A node as drawn.
#[derive(Clone, Copy)]
struct Node {
    at: Place,
    form: Form,
    size: f64,
}

const NOWHERE: Node = Node {
    at: (0.0, 0.0),
    form: Form::Disc,
    size: 0.0,
};

/// Draws the family.
pub fn draw(values: &Values, subject: Subject) -> Drawing {
    let [layout, turn, side, node, hub, link, spread, ..] = *values;
    let (layout, turn, side) = (index(layout), index(turn), side > 0.5);
    if subject.detail == Detail::Tiny {
        return tiny(subject.emotion, layout, turn, side);
    }
    let table = match subject.emotion {
        Emotion::Serenity => &SERENITY,
        Emotion::Power => &POWER,
        Emotion::Mystery => &MYSTERY,
        Emotion::Awakening => &AWAKENING,
        Emotion::Creative => &CREATIVE,
    };
    let layout = &table[layout];
    let count = layout.nodes.len();
    let size = between(7.5, 9.5, node)
        * match subject.emotion {
            Emotion::Mystery => [1.06, 0.92, 0.85][count - 3],
            Emotion::Power => [1.2, 1.02, 0.95][count - 3],
            Emotion::Creative => [1.2, 0.97, 0.9][count - 3],
            _ => [1.22, 1.02, 0.85][count - 3],
        };
    let mut nodes = [NOWHERE; 5];
    for (i, node) in nodes[..count].iter_mut().enumerate() {
        node.form = form(subject.emotion, i, turn, i + 1 == count);
        let grown = match (i, node.form) {
            (0, Form::Ring) => between(1.4, 1.65, hub),
            (0, _) if subject.emotion == Emotion::Awakening => between(0.9, 1.2, hub),
            (0, _) => between(1.0, 1.3, hub),
            _ if subject.emotion == Emotion::Awakening => 0.9,
            _ => 1.0,
        };
        let ink = match node.form {
            Form::Diamond => 1.25,
            Form::Square => 0.9,
            Form::Triangle => 1.3,
            Form::Disc | Form::Ring => 1.0,
        };
        node.size = size * grown * ink;
    }
    stand(
        &mut nodes[..count],
        layout.nodes,
        subject.emotion,
        (turn, side, spread),
    );
    let width = match subject.emotion {
        Emotion::Power => between(6.0, 8.5, link),
        Emotion::Mystery => between(4.0, 5.0, link),
        _ => between(6.0, 9.0, link),
    };
    build(
        &nodes[..count],
        layout.links,
        heavier(width, subject),
        subject,
    )
}

/// The shape of node `i`.
fn form(emotion: Emotion, i: usize, turn: usize, last: bool) -> Form {
    match emotion {
        Emotion::Power => Form::Diamond,
        Emotion::Mystery if i == 0 => Form::Ring,
        Emotion::Serenity | Emotion::Mystery | Emotion::Awakening => Form::Disc,
        Emotion::Creative if last => [Form::Triangle, Form::Disc][turn / 4],
        Emotion::Creative => [Form::Square, Form::Disc, Form::Diamond][(i + turn / 4) % 3],
    }
}

/// Turns and stretches the layout until the nodes fill the keyline.
fn stand(nodes: &mut [Node], places: &[Place], emotion: Emotion, how: (usize, bool, f64)) {
    let (turn, side, spread) = how;
    let angle = match emotion {
        Emotion::Serenity | Emotion::Mystery => FRAC_PI_4 * turn as f64,
        Emotion::Power | Emotion::Creative => FRAC_PI_2 * (turn % 4) as f64,
        Emotion::Awakening => 0.0,
    };
    let wide = match emotion {
        Emotion::Power => 1.0,
        _ => between(0.85, 1.0, spread),
    };
    let (sin, cos) = libm::sincos(angle);
    for (node, place) in nodes.iter_mut().zip(places) {
        let x = place.0 * if side { -wide } else { wide };
        // Stretched along one diagonal, links stay at 45 degrees.
        let long = place.0 * place.1 > 0.0 && emotion == Emotion::Power;
        let stretch = if long {
            between(0.75, 1.0, spread)
        } else {
            1.0
        };
        let (x, place) = (x * stretch, (place.0, place.1 * stretch));
        let (x, y) = (x * cos - place.1 * sin, x * sin + place.1 * cos);
        node.at = (x, y);
    }
    // The largest scale at which no two nodes reach beyond the keyline's 56 units together.
    let mut scale = f64::INFINITY;
    for (i, a) in nodes.iter().enumerate() {
        for b in &nodes[..i] {
            let apart = (a.at.0 - b.at.0).abs().max((a.at.1 - b.at.1).abs());
            scale = scale.min((56.0 - a.size - b.size) / apart.max(1e-9));
        }
    }
    for node in nodes {
        node.at = (node.at.0 * scale, node.at.1 * scale);
    }
}

/// Draws nodes and links; states gaps from all pairs.
fn build(nodes: &[Node], links: &[(usize, usize)], width: f64, subject: Subject) -> Drawing {
    let mut drawing = Drawing::new();
    let mut pen = Pen::new(&mut drawing);
    let last = nodes.len() - 1;
    let round = subject.emotion == Emotion::Serenity || subject.emotion == Emotion::Awakening;
    let gap = 3.5;
    let mut narrowest = f64::INFINITY;
    let mut twice = 0.0;
    for (a, b) in links {
        let (from, to) = (&nodes[*a], &nodes[*b]);
        let line = [from.at, to.at];
        let length = distance(from.at, to.at);
        let begin = if from.form == Form::Ring {
            from.size - 2.0
        } else {
            0.0
        };
        let mut end = length;
        if *b == last {
            let cap = if round { width / 2.0 } else { 0.0 };
            end -= reach(to, line) + gap + cap;
            narrowest = narrowest.min(gap);
            // A stub would read as a fault; without it the accent stands free.
            if end + cap < reach(from, line) + 9.0 || subject.emotion == Emotion::Awakening {
                continue;
            }
        } else {
            twice += width * reach(to, line);
        }
        twice += width * (reach(from, line) - begin);
        let (start, stop) = (along(line, begin / length), along(line, end / length));
        if round {
            pen.go(start).to(stop);
        } else {
            pen.bar(start, stop, width);
        }
        for (i, other) in nodes.iter().enumerate() {
            if i != *a && i != *b {
                let free = to_segment(other.at, start, stop) - width / 2.0 - other.size;
                narrowest = narrowest.min(free);
            }
        }
    }
    if round {
        pen.stroke(Ink::Primary, Part::Body, width, Cap::Round);
    }
    for (i, node) in nodes[..last].iter().enumerate() {
        contour(&mut pen, node, width);
        // Also between joined nodes: that much of their link is seen, with a notch on each side.
        for other in &nodes[i + 1..] {
            narrowest = narrowest.min(apart(node, other));
        }
    }
    pen.fill(Ink::Primary, Part::Body);
    contour(&mut pen, &nodes[last], width);
    pen.fill(Ink::Accent, Part::Accent);
    drawing.gap(narrowest).limb(width);
    drawing.overlap_area = twice;
    drawing.settle(1.4);
    drawing
}

fn distance(a: Place, b: Place) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    (dx * dx + dy * dy).sqrt()
}

/// Free space between two nodes: exact for discs, else the larger of two lower bounds.
fn apart(a: &Node, b: &Node) -> f64 {
    let (dx, dy) = ((b.at.0 - a.at.0).abs(), (b.at.1 - a.at.1).abs());
    let both = a.size + b.size;
    let boxes = dx.max(dy) - both;
    if a.form == Form::Diamond && b.form == Form::Diamond {
        return boxes.max((dx + dy - both) * std::f64::consts::FRAC_1_SQRT_2);
    }
    let round = |node: &Node| {
        node.size
            * if node.form == Form::Square {
                1.415
            } else {
                1.0
            }
    };
    boxes.max(distance(a.at, b.at) - round(a) - round(b))
}

/// From a node's centre to its edge along a line.
fn reach(node: &Node, line: [Place; 2]) -> f64 {
    let length = distance(line[0], line[1]);
    let (dx, dy) = ((line[1].0 - line[0].0).abs(), (line[1].1 - line[0].1).abs());
    match node.form {
        Form::Disc | Form::Ring | Form::Triangle => node.size,
        Form::Square => node.size * length / dx.max(dy),
        Form::Diamond => node.size * length / (dx + dy),
    }
}

fn contour(pen: &mut Pen<'_>, node: &Node, width: f64) {
    let ((x, y), r) = (node.at, node.size);
    match node.form {
        Form::Disc => pen.round((x, y), r),
        Form::Square => pen.polygon(&[
            (x - r, y - r),
            (x + r, y - r),
            (x + r, y + r),
            (x - r, y + r),
        ]),
        Form::Diamond => pen.polygon(&[(x, y - r), (x + r, y), (x, y + r), (x - r, y)]),
        Form::Triangle => {
            let (w, h) = (r * 0.866, r * 0.5);
            pen.polygon(&[(x, y - r), (x + w, y + h), (x - w, y + h)])
        }
        Form::Ring => pen.round((x, y), r).hole((x, y), r - width.max(5.0)),
    };
}
