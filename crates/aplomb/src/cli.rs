//! The command line. Exit codes: 0 done, 1 failed, 2 wrong words or a faulty configuration, 3 done but for some that were left out.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use chassis::config::{ConfigFile, Override, Sources};
use chassis::house::{self, Services};
use chassis::i18n::{Arguments, CHASSIS, Catalogue, Language};
use chassis::service::Terminal;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::{audit, configuration, key, prove, serve, user, workspace};

/// The file that is read from the working folder when no other is named.
const DEFAULT_FILE: &str = "aplomb.toml";

/// Production services in one binary.
#[derive(Parser)]
#[command(
    name = "aplomb",
    version,
    about = "Production services in one binary, and the proof that they are ready",
    after_help = "Examples:\n  aplomb serve                                    everything, on http://localhost:8080\n  \
        aplomb luna mark --name Northwind -o mark.svg   a brand mark\n  \
        aplomb config check                             all faults of the configuration at once\n\n\
        Exit codes: 0 done, 1 failed, 2 wrong words or a faulty configuration, 3 done but for some that were left out.\n\
        Answers for programs go to standard output, everything else to standard error."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the services
    #[command(
        after_help = "Examples:\n  aplomb serve\n  aplomb serve --listen 0.0.0.0:80 --data /var/lib/aplomb\n  \
        APLOMB_DATA__URL=postgres://aplomb@db/aplomb aplomb serve --services luna"
    )]
    Serve(ServeArguments),
    /// Check, show or describe the configuration
    #[command(subcommand)]
    Config(configuration::Verb),
    /// Check and export the log of what was done
    #[command(subcommand)]
    Audit(audit::Verb),
    /// Make, list and revoke keys for programs
    #[command(subcommand)]
    Key(key::Verb),
    /// Make accounts, list them, and let somebody back in
    #[command(subcommand)]
    User(user::Verb),
    /// List workspaces and give them plans
    #[command(subcommand)]
    Workspace(workspace::Verb),
    /// Put the system through drills and give each claim its evidence
    Prove(Box<prove::Prove>),
    /// Bring the database up to date without serving
    Migrate(Common),
    /// Print the OpenAPI 3.1 document
    #[command(after_help = "Example:\n  aplomb openapi > openapi.json")]
    Openapi,
}

/// What each command that reads the configuration takes.
#[derive(Args, Clone)]
pub(crate) struct Common {
    /// The configuration file (without it: `aplomb.toml` in this folder, where there is one)
    #[arg(long, value_name = "FILE", env = "APLOMB_CONFIG")]
    config: Option<PathBuf>,
    /// The data folder; `serve` and `migrate` make it where it is missing
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
}

#[derive(Args)]
struct ServeArguments {
    #[command(flatten)]
    common: Common,
    /// Address and port to listen on
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Services to run, separated by commas (default: all)
    #[arg(long, value_name = "LIST")]
    services: Option<String>,
}

impl Common {
    /// The configuration file as it stands; empty where there is none.
    pub(crate) fn file_text(&self) -> anyhow::Result<String> {
        let path = self.config.clone().unwrap_or_else(|| DEFAULT_FILE.into());
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(text),
            Err(fault) if fault.kind() == std::io::ErrorKind::NotFound && self.config.is_none() => {
                Ok(String::new())
            }
            Err(fault) => Err(fault).with_context(|| format!("{} cannot be read", path.display())),
        }
    }

    /// Where the configuration comes from, for this binary's services.
    pub(crate) fn sources(&self, services: &Services) -> Sources {
        let file = match &self.config {
            Some(path) => ConfigFile::Required(path.clone()),
            None => ConfigFile::IfPresent(DEFAULT_FILE.into()),
        };
        let mut sources = Sources::of_process(file);
        sources.sections = house::sections(services);
        sources.services = services.iter().map(|service| service.name()).collect();
        sources.flags.extend(
            self.data
                .iter()
                .map(|data| Override::new("--data", "data.folder", data)),
        );
        sources
    }
}

