//! Devices: what they are told while their user makes up their mind, and afterwards.
//! Over real HTTPS, each server on a port of its own; time passes by moving the server's clock.

mod support;

use std::time::Duration;

use kmspec_mocks::{realm::ClientSpec, vendors::Vendor};
use serde_json::Value;
use support::{Answer, Stage, stage_with};

const BOTH: [Vendor; 2] = [Vendor::Is7, Vendor::Custom];
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn with_device(vendor: Vendor) -> Stage {
    let stage = stage_with(vendor, ClientSpec::new("tv").id("tv").grant_types([GRANT, "refresh_token"])).await;
    stage.server.clock().stop();
    stage
}

async fn begin(stage: &Stage) -> Value {
    let url = stage.server.endpoints().device_authorization.clone().unwrap();
    let answer = stage.post(&url, &[("scope", "openid read")]).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"), "{}", answer.text);
    answer.json()
}

async fn poll(stage: &Stage, begun: &Value) -> Answer {
    stage.token(&[("grant_type", GRANT), ("device_code", begun["device_code"].as_str().unwrap())]).await
}

/// Waits on the server's clock, then polls.
async fn poll_after(stage: &Stage, seconds: u64, begun: &Value) -> Answer {
    stage.server.clock().advance(Duration::from_secs(seconds));
    poll(stage, begun).await
}

fn error(code: &str) -> (u16, String) {
    (400, code.to_owned())
}

#[tokio::test]
async fn a_device_gets_tokens_for_the_user_who_typed_its_code_and_gets_them_once() {
    for vendor in BOTH {
        let stage = with_device(vendor).await;
        let begun = begin(&stage).await;
        assert_eq!((&begun["expires_in"], &begun["interval"]), (&600.into(), &5.into()));
        assert_eq!(poll_after(&stage, 5, &begun).await.error(), error("authorization_pending"), "{vendor}");
        let page = stage.open(begun["verification_uri_complete"].as_str().unwrap()).await.page();
        let next = stage
            .submit(&page, &[("username", "ann"), ("password", "ann's secret"), ("decision", "approve")])
            .await
            .page();
        if vendor == Vendor::Is7 {
            assert_eq!(next.url.path(), "/authenticationendpoint/login.do");
            let entered = poll_after(&stage, 5, &begun).await;
            assert_eq!(
                (entered.error(), entered.member("error_description")),
                (error("authorization_pending"), "USED".to_owned())
            );
            let done = stage.log_in(&next).await.page();
            assert_eq!(done.url.path(), "/authenticationendpoint/device_success.do");
        }
        let granted = poll_after(&stage, 5, &begun).await;
        assert_eq!(granted.status, 200, "{vendor}: {}", granted.text);
        let ann = stage.server.realm().user("ann").unwrap();
        assert_eq!(stage.introspect(&granted.member("access_token")).await["active"], true);
        assert_eq!(stage.verified(&granted.member("access_token")).await.unwrap().1["sub"], ann.id);
        assert!(!granted.member("refresh_token").is_empty() && !granted.member("id_token").is_empty());
        let used = if vendor == Vendor::Is7 { "expired_token" } else { "invalid_grant" };
        assert_eq!(poll_after(&stage, 20, &begun).await.error(), error(used), "{vendor}");
    }
}

#[tokio::test]
async fn identity_server_keeps_its_interval_and_the_letters_server_makes_it_longer() {
    let is7 = with_device(Vendor::Is7).await;
    let begun = begin(&is7).await;
    assert_eq!(poll_after(&is7, 4, &begun).await.error(), error("slow_down"), "the first poll must wait, too");
    assert_eq!(poll_after(&is7, 4, &begun).await.error(), error("slow_down"), "an early poll starts the wait anew");
    assert_eq!(poll_after(&is7, 5, &begun).await.error(), error("authorization_pending"));

    let custom = with_device(Vendor::Custom).await;
    let begun = begin(&custom).await;
    assert_eq!(poll(&custom, &begun).await.error(), error("authorization_pending"));
    assert_eq!(poll_after(&custom, 4, &begun).await.error(), error("slow_down"));
    assert_eq!(poll_after(&custom, 9, &begun).await.error(), error("slow_down"), "ten seconds now");
    assert_eq!(poll_after(&custom, 15, &begun).await.error(), error("authorization_pending"), "fifteen by now");
    assert!(custom.server.realm().approve_device(begun["user_code"].as_str().unwrap(), "ann"));
    assert_eq!(poll_after(&custom, 14, &begun).await.error(), error("slow_down"), "approved or not");
    assert_eq!(poll_after(&custom, 20, &begun).await.status, 200);
}

