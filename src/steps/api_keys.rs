//! API keys: what an application presents where an API takes more than tokens. Held, presented, revoked.
//! Credentials that are presented where they do not belong stand in `credentials`.

use cucumber::{given, then, when};

use crate::world::{Last, Look, OrFail as _, StepError, World};
use kmspec_drivers::{
    credentials::Token,
    devportal::KeyType,
    gateway::{ApiCall, Echo},
    reply::{Refusal, Reply},
};
use kmspec_model::exchange::Role;

use super::{
    changes,
    consumer::call,
    further_terms::FurtherTerms,
    parameters::Developer,
    refusals,
    setup::{self, ApiTerms, resource},
};

/// What an API says of itself that takes tokens and API keys.
const TOKENS_AND_KEYS: [&str; 3] = ["oauth2", "oauth_basic_auth_api_key_mandatory", "api_key"];

#[given(expr = "an API {string} that takes API keys")]
async fn api_for_keys(world: &mut World, name: String) -> Result<(), StepError> {
    setup::api(world, &name, &ApiTerms { api_keys: true, ..ApiTerms::default() }).await
}

#[given(expr = "an API {string} that takes API keys in the header {string}")]
async fn api_for_keys_in(world: &mut World, name: String, header: String) -> Result<(), StepError> {
    let credentials = Some(&TOKENS_AND_KEYS[..]);
    let further = FurtherTerms { credentials, api_key_header: Some(&header), ..FurtherTerms::default() };
    setup::api(world, &name, &ApiTerms { further, ..ApiTerms::default() }).await?;
    world.seen.key_headers.insert(name, header);
    Ok(())
}

#[given(expr = "an API {string} that takes API keys and needs no subscription")]
async fn free_api_for_keys(world: &mut World, name: String) -> Result<(), StepError> {
    let further = FurtherTerms { credentials: Some(&TOKENS_AND_KEYS), plans: Some(&[]), ..FurtherTerms::default() };
    setup::api(world, &name, &ApiTerms { further, ..ApiTerms::default() }).await
}

#[given(expr = "the application {string} subscribed to the API {string}")]
async fn subscribed(world: &mut World, name: String, api: String) -> Result<(), StepError> {
    setup::application(world, &name, Role::Developer).await?;
    setup::subscribe(world, &name, &api).await
}

#[given(regex = r#"^the API consumer holds an? (?:(production|sandbox) )?API key of "([^"]*)"$"#)]
async fn holds(world: &mut World, key_type: String, application: String) -> Result<(), StepError> {
    let key_type = if key_type == "sandbox" { KeyType::Sandbox } else { KeyType::Production };
    generate(world, &application, key_type, &[]).await
}

#[given(regex = r#"^the API consumer holds an API key of "([^"]*)" that is kept to (addresses|pages) "([^"]*)"$"#)]
async fn holds_kept(world: &mut World, application: String, kind: String, places: String) -> Result<(), StepError> {
    let member = if kind == "pages" { "permittedReferer" } else { "permittedIP" };
    generate(world, &application, KeyType::Production, &[(member, &places)]).await
}

async fn generate(
    world: &mut World,
    application: &str,
    key_type: KeyType,
    places: &[(&str, &str)],
) -> Result<(), StepError> {
    let owned = world.applications.named(application).or_fail(world)?.clone();
    let portal = world.scene().devportal(owned.owner).or_fail(world)?;
    let name = uuid::Uuid::new_v4().simple().to_string();
    let reply = portal.generate_api_key(&owned.id, key_type, &name, places).await;
    world.seen.api_key = Some(world.demand(&format!("an API key of `{application}`"), reply)?);
    Ok(())
}

#[given(expr = "the API consumer holds an API key of {string}, which {string} has accepted")]
async fn holds_accepted(world: &mut World, application: String, api: String) -> Result<(), StepError> {
    generate(world, &application, KeyType::Production, &[]).await?;
    let key = held(world)?;
    let bound = setup::propagation(world);
    world
        .until(bound, format!("`{api}` accepts the API key"), async || {
            let reply = present(world, &api, &key).await?;
            let instead = reply.refusal().map_or_else(String::new, ToString::to_string);
            Ok(Look::when(matches!(reply, Reply::Granted(_)), (), instead))
        })
        .await
}

