//! Instances of this very binary, with the configuration under proof and data of their own.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use chassis::check::Trouble;
use chassis::check::ground::{Ground, Instance, Outcome, Wishes};
use chassis::program;
use futures_util::FutureExt;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::settings::Settings;

/// An instance that is not ready by then will not be.
const PATIENCE: Duration = Duration::from_mins(1);
/// A command beside an instance.
const COMMAND_LIMIT: Duration = Duration::from_mins(1);
/// Time for a stop in order.
const STOP_LIMIT: Duration = Duration::from_mins(1);
/// Ports tried: somebody else may take one between our giving it back and the server's taking it.
const ATTEMPTS: usize = 3;

/// Starts instances of a binary.
#[derive(Clone, Debug)]
pub struct Own {
    /// The binary.
    pub binary: PathBuf,
    /// The configuration under proof.
    pub settings: Settings,
    /// Where the instances' folders are made; durability is that of this disk.
    pub scratch: PathBuf,
    /// The program of this name (util-linux), where there is one: with it instances end with this process, however that ends.
    pub setpriv: Option<PathBuf>,
}

impl Own {
    /// Instances of a binary, with their folders in the system's place for such.
    pub fn new(binary: PathBuf, settings: Settings) -> Self {
        Self {
            binary,
            settings,
            scratch: std::env::temp_dir(),
            setpriv: program::find("setpriv"),
        }
    }
}

impl Ground for Own {
    fn start(&self, wishes: Wishes) -> Outcome<'_, Box<dyn Instance>> {
        async move {
            let mut last = Trouble::broke("no port was free");
            for _ in 0..ATTEMPTS {
                let process = Process::new(self, &wishes)?;
                match process.start().await {
                    Ok(_) => return Ok(Box::new(process) as Box<dyn Instance>),
                    Err(trouble) if process.log().contains("taken by another program") => {
                        last = trouble;
                    }
                    Err(trouble) => return Err(trouble),
                }
            }
            Err(last)
        }
        .boxed()
    }
}

/// One server process.
struct Process {
    own: Own,
    folder: TempDir,
    port: u16,
    environment: Vec<(String, String)>,
    under: Vec<String>,
    child: Mutex<Option<Child>>,
}

impl Process {
    fn new(own: &Own, wishes: &Wishes) -> Result<Self, Trouble> {
        let folder = tempfile::Builder::new()
            .prefix("aplomb-prove-")
            .tempdir_in(&own.scratch)?;
        std::fs::write(folder.path().join("aplomb.toml"), &own.settings.file)?;
        // Taken and given back: free at this moment.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let place = folder.path().display().to_string();
        let here = |text: &String| text.replace("{folder}", &place);
        let mut environment = own.settings.environment.clone();
        environment.extend(
            wishes
                .settings
                .iter()
                .map(|(key, value)| (variable(key), here(value))),
        );
        Ok(Self {
            own: own.clone(),
            under: wishes.under.iter().map(here).collect(),
            folder,
            port,
            environment,
            child: Mutex::new(None),
        })
    }

    /// The binary with this instance's configuration; its arguments are still to come.
    fn command(&self, under: &[String]) -> Command {
        let mut words: Vec<OsString> = Vec::new();
        // Whoever is killed in the midst of a drill, by hand or for memory, leaves no servers behind.
        if let Some(setpriv) = &self.own.setpriv {
            words.extend([
                setpriv.into(),
                "--pdeathsig".into(),
                "KILL".into(),
                "--".into(),
            ]);
        }
        words.extend(under.iter().map(OsString::from));
        words.push(self.own.binary.clone().into());
        let mut command = program::command(&words[0]);
        command.args(&words[1..]);
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("LC_ALL", "C")
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    fn take_child(&self) -> Option<Child> {
        self.child
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take()
    }

    fn spawn(&self) -> Result<(), Trouble> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))?;
        let mut command = self.command(&self.under);
        let listen = format!("127.0.0.1:{}", self.port);
        command
            .args(["serve", "--data"])
            .arg(self.data())
            .args(["--listen", &listen])
            .stdout(Stdio::null())
            .stderr(log);
        let child = command.spawn().map_err(|fault| {
            let program = self
                .under
                .first()
                .map_or_else(|| self.own.binary.display().to_string(), String::clone);
            Trouble::broke(format!("{program} cannot be started: {fault}"))
        })?;
        *self
            .child
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(child);
        Ok(())
    }

    fn has_ended(&self) -> bool {
        let mut child = self
            .child
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        child
            .as_mut()
            .is_none_or(|child| !matches!(child.try_wait(), Ok(None)))
    }
}

