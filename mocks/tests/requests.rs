//! Arbitrary bytes at every endpoint of every vendor, over a socket: never a panic, never a hang, never a 5xx.
//! What right requests are answered is tested beside this file. `fuzz/` goes on where this stops.

#[path = "support/everything.rs"]
mod everything;
mod support;

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use everything::{CERTIFIED, Everything, GRANTS, NAME, posted};
use kmspec_mocks::{
    certificates::{ClientCertificates, TlsIdentity},
    server::{AuthorizationServer, BareServer, Endpoints},
    vendors::Vendor,
};
use proptest::{collection::vec, prelude::*, test_runner::TestRunner};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use support::{AUTHORITY, answer, http, http_with};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

/// Panics of any thread, those that nobody waits for included.
static PANICS: AtomicUsize = AtomicUsize::new(0);

const METHODS: [&str; 9] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "b\u{e9}b\u{e9}"];
const TYPES: [&str; 5] =
    ["application/x-www-form-urlencoded", "application/json", "application/scim+json", "text/xml; ;", ""];
const NAMES: [&str; 28] = [
    "grant_type",
    "scope",
    "username",
    "password",
    "refresh_token",
    "code",
    "code_verifier",
    "redirect_uri",
    "client_id",
    "client_secret",
    "assertion",
    "subject_token",
    "subject_token_type",
    "device_code",
    "windows_token",
    "token",
    "state",
    "response_type",
    "sessionDataKey",
    "user_code",
    "filter",
    "client_assertion",
    "client_assertion_type",
    "kerberos_realm",
    "kerberos_token",
    "requested_token_type",
    "audience",
    "actor_token",
];

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,40}",
        "[A-Za-z0-9_.-]{0,60}",
        Just("fuzz".to_owned()),
        Just("eyJhbGciOiJub25lIn0.e30.".to_owned())
    ]
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let pairs = vec((prop::sample::select(&NAMES[..]), texts()), 0..6);
    let form = (prop::sample::select(&GRANTS[..]), pairs).prop_map(|(grant, pairs)| {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", grant).append_pair("client_id", "fuzz").append_pair("client_secret", "fuzz");
        form.extend_pairs(pairs).finish().into_bytes()
    });
    let json = vec((texts(), texts()), 0..5).prop_map(|pairs| {
        serde_json::to_vec(&pairs.into_iter().collect::<std::collections::BTreeMap<_, _>>()).unwrap()
    });
    let names =
        ["client_name", "redirect_uris", "grant_types", "schemas", "displayName", "userName", "name", "permissions"];
    let odd = (prop::sample::select(names.to_vec()), 0..6_usize).prop_map(|(name, value)| {
        let value = ["null", "[]", "{}", "[1,{}]", "-1e9", "[[[[[\"\\u0000\"]]]]]"][value];
        format!("{{\"client_name\":\"x\",\"{name}\":{value}}}").into_bytes()
    });
    prop_oneof![3 => form, 1 => json, 2 => odd, 1 => vec(any::<u8>(), 0..200)]
}

/// A request at one of the paths, whole or spoilt in its framing, or bytes that are none.
fn bytes(paths: Vec<String>) -> impl Strategy<Value = Vec<u8>> {
    let authorization = prop_oneof![
        Just(String::new()),
        Just("Basic ZnV6ejpmdXp6".to_owned()),
        Just("Basic YWRtaW46YWRtaW4=".to_owned()),
        texts().prop_map(|text| format!("Bearer {text}")),
        texts(),
    ];
    let target = (prop::sample::select(paths), prop::option::of(texts()), prop::option::of(texts()));
    let request = (
        prop::sample::select(&METHODS[..]),
        target,
        prop::sample::select(&TYPES[..]),
        authorization,
        bodies(),
        0..12_u8,
    );
    let request = request.prop_map(|(method, (path, below, query), media, authorization, body, framing)| {
        let below = below.map(|text| format!("/{}", text.replace([' ', '\r', '\n'], "+"))).unwrap_or_default();
        let query = query.map(|text| format!("?{}", text.replace([' ', '\r', '\n'], "&"))).unwrap_or_default();
        let framed = match framing {
            0 => "content-length: 99999".to_owned(),
            1 => "transfer-encoding: chunked".to_owned(),
            2 => format!("content-length: {}", body.len() / 2),
            _ => format!("content-length: {}", body.len()),
        };
        let authorization = authorization.replace(['\r', '\n'], "");
        // A certificate stands for this user, where one is shown and the vendor knows such a thing.
        let user = if framing > 8 { "wso2-identity-user: admin\r\n" } else { "" };
        let authorization = match authorization.is_empty() {
            true => String::new(),
            false => format!("authorization: {authorization}\r\n"),
        };
        let framing = format!("{user}{authorization}{framed}");
        let head = format!(
            "{method} {path}{below}{query} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: {media}\r\n{framing}\r\n\r\n"
        );
        [head.into_bytes(), body].concat()
    });
    prop_oneof![6 => request, 1 => vec(any::<u8>(), 0..300)]
}

