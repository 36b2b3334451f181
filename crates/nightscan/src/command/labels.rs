//! Labelled clips: a table with the columns `file` and `class`, or a folder with one folder a class.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chassis::service::CommandFault;

use super::table::{Table, TableFault};
use super::walk;
use super::words::Words;

/// A clip and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clip {
    /// Where it is.
    pub(super) path: PathBuf,
    /// The class.
    pub(super) class: String,
    /// A finer name within the class, where the table has one.
    pub(super) label: Option<String>,
    /// The part that it is in when parts are held out in turn.
    pub(super) fold: Option<String>,
    /// The recording that it was cut from: clips of one recording are never in two parts.
    pub(super) source: String,
    /// The licence that its author gave it.
    pub(super) licence: Option<String>,
}

/// Reads the clips of a table or a folder, and holds them to the options `--fold` and `--class`.
pub(super) fn read(path: &Path, words: Words<'_>) -> Result<Vec<Clip>, CommandFault> {
    let clips = if path.is_dir() {
        of_folder(path, words)?
    } else {
        of_table(path).map_err(|fault| table_fault(path, fault, words))?
    };
    if clips.is_empty() {
        return Err(words.usage("no_clips", vec![("path", path.display().to_string())]));
    }
    Ok(clips)
}

/// The classes of these clips, in the order of their names.
pub(super) fn classes(clips: &[Clip]) -> Vec<String> {
    let names: BTreeSet<_> = clips.iter().map(|clip| clip.class.clone()).collect();
    names.into_iter().collect()
}

fn of_table(path: &Path) -> Result<Vec<Clip>, TableFault> {
    let table = Table::open(path)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let (file, class) = (table.column("file")?, table.column("class")?);
    let optional = ["label", "fold", "source", "licence"].map(|name| table.optional(name));
    let clip = |row: &Vec<String>| {
        let [label, fold, source, licence] = optional.map(|column| {
            column
                .map(|column| row[column].trim().to_owned())
                .filter(|cell| !cell.is_empty())
        });
        Clip {
            path: folder.join(row[file].trim()),
            class: row[class].trim().to_owned(),
            label,
            fold,
            source: source.unwrap_or_else(|| row[file].clone()),
            licence,
        }
    };
    Ok(table.rows().iter().map(clip).collect())
}

fn of_folder(folder: &Path, words: Words<'_>) -> Result<Vec<Clip>, CommandFault> {
    let found = walk::recordings(&[folder.to_owned()])
        .map_err(|fault| words.not_read(&fault.path, &fault.cause))?;
    let clip = |one: walk::Found| {
        // `place` is folder/class/…/clip.wav; what lies beside the classes has none.
        let mut parts = one.place.iter().skip(1);
        let class = parts.next()?.to_string_lossy().into_owned();
        parts.next()?;
        Some(Clip {
            source: one.place.to_string_lossy().into_owned(),
            path: one.path,
            class,
            label: None,
            fold: None,
            licence: None,
        })
    };
    Ok(found.into_iter().filter_map(clip).collect())
}

/// A table's fault in words.
pub(super) fn table_fault(path: &Path, fault: TableFault, words: Words<'_>) -> CommandFault {
    let shown = path.display().to_string();
    let mut named = vec![("path", shown)];
    match fault {
        TableFault::Read(cause) => words.not_read(path, cause),
        TableFault::Empty => words.usage("table_empty", named),
        TableFault::NoColumn { wanted, columns } => {
            named.extend([("wanted", wanted.to_owned()), ("columns", columns)]);
            words.usage("table_column", named)
        }
        TableFault::Ragged { line } => {
            named.push(("line", line.to_string()));
            words.usage("table_ragged", named)
        }
        TableFault::NotANumber { line, cell } => {
            named.extend([("line", line.to_string()), ("cell", cell)]);
            words.usage("table_number", named)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_names_clips_below_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.csv");
        std::fs::write(
            &path,
            "file,label,class,fold\nx/a.ogg,frog,amphibians,2\nb.ogg,,birds,\n",
        )
        .unwrap();
        let clips = of_table(&path).unwrap();
        assert_eq!(clips[0].path, folder.path().join("x/a.ogg"));
        assert_eq!(clips[0].fold.as_deref(), Some("2"));
        assert_eq!(clips[0].source, "x/a.ogg");
        assert_eq!(
            (clips[1].label.as_ref(), clips[1].fold.as_ref()),
            (None, None)
        );
        assert_eq!(classes(&clips), ["amphibians", "birds"]);
    }
}
