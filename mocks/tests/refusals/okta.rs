//! Refusals of an Okta authorization server: credentials that are missing make the request invalid, and tokens of
//! others are left alone without a word.

use kmspec_mocks::{realm::ClientSpec, vendors::Vendor};
use serde_json::json;

use crate::{OWN, Who, ask, broad, refused};

#[tokio::test]
async fn a_token_request_is_refused_in_oktas_words() {
    let stage = broad(Vendor::Okta).await;
    let token = stage.server.endpoints().token.clone();
    let (read, ann) = (("scope", "read"), ("username", "ann"));
    let code = ("grant_type", "authorization_code");
    refused(
        &stage,
        &token,
        &[
            ("wrong secret", Who::Wrong, &[OWN, read], 401, "invalid_client"),
            ("unknown client", Who::Unknown, &[OWN, read], 401, "invalid_client"),
            ("no client", Who::Nobody, &[OWN, read], 400, "invalid_request"),
            ("both ways", Who::Twice, &[OWN, read], 400, "invalid_request"),
            ("Basic that is none", Who::Header("Basic ???"), &[OWN, read], 400, "invalid_request"),
            ("unknown scope", Who::Right, &[OWN, ("scope", "nonsense")], 400, "invalid_scope"),
            ("openid without a user", Who::Right, &[OWN, ("scope", "openid")], 400, "invalid_scope"),
            ("unknown grant", Who::Right, &[("grant_type", "magic")], 400, "unsupported_grant_type"),
            ("unknown code", Who::Right, &[code, ("code", "x"), ("redirect_uri", "https://a/")], 400, "invalid_grant"),
            (
                "unknown refresh token",
                Who::Right,
                &[("grant_type", "refresh_token"), ("refresh_token", "x")],
                400,
                "invalid_grant",
            ),
            ("wrong password", Who::Right, &[("grant_type", "password"), ann, ("password", "x")], 400, "invalid_grant"),
        ],
    )
    .await;
}

#[tokio::test]
async fn id_tokens_are_introspected_and_tokens_of_others_stay_alive() {
    let stage = broad(Vendor::Okta).await;
    let tokens = stage.password("openid offline_access").await;
    let told = stage.introspect(&tokens.member("id_token")).await;
    assert_eq!((&told["active"], &told["client_id"]), (&json!(true), &json!(stage.client.id)));
    assert_eq!(stage.introspect(&tokens.member("refresh_token")).await["active"], true);
    let forged = format!("{}x", tokens.member("id_token"));
    assert_eq!(stage.introspect(&forged).await, json!({ "active": false }));
    stage.server.realm().add_client(ClientSpec::new("other").id("other").secret("s"));
    let access = tokens.member("access_token");
    let revocation = stage.server.endpoints().revocation.clone().unwrap();
    assert_eq!(ask(&stage, &revocation, Who::Client("other", "s"), &[("token", &access)]).await.status, 200);
    assert_eq!(stage.introspect(&access).await["active"], true);
    stage.server.clock().advance(std::time::Duration::from_secs(3_601));
    assert_eq!(stage.introspect(&tokens.member("id_token")).await, json!({ "active": false }), "it has expired");
}
