//! What every SVG promises: valid, allow-listed, small, the same bytes each time.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, as tests do"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "a second process and xmllint are what is tested"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use luna_drawing::colour::oklch;
use luna_drawing::drawing::{Cap, Drawing, Ink, Part};
use luna_drawing::emotion::Emotion;
use luna_drawing::family::Family;
use luna_drawing::geometry::{Point, Segment, point};
use luna_drawing::motion::Motion;
use luna_drawing::picture::{Lockup, Picture, Rgb};
use luna_drawing::raster::paint;
use luna_drawing::request::Request;
use luna_drawing::svg;
use tiny_skia::{Color, Pixmap, Transform};

use crate::requests::{NAMES, request};

const REQUESTS: u64 = 1000;

fn bytes(request: &Request) -> Vec<u8> {
    svg::write(&request.compose().unwrap())
}

/// One line a request: its number and 64 bits of its bytes' BLAKE3.
fn digests() -> String {
    (0..REQUESTS).fold(String::new(), |mut lines, n| {
        let hash = blake3::hash(&bytes(&request(n))).to_hex();
        writeln!(lines, "{n} {}", &hash[..16]).unwrap();
        lines
    })
}

const ELEMENTS: [&str; 9] = [
    "svg", "title", "desc", "style", "g", "path", "circle", "rect", "use",
];
const ATTRIBUTES: [&str; 22] = [
    "href",
    "transform",
    "viewBox",
    "width",
    "height",
    "lang",
    "role",
    "aria-labelledby",
    "id",
    "class",
    "fill",
    "stroke",
    "stroke-width",
    "stroke-linecap",
    "stroke-linejoin",
    "d",
    "cx",
    "cy",
    "r",
    "x",
    "y",
    "xmlns",
];

/// Checks one document against everything a reader of it may rely on, and gives its ids' prefix.
pub(crate) fn gate(text: &str) -> String {
    let document = roxmltree::Document::parse(text).unwrap();
    let root = document.root_element();
    assert_eq!(root.attribute("role"), Some("img"));
    let labels: Vec<&str> = root
        .attribute("aria-labelledby")
        .unwrap()
        .split(' ')
        .collect();
    let prefix = labels[0].strip_suffix('t').unwrap();
    let mut ids = BTreeSet::new();
    for node in document.descendants() {
        assert!(!node.is_comment() && !node.is_pi(), "{text}");
        if !node.is_element() {
            continue;
        }
        assert_eq!(
            node.tag_name().namespace(),
            Some("http://www.w3.org/2000/svg")
        );
        assert!(ELEMENTS.contains(&node.tag_name().name()), "{node:?}");
        for attribute in node.attributes() {
            assert!(ATTRIBUTES.contains(&attribute.name()), "{attribute:?}");
            assert!(!attribute.value().contains("url("), "{attribute:?}");
            if matches!(attribute.name(), "id" | "class") {
                assert!(attribute.value().starts_with(prefix));
            }
            // Only what stands before it in the same document.
            if attribute.name() == "href" {
                let id = attribute.value().strip_prefix('#').unwrap();
                assert!(ids.contains(id), "{attribute:?}");
            }
        }
        if let Some(id) = node.attribute("id") {
            assert!(ids.insert(id), "{id} twice");
        }
    }
    assert!(labels.iter().all(|id| ids.contains(id)));
    usvg::Tree::from_str(text, &usvg::Options::default()).unwrap();
    prefix.to_owned()
}

/// The same, and that it is of that picture.
fn check(text: &str, picture: &Picture) {
    assert_eq!(gate(text), picture.id_prefix);
    let document = roxmltree::Document::parse(text).unwrap();
    let root = document.root_element();
    assert_eq!(root.attribute("lang"), Some(picture.caption.language));
    let side = |name| root.attribute(name).unwrap().parse::<u32>().unwrap();
    assert_eq!(side("width"), picture.width_px);
    assert_eq!(side("height"), picture.height_px);
    assert_eq!(text.contains("<style>"), picture.animated);
}

