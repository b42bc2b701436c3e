//! Refusals of Keycloak: the grant type before the client, credentials that are blamed on the grant, and a revocation
//! that answers 200 with an error.

use kmspec_mocks::{realm::ClientSpec, vendors::Vendor};

use crate::{
    OWN, Who, ask, refused,
    support::{Stage, stage},
};

async fn scene() -> Stage {
    let stage = stage(Vendor::Keycloak).await;
    let realm = stage.server.realm();
    realm.add_client(ClientSpec::new("limited").id("limited").secret("s").grant_types(["refresh_token"]));
    realm.add_client(ClientSpec::new("open").id("open").public().grant_types(["password", "client_credentials"]));
    stage
}

#[tokio::test]
async fn a_token_request_is_refused_in_keycloaks_words() {
    let stage = scene().await;
    let token = stage.server.endpoints().token.clone();
    let password = ("grant_type", "password");
    let limited = Who::Client("limited", "s");
    let ann = ("username", "ann");
    refused(
        &stage,
        &token,
        &[
            ("no grant type, before the client", Who::Wrong, &[], 400, "invalid_request"),
            (
                "an unknown one, before the client",
                Who::Wrong,
                &[("grant_type", "magic")],
                400,
                "unsupported_grant_type",
            ),
            ("a repetition, after the client", Who::Wrong, &[OWN, ("a", "1"), ("a", "2")], 401, "unauthorized_client"),
            ("a repetition", Who::Right, &[OWN, ("a", "1"), ("a", "2")], 400, "invalid_request"),
            ("wrong secret", Who::Wrong, &[OWN], 401, "unauthorized_client"),
            ("no secret", Who::IdAlone, &[OWN], 401, "unauthorized_client"),
            ("no client", Who::Nobody, &[OWN], 400, "invalid_client"),
            ("unknown client", Who::Unknown, &[OWN], 401, "invalid_client"),
            ("a public client", Who::Nobody, &[OWN, ("client_id", "open")], 401, "unauthorized_client"),
            ("no service account", limited, &[OWN], 401, "unauthorized_client"),
            ("no direct access", limited, &[password, ann, ("password", "x")], 400, "unauthorized_client"),
            ("wrong password", Who::Right, &[password, ann, ("password", "x")], 401, "invalid_grant"),
            ("unknown scope", Who::Right, &[OWN, ("scope", "nonsense")], 400, "invalid_scope"),
            ("no refresh token", Who::Right, &[("grant_type", "refresh_token")], 400, "invalid_request"),
            (
                "a wrong refresh token",
                Who::Right,
                &[("grant_type", "refresh_token"), ("refresh_token", "x")],
                400,
                "invalid_grant",
            ),
        ],
    )
    .await;
    let bare = ask(&stage, &token, Who::Header("Bearer x"), &[OWN]).await;
    assert_eq!((bare.status, bare.text.as_str()), (401, ""), "a challenge and no JSON");
    assert_eq!(bare.header("www-authenticate"), "Basic realm=\"kmspec\"");
    let form =
        [OWN, ("client_id", stage.client.id.as_str()), ("client_secret", stage.client.secret.as_deref().unwrap())];
    assert_eq!(ask(&stage, &token, Who::Unknown, &form).await.status, 200, "the form counts more than the header");
    for answer in [ask(&stage, &token, Who::Wrong, &[OWN]).await, ask(&stage, &token, Who::Right, &[OWN]).await] {
        assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
    }
}

#[tokio::test]
async fn introspection_and_revocation_are_refused_in_keycloaks_words() {
    let stage = scene().await;
    let endpoints = stage.server.endpoints().clone();
    let (introspection, revocation) = (endpoints.introspection.unwrap(), endpoints.revocation.unwrap());
    let tokens = stage.password("openid").await;
    let (access, id_token) = (tokens.member("access_token"), tokens.member("id_token"));
    let token = ("token", "x");
    refused(
        &stage,
        &introspection,
        &[
            ("a public client", Who::Nobody, &[token, ("client_id", "open")], 403, "invalid_request"),
            ("nobody", Who::Nobody, &[token], 401, "invalid_request"),
            ("no token", Who::Right, &[], 400, "invalid_request"),
            ("an unknown hint", Who::Right, &[token, ("token_type_hint", "magic")], 400, "invalid_request"),
        ],
    )
    .await;
    refused(
        &stage,
        &revocation,
        &[
            ("no token", Who::Right, &[], 400, "invalid_request"),
            ("what is no token", Who::Right, &[token], 200, "invalid_token"),
            ("a token of another client", Who::Client("limited", "s"), &[("token", &access)], 400, "invalid_request"),
            ("an id token", Who::Right, &[("token", &id_token)], 400, "unsupported_token_type"),
        ],
    )
    .await;
    assert_eq!(stage.introspect(&access).await["active"], true);
    assert_eq!(stage.revoke(&access).await.status, 200);
    assert_eq!(stage.introspect(&access).await["active"], false);
}
