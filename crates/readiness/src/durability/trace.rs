//! What strace notes of syncs: `PID SECONDS fdatasync(9</path>) = 0 <0.000123>`, or the same in two lines where another thread called
//! something meanwhile.

use std::collections::HashMap;

/// One call, in seconds of the wall clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sync {
    pub(crate) began: f64,
    pub(crate) ended: f64,
    pub(crate) succeeded: bool,
}

/// Syncs of files whose name begins like this: `aplomb.db` and its log `aplomb.db-wal`.
pub(crate) fn syncs(noted: &str, name: &str) -> Vec<Sync> {
    let mut begun = HashMap::new();
    let mut found = Vec::new();
    for line in noted.lines() {
        // The first columns are padded.
        let Some((pid, rest)) = line.trim_start().split_once(' ') else {
            continue;
        };
        let Some((time, call)) = rest.trim_start().split_once(' ') else {
            continue;
        };
        let Ok(time) = time.parse::<f64>() else {
            continue;
        };
        let call = call.trim_start();
        if call.starts_with("<... ") {
            if let Some(began) = begun.remove(pid) {
                found.push(ended(began, time, call));
            }
        } else if is_of(call, name) {
            if call.ends_with("<unfinished ...>") {
                begun.insert(pid, time);
            } else {
                found.push(ended(time, time, call));
            }
        }
    }
    found
}

/// A call whose line with its result was noted; a call of one line is noted with the time of its begin.
fn ended(began: f64, noted: f64, call: &str) -> Sync {
    let took = call
        .rsplit_once('<')
        .and_then(|(_, rest)| rest.strip_suffix('>'));
    let took: f64 = took.and_then(|took| took.parse().ok()).unwrap_or_default();
    Sync {
        began,
        ended: noted.max(began + took),
        succeeded: call.contains("= 0"),
    }
}

fn is_of(call: &str, name: &str) -> bool {
    let is_sync = call.starts_with("fdatasync(") || call.starts_with("fsync(");
    let path = call
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'));
    let file = path.and_then(|(path, _)| path.rsplit('/').next());
    is_sync && file.is_some_and(|file| file.starts_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syncs_of_the_database_are_read_from_whole_and_from_broken_lines() {
        let noted = "\
            77    100.000100 fdatasync(9</d/aplomb.db-wal>) = 0 <0.000200>\n\
            78 100.100000 fdatasync(9</d/aplomb.db-wal> <unfinished ...>\n\
            79 100.110000 fsync(12</d/uploads/a.part>) = 0 <0.010000>\n\
            78 100.150000 <... fdatasync resumed>) = 0 <0.050000>\n\
            77 100.200000 fsync(9</d/aplomb.db>) = -1 EIO (Input/output error) <0.000200>\n";
        let found = syncs(noted, "aplomb.db");
        assert_eq!(found.len(), 3);
        assert!((found[0].ended - 100.000_300).abs() < 1e-6);
        assert!((found[1].began - 100.1).abs() < 1e-6 && (found[1].ended - 100.15).abs() < 1e-6);
        let succeeded: Vec<_> = found.iter().map(|sync| sync.succeeded).collect();
        assert_eq!(succeeded, [true, true, false]);
    }
}
