//! The SAML 2.0 bearer grant of Identity Server: what is granted, and every refusal in the order of its checks.
//! Over real HTTPS; the assertions are really signed.

mod support;

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use kmspec_mocks::{
    realm::{ClientSpec, KeyRing, TrustedIssuer, test_keys::KeyFamily},
    saml::{AssertionBuilder, IdentityProvider, SignedAssertion, Wrapping},
    vendors::Vendor,
};
use support::{Answer, Stage, stage_with};

const BEARER: &str = "urn:ietf:params:oauth:grant-type:saml2-bearer";
const ALIAS: &str = "https://as.example/alias";

struct Scene {
    stage: Stage,
    provider: IdentityProvider,
}

/// A server that trusts an identity provider whose assertions name its alias.
async fn scene() -> Scene {
    let client = ClientSpec::new("app").grant_types([BEARER, "refresh_token"]);
    let stage = stage_with(Vendor::Is7, client).await;
    stage.server.clock().stop();
    let keys = KeyRing::of_family(KeyFamily::Rsa);
    let provider = IdentityProvider::new("https://idp.example", keys, stage.server.clock().clone());
    stage.server.realm().trust(provider.trusted("partner").alias(ALIAS)).unwrap();
    Scene { stage, provider }
}

impl Scene {
    fn assertion(&self) -> AssertionBuilder {
        self.provider.assertion("bob").audience(ALIAS).recipient(&self.stage.server.endpoints().token)
    }

    async fn present(&self, assertion: &SignedAssertion) -> Answer {
        self.send(&assertion.encoded()).await
    }

    async fn send(&self, assertion: &str) -> Answer {
        self.stage.token(&[("grant_type", BEARER), ("assertion", assertion), ("scope", "read")]).await
    }

    #[track_caller]
    fn refused(&self, answer: &Answer, text: &str) {
        assert_eq!(answer.error(), (400, "invalid_grant".to_owned()), "{text}");
        let description = answer.member("error_description");
        assert!(description.contains(text), "{text}: {description}");
    }

    async fn refuses(&self, assertion: &SignedAssertion, text: &str) {
        self.refused(&self.present(assertion).await, text);
    }

    fn trust(&self, issuer: TrustedIssuer) {
        self.stage.server.realm().trust(issuer).unwrap();
    }
}

#[tokio::test]
async fn a_signed_assertion_earns_a_token_of_its_subject_for_as_long_as_it_holds() {
    let scene = scene().await;
    let granted = scene.present(&scene.assertion().sign().unwrap()).await;
    assert_eq!((granted.status, granted.json()["scope"].as_str()), (200, Some("read")), "{}", granted.text);
    assert_eq!(granted.json()["expires_in"], 300);
    let claims = scene.stage.verified(&granted.member("access_token")).await.unwrap().1;
    assert_eq!((claims["sub"].as_str(), claims["aut"].as_str()), (Some("bob"), Some("APPLICATION_USER")));
    assert_eq!(scene.stage.introspect(&granted.member("access_token")).await["active"], true);
    let refresh = granted.member("refresh_token");
    let refreshed = scene.stage.token(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.text);
    assert!(scene.stage.server.realm().user("partner/bob").is_some(), "the subject is a user of its own");
}

#[tokio::test]
async fn both_alphabets_of_base64_are_read() {
    let scene = scene().await;
    let signed = scene.assertion().sign().unwrap();
    assert_eq!(scene.send(&STANDARD.encode(signed.xml())).await.status, 200);
    assert_eq!(scene.send(&signed.encoded()).await.status, 200);
    scene.refused(&scene.send(signed.xml()).await, "no base64");
    scene.refused(&scene.send(&STANDARD.encode("<!DOCTYPE a><a/>")).await, "no base64");
}

#[tokio::test]
async fn keys_of_elliptic_curves_sign_too() {
    let scene = scene().await;
    let clock = scene.stage.server.clock().clone();
    let provider = IdentityProvider::new("https://curve.example", KeyRing::of_family(KeyFamily::P256), clock);
    scene.trust(provider.trusted("curve").alias(ALIAS));
    let granted = scene.present(&provider.assertion("bob").audience(ALIAS).sign().unwrap()).await;
    assert_eq!(granted.status, 200, "{}", granted.text);
}

