//! Addresses as types that cannot be wrong: networks, origins, the public address.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Reads an address to listen on, also in the short forms that people type: `8080` and
/// `localhost:8080` are this machine alone, `:8080` is every address of it.
pub(super) fn listen_address<'de, D>(deserializer: D) -> Result<SocketAddr, D::Error>
where
    D: serde::Deserializer<'de>,
{
    let text = String::deserialize(deserializer)?;
    let full = if let Ok(port) = text.parse::<u16>() {
        format!("127.0.0.1:{port}")
    } else if let Some(port) = text.strip_prefix("localhost:") {
        format!("127.0.0.1:{port}")
    } else if let Some(port) = text.strip_prefix(':') {
        format!("0.0.0.0:{port}")
    } else {
        text
    };
    full.parse().map_err(|_| {
        serde::de::Error::custom(
            "is not an address to listen on: write 127.0.0.1:8080, [::1]:8080, or a port alone",
        )
    })
}

/// One address or a range in CIDR notation (`10.0.0.0/8`, `2001:db8::/32`, `127.0.0.1`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Whether the address lies inside. An IPv4 address written as IPv6 (`::ffff:10.0.0.1`) counts as IPv4, because
    /// that is how a socket listening on both reports its IPv4 callers.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => same_prefix(
                u128::from(network.to_bits()) << 96,
                u128::from(address.to_bits()) << 96,
                self.prefix,
            ),
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                same_prefix(network.to_bits(), address.to_bits(), self.prefix)
            }
            _ => false,
        }
    }

    /// Whether the range holds every address of its family.
    pub fn is_everyone(&self) -> bool {
        self.prefix == 0
    }
}

fn same_prefix(left: u128, right: u128, bits: u8) -> bool {
    // A shift by 128 overflows; two addresses always share a prefix of no bits.
    bits == 0 || (left ^ right) >> (128 - u32::from(bits)) == 0
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address
            .parse()
            .map_err(|_| format!("`{text}` is neither an address nor a CIDR range"))?;
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => widest,
            Some(prefix) => prefix
                .parse()
                .ok()
                .filter(|bits| *bits <= widest)
                .ok_or_else(|| format!("`{text}` needs a prefix length from 0 to {widest}"))?,
        };
        Ok(Self { address, prefix })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.address, self.prefix)
    }
}

/// An origin that browsers may call from (`https://app.example.org`), or `*` for any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct AllowedOrigin(String);

impl AllowedOrigin {
    /// The origin as a browser sends it, or `*`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this admits every origin.
    pub fn is_any(&self) -> bool {
        self.0 == "*"
    }
}

impl FromStr for AllowedOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "*" {
            return Ok(Self(text.to_owned()));
        }
        if text.ends_with('/') {
            return Err(format!(
                "`{text}` must not end with a slash: a browser sends scheme, host and port only"
            ));
        }
        let uri = http_uri(text)?;
        if uri
            .path_and_query()
            .is_some_and(|rest| rest.as_str() != "/")
        {
            return Err(format!("`{text}` must be scheme, host and port only"));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

impl fmt::Display for AllowedOrigin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The address under which people reach the server, without a trailing slash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct PublicUrl(String);

impl PublicUrl {
    /// The address, for example `https://marks.example.org`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether visitors arrive over TLS.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let uri = http_uri(text)?;
        if uri.query().is_some() {
            return Err(format!("`{text}` must not hold a query"));
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn http_uri(text: &str) -> Result<::http::Uri, String> {
    let uri: ::http::Uri = text
        .parse()
        .map_err(|_| format!("`{text}` is not an address"))?;
    let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
    match uri.authority() {
        Some(authority)
            if is_http && !authority.host().is_empty() && !authority.as_str().contains('@') =>
        {
            Ok(uri)
        }
        _ => Err(format!(
            "`{text}` must look like https://host or https://host:port"
        )),
    }
}

macro_rules! text_form {
    ($($type:ty),+) => {$(
        impl TryFrom<String> for $type {
            type Error = String;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.to_string()
            }
        }
    )+};
}

text_form!(Network, AllowedOrigin, PublicUrl);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_holds_its_addresses_and_no_others() {
        let cases = [
            ("10.0.0.0/8", "10.255.3.4", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "::1", true),
        ];
        for (network, address, inside) in cases {
            let network: Network = network.parse().expect("a network");
            assert_eq!(
                network.contains(address.parse().expect("an address")),
                inside,
                "{network} {address}"
            );
        }
    }

    #[test]
    fn malformed_addresses_are_refused() {
        for text in [
            "10.0.0.0/33",
            "::/129",
            "10.0.0/8",
            "host",
            "10.0.0.0/-1",
            "",
            "1.2.3.4/",
            "1.2.3.4/8/8",
        ] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
        for text in [
            "https://a.example/",
            "a.example",
            "ftp://a.example",
            "https://",
            "https://a@b",
            "null",
            "https://a/b",
        ] {
            assert!(text.parse::<AllowedOrigin>().is_err(), "{text}");
        }
        for text in [
            "marks.example.org",
            "/marks",
            "https://a?b=c",
            "https://user:pass@a",
        ] {
            assert!(text.parse::<PublicUrl>().is_err(), "{text}");
        }
    }
}
