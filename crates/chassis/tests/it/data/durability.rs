//! Declared durability, drilled: a process is killed amid its writes, and every row it was promised is there.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use chassis::clock::SystemClock;
use chassis::config::Data;
use chassis::data::Database;

use super::place::{Place, note_migrations, notes, write_note};

/// Tells this binary, run again, that it is the process to be killed, and where its data is.
const VICTIM: &str = "APLOMB_TEST_VICTIM";

const ROUNDS: u64 = 4;

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_rows_survive_a_kill() {
    let place = Place::sqlite();
    place.open().await.close().await.unwrap();
    let mut promised = BTreeSet::new();
    for round in 0..ROUNDS {
        let acknowledged = killed_after(&place.config.folder, round);
        assert!(
            !acknowledged.is_empty(),
            "the process was killed before its first row"
        );
        promised.extend(acknowledged);

        let database = place.open().await;
        let stored: BTreeSet<String> = notes(&database).await.into_iter().collect();
        let missing: Vec<_> = promised.difference(&stored).collect();
        assert!(
            missing.is_empty(),
            "{} of {} acknowledged rows are gone: {missing:?}",
            missing.len(),
            promised.len()
        );
        database.close().await.unwrap();
    }
}

/// Starts the victim, lets it write for a random time after its first row, kills it and gives what it was promised.
fn killed_after(folder: &std::path::Path, round: u64) -> Vec<String> {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "data::durability::victim_writes_until_it_is_killed",
            "--nocapture",
        ])
        .env(VICTIM, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let mut promised = lines
        .map_while(Result::ok)
        .filter_map(|line| line.strip_prefix("promised ").map(str::to_owned));
    let mut rows = vec![promised.next().expect("a first row")];
    let random = ulid::Ulid::generate().random() % 200;
    std::thread::sleep(Duration::from_millis(20 + round + random as u64));
    // SIGKILL: nothing in the process runs after it.
    victim.kill().unwrap();
    victim.wait().unwrap();
    rows.extend(promised);
    rows
}

/// Not a test of its own: what [`killed_after`] runs. Without its variable it has nothing to do.
#[tokio::test(flavor = "multi_thread")]
async fn victim_writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(VICTIM) else {
        return;
    };
    let config = Data {
        folder: PathBuf::from(folder),
        ..Data::default()
    };
    let database = Database::open(&config, Arc::new(SystemClock))
        .await
        .unwrap();
    database.migrate(note_migrations()).await.unwrap();
    let callers = (0..8).map(|_| {
        let database = database.clone();
        tokio::spawn(async move {
            loop {
                let id = ulid::Ulid::generate().to_string();
                write_note(&database, &id).await.unwrap();
                // One call each: a line is written whole or not at all.
                std::io::stdout()
                    .write_all(format!("promised {id}\n").as_bytes())
                    .unwrap();
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        let () = caller.await.unwrap();
    }
}
