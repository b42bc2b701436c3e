//! Tokens for the word of a trusted issuer: the JWT bearer grant and token exchange.
//! Over real HTTPS, each server on a port of its own; the issuers are forges with keys of their own.

mod support;

use kmspec_mocks::{
    forge::{Forge, Forgery},
    realm::{ClientSpec, KeyRing, TokenFormat, TrustedIssuer, TrustedKeys, test_keys::KeyFamily},
    vendors::Vendor,
};
use serde_json::json;
use support::{Answer, Stage, stage_with};

const BOTH: [Vendor; 2] = [Vendor::Is7, Vendor::Custom];
const BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const ISSUER: &str = "https://partner.example";

struct Scene {
    stage: Stage,
    /// Makes tokens of the trusted issuer.
    partner: Forge,
}

/// A server that trusts a partner whose tokens name the audience `as`.
async fn scene(vendor: Vendor) -> Scene {
    let client = ClientSpec::new("app").id("app").grant_types([BEARER, EXCHANGE, "refresh_token"]);
    let stage = stage_with(vendor, client).await;
    stage.server.clock().stop();
    let keys = KeyRing::of_family(KeyFamily::Rsa);
    let partner = Forge::new(ISSUER, keys.clone(), stage.server.clock().clone());
    stage.server.realm().trust(TrustedIssuer::new("partner", ISSUER, TrustedKeys::Ring(keys)).alias("as")).unwrap();
    Scene { stage, partner }
}

impl Scene {
    fn assertion(&self) -> Forgery {
        self.partner.token("as", "bob")
    }

    async fn bearer(&self, assertion: &str) -> Answer {
        self.stage.token(&[("grant_type", BEARER), ("assertion", assertion), ("scope", "read")]).await
    }

    async fn exchange(&self, token: &str, more: &[(&str, &str)]) -> Answer {
        let form = [("grant_type", EXCHANGE), ("subject_token", token), ("subject_token_type", JWT)];
        let kept = form.iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
        self.stage.token(&kept.chain(more).copied().collect::<Vec<_>>()).await
    }

    /// Assertions that are wrong in one way each, with what the exchange calls it at identity server.
    fn faults(&self) -> Vec<(&'static str, String, &'static str)> {
        let stranger = Forge::new(ISSUER, KeyRing::of_family(KeyFamily::P256), self.partner.clock().clone());
        let nobody = Forge::new("https://nobody.example", self.partner.keys().clone(), self.partner.clock().clone());
        let good = || self.assertion();
        vec![
            ("unreadable", "nonsense".to_owned(), "invalid_request"),
            ("without issuer", good().without_claim("iss").encode(), "invalid_request"),
            ("without subject", good().without_claim("sub").encode(), "invalid_request"),
            ("without expiry", good().without_claim("exp").encode(), "invalid_request"),
            ("without audience", good().without_claim("aud").encode(), "invalid_request"),
            ("of an unknown issuer", nobody.token("as", "bob").encode(), "invalid_request"),
            ("of another key", stranger.token("as", "bob").encode(), "invalid_request"),
            ("changed afterwards", good().flipped_signature().encode(), "invalid_request"),
            ("unsigned", good().unsigned("none").encode(), "invalid_request"),
            ("for somebody else", good().claim("aud", json!(["other", "app"])).encode(), "invalid_target"),
            ("expired", good().expires_in(0).encode(), "invalid_request"),
            ("not good yet", good().not_before_in(1).encode(), "invalid_request"),
            ("issued in the future", good().issued_in(1).encode(), "invalid_request"),
        ]
    }
}

#[tokio::test]
async fn an_assertion_of_a_trusted_issuer_gives_a_token_for_its_subject() {
    for vendor in BOTH {
        let scene = scene(vendor).await;
        let granted = scene.bearer(&scene.assertion().encode()).await;
        assert_eq!(granted.status, 200, "{vendor}: {}", granted.text);
        let token = granted.member("access_token");
        let (_, claims) = scene.stage.verified(&token).await.unwrap();
        assert_eq!((claims["sub"].as_str(), claims["client_id"].as_str()), (Some("bob"), Some("app")), "{vendor}");
        assert_eq!(scene.stage.introspect(&token).await["active"], true);
        assert_eq!(granted.json().get("refresh_token").is_some(), vendor == Vendor::Is7);
        let several = scene.assertion().claim("aud", json!(["other", "as"])).encode();
        assert_eq!(scene.bearer(&several).await.status, 200, "{vendor}: one of several audiences");
    }
}

