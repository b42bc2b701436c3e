//! A platform with one tenant, and the calls that the tests make.
//! What is expected of the answers is left to the tests.

use std::{sync::Arc, time::Duration};

use kmspec_mocks::{
    certificates::CertificateAuthority,
    journal::{Endpoint, JournalEntry},
    realm::Client as Registered,
    server::AuthorizationServer,
    vendors::Vendor,
};
use kmspec_platform::{Platform, PlatformConfig, TenantSpec, Tls, UserSpec};
use reqwest::{Client, ClientBuilder, Method};
use serde_json::{Value, json};

const TENANT: &str = "t.example";
const PASSWORD: &str = "secret";
const SCOPES: &str = "apim:admin apim:subscribe apim:app_manage apim:sub_manage apim:api_view apim:api_create apim:api_publish \
                      apim:api_delete apim:shared_scope_manage";
/// The platform waits this long for an authorization server.
pub(crate) const LIMIT: Duration = Duration::from_millis(700);

/// A platform with one tenant, and what it takes to talk to it and to run servers that it trusts.
pub(crate) struct House {
    pub(crate) platform: Platform,
    certificates: Arc<CertificateAuthority>,
    pub(crate) http: Client,
    pub(crate) token: String,
}

pub(crate) type Answer = (u16, Value);

