//! Key managers at the administrator plane.

use super::*;

#[tokio::test]
async fn a_document_is_refused_with_the_code_of_its_first_mistake_and_nothing_is_stored() {
    let stage = Stage::open().await;
    stage.key_manager(custom("taken")).await;
    let secrets = json!({"client_id": "a", "client_secret": "b"});
    let no_roles_endpoint = json!({"api_resource_management_endpoint": "a", "Username": "a", "Password": "b"});
    let mutual = json!({"api_resource_management_endpoint": "a", "is7_roles_endpoint": "b",
        "Authentication": "MutualTLS", "MutualTLSOptions": "ServerWide"});
    let is7_with = |properties: Value| {
        let document = is7("a", "https://a");
        let properties = with(document["additionalProperties"].clone(), properties);
        with(document, json!({ "additionalProperties": properties }))
    };
    let acting_as = |user: &str| {
        is7_with(json!({"Authentication": "MutualTLS", "MutualTLSOptions": "ServerWide", "IdentityUser": user}))
    };
    let initial = json!({"initial_access_token": "t\nu"});
    let blank = json!({"id": 1, "type": "REFERENCE", "value": {}});
    let table = [
        (with(custom("a"), json!({"name": null})), (400, 400)),
        (with(custom("a"), json!({"name": ""})), (400, 901404)),
        (with(custom("a"), json!({"name": "x".repeat(101)})), (400, 400)),
        (with(custom("a"), json!({"description": "x".repeat(257)})), (400, 400)),
        (with(custom("a"), json!({"type": "Unheard"})), (400, 901400)),
        (with(custom("a"), json!({"type": "default"})), (400, 901400)),
        (with(custom("a"), json!({"tokenType": "SIDEWAYS"})), (400, 400)),
        (with(custom("a"), json!({"global": true})), (400, 400)),
        (with(custom("a"), json!({"enabled": "perhaps"})), (400, 400)),
        (with(custom("a"), json!({"tokenEndpoint": null})), (400, 901401)),
        (with(custom("a"), json!({"issuer": " "})), (400, 901401)),
        (with(custom("a"), json!({"enableSelfValidationJWT": false, "tokenValidation": [blank]})), (400, 901401)),
        (with(custom("a"), json!({"permissions": {"permissionType": "ALLOW", "roles": ["ghost"]}})), (404, 900607)),
        (with(custom("a"), json!({"tokenValidation": [{"id": 1, "type": "CUSTOM", "value": "glob:*"}]})), (400, 400)),
        (with(custom("a"), json!({"tokenValidation": [{"id": 1, "type": "REFERENCE", "value": "("}]})), (400, 400)),
        (custom("taken"), (409, 901402)),
        (with(custom("a"), json!({"issuer": "https://taken.example"})), (409, 901402)),
        (with(custom("Resident Key Manager"), json!({})), (409, 901402)),
        (with(is7("a", "https://a"), json!({"additionalProperties": null})), (400, 901401)),
        (with(is7("a", "https://a"), json!({"additionalProperties": no_roles_endpoint})), (400, 901401)),
        (with(is7("a", "https://a"), json!({"additionalProperties": mutual})), (400, 901401)),
        (with(is7("a", "https://a"), json!({"revokeEndpoint": ""})), (400, 901401)),
        (is7_with(json!({"Authentication": "mutualtls", "IdentityUser": "keeper", "Password": null})), (400, 901401)),
        (is7_with(json!({"Authentication": "BOGUS"})), (400, 901401)),
        (is7_with(json!({"Authentication": 5})), (400, 901401)),
        (is7_with(json!({"Authentication": ["BasicAuth"]})), (400, 901401)),
        (is7_with(json!({"Authentication": " ", "Username": null})), (400, 901401)),
        (
            is7_with(json!({"Authentication": "MutualTLS", "MutualTLSOptions": "BOGUS", "IdentityUser": "keeper"})),
            (400, 901401),
        ),
        (acting_as("a\r\nX-Evil: 1"), (400, 400)),
        (is7_with(json!({"Username": "a\nb"})), (400, 400)),
        (is7_with(json!({"Password": "a\u{0}b"})), (400, 400)),
        (with(custom("a"), json!({ "additionalProperties": initial })), (400, 400)),
        (with(is7("a", "https://a"), json!({"type": "Okta", "additionalProperties": secrets})), (400, 901401)),
    ];
    for (document, expected) in table {
        let refused = stage.admin(Method::POST, "/key-managers", document.clone()).await;
        assert_eq!(refused.verdict(), expected, "{document} gave {:?}", refused.body);
    }
    let list = stage.admin(Method::GET, "/key-managers", Value::Null).await;
    assert_eq!(list.body["count"], 2, "{:?}", list.body);
    stage.key_manager(acting_as("keeper")).await;
    stage.close().await;
}

