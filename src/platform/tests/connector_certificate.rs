//! A connector that proves itself by the platform's certificate (CONN-10), over real TLS: which certificate its server is
//! shown, and whom it is told to act for.
//! What such a server does with that is left to the mock servers.

use std::sync::{Mutex, PoisonError};

use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use super::*;

/// A call as it arrived: its line, its head in small letters, and the certificate that the handshake was made with.
#[derive(Debug, Clone)]
struct Seen {
    line: String,
    head: String,
    certificate: Vec<u8>,
}

type Calls = Arc<Mutex<Vec<Seen>>>;

/// A server that lets nobody in without a certificate of that authority, and answers everything as a registration would.
async fn serve(own: &CertificateAuthority, clients_pem: &str) -> (String, Calls) {
    let identity = own.issue(&["localhost"]).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(clients_pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let chain = CertificateDer::pem_slice_iter(identity.chain_pem.as_bytes()).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_client_cert_verifier(verifier).with_single_cert(chain, key).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let calls = Calls::default();
    let (acceptor, kept) = (TlsAcceptor::from(Arc::new(config)), calls.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, kept) = (acceptor.clone(), kept.clone());
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    answer(stream, &kept).await;
                }
            });
        }
    });
    (base, calls)
}

/// Reads one call to its end, writes it down and answers it.
async fn answer(mut stream: tokio_rustls::server::TlsStream<tokio::net::TcpStream>, calls: &Calls) {
    let certificate = stream.get_ref().1.peer_certificates().unwrap()[0].to_vec();
    let mut read = Vec::new();
    let end = loop {
        if stream.read_buf(&mut read).await.unwrap_or(0) == 0 {
            return;
        }
        let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        if read.len() >= end + 4 + length.unwrap_or(0) {
            break end;
        }
    };
    let text = String::from_utf8_lossy(&read[..end]).into_owned();
    let line = text.lines().next().unwrap_or_default().to_owned();
    let body = if line.starts_with("DELETE") {
        String::new()
    } else if line.contains("/token") {
        json!({"access_token": "t", "token_type": "Bearer", "expires_in": 60}).to_string()
    } else if line.contains("client_name=") || line.contains("api-resources") || line.contains("/roles") {
        json!({"totalResults": 0, "APIResources": [], "Resources": []}).to_string()
    } else {
        json!({"client_id": "made", "client_secret": "made-secret", "grant_types": ["client_credentials"]}).to_string()
    };
    let seen = Seen { head: text.to_ascii_lowercase(), line: line.clone(), certificate };
    calls.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
    let status = match line.split(' ').next() {
        Some("DELETE") => "204 No Content",
        Some("GET") if line.contains("client_name=") => "404 Not Found",
        Some("POST") if line.contains("/register") => "201 Created",
        _ => "200 OK",
    };
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\n");
    let _ = stream.write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes()).await;
    let _ = stream.shutdown().await;
}

#[tokio::test]
async fn the_platform_shows_its_certificate_and_names_the_user_whom_it_acts_for() {
    let own = CertificateAuthority::new("the server's own authority").unwrap();
    let mut shown = Vec::new();
    let mut trusted = String::new();
    let stage = Stage::open_with(Data::Memory, |config| {
        trusted = config.trust_pem[0].clone();
        shown = CertificateDer::from_pem_slice(config.tls.chain_pem.as_bytes()).unwrap().to_vec();
        config.trust_pem.push(own.ca_pem().to_owned());
    })
    .await;
    let (base, calls) = serve(&own, &trusted).await;
    let properties = json!({"Authentication": "MutualTLS", "MutualTLSOptions": "ServerWide", "IdentityUser": "keeper",
        "api_resource_management_endpoint": format!("{base}/api-resources"), "is7_roles_endpoint": format!("{base}/roles")});
    stage.key_manager(with(is7("acme", &base), json!({"additionalProperties": properties}))).await;
    let application = stage.application("shop").await;
    let order =
        json!({"keyType": "PRODUCTION", "keyManager": "acme", "grantTypesToBeSupported": ["client_credentials"]});
    let keys = stage.dora(Method::POST, &format!("/applications/{application}/generate-keys"), order).await;
    assert_eq!((keys.status, keys.body["consumerKey"].as_str()), (200, Some("made")), "{keys:?}");
    let path = format!("/applications/{application}/oauth-keys/{}", keys.text("keyMappingId"));
    assert_eq!(stage.dora(Method::DELETE, &path, Value::Null).await.status, 200);
    let scope = json!({"name": "read", "bindings": ["editor"]});
    let scope = stage.call("admin", "one.com", Method::POST, &format!("{PUBLISHER}/scopes"), scope).await;
    assert_eq!(scope.status, 201, "{scope:?}");

    let calls = calls.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert!(calls.iter().all(|seen| seen.certificate == shown), "somebody else's certificate");
    for (what, begins) in [
        ("the registration", "POST /register "),
        ("the deletion", "DELETE /register/made "),
        ("the scope", "GET /api-resources?"),
    ] {
        let seen = calls.iter().find(|seen| seen.line.starts_with(begins));
        let seen = seen.unwrap_or_else(|| panic!("{what} never came: {calls:?}"));
        assert!(seen.head.contains("\r\nwso2-identity-user: keeper\r\n"), "{what} names nobody: {}", seen.head);
        assert!(!seen.head.contains("\r\nauthorization:"), "{what} sends credentials beside the certificate");
    }
    stage.close().await;
}
