//! A run in the background: this very program, asked as an operator asks it, so that what it measures shares no memory with what it measures.

use std::process::Stdio;
use std::time::Duration;

use chassis::jobs::{JobFault, Kind, Run};
use chassis::program;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use utoipa::ToSchema;

use crate::report::Report;

/// The kind that runs the checks.
pub(crate) const RUN: &str = "proof.run";

/// Lines of the program's notes that a failed job keeps.
const LAST_LINES: usize = 6;

/// What is to be run.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    /// Real windows, twenty kills and a soak, which takes most of an hour; else under two minutes.
    #[serde(default)]
    full: bool,
    /// Only these checks or areas.
    #[serde(default)]
    #[schema(max_items = 100, example = json!(["durability"]))]
    pub(crate) only: Vec<String>,
    /// All but these.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub(crate) skip: Vec<String>,
}

/// All kinds of the service.
pub(crate) fn kinds() -> Vec<Kind> {
    vec![
        Kind::new(RUN, prove)
            .timeout(Duration::from_hours(3))
            .attempts(1)
            .concurrency(1),
    ]
}

async fn prove(run: Run) -> Result<Value, JobFault> {
    let wish: Wish = run.input()?;
    let failed =
        |fault: &dyn std::fmt::Display| JobFault::fatal("proof.failed").with("reason", fault);
    let binary = chassis::program::own().map_err(|fault| failed(&fault))?;
    let mut command = program::command(binary);
    command
        .arg("prove")
        .arg("--json")
        .arg("--data")
        .arg(&run.context.config.data.folder);
    if let Some(file) = own_file() {
        command.arg("--config").arg(file);
    }
    if wish.full {
        command.arg("--full");
    }
    for (flag, names) in [("--only", &wish.only), ("--skip", &wish.skip)] {
        if !names.is_empty() {
            command.arg(flag).arg(names.join(","));
        }
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|fault| failed(&fault))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let notes = stderr.ok_or_else(|| failed(&"no standard error"))?;
    let mut record = stdout.ok_or_else(|| failed(&"no standard output"))?;
    let watch = run.clone();
    let follow = async move {
        let mut lines = BufReader::new(notes).lines();
        let mut last = Vec::new();
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some((done, total, note)) = progress(&line) {
                watch.progress(done, Some(total), note);
            }
            last.push(line);
            if last.len() > LAST_LINES {
                last.remove(0);
            }
        }
        last
    };
    let read = async {
        let mut text = String::new();
        tokio::io::AsyncReadExt::read_to_string(&mut record, &mut text)
            .await
            .map(|_| text)
    };
    // Cancelled, or the server stops: dropping the child kills it.
    let ended = async { tokio::join!(follow, read, child.wait()) };
    let (notes, text, _status) = tokio::select! {
        ended = ended => ended,
        () = run.cancelled() => return Err(JobFault::Cancelled),
    };
    let text = text.map_err(|fault| failed(&fault))?;
    // Its exit code says whether the system is ready; that it ran is what this job is about.
    let report: Report = serde_json::from_str(&text).map_err(|_| failed(&notes.join(" | ")))?;
    Ok(json!({
        "record": "/api/v1/proof/newest",
        "score": report.score,
        "is_ready": report.is_ready,
    }))
}

/// `[ 3/41] surface.headers`: the third begins, so two are done.
fn progress(line: &str) -> Option<(u64, u64, &str)> {
    let (count, note) = line.trim_start().strip_prefix('[')?.split_once(']')?;
    let (number, total) = count.split_once('/')?;
    Some((
        number.trim().parse::<u64>().ok()?.checked_sub(1)?,
        total.trim().parse().ok()?,
        note.trim(),
    ))
}

/// The configuration file that this process was started with.
fn own_file() -> Option<std::ffi::OsString> {
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--config" {
            return arguments.next();
        }
        if let Some(file) = argument
            .to_str()
            .and_then(|text| text.strip_prefix("--config="))
        {
            return Some(file.into());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_progress_is_read() {
        assert_eq!(
            progress("  [ 3/41] surface.headers"),
            Some((2, 41, "surface.headers"))
        );
        for other in ["", "[0/41] a", "score 93", "[x/41] a", "[3/41", "3/41 a"] {
            assert_eq!(progress(other), None, "{other}");
        }
    }
}
