//! The system under proof, as a check sees it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::ground::{Ground, Instance, Wishes};
use super::scenario::LoadRequest;
use super::{Trouble, pacing};

pub use reqwest::Method;

/// An answer's body is read up to here.
const MOST_BODY_BYTES: usize = 8 * 1024 * 1024;
/// A request takes this long at most.
const PATIENCE: Duration = Duration::from_secs(40);

/// How thorough a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Under two minutes: long windows are shortened, and the evidence says so.
    Quick,
    /// Real windows, twenty kills, a soak.
    Full,
}

/// What a run acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// An instance that the run started itself.
    Own,
    /// The running instance.
    Live,
    /// Somebody's system, of which only the address is known.
    Foreign,
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own => "own",
            Self::Live => "live",
            Self::Foreign => "foreign",
        })
    }
}

/// The system under proof.
pub struct Subject {
    /// Its address, without a slash at the end.
    pub base: String,
    /// How thorough.
    pub pace: Pace,
    /// What it is.
    pub reach: Reach,
    /// Whether it may be probed with hostile input and loaded: true for an own instance, and where ownership was proved.
    pub has_leave: bool,
    /// A key or token that is let in.
    pub token: Option<String>,
    /// Its OpenAPI document, where it has one.
    pub document: Option<Value>,
    /// Where instances come from, if any can be started.
    pub ground: Option<Arc<dyn Ground>>,
    /// The mixed traffic of its services, for drills under load.
    pub scenario: Vec<LoadRequest>,
    client: reqwest::Client,
}

impl Subject {
    /// A system at an address. Redirects are not followed; certificates are checked.
    pub fn new(base: &str, pace: Pace, reach: Reach) -> Result<Self, Trouble> {
        Ok(Self {
            base: base.trim_end_matches('/').to_owned(),
            pace,
            reach,
            has_leave: reach == Reach::Own,
            token: None,
            document: None,
            ground: None,
            scenario: Vec::new(),
            client: client()?,
        })
    }

    /// A request to a path of the system.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    /// Asks for a path without credentials.
    pub async fn get(&self, path: &str) -> Result<Answer, Trouble> {
        Answer::to(self.request(Method::GET, path)).await
    }

    /// The client: for other addresses than the system's own.
    pub fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// An instance for a drill of its own.
    pub async fn start(&self, wishes: Wishes) -> Result<Box<dyn Instance>, Trouble> {
        let Some(ground) = &self.ground else {
            return Err(Trouble::not_verifiable(
                "no instance can be started for the drill here",
                "aucune instance ne peut être démarrée ici pour l’épreuve",
            ));
        };
        ground.start(wishes).await
    }

    /// The same as seen by somebody who is pointed at an instance: for checks that ask by HTTP, after a drill has changed something.
    #[must_use]
    pub fn at(&self, base: &str) -> Self {
        Self {
            base: base.to_owned(),
            token: None,
            document: self.document.clone(),
            ground: self.ground.clone(),
            scenario: self.scenario.clone(),
            client: self.client.clone(),
            pace: self.pace,
            reach: self.reach,
            has_leave: self.has_leave,
        }
    }

    /// One value for a quick run and one for a full one.
    pub fn by_pace<T>(&self, quick: T, full: T) -> T {
        match self.pace {
            Pace::Quick => quick,
            Pace::Full => full,
        }
    }
}

/// A client as drills use it: no redirects followed, no proxy, forty seconds at most.
pub fn client() -> Result<reqwest::Client, Trouble> {
    crate::tls::install();
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .connect_timeout(Duration::from_secs(5))
        .no_proxy()
        .pool_max_idle_per_host(64);
    Ok(builder.build()?)
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, at most eight megabytes of it.
    pub body: Bytes,
}

impl Answer {
    /// Sends a request and reads the answer. Where the address is paced ([`super::pace`]), it waits for its turn, and after a 429 for the time
    /// that the server asks for.
    pub async fn to(request: reqwest::RequestBuilder) -> Result<Self, Trouble> {
        let (client, request) = request.build_split();
        let mut request = Some(request?);
        let mut again = 0;
        while let Some(now) = request.take() {
            let is_paced = pacing::turn(now.url()).await;
            request = now.try_clone().filter(|_| is_paced);
            let response = client.execute(now).await?;
            let is_too_often = response.status() == StatusCode::TOO_MANY_REQUESTS;
            let wait = pacing::wished(&response);
            match wait {
                Some(wait) if is_too_often && request.is_some() && again < pacing::MOST_AGAIN => {
                    again += 1;
                    tokio::time::sleep(wait).await;
                }
                _ => return Self::read(response).await,
            }
        }
        Err(Trouble::broke("a request was never sent"))
    }

    /// Sends a request once, without regard to its turn, and reads the answer: for those that measure limits.
    pub async fn once(request: reqwest::RequestBuilder) -> Result<Self, Trouble> {
        Self::read(request.send().await?).await
    }

    async fn read(mut response: reqwest::Response) -> Result<Self, Trouble> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > MOST_BODY_BYTES {
                break;
            }
        }
        Ok(Self {
            status: response.status(),
            headers: response.headers().clone(),
            body: body.into(),
        })
    }

    /// A header's text; nothing where it is absent or not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as text; bytes that are none are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<Value, Trouble> {
        Ok(serde_json::from_slice(&self.body)?)
    }

    /// The JSON of an answer with the status that is expected, else what came instead.
    pub fn expect(&self, status: u16) -> Result<Value, Trouble> {
        if self.status.as_u16() != status {
            let text: String = self.text().chars().take(300).collect();
            let got = self.status.as_u16();
            return Err(Trouble::broke(format!(
                "{status} was expected, {got} came: {text}"
            )));
        }
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        self.json()
    }
}
