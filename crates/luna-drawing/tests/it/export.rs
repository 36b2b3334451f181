//! Files: what a writer wrote, a reader reads back.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::process::{Command, Stdio};

use luna_drawing::drawing::{Cap, Drawing, Ink, Outline, Paint};
use luna_drawing::emotion::Emotion;
use luna_drawing::family::Family;
use luna_drawing::geometry::{Point, Segment};
use luna_drawing::ico::ico;
use luna_drawing::pdf::pdf;
use luna_drawing::picture::{Lockup, Picture, Rgb, Theme};
use luna_drawing::png::png;
use luna_drawing::raster::{Pixels, RasterFault, pixels};
use luna_drawing::request::Request;
use luna_drawing::sheet;
use luna_drawing::webp::webp;
use luna_drawing::wordmark::NameFault;

fn picture(family: Family, lockup: Lockup, height_px: u32, paint_ground: bool) -> Picture {
    let named = Request::new(family, Emotion::Creative).with_name("Café Zoé & Ægir");
    let laid = named.and_then(|request| request.with_lockup(lockup)?.with_size(height_px));
    laid.expect("a plain request")
        .with_ground(paint_ground)
        .compose()
        .expect("a plain name")
}

/// Marks and lockups, with and without ground.
fn pictures() -> Vec<Picture> {
    let mut all = Vec::new();
    for family in Family::ALL {
        for height in [16, 33, 128] {
            all.push(picture(family, Lockup::Mark, height, false));
        }
        all.push(picture(family, Lockup::Mark, 64, true));
        all.push(picture(family, Lockup::Horizontal, 40, false));
        all.push(picture(family, Lockup::Stacked, 150, true));
    }
    all
}

/// Decodes a PNG file to RGBA.
pub(crate) fn decoded(file: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut decoder = png::Decoder::new(Cursor::new(file));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().expect("a PNG file");
    let mut data = vec![0; reader.output_buffer_size().expect("a PNG file")];
    let info = reader.next_frame(&mut data).expect("a PNG file");
    data.truncate(info.buffer_size());
    (
        info.width,
        info.height,
        with_alpha(data, info.color_type == png::ColorType::Rgba),
    )
}

fn with_alpha(data: Vec<u8>, has_alpha: bool) -> Vec<u8> {
    if has_alpha {
        return data;
    }
    data.chunks(3)
        .flat_map(|p| [p[0], p[1], p[2], 255])
        .collect()
}

#[test]
fn png_reads_back_to_the_same_pixels() {
    for picture in pictures() {
        let expected = pixels(&picture).unwrap();
        let (width, height, rgba) = decoded(&png(&picture).unwrap());
        assert_eq!((width, height), (picture.width_px, picture.height_px));
        assert!(rgba == expected.rgba(), "{width}x{height}");
    }
}

#[test]
fn webp_reads_back_to_the_same_pixels() {
    for picture in pictures() {
        let file = webp(&picture).unwrap();
        let mut decoder = image_webp::WebPDecoder::new(Cursor::new(&file)).unwrap();
        assert_eq!(decoder.dimensions(), (picture.width_px, picture.height_px));
        let mut data = vec![0; decoder.output_buffer_size().unwrap()];
        decoder.read_image(&mut data).unwrap();
        let rgba = with_alpha(data, decoder.has_alpha());
        assert!(rgba == pixels(&picture).unwrap().rgba());
    }
}

#[test]
fn png_is_indexed_and_names_its_maker() {
    let title = |picture: &Picture| {
        let file = png(picture).unwrap();
        let reader = png::Decoder::new(Cursor::new(&file)).read_info().unwrap();
        let info = reader.info();
        assert_eq!(info.color_type, png::ColorType::Indexed);
        let latin = &info.uncompressed_latin1_text;
        let software = latin.iter().find(|t| t.keyword == "Software").unwrap();
        assert_eq!(software.text, "Aplomb Luna");
        let wide = info.utf8_text.iter().find(|t| t.keyword == "Title");
        latin
            .iter()
            .find(|t| t.keyword == "Title")
            .map(|t| t.text.clone())
            .or_else(|| wide.map(|t| t.get_text().unwrap()))
            .unwrap()
    };
    let mut one = picture(Family::Orbit, Lockup::Mark, 64, false);
    assert_eq!(title(&one), "Café Zoé & Ægir");
    one.caption.title = "Łódź".to_owned();
    assert_eq!(title(&one), "Łódź");
}

#[test]
fn equal_pictures_give_equal_bytes() {
    for (a, b) in pictures().iter().zip(&pictures()) {
        assert_eq!(png(a), png(b));
        assert_eq!(webp(a), webp(b));
        assert_eq!(pdf(a), pdf(b));
    }
}

#[test]
fn a_512_px_png_stays_small() {
    for family in Family::ALL {
        let bytes = png(&picture(family, Lockup::Mark, 512, false))
            .unwrap()
            .len();
        assert!(bytes <= 12 * 1024, "{}: {bytes} bytes", family.key());
    }
}