#[tokio::test]
async fn an_assertion_that_does_not_hold_is_an_invalid_grant() {
    for vendor in BOTH {
        let scene = scene(vendor).await;
        for (what, assertion, _) in scene.faults() {
            assert_eq!(scene.bearer(&assertion).await.error(), (400, "invalid_grant".to_owned()), "{vendor}: {what}");
        }
        let now = scene.partner.clock().now();
        let old = scene.assertion().claim("iat", now - 1_801).encode();
        assert_eq!(scene.bearer(&old).await.error(), (400, "invalid_grant".to_owned()), "{vendor}: half an hour old");
        let missing = scene.stage.token(&[("grant_type", BEARER)]).await;
        assert_eq!(missing.error(), (400, "invalid_request".to_owned()), "{vendor}");
        let again = scene.assertion().encode();
        assert_eq!(scene.bearer(&again).await.status, 200);
        assert_eq!(scene.bearer(&again).await.status, if vendor == Vendor::Is7 { 200 } else { 400 }, "{vendor}: twice");
    }
}

#[tokio::test]
async fn a_subject_of_a_partner_is_never_taken_for_a_user_of_the_server() {
    for vendor in BOTH {
        let scene = scene(vendor).await;
        let realm = scene.stage.server.realm();
        let admin = realm.user("admin").unwrap();
        let granted = scene.bearer(&scene.partner.token("as", "admin").encode()).await;
        let row = realm.active_access(&granted.member("access_token")).unwrap();
        assert_ne!(row.username.as_deref(), Some("admin"), "{vendor}");
        let user = realm.user(row.username.as_deref().unwrap()).unwrap();
        assert!(user.roles.is_empty() && user.password != admin.password);

        let keys = scene.partner.keys().clone();
        let trusted = TrustedIssuer::new("partner", ISSUER, TrustedKeys::Ring(keys)).alias("as").local_subjects();
        realm.trust(trusted).unwrap();
        let granted = scene.bearer(&scene.partner.token("as", "ann").encode()).await;
        let ann = realm.user("ann").unwrap();
        let (_, claims) = scene.stage.verified(&granted.member("access_token")).await.unwrap();
        assert_eq!(claims["sub"], ann.id, "{vendor}: the registration says they are the same");
        let nobody = scene.bearer(&scene.partner.token("as", "nobody").encode()).await;
        assert_eq!(nobody.error(), (400, "invalid_grant".to_owned()), "{vendor}");
        realm.update_user("ann", |user| user.active = false);
        let locked = scene.exchange(&scene.partner.token("as", "ann").encode(), &[]).await;
        assert_eq!(locked.error(), (400, "access_denied".to_owned()), "{vendor}");
    }
}

#[tokio::test]
async fn trust_ends_when_the_registration_does_and_keys_may_be_a_set_or_a_certificate() {
    let scene = scene(Vendor::Custom).await;
    let realm = scene.stage.server.realm();
    let keys = scene.partner.keys();
    let set = serde_json::from_value(keys.jwks()).unwrap();
    let pem = keys.published_keys()[0].certificate_pem();
    for keys in [TrustedKeys::Set(set), TrustedKeys::Pem(pem)] {
        realm.trust(TrustedIssuer::new("partner", ISSUER, keys).alias("as")).unwrap();
        assert_eq!(scene.bearer(&scene.assertion().encode()).await.status, 200);
        assert_eq!(scene.bearer(&scene.assertion().flipped_signature().encode()).await.status, 400);
    }
    let ring = TrustedKeys::Ring(keys.clone());
    realm.trust(TrustedIssuer::new("partner", ISSUER, ring).alias("as").disabled()).unwrap();
    assert_eq!(scene.bearer(&scene.assertion().encode()).await.error(), (400, "invalid_grant".to_owned()));
    assert!(realm.distrust("partner"));
    assert_eq!(scene.bearer(&scene.assertion().encode()).await.error(), (400, "invalid_grant".to_owned()));
    let unreadable = TrustedIssuer::new("partner", ISSUER, TrustedKeys::Pem("nonsense".to_owned()));
    assert!(realm.trust(unreadable).unwrap_err().to_string().contains("`partner`"));
}

