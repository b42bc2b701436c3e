//! What Amazon Cognito, Auth0, an Okta organisation, PingOne and Keycloak do differently.
//! Over real HTTPS, each server on a port of its own.

mod support;

use kmspec_mocks::{
    faults::{Fault, FaultScript},
    grants::{self, Issue},
    journal::Endpoint,
    realm::{ClientSpec, Clock},
    server::{AuthorizationServer, AuthorizationServerBuilder},
    vendors::Vendor,
};
use serde_json::json;
use support::{AUTHORITY, Stage, answer, http, stage, stage_with};

const AUDIENCE: &str = "https://api.example.com/";

async fn cognito() -> Stage {
    stage_with(Vendor::Cognito, ClientSpec::new("orders").scopes(["shop/read", "shop/write"])).await
}

#[tokio::test]
async fn cognito_signs_access_tokens_without_type_and_audience() {
    let stage = cognito().await;
    let granted = stage.token(&[("grant_type", "client_credentials")]).await;
    let mut members: Vec<_> = granted.json().as_object().unwrap().keys().cloned().collect();
    members.sort();
    assert_eq!(members, ["access_token", "expires_in", "token_type"]);
    let (header, claims) = stage.verified(&granted.member("access_token")).await.unwrap();
    assert_eq!(header.as_object().unwrap().len(), 2, "alg and kid alone: {header}");
    assert!(header["kid"].as_str().unwrap().ends_with('='));
    assert!(claims.get("aud").is_none());
    assert_eq!(
        (claims["token_use"].as_str(), claims["scope"].as_str()),
        (Some("access"), Some("shop/read shop/write"))
    );
    assert_eq!(
        (&claims["sub"], &claims["client_id"]),
        (&stage.client.id.as_str().into(), &stage.client.id.as_str().into())
    );
    let fewer = stage.token(&[("grant_type", "client_credentials"), ("scope", "shop/read billing/all")]).await;
    assert_eq!(stage.verified(&fewer.member("access_token")).await.unwrap().1["scope"], "shop/read");
}

