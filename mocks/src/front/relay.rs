//! Whole requests to the server behind the front, its answers back, and what a scripted fault does to them.
//! Where a request ends is found out in `requests`.

use std::{
    io,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use http::StatusCode;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    sync::Mutex as Turns,
    time::sleep,
};

use super::requests::{Next, Requests};
use crate::faults::{Fault, Faults};

/// How the relaying ended.
#[derive(Debug)]
pub(super) enum End {
    /// Both sides said that they were done.
    Done,
    /// A fault ends the connection.
    Closed,
    /// A fault ends it as if the machine had gone.
    Reset,
}

/// Relays until both sides are done or a fault ends it.
pub(super) async fn relay<C, S>(
    client: &mut C,
    server: &mut S,
    mut requests: Requests,
    faults: &Faults,
) -> io::Result<End>
where
    C: AsyncRead + AsyncWrite + Unpin,
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut from_client, to_client) = split(client);
    let (mut from_server, mut to_server) = split(server);
    let to_client = Turns::new(to_client);
    // What happens to the answer that comes next; every request decides anew.
    let next = Mutex::new(None::<Fault>);
    let up = async {
        loop {
            match requests.next() {
                Next::Request { bytes, path } => {
                    *next.lock().unwrap_or_else(PoisonError::into_inner) = faults.of_connection(&path);
                    to_server.write_all(&bytes).await.map_err(Stop::Failed)?;
                }
                Next::Continue => send(&mut *to_client.lock().await, b"HTTP/1.1 100 Continue\r\n\r\n").await?,
                Next::Refused(status) => return Err(Stop::Refused(status)),
                Next::More => {
                    requests.arrived.reserve(16 << 10);
                    if from_client.read_buf(&mut requests.arrived).await.map_err(Stop::Failed)? == 0 {
                        // The server may still have something to say.
                        return to_server.shutdown().await.map_err(Stop::Failed);
                    }
                }
            }
        }
    };
    let down = async {
        let mut buffer = vec![0; 16 << 10];
        loop {
            let count = from_server.read(&mut buffer).await.map_err(Stop::Failed)?;
            let mut to_client = to_client.lock().await;
            if count == 0 {
                return to_client.shutdown().await.map_err(Stop::Failed);
            }
            let fault = next.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let left = answer(&mut *to_client, &buffer[..count], fault).await?;
            if let Some(left) = left {
                *next.lock().unwrap_or_else(PoisonError::into_inner) = Some(left);
            }
        }
    };
    let ended = tokio::try_join!(up, down);
    match ended {
        Ok(_) => Ok(End::Done),
        Err(Stop::Fault(end)) => Ok(end),
        Err(Stop::Failed(error)) => Err(error),
        Err(Stop::Refused(status)) => {
            let refusal = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
            let mut to_client = to_client.into_inner();
            to_client.write_all(refusal.as_bytes()).await?;
            to_client.shutdown().await?;
            Ok(End::Closed)
        }
    }
}

async fn send(client: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> Result<(), Stop> {
    client.write_all(bytes).await.map_err(Stop::Failed)?;
    client.flush().await.map_err(Stop::Failed)
}

/// Why relaying stops at once.
enum Stop {
    Fault(End),
    /// The client sent something that is no request.
    Refused(StatusCode),
    Failed(io::Error),
}

/// Passes a piece of an answer on, or what the fault leaves of it; gives what is left of the fault, if it changed.
async fn answer(
    client: &mut (impl AsyncWrite + Unpin),
    bytes: &[u8],
    fault: Option<Fault>,
) -> Result<Option<Fault>, Stop> {
    let mut left = None;
    match fault {
        Some(Fault::Reset) => return Err(Stop::Fault(End::Reset)),
        Some(Fault::Stall { for_ms }) => {
            sleep(Duration::from_millis(for_ms)).await;
            return Err(Stop::Fault(End::Closed));
        }
        Some(Fault::Cut { after_bytes }) if after_bytes <= bytes.len() => {
            send(client, &bytes[..after_bytes]).await?;
            return Err(Stop::Fault(End::Closed));
        }
        Some(Fault::Cut { after_bytes }) => left = Some(Fault::Cut { after_bytes: after_bytes - bytes.len() }),
        Some(Fault::Drip { bytes: size, every_ms }) => {
            for piece in bytes.chunks(size) {
                send(client, piece).await?;
                sleep(Duration::from_millis(every_ms)).await;
            }
            return Ok(None);
        }
        _ => {}
    }
    send(client, bytes).await?;
    Ok(left)
}
