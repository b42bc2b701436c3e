//! What the API consumer does: calls APIs with all kinds of tokens.
//! What came of a call is observed elsewhere.

use cucumber::{given, when};

use crate::world::{OrFail as _, StepError, World};
use kmspec_drivers::{credentials::Token, gateway::ApiCall};

use super::{
    flaws::{Flaw, IssuerFlaw, naming_client},
    parameters::{Grant, Place},
    protected_apis, servers, servers_saw,
    setup::resource,
    tokens::{self, of_application},
};

/// Calls and keeps the answer; what the backend and the servers had seen before is remembered first.
pub(super) async fn call(world: &mut World, call: ApiCall) -> Result<(), StepError> {
    servers_saw::remember_counts(world).await?;
    let reply = world.scene().gateway().or_fail(world)?.call(&call).await;
    world.keep_call(reply)
}

async fn call_with(world: &mut World, api: &str, token: &Token) -> Result<(), StepError> {
    let path = resource(world, api)?;
    world.seen.sent_token = Some(token.clone());
    call(world, ApiCall::get(path).bearer(token.reveal())).await
}

/// Calls a path with a token, which no refusal should repeat.
pub(super) async fn call_path(world: &mut World, path: &str, token: &Token) -> Result<(), StepError> {
    world.seen.sent_token = Some(token.clone());
    call(world, ApiCall::get(path).bearer(token.reveal())).await
}

/// Calls with so many tokens, each of which names another key that nobody published; all have to be refused.
pub(super) async fn flood(world: &mut World, api: &str, place: &str, count: usize) -> Result<(), StepError> {
    servers_saw::remember_counts(world).await?;
    let (path, forge) = (resource(world, api)?, servers::forge(world, place)?);
    let gateway = world.scene().gateway().or_fail(world)?;
    for number in 0..count {
        let token = forge.token("nobody", "nobody").header("kid", format!("unheard-of-{number}")).encode();
        let reply = gateway.call(&ApiCall::get(path.clone()).bearer(&token)).await.or_fail(world)?;
        let status = reply.refusal().map(|refusal| refusal.status);
        world.expect(status == Some(401), "a refusal of a token with an unknown key (401)", format!("{status:?}"))?;
    }
    Ok(())
}

fn flaw(world: &World, words: &str) -> Result<Flaw, StepError> {
    Flaw::read(words)
        .ok_or_else(|| world.error(format!("nobody knows a token `{words}`\nhint: the words stand in `flaws`")))
}

// A gateway that trusts an issuer and has nothing else.

#[given(expr = "an API that trusts the issuer {string}")]
async fn protected_api(world: &mut World, issuer: String) -> Result<(), StepError> {
    protected_apis::protect_api(world, &issuer).await
}

#[when(regex = r#"^the API consumer calls the API with a token of "([^"]*)"((?: (?:that|whose|signed|for) .+)?)$"#)]
async fn calls_protected(world: &mut World, issuer: String, words: String) -> Result<(), StepError> {
    let flaw = flaw(world, &words)?;
    let token = protected_apis::protected_token(world, &issuer, &flaw)?;
    let path = protected_apis::protected_path(world, &issuer)?;
    world.seen.sent_token = Some(token.clone());
    call(world, ApiCall::get(path).bearer(token.reveal())).await
}

#[when(expr = "the API consumer calls the API with a token of {string} under the scheme {string}")]
async fn calls_under_scheme(world: &mut World, issuer: String, scheme: String) -> Result<(), StepError> {
    let token = protected_apis::protected_token(world, &issuer, &Flaw::Sound)?;
    let path = protected_apis::protected_path(world, &issuer)?;
    call(world, ApiCall::get(path).header("Authorization", format!("{scheme} {}", token.reveal()))).await
}

#[when(expr = "the API consumer calls the API with a token of {string} in the query")]
async fn calls_with_query(world: &mut World, issuer: String) -> Result<(), StepError> {
    let token = protected_apis::protected_token(world, &issuer, &Flaw::Sound)?;
    let path = protected_apis::protected_path(world, &issuer)?;
    call(world, ApiCall::get(format!("{path}?access_token={}", token.reveal()))).await
}

#[when(expr = "the API consumer calls the API without a token")]
async fn calls_protected_bare(world: &mut World) -> Result<(), StepError> {
    let path = protected_apis::only_protected_path(world)?;
    call(world, ApiCall::get(path)).await
}

