//! What a `deployment.toml` changes, each switch seen from outside, on and off.
//! How a file is read is tested where it is read; tenants and what they share have files of their own.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::{Json, Router, extract::State, routing::post};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use kmspec_mocks::realm::{jwt, test_keys};

use super::{
    credentials::{Open, refused},
    devportal::plain_server,
    *,
};

const ALL_GRANTS: [&str; 5] = [
    "client_credentials",
    "password",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "urn:ietf:params:oauth:grant-type:token-exchange",
];

/// Resident keys of dora's application.
pub(super) struct Keys {
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) token: String,
}

pub(super) async fn keys(stage: &Stage, application: &str) -> Keys {
    let order = json!({"keyType": "PRODUCTION", "grantTypesToBeSupported": ALL_GRANTS});
    let made = stage.dora(Method::POST, &format!("/applications/{application}/generate-keys"), order).await;
    assert_eq!(made.status, 200, "{:?}", made.body);
    let token = made.body["token"]["accessToken"].as_str().unwrap().to_owned();
    Keys { id: made.text("consumerKey"), secret: made.text("consumerSecret"), token }
}

/// What the tenant's token endpoint says to the application.
pub(super) async fn ask(stage: &Stage, keys: &Keys, form: &[(&str, &str)]) -> Answer {
    let url = format!("{}/t/one.com/oauth2/token", stage.platform.management_url());
    Stage::answer(stage.client.post(url).basic_auth(&keys.id, Some(&keys.secret)).form(form)).await
}

pub(super) async fn opened(text: &str) -> (Open, Keys) {
    let open = Open::on(Stage::configured(text).await, &["oauth2"]).await;
    let keys = keys(&open.stage, &open.application).await;
    (open, keys)
}

pub(super) fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// Header and claims of what the backend was told with the last call.
pub(super) fn told(open: &Open, header: &str) -> Option<(String, Value)> {
    let request = open.backend.requests().pop().unwrap();
    let said: Vec<String> = request.header(header).map(str::to_owned).collect();
    assert!(said.len() < 2, "{said:?}");
    let text = said.into_iter().next()?;
    let part = text.split('.').nth(1)?;
    let bytes = URL_SAFE_NO_PAD.decode(part).or_else(|_| STANDARD.decode(part)).unwrap();
    Some((text, serde_json::from_slice(&bytes).unwrap()))
}

#[tokio::test]
async fn access_tokens_are_taken_in_the_configured_header_alone() {
    let (open, keys) = opened("[apim.oauth_config]\nauth_header = \"Test-Custom-Header\"").await;
    open.until(200, "Test-Custom-Header", &bearer(&keys.token)).await;
    assert_eq!(open.backend.requests().pop().unwrap().header("test-custom-header").count(), 0);
    assert_eq!(open.with("Authorization", &bearer(&keys.token)).await, refused(401, "900902"));
    open.stage.close().await;
}

#[tokio::test]
async fn a_gateway_of_one_kind_of_keys_refuses_the_other() {
    for (kind, production) in [("sandbox", refused(401, "900901")), ("hybrid", (200, String::new()))] {
        let text =
            format!("[[apim.gateway.environment]]\nname = \"Default\"\ntype = \"{kind}\"\nservice_url = \"x\"\n");
        let open = Open::on(Stage::configured(&text).await, &["oauth2", "api_key"]).await;
        let key = async |key_type: &str| {
            let path = format!("/applications/{}/api-keys/{key_type}/generate", open.application);
            open.stage.dora(Method::POST, &path, json!({"keyName": key_type})).await.text("apikey")
        };
        // The API has no backend for sandbox keys, which is found out after the gateway has let them in.
        open.until(403, "ApiKey", &key("SANDBOX").await).await;
        assert_eq!(open.with("ApiKey", &key("PRODUCTION").await).await, production, "{kind}");
        open.stage.close().await;
    }
}