/// What one case sends.
#[derive(Debug, Clone)]
enum Sent {
    Bytes(Vec<u8>),
    Spoilt(Spoilt),
}

impl Sent {
    fn bytes(&self, everything: &Everything, path: &str) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes.clone(),
            Self::Spoilt(spoilt) => spoilt.bytes(everything, path),
        }
    }
}

/// Sends bytes, and gives the status line that comes back, if any does before the server ends the connection.
async fn send(server: &AuthorizationServer, tls: &TlsConnector, bytes: &[u8]) -> Option<u16> {
    let address = server.base_url().replace("https://localhost", "127.0.0.1");
    let stream = TcpStream::connect(address).await.unwrap();
    let mut stream = tls.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    // Bytes that are no whole request get no answer before the client is done.
    if tokio::time::timeout(Duration::from_millis(200), stream.read_buf(&mut answer)).await.is_err() {
        stream.shutdown().await.unwrap();
    }
    // How the server ends the connection is its affair; what it says before is not.
    let _ = stream.read_to_end(&mut answer).await;
    let line = String::from_utf8_lossy(&answer).lines().next()?.to_owned();
    Some(line.strip_prefix("HTTP/1.1 ").unwrap_or_else(|| panic!("{line}"))[..3].parse().unwrap())
}

/// A request of the client that may do everything, and how it is spoilt before it is sent.
#[derive(Debug, Clone)]
struct Spoilt {
    grant: &'static str,
    /// Of a Windows login, whether it is the second message.
    begun: bool,
    /// Whether what may come in an envelope does.
    wrapped: bool,
    certified: bool,
    /// Which field; the one that says the grant is left alone.
    field: prop::sample::Index,
    how: How,
}

#[derive(Debug, Clone)]
enum How {
    NotAtAll,
    LeftOut,
    Twice,
    Replaced(String),
    Followed(String),
    /// Shortened to so much of it.
    Cut(prop::sample::Index),
    /// One character, or one byte of what base64 stands for, is another one.
    Changed(prop::sample::Index, u8),
    /// Beside it stands another one.
    Beside(&'static str, String),
}

fn spoilt() -> impl Strategy<Value = Spoilt> {
    let how = prop_oneof![
        2 => Just(How::NotAtAll),
        1 => Just(How::LeftOut),
        1 => Just(How::Twice),
        2 => texts().prop_map(How::Replaced),
        1 => texts().prop_map(How::Followed),
        2 => any::<prop::sample::Index>().prop_map(How::Cut),
        4 => (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, to)| How::Changed(at, to)),
        2 => (prop::sample::select(&NAMES[..]), texts()).prop_map(|(name, text)| How::Beside(name, text)),
    ];
    let whose = (prop::sample::select(&GRANTS[..]), any::<bool>(), any::<bool>(), prop::bool::weighted(0.2));
    (whose, any::<prop::sample::Index>(), how).prop_map(|((grant, begun, wrapped, certified), field, how)| Spoilt {
        grant,
        begun,
        wrapped,
        certified,
        field,
        how,
    })
}

impl Spoilt {
    fn bytes(&self, everything: &Everything, path: &str) -> Vec<u8> {
        let mut fields = everything.fields(self.grant, self.begun, self.wrapped);
        let at = 1 + self.field.index(fields.len() - 1);
        let value = fields[at].1.clone();
        match &self.how {
            How::NotAtAll => {}
            How::LeftOut => drop(fields.remove(at)),
            How::Twice => fields.push(fields[at].clone()),
            How::Replaced(text) => fields[at].1 = text.clone(),
            How::Followed(text) => fields[at].1.push_str(text),
            How::Cut(end) => fields[at].1.truncate(end.index(value.len() + 1)),
            How::Changed(place, to) => fields[at].1 = changed(&value, *place, *to),
            How::Beside(name, text) => fields.push(((*name).to_owned(), text.clone())),
        }
        posted(path, &fields, self.certified)
    }
}

/// The text with one byte changed: of what it is base64 of, where it is, so that messages in it stay messages.
fn changed(text: &str, place: prop::sample::Index, to: u8) -> String {
    for (engine, long) in [(&STANDARD, 40), (&URL_SAFE_NO_PAD, 40)] {
        if let Some(mut bytes) = engine.decode(text).ok().filter(|bytes| bytes.len() > long) {
            let at = place.index(bytes.len());
            bytes[at] = to;
            return engine.encode(bytes);
        }
    }
    let mut characters: Vec<char> = text.chars().collect();
    if !characters.is_empty() {
        let at = place.index(characters.len());
        characters[at] = char::from(to);
    }
    characters.into_iter().collect()
}

/// A client's certificate that the servers trust.
static CERTIFICATE: LazyLock<TlsIdentity> = LazyLock::new(|| AUTHORITY.issue(&["client.test"]).unwrap());

