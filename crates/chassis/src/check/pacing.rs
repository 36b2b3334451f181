//! Manners towards systems of others: not too often, and not before they say.
//!
//! Requests are built by checks and sent in one place, which knows nothing but their address: so the pace belongs to the address.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::Url;

/// A wait that a server asks for is kept up to here; beyond, its answer stands.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(65);
/// Times that a request is sent again after a 429.
pub(super) const MOST_AGAIN: usize = 3;

struct Pacing {
    gap: Duration,
    next: Instant,
}

static PACED: Mutex<BTreeMap<String, Pacing>> = Mutex::new(BTreeMap::new());

/// From now on, requests of checks to this address keep a gap, and one that is answered 429 is sent again when the server says so.
/// A later call for the same address counts.
pub fn pace(base: &str, gap: Duration) {
    let Some(place) = Url::parse(base).ok().as_ref().and_then(place) else {
        return;
    };
    let next = Instant::now();
    let mut paced = PACED.lock().unwrap_or_else(PoisonError::into_inner);
    paced.insert(place, Pacing { gap, next });
}

/// Waits for the turn of a request; whether its address is paced.
pub(super) async fn turn(url: &Url) -> bool {
    let wait = {
        let mut paced = PACED.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pacing) = place(url).and_then(|place| paced.get_mut(&place)) else {
            return false;
        };
        let now = Instant::now();
        let mine = pacing.next.max(now);
        pacing.next = mine + pacing.gap;
        mine - now
    };
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    true
}

/// How long an answer asks its caller to wait; none where that is too long.
pub(super) fn wished(answer: &reqwest::Response) -> Option<Duration> {
    let header = answer.headers().get("retry-after");
    let text = header.and_then(|value| value.to_str().ok());
    let seconds = text
        .and_then(|text| text.trim().parse::<u64>().ok())
        .unwrap_or(1);
    let wait = Duration::from_secs(seconds.max(1));
    (wait <= LONGEST_WAIT).then_some(wait)
}

fn place(url: &Url) -> Option<String> {
    let port = url.port_or_known_default()?;
    Some(format!("{}:{port}", url.host_str()?))
}
