//! Bytes of a connection cut into whole HTTP/1.1 requests (RFC 9112), each checked as far as the servers behind rely on it:
//! they panic at a target that is no URL and at a body that breaks off. What a request asks for is not looked at.

use bytes::BytesMut;
use http::{HeaderName, StatusCode};

use crate::certificates::PRESENTED_HEADER;

/// The head of a request may be this long; what browsers and proxies send stays far below.
const LONGEST_HEAD: usize = 64 << 10;
/// And have this many fields.
const MOST_FIELDS: usize = 100;
/// Its body may be this long.
const LONGEST_BODY: usize = 16 << 20;

/// What comes next on a connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing before more has arrived.
    More,
    /// The client waits to be told to go on (RFC 9110, section 10.1.1), and then more.
    Continue,
    /// A request.
    Request {
        /// All of it, as it goes on.
        bytes: BytesMut,
        /// The path it asks for.
        path: String,
    },
    /// Something that cannot go on; the connection cannot either.
    Refused(StatusCode),
}

/// The requests of one connection.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    /// What has arrived and was not taken yet.
    pub(crate) arrived: BytesMut,
    /// What the servers behind are told about the client's certificate.
    presented: Option<String>,
    head: Option<Head>,
}

/// A head that was read, while its body is awaited.
#[derive(Debug)]
struct Head {
    length: usize,
    body: Body,
    path: String,
    /// The head as it goes on, where that differs.
    rewritten: Option<Vec<u8>>,
    expects: bool,
}

#[derive(Debug, Clone, Copy)]
enum Body {
    Sized(usize),
    /// In chunks; so many bytes of it were looked at and are complete chunks.
    Chunked(usize),
}

impl Requests {
    /// The requests of a client that presented this certificate.
    pub(crate) fn new(presented: Option<String>) -> Self {
        Self { presented, ..Self::default() }
    }

    /// What comes next.
    pub(crate) fn next(&mut self) -> Next {
        self.advance().unwrap_or_else(Next::Refused)
    }

    fn advance(&mut self) -> Result<Next, StatusCode> {
        let mut head = match self.head.take() {
            Some(head) => head,
            None => match self.read_head()? {
                Some(head) => head,
                None => return Ok(Next::More),
            },
        };
        if let Some(whole) = complete(&self.arrived[head.length..], &mut head.body)? {
            let raw = self.arrived.split_to(head.length + whole);
            let bytes = match head.rewritten {
                None => raw,
                Some(rewritten) => {
                    let mut bytes = BytesMut::from(&rewritten[..]);
                    bytes.extend_from_slice(&raw[head.length..]);
                    bytes
                }
            };
            return Ok(Next::Request { bytes, path: head.path });
        }
        let asked = std::mem::take(&mut head.expects);
        self.head = Some(head);
        Ok(if asked { Next::Continue } else { Next::More })
    }

    fn read_head(&mut self) -> Result<Option<Head>, StatusCode> {
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut request = httparse::Request::new(&mut fields);
        let length = match request.parse(&self.arrived) {
            Ok(httparse::Status::Complete(length)) if length <= LONGEST_HEAD => length,
            Ok(httparse::Status::Partial) if self.arrived.len() <= LONGEST_HEAD => return Ok(None),
            Ok(_) | Err(httparse::Error::TooManyHeaders) => return Err(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
            Err(_) => return Err(StatusCode::BAD_REQUEST),
        };
        let path = path(request.path.unwrap_or_default()).ok_or(StatusCode::BAD_REQUEST)?;
        let named = |field: &&httparse::Header<'_>| field.name.eq_ignore_ascii_case("host");
        if request.headers.iter().filter(named).count() > 1 {
            // RFC 9112, section 3.2.
            return Err(StatusCode::BAD_REQUEST);
        }
        let body = body(request.headers)?;
        let expects = request.headers.iter().any(|field| field.name.eq_ignore_ascii_case("expect"));
        let ours = |field: &httparse::Header<'_>| {
            field.name.eq_ignore_ascii_case("expect") || field.name.eq_ignore_ascii_case(PRESENTED_HEADER)
        };
        let differs = self.presented.is_some() || request.headers.iter().any(ours);
        let rewritten = differs.then(|| rewritten(&request, self.presented.as_deref()));
        Ok(Some(Head { length, body, path, rewritten, expects }))
    }
}

