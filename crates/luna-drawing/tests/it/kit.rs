//! What a brand kit promises: whole, safe, the same each time.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, as tests do"
)]

use std::collections::BTreeSet;

use luna_drawing::emotion::Emotion;
use luna_drawing::family::Family;
use luna_drawing::kit::{KitFile, KitRequest, files, kit};
use luna_drawing::palette::Palette;
use luna_drawing::picture::{Lockup, Rgb, Theme};
use luna_drawing::png::png;
use luna_drawing::request::Request;
use luna_drawing::stream::Seed;
use luna_drawing::svg;
use luna_drawing::wordmark::NameFault;
use serde_json::Value;

use crate::export::decoded;
use crate::guide::check_guide;
use crate::svg::gate;

const HOSTILE: &str = "<&\"'>";

pub(crate) fn asked(family: Family, emotion: Emotion, name: &str) -> KitRequest {
    let request = Request::new(family, emotion);
    let request = if name.is_empty() {
        request
    } else {
        request.with_name(name).unwrap()
    };
    KitRequest::new(request).unwrap()
}

fn northwind() -> Vec<KitFile> {
    kit(&asked(Family::Crescent, Emotion::Serenity, "Northwind"))
}

fn bytes<'a>(kit: &'a [KitFile], path: &str) -> &'a [u8] {
    let file = kit.iter().find(|file| file.path == path);
    &file.unwrap_or_else(|| panic!("{path} is missing")).bytes
}

pub(crate) fn text<'a>(kit: &'a [KitFile], path: &str) -> &'a str {
    std::str::from_utf8(bytes(kit, path)).unwrap()
}

fn json(kit: &[KitFile], path: &str) -> Value {
    serde_json::from_str(text(kit, path)).unwrap()
}

pub(crate) fn paths(kit: &[KitFile]) -> BTreeSet<&str> {
    kit.iter().map(|file| file.path.as_str()).collect()
}

/// Checks each file of a kit by what it is.
fn check(kit: &[KitFile]) {
    assert_eq!(paths(kit).len(), kit.len(), "a path comes twice");
    for file in kit {
        let ending = file.path.rsplit('.').next().unwrap();
        let whole = match ending {
            "svg" => {
                gate(std::str::from_utf8(&file.bytes).unwrap());
                true
            }
            "png" => file.bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
            "pdf" => file.bytes.starts_with(b"%PDF-") && file.bytes.ends_with(b"%%EOF"),
            "ico" => file.bytes.starts_with(&[0, 0, 1, 0, 3, 0]),
            "json" | "webmanifest" => serde_json::from_slice::<Value>(&file.bytes).is_ok(),
            "html" | "txt" => std::str::from_utf8(&file.bytes).is_ok(),
            _ => false,
        };
        assert!(whole, "{}", file.path);
        let start = match ending {
            "svg" => "image/svg+xml",
            "png" => "image/png",
            "pdf" => "application/pdf",
            "ico" => "image/vnd.microsoft.icon",
            "json" => "application/json",
            "webmanifest" => "application/manifest+json",
            "html" => "text/html; charset=utf-8",
            _ => "text/plain; charset=utf-8",
        };
        assert_eq!(file.media_type, start, "{}", file.path);
    }
}

#[test]
fn every_family_and_emotion_makes_a_kit() {
    let mut expected = None;
    for family in Family::ALL {
        for emotion in Emotion::ALL {
            let kit = kit(&asked(family, emotion, "Café Zoé"));
            check(&kit);
            let names: Vec<String> = kit.iter().map(|file| file.path.clone()).collect();
            assert_eq!(*expected.get_or_insert(names.clone()), names);
        }
    }
    println!("{} files a kit", expected.unwrap().len());
}

#[test]
fn a_kit_holds_what_it_promises() {
    let kit = northwind();
    let paths = paths(&kit);
    for path in [
        "svg/mark-small-dark.svg",
        "svg/mark-tiny-light.svg",
        "svg/mark-animated-light.svg",
        "svg/lockup-stacked-knockout.svg",
        "png/mark-light-512.png",
        "png/mark-dark-1024.png",
        "png/lockup-horizontal-mono.png",
        "pdf/mark-light.pdf",
        "pdf/lockup-stacked-mono.pdf",
        "favicon/favicon.svg",
        "favicon/favicon.ico",
        "favicon/apple-touch-icon.png",
        "favicon/icon-192.png",
        "favicon/icon-512.png",
        "favicon/icon-maskable-512.png",
        "favicon/site.webmanifest",
        "favicon/snippet.html",
        "style-guide.html",
        "README.txt",
        "kit.json",
    ] {
        assert!(paths.contains(path), "{path}");
    }
    for (path, width, height) in [
        ("png/mark-knockout-512.png", 512, 512),
        ("png/mark-mono-1024.png", 1024, 1024),
        ("favicon/apple-touch-icon.png", 180, 180),
        ("favicon/icon-192.png", 192, 192),
        ("favicon/icon-512.png", 512, 512),
        ("favicon/icon-maskable-512.png", 512, 512),
    ] {
        let (w, h, _) = decoded(bytes(&kit, path));
        assert_eq!((w, h), (width, height), "{path}");
    }
    let sum: usize = kit.iter().map(|file| file.bytes.len()).sum();
    println!("{} files, {sum} bytes", kit.len());
    assert!(sum < 1_000_000, "{sum} bytes");
}

