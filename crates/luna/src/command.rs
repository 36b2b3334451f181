//! `aplomb luna …`: the API's verbs on the command line, with the same bytes.

use std::path::{Path, PathBuf};

use chassis::service::{CommandFault, Terminal};
use clap::{ArgMatches, Args, Command, FromArgMatches, Parser, Subcommand};
use luna_drawing::kit::KitRequest;
use luna_drawing::request::{Draft, Request};
use luna_drawing::sheet;
use serde::Serialize;

use crate::api::{generator_list, variant_list};
use crate::fault::worded;
use crate::kit;
use crate::picture::{Format, PictureFault, write};

/// Brand marks from a name
#[derive(Parser)]
#[command(name = "luna")]
struct Luna {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List the five emotions with palettes and contrast
    Variants(Listing),
    /// List the ten families with their parameters
    Generators(Listing),
    /// Draw a mark or a lockup
    #[command(
        after_help = "Examples:\n  aplomb luna mark --name Northwind -o northwind.svg\n  \
        aplomb luna mark --generator orbit --variant power --name \"Café Zoé\" --lockup horizontal -o cafe.png\n  \
        aplomb luna mark --generator monogram --name Umbra --theme dark --ground painted -o umbra.pdf\n  \
        aplomb luna mark --seed 42 -o favicon.ico"
    )]
    Mark(Box<Mark>),
    /// Draw a brand kit: marks, lockups, favicons, PDF and a style guide in one zip file
    #[command(
        after_help = "Examples:\n  aplomb luna kit --name Northwind -o northwind.zip\n  \
        aplomb luna kit --name \"Café Zoé\" --generator petal --variant awakening --primary '#2258e5' --lang fr -o cafe.zip"
    )]
    Kit(Kit),
    /// Draw the contact sheet: all families and emotions, small sizes and lockups
    #[command(after_help = "Example:\n  aplomb luna sheet --name \"Café Zoé\" -o sheet.png")]
    Sheet(Sheet),
}

#[derive(Args)]
struct Listing {
    /// As JSON, like the API's answer
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct Mark {
    /// Family: crescent, orbit, lambda, network, halo, tessera, petal, aperture, horizon, monogram
    #[arg(long, value_name = "FAMILY", default_value = "crescent")]
    generator: String,
    /// Emotion: serenity, power, mystery, awakening, creative
    #[arg(long, value_name = "EMOTION", default_value = "serenity")]
    variant: String,
    /// The name: it decides the mark, and stands in a lockup
    #[arg(long)]
    name: Option<String>,
    /// A number or a text that decides the mark in place of the name
    #[arg(long)]
    seed: Option<String>,
    /// Height in pixels, 8 to 4096 (PNG and WebP: 2048)
    #[arg(long, value_name = "PX")]
    size: Option<String>,
    /// mark, horizontal or stacked
    #[arg(long)]
    lockup: Option<String>,
    /// light or dark
    #[arg(long)]
    theme: Option<String>,
    /// With its animation (SVG)
    #[arg(long)]
    animated: bool,
    /// Your colour, #rrggbb: repaired in lightness until its contrast holds
    #[arg(long, value_name = "COLOUR")]
    primary: Option<String>,
    /// A second colour
    #[arg(long, value_name = "COLOUR")]
    accent: Option<String>,
    /// transparent or painted
    #[arg(long)]
    ground: Option<String>,
    /// Language of title and description: en or fr
    #[arg(long)]
    lang: Option<String>,
    /// Version of the algorithm
    #[arg(long = "v", value_name = "VERSION")]
    v: Option<String>,
    /// svg, png, webp, ico or pdf (default: from the file's extension, else svg)
    #[arg(long)]
    format: Option<String>,
    /// The file to write; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Args)]
struct Kit {
    /// Family: crescent, orbit, lambda, network, halo, tessera, petal, aperture, horizon, monogram
    #[arg(long, value_name = "FAMILY", default_value = "crescent")]
    generator: String,
    /// Emotion: serenity, power, mystery, awakening, creative
    #[arg(long, value_name = "EMOTION", default_value = "serenity")]
    variant: String,
    /// The name: without it the kit has no lockups
    #[arg(long)]
    name: Option<String>,
    /// A number or a text that decides the mark in place of the name
    #[arg(long)]
    seed: Option<String>,
    /// Your colour, #rrggbb: repaired in lightness until its contrast holds
    #[arg(long, value_name = "COLOUR")]
    primary: Option<String>,
    /// A second colour
    #[arg(long, value_name = "COLOUR")]
    accent: Option<String>,
    /// Language of the style guide and of titles: en or fr (default: yours)
    #[arg(long)]
    lang: Option<String>,
    /// Version of the algorithm
    #[arg(long = "v", value_name = "VERSION")]
    v: Option<String>,
    /// The zip file to write; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = "kit.zip")]
    output: PathBuf,
}

#[derive(Args)]
struct Sheet {
    /// A number or a text that decides every mark
    #[arg(long)]
    seed: Option<String>,
    /// A name for the lockups, in place of sample names
    #[arg(long)]
    name: Option<String>,
    /// The larger half: light or dark
    #[arg(long, default_value = "light")]
    theme: String,
    /// Pixels a measure, 1 to 3
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=3))]
    scale: u32,
    /// The PNG file to write; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = "sheet.png")]
    output: PathBuf,
}

