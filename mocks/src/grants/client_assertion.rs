//! Client authentication by a signed assertion, `private_key_jwt` (RFC 7523, sections 2.2 and 3; OpenID Connect Core,
//! section 9). The keys are those the client was registered with; none are ever fetched.

use jsonwebtoken::jwk::JwkSet;
use serde_json::Value;

use super::{
    TokenRequest,
    assertion::{audiences, seconds},
};
use crate::{
    objects,
    realm::{Algorithm, AssertionFault, Cause, Client, OAuthError, Realm, jwt, trusted_issuer::TrustedKeys},
};

/// The only type of assertion that is accepted (RFC 7523, section 2.2).
const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The client that an assertion proves, active or not. `audience` says whether the assertion must be made for this
/// server alone.
///
/// # Errors
///
/// `invalid_client` for whatever is wrong with it.
pub(super) fn prove(realm: &Realm, request: &TokenRequest, audience: bool) -> Result<Client, OAuthError> {
    let because = |fault, why: &str| {
        OAuthError::invalid_client(format!("the client assertion {why}")).because(Cause::Assertion(fault))
    };
    let refused = |why: &str| because(AssertionFault::Form, why);
    let late = |why: &str| because(AssertionFault::Time, why);
    let form = &request.form;
    if !realm.policy().client_assertions || form.value("client_assertion_type") != Some(TYPE) {
        return Err(refused("is of a type that is not supported"));
    }
    let text = form.value("client_assertion").unwrap_or_default();
    let read = jwt::read_strictly(text, jwt::PROVING);
    let (header, claims) = read.map_err(|irregular| {
        OAuthError::invalid_client(irregular.to_string()).because(Cause::Assertion(AssertionFault::Form))
    })?;
    let claim = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let id = claim("iss").filter(|iss| claim("sub") == Some(iss));
    let id = id.ok_or_else(|| refused("must name the client as iss and as sub"))?;
    if form.value("client_id").is_some_and(|other| other != id) {
        return Err(OAuthError::invalid_request("two different client ids in one request"));
    }
    let client = realm
        .client(id)
        .ok_or_else(|| refused("is of a client that is not registered").because(Cause::UnknownClient))?;
    let keys = client.metadata.get("jwks").and_then(|set| objects::from_value::<JwkSet>(set.clone()).ok());
    let keys =
        keys.map(TrustedKeys::Set).ok_or_else(|| because(AssertionFault::Signature, "is of a client without keys"))?;
    let algorithm = header.get("alg").and_then(|alg| serde_json::from_value::<Algorithm>(alg.clone()).ok());
    let (message, signature) = text.rsplit_once('.').unwrap_or_default();
    let kid = header.get("kid").and_then(Value::as_str);
    if !algorithm.is_some_and(|algorithm| keys.verify(kid, algorithm, message.as_bytes(), signature)) {
        return Err(because(AssertionFault::Signature, "is not signed by the client"));
    }
    let expires_at = claims.get("exp").and_then(seconds).ok_or_else(|| refused("does not say when it ends"))?;
    if realm.now() >= expires_at {
        return Err(late("has expired"));
    }
    if claims.get("nbf").and_then(seconds).is_some_and(|from| realm.now() < from) {
        return Err(late("is not valid yet"));
    }
    let longest = realm.policy().longest_client_assertion.unwrap_or(u64::MAX);
    if expires_at.saturating_sub(realm.now()) > longest {
        return Err(late("lasts too long"));
    }
    // Others beside this server could use it here (RFC 7523, section 3, item 3, read as narrowly as it can be).
    let called = called_endpoint(realm, &request.path);
    let ours = |one: &str| {
        one == realm.issuer() || realm.policy().token_endpoint.as_deref() == Some(one) || called.as_deref() == Some(one)
    };
    if audience && !audiences(&claims).is_some_and(|all| matches!(all.as_slice(), [one] if ours(one))) {
        return Err(because(AssertionFault::Audience, "is not made for this server alone"));
    }
    let jti = claim("jti").ok_or_else(|| refused("has no jti"))?;
    let issued_at = claims.get("iat").and_then(seconds);
    let oldest = realm.policy().oldest_client_assertion.unwrap_or(u64::MAX);
    if issued_at.is_some_and(|issued_at| realm.now().saturating_sub(issued_at) > oldest) {
        return Err(late("was issued too long ago"));
    }
    if !realm.policy().client_assertions_reusable && !realm.use_assertion(id, jti, expires_at) {
        return Err(refused("was used before"));
    }
    Ok(client)
}

/// The address of the endpoint that a request was sent to, where assertions may name it.
fn called_endpoint(realm: &Realm, path: &str) -> Option<String> {
    let url = url::Url::parse(realm.issuer()).ok().filter(|_| realm.policy().client_assertions_name_endpoint)?;
    url.join(path).ok().map(String::from)
}
