//! Reading all sources, checking each value alone, then the whole.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::keys::{Keys, Kind};
use super::near::nearest;
use super::section::Checked;
use super::{
    Auth, Config, Data, Events, Faults, Http, Jobs, Limits, Notify, Objects, Origin, Profile,
    Redis, Root, Section, Telemetry, Values, environment, file, rules,
};

/// Where the configuration comes from, weakest source first, and what the services add to it.
#[derive(Clone, Default)]
pub struct Sources {
    /// The configuration file.
    pub file: ConfigFile,
    /// The environment; names without the prefix `APLOMB_` are left alone.
    pub environment: Vec<(String, String)>,
    /// What the command line sets.
    pub flags: Vec<Override>,
    /// The sections of the services.
    pub sections: Vec<Section>,
    /// The services that exist; a name in `services` outside this list is a fault. Empty: not checked.
    pub services: Vec<&'static str>,
}

impl Sources {
    /// The sources of this process: the file and its environment.
    pub fn of_process(file: ConfigFile) -> Self {
        let environment = std::env::vars_os()
            .map(|(name, value)| {
                (
                    name.to_string_lossy().into_owned(),
                    value.to_string_lossy().into_owned(),
                )
            })
            .collect();
        Self {
            file,
            environment,
            ..Self::default()
        }
    }
}

/// The configuration file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ConfigFile {
    /// No file.
    #[default]
    None,
    /// A file that is read if it is there (`./aplomb.toml`).
    IfPresent(PathBuf),
    /// A file that the operator named and that must be there.
    Required(PathBuf),
}

/// One value set on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The flag as typed, for messages (`--listen`).
    pub flag: String,
    /// The key that it sets (`http.listen`).
    pub key: String,
    /// The value as typed.
    pub value: String,
}

impl Override {
    /// `flag` sets `key` to `value`.
    pub fn new(flag: impl Into<String>, key: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            flag: flag.into(),
            key: key.into(),
            value: value.into(),
        }
    }
}

/// A value as some source gave it, before it is known to fit.
pub(super) struct Setting {
    pub(super) path: String,
    pub(super) given: Given,
    pub(super) origin: Origin,
}

/// Typed (file) or text (environment, command line).
pub(super) enum Given {
    Value(Value),
    Text(String),
}

/// Reads, merges and checks the configuration.
///
/// # Errors
/// Everything that is wrong, together: unreadable or malformed file, unknown keys and variables, values of the wrong
/// type or out of range, and in production the weak settings.
pub fn load(sources: &Sources) -> Result<Config, Faults> {
    let sections: Vec<Section> = core_sections()
        .into_iter()
        .chain(sources.sections.iter().cloned())
        .collect();
    let keys = Keys::of(&sections);
    let mut faults = Faults::default();
    let mut values = Values::new();

    let layers = [
        read_file(&sources.file, &keys, &mut faults),
        environment::variables(&sources.environment, &keys, &mut faults),
        environment::flags(&sources.flags),
    ];
    for layer in layers {
        values.extend(check_layer(layer, &sections, &keys, &mut faults));
    }
    let checked = check_sections(&sections, &values, &mut faults);
    check_services(&values, &sources.services, &mut faults);

    let Some(mut config) = assemble(checked, values, keys, abouts(&sections)) else {
        return Err(faults.sorted());
    };
    let weak = rules::weak(&config);
    match config.profile {
        Profile::Production => faults.append_new(weak),
        Profile::Staging => config.warnings = weak.sorted(),
        Profile::Development => {}
    }
    if faults.is_empty() {
        Ok(config)
    } else {
        Err(faults.sorted())
    }
}

/// The chassis' own sections; the one without a name holds the keys outside every section.
pub(super) fn core_sections() -> Vec<Section> {
    vec![
        Section::of::<Root>(""),
        Section::of::<Http>("http"),
        Section::of::<Data>("data"),
        Section::of::<Limits>("limits"),
        Section::of::<Auth>("auth"),
        Section::of::<Jobs>("jobs"),
        Section::of::<Notify>("notify"),
        Section::of::<Redis>("redis"),
        Section::of::<Events>("events"),
        Section::of::<Objects>("objects"),
        Section::of::<Telemetry>("telemetry"),
    ]
}

