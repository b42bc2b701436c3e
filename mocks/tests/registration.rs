//! Client registration, in the form of WSO2 Identity Server 7 and in that of the RFCs, and the scope interface.
//! Over real HTTPS, each server on a port of its own.

mod support;

use kmspec_mocks::vendors::Vendor;
use reqwest::Method;
use serde_json::{Value, json};
use support::{Stage, answer, stage};

fn url(stage: &Stage) -> String {
    stage.server.endpoints().registration.clone().unwrap()
}

#[tokio::test]
async fn a_client_of_identity_server_lives_from_post_to_delete() {
    let stage = stage(Vendor::Is7).await;
    let asked = json!({
        "client_name": "dora_orders_PRODUCTION", "grant_types": ["client_credentials"], "ext_token_type": "JWT",
        "ext_application_token_lifetime": 60, "something_else": "kept",
    });
    let created = stage.admin(Method::POST, &url(&stage), Some(asked.clone())).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let document = created.json();
    assert_eq!(document["client_secret_expires_at"], 0);
    assert_eq!(document["something_else"], "kept");
    assert!(document.get("registration_access_token").is_none());
    let (id, secret) = (created.member("client_id"), created.member("client_secret"));

    let form = [("grant_type", "client_credentials"), ("client_id", id.as_str()), ("client_secret", secret.as_str())];
    let granted = stage.post_bare(&stage.server.endpoints().token, &form).await;
    assert_eq!(granted.json()["expires_in"], 60);
    let token = granted.member("access_token");

    let own = format!("{}/{id}", url(&stage));
    assert_eq!(stage.admin(Method::GET, &own, None).await.json()["client_name"], "dora_orders_PRODUCTION");
    let by_name = format!("{}?client_name=dora_orders_PRODUCTION", url(&stage));
    assert_eq!(stage.admin(Method::GET, &by_name, None).await.json()["client_id"], id.as_str());

    let mut changed = asked.clone();
    changed["grant_types"] = json!(["password"]);
    let updated = stage.admin(Method::PUT, &own, Some(changed)).await;
    assert_eq!((updated.status, updated.member("client_secret")), (200, secret.clone()));
    let refused = stage.post_bare(&stage.server.endpoints().token, &form).await;
    assert_eq!(refused.error(), (400, "unauthorized_client".to_owned()));

    assert_eq!(stage.admin(Method::DELETE, &own, None).await.status, 204);
    let gone = stage.admin(Method::GET, &own, None).await;
    assert_eq!((gone.status, gone.text.as_str()), (401, ""));
    assert_eq!(stage.introspect(&token).await["active"], false);
}

#[tokio::test]
async fn identity_server_refuses_registrations_in_its_own_way() {
    let stage = stage(Vendor::Is7).await;
    let post = async |body: Value| stage.admin(Method::POST, &url(&stage), Some(body)).await;
    let grants = json!(["client_credentials"]);
    assert_eq!(post(json!({ "client_name": "one", "grant_types": grants })).await.status, 201);
    for body in [
        json!({ "client_name": "one", "grant_types": grants }),
        json!({ "grant_types": grants }),
        json!({ "client_name": "not@allowed", "grant_types": grants }),
        json!({ "client_name": "two", "grant_types": ["authorization_code"] }),
        json!({ "client_name": "two", "grant_types": grants, "ext_param_client_id": "short" }),
        json!({ "client_name": "two", "grant_types": grants, "ext_user_token_lifetime": -1 }),
        json!([]),
    ] {
        assert_eq!(post(body.clone()).await.error(), (400, "invalid_client_metadata".to_owned()), "{body}");
    }
    let uri =
        post(json!({ "client_name": "two", "grant_types": ["authorization_code"], "redirect_uris": ["::"] })).await;
    assert_eq!(uri.error(), (400, "invalid_redirect_uri".to_owned()));
    let fragment = json!({ "client_name": "two", "grant_types": ["authorization_code"], "redirect_uris": ["https://a.example/cb#x"] });
    assert_eq!(post(fragment).await.error(), (400, "invalid_redirect_uri".to_owned()));
    let body = json!({ "client_name": "two", "grant_types": grants });
    let anonymous = answer(stage.http.post(url(&stage)).json(&body).send().await.unwrap()).await;
    assert_eq!((anonymous.status, anonymous.text.as_str()), (401, ""));
    let ann =
        answer(stage.http.post(url(&stage)).basic_auth("ann", Some("ann's secret")).json(&body).send().await.unwrap())
            .await;
    assert_eq!(ann.status, 403);
    assert_eq!(stage.server.realm().clients().len(), 2, "nothing refused may leave a client behind");
}

