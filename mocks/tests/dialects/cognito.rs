//! Amazon Cognito: groups, and the id that all tokens of one login share.
//! What else its tokens are is tested in `out_of_band`.

use kmspec_mocks::{
    realm::{ClientSpec, UserSpec},
    vendors::Vendor,
};
use serde_json::json;

use crate::{
    REDIRECT, logged_in, read,
    support::{Stage, stage_with},
    text,
};

async fn with_login() -> Stage {
    let spec = ClientSpec::new("orders").grant_types(["authorization_code", "refresh_token", "client_credentials"]);
    stage_with(Vendor::Cognito, spec.redirect_uris([REDIRECT]).scopes(["shop/read"])).await
}

#[tokio::test]
async fn the_groups_of_a_user_stand_in_the_access_token() {
    let stage = with_login().await;
    let granted = logged_in(&stage, &[("scope", "openid")]).await;
    assert!(read(&granted.member("access_token")).1.get("cognito:groups").is_none());
    stage.server.realm().add_user(UserSpec::new("ann", "ann's secret").roles(["sellers", "buyers"]));
    let granted = logged_in(&stage, &[("scope", "openid")]).await;
    let (_, claims) = read(&granted.member("access_token"));
    let groups = claims["cognito:groups"].as_array().unwrap();
    assert!(groups.contains(&json!("sellers")) && groups.contains(&json!("buyers")), "{claims:?}");
}

#[tokio::test]
async fn all_tokens_of_a_login_share_an_origin() {
    let stage = with_login().await;
    let first = logged_in(&stage, &[("scope", "openid")]).await;
    let origin = text(&read(&first.member("access_token")).1, "origin_jti").to_owned();
    assert_eq!(text(&read(&first.member("id_token")).1, "origin_jti"), origin);
    let refresh = first.member("refresh_token");
    let again = stage.token(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await;
    for name in ["access_token", "id_token"] {
        let (_, claims) = read(&again.member(name));
        assert_eq!(text(&claims, "origin_jti"), origin, "{name}");
        assert_ne!(text(&claims, "jti"), origin, "{name}");
    }
    let other = logged_in(&stage, &[("scope", "openid")]).await;
    assert_ne!(text(&read(&other.member("access_token")).1, "origin_jti"), origin);
    let own = stage.token(&[("grant_type", "client_credentials")]).await;
    assert!(read(&own.member("access_token")).1.get("origin_jti").is_none());
}

#[tokio::test]
async fn a_token_is_for_the_resource_that_the_login_named() {
    let stage = with_login().await;
    let resource = "https://shop.example/api";
    let granted = logged_in(&stage, &[("scope", "openid"), ("resource", resource)]).await;
    assert_eq!(read(&granted.member("access_token")).1["aud"], resource);
    let refresh = granted.member("refresh_token");
    let again = stage.token(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await;
    assert_eq!(read(&again.member("access_token")).1["aud"], resource);
    let other = logged_in(&stage, &[("scope", "openid"), ("audience", resource)]).await;
    assert!(read(&other.member("access_token")).1.get("aud").is_none());
    let own = stage.token(&[("grant_type", "client_credentials"), ("resource", resource)]).await;
    assert!(read(&own.member("access_token")).1.get("aud").is_none());
}

#[tokio::test]
async fn where_revocation_is_off_it_is_an_invalid_request() {
    let stage = with_login().await;
    let refresh = logged_in(&stage, &[("scope", "openid")]).await.member("refresh_token");
    stage.server.realm().change_policy(|policy| policy.revocation = false);
    assert_eq!(stage.revoke(&refresh).await.error(), (400, "invalid_request".to_owned()));
    let renewal = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    assert_eq!(stage.token(&renewal).await.status, 200);
    stage.server.realm().change_policy(|policy| policy.revocation = true);
    assert_eq!(stage.revoke(&refresh).await.status, 200);
    assert_eq!(stage.token(&renewal).await.error(), (400, "invalid_grant".to_owned()));
}