#[tokio::test]
async fn the_settings_of_a_key_manager_that_is_only_exchanged_at_are_not_looked_at_until_it_is_more() {
    let stage = Stage::open().await;
    let bare = json!({"name": "bare", "type": "WSO2-IS-7", "issuer": "https://bare", "tokenType": "EXCHANGED"});
    let id = stage.key_manager(bare.clone()).await;
    let set = |properties: Value| with(bare.clone(), json!({"name": "set", "additionalProperties": properties}));
    let mutual = |options: &str| {
        set(json!({"Authentication": "MutualTLS", "MutualTLSOptions": options, "IdentityUser": "keeper"}))
    };
    for (document, expected) in [
        (set(json!({"Username": "a\nb"})), (400, 400)),
        (with(set(json!({})), json!({"type": "Unheard"})), (400, 901400)),
        (with(set(json!({})), json!({"issuer": "https://bare"})), (409, 901402)),
    ] {
        let refused = stage.admin(Method::POST, "/key-managers", document.clone()).await;
        assert_eq!(refused.verdict(), expected, "{document} gave {:?}", refused.body);
    }
    let path = format!("/key-managers/{id}");
    let wrong = with(bare.clone(), json!({"additionalProperties": {"Authentication": "BOGUS"}}));
    assert_eq!(stage.admin(Method::PUT, &path, wrong).await.status, 200);
    for (name, document) in
        [("word", set(json!({"Authentication": "BOGUS"}))), ("number", set(json!({"Authentication": 5})))]
    {
        stage.key_manager(with(document, json!({"name": name, "issuer": format!("https://{name}")}))).await;
    }
    let direct = with(bare.clone(), json!({"tokenType": "DIRECT"}));
    assert_eq!(stage.admin(Method::PUT, &path, direct).await.verdict(), (400, 901401), "now it lacks them");
    for (name, options) in [("right", "ServerWide"), ("wrong", "BOGUS")] {
        let issuer = format!("https://{name}");
        stage.key_manager(with(mutual(options), json!({"name": name, "issuer": issuer}))).await;
    }
    stage.close().await;
}

#[tokio::test]
async fn a_secret_is_never_shown_and_survives_an_update_with_its_mask() {
    let stage = Stage::open().await;
    let id = stage.key_manager(is7("is7", "https://is7.example")).await;
    let path = format!("/key-managers/{id}");
    let read = stage.admin(Method::GET, &path, Value::Null).await;
    assert_eq!(read.body["additionalProperties"]["Password"], "*****");
    assert_eq!(read.body["additionalProperties"]["Username"], "admin");
    assert_eq!(read.body["additionalProperties"]["self_validate_jwt"], true);
    assert_eq!((read.text("consumerKeyClaim"), read.text("scopesClaim")), ("azp".into(), "scope".into()));
    let updated = stage.admin(Method::PUT, &path, with(read.body, json!({"description": "changed"}))).await;
    assert_eq!((updated.status, updated.text("description").as_str()), (200, "changed"));
    assert!(!updated.body.to_string().contains("is7-password"));
    let stored: super::super::domain::KeyManager =
        stage.platform.site().store.read_now(|documents| documents.find("one.com", &id)).unwrap().unwrap();
    assert_eq!(stored.additional_properties.text("Password").as_deref(), Some("is7-password"));
    stage.close().await;
}

#[tokio::test]
async fn name_and_type_never_change_and_a_used_key_manager_stays() {
    let stage = Stage::open().await;
    let id = stage.key_manager(custom("oob")).await;
    let path = format!("/key-managers/{id}");
    for change in [json!({"name": "other"}), json!({"type": "Okta"})] {
        let refused = stage.admin(Method::PUT, &path, with(custom("oob"), change)).await;
        assert_eq!(refused.status, 400);
    }
    let application = stage.application("orders").await;
    let map = json!({"consumerKey": "ck", "keyType": "PRODUCTION", "keyManager": "oob"});
    assert_eq!(stage.dora(Method::POST, &format!("/applications/{application}/map-keys"), map).await.status, 200);
    assert_eq!(stage.admin(Method::DELETE, &path, Value::Null).await.verdict(), (412, 902015));
    assert_eq!(stage.dora(Method::DELETE, &format!("/applications/{application}"), Value::Null).await.status, 200);
    assert_eq!(stage.admin(Method::DELETE, &path, Value::Null).await.status, 200);
    assert_eq!(stage.admin(Method::GET, &path, Value::Null).await.verdict(), (404, 901411));
    let list = stage.admin(Method::GET, "/key-managers", Value::Null).await;
    let resident = list.body["list"][0]["id"].as_str().unwrap().to_owned();
    let refused = stage.admin(Method::DELETE, &format!("/key-managers/{resident}"), Value::Null).await;
    assert_eq!(refused.verdict(), (412, 902015));
    stage.close().await;
}

