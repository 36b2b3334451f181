//! `aplomb nightscan …`: recordings and models on the command line, without a server.
//!
//! * `analyze`: recordings to tables, with a `journal` to go on from; `walk` finds them, `results` writes what was found
//! * `train`, `evaluate`, `evaluate_events`: models from labelled clips (`labels`), and how good they are
//! * `segments`, `spectrogram`: parts of recordings to hear and to see
//! * `sensor`: a folder that a recorder fills, analysed beside the recorder
//! * `listening`, `table`, `files`, `bar`, `words`: what they share

mod analyze;
mod bar;
mod checkpoint;
mod clips;
mod courier;
mod evaluate;
mod evaluate_events;
mod files;
mod journal;
mod labels;
mod listening;
mod parcel;
mod results;
mod segments;
mod sensor;
mod spectrogram;
mod table;
mod train;
mod walk;
mod words;

use chassis::service::{CommandFault, Terminal};
use clap::{ArgMatches, Command, FromArgMatches, Parser, Subcommand};

/// What called in the night: animals in field recordings
#[derive(Parser)]
#[command(name = "nightscan")]
struct NightScan {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    #[command(
        after_help = "Examples:\n  aplomb nightscan analyze night/ --out results\n  \
        aplomb nightscan analyze A.wav B.flac --out results --format csv,raven,audacity --overlap 0.5\n  \
        aplomb nightscan analyze night/ --out results --min-confidence 0.7 --class-confidence insects=0.9 \
        --site Pond --lat 46.52 --lon 6.63\n\n\
        A run that was stopped goes on where it was when the same command is given again.\n\
        Exit codes: 0 done, 1 failed, 2 wrong words, 3 done but for recordings that were left out."
    )]
    Analyze(Box<analyze::Analyze>),
    #[command(
        after_help = "Examples:\n  aplomb nightscan train --labels labels.csv --folds --out own.safetensors\n  \
        aplomb nightscan train --labels clips/ --holdout 4 --out own.safetensors\n\n\
        A training that was stopped goes on where it was when the same command is given again."
    )]
    Train(train::Train),
    #[command(
        after_help = "Examples:\n  aplomb nightscan evaluate --labels labels.csv\n  \
        aplomb nightscan evaluate --labels labels.csv --fold 4 --model own.safetensors --json"
    )]
    Evaluate(evaluate::Evaluate),
    #[command(
        after_help = "Example:\n  aplomb nightscan evaluate-events --truth events.csv --found results/detections.csv"
    )]
    EvaluateEvents(evaluate_events::EvaluateEvents),
    #[command(
        after_help = "Example:\n  aplomb nightscan segments --results results --out clips --per-class 50\n\n\
        Move clips that are wrong into the folder of what they are; `train --labels clips` then learns from them."
    )]
    Segments(segments::Segments),
    #[command(
        after_help = "Examples:\n  aplomb nightscan spectrogram night.wav --out night.png\n  \
        aplomb nightscan spectrogram night.wav --from 60 --to 120 --detections --out minute.svg"
    )]
    Spectrogram(Box<spectrogram::Spectrogram>),
    #[command(
        after_help = "Examples:\n  NIGHTSCAN_KEY=… aplomb nightscan sensor --watch /media/card --server https://sounds.example.org\n  \
        aplomb nightscan sensor --watch /media/card --server https://sounds.example.org --key … --once\n\n\
        Clips in which a voice may be heard are not sent."
    )]
    Sensor(Box<sensor::Sensor>),
}

/// The command with all verbs.
pub(crate) fn command() -> Command {
    <NightScan as clap::CommandFactory>::command()
}

/// Runs the verb that was asked for.
pub(crate) fn run(matches: &ArgMatches, terminal: &mut Terminal<'_>) -> Result<(), CommandFault> {
    let asked = NightScan::from_arg_matches(matches)
        .map_err(|fault| CommandFault::Usage(fault.to_string()))?;
    match asked.verb {
        Verb::Analyze(asked) => analyze::run(&asked, terminal),
        Verb::Train(asked) => train::run(&asked, terminal),
        Verb::Evaluate(asked) => evaluate::run(&asked, terminal),
        Verb::EvaluateEvents(asked) => evaluate_events::run(&asked, terminal),
        Verb::Segments(asked) => segments::run(&asked, terminal),
        Verb::Spectrogram(asked) => spectrogram::run(&asked, terminal),
        Verb::Sensor(asked) => sensor::run(&asked, terminal),
    }
}
