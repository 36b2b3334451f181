//! A small convolutional network: its plan, its numbers, a pass that learns and a pass that answers.
//!
//! A stage is a 3x3 convolution, a batch norm, a rectifier and a pooling. What the last stage gives is averaged over
//! frequency, then over time its mean and its maximum are taken; linear heads read both. All learned numbers stand in one
//! list, so that an optimiser, an average or a file needs no knowledge of layers.
//!
//! * [`learn`]: the loss of one shard of examples and its gradient
//! * [`Answerer`]: classes of one picture, batch norms folded into the convolutions

mod answer;
mod head;
mod kernels;
mod learn;
mod stage;

use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use answer::{Answerer, Workspace};
pub(crate) use head::softmax;
pub use learn::{Lesson, Shard, learn};

use crate::chance::Chance;

/// How neighbours of a plane become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// The largest.
    Max,
    /// The average.
    #[default]
    Mean,
}

/// One stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Planes that come out.
    pub channels: usize,
    /// Bands that become one.
    pub pool_rows: usize,
    /// Frames that become one.
    pub pool_cols: usize,
}

/// The shape of a network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Planes of a picture.
    pub inputs: usize,
    /// Bands of a picture.
    pub rows: usize,
    /// Frames of a picture.
    pub cols: usize,
    /// From the picture to the heads.
    pub stages: Vec<Stage>,
    /// The pooling of all stages.
    pub pooling: Pooling,
    /// Classes of each head. The first one answers; others help to learn.
    pub heads: Vec<usize>,
}

impl Default for Plan {
    /// Of the default model.
    fn default() -> Self {
        let stage = |(channels, pool_cols)| Stage {
            channels,
            pool_rows: 2,
            pool_cols,
        };
        Self {
            inputs: 2,
            rows: 64,
            cols: 250,
            stages: [(8, 4), (32, 2), (64, 2), (128, 2)].map(stage).to_vec(),
            pooling: Pooling::default(),
            heads: vec![6],
        }
    }
}

/// Planes of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) channels: usize,
    pub(crate) rows: usize,
    pub(crate) cols: usize,
}

impl Size {
    pub(crate) fn len(self) -> usize {
        self.channels * self.rows * self.cols
    }
}

/// Rows and columns that become one.
#[derive(Clone, Copy, Debug)]
struct Pool {
    kind: Pooling,
    rows: usize,
    cols: usize,
}

/// Where the numbers of one stage stand.
#[derive(Clone, Debug)]
struct StageAt {
    pool: Pool,
    input: Size,
    /// Before pooling.
    output: Size,
    pooled: Size,
    weight: Range<usize>,
    gain: Range<usize>,
    shift: Range<usize>,
    mean: Range<usize>,
    variance: Range<usize>,
}

#[derive(Clone, Debug)]
struct HeadAt {
    features: usize,
    weight: Range<usize>,
    bias: Range<usize>,
}

/// Why a plan cannot be built.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum PlanFault {
    /// A list is empty or a number is zero.
    #[error("the network has no {0}")]
    Empty(&'static str),
    /// More than a bound allows.
    #[error("the network has {value} {what}, more than {most}")]
    Large {
        /// What is too large.
        what: &'static str,
        /// How much it is.
        value: usize,
        /// The bound.
        most: usize,
    },
    /// Pooling leaves nothing.
    #[error("stage {0} pools more than it has")]
    Pooled(usize),
}

/// A checked plan and where each number stands.
#[derive(Clone, Debug)]
pub struct Layout {
    plan: Plan,
    stages: Vec<StageAt>,
    heads: Vec<HeadAt>,
    values: usize,
    statistics: usize,
}

/// A named range of numbers: one tensor of a model file.
#[derive(Clone, Debug)]
pub struct Named {
    /// `stage.0.convolution.weight`.
    pub name: String,
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// Where it stands.
    pub range: Range<usize>,
    /// In the statistics, not in the values.
    pub statistic: bool,
    /// Weight decay pulls it.
    pub decays: bool,
}

/// The numbers of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// What is learned.
    pub values: Vec<f32>,
    /// Means and variances of the batch norms.
    pub statistics: Vec<f32>,
}

/// A plan from a file is held to these, so that a hostile one is refused before memory is asked for.
const MOST_STAGES: usize = 16;
const MOST_CHANNELS: usize = 1024;
const MOST_SIDE: usize = 4096;
const MOST_CLASSES: usize = 10_000;
const MOST_VALUES: usize = 50_000_000;

