//! Defects of checking signatures: a forgery is taken for the issuer's own work, or the issuer's own work is refused.
//! The form of tokens is the business of [`super::token_form`], what they claim of [`super::claims`].

use std::collections::BTreeSet;

use aws_lc_rs::{
    digest, hmac,
    signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ParsedPublicKey},
};
use base64::{
    alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _},
};
use bytes::Bytes;
use http::Response;
use kmspec_mocks::{
    forge::{PublicKeyForm, WeakKey},
    realm::SigningKey,
};
use serde_json::Value;

use crate::{
    gate::{Case, Errand, signed_by_issuer},
    table::defects,
};

defects! {
    "DEF-001", "a token that declares no algorithm needs no signature", Mends(unsigned);
    "DEF-002", "a published key is taken for a shared secret", Mends(published_key_as_secret);
    "DEF-003", "a key after a line break is taken for a shared secret", Mends(indented_key_as_secret);
    "DEF-004", "a token by an unknown algorithm needs no signature", Mends(unknown_algorithm);
    "DEF-005", "where keys name no algorithm, the token chooses it", Mends(keys_without_algorithm);
    "DEF-006", "an empty signature is a right one", Mends(empty_signature);
    "DEF-007", "an elliptic curve signature of zeros is a right one", Mends(zeros);
    "DEF-009", "the key that a token brings along is trusted", Mends(embedded_key);
    "DEF-010", "the address of keys in a token is fetched from", Asks(fetches_named_keys);
    "DEF-011", "the certificate that a token brings along is trusted", Mends(embedded_certificate);
    "DEF-012", "a key id leads to a file, a query or an address", Mends(key_id_as_lookup);
    "DEF-013", "a token that names an unknown key is checked with the others", Mends(falls_back);
    "DEF-014", "keys of all issuers lie in one place", Mends(pooled_keys);
    "DEF-015", "of two keys of one id the one that fits counts", Mends(first_of_two);
    "DEF-016", "a key for encryption verifies signatures", Mends(encryption_key);
    "DEF-017", "weak keys verify signatures", Mends(weak_key);
    "DEF-018", "a shared secret of any length verifies signatures", Mends(short_secret);
    "DEF-019", "a key verifies by an algorithm of another curve, or beside its curve", Mends(other_curve);
    "DEF-020", "a shared secret in a key set verifies signatures", Mends(published_secret);
    "DEF-021", "the algorithm of a key does not bind its tokens", Mends(other_algorithm);
    "DEF-022", "other encodings of a signature are accepted", Mends(other_encoding);
    "DEF-023", "other spellings of base64url are accepted", Mends(other_spelling);
    "DEF-029", "only RS256 is understood", Spoils(only_rs256);
    "DEF-030", "keys of several families confuse each other", Spoils(mixed_families);
}

/// The algorithms for public keys (RFC 7518, section 3.1; RFC 8037).
const KNOWN: [&str; 10] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

/// The whole token anew, as if its issuer had signed it, when `flawed` says so.
fn mended(case: &Case<'_>, flawed: impl FnOnce(&str) -> bool) -> Option<String> {
    let (token, issuer) = case.issued()?;
    flawed(token.header_text("alg")?).then(|| signed_by_issuer(token, &issuer))
}

fn signature_is_empty(case: &Case<'_>) -> bool {
    case.token.as_ref().is_some_and(|token| token.signature.is_empty())
}

fn unsigned(case: &Case<'_>) -> Option<String> {
    mended(case, |algorithm| algorithm.eq_ignore_ascii_case("none") && signature_is_empty(case))
}

fn unknown_algorithm(case: &Case<'_>) -> Option<String> {
    mended(case, |algorithm| {
        !KNOWN.contains(&algorithm) && !algorithm.starts_with("HS") && !algorithm.eq_ignore_ascii_case("none")
    })
}

fn empty_signature(case: &Case<'_>) -> Option<String> {
    mended(case, |algorithm| KNOWN.contains(&algorithm) && signature_is_empty(case))
}

/// Whether the signature is an HMAC with one of these secrets.
fn is_hmac_with(case: &Case<'_>, secrets: impl IntoIterator<Item = Vec<u8>>) -> bool {
    let Some(token) = &case.token else { return false };
    let digest = match token.header_text("alg") {
        Some("HS256") => hmac::HMAC_SHA256,
        Some("HS384") => hmac::HMAC_SHA384,
        Some("HS512") => hmac::HMAC_SHA512,
        _ => return false,
    };
    let Some(signature) = token.signature_bytes() else { return false };
    let verifies = |secret: Vec<u8>| {
        hmac::verify(&hmac::Key::new(digest, &secret), token.message().as_bytes(), &signature).is_ok()
    };
    secrets.into_iter().any(verifies)
}

