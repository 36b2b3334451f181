//! The way to the server: one clip in one form.

use std::sync::Arc;
use std::time::Duration;

use chassis::clock::SystemClock;
use chassis::upstream::{Answer, Policy, Request, Upstream, UpstreamFault, Upstreams};
use http::{HeaderValue, Method, StatusCode, header};
use tokio::runtime::Runtime;

use super::parcel::Parcel;

/// A clip of a minute takes so long over a poor mobile network.
const TIMEOUT: Duration = Duration::from_mins(3);
const INTAKE: &str = "/api/v1/nightscan/intake";

/// What became of a clip.
pub(super) enum Delivery {
    /// The server has it.
    Taken,
    /// The server does not want this one, and will not want it again.
    Refused(String),
    /// The server does not know the key.
    Unknown,
    /// It may want it later: no network, no answer, or no quota left.
    Later(String),
}

/// Carries clips.
pub(super) struct Courier {
    runtime: Runtime,
    upstream: Upstream,
    address: String,
    key: HeaderValue,
}

impl Courier {
    /// To the server at that address; `None` where it is none, or the key cannot be one.
    pub(super) fn new(server: &str, key: &str) -> Option<Self> {
        let is_address = server.starts_with("http://") || server.starts_with("https://");
        let mut key = HeaderValue::from_str(&format!("Bearer {}", key.trim())).ok()?;
        key.set_sensitive(true);
        let policy = Policy {
            read_timeout: TIMEOUT,
            timeout: TIMEOUT,
            retries: 0,
            breaker: None,
            ..Policy::default()
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let courier = Self {
            runtime: runtime.ok()?,
            upstream: Upstreams::new(Arc::new(SystemClock)).open("nightscan_server", policy),
            address: format!("{}{INTAKE}", server.trim_end_matches('/')),
            key,
        };
        (is_address && courier.request(&Parcel::empty()).is_some()).then_some(courier)
    }

    /// Brings a clip. Asking again costs nothing: the server knows a clip by its bytes.
    pub(super) fn deliver(&self, parcel: &Parcel) -> Delivery {
        let request = self
            .request(parcel)
            .expect("the address was tried when it was given");
        match self.runtime.block_on(self.upstream.send(request)) {
            Ok(answer) => judged(&answer),
            Err(UpstreamFault::Status { status, .. }) => Delivery::Later(format!("HTTP {status}")),
            Err(fault) => Delivery::Later(fault.to_string()),
        }
    }

    fn request(&self, parcel: &Parcel) -> Option<Request> {
        // Not in the clip: a hash of it cannot stand in it.
        let boundary = blake3::hash(&parcel.bytes).to_hex();
        let name = parcel.name.replace(['"', '\r', '\n', '\\'], "_");
        let mut body = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"analysis\"\r\n\r\n{}\r\n\
             --{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: audio/wav\r\n\r\n",
            parcel.analysis
        )
        .into_bytes();
        body.extend_from_slice(&parcel.bytes);
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        let kind =
            HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}")).ok()?;
        let request = Request::new(Method::POST, self.address.parse().ok()?);
        Some(
            request
                .header(header::AUTHORIZATION, self.key.clone())
                .body(kind, body),
        )
    }
}

fn judged(answer: &Answer) -> Delivery {
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let said = |problem: &serde_json::Value| {
        let detail = problem["detail"].as_str().or(problem["title"].as_str());
        detail.map_or_else(|| format!("HTTP {}", answer.status.as_u16()), str::to_owned)
    };
    match answer.status {
        StatusCode::ACCEPTED => match body["refused"]
            .as_array()
            .and_then(|refused| refused.first())
        {
            None => Delivery::Taken,
            // The quota comes back with the month.
            Some(refused) if refused["code"] == "nightscan.quota_spent" => {
                Delivery::Later(said(refused))
            }
            Some(refused) => Delivery::Refused(said(refused)),
        },
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Delivery::Unknown,
        status if status.is_client_error() => Delivery::Refused(said(&body)),
        _ => Delivery::Later(said(&body)),
    }
}
