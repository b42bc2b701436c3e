//! Tenants that an identity server announces, and the key manager that such a tenant gets, seen from outside.
//! What else a `deployment.toml` changes is tested in `deployment`.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{deployment::register, *};

const SKIP: &str = "[apim.key_manager]\nskip_create_resident_key_manager = true\n";
const SHARE: &str = "[[apim.tenant_sharing]]\ntype = \"WSO2-IS-7\"\n[apim.tenant_sharing.properties]\n\
                     auto_configure_key_manager = true\nidentity_server_base_url = \"https://is.invalid:9444\"\n";

async fn announce_as(stage: &Stage, user: (&str, &str), kind: &str, tenant: Value) -> Answer {
    let uri = format!("https://schemas.identity.wso2.org/events/tenant/event-type/{kind}");
    let events = json!({ uri: {"initiatorType": "ADMIN", "action": "X", "tenant": tenant} });
    let notice = json!({"iss": "https://is.invalid", "jti": "1", "iat": 1, "events": events});
    let url = format!("{}/internal/data/v1/notify", stage.platform.management_url());
    let request = stage.client.post(url).basic_auth(user.0, Some(user.1));
    Stage::answer(request.header("X-WSO2-KEY-MANAGER", "TENANT_MANAGEMENT").json(&notice)).await
}

async fn announce(stage: &Stage, kind: &str, tenant: Value) -> u16 {
    announce_as(stage, ("admin", "admin"), kind, tenant).await.status
}

fn new_tenant() -> Value {
    let owner = json!({"username": "olga", "password": "olga-1", "email": "o@x", "firstname": "o", "lastname": "x"});
    json!({"id": "7", "domain": "shared.com", "ref": "r", "owners": [owner]})
}

async fn key_managers(stage: &Stage, user: &str, tenant: &str) -> Vec<(String, String)> {
    let list = stage.call(user, tenant, Method::GET, &format!("{ADMIN}/key-managers"), Value::Null).await;
    assert_eq!(list.body["count"].as_u64().unwrap() as usize, list.body["list"].as_array().unwrap().len());
    let entries = list.body["list"].as_array().unwrap().iter();
    entries.map(|one| (one["name"].as_str().unwrap().into(), one["type"].as_str().unwrap().into())).collect()
}

#[tokio::test]
async fn an_announced_tenant_has_the_key_manager_that_is_configured_for_it() {
    let resident = ("Resident Key Manager".to_owned(), "default".to_owned());
    let shared = ("Resident Key Manager".to_owned(), "WSO2-IS-7".to_owned());
    for (text, of_super_tenant, of_announced) in [
        (String::new(), vec![resident.clone()], vec![resident.clone()]),
        (SKIP.to_owned(), vec![], vec![]),
        (format!("{SKIP}{SHARE}"), vec![], vec![shared.clone()]),
        (SHARE.to_owned(), vec![resident.clone()], vec![shared]),
    ] {
        let stage = Stage::configured(&text).await;
        assert_eq!(announce(&stage, "tenantCreated", new_tenant()).await, 200);
        assert_eq!(announce(&stage, "tenantCreated", new_tenant()).await, 200, "events come twice");
        assert_eq!(key_managers(&stage, "admin", "carbon.super").await, of_super_tenant, "{text}");
        assert_eq!(key_managers(&stage, "olga", "shared.com").await, of_announced, "{text}");
        assert_eq!(
            key_managers(&stage, "admin", "one.com").await,
            std::slice::from_ref(&resident),
            "an ordinary tenant, {text}"
        );
        let created = json!({"name": "app", "throttlingPolicy": "Unlimited"});
        let path = format!("{DEVPORTAL}/applications");
        let created = stage.call("olga", "shared.com", Method::POST, &path, created).await;
        assert_eq!(created.status, 201);
        if of_announced.is_empty() {
            let path = format!("{path}/{}/generate-keys", created.text("applicationId"));
            let order = json!({"keyType": "PRODUCTION", "grantTypesToBeSupported": ["password"]});
            let refused = stage.call("olga", "shared.com", Method::POST, &path, order).await;
            assert_eq!(refused.verdict(), (400, 901403));
            assert_eq!(refused.text("message"), "Key Manager not Registered");
        }
        stage.close().await;
    }
}