fn read_file(source: &ConfigFile, keys: &Keys, faults: &mut Faults) -> Vec<Setting> {
    let path = match source {
        ConfigFile::None => return Vec::new(),
        ConfigFile::IfPresent(path) if !path.exists() => return Vec::new(),
        ConfigFile::IfPresent(path) | ConfigFile::Required(path) => path,
    };
    match file::read_text(path) {
        Ok(text) => file::settings(path, &text, keys, faults),
        Err(reason) => {
            faults.add(
                "",
                Origin::File {
                    path: path.display().to_string(),
                    line: 0,
                },
                reason,
            );
            Vec::new()
        }
    }
}

/// Parses each setting of one source alone and gives those that fit.
fn check_layer(
    layer: Vec<Setting>,
    sections: &[Section],
    keys: &Keys,
    faults: &mut Faults,
) -> Values {
    let mut values = Values::new();
    for Setting {
        path,
        given,
        origin,
    } in layer
    {
        let (key, is_file) = match (keys.find(&path), keys.find_file(&path)) {
            (Some(key), _) => (key, false),
            (None, Some(key)) => (key, true),
            (None, None) => {
                let shown = environment::short(&path);
                faults.add(
                    shown,
                    origin,
                    format!("unknown key{}", environment::hint(&path, keys)),
                );
                continue;
            }
        };
        let value = match given {
            Given::Value(Value::String(name)) | Given::Text(name) if is_file => read_secret(&name),
            Given::Value(_) if is_file => Err("must be the path of a file".to_owned()),
            Given::Value(value) => Ok(value),
            Given::Text(text) => environment::value(key, &text),
        };
        let checked = value.and_then(|value| {
            refuse_broken_text(&value)?;
            environment::refuse_other_kind(key, &value)?;
            parse_alone(sections, &key.path, &value).map_err(|reason| match key.kind {
                // The library's words would name a type of the language.
                Kind::Integer => format!("must be {}", key.range()),
                _ => reason,
            })?;
            Ok(value)
        });
        match checked {
            Err(reason) => faults.add(path, origin, reason),
            Ok(_) if values.contains_key(&key.path) => {
                faults.add(
                    path,
                    origin,
                    format!(
                        "`{0}` and `{0}_file` (or the same flag twice) are both given",
                        key.path
                    ),
                );
            }
            Ok(value) => {
                values.insert(key.path.clone(), (value, origin));
            }
        }
    }
    values
}

/// The secret in a file, without the line end that editors and `echo` leave.
fn read_secret(name: &str) -> Result<Value, String> {
    let text = file::read_text(Path::new(name))?;
    let secret = text.trim_end_matches(['\r', '\n']);
    match secret {
        "" => Err(format!("{name} is empty")),
        secret => Ok(Value::String(secret.to_owned())),
    }
}

/// No setting can mean a NUL (paths and addresses end there) or the mark that stands for bytes that were not UTF-8.
fn refuse_broken_text(value: &Value) -> Result<(), String> {
    match value {
        Value::String(text) if text.contains('\0') => Err("holds a NUL character".to_owned()),
        Value::String(text) if text.contains('\u{fffd}') => Err("is not UTF-8 text".to_owned()),
        Value::Array(items) => items.iter().try_for_each(refuse_broken_text),
        Value::Object(fields) => fields.values().try_for_each(refuse_broken_text),
        _ => Ok(()),
    }
}

/// Parses one value with everything else at its default: what is wrong then is wrong with this value. Ranges are for
/// the whole to check, where the rules between two values are.
fn parse_alone(sections: &[Section], path: &str, value: &Value) -> Result<(), String> {
    let section = section_of(sections, path);
    let mut fields = Map::new();
    place(&mut fields, inside(section, path), value.clone());
    (section.parse)(&Value::Object(fields))
}

