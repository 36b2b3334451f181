//! One request to the bytes of one file. API and command line both come through here, so they give
//! the same bytes.

use luna_drawing::request::{Request, RequestFault, RequestHash};
use luna_drawing::wordmark::NameFault;
use luna_drawing::{ico, pdf, png, raster::RasterFault, svg, webp};

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Vector, for the web.
    Svg,
    /// Pixels.
    Png,
    /// Pixels, lossless.
    Webp,
    /// A favicon of 16, 32 and 48 px.
    Ico,
    /// Vector, for print.
    Pdf,
}

impl Format {
    /// All five.
    pub const ALL: [Self; 5] = [Self::Svg, Self::Png, Self::Webp, Self::Ico, Self::Pdf];

    /// Its file extension.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
            Self::Webp => "webp",
            Self::Ico => "ico",
            Self::Pdf => "pdf",
        }
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Svg => "image/svg+xml",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Ico => "image/x-icon",
            Self::Pdf => "application/pdf",
        }
    }

    /// The format of an extension.
    pub fn from_extension(extension: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|format| format.extension() == extension)
    }

    /// Whether a picture of this format has pixels of its own, which cost time and memory.
    pub const fn has_pixels(self) -> bool {
        matches!(self, Self::Png | Self::Webp)
    }
}

/// Why a checked request still gives no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureFault {
    /// The name cannot be set.
    #[error(transparent)]
    Name(#[from] NameFault),
    /// Too many pixels.
    #[error(transparent)]
    Raster(#[from] RasterFault),
    /// A favicon is the mark alone.
    #[error("an ico file holds the mark alone; leave `lockup` out")]
    IconLockup,
    /// A part of the request.
    #[error(transparent)]
    Request(#[from] RequestFault),
}

/// Draws the file. An `ico` holds its three fixed sizes whatever the request's own.
pub fn write(request: &Request, format: Format) -> Result<Vec<u8>, PictureFault> {
    write_as(request, request.hash(), format)
}

/// The same for a caller that has computed [`Request::hash`] already.
pub fn write_as(
    request: &Request,
    hash: RequestHash,
    format: Format,
) -> Result<Vec<u8>, PictureFault> {
    let compose = || request.compose_as(hash);
    Ok(match format {
        Format::Svg => svg::write(&compose()?),
        Format::Png => png::png(&compose()?)?,
        Format::Webp => webp::webp(&compose()?)?,
        Format::Pdf => pdf::pdf(&compose()?),
        Format::Ico => {
            if request.lockup() != luna_drawing::picture::Lockup::Mark {
                return Err(PictureFault::IconLockup);
            }
            let at = |side| -> Result<_, PictureFault> {
                Ok(request.clone().with_size(side)?.compose()?)
            };
            let [tiny, small, full] = ico::SIDES_PX;
            ico::ico(&at(tiny)?, &at(small)?, &at(full)?)?
        }
    })
}
