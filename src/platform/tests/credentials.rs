//! Credentials that are no access tokens, at the gateway: API keys, internal keys, users' passwords.
//! And what a backend is told of whoever called.

use std::time::{Duration, Instant};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kmspec_mocks::backend::EchoBackend;
use reqwest::RequestBuilder;

use super::*;

/// A published API of `one.com` that takes these kinds of credentials, and an application of dora's that may call it.
pub(super) struct Open {
    pub(super) stage: Stage,
    pub(super) backend: EchoBackend,
    pub(super) api: String,
    pub(super) application: String,
}

impl Open {
    pub(super) async fn to(schemes: &[&str]) -> Self {
        Self::on(Stage::open().await, schemes).await
    }

    pub(super) async fn on(stage: Stage, schemes: &[&str]) -> Self {
        let backend = EchoBackend::start(None).await.unwrap();
        let document = json!({
            "name": "orders", "context": "/orders", "version": "1.0", "policies": ["Unlimited"],
            "subscriptionAvailability": "ALL_TENANTS",
            "securityScheme": schemes,
            "endpointConfig": {"endpoint_type": "http", "production_endpoints": {"url": backend.base_url()}},
            "scopes": [{"scope": {"name": "audit", "bindings": ["staff"]}}],
            "operations": [{"target": "/items", "verb": "GET"}, {"target": "/audit", "verb": "GET", "scopes": ["audit"]}],
        });
        let publisher = async |path: &str, body: Value| {
            let answer = stage.call("admin", "one.com", Method::POST, &format!("{PUBLISHER}{path}"), body).await;
            assert!((200..300).contains(&answer.status), "{path}: {answer:?}");
            answer.body["id"].as_str().unwrap_or_default().to_owned()
        };
        let api = publisher("/apis", document).await;
        let revision = publisher(&format!("/apis/{api}/revisions"), json!({})).await;
        let deployment = format!("/apis/{api}/deploy-revision?revisionId={revision}");
        publisher(&deployment, json!([{"name": "Default", "displayOnDevportal": true}])).await;
        publisher(&format!("/apis/change-lifecycle?action=Publish&apiId={api}"), Value::Null).await;
        let application = stage.application("app").await;
        let order = json!({"applicationId": application, "apiId": api, "throttlingPolicy": "Unlimited"});
        assert_eq!(stage.dora(Method::POST, "/subscriptions", order).await.status, 201);
        Self { stage, backend, api, application }
    }

    fn keys(&self) -> String {
        format!("/applications/{}/api-keys/PRODUCTION", self.application)
    }

    async fn api_key(&self, order: Value) -> String {
        let made = self.stage.dora(Method::POST, &format!("{}/generate", self.keys()), order).await;
        assert_eq!(made.status, 200, "{made:?}");
        made.text("apikey")
    }

