//! Tests of the forge: what it makes is right until it is changed, and then wrong in the way that was asked for.
//! Judged by jsonwebtoken, which knows nothing of forgeries.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm as Judged, DecodingKey, Validation, errors::ErrorKind};
use serde_json::{Value, json};

use super::*;
use crate::realm::{Algorithm, Clock, KeyRing, test_keys};

fn forge() -> Forge {
    let keys = KeyRing::with_key(test_keys::named("rsa-amber").unwrap());
    Forge::new("https://issuer.test", keys, Clock::system())
}

fn judge(token: &str) -> Result<BTreeMap<String, Value>, ErrorKind> {
    let mut rules = Validation::new(Judged::RS256);
    rules.set_issuer(&["https://issuer.test"]);
    rules.set_audience(&["c1"]);
    let key = DecodingKey::from_jwk(&test_keys::named("rsa-amber").unwrap().jwk()).unwrap();
    jsonwebtoken::decode(token, &key, &rules).map(|token| token.claims).map_err(|error| error.kind().clone())
}

fn claims_of(token: &str) -> String {
    String::from_utf8(URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

#[test]
fn an_unchanged_token_is_right() {
    let claims = judge(&forge().token("c1", "ann").encode()).unwrap();
    assert_eq!(claims["sub"], "ann");
    assert_eq!(claims.len(), 9);
}

#[test]
fn each_change_is_noticed_for_what_it_is() {
    let token = || forge().token("c1", "ann");
    assert_eq!(judge(&token().expires_in(-3_600).encode()), Err(ErrorKind::ExpiredSignature));
    assert_eq!(judge(&token().flipped_signature().encode()), Err(ErrorKind::InvalidSignature));
    assert_eq!(judge(&token().empty_signature().encode()), Err(ErrorKind::InvalidSignature));
    assert_eq!(judge(&token().keep_signature().claim("sub", "eve").encode()), Err(ErrorKind::InvalidSignature));
    let other = test_keys::named("rsa-birch").unwrap();
    assert_eq!(judge(&token().signed_with_other(&other).encode()), Err(ErrorKind::InvalidSignature));
    assert_eq!(judge(&token().algorithm(Algorithm::PS256).encode()), Err(ErrorKind::InvalidAlgorithm));
    assert!(judge(&token().unsigned("none").encode()).is_err());
    assert!(judge(&token().followed_by(".x").encode()).is_err());
    assert!(judge(&token().zero_signature(ZeroSignature::Raw).encode()).is_err());
    for flaw in PaddingFlaw::ALL {
        assert_eq!(judge(&token().flawed_padding(flaw).encode()), Err(ErrorKind::InvalidSignature), "{flaw:?}");
    }
    for form in Written::ALL.into_iter().filter(|form| *form != Written::Compact) {
        assert!(judge(&token().written(form).encode()).is_err(), "{form:?}");
    }
}

#[test]
fn changes_of_the_claims_compose_in_their_order() {
    let token = || forge().token("c1", "ann").without_claim("jti");
    let behind = |token: Forgery| {
        let claims = claims_of(&token.encode());
        claims[claims.find("\"scope\"").unwrap()..].to_owned()
    };
    let bare = || token().without_claim("iat").without_claim("exp").claim("scope", "s");
    assert_eq!(behind(bare()), r#""scope":"s"}"#);
    assert_eq!(behind(bare().raw_claim("exp", "1e400").raw_claim("nbf", "01")), r#""scope":"s","exp":1e400,"nbf":01}"#);
    assert_eq!(behind(bare().raw_claim("exp", "1e400").raw_claim("exp", "2")), r#""scope":"s","exp":2}"#);
    assert_eq!(behind(bare().raw_claim("exp", "1e400").claim("exp", 3).claim("x", 1)), r#""scope":"s","exp":3,"x":1}"#);
    let thrice = bare().duplicate_claim("scope", "t").duplicate_claim("scope", "u").claim("x", 1);
    assert_eq!(behind(thrice.clone()), r#""scope":"s","x":1,"scope":"t","scope":"u"}"#);
    assert!(!claims_of(&thrice.without_claim("scope").encode()).contains("scope"));
    let header = token().duplicate_header("alg", "none").duplicate_header("kid", "x").header("typ", "JWT").encode();
    let header = URL_SAFE_NO_PAD.decode(header.split('.').next().unwrap()).unwrap();
    let wanted = r#"{"alg":"RS256","kid":"rsa-amber","typ":"JWT","alg":"none","kid":"x"}"#;
    assert_eq!(String::from_utf8(header).unwrap(), wanted);
}

#[test]
fn what_cannot_be_forged_is_an_error_that_names_it() {
    let token = || forge().token("c1", "ann");
    let told = |token: Forgery| token.try_encode().unwrap_err().to_string();
    let fixed = told(token().claims_text("{}").claim("sub", "eve"));
    assert!(fixed.contains("the claims are") || fixed.contains("`sub` cannot be changed"), "{fixed}");
    assert!(told(token().header_text("{}").hmac(Algorithm::HS256, "s")).contains("`alg` cannot be changed"));
    assert!(token().hmac(Algorithm::HS256, "s").header_text("{}").try_encode().is_ok());
    assert!(
        told(token().algorithm(Algorithm::ES256))
            .contains("the key `rsa-amber` signs by RS256 and cannot sign by ES256")
    );
    assert!(
        token().algorithm(Algorithm::ES256).signed_with(&test_keys::named("p256-amber").unwrap()).try_encode().is_ok()
    );
    assert!(told(token().algorithm(Algorithm::ES256).keep_signature()).contains("cannot sign by ES256"));
    assert!(told(token().hmac(Algorithm::RS256, "s")).contains("RS256 is no HMAC"));
    let curve = token().signed_with(&test_keys::named("p384-amber").unwrap());
    assert!(told(curve.clone().flawed_padding(PaddingFlaw::NoNull)).contains("cannot sign by RS256"));
    assert!(told(token().unsigned("none").flawed_padding(PaddingFlaw::NoNull)).contains("`flawed-padding`"));
    let other_hash = curve.algorithm(Algorithm::ES256).encode();
    assert_eq!(URL_SAFE_NO_PAD.decode(other_hash.rsplit('.').next().unwrap()).unwrap().len(), 96);
}

#[test]
fn the_public_key_forms_are_all_different_secrets_that_verify() {
    let key = test_keys::named("rsa-amber").unwrap();
    let mut tokens = BTreeSet::new();
    for form in PublicKeyForm::ALL {
        let token = forge().token("c1", "ann").claim("jti", "one").hmac_with_public_key(&key, form).encode();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let secret = DecodingKey::from_secret(&form.of(&key));
        assert!(jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &secret, Judged::HS256).unwrap());
        tokens.insert(signature.to_owned());
    }
    assert_eq!(tokens.len(), PublicKeyForm::ALL.len());
}

#[test]
fn a_part_spelt_otherwise_is_signed_as_it_is_spelt() {
    for part in [Part::Header, Part::Claims] {
        let token = forge().token("c1", "ann").spelling_of(part, Spelling::LineBreak).encode();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        assert!(signed.contains('\n'));
        let key = DecodingKey::from_jwk(&test_keys::named("rsa-amber").unwrap().jwk()).unwrap();
        assert!(jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &key, Judged::RS256).unwrap());
    }
}

#[test]
fn members_can_stand_twice_or_hold_what_json_libraries_would_not_write() {
    let token = forge().token("c1", "ann").duplicate_claim("sub", "eve").encode();
    assert_eq!(claims_of(&token).matches("\"sub\"").count(), 2);
    let token = forge().token("c1", "ann").raw_claim("exp", "1e400").encode();
    assert!(claims_of(&token).ends_with(",\"exp\":1e400}"), "{}", claims_of(&token));
    let token = forge().from_genuine(&forge().token("c1", "ann").encode()).unwrap();
    assert!(serde_json::from_str::<Value>(&claims_of(&token.raw_claim("sub", r#""\ud800""#).encode())).is_err());
}

#[test]
fn a_genuine_token_can_be_taken_up_and_changed() {
    let genuine = forge().token("c1", "ann").encode();
    let changed = forge().from_genuine(&genuine).unwrap().claim("sub", "eve").encode();
    assert_eq!(judge(&changed).unwrap()["sub"], "eve");
    assert!(forge().from_genuine("no-token").is_none());
}

#[test]
fn a_polyglot_holds_the_old_claims_signed_and_the_new_ones_beside_them() {
    let token = forge().token("c1", "ann").keep_signature().claim("sub", "eve").written(Written::Polyglot).encode();
    let json: Value = serde_json::from_str(&token).unwrap();
    let part = |name: &str| json[name].as_str().unwrap().to_owned();
    let old = format!("{}.{}.{}", part("protected"), part("payload"), part("signature"));
    assert_eq!(judge(&old).unwrap()["sub"], "ann");
    let compact = json.as_object().unwrap().keys().next().unwrap();
    assert!(claims_of(compact.trim()).contains("\"eve\""));
}

#[test]
fn a_proof_names_its_key_and_the_token_it_goes_with() {
    let key = test_keys::named("p256-amber").unwrap();
    let forge = forge();
    let proof = forge.proof(&key, "GET", "https://api.test/x", Some("token"));
    let text = proof.encode();
    let header = jsonwebtoken::decode_header(&text).unwrap();
    assert_eq!(header.typ.as_deref(), Some("dpop+jwt"));
    let mut rules = Validation::new(Judged::ES256);
    rules.required_spec_claims.clear();
    let own = DecodingKey::from_jwk(&header.jwk.unwrap()).unwrap();
    let claims = jsonwebtoken::decode::<Value>(&text, &own, &rules).unwrap().claims;
    // SHA-256 of "token", base64url.
    assert_eq!(claims["ath"], "PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A");
    assert_eq!(proof.thumbprint().len(), 43);
}

#[test]
fn whatever_can_be_ordered_in_json_is_what_the_method_of_that_name_makes() {
    let forge = forge();
    let order = |changes: Value| {
        let order = json!({ "client_id": "c1", "subject": "ann", "changes": changes });
        forge.order(serde_json::from_value(order).unwrap())
    };
    assert_eq!(
        judge(&order(json!([{ "change": "claim", "name": "sub", "value": "eve" }])).unwrap()).unwrap()["sub"],
        "eve"
    );
    let expired = order(json!([{ "change": "expires-in", "seconds": -3600 }])).unwrap();
    assert_eq!(judge(&expired), Err(ErrorKind::ExpiredSignature));
    let none = order(json!([{ "change": "unsigned", "algorithm": "nOnE" }])).unwrap();
    assert!(none.ends_with('.') && URL_SAFE_NO_PAD.decode(none.split('.').next().unwrap()).is_ok());
    let bytes = order(json!([{ "change": "claims-text", "text": { "base64": "/w==" } }])).unwrap();
    assert_eq!(URL_SAFE_NO_PAD.decode(bytes.split('.').nth(1).unwrap()).unwrap(), [0xff]);
    let foreign = order(json!([{ "change": "signed-with-other", "key": { "foreign": "rsa" } }])).unwrap();
    assert_eq!(judge(&foreign), Err(ErrorKind::InvalidSignature));
    assert!(matches!(
        order(json!([{ "change": "signed-with", "key": { "kid": "no" } }])),
        Err(ForgeryError::UnknownKey { .. })
    ));
    let strict = json!({ "changes": [{ "change": "claim", "name": "a", "value": 1, "vlaue": 2 }] });
    assert!(serde_json::from_value::<ForgeryOrder>(strict).is_err());
}
