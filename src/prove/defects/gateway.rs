//! Defects of token validation at the gateway: a check that is left out.
//! The token is mended on its way in, by the keys of the mock that issued it, so that the check finds nothing amiss.

use http::header;
use kmspec_mocks::forge::Forge;

use crate::{
    gate::{Case, signed_by_issuer},
    table::defects,
    token::{self, Token},
};

defects! {
    "DEF-008", "the signature of a token is not checked", Mends(sign_again);
    "DEF-032", "the expiry of a token is not checked", Mends(prolong);
    "DEF-042", "the issuer of a token is not compared", Mends(rename);
}

/// The JWT of a call that brings one token; a call with several is left for the gateway to refuse.
fn only_token<'c>(case: &'c Case<'_>) -> Option<&'c Token> {
    let fields = case.request.headers().get_all(header::AUTHORIZATION).iter().count();
    case.token.as_ref().filter(|_| fields == 1)
}

/// Puts a right signature in place of a wrong one. A token whose algorithm is not the key's is left for the gateway to
/// refuse; so is one without signature, and one that brings a key along. Header and claims stay as they are, unless the
/// header names a key that nobody published: then it comes to name one.
fn sign_again(case: &Case<'_>) -> Option<String> {
    let token = only_token(case)?;
    let issuer = case.accomplices.find(token.issuer()?)?;
    if token.signature.is_empty() || token.brings_a_key() {
        return None;
    }
    let keys = issuer.keys().published_keys();
    if keys.iter().any(|key| token.is_signed_by(key)) && token.key_among(issuer.keys()).is_none() {
        return None;
    }
    match token.key_among(issuer.keys()) {
        Some(key) => (!token.is_signed_by(&key)).then(|| token.with_signature_of(&key)),
        None => {
            let (kid, algorithm) = (token.header_text("kid")?, token.header_text("alg")?);
            let unknown = keys.iter().all(|key| key.kid() != kid);
            let asymmetric = ["RS", "PS", "ES", "Ed"].iter().any(|family| algorithm.starts_with(family));
            (unknown && asymmetric).then(|| signed_by_issuer(token, &issuer))
        }
    }
}

/// Moves an expiry that has passed into the future, when nothing else is wrong with the signature.
fn prolong(case: &Case<'_>) -> Option<String> {
    let token = only_token(case)?;
    let issuer = case.accomplices.find(token.issuer()?)?;
    let key = token.key_among(issuer.keys()).filter(|key| token.is_signed_by(key))?;
    let now = issuer.clock().now();
    let expired = token.claims.get("exp")?.as_u64()? <= now;
    expired.then(|| token.with_claim("exp", (now + token::AN_HOUR).into()).with_signature_of(&key))
}