#[tokio::test]
async fn an_expired_a_denied_and_a_strangers_device_get_nothing() {
    for vendor in BOTH {
        let stage = with_device(vendor).await;
        let (old, refused) = (begin(&stage).await, begin(&stage).await);
        let page = stage.open(refused["verification_uri"].as_str().unwrap()).await.page();
        let fields = [
            ("user_code", refused["user_code"].as_str().unwrap()),
            ("username", "ann"),
            ("password", "ann's secret"),
            ("decision", "deny"),
        ];
        let next = stage.submit(&page, &fields).await.page();
        if vendor == Vendor::Is7 {
            let consent = stage.submit(&next, &[("username", "ann"), ("password", "ann's secret")]).await.page();
            stage.submit(&consent, &[("consent", "deny")]).await.page();
        }
        assert_eq!(poll_after(&stage, 5, &refused).await.error(), error("access_denied"), "{vendor}");

        let other = stage.server.realm().add_client(ClientSpec::new("other").grant_types([GRANT]));
        let form = [
            ("grant_type", GRANT),
            ("device_code", old["device_code"].as_str().unwrap()),
            ("client_id", &other.id),
            ("client_secret", other.secret.as_deref().unwrap()),
        ];
        let unknown = error(if vendor == Vendor::Is7 { "invalid_request" } else { "invalid_grant" });
        assert_eq!(stage.post_bare(&stage.server.endpoints().token, &form).await.error(), unknown, "{vendor}");
        let nonsense = stage.token(&[("grant_type", GRANT), ("device_code", "nonsense")]).await;
        assert_eq!(nonsense.error(), unknown, "{vendor}");

        stage.server.clock().advance(Duration::from_secs(595));
        assert_eq!(poll(&stage, &old).await.error(), error("expired_token"), "{vendor}");
        assert!(!stage.server.realm().approve_device(old["user_code"].as_str().unwrap(), "ann"), "{vendor}");
    }
}

#[tokio::test]
async fn a_wrong_user_code_or_password_decides_nothing() {
    for vendor in BOTH {
        let stage = with_device(vendor).await;
        let begun = begin(&stage).await;
        let page = stage.open(begun["verification_uri"].as_str().unwrap()).await.page();
        let known = [("username", "ann"), ("password", "ann's secret"), ("decision", "approve")];
        let guess: Vec<_> = known.into_iter().chain([("user_code", "XXXXXX")]).collect();
        assert!(stage.submit(&page, &guess).await.page().answer.text.contains("code"), "{vendor}");
        let wrong = [
            ("user_code", begun["user_code"].as_str().unwrap()),
            ("username", "ann"),
            ("password", "wrong"),
            ("decision", "deny"),
        ];
        stage.submit(&page, &wrong).await.page();
        assert_eq!(poll_after(&stage, 5, &begun).await.error(), error("authorization_pending"), "{vendor}");
    }
}

#[tokio::test]
async fn a_device_authorization_request_is_refused_for_what_is_wrong_with_it() {
    for vendor in BOTH {
        let stage = with_device(vendor).await;
        let url = stage.server.endpoints().device_authorization.clone().unwrap();
        let nobody = stage.post_bare(&url, &[("scope", "read")]).await;
        let missing = if vendor == Vendor::Is7 { "invalid_request" } else { "invalid_client" };
        assert_eq!(nobody.error(), (401, missing.to_owned()), "{vendor}");
        let wrong = stage.post_bare(&url, &[("client_id", "tv"), ("client_secret", "wrong")]).await;
        assert_eq!(wrong.error(), (401, "invalid_client".to_owned()), "{vendor}");
        let twice = stage.post(&url, &[("scope", "a"), ("scope", "b")]).await;
        assert_eq!(twice.error(), error("invalid_request"), "{vendor}");
        let other = stage.server.realm().add_client(ClientSpec::new("other"));
        let form = [("client_id", other.id.as_str()), ("client_secret", other.secret.as_deref().unwrap())];
        assert_eq!(stage.post_bare(&url, &form).await.error(), error("unauthorized_client"), "{vendor}");
        let public = stage.server.realm().add_client(ClientSpec::new("tv 2").public().grant_types([GRANT]));
        assert_eq!(stage.post_bare(&url, &[("client_id", &public.id)]).await.status, 200, "{vendor}");
        let document = stage.get(&stage.server.discovery_url()).await.json();
        assert_eq!(document["device_authorization_endpoint"], url);
    }
}

#[tokio::test]
async fn keycloak_serves_devices_on_a_page_of_its_realm() {
    let stage = with_device(Vendor::Keycloak).await;
    let url = stage.server.endpoints().device_authorization.clone().unwrap();
    assert!(url.ends_with("/protocol/openid-connect/auth/device"), "{url}");
    let begun = stage.post(&url, &[("scope", "openid")]).await.json();
    assert!(begun["verification_uri"].as_str().unwrap().ends_with("/realms/kmspec/device"), "{begun}");
    assert_eq!(poll(&stage, &begun).await.error(), error("authorization_pending"));
    let page = stage.open(begun["verification_uri_complete"].as_str().unwrap()).await.page();
    let fields = [("username", "ann"), ("password", "ann's secret"), ("decision", "approve")];
    stage.submit(&page, &fields).await.page();
    let granted = poll_after(&stage, 5, &begun).await;
    let claims = stage.verified(&granted.member("access_token")).await.unwrap().1;
    assert_eq!((&claims["azp"], &claims["preferred_username"]), (&"tv".into(), &"ann".into()));
}
