//! Nothing that was acknowledged is lost.

pub(crate) mod disk_full;
pub(crate) mod kill_writes;
pub(crate) mod ledger;
pub(crate) mod queue;
pub(crate) mod restart;
pub(crate) mod sync;
mod trace;

use std::time::Duration;

use chassis::check::Trouble;
use chassis::check::ground::Instance;
use chassis::program;

/// What is wrong with the database of an instance that is down, by the program `sqlite3` of its makers; nothing where that is not
/// installed.
pub(crate) async fn database_is_sound(instance: &dyn Instance) -> Result<Option<String>, Trouble> {
    let said = asked(instance, "PRAGMA integrity_check").await?;
    let fault = said.filter(|said| said.trim() != "ok");
    Ok(fault.map(|said| format!("the database is damaged: {}", said.trim())))
}

/// What the database of an instance answers to a statement; nothing where the program `sqlite3` is not installed.
pub(crate) async fn asked(
    instance: &dyn Instance,
    statement: &str,
) -> Result<Option<String>, Trouble> {
    let mut command = program::command("sqlite3");
    command
        .arg(instance.data().join("aplomb.db"))
        .arg(statement);
    match program::output(command, "", Duration::from_mins(1)).await {
        Ok(done) if done.status.success() => Ok(Some(done.stdout)),
        Ok(done) => Ok(Some(done.stderr)),
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(fault) => Err(fault.into()),
    }
}