#[test]
fn ground_is_painted_or_left_out() {
    let corner = |paint_ground| {
        let raster = pixels(&picture(Family::Petal, Lockup::Mark, 64, paint_ground)).unwrap();
        let alpha: Vec<u8> = raster.rgba().chunks(4).map(|p| p[3]).collect();
        (
            raster.rgba()[..4].to_vec(),
            alpha.iter().filter(|a| **a < 255).count(),
        )
    };
    assert_eq!(corner(true), (vec![255, 255, 255, 255], 0));
    let (first, clear) = corner(false);
    assert_eq!(first[3], 0);
    assert!(clear > 64 * 64 / 4, "{clear}");
}

#[test]
fn sizes_out_of_bounds_are_refused() {
    let sized = |width_px, height_px| {
        let mut one = picture(Family::Halo, Lockup::Mark, 64, false);
        (one.width_px, one.height_px) = (width_px, height_px);
        (png(&one).map(|_| ()), webp(&one).map(|_| ()))
    };
    for (width_px, height_px) in [(0, 64), (64, 0), (0, 0)] {
        let fault = Err(RasterFault::Empty {
            width_px,
            height_px,
        });
        assert_eq!(sized(width_px, height_px), (fault, fault));
    }
    for (width_px, height_px) in [(16, 2049), (8193, 16), (4096, 1025), (u32::MAX, u32::MAX)] {
        let fault = Err(RasterFault::TooLarge {
            width_px,
            height_px,
        });
        assert_eq!(sized(width_px, height_px), (fault, fault));
    }
    assert_eq!(sized(1, 1), (Ok(()), Ok(())));
}

#[test]
fn favicon_holds_three_drawings() {
    let side = |px| picture(Family::Crescent, Lockup::Mark, px, false);
    let file = ico(&side(16), &side(32), &side(48)).unwrap();
    assert_eq!(file[..6], [0, 0, 1, 0, 3, 0]);
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    let mut end = 6 + 3 * 16;
    for (i, px) in [16_u32, 32, 48].into_iter().enumerate() {
        let entry = 6 + i * 16;
        assert_eq!(file[entry..entry + 2], [px as u8, px as u8]);
        let (length, offset) = (word(entry + 8), word(entry + 12));
        assert_eq!(offset, end);
        end = offset + length;
        let (width, height, rgba) = decoded(&file[offset..end]);
        assert_eq!((width, height), (px, px));
        assert_eq!(rgba, pixels(&side(px)).unwrap().rgba());
    }
    assert_eq!(end, file.len());
    let wrong = ico(&side(16), &side(33), &side(48));
    let fault = RasterFault::WrongSize {
        width_px: 33,
        height_px: 33,
        expected_px: 32,
    };
    assert_eq!(wrong, Err(fault));
}

