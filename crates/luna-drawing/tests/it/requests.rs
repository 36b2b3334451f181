//! A thousand varied requests, and what the edge refuses.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, as tests do"
)]

use luna_drawing::alias::PRESETS;
use luna_drawing::caption::Language;
use luna_drawing::emotion::Emotion;
use luna_drawing::family::{Detail, Family};
use luna_drawing::picture::{Lockup, Rgb, Theme};
use luna_drawing::request::{Draft, Request, RequestFault};
use luna_drawing::stream::{Seed, Stream};
use luna_drawing::svg;
use luna_drawing::wordmark::{MOST_CHARACTERS, NameFault};

/// Names that the built-in font has letters for.
pub(crate) const NAMES: [&str; 12] = [
    "Northwind",
    "Arkalia Luna",
    "Ö",
    "Éclair & Fils",
    "O'Neill <Labs>",
    "\"Quoted\"",
    "Zażółć gęślą",
    "a",
    "WAVE To Ty",
    "42 is 7 x 6",
    "Cafe\u{301}",
    "The quick brown fox jumps over a lazy do",
];

/// Request number `n`: family and emotion go round, the rest is drawn from a stream.
pub(crate) fn request(n: u64) -> Request {
    let mut stream = Stream::new(Seed(n), 0, 1000);
    let mut pick = |count: u64| stream.bits() % count;
    let family = Family::ALL[(n % 10) as usize];
    let emotion = Emotion::ALL[(n / 10 % 5) as usize];
    let mut request = Request::new(family, emotion).with_seed(Seed(pick(u64::MAX)));
    if pick(3) > 0 {
        let seed = request.seed();
        let name = NAMES[pick(NAMES.len() as u64) as usize];
        request = request.with_name(name).unwrap();
        if pick(2) == 0 {
            request = request.with_seed(seed);
        }
        request = request.with_lockup(Lockup::ALL[pick(3) as usize]).unwrap();
    }
    let sizes = [8, 16, 23, 24, 32, 47, 48, 64, 180, 512, 1024, 4096];
    request = request
        .with_size(sizes[pick(sizes.len() as u64) as usize])
        .unwrap()
        .with_theme(Theme::ALL[pick(2) as usize])
        .with_animation(pick(4) == 0)
        .with_ground(pick(4) == 0)
        .with_language(Language::ALL[pick(2) as usize]);
    let colour = |bits: u64| Rgb((bits >> 16) as u8, (bits >> 8) as u8, bits as u8);
    match pick(4) {
        0 => request.with_palette(colour(pick(1 << 24)), None),
        1 => {
            let primary = colour(pick(1 << 24));
            request.with_palette(primary, Some(colour(pick(1 << 24))))
        }
        _ => request,
    }
}

/// A draft that is right, for a test to spoil in one place.
fn draft() -> Draft<'static> {
    Draft {
        generator: "orbit",
        variant: "power",
        ..Draft::default()
    }
}