impl ServeArguments {
    fn sources(&self, services: &Services) -> Sources {
        let mut sources = self.common.sources(services);
        sources.flags.extend(listening(self.listen.as_deref()));
        let chosen = self
            .services
            .iter()
            .map(|list| Override::new("--services", "services", list));
        sources.flags.extend(chosen);
        sources
    }
}

/// What a command takes that prints a link.
#[derive(Args, Clone)]
pub(crate) struct Reached {
    /// Where the server listens, if it was started with --listen: the link begins with that, unless `http.public_url` is configured
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
}

impl Reached {
    /// The configuration's sources with this address among them.
    pub(crate) fn sources(&self, common: &Common, services: &Services) -> Sources {
        let mut sources = common.sources(services);
        sources.flags.extend(listening(self.listen.as_deref()));
        sources
    }

    /// Whether nobody said where the server is reached, so that a link needs a word of caution.
    pub(crate) fn is_unsaid(&self) -> bool {
        self.listen.is_none()
    }
}

fn listening(address: Option<&str>) -> Option<Override> {
    address.map(|listen| Override::new("--listen", "http.listen", listen))
}

/// Parses the process's arguments and does what they ask.
pub(crate) fn run(services: &Services) -> ExitCode {
    let verbs = services.iter().filter_map(|service| service.command());
    let matches = Cli::command().subcommands(verbs).get_matches();
    let outcome = match matches.subcommand() {
        Some((name, verb)) if services.iter().any(|service| service.name() == name) => {
            return run_service(services, name, verb);
        }
        _ => Cli::from_arg_matches(&matches),
    };
    let result = match outcome.unwrap_or_else(|fault| fault.exit()).command {
        Command::Serve(arguments) => serve::serve(services, &arguments.sources(services)),
        Command::Config(verb) => configuration::run(services, &verb),
        Command::Audit(verb) => audit::run(services, &verb),
        Command::Key(verb) => key::run(services, &verb),
        Command::User(verb) => user::run(services, &verb),
        Command::Workspace(verb) => workspace::run(services, &verb),
        Command::Prove(arguments) => prove::run(services, &arguments),
        Command::Migrate(common) => serve::migrate(services, &common.sources(services)),
        Command::Openapi => configuration::openapi(services),
    };
    match result {
        Ok(code) => code,
        Err(fault) => {
            note(&format!("aplomb: {fault:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run_service(services: &Services, name: &str, verb: &clap::ArgMatches) -> ExitCode {
    let service = services
        .iter()
        .find(|service| service.name() == name)
        .expect("the caller found it");
    let catalogue = match house::catalogue(services) {
        Ok(catalogue) => catalogue,
        Err(fault) => {
            note(&format!("aplomb: {fault}"));
            return ExitCode::FAILURE;
        }
    };
    let mut terminal = Terminal {
        output: &mut std::io::stdout().lock(),
        notes: &mut std::io::stderr(),
        output_is_terminal: std::io::stdout().is_terminal(),
        language: Language::of_environment(),
        catalogue: &catalogue,
    };
    let outcome = service.run(verb, &mut terminal);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            note(&format!("aplomb {name}: {fault}"));
            ExitCode::from(fault.exit_code())
        }
    }
}

/// One of the house's own messages, in the person's language.
pub(crate) fn say(key: &str, arguments: Arguments) -> String {
    let catalogue = Catalogue::load(CHASSIS).unwrap_or_default();
    catalogue.text(Language::of_environment(), key, &arguments)
}

/// A line for the person, on standard error.
pub(crate) fn note(line: &str) {
    // Nobody may be listening any more; there is no other place to say so.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// The answer that was asked for, on standard output.
pub(crate) fn answer(text: &str) -> std::io::Result<()> {
    let mut output = std::io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()
}
