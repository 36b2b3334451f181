//! Fetching a file by its address, without becoming somebody's hand inside the operator's network.
//!
//! The host must be on a list; its name is resolved here, every address of it must be public, and the connection goes to
//! the very addresses that were checked. Each redirect is a new address that passes the same gate.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::StreamExt;
use http::{StatusCode, header};
use reqwest::Url;

use super::{Kind, NewObject, Object, ObjectFault, kind};
use crate::auth::WorkspaceId;
use crate::config::{self, Network};
use crate::http::problem::{FieldProblem, Problem};
use crate::service::Context;
use crate::upstream::guard::is_public;

/// Redirects that are followed.
const MOST_HOPS: usize = 5;
const LONGEST_URL: usize = 2_000;

/// Fetches a file and keeps it.
pub(super) async fn fetch(
    context: &Context,
    workspace: WorkspaceId,
    url: &str,
    name: Option<String>,
) -> Result<Object, Problem> {
    let limit = Duration::from_millis(context.config.objects.import_timeout_ms);
    let fetched = tokio::time::timeout(limit, fetch_in_time(context, workspace, url, name));
    fetched
        .await
        .unwrap_or_else(|_| Err(failed("objects.import_slow")))
}

async fn fetch_in_time(
    context: &Context,
    workspace: WorkspaceId,
    url: &str,
    name: Option<String>,
) -> Result<Object, Problem> {
    let settings = &context.config.objects;
    let mut url = parse(url)?;
    for _ in 0..=MOST_HOPS {
        let addresses = gate(settings, &url).await?;
        let answer = ask(&url, &addresses).await?;
        if answer.status().is_redirection() {
            let target = answer.headers().get(header::LOCATION);
            let target = target.and_then(|value| value.to_str().ok());
            let target = target.and_then(|target| url.join(target).ok());
            url = target.ok_or_else(|| failed("objects.import_failed"))?;
            continue;
        }
        if answer.status() != StatusCode::OK {
            return Err(failed("objects.import_failed"));
        }
        let most = settings.import_limit_bytes;
        if answer.content_length().is_some_and(|length| length > most) {
            return Err(too_large(most));
        }
        let stated = answer.headers().get(header::CONTENT_TYPE);
        let stated = stated.and_then(|value| value.to_str().ok());
        let last = url.path_segments().and_then(|mut all| all.next_back());
        let last = last.map(|last| percent_encoding::percent_decode_str(last).decode_utf8_lossy());
        let new = NewObject {
            name: name.or_else(|| last.and_then(|last| kind::file_name(&last).ok())),
            ..NewObject::new(
                workspace,
                stated
                    .and_then(|kind| Kind::parse(kind).ok())
                    .unwrap_or_else(Kind::unknown),
            )
        };
        let bytes = answer
            .bytes_stream()
            .map(|bytes| bytes.map_err(std::io::Error::other));
        // What broke off or was too long came from there and not from our caller.
        return match context.objects.put_stream(new, bytes, most).await {
            Err(ObjectFault::TooLarge { limit_bytes }) => Err(too_large(limit_bytes)),
            Err(ObjectFault::BrokenOff(_)) => Err(failed("objects.import_failed")),
            kept => Ok(kept?),
        };
    }
    Err(failed("objects.import_failed"))
}

fn failed(code: &'static str) -> Problem {
    Problem::new(StatusCode::CONFLICT, code)
}

fn too_large(limit_bytes: u64) -> Problem {
    failed("objects.import_too_large").with("limit", limit_bytes)
}

fn refused(code: &'static str) -> Problem {
    Problem::invalid(vec![FieldProblem::new("url", code, Vec::new())])
}

fn parse(text: &str) -> Result<Url, Problem> {
    if text.len() > LONGEST_URL {
        return Err(refused("objects.import_address"));
    }
    Url::parse(text).map_err(|_| refused("objects.import_address"))
}

/// The addresses to which a connection may go for this URL.
async fn gate(settings: &config::Objects, url: &Url) -> Result<Vec<SocketAddr>, Problem> {
    if settings.import_hosts.is_empty() {
        return Err(refused("objects.import_off"));
    }
    let secure = url.scheme() == "https" || (settings.import_plain_http && url.scheme() == "http");
    let anonymous = url.username().is_empty() && url.password().is_none();
    let (Some(host), Some(port), true, true) = (
        url.host_str(),
        url.port_or_known_default(),
        secure,
        anonymous,
    ) else {
        return Err(refused("objects.import_address"));
    };
    if !settings.import_hosts.iter().any(|rule| allows(rule, host)) {
        return Err(refused("objects.import_host"));
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let found = tokio::net::lookup_host((bare, port)).await;
    let found: Vec<SocketAddr> = found
        .map_err(|_| failed("objects.import_failed"))?
        .collect();
    let outside = |address: &SocketAddr| may_reach(address.ip(), &settings.import_networks);
    // One private address among public ones is somebody's trick, not a mirror.
    if found.is_empty() || !found.iter().all(outside) {
        return Err(refused("objects.import_private"));
    }
    Ok(found)
}

/// Whether a rule names a host: the same name, or `*.` and what it ends in.
fn allows(rule: &str, host: &str) -> bool {
    let (rule, host) = (rule.to_ascii_lowercase(), host.to_ascii_lowercase());
    let host = host.trim_end_matches('.');
    match rule.strip_prefix("*.") {
        Some(end) => host
            .strip_suffix(end)
            .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
        None => rule == "*" || rule == host,
    }
}

fn may_reach(address: IpAddr, networks: &[Network]) -> bool {
    let address = address.to_canonical();
    is_public(address) || networks.iter().any(|network| network.contains(address))
}

/// Asks exactly those addresses, without following redirects and without a proxy that would resolve the name again.
async fn ask(url: &Url, addresses: &[SocketAddr]) -> Result<reqwest::Response, Problem> {
    crate::tls::install();
    let host = url.host_str().unwrap_or_default();
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .resolve_to_addrs(host, addresses)
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_secs(30))
        .user_agent(concat!("aplomb/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|fault| Problem::internal(&fault))?;
    client.get(url.clone()).send().await.map_err(|fault| {
        tracing::debug!(error = %fault, "a file could not be fetched");
        failed("objects.import_failed")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_open_internet_and_named_networks_are_reached() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "169.254.169.254",
            "::1",
            "::ffff:127.0.0.1",
        ] {
            assert!(!may_reach(private.parse().unwrap(), &[]), "{private}");
        }
        let networks = ["10.0.0.0/8".to_owned().try_into().unwrap()];
        assert!(may_reach("9.9.9.9".parse().unwrap(), &networks));
        assert!(may_reach("10.1.2.3".parse().unwrap(), &networks));
        assert!(!may_reach("127.0.0.1".parse().unwrap(), &networks));
    }

    #[test]
    fn a_rule_names_a_host_or_all_below_it() {
        assert!(allows("media.example.org", "Media.Example.org."));
        assert!(allows("*.example.org", "a.b.example.org"));
        for (rule, host) in [
            ("example.org", "evil-example.org"),
            ("*.example.org", "example.org"),
            ("*.example.org", "evilexample.org"),
            ("*.example.org", ".example.org"),
            ("example.org", "example.org.evil.net"),
        ] {
            assert!(!allows(rule, host), "{rule} {host}");
        }
    }
}
