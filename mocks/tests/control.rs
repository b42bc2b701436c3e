//! The control interface: every route does what its document says, strictly, and the examples in CONTROL.md run.
//! What the changes mean for those who use a server is tested beside this file.

mod support;

use std::{collections::BTreeSet, process::Command};

use kmspec_mocks::{
    control::{Control, House, OPENAPI, ROUTES},
    realm::ClientSpec,
    vendors::Vendor,
};
use reqwest::Method;
use serde_json::{Value, json};
use support::{AUTHORITY, Answer, answer, http};

struct Stage {
    house: House,
    control: Control,
    http: reqwest::Client,
    document: Value,
}

async fn stage() -> Stage {
    let house = House::new(AUTHORITY.clone());
    house.take_in(house.builder(Vendor::Custom).start().await.unwrap());
    let control = Control::serve(house.clone(), None).await.unwrap();
    Stage { house, control, http: reqwest::Client::new(), document: serde_json::from_str(OPENAPI).unwrap() }
}

impl Stage {
    async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.control.url()));
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        answer(request.send().await.unwrap()).await
    }

    /// Holds a value to a schema of the document.
    fn fits(&self, schema: &Value, value: &Value, what: &str) {
        let mut whole = schema.clone();
        whole["components"] = self.document["components"].clone();
        let validator = jsonschema::validator_for(&whole).unwrap();
        let wrong: Vec<String> = validator.iter_errors(value).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{what}: {wrong:?}\n{value}");
    }

    /// Calls a route, and holds question and answer to the document.
    async fn call(&self, method: &str, template: &str, names: &[&str], body: Value) -> Value {
        let mut path = template.to_owned();
        for name in names {
            let (from, to) = (path.find('{').unwrap(), path.find('}').unwrap());
            path.replace_range(from..=to, name);
        }
        let what = format!("{method} {template}");
        let route = &self.document["paths"][template][method];
        let asked = &route["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(asked.is_null(), body.is_null(), "{what}: a body, or none");
        if !body.is_null() {
            self.fits(asked, &body, &what);
        }
        let got = self.send(method, &path, (!body.is_null()).then_some(&body)).await;
        let wanted = &route["responses"][got.status.to_string()];
        assert!(wanted.is_object(), "{what}: {} {}", got.status, got.text);
        let schema = &wanted["content"]["application/json"]["schema"];
        if schema.is_null() {
            return Value::Null;
        }
        self.fits(schema, &got.json(), &what);
        got.json()
    }
}

#[test]
fn the_document_describes_every_route_and_no_other() {
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    let mut described = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        described.extend(operations.as_object().unwrap().keys().map(|method| (method.clone(), path.clone())));
    }
    let served = ROUTES.iter().map(|(method, path)| ((*method).to_owned(), (*path).to_owned()));
    assert_eq!(served.collect::<BTreeSet<_>>(), described);
}

