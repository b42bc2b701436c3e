//! What the control interface does not carry out.
//! What it does is in `routes`.

use serde_json::{Value, json};

use crate::stage::stage;

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
        ("put", "/servers/custom/roles/clerk", json!({ "permissions": ["/permission", ""] }), 400, "/permission/admin"),
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
        ("put", "/servers/custom/answers/roles", json!({ "status": 200, "body": "" }), 400, "it serves"),
        ("put", "/servers/custom/answers/api-resources", json!({ "status": 200, "body": "" }), 400, "it serves"),
        ("patch", "/servers/custom/settings", json!({ "response_types": ["token"] }), 400, "code, code id_token"),
        ("patch", "/servers/custom/settings", json!({ "code_challenge_methods": ["S512"] }), 400, "S256, plain"),
        (
            "post",
            "/servers/custom/tokens/forge",
            json!({ "changes": [{ "change": "algorithm", "algorithm": "ES256" }] }),
            400,
            "cannot sign by ES256",
        ),
        (
            "post",
            "/servers/custom/tokens/forge",
            json!({ "changes": [{ "change": "claims-text", "text": "{}" }, { "change": "claim", "name": "a", "value": 1 }] }),
            400,
            "`a` cannot be changed",
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
        ("put", "/servers/custom/defects/DEF-SEED-AS-LEGACY-01", json!(null), 400, "is7 with `server.legacy_mode`"),
        ("put", "/servers/custom/defects/DEF-SEED-AS-DISCO-12", json!(null), 400, "keycloak with a base path"),
        ("post", "/servers", json!({ "vendor": "cognito", "defects": ["DEF-107"] }), 400, "Introspection"),
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
