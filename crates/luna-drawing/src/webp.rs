//! Lossless WebP.

use image_webp::{ColorType, WebPEncoder};

use crate::picture::Picture;
use crate::raster::{Pixels, RasterFault, pixels};

/// A picture as a lossless WebP file: the same pixels as its PNG.
pub fn webp(picture: &Picture) -> Result<Vec<u8>, RasterFault> {
    Ok(encoded(&pixels(picture)?))
}

fn encoded(pixels: &Pixels) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(16 * 1024);
    let (data, colour) = if pixels.has_alpha() {
        (pixels.rgba(), ColorType::Rgba8)
    } else {
        let rgb = pixels
            .indices
            .iter()
            .flat_map(|index| {
                let [r, g, b, _] = pixels.palette[usize::from(*index)];
                [r, g, b]
            })
            .collect();
        (rgb, ColorType::Rgb8)
    };
    WebPEncoder::new(&mut bytes)
        .encode(&data, pixels.width, pixels.height, colour)
        .expect("a Vec takes all bytes, and the sides are under 16384");
    bytes
}
