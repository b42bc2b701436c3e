//! Codes: how they are asked for with a browser, and what they are good for.
//! Over real HTTPS, each server on a port of its own.

mod support;

use std::time::Duration;

use kmspec_mocks::{
    journal::Endpoint,
    realm::{
        ClientSpec, TokenFormat,
        pkce::{Challenge, ChallengeMethod},
    },
    vendors::Vendor,
};
use reqwest::Method;
use serde_json::json;
use support::{Answer, Stage, browser::Arrival, stage_with};

const BOTH: [Vendor; 2] = [Vendor::Is7, Vendor::Custom];
const CALLBACK: &str = "https://app.example/cb?kept=1";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

type Parameter = (&'static str, &'static str);

fn app() -> ClientSpec {
    ClientSpec::new("app").id("app").grant_types(["authorization_code", "refresh_token"]).redirect_uris([CALLBACK])
}

const ASK: [Parameter; 5] = [
    ("response_type", "code"),
    ("client_id", "app"),
    ("redirect_uri", CALLBACK),
    ("scope", "openid read"),
    ("state", "a b&c=é"),
];

/// `ASK` with further parameters, or with others of the same name; those without a value are left out.
fn asking(changes: &[Parameter]) -> Vec<Parameter> {
    let kept = ASK.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    kept.chain(changes).filter(|(_, value)| !value.is_empty()).copied().collect()
}

