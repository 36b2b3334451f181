//! The favicon: three drawings of one mark in one file.

use crate::picture::Picture;
use crate::png::truecolour;
use crate::raster::{RasterFault, pixels};

/// Sides of the entries, in pixels, in the file's order.
pub const SIDES_PX: [u32; 3] = [16, 32, 48];

/// An ICO file with the tiny drawing at 16 px, the small one at 32 px and the full one at 48 px.
///
/// Entries are RGBA PNG files, which all readers since Windows Vista know. A picture of another
/// size is refused.
pub fn ico(tiny: &Picture, small: &Picture, full: &Picture) -> Result<Vec<u8>, RasterFault> {
    let mut entries = Vec::with_capacity(SIDES_PX.len());
    for (picture, expected_px) in [tiny, small, full].into_iter().zip(SIDES_PX) {
        let (width_px, height_px) = (picture.width_px, picture.height_px);
        if (width_px, height_px) != (expected_px, expected_px) {
            return Err(RasterFault::WrongSize {
                width_px,
                height_px,
                expected_px,
            });
        }
        entries.push((expected_px as u8, truecolour(&pixels(picture)?, "")));
    }
    let directory = 6 + 16 * entries.len();
    let mut bytes =
        Vec::with_capacity(directory + entries.iter().map(|e| e.1.len()).sum::<usize>());
    bytes.extend_from_slice(&[0, 0, 1, 0, entries.len() as u8, 0]);
    let mut offset = directory as u32;
    for (side, file) in &entries {
        // Width, height, colours, reserved; planes, bits a pixel; length and place.
        bytes.extend_from_slice(&[*side, *side, 0, 0, 1, 0, 32, 0]);
        bytes.extend_from_slice(&(file.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&offset.to_le_bytes());
        offset += file.len() as u32;
    }
    for (_, file) in &entries {
        bytes.extend_from_slice(file);
    }
    Ok(bytes)
}
