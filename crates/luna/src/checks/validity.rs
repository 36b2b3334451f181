//! Pictures are what they say they are, and carry nothing else.

use chassis::check::{About, Answer, Area, Check, Finding, Said, Subject, Trouble, Words};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use roxmltree::{Document, Node};

use super::marks::{Vocabulary, path, picture};

/// `models.luna_validity`.
pub(crate) struct Validity;

const MOST_BYTES: usize = 1_500;
const HEIGHT_PX: u32 = 64;
const SVG: &str = "http://www.w3.org/2000/svg";
/// What a mark may be made of.
const ELEMENTS: [&str; 10] = [
    "svg", "title", "desc", "g", "path", "circle", "rect", "style", "defs", "use",
];

/// Names that break out of a text that was not escaped, and some that nobody should see.
const HOSTILE: [&str; 12] = [
    "<script>alert(1)</script>",
    "\"><svg onload=alert(1)>",
    "' onload='alert(1)",
    "</title><script/>",
    "&lt;b&gt; &amp; &#0;",
    "]]><!--",
    "<!DOCTYPE x [<!ENTITY a 'b'>]>&a;",
    "javascript:alert(1)",
    "a\u{0}b",
    "a\u{202e}b",
    "a\nb\r\tc",
    "\u{fffe}\u{1f319}",
];

impl Check for Validity {
    fn about(&self) -> About {
        About {
            id: "models.luna_validity",
            area: Area::Models,
            service: Some("luna"),
            title: Words::new(
                "Every mark is a sound file, small, without scripts or references to the outside",
                "Chaque marque est un fichier sain, petit, sans script ni référence extérieure",
            ),
            what: Words::new(
                "Reads the SVG of each family in each emotion with an XML reader: a root `svg` with its view box, no other elements than shapes and words, no handler, no reference, at most 1,500 bytes. PNG files have the right signature and size. Names made to break out of the text are escaped or refused.",
                "Lit le SVG de chaque famille dans chaque émotion avec un lecteur XML : une racine `svg` et sa zone de vue, rien d’autre que des formes et des mots, aucun gestionnaire, aucune référence, 1 500 octets au plus. Les PNG ont la bonne signature et la bonne taille. Les noms faits pour sortir du texte sont échappés ou refusés.",
            ),
            passes: Words::new(
                "no fault in any mark; 200 or 422 for each hostile name",
                "aucune faute dans aucune marque ; 200 ou 422 pour chaque nom hostile",
            ),
            by_hand: Words::new(
                "curl -s 'http://localhost:8080/api/v1/luna/mark/orbit/power.svg?name=%3Cscript%3E&lockup=horizontal' | xmllint --noout -",
                "curl -s 'http://localhost:8080/api/v1/luna/mark/orbit/power.svg?name=%3Cscript%3E&lockup=horizontal' | xmllint --noout -",
            ),
            when_it_fails: Words::new(
                "A proxy adds something to pages and takes pictures for pages: exempt `image/svg+xml`. A script or an unescaped name from the server itself is a hole through which visitors are attacked: take the pictures off the page and report it.",
                "Un mandataire ajoute quelque chose aux pages et prend les images pour des pages : exemptez `image/svg+xml`. Un script ou un nom non échappé venant du serveur lui-même est une faille qui vise les visiteurs : retirez les images de la page et signalez-la.",
            ),
            weight: 3,
            is_required: false,
            disturbs: false,
            needs: &[],
            fresh_days: 90,
        }
    }

    fn run<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>> {
        measure(subject).boxed()
    }
}

async fn measure(subject: &Subject) -> Result<Finding, Trouble> {
    let vocabulary = Vocabulary::of(subject).await?;
    let seeds = subject.by_pace(1, 20);
    let (mut marks, mut rasters, mut largest) = (0, 0, 0);
    let mut faults = Vec::new();
    for (family, emotion) in vocabulary.pairs() {
        for seed in 0..seeds {
            let own = path(family, &emotion.key, "svg", &format!("seed={seed}"));
            let answer = picture(subject, &own).await?;
            marks += 1;
            largest = largest.max(answer.body.len());
            let size = answer.body.len();
            if size > MOST_BYTES {
                faults.push(format!("{own} has {size} bytes, more than {MOST_BYTES}"));
            }
            faults.extend(svg_faults(&answer, None).map(|fault| format!("{own}: {fault}")));
        }
        let own = path(
            family,
            &emotion.key,
            "png",
            &format!("seed=0&size={HEIGHT_PX}"),
        );
        let answer = picture(subject, &own).await?;
        rasters += 1;
        faults.extend(png_fault(&answer).map(|fault| format!("{own}: {fault}")));
    }
    let (family, emotion) = (&vocabulary.families[0], &vocabulary.emotions[0].key);
    // Hostile input is for systems whose owner said so.
    let names = if subject.has_leave { &HOSTILE[..] } else { &[] };
    for name in names {
        for lockup in ["mark", "horizontal"] {
            let query = format!(
                "name={}&lockup={lockup}",
                utf8_percent_encode(name, NON_ALPHANUMERIC)
            );
            let own = path(family, emotion, "svg", &query);
            let answer = subject.get(&own).await?;
            match answer.status.as_u16() {
                200 => {
                    let shown = (lockup != "mark").then_some(*name);
                    faults
                        .extend(svg_faults(&answer, shown).map(|fault| format!("{own}: {fault}")));
                }
                422 => {}
                other => faults.push(format!("{own} answers {other}, not 200 or 422")),
            }
        }
    }
    let names = names.len();
    let counted = Said::new(
        format!(
            "{marks} SVG and {rasters} PNG files and {names} hostile names, the largest mark {largest} bytes"
        ),
        format!(
            "{marks} fichiers SVG, {rasters} PNG et {names} noms hostiles, la plus grande marque {largest} octets"
        ),
    );
    let required = Said::new(
        "no fault, at most 1,500 bytes a mark",
        "aucune faute, 1 500 octets au plus par marque",
    );
    Ok(Finding::of_faults(faults, counted, required))
}

