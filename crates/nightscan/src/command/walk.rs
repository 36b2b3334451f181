//! The recordings below the paths that somebody names.

use std::collections::HashSet;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// What is taken from a folder. A file that is named itself is taken whatever it is called.
const EXTENSIONS: [&str; 12] = [
    "wav", "wave", "flac", "mp3", "ogg", "oga", "aif", "aiff", "aifc", "m4a", "aac", "mp4",
];
/// Deeper there is a loop, not a library of recordings.
const DEEPEST: usize = 64;

/// A recording that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Where it is, as it was named.
    pub(super) path: PathBuf,
    /// Where it is, whatever the working folder: its name in the journal.
    pub(super) absolute: PathBuf,
    /// Where it is below the path that was named, with that folder's own name: its place among the files that are written.
    pub(super) place: PathBuf,
    /// Bytes.
    pub(super) size_bytes: u64,
    /// When it was last written, in milliseconds since 1970; 0 where nobody knows.
    pub(super) modified_ms: u64,
}

/// A path that could not be read.
#[derive(Debug)]
pub(super) struct WalkFault {
    /// Which.
    pub(super) path: PathBuf,
    /// Why.
    pub(super) cause: io::Error,
}

/// All recordings below these paths, each once, in the order of their names.
pub(super) fn recordings(paths: &[PathBuf]) -> Result<Vec<Found>, WalkFault> {
    let mut found = Vec::new();
    for path in paths {
        let facts = at(path, std::fs::metadata(path))?;
        let absolute = at(path, std::fs::canonicalize(path))?;
        let base = absolute.parent().unwrap_or(&absolute).to_owned();
        if facts.is_dir() {
            folder(path, &absolute, &base, 0, &mut found)?;
        } else {
            found.push(file(path, &absolute, &base, &facts));
        }
    }
    let mut seen = HashSet::new();
    found.retain(|one| seen.insert(one.absolute.clone()));
    Ok(found)
}

fn folder(
    path: &Path,
    absolute: &Path,
    base: &Path,
    depth: usize,
    found: &mut Vec<Found>,
) -> Result<(), WalkFault> {
    if depth > DEEPEST {
        return at(path, Err(io::Error::other("folders lie too deep")));
    }
    let entries = at(path, std::fs::read_dir(path))?.collect::<Result<Vec<_>, _>>();
    let mut names: Vec<_> = at(path, entries)?
        .iter()
        .map(std::fs::DirEntry::file_name)
        .collect();
    names.sort();
    for name in names {
        // `._AUD_1.WAV` is what a Mac leaves beside a file, not a recording.
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        let (path, absolute) = (path.join(&name), absolute.join(&name));
        let Ok(facts) = std::fs::metadata(&path) else {
            // A link to nowhere, or a file that is gone since.
            continue;
        };
        if facts.is_dir() {
            folder(&path, &absolute, base, depth + 1, found)?;
        } else if facts.is_file() && is_sound(&path) {
            found.push(file(&path, &absolute, base, &facts));
        }
    }
    Ok(())
}

fn file(path: &Path, absolute: &Path, base: &Path, facts: &Metadata) -> Found {
    let modified = facts.modified().ok();
    let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Found {
        path: path.to_owned(),
        absolute: absolute.to_owned(),
        place: absolute.strip_prefix(base).unwrap_or(absolute).to_owned(),
        size_bytes: facts.len(),
        modified_ms: since.map_or(0, |since| since.as_millis() as u64),
    }
}

fn is_sound(path: &Path) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|given| {
            EXTENSIONS
                .iter()
                .any(|known| given.eq_ignore_ascii_case(known))
        })
}

fn at<T>(path: &Path, result: io::Result<T>) -> Result<T, WalkFault> {
    result.map_err(|cause| WalkFault {
        path: path.to_owned(),
        cause,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_give_their_sounds_once_and_in_order() {
        let place = tempfile::tempdir().unwrap();
        let night = place.path().join("night");
        std::fs::create_dir_all(night.join("b")).unwrap();
        for name in ["b/2.WAV", "b/1.flac", "a.ogg", "._a.ogg", "notes.txt"] {
            std::fs::write(night.join(name), b"x").unwrap();
        }
        let named = [night.clone(), night.join("a.ogg"), night.join("notes.txt")];
        let found = recordings(&named).unwrap();
        let places: Vec<_> = found
            .iter()
            .map(|one| one.place.to_string_lossy().into_owned())
            .collect();
        assert_eq!(
            places,
            [
                "night/a.ogg",
                "night/b/1.flac",
                "night/b/2.WAV",
                "notes.txt"
            ]
        );
        assert_eq!(found[0].size_bytes, 1);
    }

    #[test]
    fn what_is_not_there_is_named() {
        let fault = recordings(&["/nowhere/at/all".into()]).unwrap_err();
        assert_eq!(fault.path, Path::new("/nowhere/at/all"));
    }
}
