//! Calling by HTTP.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode, header};
use reqwest::Url;

use super::guard::{self, GuardFault};
use super::{
    Answer, CachePolicy, Inner, Outcome, Policy, Reach, Request, Source, UpstreamFault, full_jitter,
};
use crate::clock::Timestamp;

/// An answer that is kept.
pub(super) struct Kept {
    answer: Answer,
    at: Timestamp,
}

/// The client of an upstream: no redirects, no proxy from the environment (the guard could not see behind one), its own
/// connections.
pub(super) fn client(policy: &Policy) -> reqwest::Client {
    crate::tls::install();
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .retry(reqwest::retry::never())
        .user_agent(concat!("aplomb/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(policy.connect_timeout)
        .read_timeout(policy.read_timeout);
    if let Reach::Guarded(rules) = &policy.reach {
        builder = builder.dns_resolver(guard::Resolver::new(rules.clone()));
    }
    builder
        .build()
        .expect("the options fit together and the cryptography is installed")
}

pub(super) fn cache(policy: &CachePolicy) -> moka::future::Cache<[u8; 32], Arc<Kept>> {
    moka::future::Cache::builder()
        .max_capacity(policy.most_bytes)
        .weigher(|_, kept: &Arc<Kept>| {
            // The entry itself costs about this much too.
            u32::try_from(kept.answer.body.len() + 1_024).unwrap_or(u32::MAX)
        })
        .time_to_live(policy.fresh + policy.stale)
        .build()
}

pub(super) async fn send(upstream: &Inner, request: Request) -> Result<Answer, UpstreamFault> {
    let Some((cache, policy)) = upstream
        .cache
        .as_ref()
        .zip(upstream.policy.cache.as_ref())
        .filter(|_| request.may_cache)
    else {
        let result = attempts(upstream, &request).await;
        return result.or_else(|fault| degrade(upstream, &request, fault));
    };
    let key = cache_key(&request);
    let kept = cache.get(&key).await;
    let age = |kept: &Kept| {
        let age_ms = upstream.clock.now().unix_ms() - kept.at.unix_ms();
        Duration::from_millis(u64::try_from(age_ms).unwrap_or(0))
    };
    if let Some(kept) = kept.as_ref().filter(|kept| age(kept) <= policy.fresh) {
        upstream.count(Outcome::Cached);
        return Ok(from(kept, Source::Cache));
    }
    match attempts(upstream, &request).await {
        Ok(answer) => {
            if answer.status == StatusCode::OK {
                let at = upstream.clock.now();
                let kept = Kept {
                    answer: answer.clone(),
                    at,
                };
                cache.insert(key, Arc::new(kept)).await;
            }
            Ok(answer)
        }
        Err(fault) => match kept.filter(|kept| age(kept) <= policy.fresh + policy.stale) {
            Some(kept) => {
                upstream.count(Outcome::Stale);
                Ok(from(&kept, Source::Stale))
            }
            None => degrade(upstream, &request, fault),
        },
    }
}

fn from(kept: &Kept, source: Source) -> Answer {
    Answer {
        source,
        ..kept.answer.clone()
    }
}

/// Address and headers: another key or another language is another answer.
fn cache_key(request: &Request) -> [u8; 32] {
    let mut hash = blake3::Hasher::new();
    hash.update(request.url.as_str().as_bytes());
    for (name, value) in &request.headers {
        hash.update(b"\0");
        hash.update(name.as_str().as_bytes());
        hash.update(b"\0");
        hash.update(value.as_bytes());
    }
    *hash.finalize().as_bytes()
}

fn degrade(
    upstream: &Inner,
    request: &Request,
    fault: UpstreamFault,
) -> Result<Answer, UpstreamFault> {
    let made = upstream
        .degrade
        .as_ref()
        .and_then(|degrade| degrade(request, &fault));
    match made {
        Some(answer) => {
            upstream.count(Outcome::Degraded);
            Ok(answer)
        }
        None => Err(fault),
    }
}

/// The first attempt and its repetitions.
async fn attempts(upstream: &Inner, request: &Request) -> Result<Answer, UpstreamFault> {
    let policy = &upstream.policy;
    let repetitions = if request.may_repeat {
        policy.retries as usize
    } else {
        0
    };
    let mut waits = ExponentialBuilder::new()
        .with_min_delay(policy.backoff.first)
        .with_max_delay(policy.backoff.most)
        .with_max_times(repetitions)
        .build();
    loop {
        let fault = match upstream.attempt(follow(upstream, request)).await {
            Ok(answer) => return Ok(answer),
            Err(fault) => fault,
        };
        let Some(longest) = waits.next() else {
            return Err(fault);
        };
        let wait = match fault {
            UpstreamFault::Status {
                retry_after: Some(asked),
                ..
            } => {
                if asked > policy.backoff.most {
                    return Err(fault);
                }
                asked + full_jitter(policy.backoff.first)
            }
            UpstreamFault::Timeout
            | UpstreamFault::Connect
            | UpstreamFault::Interrupted
            | UpstreamFault::Status { .. } => full_jitter(longest),
            _ => return Err(fault),
        };
        tokio::time::sleep(wait).await;
    }
}

/// One attempt, from address to address.
async fn follow(upstream: &Inner, request: &Request) -> Result<Answer, UpstreamFault> {
    let policy = &upstream.policy;
    let mut url = request.url.clone();
    let mut headers = request.headers.clone();
    let mut left = policy.redirects;
    loop {
        let answer = once(upstream, request, &url, headers.clone()).await?;
        let target = redirect_target(&answer, &url).filter(|_| {
            policy.redirects > 0 && matches!(request.method, Method::GET | Method::HEAD)
        });
        let Some(target) = target else {
            return Ok(answer);
        };
        if left == 0 {
            return Err(UpstreamFault::Redirects);
        }
        left -= 1;
        if target.origin() != url.origin() {
            // What one host may know (keys, cookies) is not for another.
            headers.retain_only(&[header::ACCEPT, header::ACCEPT_LANGUAGE]);
        }
        url = target;
    }
}

fn redirect_target(answer: &Answer, from: &Url) -> Option<Url> {
    let redirects = matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let place = answer.headers.get(header::LOCATION)?.to_str().ok()?;
    from.join(place).ok().filter(|_| redirects)
}

async fn once(
    upstream: &Inner,
    request: &Request,
    url: &Url,
    headers: HeaderMap,
) -> Result<Answer, UpstreamFault> {
    if let Reach::Guarded(rules) = &upstream.policy.reach {
        // Names are looked at where they are resolved, and only there: the address looked at is the address called.
        guard::check(url, rules)?;
    }
    let mut sent = upstream
        .client
        .request(request.method.clone(), url.clone())
        .headers(headers);
    if !request.body.is_empty() {
        sent = sent.body(request.body.clone());
    }
    let response = sent.send().await.map_err(|error| class(&error))?;
    let status = response.status();
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(UpstreamFault::Status {
            status: status.as_u16(),
            retry_after: retry_after(response.headers(), upstream.clock.now()),
        });
    }
    let headers = response.headers().clone();
    let body = bounded(response, upstream.policy.answer_limit_bytes).await?;
    Ok(Answer {
        status,
        headers,
        body,
        source: Source::Upstream,
    })
}

async fn bounded(mut response: reqwest::Response, limit: usize) -> Result<Bytes, UpstreamFault> {
    let too_large = UpstreamFault::TooLarge { limit_bytes: limit };
    if response
        .content_length()
        .is_some_and(|length| length > limit as u64)
    {
        return Err(too_large);
    }
    let mut body = BytesMut::new();
    while let Some(part) = response.chunk().await.map_err(|error| class(&error))? {
        if body.len() + part.len() > limit {
            return Err(too_large);
        }
        body.extend_from_slice(&part);
    }
    Ok(body.freeze())
}

/// The library's error without the address that it names.
fn class(error: &reqwest::Error) -> UpstreamFault {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(inner) = cause {
        if let Some(refused) = inner.downcast_ref::<GuardFault>() {
            return match refused {
                GuardFault::Unresolved => UpstreamFault::Connect,
                refused => UpstreamFault::Refused(refused.clone()),
            };
        }
        cause = inner.source();
    }
    if error.is_timeout() {
        UpstreamFault::Timeout
    } else if error.is_connect() {
        UpstreamFault::Connect
    } else if error.is_builder() {
        UpstreamFault::Invalid
    } else {
        UpstreamFault::Interrupted
    }
}

/// `Retry-After` in seconds or as a date (RFC 9110, 10.2.3).
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let wait_ms = http_date(text)?.unix_ms() - now.unix_ms();
    Some(Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0)))
}

