//! What the checks act on: instances of this binary, the running server, or somebody's system.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use chassis::check::ground::{Ground, Instance, Wishes};
use chassis::check::{Origin, Pace, Reach, Said, Subject, Trouble};
use chassis::config::Config;
use chassis::i18n::Language;
use readiness::ground::Own;
use readiness::report::origin;
use readiness::settings::Settings;
use readiness::target;

use super::Prove;

/// A subject with what it stands on, and what a reader must know of it.
pub(super) struct Stage {
    pub(super) subject: Subject,
    pub(super) origin: Origin,
    pub(super) notes: Vec<Said>,
    /// The instance that checks share which only read; killed with the stage.
    _shared: Option<Box<dyn Instance>>,
}

impl Stage {
    /// Starts or finds it.
    pub(super) async fn set(
        arguments: &Prove,
        configuration: &Config,
        pace: Pace,
        language: Language,
    ) -> anyhow::Result<Self> {
        let token = token(arguments)?;
        if let Some(address) = &arguments.target {
            let data = &configuration.data.folder;
            let opened = foreign(address, arguments, data, token.as_deref(), pace).await;
            let (subject, notes) = opened.map_err(|trouble| said(trouble, language))?;
            return Ok(Self {
                origin: origin::foreign(&subject.base),
                subject,
                notes,
                _shared: None,
            });
        }
        let ground = ground(arguments)?;
        let mut notes = notes(&ground);
        let show = configuration.show();
        let of = |target: &str| {
            origin::of(&ground.binary, &show, target).context("this program cannot be read")
        };
        if let Some(address) = &arguments.live {
            let address = live_address(address, configuration)?;
            let origin = of(&format!("{} {address}", Reach::Live))?;
            let subject = live(&address, token, pace).await;
            let mut subject = subject.map_err(|trouble| said(trouble, language))?;
            subject.ground = Some(Arc::new(ground));
            notes.insert(0, Said::new(
                format!("Acted on the running server at {address}. Checks that start, kill or look into a server ran on instances of their own beside it; each result says on what."),
                format!("A agi sur le serveur en marche à {address}. Les épreuves qui démarrent, tuent ou examinent un serveur ont utilisé des instances à part ; chaque résultat dit laquelle."),
            ));
            return Ok(Self {
                subject,
                origin,
                notes,
                _shared: None,
            });
        }
        let origin = of(&Reach::Own.to_string())?;
        let own = own(ground, pace).await;
        let (subject, shared) = own.map_err(|trouble| said(trouble, language))?;
        Ok(Self {
            subject,
            origin,
            notes,
            _shared: Some(shared),
        })
    }
}

fn said(trouble: Trouble, language: Language) -> anyhow::Error {
    match trouble {
        Trouble::NotVerifiable(reason) => anyhow::anyhow!("{}", reason.of(language)),
        Trouble::Broke(what) => anyhow::anyhow!("{what}"),
    }
}

fn token(arguments: &Prove) -> anyhow::Result<Option<String>> {
    let Some(file) = &arguments.token_file else {
        return Ok(arguments.token.clone());
    };
    let text = std::fs::read_to_string(file);
    let text = text.with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(Some(text.trim().to_owned()))
}

fn ground(arguments: &Prove) -> anyhow::Result<Own> {
    let environment = std::env::vars_os().map(|(name, value)| {
        let text = |part: std::ffi::OsString| part.to_string_lossy().into_owned();
        (text(name), text(value))
    });
    let scratch = arguments.scratch.clone().unwrap_or_else(std::env::temp_dir);
    if !scratch.is_dir() {
        bail!("--scratch: {} is no folder", scratch.display());
    }
    let binary = chassis::program::own().context("this program does not find itself")?;
    let settings = Settings::new(&arguments.common.file_text()?, environment)?;
    let mut own = Own::new(binary, settings);
    own.scratch = std::path::absolute(scratch)?;
    Ok(own)
}

/// What drills did without, and where they were.
fn notes(ground: &Own) -> Vec<Said> {
    let mut notes = Vec::new();
    let left_out = ground
        .settings
        .left_out
        .iter()
        // An instance of its own has an address and a folder of its own: nobody is surprised.
        .filter(|key| !["http.listen", "http.public_url", "data.folder"].contains(&key.as_str()))
        .cloned()
        .collect::<Vec<_>>();
    if !left_out.is_empty() {
        let list = left_out.join(", ");
        notes.push(Said::new(
            format!("Drills did without these settings, so that nothing outside is touched: {list}."),
            format!("Les épreuves se sont passées de ces réglages, pour que rien d’extérieur ne soit touché : {list}."),
        ));
    }
    if left_out.iter().any(|key| key == "data.url") {
        notes.push(Said::new(
            "Drills ran on the embedded database, not on the one that `data.url` names: what is said of durability and load is said of it.",
            "Les épreuves ont utilisé la base embarquée, et non celle que nomme `data.url` : c’est d’elle qu’il s’agit pour la durabilité et la charge.",
        ));
    }
    if let Some(kind) = volatile(&ground.scratch) {
        let place = ground.scratch.display();
        notes.push(Said::new(
            format!("The instances lived in {place}, which is memory ({kind}): a kill can be tried there, a loss of power cannot. Name a folder on the data’s disk with --scratch."),
            format!("Les instances vivaient dans {place}, qui est en mémoire ({kind}) : un arrêt brutal peut y être éprouvé, pas une coupure de courant. Indiquez un dossier du disque des données avec --scratch."),
        ));
    }
    notes
}

