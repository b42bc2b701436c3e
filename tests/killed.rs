//! A platform that is killed in the midst of writes: what it said was done is there afterwards, and works.
//! What survives an orderly restart is seen by the scenarios.

#![cfg(unix)]

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Router, routing::any};
use reqwest::{Client, Method};
use serde_json::{Value, json};

const USER: &str = "admin@kmspec.example";
const PASSWORD: &str = "kmspec";
const SCOPES: &str = "apim:admin apim:subscribe apim:app_manage apim:sub_manage apim:api_view apim:api_create apim:api_publish \
                      apim:shared_scope_manage";
const ROUNDS: u64 = 4;

/// Everything that was acknowledged, over all lives.
#[derive(Debug, Default, Clone)]
struct Acknowledged {
    /// Id and name.
    key_managers: Vec<(String, String)>,
    applications: Vec<String>,
    /// Application, consumer key and secret.
    keys: Vec<(String, String, String)>,
    /// Consumer keys and contexts that were subscribed to one another.
    subscriptions: Vec<(String, String)>,
    /// Contexts of APIs that were deployed and published.
    apis: Vec<String>,
    scopes: Vec<String>,
}

/// A platform in a process of its own, and a way to talk to it.
struct Life {
    process: Child,
    http: Client,
    management: String,
    gateway: String,
    token: String,
}

impl Drop for Life {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Life {
    async fn begin(folder: &Path) -> Self {
        let target = folder.join("target.toml");
        let _ = std::fs::remove_file(&target);
        let data = folder.join("platform.db");
        let process = Command::new(env!("CARGO_BIN_EXE_kmspec"))
            .args(["platform", "--port", "0", "--gateway-port", "0", "--folder"])
            .arg(folder)
            .arg("--data")
            .arg(&data)
            .env_remove("RUST_LOG")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        let written = loop {
            match std::fs::read_to_string(&target).ok().and_then(|text| text.parse::<toml::Table>().ok()) {
                Some(written) if written.contains_key("planes") => break written,
                _ if Instant::now() < deadline => tokio::time::sleep(Duration::from_millis(20)).await,
                _ => panic!("the platform does not start"),
            }
        };
        let admin = written["planes"]["admin"].as_str().unwrap();
        let management = admin.strip_suffix("/api/am/admin/v4").unwrap().to_owned();
        let gateway = written["planes"]["gateway"].as_str().unwrap().to_owned();
        let ca = folder.join(written["trust"]["ca"].as_str().unwrap());
        let ca = reqwest::Certificate::from_pem(&std::fs::read(ca).unwrap()).unwrap();
        let http = Client::builder().tls_certs_only([ca]).no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
        let mut life = Self { process, http, management, gateway, token: String::new() };
        life.token = life.sign_in().await;
        life
    }

    async fn sign_in(&self) -> String {
        let body = json!({"clientName": "rest", "callbackUrl": "https://cb.example.test", "owner": USER, "saasApp": true,
                          "grantType": "password client_credentials"});
        let register = self.http.post(format!("{}/client-registration/v0.17/register", self.management));
        let client: Value =
            register.basic_auth(USER, Some(PASSWORD)).json(&body).send().await.unwrap().json().await.unwrap();
        let form = [("grant_type", "password"), ("username", USER), ("password", PASSWORD), ("scope", SCOPES)];
        let token = self.http.post(format!("{}/oauth2/token", self.management)).form(&form);
        let token = token.basic_auth(client["clientId"].as_str().unwrap(), client["clientSecret"].as_str());
        let told: Value = token.send().await.unwrap().json().await.unwrap();
        told["access_token"].as_str().unwrap_or_else(|| panic!("{told}")).to_owned()
    }

    fn caller(&self) -> Caller {
        let (http, management, token) = (self.http.clone(), self.management.clone(), self.token.clone());
        Caller { http, management, token }
    }

    /// Kills it with SIGKILL: it has no moment left.
    fn kill(mut self) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
        self.process.wait().unwrap();
    }
}

#[derive(Clone)]
struct Caller {
    http: Client,
    management: String,
    token: String,
}

impl Caller {
    /// The answer of a call that was acknowledged; `None` once the platform is gone.
    async fn call(&self, method: Method, path: &str, body: Value) -> Option<Value> {
        let mut call = self.http.request(method, format!("{}/api/am{path}", self.management)).bearer_auth(&self.token);
        if !body.is_null() {
            call = call.json(&body);
        }
        let answer = call.send().await.ok()?;
        let status = answer.status();
        // An acknowledgement is the status; a body that is cut off afterwards takes nothing back, but tells nothing either.
        let told = answer.json().await.unwrap_or(Value::Null);
        assert!(status.is_success(), "{path}: {status} {told}");
        Some(told)
    }
}

