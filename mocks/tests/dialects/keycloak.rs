//! Keycloak: plain code challenges, sessions that last, and the words by which its tokens say what they are.
//! Its refusals are tested in `refusals`, logging out in `sessions`.

use kmspec_mocks::{realm::ClientSpec, vendors::Vendor};
use serde_json::json;

use crate::{
    REDIRECT, asking, read,
    support::{Stage, stage, stage_with},
    text,
};

const OWN: (&str, &str) = ("grant_type", "client_credentials");
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

async fn with_login(vendor: Vendor) -> Stage {
    let grants = ["authorization_code", "refresh_token"];
    stage_with(vendor, ClientSpec::new("orders").grant_types(grants).redirect_uris([REDIRECT])).await
}

#[tokio::test]
async fn a_plain_code_challenge_works_where_discovery_announces_it() {
    let stage = with_login(Vendor::Keycloak).await;
    let announced = stage.get(&stage.server.discovery_url()).await.json()["code_challenge_methods_supported"].clone();
    assert_eq!(announced, json!(["plain", "S256"]));
    for method in [Some("plain"), None] {
        let mut more = vec![("scope", "openid"), ("code_challenge", VERIFIER)];
        more.extend(method.map(|method| ("code_challenge_method", method)));
        for (verifier, status) in [("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXX", 400), (VERIFIER, 200)] {
            let code = stage.code(&asking(&stage, &more)).await;
            let form = [
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", REDIRECT),
                ("code_verifier", verifier),
            ];
            let answer = stage.token(&form).await;
            assert_eq!(answer.status, status, "{method:?} {verifier}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn a_session_keeps_its_name_from_the_login_through_every_refresh() {
    let stage = with_login(Vendor::Keycloak).await;
    let login = async || {
        let page = stage.authorize(&asking(&stage, &[("scope", "openid")])).await.page();
        stage.log_in(&page).await.away()
    };
    let away = login().await;
    let form = [("grant_type", "authorization_code"), ("code", &away["code"]), ("redirect_uri", REDIRECT)];
    let mut granted = stage.token(&form).await;
    let session = away["session_state"].as_str();
    for round in 0..3 {
        assert_eq!(granted.member("session_state"), session, "round {round}");
        for name in ["access_token", "id_token", "refresh_token"] {
            let (_, claims) = read(&granted.member(name));
            assert_eq!(text(&claims, "sid"), session, "{name} of round {round}");
        }
        let refresh = granted.member("refresh_token");
        granted = stage.token(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await;
    }
    assert_ne!(login().await["session_state"], session, "another login is another session");
}

#[tokio::test]
async fn a_refresh_token_says_whether_it_outlives_the_session() {
    let stage = stage(Vendor::Keycloak).await;
    for (scope, kind) in [("openid", "Refresh"), ("openid offline_access", "Offline")] {
        let (header, claims) = read(&stage.password(scope).await.member("refresh_token"));
        assert_eq!((text(&claims, "typ"), text(&header, "alg")), (kind, "HS512"), "{scope}");
    }
}

#[tokio::test]
async fn a_clients_own_token_stands_for_its_service_account() {
    let stage = stage_with(Vendor::Keycloak, ClientSpec::new("orders").id("Orders")).await;
    let (_, claims) = read(&stage.token(&[OWN]).await.member("access_token"));
    assert_eq!(text(&claims, "preferred_username"), "service-account-orders");
    assert_eq!((text(&claims, "client_id"), text(&claims, "azp")), ("Orders", "Orders"));
    assert_ne!(text(&claims, "sub"), "Orders");
}

#[tokio::test]
async fn a_client_may_have_its_access_tokens_say_that_they_are_such() {
    for (set, kind) in [(json!(true), "at+jwt"), (json!("true"), "at+jwt"), (json!(false), "JWT")] {
        let spec = ClientSpec::new("orders").metadata("access.token.header.type.rfc9068", set.clone());
        let stage = stage_with(Vendor::Keycloak, spec).await;
        let (header, claims) = read(&stage.token(&[OWN]).await.member("access_token"));
        assert_eq!((text(&header, "typ"), text(&claims, "typ")), (kind, "Bearer"), "{set}");
    }
}

#[tokio::test]
async fn a_realm_that_is_switched_off_gives_no_tokens() {
    let stage = stage(Vendor::Keycloak).await;
    stage.server.realm().change_policy(|policy| policy.disabled = true);
    let refused = stage.token(&[OWN]).await;
    assert_eq!(refused.error(), (403, "access_denied".to_owned()), "{}", refused.text);
    stage.server.realm().change_policy(|policy| policy.disabled = false);
    assert_eq!(stage.token(&[OWN]).await.status, 200);
}

#[tokio::test]
async fn a_token_is_inactive_for_whoever_asks_under_the_host_of_another_issuer() {
    let stage = stage(Vendor::Keycloak).await;
    let token = stage.token(&[OWN]).await.member("access_token");
    let url = stage.server.endpoints().introspection.clone().unwrap();
    let other = url.replace("//localhost:", "//127.0.0.1:");
    assert_ne!(url, other);
    for (url, active) in [(&url, true), (&other, false)] {
        let said = stage.post(url, &[("token", &token)]).await;
        assert_eq!((said.status, &said.json()["active"]), (200, &json!(active)), "{url}");
    }
    assert_eq!(stage.post_bare(&other, &[("token", &token)]).await.error(), (401, "invalid_request".to_owned()));
}
