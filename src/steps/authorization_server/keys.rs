//! Phrases about the published keys, and about tokens verified with them.
//! The verification itself is the driver's, by `jsonwebtoken`.

use cucumber::{gherkin::Step, then, when};
use serde_json::Value;

use super::judging::{answer, column, shown};
use crate::world::{OrFail, StepError, World};
use kmspec_drivers::published_keys::{KeySet, VerifiedToken, text};

/// Private members of RSA, EC and OKP keys, and the value of a symmetric one (RFC 7518, section 6).
const SECRET_MEMBERS: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

#[when("the integrator fetches the key set")]
async fn fetch_keys(world: &mut World) -> Result<(), StepError> {
    world.conversation()?.fetch_keys().await.or_fail(world)?;
    Ok(())
}

#[when("the integrator verifies the token with the published keys")]
async fn verify(world: &mut World) -> Result<(), StepError> {
    let talk = world.conversation()?;
    talk.fetch_keys().await.or_fail(world)?;
    let keys = key_set(world)?;
    let token = super::token_endpoint::last_token(world)?;
    talk.memory().verified = Some(keys.verify(&token));
    Ok(())
}

#[then("the key set holds at least one key that signatures can be verified with")]
async fn holds_a_key(world: &mut World) -> Result<(), StepError> {
    let keys = key_set(world)?;
    world.expect(
        keys.signing().next().is_some(),
        "an RSA, EC or OKP key that is not marked for encryption",
        format!("{} keys, none of that kind", keys.keys().len()),
    )
}

#[then("no key of the set is secret or private")]
async fn no_secret_key(world: &mut World) -> Result<(), StepError> {
    let keys = filled_key_set(world)?;
    let bad: Vec<String> = keys
        .keys()
        .iter()
        .filter(|key| text(key, "kty") == Some("oct") || SECRET_MEMBERS.iter().any(|member| key.contains_key(*member)))
        .map(|key| format!("`{}`", text(key, "kid").unwrap_or("without kid")))
        .collect();
    world.expect(bad.is_empty(), "public keys only", format!("secret or private: {}", bad.join(", ")))
}

#[then("every signing key has a kid that no other key has")]
async fn kids_are_unique(world: &mut World) -> Result<(), StepError> {
    let keys = key_set(world)?;
    let kids: Vec<Option<&str>> = keys.signing().map(|key| text(key, "kid")).collect();
    world.expect(!kids.is_empty(), "at least one signing key", "none")?;
    let repeated = kids.iter().find(|kid| kids.iter().filter(|other| other == kid).count() > 1);
    let nameless = kids.iter().any(Option::is_none) && kids.len() > 1;
    world.expect(repeated.is_none() && !nameless, "a kid of its own for every signing key", format!("kids: {kids:?}"))
}

#[then(expr = "no RSA key of the set is shorter than {int} bits")]
async fn rsa_keys_are_long(world: &mut World, bits: usize) -> Result<(), StepError> {
    use base64::Engine as _;
    let keys = filled_key_set(world)?;
    let mut short = Vec::new();
    for key in keys.keys().iter().filter(|key| text(key, "kty") == Some("RSA")) {
        let modulus = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text(key, "n").unwrap_or_default());
        let length = modulus.map_or(0, |bytes| significant_bits(&bytes));
        if length < bits {
            short.push(format!("`{}` has {length} bits", text(key, "kid").unwrap_or("without kid")));
        }
    }
    world.expect(short.is_empty(), format!("RSA keys of {bits} bits or more"), short.join("; "))
}

fn significant_bits(bytes: &[u8]) -> usize {
    let rest = bytes.iter().position(|byte| *byte != 0).map_or(&[][..], |start| &bytes[start..]);
    rest.first().map_or(0, |first| rest.len() * 8 - first.leading_zeros() as usize)
}

#[then("every key says its use if one of them is for encryption")]
async fn uses_are_said(world: &mut World) -> Result<(), StepError> {
    let keys = filled_key_set(world)?;
    let mixed = keys.keys().iter().any(|key| text(key, "use") == Some("enc"));
    let silent = keys.keys().iter().filter(|key| !key.contains_key("use")).count();
    world.expect(!mixed || silent == 0, "`use` on every key", format!("{silent} keys without `use`"))
}

#[then("the signature is right and the algorithm is an asymmetric one")]
async fn signature_is_right(world: &mut World) -> Result<(), StepError> {
    verified(world).map(drop)
}

