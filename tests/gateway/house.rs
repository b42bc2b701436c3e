//! A platform with one tenant, a backend and a client that trusts both, for the tests of this folder.
//! What a client then sees is for them to say.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use kmspec_mocks::{
    backend::EchoBackend, certificates::CertificateAuthority, realm::Clock, server::AuthorizationServer,
    vendors::Vendor,
};
use kmspec_platform::{Data, Platform, PlatformConfig, TenantSpec, Tls, UserSpec};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

pub(crate) const TENANT: &str = "t.example";
pub(crate) const ADMIN: &str = "admin@t.example";
pub(crate) const PASSWORD: &str = "secret";
pub(crate) const ALL_SCOPES: &str = "apim:admin apim:api_create apim:api_publish apim:api_view apim:api_manage apim:subscribe \
                          apim:app_manage apim:sub_manage openid";

/// A platform with one tenant, a backend and a client that trusts both.
pub(crate) struct House {
    pub(crate) platform: Platform,
    pub(crate) certificates: Arc<CertificateAuthority>,
    pub(crate) backend: EchoBackend,
    pub(crate) http: Client,
    pub(crate) clock: Clock,
    pub(crate) token: String,
}

/// An answer as a client sees it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) challenge: Option<String>,
    pub(crate) body: Value,
}

impl House {
    pub(crate) async fn build() -> Self {
        Self::build_with(Data::Memory).await
    }

    pub(crate) async fn build_with(data: Data) -> Self {
        let certificates = Arc::new(CertificateAuthority::new("test").unwrap());
        let identity = certificates.issue(&["localhost", "127.0.0.1"]).unwrap();
        let tls = Tls { chain_pem: identity.chain_pem.clone(), key_pem: identity.key_pem.clone() };
        let config = PlatformConfig { data, ..PlatformConfig::loopback(tls, vec![certificates.ca_pem().to_owned()]) };
        let platform = Platform::start(config).await.unwrap();
        let clock = Clock::system();
        let administrator = UserSpec { name: "admin".into(), password: PASSWORD.into(), roles: vec![] };
        let user = |name: &str, role: &str| UserSpec {
            name: name.into(),
            password: PASSWORD.into(),
            roles: vec![role.into()],
        };
        let users = vec![user("dora", "Internal/subscriber"), user("pat", "Internal/publisher")];
        let spec =
            TenantSpec { domain: TENANT.into(), administrator, users, roles: vec![], clock: Some(clock.clone()) };
        platform.create_tenant(spec).await.unwrap();
        let ca = reqwest::Certificate::from_pem(certificates.ca_pem().as_bytes()).unwrap();
        let http = Client::builder().tls_certs_only([ca]).no_proxy().build().unwrap();
        let backend = EchoBackend::start(None).await.unwrap();
        let mut house = Self { platform, certificates, backend, http, clock, token: String::new() };
        house.token = house.plane_token(ADMIN, ALL_SCOPES).await["access_token"].as_str().unwrap().to_owned();
        house
    }

    pub(crate) fn management(&self, path: &str) -> String {
        format!("{}{path}", self.platform.management_url())
    }

    pub(crate) async fn register(&self, user: &str, password: &str, name: &str) -> Response {
        let body = json!({"clientName": name, "callbackUrl": "https://cb.example.test", "owner": user, "saasApp": true,
                          "grantType": "password refresh_token client_credentials"});
        let url = self.management("/client-registration/v0.17/register");
        self.http.post(url).basic_auth(user, Some(password)).json(&body).send().await.unwrap()
    }

    pub(crate) async fn client(&self, user: &str) -> (String, String) {
        let client: Value = self.register(user, PASSWORD, "rest_client").await.json().await.unwrap();
        (client["clientId"].as_str().unwrap().to_owned(), client["clientSecret"].as_str().unwrap().to_owned())
    }

