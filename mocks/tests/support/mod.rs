//! What the tests of the mock servers share: a server, a client that trusts it, and requests in one line.
//! The tests themselves stand beside this folder, a file per subject.
#![allow(dead_code, unreachable_pub, reason = "every test file uses another part of it")]

pub mod browser;

use std::sync::{Arc, LazyLock};

use kmspec_mocks::{
    certificates::{CertificateAuthority, TlsIdentity},
    realm::{Client, ClientSpec, Clock, UserSpec},
    server::AuthorizationServer,
    vendors::Vendor,
};
use reqwest::{Method, Response, header::HeaderMap};
use serde_json::Value;

pub static AUTHORITY: LazyLock<Arc<CertificateAuthority>> =
    LazyLock::new(|| Arc::new(CertificateAuthority::new("kmspec tests").unwrap()));

pub struct Stage {
    pub server: AuthorizationServer,
    pub http: reqwest::Client,
    pub client: Client,
}

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub fn error(&self) -> (u16, String) {
        (self.status, self.json()["error"].as_str().unwrap_or_default().to_owned())
    }

    pub fn member(&self, name: &str) -> String {
        let json = self.json();
        json[name].as_str().unwrap_or_else(|| panic!("no {name} in {json}")).to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A server of that vendor with a client `orders`, the scopes `read` and `write`, and the user `ann`.
pub async fn stage(vendor: Vendor) -> Stage {
    stage_with(vendor, ClientSpec::new("orders")).await
}

pub async fn stage_with(vendor: Vendor, client: ClientSpec) -> Stage {
    let server = AuthorizationServer::builder(vendor)
        .certificates(AUTHORITY.clone())
        .clock(Clock::system())
        .start()
        .await
        .unwrap();
    let realm = server.realm();
    for scope in ["read", "write"] {
        realm.register_scope(scope);
    }
    realm.add_user(UserSpec::new("ann", "ann's secret").claim("email", "ann@example.com"));
    let client = realm.add_client(client);
    Stage { server, http: http(), client }
}

pub fn http() -> reqwest::Client {
    let authority = reqwest::Certificate::from_pem(AUTHORITY.ca_pem().as_bytes()).unwrap();
    reqwest::Client::builder().tls_certs_only([authority]).redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// One that shows this certificate.
pub fn http_with(identity: &TlsIdentity) -> reqwest::Client {
    let pem = format!("{}{}", identity.chain_pem, identity.key_pem);
    reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(AUTHORITY.ca_pem().as_bytes()).unwrap()])
        .identity(reqwest::Identity::from_pem(pem.as_bytes()).unwrap())
        .build()
        .unwrap()
}

pub async fn answer(response: Response) -> Answer {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, text: response.text().await.unwrap() }
}

impl Stage {
    pub async fn get(&self, url: &str) -> Answer {
        answer(self.http.get(url).send().await.unwrap()).await
    }

    /// A form posted with the credentials of `orders` in a Basic header.
    pub async fn post(&self, url: &str, form: &[(&str, &str)]) -> Answer {
        let secret = self.client.secret.as_deref().unwrap();
        answer(self.http.post(url).basic_auth(&self.client.id, Some(secret)).form(form).send().await.unwrap()).await
    }

    /// A form posted without any credentials but those in it.
    pub async fn post_bare(&self, url: &str, form: &[(&str, &str)]) -> Answer {
        answer(self.http.post(url).form(form).send().await.unwrap()).await
    }

    pub async fn token(&self, form: &[(&str, &str)]) -> Answer {
        self.post(&self.server.endpoints().token, form).await
    }

    /// Tokens for ann, by her password.
    pub async fn password(&self, scope: &str) -> Answer {
        self.token(&[("grant_type", "password"), ("username", "ann"), ("password", "ann's secret"), ("scope", scope)])
            .await
    }

    pub async fn introspect(&self, token: &str) -> Value {
        let url = self.server.endpoints().introspection.clone().unwrap();
        let answer = self.post(&url, &[("token", token)]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    pub async fn revoke(&self, token: &str) -> Answer {
        let url = self.server.endpoints().revocation.clone().unwrap();
        self.post(&url, &[("token", token)]).await
    }

    /// A JSON request as administrator of the server.
    pub async fn admin(&self, method: Method, url: &str, body: Option<Value>) -> Answer {
        let mut request = self.http.request(method, url).basic_auth("admin", Some("admin"));
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request.send().await.unwrap()).await
    }

    /// Header and claims of a JWT, verified with what the server publishes now.
    pub async fn verified(&self, token: &str) -> Result<(Value, Value), String> {
        use jsonwebtoken::{DecodingKey, Validation, jwk::JwkSet};
        let set: JwkSet = serde_json::from_value(self.get(&self.server.endpoints().jwks).await.json()).unwrap();
        let header = jsonwebtoken::decode_header(token).map_err(|error| error.to_string())?;
        let key = set.find(header.kid.as_deref().unwrap_or_default()).ok_or("the key is not published")?;
        let mut rules = Validation::new(header.alg);
        rules.set_issuer(&[self.server.issuer()]);
        rules.validate_aud = false;
        let decoded = jsonwebtoken::decode::<Value>(token, &DecodingKey::from_jwk(key).unwrap(), &rules)
            .map_err(|error| error.to_string())?;
        Ok((serde_json::to_value(decoded.header).unwrap(), decoded.claims))
    }
}
