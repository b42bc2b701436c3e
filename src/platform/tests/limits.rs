//! How long tokens may live, and what a key manager lets key requests ask for; and keys whose clients are not ours.

use super::{
    deployment::{Keys, ask, keys},
    *,
};
use crate::domain::LONGEST_TOKEN_LIFE_S;

const LIFE: &str = "application_access_token_expiry_time";

async fn resident(stage: &Stage) -> (String, Value) {
    let list = stage.admin(Method::GET, "/key-managers", Value::Null).await;
    let path = format!("/key-managers/{}", list.body["list"][0]["id"].as_str().unwrap());
    let read = stage.admin(Method::GET, &path, Value::Null).await.body;
    (path, read)
}

#[tokio::test]
async fn a_life_that_no_token_can_have_is_refused() {
    let stage = Stage::open().await;
    let application = stage.application("app").await;
    let keys: Keys = keys(&stage, &application).await;
    let most = LONGEST_TOKEN_LIFE_S;
    let tomorrow = "86400".to_owned();
    for (asked, granted) in [(tomorrow, Some(86_400)), (most.to_string(), Some(most)), (String::new(), Some(3_600))] {
        let answer = ask(&stage, &keys, &[("grant_type", "client_credentials"), ("validity_period", &asked)]).await;
        assert_eq!(answer.body["expires_in"].as_u64(), granted, "{asked}: {answer:?}");
    }
    let beyond = (most + 1).to_string();
    for asked in ["0", "-1", "abc", "1.5", "9223372036854775807", "18446744073709551615", &beyond] {
        let answer = ask(&stage, &keys, &[("grant_type", "client_credentials"), ("validity_period", asked)]).await;
        assert_eq!((answer.status, &answer.body["error"]), (400, &json!("invalid_request")), "{asked}");
        assert!(answer.text("error_description").contains("validity_period"), "{answer:?}");
    }
    let wrong = Keys { id: keys.id.clone(), secret: "wrong".into(), token: String::new() };
    let answer = ask(&stage, &wrong, &[("grant_type", "client_credentials"), ("validity_period", "0")]).await;
    assert_eq!(answer.status, 401, "first of all who it is");

    let list = stage.dora(Method::GET, &format!("/applications/{application}/oauth-keys"), Value::Null).await;
    let key = list.body["list"][0]["keyMappingId"].as_str().unwrap().to_owned();
    let path = format!("/applications/{application}/oauth-keys/{key}/generate-token");
    for (asked, expected) in [
        (json!(60), (200, 0)),
        (json!(null), (200, 0)),
        (json!(most), (200, 0)),
        (json!(most + 1), (400, 900965)),
        (json!(i64::MAX), (400, 900965)),
        (json!(0), (400, 900965)),
        (json!(-1), (400, 900965)),
    ] {
        let order = json!({"consumerSecret": keys.secret, "validityPeriod": asked});
        assert_eq!(stage.dora(Method::POST, &path, order).await.verdict(), expected, "{asked}");
    }
    let update = json!({"additionalProperties": {LIFE: (most + 1).to_string()}});
    let path = format!("/applications/{application}/oauth-keys/{key}");
    assert_eq!(stage.dora(Method::PUT, &path, update).await.verdict(), (400, 900970));
    stage.close().await;
}

#[tokio::test]
async fn a_key_request_keeps_to_the_limits_of_its_key_manager() {
    let stage = Stage::open().await;
    let (path, mut document) = resident(&stage).await;
    for wrong in [
        json!(7),
        json!({LIFE: {"type": "MAX", "value": {"min": 1}}}),
        json!({"pkceMandatory": {"type": "ENUM", "value": {"allowed": ["true"]}}}),
    ] {
        document["additionalProperties"]["constraints"] = wrong.clone();
        assert_eq!(stage.admin(Method::PUT, &path, document.clone()).await.status, 400, "{wrong}");
    }
    document["additionalProperties"]["constraints"] = json!({LIFE: {"type": "MAX", "value": {"max": 100}}});
    assert_eq!(stage.admin(Method::PUT, &path, document).await.status, 200);
    let application = stage.application("app").await;
    let generate = format!("/applications/{application}/generate-keys");
    let order = |life: Value, validity: Value| {
        json!({"keyType": "PRODUCTION", "grantTypesToBeSupported": ["client_credentials"], "validityTime": validity,
            "additionalProperties": {LIFE: life}})
    };
    let plain =
        json!({"keyType": "PRODUCTION", "grantTypesToBeSupported": ["client_credentials"], "validityTime": 101});
    for beyond in [order(json!("101"), Value::Null), order(json!(101), Value::Null), plain] {
        assert_eq!(stage.dora(Method::POST, &generate, beyond.clone()).await.verdict(), (400, 900970), "{beyond}");
    }
    let made = stage.dora(Method::POST, &generate, order(json!("100"), Value::Null)).await;
    assert_eq!((made.status, made.body["token"]["validityTime"].as_u64()), (200, Some(100)), "{made:?}");
    let path = format!("/applications/{application}/oauth-keys/{}", made.text("keyMappingId"));
    for (life, expected) in [("101", (400, 900970)), ("99", (200, 0)), ("N/A", (200, 0))] {
        let change = json!({"additionalProperties": {LIFE: life}});
        assert_eq!(stage.dora(Method::PUT, &path, change).await.verdict(), expected, "{life}");
    }
    let read = stage.dora(Method::GET, &path, Value::Null).await;
    assert_eq!(read.body["additionalProperties"][LIFE], "100", "what is left open ends with the limit");
    let open = json!({"keyType": "SANDBOX", "grantTypesToBeSupported": ["client_credentials"]});
    let made = stage.dora(Method::POST, &generate, open).await;
    assert_eq!((made.status, made.body["token"]["validityTime"].as_u64()), (200, Some(100)), "{made:?}");
    stage.close().await;
}

