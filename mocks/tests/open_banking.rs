//! What the Open Banking accelerator puts before Identity Server 5 and 6: its filter at the token endpoint, clients that
//! sign assertions, and the refusals of its client registration. What it shares with version 7 is tested there.

mod support;

use std::time::Duration;

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kmspec_mocks::{
    grants::{AuthorizationRefusal, Form},
    realm::{AuthorizationRequest, Client, ClientSpec, KeyPurpose, KeyRing, TokenFormat, jwt, test_keys},
    vendors::Vendor,
};
use reqwest::Method;
use serde_json::{Value, json};
use support::{AUTHORITY, Answer, Stage, answer, stage, stage_with};

const REGISTER: &str = "/keymanager-operations/dcr/register";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const OWN: (&str, &str) = ("grant_type", "client_credentials");

/// A request for a token, with this transport certificate.
async fn ask_with(stage: &Stage, certificate: Option<&str>) -> Answer {
    let request = stage.http.post(&stage.server.endpoints().token).form(&[OWN]);
    let request = request.basic_auth(&stage.client.id, stage.client.secret.as_deref());
    let request = certificate.iter().fold(request, |request, text| request.header("x-wso2-mutual-auth-cert", *text));
    answer(request.send().await.unwrap()).await
}

#[tokio::test]
async fn a_client_that_regulation_binds_shows_the_certificate_of_its_connection() {
    let stage = stage_with(Vendor::Is, ClientSpec::new("bank").metadata("regulatory", true)).await;
    let pem = AUTHORITY.issue(&["bank.example"]).unwrap().chain_pem;
    let one_line: String = pem.lines().take_while(|line| !line.contains("END")).collect::<Vec<_>>().join(" ");
    assert_eq!(ask_with(&stage, None).await.error(), (400, "invalid_request".to_owned()));
    assert_eq!(ask_with(&stage, Some("no certificate")).await.error(), (400, "invalid_request".to_owned()));
    let granted = ask_with(&stage, Some(&one_line)).await;
    assert_eq!(granted.status, 200, "{}", granted.text);
    let (_, claims) = jwt::read(&granted.member("access_token")).unwrap();
    assert!(claims["cnf"]["x5t#S256"].is_string(), "the token is bound to the certificate: {claims:?}");
    assert_eq!(stage.introspect(&granted.member("access_token")).await["cnf"], claims["cnf"]);
    let free = self::stage(Vendor::Is).await;
    assert_eq!(ask_with(&free, None).await.status, 200, "others need none");
}

#[tokio::test]
async fn every_request_for_a_token_names_a_client() {
    let stage = stage(Vendor::Is).await;
    let nobody = stage.post_bare(&stage.server.endpoints().token, &[OWN]).await;
    assert_eq!(nobody.error(), (400, "invalid_request".to_owned()));
    assert!(nobody.member("error_description").contains("client id"), "{}", nobody.text);
}

/// A client that signs its assertions with the key `rsa-lotus` by RS256.
fn signing(stage: &Stage) -> Client {
    let key = test_keys::named("rsa-lotus").unwrap();
    let spec = ClientSpec::new("signing").id("signing").public();
    let spec = spec.metadata("token_endpoint_auth_method", "private_key_jwt");
    let spec = spec.metadata("token_endpoint_auth_signing_alg", "RS256");
    stage.server.realm().add_client(spec.metadata("jwks", json!({ "keys": [key.jwk()] })))
}

fn assertion(stage: &Stage, change: impl FnOnce(&mut Value)) -> String {
    let now = stage.server.realm().now();
    let mut claims = json!({
        "iss": "signing", "sub": "signing", "aud": stage.server.endpoints().token, "jti": "one", "iat": now,
        "exp": now + 60 * 60 * 24,
    });
    change(&mut claims);
    let ring = KeyRing::with_key(test_keys::named("rsa-lotus").unwrap());
    jwt::sign(&ring.current(KeyPurpose::Access), jwt::Object::new(), claims.as_object().unwrap())
}

async fn present(stage: &Stage, assertion: &str) -> Answer {
    let form = [OWN, ("client_assertion_type", ASSERTION), ("client_assertion", assertion)];
    stage.post_bare(&stage.server.endpoints().token, &form).await
}

#[tokio::test]
async fn a_client_may_sign_what_it_says_and_say_it_again() {
    let stage = stage(Vendor::Is).await;
    signing(&stage);
    let good = assertion(&stage, |_| {});
    assert_eq!(present(&stage, &good).await.status, 200);
    assert_eq!(present(&stage, &good).await.status, 200, "an assertion may be used again");
    stage.server.clock().advance(Duration::from_secs(99 * 60));
    assert_eq!(present(&stage, &good).await.status, 200);
    stage.server.clock().advance(Duration::from_secs(2 * 60));
    assert_eq!(present(&stage, &good).await.error(), (401, "invalid_client".to_owned()), "older than 100 minutes");
}

