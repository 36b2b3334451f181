//! What each format looks like, to the letter, and that hostile names stay text.

use super::*;

fn recordings() -> [Recording; 2] {
    [
        Recording {
            file: "nights/june/a, b.wav".to_owned(),
            site: Some("=cmd|' /C calc'!A0".to_owned()),
            place: Place::new(46.78, -6.64),
            recorded_at: LocalTime::parse("2024-06-01T23:59:50+02:00"),
            duration_s: 60.0,
        },
        Recording {
            file: "<b>\t\"x\"&.wav".to_owned(),
            duration_s: 30.0,
            ..Recording::default()
        },
    ]
}

fn run() -> Run {
    Run {
        model: "night-5 1.0".to_owned(),
        min_confidence: 0.5,
        overlap: 0.25,
        low_hz: 50.0,
        high_hz: 8_000.0,
    }
}

fn detections(recordings: &[Recording; 2]) -> Vec<Detection<'_>> {
    let detection =
        |n: usize, id: &str, start_s, end_s, class: &str, confidence, review| Detection {
            recording: &recordings[n],
            id: id.to_owned(),
            start_s,
            end_s,
            class: class.to_owned(),
            confidence,
            review,
        };
    vec![
        detection(0, "d1", 1.5, 3.25, "birds", 0.875, Review::Confirmed),
        detection(0, "d2", 20.0, 25.0, "human", 0.9, Review::Unreviewed),
        detection(1, "d3", 0.0, 2.0, "-tawny \"owl\"", 0.6, Review::Unreviewed),
    ]
}

fn written(format: Format) -> (String, usize) {
    let recordings = recordings();
    let mut out = Vec::new();
    let count = write(format, &run(), detections(&recordings), &mut out).unwrap();
    (String::from_utf8(out).unwrap(), count)
}

#[test]
fn csv_to_the_letter() {
    let wanted = "\
file,start_s,end_s,class,confidence,site,lat,lon,recorded_at,model,min_confidence,overlap
\"nights/june/a, b.wav\",1.5,3.25,birds,0.875,'=cmd|' /C calc'!A0,46.78,-6.64,2024-06-01T23:59:50+02:00,night-5 1.0,0.5,0.25
\"nights/june/a, b.wav\",20,25,human,0.9,'=cmd|' /C calc'!A0,46.78,-6.64,2024-06-01T23:59:50+02:00,night-5 1.0,0.5,0.25
\"<b>\t\"\"x\"\"&.wav\",0,2,\"'-tawny \"\"owl\"\"\",0.6,,,,,night-5 1.0,0.5,0.25
";
    assert_eq!(written(Format::Csv), (wanted.to_owned(), 3));
}

#[test]
fn raven_to_the_letter() {
    let wanted = "\
Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tCommon Name\tConfidence\tBegin Path\tFile Offset (s)
1\tSpectrogram 1\t1\t1.5\t3.25\t50\t8000\tbirds\t0.875\tnights/june/a, b.wav\t1.5
2\tSpectrogram 1\t1\t20\t25\t50\t8000\thuman\t0.9\tnights/june/a, b.wav\t20
3\tSpectrogram 1\t1\t60\t62\t50\t8000\t-tawny \"owl\"\t0.6\t<b> \"x\"&.wav\t0
";
    assert_eq!(written(Format::Raven), (wanted.to_owned(), 3));
}

#[test]
fn audacity_to_the_letter() {
    let wanted = "1.500000\t3.250000\tbirds\n20.000000\t25.000000\thuman\n0.000000\t2.000000\t-tawny \"owl\"\n";
    assert_eq!(written(Format::Audacity), (wanted.to_owned(), 3));
}

#[test]
fn kaleidoscope_to_the_letter() {
    let wanted = "\
INDIR,FOLDER,IN FILE,OFFSET,DURATION,TOP1MATCH,TOP1DIST
nights,june,\"a, b.wav\",1.5,1.75,birds,0.125
nights,june,\"a, b.wav\",20,5,human,0.1
,,\"<b>\t\"\"x\"\"&.wav\",0,2,\"'-tawny \"\"owl\"\"\",0.4
";
    assert_eq!(written(Format::Kaleidoscope), (wanted.to_owned(), 3));
}

