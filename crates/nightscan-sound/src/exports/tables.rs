//! Tables and JSON.

use std::io::{self, Write};

use serde_json::json;

use super::text::{csv as cell, number, tsv};
use super::{Detection, Review, Run};
use crate::events::BACKGROUND;

/// Voices of people are no occurrence to be published.
const HUMAN: &str = "human";

pub(super) fn csv<'a>(
    run: &Run,
    detections: impl Iterator<Item = Detection<'a>>,
    out: &mut impl Write,
) -> io::Result<usize> {
    writeln!(
        out,
        "file,start_s,end_s,class,confidence,site,lat,lon,recorded_at,model,min_confidence,overlap"
    )?;
    let model = cell(&run.model);
    let (min_confidence, overlap) = (
        number(run.min_confidence.into(), 4),
        number(run.overlap.into(), 4),
    );
    each(detections, |detection| {
        let recording = detection.recording;
        let (lat, lon) = degrees(detection);
        let at = recording
            .recorded_at
            .map(|at| at.to_string())
            .unwrap_or_default();
        writeln!(
            out,
            "{},{},{},{},{},{},{lat},{lon},{at},{model},{min_confidence},{overlap}",
            cell(&recording.file),
            number(detection.start_s, 3),
            number(detection.end_s, 3),
            cell(&detection.class),
            number(detection.confidence.into(), 4),
            cell(recording.site.as_deref().unwrap_or_default()),
        )
    })
}

pub(super) fn raven<'a>(
    run: &Run,
    detections: impl Iterator<Item = Detection<'a>>,
    out: &mut impl Write,
) -> io::Result<usize> {
    writeln!(
        out,
        "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\t\
         Common Name\tConfidence\tBegin Path\tFile Offset (s)"
    )?;
    // Raven opens the files of a table one after the other: times go on, offsets begin anew.
    let mut before_s = 0.0;
    let mut last: Option<(String, f64)> = None;
    let mut selection = 0;
    each(detections, |detection| {
        let recording = detection.recording;
        if let Some((file, duration_s)) = &last
            && *file != recording.file
        {
            before_s += duration_s;
        }
        if last
            .as_ref()
            .is_none_or(|(file, _)| *file != recording.file)
        {
            last = Some((recording.file.clone(), recording.duration_s));
        }
        selection += 1;
        writeln!(
            out,
            "{selection}\tSpectrogram 1\t1\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
            number(before_s + detection.start_s, 3),
            number(before_s + detection.end_s, 3),
            number(run.low_hz.into(), 1),
            number(run.high_hz.into(), 1),
            tsv(&detection.class),
            number(detection.confidence.into(), 4),
            tsv(&recording.file),
            number(detection.start_s, 3),
        )
    })
}

pub(super) fn audacity<'a>(
    detections: impl Iterator<Item = Detection<'a>>,
    out: &mut impl Write,
) -> io::Result<usize> {
    each(detections, |detection| {
        writeln!(
            out,
            "{:.6}\t{:.6}\t{}",
            detection.start_s,
            detection.end_s,
            tsv(&detection.class)
        )
    })
}

pub(super) fn kaleidoscope<'a>(
    detections: impl Iterator<Item = Detection<'a>>,
    out: &mut impl Write,
) -> io::Result<usize> {
    writeln!(
        out,
        "INDIR,FOLDER,IN FILE,OFFSET,DURATION,TOP1MATCH,TOP1DIST"
    )?;
    each(detections, |detection| {
        let (path, file) = match detection.recording.file.rsplit_once('/') {
            Some((path, file)) => (path, file),
            None => ("", &*detection.recording.file),
        };
        let (root, folder) = match path.rsplit_once('/') {
            Some((root, folder)) => (root, folder),
            None => ("", path),
        };
        // Kaleidoscope's distance is small where the match is good.
        writeln!(
            out,
            "{},{},{},{},{},{},{}",
            cell(root),
            cell(folder),
            cell(file),
            number(detection.start_s, 3),
            number(detection.end_s - detection.start_s, 3),
            cell(&detection.class),
            number(1.0 - f64::from(detection.confidence), 4),
        )
    })
}

