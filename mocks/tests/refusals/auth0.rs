//! Refusals of Auth0: 401 and 403 in words of its own, at the token endpoint and at revocation.
//! What its tokens look like is tested in `out_of_band`.

use kmspec_mocks::{realm::ClientSpec, vendors::Vendor};

use crate::{OWN, Who, ask, broad, refused, support::stage};

const API: (&str, &str) = ("audience", "https://api.example.com/");

#[tokio::test]
async fn a_token_request_is_refused_in_auth0s_words() {
    let stage = broad(Vendor::Auth0).await;
    stage.server.realm().add_client(ClientSpec::new("l").id("limited").secret("s").grant_types(["refresh_token"]));
    let token = stage.server.endpoints().token.clone();
    let code = ("grant_type", "authorization_code");
    let password = ("grant_type", "password");
    refused(
        &stage,
        &token,
        &[
            ("wrong secret", Who::Wrong, &[OWN, API], 401, "access_denied"),
            ("not allowed", Who::Client("limited", "s"), &[OWN, API], 403, "unauthorized_client"),
            ("unknown audience", Who::Right, &[OWN, ("audience", "https://nobody/")], 403, "access_denied"),
            ("wrong password", Who::Right, &[password, ("username", "ann"), ("password", "x")], 403, "invalid_grant"),
            ("unknown code", Who::Right, &[code, ("code", "x"), ("redirect_uri", "https://a/")], 403, "invalid_grant"),
            (
                "unknown refresh token",
                Who::Right,
                &[("grant_type", "refresh_token"), ("refresh_token", "x")],
                403,
                "invalid_grant",
            ),
        ],
    )
    .await;
    assert_eq!(ask(&stage, &token, Who::Wrong, &[OWN, API]).await.member("error_description"), "Unauthorized");
    assert!(!ask(&stage, &token, Who::Client("limited", "s"), &[OWN, API]).await.member("error_uri").is_empty());
}

#[tokio::test]
async fn revocation_knows_refresh_tokens_and_leaves_those_of_others_alone() {
    let stage = stage(Vendor::Auth0).await;
    stage.server.realm().add_client(ClientSpec::new("other").id("other").secret("s"));
    let revocation = stage.server.endpoints().revocation.clone().unwrap();
    refused(
        &stage,
        &revocation,
        &[
            ("no token", Who::Right, &[], 400, "invalid_request"),
            ("wrong secret", Who::Wrong, &[("token", "x")], 401, "invalid_client"),
        ],
    )
    .await;
    let refresh = stage.password("openid offline_access").await.member("refresh_token");
    let renewed = async || stage.token(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await.status;
    for (who, alive) in [(Who::Client("other", "s"), true), (Who::Right, false)] {
        assert_eq!(ask(&stage, &revocation, who, &[("token", &refresh)]).await.status, 200, "{who:?}");
        assert_eq!(renewed().await == 200, alive, "{who:?}");
    }
}
