//! A mail server that takes everything and keeps nothing: as much of SMTP as a client needs to hand over a mail.

use chassis::check::Trouble;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A server on 127.0.0.1; ended when dropped.
pub(crate) struct Mail {
    /// Its port.
    pub(crate) port: u16,
    task: JoinHandle<()>,
}

/// Starts one.
pub(crate) async fn start() -> Result<Mail, Trouble> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let task = chassis::task::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            chassis::task::spawn(async move {
                // A client that goes away amid a mail is nothing to us.
                let _ = talk(client).await;
            });
        }
    });
    Ok(Mail { port, task })
}

impl Drop for Mail {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn talk(client: TcpStream) -> std::io::Result<()> {
    let (read, mut write) = client.into_split();
    let mut lines = BufReader::new(read).lines();
    let mut is_content = false;
    write.write_all(b"220 drill\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        if is_content {
            if line == "." {
                is_content = false;
                write.write_all(b"250 kept\r\n").await?;
            }
            continue;
        }
        let word = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let answer: &[u8] = match word.as_str() {
            "DATA" => {
                is_content = true;
                b"354 go on\r\n"
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => b"250 well\r\n",
        };
        write.write_all(answer).await?;
    }
    Ok(())
}
