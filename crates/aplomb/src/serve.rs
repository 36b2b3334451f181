//! `aplomb serve` and `aplomb migrate`.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use chassis::clock::SystemClock;
use chassis::config::{self, Config, LogFormat, Sources};
use chassis::data::Database;
use chassis::house::{House, Services};
use chassis::http::server::Drain;
use chassis::{house, telemetry};
use tokio::net::{TcpListener, TcpSocket};

use crate::cli::{note, say};
use crate::configuration::report;
use crate::console;
use crate::people::missing;

/// Runs the services until they are asked to stop.
pub(crate) fn serve(services: &Services, sources: &Sources) -> anyhow::Result<ExitCode> {
    let config = match config::load(sources) {
        Ok(config) => config,
        Err(faults) => return Ok(report(&faults)),
    };
    telemetry::start(&config.telemetry);
    for warning in config.warnings().iter() {
        tracing::warn!(fault = %warning, "a weak setting that production refuses");
    }
    runtime()?.block_on(run(services, config))
}

async fn run(services: &Services, config: Config) -> anyhow::Result<ExitCode> {
    let listener = listen(config.http.listen)?;
    let address = listener.local_addr()?;
    let folder = config.data.folder.clone();
    let public = config
        .http
        .public_url
        .as_ref()
        .map(|url| url.as_str().trim_end_matches('/').to_owned());
    let stop = stop_signal()?;
    let is_for_programs = config.telemetry.log_format == LogFormat::Json;
    let (clock, console) = (Arc::new(SystemClock), console::embedded());
    let house = House::open_with(services, config, clock, std::io::stderr(), console).await?;
    let at = if address.ip().is_loopback() || address.ip().is_unspecified() {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    };
    tracing::info!(address = %address, data.folder = %folder.display(), "ready");
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let ready = say(
        "serve.ready",
        vec![("version", version), ("address", at.clone())],
    );
    let pages = say("serve.pages", vec![("address", at.clone())]);
    // Whoever listens everywhere is asked from elsewhere, under a name that is not known here.
    let is_guess = public.is_none() && address.ip().is_unspecified();
    let public = public.unwrap_or(at);
    let mut lines = format!("\n  {ready}\n  {pages}\n");
    if let Some(token) = house.set_up_token().await? {
        // Behind `#`: browsers send that part to no server, so it stands in no log of a proxy.
        let link = format!("{public}/set-up#{}", token.expose());
        if is_for_programs {
            tracing::info!(
                set_up.link = link,
                "nobody has an account yet: make the first one there, once"
            );
        }
        lines = format!("{lines}  {}\n", say("serve.set_up", vec![("link", link)]));
        if is_guess {
            lines = format!("{lines}  {}\n", say("serve.guess", Vec::new()));
        }
    }
    // Who asks for JSON has each line read by a program, which would stumble over words for people.
    if !is_for_programs {
        note(&lines);
    }
    match house.serve(listener, stop).await? {
        Drain::Complete => tracing::info!("stopped; every open request was answered"),
        Drain::TimedOut => {
            tracing::warn!("stopped with requests still open: the drain time ran out");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Brings the database up to date.
pub(crate) fn migrate(services: &Services, sources: &Sources) -> anyhow::Result<ExitCode> {
    let config = match config::load(sources) {
        Ok(config) => config,
        Err(faults) => return Ok(report(&faults)),
    };
    telemetry::start(&config.telemetry);
    let new = missing(&config);
    runtime()?.block_on(async {
        let database = Database::open(&config.data, Arc::new(SystemClock)).await?;
        database.migrate(house::migrations(services)).await?;
        database.close().await?;
        note(&match new {
            Some(file) => say("migrate.made", vec![("file", file.display().to_string())]),
            None => say("migrate.done", Vec::new()),
        });
        Ok(ExitCode::SUCCESS)
    })
}

pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime cannot start")
}

fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    match bind(address) {
        Ok(listener) => Ok(listener),
        Err(fault) if fault.kind() == ErrorKind::AddrInUse => bail!(
            "{address} is taken by another program. Stop that one, or choose another port: aplomb serve --listen {}:{}",
            address.ip(),
            address.port().wrapping_add(1)
        ),
        Err(fault) if fault.kind() == ErrorKind::PermissionDenied => bail!(
            "{address} may not be used by this user: ports below 1024 need a privilege. Choose a higher port, or put a proxy in front"
        ),
        Err(fault) => Err(fault).with_context(|| format!("cannot listen on {address}")),
    }
}

/// Connections that may wait to be accepted; the library's own 128 stalls a burst by a second.
const BACKLOG: u32 = 1024;

fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // A restart must not wait for the last run's closed connections.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Ready once SIGTERM or Ctrl-C comes. A second Ctrl-C then ends the process at once, as the
/// default handler would.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: open requests are answered, new ones go elsewhere");
        chassis::task::spawn(async move {
            interrupt.recv().await;
            note(&say("serve.at_once", Vec::new()));
            #[expect(clippy::disallowed_methods, reason = "the person asked twice")]
            std::process::exit(130);
        });
    })
}