#[test]
fn each_fault_names_its_field_and_what_is_allowed() {
    let ok = draft();
    let cases: [(Draft<'_>, &str, &str); 18] = [
        (
            Draft {
                generator: "moon",
                ..ok
            },
            "generator",
            "crescent",
        ),
        (
            Draft {
                generator: "moon",
                ..ok
            },
            "generator",
            "ultra_max",
        ),
        (Draft { variant: "", ..ok }, "variant", "serenity, power"),
        (
            Draft {
                size: Some("0"),
                ..ok
            },
            "size",
            "8 to 4096",
        ),
        (
            Draft {
                size: Some("-1"),
                ..ok
            },
            "size",
            "8 to 4096",
        ),
        (
            Draft {
                size: Some("1000000000"),
                ..ok
            },
            "size",
            "8 to 4096",
        ),
        (
            Draft {
                size: Some("99999999999999999999"),
                ..ok
            },
            "size",
            "8 to 4096",
        ),
        (
            Draft {
                size: Some("12.5"),
                ..ok
            },
            "size",
            "whole number",
        ),
        (
            Draft {
                theme: Some("Dark"),
                ..ok
            },
            "theme",
            "light, dark",
        ),
        (
            Draft {
                animated: Some("yes"),
                ..ok
            },
            "animated",
            "true, false",
        ),
        (
            Draft {
                ground: Some("red"),
                ..ok
            },
            "ground",
            "transparent, painted",
        ),
        (
            Draft {
                language: Some("de"),
                ..ok
            },
            "language",
            "en, fr",
        ),
        (
            Draft {
                version: Some("2"),
                ..ok
            },
            "version",
            "1 to 1",
        ),
        (
            Draft {
                primary: Some("#12"),
                ..ok
            },
            "primary",
            "hexadecimal",
        ),
        (
            Draft {
                accent: Some("#123"),
                ..ok
            },
            "accent",
            "primary",
        ),
        (
            Draft {
                seed: Some(""),
                ..ok
            },
            "seed",
            "2^64",
        ),
        (
            Draft {
                seed: Some("18446744073709551616"),
                ..ok
            },
            "seed",
            "2^64",
        ),
        (
            Draft {
                lockup: Some("stacked"),
                ..ok
            },
            "name",
            "needs one",
        ),
    ];
    for (draft, field, says) in cases {
        let fault = Request::parse(&draft).unwrap_err();
        assert_eq!(fault.field(), field, "{draft:?}");
        let text = fault.to_string();
        assert!(text.starts_with(field) && text.contains(says), "{text}");
    }
}

#[test]
fn names_of_one_to_forty_characters_are_accepted() {
    let parsed = |name: &str| {
        Request::parse(&Draft {
            name: Some(name),
            ..draft()
        })
    };
    assert!(parsed(&"x".repeat(MOST_CHARACTERS)).is_ok());
    assert!(parsed(&"x".repeat(MOST_CHARACTERS + 1)).is_err());
    // Forty letters with a combining accent each are forty characters.
    assert!(parsed(&"e\u{301}".repeat(MOST_CHARACTERS)).is_ok());
    for empty in ["", "   ", "\t", "\u{a0}"] {
        assert!(parsed(empty).is_err(), "{empty:?}");
    }
    let nul = parsed("a\0b").unwrap_err().to_string();
    assert!(nul.contains("U+0000"), "{nul}");
}

#[test]
fn a_hostile_name_gives_a_picture_or_names_the_character() {
    let names = [
        "🚀",
        "Rocket 🚀",
        "شركة",
        "חברה",
        "<script>alert(1)</script>",
        "&amp;&\"'<>]]>",
        "--><!--",
        "e\u{301}\u{302}\u{303}\u{304}",
        "\u{301}",
        "日本",
        "a\u{200d}b",
        "ß",
        "ǆ",
    ];
    for name in names {
        for family in [Family::Crescent, Family::Monogram] {
            for lockup in Lockup::ALL {
                let request = Request::new(family, Emotion::Creative)
                    .with_name(name)
                    .and_then(|request| request.with_lockup(lockup))
                    .unwrap();
                match request.compose() {
                    Ok(picture) => {
                        let bytes = svg::write(&picture);
                        let text = String::from_utf8(bytes).unwrap();
                        let document = roxmltree::Document::parse(&text).unwrap();
                        assert!(!text.contains("<script"));
                        let title = document.descendants().find(|n| n.has_tag_name("title"));
                        assert_eq!(title.unwrap().text(), request.name());
                    }
                    Err(fault) => {
                        assert!(matches!(fault, NameFault::NoGlyph(_)), "{name}: {fault}");
                        let needs_font = lockup != Lockup::Mark || family == Family::Monogram;
                        assert!(needs_font, "{name}: a mark alone sets no text");
                    }
                }
            }
        }
    }
}

#[test]
fn a_name_that_is_not_what_it_looks_like_is_refused() {
    for name in [
        "\u{202e}drawkcab",
        "a\u{200b}b",
        "\u{feff}x",
        "\u{fffe}\u{ffff}x",
        "a\u{ad}b",
        "\u{1fffe}",
    ] {
        let fault = Request::new(Family::Orbit, Emotion::Power)
            .with_name(name)
            .unwrap_err();
        assert!(
            matches!(fault, RequestFault::Control(_)),
            "{name:?}: {fault}"
        );
    }
}

#[test]
fn the_name_gives_the_seed_unless_one_is_given() {
    let parsed = |seed, name| {
        Request::parse(&Draft {
            seed,
            name,
            ..draft()
        })
        .unwrap()
        .seed()
    };
    assert_eq!(parsed(None, None), Seed(0));
    assert_eq!(parsed(Some("77"), Some("Northwind")), Seed(77));
    assert_eq!(
        parsed(None, Some("Northwind")),
        Seed::from_text("Northwind")
    );
    assert_eq!(
        parsed(Some("Northwind"), None),
        Seed::from_text("Northwind")
    );
    assert_eq!(
        parsed(None, Some("Caf\u{e9}")),
        parsed(None, Some("Cafe\u{301}"))
    );
}

#[test]
fn a_monogram_takes_its_letter_from_the_name_or_the_seed() {
    let initial = |name: &str| {
        Request::new(Family::Monogram, Emotion::Power)
            .with_name(name)
            .unwrap()
            .mark()
            .initial
    };
    assert_eq!(initial("northwind"), 'N');
    assert_eq!(initial("  «éclair»"), 'É');
    assert_eq!(initial("-7up"), '7');
    assert_eq!(initial("ß"), 'S');
    let seeded = |seed| {
        Request::new(Family::Monogram, Emotion::Power)
            .with_seed(Seed(seed))
            .mark()
            .initial
    };
    let letters: std::collections::BTreeSet<char> = (0..500).map(seeded).collect();
    assert_eq!(letters.len(), 26);
    let lacking = Request::new(Family::Monogram, Emotion::Power)
        .with_name("日本")
        .unwrap();
    assert_eq!(lacking.compose(), Err(NameFault::NoGlyph('日')));
}

#[test]
fn the_originals_eight_keys_are_presets_that_a_request_may_overrule() {
    for preset in PRESETS {
        let asked = Draft {
            generator: preset.key,
            ..draft()
        };
        let request = Request::parse(&asked).unwrap();
        assert_eq!(request.family(), preset.family);
        assert_eq!(request.theme(), preset.theme);
        assert_eq!(request.animated(), preset.animated);
        let other = Request::parse(&Draft {
            theme: Some("light"),
            animated: Some("false"),
            ground: Some("transparent"),
            ..asked
        })
        .unwrap();
        let plain = Request::new(preset.family, Emotion::Power);
        assert_eq!(other, plain, "{}", preset.key);
    }
}

#[test]
fn every_field_is_part_of_the_hash() {
    let ok = Draft {
        name: Some("Northwind"),
        ..draft()
    };
    let drafts = [
        ok,
        Draft {
            generator: "petal",
            ..ok
        },
        Draft {
            variant: "mystery",
            ..ok
        },
        Draft {
            seed: Some("1"),
            ..ok
        },
        Draft {
            name: Some("northwind"),
            ..ok
        },
        Draft {
            size: Some("64"),
            ..ok
        },
        Draft {
            lockup: Some("horizontal"),
            ..ok
        },
        Draft {
            theme: Some("dark"),
            ..ok
        },
        Draft {
            animated: Some("1"),
            ..ok
        },
        Draft {
            primary: Some("#123456"),
            ..ok
        },
        Draft {
            primary: Some("#123456"),
            accent: Some("#abc"),
            ..ok
        },
        Draft {
            ground: Some("painted"),
            ..ok
        },
        Draft {
            language: Some("fr"),
            ..ok
        },
    ];
    let hashes: std::collections::BTreeSet<String> = drafts
        .iter()
        .map(|draft| Request::parse(draft).unwrap().hash().to_string())
        .collect();
    assert_eq!(hashes.len(), drafts.len());
    let first = Request::parse(&ok).unwrap();
    assert_eq!(
        first.canonical(),
        "luna v1 orbit power seed=4033930454199280392 size=512 mark light still transparent \
         palette=own en name=Northwind"
    );
    assert_eq!(first.hash().id_prefix().len(), 9);
}

#[test]
fn the_drawing_fits_the_marks_own_height() {
    let named = Request::new(Family::Orbit, Emotion::Power)
        .with_name("Northwind")
        .unwrap();
    for (lockup, size, detail) in [
        (Lockup::Mark, 48, Detail::Full),
        (Lockup::Mark, 47, Detail::Small),
        (Lockup::Mark, 23, Detail::Tiny),
        (Lockup::Horizontal, 48, Detail::Full),
        // The stacked lockup is taller than its mark.
        (Lockup::Stacked, 48, Detail::Small),
    ] {
        let request = named.clone().with_lockup(lockup).unwrap();
        let picture = request.with_size(size).unwrap().compose().unwrap();
        assert_eq!(picture.drawing, named.mark().drawing(detail), "{lockup:?}");
        assert_eq!(picture.height_px, size);
        let shape = picture.width / picture.height;
        let pixels = f64::from(picture.width_px) / f64::from(picture.height_px);
        assert!((shape - pixels).abs() * f64::from(size) <= 0.51);
    }
}
