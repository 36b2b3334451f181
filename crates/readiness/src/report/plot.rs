//! Samples as a drawing: SVG that stands in the page, with axes, units and its text alternative.

use std::fmt::Write as _;

use chassis::check::{Series, Shape};

use super::escape::xml;

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 54.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 44.0;
/// More marks than this nobody can see; the record keeps them all.
const MOST_MARKS: usize = 400;
/// The last quantile that has a place of its own.
const LAST_QUANTILE: f64 = 0.9999;

/// A figure with its caption, in both languages.
pub(super) fn figure(series: &Series) -> String {
    let name = both(&series.name, &series.name_fr);
    let mut series = series.clone();
    series
        .points
        .retain(|(x, y)| x.is_finite() && y.is_finite());
    if series.points.is_empty() {
        return String::new();
    }
    let series = &series;
    let (english, french) = (words(series, false), words(series, true));
    format!(
        "<figure><figcaption>{name}</figcaption>\
         <svg class=\"plot\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{} — {}\">{}</svg>\
         <p class=\"samples\">{}</p></figure>",
        xml(&series.name),
        xml(&english),
        drawing(series),
        both(&english, &french)
    )
}

/// One text in both languages, of which the page shows one.
pub(super) fn both(english: &str, french: &str) -> String {
    if english == french {
        return xml(english);
    }
    format!(
        "<span class=\"en\" lang=\"en\">{}</span><span class=\"fr\" lang=\"fr\">{}</span>",
        xml(english),
        xml(french)
    )
}

/// The same for a sentence of a check, in which commands stand between backticks.
pub(super) fn rich(english: &str, french: &str) -> String {
    let text = both(english, french);
    // An odd one is no pair, and backticks in one language alone are still pairs.
    if text.matches('`').count() % 2 == 1 {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 32);
    for (number, part) in text.split('`').enumerate() {
        let is_command = number % 2 == 1;
        // A pair that spans both languages is none.
        if is_command && part.contains('<') {
            return text;
        }
        if is_command {
            let _ = write!(out, "<code>{part}</code>");
        } else {
            out.push_str(part);
        }
    }
    out
}

/// What the drawing shows, for those who do not see it.
fn words(series: &Series, is_french: bool) -> String {
    let mut values: Vec<f64> = series.points.iter().map(|(_, y)| *y).collect();
    values.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (values.first(), values.last()) else {
        return String::new();
    };
    let unit = &series.unit_y;
    let figure = |value: f64| {
        let text = number(value);
        if is_french {
            text.replace('.', ",")
        } else {
            text
        }
    };
    if series.shape == Shape::Quantiles {
        let at = |wanted: f64| {
            let near = |(quantile, _): &&(f64, f64)| *quantile >= wanted - 1e-9;
            let found = series.points.iter().find(near);
            found.map_or_else(|| *most, |(_, value)| *value)
        };
        let [half, most_of, nearly] = [0.5, 0.95, 0.99].map(at).map(figure);
        return if is_french {
            format!(
                "p50 {half} {unit}, p95 {most_of} {unit}, p99 {nearly} {unit}, maximum {} {unit}",
                figure(*most)
            )
        } else {
            format!(
                "p50 {half} {unit}, p95 {most_of} {unit}, p99 {nearly} {unit}, most {} {unit}",
                figure(*most)
            )
        };
    }
    let count = values.len();
    let middle = figure(values[count / 2]);
    let (least, most) = (figure(*least), figure(*most));
    let plural = if count == 1 { "" } else { "s" };
    if is_french {
        format!(
            "{count} mesure{plural} : minimum {least} {unit}, médiane {middle} {unit}, maximum {most} {unit}"
        )
    } else {
        format!(
            "{count} sample{plural}: least {least} {unit}, median {middle} {unit}, most {most} {unit}"
        )
    }
}

/// From a quantity to a place on the drawing.
struct Axis {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
    is_log: bool,
}

impl Axis {
    fn at(&self, value: f64) -> f64 {
        let scaled = if self.is_log {
            (value.max(self.from) / self.from).ln() / (self.to / self.from).ln()
        } else {
            (value - self.from) / (self.to - self.from)
        };
        self.start + scaled.clamp(0.0, 1.0) * (self.end - self.start)
    }

    fn ticks(&self) -> Vec<f64> {
        if self.is_log {
            let (first, last) = (self.from.log10().floor(), self.to.log10().ceil());
            let decades = (first as i32..=last as i32).map(|power| 10_f64.powi(power));
            let inside = |tick: &f64| *tick >= self.from * 0.999 && *tick <= self.to * 1.001;
            return decades.filter(inside).collect();
        }
        let step = step((self.to - self.from) / 5.0);
        let first = (self.from / step).ceil() as i64;
        let last = (self.to / step + 1e-9).floor() as i64;
        (first..=last).map(|tick| tick as f64 * step).collect()
    }
}