#[tokio::test]
async fn a_tenant_and_a_missing_scope_see_nothing_of_another() {
    let stage = Stage::open().await;
    let id = stage.key_manager(custom("oob")).await;
    let path = format!("{ADMIN}/key-managers/{id}");
    for method in [Method::GET, Method::DELETE] {
        let foreign = stage.call("admin", "two.com", method, &path, Value::Null).await;
        assert_eq!(foreign.verdict(), (404, 901411));
    }
    let other = stage.call("admin", "two.com", Method::POST, &format!("{ADMIN}/key-managers"), custom("oob")).await;
    assert_eq!(other.status, 201, "names are unique in a tenant only");
    let broken = json!({"nonsense": 1});
    for token in ["admin|one.com|apim:api_create", "rubbish"] {
        let refused = stage.with_scopes(token, Method::POST, &format!("{ADMIN}/key-managers"), broken.clone()).await;
        assert_eq!(refused.verdict(), (401, 401), "before anything is said of the body");
        assert!(refused.body.to_string().contains("Unauthenticated request"));
    }
    stage.close().await;
}

#[tokio::test]
async fn discovery_drafts_from_the_document_and_an_unusable_one_is_not_valid() {
    let stage = Stage::open().await;
    let document = json!({"issuer": "https://i", "token_endpoint": "https://i/t", "jwks_uri": "https://i/k",
        "userinfo_endpoint": "https://i/u", "grant_types_supported": ["client_credentials"]});
    let base = devportal::plain_server(
        axum::Router::new().route("/good", axum::routing::get(move || std::future::ready(axum::Json(document)))),
    );
    let base = base.await;
    let discover = async |url: String, kind: &'static str| {
        let form = reqwest::multipart::Form::new().text("url", url).text("type", kind);
        let url = format!("{}{ADMIN}/key-managers/discover", stage.platform.management_url());
        Stage::answer(stage.client.post(url).bearer_auth("admin|one.com|apim:admin").multipart(form)).await
    };
    let good = discover(format!("{base}/good"), "WSO2-IS-7").await;
    assert_eq!((good.status, &good.body["valid"]), (200, &json!(true)));
    let draft = &good.body["value"];
    assert_eq!(draft["wellKnownEndpoint"], format!("{base}/good"));
    assert_eq!(draft["certificates"], json!({"type": "JWKS", "value": "https://i/k"}));
    assert_eq!((&draft["userInfoEndpoint"], &draft["type"]), (&json!("https://i/u"), &json!("WSO2-IS-7")));
    for url in [String::new(), format!("{base}/none"), "http://127.0.0.1:1/".into(), "nonsense".into()] {
        let none = discover(url.clone(), "WSO2-IS-7").await;
        assert_eq!((none.status, &none.body["valid"]), (200, &json!(false)), "{url}");
    }
    assert_eq!(discover("https://i".into(), "Unheard").await.verdict(), (400, 901400));
    stage.close().await;
}

#[tokio::test]
async fn an_issuer_belongs_to_one_enabled_key_manager_of_a_tenant() {
    let stage = Stage::open().await;
    let first = stage.key_manager(custom("first")).await;
    let twin =
        |name: &str, enabled: bool| with(custom(name), json!({"issuer": "https://first.example", "enabled": enabled}));
    let refused = stage.admin(Method::POST, "/key-managers", twin("second", true)).await;
    assert_eq!(refused.verdict(), (409, 901402));
    assert!(refused.text("description").contains("first"), "it names the other: {:?}", refused.body);
    let second = stage.key_manager(twin("second", false)).await;
    let path = format!("/key-managers/{second}");
    let enabled = stage.admin(Method::PUT, &path, twin("second", true)).await;
    assert_eq!(enabled.verdict(), (409, 901402), "not by a change either");
    let third = stage.key_manager(custom("third")).await;
    let renamed = stage.admin(Method::PUT, &format!("/key-managers/{third}"), twin("third", true)).await;
    assert_eq!(renamed.verdict(), (409, 901402));
    let same = stage.admin(Method::PUT, &format!("/key-managers/{first}"), custom("first")).await;
    assert_eq!(same.status, 200, "its own issuer is not another's");
    stage.key_manager(with(custom("slash"), json!({"issuer": "https://first.example/"}))).await;
    let other = stage.call("admin", "two.com", Method::POST, &format!("{ADMIN}/key-managers"), custom("first")).await;
    assert_eq!(other.status, 201, "tenants do not share issuers");
    let off = with(custom("first"), json!({"enabled": false}));
    assert_eq!(stage.admin(Method::PUT, &format!("/key-managers/{first}"), off).await.status, 200);
    assert_eq!(stage.admin(Method::PUT, &path, twin("second", true)).await.status, 200, "free once the first is off");
    let back = stage.admin(Method::PUT, &format!("/key-managers/{first}"), custom("first")).await;
    assert_eq!(back.verdict(), (409, 901402));
    assert!(back.text("description").contains("second"));
    stage.close().await;
}

