//! Opaque tokens: one that two key managers could have issued, and one that opens a plane after a restart.
//! Whose rules claim a token is tested with the scenarios.

use axum::{Json, Router, routing::post};

use super::{
    credentials::{Open, refused},
    devportal::plain_server,
    *,
};

#[tokio::test]
async fn a_token_that_the_resident_key_manager_does_not_know_is_asked_for_at_the_next_that_claims_it() {
    const KNOWN: &str = "0d4e8f6a-3c1b-4f7e-9a52-1b6c8d2e4f90";
    let open = Open::on(Stage::open().await, &["oauth2"]).await;
    let introspect = async |form: String| {
        let known = form.contains(KNOWN);
        Json(if known { json!({"active": true, "client_id": "ck"}) } else { json!({"active": false}) })
    };
    let base = plain_server(Router::new().route("/introspect", post(introspect))).await;
    // It claims whatever looks like a token of the resident one.
    let rule = json!([{"type": "REFERENCE", "value": "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "enable": true}]);
    let changes = json!({
        "enableSelfValidationJWT": false,
        "introspectionEndpoint": format!("{base}/introspect"),
        "tokenValidation": rule,
    });
    open.stage.key_manager(with(custom("asked"), changes)).await;
    let map = json!({"consumerKey": "ck", "keyType": "PRODUCTION", "keyManager": "asked"});
    let path = format!("/applications/{}/map-keys", open.application);
    assert_eq!(open.stage.dora(Method::POST, &path, map).await.status, 200);
    open.until(200, "Authorization", &format!("Bearer {KNOWN}")).await;
    let unknown = format!("Bearer {}", KNOWN.replace("0d4e", "1d4e"));
    assert_eq!(open.with("Authorization", &unknown).await, refused(401, "900901"), "neither knows it");

    // An API that is limited to the resident key manager asks nobody else.
    let api = format!("{PUBLISHER}/apis/{}", open.api);
    let publisher = async |method: Method, path: &str, body: Value| {
        let answer = open.stage.call("admin", "one.com", method, path, body).await;
        assert!((200..300).contains(&answer.status), "{path}: {answer:?}");
        answer.body
    };
    let document = publisher(Method::GET, &api, Value::Null).await;
    publisher(Method::PUT, &api, with(document, json!({"keyManagers": ["Resident Key Manager"]}))).await;
    let revision = publisher(Method::POST, &format!("{api}/revisions"), json!({})).await;
    let place = format!("{api}/deploy-revision?revisionId={}", revision["id"].as_str().unwrap());
    publisher(Method::POST, &place, json!([{"name": "Default", "displayOnDevportal": true}])).await;
    open.until(401, "Authorization", &format!("Bearer {KNOWN}")).await;
    open.stage.close().await;
}

#[tokio::test]
async fn an_opaque_token_opens_the_planes_of_its_tenant_after_a_restart_too() {
    let folder = tempfile::tempdir().unwrap();
    let data = Data::File(folder.path().join("platform.db"));
    let stage = Stage::open_reading(None, data.clone(), |_| ()).await;
    let at = |stage: &Stage, path: &str| format!("{}{path}", stage.platform.management_url());
    let client = json!({"client_name": "portal", "grant_types": ["password"], "redirect_uris": [],
        "ext_application_owner": "admin", "token_type_extension": "DEFAULT"});
    let made = stage.client.post(at(&stage, "/t/one.com/keymanager-operations/dcr/register")).json(&client);
    let made = Stage::answer(made.basic_auth("admin@one.com", Some("admin-secret"))).await;
    assert_eq!(made.status, 201, "{made:?}");
    let form = [
        ("grant_type", "password"),
        ("username", "admin@one.com"),
        ("password", "admin-secret"),
        ("scope", "apim:admin"),
    ];
    let asked = stage.client.post(at(&stage, "/oauth2/token")).form(&form);
    let asked = asked.basic_auth(made.text("client_id"), Some(made.text("client_secret")));
    let token = Stage::answer(asked).await.text("access_token");
    assert!(!token.contains('.'), "the case that this is about");
    stage.close().await;
    let stage = Stage::open_reading(None, data, |_| ()).await;
    let listed = async |token: &str| {
        Stage::answer(stage.client.get(at(&stage, &format!("{ADMIN}/key-managers"))).bearer_auth(token)).await.status
    };
    assert_eq!((listed("nobody's").await, listed(&token).await), (401, 200));
    stage.close().await;
}
