//! The gateway and the resident key manager from outside: over HTTPS, with mock authorization servers behind them.
//! Single rules of validation are tested in their room; here is what a client sees.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use kmspec::platform::{Data, Platform, PlatformConfig, TenantSpec, Tls, UserSpec};
use kmspec_mocks::{
    backend::EchoBackend,
    certificates::CertificateAuthority,
    journal::Endpoint,
    realm::{ClientSpec, Clock, TokenFormat},
    server::AuthorizationServer,
    vendors::Vendor,
};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

const TENANT: &str = "t.example";
const ADMIN: &str = "admin@t.example";
const PASSWORD: &str = "secret";
const ALL_SCOPES: &str = "apim:admin apim:api_create apim:api_publish apim:api_view apim:api_manage apim:subscribe \
                          apim:app_manage apim:sub_manage openid";

/// A platform with one tenant, a backend and a client that trusts both.
struct House {
    platform: Platform,
    certificates: Arc<CertificateAuthority>,
    backend: EchoBackend,
    http: Client,
    clock: Clock,
    token: String,
}

/// An answer as a client sees it.
#[derive(Debug)]
struct Seen {
    status: u16,
    challenge: Option<String>,
    body: Value,
}

impl House {
    async fn build() -> Self {
        Self::build_with(Data::Memory).await
    }

