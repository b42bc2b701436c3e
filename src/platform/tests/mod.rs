//! The control plane from outside, over HTTPS: what the planes answer, and what must not have changed after a refusal.
//! Tokens of the management planes are spelled out here, so that these tests do not need the resident key manager.

mod admin;
mod api_members;
mod api_scopes;
mod api_visibility;
mod assertions;
mod connector_certificate;
mod consumer_secrets;
mod contract;
mod credentials;
mod definitions;
mod deployment;
mod devportal;
mod ended_tokens;
mod headers;
mod host_lists;
mod hostile;
mod internal_data;
mod lifecycle;
mod limits;
mod logins;
mod mapped_clients;
mod measured;
mod mutual_tls;
mod nested_lists;
mod no_key_set;
mod one_time_tokens;
mod opaque;
mod operation_policies;
mod operations;
mod organizations;
mod policies;
mod publisher;
mod revocations;
mod scope_interface;
mod secrets;
mod sharing;
mod tenant_events;
mod tenants;
mod told;

use std::sync::Arc;

use kmspec_mocks::{certificates::CertificateAuthority, realm::Clock};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::{
    Data, Deployment, Platform, PlatformConfig, TenantSpec, Tls, UserSpec,
    plane_tokens::{PlaneCaller, VerifyPlaneToken},
};

/// A token that says who it is: `user|tenant|scope scope`.
struct Spelled;

impl VerifyPlaneToken for Spelled {
    fn verify(&self, bearer: &str) -> Option<PlaneCaller> {
        let mut parts = bearer.split('|');
        let (user, tenant, scopes) = (parts.next()?, parts.next()?, parts.next()?);
        let scopes = scopes.split(' ').map(str::to_owned).collect();
        Some(PlaneCaller { user: user.to_owned(), tenant: tenant.to_owned(), scopes })
    }
}

const ADMIN: &str = "/api/am/admin/v4";
const DEVPORTAL: &str = "/api/am/devportal/v3";
const PUBLISHER: &str = "/api/am/publisher/v4";
const EVERYTHING: &str = "apim:admin apim:subscribe apim:app_manage apim:sub_manage apim:api_view apim:api_create \
                          apim:api_publish apim:api_delete apim:shared_scope_manage apim:store_settings";

/// A platform with the tenants `one.com` and `two.com`, each with `dora` (subscriber) and `otto` (subscriber, staff).
struct Stage {
    platform: Platform,
    client: Client,
    /// A client that follows no redirects.
    window: Client,
}

/// Status and body of an answer.
#[derive(Debug)]
struct Answer {
    status: u16,
    body: Value,
}

impl Answer {
    /// Status and product code, to be compared with those of a table.
    fn verdict(&self) -> (u16, i64) {
        (self.status, self.body["code"].as_i64().unwrap_or(0))
    }

    fn text(&self, member: &str) -> String {
        self.body[member].as_str().unwrap_or_else(|| panic!("no text `{member}` in {:?}", self.body)).to_owned()
    }
}

impl Stage {
    async fn open() -> Self {
        Self::open_on(Data::Memory).await
    }

    /// A stage whose administrator has configured it by this file.
    async fn configured(text: &str) -> Self {
        let (deployment, _) = Deployment::parse(text).unwrap_or_else(|error| panic!("{error}"));
        Self::open_with(Data::Memory, |config| config.deployment = deployment).await
    }

    async fn open_on(data: Data) -> Self {
        Self::open_with(data, |_| ()).await
    }

    /// A stage with other settings than the usual ones.
    async fn open_with(data: Data, settle: impl FnOnce(&mut PlatformConfig)) -> Self {
        Self::open_reading(Some(Arc::new(Spelled)), data, settle).await
    }

    /// The same where the planes' tokens are read by another, or by the resident key manager.
    async fn open_reading(
        plane_tokens: Option<Arc<dyn VerifyPlaneToken>>,
        data: Data,
        settle: impl FnOnce(&mut PlatformConfig),
    ) -> Self {
        let authority = CertificateAuthority::new("test of the platform").unwrap();
        let identity = authority.issue(&["localhost", "127.0.0.1"]).unwrap();
        let tls = Tls { chain_pem: identity.chain_pem.clone(), key_pem: identity.key_pem.clone() };
        let mut config = PlatformConfig::loopback(tls, vec![authority.ca_pem().to_owned()]);
        let fresh = match &data {
            Data::File(path) => !path.exists(),
            Data::Memory => true,
        };
        config.data = data;
        settle(&mut config);
        let platform = Platform::start_with(config, plane_tokens).await.unwrap();
        let trusted = reqwest::Certificate::from_pem(authority.ca_pem().as_bytes()).unwrap();
        let builder = || Client::builder().tls_certs_only([trusted.clone()]).no_proxy();
        let client = builder().build().unwrap();
        let window = builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        if fresh {
            for domain in ["one.com", "two.com"] {
                platform.create_tenant(tenant(domain)).await.unwrap();
            }
        }
        Self { platform, client, window }
    }

