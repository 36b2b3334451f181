//! The list of files: drawings against colours, then the favicon set.

use super::Page;
use crate::kit::json::Listed;
use crate::kit::plan::{Make, Subject, Tone};
use crate::kit::texts::Texts;
use crate::picture::Theme;

pub(super) fn files(page: &mut Page, listed: &[Listed], words: &Texts) {
    page.add(format_args!(
        "<div class=\"files\"><table><thead><tr>{}</tr></thead><tbody>",
        words
            .columns
            .map(|column| format!("<th>{column}</th>"))
            .concat()
    ));
    let rows = [
        Row::Still(Subject::FULL),
        Row::Still(Subject::SMALL),
        Row::Still(Subject::TINY),
        Row::Animated,
        Row::Still(Subject::HORIZONTAL),
        Row::Still(Subject::STACKED),
    ];
    for (row, name) in rows.into_iter().zip(words.rows) {
        if !listed.iter().any(|file| row.holds(file.make).is_some()) {
            continue;
        }
        page.add(format_args!("<tr><td>{name}</td>"));
        for tone in Tone::ALL {
            page.add(format_args!("<td>"));
            let cell = listed
                .iter()
                .filter(|file| row.holds(file.make) == Some(tone));
            for (i, file) in cell.enumerate() {
                let gap = if i == 0 { "" } else { "<br/>" };
                let kind = match file.make {
                    Make::Png(Subject::Mark(_), _, px) => format!("PNG {px}"),
                    Make::Png(..) => "PNG".to_owned(),
                    Make::Pdf(..) => "PDF".to_owned(),
                    _ => "SVG".to_owned(),
                };
                page.add(format_args!(
                    "{gap}<a href=\"{}\">{kind}</a> <small>{}</small>",
                    file.path,
                    size(file.size_bytes, words)
                ));
            }
            page.add(format_args!("</td>"));
        }
        page.add(format_args!("</tr>\n"));
    }
    page.add(format_args!(
        "</tbody></table></div>\n<div class=\"files\"><table><thead><tr><th>{}</th><th>{}</th><th class=\"num\">{}</th></tr></thead><tbody>",
        words.file, words.purpose, words.size
    ));
    for file in listed {
        let purpose = match file.make {
            Make::FaviconSvg => words.purpose_favicon_svg,
            Make::FaviconIco => words.purpose_favicon_ico,
            Make::TouchIcon(_) => words.purpose_touch,
            Make::Icon(_) => words.purpose_icon,
            Make::MaskableIcon(_) => words.purpose_maskable,
            Make::Manifest => words.purpose_manifest,
            Make::Snippet => words.purpose_snippet,
            _ => continue,
        };
        page.add(format_args!(
            "<tr><td><a class=\"path\" href=\"{path}\">{path}</a></td><td>{purpose}</td><td class=\"num\">{}</td></tr>\n",
            size(file.size_bytes, words),
            path = file.path,
        ));
    }
    page.add(format_args!("</tbody></table></div>"));
}

/// A row of the first table.
#[derive(Clone, Copy)]
enum Row {
    Still(Subject),
    Animated,
}

impl Row {
    /// The column of a file that belongs here.
    fn holds(self, make: Make) -> Option<Tone> {
        match (self, make) {
            (
                Self::Still(subject),
                Make::Svg(of, tone) | Make::Png(of, tone, _) | Make::Pdf(of, tone),
            ) if subject == of => Some(tone),
            (Self::Animated, Make::Animated(Theme::Light)) => Some(Tone::Light),
            (Self::Animated, Make::Animated(Theme::Dark)) => Some(Tone::Dark),
            _ => None,
        }
    }
}

/// In thousands of bytes, with a decimal below ten.
fn size(bytes: usize, words: &Texts) -> String {
    let tenths = bytes.div_ceil(100);
    if tenths < 100 {
        format!(
            "{}{}{}\u{a0}{}",
            tenths / 10,
            words.decimal,
            tenths % 10,
            words.kilobyte
        )
    } else {
        format!("{}\u{a0}{}", tenths.div_ceil(10), words.kilobyte)
    }
}