    async fn build_with(data: Data) -> Self {
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

    fn management(&self, path: &str) -> String {
        format!("{}{path}", self.platform.management_url())
    }

    async fn register(&self, user: &str, password: &str, name: &str) -> Response {
        let body = json!({"clientName": name, "callbackUrl": "https://cb.example.test", "owner": user, "saasApp": true,
                          "grantType": "password refresh_token client_credentials"});
        let url = self.management("/client-registration/v0.17/register");
        self.http.post(url).basic_auth(user, Some(password)).json(&body).send().await.unwrap()
    }

    async fn client(&self, user: &str) -> (String, String) {
        let client: Value = self.register(user, PASSWORD, "rest_client").await.json().await.unwrap();
        (client["clientId"].as_str().unwrap().to_owned(), client["clientSecret"].as_str().unwrap().to_owned())
    }

    /// A user's token for the planes; the request is JSON, as the product's own clients send it.
    async fn plane_token(&self, user: &str, scope: &str) -> Value {
        let (id, secret) = self.client(user).await;
        let body = json!({"grant_type": "password", "username": user, "password": PASSWORD, "scope": scope});
        let answer = self.http.post(self.management("/oauth2/token")).basic_auth(id, Some(secret)).json(&body);
        answer.send().await.unwrap().json().await.unwrap()
    }

    async fn token(&self, form: &[(&str, &str)], client: (&str, &str)) -> (u16, Value) {
        let url = self.management("/oauth2/token");
        let answer = self.http.post(url).basic_auth(client.0, Some(client.1)).form(form).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// A call to a plane that must succeed.
    async fn plane(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let mut call = self.http.request(method, self.management(&format!("/api/am{path}"))).bearer_auth(&self.token);
        if let Some(body) = body {
            call = call.json(&body);
        }
        let answer = call.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    async fn key_manager(&self, name: &str, server: &AuthorizationServer, change: Value) -> Value {
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
    async fn api(&self, name: &str, change: Value) -> Api {
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

    async fn deploy(&self, id: &str) {
        let revision = self.plane(Method::POST, &format!("/publisher/v4/apis/{id}/revisions"), Some(json!({}))).await;
        let revision = revision["id"].as_str().unwrap();
        let path = format!("/publisher/v4/apis/{id}/deploy-revision?revisionId={revision}");
        self.plane(Method::POST, &path, Some(json!([{"name": "Default", "displayOnDevportal": true}]))).await;
    }

    async fn application(&self, name: &str) -> String {
        let body = json!({"name": name, "throttlingPolicy": "Unlimited"});
        let application = self.plane(Method::POST, "/devportal/v3/applications", Some(body)).await;
        application["applicationId"].as_str().unwrap().to_owned()
    }

    async fn subscribe(&self, application: &str, api: &Api) {
        let body = json!({"applicationId": application, "apiId": api.id, "throttlingPolicy": "Unlimited"});
        self.plane(Method::POST, "/devportal/v3/subscriptions", Some(body)).await;
    }

    async fn map(&self, application: &str, consumer_key: &str, key_manager: &Value) {
        let body = json!({"consumerKey": consumer_key, "keyType": "PRODUCTION", "keyManager": key_manager["name"]});
        self.plane(Method::POST, &format!("/devportal/v3/applications/{application}/map-keys"), Some(body)).await;
    }

    async fn call(&self, path: &str, headers: &[(&str, &str)]) -> Seen {
        let mut call = self.http.get(format!("{}{path}", self.platform.gateway_url()));
        for (name, value) in headers {
            call = call.header(*name, *value);
        }
        seen(call.send().await.unwrap()).await
    }

    async fn with_token(&self, path: &str, token: &str) -> Seen {
        self.call(path, &[("authorization", &format!("Bearer {token}"))]).await
    }

    /// Calls until the status is the wanted one: changes reach the gateway as events.
    async fn until(&self, status: u16, path: &str, token: &str) -> Seen {
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

    async fn server(&self) -> AuthorizationServer {
        let builder = AuthorizationServer::builder(Vendor::Custom).certificates(self.certificates.clone());
        builder.clock(self.clock.clone()).recording(true).start().await.unwrap()
    }

    async fn close(self) {
        assert_eq!(self.platform.panics(), Vec::<String>::new());
        self.platform.stop().await;
    }
}

struct Api {
    id: String,
    path: String,
}

async fn seen(answer: Response) -> Seen {
    let challenge = answer.headers().get("www-authenticate").map(|value| value.to_str().unwrap().to_owned());
    Seen { status: answer.status().as_u16(), challenge, body: answer.json().await.unwrap_or(Value::Null) }
}

#[tokio::test]
async fn a_token_of_a_third_party_key_manager_passes_and_wrong_ones_are_refused_alike() {
    let house = House::build().await;
    let server = house.server().await;
    let other = house.server().await;
    let key_manager = house.key_manager("first", &server, json!({})).await;
    let api = house.api("orders", json!({})).await;
    let application = house.application("app").await;
    house.subscribe(&application, &api).await;
    house.map(&application, "client-1", &key_manager).await;
    let path = format!("{}/items", api.path);
    let forge = server.forge();
    let good = forge.token("client-1", "alice").encode();
    let passed = house.until(200, &path, &good).await;
    assert_eq!(passed.body["path"], "/items");
    assert_eq!(house.with_token(&path, &good).await.status, 200, "from the cache as well");
    let before = house.backend.count();
    for (what, token) in [
        ("expired", forge.token("client-1", "alice").expires_in(-1).encode()),
        ("flipped", forge.token("client-1", "alice").flipped_signature().encode()),
        ("unsigned", forge.token("client-1", "alice").unsigned("none").encode()),
        ("early", forge.token("client-1", "alice").not_before_in(60).encode()),
        ("foreign issuer", other.forge().token("client-1", "alice").encode()),
        ("borrowed issuer", other.forge().token("client-1", "alice").claim("iss", server.issuer()).encode()),
        ("duplicate", forge.token("client-1", "alice").duplicate_claim("sub", "bob").encode()),
        ("no token", "abc".to_owned()),
        ("one dot", "a.b".to_owned()),
    ] {
        let refused = house.with_token(&path, &token).await;
        assert_eq!((refused.status, refused.body["code"].as_str()), (401, Some("900901")), "{what}");
        let description = "Invalid Credentials. Make sure you have provided the correct security credentials";
        assert_eq!(refused.body["description"], description, "{what}");
        assert!(refused.challenge.unwrap().starts_with("Bearer realm="), "{what}");
    }
    let missing = house.call(&path, &[]).await;
    assert_eq!((missing.status, missing.body["code"].as_str()), (401, Some("900902")));
    assert!(!missing.challenge.unwrap().contains("error"));
    let twice = house.call(&path, &[("authorization", &format!("Bearer {good}")), ("authorization", "Bearer x")]).await;
    assert_eq!(twice.status, 400);
    let unknown_client = house.with_token(&path, &forge.token("client-2", "alice").encode()).await;
    assert_eq!((unknown_client.status, unknown_client.body["code"].as_str()), (403, Some("900908")));
    assert_eq!(house.backend.count(), before, "nothing refused reaches the backend");
    house.close().await;
}

#[tokio::test]
async fn a_call_reaches_the_backend_without_its_credentials() {
    let house = House::build().await;
    let server = house.server().await;
    let key_manager = house.key_manager("first", &server, json!({})).await;
    let api = house.api("orders", json!({})).await;
    let application = house.application("app").await;
    house.subscribe(&application, &api).await;
    house.map(&application, "client-1", &key_manager).await;
    let token = server.forge().token("client-1", "alice").encode();
    house.until(200, &api.path, &token).await;
    house.backend.clear();
    let bearer = format!("bearer {token}");
    let path = format!("{}/a/b?x=1%202", api.path);
    let headers = [("authorization", bearer.as_str()), ("x-jwt-assertion", "mine"), ("x-request-id", "7")];
    assert_eq!(house.call(&path, &headers).await.status, 200);
    let request = house.backend.requests().remove(0);
    assert_eq!((request.path.as_str(), request.query.as_deref()), ("/a/b", Some("x=1%202")));
    assert_eq!(request.header("authorization").count(), 0);
    let told: Vec<_> = request.header("x-jwt-assertion").collect();
    assert!(told.len() == 1 && told[0] != "mine", "the gateway's own assertion alone: {told:?}");
    assert_eq!(request.header("x-request-id").collect::<Vec<_>>(), ["7"]);
    assert_eq!(house.call(&format!("{}/open", api.path), &[]).await.status, 200, "an open operation needs nothing");
    for path in [format!("{}/../orders/1.0/open", api.path), format!("/t/{TENANT}/none/1.0/a"), "/t/none/a".to_owned()]
    {
        let url = format!("{}{}", house.platform.gateway_url(), path.replace("..", "%2e%2e%2f"));
        assert_eq!(house.http.get(url).send().await.unwrap().status(), 404, "{path}");
    }
    house.close().await;
}

#[tokio::test]
async fn an_api_takes_tokens_of_its_own_key_managers_with_its_scopes_and_audiences() {
    let house = House::build().await;
    let (first, second) = (house.server().await, house.server().await);
    let one = house.key_manager("first", &first, json!({})).await;
    let two = house.key_manager("second", &second, json!({})).await;
    let change = json!({
        "keyManagers": ["first"], "audiences": ["aud-1"],
        "scopes": [{"scope": {"name": "read"}}, {"scope": {"name": "write"}}],
        "operations": [{"target": "/free", "verb": "GET"}, {"target": "/bound", "verb": "GET", "scopes": ["read", "write"]}],
    });
    let api = house.api("orders", change).await;
    let application = house.application("app").await;
    house.subscribe(&application, &api).await;
    house.map(&application, "client-1", &one).await;
    house.map(&application, "client-2", &two).await;
    let (free, bound) = (format!("{}/free", api.path), format!("{}/bound", api.path));
    let token = first.forge().token("client-1", "alice").claim("aud", json!(["x", "aud-1"]));
    house.until(200, &free, &token.clone().encode()).await;
    let code = async |path: &str, token: String| {
        let seen = house.with_token(path, &token).await;
        (seen.status, seen.body["code"].as_str().unwrap_or_default().to_owned())
    };
    let refused = |status: u16, code: &str| (status, code.to_owned());
    let foreign = second.forge().token("client-2", "alice").claim("aud", "aud-1").encode();
    assert_eq!(code(&free, foreign).await, refused(401, "900901"));
    assert_eq!(code(&bound, token.clone().encode()).await, refused(403, "900910"));
    assert_eq!(code(&bound, token.clone().scope("readonly").encode()).await, refused(403, "900910"));
    assert_eq!(code(&bound, token.clone().scope("x write").encode()).await.0, 200);
    assert_eq!(code(&free, token.clone().claim("aud", "other").encode()).await, refused(403, "900914"));
    assert_eq!(code(&format!("{}/none", api.path), token.encode()).await, refused(403, "900906"));
    house.close().await;
}

#[tokio::test]
async fn keys_follow_the_issuer_and_good_tokens_outlive_its_key_endpoint() {
    let house = House::build().await;
    let server = house.server().await;
    let key_manager = house.key_manager("first", &server, json!({})).await;
    let api = house.api("orders", json!({})).await;
    let application = house.application("app").await;
    house.subscribe(&application, &api).await;
    house.map(&application, "client-1", &key_manager).await;
    let token = || server.forge().token("client-1", "alice").encode();
    let old = token();
    house.until(200, &api.path, &old).await;
    let old_key = server.realm().keys().published().remove(0);
    server.realm().keys().rotate();
    assert_eq!(house.with_token(&api.path, &token()).await.status, 200, "the first token of a new key works");
    let before = server.journal().await.count(Endpoint::Jwks);
    for n in 0..50 {
        let unknown = server.forge().token("client-1", "alice").header("kid", format!("k{n}")).encode();
        assert_eq!(house.with_token(&api.path, &unknown).await.status, 401);
    }
    let fetched = server.journal().await.count(Endpoint::Jwks) - before;
    assert!(fetched <= 3, "50 unknown keys led to {fetched} fetches");
    server.realm().keys().withdraw(&old_key);
    house.until(401, &api.path, &old).await;
    assert_eq!(house.with_token(&api.path, &token()).await.status, 200);
    let kept = token();
    drop(server);
    assert_eq!(house.with_token(&api.path, &kept).await.status, 200, "the keys stay when they cannot be fetched");
    house.close().await;
}

#[tokio::test]
async fn an_opaque_token_is_introspected_at_the_key_manager_that_it_looks_like() {
    let house = House::build().await;
    let (first, second) = (house.server().await, house.server().await);
    let resource = |server: &AuthorizationServer| {
        let client = server.realm().add_client(ClientSpec::new("gateway"));
        json!({"client_id": client.id, "client_secret": client.secret})
    };
    let rules = json!([{"id": 1, "enable": true, "type": "CUSTOM", "value": "prefix:ops_"}]);
    // One that generates tokens is not out-of-band, so it may be asked.
    let open = json!({"additionalProperties": resource(&first), "enableTokenGeneration": true});
    let ruled =
        json!({"additionalProperties": resource(&second), "tokenValidation": rules, "enableTokenGeneration": true});
    let one = house.key_manager("first", &first, open).await;
    house.key_manager("second", &second, ruled).await;
    let api = house.api("orders", json!({})).await;
    let application = house.application("app").await;
    house.subscribe(&application, &api).await;
    let client = first.realm().add_client(ClientSpec::new("app").token_format(TokenFormat::Opaque));
    house.map(&application, &client.id, &one).await;
    let form = [("grant_type", "client_credentials")];
    let token: Value = house
        .http
        .post(&first.endpoints().token)
        .basic_auth(&client.id, client.secret.clone())
        .form(&form)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let token = token["access_token"].as_str().unwrap();
    house.until(200, &api.path, token).await;
    let asked = async |server: &AuthorizationServer| server.journal().await.count(Endpoint::Introspection);
    let before = asked(&first).await;
    assert_eq!(house.with_token(&api.path, token).await.status, 200);
    assert_eq!((asked(&first).await, asked(&second).await), (before, 0), "a second call asks nobody");
    assert_eq!(house.with_token(&api.path, "ops_1").await.status, 401);
    assert_eq!((asked(&first).await, asked(&second).await), (before, 1), "rules decide who is asked");
    first.realm().revoke(token, None);
    house.clock.advance(Duration::from_secs(16));
    assert_eq!(house.with_token(&api.path, token).await.status, 401, "the answer is not used for ever");
    drop(first);
    assert_eq!(house.with_token(&api.path, "another").await.status, 401, "nobody to ask is nobody to trust");
    house.close().await;
}

#[tokio::test]
async fn resident_tokens_pass_until_they_are_revoked_or_the_resident_key_manager_is_disabled() {
    let house = House::build().await;
    let api = house.api("orders", json!({})).await;
    let application = house.application("app").await;
    house.subscribe(&application, &api).await;
    let generate = json!({"keyType": "PRODUCTION", "grantTypesToBeSupported": ["client_credentials", "password"],
                          "keyManager": "Resident Key Manager"});
    let path = format!("/devportal/v3/applications/{application}/generate-keys");
    let keys = house.plane(Method::POST, &path, Some(generate)).await;
    let client = (keys["consumerKey"].as_str().unwrap(), keys["consumerSecret"].as_str().unwrap());
    let form = [("grant_type", "client_credentials"), ("scope", "PRODUCTION")];
    let (status, first) = house.token(&form, client).await;
    assert_eq!((status, first["scope"].as_str()), (200, Some("PRODUCTION")));
    let first = first["access_token"].as_str().unwrap();
    let (header, claims) = kmspec_mocks::realm::jwt::read(first).unwrap();
    assert_eq!((header["typ"].as_str(), claims["aud"].as_str()), (Some("at+jwt"), Some(client.0)));
    let base = house.management(&format!("/t/{TENANT}/oauth2"));
    let jwks: Value = house.http.get(format!("{base}/jwks")).send().await.unwrap().json().await.unwrap();
    assert_eq!((&jwks["keys"][0]["kid"], &jwks["keys"][0]["x5t"]), (&header["kid"], &header["x5t"]));
    let discovery = format!("{base}/token/.well-known/openid-configuration");
    let discovery: Value = house.http.get(discovery).send().await.unwrap().json().await.unwrap();
    assert_eq!(discovery["issuer"], claims["iss"]);
    house.until(200, &api.path, first).await;
    let revoke = house.http.post(house.management("/oauth2/revoke")).basic_auth(client.0, Some(client.1));
    assert_eq!(revoke.form(&[("token", first)]).send().await.unwrap().status(), 200);
    house.until(401, &api.path, first).await;
    let introspect = house.http.post(format!("{base}/introspect")).basic_auth(ADMIN, Some(PASSWORD));
    let told: Value = introspect.form(&[("token", first)]).send().await.unwrap().json().await.unwrap();
    assert_eq!(told, json!({"active": false}));

    let second = house.token(&form, client).await.1["access_token"].as_str().unwrap().to_owned();
    assert_eq!(house.with_token(&api.path, &second).await.status, 200);
    let form = [("grant_type", "password"), ("username", ADMIN), ("password", PASSWORD), ("scope", "openid")];
    let (_, login) = house.token(&form, client).await;
    assert_eq!(house.with_token(&api.path, login["id_token"].as_str().unwrap()).await.status, 401);
    assert_eq!(house.with_token(&api.path, login["access_token"].as_str().unwrap()).await.status, 200);
    let (status, wrong) = house.token(&[("grant_type", "client_credentials")], (client.0, "wrong")).await;
    assert_eq!((status, wrong["error_description"].as_str()), (401, Some("Client credentials are invalid.")));

    let list = house.plane(Method::GET, "/admin/v4/key-managers", None).await;
    let id = list["list"][0]["id"].as_str().unwrap();
    let mut resident = house.plane(Method::GET, &format!("/admin/v4/key-managers/{id}"), None).await;
    resident["enabled"] = json!(false);
    house.plane(Method::PUT, &format!("/admin/v4/key-managers/{id}"), Some(resident)).await;
    house.until(401, &api.path, &second).await;
    house.close().await;
}

#[tokio::test]
async fn plane_scopes_follow_roles_and_wrong_passwords_get_no_client() {
    let house = House::build().await;
    let scopes = "apim:admin apim:subscribe apim:api_publish";
    let granted = house.plane_token("dora@t.example", scopes).await;
    assert_eq!(granted["scope"], "apim:subscribe");
    assert_eq!(house.plane_token("pat@t.example", scopes).await["scope"], "apim:api_publish");
    assert_eq!(house.register(ADMIN, "wrong", "x").await.status(), 401);
    assert_eq!(house.client(ADMIN).await, house.client(ADMIN).await, "registering again gives the same client");
    let answer = house.http.get(house.management("/api/am/admin/v4/key-managers"));
    let answer = answer.bearer_auth(granted["access_token"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    house.close().await;
}

#[tokio::test]
async fn tokens_keys_and_revocations_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let data = Data::File(folder.path().join("platform.db"));
    let house = House::build_with(data.clone()).await;
    let port: u16 = house.platform.management_url().rsplit(':').next().unwrap().parse().unwrap();
    let (id, secret) = house.client(ADMIN).await;
    let form = [("grant_type", "client_credentials")];
    let token =
        async |house: &House| house.token(&form, (&id, &secret)).await.1["access_token"].as_str().unwrap().to_owned();
    let (kept, revoked) = (token(&house).await, token(&house).await);
    let revoke = house.http.post(house.management("/oauth2/revoke")).basic_auth(&id, Some(&secret));
    assert_eq!(revoke.form(&[("token", &revoked)]).send().await.unwrap().status(), 200);
    let House { platform, certificates, backend, http, clock, token: _ } = house;
    platform.stop().await;
    let identity = certificates.issue(&["localhost"]).unwrap();
    let tls = Tls { chain_pem: identity.chain_pem.clone(), key_pem: identity.key_pem.clone() };
    let management = ([127, 0, 0, 1], port).into();
    let config =
        PlatformConfig { management, data, ..PlatformConfig::loopback(tls, vec![certificates.ca_pem().to_owned()]) };
    let platform = Platform::start(config).await.unwrap();
    let house = House { platform, certificates, backend, http, clock, token: String::new() };
    let url = house.management(&format!("/t/{TENANT}/oauth2/introspect"));
    for (token, active) in [(&kept, true), (&revoked, false)] {
        let call = house.http.post(&url).basic_auth(ADMIN, Some(PASSWORD)).form(&[("token", token)]);
        let told: Value = call.send().await.unwrap().json().await.unwrap();
        assert_eq!(told["active"], active);
    }
    house.close().await;
}

/// A notice as an authorization server sends it.
async fn notify(house: &House, mut notice: Value) {
    notice["tenantDomain"] = json!(TENANT);
    let call = house.http.post(house.management("/internal/data/v1/notify")).basic_auth("admin", Some("admin"));
    let answer = call.header("X-WSO2-KEY-MANAGER", "WSO2-IS").json(&notice).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{notice}");
}

#[tokio::test]
async fn revocation_notices_end_tokens_by_id_by_signature_by_text_and_by_client() {
    let house = House::build().await;
    let server = house.server().await;
    let resource = server.realm().add_client(ClientSpec::new("gateway"));
    let properties = json!({"client_id": resource.id, "client_secret": resource.secret});
    let change = json!({"additionalProperties": properties, "enableTokenGeneration": true});
    let one = house.key_manager("first", &server, change).await;
    let api = house.api("orders", json!({})).await;
    let application = house.application("app").await;
    house.subscribe(&application, &api).await;
    let client = server.realm().add_client(ClientSpec::new("app").token_format(TokenFormat::Opaque));
    house.map(&application, &client.id, &one).await;
    let opaque = async || {
        let form = [("grant_type", "client_credentials")];
        let call = house.http.post(&server.endpoints().token).basic_auth(&client.id, client.secret.clone());
        let token: Value = call.form(&form).send().await.unwrap().json().await.unwrap();
        token["access_token"].as_str().unwrap().to_owned()
    };
    let ends = json!(u64::MAX / 2);
    let revoke = async |name: &str| {
        notify(&house, json!({"type": "token_revocation", "accessToken": name, "expiryTime": ends})).await;
    };
    let forge = server.forge();
    let kept = forge.token(&client.id, "alice").encode();
    let named = forge.token(&client.id, "alice").claim("jti", "by-id").encode();
    let nameless = forge.token(&client.id, "alice").without_claim("jti").encode();
    let text = opaque().await;
    for token in [&kept, &named, &nameless, &text] {
        house.until(200, &api.path, token).await;
    }
    revoke("by-id").await;
    house.until(401, &api.path, &named).await;
    revoke(nameless.rsplit_once('.').unwrap().1).await;
    house.until(401, &api.path, &nameless).await;
    revoke(&text).await;
    house.until(401, &api.path, &text).await;
    assert_eq!(house.with_token(&api.path, &kept).await.status, 200, "the others are untouched");
    let moment = (house.clock.now() + 1) * 1000;
    let notice = json!({"type": "consumer_app_revocation_event", "consumerKey": client.id, "revocationTime": moment});
    notify(&house, notice).await;
    house.until(401, &api.path, &kept).await;
    house.clock.advance(Duration::from_secs(5));
    let later = server.forge().token(&client.id, "alice").encode();
    assert_eq!(house.with_token(&api.path, &later).await.status, 200, "what is issued after it counts");
    house.clock.advance(Duration::from_secs(86_400));
    assert_eq!(
        house.with_token(&api.path, &later).await.status,
        401,
        "a token that passed before expires as any other"
    );
    house.close().await;
}

#[tokio::test]
async fn what_changes_about_an_api_or_a_key_manager_bites_on_tokens_that_passed_before() {
    let house = House::build().await;
    let (server, other) = (house.server().await, house.server().await);
    let one = house.key_manager("first", &server, json!({})).await;
    let rules = json!([{"id": 1, "enable": true, "type": "JWT", "value": {"body": {"sub": ".+"}}}]);
    let asking = json!({"enableSelfValidationJWT": false, "tokenValidation": rules});
    house.key_manager("second", &other, asking).await;
    let operations = json!([{"target": "/*", "verb": "GET"},
                            {"target": "/apps", "verb": "GET", "authType": "Application"},
                            {"target": "/users", "verb": "GET", "authType": "Application User"}]);
    let api = house.api("orders", json!({"operations": operations})).await;
    let application = house.application("app").await;
    house.subscribe(&application, &api).await;
    house.map(&application, "client-1", &one).await;
    let body = json!({"consumerKey": "client-2", "keyType": "SANDBOX", "keyManager": "first"});
    house.plane(Method::POST, &format!("/devportal/v3/applications/{application}/map-keys"), Some(body)).await;
    let of = |client: &str, subject: &str| server.forge().token(client, subject).encode();
    let code = async |path: &str, token: &str| {
        let seen = house.with_token(path, token).await;
        (seen.status, seen.body["code"].as_str().unwrap_or_default().to_owned())
    };
    let token = of("client-1", "alice");
    house.until(200, &api.path, &token).await;
    house.until(403, &api.path, &of("client-2", "alice")).await;
    let sandbox = house.with_token(&api.path, &of("client-2", "alice")).await;
    assert_eq!((sandbox.body["code"].as_str(), sandbox.body["type"].as_str()), (Some("900901"), Some("Status report")));
    let (own, user) = (of("client-1", "client-1"), of("client-1", "alice"));
    let (apps, users) = (format!("{}/apps", api.path), format!("{}/users", api.path));
    assert_eq!((code(&apps, &own).await.0, code(&users, &user).await.0), (200, 200));
    assert_eq!(code(&apps, &user).await, (401, "900905".to_owned()));
    assert_eq!(code(&users, &own).await, (401, "900905".to_owned()));
    let miscased = api.path.replace(TENANT, "T.example");
    assert_eq!(code(&miscased, &token).await, (500, "900900".to_owned()));

    let of_nobody = server.forge().token("client-1", "alice").without_claim("iss").encode();
    let broken = of("client-1", "bob").replace('.', ".x");
    for (asked, token) in [(0, &own), (1, &of_nobody), (1, &broken)] {
        house.with_token(&api.path, token).await;
        let count = other.journal().await.count(Endpoint::Introspection);
        assert_eq!(count, asked, "only a JWT that names no known issuer is asked about");
    }
    let path = format!("/publisher/v4/apis/{}", api.id);
    let mut document = house.plane(Method::GET, &path, None).await;
    for (key_managers, status) in [(json!(["second"]), 401), (json!(["second", "first"]), 200)] {
        document["keyManagers"] = key_managers;
        house.plane(Method::PUT, &path, Some(document.clone())).await;
        house.deploy(&api.id).await;
        house.until(status, &api.path, &token).await;
    }
    let path = format!("/admin/v4/key-managers/{}", one["id"].as_str().unwrap());
    for (change, status) in [("EXCHANGED", 401), ("DIRECT", 200)] {
        let mut document = house.plane(Method::GET, &path, None).await;
        document["tokenType"] = json!(change);
        house.plane(Method::PUT, &path, Some(document)).await;
        house.until(status, &api.path, &token).await;
    }
    let block = format!("/publisher/v4/apis/change-lifecycle?action=Block&apiId={}", api.id);
    house.plane(Method::POST, &block, None).await;
    house.deploy(&api.id).await;
    house.until(503, &api.path, &token).await;
    assert_eq!(code(&api.path, &token).await, (503, "700700".to_owned()));
    house.close().await;
}

#[tokio::test]
async fn the_resident_key_manager_tells_about_tokens_only_those_who_may_know() {
    let house = House::build().await;
    let (one, two) = (house.client(ADMIN).await, house.client("dora@t.example").await);
    let issue = async |client: &(String, String)| {
        let (_, token) = house.token(&[("grant_type", "client_credentials")], (&client.0, &client.1)).await;
        token["access_token"].as_str().unwrap().to_owned()
    };
    let token = issue(&one).await;
    let ask = async |user: &str, password: &str| {
        let call = house.http.post(house.management(&format!("/t/{TENANT}/oauth2/introspect")));
        let answer = call.basic_auth(user, Some(password)).form(&[("token", &token)]).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap()["active"].clone())
    };
    assert_eq!(ask(ADMIN, PASSWORD).await, (200, json!(true)));
    assert_eq!(ask(ADMIN, "wrong").await.0, 401);
    assert_eq!(ask("dora@t.example", PASSWORD).await.0, 403);
    assert_eq!(ask("admin", "admin").await.0, 401, "another tenant's administrator");
    assert_eq!(ask(&one.0, &one.1).await, (200, json!(true)), "a client about its own token");
    assert_eq!(ask(&two.0, &two.1).await, (200, json!(false)), "a client about another's");
    assert_eq!(ask(&two.0, "wrong").await.0, 401);

    let revoke = house.http.post(house.management("/oauth2/revoke")).basic_auth(&one.0, Some("wrong"));
    assert_eq!(revoke.form(&[("token", &token)]).send().await.unwrap().status(), 401);
    assert_eq!(ask(ADMIN, PASSWORD).await.1, json!(true), "a refused revocation ends nothing");
    for (name, password, status) in
        [(ADMIN, PASSWORD, 200), (ADMIN, "wrong", 400), ("admin", "admin", 400), (ADMIN, PASSWORD, 200)]
    {
        let form = [("grant_type", "password"), ("username", name), ("password", password)];
        assert_eq!(house.token(&form, (&one.0, &one.1)).await.0, status, "{name} {password}");
    }
    let body = json!({"clientName": "x", "owner": ADMIN, "grantType": "password"});
    let url = house.management("/client-registration/v0.17/register");
    let foreign = house.http.post(url).basic_auth("dora@t.example", Some(PASSWORD)).json(&body);
    assert_eq!(foreign.send().await.unwrap().status(), 403, "nobody registers a client for someone else");
    assert_eq!(house.register(ADMIN, PASSWORD, "a<b").await.status(), 400);
    house.close().await;
}
