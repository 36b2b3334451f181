//! What a request pays for being counted in memory.
//!
//! `cargo bench -p chassis --bench limits` prints nanoseconds a check: one address again and again, many addresses, and all
//! cores at once.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Instant;

use chassis::config;
use chassis::limits::{Limits, Rule};
use futures_util::FutureExt;

const CHECKS: u32 = 1_000_000;
const ROUNDS: usize = 5;

fn main() {
    // `cargo test --all-targets` runs benches too, without `--bench`: there is nothing to measure then.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let settings = config::Limits {
        anonymous_per_minute: 1_000_000,
        ..config::Limits::default()
    };
    let limits = Arc::new(Limits::new(&settings, None));
    let route = Arc::new(Rule::of_route(0, "GET /".to_owned(), 600));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (one, many) = (|_| 1, |n: u32| n % 100_000);
    for round in 1..=ROUNDS {
        report(round, "one address", 1, |_| {
            check(&limits, None, one);
        });
        report(round, "100,000 addresses", 1, |_| {
            check(&limits, None, many);
        });
        report(round, "with a route's own limit", 1, |_| {
            check(&limits, Some(&route), many);
        });
        report(round, "credentials, before they are looked at", 1, |_| {
            for n in 0..CHECKS {
                let _ = black_box(limits.may_identify(address(n % 100_000)));
            }
        });
        report(round, "100,000 addresses on each core", cores, |_| {
            check(&limits, None, many);
        });
    }
}

fn check(limits: &Limits, own: Option<&Rule>, subject: impl Fn(u32) -> u32) {
    for n in 0..CHECKS {
        let counted = limits.count_anonymous(address(subject(n)), own);
        let _ = black_box(counted.now_or_never().expect("memory does not wait"));
    }
}

fn address(bits: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(bits))
}

fn report(round: usize, name: &str, threads: usize, work: impl Fn(usize) + Sync) {
    let started = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let work = &work;
            scope.spawn(move || work(thread));
        }
    });
    let each = started.elapsed().as_nanos() as f64 / f64::from(CHECKS);
    println!("round {round}, {name}: {each:.0} ns a check");
}
