//! Applications of one tenant at the APIs and key managers of another (TEN-02 to TEN-10).
//! Whether tenants may do that at all is configured.

use std::time::{Duration, Instant};

use super::{credentials::Open, *};

const ALLOWED: &str = "[apim.devportal]\nenable_cross_tenant_subscriptions = true";

/// An API of `one.com`, and an application of dora's of `two.com`.
struct Neighbours {
    open: Open,
    application: String,
}

impl Neighbours {
    async fn meet(text: &str) -> Self {
        let open = Open::on(Stage::configured(text).await, &["oauth2"]).await;
        let body = json!({"name": "visitor", "throttlingPolicy": "Unlimited"});
        let path = format!("{DEVPORTAL}/applications");
        let made = open.stage.call("dora", "two.com", Method::POST, &path, body).await;
        Self { application: made.text("applicationId"), open }
    }

    /// A call of the visitor's in the portal of a tenant.
    async fn visit(&self, addressed: &str, method: Method, path: &str, body: Value) -> Answer {
        let stage = &self.open.stage;
        let url = format!("{}{DEVPORTAL}{path}", stage.platform.management_url());
        let mut request = stage.client.request(method, url).bearer_auth(format!("dora|two.com|{EVERYTHING}"));
        request = request.header("X-WSO2-Tenant", addressed);
        Stage::answer(if body.is_null() { request } else { request.json(&body) }).await
    }

    async fn subscribe(&self, addressed: &str) -> Answer {
        let order = json!({"applicationId": self.application, "apiId": self.open.api, "throttlingPolicy": "Unlimited"});
        self.visit(addressed, Method::POST, "/subscriptions", order).await
    }

    /// Id of a tenant's resident key manager.
    async fn resident(&self, tenant: &str) -> String {
        let list = self.visit(tenant, Method::GET, "/key-managers", Value::Null).await;
        list.body["list"][0]["id"].as_str().unwrap().to_owned()
    }

    async fn keys(&self, key_manager: &str, kind: &str) -> Answer {
        let order =
            json!({"keyType": kind, "keyManager": key_manager, "grantTypesToBeSupported": ["client_credentials"]});
        let path = format!("/applications/{}/generate-keys", self.application);
        self.visit("one.com", Method::POST, &path, order).await
    }
}

fn token(keys: &Answer) -> String {
    format!("Bearer {}", keys.body["token"]["accessToken"].as_str().unwrap())
}

#[tokio::test]
async fn an_application_calls_an_api_of_another_tenant_with_keys_of_that_tenants_key_manager_alone() {
    let near = Neighbours::meet(ALLOWED).await;
    let subscribed = near.subscribe("one.com").await;
    assert_eq!(subscribed.status, 201, "{:?}", subscribed.body);
    let there = near.keys(&near.resident("one.com").await, "PRODUCTION").await;
    assert_eq!(there.status, 200, "{:?}", there.body);
    let here = near.keys("Resident Key Manager", "PRODUCTION").await;
    assert_eq!(here.status, 200, "the name is that of the own one: {:?}", here.body);
    near.open.until(200, "Authorization", &token(&there)).await;
    let told = near.open.backend.requests().pop().unwrap();
    assert_eq!(told.header("x-jwt-assertion").count(), 1);
    let (status, code) = near.open.with("Authorization", &token(&here)).await;
    assert_eq!((status, code.as_str()), (401, "900901"));

    // Blocked by the provider, whose business the subscription is.
    let stage = &near.open.stage;
    let list = stage.call("admin", "one.com", Method::GET, &format!("{PUBLISHER}/subscriptions"), Value::Null).await;
    assert_eq!(list.body["count"], 2, "{:?}", list.body);
    let id = subscribed.text("subscriptionId");
    let path = format!("{PUBLISHER}/subscriptions/block-subscription?blockState=BLOCKED&subscriptionId={id}");
    let scopes = format!("admin|two.com|{EVERYTHING} apim:subscription_block");
    assert_eq!(stage.with_scopes(&scopes, Method::POST, &path, Value::Null).await.status, 404);
    let scopes = format!("admin|one.com|{EVERYTHING} apim:subscription_block");
    assert_eq!(stage.with_scopes(&scopes, Method::POST, &path, Value::Null).await.status, 200);
    near.open.until(401, "Authorization", &token(&there)).await;
    near.open.stage.close().await;
}