/// The path of a request target, when it is one that means something to a server: a path, or an absolute URL.
fn path(target: &str) -> Option<String> {
    if target.starts_with('/') {
        return Some(target.split(['?', '#']).next().unwrap_or_default().to_owned());
    }
    let url = url::Url::parse(target).ok()?;
    let http = matches!(url.scheme(), "http" | "https") && url.has_host();
    http.then(|| url.path().to_owned())
}

/// How the body's end is found (RFC 9112, section 6). What could be understood in two ways is refused.
fn body(fields: &[httparse::Header<'_>]) -> Result<Body, StatusCode> {
    let values = |name: &'static str| {
        fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value.trim_ascii())
    };
    let mut lengths = values("content-length");
    let (encodings, length) = (values("transfer-encoding").collect::<Vec<_>>(), lengths.next());
    match (encodings.as_slice(), length) {
        ([], None) => Ok(Body::Sized(0)),
        ([], Some(length)) if lengths.all(|other| other == length) => {
            let digits = !length.is_empty() && length.iter().all(u8::is_ascii_digit);
            let text = std::str::from_utf8(length).ok().filter(|_| digits).ok_or(StatusCode::BAD_REQUEST)?;
            match text.parse() {
                Ok(length) if length <= LONGEST_BODY => Ok(Body::Sized(length)),
                _ => Err(StatusCode::PAYLOAD_TOO_LARGE),
            }
        }
        ([encoding], None) if encoding.eq_ignore_ascii_case(b"chunked") => Ok(Body::Chunked(0)),
        _ => Err(StatusCode::BAD_REQUEST),
    }
}

