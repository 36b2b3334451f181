//! The outside world for a test: a real HTTP server on this machine that does as it is told.

#![expect(clippy::disallowed_methods, reason = "a test spawns its own servers")]

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::response::Response;
use http::{HeaderMap, Method, Uri};
use tokio::net::TcpListener;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A server that keeps what arrives.
#[derive(Clone)]
pub(crate) struct Outside {
    pub(crate) address: SocketAddr,
    arrived: Arc<Mutex<Vec<Arrived>>>,
}

impl Outside {
    /// Answers by `answer`, which gets the request and how many came before it.
    pub(crate) async fn start<F, A>(answer: F) -> Self
    where
        F: Fn(Arrived, usize) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Response> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let kept = arrived.clone();
        let handler = move |_: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let (answer, kept) = (answer.clone(), kept.clone());
            async move {
                let request = Arrived {
                    path: uri.path().to_owned(),
                    headers,
                    body,
                };
                let before = {
                    let mut kept = kept.lock().unwrap();
                    kept.push(request.clone());
                    kept.len() - 1
                };
                answer(request, before).await
            }
        };
        let router = Router::new().fallback(handler);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, arrived }
    }

    /// A server that takes connections, reads a little and cuts them off.
    pub(crate) async fn cutting() -> SocketAddr {
        use tokio::io::AsyncReadExt;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 64]).await;
                stream.set_zero_linger().unwrap();
            }
        });
        address
    }

    /// An address where nobody listens.
    pub(crate) async fn nobody() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap().clone()
    }
}

/// An answer of a status alone.
pub(crate) fn status(code: u16) -> Response {
    let mut response = Response::default();
    *response.status_mut() = http::StatusCode::from_u16(code).unwrap();
    response
}
