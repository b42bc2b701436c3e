//! Self-contained tokens at the gateway: which pass, how wrong ones are refused, which keys count.
//! Opaque tokens and those of the platform itself stand beside it.

use kmspec_mocks::journal::Endpoint;
use serde_json::json;

use super::house::{House, TENANT};

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
