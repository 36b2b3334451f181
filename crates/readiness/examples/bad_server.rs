//! A server that is wrong on purpose, to see that the checks find it:
//!
//!     cargo run -p readiness --example bad_server -- --port 9090
//!     aplomb prove --target http://127.0.0.1:9090
//!
//! `--list` prints what is wrong with it, `--faults a,b` plants some only (`--faults ""` none), `--proof TOKEN` lets it show its owner's leave.
//! It listens on this machine alone: it is meant to be broken.

#[path = "../tests/bad/mod.rs"]
mod bad;

use std::io::Write as _;

use anyhow::{Context as _, bail};
use bad::faults::ALL;
use bad::{Server, TOKEN};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut port = 9090_u16;
    let mut chosen: Vec<_> = ALL.iter().map(|(name, _)| *name).collect();
    let mut proof = None;
    let mut arguments = std::env::args().skip(1);
    let mut out = std::io::stdout();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().context("a value is missing");
        match argument.as_str() {
            "--list" => {
                for (name, what) in ALL {
                    writeln!(out, "{name:22} {what}")?;
                }
                return Ok(());
            }
            "--port" => port = value()?.parse()?,
            "--proof" => proof = Some(value()?),
            "--faults" => {
                let list = value()?;
                let wanted: Vec<_> = list.split(',').filter(|name| !name.is_empty()).collect();
                if let Some(odd) = wanted.iter().find(|name| !chosen.contains(name)) {
                    bail!("there is no fault `{odd}`; --list names them");
                }
                chosen.retain(|name| wanted.contains(name));
            }
            odd => bail!("`{odd}` is none of --port, --list, --faults, --proof"),
        }
    }
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    writeln!(
        out,
        "http://{} with {} faults; token: {TOKEN}",
        listener.local_addr()?,
        chosen.len()
    )?;
    Server::new(chosen, proof).serve(listener).await?;
    Ok(())
}
