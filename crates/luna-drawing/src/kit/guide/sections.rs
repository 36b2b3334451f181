//! The sections that show: grid, lockups, diagrams, sizes, one colour, usage, icons.

use std::fmt::Write as _;

use super::Page;
use super::art::{self, Art, Way, mark_px, scene};
use crate::family::Detail;
use crate::geometry::CANVAS;
use crate::kit::texts::Texts;

/// Width of a section's right side on a wide screen, pixels.
const BODY_PX: f64 = 768.0;
/// The free space around everything, units.
const CLEAR: f64 = CANVAS / 4.0;

pub(super) fn mark(page: &mut Page, words: &Texts) {
    page.add(format_args!(
        "<div class=\"built\"><figure><div class=\"panel on-light\">{}</div><figcaption>{}</figcaption></figure><div class=\"drawings\">",
        grid(),
        words.grid
    ));
    for (detail, said) in Detail::ALL.into_iter().zip(&words.drawings) {
        page.add(format_args!(
            "<div class=\"drawing\"><div class=\"on-wash\">{}</div><div><h3>{}</h3>{}</div></div>",
            art::mark(detail, ""),
            said.title,
            said.text
        ));
    }
    page.add(format_args!("</div></div>"));
}

/// The mark over its grid and keylines.
fn grid() -> String {
    let mut svg = String::from(
        "<svg viewBox=\"-3 -3 70 70\" aria-hidden=\"true\" class=\"on-light\"><path class=\"gridline\" stroke-width=\".12\" d=\"",
    );
    for step in (0..=64).step_by(4) {
        let _ = write!(svg, "M{step} 0v64M0 {step}h64");
    }
    svg.push_str(
        "\"/><use href=\"#full\" opacity=\".9\"/><g class=\"keyline\" stroke-width=\".2\"><path d=\"M0 0h64v64H0z\"/><path stroke-dasharray=\"1 .8\" d=\"M4 4h56v56H4z\"/><path d=\"M7 7h50v50H7z\"/><circle cx=\"32\" cy=\"32\" r=\"28\"/><path d=\"M32 0v64M0 32h64M0 0l64 64M64 0L0 64\" stroke-width=\".12\"/></g></svg>",
    );
    svg
}

pub(super) fn lockups(page: &mut Page, art: &Art, words: &Texts) {
    // A name too long for half the width has a row for each ground.
    let (columns, most) = if art.size(Way::Horizontal).0 * 0.9 < BODY_PX / 2.0 {
        ("grid two", BODY_PX / 2.0 - 72.0)
    } else {
        ("grid", BODY_PX - 96.0)
    };
    for (way, name) in Way::BOTH.into_iter().zip(words.lockup_names) {
        page.add(format_args!("<h3>{name}</h3><div class=\"{columns}\">"));
        let (mark_px, class) = match way {
            Way::Horizontal => (64.0, ""),
            Way::Stacked => (84.0, " tall"),
        };
        for ground in ["on-light", "on-dark"] {
            page.add(format_args!(
                "<div class=\"panel {ground}{class}\">{}</div>",
                art.lockup(way, mark_px, most)
            ));
        }
        page.add(format_args!("</div>"));
    }
}

pub(super) fn space(page: &mut Page, art: &Art, words: &Texts) {
    if art.is_named() {
        page.add(format_args!(
            "<figure><div class=\"panel on-light diagram\">{}</div><figcaption>{}</figcaption></figure>",
            clear_space(art, true, BODY_PX - 40.0),
            words.space_lockup
        ));
        page.add(format_args!("<h3>{}</h3>", words.space_mark));
    }
    page.add(format_args!(
        "<div class=\"panel on-light diagram\">{}</div>",
        clear_space(art, false, BODY_PX - 40.0)
    ));
}