fn published_keys(case: &Case<'_>) -> Vec<SigningKey> {
    case.issued().map(|(_, issuer)| issuer.keys().published_keys()).unwrap_or_default()
}

fn is_hmac_with_published_key(case: &Case<'_>) -> bool {
    let forms = |key: SigningKey| PublicKeyForm::ALL.map(|form| form.of(&key));
    is_hmac_with(case, published_keys(case).into_iter().flat_map(forms))
}

fn published_key_as_secret(case: &Case<'_>) -> Option<String> {
    mended(case, |_| is_hmac_with_published_key(case))
}

fn indented_key_as_secret(case: &Case<'_>) -> Option<String> {
    let after_line_break = |key: SigningKey| PublicKeyForm::PemAfterLineBreak.of(&key);
    mended(case, |_| is_hmac_with(case, published_keys(case).into_iter().map(after_line_break)))
}

fn keys_without_algorithm(case: &Case<'_>) -> Option<String> {
    let (_, issuer) = case.issued()?;
    let set = issuer.keys().jwks();
    let silent = set["keys"].as_array()?.iter().all(|key| key.get("alg").is_none());
    mended(case, |_| silent && is_hmac_with_published_key(case))
}

fn zeros(case: &Case<'_>) -> Option<String> {
    let signature = case.token.as_ref()?.signature_bytes()?;
    // In ASN.1 two zeros are a sequence of two integers of one byte each.
    let nothing =
        !signature.is_empty() && signature.iter().all(|byte| *byte == 0) || signature == [48, 6, 2, 1, 0, 2, 1, 0];
    mended(case, |algorithm| algorithm.starts_with("ES") && nothing)
}

fn has_member(case: &Case<'_>, name: &str) -> bool {
    case.token.as_ref().is_some_and(|token| token.header(name).is_some())
}

fn embedded_key(case: &Case<'_>) -> Option<String> {
    mended(case, |_| has_member(case, "jwk"))
}

fn embedded_certificate(case: &Case<'_>) -> Option<String> {
    mended(case, |_| has_member(case, "x5c"))
}

fn fetches_named_keys(case: &Case<'_>, _: &Response<Bytes>) -> Vec<Errand> {
    let Some(token) = &case.token else { return Vec::new() };
    let urls = ["jku", "x5u"].iter().filter_map(|name| token.header_text(name)?.parse().ok());
    urls.map(Errand::Fetch).collect()
}

fn key_id_as_lookup(case: &Case<'_>) -> Option<String> {
    let kid = case.token.as_ref()?.header_text("kid")?;
    // Ids of published keys may hold the letters of base64, a slash among them.
    let odd = kid.contains("..") || kid.contains("//") || kid.contains(['\'', '\0', ' ']) || kid.len() > 1_000;
    mended(case, |_| odd)
}

fn falls_back(case: &Case<'_>) -> Option<String> {
    let (token, issuer) = case.issued()?;
    let keys = issuer.keys().published_keys();
    let unknown = token.header("kid").is_some_and(|kid| keys.iter().all(|key| *kid != key.kid()));
    mended(case, |_| unknown && keys.iter().any(|key| token.is_signed_by(key)))
}

fn pooled_keys(case: &Case<'_>) -> Option<String> {
    let (token, issuer) = case.issued()?;
    let own = issuer.keys().published_keys();
    let foreign = own.iter().all(|key| token.header("kid").is_none_or(|kid| *kid != key.kid()));
    let others = case.accomplices.all();
    mended(case, |_| {
        foreign && others.iter().any(|other| other.issuer() != issuer.issuer() && token.is_signed_at(other))
    })
}

fn first_of_two(case: &Case<'_>) -> Option<String> {
    let entries = case.named_entries();
    let keys = entries.iter().filter_map(|entry| serde_json::from_value(entry.clone()).ok());
    let fits = || keys.into_iter().any(|key| case.token.as_ref().is_some_and(|token| token.verifies_with(&key)));
    mended(case, |_| entries.len() > 1 && fits())
}

/// Whether the key that the token names has such an entry in the key set.
fn names_key(case: &Case<'_>, such: impl Fn(&Value) -> bool) -> bool {
    case.named_entries().iter().any(such)
}

fn encryption_key(case: &Case<'_>) -> Option<String> {
    let encrypts = |entry: &Value| {
        let operations = entry["key_ops"].as_array();
        entry["use"] == "enc" || operations.is_some_and(|list| !list.iter().any(|each| each == "verify"))
    };
    mended(case, |_| names_key(case, encrypts))
}

fn published_secret(case: &Case<'_>) -> Option<String> {
    mended(case, |algorithm| algorithm.starts_with("HS") && names_key(case, |entry| entry["kty"] == "oct"))
}