#[tokio::test]
async fn backends_are_told_in_the_configured_way_or_not_at_all() {
    let text = "[apim.jwt]\nenable = true\nheader = \"X-Who\"\nclaim_dialect = \"urn:us\"\nencoding = \"base64url\"\n\
                [apim.jwt.gateway_generator]\nexcluded_claims = [\"client_id\", \"http://other/azp\"]\n";
    let (open, keys) = opened(text).await;
    open.until(200, "Authorization", &bearer(&keys.token)).await;
    let forged = |request: reqwest::RequestBuilder| {
        request
            .header("Authorization", bearer(&keys.token))
            .header("X-Who", "forged")
            .header("X-JWT-Assertion", "forged")
    };
    assert_eq!(open.call("/items", forged).await.0, 200);
    let (text, claims) = told(&open, "x-who").unwrap();
    assert!(text.split('.').all(|part| URL_SAFE_NO_PAD.decode(part).is_ok()), "{text}");
    assert_eq!(claims["urn:us/applicationname"], "app");
    assert_eq!((claims.get("client_id"), &claims["azp"]), (None, &json!(keys.id)), "by the exact name");
    assert_eq!(told(&open, "x-jwt-assertion"), None);
    open.stage.close().await;

    let (open, keys) = opened("[apim.jwt]\nenable = false\nheader = \"X-Who\"").await;
    open.until(200, "Authorization", &bearer(&keys.token)).await;
    let forged = |request: reqwest::RequestBuilder| {
        request.header("Authorization", bearer(&keys.token)).header("X-Who", "forged")
    };
    assert_eq!(open.call("/items", forged).await.0, 200);
    assert_eq!(told(&open, "x-who"), None);
    open.stage.close().await;
}

#[tokio::test]
async fn the_gateway_remembers_a_token_as_long_as_it_is_told_to() {
    for (text, after_a_moment, after_twenty_seconds) in [
        ("", true, true),
        ("[apim.cache.gateway_token]\nenable = false", false, false),
        ("[apim.cache.gateway_token]\nexpiry_time = \"15s\"", true, false),
    ] {
        let (open, keys) = opened(text).await;
        open.until(200, "Authorization", &bearer(&keys.token)).await;
        let first = told(&open, "x-jwt-assertion").unwrap().1["jti"].clone();
        let same_again = async || {
            assert_eq!(open.with("Authorization", &bearer(&keys.token)).await.0, 200);
            told(&open, "x-jwt-assertion").unwrap().1["jti"] == first
        };
        assert_eq!(same_again().await, after_a_moment, "{text}");
        open.stage.platform.site().clocks.of("one.com").advance(Duration::from_secs(20));
        assert_eq!(same_again().await, after_twenty_seconds, "{text}");
        open.stage.close().await;
    }
}

#[tokio::test]
async fn an_introspection_result_lives_as_long_as_it_is_told_to() {
    for (text, asked_again) in [("", false), ("[apim.cache]\ntoken_expiry_time = \"5s\"", true)] {
        let open = Open::on(Stage::configured(text).await, &["oauth2"]).await;
        let count = Arc::new(AtomicUsize::new(0));
        let introspect = async |State(count): State<Arc<AtomicUsize>>| {
            count.fetch_add(1, Ordering::Relaxed);
            Json(json!({"active": true, "client_id": "ck", "scope": "a"}))
        };
        let router = Router::new().route("/introspect", post(introspect)).with_state(count.clone());
        let base = plain_server(router).await;
        let changes = json!({
            "enableSelfValidationJWT": false,
            "introspectionEndpoint": format!("{base}/introspect"),
            "tokenValidation": [{"type": "REFERENCE", "value": "opaque-.*", "enable": true}],
        });
        open.stage.key_manager(with(custom("asked"), changes)).await;
        let map = json!({"consumerKey": "ck", "keyType": "PRODUCTION", "keyManager": "asked"});
        let path = format!("/applications/{}/map-keys", open.application);
        assert_eq!(open.stage.dora(Method::POST, &path, map).await.status, 200);
        open.until(200, "Authorization", "Bearer opaque-1").await;
        let before = count.load(Ordering::Relaxed);
        open.stage.platform.site().clocks.of("one.com").advance(Duration::from_secs(7));
        assert_eq!(open.with("Authorization", "Bearer opaque-1").await.0, 200);
        assert_eq!(count.load(Ordering::Relaxed) > before, asked_again, "{text}");
        open.stage.close().await;
    }
}