#[then(expr = "the claim {string} is the issuer of the discovery document")]
async fn claim_is_the_issuer(world: &mut World, claim: String) -> Result<(), StepError> {
    let token = verified(world)?;
    let issuer = world.conversation()?.server().document.text("issuer").unwrap_or_default().to_owned();
    let found = token.claims.get(&claim).cloned().unwrap_or(Value::Null);
    world.expect(
        found.as_str() == Some(issuer.as_str()),
        format!("`{claim}` exactly as the document's issuer `{issuer}`"),
        format!("`{claim}` is {found}"),
    )
}

#[then("one of these claims is the client's id:")]
async fn a_claim_is_the_client(world: &mut World, step: &Step) -> Result<(), StepError> {
    let token = verified(world)?;
    let client = super::token_endpoint::client(world)?;
    let names = column(step);
    let found = names.iter().any(|name| token.claims.get(name).and_then(Value::as_str) == Some(client.id.0.as_str()));
    world.expect(found, format!("the client's id in {}", names.join(", ")), format!("claims: {}", claim_names(&token)))
}

#[then("one of these claims holds the known scope:")]
async fn a_claim_holds_the_scope(world: &mut World, step: &Step) -> Result<(), StepError> {
    let token = verified(world)?;
    let scope = super::token_endpoint::known_scope(world)?;
    let names = column(step);
    let holds = |value: &Value| match value {
        Value::String(text) => text.split(' ').any(|each| each == scope),
        Value::Array(list) => list.iter().any(|each| each.as_str() == Some(scope.as_str())),
        _ => false,
    };
    world.expect(
        names.iter().filter_map(|name| token.claims.get(name)).any(holds),
        format!("the scope `{scope}` in {}", names.join(" or ")),
        format!("claims: {}", claim_names(&token)),
    )
}

#[then("the token ends as far ahead as the token answer said")]
async fn ends_as_said(world: &mut World) -> Result<(), StepError> {
    let token = verified(world)?;
    let said = world.conversation()?.memory().lifetime;
    let time = |name: &str| token.claims.get(name).and_then(Value::as_f64);
    let (Some(said), Some(ends), Some(issued)) = (said, time("exp"), time("iat")) else {
        let observed = format!("expires_in {said:?}, exp {:?}, iat {:?}", time("exp"), time("iat"));
        return Err(world.deviates("`expires_in` in the answer, `exp` and `iat` in the token, all numbers", observed));
    };
    let lives = ends - issued;
    let slip = if (lives * 1000.0 - said as f64).abs() < 2000.0 { "; these look like milliseconds" } else { "" };
    world.expect(
        (lives - said as f64).abs() <= 2.0,
        format!("a token that lives for the {said} seconds of `expires_in`"),
        format!("`exp` is {lives} seconds after `iat`{slip}"),
    )
}

#[then(expr = "the type in its header is {string}")]
async fn header_type_is(world: &mut World, expected: String) -> Result<(), StepError> {
    let token = verified(world)?;
    let found = token.header.get("typ").cloned().unwrap_or(Value::Null);
    let matches = found.as_str().is_some_and(|typ| {
        typ.eq_ignore_ascii_case(&expected) || typ.eq_ignore_ascii_case(&format!("application/{expected}"))
    });
    world.expect(matches, format!("`typ` {expected}"), format!("`typ` {found}"))
}

#[then("the token has these claims:")]
async fn has_claims(world: &mut World, step: &Step) -> Result<(), StepError> {
    let token = verified(world)?;
    let missing: Vec<String> = column(step).into_iter().filter(|name| !token.claims.contains_key(name)).collect();
    world.expect(
        missing.is_empty(),
        format!("the claims {}", column(step).join(", ")),
        format!("missing: {}; there are {}", missing.join(", "), claim_names(&token)),
    )
}

fn claim_names(token: &VerifiedToken) -> String {
    token.claims.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn key_set(world: &World) -> Result<KeySet, StepError> {
    let keys = world.conversation()?.memory().keys.clone();
    match keys {
        Some(keys) => Ok(keys),
        None => Err(world.deviates("a key set: a JSON object with a list `keys`", shown(&answer(world)?))),
    }
}

/// The key set, which must hold a key: of none, everything could be said.
fn filled_key_set(world: &World) -> Result<KeySet, StepError> {
    let keys = key_set(world)?;
    world.expect(!keys.keys().is_empty(), "at least one key", "an empty key set")?;
    Ok(keys)
}

/// The verified token, or the deviation that it does not verify.
pub(super) fn verified(world: &World) -> Result<VerifiedToken, StepError> {
    let verified = world.conversation()?.memory().verified.clone();
    match verified {
        Some(Ok(token)) => Ok(token),
        Some(Err(why)) => Err(world.deviates("a token that verifies with the published keys", why.to_string())),
        None => Err(world.error("no step before this one verified a token")),
    }
}