#[tokio::test]
async fn a_shared_key_manager_speaks_for_its_tenant_at_the_configured_server() {
    let stage = Stage::configured(&format!("{SKIP}{SHARE}")).await;
    announce(&stage, "tenantCreated", new_tenant()).await;
    let list = stage.call("olga", "shared.com", Method::GET, &format!("{ADMIN}/key-managers"), Value::Null).await;
    let path = format!("{ADMIN}/key-managers/{}", list.body["list"][0]["id"].as_str().unwrap());
    let shown = stage.call("olga", "shared.com", Method::GET, &path, Value::Null).await;
    assert_eq!(shown.text("issuer"), "https://is.invalid:9444/t/shared.com/oauth2/token");
    let properties = &shown.body["additionalProperties"];
    assert_eq!((&properties["Username"], &properties["Password"]), (&json!("olga@shared.com"), &json!("*****")));
    let back = with(shown.body.clone(), json!({"description": "mine"}));
    assert_eq!(stage.call("olga", "shared.com", Method::PUT, &path, back).await.status, 200, "it is a sound document");
    stage.close().await;
}

#[tokio::test]
async fn an_announced_owner_can_be_given_another_password_and_be_kept_out() {
    let stage = Stage::configured(SKIP).await;
    announce(&stage, "tenantCreated", new_tenant()).await;
    let olga = "olga@shared.com";
    assert_eq!(register(&stage, olga, "olga-1").await, 200);
    let changed = json!({"domain": "shared.com", "owners": [{"password": "olga-2", "email": "o@x"}]});
    assert_eq!(announce(&stage, "tenantOwnerUpdated", changed).await, 200);
    assert_eq!(register(&stage, olga, "olga-1").await, 401);
    assert_eq!(register(&stage, olga, "olga-2").await, 200);
    for (activated, status) in [(false, 401), (true, 200)] {
        let changed = json!({"domain": "shared.com", "lifecycleStatus": {"activated": activated}});
        assert_eq!(announce(&stage, "tenantActivated", changed).await, 200);
        assert_eq!(register(&stage, olga, "olga-2").await, status);
    }
    assert_eq!(key_managers(&stage, "olga", "shared.com").await, [], "the list is as it was");
    stage.close().await;
}

#[tokio::test]
async fn tenant_events_are_checked_before_anything_changes() {
    let stage = Stage::open().await;
    let nobody = [("admin", "wrong"), ("admin@one.com", "admin-secret"), ("dora@one.com", "dora-secret")];
    for user in nobody {
        assert_eq!(announce_as(&stage, user, "tenantCreated", new_tenant()).await.status, 401, "{user:?}");
    }
    for (kind, tenant, status) in [
        ("tenantCreated", json!({"domain": "a b", "owners": [{"username": "o", "password": "p"}]}), 400),
        ("tenantCreated", json!({"domain": "x.com", "owners": []}), 400),
        ("tenantCreated", json!({"domain": "x.com", "owners": [{"password": "p"}]}), 400),
        ("tenantCreated", json!({"owners": []}), 400),
        ("tenantOwnerUpdated", json!({"domain": "unheard.com", "owners": [{"password": "p"}]}), 404),
        ("tenantOwnerUpdated", json!({"domain": "carbon.super", "owners": [{"password": "p"}]}), 404),
        ("tenantOwnerUpdated", json!({"domain": "one.com"}), 400),
        ("tenantActivated", json!({"domain": "one.com"}), 400),
        ("tenantActivated", json!({"domain": "carbon.super", "lifecycleStatus": {"activated": false}}), 404),
        ("tenantDeleted", json!({"domain": "one.com"}), 200),
    ] {
        assert_eq!(announce(&stage, kind, tenant.clone()).await, status, "{kind} {tenant}");
    }
    assert_eq!(register(&stage, "admin", "admin").await, 200);
    assert_eq!(register(&stage, "admin@one.com", "admin-secret").await, 200);
    assert_eq!(register(&stage, "o@x.com", "p").await, 401);
    stage.close().await;
}

