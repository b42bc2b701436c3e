//! Okta's two servers: neither knows what the other one gave out.
//! What tokens of the organisation look like is tested in `out_of_band`.

use kmspec_mocks::{realm::ClientSpec, vendors::Vendor};
use serde_json::{Value, json};

use crate::{
    REDIRECT, asking, read,
    support::{Answer, Stage, answer, stage, stage_with},
};

/// The two servers' paths.
const CUSTOM: &str = "/oauth2/default/v1";
const ORGANISATION: &str = "/oauth2/v1";

async fn at(stage: &Stage, server: &str, path: &str, form: &[(&str, &str)]) -> Answer {
    stage.post(&format!("{}{server}{path}", stage.server.base_url()), form).await
}

#[tokio::test]
async fn what_one_server_of_okta_gave_the_other_does_not_know() {
    let grants = ["authorization_code", "password", "refresh_token", "client_credentials"];
    let stage = stage_with(Vendor::Okta, ClientSpec::new("orders").grant_types(grants).redirect_uris([REDIRECT])).await;
    let password = [
        ("grant_type", "password"),
        ("username", "ann"),
        ("password", "ann's secret"),
        ("scope", "openid offline_access read"),
    ];
    for (own, other) in [(CUSTOM, ORGANISATION), (ORGANISATION, CUSTOM)] {
        let granted = at(&stage, own, "/token", &password).await;
        assert_eq!(granted.status, 200, "{}", granted.text);
        let (token, refresh) = (granted.member("access_token"), granted.member("refresh_token"));
        let id_token = granted.member("id_token");
        for (server, active) in [(own, true), (other, false)] {
            for text in [&token, &refresh, &id_token] {
                let said = at(&stage, server, "/introspect", &[("token", text)]).await.json();
                assert_eq!(said["active"], active, "{server}: {said}");
                assert!(active || said == json!({ "active": false }), "{server}: {said}");
            }
            let userinfo = format!("{}{server}/userinfo", stage.server.base_url());
            let profile = answer(stage.http.get(userinfo).bearer_auth(&token).send().await.unwrap()).await;
            assert_eq!(profile.status, if active { 200 } else { 401 }, "{server}");
        }
        let renewal = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        assert_eq!(at(&stage, other, "/token", &renewal).await.error(), (400, "invalid_grant".to_owned()), "{own}");
        let renewed = at(&stage, own, "/token", &renewal).await;
        let (before, after) = (read(&token).1, read(&renewed.member("access_token")).1);
        assert_eq!((&before["iss"], &before["aud"]), (&after["iss"], &after["aud"]), "{own}");
        let said = at(&stage, own, "/introspect", &[("token", &renewed.member("access_token"))]).await.json();
        assert_eq!((&said["iss"], &said["aud"]), (&after["iss"], &after["aud"]), "{own}");
        // Whoever revokes at the wrong server is told that all is well, and nothing ends.
        assert_eq!(at(&stage, other, "/revoke", &[("token", &refresh)]).await.status, 200);
        assert_eq!(at(&stage, own, "/introspect", &[("token", &refresh)]).await.json()["active"], true);
        assert_eq!(at(&stage, own, "/revoke", &[("token", &refresh)]).await.status, 200);
        assert_eq!(at(&stage, own, "/introspect", &[("token", &refresh)]).await.json()["active"], false);
    }
}

#[tokio::test]
async fn a_code_is_redeemed_where_it_was_given_out() {
    let stage = stage_with(
        Vendor::Okta,
        ClientSpec::new("orders").grant_types(["authorization_code"]).redirect_uris([REDIRECT]),
    )
    .await;
    for (own, other) in [(CUSTOM, ORGANISATION), (ORGANISATION, CUSTOM)] {
        let query = asking(&stage, &[("scope", "openid"), ("audience", "https://elsewhere.example")]);
        let authorize = format!("{}{own}/authorize", stage.server.base_url());
        let url = reqwest::Url::parse_with_params(&authorize, query).unwrap();
        let page = stage.open(url.as_str()).await.page();
        let code = stage.log_in(&page).await.away().remove("code").unwrap();
        let form = [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", REDIRECT)];
        assert_eq!(at(&stage, other, "/token", &form).await.error(), (400, "invalid_grant".to_owned()), "{own}");
        let granted = at(&stage, own, "/token", &form).await;
        assert_eq!(granted.status, 200, "{own}: {}", granted.text);
        let of_organisation = read(&granted.member("access_token")).1["iss"] == stage.server.base_url();
        assert_eq!(of_organisation, own == ORGANISATION);
    }
}

#[tokio::test]
async fn an_id_says_what_it_is_the_id_of() {
    let stage = stage(Vendor::Okta).await;
    let token = stage.password("openid read").await.member("access_token");
    let (_, claims) = read(&token);
    assert!(claims["jti"].as_str().unwrap().starts_with("AT."), "{claims:?}");
    assert_eq!(stage.introspect(&token).await["jti"], claims["jti"]);
    assert_eq!((&claims["ver"], claims["scp"].is_array()), (&Value::from(1), true));
}
