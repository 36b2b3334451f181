//! Faults of the library in the words of the API: which field, which code, what is allowed.

use chassis::http::problem::{FieldProblem, Problem};
use chassis::i18n::{Arguments, Catalogue, Language};
use luna_drawing::raster::{MOST_HEIGHT_PX, MOST_PIXELS, MOST_WIDTH_PX, RasterFault};
use luna_drawing::request::RequestFault;
use luna_drawing::wordmark::NameFault;

use crate::picture::PictureFault;

/// A fault as field, message code and arguments.
pub(crate) struct Worded {
    field: &'static str,
    code: &'static str,
    arguments: Arguments,
}

impl Worded {
    /// As the body of a 422.
    pub(crate) fn problem(self) -> Problem {
        Problem::invalid(vec![FieldProblem::new(
            self.field,
            self.code,
            self.arguments,
        )])
    }

    /// As one line for a terminal.
    pub(crate) fn line(&self, language: Language, catalogue: &Catalogue) -> String {
        format!(
            "{}: {}",
            self.field,
            catalogue.text(language, self.code, &self.arguments)
        )
    }
}

/// Words a fault.
pub(crate) fn worded(fault: &PictureFault) -> Worded {
    match fault {
        PictureFault::Request(fault) => of_request(fault),
        PictureFault::Name(fault) => of_name(fault),
        PictureFault::Raster(RasterFault::TooLarge {
            width_px,
            height_px,
        }) => Worded {
            field: "size",
            code: "luna.too_many_pixels",
            arguments: vec![
                ("width", width_px.to_string()),
                ("height", height_px.to_string()),
                ("most_width", MOST_WIDTH_PX.to_string()),
                ("most_height", MOST_HEIGHT_PX.to_string()),
                ("most", MOST_PIXELS.to_string()),
            ],
        },
        PictureFault::Raster(_) => Worded {
            field: "size",
            code: "luna.no_pixels",
            arguments: Vec::new(),
        },
        PictureFault::IconLockup => Worded {
            field: "lockup",
            code: "luna.icon_lockup",
            arguments: Vec::new(),
        },
    }
}

fn of_request(fault: &RequestFault) -> Worded {
    let (code, arguments) = match fault {
        RequestFault::Unknown { given, allowed, .. } => (
            "luna.unknown",
            vec![("given", given.clone()), ("allowed", allowed.join(", "))],
        ),
        RequestFault::Range {
            given, least, most, ..
        } => (
            "luna.range",
            vec![
                ("given", given.clone()),
                ("least", least.to_string()),
                ("most", most.to_string()),
            ],
        ),
        RequestFault::Colour { fault, .. } => ("luna.colour", vec![("given", fault.0.clone())]),
        RequestFault::LoneAccent => ("luna.lone_accent", Vec::new()),
        RequestFault::Seed => ("luna.seed", Vec::new()),
        RequestFault::Name(fault) => return of_name(fault),
        RequestFault::Control(control) => (
            "luna.control",
            vec![("code", format!("U+{:04X}", u32::from(*control)))],
        ),
        RequestFault::NameWanted(lockup) => (
            "luna.name_wanted",
            vec![("lockup", lockup.key().to_owned())],
        ),
    };
    Worded {
        field: spoken(fault.field()),
        code,
        arguments,
    }
}

fn of_name(fault: &NameFault) -> Worded {
    let (code, arguments) = match fault {
        NameFault::Empty => ("luna.name_empty", Vec::new()),
        NameFault::TooLong { count, most } => (
            "luna.name_too_long",
            vec![("count", count.to_string()), ("most", most.to_string())],
        ),
        NameFault::NoGlyph(character) => (
            "luna.no_glyph",
            vec![
                ("character", character.to_string()),
                ("code", format!("U+{:04X}", u32::from(*character))),
            ],
        ),
    };
    Worded {
        field: "name",
        code,
        arguments,
    }
}

/// A field as the address and the command line call it.
fn spoken(field: &'static str) -> &'static str {
    match field {
        "version" => "v",
        "language" => "lang",
        _ => field,
    }
}
