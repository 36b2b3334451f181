//! The frozen generator: from a seed to parameter values, the same on every machine, for ever.
//!
//! The stream is `SplitMix64` (Steele, Lea, Flood: "Fast splittable pseudorandom number generators",
//! OOPSLA 2014). Its state starts from the seed, the family and the attempt, so that a mark's
//! parameters do not depend on its emotion: one seed keeps its structure when the emotion changes.
//! Test vectors stand below and in `docs/luna/generator.md`; they never change for a version.

/// The newest version of the algorithm, part of each request's hash.
pub const VERSION: u32 = 1;

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// A seed: 64 bits, from a number or from a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seed(pub u64);

impl Seed {
    /// The seed of a text: FNV-1a over its UTF-8 bytes (64 bits; offset basis
    /// 0xcbf29ce484222325, prime 0x100000001b3), finished by one `SplitMix64` mix.
    pub fn from_text(text: &str) -> Self {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in text.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Self(mix(hash))
    }
}

/// A stream of values for one attempt at one mark.
#[derive(Clone, Debug)]
pub struct Stream(u64);

impl Stream {
    /// The stream of `seed` for family number `family` (0 to 9), attempt 0, 1, 2 ….
    pub fn new(seed: Seed, family: u8, attempt: u32) -> Self {
        let key = (u64::from(VERSION) << 48) ^ (u64::from(family) << 32) ^ u64::from(attempt);
        Self(mix(seed.0.wrapping_add(GOLDEN)) ^ mix(key.wrapping_mul(GOLDEN)))
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// The next value in [0, 1), of 53 bits.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }
}

/// The output function of `SplitMix64`.
const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
