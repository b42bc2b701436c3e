//! What is configured for a platform as a whole, and what tenants and organizations have of each other.
//! How a platform takes its configuration is the runner's business.

use cucumber::{given, when};
use serde_json::json;

use crate::world::{OrFail as _, StepError, World};
use kmspec_drivers::devportal::KeyRequest;
use kmspec_model::exchange::Role;

use super::{
    administrator::change,
    developer::generates_as,
    form::Form,
    parameters::{RESIDENT, ServerKind},
    setup::{GRANTS, keep_key_manager, register},
};

#[given(expr = "the platform grants unregistered scopes like {string} only")]
async fn allowed_scopes(world: &mut World, pattern: String) -> Result<(), StepError> {
    world.configure_platform(&format!("[oauth]\nallowed_scopes = [{pattern:?}]\n")).await
}

#[given(expr = "the platform does not serve the grant {string}")]
async fn without_grant(world: &mut World, grant: String) -> Result<(), StepError> {
    world.configure_platform(&format!("[oauth.grant_type.{grant}]\nenable = false\n")).await
}

#[given(expr = "the platform keeps the claim {string} from backends")]
async fn excluded_claim(world: &mut World, claim: String) -> Result<(), StepError> {
    world.configure_platform(&format!("[apim.jwt.gateway_generator]\nexcluded_claims = [{claim:?}]\n")).await
}

#[given(expr = "the platform encodes what it tells backends as {string}")]
async fn encoded(world: &mut World, encoding: String) -> Result<(), StepError> {
    world.configure_platform(&format!("[apim.jwt]\nencoding = {encoding:?}\n")).await
}

#[given(expr = "the platform demands of every token that it says it is an access token")]
async fn typed_tokens(world: &mut World) -> Result<(), StepError> {
    world.configure_platform("[apim.token.validation]\nenforce_type_header_validation = true\n").await
}

#[given(expr = "the platform keeps one secret for each client")]
async fn one_secret(world: &mut World) -> Result<(), StepError> {
    world.configure_platform("[oauth.multiple_client_secrets]\nenable = false\n").await
}

#[given(expr = "the platform lets tenants use what is each other's")]
async fn open_tenants(world: &mut World) -> Result<(), StepError> {
    world.configure_platform("[apim.devportal]\nenable_cross_tenant_subscriptions = true\n").await
}

#[given(expr = "the platform takes mail addresses for the names of users")]
async fn mail_names(world: &mut World) -> Result<(), StepError> {
    world.configure_platform("[tenant_mgt]\nenable_email_domain = true\n").await
}

#[given(expr = "the platform shares applications within groups")]
async fn shared_in_groups(world: &mut World) -> Result<(), StepError> {
    let text = "[apim.devportal]\nenable_application_sharing = true\napplication_sharing_type = \"default\"\n";
    world.configure_platform(text).await
}

#[given(expr = "{string} has keys at the other tenant's resident key manager")]
async fn has_keys_at_other_resident(world: &mut World, application: String) -> Result<(), StepError> {
    generates_at_other_resident(world, application).await?;
    super::refusals::was_granted(world, "key generation")
}

#[given(expr = "the platform takes access tokens in the header {string}")]
async fn token_header(world: &mut World, header: String) -> Result<(), StepError> {
    world.configure_platform(&format!("[apim.oauth_config]\nauth_header = {header:?}\n")).await?;
    world.seen.token_header = Some(header);
    Ok(())
}

#[given(expr = "the platform's gateway serves sandbox keys only")]
async fn sandbox_gateway(world: &mut World) -> Result<(), StepError> {
    world.configure_platform("[[apim.gateway.environment]]\nname = \"Default\"\ntype = \"sandbox\"\n").await
}

#[when(expr = "the developer generates keys for {string} at the other tenant's resident key manager")]
async fn generates_at_other_resident(world: &mut World, application: String) -> Result<(), StepError> {
    let neighbour = world.neighbours.named("the other tenant").or_fail(world)?;
    let listed = neighbour.admin(Role::Administrator).or_fail(world)?.key_managers().await;
    let listed = world.demand("the other tenant's list of key managers", listed)?;
    let resident = listed.into_iter().find(|one| one.name == "Resident Key Manager");
    let Some(resident) = resident else {
        return Err(world.deviates("a resident key manager in the other tenant", "none"));
    };
    let grant_types = GRANTS.map(str::to_owned).to_vec();
    let request = KeyRequest { grant_types, key_manager: Some(resident.id), ..KeyRequest::default() };
    generates_as(world, Role::Developer, &application, RESIDENT, request).await
}

#[given(expr = "a described key manager {string} at {kind} that is kept for the organization {string}")]
async fn kept_for(world: &mut World, name: String, kind: ServerKind, organization: String) -> Result<(), StepError> {
    let admin = world.scene().admin(Role::Administrator).or_fail(world)?;
    let reply = admin.create_organization(&world.scene().name(&organization)).await;
    let id = world.demand(&format!("the organization `{organization}`"), reply)?;
    let mut form = Form::filled(world, &name, kind)?;
    form.document["allowedOrganizations"] = json!([id]);
    register(world, &name, &form).await
}

#[given(regex = r#"^the administrator has (opened|closed) "([^"]*)" to all organizations$"#)]
async fn opened(world: &mut World, way: String, name: String) -> Result<(), StepError> {
    let allowed = if way == "opened" { "ALL" } else { "none" };
    let reply = change(world, &name, |_, form| {
        form.document["allowedOrganizations"] = json!([allowed]);
        Ok(())
    })
    .await?;
    let document = world.demand(&format!("what was {way} to all organizations, `{name}`"), Ok(reply))?;
    keep_key_manager(world, &name, document)
}
