//! A server of known latency, to measure load generators by: 5 ms, and more by a fixed sequence that falls off as waiting times do (2 ms
//! on average, so p99 is 14.2 ms and what timers add). `known 127.0.0.1:PORT`

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;

const LEAST_MS: f64 = 5.0;
const MORE_MS: f64 = 2.0;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:8082".into());
    let router = Router::new().fallback(answer);
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(listener, router).await
}

async fn answer() -> &'static str {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    // The golden ratio's multiples spread evenly over (0, 1): every stretch of the sequence has the same distribution.
    let evenly = ((number + 1) as f64 * 0.618_033_988_749_894_9).fract();
    let delay_ms = LEAST_MS - MORE_MS * (1.0 - evenly).ln();
    tokio::time::sleep(Duration::from_secs_f64(delay_ms / 1_000.0)).await;
    "ok"
}
