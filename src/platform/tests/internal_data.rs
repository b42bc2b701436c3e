//! What a gateway of another process is told when it starts, and who is told nothing.

use super::*;

async fn asked(stage: &Stage, path: &str, who: Option<(&str, &str)>, tenant: Option<&str>) -> Answer {
    let url = format!("{}/internal/data/v1{path}", stage.platform.management_url());
    let request = stage.client.get(url);
    let request = who.into_iter().fold(request, |request, (name, password)| request.basic_auth(name, Some(password)));
    Stage::answer(tenant.into_iter().fold(request, |request, tenant| request.header("xWSO2Tenant", tenant))).await
}

const PLATFORM: Option<(&str, &str)> = Some(("admin", "admin"));

#[tokio::test]
async fn a_gateway_is_told_the_key_managers_of_a_tenant_without_their_secrets() {
    let stage = Stage::open().await;
    stage.key_manager(is7("is", "https://is.example")).await;
    let told = asked(&stage, "/keymanagers", PLATFORM, Some("one.com")).await;
    assert_eq!(told.status, 200, "{told:?}");
    let is = told.body.as_array().unwrap().iter().find(|one| one["name"] == "is").expect("it is told");
    assert_eq!(
        (&is["type"], &is["enabled"], &is["tenantDomain"]),
        (&json!("WSO2-IS-7"), &json!(true), &json!("one.com"))
    );
    let configuration = &is["configuration"];
    assert_eq!(configuration["issuer"], "https://is.example/is");
    assert_eq!(configuration["enable_oauth_app_creation"], true);
    assert_eq!(configuration["Username"], "admin");
    assert!(!told.body.to_string().contains("is7-password"), "{configuration:?}");
    for (who, tenant, expected) in [
        (Some(("admin@one.com", "admin-secret")), Some("one.com"), 200),
        (Some(("admin@one.com", "admin-secret")), Some("two.com"), 401),
        (Some(("dora@one.com", "dora-secret")), Some("one.com"), 401),
        (None, Some("one.com"), 401),
        (PLATFORM, None, 400),
        (PLATFORM, Some("nowhere.com"), 404),
    ] {
        assert_eq!(asked(&stage, "/keymanagers", who, tenant).await.status, expected, "{who:?} {tenant:?}");
    }
    stage.close().await;
}

#[tokio::test]
async fn a_gateway_is_told_keys_and_revocations() {
    let stage = Stage::open().await;
    stage.key_manager(custom("acme")).await;
    let application = stage.application("orders").await;
    let map = json!({"consumerKey": "ck", "keyType": "SANDBOX", "keyManager": "acme"});
    let mapped = stage.dora(Method::POST, &format!("/applications/{application}/map-keys"), map).await;
    assert_eq!(mapped.status, 200, "{mapped:?}");
    let keys = "/application-key-mappings?consumerKey=ck&keymanager=acme";
    let told = asked(&stage, keys, PLATFORM, Some("one.com")).await;
    assert_eq!(told.body["count"], 1, "{told:?}");
    let key = &told.body["list"][0];
    assert_eq!((&key["consumerKey"], &key["keyType"]), (&json!("ck"), &json!("SANDBOX")));
    assert_eq!(asked(&stage, keys, PLATFORM, Some("two.com")).await.body["count"], 0);
    let url = format!("{}/internal/data/v1/notify", stage.platform.management_url());
    for notice in [
        json!({"type": "token_revocation", "accessToken": "jti", "expiryTime": i64::MAX}),
        json!({"type": "consumer_app_revocation_event", "consumerKey": "ck", "revocationTime": 5}),
        json!({"type": "subject_entity_revocation_event", "entityId": "dora", "entityType": "USER_ID",
            "revocationTime": 6}),
    ] {
        let request =
            stage.client.post(&url).basic_auth("admin", Some("admin")).header("X-WSO2-KEY-MANAGER", "WSO2-IS");
        assert_eq!(Stage::answer(request.json(&notice)).await.status, 200);
    }
    let told = asked(&stage, "/revokedjwt", PLATFORM, Some("one.com")).await.body;
    assert_eq!(told["revokedJWTList"], json!([{"jwt_signature": "jti", "expiry_time": i64::MAX}]));
    assert_eq!(told["revokedJWTConsumerKeyList"][0]["consumer_key"], "ck");
    assert_eq!(told["revokedJWTSubjectEntityList"][0]["entity_type"], "USER_ID");
    stage.close().await;
}
