//! Applications and keys at the developer portal, with small servers in the place of authorization servers.

use std::sync::Mutex;

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::{delete, post},
};
use http::StatusCode;

use super::*;

/// Serves a router over plain HTTP on a port of its own; its base URL.
pub(super) async fn plain_server(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    base
}

/// What an authorization server of version 7's dialect saw, and whether its token endpoint works.
#[derive(Default)]
struct Server {
    registered: Mutex<Vec<Value>>,
    deleted: Mutex<Vec<String>>,
    tokens: bool,
}

async fn is7_server(tokens: bool) -> (String, Arc<Server>) {
    let server = Arc::new(Server { tokens, ..Server::default() });
    let register = async |State(server): State<Arc<Server>>, Json(body): Json<Value>| {
        let mut registered = server.registered.lock().unwrap();
        registered.push(body.clone());
        let told = json!({"client_id": format!("client-{}", registered.len()), "client_secret": "s3cret",
            "grant_types": body["grant_types"]});
        (StatusCode::CREATED, Json(told))
    };
    let forget = async |State(server): State<Arc<Server>>, Path(id): Path<String>| {
        server.deleted.lock().unwrap().push(id);
        StatusCode::NO_CONTENT
    };
    let token = async |State(server): State<Arc<Server>>| match server.tokens {
        true => (StatusCode::OK, Json(json!({"access_token": "at", "expires_in": 60, "scope": "a b"}))),
        false => (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({}))),
    };
    let router = Router::new()
        .route("/register", post(register))
        .route("/register/{id}", delete(forget))
        .route("/token", post(token))
        .with_state(server.clone());
    (plain_server(router).await, server)
}

fn keys(key_manager: &str) -> Value {
    json!({"keyType": "PRODUCTION", "keyManager": key_manager, "grantTypesToBeSupported": ["client_credentials"]})
}

#[tokio::test]
async fn generated_keys_are_those_of_the_chosen_key_manager_and_go_with_their_deletion() {
    let stage = Stage::open().await;
    let (base, server) = is7_server(true).await;
    stage.key_manager(is7("is7", &base)).await;
    let application = stage.application("orders").await;
    let path = format!("/applications/{application}/generate-keys");
    let made = stage.dora(Method::POST, &path, keys("is7")).await;
    assert_eq!(made.status, 200, "{:?}", made.body);
    assert_eq!((made.text("consumerKey"), made.text("mode")), ("client-1".into(), "CREATED".into()));
    assert_eq!(made.body["token"], json!({"accessToken": "at", "validityTime": 60, "tokenScopes": ["a", "b"]}));
    let sent = server.registered.lock().unwrap()[0].clone();
    assert_eq!(sent["client_name"], format!("dora_{application}_PRODUCTION"));
    assert_eq!(stage.dora(Method::POST, &path, keys("is7")).await.verdict(), (409, 901409));
    assert_eq!(server.registered.lock().unwrap().len(), 1, "the second request reached nobody");
    let key = format!("/applications/{application}/oauth-keys/{}", made.text("keyMappingId"));
    assert_eq!(stage.dora(Method::DELETE, &key, Value::Null).await.status, 200);
    assert_eq!(*server.deleted.lock().unwrap(), ["client-1"]);
    assert_eq!(stage.dora(Method::GET, &key, Value::Null).await.verdict(), (404, 900331));
    stage.close().await;
}

#[tokio::test]
async fn a_half_done_key_generation_leaves_nothing_behind() {
    let stage = Stage::open().await;
    let (base, server) = is7_server(false).await;
    stage.key_manager(is7("mute", &base)).await;
    stage.key_manager(is7("gone", "http://127.0.0.1:1")).await;
    let application = stage.application("orders").await;
    let path = format!("/applications/{application}/generate-keys");
    for _ in 0..2 {
        assert_eq!(stage.dora(Method::POST, &path, keys("gone")).await.verdict(), (500, 900967));
        assert_eq!(stage.dora(Method::POST, &path, keys("mute")).await.verdict(), (500, 900957));
    }
    assert_eq!(*server.deleted.lock().unwrap(), ["client-1", "client-2"], "every registered client was deleted again");
    let left = stage.dora(Method::GET, &format!("/applications/{application}/oauth-keys"), Value::Null).await;
    assert_eq!(left.body["count"], 0);
    stage.close().await;
}