type Kept = Arc<Mutex<Acknowledged>>;

async fn write_key_managers(caller: Caller, kept: Kept, life: u64) -> Option<()> {
    for number in 0.. {
        let name = format!("km-{life}-{number}");
        let document = json!({"name": name, "displayName": name, "type": "custom", "issuer": format!("https://{name}.example"),
            "tokenEndpoint": "https://localhost:1/token", "enableMapOAuthConsumerApps": true,
            "additionalProperties": {"client_id": name, "client_secret": format!("secret of {name}")}});
        let created = caller.call(Method::POST, "/admin/v4/key-managers", document).await?;
        kept.lock().unwrap().key_managers.push((created["id"].as_str()?.to_owned(), name));
    }
    Some(())
}

async fn write_applications(caller: Caller, kept: Kept, life: u64, api: (String, String)) -> Option<()> {
    for number in 0.. {
        let body = json!({"name": format!("app-{life}-{number}"), "throttlingPolicy": "Unlimited"});
        let created = caller.call(Method::POST, "/devportal/v3/applications", body).await?;
        let id = created["applicationId"].as_str()?.to_owned();
        kept.lock().unwrap().applications.push(id.clone());
        let body = json!({"keyType": "PRODUCTION", "grantTypesToBeSupported": ["client_credentials"]});
        let path = format!("/devportal/v3/applications/{id}/generate-keys");
        let key = caller.call(Method::POST, &path, body).await?;
        let consumer_key = key["consumerKey"].as_str()?.to_owned();
        kept.lock().unwrap().keys.push((id.clone(), consumer_key.clone(), key["consumerSecret"].as_str()?.to_owned()));
        let body = json!({"applicationId": id, "apiId": api.0, "throttlingPolicy": "Unlimited"});
        caller.call(Method::POST, "/devportal/v3/subscriptions", body).await?;
        kept.lock().unwrap().subscriptions.push((consumer_key, api.1.clone()));
    }
    Some(())
}

async fn write_apis(caller: Caller, kept: Kept, life: u64, backend: String) -> Option<()> {
    for number in 0.. {
        let context = format!("/api-{life}-{number}");
        publish(&caller, &context, &backend).await?;
        kept.lock().unwrap().apis.push(context);
    }
    Some(())
}

async fn write_scopes(caller: Caller, kept: Kept, life: u64) -> Option<()> {
    for number in 0.. {
        let name = format!("scope-{life}-{number}");
        caller.call(Method::POST, "/publisher/v4/scopes", json!({"name": name, "bindings": ["anybody"]})).await?;
        kept.lock().unwrap().scopes.push(name);
    }
    Some(())
}

/// Id of the API that is served under the context then.
async fn publish(caller: &Caller, context: &str, backend: &str) -> Option<String> {
    let document = json!({"name": context.trim_start_matches('/'), "context": context, "version": "1", "policies": ["Unlimited"],
        "endpointConfig": {"endpoint_type": "http", "production_endpoints": {"url": backend}},
        "operations": [{"target": "/*", "verb": "GET"}]});
    let api = caller.call(Method::POST, "/publisher/v4/apis", document).await?;
    let id = api["id"].as_str()?.to_owned();
    let revision = caller.call(Method::POST, &format!("/publisher/v4/apis/{id}/revisions"), json!({})).await?;
    let deploy = format!("/publisher/v4/apis/{id}/deploy-revision?revisionId={}", revision["id"].as_str()?);
    caller.call(Method::POST, &deploy, json!([{"name": "Default", "vhost": "localhost"}])).await?;
    let change = format!("/publisher/v4/apis/change-lifecycle?apiId={id}&action=Publish");
    caller.call(Method::POST, &change, Value::Null).await?;
    Some(id)
}

