//! What a token says of itself: whose it is, when it is good, and that it is an access token.
//! How its bytes and its signature are looked at is tested beside this.

use super::*;

#[test]
fn the_issuer_is_compared_as_an_exact_string() {
    let keys = key_set(&[RSA.jwk("k")]);
    for issuer in
        ["https://issuer.exampl", "https://issuer.example/", "https://issuer.example.evil", "HTTPS://issuer.example"]
    {
        assert_eq!(
            refusal(&RSA.token(RS256, &with_claim("iss", json!(issuer))), &keys),
            Refusal::WrongIssuer,
            "{issuer}"
        );
    }
    let list = RSA.token(RS256, &with_claim("iss", json!([ISSUER])));
    assert_eq!(refusal(&list, &keys), Refusal::MalformedClaim);
    let mut none = claims();
    none.as_object_mut().unwrap().remove("iss");
    assert_eq!(refusal(&RSA.token(RS256, &none.to_string()), &keys), Refusal::WrongIssuer);
}

#[test]
fn time_is_compared_with_the_leeway_on_the_right_side() {
    let keys = key_set(&[RSA.jwk("k")]);
    let mut policy = Policy::for_issuer(ISSUER);
    let token = good();
    let at = |policy: &Policy, now| validate(&token, &keys, policy, now).err();
    assert_eq!(at(&policy, NOW + 59), None);
    assert_eq!(at(&policy, NOW + 60), Some(Refusal::Expired));
    assert_eq!(at(&policy, NOW - 10), None);
    assert_eq!(at(&policy, NOW - 11), Some(Refusal::NotYetValid));
    policy.leeway = 5;
    assert_eq!(at(&policy, NOW + 64), None);
    assert_eq!(at(&policy, NOW + 65), Some(Refusal::Expired));
    assert_eq!(at(&policy, NOW - 15), None);
    assert_eq!(at(&policy, NOW - 16), Some(Refusal::NotYetValid));
    let issued_tomorrow = RSA.token(RS256, &with_claim("iat", json!(NOW + 86_400)));
    assert_eq!(refusal(&issued_tomorrow, &keys), Refusal::IssuedInFuture);
    let mut endless = claims();
    endless.as_object_mut().unwrap().remove("exp");
    let endless = RSA.token(RS256, &endless.to_string());
    let verdict = Parsed::parse(&endless).unwrap().verify(&keys, &Policy::for_issuer(ISSUER));
    assert_eq!(verdict.unwrap_err(), Refusal::NoExpiry, "refused before it can be kept");
}

#[test]
fn tokens_of_another_kind_are_no_access_tokens() {
    let keys = key_set(&[RSA.jwk("k")]);
    let typed = |typ: &str| RSA.token(&format!(r#"{{"alg":"RS256","kid":"k","typ":"{typ}"}}"#), &claims().to_string());
    for typ in ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt"] {
        assert!(check(&typed(typ), &keys).is_ok(), "{typ}");
    }
    for typ in ["application/jwt", "APPLICATION/at+jwt"] {
        assert!(check(&typed(typ), &keys).is_ok(), "{typ}");
    }
    // Nothing but `application/` may be left out, and that once.
    for typ in ["evil/at+jwt", "text/jwt", "a/b/jwt", "/at+jwt", "application/application/jwt", "applications/jwt"] {
        assert_eq!(refusal(&typed(typ), &keys), Refusal::NotAnAccessToken, "{typ}");
    }
    for typ in ["logout+jwt", "dpop+jwt", "secevent+jwt", "", "JWE"] {
        assert_eq!(refusal(&typed(typ), &keys), Refusal::NotAnAccessToken, "{typ}");
    }
    let mut strict = Policy::for_issuer(ISSUER);
    strict.access_token_type_required = true;
    assert!(validate(&typed("at+jwt"), &keys, &strict, NOW).is_ok());
    for token in [typed("JWT"), good()] {
        assert_eq!(validate(&token, &keys, &strict, NOW).unwrap_err(), Refusal::NotAnAccessToken);
    }
    for (name, value) in [
        ("token_use", "id"),
        ("token_type", "refresh_token"),
        ("typ", "Refresh"),
        ("at_hash", "x"),
        ("c_hash", "x"),
        ("tokenName", "refresh_token"),
        ("tokenName", "id_token"),
    ] {
        assert_eq!(
            refusal(&RSA.token(RS256, &with_claim(name, json!(value))), &keys),
            Refusal::NotAnAccessToken,
            "{name}"
        );
    }
    for (name, value) in
        [("token_use", "access"), ("token_type", "Bearer"), ("typ", "Bearer"), ("tokenName", "access_token")]
    {
        assert!(check(&RSA.token(RS256, &with_claim(name, json!(value))), &keys).is_ok(), "{name}");
    }
    let strange = RSA.token(RS256, &with_claim("scope", json!(true)));
    assert_eq!(refusal(&strange, &keys), Refusal::MalformedClaim);
    let bound = RSA.token(RS256, &with_claim("cnf", json!({"jkt": "x"})));
    assert_eq!(refusal(&bound, &keys), Refusal::BoundToKey);
    let comparing = Policy { certificate_bound: true, ..Policy::for_issuer(ISSUER) };
    assert_eq!(validate(&bound, &keys, &comparing, NOW).unwrap_err(), Refusal::BoundToKey);
    let bound = RSA.token(RS256, &with_claim("cnf", json!({"x5t#S256": "x"})));
    assert_eq!(refusal(&bound, &keys), Refusal::BoundToKey);
    assert_eq!(validate(&bound, &keys, &comparing, NOW).unwrap().claims().bound_certificate(), Some("x"));
}