#[test]
fn json_is_read_back() {
    let (text, count) = written(Format::Json);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(count, 3);
    assert_eq!(value["run"]["model"], "night-5 1.0");
    assert_eq!(value["detections"][0]["at"], "2024-06-01T23:59:51+02:00");
    assert_eq!(value["detections"][0]["review"], "confirmed");
    assert_eq!(value["detections"][2]["file"], "<b>\t\"x\"&.wav");
    assert_eq!(value["detections"][2]["lat"], serde_json::Value::Null);
    let mut empty = Vec::new();
    write(Format::Json, &run(), [], &mut empty).unwrap();
    serde_json::from_slice::<serde_json::Value>(&empty).unwrap();
}

#[test]
fn maps_hold_what_has_a_place() {
    let (kml, count) = written(Format::Kml);
    assert_eq!(count, 2);
    assert!(
        kml.contains("<when>2024-06-01T23:59:51+02:00</when>"),
        "{kml}"
    );
    assert!(kml.contains("<coordinates>-6.64,46.78</coordinates>"));
    assert!(kml.contains("<value>=cmd|&apos; /C calc&apos;!A0</value>"));
    let (gpx, count) = written(Format::Gpx);
    assert_eq!(count, 2);
    assert!(gpx.contains(r#"<wpt lat="46.78" lon="-6.64"><time>2024-06-01T23:59:51+02:00</time><name>birds</name>"#), "{gpx}");
    for text in [kml, gpx] {
        let document = roxmltree::Document::parse(&text).unwrap();
        assert!(
            document
                .root_element()
                .children()
                .any(|node| node.is_element())
        );
    }
}

#[test]
fn xml_stays_whole_whatever_the_names() {
    let mut recordings = recordings();
    recordings[0].site = Some("]]><script>\u{0}\u{b}\u{ffff}&amp;".to_owned());
    for format in [Format::Kml, Format::Gpx] {
        let mut out = Vec::new();
        let mut detections = detections(&recordings);
        detections[0].class = "<a href='x'>\u{1b}".to_owned();
        write(format, &run(), detections, &mut out).unwrap();
        roxmltree::Document::parse(std::str::from_utf8(&out).unwrap()).unwrap();
    }
}

#[test]
fn darwin_core_to_the_letter() {
    let wanted = "\
occurrenceID,basisOfRecord,occurrenceStatus,eventDate,decimalLatitude,decimalLongitude,geodeticDatum,locality,kingdom,phylum,class,scientificName,taxonRank,verbatimIdentification,identifiedBy,identificationVerificationStatus,identificationRemarks,samplingProtocol,associatedMedia
d1,MachineObservation,present,2024-06-01T23:59:51+02:00,46.78,-6.64,EPSG:4326,'=cmd|' /C calc'!A0,Animalia,Chordata,Aves,Aves,class,birds,night-5 1.0,verified,confidence 0.875 by the model,passive acoustic monitoring,\"nights/june/a, b.wav\"
d3,MachineObservation,present,,,,,,Animalia,,,\"'-tawny \"\"owl\"\"\",,\"'-tawny \"\"owl\"\"\",night-5 1.0,unverified,confidence 0.6 by the model,passive acoustic monitoring,\"<b>\t\"\"x\"\"&.wav\"
";
    assert_eq!(written(Format::DarwinCore), (wanted.to_owned(), 2));
}

#[test]
fn every_row_of_a_table_has_as_many_cells_as_its_head() {
    for format in [Format::Csv, Format::Kaleidoscope, Format::DarwinCore] {
        let (text, count) = written(format);
        let rows = rows(&text);
        assert_eq!(rows.len(), count + 1);
        assert!(
            rows.iter().all(|row| row.len() == rows[0].len()),
            "{format}: {rows:?}"
        );
    }
    let (raven, _) = written(Format::Raven);
    assert!(raven.lines().all(|row| row.split('\t').count() == 11));
}

/// A reader of RFC 4180, written apart from the writer.
fn rows(text: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut quoted = false;
    let mut chars = text.trim_end_matches('\n').chars().peekable();
    while let Some(c) = chars.next() {
        let row = rows.last_mut().unwrap();
        let cell = row.last_mut().unwrap();
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(String::new()),
            '\n' if !quoted => rows.push(vec![String::new()]),
            c => cell.push(c),
        }
    }
    rows
}

#[test]
fn names_lead_back_to_formats() {
    for format in Format::ALL {
        assert_eq!(Format::of_name(format.name()), Some(format));
    }
    assert_eq!(Format::of_name("xlsx"), None);
}
