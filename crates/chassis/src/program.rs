//! Other programs: the one place that starts them. Each is killed when its handle is dropped.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

/// More than this is not kept of what a program prints.
const MOST_OUTPUT_BYTES: u64 = 64 * 1024 * 1024;

/// What a program printed, and how it ended.
#[derive(Debug)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// Standard output; what is not UTF-8 is replaced.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// A command that has nobody to ask and ends with its handle.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that starts programs"
)]
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// The file of this very program, also where another version has meanwhile been put in its place: Linux keeps the old one as long as
/// it runs, and a drill is to start what runs.
pub fn own() -> std::io::Result<PathBuf> {
    let path = std::env::current_exe()?;
    let kept = PathBuf::from(format!("/proc/{}/exe", std::process::id()));
    // The name is then the old one with " (deleted)" behind it.
    if !path.exists() && kept.exists() {
        return Ok(kept);
    }
    Ok(path)
}

/// Where a program of this name is, by `PATH`.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let mut places = std::env::split_paths(&path).map(|folder| folder.join(name));
    places.find(|file| file.is_file())
}

/// Runs a command to its end with `input` on its standard input; after `limit` it is killed and the error says so.
pub async fn output(mut command: Command, input: &str, limit: Duration) -> std::io::Result<Output> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let pipe = |what| std::io::Error::other(format!("the program has no {what}"));
    let mut stdin = child.stdin.take().ok_or_else(|| pipe("standard input"))?;
    let stdout = child.stdout.take().ok_or_else(|| pipe("standard output"))?;
    let stderr = child.stderr.take().ok_or_else(|| pipe("standard error"))?;
    let work = async {
        let feed = async {
            // A program that reads nothing closes its end; that is no fault.
            let _ = stdin.write_all(input.as_bytes()).await;
            drop(stdin);
        };
        let ((), stdout, stderr, status) =
            tokio::join!(feed, whole(stdout), whole(stderr), child.wait());
        Ok(Output {
            status: status?,
            stdout: stdout?,
            stderr: stderr?,
        })
    };
    match tokio::time::timeout(limit, work).await {
        Ok(done) => done,
        Err(_elapsed) => Err(std::io::Error::new(
            std::io::ErrorKind::TimedOut,
            format!("the program did not end in {} s", limit.as_secs()),
        )),
    }
}

async fn whole(pipe: impl tokio::io::AsyncRead + Unpin) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    pipe.take(MOST_OUTPUT_BYTES).read_to_end(&mut bytes).await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