/// `Fri, 20 Nov 2026 15:44:05 GMT`; the two older forms (RFC 9110, 5.6.7) no server sends any more.
fn http_date(text: &str) -> Option<Timestamp> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let mut parts = text.split_once(", ")?.1.split(' ');
    let (day, month, year, time) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.find(month).filter(|_| month.len() == 3)? / 3 + 1;
    let is_utc = parts.next() == Some("GMT");
    let text = format!("{year}-{month:02}-{day}T{time}.000Z");
    text.parse().ok().filter(|_| is_utc)
}

/// Keeps the named headers.
trait RetainOnly {
    fn retain_only(&mut self, names: &[header::HeaderName]);
}

impl RetainOnly for HeaderMap {
    fn retain_only(&mut self, names: &[header::HeaderName]) {
        let kept: Vec<_> = names
            .iter()
            .filter_map(|name| Some((name.clone(), self.get(name)?.clone())))
            .collect();
        self.clear();
        self.extend(kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: Timestamp = "2026-11-20T15:44:05.000Z".parse().unwrap();
        for (text, seconds) in [
            ("7", Some(7)),
            ("Fri, 20 Nov 2026 15:44:35 GMT", Some(30)),
            ("Fri, 20 Nov 2026 15:44:00 GMT", Some(0)),
            ("Fri, 20 Nov 2026 15:44:35 CET", None),
            ("soon", None),
            ("-1", None),
        ] {
            let headers = HeaderMap::from_iter([(header::RETRY_AFTER, text.parse().unwrap())]);
            assert_eq!(
                retry_after(&headers, now),
                seconds.map(Duration::from_secs),
                "{text}"
            );
        }
    }
}
