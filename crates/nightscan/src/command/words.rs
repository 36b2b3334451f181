//! What the command says, in the person's language.

use chassis::i18n::{Arguments, Catalogue, Language};
use chassis::service::{CommandFault, Terminal};

/// The house's messages in one language. It is copied, so that the terminal can be written on meanwhile.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    catalogue: &'a Catalogue,
    language: Language,
}

impl<'a> Words<'a> {
    /// Those of a terminal.
    pub(super) fn of(terminal: &Terminal<'a>) -> Self {
        Self {
            catalogue: terminal.catalogue,
            language: terminal.language,
        }
    }

    /// The message `nightscan.command.<key>`.
    pub(super) fn say(&self, key: &str, arguments: Arguments) -> String {
        let key = format!("nightscan.command.{key}");
        self.catalogue.text(self.language, &key, &arguments)
    }

    /// The same as the reason for exit code 2.
    pub(super) fn usage(&self, key: &str, arguments: Arguments) -> CommandFault {
        CommandFault::Usage(self.say(key, arguments))
    }

    /// The same as the reason for exit code 1.
    pub(super) fn failed(&self, key: &str, arguments: Arguments) -> CommandFault {
        CommandFault::Failed(self.say(key, arguments))
    }

    /// A file that could not be read.
    pub(super) fn not_read(&self, path: &std::path::Path, cause: impl ToString) -> CommandFault {
        self.failed("not_read", named(path, cause))
    }

    /// A file that could not be written.
    pub(super) fn not_written(&self, path: &std::path::Path, cause: impl ToString) -> CommandFault {
        self.failed("not_written", named(path, cause))
    }
}

fn named(path: &std::path::Path, cause: impl ToString) -> Arguments {
    vec![
        ("path", path.display().to_string()),
        ("cause", cause.to_string()),
    ]
}

/// A line for the person. That nobody reads it changes nothing.
pub(super) fn note(terminal: &mut Terminal<'_>, line: &str) {
    let _ = writeln!(terminal.notes, "{line}");
}

/// The answer, for people and pipes.
pub(super) fn answer(terminal: &mut Terminal<'_>, text: &str) -> Result<(), CommandFault> {
    let written = terminal
        .output
        .write_all(text.as_bytes())
        .and_then(|()| terminal.output.flush());
    match written {
        // The reader has what it wanted (`… | head`).
        Err(fault) if fault.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        Err(fault) => Err(CommandFault::Failed(fault.to_string())),
        Ok(()) => Ok(()),
    }
}
