//! Records that are kept: one file each in `DATA/proof`, named by the moment at which the run began.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use chassis::check::{Evidence, Origin, Verdict};

use super::{Report, seal};

/// So many records are kept, the newest.
pub const MOST_RECORDS: usize = 200;
/// Larger than any record that is written here.
const MOST_RECORD_BYTES: u64 = 64 * 1024 * 1024;

/// A folder of records.
#[derive(Clone, Debug)]
pub struct History {
    folder: PathBuf,
}

/// Why a record cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum HistoryFault {
    /// No record has such a name: `2026-11-21T15-16-27-123Z`.
    #[error("`{0}` is not the name of a record")]
    Name(String),
    /// The file cannot be read.
    #[error("{0}")]
    File(#[from] io::Error),
    /// It is no record.
    #[error("not the record of a proof: {0}")]
    Record(#[from] serde_json::Error),
}

impl History {
    /// The records of a data folder.
    pub fn of(data: &Path) -> Self {
        Self {
            folder: data.join("proof"),
        }
    }

    /// Where the key of this data folder is.
    pub fn key(&self) -> PathBuf {
        self.folder.join("key")
    }

    /// Keeps a record, whole or not at all, and lets the oldest go beyond [`MOST_RECORDS`]. Gives its file.
    pub fn save(&self, report: &Report) -> Result<PathBuf, HistoryFault> {
        let id = id_of(&report.started_at);
        let file = self.file(&id)?;
        seal::make_folder(&self.folder)?;
        let text = serde_json::to_string_pretty(report)? + "\n";
        let mut whole = tempfile::Builder::new()
            .prefix(".record-")
            .tempfile_in(&self.folder)?;
        whole.write_all(text.as_bytes())?;
        whole.as_file().sync_all()?;
        whole.persist(&file).map_err(|fault| fault.error)?;
        for old in self.list()?.into_iter().skip(MOST_RECORDS) {
            fs::remove_file(self.file(&old)?)?;
        }
        Ok(file)
    }

    /// The ids of all records, the newest first. Other files of the folder are passed over.
    pub fn list(&self) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(fault) => return Err(fault),
        };
        let mut ids = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(".json"));
            ids.extend(id.filter(|id| is_id(id)).map(str::to_owned));
        }
        ids.sort_unstable_by(|left, right| right.cmp(left));
        Ok(ids)
    }

    /// A record, by its id.
    pub fn read(&self, id: &str) -> Result<Report, HistoryFault> {
        Ok(serde_json::from_str(&self.text(id)?)?)
    }

    /// A record's text as it was signed.
    pub fn text(&self, id: &str) -> Result<String, HistoryFault> {
        let file = self.file(id)?;
        let about = fs::symlink_metadata(&file)?;
        // A link would lead out of the folder.
        if !about.is_file() || about.len() > MOST_RECORD_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "no file of a record").into());
        }
        Ok(fs::read_to_string(file)?)
    }

    /// The newest evidence of each check that ran on the same binary with the same configuration. Too old evidence is among it: it has to
    /// be seen that a drill is due. Records that cannot be read or whose signature does not hold are passed over.
    pub fn newest_evidence(&self, origin: &Origin) -> Vec<Evidence> {
        let mut newest: BTreeMap<String, Evidence> = BTreeMap::new();
        for id in self.list().unwrap_or_default() {
            let Ok(text) = self.text(&id) else { continue };
            let Ok(report) = serde_json::from_str::<Report>(&text) else {
                continue;
            };
            let holds = || seal::verify(&text, None, report.moment()).is_ok();
            if !is_same(&report.origin, origin) || (report.signature.is_some() && !holds()) {
                continue;
            }
            for one in report.evidence {
                let is_newer = newest
                    .get(&one.id)
                    .is_none_or(|known| known.ended_at < one.ended_at);
                let was_run = one.verdict != Verdict::Skipped;
                if was_run && is_newer && is_same(&one.origin, origin) {
                    newest.insert(one.id.clone(), one);
                }
            }
        }
        newest.into_values().collect()
    }

    fn file(&self, id: &str) -> Result<PathBuf, HistoryFault> {
        if is_id(id) {
            Ok(self.folder.join(format!("{id}.json")))
        } else {
            Err(HistoryFault::Name(id.chars().take(80).collect()))
        }
    }
}

/// Whether evidence of the one says something about the other. The host may differ in name after a restart of a container.
fn is_same(left: &Origin, right: &Origin) -> bool {
    let of = |origin: &Origin| {
        let reach = origin.target.split(' ').next().unwrap_or_default();
        // On an own instance, evidence is evidence of the binary; a system elsewhere is known by its address alone.
        let address = if reach == "foreign" {
            &origin.target
        } else {
            ""
        };
        (
            origin.binary.clone(),
            origin.configuration.clone(),
            address.to_owned(),
        )
    };
    of(left) == of(right)
}

/// The id of a record that began at a moment: `2026-11-21T15:16:27.123Z` without what some file systems refuse.
pub fn id_of(started_at: &str) -> String {
    started_at.replace([':', '.'], "-")
}

/// `2026-11-21T15-16-27-123Z`, and nothing else: a name comes from an address or a folder, and must not lead anywhere.
fn is_id(id: &str) -> bool {
    const FORM: &[u8] = b"0000-00-00T00-00-00-000Z";
    let fits = |(byte, form): (&u8, &u8)| match form {
        b'0' => byte.is_ascii_digit(),
        _ => byte == form,
    };
    id.len() == FORM.len() && id.as_bytes().iter().zip(FORM).all(fits)
}
