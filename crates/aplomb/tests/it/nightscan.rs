//! `aplomb nightscan …` as a person runs it: folders of sounds made here.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::commands::{run, text};

const RATE_HZ: u32 = 16_000;
/// Recordings of the night that is killed.
const COUNT: u32 = 60;

/// Sixteen-bit WAVE of one channel.
fn wave(samples: impl ExactSizeIterator<Item = f32>) -> Vec<u8> {
    let bytes = samples.len() as u32 * 2;
    let mut file = b"RIFF".to_vec();
    file.extend((36 + bytes).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(RATE_HZ.to_le_bytes());
    file.extend((RATE_HZ * 2).to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend(bytes.to_le_bytes());
    for sample in samples {
        file.extend(((sample.clamp(-1.0, 1.0) * 32_767.0) as i16).to_le_bytes());
    }
    file
}

/// Hiss with a trill in it, another one for each seed.
fn night(seconds: u32, seed: u32) -> Vec<u8> {
    let mut state = u64::from(seed) + 1;
    wave((0..seconds * RATE_HZ).map(move |n| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let hiss = (state >> 40) as f32 / (1_u32 << 24) as f32 - 0.5;
        let time = n as f32 / RATE_HZ as f32;
        let calls = (time % 5.0) > 2.0 && (time % 5.0) < 3.5 && (time * 12.0).fract() < 0.5;
        let pitch_hz = 3_000.0 + 600.0 * (time * 40.0).sin() + (seed % 7) as f32 * 100.0;
        let trill = (time * pitch_hz * std::f32::consts::TAU).sin() * f32::from(u8::from(calls));
        0.02 * hiss + 0.3 * trill
    }))
}

/// The journal's lines below its head, by the recording's name.
fn journal(out: &Path) -> BTreeMap<String, usize> {
    let mut lines = BTreeMap::new();
    for line in fs::read_to_string(out.join("journal.ndjson"))
        .unwrap()
        .lines()
        .skip(1)
    {
        let line: Value = serde_json::from_str(line).unwrap();
        let path = Path::new(line["path"].as_str().unwrap());
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        *lines.entry(name).or_default() += 1;
    }
    lines
}

#[test]
fn a_killed_run_goes_on_and_hears_each_recording_once() {
    let folder = TempDir::new().unwrap();
    let sounds = folder.path().join("night");
    fs::create_dir(&sounds).unwrap();
    for number in 0..COUNT {
        let name = format!("20240512_{:02}{:02}00.wav", number / 60, number % 60);
        fs::write(sounds.join(name), night(30, number)).unwrap();
    }
    let out = folder.path().join("out");
    let arguments = [
        "nightscan",
        "analyze",
        "night",
        "--out",
        "out",
        "--threads",
        "2",
        "--format",
        "csv,raven,json",
    ];
    #[expect(
        clippy::disallowed_methods,
        reason = "the test runs the program under test, and kills it"
    )]
    let mut child = Command::new(env!("CARGO_BIN_EXE_aplomb"))
        .current_dir(folder.path())
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_mins(2);
    let lines =
        || fs::read_to_string(out.join("journal.ndjson")).map_or(0, |text| text.lines().count());
    while lines() < 10 {
        assert!(Instant::now() < deadline, "nothing is heard");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let before = journal(&out).len();
    assert!(before < COUNT as usize, "killed before its end");
    assert!(
        !out.join("detections.csv").exists(),
        "a table is whole or not there"
    );

    let resumed = run(folder.path(), &arguments);
    assert_eq!(resumed.status.code(), Some(0), "{}", text(&resumed.stderr));
    assert!(text(&resumed.stderr).contains("of 60 recordings were heard before"));
    let heard = journal(&out);
    assert_eq!(heard.len(), COUNT as usize);
    assert!(heard.values().all(|times| *times == 1), "{heard:?}");
    let table = fs::read_to_string(out.join("recordings.csv")).unwrap();
    assert_eq!(table.lines().count(), COUNT as usize + 1);
    let all: Value =
        serde_json::from_slice(&fs::read(out.join("detections.json")).unwrap()).unwrap();
    assert_eq!(all["recordings"].as_array().unwrap().len(), COUNT as usize);
    assert_eq!(
        fs::read_dir(out.join("raven/night")).unwrap().count(),
        COUNT as usize
    );
    let is_part = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().ends_with(".part");
    assert!(
        !fs::read_dir(&out)
            .unwrap()
            .any(|entry| is_part(&entry.unwrap()))
    );

    // Nothing changed: nothing is heard again, and the tables are the same.
    let again = run(folder.path(), &arguments);
    assert_eq!(again.status.code(), Some(0));
    assert_eq!(journal(&out), heard);
    assert_eq!(
        fs::read_to_string(out.join("recordings.csv")).unwrap(),
        table
    );
}

