//! Assertions of trusted issuers at the resident key manager: JB-01 to JB-06, TX-05, and tokens exchanged in the portal.
//! What an assertion must be in general is tested with the grants.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use axum::{Router, http::StatusCode, routing::get};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use futures::future::join_all;
use kmspec_mocks::realm::{SigningKey, jwt, test_keys};

use super::{devportal::plain_server, *};

const BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// As many assertions as come at once.
const FLOOD: usize = 30;
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// A platform whose tenant `one.com` trusts an issuer, and dora's keys there.
struct Trusting {
    stage: Stage,
    key: SigningKey,
    application: String,
    keys: Answer,
}

impl Trusting {
    async fn open() -> Self {
        let stage = Stage::open().await;
        let key = test_keys::named("rsa-amber").unwrap();
        let certificates = json!({"type": "PEM", "value": STANDARD.encode(key.certificate_pem())});
        let changes = json!({"tokenType": "BOTH", "alias": "here", "certificates": certificates});
        stage.key_manager(with(custom("far"), changes)).await;
        let application = stage.application("orders").await;
        let order =
            json!({"keyType": "PRODUCTION", "grantTypesToBeSupported": [BEARER, EXCHANGE, "client_credentials"]});
        let keys = stage.dora(Method::POST, &format!("/applications/{application}/generate-keys"), order).await;
        assert_eq!(keys.status, 200, "{:?}", keys.body);
        Self { stage, key, application, keys }
    }

    fn assertion(&self, changes: Value) -> String {
        self.signed_by(&self.key, changes)
    }

    fn signed_by(&self, key: &SigningKey, changes: Value) -> String {
        let now = Clock::system().now();
        let claims = json!({"iss": "https://far.example", "sub": "ann", "aud": "here", "nbf": now, "exp": now + 900,
            "iat": now, "jti": uuid::Uuid::new_v4()});
        jwt::sign(key, serde_json::Map::new(), with(claims, changes).as_object().unwrap())
    }

    async fn ask(&self, form: &[(&str, &str)]) -> Answer {
        let url = format!("{}/t/one.com/oauth2/token", self.stage.platform.management_url());
        let request = self.stage.client.post(url).form(form);
        Stage::answer(request.basic_auth(self.keys.text("consumerKey"), Some(self.keys.text("consumerSecret")))).await
    }

    async fn bear(&self, assertion: &str) -> Answer {
        self.ask(&[("grant_type", BEARER), ("assertion", assertion)]).await
    }
}

#[tokio::test]
async fn an_assertion_is_taken_from_a_trusted_issuer_and_refused_in_the_words_of_the_product() {
    let trusting = Trusting::open().await;
    let good = trusting.bear(&trusting.assertion(json!({}))).await;
    assert_eq!(good.status, 200, "{:?}", good.body);
    let (_, claims) = jwt::read(&good.text("access_token")).unwrap();
    assert_eq!(claims["sub"], "ann");

    let past = Clock::system().now() - 60;
    let genuine = trusting.assertion(json!({}));
    let other = trusting.assertion(json!({"sub": "eve"}));
    let (parts, others): (Vec<_>, Vec<_>) = (genuine.split('.').collect(), other.split('.').collect());
    let tampered = format!("{}.{}.{}", parts[0], others[1], parts[2]);
    let stranger = test_keys::named("rsa-birch").unwrap();
    for (what, assertion, words) in [
        ("issuer", trusting.assertion(json!({"iss": "https://nobody.example"})), "No Registered IDP found"),
        ("expired", trusting.assertion(json!({"exp": past})), "JSON Web Token is expired"),
        ("tampered", tampered, "Signature or Message Authentication invalid"),
        ("other key", trusting.signed_by(&stranger, json!({})), "Signature or Message Authentication invalid"),
        ("audience", trusting.assertion(json!({"aud": "elsewhere"})), "audience"),
        ("no JWT", "nonsense".to_owned(), "JWT"),
    ] {
        let answer = trusting.bear(&assertion).await;
        assert_eq!((answer.status, answer.text("error").as_str()), (400, "invalid_grant"), "{what}: {:?}", answer.body);
        assert!(answer.text("error_description").contains(words), "{what}: {:?}", answer.body);
    }
    trusting.stage.close().await;
}