fn challenged() -> [(&'static str, String); 2] {
    let challenge = Challenge::of(ChallengeMethod::S256, VERIFIER);
    [("code_challenge", challenge.text), ("code_challenge_method", "S256".to_owned())]
}

async fn redeem(stage: &Stage, code: &str, more: &[(&str, &str)]) -> Answer {
    let form: Vec<_> = [("grant_type", "authorization_code"), ("code", code)].iter().chain(more).copied().collect();
    stage.token(&form).await
}

async fn redeemed(stage: &Stage, code: &str) -> Answer {
    redeem(stage, code, &[("redirect_uri", CALLBACK)]).await
}

#[tokio::test]
async fn a_login_gives_a_code_and_the_code_gives_tokens_for_the_user() {
    for vendor in [Vendor::Is7, Vendor::Custom, Vendor::Cognito, Vendor::Auth0] {
        let client = app().scopes(["read"]);
        let stage = stage_with(vendor, client).await;
        let page = stage.authorize(&asking(&[("nonce", "n-1"), ("audience", "https://api.example.com/")])).await.page();
        let mut away = stage.log_in(&page).await.away();
        assert_eq!((away["state"].as_str(), away["kept"].as_str()), ("a b&c=é", "1"), "{vendor}");
        assert_eq!(away.contains_key("session_state"), vendor == Vendor::Is7);
        let granted = redeemed(&stage, &away.remove("code").unwrap()).await;
        assert_eq!((granted.status, granted.header("cache-control")), (200, "no-store"), "{vendor}: {}", granted.text);
        // Auth0 gives one only to those who ask for it.
        assert_eq!(granted.json().get("refresh_token").is_some(), vendor != Vendor::Auth0, "{vendor}");
        let (_, claims) = stage.verified(&granted.member("id_token")).await.unwrap();
        assert_eq!((claims["nonce"].as_str(), claims["aud"].as_str()), (Some("n-1"), Some("app")), "{vendor}");
        let ann = stage.server.realm().user("ann").unwrap();
        let (_, claims) = stage.verified(&granted.member("access_token")).await.unwrap();
        assert!(claims["sub"].as_str().unwrap().ends_with(&ann.id), "{vendor}: {claims}");
        assert_eq!(stage.server.journal().await.count(Endpoint::Token), 1);
    }
}

#[tokio::test]
async fn identity_server_asks_for_consent_unless_the_client_registered_itself() {
    let stage = stage_with(Vendor::Is7, app()).await;
    let consent = async || {
        let login = stage.authorize(&ASK).await.page();
        assert_eq!(login.url.path(), "/authenticationendpoint/login.do");
        stage.submit(&login, &[("username", "ann"), ("password", "ann's secret")]).await
    };
    let page = consent().await.page();
    assert_eq!(page.url.path(), "/authenticationendpoint/oauth2_consent.do");
    let denied = stage.submit(&page, &[("consent", "deny")]).await.away();
    assert_eq!((denied["error"].as_str(), denied["state"].as_str()), ("access_denied", "a b&c=é"));
    let again = stage.submit(&page, &[("consent", "approve")]).await.page();
    assert_eq!(again.url.path(), "/authenticationendpoint/oauth2_error.do", "a consent page is good once");
    let once = consent().await.page();
    assert!(stage.submit(&once, &[("consent", "approve")]).await.away().contains_key("code"));
    let always = consent().await.page();
    assert!(stage.submit(&always, &[("consent", "approveAlways")]).await.away().contains_key("code"));
    assert!(consent().await.away().contains_key("code"), "consent for good is not asked for again");

    let url = stage.server.endpoints().registration.clone().unwrap();
    let asked =
        json!({ "client_name": "registered", "grant_types": ["authorization_code"], "redirect_uris": [CALLBACK] });
    let registered = stage.admin(Method::POST, &url, Some(asked)).await.member("client_id");
    let mut parameters = ASK.to_vec();
    parameters.retain(|(name, _)| *name != "client_id");
    let mut parameters: Vec<(&str, &str)> = parameters;
    parameters.push(("client_id", &registered));
    let login = stage.authorize(&parameters).await.page();
    let arrived = stage.submit(&login, &[("username", "ann"), ("password", "ann's secret")]).await;
    assert!(arrived.away().contains_key("code"));
}

#[tokio::test]
async fn a_wrong_password_leads_back_and_a_used_login_leads_nowhere() {
    for vendor in BOTH {
        let stage = stage_with(vendor, app().skips_consent()).await;
        let page = stage.authorize(&ASK).await.page();
        let wrong = [("username", "ann"), ("password", "wrong"), ("decision", "approve")];
        let back = stage.submit(&page, &wrong).await.page();
        assert!(stage.log_in(&back).await.away().contains_key("code"), "{vendor}");
        let Arrival::Page(nowhere) = stage.log_in(&page).await else { panic!("{vendor}: a used login went on") };
        assert!(nowhere.answer.text.contains("used"), "{vendor}: {}", nowhere.answer.text);
        let slow = stage.authorize(&ASK).await.page();
        stage.server.clock().advance(Duration::from_secs(900));
        assert!(matches!(stage.log_in(&slow).await, Arrival::Page(_)), "{vendor}: a login waits for minutes only");
    }
    let stage = stage_with(Vendor::Custom, app()).await;
    let page = stage.authorize(&ASK).await.page();
    let denied = stage.submit(&page, &[("decision", "deny")]).await.away();
    assert_eq!((denied["error"].as_str(), denied["state"].as_str()), ("access_denied", "a b&c=é"));
}

#[tokio::test]
async fn a_client_or_redirect_uri_that_is_not_known_is_shown_and_never_redirected_to() {
    for vendor in BOTH {
        let stage = stage_with(vendor, app()).await;
        for changes in [
            &[("client_id", "nobody")][..],
            &[("client_id", "")],
            &[("redirect_uri", "https://app.example/cb")],
            &[("redirect_uri", "https://evil.example/")],
            &[("redirect_uri", CALLBACK), ("redirect_uri", "https://evil.example/")],
        ] {
            let page = stage.authorize(&asking(changes)).await.page();
            assert!(page.answer.text.contains("invalid_"), "{vendor}: {changes:?}: {}", page.answer.text);
            assert!(!page.answer.text.contains("password"), "{vendor}: {changes:?}");
        }
    }
}

#[tokio::test]
async fn other_faults_of_a_request_are_told_to_the_client() {
    const LONG: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    for vendor in BOTH {
        let stage = stage_with(vendor, app().pkce_mandatory()).await;
        stage.server.realm().add_client(ClientSpec::new("other").id("other").redirect_uris([CALLBACK]));
        let plain = if vendor == Vendor::Is7 { "plain" } else { "S512" };
        for (changes, error) in [
            (&[("response_type", "")][..], "invalid_request"),
            (&[("response_type", "token")], "unsupported_response_type"),
            (&[("scope", "read"), ("scope", "write")], "invalid_request"),
            (&[("client_id", "other")], "unauthorized_client"),
            (&[], "invalid_request"),
            (&[("code_challenge_method", "S256")], "invalid_request"),
            (&[("code_challenge", "short"), ("code_challenge_method", "S256")], "invalid_request"),
            (&[("code_challenge", LONG), ("code_challenge_method", "S256")], "invalid_request"),
            (&[("code_challenge", VERIFIER), ("code_challenge_method", plain)], "invalid_request"),
            (&[("code_challenge", VERIFIER)], "invalid_request"),
            (&[("code_challenge", VERIFIER), ("code_challenge_method", "S256"), ("prompt", "none")], "login_required"),
        ] {
            let away = stage.authorize(&asking(changes)).await.away();
            assert_eq!(away["error"], error, "{vendor}: {changes:?}");
            assert_eq!((away["state"].as_str(), away.contains_key("code")), ("a b&c=é", false), "{vendor}");
        }
    }
    let stage = stage_with(Vendor::Custom, app()).await;
    let page = stage.authorize(&asking(&[("scope", "nonsense")])).await.page();
    assert_eq!(stage.log_in(&page).await.away()["error"], "invalid_scope");
}

#[tokio::test]
async fn a_code_is_good_once_and_its_tokens_end_with_the_second_use() {
    for vendor in BOTH {
        for format in [TokenFormat::Jwt, TokenFormat::Opaque] {
            let stage = stage_with(vendor, app().token_format(format)).await;
            let code = stage.code(&ASK).await;
            let granted = redeemed(&stage, &code).await;
            let (access, refresh) = (granted.member("access_token"), granted.member("refresh_token"));
            let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
            let renewed = stage.token(&form).await.member("access_token");
            assert_eq!(stage.introspect(&renewed).await["active"], true, "{vendor}");
            assert_eq!(redeemed(&stage, &code).await.error(), (400, "invalid_grant".to_owned()), "{vendor}");
            for token in [&access, &renewed, &refresh] {
                assert_eq!(stage.introspect(token).await["active"], false, "{vendor} {format:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_code_belongs_to_its_client_its_redirect_uri_and_its_five_minutes() {
    for vendor in BOTH {
        let stage = stage_with(vendor, app()).await;
        let invalid = (400, "invalid_grant".to_owned());
        let code = stage.code(&ASK).await;
        let other = stage.server.realm().add_client(ClientSpec::new("other").grant_types(["authorization_code"]));
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("client_id", &other.id),
            ("client_secret", other.secret.as_deref().unwrap()),
        ];
        let token_url = stage.server.endpoints().token.clone();
        assert_eq!(stage.post_bare(&token_url, &form).await.error(), invalid, "{vendor}: another client");
        assert_eq!(redeemed(&stage, &code).await.status, 200, "{vendor}: its own client still may");

        for sent in [&[][..], &[("redirect_uri", "https://app.example/cb")]] {
            let code = stage.code(&ASK).await;
            assert_eq!(redeem(&stage, &code, sent).await.error(), invalid, "{vendor}: {sent:?}");
            assert_eq!(redeemed(&stage, &code).await.error(), invalid, "{vendor}: gone with the first try");
        }
        let unnamed = stage.code(&asking(&[("redirect_uri", "")])).await;
        assert_eq!(redeem(&stage, &unnamed, &[]).await.status, 200, "{vendor}: not named, not needed");
        assert_eq!(redeemed(&stage, "nonsense").await.error(), invalid, "{vendor}");
        assert_eq!(
            stage.token(&[("grant_type", "authorization_code")]).await.error(),
            (400, "invalid_request".to_owned())
        );

        stage.server.clock().stop();
        let (young, old) = (stage.code(&ASK).await, stage.code(&ASK).await);
        stage.server.clock().advance(Duration::from_secs(299));
        assert_eq!(redeemed(&stage, &young).await.status, 200, "{vendor}");
        stage.server.clock().advance(Duration::from_secs(1));
        assert_eq!(redeemed(&stage, &old).await.error(), invalid, "{vendor}: expired");
    }
}

#[tokio::test]
async fn a_challenge_is_answered_by_its_verifier_alone() {
    let other = "x".repeat(43);
    for vendor in BOTH {
        let stage = stage_with(vendor, app()).await;
        let [challenge, method] = challenged();
        let ask: Vec<_> =
            ASK.iter().copied().chain([(challenge.0, challenge.1.as_str()), (method.0, &method.1)]).collect();
        let with = async |verifier: Option<&str>| {
            let code = stage.code(&ask).await;
            let mut form = vec![("redirect_uri", CALLBACK)];
            form.extend(verifier.map(|verifier| ("code_verifier", verifier)));
            let first = redeem(&stage, &code, &form).await;
            if first.status != 200 {
                let second = redeem(&stage, &code, &[("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)]).await;
                assert_eq!(second.error(), (400, "invalid_grant".to_owned()), "{vendor}: there is no second try");
            }
            first
        };
        assert_eq!(with(Some(VERIFIER)).await.status, 200, "{vendor}");
        for verifier in [None, Some("short"), Some(other.as_str()), Some(challenge.1.as_str())] {
            assert_eq!(with(verifier).await.error(), (400, "invalid_grant".to_owned()), "{vendor}: {verifier:?}");
        }
        // Only the letter's server minds a verifier for a code that was asked for without a challenge.
        let code = stage.code(&ASK).await;
        let stray = redeem(&stage, &code, &[("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)]).await;
        assert_eq!(stray.status, if vendor == Vendor::Is7 { 200 } else { 400 }, "{vendor}");
    }
}

#[tokio::test]
async fn plain_challenges_and_public_clients_are_taken_where_the_server_and_the_client_allow_it() {
    let stage = stage_with(Vendor::Is7, app().pkce_plain()).await;
    let code = stage.code(&asking(&[("code_challenge", VERIFIER)])).await;
    let granted = redeem(&stage, &code, &[("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)]).await;
    assert_eq!(granted.status, 200, "{}", granted.text);

    let custom = stage_with(Vendor::Custom, app()).await;
    custom.server.realm().update_client("app", |client| client.secret = None);
    assert_eq!(custom.authorize(&ASK).await.away()["error"], "invalid_request", "a public client needs a challenge");
    let [challenge, method] = challenged();
    let ask: Vec<_> = ASK.iter().copied().chain([(challenge.0, challenge.1.as_str()), (method.0, &method.1)]).collect();
    let code = custom.code(&ask).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(custom.post_bare(&custom.server.endpoints().token, &form).await.status, 200);
}

#[tokio::test]
async fn of_many_who_present_a_code_at_once_at_most_one_gets_tokens() {
    let stage = stage_with(Vendor::Custom, app()).await;
    let code = stage.code(&ASK).await;
    let answers = futures::future::join_all((0..8).map(|_| redeemed(&stage, &code))).await;
    assert!(answers.iter().filter(|answer| answer.status == 200).count() <= 1);
    for granted in answers.iter().filter(|answer| answer.status == 200) {
        assert_eq!(stage.introspect(&granted.member("access_token")).await["active"], false);
    }
}