/// What is wrong with an SVG. `name` is what its title must say, character for character.
fn svg_faults(answer: &Answer, name: Option<&str>) -> impl Iterator<Item = String> {
    let mut faults = Vec::new();
    let kind = answer.header("content-type").unwrap_or_default();
    if !kind.starts_with("image/svg+xml") {
        faults.push(format!("the media type is `{kind}`"));
    }
    match std::str::from_utf8(&answer.body) {
        Err(_) => faults.push("it is no UTF-8".to_owned()),
        Ok(text) => match Document::parse(text) {
            Err(fault) => faults.push(format!("it is no well-formed XML: {fault}")),
            Ok(document) => document_faults(&document, name, &mut faults),
        },
    }
    faults.into_iter()
}

fn document_faults(document: &Document<'_>, name: Option<&str>, faults: &mut Vec<String>) {
    let root = document.root_element();
    if root.tag_name().name() != "svg" || root.tag_name().namespace() != Some(SVG) {
        faults.push("its root is no `svg`".to_owned());
    }
    let sides: Option<Vec<f64>> = root
        .attribute("viewBox")
        .and_then(|own| own.split(' ').map(|side| side.parse().ok()).collect());
    if !sides.is_some_and(|sides| sides.len() == 4 && sides[2] > 0.0 && sides[3] > 0.0) {
        faults.push("it has no view box".to_owned());
    }
    for node in document.descendants() {
        if node.is_pi() {
            faults.push("it has a processing instruction".to_owned());
        }
        if node.is_element() {
            element_faults(node, faults);
        }
    }
    if let Some(name) = name {
        let mut titles = document
            .descendants()
            .filter(|node| node.has_tag_name((SVG, "title")));
        let title = titles.next().and_then(|title| title.text());
        if !title.is_some_and(|title| title.contains(name)) {
            faults.push(format!("its title is {title:?}, not the name"));
        }
    }
}

fn element_faults(node: Node<'_, '_>, faults: &mut Vec<String>) {
    let element = node.tag_name().name();
    if !ELEMENTS.contains(&element) {
        faults.push(format!("it has an element `{element}`"));
    }
    for attribute in node.attributes() {
        let (name, value) = (attribute.name(), attribute.value());
        let is_inner = value.starts_with('#');
        if name.starts_with("on") {
            faults.push(format!("`{element}` has the handler `{name}`"));
        }
        if (name == "href" || name == "src") && !is_inner {
            faults.push(format!("`{element}` refers to the outside"));
        }
        if value.contains("url(") && !value.contains("url(#") {
            faults.push(format!("`{name}` of `{element}` refers to the outside"));
        }
    }
    let is_style = element == "style"
        && node
            .text()
            .is_some_and(|text| text.contains("url(") || text.contains("@import"));
    if is_style {
        faults.push("its style refers to the outside".to_owned());
    }
}

/// What is wrong with a PNG file of a mark, which is square.
fn png_fault(answer: &Answer) -> Option<String> {
    let body = &answer.body;
    let kind = answer.header("content-type").unwrap_or_default();
    if kind != "image/png" {
        return Some(format!("the media type is `{kind}`"));
    }
    if !body.starts_with(b"\x89PNG\r\n\x1a\n") || body.get(12..16) != Some(b"IHDR") {
        return Some("it has no signature of a PNG file".to_owned());
    }
    if body.len() < 12 || &body[body.len() - 8..body.len() - 4] != b"IEND" {
        return Some("it has no end".to_owned());
    }
    let side = |from: usize| {
        let bytes: Option<[u8; 4]> = body.get(from..from + 4).and_then(|own| own.try_into().ok());
        bytes.map_or(0, u32::from_be_bytes)
    };
    let (width, height) = (side(16), side(20));
    (width != HEIGHT_PX || height != HEIGHT_PX)
        .then(|| format!("it has {width} × {height} pixels, not {HEIGHT_PX} × {HEIGHT_PX}"))
}