/// 1, 2 or 5 times a power of ten, at least as wide.
fn step(wanted: f64) -> f64 {
    let power = 10_f64.powf(wanted.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    let fits = steps.into_iter().find(|step| *step >= wanted * 0.999);
    fits.unwrap_or(power * 10.0)
}

fn drawing(series: &Series) -> String {
    let is_quantiles = series.shape == Shape::Quantiles;
    let points: Vec<(f64, f64)> = series
        .points
        .iter()
        .map(|(x, y)| (if is_quantiles { nines(*x) } else { *x }, *y))
        .collect();
    let x_axis = horizontal(&points, series);
    let y_axis = vertical(&points, series);
    let mut out = String::new();
    grid(&mut out, series, &x_axis, &y_axis);
    let shown = thinned(&points, series.shape);
    let place = |(x, y): &(f64, f64)| (x_axis.at(*x), y_axis.at(*y));
    match series.shape {
        Shape::Line | Shape::Quantiles if shown.len() > 1 => {
            let mut path = String::new();
            for (number, point) in shown.iter().enumerate() {
                let (x, y) = place(point);
                let sign = if number == 0 { 'M' } else { 'L' };
                let _ = write!(path, "{sign}{x:.1} {y:.1}");
            }
            let (first, last) = (place(&shown[0]).0, place(&shown[shown.len() - 1]).0);
            let floor = HEIGHT - BOTTOM;
            let _ = write!(
                out,
                "<path class=\"area\" d=\"{path}L{last:.1} {floor}L{first:.1} {floor}Z\"/><path class=\"line\" d=\"{path}\"/>"
            );
        }
        Shape::Bars => {
            let gap = (WIDTH - LEFT - RIGHT) / shown.len() as f64;
            let width = (gap * 0.72).clamp(1.0, 48.0);
            for point in &shown {
                let (x, y) = place(point);
                let height = (HEIGHT - BOTTOM - y).max(0.5);
                let _ = write!(
                    out,
                    "<rect class=\"column\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>",
                    x - width / 2.0
                );
            }
        }
        _ => {
            for point in &shown {
                let (x, y) = place(point);
                let _ = write!(
                    out,
                    "<circle class=\"mark\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\"/>"
                );
            }
        }
    }
    out
}

/// A quantile as the number of its nines, so that the tail is not one pixel.
fn nines(quantile: f64) -> f64 {
    1.0 / (1.0 - quantile.clamp(0.0, LAST_QUANTILE))
}

fn horizontal(points: &[(f64, f64)], series: &Series) -> Axis {
    let (start, end) = (LEFT, WIDTH - RIGHT);
    let (mut from, mut to) = bounds(points.iter().map(|(x, _)| *x));
    if series.shape == Shape::Quantiles {
        return Axis {
            from: 1.0,
            to: to.max(100.0),
            start,
            end,
            is_log: true,
        };
    }
    if series.shape == Shape::Bars {
        // Half a bar stands on either side of the first and the last.
        let half = (to - from) / (points.len().max(2) - 1) as f64 * 0.6;
        (from, to) = (from - half, to + half);
    }
    Axis {
        from,
        to,
        start,
        end,
        is_log: false,
    }
}

fn vertical(points: &[(f64, f64)], series: &Series) -> Axis {
    let (start, end) = (HEIGHT - BOTTOM, TOP);
    let (least, most) = bounds(points.iter().map(|(_, y)| *y));
    let is_log = series.shape == Shape::Quantiles && least > 0.0 && most / least >= 100.0;
    if is_log {
        return Axis {
            from: 10_f64.powf(least.log10().floor()),
            to: 10_f64.powf(most.log10().ceil()),
            start,
            end,
            is_log,
        };
    }
    let is_below_zero = points.iter().any(|(_, y)| *y < 0.0);
    let from = if is_below_zero { least } else { 0.0 };
    let step = step((most - from).max(f64::MIN_POSITIVE) / 4.0);
    Axis {
        from: (from / step).floor() * step,
        to: (most / step).ceil().max(1.0) * step,
        start,
        end,
        is_log,
    }
}

/// Least and most, apart from each other.
fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let start = (f64::INFINITY, f64::NEG_INFINITY);
    let (least, most) = values.fold(start, |(least, most), value| {
        (least.min(value), most.max(value))
    });
    if !least.is_finite() {
        (0.0, 1.0)
    } else if most - least < f64::EPSILON * most.abs().max(1.0) {
        (least - 0.5, most + 0.5)
    } else {
        (least, most)
    }
}

