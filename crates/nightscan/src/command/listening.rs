//! The options of every verb that listens.

use std::path::PathBuf;
use std::sync::Arc;

use chassis::service::{CommandFault, Terminal};
use clap::Args;
use clap::error::ErrorKind;

use super::words::{Words, note};
use crate::analysis::{Model, Settings};

/// How it is listened, and by which model.
#[derive(Args, Clone, Debug)]
pub(super) struct Listening {
    /// Least confidence of a detection, 0 to 1
    #[arg(long, value_name = "SHARE", default_value = "0.5", value_parser = Range(0.0, 1.0))]
    min_confidence: f64,
    /// Share of a window that the next one hears again, 0 to 0.9
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = Range(0.0, 0.9))]
    overlap: f64,
    /// Factor on the odds of every animal: above 1 hears more willingly, below 1 less, 0.5 to 1.5
    #[arg(long, value_name = "FACTOR", default_value = "1", value_parser = Range(0.5, 1.5))]
    sensitivity: f64,
    /// Detections of one class that are no further apart are one, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "0.75", value_parser = Range(0.0, 3600.0))]
    merge: f64,
    /// Least confidence of one class, such as `birds=0.7`; several, or separated by commas
    #[arg(long, value_name = "CLASS=SHARE", value_delimiter = ',')]
    class_confidence: Vec<String>,
    /// Windows in a row that must agree before a detection counts
    #[arg(long, value_name = "WINDOWS", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=20))]
    confirm: u32,
    /// Report the background class too: wind, rain, engines
    #[arg(long)]
    background: bool,
    /// A model that `train` wrote (default: the one that comes with the program)
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
}

impl Listening {
    /// Reads the model and checks the settings against it.
    pub(super) fn open(
        &self,
        terminal: &mut Terminal<'_>,
    ) -> Result<(Arc<Model>, Settings), CommandFault> {
        let words = Words::of(terminal);
        let model = model(self.model.as_deref(), words)?;
        let settings = self.settings(&model, words)?;
        // The licence of what a model was trained on binds who uses it: it is said each time.
        if let Some(licence) = model.licence() {
            let named = vec![
                ("model", model.id().to_owned()),
                ("licence", licence.to_owned()),
            ];
            note(terminal, &words.say("licence", named));
        }
        Ok((model, settings))
    }

    fn settings(&self, model: &Model, words: Words<'_>) -> Result<Settings, CommandFault> {
        let mut settings = Settings {
            min_confidence: self.min_confidence as f32,
            overlap: self.overlap as f32,
            sensitivity: self.sensitivity as f32,
            merge_s: self.merge,
            confirm: self.confirm,
            background: self.background,
            ..Settings::default()
        };
        for given in &self.class_confidence {
            let (class, share) = given
                .split_once('=')
                .and_then(|(class, share)| Some((class.trim(), share.trim().parse().ok()?)))
                .filter(|(_, share)| (0.0..=1.0).contains(share))
                .ok_or_else(|| words.usage("class_confidence", vec![("given", given.clone())]))?;
            if !model.classes().iter().any(|known| known == class) {
                let named = vec![
                    ("given", class.to_owned()),
                    ("allowed", model.classes().join(", ")),
                ];
                return Err(words.usage("class_unknown", named));
            }
            settings.class_confidence.insert(class.to_owned(), share);
        }
        Ok(settings)
    }
}

/// The model of a file, or the one that comes with the program.
pub(super) fn model(
    path: Option<&std::path::Path>,
    words: Words<'_>,
) -> Result<Arc<Model>, CommandFault> {
    let Some(path) = path else {
        return Ok(Model::built_in());
    };
    Model::load(path).map(Arc::new).map_err(|cause| {
        words.failed(
            "model_not_read",
            vec![
                ("path", path.display().to_string()),
                ("cause", cause.to_string()),
            ],
        )
    })
}

/// A number from the first to the second.
#[derive(Clone, Copy)]
pub(super) struct Range(pub(super) f64, pub(super) f64);

impl clap::builder::TypedValueParser for Range {
    type Value = f64;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<f64, clap::Error> {
        let Self(least, most) = *self;
        let given = value.to_string_lossy();
        let number = given
            .parse()
            .ok()
            .filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| {
            let named = argument.map(ToString::to_string).unwrap_or_default();
            let said = format!("{named}: '{given}' is not a number from {least} to {most}\n");
            clap::Error::raw(ErrorKind::ValueValidation, said).with_cmd(command)
        })
    }
}
