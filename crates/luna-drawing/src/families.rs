//! One file a family: its parameters and its geometry in the three drawings and five emotions.

pub mod aperture;
pub mod crescent;
pub mod halo;
pub mod horizon;
pub mod lambda;
pub mod monogram;
pub mod network;
pub mod orbit;
pub(crate) mod parts_round;
mod parts_straight;
pub mod petal;
pub mod tessera;
