//! What changes reaches the gateway: revocation notices, APIs, key managers, a restart.
//! What holds without a change stands beside it.

use std::time::Duration;

use kmspec_mocks::{
    journal::Endpoint,
    realm::{ClientSpec, TokenFormat},
};
use kmspec_platform::{Data, Platform, PlatformConfig, Tls};
use reqwest::Method;
use serde_json::{Value, json};

use super::house::{ADMIN, House, PASSWORD, TENANT};

/// A notice as an authorization server sends it.
async fn notify(house: &House, mut notice: Value) {
    notice["tenantDomain"] = json!(TENANT);
    let call = house.http.post(house.management("/internal/data/v1/notify")).basic_auth("admin", Some("admin"));
    let answer = call.header("X-WSO2-KEY-MANAGER", "WSO2-IS").json(&notice).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{notice}");
}

#[tokio::test]
async fn tokens_keys_and_revocations_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let data = Data::File(folder.path().join("platform.db"));
    let house = House::build_with(data.clone()).await;
    let port: u16 = house.platform.management_url().rsplit(':').next().unwrap().parse().unwrap();
    let (id, secret) = house.client(ADMIN).await;
    let form = [("grant_type", "client_credentials")];
    let token =
        async |house: &House| house.token(&form, (&id, &secret)).await.1["access_token"].as_str().unwrap().to_owned();
    let (kept, revoked) = (token(&house).await, token(&house).await);
    let revoke = house.http.post(house.management("/oauth2/revoke")).basic_auth(&id, Some(&secret));
    assert_eq!(revoke.form(&[("token", &revoked)]).send().await.unwrap().status(), 200);
    let House { platform, certificates, backend, http, clock, token: _ } = house;
    platform.stop().await;
    let identity = certificates.issue(&["localhost"]).unwrap();
    let tls = Tls { chain_pem: identity.chain_pem.clone(), key_pem: identity.key_pem.clone() };
    let management = ([127, 0, 0, 1], port).into();
    let config =
        PlatformConfig { management, data, ..PlatformConfig::loopback(tls, vec![certificates.ca_pem().to_owned()]) };
    let platform = Platform::start(config).await.unwrap();
    let house = House { platform, certificates, backend, http, clock, token: String::new() };
    let url = house.management(&format!("/t/{TENANT}/oauth2/introspect"));
    for (token, active) in [(&kept, true), (&revoked, false)] {
        let call = house.http.post(&url).basic_auth(ADMIN, Some(PASSWORD)).form(&[("token", token)]);
        let told: Value = call.send().await.unwrap().json().await.unwrap();
        assert_eq!(told["active"], active);
    }
    house.close().await;
}

#[tokio::test]
async fn revocation_notices_end_tokens_by_id_by_signature_by_text_and_by_client() {
    let house = House::build().await;
    let server = house.server().await;
    let resource = server.realm().add_client(ClientSpec::new("gateway"));
    let properties = json!({"client_id": resource.id, "client_secret": resource.secret});
    let change = json!({"additionalProperties": properties, "enableTokenGeneration": true});
    let one = house.key_manager("first", &server, change).await;
    let api = house.api("orders", json!({})).await;
    let application = house.application("app").await;
    house.subscribe(&application, &api).await;
    let client = server.realm().add_client(ClientSpec::new("app").token_format(TokenFormat::Opaque));
    house.map(&application, &client.id, &one).await;
    let opaque = async || {
        let form = [("grant_type", "client_credentials")];
        let call = house.http.post(&server.endpoints().token).basic_auth(&client.id, client.secret.clone());
        let token: Value = call.form(&form).send().await.unwrap().json().await.unwrap();
        token["access_token"].as_str().unwrap().to_owned()
    };
    let ends = json!(u64::MAX / 2);
    let revoke = async |name: &str| {
        notify(&house, json!({"type": "token_revocation", "accessToken": name, "expiryTime": ends})).await;
    };
    let forge = server.forge();
    let kept = forge.token(&client.id, "alice").encode();
    let named = forge.token(&client.id, "alice").claim("jti", "by-id").encode();
    let nameless = forge.token(&client.id, "alice").without_claim("jti").encode();
    let text = opaque().await;
    for token in [&kept, &named, &nameless, &text] {
        house.until(200, &api.path, token).await;
    }
    revoke("by-id").await;
    house.until(401, &api.path, &named).await;
    revoke(nameless.rsplit_once('.').unwrap().1).await;
    house.until(401, &api.path, &nameless).await;
    revoke(&text).await;
    house.until(401, &api.path, &text).await;
    assert_eq!(house.with_token(&api.path, &kept).await.status, 200, "the others are untouched");
    let moment = (house.clock.now() + 1) * 1000;
    let notice = json!({"type": "consumer_app_revocation_event", "consumerKey": client.id, "revocationTime": moment});
    notify(&house, notice).await;
    house.until(401, &api.path, &kept).await;
    house.clock.advance(Duration::from_secs(5));
    let later = server.forge().token(&client.id, "alice").encode();
    assert_eq!(house.with_token(&api.path, &later).await.status, 200, "what is issued after it counts");
    house.clock.advance(Duration::from_secs(86_400));
    assert_eq!(
        house.with_token(&api.path, &later).await.status,
        401,
        "a token that passed before expires as any other"
    );
    house.close().await;
}

