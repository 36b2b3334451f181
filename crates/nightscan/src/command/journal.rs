//! What was analysed already, so that a run that was killed goes on where it was.
//!
//! One line of JSON a recording, appended when it is done: a kill costs the recordings that were being heard, and a line that was
//! half written is taken off at the next start. All other files are made from these lines.

use std::collections::{BTreeMap, HashMap};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chassis::service::CommandFault;
use serde::{Deserialize, Serialize};

use super::walk::Found;
use super::words::Words;
use crate::analysis::{Analysis, Fault, Settings};

/// Its name in the folder of results.
pub(super) const NAME: &str = "journal.ndjson";
/// Of the lines below; another one is not read.
const VERSION: u32 = 1;
/// A loss of power costs no more than this.
const SYNC_EVERY: Duration = Duration::from_secs(2);

/// What all lines have in common. Results of other settings or another model do not belong beside them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Head {
    journal: u32,
    /// Name and hash of the model.
    pub(super) model: String,
    /// How it listened.
    pub(super) settings: Settings,
}

impl Head {
    /// Of a run that begins.
    pub(super) fn new(model: &str, settings: &Settings) -> Self {
        Self {
            journal: VERSION,
            model: model.to_owned(),
            settings: settings.clone(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Line {
    path: String,
    size_bytes: u64,
    modified_ms: u64,
    #[serde(flatten)]
    outcome: Outcome,
}

/// What became of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// It was heard.
    Heard(Box<Analysis>),
    /// It could not be, and this is why.
    Skipped {
        /// `Fault::code`.
        code: String,
        /// In words.
        cause: String,
    },
}

impl Outcome {
    /// Of a recording that could not be heard.
    pub(super) fn skipped(fault: &Fault) -> Self {
        Self::Skipped {
            code: fault.code().to_owned(),
            cause: fault.to_string(),
        }
    }
}

/// Why there is no journal.
#[derive(Debug)]
pub(super) enum JournalFault {
    /// The folder could not be read or written.
    Io(io::Error),
    /// Another run is at work in the folder.
    Busy,
    /// The folder holds results of other settings or another model.
    Different(Box<Head>),
    /// What stands there is no journal of this program.
    Foreign,
}

impl From<io::Error> for JournalFault {
    fn from(cause: io::Error) -> Self {
        Self::Io(cause)
    }
}

impl JournalFault {
    /// In words, with the way out.
    pub(super) fn said(self, folder: &Path, words: Words<'_>) -> CommandFault {
        let mut named = vec![("out", folder.display().to_string())];
        match self {
            Self::Io(cause) => words.not_written(&folder.join(NAME), cause),
            Self::Busy => words.failed("busy", named),
            Self::Foreign => words.usage("foreign_journal", named),
            Self::Different(there) => {
                named.push(("model", there.model));
                words.usage("other_settings", named)
            }
        }
    }
}

/// The open journal. While it is open no other run can have it.
pub(super) struct Journal {
    file: File,
    synced: Instant,
    lines: HashMap<String, Line>,
}

impl Journal {
    /// Opens the journal of a folder, or begins one. `afresh` forgets what it holds.
    pub(super) fn open(folder: &Path, head: &Head, afresh: bool) -> Result<Self, JournalFault> {
        std::fs::create_dir_all(folder)?;
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .open(folder.join(NAME))?;
        file.try_lock().map_err(|fault| match fault {
            TryLockError::WouldBlock => JournalFault::Busy,
            TryLockError::Error(cause) => JournalFault::Io(cause),
        })?;
        if afresh {
            file.set_len(0)?;
        }
        let (lines, whole_bytes) = read(&mut file, head)?;
        file.set_len(whole_bytes)?;
        file.seek(SeekFrom::Start(whole_bytes))?;
        let mut journal = Self {
            file,
            synced: Instant::now(),
            lines,
        };
        if whole_bytes == 0 {
            journal.append(head)?;
        }
        Ok(journal)
    }

    /// What became of a recording, if it was heard and has not changed since.
    pub(super) fn outcome(&self, found: &Found) -> Option<&Outcome> {
        let line = self.lines.get(found.absolute.to_string_lossy().as_ref())?;
        let is_same = line.size_bytes == found.size_bytes && line.modified_ms == found.modified_ms;
        is_same.then_some(&line.outcome)
    }

    /// Notes what became of a recording.
    pub(super) fn add(&mut self, found: &Found, outcome: Outcome) -> io::Result<()> {
        let line = Line {
            path: found.absolute.to_string_lossy().into_owned(),
            size_bytes: found.size_bytes,
            modified_ms: found.modified_ms,
            outcome,
        };
        self.append(&line)?;
        self.lines.insert(line.path.clone(), line);
        Ok(())
    }

    /// Makes sure that a loss of power takes nothing away.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        self.synced = Instant::now();
        Ok(())
    }

    fn append(&mut self, line: &impl Serialize) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        // In one piece: what a kill leaves is a whole line or a part without its end.
        self.file.write_all(&bytes)?;
        if self.synced.elapsed() >= SYNC_EVERY {
            self.sync()?;
        }
        Ok(())
    }
}

/// The recordings that a folder's journal tells of, by path. Another run may be adding to it.
pub(super) fn heard(folder: &Path) -> io::Result<BTreeMap<PathBuf, Analysis>> {
    let text = std::fs::read_to_string(folder.join(NAME))?;
    let mut heard = BTreeMap::new();
    for line in text
        .split_inclusive('\n')
        .skip(1)
        .filter(|line| line.ends_with('\n'))
    {
        let line: Line = serde_json::from_str(line)?;
        match line.outcome {
            Outcome::Heard(analysis) => heard.insert(line.path.into(), *analysis),
            Outcome::Skipped { .. } => heard.remove(Path::new(&line.path)),
        };
    }
    Ok(heard)
}

/// The lines, and how many bytes of the file are whole.
fn read(file: &mut File, head: &Head) -> Result<(HashMap<String, Line>, u64), JournalFault> {
    file.seek(SeekFrom::Start(0))?;
    let mut reader = BufReader::new(&*file);
    let mut lines = HashMap::new();
    let mut whole_bytes = 0;
    let mut text = Vec::new();
    loop {
        text.clear();
        let length = reader.read_until(b'\n', &mut text)? as u64;
        if text.last() != Some(&b'\n') {
            return Ok((lines, whole_bytes));
        }
        if whole_bytes == 0 {
            let there: Head = serde_json::from_slice(&text).map_err(|_| JournalFault::Foreign)?;
            if there != *head {
                return Err(JournalFault::Different(Box::new(there)));
            }
        } else {
            let Ok(line) = serde_json::from_slice::<Line>(&text) else {
                // A disk that lost power may leave zeros: what comes behind is heard again.
                return Ok((lines, whole_bytes));
            };
            lines.insert(line.path.clone(), line);
        }
        whole_bytes += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str) -> Found {
        Found {
            path: PathBuf::from(name),
            absolute: PathBuf::from("/night").join(name),
            place: PathBuf::from(name),
            size_bytes: 7,
            modified_ms: 1,
        }
    }

    fn skipped(cause: &str) -> Outcome {
        Outcome::Skipped {
            code: "empty".to_owned(),
            cause: cause.to_owned(),
        }
    }

    fn head() -> Head {
        Head::new("model", &Settings::default())
    }

    #[test]
    fn a_half_written_line_is_taken_off_and_the_rest_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path(), &head(), false).unwrap();
        for name in ["a", "b"] {
            journal.add(&found(name), skipped(name)).unwrap();
        }
        drop(journal);
        let path = folder.path().join(NAME);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 5]).unwrap();

        let mut journal = Journal::open(folder.path(), &head(), false).unwrap();
        assert_eq!(journal.outcome(&found("a")), Some(&skipped("a")));
        assert_eq!(journal.outcome(&found("b")), None);
        journal.add(&found("b"), skipped("b")).unwrap();
        drop(journal);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }

    #[test]
    fn a_recording_that_changed_is_heard_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path(), &head(), false).unwrap();
        journal.add(&found("a"), skipped("a")).unwrap();
        let changed = Found {
            size_bytes: 8,
            ..found("a")
        };
        assert_eq!(journal.outcome(&changed), None);
    }

    #[test]
    fn other_settings_another_run_and_other_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path(), &head(), false).unwrap();
        let busy = Journal::open(folder.path(), &head(), false);
        assert!(matches!(busy, Err(JournalFault::Busy)));
        drop(journal);
        let other = Head::new("another", &Settings::default());
        let different = Journal::open(folder.path(), &other, false);
        assert!(matches!(different, Err(JournalFault::Different(there)) if *there == head()));
        assert!(Journal::open(folder.path(), &other, true).is_ok());
        std::fs::write(folder.path().join(NAME), "a shopping list\n").unwrap();
        let foreign = Journal::open(folder.path(), &head(), false);
        assert!(matches!(foreign, Err(JournalFault::Foreign)));
    }
}