#[tokio::test]
async fn a_subject_token_is_exchanged_for_one_of_the_server() {
    for vendor in BOTH {
        let scene = scene(vendor).await;
        let granted = scene.exchange(&scene.assertion().encode(), &[("scope", "read")]).await;
        assert_eq!(granted.status, 200, "{vendor}: {}", granted.text);
        assert_eq!(granted.json()["issued_token_type"], "urn:ietf:params:oauth:token-type:access_token");
        let (_, claims) = scene.stage.verified(&granted.member("access_token")).await.unwrap();
        assert_eq!((claims["sub"].as_str(), claims["iss"].as_str()), (Some("bob"), Some(scene.stage.server.issuer())));
        let own = granted.member("access_token");
        assert_eq!(scene.exchange(&own, &[]).await.status, 200, "{vendor}: its own token will do");
        scene.stage.revoke(&own).await;
        let ended = scene.exchange(&own, &[]).await;
        assert_eq!(ended.error(), (400, "invalid_request".to_owned()), "{vendor}: unless it was revoked");

        scene.stage.server.realm().update_client("app", |client| client.audiences = vec!["billing".to_owned()]);
        let for_billing = scene.exchange(&scene.assertion().encode(), &[("audience", "billing")]).await;
        assert_eq!(for_billing.status, 200, "{vendor}: {}", for_billing.text);
        let elsewhere = scene.exchange(&scene.assertion().encode(), &[("audience", "elsewhere")]).await;
        assert_eq!(elsewhere.error(), (400, "invalid_target".to_owned()), "{vendor}");
    }
}

#[tokio::test]
async fn who_asks_for_a_jwt_gets_one_whatever_the_other_tokens_of_the_client_are() {
    for vendor in BOTH {
        let scene = scene(vendor).await;
        scene.stage.server.realm().update_client("app", |client| client.token_format = TokenFormat::Opaque);
        let assertion = scene.assertion().encode();
        let usual = scene.exchange(&assertion, &[]).await;
        assert!(!usual.member("access_token").contains('.'), "{vendor}: {}", usual.text);
        let asked = scene.exchange(&assertion, &[("requested_token_type", JWT)]).await;
        let (_, claims) = scene.stage.verified(&asked.member("access_token")).await.unwrap();
        assert_eq!(claims["sub"], "bob", "{vendor}");
    }
}

#[tokio::test]
async fn a_subject_token_that_does_not_hold_is_refused() {
    for vendor in BOTH {
        let scene = scene(vendor).await;
        for (what, token, by_is7) in scene.faults() {
            let expected = if vendor == Vendor::Is7 { by_is7 } else { "invalid_request" };
            assert_eq!(scene.exchange(&token, &[]).await.error(), (400, expected.to_owned()), "{vendor}: {what}");
        }
        let good = scene.assertion().encode();
        for more in [
            &[("subject_token_type", "urn:ietf:params:oauth:token-type:saml2")][..],
            &[("subject_token_type", "")],
            &[("subject_token", "")],
            &[("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token")],
            &[("actor_token", "x")],
            &[("actor_token_type", JWT)],
        ] {
            let refused = scene.exchange(&good, more).await;
            assert_eq!(refused.error(), (400, "invalid_request".to_owned()), "{vendor}: {more:?}");
        }
        let other = scene.stage.server.realm().add_client(ClientSpec::new("other"));
        let form = [
            ("grant_type", EXCHANGE),
            ("subject_token", good.as_str()),
            ("subject_token_type", JWT),
            ("client_id", &other.id),
            ("client_secret", other.secret.as_deref().unwrap()),
        ];
        let refused = scene.stage.post_bare(&scene.stage.server.endpoints().token, &form).await;
        assert_eq!(refused.error(), (400, "unauthorized_client".to_owned()), "{vendor}");
    }
}

#[tokio::test]
async fn an_actor_acts_only_for_a_subject_who_named_it_to_this_client() {
    for vendor in BOTH {
        let scene = scene(vendor).await;
        let (forge, ann) = (scene.stage.server.forge(), scene.stage.server.realm().user("ann").unwrap());
        let subject = || forge.token("app", &ann.id).claim("may_act", json!({ "sub": "bob" }));
        let actor = scene.assertion().encode();
        let acting = async |token: String| {
            scene.exchange(&token, &[("actor_token", actor.as_str()), ("actor_token_type", JWT)]).await
        };
        let granted = acting(subject().encode()).await;
        assert_eq!(granted.status, 200, "{vendor}: {}", granted.text);
        let token = granted.member("access_token");
        let (_, claims) = scene.stage.verified(&token).await.unwrap();
        assert_eq!((&claims["sub"], &claims["act"]["sub"]), (&json!(ann.id), &json!("bob")), "{vendor}");
        assert_eq!(scene.stage.introspect(&token).await["act"]["sub"], "bob");
        for (what, token) in [
            ("another actor", subject().claim("may_act", json!({ "sub": "eve" })).encode()),
            ("no actor", subject().without_claim("may_act").encode()),
            ("another client", subject().claim("aud", scene.stage.server.issuer()).encode()),
            ("another issuer", scene.partner.token("as", "x").claim("may_act", json!({ "sub": "bob" })).encode()),
        ] {
            assert_eq!(acting(token).await.error(), (400, "invalid_request".to_owned()), "{vendor}: {what}");
        }
    }
}