fn furnished(realm: &kmspec_mocks::realm::Realm) -> Everything {
    Everything::furnish(realm, Some(CERTIFICATE.x5t_s256()))
}

fn token_path(endpoints: &Endpoints) -> String {
    url::Url::parse(&endpoints.token).unwrap().path().to_owned()
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() })
}

#[test]
fn no_bytes_over_a_socket_make_any_vendor_panic_hang_or_fail() {
    std::panic::set_hook(Box::new(|panic| {
        PANICS.fetch_add(1, Ordering::SeqCst);
        eprintln!("{panic}");
    }));
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(AUTHORITY.ca_pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let chain = CertificateDer::pem_slice_iter(CERTIFICATE.chain_pem.as_bytes()).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(CERTIFICATE.key_pem.as_bytes()).unwrap();
    let config = config.with_root_certificates(roots).with_client_auth_cert(chain, key).unwrap();
    let tls = TlsConnector::from(Arc::new(config));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for vendor in Vendor::ALL {
        let builder = AuthorizationServer::builder(vendor).certificates(AUTHORITY.clone());
        let server = runtime.block_on(builder.client_certificates(ClientCertificates::Asked).start()).unwrap();
        let (everything, path) = (furnished(server.realm()), token_path(server.endpoints()));
        let paths = BareServer::new(vendor).paths();
        let sent = prop_oneof![2 => bytes(paths).prop_map(Sent::Bytes), 1 => spoilt().prop_map(Sent::Spoilt)];
        let tried = runner(50).run(&sent, |sent| {
            let bytes = sent.bytes(&everything, &path);
            let bounded = async { tokio::time::timeout(Duration::from_secs(10), send(&server, &tls, &bytes)).await };
            let status = runtime.block_on(bounded).map_err(|_| TestCaseError::fail("it hangs"))?;
            prop_assert!(status.is_none_or(|status| status < 500), "{status:?}");
            prop_assert_eq!(server.panics(), Vec::<String>::new());
            prop_assert_eq!(PANICS.load(Ordering::SeqCst), 0);
            Ok(())
        });
        tried.unwrap_or_else(|error| panic!("{vendor}: {error}"));
        let alive =
            runtime.block_on(send(&server, &tls, b"GET /nowhere HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"));
        assert!(alive.is_none_or(|status| status == 404), "{vendor}: {alive:?}");
    }
}

#[test]
fn no_bytes_at_all_make_any_vendor_panic_or_fail_without_a_network() {
    for vendor in Vendor::ALL {
        let server = BareServer::new(vendor).shown(&CERTIFICATE);
        let (everything, path) = (furnished(server.realm()), token_path(server.endpoints()));
        let sent = prop_oneof![1 => bytes(server.paths()).prop_map(Sent::Bytes), 1 => spoilt().prop_map(Sent::Spoilt)];
        let tried = runner(600).run(&sent, |sent| {
            prop_assert!(server.answers(&sent.bytes(&everything, &path)).iter().all(|status| *status < 500));
            Ok(())
        });
        tried.unwrap_or_else(|error| panic!("{vendor}: {error}"));
    }
}

/// What random requests are made from would say nothing if it were refused before anybody looked at it.
#[tokio::test]
async fn requests_that_nobody_spoils_reach_the_grant_that_they_ask_for() {
    for vendor in Vendor::ALL {
        let builder = AuthorizationServer::builder(vendor).certificates(AUTHORITY.clone());
        let server = builder.client_certificates(ClientCertificates::Asked).start().await.unwrap();
        let everything = furnished(server.realm());
        let grants = server.realm().policy().grant_types.clone();
        for (grant, wrapped) in grants.iter().flat_map(|grant| [(grant, false), (grant, true)]) {
            let form = everything.fields(grant, false, wrapped);
            let request = http().post(&server.endpoints().token).basic_auth(NAME, Some(NAME)).form(&form);
            let answer = answer(request.send().await.unwrap()).await;
            match (vendor, grant.as_str()) {
                (Vendor::Is7, "iwa:ntlm") => {
                    let scheme = if wrapped { "Negotiate " } else { "NTLM " };
                    assert!(answer.header("www-authenticate").starts_with(scheme), "{}", answer.text);
                }
                (Vendor::Is7, _) => assert_eq!(answer.status, 200, "{grant}: {}", answer.text),
                _ => {
                    let refusals = ["unauthorized_client", "unsupported_grant_type", "invalid_client"];
                    let refused = refusals.iter().any(|code| answer.text.contains(code));
                    assert!(!refused, "{vendor} {grant}: {}", answer.text);
                }
            }
        }
        let certified = http_with(&CERTIFICATE).post(&server.endpoints().token);
        let form = [("grant_type", "client_credentials"), ("client_id", CERTIFIED)];
        let answer = answer(certified.form(&form).send().await.unwrap()).await;
        assert!(vendor != Vendor::Is7 || answer.status == 200, "{}", answer.text);
    }
}