    pub(super) async fn call(
        &self,
        resource: &str,
        present: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> (u16, String) {
        let url = format!("{}/t/one.com/orders/1.0{resource}", self.stage.platform.gateway_url());
        let answer = Stage::answer(present(self.stage.client.get(url))).await;
        (answer.status, answer.body["code"].as_str().unwrap_or_default().to_owned())
    }

    pub(super) async fn with(&self, header: &str, value: &str) -> (u16, String) {
        self.call("/items", |request| request.header(header, value)).await
    }

    /// Calls until the status is the wanted one: changes reach the gateway as events.
    pub(super) async fn until(&self, status: u16, header: &str, value: &str) {
        let deadline = Instant::now() + Duration::from_secs(8);
        loop {
            let seen = self.with(header, value).await;
            if seen.0 == status {
                return;
            }
            assert!(Instant::now() < deadline, "wanted {status}, last saw {seen:?}");
            tokio::task::yield_now().await;
        }
    }
}

pub(super) fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn an_api_key_opens_the_apis_of_its_application_until_it_is_revoked() {
    let open = Open::to(&["oauth2", "api_key"]).await;
    let key = open.api_key(json!({"keyName": "mine", "validityPeriod": 3600})).await;
    open.until(200, "ApiKey", &key).await;
    assert!(open.backend.requests().iter().all(|seen| seen.header("apikey").count() == 0), "it goes no further");

    assert_eq!(open.with("ApiKey", "nonsense").await, refused(401, "900901"));
    assert_eq!(open.with("ApiKey", &key[..key.len() - 4]).await, refused(401, "900901"));
    assert_eq!(open.with("Authorization", &format!("Bearer {key}")).await, refused(401, "900901"));
    assert_eq!(open.with("Internal-Key", &key).await, refused(401, "900901"));

    let stranger = open.stage.application("stranger").await;
    let path = format!("/applications/{stranger}/api-keys/PRODUCTION/generate");
    let other = open.stage.dora(Method::POST, &path, json!({"keyName": "other"})).await.text("apikey");
    assert_eq!(open.with("ApiKey", &other).await, refused(403, "900908"));

    let list = open.stage.dora(Method::GET, &open.keys(), Value::Null).await.body;
    assert_eq!((list["count"].as_u64(), list["list"][0]["keyName"].as_str()), (Some(1), Some("mine")));
    assert!(!list.to_string().contains(&key), "the text is shown once");
    let revoke =
        async |body: Value| open.stage.dora(Method::POST, &format!("{}/revoke", open.keys()), body).await.status;
    assert_eq!(revoke(json!({"keyUUID": list["list"][0]["keyUUID"], "apikey": key})).await, 400);
    assert_eq!(revoke(json!({"keyUUID": list["list"][0]["keyUUID"]})).await, 200);
    open.until(401, "ApiKey", &key).await;
    assert_eq!(revoke(json!({"apikey": key})).await, 404, "it is gone");
    open.stage.close().await;
}

#[tokio::test]
async fn an_api_key_counts_only_from_where_it_may_be_sent() {
    let open = Open::to(&["api_key"]).await;
    let restricted = json!({"permittedIP": "10.0.0.0/8", "permittedReferer": "www.a.test/*"});
    let key = open.api_key(json!({"keyName": "near", "additionalProperties": restricted})).await;
    let from = async |address: &str, page: &str| {
        let present = |request: RequestBuilder| {
            request.header("ApiKey", &key).header("X-Forwarded-For", address).header("Referer", page)
        };
        open.call("/items", present).await.0
    };
    let deadline = Instant::now() + Duration::from_secs(8);
    while from("10.1.2.3", "www.a.test/x").await != 200 {
        assert!(Instant::now() < deadline, "the key never counted");
    }
    assert_eq!(from("11.1.2.3", "www.a.test/x").await, 403);
    assert_eq!(from("10.1.2.3", "www.b.test/x").await, 403);
    for wrong in [json!({"permittedIP": "ten"}), json!({"permittedIP": 10})] {
        let order = json!({"keyName": "odd", "additionalProperties": wrong});
        let answer = open.stage.dora(Method::POST, &format!("{}/generate", open.keys()), order).await;
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    open.stage.close().await;
}

#[tokio::test]
async fn an_internal_key_opens_its_own_api_whatever_the_api_takes() {
    let open = Open::to(&["basic_auth"]).await;
    let generate = async |scopes: &str| {
        let token = format!("admin|one.com|{scopes}");
        let path = format!("{PUBLISHER}/apis/{}/generate-key", open.api);
        open.stage.with_scopes(&token, Method::POST, &path, Value::Null).await
    };
    assert_eq!(generate("apim:api_view").await.status, 401);
    let key = generate("apim:api_generate_key").await.text("apikey");
    open.until(200, "Internal-Key", &key).await;
    assert_eq!(open.with("ApiKey", &key).await, refused(401, "900902"), "it takes no API keys");
    open.stage.close().await;
}

#[tokio::test]
async fn a_users_password_opens_an_api_that_takes_it_with_the_users_roles() {
    let open = Open::to(&["basic_auth"]).await;
    let deadline = Instant::now() + Duration::from_secs(8);
    let asks = async |user: &str, password: &str, resource: &str| {
        open.call(resource, |request| request.basic_auth(user, Some(password))).await
    };
    while asks("dora@one.com", "dora-secret", "/items").await.0 != 200 {
        assert!(Instant::now() < deadline, "the API was never served");
    }
    assert_eq!(asks("dora@one.com", "wrong", "/items").await, refused(401, "900901"));
    assert_eq!(asks("nobody@one.com", "wrong", "/items").await, refused(401, "900901"));
    assert_eq!(asks("dora@two.com", "dora-secret", "/items").await, refused(403, "900908"));
    assert_eq!(asks("dora", "dora-secret", "/items").await, refused(403, "900908"));
    assert_eq!(asks("dora@one.com", "dora-secret", "/audit").await, refused(403, "900910"));
    assert_eq!(asks("otto@one.com", "otto-secret", "/audit").await.0, 200);
    assert_eq!(open.with("Authorization", "Bearer a.b.c").await, refused(401, "900902"));
    open.stage.close().await;
}

#[tokio::test]
async fn a_backend_is_told_who_calls_by_the_gateway_and_by_nobody_else() {
    let open = Open::to(&["oauth2", "api_key"]).await;
    let key = open.api_key(json!({"keyName": "mine"})).await;
    open.until(200, "ApiKey", &key).await;
    open.backend.clear();
    let present = |request: RequestBuilder| request.header("ApiKey", &key).header("X-JWT-Assertion", "a.b.c");
    assert_eq!(open.call("/items", present).await.0, 200);
    let request = open.backend.requests().remove(0);
    let told: Vec<String> = request.header("x-jwt-assertion").map(str::to_owned).collect();
    let [token] = told.as_slice() else { panic!("one assertion, not {told:?}") };
    let parts: Vec<Value> =
        token.split('.').take(2).map(|part| serde_json::from_slice(&STANDARD.decode(part).unwrap()).unwrap()).collect();
    assert_eq!(parts[0]["alg"], "RS256");
    let claim = |name: &str| parts[1][format!("http://wso2.org/claims/{name}")].clone();
    assert_eq!((claim("keytype"), claim("applicationname")), (json!("PRODUCTION"), json!("app")));
    assert_eq!((claim("apiname"), claim("version")), (json!("orders"), json!("1.0")));
    assert_eq!(claim("subscriber"), json!("dora@one.com"));
    open.stage.close().await;
}
