//! PNG: a palette with transparency, one byte a pixel.

use std::borrow::Cow;

use png::text_metadata::{ITXtChunk, TEXtChunk};
use png::{BitDepth, ColorType, Compression, Encoder, Filter, Info};

use tiny_skia::Pixmap;

use crate::picture::Picture;
use crate::raster::{Pixels, RasterFault, pixels};

/// What the `Software` text chunk says.
pub const SOFTWARE: &str = "Aplomb Luna";

/// A picture as a PNG file: indexed colours, text chunks `Title` and `Software`
/// (Latin-1 where that holds the text, as the oldest readers expect), no date.
pub fn png(picture: &Picture) -> Result<Vec<u8>, RasterFault> {
    Ok(indexed(&pixels(picture)?, &picture.caption.title))
}

/// Pixels as an indexed PNG file.
pub fn indexed(pixels: &Pixels, title: &str) -> Vec<u8> {
    let mut info = Info::with_size(pixels.width, pixels.height);
    info.color_type = ColorType::Indexed;
    info.bit_depth = BitDepth::Eight;
    let colours: Vec<u8> = pixels
        .palette
        .iter()
        .flat_map(|c| [c[0], c[1], c[2]])
        .collect();
    info.palette = Some(Cow::Owned(colours));
    if pixels.has_alpha() {
        info.trns = Some(Cow::Owned(pixels.palette.iter().map(|c| c[3]).collect()));
    }
    encode(info, &pixels.indices, title, Compression::Fast)
}

/// Four bytes a pixel as an RGBA PNG file, the only kind that icon readers must know.
pub(crate) fn truecolour(pixels: &Pixels, title: &str) -> Vec<u8> {
    let mut info = Info::with_size(pixels.width, pixels.height);
    info.color_type = ColorType::Rgba;
    info.bit_depth = BitDepth::Eight;
    encode(info, &pixels.rgba(), title, Compression::Balanced)
}

/// An opaque pixmap as an RGB PNG file.
pub(crate) fn opaque(pixmap: &Pixmap, title: &str) -> Vec<u8> {
    let mut info = Info::with_size(pixmap.width(), pixmap.height());
    info.color_type = ColorType::Rgb;
    info.bit_depth = BitDepth::Eight;
    let pixels = pixmap.pixels();
    let data: Vec<u8> = pixels
        .iter()
        .flat_map(|p| [p.red(), p.green(), p.blue()])
        .collect();
    encode(info, &data, title, Compression::Balanced)
}

fn encode(mut info: Info<'_>, data: &[u8], title: &str, compression: Compression) -> Vec<u8> {
    for (keyword, text) in [("Title", title), ("Software", SOFTWARE)] {
        if text
            .chars()
            .all(|c| (' '..='~').contains(&c) || ('\u{a0}'..='\u{ff}').contains(&c))
        {
            let chunk = TEXtChunk::new(keyword, text);
            info.uncompressed_latin1_text.push(chunk);
        } else {
            info.utf8_text.push(ITXtChunk::new(keyword, text));
        }
    }
    let mut bytes = Vec::with_capacity(16 * 1024);
    let mut encoder = Encoder::with_info(&mut bytes, info).expect("palette and colours agree");
    encoder.set_compression(compression);
    encoder.set_filter(Filter::Up);
    let mut writer = encoder.write_header().expect("a Vec takes all bytes");
    writer
        .write_image_data(data)
        .expect("as many bytes as the header says");
    writer.finish().expect("a Vec takes all bytes");
    bytes
}
