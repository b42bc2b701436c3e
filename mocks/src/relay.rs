//! Bytes between a client and the server behind the front, both ways, and what a scripted fault does to them.
//! It reads no more of HTTP than the first line of a request, and that only while a fault is scripted.

use std::{
    io,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    time::sleep,
};

use crate::faults::{Fault, Faults};

/// How the relaying ended.
#[derive(Debug)]
pub(crate) enum End {
    /// Both sides said that they were done.
    Done,
    /// A fault ends the connection.
    Closed,
    /// A fault ends it as if the machine had gone.
    Reset,
}

/// Relays until both sides are done or a fault ends it.
pub(crate) async fn relay<C, S>(client: &mut C, server: &mut S, faults: &Faults) -> io::Result<End>
where
    C: AsyncRead + AsyncWrite + Unpin,
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut from_client, mut to_client) = split(client);
    let (mut from_server, mut to_server) = split(server);
    // What happens to the answer that comes next; every request decides anew.
    let next = Mutex::new(None::<Fault>);
    let up = async {
        let mut buffer = vec![0; 16 << 10];
        loop {
            let count = from_client.read(&mut buffer).await.map_err(Stop::Failed)?;
            if count == 0 {
                // The server may still have something to say.
                return to_server.shutdown().await.map_err(Stop::Failed);
            }
            if let Some(path) = requested_path(&buffer[..count]) {
                *next.lock().unwrap_or_else(PoisonError::into_inner) = faults.of_connection(path);
            }
            to_server.write_all(&buffer[..count]).await.map_err(Stop::Failed)?;
        }
    };
    let down = async {
        let mut buffer = vec![0; 16 << 10];
        loop {
            let count = from_server.read(&mut buffer).await.map_err(Stop::Failed)?;
            if count == 0 {
                return to_client.shutdown().await.map_err(Stop::Failed);
            }
            let fault = next.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let left = answer(&mut to_client, &buffer[..count], fault).await?;
            if let Some(left) = left {
                *next.lock().unwrap_or_else(PoisonError::into_inner) = Some(left);
            }
        }
    };
    match tokio::try_join!(up, down) {
        Ok(_) => Ok(End::Done),
        Err(Stop::Fault(end)) => Ok(end),
        Err(Stop::Failed(error)) => Err(error),
    }
}

/// Why relaying stops at once.
enum Stop {
    Fault(End),
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
            client.write_all(&bytes[..after_bytes]).await.map_err(Stop::Failed)?;
            client.flush().await.map_err(Stop::Failed)?;
            return Err(Stop::Fault(End::Closed));
        }
        Some(Fault::Cut { after_bytes }) => left = Some(Fault::Cut { after_bytes: after_bytes - bytes.len() }),
        Some(Fault::Drip { bytes: size, every_ms }) => {
            for piece in bytes.chunks(size) {
                client.write_all(piece).await.map_err(Stop::Failed)?;
                client.flush().await.map_err(Stop::Failed)?;
                sleep(Duration::from_millis(every_ms)).await;
            }
            return Ok(None);
        }
        _ => {}
    }
    client.write_all(bytes).await.map_err(Stop::Failed)?;
    client.flush().await.map_err(Stop::Failed)?;
    Ok(left)
}

/// The path of a request that starts here; `None` when this is no start of one.
fn requested_path(bytes: &[u8]) -> Option<&str> {
    let line = bytes.split(|&byte| byte == b'\r').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
    (method && version.starts_with("HTTP/1.") && target.starts_with('/'))
        .then(|| target.split('?').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_told_from_the_middle_of_one() {
        assert_eq!(requested_path(b"POST /oauth2/token?x=1 HTTP/1.1\r\nhost: a\r\n"), Some("/oauth2/token"));
        for other in [&b"grant_type=password&username=ann"[..], b"GET /", b"\xff\xfe", b"", b"a b HTTP/1.1\r\n"] {
            assert_eq!(requested_path(other), None);
        }
    }
}