#[tokio::test]
async fn a_token_that_two_readers_could_read_differently_vouches_for_nobody() {
    let trusting = Trusting::open().await;
    let now = Clock::system().now();
    let claims = |more: &str| {
        let (nbf, exp) = (now, now + 900);
        format!(r#"{{"iss":"https://far.example","aud":"here","sub":"ann","nbf":{nbf},"exp":{exp}{more}}}"#)
    };
    let signed = |header: &str, claims: &str| {
        let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let message = format!("{}.{}", encoded(header), encoded(claims));
        let signature = trusting.key.sign(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    };
    let header = r#"{"alg":"RS256"}"#;
    for (header, claims, status) in [
        (header, claims(""), 200),
        (header, claims(r#","sub":"eve""#), 400),
        (header, claims(&format!(r#","exp":{}"#, now + 60)), 400),
        (header, claims("").replace(r#""here""#, r#"["here",5]"#), 400),
        (header, claims("").replace(&(now + 900).to_string(), "1e30"), 400),
        (r#"{"alg":"RS256","crit":["x"]}"#, claims(""), 400),
        (r#"{"alg":"RS256","crit":[]}"#, claims(""), 400),
        (r#"{"alg":"RS256","crit":["b64"],"b64":false}"#, claims(""), 400),
        (r#"{"alg":"RS256","typ":"logout+jwt"}"#, claims(""), 400),
    ] {
        let told = signed(header, &claims);
        assert_eq!(trusting.bear(&told).await.status, status, "{header} {claims}");
        let form = [("grant_type", EXCHANGE), ("subject_token_type", JWT), ("subject_token", told.as_str())];
        assert_eq!(trusting.ask(&form).await.status, status, "{header} {claims}");
    }
    trusting.stage.close().await;
}

#[tokio::test]
async fn a_certificate_outside_its_validity_vouches_for_nothing() {
    let trusting = Trusting::open().await;
    for (name, from, until) in [("ended", -20, -1), ("early", 10, 20)] {
        let certificate = certificate(&trusting.key, from, until);
        let certificates = json!({"type": "PEM", "value": STANDARD.encode(certificate)});
        let changes = json!({"tokenType": "BOTH", "alias": "here", "certificates": certificates});
        trusting.stage.key_manager(with(custom(name), changes)).await;
        let told = trusting.assertion(json!({"iss": format!("https://{name}.example")}));
        let borne = trusting.bear(&told).await;
        assert_eq!((borne.status, borne.text("error").as_str()), (400, "invalid_grant"), "{name}: {:?}", borne.body);
        let form = [("grant_type", EXCHANGE), ("subject_token_type", JWT), ("subject_token", told.as_str())];
        assert_eq!(trusting.ask(&form).await.status, 400, "{name}");
    }
    trusting.stage.close().await;
}

/// A certificate over the key, valid between two days counted from today.
fn certificate(key: &SigningKey, from: i64, until: i64) -> String {
    let pair = rcgen::KeyPair::from_pkcs8_pem_and_sign_algo(key.pem(), &rcgen::PKCS_RSA_SHA256).unwrap();
    let mut params = rcgen::CertificateParams::default();
    let day = |days: i64| std::time::Duration::from_secs(86_400 * days.unsigned_abs());
    let at = |days: i64| {
        let now = std::time::SystemTime::now();
        if days < 0 { now - day(days) } else { now + day(days) }
    };
    (params.not_before, params.not_after) = (at(from).into(), at(until).into());
    params.self_signed(&pair).unwrap().pem()
}

#[tokio::test]
async fn claims_go_over_into_an_exchanged_token_when_their_scopes_are_asked_for() {
    let trusting = Trusting::open().await;
    let person = json!({"groups": ["a", "b", "c"], "preferred_username": "ann", "email": "ann@x", "secret": "no"});
    let subject = trusting.assertion(person);
    let exchange = async |scope: &str| {
        let form = [
            ("grant_type", EXCHANGE),
            ("subject_token_type", JWT),
            ("requested_token_type", JWT),
            ("subject_token", subject.as_str()),
            ("scope", scope),
        ];
        let answer = trusting.ask(&form).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        jwt::read(&answer.text("access_token")).unwrap().1
    };
    let all = exchange("openid profile email groups").await;
    assert_eq!(all["groups"], json!(["a", "b", "c"]));
    assert_eq!((&all["preferred_username"], &all["email"], all.get("secret")), (&json!("ann"), &json!("ann@x"), None));
    let few = exchange("openid email").await;
    assert_eq!((few.get("groups"), few.get("preferred_username"), &few["email"]), (None, None, &json!("ann@x")));
    let none = exchange("groups").await;
    assert_eq!(none.get("groups"), None, "without openid they are no claims that anybody asked for");
    trusting.stage.close().await;
}

#[tokio::test]
async fn a_developer_exchanges_a_token_in_the_portal() {
    let trusting = Trusting::open().await;
    let path = format!(
        "/applications/{}/oauth-keys/{}/generate-token",
        trusting.application,
        trusting.keys.text("keyMappingId")
    );
    let order = |subject: Value| {
        json!({"grantType": "TOKEN_EXCHANGE", "consumerSecret": trusting.keys.text("consumerSecret"), "scopes": ["a"],
            "additionalProperties": {"subject_token": subject}})
    };
    let made = trusting.stage.dora(Method::POST, &path, order(json!(trusting.assertion(json!({}))))).await;
    assert_eq!((made.status, &made.body["tokenScopes"]), (200, &json!(["a"])), "{:?}", made.body);
    let (header, claims) = jwt::read(&made.text("accessToken")).unwrap();
    assert_eq!((header["typ"].as_str(), &claims["sub"]), (Some("at+jwt"), &json!("ann")));
    let expired = trusting.assertion(json!({"exp": 1}));
    assert_eq!(trusting.stage.dora(Method::POST, &path, order(json!(expired))).await.verdict(), (500, 900957));
    for missing in [json!(null), json!(" "), json!(7)] {
        assert_eq!(
            trusting.stage.dora(Method::POST, &path, order(missing.clone())).await.verdict(),
            (400, 400),
            "{missing}"
        );
    }
    let unknown = json!({"grantType": "PASSWORD"});
    assert_eq!(trusting.stage.dora(Method::POST, &path, unknown).await.verdict(), (400, 400));
    trusting.stage.close().await;
}

#[tokio::test]
async fn a_key_set_that_cannot_be_had_is_not_fetched_for_every_assertion() {
    let trusting = Trusting::open().await;
    for (at, status) in [StatusCode::SERVICE_UNAVAILABLE, StatusCode::OK].into_iter().enumerate() {
        let fetches = Arc::new(AtomicUsize::new(0));
        let count = fetches.clone();
        let serve = async move || {
            count.fetch_add(1, Ordering::Relaxed);
            (status, r#"{"keys":[]}"#)
        };
        let base = plain_server(Router::new().route("/jwks", get(serve))).await;
        let name = format!("flooded-{at}");
        let certificates = json!({"type": "JWKS", "value": format!("{base}/jwks")});
        let changes = json!({"tokenType": "BOTH", "alias": "here", "certificates": certificates});
        trusting.stage.key_manager(with(custom(&name), changes)).await;
        let began = Instant::now();
        let assertions: Vec<String> =
            (0..FLOOD).map(|_| trusting.assertion(json!({"iss": format!("https://{name}.example")}))).collect();
        let answers = join_all(assertions.iter().map(|assertion| trusting.bear(assertion))).await;
        assert!(answers.iter().all(|answer| answer.status == 400), "{answers:?}");
        // The first, the one that began the cooldown, and one for each second since.
        let allowed = usize::try_from(began.elapsed().as_secs()).unwrap() + 2;
        let asked = fetches.load(Ordering::Relaxed);
        assert!((1..=allowed).contains(&asked), "{status}: {asked} fetches in {:?}", began.elapsed());
    }
    trusting.stage.close().await;
}