#[test]
fn a_thousand_requests_are_valid_small_and_repeatable() {
    // Kind, bar in bytes, documents, bytes of all, bytes of the largest.
    let mut kinds = [
        ("mark", 1500, 0, 0, 0),
        ("animated", 3000, 0, 0, 0),
        ("lockup", 8000, 0, 0, 0),
    ];
    for n in 0..REQUESTS {
        let request = request(n);
        let picture = request.compose().unwrap();
        let written = svg::write(&picture);
        assert_eq!(written, bytes(&request), "{n}: other bytes the second time");
        let kind = match (request.lockup(), picture.animated) {
            (Lockup::Mark, false) => &mut kinds[0],
            (Lockup::Mark, true) => &mut kinds[1],
            _ => &mut kinds[2],
        };
        let len = written.len();
        assert!(len <= kind.1, "{n}: {len} bytes: {}", request.canonical());
        *kind = (kind.0, kind.1, kind.2 + 1, kind.3 + len, kind.4.max(len));
        check(&String::from_utf8(written).unwrap(), &picture);
    }
    for (kind, bar, count, sum, most) in kinds {
        assert!(count > 100, "too few of {kind}");
        println!(
            "{kind}: {count} documents, mean {} bytes, most {most}, bar {bar}",
            sum / count
        );
    }
}

#[test]
fn forty_letters_stay_under_the_lockups_bar() {
    // The longest names, from wide to round; the pangram has each letter of the alphabet.
    let names = [
        "W".repeat(40),
        "Mé".repeat(20),
        "Société Générale des Eaux Minérales 2026".to_owned(),
        "THE QUICK BROWN FOX JUMPS OVER A LAZY DO".to_owned(),
        NAMES[11].to_owned(),
        "Þjóðgarðurinn á Þingvöllum og Öræfajökuł".to_owned(),
        "Gesellschaft für Qualitätsprüfung & Öko".to_owned(),
        "Çağdaş Eğitim ve Öğretim Derneği Şubesi".to_owned(),
        "Škodovy závody a železárny Příbram & syn".to_owned(),
        "Σύλλογος Γονέων & Κηδεμόνων Θεσσαλονίκης".to_owned(),
        "Государственная Третьяковская галерея №8".to_owned(),
        "Compañía Española de Aguas Jabugo & Güe8".to_owned(),
        "@".repeat(40),
        "ģ".repeat(40),
        "Q&g8@Sß3".repeat(5),
    ];
    for name in names {
        for lockup in [Lockup::Horizontal, Lockup::Stacked] {
            let request = Request::new(Family::Network, Emotion::Creative)
                .with_name(&name)
                .and_then(|request| request.with_lockup(lockup))
                .unwrap();
            let len = bytes(&request).len();
            println!("{name}: {len} bytes");
            assert!(len <= 8000, "{name}: {len} bytes");
        }
    }
}

/// The list holds what the version draws: run with `UPDATE=1` to rewrite it, which after a tagged
/// release of that version would break the promise that its bytes never change.
#[test]
fn bytes_are_those_of_the_golden_list() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1.txt");
    let now = digests();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    let changed: Vec<&str> = golden
        .lines()
        .zip(now.lines())
        .filter(|(golden, now)| golden != now)
        .map(|(golden, _)| golden)
        .collect();
    assert_eq!(golden.lines().count(), REQUESTS as usize);
    assert!(
        changed.is_empty(),
        "{} of {REQUESTS} changed, first {:?}; UPDATE=1 rewrites the list",
        changed.len(),
        changed.first()
    );
}

#[test]
fn another_process_writes_the_same_bytes() {
    const MARKER: &str = "digest of all: ";
    let own = format!("{MARKER}{}", blake3::hash(digests().as_bytes()).to_hex());
    if std::env::var_os("LUNA_CHILD").is_some() {
        println!("{own}");
        return;
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "svg::another_process_writes_the_same_bytes",
            "--nocapture",
        ])
        .env("LUNA_CHILD", "1")
        .output()
        .unwrap();
    let said = String::from_utf8(child.stdout).unwrap();
    assert!(said.lines().any(|line| line.ends_with(&own)), "{said}");
}

