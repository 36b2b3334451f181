//! Renders rows of marks to look at: `cargo run -p luna-drawing --example proofs -- OUT.png [family …]`.
//! A row is one family and emotion: six seeds at 128 px, then the small and the tiny drawing at
//! their true size and enlarged.

use luna_drawing::emotion::Emotion;
use luna_drawing::family::{Detail, Family};
use luna_drawing::mark::Mark;
use luna_drawing::picture::Rgb;
use luna_drawing::raster::paint;
use luna_drawing::stream::Seed;
use tiny_skia::{Color, FilterQuality, Pixmap, PixmapPaint, Transform};

fn main() {
    let mut args = std::env::args().skip(1);
    let out = args.next().expect("a file to write");
    let mut families: Vec<_> = args.filter_map(|key| Family::from_key(&key)).collect();
    if families.is_empty() {
        families = Family::ALL.to_vec();
    }
    let rows = families.len() * Emotion::ALL.len();
    let mut sheet = Pixmap::new(1180, (rows * 140) as u32).expect("a size");
    sheet.fill(Color::WHITE);
    for (row, (family, emotion)) in families
        .iter()
        .flat_map(|f| Emotion::ALL.map(|e| (*f, e)))
        .enumerate()
    {
        let (primary, accent) = inks(emotion);
        let y = (row * 140 + 6) as f32;
        for seed in 0..6 {
            let mark = Mark {
                seed: Seed(seed),
                family,
                emotion,
                initial: (b'A' + seed as u8 * 4) as char,
            };
            paint(
                &mut sheet.as_mut(),
                &mark.drawing(Detail::Full),
                primary,
                accent,
                6.0 + seed as f32 * 134.0,
                y,
                128.0,
            );
            let tiny = small(&mark, Detail::Tiny, 16, primary, accent);
            let little = small(&mark, Detail::Small, 32, primary, accent);
            let x = 820 + (seed % 3) as i32 * 118;
            let half = y as i32 + (seed / 3) as i32 * 68;
            enlarge(&mut sheet, &tiny, x, half, 4.0);
            enlarge(&mut sheet, &little, x + 68, half, 1.0);
            enlarge(&mut sheet, &tiny, x + 68, half + 40, 1.0);
        }
    }
    sheet.save_png(out).expect("writable");
}

fn small(mark: &Mark, detail: Detail, size: u32, primary: Rgb, accent: Rgb) -> Pixmap {
    let mut pixmap = Pixmap::new(size, size).expect("a size");
    pixmap.fill(Color::WHITE);
    paint(
        &mut pixmap.as_mut(),
        &mark.drawing(detail),
        primary,
        accent,
        0.0,
        0.0,
        size as f32,
    );
    pixmap
}

fn enlarge(sheet: &mut Pixmap, from: &Pixmap, x: i32, y: i32, times: f32) {
    let how = PixmapPaint {
        quality: FilterQuality::Nearest,
        ..PixmapPaint::default()
    };
    let place = Transform::from_scale(times, times).post_translate(x as f32, y as f32);
    sheet.draw_pixmap(0, 0, from.as_ref(), &how, place, None);
}

fn inks(emotion: Emotion) -> (Rgb, Rgb) {
    match emotion {
        Emotion::Serenity => (Rgb(0x03, 0x57, 0x98), Rgb(0x08, 0x97, 0xa9)),
        Emotion::Power => (Rgb(0x58, 0x2e, 0xd2), Rgb(0xe7, 0x07, 0x75)),
        Emotion::Mystery => (Rgb(0x34, 0x1d, 0x5e), Rgb(0x9c, 0x4e, 0xa1)),
        Emotion::Awakening => (Rgb(0x04, 0x6e, 0x55), Rgb(0xc9, 0x74, 0x05)),
        Emotion::Creative => (Rgb(0x22, 0x58, 0xe5), Rgb(0xe8, 0x4c, 0x23)),
    }
}
