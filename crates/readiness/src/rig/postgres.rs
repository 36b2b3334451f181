//! A private PostgreSQL for a drill, in a folder of its own. It refuses to run as root: as root it is handed to the account of its
//! package.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use chassis::check::Trouble;
use chassis::program;
use tempfile::TempDir;
use tokio::process::{Child, Command};

const PATIENCE: Duration = Duration::from_mins(1);
/// Accounts that the server may run as when the drill runs as root.
const ACCOUNTS: [&str; 2] = ["postgres", "nobody"];

/// A server; killed, and its folder removed, when dropped.
pub(crate) struct Postgres {
    bin: PathBuf,
    folder: TempDir,
    port: u16,
    password: String,
    child: Mutex<Option<Child>>,
}

/// Starts one. Not verifiable where it is not installed, or where no account can be found that it runs as.
pub(crate) async fn start() -> Result<Postgres, Trouble> {
    let bin = programs().ok_or_else(missing)?;
    let folder = tempfile::Builder::new()
        .prefix("aplomb-postgres-")
        .tempdir_in("/tmp")?;
    // The account of the server goes in, to a folder that is its own.
    let open = std::fs::Permissions::from_mode(0o711);
    std::fs::set_permissions(folder.path(), open)?;
    let postgres = Postgres {
        bin,
        folder,
        // Taken and given back: free at this moment.
        port: TcpListener::bind("127.0.0.1:0")?.local_addr()?.port(),
        password: password()?,
        child: Mutex::default(),
    };
    postgres.make().await?;
    postgres.start().await?;
    Ok(postgres)
}

impl Postgres {
    /// Its address as seen through a port of this machine.
    pub(crate) fn url_through(&self, port: u16) -> String {
        let password = &self.password;
        format!("postgres://aplomb:{password}@127.0.0.1:{port}/postgres")
    }

    /// Its port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Starts it again on the same data, and waits until it takes connections.
    pub(crate) async fn start(&self) -> Result<(), Trouble> {
        let mut command = self.command("postgres")?;
        let port = format!("port={}", self.port);
        command.arg("-D").arg(self.data());
        for setting in [
            "listen_addresses=127.0.0.1",
            &port,
            "unix_socket_directories=",
            "fsync=off",
        ] {
            command.args(["-c", setting]);
        }
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.map_err(|_| missing())?;
        *self.child() = Some(child);
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            // Its last step before it takes connections is to note so in this file.
            let state = std::fs::read_to_string(self.data().join("postmaster.pid"));
            if state.is_ok_and(|state| state.lines().any(|line| line.trim() == "ready")) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err(Trouble::broke("the private PostgreSQL does not start"))
    }

    /// Ends it as a crash does, without a word to its clients.
    pub(crate) async fn kill(&self) -> Result<(), Trouble> {
        let child = self.child().take();
        if let Some(mut child) = child {
            self.end(rustix::process::Signal::QUIT);
            let ended = tokio::time::timeout(Duration::from_secs(20), child.wait()).await;
            if ended.is_err() {
                child.kill().await?;
            }
            let _ = std::fs::remove_file(self.data().join("postmaster.pid"));
        }
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn child(&self) -> std::sync::MutexGuard<'_, Option<Child>> {
        self.child
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The server itself, which may be a child of the program that changes the account.
    fn end(&self, signal: rustix::process::Signal) {
        let file = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        let pid = file
            .lines()
            .next()
            .and_then(|line| line.trim().parse().ok());
        if let Some(pid) = pid.and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, signal);
        }
    }

    async fn make(&self) -> Result<(), Trouble> {
        let password = self.folder.path().join("password");
        std::fs::write(&password, &self.password)?;
        if let Some(account) = account()? {
            std::fs::create_dir(self.data())?;
            for path in [self.data(), password.clone()] {
                give_to(&path, account.id)?;
            }
        }
        let mut command = self.command("initdb")?;
        command.arg("-D").arg(self.data()).arg("--pwfile");
        command.arg(&password);
        command.args(["-U", "aplomb", "-A", "scram-sha-256", "-E", "UTF8"]);
        command.args(["--locale=C.UTF-8", "--no-sync"]);
        let made = program::output(command, "", PATIENCE).await?;
        if !made.status.success() {
            let why: String = made.stderr.chars().take(300).collect();
            return Err(Trouble::not_verifiable(
                format!("initdb of PostgreSQL fails here: {why}"),
                format!("initdb de PostgreSQL échoue ici : {why}"),
            ));
        }
        Ok(())
    }

    /// A program of the server, run as the account that may.
    fn command(&self, name: &str) -> Result<Command, Trouble> {
        let program = self.bin.join(name);
        let mut command = match account()? {
            None => program::command(program),
            Some(account) => {
                let mut command = program::command("setpriv");
                let id = account.id.to_string();
                command.args(["--reuid", &id, "--regid", &id, "--clear-groups"]);
                command.arg(program);
                command
            }
        };
        // From a folder that every account may read.
        command.current_dir("/").env("LC_ALL", "C");
        Ok(command)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let child = self.child().take();
        if let Some(mut child) = child {
            self.end(rustix::process::Signal::QUIT);
            // Killed outright it would leave a piece of shared memory behind.
            for _ in 0..200 {
                if !matches!(child.try_wait(), Ok(None)) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }
}

struct Account {
    id: u32,
}

/// The account to run as; none where we are no root.
fn account() -> Result<Option<Account>, Trouble> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let all = std::fs::read_to_string("/etc/passwd")?;
    let id = |name: &str| {
        let line = all
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.split(':').nth(1)?.parse().ok()
    };
    let found = ACCOUNTS.into_iter().find_map(id);
    let Some(id) = found else {
        return Err(Trouble::not_verifiable(
            "PostgreSQL does not run as root, and there is no account postgres or nobody: run the proof as another user",
            "PostgreSQL refuse de tourner en root, et il n’y a pas de compte postgres ni nobody : lancez l’épreuve sous un autre compte",
        ));
    };
    Ok(Some(Account { id }))
}

fn give_to(path: &Path, id: u32) -> Result<(), Trouble> {
    std::os::unix::fs::chown(path, Some(id), Some(id))?;
    Ok(())
}

/// The folder of its programs: of Debian's packages the newest, or one on PATH.
fn programs() -> Option<PathBuf> {
    let packaged = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let mut folders: Vec<_> = packaged
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter(|folder| folder.join("initdb").is_file())
        .collect();
    folders.sort();
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let has_both = |folder: &PathBuf| {
        ["postgres", "initdb"]
            .iter()
            .all(|name| folder.join(name).is_file())
    };
    folders
        .pop()
        .or_else(|| std::env::split_paths(&on_path).find(has_both))
}

fn missing() -> Trouble {
    Trouble::not_verifiable(
        "PostgreSQL is not installed, or as root setpriv is not (Debian: apt install postgresql util-linux)",
        "PostgreSQL n’est pas installé, ou setpriv en root (Debian : apt install postgresql util-linux)",
    )
}

fn password() -> Result<String, Trouble> {
    use base64::Engine as _;
    use ring::rand::SecureRandom as _;

    let mut bytes = [0; 12];
    ring::rand::SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Trouble::broke("the system gives no random bytes"))?;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}