#[tokio::test]
async fn what_changes_about_an_api_or_a_key_manager_bites_on_tokens_that_passed_before() {
    let house = House::build().await;
    let (server, other) = (house.server().await, house.server().await);
    let one = house.key_manager("first", &server, json!({})).await;
    let rules = json!([{"id": 1, "enable": true, "type": "JWT", "value": {"body": {"sub": ".+"}}}]);
    let asking = json!({"enableSelfValidationJWT": false, "tokenValidation": rules});
    house.key_manager("second", &other, asking).await;
    let operations = json!([{"target": "/*", "verb": "GET"},
                            {"target": "/apps", "verb": "GET", "authType": "Application"},
                            {"target": "/users", "verb": "GET", "authType": "Application User"}]);
    let api = house.api("orders", json!({"operations": operations})).await;
    let application = house.application("app").await;
    house.subscribe(&application, &api).await;
    house.map(&application, "client-1", &one).await;
    let body = json!({"consumerKey": "client-2", "keyType": "SANDBOX", "keyManager": "first"});
    house.plane(Method::POST, &format!("/devportal/v3/applications/{application}/map-keys"), Some(body)).await;
    let of = |client: &str, subject: &str| server.forge().token(client, subject).encode();
    let code = async |path: &str, token: &str| {
        let seen = house.with_token(path, token).await;
        (seen.status, seen.body["code"].as_str().unwrap_or_default().to_owned())
    };
    let token = of("client-1", "alice");
    house.until(200, &api.path, &token).await;
    house.until(403, &api.path, &of("client-2", "alice")).await;
    let sandbox = house.with_token(&api.path, &of("client-2", "alice")).await;
    assert_eq!((sandbox.body["code"].as_str(), sandbox.body["type"].as_str()), (Some("900901"), Some("Status report")));
    let (own, user) = (of("client-1", "client-1"), of("client-1", "alice"));
    let (apps, users) = (format!("{}/apps", api.path), format!("{}/users", api.path));
    assert_eq!((code(&apps, &own).await.0, code(&users, &user).await.0), (200, 200));
    assert_eq!(code(&apps, &user).await, (401, "900905".to_owned()));
    assert_eq!(code(&users, &own).await, (401, "900905".to_owned()));
    let miscased = api.path.replace(TENANT, "T.example");
    assert_eq!(code(&miscased, &token).await, (500, "900900".to_owned()));

    let of_nobody = server.forge().token("client-1", "alice").without_claim("iss").encode();
    let broken = of("client-1", "bob").replace('.', ".x");
    for (asked, token) in [(0, &own), (1, &of_nobody), (1, &broken)] {
        house.with_token(&api.path, token).await;
        let count = other.journal().await.count(Endpoint::Introspection);
        assert_eq!(count, asked, "only a JWT that names no known issuer is asked about");
    }
    let path = format!("/publisher/v4/apis/{}", api.id);
    let mut document = house.plane(Method::GET, &path, None).await;
    for (key_managers, status) in [(json!(["second"]), 401), (json!(["second", "first"]), 200)] {
        document["keyManagers"] = key_managers;
        house.plane(Method::PUT, &path, Some(document.clone())).await;
        house.deploy(&api.id).await;
        house.until(status, &api.path, &token).await;
    }
    let path = format!("/admin/v4/key-managers/{}", one["id"].as_str().unwrap());
    for (change, status) in [("EXCHANGED", 401), ("DIRECT", 200)] {
        let mut document = house.plane(Method::GET, &path, None).await;
        document["tokenType"] = json!(change);
        house.plane(Method::PUT, &path, Some(document)).await;
        house.until(status, &api.path, &token).await;
    }
    let block = format!("/publisher/v4/apis/change-lifecycle?action=Block&apiId={}", api.id);
    house.plane(Method::POST, &block, None).await;
    house.deploy(&api.id).await;
    house.until(503, &api.path, &token).await;
    assert_eq!(code(&api.path, &token).await, (503, "700700".to_owned()));
    house.close().await;
}
