//! Auth0: audiences, the profiles of APIs, what revocation and open registration insist on.
//! Its refusals are tested in `refusals`, the rest of its tokens in `out_of_band`.

use kmspec_mocks::{realm::ClientSpec, vendors::Vendor};
use serde_json::json;

use crate::{
    REDIRECT, logged_in, read,
    support::{Stage, answer, stage, stage_with},
};

const OWN: (&str, &str) = ("grant_type", "client_credentials");

async fn with_login() -> Stage {
    let spec = ClientSpec::new("orders").grant_types(["authorization_code", "client_credentials"]);
    stage_with(Vendor::Auth0, spec.redirect_uris([REDIRECT]).scopes(["read"])).await
}

#[tokio::test]
async fn a_token_for_userinfo_alone_is_opaque() {
    let stage = with_login().await;
    let audience = format!("{}userinfo", stage.server.issuer());
    let own = stage.token(&[OWN, ("audience", &audience)]).await;
    assert_eq!(own.status, 200, "{}", own.text);
    assert!(!own.member("access_token").contains('.'), "{}", own.text);
    let granted = logged_in(&stage, &[("scope", "openid"), ("audience", &audience)]).await;
    let token = granted.member("access_token");
    assert!(!token.contains('.'), "{}", granted.text);
    let userinfo = stage.server.endpoints().userinfo.clone().unwrap();
    assert_eq!(stage.http.get(userinfo).bearer_auth(&token).send().await.unwrap().status(), 200);
    let other = stage.token(&[OWN, ("audience", &audience.replace("userinfo", "userinf"))]).await;
    assert_eq!(other.error(), (403, "access_denied".to_owned()));
}

#[tokio::test]
async fn a_revocation_that_names_no_client_is_an_invalid_request() {
    let stage = stage(Vendor::Auth0).await;
    let url = stage.server.endpoints().revocation.clone().unwrap();
    let (id, secret) = (stage.client.id.as_str(), stage.client.secret.as_deref().unwrap());
    let token = ("token", "x");
    for (form, expected) in [
        (vec![token], (400, "invalid_request")),
        (vec![token, ("client_secret", secret)], (400, "invalid_request")),
        (vec![("client_id", id), ("client_secret", secret)], (400, "invalid_request")),
        (vec![token, ("client_id", id), ("client_secret", "wrong")], (401, "invalid_client")),
        (vec![token, ("client_id", "nobody"), ("client_secret", "wrong")], (401, "invalid_client")),
    ] {
        let refused = stage.post_bare(&url, &form).await;
        assert_eq!(refused.error(), (expected.0, expected.1.to_owned()), "{form:?}");
    }
}

#[tokio::test]
async fn the_form_of_a_token_is_its_apis_choice() {
    let stage = with_login().await;
    let token =
        async |api: &str| stage.token(&[OWN, ("audience", api), ("scope", "read")]).await.member("access_token");
    let (header, claims) = read(&token("https://rbac.example.com/").await);
    assert_eq!((header["typ"].as_str(), &claims["permissions"]), (Some("JWT"), &json!(["read"])));
    assert_eq!((&claims["azp"], claims.get("jti")), (&json!(stage.client.id), None));
    let (header, claims) = read(&token("https://rfc9068.example.com/").await);
    assert_eq!((header["typ"].as_str(), claims.get("permissions")), (Some("at+jwt"), None));
    assert_eq!((&claims["client_id"], claims.get("azp"), claims.get("gty")), (&json!(stage.client.id), None, None));
    assert!(claims["jti"].is_string(), "{claims:?}");
    let (header, claims) = read(&token("https://rfc9068-rbac.example.com/").await);
    assert_eq!((header["typ"].as_str(), &claims["permissions"]), (Some("at+jwt"), &json!(["read"])));
    assert!(claims["jti"].is_string() && claims.get("azp").is_none(), "{claims:?}");
    let (header, claims) = read(&token("https://api.example.com/").await);
    assert_eq!((header["typ"].as_str(), claims.get("permissions")), (Some("JWT"), None));
}

#[tokio::test]
async fn open_registration_reads_lists_as_lists() {
    let stage = stage(Vendor::Auth0).await;
    stage.server.realm().change_policy(|policy| policy.open_registration = true);
    let url = format!("{}/oidc/register", stage.server.base_url());
    let clients = stage.server.realm().clients().len();
    for (body, error) in [
        (json!({ "redirect_uris": ["https://a.example/"], "grant_types": "x" }), "invalid_client_metadata"),
        (json!({ "redirect_uris": ["https://a.example/"], "grant_types": [1] }), "invalid_client_metadata"),
        (json!({ "redirect_uris": ["https://a.example/", 5] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": "https://a.example/" }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["https://a.example/"], "client_name": 7 }), "invalid_client_metadata"),
        (
            json!({ "redirect_uris": ["https://a.example/"], "token_endpoint_auth_method": 1 }),
            "invalid_client_metadata",
        ),
    ] {
        let refused = answer(stage.http.post(&url).json(&body).send().await.unwrap()).await;
        assert_eq!(refused.error(), (400, error.to_owned()), "{body}: {}", refused.text);
    }
    assert_eq!(stage.server.realm().clients().len(), clients, "nothing was registered");
}

#[tokio::test]
async fn an_api_may_have_its_tokens_signed_with_a_secret_that_it_shares() {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
    let stage = with_login().await;
    let api = "https://hs256.example.com/";
    let token = logged_in(&stage, &[("scope", "openid"), ("audience", api)]).await.member("access_token");
    let (header, claims) = read(&token);
    assert_eq!((header["alg"].as_str(), header.get("kid"), &claims["aud"]), (Some("HS256"), None, &json!(api)));
    let mut rules = Validation::new(Algorithm::HS256);
    rules.set_audience(&[api]);
    let verified = |secret: &str| {
        decode::<serde_json::Value>(&token, &DecodingKey::from_secret(secret.as_bytes()), &rules).is_ok()
    };
    assert!(verified(kmspec_mocks::vendors::AUTH0_API_SECRET) && !verified("another secret"));
    assert!(stage.verified(&token).await.is_err(), "no published key verifies it");
    let ordinary = logged_in(&stage, &[("scope", "openid"), ("audience", "https://api.example.com/")]).await;
    assert!(read(&ordinary.member("access_token")).1["aud"].is_array());
}
