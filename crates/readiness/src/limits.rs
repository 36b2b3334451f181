//! How often one may ask.

pub(crate) mod per_address;
pub(crate) mod per_user;
pub(crate) mod routes;
pub(crate) mod shared;

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use chassis::check::ground::Instance;
use chassis::check::{Answer, Trouble};
use chassis::check::{Method, Subject};
use futures_util::{StreamExt, stream};

use crate::operations::{self, Access};

/// Requests under way at once.
const ABREAST: usize = 8;
/// A second address of this machine.
const SECOND_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// So many requests over so long.
#[derive(Clone, Copy, Debug)]
struct Limit {
    requests: u32,
    window: Duration,
}

impl Limit {
    /// What may be let in within a time: the whole number at once, then one by one as the window passes.
    fn most(self, took: Duration) -> u64 {
        let refilled = took.as_secs_f64() / self.window.as_secs_f64() * f64::from(self.requests);
        u64::from(self.requests) + refilled.ceil() as u64
    }
}

/// What came of a burst.
#[derive(Clone, Debug, Default)]
struct Burst {
    /// Requests that were let in.
    passed: u64,
    /// The first answer of 429.
    refused: Option<Answer>,
    took: Duration,
}

impl Burst {
    /// Whether as many were let in as the limit says, the time that it took included.
    fn judge(&self, limit: Limit, who: &str, faults: &mut Vec<String>) {
        let (least, most) = (u64::from(limit.requests), limit.most(self.took));
        let seconds = self.took.as_secs_f64();
        if self.refused.is_none() {
            faults.push(format!(
                "{who}: {} requests in {seconds:.1} s and none was refused, the limit is {least}",
                self.passed
            ));
        } else if self.passed < least || self.passed > most {
            faults.push(format!("{who}: {} requests were let in within {seconds:.1} s, the limit allows {least} to {most}", self.passed));
        }
    }
}

/// Sends so many requests, some at once. The clock begins before the first and ends after the last.
async fn burst(
    count: u32,
    request: impl Fn(u32) -> reqwest::RequestBuilder,
) -> Result<Burst, Trouble> {
    let started = Instant::now();
    let sent = stream::iter((0..count).map(request));
    let mut answers = sent.map(super::access::ask).buffered(ABREAST);
    let mut burst = Burst::default();
    while let Some(answer) = answers.next().await {
        let answer = answer?;
        match answer.status.as_u16() {
            429 => {
                burst.refused.get_or_insert(answer);
            }
            status @ 500..=599 => {
                return Err(Trouble::broke(format!(
                    "a request of a burst gets {status}"
                )));
            }
            _ => burst.passed += 1,
        }
    }
    burst.took = started.elapsed();
    Ok(burst)
}

/// Whether a refusal says what it must. Gives the time after which one may come back.
fn refusal(answer: &Answer, limit: Limit, faults: &mut Vec<String>) -> Duration {
    for name in ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"] {
        if answer.header(name).is_none() {
            faults.push(format!("a refusal goes without {name}"));
        }
    }
    if answer
        .header("ratelimit-remaining")
        .is_some_and(|left| left != "0")
    {
        let left = answer.header("ratelimit-remaining");
        faults.push(format!("a refusal says ratelimit-remaining: {left:?}"));
    }
    let said = answer.header("retry-after");
    // One request's share of the window, rounded up to a second, and one for the clock.
    let share = limit.window.as_secs_f64() / f64::from(limit.requests);
    let longest = share.ceil() as u64 + 1;
    match said.and_then(|value| value.parse::<u64>().ok()) {
        Some(seconds) if (1..=longest).contains(&seconds) => Duration::from_secs(seconds),
        _ => {
            faults.push(format!(
                "Retry-After of a refusal is {said:?}, due is 1 to {longest} s"
            ));
            Duration::from_secs(longest)
        }
    }
}

/// A figure of the configuration in force, as `aplomb config show` prints it.
async fn configured(instance: &dyn Instance, key: &str) -> Result<u32, Trouble> {
    let shown = instance.run(&["config", "show"], "").await?;
    let (section, name) = key.split_once('.').unwrap_or(("", key));
    let lines = shown
        .lines()
        .skip_while(|line| *line != format!("[{section}]"))
        .skip(1)
        .take_while(|line| !line.starts_with('['));
    let value = lines
        .filter_map(|line| line.split_once(" = "))
        .find_map(|(own, rest)| {
            let figure = rest.split(" #").next().unwrap_or_default().trim();
            (own == name).then(|| figure.parse().ok())?
        });
    value.ok_or_else(|| Trouble::broke(format!("`aplomb config show` does not print {key}")))
}

/// A client that asks from the second address; none where the machine has none.
async fn second_client(base: &str) -> Option<reqwest::Client> {
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(40))
        .no_proxy()
        .local_address(SECOND_ADDRESS);
    let client = builder.build().ok()?;
    client.get(format!("{base}/livez")).send().await.ok()?;
    Some(client)
}

/// The address of a public operation that only reads and has no limit of its own.
fn plain_path(subject: &Subject) -> String {
    let document = subject.document.clone().unwrap_or_default();
    let plain = operations::all(&document).into_iter().find(|one| {
        one.method == Method::GET
            && one.access == Access::Public
            && one.limit_per_minute.is_none()
            && one.template.starts_with("/api/")
            && !one.template.contains('{')
    });
    plain.map_or_else(|| "/no-such-page".to_owned(), |one| one.template)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_judged_with_the_time_that_it_took() {
        let limit = Limit {
            requests: 100,
            window: Duration::from_mins(1),
        };
        let judged = |passed, took, is_refused: bool| {
            let mut faults = Vec::new();
            let refused = is_refused.then(|| Answer {
                status: http::StatusCode::TOO_MANY_REQUESTS,
                headers: http::HeaderMap::new(),
                body: bytes::Bytes::new(),
            });
            Burst {
                passed,
                refused,
                took: Duration::from_millis(took),
            }
            .judge(limit, "x", &mut faults);
            faults.is_empty()
        };
        assert!(judged(100, 0, true));
        assert!(judged(101, 300, true));
        assert!(judged(105, 3000, true));
        assert!(!judged(102, 300, true));
        assert!(!judged(99, 0, true));
        assert!(!judged(120, 0, false));
    }
}