#[when(expr = "the developer revokes the API key of {string}")]
async fn revokes(world: &mut World, application: String) -> Result<(), StepError> {
    let owned = world.applications.named(&application).or_fail(world)?.clone();
    let portal = world.scene().devportal(owned.owner).or_fail(world)?;
    let listed = portal.api_keys(&owned.id, KeyType::Production).await;
    let listed = world.demand(&format!("the API keys of `{application}`"), listed)?;
    let [only] = listed.as_slice() else {
        return Err(world.deviates("one API key in the list", format!("{}", listed.len())));
    };
    let reply = portal.revoke_api_key(&owned.id, KeyType::Production, &only.id).await;
    world.demand("revoking the API key", reply)?;
    world.last = Some(Last::Granted);
    Ok(())
}

#[when(expr = "{developer} looks at the API keys of {string}")]
async fn looks_at(world: &mut World, developer: Developer, application: String) -> Result<(), StepError> {
    let id = world.applications.named(&application).or_fail(world)?.id.clone();
    let reply = world.scene().devportal(developer.0).or_fail(world)?.api_keys(&id, KeyType::Production).await;
    world.seen.listed_api_keys = world.keep(reply)?.map(|listed| listed.len());
    Ok(())
}

#[then(expr = "no API key is shown")]
async fn none_shown(world: &mut World) -> Result<(), StepError> {
    world.expect_eq("the number of API keys in the list", &Some(0), &world.seen.listed_api_keys)
}

#[when(expr = "the API consumer calls {string} with the API key from {string}")]
async fn calls_from(world: &mut World, api: String, place: String) -> Result<(), StepError> {
    // A place with a name is a page; an address has none.
    let header = if place.parse::<std::net::IpAddr>().is_ok() { "X-Forwarded-For" } else { "Referer" };
    let key = held(world)?;
    let request = with_key(world, &api, &key)?.header(header, place);
    call(world, request).await
}

#[then(expr = "{string} comes to accept the API key")]
async fn comes_to_accept(world: &mut World, api: String) -> Result<(), StepError> {
    let key = held(world)?;
    let (change, bound) = changes::made(world)?;
    world
        .eventually(change, bound, format!("`{api}` accepts the API key"), async || {
            let reply = present(world, &api, &key).await?;
            let instead = reply.refusal().map_or_else(String::new, |refusal| format!("refused: {refusal}"));
            Ok(Look::when(matches!(reply, Reply::Granted(_)), (), instead))
        })
        .await
}

#[then(regex = r#"^"([^"]*)" comes to refuse the API key because (.+)$"#)]
async fn comes_to_refuse(world: &mut World, api: String, words: String) -> Result<(), StepError> {
    let key = held(world)?;
    let right = |refusal: &Refusal| refusals::is_for(world, refusal, &words);
    let (change, bound) = changes::made(world)?;
    world
        .eventually(change, bound, format!("`{api}` refuses the API key"), async || {
            Ok(match present(world, &api, &key).await? {
                Reply::Granted(_) => Look::NotYet("the API key is still accepted".to_owned()),
                Reply::Refused(refusal) => Look::when(right(&refusal)?, (), format!("refused: {refusal}")),
            })
        })
        .await
}

/// The API key that the API consumer holds.
pub(super) fn held(world: &World) -> Result<Token, StepError> {
    let key = world.seen.api_key.clone();
    key.ok_or_else(|| world.error("the API consumer holds no API key\nhint: a `Given` has to get it"))
}

/// The header in which an API takes its keys.
pub(super) fn header_of(world: &World, api: &str) -> String {
    world.seen.key_headers.get(api).cloned().unwrap_or_else(|| "ApiKey".to_owned())
}

/// A call with an API key, in the header that the API takes them in.
fn with_key(world: &World, api: &str, key: &Token) -> Result<ApiCall, StepError> {
    Ok(ApiCall::get(resource(world, api)?).header(&header_of(world, api), key.reveal()))
}

async fn present(world: &World, api: &str, key: &Token) -> Result<Reply<Echo>, StepError> {
    let request = with_key(world, api, key)?;
    world.scene().gateway().or_fail(world)?.call(&request).await.or_fail(world)
}