#[tokio::test]
async fn key_requests_are_refused_in_the_order_of_the_product() {
    let stage = Stage::open().await;
    let (base, server) = is7_server(true).await;
    let restricted = json!({"permissionType": "DENY", "roles": ["staff"]});
    let denied = stage.key_manager(with(is7("denied", &base), json!({"permissions": restricted}))).await;
    let restricted = json!({"permissionType": "ALLOW", "roles": ["staff"]});
    stage.key_manager(with(is7("allowed", &base), json!({"permissions": restricted}))).await;
    stage.key_manager(with(is7("off", &base), json!({"enabled": false}))).await;
    stage.key_manager(with(is7("exchange", &base), json!({"tokenType": "EXCHANGED"}))).await;
    stage.key_manager(custom("oob")).await;
    stage.key_manager(with(custom("closed"), json!({"enableMapOAuthConsumerApps": false}))).await;
    let dora = stage.application("orders").await;
    let body = json!({"name": "orders", "throttlingPolicy": "Unlimited"});
    let otto = stage.call("otto", "one.com", Method::POST, &format!("{DEVPORTAL}/applications"), body).await;
    let otto = otto.text("applicationId");
    let code_grant = json!({"grantTypesToBeSupported": ["authorization_code"], "callbackUrl": " "});
    let map = |name: &str| json!({"consumerKey": "ck", "keyType": "PRODUCTION", "keyManager": name});
    type Row<'a> = (&'a str, &'a str, &'a str, Value, (u16, i64));
    let table: Vec<Row<'_>> = vec![
        ("dora", &otto, "generate-keys", keys("is7"), (403, 900915)),
        ("dora", "nonsense", "generate-keys", keys("is7"), (404, 404)),
        ("dora", &dora, "generate-keys", keys("unheard"), (400, 901403)),
        ("dora", &dora, "generate-keys", keys("off"), (400, 901403)),
        ("dora", &dora, "generate-keys", keys("exchange"), (400, 901405)),
        ("dora", &dora, "generate-keys", keys("oob"), (400, 901405)),
        ("dora", &dora, "generate-keys", keys("allowed"), (403, 902013)),
        ("otto", &otto, "generate-keys", keys("denied"), (403, 902013)),
        ("otto", &otto, "generate-keys", keys(&denied), (403, 902013)),
        ("dora", &dora, "generate-keys", with(keys("denied"), code_grant), (400, 400)),
        ("dora", &dora, "generate-keys", with(keys("denied"), json!({"keyType": "TEST"})), (400, 904013)),
        (
            "dora",
            &dora,
            "generate-keys",
            with(keys("denied"), json!({"additionalProperties": {"ext_user_token_lifetime": "-1"}})),
            (400, 900970),
        ),
        ("dora", &otto, "map-keys", map("oob"), (403, 900915)),
        ("dora", &dora, "map-keys", map("exchange"), (400, 901405)),
        ("dora", &dora, "map-keys", map("closed"), (400, 901405)),
        ("dora", &dora, "map-keys", map("off"), (400, 901403)),
        ("dora", &dora, "map-keys", map("oob"), (200, 0)),
        ("dora", &dora, "map-keys", map("oob"), (409, 901409)),
        ("otto", &otto, "map-keys", map("oob"), (409, 901409)),
        ("otto", &otto, "generate-keys", keys("allowed"), (200, 0)),
    ];
    for (user, application, act, body, expected) in table {
        let path = format!("{DEVPORTAL}/applications/{application}/{act}");
        let answer = stage.call(user, "one.com", Method::POST, &path, body.clone()).await;
        assert_eq!(answer.verdict(), expected, "{user} {act} {body} gave {:?}", answer.body);
    }
    assert_eq!(server.registered.lock().unwrap().len(), 1, "only the last request reached the server");
    stage.close().await;
}

#[tokio::test]
async fn resident_keys_tell_their_settings() {
    let stage = Stage::open().await;
    let application = stage.application("orders").await;
    let mut request = keys("Resident Key Manager");
    request["grantTypesToBeSupported"] = json!(["password"]);
    request["additionalProperties"] = json!({"pkceMandatory": "true"});
    let made = stage.dora(Method::POST, &format!("/applications/{application}/generate-keys"), request).await;
    assert_eq!(made.status, 200, "{:?}", made.body);
    let told = &made.body["additionalProperties"];
    assert_eq!((&told["pkceMandatory"], &told["pkceSupportPlain"]), (&json!("true"), &json!("false")));
    stage.close().await;
}

