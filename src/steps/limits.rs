//! Limits: where a tenant's key managers may be, what a key manager lets key requests ask for, how long tokens may live.
//! What a refusal says is observed in `refusals`.

use cucumber::{given, when};
use serde_json::{Map, json};

use crate::world::{OrFail as _, StepError, World};
use kmspec_drivers::devportal::{KeyRequest, KeyType};
use kmspec_model::exchange::Role;

use super::{
    administrator::change,
    developer::generates_as,
    parameters::{Place, RESIDENT},
    setup::key_request,
};

/// The setting of clients that says how long tokens of applications live.
const LIFE: &str = "application_access_token_expiry_time";

#[given(expr = "the administrator lets key managers be at hosts like {string} only")]
async fn hosts(world: &mut World, pattern: String) -> Result<(), StepError> {
    let admin = world.scene().admin(Role::Administrator).or_fail(world)?;
    let what = "the configuration of the tenant";
    let mut configuration = world.demand(what, admin.tenant_configuration().await)?;
    let hosts = json!({ "EnableHostAllowlist": true, "HostAllowlistPatterns": [pattern] });
    configuration.insert("OutboundRequestSecurity".to_owned(), hosts);
    world.demand(what, admin.configure_tenant(&configuration).await)
}

#[given(
    expr = "the administrator has limited the life of tokens for applications at the resident key manager to {int} seconds"
)]
async fn limited(world: &mut World, seconds: u64) -> Result<(), StepError> {
    let reply = change(world, RESIDENT, |_, form| {
        form.document["additionalProperties"]["constraints"] =
            json!({ LIFE: { "type": "MAX", "value": { "max": seconds } } });
        Ok(())
    })
    .await?;
    world.demand("limiting the life of tokens", Ok(reply)).map(drop)
}

#[when(expr = "the developer generates keys for {string} at {place} whose tokens live {int} seconds")]
async fn generates_living(world: &mut World, application: String, place: Place, seconds: u64) -> Result<(), StepError> {
    let request = key_request(world, &place.0, KeyType::Production, false)?;
    let mut properties = request.additional_properties.clone().unwrap_or_else(Map::new);
    properties.insert(LIFE.to_owned(), json!(seconds.to_string()));
    let request = KeyRequest { additional_properties: Some(properties), ..request };
    generates_as(world, Role::Developer, &application, &place.0, request).await
}
