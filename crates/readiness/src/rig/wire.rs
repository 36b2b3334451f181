//! A TCP connection to a server, through our hands: slow, cut, silent or full of noise when a drill wants it so.

use std::time::Duration;

use chassis::check::Trouble;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What a connection does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It passes everything on.
    Pass,
    /// It passes on what the server says this much later.
    Slow(Duration),
    /// It is closed as soon as it is open.
    Cut,
    /// It takes everything and says nothing.
    Silent,
    /// It answers what no server of the kind says.
    Garbage,
}

/// A place that leads to another.
pub(crate) struct Wire {
    port: u16,
    mode: watch::Sender<Mode>,
    task: JoinHandle<()>,
}

impl Wire {
    /// Leads to a port of this machine.
    pub(crate) async fn to(port: u16) -> Result<Self, Trouble> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let own = listener.local_addr()?.port();
        let (mode, watched) = watch::channel(Mode::Pass);
        let task = chassis::task::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                chassis::task::spawn(carry(client, port, watched.clone()));
            }
        });
        Ok(Self {
            port: own,
            mode,
            task,
        })
    }

    /// Where it begins, on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// From now on. Connections that are open are cut unless they go on passing.
    pub(crate) fn is(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(mut client: TcpStream, port: u16, mut mode: watch::Receiver<Mode>) {
    let now = *mode.borrow_and_update();
    match now {
        Mode::Cut => {}
        Mode::Pass | Mode::Slow(_) => {
            if let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await {
                pass(client, server, mode).await;
            }
        }
        Mode::Silent | Mode::Garbage => {
            let mut taken = [0; 4096];
            loop {
                let read = tokio::select! {
                    _ = mode.changed() => return,
                    read = client.read(&mut taken) => read,
                };
                if !matches!(read, Ok(1..)) {
                    return;
                }
                let noise = client.write_all(b"\xff\x00?no such thing\r\n");
                if now == Mode::Garbage && noise.await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn pass(client: TcpStream, server: TcpStream, mut mode: watch::Receiver<Mode>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let delays = mode.clone();
    let up = tokio::io::copy(&mut from_client, &mut to_server);
    let down = async move {
        let mut taken = vec![0; 64 * 1024];
        while let Ok(n @ 1..) = from_server.read(&mut taken).await {
            let now = *delays.borrow();
            if let Mode::Slow(delay) = now {
                tokio::time::sleep(delay).await;
            }
            if to_client.write_all(&taken[..n]).await.is_err() {
                return;
            }
        }
    };
    let turned = async {
        while mode.changed().await.is_ok() {
            if !matches!(*mode.borrow(), Mode::Pass | Mode::Slow(_)) {
                return;
            }
        }
    };
    tokio::select! {
        _ = up => {}
        () = down => {}
        () = turned => {}
    }
}
