//! Writes HTTP/1.1 requests that a polite client would repair: dot segments, odd or doubled header fields.
//! One request a connection; everything else goes through [`super::wire`].

use std::{sync::Arc, time::Instant};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use url::Url;

use super::{
    error::DriverError,
    exchange_log::{Received, Sent},
    wire::{Line, causes},
};

/// A request as it is written, character by character. `Host` and `Connection: close` are added unless present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRequest {
    /// Method.
    pub method: String,
    /// Request target, as is.
    pub target: String,
    /// Header fields, as is and in order.
    pub headers: Vec<(String, String)>,
    /// Body, as is; `Content-Length` is added unless a length or an encoding is given.
    pub body: Option<String>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawAnswer {
    /// Status code.
    pub status: u16,
    /// Header fields as received; names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body, chunks joined.
    pub body: String,
}

/// Sends the request to the host of this URL.
///
/// # Errors
///
/// [`DriverError::Unanswered`] when no whole answer arrived.
pub async fn send(line: &Line, to: &Url, request: &RawRequest) -> Result<RawAnswer, DriverError> {
    let started = Instant::now();
    let limit = line.wire().settings().request_limit;
    let outcome = match tokio::time::timeout(limit, exchange(line, to, request)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "no whole answer in time")),
    };
    let took = started.elapsed();
    let url = format!("{}{}", to.as_str().trim_end_matches('/'), request.target);
    let sent = Sent {
        role: line.role(),
        plane: line.plane(),
        method: &request.method,
        url: &url,
        headers: &request.headers,
        body: request.body.as_deref(),
    };
    match outcome {
        Ok(answer) => {
            let received = Received::Reply { status: answer.status, headers: &answer.headers, body: &answer.body };
            line.log().record(sent, received, took);
            Ok(answer)
        }
        Err(error) => {
            let why = causes(&error);
            line.log().record(sent, Received::Nothing(&why), took);
            Err(DriverError::Unanswered { method: request.method.clone(), url, waited: took, why })
        }
    }
}

async fn exchange(line: &Line, to: &Url, request: &RawRequest) -> std::io::Result<RawAnswer> {
    let invalid = |what: &str| std::io::Error::new(std::io::ErrorKind::InvalidInput, what.to_owned());
    let host = to.host_str().ok_or_else(|| invalid("the URL has no host"))?;
    let port = to.port_or_known_default().ok_or_else(|| invalid("the URL has no port"))?;
    let settings = line.wire().settings();
    let address = if settings.names_of_this_machine.iter().any(|name| name == host) { "127.0.0.1" } else { host };
    let stream = TcpStream::connect((address, port)).await?;
    let text = written(request, to);
    if to.scheme() != "https" {
        return converse(stream, &text, request).await;
    }
    let mut roots = RootCertStore::empty();
    for pem in &settings.trust_pem {
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()).flatten() {
            roots.add(certificate).map_err(std::io::Error::other)?;
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(std::io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(std::io::Error::other)?;
    converse(TlsConnector::from(Arc::new(config)).connect(name, stream).await?, &text, request).await
}

fn written(request: &RawRequest, to: &Url) -> String {
    let has = |wanted: &str| request.headers.iter().any(|(name, _)| name.trim().eq_ignore_ascii_case(wanted));
    let mut text = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
    for (name, value) in &request.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !has("host") {
        let host = to.host_str().unwrap_or_default();
        let port = to.port().map(|port| format!(":{port}")).unwrap_or_default();
        text.push_str(&format!("Host: {host}{port}\r\n"));
    }
    if !has("connection") {
        text.push_str("Connection: close\r\n");
    }
    if let Some(body) = &request.body
        && !has("content-length")
        && !has("transfer-encoding")
    {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    text.push_str(request.body.as_deref().unwrap_or_default());
    text
}

/// Writes the request and reads until the answer is whole, or the other side has closed.
async fn converse<S>(mut stream: S, text: &str, request: &RawRequest) -> std::io::Result<RawAnswer>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(text.as_bytes()).await?;
    stream.flush().await?;
    let mut received = Vec::new();
    loop {
        let more = match stream.read_buf(&mut received).await {
            Ok(more) => more,
            // Servers that close without a TLS goodbye are common; what arrived decides.
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => 0,
            Err(error) => return Err(error),
        };
        if let Some(answer) = parsed(&received, more == 0, request.method == "HEAD") {
            return Ok(answer);
        }
        if more == 0 {
            return Err(std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "the answer is cut short"));
        }
    }
}

/// The answer in these bytes, once it is whole; without a length it is whole when the other side has closed.
fn parsed(received: &[u8], closed: bool, bodiless: bool) -> Option<RawAnswer> {
    let end = received.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&received[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status: u16 = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    if (100..200).contains(&status) {
        return parsed(&received[end + 4..], closed, bodiless);
    }
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let rest = &received[end + 4..];
    let header = |name: &str| super::reply::find_header(&headers, name);
    let body = if bodiless || status == 204 || status == 304 {
        Vec::new()
    } else if header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        unchunked(rest)?
    } else if let Some(length) = header("content-length").and_then(|text| text.parse::<usize>().ok()) {
        rest.get(..length)?.to_vec()
    } else if closed {
        rest.to_vec()
    } else {
        return None;
    };
    Some(RawAnswer { status, body: String::from_utf8_lossy(&body).into_owned(), headers })
}

fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        rest = &rest[end + 2..];
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_written_as_given() {
        let request = RawRequest {
            method: "GET".into(),
            target: "/a/../b//c".into(),
            headers: vec![("authorization".into(), "Bearer a".into()), ("AUTHORIZATION".into(), "Bearer b".into())],
            body: None,
        };
        assert_eq!(
            written(&request, &"https://localhost:8243".parse().unwrap()),
            "GET /a/../b//c HTTP/1.1\r\nauthorization: Bearer a\r\nAUTHORIZATION: Bearer b\r\n\
             Host: localhost:8243\r\nConnection: close\r\n\r\n"
        );
    }

    #[test]
    fn an_answer_is_read_once_it_is_whole() {
        let text = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 X\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n";
        let answer = parsed(text, false, false).unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (401, "abcde"));
        assert_eq!(parsed(&text[..text.len() - 8], false, false), None);
        let open_ended = b"HTTP/1.1 200 OK\r\n\r\nabc";
        assert_eq!(parsed(open_ended, false, false), None);
        assert_eq!(parsed(open_ended, true, false).unwrap().body, "abc");
    }
}
