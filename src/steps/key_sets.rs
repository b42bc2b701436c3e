//! Givens about the keys of an authorization server: which algorithm it signs by, and what else stands in its key set.
//! What the gateway makes of them is observed by calls.

use cucumber::{given, when};
use kmspec_mocks::realm::{KeyPurpose, test_keys};

use crate::world::{Last, StepError, World};

use super::{consumer, flaws::Flaw, oddities, protected_apis, servers};

/// The test key of an algorithm that no server draws by itself.
fn key_for(algorithm: &str) -> Option<kmspec_mocks::realm::SigningKey> {
    let name = match algorithm {
        "ES256" => "p256-fern",
        "ES384" => "p384-delta",
        "ES512" => "p521-delta",
        "EdDSA" => "ed25519-fern",
        _ => return None,
    };
    test_keys::named(name)
}

#[given(expr = "{string} signs by {string}")]
async fn signs_by(world: &mut World, name: String, algorithm: String) -> Result<(), StepError> {
    let Some(key) = key_for(&algorithm) else {
        return Err(
            world.error(format!("no test key signs by `{algorithm}`\nhint: ES256, ES384, ES512 and EdDSA have one"))
        );
    };
    servers::forge(world, &name)?.keys().add(key, KeyPurpose::Access);
    Ok(())
}

#[given(regex = r#"^"([^"]*)" publishes (.+)$"#)]
async fn publishes(world: &mut World, name: String, words: String) -> Result<(), StepError> {
    let forge = servers::forge(world, &name)?;
    let Some(document) = oddities::key_set(&forge, &world.foreign_key(), &words) else {
        return Err(world.error(format!("nobody knows a key set of `{words}`\nhint: the words stand in `oddities`")));
    };
    forge.keys().serve_document(Some(document));
    Ok(())
}

/// So many tokens make a flood.
const FLOOD: usize = 60;

#[when(expr = "{string} is called with a flood of tokens of {string} that name unknown keys")]
async fn flood(world: &mut World, api: String, place: String) -> Result<(), StepError> {
    consumer::flood(world, &api, &place, FLOOD).await?;
    world.last = Some(Last::Granted);
    Ok(())
}

#[given(expr = "{string} was called with a flood of tokens of {string} that name unknown keys")]
async fn flooded(world: &mut World, api: String, place: String) -> Result<(), StepError> {
    consumer::flood(world, &api, &place, FLOOD).await
}

#[when(expr = "the API consumer calls the API with a token of {string} and the address of the keys of {string}")]
async fn calls_with_address(world: &mut World, issuer: String, other: String) -> Result<(), StepError> {
    let token = protected_apis::protected_token(world, &issuer, &Flaw::Sound)?;
    let address = servers::endpoints(world, &other)?.jwks;
    let address = address.ok_or_else(|| world.error(format!("`{other}` has no key set")))?;
    let key = servers::forge(world, &other)?.keys().current(KeyPurpose::Access);
    let Some(sound) = servers::forge(world, &issuer)?.from_genuine(token.reveal()) else {
        return Err(world.error(format!("the tokens of `{issuer}` are opaque")));
    };
    let forged = sound.with_key_url(&key, address.as_str()).encode();
    let path = protected_apis::protected_path(world, &issuer)?;
    consumer::call_path(world, &path, &forged.into()).await
}
