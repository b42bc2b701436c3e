//! Starting and dropping servers, their certificates, and the echo backend.
//! What they answer is tested beside this file.

mod support;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use kmspec_mocks::{
    backend::{Echo, EchoBackend},
    realm::{ClientSpec, Realm, RealmSpec},
    server::{AuthorizationServer, MockError},
    vendors::Vendor,
};
use support::{AUTHORITY, http, stage};

#[tokio::test]
async fn eighty_servers_are_dropped_in_one_task_without_hanging() {
    let started = Instant::now();
    let mut servers = Vec::new();
    for _ in 0..80 {
        servers
            .push(AuthorizationServer::builder(Vendor::Custom).certificates(AUTHORITY.clone()).start().await.unwrap());
    }
    let each = started.elapsed() / 80;
    println!("a server was ready after {each:?} on average");
    let url = servers[79].discovery_url();
    assert_eq!(http().get(&url).send().await.unwrap().status(), 200);
    tokio::time::timeout(Duration::from_secs(20), async move { drop(servers) }).await.unwrap();
    assert!(http().get(&url).send().await.is_err(), "a dropped server must not answer");
}

#[tokio::test]
async fn a_taken_port_is_named_in_the_error() {
    let first = stage(Vendor::Custom).await;
    let port = first.server.base_url().rsplit(':').next().unwrap().parse().unwrap();
    let error = AuthorizationServer::builder(Vendor::Is7).port(Some(port)).start().await.unwrap_err();
    assert!(matches!(error, MockError::Port { .. }));
    assert!(error.to_string().contains(&port.to_string()), "{error}");
}

#[tokio::test]
async fn a_server_is_trusted_only_with_its_own_authority() {
    let stage = stage(Vendor::Custom).await;
    let stranger = reqwest::Client::builder().build().unwrap();
    assert!(stranger.get(stage.server.discovery_url()).send().await.is_err());
    let by_address = stage.server.discovery_url().replace("localhost", "127.0.0.1");
    assert_eq!(stage.get(&by_address).await.status, 200);
}

#[tokio::test]
async fn one_connection_carries_many_requests() {
    let stage = stage(Vendor::Custom).await;
    for _ in 0..50 {
        assert_eq!(stage.token(&[("grant_type", "client_credentials")]).await.status, 200);
    }
    let tokens = stage.server.realm().snapshot().tokens.len();
    assert_eq!(tokens, 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_forget_what_they_matched_answer_every_request_all_the_same() {
    let builder = AuthorizationServer::builder(Vendor::Custom).certificates(AUTHORITY.clone());
    let server = Arc::new(builder.recording(false).servers(2).start().await.unwrap());
    let tasks = (0..8).map(|_| {
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            let http = http();
            for _ in 0..400 {
                assert_eq!(http.get(&server.endpoints().jwks).send().await.unwrap().status(), 200);
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    assert!(server.panics().is_empty());
}

#[tokio::test]
async fn a_realm_at_rest_comes_back_with_its_clients_keys_and_tokens() {
    let stage = stage(Vendor::Custom).await;
    let granted = stage.password("read").await;
    let kept = serde_json::to_string(&stage.server.realm().snapshot()).unwrap();
    let spec = RealmSpec::new(stage.server.issuer());
    let again = Realm::restore(spec, &serde_json::from_str(&kept).unwrap()).unwrap();
    assert_eq!(again.introspect(&granted.member("access_token"))["active"], true);
    assert_eq!(again.keys().jwks(), stage.server.realm().keys().jwks());
    assert_eq!(again.client(&stage.client.id), Some(stage.client.clone()));
}

#[tokio::test]
async fn the_backend_says_what_reached_it_repeated_headers_included() {
    let backend = EchoBackend::start(Some(AUTHORITY.issue(&["localhost"]).unwrap())).await.unwrap();
    let request =
        http().post(format!("{}/a/b?c=d", backend.base_url())).header("x-one", "1").header("x-one", "2").body("hello");
    let echo: Echo = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(
        (echo.method.as_str(), echo.path.as_str(), echo.query.as_deref(), echo.body.as_str()),
        ("POST", "/a/b", Some("c=d"), "hello")
    );
    assert_eq!(echo.header("X-One").collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(backend.requests(), [echo]);
    backend.clear();
    assert_eq!(backend.count(), 0);
    let plain = EchoBackend::start(None).await.unwrap();
    assert_eq!(http().get(plain.base_url()).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_client_that_comes_and_goes_under_load_disturbs_nobody() {
    let stage = Arc::new(stage(Vendor::Is7).await);
    let tasks = (0..16).map(|number| {
        let stage = Arc::clone(&stage);
        tokio::spawn(async move {
            let client = stage.server.realm().add_client(ClientSpec::new(format!("client {number}")));
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", &client.id),
                ("client_secret", client.secret.as_deref().unwrap()),
            ];
            for _ in 0..10 {
                assert_eq!(stage.post_bare(&stage.server.endpoints().token, &form).await.status, 200);
            }
            stage.server.realm().remove_client(&client.id);
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn a_host_that_makes_no_url_is_refused() {
    for host in ["", "evil\r\nx", "a b", "a/b", "a:80", "ann@a", "1.2.3", "a?b", "a#b"] {
        let refused = |error: MockError| {
            let told = error.to_string();
            assert!(matches!(error, MockError::Layout { .. }) && !told.contains('\r'), "{host:?}: {told}");
            assert!(told.contains("hint: "), "{host:?}: {told}");
        };
        let builder = AuthorizationServer::builder(Vendor::Is7).certificates(AUTHORITY.clone());
        refused(builder.host(host).start().await.unwrap_err());
        let builder = AuthorizationServer::builder(Vendor::Cognito).certificates(AUTHORITY.clone());
        refused(builder.issuer_host(host).start().await.unwrap_err());
    }
    for host in ["127.0.0.1", "Is.Example", "localhost"] {
        let builder = AuthorizationServer::builder(Vendor::Is7).certificates(AUTHORITY.clone());
        assert!(builder.host(host).start().await.is_ok(), "{host}");
    }
}
