//! Connectors that prove themselves by the platform's own certificate instead of a password.
//! What servers make of certificates is the business of the mocks.

use cucumber::{given, then};
use kmspec_mocks::{journal::Endpoint, vendors::Vendor};
use serde_json::json;

use crate::world::{OrFail as _, StepError, World};

use super::{parameters::ServerKind, setup};

#[given(expr = "a key manager {string} at WSO2 Identity Server 7 that takes the platform's certificate for {string}")]
async fn certified(world: &mut World, name: String, user: String) -> Result<(), StepError> {
    world.start_asking_server(&name, Vendor::Is7).await?;
    setup::key_manager_at(world, &name, ServerKind::Is7, |world, form| {
        let properties = form.document["additionalProperties"].as_object_mut();
        let properties = properties.ok_or_else(|| world.error("the form of this type has no connector settings"))?;
        properties.retain(|property, _| !["Username", "Password"].contains(&property.as_str()));
        properties.insert("Authentication".to_owned(), json!("MutualTLS"));
        properties.insert("MutualTLSOptions".to_owned(), json!("ServerWide"));
        properties.insert("IdentityUser".to_owned(), json!(user));
        Ok(())
    })
    .await
}

#[then(expr = "every registration at {string} was made in the name of {string}, without a password")]
async fn acted_for(world: &mut World, server: String, user: String) -> Result<(), StepError> {
    let journal = world.servers.named(&server).or_fail(world)?.mock().or_fail(world)?.journal().await;
    let registrations: Vec<_> = journal.of(Endpoint::Registration).collect();
    let named = registrations.iter().all(|entry| {
        entry.header("wso2-identity-user") == Some(user.as_str()) && entry.header("authorization").is_none()
    });
    let seen = format!("{} registration requests, of which some are not", registrations.len());
    world.expect(named && !registrations.is_empty(), format!("requests in the name of `{user}` alone"), seen)
}