#[tokio::test]
async fn a_subject_may_be_a_local_user_where_the_registration_says_so() {
    let scene = scene().await;
    scene.trust(scene.provider.trusted("partner").alias(ALIAS).local_subjects());
    let ann = scene.provider.assertion("ann").audience(ALIAS).sign().unwrap();
    let claims = scene.stage.verified(&scene.present(&ann).await.member("access_token")).await.unwrap().1;
    assert_eq!(claims["sub"], scene.stage.server.realm().user("ann").unwrap().id);
    scene.refuses(&scene.assertion().sign().unwrap(), "no user").await;
}

#[tokio::test]
async fn an_assertion_that_carries_another_is_refused() {
    let scene = scene().await;
    let genuine = scene.assertion().sign().unwrap();
    let forged = scene.provider.assertion("admin").audience(ALIAS);
    for wrapping in Wrapping::ALL {
        scene.refuses(&genuine.wrapped(&forged, wrapping), "nested").await;
    }
    assert!(scene.stage.server.realm().user("partner/admin").is_none());
}

#[tokio::test]
async fn a_response_is_no_assertion() {
    let scene = scene().await;
    let signed = scene.assertion().sign().unwrap();
    let response = format!("<samlp:Response xmlns:samlp=\"urn:x\">{}</samlp:Response>", signed.xml());
    scene.refused(&scene.send(&STANDARD.encode(response)).await, "nested");
    scene.refused(&scene.send(&STANDARD.encode("<Assertion/>")).await, "no Assertion");
}

#[tokio::test]
async fn an_assertion_lacks_nothing_that_it_needs() {
    let scene = scene().await;
    scene.refuses(&scene.assertion().without_subject().sign().unwrap(), "no Subject").await;
    scene.refuses(&scene.assertion().issuer(None).sign().unwrap(), "no Issuer").await;
    scene.refuses(&scene.assertion().unsigned(), "signature profile").await;
    scene.refuses(&scene.assertion().without_conditions().sign().unwrap(), "no Conditions").await;
    let endless = scene.assertion().not_on_or_after(None).confirmed_until(None);
    scene.refuses(&endless.sign().unwrap(), "when the assertion ends").await;
}

#[tokio::test]
async fn only_an_enabled_provider_is_believed_and_only_with_its_key() {
    let scene = scene().await;
    let stranger = scene.assertion().issuer(Some("https://nobody.example"));
    scene.refuses(&stranger.sign().unwrap(), "identity provider is null").await;
    let other = KeyRing::of_family(KeyFamily::P256).current(kmspec_mocks::realm::KeyPurpose::Access);
    scene.refuses(&scene.assertion().sign_with(&other).unwrap(), "signature of the assertion").await;
    let altered = scene.assertion().sign().unwrap().altered(">bob<", ">admin<");
    scene.refuses(&altered, "signature of the assertion").await;
    scene.trust(scene.provider.trusted("partner").alias(ALIAS).disabled());
    scene.refuses(&scene.assertion().sign().unwrap(), "not enabled").await;
}

#[tokio::test]
async fn a_provider_goes_by_its_entity_id_and_not_by_what_its_registration_is_called() {
    let scene = scene().await;
    let by_name = scene.assertion().issuer(Some("partner")).sign().unwrap();
    scene.refuses(&by_name, "identity provider is null").await;
    scene.trust(scene.provider.trusted("https://other.example").alias(ALIAS));
    let by_other_name = scene.assertion().issuer(Some("https://other.example")).sign().unwrap();
    scene.refuses(&by_other_name, "identity provider is null").await;
}

