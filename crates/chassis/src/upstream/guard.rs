//! Addresses that people name must not lead into our own network: the server would fetch for a stranger what only the
//! server can reach (SSRF).
//!
//! * [`check`] looks at the address as written: scheme, user, literal address
//! * [`resolve`] looks at all addresses behind the name and gives those that may be called: call these, not the name, or it
//!   may have moved (DNS rebinding); [`Resolver`] does that inside an HTTP client

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use http::StatusCode;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::config::Network;
use crate::http::problem::Problem;

/// What is let through beyond public addresses over https.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Also plain http.
    pub allow_http: bool,
    /// Private networks that the operator opened.
    pub allowed: Vec<Network>,
}

/// Why an address is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GuardFault {
    /// Neither https nor, where that is allowed, http.
    #[error("only https addresses may be called")]
    Scheme,
    /// `https://user:password@host`.
    #[error("an address with a user or password may not be called")]
    Credentials,
    /// No host.
    #[error("the address names no host")]
    Host,
    /// It leads into a network that is not public.
    #[error("the address leads into a network that is not public")]
    Private,
    /// The name is not known.
    #[error("the name is not known")]
    Unresolved,
}

impl From<GuardFault> for Problem {
    fn from(fault: GuardFault) -> Self {
        let code = match fault {
            GuardFault::Scheme => "upstream.only_https",
            GuardFault::Credentials => "upstream.credentials_in_address",
            GuardFault::Host | GuardFault::Unresolved => "upstream.unknown_host",
            GuardFault::Private => "upstream.private_address",
        };
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code)
    }
}

/// How long a name may take.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(5);

/// Looks at an address as it is written. A name says nothing yet: what is behind it does.
pub fn check(url: &Url, rules: &Rules) -> Result<(), GuardFault> {
    match url.scheme() {
        "https" => {}
        "http" if rules.allow_http => {}
        _ => return Err(GuardFault::Scheme),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(GuardFault::Credentials);
    }
    // The parser has turned `0x7f.1`, `2130706433` and the like into the address that they mean.
    match literal(url) {
        Some(address) if !rules.let_through(address) => Err(GuardFault::Private),
        None if url.host_str().is_none_or(str::is_empty) => Err(GuardFault::Host),
        _ => Ok(()),
    }
}

/// The addresses behind an address that may be called. One private address among public ones refuses all.
pub async fn resolve(url: &Url, rules: &Rules) -> Result<Vec<SocketAddr>, GuardFault> {
    check(url, rules)?;
    let port = url.port_or_known_default().ok_or(GuardFault::Scheme)?;
    if let Some(address) = literal(url) {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let host = url.host_str().ok_or(GuardFault::Host)?;
    lookup(host, port, rules).await
}

fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    bare.parse().ok()
}

async fn lookup(host: &str, port: u16, rules: &Rules) -> Result<Vec<SocketAddr>, GuardFault> {
    let found = tokio::time::timeout(RESOLVE_TIMEOUT, tokio::net::lookup_host((host, port))).await;
    let Ok(Ok(found)) = found else {
        return Err(GuardFault::Unresolved);
    };
    let found: Vec<_> = found.collect();
    if found.is_empty() {
        return Err(GuardFault::Unresolved);
    }
    if found.iter().all(|address| rules.let_through(address.ip())) {
        Ok(found)
    } else {
        Err(GuardFault::Private)
    }
}

impl Rules {
    fn let_through(&self, address: IpAddr) -> bool {
        is_public(address) || self.allowed.iter().any(|network| network.contains(address))
    }
}

/// Whether an address is one that anybody on the Internet may be reached at. By the registries of special addresses
/// (RFC 6890 and what IANA added), refusing whole ranges where parts are odd.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = a == 0
        || address.is_private()
        || address.is_loopback()
        // Also the metadata service of clouds, 169.254.169.254.
        || address.is_link_local()
        // Shared by carriers (100.64.0.0/10); Alibaba's metadata service is in it.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && (c == 0 || c == 2))
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
        || (a == 198 && b == 51 && c == 100)
        || (a == 203 && b == 0 && c == 113)
        // Microsoft Azure's metadata and DNS, public by its number only.
        || address == Ipv4Addr::new(168, 63, 129, 16)
        // Multicast, reserved, broadcast.
        || a >= 224;
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let s = address.segments();
    // Only 2000::/3 is given out; the rest is loopback, mapped, unique local, link local, multicast or unassigned.
    if s[0] & 0xe000 != 0x2000 {
        // NAT64 (64:ff9b::/96) and mapped addresses lead to the IPv4 address inside: refused too, whatever it is.
        return false;
    }
    let special = (s[0] == 0x2001 && (s[1] < 0x0200 || s[1] == 0x0db8))
        // 6to4 holds an IPv4 address.
        || s[0] == 0x2002
        || (s[0] == 0x3fff && s[1] < 0x1000);
    !special
}

/// Resolves names inside an HTTP client, giving only what [`resolve`] would: the client connects to what was looked at.
#[derive(Clone, Debug)]
pub struct Resolver {
    rules: Rules,
}

impl Resolver {
    /// By these rules.
    pub fn new(rules: Rules) -> Self {
        Self { rules }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let rules = self.rules.clone();
        Box::pin(async move {
            let found = lookup(name.as_str(), 0, &rules).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<(), GuardFault> {
        check(&Url::parse(text).unwrap(), &Rules::default())
    }

    #[test]
    fn special_addresses_are_not_public() {
        for text in [
            "0.0.0.0",
            "10.1.2.3",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::",
            "100::1",
            "3fff::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "193.0.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
        ] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn odd_spellings_are_the_addresses_that_they_mean() {
        for text in [
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:7f00:1]/",
            "https://169.254.169.254/latest",
            "https://127.0.0.1./",
            "https://①②⑦.0.0.1/",
        ] {
            assert_eq!(checked(text), Err(GuardFault::Private), "{text}");
        }
        for text in [
            "http://example.org/",
            "ftp://example.org/",
            "file:///etc/passwd",
            "gopher://example.org/",
        ] {
            assert_eq!(checked(text), Err(GuardFault::Scheme), "{text}");
        }
        assert_eq!(
            checked("https://a:b@example.org/"),
            Err(GuardFault::Credentials)
        );
        assert_eq!(
            checked("https://a@example.org/"),
            Err(GuardFault::Credentials)
        );
        assert_eq!(checked("https://example.org/hook?x=1"), Ok(()));
    }

    #[tokio::test]
    async fn names_are_judged_by_what_is_behind_them() {
        let url = Url::parse("https://localhost/").unwrap();
        assert_eq!(check(&url, &Rules::default()), Ok(()));
        assert_eq!(
            resolve(&url, &Rules::default()).await,
            Err(GuardFault::Private)
        );
        let opened = Rules {
            allowed: vec!["127.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()],
            ..Rules::default()
        };
        let found = resolve(&url, &opened).await.unwrap();
        assert!(
            found
                .iter()
                .all(|address| address.ip().is_loopback() && address.port() == 443)
        );
        let nowhere = Url::parse("https://nowhere.invalid/").unwrap();
        assert_eq!(
            resolve(&nowhere, &Rules::default()).await,
            Err(GuardFault::Unresolved)
        );
    }
}