#[test]
fn a_kit_without_a_name_has_no_lockups() {
    let kit = kit(&asked(Family::Halo, Emotion::Mystery, ""));
    check(&kit);
    assert!(kit.iter().all(|file| !file.path.contains("lockup")));
    for path in ["README.txt", "style-guide.html", "kit.json"] {
        assert!(!text(&kit, path).contains("lockup-"), "{path}");
    }
    let manifest = json(&kit, "favicon/site.webmanifest");
    assert!(manifest.get("name").is_none());
}

#[test]
fn svg_files_share_no_ids() {
    let kit = northwind();
    let pictures = kit.iter().filter(|file| file.media_type == "image/svg+xml");
    let prefixes: Vec<String> = pictures
        .map(|file| gate(std::str::from_utf8(&file.bytes).unwrap()))
        .collect();
    let different: BTreeSet<&String> = prefixes.iter().collect();
    assert_eq!(different.len(), prefixes.len());
}

#[test]
fn files_are_drawn_one_by_one_and_counted() {
    let request = asked(Family::Orbit, Emotion::Power, "Northwind");
    let mut left = files(&request);
    let total = left.len();
    assert_eq!(left.next().unwrap().path, "svg/mark-light.svg");
    assert_eq!(left.len(), total - 1);
    assert_eq!(left.count(), total - 1);
    assert_eq!(kit(&request).len(), total);
}

#[test]
fn the_same_request_gives_the_same_bytes() {
    for name in ["Northwind", "Ωκεανός", ""] {
        let request = asked(Family::Tessera, Emotion::Creative, name);
        assert!(kit(&request) == kit(&request), "{name}");
    }
}

#[test]
fn what_a_kit_has_anyway_does_not_change_it() {
    let plain = Request::new(Family::Petal, Emotion::Awakening)
        .with_name("Northwind")
        .unwrap();
    let other = plain
        .clone()
        .with_theme(Theme::Dark)
        .with_animation(true)
        .with_ground(true)
        .with_lockup(Lockup::Stacked)
        .and_then(|request| request.with_size(77))
        .unwrap();
    let [plain, other] = [plain, other].map(|request| KitRequest::new(request).unwrap());
    assert_eq!(plain, other);
    assert_eq!(plain.hash(), other.hash());
    assert!(plain.canonical().starts_with("kit v1 luna v1 petal"));
}

#[test]
fn pictures_are_those_that_the_same_request_gives_alone() {
    let kit = northwind();
    for theme in Theme::ALL {
        let mark = Request::new(Family::Crescent, Emotion::Serenity)
            .with_name("Northwind")
            .unwrap()
            .with_theme(theme);
        let key = theme.key();
        let picture = mark.compose().unwrap();
        assert!(bytes(&kit, &format!("svg/mark-{key}.svg")) == svg::write(&picture));
        assert!(bytes(&kit, &format!("png/mark-{key}-512.png")) == png(&picture).unwrap());
        let lockup = mark
            .with_lockup(Lockup::Horizontal)
            .and_then(|request| request.with_size(256))
            .unwrap();
        let alone = png(&lockup.compose().unwrap()).unwrap();
        assert!(bytes(&kit, &format!("png/lockup-horizontal-{key}.png")) == alone);
    }
}

