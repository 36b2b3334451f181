//! One keep-alive connection.

use std::fmt;

use bytes::Bytes;
use chassis::task;
use http::Request;
use http::response::Parts;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// A connection that is opened when it is needed, and again when the server has closed it.
pub struct Connection {
    address: String,
    open: Option<Open>,
}

struct Open {
    sender: SendRequest<Full<Bytes>>,
    driver: JoinHandle<()>,
}

impl Drop for Open {
    fn drop(&mut self) {
        // With an answer still on its way nobody reads it any more: the socket goes too.
        self.driver.abort();
    }
}

/// Why there was no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No connection could be opened.
    NoConnection,
    /// It broke, or what came was no HTTP.
    Broke,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoConnection => "no connection",
            Self::Broke => "the connection broke",
        })
    }
}

impl Connection {
    /// To `host:port`. Nothing is opened yet.
    pub fn to(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            open: None,
        }
    }

    /// Opens it if it is not open.
    pub async fn open(&mut self) -> Result<(), Failure> {
        self.sender().await.map(|_| ())
    }

    /// Closes it: an answer that is still on its way is given up.
    pub fn close(&mut self) {
        self.open = None;
    }

    /// Sends a request and reads the answer to its end.
    pub async fn exchange(&mut self, request: Request<Full<Bytes>>) -> Result<Parts, Failure> {
        let mut request = request;
        // A server may close a connection that was idle: what was not sent on it is sent on another, once.
        for _ in 0..2 {
            let sender = self.sender().await?;
            match sender.try_send_request(request).await {
                Ok(response) => {
                    let (parts, mut body) = response.into_parts();
                    while let Some(frame) = body.frame().await {
                        if frame.is_err() {
                            self.close();
                            return Err(Failure::Broke);
                        }
                    }
                    return Ok(parts);
                }
                Err(mut fault) => {
                    self.close();
                    match fault.take_message() {
                        Some(unsent) => request = unsent,
                        None => break,
                    }
                }
            }
        }
        Err(Failure::Broke)
    }

    async fn sender(&mut self) -> Result<&mut SendRequest<Full<Bytes>>, Failure> {
        // Not ready: the server said `Connection: close`, or has closed it.
        let is_usable = match &mut self.open {
            Some(open) => open.sender.ready().await.is_ok(),
            None => false,
        };
        if !is_usable {
            self.open = None;
            let stream = TcpStream::connect(&self.address).await;
            let stream = stream.map_err(|_| Failure::NoConnection)?;
            stream
                .set_nodelay(true)
                .map_err(|_| Failure::NoConnection)?;
            let shaken = http1::handshake(TokioIo::new(stream)).await;
            let (sender, connection) = shaken.map_err(|_| Failure::NoConnection)?;
            let driver = task::spawn(async move {
                // What breaks it is seen by the request that is on its way.
                let _ = connection.await;
            });
            self.open = Some(Open { sender, driver });
        }
        match &mut self.open {
            Some(open) => Ok(&mut open.sender),
            None => Err(Failure::NoConnection),
        }
    }
}