#[test]
fn what_cannot_be_heard_is_named_and_the_rest_is_done() {
    let folder = TempDir::new().unwrap();
    let sounds = folder.path().join("night");
    fs::create_dir(&sounds).unwrap();
    let good = night(12, 1);
    fs::write(sounds.join("good.wav"), &good).unwrap();
    fs::write(sounds.join("cut.wav"), &good[..good.len() / 2]).unwrap();
    fs::write(sounds.join("empty.wav"), b"").unwrap();
    fs::write(sounds.join("text.wav"), "a shopping list").unwrap();
    fs::write(sounds.join("really_wav.mp3"), &good).unwrap();
    let mut absurd = good.clone();
    absurd[22..24].copy_from_slice(&0_u16.to_le_bytes());
    fs::write(sounds.join("absurd.wav"), absurd).unwrap();

    let done = run(
        folder.path(),
        &["nightscan", "analyze", "night", "--out", "out"],
    );
    assert_eq!(done.status.code(), Some(3), "{}", text(&done.stderr));
    let skipped = fs::read_to_string(folder.path().join("out/skipped.csv")).unwrap();
    for name in ["empty.wav", "text.wav", "absurd.wav"] {
        assert!(skipped.contains(name), "{skipped}");
        assert!(text(&done.stderr).contains(name));
    }
    assert_eq!(skipped.lines().count(), 4, "{skipped}");
    let table = fs::read_to_string(folder.path().join("out/recordings.csv")).unwrap();
    assert!(
        table
            .lines()
            .any(|line| line.contains("cut.wav") && line.contains("cut_short")),
        "{table}"
    );
    assert!(table.contains("really_wav.mp3"));

    // They are named again, and stop being named when they are mended.
    let again = run(
        folder.path(),
        &["nightscan", "analyze", "night", "--out", "out"],
    );
    assert_eq!(again.status.code(), Some(3));
    for name in ["empty.wav", "text.wav", "absurd.wav"] {
        fs::write(sounds.join(name), &good).unwrap();
    }
    let mended = run(
        folder.path(),
        &["nightscan", "analyze", "night", "--out", "out"],
    );
    assert_eq!(mended.status.code(), Some(0), "{}", text(&mended.stderr));
    assert!(!folder.path().join("out/skipped.csv").exists());
}

#[test]
fn other_settings_do_not_mix_with_results_that_are_there() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.wav"), night(6, 1)).unwrap();
    let analyze = ["nightscan", "analyze", "a.wav", "--out", "out"];
    assert_eq!(run(folder.path(), &analyze).status.code(), Some(0));
    let other = [&analyze[..], &["--overlap", "0.5"]].concat();
    let refused = run(folder.path(), &other);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("--fresh"));
    let afresh = [&other[..], &["--fresh"]].concat();
    assert_eq!(run(folder.path(), &afresh).status.code(), Some(0));
}