impl Instance for Process {
    fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn log(&self) -> String {
        let bytes = std::fs::read(self.folder.path().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn pid(&self) -> Option<u32> {
        let child = self
            .child
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        child.as_ref().and_then(Child::id)
    }

    fn kill(&self) -> Outcome<'_, ()> {
        async move {
            if let Some(mut child) = self.take_child() {
                if self.under.is_empty() {
                    child.start_kill()?;
                } else if let Some(pid) = child.id() {
                    // The program that started it dies with it.
                    for pid in descendants(pid) {
                        signal(pid, rustix::process::Signal::KILL);
                    }
                }
                child.wait().await?;
            }
            Ok(())
        }
        .boxed()
    }

    fn stop(&self) -> Outcome<'_, Duration> {
        async move {
            let Some(mut child) = self.take_child() else {
                return Ok(Duration::ZERO);
            };
            let started = Instant::now();
            if let Some(pid) = child.id() {
                let servers = descendants(pid);
                let server = servers.last().copied().unwrap_or(pid);
                signal(server, rustix::process::Signal::TERM);
            }
            let status = tokio::time::timeout(STOP_LIMIT, child.wait())
                .await
                .map_err(|_| Trouble::broke("the server does not stop within a minute"))??;
            match (status.code(), status.signal()) {
                (Some(0), _) => Ok(started.elapsed()),
                (code, signal) => Err(Trouble::broke(format!(
                    "the server ended with code {code:?}, signal {signal:?} when asked to stop"
                ))),
            }
        }
        .boxed()
    }

    fn start(&self) -> Outcome<'_, Duration> {
        async move {
            let started = Instant::now();
            self.spawn()?;
            let client = chassis::check::client()?;
            let ready = format!("{}/readyz", self.base());
            loop {
                let asked = client.get(&ready).timeout(Duration::from_secs(2));
                if let Ok(answer) = asked.send().await
                    && answer.status() == 200
                {
                    return Ok(started.elapsed());
                }
                if self.has_ended() {
                    return Err(Trouble::broke(format!(
                        "the instance ended before it was ready: {}",
                        last_lines(&self.log())
                    )));
                }
                if started.elapsed() > PATIENCE {
                    return Err(Trouble::broke(format!(
                        "the instance was not ready within a minute: {}",
                        last_lines(&self.log())
                    )));
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
        .boxed()
    }

    fn run<'a>(&'a self, arguments: &'a [&'a str], input: &'a str) -> Outcome<'a, String> {
        async move {
            let mut command = self.command(&[]);
            command.args(arguments).arg("--data").arg(self.data());
            printed(command, arguments, input).await
        }
        .boxed()
    }

    fn tool<'a>(&'a self, arguments: &'a [&'a str]) -> Outcome<'a, String> {
        async move {
            let mut command = self.command(&[]);
            command.args(arguments);
            printed(command, arguments, "").await
        }
        .boxed()
    }
}

/// What a command printed, where it succeeded.
async fn printed(command: Command, arguments: &[&str], input: &str) -> Result<String, Trouble> {
    let output = program::output(command, input, COMMAND_LIMIT).await?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(Trouble::broke(format!(
        "`aplomb {}` failed: {}",
        arguments.join(" "),
        last_lines(&output.stderr)
    )))
}

impl Drop for Process {
    fn drop(&mut self) {
        // A program that started the server takes it along only if the server is killed by name.
        if let Some(child) = self.take_child()
            && let Some(pid) = child.id()
        {
            for pid in descendants(pid) {
                signal(pid, rustix::process::Signal::KILL);
            }
        }
    }
}

/// The environment's name of a key.
fn variable(key: &str) -> String {
    format!("APLOMB_{}", key.replace('.', "__").to_uppercase())
}

fn last_lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().rev().take(5).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
}

fn signal(pid: u32, signal: rustix::process::Signal) {
    if let Some(pid) = i32::try_from(pid)
        .ok()
        .and_then(rustix::process::Pid::from_raw)
    {
        // It may be gone already.
        let _ = rustix::process::kill_process(pid, signal);
    }
}

/// A process and those below it, parents first (Linux).
pub(crate) fn descendants(pid: u32) -> Vec<u32> {
    let mut found = vec![pid];
    let mut at = 0;
    while let Some(parent) = found.get(at) {
        let tasks = format!("/proc/{parent}/task");
        for task in std::fs::read_dir(tasks).into_iter().flatten().flatten() {
            let children = std::fs::read_to_string(task.path().join("children"));
            found.extend(
                children
                    .unwrap_or_default()
                    .split_whitespace()
                    .filter_map(|pid| pid.parse::<u32>().ok()),
            );
        }
        at += 1;
    }
    found
}
