//! Weak settings: harmless on a developer's machine, refused in production.

use super::{Config, Faults, Origin, environment};

/// Shortest token that production takes, in characters: 16 of base64 are 96 bits.
const MINIMUM_TOKEN_LENGTH: usize = 16;

/// Shortest secret that signs tokens, in characters: HS256 wants as much as its hash has, 32 bytes (RFC 7518, 3.2).
const MINIMUM_KEY_LENGTH: usize = 32;

/// Passwords that installation guides print.
const GUESSED_FIRST: [&str; 10] = [
    "admin",
    "aplomb",
    "changeme",
    "change-me",
    "default",
    "password",
    "postgres",
    "root",
    "secret",
    "test",
];

/// Everything about this configuration that production refuses.
pub(super) fn weak(config: &Config) -> Faults {
    let mut found = Weak {
        config,
        faults: Faults::default(),
    };
    let http = &config.http;
    let listens_beyond = !http.listen.ip().to_canonical().is_loopback();
    let is_reachable = listens_beyond || !http.trusted_proxies.is_empty();

    if http
        .allowed_origins
        .iter()
        .any(super::AllowedOrigin::is_any)
    {
        found.refuse(
            "http.allowed_origins",
            "`*` lets any site call the API; name the origins",
        );
    }
    if listens_beyond && http.trusted_proxies.is_empty() {
        let reason = format!(
            "{} is reachable from outside and speaks no TLS: listen on 127.0.0.1, or name the proxy that ends TLS in `http.trusted_proxies`",
            http.listen
        );
        found.refuse("http.listen", &reason);
    }
    if http.trusted_proxies.iter().any(super::Network::is_everyone) {
        found.refuse(
            "http.trusted_proxies",
            "a range of every address lets any client invent its own; name the proxies",
        );
    }
    if http.public_url.as_ref().is_some_and(|url| !url.is_https()) {
        found.refuse("http.public_url", "visitors need https://");
    }
    if http.public_url.is_none() && config.notify.smtp.host.is_some() {
        found.refuse(
            "http.public_url",
            "mails hold links: name the address at which people reach this server",
        );
    }
    if config.limits.anonymous_per_minute == 0 {
        found.refuse("limits.anonymous_per_minute", "0 switches the limit off");
    }
    if config.jobs.drill {
        found.refuse("jobs.drill", "drills fill the queue with jobs of no use");
    }
    if config.notify.webhook_allow_http {
        found.refuse(
            "notify.webhook_allow_http",
            "webhooks would cross the network in plain text",
        );
    }
    if config
        .notify
        .webhook_networks
        .iter()
        .any(super::Network::is_everyone)
    {
        found.refuse(
            "notify.webhook_networks",
            "a range of every address lets webhooks read your own network; name the receivers",
        );
    }
    match &config.telemetry.metrics_token {
        None if is_reachable => {
            found.refuse(
                "telemetry.metrics_token",
                "others can reach the server, and without a token /metrics is open to them",
            );
        }
        Some(token) if is_guessable(token.expose()) => {
            let reason =
                format!("is guessable: take at least {MINIMUM_TOKEN_LENGTH} random characters");
            found.refuse("telemetry.metrics_token", &reason);
        }
        _ => {}
    }
    let signing = [
        ("auth.secret", &config.auth.secret),
        ("auth.previous_secret", &config.auth.previous_secret),
    ];
    for (key, secret) in signing {
        if secret
            .as_ref()
            .is_some_and(|secret| is_weak_key(secret.expose()))
        {
            let reason =
                format!("is guessable: take at least {MINIMUM_KEY_LENGTH} random characters");
            found.refuse(key, &reason);
        }
    }
    let objects = &config.objects;
    if objects.store == super::ObjectStore::S3 && objects.endpoint.starts_with("http://") {
        found.refuse(
            "objects.endpoint",
            "files and signatures would pass in the clear; use https://",
        );
    }
    if objects.import_hosts.iter().any(|host| host == "*") {
        found.refuse(
            "objects.import_hosts",
            "`*` lets a caller have this server ask any host; name the hosts",
        );
    }
    if objects.import_plain_http && !objects.import_hosts.is_empty() {
        found.refuse(
            "objects.import_plain_http",
            "what comes without TLS may be anybody's; fetch from https:// only",
        );
    }
    if let Some((user, password)) = config.data.database().credentials()
        && (password == user || GUESSED_FIRST.contains(&password.to_ascii_lowercase().as_str()))
    {
        found.refuse("data.url", "the password is one that is guessed first");
    }
    if let Some(url) = &config.redis.url
        && let Ok(client) = ::redis::Client::open(url.expose())
        && let Some(password) = client.get_connection_info().redis_settings().password()
        && GUESSED_FIRST.contains(&password.to_ascii_lowercase().as_str())
    {
        found.refuse("redis.url", "the password is one that is guessed first");
    }
    found.faults
}

fn is_guessable(token: &str) -> bool {
    token.chars().count() < MINIMUM_TOKEN_LENGTH
        || GUESSED_FIRST.contains(&token.to_ascii_lowercase().as_str())
}

fn is_weak_key(secret: &str) -> bool {
    let mut seen: Vec<char> = secret.chars().collect();
    let length = seen.len();
    seen.sort_unstable();
    seen.dedup();
    length < MINIMUM_KEY_LENGTH || seen.len() < 10
}

struct Weak<'a> {
    config: &'a Config,
    faults: Faults,
}

impl Weak<'_> {
    fn refuse(&mut self, key: &str, reason: &str) {
        let origin = self
            .config
            .values
            .get(key)
            .map_or(Origin::Default, |(_, origin)| origin.clone());
        let hint = match origin {
            Origin::Default => format!(
                " (set it in the file or by {})",
                environment::variable_of(key)
            ),
            _ => String::new(),
        };
        self.faults
            .add(key, origin, format!("weak in production: {reason}{hint}"));
    }
}
