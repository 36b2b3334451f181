//! Brand marks from a seed: geometry, colour, outlines of letters, and the writers of files.
//!
//! Pure: no clock, randomness, files, sockets or logging; a seed and a style come in, bytes go out.
//!
//! * [`stream`]: seed to numbers, frozen; [`family`]: numbers to parameters; [`families`]: parameters to shapes
//! * [`mark`]: the first attempt that passes the quality gates
//! * [`drawing`], [`geometry`]: shapes and their exact measures
//! * [`emotion`]: the five shape grammars
//! * [`colour`], [`palette`]: colour arithmetic, contrast, built-in and repaired palettes
//! * [`request`], [`alias`]: what is asked, checked at the edge; [`caption`]: what is read aloud
//! * [`svg`] (over `number` and `outline`) and [`motion`]: the picture as text
//! * [`wordmark`]: names as outlines, and where they stand beside the mark
//! * pixels: [`raster`]; files: [`png`], [`webp`], [`ico`], [`pdf`]
//! * [`sheet`]: all families and emotions on one page; [`kit`]: all files of one brand

pub mod alias;
pub mod caption;
pub mod colour;
pub mod drawing;
pub mod emotion;
pub mod families;
pub mod family;
pub mod geometry;
pub mod ico;
pub mod kit;
pub mod mark;
pub mod motion;
mod number;
mod outline;
pub mod palette;
pub mod pdf;
pub mod picture;
pub mod png;
pub mod raster;
pub mod request;
pub mod sheet;
pub mod stream;
pub mod svg;
pub mod webp;
pub mod wordmark;
