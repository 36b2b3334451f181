//! A PostgreSQL of a test's own, which it may stop and start.

#![expect(clippy::disallowed_methods, reason = "a test spawns and kills its own")]

use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

/// A server in a folder of its own; stopped when dropped.
pub(crate) struct OwnPostgres {
    programs: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
    /// Under which account it runs: the server refuses root.
    account: Option<Account>,
}

struct Account {
    name: String,
    user: u32,
    group: u32,
}

impl OwnPostgres {
    /// None, and a line that says so once, where PostgreSQL is not installed.
    pub(crate) fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            static SAID: Once = Once::new();
            let line = b"skipped: the tests that stop a PostgreSQL (it is not installed)\n";
            // Not `println`, which the test harness swallows.
            SAID.call_once(|| std::io::stderr().write_all(line).unwrap());
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let is_root = std::fs::metadata(folder.path()).unwrap().uid() == 0;
        let account = is_root.then(account);
        if let Some(account) = &account {
            let (user, group) = (Some(account.user), Some(account.group));
            std::os::unix::fs::chown(folder.path(), user, group).unwrap();
        }
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let own = Self {
            programs,
            folder,
            port,
            account,
        };
        own.run(
            "initdb",
            &["--username=aplomb", "--auth=trust", "--no-sync"],
        );
        own.start_again();
        Some(own)
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://aplomb@127.0.0.1:{}/postgres", self.port)
    }

    /// As in a crash: nothing is finished, sessions are cut off.
    pub(crate) fn stop(&self) {
        self.run(
            "pg_ctl",
            &["stop", "--wait", "--silent", "--mode=immediate"],
        );
    }

    pub(crate) fn start_again(&self) {
        let options = format!(
            "--options=-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories= -c fsync=off",
            self.port
        );
        let log = format!("--log={}", self.folder.path().join("log").display());
        self.run("pg_ctl", &["start", "--wait", "--silent", &log, &options]);
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let done = self.command(program, arguments).output().unwrap();
        assert!(done.status.success(), "{program}: {done:?}");
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let path = self.programs.join(program);
        let mut command = match &self.account {
            None => Command::new(path),
            Some(account) => {
                let mut command = Command::new("runuser");
                command.args(["-u", &account.name, "--"]).arg(path);
                command
            }
        };
        let data = format!("--pgdata={}", self.folder.path().join("data").display());
        // The account may not be allowed to read the folder that we stand in. A pipe would be held open by the server.
        command.current_dir("/").args(arguments).arg(data);
        command.stdout(std::process::Stdio::null());
        command.stderr(std::process::Stdio::null());
        command
    }
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        let stop = ["stop", "--wait", "--silent", "--mode=immediate"];
        // It may be stopped already.
        let _ = self.command("pg_ctl", &stop).status();
    }
}

/// The folder of the newest server's programs.
fn programs() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    versions.sort_by_key(|path| path.file_name()?.to_str()?.parse::<u32>().ok());
    versions
        .into_iter()
        .rev()
        .map(|version| version.join("bin"))
        .find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}

/// The account that its package made, or the one that owns nothing.
fn account() -> Account {
    let accounts = std::fs::read_to_string(Path::new("/etc/passwd")).unwrap();
    let find = |name: &str| {
        let line = accounts
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line.split(':').skip(2).map(|field| field.parse().ok());
        Some(Account {
            name: name.to_owned(),
            user: numbers.next()??,
            group: numbers.next()??,
        })
    };
    find("postgres")
        .or_else(|| find("nobody"))
        .expect("an account for the server")
}