/// A lockup or the mark with the free space around it, measured in x.
fn clear_space(art: &Art, lockup: bool, most_px: f64) -> String {
    let (width, height, parts, mark_top) = if lockup {
        let (width, height) = art.size(Way::Horizontal);
        let parts = art.parts(Way::Horizontal, Detail::Full);
        (width, height, parts, (height - CANVAS) / 2.0)
    } else {
        (CANVAS, CANVAS, "<use href=\"#full\"/>".to_owned(), 0.0)
    };
    let whole = width + 2.0 * CLEAR;
    // Labels keep their size on the page, whatever the scale of the diagram.
    let side_px = 64.0;
    let scale = ((most_px - 2.0 * side_px) / whole).min(1.75);
    let px = 1.0 / scale;
    let (side, above) = (side_px * px, 22.0 * px);
    let (left, right) = (-CLEAR, width + CLEAR);
    let (top, bottom) = (-CLEAR, height + CLEAR);
    let box_width = whole + 2.0 * side;
    let box_height = height + 2.0 * CLEAR + 2.0 * above;
    let mut svg = format!(
        "<svg viewBox=\"{:.2} {:.2} {box_width:.2} {box_height:.2}\" aria-hidden=\"true\" style=\"width:{:.0}px;--d:{:.2}px\">",
        left - side,
        top - above,
        box_width * scale,
        4.0 * px,
    );
    let _ = write!(
        svg,
        "<rect class=\"zone\" x=\"{left}\" y=\"{top}\" width=\"{whole:.2}\" height=\"{:.2}\"/><rect class=\"free\" width=\"{width:.2}\" height=\"{height:.2}\"/>{parts}",
        height + 2.0 * CLEAR
    );
    let line = 1.1 * px;
    let _ = write!(
        svg,
        "<rect class=\"dash\" stroke-width=\"{line:.2}\" x=\"{left}\" y=\"{top}\" width=\"{whole:.2}\" height=\"{:.2}\"/><path class=\"solid\" stroke-width=\"{:.2}\" d=\"M{left} 0H{right:.2}M{left} {height:.2}H{right:.2}M0 {top}V{bottom:.2}M{width:.2} {top}V{bottom:.2}\"/>",
        height + 2.0 * CLEAR,
        line * 0.7
    );
    let size = 13.0 * px;
    let mut label = |x: f64, y: f64, text: &str| {
        let _ = write!(
            svg,
            "<text class=\"measure\" x=\"{x:.2}\" y=\"{y:.2}\" font-size=\"{size:.2}\">{text}</text>"
        );
    };
    let (over, under) = (top - 8.0 * px, bottom + 17.0 * px);
    for x in [left + CLEAR / 2.0, width + CLEAR / 2.0] {
        label(x, over, "x");
        label(x, under, "x");
    }
    for y in [top + CLEAR / 2.0, height + CLEAR / 2.0] {
        label(right + 13.0 * px, y + size * 0.34, "x");
    }
    // The mark's own height, which gives x.
    let mark_middle = mark_top + CANVAS / 2.0;
    label(left - 32.0 * px, mark_middle + size * 0.34, "4x");
    let (bar, tick) = (left - 13.0 * px, 4.0 * px);
    let _ = write!(
        svg,
        "<path class=\"solid\" stroke-width=\"{line:.2}\" d=\"M{:.2} {mark_top:.2}h{:.2}M{bar:.2} {mark_top:.2}v{CANVAS}M{:.2} {:.2}h{:.2}\"/></svg>",
        bar - tick,
        2.0 * tick,
        bar - tick,
        mark_top + CANVAS,
        2.0 * tick
    );
    svg
}