#[tokio::test]
async fn keys_and_subscriptions_are_listed_in_the_portal_of_their_tenant() {
    let near = Neighbours::meet(ALLOWED).await;
    assert_eq!(near.subscribe("one.com").await.status, 201);
    let there = near.keys(&near.resident("one.com").await, "PRODUCTION").await;
    let here = near.keys("Resident Key Manager", "PRODUCTION").await;
    let application = format!("/applications/{}", near.application);
    for (addressed, keys, subscriptions) in [("one.com", &there, 1), ("two.com", &here, 0)] {
        let list = near.visit(addressed, Method::GET, &format!("{application}/oauth-keys"), Value::Null).await;
        let ids: Vec<_> = list.body["list"].as_array().unwrap().iter().map(|one| &one["keyMappingId"]).collect();
        assert_eq!(ids, [&keys.body["keyMappingId"]], "{addressed}");
        let path = format!("/subscriptions?applicationId={}", near.application);
        let list = near.visit(addressed, Method::GET, &path, Value::Null).await;
        assert_eq!(list.body["count"], subscriptions, "{addressed}");
        let shown = near.visit(addressed, Method::GET, &application, Value::Null).await;
        assert_eq!(shown.body["subscriptionCount"], subscriptions, "{addressed}");
    }
    assert_eq!(near.visit("unheard.com", Method::GET, &application, Value::Null).await.verdict(), (400, 901300));
    // Every act on the key reaches the client where it lives.
    let key = format!("{application}/oauth-keys/{}", there.text("keyMappingId"));
    let order = json!({"consumerSecret": there.text("consumerSecret"), "scopes": ["a"]});
    assert_eq!(near.visit("two.com", Method::POST, &format!("{key}/generate-token"), order).await.status, 200);
    let changed = json!({"supportedGrantTypes": ["password"]});
    let changed = near.visit("two.com", Method::PUT, &key, changed).await;
    assert_eq!((changed.status, &changed.body["supportedGrantTypes"]), (200, &json!(["password"])));
    assert_eq!(near.visit("two.com", Method::DELETE, &key, Value::Null).await.status, 200);
    let stage = &near.open.stage;
    let url = format!("{}/t/one.com/oauth2/token", stage.platform.management_url());
    let login = stage.client.post(url).basic_auth(there.text("consumerKey"), Some(there.text("consumerSecret")));
    assert_eq!(Stage::answer(login.form(&[("grant_type", "client_credentials")])).await.status, 401);
    near.open.stage.close().await;
}

#[tokio::test]
async fn a_key_manager_in_use_by_another_tenant_stays() {
    let near = Neighbours::meet(ALLOWED).await;
    let stage = &near.open.stage;
    let id = stage.key_manager(custom("far")).await;
    let map = json!({"consumerKey": "ck", "keyType": "PRODUCTION", "keyManager": id});
    let path = format!("/applications/{}/map-keys", near.application);
    assert_eq!(near.visit("one.com", Method::POST, &path, map.clone()).await.status, 200);
    let own = stage.application("own").await;
    let taken = stage.dora(Method::POST, &format!("/applications/{own}/map-keys"), map).await;
    assert_eq!(taken.verdict(), (409, 901409), "a client is one application's, whichever tenant it is in");
    let path = format!("/key-managers/{id}");
    assert_eq!(stage.admin(Method::DELETE, &path, Value::Null).await.verdict(), (412, 902015));
    assert_eq!(
        near.visit("two.com", Method::DELETE, &format!("/applications/{}", near.application), Value::Null).await.status,
        200
    );
    assert_eq!(stage.admin(Method::DELETE, &path, Value::Null).await.status, 200);
    near.open.stage.close().await;
}

