//! Instances that a drill may start, kill and look into.
//!
//! These are traits because the tests put other grounds in place: one with a faulty proxy before the server, one whose files are tampered
//! with while it is down.

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::Trouble;

/// What comes of an operation on an instance.
pub type Outcome<'a, T> = BoxFuture<'a, Result<T, Trouble>>;

/// Where instances come from.
pub trait Ground: Send + Sync {
    /// Starts a fresh instance with data of its own, and waits until it is ready.
    fn start(&self, wishes: Wishes) -> Outcome<'_, Box<dyn Instance>>;
}

/// How an instance shall differ from the configuration under proof.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Configuration keys and their values, such as `limits.anonymous_per_minute`, `0`.
    pub settings: Vec<(String, String)>,
    /// A program and its arguments that starts the server, which follow: `strace -f -o FILE`. A `{folder}` in them becomes the
    /// instance's folder.
    pub under: Vec<String>,
}

impl Wishes {
    /// None.
    pub fn none() -> Self {
        Self::default()
    }

    /// With one more setting.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl ToString) -> Self {
        self.settings.push((key.to_owned(), value.to_string()));
        self
    }

    /// Started by another program.
    #[must_use]
    pub fn under<S: Into<String>>(mut self, command: impl IntoIterator<Item = S>) -> Self {
        self.under = command.into_iter().map(Into::into).collect();
        self
    }
}

/// One server process with its folder. Killed, and its folder removed, when dropped.
pub trait Instance: Send + Sync {
    /// Where it answers: `http://127.0.0.1:PORT`. The same after a restart.
    fn base(&self) -> String;

    /// A folder of its own: `data` inside is its data folder; `log` what it wrote to standard error.
    fn folder(&self) -> &Path;

    /// Its data folder.
    fn data(&self) -> PathBuf {
        self.folder().join("data")
    }

    /// All that it logged, over all its starts.
    fn log(&self) -> String;

    /// The process, while it runs.
    fn pid(&self) -> Option<u32>;

    /// SIGKILL: nothing is said, flushed or closed.
    fn kill(&self) -> Outcome<'_, ()>;

    /// SIGTERM, and the time until it was gone.
    fn stop(&self) -> Outcome<'_, Duration>;

    /// Starts it again on the same data and port, and gives the time until it was ready.
    fn start(&self) -> Outcome<'_, Duration>;

    /// Runs the binary with these arguments and the instance's configuration, beside it: `key create …`. Gives what it printed.
    fn run<'a>(&'a self, arguments: &'a [&'a str], input: &'a str) -> Outcome<'a, String>;

    /// Runs a verb that takes no configuration, such as `luna mark …`, with these arguments and no others. Gives what it printed.
    fn tool<'a>(&'a self, arguments: &'a [&'a str]) -> Outcome<'a, String> {
        let _ = arguments;
        let reason = Trouble::not_verifiable(
            "no command of the binary can be run here",
            "aucune commande du binaire ne peut être lancée ici",
        );
        Box::pin(std::future::ready(Err(reason)))
    }
}