/// The command with all verbs.
pub(crate) fn command() -> Command {
    <Luna as clap::CommandFactory>::command()
}

/// Runs the verb that was asked for.
pub(crate) fn run(matches: &ArgMatches, terminal: &mut Terminal<'_>) -> Result<(), CommandFault> {
    let luna =
        Luna::from_arg_matches(matches).map_err(|fault| CommandFault::Usage(fault.to_string()))?;
    match luna.verb {
        Verb::Variants(listing) => variants(&listing, terminal),
        Verb::Generators(listing) => generators(&listing, terminal),
        Verb::Mark(mark) => draw(&mark, terminal),
        Verb::Kit(kit) => draw_kit(&kit, terminal),
        Verb::Sheet(sheet) => draw_sheet(&sheet, terminal),
    }
}

fn draw(mark: &Mark, terminal: &mut Terminal<'_>) -> Result<(), CommandFault> {
    let format = format_of(mark, terminal)?;
    let draft = Draft {
        generator: &mark.generator,
        variant: &mark.variant,
        seed: mark.seed.as_deref(),
        name: mark.name.as_deref(),
        size: mark.size.as_deref(),
        lockup: mark.lockup.as_deref(),
        theme: mark.theme.as_deref(),
        animated: mark.animated.then_some("true"),
        primary: mark.primary.as_deref(),
        accent: mark.accent.as_deref(),
        ground: mark.ground.as_deref(),
        language: mark.lang.as_deref(),
        version: mark.v.as_deref(),
    };
    let drawn = Request::parse(&draft)
        .map_err(PictureFault::from)
        .and_then(|request| write(&request, format));
    let bytes = drawn.map_err(|fault| said(&fault, terminal))?;
    deliver(&bytes, mark.output.as_deref(), format, terminal)
}

fn draw_kit(arguments: &Kit, terminal: &mut Terminal<'_>) -> Result<(), CommandFault> {
    let draft = Draft {
        generator: &arguments.generator,
        variant: &arguments.variant,
        seed: arguments.seed.as_deref(),
        name: arguments.name.as_deref(),
        primary: arguments.primary.as_deref(),
        accent: arguments.accent.as_deref(),
        language: Some(
            arguments
                .lang
                .as_deref()
                .unwrap_or(terminal.language.code()),
        ),
        version: arguments.v.as_deref(),
        ..Draft::default()
    };
    let checked = Request::parse(&draft)
        .map_err(PictureFault::from)
        .and_then(|request| Ok(KitRequest::new(request)?))
        .map_err(|fault| said(&fault, terminal))?;
    let bytes =
        kit::zip(&checked, |_, _| true).map_err(|fault| CommandFault::Failed(fault.to_string()))?;
    write_file(&bytes, &arguments.output, terminal)
}

fn draw_sheet(arguments: &Sheet, terminal: &mut Terminal<'_>) -> Result<(), CommandFault> {
    let extension = arguments
        .output
        .extension()
        .and_then(|extension| extension.to_str());
    if extension.is_some_and(|extension| !extension.eq_ignore_ascii_case("png")) {
        let given = arguments.output.display().to_string();
        let said = terminal.catalogue.text(
            terminal.language,
            "luna.sheet_is_png",
            &vec![("given", given)],
        );
        return Err(CommandFault::Usage(said));
    }
    // The request's parser checks what the sheet shares with a mark.
    let draft = Draft {
        generator: "crescent",
        variant: "serenity",
        seed: Some(arguments.seed.as_deref().unwrap_or("7")),
        name: arguments.name.as_deref(),
        theme: Some(&arguments.theme),
        ..Draft::default()
    };
    let checked = Request::parse(&draft).map_err(|fault| said(&fault.into(), terminal))?;
    let options = sheet::Options {
        seed: checked.seed(),
        name: checked.name().map(str::to_owned),
        theme: checked.theme(),
        scale: arguments.scale,
    };
    let bytes = sheet::png(&options).map_err(|fault| said(&fault.into(), terminal))?;
    deliver(&bytes, Some(&arguments.output), Format::Png, terminal)
}

