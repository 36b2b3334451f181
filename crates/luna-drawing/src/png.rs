//! PNG: a palette with transparency, one byte a pixel.

use std::borrow::Cow;

use png::text_metadata::{ITXtChunk, TEXtChunk};
use png::{BitDepth, ColorType, Compression, Encoder, Filter, Info, chunk};

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
    let info = indexed_info(pixels.width, pixels.height, &pixels.palette);
    encode(info, &pixels.indices, title, Compression::Fast)
}

fn indexed_info(width: u32, height: u32, palette: &[[u8; 4]]) -> Info<'static> {
    let mut info = Info::with_size(width, height);
    info.color_type = ColorType::Indexed;
    info.bit_depth = BitDepth::Eight;
    let colours: Vec<u8> = palette.iter().flat_map(|c| [c[0], c[1], c[2]]).collect();
    info.palette = Some(Cow::Owned(colours));
    if palette.iter().any(|colour| colour[3] < 255) {
        info.trns = Some(Cow::Owned(palette.iter().map(|c| c[3]).collect()));
    }
    info
}

/// An indexed PNG file that is compressed once and written in any colours.
pub(crate) struct Recolourable {
    width: u32,
    height: u32,
    title: String,
    /// What the file's IDAT chunks hold.
    data: Vec<Vec<u8>>,
}

impl Recolourable {
    /// The palette does not matter, but for its length.
    pub(crate) fn new(pixels: &Pixels, title: &str) -> Self {
        let file = indexed(pixels, title);
        let mut data = Vec::with_capacity(1);
        // After the signature: length, type, data and checksum of each chunk.
        let mut rest = &file[8..];
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let length = u32::from_be_bytes(*length) as usize;
            let (chunk, after) = after.split_at(4 + length);
            if let Some(bytes) = chunk.strip_prefix(b"IDAT") {
                data.push(bytes.to_vec());
            }
            rest = &after[4..];
        }
        Self {
            width: pixels.width,
            height: pixels.height,
            title: title.to_owned(),
            data,
        }
    }

    /// The same bytes as [`indexed`] gives for these pixels with that palette.
    pub(crate) fn file(&self, palette: &[[u8; 4]]) -> Vec<u8> {
        let info = indexed_info(self.width, self.height, palette);
        let sum: usize = self.data.iter().map(Vec::len).sum();
        let mut bytes = Vec::with_capacity(sum + 2048);
        let encoder = encoder(info, &mut bytes, &self.title);
        let mut writer = encoder.write_header().expect("a Vec takes all bytes");
        for data in &self.data {
            let written = writer.write_chunk(chunk::IDAT, data);
            written.expect("as long as it was read");
        }
        writer.finish().expect("a Vec takes all bytes");
        bytes
    }
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

fn encode(info: Info<'_>, data: &[u8], title: &str, compression: Compression) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(16 * 1024);
    let mut encoder = encoder(info, &mut bytes, title);
    encoder.set_compression(compression);
    encoder.set_filter(Filter::Up);
    let mut writer = encoder.write_header().expect("a Vec takes all bytes");
    writer
        .write_image_data(data)
        .expect("as many bytes as the header says");
    writer.finish().expect("a Vec takes all bytes");
    bytes
}

fn encoder<'a>(
    mut info: Info<'a>,
    bytes: &'a mut Vec<u8>,
    title: &str,
) -> Encoder<'a, &'a mut Vec<u8>> {
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
    Encoder::with_info(bytes, info).expect("palette and colours agree")
}
