//! The contact sheet: ten families in five emotions on light and on dark, at every size, and the
//! lockups: one page of a brand book.
//!
//! The page has two halves from top to bottom, the asked theme and the other one. All measures
//! are in pixels at scale 1.

use tiny_skia::{Color, FilterQuality, Pixmap, PixmapPaint, Rect, Transform};

use crate::emotion::Emotion;
use crate::family::{Detail, Family};
use crate::geometry::{CANVAS, MARGIN};
use crate::mark::Mark;
use crate::palette::Palette;
use crate::picture::{Colours, Lockup, Rgb, Theme};
use crate::png::opaque;
use crate::raster::{paint, paint_wordmark};
use crate::stream::Seed;
use crate::wordmark::{CAP_HEIGHT, GAP, NameFault, layout};

/// What a sheet shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Decides every mark's parameters.
    pub seed: Seed,
    /// Stands in every lockup; without it, ten sample names do.
    pub name: Option<String>,
    /// The theme of the left, larger half.
    pub theme: Theme,
    /// Pixels a measure: 1 to 3. Small sizes are enlarged pixel by pixel, so they stay true.
    pub scale: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: Seed(7),
            name: None,
            theme: Theme::Light,
            scale: 1,
        }
    }
}

/// Names of invented companies, with accents among them.
const SAMPLES: [&str; 10] = [
    "Arkalia Luna",
    "Northwind",
    "Tessera",
    "Daybreak",
    "Lambdaworks",
    "Umbra",
    "Café Zoé",
    "Halcyon & Co",
    "Øresund",
    "Meridian",
];

/// Height of the title and the headings.
const HEADER: f32 = 268.0;
/// Height of one family.
const ROW: f32 = 168.0;
const LOCKUPS_TOP: f32 = HEADER + 10.0 * ROW + 76.0;
const HEIGHT: f32 = LOCKUPS_TOP + 740.0;

/// One half of the page, from left to right: marks, the small sizes, 16 px enlarged.
struct Half {
    theme: Theme,
    left: f32,
    right: f32,
    /// Where the first mark's cell begins.
    marks: f32,
    mark: f32,
    pitch: f32,
    /// Where the small sizes begin.
    sizes: f32,
    enlarged: f32,
}

const MAIN: (f32, f32) = (0.0, 1490.0);
const SIDE: (f32, f32) = (1490.0, 2560.0);
const EDGE: f32 = 96.0;
/// Distance between two emotions among the small sizes.
const SMALL_PITCH: f32 = 44.0;
const ENLARGED: u32 = 6;

/// Draws the sheet as a PNG file.
pub fn png(options: &Options) -> Result<Vec<u8>, NameFault> {
    let other = match options.theme {
        Theme::Light => Theme::Dark,
        Theme::Dark => Theme::Light,
    };
    let main = Half {
        theme: options.theme,
        left: MAIN.0,
        right: MAIN.1,
        marks: EDGE + 140.0,
        mark: 128.0,
        pitch: 158.0,
        sizes: EDGE + 140.0 + 5.0 * 158.0 + 40.0,
        enlarged: EDGE + 140.0 + 5.0 * 158.0 + 40.0 + 5.0 * SMALL_PITCH + 28.0,
    };
    let side = Half {
        theme: other,
        left: SIDE.0,
        right: SIDE.1,
        marks: SIDE.0 + 80.0,
        mark: 84.0,
        pitch: 106.0,
        sizes: SIDE.0 + 80.0 + 5.0 * 106.0 + 40.0,
        enlarged: SIDE.0 + 80.0 + 5.0 * 106.0 + 40.0 + 5.0 * SMALL_PITCH + 28.0,
    };
    let mut page = Page::new(SIDE.1, HEIGHT, options.scale.clamp(1, 3));
    let initial = options
        .name
        .as_deref()
        .and_then(|name| name.trim().chars().next())
        .unwrap_or('L');
    for half in [&main, &side] {
        page.ground(half);
        page.headings(half)?;
        for (row, family) in Family::ALL.into_iter().enumerate() {
            let middle = HEADER + row as f32 * ROW + ROW / 2.0;
            for (column, emotion) in Emotion::ALL.into_iter().enumerate() {
                let mark = Mark {
                    seed: options.seed,
                    family,
                    emotion,
                    initial,
                };
                page.sizes(half, &mark, column as f32, middle);
            }
        }
    }
    page.title(&main, options)?;
    page.labels(&main)?;
    let on = match other {
        Theme::Light => "On light",
        Theme::Dark => "On dark",
    };
    let text = colours(Emotion::Serenity, other).text;
    page.text(on, text, (side.marks, 118.0), 14.0, 0.0)?;
    page.lockups(&main, options, initial, 3)?;
    page.lockups(&side, options, initial, 2)?;
    Ok(opaque(&page.pixmap, "Luna: contact sheet"))
}

