//! Requests that clients push ahead of the browser, logging out, and finding an account's issuer.
//! Over real HTTPS. What the login itself is like is tested in `authorization_code`.

mod support;

use std::{collections::BTreeMap, time::Duration};

use kmspec_mocks::{
    journal::Endpoint,
    realm::{ClientSpec, TokenFormat},
    vendors::Vendor,
};
use serde_json::json;
use support::{Answer, Stage, browser::Arrival, stage, stage_with};
use url::Url;

const CALLBACK: &str = "https://app.example/cb";
const GOODBYE: &str = "https://app.example/bye";
const ASK: [(&str, &str); 4] =
    [("response_type", "code"), ("redirect_uri", CALLBACK), ("scope", "openid read"), ("state", "pushed state")];

fn app() -> ClientSpec {
    let grants = ["authorization_code", "refresh_token", "password"];
    let spec = ClientSpec::new("app").id("app").grant_types(grants).redirect_uris([CALLBACK]);
    spec.metadata("post_logout_redirect_uris", json!([GOODBYE]))
}

/// What the discovery document says of a member.
async fn announced(stage: &Stage, member: &str) -> String {
    stage.get(&stage.server.discovery_url()).await.member(member)
}

async fn push(stage: &Stage, more: &[(&str, &str)]) -> Answer {
    let url = announced(stage, "pushed_authorization_request_endpoint").await;
    let kept = ASK.iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
    stage.post(&url, &kept.chain(more).copied().collect::<Vec<_>>()).await
}

#[track_caller]
fn shown(arrival: Arrival) -> String {
    arrival.page().answer.text
}

#[tokio::test]
async fn a_pushed_request_is_authorized_by_its_name_alone() {
    for vendor in [Vendor::Is7, Vendor::Asgardeo] {
        let stage = stage_with(vendor, app()).await;
        let pushed = push(&stage, &[]).await;
        assert_eq!((pushed.status, pushed.json()["expires_in"].as_u64()), (201, Some(60)), "{}", pushed.text);
        assert!(pushed.header("cache-control").contains("no-store"));
        let name = pushed.member("request_uri");
        // What else the browser brings does not count.
        let by_name = [("client_id", "app"), ("request_uri", &name), ("state", "another"), ("scope", "write")];
        let page = stage.authorize(&by_name).await.page();
        let away: BTreeMap<_, _> = stage.log_in(&page).await.away();
        assert_eq!(away["state"], "pushed state", "{vendor}");
        let form = [("grant_type", "authorization_code"), ("code", &*away["code"]), ("redirect_uri", CALLBACK)];
        let tokens = stage.token(&form).await;
        assert_eq!(tokens.member("scope"), "openid read", "{vendor}: {}", tokens.text);
        let again = shown(stage.authorize(&by_name).await);
        assert!(again.contains("invalid_request_uri"), "{vendor}: a name is good once: {again}");
    }
}

#[tokio::test]
async fn a_pushed_request_waits_for_a_minute_and_for_its_own_client() {
    let stage = stage_with(Vendor::Is7, app()).await;
    stage.server.realm().add_client(ClientSpec::new("other").id("other").redirect_uris([CALLBACK]));
    let (first, second) =
        (push(&stage, &[]).await.member("request_uri"), push(&stage, &[]).await.member("request_uri"));
    assert_ne!(first, second);
    let foreign = shown(stage.authorize(&[("client_id", "other"), ("request_uri", &first)]).await);
    assert!(foreign.contains("invalid_request_uri"), "{foreign}");
    let nobody = shown(stage.authorize(&[("request_uri", &first)]).await);
    assert!(nobody.contains("invalid_request_uri"), "{nobody}");
    stage.server.clock().advance(Duration::from_secs(59));
    let own = stage.authorize(&[("client_id", "app"), ("request_uri", &first)]).await.page();
    assert!(own.url.path().contains("login"), "the attempts of others cost nothing: {}", own.url);
    stage.server.clock().advance(Duration::from_secs(1));
    let late = shown(stage.authorize(&[("client_id", "app"), ("request_uri", &second)]).await);
    assert!(late.contains("invalid_request_uri"), "{late}");
}