#[tokio::test]
async fn the_type_in_the_header_is_demanded_of_those_it_is_configured_for() {
    let key = test_keys::named("rsa-amber").unwrap();
    let flag = |on: bool| format!("[apim.token.validation]\nenforce_type_header_validation = {on}");
    for (text, of_others, id_token) in [
        (String::new(), (200, String::new()), refused(401, "900901")),
        (flag(true), refused(401, "900901"), refused(401, "900901")),
        (flag(false), (200, String::new()), refused(403, "900908")),
    ] {
        let (open, keys) = opened(&text).await;
        let certificate = json!({"type": "PEM", "value": STANDARD.encode(key.certificate_pem())});
        open.stage.key_manager(with(custom("far"), json!({"certificates": certificate}))).await;
        let map = json!({"consumerKey": "ck", "keyType": "PRODUCTION", "keyManager": "far"});
        let path = format!("/applications/{}/map-keys", open.application);
        assert_eq!(open.stage.dora(Method::POST, &path, map).await.status, 200);
        let typed = |typ: &str| {
            let claims = json!({"iss": "https://far.example", "sub": "ck", "azp": "ck", "exp": 4_000_000_000_u64});
            let header = serde_json::Map::from_iter([("typ".to_owned(), json!(typ))]);
            bearer(&jwt::sign(&key, header, claims.as_object().unwrap()))
        };
        open.until(200, "Authorization", &typed("at+jwt")).await;
        assert_eq!(open.with("Authorization", &typed("JWT")).await, of_others, "{text}");
        let login = [
            ("grant_type", "password"),
            ("username", "dora@one.com"),
            ("password", "dora-secret"),
            ("scope", "openid"),
        ];
        let answer = ask(&open.stage, &keys, &login).await;
        assert_eq!(open.with("Authorization", &bearer(&answer.text("id_token"))).await, id_token, "{text}");
        open.stage.close().await;
    }
}

#[tokio::test]
async fn a_grant_that_is_switched_off_is_refused_before_anything_of_it_is_read() {
    for (key, grant) in [
        ("client_credentials", ALL_GRANTS[0]),
        ("password", ALL_GRANTS[1]),
        ("refresh_token", ALL_GRANTS[2]),
        ("jwt_bearer", ALL_GRANTS[3]),
        ("token_exchange", ALL_GRANTS[4]),
    ] {
        let stage = Stage::configured(&format!("[oauth.grant_type.{key}]\nenable = false")).await;
        let application = stage.application("app").await;
        let order = json!({"keyType": "SANDBOX", "grantTypesToBeSupported": ["password"]});
        let made = stage.dora(Method::POST, &format!("/applications/{application}/generate-keys"), order).await;
        let keys = Keys { id: made.text("consumerKey"), secret: made.text("consumerSecret"), token: String::new() };
        for name in ALL_GRANTS {
            let answer = ask(&stage, &keys, &[("grant_type", name), ("subject_token", "nonsense")]).await;
            let unsupported = answer.text("error_description").contains("Unsupported grant_type value");
            assert_eq!((answer.status, unsupported), (400, name == grant), "{key}: {name} {:?}", answer.body);
        }
        let url =
            format!("{}/t/one.com/oauth2/token/.well-known/openid-configuration", stage.platform.management_url());
        let offered = Stage::answer(stage.client.get(url)).await.body["grant_types_supported"].clone();
        assert!(!offered.as_array().unwrap().contains(&json!(grant)), "{offered}");
        stage.close().await;
    }
}

#[tokio::test]
async fn a_response_type_whose_grant_is_switched_off_is_refused() {
    for (key, response_type, expected) in [
        ("authorization_code", "code", "unsupported_response_type"),
        ("implicit", "token", "unsupported_response_type"),
        ("implicit", "code", "sessionDataKey"),
    ] {
        let stage = Stage::configured(&format!("[oauth.grant_type.{key}]\nenable = false")).await;
        let application = stage.application("app").await;
        let order = json!({"keyType": "PRODUCTION", "grantTypesToBeSupported": ["authorization_code", "implicit"],
            "callbackUrl": "https://app.example/cb"});
        let made = stage.dora(Method::POST, &format!("/applications/{application}/generate-keys"), order).await;
        let url = format!(
            "{}/t/one.com/oauth2/authorize?response_type={response_type}&client_id={}&redirect_uri=https://app.example/cb",
            stage.platform.management_url(),
            made.text("consumerKey")
        );
        let discovery =
            format!("{}/t/one.com/oauth2/token/.well-known/openid-configuration", stage.platform.management_url());
        let offered = Stage::answer(stage.client.get(discovery)).await.body["response_types_supported"].clone();
        let switched_off = expected == "unsupported_response_type";
        assert_eq!(offered.as_array().unwrap().contains(&json!(response_type)), !switched_off, "{offered}");
        // The client follows to the page of the login or of the error, whose address says all.
        let shown = stage.client.get(url).send().await.unwrap();
        assert!(shown.url().as_str().contains(expected), "{key} {response_type}: {}", shown.url());
        stage.close().await;
    }
}