#[tokio::test]
async fn an_assertion_that_cannot_be_read_or_is_signed_otherwise_is_refused_by_the_filter() {
    let stage = stage(Vendor::Is).await;
    signing(&stage);
    assert_eq!(present(&stage, "no assertion").await.error(), (401, "invalid_request".to_owned()));
    let good = assertion(&stage, |_| {});
    let (_, rest) = good.split_once('.').unwrap();
    let other = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(br#"{"alg":"PS256"}"#));
    assert_eq!(present(&stage, &other).await.error(), (401, "invalid_client".to_owned()));
    let foreign = assertion(&stage, |claims| claims["aud"] = json!("https://elsewhere.example"));
    assert_eq!(present(&stage, &foreign).await.error(), (401, "invalid_client".to_owned()));
    let nobody = assertion(&stage, |claims| {
        claims["iss"] = json!("nobody");
        claims["sub"] = json!("nobody");
    });
    assert_eq!(present(&stage, &nobody).await.error(), (401, "invalid_client".to_owned()));
}

#[tokio::test]
async fn client_registration_refuses_in_words_of_its_own() {
    let stage = stage(Vendor::Is).await;
    let url = format!("{}{REGISTER}", stage.server.base_url());
    let register = async |body: Value| stage.admin(Method::POST, &url, Some(body)).await;
    let first = register(json!({ "client_name": "one", "grant_types": ["client_credentials"] })).await;
    assert_eq!(first.status, 201, "{}", first.text);
    let id = first.member("client_id");
    for (body, message) in [
        (json!({ "client_name": "one" }), "invalid_client_metadata"),
        (json!({ "client_name": "two", "client_id": id }), "invalid_client_metadata"),
        (json!({ "grant_types": [] }), "invalid_client_metadata"),
        (json!([]), "invalid_client_metadata"),
        (json!({ "client_name": "two", "grant_types": ["authorization_code"] }), "invalid_redirect_uri"),
        (json!({ "client_name": "two", "redirect_uris": ["no uri"] }), "invalid_redirect_uri"),
        (json!({ "client_name": "two", "redirect_uris": ["https://a.example/#here"] }), "invalid_redirect_uri"),
    ] {
        let refused = register(body.clone()).await;
        assert_eq!((refused.status, refused.member("message").as_str()), (400, message), "{body}");
        assert!(refused.json()["code"].is_string() && refused.json()["description"].is_string(), "{}", refused.text);
    }
    let unknown = format!("{url}/{}", URL_SAFE_NO_PAD.encode("unknown"));
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let gone = stage.admin(method.clone(), &unknown, Some(json!({ "client_name": "x" }))).await;
        assert_eq!((gone.status, gone.text.as_str()), (401, ""), "{method}");
    }
    let own = format!("{url}/{}", URL_SAFE_NO_PAD.encode(&id));
    let ann = stage.http.get(&own).basic_auth("ann", Some("ann's secret")).send().await.unwrap();
    assert_eq!((ann.status().as_u16(), ann.text().await.unwrap()), (403, String::new()));
    assert_eq!(stage.get(&own).await.status, 401);
}

#[tokio::test]
async fn a_code_comes_with_an_id_token_for_those_who_ask_for_both() {
    let spec = ClientSpec::new("bank").redirect_uris(["https://bank.example/cb"]);
    let stage = stage_with(Vendor::Is, spec.grant_types(["authorization_code"])).await;
    let realm = stage.server.realm();
    let asked = |more: &str| {
        let query =
            format!("client_id={}&redirect_uri=https://bank.example/cb&state=s&response_type={more}", stage.client.id);
        match AuthorizationRequest::read(realm, &Form::parse(query.as_bytes())) {
            Ok(request) => request.approved(realm, &realm.user("ann").unwrap()),
            Err(AuthorizationRefusal::Redirected(to)) => to,
            Err(AuthorizationRefusal::Shown(error)) => panic!("{error}"),
        }
    };
    let answer = asked("id_token+code&scope=openid&nonce=n-1");
    let fragment = answer.split_once('#').map(|(_, fragment)| Form::parse(fragment.as_bytes()));
    let fragment = fragment.unwrap_or_else(|| panic!("no fragment: {answer}"));
    let (_, claims) = stage.verified(fragment.value("id_token").unwrap()).await.unwrap();
    let code = fragment.value("code").unwrap();
    assert_eq!((&claims["nonce"], fragment.value("state")), (&json!("n-1"), Some("s")));
    let hash = digest::digest(&digest::SHA256, code.as_bytes());
    assert_eq!(claims["c_hash"], URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]));
    let form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", "https://bank.example/cb")];
    assert_eq!(stage.token(&form).await.status, 200);
    for (more, error) in [
        ("code+id_token&scope=openid", "#error=invalid_request"),
        ("code+id_token&scope=read&nonce=n", "#error=invalid_request"),
        ("token", "?error=unsupported_response_type"),
        ("code+id_token+token&scope=openid&nonce=n", "?error=unsupported_response_type"),
    ] {
        let refused = asked(more);
        assert!(refused.contains(error) && refused.contains("state=s"), "{more}: {refused}");
    }
    let discovery = stage.get(&stage.server.discovery_url()).await.json();
    assert_eq!(discovery["response_types_supported"], json!(["code", "code id_token"]));
    assert!(discovery["token_endpoint_auth_methods_supported"].as_array().unwrap().contains(&json!("private_key_jwt")));
}

#[tokio::test]
async fn a_token_says_its_consent_in_a_claim_and_not_in_its_scopes() {
    let stage = stage_with(Vendor::Is, ClientSpec::new("bank").token_format(TokenFormat::Jwt)).await;
    let claims = async |scope: &str| {
        let granted = stage.token(&[OWN, ("scope", scope)]).await;
        assert_eq!(granted.status, 200, "{}", granted.text);
        jwt::read(&granted.member("access_token")).unwrap().1
    };
    let consented = claims("read consent_id4711").await;
    assert_eq!((&consented["consent_id"], &consented["scope"]), (&json!("4711"), &json!("read")));
    let alone = claims("consent_id4711").await;
    assert_eq!((alone.get("consent_id"), alone.get("scope")), (Some(&json!("4711")), None));
    let other = claims("consents:read nonsense").await;
    assert_eq!((other.get("consent_id"), &other["scope"]), (None, &json!("default consents:read")));
    assert_eq!(claims("read").await.get("consent_id"), None);
}
