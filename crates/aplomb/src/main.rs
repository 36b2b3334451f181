//! The binary: parse, load the configuration, list the services, run.

mod audit;
mod cli;
mod configuration;
mod console;
mod key;
mod people;
mod prove;
mod serve;
mod user;
mod workspace;

use std::process::ExitCode;
use std::sync::Arc;

use chassis::house::Services;

/// Small answers cost a tenth less than with the system's: docs/decisions/0031.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The services of this house. A sixth one is a crate and a line here.
fn services() -> Services {
    let mut services: Services = vec![Arc::new(luna::Luna), Arc::new(nightscan::NightScan)];
    let proof = Arc::new(readiness::Proof::of(&services));
    services.push(proof);
    services
}

fn main() -> ExitCode {
    cli::run(&services())
}