#[tokio::test]
async fn what_a_mapped_client_may_do_is_changed_at_its_key_manager_by_who_has_its_secret() {
    let stage = Stage::open().await;
    let first = stage.application("first").await;
    let order = json!({"keyType": "PRODUCTION", "grantTypesToBeSupported": ["client_credentials", "password"]});
    let made = stage.dora(Method::POST, &format!("/applications/{first}/generate-keys"), order).await;
    let key = made.text("keyMappingId");
    let clean_up = format!("/applications/{first}/oauth-keys/{key}/clean-up");
    assert_eq!(stage.dora(Method::POST, &clean_up, Value::Null).await.status, 200);
    let second = stage.application("second").await;
    let mut map =
        json!({"consumerKey": made.text("consumerKey"), "keyType": "PRODUCTION", "keyManager": "Resident Key Manager"});
    // Who knows only the id of a client changes what the platform says of it, and nothing of what it may do.
    let stranger = stage.dora(Method::POST, &format!("/applications/{second}/map-keys"), map.clone()).await;
    let path = format!("/applications/{second}/oauth-keys/{}", stranger.text("keyMappingId"));
    let order = json!({"supportedGrantTypes": ["client_credentials"], "callbackUrl": "https://evil.example/cb"});
    let changed = stage.dora(Method::PUT, &path, order).await;
    assert_eq!((changed.status, &changed.body["callbackUrl"]), (200, &json!("https://evil.example/cb")), "{changed:?}");
    assert_eq!(changed.body["consumerSecret"], Value::Null);
    let client = Keys { id: made.text("consumerKey"), secret: made.text("consumerSecret"), token: String::new() };
    let by_password = [("grant_type", "password"), ("username", "dora@one.com"), ("password", "dora-secret")];
    assert_eq!(ask(&stage, &client, &by_password).await.status, 200);
    for (method, what) in [(Method::POST, "generate-secret"), (Method::GET, "secrets")] {
        let refused = stage.dora(method, &format!("{path}/{what}"), Value::Null).await;
        assert_eq!(refused.status, 400);
        assert!(refused.text("description").contains("mapped"), "{refused:?}");
    }
    assert_eq!(stage.dora(Method::POST, &format!("{path}/clean-up"), Value::Null).await.status, 200);

    map["consumerSecret"] = json!(made.text("consumerSecret"));
    let mapped = stage.dora(Method::POST, &format!("/applications/{second}/map-keys"), map).await;
    assert_eq!(mapped.status, 200, "{mapped:?}");
    let path = format!("/applications/{second}/oauth-keys/{}", mapped.text("keyMappingId"));
    let both = json!(["client_credentials", "password"]);
    let reduced = json!(["client_credentials"]);
    for (change, grants, expected) in [
        (json!({"additionalProperties": {LIFE: "100"}}), &both, 200),
        (json!({"supportedGrantTypes": reduced}), &reduced, 400),
        (json!({"callbackUrl": "https://app.example/cb"}), &reduced, 400),
        (json!({"supportedGrantTypes": both}), &both, 200),
    ] {
        let changed = stage.dora(Method::PUT, &path, change.clone()).await;
        assert_eq!((changed.status, &changed.body["supportedGrantTypes"]), (200, grants), "{change}");
        assert_eq!(ask(&stage, &client, &by_password).await.status, expected, "{change}");
    }
    let token = ask(&stage, &client, &[("grant_type", "client_credentials")]).await;
    assert_eq!(token.body["expires_in"], 100, "{token:?}");
    let read = stage.dora(Method::GET, &path, Value::Null).await.body;
    assert_eq!(read["callbackUrl"], "https://app.example/cb");
    assert_eq!(stage.dora(Method::PUT, &path, read.clone()).await.status, 200, "as it is: {read}");
    let gone = format!("{path}/clean-up");
    assert_eq!(stage.dora(Method::POST, &gone, Value::Null).await.status, 200);
    stage.close().await;
}

#[tokio::test]
async fn scopes_that_no_token_can_have_are_refused_before_anything_is_made() {
    let stage = Stage::open().await;
    let application = stage.application("app").await;
    let at = |path: &str| format!("/applications/{application}/{path}");
    let order = |scopes: Value| json!({"keyType": "PRODUCTION", "grantTypesToBeSupported": ["client_credentials"], "scopes": scopes});
    for odd in [json!(["a\u{0}"]), json!(["a", "\u{e4}"]), json!(["a\"b"]), json!(["a\tb"])] {
        let refused = stage.dora(Method::POST, &at("generate-keys"), order(odd.clone())).await;
        assert_eq!(refused.verdict(), (400, 400), "{odd}: {refused:?}");
    }
    assert_eq!(stage.dora(Method::GET, &at("oauth-keys"), Value::Null).await.body["count"], 0);
    let made = stage.dora(Method::POST, &at("generate-keys"), order(json!(["a b", "", "c"]))).await;
    assert_eq!((made.status, &made.body["token"]["tokenScopes"]), (200, &json!(["a", "b", "c"])), "{made:?}");
    let token = at(&format!("oauth-keys/{}/generate-token", made.text("keyMappingId")));
    for (scopes, status) in [(json!(["\n"]), 400), (json!(["d"]), 200)] {
        let order = json!({"consumerSecret": made.text("consumerSecret"), "scopes": scopes});
        assert_eq!(stage.dora(Method::POST, &token, order).await.status, status, "{scopes}");
    }
    stage.close().await;
}
