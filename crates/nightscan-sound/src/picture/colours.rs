//! From dark to bright, in steps that look alike.

/// How levels are coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colours {
    /// Black through purple to yellow white.
    #[default]
    Magma,
    /// Blue through green to yellow.
    Viridis,
    /// Black to white.
    Grey,
    /// White to black, for paper.
    Ink,
}

/// A colour as polynomials of the level: a row for each power, red, green and blue in it. Matt Zucker's fits (CC0) to the maps of
/// matplotlib by Stéfan van der Walt and Nathaniel Smith (CC0).
type Fit = [[f32; 3]; 7];

const VIRIDIS: Fit = [
    [0.277_727_33, 0.005_407_344_5, 0.334_099_8],
    [0.105_093_04, 1.404_613_5, 1.384_590_1],
    [-0.330_861_83, 0.214_847_56, 0.095_095_16],
    [-4.634_230_6, -5.799_1, -19.332_44],
    [6.228_27, 14.179_933, 56.690_55],
    [4.776_385, -13.745_145, -65.353_03],
    [-5.435_456, 4.645_852_6, 26.312_435],
];

const MAGMA: Fit = [
    [-0.002_136_485, -0.000_749_655, -0.005_386_128],
    [0.251_660_54, 0.677_523_25, 2.494_026_7],
    [8.353_717, -3.577_719_5, 0.314_467_9],
    [-27.668_734, 14.264_731, -13.649_213],
    [52.176_14, -27.943_606, 12.944_17],
    [-50.768_524, 29.046_583, 4.234_153],
    [18.655_705, -11.489_774, -5.601_961_6],
];

impl Colours {
    /// 256 colours of three bytes.
    pub(super) fn palette(self) -> Vec<u8> {
        (0..=255_u8)
            .flat_map(|level| match self {
                Self::Magma => fitted(&MAGMA, level),
                Self::Viridis => fitted(&VIRIDIS, level),
                Self::Grey => [level; 3],
                Self::Ink => [255 - level; 3],
            })
            .collect()
    }
}

fn fitted(fit: &Fit, level: u8) -> [u8; 3] {
    let t = f32::from(level) / 255.0;
    std::array::from_fn(|colour| {
        let value = fit
            .iter()
            .rev()
            .fold(0.0, |sum, power| sum * t + power[colour]);
        (value * 255.0).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lightness as the eye has it (CIE 1976).
    fn lightness(rgb: &[u8]) -> f64 {
        let linear = |byte: u8| (f64::from(byte) / 255.0).powf(2.2);
        let y = 0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2]);
        116.0 * y.cbrt() - 16.0
    }

    #[test]
    fn brighter_is_louder_all_the_way() {
        for colours in [Colours::Magma, Colours::Viridis, Colours::Grey] {
            let palette = colours.palette();
            let lights: Vec<f64> = palette.chunks(3).step_by(5).map(lightness).collect();
            assert_eq!(palette.len(), 768);
            assert!(
                lights.windows(2).all(|pair| pair[1] >= pair[0] - 0.5),
                "{colours:?}: {lights:?}"
            );
        }
    }

    #[test]
    fn the_ends_are_those_of_matplotlib() {
        let magma = Colours::Magma.palette();
        assert!(magma[..3].iter().all(|&byte| byte < 6));
        for (found, wanted) in magma[765..].iter().zip([252_u8, 253, 191]) {
            assert!(found.abs_diff(wanted) < 8);
        }
        for (found, wanted) in Colours::Viridis.palette()[..3].iter().zip([68_u8, 1, 84]) {
            assert!(found.abs_diff(wanted) < 4);
        }
    }
}