#[test]
fn xmllint_accepts_a_batch() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("xmllint");
    std::fs::create_dir_all(&folder).unwrap();
    let files: Vec<_> = (0..300)
        .map(|n| {
            let file = folder.join(format!("{n}.svg"));
            std::fs::write(&file, bytes(&request(n))).unwrap();
            file
        })
        .collect();
    let Ok(output) = Command::new("xmllint")
        .args(["--noout", "--nonet"])
        .args(&files)
        .output()
    else {
        println!("skipped: xmllint is not installed (Debian: libxml2-utils)");
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

/// Every verb of a drawing at once: arcs of each size, curves, both caps, holes, all parts.
fn medley() -> Drawing {
    let mut d = Drawing::new();
    let c = point(20.0, 20.0);
    d.arc_from(c, 14.0, 0.3, 3.2).arc(c, 14.0, 3.5, 2.8).close();
    d.arc_from(c, 8.0, 1.0, -3.1)
        .arc(c, 8.0, -2.1, -3.0)
        .close();
    d.fill(Ink::Primary, Part::Body);
    d.arc_from(point(46.0, 18.0), 9.0, -2.0, 5.9);
    d.stroke(Ink::Accent, Part::Accent, 4.0, Cap::Round);
    d.move_to(point(8.0, 44.0)).line_to(point(28.0, 58.0));
    d.stroke(Ink::Primary, Part::Companion, 5.0, Cap::Butt);
    d.move_to(point(8.0, 58.0)).line_to(point(20.0, 42.0));
    d.stroke(Ink::Primary, Part::Companion, 5.0, Cap::Butt);
    d.move_to(point(34.0, 40.0))
        .cubic_to(point(40.0, 36.0), point(50.0, 38.5), point(52.0, 44.125))
        .cubic_to(point(54.0, 49.75), point(50.0, 56.0), point(44.0, 58.0))
        .line_to(point(34.0, 58.0))
        .close()
        .fill(Ink::Primary, Part::Body);
    d.disc(Ink::Accent, Part::Accent, point(56.0, 56.0), 3.5);
    d.ring(Ink::Primary, Part::Companion, point(57.0, 34.0), 3.0, 1.5);
    d
}

/// The name's letters as a drawing of their own.
fn lettering(picture: &Picture) -> Drawing {
    let mut d = Drawing::new();
    if let Some(wordmark) = &picture.wordmark {
        for placed in &wordmark.glyphs {
            let at = |p: Point| {
                let (x, y) = (p.x * wordmark.scale, p.y * wordmark.scale);
                point(placed.x + x, wordmark.baseline + y)
            };
            for segment in &placed.glyph.segments {
                match *segment {
                    Segment::Move(p) => d.move_to(at(p)),
                    Segment::Line(p) => d.line_to(at(p)),
                    Segment::Cubic(a, b, p) => d.cubic_to(at(a), at(b), at(p)),
                    Segment::Arc { .. } => panic!("no arcs in fonts"),
                    Segment::Close => d.close(),
                };
            }
            d.fill(Ink::Primary, Part::Body);
        }
    }
    d
}

/// The written SVG, and the same geometry painted straight, both on white.
fn both_ways(picture: &Picture) -> (Pixmap, Pixmap) {
    let text = String::from_utf8(svg::write(picture)).unwrap();
    let tree = usvg::Tree::from_str(&text, &usvg::Options::default()).unwrap();
    let blank = || {
        let mut pixmap = Pixmap::new(picture.width_px, picture.height_px).unwrap();
        pixmap.fill(Color::WHITE);
        pixmap
    };
    let (mut written, mut painted) = (blank(), blank());
    resvg::render(&tree, Transform::identity(), &mut written.as_mut());
    let inks = picture.colours;
    // Whole pixels do not quite have the picture's shape: an SVG is fitted and centred in them.
    let (across, down) = (f64::from(picture.width_px), f64::from(picture.height_px));
    let scale = (across / picture.width).min(down / picture.height);
    let left = (across - picture.width * scale) / 2.0;
    let top = (down - picture.height * scale) / 2.0;
    let side = (64.0 * scale) as f32;
    let x = (left + picture.mark_at.x * scale) as f32;
    let y = (top + picture.mark_at.y * scale) as f32;
    let onto = &mut painted.as_mut();
    paint(
        onto,
        &picture.drawing,
        inks.primary,
        inks.accent,
        x,
        y,
        side,
    );
    paint(
        onto,
        &lettering(picture),
        inks.text,
        inks.text,
        left as f32,
        top as f32,
        side,
    );
    (written, painted)
}

/// The largest difference of a channel, and the mean over those that are not blank in both.
fn difference(a: &Pixmap, b: &Pixmap) -> (u8, f64) {
    let (mut most, mut sum, mut count) = (0, 0.0, 0.0);
    for (a, b) in a.data().iter().zip(b.data()) {
        let off = a.abs_diff(*b);
        most = most.max(off);
        sum += f64::from(off);
        count += f64::from(u8::from(*a < 255 || *b < 255));
    }
    (most, sum / count)
}

#[test]
fn the_written_picture_looks_like_the_painted_one() {
    let plain = Request::new(Family::Crescent, Emotion::Creative)
        .with_size(512)
        .unwrap();
    let mut pictures = vec![plain.compose().unwrap()];
    pictures[0].drawing = medley();
    for n in 0..100 {
        let (family, emotion) = (Family::ALL[n % 10], Emotion::ALL[n / 10 % 5]);
        let request = Request::new(family, emotion)
            .with_name(NAMES[n % NAMES.len()])
            .and_then(|request| request.with_lockup(Lockup::ALL[n % 3]))
            .unwrap();
        pictures.push(request.compose().unwrap());
    }
    // Letters that come again are written once.
    let again = Request::new(Family::Orbit, Emotion::Power)
        .with_name(&"Q&g8@Sß3".repeat(5))
        .and_then(|request| request.with_lockup(Lockup::Horizontal))
        .unwrap();
    assert!(String::from_utf8(bytes(&again)).unwrap().contains("<use "));
    pictures.push(again.compose().unwrap());
    let (mut most, mut mean) = (0, 0.0_f64);
    for picture in &pictures {
        let (written, painted) = both_ways(picture);
        let off = difference(&written, &painted);
        // A hundredth of a unit is 0.08 px here, a letter's step a third of one, and the rasteriser
        // takes four samples a pixel in height: edge pixels may jump, the whole may not move.
        let caption = &picture.caption;
        assert!(off.0 <= 160 && off.1 <= 1.5, "{caption:?}: {off:?} of 255");
        (most, mean) = (most.max(off.0), mean.max(off.1));
    }
    println!("written against painted: largest {most} of 255, mean at most {mean:.3}");
}

fn animated(family: Family, emotion: Emotion) -> Picture {
    let request = Request::new(family, emotion).with_animation(true);
    let mut picture = request.compose().unwrap();
    picture.drawing = medley();
    picture
}

#[test]
fn animation_moves_only_transform_and_opacity_and_ends() {
    let mut seen = BTreeSet::new();
    for family in Family::ALL {
        for emotion in Emotion::ALL {
            let picture = animated(family, emotion);
            assert_eq!(picture.motion, Motion { family, emotion });
            let text = String::from_utf8(svg::write(&picture)).unwrap();
            check(&text, &picture);
            let style = text
                .split("<style>")
                .nth(1)
                .unwrap()
                .split("</style>")
                .next()
                .unwrap();
            assert!(
                seen.insert(style.replace(&picture.id_prefix, "")),
                "{style}"
            );
            assert!(style.contains("@media (prefers-reduced-motion:reduce)"));
            assert!(
                !style.contains("infinite") && !style.contains("transform:}"),
                "{style}"
            );
            // No frame but the first is written, so the last is the element as it stands.
            assert_eq!(style.matches("@keyframes").count(), 3, "{style}");
            assert_eq!(
                style.matches("from{opacity:0;transform:").count(),
                3,
                "{style}"
            );
            assert!(!style.contains("to{") && !style.contains('%'), "{style}");
            assert_eq!(style.matches("s both}").count(), 3);
            for timing in style
                .split("animation:")
                .skip(1)
                .filter(|t| !t.starts_with("none"))
            {
                let seconds: f64 = timing
                    .split(['(', ')', ' ', '}'])
                    .filter_map(|word| word.strip_suffix('s'))
                    .filter_map(|word| word.parse::<f64>().ok())
                    .sum();
                assert!((0.79..=1.61).contains(&seconds), "{seconds}: {timing}");
            }
            for class in ["a", "b", "c"] {
                let class = format!("class=\"{}{class}\"", picture.id_prefix);
                assert!(text.contains(&class), "{text}");
            }
        }
    }
}

#[test]
fn an_animated_mark_renders_as_the_static_one() {
    let mut picture = animated(Family::Orbit, Emotion::Power);
    let (moving, _) = both_ways(&picture);
    picture.animated = false;
    let (still, _) = both_ways(&picture);
    assert_eq!(difference(&moving, &still).0, 0);
}

#[test]
fn hostile_captions_are_escaped_and_forbidden_characters_left_out() {
    let mut picture = Request::new(Family::Petal, Emotion::Mystery)
        .compose()
        .unwrap();
    picture.caption.title = "\0a<b>&\"'\u{1b}\u{b}\n]]>\u{ffff}é🚀".to_owned();
    let text = String::from_utf8(svg::write(&picture)).unwrap();
    check(&text, &picture);
    let document = roxmltree::Document::parse(&text).unwrap();
    let title = document
        .descendants()
        .find(|n| n.has_tag_name("title"))
        .unwrap();
    assert_eq!(title.text(), Some("a<b>&\"' ]]>é🚀"));
}

#[test]
fn a_painted_ground_covers_the_picture_and_a_short_colour_is_short() {
    let request = Request::new(Family::Halo, Emotion::Serenity).with_ground(true);
    let text = String::from_utf8(bytes(&request)).unwrap();
    assert!(
        text.contains("<rect width=\"64\" height=\"64\" fill=\"#fff\"/>"),
        "{text}"
    );
    let picture = request.compose().unwrap();
    assert_eq!(picture.colours.ground, Rgb(255, 255, 255));
    assert_eq!(oklch(1.0, 0.0, 0.0).rgb(), picture.colours.ground);
}