#[test]
fn wrong_words_end_with_two() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("nothing")).unwrap();
    fs::write(folder.path().join("a.wav"), night(6, 1)).unwrap();
    for (arguments, cause) in [
        (
            &["analyze", "nothing", "--out", "out"][..],
            "No recordings in nothing",
        ),
        (
            &["analyze", "a.wav", "--out", "out", "--overlap", "1"],
            "0 to 0.9",
        ),
        (
            &[
                "analyze",
                "a.wav",
                "--out",
                "out",
                "--class-confidence",
                "dragons=0.5",
            ],
            "dragons",
        ),
        (&["analyze", "a.wav", "--out", "out", "--lat", "4"], "--lon"),
        (
            &["analyze", "a.wav", "--out", "out", "--format", "xls"],
            "raven",
        ),
    ] {
        let refused = run(folder.path(), &[&["nightscan"], arguments].concat());
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        assert!(
            text(&refused.stderr).contains(cause),
            "{}",
            text(&refused.stderr)
        );
    }
    let absent = run(
        folder.path(),
        &["nightscan", "analyze", "gone.wav", "--out", "out"],
    );
    assert_eq!(absent.status.code(), Some(1));
    assert!(text(&absent.stderr).contains("gone.wav"));
}

/// A folder of short clips, one folder a class: trills and hiss.
fn clips(folder: &Path) {
    for number in 0..20_u32 {
        for class in ["insects", "environment"] {
            fs::create_dir_all(folder.join(class)).unwrap();
            let calls = f32::from(u8::from(class == "insects"));
            let mut state = u64::from(number) + 1;
            let samples = (0..RATE_HZ * 2).map(|n| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                let hiss = (state >> 40) as f32 / (1_u32 << 24) as f32 - 0.5;
                let time = n as f32 / RATE_HZ as f32;
                let pitch_hz = 3_500.0 + number as f32 * 40.0;
                0.1 * hiss + 0.3 * calls * (time * pitch_hz * std::f32::consts::TAU).sin()
            });
            let file = folder.join(class).join(format!("{number}.wav"));
            fs::write(file, wave(samples)).unwrap();
        }
    }
}

#[test]
fn a_training_that_was_killed_gives_the_model_that_it_would_have_given() {
    let folder = TempDir::new().unwrap();
    clips(&folder.path().join("clips"));
    let train = |out: &str| -> Vec<String> {
        let words = [
            "nightscan",
            "train",
            "--labels",
            "clips",
            "--folds",
            "2",
            "--epochs",
            "3",
            "--out",
            out,
        ];
        words.map(str::to_owned).to_vec()
    };
    let words = train("whole.safetensors");
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let whole = run(folder.path(), &words);
    assert_eq!(whole.status.code(), Some(0), "{}", text(&whole.stderr));
    assert!(
        text(&whole.stdout).contains("insects"),
        "{}",
        text(&whole.stdout)
    );

    #[expect(
        clippy::disallowed_methods,
        reason = "the test runs the program under test, and kills it"
    )]
    let mut child = Command::new(env!("CARGO_BIN_EXE_aplomb"))
        .current_dir(folder.path())
        .args(train("killed.safetensors"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let checkpoint = folder.path().join("killed.safetensors.checkpoint");
    let deadline = Instant::now() + Duration::from_mins(2);
    while !checkpoint.exists() {
        assert!(Instant::now() < deadline, "no epoch ends");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!folder.path().join("killed.safetensors").exists());
    let words = train("killed.safetensors");
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let resumed = run(folder.path(), &words);
    assert_eq!(resumed.status.code(), Some(0), "{}", text(&resumed.stderr));
    assert!(
        text(&resumed.stderr).contains("--fresh"),
        "it says that it goes on"
    );
    assert!(!checkpoint.exists());
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    assert!(read("whole.safetensors") == read("killed.safetensors"));
    assert!(text(&read("whole.md")).contains("accuracy"));

    let evaluate = [
        "nightscan",
        "evaluate",
        "--labels",
        "clips",
        "--model",
        "whole.safetensors",
        "--json",
    ];
    let evaluated = run(folder.path(), &evaluate);
    let line: Value = serde_json::from_slice(&evaluated.stdout).unwrap();
    assert_eq!(line["clips"], 40);
    assert!(line["accuracy"].is_f64() && line["macro_f1"].is_f64());
    assert!(line["recall"]["insects"].is_f64());

    let foreign = [
        "nightscan",
        "analyze",
        "clips",
        "--out",
        "out",
        "--model",
        "whole.md",
    ];
    let refused = run(folder.path(), &foreign);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("whole.md"));
}