#[tokio::test]
async fn the_alias_of_the_provider_is_the_audience() {
    let scene = scene().await;
    let elsewhere = scene.provider.assertion("bob").audience("https://other.example");
    scene.refuses(&elsewhere.sign().unwrap(), "audience").await;
    scene.refuses(&scene.provider.assertion("bob").sign().unwrap(), "audience").await;
    let several = scene.provider.assertion("bob").audience("https://other.example").audience(ALIAS);
    assert_eq!(scene.present(&several.sign().unwrap()).await.status, 200);
    scene.trust(scene.provider.trusted("partner"));
    scene.refuses(&scene.assertion().sign().unwrap(), "no alias").await;
}

#[tokio::test]
async fn an_assertion_holds_between_its_instants() {
    let scene = scene().await;
    let clock = scene.stage.server.clock().clone();
    let now = clock.now();
    scene.refuses(&scene.assertion().not_before(Some(now + 1)).sign().unwrap(), "at this time").await;
    scene.refuses(&scene.assertion().not_on_or_after(Some(now)).sign().unwrap(), "at this time").await;
    scene.refuses(&scene.assertion().confirmed_until(Some(now)).sign().unwrap(), "at this time").await;
    let signed = scene.assertion().sign().unwrap();
    clock.advance(Duration::from_secs(299));
    assert_eq!(scene.present(&signed).await.json()["expires_in"], 1);
    clock.advance(Duration::from_secs(1));
    scene.refuses(&signed, "at this time").await;
}

#[tokio::test]
async fn the_end_may_stand_in_the_confirmation_alone() {
    let scene = scene().await;
    let now = scene.stage.server.clock().now();
    let assertion = scene.assertion().not_on_or_after(None).confirmed_until(Some(now + 40));
    assert_eq!(scene.present(&assertion.sign().unwrap()).await.json()["expires_in"], 40);
}

#[tokio::test]
async fn the_bearer_is_confirmed_and_the_recipient_is_this_server() {
    let scene = scene().await;
    let held = scene.assertion().confirmation_method("urn:oasis:names:tc:SAML:2.0:cm:holder-of-key");
    scene.refuses(&held.sign().unwrap(), "bearer method").await;
    let elsewhere = scene.assertion().recipient("https://other.example/token");
    scene.refuses(&elsewhere.sign().unwrap(), "recipient").await;
    for recipient in [ALIAS, scene.stage.server.endpoints().token.as_str()] {
        let assertion = scene.provider.assertion("bob").audience(ALIAS).recipient(recipient);
        assert_eq!(scene.present(&assertion.sign().unwrap()).await.status, 200, "{recipient}");
    }
    let anywhere = scene.provider.assertion("bob").audience(ALIAS);
    assert_eq!(scene.present(&anywhere.sign().unwrap()).await.status, 200);
}

#[tokio::test]
async fn of_two_faults_the_earlier_check_decides() {
    let scene = scene().await;
    let stranger = scene.assertion().issuer(Some("https://nobody.example"));
    scene.refuses(&stranger.unsigned(), "signature profile").await;
    let other = KeyRing::of_family(KeyFamily::P384).current(kmspec_mocks::realm::KeyPurpose::Access);
    scene.refuses(&stranger.sign_with(&other).unwrap(), "null").await;
    let late = scene.assertion().without_conditions().confirmed_until(Some(1));
    scene.refuses(&late.sign_with(&other).unwrap(), "signature of the assertion").await;
    scene.refuses(&late.sign().unwrap(), "no Conditions").await;
    let misdirected = scene.provider.assertion("bob").audience("other").not_on_or_after(Some(1));
    scene.refuses(&misdirected.sign().unwrap(), "audience").await;
}

#[tokio::test]
async fn without_an_assertion_or_the_right_to_the_grant_nothing_is_looked_at() {
    let scene = scene().await;
    let missing = scene.stage.token(&[("grant_type", BEARER)]).await;
    assert_eq!(missing.error(), (400, "invalid_request".to_owned()));
    assert!(missing.member("error_description").contains("assertion"));
    let id = scene.stage.client.id.clone();
    scene.stage.server.realm().update_client(&id, |client| client.grant_types.clear());
    let barred = scene.present(&scene.assertion().sign().unwrap()).await;
    assert_eq!(barred.error(), (400, "unauthorized_client".to_owned()));
}