/// Checks each section as a whole: ranges, and what only several values together can get wrong.
fn check_sections(
    sections: &[Section],
    values: &Values,
    faults: &mut Faults,
) -> BTreeMap<&'static str, Checked> {
    let mut fields: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for (path, (value, _)) in values {
        let section = section_of(sections, path);
        place(
            fields.entry(section.name).or_default(),
            inside(section, path),
            value.clone(),
        );
    }
    let mut checked = BTreeMap::new();
    for section in sections {
        let fields = fields.remove(section.name).unwrap_or_default();
        let (value, found) = (section.check)(&Value::Object(fields));
        for fault in found {
            let path = [section.name, &fault.path].into_iter();
            let path: Vec<&str> = path.filter(|part| !part.is_empty()).collect();
            let path = path.join(".");
            let origin = origin_of(values, &path);
            faults.add(path, origin, fault.reason);
        }
        if let Some(value) = value {
            checked.insert(section.name, value);
        }
    }
    checked
}

fn check_services(values: &Values, known: &[&'static str], faults: &mut Faults) {
    let Some((Value::Array(names), origin)) = values.get("services") else {
        return;
    };
    for name in names.iter().filter_map(Value::as_str) {
        if !known.is_empty() && !known.contains(&name) {
            let near = nearest(name, known.iter().copied());
            let hint = near.map_or_else(
                || format!("; there are: {}", known.join(", ")),
                |near| format!("; did you mean `{near}`?"),
            );
            faults.add(
                "services",
                origin.clone(),
                format!("no service is called `{}`{hint}", environment::short(name)),
            );
        }
    }
}

/// Where the value at a path was given; `http.allowed_origins[3]` was given with `http.allowed_origins`, and
/// `plans.team.keys` with `plans`.
fn origin_of(values: &Values, path: &str) -> Origin {
    let mut key = path.split('[').next().unwrap_or(path);
    loop {
        match (values.get(key), key.rsplit_once('.')) {
            (Some((_, origin)), _) => return origin.clone(),
            (None, Some((parent, _))) => key = parent,
            (None, None) => return Origin::Default,
        }
    }
}

fn section_of<'a>(sections: &'a [Section], path: &str) -> &'a Section {
    let name = path.split_once('.').map_or("", |(section, _)| section);
    sections
        .iter()
        .find(|section| section.name == name)
        .expect("keys are collected from these sections")
}

/// The path inside its section.
fn inside<'a>(section: &Section, path: &'a str) -> &'a str {
    path.strip_prefix(section.name)
        .unwrap_or(path)
        .trim_start_matches('.')
}

fn place(fields: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            fields.insert(path.to_owned(), value);
        }
        Some((table, rest)) => {
            let inner = fields
                .entry(table)
                .or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                place(inner, rest, value);
            }
        }
    }
}

fn assemble(
    mut checked: BTreeMap<&'static str, Checked>,
    values: Values,
    keys: Keys,
    abouts: Vec<(&'static str, String)>,
) -> Option<Config> {
    let root: Arc<Root> = take(&mut checked, "")?;
    Some(Config {
        profile: root.profile,
        services: root.services.clone(),
        plans: root.plans.clone(),
        http: take::<Http>(&mut checked, "http")?.as_ref().clone(),
        data: take::<Data>(&mut checked, "data")?.as_ref().clone(),
        limits: take::<Limits>(&mut checked, "limits")?.as_ref().clone(),
        auth: take::<Auth>(&mut checked, "auth")?.as_ref().clone(),
        jobs: take::<Jobs>(&mut checked, "jobs")?.as_ref().clone(),
        notify: take::<Notify>(&mut checked, "notify")?.as_ref().clone(),
        redis: take::<Redis>(&mut checked, "redis")?.as_ref().clone(),
        events: take::<Events>(&mut checked, "events")?.as_ref().clone(),
        objects: take::<Objects>(&mut checked, "objects")?.as_ref().clone(),
        telemetry: take::<Telemetry>(&mut checked, "telemetry")?
            .as_ref()
            .clone(),
        sections: checked,
        values,
        keys,
        abouts,
        warnings: Faults::default(),
    })
}

fn abouts(sections: &[Section]) -> Vec<(&'static str, String)> {
    let about = |section: &Section| {
        let text = section.schema.get("description").and_then(Value::as_str);
        (section.name, text.unwrap_or_default().to_owned())
    };
    sections.iter().map(about).collect()
}

fn take<T: Send + Sync + 'static>(
    checked: &mut BTreeMap<&'static str, Checked>,
    name: &str,
) -> Option<Arc<T>> {
    checked.remove(name)?.downcast().ok()
}