/// The token that the super tenant's client gets by a password; blank where it gets none.
async fn token_of(stage: &Stage, client: &Answer, user: &str, password: &str) -> String {
    let url = format!("{}/oauth2/token", stage.platform.management_url());
    let (id, secret) = (client.text("clientId"), client.text("clientSecret"));
    let form = [("grant_type", "password"), ("username", user), ("password", password)];
    let told = Stage::answer(stage.client.post(url).basic_auth(id, Some(secret)).form(&form)).await;
    told.body["access_token"].as_str().unwrap_or_default().to_owned()
}

async fn introspected(stage: &Stage, token: &str) -> Answer {
    let url = format!("{}/oauth2/introspect", stage.platform.management_url());
    Stage::answer(stage.client.post(url).basic_auth("admin", Some("admin")).form(&[("token", token)])).await
}

fn subject(token: &str) -> String {
    let payload = token.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    claims["sub"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_announced_tenant_takes_the_names_that_end_in_its_domain_and_no_others_are_made() {
    let stage = Stage::open().await;
    let url = format!("{}/api/identity/user/v1.0/me", stage.platform.management_url());
    let order = json!({"username": "olga@shared.com", "password": "first-olga"});
    let signed_up = Stage::answer(stage.client.post(url).basic_auth("admin", Some("admin")).json(&order)).await;
    assert_eq!(signed_up.status, 201, "{signed_up:?}");
    assert_eq!(register(&stage, "olga@shared.com", "first-olga").await, 200);
    let url = format!("{}/client-registration/v0.17/register", stage.platform.management_url());
    let order = json!({"clientName": "own", "callbackUrl": "", "grantType": "password", "owner": "admin"});
    let client = Stage::answer(stage.client.post(url).basic_auth("admin", Some("admin")).json(&order)).await;
    let before = token_of(&stage, &client, "olga@shared.com", "first-olga").await;
    assert_eq!(introspected(&stage, &before).await.body["active"], true);
    assert_eq!(announce(&stage, "tenantCreated", new_tenant()).await, 200);
    let ended = introspected(&stage, &before).await;
    assert_eq!(ended.body["active"], false, "what one was issued is not the other's: {ended:?}");
    for (name, password, expected) in [
        ("olga@shared.com", "olga-1", 200),
        ("olga@shared.com", "first-olga", 401),
        ("olga@shared.com@carbon.super", "first-olga", 200),
        ("olga@shared.com@carbon.super", "olga-1", 401),
    ] {
        assert_eq!(register(&stage, name, password).await, expected, "{name} with {password}");
    }
    let first = token_of(&stage, &client, "olga@shared.com@carbon.super", "first-olga").await;
    assert_eq!(subject(&first), "olga@shared.com@carbon.super", "nobody else goes by it");
    let other = token_of(&stage, &client, "olga@shared.com", "first-olga").await;
    assert_eq!(other, "", "there is no such user any more");
    let user = |name: &str| UserSpec { name: name.into(), password: "p".into(), roles: vec![] };
    let both = vec![user("paul"), user("dora@one.com")];
    let refused = stage.platform.add_users("carbon.super", both).await.unwrap_err();
    assert!(refused.to_string().contains("`dora@one.com` of carbon.super"), "{refused}");
    assert_eq!(register(&stage, "paul", "p").await, 401, "nobody was added");
    stage.platform.create_tenant(tenant("unshared.com")).await.unwrap();
    stage.close().await;
}
