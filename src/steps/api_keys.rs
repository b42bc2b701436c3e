//! API keys: what an application presents where an API takes more than tokens.
//! Tokens stand in `consumer`.

use cucumber::{given, then};

use crate::world::{Look, OrFail as _, StepError, World};
use kmspec_drivers::{
    credentials::Token,
    devportal::KeyType,
    gateway::{ApiCall, Echo},
    reply::Reply,
};
use kmspec_model::exchange::Role;

use super::{
    changes, refusals,
    setup::{self, ApiTerms, resource},
};

#[given(expr = "an API {string} that takes API keys")]
async fn api_for_keys(world: &mut World, name: String) -> Result<(), StepError> {
    setup::api(world, &name, &ApiTerms { api_keys: true, ..ApiTerms::default() }).await
}

#[given(expr = "the application {string} subscribed to the API {string}")]
async fn subscribed(world: &mut World, name: String, api: String) -> Result<(), StepError> {
    setup::application(world, &name, Role::Developer).await?;
    setup::subscribe(world, &name, &api).await
}

#[given(expr = "the API consumer holds an API key of {string}, which {string} has accepted")]
async fn holds_accepted(world: &mut World, application: String, api: String) -> Result<(), StepError> {
    let owned = world.applications.named(&application).or_fail(world)?.clone();
    let portal = world.scene().devportal(owned.owner).or_fail(world)?;
    let reply = portal.generate_api_key(&owned.id, KeyType::Production, "kmspec").await;
    let key = world.demand(&format!("an API key of `{application}`"), reply)?;
    world.seen.api_key = Some(key.clone());
    let bound = setup::propagation(world);
    world
        .until(bound, format!("`{api}` accepts the API key"), async || {
            let reply = present(world, &api, &key).await?;
            let instead = reply.refusal().map_or_else(String::new, ToString::to_string);
            Ok(Look::when(matches!(reply, Reply::Granted(_)), (), instead))
        })
        .await
}

#[then(expr = "{string} comes to refuse the API key because there is no subscription")]
async fn comes_to_refuse(world: &mut World, api: String) -> Result<(), StepError> {
    let key = world.seen.api_key.clone();
    let key = key.ok_or_else(|| world.error("the API consumer holds no API key\nhint: a `Given` has to get it"))?;
    let (change, bound) = changes::made(world)?;
    world
        .eventually(change, bound, format!("`{api}` refuses the API key"), async || {
            Ok(match present(world, &api, &key).await? {
                Reply::Granted(_) => Look::NotYet("the API key is still accepted".to_owned()),
                Reply::Refused(refusal) => {
                    let right = refusals::is_for(world, &refusal, "there is no subscription")?;
                    Look::when(right, (), format!("refused: {refusal}"))
                }
            })
        })
        .await
}

/// Calls with an API key, in the header that the product takes them in.
async fn present(world: &World, api: &str, key: &Token) -> Result<Reply<Echo>, StepError> {
    let call = ApiCall::get(resource(world, api)?).header("ApiKey", key.reveal());
    world.scene().gateway().or_fail(world)?.call(&call).await.or_fail(world)
}