#[tokio::test]
async fn every_route_answers_what_the_document_says() {
    let stage = stage().await;
    let none = Value::Null;
    const S: &str = "/servers/{server}";
    let at = |rest: &str| format!("{S}{rest}");
    let mut called = BTreeSet::new();
    let mut walk: Vec<(&str, String, Vec<&str>, Value)> = vec![
        ("get", "/openapi.json".into(), vec![], none.clone()),
        ("get", "/authority.pem".into(), vec![], none.clone()),
        ("get", "/authority.p12".into(), vec![], none.clone()),
        ("post", "/certificates".into(), vec![], json!({ "names": ["a.test"], "kind": "self-signed" })),
        ("post", "/servers".into(), vec![], json!({ "vendor": "custom", "client_certificates": "required" })),
        ("get", "/servers".into(), vec![], none.clone()),
        ("get", S.into(), vec!["custom"], none.clone()),
        ("delete", S.into(), vec!["custom-2"], none.clone()),
    ];
    let own: Vec<(&str, &str, Vec<&str>, Value)> = vec![
        ("post", "/restart", vec![], none.clone()),
        ("get", "/panics", vec![], none.clone()),
        (
            "patch",
            "/settings",
            vec![],
            json!({ "lifetimes": { "app_seconds": 9, "user_seconds": 9, "refresh_seconds": 9, "code_seconds": 9 } }),
        ),
        ("get", "/settings", vec![], none.clone()),
        ("get", "/notices", vec![], none.clone()),
        ("delete", "/notices", vec![], none.clone()),
        ("put", "/certificate-mappings", vec![], json!({ "mappings": [{ "users": ["ann"] }] })),
        ("get", "/certificate-mappings", vec![], none.clone()),
        ("put", "/certificate", vec![], json!({ "kind": "wrong-name" })),
        ("get", "/certificate", vec![], none.clone()),
        ("post", "/clients", vec![], json!({ "id": "c1", "name": "orders", "certificate": { "thumbprint": "x" } })),
        ("get", "/clients", vec![], none.clone()),
        ("patch", "/clients/{client}", vec!["c1"], json!({ "token_format": "opaque", "certificate": null })),
        ("get", "/clients/{client}", vec!["c1"], none.clone()),
        ("post", "/users", vec![], json!({ "name": "ann", "password": "secret", "roles": ["clerk"] })),
        ("get", "/users", vec![], none.clone()),
        ("patch", "/users/{user}", vec!["ann"], json!({ "active": false })),
        ("get", "/users/{user}", vec!["ann"], none.clone()),
        ("put", "/scopes/{scope}", vec!["read"], json!({ "description": "Reading" })),
        ("get", "/scopes", vec![], none.clone()),
        ("put", "/roles/{role}", vec!["clerk"], json!({ "scopes": ["read"], "permissions": ["/permission"] })),
        ("get", "/roles", vec![], none.clone()),
        ("delete", "/roles/{role}", vec!["clerk"], none.clone()),
        ("delete", "/scopes/{scope}", vec!["read"], none.clone()),
        (
            "post",
            "/trusted-issuers",
            vec![],
            json!({ "name": "p", "issuer": "https://p.test", "jwks": { "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }] } }),
        ),
        ("delete", "/trusted-issuers/{issuer}", vec!["p"], none.clone()),
        (
            "post",
            "/trusted-issuers",
            vec![],
            json!({ "name": "p", "issuer": "https://p.test", "kerberos": { "name": "HTTP/is@R", "password": "x" } }),
        ),
        (
            "post",
            "/trusted-issuers/{issuer}/tickets",
            vec!["p"],
            json!({ "client": "ann@R", "encryption": "aes128-cts-hmac-sha1-96", "valid_from": 1, "negotiated": true }),
        ),
        ("get", "/trusted-issuers", vec![], none.clone()),
        ("delete", "/trusted-issuers/{issuer}", vec!["p"], none.clone()),
        ("patch", "/clock", vec![], json!({ "stopped": true, "now": 1_000_000 })),
        ("post", "/clock/advance", vec![], json!({ "seconds": 5 })),
        ("get", "/clock", vec![], none.clone()),
        ("post", "/keys", vec![], json!({ "from": { "family": "ed25519" }, "kid": "k1", "signs": true })),
        ("post", "/keys/rotate", vec![], json!({ "purpose": "access" })),
        ("get", "/keys", vec![], none.clone()),
        ("delete", "/keys/{kid}", vec!["k1"], none.clone()),
        ("put", "/key-set", vec![], json!({ "keys": [] })),
        ("get", "/key-set", vec![], none.clone()),
        ("delete", "/key-set", vec![], none.clone()),
        (
            "post",
            "/tokens",
            vec![],
            json!({ "client_id": "c1", "username": "ann", "scopes": ["read"], "refresh": true }),
        ),
        ("get", "/tokens", vec![], none.clone()),
        (
            "post",
            "/tokens/forge",
            vec![],
            json!({ "client_id": "c1", "changes": [{ "change": "algorithm", "algorithm": "ES256" }] }),
        ),
        (
            "post",
            "/tokens/proof",
            vec![],
            json!({ "key": { "foreign": "p256" }, "method": "GET", "url": "https://a.test" }),
        ),
        ("post", "/tokens/introspect", vec![], json!({ "token": "x" })),
        (
            "post",
            "/faults",
            vec![],
            json!({ "fault": { "kind": "drip", "bytes": 5, "every_ms": 5 }, "endpoint": "token", "times": 1 }),
        ),
        ("get", "/faults", vec![], none.clone()),
        ("delete", "/faults", vec![], none.clone()),
        ("put", "/answers/{endpoint}", vec!["jwks"], json!({ "status": 200, "body": "{}" })),
        ("delete", "/answers/{endpoint}", vec!["jwks"], none.clone()),
        ("get", "/defects", vec![], none.clone()),
        ("get", "/journal", vec![], none.clone()),
        ("delete", "/journal", vec![], none.clone()),
        ("put", "/journal/recording", vec![], json!({ "on": false })),
        ("delete", "/users/{user}", vec!["ann"], none.clone()),
        ("delete", "/clients/{client}", vec!["c1"], none.clone()),
    ];
    walk.extend(
        own.into_iter().map(|(method, rest, names, body)| (method, at(rest), [&["custom"][..], &names].concat(), body)),
    );
    for (method, template, names, body) in walk {
        stage.call(method, &template, &names, body).await;
        called.insert((method.to_owned(), template));
    }
    let realm = stage.house.server("custom").unwrap().realm().clone();
    let client = realm
        .add_client(ClientSpec::new("tv").redirect_uris(["https://a.test/cb"]).grant_types(["authorization_code"]));
    realm.add_user(kmspec_mocks::realm::UserSpec::new("bob", "secret"));
    let token = stage.call("post", &at("/tokens"), &["custom"], json!({ "client_id": client.id })).await;
    stage.call("post", &at("/tokens/revoke"), &["custom"], json!({ "token": token["access_token"] })).await;
    let token = stage.call("post", &at("/tokens"), &["custom"], json!({ "client_id": client.id })).await;
    for (before, active) in [(realm.now(), true), (realm.now() + 1, false)] {
        let cut = json!({ "client_id": client.id, "issued_before": before });
        stage.call("post", &at("/tokens/cut-off"), &["custom"], cut).await;
        let text = json!({ "token": token["access_token"] });
        let told = stage.call("post", &at("/tokens/introspect"), &["custom"], text).await;
        assert_eq!(told["active"], active, "issued before {before}");
    }
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let query = format!(
        "response_type=code&client_id={}&redirect_uri=https://a.test/cb&code_challenge={challenge}&code_challenge_method=S256",
        client.id
    );
    let sent =
        stage.call("post", &at("/authorizations"), &["custom"], json!({ "query": query, "username": "bob" })).await;
    assert!(sent["location"].as_str().unwrap().starts_with("https://a.test/cb?code="), "{sent}");
    let defect =
        stage.call("get", &at("/defects"), &["custom"], none.clone()).await[0]["id"].as_str().unwrap().to_owned();
    for method in ["put", "delete"] {
        stage.call(method, &at("/defects/{defect}"), &["custom", &defect], none.clone()).await;
        called.insert((method.to_owned(), at("/defects/{defect}")));
    }
    stage.call("post", "/servers", &[], json!({ "vendor": "is7", "deployment_toml": "[oauth]\n" })).await;
    for (method, path, body) in [
        ("post", "/tenants", json!({ "domain": "one.com" })),
        ("get", "/tenants", none.clone()),
        ("put", "/consumer-keys", json!({ "unique": true })),
        ("get", "/consumer-keys", none.clone()),
    ] {
        stage.call(method, &at(path), &["is7"], body).await;
        called.insert((method.to_owned(), at(path)));
    }
    let target = json!({ "url": "https://localhost:1/notify", "username": "ruth", "password": "x" });
    stage.call("put", &at("/notices"), &["is7"], target.clone()).await;
    assert_eq!(stage.call("get", &at("/notices"), &["is7"], none.clone()).await["username"], "ruth");
    called.insert(("put".to_owned(), at("/notices")));
    for rest in ["/tokens/revoke", "/tokens/cut-off", "/authorizations", "/devices/{user_code}"] {
        called.insert(("post".to_owned(), at(rest)));
    }
    let missing = stage.send("post", "/servers/custom/devices/ABCD", Some(&json!({ "approve": "bob" }))).await;
    assert_eq!(missing.status, 404, "{}", missing.text);
    let all: BTreeSet<_> = ROUTES.iter().map(|(method, path)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(called, all);
}

#[tokio::test]
async fn what_cannot_be_carried_out_is_refused_with_a_hint_and_changes_nothing() {
    let stage = stage().await;
    let before = stage.send("get", "/servers/custom/clients", None).await.text;
    let cases = [
        ("post", "/servers", json!({ "vendor": "costum" }), 400, "custom"),
        ("post", "/servers", json!({ "vendor": "custom", "prot": 1 }), 400, "did you mean `port`?"),
        ("get", "/servers/costum", json!(null), 404, "did you mean `custom`?"),
        ("get", "/sevrers", json!(null), 404, "/openapi.json"),
        ("put", "/servers", json!(null), 405, "/openapi.json"),
        (
            "post",
            "/servers/custom/clients",
            json!({ "name": "a", "grant_type": [] }),
            400,
            "did you mean `grant_types`?",
        ),
        ("post", "/servers/custom/clients", json!({ "name": "a", "grant_types": "x" }), 400, "/openapi.json"),
        ("post", "/servers/custom/clients", json!({}), 400, "`name` is missing"),
        ("post", "/servers/custom/clients", json!([]), 400, "/openapi.json"),
        ("post", "/servers/custom/clients", json!({ "nam": "a" }), 400, "did you mean `name`"),
        ("put", "/servers/custom/roles/clerk", json!([]), 400, "an object, not a list"),
        ("post", "/servers/custom/tokens/forge", json!([]), 400, "an object, not a list"),
        ("patch", "/servers/custom/clock", json!([]), 400, "an object, not a list"),
        ("patch", "/servers/custom/clients/nobody", json!({}), 404, "nobody"),
        ("post", "/servers/custom/keys", json!({ "from": { "family": "p265" } }), 400, "did you mean `p256`?"),
        ("post", "/servers/custom/keys", json!({ "from": { "family": "rsa" }, "algorithm": "ES256" }), 400, "PKCS#8"),
        ("post", "/servers/custom/keys", json!({ "from": { "weak": "roca" }, "signs": true }), 400, "`signs`"),
        ("post", "/servers/custom/tokens/forge", json!({ "changes": [{ "change": "sign-with" }] }), 400, "signed-with"),
        ("post", "/servers/custom/faults", json!({ "fault": { "kind": "status", "status": 99 } }), 400, "200 to 599"),
        (
            "post",
            "/servers/custom/faults",
            json!({ "fault": { "kind": "reset" }, "endpoint": "roles" }),
            400,
            "it serves",
        ),
        ("put", "/servers/custom/answers/tokne", json!({ "status": 200, "body": "" }), 400, "did you mean `token`?"),
        (
            "put",
            "/servers/custom/certificate-mappings",
            json!({ "mappings": [{ "thumbprint": "ab:cd" }] }),
            400,
            "64 hexadecimal digits",
        ),
        ("put", "/servers/custom/certificate-mappings", json!({ "mappings": [{ "user": [] }] }), 400, "did you mean"),
        (
            "put",
            "/servers/custom/notices",
            json!({ "url": "https://a.test", "username": "u", "password": "p" }),
            400,
            "is7",
        ),
        (
            "put",
            "/servers/custom/notices",
            json!({ "url": "https://a.test", "usename": "u" }),
            400,
            "did you mean `username`?",
        ),
        ("patch", "/servers/custom/settings", json!({ "rotation": "kep" }), 400, "did you mean `keep`?"),
        ("patch", "/servers/custom/settings", json!({ "json_request": true }), 400, "did you mean `json_requests`?"),
        ("post", "/servers", json!({ "vendor": "is7", "deployment_toml": "\n[oauht]\nx = 1" }), 400, "line 3"),
        ("post", "/servers", json!({ "vendor": "okta", "deployment_toml": "" }), 400, "is7 does"),
        (
            "put",
            "/servers/custom/answers/token",
            json!({ "status": 200, "body": "", "content_type": "a\n" }),
            400,
            "content_type",
        ),
        ("post", "/servers/custom/tenants", json!({ "domain": "one.com" }), 400, "is7 has"),
        ("put", "/servers/custom/consumer-keys", json!({ "uniqe": true }), 400, "did you mean `unique`?"),
        ("post", "/servers/custom/tokens/cut-off", json!({ "client_id": "nobody", "issued_before": 1 }), 404, "nobody"),
        ("post", "/servers/custom/tokens/cut-off", json!({ "client_id": "nobody" }), 400, "issued_before"),
        ("put", "/servers/custom/defects/DEF-999", json!(null), 404, "DEF-"),
        ("get", "/servers/custom/journal?endpont=token", json!(null), 400, "did you mean `endpoint`?"),
        ("get", "/servers/custom/journal?status=many", json!(null), 400, "many"),
    ];
    for (method, path, body, status, part) in cases {
        let got = stage.send(method, path, (!body.is_null()).then_some(&body)).await;
        assert_eq!(got.status, status, "{method} {path} {body}: {}", got.text);
        assert!(got.text.contains(part), "{method} {path} {body}: {}", got.text);
        stage.fits(&json!({ "$ref": "#/components/schemas/Refusal" }), &got.json(), path);
    }
    assert_eq!(stage.send("get", "/servers/custom/clients", None).await.text, before);
    let port: Value = stage.send("get", "/servers/custom", None).await.json();
    let port: u16 = port["issuer"].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap();
    let taken = stage.send("post", "/servers", Some(&json!({ "vendor": "custom", "port": port }))).await;
    assert_eq!(taken.status, 409, "{}", taken.text);
    let foreign = stage.http.get(format!("{}/servers", stage.control.url())).header("host", "evil.example");
    assert_eq!(foreign.send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn what_is_scripted_over_http_happens_on_the_wire() {
    let stage = stage().await;
    let server = stage.house.server("custom").unwrap();
    stage
        .send(
            "post",
            "/servers/custom/clients",
            Some(&json!({ "id": "c1", "secret": "s1", "name": "orders", "token_format": "opaque" })),
        )
        .await;
    let ask = async || {
        let form = [("grant_type", "client_credentials")];
        let request = http().post(&server.endpoints().token).basic_auth("c1", Some("s1")).form(&form);
        answer(request.send().await.unwrap()).await
    };
    assert!(!ask().await.member("access_token").contains('.'), "opaque, as was asked for");
    stage.send("patch", "/servers/custom/clients/c1", Some(&json!({ "token_format": "jwt" }))).await;
    assert!(ask().await.member("access_token").contains('.'));
    stage
        .send(
            "post",
            "/servers/custom/faults",
            Some(&json!({ "fault": { "kind": "status", "status": 503 }, "endpoint": "token", "times": 1 })),
        )
        .await;
    assert_eq!((ask().await.status, ask().await.status), (503, 200));
    let found = stage.send("get", "/servers/custom/journal?endpoint=token&status=503", None).await.json();
    assert_eq!(found.as_array().unwrap().len(), 1);
    let plain = json!({ "status": 200, "body": "no keys today", "content_type": "text/plain" });
    stage.send("put", "/servers/custom/answers/jwks", Some(&plain)).await;
    let spoiled = answer(http().get(&server.endpoints().jwks).send().await.unwrap()).await;
    assert_eq!((spoiled.header("content-type"), spoiled.text.as_str()), ("text/plain", "no keys today"));
    stage.send("delete", "/servers/custom/answers/jwks", None).await;
    let no_basic = json!({ "basic_accepted": false, "device": { "lifetime_seconds": 9, "interval_seconds": 1, "slow_down_seconds": 0, "first_poll_waits": false } });
    let now = stage.send("patch", "/servers/custom/settings", Some(&no_basic)).await.json();
    assert_eq!((&now["basic_accepted"], &now["device"]["lifetime_seconds"]), (&json!(false), &json!(9)));
    assert_eq!(ask().await.error(), (401, "invalid_client".to_owned()));
    stage.send("patch", "/servers/custom/settings", Some(&json!({ "basic_accepted": true }))).await;
    let wrong = json!({ "from": { "test-key": "rsa-birch" }, "members": { "use": "enc", "kid": null } });
    stage.send("post", "/servers/custom/keys", Some(&wrong)).await;
    let set = answer(http().get(&server.endpoints().jwks).send().await.unwrap()).await.json();
    let added = set["keys"].as_array().unwrap().last().unwrap();
    assert_eq!((&added["use"], added.get("kid")), (&json!("enc"), None));
    stage.send("delete", "/servers/custom", None).await;
    drop(server);
    assert!(stage.house.all().is_empty());
}

/// Skipped where there is no curl.
#[tokio::test]
async fn the_examples_of_the_description_run() {
    if Command::new("curl").arg("--version").output().is_err() {
        return;
    }
    let stage = stage().await;
    let folder = tempfile::tempdir().unwrap();
    let text = include_str!("../CONTROL.md");
    let examples: Vec<&str> = text.lines().filter(|line| line.starts_with("curl ")).collect();
    assert!(examples.len() > 40, "{}", examples.len());
    for example in examples {
        let mut shell = tokio::process::Command::new("sh");
        shell.args(["-c", &example.replace("-sf", "-s --fail-with-body")]).current_dir(folder.path());
        let done = shell.env("CONTROL", stage.control.url()).output().await.unwrap();
        assert!(done.status.success(), "{example}\n{}", String::from_utf8_lossy(&done.stdout));
    }
    assert!(std::fs::metadata(folder.path().join("ca.p12")).unwrap().len() > 100);
}
