//! Somebody outside who is called by HTTP, and who is well or not.

use std::sync::Mutex;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode};
use chassis::check::Trouble;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It takes everything.
    Well,
    /// It answers this status.
    Answers(u16),
    /// It answers after this time.
    Slow(Duration),
}

/// A call that it received.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The header `webhook-id`.
    pub(crate) id: Option<String>,
    /// The body.
    pub(crate) body: Bytes,
    /// Whether it is answered with 200.
    pub(crate) taken: bool,
}

/// A receiver on 127.0.0.1.
pub(crate) struct Receiver {
    port: u16,
    state: Arc<Inside>,
    task: JoinHandle<()>,
}

struct Inside {
    mood: Mutex<Mood>,
    calls: Mutex<Vec<Call>>,
}

impl Receiver {
    /// Starts one that is well.
    pub(crate) async fn start() -> Result<Self, Trouble> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let state = Arc::new(Inside {
            mood: Mutex::new(Mood::Well),
            calls: Mutex::default(),
        });
        let app = axum::Router::new()
            .fallback(answer)
            .with_state(state.clone());
        let task = chassis::task::spawn(async move {
            // It ends with the drill.
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { port, state, task })
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// From now on.
    pub(crate) fn is(&self, mood: Mood) {
        *locked(&self.state.mood) = mood;
    }

    /// All calls so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        locked(&self.state.calls).clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(
    State(state): State<Arc<Inside>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let mood = *locked(&state.mood);
    let (status, delay) = match mood {
        Mood::Well => (200, Duration::ZERO),
        Mood::Answers(status) => (status, Duration::ZERO),
        Mood::Slow(delay) => (200, delay),
    };
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok());
    let call = Call {
        id: id.map(str::to_owned),
        body,
        taken: status == 200,
    };
    locked(&state.calls).push(call);
    tokio::time::sleep(delay).await;
    // What Telegram's Bot API says, and what a webhook's receiver may say.
    let mut response = Response::new(Body::from(r#"{"ok":true,"result":{}}"#));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    response
}

fn locked<T>(own: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    own.lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