/// The colours of an emotion on a theme.
fn colours(emotion: Emotion, theme: Theme) -> Colours {
    Palette::of(emotion, theme).colours(true)
}

/// Captions: 4.8:1 on white, 6.2:1 on the dark ground.
fn quiet(theme: Theme) -> Rgb {
    match theme {
        Theme::Light => Rgb(0x6b, 0x72, 0x80),
        Theme::Dark => Rgb(0x8b, 0x93, 0xa7),
    }
}

struct Page {
    pixmap: Pixmap,
    scale: f32,
}

impl Page {
    fn new(width: f32, height: f32, scale: u32) -> Self {
        let scale = scale as f32;
        let pixmap = Pixmap::new((width * scale) as u32, (height * scale) as u32)
            .expect("a fixed size, at most three times enlarged");
        Self { pixmap, scale }
    }

    fn box_of(&mut self, left: f32, top: f32, right: f32, bottom: f32, Rgb(r, g, b): Rgb) {
        let mut paint = tiny_skia::Paint::default();
        paint.set_color(Color::from_rgba8(r, g, b, 255));
        if let Some(rect) = Rect::from_ltrb(left, top, right, bottom) {
            let scale = Transform::from_scale(self.scale, self.scale);
            self.pixmap.fill_rect(rect, &paint, scale, None);
        }
    }

    fn ground(&mut self, half: &Half) {
        let ground = colours(Emotion::Serenity, half.theme).ground;
        self.box_of(half.left, 0.0, half.right, HEIGHT, ground);
    }

    /// A line of text with capitals `cap` pixels high; `align` is 0 for left, 0.5 for centred.
    fn text(
        &mut self,
        text: &str,
        colour: Rgb,
        (x, baseline): (f32, f32),
        cap: f32,
        align: f32,
    ) -> Result<f32, NameFault> {
        let line = layout(text, Lockup::Horizontal)?;
        let unit = cap / CAP_HEIGHT as f32;
        let left = CANVAS + GAP;
        let width = (line.width - left - MARGIN) as f32 * unit;
        if let Some(wordmark) = line.wordmark {
            let s = self.scale;
            let x = x - width * align - left as f32 * unit;
            let y = baseline - wordmark.baseline as f32 * unit;
            paint_wordmark(
                &mut self.pixmap.as_mut(),
                &wordmark,
                colour,
                x * s,
                y * s,
                unit * s,
            );
        }
        Ok(width)
    }

    /// A mark whose canvas is a square of `size` at `(x, y)`.
    fn mark(&mut self, mark: &Mark, theme: Theme, (x, y): (f32, f32), size: f32) {
        let colours = colours(mark.emotion, theme);
        let drawing = mark.drawing(Detail::for_pixels(size as u32));
        let s = self.scale;
        paint(
            &mut self.pixmap.as_mut(),
            &drawing,
            colours.primary,
            colours.accent,
            x * s,
            y * s,
            size * s,
        );
    }

