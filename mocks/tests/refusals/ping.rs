//! Refusals of PingFederate and PingOne: introspection that wants POST and hints, and client assertions that last too
//! long or name somebody else.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kmspec_mocks::{
    realm::{ClientSpec, KeyPurpose, KeyRing, jwt, test_keys},
    vendors::Vendor,
};
use serde_json::{Value, json};

use crate::{
    OWN, Who, ask, refused,
    support::{Answer, Stage, stage},
};

#[tokio::test]
async fn a_token_request_is_refused_by_the_rfc() {
    for vendor in [Vendor::PingFederate, Vendor::PingOne] {
        let stage = stage(vendor).await;
        stage.server.realm().add_client(ClientSpec::new("l").id("limited").secret("s").grant_types(["refresh_token"]));
        let token = stage.server.endpoints().token.clone();
        refused(
            &stage,
            &token,
            &[
                ("wrong secret", Who::Wrong, &[OWN], 401, "invalid_client"),
                ("both ways", Who::Twice, &[OWN], 400, "invalid_request"),
                ("unknown grant", Who::Right, &[("grant_type", "magic")], 400, "unsupported_grant_type"),
                ("not allowed", Who::Client("limited", "s"), &[OWN], 400, "unauthorized_client"),
                (
                    "unknown refresh token",
                    Who::Right,
                    &[("grant_type", "refresh_token"), ("refresh_token", "x")],
                    400,
                    "invalid_grant",
                ),
            ],
        )
        .await;
    }
}

#[tokio::test]
async fn pingfederate_looks_a_refresh_token_up_only_when_it_is_told_that_it_is_one() {
    let stage = stage(Vendor::PingFederate).await;
    let introspection = stage.server.endpoints().introspection.clone().unwrap();
    let refresh = stage.password("openid").await.member("refresh_token");
    let token = ("token", refresh.as_str());
    assert_eq!(ask(&stage, &introspection, Who::Right, &[token]).await.json(), json!({ "active": false }));
    let hinted = ask(&stage, &introspection, Who::Right, &[token, ("token_type_hint", "refresh_token")]).await;
    assert_eq!(hinted.json()["active"], true);
    assert_eq!(stage.get(&format!("{introspection}?token=x")).await.status, 405);
    let validate = "urn:pingidentity.com:oauth2:grant_type:validate_bearer";
    stage.server.realm().add_client(ClientSpec::new("v").id("validator").public().grant_types([validate]));
    stage.server.realm().add_client(ClientSpec::new("p").id("public").public());
    for (id, status) in [("validator", 200), ("public", 401)] {
        let asked = ask(&stage, &introspection, Who::Nobody, &[("token", "x"), ("client_id", id)]).await;
        assert_eq!(asked.status, status, "{id}");
    }
}

/// What a client signs that authenticates by its key.
fn assertion(stage: &Stage, audience: &str, change: impl FnOnce(&mut Value)) -> String {
    let now = stage.server.realm().now();
    let mut claims = json!({ "iss": "signing", "sub": "signing", "aud": audience, "iat": now, "exp": now + 300 });
    claims["jti"] = json!(format!("{now}-{audience}-{}", stage.server.realm().snapshot().tokens.len()));
    change(&mut claims);
    let ring = KeyRing::with_key(test_keys::named("rsa-lotus").unwrap());
    jwt::sign(&ring.current(KeyPurpose::Access), jwt::Object::new(), claims.as_object().unwrap())
}

async fn present(stage: &Stage, url: &str, assertion: &str, more: (&str, &str)) -> Answer {
    let kind = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    stage.post_bare(url, &[more, kind, ("client_assertion", assertion)]).await
}

/// The server knows of the client `signing` by its key alone.
fn register_signing(stage: &Stage) {
    let key = test_keys::named("rsa-lotus").unwrap();
    let spec =
        ClientSpec::new("signing").id("signing").public().metadata("token_endpoint_auth_method", "private_key_jwt");
    stage.server.realm().add_client(spec.metadata("jwks", json!({ "keys": [key.jwk()] })));
}

/// Signed by the client whatever it says: the header as a text, and the claims.
fn raw(header: &str, claims: &str) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let key = KeyRing::with_key(test_keys::named("rsa-lotus").unwrap()).current(KeyPurpose::Access);
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes())))
}