#[tokio::test]
async fn a_request_that_is_wrong_is_refused_when_it_is_pushed() {
    let stage = stage_with(Vendor::Is7, app()).await;
    stage.server.realm().add_client(ClientSpec::new("other").id("other").redirect_uris([CALLBACK]));
    let url = announced(&stage, "pushed_authorization_request_endpoint").await;
    for (wrong, status, code) in [
        (vec![("redirect_uri", "https://elsewhere.example/")], 400, "invalid_request"),
        (vec![("response_type", "token")], 400, "unsupported_response_type"),
        (vec![("request_uri", "urn:ietf:params:oauth:request_uri:x")], 400, "invalid_request"),
        (vec![("client_id", "other")], 400, "invalid_request"),
        (vec![("code_challenge_method", "S256")], 400, "invalid_request"),
        (vec![("nonce", "1"), ("nonce", "2")], 400, "invalid_request"),
    ] {
        let refused = push(&stage, &wrong).await;
        assert_eq!(refused.error(), (status, code.to_owned()), "{wrong:?}");
    }
    let nobody = stage.post_bare(&url, &ASK).await;
    assert_eq!(nobody.error(), (401, "invalid_client".to_owned()));
    let guessed = [ASK.as_slice(), &[("client_id", "app"), ("client_secret", "guessed")]].concat();
    assert_eq!(stage.post_bare(&url, &guessed).await.error(), (401, "invalid_client".to_owned()));
    assert_eq!(stage.get(&url).await.status, 405);
    assert_eq!(stage.server.journal().await.count(Endpoint::PushedAuthorization), 9);
}

#[tokio::test]
async fn a_client_that_must_push_its_requests_cannot_send_them_by_the_browser() {
    let stage = stage_with(Vendor::Is7, app().metadata("require_pushed_authorization_requests", true)).await;
    let plain = shown(stage.authorize(&[ASK.as_slice(), &[("client_id", "app")]].concat()).await);
    assert!(plain.contains("invalid_request"), "{plain}");
    let name = push(&stage, &[]).await.member("request_uri");
    let page = stage.authorize(&[("client_id", "app"), ("request_uri", &name)]).await.page();
    assert!(page.url.path().contains("login"), "{}", page.url);
}

#[tokio::test]
async fn what_identity_server_had_before_version_7_knows_no_pushed_requests() {
    let stage = stage_with(Vendor::Is, app()).await;
    let document = stage.get(&stage.server.discovery_url()).await.json();
    assert!(document.get("pushed_authorization_request_endpoint").is_none());
    let url = format!("{}/oauth2/par", stage.server.base_url());
    assert_eq!(stage.post(&url, &ASK).await.status, 404);
}