#[tokio::test]
async fn unregistered_scopes_are_granted_as_the_list_of_allowed_ones_says() {
    for (text, granted) in [
        ("", "device_7 other"),
        ("[oauth]\nallowed_scopes = [\"^device_.*\"]", "device_7"),
        ("[oauth]\nallowed_scopes = []", "default"),
    ] {
        let stage = Stage::configured(text).await;
        let keys = keys(&stage, &stage.application("app").await).await;
        let answer = ask(&stage, &keys, &[("grant_type", "client_credentials"), ("scope", "device_7 other")]).await;
        assert_eq!((answer.status, answer.text("scope").as_str()), (200, granted), "{text}");
        stage.close().await;
    }
}

#[tokio::test]
async fn a_key_has_one_secret_or_several() {
    for (on, made, regenerated) in [(true, 201, 400), (false, 400, 200)] {
        let stage = Stage::configured(&format!("[oauth.multiple_client_secrets]\nenable = {on}")).await;
        let application = stage.application("app").await;
        let order = json!({"keyType": "PRODUCTION", "grantTypesToBeSupported": ["password"]});
        let key = stage.dora(Method::POST, &format!("/applications/{application}/generate-keys"), order).await;
        let path = format!("/applications/{application}/oauth-keys/{}", key.text("keyMappingId"));
        let another = stage.dora(Method::POST, &format!("{path}/generate-secret"), json!({})).await;
        assert_eq!(another.status, made, "{:?}", another.body);
        let fresh = stage.dora(Method::POST, &format!("{path}/regenerate-secret"), Value::Null).await;
        assert_eq!(fresh.status, regenerated, "{:?}", fresh.body);
        stage.close().await;
    }
}

#[tokio::test]
async fn the_look_up_of_mapped_clients_can_be_switched_off_for_all_key_managers() {
    for (text, status) in [("", 500), ("[apim.key_manager]\nenable_provisioned_app_validation = false", 200)] {
        let stage = Stage::configured(text).await;
        stage.key_manager(is7("gone", "http://127.0.0.1:1")).await;
        let application = stage.application("app").await;
        let map = json!({"consumerKey": "ck", "consumerSecret": "cs", "keyType": "PRODUCTION", "keyManager": "gone"});
        let mapped = stage.dora(Method::POST, &format!("/applications/{application}/map-keys"), map).await;
        assert_eq!(mapped.status, status, "{text}: {:?}", mapped.body);
        stage.close().await;
    }
}

pub(super) async fn register(stage: &Stage, user: &str, password: &str) -> u16 {
    let url = format!("{}/client-registration/v0.17/register", stage.platform.management_url());
    let order =
        json!({"clientName": "rest", "callbackUrl": "", "grantType": "password", "owner": user, "saasApp": true});
    Stage::answer(stage.client.post(url).basic_auth(user, Some(password)).json(&order)).await.status
}

#[tokio::test]
async fn the_administrator_and_the_host_are_those_of_the_file() {
    let text = "[super_admin]\nusername = \"root\"\npassword = \"root-secret\"\n[server]\nhostname = \"am.localhost\"";
    let stage = Stage::configured(text).await;
    assert_eq!(register(&stage, "root", "root-secret").await, 200);
    assert_eq!(register(&stage, "admin", "admin").await, 401);
    stage.close().await;
}

#[tokio::test]
async fn names_of_users_are_mail_addresses_only_where_they_may_be() {
    for (on, status) in [(true, 201), (false, 400)] {
        let stage = Stage::configured(&format!("[tenant_mgt]\nenable_email_domain = {on}")).await;
        let url = format!("{}/t/one.com/api/identity/user/v1.0/me", stage.platform.management_url());
        let order = json!({"username": "x@mail.example", "password": "x-secret"});
        let made = Stage::answer(stage.client.post(url).basic_auth("admin", Some("admin")).json(&order)).await;
        assert_eq!(made.status, status, "{:?}", made.body);
        let signed_in = register(&stage, "x@mail.example@one.com", "x-secret").await;
        assert_eq!(signed_in, if on { 200 } else { 401 });
        stage.close().await;
    }
}
