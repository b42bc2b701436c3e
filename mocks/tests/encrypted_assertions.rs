//! Assertions of trusted issuers that are encrypted to the server (RFC 7519, section 5.2): the signed JWT inside counts.
//! The envelopes are made here, of nothing but the key set that the server publishes.

mod support;

use aws_lc_rs::{
    aead::{self, Aad, LessSafeKey, Nonce, UnboundKey},
    rsa::{
        OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey, PublicKeyComponents,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kmspec_mocks::{
    forge::Forge,
    realm::{ClientSpec, KeyRing, TrustedIssuer, TrustedKeys, random, test_keys::KeyFamily},
    vendors::Vendor,
};
use serde_json::{Value, json};
use support::{Answer, Stage, stage_with};

const BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ISSUER: &str = "https://partner.example";

/// A server that trusts a partner, and what makes that partner's tokens.
async fn scene(vendor: Vendor) -> (Stage, Forge) {
    let stage = stage_with(vendor, ClientSpec::new("app").grant_types([BEARER, EXCHANGE])).await;
    let keys = KeyRing::of_family(KeyFamily::Rsa);
    let partner = Forge::new(ISSUER, keys.clone(), stage.server.clock().clone());
    stage.server.realm().trust(TrustedIssuer::new("partner", ISSUER, TrustedKeys::Ring(keys)).alias("as")).unwrap();
    (stage, partner)
}

/// The first key that the server publishes.
async fn published(stage: &Stage) -> Value {
    stage.get(&stage.server.endpoints().jwks).await.json()["keys"][0].clone()
}

/// Five parts by the rules of RFC 7516, section 5.1, for an entry of a key set.
fn sealed(jwk: &Value, header: &Value, content: &str) -> String {
    let number = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    let key: PublicEncryptingKey = PublicKeyComponents { n: number("n"), e: number("e") }.try_into().unwrap();
    let key = OaepPublicEncryptingKey::new(key).unwrap();
    let oaep = if header["alg"] == "RSA-OAEP" { &OAEP_SHA1_MGF1SHA1 } else { &OAEP_SHA256_MGF1SHA256 };
    let cipher = if header["enc"] == "A128GCM" { &aead::AES_128_GCM } else { &aead::AES_256_GCM };
    let content_key = random::bytes(cipher.key_len());
    let mut wrapped = vec![0; key.ciphertext_size()];
    let wrapped = key.encrypt(oaep, &content_key, &mut wrapped, None).unwrap().to_vec();
    let protected = URL_SAFE_NO_PAD.encode(header.to_string());
    let iv: [u8; 12] = random::bytes(12).try_into().unwrap();
    let mut text = content.as_bytes().to_vec();
    let tag = LessSafeKey::new(UnboundKey::new(cipher, &content_key).unwrap())
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(iv), Aad::from(protected.as_bytes()), &mut text)
        .unwrap();
    let parts = [&wrapped[..], &iv, &text, tag.as_ref()].map(|part| URL_SAFE_NO_PAD.encode(part));
    format!("{protected}.{}", parts.join("."))
}

async fn bearer(stage: &Stage, assertion: &str) -> Answer {
    stage.token(&[("grant_type", BEARER), ("assertion", assertion), ("scope", "read")]).await
}

#[track_caller]
fn refused(answer: &Answer, text: &str) {
    assert_eq!(answer.error(), (400, "invalid_grant".to_owned()), "{text}: {}", answer.text);
    assert!(answer.member("error_description").contains(text), "{text}: {}", answer.text);
}

#[tokio::test]
async fn a_signed_assertion_in_an_envelope_for_the_servers_key_brings_a_token_for_its_subject() {
    for vendor in [Vendor::Is7, Vendor::Custom] {
        let (stage, partner) = scene(vendor).await;
        let key = published(&stage).await;
        for alg in ["RSA-OAEP", "RSA-OAEP-256"] {
            for enc in ["A128GCM", "A256GCM"] {
                let header = json!({ "alg": alg, "enc": enc, "cty": "JWT", "kid": key["kid"] });
                let assertion = sealed(&key, &header, &partner.token("as", "bob").encode());
                let granted = bearer(&stage, &assertion).await;
                assert_eq!(granted.status, 200, "{vendor} {header}: {}", granted.text);
                let (_, claims) = stage.verified(&granted.member("access_token")).await.unwrap();
                assert_eq!(claims["sub"], "bob", "{vendor} {header}");
            }
        }
    }
}

#[tokio::test]
async fn an_envelope_vouches_for_nothing_of_what_is_inside() {
    let (stage, partner) = scene(Vendor::Is7).await;
    let key = published(&stage).await;
    let header = json!({ "alg": "RSA-OAEP-256", "enc": "A256GCM" });
    let inside = |content: &str| sealed(&key, &header, content);
    let claims = json!({ "iss": ISSUER, "sub": "bob", "aud": "as", "exp": 9_999_999_999_u64 }).to_string();
    refused(&bearer(&stage, &inside(&claims)).await, "no signed JWT");
    let unsigned = partner.token("as", "bob").unsigned("none").encode();
    assert_eq!(bearer(&stage, &inside(&unsigned)).await.error(), (400, "invalid_grant".to_owned()));
    refused(&bearer(&stage, &inside(&partner.token("as", "bob").flipped_signature().encode())).await, "Signature");
    refused(&bearer(&stage, &inside(&partner.token("as", "bob").expires_in(0).encode())).await, "expired");
    refused(&bearer(&stage, &inside(&partner.token("elsewhere", "bob").encode())).await, "audience");
    let twice = inside(&inside(&partner.token("as", "bob").encode()));
    refused(&bearer(&stage, &twice).await, "no signed JWT");
}

#[tokio::test]
async fn what_does_not_open_is_refused_with_the_name_of_its_algorithm() {
    let (stage, partner) = scene(Vendor::Is7).await;
    let (key, token) = (published(&stage).await, partner.token("as", "bob").encode());
    let with = |alg: &str, enc: &str| sealed(&key, &json!({ "alg": alg, "enc": enc }), &token);
    refused(&bearer(&stage, &with("RSA1_5", "A256GCM")).await, "by RSA1_5; RSA-OAEP and RSA-OAEP-256 are taken");
    refused(&bearer(&stage, &with("dir", "A256GCM")).await, "by dir;");
    refused(&bearer(&stage, &with("RSA-OAEP", "A128CBC-HS256")).await, "by A128CBC-HS256; A128GCM");
    let partners = serde_json::to_value(partner.keys().jwks()).unwrap()["keys"][0].clone();
    let elsewhere = sealed(&partners, &json!({ "alg": "RSA-OAEP", "enc": "A256GCM" }), &token);
    refused(&bearer(&stage, &elsewhere).await, "cannot be decrypted by RSA-OAEP and A256GCM");
    let nonsense = "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.AA.AA.AA.AA";
    refused(&bearer(&stage, nonsense).await, "cannot be decrypted by RSA-OAEP and A256GCM");
    refused(&bearer(&stage, "a.b.c.d.e").await, "no encrypted JWT");
    refused(&bearer(&stage, &format!("{}{}", with("RSA-OAEP", "A256GCM"), "A".repeat(70_000))).await, "longer than");
    let good = with("RSA-OAEP", "A256GCM");
    assert_eq!(bearer(&stage, &good).await.status, 200);
    stage.server.realm().keys().rotate();
    assert_eq!(bearer(&stage, &good).await.status, 200, "the key before is still published");
    assert!(stage.server.realm().keys().withdraw(key["kid"].as_str().unwrap()));
    refused(&bearer(&stage, &good).await, "cannot be decrypted");
}

#[tokio::test]
async fn a_token_to_be_exchanged_is_not_decrypted() {
    let (stage, partner) = scene(Vendor::Is7).await;
    let header = json!({ "alg": "RSA-OAEP", "enc": "A256GCM" });
    let token = sealed(&published(&stage).await, &header, &partner.token("as", "bob").encode());
    let kind = "urn:ietf:params:oauth:token-type:jwt";
    let form = [("grant_type", EXCHANGE), ("subject_token", token.as_str()), ("subject_token_type", kind)];
    let answer = stage.token(&form).await;
    assert_eq!(answer.error(), (400, "invalid_request".to_owned()));
    assert!(answer.member("error_description").contains("not decrypted"), "{}", answer.text);
}
