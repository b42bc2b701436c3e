//! Refusals of Amazon Cognito: 400 and a code alone at the token endpoint, 401 at the revocation endpoint.
//! What its tokens look like is tested in `out_of_band`.

use kmspec_mocks::{realm::ClientSpec, vendors::Vendor};

use crate::{OWN, Who, ask, refused, support::stage_with};

#[tokio::test]
async fn every_refusal_of_cognito_is_a_code_and_no_more() {
    let grants = ["client_credentials", "authorization_code", "refresh_token"];
    let spec = ClientSpec::new("orders").redirect_uris(["https://app.example/cb"]).grant_types(grants);
    let stage = stage_with(Vendor::Cognito, spec).await;
    stage.server.realm().add_client(ClientSpec::new("l").id("limited").secret("s").grant_types(["refresh_token"]));
    let (token, revocation) = {
        let endpoints = stage.server.endpoints();
        (endpoints.token.clone(), endpoints.revocation.clone().unwrap())
    };
    let code = ("grant_type", "authorization_code");
    let rows: &[crate::Row<'_>] = &[
        ("wrong secret", Who::Wrong, &[OWN], 400, "invalid_client"),
        ("unknown client", Who::Unknown, &[OWN], 400, "invalid_client"),
        ("unknown grant", Who::Right, &[("grant_type", "magic")], 400, "unsupported_grant_type"),
        ("a grant it does not have", Who::Right, &[("grant_type", "password")], 400, "unsupported_grant_type"),
        ("no grant", Who::Right, &[], 400, "invalid_request"),
        ("not allowed", Who::Client("limited", "s"), &[OWN], 400, "unauthorized_client"),
        (
            "unknown code",
            Who::Right,
            &[code, ("code", "x"), ("redirect_uri", "https://app.example/cb")],
            400,
            "invalid_grant",
        ),
        (
            "unknown refresh token",
            Who::Right,
            &[("grant_type", "refresh_token"), ("refresh_token", "x")],
            400,
            "invalid_grant",
        ),
    ];
    refused(&stage, &token, rows).await;
    for (what, who, form, ..) in rows {
        let answer = ask(&stage, &token, *who, form).await;
        assert!(answer.json().get("error_description").is_none(), "{what}: {}", answer.text);
    }
    let access = stage.token(&[OWN]).await.member("access_token");
    refused(
        &stage,
        &revocation,
        &[
            ("no token", Who::Right, &[], 400, "invalid_request"),
            ("an access token", Who::Right, &[("token", &access)], 400, "unsupported_token_type"),
            ("wrong secret", Who::Wrong, &[("token", "x")], 401, "invalid_client"),
        ],
    )
    .await;
    let unknown = ask(&stage, &revocation, Who::Right, &[("token", "x")]).await;
    assert_eq!((unknown.status, unknown.text.as_str()), (200, ""));
}