#[tokio::test]
async fn without_being_told_so_tenants_keep_to_themselves() {
    let near = Neighbours::meet("").await;
    assert_eq!(near.subscribe("one.com").await.status, 403);
    assert_eq!(near.subscribe("two.com").await.status, 404, "the API is none of the own tenant");
    let foreign = near.resident("one.com").await;
    assert_eq!(near.keys(&foreign, "PRODUCTION").await.verdict(), (400, 901403));
    near.open.stage.close().await;
}

#[tokio::test]
async fn an_api_is_open_to_the_tenants_that_it_names() {
    let near = Neighbours::meet(ALLOWED).await;
    let stage = &near.open.stage;
    let path = format!("{PUBLISHER}/apis/{}", near.open.api);
    for (availability, status) in [
        (json!({"subscriptionAvailability": "CURRENT_TENANT"}), 403),
        (json!({"subscriptionAvailability": "SPECIFIC_TENANTS", "subscriptionAvailableTenants": ["three.com"]}), 403),
        (json!({"subscriptionAvailability": "SPECIFIC_TENANTS", "subscriptionAvailableTenants": ["two.com"]}), 201),
    ] {
        let document = stage.call("admin", "one.com", Method::GET, &path, Value::Null).await.body;
        let changed = stage.call("admin", "one.com", Method::PUT, &path, with(document, availability.clone())).await;
        assert_eq!(changed.status, 200, "{:?}", changed.body);
        assert_eq!(near.subscribe("one.com").await.status, status, "{availability}");
    }
    near.open.stage.close().await;
}

#[tokio::test]
async fn what_is_shared_between_tenants_survives_a_restart_and_goes_with_the_tenant() {
    let folder = tempfile::tempdir().unwrap();
    let data = Data::File(folder.path().join("platform.db"));
    let settle = |config: &mut PlatformConfig| config.deployment = Deployment::parse(ALLOWED).unwrap().0;
    let open = Open::on(Stage::open_with(data.clone(), settle).await, &["oauth2"]).await;
    let path = format!("{DEVPORTAL}/applications");
    let body = json!({"name": "visitor", "throttlingPolicy": "Unlimited"});
    let application = open.stage.call("dora", "two.com", Method::POST, &path, body).await.text("applicationId");
    let near = Neighbours { open, application };
    near.subscribe("one.com").await;
    let there = near.keys(&near.resident("one.com").await, "PRODUCTION").await;
    near.open.until(200, "Authorization", &token(&there)).await;
    let Neighbours { open: Open { stage, backend, .. }, .. } = near;
    stage.close().await;
    let stage = Stage::open_with(data, settle).await;
    let url = format!("{}/t/one.com/oauth2/token", stage.platform.management_url());
    let request = stage.client.post(url).basic_auth(there.text("consumerKey"), Some(there.text("consumerSecret")));
    let fresh = Stage::answer(request.form(&[("grant_type", "client_credentials")])).await.text("access_token");
    let call = async || {
        let url = format!("{}/t/one.com/orders/1.0/items", stage.platform.gateway_url());
        Stage::answer(stage.client.get(url).bearer_auth(&fresh)).await.status
    };
    assert_eq!(call().await, 200);
    stage.platform.remove_tenant("two.com").await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(8);
    while call().await != 403 {
        assert!(Instant::now() < deadline, "the subscription outlived its tenant");
        tokio::task::yield_now().await;
    }
    let url = format!("{}/t/one.com/oauth2/token", stage.platform.management_url());
    let request = stage.client.post(url).basic_auth(there.text("consumerKey"), Some(there.text("consumerSecret")));
    let after = Stage::answer(request.form(&[("grant_type", "client_credentials")])).await;
    assert_eq!(after.status, 401, "no client is left behind");
    drop(backend);
    stage.close().await;
}