fn other_algorithm(case: &Case<'_>) -> Option<String> {
    let rsa = |algorithm: &str| algorithm.starts_with("RS") || algorithm.starts_with("PS");
    mended(case, |algorithm| {
        rsa(algorithm)
            && !signature_is_empty(case)
            && names_key(case, |entry| entry["alg"].as_str().is_some_and(|own| own != algorithm && rsa(own)))
    })
}

/// A weak key stands in the served set, but not on the ring: its entry says whether it verifies.
fn weak_key(case: &Case<'_>) -> Option<String> {
    mended(case, |_| names_key(case, |entry| WeakKey::ALL.iter().any(|weak| entry["kid"] == weak.kid())))
}

fn short_secret(case: &Case<'_>) -> Option<String> {
    let secret = |entry: &Value| BASE64_URL_SAFE_NO_PAD.decode(entry["k"].as_str()?).ok().filter(|key| key.len() < 32);
    let secrets: Vec<_> = case.named_entries().iter().filter_map(secret).collect();
    mended(case, |_| is_hmac_with(case, secrets))
}

/// The curve of an algorithm (RFC 7518, section 3.4).
const CURVES: [(&str, &str); 2] = [("ES256", "P-256"), ("ES384", "P-384")];

fn other_curve(case: &Case<'_>) -> Option<String> {
    mended(case, |algorithm| {
        let wanted = CURVES.iter().find(|(name, _)| *name == algorithm).map(|(_, curve)| *curve);
        let Some(wanted) = wanted else { return false };
        names_key(case, |entry| match entry["crv"] == wanted {
            true => is_beside_its_curve(entry),
            false => is_signed_on_p384(case, entry).unwrap_or(false),
        })
    })
}

/// Whether the key of an entry on P-384 made the signature, over the hash of ES256 or its own: what a verifier finds that
/// takes the curve from the key. The shorter hash is the number that it is (FIPS 186-5, section 6.4.1).
fn is_signed_on_p384(case: &Case<'_>, entry: &Value) -> Option<bool> {
    let token = case.token.as_ref()?;
    let key = ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point(entry)).ok()?;
    let (message, signature) = (token.message().as_bytes(), token.signature_bytes()?);
    let short = [&[0; 16], digest::digest(&digest::SHA256, message).as_ref()].concat();
    let short = digest::Digest::import_less_safe(&short, &digest::SHA384).ok()?;
    let own = digest::digest(&digest::SHA384, message);
    Some([short, own].iter().any(|digest| key.verify_digest_sig(digest, &signature).is_ok()))
}

/// Whether the coordinates of an entry are no point of its curve.
fn is_beside_its_curve(entry: &Value) -> bool {
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point(entry)).is_err()
}

/// The point of an entry, uncompressed (SEC 1, section 2.3.3).
fn point(entry: &Value) -> Vec<u8> {
    let coordinate =
        |name: &str| BASE64_URL_SAFE_NO_PAD.decode(entry[name].as_str().unwrap_or_default()).unwrap_or_default();
    [vec![4], coordinate("x"), coordinate("y")].concat()
}

fn other_encoding(case: &Case<'_>) -> Option<String> {
    let (token, issuer) = case.issued()?;
    let signature = token.signature_bytes()?;
    let spelt = |bytes: &[u8]| token.with_signature(BASE64_URL_SAFE_NO_PAD.encode(bytes)).is_signed_at(&issuer);
    let padded = signature.first() == Some(&0) && spelt(&signature[1..])
        || signature.last() == Some(&0) && spelt(&signature[..signature.len() - 1]);
    // DER begins with a sequence and its length; what JWS wants are two numbers of 32 bytes (RFC 7518, section 3.4).
    let is_der = signature.len() != 64 && signature.first() == Some(&0x30);
    mended(case, |algorithm| padded || algorithm == "ES256" && is_der)
}

fn other_spelling(case: &Case<'_>) -> Option<String> {
    let token = case.token.as_ref()?;
    let lenient = GeneralPurpose::new(
        &alphabet::URL_SAFE,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let plain = token.signature.replace('+', "-").replace('/', "_");
    let strict = BASE64_URL_SAFE_NO_PAD.encode(lenient.decode(plain).ok()?);
    (strict != token.signature).then(|| format!("{}.{strict}", token.message()))
}

fn only_rs256(case: &Case<'_>) -> bool {
    let algorithm = case.token.as_ref().and_then(|token| token.header_text("alg"));
    algorithm.is_some_and(|algorithm| KNOWN.contains(&algorithm) && algorithm != "RS256")
}

fn mixed_families(case: &Case<'_>) -> bool {
    let Some((_, issuer)) = case.issued() else { return false };
    let set = issuer.keys().jwks();
    let keys = set["keys"].as_array().into_iter().flatten();
    let families: BTreeSet<_> = keys.filter_map(|key| key["kty"].as_str()).collect();
    families.len() > 1
}