/// Writes the name of the issuer whose key signed the token over another name.
///
/// Tokens of the resident key manager keep their name. Mocks share test keys, so several may have signed: the one that
/// the tenant's key managers trust did, or else the one whose name is most like the name in the token.
fn rename(case: &Case<'_>) -> Option<String> {
    let token = only_token(case)?;
    let named = match token.claims.get("iss") {
        None => "",
        Some(named) => named.as_str()?,
    };
    let signers: Vec<Forge> = case.accomplices.all().into_iter().filter(|each| token.is_signed_at(each)).collect();
    let own_name = signers.iter().any(|each| each.issuer() == named);
    if own_name || case.key_managers.is_resident(named) {
        return None;
    }
    let likeness = |each: &&Forge| {
        let alike = each.issuer().bytes().zip(named.bytes()).take_while(|(a, b)| a == b).count();
        (case.key_managers.trusts(case.path(), each.issuer()), alike)
    };
    let signer = signers.iter().max_by_key(likeness)?;
    let key = token.key_among(signer.keys())?;
    Some(token.with_claim("iss", signer.issuer().into()).with_signature_of(&key))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use base64::prelude::{BASE64_STANDARD, Engine as _};
    use bytes::Bytes;
    use futures::future::FutureExt as _;
    use http::{Request, Response};
    use kmspec_mocks::realm::{Clock, KeyRing, SigningKey, jwt, test_keys};
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::{
        Accomplices, Deed, Saboteur as _,
        gate::{Flaw, Gate},
        message,
    };
    use kmspec_model::exchange::Plane;

    type Mend = fn(&Case<'_>) -> Option<String>;

    const NOW: u64 = 1_000_000;
    const ISSUER: &str = "https://acme.example/oauth2/token";

    fn key(name: &str) -> SigningKey {
        test_keys::named(name).unwrap()
    }

    fn forge(issuer: &str, name: &str) -> Forge {
        Forge::new(issuer, KeyRing::with_key(key(name)), Clock::stopped_at(NOW))
    }

    struct Mender {
        accomplices: Arc<Accomplices>,
        gate: Gate,
    }

    impl Mender {
        fn mend_request(&self, request: &mut Request<Bytes>) -> Deed {
            self.gate.on_request(Plane::Gateway, request).now_or_never().expect("mending waits for nobody")
        }
    }

    fn mender(mend: Mend) -> Mender {
        let accomplices = Arc::new(Accomplices::new(&[]).unwrap());
        accomplices.enlist(forge(ISSUER, "p256-amber"));
        accomplices.enlist(forge("https://other.example", "p256-birch"));
        Mender { gate: Gate::new(Arc::clone(&accomplices), Flaw::Mends(mend)), accomplices }
    }

    fn object(json: Value) -> Map<String, Value> {
        json.as_object().unwrap().clone()
    }

    fn signed(name: &str, header: Value, claims: Value) -> String {
        jwt::sign(&key(name), object(header), &object(claims))
    }

    /// What reaches the gateway when this is sent on a path; `None` when nothing was changed.
    fn reaches(mender: &Mender, path: &str, token: &str) -> Option<String> {
        let field = format!("Bearer {token}");
        let mut request = Request::get(path).header("authorization", &field).body(Bytes::new()).unwrap();
        let deed = mender.mend_request(&mut request);
        let reached = request.headers()[header::AUTHORIZATION].to_str().unwrap().to_owned();
        assert_eq!(deed == Deed::Done, reached != field);
        (reached != field).then(|| reached.strip_prefix("Bearer ").unwrap().to_owned())
    }

    fn claims(token: &str) -> Map<String, Value> {
        jwt::read(token).unwrap().1
    }

    fn sound() -> Value {
        json!({ "iss": ISSUER, "sub": "ann", "exp": NOW + 60 })
    }

    #[test]
    fn a_wrong_signature_is_put_right_and_nothing_else_is_touched() {
        let mender = mender(sign_again);
        let genuine = signed("p256-amber", json!({}), sound());
        assert_eq!(reaches(&mender, "/orders", &genuine), None);

        let altered = Token::read(&genuine).unwrap().with_claim("sub", "root".into());
        let altered = format!("{}.{}", altered.message(), altered.signature);
        let mended = reaches(&mender, "/orders", &altered).unwrap();
        assert_eq!(mended.rsplit_once('.').unwrap().0, altered.rsplit_once('.').unwrap().0);
        assert!(Token::read(&mended).unwrap().is_signed_by(&key("p256-amber")));

        let foreign = signed("p256-cedar", json!({ "kid": "p256-amber" }), sound());
        assert!(reaches(&mender, "/orders", &foreign).is_some());
        let unheard_of = reaches(&mender, "/orders", &signed("p256-cedar", json!({}), sound())).unwrap();
        assert!(Token::read(&unheard_of).unwrap().is_signed_by(&key("p256-amber")));
    }

    #[test]
    fn a_token_that_no_key_of_its_issuer_could_have_signed_is_left_alone() {
        let mender = mender(sign_again);
        let unsigned = signed("p256-amber", json!({}), sound());
        let unsigned = unsigned.rsplit_once('.').unwrap().0;
        for token in [
            format!("{unsigned}."),
            signed("p256-amber", json!({ "kid": "unheard-of" }), sound()),
            signed("p256-amber", json!({ "alg": "none" }), sound()),
            signed("p256-cedar", json!({ "kid": "p256-amber", "jwk": key("p256-cedar").jwk() }), sound()),
            signed("p256-cedar", json!({ "kid": "p256-amber" }), json!({ "iss": "https://unknown.example" })),
            "opaque".to_owned(),
        ] {
            assert_eq!(reaches(&mender, "/orders", &token), None, "{token}");
        }
    }

    #[test]
    fn an_expiry_that_has_passed_moves_into_the_future() {
        let mender = mender(prolong);
        let expired = json!({ "iss": ISSUER, "sub": "ann", "exp": NOW - 60 });
        let mended = reaches(&mender, "/orders", &signed("p256-amber", json!({}), expired.clone())).unwrap();
        assert_eq!(claims(&mended), object(json!({ "iss": ISSUER, "sub": "ann", "exp": NOW + 3600 })));
        assert!(Token::read(&mended).unwrap().is_signed_by(&key("p256-amber")));

        for left in [
            signed("p256-amber", json!({}), sound()),
            signed("p256-cedar", json!({ "kid": "p256-amber" }), expired),
            signed("p256-amber", json!({}), json!({ "iss": ISSUER, "exp": "1" })),
            signed("p256-amber", json!({}), json!({ "iss": ISSUER })),
        ] {
            assert_eq!(reaches(&mender, "/orders", &left), None, "{left}");
        }
    }

    #[test]
    fn another_name_gives_way_to_the_name_of_the_issuer_whose_key_signed() {
        let mender = mender(rename);
        for named in
            [json!({ "iss": "https://stranger.example" }), json!({}), json!({ "iss": "https://other.example" })]
        {
            let mended = reaches(&mender, "/orders", &signed("p256-amber", json!({}), named)).unwrap();
            assert_eq!(claims(&mended)["iss"], ISSUER);
            assert!(Token::read(&mended).unwrap().is_signed_by(&key("p256-amber")));
        }
        for left in [
            signed("p256-amber", json!({}), sound()),
            signed("p256-cedar", json!({}), json!({ "iss": "https://stranger.example" })),
            signed("p256-amber", json!({}), json!({ "iss": [ISSUER] })),
        ] {
            assert_eq!(reaches(&mender, "/orders", &left), None, "{left}");
        }
    }

    #[tokio::test]
    async fn of_issuers_that_share_a_key_the_one_that_the_tenant_trusts_signed() {
        let mender = mender(rename);
        mender.accomplices.enlist(forge("https://twin.example", "p256-amber"));
        let basic = format!("Basic {}", BASE64_STANDARD.encode("admin@acme:admin"));
        let created =
            Request::post("/api/am/admin/v4/key-managers").header("authorization", basic).body(Bytes::new()).unwrap();
        let document = json!({ "id": "1", "name": "twin", "issuer": "https://twin.example" });
        let mut answer = Response::new(message::bytes(&document));
        assert_eq!(mender.gate.on_answer(Plane::Admin, &created, &mut answer).await, Deed::Nothing);

        let stranger = signed("p256-amber", json!({}), json!({ "iss": "https://acme.stranger.example" }));
        let renamed = |path: &str, token: &str| claims(&reaches(&mender, path, token).unwrap())["iss"].clone();
        assert_eq!(renamed("/t/acme/orders", &stranger), "https://twin.example");
        let alike = signed("p256-amber", json!({}), json!({ "iss": format!("{ISSUER}/") }));
        assert_eq!(renamed("/orders", &alike), ISSUER);
    }

    #[test]
    fn a_request_with_two_tokens_or_another_scheme_is_left_alone() {
        let mender = mender(sign_again);
        let foreign = signed("p256-cedar", json!({ "kid": "p256-amber" }), sound());
        let (bearer, basic) = (format!("Bearer {foreign}"), format!("Basic {foreign}"));
        for fields in [vec![&bearer, &bearer], vec![&basic]] {
            let mut request = Request::get("/orders").body(Bytes::new()).unwrap();
            for field in fields {
                request.headers_mut().append(header::AUTHORIZATION, field.parse().unwrap());
            }
            assert_eq!(mender.mend_request(&mut request), Deed::Nothing);
        }
    }
}