fn grid(out: &mut String, series: &Series, x_axis: &Axis, y_axis: &Axis) {
    let (right, floor) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    for tick in y_axis.ticks() {
        let y = y_axis.at(tick);
        let _ = write!(
            out,
            "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{right}\"/><text class=\"tick\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 6.0,
            y + 4.0,
            number(tick)
        );
    }
    let ticks: Vec<(f64, String)> = if series.shape == Shape::Quantiles {
        let named = [
            (0.0, "0"),
            (0.5, "50 %"),
            (0.9, "90 %"),
            (0.99, "99 %"),
            (0.999, "99.9 %"),
            (0.9999, "99.99 %"),
        ];
        let inside = |(quantile, _): &(f64, &str)| nines(*quantile) <= x_axis.to * 1.001;
        let named = named.into_iter().filter(inside);
        named
            .map(|(quantile, name)| (nines(quantile), name.to_owned()))
            .collect()
    } else {
        let ticks = x_axis.ticks().into_iter();
        ticks.map(|tick| (tick, number(tick))).collect()
    };
    for (tick, name) in ticks {
        let x = x_axis.at(tick);
        let anchor = if x > right - 20.0 { "end" } else { "middle" };
        let _ = write!(
            out,
            "<path class=\"grid\" d=\"M{x:.1} {floor}v5\"/><text class=\"tick\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"{anchor}\">{name}</text>",
            floor + 18.0
        );
    }
    let unit_x = if series.shape == Shape::Quantiles {
        "<tspan class=\"en\" lang=\"en\">share of all, logarithmic</tspan><tspan class=\"fr\" lang=\"fr\">part du total, logarithmique</tspan>".to_owned()
    } else {
        xml(&series.unit_x)
    };
    let _ = write!(
        out,
        "<path class=\"axis\" d=\"M{LEFT} {floor}H{right}\"/>\
         <text class=\"unit\" x=\"{right}\" y=\"{}\" text-anchor=\"end\">{unit_x}</text>\
         <text class=\"unit\" x=\"4\" y=\"{}\">{}</text>",
        HEIGHT - 6.0,
        TOP - 2.0,
        xml(&series.unit_y)
    );
}

/// At most so many marks that the drawing is the same: of each group the least and the most.
fn thinned(points: &[(f64, f64)], shape: Shape) -> Vec<(f64, f64)> {
    if points.len() <= MOST_MARKS {
        return points.to_vec();
    }
    let size = (points.len() * 2).div_ceil(MOST_MARKS);
    let by_height = |left: &&(f64, f64), right: &&(f64, f64)| left.1.total_cmp(&right.1);
    let mut out = Vec::with_capacity(MOST_MARKS + 2);
    for group in points.chunks(size) {
        let most = group.iter().max_by(by_height);
        if shape == Shape::Bars {
            out.extend(most);
            continue;
        }
        let least = group.iter().min_by(by_height);
        let mut pair: Vec<_> = least.into_iter().chain(most).copied().collect();
        pair.sort_by(|left, right| left.0.total_cmp(&right.0));
        out.extend(pair);
    }
    out
}

/// A figure of an axis: as many digits as say something.
fn number(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    let (scaled, unit) = match size {
        1e9.. => (value / 1e9, "G"),
        1e6.. => (value / 1e6, "M"),
        1e4.. => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let digits = match scaled.abs() {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        0.01.. => 3,
        _ => 5,
    };
    let text = format!("{scaled:.digits$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("{text}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(shape: Shape, points: Vec<(f64, f64)>) -> Series {
        Series {
            name: "latency".to_owned(),
            name_fr: "latence".to_owned(),
            unit_x: "s".to_owned(),
            unit_y: "ms".to_owned(),
            shape,
            points,
        }
    }

    #[test]
    fn every_shape_draws_inside_its_frame_whatever_the_samples() {
        let shapes = [Shape::Line, Shape::Points, Shape::Bars, Shape::Quantiles];
        let samples = [
            vec![(0.0, 0.0)],
            vec![(0.5, 1e-9), (0.5, 1e-9)],
            vec![(0.0, -3.0), (1.0, 1e12)],
            vec![(f64::NAN, 1.0), (0.3, f64::INFINITY), (0.9, 2.0)],
            (0..5_000)
                .map(|n| (f64::from(n), f64::from(n % 97)))
                .collect(),
        ];
        for shape in shapes {
            for points in &samples {
                let out = figure(&series(shape, points.clone()));
                let text = format!("<x>{out}</x>");
                let document = roxmltree::Document::parse(&text).unwrap();
                assert!(!out.contains("NaN") && !out.contains("inf"), "{out}");
                let most = document
                    .descendants()
                    .filter(|node| node.has_tag_name("rect"));
                assert!(most.count() <= MOST_MARKS + 2);
                assert!(out.len() < 60_000, "{}", out.len());
            }
        }
    }

    #[test]
    fn quantiles_say_what_people_ask_for() {
        let points = vec![
            (0.0, 1.0),
            (0.5, 2.0),
            (0.95, 8.0),
            (0.99, 30.0),
            (1.0, 500.0),
        ];
        let series = series(Shape::Quantiles, points);
        assert_eq!(
            words(&series, false),
            "p50 2 ms, p95 8 ms, p99 30 ms, most 500 ms"
        );
    }

    #[test]
    fn axes_carry_round_figures() {
        assert!((step(0.13) - 0.2).abs() < 1e-12);
        assert!((step(37.0) - 50.0).abs() < 1e-12);
        assert_eq!(number(0.125), "0.125");
        assert_eq!(number(12_500.0), "12.5k");
        assert_eq!(number(3_000_000.0), "3M");
    }
}
