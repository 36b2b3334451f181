//! Faults in what Luna draws.

use std::collections::HashSet;
use std::sync::Mutex;

use super::sabotage::{Answered, Asked, Fault};
use super::{Planted, every_fault_is_found};

const MARKS: &str = "/api/v1/luna/mark/";

pub(super) fn planted() -> Vec<Planted> {
    [determinism(), contrast(), validity()]
        .into_iter()
        .flatten()
        .collect()
}

/// Marks are others.
fn drawn(change: impl Fn(&Asked, &mut Answered) + Send + Sync + 'static) -> Fault {
    Fault::new().change(move |asked, answer| {
        if asked.path().starts_with(MARKS) && answer.status == 200 {
            change(asked, answer);
        }
    })
}

/// The text of SVG marks is another.
fn redrawn(change: impl Fn(&Asked, String) -> String + Send + Sync + 'static) -> Fault {
    drawn(move |asked, answer| {
        if asked.path().contains(".svg") {
            answer.body = change(asked, answer.text()).into();
        }
    })
}

/// Whether the query says so.
fn asks(asked: &Asked, what: &str) -> bool {
    asked.uri.query().is_some_and(|query| query.contains(what))
}

fn determinism() -> Vec<Planted> {
    let check = "models.luna_determinism";
    vec![
        Planted::new(
            check,
            "each mark has one other byte the second time",
            || {
                let seen = Mutex::new(HashSet::new());
                redrawn(move |asked, text| {
                    if seen.lock().unwrap().insert(asked.uri.to_string()) {
                        text
                    } else {
                        text.replacen("viewBox=\"0 0", "viewBox=\"1 0", 1)
                    }
                })
            },
            "other bytes the second time",
        ),
        Planted::new(
            check,
            "one tag for all marks",
            || drawn(|_, answer| answer.set("etag", "\"same\"")),
            "has the ETag of another mark",
        ),
        Planted::new(
            check,
            "the server draws otherwise than the command",
            || redrawn(|_, text| text.replace("</svg>", "<g/></svg>")),
            "draws other bytes",
        ),
    ]
}

fn contrast() -> Vec<Planted> {
    let check = "models.luna_contrast";
    vec![
        Planted::new(
            check,
            "an emotion in pale colours",
            || {
                redrawn(|asked, text| {
                    if asked.path().contains("/power.") && asks(asked, "theme=light") {
                        text.replace("#582ed2", "#c8bdf0")
                    } else {
                        text
                    }
                })
            },
            "primary #c8bdf0 on #ffffff has 1.7",
        ),
        Planted::new(
            check,
            "colours of the caller's own are not repaired",
            || {
                redrawn(|asked, text| {
                    if !asks(asked, "primary=ffff00") {
                        return text;
                    }
                    let mut out = String::new();
                    for part in text.split_inclusive('"') {
                        let is_colour = part.starts_with('#');
                        out += if is_colour { "#ff0\"" } else { part };
                    }
                    out
                })
            },
            "#ffff00 on #ffffff has 1.07:1",
        ),
    ]
}

fn validity() -> Vec<Planted> {
    let check = "models.luna_validity";
    vec![
        Planted::new(
            check,
            "a tag is not closed",
            || redrawn(|_, text| text.replace("</title>", "")),
            "it is no well-formed XML",
        ),
        Planted::new(
            check,
            "a script in a mark",
            || redrawn(|_, text| text.replace("</svg>", "<script>fetch('/')</script></svg>")),
            "it has an element `script`",
        ),
        Planted::new(
            check,
            "a mark calls home",
            || {
                redrawn(|_, text| {
                    text.replace(
                        "</svg>",
                        "<use href=\"https://example.org/a.svg#a\"/></svg>",
                    )
                })
            },
            "`use` refers to the outside",
        ),
        Planted::new(
            check,
            "a mark grows beyond its bound",
            || {
                redrawn(|_, text| {
                    text.replace("</svg>", &format!("<g>{}</g></svg>", " ".repeat(1_500)))
                })
            },
            "more than 1500",
        ),
        Planted::new(
            check,
            "a PNG of another size",
            || {
                drawn(|asked, answer| {
                    if asked.path().contains(".png") {
                        let mut bytes = answer.body.to_vec();
                        bytes[19] = 65;
                        answer.body = bytes.into();
                    }
                })
            },
            "it has 65 × 64 pixels",
        ),
        Planted::new(
            check,
            "names are not escaped",
            || {
                redrawn(|asked, text| {
                    if asks(asked, "onload") {
                        text.replace("&lt;", "<").replace("&gt;", ">")
                    } else {
                        text
                    }
                })
            },
            "well-formed",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_the_models_are_found() {
    every_fault_is_found(planted()).await;
}