#[tokio::test]
async fn a_client_assertion_that_could_be_read_in_two_ways_proves_nobody() {
    let stage = stage(Vendor::PingOne).await;
    register_signing(&stage);
    let token = stage.server.endpoints().token.clone();
    let (issuer, now) = (stage.server.issuer().to_owned(), stage.server.realm().now());
    let header = |more: &str| format!(r#"{{"alg":"RS256"{more}}}"#);
    let claims = |jti: &str, end: &str, more: &str| {
        format!(r#"{{"iss":"signing","sub":"signing","aud":"{issuer}","jti":{jti},"exp":{end}{more}}}"#)
    };
    let end = (now + 60).to_string();
    let later = format!(r#","nbf":{}"#, now + 30);
    let wrong = [
        ("two subjects", header(""), claims(r#""a""#, &end, r#","sub":"signing""#)),
        ("an extension", header(r#","crit":["b64"],"b64":false"#), claims(r#""b""#, &end, "")),
        ("an access token", header(r#","typ":"at+jwt""#), claims(r#""c""#, &end, "")),
        ("a text for an end", header(""), claims(r#""d""#, &format!("\"{end}\""), "")),
        (
            "an audience with a number",
            header(""),
            claims(r#""e""#, &end, "").replace(&format!("\"{issuer}\""), &format!("[\"{issuer}\",5]")),
        ),
        ("an instant without a meaning", header(""), claims(r#""f""#, &end, r#","iat":null"#)),
        ("not yet valid", header(""), claims(r#""g""#, &end, &later)),
    ];
    for (what, header, claims) in wrong {
        let refused = present(&stage, &token, &raw(&header, &claims), OWN).await;
        assert_eq!(refused.error(), (401, "invalid_client".to_owned()), "{what}: {}", refused.text);
    }
    let padded = raw(&header(""), &claims(r#""h""#, &end, "")).replacen('.', "=.", 1);
    assert_eq!(present(&stage, &token, &padded, OWN).await.error(), (401, "invalid_client".to_owned()), "padding");
    for (jti, header, end) in [
        (r#""1""#, header(""), end.clone()),
        (r#""2""#, header(r#","typ":"JWT""#), end.clone()),
        (r#""3""#, header(r#","typ":"client-authentication+jwt""#), end.clone()),
        (r#""4""#, header(""), format!("{end}.5")),
    ] {
        let granted = present(&stage, &token, &raw(&header, &claims(jti, &end, "")), OWN).await;
        assert_eq!(granted.status, 200, "{header}: {}", granted.text);
    }
}

#[tokio::test]
async fn a_client_of_pingone_signs_for_the_issuer_the_token_endpoint_or_the_endpoint_it_calls() {
    let stage = stage(Vendor::PingOne).await;
    register_signing(&stage);
    let endpoints = stage.server.endpoints().clone();
    let (token, introspection) = (endpoints.token, endpoints.introspection.unwrap());
    let issuer = stage.server.issuer().to_owned();
    for audience in [&token, &issuer] {
        let granted = present(&stage, &token, &assertion(&stage, audience, |_| {}), OWN).await;
        assert_eq!(granted.status, 200, "{audience}: {}", granted.text);
    }
    let about = ("token", "x");
    let asked = present(&stage, &introspection, &assertion(&stage, &introspection, |_| {}), about).await;
    assert_eq!((asked.status, asked.json()), (200, json!({ "active": false })), "{}", asked.text);
    let elsewhere = present(&stage, &token, &assertion(&stage, &introspection, |_| {}), OWN).await;
    assert_eq!(elsewhere.error(), (401, "invalid_client".to_owned()), "made for another endpoint");
    for (what, change) in [
        (
            "longer than an hour",
            (|claims| claims["exp"] = json!(claims["iat"].as_u64().unwrap() + 3_700)) as fn(&mut Value),
        ),
        ("over", |claims| claims["exp"] = claims["iat"].clone()),
        ("another issuer", |claims| claims["iss"] = json!("another")),
        ("another audience", |claims| claims["aud"] = json!("https://elsewhere.example")),
        ("without an end", |claims| drop(claims.as_object_mut().unwrap().remove("exp"))),
    ] {
        let refused = present(&stage, &token, &assertion(&stage, &issuer, change), OWN).await;
        assert_eq!(refused.error(), (401, "invalid_client".to_owned()), "{what}: {}", refused.text);
    }
    let once = assertion(&stage, &issuer, |claims| claims["jti"] = json!("once"));
    assert_eq!(present(&stage, &token, &once, OWN).await.status, 200);
    assert_eq!(present(&stage, &token, &once, OWN).await.error(), (401, "invalid_client".to_owned()), "sent again");
}
