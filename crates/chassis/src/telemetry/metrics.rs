//! Prometheus metrics: one recorder a process, its text at `/metrics`.

use std::sync::OnceLock;
use std::time::Duration;

use super::catalogue;
use crate::clock::{Clock as _, SystemClock};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds of the latency histograms, seconds.
const SECONDS: [f64; 14] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

/// The same for jobs, which may take hours.
const JOB_SECONDS: [f64; 11] = [
    0.01, 0.05, 0.25, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0,
];

/// The process's recorder, installed at the first call.
pub fn recorder() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)
            .expect("the list of bounds is not empty")
            .set_buckets_for_metric(Matcher::Full("job_duration_seconds".into()), &JOB_SECONDS)
            .expect("the list of bounds is not empty")
            .build_recorder();
        let handle = recorder.handle();
        // Another recorder can only be there in a test that brought its own; ours then shows nothing.
        let _ = metrics::set_global_recorder(recorder);
        catalogue::announce(catalogue::CHASSIS);
        metrics::gauge!("aplomb_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        metrics::gauge!("process_start_time_seconds")
            .set(SystemClock.now().unix_ms() as f64 / 1000.0);
        handle
    })
}

/// How often to call [`tidy`].
pub const TIDY_EVERY: Duration = Duration::from_secs(5);

/// Sums up what the histograms were told since the last call: without it their memory grows until
/// somebody scrapes.
pub fn tidy() {
    recorder().run_upkeep();
}

/// The text exposition (version 0.0.4) with the gauges read now.
pub fn render() -> String {
    if let Some(bytes) = resident_bytes() {
        metrics::gauge!("process_resident_memory_bytes").set(bytes as f64);
    }
    recorder().render()
}

/// Processor time of this process so far, all its threads, user and system.
pub fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Resident memory of this process, from `/proc` (Linux only).
pub fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace()
        .next()?
        .parse::<u64>()
        .ok()
        .map(|kib| kib * 1024)
}
