//! Refusals of ForgeRock: introspection by POST with the token in the body, and only for clients.
//! What its tokens look like is tested in `vendors`.

use kmspec_mocks::{realm::ClientSpec, vendors::Vendor};

use crate::{OWN, Who, ask, refused, support::stage};

#[tokio::test]
async fn forgerock_refuses_by_the_rfc_and_reads_no_token_from_the_url() {
    let stage = stage(Vendor::ForgeRock).await;
    stage.server.realm().add_client(ClientSpec::new("l").id("limited").secret("s").grant_types(["refresh_token"]));
    let endpoints = stage.server.endpoints().clone();
    let password = ("grant_type", "password");
    refused(
        &stage,
        &endpoints.token,
        &[
            ("wrong secret", Who::Wrong, &[OWN], 401, "invalid_client"),
            ("unknown grant", Who::Right, &[("grant_type", "magic")], 400, "unsupported_grant_type"),
            ("not allowed", Who::Client("limited", "s"), &[OWN], 400, "unauthorized_client"),
            ("wrong password", Who::Right, &[password, ("username", "ann"), ("password", "x")], 400, "invalid_grant"),
        ],
    )
    .await;
    let introspection = endpoints.introspection.unwrap();
    let access = stage.token(&[OWN]).await.member("access_token");
    let in_url = format!("{introspection}?token={access}");
    assert_eq!(stage.get(&in_url).await.status, 405);
    assert_eq!(ask(&stage, &in_url, Who::Right, &[]).await.error(), (400, "invalid_request".to_owned()));
    for who in [Who::Nobody, Who::Wrong] {
        assert_eq!(ask(&stage, &introspection, who, &[("token", &access)]).await.status, 401, "{who:?}");
    }
    assert_eq!(ask(&stage, &introspection, Who::Right, &[("token", &access)]).await.json()["active"], true);
}
