//! Starting again, events from authorization servers, and panics.

use super::*;
use crate::{events::Event, panics::Panics, server, store::Store};

#[tokio::test]
async fn a_configuration_survives_a_restart_and_a_removed_tenant_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let data = Data::File(folder.path().join("platform.db"));
    let stage = Stage::open_on(data.clone()).await;
    let id = stage.key_manager(is7("is7", "https://is7.example")).await;
    stage.platform.remove_tenant("two.com").await.unwrap();
    stage.close().await;
    let stage = Stage::open_on(data).await;
    let read = stage.admin(Method::GET, &format!("/key-managers/{id}"), Value::Null).await;
    assert_eq!((read.status, read.text("name").as_str()), (200, "is7"));
    assert!(stage.platform.create_tenant(tenant("one.com")).await.is_err());
    assert!(stage.platform.remove_tenant("two.com").await.is_err());
    let list = stage.admin(Method::GET, "/key-managers", Value::Null).await;
    let resident = list.body["list"][0]["id"].as_str().unwrap().to_owned();
    let resident = stage.admin(Method::GET, &format!("/key-managers/{resident}"), Value::Null).await;
    assert!(resident.text("tokenEndpoint").starts_with(stage.platform.management_url()), "it moved with the port");
    stage.close().await;
}

#[tokio::test]
async fn data_belongs_to_one_platform_at_a_time_and_is_free_once_that_one_has_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("platform.db");
    let store = Store::open(&Data::File(path.clone())).unwrap();
    let refused = Store::open(&Data::File(path.clone())).unwrap_err().to_string();
    assert!(refused.contains(&path.display().to_string()) && refused.contains("hint: stop that one"), "{refused}");
    Store::open(&Data::File(folder.path().join("other.db"))).unwrap();
    drop(store);
    Store::open(&Data::File(path)).unwrap();
}

#[tokio::test]
async fn a_revocation_is_taken_from_an_administrator_only() {
    let stage = Stage::open().await;
    let mut events = stage.platform.site().bus.subscribe();
    let url = format!("{}/internal/data/v1/notify", stage.platform.management_url());
    let notice = json!({"type": "token_revocation", "accessToken": "jti-1", "expiryTime": 7, "tenantId": 1});
    let table = [
        ("admin", "admin", "WSO2-IS", notice.to_string(), 200),
        ("admin", "wrong", "WSO2-IS", notice.to_string(), 401),
        ("dora@one.com", "dora-secret", "WSO2-IS", notice.to_string(), 401),
        ("admin", "admin", "unheard", notice.to_string(), 200),
        ("admin", "admin", "WSO2-IS", json!({"type": "something_else"}).to_string(), 200),
        ("admin", "admin", "WSO2-IS", json!({"type": "token_revocation"}).to_string(), 400),
        ("admin", "admin", "WSO2-IS", "{".to_owned(), 400),
    ];
    for (user, password, handler, body, expected) in table {
        let request = stage.client.post(&url).basic_auth(user, Some(password));
        let answer = Stage::answer(request.header("X-WSO2-KEY-MANAGER", handler).body(body.clone())).await;
        assert_eq!(answer.status, expected, "{user} {handler} {body}");
    }
    let event = events.try_recv().unwrap();
    assert!(matches!(&event, Event::TokenRevoked { token, expires_at_ms: 7, .. } if token == "jti-1"), "{event:?}");
    assert!(events.try_recv().is_err(), "one of the notices was one to act on");
    stage.close().await;
}

#[tokio::test]
async fn a_panic_is_answered_500_and_remembered() {
    async fn broken() {
        panic!("broken on purpose");
    }
    let panics = Panics::default();
    let router = axum::Router::new().route("/", axum::routing::get(broken));
    let base = devportal::plain_server(server::with_panics_caught(router, panics.clone())).await;
    let client = Client::builder().no_proxy().build().unwrap();
    assert_eq!(Stage::answer(client.get(base)).await.verdict(), (500, 500));
    assert_eq!(panics.all(), ["GET /: broken on purpose"]);
}

#[tokio::test]
async fn a_body_that_nobody_asked_for_does_not_spoil_the_connection() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let router = axum::Router::new().fallback(async || http::StatusCode::UNAUTHORIZED);
    let base = devportal::plain_server(server::with_bodies_read(router)).await;
    let client = Client::builder().no_proxy().build().unwrap();
    let mut connection = tokio::net::TcpStream::connect(base.strip_prefix("http://").unwrap()).await.unwrap();
    let mut heard = Vec::new();
    for _ in 0..2 {
        connection.write_all(b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n\r\n").await.unwrap();
        // Long enough for an answer that does not wait for the body.
        assert_eq!(Stage::answer(client.get(&base)).await.status, 401);
        connection.write_all(b"body").await.unwrap();
        let mut piece = [0; 1024];
        let read = connection.read(&mut piece).await.unwrap();
        heard.push(String::from_utf8_lossy(&piece[..read]).into_owned());
    }
    assert!(heard.iter().all(|answer| answer.starts_with("HTTP/1.1 401 ")), "{heard:?}");
}
