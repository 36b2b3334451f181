//! `[limits]`

use std::fmt;
use std::str::FromStr;

use garde::Validate;
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much one client may ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests a minute from one address that has not signed in, and wrong credentials a minute from one address; 0
    /// switches all limits off, which production refuses.
    #[garde(range(max = 1_000_000))]
    pub anonymous_per_minute: u32,
    /// Requests an hour of one user, and of one API key.
    #[garde(range(min = 1, max = 10_000_000))]
    pub user_per_hour: u32,
    /// Limits of single routes, in place of what the document states: method, template and requests a minute, such as
    /// `GET /api/v1/luna/mark/{generator}/{file} 600`. The server does not start with a route that it does not have.
    #[garde(length(max = 256))]
    pub routes: Vec<RouteLimit>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            anonymous_per_minute: 100,
            user_per_hour: 1_000,
            routes: Vec::new(),
        }
    }
}

/// The limit of one route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct RouteLimit {
    /// Its method.
    pub method: Method,
    /// Its template, as in the OpenAPI document.
    pub template: String,
    /// Requests a minute.
    pub per_minute: u32,
}

/// Methods that routes have.
const METHODS: [Method; 6] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

impl FromStr for RouteLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split_whitespace().collect();
        let [method, template, number] = parts[..] else {
            return Err(format!(
                "`{text}` is not a method, a template and a number, such as `GET /api/v1/luna/palettes 60`"
            ));
        };
        let method = METHODS
            .into_iter()
            .find(|known| known.as_str() == method)
            .ok_or_else(|| {
                format!("`{method}` is not a method: GET, HEAD, POST, PUT, PATCH or DELETE")
            })?;
        let per_minute = number
            .parse()
            .ok()
            .filter(|n| (1..=1_000_000).contains(n))
            .ok_or_else(|| format!("`{number}` must be 1 to 1000000 requests a minute"))?;
        Ok(Self {
            method,
            template: template.to_owned(),
            per_minute,
        })
    }
}

impl TryFrom<String> for RouteLimit {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<RouteLimit> for String {
    fn from(limit: RouteLimit) -> Self {
        limit.to_string()
    }
}

impl fmt::Display for RouteLimit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} {} {}",
            self.method, self.template, self.per_minute
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_routes_limit_is_read_as_it_prints() {
        let limit: RouteLimit = " GET  /api/v1/a/{b} 60".parse().unwrap();
        assert_eq!(limit.to_string(), "GET /api/v1/a/{b} 60");
        for wrong in [
            "",
            "GET /a",
            "get /a 1",
            "GET /a 0",
            "GET /a 1000001",
            "GET /a x",
            "GET /a 1 2",
        ] {
            assert!(wrong.parse::<RouteLimit>().is_err(), "{wrong}");
        }
    }
}