#[tokio::test]
async fn cognito_signs_id_tokens_with_another_key() {
    let stage = cognito().await;
    let ann = stage.server.realm().user("ann").unwrap();
    let scopes = vec!["openid".to_owned()];
    let issued = grants::issue(
        stage.server.realm(),
        &Issue { refresh: true, ..Issue::new(&stage.client, Some(&ann), "authorization_code", scopes) },
    );
    let (access, _) = stage.verified(&issued.access_token).await.unwrap();
    let (id, claims) = stage.verified(&issued.id_token.unwrap()).await.unwrap();
    assert_ne!(access["kid"], id["kid"]);
    assert_eq!((claims["token_use"].as_str(), &claims["aud"]), (Some("id"), &stage.client.id.as_str().into()));

    let refresh = issued.refresh_token.unwrap();
    let again = stage.token(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await;
    assert_eq!(again.status, 200, "{}", again.text);
    assert!(again.json().get("refresh_token").is_none(), "the refresh token goes on and is not repeated");
    let unsupported = stage.revoke(&again.member("access_token")).await;
    assert_eq!(unsupported.error(), (400, "unsupported_token_type".to_owned()));
    assert_eq!(stage.revoke(&refresh).await.status, 200);
    let refused = stage.token(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await;
    assert_eq!(refused.error(), (400, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn cognito_refuses_with_400_and_a_code_alone() {
    let stage = cognito().await;
    let form = [("grant_type", "client_credentials"), ("client_id", "nobody"), ("client_secret", "x")];
    let refused = stage.post_bare(&stage.server.endpoints().token, &form).await;
    assert_eq!((refused.status, refused.text.as_str()), (400, r#"{"error":"invalid_client"}"#));
    let password = stage.password("").await;
    assert_eq!(password.error(), (400, "unsupported_grant_type".to_owned()));
    let revocation = stage.server.endpoints().revocation.clone().unwrap();
    let stranger = stage.post_bare(&revocation, &[("token", "x"), ("client_id", "nobody")]).await;
    assert_eq!(stranger.error(), (401, "invalid_client".to_owned()));
}

#[tokio::test]
async fn auth0_gives_a_jwt_for_an_audience_it_knows_and_an_opaque_token_without_one() {
    let stage = stage(Vendor::Auth0).await;
    let ask = async |audience: Option<&str>| {
        let mut form = vec![("grant_type", "client_credentials")];
        form.extend(audience.map(|audience| ("audience", audience)));
        stage.token(&form).await
    };
    let granted = ask(Some(AUDIENCE)).await;
    let (header, claims) = stage.verified(&granted.member("access_token")).await.unwrap();
    assert_eq!(header["typ"], "JWT");
    assert_eq!(claims["sub"], format!("{}@clients", stage.client.id));
    assert_eq!((&claims["aud"], &claims["azp"]), (&AUDIENCE.into(), &stage.client.id.as_str().into()));
    assert_eq!(claims["gty"], "client-credentials");
    assert!(claims.get("jti").is_none() && claims.get("client_id").is_none());
    assert!(claims["iss"].as_str().unwrap().ends_with('/'));
    assert!(!ask(None).await.member("access_token").contains('.'));
    assert_eq!(ask(Some("https://unknown.example")).await.error(), (403, "access_denied".to_owned()));
}

#[tokio::test]
async fn auth0_refuses_in_its_own_words_and_reads_json() {
    let stage = stage(Vendor::Auth0).await;
    let url = stage.server.endpoints().token.clone();
    let body = |secret: &str| serde_json::json!({ "grant_type": "client_credentials", "client_id": stage.client.id, "client_secret": secret, "audience": AUDIENCE });
    let wrong = answer(stage.http.post(&url).json(&body("wrong")).send().await.unwrap()).await;
    assert_eq!(
        (wrong.status, wrong.member("error"), wrong.member("error_description")),
        (401, "access_denied".into(), "Unauthorized".into())
    );
    let right =
        answer(stage.http.post(&url).json(&body(stage.client.secret.as_deref().unwrap())).send().await.unwrap()).await;
    assert_eq!(right.status, 200);
    let password = [("grant_type", "password"), ("username", "ann"), ("password", "wrong")];
    assert_eq!(stage.token(&password).await.error(), (403, "invalid_grant".to_owned()));
    stage.server.realm().update_client(&stage.client.id, |client| client.grant_types.clear());
    let disabled = stage.token(&password).await;
    assert_eq!(disabled.error(), (403, "unauthorized_client".to_owned()));
    assert!(disabled.member("error_uri").starts_with("https://"));
}

#[tokio::test]
async fn auth0_gives_a_refresh_token_only_to_those_who_ask_for_offline_access() {
    let stage = stage(Vendor::Auth0).await;
    assert!(stage.password("openid").await.json().get("refresh_token").is_none());
    let granted = stage.password("openid offline_access").await;
    let refresh = granted.member("refresh_token");
    assert_eq!(stage.revoke(&refresh).await.status, 200);
    let refused = stage.token(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await;
    assert_eq!(refused.error(), (403, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn a_token_of_an_okta_organisation_is_for_okta_alone_and_verifies_with_no_published_key() {
    let stage = stage(Vendor::Okta).await;
    let base = stage.server.base_url().to_owned();
    let document = stage.get(&format!("{base}/.well-known/openid-configuration")).await.json();
    assert_eq!(document["issuer"], base.as_str());
    assert_eq!(document["token_endpoint"], format!("{base}/oauth2/v1/token"));
    let form = [("grant_type", "client_credentials"), ("scope", "read")];
    let granted = stage.post(document["token_endpoint"].as_str().unwrap(), &form).await;
    let token = granted.member("access_token");
    let (header, claims) = kmspec_mocks::realm::jwt::read(&token).unwrap();
    assert_eq!((&claims["iss"], &claims["aud"]), (&base.as_str().into(), &base.as_str().into()));
    let keys = stage.get(document["jwks_uri"].as_str().unwrap()).await.json();
    assert!(keys["keys"].as_array().unwrap().iter().all(|key| key["kid"] != header["kid"]), "{keys}");
    assert!(stage.verified(&token).await.is_err());
    let asked = stage.post(document["introspection_endpoint"].as_str().unwrap(), &[("token", &token)]).await.json();
    assert_eq!((&asked["active"], &asked["iss"]), (&true.into(), &base.as_str().into()));
    stage.post(document["revocation_endpoint"].as_str().unwrap(), &[("token", &token)]).await;
    assert_eq!(stage.introspect(&token).await["active"], false);
    let own = stage.token(&form).await.member("access_token");
    assert_eq!(stage.verified(&own).await.unwrap().1["iss"], stage.server.issuer(), "the custom server stays as it is");
}

#[tokio::test]
async fn anybody_registers_at_auth0_once_its_tenant_allows_it_and_gets_little() {
    let stage = stage(Vendor::Auth0).await;
    let url = format!("{}/oidc/register", stage.server.base_url());
    let register =
        async |body: serde_json::Value| answer(stage.http.post(&url).json(&body).send().await.unwrap()).await;
    let good = json!({ "client_name": "stranger", "redirect_uris": ["https://a.example/cb"] });
    assert_eq!(register(good.clone()).await.status, 404, "off unless the tenant says otherwise");
    stage.server.realm().change_policy(|policy| policy.open_registration = true);
    let made = register(good).await;
    assert_eq!((made.status, &made.json()["client_secret_expires_at"]), (201, &json!(0)), "{}", made.text);
    let (id, secret) = (made.member("client_id"), made.member("client_secret"));
    assert!(id.starts_with("tpc_"), "{id}");
    let form = [("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", &secret)];
    let refused = stage.post_bare(&stage.server.endpoints().token, &form).await;
    assert_eq!(refused.error(), (403, "unauthorized_client".to_owned()));
    assert!(stage.server.realm().client(&id).unwrap().pkce_mandatory);
    for (body, error) in [
        (json!({}), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["no uri"] }), "invalid_redirect_uri"),
        (
            json!({ "redirect_uris": ["https://a.example/"], "grant_types": ["client_credentials"] }),
            "invalid_client_metadata",
        ),
        (
            json!({ "redirect_uris": ["https://a.example/"], "token_endpoint_auth_method": "private_key_jwt" }),
            "invalid_client_metadata",
        ),
        (json!([]), "invalid_client_metadata"),
    ] {
        assert_eq!(register(body.clone()).await.error(), (400, error.to_owned()), "{body}");
    }
}

#[tokio::test]
async fn pingone_says_what_an_access_token_is_from_march_2027_on() {
    let clock = Clock::system();
    clock.stop();
    let builder = AuthorizationServer::builder(Vendor::PingOne).certificates(AUTHORITY.clone()).clock(clock.clone());
    let server = builder.start().await.unwrap();
    let client = server.realm().add_client(ClientSpec::new("orders"));
    let stage = Stage { server, http: http(), client };
    // The second before 2 March 2027 at midnight (UTC), and that midnight.
    for (now, kind) in [(1_803_945_599, None), (1_803_945_600, Some("at+jwt"))] {
        clock.set(now);
        let token = stage.token(&[("grant_type", "client_credentials")]).await.member("access_token");
        let header = kmspec_mocks::realm::jwt::read(&token).unwrap().0;
        assert_eq!(header.get("typ").and_then(|kind| kind.as_str()), kind, "{now}");
    }
}

#[tokio::test]
async fn keycloak_may_have_everything_below_a_path() {
    let builder = AuthorizationServer::builder(Vendor::Keycloak).certificates(AUTHORITY.clone()).base_path("/auth");
    let server = builder.start().await.unwrap();
    let client = server.realm().add_client(ClientSpec::new("orders"));
    let stage = Stage { server, http: http(), client };
    assert!(stage.server.issuer().ends_with("/auth/realms/kmspec"), "{}", stage.server.issuer());
    let document = stage.get(&stage.server.discovery_url()).await.json();
    for member in ["token_endpoint", "jwks_uri", "registration_endpoint", "device_authorization_endpoint"] {
        assert!(document[member].as_str().unwrap().contains("/auth/realms/kmspec/"), "{member}: {document}");
    }
    let token = stage.token(&[("grant_type", "client_credentials")]).await.member("access_token");
    assert_eq!(stage.verified(&token).await.unwrap().1["iss"], stage.server.issuer());
    assert_eq!(stage.introspect(&token).await["active"], true);
    let outside = stage.server.discovery_url().replace("/auth/", "/");
    assert_eq!(stage.get(&outside).await.status, 404, "nothing is served beside the path");
    stage.server.faults().script(FaultScript::new(Fault::Status { status: 503 }).at(Endpoint::Token)).await.unwrap();
    assert_eq!(stage.token(&[("grant_type", "client_credentials")]).await.status, 503);
    assert!(stage.server.panics().is_empty());
}

#[tokio::test]
async fn a_user_pool_and_its_domain_may_be_two_hosts_and_each_serves_its_own() {
    let builder = AuthorizationServer::builder(Vendor::Cognito).certificates(AUTHORITY.clone());
    let server = builder.issuer_host("127.0.0.1").start().await.unwrap();
    let scopes = ["orders/read"];
    let client = server.realm().add_client(ClientSpec::new("orders").scopes(scopes));
    let stage = Stage { server, http: http(), client };
    let (issuer, token_endpoint) = (stage.server.issuer().to_owned(), stage.server.endpoints().token.clone());
    assert!(issuer.starts_with("https://127.0.0.1:") && token_endpoint.starts_with("https://localhost:"), "{issuer}");
    let document = stage.get(&stage.server.discovery_url()).await.json();
    assert_eq!(
        (document["issuer"].as_str(), document["token_endpoint"].as_str()),
        (Some(issuer.as_str()), Some(token_endpoint.as_str()))
    );
    assert_eq!(document["jwks_uri"], stage.server.endpoints().jwks.as_str());
    let token = stage.token(&[("grant_type", "client_credentials")]).await.member("access_token");
    assert_eq!(stage.verified(&token).await.unwrap().1["iss"], issuer.as_str());
    let swapped = |url: &str| match url.contains("//localhost") {
        true => url.replace("//localhost", "//127.0.0.1"),
        false => url.replace("//127.0.0.1", "//localhost"),
    };
    for url in [stage.server.discovery_url(), stage.server.endpoints().jwks.clone()] {
        assert_eq!(stage.get(&swapped(&url)).await.status, 404, "{url}");
    }
    let form = [("grant_type", "client_credentials")];
    assert_eq!(stage.post(&swapped(&token_endpoint), &form).await.status, 404);
    let fault = FaultScript::new(Fault::Status { status: 503 }).at(Endpoint::Jwks).times(1);
    stage.server.faults().script(fault).await.unwrap();
    let jwks = stage.server.endpoints().jwks.clone();
    for (url, status) in [(swapped(&jwks), 404), (jwks.clone(), 503), (jwks, 200)] {
        assert_eq!(stage.get(&url).await.status, status, "a fault waits for the host that serves the keys: {url}");
    }
}

#[tokio::test]
async fn addresses_that_a_vendor_does_not_have_are_refused_with_a_hint() {
    let start = async |vendor, change: fn(AuthorizationServerBuilder) -> AuthorizationServerBuilder| {
        change(AuthorizationServer::builder(vendor).certificates(AUTHORITY.clone()))
            .start()
            .await
            .unwrap_err()
            .to_string()
    };
    for (error, hint) in [
        (start(Vendor::Okta, |builder| builder.base_path("/auth")).await, "keycloak has one"),
        (start(Vendor::Keycloak, |builder| builder.base_path("auth")).await, "such as /auth"),
        (start(Vendor::Keycloak, |builder| builder.base_path("/auth/")).await, "such as /auth"),
        (start(Vendor::Keycloak, |builder| builder.base_path("/..")).await, "such as /auth"),
        (start(Vendor::Keycloak, |builder| builder.base_path("/.")).await, "such as /auth"),
        (start(Vendor::Keycloak, |builder| builder.base_path("/a/../b")).await, "such as /auth"),
        (start(Vendor::Okta, |builder| builder.issuer_host("127.0.0.1")).await, "cognito has one"),
        (start(Vendor::Cognito, |builder| builder.issuer_host("localhost")).await, "another one"),
        (
            start(Vendor::Cognito, |builder| builder.host("pool.example").issuer_host("pool.example")).await,
            "another one",
        ),
        (start(Vendor::Cognito, |builder| builder.issuer_host("[::1]")).await, "IPv6"),
        (start(Vendor::Cognito, |builder| builder.issuer_host("a:1")).await, "without scheme"),
    ] {
        assert!(error.contains(hint), "{error}");
    }
}