/// The kind of a file system that does not outlive the machine (Linux).
fn volatile(folder: &Path) -> Option<String> {
    let mounts = std::fs::read_to_string("/proc/self/mounts").ok()?;
    let place = |line: &str| {
        let mut words = line.split(' ').skip(1);
        let (at, kind) = (PathBuf::from(words.next()?), words.next()?.to_owned());
        folder
            .starts_with(&at)
            .then(|| (at.components().count(), kind))
    };
    let (_, kind) = mounts
        .lines()
        .filter_map(place)
        .max_by_key(|(depth, _)| *depth)?;
    ["tmpfs", "ramfs"].contains(&kind.as_str()).then_some(kind)
}

/// An instance of this binary, and a key to it.
async fn own(ground: Own, pace: Pace) -> Result<(Subject, Box<dyn Instance>), Trouble> {
    // What reads only shares one instance, which refuses nobody for asking often: limits are measured on their own.
    let wishes = Wishes::none()
        .set("profile", "development")
        .set("limits.anonymous_per_minute", 0);
    let shared = ground.start(wishes).await?;
    let mut subject = Subject::new(&shared.base(), pace, Reach::Own)?;
    subject.token = Some(readiness::actors::key(shared.as_ref(), "*").await?);
    subject.document = Some(subject.get("/api/openapi.json").await?.expect(200)?);
    subject.ground = Some(Arc::new(ground));
    Ok((subject, shared))
}

/// Where the running server is: what was given, else where the configuration has it listen. An address elsewhere is somebody's system.
fn live_address(given: &str, configuration: &Config) -> anyhow::Result<String> {
    let http = &configuration.http;
    let mut listen = http.listen;
    match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => listen.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => listen.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    if given.is_empty() {
        return Ok(format!("http://{listen}"));
    }
    let given = given.trim_end_matches('/');
    let is_public = http
        .public_url
        .as_ref()
        .is_some_and(|own| own.to_string().trim_end_matches('/') == given);
    let host = given
        .split_once("://")
        .map_or(given, |(_, rest)| rest)
        .split('/')
        .next()
        .unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let is_here = name == "localhost"
        || name
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.is_loopback() || ip == http.listen.ip());
    if !is_public && !is_here {
        bail!(
            "--live: {given} is neither on this machine nor the configured http.public_url; use --target {given}"
        );
    }
    if given.contains("://") {
        Ok(given.to_owned())
    } else {
        Ok(format!("http://{given}"))
    }
}

/// The running server. It is this machine's, so its owner's leave is that of who runs the command.
async fn live(address: &str, token: Option<String>, pace: Pace) -> Result<Subject, Trouble> {
    let mut subject = Subject::new(address, pace, Reach::Live)?;
    subject.has_leave = true;
    subject.token = token;
    let document = subject.get("/api/openapi.json").await;
    let document = document.map_err(|trouble| {
        Trouble::broke(format!(
            "no server answers at {address} (is it started?): {trouble}"
        ))
    })?;
    subject.document = document.expect(200).ok();
    Ok(subject)
}

/// Somebody's system, and what a reader must know of it: what it shows is read, and nothing is probed or loaded unless its owner has put
/// our token where it is looked for.
async fn foreign(
    address: &str,
    arguments: &Prove,
    data: &Path,
    token: Option<&str>,
    pace: Pace,
) -> Result<(Subject, Vec<Said>), Trouble> {
    let mut subject = target::open(address, arguments.openapi.as_deref(), token, pace).await?;
    let folder = data.join("proof");
    std::fs::create_dir_all(&folder)?;
    let shown = target::challenge(address, &folder.join("owner"))?;
    if target::look_for_proof(&mut subject, &shown).await? {
        return Ok((subject, Vec::new()));
    }
    let place = format!("{}{}", subject.base, target::PROOF);
    let notes = vec![Said::new(
        format!(
            "Only what reads was done: nobody proved that this system is his. To have it probed and loaded, let {place} answer with this one line: {shown}"
        ),
        format!(
            "Seules des lectures ont été faites : personne n’a prouvé que ce système est le sien. Pour qu’il soit sondé et chargé, faites répondre {place} par cette seule ligne : {shown}"
        ),
    )];
    Ok((subject, notes))
}
