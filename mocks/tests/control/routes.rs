//! Every route is in the document, and does what stands there.
//! What the routes refuse is in `refusals`.

use std::collections::BTreeSet;

use kmspec_mocks::{
    control::{OPENAPI, ROUTES},
    realm::{ClientSpec, Realm, UserSpec},
};
use serde_json::{Value, json};

use crate::stage::{Stage, stage};

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

type Step = (&'static str, &'static str, Vec<&'static str>, Value);

/// What is called at a server, and at a tenant.
fn steps_at_a_realm() -> Vec<Step> {
    let none = Value::Null;
    vec![
        (
            "patch",
            "/settings",
            vec![],
            json!({
                "lifetimes": { "app_seconds": 9, "user_seconds": 9, "refresh_seconds": 9, "code_seconds": 9 },
                "graceful_rotation": { "window_seconds": 30, "reuses": 1 },
            }),
        ),
        ("get", "/settings", vec![], none.clone()),
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
            json!({ "client_id": "c1", "changes": [{ "change": "algorithm", "algorithm": "EdDSA" }] }),
        ),
        (
            "post",
            "/tokens/proof",
            vec![],
            json!({ "key": { "foreign": "p256" }, "method": "GET", "url": "https://a.test" }),
        ),
        ("post", "/tokens/introspect", vec![], json!({ "token": "x" })),
        ("delete", "/users/{user}", vec!["ann"], none.clone()),
        ("delete", "/clients/{client}", vec!["c1"], none.clone()),
    ]
}

/// Tokens that end, and a login without pages; gives what was called.
async fn tokens_and_logins(stage: &Stage, below: &str, names: &[&str], realm: &Realm) -> BTreeSet<(String, String)> {
    let at = |rest: &str| format!("{below}{rest}");
    let client = realm
        .add_client(ClientSpec::new("tv").redirect_uris(["https://a.test/cb"]).grant_types(["authorization_code"]));
    realm.add_user(UserSpec::new("bob", "secret"));
    let token = stage.call("post", &at("/tokens"), names, json!({ "client_id": client.id })).await;
    stage.call("post", &at("/tokens/revoke"), names, json!({ "token": token["access_token"] })).await;
    let token = stage.call("post", &at("/tokens"), names, json!({ "client_id": client.id })).await;
    for (before, active) in [(realm.now(), true), (realm.now() + 1, false)] {
        let cut = json!({ "client_id": client.id, "issued_before": before });
        stage.call("post", &at("/tokens/cut-off"), names, cut).await;
        let text = json!({ "token": token["access_token"] });
        let told = stage.call("post", &at("/tokens/introspect"), names, text).await;
        assert_eq!(told["active"], active, "issued before {before}");
    }
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let query = format!(
        "response_type=code&client_id={}&redirect_uri=https://a.test/cb&code_challenge={challenge}&code_challenge_method=S256",
        client.id
    );
    let sent = stage.call("post", &at("/authorizations"), names, json!({ "query": query, "username": "bob" })).await;
    assert!(sent["location"].as_str().unwrap().starts_with("https://a.test/cb?code="), "{sent}");
    let missing = [&names.join("/tenants/"), "/devices/ABCD"].concat();
    let missing = stage.send("post", &format!("/servers/{missing}"), Some(&json!({ "approve": "bob" }))).await;
    assert_eq!(missing.status, 404, "{}", missing.text);
    let called = ["/tokens/revoke", "/tokens/cut-off", "/authorizations", "/devices/{user_code}"];
    called.map(|rest| ("post".to_owned(), at(rest))).into()
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
    let own: Vec<Step> = vec![
        ("post", "/restart", vec![], none.clone()),
        ("get", "/panics", vec![], none.clone()),
        ("get", "/notices", vec![], none.clone()),
        ("delete", "/notices", vec![], none.clone()),
        ("put", "/certificate-mappings", vec![], json!({ "mappings": [{ "users": ["ann"] }] })),
        ("get", "/certificate-mappings", vec![], none.clone()),
        ("put", "/certificate", vec![], json!({ "kind": "wrong-name" })),
        ("get", "/certificate", vec![], none.clone()),
        ("patch", "/clock", vec![], json!({ "stopped": true, "now": 1_000_000 })),
        ("post", "/clock/advance", vec![], json!({ "seconds": 5 })),
        ("get", "/clock", vec![], none.clone()),
        (
            "post",
            "/faults",
            vec![],
            json!({ "fault": { "kind": "drip", "bytes": 5, "every_ms": 5 }, "endpoint": "token", "times": 1 }),
        ),
        ("get", "/faults", vec![], none.clone()),
        ("delete", "/faults", vec![], none.clone()),
        ("put", "/answers/{endpoint}", vec!["jwks"], json!({ "status": 200, "body": "{}" })),
        ("get", "/answers", vec![], none.clone()),
        ("delete", "/answers/{endpoint}", vec!["jwks"], none.clone()),
        ("get", "/defects", vec![], none.clone()),
        ("get", "/journal", vec![], none.clone()),
        ("delete", "/journal", vec![], none.clone()),
        ("put", "/journal/recording", vec![], json!({ "on": false })),
    ];
    walk.extend(
        own.into_iter()
            .chain(steps_at_a_realm())
            .map(|(method, rest, names, body)| (method, at(rest), [&["custom"][..], &names].concat(), body)),
    );
    for (method, template, names, body) in walk {
        stage.call(method, &template, &names, body).await;
        called.insert((method.to_owned(), template));
    }
    let realm = stage.house.server("custom").unwrap().realm().clone();
    called.extend(tokens_and_logins(&stage, S, &["custom"], &realm).await);
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
    let (below, names) = (at("/tenants/{domain}"), ["is7", "one.com"]);
    stage.call("get", &below, &names, none.clone()).await;
    called.insert(("get".to_owned(), below.clone()));
    for (method, rest, last, body) in steps_at_a_realm() {
        let template = format!("{below}{rest}");
        stage.call(method, &template, &[&names[..], &last].concat(), body).await;
        called.insert((method.to_owned(), template));
    }
    let realm = stage.house.server("is7").unwrap().tenant("one.com").unwrap();
    called.extend(tokens_and_logins(&stage, &below, &names, &realm).await);
    let all: BTreeSet<_> = ROUTES.iter().map(|(method, path)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(called, all);
}