#[tokio::test]
async fn a_key_manager_that_introspects_and_says_nothing_of_tokens_takes_the_documented_ones() {
    let stage = Stage::open().await;
    let told = with(is7("is7", "https://a"), json!({"issuer": "https://a/token", "enableSelfValidationJWT": false}));
    let id = stage.key_manager(told).await;
    let path = format!("/key-managers/{id}");
    let read = stage.admin(Method::GET, &path, Value::Null).await.body;
    assert_eq!(read["tokenValidation"][0]["type"], "REFERENCE", "{read}");
    assert_eq!(read["tokenValidation"][1]["value"], json!({"body": {"iss": "https://a/token"}}), "{read}");
    let again = stage.admin(Method::PUT, &path, read.clone()).await;
    assert_eq!((again.status, &again.body["tokenValidation"]), (200, &read["tokenValidation"]));
    stage.close().await;
}

#[tokio::test]
async fn one_server_may_be_told_twice_but_an_issuer_has_one_set_of_keys() {
    let stage = Stage::open().await;
    let told = |name: &str, changes: Value| with(with(is7(name, "https://a"), json!({"issuer": "https://a"})), changes);
    stage.key_manager(told("first", json!({}))).await;
    stage.key_manager(told("second", json!({"displayTokenEndpoint": "https://shown/token"}))).await;
    let keys = json!({"type": "JWKS", "value": "https://elsewhere/jwks"});
    for changes in [
        json!({"certificates": keys}),
        json!({"tokenEndpoint": "https://b/token"}),
        json!({"clientRegistrationEndpoint": "https://b/register"}),
        json!({"enableOAuthAppCreation": false}),
        json!({"tokenType": "BOTH"}),
    ] {
        let refused = stage.admin(Method::POST, "/key-managers", told("third", changes.clone())).await;
        assert_eq!(refused.verdict(), (409, 901402), "{changes} gave {:?}", refused.body);
    }
    stage.close().await;
}

#[tokio::test]
async fn a_trusted_issuer_needs_a_certificate_that_is_one_or_none() {
    let stage = Stage::open().await;
    let nonsense = json!({"type": "PEM", "value": "bm90IGEgY2VydGlmaWNhdGU="});
    let of = |name: &str, kind: &str, certificates: Value| {
        with(is7(name, "https://is.example"), json!({"tokenType": kind, "alias": "us", "certificates": certificates}))
    };
    for kind in ["EXCHANGED", "BOTH"] {
        let answer = stage.admin(Method::POST, "/key-managers", of("bad", kind, nonsense.clone())).await;
        assert_eq!(answer.verdict(), (400, 900611), "TX-11");
        let list = stage.admin(Method::GET, "/key-managers", Value::Null).await;
        assert_eq!(list.body["count"], 1, "only the resident one is there");
    }
    let direct = stage.key_manager(of("direct", "DIRECT", nonsense.clone())).await;
    let turned = stage.admin(Method::PUT, &format!("/key-managers/{direct}"), of("direct", "BOTH", nonsense)).await;
    assert_eq!(turned.verdict(), (400, 900611));
    stage.key_manager(of("without", "EXCHANGED", Value::Null)).await;
    stage.key_manager(of("keys", "EXCHANGED", json!({"type": "JWKS", "value": "https://is.example/jwks"}))).await;
    stage.close().await;
}

#[tokio::test]
async fn a_scope_of_the_planes_is_there_or_not_and_a_users_or_not() {
    let stage = Stage::open().await;
    for (asked, expected) in [
        ("apim:subscribe", (200, 0)),
        ("apim:subscribe?username=dora", (200, 0)),
        ("apim:api_create?username=dora", (404, 901500)),
        ("apim:api_create?username=admin", (200, 0)),
        ("apim:admin?username=nobody", (404, 901502)),
        ("apim:none", (404, 901501)),
    ] {
        let answer = stage.admin(Method::GET, &format!("/system-scopes/{asked}"), Value::Null).await;
        assert_eq!(answer.verdict(), expected, "{asked}: {:?}", answer.body);
    }
    stage.close().await;
}