    /// A call as `user` of a tenant, with all scopes.
    async fn call(&self, user: &str, tenant: &str, method: Method, path: &str, body: Value) -> Answer {
        self.with_scopes(&format!("{user}|{tenant}|{EVERYTHING}"), method, path, body).await
    }

    /// A call as the administrator of `one.com`.
    async fn admin(&self, method: Method, path: &str, body: Value) -> Answer {
        self.call("admin", "one.com", method, &format!("{ADMIN}{path}"), body).await
    }

    /// A call as dora of `one.com`.
    async fn dora(&self, method: Method, path: &str, body: Value) -> Answer {
        self.call("dora", "one.com", method, &format!("{DEVPORTAL}{path}"), body).await
    }

    async fn with_scopes(&self, token: &str, method: Method, path: &str, body: Value) -> Answer {
        let mut request = self.client.request(method, format!("{}{path}", self.platform.management_url()));
        request = request.bearer_auth(token);
        if !body.is_null() {
            request = request.json(&body);
        }
        Self::answer(request).await
    }

    async fn answer(request: reqwest::RequestBuilder) -> Answer {
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.json().await.unwrap_or(Value::Null);
        Answer { status, body }
    }

    /// Registers a key manager that must be accepted; its id.
    async fn key_manager(&self, document: Value) -> String {
        let created = self.admin(Method::POST, "/key-managers", document).await;
        assert_eq!(created.status, 201, "{:?}", created.body);
        created.text("id")
    }

    /// Creates an application of dora's; its id.
    async fn application(&self, name: &str) -> String {
        let body = json!({"name": name, "throttlingPolicy": "Unlimited"});
        let created = self.dora(Method::POST, "/applications", body).await;
        assert_eq!(created.status, 201, "{:?}", created.body);
        created.text("applicationId")
    }

    /// Nothing may have panicked in any test.
    async fn close(self) {
        assert_eq!(self.platform.panics(), Vec::<String>::new());
        self.platform.stop().await;
    }
}

fn tenant(domain: &str) -> TenantSpec {
    let user = |name: &str, roles: &[&str]| UserSpec {
        name: name.into(),
        password: format!("{name}-secret"),
        roles: roles.iter().map(ToString::to_string).collect(),
    };
    TenantSpec {
        domain: domain.into(),
        administrator: user("admin", &[]),
        users: vec![user("dora", &["Internal/subscriber"]), user("otto", &["Internal/subscriber", "staff"])],
        roles: vec![],
        clock: Some(Clock::system()),
    }
}

/// A custom key manager for out-of-band provisioning.
fn custom(name: &str) -> Value {
    json!({
        "name": name,
        "displayName": name,
        "type": "custom",
        "issuer": format!("https://{name}.example"),
        "tokenEndpoint": format!("https://{name}.example/token"),
        "enableMapOAuthConsumerApps": true,
        "enableProvisionedAppValidation": false,
    })
}

/// A key manager of type WSO2-IS-7 whose server is at `base`.
fn is7(name: &str, base: &str) -> Value {
    json!({
        "name": name,
        "type": "WSO2-IS-7",
        "issuer": format!("{base}/{name}"),
        "tokenEndpoint": format!("{base}/token"),
        "introspectionEndpoint": format!("{base}/introspect"),
        "revokeEndpoint": format!("{base}/revoke"),
        "clientRegistrationEndpoint": format!("{base}/register"),
        "enableOAuthAppCreation": true,
        "enableTokenGeneration": true,
        "enableMapOAuthConsumerApps": true,
        "additionalProperties": {
            "api_resource_management_endpoint": format!("{base}/api-resources"),
            "is7_roles_endpoint": format!("{base}/roles"),
            "Username": "admin",
            "Password": "is7-password",
        },
    })
}

/// The document with some members replaced, or taken away where the value is `null`.
fn with(mut document: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(document.as_object_mut().unwrap().remove(name)),
            value => document[name.as_str()] = value.clone(),
        }
    }
    document
}