/// How long the body is, once all of it has arrived.
fn complete(arrived: &[u8], body: &mut Body) -> Result<Option<usize>, StatusCode> {
    let looked_at = match body {
        Body::Sized(length) => return Ok((arrived.len() >= *length).then_some(*length)),
        Body::Chunked(looked_at) => looked_at,
    };
    loop {
        if *looked_at > LONGEST_BODY {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        let rest = &arrived[(*looked_at).min(arrived.len())..];
        match httparse::parse_chunk_size(rest) {
            Ok(httparse::Status::Complete((start, 0))) => {
                return trailers(&rest[start..]).map(|end| end.map(|end| *looked_at + start + end));
            }
            Ok(httparse::Status::Complete((start, size))) => {
                let size = usize::try_from(size)
                    .ok()
                    .filter(|size| *size <= LONGEST_BODY)
                    .ok_or(StatusCode::PAYLOAD_TOO_LARGE)?;
                let end = start + size + 2;
                match rest.get(start + size..end) {
                    None => return Ok(None),
                    Some(b"\r\n") => *looked_at += end,
                    Some(_) => return Err(StatusCode::BAD_REQUEST),
                }
            }
            Ok(httparse::Status::Partial) if rest.len() < 1_024 => return Ok(None),
            _ => return Err(StatusCode::BAD_REQUEST),
        }
    }
}

/// How long the trailer section is, once it is there.
fn trailers(rest: &[u8]) -> Result<Option<usize>, StatusCode> {
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    match httparse::parse_headers(rest, &mut fields) {
        Ok(httparse::Status::Complete((length, _))) => Ok(Some(length)),
        Ok(httparse::Status::Partial) if rest.len() <= LONGEST_HEAD => Ok(None),
        _ => Err(StatusCode::BAD_REQUEST),
    }
}

/// The head without what only the front may say, and with what it has to say.
fn rewritten(request: &httparse::Request<'_, '_>, presented: Option<&str>) -> Vec<u8> {
    let (method, target) = (request.method.unwrap_or_default(), request.path.unwrap_or_default());
    let mut head = format!("{method} {target} HTTP/1.{}\r\n", request.version.unwrap_or(1)).into_bytes();
    let ours = HeaderName::from_static(PRESENTED_HEADER);
    for field in request.headers.iter() {
        if !field.name.eq_ignore_ascii_case("expect") && !field.name.eq_ignore_ascii_case(ours.as_str()) {
            head.extend_from_slice(field.name.as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(field.value);
            head.extend_from_slice(b"\r\n");
        }
    }
    if let Some(presented) = presented {
        head.extend_from_slice(format!("{ours}: {presented}\r\n").as_bytes());
    }
    head.extend_from_slice(b"\r\n");
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8], presented: Option<&str>) -> Vec<Next> {
        let mut requests = Requests::new(presented.map(str::to_owned));
        let mut seen = Vec::new();
        // Byte by byte, so that nothing depends on how they arrive.
        for byte in bytes {
            requests.arrived.extend_from_slice(&[*byte]);
            match requests.next() {
                Next::More => {}
                Next::Refused(status) => {
                    seen.push(Next::Refused(status));
                    return seen;
                }
                next => seen.push(next),
            }
        }
        seen
    }

    fn request(bytes: &[u8], path: &str) -> Next {
        Next::Request { bytes: BytesMut::from(bytes), path: path.to_owned() }
    }

    #[test]
    fn requests_are_cut_where_their_bodies_end() {
        let get = b"GET /a?b=c HTTP/1.1\r\nhost: x\r\n\r\n";
        let post = b"POST /token HTTP/1.1\r\ncontent-length: 3\r\n\r\na=b";
        let chunked = b"POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\na=b\r\n0\r\nz: 1\r\n\r\n";
        let absolute = b"GET https://localhost:1/d HTTP/1.1\r\n\r\n";
        let bytes = [&get[..], post, chunked, absolute].concat();
        let wanted = [request(get, "/a"), request(post, "/token"), request(chunked, "/c"), request(absolute, "/d")];
        assert_eq!(all(&bytes, None), wanted);
        let mut at_once = Requests::new(None);
        at_once.arrived.extend_from_slice(&bytes);
        assert_eq!(wanted.map(|_| at_once.next()).len(), 4);
        assert_eq!(at_once.next(), Next::More);
    }

    #[test]
    fn what_could_be_understood_in_two_ways_or_in_none_is_refused() {
        let bad = [
            "nonsense\r\n\r\n",
            "GET * HTTP/1.1\r\n\r\n",
            "CONNECT example:443 HTTP/1.1\r\n\r\n",
            "GET http://[ HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: x\r\nHost: x\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
            "POST / HTTP/1.1\r\ncontent-length: +1\r\n\r\n",
            "POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc",
        ];
        for text in bad {
            let seen = all(text.as_bytes(), None);
            assert_eq!(seen, [Next::Refused(StatusCode::BAD_REQUEST)], "{text:?}");
        }
        let large = "POST / HTTP/1.1\r\ncontent-length: 99999999\r\n\r\n";
        assert_eq!(all(large.as_bytes(), None), [Next::Refused(StatusCode::PAYLOAD_TOO_LARGE)]);
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(MOST_FIELDS + 1));
        assert_eq!(all(many.as_bytes(), None), [Next::Refused(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)]);
    }

    #[test]
    fn only_the_front_says_which_certificate_a_client_has() {
        let sent = b"GET / HTTP/1.1\r\nX-Kmspec-Client-Certificate: trusted AAAA\r\nhost: x\r\n\r\n";
        assert_eq!(all(sent, None), [request(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", "/")]);
        let seen = all(sent, Some("unknown BBBB"));
        let wanted = b"GET / HTTP/1.1\r\nhost: x\r\nx-kmspec-client-certificate: unknown BBBB\r\n\r\n";
        assert_eq!(seen, [request(wanted, "/")]);
    }

    #[test]
    fn a_client_that_waits_is_told_to_go_on_once() {
        let sent = b"POST / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\nab";
        let seen = all(sent, None);
        assert_eq!(seen, [Next::Continue, request(b"POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\nab", "/")]);
    }
}