#[test]
fn one_colour_is_exactly_one() {
    let kit = northwind();
    for (tone, ink, channel) in [("mono", "#000", 0), ("knockout", "#fff", 255)] {
        let of_tone: Vec<&KitFile> = kit.iter().filter(|f| f.path.contains(tone)).collect();
        assert_eq!(of_tone.len(), 3 + 4 + 3, "svg, png, pdf");
        for file in of_tone {
            if file.media_type == "image/svg+xml" {
                let document = std::str::from_utf8(&file.bytes).unwrap();
                let document = roxmltree::Document::parse(document).unwrap();
                let inks: BTreeSet<&str> = document
                    .descendants()
                    .flat_map(|node| [node.attribute("fill"), node.attribute("stroke")])
                    .flatten()
                    .filter(|ink| *ink != "none")
                    .collect();
                assert_eq!(inks, BTreeSet::from([ink]), "{}", file.path);
            } else if file.media_type == "image/png" {
                let (_, _, rgba) = decoded(&file.bytes);
                let mut inked = 0;
                for pixel in rgba.chunks(4).filter(|pixel| pixel[3] > 0) {
                    assert_eq!(pixel[..3], [channel; 3], "{}", file.path);
                    inked += 1;
                }
                assert!(inked > 1000, "{}", file.path);
                assert_eq!(rgba[3], 0, "{} has a ground", file.path);
            } else {
                let pdf = String::from_utf8_lossy(&file.bytes);
                let black_ink_alone = !pdf.contains(" rg\n") && !pdf.contains(" RG\n");
                assert!(black_ink_alone && pdf.contains(" g\n"), "{}", file.path);
            }
        }
    }
}

#[test]
fn the_favicon_holds_both_palettes_and_follows_the_scheme() {
    for family in Family::ALL {
        for emotion in Emotion::ALL {
            let kit = kit(&asked(family, emotion, "Northwind"));
            let icon = text(&kit, "favicon/favicon.svg");
            assert!(icon.contains("<style>@media (prefers-color-scheme:dark){."));
            let document = roxmltree::Document::parse(icon).unwrap();
            let style = document
                .descendants()
                .find(|node| node.has_tag_name("style"))
                .and_then(|node| node.text())
                .unwrap();
            let [light, dark] = Theme::ALL.map(|theme| Palette::of(emotion, theme));
            let mut classes = 0;
            for node in document.descendants() {
                let Some(class) = node.attribute("class") else {
                    continue;
                };
                classes += 1;
                let (property, shown) = match node.attribute("stroke") {
                    Some(ink) => ("stroke", ink),
                    None => ("fill", node.attribute("fill").unwrap()),
                };
                let shown = Rgb::parse(shown).unwrap();
                let other = if shown == light.primary {
                    dark.primary
                } else {
                    assert_eq!(shown, light.accent);
                    dark.accent
                };
                let rule = format!(".{class}{{{property}:{}}}", other.hex());
                assert!(style.contains(&rule), "{rule}: {style}");
            }
            assert!(classes > 0, "{icon}");
            let tiny = text(&kit, "svg/mark-tiny-light.svg");
            let paths = |svg: &str| svg.matches(" d=\"").count() + svg.matches("<circle").count();
            assert_eq!(paths(icon), paths(tiny));
        }
    }
}

#[test]
fn the_icon_file_has_three_sizes() {
    let kit = northwind();
    let icon = bytes(&kit, "favicon/favicon.ico");
    let sides: Vec<u8> = (0..3).map(|entry| icon[6 + entry * 16]).collect();
    assert_eq!(sides, [16, 32, 48]);
}

/// The side in pixels, and the distance from the middle of each pixel that is not ground.
fn ink_distances(file: &[u8]) -> (f64, Vec<f64>) {
    let (width, height, rgba) = decoded(file);
    let ground = &rgba[..4];
    assert_eq!(ground[3], 255, "the ground is opaque");
    let middle = (f64::from(width) / 2.0, f64::from(height) / 2.0);
    let distances = rgba
        .chunks(4)
        .enumerate()
        .filter(|(_, pixel)| *pixel != ground)
        .map(|(at, _)| {
            let (x, y) = (at as u32 % width, at as u32 / width);
            (f64::from(x) + 0.5 - middle.0).hypot(f64::from(y) + 0.5 - middle.1)
        })
        .collect();
    (f64::from(width), distances)
}

#[test]
fn a_maskable_icon_keeps_all_ink_inside_the_safe_circle() {
    let mut most = 0.0_f64;
    for family in Family::ALL {
        for emotion in Emotion::ALL {
            for seed in 0..4 {
                let request = Request::new(family, emotion).with_seed(Seed(seed));
                let request = KitRequest::new(request).unwrap();
                let icon = files(&request)
                    .find(|file| file.path.contains("maskable"))
                    .unwrap();
                let (side, distances) = ink_distances(&icon.bytes);
                let reach = distances.iter().fold(0.0_f64, |most, d| most.max(*d)) / side;
                assert!(reach <= 0.4, "{family:?} {emotion:?} {seed}: {reach}");
                assert!(
                    reach >= 0.28,
                    "{family:?} {emotion:?} {seed}: small, {reach}"
                );
                most = most.max(reach);
            }
        }
    }
    println!("ink reaches {most:.3} of the side, the safe circle 0.4");
}