    /// A user's token for the planes; the request is JSON, as the product's own clients send it.
    pub(crate) async fn plane_token(&self, user: &str, scope: &str) -> Value {
        let (id, secret) = self.client(user).await;
        let body = json!({"grant_type": "password", "username": user, "password": PASSWORD, "scope": scope});
        let answer = self.http.post(self.management("/oauth2/token")).basic_auth(id, Some(secret)).json(&body);
        answer.send().await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn token(&self, form: &[(&str, &str)], client: (&str, &str)) -> (u16, Value) {
        let url = self.management("/oauth2/token");
        let answer = self.http.post(url).basic_auth(client.0, Some(client.1)).form(form).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// A call to a plane that must succeed.
    pub(crate) async fn plane(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let mut call = self.http.request(method, self.management(&format!("/api/am{path}"))).bearer_auth(&self.token);
        if let Some(body) = body {
            call = call.json(&body);
        }
        let answer = call.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    pub(crate) async fn key_manager(&self, name: &str, server: &AuthorizationServer, change: Value) -> Value {
        let endpoints = server.endpoints();
        let mut body = json!({
            "name": name, "displayName": name, "type": "custom", "enabled": true, "issuer": server.issuer(),
            "tokenEndpoint": endpoints.token, "introspectionEndpoint": endpoints.introspection,
            "certificates": {"type": "JWKS", "value": endpoints.jwks},
            "enableMapOAuthConsumerApps": true, "enableOAuthAppCreation": false, "enableTokenGeneration": false,
            "enableSelfValidationJWT": true, "enableProvisionedAppValidation": false,
            "additionalProperties": {}, "consumerKeyClaim": "azp", "scopesClaim": "scope",
        });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        self.plane(Method::POST, "/admin/v4/key-managers", Some(body)).await
    }

    /// Creates, publishes and deploys an API; its path at the gateway.
    pub(crate) async fn api(&self, name: &str, change: Value) -> Api {
        let mut body = json!({
            "name": name, "context": format!("/{name}"), "version": "1.0", "policies": ["Unlimited"],
            "endpointConfig": {"endpoint_type": "http", "production_endpoints": {"url": self.backend.base_url()}},
            "operations": [{"target": "/*", "verb": "GET"}, {"target": "/open", "verb": "GET", "authType": "None"}],
        });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let api = self.plane(Method::POST, "/publisher/v4/apis", Some(body)).await;
        let id = api["id"].as_str().unwrap().to_owned();
        let publish = format!("/publisher/v4/apis/change-lifecycle?action=Publish&apiId={id}");
        self.plane(Method::POST, &publish, None).await;
        self.deploy(&id).await;
        Api { id, path: format!("/t/{TENANT}/{name}/1.0") }
    }

    pub(crate) async fn deploy(&self, id: &str) {
        let revision = self.plane(Method::POST, &format!("/publisher/v4/apis/{id}/revisions"), Some(json!({}))).await;
        let revision = revision["id"].as_str().unwrap();
        let path = format!("/publisher/v4/apis/{id}/deploy-revision?revisionId={revision}");
        self.plane(Method::POST, &path, Some(json!([{"name": "Default", "displayOnDevportal": true}]))).await;
    }

    pub(crate) async fn application(&self, name: &str) -> String {
        let body = json!({"name": name, "throttlingPolicy": "Unlimited"});
        let application = self.plane(Method::POST, "/devportal/v3/applications", Some(body)).await;
        application["applicationId"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn subscribe(&self, application: &str, api: &Api) {
        let body = json!({"applicationId": application, "apiId": api.id, "throttlingPolicy": "Unlimited"});
        self.plane(Method::POST, "/devportal/v3/subscriptions", Some(body)).await;
    }

    pub(crate) async fn map(&self, application: &str, consumer_key: &str, key_manager: &Value) {
        let body = json!({"consumerKey": consumer_key, "keyType": "PRODUCTION", "keyManager": key_manager["name"]});
        self.plane(Method::POST, &format!("/devportal/v3/applications/{application}/map-keys"), Some(body)).await;
    }

    pub(crate) async fn call(&self, path: &str, headers: &[(&str, &str)]) -> Seen {
        let mut call = self.http.get(format!("{}{path}", self.platform.gateway_url()));
        for (name, value) in headers {
            call = call.header(*name, *value);
        }
        seen(call.send().await.unwrap()).await
    }

    pub(crate) async fn with_token(&self, path: &str, token: &str) -> Seen {
        self.call(path, &[("authorization", &format!("Bearer {token}"))]).await
    }

    /// Calls until the status is the wanted one: changes reach the gateway as events.
    pub(crate) async fn until(&self, status: u16, path: &str, token: &str) -> Seen {
        let deadline = Instant::now() + Duration::from_secs(8);
        loop {
            let seen = self.with_token(path, token).await;
            if seen.status == status {
                return seen;
            }
            assert!(Instant::now() < deadline, "wanted {status}, last saw {seen:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn server(&self) -> AuthorizationServer {
        let builder = AuthorizationServer::builder(Vendor::Custom).certificates(self.certificates.clone());
        builder.clock(self.clock.clone()).recording(true).start().await.unwrap()
    }

    pub(crate) async fn close(self) {
        assert_eq!(self.platform.panics(), Vec::<String>::new());
        self.platform.stop().await;
    }
}

pub(crate) struct Api {
    pub(crate) id: String,
    pub(crate) path: String,
}

pub(crate) async fn seen(answer: Response) -> Seen {
    let challenge = answer.headers().get("www-authenticate").map(|value| value.to_str().unwrap().to_owned());
    Seen { status: answer.status().as_u16(), challenge, body: answer.json().await.unwrap_or(Value::Null) }
}
