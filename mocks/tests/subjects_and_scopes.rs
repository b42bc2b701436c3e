//! What one token says and another must say, too: scopes of a refresh token over narrower refreshes, a subject everywhere.
//! Over real HTTPS, each server on a port of its own.

mod support;

use kmspec_mocks::{
    grants::{self, Issue},
    realm::{ClientSpec, TokenFormat},
    vendors::Vendor,
};
use support::{answer, stage, stage_with};

#[tokio::test]
async fn refreshing_for_less_leaves_a_refresh_token_for_all_that_was_granted() {
    for (vendor, format) in [
        (Vendor::Is7, TokenFormat::Jwt),
        (Vendor::Is7, TokenFormat::Opaque),
        (Vendor::Custom, TokenFormat::Jwt),
        (Vendor::Keycloak, TokenFormat::Jwt),
        (Vendor::Is, TokenFormat::Jwt),
    ] {
        let stage = stage(vendor).await;
        let mut client = stage.client.clone();
        client.token_format = format;
        let owner = stage.server.realm().user("ann").unwrap();
        let issue = Issue {
            refresh: true,
            ..Issue::new(&client, Some(&owner), "password", vec!["read".to_owned(), "write".to_owned()])
        };
        let first = grants::issue(stage.server.realm(), &issue).refresh_token.unwrap();
        let refresh = async |token: &str, scope: &str| {
            stage.token(&[("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)]).await
        };
        let less = refresh(&first, "read").await;
        assert_eq!((less.status, less.member("scope")), (200, "read".to_owned()), "{vendor}");
        assert_eq!(stage.introspect(&less.member("access_token")).await["scope"], "read", "{vendor}");
        let unasked = refresh(&less.member("refresh_token"), "").await;
        assert_eq!(unasked.member("scope"), "read write", "{vendor} {format:?}: left out, it is all that was granted");
        let least = refresh(&unasked.member("refresh_token"), "write").await;
        let again = refresh(&least.member("refresh_token"), "read write").await;
        assert_eq!((again.status, again.member("scope")), (200, "read write".to_owned()), "{vendor} {format:?}");
        let wider = refresh(&again.member("refresh_token"), "read write openid").await;
        assert_eq!(wider.error(), (400, "invalid_scope".to_owned()), "{vendor} {format:?}");
    }
}

#[tokio::test]
async fn an_opaque_token_given_out_again_brings_no_refresh_token_for_more() {
    let stage = stage_with(Vendor::Is7, ClientSpec::new("orders").token_format(TokenFormat::Opaque)).await;
    let all = stage.password("read write").await.member("refresh_token");
    stage.token(&[("grant_type", "refresh_token"), ("refresh_token", &all), ("scope", "read")]).await;
    let other = stage.password("read").await.member("refresh_token");
    let wider = [("grant_type", "refresh_token"), ("refresh_token", other.as_str()), ("scope", "read write")];
    assert_eq!(stage.token(&wider).await.error(), (400, "invalid_scope".to_owned()));
}

#[tokio::test]
async fn forgerock_has_one_subject_in_tokens_introspection_and_profile() {
    let stage = stage(Vendor::ForgeRock).await;
    let granted = stage.password("openid read").await;
    let access = granted.member("access_token");
    let (_, claims) = stage.verified(&access).await.unwrap();
    let (_, id_claims) = stage.verified(&granted.member("id_token")).await.unwrap();
    let told = stage.introspect(&access).await;
    let userinfo = stage.server.endpoints().userinfo.clone().unwrap();
    let profile = answer(stage.http.get(userinfo).bearer_auth(&access).send().await.unwrap()).await.json();
    for sub in [&claims["sub"], &id_claims["sub"], &told["sub"], &profile["sub"]] {
        assert_eq!(sub, "(usr!ann)");
    }
    assert_eq!((&told["aud"], &told["subname"]), (&claims["aud"], &claims["subname"]));
    assert_eq!(told["aud"], stage.client.id);
    let own = stage.token(&[("grant_type", "client_credentials")]).await.member("access_token");
    assert_eq!(stage.introspect(&own).await["sub"], format!("(age!{})", stage.client.id));
}