/// Status and product code.
pub(crate) fn verdict(answer: &Answer) -> (u16, i64) {
    (answer.0, answer.1["code"].as_i64().unwrap_or(0))
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

fn trusting(certificates: &CertificateAuthority) -> ClientBuilder {
    let ca = reqwest::Certificate::from_pem(certificates.ca_pem().as_bytes()).unwrap();
    Client::builder().tls_certs_only([ca]).no_proxy()
}

impl House {
    pub(crate) async fn build() -> Self {
        let certificates = Arc::new(CertificateAuthority::new("test").unwrap());
        let identity = certificates.issue(&["localhost", "127.0.0.1"]).unwrap();
        let tls = Tls { chain_pem: identity.chain_pem.clone(), key_pem: identity.key_pem.clone() };
        let usual = PlatformConfig::loopback(tls, vec![certificates.ca_pem().to_owned()]);
        let config = PlatformConfig { call_timeout: LIMIT, connect_timeout: LIMIT, ..usual };
        let platform = Platform::start(config).await.unwrap();
        let user = |name: &str, roles: &[&str]| UserSpec {
            name: name.into(),
            password: PASSWORD.into(),
            roles: roles.iter().map(ToString::to_string).collect(),
        };
        let administrator = user("admin", &[]);
        let spec = TenantSpec { domain: TENANT.into(), administrator, users: vec![], roles: vec![], clock: None };
        platform.create_tenant(spec).await.unwrap();
        let http = trusting(&certificates).build().unwrap();
        let mut house = Self { platform, certificates, http, token: String::new() };
        house.token = house.sign_in().await;
        house
    }

    /// For another client that trusts the platform.
    pub(crate) fn client_builder(&self) -> ClientBuilder {
        trusting(&self.certificates)
    }

    pub(crate) async fn sign_in(&self) -> String {
        let base = self.platform.management_url();
        let admin = format!("admin@{TENANT}");
        let body = json!({"clientName": "rest", "callbackUrl": "https://cb.example.test", "owner": admin, "saasApp": true,
                          "grantType": "password refresh_token client_credentials"});
        let register = self.http.post(format!("{base}/client-registration/v0.17/register"));
        let client: Value =
            register.basic_auth(&admin, Some(PASSWORD)).json(&body).send().await.unwrap().json().await.unwrap();
        let form = [("grant_type", "password"), ("username", &admin), ("password", PASSWORD), ("scope", SCOPES)];
        let token = self.http.post(format!("{base}/oauth2/token")).form(&form);
        let token = token.basic_auth(text(&client["clientId"]), Some(text(&client["clientSecret"])));
        let token: Value = token.send().await.unwrap().json().await.unwrap();
        text(&token["access_token"])
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Value) -> Answer {
        let url = format!("{}/api/am{path}", self.platform.management_url());
        let mut call = self.http.request(method, url).bearer_auth(&self.token);
        if !body.is_null() {
            call = call.json(&body);
        }
        let answer = call.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }

    pub(crate) async fn server(&self, vendor: Vendor) -> AuthorizationServer {
        AuthorizationServer::builder(vendor).certificates(self.certificates.clone()).start().await.unwrap()
    }

    /// Registers a key manager; `base` stands in the place of the server's own address.
    pub(crate) async fn key_manager(
        &self,
        kind: &str,
        server: &AuthorizationServer,
        base: &str,
        properties: Value,
    ) -> Value {
        let endpoints = server.endpoints();
        let moved = |url: &str| url.replace(server.base_url(), base);
        let optional = |url: &Option<String>| url.as_deref().map(moved);
        let document = json!({
            "name": kind, "displayName": kind, "type": kind, "issuer": server.issuer(), "tokenEndpoint": moved(&endpoints.token),
            "introspectionEndpoint": optional(&endpoints.introspection), "revokeEndpoint": optional(&endpoints.revocation),
            "clientRegistrationEndpoint": optional(&endpoints.registration),
            "certificates": {"type": "JWKS", "value": endpoints.jwks},
            "enableOAuthAppCreation": true, "enableTokenGeneration": true, "enableMapOAuthConsumerApps": true,
            "additionalProperties": properties,
        });
        let (status, created) = self.call(Method::POST, "/admin/v4/key-managers", document).await;
        assert_eq!(status, 201, "{created}");
        created
    }

    pub(crate) async fn is7(&self, server: &AuthorizationServer, base: &str, password: &str) -> Value {
        let properties = json!({
            "api_resource_management_endpoint": format!("{base}/api-resources"), "is7_roles_endpoint": format!("{base}/roles"),
            "Authentication": "BasicAuth", "Username": "admin", "Password": password,
        });
        self.key_manager("WSO2-IS-7", server, base, properties).await
    }

    /// The same with its scopes and roles where the server has them.
    pub(crate) async fn is7_with_scopes(&self, server: &AuthorizationServer, base: &str, more: Value) -> Value {
        let mut properties = json!({
            "api_resource_management_endpoint": format!("{base}/api/server/v1/api-resources"),
            "is7_roles_endpoint": format!("{base}/scim2/v2/Roles"), "enable_roles_creation": true,
            "Authentication": "BasicAuth", "Username": "admin", "Password": "admin",
        });
        properties.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.key_manager("WSO2-IS-7", server, base, properties).await
    }

    pub(crate) async fn application(&self) -> String {
        let body = json!({"name": "orders", "throttlingPolicy": "Unlimited"});
        let (status, created) = self.call(Method::POST, "/devportal/v3/applications", body).await;
        assert_eq!(status, 201, "{created}");
        text(&created["applicationId"])
    }

    pub(crate) async fn generate(&self, application: &str, key_manager: &Value, more: Value) -> Answer {
        let mut body = json!({"keyType": "PRODUCTION", "keyManager": key_manager["id"],
            "grantTypesToBeSupported": ["client_credentials"]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.call(Method::POST, &format!("/devportal/v3/applications/{application}/generate-keys"), body).await
    }

    pub(crate) async fn map(
        &self,
        application: &str,
        key_manager: &Value,
        consumer_key: &str,
        secret: Value,
    ) -> Answer {
        let body = json!({"consumerKey": consumer_key, "consumerSecret": secret, "keyType": "PRODUCTION",
            "keyManager": key_manager["id"]});
        self.call(Method::POST, &format!("/devportal/v3/applications/{application}/map-keys"), body).await
    }

    pub(crate) async fn keys(&self, application: &str) -> u64 {
        let (_, list) =
            self.call(Method::GET, &format!("/devportal/v3/applications/{application}/oauth-keys"), Value::Null).await;
        list["count"].as_u64().unwrap_or_else(|| panic!("{list}"))
    }

    pub(crate) async fn close(self) {
        assert_eq!(self.platform.panics(), Vec::<String>::new());
        self.platform.stop().await;
    }
}

pub(crate) fn key_path(application: &str, key: &Value) -> String {
    format!("/devportal/v3/applications/{application}/oauth-keys/{}", text(&key["keyMappingId"]))
}

/// What reached client registration, as method and body.
pub(crate) async fn registrations(server: &AuthorizationServer) -> Vec<JournalEntry> {
    server.journal().await.of(Endpoint::Registration).cloned().collect()
}

pub(crate) fn body(entry: &JournalEntry) -> Value {
    serde_json::from_str(&entry.body).unwrap()
}

/// Clients by their name; a mock has none of its own.
pub(crate) fn clients(server: &AuthorizationServer) -> Vec<Registered> {
    server.realm().clients()
}

pub(crate) const BASIC_ADMIN: &str = "Basic YWRtaW46YWRtaW4=";
