//! Connections: an accept loop with limits on headers, time and number, and a drain in three steps.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use futures_util::FutureExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::front::Front;
use crate::limits::Limits;
use crate::task;
use crate::telemetry::metrics;

/// hyper's least buffer for a request's head.
const LEAST_HEAD_BYTES: usize = 8 * 1024;

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drain {
    /// Every open request was answered.
    Complete,
    /// Time ran out with connections still open.
    TimedOut,
}

/// Answers on `listener` until `stop` is ready, then drains: for the configured delay it still accepts
/// while `/readyz` says 503, so that a balancer turns away; then it stops accepting, answers what is open with `Connection: close`, and gives up after the configured time.
pub async fn serve(
    listener: TcpListener,
    front: Arc<Front>,
    stop: impl Future<Output = ()>,
) -> io::Result<Drain> {
    let settings = front.settings().clone();
    let mut builder = Builder::new(TokioExecutor::new());
    // At most 100 header fields is hyper's own bound; to say so would put each request's list on the heap.
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(settings.header_timeout_ms))
        .max_buf_size((settings.header_limit_bytes as usize).max(LEAST_HEAD_BYTES));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(128)
        .max_header_list_size(settings.header_limit_bytes)
        .keep_alive_interval(Some(Duration::from_secs(10)))
        .keep_alive_timeout(Duration::from_secs(10));
    let builder = Arc::new(builder);
    let places = Arc::new(Semaphore::new(settings.maximum_connections as usize));
    let graceful = GracefulShutdown::new();
    let sweeper = task::spawn(sweep(front.clone()));

    let announced = async {
        stop.await;
        front.draining().store(true, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(settings.drain_delay_ms)).await;
    };
    let mut stop = std::pin::pin!(announced.fuse());
    loop {
        let place = tokio::select! {
            place = places.clone().acquire_owned() => place.expect("the semaphore is never closed"),
            () = &mut stop => break,
        };
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(fault) => {
                    pause_after(&fault).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        let (front, builder, watcher) = (front.clone(), builder.clone(), graceful.watcher());
        task::spawn(async move {
            connection(stream, peer, front, &builder, watcher).await;
            drop(place);
        });
    }

    drop(listener);
    sweeper.abort();
    let limit = Duration::from_millis(settings.drain_timeout_ms);
    let drained = tokio::time::timeout(limit, graceful.shutdown()).await;
    front.flush();
    Ok(if drained.is_ok() {
        Drain::Complete
    } else {
        Drain::TimedOut
    })
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    front: Arc<Front>,
    builder: &Builder<TokioExecutor>,
    watcher: hyper_util::server::graceful::Watcher,
) {
    // Without this, an answer in two packets waits for the peer's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let address: IpAddr = peer.ip();
    let patience = Duration::from_millis(front.settings().header_timeout_ms);
    if !matches!(
        tokio::time::timeout(patience, begun(&stream)).await,
        Ok(true)
    ) {
        return;
    }
    let service = service_fn(move |request: http::Request<Incoming>| {
        let front = front.clone();
        async move {
            Ok::<_, std::convert::Infallible>(front.answer(request.map(Body::new), address).await)
        }
    });
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    if let Err(fault) = watcher.watch(connection).await {
        // Callers that hang up or send no HTTP are everyday; they are seen at debug level.
        tracing::debug!(error = %fault, "a connection ended early");
    }
}

/// Waits until a peer has begun to speak: hyper's own time for a request's head only starts once it
/// knows whether it hears HTTP/1 or HTTP/2, so a silent peer would hold its place for ever. False
/// where the peer is gone.
async fn begun(stream: &TcpStream) -> bool {
    const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let mut seen = [0; PREFACE.len()];
    loop {
        match stream.peek(&mut seen).await {
            Ok(0) | Err(_) => return false,
            Ok(n) if n == PREFACE.len() || seen[..n] != PREFACE[..n] => return true,
            // Part of the preface: what is there stays readable, so only time can tell.
            Ok(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// Out of file handles: wait for some to be given back rather than spin. Other faults concern one
/// connection alone.
async fn pause_after(fault: &io::Error) {
    let of_one_connection = matches!(
        fault.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    );
    if !of_one_connection {
        tracing::error!(error = %fault, "no connection can be accepted; trying again in a second");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn sweep(front: Arc<Front>) {
    let mut forget = tokio::time::interval(Limits::FORGET_EVERY);
    let mut tidy = tokio::time::interval(metrics::TIDY_EVERY);
    loop {
        tokio::select! {
            _ = forget.tick() => front.limits().forget_idle(),
            _ = tidy.tick() => metrics::tidy(),
        }
    }
}
