//! What a load costs the server: its processor time, memory and open files, from `/proc` (Linux).

use std::path::Path;
use std::time::{Duration, Instant};

use chassis::check::Trouble;

/// One look at a process.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Processor time since its start, all threads, user and system.
    pub cpu: Duration,
    /// Memory that it holds, in bytes.
    pub resident_bytes: u64,
    /// Open files, sockets among them.
    pub descriptors: usize,
}

/// Looks at a process.
pub fn read(pid: u32) -> Result<Reading, Trouble> {
    if !Path::new("/proc/self/statm").exists() {
        return Err(Trouble::not_verifiable(
            "processor time and memory are read from /proc, which only Linux has: run it there",
            "le temps processeur et la mémoire se lisent dans /proc, propre à Linux : lancez l’épreuve sous Linux",
        ));
    }
    let file = |name: &str| {
        std::fs::read_to_string(format!("/proc/{pid}/{name}"))
            .map_err(|_| Trouble::broke("the server is gone: its process ended under the load"))
    };
    let stat = file("stat")?;
    let statm = file("statm")?;
    let odd = || Trouble::broke(format!("/proc/{pid} is not as Linux writes it"));
    // The name stands in parentheses and may hold anything; state is the first field after it, user and system time the 12th and 13th.
    let (_, fields) = stat.rsplit_once(')').ok_or_else(odd)?;
    let fields: Vec<_> = fields.split_whitespace().collect();
    let ticks = |place: usize| fields.get(place).and_then(|text| text.parse::<u64>().ok());
    let (user, system) = (ticks(11).ok_or_else(odd)?, ticks(12).ok_or_else(odd)?);
    let pages = statm.split_whitespace().nth(1);
    let pages: u64 = pages.and_then(|text| text.parse().ok()).ok_or_else(odd)?;
    let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd"));
    Ok(Reading {
        cpu: Duration::from_secs_f64((user + system) as f64 / auxiliary(TICKS_PER_S, 100) as f64),
        resident_bytes: pages * auxiliary(PAGE_BYTES, 4096),
        descriptors: descriptors.map_or(0, Iterator::count),
    })
}

/// Runs `work` and looks at a process meanwhile, `every` so often; each look with the seconds since the start.
pub async fn watched<T>(
    pid: u32,
    every: Duration,
    work: impl Future<Output = T>,
) -> Result<(T, Vec<(f64, Reading)>), Trouble> {
    let started = Instant::now();
    let mut readings = vec![(0.0, read(pid)?)];
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => {
                readings.push((started.elapsed().as_secs_f64(), read(pid)?));
                return Ok((done, readings));
            }
            _ = ticks.tick() => readings.push((started.elapsed().as_secs_f64(), read(pid)?)),
        }
    }
}

/// The server's process.
pub fn of(instance: &dyn chassis::check::ground::Instance) -> Result<u32, Trouble> {
    let pid = instance.pid();
    let pid = pid.ok_or_else(|| Trouble::broke("the server is not running"))?;
    // Where another program started it, it is the last below that.
    Ok(crate::ground::descendants(pid)
        .last()
        .copied()
        .unwrap_or(pid))
}

/// The machine's cores that this program may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// How busy the machine was with other programs between two looks.
pub struct Others {
    machine: Option<Duration>,
    own: Duration,
    started: Instant,
}

impl Others {
    /// Begins to look, at what all but `pid` and this program do.
    pub fn begin(pid: u32) -> Self {
        Self {
            machine: machine_busy(),
            own: own_time(pid),
            started: Instant::now(),
        }
    }

    /// Their share of all cores since then, 0 to 1; nothing where it is not known.
    pub fn share(&self, pid: u32) -> Option<f64> {
        let all = machine_busy()?.checked_sub(self.machine?)?;
        let own = own_time(pid).saturating_sub(self.own);
        let others = all.saturating_sub(own).as_secs_f64();
        let machine_cores = machine_cores().max(1) as f64;
        Some((others / self.started.elapsed().as_secs_f64().max(1e-3) / machine_cores).min(1.0))
    }
}

fn own_time(pid: u32) -> Duration {
    let cpu = |pid| read(pid).map_or(Duration::ZERO, |reading| reading.cpu);
    cpu(pid) + cpu(std::process::id())
}

/// Time that all cores worked since the machine started: user, nice, system, interrupts, and what a host took away.
fn machine_busy() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/stat").ok()?;
    let fields = stat.lines().next()?.strip_prefix("cpu ")?;
    let fields: Vec<u64> = fields
        .split_whitespace()
        .filter_map(|text| text.parse().ok())
        .collect();
    let ticks: u64 = [0, 1, 2, 5, 6, 7]
        .iter()
        .filter_map(|n| fields.get(*n))
        .sum();
    Some(Duration::from_secs_f64(
        ticks as f64 / auxiliary(TICKS_PER_S, 100) as f64,
    ))
}

fn machine_cores() -> usize {
    let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let is_core = |line: &&str| {
        let rest = line.strip_prefix("cpu");
        rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    stat.lines().filter(is_core).count()
}

/// Keys of what the kernel tells each program at its start (`man 3 getauxval`).
const PAGE_BYTES: u64 = 6;
const TICKS_PER_S: u64 = 17;

/// A value of those, or what nearly every Linux has.
fn auxiliary(key: u64, usual: u64) -> u64 {
    let bytes = std::fs::read("/proc/self/auxv").unwrap_or_default();
    let (words, _) = bytes.as_chunks::<{ size_of::<usize>() }>();
    let (pairs, _) = words.as_chunks::<2>();
    let number = |word: [u8; size_of::<usize>()]| usize::from_ne_bytes(word) as u64;
    let found = pairs.iter().find(|[name, _]| number(*name) == key);
    let value = found.map(|[_, value]| number(*value));
    value.filter(|value| *value > 0).unwrap_or(usual)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_seen_with_its_time_memory_and_files() {
        let pid = std::process::id();
        let before = read(pid).unwrap();
        let started = Instant::now();
        let mut sum = 0_u64;
        while read(pid).unwrap().cpu < before.cpu + Duration::from_millis(50) {
            for n in 0..1_000_000_u64 {
                sum = std::hint::black_box(sum ^ n);
            }
            assert!(started.elapsed() < Duration::from_mins(1));
        }
        let held: Vec<_> = (0..40)
            .map(|_| std::fs::File::open("/proc/self/stat").unwrap())
            .collect();
        let after = read(pid).unwrap();
        assert!(after.descriptors >= 40, "{after:?}");
        assert!((1 << 20..1 << 40).contains(&after.resident_bytes));
        drop(held);
        assert_eq!(auxiliary(TICKS_PER_S, 1), 100);
        assert!(auxiliary(PAGE_BYTES, 1).is_power_of_two());
    }
}