#[test]
fn pdf_is_whole_and_dateless() {
    let picture = picture(Family::Tessera, Lockup::Horizontal, 64, true);
    let file = pdf(&picture);
    let text = String::from_utf8_lossy(&file);
    assert!(text.starts_with("%PDF-1."));
    assert!(text.trim_end().ends_with("%%EOF"));
    let width = f64::from(picture.width_px) * 0.75;
    assert!(
        text.contains(&format!("/MediaBox [0 0 {width} 48]")),
        "{text}"
    );
    assert!(!text.contains("Date") && text.contains("/Title"));
    // The cross-reference table points at each object.
    let start: usize = text
        .rsplit("startxref")
        .next()
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let table = std::str::from_utf8(&file[start..]).unwrap();
    let mut used = 0;
    for line in table
        .lines()
        .filter(|line| line.ends_with(" n ") || line.ends_with(" n"))
    {
        let offset: usize = line[..10].parse().unwrap();
        used += 1;
        assert!(
            file[offset..].starts_with(format!("{used} 0 obj").as_bytes()),
            "{line}"
        );
    }
    assert_eq!(used, 5);
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "an outside reader judges the file"
)]
fn pdf_shows_the_same_picture_in_another_reader() {
    for lockup in [Lockup::Mark, Lockup::Stacked] {
        for family in Family::ALL {
            let picture = picture(family, lockup, 200, true);
            let started = Command::new("pdftoppm")
                .args(["-r", "96", "-"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn();
            let Ok(mut reader) = started else {
                println!("skipped: pdftoppm is not installed (Debian package poppler-utils)");
                return;
            };
            reader
                .stdin
                .take()
                .unwrap()
                .write_all(&pdf(&picture))
                .unwrap();
            let ppm = reader.wait_with_output().unwrap().stdout;
            let head = format!("P6\n{} {}\n255\n", picture.width_px, picture.height_px);
            assert!(ppm.starts_with(head.as_bytes()), "size of {}", family.key());
            let theirs = with_alpha(ppm[head.len()..].to_vec(), false);
            // Its anti-aliasing differs from ours along the edges.
            assert_alike(&pixels(&picture).unwrap(), &theirs, 1.5, family.key());
        }
    }
}

#[test]
fn our_raster_agrees_with_resvg() {
    for family in Family::ALL {
        for lockup in [Lockup::Mark, Lockup::Horizontal, Lockup::Stacked] {
            for height in [48, 200] {
                let picture = picture(family, lockup, height, true);
                let tree = usvg::Tree::from_str(&svg(&picture), &usvg::Options::default()).unwrap();
                let (width, height) = (picture.width_px, picture.height_px);
                let mut theirs = resvg::tiny_skia::Pixmap::new(width, height).unwrap();
                let scale = resvg::tiny_skia::Transform::from_scale(
                    width as f32 / picture.width as f32,
                    height as f32 / picture.height as f32,
                );
                resvg::render(&tree, scale, &mut theirs.as_mut());
                let name = format!("{} {lockup:?} {width}x{height}", family.key());
                assert_alike(&pixels(&picture).unwrap(), theirs.data(), 0.6, &name);
            }
        }
    }
}

/// The mean difference of all channels is at most `tolerance` of 255.
fn assert_alike(ours: &Pixels, theirs: &[u8], tolerance: f64, name: &str) {
    let ours = ours.rgba();
    assert_eq!(ours.len(), theirs.len(), "{name}");
    let sum: u64 = ours
        .iter()
        .zip(theirs)
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    let mean = sum as f64 / ours.len() as f64;
    assert!(mean <= tolerance, "{name}: {mean:.3} apart");
}

/// A plain SVG of a picture's shapes, written for this test alone.
fn svg(picture: &Picture) -> String {
    let hex = |Rgb(r, g, b): Rgb| format!("#{r:02x}{g:02x}{b:02x}");
    let mut svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='{w}' height='{h}'><rect width='{w}' height='{h}' fill='{}'/><g transform='translate({} {})'>",
        hex(picture.colours.ground),
        picture.mark_at.x,
        picture.mark_at.y,
        w = picture.width,
        h = picture.height
    );
    for shape in picture.drawing.shapes() {
        let colour = hex(match shape.ink {
            Ink::Primary => picture.colours.primary,
            Ink::Accent => picture.colours.accent,
        });
        let ink = match shape.paint {
            Paint::Fill => format!("fill='{colour}'"),
            Paint::Stroke { width, cap } => {
                let (cap, join) = match cap {
                    Cap::Butt => ("butt", "miter"),
                    Cap::Round => ("round", "round"),
                };
                format!(
                    "fill='none' stroke='{colour}' stroke-width='{width}' stroke-linecap='{cap}' stroke-linejoin='{join}'"
                )
            }
        };
        match &shape.outline {
            Outline::Circle { centre, radius } => write!(
                svg,
                "<circle cx='{}' cy='{}' r='{radius}' {ink}/>",
                centre.x, centre.y
            )
            .expect("a String takes all text"),
            Outline::Path(range) => {
                let d = data(drawing_segments(&picture.drawing, range), 1.0, 0.0, 0.0);
                write!(svg, "<path d='{d}' {ink}/>").expect("a String takes all text");
            }
        }
    }
    svg.push_str("</g>");
    if let Some(name) = &picture.wordmark {
        let colour = hex(picture.colours.text);
        for placed in &name.glyphs {
            let d = data(&placed.glyph.segments, name.scale, placed.x, name.baseline);
            if !d.is_empty() {
                write!(svg, "<path d='{d}' fill='{colour}'/>").expect("a String takes all text");
            }
        }
    }
    svg + "</svg>"
}

fn drawing_segments<'a>(drawing: &'a Drawing, range: &std::ops::Range<usize>) -> &'a [Segment] {
    drawing.segments(range)
}

fn data(segments: &[Segment], scale: f64, x: f64, y: f64) -> String {
    let at = |p: Point| format!("{:.4} {:.4}", x + p.x * scale, y + p.y * scale);
    let mut d = String::new();
    for segment in segments {
        match *segment {
            Segment::Move(p) => write!(d, "M{}", at(p)),
            Segment::Line(p) => write!(d, "L{}", at(p)),
            Segment::Cubic(a, b, p) => write!(d, "C{} {} {}", at(a), at(b), at(p)),
            Segment::Arc {
                radius, turn, to, ..
            } => {
                let large = u8::from(turn.abs() > std::f64::consts::PI);
                let r = radius * scale;
                write!(d, "A{r} {r} 0 {large} {} {}", u8::from(turn > 0.0), at(to))
            }
            Segment::Close => write!(d, "Z"),
        }
        .expect("a String takes all text");
    }
    d
}

#[test]
fn the_sheet_takes_both_themes_and_refuses_a_name_it_cannot_draw() {
    for theme in [Theme::Light, Theme::Dark] {
        let options = sheet::Options {
            theme,
            name: Some("Łódź 24".to_owned()),
            ..sheet::Options::default()
        };
        let (width, height, rgba) = decoded(&sheet::png(&options).unwrap());
        assert!(width > 2000 && height > 2000);
        let corner = if theme == Theme::Light {
            [255, 255, 255, 255]
        } else {
            [0x0b, 0x0f, 0x1a, 255]
        };
        assert_eq!(rgba[..4], corner);
    }
    let options = sheet::Options {
        name: Some("月".to_owned()),
        ..sheet::Options::default()
    };
    assert_eq!(sheet::png(&options), Err(NameFault::NoGlyph('月')));
}
