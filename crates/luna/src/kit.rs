//! A brand kit as one zip file. API and command line both come through here, so they give the same bytes.

use std::io::{Cursor, Write};

use luna_drawing::kit::{KitRequest, files};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// What a deflated text gains is gained at the quickest setting; pictures are compressed already.
const DEFLATE_LEVEL: i64 = 1;

/// Why there is no kit.
#[derive(Debug, thiserror::Error)]
pub enum KitFault {
    /// The caller said so between two files.
    #[error("stopped between two files")]
    Stopped,
    /// The archive could not be written.
    #[error("the archive could not be written: {0}")]
    Archive(#[from] zip::result::ZipError),
    /// The same.
    #[error("the archive could not be written: {0}")]
    Write(#[from] std::io::Error),
}

/// Draws the kit into a zip file. The same request gives the same bytes: entries carry the first moment that a zip file can
/// hold. After each file `go_on` is told how many are done, of how many, and says whether to go on.
pub fn zip(
    request: &KitRequest,
    mut go_on: impl FnMut(usize, usize) -> bool,
) -> Result<Vec<u8>, KitFault> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::with_capacity(512 * 1024)));
    let files = files(request);
    let total = files.len();
    let options = SimpleFileOptions::default()
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    for (done, file) in files.enumerate() {
        let options = if is_compressed(file.media_type) {
            options.compression_method(CompressionMethod::Stored)
        } else {
            options
                .compression_method(CompressionMethod::Deflated)
                .compression_level(Some(DEFLATE_LEVEL))
        };
        archive.start_file(file.path, options)?;
        archive.write_all(&file.bytes)?;
        if !go_on(done + 1, total) {
            return Err(KitFault::Stopped);
        }
    }
    Ok(archive.finish()?.into_inner())
}

fn is_compressed(media_type: &str) -> bool {
    matches!(media_type, "image/png" | "image/webp" | "image/x-icon")
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use luna_drawing::emotion::Emotion;
    use luna_drawing::family::Family;
    use luna_drawing::request::Request;

    use super::*;

    fn request() -> KitRequest {
        let request = Request::new(Family::Orbit, Emotion::Power)
            .with_name("Northwind")
            .unwrap();
        KitRequest::new(request).unwrap()
    }

    #[test]
    fn the_archive_holds_every_file_and_is_the_same_each_time() {
        let mut told = Vec::new();
        let bytes = zip(&request(), |done, total| {
            told.push((done, total));
            true
        })
        .unwrap();
        assert_eq!(bytes, zip(&request(), |_, _| true).unwrap());
        let files = luna_drawing::kit::kit(&request());
        assert_eq!(told.last(), Some(&(files.len(), files.len())));
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        assert_eq!(archive.len(), files.len());
        for file in files {
            let mut held = Vec::new();
            archive
                .by_name(&file.path)
                .unwrap()
                .read_to_end(&mut held)
                .unwrap();
            assert!(held == file.bytes, "{}", file.path);
        }
    }

    #[test]
    fn it_stops_between_two_files_when_told_to() {
        let stopped = zip(&request(), |done, _| done < 3);
        assert!(matches!(stopped, Err(KitFault::Stopped)));
    }
}
