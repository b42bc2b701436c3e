//! Tenants of Identity Server are scripted as servers are, each on its own.
//! Route by route that is tested in `routes`.

use serde_json::{Value, json};

use crate::{
    stage::{Stage, stage},
    support::{Answer, answer, http},
};

const TENANT: &str = "/servers/is7/tenants/one.com";

/// A stage with an Identity Server of two tenants; gives what is told of the one that was added.
async fn with_tenant() -> (Stage, Value) {
    let stage = stage().await;
    assert_eq!(stage.send("post", "/servers", Some(&json!({ "vendor": "is7" }))).await.status, 201);
    let made = stage.send("post", "/servers/is7/tenants", Some(&json!({ "domain": "one.com" }))).await;
    assert_eq!(made.status, 201, "{}", made.text);
    (stage, made.json())
}

async fn token(endpoint: &Value, secret: &str) -> Answer {
    let request = http().post(endpoint.as_str().unwrap()).basic_auth("orders", Some(secret));
    answer(request.form(&[("grant_type", "client_credentials")]).send().await.unwrap()).await
}

#[tokio::test]
async fn a_tenant_is_scripted_as_a_server_is_and_apart_from_it() {
    let (stage, tenant) = with_tenant().await;
    assert_eq!(stage.send("get", TENANT, None).await.json(), tenant);
    let discovery = http().get(tenant["discovery"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(answer(discovery).await.member("issuer"), tenant["issuer"].as_str().unwrap());
    let wanted = json!({ "id": "orders", "secret": "of-one", "name": "orders" });
    let made = stage.send("post", &format!("{TENANT}/clients"), Some(&wanted)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let first = stage.send("get", "/servers/is7", None).await.json();
    assert_eq!(token(&tenant["endpoints"]["token"], "of-one").await.status, 200);
    assert_eq!(token(&first["endpoints"]["token"], "of-one").await.status, 401);
    assert_eq!(stage.send("get", "/servers/is7/clients/orders", None).await.status, 404);
    let forged = stage.send("post", &format!("{TENANT}/tokens/forge"), Some(&json!({}))).await;
    let claims = kmspec_mocks::realm::jwt::read(&forged.member("token")).unwrap().1;
    assert_eq!(claims["iss"], tenant["issuer"]);
    let silent = json!({ "one_live_token": false });
    stage.send("patch", &format!("{TENANT}/settings"), Some(&silent)).await;
    for (at, expected) in [(format!("{TENANT}/settings"), false), ("/servers/is7/settings".to_owned(), true)] {
        assert_eq!(stage.send("get", &at, None).await.json()["one_live_token"], expected, "{at}");
    }
    let kids = async |at: &str| stage.send("get", &format!("{at}/keys"), None).await.json()[0]["kid"].clone();
    assert_ne!(kids(TENANT).await, kids("/servers/is7").await);
    assert_eq!(kids("/servers/is7/tenants/carbon.super").await, kids("/servers/is7").await, "the server itself");
}

#[tokio::test]
async fn a_tenant_that_is_not_there_is_refused_and_so_is_an_id_that_another_one_has_where_ids_are_one_for_all() {
    let (stage, _) = with_tenant().await;
    let cases = [
        ("/servers/is7/tenants/oen.com/clients", "did you mean `one.com`?"),
        ("/servers/custom/tenants/carbon.super/clients", "there is no tenant at all"),
        ("/servers/si7/tenants/one.com/clients", "did you mean `is7`?"),
    ];
    for (path, hint) in cases {
        let refused = stage.send("get", path, None).await;
        assert!(refused.status == 404 && refused.text.contains(hint), "{path}: {}", refused.text);
    }
    let wanted = |id: &str| json!({ "id": id, "name": "orders" });
    let make = async |at: &str, id: &str| stage.send("post", &format!("{at}/clients"), Some(&wanted(id))).await;
    assert_eq!(make("/servers/is7", "a").await.status, 201);
    assert_eq!(make(TENANT, "a").await.status, 201, "kept apart by tenant");
    stage.send("put", "/servers/is7/consumer-keys", Some(&json!({ "unique": true }))).await;
    assert_eq!(make("/servers/is7", "b").await.status, 201);
    let refused = make(TENANT, "b").await;
    assert!(refused.status == 409 && refused.text.contains("carbon.super"), "{}", refused.text);
}