/// Takes requests until it is told enough, and gives what came.
fn server(listener: TcpListener, requests: usize) -> std::thread::JoinHandle<Vec<Vec<u8>>> {
    let serve = move || {
        let mut taken = Vec::new();
        while taken.len() < requests {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut bytes, mut block) = (Vec::new(), vec![0; 65_536]);
            let length = loop {
                let count = stream.read(&mut block).unwrap();
                bytes.extend_from_slice(&block[..count]);
                if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                    let head = text(&bytes[..end]).to_lowercase();
                    let (_, rest) = head.split_once("content-length:").unwrap();
                    let length: usize = rest.lines().next().unwrap().trim().parse().unwrap();
                    break end + 4 + length;
                }
            };
            while bytes.len() < length {
                let count = stream.read(&mut block).unwrap();
                bytes.extend_from_slice(&block[..count]);
            }
            let body = r#"{"items":[],"refused":[]}"#;
            let answer = format!(
                "HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).unwrap();
            taken.push(bytes);
        }
        taken
    };
    std::thread::Builder::new().spawn(serve).unwrap()
}

#[test]
fn a_sensor_keeps_what_it_heard_until_the_server_answers() {
    let folder = TempDir::new().unwrap();
    let card = folder.path().join("card");
    fs::create_dir(&card).unwrap();
    fs::write(card.join("20240512_213000.wav"), night(20, 1)).unwrap();
    // Taken and given back: nobody listens there.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let address = format!("http://127.0.0.1:{port}");
    let sensor = [
        "nightscan",
        "sensor",
        "--watch",
        "card",
        "--server",
        &address,
        "--key",
        "k",
        "--once",
        "--min-confidence",
        "0.2",
        "--background",
    ];
    let away = run(folder.path(), &sensor);
    assert_eq!(away.status.code(), Some(3), "{}", text(&away.stderr));
    let said = text(&away.stderr).lines().last().unwrap().to_owned();
    let waiting: usize = said.split(' ').find_map(|word| word.parse().ok()).unwrap();
    assert!(waiting > 0, "{said}");

    let served = server(TcpListener::bind(("127.0.0.1", port)).unwrap(), waiting);
    let sent = run(folder.path(), &sensor);
    assert_eq!(sent.status.code(), Some(0), "{}", text(&sent.stderr));
    let requests = served.join().unwrap();
    assert_eq!(requests.len(), waiting);
    let first = String::from_utf8_lossy(&requests[0]).into_owned();
    assert!(
        first.starts_with("POST /api/v1/nightscan/intake HTTP/1.1"),
        "{first}"
    );
    assert!(first.to_lowercase().contains("authorization: bearer k"));
    let (_, analysis) = first.split_once("name=\"analysis\"\r\n\r\n").unwrap();
    let analysis: Value = serde_json::from_str(analysis.lines().next().unwrap()).unwrap();
    assert_eq!(analysis["detections"].as_array().unwrap().len(), 1);
    assert!(analysis["recorded"]["started_local"].as_str().unwrap() > "2024-05-12T21:29:59");
    assert!(first.contains("RIFF"), "the clip is there");

    // The server has all of it: nothing is sent, so that nobody listening is no fault.
    assert_eq!(run(folder.path(), &sensor).status.code(), Some(0));
}
