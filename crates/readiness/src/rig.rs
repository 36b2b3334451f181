//! What drills put around an instance: servers that it depends on, connections to them that can be made bad, and questions asked
//! until the answer changes.

pub(crate) mod mail;
pub(crate) mod postgres;
pub(crate) mod receiver;
pub(crate) mod redis;
pub(crate) mod wire;

use std::time::{Duration, Instant};

use chassis::check::ground::Wishes;
use chassis::check::{Answer, Method, Subject, Trouble};
use chassis::clock::{Clock, SystemClock};
use serde_json::{Value, json};

/// How often a question is asked again.
const PACE: Duration = Duration::from_millis(20);

/// What every drill's instance has: settings that production refuses are let through, and nobody is refused for asking often.
pub(crate) fn wishes() -> Wishes {
    Wishes::none()
        .set("profile", "development")
        .set("limits.anonymous_per_minute", 0)
}

/// Numbers that look random and are the same for the same seed (splitmix64).
pub(crate) struct Chance(u64);

impl Chance {
    /// From a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A seed of this moment, for the evidence.
    pub(crate) fn seed() -> u64 {
        SystemClock.now().unix_ms().unsigned_abs()
    }

    /// Below a limit, which is not 0.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

/// Somebody with a key who talks to an instance.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    /// Where.
    pub(crate) at: &'a Subject,
    /// With which key.
    pub(crate) key: &'a str,
}

impl Caller<'_> {
    /// A request with the key, answered within ten seconds or not at all.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.at.request(method, path).bearer_auth(self.key);
        request.timeout(Duration::from_secs(10))
    }

    /// Asks for a path.
    pub(crate) async fn get(&self, path: &str) -> Result<Answer, Trouble> {
        Answer::to(self.request(Method::GET, path)).await
    }

    /// Sends JSON.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<Answer, Trouble> {
        Answer::to(self.request(method, path).json(body)).await
    }

    /// Makes a key of one's own to be written to; gives its path.
    pub(crate) async fn made_key(&self, name: &str) -> Result<String, Trouble> {
        let body = json!({ "name": name, "scopes": ["audit:read"] });
        let made = self.send(Method::POST, "/api/v1/keys", &body).await?;
        let id = crate::actors::text(&made.expect(201)?, "/id")?;
        Ok(format!("/api/v1/keys/{id}"))
    }

    /// Gives a key another name: one small write.
    pub(crate) async fn rename(&self, path: &str, name: &str) -> Result<Answer, Trouble> {
        let body = json!({ "name": name });
        self.send(Method::PATCH, path, &body).await
    }
}

/// Asks for a path until the answer is as wished, and says after how long it was; nothing where it never is.
pub(crate) async fn until(
    at: &Subject,
    path: &str,
    limit: Duration,
    wished: impl Fn(&Answer) -> bool + Send,
) -> Option<Duration> {
    let started = Instant::now();
    loop {
        let asked = at.request(Method::GET, path).timeout(limit);
        if let Ok(answer) = Answer::to(asked).await
            && wished(&answer)
        {
            return Some(started.elapsed());
        }
        if started.elapsed() > limit {
            return None;
        }
        tokio::time::sleep(PACE).await;
    }
}

/// Whether `/readyz` or `/health` says that a dependency is up; nothing where it does not name it.
pub(crate) fn is_up(answer: &Answer, dependency: &str) -> Option<bool> {
    let body = answer.json().ok()?;
    let all = body["dependencies"].as_array()?;
    all.iter().find(|one| one["name"] == dependency)?["up"].as_bool()
}

/// What is wrong with the refusal of a request that cannot be carried out now: it is to be a 503 with a code that begins like this, and
/// say when to come again.
pub(crate) fn unclear(answer: &Answer, code: &str) -> Option<String> {
    let status = answer.status.as_u16();
    let found = answer.json().ok();
    let found = found.as_ref().and_then(|body| body["code"].as_str());
    if status != 503 || !found.is_some_and(|found| found.starts_with(code)) {
        return Some(format!(
            "503 with a code {code}… was expected, {status} with {found:?} came"
        ));
    }
    let after = answer.header("retry-after");
    let has_time = after.is_some_and(|after| after.parse::<u32>().is_ok());
    (!has_time).then(|| "503 without Retry-After".to_owned())
}

/// The name of a written key, as it is read back.
pub(crate) fn name_of(answer: &Answer) -> Option<String> {
    let body = answer.json().ok()?;
    (answer.status == 200).then(|| body["name"].as_str().map(str::to_owned))?
}

/// Seconds with two digits.
pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}