pub(super) fn sizes(page: &mut Page, art: &Art, words: &Texts) {
    let shown = |page: &mut Page, picture: String, size: &str, name: &str| {
        page.add(format_args!(
            "<figure>{picture}<figcaption><b>{size}</b><br/>{name}</figcaption></figure>"
        ));
    };
    let [full, small, tiny] = &words.drawings;
    let [horizontal, stacked] = words.lockup_names;
    let mark =
        |detail, side: &str| art::mark(detail, &format!(" style=\"width:{side};height:{side}\""));
    page.add(format_args!(
        "<h3>{}</h3><div class=\"sizes on-light\">",
        words.on_screen
    ));
    shown(page, mark(Detail::Tiny, "16px"), "16 px", tiny.title);
    shown(page, mark(Detail::Small, "24px"), "24 px", small.title);
    shown(page, mark(Detail::Full, "48px"), "48 px", full.title);
    // A lockup wider than the page cannot be shown at its true size.
    let fits = |way, mark_px: f64| art.is_named() && art.size(way).0 * mark_px / CANVAS < BODY_PX;
    if fits(Way::Horizontal, 24.0) {
        let lockup = art.exact(Way::Horizontal, Detail::Small, 24.0, "px");
        shown(page, lockup, "24 px", horizontal);
    }
    if fits(Way::Stacked, 32.0) {
        let lockup = art.exact(Way::Stacked, Detail::Small, 32.0, "px");
        shown(page, lockup, "32 px", stacked);
    }
    page.add(format_args!(
        "</div><h3>{}</h3><div class=\"sizes on-light\">",
        words.in_print
    ));
    let millimetres = |value: &str| value.replace('.', &words.decimal.to_string());
    shown(page, mark(Detail::Tiny, "4mm"), "4 mm", tiny.title);
    shown(page, mark(Detail::Small, "6mm"), "6 mm", small.title);
    shown(page, mark(Detail::Full, "12mm"), "12 mm", full.title);
    // Paper is narrower: 132 mm of an A4 page beside the headings.
    if fits(Way::Horizontal, 6.5 * 5.8) {
        let lockup = art.exact(Way::Horizontal, Detail::Small, 6.5, "mm");
        shown(page, lockup, &millimetres("6.5 mm"), horizontal);
    }
    if fits(Way::Stacked, 8.5 * 5.8) {
        let lockup = art.exact(Way::Stacked, Detail::Small, 8.5, "mm");
        shown(page, lockup, &millimetres("8.5 mm"), stacked);
    }
    page.add(format_args!("</div>"));
}

pub(super) fn one_colour(page: &mut Page, art: &Art, words: &Texts) {
    let most = BODY_PX / 2.0 - 72.0;
    // Not below the minimum that the page itself states.
    let picture = if art.is_named() && art.size(Way::Horizontal).0 * 28.0 / CANVAS < most {
        art.lockup(Way::Horizontal, 60.0, most)
    } else {
        mark_px(Detail::Full, 96)
    };
    page.add(format_args!("<div class=\"grid two\">"));
    for (class, scene, caption) in [
        ("on-light black", String::new(), words.mono_light),
        ("on-brand", String::new(), words.white_brand),
        ("photo black", scene("day"), words.mono_accent),
        ("photo white", scene("night"), words.white_photo),
    ] {
        page.add(format_args!(
            "<figure><div class=\"panel {class}\">{scene}{picture}</div><figcaption>{caption}</figcaption></figure>"
        ));
    }
    page.add(format_args!("</div>"));
}

const YES: &str = "<svg class=\"yes\" viewBox=\"0 0 16 16\" aria-hidden=\"true\"><circle cx=\"8\" cy=\"8\" r=\"8\" fill=\"currentColor\"/><path d=\"M4.4 8.3l2.4 2.4 4.8-5.2\" fill=\"none\" stroke=\"#fff\" stroke-width=\"1.7\"/></svg>";
const NO: &str = "<svg class=\"no-go\" viewBox=\"0 0 16 16\" aria-hidden=\"true\"><circle cx=\"8\" cy=\"8\" r=\"8\" fill=\"currentColor\"/><path d=\"M5.1 5.1l5.8 5.8M10.9 5.1l-5.8 5.8\" fill=\"none\" stroke=\"#fff\" stroke-width=\"1.7\"/></svg>";

