//! Servers of others that are wrong below HTTP: made here, since ours has no TLS of its own.

use chassis::check::{Evidence, Origin, Pace, Reach, Subject};
use readiness::runner;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// An https address where plain HTTP is answered with these bytes.
pub(super) async fn plain(answer: &'static str) -> Evidence {
    let base = answering(answer.as_bytes().to_vec()).await;
    run("surface.redirect", &base).await
}

/// A server that answers each greeting with one of TLS 1.0 (1) or 1.1 (2), the greeting of the same version alone.
pub(super) async fn old_tls(minor: u8) -> Evidence {
    // A record of a handshake: type, version, length; server hello, its length, its version, 32 random bytes, no session, a suite.
    let mut answer = vec![22, 3, minor, 0, 42, 2, 0, 0, 38, 3, minor];
    answer.extend([7; 32]);
    answer.extend([0, 0, 0x2f, 0]);
    let base = answering(answer).await;
    run("surface.tls", &base).await
}

async fn run(check: &str, base: &str) -> Evidence {
    let all = readiness::checks::all();
    let check = all.into_iter().find(|own| own.about().id == check).unwrap();
    let subject = Subject::new(base, Pace::Quick, Reach::Foreign).unwrap();
    runner::run_one(check, &subject, &Origin::default()).await
}

async fn answering(answer: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("https://{}", listener.local_addr().unwrap());
    chassis::task::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let answer = answer.clone();
            chassis::task::spawn(async move {
                let mut asked = [0; 4096];
                let _ = stream.read(&mut asked).await;
                let _ = stream.write_all(&answer).await;
            });
        }
    });
    base
}
