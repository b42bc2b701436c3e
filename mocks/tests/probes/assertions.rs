//! What defects around assertions look like on the wire: of clients, of trusted issuers, and tokens to be exchanged.
//! Each look says whether it saw the defect.

use kmspec_mocks::{
    forge::{Envelope, Forge},
    realm::{ClientSpec, KeyPurpose, KeyRing, TrustedIssuer, TrustedKeys, jwt, test_keys},
    vendors::Vendor::Custom,
};
use serde_json::{Value, json};

use super::{
    endpoints::look,
    grants::{OWN, allow, granted},
};
use crate::{
    Probe,
    support::{Answer, Stage},
};

const BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// Trusts an issuer under a display name of its own; gives what signs for it.
fn trusted(stage: &Stage) -> KeyRing {
    let ring = KeyRing::with_key(test_keys::named("rsa-lotus").unwrap());
    let issuer = TrustedIssuer::new("Partner", "https://partner.example", TrustedKeys::Ring(ring.clone()));
    stage.server.realm().trust(issuer).unwrap();
    ring
}

fn signed(ring: &KeyRing, claims: Value) -> String {
    let key = ring.current(KeyPurpose::Access);
    jwt::sign(&key, jwt::Object::new(), claims.as_object().unwrap())
}

fn vouching(stage: &Stage, lives: i64) -> Value {
    let now = stage.server.realm().now() as i64;
    json!({ "iss": "https://partner.example", "sub": "bea", "aud": stage.server.issuer(), "exp": now + lives })
}

/// What the trusted issuer says, encrypted to the server in this way.
fn enveloped(stage: &Stage, envelope: Envelope) -> String {
    let partner = Forge::new("https://partner.example", trusted(stage), stage.server.clock().clone());
    let key = stage.server.realm().keys().published_keys()[0].clone();
    partner.token(stage.server.issuer(), "bea").encrypted(&key, envelope).encode()
}

async fn by_assertion(stage: &Stage, assertion: &str) -> Answer {
    allow(stage, BEARER);
    stage.token(&[("grant_type", BEARER), ("assertion", assertion)]).await
}

/// A client that signs assertions asks with this one.
async fn by_client_assertion(stage: &Stage, audience: Value, jti: &str) -> Answer {
    let key = test_keys::named("rsa-lotus").unwrap();
    let jwks = json!({ "keys": [serde_json::to_value(key.jwk()).unwrap()] });
    let mut spec = ClientSpec::new("signing").id("signing").public();
    spec = spec.metadata("token_endpoint_auth_method", "private_key_jwt").metadata("jwks", jwks);
    stage.server.realm().add_client(spec);
    let claims = json!({
        "iss": "signing", "sub": "signing", "aud": audience, "jti": jti, "exp": stage.server.realm().now() + 60,
    });
    let assertion = signed(&KeyRing::with_key(key), claims);
    let form = [OWN, ("client_assertion_type", ASSERTION), ("client_assertion", assertion.as_str())];
    stage.post_bare(&stage.server.endpoints().token, &form).await
}

pub(crate) const PROBES: &[Probe] = &[
    (
        "DEF-123",
        Custom,
        look!(stage => {
            let issuer = json!(stage.server.issuer());
            assert!(granted(&by_client_assertion(&stage, issuer.clone(), "once").await));
            granted(&by_client_assertion(&stage, issuer, "once").await)
        }),
    ),
    (
        "DEF-124",
        Custom,
        look!(stage => {
            granted(&by_client_assertion(&stage, json!([stage.server.issuer(), "https://other.example"]), "two").await)
        }),
    ),
    (
        "DEF-133",
        Custom,
        look!(stage => {
            let assertion = signed(&trusted(&stage), vouching(&stage, 60));
            !granted(&by_assertion(&stage, &assertion).await)
        }),
    ),
    (
        "DEF-134",
        Custom,
        look!(stage => {
            allow(&stage, EXCHANGE);
            let form =
                [("grant_type", EXCHANGE), ("subject_token", "nobody's"), ("subject_token_type", ACCESS_TOKEN)];
            granted(&stage.token(&form).await)
        }),
    ),
    (
        "DEF-SEED-AS-BEARER-01",
        Custom,
        look!(stage => {
            trusted(&stage);
            let stranger = KeyRing::with_key(test_keys::named("rsa-amber").unwrap());
            granted(&by_assertion(&stage, &signed(&stranger, vouching(&stage, 60))).await)
        }),
    ),
    (
        "DEF-SEED-AS-BEARER-02",
        Custom,
        look!(stage => {
            let assertion = signed(&trusted(&stage), vouching(&stage, -60));
            granted(&by_assertion(&stage, &assertion).await)
        }),
    ),
    (
        "DEF-SEED-AS-BEARER-03",
        Custom,
        look!(stage => { granted(&by_assertion(&stage, &enveloped(&stage, Envelope::Claims)).await) }),
    ),
    (
        "DEF-SEED-AS-BEARER-04",
        Custom,
        look!(stage => { !granted(&by_assertion(&stage, &enveloped(&stage, Envelope::Token)).await) }),
    ),
    (
        "DEF-SEED-AS-BEARER-05",
        Custom,
        look!(stage => {
            let ring = trusted(&stage);
            let mut claims = vouching(&stage, 60);
            claims.as_object_mut().unwrap().remove("sub");
            granted(&by_assertion(&stage, &signed(&ring, claims)).await)
        }),
    ),
    (
        "DEF-SEED-AS-BEARER-06",
        Custom,
        look!(stage => {
            let ring = trusted(&stage);
            let partner = Forge::new("https://partner.example", ring.clone(), stage.server.clock().clone());
            let vouching = partner.token("anybody", "bea").claim("aud", stage.server.issuer());
            let envelope = vouching.encrypted(&ring.current(KeyPurpose::Access), Envelope::Claims);
            granted(&by_assertion(&stage, &envelope.encode()).await)
        }),
    ),
];