#[when(expr = "the API consumer calls the API with the token {string}")]
async fn calls_protected_with_text(world: &mut World, text: String) -> Result<(), StepError> {
    let path = protected_apis::only_protected_path(world)?;
    world.seen.sent_token = Some(text.as_str().into());
    call(world, ApiCall::get(path).bearer(&text)).await
}

// APIs of the scenario.

#[when(
    regex = r#"^the API consumer calls "([^"]*)" with (?:a|a new) token of "([^"]*)" from ("[^"]*"|the resident key manager)((?: (?:that|whose|signed with a) .+| for the audience .+)?)$"#
)]
async fn calls(
    world: &mut World,
    api: String,
    application: String,
    place: Place,
    words: String,
) -> Result<(), StepError> {
    let token = match words.strip_prefix(" that names the issuer of ") {
        Some(other) => {
            let issuer = servers::issuer(world, other.trim_matches('"'))?;
            let flaw = Flaw::OtherIssuer(IssuerFlaw::Exactly(issuer));
            of_application(world, &application, &place.0, &flaw).await?
        }
        None => {
            let flaw = flaw(world, &words)?;
            of_application(world, &application, &place.0, &flaw).await?
        }
    };
    call_with(world, &api, &token).await
}

#[when(expr = "the API consumer calls {string} with a token of {string} from {string} signed with the key of {string}")]
async fn calls_cross_signed(
    world: &mut World,
    api: String,
    application: String,
    place: String,
    other: String,
) -> Result<(), StepError> {
    let genuine = of_application(world, &application, &place, &Flaw::Sound).await?;
    let key = servers::forge(world, &other)?.keys().current(kmspec_mocks::realm::KeyPurpose::Access);
    let Some(forgery) = servers::forge(world, &place)?.from_genuine(genuine.reveal()) else {
        return Err(world.error(format!("the tokens of `{place}` are opaque")));
    };
    call_with(world, &api, &forgery.signed_with(&key).encode().into()).await
}

#[when(expr = "the API consumer calls {string} with a token of {string} from {place} for the scope {string}")]
async fn calls_for_scope(
    world: &mut World,
    api: String,
    application: String,
    place: Place,
    scope: String,
) -> Result<(), StepError> {
    let keys = tokens::keys_of(world, &application, &place.0)?;
    let grant = tokens::issued(world, &keys, &place.0, Grant::ClientCredentials, Some(&scope)).await?;
    call_with(world, &api, &grant.access_token).await
}

#[when(
    expr = "the API consumer calls {string} at {string} with a token of {string} from {place} for the scope {string}"
)]
async fn calls_at_for_scope(
    world: &mut World,
    api: String,
    path: String,
    application: String,
    place: Place,
    scope: String,
) -> Result<(), StepError> {
    let keys = tokens::keys_of(world, &application, &place.0)?;
    let grant = tokens::issued(world, &keys, &place.0, Grant::ClientCredentials, Some(&scope)).await?;
    let path = format!("{}{path}", world.apis.named(&api).or_fail(world)?.path);
    call_path(world, &path, &grant.access_token).await
}

#[when(
    expr = "the API consumer calls {string} with a token from {string} that names the client of {string} at {string}"
)]
async fn calls_with_foreign_client(
    world: &mut World,
    api: String,
    place: String,
    application: String,
    other: String,
) -> Result<(), StepError> {
    let client = tokens::keys_of(world, &application, &other)?.consumer_key;
    let token = servers::token_for(world, &place, &client)?;
    call_with(world, &api, &token).await
}

#[when(expr = "the API consumer calls {string} with a token of an unmapped client of {string}")]
async fn calls_unmapped(world: &mut World, api: String, place: String) -> Result<(), StepError> {
    let client = servers::new_client(world, &place)?;
    let token = servers::token_for(world, &place, &client)?;
    call_with(world, &api, &token).await
}

#[when(expr = "the API consumer calls {string} with the ID token of {string} from {string}")]
async fn calls_with_id_token(
    world: &mut World,
    api: String,
    application: String,
    place: String,
) -> Result<(), StepError> {
    let client = tokens::keys_of(world, &application, &place)?.consumer_key;
    let token = servers::id_token_for(world, &place, &client)?;
    call_with(world, &api, &token).await
}

#[when(expr = "the API consumer calls {string} with the token {string}")]
async fn calls_with_text(world: &mut World, api: String, text: String) -> Result<(), StepError> {
    call_with(world, &api, &text.as_str().into()).await
}

#[when(expr = "the API consumer calls {string} with the token")]
async fn calls_with_held(world: &mut World, api: String) -> Result<(), StepError> {
    let held = tokens::held(world)?;
    call_with(world, &api, &held.token).await
}