#[tokio::test]
async fn a_token_is_generated_with_resident_keys_and_refused_with_a_wrong_secret() {
    let stage = Stage::open().await;
    let application = stage.application("orders").await;
    let path = format!("/applications/{application}/generate-keys");
    let made = stage.dora(Method::POST, &path, keys("Resident Key Manager")).await;
    assert_eq!(made.status, 200, "{:?}", made.body);
    assert_ne!(made.body["token"]["accessToken"], "");
    let path = format!("/applications/{application}/oauth-keys/{}/generate-token", made.text("keyMappingId"));
    let order = json!({"consumerSecret": made.text("consumerSecret"), "validityPeriod": 60, "scopes": ["a"]});
    let token = stage.dora(Method::POST, &path, order).await;
    assert_eq!((token.status, &token.body["tokenScopes"]), (200, &json!(["a"])), "{:?}", token.body);
    let wrong = stage.dora(Method::POST, &path, json!({"consumerSecret": "wrong"})).await;
    assert_eq!(wrong.verdict(), (500, 900957), "{:?}", wrong.body);
    stage.close().await;
}

#[tokio::test]
async fn applications_belong_to_their_owner_and_the_portal_shows_display_endpoints() {
    let stage = Stage::open().await;
    let application = stage.application("orders").await;
    let again = json!({"name": "orders", "throttlingPolicy": "Unlimited"});
    assert_eq!(stage.dora(Method::POST, "/applications", again).await.verdict(), (409, 409));
    let unknown = json!({"name": "x", "throttlingPolicy": "Never"});
    assert_eq!(stage.dora(Method::POST, "/applications", unknown).await.verdict(), (400, 900305));
    let path = format!("{DEVPORTAL}/applications/{application}");
    for (user, tenant, expected) in [("otto", "one.com", (403, 900915)), ("dora", "two.com", (404, 404))] {
        for method in [Method::GET, Method::DELETE] {
            assert_eq!(stage.call(user, tenant, method, &path, Value::Null).await.verdict(), expected);
        }
    }
    let read = stage.dora(Method::GET, &format!("/applications/{application}"), Value::Null).await;
    assert_eq!((read.text("owner"), read.text("tokenType")), ("dora@one.com".into(), "JWT".into()));
    let back = with(read.body, json!({"description": "changed"}));
    let updated = stage.dora(Method::PUT, &format!("/applications/{application}"), back).await;
    assert_eq!((updated.status, updated.text("description").as_str()), (200, "changed"));
    stage.key_manager(with(custom("shown"), json!({"displayTokenEndpoint": "https://shown/t"}))).await;
    stage.key_manager(with(custom("blank"), json!({"displayTokenEndpoint": " "}))).await;
    let list = stage.dora(Method::GET, "/key-managers", Value::Null).await;
    let endpoint = |name: &str| {
        let all = list.body["list"].as_array().unwrap();
        all.iter().find(|one| one["name"] == name).unwrap()["tokenEndpoint"].as_str().unwrap().to_owned()
    };
    assert_eq!(endpoint("shown"), "https://shown/t");
    assert_eq!(endpoint("blank"), "https://blank.example/token");
    assert!(endpoint("Resident Key Manager").ends_with("/t/one.com/oauth2/token"));
    stage.close().await;
}

#[tokio::test]
async fn an_application_is_given_to_somebody_who_is_named_or_to_nobody() {
    let stage = Stage::open().await;
    let id = stage.application("orders").await;
    for path in ["change-owner", "change-owner?owner=", "change-owner?owner=%20"] {
        let refused = stage.admin(Method::POST, &format!("/applications/{id}/{path}"), Value::Null).await;
        assert_eq!(refused.verdict(), (400, 400), "{path}");
    }
    let read = stage.dora(Method::GET, &format!("/applications/{id}"), Value::Null).await;
    assert_eq!((read.status, read.text("owner").as_str()), (200, "dora@one.com"), "it is whose it was");
    stage.close().await;
}
