//! `[http]`

use std::net::{Ipv4Addr, SocketAddr};

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AllowedOrigin, Network, PublicUrl};

/// Listening, what one request may cost, and who stands in front of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// Address and port to listen on; a port alone means this machine only. Port 0 takes a free one.
    #[garde(skip)]
    #[serde(deserialize_with = "super::address::listen_address")]
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// The address under which people reach the server, for links in answers and mails.
    #[garde(skip)]
    pub public_url: Option<PublicUrl>,
    /// Largest request body that is read, in bytes.
    #[garde(range(min = 1_024, max = 1_073_741_824))]
    pub body_limit_bytes: u64,
    /// Largest request head (request line and headers), in bytes.
    #[garde(range(min = 8_192, max = 1_048_576))]
    pub header_limit_bytes: u32,
    /// Time a client has to send the whole request head, in milliseconds.
    #[garde(range(min = 100, max = 600_000))]
    pub header_timeout_ms: u64,
    /// Time one request may take from its head to its answer, in milliseconds.
    #[garde(range(min = 100, max = 3_600_000))]
    pub request_timeout_ms: u64,
    /// Requests worked on at once; those beyond are answered 503 with `Retry-After`.
    #[garde(range(min = 1, max = 1_000_000))]
    pub maximum_in_flight: u32,
    /// Connections open at once; those beyond wait to be accepted.
    #[garde(range(min = 1, max = 1_000_000))]
    pub maximum_connections: u32,
    /// Time that open requests have to finish once the server is asked to stop, in milliseconds.
    #[garde(range(max = 3_600_000))]
    pub drain_timeout_ms: u64,
    /// Time between the wish to stop and the end of accepting, in milliseconds: `/readyz` is 503 meanwhile. Behind a
    /// balancer, twice its check interval.
    #[garde(range(max = 600_000))]
    pub drain_delay_ms: u64,
    /// Origins that browsers may call the API from, such as `https://app.example.org`; `*` admits any.
    #[garde(length(max = 256))]
    pub allowed_origins: Vec<AllowedOrigin>,
    /// Proxies (addresses or CIDR ranges) that are believed when they say who asks.
    #[garde(length(max = 256))]
    pub trusted_proxies: Vec<Network>,
    /// The header in which they say it: the other one is ignored, since a proxy passes on what a client made up there.
    #[garde(skip)]
    pub proxy_header: ProxyHeader,
    /// Answers smaller than this are sent uncompressed, in bytes.
    #[garde(range(max = 1_073_741_824))]
    pub compression_minimum_bytes: u64,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            public_url: None,
            body_limit_bytes: 1_048_576,
            header_limit_bytes: 16_384,
            header_timeout_ms: 10_000,
            request_timeout_ms: 30_000,
            maximum_in_flight: 1_024,
            maximum_connections: 10_000,
            drain_timeout_ms: 30_000,
            drain_delay_ms: 0,
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            proxy_header: ProxyHeader::default(),
            compression_minimum_bytes: 1_024,
        }
    }
}

/// How trusted proxies say who asks, and whether over TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyHeader {
    /// `X-Forwarded-For` and `X-Forwarded-Proto`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}