pub(super) fn usage(page: &mut Page, art: &Art, words: &Texts) {
    let case = |page: &mut Page, sign: &str, class: &str, inside: &str, caption: &str| {
        page.add(format_args!(
            "<figure class=\"case\"><div class=\"panel {class}\">{inside}</div><figcaption>{sign}<span>{caption}</span></figcaption></figure>"
        ));
    };
    let sample = art.sample(190.0);
    let with = |style: &str| format!("<div style=\"{style}\">{sample}</div>");
    page.add(format_args!(
        "<h3>{}</h3><div class=\"grid three\">",
        words.does
    ));
    case(page, YES, "on-light", &sample, words.do_light);
    case(page, YES, "on-dark", &sample, words.do_dark);
    case(
        page,
        YES,
        "photo white",
        &format!("{}{sample}", scene("night")),
        words.do_photo,
    );
    page.add(format_args!(
        "</div>\n<h3>{}</h3><div class=\"grid three\">",
        words.does_not
    ));
    case(
        page,
        NO,
        "on-light",
        &with("transform:scale(1.12,.52)"),
        words.dont_stretch,
    );
    case(
        page,
        NO,
        "on-light",
        &with("transform:rotate(-17deg)"),
        words.dont_turn,
    );
    let wrong = "--p:var(--wrong1);--s:var(--wrong2);--t:var(--wrong2)";
    case(page, NO, "on-light", &with(wrong), words.dont_recolour);
    let light = "--p:var(--lp);--s:var(--ls);--t:var(--lt)";
    case(page, NO, "murky", &with(light), words.dont_murky);
    case(page, NO, "stripes", &with(light), words.dont_busy);
    let shadow = "filter:drop-shadow(4px 5px 3px rgb(0 0 0 / .5))";
    case(page, NO, "on-light", &with(shadow), words.dont_shadow);
    let mark = mark_px(Detail::Full, 76);
    let [before, after] = words.crowd;
    let crowd =
        format!("<span class=\"crowd\">{before}</span>{mark}<span class=\"crowd\">{after}</span>");
    case(page, NO, "on-light crowd", &crowd, words.dont_crowd);
    if art.is_short() {
        let name_first = rearranged(art);
        case(page, NO, "on-light", &name_first, words.dont_rearrange);
    } else {
        let half = format!(
            "<div class=\"cropped\">{}</div>",
            mark_px(Detail::Full, 150)
        );
        case(page, NO, "on-light", &half, words.dont_crop);
    }
    case(
        page,
        NO,
        "on-light",
        &mark_px(Detail::Tiny, 100),
        words.dont_tiny,
    );
    page.add(format_args!("</div>"));
}

/// The name first, too large, and the mark behind it.
fn rearranged(art: &Art) -> String {
    let (width, height) = art.size(Way::Horizontal);
    let scale = (190.0 / width).min(1.0);
    format!(
        "<svg viewBox=\"0 0 {width} {height}\" aria-hidden=\"true\" style=\"width:{:.0}px;height:{:.0}px\"><use href=\"#beside\" x=\"-76\"/><use href=\"#full\" transform=\"translate({:.2} {:.2})scale(.62)\"/></svg>",
        width * scale,
        height * scale,
        width - 44.0,
        (height - CANVAS) / 2.0 + 2.0,
    )
}

pub(super) fn icons(page: &mut Page, art: &Art, words: &Texts, title: &str) {
    page.add(format_args!("<div class=\"grid two\">"));
    for (class, caption) in [("day", words.tab_light), ("night", words.tab_dark)] {
        page.add(format_args!(
            "<figure><div class=\"browser {class}\" aria-hidden=\"true\"><div class=\"tabs\"><div class=\"lights\"><i></i><i></i><i></i></div><div class=\"tab here\">{}<span>{title}</span></div><div class=\"tab other\"><i></i><b></b></div></div><div class=\"bar\"><span><b></b></span></div><div class=\"view\"></div></div><figcaption>{caption}</figcaption></figure>",
            mark_px(Detail::Tiny, 16)
        ));
    }
    page.add(format_args!("</div><div class=\"apps\">"));
    for (shape, maskable, zone, caption) in [
        ("rounded", false, false, words.icon_touch),
        ("round", true, false, words.icon_round),
        ("squircle", true, false, words.icon_squircle),
        ("square", true, true, words.icon_safe),
    ] {
        page.add(format_args!(
            "<figure><span class=\"app on-light {shape}\">{}</span><figcaption>{caption}</figcaption></figure>",
            art.icon(maskable, zone)
        ));
    }
    page.add(format_args!("</div>"));
}
