//! Microsoft Entra ID: repetitions, client assertions, tokens for Graph, documents for any tenant.
//! The numbers of its refusals are tested in `refusals`, Graph itself in `graph`.

use kmspec_mocks::{
    realm::{ClientSpec, KeyPurpose, KeyRing, jwt, test_keys},
    vendors::Vendor,
};
use serde_json::{Value, json};

use crate::{
    REDIRECT, asking, read,
    support::{Stage, browser::Arrival, stage, stage_with},
};

const OWN: (&str, &str) = ("grant_type", "client_credentials");
const API: (&str, &str) = ("scope", "api://kmspec-v2/.default");
const TYPE: (&str, &str) = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");

async fn with_login() -> Stage {
    let spec = ClientSpec::new("orders").grant_types(["authorization_code", "client_credentials"]);
    stage_with(Vendor::Entra, spec.redirect_uris([REDIRECT]).scopes(["read"])).await
}

#[tokio::test]
async fn entra_refuses_what_is_said_twice() {
    let stage = with_login().await;
    for repeated in [("scope", API.1), ("scope", "api://kmspec-v1/.default"), ("resource", "a")] {
        let form = [OWN, API, repeated, ("resource", "b")];
        let refused = stage.token(&form).await;
        assert_eq!(refused.error(), (400, "invalid_request".to_owned()), "{repeated:?}: {}", refused.text);
        assert!(refused.member("error_description").starts_with("AADSTS"), "{}", refused.text);
    }
    assert_eq!(stage.token(&[OWN, API]).await.status, 200);
    let first = format!("{}/oauth2/token", stage.server.endpoints().token.split("/oauth2").next().unwrap());
    let resource = ("resource", "api://kmspec-v1");
    assert_eq!(stage.post(&first, &[OWN, resource]).await.status, 200);
    assert_eq!(stage.post(&first, &[OWN, resource, resource]).await.error().1, "invalid_request");
    let mut query = asking(&stage, &[("scope", "openid"), ("state", "s")]);
    query.push(("scope", "openid"));
    let refused = stage.authorize(&query).await.away();
    assert_eq!((refused["error"].as_str(), refused["state"].as_str()), ("invalid_request", "s"));
}

fn assertion(stage: &Stage, change: impl FnOnce(&mut Value)) -> String {
    let now = stage.server.realm().now();
    let mut claims = json!({
        "iss": "signing", "sub": "signing", "aud": stage.server.endpoints().token, "nbf": now, "exp": now + 300,
    });
    claims["jti"] = json!(format!("{:p}-{}", &claims, uuid()));
    change(&mut claims);
    let ring = KeyRing::with_key(test_keys::named("rsa-lotus").unwrap());
    jwt::sign(&ring.current(KeyPurpose::Access), jwt::Object::new(), claims.as_object().unwrap())
}

fn uuid() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed).to_string()
}

#[tokio::test]
async fn an_application_of_entra_may_prove_itself_by_an_assertion_that_it_signs() {
    let stage = stage(Vendor::Entra).await;
    let key = test_keys::named("rsa-lotus").unwrap();
    let spec = ClientSpec::new("signing").id("signing").metadata("jwks", json!({ "keys": [key.jwk()] }));
    stage.server.realm().add_client(spec);
    let url = stage.server.endpoints().token.clone();
    let present = async |assertion: &str| {
        stage.post_bare(&url, &[OWN, API, TYPE, ("client_id", "signing"), ("client_assertion", assertion)]).await
    };
    let good = assertion(&stage, |_| {});
    let granted = present(&good).await;
    assert_eq!(granted.status, 200, "{}", granted.text);
    assert_eq!(read(&granted.member("access_token")).1["azp"], "signing");
    let now = stage.server.realm().now();
    let forged = format!("{}AAAA", good.rsplit_once('.').map(|(signed, _)| format!("{signed}.")).unwrap());
    for (what, assertion, number) in [
        ("another signature", forged, 700_027),
        ("expired", assertion(&stage, |claims| claims["exp"] = json!(now - 1)), 700_024),
        ("not yet", assertion(&stage, |claims| claims["nbf"] = json!(now + 600)), 700_024),
        ("somebody else's", assertion(&stage, |claims| claims["aud"] = json!("https://other.example")), 700_023),
        ("no JWT", "nonsense".to_owned(), 50_027),
    ] {
        let refused = present(&assertion).await;
        assert_eq!(refused.error(), (401, "invalid_client".to_owned()), "{what}: {}", refused.text);
        assert_eq!(refused.json()["error_codes"], json!([number]), "{what}: {}", refused.text);
        assert!(refused.member("error_description").starts_with(&format!("AADSTS{number}: ")), "{what}");
        assert_eq!(refused.headers.get_all("www-authenticate").iter().count(), 1, "{what}");
    }
    let document = stage.get(&stage.server.discovery_url()).await.json();
    let methods = document["token_endpoint_auth_methods_supported"].to_string();
    assert!(methods.contains("private_key_jwt"), "{methods}");
}

