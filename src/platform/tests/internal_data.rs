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
    let applications = asked(&stage, "/applications", PLATFORM, Some("one.com")).await.body;
    assert!(key["applicationId"].is_i64(), "{key}");
    assert_eq!(key["applicationId"], applications["list"][0]["id"], "by its number");
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
    let whole = |answer: &Answer| answer.body["revokedJWTList"].as_array().map(Vec::len);
    for (who, expected) in [(PLATFORM, Some(1)), (Some(("admin@one.com", "admin-secret")), Some(1)), (None, None)] {
        let told = asked(&stage, "/revokedjwt", who, None).await;
        assert_eq!((told.status, whole(&told)), (if expected.is_some() { 200 } else { 401 }, expected), "{who:?}");
    }
    stage.close().await;
}

#[tokio::test]
async fn a_gateway_is_told_who_may_call_what() {
    let open = super::credentials::Open::to(&["oauth2"]).await;
    let stage = &open.stage;
    let told = async |path: &str, tenant: &str| {
        let answer = asked(stage, path, PLATFORM, Some(tenant)).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        let list = answer.body["list"].as_array().unwrap().clone();
        assert_eq!(answer.body["count"], list.len(), "{path}");
        list
    };
    let apis = told("/apis?context=/t/one.com/orders/1.0", "one.com").await;
    let api = &apis[0];
    assert_eq!((&api["uuid"], &api["name"], &api["status"]), (&json!(open.api), &json!("orders"), &json!("PUBLISHED")));
    let audit = api["urlMappings"].as_array().unwrap().iter().find(|one| one["urlPattern"] == "/audit").unwrap();
    assert_eq!((&audit["httpMethod"], &audit["scopes"]), (&json!("GET"), &json!(["audit"])));
    let applications = told("/applications", "one.com").await;
    let application = &applications[0];
    assert_eq!((&application["uuid"], &application["policy"]), (&json!(open.application), &json!("Unlimited")));
    let one = told(&format!("/applications?appId={}", application["id"]), "one.com").await;
    assert_eq!(one, applications);
    let subscriptions = format!("/subscriptions?apiId={}&appId={}", api["apiId"], application["id"]);
    let subscription = &told(&subscriptions, "one.com").await[0];
    assert_eq!((&subscription["apiId"], &subscription["appId"]), (&api["apiId"], &application["id"]));
    assert_eq!(
        (&subscription["policyId"], &subscription["subscriptionState"]),
        (&json!("Unlimited"), &json!("UNBLOCKED"))
    );
    let scopes = told("/scopes?scopeKey=audit", "one.com").await;
    assert_eq!((&scopes[0]["name"], &scopes[0]["roles"]), (&json!("audit"), &json!(["staff"])));
    for none in
        ["/applications?appId=999999", "/subscriptions?apiId=999999", "/apis?apiId=other", "/scopes?scopeKey=none"]
    {
        assert_eq!(told(none, "one.com").await.len(), 0, "{none}");
    }
    for path in ["/applications", "/subscriptions", "/apis", "/scopes"] {
        assert_eq!(told(path, "two.com").await.len(), 0, "{path}");
        assert_eq!(asked(stage, path, PLATFORM, None).await.status, 400, "{path}");
        assert_eq!(asked(stage, path, Some(("dora@one.com", "dora-secret")), Some("one.com")).await.status, 401);
    }
    assert_eq!(asked(stage, "/applications?appId=seven", PLATFORM, Some("one.com")).await.status, 400);
    open.stage.close().await;
}