/// An id token of ann's, with the tokens that it came with.
async fn logged_in(stage: &Stage) -> Answer {
    let ask = [ASK.as_slice(), &[("client_id", "app")]].concat();
    let code = stage.code(&ask).await;
    stage.token(&[("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK)]).await
}

async fn log_out(stage: &Stage, parameters: &[(&str, &str)]) -> Arrival {
    let url = announced(stage, "end_session_endpoint").await;
    stage.open(Url::parse_with_params(&url, parameters).unwrap().as_str()).await
}

#[tokio::test]
async fn a_logout_leads_back_to_where_the_client_registered_and_nowhere_else() {
    for vendor in [Vendor::Is7, Vendor::Is, Vendor::Asgardeo, Vendor::Keycloak] {
        let stage = stage_with(vendor, app()).await;
        stage.server.realm().add_client(ClientSpec::new("other").id("other"));
        let hint = logged_in(&stage).await.member("id_token");
        let back = ("post_logout_redirect_uri", GOODBYE);
        let away = log_out(&stage, &[("id_token_hint", &hint), back, ("state", "s t")]).await.away();
        assert_eq!(away.get("state").map(String::as_str), Some("s t"), "{vendor}");
        assert!(log_out(&stage, &[("client_id", "app"), back]).await.away().is_empty(), "{vendor}");
        let plain = log_out(&stage, &[("id_token_hint", &hint)]).await.page();
        assert!(plain.answer.text.contains("logged out"), "{vendor}: {}", plain.answer.text);
        let mut altered = hint.clone();
        altered.replace_range(altered.len() - 8..altered.len() - 4, "AAAA");
        for wrong in [
            vec![("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", "https://elsewhere.example/")],
            vec![back],
            vec![("id_token_hint", altered.as_str()), back],
            vec![("id_token_hint", hint.as_str()), ("client_id", "other"), back],
            vec![("client_id", "nobody"), back],
            vec![("client_id", "app"), back, back],
        ] {
            let text = shown(log_out(&stage, &wrong).await);
            assert!(text.contains("invalid_request"), "{vendor}: {wrong:?}: {text}");
        }
    }
}

#[tokio::test]
async fn a_logout_ends_the_tokens_of_the_session_only_where_they_are_bound_to_it() {
    for (vendor, bound) in [(Vendor::Keycloak, true), (Vendor::Is7, false)] {
        let stage = stage_with(vendor, app().token_format(TokenFormat::Jwt)).await;
        let (one, other) = (logged_in(&stage).await, logged_in(&stage).await);
        // Identity Server ends the older of two tokens by itself.
        let wrong =
            [("id_token_hint", &*other.member("id_token")), ("post_logout_redirect_uri", "https://no.example/")];
        log_out(&stage, &wrong).await.page();
        let alive = stage.introspect(&other.member("access_token")).await;
        assert_eq!(alive["active"], true, "{vendor}: a refused logout ends nothing");
        log_out(&stage, &[("id_token_hint", &other.member("id_token"))]).await.page();
        let after = stage.introspect(&other.member("access_token")).await;
        assert_eq!(after["active"], !bound, "{vendor}");
        if bound {
            assert_eq!(stage.introspect(&one.member("access_token")).await["active"], true, "another session");
        }
    }
}

#[tokio::test]
async fn the_page_that_watches_a_session_may_stand_in_a_frame() {
    for vendor in [Vendor::Is7, Vendor::Keycloak] {
        let stage = stage(vendor).await;
        let page = stage.get(&announced(&stage, "check_session_iframe").await).await;
        assert_eq!((page.status, page.header("x-frame-options")), (200, ""), "{vendor}");
        assert!(page.text.contains("postMessage"), "{vendor}");
    }
}

#[tokio::test]
async fn cognito_leads_to_a_sign_out_url_of_the_client() {
    let stage = stage_with(Vendor::Cognito, app().metadata("logout_uris", json!([GOODBYE]))).await;
    let away = log_out(&stage, &[("client_id", "app"), ("logout_uri", GOODBYE)]).await;
    assert!(matches!(away, Arrival::Away(url) if url.as_str() == GOODBYE));
    for wrong in [
        [("client_id", "app"), ("logout_uri", CALLBACK)],
        [("client_id", "nobody"), ("logout_uri", GOODBYE)],
        [("client_id", "app"), ("post_logout_redirect_uri", GOODBYE)],
    ] {
        assert_eq!(log_out(&stage, &wrong).await.page().answer.status, 400, "{wrong:?}");
    }
}

#[tokio::test]
async fn webfinger_names_the_issuer_of_an_account_of_this_server_only() {
    let stage = stage(Vendor::Is7).await;
    let url = announced(&stage, "webfinger_endpoint").await;
    let ask =
        async |parameters: &[(&str, &str)]| stage.get(Url::parse_with_params(&url, parameters).unwrap().as_str()).await;
    let relation = "http://openid.net/specs/connect/1.0/issuer";
    for account in ["acct:ann@localhost", stage.server.base_url()] {
        let found = ask(&[("resource", account), ("rel", relation)]).await;
        assert_eq!(found.header("content-type"), "application/jrd+json");
        let expected = json!({
            "subject": account,
            "links": [{ "rel": relation, "href": stage.server.issuer() }],
        });
        assert_eq!(found.json(), expected);
    }
    assert_eq!(ask(&[("resource", "acct:ann@localhost"), ("rel", "avatar")]).await.json()["links"], json!([]));
    assert_eq!(ask(&[("resource", "acct:ann@elsewhere.example")]).await.status, 404);
    assert_eq!(ask(&[("resource", "ann")]).await.status, 404);
    assert_eq!(ask(&[("rel", relation)]).await.status, 400);
}
