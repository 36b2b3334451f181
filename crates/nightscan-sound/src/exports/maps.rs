//! KML 2.2 (OGC 07-147r2) and GPX 1.1 (topografix.com): only what has a place.

use std::io::{self, Write};

use super::tables::each;
use super::text::{number, xml};
use super::{Detection, Run};

pub(super) fn kml<'a>(
    run: &Run,
    detections: impl Iterator<Item = Detection<'a>>,
    out: &mut impl Write,
) -> io::Result<usize> {
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(
        out,
        r#"<kml xmlns="http://www.opengis.net/kml/2.2"><Document>"#
    )?;
    writeln!(out, "<name>Detections by {}</name>", xml(&run.model))?;
    let count = each(
        detections.filter(|d| d.recording.place.is_some()),
        |detection| {
            let Some(place) = detection.recording.place else {
                return Ok(());
            };
            write!(out, "<Placemark><name>{}</name>", xml(&detection.class))?;
            // KML knows no time without a zone: where the clock's is unknown, it stands below as text alone.
            if let Some(at) = detection.at().filter(|at| at.offset_min().is_some()) {
                write!(out, "<TimeStamp><when>{at}</when></TimeStamp>")?;
            }
            write!(out, "<ExtendedData>")?;
            for (name, value) in data(detection) {
                write!(
                    out,
                    r#"<Data name="{name}"><value>{}</value></Data>"#,
                    xml(&value)
                )?;
            }
            writeln!(
                out,
                "</ExtendedData><Point><coordinates>{},{}</coordinates></Point></Placemark>",
                number(place.lon, 6),
                number(place.lat, 6),
            )
        },
    )?;
    writeln!(out, "</Document></kml>")?;
    Ok(count)
}

pub(super) fn gpx<'a>(
    run: &Run,
    detections: impl Iterator<Item = Detection<'a>>,
    out: &mut impl Write,
) -> io::Result<usize> {
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(
        out,
        r#"<gpx version="1.1" creator="{}" xmlns="http://www.topografix.com/GPX/1/1">"#,
        xml(&run.model)
    )?;
    let count = each(
        detections.filter(|d| d.recording.place.is_some()),
        |detection| {
            let Some(place) = detection.recording.place else {
                return Ok(());
            };
            write!(
                out,
                r#"<wpt lat="{}" lon="{}">"#,
                number(place.lat, 6),
                number(place.lon, 6)
            )?;
            if let Some(at) = detection.at().filter(|at| at.offset_min().is_some()) {
                write!(out, "<time>{at}</time>")?;
            }
            let told: Vec<_> = data(detection)
                .map(|(name, value)| format!("{name}: {value}"))
                .collect();
            writeln!(
                out,
                "<name>{}</name><desc>{}</desc></wpt>",
                xml(&detection.class),
                xml(&told.join("; "))
            )
        },
    )?;
    writeln!(out, "</gpx>")?;
    Ok(count)
}

fn data<'a>(detection: &'a Detection<'a>) -> impl Iterator<Item = (&'static str, String)> {
    let recording = detection.recording;
    [
        ("confidence", Some(number(detection.confidence.into(), 4))),
        ("file", Some(recording.file.clone())),
        ("start_s", Some(number(detection.start_s, 3))),
        ("end_s", Some(number(detection.end_s, 3))),
        ("site", recording.site.clone()),
        ("local_time", detection.at().map(|at| at.to_string())),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
}
