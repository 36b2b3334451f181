//! A private Redis for a drill: on a free port of this machine, in a folder of the drill's own, keeping nothing.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use chassis::check::Trouble;
use chassis::program;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Child;

/// A server that does not answer by then will not.
const PATIENCE: Duration = Duration::from_secs(20);
/// Ports tried: somebody else may take one between our giving it back and the server's taking it.
const ATTEMPTS: usize = 3;

/// A server; killed when dropped.
pub(crate) struct Redis {
    port: u16,
    folder: PathBuf,
    child: Mutex<Option<Child>>,
}

impl Redis {
    /// Its address: `redis://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Its port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// SIGKILL.
    pub(crate) async fn kill(&self) -> Result<(), Trouble> {
        let child = self.child().take();
        if let Some(mut child) = child {
            child.kill().await?;
        }
        Ok(())
    }

    /// Starts it again on its port, and waits until it answers.
    pub(crate) async fn start(&self) -> Result<(), Trouble> {
        let mut command = program::command("redis-server");
        command
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no", "--logfile", "", "--dir"])
            .arg(&self.folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().map_err(|_| missing())?;
        *self.child() = Some(child);
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if self.has_ended() {
                return Err(Trouble::broke("redis-server ended at its start"));
            }
            if answers(self.port).await {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err(Trouble::broke("redis-server does not answer"))
    }

    fn child(&self) -> std::sync::MutexGuard<'_, Option<Child>> {
        self.child
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn has_ended(&self) -> bool {
        self.child()
            .as_mut()
            .is_none_or(|child| !matches!(child.try_wait(), Ok(None)))
    }
}

/// Starts one that keeps its files, if any, in `folder`. Not verifiable where the program is not installed.
pub(crate) async fn start(folder: &Path) -> Result<Redis, Trouble> {
    std::fs::create_dir_all(folder)?;
    let mut last = Trouble::broke("no port was free for redis-server");
    for _ in 0..ATTEMPTS {
        let redis = Redis {
            // Taken and given back: free at this moment.
            port: TcpListener::bind("127.0.0.1:0")?.local_addr()?.port(),
            folder: folder.to_owned(),
            child: Mutex::default(),
        };
        match redis.start().await {
            Ok(()) => return Ok(redis),
            Err(trouble @ Trouble::Broke(_)) => last = trouble,
            Err(trouble) => return Err(trouble),
        }
    }
    Err(last)
}

fn missing() -> Trouble {
    Trouble::not_verifiable(
        "redis-server is not installed (Debian: apt install redis-server)",
        "redis-server n’est pas installé (Debian : apt install redis-server)",
    )
}

async fn answers(port: u16) -> bool {
    let ping = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        stream.write_all(b"PING\r\n").await.ok()?;
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).await.ok()?;
        Some(&answer == b"+PONG")
    };
    let limit = Duration::from_secs(1);
    let pong = tokio::time::timeout(limit, ping).await.ok().flatten();
    pong.unwrap_or(false)
}
