//! Who is asking: the peer, or what trusted proxies say of it.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::HeaderMap;

use super::forwarded;
use crate::config::{Network, ProxyHeader};

/// The caller's address. What proxies say counts only where the peer is a trusted one, and there from the right: the first
/// address that is no trusted proxy is the caller. What cannot be read ends the search at the nearest that could.
pub fn client(
    peer: IpAddr,
    headers: &HeaderMap,
    trusted: &[Network],
    header: ProxyHeader,
) -> IpAddr {
    let trusts = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let peer = peer.to_canonical();
    if !trusts(peer) {
        return peer;
    }
    let mut nearest = peer;
    // Returns whether the search goes on.
    let mut step = |said: Option<IpAddr>| match said {
        Some(address) => {
            nearest = address.to_canonical();
            trusts(nearest)
        }
        None => false,
    };
    match header {
        ProxyHeader::XForwardedFor => {
            let values = headers.get_all("x-forwarded-for");
            for value in values.iter().rev() {
                let text = value.to_str().unwrap_or_default();
                if !text.rsplit(',').all(|part| step(node(part.trim()))) {
                    break;
                }
            }
        }
        ProxyHeader::Forwarded => {
            let values = headers.get_all("forwarded");
            for value in values.iter().rev() {
                let hops = value.to_str().ok().and_then(forwarded::parse);
                let Some(hops) = hops else { break };
                let mut hops = hops.iter().rev();
                if !hops.all(|hop| step(hop.by_name("for").and_then(node))) {
                    break;
                }
            }
        }
    }
    nearest
}

/// Whether the request came to the nearest trusted proxy over TLS.
pub fn came_over_tls(
    peer: IpAddr,
    headers: &HeaderMap,
    trusted: &[Network],
    header: ProxyHeader,
) -> bool {
    let said = match header {
        ProxyHeader::XForwardedFor => headers
            .get_all("x-forwarded-proto")
            .iter()
            .next_back()
            .is_some_and(|proto| proto == "https"),
        ProxyHeader::Forwarded => headers
            .get_all("forwarded")
            .iter()
            .next_back()
            .and_then(|value| forwarded::parse(value.to_str().ok()?))
            .is_some_and(|hops| hops.last().and_then(|hop| hop.by_name("proto")) == Some("https")),
    };
    said && trusted
        .iter()
        .any(|network| network.contains(peer.to_canonical()))
}

/// An address as proxies write one: alone, with a port, IPv6 in brackets. Hidden names (`unknown`, `_x`) are none.
fn node(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address);
    }
    if let Ok(with_port) = text.parse::<SocketAddr>() {
        return Some(with_port.ip());
    }
    let (bracketed, rest) = text.strip_prefix('[')?.split_once(']')?;
    // RFC 7239, 6: the port may be hidden too.
    let port_is_hidden = rest.is_empty() || rest.starts_with(":_");
    let address: Ipv6Addr = bracketed.parse().ok()?;
    port_is_hidden.then_some(IpAddr::V6(address))
}

/// What limits count by: an IPv4 address, or the /64 of an IPv6 one, which is what one site gets.
pub fn limit_key(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
    }
}
