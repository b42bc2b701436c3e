//! Arbitrary bytes at every endpoint of every vendor, over a socket: never a panic, never a hang, never a 5xx.
//! What right requests are answered is tested beside this file. `fuzz/` goes on where this stops.

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use kmspec_mocks::{
    realm::{ClientSpec, UserSpec},
    server::{AuthorizationServer, BareServer},
    vendors::Vendor,
};
use proptest::{collection::vec, prelude::*, test_runner::TestRunner};
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use support::AUTHORITY;
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
const GRANTS: [&str; 9] = [
    "client_credentials",
    "password",
    "refresh_token",
    "authorization_code",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:ietf:params:oauth:grant-type:saml2-bearer",
    "iwa:ntlm",
];
const NAMES: [&str; 22] = [
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
        let framing = match framing {
            0 => "content-length: 99999".to_owned(),
            1 => "transfer-encoding: chunked".to_owned(),
            2 => format!("content-length: {}", body.len() / 2),
            _ => format!("content-length: {}", body.len()),
        };
        let authorization = authorization.replace(['\r', '\n'], "");
        let head = format!(
            "{method} {path}{below}{query} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: {media}\r\nauthorization: {authorization}\r\n{framing}\r\n\r\n"
        );
        [head.into_bytes(), body].concat()
    });
    prop_oneof![6 => request, 1 => vec(any::<u8>(), 0..300)]
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

fn furnish(realm: &kmspec_mocks::realm::Realm) {
    let grants = GRANTS.map(str::to_owned);
    realm.add_client(
        ClientSpec::new("fuzz").id("fuzz").secret("fuzz").grant_types(grants).redirect_uris(["https://f.test/"]),
    );
    realm.add_user(UserSpec::new("fuzz", "fuzz").roles(["admin"]));
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
    let tls = TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for vendor in Vendor::ALL {
        let server =
            runtime.block_on(AuthorizationServer::builder(vendor).certificates(AUTHORITY.clone()).start()).unwrap();
        furnish(server.realm());
        let paths = BareServer::new(vendor).paths();
        let tried = runner(40).run(&bytes(paths), |bytes| {
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
        let server = BareServer::new(vendor);
        furnish(server.realm());
        let tried = runner(400).run(&bytes(server.paths()), |bytes| {
            prop_assert!(server.answers(&bytes).iter().all(|status| *status < 500));
            Ok(())
        });
        tried.unwrap_or_else(|error| panic!("{vendor}: {error}"));
    }
}