    /// A mark rasterised at `side` true pixels, each shown `times` pixels wide.
    fn pixel_true(&mut self, mark: &Mark, theme: Theme, (x, y): (f32, f32), side: u32, times: u32) {
        let colours = colours(mark.emotion, theme);
        let mut small = Pixmap::new(side, side).expect("16, 24 or 32");
        paint(
            &mut small.as_mut(),
            &mark.drawing(Detail::for_pixels(side)),
            colours.primary,
            colours.accent,
            0.0,
            0.0,
            side as f32,
        );
        let how = PixmapPaint {
            quality: FilterQuality::Nearest,
            ..PixmapPaint::default()
        };
        let s = self.scale;
        let place = Transform::from_scale(times as f32 * s, times as f32 * s)
            .post_translate((x * s).round(), (y * s).round());
        self.pixmap
            .draw_pixmap(0, 0, small.as_ref(), &how, place, None);
    }

    fn headings(&mut self, half: &Half) -> Result<(), NameFault> {
        let y = HEADER - 26.0;
        let quiet = quiet(half.theme);
        // Small headings stand above the ink, which begins a margin inside the canvas.
        for (column, emotion) in Emotion::ALL.into_iter().enumerate() {
            let x = half.marks + column as f32 * half.pitch + half.mark / 2.0;
            self.text(&capitalised(emotion.key()), quiet, (x, y), 10.0, 0.5)?;
        }
        let x = half.sizes + 2.5 * SMALL_PITCH - (SMALL_PITCH - 32.0) / 2.0;
        self.text("32, 24, 16 px", quiet, (x, y), 10.0, 0.5)?;
        let x = half.enlarged + 8.0 * ENLARGED as f32;
        self.text("16 px × 6", quiet, (x, y), 10.0, 0.5)?;
        Ok(())
    }

    fn sizes(&mut self, half: &Half, mark: &Mark, column: f32, middle: f32) {
        let place = (half.marks + column * half.pitch, middle - half.mark / 2.0);
        self.mark(mark, half.theme, place, half.mark);
        // Three rows, centred on their column: 32, 24 and 16 px with even space between.
        let mut y = middle - 50.0;
        for side in [32_u32, 24, 16] {
            let x = half.sizes + column * SMALL_PITCH + 16.0 - side as f32 / 2.0;
            self.pixel_true(mark, half.theme, (x, y), side, 1);
            y += side as f32 + 14.0;
        }
        // One emotion a row is enough to judge the pixels; the rows go through all of them.
        if mark.emotion == Emotion::ALL[mark.family as usize % 5] {
            let side = 16.0 * ENLARGED as f32;
            let place = (half.enlarged, middle - side / 2.0);
            self.pixel_true(mark, half.theme, place, 16, ENLARGED);
        }
    }

    fn title(&mut self, half: &Half, options: &Options) -> Result<(), NameFault> {
        let colours = colours(Emotion::Serenity, half.theme);
        let mark = Mark {
            seed: options.seed,
            family: Family::Crescent,
            emotion: Emotion::Serenity,
            initial: 'L',
        };
        let size = 84.0;
        let inset = MARGIN as f32 / CANVAS as f32 * size;
        self.mark(&mark, half.theme, (EDGE - inset, 72.0), size);
        let x = EDGE + size + 14.0;
        let middle = 72.0 + size / 2.0;
        self.text("Luna", colours.text, (x, middle + 4.0), 32.0, 0.0)?;
        let at = (x, middle + 34.0);
        let width = self.text(
            "Ten families, five emotions",
            quiet(half.theme),
            at,
            11.0,
            0.0,
        )?;
        let seed = format!("Seed {}", options.seed.0);
        let at = (x + width + 24.0, at.1);
        self.text(&seed, quiet(half.theme), at, 11.0, 0.0)?;
        Ok(())
    }

