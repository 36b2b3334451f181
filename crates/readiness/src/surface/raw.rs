//! Requests that a well-mannered client cannot send: paths with dots, heads without end.

use std::time::{Duration, Instant};

use bytes::Bytes;
use chassis::check::{Answer, Trouble};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use reqwest::Url;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer is read up to here.
const MOST_BYTES: usize = 1 << 20;

/// Host and port of an `http` address; none of another one, since these requests go without TLS.
pub(super) fn place(base: &str) -> Option<String> {
    let url = Url::parse(base).ok()?;
    if url.scheme() != "http" {
        return None;
    }
    Some(format!(
        "{}:{}",
        url.host_str()?,
        url.port_or_known_default()?
    ))
}

/// Opens a connection.
pub(super) async fn connect(place: &str) -> Result<TcpStream, Trouble> {
    let connecting = TcpStream::connect(place);
    let connected = tokio::time::timeout(Duration::from_secs(5), connecting).await;
    let connected =
        connected.map_err(|_| Trouble::broke(format!("{place} takes no connection")))?;
    connected.map_err(|fault| Trouble::broke(format!("{place} takes no connection: {fault}")))
}

/// Sends bytes as a whole request and reads what comes back; none where the connection is closed without an answer.
pub(super) async fn exchange(
    place: &str,
    request: &[u8],
    limit: Duration,
) -> Result<Option<Answer>, Trouble> {
    let stream = connect(place).await?;
    let (mut from, mut to) = stream.into_split();
    let writing = async {
        // A server that has seen enough answers and closes while we still write.
        let _ = to.write_all(request).await;
        std::future::pending::<()>().await;
    };
    let reading = async {
        let mut bytes = Vec::new();
        let mut chunk = vec![0; 16 * 1024];
        while bytes.len() < MOST_BYTES {
            match from.read(&mut chunk).await {
                Ok(0) | Err(_) => break,
                Ok(n) => bytes.extend_from_slice(&chunk[..n]),
            }
        }
        bytes
    };
    tokio::select! {
        () = writing => Ok(None),
        bytes = reading => Ok(parsed(&bytes)),
        () = tokio::time::sleep(limit) => Err(Trouble::broke(format!("no answer within {} s", limit.as_secs()))),
    }
}

/// A `GET` of a target, exactly as it is written.
pub(super) async fn get(
    place: &str,
    target: &str,
    token: Option<&str>,
) -> Result<Option<Answer>, Trouble> {
    let credentials = token.map_or_else(String::new, |token| {
        format!("authorization: Bearer {token}\r\n")
    });
    let request =
        format!("GET {target} HTTP/1.1\r\nhost: {place}\r\nconnection: close\r\n{credentials}\r\n");
    exchange(place, request.as_bytes(), Duration::from_secs(20)).await
}

/// The time until the other side closes, at most `limit`; what it says meanwhile is not looked at.
pub(super) async fn until_closed(
    stream: &mut (impl AsyncReadExt + Unpin),
    limit: Duration,
) -> Option<Duration> {
    let started = Instant::now();
    let mut chunk = [0; 1024];
    let closing = async {
        loop {
            if matches!(stream.read(&mut chunk).await, Ok(0) | Err(_)) {
                return started.elapsed();
            }
        }
    };
    tokio::time::timeout(limit, closing).await.ok()
}

fn parsed(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?;
    let mut headers = HeaderMap::new();
    for line in lines {
        if let Some((name, value)) = line.split_once(':')
            && let Ok(name) = name.trim().parse::<HeaderName>()
            && let Ok(value) = HeaderValue::from_str(value.trim())
        {
            headers.append(name, value);
        }
    }
    Some(Answer {
        status: StatusCode::from_bytes(status.as_bytes()).ok()?,
        headers,
        body: Bytes::copy_from_slice(&bytes[end + 4..]),
    })
}