fn variants(listing: &Listing, terminal: &mut Terminal<'_>) -> Result<(), CommandFault> {
    let list = variant_list(terminal.language, terminal.catalogue);
    if listing.json {
        return json(&list, terminal);
    }
    let mut text = String::new();
    for variant in &list.variants {
        text += &variant.line();
    }
    answer(text.as_bytes(), terminal)
}

fn generators(listing: &Listing, terminal: &mut Terminal<'_>) -> Result<(), CommandFault> {
    let list = generator_list(terminal.language, terminal.catalogue);
    if listing.json {
        return json(&list, terminal);
    }
    let mut text = String::new();
    for generator in &list.generators {
        text += &generator.lines();
    }
    answer(text.as_bytes(), terminal)
}

/// The format named, or that of the file's extension; SVG on standard output.
fn format_of(mark: &Mark, terminal: &Terminal<'_>) -> Result<Format, CommandFault> {
    let file = mark
        .output
        .as_deref()
        .filter(|path| *path != Path::new("-"));
    let extension = file.map(|path| {
        path.extension()
            .and_then(|e| e.to_str())
            .unwrap_or_default()
            .to_lowercase()
    });
    let Some(given) = mark.format.clone().or(extension) else {
        return Ok(Format::Svg);
    };
    Format::from_extension(&given).ok_or_else(|| {
        let shown = mark
            .format
            .clone()
            .or_else(|| file.map(|path| path.display().to_string()))
            .unwrap_or_default();
        CommandFault::Usage(terminal.catalogue.text(
            terminal.language,
            "luna.format",
            &vec![("given", shown)],
        ))
    })
}

/// Writes the bytes to a file, or to standard output where none is named.
fn deliver(
    bytes: &[u8],
    file: Option<&Path>,
    format: Format,
    terminal: &mut Terminal<'_>,
) -> Result<(), CommandFault> {
    match file {
        Some(path) => write_file(bytes, path, terminal),
        None if terminal.output_is_terminal && format != Format::Svg => {
            let named = vec![("format", format.extension().to_owned())];
            let said = terminal
                .catalogue
                .text(terminal.language, "luna.binary_terminal", &named);
            Err(CommandFault::Usage(said))
        }
        None => answer(bytes, terminal),
    }
}

/// Writes the bytes to a file, or to standard output where it is `-`.
fn write_file(bytes: &[u8], path: &Path, terminal: &mut Terminal<'_>) -> Result<(), CommandFault> {
    if path == Path::new("-") {
        return answer(bytes, terminal);
    }
    let say = |key: &str, arguments| terminal.catalogue.text(terminal.language, key, &arguments);
    let shown = path.display().to_string();
    replace(path, bytes).map_err(|cause| {
        CommandFault::Failed(say(
            "luna.not_written",
            vec![("path", shown.clone()), ("cause", cause.to_string())],
        ))
    })?;
    let line = say(
        "luna.written",
        vec![("path", shown), ("bytes", bytes.len().to_string())],
    );
    // The file is written; that nobody reads the note changes nothing.
    let _ = writeln!(terminal.notes, "{line}");
    Ok(())
}

/// Writes beside the file and then takes its place: what was there stays whole if the disk is full.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // A device, a pipe or a link is written through: it must not be replaced by a file.
    if path.symlink_metadata().is_ok_and(|there| !there.is_file()) {
        return std::fs::write(path, bytes);
    }
    let name = path
        .file_name()
        .ok_or(std::io::ErrorKind::InvalidFilename)?;
    let part = path.with_file_name(format!(
        ".{}.{}.part",
        name.to_string_lossy(),
        std::process::id()
    ));
    let written = std::fs::write(&part, bytes).and_then(|()| std::fs::rename(&part, path));
    if written.is_err() {
        // Nothing is left behind, as far as it can be helped.
        let _ = std::fs::remove_file(&part);
    }
    written
}

fn json<T: Serialize>(list: &T, terminal: &mut Terminal<'_>) -> Result<(), CommandFault> {
    let mut text =
        serde_json::to_vec_pretty(list).map_err(|fault| CommandFault::Failed(fault.to_string()))?;
    text.push(b'\n');
    answer(&text, terminal)
}

fn answer(bytes: &[u8], terminal: &mut Terminal<'_>) -> Result<(), CommandFault> {
    match terminal
        .output
        .write_all(bytes)
        .and_then(|()| terminal.output.flush())
    {
        // The reader has what it wanted (`… | head`).
        Err(fault) if fault.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        Err(fault) => Err(CommandFault::Failed(fault.to_string())),
        Ok(()) => Ok(()),
    }
}

fn said(fault: &PictureFault, terminal: &Terminal<'_>) -> CommandFault {
    CommandFault::Usage(worded(fault).line(terminal.language, terminal.catalogue))
}
