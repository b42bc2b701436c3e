//! Importing a discovery document that is not there, not usable or not to be had: told within the limit, never an error.
//! What a usable one becomes is tested in the platform's room and, at a mock, here.

use std::time::Instant;

use axum::{
    Json, Router,
    body::Body,
    http::StatusCode,
    response::{IntoResponse, Redirect},
    routing::get,
};
use bytes::Bytes;
use futures::{StreamExt, stream};
use kmspec_mocks::vendors::Vendor;
use reqwest::multipart::Form;
use serde_json::{Value, json};

use crate::house::{House, LIMIT, verdict};

async fn discover(house: &House, url: &str, kind: &str) -> (u16, Value) {
    let form = Form::new().text("url", url.to_owned()).text("type", kind.to_owned());
    let at = format!("{}/api/am/admin/v4/key-managers/discover", house.platform.management_url());
    let answer = house.http.post(at).bearer_auth(&house.token).multipart(form).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// One byte now and then, without an end.
async fn drip() -> Body {
    let bytes = stream::repeat(()).then(async |()| {
        tokio::time::sleep(LIMIT / 10).await;
        Ok::<_, std::io::Error>(Bytes::from_static(b" "))
    });
    Body::from_stream(bytes)
}

/// A document that would be usable but for its length.
async fn huge() -> impl IntoResponse {
    Json(json!({"issuer": "https://huge.example", "padding": "x".repeat(2 << 20)}))
}

#[tokio::test]
async fn a_document_that_cannot_be_had_is_not_valid_and_never_waited_for_beyond_the_limit() {
    let house = House::build().await;
    let good = Json(json!({"issuer": "https://good.example"}));
    let router = Router::new()
        .route("/good", get(good.clone()))
        .route("/moved", get(async || Redirect::temporary("/good")))
        .route("/gone", get((StatusCode::NOT_FOUND, good.clone())))
        .route("/broken", get((StatusCode::INTERNAL_SERVER_ERROR, good)))
        .route("/page", get("<html>sign in</html>"))
        .route("/list", get(Json(json!([{"issuer": "https://good.example"}]))))
        .route("/text", get(Json(json!("https://good.example"))))
        .route("/nameless", get(Json(json!({"token_endpoint": "https://good.example/token"}))))
        .route("/numbered", get(Json(json!({"issuer": 7}))))
        .route("/empty", get(""))
        .route("/huge", get(huge))
        .route("/stall", get(std::future::pending::<&'static str>))
        .route("/drip", get(drip));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}/", silent.local_addr().unwrap());
    let stranger = kmspec_mocks::server::AuthorizationServer::builder(Vendor::Is7).start().await.unwrap();

    assert_eq!(
        discover(&house, &format!("{base}/good"), "custom").await.1["valid"],
        true,
        "the others differ by one thing"
    );
    let paths =
        ["moved", "gone", "broken", "page", "list", "text", "nameless", "numbered", "empty", "huge", "stall", "drip"];
    let urls = paths.map(|path| format!("{base}/{path}")).into_iter();
    let others = ["http://127.0.0.1:1/", "nonsense", "ftp://localhost/", "file:///etc/hostname"].map(str::to_owned);
    for url in urls.chain(others).chain([silent, stranger.discovery_url()]) {
        let begun = Instant::now();
        let (status, told) = discover(&house, &url, "custom").await;
        assert_eq!((status, told), (200, json!({"valid": false, "value": {}})), "{url}");
        assert!(begun.elapsed() < 2 * LIMIT, "{url} took {:?}", begun.elapsed());
    }
    assert_eq!(verdict(&discover(&house, &format!("{base}/good"), "Unheard").await), (400, 901400));
    house.close().await;
}

#[tokio::test]
async fn a_mocks_document_becomes_a_draft_and_members_of_another_kind_are_left_out() {
    let house = House::build().await;
    let server = house.server(Vendor::Is7).await;
    let (status, told) = discover(&house, &server.discovery_url(), "WSO2-IS-7").await;
    assert_eq!((status, &told["valid"]), (200, &json!(true)));
    let (draft, endpoints) = (&told["value"], server.endpoints());
    let seen = ["issuer", "tokenEndpoint", "clientRegistrationEndpoint", "introspectionEndpoint", "revokeEndpoint"];
    let expected = json!([
        server.issuer(),
        endpoints.token,
        endpoints.registration,
        endpoints.introspection,
        endpoints.revocation
    ]);
    assert_eq!(json!(seen.map(|member| draft[member].clone())), expected);
    assert_eq!(draft["certificates"], json!({"type": "JWKS", "value": endpoints.jwks}));

    let odd = Json(json!({"issuer": "https://odd.example", "token_endpoint": 5, "jwks_uri": {"keys": []},
        "grant_types_supported": "password", "introspection_endpoint": "https://odd.example/i"}));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", get(odd))).await });
    let (_, told) = discover(&house, &url, "custom").await;
    let draft = told["value"].as_object().unwrap();
    assert_eq!(draft["introspectionEndpoint"], "https://odd.example/i");
    for member in ["tokenEndpoint", "certificates", "availableGrantTypes"] {
        assert!(!draft.contains_key(member), "{member}");
    }
    house.close().await;
}
