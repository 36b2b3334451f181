//! `[redis]`

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Secret;

/// The Redis that several instances share: limits counted together, events across instances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct Redis {
    /// `redis://user:password@host:6379/0`, or `unix:///run/redis.sock`; without it this instance keeps limits and events
    /// to itself.
    #[garde(inner(custom(is_address)))]
    pub url: Option<Secret>,
    /// What all keys begin with, so that several installations may share one Redis.
    #[garde(length(min = 1, max = 64), custom(is_prefix))]
    pub prefix: String,
    /// Time Redis has to answer before a request goes on without it, in milliseconds.
    #[garde(range(min = 1, max = 5_000))]
    pub timeout_ms: u64,
}

impl Default for Redis {
    fn default() -> Self {
        Self {
            url: None,
            prefix: "aplomb".to_owned(),
            timeout_ms: 100,
        }
    }
}

/// The reasons never repeat the address: it may hold a password.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the validator's form")]
fn is_address(url: &Secret, _: &()) -> garde::Result {
    let url = url.expose();
    if url.starts_with("rediss://") {
        let reason = "asks for TLS (rediss://), which this build does not speak to Redis: keep it on this machine or a private network";
        return Err(garde::Error::new(reason));
    }
    let known = ["redis://", "unix://", "redis+unix://"];
    if !known.iter().any(|scheme| url.starts_with(scheme)) {
        return Err(garde::Error::new("must begin with redis:// or unix://"));
    }
    ::redis::Client::open(url)
        .map(|_| ())
        .map_err(|_| garde::Error::new("is not a valid redis:// address"))
}

/// Letters, digits and `_ . -` never need quoting, in keys as on command lines.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the validator's form")]
fn is_prefix(prefix: &str, _: &()) -> garde::Result {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if prefix.bytes().all(plain) {
        return Ok(());
    }
    Err(garde::Error::new("must be letters, digits and `_ . -`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(url: &str) -> Option<String> {
        let settings = Redis {
            url: Some(Secret::new(url)),
            ..Redis::default()
        };
        settings.validate().err().map(|report| report.to_string())
    }

    #[test]
    fn addresses_are_checked_and_never_repeated() {
        for url in [
            "redis://h",
            "redis://u:s3cret@h:1/0",
            "unix:///run/redis.sock",
        ] {
            assert_eq!(reason(url), None, "{url}");
        }
        for url in [
            "",
            "http://u:s3cret@h",
            "rediss://u:s3cret@h",
            "redis://u:s3cret@h:x/0",
        ] {
            let reason = reason(url).expect(url);
            assert!(
                reason.starts_with("url: ") && !reason.contains("s3cret"),
                "{reason}"
            );
        }
    }

    #[test]
    fn a_prefix_needs_no_quoting() {
        for (prefix, fits) in [
            ("aplomb-2.x_y", true),
            ("", false),
            ("a b", false),
            ("a:b", false),
        ] {
            let settings = Redis {
                prefix: prefix.to_owned(),
                ..Redis::default()
            };
            assert_eq!(settings.validate().is_ok(), fits, "{prefix}");
        }
    }
}
