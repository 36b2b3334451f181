//! Which nodes are joined, for each emotion.

use super::Place;

/// Nodes (the last is the accent, a leaf) and links between them (the last leads to the accent).
pub(super) struct Layout {
    pub(super) nodes: &'static [Place],
    pub(super) links: &'static [(usize, usize)],
}

pub(super) const SERENITY: [Layout; 4] = [
    // Three around a hub.
    Layout {
        nodes: &[(0.0, 0.0), (0.87, 0.5), (-0.87, 0.5), (0.0, -1.0)],
        links: &[(0, 1), (0, 2), (0, 3)],
    },
    // A corner.
    Layout {
        nodes: &[(-0.9, 0.8), (-0.9, -0.9), (0.9, 0.8)],
        links: &[(0, 1), (0, 2)],
    },
    // An open square.
    Layout {
        nodes: &[(-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)],
        links: &[(0, 1), (0, 2), (2, 3)],
    },
    // A cross.
    Layout {
        nodes: &[(0.0, 0.0), (1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)],
        links: &[(0, 1), (0, 2), (0, 3), (0, 4)],
    },
];

/// Links run at 45 degrees, into the flat sides of diamonds.
pub(super) const POWER: [Layout; 4] = [
    Layout {
        nodes: &[
            (0.0, 0.0),
            (1.0, 1.0),
            (-1.0, 1.0),
            (-1.0, -1.0),
            (1.0, -1.0),
        ],
        links: &[(0, 1), (0, 2), (0, 3), (0, 4)],
    },
    Layout {
        nodes: &[(0.0, 0.0), (-1.0, 1.0), (-1.0, -1.0), (1.0, -1.0)],
        links: &[(0, 1), (0, 2), (0, 3)],
    },
    Layout {
        nodes: &[(-1.0, 0.0), (0.0, 1.0), (0.0, -1.0), (1.0, 0.0)],
        links: &[(0, 1), (0, 2), (2, 3)],
    },
    Layout {
        nodes: &[(0.0, 0.5), (-1.0, -0.5), (1.0, -0.5)],
        links: &[(0, 1), (0, 2)],
    },
];

/// The first node is a large ring.
pub(super) const MYSTERY: [Layout; 4] = [
    Layout {
        nodes: &[(-0.45, 0.45), (0.95, 0.75), (0.6, -0.95)],
        links: &[(0, 1), (0, 2)],
    },
    Layout {
        nodes: &[(-0.4, 0.4), (-0.75, -1.0), (1.0, 0.9), (0.85, -0.75)],
        links: &[(0, 1), (0, 2), (0, 3)],
    },
    Layout {
        nodes: &[(-0.5, 0.2), (0.9, 1.0), (0.95, -0.8)],
        links: &[(0, 1), (1, 2)],
    },
    Layout {
        nodes: &[(0.3, 0.45), (-1.0, 0.7), (-0.7, -0.9), (0.8, -1.0)],
        links: &[(0, 1), (0, 2), (0, 3)],
    },
];

pub(super) const AWAKENING: [Layout; 4] = [
    // A trunk with three boughs.
    Layout {
        nodes: &[
            (0.0, 0.1),
            (0.0, 1.0),
            (-0.95, -0.45),
            (0.95, -0.45),
            (0.0, -1.0),
        ],
        links: &[(0, 1), (0, 2), (0, 3), (0, 4)],
    },
    // Two roots.
    Layout {
        nodes: &[(0.0, 0.1), (-0.95, 0.9), (0.95, 0.9), (0.0, -1.0)],
        links: &[(0, 1), (0, 2), (0, 3)],
    },
    // A fan.
    Layout {
        nodes: &[(0.0, 0.9), (-0.95, -0.15), (0.95, -0.15), (0.0, -1.0)],
        links: &[(0, 1), (0, 2), (0, 3)],
    },
    // A kite.
    Layout {
        nodes: &[(0.0, 1.0), (-0.95, 0.0), (0.95, 0.0), (0.0, -1.0)],
        links: &[(0, 1), (0, 2)],
    },
];

pub(super) const CREATIVE: [Layout; 4] = [
    Layout {
        nodes: &[(-1.0, 1.0), (-1.0, -0.6), (0.6, 1.0), (0.9, -0.9)],
        links: &[(0, 1), (0, 2)],
    },
    Layout {
        nodes: &[(-1.0, -1.0), (-1.0, 0.4), (0.4, 0.4), (1.0, -1.0)],
        links: &[(0, 1), (1, 2), (0, 3)],
    },
    Layout {
        nodes: &[(-1.0, -0.8), (1.0, -0.8), (0.2, 1.0)],
        links: &[(0, 1)],
    },
    Layout {
        nodes: &[(-1.0, -0.9), (0.5, -0.9), (0.5, 0.6), (-0.7, 1.0)],
        links: &[(0, 1), (1, 2)],
    },
];