#[tokio::test]
async fn a_token_for_graph_verifies_with_no_published_key() {
    let stage = with_login().await;
    let form = [OWN, ("scope", &format!("{}/.default", stage.server.base_url()))];
    let token = stage.token(&form).await.member("access_token");
    let (header, claims) = read(&token);
    assert_eq!(claims["aud"], stage.server.base_url());
    assert!(header["nonce"].as_str().is_some_and(|nonce| !nonce.is_empty()), "{header:?}");
    let why = stage.verified(&token).await.unwrap_err();
    assert_eq!(why, "InvalidSignature");
    // Graph itself knows what the nonce is for.
    let manager = kmspec_mocks::vendors::MANAGER;
    let url = stage.server.endpoints().token.clone();
    let own = stage.post_bare(&url, &[form[0], form[1], ("client_id", manager.0), ("client_secret", manager.1)]).await;
    let applications = stage.server.endpoints().registration.clone().unwrap();
    let listed = stage.http.get(applications).bearer_auth(own.member("access_token")).send().await.unwrap();
    assert_eq!(listed.status(), 200);
    let other = stage.token(&[OWN, API]).await.member("access_token");
    assert!(read(&other).0.get("nonce").is_none() && stage.verified(&other).await.is_ok());
}

#[tokio::test]
async fn the_documents_for_any_tenant_name_an_issuer_that_is_a_pattern() {
    let stage = stage(Vendor::Entra).await;
    let base = stage.server.base_url().to_owned();
    for any in ["common", "organizations"] {
        let document = stage.get(&format!("{base}/{any}/v2.0/.well-known/openid-configuration")).await.json();
        assert_eq!(document["issuer"], format!("{base}/{{tenantid}}/v2.0"), "{any}");
        assert_eq!(document["jwks_uri"], stage.server.endpoints().jwks, "{any}");
    }
}

#[tokio::test]
async fn the_first_token_endpoint_says_numbers_as_texts() {
    let stage = stage(Vendor::Entra).await;
    let first = stage.server.endpoints().token.replace("/oauth2/v2.0/", "/oauth2/");
    let before = stage.server.realm().now();
    let said = stage.post(&first, &[OWN, ("resource", "api://kmspec-v1")]).await;
    let number = |name: &str| said.member(name).parse::<u64>().unwrap_or_else(|_| panic!("{name}: {}", said.text));
    assert_eq!((number("expires_in"), number("ext_expires_in")), (3_599, 3_599));
    assert!(number("not_before") >= before && number("expires_on") == number("not_before") + 3_599, "{}", said.text);
    let (_, claims) = read(&said.member("access_token"));
    assert_eq!(claims["exp"].as_u64(), Some(number("expires_on")));
    assert_eq!(said.member("resource"), "api://kmspec-v1");
    let second = stage.token(&[OWN, API]).await.json();
    assert!(second["expires_in"].is_u64() && second.get("expires_on").is_none(), "{second}");
}

#[tokio::test]
async fn what_an_application_may_do_stands_in_its_token_as_roles_and_nowhere_as_scope() {
    let stage = with_login().await;
    let granted = stage.token(&[OWN, API]).await;
    assert_eq!(read(&granted.member("access_token")).1["roles"], json!(["read"]));
    assert!(granted.json().get("scope").is_none(), "{}", granted.text);
    match stage.authorize(&asking(&stage, &[("scope", "openid api://kmspec-v2/read")])).await {
        Arrival::Page(page) => {
            let code = stage.log_in(&page).await.away().remove("code").unwrap();
            let form = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", REDIRECT)];
            assert!(stage.token(&form).await.member("scope").contains("read"));
        }
        Arrival::Away(url) => panic!("sent away to {url}"),
    }
}