/// Everything that was acknowledged is there and works, and nothing that is there is half of something.
async fn check(life: &Life, kept: &Acknowledged, seed: u64) {
    let caller = life.caller();
    let read = async |path: String| {
        let answer = caller.call(Method::GET, &path, Value::Null).await;
        answer.unwrap_or_else(|| panic!("seed {seed}: {path} is not answered"))
    };
    for (id, name) in &kept.key_managers {
        assert_eq!(read(format!("/admin/v4/key-managers/{id}")).await["name"], **name, "seed {seed}");
    }
    let scopes = read("/publisher/v4/scopes?limit=100000".into()).await;
    for name in &kept.scopes {
        assert!(scopes["list"].as_array().unwrap().iter().any(|one| one["name"] == **name), "seed {seed}: {name}");
    }
    for id in &kept.applications {
        assert_eq!(read(format!("/devportal/v3/applications/{id}")).await["applicationId"], **id, "seed {seed}");
    }
    for context in &kept.apis {
        assert_eq!(call_api(life, context, None).await, 401, "seed {seed}: {context} is served");
    }
    for (application, consumer_key, secret) in &kept.keys {
        let keys = read(format!("/devportal/v3/applications/{application}/oauth-keys")).await;
        assert_eq!((&keys["count"], &keys["list"][0]["consumerKey"]), (&json!(1), &json!(consumer_key)), "seed {seed}");
        let token = token(life, consumer_key, secret).await.unwrap_or_else(|told| panic!("seed {seed}: {told}"));
        for (_, context) in kept.subscriptions.iter().filter(|(key, _)| key == consumer_key) {
            assert_eq!(call_api(life, context, Some(&token)).await, 200, "seed {seed}: {context} for {consumer_key}");
        }
    }
    // What was not acknowledged is there as a whole or not at all.
    let all = read("/devportal/v3/applications?limit=100000".into()).await;
    for application in all["list"].as_array().unwrap() {
        let id = application["applicationId"].as_str().unwrap();
        let keys = read(format!("/devportal/v3/applications/{id}/oauth-keys")).await;
        for key in keys["list"].as_array().unwrap() {
            let (consumer_key, secret) =
                (key["consumerKey"].as_str().unwrap(), key["consumerSecret"].as_str().unwrap());
            let token = token(life, consumer_key, secret).await;
            assert!(token.is_ok(), "seed {seed}: a key without its client: {token:?}");
        }
    }
}

async fn token(life: &Life, consumer_key: &str, secret: &str) -> Result<String, Value> {
    let post =
        life.http.post(format!("{}/oauth2/token", life.management)).form(&[("grant_type", "client_credentials")]);
    let told: Value = post.basic_auth(consumer_key, Some(secret)).send().await.unwrap().json().await.unwrap();
    told["access_token"].as_str().map(str::to_owned).ok_or(told)
}

/// What the gateway answers; the tenant stands before the context.
async fn call_api(life: &Life, context: &str, token: Option<&str>) -> u16 {
    let mut call = life.http.get(format!("{}/t/kmspec.example{context}/1/anything", life.gateway));
    if let Some(token) = token {
        call = call.bearer_auth(token);
    }
    call.send().await.unwrap().status().as_u16()
}

async fn backend() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(any(async || "served"))).await });
    url
}

/// The next of a row of numbers that look random (splitmix64), so that a seed tells a run again.
fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *seed;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// `KMSPEC_SEED` tells a run again that failed.
fn first_seed() -> u64 {
    let told = std::env::var("KMSPEC_SEED").ok().and_then(|text| text.parse().ok());
    told.unwrap_or_else(|| jiff::Timestamp::now().as_microsecond().unsigned_abs())
}

#[tokio::test]
async fn what_was_acknowledged_before_a_kill_is_there_after_it_and_works() {
    let folder = tempfile::tempdir().unwrap();
    let (path, backend, seed): (PathBuf, String, u64) = (folder.path().to_owned(), backend().await, first_seed());
    let (kept, mut random) = (Kept::default(), seed);
    let mut life = Life::begin(&path).await;
    let main = publish(&life.caller(), "/main", &backend).await.unwrap();
    for round in 0..ROUNDS {
        let caller = life.caller();
        let writers = [
            tokio::spawn(write_key_managers(caller.clone(), kept.clone(), round)),
            tokio::spawn(write_applications(caller.clone(), kept.clone(), round, (main.clone(), "/main".into()))),
            tokio::spawn(write_apis(caller.clone(), kept.clone(), round, backend.clone())),
            tokio::spawn(write_scopes(caller, kept.clone(), round)),
        ];
        tokio::time::sleep(Duration::from_millis(300 + next(&mut random) % 900)).await;
        life.kill();
        for writer in writers {
            writer.await.unwrap_or_else(|error| panic!("seed {seed}, round {round}: {error}"));
        }
        life = Life::begin(&path).await;
        let acknowledged = kept.lock().unwrap().clone();
        check(&life, &acknowledged, seed).await;
    }
    let kept = kept.lock().unwrap();
    let counts = [kept.key_managers.len(), kept.subscriptions.len(), kept.apis.len(), kept.scopes.len()];
    assert!(counts.iter().all(|count| *count > 0), "seed {seed}: nothing was written: {counts:?}");
}
