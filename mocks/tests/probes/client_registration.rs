//! What defects of client registration look like on the wire.
//! Each look says whether it saw the defect.

use std::{
    io::{ErrorKind, Read},
    net::TcpListener,
};

use kmspec_mocks::vendors::Vendor::Custom;
use reqwest::Method;
use serde_json::{Value, json};

use super::endpoints::look;
use crate::{
    Probe,
    support::{Answer, Stage, answer},
};

fn plain() -> Value {
    json!({ "client_name": "probe", "grant_types": ["client_credentials"] })
}

async fn registered(stage: &Stage, metadata: Value) -> Answer {
    let url = stage.server.endpoints().registration.clone().unwrap();
    stage.admin(Method::POST, &url, Some(metadata)).await
}

async fn managed(stage: &Stage, method: Method, url: &str, token: Option<&str>, body: Option<Value>) -> Answer {
    let mut request = stage.http.request(method, url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    answer(request.send().await.unwrap()).await
}

/// Where a fresh client is managed, with what, and its id.
async fn fresh(stage: &Stage) -> (String, String, String) {
    let client = registered(stage, plain()).await;
    (client.member("registration_client_uri"), client.member("registration_access_token"), client.member("client_id"))
}

async fn gets_token(stage: &Stage, id: &str, secret: &str) -> bool {
    let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    stage.post_bare(&stage.server.endpoints().token, &form).await.status == 200
}

pub(crate) const PROBES: &[Probe] = &[
    (
        "DEF-135",
        Custom,
        look!(stage => {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = format!("http://{}/keys", listener.local_addr().unwrap());
            let mut metadata = plain();
            metadata["jwks_uri"] = json!(address);
            listener.set_nonblocking(true).unwrap();
            registered(&stage, metadata).await;
            match listener.accept() {
                Ok((mut stream, _)) => {
                    stream.set_nonblocking(false).unwrap();
                    let mut head = [0; 9];
                    stream.read_exact(&mut head).unwrap();
                    &head == b"GET /keys"
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    false
                }
            }
        }),
    ),
    (
        "DEF-152",
        Custom,
        look!(stage => {
            let (url, token, id) = fresh(&stage).await;
            stage.server.realm().update_client(&id, |client| client.active = false);
            let read = managed(&stage, Method::GET, &url, Some(&token), None).await.status;
            let active = stage.server.realm().client(&id).unwrap().active;
            assert_eq!(read, if active { 200 } else { 401 });
            active
        }),
    ),
    (
        "DEF-SEED-AS-DCR-01",
        Custom,
        look!(stage => {
            registered(&stage, plain()).await.json().get("client_secret_expires_at").is_none()
        }),
    ),
    (
        "DEF-SEED-AS-DCR-02",
        Custom,
        look!(stage => { registered(&stage, plain()).await.member("client_name") != "probe" }),
    ),
    (
        "DEF-SEED-AS-DCR-03",
        Custom,
        look!(stage => {
            let client = registered(&stage, plain()).await;
            !gets_token(&stage, &client.member("client_id"), &client.member("client_secret")).await
        }),
    ),
    (
        "DEF-SEED-AS-DCR-04",
        Custom,
        look!(stage => {
            registered(&stage, plain()).await.json().get("token_endpoint_auth_method").is_none()
        }),
    ),
    (
        "DEF-SEED-AS-DCR-05",
        Custom,
        look!(stage => {
            let mut metadata = plain();
            metadata["unheard_of"] = json!(1);
            registered(&stage, metadata).await.json().get("unheard_of").is_some()
        }),
    ),
    (
        "DEF-SEED-AS-DCR-06",
        Custom,
        look!(stage => {
            let (one, other) = (registered(&stage, plain()).await, registered(&stage, plain()).await);
            one.member("client_id") == other.member("client_id")
        }),
    ),
    (
        "DEF-SEED-AS-DCR-07",
        Custom,
        look!(stage => { registered(&stage, plain()).await.header("cache-control").is_empty() }),
    ),
    (
        "DEF-SEED-AS-DCR-08",
        Custom,
        look!(stage => {
            registered(&stage, plain()).await.json().get("registration_client_uri").is_none()
        }),
    ),
    (
        "DEF-SEED-AS-DCR-09",
        Custom,
        look!(stage => {
            registered(&stage, json!({ "grant_types": ["authorization_code"] })).await.status == 201
        }),
    ),
    (
        "DEF-SEED-AS-DCR-10",
        Custom,
        look!(stage => {
            let url = stage.server.endpoints().registration.clone().unwrap();
            let request = stage.http.post(&url).basic_auth("admin", Some("admin")).body("{");
            answer(request.send().await.unwrap()).await.status == 500
        }),
    ),
    (
        "DEF-SEED-AS-DCR-11",
        Custom,
        look!(stage => {
            let ((one, ..), (_, token, _)) = (fresh(&stage).await, fresh(&stage).await);
            managed(&stage, Method::GET, &one, Some(&token), None).await.status == 200
        }),
    ),
    (
        "DEF-SEED-AS-DCR-12",
        Custom,
        look!(stage => {
            let (url, ..) = fresh(&stage).await;
            managed(&stage, Method::GET, &url, None, None).await.status == 200
        }),
    ),
    (
        "DEF-SEED-AS-DCR-13",
        Custom,
        look!(stage => {
            let (url, token, id) = fresh(&stage).await;
            let mut changed = plain();
            changed["client_id"] = json!(id);
            changed["client_name"] = json!("renamed");
            let granted = managed(&stage, Method::PUT, &url, Some(&token), Some(changed)).await;
            assert_eq!(granted.status, 200, "{}", granted.text);
            managed(&stage, Method::GET, &url, Some(&token), None).await.member("client_name") == "probe"
        }),
    ),
    (
        "DEF-SEED-AS-DCR-14",
        Custom,
        look!(stage => {
            let (url, token, id) = fresh(&stage).await;
            let mut changed = plain();
            changed["client_id"] = json!(id);
            changed["client_secret"] = json!("chosen");
            managed(&stage, Method::PUT, &url, Some(&token), Some(changed)).await;
            gets_token(&stage, &id, "chosen").await
        }),
    ),
    (
        "DEF-SEED-AS-DCR-15",
        Custom,
        look!(stage => {
            let (url, token, _) = fresh(&stage).await;
            managed(&stage, Method::DELETE, &url, Some(&token), None).await;
            managed(&stage, Method::GET, &url, Some(&token), None).await.status == 200
        }),
    ),
    (
        "DEF-SEED-AS-DCR-16",
        Custom,
        look!(stage => {
            let (url, token, _) = fresh(&stage).await;
            managed(&stage, Method::DELETE, &url, Some(&token), None).await.status == 200
        }),
    ),
    (
        "DEF-SEED-AS-DCR-17",
        Custom,
        look!(stage => {
            let (url, token, _) = fresh(&stage).await;
            managed(&stage, Method::GET, &url, Some(&token), None).await.status == 404
        }),
    ),
];