    fn labels(&mut self, half: &Half) -> Result<(), NameFault> {
        let colour = colours(Emotion::Serenity, half.theme).text;
        for (row, family) in Family::ALL.into_iter().enumerate() {
            let middle = HEADER + row as f32 * ROW + ROW / 2.0;
            let label = capitalised(family.key());
            self.text(&label, colour, (EDGE, middle + 6.0), 12.0, 0.0)?;
        }
        Ok(())
    }

    /// Horizontal lockups in `columns`, three rows, then one row of stacked ones.
    fn lockups(
        &mut self,
        half: &Half,
        options: &Options,
        initial: char,
        columns: usize,
    ) -> Result<(), NameFault> {
        let start = if half.left > 0.0 { half.marks } else { EDGE };
        let end = if half.left > 0.0 {
            half.right - EDGE
        } else {
            half.right - 80.0
        };
        let quiet = quiet(half.theme);
        self.text("Horizontal", quiet, (start, LOCKUPS_TOP), 10.0, 0.0)?;
        let wide = (end - start) / columns as f32;
        let most = (wide - 28.0, 62.0);
        let first = if half.left > 0.0 { 3 } else { 0 };
        for i in 0..columns * 3 {
            let (row, column) = (i / columns, i % columns);
            let x = start + column as f32 * wide;
            let y = LOCKUPS_TOP + 36.0 + row as f32 * 116.0;
            let (mark, name) = subject(options, initial, first + i);
            self.lockup(half.theme, &mark, name, Lockup::Horizontal, (x, y), most)?;
        }
        let top = LOCKUPS_TOP + 36.0 + 3.0 * 116.0 + 50.0;
        self.text("Stacked", quiet, (start, top), 10.0, 0.0)?;
        let most = (wide - 28.0, 72.0);
        for i in 0..columns {
            let x = start + (i as f32 + 0.5) * wide;
            let (mark, name) = subject(options, initial, first + i + 1);
            let at = (x, top + 40.0);
            self.lockup(half.theme, &mark, name, Lockup::Stacked, at, most)?;
        }
        Ok(())
    }

    /// A lockup whose mark is `size` pixels, or less where the name would be over `width`: from its
    /// left edge, or centred where it is stacked.
    fn lockup(
        &mut self,
        theme: Theme,
        mark: &Mark,
        name: &str,
        lockup: Lockup,
        (x, y): (f32, f32),
        (width, size): (f32, f32),
    ) -> Result<(), NameFault> {
        let layout = layout(name, lockup)?;
        let unit = (size / CANVAS as f32).min(width / layout.width as f32);
        let size = unit * CANVAS as f32;
        let x = match lockup {
            // The ink, not the free border, stands on the page's edge.
            Lockup::Mark | Lockup::Horizontal => x - MARGIN as f32 * unit,
            Lockup::Stacked => x - layout.width as f32 * unit / 2.0,
        };
        let at = (
            x + layout.mark_at.x as f32 * unit,
            y + layout.mark_at.y as f32 * unit,
        );
        self.mark(mark, theme, at, size);
        if let Some(wordmark) = &layout.wordmark {
            let s = self.scale;
            paint_wordmark(
                &mut self.pixmap.as_mut(),
                wordmark,
                colours(mark.emotion, theme).text,
                x * s,
                y * s,
                unit * s,
            );
        }
        Ok(())
    }
}

/// The mark and the name of the sheet's lockup number `i`: families and emotions take turns.
fn subject(options: &Options, initial: char, i: usize) -> (Mark, &str) {
    let family = Family::ALL[i % 10];
    let name = options.name.as_deref().unwrap_or(SAMPLES[i % 10]);
    let mark = Mark {
        seed: options.seed,
        family,
        emotion: Emotion::ALL[i % 5],
        initial: if options.name.is_some() {
            initial
        } else {
            name.chars().next().unwrap_or(initial)
        },
    };
    (mark, name)
}

fn capitalised(key: &str) -> String {
    let mut letters = key.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
