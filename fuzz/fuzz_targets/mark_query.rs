//! Any query string for a mark: refused with a reason, or drawn as a well-formed SVG that holds only drawing elements, twice the
//! same, in colours that reach their contrast.
#![no_main]

use chassis::http::query::Query;
use libfuzzer_sys::fuzz_target;
use luna_drawing::emotion::Emotion;
use luna_drawing::family::Family;
use luna_drawing::request::{Draft, Request};
use luna_drawing::svg;

/// As in `luna::api`.
const NAMES: [&str; 11] =
    ["seed", "name", "size", "lockup", "theme", "animated", "primary", "accent", "ground", "lang", "v"];

const ELEMENTS: [&str; 9] = ["circle", "desc", "g", "path", "rect", "style", "svg", "title", "use"];

fuzz_target!(|input: (u8, u8, &str)| {
    let (family, emotion, text) = input;
    let Ok(query) = Query::parse(text, &NAMES) else { return };
    let draft = Draft {
        generator: Family::ALL[usize::from(family) % Family::ALL.len()].key(),
        variant: Emotion::ALL[usize::from(emotion) % Emotion::ALL.len()].key(),
        seed: query.get("seed"),
        name: query.get("name"),
        size: query.get("size"),
        lockup: query.get("lockup"),
        theme: query.get("theme"),
        animated: query.get("animated"),
        primary: query.get("primary"),
        accent: query.get("accent"),
        ground: query.get("ground"),
        language: query.get("lang"),
        version: query.get("v"),
    };
    let request = match Request::parse(&draft) {
        Ok(request) => request,
        Err(fault) => {
            assert!(!fault.to_string().is_empty() && !fault.field().is_empty());
            return;
        }
    };
    let contrast = request.palette().contrast();
    assert!(contrast.primary >= 4.5 && contrast.accent >= 3.0, "{draft:?}: {contrast:?}");

    // A letter that the font lacks is the one thing left that may be refused.
    let Ok(picture) = request.compose() else { return };
    let bytes = svg::write(&picture);
    assert_eq!(bytes, svg::write(&request.compose().expect("it was composed before")), "{draft:?}");
    let text = String::from_utf8(bytes).expect("SVG is UTF-8");
    let document = roxmltree::Document::parse(&text).unwrap_or_else(|fault| panic!("{draft:?}: {fault}\n{text}"));
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        assert!(ELEMENTS.contains(&node.tag_name().name()), "{draft:?} draws <{}>", node.tag_name().name());
        for attribute in node.attributes() {
            let name = attribute.name();
            assert!(!name.starts_with("on"), "{draft:?} writes {name}=");
            assert!(name != "href" || attribute.value().starts_with('#'), "{draft:?} refers elsewhere");
        }
    }
});