#[tokio::test]
async fn a_client_of_the_letter_manages_itself_with_its_registration_token() {
    let stage = stage(Vendor::Custom).await;
    let initial = stage.server.initial_access_token().unwrap().to_owned();
    let asked = json!({ "client_name": "orders", "grant_types": ["client_credentials"], "unknown": 1 });
    let post = stage.http.post(url(&stage)).bearer_auth(&initial).json(&asked);
    let created = answer(post.send().await.unwrap()).await;
    assert_eq!((created.status, created.header("cache-control")), (201, "no-store"));
    assert!(created.json().get("unknown").is_none());
    assert_eq!(created.json()["client_secret_expires_at"], 0);
    let (own, token) = (created.member("registration_client_uri"), created.member("registration_access_token"));
    let call = async |method, body: Option<Value>, token: &str| {
        let mut request = stage.http.request(method, &own).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request.send().await.unwrap()).await
    };
    assert_eq!(call(Method::GET, None, &token).await.member("client_name"), "orders");
    let id = created.member("client_id");
    let renamed = json!({ "client_id": id, "client_name": "renamed", "grant_types": ["client_credentials"] });
    assert_eq!(call(Method::PUT, Some(renamed), &token).await.member("client_name"), "renamed");
    for body in [
        json!({ "client_id": "another", "grant_types": ["client_credentials"] }),
        json!({ "client_id": id, "client_secret": "mine", "grant_types": ["client_credentials"] }),
        json!({ "client_id": id, "client_id_issued_at": 1, "grant_types": ["client_credentials"] }),
    ] {
        assert_eq!(call(Method::PUT, Some(body), &token).await.error(), (400, "invalid_client_metadata".to_owned()));
    }
    let other = answer(stage.http.post(url(&stage)).bearer_auth(&initial).json(&asked).send().await.unwrap()).await;
    assert_eq!(call(Method::GET, None, &other.member("registration_access_token")).await.status, 403);
    assert_eq!(call(Method::GET, None, "nonsense").await.status, 401);
    assert_eq!(call(Method::DELETE, None, &token).await.status, 204);
    assert_eq!(call(Method::GET, None, &token).await.status, 401);
}

#[tokio::test]
async fn the_letter_wants_redirect_uris_for_grants_that_redirect() {
    let stage = stage(Vendor::Custom).await;
    let post = async |body| stage.admin(Method::POST, &url(&stage), Some(body)).await;
    assert_eq!(post(json!({ "client_name": "a" })).await.error(), (400, "invalid_redirect_uri".to_owned()));
    let defaults = post(json!({ "redirect_uris": ["https://a.example/cb"] })).await.json();
    assert_eq!(defaults["grant_types"], json!(["authorization_code"]));
    assert_eq!(defaults["token_endpoint_auth_method"], "client_secret_basic");
    let fragment = post(json!({ "redirect_uris": ["https://a.example/cb#x"] })).await;
    assert_eq!(fragment.error(), (400, "invalid_redirect_uri".to_owned()));
    let anonymous = answer(stage.http.post(url(&stage)).json(&json!({})).send().await.unwrap()).await;
    assert_eq!((anonymous.status, anonymous.header("www-authenticate")), (401, "Bearer realm=\"registration\""));
}

#[tokio::test]
async fn scopes_of_identity_server_are_kept_and_bind_tokens_to_roles() {
    let stage = stage(Vendor::Is7).await;
    let base = stage.server.endpoints().scopes.clone().unwrap();
    let scope = json!({
        "name": "ship", "displayName": "Ship", "description": "sends things out",
        "scopeBindings": [{ "bindingType": "DEFAULT", "binding": ["shipper"] }],
    });
    let created = stage.admin(Method::POST, &base, Some(scope.clone())).await;
    assert_eq!((created.status, created.header("location")), (201, "/api/identity/oauth2/v1.0/scopes/name/ship"));
    assert_eq!(created.json()["scopeBindings"][0]["bindings"], json!(["shipper"]));
    let own = format!("{base}/name/ship");
    assert_eq!(stage.admin(Method::GET, &own, None).await.json()["scopeBindings"][0]["binding"], json!(["shipper"]));
    let code = |answer: &support::Answer| (answer.status, answer.json()["code"].as_str().unwrap().to_owned());
    assert_eq!(code(&stage.admin(Method::POST, &base, Some(scope)).await), (409, "41004".to_owned()));
    let nameless = stage.admin(Method::POST, &base, Some(json!({ "displayName": "x" }))).await;
    assert_eq!(code(&nameless), (400, "41001".to_owned()));
    let internal = stage.admin(Method::POST, &base, Some(json!({ "name": "internal_x", "displayName": "x" }))).await;
    assert_eq!(internal.status, 403);

    assert_eq!(stage.password("ship").await.member("scope"), "default");
    stage.server.realm().update_user("ann", |ann| ann.roles.push("Shipper".to_owned()));
    assert_eq!(stage.password("ship").await.member("scope"), "ship");

    assert_eq!(stage.admin(Method::DELETE, &own, None).await.status, 200);
    assert_eq!(code(&stage.admin(Method::GET, &own, None).await), (404, "41003".to_owned()));
    assert_eq!(stage.admin(Method::HEAD, &own, None).await.status, 404);
}
