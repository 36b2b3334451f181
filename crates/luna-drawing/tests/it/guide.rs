//! The kit's style guide: one page that needs nothing but itself and its kit.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, as tests do"
)]

use std::collections::{BTreeMap, BTreeSet};

use luna_drawing::caption::Language;
use luna_drawing::emotion::Emotion;
use luna_drawing::family::Family;
use luna_drawing::kit::{KitFile, KitRequest, kit};
use luna_drawing::picture::Rgb;
use luna_drawing::request::Request;

use crate::kit::{asked, paths, text};

/// Reads the guide as XML and checks that it needs nothing but itself and its kit.
pub(crate) fn check_guide(kit: &[KitFile]) -> BTreeMap<String, usize> {
    let page = text(kit, "style-guide.html");
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\""));
    let lower = page.to_lowercase();
    for forbidden in ["<script", "http:", "https:", "//", "@import", "javascript:"] {
        // Base64 may hold two slashes.
        let outside = lower.split("base64,").map(|part| {
            let end = if lower.starts_with(part) {
                0
            } else {
                part.find(')').unwrap()
            };
            &part[end..]
        });
        assert!(
            outside.into_iter().all(|part| !part.contains(forbidden)),
            "{forbidden}"
        );
    }
    let options = roxmltree::ParsingOptions {
        allow_dtd: true,
        ..roxmltree::ParsingOptions::default()
    };
    let document = roxmltree::Document::parse_with_options(page, options).unwrap();
    let mut elements = BTreeMap::new();
    let mut ids = BTreeSet::new();
    let mut links = Vec::new();
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        *elements
            .entry(node.tag_name().name().to_owned())
            .or_default() += 1;
        for attribute in node.attributes() {
            assert!(!attribute.name().starts_with("on"), "{attribute:?}");
            match attribute.name() {
                "id" => assert!(ids.insert(attribute.value()), "{attribute:?} twice"),
                "href" => links.push(attribute.value()),
                "src" => panic!("{attribute:?}"),
                _ => assert!(
                    !attribute.value().contains("url(") || attribute.value().contains("url(#")
                ),
            }
        }
    }
    let paths = paths(kit);
    for link in links {
        let known = match link.strip_prefix('#') {
            Some(id) => ids.contains(id),
            None => paths.contains(link),
        };
        assert!(known, "{link}");
    }
    elements
}

#[test]
fn the_guide_stands_alone_and_names_every_picture() {
    for (family, emotion, name) in [
        (Family::Crescent, Emotion::Serenity, "Northwind"),
        (
            Family::Monogram,
            Emotion::Power,
            "Société Générale des Eaux Minérales 2026",
        ),
        (Family::Aperture, Emotion::Mystery, "Ωκεανός"),
        (Family::Tessera, Emotion::Creative, "Зоря"),
        (
            Family::Network,
            Emotion::Creative,
            "Q&g8@Sß3Q&g8@Sß3Q&g8@Sß3Q&g8@Sß3Q&g8@Sß3",
        ),
        (Family::Petal, Emotion::Awakening, ""),
    ] {
        for language in Language::ALL {
            let asked = asked(family, emotion, name);
            let request = asked.request().clone().with_language(language);
            let kit = kit(&KitRequest::new(request).unwrap());
            let elements = check_guide(&kit);
            assert_eq!(elements["section"], if name.is_empty() { 8 } else { 9 });
            let page = text(&kit, "style-guide.html");
            assert!(page.contains(&format!("<html lang=\"{}\">", language.key())));
            for file in &kit {
                let picture = ["svg/", "png/", "pdf/", "favicon/"]
                    .iter()
                    .any(|folder| file.path.starts_with(folder));
                let linked = page.contains(&format!("href=\"{}\"", file.path));
                assert!(!picture || linked, "{} is not in the guide", file.path);
            }
        }
    }
}

#[test]
fn the_guide_states_the_palette_and_its_contrast() {
    let request =
        Request::new(Family::Crescent, Emotion::Serenity).with_palette(Rgb(0xff, 0xe0, 0x00), None);
    let light = request.palette();
    let kit = kit(&KitRequest::new(request.with_language(Language::French)).unwrap());
    let page = text(&kit, "style-guide.html");
    let contrast = format!("{:.2}:1", light.contrast().primary).replace('.', ",");
    for stated in [
        light.primary.hex(),
        light.accent.hex(),
        contrast,
        "#0b0f1a".to_owned(),
    ] {
        assert!(page.contains(&format!("<dd>{stated}")), "{stated}");
    }
}