#[when(expr = "the API consumer calls {string} without a token")]
async fn calls_bare(world: &mut World, api: String) -> Result<(), StepError> {
    let path = resource(world, &api)?;
    call(world, ApiCall::get(path)).await
}

// Tokens in hand.

#[given(expr = "the API consumer holds a token of {string} from {place}")]
async fn holds(world: &mut World, application: String, place: Place) -> Result<(), StepError> {
    take(world, &application, &place.0, Grant::ClientCredentials, None).await
}

#[given(expr = "the API consumer holds a token of {string} from {place}, which {string} has accepted")]
async fn holds_accepted(world: &mut World, application: String, place: Place, api: String) -> Result<(), StepError> {
    take(world, &application, &place.0, Grant::ClientCredentials, None).await?;
    has_accepted_held(world, api).await
}

#[given(expr = "the API consumer holds a token of {string} from {place} by {grant}")]
async fn holds_by(world: &mut World, application: String, place: Place, grant: Grant) -> Result<(), StepError> {
    take(world, &application, &place.0, grant, None).await
}

#[given(expr = "the API consumer holds a token of {string} from {place} by {grant} for the scope {string}")]
async fn holds_for(
    world: &mut World,
    application: String,
    place: Place,
    grant: Grant,
    scope: String,
) -> Result<(), StepError> {
    take(world, &application, &place.0, grant, Some(&scope)).await
}

async fn take(
    world: &mut World,
    application: &str,
    place: &str,
    grant: Grant,
    scope: Option<&str>,
) -> Result<(), StepError> {
    let keys = tokens::keys_of(world, application, place)?;
    let granted = tokens::issued(world, &keys, place, grant, scope).await?;
    tokens::hold(world, application, place, granted);
    Ok(())
}

#[given(expr = "the API consumer keeps it beside another one")]
async fn keeps_and_takes_another(world: &mut World) -> Result<(), StepError> {
    let kept = tokens::held(world)?;
    take(world, &kept.application, &kept.key_manager, Grant::ClientCredentials, None).await?;
    let differs = tokens::held(world)?.token != kept.token;
    world.expect(differs, "another token when a second one is asked for", "the same one again")?;
    world.seen.kept = Some(kept);
    Ok(())
}

#[given(expr = "the API consumer keeps it beside one for the scope {string}")]
async fn keeps_and_takes_scoped(world: &mut World, scope: String) -> Result<(), StepError> {
    let kept = tokens::held(world)?;
    take(world, &kept.application, &kept.key_manager, Grant::ClientCredentials, Some(&scope)).await?;
    world.seen.kept = Some(kept);
    Ok(())
}

#[given(expr = "the API consumer has renewed the token")]
async fn has_renewed(world: &mut World) -> Result<(), StepError> {
    let held = tokens::held(world)?;
    let keys = tokens::keys_of(world, &held.application, &held.key_manager)?;
    let Some(refresh_token) = held.refresh_token else {
        return Err(world.deviates("a refresh token with the token", "none"));
    };
    let reply = tokens::renew(world, &keys, &held.key_manager, &refresh_token, None).await;
    let granted = world.demand("a renewed token", reply)?;
    tokens::hold(world, &held.application, &held.key_manager, granted);
    Ok(())
}

#[given(expr = "{string} has accepted the token")]
async fn has_accepted_held(world: &mut World, api: String) -> Result<(), StepError> {
    let held = tokens::held(world)?;
    accepted_before(world, &api, &held.token).await
}

#[given(expr = "{string} has accepted a token of {string} from {string}")]
async fn has_accepted(world: &mut World, api: String, application: String, place: String) -> Result<(), StepError> {
    let token = of_application(world, &application, &place, &Flaw::Sound).await?;
    accepted_before(world, &api, &token).await
}

pub(super) async fn accepted_before(world: &World, api: &str, token: &Token) -> Result<(), StepError> {
    let path = resource(world, api)?;
    let reply = world.scene().gateway().or_fail(world)?.call(&ApiCall::get(path).bearer(token.reveal())).await;
    world.demand(&format!("a call of `{api}` with a sound token"), reply).map(|_| ())
}

/// The token of a client under the claim that its key manager reads.
pub(super) fn under_claim(world: &World, place: &str, token: kmspec_mocks::forge::Forgery, client: &str) -> Token {
    let registered = world.key_managers.named(place).ok();
    let claim = registered.and_then(|each| each.document.consumer_key_claim.clone());
    naming_client(token, claim.as_deref().unwrap_or("client_id"), client).encode().into()
}
