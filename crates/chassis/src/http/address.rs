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
    let peer = peer.to_canonical();
    if !trusted.iter().any(|network| network.contains(peer)) {
        return false;
    }
    match header {
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
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: &str = "10.0.0.1";
    const STRANGER: &str = "203.0.113.5";

    fn headers(name: &'static str, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    fn trusted() -> Vec<Network> {
        ["10.0.0.0/8", "2001:db8:ffff::/48"]
            .map(|range| range.parse().unwrap())
            .to_vec()
    }

    #[test]
    fn the_first_untrusted_address_from_the_right_is_the_caller() {
        // The peer, what the header says, who it is.
        for (peer, values, expected) in [
            // A stranger speaks for nobody.
            (STRANGER, &["1.1.1.1"][..], STRANGER),
            (STRANGER, &["10.0.0.2"], STRANGER),
            (PROXY, &[], PROXY),
            (PROXY, &["1.1.1.1"], "1.1.1.1"),
            ("::ffff:10.0.0.1", &["1.1.1.1"], "1.1.1.1"),
            ("2001:db8:ffff::1", &["1.1.1.1"], "1.1.1.1"),
            // Chains, in one header or several.
            (PROXY, &["6.6.6.6, 1.1.1.1"], "1.1.1.1"),
            (PROXY, &["6.6.6.6, 1.1.1.1, 10.9.9.9"], "1.1.1.1"),
            (
                PROXY,
                &["6.6.6.6", "1.1.1.1,10.9.9.9", "10.8.8.8"],
                "1.1.1.1",
            ),
            (PROXY, &["10.9.9.9, 10.8.8.8"], "10.9.9.9"),
            (PROXY, &["1.1.1.1,   2.2.2.2"], "2.2.2.2"),
            // Ports and brackets.
            (PROXY, &["1.1.1.1:4711"], "1.1.1.1"),
            (PROXY, &["2001:db8::7"], "2001:db8::7"),
            (PROXY, &["[2001:db8::7]"], "2001:db8::7"),
            (PROXY, &["[2001:db8::7]:443"], "2001:db8::7"),
            (PROXY, &["::ffff:1.1.1.1"], "1.1.1.1"),
            // What cannot be read ends the search at the nearest that could.
            (PROXY, &["1.1.1.1, unknown"], PROXY),
            (PROXY, &["1.1.1.1, unknown, 10.9.9.9"], "10.9.9.9"),
            (PROXY, &["1.1.1.1,"], PROXY),
            (PROXY, &[""], PROXY),
            (PROXY, &["1.1.1.1", "x"], PROXY),
            (PROXY, &["1.1.1"], PROXY),
            (PROXY, &["1.1.1.1:99999"], PROXY),
            (PROXY, &["[2001:db8::7"], PROXY),
            (PROXY, &["[1.1.1.1]"], PROXY),
        ] {
            let headers = headers("x-forwarded-for", values);
            let found = client(
                peer.parse().unwrap(),
                &headers,
                &trusted(),
                ProxyHeader::XForwardedFor,
            );
            assert_eq!(found.to_string(), expected, "{peer} {values:?}");
        }
    }

    #[test]
    fn forwarded_is_read_by_the_same_rule() {
        for (peer, values, expected) in [
            (STRANGER, &["for=1.1.1.1"][..], STRANGER),
            (PROXY, &["for=1.1.1.1;proto=https"], "1.1.1.1"),
            (
                PROXY,
                &["For=\"[2001:db8::7]:4711\";by=_gate"],
                "2001:db8::7",
            ),
            (PROXY, &["for=\"[2001:db8::7]:_hidden\""], "2001:db8::7"),
            (
                PROXY,
                &["for=6.6.6.6, for=1.1.1.1, for=10.9.9.9"],
                "1.1.1.1",
            ),
            (
                PROXY,
                &["for=6.6.6.6", "for=1.1.1.1", "for=\"10.9.9.9:80\""],
                "1.1.1.1",
            ),
            (PROXY, &["for=1.1.1.1, for=unknown"], PROXY),
            (
                PROXY,
                &["for=1.1.1.1, for=_secret, for=10.9.9.9"],
                "10.9.9.9",
            ),
            (PROXY, &["for=1.1.1.1, proto=https"], PROXY),
            // A quote left open by a client must not hide what the proxy says.
            (PROXY, &["for=\"1.1.1.1, for=2.2.2.2"], PROXY),
            (PROXY, &["for=\"6.6.6.6", "for=1.1.1.1"], "1.1.1.1"),
        ] {
            let headers = headers("forwarded", values);
            let found = client(
                peer.parse().unwrap(),
                &headers,
                &trusted(),
                ProxyHeader::Forwarded,
            );
            assert_eq!(found.to_string(), expected, "{peer} {values:?}");
        }
    }

    #[test]
    fn only_the_configured_header_counts() {
        let mut both = headers("x-forwarded-for", &["1.1.1.1"]);
        both.append("forwarded", "for=2.2.2.2".parse().unwrap());
        for (header, expected) in [
            (ProxyHeader::XForwardedFor, "1.1.1.1"),
            (ProxyHeader::Forwarded, "2.2.2.2"),
        ] {
            let found = client(PROXY.parse().unwrap(), &both, &trusted(), header);
            assert_eq!(found.to_string(), expected);
        }
    }

    #[test]
    fn only_a_trusted_proxy_says_that_it_was_tls() {
        let plain = headers("x-forwarded-proto", &["https"]);
        let forwarded = headers(
            "forwarded",
            &["for=1.1.1.1;proto=http, for=2.2.2.2;proto=https"],
        );
        for (peer, headers, header, expected) in [
            (PROXY, &plain, ProxyHeader::XForwardedFor, true),
            (STRANGER, &plain, ProxyHeader::XForwardedFor, false),
            (PROXY, &plain, ProxyHeader::Forwarded, false),
            (PROXY, &forwarded, ProxyHeader::Forwarded, true),
            (STRANGER, &forwarded, ProxyHeader::Forwarded, false),
        ] {
            let said = came_over_tls(peer.parse().unwrap(), headers, &trusted(), header);
            assert_eq!(said, expected, "{peer} {header:?}");
        }
    }

    #[test]
    fn limits_count_ipv6_by_site() {
        for (address, expected) in [
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("203.0.113.5", "203.0.113.5"),
        ] {
            assert_eq!(limit_key(address.parse().unwrap()).to_string(), expected);
        }
    }
}