impl Layout {
    /// Checks a plan.
    pub fn new(plan: Plan) -> Result<Self, PlanFault> {
        let bound = |what, value, most| match value {
            0 => Err(PlanFault::Empty(what)),
            value if value > most => Err(PlanFault::Large { what, value, most }),
            _ => Ok(()),
        };
        bound("planes", plan.inputs, MOST_CHANNELS)?;
        bound("bands", plan.rows, MOST_SIDE)?;
        bound("frames", plan.cols, MOST_SIDE)?;
        bound("stages", plan.stages.len(), MOST_STAGES)?;
        bound("heads", plan.heads.len(), 4)?;
        let mut values = 0;
        let mut statistics = 0;
        let take = |count: &mut usize, len: usize| {
            let from = *count;
            *count += len;
            from..*count
        };
        let mut size = Size {
            channels: plan.inputs,
            rows: plan.rows,
            cols: plan.cols,
        };
        let mut stages = Vec::with_capacity(plan.stages.len());
        for (number, stage) in plan.stages.iter().enumerate() {
            bound("channels", stage.channels, MOST_CHANNELS)?;
            bound("bands pooled", stage.pool_rows, MOST_SIDE)?;
            bound("frames pooled", stage.pool_cols, MOST_SIDE)?;
            let output = Size {
                channels: stage.channels,
                ..size
            };
            let pooled = Size {
                channels: stage.channels,
                rows: size.rows / stage.pool_rows,
                cols: size.cols / stage.pool_cols,
            };
            if pooled.len() == 0 {
                return Err(PlanFault::Pooled(number));
            }
            let (rows, cols) = (stage.pool_rows, stage.pool_cols);
            stages.push(StageAt {
                pool: Pool {
                    kind: plan.pooling,
                    rows,
                    cols,
                },
                input: size,
                output,
                pooled,
                weight: take(&mut values, stage.channels * size.channels * 9),
                gain: take(&mut values, stage.channels),
                shift: take(&mut values, stage.channels),
                mean: take(&mut statistics, stage.channels),
                variance: take(&mut statistics, stage.channels),
            });
            size = pooled;
        }
        let features = 2 * size.channels;
        let mut heads = Vec::with_capacity(plan.heads.len());
        for classes in &plan.heads {
            bound("classes", *classes, MOST_CLASSES)?;
            heads.push(HeadAt {
                features,
                weight: take(&mut values, classes * features),
                bias: take(&mut values, *classes),
            });
        }
        bound("values", values, MOST_VALUES)?;
        Ok(Self {
            plan,
            stages,
            heads,
            values,
            statistics,
        })
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How many numbers are learned.
    pub fn values(&self) -> usize {
        self.values
    }

    /// How many means and variances there are.
    pub fn statistics(&self) -> usize {
        self.statistics
    }

    /// Values of one picture.
    pub fn picture(&self) -> usize {
        self.stages[0].input.len()
    }

    /// Multiplications of one answer's convolutions.
    pub fn multiplications(&self) -> usize {
        self.stages
            .iter()
            .map(|stage| stage.output.len() * stage.input.channels * 9)
            .sum()
    }

    /// All tensors, in the order of the numbers.
    pub fn named(&self) -> Vec<Named> {
        let mut all = Vec::new();
        let mut name =
            |name: String, shape: Vec<usize>, range: &Range<usize>, statistic, decays| {
                all.push(Named {
                    name,
                    shape,
                    range: range.clone(),
                    statistic,
                    decays,
                });
            };
        for (number, stage) in self.stages.iter().enumerate() {
            let (outputs, inputs) = (stage.output.channels, stage.input.channels);
            let at = format!("stage.{number}");
            name(
                format!("{at}.convolution.weight"),
                vec![outputs, inputs, 3, 3],
                &stage.weight,
                false,
                true,
            );
            name(
                format!("{at}.norm.gain"),
                vec![outputs],
                &stage.gain,
                false,
                false,
            );
            name(
                format!("{at}.norm.shift"),
                vec![outputs],
                &stage.shift,
                false,
                false,
            );
            name(
                format!("{at}.norm.mean"),
                vec![outputs],
                &stage.mean,
                true,
                false,
            );
            name(
                format!("{at}.norm.variance"),
                vec![outputs],
                &stage.variance,
                true,
                false,
            );
        }
        for (number, head) in self.heads.iter().enumerate() {
            let shape = vec![head.bias.len(), head.features];
            name(
                format!("head.{number}.weight"),
                shape,
                &head.weight,
                false,
                true,
            );
            name(
                format!("head.{number}.bias"),
                vec![head.bias.len()],
                &head.bias,
                false,
                false,
            );
        }
        all
    }

    /// Numbers to begin with: normal, with the variance that keeps a rectified signal's size (He et al., 2015).
    pub fn begin(&self, seed: u64) -> Weights {
        let mut chance = Chance::stream(seed, 0);
        let mut values = vec![0.0; self.values];
        let mut statistics = vec![0.0; self.statistics];
        for stage in &self.stages {
            let deviation = (2.0 / (9 * stage.input.channels) as f32).sqrt();
            values[stage.weight.clone()].fill_with(|| deviation * chance.normal());
            values[stage.gain.clone()].fill(1.0);
            statistics[stage.variance.clone()].fill(1.0);
        }
        for head in &self.heads {
            let deviation = (1.0 / head.features as f32).sqrt();
            values[head.weight.clone()].fill_with(|| deviation * chance.normal());
        }
        Weights { values, statistics }
    }
}