pub(super) fn json<'a>(
    run: &Run,
    detections: impl Iterator<Item = Detection<'a>>,
    out: &mut impl Write,
) -> io::Result<usize> {
    write!(
        out,
        "{{\"run\":{},\"detections\":[",
        serde_json::to_string(run)?
    )?;
    let mut first = true;
    let count = each(detections, |detection| {
        let recording = detection.recording;
        let object = json!({
            "id": detection.id,
            "file": recording.file,
            "start_s": rounded(detection.start_s, 1e3),
            "end_s": rounded(detection.end_s, 1e3),
            "class": detection.class,
            "confidence": rounded(detection.confidence.into(), 1e4),
            "review": detection.review,
            "site": recording.site,
            "lat": recording.place.map(|place| place.lat),
            "lon": recording.place.map(|place| place.lon),
            "recorded_at": recording.recorded_at,
            "at": detection.at(),
        });
        let comma = if first { "" } else { "," };
        first = false;
        write!(out, "{comma}\n{object}")
    })?;
    writeln!(out, "\n]}}")?;
    Ok(count)
}

/// Darwin Core terms (TDWG, rs.tdwg.org/dwc/terms). The broad classes of sounds are ranks of the catalogue of life; a class of the
/// user's own goes as the name that was given.
pub(super) fn darwin_core<'a>(
    run: &Run,
    detections: impl Iterator<Item = Detection<'a>>,
    out: &mut impl Write,
) -> io::Result<usize> {
    writeln!(
        out,
        "occurrenceID,basisOfRecord,occurrenceStatus,eventDate,decimalLatitude,decimalLongitude,\
         geodeticDatum,locality,kingdom,phylum,class,scientificName,taxonRank,verbatimIdentification,\
         identifiedBy,identificationVerificationStatus,identificationRemarks,samplingProtocol,\
         associatedMedia"
    )?;
    let natural = detections.filter(|detection| {
        !matches!(&*detection.class, BACKGROUND | HUMAN) && detection.review != Review::Rejected
    });
    each(natural, |detection| {
        let recording = detection.recording;
        let (lat, lon) = degrees(detection);
        let datum = if lat.is_empty() { "" } else { "EPSG:4326" };
        let (phylum, class, name, rank) = taxon(&detection.class);
        let at = detection.at().map(|at| at.to_string()).unwrap_or_default();
        let status = match detection.review {
            Review::Confirmed => "verified",
            Review::Unreviewed | Review::Rejected => "unverified",
        };
        let confidence = number(detection.confidence.into(), 4);
        let remarks = format!("confidence {confidence} by the model");
        writeln!(
            out,
            "{},MachineObservation,present,{at},{lat},{lon},{datum},{},Animalia,{phylum},{class},{},{rank},{},{},{status},{},{},{}",
            cell(&detection.id),
            cell(recording.site.as_deref().unwrap_or_default()),
            cell(name),
            cell(&detection.class),
            cell(&run.model),
            cell(&remarks),
            cell("passive acoustic monitoring"),
            cell(&recording.file),
        )
    })
}

/// Phylum, class, scientific name and its rank.
fn taxon(class: &str) -> (&'static str, &'static str, &str, &'static str) {
    match class {
        "birds" => ("Chordata", "Aves", "Aves", "class"),
        "mammals" => ("Chordata", "Mammalia", "Mammalia", "class"),
        "amphibians" => ("Chordata", "Amphibia", "Amphibia", "class"),
        "insects" => ("Arthropoda", "Insecta", "Insecta", "class"),
        own => ("", "", own, ""),
    }
}

fn degrees(detection: &Detection<'_>) -> (String, String) {
    detection
        .recording
        .place
        .map_or_else(Default::default, |place| {
            (number(place.lat, 6), number(place.lon, 6))
        })
}

fn rounded(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}

pub(super) fn each<'a>(
    detections: impl Iterator<Item = Detection<'a>>,
    mut write: impl FnMut(&Detection<'a>) -> io::Result<()>,
) -> io::Result<usize> {
    let mut count = 0;
    for detection in detections {
        write(&detection)?;
        count += 1;
    }
    Ok(count)
}