#[test]
fn a_touch_icon_is_opaque_and_keeps_off_its_edges() {
    for family in Family::ALL {
        let kit = kit(&asked(family, Emotion::Power, ""));
        let (width, _, rgba) = decoded(bytes(&kit, "favicon/apple-touch-icon.png"));
        assert!(rgba.chunks(4).all(|pixel| pixel[3] == 255));
        let edge = width as usize / 9;
        for (at, pixel) in rgba.chunks(4).enumerate() {
            let (x, y) = (at % 180, at / 180);
            let near = x.min(y).min(179 - x).min(179 - y) < edge;
            assert!(!near || *pixel == rgba[..4], "{family:?} at {x} {y}");
        }
    }
}

#[test]
fn the_manifest_and_the_snippet_name_files_of_the_kit() {
    let kit = northwind();
    let manifest = json(&kit, "favicon/site.webmanifest");
    assert_eq!(manifest["name"], "Northwind");
    assert_eq!(manifest["short_name"], "Northwind");
    let icons = manifest["icons"].as_array().unwrap();
    assert_eq!(icons.len(), 3);
    for icon in icons {
        let path = format!("favicon/{}", icon["src"].as_str().unwrap());
        let (width, height, _) = decoded(bytes(&kit, &path));
        assert_eq!(icon["sizes"], format!("{width}x{height}"));
    }
    assert!(icons.iter().any(|icon| icon["purpose"] == "maskable"));
    let snippet = text(&kit, "favicon/snippet.html");
    let named: Vec<&str> = snippet
        .split("href=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert_eq!(named.len(), 4);
    for path in named {
        assert!(!bytes(&kit, &format!("favicon{path}")).is_empty());
    }
}

#[test]
fn the_metadata_lists_every_other_file() {
    let request = asked(Family::Lambda, Emotion::Creative, "Łódź");
    let kit = kit(&request);
    let metadata = json(&kit, "kit.json");
    assert_eq!(metadata["name"], "Łódź");
    assert_eq!(metadata["generator"], "lambda");
    assert_eq!(metadata["hash"], request.hash().to_string());
    assert_eq!(metadata["palette"]["light"]["primary"], "#2258e5");
    let listed = metadata["files"].as_array().unwrap();
    assert_eq!(listed.len(), kit.len() - 1);
    for (entry, file) in listed.iter().zip(&kit) {
        assert_eq!(entry["path"], file.path);
        assert_eq!(entry["media_type"], file.media_type);
        assert_eq!(entry["size_bytes"], file.bytes.len());
        let digest = blake3::hash(&file.bytes).to_hex().to_string();
        assert_eq!(entry["blake3"], digest);
    }
}

#[test]
fn a_hostile_name_is_escaped_everywhere() {
    let kit = kit(&asked(Family::Horizon, Emotion::Awakening, HOSTILE));
    check(&kit);
    check_guide(&kit);
    for file in &kit {
        let Ok(text) = std::str::from_utf8(&file.bytes) else {
            continue;
        };
        if file.path != "README.txt" && file.media_type != "application/pdf" {
            assert!(!text.contains("<&"), "{}", file.path);
            assert!(!text.contains(HOSTILE), "{}", file.path);
        }
    }
    assert!(text(&kit, "README.txt").starts_with(HOSTILE));
    assert_eq!(json(&kit, "kit.json")["name"], HOSTILE);
    assert_eq!(json(&kit, "favicon/site.webmanifest")["name"], HOSTILE);
    assert!(text(&kit, "style-guide.html").contains("<h1>&lt;&amp;&quot;&#39;&gt;</h1>"));
}

#[test]
fn a_name_that_the_font_lacks_is_refused_by_its_character() {
    let request = Request::new(Family::Crescent, Emotion::Serenity)
        .with_name("月光")
        .unwrap();
    assert_eq!(KitRequest::new(request), Err(NameFault::NoGlyph('月')));
}

#[test]
fn the_longest_names_stay_within_the_raster_bounds() {
    for name in ["‰".repeat(40), "Ж".repeat(40), "W".repeat(40)] {
        let kit = kit(&asked(Family::Halo, Emotion::Power, &name));
        for file in kit
            .iter()
            .filter(|file| file.path.starts_with("png/lockup"))
        {
            let (width, height, _) = decoded(&file.bytes);
            assert!(
                width <= 4096 && height >= 64,
                "{}: {width}x{height}",
                file.path
            );
        }
    }
}
